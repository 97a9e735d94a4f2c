# shellcheck shell=sh disable=SC2030,SC2031,SC2154 # $job is meant to be the subshell's own
# SPDX-License-Identifier: GPL-2.0-or-later
#
# dhcpd-lib: what the tests of fold-dhcpd share. Such a test begins with
#
#   . "$(dirname "$0")/lib.sh"
#   . "$(dirname "$0")/dhcpd-lib.sh"
#   begin "$@"
#   dhcpd_begin
#
# A "host" is a network namespace with rules of its own, interfaces tapN and a fold-dhcpd; a "guest" is a namespace at
# the other end of such an interface. $HOST is the current host. The tests use nothing of the program but its files,
# packets and signals.
#
# Which test proves what:
#
#   dhcpd-rules    every rule set that users of nfdhcpd have: iptables of both kinds, physdev, nftables, ebtables' arpreply; what an
#                  interface without a binding sends is left alone; several workers
#   dhcpd-keys     every key of the configuration and of bindings that one line of nfdhcpd has and the other has not; how packets
#                  are told apart; neighbour solicitations; the old programs' faults
#   dhcpd-files    bindings that come, go, change and are broken while it runs; interfaces likewise; configuration errors
#   dhcpd-daemon   pid file, user and capabilities, signals, log, notification of the service manager, restarts
#   dhcpd-clients  dhclient, dhcpcd, systemd-networkd, udhcpc, dhcp6c: get, renew, release
#   dhcpd-many     1,000 interfaces with a client each, 10,000 bindings, a flood, death and restart under load

# The two lines of nfdhcpd number their queues differently: see grnet_conf and fork_conf.
PREFIX6=2001:db8:aa:bb

dhcpd_begin() {
	DHCPD=$(dirname -- "$FOLD")/fold-dhcpd
	[ -x "$DHCPD" ] || bail "no fold-dhcpd to test beside $FOLD: build it"
	HOST=main
	cat >"$T/dump.script" <<-'END'
		#!/bin/sh
		case $1 in bound | renew) env >"$DUMP.new" && mv "$DUMP.new" "$DUMP" ;; esac
		exit 0
	END
	cat >"$T/dump6.script" <<-'END'
		#!/bin/sh
		case $reason in *6) [ "$reason" = PREINIT6 ] || { env >"$DUMP.new" && mv "$DUMP.new" "$DUMP"; } ;; esac
		exit 0
	END
	chmod +x "$T/dump.script" "$T/dump6.script"
	# The daemon runs as a user of its own (nobody), who must be able to enter the test's directory.
	chmod 755 "$T"
}

# ---- hosts ----

# new_host NAME: a host with an empty directory of bindings; it is $HOST from now on.
new_host() {
	HOST=$1
	ip netns add "$HOST"
	ip -n "$HOST" link set lo up
	mkdir -p "$T/$HOST"
	# On a tmpfs, because some tests make very many files.
	[ -n "$KEEP" ] || mount -t tmpfs -o mode=0755,nr_inodes=300000 host "$T/$HOST"
	mkdir -p "$T/$HOST/data" "$T/$HOST/log" "$T/$HOST/run"
	DATA=$T/$HOST/data
	CONF=$T/$HOST/nfdhcpd.conf
	# No duplicate address detection delays a test, and the host is a router: its kernel neither solicits nor obeys
	# other routers. br_netfilter is off.
	host sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad; echo 0 >/proc/sys/net/ipv6/conf/all/accept_dad
		echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
		for f in iptables ip6tables arptables; do
			[ ! -e /proc/sys/net/bridge/bridge-nf-call-$f ] || echo 0 >/proc/sys/net/bridge/bridge-nf-call-$f
		done'
}

# host COMMAND...: on $HOST.
host() {
	nsenter --net="/run/netns/$HOST" "$@"
}

# mac_of N: the MAC address of guest N.
mac_of() {
	printf '52:54:00:00:%02x:%02x' $(($1 / 256)) $(($1 % 256))
}

# eui64_of N PREFIX: its address by that.
eui64_of() {
	printf '%s:5054:ff:fe00:%x' "$2" "$1"
}

