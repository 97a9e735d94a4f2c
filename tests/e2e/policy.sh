#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# policy: a host whose own firewall drops what a bridge forwards, as Docker's does where br_netfilter is on. fold says
# what stops the VM and which command lets its packets pass; that command works; and the VM is as isolated after it as
# before.
#
# The same for a host that is the VM's gateway and does not forward, or drops what it forwards.
#
#   10.0.2.0/24, fd5e:1:2:3::/64   guests ann (.1, ::1) and bob (.2, ::2), container carl (.8, ::8)
# shellcheck source=tests/e2e/lib.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
begin "$@"

near=fd5e:1:2:3
knobs=/proc/sys/net/bridge
[ -d $knobs ] || modprobe br_netfilter 2>/dev/null
if [ ! -d $knobs ]; then
	skip 'a firewall that drops bridged packets' 'this kernel has no br_netfilter'
	finish
fi
command -v iptables-nft >/dev/null || bail 'no iptables: make deps'
iptables=iptables-nft ip6tables=ip6tables-nft

# knob VALUE: sets whether the kernel hands bridged packets to iptables.
knob() {
	echo "$1" >$knobs/bridge-nf-call-iptables
	echo "$1" >$knobs/bridge-nf-call-ip6tables
}
knob 1
make_bridge "$BRIDGE"
container carl 10.0.2.8/24 02:00:00:00:02:08
ip -n carl addr add $near::8/64 dev eth0 nodad

