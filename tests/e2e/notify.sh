#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# notify: fold notifies the guest of a change of its binding, again and again until the guest acknowledges it, and
# nobody else can use that port.
#
#   10.0.1.0/24, fd5e:1:2:3::/64   the guests ann (.1, ::1) and bob (.2, ::2), the container carl (.8, ::8)
# shellcheck source=tests/e2e/lib.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
begin "$@"

period=$((SLOW > 1 ? 5 : 1))
configure "[notify]
notify_period = $period"
make_bridge "$BRIDGE"
container carl 10.0.1.8/24 02:00:00:00:01:08
ip -n carl addr add fd5e:1:2:3::8/64 dev eth0 nodad

# binding TEXT [PORT]
binding() {
	printf 'NOTIFY_PORT=%s\nNOTIFY_IP=10.0.1.60\nNOTIFY_IP6=fd5e:1:2:3::60\nTXT:a.=%s\n' "${2:-4242}" "$1" >"$T/ann.new"
	mv "$T/ann.new" "$T/ann.binding"
}
binding start
check 'ann starts' start_vm ann 10.0.1.1/24 52:54:00:00:01:01 -6 fd5e:1:2:3::1/64 -s -b "$T/ann.binding"
check 'bob starts' start_vm bob 10.0.1.2/24 52:54:00:00:01:02 -6 fd5e:1:2:3::2/64 -s
for n in 1 2; do
	[ $n = 1 ] && vm=ann || vm=bob
	ip -n $vm addr add 10.0.1.$n/24 dev eth0
	ip -n $vm addr add fd5e:1:2:3::$n/64 dev eth0 nodad
done

# hears HOW [NAME] [PORT]: from now on that guest listens in that way.
hears() {
	nsenter --net="/run/netns/${2:-ann}" hear "${3:-4242}" "$1" >"$T/heard" 2>&1 &
	listener=$!
	within 30 grep -q ready "$T/heard" || bail "hear: $(cat "$T/heard")"
}
deaf() {
	kill $listener
	wait $listener 2>/dev/null
}
times4() {
	grep -c ' 10.0.1.60 4242 ' "$T/heard"
}
times6() {
	grep -c ' fd5e:1:2:3::60 4242 ' "$T/heard"
}
# at_least N: whether N notifications came over each family.
at_least() {
	[ "$(times4)" -ge "$1" ] && [ "$(times6)" -ge "$1" ]
}
# no_more: whether no further notification comes within three of their periods.
no_more() {
	had="$(times4) $(times6)"
	sleep $((3 * period))
	same 'how many' "$(times4) $(times6)" "$had"
}
octets() {
	sed -n 's/^[0-9]* [^ ]* 4242 //p' "$T/heard" | sort -u
}

hears quiet
sleep "$period"
check 'at the start nothing is to be told' same times "$(times4) $(times6)" '0 0'
binding one
check 'a change is told over both families' within 5 at_least 1
check 'and again' within $((period + 5)) at_least 2
check 'and again' within $((period + 5)) at_least 3
check 'the octets are the same' [ "$(octets | wc -l)" = 1 ]
check 'and sixteen' [ "$(octets | wc -c)" = 33 ]
first=$(octets)
deaf
hears wrong
check 'other octets back: it goes on' within $((3 * period + 10)) at_least 3
check 'and they are refused' grep -q 'notify-other' "$T/ann.log"
deaf
hears short
check 'fewer octets back: it goes on' within $((3 * period + 10)) at_least 3
check 'and they are refused' grep -q 'notify-form' "$T/ann.log"
deaf

# ---- nobody else may speak on that port ----

# Acknowledgements of bob and carl do not arrive at fold, and so do not count.
for who in bob carl; do
	in_guest $who hear say 4242 10.0.1.60 4242 "$first" 2>/dev/null
	in_guest $who ip neigh replace 10.0.1.60 nud permanent lladdr fe:54:00:00:01:01 dev eth0
	in_guest $who hear say 4242 10.0.1.60 4242 "$first" 2>/dev/null
