#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# lifecycle: fold from its command line to its exit status: what the hypervisor is given and how it ends, what fold
# makes and takes down, and the other commands.
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

# A hypervisor that runs until it receives a signal, which it records.
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

# begin_vm ARGUMENT...: starts fold in the background; $vm is its pid. Returns when the hypervisor has said that it is
# ready.
begin_vm() {
	rm -f "$T/out/hv"
	HV_OUT=$T/out/hv env --default-signal=INT,QUIT "$FOLD" --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -4 10.0.1.1/24 \
		-i vm0 "$@" >"$T/stdout" 2>"$T/stderr" </dev/null &
	vm=$!
	# The port is made when the hypervisor's program runs, and comes up last.
	within 30 grep -qs ready "$T/out/hv" && within 5 not is_down vm0
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

hypervisor deaf <<'END'
trap '' INT TERM HUP
echo ready >"$HV_OUT"
while :; do
	sleep 0.2
done
END
begin_vm "$mac" qemu-system-deaf
for signal in TERM TERM INT HUP; do
	kill "-$signal" "$vm"
	sleep 0.1
done
check 'a hypervisor that ignores its signals goes on' not gone "$vm"
end_vm KILL 2>/dev/null
check 'SIGKILL to fold ends it' ended 137
nothing_left 'a hypervisor that ignores its signals'

# SIGHUP is ignored when fold starts, as nohup does it.
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
hypervisor deaf <<'END'
sed -n 's/^SigIgn:[[:space:]]*//p' /proc/$$/status >"$HV_OUT"
END
env --default-signal=INT,QUIT --ignore-signal=HUP "$FOLD" --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -4 10.0.1.1/24 -i vm0 "$mac" \
	qemu-system-deaf >"$T/stdout" 2>"$T/stderr" </dev/null
# The C library keeps 32 and 33 for itself, and leaves them as its caller had them.
check 'and the hypervisor ignores it, too, and no other' same 'ignored signals' "$((0x$(cat "$HV_OUT") & 0x7fffffff))" 1
unset HV_OUT

# SIGCHLD is ignored when fold starts, as under a supervisor that does not care how its children end.
hypervisor three <<'END'
exit 3
END
careless() {
	timeout --foreground -k 5 "$((15 * SLOW))" env --ignore-signal=CHLD "$FOLD" "$@" >"$T/stdout" 2>"$T/stderr" </dev/null
	status=$?
}
careless --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -4 10.0.1.1/24 -i vm0 "$mac" qemu-system-three
check "SIGCHLD was ignored when fold began: the status is the hypervisor's" ended 3
nothing_left 'a caller that ignores SIGCHLD'
careless doctor --bridge "$BRIDGE"
check 'fold doctor learns from the kernel what it can do' grep -q '^ok  *nft owner ' "$T/stdout"

# A terminal sends the SIGINT of Ctrl-C to its whole foreground process group: the hypervisor must not get it twice,
# from the terminal and from fold.
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

# When the terminal itself goes, the kernel sends SIGHUP to the session's leader only. fold is the leader if it is all
# that runs in the session.
rm -f "$T/out/hv"
HV_OUT=$T/out/hv script -qec "exec $FOLD --transport $FOLD_TRANSPORT --bridge $BRIDGE -4 10.0.1.1/24 -i vm0 $mac qemu-system-signals" \
	/dev/null <"$T/keys" >"$T/terminal" 2>&1 &
terminal=$!
exec 9>"$T/keys"
within 30 grep -qs ready "$T/out/hv"
kill -KILL "$terminal"
wait "$terminal" 2>/dev/null
exec 9>&-
check "fold's terminal goes, and the VM ends" within 10 not pgrep -x fold
check "fold's terminal goes: the hypervisor is told so" same 'what it was told' "$(tail -n +2 "$T/out/hv")" HUP
nothing_left "fold's terminal goes"

# A hypervisor whose child outlives it and holds the tap open.
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
grep -E '^(SigBlk|SigIgn|Uid|Cap(Prm|Eff|Amb)|NoNewPrivs):' /proc/self/status >"$HV_OUT.status"
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
# make leaves signals 32 and 33 ignored. They are glibc's own, and no program can set them by glibc's functions.
check 'no signal is blocked or ignored' same signals \
	"$(grep -v '[[:space:]]0000000180000000$' "$HV_OUT.status" | grep -E '^Sig(Blk|Ign):.*[1-9a-f]')" ''

# The caller may have closed descriptors 0 to 2. A file that is then opened at such a number would be written to as
# stdout or stderr.
hypervisor standard <<'END'
for fd in 0 1 2; do readlink "/proc/$$/fd/$fd"; done | tr '\n' ' ' >"$HV_OUT"
ls -l "/proc/$PPID/fd" | sed -n 's/.* \([012]\) -> \(.*\)/\1 \2/p' >"$HV_OUT.keeper"
END
HV_OUT=$T/out/standard
"$FOLD" --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$mac" qemu-system-standard <&- >&- 2>&-
check 'with stdin, stdout and stderr closed the hypervisor has none that is something else' same 'status and files' "$? $(cat "$HV_OUT")" \
	'0 /dev/null /dev/null /dev/null '
check 'nor has fold' same files "$(grep -v '/dev/null$' "$HV_OUT.keeper")" ''
HV_OUT=$T/out/facts
nothing_left 'closed files'

# ---- the user who called sudo ----

SUDO_USER=nobody
HV_OUT=$T/out/sudo # the other's files are root's
export SUDO_USER
run_vm "$mac" qemu-system-facts
check 'a hypervisor under sudo' ended 0
check 'runs as the user who called sudo, with no group of root' same 'ids' "$(tr '\n' ' ' <"$HV_OUT.id")" \
	"$(id -u nobody) $(id -g nobody) $(id -G nobody) "
# Not even by what its caller would hand down to any program: the wrapper gives fold an ambient capability.
printf '#!/bin/sh\nexec setpriv --inh-caps +net_admin --ambient-caps +net_admin %s "$@"\n' "$FOLD" >"$T/bin/ambient"
chmod 755 "$T/bin/ambient"
for caller in "$FOLD" "$T/bin/ambient"; do
	FOLD=$caller run_vm "$mac" qemu-system-facts
	check "started by ${caller##*/}" ended 0
	check 'it has no other user ID to go back to' same Uid "$(sed -n 's/^Uid:[[:space:]]*//p' "$HV_OUT.status" | tr -s '[:blank:]' '\n' | sort -u)" "$(id -u nobody)"
	check 'and not a single capability' same capabilities "$(sed -n 's/^Cap\(Prm\|Eff\|Amb\):[[:space:]]*//p' "$HV_OUT.status" | sort -u)" 0000000000000000
done

# A hypervisor that sends and receives frames by nothing but the descriptor that fold hands over. As a guest does, it asks
# again: until all rules are there, its frames are dropped.
hypervisor frame <<'END'
exec bash -c '
	fd=${1##*fd=}
	printf "\377\377\377\377\377\377\122\124\000\022\064\126\010\006\000\001\010\000\006\004\000\001" >"$HV_OUT.frame"
	printf "\122\124\000\022\064\126\012\000\001\001\000\000\000\000\000\000\012\000\001\011" >>"$HV_OUT.frame"
	for n in 1 2 3 4 5 6 7 8 9; do
		dd bs=4096 <"$HV_OUT.frame" >&$fd
		timeout 1 dd bs=4096 count=1 <&$fd | od -An -v -tx1 | tr -d " \n" >>"$HV_OUT.read"
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
	# bare_vm: runs `kvm` where no command of that name exists.
	bare_vm() {
		PATH=$T/bin "$FOLD" --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$mac" kvm -x \
			>"$T/stdout" 2>"$T/stderr" </dev/null
		status=$?
	}
	bare_vm
	check 'kvm: without such a command, qemu-system-<arch> with KVM on' same 'its arguments' "$(cut -d' ' -f1,2 "$T/stdout")" \
		'-enable-kvm -netdev'
	# On Debian /dev/kvm is open to the group kvm only.
	mount -t tmpfs none "$T/ns"
	cp -a /dev/kvm "$T/ns/kvm"
	chown 0:0 "$T/ns/kvm"
	chmod 660 "$T/ns/kvm"
	mount --bind "$T/ns/kvm" /dev/kvm
	SUDO_USER=nobody bare_vm
	check 'qemu with KVM on for a user who may not open /dev/kvm: an error that names him, and -accel tcg' same 'status, lines' \
		"$status $(wc -l <"$T/stderr") $(grep -c '^fold: /dev/kvm: user nobody may not.*-accel tcg' "$T/stderr")" '125 1 1'
	cp "$T/bin/qemu-system-$(uname -m)" "$T/bin/kvm"
	SUDO_USER=nobody run_vm "$mac" kvm -x
	check 'the command kvm, which emulates then: a warning' same 'status, lines' \
		"$status $(wc -l <"$T/stderr") $(grep -c '^fold: warning: /dev/kvm: user nobody may not.*-accel tcg' "$T/stderr")" '0 1 1'
	SUDO_USER=nobody "$FOLD" doctor >"$T/stdout" 2>&1
	check 'doctor says so' grep -q '^warn  *kvm .*nobody' "$T/stdout"
	chmod 666 "$T/ns/kvm"
	SUDO_USER=nobody run_vm "$mac" kvm -x
	check 'kvm for a user who may' same 'status and stderr' "$status$(cat "$T/stderr")" 0
	umount /dev/kvm "$T/ns"
	mount --bind /dev/null /dev/kvm
	run_vm "$mac" kvm -x
	check 'kvm where /dev/kvm is of no use: an error that names -accel tcg' grep -q -e '-accel tcg' "$T/stderr"
	check 'kvm where /dev/kvm is of no use: 125' ended 125
	umount /dev/kvm
fi

# ---- the tap and the bridge ----

begin_vm "$mac" qemu-system-stay
check "the tap's address is the service MAC: fe in front" same address "$(cat /sys/class/net/vm0/address)" fe:54:00:12:34:56
has_qdisc() {
	tc qdisc show dev vm0 | grep -q "^qdisc $1 "
}
check 'the tap has no queueing discipline in front of its ring' has_qdisc noqueue
check 'a tap is shaped as ever' sh -c 'tc qdisc add dev vm0 root tbf rate 100mbit burst 32k latency 400ms' && check 'and it is' has_qdisc tbf
tc qdisc del dev vm0 root
check "the tap has the bridge's MTU" same MTU "$(cat /sys/class/net/vm0/mtu)" 1376
check 'the bridge keeps its MTU' same MTU "$(cat "/sys/class/net/$BRIDGE/mtu")" 1376
check 'the tap is a port of the bridge' same bridge "$(basename "$(readlink /sys/class/net/vm0/master)")" "$BRIDGE"
check 'the port learns nothing' same learning "$(cat /sys/class/net/vm0/brport/learning)" 0
# A VLAN-aware bridge has one more entry for each VLAN.
check "the bridge's table has the guest's MAC, once and static" same entries \
	"$(bridge fdb show dev vm0 | grep -v ' vlan ' | grep -c "^$mac .*static")" 1
check "the VM's copy of its binding says who it is" same copy "$(grep -E '^(MAC|IP|SUBNET|BRIDGE)=' "$datapath/vm0" | sort | tr '\n' ' ')" \
	"BRIDGE=$BRIDGE IP=10.0.1.1 MAC=$mac SUBNET=10.0.1.0/24 "
check 'fold ls shows it' grep -qE "^vm0 +$mac +10.0.1.1/24 +- +$BRIDGE +$vm +qemu-system-stay" "$(
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
for _ in $(seq 50); do # see begin_vm
	tap=$(ls -d /sys/class/net/*/tun_flags)
	[ -e "${tap%/*}/master" ] && break
	sleep 0.1
done
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

# ---- IPv6 addresses ----

prefix=fde5:824d:d315:3bb1
eui64=$prefix:5054:ff:fe12:3456
# shellcheck disable=SC2059 # octets 0 to 63
printf "$(seq 0 63 | while read -r n; do printf '\\%03o' "$n"; done)" >"$T/key"
chmod 600 "$T/key"
hypervisor copy <<'END'
grep -E '^(IP|SUBNET|IP6|SUBNET6)=' "$HV_COPY" | sort | tr '\n' ' '
END
HV_COPY=$datapath/vm0
export HV_COPY

# six ARGUMENT...: runs a VM on $BRIDGE; its addresses come only from the arguments.
six() {
	run_fold --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -i vm0 "$@"
}

six -6 "$prefix::/64" "$mac" qemu-system-copy
check '-6: prefix and Modified EUI-64' same 'status and copy' "$status $(cat "$T/stdout")" "0 IP6=$eui64 SUBNET6=$prefix::/64 "
check '-6: nothing is said' same stderr "$(cat "$T/stderr")" ''
six -6 "$prefix::/64" -4 10.0.1.1/24 "$mac" qemu-system-copy
check '-6 and -4' same 'status and copy' "$status $(cat "$T/stdout")" \
	"0 IP6=$eui64 IP=10.0.1.1 SUBNET6=$prefix::/64 SUBNET=10.0.1.0/24 "
six -s -6 "$prefix::7/64" "$mac" qemu-system-copy
check '-s: the whole address' same 'status and copy' "$status $(cat "$T/stdout")" "0 IP6=$prefix::7 SUBNET6=$prefix::/64 "
six -6 fde5::7/48 -s "$mac" qemu-system-copy
check '-s: with a prefix of another length' same 'status and copy' "$status $(cat "$T/stdout")" '0 IP6=fde5::7 SUBNET6=fde5::/48 '
six -6 "$prefix::/64" -k "$T/key" -d "$T/out" "$mac" qemu-system-copy
check '-k: the address of the known example' same 'status and copy' "$status $(cat "$T/stdout")" \
	"0 IP6=$prefix:2364:d64a:2ab1:88bb SUBNET6=$prefix::/64 "
printf 'STABLE_KEY=full\n' >"$T/full"
six -6 "$prefix::/64" -k "$T/key" -d "$T/out" -b "$T/full" "$mac" qemu-system-copy
check '-k with STABLE_KEY=full: the address of the other one' same 'status and copy' "$status $(cat "$T/stdout")" \
	"0 IP6=$prefix:8f7f:1412:26e:55e1 SUBNET6=$prefix::/64 "
check '-6 with groups of both families' six -6 "$prefix::/64" -4 10.0.1.1/24 -m ff15::1 -m ff15:1::/32 -m 239.1.0.0/16 "$mac" qemu-system-copy
check '-6 with groups of both families: runs' ended 0
rm -f "$T/out/hv"
HV_OUT=$T/out/hv "$FOLD" --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -i vm0 -6 "$prefix::/64" "$mac" qemu-system-stay \
	>"$T/stdout" 2>"$T/stderr" </dev/null &
vm=$!
within 30 grep -qs ready "$T/out/hv"
"$FOLD" ls >"$T/ls"
check 'fold ls shows it' grep -qE "^vm0 +$mac +- +$eui64/64 +$BRIDGE +$vm +qemu-system-stay" "$T/ls"
end_vm TERM
unset HV_COPY
nothing_left 'IPv6 addresses'

# ---- mkaddress and keygen ----

run_fold keygen "$T/new.key"
check 'keygen: 64 octets, mode 0600, and silence' same 'status, size, mode, output' \
	"$status $(stat -c '%s %a' "$T/new.key") $(cat "$T/stdout" "$T/stderr")" '0 64 600 '
run_fold keygen "$T/other.key"
check 'keygen: no two alike' not cmp -s "$T/new.key" "$T/other.key"
run_fold mkaddress -m "$mac" -k "$T/key" "$prefix::/64"
check 'mkaddress: the known example, alone' same output "$status $(cat "$T/stdout" "$T/stderr")" "0 $prefix:2364:d64a:2ab1:88bb"
run_fold mkaddress --full -m "$mac" -k "$T/key" "$prefix::/64" stable-privacy
check 'mkaddress --full: the other one, alone' same output "$status $(cat "$T/stdout" "$T/stderr")" "0 $prefix:8f7f:1412:26e:55e1"

# octets HEX: writes those octets.
octets() {
	# shellcheck disable=SC2059,SC2046 # escapes, one for each
	printf "$(printf '\\%o' $(echo "$1" | sed 's/../0x& /g'))"
}
# hex: stdin in hex digits, 32 a line.
hex() {
	od -An -v -tx1 | tr -d ' \n'
}
# openssl_address KEY PREFIX MAC: the address by a second implementation (openssl). KEY, PREFIX and the
# result are all hex digits.
openssl_address() {
	id=$(octets "${2}0000000000000000$(echo "$3" | tr -d :)" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$1" |
		sed 's/.*= //' | cut -c 1-16)
	echo "$2$id"
}
# digits ADDRESS: the address in all its 32 hex digits.
digits() {
	echo "$1" | awk -F: '{
		for (i = 1; i <= NF; i++) {
			# "::" stands for as many zeros as are missing.
			if ($i == "" && i > 1 && i < NF)
				for (n = NF; n <= 8; n++)
					printf "0000"
			else
				printf "%4s", $i
		}
	}' | tr ' ' 0
}
check 'this test reads addresses' same digits "$(digits fd00:1:23::4567:89) $(digits "$prefix:2364:d64a:2ab1:88bb")" \
	'fd000001002300000000000045670089 fde5824dd3153bb12364d64a2ab188bb'
n=0
while [ "$n" -lt $((SLOW > 1 ? 10 : 100)) ]; do
	head -c 64 /dev/urandom >"$T/random.key"
	chmod 600 "$T/random.key"
	key=$(head -c 8 "$T/random.key" | hex)
	net=fd$(head -c 7 /dev/urandom | hex)
	random=$("$FOLD" lamac)
	have=$("$FOLD" mkaddress -m "$random" -k "$T/random.key" "$(echo "$net" | sed 's/..../&:/g'):/64")
	[ "$(digits "$have")" = "$(openssl_address "$key" "$net" "$random")" ] || break
	n=$((n + 1))
done
check 'mkaddress: random ones, as openssl computes them' same number "$n" $((SLOW > 1 ? 10 : 100))
if command -v strace >/dev/null; then
	strace -E ASAN_OPTIONS=detect_leaks=0 -e trace=openat,prctl -o "$T/strace" "$FOLD" mkaddress -m "$mac" -k "$T/key" "$prefix::/64" >/dev/null
	check 'core dumps are off before the key is opened' same order \
		"$(grep -oE "PR_SET_DUMPABLE, SUID_DUMP_[A-Z]*|$T/key" "$T/strace" | tr '\n' ' ')" \
		"PR_SET_DUMPABLE, SUID_DUMP_DISABLE $T/key PR_SET_DUMPABLE, SUID_DUMP_USER "
	strace -E ASAN_OPTIONS=detect_leaks=0 -e trace=openat -o "$T/strace" "$FOLD" lamac >/dev/null
	check 'libraries that few need are loaded by those few' not grep -qE 'lib(crypto|ldns|sqlite3|ext2fs|curl|pcap)' "$T/strace"
else
	skip 'core dumps are off before the key is opened' 'no strace'
	skip 'libraries that few need are loaded by those few' 'no strace'
fi

# ---- the image of -k ----

chmod 755 "$T"
mkdir "$T/images"
image=$T/images/rdiscd_vm0.img
hypervisor image <<'END'
shift 4
printf '%s\n' "$@" >"$HV_OUT.args"
stat -c '%U %G %a %s %h' "$2" >"$HV_OUT.stat"
cp "$2" "$HV_OUT.img"
ls -A "$(dirname "$2")" >"$HV_OUT.ls"
END
HV_OUT=$T/out/image
export HV_OUT
keyed() {
	six -6 "$prefix::/64" -k "$T/key" "$@"
}
word=_rdiscd_img_file_
keyed -d "$T/images" "$mac" qemu-system-image -drive "$word" "a=$word,b=$word$word," "$word" "_rdiscd_img_file" "x_rdiscd_img__rdiscd_img_file_"
check '-k: a hypervisor that looks at its image' ended 0
check 'every _rdiscd_img_file_ has become its path, and nothing else' same arguments "$(cat "$HV_OUT.args")" "-drive
$image
a=$image,b=$image$image,
$image
_rdiscd_img_file
x_rdiscd_img_$image"
check 'it is of root, who runs the hypervisor, of 1440 KiB, and alone there' same image "$(cat "$HV_OUT.stat" "$HV_OUT.ls")" \
	'root root 600 1474560 1
rdiscd_vm0.img'
check 'it is gone' same files "$(find "$T/images" -mindepth 1)" ''
check 'its file system is clean' e2fsck -fn "$HV_OUT.img"
check 'interface-id' same text "$(debugfs -R 'cat interface-id' "$HV_OUT.img" 2>/dev/null)" '::2364:d64a:2ab1:88bb'
check 'interface-id-len' same text "$(debugfs -R 'cat interface-id-len' "$HV_OUT.img" 2>/dev/null)" 64
check 'both end with a newline, and are of mode 0400, in the root directory' same files \
	"$(debugfs -R 'ls -l /' "$HV_OUT.img" 2>/dev/null | awk '$NF ~ /interface/ { print $2, $6, $NF }')" \
	"100400 22 interface-id
100400 3 interface-id-len"
mkdir "$T/mnt"
if mount -o loop,ro "$HV_OUT.img" "$T/mnt" 2>"$T/mount"; then
	check 'this kernel mounts it' same files "$(cat "$T/mnt/interface-id" "$T/mnt/interface-id-len")" '::2364:d64a:2ab1:88bb
64'
	umount "$T/mnt"
else
	skip 'this kernel mounts it' "$(head -n 1 "$T/mount")"
fi
(cd "$T/images" && keyed "$mac" qemu-system-image -drive "$word" && echo "$status" >"$T/status")
check '-d is the current directory by default' same 'status and path' "$(cat "$T/status") $(tail -n 1 "$HV_OUT.args")" "0 $image"
(cd "$T" && keyed -d images/../images "$mac" qemu-system-image -drive "$word")
check '-d: the path that is handed on is absolute' same path "$(tail -n 1 "$HV_OUT.args")" "$image"
mkdir "$T/two words"
keyed -d "$T/two words" "$mac" qemu-system-image -drive "$word"
check '-d with a blank' same 'path and files' "$(tail -n 1 "$HV_OUT.args")$(find "$T/two words" -mindepth 1)" "$T/two words/rdiscd_vm0.img"
run_vm "$mac" qemu-system-image -drive "$word"
check 'without -k the word stands for itself' same argument "$(tail -n 1 "$HV_OUT.args")" "$word"

HV_OUT=$T/out/image-sudo # the other's files are root's
SUDO_USER=nobody keyed -d "$T/images" "$mac" qemu-system-image -drive "$word"
check 'under sudo it is of the user who runs the hypervisor' same image "$(cat "$HV_OUT.stat")" 'nobody nogroup 600 1474560 1'
check 'who has read it' cmp -s -n 1024 "$HV_OUT.img" /dev/zero
check 'it is gone' same files "$(find "$T/images" -mindepth 1)" ''
unset HV_OUT

# A guest that overwrites its image, so that the contents no longer show that fold made it. fold is then killed in
# every way.
hypervisor spoil <<'END'
shift 4
dd if=/dev/zero of="$2" bs=1024 count=1440 conv=notrunc 2>/dev/null
chmod 666 "$2"
echo ready >"$HV_OUT"
exec sleep 1000
END
begin_keyed() {
	rm -f "$T/out/hv"
	HV_OUT=$T/out/hv env --default-signal=INT,QUIT "$FOLD" --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -6 "$prefix::/64" \
		-k "$T/key" -d "$T/images" -i vm0 "$mac" qemu-system-spoil -drive "$word" >"$T/stdout" 2>"$T/stderr" </dev/null &
	vm=$!
	within 30 grep -qs ready "$T/out/hv"
}
no_image() {
	# shellcheck disable=SC2016 # for the inner shell
	within 2 sh -c '[ -z "$(find "$1" -mindepth 1)" ]' sh "$T/images"
}
begin_keyed
check '-k: the image is there while the VM runs' ls "$image"
check 'and not for others to read, whatever the guest wrote into it' same size "$(stat -c %s "$image")" 1474560
"$FOLD" gc
check 'fold gc takes nothing from a running VM' ls "$image"
end_vm TERM
check 'an image full of zeros is gone' no_image
begin_keyed
kill -KILL "$vm"
wait "$vm" 2>/dev/null
check 'it is gone after kill -9 of fold' no_image
begin_keyed
start=$(now)
kill -KILL "$(pgrep -x fold-keeper)"
wait "$vm"
took=$(($(now) - start))
check 'it is gone after kill -9 of the keeper' no_image
check 'kill -9 of the keeper: fold waits for nothing that it holds itself' [ "$took" -lt "$((1500 * SLOW))" ]
nothing_left 'kill -9 of the keeper'
# Removing a file from another user's directory takes root's rights.
chown nobody "$T/images"
chmod 700 "$T/images"
begin_keyed
kill -KILL "$(pgrep -x fold-keeper)"
wait "$vm"
check "it is gone after kill -9 of the keeper, in another user's directory" no_image
nothing_left "kill -9 of the keeper, in another user's directory"
begin_keyed
# shellcheck disable=SC2046 # a list
kill -KILL "$vm" $(pgrep -x fold-keeper)
wait "$vm" 2>/dev/null
none_lives
check 'kill -9 of both: it is left' ls "$image"
"$FOLD" gc >"$T/stdout" 2>&1
check 'fold gc: it is gone' no_image
check 'fold gc: says so' same stdout "$(cat "$T/stdout")" "vm0: cleaned up after fold $vm"
begin_keyed
# shellcheck disable=SC2046 # a list
kill -KILL "$vm" $(pgrep -x fold-keeper)
wait "$vm" 2>/dev/null
none_lives
check 'kill -9 of both, once more' ls "$image"
keyed -d "$T/images" "$mac" qemu-system-exit 0
check 'the next fold takes its place' ended 0
check 'and removes it' no_image
nothing_left 'kill -9 of both'

# After a power cut the image is there without a record in /run. A VM of the same name in another network namespace
# must not be taken for that.
begin_keyed_in() {
	rm -f "$T/out/hv"
	HV_OUT=$T/out/hv nsenter --net="/run/netns/$1" env --default-signal=INT,QUIT "$FOLD" --transport "$FOLD_TRANSPORT" --local -6 "$prefix::/64" \
		-k "$T/key" -d "$T/images" -i vm0 "$mac" qemu-system-stay -drive "$word" >"$T/$1.log" 2>&1 </dev/null &
	vm=$!
	within 30 grep -qs ready "$T/out/hv"
}
ip netns add elsewhere
begin_keyed_in elsewhere
keyed -d "$T/images" "$mac" qemu-system-exit 0
check "a running VM's image, in another network namespace, is not touched" same 'status and message' \
	"$status $(grep -c "^fold: $image: exists already" "$T/stderr")" '125 1'
check 'it is still there' ls "$image"
# shellcheck disable=SC2046 # a list
kill -KILL "$vm" $(pgrep -x fold-keeper)
wait "$vm" 2>/dev/null
none_lives
rm -rf /run/fold
check 'after a power cut it is left, and no record of it' ls "$image"
keyed -d "$T/images" "$mac" qemu-system-exit 0
check 'the next fold takes its place' ended 0
check 'and leaves nothing' no_image
ip netns del elsewhere
nothing_left 'images'

# ---- router advertisements that nobody asked for ----

# A hypervisor that writes a line for each frame that it reads from its tap. When it is told to end, it stays until it
# has heard another advertisement after one that says that fold ceases to be a router.
hypervisor listen <<'END'
exec bash -c '
	fd=${1##*fd=}
	trap : TERM
	echo ready >"$HV_OUT"
	while ! sed "1,/ 86 00 .. .. .. .. 00 00 /d" "$HV_OUT" | grep -q " 86 00 "; do
		dd bs=4096 count=1 <&$fd 2>/dev/null | od -An -v -tx1 -w4096 >"$HV_OUT.one"
		[ -s "$HV_OUT.one" ] || continue
		read -r up _ </proc/uptime
		echo "$up $(tr -s " " <"$HV_OUT.one") end" >>"$HV_OUT"
	done
' bash "$2"
END
# heard: a line for each advertisement: seconds since the first one, Ethernet source, router lifetime.
heard() {
	awk '$14 $15 == "86dd" && $56 == "86" {
			if (!first) first = $1
			print int(($1 - first) * 10) / 10, $8 $9 $10 $11 $12 $13, $62 $63
		}' "$T/out/hv"
}
printf 'GATEWAY6=%s::91\nGATEWAY6_MAC=7e:b7:70:3b:81:77\n' "$prefix" >"$T/binding6"
configure "[ipv6]
ra_period = 4"
rm -f "$T/out/hv"
HV_OUT=$T/out/hv env --default-signal=INT,QUIT "$FOLD" --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -i vm0 -6 "$prefix::/64" -b "$T/binding6" \
	"$mac" qemu-system-listen >"$T/stdout" 2>"$T/stderr" </dev/null &
vm=$!
within 30 grep -qs ready "$T/out/hv"
four_heard() {
	[ "$(heard | wc -l)" -ge 4 ]
}
check 'four advertisements within 13 seconds, with a period of four' within 15 four_heard
kill -TERM "$vm"
check 'a guest that stays when it is told to end hears of its router again' within 10 gone "$vm" || kill -KILL "$vm"
wait "$vm"
heard >"$T/heard"
configure ''
# The first comes at the start, each of the others 3 to 4 s after the one before.
# shellcheck disable=SC2016 # awk's
check 'their intervals are those of the configuration' awk -v slow="$SLOW" '$3 == "0000" { exit }
	NR > 1 { gap = $1 - last; if (gap < 2.8 || gap > 4.3 * slow) { print "a gap of " gap; bad = 1 } }
	{ last = $1 } END { exit bad || NR < 4 }' "$T/heard"
check 'they are from the service MAC' same sources "$(cut -d' ' -f2 "$T/heard" | sort -u)" fe5400123456
check 'when fold is told to end, one with lifetime 0 comes first' \
	same lifetimes "$(awk '{ print ($3 == "0000") ? "last" : "there" }' "$T/heard" | tail -n 2 | tr '\n' ' ')" 'last there '
check 'before that the router has a lifetime' same lifetimes "$(head -n 3 "$T/heard" | awk '{ print ($3 == "0000") ? "last" : "there" }' | sort -u)" there
nothing_left 'advertisements'

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
# What fold has found out about the kernel is kept in this file, and is valid while the same modules are loaded. The
# line below stands for a result that was found with other modules.
fact=/run/fold/kernel-without-bridge-queue
echo 'of other modules' >"$fact"
run_fold --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$mac" qemu-system-ways
check 'when modules have come or gone, the kernel is asked again' same 'status and way' "$status $(cat "$T/stdout")" "0 $best"
if [ "$best" = log ]; then
	check 'and what it says is kept' not grep -q 'of other modules' "$fact"
	cp -p "$fact" "$T/fact"
	run_fold --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$mac" qemu-system-ways
	check 'for good, while nothing changes' same 'its time' "$(stat -c %y "$fact")" "$(stat -c %y "$T/fact")"
fi
rm -f "$fact"
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

# kill_all: kills fold and its keeper at the same moment; the hypervisor dies with the keeper.
kill_all() {
	# shellcheck disable=SC2046 # a list
	kill -KILL "$vm" $(pgrep -x fold-keeper)
	wait "$vm"
	none_lives
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

# Commands that look at a killed fold's record, or clean up after it, hold the record's lock for a moment.
begin_vm "$mac" qemu-system-stay
kill_all 2>/dev/null
mkfifo "$T/looks"
# shellcheck disable=SC2016 # for the inner shell
flock "$(find /run/fold -name vm-vm0)" sh -c 'echo yes >"$1"; sleep 0.07' sh "$T/looks" &
looker=$!
read -r _ <"$T/looks"
run_vm "$mac" qemu-system-show
check 'that its record is being looked at stops nobody' same 'status and port' "$status $(cat "$T/stdout")" "0 vm0 $BRIDGE"
wait "$looker"
nothing_left 'a look'

# ---- after a power cut: what fold made is there, and no record of it ----

power_cut() {
	kill_all 2>/dev/null
	rm -rf /run/fold
}
# leftovers STATE: whether fold doctor reports leftovers in that state.
leftovers() {
	"$FOLD" doctor --bridge "$BRIDGE" >"$T/doctor" 2>&1
	grep "^$1  *leftovers  " "$T/doctor" && return
	cat "$T/doctor"
	return 1
}
run_other() {
	run_fold --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 52:54:00:12:34:57 qemu-system-show
}
begin_vm "$mac" qemu-system-stay
check 'a copy of a binding begins with who the VM is' same 'first line' "$(head -n 1 "$datapath/vm0")" "MAC=$mac"
check 'a VM that runs is nothing left over' leftovers ok
power_cut
check 'after a power cut the copy lies about' [ -e "$datapath/vm0" ]
run_other
check 'the next fold of that name takes its place, with another MAC' same 'status and port' "$status $(cat "$T/stdout")" "0 vm0 $BRIDGE"
nothing_left 'the next fold after a power cut'
begin_vm "$mac" qemu-system-stay
power_cut
check 'the doctor sees the copy' leftovers warn
check 'fold gc says what it removed' same stdout "$("$FOLD" gc 2>&1)" 'vm0: its copy of a binding is removed'
check 'the doctor sees nothing left over' leftovers ok
nothing_left 'fold gc after a power cut'
printf 'MAC=%s\nHOSTNAME=precious\n' "$mac" >"$datapath/vm0"
check "fold gc leaves what fold did not make" same 'what it said, and the file' "$("$FOLD" gc 2>&1)$(tail -n 1 "$datapath/vm0")" \
	HOSTNAME=precious
rm "$datapath/vm0"

# ---- what is left of other network namespaces ----

# begin_in NAMESPACE MAC: starts VM vm0 in that network namespace.
begin_in() {
	ip -n "$1" link add "$BRIDGE" type bridge
	ip -n "$1" link set "$BRIDGE" up
	rm -f "$T/out/hv"
	HV_OUT=$T/out/hv nsenter --net="/run/netns/$1" env --default-signal=INT,QUIT "$FOLD" --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" \
		-i vm0 -4 10.0.1.1/24 "$2" qemu-system-stay >"$T/stdout" 2>"$T/stderr" </dev/null &
	vm=$!
	within 30 grep -qs ready "$T/out/hv"
}
ip netns add past
begin_in past "$mac"
check "fold gc takes nothing from another namespace's running VM" same 'what it said, and the copy' \
	"$("$FOLD" gc)$(head -n 1 "$datapath/vm0")" "MAC=$mac"
kill_all 2>/dev/null
check 'killed, and its namespace is there: the copy is removed' same 'what it said' "$("$FOLD" gc)" 'vm0: its copy of a binding is removed'
check 'and the record is for fold gc there, for the rules are there, too' same 'what it said' "$(nsenter --net=/run/netns/past "$FOLD" gc)" \
	"vm0: cleaned up after fold $vm"
nothing_left 'a namespace that is there'
ip netns del past
ip netns add past
begin_in past "$mac"
kill_all 2>/dev/null
ip netns del past
printf 'MAC=52:54:00:99:99:99\nHOSTNAME=precious\n' >"$datapath/vm0"
run_other
check "a dead namespace's record gives no right to somebody else's file" same 'status and lines' \
	"$status $(grep -c "^fold: $datapath/vm0: is not this VM's" "$T/stderr")" '125 1'
check 'the doctor sees the record' leftovers warn
check 'fold gc removes it, and leaves the file' same 'what it said, and the file' "$("$FOLD" gc)$(tail -n 1 "$datapath/vm0")" \
	"vm0: cleaned up after fold ${vm}HOSTNAME=precious"
rm "$datapath/vm0"
nothing_left 'a namespace that is gone'
ip netns add past
begin_in past "$mac"
kill_all 2>/dev/null
ip netns del past
begin_vm 52:54:00:12:34:57 qemu-system-stay
check 'a fold that took the place of its copy keeps its own' same 'what gc said, and the copy' \
	"$("$FOLD" gc | sed 's/[0-9]*$/N/')$(head -n 1 "$datapath/vm0")" 'vm0: cleaned up after fold NMAC=52:54:00:12:34:57'
end_vm TERM
ip netns add past
begin_in past "$mac"
kill_all 2>/dev/null
ip netns del past
"$FOLD" gc >/dev/null
nothing_left 'a copy whose namespace is gone'

# ---- one name in two network namespaces: one folder for the copies of both ----

# twin NAME MAC: starts VM vm0 in the network namespace NAME, with NAME as its host name.
twin() {
	ip netns add "$1"
	ip -n "$1" link add "$BRIDGE" type bridge
	ip -n "$1" link set "$BRIDGE" up
	echo "HOSTNAME=$1" >"$T/$1.binding"
	HV_OUT=$T/out/$1 nsenter --net="/run/netns/$1" "$FOLD" --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 \
		-b "$T/$1.binding" "$2" qemu-system-stay >"$T/$1.log" 2>&1 </dev/null &
	within 30 grep -qs ready "$T/out/$1"
}
twin one 52:54:00:00:00:01
one=$!
within 10 pgrep -x fold-responder -P "$one" >/dev/null
twin two 52:54:00:00:00:02
two=$!
check 'two VMs of one name: what is written for one is nothing that the other is told' \
	within 5 grep -q "$datapath/vm0:1: MAC is not what the VM was started with; nothing in this file" "$T/one.log"
check 'two VMs of one name: nothing of it is in force' not grep -q 'is in force' "$T/one.log"
kill "$one"
wait "$one"
check "two VMs of one name: the one that ends leaves the other's copy" grep -qx HOSTNAME=two "$datapath/vm0"
kill "$two"
wait "$two"
nothing_left 'two VMs of one name'
ip netns del one
ip netns del two
twin one 52:54:00:00:00:01
one=$!
within 10 pgrep -x fold-responder -P "$one" >/dev/null
twin two 52:54:00:00:00:02
two=$!
within 5 grep -q 'MAC is not what the VM was started with' "$T/one.log"
kill "$two"
wait "$two"
check "two VMs of one name: when the other one ends, the first one's copy is there again" within 5 grep -qx HOSTNAME=one "$datapath/vm0"
check 'with who it is, and all may read it' same 'first line and mode' "$(head -n 1 "$datapath/vm0") $(stat -c %a "$datapath/vm0")" \
	'MAC=52:54:00:00:00:01 644'
kill "$one"
wait "$one"
nothing_left 'two VMs of one name, in the other order'

# ---- other commands ----

run_fold --help
check '--help: 0' ended 0
check '--help: on stdout alone' same stderr "$(cat "$T/stderr")" ''
for word in -i -4 -6 -s -k -d -m -b --bridge --local --transport 'fold ls' gc lamac mkaddress keygen 125 126 127; do
	check "--help: $word" grep -q -e "$word" "$T/stdout"
done
run_fold --version
check '--version' same output "$status $(sed 's/[0-9][0-9.]*$/N/' "$T/stdout")$(cat "$T/stderr")" '0 fold N'

for words in --help --version lamac ls 'ls --json' 'mkaddress -m 52:54:00:12:34:56 -k key fde5::/64' '--local -i full -4 auto'; do
	# shellcheck disable=SC2086 # words
	(cd "$T" && exec "$FOLD" $words >/dev/full 2>"$T/stderr")
	status=$?
	check "$words: what could not be written is no success" same 'status and lines' "$status $(grep -c '^fold: stdout: ' "$T/stderr")" '125 1'
done
"$FOLD" ls | true
check 'ls into a pipe that nobody reads' same stderr "$("$FOLD" ls 2>&1 >/dev/null | cat)" ''

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
ip link add fold0 type bridge
ip addr add 10.44.0.1/24 dev fold0
check "-4 auto: the host's own address is passed over" cidr -i h1 -4 auto net:10.44.0.0/24
check 'and the next is given' same address "$(cat "$T/stdout")" 10.44.0.2/24
ip link del fold0
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
# The address cannot be printed, so the caller does not learn it.
"$FOLD" --local -i e1 -4 auto net:10.43.0.0/29 >/dev/full 2>"$T/stderr"
check 'an address that could not be printed: 125, and named' same 'status and lines' "$? $(grep -c '^fold: stdout: ' "$T/stderr")" '125 1'
mkfifo "$T/unread"
exec 8<>"$T/unread"
exec 9>"$T/unread" 8<&-
"$FOLD" --local -i e2 -4 auto net:10.43.0.0/29 >&9 2>"$T/stderr"
check 'nor into a pipe that nobody reads: 125, and named' same 'status and lines' "$? $(grep -c '^fold: stdout: ' "$T/stderr")" '125 1'
exec 9>&-
check 'goes to the next' cidr -i e3 -4 auto net:10.43.0.0/29
check 'for it is free' same address "$(cat "$T/stdout")" 10.43.0.1/29
"$FOLD" --local -i e3 -4 auto net:10.43.0.0/29 >/dev/full 2>&1
check 'one that was had before' cidr -i e4 -4 auto net:10.43.0.0/29
check 'is kept' same address "$(cat "$T/stdout")" 10.43.0.2/29
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
for column in 1 2 3 6; do
	check "$many: no two have the same in column $column of fold ls" same lines "$(awk "{ print \$$column }" "$T/ls" | sort -u | wc -l)" "$many"
done
# The bridge gets its ports when the hypervisors run already.
all_ports() {
	[ "$(find /sys/class/net/fold0/brif/ -mindepth 1 | wc -l)" -eq "$many" ]
}
check "$many: as many taps on fold0" within 10 all_ports
# The numbers are read from /proc: nft would take half a minute to list so many tables.
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
