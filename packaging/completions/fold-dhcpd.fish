# SPDX-License-Identifier: GPL-2.0-or-later
complete -c fold-dhcpd -f
complete -c fold-dhcpd -s c -l config -r -F -d 'the configuration'
complete -c fold-dhcpd -s f -l foreground -d 'stay in the foreground, log to stderr'
complete -c fold-dhcpd -s d -l debug -d 'log more'
complete -c fold-dhcpd -s h -l help -d 'print the usage'
complete -c fold-dhcpd -s v -s V -l version -d 'print the version'
