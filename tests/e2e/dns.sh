#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# dns: the whole program against resolvers that people use, unmodified, in guests and elsewhere on the network: a VM's
# own names, questions that are forwarded to real servers, questions that are left to other servers, and those who must
# get no answer. (dns-forward tests the forwarder against servers that lie.)
#
#   tests/e2e/dns.sh [short]      short: only what may differ between the ways of delivery
#
#   10.0.1.0/24, fd5e:1:2:3::/64  the guests ann (.1) who asks dnsmasq, cid (.3) who asks unbound, bob (.2) who chose
#                                 DNS_INTERCEPT=service and DNS_SERVE=no and has a server of his own, dan (.4) whose servers are dead
#                                 containers carl (.8), with a DNS server on the bridge, and rt (.90), the gateway
#   10.0.2.8, fd5e:1:2:4::8       container dora, outside of their subnets
#   10.9.9.9, fd5e:9:9:9::9       container far, behind rt, with a DNS server
#   10.8.0.N                      servers on the host: 3 dnsmasq, 4 unbound, 5 and 6 hear and never say a word
# shellcheck source=tests/e2e/lib.sh disable=SC2317,SC2086,SC2154 # most functions are called by name; words that are several
. "$(dirname "$0")/lib.sh"
begin "$@"

for tool in dig kdig drill dnsmasq unbound tcpdump busybox; do
	command -v $tool >/dev/null || bail "no $tool: make deps"
done
P=fd5e:1:2:3
make_bridge "$BRIDGE"
container carl 10.0.1.8/24 02:00:00:00:01:08
container rt 10.0.1.90/24 02:00:00:00:01:90
container dora 10.0.2.8/24 02:00:00:00:02:08
container far 10.9.9.9/24 02:00:00:00:09:09
ip link set vfar nomaster
ip link set vfar netns rt
ip -n rt link set vfar up
ip -n rt addr add 10.9.9.1/24 dev vfar
ip -n rt addr add fd5e:9:9:9::1/64 dev vfar nodad
ip -n rt addr add $P::90/64 dev eth0 nodad
in_guest rt sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip -n far route add default via 10.9.9.1
ip -n far addr add fd5e:9:9:9::9/64 dev eth0 nodad
ip -n far route add default via fd5e:9:9:9::1
ip -n carl addr add $P::8/64 dev eth0 nodad
ip -n carl route add default via 10.0.1.90
ip -n dora addr add fd5e:1:2:4::8/64 dev eth0 nodad
ip -n dora route add 10.0.1.0/24 dev eth0
ip -n dora route add $P::/64 dev eth0
for n in 3 4 5 6; do ip addr add 10.8.0.$n/32 dev lo; done

# ---- servers ----

# nameserver NAMESPACE ADDRESS LINE...: starts a dnsmasq that logs the questions that it is asked to $T/asked.NAMESPACE
nameserver() {
	server=$1 address=$2
	shift 2
	{
		printf 'port=53\nbind-interfaces\nno-resolv\nno-hosts\nuser=root\npid-file=\nlog-queries\nlog-facility=-\ncache-size=0\n'
		printf 'listen-address=%s\n' $address
		printf '%s\n' "$@"
	} >"$T/$server.conf"
	case $server in
	host) dnsmasq -k -C "$T/$server.conf" >>"$T/asked.$server" 2>&1 & ;;
	*) in_guest "$server" dnsmasq -k -C "$T/$server.conf" >>"$T/asked.$server" 2>&1 & ;;
	esac
}
# asked SERVER NAME: whether that server was asked for the name.
asked() {
	grep -q "query\[.*\] $2 " "$T/asked.$1"
}
long=$(printf 'x%.0s' $(seq 1 200))
nameserver host 10.8.0.3 'host-record=both.up.zone,192.0.2.3,2001:db8::3' 'host-record=who.zone,192.0.2.33' \
	'host-record=a.secret.zone,192.0.2.66' 'cname=alias.up.zone,both.up.zone' 'mx-host=up.zone,both.up.zone,10' \
	"txt-record=long.up.zone,$long,$long,$long,$long" 'host-record=other-server.zone,192.0.2.99' 'local=/zone/' \
	'local=/lab.example/' 'local=/10.in-addr.arpa/'
nameserver carl "10.0.1.8 $P::8" 'host-record=other-server.zone,192.0.2.8' 'host-record=db.lab.example,192.0.2.8'
nameserver far '10.9.9.9 fd5e:9:9:9::9' 'host-record=other-server.zone,192.0.2.9' 'host-record=db.lab.example,192.0.2.9'
cat >"$T/unbound.conf" <<END
server:
 interface: 10.8.0.4
 access-control: 0.0.0.0/0 allow
 do-daemonize: no
 use-syslog: no
 log-queries: yes
 logfile: ""
 username: ""
 chroot: ""
 directory: "$T"
 pidfile: ""
 module-config: "iterator"
 local-zone: "zone." static
 local-zone: "lab.example." static
 local-zone: "10.in-addr.arpa." static
 local-data: "zone. 300 IN SOA ns.zone. root.zone. 1 2 3 4 5"
 local-data: "who.zone. 300 IN A 192.0.2.44"
 local-data: "only-unbound.zone. 300 IN AAAA 2001:db8::44"
remote-control:
 control-enable: no
END
unbound -c "$T/unbound.conf" -d >"$T/asked.unbound" 2>&1 &
for n in 5 6; do nc -u -k -l 10.8.0.$n 53 >/dev/null 2>&1 & done
# The host's own resolver would answer. Only a VM whose binding says so may have it asked.
echo 'nameserver 10.8.0.3' >/etc/resolv.conf

