# shellcheck shell=sh disable=SC2030,SC2031 # $job is meant to be the subshell's own
# SPDX-License-Identifier: GPL-2.0-or-later
#
# lib: what the end-to-end tests share. A test begins with
#
#   . "$(dirname "$0")/lib.sh"
#   begin "$@"
#
# and runs from then on as root of private mount, network and process namespaces with an empty /run. There it may do
# what it likes: everything that it leaves disappears with the namespaces. Its last command is `finish`.
#
# Environment:
#   FOLD            the program under test (build/san/fold, else build/release/fold)
#   TOOLS           directory with pump and frames (tests/tools beside FOLD)
#   FOLD_TRANSPORT  --transport for every VM (auto)
#   SLOW            how many times slower than a usual machine this one is (1): all time limits are multiplied by it
#   KEEP            not empty: the test's directory is left, and named
#
# Output: TAP on stdout.

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
self=$root/tests/e2e/$(basename -- "$0")

bail() {
	printf 'Bail out! %s\n' "$*"
	trap - EXIT
	exit 1
}

# ---- TAP ----

tests=0
failures=0
job=main # whose scratch files

ok() {
	tests=$((tests + 1))
	printf 'ok %d - %s\n' "$tests" "$*"
}

not_ok() {
	tests=$((tests + 1))
	failures=$((failures + 1))
	printf 'not ok %d - %s\n' "$tests" "$*"
}

# skip NAME REASON
skip() {
	tests=$((tests + 1))
	printf 'ok %d - %s # SKIP %s\n' "$tests" "$1" "$2"
}

detail() {
	printf '%s\n' "$*" | sed 's/^/#   /'
}

# detail_file FILE [LINES]: prints the end of the file as the detail of a failed test.
detail_file() {
	[ -s "$1" ] || return 0
	echo "#  ${1##*/}:"
	tail -n "${2:-20}" "$1" | tr -d '\r' | sed 's/^/#   /'
}

# check NAME COMMAND...: a test: ok if the command succeeds; otherwise its output is printed as the detail.
check() {
	check_name=$1
	shift
	if "$@" >"$T/check.$job" 2>&1; then
		ok "$check_name"
		return 0
	fi
	not_ok "$check_name"
	detail_file "$T/check.$job" 40
	return 1
}

# not COMMAND...: succeeds if the command fails; for check and within.
not() {
	! "$@"
}

# same WHAT HAVE WANT: succeeds if both values are equal, else prints them; for check.
same() {
	[ "$2" = "$3" ] && return 0
	printf '%s: have "%s", want "%s"\n' "$1" "$2" "$3"
	return 1
}

# beside NAME COMMAND...: runs a group of tests in the background, beside the others; merge prints their results.
beside() {
	(
		job=$1
		shift
		"$@" </dev/null
		echo '# end'
	) >"$T/out/$1.tap" 2>&1 &
	jobs_beside="${jobs_beside:-} $!"
}

# merge: waits for all background groups and prints their tests, numbered on from this shell's.
merge() {
	# shellcheck disable=SC2086 # a list
	wait ${jobs_beside:?}
	jobs_beside=
	for merge_file in "$T"/out/*.tap; do
		[ "$(tail -n 1 "$merge_file")" = '# end' ] || not_ok "${merge_file##*/}: died in the middle"
		while IFS= read -r line; do
			case $line in
			'# end') ;;
			'ok '*)
				tests=$((tests + 1))
				printf 'ok %d - %s\n' "$tests" "${line#ok * - }"
				;;
			'not ok '*)
				tests=$((tests + 1))
				failures=$((failures + 1))
				printf 'not ok %d - %s\n' "$tests" "${line#not ok * - }"
				;;
			'#'*) printf '%s\n' "$line" ;;
			*) printf '# %s\n' "$line" ;;
			esac
		done <"$merge_file"
		rm "$merge_file"
	done
}

finish() {
	[ "$tests" -gt 0 ] || bail 'no test ran'
	printf '1..%d\n' "$tests"
	trap - EXIT
	[ "$failures" -eq 0 ]
	exit
}

# ---- time ----

# now: milliseconds of a monotonic clock.
now() {
	read -r up _ </proc/uptime
	echo "$((${up%.*} * 1000 + 1${up#*.} * 10 - 1000))"
}

