#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# harden: what fold's process that answers a guest could still do if the guest took it over. Its rights are read from
# the kernel, and system calls are injected into it while it runs (tests/tools/inject.c): each call that is not allowed
# must be refused or end the VM, and nothing may remain. That all features work under these restrictions is shown by
# the other tests.
# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2034 # most functions are called by name, some variables too
. "$(dirname "$0")/lib.sh"
begin "$@"

make_bridge "$BRIDGE"
mac=52:54:00:12:34:56
mkdir -m 700 "$T/private"
printf 'NAMESERVERS=10.0.1.50\nADDRESS:db.=10.0.9.1\nDNS_FORWARD=yes\n' >"$T/private/binding"
chmod 600 "$T/private/binding"

vm() {
	start_vm vm0 10.0.1.1/24 "$mac" -b "$T/private/binding" && ip -n vm0 addr add 10.0.1.1/24 dev eth0 && within 10 ready
}
# When the log says that packets are answered, the responder is confined.
ready() {
	grep -q 'packets are answered by' "$T/vm0.log" && responder vm0
}
# state PID KEY: that line of /proc/PID/status, its words separated by single blanks.
state() {
	sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" | tr -s '\t ' ' ' | sed 's/ $//'
}
# limit PID WORDS: the process's hard limit of that name.
limit() {
	sed -n "s/^Max $2  *[^ ]*  *\([^ ]*\) .*/\1/p" "/proc/$1/limits"
}

# A file that fold's caller has open is passed to the hypervisor and to no other process.
echo secret >"$T/theirs"
exec 8<"$T/theirs"
check 'the VM starts' vm
exec 8<&-
fold=$(vm_pid vm0) responder=$(responder vm0) keeper=$(pgrep -x fold-keeper -P "$(vm_pid vm0)")

# ---- what it costs while nothing happens ----

# wakes: how often the three processes have woken.
wakes() {
	for each in $fold $responder $keeper; do
		state "$each" voluntary_ctxt_switches
	done | awk '{ n += $1 } END { print n }'
}
# A change of the port's state may fall into these 10 s, with the rest that follows it.
sleeps() {
	sleep 1 # until the files are watched, too
	before=$(wakes)
	sleep 10
	after=$(wakes)
	[ $((after - before)) -le 4 ] || {
		echo "woken $((after - before)) times in 10 s"
		return 1
	}
}
check 'nobody sends anything: the processes sleep' sleeps

# ---- what the kernel shows ----

# Both kernels that are tested have Landlock; every kernel has seccomp.
check 'the log says what is in force' grep -qE "vm0: packets are answered by process $responder: seccomp, Landlock [1-9]" "$T/vm0.log"
for who in fold responder keeper; do
	eval "pid=\$$who"
	check "$who: a filter of system calls" same Seccomp "$(state "$pid" Seccomp)" 2
	check "$who: no new privileges" same NoNewPrivs "$(state "$pid" NoNewPrivs)" 1
	check "$who: no core dumps" same limit "$(limit "$pid" 'core file size')" 0
	case $who in
	responder) caps=0000000000001004 ;; # CAP_NET_ADMIN and CAP_DAC_READ_SEARCH
	keeper) caps=000000000000102a ;;    # CAP_KILL, CAP_NET_ADMIN, CAP_DAC_OVERRIDE and CAP_FOWNER
	fold) caps=000000001000302a ;;      # the same, CAP_NET_RAW and CAP_LEASE
	esac
	check "$who: only the capabilities that it needs" same capabilities \
		"$(for set in CapInh CapPrm CapEff CapBnd CapAmb; do state "$pid" $set; done | tr '\n' ' ')" \
		"0000000000000000 $caps $caps 0000000000000000 0000000000000000 "
done
user=$(state "$responder" Uid)
check 'responder: a user of its own' [ "${user%% *}" -ge 1879048192 ]
check 'responder: in every respect' same users "$user" "${user%% *} ${user%% *} ${user%% *} ${user%% *}"
check 'responder: and a group' same groups "$(state "$responder" Gid) $(state "$responder" Groups)" "$user "
check 'responder: few processes' same limit "$(limit "$responder" processes)" 4
check 'responder: few open files' same limit "$(limit "$responder" 'open files')" 256
check "the copy of a binding that is root's alone is root's alone" same mode "$(stat -c '%a %U' "$datapath/vm0")" '600 root'
opened() {
	find "/proc/$1/fd" -type l -printf '%f %l\n' | grep -vE '^[012] | (socket|pipe):| anon_inode:| /dev/null$'
}
check 'responder: no file or directory is open, and no device but the tap' same files \
	"$(opened "$responder" | sed 's/^[0-9]* //')" /dev/net/tun
