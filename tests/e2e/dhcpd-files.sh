#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# dhcpd-files: bindings and interfaces that come, change and go while fold-dhcpd runs, in every way; files that are no
# bindings; and configurations with which it does not start. Words after the name run only those lanes.
# shellcheck source=tests/e2e/lib.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/dhcpd-lib.sh
. "$(dirname "$0")/dhcpd-lib.sh"
begin "$@"
dhcpd_begin

# dhcp_host NAME: a host with guests 1 and 2 whose DHCP requests are queued. A counter behind the queue shows those
# that were let through.
dhcp_host() {
	new_host "$1"
	host iptables -t mangle -A PREROUTING -i tap+ -p udp --dport 67 -j NFQUEUE --queue-num 42 || bail 'no rule'
	host nft 'table ip seen { counter dhcp { }
		chain in { type filter hook prerouting priority -50; iifname "tap*" udp dport 67 counter name dhcp; }; }'
	plug "$1-1" tap1 1
	plug "$1-2" tap2 2
	{
		general
		printf '[dhcp]\ndhcp_queue = 42\nserver_ip = 10.0.1.250\n'
	} >"$CONF"
}

# simple N NAME [IP]: the text of a binding for guest N.
simple() {
	printf 'MAC=%s\nIP=%s\nSUBNET=10.0.1.0/24\nHOSTNAME=%s\n' "$(mac_of "$1")" "${3:-10.0.1.$1}" "$2"
}

# leases GUEST NAME: whether the guest gets its lease, with that host name.
leases() {
	ask4 "$1" && told "$1" 4 "hostname=$2"
}

# left_alone GUEST N: whether a request of the guest is let through unanswered.
left_alone() {
	before=$(count dhcp ip)
	in_guest "$1" sh -c "craft dhcp smac=$(mac_of "$2") | frames send eth0"
	[ "$(count dhcp ip)" -gt "$before" ]
}

# ---- bindings ----

writers() {
	dhcp_host "$1"
	check "$1: starts with an empty directory" dhcpd_start || return
	check "$1: serves nobody then: what comes goes on" left_alone "$1-1" 1

	simple 1 redirected >"$DATA/tap1"
	check "$1: a file that a shell writes" within 5 leases "$1-1" redirected
	simple 1 moved >"$T/$1/new"
	mv "$T/$1/new" "$DATA/tap1"
	check "$1: a file that is moved there" within 5 leases "$1-1" moved
	sed -i 's/moved/edited/' "$DATA/tap1"
	check "$1: a file that an editor replaces" within 5 leases "$1-1" edited
	simple 1 again >"$DATA/tap1"
	check "$1: a file that is written anew" within 5 leases "$1-1" again
	simple 1 linked >"$T/$1/new"
	ln -f "$T/$1/new" "$DATA/.tap1.tmp" && mv "$DATA/.tap1.tmp" "$DATA/tap1"
	check "$1: a file that is renamed within the directory" within 5 leases "$1-1" linked

	# While a writer has the file open and has written only half, the last complete version is in force.
	exec 7>"$DATA/tap1"
	printf 'MAC=%s\nIP=10.0.1.77\nSUBNET=10.0.' "$(mac_of 1)" >&7
	sleep "$SLOW"
	check "$1: half of a file, while it is written, changes nothing" leases "$1-1" linked
	printf '1.0/24\nHOSTNAME=slowly\n' >&7
	exec 7>&-
	check "$1: the whole of it is in force when it is closed" within 5 leases "$1-1" slowly
	printf 'MAC=%s\nIP=10.0.1.\n' "$(mac_of 1)" >"$DATA/tap1"
	check "$1: a file that ends in the middle is named with its line" within 5 asks 'tap1:2: IP=10\.0\.1\.' words
	check "$1: and the last good one stays in force" leases "$1-1" slowly
	: >"$DATA/tap1"
	sleep "$SLOW"
	check "$1: so it does where a file is emptied" leases "$1-1" slowly

	# Ganeti writes this for an interface without an address, which another VM may have from now on.
	simple 1 slowly ' ' >"$DATA/tap1"
	check "$1: a file that gives no address any more is said to" within 5 asks 'tap1: has neither IP nor IP6 nor SUBNET6' words
	check "$1: the VM gets none" not leases "$1-1" slowly
	check "$1: nor anything else, because what it asks is consumed" not left_alone "$1-1" 1
	simple 2 second 10.0.1.1 >"$DATA/tap2"
	check "$1: another VM can have that address" within 5 leases "$1-2" second
	simple 2 second >"$DATA/tap2"
	check "$1: a second binding" within 5 leases "$1-2" second
	rm "$DATA/tap1"
	check "$1: a file that is removed: what comes goes on" within 5 left_alone "$1-1" 1
	check "$1: the other is served as before" leases "$1-2" second
	mv "$DATA/tap2" "$T/$1/aside"
	check "$1: a file that is moved away: what comes goes on" within 5 left_alone "$1-2" 2
	sed "s/^MAC=.*/MAC=$(mac_of 1)/" "$T/$1/aside" >"$DATA/tap2"
	mv "$DATA/tap2" "$DATA/tap1"
	check "$1: a file that is renamed to another interface's" within 5 leases "$1-1" second
	check "$1: and is not the first one's any more" left_alone "$1-2" 2
	fds=$(find "/proc/$(dhcpd_pid)/fd" | wc -l)
	i=0
	while [ "$i" -lt 300 ]; do
		simple 1 "n$i" >"$DATA/tap1"
		i=$((i + 1))
	done
	check "$1: after 300 changes the last one is in force" within 10 leases "$1-1" n299
	check "$1: and no file is left open" same 'open files' "$(find "/proc/$(dhcpd_pid)/fd" | wc -l)" "$fds"
	ends_well
}

