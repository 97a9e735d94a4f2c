#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# completion: checks that shells offer what the programs accept. Flags and commands are taken from the programs' own
# tables and from their --help, so a flag that is added or removed without a change of the completions fails here. bash
# is asked for each; fish too, and zsh's grammar is checked, where these are installed.
# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2153,SC2154 # most functions are called by name
. "$(dirname "$0")/lib.sh"
begin "$@"

mac=52:54:00:12:34:56
ln -s "$FOLD" "$T/bin/fold"
for program in fold-dhcpd fold-replay; do
	[ -x "$(dirname -- "$FOLD")/$program" ] || bail "no $program beside $FOLD"
	ln -s "$(dirname -- "$FOLD")/$program" "$T/bin/$program"
done
check 'they are installed' make -s -C "$root" install-completions "DESTDIR=$T/root" PREFIX=/usr
shells=$T/root/usr/share
bash_dir=$shells/bash-completion/completions

# Splits a line that ends at the cursor as bash would, calls the completion function, and prints its replies one a
# line.
cat >"$T/ask.bash" <<'END'
line=$2 rest=$2 at=
. "$1" || exit
words=()
while [[ $rest ]]; do
	if [[ $rest =~ ^[[:space:]]+ ]]; then
		at=
	elif [[ $rest =~ ^[:=]+ || $rest =~ ^[^:=[:space:]]+ ]]; then
		words+=("${BASH_REMATCH[0]}") at=word
	fi
	rest=${rest:${#BASH_REMATCH[0]}}
done
[[ $at ]] || words+=('')
COMP_WORDS=("${words[@]}") COMP_CWORD=$((${#words[@]} - 1)) COMP_LINE=$line COMP_POINT=${#line}
[[ $(complete -p "${words[0]}") =~ ' -F '([^ ]+) ]] || exit
"${BASH_REMATCH[1]}" "${words[0]}" "${words[COMP_CWORD]}" "${words[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
END

# offered LINE: the completions for LINE, sorted, in one line.
offered() {
	bash --norc "$T/ask.bash" "$bash_dir/${1%% *}" "$1" | sort -u | paste -sd' '
}

# offers LINE WORD...: whether exactly these words are offered.
offers() {
	offers_line=$1
	shift
	same "behind '$offers_line'" "$(offered "$offers_line")" "$(printf '%s\n' "$@" | sort -u | paste -sd' ')"
}

# ---- the programs' own tables ----

# flags FILE: the flags in the source file's calls of getopt_long(3), and those that it compares words with.
flags() {
	{
		sed -n 's/.*getopt_long(.*"+\{0,1\}:\{0,1\}\([a-zA-Z0-9:]*\)", long.*/\1/p' "$root/$1" | tr -d : | sed 's/./-&\n/g'
		sed -n 's/.*/&/; s/{"\([a-z0-9-]*\)", [a-z]*_argument/\n--\1\n/gp' "$root/$1" | grep '^--'
		grep -o 'strcmp([^"]*"--[a-z-]*"' "$root/$1" | sed 's/.*"\(--[a-z-]*\)"/\1/'
	} | sed '/^$/d' | sort -u
}

# helped PROGRAM: the flags in its --help.
helped() {
	"$1" --help | grep -oE '(^|[][ |])--?[A-Za-z0-9][a-z0-9-]*' | grep -oE -e '--?[A-Za-z0-9].*' | sort -u
}

# all_of WHAT HAVE LIST...: whether each word of LIST is one of those in HAVE; for check.
all_of() {
	all_what=$1 all_have=" $2 " all_bad=0
	shift 2
	for word; do
		case $all_have in *" $word "*) continue ;; esac
		echo "$all_what lacks $word: has $all_have"
		all_bad=1
	done
	return "$all_bad"
}

commands=$(sed -n '/} commands\[\] = {/,/};/p' "$root/src/cli/commands.c" | grep -o '{"[a-z]*"' | tr -d '{"')
main=$(flags src/cli/options.c)
check 'the tables are found' all_of 'what was read' "$(printf '%s\n' "$commands" "$main" | paste -sd' ')" ls doctor -i -A -V --bridge --verbose
check "fold's --help is found" all_of 'what was read' "$(helped fold | paste -sd' ')" -i --json --from --full -b --help

# taken PROGRAM FILE: tests that bash offers exactly the program's flags, and all those of its --help.
taken() {
	# shellcheck disable=SC2046 # words
	check "$1: bash offers the flags that it takes" offers "$1 -" $(flags "$2")
	# shellcheck disable=SC2046
	check "$1: bash offers the flags of its --help" all_of bash "$(offered "$1 -")" $(helped "$1")
}
# shellcheck disable=SC2086 # words
check 'fold: bash offers the flags that it takes' offers 'fold -' $main
# shellcheck disable=SC2086
check 'fold: bash offers its commands' offers 'fold ' $commands
# --help also lists the flags of the commands, which bash offers only behind the command.
everywhere=$(for word in '' 'ls ' 'doctor ' 'inspect vm0 ' 'explain vm0 x ' 'mkaddress '; do offered "fold $word-"; done | paste -sd' ')
# shellcheck disable=SC2046
check 'fold: bash offers the flags of its --help' all_of bash "$everywhere" $(helped fold)
# shellcheck disable=SC2046,SC2086
check 'fold: its --help has the flags that it takes' all_of --help "$(helped fold | paste -sd' ') -h -V" \
	$main $(for file in commands_key doctor explain inspect commands; do flags "src/cli/$file.c"; done)
taken fold-dhcpd src/dhcpd/options.c
taken fold-replay tests/pcap/replay.c
# shellcheck disable=SC2046
{
	check 'fold mkaddress: its flags' offers 'fold mkaddress -' $(flags src/cli/commands_key.c)
	check 'fold doctor: its flags' offers 'fold doctor ' $(flags src/cli/doctor.c)
	check 'fold explain: its flags' offers 'fold explain vm0 x -' $(flags src/cli/explain.c)
	check 'fold inspect: its flags' offers 'fold inspect vm0 ' $(flags src/cli/inspect.c)
	# All commands take --help, and bash offers it for none.
	check 'fold ls: its flags' offers 'fold ls ' $(flags src/cli/commands.c | grep -vx -e --help)
}
# shellcheck disable=SC2046
check '--transport: what it takes' offers 'fold --transport ' \
	$(sed -n '/set_transport/,/^}/p' "$root/src/cli/options.c" | grep -o '= "[a-z]*"' | tr -d '= "')

# ---- what this machine has ----

make_bridge "$BRIDGE"
make_bridge other0
ip link add notabridge type veth peer name notabridge2
check '--bridge: the bridges' offers 'fold --bridge ' "$BRIDGE" other0
check '--bridge=: likewise' offers 'fold --bridge=o' other0
check 'doctor --bridge: likewise' offers 'fold doctor --bridge ' "$BRIDGE" other0
check 'no VM runs: none is offered' offers 'fold inspect ' ''
ip netns add vm0
start_vm vm0 10.0.1.1/24 "$mac" >"$T/started" || bail "$(cat "$T/started")"
ip tuntap add dev strange0 mode tap
check 'inspect: the running VM, and no tap of others' offers 'fold inspect ' vm0
check 'explain: likewise' offers 'fold explain ' vm0
cat >"$T/bin/fold-vm" <<END
#!/bin/sh
exit 125
END
chmod 755 "$T/bin/fold-vm"
ln -s fold "$bash_dir/fold-vm"
check 'who may not ask is offered the taps' offers 'fold-vm inspect ' strange0 vm0
# shellcheck disable=SC2016 # this is the name
ip link add '$(touch${IFS}x)' type bridge
cd "$T/ns" || bail 'no directory'
# shellcheck disable=SC2016
check 'a name is a name, whatever shells make of it' offers 'fold --bridge $' '$(touch${IFS}x)'
check 'and nothing of it has been run' not ls "$T/ns/x"
mkdir "$T/here" && cd "$T/here" && mkdir dir && : >vm.conf
check '-b: files' offers 'fold -i vm1 -b ' dir vm.conf
check '-d: directories' offers 'fold -k x -d ' dir
check 'fold-dhcpd -c: files' offers 'fold-dhcpd -c vm' vm.conf
check 'fold-replay: files' offers 'fold-replay -m 52:54:00:12:34:56 ' dir vm.conf
check '-4: a free address, or to give it back' offers 'fold -i vm1 -4 ' auto release
check '-4 auto: a net' offers 'fold -i vm1 -4 auto ' net:default
check '-4 auto: what is behind the colon' offers 'fold -i vm1 -4 auto net:' default

# ---- the hypervisor ----

hypervisor true <<'END'
exit 0
END
run="fold -i vm1 --bridge=$BRIDGE -m 239.1.2.3 -6 fd00::/64 $mac"
check 'behind the MAC address: hypervisors' all_of bash "$(offered "$run ")" qemu-system-pump qemu-system-true
check 'and nothing else' same others "$(offered "$run " | tr ' ' '\n' | grep -cv '^kvm$\|^qemu-system-')" 0
check 'of which it may have begun' offers "$run qemu-system-tru" qemu-system-true
check 'behind the hypervisor: no flags of fold' offers "$run qemu-system-true -" ''
check 'but files' offers "$run qemu-system-true -drive file=x vm" vm.conf

# ---- coreutils' program of that name ----

rm "$T/bin/fold"
if [ "$(fold --version | head -c 6)" = 'fold (' ]; then
	check "coreutils' fold is not taken for this one" offers 'fold -' ''
else
	skip "coreutils' fold is not taken for this one" "no such fold is here"
fi
ln -s "$FOLD" "$T/bin/fold"

# ---- a real bash, at a terminal ----

# typed COMMANDS TEXT: the command line of a real bash that has run COMMANDS, after TEXT was typed there.
typed() {
	python3 - "$1" "$2" <<'END'
import os, pty, select, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.environ.update(PS1='', TERM='dumb', INPUTRC='/dev/null', HISTFILE='')
    os.execvp('bash', ['bash', '--norc', '--noprofile', '-i'])
def take(until, seconds=30):
    text, end = b'', time.monotonic() + seconds
    while until not in text and time.monotonic() < end:
        if select.select([fd], [], [], 1)[0]:
            text += os.read(fd, 4096)
    return text
os.write(fd, b'bind "set enable-bracketed-paste off"; stty -echo; PS1=; %s; echo REA""DY\n' % sys.argv[1].encode())
take(b'READY\r\n')
# The line that is typed becomes words of a command that prints them.
os.write(fd, sys.argv[2].replace('TAB', '\t').encode() + b'\x01printf "<%s>" \x05; echo; echo EN""D\n')
print(take(b'END').decode(errors='replace'))
END
}
is_typed() { # LOADING LINE WANT
	typed "$1" "$2" >"$T/typed"
	grep -qF -- "$3" "$T/typed" && return
	cat -v "$T/typed"
	return 1
}
check 'a flag, typed' is_typed ". $bash_dir/fold" 'fold -i vm1 --locTAB' '<fold><-i><vm1><--local>'
check 'a word with colons, typed' is_typed ". $bash_dir/fold" 'fold -i vm1 -4 auto net:TAB' '<auto><net:default>'
check 'a running VM, typed' is_typed ". $bash_dir/fold" 'fold inspect vTAB' '<inspect><vm0>'
if [ -e /usr/share/bash-completion/bash_completion ]; then
	# bash-completion loads its completion for coreutils' `fold` at once, and other files when they are needed.
	load="BASH_COMPLETION_COMPAT_DIR=$T/root/etc/bash_completion.d XDG_DATA_DIRS=$shells; . /usr/share/bash-completion/bash_completion"
	check 'with bash-completion: found by itself' is_typed "$load" 'fold -i vm1 --locTAB' '<--local>'
	check 'with bash-completion: by its path' is_typed "$load" "$T/bin/fold -i vm1 --locTABTAB" '<--local>'
	check "with bash-completion: a hypervisor's own flags" is_typed "$load" "fold -4 10.0.0.1/24 $mac qemu-system-i386 -snapsTAB" '<-snapshot>'
	check "with bash-completion: coreutils' fold as before" is_typed "PATH=/usr/bin; $load" 'fold --spaTAB' '<--spaces>'
else
	skip 'with bash-completion: found by itself' 'bash-completion is not installed'
fi

# ---- fish and zsh ----

# named FILE FLAG...: whether the file has each flag, in the form of zsh's _arguments or of fish's complete; for check.
named() {
	named_file=$1 named_bad=0
	shift
	for word; do
		case $named_file:$word in
		*.fish:--*) like="-l ${word#--} " ;;
		*.fish:*) like="-s ${word#-} " ;;
		*) like="[^a-z-]${word}[^a-z-]" ;;
		esac
		grep -qE -e "$like" "$named_file" && continue
		echo "${named_file##*/} lacks $word"
		named_bad=1
	done
	return "$named_bad"
}
all=$(for file in options commands_key doctor explain inspect commands; do flags "src/cli/$file.c"; done | sort -u)
zsh_dir=$shells/zsh/site-functions fish_dir=$shells/fish/vendor_completions.d
# shellcheck disable=SC2046,SC2086
for shell in zsh fish; do
	case $shell in
	zsh) file=$zsh_dir/_%s name=fold-vm ;;
	fish) file=$fish_dir/%s.fish name=fold ;;
	esac
	# shellcheck disable=SC2059 # the name is made of it
	{
		fold=$(printf "$file" $name)
		check "$shell: fold's flags" named "$fold" $all
		check "$shell: fold-dhcpd's flags" named "$(printf "$file" fold-dhcpd)" $(flags src/dhcpd/options.c)
		check "$shell: fold-replay's flags" named "$(printf "$file" fold-replay)" $(flags tests/pcap/replay.c)
	}
	check "$shell: fold's commands" all_of "$shell" "$(tr -c 'a-z\n-' ' ' <"$fold" | paste -sd' ')" $commands
	if command -v $shell >/dev/null; then
		for one in fold fold-dhcpd fold-replay; do
			check "$shell: reads the file for $one" $shell -n "$root/packaging/completions/$one.$shell"
		done
	else
		skip "$shell: reads the files" "$shell is not installed"
	fi