answers() {
	dig "$@" +short +tries=1 +time=1 | grep -q .
}
answers_in() {
	answers_vm=$1
	shift
	in_guest "$answers_vm" dig "$@" +short +tries=1 +time=1 | grep -q .
}
check 'dnsmasq runs' within 20 answers @10.8.0.3 who.zone
check 'unbound runs' within 20 answers @10.8.0.4 who.zone

# ---- virtual machines ----

huge=$(head -c 48750 /dev/zero | base64 -w 0 | head -c 65000)
nameservers="NAMESERVERS=10.0.1.50
NAMESERVERS6=$P::50
GATEWAY=10.0.1.90
GATEWAY_MAC=02:00:00:00:01:90
GATEWAY6=$P::90
GATEWAY6_MAC=02:00:00:00:01:90
ADDRESS_LISTS=team"
mkdir -p "$datapath"
echo 'ADDRESS:shared.lab.example.=10.0.1.77' >"$datapath/address_list_team"
cat >"$T/ann.binding" <<END
HOSTNAME=ann
$nameservers
DNS_FORWARD=yes
DNS_NAMESERVERS=10.8.0.3
NO_FORWARD=secret.zone
ADDRESS:db.lab.example.=10.0.1.11
ADDRESS6:db.lab.example.=$P::11
ADDRESS:database.=10.0.1.1
ADDRESS:four.lab.example.=10.0.1.14
ADDRESS6:six.lab.example.=$P::16
TXT:text.lab.example.=Users
TXT:two.lab.example.=first
TXT:two.lab.example.=second
TXT:long.lab.example.=$(printf 'y%.0s' $(seq 1 400))
TXT:longer.lab.example.=$(printf 'z%.0s' $(seq 1 900))
TXT:huge.lab.example.=$huge
ADDRESS:many.lab.example.=10.0.1.21
ADDRESS:many.lab.example.=10.0.1.22
ADDRESS:many.lab.example.=10.0.1.23
ADDRESS:many.lab.example.=10.0.1.24
ADDRESS:MiXed.Lab.example.=10.0.1.31
END
cat >"$T/cid.binding" <<END
$nameservers
DNS_FORWARD=yes
DNS_NAMESERVERS=10.8.0.4
ADDRESS:only-cid.lab.example.=10.0.1.41
END
cat >"$T/bob.binding" <<END
$nameservers
DNS_INTERCEPT=service
DNS_SERVE=no
DNS_NAMESERVERS=10.8.0.3
ADDRESS:only-bob.lab.example.=10.0.1.42
END
cat >"$T/dan.binding" <<END
NAMESERVERS=10.0.1.50
NAMESERVERS6=$P::50
DNS_FORWARD=yes
DNS_NAMESERVERS=10.8.0.5,10.8.0.6
ADDRESS:only-dan.lab.example.=10.0.1.43
END
configure '[addresses]
global.lab.example. = 10.0.1.88
[dns]
ttl = 17'
n=0
for vm in ann bob cid dan; do
	n=$((n + 1))
	machine $vm
	check "$vm starts" start_vm $vm 10.0.1.$n/24 52:54:00:00:01:0$n -6 $P::$n/64 -s -b "$T/$vm.binding"
	ip -n $vm addr add 10.0.1.$n/24 dev eth0
	ip -n $vm addr add $P::$n/64 dev eth0 nodad
	ip -n $vm route add default via 10.0.1.90
	on $vm sh -c "printf 'nameserver 10.0.1.50\nnameserver $P::50\noptions timeout:$((2 * SLOW)) attempts:1\n' >/etc/resolv.conf"
done
machine carl
service4=10.0.1.50 service6=$P::50

# ask VM SERVER ARGUMENT...: prints dig's whole answer
ask() {
	ask_vm=$1 ask_server=$2
	shift 2
	in_guest "$ask_vm" dig +nocmd "@$ask_server" +tries=1 +time=$((3 * SLOW)) +nocookie +ignore "$@"
}
# gives WANT VM SERVER ARGUMENT...: whether the short answer is WANT; its lines are sorted and joined by blanks
gives() {
	gives_want=$1
	shift
	same "$*" "$(ask "$@" +short +retry=0 | sort | tr '\n' ' ' | sed 's/ $//')" "$gives_want"
}
# is CODE FLAGS VM SERVER ARGUMENT...: whether the answer has that code and those flags, as dig prints them
is() {
	is_code=$1 is_flags=$2
	shift 2
	ask "$@" >"$T/dig"
	cat "$T/dig"
	same code "$(sed -n 's/.*status: \([A-Z]*\),.*/\1/p' "$T/dig")" "$is_code" || return 1
	same flags "$(sed -n 's/^;; flags: \([^;]*\);.*/\1/p' "$T/dig")" "$is_flags"
}
# has TEXT: whether a line of the last answer contains TEXT.
has() {
	grep -q -- "$1" "$T/dig"
}
# tells PATTERN COMMAND...: whether the command prints a line that matches
tells() {
	tells_pattern=$1
	shift
	"$@" >"$T/told" 2>&1
	cat "$T/told"
	grep -q -- "$tells_pattern" "$T/told"
}
# none VM SERVER ARGUMENT...: whether nobody answers
none() {
	ask "$@" +time=$SLOW >"$T/dig"
	cat "$T/dig"
	grep -q 'no servers could be reached\|connection timed out' "$T/dig"
}
# quick LIMIT COMMAND...: whether the command succeeds within LIMIT milliseconds (more on a slow machine)
quick() {
	quick_limit=$(($1 * SLOW)) quick_start=$(now)
	shift
	"$@" || return 1
	quick_took=$(($(now) - quick_start))
	echo "took $quick_took ms"
	[ $quick_took -le $quick_limit ]
}

