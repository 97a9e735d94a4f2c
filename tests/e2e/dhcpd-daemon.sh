#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# dhcpd-daemon: fold-dhcpd as a service: in the background with a pid file and a log, as a user with only two
# capabilities, under a service manager that it notifies, and its signals. Words after the name run only those lanes.
# shellcheck source=tests/e2e/lib.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/dhcpd-lib.sh
. "$(dirname "$0")/dhcpd-lib.sh"
begin "$@"
dhcpd_begin

small_host() {
	new_host "$1"
	host iptables -t mangle -A PREROUTING -i tap+ -p udp --dport 67 -j NFQUEUE --queue-num 42 || bail 'no rule'
	plug "$1-1" tap1 1
	{
		general
		printf '[dhcp]\ndhcp_queue = 42\nserver_ip = 10.0.1.250\nnameservers = 10.0.1.50\n'
	} >"$CONF"
	printf 'MAC=%s\nIP=10.0.1.1\nSUBNET=10.0.1.0/24\nHOSTNAME=first\nIP6=2001:db8::11\nSUBNET6=2001:db8::/64\n' "$(mac_of 1)" >"$DATA/tap1"
}

# background [FLAG...]: starts it as an init script does; returns its status.
background() {
	timeout $((60 * SLOW)) env -u NFDHCPD_CFG setpriv --groups 4,24 nsenter --net="/run/netns/$HOST" "$DHCPD" -c "$CONF" "$@" >"$T/$HOST/out" 2>&1 </dev/null
}

pid_file() {
	cat "$T/$HOST/run/nfdhcpd.pid" 2>/dev/null
}

no_pid() {
	same pid "$(pid_file)" ''
}

log_file() {
	cat "$T/$HOST/log/nfdhcpd.log" 2>/dev/null
}

status_of() {
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" | tr '\t' ' '
}

# clients_logged PID: has it write the clients' table; whether the log of today has it.
clients_logged() {
	kill -USR1 "$1"
	sleep 0.2
	asks first log_file
}

