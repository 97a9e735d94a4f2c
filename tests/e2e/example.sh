#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# example: the binding files that people start from work unchanged: the one of nfdhcpd with its shell script, and
# docs/binding.example. Every address in them exists in the test.
#
#   10.0.1.0/24, fde5:824d:d315:3bb1::/64   the guest (.7); the gateways gw4 (.90) and gw6 (::91), which have the far address too;
#                                           container carl (.8)
#   172.17.42.1                             a DNS server on the host
# shellcheck source=tests/e2e/lib.sh source=tests/e2e/hosts.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
begin "$@"
. "$root/tests/e2e/hosts.sh"

for tool in dig dnsmasq busybox; do
	command -v $tool >/dev/null || bail "no $tool: make deps"
done
P=fde5:824d:d315:3bb1
# A machine without any configuration of fold.
unset NFDHCPD_CFG
mount -t tmpfs -o mode=0755 lib /var/lib
[ ! -e /etc/nfdhcpd ] || mount -t tmpfs -o mode=0755 none /etc/nfdhcpd
datapath=/var/lib/nfdhcpd
make_bridge "$BRIDGE"
container carl 10.0.1.8/24 02:00:00:00:01:08
container gw4 10.0.1.90/24 7a:f4:96:e0:1c:a0
container gw6 10.0.1.91/24 7e:b7:70:3b:81:77
ip -n carl addr add $P::8/64 dev eth0 nodad
ip -n gw6 addr add $P::91/64 dev eth0 nodad
ip -n gw4 addr add 198.51.100.9/32 dev lo
ip -n gw6 addr add 2001:db8::9/128 dev lo
ip addr add 172.17.42.1/32 dev lo
dnsmasq -k --no-resolv --no-hosts --user=root --pid-file= --bind-interfaces --listen-address=172.17.42.1 --log-queries --log-facility=- \
	--host-record=www.example.org,198.51.100.9 --host-record=a.internal.example.net,198.51.100.66 >"$T/asked" 2>&1 &
server_answers() {
	dig @172.17.42.1 www.example.org +short +tries=1 +time=1 | grep -qx 198.51.100.9
}
check 'the DNS server runs' within 20 server_answers

cat >"$T/old.binding" <<END
HOSTNAME=test
GATEWAY=10.0.1.90
GATEWAY_MAC=7a:f4:96:e0:1c:a0
GATEWAY6=fde5:824d:d315:3bb1::91
GATEWAY6_MAC=7e:b7:70:3b:81:77
NAMESERVERS=10.0.1.50
NAMESERVERS6=fde5:824d:d315:3bb1::1
ADDRESS:database.=10.0.1.1
ADDRESS6:database.=fde5:824d:d315:3bb1::9
TXT:table.=Users
DNS_NAMESERVERS=172.17.42.1
END
cp "$root/docs/binding.example" "$T/new.binding"

# told WANT: the guest asks by DHCP and takes its default route from the answer; whether it was told WANT.
told() {
	cat >"$T/bin/udhcpc.script" <<-'END'
		#!/bin/sh
		[ "$1" = bound ] || exit 0
		ip addr replace "$ip/$mask" dev "$interface"
		ip route replace default via "$router"
		echo "$hostname $router $dns domain=$domain search=$search ntp=$ntpsrv tftp=$tftp" >"$TOLD"
	END
	chmod 755 "$T/bin/udhcpc.script"
	TOLD=$T/told in_guest vm busybox udhcpc -f -q -n -t 20 -T "$SLOW" -O search -O ntpsrv -O tftp -i eth0 -s "$T/bin/udhcpc.script" || return
	same 'what the guest is told' "$(cat "$T/told")" "$1"
}
gives() { # WANT NAMESPACE SERVER NAME TYPE
	same "$4 $5 of $3" "$(in_guest "$2" dig "@$3" +short +tries=3 +time=$((5 * SLOW)) "$4" "$5")" "$1"
}

# try NAME TOLD
try() {
	ip netns add vm
	in_guest vm sysctl -qw net.ipv6.conf.default.accept_ra=2
	check "$1: the VM starts" start_vm vm 10.0.1.7/24 52:54:00:00:01:07 -6 $P::/64 -b "$T/$1.binding"
	check "$1: nothing in it is warned of" not grep -i 'warn\|binding:' "$T/vm.log"
	check "$1: what DHCP tells the guest" told "$2"
	check "$1: it has that address" has_address vm 10.0.1.7/24
	check "$1: it makes its IPv6 address" within 15 has_address vm $P:5054:ff:fe00:107/64
	check "$1: it reaches what is behind the gateway" reaches vm 198.51.100.9
	check "$1: and over IPv6, behind the other one" reaches vm 2001:db8::9
	for server in 10.0.1.50 $P::1; do
		check "$1: it asks $server for an address" gives 10.0.1.1 vm "$server" database. A
		check "$1: for an IPv6 address" gives $P::9 vm "$server" database. AAAA
		check "$1: for a text" gives '"Users"' vm "$server" table. TXT
		check "$1: for somebody else's name" gives 198.51.100.9 vm "$server" www.example.org. A
	done
	for server in 10.0.1.7 $P:5054:ff:fe00:107; do
		check "$1: a container asks the VM, at $server" gives 10.0.1.1 carl "$server" database. A
		check "$1: for a text" gives '"Users"' carl "$server" table. TXT
	done
}

try old 'test 10.0.1.90 10.0.1.50 domain= search= ntp= tftp='
check 'old: the VM ends' stop_vm vm
nothing_left old
ip netns del vm

try new 'test 10.0.1.90 10.0.1.50 domain=example.net search=example.net lab.example.net ntp=10.0.1.51 tftp=tftp.example.net'
check 'new: a name that is not to be forwarded is not' gives '' vm 10.0.1.50 a.internal.example.net. A
check 'new: nobody was asked for it' not grep -q internal "$T/asked"
check 'new: the VM ends' stop_vm vm
nothing_left new
finish