# ---- a VM's own names, by dig, over both families ----

for service in $service4 $service6; do
	check "dig $service: A" gives 10.0.1.11 ann $service db.lab.example A
	check "dig $service: AAAA" gives $P::11 ann $service db.lab.example AAAA
	check "dig $service: TXT" gives '"Users"' ann $service text.lab.example TXT
	check "dig $service: PTR of an A record" gives db.lab.example. ann $service -x 10.0.1.11
	check "dig $service: PTR of an AAAA record" gives db.lab.example. ann $service -x $P::11
	check "dig $service: an address list" gives 10.0.1.77 ann $service shared.lab.example A
	check "dig $service: the configuration's" gives 10.0.1.88 ann $service global.lab.example A
	check "dig $service: ANY is one set" tells 'ANSWER: 1,' ask ann $service db.lab.example ANY +notcp
	check "dig $service: a known name, aa" is NOERROR 'qr aa rd ra' ann $service db.lab.example A
	check "dig $service: another type of it is nothing, with an SOA" is NOERROR 'qr aa rd ra' ann $service db.lab.example MX
	check 'whose TTL is the VM' has 'IN.*SOA'
	check "dig $service: A of a name with AAAA alone is nothing" is NOERROR 'qr aa rd ra' ann $service six.lab.example A
	check "dig $service: what lies above a name exists" is NOERROR 'qr aa rd' bob $service lab.example A
	check "dig $service: an unknown name" is NXDOMAIN 'qr aa rd' bob $service unknown.lab.example A
	check 'with an SOA' has 'IN.*SOA'
done
ttl_is() {
	same TTL "$(ask ann $service4 db.lab.example +noall +answer | awk '{print $2}')" 17
}
check 'the TTL is the configured one' ttl_is
check 'a name of one label' gives 10.0.1.1 ann $service4 database A
mixed_case() {
	ask ann $service4 DB.lAb.ExAmPlE A +noall +answer +question +qr >"$T/dig"
	cat "$T/dig"
	grep -q '^DB\.lAb\.ExAmPlE\..*10\.0\.1\.11' "$T/dig" && [ "$(grep -c '^;DB\.lAb\.ExAmPlE\.' "$T/dig")" -ge 1 ]
}
check 'case does not matter, and the question keeps its own' mixed_case
check 'nor the case of the file' gives 10.0.1.31 ann $service4 mixed.lab.EXAMPLE A
rotates() {
	for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
		ask ann $service4 many.lab.example A +short >"$T/many"
		same "all of them" "$(sort "$T/many" | tr '\n' ' ')" '10.0.1.21 10.0.1.22 10.0.1.23 10.0.1.24 ' || return 1
		head -n 1 "$T/many"
	done | sort -u >"$T/first"
	cat "$T/first"
	[ "$(wc -l <"$T/first")" -ge 3 ]
}
check 'several addresses: all of them each time, another one first' rotates
check 'several texts' gives '"first" "second"' ann $service4 two.lab.example TXT
no_alias() {
	ask ann $service4 db.lab.example CNAME
	ask ann $service4 db.lab.example CNAME | grep -q 'status: NOERROR.*' && [ -z "$(ask ann $service4 db.lab.example CNAME +short)" ]
}
check 'no name is an alias' no_alias

# ---- long texts, EDNS ----

