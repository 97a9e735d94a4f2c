#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# vxlan: two hosts whose bridges are joined by a VXLAN tunnel. Each guest is served by its own host, and nothing of
# that crosses the tunnel; guests reach each other over both families, with the tunnel's MTU.
# shellcheck source=tests/e2e/lib.sh source=tests/e2e/hosts.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
begin "$@"
. "$root/tests/e2e/hosts.sh"

two_hosts
ip netns exec east bridge fdb append 00:00:00:00:00:00 dev vx0 dst 192.0.2.2
ip netns exec west bridge fdb append 00:00:00:00:00:00 dev vx0 dst 192.0.2.1
host_container east carl 02:00:00:00:02:08 10.0.2.8/24 fde5:2::8/64
printf 'HOSTNAME=ann\nNAMESERVERS=10.0.2.50\nADDRESS:db.example=10.0.2.9\n' >"$T/ann.binding"
capture east vx0 "$T/tunnel.pcap"

check 'ann starts on east' host_vm east ann 10.0.2.1/24 52:54:00:00:02:01 -6 fde5:2::/64 -b "$T/ann.binding"
check 'bob starts on west' host_vm west bob 10.0.2.2/24 52:54:00:00:02:02 -6 fde5:2::/64
gets_addresses ann 10.0.2.1/24 fde5:2::5054:ff:fe00:201/64
gets_addresses bob 10.0.2.2/24 fde5:2::5054:ff:fe00:202/64
for name in ann bob; do
	check "$name is told the tunnel's MTU by DHCP" same MTU "$(cat "$T/$name.mtu")" 1450
	check "$name is told the tunnel's MTU by a router advertisement" same MTU \
		"$(in_guest "$name" cat /proc/sys/net/ipv6/conf/eth0/mtu)" 1450
	ip -n "$name" link set eth0 mtu 1450
done
check 'ann asks fold a name' in_guest ann dig +time=5 +tries=3 +short @10.0.2.50 db.example
check 'ann reaches bob on the other host' reaches ann 10.0.2.2
check 'bob reaches ann' reaches bob 10.0.2.1
check 'ann reaches bob over IPv6' reaches ann fde5:2::5054:ff:fe00:202
check 'bob reaches ann over IPv6' reaches bob fde5:2::5054:ff:fe00:201
check 'bob reaches a container on the other host' reaches bob 10.0.2.8
check 'and the other way' reaches carl 10.0.2.2
check 'and over IPv6' reaches carl fde5:2::5054:ff:fe00:202
check 'whole packets of that MTU pass' reaches ann 10.0.2.2 -M "do" -s 1422
check 'whole packets of that MTU pass over IPv6' reaches ann fde5:2::5054:ff:fe00:202 -M "do" -s 1402

end_capture
check 'what guests say to each other crosses the tunnel' [ "$(seen "$T/tunnel.pcap" 'icmp or icmp6')" -gt 8 ]
# crosses_not WHAT FILTER
crosses_not() {
	check "$1 stays on its host" same frames "$(seen "$T/tunnel.pcap" "$2")" 0
}
crosses_not DHCP 'port 67 or port 68 or port 546 or port 547'
# The hosts and the container send such messages themselves; only frames with a guest's MAC or fold's count.
guests='(ether[6:4] = 0x52540000 or ether[6:4] = 0xfe540000)'
crosses_not "guests' router discovery" "$guests and icmp6 and (ip6[40] = 133 or ip6[40] = 134 or ip6[40] = 137)"
crosses_not "guests' multicast listening" "$guests and (igmp or (ip6 and ip6[6] = 0) or (icmp6 and ip6[40] >= 130 and ip6[40] <= 132))"
check 'though their neighbour discovery crosses it' [ "$(seen "$T/tunnel.pcap" "$guests and icmp6 and ip6[40] = 135")" -gt 0 ]
crosses_not 'a question to fold' 'arp host 10.0.2.50 or port 53'
crosses_not "fold's own MAC" 'ether host fe:54:00:00:02:01 or ether host fe:54:00:00:02:02'

