# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for fold-replay
_fold_replay() {
	case $3 in
	-m | --mac | -4 | --ip4 | -6 | --ip6 | -M | --mtu | --loop) COMPREPLY=() && return ;;
	esac
	if [[ $2 == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W '-m -4 -6 -s -k -b -c -M -e -r -a -n -v -h -V --mac --ip4 --ip6 --given --stable
			--binding --config --mtu --expect --record --all-sources --network --verbose --csum-pending --loop --help
			--version' -- "$2")
	else
		# Bindings, configurations and captures have no name by which they would be known.
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$2")
	fi
}
complete -F _fold_replay fold-replay