strings() {
	ask ann $service4 $1 TXT +noall +answer >"$T/dig"
	cut -c 1-100 "$T/dig"
	same strings "$(grep -o '"[^"]*"' "$T/dig" | awk '{printf "%d ", length($0) - 2}')" "$2"
}
check 'a text of 400 octets in two strings' strings long.lab.example '255 145 '
check 'a text of 900 octets in four' strings longer.lab.example '255 255 255 135 '
check 'without EDNS what is above 512 octets is cut' is NOERROR 'qr aa tc rd ra' ann $service4 longer.lab.example TXT +noedns
check 'and with 512' is NOERROR 'qr aa tc rd ra' ann $service4 longer.lab.example TXT +bufsize=512
check 'a text of 65,000 octets is cut, whatever the asker says that it takes' is NOERROR 'qr aa tc rd ra' ann $service4 \
	huge.lab.example TXT +bufsize=65535
check 'and nothing of it is there' has 'ANSWER: 0'
check 'in an answer to a question without EDNS there is none' not tells EDNS: ask ann $service4 db.lab.example +noedns
# ---- TCP ----

printf '%s\n' "$huge" >"$T/huge"
# whole: whether dig printed the text of 65,000 octets completely.
whole() {
	sed -n 's/^huge\.lab\.example\..*IN[[:space:]]*TXT[[:space:]]*"\(.*\)"$/\1/p' "$T/dig" | sed 's/" "//g' >"$T/text"
	cmp "$T/huge" "$T/text"
}
by_fallback() {
	in_guest ann dig @$1 huge.lab.example TXT +tries=1 +time=$((5 * SLOW)) >"$T/dig" 2>&1
	grep 'TCP mode\|SERVER\|flags:' "$T/dig"
	has 'Truncated, retrying in TCP mode' && has 'SERVER.*(TCP)' && has 'flags: qr aa rd ra;' && whole
}
over_tcp() { # WANT SERVER ARGUMENT...
	gives_want=$1 over_server=$2
	shift 2
	same "$*" "$(in_guest ann dig @$over_server +tcp +tries=1 +time=$((5 * SLOW)) +short "$@" | sort | tr '\n' ' ' | sed 's/ $//')" "$gives_want"
}
many_at_once() {
	pids=
	for n in $(seq 1 $1); do
		in_guest ann dig @$2 +tcp +short +tries=3 +time=$((10 * SLOW)) db.lab.example A >"$T/many.$n" 2>&1 &
		pids="$pids $!"
	done
	wait $pids
	cat "$T"/many.* | grep -v '^;;' | sort | uniq -c >"$T/many"
	rm "$T"/many.*
	cat "$T/many"
	same answers "$(sed 's/^ *//' "$T/many")" "$1 10.0.1.11"
}
one_connection() {
	in_guest ann dig @$1 +tcp +keepopen +tries=1 +time=$((5 * SLOW)) +short db.lab.example A many.lab.example AAAA four.lab.example A \
		both.up.zone A >"$T/dig"
	cat "$T/dig"
	same answers "$(tr '\n' ' ' <"$T/dig")" '10.0.1.11 10.0.1.14 192.0.2.3 '
}
for service in $service4 $service6; do
	check "TCP $service: TC, then dig by itself reads all 65,000 octets" quick 3000 by_fallback $service
	check "TCP $service: kdig" tells '^10.0.1.11$' in_guest ann kdig @$service +tcp db.lab.example A +short +retry=0
	check "TCP $service: drill" tells 'A.*10.0.1.11' in_guest ann drill -t db.lab.example A @$service
	check "TCP $service: a forwarded name" over_tcp 192.0.2.3 $service both.up.zone A
	check "TCP $service: a forwarded text" tells 'MSG SIZE  rcvd: 8[0-9][0-9]' in_guest ann dig @$service +tcp long.up.zone TXT +time=$((5 * SLOW))
	check "TCP $service: four questions on one connection" one_connection $service
	check "TCP $service: twelve clients at once" many_at_once 12 $service
	check "TCP $service: another port is refused at once" tells refused in_guest ann nc -zv -w $((20 * SLOW)) $service 54
	check "TLS $service: refused at once, as a client wants it that tries that first" tells 'connection refused' \
		in_guest ann dig @$service +tls +tries=1 +time=$((20 * SLOW)) db.lab.example
done
check 'TCP: without EDNS it is as long' tells 'MSG SIZE  rcvd: 9[0-9][0-9]' ask ann $service4 longer.lab.example TXT +tcp +noedns
check 'TCP: an unknown name' is NXDOMAIN 'qr aa rd ra' ann $service4 unknown.secret.zone A +tcp
check 'TCP: a zone is not handed out' tells 'Transfer failed' ask ann $service4 lab.example AXFR
check 'TCP: what is no question ends it' tells '^$' in_guest ann sh -c "printf '\\0\\0' | nc -w $((5 * SLOW)) $service4 53; echo"
check "TCP: another VM has no such text" tells 'status: NXDOMAIN' ask bob $service4 huge.lab.example TXT +tcp

# These tests take long, and their results do not depend on the kernel.
if [ "${1:-}" != short ]; then
	wide() { # MTU
		ip -n ann link set eth0 mtu $1
		by_fallback $service4 && by_fallback $service6
		wide_status=$?
		ip -n ann link set eth0 mtu 1500
		return $wide_status
	}
	check 'TCP: a guest whose link is narrower' wide 1280
	drops='table inet loss {
		chain in { type filter hook input priority 0; tcp sport 53 numgen random mod 100 < 15 drop; }
		chain out { type filter hook output priority 0; tcp dport 53 numgen random mod 100 < 15 drop; }
	}'
	lossy() {
		echo "$drops" | in_guest ann nft -f - || return 1
		for n in 1 2 3 4; do
			in_guest ann dig @$1 +tcp huge.lab.example TXT +tries=3 +time=10 >"$T/dig" 2>&1
			whole || break
		done
		lossy_status=$?
		in_guest ann nft delete table inet loss
		return $lossy_status
	}
	for service in $service4 $service6; do
		check "TCP $service: 15 segments of 100 lost, both ways: all of it arrives" lossy $service
	done
	check 'TCP: more clients at once than there are connections' many_at_once 60 $service4
	silent() {
		silent_start=$(now)
		in_guest ann timeout 30 nc -d $service4 53
		silent_took=$(($(now) - silent_start))
		echo "closed after $silent_took ms"
		[ $silent_took -ge 9000 ] && [ $silent_took -le 12000 ]
	}
	check 'TCP: who says nothing is hung up on after ten seconds' silent
	# Connections that say nothing use up all that fold keeps: a client that asks is answered all the same.
	flooded() {
		for n in $(seq 1 40); do in_guest ann timeout 9 nc -d $service4 53 & done
		sleep 1
		many_at_once 12 $service4
	}
	check 'TCP: forty that are silent keep nobody out' flooded
