# SPDX-License-Identifier: GPL-2.0-or-later
# lib.sh: what every bench program shares. Sourced; $here is the folder it lies in.
#
# Everything runs in network, mount and process namespaces of its own, with /run and /var/lib empty: no interface,
# rule or file of the machine is touched, and when the program ends, in whatever way, the kernel removes all of it.
#
#   OUT   where the programs were built (default build/release beside bench/)

: "${OUT:=$(dirname "$here")/build/release}"
OUT=$(cd "$OUT" 2>/dev/null && pwd || echo "$OUT")
bin=$OUT/bench
load_cpu=0   # the load generator's
server_cpu=1 # the server's under test
tmp=/run/bench

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# enter: runs the calling program again inside new namespaces. Each program calls it first, with its own arguments.
enter() {
	if [ -z "$FOLD_BENCH_INSIDE" ]; then
		[ "$(id -u)" = 0 ] || die "must run as root: it makes network namespaces"
		# Ahead of whatever else runs here, and in a session of its own, because the scheduler groups
		# processes by sessions. unshare ignores the signals that would end it; when it is killed, it takes
		# everything inside with it.
		FOLD_BENCH_INSIDE=1 nice -n -15 setsid setpriv --pdeathsig KILL \
			unshare -n -m -p -f --mount-proc --kill-child sh "$0" "$@" &
		trap 'kill -9 $!; exit 130' INT TERM HUP
		wait $!
		exit
	fi
	# fold runs its hypervisor as the user who called sudo. Here the hypervisor is part of the bench and stays
	# root.
	unset FOLD_BENCH_INSIDE SUDO_UID SUDO_GID SUDO_USER
	{ echo -15 >/proc/self/autogroup; } 2>/dev/null
	mount -t sysfs sysfs /sys
	mount -t tmpfs tmpfs /run
	mount -t tmpfs tmpfs /var/lib
	mkdir -p "$tmp/bin" /run/netns
	for p in load stamp traffic; do
		[ -x "$bin/$p" ] && ln -s "$bin/$p" "$tmp/bin/qemu-system-$p"
	done
	[ "$(nproc)" -gt 1 ] || server_cpu=0
	PATH=$tmp/bin:/usr/sbin:/sbin:$PATH
}

need() {
	for p in "$@"; do
		[ -x "$bin/$p" ] || die "no $bin/$p: run 'make bench-programs', or set OUT"
	done
}

need_fold() {
	[ -x "$OUT/fold" ] || die "no $OUT/fold: run 'make', or set OUT"
	# A binding as VMs usually have it.
	printf 'HOSTNAME=bench\nGATEWAY=10.0.250.1\nGATEWAY_MAC=52:54:00:ff:00:01\nNAMESERVERS=10.0.250.1\n' >"$tmp/binding"
	# The same with IPv6 and a few records.
	{
		cat "$tmp/binding"
		printf 'GATEWAY6=fd00:250::1\nGATEWAY6_MAC=52:54:00:ff:00:01\nNAMESERVERS6=fd00:250::1\n'
		records 1 10.1 fd00:251
	} >"$tmp/binding6"
}

# Prints binding lines: the records of the first names that load asks for (kinds.h). Arguments: how many, the first
# two octets of their IPv4 addresses, the first two groups of the IPv6 ones.
records() {
	awk -v n="$1" -v four="$2" -v six="$3" 'BEGIN {
		for (i = 0; i < n; i++) {
			printf "ADDRESS:n%05d.bench.=%s.%d.%d\n", i, four, int((i + 1) / 256), (i + 1) % 256
			if (i)
				continue
			printf "ADDRESS6:n%05d.bench.=%s::%x\n", i, six, i + 1
			printf "TXT:n%05d.bench.=role=web; region=eu; version=12; build=5f2c19e0; owner=team-a\n", i
		}
	}'
}

