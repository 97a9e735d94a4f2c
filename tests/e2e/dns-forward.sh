#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# dns-forward: questions that fold does not answer itself, against real servers and against one that lies. dnsfold runs
# the answerer and the forwarder over ordinary sockets, without any capability. The addresses are those of the test's
# own namespace.
#
#   10.0.1.100, fde5::100   the guest      10.0.1.50, fde5::50   fold's service addresses
#   10.9.0.1 .. 10.9.0.4    upstream servers: a liar (1, 2), dnsmasq (3), unbound (4); 10.9.0.9 has none
# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2086 # most functions are called by name; $1 may be several words
. "$(dirname "$0")/lib.sh"
begin "$@"

for tool in dig kdig dnsmasq unbound; do
	command -v $tool >/dev/null || bail "no $tool: make deps"
done
for address in 10.0.1.100/32 10.0.1.50/32 10.9.0.1/32 10.9.0.2/32 10.9.0.3/32 10.9.0.4/32 10.9.0.5/32 10.9.0.9/32; do
	ip addr add $address dev lo
done
ip -6 addr add fde5::100/128 dev lo
ip -6 addr add fde5::50/128 dev lo
ip -6 addr add fde5::9:1/128 dev lo

said_ready() {
	grep -q ready "$1"
}

dnsliar 10.9.0.1 "$T/asked" >"$T/liar1" 2>&1 &
dnsliar 10.9.0.2 "$T/asked2" >"$T/liar2" 2>&1 &
dnsliar fde5::9:1 "$T/asked6" >"$T/liar6" 2>&1 &
for liar in 1 2 6; do within 10 said_ready "$T/liar$liar" || bail 'no dnsliar'; done

# dnsfold runs as a user without privileges, who must be able to read the test's files.
chmod 755 "$T"
fold_pid=
# start_fold BINDING-TEXT [dnsfold's FLAG...]
start_fold() {
	printf '%s\n' "$1" >"$T/binding"
	shift
	dnsfold -b "$T/binding" -u 65534 "$@" 10.0.1.100 10.0.1.50 >"$T/fold.log" 2>&1 &
	fold_pid=$!
	within 10 said_ready "$T/fold.log" || bail "$(cat "$T/fold.log")"
}
stop_fold() {
	kill -TERM "$fold_pid"
	wait "$fold_pid"
	fold_status=$?
	counts=$(tail -n 1 "$T/fold.log")
}

ask() {
	dig -b 10.0.1.100 @10.0.1.50 +tries=1 +time=$((20 * SLOW)) +nocookie "$@"
}
ask_ok() {
	ask "$1" A | grep -q 'status: NOERROR'
}
short() {
	ask +short +ignore "$@"
}
# code CODE ARGUMENT...
code() {
	want=$1
	shift
	ask +ignore "$@" >"$T/dig"
	cat "$T/dig"
	grep -q "status: $want," "$T/dig"
}
gives() {
	want=$1
	shift
	same "$*" "$(short "$@")" "$want"
}

# ---- an honest server and one that lies: what counts is the true answer ----

start_fold 'DNS_NAMESERVERS=10.9.0.1
NO_FORWARD=secret.example
ADDRESS:known.example.=10.0.1.7
ADDRESS:below.nxdomain9.example.=10.0.1.8'
check 'a question is forwarded' gives 192.0.2.1 good.example A
flags() {
	ask "$@" | sed -n 's/^;; flags: \([^;]*\);.*/\1/p'
}
check 'forwarded: no AA, RA set' same flags "$(flags good.example A)" 'qr rd ra'
check 'local: AA' same flags "$(flags known.example A)" 'qr aa rd ra'
check 'the second time it comes from the cache' gives 192.0.2.1 good.example A
check 'and in any case, which is kept' sh -c "dig -b 10.0.1.100 @10.0.1.50 GoOd.ExAmPlE A | grep -q '^GoOd.ExAmPlE.*192.0.2.1'"
check 'a name under NO_FORWARD is not asked for' code NXDOMAIN good.secret.example A
check 'a name that is not there' code NXDOMAIN nxdomain8.example A
check 'one above a name of the VM is, whatever others say (RFC 8020)' code NOERROR nxdomain9.example A
check 'and has no data' gives '' nxdomain9.example A
check 'without RD nobody is asked' code REFUSED +norecurse other.example A
check 'not one of these was' not grep -q 'other\|secret' "$T/asked"