# extended DIG'S OPTION...: whether the answer has EDNS 0 with 1232 octets, and neither an option nor an unknown flag
extended() {
	ask ann $service4 db.lab.example A "$@" >"$T/dig"
	cat "$T/dig"
	has 'status: NOERROR' && has '10.0.1.11' && has 'EDNS: version: 0, flags:.* udp: 1232' &&
		! has 'NSID\|CLIENT-SUBNET\|PAD\|COOKIE\|Warning\|deadbeef\|MBZ\|KEEPALIVE\|EXPIRE'
}
for option in '' +bufsize=512 +bufsize=4096 +bufsize=0 +dnssec +nsid +cookie=0123456789abcdef +subnet=192.0.2.0/24 +padding=128 \
	+expire +ednsflags=0x4000 +ednsopt=65001:deadbeef '+adflag +cdflag' +keepalive; do
	check "EDNS: dig $option" extended $option
done
check 'EDNS: DO comes back' tells 'flags: do; udp' ask ann $service4 db.lab.example A +dnssec
check 'EDNS: another version is BADVERS' tells 'status: BADVERS' ask ann $service4 db.lab.example A +edns=1 +noednsneg
check 'and dig then comes with version 0' gives 10.0.1.11 ann $service4 db.lab.example A +edns=1 +ednsneg
check 'another opcode is NOTIMP' tells 'status: NOTIMP' ask ann $service4 db.lab.example A +opcode=STATUS
check 'no question at all is FORMERR' tells 'status: FORMERR' ask ann $service4 +header-only
check 'another class is REFUSED' tells 'status: REFUSED' ask ann $service4 version.bind CH TXT
check 'a question for no data is REFUSED' tells 'status: REFUSED' ask ann $service4 lab.example MAILB
for type in MX NS SOA SRV HTTPS SVCB CAA DS DNSKEY NAPTR TYPE65400 HINFO NULL; do
	check "type $type of a known name is nothing" tells 'ANSWER: 0, AUTHORITY: 1' ask ann $service4 db.lab.example $type +notcp
done

# ---- other clients ----

for service in $service4 $service6; do
	for type in A:10.0.1.11 AAAA:$P::11; do
		check "kdig $service ${type%%:*}" tells "${type#*:}" in_guest ann kdig @$service db.lab.example ${type%%:*} +short +retry=0
		check "drill $service ${type%%:*}" tells "${type#*:}" in_guest ann drill db.lab.example @$service ${type%%:*}
	done
done
well() {
	in_guest ann kdig @$service4 +edns +dnssec +nsid +padding=64 db.lab.example >"$T/dig" 2>&1
	cat "$T/dig"
	has 'status: NOERROR' && ! has 'WARNING\|ERROR:'
}
check 'kdig: nothing to complain of' well
check 'kdig: a long text' tells zzzz in_guest ann kdig @$service4 longer.lab.example TXT +short +bufsize=4096
check 'drill: PTR' tells 'PTR.*db.lab.example' in_guest ann drill -x 10.0.1.11 @$service4
check 'drill: NXDOMAIN' tells NXDOMAIN in_guest bob drill no.lab.example @$service4

# by_library WHAT COMMAND: tests a program that calls getaddrinfo, in ann's machine
by_library() {
	what=$1
	shift
	looked() { # WANT NAME [FAMILY]
		looked_want=$1
		shift
		same "$*" "$(on ann "$program" "$@" | tr '\n' ' ' | sed 's/ $//')" "$looked_want"
	}
	program=$1
	check "$what: both families" looked "10.0.1.11 $P::11" db.lab.example
	check "$what: A alone" looked 10.0.1.14 four.lab.example
	check "$what: AAAA alone" looked $P::16 six.lab.example
	check "$what: IPv4 of what has both" looked 10.0.1.11 db.lab.example 4
	check "$what: IPv6 of what has both" looked $P::11 db.lab.example 6
	check "$what: several" looked '10.0.1.21 10.0.1.22 10.0.1.23 10.0.1.24' many.lab.example
	check "$what: one label" looked 10.0.1.1 database
	check "$what: a forwarded name" looked '192.0.2.3 2001:db8::3' both.up.zone
	check "$what: and through its alias" looked '192.0.2.3 2001:db8::3' alias.up.zone
	check "$what: at once" quick 600 looked 10.0.1.14 four.lab.example
	check "$what: an unknown name, at once" quick 600 looked 'no name' unknown.secret.zone
}
cc -O1 -o "$T/getaddrinfo-glibc" "$root/tests/e2e/getaddrinfo.c"
by_library glibc "$T/getaddrinfo-glibc"
if command -v musl-gcc >/dev/null && musl-gcc -static -O1 -o "$T/getaddrinfo-musl" "$root/tests/e2e/getaddrinfo.c"; then
	by_library musl "$T/getaddrinfo-musl"
else
	skip 'musl: all of its tests' 'no musl-gcc; make deps installs it'
fi
for options in edns0 'edns0 trust-ad' single-request single-request-reopen rotate 'ndots:5'; do
	on ann sh -c "printf 'nameserver 10.0.1.50\nnameserver $P::50\nsearch lab.example\noptions $options timeout:$((2 * SLOW)) attempts:1\n' >/etc/resolv.conf"
	check "glibc: options $options" looked "10.0.1.11 $P::11" db
done
on ann sh -c "printf 'nameserver 10.0.1.50\noptions use-vc timeout:$((2 * SLOW)) attempts:1\n' >/etc/resolv.conf"
program=$T/getaddrinfo-glibc
check 'glibc: by TCP alone' quick 800 looked "10.0.1.11 $P::11" db.lab.example
check 'glibc: a forwarded name by TCP alone' looked '192.0.2.3 2001:db8::3' both.up.zone
on ann sh -c "printf 'nameserver $P::50\n' >/etc/resolv.conf"
program=$T/getaddrinfo-glibc
check 'glibc: by an IPv6 server alone' looked "10.0.1.11 $P::11" db.lab.example
check 'glibc: the name of an address' tells db.lab.example on ann getent hosts 10.0.1.11
check 'glibc: the name of an IPv6 address' tells db.lab.example on ann getent hosts $P::11

