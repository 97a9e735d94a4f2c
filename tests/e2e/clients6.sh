#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# clients6: what people configure IPv6 with, unmodified, as guests behind ports that fold made: the kernel itself,
# rdisc6 and ndisc6, and the DHCPv6 clients. Each gets its address, renews, rebinds, releases and declines it, and is
# configured as the binding says. Words after the name run only those guests' tests.
#
# Addresses: VM NN (in hex) has fd5e:1:2:3:5054:ff:fe00:1NN, made from its MAC, or fd5e:1:2:3:9:9:9:NN where the
# address is given (-s). Each client's messages are read from the frames on its own interface.
# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2031 # most functions are called by name; $job is the subshell's own
. "$(dirname "$0")/lib.sh"
begin "$@"

BRIDGE_MTU=1376
PREFIX=fd5e:1:2:3
lease=$((SLOW > 1 ? 60 : 20))
renewal=$((SLOW > 1 ? 12 : 4))
period=$((SLOW > 1 ? 8 : 2))
make_bridge "$BRIDGE" "$BRIDGE_MTU"
configure "[dhcp]
lease_lifetime = $lease
lease_renewal = $renewal
[ipv6]
ra_period = $period"
TALK_FILTER='icmp6 or udp port 546 or udp port 547' TALK_WORDS=dhcp6.awk

# ---- who has what ----

hex() {
	printf %02x "$1"
}

mac() {
	echo "52:54:00:00:01:$(hex "$1")"
}

# by_mac N: the address by Modified EUI-64. told N: the address by -s. router N: fold's own address on the guest's
# link.
by_mac() {
	echo "$PREFIX:5054:ff:fe00:1$(hex "$1")"
}

told() {
	echo "$PREFIX:9:9:9:$(hex "$1")"
}

router() {
	echo "fe80::fc54:ff:fe00:1$(hex "$1")"
}

addresses() {
	on "$1" ip -6 -o addr show dev eth0 scope global -tentative | sed 's/.* inet6 \([^ /]*\).*/\1/'
}

has_address() {
	addresses "$1" | grep -Fx "$2" && return
	on "$1" ip -6 addr show dev eth0
	return 1
}

has_only_address() {
	same addresses "$(addresses "$1")" "$2"
}

has_router() {
	on "$1" ip -6 route show default | grep -q "^default.* via $(router "$2") " && return
	on "$1" ip -6 route
	return 1
}

# has_mtu: dhcpcd sets the MTU of the routes, the others that of the interface, NetworkManager both.
has_mtu() {
	case "$(on "$1" cat /proc/sys/net/ipv6/conf/eth0/mtu) $(on "$1" ip -6 route show default)" in
	"$BRIDGE_MTU "* | *" mtu $BRIDGE_MTU"*) return ;;
	esac
	on "$1" ip link show dev eth0
	on "$1" ip -6 route
	return 1
}

# networkd passes name servers to resolved, which does not run here; its own state shows what it passes.
has_dns() {
	case $2 in
	networkd) on "$1" sh -c 'cat /run/systemd/netif/links/*' | sed -n 's/^DNS=//p; s/^DOMAINS=//p' | sort >"$T/dns.$job" ;;
	*) on "$1" sed -n 's/^nameserver //p; s/^search //p' /etc/resolv.conf | tr ' ' '\n' | sed 's/\.$//; s/%eth0$//' | sort -u >"$T/dns.$job" ;;
	esac
	# shellcheck disable=SC2046 # words
	same 'name servers and search list' "$(printf '%s\n' $(cat "$T/dns.$job") | sort -u | tr '\n' ' ')" \
		"example.org $PREFIX:5:5:5:50 $PREFIX:5:5:5:51 lab.example.org "
}

configured() {
	check "$1: has its default route, fold's link-local address" within 30 has_router "$1" "$3"
	check "$1: has its name servers and search list" within 30 has_dns "$1" "$2"
	check "$1: has the bridge's MTU" within 30 has_mtu "$1"
}

# ---- the clients; each runs in the foreground of a process beside this one ----

