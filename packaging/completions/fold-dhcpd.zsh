#compdef fold-dhcpd
# SPDX-License-Identifier: GPL-2.0-or-later
_arguments \
	'(-c --config)'{-c,--config=}'[the configuration]:file:_files' \
	'(-f --foreground)'{-f,--foreground}'[stay in the foreground, log to stderr]' \
	'(-d --debug)'{-d,--debug}'[log more]' \
	'(- *)'{-h,--help}'[print the usage]' \
	'(- *)'{-v,-V,--version}'[print the version]'
