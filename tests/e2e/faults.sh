#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# faults: what may happen to a running VM on a host: no free descriptors, full disks, stopped processes, the bridge or
# the tap removed, rules flushed. The VM must be served or cut off; fold must say so; no forged frame may pass; and
# nothing may remain when it ends.
#
#   10.0.1.0/24   the guest ann (.1), the container carl (.8)
# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC3045 # most functions are called by name; dash has ulimit -n
. "$(dirname "$0")/lib.sh"
begin "$@"

mac=52:54:00:00:01:01
make_bridge "$BRIDGE"
container carl 10.0.1.8/24 02:00:00:00:01:08
file=$T/binding
printf 'nameserver 10.0.1.8\n' >/etc/resolv.conf

says() {
	printf 'NAMESERVERS=10.0.1.50\nDNS_FORWARD=yes\nADDRESS:db.=%s\n' "$1" >"$file"
}
says 10.0.9.1

vm() {
	: >"$T/ann.log"
	start_vm ann 10.0.1.1/24 "$mac" -b "$file" "$@" && ip -n ann addr add 10.0.1.1/24 dev eth0 && within 10 responder ann
}
answer() {
	in_guest ann dig +short +tries=1 +time="$SLOW" @10.0.1.50 "$1" A
}
gives() {
	same "$1" "$(answer "$1")" "$2"
}
reaches() {
	in_guest ann ping -n -q -c 2 -i 0.2 -W "$SLOW" 10.0.1.8
}
said_in_log() {
	grep -q "$1" "$T/ann.log"
}
# $T/forged gets the frames with a MAC or address that is not the guest's; carl must never see one.
on_carl() {
	ip netns exec carl "$@"
}
on_carl frames sniff eth0 -f 'ether src 02:00:00:00:66:66 or src host 10.0.1.66' >"$T/forged" 2>&1 &
within 30 grep -q '^# sniffing' "$T/forged"
forge() {
	in_guest ann frames send eth0 "$(craft dhcp smac=02:00:00:00:66:66)" 2>/dev/null
	in_guest ann arping -q -c 1 -w 1 -i eth0 -S 10.0.1.66 10.0.1.8 >/dev/null 2>&1
	:
}
none_forged() {
	! grep -v '^#' "$T/forged"
}

# ---- descriptors ----

hypervisor brief <<'END'
exit 0
END
few=0 ran=0
for n in 3 4 5 6 7 8 9 10 11 12 13 14 16 18 20 24 32 40 63 64 128; do
	(ulimit -n $n && exec "$FOLD" --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -i few -4 10.0.1.9/24 -b "$file" 52:54:00:00:01:09 \
		qemu-system-brief) >"$T/few" 2>&1
	status=$?
	case $status in
	0) ran=$((ran + 1)) ;;
	125 | 126) [ "$(grep -c '^fold: ' "$T/few")" -ge 1 ] && few=$((few + 1)) ;;
	127) grep -q 'error while loading' "$T/few" && few=$((few + 1)) ;;
	esac
	echo "# $n: status $status: $(tail -n 1 "$T/few")"
done
check 'too few descriptors at the start: an error that is said, or a VM' same sum "$((few + ran))" 21
check 'with as many as fold asks for it runs' [ $ran = 2 ]
check 'with others not' [ $few -ge 1 ]
nothing_left 'too few descriptors'