background_process() {
	small_host "$1"
	# fold-dhcpd makes these directories for its user.
	rmdir "$T/$1/log" "$T/$1/run"
	check "$1: it goes to the background with status 0" background || detail_file "$T/$1/out"
	pid=$(pid_file)
	check "$1: the pid file names a process that runs" not gone "${pid:-0}" || return
	check "$1: it is ready when its starter comes back" listening
	check "$1: it serves" ask4 "$1-1"
	check "$1: it is a session's first process" same session "$(ps -o sid= -p "$pid" | tr -d ' ')" "$pid"
	check "$1: it stands in no directory" same 'working directory' "$(readlink "/proc/$pid/cwd")" /
	check "$1: it has none of its starter's files open" same files "$(readlink "/proc/$pid/fd/0" "/proc/$pid/fd/1" "/proc/$pid/fd/2" | grep -cv -e '^/dev/null$' -e '/log/nfdhcpd.log$')" 0
	check "$1: its log is nfdhcpd.log in logdir" test -s "$T/$1/log/nfdhcpd.log"

	check "$1: its user is nobody, in all four" same Uid "$(status_of "$pid" Uid)" '65534 65534 65534 65534'
	check "$1: its group is nobody's" same Gid "$(status_of "$pid" Gid)" '65534 65534 65534 65534'
	check "$1: it is in no other group" same Groups "$(status_of "$pid" Groups | tr -d ' ' | sed 's/^65534$//')" ''
	# 12: CAP_NET_ADMIN, 13: CAP_NET_RAW.
	for set in CapPrm CapEff; do
		check "$1: $set: CAP_NET_ADMIN and CAP_NET_RAW alone" same "$set" "$(status_of "$pid" "$set")" 0000000000003000
	done
	for set in CapInh CapAmb; do
		check "$1: $set: none" same "$set" "$(status_of "$pid" "$set")" 0000000000000000
	done
	check "$1: it can gain none" same NoNewPrivs "$(status_of "$pid" NoNewPrivs)" 1

	sed -i 's/^dhcp_queue.*/dhcp_queue = 52/' "$CONF"
	check "$1: a second one with that pid file does not start" not background
	check "$1: and says who runs" asks "$pid" cat "$T/$1/out"
	sed -i 's/^dhcp_queue.*/dhcp_queue = 42/' "$CONF"
	check "$1: the first runs on" ask4 "$1-1"
	check "$1: one without CAP_SETUID and CAP_CHOWN names them" asks_for "$1" 'missing CAP_SETUID, CAP_CHOWN; add' -setuid,-chown
	check "$1: one without CAP_NET_ADMIN names it" asks_for "$1" 'missing CAP_NET_ADMIN; add' -net_admin
	check "$1: without a configuration it says where that is described" not_configured "$1"
	check "$1: a datapath and a logdir that are not there are told when they are made" made_aloud "$1"
	check "$1: a second one that has neither pid file nor log in common says what is wrong once" not_twice "$1"

	kill -USR1 "$pid"
	check "$1: SIGUSR1: the clients' table in the log" within 5 asks "first.*$(mac_of 1).*tap1.*10\.0\.1\.1.*2001:db8::11" log_file

	mv "$T/$1/log/nfdhcpd.log" "$T/$1/log/old"
	sed -i 's/^nameservers.*/nameservers = 10.0.1.51/' "$CONF"
	kill -HUP "$pid"
	check "$1: SIGHUP: the configuration is read again" within 5 nameserver_is "$1" 10.0.1.51
	check "$1: SIGHUP: the log is opened anew" within 5 test -e "$T/$1/log/nfdhcpd.log"
	mv "$T/$1/log/nfdhcpd.log" "$T/$1/log/old2"
	check "$1: moved once more, and nobody tells it: it makes a new one" within 10 test -e "$T/$1/log/nfdhcpd.log"
	check "$1: and writes there" within 5 clients_logged "$pid"
	rm "$T/$1/log/nfdhcpd.log"
	check "$1: so where it is removed" within 10 clients_logged "$pid"
	printf 'lease_lifetime = never\n' >>"$CONF"
	kill -HUP "$pid"
	check "$1: SIGHUP with a fault in the configuration: named" within 5 asks 'nfdhcpd.conf:[0-9]+: lease_lifetime' log_file
	check "$1: and the last good one stays in force" nameserver_is "$1" 10.0.1.51
	sed -i '$d' "$CONF"
	cp "$CONF" "$T/$1/good.conf"
	sed -i "s|^datapath.*|datapath = $T/$1/typo|; s/^nameservers.*/nameservers = 10.0.1.52/" "$CONF"
	kill -HUP "$pid"
	check "$1: SIGHUP with a datapath that is not there: named" within 5 asks "datapath $T/$1/typo: No such file .*stays as it was" log_file
	check "$1: it is not made" not test -e "$T/$1/typo"
	check "$1: and the last good configuration stays in force" nameserver_is "$1" 10.0.1.51
	cp "$T/$1/good.conf" "$CONF"

	kill -TERM "$pid"
	check "$1: SIGTERM ends it" within 10 gone "$pid"
	check "$1: the pid file is gone" within 5 not test -e "$T/$1/run/nfdhcpd.pid"
	check "$1: so are its queues" same queues "$(queues)" ''

	echo 4194300 >"$T/$1/run/nfdhcpd.pid"
	check "$1: a pid file of nobody does not keep it from starting" background
	check "$1: it is replaced" not same pid "$(pid_file)" 4194300
	kill -KILL "$(pid_file)"
	within 10 gone "$(pid_file)" >/dev/null
	check "$1: after SIGKILL it starts again" background
	check "$1: and serves" ask4 "$1-1"
	# An old pid file whose number now belongs to another program.
	kill -TERM "$(pid_file)"
	within 10 not test -e "$T/$1/run/nfdhcpd.pid" >/dev/null
	echo $$ >"$T/$1/run/nfdhcpd.pid"
	check "$1: a pid file of another program does not keep it from starting" background
	kill -TERM "$(pid_file)"
	check "$1: the last one ends" within 10 not test -e "$T/$1/run/nfdhcpd.pid"

	# root's directories, in which the daemon's user can neither remove nor make files: logrotate makes the new
	# log.
	chown root "$T/$1/run" "$T/$1/log"
	check "$1: it starts with directories that are root's" background
	mv "$T/$1/log/nfdhcpd.log" "$T/$1/log/older"
	install -o nobody -m 640 /dev/null "$T/$1/log/nfdhcpd.log"
	kill -HUP "$(pid_file)"
	kill -USR1 "$(pid_file)"
	check "$1: it writes to the log that logrotate made" within 5 asks first log_file
	mv "$T/$1/log/nfdhcpd.log" "$T/$1/log/older"
	install -o nobody -m 644 /dev/null "$T/$1/log/nfdhcpd.log"
	check "$1: also where nobody tells it so" within 10 clients_logged "$(pid_file)"
	rm "$T/$1/log/nfdhcpd.log"
	sleep 2
	install -o nobody -m 644 /dev/null "$T/$1/log/nfdhcpd.log"
	check "$1: and where that takes a while" within 30 clients_logged "$(pid_file)"
	kill -TERM "$(pid_file)"
	check "$1: its pid file names nobody when it has ended" within 10 no_pid
	check "$1: and it starts again" background
	kill -TERM "$(pid_file)"
	within 10 no_pid >/dev/null
	chmod 700 "$T/$1/log"
	check "$1: a log directory in which its user may not even look" background
	sleep 2
	check "$1: is nothing to warn of again" not asks 'cannot be opened again' log_file
	kill -TERM "$(pid_file)"
	within 10 no_pid >/dev/null
	chmod 755 "$T/$1/log"
	RUNTIME_DIRECTORY=$T/$1/run
	export RUNTIME_DIRECTORY
	check "$1: a directory that systemd has made for it" background
	unset RUNTIME_DIRECTORY
	kill -TERM "$(pid_file)"
	check "$1: is its user's: the pid file is removed" within 10 not test -e "$T/$1/run/nfdhcpd.pid"
	sed -i 's/^user.*/user = 65534/' "$CONF"
	check "$1: a user by its number" background
	kill -TERM "$(pid_file)"
	check "$1: no sanitizer has complained" not grep -qsE 'Sanitizer|runtime error' "$T/$1/out" "$T/$1"/log/*
}

# other_conf [KEY=VALUE...]: writes a configuration for a second daemon beside that of CONF, with these values; prints
# its path.
other_conf() {
	sed "s|^pidfile.*|pidfile = $T/$HOST/run/other.pid|; s|^dhcp_queue.*|dhcp_queue = 53|" "$CONF" >"$T/$HOST/other.conf"
	for other_pair; do
		sed -i "s|^${other_pair%%=*} .*|${other_pair%%=*} = ${other_pair#*=}|" "$T/$HOST/other.conf"
	done
	echo "$T/$HOST/other.conf"
}

# asks_for LANE TEXT CAPABILITIES: whether it refuses to start without these capabilities, and says so in one line.
asks_for() {
	conf=$(other_conf)
	timeout $((60 * SLOW)) env -u NFDHCPD_CFG nsenter --net="/run/netns/$HOST" setpriv --bounding-set "$3" --inh-caps "$3" "$DHCPD" -c "$conf" \
		>"$T/$1/out" 2>&1 </dev/null && return 1
	cat "$T/$1/out"
	grep -q "^fold-dhcpd: $2" "$T/$1/out" && same lines "$(wc -l <"$T/$1/out")" 1
}

not_configured() {
	CONF=$T/$1/none.conf not background || return
	same words "$(cat "$T/$1/out")" \
		"fold-dhcpd: $T/$1/none.conf: there is no configuration; nfdhcpd.conf(5) has its keys, or name another file with -c"
}

made_aloud() {
	conf=$(other_conf "logdir=$T/$1/newlog" "datapath=$T/$1/newdata")
	CONF=$conf background || return
	kill -TERM "$(cat "$T/$1/run/other.pid")"
	within 10 not test -e "$T/$1/run/other.pid" || return
	cat "$T/$1/out"
	grep -q "warning: datapath $T/$1/newdata: was not there; made" "$T/$1/out" &&
		grep -q "warning: logdir $T/$1/newlog: is not there; making it" "$T/$1/out"
}

# A directory stands where the log should be: that is said once, not twice.
not_twice() {
	mkdir -p "$T/$1/badlog/nfdhcpd.log"
	CONF=$(other_conf "logdir=$T/$1/badlog") not background || return
	same 'lines with it' "$(grep -c 'log .*badlog/nfdhcpd.log: ' "$T/$1/out")" 1
}

nameserver_is() {
	ask4 "$1-1" && told "$1-1" 4 "dns=$2"
}

# notified PATTERN: whether the service manager got such messages, in that order.
notified() {
	tr '\n' ' ' <"$T/$HOST/notify" | grep -qE -- "$1" && return
	cat "$T/$HOST/notify"
	return 1
}

managed() {
	small_host "$1"
	nc -lkuU "$T/$1/run/notify" >"$T/$1/notify" &
	within 10 test -S "$T/$1/run/notify" >/dev/null
	chmod 666 "$T/$1/run/notify"
	NOTIFY_SOCKET=$T/$1/run/notify
	export NOTIFY_SOCKET
	check "$1: starts in the foreground" dhcpd_start || return
	check "$1: READY=1 when it is" within 5 notified 'READY=1'
	check "$1: what it has to say stands on stderr" test -s "$T/$1/out"
	check "$1: it serves" ask4 "$1-1"
	: >"$T/$1/notify"
	kill -HUP "$(dhcpd_pid)"
	check "$1: SIGHUP: RELOADING=1 with the time, then READY=1" within 5 notified 'RELOADING=1.*MONOTONIC_USEC=[0-9]+.*READY=1'
	check "$1: ends by SIGTERM with status 0" dhcpd_stop
	check "$1: STOPPING=1" within 5 notified 'STOPPING=1'
	check "$1: a signal at any time of its start ends it with status 0" early_end
	unset NOTIFY_SOCKET
	check "$1: starts without a service manager" dhcpd_start
	check "$1: ends by SIGINT with status 0" dhcpd_stop INT
	check "$1: no sanitizer has complained" not grep -qE 'Sanitizer|runtime error' "$T/$1/out"
}

# root reads and opens files at the start that the daemon's user cannot read or make again later.
rereads() {
	small_host "$1"
	chmod 640 "$CONF"
	check "$1: it starts with a configuration that only root may read, and a logdir that is root's" locked background || detail_file "$T/$1/out"
	check "$1: what its starter has locked is not locked by it" flock -n "$T/$1/lock" true
	check "$1: that SIGHUP will not read the configuration is told, with what to do" asks \
		"warning: $CONF: user nobody cannot read it again .Permission denied.*; let that user read it" log_file
	check "$1: that SIGHUP will open no log is, too" asks \
		"warning: logdir $T/$1/log: user nobody cannot make files there .Permission denied.*; or let that user write there" log_file
	# A write through a hard link outside the directory does not trigger the watch on the directory.
	ln "$DATA/tap1" "$T/$1/tap1"
	sed 's/^HOSTNAME=.*/HOSTNAME=second/' "$DATA/tap1" >"$T/$1/new"
	cat "$T/$1/new" >"$T/$1/tap1"
	mv "$T/$1/log/nfdhcpd.log" "$T/$1/log/old"
	kill -HUP "$(pid_file)"
	check "$1: SIGHUP reads the bindings all the same" within 5 leases "$1-1" second
	check "$1: it says why the configuration stays" asks 'Permission denied; .*stays as it was; let user nobody read it' cat "$T/$1/log/old"
	check "$1: it says why the log does" asks 'log .*: cannot be opened again: .*; let user nobody make files in logdir' cat "$T/$1/log/old"
	kill -TERM "$(pid_file)"
	check "$1: it ends" within 10 no_pid
	chmod 644 "$CONF"
	chown nobody "$T/$1/log"
	check "$1: where its user may, it starts without these words" background
	check "$1: it has said nothing of SIGHUP" not asks SIGHUP log_file
	kill -TERM "$(pid_file)"
	check "$1: it ends once more" within 10 no_pid

	check "$1: too few descriptors: one line that says how many it needs" few_files "$1" 20
	check "$1: a few less than that" few_files "$1" $((need - 1))
	check "$1: exactly as many are enough" few_files_serve "$1" "$need"

	mkdir "$T/$1/full"
	mount -t tmpfs -o size=4k full "$T/$1/full"
	head -c 4096 /dev/zero >"$T/$1/full/all"
	check "$1: a pid file for which there is no space" no_space "$1"
	check "$1: does not stay as an empty one" not test -e "$T/$1/full/pid"
	check "$1: no sanitizer has complained" not grep -qsE 'Sanitizer|runtime error' "$T/$1/out" "$T/$1"/log/*
}

# locked COMMAND...: runs it with an open, locked file of the caller's, as an ifup script may have one.
locked() {
	(
		exec 9>"$T/$HOST/lock"
		flock 9
		"$@"
	)
}

leases() {
	ask4 "$1" && told "$1" 4 "hostname=$2"
}

# few_files LANE N: whether it refuses to start with a limit of N open files. Sets $need to the number that it says it
# needs.
few_files() {
	timeout $((20 * SLOW)) prlimit --nofile="$2:$2" env -u NFDHCPD_CFG nsenter --net="/run/netns/$HOST" "$DHCPD" -f -c "$CONF" >"$T/$1/out" 2>&1 </dev/null && return 1
	cat "$T/$1/out"
	need=$(sed -n "s/^fold-dhcpd: too few file descriptors: $2 may be open, and .* need \([0-9]*\); raise the limit.*/\1/p" "$T/$1/out")
	[ -n "$need" ] && same lines "$(wc -l <"$T/$1/out")" 1
}