# ---- busybox ----

for service in $service4 $service6; do
	check "busybox $service: A" tells 'Address.*10.0.1.14' on ann busybox nslookup -type=A four.lab.example $service
	check "busybox $service: AAAA" tells "Address.*$P::11" on ann busybox nslookup -type=AAAA db.lab.example $service
	check "busybox $service: TXT" tells 'text = "Users"' on ann busybox nslookup -type=TXT text.lab.example $service
	check "busybox $service: PTR" tells 'name = db.lab.example' on ann busybox nslookup -type=PTR 11.1.0.10.in-addr.arpa $service
	check "busybox $service: an unknown name" tells NXDOMAIN on bob busybox nslookup no.lab.example $service
done
on ann sh -c "printf 'nameserver 10.0.1.50\nnameserver $P::50\n' >/etc/resolv.conf"
check 'busybox: by resolv.conf' tells "Address.*10.0.1.11" on ann busybox nslookup db.lab.example

# ---- systemd-resolved, started by hand; its stub is asked, to see what it made of fold's answers ----

resolved=$("$root/utils/deps" resolved 2>/dev/null)
start_resolved() {
	on ann sh -c "
		grep -q systemd-resolve /etc/passwd || echo 'systemd-resolve:x:990:990::/:/usr/sbin/nologin' >>/etc/passwd
		grep -q systemd-resolve /etc/group || echo 'systemd-resolve:x:990:' >>/etc/group
		mkdir -p /run/systemd/resolve && chown 990:990 /run/systemd/resolve
		printf '[Resolve]\nDNS=$1\nFallbackDNS=\nDNSSEC=no\nLLMNR=no\nMulticastDNS=no\nResolveUnicastSingleLabel=yes\n' >/etc/systemd/resolved.conf"
	on ann env SYSTEMD_LOG_LEVEL=debug SYSTEMD_LOG_TARGET=console "$resolved" >"$T/resolved" 2>&1 &
	resolved_pid=$!
	within 30 on ann dig @127.0.0.53 +tries=1 +time=1 localhost
}
stub() { # WANT ARGUMENT...
	stub_want=$1
	shift
	same "$*" "$(on ann dig @127.0.0.53 +tries=1 +time=$((5 * SLOW)) +nocookie +short "$@" | sort | tr '\n' ' ' | sed 's/ $//')" "$stub_want"
}
if [ -x "$resolved" ]; then
	for service in $service4 $service6; do
		check "resolved runs with $service" start_resolved $service || detail_file "$T/resolved"
		check 'resolved: A' stub 10.0.1.11 db.lab.example A
		check 'resolved: AAAA' stub $P::11 db.lab.example AAAA
		check 'resolved: TXT' stub '"Users"' text.lab.example TXT
		check 'resolved: PTR' stub db.lab.example. -x 10.0.1.11
		check 'resolved: one label' stub 10.0.1.1 database A
		check 'resolved: several' stub '10.0.1.21 10.0.1.22 10.0.1.23 10.0.1.24' many.lab.example A
		check 'resolved: a name with another type alone' tells 'status: NOERROR' on ann dig @127.0.0.53 six.lab.example A
		check 'resolved: an unknown name' tells 'status: NXDOMAIN' on ann dig @127.0.0.53 no.secret.zone A
		check 'resolved: a forwarded name' stub 192.0.2.3 both.up.zone A
		check 'resolved: a long text' tells 'ANSWER: 1' on ann dig @127.0.0.53 +bufsize=4096 longer.lab.example TXT
		check 'resolved: it never had to fall back' not grep -q 'degraded feature set TCP\|degraded feature set UDP ' "$T/resolved"
		kill $resolved_pid
		wait $resolved_pid
	done
else
	skip 'systemd-resolved: all of its tests' 'not there; make deps fetches it'
fi

fi # not short

# ---- forwarding ----

for type in A AAAA MX; do
	case $type in A) want=192.0.2.3 ;; AAAA) want=2001:db8::3 ;; MX) want='10 both.up.zone.' ;; esac
	name=both.up.zone
	[ $type = MX ] && name=up.zone
	for service in $service4 $service6; do
		check "forwarded: $name $type by $service" gives "$want" ann $service $name $type
	done
done
check 'forwarded answers have no aa' is NOERROR 'qr rd ra' ann $service4 both.up.zone A
check "a server's NXDOMAIN comes through" is NXDOMAIN 'qr rd ra' ann $service4 none.up.zone A
check 'a long text comes through' tells 'ANSWER: 1,' ask ann $service4 long.up.zone TXT
check 'and is cut for who takes no more' tells 'tc.*ANSWER: 0' ask ann $service4 long.up.zone TXT +noedns
check 'the same name is what one server says to ann' gives 192.0.2.33 ann $service4 who.zone A
check 'and what the other says to cid' gives 192.0.2.44 cid $service4 who.zone A
check 'from the cache too' gives 192.0.2.33 ann $service4 who.zone A
check 'for both' gives 192.0.2.44 cid $service4 who.zone A
check 'AAAA by unbound' gives 2001:db8::44 cid $service6 only-unbound.zone AAAA
check 'NXDOMAIN by unbound' tells 'status: NXDOMAIN' ask cid $service4 nobody.zone A
check 'a name under NO_FORWARD is not there' is NXDOMAIN 'qr aa rd ra' ann $service4 a.secret.zone A
check 'and was not asked for' not asked host a.secret.zone
check 'nor any local name' not grep -q 'query.*lab\.example' "$T/asked.host"
check 'a VM that was not told to forward has nobody asked' is NXDOMAIN 'qr aa rd' bob $service4 bob-asks.zone A
check 'which nobody was' not asked host bob-asks.zone