# Scripts may write a file with root's restrictive umask first, and make it readable for others afterwards.
rights() {
	dhcp_host "$1"
	host iptables -t mangle -A PREROUTING -i tap+ -p udp --dport 53 -j NFQUEUE --queue-num 46 || bail 'no rule'
	printf 'nameservers = 10.0.1.50\n[dns]\ndns_queue = 46\n' >>"$CONF"
	check "$1: starts" dhcpd_start || return
	(umask 077 && simple 1 chmod >"$DATA/tap1")
	check "$1: a file that only root may read is named" within 5 asks '/tap1: .*Permission denied; .*; the interface is not served' words
	chmod 644 "$DATA/tap1"
	check "$1: it is in force when its mode lets others read it" within 5 leases "$1-1" chmod
	new=$(mktemp "$DATA/.new.XXXXXX")
	simple 1 moved >"$new"
	mv "$new" "$DATA/tap1"
	check "$1: one that takes another's place is named too" within 5 asks '/tap1: .*Permission denied; .*; what it said before' words
	check "$1: and what it said before stays" leases "$1-1" chmod
	chown nobody "$DATA/tap1"
	check "$1: it is in force when it belongs to the daemon's user" within 5 leases "$1-1" moved

	{
		simple 1 lists
		echo ADDRESS_LISTS=one
	} >"$DATA/tap1"
	check "$1: a binding whose address list is not there" within 5 leases "$1-1" lists
	(umask 077 && echo 'ADDRESS:one.=10.0.1.201' >"$DATA/address_list_one")
	chmod 644 "$DATA/address_list_one"
	in_guest "$1-1" ip addr add 10.0.1.1/24 dev eth0
	in_guest "$1-1" ip neigh replace 10.0.1.50 lladdr "$(address_of tap1)" dev eth0
	check "$1: an address list that may be read later" within 5 dns "$1-1" 10.0.1.201 @10.0.1.50 one. A

	chmod 700 "$DATA"
	simple 1 hidden >"$DATA/tap1"
	simple 2 hidden >"$DATA/tap2"
	check "$1: where the directory is closed, what was read stays" leases "$1-1" lists
	chmod 755 "$DATA"
	check "$1: when it is open again, what changed is in force" within 5 leases "$1-1" hidden
	check "$1: and what is new" within 5 leases "$1-2" hidden
	ends_well
}

