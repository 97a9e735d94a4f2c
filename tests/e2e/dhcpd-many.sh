#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# dhcpd-many: one fold-dhcpd for 1,000 interfaces with a client each, with 10,000 bindings and in a directory of
# 100,000 files; an interface that floods; kill and restart while all clients ask.
#
# COUNT is the number of interfaces (1000).
# shellcheck source=tests/e2e/lib.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/e2e/dhcpd-lib.sh
. "$(dirname "$0")/dhcpd-lib.sh"
begin "$@"
dhcpd_begin
: "${COUNT:=1000}"

TAP_MAC=02:00:00:00:00:01

# interfaces: the interfaces tap0.. of the host, all with one MAC address. Their other ends c0.. are in one namespace,
# whose kernel sends nothing by itself.
interfaces() {
	ip netns add crowd
	nsenter --net=/run/netns/crowd sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6'
	seq 0 $((COUNT - 1)) | awk -v mac=$TAP_MAC '{
		printf "link add tap%d address %s type veth peer name c%d netns crowd address 52:54:00:02:%02x:%02x\n", $1, mac, $1, $1 / 256, $1 % 256
		printf "link set tap%d up\n", $1 }' >"$T/links"
	seq 0 $((COUNT - 1)) | sed 's/.*/link set c& up/' >"$T/peers"
	ip -n "$HOST" -batch "$T/links" && ip -n crowd -batch "$T/peers"
}

# bindings FIRST LAST: writes these bindings. Binding N has the addresses 10.20.1.0 + N and fd00:20::1:0 + N, and
# answers the name n00000.bench with 10.30.0.0 + N.
bindings() {
	awk -v first="$1" -v last="$2" -v dir="$DATA" 'BEGIN {
		for (n = first; n <= last; n++) {
			file = dir "/tap" n
			printf "MAC=52:54:00:02:%02x:%02x\nIP=10.20.%d.%d\nSUBNET=10.20.0.0/16\nHOSTNAME=vm%d\n", n / 256, n % 256, n / 256 + 1, n % 256, n >file
			printf "IP6=fd00:20::1:%x\nSUBNET6=fd00:20::/64\nNAMESERVERS=10.0.250.1\nNAMESERVERS6=fd00:250::1\n", n >file
			printf "ADDRESS:n00000.bench.=10.30.%d.%d\n", n / 256, n % 256 >file
			close(file)
		}
	}'
}

# crowd_asks FLAG...: all clients ask; what came of it is printed.
crowd_asks() {
	nsenter --net=/run/netns/crowd crowd -i c -M $TAP_MAC -4 10.20.1.0 -6 fd00:20::1:0 -a 10.30.0.0 -server 10.0.250.1 \
		-server fd00:250::1 -t $((60 * SLOW)) "$@"
}

all=discover,request,rs,solicit6,a