done
hears quiet
check "others' acknowledgements: it goes on" within $((3 * period + 10)) at_least 2

# passes FROM SENDER-PORT ADDRESS PORT: whether a datagram from there arrives at the guest that listens. Port 5000 is
# an ordinary port.
sent=0
passes() {
	sent=$((sent + 1))
	data=$(printf abcd%04d $sent)
	in_guest "$1" hear say "$2" "$3" "$4" "$data" || return 1
	within 2 grep -q " $2 $data\$" "$T/heard"
}
for who in bob carl; do
	for address in 10.0.1.1 fd5e:1:2:3::1; do
		check "$who does not reach the port of ann's ($address)" not passes $who 5000 $address 4242
		check "nor from that port ($address)" not passes $who 4242 $address 4242
	done
done
deaf
hears quiet ann 5000
for who in bob carl; do
	for address in 10.0.1.1 fd5e:1:2:3::1; do
		check "$who reaches another port of hers ($address)" passes $who 5000 $address 5000
		check "but not from that port ($address)" not passes $who 4242 $address 5000
	done
done
deaf
for port in 4242 5000; do
	hears quiet carl $port
	for address in 10.0.1.8 fd5e:1:2:3::8; do
		check "ann does not speak from that port to carl's $port ($address)" not passes ann 4242 $address $port
		if [ $port = 4242 ]; then
			check "nor to that port ($address)" not passes ann 5000 $address $port
			check "bob, who has none, does ($address)" passes bob 4242 $address $port
		else
			check "she speaks from another ($address)" passes ann 5001 $address $port
		fi
	done
	deaf
done
tcp() {
	in_guest carl timeout $((20 * SLOW)) nc -l -N 10.0.1.8 4242 >"$T/tcp" </dev/null &
	server=$!
	within 10 in_guest carl sh -c 'ss -Hlnt sport = :4242 | grep -q .'
	echo hello | in_guest ann timeout $((10 * SLOW)) nc -N -p 4242 10.0.1.8 4242
	wait $server
	same said "$(cat "$T/tcp")" hello
}
check 'the port of TCP is open' tcp

# ---- until it is acknowledged ----

hears ack
check 'the same octets back' within $((period + 5)) grep -q 4242 "$T/heard"
check 'end it' within 5 grep -q 'notification acknowledged' "$T/ann.log"
check 'no more comes' no_more
binding two
check 'the next change is told' within 5 grep -qv "4242 $first\\|ready" "$T/heard"
check 'with other octets' [ "$(octets | sort -u | wc -l)" -ge 2 ]
check 'and ends so too' no_more
deaf
hears quiet
binding three
within 5 at_least 1
in_guest ann hear say 5000 fd5e:1:2:3::60 4242 "$first"
check 'the octets of a change before do not count' within $((3 * period + 10)) at_least 3
in_guest ann hear say 5000 fd5e:1:2:3::60 4242 "$(octets | tail -n 1)"
sleep 0.2
check 'an acknowledgement by IPv6 alone ends both' no_more
deaf

# ---- the port itself changes ----

hears ack ann 4343
binding four 4343
check 'another port: told there' within 5 grep -q ' 10.0.1.60 4343 ' "$T/heard"
deaf
hears quiet ann 4242
check 'the first one is a port like any other' passes bob 5000 10.0.1.1 4242
deaf
hears quiet ann 4343
check 'the other one is not' not passes bob 5000 10.0.1.1 4343
changes=$(grep -c 'is in force' "$T/ann.log")
echo 'TXT:a.=off' >"$T/ann.binding"
changed() {
	[ "$(grep -c 'is in force' "$T/ann.log")" -gt "$changes" ]
}
check 'none: it is in force' within 5 changed
check 'all are open' passes bob 5000 10.0.1.1 4343
deaf
for vm in ann bob; do
	check "$vm ends" stop_vm $vm
done
nothing_left 'both'
finish