# More inotify events than the kernel queues while the program is stopped.
overflow() {
	dhcp_host "$1"
	simple 1 before >"$DATA/tap1"
	check "$1: starts" dhcpd_start || return
	check "$1: a lease" leases "$1-1" before
	kill -STOP "$(dhcpd_pid)"
	events=$(($(cat /proc/sys/fs/inotify/max_queued_events) / 2 + 500))
	i=0
	while [ "$i" -lt "$events" ]; do
		: >"$DATA/.a"
		: >"$DATA/.b"
		i=$((i + 1))
	done
	rm "$DATA/.a" "$DATA/.b"
	simple 1 after >"$DATA/tap1"
	simple 2 new >"$DATA/tap2"
	kill -CONT "$(dhcpd_pid)"
	check "$1: a change whose event was lost is in force" within 15 leases "$1-1" after
	check "$1: so is a new file" within 15 leases "$1-2" new
	ends_well
}

# ---- files that are no bindings ----

odd() {
	dhcp_host "$1"
	simple 1 good >"$DATA/tap1"
	head -c 4096 /dev/urandom >"$DATA/binary"
	simple 1 secret >"$DATA/unreadable"
	chmod 000 "$DATA/unreadable"
	mkdir "$DATA/directory"
	simple 1 big >"$DATA/big"
	head -c 1200000 /dev/zero | tr '\0' '\n' >>"$DATA/big"
	mkfifo "$DATA/pipe"
	ln -s /nonexistent "$DATA/dangling"
	simple 1 long >"$DATA/a-name-that-no-interface-has"
	printf 'IP=10.0.1.9\n' >"$DATA/nomac"
	printf 'MAC=01:00:5e:00:00:01\nIP=10.0.1.9\n' >"$DATA/group"
	printf 'MAC=%s\nIP=10.0.1.9\nSUBNET=10.0.2.0/24\n' "$(mac_of 9)" >"$DATA/outside"
	check "$1: starts" dhcpd_start || return
	check "$1: the good one is served" leases "$1-1" good
	for f in binary unreadable big pipe nomac group outside; do
		check "$1: $f is named" asks "/${f}[: ]" words
	done
	check "$1: each with one line for its fault" same 'lines about unreadable' "$(words | grep -c /unreadable)" 1
	check "$1: none of what cannot be read is shown" not asks secret words
	cp "$DATA/binary" "$DATA/tap1"
	check "$1: a binding that becomes binary is named" within 5 asks '/tap1:' words
	check "$1: and the last good one stays" leases "$1-1" good
	ends_well
}

# ---- interfaces ----

