#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# services: fold's services when their address is the gateway's or link-local, or when the service is off.
#
#   10.0.1.0/24, fd5e:1:2:3::/64   the guest ann (.1); container rt (.90), the gateway, without a DNS server; the host has
#                                  a dnsmasq at 10.8.0.3 that is asked for what fold does not know
# shellcheck source=tests/e2e/lib.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
begin "$@"

for tool in dig dnsmasq busybox; do
	command -v $tool >/dev/null || bail "no $tool: make deps"
done
P=fd5e:1:2:3 mac=52:54:00:00:01:01
make_bridge "$BRIDGE"
container rt 10.0.1.90/24 02:00:00:00:01:90
ip -n rt addr add $P::90/64 dev eth0 nodad
ip addr add 10.8.0.3/32 dev lo
printf 'port=53\nbind-interfaces\nno-resolv\nno-hosts\nuser=root\npid-file=\nlisten-address=10.8.0.3\nhost-record=up.zone,192.0.2.3\n' >"$T/up.conf"
dnsmasq -k -C "$T/up.conf" >"$T/up" 2>&1 &

# ann LINE...: runs ann's VM with this binding.
ann() {
	printf '%s\n' 'ADDRESS:db.x.=10.0.9.1' "$@" >"$T/binding"
	check "ann starts: $*" start_vm ann 10.0.1.1/24 $mac -6 $P::/64 -b "$T/binding"
	ip -n ann addr add 10.0.1.1/24 dev eth0
	ip -n ann addr replace $P:5054:ff:fe00:101/64 dev eth0 nodad
}
ask() {
	in_guest ann dig +tries=1 +time=$((3 * SLOW)) "$@"
}
gives() {
	want=$1
	shift
	same "$*" "$(ask +short "$@")" "$want"
}
ends() {
	check 'ann ends' stop_vm ann
}

# ---- the name server in the binding is the gateway ----

gateway="GATEWAY=10.0.1.90
GATEWAY_MAC=02:00:00:00:01:90
GATEWAY6=$P::90
GATEWAY6_MAC=02:00:00:00:01:90
NAMESERVERS=10.0.1.90
NAMESERVERS6=$P::90"
for intercept in all service; do
	ann "$gateway" "DNS_INTERCEPT=$intercept"
	for server in 10.0.1.90 $P::90; do
		check "$intercept: fold answers at $server" within 10 gives 10.0.9.1 @"$server" db.x A
		check "$intercept: by TCP, too" gives 10.0.9.1 @"$server" +tcp db.x A
	done
	check 'all else there is the gateway' in_guest ann ping -n -c 1 -W $((2 * SLOW)) 10.0.1.90
	ends
done

# ---- link-local ----

ann NAMESERVERS6=fe80::53
for server in fe80::53 fe80::fc54:ff:fe00:101; do
	check "fold answers at $server" within 5 gives 10.0.9.1 @"$server%eth0" db.x A
	check "by TCP, too: $server" gives 10.0.9.1 @"$server%eth0" +tcp db.x A
done
ends

# ---- forwarded questions are in the log and in fold inspect ----

ann DNS_FORWARD=yes DNS_NAMESERVERS=10.8.0.3 NAMESERVERS=10.0.1.50
check 'a name of others' within 10 gives 192.0.2.3 @10.0.1.50 up.zone A
check 'by TCP' gives 192.0.2.3 @10.0.1.50 +tcp up.zone A
told() {
	grep -c 'DNS: forwarded' "$T/ann.log" | grep -qx 2
}
check 'the log has both' within 5 told
check 'and so has inspect' sh -c "'$FOLD' inspect ann | grep -qE 'DNS: forwarded +2 '"
ends

# ---- services that are off ----

configure '[dhcp]
enable_dhcp = no
[dns]
enable_dns = no'
ann DHCP_SERVER_IP=10.0.1.60 NOTIFY_PORT=5000 NOTIFY_IP=10.0.1.61
silent() {
	ip -n ann addr flush dev eth0
	! in_guest ann busybox udhcpc -n -q -f -t 2 -T 1 -i eth0 -s /bin/true >"$T/udhcpc" 2>&1
}
refused() {
	ask @10.0.1.61 +tcp db.x A >"$T/dig" 2>&1
	cat "$T/dig"
	grep -q 'connection refused' "$T/dig"
}
check 'DNS is off: a connection is refused at once' refused
check 'DHCP is off: nobody answers' silent
check 'and it is said why' within 5 grep -q 'dhcp4-off' "$T/ann.log"
ends

nothing_left 'ann'
finish