for lie in wrong-id wrong-port wrong-name wrong-case wrong-type no-answer-bit wrong-opcode; do
	check "forged: $lie" gives 192.0.2.1 $lie.example A
done
check 'a server that answers in lower case, asked in upper case' gives 192.0.2.1 LOWER.Example A
check 'the guest sees its own case' sh -c "dig -b 10.0.1.100 @10.0.1.50 LoWeR.ExAmPlE A | grep -q '^LoWeR.ExAmPlE.*192.0.2.1'"
check 'a server without EDNS' gives 192.0.2.2 no-edns.example A
check 'and it was asked once more without' same questions "$(grep -c ' no-edns ' "$T/asked")" 2

# ---- malformed, cut, endless ----

for bad in loop long-name rdlength counts short-rdata; do
	check "malformed: $bad is SERVFAIL" code SERVFAIL $bad.example A
done
check 'an answer that is longer than allowed is asked for by TCP' gives 192.0.2.2 oversize.example A
check 'cut: TCP has the answer' gives 192.0.2.2 tc.example A
check 'TCP octet by octet' gives 192.0.2.2 tc-split.example A
check 'TCP: cut there too is SERVFAIL' code SERVFAIL tc-loop.example A
check 'TCP: the connection closes' code SERVFAIL tc-close.example A
check 'TCP: a length that lies' code SERVFAIL tc-lie.example A
check 'TCP: a length of 0' code SERVFAIL tc-zero.example A
check 'TCP: a wrong ID' code SERVFAIL tc-wrong-id.example A
quick() {
	start=$(now)
	"$@" || return 1
	took=$(($(now) - start))
	echo "took $took ms"
	[ "$took" -lt $((900 * SLOW)) ]
}
check 'TCP: chains of pointers cost nothing' quick code SERVFAIL tc-chain.example A
cut_to() {
	ask +ignore "$@" >"$T/dig"
	cat "$T/dig"
	grep -q 'flags: qr tc rd ra; QUERY: 1, ANSWER: 0' "$T/dig"
}
check 'more than the guest takes is cut, without half a set' cut_to tc-big.example A
# sections FLAGS ANSWERS AUTHORITY ARGUMENT...
sections() {
	pattern="flags: $1; QUERY: 1, ANSWER: $2, AUTHORITY: $3,"
	shift 3
	ask +ignore "$@" >"$T/dig"
	cat "$T/dig"
	grep -q "$pattern" "$T/dig"
}
check 'an authority section that fits is passed on' sections 'qr rd ra' 1 40 crowd.example A
check 'one that does not is left out, and that is no cut (RFC 2181 9)' sections 'qr rd ra' 1 0 +noedns crowd.example A
check 'the answer is there' gives 192.0.2.1 +noedns crowd.example A
check 'what it takes to say no is cut' sections 'qr tc rd ra' 0 0 +noedns crowd-nxdomain.example A
check 'and so at the end of a CNAME' sections 'qr tc rd ra' 0 0 +noedns crowd-cname.example A
check 'SERVFAIL of the server' code SERVFAIL servfail.example A
check 'REFUSED of the only server' code SERVFAIL refused.example A

# ---- time ----

lasts() { # SECONDS at least, at most, COMMAND
	low=$1 high=$2 start=$(now)
	shift 2
	"$@" || return 1
	took=$(($(now) - start))
	echo "took $took ms"
	[ "$took" -ge $((low * 1000 - 100)) ] && [ "$took" -le $((high * 1000 * SLOW)) ]
}
check 'a server that never answers: SERVFAIL after two seconds' lasts 2 3 code SERVFAIL never.example A
check 'one that answers too late: the same' lasts 2 3 code SERVFAIL late.example A
check 'TCP that never answers: two seconds more' lasts 2 5 code SERVFAIL tc-dead.example A
check 'what came too late is not in the cache' lasts 2 3 code SERVFAIL late.example A

soon() { # COMMAND: it does not wait for the server's two seconds
	start=$(now)
	"$@" || return 1
	took=$(($(now) - start))
	echo "took $took ms"
	[ "$took" -ge 600 ] && [ "$took" -lt $((1500 * SLOW)) ]
}
check 'a packet that is lost costs less than the server has' soon gives 192.0.2.2 lost.example A
check 'the question went out twice, as it was' same questions "$(sed -n 's/ lost .*//p' "$T/asked" | sort | uniq -c | awk '{print $1}')" 2

