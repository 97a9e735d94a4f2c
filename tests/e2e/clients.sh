#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# clients: the DHCP clients that people use, unmodified, as guests behind ports that fold made. Each gets its lease,
# renews, rebinds and releases it, and is configured as the binding says. The test also checks what guests reach of
# each other then.
#
# 10.0.1.N is the address of VM N. Each client's messages are read from the frames on its own interface.
# shellcheck source=tests/e2e/lib.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
begin "$@"

BRIDGE_MTU=1376
# The lease must outlast the start of a slow client. dhcpcd accepts no lease below 20 s.
lease=$((SLOW > 1 ? 60 : 20))
renewal=$((SLOW > 1 ? 12 : 4))
make_bridge "$BRIDGE" "$BRIDGE_MTU"
configure "[dhcp]
lease_lifetime = $lease
lease_renewal = $renewal"

# ---- what a client has ----

address() {
	on "$1" ip -4 -o addr show dev eth0 | sed 's/.* inet \([^ ]*\) .*brd \([^ ]*\) .*/\1 \2/'
}

has_address() {
	same 'address and broadcast address' "$(address "$1")" "10.0.1.$2/24 10.0.1.255"
}

has_none() {
	same address "$(address "$1")" ''
}

has_router() {
	same 'default route' "$(on "$1" ip -4 route show default | sed 's/ dev .*//')" 'default via 10.0.1.90'
}

# has_mtu: dhcpcd sets the MTU of the routes, the other clients that of the interface.
has_mtu() {
	case "$(on "$1" ip link show dev eth0) $(on "$1" ip -4 route show default)" in
	*" mtu $BRIDGE_MTU"*) return ;;
	esac
	on "$1" ip link show dev eth0
	on "$1" ip -4 route
	return 1
}

# networkd passes name servers and the host name to resolved and hostnamed, which do not run here; its lease file shows
# what it passes.
networkd_lease() {
	on "$1" sh -c 'cat /run/systemd/netif/leases/*' | sed -n "s/^$2=//p"
}

has_dns() {
	case $2 in
	networkd) same 'name servers' "$(networkd_lease "$1" DNS) $(networkd_lease "$1" DOMAINNAME)" \
		'10.0.1.50 10.0.1.51 example.org' ;;
	*) same 'name servers' "$(on "$1" sed -n 's/^nameserver //p; s/^domain //p' /etc/resolv.conf | sort | tr '\n' ' ')" \
		'10.0.1.50 10.0.1.51 example.org ' ;;
	esac
}

# dhcpcd makes a fully qualified name of the host name.
has_name() {
	case $2 in
	networkd) same 'host name' "$(networkd_lease "$1" HOSTNAME)" "$1" ;;
	dhcpcd) same 'host name' "$(on "$1" hostname)" "$1.example.org" ;;
	*) same 'host name' "$(on "$1" hostname)" "$1" ;;
	esac
}

configured() {
	check "$1: has its address, mask and broadcast address" within 30 has_address "$1" "$3"
	check "$1: has its default route" within 30 has_router "$1"
	check "$1: has its name servers and domain" within 30 has_dns "$1" "$2"
	check "$1: has its host name" within 30 has_name "$1" "$2"
	check "$1: has the bridge's MTU" within 30 has_mtu "$1"
}

# ---- the clients; each runs in the foreground of a process beside this one ----

# Debian's default script for udhcpc does not set the host name, so this one does.
udhcpc_script() {
	cat >"$T/udhcpc.script" <<-'END'
		#!/bin/sh
		[ "$1" != bound ] || [ -z "$hostname" ] || hostname "$hostname"
		exec /etc/udhcpc/default.script "$@"
	END
	chmod +x "$T/udhcpc.script"
}

networkd_files() {
	on "$1" sh -c 'mkdir -p /etc/systemd/network && rm -f /etc/systemd/network/* && cat >/etc/systemd/network/eth0.network' <<-END
		[Match]
		Name=eth0
		[Network]
		DHCP=ipv4
		LinkLocalAddressing=no
		IPv6AcceptRA=no
		IgnoreCarrierLoss=${2:-no}
		[DHCPv4]
		UseMTU=yes
		UseDomains=yes
		ClientIdentifier=mac
	END
}

