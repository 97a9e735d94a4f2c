#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# allow: the binding's ALLOW. Beyond the subnet a VM reaches only addresses that fold gave it for names of the list,
# and only for as long as fold said; questions for other names are refused.
#
#   tests/e2e/allow.sh [short]     short: only what depends on the kernel and on the way of delivery
#
#   10.0.2.0/24, fd5e:1:2:3::/64         guest ann (.1, ::1), container carl (.8, ::8), router rt (.90, ::90)
#   198.51.100.1 .. .9, 2001:db8:7::1 ..  inet, behind the router
#   10.9.0.1                             dnsmasq, whom fold asks
# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2086 # most functions are called by name; addresses are plain words
. "$(dirname "$0")/lib.sh"
begin "$@"

for tool in dig dnsmasq nc nft unbound; do
	command -v $tool >/dev/null || bail "no $tool: make deps"
done
near=fd5e:1:2:3 far6=2001:db8:7 service=10.0.2.50
MAC=52:54:00:00:02:01 RT=02:00:00:00:02:90
patience=$((SLOW > 1 ? 3 : 1))
[ "${1:-}" = short ] && short=yes families=198.51.100 || short='' families="198.51.100 $far6:"

make_bridge "$BRIDGE"
container carl 10.0.2.8/24 02:00:00:00:02:08
ip netns add inet
ip -n inet link set lo up
for n in 1 2 3 4 5 6 7 8 9; do
	ip -n inet addr add 198.51.100.$n/32 dev lo
	ip -n inet addr add $far6::$n/128 dev lo nodad
done
container rt 10.0.2.90/24 $RT
in_guest rt sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip -n rt addr add $near::90/64 dev eth0 nodad
ip -n rt link add out0 type veth peer name rt netns inet
ip -n rt link set out0 up
ip -n inet link set rt up
ip -n rt addr add 192.0.2.1/30 dev out0
ip -n rt addr add 2001:db8:1::1/64 dev out0 nodad
ip -n inet addr add 192.0.2.2/30 dev rt
ip -n inet addr add 2001:db8:1::2/64 dev rt nodad
ip -n rt route add default via 192.0.2.2
ip -n rt route add default via 2001:db8:1::2
ip -n inet route add 10.0.2.0/24 via 192.0.2.1
ip -n inet route add $near::/64 via 2001:db8:1::1

ip link set lo up
ip addr add 10.9.0.1/32 dev lo
cat >"$T/dnsmasq.conf" <<-END
	port=53
	listen-address=10.9.0.1
	bind-interfaces
	no-resolv
	no-hosts
	user=root
	pid-file=
	log-queries
	log-facility=$T/asked
	local-ttl=1
	host-record=web.example,198.51.100.1,$far6::1,300
	host-record=evil.example,198.51.100.2,$far6::2
	host-record=a.deep.example,198.51.100.3,$far6::3,600
	host-record=b.c.deep.example,198.51.100.4,$far6::4
	host-record=edge.cdn.test,198.51.100.5,$far6::5
	cname=www.example,edge.cdn.test
	host-record=api-eu.example,198.51.100.6,$far6::6
	txt-record=web.example,a word
	host-record=short.example,198.51.100.7,$far6::7
END
# Names with 200 addresses each, more in total than fold keeps; one name with the longest possible TTL, one with the
# shortest, and one with more addresses than fold accepts in an answer.
{
	for n in 1 2 3 4 5 6; do
		for last in $(seq 200); do echo "host-record=big$n.example,203.0.11$n.$last,$far6:$n::$last,600"; done
	done
	for last in $(seq 200); do
		echo "host-record=long.example,203.0.120.$last,2147483647"
		echo "host-record=brief.example,203.0.121.$last,1"
	done
	for last in $(seq 150); do
		echo "host-record=most.example,203.0.122.$last,600"
		echo "host-record=most.example,203.0.123.$last,600"
	done
	for n in $(seq 30); do echo "host-record=u$n.example,203.0.124.$n,600"; done
	echo host-record=x.left.test,198.51.100.9,600
	echo host-record=x.right.test,198.51.100.9,600
} >>"$T/dnsmasq.conf"
dnsmasq -k -C "$T/dnsmasq.conf" >"$T/dnsmasq.log" 2>&1 &
dnsmasq=$!

