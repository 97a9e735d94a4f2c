#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# dhcpd-keys: how fold-dhcpd treats each key of the configuration and the bindings of both lines of nfdhcpd (GRNET's
# and its fork), and that it does not repeat their faults. Words after the name run only those lanes.
#
#   GRNET    server_on_link, domain and the host name's own, [ipv6] mode, enable_dhcpv6, enable_*, queues absent or -1; PRIVATE, MACSPOOF,
#            EUI64, INDEV (dhcpd-rules has it on a bridge), empty values, quoted ones, unknown keys
#   fork     dhcp6_*_optcode, domain_search, [dns] [notify] [addresses] [addresses6] [txts]; LINK, DOMAIN, DOMAIN_SEARCH, DHCP_SERVER_IP,
#            DNS_SERVER_IP, DNS_SERVER_IP6, DNS_TTL, DNS_FORWARD, NO_FORWARD, DNS_NAMESERVERS, ADDRESS_LISTS, names on several lines
#   fold's   IPADDR, IP6ADDR, PREFIX, IP6, DHCP_OPTION, DHCP6_OPTION
#   faults   link-local addresses that are not of the MAC, DHCPv6 Solicit, DECLINE, packets without a verdict, a server DUID that changes, values
#            cut at '=', NXDOMAIN for other types, AA on what others said, one address a name, a resolver that blocks, INFORM
# shellcheck source=tests/e2e/lib.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/dhcpd-lib.sh
. "$(dirname "$0")/dhcpd-lib.sh"
begin "$@"
dhcpd_begin

FORK6=fde5:824d:d315:3bb1

# one_rule 4|6 QUEUE WORDS...: of routed taps.
one_rule() {
	case $1 in 4) iptables=iptables ;; *) iptables=ip6tables ;; esac
	one_queue=$2
	shift 2
	host $iptables -t mangle -A PREROUTING -i tap+ "$@" -j NFQUEUE --queue-num "$one_queue" || bail "no rule for queue $one_queue"
}

grnet_host() {
	new_host "$1"
	one_rule 4 42 -p udp --dport 67
	one_rule 6 43 -p icmpv6 --icmpv6-type router-solicitation
	one_rule 6 44 -p icmpv6 --icmpv6-type neighbour-solicitation
	one_rule 6 45 -p udp --dport 547
	grnet_conf
}

fork_host() {
	new_host "$1"
	one_rule 4 42 -p udp --dport 67
	one_rule 6 43 -p udp --dport 547
	one_rule 6 44 -p icmpv6 --icmpv6-type router-solicitation
	one_rule 6 45 -p icmpv6 --icmpv6-type neighbour-solicitation
	one_rule 4 46 -p udp --dport 53
	one_rule 6 47 -p udp --dport 53
	one_rule 4 48 -p udp --dport 5300
	one_rule 6 49 -p udp --dport 5300
	fork_conf
}

# again SED...: edits the configuration and restarts the daemon.
again() {
	dhcpd_stop || not_ok "$HOST: ended with status $?"
	sed -i "$@" "$CONF"
	dhcpd_start
}

# dhcp GUEST WANT N CRAFT'S-FIELD...: sends a DHCP message from guest N; whether a line of dhcp.awk for the answer
# begins with WANT, or none comes if WANT is `no`. A plain DISCOVER is sent after it: its offer always comes, and ends
# the wait.
dhcp() {
	dhcp_guest=$1 dhcp_want=$2 dhcp_n=$3
	shift 3
	: >"$T/$dhcp_guest.frames"
	in_guest "$dhcp_guest" frames sniff eth0 -d in -f 'udp src port 67' -u 'udp[12:4] == 0x7e57e57e' -t $((5 * SLOW)) \
		>"$T/$dhcp_guest.frames" 2>&1 &
	dhcp_sniff=$!
	within 10 grep -q '^# sniffing' "$T/$dhcp_guest.frames" >/dev/null
	{
		craft dhcp smac="$(mac_of "$dhcp_n")" xid=0x11 "$@"
		craft dhcp smac="$(mac_of "$dhcp_n")" xid=0x7e57e57e
	} | in_guest "$dhcp_guest" frames send eth0
	wait "$dhcp_sniff" || echo 'the offer that ends the wait did not come'
	awk -f "$root/tests/e2e/dhcp.awk" "$T/$dhcp_guest.frames" >"$T/$dhcp_guest.words"
	# Removes the offer that ends the wait.
	sed -i '$d' "$T/$dhcp_guest.words"
	cat "$T/$dhcp_guest.words" "$T/$dhcp_guest.frames"
	grep -q '7e57e57e' "$T/$dhcp_guest.frames" || return 1
	case $dhcp_want in
	no) [ ! -s "$T/$dhcp_guest.words" ] ;;
	*) grep -q "^$dhcp_want" "$T/$dhcp_guest.words" ;;
	esac
}

# ---- the keys of GRNET's nfdhcpd ----