new_host many
ip=iptables
for rule in '42 -p udp --dport 67' '46 -p udp --dport 53'; do
	# shellcheck disable=SC2086 # words
	host $ip -t mangle -A PREROUTING -i tap+ ${rule#* } -j NFQUEUE --queue-num "${rule%% *}" || bail 'no rule'
done
for rule in '43 -p udp --dport 547' '44 -p icmpv6 --icmpv6-type router-solicitation' '45 -p icmpv6 --icmpv6-type neighbour-solicitation'; do
	# shellcheck disable=SC2086 # words
	host ip6tables -t mangle -A PREROUTING -i tap+ ${rule#* } -j NFQUEUE --queue-num "${rule%% *}" || bail 'no rule'
done
fork_conf
bindings 0 9999
check 'starts with 10,000 bindings and none of their interfaces' dhcpd_start || finish
check "$COUNT interfaces appear" interfaces || finish
check "$COUNT clients are answered, each by its own binding" crowd_asks -n "$COUNT" -k $all -w 200

# ---- one changed file of 10,000 ----

printf 'MAC=52:54:00:02:00:07\nIP=10.20.99.99\nSUBNET=10.20.0.0/16\nNAMESERVERS=10.0.250.1\n' >"$T/changed"
mv "$T/changed" "$DATA/tap7"
changed() {
	nsenter --net=/run/netns/crowd crowd -i c -f 7 -n 1 -4 10.20.99.92 -t 1
}
check 'a changed file is in force' within 10 changed
bindings 7 7

# ---- a flood ----

# flood IFACE COMMAND...: sends the frames that the command prints as fast as possible, until $flood_pid is killed.
flood() {
	flood_iface=$1
	shift
	"$@" >"$T/flood.hex"
	nsenter --net=/run/netns/crowd frames send "$flood_iface" -c 1000000000 <"$T/flood.hex" >/dev/null 2>&1 &
	flood_pid=$!
	sleep "$SLOW"
}

# hanging: questions for names that would have to be forwarded.
hanging() {
	for i in 1 2 3 4 5 6 7 8; do
		craft udp smac=52:54:00:02:00:03 dmac=$TAP_MAC src=10.20.1.3 dst=10.0.250.1 sport=$((3000 + i)) dport=53 \
			data="000${i}0100000100000000000006666c6f6f643${i}0474657374000001""0001"
	done
}

flood c3 craft dhcp smac=52:54:00:02:00:03
check 'while one interface floods with DHCP requests, 200 others are answered' crowd_asks -f 10 -n 200 -k $all -w 50
check 'the flood went on meanwhile' not gone "$flood_pid"
kill "$flood_pid"
flood c3 craft dhcp smac=52:54:00:09:09:09
check 'while one floods with what is refused, 200 others are answered' crowd_asks -f 10 -n 200 -k $all -w 50
kill "$flood_pid"
flood c3 hanging
check 'while one floods with DNS questions, 200 others are answered' crowd_asks -f 10 -n 200 -k $all -w 50
kill "$flood_pid"
check 'who has flooded is answered when it is over' crowd_asks -f 3 -n 1 -k $all

# ---- death under load ----

crowd_asks -n "$COUNT" -k $all -w 300 -r 5 -t $((240 * SLOW)) >"$T/crowd" 2>&1 &
crowd=$!
for turn in 1 2 3; do
	sleep "$SLOW"
	dhcpd_stop KILL 2>/dev/null
	check "killed ($turn), it starts again among the questions" dhcpd_start
done
wait $crowd
crowd_status=$?
check 'all clients got all their answers by asking again' test "$crowd_status" = 0 || detail_file "$T/crowd"

# ---- advertisements that nobody asked for ----

check 'is stopped' dhcpd_stop
period=$((5 * SLOW))
sed -i "s/^ra_period.*/ra_period = $period/" "$CONF"
check 'starts with a short period' dhcpd_start
nsenter --net=/run/netns/crowd tcpdump -i any -n -tt -l -Q in 'icmp6 and ip6[40] == 134 and dst ff02::1' >"$T/advertisements" 2>"$T/tcpdump" &
tcpdump=$!
within 10 grep -q listening "$T/tcpdump" >/dev/null
# After two periods the quicker advertisements of the start are over.
sleep $((period * 4))
kill $tcpdump
wait $tcpdump
# spread: whether, in two whole periods after the first period of the capture, the interfaces got their advertisements
# and no tenth of a period has more than 40 % of COUNT.
spread() {
	awk -v period=$period -v count="$COUNT" '
		NR == 1 { begin = $1 + period }
		$1 >= begin && $1 < begin + 2 * period { n++; bucket[int(($1 - begin) * 10 / period)]++ }
		END {
			for (b in bucket) if (bucket[b] > most) most = bucket[b]
			printf "%d advertisements in two periods, %d at most in a tenth of one\n", n, most
			exit !(n >= 1.5 * count && n <= 3 * count && most <= 0.4 * count)
		}' "$T/advertisements"
}
check 'advertisements are spread over the period' spread

# ---- a directory of 100,000 files ----

check 'is stopped again' dhcpd_stop
awk -v dir="$DATA" 'BEGIN { for (n = 0; n < 90000; n++) {
	file = dir "/vm" n; printf "MAC=52:54:00:%02x:%02x:%02x\nIP=10.21.0.1\n", n / 65536, n / 256 % 256, n % 256 >file; close(file) } }'
check 'starts in a directory of 100,000 files' within 120 dhcpd_start
check 'and serves' crowd_asks -n 100 -k $all
ends_well 'the server of them all'
finish
