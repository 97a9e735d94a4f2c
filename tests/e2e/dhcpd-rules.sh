#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# dhcpd-rules: fold-dhcpd behind the packet rules that users of nfdhcpd have: each rule set as their documentation has
# it, with the real iptables, ip6tables, ebtables and nft. Words after the name run only those sets; `tables` and
# `bridge` need a kernel with nft's `queue`, and run only if they are named.
#
# On every host tap1 and tap2 have bindings and tap3 has none. Packets from tap3 must be let through as if no rule were
# there, those from the others must not.
# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2086 # most functions are called by name; rules are words
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/dhcpd-lib.sh
. "$(dirname "$0")/dhcpd-lib.sh"
begin "$@"
dhcpd_begin

FORK6=fde5:824d:d315:3bb1

# ---- rule sets ----

# rule COMMAND...: makes a rule. One that the kernel refuses is a failed test, and the others still run.
rule() {
	host "$@" || not_ok "$HOST: the kernel takes: $*"
}

# grnet_rules nft|legacy MATCH4 MATCH6
grnet_rules() {
	rule "iptables-$1" -t mangle -A PREROUTING -p udp $2 -m udp --dport 67 -j NFQUEUE --queue-num 42
	rule "ip6tables-$1" -t mangle -A PREROUTING $3 -p icmpv6 --icmpv6-type router-solicitation -j NFQUEUE --queue-num 43
	rule "ip6tables-$1" -t mangle -A PREROUTING $3 -p icmpv6 --icmpv6-type neighbour-solicitation -j NFQUEUE --queue-num 44
	rule "ip6tables-$1" -t mangle -A PREROUTING $3 -p udp --dport 547 -j NFQUEUE --queue-num 45
}

# fork_rules MATCH: the fork's rules for packets that guests send.
fork_rules() {
	rule iptables -t mangle -A PREROUTING $1 -p udp --dport bootps -j NFQUEUE --queue-num 42
	rule ip6tables -t mangle -A PREROUTING $1 -p udp --dport 547 -j NFQUEUE --queue-num 43
	rule ip6tables -t mangle -A PREROUTING -p ipv6-icmp $1 --icmpv6-type router-solicitation -j NFQUEUE --queue-num 44
	rule ip6tables -t mangle -A PREROUTING -p ipv6-icmp $1 --icmpv6-type neighbour-solicitation -j NFQUEUE --queue-num 45
	rule iptables -t mangle -A PREROUTING $1 -p udp --dport domain -j NFQUEUE --queue-num 46
	rule ip6tables -t mangle -A PREROUTING $1 -p udp --dport domain -j NFQUEUE --queue-num 47
	rule iptables -t mangle -A PREROUTING $1 -p udp --dport 5300 -j NFQUEUE --queue-num 48
	rule ip6tables -t mangle -A PREROUTING $1 -p udp --dport 5300 -j NFQUEUE --queue-num 49
}

fork_rules_towards() {
	rule iptables -t mangle -A FORWARD -m physdev --physdev-is-bridged --physdev-out tap+ -p udp --dport domain -j NFQUEUE --queue-num 46
	rule ip6tables -t mangle -A FORWARD -m physdev --physdev-is-bridged --physdev-out tap+ -p udp --dport domain -j NFQUEUE --queue-num 47
}

# One table for both families, as a user without iptables would write it.
nft_rules() {
	rule nft 'table inet dhcpd { chain in { type filter hook prerouting priority mangle
		iifname "tap*" meta nfproto ipv4 udp dport 67 queue num 42
		iifname "tap*" icmpv6 type nd-router-solicit queue num 43
		iifname "tap*" icmpv6 type nd-neighbor-solicit queue num 44
		iifname "tap*" meta nfproto ipv6 udp dport 547 queue num 45; }; }'
}

# The fork's rules in the bridge family: no br_netfilter, no iptables. Where br_netfilter is loaded for other reasons,
# a forwarded frame skips chains of priority 0 and below.
bridge_rules() {
	rule nft 'table bridge dhcpd {
		chain in { type filter hook prerouting priority -300
			iifname "tap*" meta protocol ip udp dport 67 queue num 42
			iifname "tap*" meta protocol ip6 udp dport 547 queue num 43
			iifname "tap*" icmpv6 type nd-router-solicit queue num 44
			iifname "tap*" icmpv6 type nd-neighbor-solicit queue num 45
			iifname "tap*" meta protocol ip udp dport 53 queue num 46
			iifname "tap*" meta protocol ip6 udp dport 53 queue num 47
			iifname "tap*" meta protocol ip udp dport 5300 queue num 48
			iifname "tap*" meta protocol ip6 udp dport 5300 queue num 49; }
		chain out { type filter hook forward priority 10
			oifname "tap*" meta protocol ip udp dport 53 queue num 46
			oifname "tap*" meta protocol ip6 udp dport 53 queue num 47; }; }'
}