# run_client NAME CLIENT [ARGUMENT...]
run_client() {
	client_name=$1 client=$2
	shift 2
	case $client in
	busybox) set -- busybox udhcpc -f -R -i eth0 -O mtu -s "$T/udhcpc.script" "$@" ;;
	udhcpc) set -- udhcpc -f -R -i eth0 -O mtu -s "$T/udhcpc.script" "$@" ;;
	dhclient)
		# With dhclient's defaults its second try would come after the end of so short a lease.
		on "$client_name" sh -c 'printf "initial-interval 1;\nbackoff-cutoff 2;\n" >>/etc/dhcp/dhclient.conf'
		set -- dhclient -d -v -pf /run/dhclient.pid -lf /var/lib/dhcp/dhclient.leases "$@" eth0
		;;
	dhcpcd) set -- dhcpcd -B -4 "$@" eth0 ;;
	networkd) set -- env SYSTEMD_LOG_LEVEL=debug SYSTEMD_LOG_TARGET=console /lib/systemd/systemd-networkd ;;
	esac
	on "$client_name" "$@" >>"$T/$client_name.client" 2>&1 &
}

# client_pids NAME: the pids of the client's processes, without those of the test's own tools.
client_pids() {
	ip netns pids "$1" | while read -r pid; do
		grep -qsE '\((busybox|udhcpc|dhclient|dhcpcd|systemd-network)[^)]*\) [^Z]' "/proc/$pid/stat" && echo "$pid"
	done
}

signal_client() {
	# shellcheck disable=SC2046 # a list
	kill "-$2" $(client_pids "$1")
}

# kill_client NAME: kills the client's processes. Fails until none is left, because some may just have started others.
kill_client() {
	pids=$(client_pids "$1")
	[ -n "$pids" ] || return 0
	# shellcheck disable=SC2086 # a list
	kill -KILL $pids
	return 1
}

# power_cut NAME: like a host that loses power: the client releases nothing and cleans nothing up, and the interface
# has no address any more.
power_cut() {
	within 30 kill_client "$1"
	on "$1" ip -4 addr flush dev eth0
}

release() {
	case $2 in
	busybox | udhcpc) signal_client "$1" USR2 ;;
	dhclient) on "$1" dhclient -r -pf /run/dhclient.pid -lf /var/lib/dhcp/dhclient.leases eth0 >>"$T/$1.client" 2>&1 ;;
	dhcpcd) on "$1" dhcpcd -4 -k eth0 >>"$T/$1.client" 2>&1 ;;
	networkd) signal_client "$1" TERM ;;
	esac
}

# guest NAME N CLIENT: makes a machine behind fold and captures its messages; its interface is eth0.
guest() {
	machine "$1"
	cat >"$T/$1.binding" <<-END
		HOSTNAME=$1
		DOMAIN=example.org
		NAMESERVERS=10.0.1.50, 10.0.1.51
		GATEWAY=10.0.1.90
		GATEWAY_MAC=7a:f4:96:e0:1c:a0
	END
	[ "$3" != networkd ] || networkd_files "$1" "${4:-}"
	check "$1: its VM starts" start_vm "$1" "10.0.1.$2/24" "52:54:00:00:01:$(printf %02x "$2")" -b "$T/$1.binding"
}

# ---- one life: get, renew, rebind, release ----

first_lease() {
	case $2 in
	dhcpcd) exchange 'gets a lease (rapid commit)' "$1" 30 'out discover' "in ack 10.0.1.$3" ;;
	*) exchange 'gets a lease' "$1" 30 'out discover' "in offer 10.0.1.$3" "out select 10.0.1.$3" "in ack 10.0.1.$3" ;;
	esac
}

life() {
	guest "$1" "$3" "$2"
	listen "$1"
	run_client "$1" "$2"
	first_lease "$1" "$2" "$3"
	configured "$1" "$2" "$3"

	forget "$1"
	# udhcpc ignores the renewal time and would wait for three quarters of the lease.
	case $2 in busybox | udhcpc) signal_client "$1" USR1 ;; esac
	exchange 'renews' "$1" "$((renewal + 30))" "out renew 10.0.1.$3 to 10.0.1.50" "in ack 10.0.1.$3"

	# From here on fold hears no unicast, so the client has to broadcast (rebinding).
	on "$1" nft 'table netdev deaf { chain out { type filter hook egress device eth0 priority 0;
		ether daddr != ff:ff:ff:ff:ff:ff udp dport 67 drop; }; }' || not_ok "$1: cannot be made deaf"
	forget "$1"
	exchange 'rebinds' "$1" "$((lease + 30))" "out rebind 10.0.1.$3 to 255.255.255.255" "in ack 10.0.1.$3"
	check "$1: still has its address" within 10 has_address "$1" "$3"
	on "$1" nft delete table netdev deaf

	forget "$1"
	gives_back "$1" "$2" "out release 10.0.1.$3 to 10.0.1.50"
	exchange 'releases its lease' "$1" 30 "out release 10.0.1.$3 to 10.0.1.50"
	check "$1: gives its address up" within 30 has_none "$1"
	check "$1: fold takes note of the release" within 30 grep -q 'DHCPRELEASE' "$T/$1.log"
	check "$1: fold ends as its hypervisor does" stop_vm "$1"
}