networkd_files() {
	on "$1" sh -c 'mkdir -p /etc/systemd/network && rm -f /etc/systemd/network/* && cat >/etc/systemd/network/eth0.network' <<-END
		[Match]
		Name=eth0
		[Network]
		IPv6AcceptRA=yes
		LinkLocalAddressing=ipv6
		IgnoreCarrierLoss=${2:-no}
		[IPv6AcceptRA]
		UseDomains=yes
		[DHCPv6]
		UseDomains=yes
		DUIDType=link-layer
	END
}

# NetworkManager needs a bus. It does without udev if /sys is read-only.
manager() {
	on "$1" sh -c '
		mkdir -p /run/dbus /run/NetworkManager /var/lib/NetworkManager /etc/NetworkManager/system-connections
		printf "[main]\nplugins=keyfile\ndns=default\nrc-manager=file\ndhcp=internal\nauth-polkit=false\nno-auto-default=*\n[keyfile]\nunmanaged-devices=except:interface-name:eth0\n[logging]\nlevel=DEBUG\ndomains=CORE,DEVICE,IP6,DHCP6\n" \
			>/etc/NetworkManager/NetworkManager.conf
		rm -f /etc/NetworkManager/conf.d/*
		printf "[connection]\nid=eth0\ntype=ethernet\ninterface-name=eth0\n[ipv4]\nmethod=disabled\n[ipv6]\nmethod=auto\naddr-gen-mode=eui64\n" \
			>/etc/NetworkManager/system-connections/eth0.nmconnection
		chmod 600 /etc/NetworkManager/system-connections/eth0.nmconnection
		dbus-uuidgen --ensure=/etc/machine-id
		dbus-daemon --system --fork --nopidfile'
}

# run_client NAME CLIENT [ARGUMENT...]
run_client() {
	client_name=$1 client=$2
	shift 2
	case $client in
	busybox) set -- busybox udhcpc6 -f -R -i eth0 "$@" ;;
	dhclient) set -- dhclient -6 -d -v -pf /run/dhclient6.pid -lf /var/lib/dhcp/dhclient6.leases "$@" eth0 ;;
	dhcpcd) set -- dhcpcd -B -6 "$@" eth0 ;;
	networkd) set -- env SYSTEMD_LOG_LEVEL=debug SYSTEMD_LOG_TARGET=console /lib/systemd/systemd-networkd ;;
	dhcp6c) set -- dhcp6c -f -D -c /etc/wide.conf -p /run/dhcp6c.pid eth0 ;;
	manager) set -- NetworkManager --debug ;;
	esac
	on "$client_name" "$@" >>"$T/$client_name.client" 2>&1 &
}

client_pids() {
	ip netns pids "$1" | while read -r pid; do
		grep -qsE '\((busybox|dhclient|dhcpcd|dhcp6c|systemd-network|NetworkManager)[^)]*\) [^Z]' "/proc/$pid/stat" && echo "$pid"
	done
}

signal_client() {
	# shellcheck disable=SC2046 # a list
	kill "-$2" $(client_pids "$1")
}

release() {
	case $2 in
	dhclient) on "$1" dhclient -6 -r -pf /run/dhclient6.pid -lf /var/lib/dhcp/dhclient6.leases eth0 >>"$T/$1.client" 2>&1 ;;
	dhcpcd) on "$1" dhcpcd -6 -k eth0 >>"$T/$1.client" 2>&1 ;;
	networkd | dhcp6c) signal_client "$1" TERM ;;
	busybox) signal_client "$1" USR2 ;;
	esac
}

binding() {
	cat >"$T/$1.binding" <<-END
		HOSTNAME=$1
		DOMAIN=example.org
		DOMAIN_SEARCH=example.org, lab.example.org
		NAMESERVERS6=$PREFIX:5:5:5:50, $PREFIX:5:5:5:51
		GATEWAY6=$PREFIX:5:5:5:90
		GATEWAY6_MAC=7a:f4:96:e0:1c:a0
	END
}

# guest NAME N CLIENT [FOLD'S FLAG...]: makes a machine behind fold with IPv6 only; its interface is eth0, which is
# down.
guest() {
	guest_client=$3
	machine "$1"
	binding "$1"
	[ "$guest_client" != networkd ] || networkd_files "$1"
	set -- "$@" -b "$T/$1.binding"
	guest_vm=$1 guest_n=$2
	shift 3
	check "$guest_vm: its VM starts" start_vm "$guest_vm" - "$(mac "$guest_n")" "$@"
	on "$guest_vm" ip link set eth0 down
}

# A client cannot use a link-local address that is still tentative.
link_local_ready() {
	on "$1" ip -6 -o addr show dev eth0 scope link -tentative | grep -q inet6
}

# up NAME: captures its messages from here on, and sets its interface up.
up() {
	listen "$1"
	on "$1" ip link set eth0 up
	within 30 link_local_ready "$1"
}

ends() {
	check "$1: fold ends as its hypervisor does" stop_vm "$1"
}

# ---- the kernel by itself, and the tools that ask one question ----

# advertised N FLAGS PREFIX'S-FLAGS: a router advertisement to that guest, in the words of dhcp6.awk.
advertised() {
	echo "in ra $((3 * period)) $2 prefix $PREFIX::/64 $3 mtu $BRIDGE_MTU dns $PREFIX:5:5:5:50,$PREFIX:5:5:5:51"
}

# asks PATTERN COMMAND...: whether the command prints a line that matches.
asks() {
	asks_pattern=$1
	shift
	"$@" >"$T/asks.$job" 2>&1
	cat "$T/asks.$job"
	grep -qE -- "$asks_pattern" "$T/asks.$job"
}

kernel() {
	guest "$1" "$3" kernel -6 "$PREFIX::/64"
	up "$1"
	exchange 'asks for a router and is told at once, alone' "$1" 30 'out rs to ff02::2' \
		"$(advertised "$3" O LA) to fe80::5054:ff:fe00:1$(hex "$3")"
	check "$1: makes its address of the prefix and its MAC" within 30 has_address "$1" "$(by_mac "$3")"
	check "$1: has its default route, fold's link-local address" within 30 has_router "$1" "$3"
	check "$1: has the bridge's MTU" within 30 has_mtu "$1"
	began=$(now)

	forget "$1"
	exchange 'is told again and again' "$1" "$((4 * period + 10))" "$(advertised "$3" O LA) to ff02::1" \
		"$(advertised "$3" O LA) to ff02::1" "$(advertised "$3" O LA) to ff02::1" "$(advertised "$3" O LA) to ff02::1"
	while [ "$(now)" -lt $((began + (3 * period + 2) * 1000)) ]; do sleep 0.2; done
	check "$1: its default route outlives three periods" has_router "$1" "$3"

	# Solicitations with and without a source link-layer option, and from another address of its own.
	rdisc="on $1 rdisc6 -1 -r 1 -w $((1000 * SLOW)) eth0"
	for line in "Router lifetime *: *$((3 * period)) " "Prefix *: $PREFIX::/64" "MTU *: *$BRIDGE_MTU " \
		"Recursive DNS server *: $PREFIX:5:5:5:50\$" 'DNS search list *: example.org lab.example.org' \
		'Source link-layer address: 7A:F4:96:E0:1C:A0' 'Stateful other conf. *: *Yes' 'Stateful address conf. *: *No'; do
		# shellcheck disable=SC2086 # words
		check "$1: rdisc6 is told $line" asks "$line" $rdisc
	done
	ndisc="on $1 ndisc6 -1 -r 1 -w $((1000 * SLOW))"
	for pair in "$PREFIX:5:5:5:50 FE:54:00:00:01:$(hex "$3" | tr a-f A-F)" "$PREFIX:5:5:5:51 no" "$PREFIX:5:5:5:90 7A:F4:96:E0:1C:A0" \
		"$(router "$3") 7A:F4:96:E0:1C:A0" "$PREFIX:5:5:5:99 no"; do
		want=${pair#* }
		case $want in no) want='No response|Timed out' ;; *) want="Target link-layer address: $want" ;; esac
		# shellcheck disable=SC2086 # words
		check "$1: ndisc6 about ${pair%% *}: ${pair#* }" asks "$want" $ndisc "${pair%% *}" eth0
	done

	# A change of the binding is advertised at once: the new name server, and the old ones with lifetime 0.
	forget "$1"
	sed -i "s/^NAMESERVERS6=.*/NAMESERVERS6=$PREFIX:5:5:5:52/" "$T/$1.binding"
	exchange 'is told of another name server, and of the old ones that they are none' "$1" 10 \
		"in ra $((3 * period)) O prefix $PREFIX::/64 LA mtu $BRIDGE_MTU dns $PREFIX:5:5:5:52 no dns $PREFIX:5:5:5:50,$PREFIX:5:5:5:51 to ff02::1"

	forget "$1"
	ends "$1"
	exchange 'is told at the end that its router is none' "$1" 10 'in ra 0 O'
}