# count_on FAMILY MATCH: counts the packets that were let through behind the queues; MATCH names the interfaces where
# the kernel can tell them (behind br_netfilter it cannot).
count_on() {
	# shellcheck disable=SC2089,SC2090 # nft's own quotes
	case $1 in
	bridge) for_taps='iifname "tap*"' families=bridge ;;
	*) for_taps=$2 families='ip ip6' ;;
	esac
	for family in $families; do
		rule nft "table $family seen {
			counter dhcp { }
			counter dhcp6 { }
			counter rs { }
			counter ns { }
			chain in { type filter hook prerouting priority -50
				$for_taps udp dport 67 counter name dhcp
				$for_taps udp dport 547 counter name dhcp6
				$([ "$family" = ip ] || echo "$for_taps icmpv6 type nd-router-solicit counter name rs
				$for_taps icmpv6 type nd-neighbor-solicit @th,64,32 0x20010db8 @th,96,64 0 counter name ns"); }; }"
	done
}

# passed NAME: the number of packets that were let through under that counter's name, in all families.
passed() {
	for family in ip ip6 bridge; do
		host nft list counter $family seen "$1" 2>/dev/null
	done | awk '{ for (i = 1; i < NF; i++) if ($i == "packets") n += $(i + 1) } END { print n + 0 }'
}

passed_are() {
	same 'DHCP, DHCPv6, router and neighbour solicitations that went on' \
		"$(passed dhcp) $(passed dhcp6) $(passed rs) $(passed ns)" "$1"
}

# stranger GUEST: sends one packet of each kind, for a test that they are let through.
stranger() {
	in_guest "$1" craft dhcp smac="$(mac_of 3)" | in_guest "$1" frames send eth0
	in_guest "$1" rdisc6 -1 -r 1 -w 100 eth0 >/dev/null 2>&1
	in_guest "$1" ip -6 addr replace 2001:db8::3/64 dev eth0 nodad
	in_guest "$1" ndisc6 -1 -r 1 -w 100 2001:db8::7 eth0 >/dev/null 2>&1
	# DHCPv6, to ff02::1:2: one octet is enough to be counted.
	in_guest "$1" frames send eth0 "33330001000252540000000386dd60000000000911fffe80000000000000505400fffe000003ff02000000000000000000000001000202220223000900000b"
}

# ---- what every guest must be told ----

grnet_asks() { # GUEST N, and the interface whose MAC the answers have
	own=$(address_of "$3")
	check "$HOST: $1 gets its lease" ask4 "$1"
	check "$HOST: $1 is told all of it" told "$1" 4 "ip=192.0.2.$2" subnet=255.255.255.0 broadcast=192.0.2.255 router=192.0.2.254 \
		'dns=192.0.2.252 192.0.2.253' "hostname=vm$2.own.example.org" domain=example.com serverid=192.0.2.250 \
		lease=604800 opt58=00000e10 mtu=1450
	check "$HOST: $1 is advertised a router" rs "$1"
	check "$HOST: $1 is advertised all of it, by that interface" advertised "$1" 'Router lifetime *: *14400 ' "Prefix *: $PREFIX6::/64" \
		'Autonomous address conf.: *Yes' 'Stateful other conf. *: *Yes' 'MTU *: *1450 ' 'Recursive DNS server *: 2001:db8:100::1' \
		'Recursive DNS server *: 2001:db8:200::2' 'DNS servers* lifetime *: *900 ' "from $(link_of "$own")"
	check "$HOST: $1 resolves the host's link-local address" neighbour "$1" "$(link_of "$own")" "$own"
	check "$HOST: $1 resolves any address of its prefix to the host" neighbour "$1" "$PREFIX6::1234" "$own"
	check "$HOST: $1 does not resolve an address elsewhere" neighbour "$1" 2001:db8::7 no
	check "$HOST: $1 gets information by DHCPv6" ask6 "$1" -S
	check "$HOST: $1 is told name servers and domains" told "$1" 6 'new_dhcp6_name_servers=2001:db8:100::1 2001:db8:200::2' \
		'new_dhcp6_domain_search=example.com. example.net.'
}

fork_asks() { # GUEST N
	check "$HOST: $1 gets its lease" ask4 "$1"
	check "$HOST: $1 is told all of it" told "$1" 4 "ip=10.0.1.$2" subnet=255.255.255.0 dns=10.0.1.50 "hostname=vm$2" domain=global.test \
		serverid=10.0.1.50 lease=604800 opt58=00000258
	check "$HOST: $1 has no way out of its subnet" not_told "$1" 4 router
	check "$HOST: $1 is advertised its prefix" rs "$1"
	check "$HOST: $1 is advertised all of it" advertised "$1" "Prefix *: $FORK6::/64" "Recursive DNS server *: $FORK6::1"
	in_guest "$1" ip addr add "10.0.1.$2/24" dev eth0
	in_guest "$1" ip -6 addr replace "$(eui64_of "$2" "$FORK6")/64" dev eth0 nodad
	check "$HOST: $1 gets information by DHCPv6" ask6 "$1" -S
	check "$HOST: $1 is told its name server" told "$1" 6 "new_dhcp6_name_servers=$FORK6::1"
	check "$HOST: $1 finds its name server's link-layer address" neighbour "$1" "$FORK6::1" '[0-9A-F:]*'
	check "$HOST: $1 has its own records over IPv4" dns "$1" "10.0.1.$2" @10.0.1.50 database. A
	check "$HOST: $1 has the records of all over IPv4" dns "$1" 10.0.1.7 @10.0.1.50 everywhere. A
	check "$HOST: $1 has its own records over IPv6" dns "$1" "$FORK6::9" "@$FORK6::1" database. AAAA
	check "$HOST: $1 has its texts" dns "$1" '"Users"' "@$FORK6::1" table. TXT
	check "$HOST: $1 is told NXDOMAIN of others" asks 'status: NXDOMAIN' in_guest "$1" dig +time=2 @10.0.1.50 nowhere.
}

told_of_change() { # GUEST N SENDER FAMILY...
	grep -qE "^[0-9]+ $2 5300 [0-9a-f]{32}\$" "$T/$1.hear" && return
	cat "$T/$1.hear"
	return 1
}

# notified GUEST TAP N: tests that the guest is notified of a change at once, over both families.
notified() {
	nsenter --net="/run/netns/$1" hear 5300 ack >"$T/$1.hear" 2>&1 &
	hear=$!
	within 10 grep -q '^# ready' "$T/$1.hear" >/dev/null
	fork_binding "$2" "$3" NOTIFY_PORT=5300 NOTIFY_IP=10.0.1.51 NOTIFY_IP6=$FORK6::2
	check "$HOST: $1 is notified of a change over IPv4" within 10 told_of_change "$1" 10.0.1.51
	check "$HOST: $1 is notified of a change over IPv6" within 10 told_of_change "$1" "$FORK6::2"
	kill "$hear"
}

# ---- a test for each rule set ----

# stage [BRIDGE]: three guests on taps, which are ports of BRIDGE if one is given.
stage() {
	for n in 1 2 3; do plug "$HOST-$n" "tap$n" "$n" "${1:-}"; done
}

routed() { # LANE nft|legacy|tables
	new_host "$1"
	stage
	case $2 in
	tables) nft_rules ;;
	*) grnet_rules "$2" '-i tap+' '-i tap+' ;;
	esac
	count_on ip 'iifname "tap*"'
	grnet_conf
	grnet_binding tap1 1
	grnet_binding tap2 2
	check "$1: fold-dhcpd starts" dhcpd_start || return
	grnet_asks "$1-1" 1 tap1
	check "$1: $1-2 gets its own lease" ask4 "$1-2"
	check "$1: $1-2 is told its own address" told "$1-2" 4 ip=192.0.2.2
	check "$1: nothing that it answers goes on" passed_are '0 0 0 0'
	stranger "$1-3"
	check "$1: what an interface without a binding sends goes on" within 10 passed_are '1 1 1 1'
	ends_well
}