# ---- no name of another VM ----

for vm in bob cid; do
	for name in db.lab.example text.lab.example; do
		check "$vm is not told ann's $name" tells 'status: NXDOMAIN' ask $vm $service4 $name A
	done
	check "$vm is not told who has ann's address" tells 'status: NXDOMAIN' ask $vm $service4 -x 10.0.1.11
done
check "ann is not told bob's names" tells 'status: NXDOMAIN' ask ann $service4 only-bob.lab.example A
check "nor cid's" tells 'status: NXDOMAIN' ask ann $service6 only-cid.lab.example A
check 'each has its own' gives 10.0.1.41 cid $service6 only-cid.lab.example A
check 'bob too' gives 10.0.1.42 bob $service4 only-bob.lab.example A

# ---- DNS_INTERCEPT ----

for server in 10.0.1.8 $P::8 10.9.9.9 fd5e:9:9:9::9; do
	case $server in 10.0.1.8 | "$P::8") where=carl want=192.0.2.8 ;; *) where=far want=192.0.2.9 ;; esac
	check "all: what ann asks $where at $server, fold answers" gives 10.0.1.11 ann $server db.lab.example A
	check "all: what is not local goes to ann's servers" gives 192.0.2.99 ann $server other-server.zone A
	check "which $where never saw" not asked $where db.lab.example
	check "service: bob reaches the server on $where at $server" gives $want bob $server other-server.zone A
	check 'which was asked' asked $where other-server.zone
	check 'and by TCP' gives $want bob $server other-server.zone A +tcp
	check "service: it does not know bob's own names" tells 'status: REFUSED\|status: NXDOMAIN' ask bob $server only-bob.lab.example A
	for log in carl far; do : >"$T/asked.$log"; done
done
check 'all: nobody need be there' gives 10.0.1.11 ann 10.9.9.77 db.lab.example A
check 'service: the service address answers still' gives 10.0.1.42 bob $service6 only-bob.lab.example A

# ---- DNS_SERVE ----

nameserver bob "10.0.1.2 $P::2" 'host-record=own.bob.example,192.0.2.2'
nameserver ann "10.0.1.1 $P::1" 'host-record=own.ann.example,192.0.2.1' 'host-record=db.lab.example,192.0.2.1'
within 20 answers_in bob @10.0.1.2 own.bob.example >/dev/null 2>&1
# The responder's sockets for frames to the bridge: bound to no interface.
unbound() {
	same 'packet sockets' "$(awk '$5 == 0' /proc/net/packet | wc -l)" "$1"
}
check 'yes: before anybody asks, no VM has a socket for such answers' unbound 0
# The first process, which makes that socket, hangs: that holds up neither the guest nor, later, the network.
fold=$(vm_pid ann)
kill -STOP "$fold"
on carl dig @10.0.1.1 +short +tries=1 +time=1 db.lab.example A >/dev/null
check 'stopped: the guest itself is answered' gives 10.0.1.11 ann $service4 db.lab.example A
check 'stopped: and there is still no such socket' unbound 0
kill -CONT "$fold"
check 'stopped: afterwards the network is answered' within 15 gives 10.0.1.11 carl 10.0.1.1 db.lab.example A +time=1
for address in 10.0.1.1 $P::1; do
	check "yes: a peer on the bridge asks ann's address, $address" gives 10.0.1.11 carl $address db.lab.example A
	check 'yes: AAAA' gives $P::11 carl $address db.lab.example AAAA
	check 'yes: TXT' gives '"Users"' carl $address text.lab.example TXT
	check 'yes: PTR' gives db.lab.example. carl $address -x 10.0.1.11
	check 'yes: an address list' gives 10.0.1.77 carl $address shared.lab.example A
	check 'yes: aa, and no recursion' is NOERROR 'qr aa rd' carl $address db.lab.example A
	check 'yes: nothing is forwarded for it' is REFUSED 'qr rd' carl $address carl-asks.zone A
	check 'yes: which nobody was asked for' not asked host carl-asks.zone
	check "yes: no name of another VM" not gives 10.0.1.42 carl $address only-bob.lab.example A
	check 'yes: kdig' tells '^10.0.1.11$' in_guest carl kdig @$address db.lab.example +short +retry=0
	check 'yes: drill' tells 'A.*10.0.1.11' in_guest carl drill db.lab.example @$address
	check 'yes: busybox' tells 'Address.*10.0.1.11' in_guest carl busybox nslookup -type=A db.lab.example $address
	on carl sh -c "printf 'nameserver $address\noptions timeout:$((2 * SLOW)) attempts:1\n' >/etc/resolv.conf"
	for library in glibc musl; do
		program=$T/getaddrinfo-$library
		[ -x "$program" ] || continue
		check "yes: $library" same addresses "$(on carl "$program" db.lab.example | tr '\n' ' ')" "10.0.1.11 $P::11 "
	done
