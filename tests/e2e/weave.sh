#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# weave: Weave Net's addresses, names and bridge. A double of the router (tests/tools/weave_double.c) gives answers
# that were recorded from a real one, and many that no real one would give. It is no proof for the real router.
# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2016,SC2031 # most functions are called by name; other languages' text
. "$(dirname "$0")/lib.sh"
begin "$@"
[ -x "$TOOLS/weave_double" ] || bail "no weave_double in $TOOLS"
for tool in python3 rdisc6 busybox; do
	command -v "$tool" >/dev/null || bail "no $tool: make deps"
done
export FOLD_TRANSPORT
# Under another name, so that processes which still wait for a router do not count as left behind by a VM.
ln -s "$FOLD" "$T/bin/allocate"
unset WEAVE_HTTP_ADDR

# router PORT [OPTION...]: starts a double; its log is $T/ns/PORT.log, its allocations are in $T/ns/PORT.state, its pid
# is in $router.
router() {
	router_port=$1
	shift
	weave_double -l "$T/ns/$router_port.log" -s "$T/ns/$router_port.state" "$@" "127.0.0.1:$router_port" \
		>"$T/ns/$router_port.ready" 2>&1 &
	router=$!
	within 10 grep -q ready "$T/ns/$router_port.ready" || bail "no router at $router_port: $(cat "$T/ns/$router_port.ready")"
}

# stop_router [PID]: ends it, so that its port is free again.
stop_router() {
	kill "${1:-$router}"
	wait "${1:-$router}" 2>/dev/null
}

# ask PORT ARGUMENT...: runs fold with that router; sets $status. Each job's output is kept apart.
ask() {
	ask_port=$1
	shift
	began=$(now)
	WEAVE_HTTP_ADDR=127.0.0.1:$ask_port timeout --foreground -k 5 "$((30 * SLOW))" allocate "$@" \
		>"$T/ns/$job.stdout" 2>"$T/ns/$job.stderr" </dev/null
	status=$?
	took=$(($(now) - began))
}

says() {
	cat "$T/ns/$job.stdout" "$T/ns/$job.stderr"
}

# gives WHAT CIDR PORT ARGUMENT...: tests that fold prints CIDR and nothing else.
gives() {
	gives_what=$1 gives_want=$2
	shift 2
	ask "$@"
	check "$gives_what" same 'status and output' "$status $(says)" "0 $gives_want"
}

one_line() {
	says
	same 'status' "$status" "$1" && same 'stdout' "$(cat "$T/ns/$job.stdout")" '' &&
		same 'lines' "$(wc -l <"$T/ns/$job.stderr")" 1 && grep -qE "^fold: .*$2" "$T/ns/$job.stderr"
}

# refused WHAT STATUS PATTERN PORT ARGUMENT...: tests that fold fails with that status and one line that matches.
refused() {
	refused_what=$1 refused_status=$2 refused_pattern=$3
	shift 3
	ask "$@"
	check "$refused_what" one_line "$refused_status" "$refused_pattern"
}

# log PORT: the requests to that router since the last `forget_log PORT`.
log() {
	tail -n "+$(($(cat "$T/ns/$1.seen" 2>/dev/null || echo 0) + 1))" "$T/ns/$1.log" 2>/dev/null
}

forget_log() {
	wc -l <"$T/ns/$1.log" >"$T/ns/$1.seen"
}

# owned PORT: all addresses that are allocated there.
owned() {
	sort "$T/ns/$1.state" 2>/dev/null | tr '\n' ';'
}

# ---- the double gives the answers that were recorded ----