# link_of MAC: the link-local address made from it.
link_of() {
	echo "$1" | awk -F: '{
		split("0123456789abcdef", d, ""); for (i = 1; i <= 16; i++) v[d[i]] = i - 1
		first = v[substr($1, 1, 1)] * 16 + v[substr($1, 2, 1)]
		first = int(first / 2) % 2 ? first - 2 : first + 2
		s = sprintf("%02x%s:%sff:fe%s:%s%s", first, $2, $3, $4, $5, $6)
		n = split(s, g, ":"); out = "fe80:"
		for (i = 1; i <= n; i++) { sub(/^0+/, "", g[i]); out = out ":" (g[i] == "" ? "0" : g[i]) }
		print out }'
}

# address_of TAP: the MAC address of that interface of $HOST.
address_of() {
	ip -n "$HOST" -o link show "$1" | sed 's/.* link\/ether \([^ ]*\) .*/\1/'
}

# plug GUEST TAP N [BRIDGE]: connects guest N's eth0 to $HOST's interface TAP, which becomes a port of BRIDGE if one is
# given.
plug() {
	[ -e "/run/netns/$1" ] || {
		ip netns add "$1"
		ip -n "$1" link set lo up
	}
	nsenter --net="/run/netns/$1" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad
		echo 0 >/proc/sys/net/ipv6/conf/all/accept_dad; echo 0 >/proc/sys/net/ipv6/conf/default/router_solicitations'
	ip -n "$HOST" link add "$2" type veth peer name eth0 netns "$1" address "$(mac_of "$3")"
	[ -z "${4:-}" ] || ip -n "$HOST" link set "$2" master "$4"
	ip -n "$HOST" link set "$2" up
	ip -n "$1" link set eth0 up
	[ -z "${4:-}" ] || within 10 port_forwards "$2" || bail "$2: its port does not forward"
	within 10 has_link_local "$1" >/dev/null || not_ok "$1: has a link-local address"
}

has_link_local() {
	ip -n "$1" -6 -o addr show dev eth0 scope link -tentative | grep -q inet6
}

port_forwards() {
	host bridge link show dev "$1" | grep -q 'state forwarding'
}

# ---- the configuration and binding files of both lines of nfdhcpd ----

general() {
	printf '[general]\npidfile = %s/run/nfdhcpd.pid\ndatapath = %s # Where the client configuration will be read from\n' \
		"$T/$HOST" "$DATA"
	printf 'logdir = %s/log   # Where to write our logs\nuser = nobody # An unprivileged user to run as\n' "$T/$HOST"
}