# fold advertises at its start, before the guest has asked. The period is so long that no other unsolicited
# advertisement comes meanwhile.
first_words() {
	machine "$1"
	binding "$1"
	on "$1" sysctl -qw net.ipv6.conf.default.router_solicitations=0
	on "$1" nft 'table ip6 seen { chain in { type filter hook prerouting priority -300;
		icmpv6 type nd-router-advert ip6 daddr ff02::1 counter; }; }'
	sed 's/^ra_period.*/ra_period = 300/' "$NFDHCPD_CFG" >"$T/$1.conf"
	NFDHCPD_CFG=$T/$1.conf
	check "$1: its VM starts" start_vm "$1" - "$(mac "$3")" -6 "$PREFIX::/64" -b "$T/$1.binding"
	check "$1: is told of its router without having asked" within 5 has_router "$1" "$3"
	check "$1: by an advertisement to all nodes" asks 'packets [1-9]' on "$1" nft list table ip6 seen
	ends "$1"
}

# With -k the guest gets the interface identifier that fold made: as a token of the kernel, or by DHCPv6.
stable() {
	head -c 64 /dev/zero | tr '\0' k >"$T/$1.key"
	mkdir "$T/$1.images"
	own=$("$FOLD" mkaddress -m "$(mac "$3")" -k "$T/$1.key" "$PREFIX::/64") || not_ok "$1: fold mkaddress"
	own=${own%/*}
	guest "$1" "$3" "$2" -6 "$PREFIX::/64" -k "$T/$1.key" -d "$T/$1.images"
	case $2 in
	kernel)
		on "$1" ip token set "::${own#"$PREFIX:"}" dev eth0
		up "$1"
		check "$1: makes the address of the prefix and its token" within 30 has_address "$1" "$own"
		;;
	*)
		up "$1"
		run_client "$1" "$2"
		exchange 'gets its address by DHCPv6' "$1" 30 'in ra' 'out solicit' "in reply $own"
		check "$1: has that address" within 30 has_address "$1" "$own"
		;;
	esac
	exchange 'is told that DHCPv6 has its address too' "$1" 30 "$(advertised "$3" MO LA)"
	check "$1: has its default route, fold's link-local address" within 30 has_router "$1" "$3"
	ends "$1"
}

# Guests that form addresses in their own way, which fold does not know: those addresses are of no use to them, and
# nothing else breaks.
private() {
	machine "$1"
	on "$1" sysctl -qw net.ipv6.conf.default.addr_gen_mode=3 net.ipv6.conf.default.use_tempaddr=2
	guest "$1" "$3" kernel -6 "$PREFIX:9:9:9:$(hex "$3")/64" -s
	up "$1"
	check "$1: its link-local address is none of its MAC" not has_link_local "$1" "$3"
	exchange 'asks for a router and is told at once, alone' "$1" 30 'out rs to ff02::2' "$(advertised "$3" MO L) to $(link_local "$1")"
	check "$1: has its default route, fold's link-local address" within 30 has_router "$1" "$3"
	run_client "$1" dhclient
	exchange 'gets an address from its other link-local address' "$1" 30 'out solicit' "in reply $(told "$3")"
	check "$1: has its address" within 30 has_only_address "$1" "$(told "$3")"
	ends "$1"
}

link_local() {
	on "$1" ip -6 -o addr show dev eth0 scope link -tentative | sed 's/.* inet6 \([^ /]*\).*/\1/'
}

has_link_local() {
	same 'link-local address' "$(link_local "$1")" "fe80::5054:ff:fe00:1$(hex "$2")"
}

# ---- one life with DHCPv6: get, renew, rebind, release ----

get() {
	case $2 in
	dhcpcd | networkd | manager) exchange 'gets its address (rapid commit)' "$1" 30 'out solicit' "in reply $3 for $lease" ;;
	*) exchange 'gets its address' "$1" 30 'out solicit' "in advertise $3 for $lease" "out request $3" "in reply $3 for $lease" ;;
	esac
}

