#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# bridges: bridges made by other tools or with other settings than fold's own: VLAN filtering, a spanning tree, a
# multicast querier, Docker's bridge, and Weave Net's with a container attached as Weave does it.
# shellcheck source=tests/e2e/lib.sh source=tests/e2e/hosts.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
begin "$@"
. "$root/tests/e2e/hosts.sh"

# port BRIDGE NAME MAC CIDR...: a container in the namespace NAME, on that bridge.
port() {
	BRIDGE=$1 container "$2" "$4" "$3"
	container_name=$2
	shift 4
	for cidr; do
		ip -n "$container_name" addr add "$cidr" dev eth0 nodad
	done
}

port_state() {
	same "port $1's state" "$(cat "/sys/class/net/$1/brport/state")" "$2"
}

# hears NAME FILTER COMMAND...: the number of matching frames that the container receives while the command runs.
hears() {
	hears_name=$1 hears_filter=$2
	shift 2
	: >"$T/heard"
	in_guest "$hears_name" frames sniff eth0 -d in -t "$((20 * SLOW))" -f "($hears_filter) or ether proto 0x88b5" \
		-u 'ether proto 0x88b5' >"$T/heard" 2>&1 &
	listener=$!
	within 30 grep -q '^# sniffing' "$T/heard" >&2
	"$@" >&2
	# The sentinel frame is sent from the host's end of the same veth pair, so it arrives after everything that was
	# sent before.
	frames send "v$hears_name" ffffffffffff02000000000188b500 >&2
	wait "$listener" || return
	echo "$(($(grep -c '^in ' "$T/heard") - 1))"
}

hears_some() {
	some=$(hears "$@" 2>"$T/hears.err") && [ "$some" -gt 0 ] && return
	cat "$T/hears.err" "$T/heard"
	return 1
}

hears_none() {
	some=$(hears "$@" 2>"$T/hears.err") && [ "$some" = 0 ] && return
	cat "$T/hears.err" "$T/heard"
	return 1
}

# ---- VLAN filtering ----

vlans() {
	make_bridge vlan0
	ip link set vlan0 type bridge vlan_filtering 1
	port vlan0 v5 02:00:00:00:02:05 10.0.2.5/24
	bridge vlan del dev vv5 vid 1
	bridge vlan add dev vv5 vid 5 pvid untagged
	port vlan0 v1 02:00:00:00:02:08 10.0.2.8/24 fde5:2::8/64
	check 'VLAN filtering: ann starts' start_vm ann 10.0.2.1/24 52:54:00:00:02:01 -6 fde5:2::/64 --bridge vlan0
	check 'VLAN filtering: her port is in the default VLAN alone' same VLANs \
		"$(bridge vlan show dev ann | tail -n +2 | tr -s ' \n' ' ')" 'ann 1 PVID Egress Untagged '
	gets_addresses ann 10.0.2.1/24 fde5:2::5054:ff:fe00:201/64
	check 'VLAN filtering: she reaches a container in that VLAN' reaches ann 10.0.2.8
	check 'VLAN filtering: and over IPv6' reaches ann fde5:2::8
	check 'VLAN filtering: none in another' cut_off ann 10.0.2.5
	# The same tagged frame is sent from a container whose port is in the VLAN, and from the guest.
	bridge vlan add dev vv1 vid 5
	tagged=8100000508060001080006040001
	check 'VLAN filtering: a tagged frame of a container arrives in its VLAN' \
		hears_some v5 'arp src host 10.0.2.8' in_guest v1 frames send eth0 "ffffffffffff020000000208${tagged}0200000002080a0002080000000000000a000205"
	bridge vlan add dev ann vid 5
	check 'VLAN filtering: one of the guest does not, though her port be in it' \
		hears_none v5 'arp src host 10.0.2.1' in_guest ann frames send eth0 "ffffffffffff525400000201${tagged}5254000002010a0002010000000000000a000205"
	check 'VLAN filtering: ann ends' stop_vm ann
	nothing_left 'VLAN filtering'
	ip netns del ann
}
ip link add try0 type bridge
if ip link set try0 type bridge vlan_filtering 1 2>/dev/null; then
	vlans