grnet_keys() {
	grnet_host "$1"
	plug "$1-1" tap1 1
	plug "$1-2" tap2 2
	grnet_binding tap1 1
	# Without a gateway; private; MAC addresses of any kind; the prefix by fold's own names.
	binding tap2 <<-END
		INDEV=tap2
		IPADDR=198.51.100.10
		MAC=$(mac_of 2)
		HOSTNAME=vm2.own.example.org
		SUBNET=198.51.100.8/29
		PREFIX=$PREFIX6::/64
		IP6ADDR=$PREFIX6::2222
		MACSPOOF=yes
		GATEWAY=
		GATEWAY6=
		EUI64=
		MTU=
		PRIVATE=
		WHATEVER=1
	END
	sed -i -e 's/^server_on_link.*/server_on_link = yes/' -e '/^domain =/d' "$CONF"
	check "$1: fold-dhcpd starts" dhcpd_start || return
	check "$1: server_on_link: a lease" ask4 "$1-1"
	check "$1: server_on_link: the gateway answers" told "$1-1" 4 serverid=192.0.2.254 router=192.0.2.254
	check "$1: without a domain the host name's own counts" told "$1-1" 4 domain=own.example.org
	check "$1: IPADDR, empty values: a lease" ask4 "$1-2"
	check "$1: server_on_link without a gateway: the subnet's first address answers" told "$1-2" 4 ip=198.51.100.10 serverid=198.51.100.9 \
		subnet=255.255.255.248
	check "$1: no gateway, no router" not_told "$1-2" 4 router
	check "$1: no MTU, none told" not_told "$1-2" 4 mtu
	check "$1: MACSPOOF: another client is served" dhcp "$1-2" 'in offer 198.51.100.10' 2 chaddr=52:54:00:99:99:99
	check "$1: without MACSPOOF it is not" dhcp "$1-1" no 1 chaddr=52:54:00:99:99:99
	check "$1: PREFIX is advertised" rs "$1-2"
	check "$1: and is what it says" advertised "$1-2" "Prefix *: $PREFIX6::/64"
	check "$1: IP6ADDR by DHCPv6" ask6 "$1-2"
	check "$1: and is what it says" told "$1-2" 6 "new_ip6_address=$PREFIX6::2222"
	check "$1: mode = slaac+dhcpv6: an advertisement" rs "$1-1"
	check "$1: whoever makes the address that is its own is not told to ask for one" advertised "$1-1" 'Stateful address conf. *: *No' \
		'Stateful other conf. *: *Yes' 'Autonomous address conf.: *Yes'
	rs "$1-2" >/dev/null
	check "$1: whoever does not is" advertised "$1-2" 'Stateful address conf. *: *Yes'
	check "$1: EUI64 by DHCPv6" ask6 "$1-1"
	check "$1: and is what it says" told "$1-1" 6 "new_ip6_address=$(eui64_of 1 "$PREFIX6")"
	check "$1: an unknown key is warned of and has no further effect" asks 'tap2:[0-9]+: WHATEVER' words

	# Routed taps: one gateway for all, in nobody's subnet.
	sed -i 's/^GATEWAY=.*/GATEWAY=203.0.113.1/; s/^GATEWAY6=.*/GATEWAY6=2001:db8::1/' "$DATA/tap1"
	check "$1: a gateway outside the subnet" within 5 gateway_is "$1-1" 203.0.113.1
	check "$1: with the route to it" told "$1-1" 4 'staticroutes=203.0.113.1/32 0.0.0.0 0.0.0.0/0 203.0.113.1'
	check "$1: GATEWAY6 outside the prefix: an advertisement" rs "$1-1"
	check "$1: the host is the router" advertised "$1-1" 'Router lifetime *: *14400 '

	sed -i 's/^PRIVATE=.*/PRIVATE=yes/' "$DATA/tap1"
	check "$1: PRIVATE: a lease without a router" within 5 leased_without_router "$1-1"
	check "$1: PRIVATE: an advertisement" rs "$1-1"
	check "$1: PRIVATE: the advertisement makes no router of it" advertised "$1-1" 'Router lifetime *: *0 '

	QUEUES='42 43 44'
	check "$1: starts with [ipv6] mode = slaac" again 's/^mode.*/mode = slaac/'
	rs "$1-2" >/dev/null
	check "$1: mode = slaac: DHCPv6 is not pointed to" advertised "$1-2" 'Stateful other conf. *: *No' "Prefix *: $PREFIX6::/64"
	QUEUES=
	check "$1: starts with [ipv6] mode = auto" again 's/^mode.*/mode = auto/'
	rs "$1-2" >/dev/null
	check "$1: mode = auto with a queue for DHCPv6 points to it" advertised "$1-2" 'Stateful other conf. *: *Yes'
	check "$1: starts with mode = auto and no queue for DHCPv6" again '/^dhcpv6_queue/d'
	rs "$1-2" >/dev/null
	check "$1: mode = auto without one does not" advertised "$1-2" 'Stateful other conf. *: *No'
	check "$1: starts with queues missing or -1" again -e 's/^ns_queue.*/ns_queue = -1/' -e '/^dhcp_queue/d'
	check "$1: a lack of it, and -1, turn a service off" same queues "$(queues | tr '\n' ' ')" '43 '
	QUEUES=43
	check "$1: starts with DHCP off" again -e 's/^enable_dhcp.*/enable_dhcp = no\ndhcp_queue = 42/' -e 's/^\[ipv6\]/&\ndhcpv6_queue = 45\nenable_dhcpv6 = no/'
	check "$1: enable_dhcp = no and enable_dhcpv6 = no turn services off" same queues "$(queues | tr '\n' ' ')" '43 '
	ends_well
}