# ---- the client comes back with an old lease ----

# wrong_lease NAME CLIENT: puts 10.0.1.200 into the client's stored lease.
wrong_lease() {
	case $2 in
	dhclient) on "$1" sed -i 's/fixed-address .*/fixed-address 10.0.1.200;/' /var/lib/dhcp/dhclient.leases ;;
	# dhcpcd stores the last acknowledgement as it came: yiaddr is at octet 16.
	dhcpcd) on "$1" sh -c 'printf "\012\000\001\310" | dd of=/var/lib/dhcpcd/eth0.lease bs=1 seek=16 conv=notrunc 2>&1' ;;
	esac
}

# remembers NAME CLIENT: whether the client has stored its lease on disk.
remembers() {
	case $2 in
	dhclient) on "$1" grep -q fixed-address /var/lib/dhcp/dhclient.leases ;;
	dhcpcd) on "$1" test -s /var/lib/dhcpcd/eth0.lease ;;
	esac
}

comes_back() {
	# Long leases: none may need a renewal, or end, before the power cut.
	sed -e 's/^lease_lifetime.*/lease_lifetime = 7200/' -e 's/^lease_renewal.*/lease_renewal = 3600/' "$NFDHCPD_CFG" >"$T/$1.conf"
	NFDHCPD_CFG=$T/$1.conf
	guest "$1" "$3" "$2"
	listen "$1"
	run_client "$1" "$2"
	first_lease "$1" "$2" "$3"
	check "$1: has its address" within 30 has_address "$1" "$3"
	within 30 remembers "$1" "$2"

	power_cut "$1"
	forget "$1"
	run_client "$1" "$2"
	exchange 'asks for its old address and is told yes (INIT-REBOOT)' "$1" 30 "out reboot 10.0.1.$3" "in ack 10.0.1.$3"
	check "$1: has its address after that" within 30 has_address "$1" "$3"

	power_cut "$1"
	wrong_lease "$1" "$2"
	forget "$1"
	run_client "$1" "$2"
	exchange 'asks for a wrong address, is told no, and gets its own' "$1" 30 "out reboot 10.0.1.200" 'in nak' \
		'out discover' "in ack 10.0.1.$3"
	check "$1: has its own address in the end" within 30 has_address "$1" "$3"
	check "$1: fold ends as its hypervisor does" stop_vm "$1"
}

# udhcpc stores no lease, but it can be told to ask for an address.
wishes() {
	guest "$1" "$3" "$2"
	listen "$1"
	run_client "$1" "$2" -r 10.0.1.200
	exchange 'wishes for another address and gets its own' "$1" 30 'out discover 10.0.1.200' "in offer 10.0.1.$3" \
		"in ack 10.0.1.$3"
	check "$1: has its own address" within 30 has_address "$1" "$3"
	check "$1: fold ends as its hypervisor does" stop_vm "$1"
}

# ---- a link of two: the guest and its gateway, RFC 3021 ----

# default_by NAME ADDRESS: whether the default route leads there. The client makes it a moment after the address.
default_by() {
	on "$1" ip -4 route show default | grep -qF "default via $2 "
}

# pair NAME CLIENT N: checks that the client does not take the gateway's address for the broadcast address.
pair() {
	machine "$1"
	container "far$3" "10.0.$3.1/31" "52:54:00:00:03:$(printf %02x "$3")"
	printf 'GATEWAY=10.0.%s.1\nGATEWAY_MAC=52:54:00:00:03:%02x\n' "$3" "$3" >"$T/$1.binding"
	check "$1: its VM starts" start_vm "$1" "10.0.$3.0/31" "52:54:00:00:02:$(printf %02x "$3")" -b "$T/$1.binding"
	networkd_files "$1"
	run_client "$1" "$2"
	check "$1: reaches the other end" within 30 on "$1" ping -n -c 1 -W 1 "10.0.$3.1"
	check "$1: by which its default route goes" within 30 default_by "$1" "10.0.$3.1"
	check "$1: fold ends as its hypervisor does" stop_vm "$1"
}