# Method, target, status, body (a regular expression). "A", "B" and "C" are the recorded routers; `json` before the
# status asks for JSON.
cat >"$T/recorded" <<'END'
A GET /ipinfo/defaultsubnet 200 10\.32\.0\.0/12
A GET /ip/tap0 200
A POST /ip/tap0 200 10\.32\.0\.1/12
A POST /ip/tap0 200 10\.32\.0\.1/12
A GET /ip/tap0 200 10\.32\.0\.1/12
A POST /ip/tap0?check-alive=true 200 10\.32\.0\.1/12
A POST /ip/tap0/10.40.0.0/16 200 10\.40\.128\.0/16
A GET /ip/tap0 200 10\.32\.0\.1/12 10\.40\.128\.0/16
A GET /ip/tap0/10.40.0.0/16 200 10\.40\.128\.0/16
B GET /ip/tap0 200
B POST /ip/tapB 200 10\.40\.0\.0/12
B POST /ip/tap0 200 10\.40\.0\.1/12
A POST /ip/tap1/192.168.5.0/24 400 range 192\.168\.5\.0/24 out of bounds: 10\.32\.0\.0/12\n
A POST /ip/tap1/10.40.0.1/16 400 invalid subnet - bits after network prefix are not all zero: 10\.40\.0\.1/16\n
A POST /ip/tap1/10.40.0.0/31 400 invalid subnet - smaller than minimum size 4: 10\.40\.0\.0/31\n
A POST /ip/tap1/10.40.0.0/33 400 invalid CIDR address: 10\.40\.0\.0/33\n
A POST /ip/tap1/foo/24 400 invalid CIDR address: foo/24\n
A POST /ip/tap1/10.40.0.0 405
A POST /ip/tap1/net:default 405
A POST /ip/ 404 404 page not found\n
A POST /ip/tap1%2Fx 405
A GET //ip/x 301
A POST /ip/_ 200 10\.32\.0\.2/12
A PUT /ip/tap2/10.40.207.7/16 204
A PUT /ip/tap2/10.40.207.7/16 204
A PUT /ip/tap3/10.40.207.7/16 400 Unable to claim: address 10\.40\.207\.7/16 is already owned by tap2\n
A PUT /ip/tap3/192.168.5.5/24 204
A PUT /ip/tap3/10.40.7.7/16 400 Unable to claim: address 10\.40\.7\.7/16 is owned by other peer [0-9a-f:]{17} \(wB\)\n
A GET /ip 200 \{"owned":\[(\{"containerid":"(tap[023]|10\.32\.0\.2)","addrs":\["[0-9./]+"(,"[0-9./]+")?\]\},?){4}\]\}
A DELETE /ip/tap2/10.40.7.9 400 Unable to free: Free: address 10\.40\.7\.9 not found for tap2\n
A DELETE /ip/tap2/10.40.207.7 204
A DELETE /ip/tap2 400 Delete: no addresses for tap2\n
A DELETE /ip/tap3 204
A DELETE /ip/tap0 204
A DELETE /ip/tap0 400 Delete: no addresses for tap0\n
A DELETE /ip/tap0/xx 400 invalid IP Address: xx\n
A GET /ip/tap0 200
A POST /ip/s1/10.41.0.0/30 200 10\.41\.0\.[12]/30
A POST /ip/s2/10.41.0.0/30 200 10\.41\.0\.[12]/30
A POST /ip/s3/10.41.0.0/30 blocks
A GET /ip/s3 200
A DELETE /ip/s3 400 Delete: no addresses for s3\n
A GET /domain 200 weave\.local\.
A GET /dns-address 200 172\.17\.0\.1
A GET /dns-address-port 200 172\.17\.0\.1:53
A PUT /name/tap0/10.32.0.9?fqdn=vm1.weave.local 204
A PUT /name/tap0/10.32.0.10?fqdn=vm1.weave.local 204
A PUT /name/tap0/10.32.0.9?fqdn=vm1.example.com 204
A PUT /name/tap0/10.32.0.9 204
A PUT /name/tap0/notanip?fqdn=vm1.weave.local 400 invalid IP Address: notanip\n
A PUT /name/tap0/fd00::1?fqdn=vm6.weave.local 204
A GET /name 405
A GET /name json 200 \[(\{"ContainerID":"tap0","Origin":[0-9]+,"Addr":"(10\.32\.0\.9|10\.32\.0\.10|0\.0\.0\.0)","Hostname":"vm[16]\.weave\.local\.","Version":0,"Tombstone":0\},?){3}\]
A DELETE /name/tap0/10.32.0.9?fqdn=vm1.weave.local 204
A DELETE /name/tap0/10.32.0.10 204
A DELETE /name/tap9 204
A DELETE /name/tap0/xx 400 invalid IP Address: xx\n
A DELETE /name/tap0 204
A GET /name json 200 \[(\{[^}]*"Tombstone":[1-9][0-9]*\},?){3}\]
A GET /nosuch 404 404 page not found\n
A DELETE /status 405
C POST /ip/tap0 404 404 page not found\n
C GET /ip 404 404 page not found\n
C GET /name json 404 404 page not found\n
C GET /domain 404 404 page not found\n
END
cat >"$T/compare" <<'END'
import http.client, re, socket, sys
ports = dict(zip("ABC", map(int, sys.argv[2:])))
wrong = count = 0
for line in open(sys.argv[1]):
    host, method, target, rest = line.rstrip("\n").split(" ", 3)
    headers = {}
    if rest.startswith("json "):
        rest, headers = rest[5:], {"Accept": "application/json"}
    want, _, body = rest.partition(" ")
    c = http.client.HTTPConnection("127.0.0.1", ports[host], timeout=0.5 if want == "blocks" else 30)
    try:
        c.request(method, target, headers=headers)
        r = c.getresponse()
        text = r.read().decode()
        kind = r.getheader("Content-Type")
        kinds = {"": None, "/ip": "application/json"}
        good = str(r.status) == want and re.fullmatch(body, text) is not None
        if r.status < 300 or not text:
            good = good and kind == kinds.get(text and target, "text/plain; charset=utf-8")
        have = "%d %s %r" % (r.status, kind, text)
    except socket.timeout:
        good, have = want == "blocks", "blocked"
    c.close()
    count += 1
    if not good:
        wrong += 1
        print("%s: have %s" % (line.strip(), have))
sys.exit(wrong > 0 or count < 60)
END
router 7001 -o 10.40.0.0-10.40.127.255
router 7002 -o 10.32.0.0-10.39.255.255 -o 10.40.128.0-10.47.255.255
router 7003 -r - -n -
check 'the double gives what a real router was recorded with' python3 "$T/compare" "$T/recorded" 7001 7002 7003

# ---- addresses ----