hypervisor_has() {
	find "/proc/$(pgrep -P "$keeper" | head -n 1)/fd" -type l -printf '%l\n' | grep -qxF "$1"
}
check 'what its caller left open is for the hypervisor' hypervisor_has "$T/theirs"
check 'responder: nobody but root looks into it' same owner "$(stat -c %u "/proc/$responder/mem")" 0

# ---- what is refused, and the VM goes on ----

answers() {
	same db. "$(in_guest vm0 dig +short +tries=3 +time=$((2 * SLOW)) @10.0.1.50 db. A)" 10.0.9.1
}
# refused NAME WANT CALL [ARGUMENT...]
refused() {
	refused_name=$1 want=$2
	shift 2
	check "refused: $refused_name" same result "$(inject "$responder" "$@" 2>&1)" "$want"
}
check 'the guest is answered' answers
check 'what is allowed is made' same getpid "$(inject "$responder" getpid)" "$responder"
refused 'opening a file that everybody may read' -13 openat -100 /etc/passwd 0
refused 'opening one for writing' -13 openat -100 /etc/passwd 1
refused 'making a file' -13 openat -100 "$T/out/made" 65 511
check 'it is not there' [ ! -e "$T/out/made" ]
refused 'a packet socket' -1 socket 17 3 768
refused 'a raw socket' -1 socket 2 3 1
refused "a local socket, such as a container daemon's" -1 socket 1 1 0
refused 'another netlink socket' -1 socket 16 3 0
refused 'a device request' -25 ioctl 0 0x5413 0
check 'a socket to a name server is made' sh -c "fd=\$(inject $responder socket 2 2 0) && [ \$fd -ge 3 ] && inject $responder close \$fd"
check 'the guest is answered after all that' answers
check 'the file changes, and the change is in force' sh -c "sed -i s/10.0.9.1/10.0.9.2/ '$T/private/binding'"
answers_2() {
	[ "$(in_guest vm0 dig +short +tries=1 +time="$SLOW" @10.0.1.50 db. A)" = 10.0.9.2 ]
}
check 'though it was opened by another process' within 5 answers_2
sed -i s/10.0.9.2/10.0.9.1/ "$T/private/binding"
check 'the VM ends' stop_vm vm0
nothing_left 'a VM whose responder was refused'

# ---- what ends it ----

over() {
	gone "$fold"
}
# fatal WHO NAME CALL [ARGUMENT...]: tests that the VM ends if the process WHO makes the call.
fatal() {
	who=$1 fatal_name="$1: $2"
	shift 2
	: >"$T/vm0.log"
	check "$fatal_name: the VM starts" vm || return
	fold=$(vm_pid vm0)
	case $who in
	responder) pid=$(responder vm0) said="fold-responder: system call [0-9]* is none" ;;
	keeper) pid=$(pgrep -x fold-keeper -P "$fold") said="fold-keeper: system call [0-9]* is none" ;;
	fold) pid=$fold said="fold: system call [0-9]* is none" ;;
	esac
	check "$fatal_name: it is gone" same result "$(inject "$pid" "$@" 2>&1)" gone
	check "$fatal_name: and fold with it" within 5 over
	wait "$fold"
	status=$?
	check "$fatal_name: with status 125" same status $status 125
	check "$fatal_name: which is said, with the number" grep -q "$said" "$T/vm0.log" || detail_file "$T/vm0.log"
	nothing_left "$fatal_name"
}
fatal responder 'a program' execve /bin/sh 0 0
fatal responder 'a process' clone 17 0 0 0 0
fatal responder 'code of its own' mmap 0 4096 7 34 -1 0
fatal responder 'a signal to another process' kill 1 0
fatal responder 'a file removed' unlinkat -100 "$T/private/binding" 0
check 'it is still there' [ -s "$T/private/binding" ]
fatal responder 'a file by its handle' open_by_handle_at -100 0 0
fatal responder 'another process looked into' ptrace 16 1 0 0
fatal responder 'another user' setresuid 0 0 0
fatal responder 'namespaces' unshare 0x10000000
fatal responder 'a program for the kernel' bpf 0 0 0
fatal responder 'calls past the filter' io_uring_setup 1 0
fatal keeper 'a program' execve /bin/sh 0 0
fatal fold 'a program' execve /bin/sh 0 0

# ---- what the keeper's capabilities are for: another user's hypervisor, its processes and its directories ----

