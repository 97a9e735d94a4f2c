#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# neighbours6: what guests reach of each other over IPv6: everything in their own prefix, nothing of another prefix,
# and the world through their gateway; and nothing of a family in which the VM has no address. The bridge carries jumbo
# frames, snoops on multicast groups and is their querier. (tests/fw tests the rules one by one; this test runs the
# whole program; attack6 has the attacks.)
#
#   fd5e:1:2:3::/64 (near)   guests ann and bob (with 10.0.2.1 and .2), six (IPv6 alone), pia (addresses of her own making), containers carl
#                            (::8, 10.0.2.8) and rt (::90, fe80::90), a router
#   fd5e:1:2:4::/64 (other)  guest eve, container carl (::8)
#   10.0.2.0/24 alone        guest four
#   fd5e:9:9:9::9            container far, behind rt and another router, with a link of 1280 octets between these
# shellcheck source=tests/e2e/lib.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
begin "$@"

near=fd5e:1:2:3 other=fd5e:1:2:4 far=fd5e:9:9:9::9
ann=$near:5054:ff:fe00:201 bob=$near:5054:ff:fe00:202 six=$near:5054:ff:fe00:203 pia=$near:5054:ff:fe00:204
four=$near:5054:ff:fe00:205 eve=$other:5054:ff:fe00:301

ip link add "$BRIDGE" type bridge mcast_snooping 1 mcast_querier 1 mcast_query_response_interval 100 mcast_startup_query_interval 100
ip link set "$BRIDGE" mtu 9000 up
container carl 10.0.2.8/24 02:00:00:00:02:08
container dave 10.0.2.9/24 02:00:00:00:02:09
container rt 10.0.2.90/24 02:00:00:00:02:90
for name in carl dave rt; do
	ip link set "v$name" mtu 9000
	ip -n "$name" link set eth0 mtu 9000
	in_guest "$name" sysctl -qw net.ipv6.conf.all.accept_ra=0 net.ipv6.conf.eth0.accept_ra=0