# deaf NAME: drops its renewals on the way out, so that it has to rebind. Rebind is the message type after renew.
deaf() {
	on "$1" nft 'table netdev deaf { chain out { type filter hook egress device eth0 priority 0;
		udp dport 547 @th,64,8 5 drop; }; }' || not_ok "$1: cannot be made deaf"
}

life() {
	own=$(told "$3")
	guest "$1" "$3" "$2" -6 "$own/64" -s
	up "$1"
	case $2 in
	dhcp6c) on "$1" sh -c 'mkdir -p /var/lib/dhcpv6 && printf "interface eth0 { send ia-na 0; request domain-name-servers; request domain-name; };\nid-assoc na 0 { };\n" >/etc/wide.conf' ;;
	esac
	run_client "$1" "$2"
	get "$1" "$2" "$own"
	check "$1: has its address and no other" within 30 has_only_address "$1" "$own"
	case $2 in
	dhcp6c) check "$1: has its default route, fold's link-local address" within 30 has_router "$1" "$3" ;;
	*) configured "$1" "$2" "$3" ;;
	esac

	forget "$1"
	exchange 'renews' "$1" "$((renewal + 30))" "out renew $own to ff02::1:2" "in reply $own for $lease"

	# dhcp6c gives up its address before it would rebind so short a lease.
	if [ "$2" != dhcp6c ]; then
		deaf "$1"
		forget "$1"
		exchange 'rebinds' "$1" "$((lease + 30))" "out rebind $own to ff02::1:2" "in reply $own for $lease"
		check "$1: still has its address" has_address "$1" "$own"
		on "$1" nft delete table netdev deaf
	fi

	# networkd releases nothing; dhcpcd does not release what it is about to renew.
	if [ "$2" != networkd ]; then
		forget "$1"
		exchange 'renews again' "$1" "$((renewal + 30))" "out renew $own to ff02::1:2" "in reply $own for $lease"
		forget "$1"
		gives_back "$1" "$2" "out release $own to ff02::1:2"
		exchange 'releases its address' "$1" 30 "out release $own to ff02::1:2"
		check "$1: gives its address up" within 30 not has_address "$1" "$own"
		check "$1: fold takes note of the release" within 30 grep -q 'DHCPv6 REPLY to RELEASE' "$T/$1.log"
	fi
	ends "$1"
}

