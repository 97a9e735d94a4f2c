#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# inspect: what fold inspect says of a running VM is what the VM did, as counted outside too; only root may ask, and
# asking disturbs nothing.
# shellcheck source=tests/e2e/lib.sh source=tests/e2e/hosts.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
begin "$@"
. "$root/tests/e2e/hosts.sh"

make_bridge "$BRIDGE"
container carl 10.0.2.8/24 02:00:00:00:02:08
printf 'HOSTNAME=ann\nNAMESERVERS=10.0.2.50\nADDRESS:db.example=10.0.2.9\n' >"$T/ann.binding"
check 'ann starts' start_vm ann 10.0.2.1/24 52:54:00:00:02:01 -6 fde5:2::/64 -b "$T/ann.binding"
check 'bob starts' start_vm bob 10.0.2.2/24 52:54:00:00:02:02

# inspect NAME: sets $status; the answer is in $T/json as JSON and in $T/words in words.
inspect() {
	run_fold inspect "$1" --json
	cp "$T/stdout" "$T/json"
	[ "$status" = 0 ] || return 0
	run_fold inspect "$1"
	cp "$T/stdout" "$T/words"
}

# value EXPRESSION: the value of a Python expression about the JSON, which is v; count(LIST, NAME) is the count of that
# entry.
value() {
	python3 -c '
import json, sys
v = json.load(open(sys.argv[1]))
def count(rows, name):
    return sum(r["count"] for r in rows if r["name"] == name)
print(eval(sys.argv[2]))' "$T/json" "$1"
}

inspect bob
check 'a VM that said nothing' same 'what it is' \
	"$(value '[v[k] for k in ("interface", "bridge", "mac", "ipv4", "ipv6", "lease_seconds_left", "hypervisor", "pid")]')" \
	"['bob', 'br0', '52:54:00:00:02:02', '10.0.2.2/24', None, None, 'qemu-system-pump', $(vm_pid bob)]"
check 'in words: it has no lease' grep -q '^ipv4 *10.0.2.2/24, not leased$' "$T/words"

gets_addresses ann 10.0.2.1/24 fde5:2::5054:ff:fe00:201/64
inspect ann
check 'a lease' same 'DHCPDISCOVER and DHCPREQUEST' "$(value 'count(v["answered"], "DHCPOFFER") >= 1 and count(v["answered"], "DHCPACK")')" 1
check 'what is left of it' same 'of 604800 s' "$(value "604800 - 120 * $SLOW < v['lease_seconds_left'] <= 604800")" True
check 'in words: what is left of it' grep -qE '^ipv4 *10.0.2.1/24, leased for 604[0-9]{3} s more$' "$T/words"
check 'the router advertisement of the start' same RA "$(value 'count(v["answered"], "RA, unsolicited") >= 1')" True
in_guest ann rdisc6 -1 -w "$((5000 * SLOW))" eth0 >"$T/rdisc6" || bail 'no router advertisement'
inspect ann
check 'one that was asked for' same RA "$(value 'count(v["answered"], "RA") >= 1')" True

names=$(value 'sum(r["count"] for r in v["answered"] if r["name"].startswith("DNS"))')
for _ in 1 2 3 4 5; do
	in_guest ann dig +time=5 +tries=1 +short @10.0.2.50 db.example >"$T/dig" || bail 'no answer to a DNS question'
done
inspect ann
check 'five DNS questions' same answers "$(value 'sum(r["count"] for r in v["answered"] if r["name"].startswith("DNS"))')" "$((names + 5))"
check 'the last of them just now' same 'seconds ago' \
	"$(value "min(r['seconds_ago'] for r in v['answered'] if r['name'].startswith('DNS')) <= 5 * $SLOW")" True

nsenter --net=/run/netns/ann busybox udhcpc -f -R -t 20 -T "$SLOW" -i eth0 -s /bin/true >"$T/release" 2>&1 &
client=$!
within 20 grep -q 'lease of' "$T/release" || bail 'no lease'
kill -USR2 $client
within 10 grep -qi 'releas' "$T/release" || bail 'no release'
kill $client
sleep 0.2
inspect ann
check 'an address that was given back is no lease' same lease "$(value 'v["lease_seconds_left"]')" None

# ---- refusals ----