done
ip -n carl addr add "$near::8/64" dev eth0 nodad
ip -n carl addr add "$other::8/64" dev eth0 nodad
ip -n dave addr add "$near::9/64" dev eth0 nodad
in_guest rt sysctl -qw net.ipv6.conf.all.forwarding=1
ip -n rt addr add "$near::90/64" dev eth0 nodad
ip -n rt addr add fe80::90/64 dev eth0 nodad
for name in beyond far; do ip netns add $name; done
in_guest beyond sysctl -qw net.ipv6.conf.all.forwarding=1
ip -n rt link add out0 mtu 1280 type veth peer name in0 netns beyond
ip -n beyond link add out0 mtu 9000 type veth peer name eth0 netns far
for port in rt:out0:fd5e:9:9:8::1 beyond:in0:fd5e:9:9:8::2 beyond:out0:fd5e:9:9:9::1 far:eth0:$far; do
	name=${port%%:*} port=${port#*:}
	ip -n "$name" link set "${port%%:*}" up
	ip -n "$name" addr add "${port#*:}/64" dev "${port%%:*}" nodad
done
ip -n beyond link set in0 mtu 1280
ip -n far link set eth0 mtu 9000
ip -n rt route add fd5e:9:9:9::/64 via fd5e:9:9:8::2
ip -n beyond route add $near::/64 via fd5e:9:9:8::1
ip -n far route add default via fd5e:9:9:9::1

printf 'NAMESERVERS6=%s::50\nGATEWAY6=%s::90\nGATEWAY6_MAC=02:00:00:00:02:90\n' $near $near >"$T/ann.binding"
printf 'NAMESERVERS6=%s::51\nGATEWAY6=fe80::90\nGATEWAY6_MAC=02:00:00:00:02:90\n' $near >"$T/bob.binding"

# pia forms her addresses in her own way from the first one on.
ip netns add pia
in_guest pia sysctl -qw net.ipv6.conf.default.addr_gen_mode=3 net.ipv6.conf.default.use_tempaddr=2

PUMP=,mtu=9000
check 'ann starts' start_vm ann 10.0.2.1/24 52:54:00:00:02:01 -6 $near::/64 -b "$T/ann.binding"
check 'bob starts' start_vm bob 10.0.2.2/24 52:54:00:00:02:02 -6 $near::/64 -b "$T/bob.binding"
check 'six starts' start_vm six - 52:54:00:00:02:03 -6 $near::/64
check 'pia starts' start_vm pia - 52:54:00:00:02:04 -6 $near::/64
check 'four starts' start_vm four 10.0.2.4/24 52:54:00:00:02:05
check 'eve starts' start_vm eve - 52:54:00:00:03:01 -6 $other::/64
ip -n ann addr add 10.0.2.1/24 dev eth0
ip -n bob addr add 10.0.2.2/24 dev eth0
ip -n four addr add 10.0.2.4/24 dev eth0

has() {
	ip -n "$1" -6 -o addr show dev eth0 -tentative | grep -F " $2/" && return
	ip -n "$1" -6 addr show dev eth0
	return 1
}
for name in ann bob six eve; do
	eval "address=\$$name"
	check "$name has the address of its prefix and its MAC" within 20 has $name "$address"
done

# reaches NAME ADDRESS [PING'S FLAG...]
reaches() {
	reaches_from=$1 reaches_to=$2
	shift 2
	in_guest "$reaches_from" ping -n -q -c 2 -i 0.2 -W "$((2 * SLOW))" "$@" "$reaches_to"
}

# Waiting for a packet that is dropped takes this long.
patience=$((SLOW > 1 ? 3 : 1))
unreachable() {
	! in_guest "$1" ping -n -q -c 2 -i 0.2 -W "$patience" "$2"
}

# ---- what must work ----

for size in 16 1352 8952; do
	check "two guests ping each other with packets of $((size + 48)) octets" reaches ann $bob -s $size -M "do"
	check 'and the other way' reaches bob $ann -s $size -M "do"
done
check 'a guest pings a container in its prefix' reaches ann $near::8
check 'a container in its prefix pings a guest' reaches carl $bob
check 'a guest without a gateway pings one that has one' reaches six $bob
check 'and the other way' reaches bob $six
check 'eve pings the container in her own prefix' reaches eve $other::8
check 'IPv4 works beside it' reaches ann 10.0.2.2

# talks FROM TO ADDRESS PORT OCTETS [u]: whether that much data arrives completely, over TCP or UDP.
talks() {
	head -c "$5" /dev/urandom | base64 -w 0 | head -c "$5" >"$T/say.$4"
	in_guest "$2" timeout "$((20 * SLOW))" nc -6 ${6:+-u -W 1} -l -N "$3" "$4" >"$T/said.$4" </dev/null &
	talker=$!
	within 20 in_guest "$2" sh -c "ss -Hln${6:-t} sport = :$4 | grep -q ." || return 1
	in_guest "$1" timeout "$((20 * SLOW))" nc -6 ${6:+-u -w 1} -N "$3" "$4" <"$T/say.$4"
	wait "$talker"
	cmp "$T/say.$4" "$T/said.$4"
}
check 'UDP passes between guests, 64 octets' talks ann bob $bob 4001 64 u
check 'UDP passes between guests, 1400 octets' talks bob ann $ann 4002 1400 u
check 'TCP passes between guests, a million octets' talks ann bob $bob 4003 1000000
check 'and from a container' talks carl ann $ann 4004 1000000

# ---- the gateway ----

route_of() {
	in_guest "$1" ip -6 route show default
	in_guest "$1" ip -6 route show default | grep -q "via fe80::fc54:ff:fe00:20$2 "
}
path_mtu() {
	in_guest "$1" ip -6 route get $far
	in_guest "$1" ip -6 route get $far | grep -q 'mtu 1280'
}
for pair in ann:1:4005 bob:2:4006; do
	name=${pair%%:*} port=${pair##*:}
	n=${pair#*:}
	case $name in ann) kind=global ;; bob) kind=link-local ;; esac
	check "$name (gateway: $kind) has the default route" within 20 route_of "$name" "${n%:*}"
	check "$name reaches what is behind its gateway" reaches "$name" $far
	check "$name: a TCP stream gets through the narrow link" talks "$name" far $far "$port" 200000
	check "$name: because it was told that its packets were too big" path_mtu "$name"
	eval "address=\$$name"
	check "$name is reached from there" talks far "$name" "$address" "${port}1" 200000
done
check 'ann reaches the router itself' reaches ann $near::90
ip -n six route add default via fe80::90 dev eth0
check 'a guest without a gateway reaches nothing behind it' unreachable six $far
check 'and is not reached from there' unreachable far $six

# ---- a guest that forwards: its advertisements say that it is a router ----

in_guest bob sysctl -qw net.ipv6.conf.eth0.accept_ra=2 net.ipv6.conf.all.forwarding=1
ip -n ann neigh flush dev eth0
in_guest ann frames sniff eth0 -d in -t "$((10 * SLOW))" -n 1 -f "icmp6 and ip6[40] = 136 and ip6[44] & 0x80 != 0 and ip6 src host $bob" >"$T/router" &
sniffer=$!
within 10 grep -q '^# sniffing' "$T/router"
check 'a guest that forwards is reached' reaches ann $bob
check 'and said that it is a router' wait "$sniffer"
check 'and reaches the others' reaches bob $ann

# ---- addresses that the guest makes by itself ----

check 'pia forms another link-local address than the one of her MAC' not has pia fe80::5054:ff:fe00:204
temporary() {
	in_guest pia ip -6 -o addr show dev eth0 temporary -tentative | grep -q "$near"
}
check 'pia makes herself a temporary address' within 20 temporary
check 'which reaches nobody' unreachable pia $near::8
ip -n pia addr add "$pia/64" dev eth0
within 10 has pia $pia >"$T/pia"
# Until the kernel gives up, it solicits the neighbour from the temporary address.
check 'with her own she reaches the others' within 10 reaches pia $near::8 -I $pia
check 'and they reach her' reaches ann $pia
found() {
	in_guest pia ndisc6 -q -1 -r 2 -w "$((1000 * SLOW))" "$1" eth0
}
check 'from her own link-local address she finds a neighbour' within 5 found $bob

# ---- the bridge knows who listens, without reports of the guests ----

check 'the bridge is the querier of its groups' sh -c "bridge -d mdb show dev $BRIDGE | grep -q ff02::1:ff00:8"
for name in ann bob; do ip -n $name neigh flush dev eth0; done
ip -n carl neigh flush dev eth0
check 'guests, who ask for no group, are found all the same' within 5 reaches carl $ann
check 'and find others' reaches bob $near::8

# ---- another prefix ----

ip -n eve route add $near::/64 dev eth0
ip -n ann route add $other::/64 dev eth0
check 'guests of two prefixes do not reach each other' unreachable ann $eve
check 'not the other way either' unreachable eve $ann
ip -n dave route add $other::/64 dev eth0
check 'a stranger on the bridge does not reach a guest of another prefix' unreachable dave $eve
# Also with the neighbour's MAC as a static entry.
ip -n eve neigh replace $ann lladdr 52:54:00:00:02:01 dev eth0
ip -n eve neigh replace fe80::5054:ff:fe00:201 lladdr 52:54:00:00:02:01 dev eth0
check 'not where it knows the MAC' unreachable eve $ann
check 'nor over link-local addresses' unreachable eve fe80::5054:ff:fe00:201%eth0
ip -n ann neigh replace fe80::5054:ff:fe00:202 lladdr 52:54:00:00:02:02 dev eth0
check 'which carry no data within a prefix either' unreachable ann fe80::5054:ff:fe00:202%eth0

# ---- the host ----

host_mac=$(cat "/sys/class/net/$BRIDGE/address")
host_local=$(ip -6 -o addr show dev "$BRIDGE" scope link | sed 's/.* inet6 \([^ /]*\).*/\1/')
ip addr add fd5e:1:2:9::1/64 dev "$BRIDGE" nodad
ip -n ann route add fd5e:1:2:9::/64 dev eth0
for address in fd5e:1:2:9::1 "$host_local"; do
	ip -n ann neigh replace "$address" lladdr "$host_mac" dev eth0
done
check "a guest does not reach the host's address outside its prefix" unreachable ann fd5e:1:2:9::1
check "nor the host's link-local address" unreachable ann "$host_local%eth0"
check "nor does the host reach the guest" not ping -n -q -c 2 -i 0.2 -W "$patience" -I "$BRIDGE" $ann
ip addr add "$near::fe/64" dev "$BRIDGE" nodad
check 'a guest reaches the host inside its prefix' within 5 reaches ann $near::fe
check 'and is reached by it' ping -n -q -c 2 -i 0.2 -W "$((2 * SLOW))" $bob
check 'still not by its other address' unreachable ann fd5e:1:2:9::1

# ---- one family alone ----

# silence: waits until the sniffer has heard everything that was sent, then ends it.
silence() {
	sleep $patience
	kill "$sniffer"
	wait "$sniffer"
}

# foreign NAME MAC FILTER TEST: NAME tries all it can to send in a family in which it has no address; compares the
# number of matching frames that carl gets from that MAC with 0 by TEST (-eq, -gt).
foreign() {
	: >"$T/foreign.$1"
	in_guest carl frames sniff eth0 -d in -f "ether src $2 and ($3)" >"$T/foreign.$1" &
	sniffer=$!
	within 10 grep -q '^# sniffing' "$T/foreign.$1"
	case $1 in
	six)
		ip -n six addr replace 10.0.2.3/24 dev eth0
		in_guest six busybox arping -c 1 -w 1 -I eth0 10.0.2.8
		ip -n six neigh replace 10.0.2.8 lladdr 02:00:00:00:02:08 dev eth0
		in_guest six ping -n -q -c 1 -W 1 10.0.2.8
		in_guest six timeout "$((2 * SLOW))" busybox udhcpc -n -q -t 2 -T 1 -i eth0 -s /bin/true
		;;
	four | dave)
		ip -n "$1" addr replace "$four/64" dev eth0 nodad
		in_guest "$1" ndisc6 -1 -r 1 -w 500 $near::8 eth0
		in_guest "$1" rdisc6 -1 -r 1 -w 500 eth0
		ip -n "$1" neigh replace $near::8 lladdr 02:00:00:00:02:08 dev eth0
		in_guest "$1" ping -n -q -c 1 -W 1 -I $four $near::8
		;;
	esac >"$T/foreign.try" 2>&1
	silence
	test "$(grep -c '^in ' "$T/foreign.$1")" "$4" 0
}
check 'from a container IPv6 that it tries comes to carl' foreign dave 02:00:00:00:02:09 ip6 -gt
ip -n dave addr del "$four/64" dev eth0
check 'a guest with IPv6 alone sends no IPv4 and no ARP' foreign six 52:54:00:00:02:03 'ip or arp' -eq
check 'a guest with IPv4 alone sends no IPv6' foreign four 52:54:00:00:02:05 ip6 -eq

