#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# kill: fold is ended at random points of its life, from its first instruction to its last; two seconds later nothing
# of it may remain, whatever was half made. Every kill prints the delay after which it came; SEED=N repeats a run's
# delays.
# shellcheck source=tests/e2e/lib.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
begin "$@"

: "${SEED:=$(($(date +%s) % 100000))}"
echo "# SEED=$SEED"
mac=52:54:00:12:34:56
make_bridge "$BRIDGE"
printf 'HOSTNAME=victim\nNAMESERVERS=10.0.1.50\n' >"$T/binding"

tenths() {
	printf '%d.%d' $((SLOW * $1 / 10)) $((SLOW * $1 % 10))
}
# The life that is interrupted: start, a tenth of a second of a guest that asks for its address all the time, takedown.
hypervisor brief <<END
[ -z "\$MARK" ] || : >"\$MARK"
exec qemu-system-pump "\$@" -fold-pump "netns=guest,after=\${AFTER:-$(tenths 1)}"
END
ip netns add guest

# live: starts fold in a session and process group of its own; $fold is its pid.
live() {
	rm -f "$T/mark"
	MARK=$T/mark setsid env --default-signal=INT,QUIT "$FOLD" --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -i vm0 \
		-4 10.0.1.1/24 -b "$T/binding" "$mac" qemu-system-brief >"$T/out/life" 2>&1 </dev/null &
	fold=$!
}

# The length of an undisturbed life; the delays are spread over a little more. The best of three, because the first run
# reads files from disk.
life=0
for _ in 1 2 3; do
	start=$(now)
	live
	wait "$fold"
	took=$(($(now) - start))
	[ "$life" -ne 0 ] && [ "$took" -ge "$life" ] || life=$took
done
echo "# a life takes $life ms"
nothing_left 'a whole life'

# delays MILLISECONDS: $turns random delays in seconds, within a life of that length and a little later. Half of them are
# in its first third, where most things are half made.
delays() {
	awk -v seed="$SEED" -v turn="$turn" -v life="$1" -v n="$turns" 'BEGIN {
		srand(seed * 10 + turn)
		for (i = 0; i < n; i++)
			printf "%.4f\n", rand() * (i % 2 ? life * 1.05 : life / 3) / 1000
	}'
}

keeper() {
	pgrep -x fold-keeper -P "$fold"
}

# kill_them HOW: sends the signal; fails if the process to kill does not exist.
kill_them() {
	case $1 in
	SIGTERM) kill -TERM "$fold" ;;
	SIGKILL) kill -KILL "$fold" ;;
	"SIGTERM to the process group") kill -TERM "-$fold" ;;
	"SIGKILL to the process group") kill -KILL "-$fold" ;;
	"SIGKILL to the keeper") victim=$(keeper) && kill -KILL "$victim" ;;
	"SIGKILL to the responder") victim=$(pgrep -x fold-responder -P "$fold") && kill -KILL "$victim" ;;
	"SIGKILL to the hypervisor") victim=$(pgrep '^qemu-system-') && kill -KILL "$victim" ;;
	# No process is left that could clean up: the next fold, or fold gc, must do so.
	"SIGKILL to both at once")
		victim=$(keeper)
		# shellcheck disable=SC2086 # one or none
		kill -KILL "$fold" $victim
		;;
	esac 2>/dev/null
}

# only_files: if both are killed at once, files remain and, with NFQUEUE, the VM's part of the shared table. The kernel
# removes the guest, its tap and its own rules by itself.
only_files() {
	remains | grep -v -e '^file: ' -e '^rules: table bridge fold$' && return 1
	remains >/dev/null && return
	"$FOLD" gc && remains
}

# sweep: removes what one kill has left, so that it does not count against the next.
sweep() {
	# shellcheck disable=SC2046 # lists
	kill -KILL $(pgrep -x fold; pgrep -x fold-keeper; pgrep -x fold-responder; pgrep '^qemu-system-') 2>/dev/null
	rm -rf /run/fold/[0-9]* "$datapath"
}