# Three DNS messages that the responder refuses: they are responses, not questions.
for _ in 1 2 3; do
	printf '\0\1\200\0\0\0\0\0\0\0\0\0' | in_guest ann nc -u -w 1 -q 0 10.0.2.50 53
done
# And ten frames in a VLAN, which the rules drop.
for _ in 1 2 3 4 5 6 7 8 9 10; do
	in_guest ann frames send eth0 ffffffffffff525400000201810000050806000108000604000152540000020100000000000000000000000a000209
done
inspect ann
check "the responder's refusals" same dns-form "$(value 'count(v["refused"], "dns-form")')" 3
check "the rules' drops" same from_type "$(value 'v["counters"]["from_type"]')" 10
nft_says() {
	nft list counters table netdev fold-ann | awk '/counter / { name = $2 } /packets/ { print name, $2 }' | sort >"$T/nft"
	python3 -c 'import json; [print(k, n) for k, n in json.load(open("'"$T/json"'"))["counters"].items()]' | sort >"$T/ours"
	diff "$T/nft" "$T/ours"
}
check 'every counter is as nft lists it' nft_says
check 'in words' sh -c "grep -qE '^  from_type +10$' '$T/words' && grep -qE '^  dns-form +3 +last [0-9]+ s ago$' '$T/words'"
check 'in words: nothing is said of what did not happen' not grep -qE '^  .* 0($|   last)' "$T/words"
# shellcheck disable=SC2016 # for the inner shell
check 'bob has nothing of hers' sh -c '"$FOLD" inspect bob | grep -c "dns-form\|DHCPACK" | grep -qx 0'

# ---- who may ask, and what becomes of those who ask in a strange way ----

socket=$(find /run/fold -name 'ask-ann')
check 'the socket is for root alone' same mode "$(stat -c '%a %U' "$socket" "${socket%/*}" | tr '\n' ' ')" '600 root 700 root '
cp "$FOLD" "$T/bin/unprivileged"
chmod 755 "$T/bin/unprivileged"
setpriv --reuid 65534 --regid 65534 --clear-groups env ASAN_OPTIONS=detect_leaks=0 "$T/bin/unprivileged" inspect ann \
	>"$T/stdout" 2>"$T/stderr"
check 'another user: 125, and nothing is said' same status "$?$(cat "$T/stdout")" 125

responder_files() {
	find "/proc/$(vm_pid ann)/fd" | wc -l
}
files=$(responder_files)
python3 - "$socket" <<'END'
import array, os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
def ask(data, fds):
    s.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else [], 0, sys.argv[1])
r, w = os.pipe()
nul = os.open('/dev/null', os.O_RDONLY)
for _ in range(50):
    ask(b'?', [])                # nowhere to write to
    ask(b'x' * 4000, [w])        # a long question
    ask(b'?', [w, w])            # two places
    ask(b'', [nul])              # one that cannot be written to
    os.set_blocking(r, False)
    while True:
        try:
            os.read(r, 65536)
        except BlockingIOError:
            break
os.close(r)
ask(b'?', [w])                   # nobody reads any more
END
inspect ann
check 'strange questions: the next one is answered' ended 0
check 'strange questions: no file stays open' same files "$(responder_files)" "$files"
check 'strange questions: ann is still served' lease ann 10.0.2.1/24

# ---- no such VM ----

kill -STOP "$(responder bob)"
run_fold inspect bob
check 'a fold that is stopped: 125' ended 125
check 'a fold that is stopped: it is said' grep -q '^fold: bob: its fold does not answer' "$T/stderr"
kill -CONT "$(responder bob)"
for words in '' '--json' 'ann more' 'ann --json more'; do
	# shellcheck disable=SC2086 # words
	run_fold inspect $words
	check "fold inspect $words: 2" ended 2
done
run_fold inspect nobody
check 'no such VM: 125' ended 125
check 'no such VM: it is said' grep -q '^fold: nobody: no VM' "$T/stderr"
check 'bob ends' stop_vm bob
run_fold inspect bob
check 'a VM that has ended: 125' ended 125

keeper=$(pgrep -x fold-keeper -P "$(vm_pid ann)")
kill -KILL "$(vm_pid ann)" "$keeper"
wait "$(vm_pid ann)" 2>/dev/null
within 10 gone "$keeper"
"$FOLD" gc >"$T/gc"
nothing_left 'a fold and its keeper, killed together, and fold gc'
finish