gateway_is() {
	ask4 "$1" && told "$1" 4 "router=$2"
}

leased_without_router() {
	ask4 "$1" && not_told "$1" 4 router
}

# ---- the keys of the fork ----

fork_keys() {
	fork_host "$1"
	for n in 1 2 3 4; do plug "$1-$n" "tap$n" "$n"; done
	fork_binding tap1 1 DOMAIN=own.test DOMAIN_SEARCH=a.test,b.test GATEWAY=10.0.1.90 GATEWAY6=$FORK6::91 MTU=1400 DHCP_SERVER_IP=10.0.1.60 \
		DNS_SERVER_IP=10.0.1.61 DNS_SERVER_IP6=$FORK6::61 DNS_TTL=77 ADDRESS_LISTS=one,two ADDRESS:many.=10.0.1.101 ADDRESS:many.=10.0.1.102 \
		'TXT:equals.=a=b=c' 'DHCP_OPTION:42=10.0.1.123' IP6=$FORK6::1111
	printf 'ADDRESS:listed.=10.0.1.201\nNO_FORWARD=secret.test\n' >"$DATA/address_list_one"
	printf 'ADDRESS6:listed6.=%s::202\nTXT:listed.=hidden by the first list\n' "$FORK6" >"$DATA/address_list_two"
	# SUBNET, GATEWAY and the prefix come from a routing table that has a name.
	{
		cat /etc/iproute2/rt_tables
		echo '77 tenants'
	} >"$T/$1/rt_tables"
	mount --bind "$T/$1/rt_tables" /etc/iproute2/rt_tables
	host ip link add out type veth peer name out1
	host ip link set out up
	host ip addr add 203.0.113.1/26 dev out
	host ip -6 addr replace 2001:db8:77::1/64 dev out nodad
	host ip route add 203.0.113.0/26 dev out table 77
	host ip route add default via 203.0.113.3 dev out table 77 onlink
	host ip -6 route add 2001:db8:77::/64 dev out table 77
	host ip -6 route add default via 2001:db8:77::3 dev out table 77 onlink
	printf 'MAC=%s\nIP=203.0.113.7\nHOSTNAME=linked\nLINK=tenants\nNAMESERVERS=203.0.113.50\n' "$(mac_of 2)" >"$DATA/tap2"
	printf 'MAC=%s\nIP=203.0.113.8\nLINK=79\nNAMESERVERS=203.0.113.50\n' "$(mac_of 4)" >"$DATA/tap4"
	# Guest 3's binding has only what a binding must have.
	printf 'MAC=%s\nIP=10.0.1.3\nSUBNET=10.0.1.0/24\nNAMESERVERS=10.0.1.50\n' "$(mac_of 3)" >"$DATA/tap3"
	sed -i 's/^dhcp6_queue.*/&\ndomain_search = global.test, all.test\ndhcp6_hostname_optcode = 65100\ndhcp6_domainname_optcode = 65101/' "$CONF"
	check "$1: fold-dhcpd starts" dhcpd_start || return
	check "$1: a lease" ask4 "$1-1" -O ntpsrv
	check "$1: DOMAIN, DOMAIN_SEARCH, GATEWAY, MTU, DHCP_SERVER_IP, DHCP_OPTION" told "$1-1" 4 domain=own.test 'search=a.test b.test' router=10.0.1.90 \
		mtu=1400 serverid=10.0.1.60 dns=10.0.1.50 ntpsrv=10.0.1.123
	check "$1: an advertisement" rs "$1-1"
	check "$1: GATEWAY6, MTU, DOMAIN_SEARCH" advertised "$1-1" 'Router lifetime *: *14400 ' "Prefix *: $FORK6::/64" 'MTU *: *1400 ' \
		'DNS search list *: a.test b.test'
	check "$1: IP6 by DHCPv6" ask6 "$1-1"
	check "$1: and is what it says" told "$1-1" 6 "new_ip6_address=$FORK6::1111" "new_dhcp6_name_servers=$FORK6::1" 'new_dhcp6_domain_search=a.test. b.test.'
	check "$1: the host name by its own option of DHCPv6" asks 'unknown_65100|65100' grep -a 65100 "$T/$1-1.6.leases" "$T/$1-1.6"
	check "$1: GATEWAY6 on the link, whose MAC address nobody named, is left to itself" neighbour "$1-1" "$FORK6::91" no
	in_guest "$1-1" ip addr add 10.0.1.1/24 dev eth0
	for a in 50 60 61; do in_guest "$1-1" ip neigh replace "10.0.1.$a" lladdr "$(address_of tap1)" dev eth0; done
	in_guest "$1-1" ip -6 addr replace "$FORK6::1111/64" dev eth0 nodad
	check "$1: DNS_SERVER_IP answers" dns "$1-1" 10.0.1.1 @10.0.1.61 database. A
	check "$1: DNS_TTL counts" asks '^database\..*[^0-9]77[^0-9].*10\.0\.1\.1' in_guest "$1-1" dig +time=2 @10.0.1.61 database. A
	check "$1: every line of a name is answered" dns "$1-1" '10.0.1.101 10.0.1.102' @10.0.1.61 many. A
	check "$1: the value is all behind the first '='" dns "$1-1" '"a=b=c"' @10.0.1.61 equals. TXT
	check "$1: ADDRESS_LISTS: the first" dns "$1-1" 10.0.1.201 @10.0.1.61 listed. A
	check "$1: ADDRESS_LISTS: the second" dns "$1-1" "$FORK6::202" @10.0.1.61 listed6. AAAA
	check "$1: [txts]: the value is all behind the first '='" dns "$1-1" '"for all = of them # here"' @10.0.1.61 everywhere. TXT
	check "$1: [addresses6]" dns "$1-1" abab:abab:abab:abab:abab:abab:abab:abab "@$FORK6::61" everywhere. AAAA
	check "$1: another type of a known name is no NXDOMAIN" asks 'status: NOERROR.*' in_guest "$1-1" dig +time=2 @10.0.1.61 database. MX
	check "$1: own data are authoritative" asks 'flags:.* aa' in_guest "$1-1" dig +time=2 @10.0.1.61 database. A
	printf 'ADDRESS:listed.=10.0.1.222\n' >"$DATA/address_list_one"
	check "$1: an address list that changes is in force" within 5 dns "$1-1" 10.0.1.222 @10.0.1.61 listed. A
	rm "$DATA/address_list_one"
	check "$1: one that goes takes its records along" within 5 dns "$1-1" '' @10.0.1.61 listed. A

	printf 'ADDRESS:listed=10.0.1\n' >"$DATA/address_list_one"
	check "$1: one that is bad is named with its line" within 5 asks 'address_list_one:1: ' words
	check "$1: and what its binding said stays" dns "$1-1" "$FORK6::202" @10.0.1.61 listed6. AAAA
	sed -i 's/^DNS_TTL=.*/DNS_TTL=78/' "$DATA/tap1"
	check "$1: a binding that changes is in force all the same" within 5 asks '^database\..*[^0-9]78[^0-9].*10\.0\.1\.1' \
		in_guest "$1-1" dig +time=2 @10.0.1.61 database. A
	check "$1: with its other list" dns "$1-1" "$FORK6::202" @10.0.1.61 listed6. AAAA
	check "$1: it is stopped" dhcpd_stop
	check "$1: and started" dhcpd_start
	check "$1: a bad list keeps nobody from his lease after a start" ask4 "$1-1"
	printf 'ADDRESS:listed=10.0.1.223\n' >"$DATA/address_list_one"
	check "$1: when it is mended its names are known" within 5 dns "$1-1" 10.0.1.223 @10.0.1.61 listed. A

	check "$1: LINK: a lease" ask4 "$1-2"
	check "$1: LINK: subnet and gateway are the table's" told "$1-2" 4 ip=203.0.113.7 subnet=255.255.255.192 router=203.0.113.3
	check "$1: LINK: an advertisement" rs "$1-2"
	check "$1: LINK: the prefix is the table's" advertised "$1-2" 'Prefix *: 2001:db8:77::/64'

	host ip route replace default via 203.0.113.4 dev out table 77 onlink
	check "$1: LINK: a gateway that changes is in force" within 10 linked_to "$1-2" 203.0.113.4

	host ip route add 203.0.113.0/26 dev out table 79
	host ip route add default via 203.0.113.5 dev out table 79 onlink
	check "$1: LINK: a table that is filled later" within 10 linked_to "$1-4" 203.0.113.5

	sed -i 's/^LINK=.*/LINK=nosuch/' "$DATA/tap2"
	check "$1: LINK: a table that is not there is named with its line" within 5 asks \
		'/tap2:4: LINK: there is no routing table nosuch;.*; what it said before stays in force' words
	check "$1: LINK: and what the binding said stays" linked_to "$1-2" 203.0.113.4

	check "$1: a binding without a name" ask4 "$1-3"
	check "$1: its domain and search list are the configuration's" told "$1-3" 4 domain=global.test 'search=global.test all.test'
	check "$1: it has none" not_told "$1-3" 4 hostname
	ends_well
}