interfaces() {
	dhcp_host "$1"
	# Both interfaces have the same MAC and IP address, as happens for a while when a VM moves.
	ip -n "$1-2" link set eth0 address "$(mac_of 1)"
	simple 1 one >"$DATA/tap1"
	simple 1 two >"$DATA/tap2"
	simple 5 early >"$DATA/tap5"
	simple 6 renamed >"$DATA/tap6"
	check "$1: starts with bindings of interfaces that are not there" dhcpd_start || return
	check "$1: equal addresses on two interfaces: each has its own binding" leases "$1-1" one
	check "$1: the other likewise" leases "$1-2" two
	plug "$1-5" tap5 5
	check "$1: an interface that appears is served" within 5 leases "$1-5" early
	host ip link del tap5
	sleep "$SLOW"
	plug "$1-5" tap5 5
	check "$1: one that is deleted and made again" within 5 leases "$1-5" early
	# Without a pause: the new interface has the old one's name before fold-dhcpd has noticed the removal.
	host ip link del tap5
	plug "$1-5" tap5 5
	check "$1: the same at once" within 5 leases "$1-5" early

	ip -n "$1-5" link set eth0 address "$(mac_of 6)"
	host ip link set tap5 down
	host ip link set tap5 name tap6
	host ip link set tap6 up
	check "$1: a renamed interface has its new name's binding" within 5 leases "$1-5" renamed
	ip -n "$1-5" link set eth0 address "$(mac_of 5)"
	check "$1: and not its old one's" not dhcp_answered "$1-5" 5
	# Two interfaces exchange their names.
	for move in 'tap1 x' 'tap2 tap1' 'x tap2'; do
		host ip link set "${move% *}" down
		host ip link set "${move% *}" name "${move#* }"
	done
	host ip link set tap1 up
	host ip link set tap2 up
	check "$1: interfaces that changed names changed bindings" within 5 leases "$1-1" two
	check "$1: both of them" within 5 leases "$1-2" one
	# A real tap has a carrier only while somebody has it open.
	host ip tuntap add dev tap7 mode tap
	simple 7 seventh >"$DATA/tap7"
	host ip link set tap7 up
	sleep "$SLOW"
	check "$1: a tap without a carrier does no harm" leases "$1-1" two
	kill -USR1 "$(dhcpd_pid)"
	check "$1: its clients' table says that it is there" within 5 asks 'seventh .* tap7 .* here ' words
	host ip link del tap7
	check "$1: nor does its end" leases "$1-1" two
	kill -USR1 "$(dhcpd_pid)"
	check "$1: its clients' table says that it is not" within 5 asks 'seventh .* tap7 .* absent ' words
	ends_well
}

dhcp_answered() {
	: >"$T/$1.frames"
	in_guest "$1" frames sniff eth0 -d in -f 'udp src port 67' -n 1 -t $((2 * SLOW)) >"$T/$1.frames" 2>&1 &
	answered_sniff=$!
	within 10 grep -q '^# sniffing' "$T/$1.frames" >/dev/null
	in_guest "$1" sh -c "craft dhcp smac=$(mac_of "$2") | frames send eth0"
	wait "$answered_sniff"
}

# ---- configurations that it does not start with ----

# refuses WHAT PATTERN [STATUS]: a test that it ends at once, with one line that names the fault.
refuses() {
	# shellcheck disable=SC2086 # words
	timeout $((20 * SLOW)) env -u NFDHCPD_CFG nsenter --net="/run/netns/$HOST" ${starter:-} "$DHCPD" -f -c "$CONF" >"$T/$HOST/refused" 2>&1 </dev/null
	refused=$?
	check "$HOST: $1: it does not start" test "$refused" -ne 0 -a "$refused" -lt 124
	check "$HOST: $1: it says which and what" asks "$2" cat "$T/$HOST/refused"
	check "$HOST: $1: in one line" same lines "$(wc -l <"$T/$HOST/refused")" 1
}

