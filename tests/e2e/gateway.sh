#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# gateway: the way out of the subnet, and what -a and -A do with it: each form of action, in both families and both
# directions.
#
#   10.0.2.0/24, fd5e:1:2:3::/64   guest ann (.1, ::1), container carl (.8, ::8), routers rt and alt (both .90, ::90; they masquerade)
#   198.51.100.7, 2001:db8:7::7    inet, behind either router
#   203.0.113.7, 2001:db8:d::7     deep, behind inet by a link with an MTU of 1300, which deep does not know
#   tests/e2e/gateway.sh [short]     short: only what depends on the way of delivery
# shellcheck source=tests/e2e/lib.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
begin "$@"

[ "${1:-}" = short ] && short=yes || short=
near=fd5e:1:2:3 far4=198.51.100.7 far6=2001:db8:7::7
MAC=52:54:00:00:02:01 RT=02:00:00:00:02:90 ALT=02:00:00:00:02:91
# Waiting for a packet that is dropped takes this long.
patience=$((SLOW > 1 ? 3 : 1))

make_bridge "$BRIDGE"
container carl 10.0.2.8/24 02:00:00:00:02:08
ip -n carl addr add $near::8/64 dev eth0 nodad
ip netns add inet
ip -n inet link set lo up
ip -n inet addr add $far4/32 dev lo
ip -n inet addr add $far6/128 dev lo nodad

# router NAME MAC NET: a router on the bridge with a link of its own to inet.
router() {
	container "$1" 10.0.2.90/24 "$2"
	in_guest "$1" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	ip -n "$1" addr add $near::90/64 dev eth0 nodad
	ip -n "$1" link add out0 type veth peer name "$1" netns inet
	ip -n "$1" link set out0 up
	ip -n inet link set "$1" up
	ip -n "$1" addr add "192.0.2.$3/30" dev out0
	ip -n "$1" addr add "2001:db8:$3::1/64" dev out0 nodad
	ip -n inet addr add "192.0.2.$(($3 + 1))/30" dev "$1"
	ip -n inet addr add "2001:db8:$3::2/64" dev "$1" nodad
	ip -n "$1" route add default via "192.0.2.$(($3 + 1))"
	ip -n "$1" route add default via "2001:db8:$3::2"
	in_guest "$1" nft -f - <<-END
		table inet nat {
			chain post {
				type nat hook postrouting priority 100
				oifname out0 ct direction original masquerade
			}
		}
	END
}
router rt $RT 1
router alt $ALT 5
ip -n inet route add 10.0.2.0/24 via 192.0.2.1
ip -n inet route add $near::/64 via 2001:db8:1::1
for name in rt alt; do ip -n $name neigh flush dev eth0; done
deep4=203.0.113.7 deep6=2001:db8:d::7
in_guest inet sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip netns add deep
ip -n inet link add narrow mtu 1300 type veth peer name eth0 netns deep
ip -n inet link set narrow up
ip -n inet addr add 203.0.113.1/24 dev narrow
ip -n inet addr add 2001:db8:d::1/64 dev narrow nodad
ip -n deep link set eth0 up
ip -n deep addr add $deep4/24 dev eth0
ip -n deep addr add $deep6/64 dev eth0 nodad
ip -n deep route add default via 203.0.113.1
ip -n deep route add default via 2001:db8:d::1

# binding [MAC]
binding() {
	cat <<-END
		HOSTNAME=ann
		NAMESERVERS=10.0.2.50
		NAMESERVERS6=$near::50
		GATEWAY=10.0.2.90
		GATEWAY_MAC=${1:-$RT}
		GATEWAY6=$near::90
		GATEWAY6_MAC=${1:-$RT}
	END
}
binding >"$T/ann.binding"

# up [FOLD'S FLAG...]: starts ann's VM. Her addresses and routes are configured by hand.
up() {
	rm -f "$T/ann.log"
	[ -e /run/netns/ann ] || ip netns add ann
	in_guest ann sysctl -qw net.ipv6.conf.all.accept_ra=0 net.ipv6.conf.default.accept_ra=0
	start_vm ann 10.0.2.1/24 $MAC -6 $near::1/64 -s -b "${BINDING:-$T/ann.binding}" "$@" || return 1
	ip -n ann addr add 10.0.2.1/24 dev eth0
	ip -n ann addr add $near::1/64 dev eth0 nodad
	ip -n ann route add default via 10.0.2.90
	ip -n ann route add default via $near::90
	within 10 reaches ann 10.0.2.8
	within 10 reaches ann $near::8
}

down() {
	stop_vm ann
}