router 6784
gives '-4 auto: an address of the default subnet' 10.32.0.1/12 6784 -i vm1 -4 auto
gives 'the same name has the same address' 10.32.0.1/12 6784 -i vm1 -4 auto
gives 'net:default is the same' 10.32.0.1/12 6784 -i vm1 -4 auto net:default
gives 'another name has another' 10.32.0.2/12 6784 -i vm2 -4 auto
gives 'net:<cidr>: an address of that subnet' 10.41.0.1/16 6784 -i vm1 -4 auto net:10.41.0.0/16
gives 'and again' 10.41.0.1/16 6784 -i vm1 -4 auto net:10.41.0.0/16
gives 'what it has comes with the length that is asked for' 10.41.0.1/24 6784 -i vm1 -4 auto net:10.41.0.0/24
gives '-4 release: nothing is said' '' 6784 -i vm1 -4 release
check 'all of that name is given back' same owned "$(owned 6784)" '10.32.0.2/12 vm2;'
refused "a release of what is not owned: 125, and the router's words" 125 'says: Delete: no addresses for vm1$' 6784 -i vm1 -4 release
check 'and nothing else is touched' same owned "$(owned 6784)" '10.32.0.2/12 vm2;'
forget_log 6784
gives 'a name that needs it is percent-encoded' 10.32.0.1/12 6784 -i 't?x#&"<y' -4 auto
check 'once' same requests "$(log 6784)" 'GET /ipinfo/defaultsubnet 200
GET /ip 200
POST /ip/t%3Fx%23%26%22%3Cy 200'
gives 'and is found again' 10.32.0.1/12 6784 -i 't?x#&"<y' -4 auto
gives 'and given back' '' 6784 -i 't?x#&"<y' -4 release
check 'no request asks whether a container runs' not grep -q check-alive "$T/ns/6784.log"

for form in 127.0.0.1:6784 :6784 127.0.0.1: 127.0.0.1 : ''; do
	WEAVE_HTTP_ADDR=$form "$FOLD" -i vm2 -4 auto >"$T/stdout" 2>&1
	check "WEAVE_HTTP_ADDR=$form" same output "$(cat "$T/stdout")" 10.32.0.2/12
done
run_fold -i vm2 -4 auto
check 'without it the router is at 127.0.0.1:6784' same output "$status $(cat "$T/stdout" "$T/stderr")" '0 10.32.0.2/12'
for form in a/b 127.0.0.1:0 127.0.0.1:65536 127.0.0.1:x /run/weave.sock 'a b:1' user@host:1 '[::1'; do
	WEAVE_HTTP_ADDR=$form run_fold -i vm2 -4 auto
	check "WEAVE_HTTP_ADDR=$form: 125, and it is named" same 'status, stdout, lines' \
		"$status $(cat "$T/stdout")$(grep -cF "WEAVE_HTTP_ADDR=$form: " "$T/stderr") $(wc -l <"$T/stderr")" '125 1 1'
done

router 6990
forget_log 6990
for name in http_proxy HTTP_PROXY all_proxy ALL_PROXY; do
	env "$name=http://127.0.0.1:6990" "$FOLD" -i vm2 -4 auto >"$T/stdout" 2>&1
	check "$name diverts nothing" same 'output and what the proxy saw' "$(cat "$T/stdout")$(log 6990)" 10.32.0.2/12
done

crowd=$((SLOW > 1 ? 5 : 20))
for n in $(seq "$crowd"); do
	WEAVE_HTTP_ADDR=:6784 "$FOLD" -i "many$n" -4 auto net:10.42.0.0/16 >"$T/out/many.$n" 2>&1 &
	eval "many$n=\$!"
done
for n in $(seq "$crowd"); do
	eval "wait \$many$n"
done
check "$crowd at once get as many addresses" same lines "$(cat "$T"/out/many.* | sort -u | grep -cE '^10\.42\.0\.[0-9]+/16$')" "$crowd"

forget_log 6784
WEAVE_HTTP_ADDR=:6784 "$FOLD" -i unseen -4 auto >/dev/full 2>"$T/stderr"
status=$?
check 'an address that cannot be written anywhere: 125' ended 125
check 'that is said' grep -q '^fold: stdout: the address cannot be written: No space left' "$T/stderr"
check 'and it is given back' same owned "$(owned 6784 | tr ';' '\n' | grep -c unseen)" 0
{ { WEAVE_HTTP_ADDR=:6784 "$FOLD" -i unseen -4 auto 2>"$T/stderr" && :; echo $? >"$T/status"; } | exec 0<&-; } 2>/dev/null
check 'nor one that nobody reads' same owned "$(owned 6784 | tr ';' '\n' | grep -c unseen)" 0
WEAVE_HTTP_ADDR=:6784 "$FOLD" -i vm2 -4 auto >/dev/full 2>&1
check 'one that it had before it keeps' same owned "$(owned 6784 | tr ';' '\n' | grep -c '^10.32.0.2/12 vm2$')" 1
cp "$FOLD" "$T/bin/fold-for-all"
setpriv --reuid nobody --regid nogroup --clear-groups "$T/bin/fold-for-all" -i vm2 -4 auto >"$T/stdout" 2>&1
check 'it takes no root' same output "$(cat "$T/stdout")" 10.32.0.2/12

# ---- what the words are ----

for net in 10.40.0.0/16 net:10.40.0.1/16 net: net:10.40.0.0/31 net:10.40.0.0/33 net:x net:10.40.0.0/16x; do
	refused "-4 auto $net: 2" 2 "$net: " 6784 -i c1 -4 auto "$net"
done
refused '-4 auto without -i: 2' 2 'needs -i' 6784 -4 auto
refused 'a word after release: 2' 2 'nothing may stand after' 6784 -i c1 -4 release net:default
refused 'a subnet that the router does not have' 125 'says: range 192.168.5.0/24 out of bounds: 10.32.0.0/12$' 6784 -i c1 -4 auto \
	net:192.168.5.0/24