configurations() {
	dhcp_host "$1"
	cp "$CONF" "$T/$1/good"
	CONF=$T/$1/absent
	refuses 'a configuration that is not there' "$T/$1/absent"
	CONF=$T/$1/nfdhcpd.conf
	for line in 'dhcp_queue = 65536' 'dhcp_queue = many' 'dhcp_queue = 45:42' 'lease_lifetime = -1' 'server_ip = 10.0.1' 'enable_dhcp = perhaps'; do
		{
			general
			printf '[dhcp]\n%s\n' "$line"
		} >"$CONF"
		refuses "$line" "nfdhcpd.conf:7: ${line%% =*}"
	done
	sed 's/^user.*/user = nobody-has-this-name/' "$T/$1/good" >"$CONF"
	refuses 'a user who does not exist' nobody-has-this-name
	sed 's/^user.*/user = 123456789/' "$T/$1/good" >"$CONF"
	refuses 'a number that is no user' 'user 123456789: there is none'
	mkdir -m 700 "$T/$1/closed"
	sed "s|^datapath.*|datapath = $T/$1/closed|" "$T/$1/good" >"$CONF"
	refuses 'a directory that its user may not read' "$T/$1/closed"
	sed "s|^datapath.*|datapath = $CONF|" "$T/$1/good" >"$CONF"
	refuses 'a directory that is a file' "$CONF"
	# The directory does not exist, as after a boot if it is on a tmpfs.
	DATA=$T/$1/later
	sed "s|^datapath.*|datapath = $DATA|" "$T/$1/good" >"$CONF"
	check "$1: a directory that does not exist yet: it starts" dhcpd_start
	check "$1: and makes it" test -d "$DATA"
	simple 1 later >"$DATA/tap1"
	check "$1: and serves who comes there" within 10 leases "$1-1" later
	rm -r "$DATA"
	check "$1: when it is removed, nobody is served" within 10 left_alone "$1-1" 1
	mkdir "$DATA"
	simple 1 once-more >"$DATA/tap1"
	check "$1: when it is made again, whoever is in it" within 10 leases "$1-1" once-more
	DATA=$T/$1/later-still
	sed -i "s|^datapath.*|datapath = $DATA|" "$CONF"
	kill -HUP "$(dhcpd_pid)"
	check "$1: a reload that names a directory which is not there says so" within 5 asks "$DATA: No such file .*stays as it was" words
	check "$1: and the one before is served from as ever" within 10 leases "$1-1" once-more
	mkdir "$DATA"
	simple 1 elsewhere >"$DATA/tap1"
	kill -HUP "$(dhcpd_pid)"
	check "$1: once it is made a reload serves from it" within 10 leases "$1-1" elsewhere
	check "$1: it ends" dhcpd_stop
	cp "$T/$1/good" "$CONF"
	check "$1: the good one starts" dhcpd_start || return
	# A second daemon that wants the same queue, with its own pid file and log.
	sed "s|^pidfile.*|pidfile = $T/$1/run/second.pid|; s|^logdir.*|logdir = $T/$1/run|" "$T/$1/good" >"$T/$1/second"
	CONF=$T/$1/second
	refuses 'a queue that somebody has' "queue 42.*$(dhcpd_pid)"
	# With the unit's capabilities the daemon can see less of other processes' open files, and must still name the
	# queue's owner.
	caps=$(sed -n 's/^CapabilityBoundingSet=//p' "$root/packaging/fold-dhcpd.service" | tr 'A-Z' 'a-z' | sed 's/ *cap_/,+/g')
	starter="setpriv --bounding-set -all$caps"
	refuses 'a queue that somebody has, as a service' "queue 42.*$(dhcpd_pid) \(fold-dhcpd\)"
	starter=
	CONF=$T/$1/nfdhcpd.conf
	printf '\n[dhcp]\nno_such_key = 1\n' >>"$CONF"
	check "$1: is stopped" dhcpd_stop
	check "$1: starts with a key that nobody knows" dhcpd_start
	check "$1: and warns of it with its line" asks 'nfdhcpd.conf:[0-9]+: .*no_such_key' words
	check "$1: a wrong flag is wrong usage" usage_status 2 --no-such-flag
	check "$1: -h tells of -c" asks '-c' "$DHCPD" -h
	check "$1: -V tells the version" asks 'fold-dhcpd.* [0-9]+\.' "$DHCPD" -V
	ends_well
}

usage_status() {
	usage_want=$1
	shift
	timeout 20 "$DHCPD" "$@" >/dev/null 2>&1
	same status $? "$usage_want"
}

only=$*

lane writers writers writers
lane rights rights rights
lane overflow overflow overflow
lane odd odd odd
lane interfaces interfaces interfaces
lane configurations configurations configurations
merge
finish