# The only client of the servers under test, and load's arguments about it and about them.
mac=52:54:00:00:00:02 address=10.0.250.2 address6=fd00:250::2
service_mac=fe:54:00:00:00:02 # fold's own towards that client
bridge_mac=02:00:0a:00:fa:01
load_args="-m $mac -4 $address -6 $address6 -server 10.0.250.1 -server fd00:250::1 -answer 10.1.0.1 -answer fd00:251::1 -cpu $load_cpu"

need_dhcpd() {
	[ -x "$OUT/fold-dhcpd" ] || die "no $OUT/fold-dhcpd: run 'make', or set OUT"
}

# Loads fold-dhcpd's iptables rules for routed interfaces in that namespace, with the queue numbers of nfdhcpd's fork.
dhcpd_rules() {
	while read -r family queue match; do
		# shellcheck disable=SC2086 # words
		ip netns exec "$1" $family -t mangle -A PREROUTING -i p+ $match -j NFQUEUE --queue-num "$queue" ||
			die "$1: this kernel lacks NFQUEUE"
	done <<-END
		iptables 42 -p udp --dport 67
		ip6tables 43 -p udp --dport 547
		ip6tables 44 -p icmpv6 --icmpv6-type router-solicitation
		iptables 46 -p udp --dport 53
		ip6tables 47 -p udp --dport 53
	END
}

# Writes fold-dhcpd's configuration and bindings under a directory. Arguments: the directory, the number of bindings.
# One is that of p0; the others are of interfaces that do not exist, with a record each.
dhcpd_files() {
	mkdir -p "$1/data" "$1/log"
	printf '[general]\npidfile = %s/pid\ndatapath = %s/data\nlogdir = %s/log\nuser = root\n' "$1" "$1" "$1" >"$1/nfdhcpd.conf"
	cat >>"$1/nfdhcpd.conf" <<-END
		[dhcp]
		dhcp_queue = 42
		dhcp6_queue = 43
		[ipv6]
		rs_queue = 44
		[dns]
		enable_dns = yes
		dns_queue = 46
		dns6_queue = 47
	END
	awk -v dir="$1/data" -v last="$(($2 - 1))" 'BEGIN {
		for (n = 1; n <= last; n++) {
			file = dir "/vm" n
			printf "MAC=52:54:00:10:%02x:%02x\nIP=10.2.%d.%d\nSUBNET=10.2.0.0/16\nHOSTNAME=vm%d\n", n / 256, n % 256, n / 256, n % 256, n >file
			printf "SUBNET6=fd00:251::/64\nNAMESERVERS=10.2.250.1\nNAMESERVERS6=fd00:251::1\nADDRESS:self.=10.2.%d.%d\n", n / 256, n % 256 >file
			close(file)
		}
	}'
	{
		printf 'MAC=%s\nIP=%s\nSUBNET=10.0.0.0/16\nIP6=%s\nSUBNET6=fd00:250::/64\n' $mac $address $address6
		cat "$tmp/binding6"
	} >"$1/data/p0"
}

# Runs fold in the namespace fold, with load as its hypervisor. Arguments: the binding, then load's.
fold_load() {
	binding=$1
	shift
	ip netns exec fold taskset -c $server_cpu "$OUT/fold" -i p0 -4 $address/16 -6 $address6/64 -s --bridge br0 \
		-b "$binding" $mac qemu-system-load $load_args -M $service_mac "$@" 2>"$tmp/fold.err"
}

# Starts folds that run until the namespaces end, each with a hypervisor that only holds its tap. Arguments: a name,
# then spawn's. spawn's lines are in $tmp/NAME.
keep_running() {
	name=$1
	shift
	mkfifo "$tmp/$name.hold"
	ip netns exec fold "$bin/spawn" -k "$@" <"$tmp/$name.hold" >"$tmp/$name" 2>"$tmp/$name.err" &
	running=$!
	exec 3>"$tmp/$name.hold"
	wait_for 120 grep -q -e kept "$tmp/$name" || {
		tail -n 3 "$tmp/$name.err" >&2
		die "the folds did not start"
	}
}

