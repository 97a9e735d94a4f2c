# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for fold. It needs nothing but bash; with bash-completion the hypervisor's own words are completed too.

# words and cword: COMP_WORDS with those put together again that ':' and '=' took apart; raw: where each begins there.
_fold_words() {
	local line=$COMP_LINE word i
	words=() raw=() cword=0
	for ((i = 0; i < ${#COMP_WORDS[@]}; i++)); do
		word=${COMP_WORDS[i]}
		if ((i > 0)) && [[ $line != [[:space:]]* && ($word == [:=]* || ${COMP_WORDS[i - 1]} == *[:=]) ]]; then
			words[-1]+=$word
		else
			words+=("$word")
			raw+=("$i")
		fi
		((i == COMP_CWORD)) && cword=$((${#words[@]} - 1))
		line=${line#"${line%%[![:space:]]*}"}
		line=${line#"$word"}
	done
}

# Names of interfaces that are bridges; and of taps, for those who may not ask fold which VMs run.
_fold_bridges() {
	local at
	for at in /sys/class/net/*/bridge; do
		at=${at%/bridge}
		[[ -e $at ]] && printf '%s\n' "${at##*/}"
	done
}

_fold_vms() {
	local list at
	if list=$("$program" ls 2>/dev/null); then
		while read -r at _; do
			[[ $at == INTERFACE ]] || printf '%s\n' "$at"
		done <<<"$list"
		return
	fi
	for at in /sys/class/net/*/tun_flags; do
		at=${at%/tun_flags}
		[[ -e $at ]] && printf '%s\n' "${at##*/}"
	done
}

# Those of the lines that begin with what stands there; readline replaces only what is behind the last ':'. Not by
# compgen -W, which would expand a name that has a '$' in it.
_fold_offer() {
	local cut= line
	[[ $COMP_WORDBREAKS == *:* && $cur == *:* ]] && cut=${cur%"${cur##*:}"}
	COMPREPLY=()
	while IFS= read -r line; do
		[[ -n $line && $line == "$cur"* ]] && COMPREPLY+=("${line#"$cut"}")
	done <<<"$1"
	return 0
}

_fold_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -A "$1" -- "$cur")
}

_fold_hypervisors() {
	local name
	[[ $cur == */* ]] && _fold_files file && return
	type -P kvm >/dev/null && name=kvm
	_fold_offer "$name"$'\n'"$(compgen -c -- qemu-system- | sort -u)"
}

# The value of a flag; false where it has none that could be known.
_fold_value() {
	case $1 in
	-4) _fold_offer $'auto\nrelease' ;;
	-a | -A) _fold_offer $'accept\ndrop\nreject' ;;
	-b | -k) _fold_files file ;;
	-d) _fold_files directory ;;
	--bridge) _fold_offer "$(_fold_bridges)" ;;
	--transport) _fold_offer $'auto\nqueue\nlog' ;;
	-i | -6 | -m) COMPREPLY=() ;;
	*) return 1 ;;
	esac
}

_fold_command() {
	local n=$((cword - 1)) before=${words[*]:2:cword-2} word
	for word in "${words[@]:2:cword-2}"; do
		[[ $word == -?* ]] && n=$((n - 1))
	done
	case ${words[1]} in
	ls) _fold_offer --json ;;
	doctor)
		[[ $prev == --bridge ]] && _fold_value --bridge && return
		_fold_offer $'--bridge\n--local\n--json'
		;;
	inspect)
		if [[ $cur == -* || $n -gt 1 ]]; then _fold_offer --json; else _fold_offer "$(_fold_vms)"; fi
		;;
	explain)
		if [[ $cur == -* || $n -gt 2 ]]; then
			[[ " $before " == *' --from '* || " $before " == *' --to '* ]] && _fold_offer --json && return
			_fold_offer $'--from\n--to\n--json'
		elif ((n == 1)); then
			_fold_offer "$(_fold_vms)"
		else
			_fold_files file
		fi
		;;
	mkaddress)
		case $prev in
		-k) _fold_files file ;;
		-m) ;;
		*) [[ $cur == -* || -z $cur ]] && _fold_offer $'-m\n-k\n--full' ;;
		esac
		;;
	keygen) ((cword == 2)) && _fold_files file ;;
	esac
}

# The line of a VM: where the words that are no flags begin, or the flag whose value is due.
_fold_run() {
	local i flag='' auto='' mac=''
	for ((i = 1; i < cword; i++)); do
		case ${words[i]} in
		--) i=$((i + 1)) && mac=$i && break ;;
		-[i46kdmbaA] | --bridge | --transport)
			[[ ${words[i]} == -4 && ${words[i + 1]} == @(auto|release) ]] && auto=${words[i + 1]}
			flag=${words[i]}
			i=$((i + 1))
			((i < cword)) && flag=
			;;
		-*) ;;
		*) mac=$i && break ;;
		esac
	done
	if [[ -n $flag ]]; then
		_fold_value "$flag"
	elif [[ -n $mac ]]; then
		((cword == mac + 1)) && _fold_hypervisors
		((cword > mac + 1)) && _fold_own $((mac + 1))
	elif [[ $cur == --*=* ]]; then
		flag=${cur%%=*} cur=${cur#*=}
		_fold_value "$flag"
	elif [[ $cur == -* ]]; then
		_fold_offer $'-i\n-4\n-6\n-s\n-k\n-d\n-m\n-b\n-a\n-A\n-v\n-h\n-V\n--bridge\n--local\n--transport\n--verbose\n--help\n--version'
	elif [[ $auto == auto ]]; then
		_fold_offer net:default
	elif ((cword == 1)); then
		_fold_offer $'ls\ngc\nlamac\nmkaddress\nkeygen\ndoctor\ninspect\nexplain'
	fi
}

# What the hypervisor itself offers for its arguments, else files.
_fold_own() {
	if declare -F _comp_command_offset >/dev/null; then
		_comp_command_offset "${raw[$1]}"
	elif declare -F _command_offset >/dev/null; then
		_command_offset "${raw[$1]}"
	else
		_fold_files file
	fi
}

# coreutils has a fold, too: whose it is says the program.
_fold() {
	local program=${1/#\~\//$HOME/} words raw cword cur prev
	if [[ $program != *-vm ]] && ! [[ $("$program" --version 2>/dev/null </dev/null) =~ ^'fold '[0-9] ]]; then
		COMPREPLY=()
		if declare -F _comp_complete_longopt >/dev/null; then
			_comp_complete_longopt "$@"
		elif declare -F _longopt >/dev/null; then
			_longopt "$@"
		fi
		return
	fi
	_fold_words
	cur=${words[cword]} prev=${words[cword - 1]} COMPREPLY=()
	if ((cword > 1)) && [[ ${words[1]} == @(ls|gc|lamac|mkaddress|keygen|doctor|inspect|explain) ]]; then
		_fold_command
	else
		_fold_run
	fi
}
complete -F _fold fold fold-vm