refused 'a name that means something else to the router' 125 '-i _: ' 6784 -i _ -4 auto
check 'and nothing was allocated' same owned "$(owned 6784 | tr ';' '\n' | grep -c ' c1$')" 0
refused 'IPAM is off' 125 'IPAM is off; start it with --ipalloc-range$' 7003 -i c1 -4 auto
refused 'IPAM is off, with a subnet' 125 'IPAM is off; start it with --ipalloc-range$' 7003 -i c1 -4 auto net:10.40.0.0/16
refused 'IPAM is off: a release' 125 'IPAM is off' 7003 -i c1 -4 release
refused 'no router: 125, and --local is named' 125 '127.0.0.1:6999 cannot be reached \(Connection refused\); .*--local' 6999 -i c1 -4 auto
refused 'no router: a release' 125 '127.0.0.1:6999 cannot be reached' 6999 -i c1 -4 release
check 'and nobody falls back to --local' not test -e "$FOLD_STATE_DIR"
WEAVE_HTTP_ADDR=no.such.host.invalid run_fold -i c1 -4 auto
check 'a router whose name nobody knows' same 'status, stdout, lines' \
	"$status $(cat "$T/stdout")$(grep -c 'no.such.host.invalid:6784 cannot be reached' "$T/stderr") $(wc -l <"$T/stderr")" '125 1 1'

# ---- odd routers ----

too_much='answers with more than 524288 octets$'
not_http='answers with something that is not HTTP$'
odd_port=7100
# odd MODE PATTERN: first the router answers everything in that way, then only POST. What POST may have allocated must
# be given back.
odd() {
	odd_port=$((odd_port + 2))
	router "$odd_port" -m "$1"
	refused "a router that answers with $1" 125 "$2" "$odd_port" -i c1 -4 auto net:10.40.0.0/16
	check "$1: at once" [ "$took" -lt $((3000 * SLOW)) ]
	refused "a router that answers a release with $1" 125 "${3:-$2}" "$odd_port" -i c1 -4 release
	stop_router
	router $((odd_port + 1)) -p "$1"
	refused "a router that answers POST with $1" 125 "$2" $((odd_port + 1)) -i c1 -4 auto net:10.40.0.0/16
	case $1 in
	status=4*) check "$1: that is a no, and nothing is left" same last "$(log $((odd_port + 1)) | tail -n 1 | cut -d' ' -f1)" POST ;;
	*) check "$1: what it may have given is given back" same last "$(log $((odd_port + 1)) | tail -n 1)" 'DELETE /ip/c1 400' ;;
	esac
	stop_router
}
odd close 'closes the connection without a word$'
odd garbage "$not_http"
odd big "$too_much"
odd biglen "$too_much"
odd headers "$too_much"
odd redirect 'answers with a redirect \(status 301\), which is not followed'
odd half 'breaks off in the middle of its reply$'
odd halfhead '(closes the connection without a word|breaks off in the middle of its reply)$'
odd "status=500:it broke$(printf '\033[31m\n\ttwice')" 'answers with status 500: it broke.x1b\[31m.x0a.x09twice$'
odd status=405: 'answers with status 405 and nothing else'
odd status=403:forbidden 'answers with status 403: forbidden$'
odd status=404:x 'IPAM is off'

# A router whose answers are odd in their body only, and to POST only.
odd_port=7150
for body in cancelled 10.40.0.999/16 10.40.0.1/16x ' 10.40.0.1/16' '10.40.0.1/16 10.40.0.2/16' 10.40.0.1 10.40.0.1/33 10.40.0.1/24 10.41.0.1/16 \
	10.40.0.0/16 10.40.255.255/16 fd00::1/64 0.0.0.0/0 ''; do
	odd_port=$((odd_port + 1))
	router "$odd_port" -p "body=$body"
	refused "POST gives \"$body\"" 125 'answers with ".*" where an address is due' "$odd_port" -i c1 -4 auto net:10.40.0.0/16
	check "\"$body\": what it may have given is given back" same last "$(log "$odd_port" | tail -n 1)" 'DELETE /ip/c1 400'
	stop_router
done
router 7090 -p nolength
gives 'a reply without a length is one' 10.32.0.9/12 7090 -i c1 -4 auto
router 7091 -1
gives 'a router that closes every connection' 10.32.0.1/12 7091 -i c1 -4 auto

# ---- POST blocks: these tests wait at the same time, each for its own end ----

in_time() {
	echo "$took ms"
	[ "$took" -ge "$1" ] && [ "$took" -lt $(($2 + 5000 * SLOW)) ]
}
why='gives no address within 10 s: it waits for a quorum of its peers, the subnet is full, or the peer .* out of reach'