done

# fish_offers LINE WORD...
fish_offers() {
	fish_line=$1
	shift
	same "behind '$fish_line'" "$(HOME=$T/here XDG_DATA_DIRS=$shells fish -c "complete -C '$fish_line'" | cut -f1 | sort -u | paste -sd' ')" \
		"$(printf '%s\n' "$@" | sort -u | paste -sd' ')"
}
# shellcheck disable=SC2046,SC2086
if command -v fish >/dev/null; then
	check 'fish: fold, its flags' fish_offers 'fold -' $main
	check 'fish: fold, its commands' fish_offers 'fold ' $commands
	check 'fish: fold-dhcpd, its flags' fish_offers 'fold-dhcpd -' $(flags src/dhcpd/options.c)
	check 'fish: fold-replay, its flags' fish_offers 'fold-replay -' $(flags tests/pcap/replay.c)
	check 'fish: a running VM' fish_offers 'fold inspect ' vm0
	check 'fish: the flags of doctor' fish_offers 'fold doctor -' $(flags src/cli/doctor.c)
	check 'fish: a hypervisor' fish_offers "fold -4 10.0.0.1/24 $mac qemu-system-tr" qemu-system-true
else
	skip 'fish: what it offers' 'fish is not installed'
fi

# ---- proof that the checks find a difference ----

sed -i 's/--transport//; s/\\n-A\\n/\\n/' "$bash_dir/fold"
# shellcheck disable=SC2086
check 'a flag that bash lacks is seen' not offers 'fold -' $main
sed -i 's/doctor\\n//' "$bash_dir/fold"
# shellcheck disable=SC2086
check 'a command that bash lacks is seen' not offers 'fold ' $commands
sed -i 's/ --debug//' "$bash_dir/fold-dhcpd"
# shellcheck disable=SC2046
check 'a flag of the help that bash lacks is seen' not all_of bash "$(offered 'fold-dhcpd -')" $(helped fold-dhcpd)
sed -i '/-l transport/d' "$fish_dir/fold.fish"
# shellcheck disable=SC2086
check 'a flag that fish lacks is seen' not named "$fish_dir/fold.fish" $all

stop_vm vm0
finish