hypervisor leaver <<'END'
setsid sleep 1000 &
exit 0
END
head -c 64 /dev/urandom >"$T/key"
chmod 600 "$T/key"
for mode in 700:nobody 1777:daemon; do
	mkdir "$T/${mode%:*}"
	chmod "${mode%:*}" "$T/${mode%:*}"
	chown "${mode#*:}" "$T/${mode%:*}"
	SUDO_USER=nobody run_fold --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -i vm1 -6 fd5e:1:2:3::/64 -k "$T/key" -d "$T/${mode%:*}" $mac \
		qemu-system-leaver
	check "$mode: another user's hypervisor ends" ended 0
	check "$mode: what it left is ended" within 2 not pgrep -x sleep
	check "$mode: its image is removed" same files "$(ls "$T/${mode%:*}")" ''
	check "$mode: and nothing is said" same stderr "$(cat "$T/stderr")" ''
done
nothing_left "another user's hypervisor"

# ---- what the hypervisor may do to its tap, which needs no right but to have it open ----

ln -s "$TOOLS/tapper" "$T/bin/qemu-system-tapper"
# tapper NAME NO_NEW_PRIVS [COMMAND...]: COMMAND starts fold with another user's hypervisor; tests that it cannot
# change its tap.
tapper() {
	tapper_name=$1 privs=$2
	shift 2
	rm -f "$T/run"
	{
		echo '#!/bin/sh'
		echo "exec $* '$FOLD' \"\$@\""
	} >"$T/run"
	chmod 755 "$T/run"
	SUDO_USER=nobody timeout --foreground -k 5 "$((30 * SLOW))" "$T/run" --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" \
		-i vm1 -4 10.0.1.7/24 $mac qemu-system-tapper >"$T/stdout" 2>"$T/stderr" </dev/null
	status=$?
	check "$tapper_name: the hypervisor runs" ended 0
	check "$tapper_name: it sees its tap" grep -qx 'SIOCGIFHWADDR 0' "$T/stdout"
	for request in SIOCSIFHWADDR TUNSETOWNER TUNSETGROUP TUNSETPERSIST VHOST_NET_SET_BACKEND; do
		check "$tapper_name: $request is refused" grep -qx "$request 1" "$T/stdout" || detail_file "$T/stdout"
	done
	check "$tapper_name: by every way into the kernel" not grep -E '^(x32|x32-64|i386) ([^1]|1.)' "$T/stdout"
	check "$tapper_name: no_new_privs" grep -qx "no_new_privs $privs" "$T/stdout"
	nothing_left "$tapper_name"
}
# Set-user-ID programs must work under the hypervisor as they do without fold: no_new_privs is not set.
tapper "another user's hypervisor" 0
tapper 'in a container without CAP_SYS_ADMIN' 1 setpriv --bounding-set -sys_admin --inh-caps -sys_admin

# ---- a container's user namespace, which knows 65,536 users ----

cat >"$T/contained" <<-END
	# Until the maps are there it has no user.
	for _ in \$(seq 100); do
		[ "\$(id -u):\$(id -g)" != 0:0 ] || break
		sleep 0.1
	done
	mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /var/lib || exit 1
	ip link add br0 type bridge && ip link set br0 up || exit 1
	PATH=$PATH FOLD_TRANSPORT= "$FOLD" -i vm1 -4 10.0.1.7/24 --bridge br0 $mac qemu-system-idle &
	for _ in \$(seq 100); do
		sleep 0.2
		! nft list table netdev fold-vm1 2>/dev/null | grep -E 'skgid|skuid' || break
	done
	kill \$!
	wait \$!
END
hypervisor idle <<-'END'
	exec sleep 60
END
contained() {
	unshare -U --keep-caps -n -m -p -f --mount-proc sh "$T/contained" >"$T/contained.log" 2>&1 &
	contained=$!
	within 5 not grep -q . "/proc/$contained/gid_map" || return 1 # until then it is in this namespace
	for map in uid_map gid_map; do echo "0 0 65536" >"/proc/$contained/$map" || return 1; done
	wait "$contained"
	cat "$T/contained.log"
	# The replies' group is one of the 65,536 that the namespace knows; fold's first try is a much higher number.
	grep -qE 'meta skgid [0-9]+ ' "$T/contained.log" && ! grep -q '^fold: .*could not' "$T/contained.log"
}
check 'in a container of 65,536 users: the VM runs, and replies have a group of their own' contained

# ---- what the others' rights are needed for ----

chown nobody "$T/private"
check 'a VM with a file in a directory of another user starts' vm
kill -KILL "$(pgrep -x fold-keeper)"
wait "$(vm_pid vm0)"
nothing_left 'the keeper killed'
check 'once more' vm
kill -KILL "$(responder vm0)"
wait "$(vm_pid vm0)"
check 'who answers is killed: fold says so' grep -q 'the process that answers it was ended by signal 9' "$T/vm0.log"
nothing_left 'the responder killed'
finish