check 'the VM starts' vm
responder=$(responder ann) fold=$(vm_pid ann)
# limit SOFT: limits the responder's open files. A process of the responder's own user may do that; root without
# CAP_SYS_RESOURCE may not.
limit() {
	user=$(sed -n 's/^Uid:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$responder/status")
	setpriv --reuid "$user" --regid "$user" --clear-groups prlimit --pid "$responder" --nofile="$1":256
}
# The limit is its highest descriptor; the free numbers below that are then taken.
check 'its descriptors are limited' limit "$(find "/proc/$responder/fd" -type l -printf '%f\n' | sort -n | tail -n 1)"
take_all() {
	while :; do
		taken=$(inject "$responder" socket 2 2 0)
		[ "$taken" -ge 0 ] || break
	done
	same error "$taken" -24
}
check 'and all taken' take_all
cpu() {
	awk '{ print $14 + $15 }' "/proc/$responder/stat"
}
failed() {
	in_guest ann dig +tries=1 +time=$((5 * SLOW)) @10.0.1.50 else.example A | grep -q 'status: SERVFAIL'
}
check 'no descriptor left: what it knows is answered' gives db. 10.0.9.1
check 'no descriptor left: a question that is to be forwarded fails at once' failed
began=$(cpu)
says 10.0.9.2
check 'no descriptor left: a change of the file cannot be read, and it is said' within 10 said_in_log "$file: cannot be opened: Too many open files"
check 'no descriptor left: what was before is in force' gives db. 10.0.9.1
sleep 1
check 'no descriptor left: and nothing spins' [ $(($(cpu) - began)) -lt 50 ]
check 'the limit is lifted' limit 256
says 10.0.9.3
check 'with descriptors again: the file is read' within 5 gives db. 10.0.9.3
# The VM's binding is to change from own records to forwarding, while the responder has a descriptor to read the file
# and none for the forwarder.
check 'the VM ends' stop_vm ann
printf 'NAMESERVERS=10.0.1.50\nADDRESS:db.=10.0.9.1\n' >"$file"
check 'one that asks nobody starts' vm
responder=$(responder ann)
most=$(find "/proc/$responder/fd" -type l -printf '%f\n' | sort -n | tail -n 1)
check 'its descriptors are limited' limit "$most"
check 'and all taken' take_all
check 'but one' limit $((most + 2))
says 10.0.9.2
check 'it is to ask others, and cannot, which is said' within 10 said_in_log 'no sockets to ask name servers: Too many open files'
check 'and a question for others fails at once, too' failed
check 'what it knows is answered' gives db. 10.0.9.2
check 'the VM ends, too' stop_vm ann
says 10.0.9.3
check 'the VM starts once more' vm
responder=$(responder ann) fold=$(vm_pid ann)

# ---- stopped processes ----

keeper=$(pgrep -x fold-keeper -P "$fold")
kill -STOP "$responder"
check 'the responder is stopped: the guest reaches its network' reaches
forge
check 'the responder is stopped: nothing forged passes' none_forged
kill -CONT "$responder"
check 'it goes on, and answers' within 5 gives db. 10.0.9.3
kill -STOP "$keeper"
check 'the keeper is stopped: the guest is answered' gives db. 10.0.9.3
kill -CONT "$keeper"
kill -STOP "$fold"
check 'the first process is stopped: the guest is answered' gives db. 10.0.9.3
says 10.0.9.4
check 'a change of the file has no effect then, which is said' within 15 said_in_log "$file: cannot be opened: Connection timed out"
check 'and the guest is answered all the time' gives db. 10.0.9.3
kill -CONT "$fold"
says 10.0.9.5
check 'it goes on, and the next change is in force' within 10 gives db. 10.0.9.5
kill -STOP "$responder"
kill -TERM "$fold"
check 'a stopped responder keeps no VM alive' within 10 gone "$fold"
wait "$fold"
nothing_left 'a stopped responder'
check 'the VM starts again' vm
fold=$(vm_pid ann) keeper=$(pgrep -x fold-keeper -P "$(vm_pid ann)")
kill -STOP "$keeper"
kill -KILL "$fold"
wait "$fold" 2>/dev/null
check 'the keeper stopped and fold killed: nobody answers' not gives db. 10.0.9.5
forge
check 'and nothing forged passes' none_forged
kill -CONT "$keeper"
nothing_left 'the keeper that goes on'

# ---- a log that nobody reads any more ----

# The reader has stopped, as a pager does, and the pipe of 64 KiB has room for a few lines.
mkfifo "$T/dave.log"
tail -f /dev/null <"$T/dave.log" &
stopped=$!
head -c 63000 /dev/zero | tr '\0' x >"$T/dave.log"
check 'the VM starts' start_vm dave 10.0.1.3/24 52:54:00:00:01:03 -b "$file"
ip -n dave addr add 10.0.1.3/24 dev eth0
dave_asks() {
	for n in $(seq 60); do
		in_guest dave dig +short +tries=2 +time="$SLOW" @10.0.1.50 db. A | grep -qx 10.0.9.5 || return 1
	done
}
check 'the pipe is full, and the guest is answered' dave_asks
dave=$(vm_pid dave)
kill "$dave"
check 'and the VM can be ended' within 10 gone "$dave"
kill $stopped
nothing_left 'a log that nobody reads'

# ---- a process that nothing ends ----

# Like a process that waits for a dead disk: it has been killed, but does not end and keeps all its descriptors.
hypervisor leaver <<'END'
sleep 1000 &
echo $! >"$T/left"
while [ ! -e "$T/go" ]; do sleep 0.05; done
exit 0
END
: >"$T/stuck.log"
"$FOLD" --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -v -i ann -4 10.0.1.1/24 "$mac" qemu-system-leaver >>"$T/stuck.log" 2>&1 </dev/null &
fold=$!
check 'a hypervisor that starts another process' within 10 test -s "$T/left"
left=$(cat "$T/left")
undying "$left" >"$T/undying" 2>&1 &
undying=$!
check 'which nothing ends from now on' within 5 grep -q '^held' "$T/undying"
: >"$T/go"
no_tap() {
	! ip link show ann 2>/dev/null
}
check 'the hypervisor ends: the tap is gone at once' within 2 no_tap
check 'and the other one is still there' kill -0 "$left"
check 'but keeps nobody waiting' within 10 gone "$fold" || kill -KILL "$undying"
check 'it is named' grep -q "of its processes some do not end, even by SIGKILL, and are left to themselves: $left\$" "$T/stuck.log" ||
	detail_file "$T/stuck.log"
wait "$fold"
status=$?
check "the status is the hypervisor's" same status $status 0
nothing_left 'a process that nothing ends'
check 'and its name, MAC and address are free' vm
check 'that VM ends' stop_vm ann
kill -KILL "$undying" 2>/dev/null
check 'now it ends, too' within 5 gone "$left"
nothing_left 'that process'

# ---- full disks ----

mkdir "$T/small"
mount -t tmpfs -o size=64k,nr_inodes=20 small "$T/small"
full() {
	dd if=/dev/zero of="$1/fill" bs=4096 2>/dev/null
	:
}
was=$datapath datapath=$T/small/data
configure ''
full "$T/small"
run_vm -b "$file" $mac qemu-system-brief
check 'a full disk at the start: 125' ended 125
check 'a full disk at the start: the file is named' grep -q "^fold: $datapath/.* cannot be written: No space left" "$T/stderr"
nothing_left 'a full disk'
rm "$T/small/fill"
check 'with room the VM starts' vm
full "$T/small"
says 10.0.9.6
check 'a disk that is full later: a change is in force' within 5 gives db. 10.0.9.6
check 'and that the copy is not written is said' within 5 said_in_log "$datapath/ann: cannot be written: No space left"
head_stays() {
	grep -qx 'ADDRESS:db.=10.0.9.5' "$datapath/ann"
}
check 'the copy is whole: the one before' head_stays
rm "$T/small/fill"
says 10.0.9.7
copied() {
	grep -qx 'ADDRESS:db.=10.0.9.7' "$datapath/ann"
}
check 'with room again it is written' within 5 copied
check 'the VM ends' stop_vm ann
nothing_left 'the VM with a full disk'
umount "$T/small"
datapath=$was
configure ''
mkdir -p /run/fold
mount -t tmpfs -o size=4k,nr_inodes=3 small /run/fold
full /run/fold
: >/run/fold/other
run_vm -b "$file" $mac qemu-system-brief
check 'no room for the claim: 125' ended 125
check 'no room for the claim: it is named' grep -q '^fold: /run/fold.*: cannot be .*: No space left' "$T/stderr"
umount /run/fold
nothing_left 'no room for the claim'

# ---- the tap and the bridge ----

check 'the VM starts once more' vm
ip link del ann
check 'the tap is removed: it is said' within 10 said_in_log 'interface ann: it was removed'
ip link add ann type veth peer name impostor
ip link set ann master "$BRIDGE" up
ip link set impostor up
check 'another interface of its name: fold goes on' responder ann
forge
check 'and nothing forged passes' none_forged
check 'the VM ends' stop_vm ann
check 'the other interface is left alone' ip link show ann
ip link del ann
nothing_left 'a tap that was removed'
check 'the VM starts once more' vm
# Since Linux 6.16 an interface that is up can be renamed, and nftables binds rules to the name.
if ip link set ann name eve 2>/dev/null; then
	check 'the tap is renamed: it is found, and taken down' within 3 is_down eve
	forge
	check 'and nothing forged passes' none_forged
	check 'and it is said' within 2 said_in_log 'interface ann: it was removed or renamed'
	check 'and it is no port any more, for its rules went with its name' within 2 not grep -q . /sys/class/net/eve/master/ifindex
else
	skip 'the tap is renamed' 'this kernel renames nothing that is up'
fi
check 'the VM ends' stop_vm ann
nothing_left 'a tap that was renamed'
check 'the VM starts with its own MAC at its tap' vm
known_by_ann() {
	bridge fdb show br "$BRIDGE" dev ann | grep -q 02:00:00:00:01:08
}
responder=$(responder ann)
kill -STOP "$responder" # which would take the tap down at once
ip link set ann address 02:00:00:00:01:08
check "another's MAC at the tap: the bridge knows it by that port" known_by_ann
kill -CONT "$responder"
ann_is_out() {
	is_down ann && ! ip -o link show ann | grep -q ' master '
}
check "another's MAC at the tap: it is found, and taken down and off the bridge" within 3 ann_is_out
check 'and the bridge no longer knows it by that port' not known_by_ann
forge
check 'and nothing forged passes' none_forged
check 'and it is said, once' within 2 said_in_log 'interface ann: its MAC was changed'
sleep 2
check 'only once' same lines "$(grep -c 'its MAC was changed' "$T/ann.log")" 1
check 'the VM ends' stop_vm ann
nothing_left 'a tap with another MAC'
check 'the VM starts to be moved' vm
# As tools do that set up networks anew: the bridge forgets all that it was told of the port.
ip link set ann nomaster
check 'the tap is taken off the bridge: it is said' within 5 said_in_log "interface ann: it was taken off bridge $BRIDGE"
ip link set ann master "$BRIDGE"
settled() {
	same 'learning and flooding' "$(cat /sys/class/net/ann/brport/learning /sys/class/net/ann/brport/unicast_flood)" "0
0" && bridge fdb show br "$BRIDGE" dev ann | grep -q "^$mac .*\<static\>"
}
check 'put back: the bridge learns nothing from it, and knows its MAC' within 5 settled
check 'and it is said' within 2 said_in_log "interface ann: it is a new port of bridge $BRIDGE"
check 'and the guest reaches its network' reaches
bridge fdb del "$mac" dev ann master
check "the VM's MAC is removed from the bridge's table: it is there again" within 5 settled
check 'and it is said' within 2 said_in_log "bridge $BRIDGE: somebody removed the VM's MAC $mac"
check 'and the guest reaches its network' reaches
ip link add elsewhere type bridge
ip link set elsewhere up
# In one batch, so that fold sees states in between, and tries to mend what is being changed.
printf 'link set ann master %s\n' elsewhere "$BRIDGE" >"$T/batch"
check 'the tap is put onto another bridge and back' ip -batch "$T/batch"
check 'its port is set up again' within 5 settled
check 'and the guest reaches its network' within 5 reaches
seq 100 | awk -v bridge="$BRIDGE" '{ print "link set ann nomaster"; print "link set ann master " bridge }' >"$T/batch"
check 'the tap is taken off the bridge and put back a hundred times' ip -batch "$T/batch"
check 'its port is set up again' within 5 settled
check 'and the guest reaches its network' within 5 reaches
# The guest can make its hypervisor change the tap's offloads without end; fold does not hear of such changes.
wakes() {
	awk '/voluntary_ctxt_switches/ { n += $2 } END { print n }' "/proc/$(responder ann)/status"
}
seq 5000 | awk '{ print "link set ann txqueuelen " 1000 + $1 % 2 }' >"$T/batch"
before=$(wakes)
check 'the tap changes five thousand times' ip -batch "$T/batch"
after=$(wakes)
few() {
	[ "$1" -le "$2" ] || {
		echo "woken $1 times, not $2 at most"
		return 1
	}
}
check 'fold is woken a few times for that' few $((after - before)) 100
seq 2500 | awk '{ e = "02:00:00:00:00:77 dev ann master"; print "fdb add " e " static"; print "fdb del " e }' >"$T/batch"
before=$(wakes)
check "its forwarding entries change five thousand times" bridge -batch "$T/batch"
after=$(wakes)
check 'fold is woken a few times for that' few $((after - before)) 100
forge
check 'and nothing forged passes' none_forged
check 'the VM ends' stop_vm ann
check 'the VM starts to be put elsewhere' vm
ip link set ann master elsewhere
check 'the tap is made a port of another bridge: it is taken down' within 5 is_down ann
check 'and it is said' within 2 said_in_log 'interface ann: it was made a port of something else than its bridge'
check 'the VM ends' stop_vm ann
# Joining what is no bridge makes no event of a forwarding table.
if ip link add vrf7 type vrf table 77 2>/dev/null || ip link add vrf7 type bond 2>/dev/null; then
	check 'the VM starts to be taken off and put elsewhere' vm
	ip link set ann nomaster
	sleep 0.5
	ip link set ann master vrf7
	check 'the tap is made a port of something that is no bridge: it is taken down' within 5 is_down ann
	check 'the VM ends' stop_vm ann
	ip link del vrf7
else
	skip 'the tap is made a port of something that is no bridge' 'this kernel has neither VRF nor bonding'
fi
ip link del elsewhere
nothing_left 'a tap that was moved'
check 'the VM starts yet again' vm
ip link set carl down 2>/dev/null
ip link del "$BRIDGE"
check 'the bridge is removed: it is said' within 10 said_in_log "bridge $BRIDGE: it was removed or renamed"
check 'the bridge is removed: the tap is down' within 5 is_down ann
make_bridge "$BRIDGE"
ip link set vcarl master "$BRIDGE" up
forge
check 'another bridge of its name: nothing forged passes' none_forged
check 'the VM ends' stop_vm ann
nothing_left 'a bridge that was removed'

# ---- answers about the rules that the hypervisor takes away ----

ln -s "$TOOLS/thief" "$T/bin/qemu-system-thief"
rules_differ() {
	printf 'NAMESERVERS=10.0.1.50\nDNS_SERVER_IP=10.0.1.5%d\n' "$1" >"$file"
}
rules_differ 0
: >"$T/ann.log"
SUDO_USER=nobody "$FOLD" --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -v -i ann -4 10.0.1.1/24 -b "$file" "$mac" qemu-system-thief \
	-fold-when "$T/steal" >>"$T/ann.log" 2>&1 </dev/null &
fold=$!
echo $fold >"$T/ns/ann.pid"
check 'a hypervisor that steals starts' within 10 said_in_log 'packets are answered by'
check 'it can put no filter on the socket that keeps the rules' within 5 said_in_log '^SO_ATTACH_FILTER 1$'
rules_differ 1
check 'its file changes: so do the rules' within 5 said_in_log "$file is in force as it is now"
: >"$T/steal"
sleep 0.2
# The thief is not always quick enough. Then the change is in force, and the next one is tried.
turn=0
while [ $turn -lt 40 ] && ! said_in_log 'is unknown'; do
	turn=$((turn + 1))
	rules_differ $((turn % 8 + 1))
	sleep 0.25
done
echo "# $turn changes until an answer was taken away"
check 'an answer is taken away: it is said that it is unknown what is in force' \
	said_in_log 'interface ann: whether a change of its rules is in force is unknown.*; the VM is cut off' || detail_file "$T/ann.log"
check 'and the tap is down' within 2 is_down ann
check 'never is it taken for a refusal by the kernel' not said_in_log 'Operation not permitted'
check 'and fold goes on' responder ann
kill -TERM "$fold"
check 'the VM ends' within 10 gone "$fold"
wait "$fold"
nothing_left 'a hypervisor that steals'
says 10.0.9.7

# ---- rules that somebody removes ----

check 'the VM starts for the last time' vm
# served: sets $took to the milliseconds until the guest is answered.
served() {
	began=$(now)
	while ! answer db. | grep -q 10.0.9.7; do
		[ $(($(now) - began)) -lt $((3000 * SLOW)) ] || break
	done
	took=$(($(now) - began))
}
blow() {
	blow_name=$1
	shift
	"$@"
	# A question takes time itself, and a lost one is repeated only after a second, so the first is asked after 100
	# ms.
	sleep 0.1
	served
	echo "# $blow_name: answered after 100 + $took ms"
	check "$blow_name: 100 ms later the guest is served" [ $took -lt $((400 * SLOW)) ]
}
blow 'nft flush ruleset' nft flush ruleset
if nft list table bridge fold >/dev/null 2>&1; then
	blow 'the shared table deleted' nft delete table bridge fold
	blow 'the shared map emptied' nft flush map bridge fold take
	blow 'the shared chain emptied' nft flush chain bridge fold prerouting
	# While the responder is stopped, more events come than its socket can hold.
	responder=$(responder ann)
	kill -STOP "$responder"
	nft delete table bridge fold
	nft add table ip many
	nft add set ip many many '{ type ipv4_addr; }'
	seq 1 20000 | awk 'BEGIN { printf "add element ip many many {" } { printf "%s10.%d.%d.%d", (NR > 1 ? "," : ""), $1 / 65536, $1 / 256 % 256, $1 % 256 } END { print "}" }' >"$T/many"
	nft -f "$T/many"
	nft delete table ip many
	kill -CONT "$responder"
	blow 'more events than fit' true
fi
forge
check 'after all that nothing forged passes' none_forged
check 'the guest reaches its network' reaches
check 'the VM ends' stop_vm ann
nothing_left 'rules that were removed'
finish