# within SECONDS COMMAND...: repeats the command until it succeeds. Prints its last output; fails if the time is over.
within() {
	within_end=$(($(now) + $1 * 1000 * SLOW))
	shift
	until "$@" >"$T/within.$job" 2>&1; do
		if [ "$(now)" -ge "$within_end" ]; then
			cat "$T/within.$job"
			echo "not within the time limit: $*"
			return 1
		fi
		# On a slow machine the polling itself is a load, so it polls less often there.
		sleep "$(printf '%d.%02d' $((SLOW / 20)) $((SLOW % 20 * 5)))"
	done
	cat "$T/within.$job"
}

# ---- where a test runs ----

# Everything that the test starts is in one process namespace: when its first process, this shell, ends, the kernel
# kills all the others.
outside() {
	[ "$(id -u)" = 0 ] || bail 'not root: the tests make namespaces and interfaces'
	T=$(mktemp -d "${TMPDIR:-/tmp}/fold-e2e.XXXXXX") || bail 'no temporary directory'
	chmod 755 "$T"
	# shellcheck disable=SC2064 # now
	trap "[ -z '$KEEP' ] && rm -rf '$T' || echo '# kept $T'" EXIT
	trap 'kill -KILL "$inside"; exit 143' TERM INT HUP
	export T
	FOLD_E2E=inside setpriv --pdeathsig KILL unshare --net --mount --pid --fork --kill-child --mount-proc \
		--propagation private env --default-signal=INT,QUIT sh "$self" "$@" &
	inside=$!
	wait "$inside"
	exit
}

begin() {
	: "${SLOW:=1}" "${KEEP:=}"
	if [ "${FOLD_E2E:-}" != inside ]; then
		outside "$@"
	fi
	unset FOLD_E2E SUDO_USER SUDO_UID SUDO_GID FOLD_BRIDGE PUMP_NETNS PUMP_IFNAME IPTABLES IP6TABLES EBTABLES
	export LC_ALL=C
	trap 'bail "the test died in the middle"' EXIT
	trap 'exit 143' TERM INT HUP
	if [ -z "${FOLD:-}" ]; then
		FOLD=$root/build/san/fold
		[ -x "$FOLD" ] || FOLD=$root/build/release/fold
	fi
	: "${TOOLS:=$(dirname -- "$FOLD")/tests/tools}" "${FOLD_TRANSPORT:=auto}"
	FOLD=$(readlink -f -- "$FOLD") TOOLS=$(readlink -f -- "$TOOLS")
	[ -x "$FOLD" ] || bail "no fold to test: build it, or set FOLD"
	for tool in pump frames; do
		[ -x "$TOOLS/$tool" ] || bail "no $tool in ${TOOLS:-TOOLS}"
	done
	mount -t tmpfs -o mode=0755 run /run
	mount -t sysfs sys /sys
	mkdir -p /run/netns "$T/bin" "$T/ns" "$T/out"
	mount -t tmpfs -o mode=0755 ns "$T/ns"
	# DHCP clients' scripts write resolv.conf: let them write a copy.
	cp /etc/resolv.conf "$T/resolv.conf"
	mount --bind "$T/resolv.conf" /etc/resolv.conf
	ln -s "$TOOLS/pump" "$T/bin/qemu-system-pump"
	PATH=$T/bin:$TOOLS:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	export PATH FOLD
	ip link set lo up
	# fold's datapath and configuration are the test's own; this machine's are neither read nor written.
	datapath=$T/datapath
	configure ''
	NFDHCPD_CFG=$T/nfdhcpd.conf
	FOLD_STATE_DIR=$T/state
	export NFDHCPD_CFG FOLD_STATE_DIR
}

# configure [TEXT]: writes the global configuration, with the test's own datapath and these further lines.
configure() {
	printf '[general]\ndatapath = %s\n%s\n' "$datapath" "${1:-}" >"$T/nfdhcpd.conf"
}

# ---- networks ----

BRIDGE=br0

# make_bridge NAME [MTU]
make_bridge() {
	ip link add "$1" type bridge || bail "this kernel makes no bridge"
	[ -z "${2:-}" ] || ip link set "$1" mtu "$2"
	ip link set "$1" up
}

# container NAME CIDR MAC: a namespace on the bridge by a veth pair; a neighbour that is no VM of fold's.
container() {
	ip netns add "$1"
	ip link add "v$1" type veth peer name eth0 netns "$1" address "$3"
	ip link set "v$1" master "$BRIDGE" up
	ip -n "$1" addr add "$2" dev eth0
	ip -n "$1" link set eth0 up
	ip -n "$1" link set lo up
	# The bridge notices the port's carrier a little later.
	within 10 grep -qx 3 "/sys/class/net/v$1/brport/state" || bail "container $1: its port does not forward"
}

