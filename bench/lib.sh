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

# Runs this very program again inside fresh namespaces; the first line of each program after its options.
enter() {
	if [ -z "$FOLD_BENCH_INSIDE" ]; then
		[ "$(id -u)" = 0 ] || die "must run as root: it makes network namespaces"
		# Ahead of whatever else runs here: in a session of its own, for the scheduler groups by sessions. unshare
		# ignores the signals that would end it; killed, it takes everything inside with it.
		FOLD_BENCH_INSIDE=1 nice -n -15 setsid setpriv --pdeathsig KILL \
			unshare -n -m -p -f --mount-proc --kill-child sh "$0" "$@" &
		trap 'kill -9 $!; exit 130' INT TERM HUP
		wait $!
		exit
	fi
	unset FOLD_BENCH_INSIDE
	{ echo -15 >/proc/self/autogroup; } 2>/dev/null
	mount -t sysfs sysfs /sys
	mount -t tmpfs tmpfs /run
	mount -t tmpfs tmpfs /var/lib
	mkdir -p "$tmp/bin" /run/netns
	for p in dhcpload stamp traffic; do
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
	# A binding such as VMs have.
	printf 'HOSTNAME=bench\nGATEWAY=10.0.250.1\nGATEWAY_MAC=52:54:00:ff:00:01\nNAMESERVERS=10.0.250.1\n' >"$tmp/binding"
}

# Folds that stay, each with a hypervisor that only holds its tap: name, then spawn's arguments. They go with the
# namespaces. Their lines are in $tmp/NAME.
keep_running() {
	name=$1
	shift
	mkfifo "$tmp/$name.hold"
	ip netns exec fold "$bin/spawn" -k "$@" <"$tmp/$name.hold" >"$tmp/$name" 2>"$tmp/$name.err" &
	exec 3>"$tmp/$name.hold"
	wait_for 120 grep -q -e kept "$tmp/$name" || {
		tail -n 3 "$tmp/$name.err" >&2
		die "the folds did not start"
	}
}

# The arguments of a fold numbered by spawn, up to the hypervisor's.
fold_numbered="$OUT/fold -i vm%d -4 10.0.%a/16 --bridge br0 -b $tmp/binding 52:54:00:00:%x:%x qemu-system-stamp"

# A network namespace with a bridge br0 that has 10.0.250.1/16 and a carrier, and is quiet.
# A port that nothing is flooded to holds the carrier while no tap is open.
make_net() {
	ip netns add "$1"
	ip netns exec "$1" sh -ec '
		echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
		echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
		# Where br_netfilter is there it sends bridged packets through iptables, which no peer here wants.
		for family in iptables arptables; do
			[ ! -e /proc/sys/net/bridge/bridge-nf-call-$family ] ||
				echo 0 >/proc/sys/net/bridge/bridge-nf-call-$family
		done
		ip link set lo up
		ip link add br0 type bridge mcast_snooping 0
		ip link add hold0 type veth peer name hold1
		ip link set hold1 up
		ip link set hold0 master br0 up
		bridge link set dev hold0 flood off mcast_flood off bcast_flood off
		ip addr add 10.0.250.1/16 dev br0
		ip link set br0 up' || die "cannot make a bridge"
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

# The median of a/b over two files of as many lines. Rounds lie side by side in time, so that noise meets both.
median_ratio() {
	paste "$1" "$2" | awk '$2 > 0 { printf "%.6f\n", $1 / $2 }' | median
}

# Prints PASS or MISS for: value, comparison (ge, gt or le), target.
verdict() {
	awk -v v="$1" -v op="$2" -v t="$3" 'BEGIN {
		if (v == "") print "no figure"
		else print ((op == "ge" && v >= t) || (op == "gt" && v > t) || (op == "le" && v <= t)) ? "PASS" : "MISS" }'
}