# ---- failures ----

failed_once() { # NAME, TIMES: so often it was asked for
	short "$1.example" A >/dev/null
	code SERVFAIL "$1.example" A && same questions "$(grep -c " $1 " "$T/asked")" "$2"
}
check 'a failure is remembered (RFC 9520)' failed_once servfail7 1
check 'of that question alone' code NOERROR good7.example A
sleep 2.1
check 'and soon forgotten' failed_once servfail7 2

# burst: asks 80 questions at once that no server answers, and prints the code of each answer. 80 processes of a real
# client would take longer to start on a slow machine than the first question has.
burst() {
	perl -e '
		use Socket;
		$| = 1;
		my ($to, $own) = (pack_sockaddr_in(53, inet_aton("10.0.1.50")), pack_sockaddr_in(0, inet_aton("10.0.1.100")));
		my ($all, %open) = ("");
		for my $i (0 .. 79) {
			my $s;
			socket($s, PF_INET, SOCK_DGRAM, 0) && bind($s, $own) or die;
			my $name = "never$i";
			my $question = chr(length $name) . $name . "\7example\0" . pack("n2", 1, 1);
			send($s, pack("n6", $i + 1, 0x100, 1, 0, 0, 0) . $question, 0, $to) or die;
			vec($all, fileno($s), 1) = 1;
			$open{fileno $s} = $s;
		}
		while (%open) {
			select(my $ready = $all, undef, undef, 30) > 0 or die;
			for my $fd (grep { vec($ready, $_, 1) } keys %open) {
				recv($open{$fd}, my $answer, 512, 0);
				print ord(substr($answer, 3, 1)) & 15, "\n";
				vec($all, $fd, 1) = 0;
				delete $open{$fd};
			}
		}'
}
# hanging: whether a local name is answered while 80 forwarded questions are without an answer.
hanging() {
	burst >"$T/hang" 2>&1 &
	sleep 0.5
	gives 10.0.1.7 known.example A && [ "$(wc -l <"$T/hang")" -lt 80 ]
}
check '80 questions hang: a local name is answered before they are' hanging
hung() {
	same 'SERVFAIL' "$(grep -c '^2$' "$T/hang")" 80 &&
		same 'asked for' "$(grep -o ' never[0-9][0-9]*' "$T/asked" | sort -u | wc -l)" 64
}
check 'all 80 got SERVFAIL, and 64 of them were asked for' within $((10 * SLOW)) hung

joined() {
	for i in 1 2 3 4 5 6 7 8; do
		dig -b 10.0.1.100 @10.0.1.50 +tries=1 +time=5 +short slow.example A >"$T/slow.$i" &
		eval "dig$i=$!"
	done
	for i in 1 2 3 4 5 6 7 8; do eval "wait \$dig$i"; done
	same answers "$(cat "$T"/slow.* | sort | uniq -c | tr -s ' ')" ' 8 192.0.2.1'
}
check 'eight ask the same at once: one question goes out' joined

# ---- cache ----

check 'a short TTL' gives 192.0.2.1 short-lived.example A
check 'is in force for its time' gives 192.0.2.1 short-lived.example A
sleep 2.2
check 'and not longer' gives 192.0.2.2 short-lived.example A
counts_down() {
	ask +noall +answer good5.example A >/dev/null
	sleep 2.1
	ttl=$(ask +noall +answer good5.example A | awk '{print $2}')
	echo "TTL $ttl"
	[ "$ttl" -ge 56 ] && [ "$ttl" -le 58 ]
}
check 'a TTL counts down' counts_down
check 'a TTL with its sign bit is 0' sh -c "dig -b 10.0.1.100 @10.0.1.50 ttl-sign.example A | grep -q '^ttl-sign.example.[[:space:]]*0[[:space:]]'"
check 'and is not kept' gives 192.0.2.2 ttl-sign.example A
check 'NXDOMAIN passes' code NXDOMAIN nxdomain.example A
check 'NXDOMAIN passes again' code NXDOMAIN nxdomain.example A
check 'and was asked for once (RFC 2308)' same questions "$(grep -c ' nxdomain ' "$T/asked")" 1
sleep 2.2
check 'NXDOMAIN after the SOA minimum' code NXDOMAIN nxdomain.example A
check 'is asked for again' same questions "$(grep -c ' nxdomain ' "$T/asked")" 2
check 'NXDOMAIN without SOA' code NXDOMAIN no-soa.example A
check 'the same again' code NXDOMAIN no-soa.example A
check 'is not kept' same questions "$(grep -c ' no-soa ' "$T/asked")" 2