done
check 'yes: the server inside ann was never asked' not grep -q 'query' "$T/asked.ann"
check 'yes: ann alone has one then' unbound 1
check 'yes: another VM asks as a peer does' gives 10.0.1.11 bob 10.0.1.1 db.lab.example A
check 'yes: over IPv6' gives 10.0.1.11 bob $P::1 db.lab.example A
check "yes: from behind the gateway" gives 10.0.1.11 far 10.0.1.1 db.lab.example A
check "yes: from behind the gateway over IPv6" gives 10.0.1.11 far $P::1 db.lab.example A
# The host, which gets an address in the subnet for this test, is a case of its own: fold sends its other answers out
# of the bridge, which does not hand such frames to the host.
ip addr add 10.0.1.254/24 dev br0
echo 0 >/proc/sys/net/ipv6/conf/br0/disable_ipv6
ip addr add $P::fe/64 dev br0 nodad
for address in 10.0.1.1 $P::1; do
	check "yes: the host asks at $address" within 5 sh -c "dig @$address +short +tries=1 +time=1 db.lab.example A | grep -qx 10.0.1.11"
done
ip addr del 10.0.1.254/24 dev br0
ip addr del $P::fe/64 dev br0
check 'yes: a peer outside of the subnet gets nothing' none dora 10.0.1.1 db.lab.example A
check 'yes: over IPv6' none dora $P::1 db.lab.example A
for address in 10.0.1.2 $P::2; do
	check "no: a peer asks bob's own server at $address" gives 192.0.2.2 carl $address own.bob.example A
	check 'no: by TCP' gives 192.0.2.2 carl $address own.bob.example A +tcp
	check "no: which does not know fold's names" not gives 10.0.1.42 carl $address only-bob.lab.example A
done
check 'no: it was bob who was asked' asked bob own.bob.example
check 'no: a peer outside of the subnet gets nothing' none dora 10.0.1.2 own.bob.example A

# ---- a guest whose own address is still tentative ----

# Its kernel then asks from its link-local address (RFC 6724 5, rule 2), whatever address the server has.
ip -n ann addr del $P::1/64 dev eth0
ip -n ann route replace $P::/64 dev eth0
check "from the link-local address" gives 10.0.1.11 ann $service6 db.lab.example A
check 'by TCP' gives 10.0.1.11 ann $service6 db.lab.example A +tcp
check 'a name that is forwarded' gives 192.0.2.33 ann $service6 who.zone A
check 'an address that is not of fold' none ann $P::8 db.lab.example A
ip -n ann route del $P::/64 dev eth0
ip -n ann addr add $P::1/64 dev eth0 nodad

# ---- dead servers ----

# More questions than are under way at a time. An emulated machine is busy enough with starting a few.
hanging=$((SLOW > 1 ? 6 : 70))
# Each check has a new batch of hanging questions and waits for the previous batch to end: on a slow machine starting a
# few programs takes as long as a question hangs. Each dig has a port of its own: two that choose the same one share it
# (SO_REUSEPORT), and an answer reaches the wrong one.
hang() { # a question and its answer, as gives has it
	wait_for_the_hanging
	hang_batch=$((hang_batch + 1))
	rm -f "$T"/hang.*
	for n in $(seq 1 $hanging); do
		in_guest dan dig -b 10.0.1.4#$((20000 + n)) @$service4 +tries=1 +time=$((15 * SLOW)) "hang$n.batch$hang_batch.zone" A >"$T/hang.$n" 2>&1 &
		hanging_pids="$hanging_pids $!"
	done
	sleep 1
	meanwhile gives "$@"
}
hang_batch=0 hanging_pids=
wait_for_the_hanging() {
	for pid in $hanging_pids; do
		wait "$pid"
	done
	hanging_pids=
}
# meanwhile: whether the question is answered while some of the batch still hang (those above the limit of 64 are
# refused at once). A forwarder that waits would answer after all of them, however busy the machine is.
meanwhile() {
	"$@" && grep -L 'status:' "$T"/hang.* | grep .
}
dead() {
	is SERVFAIL 'qr rd ra' dan $service4 never.zone A +time=$((20 * SLOW)) >"$T/dead" || { cat "$T/dead"; return 1; }
	dead_took=$(sed -n 's/^;; Query time: \([0-9]*\) msec/\1/p' "$T/dead")
	echo "took $dead_took ms"
	[ $dead_took -ge 3900 ] && [ $dead_took -le $((5000 + 1000 * SLOW)) ]
}
check 'two servers that never answer, two seconds each: SERVFAIL' dead
check "$hanging questions hang: a local name is answered before they are" \
	hang 10.0.1.43 dan $service4 only-dan.lab.example A
check 'over IPv6 too' hang 10.0.1.43 dan $service6 only-dan.lab.example A
check 'and the other VMs do not notice' hang 192.0.2.33 ann $service4 who.zone A
servfail_all() {
	others=$(grep -L 'status: SERVFAIL' "$T"/hang.*)
	[ -z "$others" ] && return
	# shellcheck disable=SC2086 # a list
	tail -n 5 $others
	return 1
}
check 'in the end they all have their SERVFAIL' within 15 servfail_all

for vm in ann bob cid dan; do
	check "$vm ends" stop_vm $vm
	check "$vm: no fault in its log" not grep -i 'runtime error\|AddressSanitizer' "$T/$vm.log"
done
rm "$datapath/address_list_team"
nothing_left 'four guests'
finish