# up [NAME...]
up() {
	for name; do
		[ "$name" = ann ] && n=1 || n=2
		rm -f "$T/$name.log"
		start_vm $name 10.0.2.$n/24 52:54:00:00:02:0$n -6 $near::$n/64 -s || return 1
		in_guest $name sysctl -qw net.ipv6.conf.eth0.accept_ra=0
		ip -n $name addr add 10.0.2.$n/24 dev eth0
		ip -n $name addr add $near::$n/64 dev eth0 nodad
	done
}
down() {
	for name; do
		stop_vm "$name" || return 1
	done
}
reaches() {
	in_guest "$1" ping -n -q -c 1 -W "$((2 * SLOW))" "$2"
}
reaches_soon() {
	within 5 reaches "$@"
}
patience=$((SLOW > 1 ? 3 : 1))
unreachable() {
	! in_guest "$1" ping -n -q -c 2 -i 0.2 -W "$patience" "$2"
}
# warned FAMILY HOW-OFTEN CHAIN COMMAND: whether ann's fold has warned so.
warned() {
	grep "this host's firewall" "$T/ann.log" >"$T/lines"
	cat "$T/lines"
	same 'lines' "$(grep -cF "drops $1 within it (chain $3," "$T/lines")" "$2" || return 1
	[ "$2" = 0 ] || grep -qF ": $4" "$T/lines"
}
quiet() {
	! grep "this host's firewall" "$T/ann.log"
}
# mend: runs the command that ann's fold has named.
mend() {
	sed -n "s/.*firewall.*let it pass: //p" "$T/ann.log" >"$T/mend"
	[ -s "$T/mend" ] && sh -ex "$T/mend"
}
passes() {
	for to in 10.0.2.2 10.0.2.8 $near::2 $near::8; do
		check "$1: ann reaches $to" reaches_soon ann $to
	done
}
stops() {
	for to in 10.0.2.2 $near::2; do
		check "$1: ann does not reach $to" unreachable ann $to
	done
}
# forge NAME TEST: pings with another's address and with another's MAC; compares the number of frames that carl gets
# from these with 0 by TEST.
forge() {
	: >"$T/forged"
	in_guest carl frames sniff eth0 -d in -t "$((4 * SLOW))" -f 'src 10.0.2.77 or src fd5e:1:2:3::77 or ether src 02:00:00:00:02:77' >"$T/forged" &
	sniffer=$!
	within 10 grep -q '^# sniffing' "$T/forged"
	for way in 10.0.2 $near:; do
		[ $way = 10.0.2 ] && false=$way.77/24 to=$way.8 dad= || false=$way:77/64 to=$way:8 dad=nodad
		# shellcheck disable=SC2086 # a word or none
		ip -n "$1" addr add "$false" dev eth0 $dad
		in_guest "$1" ping -n -q -c 1 -W 0.3 -I "${false%/*}" "$to"
		ip -n "$1" addr del "$false" dev eth0
	done >"$T/forge" 2>&1
	wait "$sniffer"
	n=$(grep -c '^in ' "$T/forged")
	echo "carl heard $n"
	test "$n" "$2" 0
}

# ---- without such a policy ----

$iptables -P FORWARD ACCEPT
check 'ann and bob run' up ann bob
check 'nothing is said' quiet
passes 'policy accept'
container dave 10.0.2.9/24 02:00:00:00:02:09
ip -n dave addr add $near::9/64 dev eth0 nodad
check 'from a container what is forged arrives' forge dave -gt
check 'from a guest it does not' forge ann -eq
check 'both end' down ann bob

# ---- Docker's ----

$iptables -P FORWARD DROP
$ip6tables -P FORWARD DROP
$iptables -N DOCKER-USER
$iptables -A DOCKER-USER -j RETURN
$iptables -A FORWARD -j DOCKER-USER
$iptables -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
$iptables -A FORWARD -i docker0 -o docker0 -j ACCEPT
check 'policy drop: ann and bob run' up ann bob
check 'fold says what stops IPv4, once, and what to do' warned IPv4 1 'ip filter FORWARD' 'iptables -I FORWARD -m physdev --physdev-is-bridged -j ACCEPT'
check 'and IPv6' warned IPv6 1 'ip6 filter FORWARD' 'ip6tables -I FORWARD -m physdev --physdev-is-bridged -j ACCEPT'
stops 'policy drop'
check 'and it is right' unreachable carl 10.0.2.2
dhcp() {
	in_guest ann busybox udhcpc -n -q -t 5 -T 2 -i eth0 -s /bin/true
}
check 'DHCP is answered all the same' dhcp
check 'what is forged does not pass' forge ann -eq
check 'the commands that fold names succeed' mend
passes 'mended'
check 'mended: what is forged does not pass' forge ann -eq
check 'both end' down ann bob
check 'mended: both run again' up ann bob
check 'nothing is said any more' quiet
check 'both end' down ann bob

# ---- Weave Net's rules for its own bridge ----

$iptables -D FORWARD -m physdev --physdev-is-bridged -j ACCEPT
$ip6tables -D FORWARD -m physdev --physdev-is-bridged -j ACCEPT
for tool in $iptables $ip6tables; do
	$tool -I FORWARD -i docker0 -o "$BRIDGE" -j DROP
	$tool -I FORWARD 2 -i "$BRIDGE" -o "$BRIDGE" -j ACCEPT
	$tool -N WEAVE-EXPOSE
	$tool -I FORWARD 3 -o "$BRIDGE" -j WEAVE-EXPOSE
done
check "the bridge's own rule: both run" up ann bob
check 'nothing is said' quiet
passes "the bridge's own rule"
check "the bridge's own rule: what is forged does not pass" forge ann -eq
check 'both end' down ann bob
for tool in $iptables $ip6tables; do
	$tool -D FORWARD -i "$BRIDGE" -o "$BRIDGE" -j ACCEPT
done

# ---- another tool's chain, for both families ----

nft -f - <<-'END'
	table inet filter {
		chain fw {
			type filter hook forward priority 0; policy drop;
			ct state established accept
			jump more
		}
		chain more {
			iifname "other*" accept
			tcp dport 22 accept
		}
	}
END
$iptables -P FORWARD ACCEPT
$ip6tables -P FORWARD ACCEPT
$iptables -F FORWARD
$ip6tables -F FORWARD
check "nftables' own: both run" up ann bob
check 'it is named' warned IPv4 1 'inet filter fw' "nft insert rule inet filter fw iifname $BRIDGE oifname $BRIDGE accept"
stops "nftables' own"
check 'the commands that fold names succeed' mend
passes "nftables' own, mended"
check 'both end' down ann bob
nft delete table inet filter

# ---- br_netfilter off ----

$iptables -P FORWARD DROP
$ip6tables -P FORWARD DROP
knob 0
check 'br_netfilter off: both run' up ann bob
check 'nothing is said' quiet
passes 'br_netfilter off'
check 'both end' down ann bob
echo 1 >"/sys/class/net/$BRIDGE/bridge/nf_call_iptables"
check 'br_netfilter on for this bridge alone: both run' up ann bob
check 'fold says so of IPv4' warned IPv4 1 'ip filter FORWARD' 'iptables -I'
check 'and not of IPv6' warned IPv6 0 'ip6 filter FORWARD' ''
check 'rightly' unreachable ann 10.0.2.2
check 'rightly' reaches_soon ann $near::2
check 'both end' down ann bob
echo 0 >"/sys/class/net/$BRIDGE/bridge/nf_call_iptables"
$iptables -P FORWARD ACCEPT
$ip6tables -P FORWARD ACCEPT

# ---- iptables-legacy, whose tables exist beside those of nftables ----

legacy() {
	knob 1
	iptables-legacy -P FORWARD DROP
	ip6tables-legacy -P FORWARD DROP
	check 'iptables-legacy: both run' up ann bob
	check 'it is named' warned IPv4 1 'FORWARD of iptables-legacy' "iptables-legacy -I FORWARD -i $BRIDGE -o $BRIDGE -j ACCEPT"
	check 'and that of IPv6' warned IPv6 1 'FORWARD of ip6tables-legacy' "ip6tables-legacy -I FORWARD -i $BRIDGE -o $BRIDGE -j ACCEPT"
	stops 'iptables-legacy'
	check 'the commands that fold names succeed' mend
	passes 'iptables-legacy, mended'
	check 'both end' down ann bob
	check 'iptables-legacy, mended: ann runs' up ann
	check 'nothing is said' quiet
	check 'she ends' down ann
	iptables-legacy -P FORWARD ACCEPT
	ip6tables-legacy -P FORWARD ACCEPT
	knob 0
}
if iptables-legacy -S >/dev/null 2>&1; then
	legacy
else
	skip "iptables-legacy's FORWARD that drops" 'this kernel has no x_tables for it'
fi

# ---- the host is the gateway ----

#   inet 198.51.100.7, 2001:db8:7::7   beyond the host, by up0
far4=198.51.100.7 far6=2001:db8:7::7
ip addr add 10.0.2.90/24 dev "$BRIDGE"
ip addr add $near::90/64 dev "$BRIDGE" nodad
ip netns add inet
ip link add up0 type veth peer name eth0 netns inet
ip link set up0 up
ip -n inet link set eth0 up
ip addr add 198.51.100.1/24 dev up0
ip addr add 2001:db8:7::1/64 dev up0 nodad
ip -n inet addr add $far4/24 dev eth0
ip -n inet addr add $far6/64 dev eth0 nodad
ip -n inet route add default via 198.51.100.1
ip -n inet route add default via 2001:db8:7::1
ip route add default via $far4
ip route add default via $far6
sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0 net.ipv6.conf.up0.accept_ra=1
printf 'GATEWAY=10.0.2.90\nGATEWAY_MAC=%s\nGATEWAY6=%s\nGATEWAY6_MAC=%s\n' "$(cat "/sys/class/net/$BRIDGE/address")" \
	$near::90 "$(cat "/sys/class/net/$BRIDGE/address")" >"$T/binding"

out() {
	rm -f "$T/ann.log"
	start_vm ann 10.0.2.1/24 52:54:00:00:02:01 -6 $near::1/64 -s -b "$T/${1:-binding}" || return 1
	in_guest ann sysctl -qw net.ipv6.conf.eth0.accept_ra=0
	ip -n ann addr add 10.0.2.1/24 dev eth0
	ip -n ann addr add $near::1/64 dev eth0 nodad
	ip -n ann route add default via 10.0.2.90
	ip -n ann route replace default via $near::90
	# By then fold has said everything about the host.
	within 10 grep -q 'packets are answered by' "$T/ann.log"
}
# told FAMILY WHAT COMMAND
told() {
	grep 'warning: ann: its gateway' "$T/ann.log"
	same lines "$(grep -cF "its gateway is this host, which $2 $1 (" "$T/ann.log")" 1 && grep -qF "$1 ($3): the VM reaches its own subnet alone; let it pass: $4" "$T/ann.log"
}
untold() {
	! grep 'its gateway is this host' "$T/ann.log"
}
mend_out() {
	sed -n 's/.*gateway is this host.*let it pass: //p' "$T/ann.log" >"$T/mend"
	[ -s "$T/mend" ] && sh -ex "$T/mend"
}
# mends WHAT: tests that ann does not get out, and that the command that her fold names changes that.
mends() {
	for to in $far4 $far6; do
		check "$1: ann does not reach $to" unreachable ann $to
	done
	check "$1: her own subnet is reached" reaches_soon ann 10.0.2.8
	check "$1: the commands that fold names succeed" mend_out
	for to in $far4 $far6; do
		check "$1, mended: ann reaches $to" reaches_soon ann $to
	done
	check "$1: she ends" down ann
	check "$1, mended: ann runs" out
	check "$1, mended: nothing is said" untold
	check "$1, mended: she ends" down ann
}
check 'a host that does not forward: ann runs' out
check 'it is said of IPv4' told IPv4 'does not forward' 'net/ipv4/ip_forward is 0' 'sysctl -w net/ipv4/ip_forward=1'
check "and of IPv6, with what keeps the host's own route" told IPv6 'does not forward' 'net/ipv6/conf/all/forwarding is 0' \
	'sysctl -w net/ipv6/conf/up0/accept_ra=2 net/ipv6/conf/all/forwarding=1'
mends 'a host that does not forward'

# The rules of dockerd with a published port, and a rule that any firewall may have.
for tool in $iptables $ip6tables; do
	$tool -F FORWARD
	$tool -P FORWARD DROP
	$tool -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	$tool -A FORWARD -o docker0 -p tcp --dport 80 -j ACCEPT
	$tool -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
	$tool -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
done
check "Docker's policy: ann runs" out
check 'it is said of IPv4' told IPv4 'drops what it forwards of' 'chain ip filter FORWARD' "iptables -I FORWARD -i $BRIDGE ! -o $BRIDGE -j ACCEPT && "
check 'and of IPv6' told IPv6 'drops what it forwards of' 'chain ip6 filter FORWARD' "ip6tables -I FORWARD -i $BRIDGE ! -o $BRIDGE -j ACCEPT && "
mends "Docker's policy"
for tool in $iptables $ip6tables; do
	$tool -F FORWARD
	$tool -P FORWARD ACCEPT
done

nft -f - <<-END
	table inet filter {
		chain fw {
			type filter hook forward priority 0; policy drop;
			ct state established,related accept
			iif up0 oif $BRIDGE drop
			iifname lo accept
		}
	}
END
check "nftables' own: ann runs" out
check 'it is named' told IPv4 'drops what it forwards of' 'chain inet filter fw' "nft insert rule inet filter fw iifname $BRIDGE oifname != $BRIDGE accept && "
mends "nftables' own"

# If a rule might let her packets pass, fold does not warn.
for rule in "iif $BRIDGE oif up0" "iifname $BRIDGE ct state new" 'ip saddr 10.0.2.0/24' 'oifname up0 tcp dport 443'; do
	nft -f - <<-END
		flush chain inet filter fw
		add rule inet filter fw ct state established,related accept
		add rule inet filter fw meta nfproto ipv6 accept
		add rule inet filter fw $rule accept
	END
	check "a firewall with '$rule accept': ann runs" out
	check "a firewall with '$rule accept': nothing is said" untold
	check "a firewall with '$rule accept': she ends" down ann
done
nft flush chain inet filter fw
sed "s/_MAC=.*/_MAC=02:00:00:00:02:08/" "$T/binding" >"$T/other.binding"
check 'another machine is the gateway: ann runs' out other.binding
check 'nothing is said' untold
check 'she ends' down ann
nft delete table inet filter
nothing_left 'a host with a firewall'
finish
