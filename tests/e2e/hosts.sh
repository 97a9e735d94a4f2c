# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# hosts: guests that ask for their addresses, and two hosts whose bridges are one network. For tests that have sourced lib.sh.

# ---- addresses ----

# lease NAME CIDR: the guest asks once by DHCP and configures the address that it is given, which must be CIDR.
# $T/NAME.mtu has the MTU that came with it.
lease() {
	cat >"$T/bin/udhcpc.script" <<-'END'
		#!/bin/sh
		[ "$1" = bound ] || exit 0
		echo "${mtu:-}" >"$LEASE.mtu"
		ip addr replace "$ip/$mask" dev "$interface"
	END
	chmod 755 "$T/bin/udhcpc.script"
	LEASE=$T/$1 in_guest "$1" busybox udhcpc -f -q -n -t 20 -T "$SLOW" -O mtu -i "$GUEST_IF" -s "$T/bin/udhcpc.script" || return
	has_address "$1" "$2"
}

# has_address NAME CIDR: whether it has the address, and that is no longer tentative.
has_address() {
	ip -n "$1" -o addr show dev "$GUEST_IF" -tentative | grep -F " $2 " || {
		ip -n "$1" addr show dev "$GUEST_IF"
		return 1
	}
}

# gets_addresses NAME CIDR4 CIDR6: tests that the guest gets these addresses.
gets_addresses() {
	check "$1 gets its lease" lease "$1" "$2"
	[ -z "${3:-}" ] || check "$1 makes its IPv6 address of a router advertisement" within 15 has_address "$1" "$3"
}

# reaches NAME ADDRESS [PING'S FLAG...]: whether a ping is answered; it is repeated, because a busy machine loses a
# packet now and then.
reaches() {
	reaches_name=$1 reaches_address=$2
	shift 2
	within 5 in_guest "$reaches_name" ping -n -q -c 1 -W "$SLOW" "$@" "$reaches_address"
}

# cut_off NAME ADDRESS
cut_off() {
	! in_guest "$1" ping -n -q -c 3 -i 0.2 -W "$SLOW" "$2"
}

# forget_neighbours NAME...: empties their neighbour tables, so that they must resolve addresses again.
forget_neighbours() {
	for forget_name; do
		ip -n "$forget_name" neigh flush all 2>/dev/null
		ip -n "$forget_name" -6 neigh flush all 2>/dev/null
	done
	true
}

# ---- two hosts ----
#
#   host east 192.0.2.1/30  under0 ---- under0  192.0.2.2/30 host west
#     br0: vx0 (VXLAN 7), ports                   br0: vx0, ports

# two_hosts [WORD...]: further words for `ip link add vx0 type vxlan`.
two_hosts() {
	ip netns add east
	ip netns add west
	ip link add under0 netns east type veth peer name under0 netns west || bail 'no veth'
	one_host east 192.0.2.1 "$@"
	one_host west 192.0.2.2 "$@"
}

one_host() {
	host=$1 host_ip=$2
	shift 2
	ip -n "$host" link set lo up
	ip -n "$host" addr add "$host_ip/30" dev under0
	ip -n "$host" link set under0 up
	ip -n "$host" link add vx0 type vxlan id 7 dev under0 local "$host_ip" dstport 4789 "$@" || bail 'this kernel has no VXLAN'
	ip -n "$host" link add br0 type bridge
	ip -n "$host" link set vx0 master br0
	ip -n "$host" link set vx0 up
	ip -n "$host" link set br0 up
	# fold-HOST: the program as that host runs it.
	printf '#!/bin/sh\nexec nsenter --net=/run/netns/%s %s "$@"\n' "$host" "$FOLD" >"$T/bin/fold-$host"
	chmod 755 "$T/bin/fold-$host"
}

# host_vm HOST NAME CIDR MAC [FOLD'S FLAG...]
host_vm() {
	host=$1
	shift
	FOLD=$T/bin/fold-$host start_vm "$@"
}

# host_container HOST NAME MAC CIDR...
host_container() {
	host=$1 container=$2
	ip netns add "$container"
	ip -n "$host" link add "v$container" type veth peer name eth0 netns "$container" address "$3"
	ip -n "$host" link set "v$container" master br0 up
	shift 3
	ip -n "$container" link set lo up
	for cidr; do
		case $cidr in *:*) ip -n "$container" addr add "$cidr" dev eth0 nodad ;; *) ip -n "$container" addr add "$cidr" dev eth0 ;; esac
	done
	ip -n "$container" link set eth0 up
}

# capture HOST INTERFACE FILE: captures everything on the interface from now on, until end_capture or the end of the
# test.
capture() {
	nsenter --net="/run/netns/$1" tcpdump -i "$2" -U -w "$3" 2>"$3.log" &
	capture=$!
	within 20 grep -q 'listening on' "$3.log"
}

end_capture() {
	# The last frames may still be on their way through the kernel to tcpdump.
	sleep "$SLOW"
	kill "$capture"
	wait "$capture"
	true
}

# seen FILE FILTER: the number of frames of a capture that match.
seen() {
	tcpdump -n -r "$1" "$2" >"$T/seen" 2>"$T/seen.err" || cat "$T/seen.err"
	wc -l <"$T/seen"
}