# grnet_conf [LINES]: the sample configuration of GRNET's documentation, with this host's paths. LINES go to the end of
# its last section, [ipv6].
grnet_conf() {
	{
		general
		cat <<-'END'
			## DHCP options
			[dhcp]
			enable_dhcp = yes
			lease_lifetime = 604800 # 1 week
			lease_renewal = 3600 	# 1 hour
			server_ip = 192.0.2.250
			server_on_link = no
			dhcp_queue = 42 # NFQUEUE number to listen on for DHCP requests
			nameservers = 192.0.2.252, 192.0.2.253
			domain = example.com
			## IPv6-related functionality
			[ipv6]
			enable_ipv6 = yes
			mode = slaac+dhcpv6
			ra_period = 300 # seconds
			rs_queue = 43 # NFQUEUE number to listen on for router solicitations
			ns_queue = 44 # NFQUEUE number to listen on for neighbor solicitations
			dhcpv6_queue = 45 # NFQUEUE number to listen on for DHCPv6 Information-Requests
			nameservers = 2001:db8:100::1, 2001:db8:200::2
			domains = example.com, example.net
		END
		[ $# = 0 ] || printf '%s\n' "$@"
	} >"$CONF"
}

# fork_conf [LINES]: a configuration as the fork's users have it. LINES go behind its last section.
fork_conf() {
	{
		general
		cat <<-'END'
			[dhcp]
			enable_dhcp = yes
			lease_lifetime = 604800 # 1 week
			lease_renewal = 600
			dhcp_queue = 42
			dhcp6_queue = 43
			domain = global.test
			[ipv6]
			enable_ipv6 = yes
			ra_period = 300 # seconds
			rs_queue = 44
			ns_queue = 45
			[dns]
			enable_dns = yes
			dns_queue = 46
			dns6_queue = 47
			ttl = 10
			forward = no
			[notify]
			enable_notify = yes
			notify_period = 60
			notify_queue = 48
			notify6_queue = 49
			[addresses]
			everywhere. = 10.0.1.7
			[addresses6]
			everywhere. = abab:abab:abab:abab:abab:abab:abab:abab
			[txts]
			everywhere. = "for all = of them # here"
		END
		[ $# = 0 ] || printf '%s\n' "$@"
	} >"$CONF"
}

# binding TAP: writes that interface's binding file from stdin.
binding() {
	cat >"$DATA/$1"
}

# grnet_binding TAP N [INDEV]: a binding as GRNET's ifup scripts write it.
grnet_binding() {
	binding "$1" <<-END
		INDEV=${3:-$1}
		IP=192.0.2.$2
		MAC=$(mac_of "$2")
		HOSTNAME=vm$2.own.example.org
		TAGS=""
		GATEWAY=192.0.2.254
		SUBNET=192.0.2.0/24
		GATEWAY6=$PREFIX6::1
		SUBNET6=$PREFIX6::/64
		EUI64=$(eui64_of "$2" "$PREFIX6")
		MACSPOOF=
		MTU=1450
		PRIVATE=
	END
}

# fork_binding TAP N [LINES]
fork_binding() {
	fork_tap=$1 fork_n=$2
	shift 2
	{
		cat <<-END
			# made by a script
			MAC=$(mac_of "$fork_n")
			IP=10.0.1.$fork_n
			HOSTNAME=vm$fork_n
			SUBNET=10.0.1.0/24
			SUBNET6=fde5:824d:d315:3bb1::/64
			NAMESERVERS=10.0.1.50
			NAMESERVERS6=fde5:824d:d315:3bb1::1
			ADDRESS:database.=10.0.1.$fork_n
			ADDRESS6:database.=fde5:824d:d315:3bb1::9
			TXT:table.=Users
		END
		[ $# = 0 ] || printf '%s\n' "$@"
	} | binding "$fork_tap"
}

# ---- the daemon ----

# queues: the numbers of the queues of $HOST that have a listener, one a line.
queues() {
	host awk '{ print $1 }' /proc/net/netfilter/nfnetlink_queue
}

# wanted_queues: the queues that $CONF names, or those of $QUEUES if other lines of $CONF turn some of them off.
wanted_queues() {
	if [ -n "${QUEUES:-}" ]; then
		printf '%s\n' "$QUEUES" | tr ' ' '\n'
		return
	fi
	sed -n 's/#.*//; s/^[a-z0-9]*_queue *= *\([0-9][0-9:]*\) *$/\1/p' "$CONF" |
		awk -F: '{ for (q = $1; q <= (NF > 1 ? $2 : $1); q++) print q }' | sort -u
}

listening() {
	for listening_queue in $(wanted_queues); do
		queues | grep -qx "$listening_queue" || return 1
	done
}

dhcpd_pid() {
	cat "$T/$HOST/pid"
}

# ready: whether the daemon listens on all its queues, or has ended.
ready() {
	gone "$(dhcpd_pid)" || listening
}

# dhcpd_start [FLAG...]: starts it on $HOST with $CONF, in the foreground; its output is in $T/$HOST/out. Status 1 if
# it ended.
dhcpd_start() {
	env -u NFDHCPD_CFG nsenter --net="/run/netns/$HOST" env --default-signal=INT,QUIT "$DHCPD" -f -c "$CONF" "$@" \
		>>"$T/$HOST/out" 2>&1 </dev/null &
	echo $! >"$T/$HOST/pid"
	within 60 ready && ! gone "$(dhcpd_pid)" && return 0
	cat "$T/$HOST/out"
	return 1
}

# dhcpd_stop [SIGNAL]: ends it; returns its status.
dhcpd_stop() {
	kill "-${1:-TERM}" "$(dhcpd_pid)"
	wait "$(dhcpd_pid)"
}

# ends_well: tests that it ends by SIGTERM with status 0, and that no sanitizer has complained.
ends_well() {
	check "${1:-$HOST}: ends by SIGTERM with status 0" dhcpd_stop || detail_file "$T/$HOST/out"
	check "${1:-$HOST}: no sanitizer has complained" not grep -qE 'Sanitizer|runtime error' "$T/$HOST/out"
}

# words: all that it has written to stdout, stderr and its logs.
words() {
	cat "$T/$HOST/out" "$T/$HOST"/log/* 2>/dev/null
}

# ---- requests of a guest; each stores what the guest was told in $T/GUEST.KIND ----

# ask4 GUEST [UDHCPC'S FLAG...]: a whole DHCPv4 exchange that configures nothing. Status 1 if there was no lease.
ask4() {
	ask_guest=$1
	shift
	rm -f "$T/$ask_guest.4"
	DUMP=$T/$ask_guest.4 in_guest "$ask_guest" busybox udhcpc -f -q -n -i eth0 -t 4 -T $((SLOW + 1)) -A 1 -s "$T/dump.script" \
		-O mtu -O search -O staticroutes -O 58 "$@" >"$T/$ask_guest.4.log" 2>&1
	[ -s "$T/$ask_guest.4" ] && return 0
	cat "$T/$ask_guest.4.log"
	return 1
}

# ask6 GUEST [-S] [DHCLIENT'S FLAG...]: the same for DHCPv6.
ask6() {
	ask_guest=$1
	shift
	rm -f "$T/$ask_guest.6" "$T/$ask_guest.6.leases"
	timeout $((20 * SLOW)) env DUMP="$T/$ask_guest.6" nsenter --net="/run/netns/$ask_guest" dhclient -6 -1 -d -v -sf "$T/dump6.script" \
		-pf "$T/$ask_guest.6.pid" -lf "$T/$ask_guest.6.leases" -cf /dev/null "$@" -e DUMP="$T/$ask_guest.6" eth0 \
		>"$T/$ask_guest.6.log" 2>&1 &
	ask_pid=$!
	within 20 test -s "$T/$ask_guest.6" >/dev/null
	ask_status=$?
	kill "$ask_pid" 2>/dev/null
	wait "$ask_pid"
	[ "$ask_status" = 0 ] || cat "$T/$ask_guest.6.log"
	return "$ask_status"
}

# told GUEST KIND LINE...: whether these lines are among those that the guest was told.
told() {
	told_file=$T/$1.$2
	shift 2
	for told_line; do
		grep -qxF -- "$told_line" "$told_file" && continue
		echo "not told: $told_line"
		cat "$told_file"
		return 1
	done
}

# not_told GUEST KIND KEY
not_told() {
	[ -s "$T/$1.$2" ] || return 1
	! grep "^$3=" "$T/$1.$2"
}

# rs GUEST: sends a router solicitation; rdisc6's report of the advertisement is in $T/GUEST.ra.
rs() {
	in_guest "$1" rdisc6 -1 -r 3 -w $((1000 * SLOW)) eth0 >"$T/$1.ra" 2>&1 && return 0
	cat "$T/$1.ra"
	return 1
}

# advertised GUEST PATTERN...: whether that report has such lines.
advertised() {
	advertised_guest=$1
	shift
	for advertised_line; do
		grep -qE -- "$advertised_line" "$T/$advertised_guest.ra" && continue
		echo "not advertised: $advertised_line"
		cat "$T/$advertised_guest.ra"
		return 1
	done
}

# neighbour GUEST TARGET MAC|no: whether a neighbour solicitation for TARGET is answered with that MAC, or not at all.
neighbour() {
	in_guest "$1" ndisc6 -1 -r 2 -w $((500 * SLOW)) "$2" eth0 >"$T/$1.na" 2>&1
	cat "$T/$1.na"
	case $3 in
	no) ! grep -qi 'link-layer address' "$T/$1.na" ;;
	*) grep -qi "link-layer address: $3" "$T/$1.na" ;;
	esac
}

# dns GUEST WANT DIG'S WORDS...: whether dig's short answer is WANT; several lines are joined by blanks.
dns() {
	dns_guest=$1 dns_want=$2
	shift 2
	same "dig $*" "$(in_guest "$dns_guest" dig +short +time=$((2 * SLOW)) +tries=2 "$@" 2>&1 | sort | tr '\n' ' ' | sed 's/ $//')" "$dns_want"
}

# count NAME FAMILY: the packets of that named counter of $HOST.
count() {
	host nft list counter "$2" seen "$1" | sed -n 's/.*packets \([0-9]*\) .*/\1/p'
}

# counted NAME FAMILY N: whether the counter has exactly N packets.
counted() {
	same "packets that went on ($1)" "$(count "$1" "$2")" "$3"
}

# asks PATTERN COMMAND...: whether the command prints a line that matches.
asks() {
	asks_pattern=$1
	shift
	"$@" >"$T/asks.$job" 2>&1
	cat "$T/asks.$job"
	grep -qE -- "$asks_pattern" "$T/asks.$job"
}

# lane NAME FUNCTION ARGUMENT...: runs the function beside the others, unless $only names others.
lane() {
	case " ${only:-} " in '  ' | *" $1 "*) ;; *) return ;; esac
	lane_name=$1
	shift
	beside "$lane_name" "$@"
}
