#compdef fold-replay
# SPDX-License-Identifier: GPL-2.0-or-later
_arguments -s \
	"(-m --mac)"{-m,--mac=}"[the guest's MAC address]:MAC address: " \
	"(-4 --ip4)"{-4,--ip4=}"[its IPv4 address and subnet]:address and length: " \
	"(-6 --ip6)"{-6,--ip6=}"[its IPv6 address and prefix]:address and length: " \
	'(-s --given -k --stable)'{-s,--given}'[the address was given with -s]' \
	'(-s --given -k --stable)'{-k,--stable}'[the address was made with -k]' \
	'(-b --binding)'{-b,--binding=}'[its binding file]:file:_files' \
	'(-c --config)'{-c,--config=}'[the global configuration]:file:_files' \
	"(-M --mtu)"{-M,--mtu=}"[the bridge's MTU]:MTU: " \
	'(-e --expect -r --record)'{-e,--expect=}'[compare the replies with this capture]:capture:_files' \
	'(-e --expect -r --record)'{-r,--record=}'[write the replies and say what changed]:capture:_files' \
	'(-a --all-sources)'{-a,--all-sources}'[feed every frame]' \
	"(-n --network)"{-n,--network}"[feed what others ask the guest's address]" \
	'*'{-v,--verbose}'[a line for each frame; twice: all fields of the replies]' \
	'--csum-pending[take transport checksums as not filled in yet]' \
	'--loop=[then feed the capture so many times more]:number: ' \
	'(- *)'{-h,--help}'[print the usage]' \
	'(- *)'{-V,--version}'[print the version]' \
	'1:capture:_files' \
	'2:capture for the replies:_files'
