#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# guest: whole boots of an unmodified Linux (tests/guest) through `fold ... qemu-system-x86_64 -accel tcg`, as in `make
# demo`: what the guests report that they got, and that they reach each other over IPv4 and IPv6.
# shellcheck source=tests/e2e/lib.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
# Before `begin`, while the network is still there: the guest's kernel may have to be fetched.
if [ "${FOLD_E2E:-}" != inside ]; then
	"$root/tests/guest/build" >&2 || bail 'tests/guest/build failed: no guest'
fi
begin "$@"

command -v qemu-system-x86_64 >/dev/null || bail 'no qemu-system-x86_64: make deps installs it'
# The hypervisor may run as another user, who may not be able to read the source directory.
cp "$root/build/guest/vmlinuz" "$root/build/guest/initrd" "$T/"
chmod 644 "$T/vmlinuz" "$T/initrd"

# --local uses an existing fold0. A smaller MTU than usual shows whether the guest gets it.
make_bridge fold0 1376
mac_alice=52:54:00:00:00:0a
mac_bob=52:54:00:00:00:0b
alice=$("$FOLD" --local -i alice -4 auto)
bob=$("$FOLD" --local -i bob -4 auto)
check 'both have an address of one subnet' same 'addresses' "$alice $bob" '10.32.0.1/12 10.32.0.2/12'

prefix=fd5e:1:2:3
alice6=$prefix:5054:ff:fe00:a
bob6=$prefix:5054:ff:fe00:b

# Alice has a gateway: a router that masquerades. Behind it are the addresses of the outside world.
BRIDGE=fold0
world4=198.51.100.7 world6=2001:db8:7::7
container rt 10.47.255.254/12 02:00:00:00:00:90
ip -n rt addr add $prefix::90/64 dev eth0 nodad
ip netns add world
ip -n rt link add out0 type veth peer name in0 netns world
for end in rt:out0:1 world:in0:2; do
	name=${end%%:*} end=${end#*:}
	ip -n "$name" link set "${end%:*}" up
	ip -n "$name" addr add "192.0.2.${end#*:}/30" dev "${end%:*}"
	ip -n "$name" addr add "2001:db8:1::${end#*:}/64" dev "${end%:*}" nodad
done
ip -n world link set lo up
ip -n world addr add $world4/32 dev lo
ip -n world addr add $world6/128 dev lo nodad
ip -n rt route add default via 192.0.2.2
ip -n rt route add default via 2001:db8:1::2
in_guest rt sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
in_guest rt nft 'add table inet nat; add chain inet nat post { type nat hook postrouting priority 100; };
	add rule inet nat post oifname out0 masquerade'
# Packets that leave through alice's gateway also go through a chain of the user's.
nft 'add table bridge fold; add counter bridge fold out; add chain bridge fold mine; add rule bridge fold mine counter name out'

# boot NAME ADDRESS MAC WORDS: starts a VM; the pid of its fold is in $boot.
boot() {
	cat >"$T/$1.binding" <<-END
		HOSTNAME=$1
		DOMAIN=guest.example
		NAMESERVERS=10.47.255.250, 10.47.255.251
	END
	if [ "$1" = alice ]; then
		echo MTU=1300
		printf 'GATEWAY=10.47.255.254\nGATEWAY_MAC=02:00:00:00:00:90\nGATEWAY6=%s::90\nGATEWAY6_MAC=02:00:00:00:00:90\n' $prefix
	fi >>"$T/$1.binding"
	[ "$1" = alice ] && action=yes || action=
	env --default-signal=INT,QUIT "$FOLD" ${action:+-a 'jump mine' -A 'goto mine'} --transport "$FOLD_TRANSPORT" -v --local -i "$1" -4 "$2" -6 $prefix::/64 \
		-b "$T/$1.binding" "$3" \
		qemu-system-x86_64 -accel tcg -m 192 -nographic -vga none -no-reboot -kernel "$T/vmlinuz" -initrd "$T/initrd" \
		-append "console=ttyS0 quiet fold.wait=$((60 * SLOW)) $4 fold.run=\"ip -6 addr show dev eth0\"" >"$T/$1.console" 2>"$T/$1.log" </dev/null &
	boot=$!
}

start=$(now)
# Bob's hypervisor runs unprivileged, as under sudo.
SUDO_USER=nobody
export SUDO_USER
boot bob "$bob" "$mac_bob" "fold.ping=${alice%/*},$alice6 fold.hello=${alice%/*},$alice6"
bob_fold=$boot
unset SUDO_USER
boot alice "$alice" "$mac_alice" "fold.ping=${bob%/*},$bob6,$world4,$world6 fold.hello=${bob%/*},$bob6 fold.renew=yes fold.stay=$((3 * SLOW))"
alice_fold=$boot

heard() {
	tr -d '\r' <"$T/$1.console" | grep -q "^GUEST-$2"
}
# The guest is done, or fold has ended: no more output will come.
done_or_over() {
	heard "$1" DONE || gone "$2"
}
within $((90)) done_or_over bob "$bob_fold"
within $((90)) done_or_over alice "$alice_fold"
echo "# both guests are done $(($(now) - start)) ms after the start"

# got NAME WHAT VALUE: whether the guest reported that part of its lease.
got() {
	heard "$1" "LEASE *$2  *$3\$" && return
	echo "not said: GUEST-LEASE $2 $3; but:"
	tr -d '\r' <"$T/$1.console" | grep "GUEST-LEASE *$2\|GUEST-EVENT"
	return 1
}
for name in alice bob; do
	case $name in
	alice) own=$alice own6=$alice6 other=$bob other6=$bob6 mac=$mac_alice mtu=1300 ;;
	bob) own=$bob own6=$bob6 other=$alice other6=$alice6 mac=$mac_bob mtu=1376 ;;
	esac
	check "$name boots and finds its card" heard "$name" "READY $mac " || {
		detail_file "$T/$name.console"
		detail_file "$T/$name.log"
	}
	check "$name gets its address" got "$name" address "$own"
	check "$name gets its netmask" got "$name" netmask 255.240.0.0
	check "$name gets its broadcast address" got "$name" broadcast 10.47.255.255
	check "$name gets its name servers" got "$name" dns '10.47.255.250 10.47.255.251'
	check "$name gets its host name" got "$name" hostname "$name"
	check "$name gets its domain" got "$name" domain guest.example
	check "$name gets its MTU" got "$name" mtu "$mtu"
	check "$name gets the usual lease time" got "$name" lease 604800
	case $name in
	alice) check "alice is given her router" got alice router 10.47.255.254 ;;
	bob) check "bob is given no router" not grep -q 'GUEST-LEASE *router' "$T/bob.console" ;;
	esac
	check "$name pings the other" heard "$name" "RESULT ping ${other%/*} ok" || detail_file "$T/$name.console" 40
	check "$name speaks TCP with the other" heard "$name" "RESULT hello ${other%/*} ok hello from " || detail_file "$T/$name.console" 40
	check "$name makes its IPv6 address of its prefix and its MAC" grep -q "inet6 $own6/64 scope global dynamic" "$T/$name.console"
	check "$name pings the other over IPv6" heard "$name" "RESULT ping $other6 ok" || detail_file "$T/$name.console" 40
	check "$name speaks TCP with the other over IPv6" heard "$name" "RESULT hello $other6 ok hello from " || detail_file "$T/$name.console" 40
	check "$name was answered by fold alone" grep -q "^fold: $name $mac: DHCPACK" "$T/$name.log"
