#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# explain: the kernel and the responder treat each frame as `fold explain` says. Every malformed frame of the replay
# cases is really sent, by the guest and by another machine, and each counter must grow as explain predicted.
# shellcheck source=tests/e2e/lib.sh source=tests/e2e/hosts.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
begin "$@"
. "$root/tests/e2e/hosts.sh"

mac=52:54:00:12:34:56 other=02:00:00:00:02:08
malform=$(dirname "$TOOLS")/pcap/malform/malform
mkdir "$T/mal"
"$malform" "$T/mal" || bail 'no malformed frames'
# No machine may send anything by itself while frames are counted.
echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6
echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6
make_bridge "$BRIDGE"
# br_netfilter would drop malformed IP packets before the VM's rules see them.
for file in /proc/sys/net/bridge/bridge-nf-call-*; do
	[ ! -e "$file" ] || echo 0 >"$file"
done
container carl 10.0.1.8/24 $other
cp "$root/tests/pcap/bindings/dns" "$T/ann.binding"
check 'ann starts' start_vm ann 10.0.1.100/24 $mac -6 fde5:824d:d315:3bb1::/64 -b "$T/ann.binding"
# The guest's kernel sends nothing by itself from here on.
in_guest ann sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; ip link set eth0 arp off'
in_guest carl sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6'

# frames_of CAPTURE [DST SRC]: the frames in hex, one a line, with these MACs if they are given.
frames_of() {
	python3 - "$@" <<'PY'
import struct, sys
data = open(sys.argv[1], 'rb').read()
order = '<' if data[:4] in (b'\xd4\xc3\xb2\xa1', b'\x4d\x3c\xb2\xa1') else '>'
macs = b''.join(bytes.fromhex(m.replace(':', '')) for m in sys.argv[2:4])
at = 24
while at < len(data):
    n = struct.unpack(order + 'IIII', data[at:at + 16])[2]
    frame = data[at + 16:at + 16 + n]
    at += 16 + n
    if macs and n >= 14:
        frame = macs + frame[12:]
    # A network card would pad a shorter frame and refuse a longer one, so that other octets arrived.
    if 14 <= len(frame) <= 1514:
        print(frame.hex())
PY
}

# capture_of FILE: writes the frames on stdin (in hex) as a capture.
capture_of() {
	python3 -c '
import struct, sys
out = open(sys.argv[1], "wb")
out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
for line in sys.stdin:
    b = bytes.fromhex(line)
    out.write(struct.pack("<IIII", 0, 0, len(b), len(b)) + b)' "$1"
}

counters() {
	"$FOLD" inspect ann --json | python3 -c '
import json, sys
[print(k, v) for k, v in sorted(json.load(sys.stdin)["counters"].items())]'
}

# moved PREFIX: which counters grew between $T/before and $T/after, of those that begin with PREFIX and `taken`, and by
# how much.
moved() {
	join "$T/before" "$T/after" | awk -v p="^($1|taken)" '$1 ~ p && $3 > $2 { print $1, $3 - $2 }'
}

# said_moves FILE: how far each counter should grow by explain's words. What the responder decides counts as taken.
said_moves() {
	python3 -c '
import collections, json, sys
n = collections.Counter()
for f in json.load(open(sys.argv[1])):
    if f["decision"] == "dropped":
        n[f["reason"]] += 1
    elif f["decision"] != "passes":
        n["taken"] += 1
[print(k, n[k]) for k in sorted(n)]' "$1"
}

# as_said WHO INTERFACE DIRECTION FILE: sends the frames; whether the counters grow as explain said.
as_said() {
	capture_of "$T/sent.pcap" <"$4"
	"$FOLD" explain ann "$T/sent.pcap" "--$3" --json >"$T/said.json" || return
	counters >"$T/before"
	in_guest "$1" frames send "$2" -r 400 <"$4" || return
	sleep "$SLOW"
	counters >"$T/after"
	moved "$3" >"$T/moved"
	said_moves "$T/said.json" >"$T/said"
	[ -s "$T/said" ] && diff "$T/said" "$T/moved"
}