# ---- ports and IDs ----

spread() {
	i=0
	while [ $i -lt 60 ]; do
		short "good1$i.example" A >/dev/null
		i=$((i + 1))
	done
	grep ' good1' "$T/asked" | awk '{p[$1] = 1; i[$2] = 1; if ($1 < 16384) low++}
		END {for (k in p) np++; for (k in i) ni++; print np, ni, low + 0; exit !(np >= 55 && ni >= 55 && low == 0)}'
}
check 'every question has a port and an ID of its own' spread

# ---- the network's questions ----

network() {
	dig -b 10.9.0.9 @10.0.1.100 +tries=1 +time=5 "$@"
}
check "the network gets the VM's own names from the VM's address" same known "$(network +short known.example A)" 10.0.1.7
check 'and nothing forwarded' sh -c "dig -b 10.9.0.9 @10.0.1.100 good77.example A | grep -q 'status: REFUSED'"
check 'which nobody was asked for' not grep -q good77 "$T/asked"

# ---- servers ----

printf 'DNS_NAMESERVERS=10.9.0.9,10.9.0.1,10.9.0.2\n' >"$T/binding"
kill -USR1 "$fold_pid"
check 'new servers: nobody is at the first, which is seen at once' quick gives 192.0.2.1 good200.example A
check 'and the time after' gives 192.0.2.1 good201.example A
check 'REFUSED by one, and the next is asked' code SERVFAIL refused2.example A
check 'both were' grep -q ' refused2 ' "$T/asked2"
# A server that takes questions and never answers: the first question waits for it, the next ones go to the other
# server first.
nc -u -k -l 10.9.0.5 53 >/dev/null 2>&1 &
within 10 sh -c "ss -Hlnu src 10.9.0.5:53 | grep -q ."
printf 'DNS_NAMESERVERS=10.9.0.5,10.9.0.1\n' >"$T/binding"
kill -USR1 "$fold_pid"
check 'a silent server costs two seconds' lasts 2 3 gives 192.0.2.1 good210.example A
check 'and the one that answered is asked first from then on' quick gives 192.0.2.1 good211.example A
# A question that is under way to a server which is removed from the list is asked again of the new server.
printf 'DNS_NAMESERVERS=10.9.0.5\n' >"$T/binding"
kill -USR1 "$fold_pid"
short good212.example A >"$T/moved" &
asker=$!
sleep 0.5
printf 'DNS_NAMESERVERS=10.9.0.1\n' >"$T/binding"
kill -USR1 "$fold_pid"
wait "$asker"
check 'a question under way goes to the new server' same answer "$(cat "$T/moved")" 192.0.2.1
# A question goes through the servers in the order in which it began, even if another question meanwhile found out
# which server answers.
printf 'DNS_NAMESERVERS=10.9.0.5,10.9.0.1\n' >"$T/binding"
kill -USR1 "$fold_pid"
short good213.example A >"$T/earlier" &
earlier=$!
sleep 1
short good214.example A >"$T/later" &
later=$!
wait "$earlier" "$later"
check 'a silent server, and another: the question that finds it so' same answer "$(cat "$T/earlier")" 192.0.2.1
check 'and one that was at the silent one by then: each server is asked once' same answer "$(cat "$T/later")" 192.0.2.1
stop_fold
check 'it ends without a fault' same status "$fold_status" 0
echo "# $counts"
check 'forged packets were counted, nobody waits' sh -c "echo '$counts' | grep -q 'refused 16 ignored [1-9][0-9]* waiting 0'"

start_fold 'DNS_NAMESERVERS6=fde5::9:1'
check 'a server with an IPv6 address' gives 192.0.2.1 good.example A
check 'and TCP there' gives 192.0.2.2 tc.example A
stop_fold

# ---- a guest with IPv6 ----