# ---- nothing but information ----

informs() {
	guest "$1" "$3" "$2" -6 "$PREFIX::/64"
	up "$1"
	case $2 in
	dhclient) run_client "$1" "$2" -S ;;
	*) run_client "$1" "$2" ;;
	esac
	exchange 'asks for information and gets it' "$1" 30 'out information-request - to ff02::1:2' \
		"in reply - dns $PREFIX:5:5:5:50,$PREFIX:5:5:5:51"
	check "$1: has the address of its prefix and its MAC" within 30 has_address "$1" "$(by_mac "$3")"
	configured "$1" "$2" "$3"
	ends "$1"
}

# ---- behind the guest's own bridge: a second machine in it, and a port that outlives fold ----

# wire NAME N: starts its VM; fold's port is wire0, with a MAC of its own, and eth0 has the guest's MAC.
wire() {
	GUEST_IF=wire0
	check "$1: its VM starts" start_vm "$1" - "$(mac "$2")" -6 "$(told "$2")/64" -s -b "$T/$1.binding"
	ip -n "$1" link set wire0 address "02:00:00:00:01:$(hex "$2")"
	ip -n "$1" addr flush dev wire0
	ip -n "$1" link set wire0 master hub
}

# housed NAME N: a machine whose eth0 is a port of hub, a bridge within the machine.
housed() {
	machine "$1"
	binding "$1"
	networkd_files "$1" yes
	ip -n "$1" link add hub type bridge mcast_snooping 0
	ip -n "$1" link add eth0 address "$(mac "$2")" type veth peer name port0
	ip -n "$1" link set port0 master hub up
	on "$1" sysctl -qw net.ipv6.conf.hub.disable_ipv6=1 net.ipv6.conf.port0.disable_ipv6=1
	ip -n "$1" link set hub up
	wire "$1" "$2"
}