binding() {
	cat <<-END
		NAMESERVERS=$service
		GATEWAY=10.0.2.90
		GATEWAY_MAC=$RT
		GATEWAY6=$near::90
		GATEWAY6_MAC=$RT
		DNS_FORWARD=yes
		DNS_NAMESERVERS=10.9.0.1
		ADDRESS:carl.lab.=10.0.2.8
		ADDRESS:own.example.=198.51.100.8
		ADDRESS:mine.test.=198.51.100.9
	END
	seq -f 'ADDRESS:many.test.=203.0.125.%.0f' 70
	[ $# = 0 ] || printf 'ALLOW=%s\n' "$@"
}
base='web.example *.deep.example:tcp/80 www.example api-*.example short.example own.example'
# shellcheck disable=SC2086 # words
binding $base >"$T/ann.binding"

reaches() {
	in_guest ann ping -n -q -c 1 -W "$((2 * SLOW))" "$1"
}
unreachable() {
	! in_guest ann ping -n -q -c 2 -i 0.2 -W "$patience" "$1"
}
count() {
	nft list counter netdev fold-ann from_allow | sed -n 's/.*packets \([0-9]*\).*/\1/p'
}
# closed ADDRESS: whether it is not reached and the counter from_allow grows.
closed() {
	closed_had=$(count)
	unreachable "$1" || return 1
	[ "$(count)" -gt "$closed_had" ] || {
		echo "from_allow is still $closed_had"
		return 1
	}
}
ask() {
	in_guest ann dig @$service +tries=2 +time=$((5 * SLOW)) "$@"
}
gives() {
	gives_want=$1
	shift
	same "$*" "$(ask +short "$@" | tail -n 1)" "$gives_want"
}
refused() {
	ask "$@" | grep -q 'status: REFUSED'
}
# connects PROTO-FLAGS ADDRESS PORT: whether a word of ann's arrives at a listener there.
connects() {
	calls 2 "$@"
}
is_shut() { # the same for what must not arrive: when the sender has given up it is not waited for
	calls 0 "$@"
	[ $? = 1 ]
}
calls() { # seconds, as connects has it
	calls_within=$1
	shift
	# shellcheck disable=SC2086 # no flag or one
	in_guest inet timeout "$((10 * SLOW))" nc $1 -l "$2" "$3" >"$T/heard" </dev/null &
	listener=$!
	within 10 in_guest inet sh -c "ss -Hlntu sport = :$3 | grep -q ." || return 2
	# shellcheck disable=SC2086
	echo word | in_guest ann timeout "$((3 * patience))" nc $1 -w "$patience" "$2" "$3"
	within "$calls_within" grep -q word "$T/heard"
	connects_status=$?
	kill $listener 2>/dev/null
	wait $listener
	return $connects_status
}
in_set() {
	nft list set netdev fold-ann "$1" >"$T/set"
	cat "$T/set"
	grep -q "$2" "$T/set"
}
# let_in SET PATTERN: the number of matching addresses in the set.
let_in() {
	nft list set netdev "fold-${vm:-ann}" "$1" | tr ',' '\n' | grep -c "$2.*timeout"
}

ip netns add ann
in_guest ann sysctl -qw net.ipv6.conf.all.accept_ra=0 net.ipv6.conf.default.accept_ra=0
check 'ann starts' start_vm ann 10.0.2.1/24 $MAC -6 $near::1/64 -s -b "$T/ann.binding" || finish
ip -n ann addr add 10.0.2.1/24 dev eth0
ip -n ann addr add $near::1/64 dev eth0 nodad
ip -n ann route add default via 10.0.2.90
ip -n ann route add default via $near::90
check 'her subnet is open' within 10 reaches 10.0.2.8
check 'the router itself, too' within 10 reaches $near::90

# ---- an address is reached once it was handed out ----

check 'what stands behind an alias is no name of the list' refused edge.cdn.test A
check 'and nobody is asked for it' not grep -q 'query.*edge.cdn' "$T/asked"
for f in $families; do
	type=AAAA at=$f
	[ "$f" != 198.51.100 ] || type=A at=$f.
	[ "$type" = A ] || at=$f:
	check "$type: before anybody asked it is closed" closed "$at"1
	check "$type: the name is answered" gives "$at"1 web.example $type
	check "$type: and its address is reached at once" reaches "$at"1
	check "$type: a name that is not in the list is refused" refused evil.example $type
	check "$type: and its address is closed" closed "$at"2
	check "$type: an alias of an allowed name" gives "$at"5 www.example $type
	check "$type: what it stands for is reached" reaches "$at"5
	check "$type: a resolver of hers may ask for that name itself" gives "$at"5 edge.cdn.test $type
	check "$type: but not for others beside it" refused x.left.test $type
	check "$type: a star inside a label" gives "$at"6 api-eu.example $type
	check "$type: is as good" reaches "$at"6
done
check 'nobody was asked for what was refused' not grep -q 'evil\|left' "$T/asked"
if [ -z "$short" ]; then
	check 'in whatever case it is asked' gives 198.51.100.1 WeB.eXaMpLe A
	check 'other types of such a name are asked for' gives '"a word"' web.example TXT
	check 'other types of other names are not' refused evil.example TXT
	check 'nor is where an address points to' refused -x 198.51.100.1
	check 'a question to another server is no way around it' refused @198.51.100.1 evil.example A
fi
check 'it says how long' in_set allow4 '198.51.100.1 timeout 5m30s'

# ---- a service alone ----

check 'one service of every name below' gives 198.51.100.3 a.deep.example A
[ "$short" ] || check 'at whatever depth' gives $far6::4 b.c.deep.example AAAA
[ "$short" ] || check 'but not of the name itself' refused deep.example A
check 'its port is reached' connects '' 198.51.100.3 80
[ "$short" ] || check 'over IPv6' connects '' $far6::4 80
check 'another port is not' is_shut '' 198.51.100.3 81
if [ -z "$short" ]; then
	check 'another protocol is not' is_shut -u 198.51.100.3 80
	check 'over IPv6' is_shut -u $far6::4 80
	check 'nor is it by ping' closed 198.51.100.3
	check 'nor is a name of the same pattern that nobody asked for' is_shut '' 198.51.100.4 80
fi

# ---- by TCP, from the VM's own records ----

check 'DNS by TCP' gives 198.51.100.7 +tcp short.example A
check 'lets its address in, too' reaches 198.51.100.7
check 'a TTL of a second holds for a minute' in_set allow4 '198.51.100.7 timeout 1m30s'
if [ -z "$short" ]; then
	check 'a record of the VM, of a name in the list' gives 198.51.100.8 own.example A
	check 'its address is reached' reaches 198.51.100.8
	check 'a record of another name is answered' gives 198.51.100.9 mine.test A
	check 'and its address closed' closed 198.51.100.9
	check 'a neighbour by name' gives 10.0.2.8 carl.lab A

	# ---- a resolver in the VM that believes no address of another zone ----

	cat >"$T/unbound.conf" <<-END
		server:
		 interface: 127.0.0.1
		 do-daemonize: no
		 use-syslog: no
		 logfile: ""
		 username: ""
		 chroot: ""
		 directory: "$T"
		 pidfile: ""
		 module-config: "iterator"
		 local-zone: "test." nodefault
		forward-zone:
		 name: "."
		 forward-addr: $service
	END
	ip -n ann link set lo up
	in_guest ann unbound -d -c "$T/unbound.conf" >"$T/unbound.log" 2>&1 &
	unbound=$!
	behind() {
		same 'of unbound' "$(in_guest ann dig @127.0.0.1 +tries=1 +time=$((5 * SLOW)) +short "$2" "$3" | tail -n 1)" "$1"
	}
	check 'unbound in the VM follows an alias' within 10 behind 198.51.100.5 www.example A
	check 'over IPv6' behind $far6::5 www.example AAAA
	check 'and denies no record of hers' behind 10.0.2.8 carl.lab A
	kill $unbound
	wait $unbound

	# ---- from elsewhere ----

	entered() {
		! in_guest inet ping -n -q -c 2 -i 0.2 -W "$patience" -I "$1" "$2"
	}
	check 'who is let out is let in' in_guest inet ping -n -q -c 1 -W "$((2 * SLOW))" -I 198.51.100.1 10.0.2.1
	check 'to others she has no answer' entered 198.51.100.2 10.0.2.1

	# ---- explained ----

	explains() { # WANT ADDRESS
		python3 - "$2" "$T/frame.pcap" <<-'PY'
		import socket, struct, sys
		def csum(b):
		    s = sum(struct.unpack('!%dH' % (len(b) // 2), b))
		    s = (s >> 16) + (s & 0xffff)
		    return ~(s + (s >> 16)) & 0xffff
		ip = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 28, 1, 0, 64, 1, 0, socket.inet_aton('10.0.2.1'), socket.inet_aton(sys.argv[1]))
		ip = ip[:10] + struct.pack('!H', csum(ip)) + ip[12:]
		icmp = bytes([8, 0]) + struct.pack('!H', csum(bytes([8, 0, 0, 0, 0, 1, 0, 1]))) + bytes([0, 1, 0, 1])
		frame = bytes.fromhex('020000000290525400000201') + b'\x08\x00' + ip + icmp
		head = struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1)
		open(sys.argv[2], 'wb').write(head + struct.pack('<IIII', 0, 0, len(frame), len(frame)) + frame)
	PY
		"$FOLD" explain ann "$T/frame.pcap" --from >"$T/explained" 2>&1
		cat "$T/explained"
		grep -q "$1" "$T/explained"
	}
	check 'explain: what is closed' explains 'from_allow' 198.51.100.2
	check 'explain: what was let in' explains 'passes' 198.51.100.1
	check 'explain: of a service' explains 'from_allow' 198.51.100.3
fi

# ---- the list changes ----

put() {
	binding "$@" >"$T/new" && mv "$T/new" "$T/ann.binding"
}
put '*.deep.example:tcp/80' short.example
check 'a name that is taken off the list: its address is closed' within 5 closed 198.51.100.1
check 'over IPv6' closed $far6::1
check 'one that stays is reached as before' reaches 198.51.100.7
check 'and so is its service' connects '' 198.51.100.3 80
check 'the name is refused' refused web.example A
check 'and so is what stood behind one' refused edge.cdn.test A
put
check 'without a list everything is open' within 5 reaches 198.51.100.2
check 'every name is asked for' gives 198.51.100.2 evil.example A
put short.example
check 'with one again it is closed' within 5 closed 198.51.100.2
check 'also what was let in before' closed 198.51.100.7
check 'until it is asked for' gives 198.51.100.7 short.example A
check 'as it is now' reaches 198.51.100.7
put 'bad:tcp/99999'
check 'a list that cannot be read changes nothing' within 10 grep -q 'ALLOW=bad:tcp/99999: has a port that is not a number from 1 to 65535' "$T/ann.log"
check 'what was there holds' reaches 198.51.100.7
check 'and all else is closed' closed 198.51.100.2

# ---- more than are kept ----

if [ -z "$short" ]; then
	put 'big*.example' short.example long.example brief.example web.example
	check 'a name with one address' within 5 gives 198.51.100.1 web.example A
	bigs() {
		for n in 1 2 3 4 5 6; do
			same "addresses of big$n" "$(ask +tcp +short big$n.example A | wc -l)" 200 || return 1
		done
	}
	check 'six names with 200 addresses each' within 5 bigs
	kept() {
		nft list set netdev fold-ann allow4 >"$T/set"
		same 'addresses that are let in' "$(grep -o 'timeout [0-9ms]*' "$T/set" | wc -l)" 1024 || return 1
		for last in $(seq 200); do
			grep -q "203\.0\.116\.$last timeout" "$T/set" || {
				echo "203.0.116.$last is not"
				return 1
			}
		done
	}
	check 'as many are kept as there is room for, and those of the last answer are' kept
	# whole NAME SET PATTERN: whether fold hands out all 200 addresses of the name and lets them in.
	whole() {
		same addresses "$(ask +tcp +short "$1" A | wc -l)" 200 && same 'let in' "$(let_in "$2" "$3")" 200
	}
	check 'those of a name with a TTL of 68 years, too' whole long.example allow4 '203\.0\.120\.'
	check 'which holds for a day' in_set allow4 '203.0.120.7 timeout 1d30s'
	check 'and those of one with a second' whole brief.example allow4 '203\.0\.121\.'
	check 'what was in before all of those, of a name with one address, still is' reaches 198.51.100.1
	check 'one that had to go comes back when it is asked for' gives 198.51.100.7 short.example A
	check 'and is reached' reaches 198.51.100.7

	# ---- several services, several names ----

	put big1.example:tcp/80 '*.example:tcp/443'
	check '200 addresses with two services: by one of them' within 5 whole big1.example allow4_port '203\.0\.111\..* 80'
	check 'and by the other' whole big1.example allow4_port '203\.0\.111\..* 443'
	held_back() {
		ask +tcp most.example A | grep 'status: SERVFAIL' && same 'let in' "$(let_in allow4_port '203\.0\.12[23]\.')" 0
	}
	check 'more than can be let in at once are not handed out' held_back
	own_held_back() {
		ask +notcp many.test A | grep 'status: SERVFAIL' && same 'let in' "$(let_in allow4_port '203\.0\.125\.')" 0
	}
	# shellcheck disable=SC2046 # words
	put $(seq -f 'many.test:tcp/%.0f' 8)
	check 'nor are those of a record of the VM, which is said at once' within 5 own_held_back
	put '*.left.test' '*.right.test'
	check 'an address of two names: by the one' within 5 gives 198.51.100.9 x.left.test A
	check 'and by the other' gives 198.51.100.9 x.right.test A
	put '*.right.test'
	check 'one is taken off the list' within 5 refused x.left.test A
	check 'the address is reached' reaches 198.51.100.9
	put '*.left.test'
	check 'and the other' within 5 closed 198.51.100.9

	# ---- what others notice ----

	switches() {
		sed -n 's/^voluntary_ctxt_switches:[^0-9]*//p' "/proc/$(responder bob)/status"
	}
	# A VM with a chain of the user's watches the shared table, whatever the way of delivery.
	nft 'add table bridge fold; add chain bridge fold others'
	binding >"$T/bob.binding"
	start_vm bob 10.0.2.2/24 52:54:00:00:02:02 -b "$T/bob.binding" -a '-j others' || finish
	put 'u*.example'
	check 'many names for one VM' within 5 gives 203.0.124.1 u1.example A
	unmoved() {
		unmoved_had=$(switches)
		for n in $(seq 2 30); do ask +short u$n.example A >/dev/null; done
		same 'let in' "$(let_in allow4 '203\.0\.124\.')" 30 || return 1
		echo "woken $(($(switches) - unmoved_had)) times"
		[ "$(($(switches) - unmoved_had))" -lt 10 ]
	}
	check 'do not wake the responders of others' unmoved
	woken() {
		[ "$(switches)" -gt "$unmoved_had" ]
	}
	unmoved_had=$(switches)
	nft 'add rule bridge fold others counter; flush chain bridge fold others'
	check 'what happens in their own table does' within 2 woken
	check 'bob ends' stop_vm bob
	nft delete chain bridge fold others
	put short.example
	check 'a name for what follows' within 5 gives 198.51.100.7 short.example A
fi

# ---- the rules are made anew ----

ip link set "$BRIDGE" address 02:00:00:00:02:99
anew() {
	nft list table netdev fold-ann | grep -q '@ll,0,128 != 0x20000000299'
}
check 'the rules are made anew for another MAC of the bridge' within 5 anew
check 'and know what was let in' reaches 198.51.100.7

check 'ann ends' stop_vm ann
check 'no fault in its log' not grep -i 'runtime error\|AddressSanitizer' "$T/ann.log"

# ---- with an action ----

binding '*' >"$T/ann.binding"
rm -f "$T/ann.log"
check 'with an action that refuses' start_vm ann 10.0.2.1/24 $MAC -b "$T/ann.binding" -a '-j REJECT' || finish
ip -n ann addr add 10.0.2.1/24 dev eth0
ip -n ann route add default via 10.0.2.90
check 'every name has an answer' gives 198.51.100.2 evil.example A
told() {
	in_guest ann ping -n -c 1 -W "$((2 * SLOW))" 198.51.100.2 | grep -i 'unreachable\|prohibited'
}
check 'the action has its say' told
check 'and what has no name is dropped before' closed 198.51.100.1
check 'ann ends' stop_vm ann

# ---- beside many groups ----

# vm_with_groups NAME COUNT...: starts a VM with the first of these numbers of multicast groups that fits, then fills
# the set of allowed addresses, each with a port.
vm_with_groups() {
	vm=$1 started=
	shift
	binding 'big*.example:tcp/443' short.example >"$T/$vm.binding"
	for n; do
		# shellcheck disable=SC2046 # words
		start_vm "$vm" 10.0.2.3/24 52:54:00:00:02:03 -6 $near::3/64 -s -b "$T/$vm.binding" \
			$(seq -f '-m ff15::%.0f' "$n") && within 2 grep 'packets are answered' "$T/$vm.log" && started=yes && break
	done
	[ "$started" ] || return 1
	ip -n "$vm" addr add 10.0.2.3/24 dev eth0
	for n in 1 2 3 4 5 6; do
		same "addresses of big$n" "$(in_guest "$vm" dig @$service +tcp +short big$n.example AAAA | wc -l)" 200 || return 1
	done
	same 'let in' "$(let_in allow6_port 443)" 1024
}
# shortened LEAST MOST: whether, after the list has become shorter, between LEAST and MOST of the addresses stay.
shortened() {
	binding 'big*.example:tcp/443' >"$T/new" && mv "$T/new" "$T/$vm.binding"
	within 10 grep 'is in force as it is now' "$T/$vm.log" || return 1
	grep 'cannot be changed' "$T/$vm.log" && return 1
	shortened_left=$(let_in allow6_port 443)
	echo "$shortened_left are left"
	[ "$shortened_left" -ge "$1" ] && [ "$shortened_left" -le "$2" ]
}
if [ -z "$short" ]; then
	check 'a VM with groups, and as many addresses as are kept' vm_with_groups ann-of-15-octet 25
	check 'its list is made shorter, and they stay' shortened 1024 1024
	check 'it ends' stop_vm ann-of-15-octet
	# shellcheck disable=SC2046 # words
	check 'one with as many groups as there is room for' vm_with_groups ann-of-15-chars $(seq 230 -6 100)
	check 'its list is made shorter, and some of them stay' shortened 1 512
	check 'it ends' stop_vm ann-of-15-chars
fi
kill $dnsmasq
[ "$short" ] || nft delete table bridge fold 2>/dev/null # which is not fold's alone
nothing_left 'a guest with a list'
finish