# GRNET's guests on a bridge: INDEV is the bridge, and answers have the bridge's MAC.
bridged_grnet() {
	new_host "$1"
	host ip link add br0 address 02:0a:00:00:0b:01 type bridge mcast_snooping 0
	host ip link set br0 up
	physdev_on || return
	stage br0
	# The rules that GRNET's sample has for IPv4, and the same for IPv6.
	rule iptables -t mangle -A PREROUTING -i tap+ -p udp --dport 67 -j NFQUEUE --queue-num 42
	grnet_rules nft '-m physdev --physdev-in tap+' '-m physdev --physdev-in tap+'
	count_on ip ''
	grnet_conf
	grnet_binding tap1 1 br0
	grnet_binding tap2 2 br0
	check "$1: fold-dhcpd starts" dhcpd_start || return
	grnet_asks "$1-1" 1 br0
	check "$1: $1-2 gets its own lease" ask4 "$1-2"
	check "$1: $1-2 is told its own address" told "$1-2" 4 ip=192.0.2.2
	check "$1: nothing that it answers goes on" passed_are '0 0 0 0'
	stranger "$1-3"
	check "$1: what a port without a binding sends goes on" within 10 passed_are '1 1 1 1'
	ends_well
}

physdev_on() {
	[ -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || modprobe br_netfilter 2>/dev/null
	check "$HOST: the kernel has br_netfilter" host sh -c 'echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables &&
		echo 1 >/proc/sys/net/bridge/bridge-nf-call-ip6tables'
}

# Another machine on the bridge (a container) asks a guest's own address.
fork_from_outside() {
	check "$1: another on the bridge is answered from the guest's address${2:-}" dns "$1-out" 10.0.1.1 @10.0.1.1 database. A
	check "$1: likewise over IPv6${2:-}" dns "$1-out" "$FORK6::9" "@$(eui64_of 1 "$FORK6")" database. AAAA
}

# solicitation_rewritten LANE: guest 1 solicits guest 2 from its link-local address; guest 2 must see guest 1's own
# address as the source.
solicitation_rewritten() {
	: >"$T/$1.ns"
	in_guest "$1-2" frames sniff eth0 -d in -f "icmp6 and ip6[40] == 135 and ether src $(mac_of 1)" -u 'icmp6 and ip6[40] == 135' \
		-t $((5 * SLOW)) >"$T/$1.ns" 2>&1 &
	sniff=$!
	within 10 grep -q '^# sniffing' "$T/$1.ns" >/dev/null
	in_guest "$1-1" ip -6 neigh flush dev eth0
	check "$1: a guest finds another guest's address" neighbour "$1-1" "$(eui64_of 2 "$FORK6")" "$(mac_of 2)"
	wait "$sniff"
	# The IPv6 source address is behind Ethernet's 14 octets and IPv6's first 8.
	check "$1: its solicitation goes on with the guest's own address as source" same source \
		"$(sed -n 's/^in .\{44\}\(.\{32\}\).*/\1/p' "$T/$1.ns" | head -n 1)" fde5824dd3153bb1505400fffe000001
}

bridged_fork() { # LANE physdev|bridge
	new_host "$1"
	host ip link add br0 address 02:0a:00:00:0b:01 type bridge mcast_snooping 0
	host ip link set br0 up
	stage br0
	plug "$1-out" vout 9 br0
	in_guest "$1-out" ip addr add 10.0.1.9/24 dev eth0
	in_guest "$1-out" ip -6 addr replace "$FORK6::99/64" dev eth0 nodad
	if [ "$2" = bridge ]; then
		bridge_rules
		count_on bridge ''
	else
		physdev_on || return
		fork_rules '-m physdev --physdev-in tap+'
		fork_rules_towards
		count_on ip ''
	fi
	for n in 1 2; do
		rule ebtables -t nat -A PREROUTING -p ARP -i "tap$n" --arp-ip-dst 10.0.1.50 -j arpreply --arpreply-mac 52:54:00:12:34:56
		rule ebtables -t nat -A PREROUTING -p ARP -i "tap$n" --arp-ip-dst 10.0.1.51 -j arpreply --arpreply-mac 52:54:00:12:34:56
	done
	fork_conf
	fork_binding tap1 1
	fork_binding tap2 2
	check "$1: fold-dhcpd starts" dhcpd_start || return
	fork_asks "$1-1" 1
	check "$1: ebtables' answer is what the guest has of its server" asks '52:54:00:12:34:56' in_guest "$1-1" ip neigh show 10.0.1.50
	in_guest "$1-2" ip addr add 10.0.1.2/24 dev eth0
	in_guest "$1-2" ip -6 addr replace "$(eui64_of 2 "$FORK6")/64" dev eth0 nodad
	check "$1: another guest has its own records" dns "$1-2" 10.0.1.2 @10.0.1.50 database. A
	fork_from_outside "$1"
	if [ "$2" = bridge ]; then
		# Users may also hook packets that leave by a port in postrouting. There the kernel does not name the
		# port by which they came.
		rule nft delete chain bridge dhcpd out
		rule nft 'table bridge dhcpd { chain out { type filter hook postrouting priority 300
			oifname "tap*" meta protocol ip udp dport 53 queue num 46
			oifname "tap*" meta protocol ip6 udp dport 53 queue num 47; }; }'
		fork_from_outside "$1" ', in postrouting'
	fi
	solicitation_rewritten "$1"
	notified "$1-1" tap1 1
	check "$1: no DHCP message and no router solicitation that it answers goes on" passed_are '0 0 0 0'
	stranger "$1-3"
	check "$1: what a port without a binding sends goes on" within 10 passed_are '1 1 1 1'
	ends_well
}

