#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# lifecycle: fold from its command line to its exit status: what the hypervisor is given and what becomes of it, what is made
# and taken down, and the other commands.
# shellcheck source=tests/e2e/lib.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
begin "$@"

make_bridge "$BRIDGE" 1376
mac=52:54:00:12:34:56
chmod 777 "$T/out"

# ---- exit status ----

hypervisor exit <<'END'
for word; do :; done
exit "$word"
END
for n in 0 1 7 125 126 127 255; do
	run_vm "$mac" qemu-system-exit "$n"
	check "a hypervisor's exit status is fold's: $n" ended "$n"
done

hypervisor die <<'END'
for word; do :; done
kill "-$word" $$
END
for pair in SEGV:139 KILL:137 TERM:143 ABRT:134 USR1:138; do
	run_vm "$mac" qemu-system-die "${pair%:*}"
	check "a hypervisor that dies of SIG${pair%:*}: ${pair#*:}" ended "${pair#*:}"
done

run_vm "$mac" qemu-system-nowhere
check 'a hypervisor that does not exist: 127' ended 127
printf '#!/bin/sh\n' >"$T/bin/qemu-system-noexec"
run_vm "$mac" "$T/bin/qemu-system-noexec"
check 'a hypervisor that may not be executed: 126' ended 126
printf 'neither a program nor a script' >"$T/bin/qemu-system-junk"
chmod 755 "$T/bin/qemu-system-junk"
run_vm "$mac" qemu-system-junk
check 'a hypervisor that is no program: 126' ended 126
printf '#!/no/such/interpreter\n' >"$T/bin/qemu-system-orphan"
chmod 755 "$T/bin/qemu-system-orphan"
run_vm "$mac" qemu-system-orphan
check 'a hypervisor whose interpreter is missing: 127' ended 127
run_fold --bridge nosuch -i vm0 -4 10.0.1.1/24 "$mac" qemu-system-exit 0
check "fold's own failure: 125" ended 125
run_fold -i vm0 -4 10.0.1.1/24
check 'wrong usage: 2' ended 2
run_fold
check 'no argument: 2' ended 2
check 'no argument: the usage, on stderr' grep -q 'fold .*-4 <ip>/<len>' "$T/stderr"
nothing_left 'exit statuses'

# ---- signals ----

# It says what it was told and goes on until it was told to end.
hypervisor signals <<'END'
trap 'echo INT >>"$HV_OUT"; exit 32' INT
trap 'echo TERM >>"$HV_OUT"; exit 33' TERM
trap 'echo HUP >>"$HV_OUT"; exit 34' HUP
echo ready >"$HV_OUT"
while :; do
	sleep 100 &
	wait
done
END
hypervisor stay <<'END'
[ -z "$HV_OUT" ] || echo ready >"$HV_OUT"
exec sleep 1000
END

# begin_vm ARGUMENT...: in the background; $! is its pid. Returns when the hypervisor has said that it is ready.
begin_vm() {
	rm -f "$T/out/hv"
	HV_OUT=$T/out/hv env --default-signal=INT,QUIT "$FOLD" --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -4 10.0.1.1/24 \
		-i vm0 "$@" >"$T/stdout" 2>"$T/stderr" </dev/null &
	vm=$!
	within 30 grep -qs ready "$T/out/hv"
}

end_vm() {
	kill "-$1" "$vm"
	wait "$vm"
	status=$?
}