full() {
	router 7201
	gives 'a small subnet: the first' 10.41.0.1/30 7201 -i s1 -4 auto net:10.41.0.0/30
	gives 'a small subnet: the second' 10.41.0.2/30 7201 -i s2 -4 auto net:10.41.0.0/30
	refused 'a full subnet: the line says why it may be' 125 "$why" 7201 -i s3 -4 auto net:10.41.0.0/30
	check 'a full subnet: after ten seconds' in_time 9500 10000
	check 'a full subnet: the router is told to forget it' same 'last requests' "$(log 7201 | tail -n 2 | sort)" 'DELETE /ip/s3 400
cancel s3'
	check 'a full subnet: the others keep theirs' same owned "$(owned 7201)" '10.41.0.1/30 s1;10.41.0.2/30 s2;'
}
quorum() {
	echo '10.32.0.5/12 old' >"$T/ns/7202.state"
	router 7202 -q
	refused 'no quorum, a name that owns an address in another subnet' 125 "$why" 7202 -i old -4 auto net:10.41.0.0/16
	check 'it keeps it' same owned "$(owned 7202)" '10.32.0.5/12 old;'
	check 'and nothing of it was to be freed' same deletes "$(log 7202 | grep -c DELETE)" 0
	gives 'and still gets it' 10.32.0.5/12 7202 -i old -4 auto
}
slow() {
	router 7203 -p silent
	refused 'a router that never answers POST' 125 "$why" 7203 -i c1 -4 auto net:10.40.0.0/16
	check 'never answers: what it may have given is given back' grep -q '^DELETE /ip/c1 400' "$T/ns/7203.log"
}
dripping() {
	router 7204 -p drip
	refused 'a router that answers an octet at a time' 125 "$why" 7204 -i c1 -4 auto net:10.40.0.0/16
	check 'an octet at a time: what it may have given is given back' grep -q '^DELETE /ip/c1 400' "$T/ns/7204.log"
}
silent() {
	router 7205 -m silent
	refused 'a router that never answers anything' 125 'gives no whole reply within 5 s$' 7205 -i c1 -4 auto
	check 'never anything: after five seconds' in_time 4500 5000
}
late() {
	router 7206
	ask 7206 -i s1 -4 auto net:10.41.0.0/30
	ask 7206 -i s2 -4 auto net:10.41.0.0/30
	{ within 10 grep -q 'POST /ip/s3.* blocked' "$T/ns/7206.log" && WEAVE_HTTP_ADDR=:7206 "$FOLD" -i s1 -4 release; } &
	gives 'an address that comes free meanwhile is taken' 10.41.0.1/30 7206 -i s3 -4 auto net:10.41.0.0/30
	wait $!
}
# gone_while PORT NAME SIGNAL: sends the signal to a fold that waits for an address.
gone_while() {
	WEAVE_HTTP_ADDR=:$1 env --default-signal=INT,QUIT allocate -i "$2" -4 auto net:10.41.0.0/16 >"$T/ns/$job.stdout" \
		2>"$T/ns/$job.stderr" </dev/null &
	waiting=$!
	within 10 grep -q "POST /ip/$2.* blocked" "$T/ns/$1.log"
	began=$(now)
	kill "-$3" "$waiting"
	wait "$waiting" 2>/dev/null
	status=$?
	took=$(($(now) - began))
}
signals() {
	router 7207 -q
	for pair in INT:130 TERM:143 HUP:129; do
		gone_while 7207 "sig${pair%:*}" "${pair%:*}"
		check "SIG${pair%:*} while it waits" one_line "${pair#*:}" 'when a signal came$'
		check "SIG${pair%:*}: at once" [ "$took" -lt $((3000 * SLOW)) ]
		check "SIG${pair%:*}: the router is told to forget it" grep -q "^DELETE /ip/sig${pair%:*} 400" "$T/ns/7207.log"
	done
	gone_while 7207 sigKILL KILL
	check 'SIGKILL while it waits: the router sees it go' within 5 grep -q '^cancel sigKILL' "$T/ns/7207.log"
	check 'no signal leaves an address allocated' same owned "$(owned 7207)" ''
}
died() {
	router 7208 -q
	# shellcheck disable=SC2086 # a number
	{ within 10 grep -q 'POST /ip/c1.* blocked' "$T/ns/7208.log" && kill -KILL $router; } &
	refused 'a router that dies while it is asked' 125 '(without a word|in the middle of its reply); it may have kept an address: .fold -i c1 -4 release' \
		7208 -i c1 -4 auto net:10.40.0.0/16
}
hidden() {
	# The library is hidden in this job's own mount namespace.
	cat >"$T/hidden" <<-'END'
		for file in $(ldconfig -p | sed -n 's/.*libcurl[^ ]*\.so\.4 .*=> //p'); do mount --bind /dev/null "$(readlink -f "$file")"; done
		WEAVE_HTTP_ADDR=:7001 exec "$FOLD" -i c1 -4 auto
	END
	unshare --mount --propagation private sh "$T/hidden" >"$T/ns/$job.stdout" 2>"$T/ns/$job.stderr"
	status=$?
	check 'libcurl is missing: one line that names it and its package' one_line 125 'libcurl.so.4: cannot be loaded.*libcurl4'
}
for part in full quorum slow dripping silent late signals died hidden; do
	beside "$part" "$part"
done

# ---- a whole VM on the bridge `weave` ----

mac=52:54:00:00:01:01
ip link add weave type bridge
ip link set weave up
BRIDGE=weave
cat >"$T/lease" <<'END'
#!/bin/sh
[ "$1" != bound ] || echo "$ip $mask ${mtu:-none} ${router:-none}" >"$LEASE"
END
chmod 755 "$T/lease"

# begin_vm NAME CIDR [FLAG...]: starts a VM on the bridge `weave`, without --bridge; returns when its guest's interface
# is up.
begin_vm() {
	vm_name=$1 vm_cidr=$2
	shift 2
	[ -e "/run/netns/$vm_name" ] || ip netns add "$vm_name"
	# No duplicate address detection: its link-local address must be usable at once.
	ip netns exec "$vm_name" sh -c 'echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad'
	[ "$vm_cidr" = - ] || set -- -4 "$vm_cidr" "$@"
	env --default-signal=INT,QUIT "$FOLD" --transport "$FOLD_TRANSPORT" -v -i "$vm_name" "$@" "$mac" \
		qemu-system-pump -fold-pump "netns=$vm_name,ifname=eth0" >"$T/$vm_name.log" 2>&1 </dev/null &
	echo $! >"$T/ns/$vm_name.pid"
	vm=$!
	within 60 vm_up_or_over "$vm_name" $! && ! gone $! && within 10 not is_down "$vm_name"
}

