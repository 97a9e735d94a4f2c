#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# neighbours: what guests reach of each other: everything in their own subnet and nothing else, and nobody under a
# false name. Each attack is also tried from an ordinary container on the same bridge, where it must arrive, else the
# test would prove nothing. (tests/fw tests the rules one by one; this test runs the whole program.)
#
#   10.0.2.0/24   guests ann (.1) and bob (.2), containers carl (.8) and dave (.9)
#   10.0.3.0/24   guest eve (.1); dave is there too (.9)
# shellcheck source=tests/e2e/lib.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
begin "$@"

make_bridge "$BRIDGE"
container carl 10.0.2.8/24 02:00:00:00:02:08
container dave 10.0.2.9/24 02:00:00:00:02:09
ip -n dave addr add 10.0.3.9/24 dev eth0

cat >"$T/ann.binding" <<END
NAMESERVERS=10.0.2.50
DHCP_SERVER_IP=10.0.2.60
END
check 'ann starts' start_vm ann 10.0.2.1/24 52:54:00:00:02:01 -b "$T/ann.binding"
check 'bob starts' start_vm bob 10.0.2.2/24 52:54:00:00:02:02
check 'eve starts' start_vm eve 10.0.3.1/24 52:54:00:00:03:01
ip -n ann addr add 10.0.2.1/24 dev eth0
ip -n bob addr add 10.0.2.2/24 dev eth0
ip -n eve addr add 10.0.3.1/24 dev eth0

reaches() {
	reaches_from=$1
	shift
	in_guest "$reaches_from" ping -n -q -c 2 -i 0.2 -W "$((2 * SLOW))" "$@"
}

# listen NAME FILTER SENTINEL: captures in the background what arrives there and matches FILTER, until the sentinel
# arrives; `heard` waits for that.
listen() {
	: >"$T/heard"
	in_guest "$1" frames sniff eth0 -d in -t "$((30 * SLOW))" -f "($3) or ($2)" -u "$3" >"$T/heard" 2>&1 &
	listener=$!
	within 30 grep -q '^# sniffing' "$T/heard"
}

# heard: sets $heard to the number of frames before the sentinel, or to nothing if the sentinel never came.
heard() {
	heard=
	wait "$listener" && heard=$(($(grep -c '^in ' "$T/heard") - 1))
}

# ---- what must work ----

check 'two guests in one subnet ping each other' reaches ann 10.0.2.2
check 'and the other way' reaches bob 10.0.2.1
check 'a guest pings a container in its subnet' reaches ann 10.0.2.9
check 'a container in its subnet pings a guest' reaches dave 10.0.2.1
# In later fragments these octets stand where a first one has ICMP's type: a redirect's, an error's.
for octet in 05 03 08; do
	check "two guests ping each other in fragments full of $octet" reaches ann 10.0.2.2 -s 4000 -p $octet
done
check 'eve pings the container in her own subnet' reaches eve 10.0.3.9

# talks: whether a UDP datagram of ann's arrives at bob.
talks() {
	in_guest bob timeout "$((30 * SLOW))" nc -u -l -W 1 10.0.2.2 4000 >"$T/said" &
	listener=$!
	within 30 in_guest bob sh -c 'ss -Hlnu sport = :4000 | grep -q .'
	echo hello | in_guest ann timeout "$((2 * SLOW))" nc -u -w 1 10.0.2.2 4000
	wait "$listener"
	same 'what came' "$(cat "$T/said")" hello
}
check 'UDP passes between guests' talks

# ---- ARP for fold's own addresses (the name server's and the DHCP server's) ----

answers() {
	in_guest "$1" busybox arping -c 1 -w "$SLOW" -I eth0 "$2"
}
answered_by() {
	answers "$1" "$2" >"$T/arping" 2>&1
	cat "$T/arping"
	grep -qi "reply from $2 \[$3\]" "$T/arping"
}
listen dave 'arp dst host 10.0.2.50 or arp dst host 10.0.2.60' 'icmp and src 10.0.2.1'
check "ARP for the name server's address is answered with the service MAC" answered_by ann 10.0.2.50 fe:54:00:00:02:01
check "ARP for the DHCP server's address is answered with the service MAC" answered_by ann 10.0.2.60 fe:54:00:00:02:01
check 'sentinel' reaches ann 10.0.2.9
heard
check 'and the question goes no further' same 'ARP requests on the network' "$heard" 0