reaches() {
	in_guest "$1" ping -n -q -c 1 -W "$((2 * SLOW))" "$2"
}
# unreachable NAME ADDRESS [PING'S FLAG...]
unreachable() {
	unreachable_from=$1 unreachable_to=$2
	shift 2
	! in_guest "$unreachable_from" ping -n -q -c 2 -i 0.2 -W "$patience" "$@" "$unreachable_to"
}

# far FAMILY, own FAMILY
far() {
	[ "$1" = 4 ] && echo $far4 || echo $far6
}
own() {
	[ "$1" = 4 ] && echo 10.0.2.1 || echo $near::1
}

# count NAME: the packets of a counter in ann's table.
count() {
	nft list counter netdev fold-ann "$1" | sed -n 's/.*packets \([0-9]*\).*/\1/p'
}
# counts NAME COMMAND...: whether the counter grows while the command runs.
counts() {
	counts_name=$1 counts_had=$(count "$1")
	shift
	"$@"
	[ "$(count "$counts_name")" -gt "$counts_had" ] || {
		echo "$counts_name is still $counts_had"
		return 1
	}
}

# The neighbour may have to be resolved first.
reaches_soon() {
	within 5 reaches "$@"
}
# passes WHAT [FAMILY...]: tests that packets pass in both directions.
passes() {
	passes_what=$1
	shift
	[ $# -gt 0 ] || set -- 4 6
	for f; do
		check "$passes_what: IPv$f leaves" reaches_soon ann "$(far $f)"
		check "$passes_what: IPv$f enters" reaches_soon inet "$(own $f)"
	done
}
# stops WHAT [FAMILY...]: tests that packets pass in neither direction, and that the subnet is still reached.
stops() {
	stops_what=$1
	shift
	[ $# -gt 0 ] || set -- 4 6
	for f; do
		check "$stops_what: IPv$f does not leave, and is counted" counts from_gateway unreachable ann "$(far $f)"
		check "$stops_what: IPv$f does not enter, and is counted" counts to_gateway unreachable inet "$(own $f)"
	done
	check "$stops_what: the subnet is reached over IPv4" reaches ann 10.0.2.8
	check "$stops_what: the subnet is reached over IPv6" reaches ann $near::8
}

# talks FROM TO ADDRESS: a million octets over TCP.
talks() {
	head -c 1000000 /dev/urandom >"$T/say"
	in_guest "$2" timeout "$((30 * SLOW))" nc -l -N "$3" 4000 >"$T/said" </dev/null &
	talker=$!
	within 30 in_guest "$2" sh -c 'ss -Hlnt sport = :4000 | grep -q .' || return 1
	in_guest "$1" timeout "$((30 * SLOW))" nc -N "$3" 4000 <"$T/say"
	wait "$talker"
	cmp "$T/say" "$T/said"
}
# ---- a guest that is told of its gateway, and believes it ----

if [ -z "$short" ]; then

machine ann
check 'ann starts' start_vm ann 10.0.2.1/24 $MAC -6 $near::/64 -b "$T/ann.binding"
dhcp() {
	on ann busybox udhcpc -n -q -t 5 -T 2 -i eth0 -O staticroutes -s /etc/udhcpc/default.script
}
check 'DHCP gives her an address' dhcp
default4() {
	ip -n ann route show default
	ip -n ann route show default | grep -q 'via 10.0.2.90'
}
default6() {
	ip -n ann -6 route show default
	ip -n ann -6 route show default | grep -q 'via fe80::'
}
check 'and the default route' default4
check 'router advertisements give her one of IPv6' within 20 default6
eui=$near:5054:ff:fe00:201
has_eui() {
	ip -n ann -6 -o addr show dev eth0 -tentative | grep -F " $eui/"
}
within 20 has_eui >"$T/eui"
check 'she reaches the world over IPv4' reaches ann $far4
check 'and over IPv6' reaches ann $far6
check 'the world reaches her over IPv4' reaches inet 10.0.2.1
check 'and over IPv6' reaches inet $eui

# Her gateway asks for her MAC from the address that it sends from, which here is another one of its own.
in_guest rt sysctl -qw net.ipv4.conf.all.arp_announce=0 net.ipv4.conf.eth0.arp_announce=0
ip -n rt neigh flush dev eth0
reached_from() {
	in_guest "$1" ping -n -q -c 1 -W "$((2 * SLOW))" -I "$2" "$3"
}
check 'her gateway reaches her from another address of its own' reached_from rt 192.0.2.1 10.0.2.1

check 'a stream to the world over IPv4' talks ann inet $far4
check 'and over IPv6' talks ann inet $far6
check 'a stream from the world over IPv4' talks inet ann 10.0.2.1
check 'and over IPv6' talks inet ann $eui
check 'ann ends' down

# ---- name servers beyond the gateway ----

# fold answers the questions to them. Whatever else these machines do is theirs.
{
	binding | sed "s/^NAMESERVERS=.*/NAMESERVERS=$far4/; s/^NAMESERVERS6=.*/NAMESERVERS6=$far6/"
	echo 'ADDRESS:db.example=10.0.2.9'
} >"$T/public.binding"
asks() {
	same answer "$(in_guest ann dig +short +tries=1 +time=$((2 * SLOW)) "$@" db.example A)" 10.0.2.9
}
BINDING=$T/public.binding
check "ann starts with other people's name servers" up
for address in $far4 $far6; do
	check "$address: fold answers what it is asked" asks "@$address"
	check "$address: and by TCP" asks +tcp "@$address"
	check "$address: a ping gets its reply" reaches_soon ann "$address"
	check "$address: a stream passes" talks ann inet "$address"
done
BINDING=
check 'ann ends' down

# ---- a static route by DHCP (RFC 3442) ----

# A route to 198.51.100.0/24 through the gateway, and no default route.
{
	binding
	echo 'DHCP_OPTION:121=18:c6:33:64:0a:00:02:5a'
} >"$T/static.binding"
check 'ann starts with a route in her binding' start_vm ann 10.0.2.1/24 $MAC -b "$T/static.binding"
on ann dhcpcd -4 -1 -t $((20 * SLOW)) eth0 >"$T/dhcpcd" 2>&1
static() {
	ip -n ann route
	ip -n ann route show 198.51.100.0/24 | grep -q 'via 10.0.2.90'
}
check 'DHCP gives her the route' within 10 static || detail_file "$T/dhcpcd"
check 'and no default route, which it takes the place of' not default4
check 'by which she reaches the world' reaches ann $far4
on ann dhcpcd -4 -k eth0 >>"$T/dhcpcd" 2>&1
check 'ann ends' down
kill "$(cat "$T/ns/ann.machine")"
ip netns del ann

fi

# tells TEXT PING'S-WORD...: whether ann's ping reports such an error.
tells() {
	tells_text=$1
	shift
	in_guest ann ping -n -c 2 -i 0.3 -W "$((2 * SLOW))" "$@" >"$T/tells" 2>&1
	cat "$T/tells"
	grep -qE "$tells_text" "$T/tells"
}
# errors_pass WHAT: tests that ann gets the errors of routers beyond her gateway, without which she would never learn
# that her packets are too big (RFC 1191, 8201).
errors_pass() {
	for f in 4 6; do
		[ $f = 4 ] && deep=$deep4 || deep=$deep6
		check "$1: a stream of IPv$f learns on its way what size passes, and arrives" talks ann deep $deep
	done
	ip -n ann -4 route flush cache
	ip -n ann -6 route flush cache
	check "$1: a router beyond the gateway says that IPv4 is too big for it" tells 'From 192.0.2.2 .*Frag needed .*mtu ?= ?1300' -M "do" -s 1400 $deep4
	check "$1: and IPv6" tells 'From 2001:db8:1::2 .*Packet too big: mtu ?= ?1300' -M "do" -s 1400 $deep6
	for f in 4 6; do
		[ $f = 4 ] && deep=$deep4 from=192.0.2.2 || deep=$deep6 from=2001:db8:1::2
		check "$1: and of IPv$f that it came to its end there" tells "From $from .*[Ee]xceeded" -t 2 $deep
	done
}

# changed: whether the rules have the other gateway's MAC.
changed() {
	nft list table netdev fold-ann | grep -q "0x$(echo $ALT | tr -d : | sed 's/^0*//')"
}

if [ -z "$short" ]; then

# ---- only the gateway's MAC ----

check 'ann runs' up
passes 'no action'
errors_pass 'no action'
for f in 4 6; do
	[ $f = 4 ] && gw=10.0.2.90 || gw=$near::90
	ip -n ann neigh replace $gw lladdr $ALT dev eth0 nud permanent
	check "IPv$f to the world by another router's MAC is dropped" counts from_destination unreachable ann "$(far $f)"
	ip -n ann neigh replace $gw lladdr $RT dev eth0 nud permanent
	check "IPv$f by the gateway's MAC passes" reaches ann "$(far $f)"
done
ip -n inet route replace 10.0.2.0/24 via 192.0.2.5
ip -n inet route replace $near::/64 via 2001:db8:5::1
for f in 4 6; do
	check "IPv$f from the world by another router is dropped" counts to_source unreachable inet "$(own $f)"
done
ip -n carl addr add 198.51.100.9/32 dev eth0
ip -n carl neigh replace 10.0.2.1 lladdr $MAC dev eth0
pretends() {
	unreachable carl 10.0.2.1 -I 198.51.100.9
}
check "a container that speaks for the world is not heard" counts to_source pretends

# ---- another gateway while she runs ----

binding $ALT >"$T/new" && mv "$T/new" "$T/ann.binding"
check 'another gateway is in force' within 5 changed
for f in 4 6; do
	[ $f = 4 ] && gw=10.0.2.90 || gw=$near::90
	check "IPv$f by the old one's MAC is dropped" counts from_destination unreachable ann "$(far $f)"
	ip -n ann neigh replace $gw lladdr $ALT dev eth0 nud permanent
	check "IPv$f leaves by the new one" reaches ann "$(far $f)"
	check "IPv$f enters by the new one" reaches inet "$(own $f)"
done
grep -v GATEWAY "$T/ann.binding" >"$T/new" && mv "$T/new" "$T/ann.binding"
lost() {
	not changed
}
check 'a binding without one is in force' within 5 lost
for f in 4 6; do
	check "without a gateway IPv$f does not leave" counts from_destination unreachable ann "$(far $f)"
	check "and does not enter" counts to_source unreachable inet "$(own $f)"
done
check 'ann ends' down
binding >"$T/ann.binding"
ip -n inet route replace 10.0.2.0/24 via 192.0.2.1
ip -n inet route replace $near::/64 via 2001:db8:1::1

fi

# ---- go on, and drop ----

for words in '-j RETURN' ' -j  ACCEPT ' accept; do
	[ -z "$short" ] || [ "$words" = accept ] || continue
	check "-a '$words': ann runs" up -a "$words" -A "$words"
	passes "-a '$words'"
	check 'ann ends' down
done
for words in '-j DROP' drop; do
	[ -z "$short" ] || [ "$words" = drop ] || continue
	check "-a '$words': ann runs" up -a "$words" -A "$words"
	stops "-a '$words'"
	check 'ann ends' down
done
if [ -z "$short" ]; then
	check "-A '-j DROP' alone: ann runs" up -A '-j DROP'
	passes "-A '-j DROP'" 4
	stops "-A '-j DROP'" 6
	check 'ann ends' down
fi

# ---- refused with an answer ----

# hears WHERE IFACE FILTER COMMAND...: whether a matching frame arrives there while the command runs.
hears() {
	hears_at=$1 hears_filter=$3
	: >"$T/hears"
	in_guest "$1" frames sniff "$2" -d in -t "$((10 * SLOW))" -n 1 -f "$3" >"$T/hears" &
	sniffer=$!
	within 10 grep -q '^# sniffing' "$T/hears"
	shift 3
	# Under load a frame may be late or lost, so the command is repeated while the sniffer runs.
	for _ in 1 2 3; do
		"$@" >"$T/hears.said" 2>&1
		! grep -q '^in ' "$T/hears" || break
	done
	wait "$sniffer" && return
	echo "at $hears_at: no frame like $hears_filter"
	cat "$T/hears.said" "$T/hears"
	return 1
}
calls() {
	in_guest "$1" timeout "$((3 * SLOW))" nc -z -w "$((2 * SLOW))" "$2" "${3:-22}"
}
dropped() { # as calls has it
	! in_guest "$1" nc -z -w "$patience" "$2" "${3:-22}"
}
# refused FAMILY CODE: sets filters for the error: its source is the address that was to be reached.
refused() {
	f=$1 code=$2
	if [ "$f" = 4 ]; then
		here="icmp[0] = 3 and icmp[1] = $code" there=$here
		here="$here and src $far4" there="$there and src 10.0.2.1"
	else
		here="icmp6 and ip6[40] = 1 and ip6[41] = $code" there=$here
		here="$here and src $far6" there="$there and src $near::1"
	fi
}
# rejects WORDS FAMILY CODE: tests that pings are refused so, in both directions.
rejects() {
	refused "$2" "$3"
	check "'$1': a ping from ann is refused with code $3" hears ann eth0 "$here" unreachable ann "$(far "$2")"
	check "'$1': a ping from the world is refused with code $3" hears inet rt "$there" unreachable inet "$(own "$2")"
}
check "-j REJECT: ann runs" up -a '-j REJECT' -A reject
rejects '-j REJECT' 4 3
rejects reject 6 4
at_once() {
	began=$(now)
	not calls "$@" || return 1
	[ $(($(now) - began)) -lt $((1500 * SLOW)) ]
}
for f in 4 6; do
	check "IPv$f: TCP to the world fails at once" at_once ann "$(far $f)"
	check "IPv$f: TCP from the world fails at once" at_once inet "$(own $f)"
done
check 'the subnet is reached over IPv4' reaches ann 10.0.2.8
check 'and over IPv6' reaches ann $near::8
# errors HOW-MANY CRAFT'S-WORD...: whether the crafted message is answered with that many errors. There is no error
# about an error (RFC 1812 4.3.2.7), and none about a packet to many receivers. A ping goes after it: when the error that
# quotes that one has come, no other will.
errors() {
	want=$1
	: >"$T/errors"
	in_guest ann frames sniff eth0 -d in -t $((10 * SLOW)) -f icmp -u 'icmp[32:2] = 8' >"$T/errors" &
	sniffer=$!
	within 10 grep -q '^# sniffing' "$T/errors"
	shift
	set -- "$(crafted iid=7 "$@")" "$(crafted iid=8)"
	in_guest ann frames send eth0 "$@" >"$T/send" 2>&1 || cat "$T/send"
	wait "$sniffer" || { echo 'the ping after it was not answered'; return 1; }
	same 'errors heard' "$(grep -c '^in ' "$T/errors")" $((want + 1))
}
crafted() {
	craft icmp smac=$MAC dmac=$RT src=10.0.2.1 dst=$far4 text=hello "$@"
}
check 'a crafted ping is answered with an error' errors 1
check 'an error is answered with nothing' errors 0 itype=3 code=1
check 'nor is a message of an unknown kind' errors 0 itype=42
check 'nor a fragment' errors 0 mf=1
check 'nor a broken checksum' errors 0 csum=1
# fold answers a hundred a second at most, and fifty at once.
flood() {
	: >"$T/flood"
	nsenter --net=/run/netns/ann frames sniff eth0 -d in -t "$((30 * SLOW))" -f 'icmp[0] = 3' >"$T/flood" &
	sniffer=$!
	within 10 grep -q '^# sniffing' "$T/flood"
	in_guest ann frames send eth0 -c 3000 "$(crafted)"
	sleep "$patience"
	kill "$sniffer"
	wait "$sniffer"
	n=$(grep -c '^in ' "$T/flood")
	echo "$n answers"
	[ "$n" -ge 20 ] && [ "$n" -lt 1500 ]
}
check 'a flood gets some answers, not one each' flood
check 'ann ends' down

[ -n "$short" ] || for words in '4 0 -j REJECT --reject-with icmp-net-unreachable' '4 1 -j REJECT --reject-with host-unreach' \
	'4 2 -j REJECT --reject-with icmp-proto-unreachable' '4 13 -j REJECT --reject-with icmp-admin-prohibited' \
	'4 9 reject with icmp type net-prohibited' '4 10 reject with icmp host-prohibited' '4 13 reject with icmpx type admin-prohibited' \
	'6 0 -j REJECT --reject-with icmp6-no-route' '6 1 -j REJECT --reject-with adm-prohibited' \
	'6 3 -j REJECT --reject-with icmp6-addr-unreachable' '6 5 reject with icmpv6 type policy-fail' '6 6 reject with icmpv6 reject-route' \
	'6 3 reject with icmpx host-unreachable'; do
	family=${words%% *} words=${words#* }
	code=${words%% *} words=${words#* }
	[ "$family" = 4 ] && flag=-a || flag=-A
	check "$flag '$words': ann runs" up $flag "$words"
	rejects "$words" "$family" "$code"
	check 'ann ends' down
done

check "-j REJECT --reject-with tcp-reset: ann runs" up -a '-j REJECT --reject-with tcp-reset' -A 'reject with tcp reset'
for f in 4 6; do
	[ $f = 4 ] && flags='tcp[13] & 4 != 0' || flags='ip6[6] = 6 and ip6[53] & 4 != 0'
	check "IPv$f: TCP from ann is reset" hears ann eth0 "$flags and src $(far $f)" calls ann "$(far $f)"
	check "IPv$f: TCP from the world is reset" hears inet rt "$flags and src $(own $f)" calls inet "$(own $f)"
	refused $f $((f == 4 ? 3 : 4))
	check "IPv$f: anything else is unreachable" hears ann eth0 "$here" unreachable ann "$(far $f)"
done
check 'ann ends' down

# ---- a chain of the user's ----

nft -f - <<-'END'
	table bridge fold {
		counter out {}
		counter in {}
		chain mine {
			icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } drop
			iifname ann ether saddr 52:54:00:00:02:01 ether daddr 02:00:00:00:02:90 counter name out
			oifname ann ether saddr 02:00:00:00:02:90 counter name in
			tcp dport 4001 drop
			tcp dport 4002 accept
		}
		chain strict {
			tcp dport 4002 accept
			icmp type echo-request oifname ann drop
			icmpv6 type echo-request oifname ann drop
			icmp type { echo-request, echo-reply } accept
			icmpv6 type { echo-request, echo-reply } accept
			drop
		}
		chain hooked {
			type filter hook forward priority 0
		}
	}
END
# users_alone: after the last VM the table has nothing of fold's, and everything of the user's.
users_alone() {
	nft list table bridge fold | grep -E 'map |chain (leav|enter|take|serve|pre|post)' >"$T/table.sets"
	nft list chain bridge fold mine | grep -q 4001 && nft list chain bridge fold strict | grep -q 4002 &&
		nft list counter bridge fold out && same "fold's own in the table" "$(cat "$T/table.sets")" ''
}
named() {
	nft list counter bridge fold "$1" | sed -n 's/.*packets \([0-9]*\).*/\1/p'
}
# passed NAME COMMAND...: whether the user's own counter grows while the command succeeds.
passed() {
	passed_name=$1 passed_had=$(named "$1")
	shift
	"$@" || return 1
	[ "$(named "$passed_name")" -gt "$passed_had" ]
}
# aside: whether packets within the subnet bypass the chain. Connections that have just ended may still send something
# through it, so the counters are compared again.
aside() {
	for _ in 1 2 3 4 5; do
		had="$(named out) $(named in)"
		reaches ann 10.0.2.8 && reaches carl 10.0.2.1 && reaches ann $near::8 && reaches carl $near::1 || return 1
		same counters "$(named out) $(named in)" "$had" && return 0
		sleep "$patience"
	done
	return 1
}
for f in 4 6; do
	in_guest inet sh -c "while :; do nc -l -$f -k $(far $f) 4001 & nc -l -$f -k $(far $f) 4002 & wait; done" >/dev/null 2>&1 </dev/null &
done
within 10 in_guest inet sh -c 'ss -Hlnt sport = :4002 | grep -c . | grep -q 2'
for words in '-j mine' 'jump mine' '-g mine' 'goto mine'; do
	[ -z "$short" ] || [ "${words#-}" != "$words" ] || continue
	check "'$words': ann runs" up -a "$words" -A "$words"
	# The router solicits ann from a link-local address. The chain must not see that: it would drop it.
	ip -n rt neigh flush dev eth0
	for f in 4 6; do
		check "'$words': what IPv$f sends goes through the chain, and on" passed out reaches ann "$(far $f)"
		check "'$words': what IPv$f gets goes through it too" passed in reaches inet "$(own $f)"
		check "'$words': what it drops, IPv$f does not get through" dropped ann "$(far $f)" 4001
		check "'$words': what it accepts, does" calls ann "$(far $f)" 4002
	done
	check "'$words': packets within the subnet do not" aside
	check "'$words': the chain cannot be deleted" not nft delete chain bridge fold mine
	check 'ann ends' down
	check "'$words': the user's part of the table is left, and nothing else" users_alone
done
check 'ann runs under a chain, and her fold is killed' up -a '-j mine' -A '-j mine'
stop_vm ann KILL
check "what it had in the user's table is gone, and the user's is left" within 2 users_alone
check "'-j strict', '-g strict': ann runs" up -a '-j strict' -A '-g strict'
for f in 4 6; do
	check "IPv$f: a ping that leaves comes back" reaches ann "$(far $f)"
	check "IPv$f: a ping that enters is dropped" unreachable inet "$(own $f)"
	check "IPv$f: what it does not know is dropped" dropped ann "$(far $f)" 4001
done

# ---- the chain is taken away ----

nft flush ruleset
closed() {
	grep -q 'a chain of -a or -A is gone' "$T/ann.log"
}
for f in 4 6; do
	check "the chain is gone: IPv$f does not leave" unreachable ann "$(far $f)"
	check "the chain is gone: IPv$f does not enter" counts to_gateway unreachable inet "$(own $f)"
done
check 'the subnet is still reached' reaches ann 10.0.2.8
check 'one line says so' within 5 closed
check 'once' same 'lines' "$(grep -c 'is gone from' "$T/ann.log")" 1
nft add table bridge fold
nft 'add chain bridge fold strict; add rule bridge fold strict counter'
back() {
	grep -q 'it is back' "$T/ann.log"
}
check 'the chain is back, and her way through it' within 5 back
passes 'the chain is back'
nft delete table bridge fold
nft 'add table bridge fold; add chain bridge fold strict; add rule bridge fold strict tcp dport 4001 drop'
check 'deleted and made anew: passes' within 5 reaches ann $far4
check 'and in' within 5 reaches inet $near::1
nft flush chain bridge fold leave-ann
check 'her own chain is mended' within 5 reaches ann $far6
nft flush table bridge fold
check 'a flushed table too' within 5 reaches inet 10.0.2.1
check 'and the way out' within 5 reaches ann $far4

# While a user deletes and makes the table again and again, no packet passes that the chain drops.
nft add rule bridge fold strict icmp type echo-request drop
nsenter --net=/run/netns/rt frames sniff eth0 -d in -t "$((30 * SLOW))" -f "ether src $MAC and icmp[0] = 8 and dst $far4" >"$T/leak" &
sniffer=$!
within 10 grep -q '^# sniffing' "$T/leak"
nsenter --net=/run/netns/ann ping -n -q -i 0.002 -w "$((30 * SLOW))" $far4 >"$T/leak.ping" 2>&1 &
pinger=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
	nft delete table bridge fold
	sleep 0.1
	nft 'add table bridge fold; add chain bridge fold strict; add rule bridge fold strict icmp type echo-request drop'
	sleep 0.1
done
kill -INT "$pinger"
wait "$pinger"
sleep "$patience"
kill "$sniffer"
wait "$sniffer"
check 'nothing leaks past the chain while the table comes and goes' same 'frames' "$(grep -c '^in ' "$T/leak")" 0
check 'and many were sent' sh -c "sed -n 's/ packets transmitted.*//p' $T/leak.ping | { read -r n; [ \"\$n\" -gt 50 ]; }"
check 'ann ends' down
nft delete table bridge fold

# ---- a live change of the gateway under a chain ----

nft 'add table bridge fold; add chain bridge fold mine; add rule bridge fold mine counter'
check 'under a chain: ann runs' up -a '-j mine' -A '-j mine'
passes 'under a chain'
[ -n "$short" ] || errors_pass 'under a chain'
binding $ALT >"$T/new" && mv "$T/new" "$T/ann.binding"
check 'another gateway is in force' within 5 changed
ip -n inet route replace 10.0.2.0/24 via 192.0.2.5
ip -n inet route replace $near::/64 via 2001:db8:5::1
ip -n ann neigh flush dev eth0
passes 'under a chain, by the new gateway'
check 'ann ends' down
binding >"$T/ann.binding"
ip -n inet route replace 10.0.2.0/24 via 192.0.2.1
ip -n inet route replace $near::/64 via 2001:db8:1::1

# ---- the tap gets the gateway's MAC, as any process that holds its descriptor can set it ----

# The bridge then takes packets to the gateway for the host's own. rt has lost its entry in the bridge, so nobody else
# gets them.
check "the gateway's MAC on the tap: ann runs" up
ip addr add 172.31.9.1/32 dev lo
"$TOOLS/hear" 2375 >"$T/host.heard" &
hear=$!
check 'the host listens' within 5 grep -q ready "$T/host.heard"
says_to_host() {
	in_guest ann "$TOOLS/hear" say 4000 172.31.9.1 2375 6869 && sleep 0.3 && grep -v ready "$T/host.heard"
}
responder=$(responder ann)
kill -STOP "$responder" # which would take the tap down at once
ip link set ann address $RT
check "the gateway's MAC on the tap: the host hears nothing" counts from_destination not says_to_host
kill -CONT "$responder"
check "the gateway's MAC on the tap: it is taken down" within 5 is_down ann
kill $hear
ip addr del 172.31.9.1/32 dev lo
stop_vm ann || :

# ---- the host itself is the gateway ----

host_mac=$(cat "/sys/class/net/$BRIDGE/address")
ip addr add 10.0.2.90/24 dev "$BRIDGE"
ip addr add $near::90/64 dev "$BRIDGE" nodad
ip -n rt link set eth0 down
ip -n alt link set eth0 down
ip link add toinet type veth peer name host netns inet
ip link set toinet up
ip -n inet link set host up
ip addr add 192.0.2.9/30 dev toinet
ip addr add 2001:db8:9::1/64 dev toinet nodad
ip -n inet addr add 192.0.2.10/30 dev host
ip -n inet addr add 2001:db8:9::2/64 dev host nodad
ip route add $far4 via 192.0.2.10
ip route add $far6 via 2001:db8:9::2
ip -n inet route replace 10.0.2.0/24 via 192.0.2.9
ip -n inet route replace $near::/64 via 2001:db8:9::1
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
binding "$host_mac" >"$T/ann.binding"
check 'the host as gateway: ann runs' up
passes 'the host as gateway'
ip addr add 10.9.0.1/24 dev "$BRIDGE"
ip addr add fd5e:9:9:9::1/64 dev "$BRIDGE" nodad
check "the host as gateway: it is reached by its address in the subnet" reaches ann 10.0.2.90
check "the host as gateway: and in the prefix" reaches ann $near::90
sleep 0.2
check "the host as gateway: it is not reached by another of the bridge's" counts from_destination unreachable ann 10.9.0.1
check "the host as gateway: it is not reached by another of IPv6" counts from_destination unreachable ann fd5e:9:9:9::1
passes 'the host as gateway, which got more addresses'
check 'ann ends' down
check 'the host as gateway, a chain: ann runs' up -a '-j mine' -A '-g mine'
passes 'the host as gateway, a chain'
check 'ann ends' down

# ---- what is wrong ----

binding | sed 's/=10\.0\.2\./=10.0.1./' >"$T/ann.binding"
cp "$T/ann.binding" "$T/good.binding"
hypervisor none <<-'END'
	exit 0
END
nft 'add chain bridge fold hooked { type filter hook forward priority 0; }'
# wrong STATUS TEXT [FOLD'S FLAG...]: whether fold fails with that status and TEXT.
wrong() {
	wrong_status=$1 wrong_text=$2
	shift 2
	run_vm -6 $near::1/64 -s -b "$T/ann.binding" "$@" $MAC qemu-system-none
	cat "$T/stderr"
	same status "$status" "$wrong_status" && same lines "$(wc -l <"$T/stderr")" 1 && grep -qF -- "$wrong_text" "$T/stderr"
}
if [ -z "$short" ]; then

check 'no such chain' wrong 125 'nft add chain bridge fold nothere' -a '-j nothere'
check 'no such chain, -A' wrong 125 "-A 'goto nothere'" -A 'goto nothere'
check 'a base chain' wrong 125 'has a hook of its own' -a '-j hooked'
check "a chain of fold's own" wrong 2 "fold's own" -a '-g leave-ann'
check 'an unknown word' wrong 2 "reject [with <type>]" -a '-x DROP'
check 'an unknown word, of nft' wrong 2 "-A 'permit': unknown action" -A permit
check 'nothing' wrong 2 'no action' -a ' '
check '-j without a target' wrong 2 'one chain has to follow' -a -j
check 'two targets' wrong 2 'one chain has to follow' -a '-j mine hooked'
check 'DROP with something behind it' wrong 2 'one chain has to follow' -a '-j DROP now'
check "a type of the other family's" wrong 2 'icmp-net-unreachable' -a '-j REJECT --reject-with icmp6-no-route'
check "a type of the other family's, -A" wrong 2 'icmp6-no-route' -A '-j REJECT --reject-with icmp-net-unreachable'
check 'a type that is none, of nft' wrong 2 'none of ICMP' -a 'reject with icmp type nonsense'
check 'given twice' wrong 2 'given twice' -a '-j DROP' -a '-j DROP'
nothing_of_fold() {
	! nft list ruleset | grep -qE 'leave|enter|netdev'
}
check 'nothing of these is left' nothing_of_fold

# says_wrong TEXT KEY LINE...: replaces the lines of the good binding that have the same keys (removes them if the
# value is empty); whether fold then names the line of KEY.
says_wrong() {
	says_text=$1 says_at=$2
	shift 2
	cp "$T/good.binding" "$T/ann.binding"
	for line; do
		sed -i "/^${line%%=*}=/d" "$T/ann.binding"
		[ "${line#*=}" = '' ] || echo "$line" >>"$T/ann.binding"
	done
	number=$(grep -n "^$says_at=" "$T/ann.binding" | cut -d: -f1)
	wrong 125 "$says_text" && grep -qF "ann.binding:$number: " "$T/stderr"
}
check 'a gateway outside the subnet' says_wrong 'outside the VM' GATEWAY GATEWAY=10.0.3.1
check 'the VM itself as gateway' says_wrong "the VM's own address" GATEWAY GATEWAY=10.0.1.1
check 'a broadcast address as gateway' says_wrong 'broadcast' GATEWAY GATEWAY=10.0.1.255
check 'a gateway outside the prefix' says_wrong "in the VM's prefix" GATEWAY6 GATEWAY6=fd5e:9::1
check 'the VM itself as gateway of IPv6' says_wrong "the VM's own address" GATEWAY6 GATEWAY6=$near::1
for key in GATEWAY GATEWAY6; do
	check "$key without its MAC" says_wrong "without ${key}_MAC" $key ${key}_MAC=
	check "${key}_MAC of a group" says_wrong 'no unicast MAC' ${key}_MAC ${key}_MAC=03:00:00:00:00:01
	check "${key}_MAC is the VM's" says_wrong "the VM's own MAC" ${key}_MAC ${key}_MAC=$MAC
	check "${key}_MAC is fold's" says_wrong "fold's own" ${key}_MAC ${key}_MAC=fe:54:00:00:02:01
done
grep -v GATEWAY "$T/good.binding" >"$T/none.binding"
for flag in -a -A; do
	[ $flag = -a ] && key=GATEWAY || key=GATEWAY6
	run_vm -6 $near::1/64 -s -b "$T/none.binding" $flag '-j DROP' $MAC qemu-system-none
	check "$flag without a gateway: it has no effect" ended 0
	check 'and fold says so, once' same lines "$(grep -cF "has no effect: the VM has no $key," "$T/stderr") $(wc -l <"$T/stderr")" '1 1'
done
check 'nothing of these is left either' nothing_of_fold

fi
nft delete table bridge fold
nothing_left 'the gateway'
finish