few_files_serve() {
	timeout $((60 * SLOW)) prlimit --nofile="$2:$2" env -u NFDHCPD_CFG nsenter --net="/run/netns/$HOST" "$DHCPD" -c "$CONF" >"$T/$1/out" 2>&1 </dev/null || {
		cat "$T/$1/out"
		return 1
	}
	ask4 "$1-1" && kill -TERM "$(pid_file)" && within 10 no_pid
}

no_space() {
	conf=$(other_conf "pidfile=$T/$1/full/pid")
	CONF=$conf not background || return
	cat "$T/$1/out"
	grep -q "pidfile $T/$1/full/pid: cannot be written: No space left" "$T/$1/out"
}

# Packets are lost when the queue is full because nobody reads it.
losses() {
	small_host "$1"
	check "$1: starts" dhcpd_start || return
	kill -USR1 "$(dhcpd_pid)"
	check "$1: nothing is lost" within 5 asks ' 0 packets or answers lost' words
	kill -STOP "$(dhcpd_pid)"
	in_guest "$1-1" sh -c "craft dhcp smac=$(mac_of 1) | frames send -c 9000 eth0"
	kill -CONT "$(dhcpd_pid)"
	within 10 ask4 "$1-1" >/dev/null
	kill -USR1 "$(dhcpd_pid)"
	check "$1: what the queue has no room for is counted" within 5 asks ' [1-9][0-9]* packets or answers lost' words
	check "$1: ends by SIGTERM with status 0" dhcpd_stop
	check "$1: no sanitizer has complained" not grep -qE 'Sanitizer|runtime error' "$T/$1/out"
}