# ---- virtual machines: the guest is a namespace of the VM's name ----

GUEST_IF=eth0 # the name of its interface

# vm_up NAME: whether its guest's interface is up.
vm_up() {
	[ -n "$(ip -n "$1" -o link show "$GUEST_IF" up 2>/dev/null)" ]
}

# gone PID: whether that process has ended (a zombie counts as ended).
gone() {
	! grep -qs '^[0-9]* (.*) [^Z]' "/proc/$1/stat"
}

vm_up_or_over() {
	vm_up "$1" || gone "$2"
}

vm_pid() {
	cat "$T/ns/$1.pid"
}

# responder NAME: the pid of the VM's fold-responder.
responder() {
	pgrep -x fold-responder -P "$(vm_pid "$1")"
}

# start_vm NAME CIDR MAC [FOLD'S FLAG...]: tap NAME on $BRIDGE; CIDR is that of IPv4, "-" for none. Returns when the guest's
# interface is up; 1 if fold ended instead. Further words for the pump are in $PUMP, such as ",offload=csum"; fold's output
# is in $T/NAME.log.
start_vm() {
	vm_name=$1 vm_cidr=$2 vm_mac=$3
	shift 3
	[ -e "/run/netns/$vm_name" ] || ip netns add "$vm_name"
	case " $* " in *' --local '* | *' --bridge '*) ;; *) set -- --bridge "$BRIDGE" "$@" ;; esac
	[ "$vm_cidr" = - ] || set -- -4 "$vm_cidr" "$@"
	env --default-signal=INT,QUIT "$FOLD" --transport "$FOLD_TRANSPORT" -v -i "$vm_name" "$@" "$vm_mac" \
		qemu-system-pump -fold-pump "netns=$vm_name,ifname=$GUEST_IF${PUMP:-}" >>"$T/$vm_name.log" 2>&1 </dev/null &
	echo $! >"$T/ns/$vm_name.pid"
	within 60 vm_up_or_over "$vm_name" $! && ! gone $! && return 0
	cat "$T/$vm_name.log"
	return 1
}

# stop_vm NAME [SIGNAL]: returns fold's status.
stop_vm() {
	kill "-${2:-TERM}" "$(vm_pid "$1")"
	wait "$(vm_pid "$1")"
}

in_guest() {
	guest_name=$1
	shift
	nsenter --net="/run/netns/$guest_name" "$@"
}

# ---- a guest that needs a machine of its own: its own /etc, /run, /var/lib, /sys and host name ----

# machine NAME: makes a namespace like a freshly installed machine, called localhost.
machine() {
	[ -e "/run/netns/$1" ] || ip netns add "$1"
	ip -n "$1" link set lo up
	# shellcheck disable=SC2016 # for the inner shell
	nsenter --net="/run/netns/$1" unshare --mount --uts --propagation private sh -c '
		set -e
		hostname localhost
		mount -t tmpfs -o mode=0755 run /run
		mount -t sysfs -o ro sys /sys
		mkdir -p /run/disk/etc /run/disk/work
		mount -t overlay -o "lowerdir=/etc,upperdir=/run/disk/etc,workdir=/run/disk/work" etc /etc
		mount -t tmpfs -o mode=0755 lib /var/lib
		mkdir -p /var/lib/dhcp /var/lib/dhcpcd /run/systemd
		rm -f /etc/resolv.conf
		echo "# nothing yet" >/etc/resolv.conf
		echo $$ >"$1"
		exec sleep infinity
	' sh "$T/ns/$1.machine" </dev/null &
	within 60 test -s "$T/ns/$1.machine" || bail "no machine $1"
}

# on NAME COMMAND...: runs the command in that machine.
on() {
	on_pid=$(cat "$T/ns/$1.machine")
	shift
	nsenter -t "$on_pid" --net --mount --uts "$@"
}

# ---- the messages that a guest's machine sends and receives ----

# Which of its frames are kept, and the awk program that translates them to words: DHCPv4 unless a test says otherwise.
TALK_FILTER='udp and (port 67 or port 68)' TALK_WORDS=dhcp.awk

# listen NAME: captures such messages at the guest's interface from now on.
#
# The file is emptied here, before the background shell truncates it: otherwise the wait below might find an earlier
# listener's line "# sniffing" in it. The same holds wherever a file is used more than once.
listen() {
	: >"$T/$1.frames"
	on "$1" frames sniff eth0 -f "$TALK_FILTER" >"$T/$1.frames" 2>&1 &
	within 30 grep -q '^# sniffing' "$T/$1.frames"
	forget "$1"
}