turn=0
for how in SIGTERM SIGKILL 'SIGTERM to the process group' 'SIGKILL to the process group' 'SIGKILL to the keeper' \
	'SIGKILL to the responder' 'SIGKILL to the hypervisor' 'SIGKILL to both at once'; do
	turn=$((turn + 1))
	# Fewer on a slow machine: TURNS kills of each of the first two kinds, half as many of the others.
	case $how in SIGTERM | SIGKILL) turns=${TURNS:-20} ;; *) turns=$((${TURNS:-20} / 2)) ;; esac
	hits=0 running=0 count=0 length=$life marked=
	unset AFTER
	# Until the mark exists there is no hypervisor to kill. From then on it lives four tenths of a second.
	case $how in
	*hypervisor | *responder)
		length=$((SLOW * 500)) marked=yes AFTER=$(tenths 4)
		export AFTER
		;;
	esac
	for delay in $(delays "$length"); do
		count=$((count + 1))
		live
		[ -z "$marked" ] || within 30 test -e "$T/mark"
		sleep "$delay"
		hit=missed
		if kill_them "$how"; then
			hits=$((hits + 1)) hit=hit
		fi
		if [ -e "$T/mark" ]; then
			running=$((running + 1)) hit="$hit, with the hypervisor running"
		fi
		# The shell would report a killed child; that is not of interest here.
		wait "$fold" 2>/dev/null
		status=$?
		case $how in *both*) left=only_files ;; *) left=remains ;; esac
		check "$how, $count: after $delay s ($hit; status $status) nothing remains" within 2 "$left" || {
			detail_file "$T/out/life"
			sweep
		}
		case $status in
		0 | 1 | 125 | 129 | 137 | 143) ;;
		*)
			not_ok "$how, $count: status $status"
			detail_file "$T/out/life"
			;;
		esac
	done
	# A run in which nearly every kill came too early or too late would prove little.
	check "$how: at least a quarter of the kills hit" [ "$hits" -ge $((turns / 4)) ]
	echo "# $how: $hits of $turns hit, $running when the hypervisor had begun"
done

# From when it makes its keeper until it makes its responder, when the hypervisor runs: before each of its system calls.
# What it has just made, it may not have told anybody yet. On a slow machine before some of them.
unset AFTER
calls=0 number=0 bad=0
while :; do
	"$TOOLS/kill_at" "$number" "$FOLD" --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 \
		-b "$T/binding" "$mac" qemu-system-brief >"$T/out/call" 2>"$T/out/life" </dev/null
	status=$?
	[ "$status" -eq 0 ] || break
	within 2 remains || {
		not_ok "SIGKILL before system call $number, a $(cat "$T/out/call"): nothing remains"
		detail "$(remains)"
		bad=$((bad + 1))
		sweep
	}
	calls=$((calls + 1)) number=$((number + 1 + SLOW / 3))
done
check 'SIGKILL before each system call of the start: nothing remains' [ "$bad" -eq 0 ]
check 'the start was killed at every one until the hypervisor ran' same status "$status" 3
check 'and that was often enough' [ "$number" -ge 60 ]
echo "# SIGKILL before $calls system calls"

# The same where a fold that was killed with its keeper has left a record, and an image of which only the record tells:
# they are cleaned up, or left for fold gc.
keyed() {
	set -- "$@" "$FOLD" --transport "$FOLD_TRANSPORT" --bridge "$BRIDGE" -i vm0 -6 fd00:1::/64 -k "$T/key" -d "$T/images" \
		"$mac" qemu-system-idle _rdiscd_img_file_
	MARK=$T/mark "$@" >"$T/out/call" 2>"$T/out/life" </dev/null
}
hypervisor idle <<'END'
: >"$MARK"
exec sleep 1000
END
"$FOLD" keygen "$T/key"
mkdir "$T/images"
rm -f "$T/mark"
keyed env --default-signal=INT,QUIT &
fold=$!
within 30 test -e "$T/mark"
# shellcheck disable=SC2046 # a list
kill -KILL $(pgrep -x fold; pgrep -x fold-keeper)
wait "$fold" 2>/dev/null
none_lives
image=$T/images/rdiscd_vm0.img
cp -a /run/fold "$T/left"
ln "$image" "$T/left.img"
calls=0 number=0 bad=0
while [ "$number" -lt 60 ]; do
	rm -rf /run/fold/[0-9]*
	cp -a "$T/left"/[0-9]* /run/fold
	ln -f "$T/left.img" "$image"
	keyed "$TOOLS/kill_at" "$number" || break
	if ! within 2 only_files || [ -e "$image" ]; then
		not_ok "SIGKILL before system call $number, a $(cat "$T/out/call"): what was there is cleaned up, or left for fold gc"
		detail "$(remains; ls "$T/images")"
		bad=$((bad + 1))
		sweep
	fi
	calls=$((calls + 1)) number=$((number + 1 + SLOW / 3))
done
check 'SIGKILL of a start that finds what another left: fold gc can clean up' [ "$bad" -eq 0 ]
check 'and that was tried often enough' [ "$number" -ge 60 ]
echo "# SIGKILL before $calls system calls, with a record that was left"
rm -f "$image"

# A whole life must still work after all that.
live
wait "$fold"
status=$?
check 'a whole life after all of them' ended 0
nothing_left 'and then'
finish