# Ends them, and waits until the last one is gone.
end_running() {
	exec 3>&-
	wait "$running"
}

# The command line of a fold that spawn numbers, without the hypervisor's arguments.
fold_numbered="$OUT/fold -i vm%d -4 10.0.%a/16 --bridge br0 -b $tmp/binding 52:54:00:00:%x:%x qemu-system-stamp"
# The same with IPv6.
fold_numbered6="$OUT/fold -i vm%d -4 10.0.%a/16 -6 fd00:250::/64 --bridge br0 -b $tmp/binding6 52:54:00:00:%x:%x qemu-system-stamp"
ask_numbered="-ask 10.0.%a" # more arguments of theirs, for stamp

# Makes a network namespace with a bridge br0 that has 10.0.250.1/16 and a carrier, and is quiet; with `six` as second
# word it has fd00:250::1/64 too. The port hold0, to which nothing is flooded, gives it the carrier while no tap is
# open.
make_net() {
	ip netns add "$1"
	ip netns exec "$1" sh -ec '
		echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
		echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
		# Where br_netfilter is there it sends bridged packets through iptables, which no peer here wants.
		for family in iptables ip6tables arptables; do
			[ ! -e /proc/sys/net/bridge/bridge-nf-call-$family ] ||
				echo 0 >/proc/sys/net/bridge/bridge-nf-call-$family
		done
		ip link set lo up
		ip link add br0 address '$bridge_mac' type bridge mcast_snooping 0
		ip link add hold0 type veth peer name hold1
		ip link set hold1 up
		ip link set hold0 master br0 up
		bridge link set dev hold0 flood off mcast_flood off bcast_flood off
		ip addr add 10.0.250.1/16 dev br0
		ip link set br0 up' || die "cannot make a bridge"
	[ "$2" != six ] || ip netns exec "$1" sh -ec '
		echo 0 >/proc/sys/net/ipv6/conf/br0/disable_ipv6
		echo 0 >/proc/sys/net/ipv6/conf/br0/accept_dad
		ip addr add fd00:250::1/64 dev br0 nodad' || die "cannot give the bridge an IPv6 address"
}

# Makes permanent neighbour entries for the client's addresses and for the link-local ones that its router
# solicitations come from (kinds.h), so that no server under test waits for the kernel's address resolution.
make_neighbours() {
	{
		echo "$address $address6 fe80::5054:ff:fe00:2" | tr ' ' '\n'
		seq 0 255 | while read -r i; do printf 'fe80::5:6:7:%x\n' "$i"; done
	} | sed "s/.*/neigh replace & lladdr $mac dev br0 nud permanent/" | ip netns exec "$1" ip -batch -
}

# Waits until a command succeeds: seconds, command.
wait_for() {
	tries=$(($1 * 20))
	shift
	while ! "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || return 1
		sleep 0.05
	done
}

# The value of a key in a line of key=value on stdin.
value() {
	tr ' ' '\n' | sed -n "s/^$1=//p"
}

# The median of numbers on stdin, one a line; empty where there are none.
median() {
	sort -n | awk '{ v[NR] = $1 } END { if (NR) print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# The median of a/b over the lines of two files. Both values of a line were measured in one round, close in time, so
# that noise meets both.
median_ratio() {
	paste "$1" "$2" | awk '$2 > 0 { printf "%.6f\n", $1 / $2 }' | median
}

# Prints PASS or MISS for: value, comparison (ge, gt or le), target.
verdict() {
	awk -v v="$1" -v op="$2" -v t="$3" 'BEGIN {
		if (v == "") print "no figure"
		else print ((op == "ge" && v >= t) || (op == "gt" && v > t) || (op == "le" && v <= t)) ? "PASS" : "MISS" }'
}