silent() {
	! answers "$1" "$2"
}
check "a container gets no answer for ann's service address" silent carl 10.0.2.50
check 'and bob, who has another name server, none either' silent bob 10.0.2.50

# ---- the attacks; each is a function of the attacker's namespace, its own address, and its own MAC ----

ping_once() {
	in_guest "$1" ping -n -q -c 1 -W 0.2 -I "${3:-eth0}" "$2"
}

false_address() {
	ip -n "$1" addr add 10.0.2.77/24 dev eth0
	ping_once "$1" 10.0.2.9 10.0.2.77
	ip -n "$1" addr del 10.0.2.77/24 dev eth0
}

false_mac() {
	ip -n "$1" link set eth0 address 02:00:00:00:02:77
	ip -n "$1" neigh replace 10.0.2.9 lladdr 02:00:00:00:02:09 dev eth0
	ping_once "$1" 10.0.2.9
	ip -n "$1" link set eth0 address "$3"
}

false_arp() {
	ip -n "$1" addr add 10.0.2.66/32 dev eth0
	in_guest "$1" busybox arping -U -c 1 -w 1 -I eth0 10.0.2.66
	in_guest "$1" busybox arping -A -c 1 -w 1 -I eth0 10.0.2.66
	ip -n "$1" addr del 10.0.2.66/32 dev eth0
}

other_subnet() {
	ip -n "$1" route replace 10.0.3.9/32 dev eth0
	ip -n "$1" neigh replace 10.0.3.9 lladdr 02:00:00:00:02:09 dev eth0
	ping_once "$1" 10.0.3.9
	ip -n "$1" route del 10.0.3.9/32 dev eth0
}

ipv6() {
	ip -n "$1" addr replace fe80::1234/64 dev eth0 nodad
	ping_once "$1" ff02::1%eth0
}

dhcp_server() {
	echo offer | in_guest "$1" timeout "$((2 * SLOW))" nc -u -w 1 -p 67 10.0.2.9 68
}

# tagged NAME ADDRESS MAC: sends a whole ARP request in VLAN 5 (IEEE 802.1Q).
tagged() {
	mac=$(echo "$3" | tr -d :)
	in_guest "$1" frames send eth0 "ffffffffffff${mac}8100000508060001080006040001${mac}0a00020100000000000a000209"
}

# try_attack FUNCTION FILTER ATTACKER ADDRESS MAC: attacks, then pings; sets $heard to what dave received before the
# ping.
try_attack() {
	listen dave "$(echo "$2" | sed "s/MAC/$5/")" "icmp[icmptype] = icmp-echo and ether src $5 and src $4 and dst 10.0.2.9"
	"$1" "$3" "$4" "$5" >"$T/attack" 2>&1
	reaches "$3" 10.0.2.9 >>"$T/attack" 2>&1
	heard
}

# attack WHAT FUNCTION FILTER: tests that matching frames reach dave from carl, and none from ann. In FILTER, MAC
# stands for the attacker's MAC.
attack() {
	# A machine under load loses a frame now and then, so carl may try several times.
	for _ in 1 2 3 4 5; do
		try_attack "$2" "$3" carl 10.0.2.8 02:00:00:00:02:08
		[ "${heard:-0}" = 0 ] || break
	done
	check "$1: from a container it arrives" [ "${heard:-0}" != 0 ] || detail_file "$T/attack"
	try_attack "$2" "$3" ann 10.0.2.1 52:54:00:00:02:01
	check "$1: from a guest nothing arrives, but its honest ping after it" [ "$heard" = 0 ] || {
		detail_file "$T/attack"
		detail_file "$T/heard"
	}
}

attack 'an address that is not its own' false_address 'src host 10.0.2.77'
attack 'a MAC that is not its own' false_mac 'ether src 02:00:00:00:02:77'
attack "ARP that claims another's address" false_arp 'arp src host 10.0.2.66'
attack 'its own address, into another subnet' other_subnet 'dst host 10.0.3.9'
attack 'IPv6, which the VM was not given' ipv6 'ip6 and ether src MAC'
attack 'the words of a DHCP server' dhcp_server 'udp and src port 67'
attack 'a VLAN tag' tagged 'ether[12:2] = 0x8100'