done
for to in $world4 $world6; do
	check "alice reaches $to through her gateway" heard alice "RESULT ping $to ok" || detail_file "$T/alice.console" 40
done
check 'and by the chain that was named for it' sh -c "nft list counter bridge fold out | grep -q 'packets [1-9]'"
check 'alice renews' heard alice 'RESULT renew ok'

user() {
	for pid in $(pgrep -f '^qemu-system-x86_64 .*mac='"$1"); do
		stat -c %U "/proc/$pid"
	done
}
check "bob's hypervisor runs as the user of sudo" same user "$(user "$mac_bob")" nobody

wait "$alice_fold"
status=$?
check 'alice powers off, and her fold ends well' ended 0
check 'bob goes on' sh -c 'ip link show bob'
kill "$bob_fold"
wait "$bob_fold"
status=$?
# qemu exits with status 0 when it is told to end.
check "bob's fold is told to end, and tells qemu" ended 0
nft delete table bridge fold
nothing_left 'two guests'

# ---- what a newcomer sees ----

start=$(now)
"$root/utils/demo" >"$T/demo" 2>&1 </dev/null
status=$?
echo "# the demo took $(($(now) - start)) ms"
check 'the demo ends well' ended 0 || detail_file "$T/demo" 60
for line in 'alice: DHCP gave it address' 'bob: DHCP gave it address' 'alice: ping bob at .* ms' 'bob: ping alice at .* ms' \
	'alice: TCP to bob: "hello from bob' \
	'alice: ping bob at fd5e:.* ms' 'bob: ping alice at fd5e:.* ms' 'fold works here'; do
	check "the demo shows: $line" grep -q "$line" "$T/demo"
done
nothing_left 'the demo'
finish
