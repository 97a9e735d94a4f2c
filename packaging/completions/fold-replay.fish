# SPDX-License-Identifier: GPL-2.0-or-later
complete -c fold-replay -s m -l mac -x -d "the guest's MAC address"
complete -c fold-replay -s 4 -l ip4 -x -d 'its IPv4 address and subnet'
complete -c fold-replay -s 6 -l ip6 -x -d 'its IPv6 address and prefix'
complete -c fold-replay -s s -l given -d 'the address was given with -s'
complete -c fold-replay -s k -l stable -d 'the address was made with -k'
complete -c fold-replay -s b -l binding -r -F -d 'its binding file'
complete -c fold-replay -s c -l config -r -F -d 'the global configuration'
complete -c fold-replay -s M -l mtu -x -d "the bridge's MTU"
complete -c fold-replay -s e -l expect -r -F -d 'compare the replies with this capture'
complete -c fold-replay -s r -l record -r -F -d 'write the replies and say what changed'
complete -c fold-replay -s a -l all-sources -d 'feed every frame'
complete -c fold-replay -s n -l network -d "feed what others ask the guest's address"
complete -c fold-replay -s v -l verbose -d 'a line for each frame; twice: all fields'
complete -c fold-replay -l csum-pending -d 'take transport checksums as not filled in yet'
complete -c fold-replay -l loop -x -d 'then feed the capture so many times more'
complete -c fold-replay -s h -l help -d 'print the usage'
complete -c fold-replay -s V -l version -d 'print the version'