linked_to() {
	ask4 "$1" && told "$1" 4 "router=$2"
}

# ---- notifications ----

# heard_octets GUEST N: whether at least N datagrams came, all with the same 16 octets and from the binding's address
# and port.
heard_octets() {
	awk '/^#/ { next } { n++; if ($2 != "10.0.1.51" || $3 != 5300 || length($4) != 32) bad = 1; kind[$4]++ }
		END { for (k in kind) kinds++; print n + 0 " datagrams, " kinds + 0 " kinds"; exit !(n >= '"$2"' && kinds == 1 && !bad) }' "$T/$1.hear"
}

hear() { # GUEST HOW
	nsenter --net="/run/netns/$1" hear 5300 "$2" >"$T/$1.hear" 2>&1 &
	hear_pid=$!
	within 10 grep -q '^# ready' "$T/$1.hear" >/dev/null
}

deafen() {
	kill "$hear_pid"
	wait "$hear_pid" 2>/dev/null
}

notifies() {
	fork_host "$1"
	plug "$1-1" tap1 1
	in_guest "$1-1" ip addr add 10.0.1.1/24 dev eth0
	in_guest "$1-1" ip neigh replace 10.0.1.51 lladdr "$(address_of tap1)" dev eth0
	sed -i 's/^notify_period.*/notify_period = 1/' "$CONF"
	fork_binding tap1 1 NOTIFY_PORT=5300 NOTIFY_IP=10.0.1.51 ADDRESS_LISTS=one
	check "$1: fold-dhcpd starts" dhcpd_start || return
	hear "$1-1" quiet
	sleep "$SLOW"
	check "$1: a start is no change" not heard_octets "$1-1" 1
	printf 'ADDRESS:one.=10.0.1.9\n' >"$DATA/address_list_one"
	check "$1: an address list's change is told again and again until it is acknowledged" within 20 heard_octets "$1-1" 3
	deafen
	hear "$1-1" wrong
	check "$1: other octets acknowledge nothing" within 20 heard_octets "$1-1" 2
	deafen
	hear "$1-1" ack
	check "$1: it is told once more" within 20 heard_octets "$1-1" 1
	sleep $((3 * SLOW))
	check "$1: once acknowledged it is told no more" not heard_octets "$1-1" 2
	deafen
	hear "$1-1" quiet
	sed -i 's/^NOTIFY_IP=.*/&\nTXT:new.=word/' "$DATA/tap1"
	check "$1: a change of the binding is told" within 20 heard_octets "$1-1" 2
	deafen
	ends_well
}

