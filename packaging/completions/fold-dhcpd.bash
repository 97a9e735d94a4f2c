# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for fold-dhcpd
_fold_dhcpd() {
	case $3 in
	-c | --config)
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$2")
		;;
	*) mapfile -t COMPREPLY < <(compgen -W '-c -f -d -h -v -V --config --foreground --debug --help --version' -- "$2") ;;
	esac
}
complete -F _fold_dhcpd fold-dhcpd
