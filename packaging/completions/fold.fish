# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion for fold, or for what it is called here
set -l fold fold

# coreutils has a fold, too: whose it is says the program.
if test $fold = fold; and not string match -qr '^fold [0-9]' -- (command fold --version 2>/dev/null </dev/null)
	complete -c fold -s b -l bytes -d 'count bytes rather than columns'
	complete -c fold -s s -l spaces -d 'break at spaces'
	complete -c fold -s w -l width -x -d 'columns of a line'
	complete -c fold -l help -d 'print the usage'
	complete -c fold -l version -d 'print the version'
	exit
end

set -l commands ls gc lamac mkaddress keygen doctor inspect explain

# Only root may ask which VMs run; everybody sees the taps.
function __fold_interfaces
	set -l names ($argv[1] ls 2>/dev/null | string replace -r ' .*' '')
	if set -q names[2]
		printf '%s\n' $names[2..]
		return
	end
	for at in /sys/class/net/*/tun_flags
		string split -f5 / $at
	end
end

function __fold_bridges
	for at in /sys/class/net/*/bridge
		string split -f5 / $at
	end
end

# run: the flags of a VM are due; address: behind -4 auto; hypervisor: behind the MAC address; else a subcommand, or its words.
function __fold_is
	set -l words (commandline -opc)
	set -e words[1]
	if contains -- "$words[1]" ls gc lamac mkaddress keygen doctor inspect explain
		test $argv[1] = "$words[1]"
		return
	end
	set -l what run
	while set -q words[1]
		switch $words[1]
			case -i -6 -k -d -m -b -a -A --bridge --transport
				set -e words[1]
			case -4
				test "$words[2]" = auto; and set what address
				set -e words[1]
			case '-*'
			case '*'
				set what hypervisor
				set -q words[2]; and set what over
				break
		end
		set -e words[1]
	end
	test $argv[1] = $what; or test $argv[1] = run -a $what = address
end

# What stands behind the hypervisor's name is the hypervisor's own.
function __fold_own
	set -l words (commandline -opc) (commandline -ct)
	set -l at (string match -rn '^(.*/)?(kvm|qemu-system-.+)$' -- $words | string replace -r ' .*' '')
	set -q at[1]; and complete -C (string join ' ' -- $words[$at[1]..])
end

complete -c $fold -f
complete -c $fold -n '__fold_is run; and test (count (commandline -opc)) -eq 1' -a ls -d 'list the running VMs'
complete -c $fold -n '__fold_is run; and test (count (commandline -opc)) -eq 1' -a gc -d 'remove what a killed fold left behind'
complete -c $fold -n '__fold_is run; and test (count (commandline -opc)) -eq 1' -a lamac -d 'print a random MAC address'
complete -c $fold -n '__fold_is run; and test (count (commandline -opc)) -eq 1' -a mkaddress -d 'print the address that -k gives'
complete -c $fold -n '__fold_is run; and test (count (commandline -opc)) -eq 1' -a keygen -d 'make a key for -k'
complete -c $fold -n '__fold_is run; and test (count (commandline -opc)) -eq 1' -a doctor -d 'say what is wrong on this machine'
complete -c $fold -n '__fold_is run; and test (count (commandline -opc)) -eq 1' -a inspect -d 'show what a running VM is and was told'
complete -c $fold -n '__fold_is run; and test (count (commandline -opc)) -eq 1' -a explain -d 'what becomes of the frames of a capture'

complete -c $fold -n '__fold_is run' -s i -x -d 'name of the tap'
complete -c $fold -n '__fold_is run' -s 4 -x -a 'auto release' -d 'the IPv4 address and its subnet'
complete -c $fold -n '__fold_is run' -s 6 -x -d 'the IPv6 prefix'
complete -c $fold -n '__fold_is run' -s s -d '-6 gives the whole address'
complete -c $fold -n '__fold_is run' -s k -r -F -d 'a key, for a stable private address'
complete -c $fold -n '__fold_is run' -s d -x -a '(__fish_complete_directories)' -d 'where the disk image goes'
complete -c $fold -n '__fold_is run' -s m -x -d 'a multicast group that the VM may use'
complete -c $fold -n '__fold_is run' -s b -r -F -d 'file with what the VM is told'
complete -c $fold -n '__fold_is run' -s a -x -a 'accept drop reject' -d 'what happens to IPv4 through the gateway'
complete -c $fold -n '__fold_is run' -s A -x -a 'accept drop reject' -d 'what happens to IPv6 through the gateway'
complete -c $fold -n '__fold_is run' -l bridge -x -a '(__fold_bridges)' -d 'the bridge to join'
complete -c $fold -n '__fold_is run' -l local -d 'a network of this machine alone'
complete -c $fold -n '__fold_is run' -l transport -x -a 'auto queue log' -d 'how packets reach the responder'
complete -c $fold -n '__fold_is run' -s v -l verbose -d 'print information on stderr'
complete -c $fold -n '__fold_is run' -s h -l help -d 'print the usage'
complete -c $fold -n '__fold_is run' -s V -l version -d 'print the version'
complete -c $fold -n '__fold_is address' -a net:default
complete -c $fold -n '__fold_is hypervisor' -a '(complete -C qemu-system- | string match "qemu-system-*")'
complete -c $fold -n '__fold_is hypervisor; and type -q kvm' -a kvm
complete -c $fold -n '__fold_is over' -a '(__fold_own)'

complete -c $fold -n '__fold_is ls; or __fold_is doctor; or __fold_is inspect; or __fold_is explain' -l json -d 'as JSON'
complete -c $fold -n '__fold_is doctor' -l bridge -x -a '(__fold_bridges)' -d 'the bridge to look at'
complete -c $fold -n '__fold_is doctor' -l local -d 'the network of this machine alone'
complete -c $fold -n "__fold_is inspect; or __fold_is explain; and test (count (commandline -opc)) -eq 2" -a "(__fold_interfaces $fold)"
complete -c $fold -n '__fold_is explain' -l from -d 'all frames are from the guest'
complete -c $fold -n '__fold_is explain' -l to -d 'all frames are to the guest'
complete -c $fold -n '__fold_is explain; and test (count (commandline -opc)) -gt 2' -F
complete -c $fold -n '__fold_is mkaddress' -s m -x -d 'the MAC address of the VM'
complete -c $fold -n '__fold_is mkaddress' -s k -r -F -d 'the key'
complete -c $fold -n '__fold_is mkaddress' -l full -d 'the whole key counts'
complete -c $fold -n '__fold_is keygen' -F