end_vm() {
	kill "-$1" "$vm"
	wait "$vm" 2>/dev/null
	status=$?
}

# leased NAME: the lease that the guest gets by DHCP.
leased() {
	rm -f "$T/ns/$1.lease"
	LEASE=$T/ns/$1.lease in_guest "$1" busybox udhcpc -n -q -f -t 5 -T "$SLOW" -i eth0 -O mtu -s "$T/lease" >/dev/null 2>&1
	cat "$T/ns/$1.lease"
}

# names PORT: all entries of that router's weaveDNS.
cat >"$T/names" <<'END'
import json, sys, urllib.request as u
q = u.Request("http://127.0.0.1:%s/name" % sys.argv[1], headers={"Accept": "application/json"})
print(" ".join(sorted("%(ContainerID)s=%(Hostname)s%(Addr)s" % e for e in json.load(u.urlopen(q)) if not e["Tombstone"])))
END
stands() {
	same names "$(python3 "$T/names" "${2:-6784}" 2>&1)" "$1"
}

says_binding() {
	printf '%s\n' "$@" >"$T/binding"
}
warnings() {
	grep -c "^fold: warning: ann: $1" "$T/ann.log"
}

ask 6784 -i vm2 -4 release
ask 6784 -i ann -4 auto
address=$(cat "$T/ns/main.stdout")
ask 6784 -i carl -4 auto
container carl "$(cat "$T/ns/main.stdout")" 02:00:00:00:01:09
says_binding HOSTNAME=ann WEAVE_DNS=yes
check 'a VM starts with the address that the router gave, on the bridge weave' begin_vm ann "$address" -6 fd5e:1:2:3::/64 -b "$T/binding"
check 'its tap is a port of weave' same bridge "$(basename "$(readlink /sys/class/net/ann/master)")" weave
check 'DHCP gives it that address, and the MTU of the bridge' same lease "$(leased ann)" '10.32.0.1 12 1500 none'
ip -n ann addr add "$address" dev eth0
check 'it reaches a container' in_guest ann ping -c 1 -W $((5 * SLOW)) 10.32.0.2
check 'and a container it' ip netns exec carl ping -c 1 -W $((5 * SLOW)) 10.32.0.1

# ---- its name ----

check 'its name stands in weaveDNS' within 5 stands ann=ann.weave.local.10.32.0.1
keeper_of_name=$(pgrep -x fold-weave)
check 'the process that keeps it has no capability' grep -q '^CapEff:.*\<0*$' "/proc/$keeper_of_name/status"
check 'nor can it get one' grep -q '^NoNewPrivs:.*1$' "/proc/$keeper_of_name/status"
check "and none of the VM's files and sockets" same 'open files' \
	"$(find "/proc/$keeper_of_name/fd" -type l -printf '%l\n' | grep -vcE '^(/dev/null|socket:.*|anon_inode:\[?event.*|/run/fold/[0-9]*/weave-ann)$')" 1
check 'the process that answers the guest has no libcurl' not grep -q libcurl "/proc/$vm/maps"

router_main=$(pgrep -f 'weave_double.*127.0.0.1:6784')
stop_router "$router_main"
check 'the router goes: that is said' within 20 grep -q 'warning: ann: weaveDNS: .* 127.0.0.1:6784 .*; it is tried again$' "$T/ann.log" ||
	detail_file "$T/ann.log"
router 6784
check 'it is back, and has forgotten the name: it is entered again' within 20 stands ann=ann.weave.local.10.32.0.1
check 'that was said once' same warnings "$(warnings weaveDNS)" 1
gives 'the address is still its own' "$address" 6784 -i ann -4 auto

says_binding HOSTNAME=anna WEAVE_DNS=yes
check 'another HOSTNAME: that one stands there, and it alone' within 5 stands ann=anna.weave.local.10.32.0.1
says_binding HOSTNAME=anna.db.Weave.Local WEAVE_DNS=yes
check 'one inside the domain, as it was written' within 5 stands ann=anna.db.Weave.Local.10.32.0.1
says_binding HOSTNAME=anna.example.com WEAVE_DNS=yes
check 'one outside of it: nothing stands there' within 5 stands ''
check 'and that is said' within 5 grep -q 'ann: weaveDNS: HOSTNAME=anna.example.com: has dots and is not in ' "$T/ann.log"
says_binding HOSTNAME=ann WEAVE_DNS=yes
check 'the first again' within 5 stands ann=ann.weave.local.10.32.0.1
says_binding HOSTNAME=ann WEAVE_DNS=no
check 'WEAVE_DNS=no: it is withdrawn' within 5 stands ''
says_binding WEAVE_DNS=yes
check 'WEAVE_DNS=yes without HOSTNAME: that is said' within 5 grep -q 'ann: WEAVE_DNS=yes: needs HOSTNAME=' "$T/ann.log"
says_binding HOSTNAME=ann WEAVE_DNS=yes
check 'and with it it is entered' within 5 stands ann=ann.weave.local.10.32.0.1
for turn in 1 2 3 4 5 6 7 8; do
	says_binding "HOSTNAME=ann$turn" WEAVE_DNS=yes
	sleep 0.0$turn
done
check 'many changes at once: the last one stands, alone' within 10 stands ann=ann8.weave.local.10.32.0.1
end_vm TERM
check 'the VM ends: it is withdrawn' stands ''
nothing_left 'the VM'
check 'no request of all these named an IPv6 address' not grep -qE '(PUT|DELETE) /name/[^/]*/[^ ?]*:' "$T/ns/6784.log"
check 'nor freed more than its own' same deletes "$(grep -E 'DELETE /name/' "$T/ns/6784.log" | grep -vcE '^DELETE /name/ann/10.32.0.1\?fqdn=ann[a-zA-Z0-9.]* 204$')" 0