for triple in INT:32:130 TERM:33:143 HUP:34:129; do
	signal=${triple%%:*} status_own=${triple#*:}
	begin_vm "$mac" qemu-system-signals
	end_vm "$signal"
	check "SIG$signal is passed on, and the hypervisor's answer is fold's status" ended "${status_own%:*}"
	check "SIG$signal: the hypervisor got just that" same 'what it was told' "$(tail -n +2 "$T/out/hv")" "$signal"
	begin_vm "$mac" qemu-system-stay
	end_vm "$signal"
	check "a hypervisor that SIG$signal ends: ${triple##*:}" ended "${triple##*:}"
done

begin_vm "$mac" qemu-system-stay
pid=$vm
vm=$(pgrep -x sleep)
kill -KILL "$vm"
wait "$pid"
status=$?
check 'a hypervisor that somebody kills: 137' ended 137
check 'and fold says so' grep -q 'signal 9' "$T/stderr"

# As nohup does it.
HV_OUT=$T/out/hv
export HV_OUT
rm -f "$HV_OUT"
env --ignore-signal=HUP "$FOLD" --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -4 10.0.1.1/24 -i vm0 "$mac" \
	qemu-system-signals >"$T/stdout" 2>"$T/stderr" </dev/null &
vm=$!
within 30 grep -qs ready "$HV_OUT"
kill -HUP "$vm"
end_vm TERM
check 'a signal that was ignored when fold began is not passed on' same 'what it was told' "$(tail -n +2 "$HV_OUT")" TERM
unset HV_OUT

# A terminal gives Ctrl-C to every process of its group: the hypervisor must not get it twice.
hypervisor count <<'END'
n=0
trap 'n=$((n + 1))' INT
trap 'echo "$n" >"$HV_OUT"; exit 0' TERM
echo ready >"$HV_OUT"
while :; do
	sleep 0.2
done
END
rm -f "$T/out/hv"
mkfifo "$T/keys"
HV_OUT=$T/out/hv script -qec "$FOLD --transport $FOLD_TRANSPORT --bridge $BRIDGE -4 10.0.1.1/24 -i vm0 $mac qemu-system-count" \
	/dev/null <"$T/keys" >"$T/terminal" 2>&1 &
terminal=$!
exec 9>"$T/keys"
within 30 grep -qs ready "$T/out/hv"
printf '\003' >&9
sleep "$SLOW"
kill -TERM "$(pgrep -x fold)"
wait "$terminal"
exec 9>&-
check "Ctrl-C at fold's terminal reaches the hypervisor, once" same 'SIGINT' "$(cat "$T/out/hv")" 1

# What it started outlives it and holds the tap open.
hypervisor leaver <<'END'
setsid sleep 1000 &
exit 0
END
run_vm "$mac" qemu-system-leaver
check 'a hypervisor that leaves a process behind' ended 0
check 'it is ended as well' within 2 not pgrep -x sleep
nothing_left 'signals'

# ---- what the hypervisor is given ----

hypervisor facts <<'END'
printf '%s\n' "$@" | head -n 4 >"$HV_OUT.four"
printf '%s\0' "$@" >"$HV_OUT.args"
{ id -u; id -g; id -G; } >"$HV_OUT.id"
pwd >"$HV_OUT.pwd"
fd=${2##*fd=}
cat "/proc/self/fdinfo/$fd" >"$HV_OUT.fdinfo"
readlink "/proc/$$/fd/$fd" >"$HV_OUT.tun"
grep -E '^(SigBlk|SigIgn|CapEff|NoNewPrivs):' /proc/self/status >"$HV_OUT.status"
ls -l "/proc/$$/fd" | sed -n 's/.* -> //p' >"$HV_OUT.fds"
echo 'on stdout'
echo 'on stderr' >&2
cat
END
HV_OUT=$T/out/facts
export HV_OUT
new_line='
'
# shellcheck disable=SC1003,SC2016 # as they stand
set -- -append '{,, "net" : {,, "if":"vioif0",,, "method":"dhcp",, },, }' '' ' ' 'two  words' "a${new_line}b" "${new_line}" \
	'--' '-i' 'tap9' '-netdev' 'user,id=x' '*' "'" '"' '\' '\\n' '$HOME' '_rdiscd_img_file_' 'ünïcödé' "$(printf '\377\001')"
echo 'on stdin' | (
	cd "$T/out" && exec "$FOLD" --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$mac" \
		qemu-system-facts "$@"
) >"$T/stdout" 2>"$T/stderr"
status=$?
check 'a hypervisor that looks around' ended 0
fd=$(sed -n '2s/.*fd=//p' "$HV_OUT.four")
check "fold's four arguments stand in front" same 'its first four' "$(cat "$HV_OUT.four")" "-netdev
tap,id=hn0,fd=$fd
-device
virtio-net-pci,netdev=hn0,id=nic1,mac=$mac"
printf '%s\0' -netdev "tap,id=hn0,fd=$fd" -device "virtio-net-pci,netdev=hn0,id=nic1,mac=$mac" "$@" >"$T/out/want.args"
check "the user's arguments follow, byte for byte" cmp "$T/out/want.args" "$HV_OUT.args"
check 'its stdin and stdout are fold'"'"'s' same stdout "$(cat "$T/stdout")" 'on stdout
on stdin'
check 'its stderr too' grep -qx 'on stderr' "$T/stderr"
check 'its directory is fold'"'"'s' same directory "$(cat "$HV_OUT.pwd")" "$T/out"
check 'the tap is handed over open' same tap "$(sed -n 's/^iff:[[:space:]]*//p' "$HV_OUT.fdinfo") $(cat "$HV_OUT.tun")" \
	'vm0 /dev/net/tun'
check 'and beside it only what keeps the rules' same 'open files' \
	"$(grep -vcE '^(pipe:|/dev/null|/dev/net/tun|/.*/std(out|err)|/.*/bin/qemu-system-facts)' "$HV_OUT.fds")" 1
# Signals 32 and 33 are glibc's own, which no program can set by its functions; make leaves them ignored.
check 'no signal is blocked or ignored' same signals \
	"$(grep -v '[[:space:]]0000000180000000$' "$HV_OUT.status" | grep -E '^Sig(Blk|Ign):.*[1-9a-f]')" ''

# ---- the user who called sudo ----

SUDO_USER=nobody
HV_OUT=$T/out/sudo # the other's files are root's
export SUDO_USER
run_vm "$mac" qemu-system-facts
check 'a hypervisor under sudo' ended 0
check 'runs as the user who called sudo, with no group of root' same 'ids' "$(tr '\n' ' ' <"$HV_OUT.id")" \
	"$(id -u nobody) $(id -g nobody) $(id -G nobody) "
check 'without a single capability' grep -q '^CapEff:.*\<0*$' "$HV_OUT.status"

# One frame each way, by the handed-over descriptor alone.
hypervisor frame <<'END'
exec bash -c '
	fd=${1##*fd=}
	printf "\377\377\377\377\377\377\122\124\000\022\064\126\010\006\000\001\010\000\006\004\000\001" >"$HV_OUT.frame"
	printf "\122\124\000\022\064\126\012\000\001\001\000\000\000\000\000\000\012\000\001\011" >>"$HV_OUT.frame"
	dd bs=4096 <"$HV_OUT.frame" >&$fd
	for n in 1 2 3 4 5 6 7 8 9; do
		dd bs=4096 count=1 <&$fd | od -An -v -tx1 | tr -d " \n" >>"$HV_OUT.read"
		grep -q 020000000109 "$HV_OUT.read" && exit
	done
' bash "$2"
END
container carl 10.0.1.9/24 02:00:00:00:01:09
HV_OUT=$T/out/frame run_vm "$mac" qemu-system-frame
check 'it needs no privilege to send and receive by the tap' ended 0
check 'what it read is the answer to what it wrote' grep -q '0806000108000604000202000000010[9]0a000109525400123456' "$T/out/frame.read"
check 'nothing is left of root'"'"'s to the user' [ "$(find "$datapath" "$T/out" -user nobody -name 'fold*')" = '' ]

SUDO_USER=no-such-user run_vm "$mac" qemu-system-facts
check 'a SUDO_USER who does not exist: 125' ended 125
check 'and he is named' grep -q no-such-user "$T/stderr"
SUDO_USER=root run_vm "$mac" qemu-system-facts
check 'SUDO_USER=root' same 'id' "$status $(head -n 1 "$HV_OUT.id")" '0 0'
unset SUDO_USER HV_OUT
nothing_left 'what the hypervisor is given'

# ---- kvm ----

rm -f "$T/bin/kvm"
cat >"$T/bin/kvm" <<'END'
#!/bin/sh
printf '%s ' "$@"
END
chmod 755 "$T/bin/kvm"
run_vm "$mac" kvm -x
if grep -q '^fold: /dev/kvm: ' "$T/stderr"; then
	check 'kvm without /dev/kvm: an error that names -accel tcg' grep -q -e '-accel tcg' "$T/stderr"
	check 'kvm without /dev/kvm: 125' ended 125
	skip 'kvm: the command of that name' "$(cat "$T/stderr")"
	skip 'kvm: without such a command, qemu-system-<arch> with KVM on' "$(cat "$T/stderr")"
else
	check 'kvm: the command of that name' same 'its first argument' "$(cut -d' ' -f1 "$T/stdout")" -netdev
	cp "$T/bin/kvm" "$T/bin/qemu-system-$(uname -m)"
	rm "$T/bin/kvm"
	if command -v kvm >/dev/null; then
		skip 'kvm: without such a command, qemu-system-<arch> with KVM on' 'this machine has a command kvm'
	else
		run_vm "$mac" kvm -x
		check 'kvm: without such a command, qemu-system-<arch> with KVM on' same 'its arguments' "$(cut -d' ' -f1,2 "$T/stdout")" \
			'-enable-kvm -netdev'
	fi
	mount --bind /dev/null /dev/kvm
	run_vm "$mac" kvm -x
	check 'kvm where /dev/kvm is of no use: an error that names -accel tcg' grep -q -e '-accel tcg' "$T/stderr"
	check 'kvm where /dev/kvm is of no use: 125' ended 125
	umount /dev/kvm
fi

# ---- the tap and the bridge ----

begin_vm "$mac" qemu-system-stay
check "the tap's address is the service MAC: fe in front" same address "$(cat /sys/class/net/vm0/address)" fe:54:00:12:34:56
check "the tap has the bridge's MTU" same MTU "$(cat /sys/class/net/vm0/mtu)" 1376
check 'the bridge keeps its MTU' same MTU "$(cat "/sys/class/net/$BRIDGE/mtu")" 1376
check 'the tap is a port of the bridge' same bridge "$(basename "$(readlink /sys/class/net/vm0/master)")" "$BRIDGE"
check 'the port learns nothing' same learning "$(cat /sys/class/net/vm0/brport/learning)" 0
# Where bridges know VLANs, an entry stands there once more for each.
check "the bridge's table has the guest's MAC, once and static" same entries \
	"$(bridge fdb show dev vm0 | grep -v ' vlan ' | grep -c "^$mac .*static")" 1
check "the VM's copy of its binding says who it is" same copy "$(grep -E '^(MAC|IP|SUBNET|BRIDGE)=' "$datapath/vm0" | sort | tr '\n' ' ')" \
	"BRIDGE=$BRIDGE IP=10.0.1.1 MAC=$mac SUBNET=10.0.1.0/24 "
check 'fold ls shows it' grep -qE "^vm0 +$mac +10.0.1.1/24 +$BRIDGE +$vm +qemu-system-stay" "$(
	"$FOLD" ls >"$T/ls"
	echo "$T/ls"
)"
check 'fold gc takes nothing from a running VM' same 'what it said and left' "$("$FOLD" gc)$(cat /sys/class/net/vm0/operstate)" unknown
end_vm TERM
check 'and it ends' ended 143
check 'fold ls shows it no more' same lines "$("$FOLD" ls | wc -l)" 1

begin_vm fe:54:00:12:34:56 qemu-system-stay
check "a MAC that begins with fe: the tap's begins with fc" same address "$(cat /sys/class/net/vm0/address)" fc:54:00:12:34:56
end_vm TERM

hypervisor show <<'END'
ls -d /sys/class/net/*/master | while read -r m; do echo "$(basename "$(dirname "$m")") $(basename "$(readlink "$m")")"; done
END
run_fold --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -4 10.0.1.1/24 "$mac" qemu-system-show
check 'without -i a name is made up' grep -qE "^vethfotp[0-9]+ $BRIDGE$" "$T/stdout"
ip -n carl link set eth0 down
ip link del vcarl
run_fold --transport "$FOLD_TRANSPORT" -4 10.0.1.1/24 "$mac" qemu-system-show
check 'without --bridge it is weave, and its absence is named' grep -q 'bridge weave: .*--local' "$T/stderr"
make_bridge weave
run_fold --transport "$FOLD_TRANSPORT" -i vm0 -4 10.0.1.1/24 "$mac" qemu-system-show
check 'without --bridge it is weave' same port "$(cat "$T/stdout")" 'vm0 weave'
FOLD_BRIDGE=$BRIDGE run_fold --transport "$FOLD_TRANSPORT" -i vm0 -4 10.0.1.1/24 "$mac" qemu-system-show
check 'or what FOLD_BRIDGE says' same port "$(cat "$T/stdout")" "vm0 $BRIDGE"
FOLD_BRIDGE=nosuch run_vm "$mac" qemu-system-show
check 'and --bridge stands above it' same port "$(cat "$T/stdout")" "vm0 $BRIDGE"

IPTABLES=/no/iptables IP6TABLES=x EBTABLES=y run_vm "$mac" qemu-system-show
check 'IPTABLES, IP6TABLES and EBTABLES have no effect' same 'status and port' "$status $(cat "$T/stdout")" "0 vm0 $BRIDGE"
check 'and one line says so' same lines "$(grep -c IPTABLES "$T/stderr") $(wc -l <"$T/stderr")" '1 1'
run_vm "$mac" qemu-system-show
check 'without them fold says nothing' same stderr "$(cat "$T/stderr")" ''
nothing_left 'tap and bridge'

# ---- the way that packets take to fold ----

nft add table bridge probe
nft add chain bridge probe c
if nft add rule bridge probe c queue num 1 2>"$T/probe"; then best=queue; else best=log; fi
nft delete table bridge probe
echo "# this kernel's best way: $best"
hypervisor ways <<'END'
for way in queue log; do
	[ -z "$(cat "/proc/net/netfilter/nfnetlink_$way" 2>/dev/null)" ] || echo "$way"
done
END
run_fold --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$mac" qemu-system-ways
check 'the better way is chosen by itself' same 'status and way' "$status $(cat "$T/stdout")" "0 $best"
run_fold --transport log --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$mac" qemu-system-ways
check '--transport log' same 'status and way' "$status $(cat "$T/stdout")" '0 log'
run_fold --transport queue --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$mac" qemu-system-ways
if [ "$best" = queue ]; then
	check '--transport queue' same 'status and way' "$status $(cat "$T/stdout")" '0 queue'
else
	check '--transport queue, which this kernel lacks: 125, and named' same 'status, lines' \
		"$status $(grep -c '^fold: --transport queue: ' "$T/stderr") $(wc -l <"$T/stderr")" '125 1 1'
fi
nothing_left 'ways'

# ---- after a double kill ----

# kill_all: fold and its keeper, at the same moment; the hypervisor goes with the keeper.
kill_all() {
	# shellcheck disable=SC2046 # a list
	kill -KILL "$vm" $(pgrep -x fold-keeper)
	wait "$vm"
}
begin_vm "$mac" qemu-system-stay
kill_all 2>/dev/null
check 'killed, both of them: the guest is gone' within 2 not pgrep -x sleep
check 'and the tap' within 2 not ip link show vm0
check 'and the rules of its own' within 2 not nft list table netdev fold-vm0
check 'fold ls shows no VM' same lines "$("$FOLD" ls | wc -l)" 1
check 'its copy of the binding lies about' [ -e "$datapath/vm0" ]
"$FOLD" gc >"$T/stdout" 2>"$T/stderr"
check 'fold gc says what it cleaned up after' same stdout "$(cat "$T/stdout")" "vm0: cleaned up after fold $vm"
nothing_left 'fold gc'
check 'fold gc again: nothing to do' same 'what it said' "$("$FOLD" gc 2>&1)" ''
begin_vm "$mac" qemu-system-stay
kill_all 2>/dev/null
run_vm "$mac" qemu-system-show
check 'the next fold of that name takes its place' same 'status and port' "$status $(cat "$T/stdout")" "0 vm0 $BRIDGE"
nothing_left 'and'
begin_vm "$mac" qemu-system-stay
kill_all 2>/dev/null
run_fold --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -i vm1 -4 10.0.1.1/24 "$mac" qemu-system-show
check 'so does one of another name with its MAC and address' same 'status and port' "$status $(cat "$T/stdout")" "0 vm1 $BRIDGE"
check 'which leaves the rest to gc' same stdout "$("$FOLD" gc)" "vm0: cleaned up after fold $vm"
nothing_left 'fold gc after that'

# ---- other commands ----

run_fold --help
check '--help: 0' ended 0
check '--help: on stdout alone' same stderr "$(cat "$T/stderr")" ''
for word in -i -4 -m -b --bridge --local --transport 'fold ls' gc lamac 125 126 127; do
	check "--help: $word" grep -q -e "$word" "$T/stdout"
done
run_fold --version
check '--version' same output "$status $(sed 's/[0-9][0-9.]*$/N/' "$T/stdout")$(cat "$T/stderr")" '0 fold N'

for lamac in "$FOLD lamac" "$root/utils/lamac"; do
	n=0
	while [ "$n" -lt 100 ] && $lamac; do
		n=$((n + 1))
	done >"$T/lamac" 2>&1
	check "${lamac##*/}: a hundred MACs" same lines "$(grep -cxE '([0-9a-f]{2}:){5}[0-9a-f]{2}' "$T/lamac")" 100
	check "${lamac##*/}: unicast and locally administered" same lines "$(grep -cE '^[0-9a-f][26ae]:' "$T/lamac")" 100
	check "${lamac##*/}: no two alike" same lines "$(sort -u "$T/lamac" | wc -l)" 100
done
for word in ls gc lamac; do
	run_fold "$word" more
	check "$word takes no argument: 2" ended 2
	check "$word takes no argument: it is named" grep -q '^fold: more' "$T/stderr"
done

# ---- addresses of fold's own: --local ----

cidr() {
	run_fold --local "$@"
	grep -qxE '([0-9]+\.){3}[0-9]+/[0-9]+' "$T/stdout" && [ "$(wc -l <"$T/stdout")" = 1 ] && [ "$status" = 0 ] && return
	cat "$T/stdout" "$T/stderr"
	return 1
}
check '-4 auto prints an address, alone' cidr -i a1 -4 auto
first=$(cat "$T/stdout")
check '-4 auto again' cidr -i a1 -4 auto
check 'the same name has the same address' same address "$(cat "$T/stdout")" "$first"
check '-4 auto net:default' cidr -i a1 -4 auto net:default
check 'which is the same' same address "$(cat "$T/stdout")" "$first"
check '-4 auto of another name' cidr -i a2 -4 auto
check 'another name has another' [ "$(cat "$T/stdout")" != "$first" ]
check '-4 auto net:<cidr>' cidr -i a1 -4 auto net:10.40.0.0/29
check 'is in that subnet' same address "$(cat "$T/stdout")" 10.40.0.1/29
for n in 2 3 4 5; do
	check "a small subnet fills: $n" cidr -i "b$n" -4 auto net:10.40.0.0/29
done
run_fold --local -i b6 -4 auto net:10.40.0.0/29
check 'a full one is an error: 125' ended 125
check 'that names it, with nothing on stdout' same output "$(cat "$T/stdout")$(grep -c '^fold: net:10.40.0.0/29: every address is taken' "$T/stderr")" 1
run_fold --local -i b3 -4 release
check '-4 release' same 'status and output' "$status $(cat "$T/stdout" "$T/stderr")" '0 '
check 'what was released is given again' cidr -i b6 -4 auto net:10.40.0.0/29
check 'to the next' same address "$(cat "$T/stdout")" 10.40.0.3/29
run_fold --local -i b3 -4 release
check 'a release of what one does not have: 125' ended 125
check 'and it is named' grep -q '^fold: b3: ' "$T/stderr"
run_fold -i c1 -4 auto
check '-4 auto without Weave and without --local: 125' ended 125
check 'names --local' same output "$(cat "$T/stdout")$(grep -c -e --local "$T/stderr")" 1
for net in 10.40.0.0/29 net:10.40.0.1/29 net: net:10.40.0.0/31 net:10.40.0.0/33 net:224.0.0.0/8 net:x; do
	run_fold --local -i c1 -4 auto "$net"
	check "-4 auto $net: 2" ended 2
	check "-4 auto $net: named in one line" same output "$(cat "$T/stdout")$(grep -c "^fold: $net: " "$T/stderr") $(wc -l <"$T/stderr")" '1 1'
done
run_fold --local -4 auto
check '-4 auto without -i: 2' ended 2
run_fold --local -i c1 -4 auto net:default "$mac" qemu-system-show
check '-4 auto with a VM: 2' ended 2

auto_one() {
	"$FOLD" --local -i "d$1" -4 auto net:10.41.0.0/16 >"$T/out/auto.$1" 2>&1
}
start=$(now)
autos=
crowd=$((SLOW > 1 ? 20 : 100))
for n in $(seq 1 "$crowd"); do
	auto_one "$n" &
	autos="$autos $!"
done
# shellcheck disable=SC2086 # a list
wait $autos
echo "# $crowd -4 auto at once: $(($(now) - start)) ms"
check "$crowd at once get as many addresses" same lines "$(cat "$T"/out/auto.* | sort -u | grep -cE '^10\.41\.0\.[0-9]+/16$')" "$crowd"
kill_one() {
	timeout -s KILL "0.0$1" "$FOLD" --local -i "k$1" -4 auto net:10.42.0.0/16 >"$T/out/killed.$1" 2>&1
}
for n in 1 2 3 4 5 6 7 8 9; do
	kill_one "$n"
done 2>/dev/null
for n in 1 2 3 4 5 6 7 8 9; do
	"$FOLD" --local -i "k$n" -4 auto net:10.42.0.0/16
done >"$T/killed" 2>&1
check 'after nine kill -9 in the middle, nine addresses' same lines "$(sort -u "$T/killed" | grep -cE '^10\.42\.0\.[0-9]/16$')" 9
grep -h / "$T"/out/killed.* >"$T/promised"
check 'and each that was printed before is still its own' [ "$(sort -u "$T/killed" "$T/promised" | wc -l)" = 9 ]
cidr -i k1 -4 auto net:10.42.0.0/16 >/dev/null

# ---- VMs on --local ----

check '--local: the bridge fold0 is not there yet' not ip link show fold0
check '--local: one VM' start_vm left "$("$FOLD" --local -i left -4 auto)" 52:54:00:00:00:01 --local
check '--local: fold0 has been made' same kind "$(ip -d -o link show fold0 | grep -c ' bridge ')" 1
check '--local: another' start_vm right "$("$FOLD" --local -i right -4 auto)" 52:54:00:00:00:02 --local
for name in left right; do
	in_guest "$name" busybox udhcpc -i eth0 -n -q -f -s /etc/udhcpc/default.script >"$T/udhcpc" 2>&1
	in_guest "$name" ip addr add "$("$FOLD" --local -i "$name" -4 auto)" dev eth0 2>/dev/null
done
other=$("$FOLD" --local -i right -4 auto)
check '--local: they ping each other' in_guest left ping -n -q -c 2 -i 0.2 -W "$((2 * SLOW))" "${other%/*}"
check '--local: one ends' stop_vm left
check '--local: the other goes on' vm_up right
check '--local: and ends' stop_vm right
check '--local: fold0 stays for the next' ip link show fold0
nothing_left '--local'

# ---- many at once ----

many=${FOLD_E2E_MANY:-$((SLOW > 1 ? 20 : 200))}
mkdir "$T/many"
hypervisor many <<END
: >"$T/many/\$\$"
exec sleep 1000
END
all_there() {
	[ -z "$(cat "$T"/out/many.*)" ] || return
	count=$(find "$T/many" -type f | wc -l)
	echo "$count of $many"
	[ "$count" = "$many" ]
}
start=$(now)
folds=
for n in $(seq 1 "$many"); do
	env --default-signal=INT,QUIT "$FOLD" --transport "$FOLD_TRANSPORT" --local -4 "10.50.$((n / 200)).$((n % 200 + 1))/16" \
		"52:54:00:50:$(printf '%02x:%02x' $((n / 200)) $((n % 200)))" qemu-system-many >"$T/out/many.$n" 2>&1 </dev/null &
	folds="$folds $!"
done
check "$many at the same moment: all run" within 60 all_there
echo "# $many folds: all hypervisors run after $(($(now) - start)) ms"
"$FOLD" ls | tail -n +2 >"$T/ls"
for column in 1 2 3 5; do
	check "$many: no two have the same in column $column of fold ls" same lines "$(awk "{ print \$$column }" "$T/ls" | sort -u | wc -l)" "$many"
done
check "$many: as many taps on fold0" same taps "$(find /sys/class/net/fold0/brif/ -mindepth 1 | wc -l)" "$many"
# nft would take half a minute to list so many tables.
check "$many: no two have the same number for delivery" same numbers \
	"$(cat /proc/net/netfilter/nfnetlink_log /proc/net/netfilter/nfnetlink_queue 2>/dev/null | awk '{ print $1 }' | sort -u | wc -l)" "$many"
start=$(now)
# shellcheck disable=SC2086 # a list
kill $folds 2>/dev/null
bad=0
for fold in $folds; do
	wait "$fold"
	[ $? = 143 ] || bad=$((bad + 1))
done
echo "# $many folds: all down after $(($(now) - start)) ms"
check "$many: all end well" same failures "$bad $(cat "$T"/out/many.* | head -n 5)" '0 '
nothing_left "$many"

finish