else
	skip 'VLAN filtering' 'this kernel is built without it for bridges'
fi
ip link del try0
[ "${1:-}" != vlan ] || finish # what only the stock kernel has

# ---- a spanning tree ----

# A port is 4 s in the listening state and 4 s in the learning state. On a slow machine these states last longer, so
# that the guest is not slower than they are.
delay=$((400 * SLOW > 3000 ? 3000 : 400 * SLOW))
ip link add stp0 type bridge stp_state 1 forward_delay $delay hello_time 100
ip link set stp0 up
ip link add vtree type veth peer name eth0 netns "$(ip netns add tree && echo tree)" address 02:00:00:00:02:08
ip link set vtree master stp0 up
ip -n tree addr add 10.0.2.8/24 dev eth0
ip -n tree addr add fde5:2::8/64 dev eth0 nodad
ip -n tree link set eth0 up
check 'a spanning tree: a container forwards' within 60 port_state vtree 3
check 'a spanning tree: ann starts' start_vm ann 10.0.2.1/24 52:54:00:00:02:01 -6 fde5:2::/64 --bridge stp0
check 'a spanning tree: ann gets her lease' lease ann 10.0.2.1/24
# With NFQUEUE the guest's frames reach fold through the bridge, and a port in the listening state does not take them.
if nft list tables | grep -q 'bridge fold'; then
	check 'a spanning tree: while her port learns, or later' not port_state ann 1
else
	check 'a spanning tree: while her port does not forward' not port_state ann 3
fi
check 'a spanning tree: she makes her IPv6 address' within 30 has_address ann fde5:2::5054:ff:fe00:201/64
check 'a spanning tree: her port forwards in the end' within 60 port_state ann 3
check 'a spanning tree: she reaches the container' reaches ann 10.0.2.8
check 'a spanning tree: and over IPv6' reaches ann fde5:2::8

# bpdus NAME: the number of BPDUs that it receives from the bridge in 2.5 of their intervals.
bpdus() {
	in_guest "$1" timeout 3 frames sniff eth0 -d in -t 2.5 -f 'ether dst 01:80:c2:00:00:00' >"$T/heard" 2>&1
	grep -c '^in ' "$T/heard"
}
check "a spanning tree: the container hears the bridge's messages" [ "$(bpdus tree)" != 0 ]
check 'a spanning tree: ann does not' [ "$(bpdus ann)" = 0 ]

# claims_root NAME MAC: sends a BPDU (IEEE 802.1D 9.3.1) of a bridge that is better than any other.
claims_root() {
	mac=$(echo "$2" | tr -d :)
	in_guest "$1" frames send eth0 "0180c2000000${mac}002642420300000000000000${mac}000000000000${mac}80010000140002000f00"
	sleep 1
}
is_root() {
	same 'the root' "$(cat /sys/class/net/stp0/bridge/root_id)" "$(cat /sys/class/net/stp0/bridge/bridge_id)"
}
claims_root ann 52:54:00:00:02:01
check 'a spanning tree: ann cannot make herself its root' is_root
claims_root tree 02:00:00:00:02:08
check 'a spanning tree: a container can' not is_root
check 'a spanning tree: ann ends' stop_vm ann
ip netns del ann
ip link del stp0

# ---- multicast snooping with a querier ----

ip link add mc0 type bridge mcast_query_interval 100 mcast_membership_interval 250 mcast_querier_interval 200 \
	mcast_query_response_interval 50 mcast_startup_query_interval 50