# ---- the name is withdrawn however fold ends ----

withdrawn_after() {
	withdrawn_what=$1
	shift
	says_binding HOSTNAME=ann WEAVE_DNS=yes
	begin_vm ann "$address" -b "$T/binding"
	within 10 stands ann=ann.weave.local.10.32.0.1 || echo "# it never stood there"
	"$@"
	check "$withdrawn_what: the name is withdrawn" within 5 stands ''
	wait "$vm" 2>/dev/null
	nothing_left "$withdrawn_what"
}
kill_fold() {
	kill -KILL "$vm"
}
kill_keeper() {
	kill -KILL "$(pgrep -x fold-keeper)"
}
kill_hypervisor() {
	kill -KILL "$(pgrep '^qemu-system-')"
}
kill_both() {
	kill -KILL "$vm" "$(pgrep -x fold-keeper)"
	within 5 not pgrep -x fold-weave
	"$FOLD" gc
}
withdrawn_after 'SIGKILL to fold' kill_fold
withdrawn_after 'SIGKILL to the keeper' kill_keeper
withdrawn_after 'SIGKILL to the hypervisor' kill_hypervisor
withdrawn_after 'SIGKILL to fold and its keeper, and fold gc' kill_both

listed_or_gone() {
	gone "$vm" || "$FOLD" ls | grep "^ann .* $vm qemu-system-pump$"
}
# begin_again: starts the VM again as soon as the killed one has released its interface and addresses.
begin_again() {
	begin_vm ann "$address" -b "$T/binding" && within 5 listed_or_gone && ! gone "$vm"
}
# The next VM of that name starts while the fold-weave of the one before may still be withdrawing its entry.
for turn in 1 2 3; do
	says_binding HOSTNAME=ann WEAVE_DNS=yes
	begin_vm ann "$address" -b "$T/binding"
	within 10 stands ann=ann.weave.local.10.32.0.1
	kill_fold
	for _ in $(seq 20); do
		begin_again >/dev/null && break
	done
	check "killed and begun anew, $turn: the name stands" within 10 stands ann=ann.weave.local.10.32.0.1
	sleep 0.5
	check "and goes on standing, $turn" stands ann=ann.weave.local.10.32.0.1
	end_vm TERM
done 2>/dev/null

# kill_all: kills all of fold's processes, so that none can withdraw the name. Then waits until none of them holds the
# VM's name any more.
kill_all() {
	says_binding HOSTNAME=ann WEAVE_DNS=yes
	begin_vm ann "$address" -b "$T/binding"
	within 10 stands ann=ann.weave.local.10.32.0.1 || echo "# it never stood there"
	# fold-weave is stopped first: between the signals it must not notice that the others die.
	kill -STOP "$(pgrep -x fold-weave)"
	kill -KILL "$vm" "$(pgrep -x fold-keeper)" "$(pgrep -x fold-weave)"
	wait "$vm" 2>/dev/null
	none_lives
}
kill_all
check 'SIGKILL to all of fold: the name stays' stands ann=ann.weave.local.10.32.0.1
"$FOLD" gc >"$T/stdout" 2>&1
check 'fold gc withdraws it' stands ''
nothing_left 'after fold gc'
kill_all
says_binding HOSTNAME=anna WEAVE_DNS=yes
begin_vm ann "$address" -b "$T/binding"
check 'or the next VM of that name' within 10 stands ann=anna.weave.local.10.32.0.1
end_vm TERM
check 'whose own is withdrawn too' stands ''
nothing_left 'after the next'

# ---- a router that is not there, or does not answer ----

WEAVE_HTTP_ADDR=127.0.0.1:7301
export WEAVE_HTTP_ADDR
check 'no router at the start: the VM runs' begin_vm ann "$address" -b "$T/binding"
check 'that is said' within 5 grep -q 'warning: ann: weaveDNS: .*127.0.0.1:7301 cannot be reached .*; it is tried again$' "$T/ann.log"
router 7301
check 'it comes: the name is entered' within 25 stands ann=anna.weave.local.10.32.0.1 7301
check 'and that it was missing was said once' same warnings "$(warnings weaveDNS)" 1
# A stopped router behaves like one that hangs: the kernel accepts connections, and nothing is answered.
kill -STOP "$router"
says_binding HOSTNAME=hung WEAVE_DNS=yes
began=$(now)
check 'a router that hangs: the guest is served' same lease "$(leased ann)" '10.32.0.1 12 1500 none'
check 'as quickly as ever' [ $(($(now) - began)) -lt $((3000 * SLOW)) ]
began=$(now)
end_vm TERM
took=$(($(now) - began))
check 'and the end of the VM waits a few seconds for it' in_time 0 4000
nothing_left_but_name() {
	remains | grep -v '^file: /run/fold/[0-9]*\(/weave-ann\)\?$' && return 1
	return 0
}
check 'what it may have kept is left for fold gc, and nothing else' within 5 nothing_left_but_name
check 'which is said' grep -q 'may stay in weaveDNS, .fold gc. tries again' "$T/ann.log"
kill -CONT "$router"
"$FOLD" gc >"$T/stdout" 2>&1
check 'fold gc withdraws that too' within 5 stands '' 7301
nothing_left 'after a router that hung'
stop_router
WEAVE_HTTP_ADDR=127.0.0.1:7302
router 7302 -n -
check 'a router without weaveDNS: the VM runs' begin_vm ann "$address" -b "$T/binding"
check 'that is said' within 5 grep -q 'warning: ann: weaveDNS: .* has no weaveDNS: it is off; start it without --no-dns$' "$T/ann.log"
end_vm TERM
WEAVE_HTTP_ADDR=127.0.0.1:7303
router 7303 -1
check 'a router that closes every connection' begin_vm ann "$address" -b "$T/binding"
check 'has the name' within 5 stands ann=hung.weave.local.10.32.0.1 7303
stop_router
router 7303 -1
check 'and again when it was restarted' within 25 stands ann=hung.weave.local.10.32.0.1 7303
end_vm TERM
check 'until the VM ends' stands '' 7303
unset WEAVE_HTTP_ADDR
nothing_left 'other routers'