# to_guest NAME FILTER: how many such frames arrive while a container calls the guest in the family in which it has no
# address.
to_guest() {
	: >"$T/to.$1"
	in_guest "$1" frames sniff eth0 -d in -f "$2" >"$T/to.$1" &
	sniffer=$!
	within 10 grep -q '^# sniffing' "$T/to.$1"
	case $1 in
	six)
		in_guest dave busybox arping -c 1 -w 1 -I eth0 10.0.2.3
		ip -n dave neigh replace 10.0.2.3 lladdr 52:54:00:00:02:03 dev eth0
		in_guest dave ping -n -q -c 1 -W 1 10.0.2.3
		;;
	four)
		in_guest dave ndisc6 -1 -r 1 -w 500 $four eth0
		ip -n dave neigh replace $four lladdr 52:54:00:00:02:05 dev eth0
		in_guest dave ping -n -q -c 1 -W 1 $four
		in_guest dave ping -n -q -c 1 -W 1 ff02::1%eth0
		;;
	esac >"$T/to.try" 2>&1
	silence
	same 'frames' "$(grep -c '^in ' "$T/to.$1")" 0
}
check 'and gets none' to_guest six 'ip or arp'
check 'and gets none, four' to_guest four ip6
check 'six, which has another family, still reaches the others' reaches six $near::8
check 'four too' reaches four 10.0.2.8

for vm in ann bob six pia four eve; do
	check "$vm ends" stop_vm "$vm"
done
nothing_left 'six guests'
finish