unreachable() {
	! in_guest "$1" ping -n -q -c 2 -i 0.2 -W "$SLOW" "$2"
}
ip -n eve route add 10.0.2.0/24 dev eth0
ip -n ann route add 10.0.3.0/24 dev eth0
check 'guests in two subnets do not reach each other' unreachable ann 10.0.3.1
check 'not the other way either' unreachable eve 10.0.2.1
ip -n dave route add 10.0.4.0/24 dev eth0
check 'and a stranger on the bridge does not reach a guest of another subnet' unreachable carl 10.0.3.1

# ---- the host ----

ip addr add 10.0.9.1/24 dev "$BRIDGE"
ip -n ann route add 10.0.9.1/32 dev eth0
check "a guest does not reach the host's address on the bridge outside its subnet" unreachable ann 10.0.9.1
ip addr add 10.0.2.254/24 dev "$BRIDGE"
check 'and reaches the one inside it' reaches ann 10.0.2.254

# ---- a bridge that no other port is on ----

alone=${BRIDGE%?}x
ip link add "$alone" type bridge
ip link set "$alone" up
ip addr add 10.0.5.254/24 dev "$alone"
before=$(cat "/sys/class/net/$alone/address")
check 'solo starts' start_vm solo 10.0.5.1/24 52:54:00:00:05:01 --bridge "$alone"
ip -n solo addr add 10.0.5.1/24 dev eth0
check 'a bridge keeps its MAC address when a VM is its first port' same "the bridge's MAC" \
	"$(cat "/sys/class/net/$alone/address")" "$before"
check 'and that VM reaches the host' reaches solo 10.0.5.254
ip link set "$alone" address 02:00:00:00:05:fe
rules_name() { nft list table netdev fold-solo | grep -q "$1"; }
check 'its rules follow another MAC of the bridge' within 15 rules_name '0x200000005fe '
ip -n solo neigh flush dev eth0
check 'and that VM reaches the host again' reaches solo 10.0.5.254
ip link del "$alone"
check 'the bridge removed: its tap is down' within 1 is_down solo
check 'and it is said, once' within 1 sh -c "sleep 0.5; grep -c 'bridge $alone: it was removed or renamed' '$T/solo.log' | grep -qx 1"

# ann's fold, which started first, hears of changes for all of them (host/link_hub.h). Without it, a minute would pass.
heard_by() { grep -q "interface $1: it was removed" "$T/$1.log"; }
stop_vm ann KILL 2>/dev/null
ip link del bob
check 'the fold that hears for all is killed: bob hears that its tap is removed' within 5 heard_by bob
check 'bob ends' stop_vm bob
ip link del eve
check 'the next one ends: eve hears that its tap is removed' within 5 heard_by eve
for vm in eve solo; do
	check "$vm ends" stop_vm "$vm"
done

# Ctrl-Z. A process group of its own, because stops are for job control only: the kernel ignores them in a group that no
# shell looks after, as this test's may be.
fold=$FOLD
cat >"$T/own-group" <<END
#!/bin/sh
exec perl -e 'setpgrp; exec @ARGV' "$fold" "\$@"
END
chmod +x "$T/own-group"
FOLD=$T/own-group
check 'zoe starts, in a process group of its own' start_vm zoe 10.0.2.9/24 52:54:00:00:02:09
FOLD=$fold
check 'kim starts' start_vm kim 10.0.2.8/24 52:54:00:00:02:08
is_stopped() { grep -q '^[0-9]* (.*) T' "/proc/$(vm_pid "$1")/stat"; }
kill -TSTP "$(vm_pid zoe)"
check 'the fold that hears for all is stopped' within 5 is_stopped zoe
ip link del kim
check 'kim hears that its tap is removed all the same' within 5 heard_by kim
check 'kim ends' stop_vm kim
kill -CONT "$(vm_pid zoe)"
check 'it goes on' within 5 not is_stopped zoe
ip link del zoe
check 'and hears by itself again' within 5 heard_by zoe
check 'zoe ends' stop_vm zoe
nothing_left 'six guests'
finish