printf 'DNS_NAMESERVERS=10.9.0.1\nADDRESS6:known.example.=fde5::7\n' >"$T/binding"
dnsfold -b "$T/binding" -u 65534 fde5::100 fde5::50 >"$T/fold.log" 2>&1 &
fold_pid=$!
within 10 said_ready "$T/fold.log" || bail 'no dnsfold'
check 'a guest with IPv6: local' same answer "$(dig -b fde5::100 @fde5::50 +short known.example AAAA)" fde5::7
check 'a guest with IPv6: forwarded' same answer "$(dig -b fde5::100 @fde5::50 +short good300.example A)" 192.0.2.1
stop_fold

# ---- the host's resolvers ----

printf 'nameserver 10.9.0.1\n' >"$T/resolv"
start_fold 'DNS_FORWARD=yes' -r "$T/resolv"
check "the host's resolver is asked" gives 192.0.2.1 good400.example A
check 'but not for private names' code NXDOMAIN -x 10.1.2.3
check 'nor for the address of a name of one label' code NOERROR good401 A
check 'which has none' gives '' good401 A
check 'and is not denied: what is below it is asked for (RFC 8020)' gives 192.0.2.1 good407.good401 A
check 'nor for .local' code NXDOMAIN good402.local A
check 'not one of these was asked for' not grep -q 'good40[12] \| 3 ' "$T/asked"
printf 'nameserver 10.9.0.2\n' >"$T/resolv"
sleep 0.3
check 'resolv.conf is written anew: the other one is asked' gives 192.0.2.1 good403.example A
check 'and only that' sh -c "grep -q good403 '$T/asked2' && ! grep -q good403 '$T/asked'"
printf 'nameserver 10.9.0.1\n' >"$T/resolv.new"
mv "$T/resolv.new" "$T/resolv"
sleep 0.3
check 'replaced by a rename' gives 192.0.2.1 good404.example A
check 'and only that one is asked' sh -c "grep -q good404 '$T/asked' && ! grep -q good404 '$T/asked2'"
stop_fold
# As containers and ip-netns(8) have it: another file is mounted over the path, and changes of it do not show in the
# path's directory.
mkdir "$T/elsewhere"
printf 'nameserver 10.9.0.1\n' >"$T/elsewhere/file"
mount --bind "$T/elsewhere/file" "$T/resolv"
start_fold 'DNS_FORWARD=yes' -r "$T/resolv"
check 'a file that is mounted: the one it names is asked' gives 192.0.2.1 good405.example A
printf 'nameserver 10.9.0.2\n' >"$T/elsewhere/file"
sleep 0.3
check 'it is written anew: the other one is asked' gives 192.0.2.1 good406.example A
check 'and only that' sh -c "grep -q good406 '$T/asked2' && ! grep -q good406 '$T/asked'"
stop_fold

# ---- real servers ----

cat >"$T/dnsmasq.conf" <<END
port=53
listen-address=10.9.0.3
bind-interfaces
no-resolv
no-hosts
user=root
pid-file=
address=/a.real.test.zone/192.0.2.33
host-record=both.real.zone,192.0.2.34,fde5::34
txt-record=txt.real.zone,$(printf 'x%.0s' $(seq 1 200)),$(printf 'y%.0s' $(seq 1 200)),$(printf 'z%.0s' $(seq 1 250))
cname=alias.real.zone,both.real.zone
mx-host=real.zone,both.real.zone,10
srv-host=_ldap._tcp.real.zone,both.real.zone,389
ptr-record=9.2.0.192.in-addr.arpa,both.real.zone
caa-record=real.zone,0,issue,ca.example
local=/real.zone/
END
dnsmasq -k -C "$T/dnsmasq.conf" >"$T/dnsmasq.log" 2>&1 &
cat >"$T/unbound.conf" <<END
server:
 interface: 10.9.0.4
 access-control: 0.0.0.0/0 allow
 do-daemonize: no
 use-syslog: no
 logfile: ""
 username: ""
 chroot: ""
 directory: "$T"
 pidfile: ""
 do-not-query-localhost: no
 module-config: "iterator"
 local-zone: "unb.zone." static
 local-data: "a.unb.zone. 300 IN A 192.0.2.44"
 local-data: "a.unb.zone. 300 IN AAAA fde5::44"
 local-data: "unb.zone. 300 IN SOA ns.unb.zone. root.unb.zone. 1 2 3 4 5"
 local-data: "svc.unb.zone. 300 IN HTTPS 1 . alpn=h2 ipv4hint=192.0.2.44"
 local-data: "ptr.unb.zone. 300 IN NAPTR 100 10 u sip !^.*!sip:a@b! ."
 local-data: "loc.unb.zone. 300 IN LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m"
 local-data: "ds.unb.zone. 300 IN DS 60485 5 1 2BB183AF5F22588179A53B0A98631FAD1A292118"
 local-data: "tlsa.unb.zone. 300 IN TLSA 3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971"
 local-data: "odd.unb.zone. 300 IN TYPE65400 \# 4 0a000001"
