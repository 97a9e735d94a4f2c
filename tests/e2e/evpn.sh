#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# evpn: two hosts, joined by VXLAN, that learn each other's MACs from BGP EVPN (RFC 7432, 8365) and not from frames.
# FRR's zebra and bgpd run on each; they advertise the static forwarding entry that fold makes for a VM.
# shellcheck source=tests/e2e/lib.sh source=tests/e2e/hosts.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
begin "$@"
. "$root/tests/e2e/hosts.sh"

frr=/usr/lib/frr
[ -x $frr/zebra ] || bail 'no FRR: utils/deps test installs it'

# The tunnel learns no MAC from frames and floods no frame to an unknown MAC: such a frame goes where BGP said, or is
# dropped.
two_hosts nolearning
for host in east west; do
	ip netns exec "$host" bridge link set dev vx0 learning off flood off
done

# speak HOST OWN OTHER: starts BGP with the other host, over the network that carries the tunnel.
speak() {
	mkdir -p "$T/frr/$1"
	cat >"$T/frr/$1/bgpd.conf" <<-END
		router bgp 65000
		 bgp router-id $2
		 no bgp default ipv4-unicast
		 neighbor $3 remote-as 65000
		 neighbor $3 timers 1 10
		 neighbor $3 timers connect 1
		 address-family l2vpn evpn
		  neighbor $3 activate
		  advertise-all-vni
		 exit-address-family
	END
	: >"$T/frr/$1/zebra.conf"
	chown -R frr:frr "$T/frr/$1"
	for daemon in zebra bgpd; do
		nsenter --net="/run/netns/$1" $frr/$daemon -f "$T/frr/$1/$daemon.conf" -i "$T/frr/$1/$daemon.pid" \
			-z "$T/frr/$1/zserv" --vty_socket "$T/frr/$1" -P 0 --log stdout >"$T/frr/$1/$daemon.log" 2>&1 &
		within 20 test -s "$T/frr/$1/$daemon.pid" || bail "$daemon: $(cat "$T/frr/$1/$daemon.log")"
	done
}
speak east 192.0.2.1 192.0.2.2
speak west 192.0.2.2 192.0.2.1

vty() {
	vty_host=$1
	shift
	vtysh --vty_socket "$T/frr/$vty_host" -c "$*"
}

# knows HOST MAC VTEP: whether the host's forwarding table leads to the MAC by that VTEP.
knows() {
	ip netns exec "$1" bridge fdb show dev vx0 | grep -i "^$2 .*dst $3" && return
	ip netns exec "$1" bridge fdb show
	return 1
}

peers() {
	knows east 00:00:00:00:00:00 192.0.2.2 && knows west 00:00:00:00:00:00 192.0.2.1
}
check 'the hosts find each other by BGP' within 40 peers || {
	detail_file "$T/frr/east/bgpd.log"
	detail_file "$T/frr/east/zebra.log"
}

check 'ann starts on east' host_vm east ann 10.0.2.1/24 52:54:00:00:02:01 -6 fde5:2::/64
check 'bob starts on west' host_vm west bob 10.0.2.2/24 52:54:00:00:02:02 -6 fde5:2::/64
check "east knows bob's MAC before he has said a word" within 15 knows east 52:54:00:00:02:02 192.0.2.2
check "west knows ann's" within 15 knows west 52:54:00:00:02:01 192.0.2.1
gets_addresses ann 10.0.2.1/24 fde5:2::5054:ff:fe00:201/64
gets_addresses bob 10.0.2.2/24 fde5:2::5054:ff:fe00:202/64
check 'ann reaches bob' reaches ann 10.0.2.2
check 'bob reaches ann' reaches bob 10.0.2.1
check 'ann reaches bob over IPv6' reaches ann fde5:2::5054:ff:fe00:202
check 'bob reaches ann over IPv6' reaches bob fde5:2::5054:ff:fe00:201
# told TEXT: whether BGP's route to ann's MAC has that text.
told() {
	vty west show bgp l2vpn evpn route type macip >"$T/told"
	grep -A 2 -F '[52:54:00:00:02:01]' "$T/told" | grep -F "$1" && return
	cat "$T/told"
	return 1
}
check 'BGP tells of her MAC as one that does not move' told 'sticky MAC'

# ---- somebody on the other host with her MAC ----

host_container west imp 52:54:00:00:02:01 10.0.2.7/24
in_guest imp ping -n -q -c 3 -i 0.2 -W 1 10.0.2.2 >"$T/imp" 2>&1
check "an impostor does not take ann's place" knows west 52:54:00:00:02:01 192.0.2.1
forget_neighbours bob
check 'and bob still reaches ann' reaches bob 10.0.2.1
ip -n west link del vimp

# ---- to the other host ----

check 'ann ends' stop_vm ann
check 'and west forgets her MAC' within 15 not knows west 52:54:00:00:02:01 192.0.2.1
ip netns del ann
check 'ann starts on west' host_vm west ann 10.0.2.1/24 52:54:00:00:02:01 -6 fde5:2::/64
host_container east carl 02:00:00:00:02:08 10.0.2.8/24 fde5:2::8/64
check 'east knows where she is now' within 15 knows east 52:54:00:00:02:01 192.0.2.2
gets_addresses ann 10.0.2.1/24 fde5:2::5054:ff:fe00:201/64
check "a container on east, whose MAC its bridge learns, reaches her" reaches carl 10.0.2.1
check 'and over IPv6' reaches carl fde5:2::5054:ff:fe00:201
check 'ann ends again' stop_vm ann
check 'bob ends' stop_vm bob
nothing_left 'both hosts'
finish