ip link set mc0 up
port mc0 m8 02:00:00:00:02:08 10.0.2.8/24 fde5:2::8/64
port mc0 m9 02:00:00:00:02:09 10.0.2.9/24 fde5:2::9/64
ip addr add 10.0.2.254/24 dev mc0
check 'a querier: ann starts' start_vm ann 10.0.2.1/24 52:54:00:00:02:01 -6 fde5:2::/64 -m 239.1.1.1 --bridge mc0
check 'a querier: bob starts' start_vm bob 10.0.2.2/24 52:54:00:00:02:02 -6 fde5:2::/64 --bridge mc0
gets_addresses ann 10.0.2.1/24 fde5:2::5054:ff:fe00:201/64
gets_addresses bob 10.0.2.2/24 fde5:2::5054:ff:fe00:202/64
within 10 ip -o addr show dev mc0 scope link -tentative >"$T/link"
ip link set mc0 type bridge mcast_querier 1
# Waits longer than a group membership lasts that nobody renews.
sleep 5
to_group() {
	in_guest m8 ping -n -q -c 2 -i 0.2 -W 0.2 -I eth0 "$1" || true
}
check 'a querier: a group goes to nobody who did not ask for it' hears_none m9 'dst host 239.1.1.1' to_group 239.1.1.1
check 'a querier: the bridge knows who asked' sh -c 'bridge mdb show dev mc0 | grep -q "port vm8 grp ff02::1:ff00:8"'
: >"$T/heard"
in_guest ann frames sniff eth0 -d in -t "$((10 * SLOW))" -f 'dst host 239.1.1.1' -u 'dst host 239.1.1.1' >"$T/heard" 2>&1 &
listener=$!
within 20 grep -q '^# sniffing' "$T/heard"
to_group 239.1.1.1 >"$T/to_group" 2>&1
check 'a querier: to a VM that may receive it, it goes' wait $listener
for pair in ann:fde5:2::5054:ff:fe00:202 bob:fde5:2::5054:ff:fe00:201 ann:fde5:2::8 m8:fde5:2::5054:ff:fe00:201 bob:10.0.2.1 m8:10.0.2.2; do
	forget_neighbours ann bob m8 m9
	check "a querier: ${pair%%:*} reaches ${pair#*:}" reaches "${pair%%:*}" "${pair#*:}"
done
check 'a querier: ann ends' stop_vm ann
check 'a querier: bob ends' stop_vm bob
ip netns del ann
ip netns del bob
ip link del mc0

# ---- Docker's ----

echo 1 >/proc/sys/net/ipv4/ip_forward
make_bridge docker0
ip addr add 172.17.0.1/16 brd + dev docker0
port docker0 d9 02:42:ac:11:00:09 172.17.0.9/16
ip netns add internet
ip link add out0 type veth peer name eth0 netns internet
ip addr add 198.51.100.1/24 dev out0
ip link set out0 up
ip -n internet addr add 198.51.100.9/24 dev eth0
ip -n internet link set eth0 up
# The rules of dockerd.
iptables -P FORWARD DROP
iptables -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
iptables -A FORWARD -i docker0 -o docker0 -j ACCEPT
iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
[ -e /proc/sys/net/bridge ] || modprobe br_netfilter || bail 'no br_netfilter'
echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables
printf 'GATEWAY=172.17.0.1\nGATEWAY_MAC=%s\n' "$(cat /sys/class/net/docker0/address)" >"$T/docker.binding"
check "Docker's: ann starts" start_vm ann 172.17.0.5/16 52:54:00:00:02:01 --bridge docker0 -b "$T/docker.binding"
gets_addresses ann 172.17.0.5/16
check "Docker's: she reaches a container" reaches ann 172.17.0.9
check "Docker's: a container reaches her" reaches d9 172.17.0.5
check "Docker's: the host reaches her" within 5 ping -n -q -c 1 -W "$SLOW" 172.17.0.5
ip -n ann route add default via 172.17.0.1
check "Docker's: she reaches what is behind the host, by its address" reaches ann 198.51.100.9
# shellcheck disable=SC2016 # for the inner shell
check "Docker's: fold doctor finds nothing in her way" sh -c '"$FOLD" doctor --bridge docker0 | grep "^ok *br_netfilter "'
check "Docker's: ann ends" stop_vm ann
ip netns del ann
ip link del docker0
nft flush ruleset

# ---- Weave Net's: a container as Weave attaches it ----