# A service manager may stop the daemon right after it has started it.
early_end() {
	for wait in 0.01 0.02 0.03 0.05 0.08 0.12; do
		env -u NFDHCPD_CFG nsenter --net="/run/netns/$HOST" "$DHCPD" -f -c "$CONF" >>"$T/$HOST/out" 2>&1 </dev/null &
		early=$!
		sleep "$wait"
		kill -TERM "$early"
		wait "$early"
		early_status=$?
		# Before it has installed its signal handlers, SIGTERM kills it as it does any program.
		[ "$early_status" = 0 ] || [ "$early_status" = 143 ] || {
			echo "status $early_status after $wait s"
			return 1
		}
	done
}

# The shipped unit must allow what the program needs, and no more.
unit() {
	file=$root/packaging/fold-dhcpd.service
	check 'unit: there is one' test -s "$file" || return
	check 'unit: Type=notify' grep -qE '^Type=notify(-reload)?$' "$file"
	check 'unit: it reads its configuration again by SIGHUP' grep -qE '^(ExecReload=.*HUP|Type=notify-reload)' "$file"
	check 'unit: guests do not have the processor before it' grep -qE '^Nice=-[0-9]+$' "$file"
	check 'unit: it takes no name of nfdhcpd, to which one may go back' not grep -q '^Alias=' "$file"
	check 'unit: of the two only one runs' grep -qx 'Conflicts=nfdhcpd.service' "$file"
	check 'unit: two capabilities for its life' grep -qE '^CapabilityBoundingSet=.*CAP_NET_ADMIN' "$file"
	if command -v systemd-analyze >/dev/null; then
		install -D "$DHCPD" "$T/root/usr/sbin/fold-dhcpd"
		check 'unit: systemd takes every line of it' unit_verified "$file"
		unit_calls "$1"
	else
		not_ok 'unit: systemd-analyze is installed (make deps does it)'
	fi
}