# The fork's rules without a bridge: each guest's link ends at the host.
routed_fork() {
	new_host "$1"
	stage
	fork_rules '-i tap+'
	fork_conf
	fork_binding tap1 1
	fork_binding tap2 2
	check "$1: fold-dhcpd starts" dhcpd_start || return
	in_guest "$1-1" ip neigh replace 10.0.1.50 lladdr "$(address_of tap1)" dev eth0
	fork_asks "$1-1" 1
	notified "$1-1" tap1 1
	ends_well
}

has_changed() {
	ask4 "$1" && told "$1" 4 "ip=$2"
}

# NFQUEUE --queue-balance over several queue numbers, with one thread for each queue.
balanced() {
	new_host "$1"
	stage
	rule iptables -t mangle -A PREROUTING -i tap+ -p udp --dport 67 -j NFQUEUE --queue-balance 42:45
	rule ip6tables -t mangle -A PREROUTING -i tap+ -p icmpv6 --icmpv6-type router-solicitation -j NFQUEUE --queue-balance 46:47
	grnet_conf
	sed -i -e 's/^dhcp_queue.*/dhcp_queue = 42:45/' -e 's/^rs_queue.*/rs_queue = 46:47/' -e 's/^ns_queue.*/ns_queue = 48/' \
		-e 's/^dhcpv6_queue.*/dhcpv6_queue = 49/' -e 's/^\[general\]/&\nworkers = 4/' "$CONF"
	grnet_binding tap1 1
	grnet_binding tap2 2
	check "$1: fold-dhcpd starts with four workers" dhcpd_start || return
	for n in 1 2; do
		check "$1: $1-$n gets its lease" ask4 "$1-$n"
		check "$1: $1-$n is told its own address" told "$1-$n" 4 "ip=192.0.2.$n"
		check "$1: $1-$n is advertised a router" rs "$1-$n"
	done
	# Different source addresses spread the packets over the queues, so that all workers are busy.
	for a in 1 2 3 4 5 6 7 8; do
		craft dhcp smac="$(mac_of 1)" src="10.0.$a.1" dst=192.0.2.250 dmac="$(address_of tap1)"
	done >"$T/$1.flood"
	nsenter --net="/run/netns/$1-1" frames send eth0 -c 100000000 <"$T/$1.flood" >/dev/null 2>&1 &
	flood=$!
	sleep "$SLOW"
	sed -i 's/^IP=.*/IP=192.0.2.77/' "$DATA/tap2"
	check "$1: a change is in force while the workers are busy" within 10 has_changed "$1-2" 192.0.2.77
	check "$1: they were busy until then" not gone "$flood"
	kill "$flood"
	ends_well
}

only=$*

lane routed routed routed nft
lane legacy routed legacy legacy
lane physdev bridged_grnet physdev
lane fork bridged_fork fork physdev
lane routed-fork routed_fork routed-fork
lane balance balanced balance
case " $only " in *' tables '*) lane tables routed tables tables ;; esac
case " $only " in *' bridge '*) lane bridge bridged_fork bridge bridge ;; esac
merge
finish
