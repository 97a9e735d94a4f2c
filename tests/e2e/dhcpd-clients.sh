#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# dhcpd-clients: the clients that people use, unmodified, behind routed interfaces that one fold-dhcpd serves at the
# same time. Each gets its address, renews and releases it. Words after the name run only those clients. With the word
# `bridge` the interfaces are ports of a bridge, and rules of the bridge family queue the packets: that needs a kernel
# with nft's `queue` for bridges.
# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2031 # most functions are called by name; $job is the subshell's own
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/dhcpd-lib.sh
. "$(dirname "$0")/dhcpd-lib.sh"
begin "$@"
dhcpd_begin

# The lease must outlast the start of a slow client. dhcpcd accepts no lease below 20 s.
lease=$((SLOW > 1 ? 60 : 20))
renewal=$((SLOW > 1 ? 12 : 4))

new_host clients
rule() {
	host "$@" -j NFQUEUE --queue-num "$queue" || bail "the kernel does not take: $*"
}
ip_rules() {
	queue=42 && rule iptables -t mangle -A PREROUTING -i tap+ -p udp --dport 67
	queue=43 && rule ip6tables -t mangle -A PREROUTING -i tap+ -p icmpv6 --icmpv6-type router-solicitation
	queue=44 && rule ip6tables -t mangle -A PREROUTING -i tap+ -p icmpv6 --icmpv6-type neighbour-solicitation
	queue=45 && rule ip6tables -t mangle -A PREROUTING -i tap+ -p udp --dport 547
}
bridge_rules() {
	host ip link add br0 address 02:0a:00:00:0b:01 type bridge mcast_snooping 0
	host ip link set br0 up
	host nft 'table bridge dhcpd { chain in { type filter hook prerouting priority -300
		iifname "tap*" meta protocol ip udp dport 67 queue num 42
		iifname "tap*" icmpv6 type nd-router-solicit queue num 43
		iifname "tap*" icmpv6 type nd-neighbor-solicit queue num 44
		iifname "tap*" meta protocol ip6 udp dport 547 queue num 45; }; }' || bail 'the kernel does not take queue for bridges'
}
only='' bridge='' server_at=lo
for word; do
	case $word in bridge) bridge=br0 server_at=br0 ;; *) only="$only $word" ;; esac
done
if [ "$bridge" ]; then bridge_rules; else ip_rules; fi
grnet_conf
sed -i -e "s/^lease_lifetime.*/lease_lifetime = $lease/" -e "s/^lease_renewal.*/lease_renewal = $renewal/" "$CONF"
# Clients renew by unicast to the server's address, so the host must have it.
host ip addr add 192.0.2.250/32 dev $server_at
check 'fold-dhcpd starts' dhcpd_start || finish

# ---- what a client has ----

has_address() {
	on "$1" ip -o addr show dev eth0 -tentative | grep -F " $2/" && return
	on "$1" ip addr show dev eth0
	return 1
}

has_router() {
	on "$1" ip "-$2" route show default | grep -q "^default.* via $3 " && return
	on "$1" ip "-$2" route
	return 1
}

networkd_files() {
	on "$1" sh -c 'mkdir -p /etc/systemd/network && rm -f /etc/systemd/network/* && cat >/etc/systemd/network/eth0.network' <<-END
		[Match]
		Name=eth0
		[Network]
		DHCP=yes
		LinkLocalAddressing=ipv6
		IPv6AcceptRA=yes
		[DHCPv4]
		UseMTU=no
		ClientIdentifier=mac
		[IPv6AcceptRA]
		DHCPv6Client=always
	END
}

# run_client NAME CLIENT 4|6
run_client() {
	client_name=$1 client=$2-$3
	case $client in
	busybox-4) set -- busybox udhcpc -f -R -i eth0 -s /etc/udhcpc/default.script ;;
	udhcpc-4) set -- udhcpc -f -R -i eth0 -s /etc/udhcpc/default.script ;;
	dhclient-4)
		# With dhclient's defaults its second try would come after the end of so short a lease.
		on "$client_name" sh -c 'printf "initial-interval 1;\nbackoff-cutoff 2;\n" >>/etc/dhcp/dhclient.conf'
		set -- dhclient -d -v -pf /run/dhclient.pid -lf /var/lib/dhcp/dhclient.leases eth0
		;;
	dhclient-6) set -- dhclient -6 -d -v -pf /run/dhclient6.pid -lf /var/lib/dhcp/dhclient6.leases eth0 ;;
	# Without ia_na it asks for an address only where the M flag says so.
	dhcpcd-6) set -- dhcpcd -B -6 --ia_na eth0 ;;
	dhcpcd-*) set -- dhcpcd -B "-$3" eth0 ;;
	dhcp6c-6)
		on "$client_name" sh -c 'mkdir -p /var/lib/dhcpv6 && printf "interface eth0 { send ia-na 0; request domain-name-servers; };\nid-assoc na 0 { };\n" >/etc/wide.conf'
		set -- dhcp6c -f -D -c /etc/wide.conf -p /run/dhcp6c.pid eth0
		;;
	networkd-*)
		networkd_files "$client_name"
		set -- env SYSTEMD_LOG_LEVEL=debug SYSTEMD_LOG_TARGET=console /lib/systemd/systemd-networkd
		;;
	esac
	on "$client_name" "$@" >>"$T/$client_name.client" 2>&1 &
}

client_pids() {
	ip netns pids "$1" | while read -r pid; do
		grep -qsE '\((busybox|udhcpc|dhclient|dhcpcd|dhcp6c|systemd-network)[^)]*\) [^Z]' "/proc/$pid/stat" && echo "$pid"
	done
}

signal_client() {
	# shellcheck disable=SC2046 # a list
	kill "-$2" $(client_pids "$1")
}