# ---- VMs that are not entered ----

forget_log 6784
says_binding HOSTNAME=ann
begin_vm ann "$address" -b "$T/binding"
says_binding HOSTNAME=ann WEAVE_DNS=yes
check 'WEAVE_DNS=yes that comes later counts' within 10 stands ann=ann.weave.local.10.32.0.1
end_vm TERM
check 'to the end' stands ''
forget_log 6784
begin_vm ann - -6 fd5e:1:2:3::/64 -b "$T/binding"
check 'a VM without IPv4: that is said' within 5 grep -q 'ann: WEAVE_DNS=yes: weaveDNS holds IPv4 addresses alone' "$T/ann.log"
end_vm TERM
check 'and the router hears nothing of it' same requests "$(log 6784)" ''
says_binding HOSTNAME=ann
make_bridge br1
begin_vm ann 10.0.1.1/24 --bridge br1 -b "$T/binding"
check 'where nothing is of Weave, no process waits for its names' not pgrep -x fold-weave
says_binding HOSTNAME=ann WEAVE_DNS=yes
check 'and WEAVE_DNS=yes that comes later is said to be late' within 5 grep -q 'ann: WEAVE_DNS=yes: takes effect when fold is started anew' \
	"$T/ann.log"
end_vm TERM
check 'nor does the router hear of it' same requests "$(log 6784)" ''
hypervisor true <<'END'
exit 0
END
LD_DEBUG=files LD_DEBUG_OUTPUT=$T/out/libraries "$FOLD" --bridge br1 -i ann -4 10.0.1.1/24 "$mac" qemu-system-true >"$T/stdout" 2>&1
LD_DEBUG=files LD_DEBUG_OUTPUT=$T/out/libraries "$FOLD" -i ann -4 10.0.1.1/24 "$mac" qemu-system-true >>"$T/stdout" 2>&1
LD_DEBUG=files LD_DEBUG_OUTPUT=$T/out/libraries "$FOLD" --local -i ann -4 auto >>"$T/stdout" 2>&1
check 'libcurl is not opened without Weave' not grep -q libcurl "$T"/out/libraries.*
LD_DEBUG=files LD_DEBUG_OUTPUT=$T/out/libraries "$FOLD" -i vm1 -4 auto >>"$T/stdout" 2>&1
check 'it is with it' grep -q libcurl "$T"/out/libraries.*
nothing_left 'those who are not entered'

# ---- MTU ----

advertised() {
	in_guest ann rdisc6 -1 -w $((1000 * SLOW)) eth0 2>&1 | grep "^ *MTU *: *$1 "
}
# mtu NAME WANT-OF-BRIDGE WANT-OF-GUEST [LINE...]: tests a VM on bridge NAME with these lines in its binding.
mtu() {
	mtu_bridge=$1 mtu_want=$2 mtu_guest=$3
	shift 3
	says_binding "$@"
	begin_vm ann 10.0.1.1/24 -6 fd5e:1:2:3::/64 --bridge "$mtu_bridge" -b "$T/binding"
	check "a bridge of $mtu_want: it keeps its MTU" same MTU "$(cat "/sys/class/net/$mtu_bridge/mtu")" "$mtu_want"
	check "a bridge of $mtu_want: the tap has the same, or all that a tap can have" same MTU "$(cat /sys/class/net/ann/mtu)" \
		$((mtu_want < 65521 ? mtu_want : 65521))
	check "a bridge of $mtu_want: DHCP gives $mtu_guest" same lease "$(leased ann)" "10.0.1.1 24 $mtu_guest none"
	check "a bridge of $mtu_want: router advertisements give $mtu_guest" within 10 advertised "$mtu_guest"
	end_vm TERM
	check "a bridge of $mtu_want: and when the VM is gone" same MTU "$(cat "/sys/class/net/$mtu_bridge/mtu")" "$mtu_want"
}
# A bridge without an MTU of its own has that of its smallest port.
for size in 1376 16384 16385 65521 65535; do
	ip link add "auto$size" type bridge
	ip link add "p$size" mtu "$size" type veth peer name "q$size" mtu "$size"
	ip link set "p$size" master "auto$size" up
	ip link set "q$size" up
	ip link set "auto$size" up
	check "a bridge of $size" within 5 grep -qx "$size" "/sys/class/net/auto$size/mtu"
	mtu "auto$size" "$size" $((size < 16384 ? size : 16384)) HOSTNAME=ann
done
make_bridge given 65535
mtu given 65535 16384 HOSTNAME=ann
mtu given 65535 1300 MTU=1300
mtu auto1376 1376 1300 MTU=1300
nothing_left 'MTU'

merge
finish