for kind in common arp dhcp4 nd dhcp6 dns; do
	frames_of "$T/mal/mal-$kind.pcap" >"$T/frames"
	check "from the guest, $kind: $(wc -l <"$T/frames") frames" as_said ann eth0 from "$T/frames"
done
for kind in common arp nd dns; do
	frames_of "$T/mal/mal-$kind.pcap" $mac $other >"$T/frames"
	check "to the guest, $kind: $(wc -l <"$T/frames") frames" as_said carl eth0 to "$T/frames"
done

# ---- the words ----

explain() {
	run_fold explain "$@"
}

says() {
	grep -qE -e "$1" "$T/stdout" && return
	tail -n 3 "$T/stdout" "$T/stderr"
	return 1
}

explain ann "$root/tests/pcap/captures/busybox-udhcpc-v4.pcap"
check 'a client that asks' says '^[0-9]+ from guest: DHCPDISCOVER .* -> answered, DHCPOFFER \(chain take, handle [0-9]+\)$'
check "another server's answers" says '^[0-9]+ to guest: DHCPOFFER .* -> dropped, to_[a-z]+: .* \(chain to[_a-z0-9]*, handle [0-9]+\)$'
handle=$(sed -n 's/.* answered, DHCPOFFER (chain take, handle \([0-9]*\))$/\1/p' "$T/stdout" | head -n 1)
nft -a list chain netdev fold-ann take >"$T/chain"
check 'the rule is the one that nft shows' grep -q "counter name \"taken\".* # handle $handle\$" "$T/chain"
printf '%s\n' "ffffffffffff${other%%:*}000000020808060001080006040001${other%%:*}00000002080a0001080000000000000a000164" >"$T/frames"
capture_of "$T/one.pcap" <"$T/frames"
explain ann "$T/one.pcap"
check "a neighbour's ARP: to the guest" says '^1 to guest: ARP who has 10.0.1.100, tell 10.0.1.8 .* -> passes \(chain to, handle [0-9]+\)$'
explain ann "$T/one.pcap" --from
check 'the same from the guest: a MAC that is not its own' says "^1 from guest: .* -> dropped, from_mac: a source MAC that is not the guest's \(chain from, handle [0-9]+\)\$"
frames_of "$T/mal/mal-dhcp4.pcap" >"$T/frames"
capture_of "$T/one.pcap" <"$T/frames"
explain ann "$T/one.pcap"
check 'what the responder refuses' says '-> refused by the responder, dhcp4-relay: a guest that poses as a relay agent \(chain take, handle'

# A solicitation from a link-local address that does not show whose it is (RFC 7217): a rule puts in the guest's own, which
# the next one looks at.
printf '%s\n' "3333ff000008${mac%%:*}540012345686dd6000000000203aff\
fe80000000000000123456789abcdef0ff0200000000000000000001ff000008\
8700000000000000fde5824dd3153bb100000000000000080101${mac%%:*}5400123456" >"$T/frames"
capture_of "$T/one.pcap" <"$T/frames"
explain ann "$T/one.pcap"
check 'what a rule rewrites' says '^1 from guest: .* -> passes \(chain from_nd, handle'
counters >"$T/before"
in_guest ann frames send eth0 <"$T/frames"
sleep "$SLOW"
counters >"$T/after"
check 'and so it does' same 'counters that moved' "$(moved from)" ''

# ---- words that are wrong ----

for words in '' ann "ann $T/one.pcap more" "ann $T/one.pcap --from --to" "ann $T/one.pcap --what"; do
	# shellcheck disable=SC2086 # words
	explain $words
	check "fold explain $words: 2" ended 2
done
explain nobody "$T/one.pcap"
check 'no such VM: 125' ended 125
check 'no such VM: it is said' grep -q '^fold: nobody: no VM of that interface runs here' "$T/stderr"
explain ann "$T/none.pcap"
check 'no such capture: 125' ended 125
check 'no such capture: it is said' grep -q "^fold: $T/none.pcap: No such file" "$T/stderr"
explain ann "$T/ann.binding"
check 'no capture at all: it is said' grep -q 'ann.binding: not a capture that can be read' "$T/stderr"
check 'ann ends' stop_vm ann
nothing_left 'a VM that was explained'
finish