ip link add weave type bridge
ip link set weave mtu 1376 up
# Weave gives the bridge a MAC and turns multicast snooping off (weave, net/bridge.go).
ip link set weave address 7a:00:00:00:00:01
ip link set weave type bridge mcast_snooping 0
# A veth pair whose inner end is called ethwe, without offloads, and with ARP entries that soon become stale.
ip netns add box
ip link add vethwepl42 mtu 1376 type veth peer name ethwe netns box
ip link set vethwepl42 master weave up
ip -n box link set ethwe mtu 1376
in_guest box ethtool -K ethwe tx off >"$T/ethtool" 2>&1
in_guest box sh -c 'echo 5000 >/proc/sys/net/ipv4/neigh/ethwe/base_reachable_time_ms
	echo 2 >/proc/sys/net/ipv4/neigh/ethwe/delay_first_probe_time; echo 1 >/proc/sys/net/ipv4/neigh/ethwe/ucast_solicit'
ip -n box addr add 10.32.0.1/12 dev ethwe
ip -n box addr add fde5:3::1/64 dev ethwe nodad
ip -n box link set lo up
ip -n box link set ethwe up
ip -n box route add 224.0.0.0/4 dev ethwe
in_guest box arping -q -U -c 1 -I ethwe 10.32.0.1

cat >"$T/weave.binding" <<END
HOSTNAME=ann
ADDRESS:database.=10.32.0.77
ADDRESS6:database.=fde5:3::77
TXT:table.=Users
END
ip netns add ann
BRIDGE=weave
check "Weave's: ann starts" start_vm ann 10.32.0.5/12 52:54:00:00:02:01 -6 fde5:3::/64 -b "$T/weave.binding"
gets_addresses ann 10.32.0.5/12 fde5:3::5054:ff:fe00:201/64
check "Weave's: she is told the bridge's MTU" same MTU "$(cat "$T/ann.mtu")" 1376
check "Weave's: she reaches the container" reaches ann 10.32.0.1
check "Weave's: and over IPv6" reaches ann fde5:3::1
check "Weave's: the container reaches her" reaches box 10.32.0.5
check "Weave's: and over IPv6" reaches box fde5:3::5054:ff:fe00:201

# looked_up SERVER TYPE NAME WANT
looked_up() {
	in_guest box dig +short +time=5 +tries=3 "@$1" "$2" "$3" >"$T/dig" && grep -qxF "$4" "$T/dig" && return
	cat "$T/dig"
	return 1
}
for server in 10.32.0.5 fde5:3::5054:ff:fe00:201; do
	check "Weave's: the container asks $server for an address" looked_up "$server" A database 10.32.0.77
	check "Weave's: the container asks $server for an IPv6 address" looked_up "$server" AAAA database fde5:3::77
	check "Weave's: the container asks $server for a text" looked_up "$server" TXT table '"Users"'
done
# A neighbour entry becomes stale after between half a second and eight seconds.
sleep 3
check "Weave's: they still reach each other when the ARP entries are old" reaches box 10.32.0.5
check "Weave's: ann ends" stop_vm ann

# ---- the host has many addresses on the bridge ----

BRIDGE=crowd
make_bridge $BRIDGE
for i in $(seq 60 199); do
	ip addr add "10.0.6.$i/24" dev $BRIDGE
	ip addr add "fd5e:6::$i/64" dev $BRIDGE nodad
done
check 'many addresses: joe starts' start_vm joe 10.0.6.1/24 52:54:00:00:06:01 -6 fd5e:6::/64
check 'many addresses: it is said that they are too many' grep -q "bridge $BRIDGE: it has more than 128 addresses" "$T/joe.log"
gets_addresses joe 10.0.6.1/24 fd5e:6::5054:ff:fe00:601/64
check 'many addresses: he reaches the host by the hundredth' reaches joe 10.0.6.159
check 'many addresses: and over IPv6' reaches joe fd5e:6::159
check 'many addresses: joe ends' stop_vm joe
ip link del $BRIDGE
nothing_left 'all bridges'
finish