release() {
	case $2-$3 in
	busybox-4 | udhcpc-4) signal_client "$1" USR2 ;;
	dhclient-4) on "$1" dhclient -r -pf /run/dhclient.pid -lf /var/lib/dhcp/dhclient.leases eth0 >>"$T/$1.client" 2>&1 ;;
	dhclient-6) on "$1" dhclient -6 -r -pf /run/dhclient6.pid -lf /var/lib/dhcp/dhclient6.leases eth0 >>"$T/$1.client" 2>&1 ;;
	dhcpcd-*) on "$1" dhcpcd "-$3" -k eth0 >>"$T/$1.client" 2>&1 ;;
	networkd-* | dhcp6c-6) signal_client "$1" TERM ;;
	esac
}

link_local_ready() {
	on "$1" ip -6 -o addr show dev eth0 scope link -tentative | grep -q inet6
}

# guest NAME N: makes a machine behind tapN and captures its messages.
guest() {
	[ -e "$T/ns/$1.machine" ] || machine "$1"
	on "$1" sysctl -qw net.ipv6.conf.default.accept_dad=0
	grnet_binding "tap$2" "$2"
	plug "$1" "tap$2" "$2" "$bridge"
	within 30 link_local_ready "$1" >/dev/null || not_ok "$1: has a link-local address"
	listen "$1"
}

life4() {
	guest "$1" "$3"
	run_client "$1" "$2" 4
	case $2 in
	dhcpcd) exchange 'gets a lease (rapid commit)' "$1" 30 'out discover' "in ack 192.0.2.$3" ;;
	*) exchange 'gets a lease' "$1" 30 'out discover' "in offer 192.0.2.$3" "out select 192.0.2.$3" "in ack 192.0.2.$3" ;;
	esac
	check "$1: has its address" within 30 has_address "$1" "192.0.2.$3"
	check "$1: has its default route" within 30 has_router "$1" 4 192.0.2.254
	forget "$1"
	# udhcpc ignores the renewal time and would wait for three quarters of the lease.
	case $2 in busybox | udhcpc) signal_client "$1" USR1 ;; esac
	exchange 'renews' "$1" "$((renewal + 30))" "out renew 192.0.2.$3 to 192.0.2.250" "in ack 192.0.2.$3"
	forget "$1"
	gives_back "$1" "$2" "out release 192.0.2.$3 to 192.0.2.250" 4
	exchange 'releases its lease' "$1" 30 "out release 192.0.2.$3 to 192.0.2.250"
	check "$1: gives its address up" within 30 not has_address "$1" "192.0.2.$3"
}

life6() {
	TALK_FILTER='icmp6 or udp port 546 or udp port 547' TALK_WORDS=dhcp6.awk
	own=$(eui64_of "$3" "$PREFIX6")
	machine "$1"
	# The kernel would make the same address from the prefix by itself; here it must come by DHCPv6.
	on "$1" sysctl -qw net.ipv6.conf.default.autoconf=0
	guest "$1" "$3"
	run_client "$1" "$2" 6
	case $2 in
	dhcpcd | networkd) exchange 'gets its address (rapid commit)' "$1" 30 'out solicit' "in reply $own for $lease" ;;
	*) exchange 'gets its address' "$1" 30 'out solicit' "in advertise $own for $lease" "out request $own" "in reply $own for $lease" ;;
	esac
	check "$1: has its address" within 30 has_address "$1" "$own"
	forget "$1"
	exchange 'renews' "$1" "$((renewal + 30))" "out renew $own to ff02::1:2" "in reply $own for $lease"
	# networkd releases nothing.
	[ "$2" != networkd ] || return 0
	forget "$1"
	gives_back "$1" "$2" "out release $own to ff02::1:2" 6
	exchange 'releases its address' "$1" 30 "out release $own to ff02::1:2"
	check "$1: gives its address up" within 30 not has_address "$1" "$own"
}

# kernel NAME N: the kernel alone gets a router and an address by router advertisement, and reaches an address behind
# the host.
kernel() {
	machine "$1"
	on "$1" sysctl -qw net.ipv6.conf.default.accept_dad=0
	grnet_binding "tap$2" "$2"
	plug "$1" "tap$2" "$2"
	on "$1" sysctl -qw net.ipv6.conf.eth0.router_solicitations=3 net.ipv6.conf.eth0.accept_ra=1
	on "$1" ip link set eth0 down
	on "$1" ip link set eth0 up
	check "$1: makes its address of the prefix" within 30 has_address "$1" "$(eui64_of "$2" "$PREFIX6")"
	check "$1: has its default route, the host's link-local address" within 30 has_router "$1" 6 "$(link_of "$(address_of "tap$2")")"
	host ip -6 addr add 2001:db8:5::5/128 dev lo
	host ip -6 route add "$(eui64_of "$2" "$PREFIX6")/128" dev "tap$2"
	check "$1: reaches what lies behind the host" within 30 on "$1" ping -6 -c 1 -W $((2 * SLOW)) 2001:db8:5::5
}

n=16
lane_client() {
	n=$((n + 1))
	case $1 in networkd) program=/lib/systemd/systemd-networkd ;; *) program=$1 ;; esac
	if ! command -v "$program" >/dev/null; then
		not_ok "$1: not installed; make deps does it"
		return
	fi
	lane "$1-$2" "life$2" "$1-$2" "$1" "$n"
}

for client in busybox udhcpc dhclient dhcpcd networkd; do lane_client "$client" 4; done
for client in dhclient dhcpcd networkd dhcp6c; do lane_client "$client" 6; done
[ "$bridge" ] || lane kernel kernel kernel 40
merge
ends_well 'the server of them all'
finish
