#compdef fold fold-vm
# SPDX-License-Identifier: GPL-2.0-or-later
# zsh completion for fold; installed as _fold-vm, because _fold is the name of zsh's own for coreutils' program.

_fold_vm_interfaces() {
	local -a names
	# Only root may ask which VMs run; everybody sees the taps.
	names=(${${(f)"$($program ls 2>/dev/null)"}[2,-1]%% *})
	(( $#names )) || names=(/sys/class/net/*/tun_flags(N:h:t))
	_wanted interfaces expl 'interface of a VM' compadd -a names
}

_fold_vm_bridges() {
	local -a names
	names=(/sys/class/net/*/bridge(N:h:t))
	_wanted bridges expl 'bridge' compadd -a names
}

_fold_vm_hypervisors() {
	local -a names
	names=(${(k)commands[(I)qemu-system-*]} ${(k)commands[(I)kvm]})
	_wanted commands expl 'hypervisor' compadd -a names || _files -g '*(-*)'
}

# What stands behind the MAC address is a command line of its own.
_fold_vm_own() {
	shift words
	(( CURRENT-- ))
	_normal
}

_fold_vm_address() {
	local -a words4
	words4=('auto:print a free address' 'release:give it back')
	_describe -t words 'address with the length of its prefix' words4
}

_fold_vm_action() {
	local -a actions
	actions=('accept:it passes' 'drop:it is dropped and counted' 'reject:it is dropped and its sender is told')
	_describe -t actions 'what happens to packets through the gateway' actions
}

# The first word that is no flag: a subcommand where nothing stands before it, else the MAC address or what follows `-4 auto`.
_fold_vm_first() {
	local -a commands4
	if (( ${words[(I)auto]} && ${words[(I)-4]} )); then
		compadd net:default
	elif (( CURRENT == 2 )); then
		commands4=(
			'ls:list the running VMs'
			'gc:remove what a killed fold left behind'
			'lamac:print a random MAC address for a VM'
			'mkaddress:print the address that -k gives'
			'keygen:make a key for -k'
			'doctor:say what is wrong on this machine, and how to fix it'
			'inspect:show what a running VM is, was told and was refused'
			'explain:which rule or answer each frame of a capture meets, and why'
		)
		_describe -t commands 'command' commands4
	else
		_message "the VM's MAC address"
	fi
}

_fold_vm_command() {
	case $words[1] in
	ls) _arguments '--json[as JSON]' ;;
	doctor)
		_arguments '(--local)--bridge[the bridge to look at]:bridge:_fold_vm_bridges' \
			"(--bridge)--local[fold's own network]" '--json[as JSON]'
		;;
	inspect) _arguments '--json[as JSON]' '1:interface:_fold_vm_interfaces' ;;
	explain)
		_arguments '(--to)--from[all frames are from the guest]' '(--from)--to[all frames are to the guest]' \
			'--json[as JSON]' '1:interface:_fold_vm_interfaces' '2:capture:_files'
		;;
	mkaddress)
		_arguments '-m[the MAC address of the VM]:MAC address: ' '-k[the key]:key:_files' '--full[the whole key counts]' \
			'1:prefix and length: '
		;;
	keygen) _arguments '1:file to make:_files' ;;
	esac
}

_fold-vm() {
	local program=${(Q)words[1]} curcontext=$curcontext state state_descr line expl
	typeset -A opt_args

	# Whose it is says the program.
	if [[ $program != *-vm && "$(${~program} --version 2>/dev/null </dev/null)" != fold\ [0-9]* ]]; then
		(( $+functions[_fold] )) && _fold "$@"
		return
	fi
	if [[ $words[2] == (ls|gc|lamac|mkaddress|keygen|doctor|inspect|explain) ]] && (( CURRENT > 2 )); then
		shift words
		(( CURRENT-- ))
		_fold_vm_command
		return
	fi
	_arguments -S -A '-*' \
		'-i[name of the tap]:interface: ' \
		"-4[the VM's IPv4 address and its subnet]:address:_fold_vm_address" \
		"-6[the VM's IPv6 prefix]:prefix and length: " \
		"(-k -d)-s[-6 gives the VM's whole address]" \
		'(-s)-k[a key, for a stable private address]:key:_files' \
		'(-s)-d[where the disk image for the guest goes]:directory:_files -/' \
		'*-m[a multicast group that the VM may use]:group: ' \
		'-b[file with what the VM is told]:binding:_files' \
		'-a[what happens to IPv4 through the gateway]:action:_fold_vm_action' \
		'-A[what happens to IPv6 through the gateway]:action:_fold_vm_action' \
		'(--local)--bridge=[the bridge to join]:bridge:_fold_vm_bridges' \
		'(--bridge)--local[a network of this machine alone]' \
		'--transport=[how packets reach the responder]:transport:(auto queue log)' \
		'(-v --verbose)'{-v,--verbose}'[print information on stderr]' \
		'(- *)'{-h,--help}'[print the usage]' \
		'(- *)'{-V,--version}'[print the version]' \
		'1: :_fold_vm_first' \
		'2:hypervisor:_fold_vm_hypervisors' \
		'*::argument of the hypervisor:_fold_vm_own'
}

_fold-vm "$@"