# calls_let_through UNIT: the system calls that the unit's SystemCallFilter allows, with systemd's own sets expanded,
# one a line. Any other call would kill the program.
calls_let_through() {
	systemd-analyze syscall-filter 2>/dev/null | awk -v words="@default $(sed -n 's/^SystemCallFilter=//p' "$1" | tr '\n' ' ')" '
		function add(word,  n, i, w) {
			if (word !~ /^@/) { print word; return }
			n = split(of[word], w)
			for (i = 1; i <= n; i++) add(w[i])
		}
		/^@/ { set = $1 }
		/^ +[@a-z]/ { of[set] = of[set] " " $1 }
		END { n = split(words, w); for (i = 1; i <= n; i++) add(w[i]) }' | sort -u
}

none_is_refused() {
	calls_let_through "$file" >"$T/calls"
	sed -nE 's/^([0-9]+ +)?([a-z_0-9]+)\(.*/\2/p' "$T/trace" | sort -u >"$T/made"
	echo 'made, and not let through:'
	[ "$(wc -l <"$T/made")" -gt 20 ] && ! grep -vxF -f "$T/calls" "$T/made"
}

# The system calls of a whole life: it starts, serves, reads its files again, writes its table, ends.
unit_calls() {
	if ! command -v strace >/dev/null; then
		skip 'unit: all its system calls are let through' 'no strace'
		return
	fi
	small_host "$1"
	printf '#!/bin/sh\nexec strace -D -f -qq -E ASAN_OPTIONS=detect_leaks=0 -o %s %s "$@"\n' "$T/trace" "$DHCPD" >"$T/traced"
	chmod +x "$T/traced"
	untraced=$DHCPD DHCPD=$T/traced
	check 'unit: it starts, traced' dhcpd_start
	DHCPD=$untraced
	check 'unit: it serves, traced' ask4 "$1-1"
	kill -HUP "$(dhcpd_pid)"
	kill -USR1 "$(dhcpd_pid)"
	check 'unit: it writes its table, traced' within 5 asks first words
	dhcpd_stop
	check 'unit: all its system calls are let through' none_is_refused
}

unit_verified() {
	sed "s|^ExecStart=[^ ]*|ExecStart=$DHCPD|" "$1" >"$T/fold-dhcpd.service"
	systemd-analyze verify --man=no "$T/fold-dhcpd.service" >"$T/verify" 2>&1
	grep -v -e 'Failed to prepare filename' "$T/verify" | grep 'fold-dhcpd.service' && return 1
	return 0
}

for flag in --help --version; do
	check "$flag that nobody can read is no success" not sh -c '"$1" "$2" >/dev/full 2>/dev/null' sh "$DHCPD" "$flag"
done

only=$*

lane background background_process background
lane managed managed managed
lane rereads rereads rereads
lane losses losses losses
lane unit unit unit
merge
finish