messages() {
	awk -f "$root/tests/e2e/$TALK_WORDS" "$T/$1.frames"
}

# forget NAME: `said` looks only at messages that come from now on.
forget() {
	messages "$1" | wc -l >"$T/$1.seen"
}

# said NAME MESSAGE...: whether these messages came, in this order; others may have come between them. An ack to a
# request is "in ack".
said() {
	said_name=$1
	shift
	messages "$said_name" | tail -n "+$(($(cat "$T/$said_name.seen") + 1))" >"$T/$said_name.new"
	cat "$T/$said_name.new"
	for said_word; do
		echo "$said_word"
	done | awk -v new="$T/$said_name.new" '
		{ want[++n] = $0 }
		END {
			at = 1
			while ((getline line <new) > 0)
				if (at <= n && index(line " ", want[at] " ") == 1)
					at++
			if (at <= n) {
				print "not seen: " want[at]
				exit 1
			}
		}'
}

# exchange WHAT NAME SECONDS MESSAGE...: a test that these messages come within that time.
exchange() {
	exchange_what=$1 exchange_name=$2 exchange_seconds=$3
	shift 3
	check "$exchange_name: $exchange_what" within "$exchange_seconds" said "$exchange_name" "$@" && return
	detail_file "$T/$exchange_name.client"
	detail_file "$T/$exchange_name.log"
}

# gives_back NAME CLIENT MESSAGE [FAMILY]: makes the client release its lease by the suite's `release`. dhcpcd (9.4)
# loses a signal that comes while it waits for its privileged helper, as it does for a moment after each
# acknowledgement, so it is told again until the message came.
gives_back() {
	for turn in 1 2 3 4; do
		release "$1" "$2" ${4:+"$4"}
		[ "$2" = dhcpcd ] || return 0
		! within 5 said "$1" "$3" >"$T/$1.release" || return 0
		echo "dhcpcd did not hear of its release ($turn)" >>"$T/$1.client"
	done
}

# ---- what is left ----

# remains: prints a line for everything of fold's that is still there; status 0 if there is nothing.
remains() {
	{
		ip -o link show type tun | sed 's/^/tap: /'
		nft list tables | grep ' fold' | sed 's/^/rules: /'
		[ ! -d /run/fold ] || find /run/fold -mindepth 1 ! -name 'kernel-*' | sed 's/^/file: /'
		[ ! -d "$datapath" ] || find "$datapath" -mindepth 1 | sed 's/^/file: /'
		grep -hsE '^[0-9]+ \((fold|qemu-system-|kvm)[^)]*\) [^Z]' /proc/[0-9]*/stat | cut -d' ' -f1-4 | sed 's/^/process: /'
	} >"$T/remains.$job"
	cat "$T/remains.$job"
	[ ! -s "$T/remains.$job" ]
}

# is_down INTERFACE: whether it is set down, or gone.
is_down() {
	! ip -o link show "$1" up | grep -q .
}

# nothing_left WHAT: a test that nothing of fold's remains, at the latest after two seconds.
nothing_left() {
	check "$1: nothing is left behind" within 2 remains
}

# none_lives: waits for the end of all of fold's processes. A killed process may hold its VM's name until the kernel
# has removed it.
none_lives() {
	within 10 not pgrep -x 'fold|fold-keeper|fold-weave|fold-responder'
}

# ---- hypervisors that are scripts ----

# hypervisor NAME: makes a program qemu-system-NAME from the shell script on stdin.
hypervisor() {
	{
		echo '#!/bin/sh'
		cat
	} >"$T/bin/qemu-system-$1"
	chmod 755 "$T/bin/qemu-system-$1"
}

# run_fold ARGUMENT...: runs fold to its end; sets $status, its output is in $T/stdout and $T/stderr.
run_fold() {
	timeout --foreground -k 5 "$((30 * SLOW))" env --default-signal=INT,QUIT "$FOLD" "$@" \
		>"$T/stdout" 2>"$T/stderr" </dev/null
	status=$?
}

# run_vm ARGUMENT...: the same for a VM on $BRIDGE, with the usual flags in front.
run_vm() {
	run_fold --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$@"
}

# ended WANT: whether the last run_fold ended with that status; if not, its output is the detail.
ended() {
	same 'exit status' "$status" "$1" && return
	cat "$T/stderr"
	return 1
}