# ---- a false ann on the other host ----

ip -n west link add imp type veth peer name eth0 netns "$(ip netns add imp && echo imp)" address 52:54:00:00:02:01
ip -n west link set imp master br0 up
ip -n imp addr add 10.0.2.7/24 dev eth0
ip -n imp link set eth0 up
in_guest imp ping -n -q -c 3 -i 0.2 -W 1 10.0.2.8 >"$T/imp" 2>&1
check "the guest's MAC, spoken on the other host, stays at its port on its own" \
	sh -c 'ip netns exec east bridge fdb show br br0 | grep -i "52:54:00:00:02:01 dev ann .*sticky"'
check 'and ann is still reached from her own host' reaches carl 10.0.2.1
ip -n west link del imp

# ---- multicast snooping, with a querier on the other host ----

# East is the querier, and prunes groups that nobody reports to it over the tunnel; west only hears the queries. A
# group must be reported again within a membership interval. The intervals are set before the querier starts, because
# it uses them from the start.
for host in east west; do
	ip -n "$host" link set br0 type bridge mcast_query_interval 100 mcast_membership_interval 500 \
		mcast_querier_interval 200 mcast_query_response_interval 50 mcast_startup_query_interval 50
done
ip -n east link set br0 type bridge mcast_querier 1
# A running VM notices a new querier within a minute; VMs that are started anew report at once.
for vm in ann bob; do
	check "a querier: $vm ends" stop_vm $vm
	ip netns del $vm
done
capture east vx0 "$T/reports.pcap"
check 'a querier: ann starts' host_vm east ann 10.0.2.1/24 52:54:00:00:02:01 -6 fde5:2::/64 -m 239.1.1.1
check 'a querier: bob starts' host_vm west bob 10.0.2.2/24 52:54:00:00:02:02 -6 fde5:2::99/64 -s -m 239.1.1.1 -m ff05::1:3
# Waits longer than a membership lasts, and longer than the bridge remembers what it heard before there was a querier.
sleep 8
for vm in ann:1 bob:2; do
	ip -n "${vm%:*}" addr add "10.0.2.${vm#*:}/24" dev eth0
done
ip -n bob addr add fde5:2::99/64 dev eth0 nodad
has_address ann fde5:2::5054:ff:fe00:201/64 >"$T/address" || bail 'no address'
for pair in ann:fde5:2::99 bob:fde5:2::5054:ff:fe00:201 carl:fde5:2::99; do
	forget_neighbours ann bob carl
	check "a querier: ${pair%%:*} reaches ${pair#*:}" reaches "${pair%%:*}" "${pair#*:}"
done
ip netns exec east bridge mdb show dev br0 >"$T/east.mdb"
# wanted GROUP: whether east knows a listener of the group beyond the tunnel.
wanted() {
	grep "port vx0 grp $1 " "$T/east.mdb" && return
	cat "$T/east.mdb"
	return 1
}
for group in ff02::1:ff00:99 ff02::1:ff00:202 239.1.1.1 ff05::1:3; do
	check "a querier: east knows that bob listens to $group" wanted $group
done
end_capture
check 'a querier: the reports are sound' same 'bad checksums' \
	"$(tcpdump -n -vv -r "$T/reports.pcap" "$guests and (igmp or (ip6 and ip6[6] = 0))" 2>/dev/null | grep -ci 'bad\|incorrect\|\[wrong')" 0
check 'a querier: there are some' [ "$(seen "$T/reports.pcap" "$guests and ip6 and ip6[6] = 0")" -gt 0 ]

check 'ann ends' stop_vm ann
check 'bob ends' stop_vm bob
for host in east west; do
	check "$host: nothing is left behind" within 2 nsenter --net="/run/netns/$host" sh -c \
		'! ip -o link show type tun | grep . && ! nft list tables | grep fold'
done
nothing_left 'both hosts'
finish