restarted() {
	own=$(told "$3")
	housed "$1" "$3"
	up "$1"
	case $2 in
	dhcpcd) run_client "$1" "$2" --nolink ;;
	*) run_client "$1" "$2" ;;
	esac
	get "$1" "$2" "$own"
	check "$1: has its address" within 30 has_address "$1" "$own"
	check "$1: fold is stopped" stop_vm "$1"
	exchange 'was told that its router is none' "$1" 10 'in ra 0 MO'
	wire "$1" "$3"
	forget "$1"
	exchange 'renews with the fold that came after' "$1" "$((lease + 30))" "out renew $own to ff02::1:2" "in reply $own for $lease"
	check "$1: still has its address" has_address "$1" "$own"
	check "$1: has its default route again" within 30 has_router "$1" "$3"
	check "$1: the second fold ends as its hypervisor does" stop_vm "$1"
}

# dhclient_script: unlike others', Debian's script does not check whether the address is taken. This one does; its
# status 3 makes dhclient decline the address.
dhclient_script() {
	cat >"$T/dhclient.script" <<-'END'
		#!/bin/sh
		/sbin/dhclient-script
		case $reason in BOUND6 | REBOOT6) ;; *) exit 0 ;; esac
		while ip -6 -o addr show dev "$interface" tentative -dadfailed | grep -q inet6; do sleep 0.1; done
		ip -6 -o addr show dev "$interface" -dadfailed | grep -qF " $new_ip6_address/" || exit 3
	END
	chmod +x "$T/dhclient.script"
}

# Another machine on the guest's side already has the guest's address.
declines() {
	own=$(told "$3")
	housed "$1" "$3"
	ip netns add "$1-twin"
	ip -n "$1" link add twin0 type veth peer name eth0 netns "$1-twin" address 02:00:00:00:02:01
	ip -n "$1" link set twin0 master hub up
	ip -n "$1-twin" link set eth0 up
	ip -n "$1-twin" addr add "$own/64" dev eth0 nodad
	up "$1"
	dhclient_script
	run_client "$1" "$2" -sf "$T/dhclient.script"
	get "$1" "$2" "$own"
	exchange 'finds its address taken and declines it' "$1" 30 "out decline $own to ff02::1:2" 'in reply'
	check "$1: fold takes note of it" within 30 grep -q 'DHCPv6 REPLY to DECLINE' "$T/$1.log"
	ip -n "$1-twin" addr del "$own/64" dev eth0
	ends "$1"
}

# ---- NetworkManager ----

managed() {
	housed "$1" "$3"
	manager "$1"
	up "$1"
	run_client "$1" manager
	get "$1" manager "$(told "$3")"
	check "$1: has its address" within 30 has_address "$1" "$(told "$3")"
	configured "$1" manager "$3"
	forget "$1"
	exchange 'renews' "$1" "$((renewal + 30))" "out renew $(told "$3") to ff02::1:2" "in reply $(told "$3") for $lease"
	ends "$1"
}

# ---- all at once: most of the time they wait ----

n=16
only=$*

# lane CLIENT NAME FUNCTION: runs the function beside the others if the client is installed.
lane() {
	n=$((n + 1))
	case " $only " in '  ' | *" $2 "*) ;; *) return ;; esac
	case $1 in
	kernel) program=rdisc6 ;;
	networkd) program=/lib/systemd/systemd-networkd ;;
	manager) program=NetworkManager ;;
	*) program=$1 ;;
	esac
	if ! command -v "$program" >/dev/null; then
		skip "$2: all of its tests" "$program is not installed; make deps does it"
		return
	fi
	beside "$2" "$3" "$2" "$1" "$n"
}

lane kernel kernel kernel
lane kernel first first_words
lane kernel token stable
lane dhcpcd key-dhcpcd stable
lane dhclient private private
for client in dhclient dhcpcd networkd dhcp6c; do
	lane "$client" "$client" life
done
lane dhclient inform-dhclient informs
lane dhcpcd inform-dhcpcd informs
lane networkd inform-networkd informs
for client in dhclient dhcpcd networkd; do
	lane "$client" "again-$client" restarted
done
lane dhclient twin-dhclient declines
lane manager manager managed
merge
nothing_left 'all clients'

finish