forward-zone:
 name: "real.zone."
 forward-addr: 10.9.0.3
remote-control:
 control-enable: no
END
unbound -c "$T/unbound.conf" -d >"$T/unbound.log" 2>&1 &
up() {
	dig @$1 +tries=1 +time=1 $2 A | grep -q 'status: NOERROR'
}
check 'dnsmasq runs' within 10 up 10.9.0.3 both.real.zone
check 'unbound runs' within 10 up 10.9.0.4 a.unb.zone

# through SERVER NAME TYPE: whether the answer and its code are the same through fold as from the server itself.
plain() {
	dig "$@" +notcp +tries=1 +time=5 +noall +answer +comments +nottlid +norrcomments |
		sed -n -e 's/.*status: \([A-Z]*\),.*/\1/p' -e '/^;/d;/^$/d;p' | sort
}
through() {
	direct=$(plain @$1 "$2" "$3")
	by_fold=$(plain -b 10.0.1.100 @10.0.1.50 "$2" "$3")
	printf '%s\n' "$direct"
	[ -n "$direct" ] && same "$2 $3" "$by_fold" "$direct"
}
start_fold 'DNS_NAMESERVERS=10.9.0.3'
for q in 'both.real.zone A' 'both.real.zone AAAA' 'alias.real.zone A' 'real.zone MX' '_ldap._tcp.real.zone SRV' 'txt.real.zone TXT' \
	'both.real.zone MX' 'no.real.zone A' 'real.zone CAA' '9.2.0.192.in-addr.arpa PTR' 'a.real.test.zone A' 'both.real.zone ANY'; do
	check "dnsmasq: $q" through 10.9.0.3 ${q% *} ${q#* }
done
# Four clients ask for made-up names as fast as they can: fold forwards no more than a second's worth at once, and
# 1,000 a second after that.
if [ "$SLOW" -eq 1 ]; then
	for n in 1 2 3 4; do
		awk -v n=$n 'BEGIN { for (i = 0; i < 4000; i++) printf "m%d-%d.a.real.test.zone A\n", n, i }' >"$T/made-up.$n"
		dig -b 10.0.1.100 @10.0.1.50 +tries=1 +time=5 +nocookie -f "$T/made-up.$n" >"$T/made-up.answers.$n" &
		eval "asker$n=$!"
	done
	began=$(now)
	wait "$asker1" "$asker2" "$asker3" "$asker4"
	took=$(($(now) - began))
	answered() {
		cat "$T"/made-up.answers.? | grep -c "status: $1"
	}
	bounded() {
		echo "$(answered NOERROR) answers and $(answered SERVFAIL) refusals in $took ms"
		[ "$(answered SERVFAIL)" -gt 0 ] && [ "$(answered NOERROR)" -ge 1000 ] && [ "$(answered NOERROR)" -le $((1100 + took)) ]
	}
	check 'made-up names: the rate at which the servers are asked has a bound' bounded
	check 'made-up names: a moment later all is well' within 5 ask_ok after.a.real.test.zone
fi
stop_fold
start_fold 'DNS_NAMESERVERS=10.9.0.4'
for q in 'a.unb.zone A' 'a.unb.zone AAAA' 'svc.unb.zone HTTPS' 'ptr.unb.zone NAPTR' 'loc.unb.zone LOC' 'ds.unb.zone DS' 'tlsa.unb.zone TLSA' \
	'odd.unb.zone TYPE65400' 'unb.zone SOA' 'none.unb.zone A' 'a.unb.zone MX' 'alias.real.zone AAAA'; do
	check "unbound: $q" through 10.9.0.4 ${q% *} ${q#* }
done
check 'kdig: all well' sh -c "kdig -b 10.0.1.100 @10.0.1.50 +edns +bufsize=1232 a.unb.zone A | grep -q 'status: NOERROR'"
stop_fold
check 'it ends without a fault after that' same status "$fold_status" 0

finish