# ---- DNS questions that are forwarded ----

upstream() {
	host ip addr add 10.99.0.1/32 dev lo
	host ip addr add 10.99.0.2/32 dev lo
	host dnsmasq -k --conf-file=/dev/null --port=53 --listen-address=10.99.0.1 --bind-interfaces --no-resolv --no-hosts --user=root --pid-file= \
		--host-record=else.test,192.0.2.77 --host-record=x.secret.test,192.0.2.78 --host-record=y.hidden.test,192.0.2.79 --local=/test/ \
		>"$T/$HOST/dnsmasq" 2>&1 &
	upstream_pid=$!
	within 10 sh -c "nsenter --net=/run/netns/$HOST ss -Hlun 'sport = 53' | grep -q 10.99.0.1" >/dev/null || not_ok "$HOST: dnsmasq listens"
}

# limit SOFT: limits the daemon's open files. A process of the daemon's own user may do that; root without
# CAP_SYS_RESOURCE may not.
limit() {
	limit_user=$(sed -n 's/^Uid:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$(dhcpd_pid)/status")
	limit_group=$(sed -n 's/^Gid:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$(dhcpd_pid)/status")
	setpriv --reuid "$limit_user" --regid "$limit_group" --clear-groups prlimit --pid "$(dhcpd_pid)" --nofile="$1":
}

fork_dns() {
	fork_host "$1"
	for n in 1 2 3; do plug "$1-$n" "tap$n" "$n"; done
	upstream
	fork_conf
	sed -i 's/^forward = no/forward = yes\nno_forward = hidden.test\nnameservers = 10.99.0.1/' "$CONF"
	fork_binding tap1 1 NO_FORWARD=secret.test
	fork_binding tap2 2 DNS_FORWARD=no
	# A server that never answers: packets to this address are dropped.
	host nft 'table ip hole { chain out { type filter hook output priority 0; ip daddr 10.99.0.2 drop; }; }'
	fork_binding tap3 3 DNS_NAMESERVERS=10.99.0.2
	check "$1: fold-dhcpd starts" dhcpd_start || return
	for n in 1 2 3; do
		in_guest "$1-$n" ip addr add "10.0.1.$n/24" dev eth0
		in_guest "$1-$n" ip neigh replace 10.0.1.50 lladdr "$(address_of "tap$n")" dev eth0
	done
	check "$1: forward = yes: others are asked" dns "$1-1" 192.0.2.77 @10.0.1.50 else.test A
	check "$1: what they say is not authoritative" asks 'flags: qr [^;]*;' in_guest "$1-1" dig +time=2 @10.0.1.50 else.test A
	check "$1: and has no AA" not grep -q 'flags:.* aa' "$T/asks.$job"
	check "$1: own records come first" dns "$1-1" 10.0.1.1 @10.0.1.50 database. A
	check "$1: NO_FORWARD" dns "$1-1" '' @10.0.1.50 x.secret.test A
	check "$1: no_forward" dns "$1-1" '' @10.0.1.50 y.hidden.test A
	check "$1: DNS_FORWARD=no" dns "$1-2" '' @10.0.1.50 else.test A
	check "$1: another guest's NO_FORWARD is not its own" dns "$1-1" 192.0.2.77 @10.0.1.50 else.test A

	# No descriptor is left for a forwarder.
	check "$1: its descriptors are limited" limit 3
	check "$1: no forwarder to be had: the question fails at once" asks 'status: SERVFAIL' in_guest "$1-3" dig +tries=1 +time=$((5 * SLOW)) @10.0.1.50 else.test A
	check "$1: and why is said" asks 'tap3: no sockets to ask name servers: Too many open files' words
	check "$1: own records are answered" dns "$1-3" 10.0.1.3 @10.0.1.50 database. A
	check "$1: the limit is lifted" limit 1024

	# fold-dhcpd makes no packet rules, so ALLOW cannot hold packets back here; fold-dhcpd warns of that.
	echo ALLOW=else.test >>"$DATA/tap1"
	check "$1: ALLOW: other names are refused" within 5 asks 'status: REFUSED' in_guest "$1-1" dig +time=2 @10.0.1.50 other.test A
	check "$1: ALLOW: a name of the list is asked for" dns "$1-1" 192.0.2.77 @10.0.1.50 else.test A
	check "$1: ALLOW: own records are answered" dns "$1-1" 10.0.1.1 @10.0.1.50 database. A
	check "$1: ALLOW: it says what is missing" within 5 asks 'tap1:[0-9]*: ALLOW: other names are refused, but nothing here keeps' words
	sed -i '/^ALLOW=/d' "$DATA/tap1"

	# Questions to other servers are answered too, unless the binding has DNS_INTERCEPT=service: then they reach
	# those servers.
	in_guest "$1-1" ip route replace 10.99.0.1/32 dev eth0
	in_guest "$1-1" ip neigh replace 10.99.0.1 lladdr "$(address_of tap1)" dev eth0
	host ip route replace 10.0.1.1/32 dev tap1
	check "$1: questions for other servers are answered" dns "$1-1" 10.0.1.1 @10.99.0.1 database. A
	echo DNS_INTERCEPT=service >>"$DATA/tap1"
	check "$1: DNS_INTERCEPT=service: they reach them" within 5 dns "$1-1" 192.0.2.78 @10.99.0.1 x.secret.test A
	check "$1: and those for its own server do not" dns "$1-1" 10.0.1.1 @10.0.1.50 database. A

	# Eight questions hang; everything else is answered meanwhile.
	for i in 1 2 3 4 5 6 7 8; do
		in_guest "$1-3" dig +time=1 +tries=1 @10.0.1.50 "hang$i.test" >/dev/null 2>&1 &
	done
	check "$1: while a name server is silent, its guest gets a lease" ask4 "$1-3"
	check "$1: and has its own records" dns "$1-3" 10.0.1.3 +time=1 +tries=1 @10.0.1.50 database. A
	check "$1: and others are answered from elsewhere" dns "$1-1" 192.0.2.77 @10.0.1.50 else.test A
	check "$1: and in the end it is told so" asks 'status: SERVFAIL' in_guest "$1-3" dig +time=$((20 * SLOW)) +tries=1 @10.0.1.50 late.test
	kill "$upstream_pid"
	ends_well
}

# ---- faults of the old programs ----

server_duid() {
	grep -ao 'option dhcp6.server-id [^;]*' "$T/$1.6.leases" | head -n 1
}

# none_waits: whether no queued packet waits for a verdict.
none_waits() {
	host cat /proc/net/netfilter/nfnetlink_queue
	[ "$(host awk '{ n += $3 } END { print n + 0 }' /proc/net/netfilter/nfnetlink_queue)" = 0 ]
}

# broken: requests that are truncated, or that give wrong lengths.
broken() {
	craft dhcp smac="$(mac_of 1)" bootp=100 end=no
	craft dhcp smac="$(mac_of 1)" options=3501ff
	craft dhcp smac="$(mac_of 1)" options=35
	craft dhcp smac="$(mac_of 1)" cookie=00000000
	craft dhcp smac="$(mac_of 1)" hlen=255
	craft dhcp smac="$(mac_of 1)" msg=77
	craft dhcp smac="$(mac_of 1)" len=9
	craft udp smac="$(mac_of 1)" src=10.0.1.1 dst=10.0.1.50 sport=1000 dport=53 data=00
	craft udp smac="$(mac_of 1)" src=10.0.1.1 dst=10.0.1.50 sport=1000 dport=53 data=0001010000ff000000000000c00c00010001
	# ICMPv6 and DHCPv6 that are too short behind a valid IPv6 header: hop limit 255, and checksums that the
	# queue's reader must not trust.
	printf '333300000002%s86dd6000000000043afffe80000000000000505400fffe000001ff0200000000000000000000000000028500\n' "$(mac_of 1 | tr -d :)" | sed 's/$/0000/'
	printf '333300010002%s86dd60000000000911fffe80000000000000505400fffe000001ff0200000000000000000000000100020222022300090000\n' "$(mac_of 1 | tr -d :)" | sed 's/$/01/'
	printf '3333ff000001%s86dd6000000000083afffe80000000000000505400fffe000001ff0200000000000000000001ff0000018700000000000000\n' "$(mac_of 1 | tr -d :)"
}

faults() {
	fork_host "$1"
	for n in 1 2; do plug "$1-$n" "tap$n" "$n"; done
	fork_binding tap1 1
	fork_binding tap2 2
	check "$1: fold-dhcpd starts" dhcpd_start || return

	# Link-local addresses that are not made from the MAC.
	in_guest "$1-1" ip -6 addr flush dev eth0 scope link
	in_guest "$1-1" ip -6 addr replace fe80::1:2:3:4/64 dev eth0 nodad
	check "$1: a router solicitation from a stable-privacy address is answered" rs "$1-1"
	check "$1: a DHCPv6 exchange from there too: Solicit to Reply" ask6 "$1-1"
	first=$(server_duid "$1-1")
	check "$1: a second one" ask6 "$1-1"
	check "$1: the server's DUID is the same" same DUID "$(server_duid "$1-1")" "${first:-a DUID}"

	# Global addresses that are not made from the MAC, as the guest may form them in an autonomous prefix. The
	# guest also sends its neighbour solicitations from them.
	in_guest "$1-1" ip -6 addr replace "$FORK6:1:2:3:4/64" dev eth0 nodad
	check "$1: DNS questions from a stable-privacy or temporary address are answered" dns "$1-1" "$FORK6::9" -b "$FORK6:1:2:3:4" "@$FORK6::1" \
		database. AAAA
	in_guest "$1-1" ip -6 addr del "$FORK6:1:2:3:4/64" dev eth0

	check "$1: DHCPDECLINE is borne without an answer" dhcp "$1-1" no 1 msg=4 reqip=10.0.1.1 server=10.0.1.50
	check "$1: DHCPRELEASE likewise" dhcp "$1-1" no 1 msg=7 ciaddr=10.0.1.1 server=10.0.1.50
	check "$1: after that it still gets its lease" ask4 "$1-1"
	check "$1: DHCPINFORM is answered to where it says" dhcp "$1-1" 'in ack .* to 10.0.1.1$' 1 msg=8 ciaddr=10.0.1.1 src=10.0.1.1
	check "$1: DHCPINFORM from an address that is not its own is not answered to the one that is" dhcp "$1-1" no 1 msg=8 ciaddr=10.0.1.77 src=10.0.1.77
	check "$1: a wrong address is refused" dhcp "$1-1" 'in nak' 1 msg=3 reqip=10.0.1.99
	check "$1: another server's business is left alone" dhcp "$1-1" no 1 msg=3 reqip=10.0.1.99 server=10.0.1.200
	check "$1: a relay's is dropped" dhcp "$1-1" no 1 giaddr=10.0.1.9
	check "$1: another guest's MAC address is" dhcp "$1-1" no 1 chaddr="$(mac_of 2)"

	# Every packet must get a verdict, whatever it contains.
	broken | in_guest "$1-1" frames send eth0 || not_ok "$1: broken packets are sent"
	check "$1: no broken packet waits for its verdict" within 5 none_waits
	check "$1: after broken packets it still answers DHCP" ask4 "$1-1"
	check "$1: and router solicitations" rs "$1-1"

	check "$1: it is stopped" dhcpd_stop
	check "$1: and started" dhcpd_start
	check "$1: an exchange with the next one" ask6 "$1-1"
	check "$1: the server's DUID outlives it" same DUID "$(server_duid "$1-1")" "${first:-a DUID}"
	ends_well
}

# ---- advertisements that nobody asked for ----

heard() {
	heard_n=$(awk -f "$root/tests/e2e/dhcp6.awk" "$T/$1.frames" | grep -c "^in ra .* prefix $2/64 .*to ff02::1\$")
	[ "$heard_n" -ge "$3" ] && return
	echo "$heard_n heard"
	awk -f "$root/tests/e2e/dhcp6.awk" "$T/$1.frames"
	return 1
}

# router_is GUEST HEX: whether the last advertisement came from that address: the IPv6 source, behind Ethernet's 14
# octets and IPv6's first 8.
router_is() {
	same router "$(tail -n 1 "$T/$1.frames" | sed -n 's/^in .\{44\}\(.\{32\}\).*/\1/p')" "$2"
}

# read_again N: whether the configuration was read again N times.
read_again() {
	same reloads "$(words | grep -c 'nfdhcpd.conf: read again')" "$1"
}

# withdrawn GUEST TIMES [MORE]: whether the withdrawal of the name server was advertised TIMES times (at least, without
# MORE), and then MORE advertisements came without it.
withdrawn() {
	awk -f "$root/tests/e2e/dhcp6.awk" "$T/$1.frames" | sed -n '/dns 2001:db8:100::1 no dns 2001:db8:200::2 /,$p' >"$T/$1.withdrawn"
	cat "$T/$1.withdrawn"
	[ "$(sed '/ no dns /!d' "$T/$1.withdrawn" | wc -l)" "-$([ $# = 2 ] && echo ge || echo eq)" "$2" ] &&
		[ "$(sed "1,$2d" "$T/$1.withdrawn" | grep -vc ' no dns ')" -ge "${3:-0}" ]
}

# withdrawn_all GUEST PREFIX: whether the last advertisement has router lifetime 0, and both lifetimes of the prefix
# are 0.
withdrawn_all() {
	awk -f "$root/tests/e2e/dhcp6.awk" "$T/$1.frames" | sed -n '/^in ra 0 /,$p' >"$T/$1.words"
	cat "$T/$1.words"
	same words "$(cat "$T/$1.words")" "in ra 0 - mtu 1450 prefix $2/64 LA no dns 2001:db8:100::1 to ff02::1" &&
		tail -n 1 "$T/$1.frames" | grep -q '030440c00000000000000000'
}

# ---- services that are off ----

# IPv6 with neighbour solicitations only; another machine does DNS.
off() {
	new_host "$1"
	one_rule 4 42 -p udp --dport 67
	one_rule 6 45 -p icmpv6 --icmpv6-type neighbour-solicitation
	plug "$1-1" tap1 1
	{
		general
		printf '[dhcp]\ndhcp_queue = 42\n[ipv6]\nns_queue = 45\n'
	} >"$CONF"
	check "$1: fold-dhcpd starts" dhcpd_start || return
	in_guest "$1-1" frames sniff eth0 -d in -f 'icmp6 and ip6[40] == 134' >"$T/$1-1.frames" 2>&1 &
	within 10 grep -q '^# sniffing' "$T/$1-1.frames" >/dev/null
	fork_binding tap1 1
	check "$1: DHCP is on" within 5 ask4 "$1-1"
	check "$1: its server has the first name server's address, as ever" told "$1-1" 4 serverid=10.0.1.50
	check "$1: neighbour solicitations are on" neighbour "$1-1" "$(link_of "$(address_of tap1)")" "$(address_of tap1)"
	check "$1: without dns6_queue the name server answers for itself" neighbour "$1-1" "$FORK6::1" no
	sleep $((2 * SLOW))
	check "$1: without rs_queue there are no advertisements" same advertisements "$(grep -c '^in' "$T/$1-1.frames")" 0
	ends_well
}

periodic() {
	grnet_host "$1"
	grnet_conf
	sed -i 's/^ra_period.*/ra_period = 2/' "$CONF"
	for n in 1 2 3; do
		plug "$1-$n" "tap$n" "$n"
		grnet_binding "tap$n" "$n"
		sed -i "s/^SUBNET6.*/SUBNET6=$PREFIX6$n::\/64/; /^EUI64/d; s/^GATEWAY6=.*/GATEWAY6=$PREFIX6$n::1/" "$DATA/tap$n"
		in_guest "$1-$n" frames sniff eth0 -d in -f 'icmp6 and ip6[40] == 134' >"$T/$1-$n.frames" 2>&1 &
		within 10 grep -q '^# sniffing' "$T/$1-$n.frames" >/dev/null
	done
	check "$1: fold-dhcpd starts" dhcpd_start || return
	for n in 1 2 3; do
		check "$1: tap$n is advertised its own prefix again and again" within 30 heard "$1-$n" "$PREFIX6$n::" 3
	done
	check "$1: RDNSS lives three periods" rs "$1-1"
	check "$1: as long as it should" advertised "$1-1" 'DNS servers* lifetime *: *6 ' 'Router lifetime *: *14400 '
	# A reload advertises at once what is new, and what is no longer valid with lifetime 0.
	sed -i 's/^nameservers = 2001.*/nameservers = 2001:db8:100::1/' "$CONF"
	kill -HUP "$(dhcpd_pid)"
	check "$1: a reload that changes name servers is told, and that one is none any more" within 15 withdrawn "$1-2" 1
	check "$1: three times, as at a start, and then no more" within 15 withdrawn "$1-2" 3 1
	sed -i 's/^ra_period.*/ra_period = 600/' "$CONF"
	kill -HUP "$(dhcpd_pid)"
	check "$1: another reload, of the period" within 15 read_again 2
	# A bridge's MAC address changes with its ports; this test changes the interface's own.
	host ip link set tap2 address 02:0a:00:00:00:99
	check "$1: the host's other MAC address makes it another router, which is told at once" within 5 router_is "$1-2" fe80000000000000000a00fffe000099
	last=$(wc -l <"$T/$1-2.frames")
	echo ADDRESS:new.=10.0.1.1 >>"$DATA/tap2"
	kill -HUP "$(dhcpd_pid)"
	check "$1: a reload and a change that say nothing new of routers" within 5 read_again 3
	sleep 1
	check "$1: are no reason to advertise" same advertisements "$(wc -l <"$T/$1-2.frames")" "$last"
	sed -i 's/^ra_period.*/ra_period = 2/' "$CONF"
	kill -HUP "$(dhcpd_pid)"
	rm "$DATA/tap3"
	sed -i '/6/{/^MAC=/!d}' "$DATA/tap2"
	check "$1: a binding that gives no IPv6 any more: router, prefix and name servers are withdrawn" within 5 withdrawn_all "$1-2" "$PREFIX6"2::
	sleep "$SLOW"
	last=$(wc -l <"$T/$1-3.frames")
	check "$1: tap1 goes on" within 30 heard "$1-1" "$PREFIX6"1:: 8
	check "$1: and that is the last" withdrawn_all "$1-2" "$PREFIX6"2::
	check "$1: an interface whose binding is gone hears no more" same advertisements "$(wc -l <"$T/$1-3.frames")" "$last"
	sed -i 's/^ra_period.*/ra_period = 20000/' "$CONF"
	kill -HUP "$(dhcpd_pid)"
	check "$1: a period longer than the router would live" within 5 read_again 5
	check "$1: is advertised" rs "$1-1"
	check "$1: with a router that lives for three" advertised "$1-1" 'DNS servers* lifetime *: *60000 ' 'Router lifetime *: *60000 '
	ends_well
}

only=$*

lane grnet grnet_keys grnet
lane fork fork_keys fork
lane dns fork_dns dns
lane notify notifies notify
lane faults faults faults
lane periodic periodic periodic
lane off off off
merge
finish