# ---- fold is started again under a guest that has its lease ----

# plug NAME N [ADDRESS]: starts its VM. The guest's interface is a bridge with the virtual card as its port, so it
# outlives the VM's card.
plug() {
	GUEST_IF=wire0
	check "$1: its VM starts" start_vm "$1" "10.0.1.${3:-$2}/24" "52:54:00:00:01:$(printf %02x "$2")" -b "$T/$1.binding"
	ip -n "$1" link set wire0 master eth0
}

# between NAME CLIENT N: the client gets its lease, then fold is stopped.
between() {
	machine "$1"
	ip -n "$1" link add eth0 address "52:54:00:00:01:$(printf %02x "$3")" type bridge
	ip -n "$1" link set eth0 up
	printf 'NAMESERVERS=10.0.1.50\n' >"$T/$1.binding"
	networkd_files "$1" yes
	plug "$1" "$3"
	listen "$1"
	case $2 in
	dhcpcd) run_client "$1" "$2" --nolink ;;
	*) run_client "$1" "$2" ;;
	esac
	first_lease "$1" "$2" "$3"
	check "$1: has its address" within 30 has_address "$1" "$3"
	check "$1: fold is stopped" stop_vm "$1"
}

# begins_anew NAME CLIENT N [ADDRESS]: starts a second fold, perhaps with another address for the VM, for a client that
# is about to renew.
begins_anew() {
	plug "$1" "$3" "${4:-}"
	forget "$1"
	case $2 in busybox | udhcpc) signal_client "$1" USR1 ;; esac
}

restarted() {
	between "$@"
	begins_anew "$@"
	exchange 'renews with the fold that came after' "$1" "$((lease + 30))" "out renew 10.0.1.$3 to 10.0.1.50" "in ack 10.0.1.$3"
	check "$1: still has its address" within 10 has_address "$1" "$3"
	check "$1: the second fold ends as its hypervisor does" stop_vm "$1"
}

# moved NAME CLIENT N M: as for a VM that was saved and goes on with another address, that of VM M.
moved() {
	# The first lease must last until the second fold runs, however busy the machine is.
	sed -e 's/^lease_lifetime.*/lease_lifetime = 120/' -e 's/^lease_renewal.*/lease_renewal = 30/' "$NFDHCPD_CFG" >"$T/$1.conf"
	NFDHCPD_CFG=$T/$1.conf
	between "$1" "$2" "$3"
	begins_anew "$@"
	# On a busy machine the client may be rebinding by now instead of renewing.
	exchange 'wants to keep an address that is no longer its own, is told no, and gets the other' "$1" 150 \
		'in nak' "in ack 10.0.1.$4"
	check "$1: has its new address" within 30 has_address "$1" "$4"
	check "$1: the second fold ends as its hypervisor does" stop_vm "$1"
}

# ---- all at once: most of the time they wait ----

udhcpc_script
n=100
for client in busybox udhcpc dhclient dhcpcd networkd; do
	n=$((n + 10))
	case $client in networkd) program=/lib/systemd/systemd-networkd ;; *) program=$client ;; esac
	if ! command -v "$program" >/dev/null; then
		skip "$client: all of its tests" 'not installed; make deps does it'
		continue
	fi
	beside "$client" life "$client" "$client" "$n"
	# How a client uses its lease does not depend on the kernel: not tested in the emulated machine, where each
	# start takes seconds.
	[ -z "${FOLD_VM:-}" ] || continue
	beside "pair-$client" pair "pair-$client" "$client" "$((n + 3))"
	beside "again-$client" restarted "again-$client" "$client" "$((n + 1))"
	beside "moved-$client" moved "moved-$client" "$client" "$((n + 4))" "$((n + 5))"
	case $client in
	dhclient | dhcpcd) beside "back-$client" comes_back "back-$client" "$client" "$((n + 2))" ;;
	busybox) beside "wish-$client" wishes "wish-$client" "$client" "$((n + 2))" ;;
	esac
done
merge
nothing_left 'all clients'

finish
