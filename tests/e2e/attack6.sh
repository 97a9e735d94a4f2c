#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# attack6: the attacks of thc-ipv6 and ipv6toolkit, made by a guest. Each attack is made at the same time on another
# bridge, from an ordinary port, by an attacker and among victims with the same MACs and addresses: it must be seen
# there, else the test would prove nothing. From the guest no frame may arrive that an honest machine would not have
# sent (honest.awk decides); no victim's routes, addresses or neighbours may change; and fold answers its guest within
# a second after the attack.
#
#   host   this namespace: bridge br0, guests ann (the attacker) and bob, container carl
#   bare   another: bridge br0, containers ann-bare (the attacker again) and carl-bare
#
# Environment: ATTACKS, names of those to run (all).
# shellcheck source=tests/e2e/lib.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
begin "$@"

for tool in atk6-fake_router6 ra6 rdisc6; do
	command -v $tool >/dev/null || bail "no $tool: make deps installs it"
done

prefix=fd5e:1:2:3
ann=$prefix:5054:ff:fe00:201 bob=$prefix:5054:ff:fe00:202 carl=$prefix::8 host=$prefix::fe
ann_mac=52:54:00:00:02:01 bob_mac=52:54:00:00:02:02 carl_mac=02:00:00:00:02:08 host_mac=02:00:00:00:02:fe
fold_ann=fe80::fc54:ff:fe00:201

# gullible NAME INTERFACE: makes a host accept all that a host can be made to accept.
gullible() {
	in_guest "$1" sysctl -qw "net.ipv6.conf.$2.accept_ra=2" "net.ipv6.conf.$2.accept_redirects=1"
}

# world NAME: makes a bridge in that namespace; the namespace itself (the host) has an address on it.
world() {
	ip -n "$1" link add "$BRIDGE" address $host_mac type bridge
	gullible "$1" "$BRIDGE"
	ip -n "$1" link set "$BRIDGE" up
	ip -n "$1" addr add $host/64 dev "$BRIDGE" nodad
}

# plugged WORLD NAME MAC ADDRESS: makes a container on that world's bridge.
plugged() {
	ip netns add "$2"
	ip -n "$1" link add "v$2" type veth peer name eth0 netns "$2" address "$3"
	gullible "$2" eth0
	in_guest "$1" sysctl -qw "net.ipv6.conf.v$2.disable_ipv6=1"
	ip -n "$2" link set eth0 up
	ip -n "$2" link set lo up
	ip -n "$1" link set "v$2" master "$BRIDGE" up
	ip -n "$2" addr add "$4/64" dev eth0 nodad
}

ip netns attach host $$
ip netns add bare
world host
world bare
plugged host carl $carl_mac $carl
plugged bare carl-bare $carl_mac $carl
plugged bare ann-bare $ann_mac $ann
ip -n carl route add default via $host
ip -n carl-bare route add default via $host

# The sanitizer's quarantine of freed memory would look like growth: keep it small.
ASAN_OPTIONS=quarantine_size_mb=1${ASAN_OPTIONS:+:$ASAN_OPTIONS}
export ASAN_OPTIONS
printf 'NAMESERVERS6=%s::50\nGATEWAY6=%s::90\nGATEWAY6_MAC=02:00:00:00:02:90\n' $prefix $prefix >"$T/binding"
check 'ann starts' start_vm ann - $ann_mac -6 $prefix::/64 -b "$T/binding"
check 'bob starts' start_vm bob - $bob_mac -6 $prefix::/64 -b "$T/binding"

has() {
	ip -n "$1" -6 -o addr show dev eth0 -tentative | grep -F " $2/"
}
check 'ann has her address' within 20 has ann $ann
check 'bob has his address' within 20 has bob $bob

reaches() {
	in_guest "$1" ping -n -q -c 1 -W "$((2 * SLOW))" "$2"
}
check 'ann reaches bob' within 5 reaches ann $bob
check 'ann reaches carl' within 5 reaches ann $carl
check 'ann reaches the host' within 5 reaches ann $host

# ---- what arrives ----

# digits ADDRESS: the address in all its 32 hex digits.
digits() {
	echo "$1" | awk -F: '{
		for (i = 1; i <= NF; i++)
			if ($i == "" && !gap) {
				for (gap = 8 - NF + ($NF == "" ? 2 : 1); gap > 0; gap--)
					printf "0000"
				gap = 1
			} else if ($i != "")
				printf "%s%s", substr("0000", length($i) + 1), $i
	}'
}
plain() {
	echo "$1" | tr -d :
}
who="$(plain $ann_mac) $(digits $ann) $(plain $bob_mac) $(digits $bob) $(plain $carl_mac) $(digits $carl) $(plain $host_mac) $(digits $host)"

# dishonest FILE FROM MAC: the frames of the file, from line FROM on, that no honest machine would have sent to MAC.
# Frames of the fold that serves MAC are not judged.
dishonest() {
	tail -n "+$2" "$1" | awk -f "$root/tests/e2e/honest.awk" -v who="$who" -v self="$(plain "$3")" -v guest="$(plain $ann_mac)" \
		-v fold="$(case $3 in "$bob_mac") echo fe5400000202 ;; esac)"
}

for victim in carl:eth0 bob:eth0 host:$BRIDGE; do
	in_guest "${victim%:*}" frames sniff "${victim#*:}" -d in -f ip6 >"$T/${victim%:*}.frames" 2>&1 &
	within 20 grep -q '^# sniffing' "$T/${victim%:*}.frames"
done

# The true neighbours. Which of its own addresses a fold answers for is a matter between it and its guest.
known="^($ann $ann_mac|$bob $bob_mac|$carl $carl_mac|$host $host_mac|$prefix::(50|90) .*|fe80::5054:ff:fe00:201 $ann_mac|\
fe80::5054:ff:fe00:202 $bob_mac|fe80::ff:fe00:208 $carl_mac|fe80::ff:fe00:2fe $host_mac|fe80::fc54:ff:fe00:202 .*) \$"

# state NAME INTERFACE: what a victim believes of the network: its addresses, its routes, and neighbours that are not
# true.
state() {
	ip -n "$1" -6 -o addr show dev "$2" | sed 's/ *valid_lft.*//; s/ tentative//; s/ dynamic//; s/ mngtmpaddr//'
	ip -n "$1" -6 route show | sed 's/ expires [^ ]*//; s/ *$//' | sort
	ip -n "$1" -6 neigh show dev "$2" | sed -n 's/\([^ ]*\) lladdr \([^ ]*\) .*/\1 \2 /p' | grep -vE "$known" | sort
}
states() {
	for victim in carl:eth0 bob:eth0 host:$BRIDGE; do
		echo "${victim%:*}"
		state "${victim%:*}" "${victim#*:}"
	done
}
states >"$T/states"
state carl-bare eth0 >"$T/state-bare"

# Of its own memory: its share of a library changes with each other process that begins or ends.
pss() {
	for pid in $(vm_pid "$1") $(pgrep -P "$(vm_pid "$1")"); do
		grep -qsE '^[0-9]* [(]fold(-responder)?[)]' "/proc/$pid/stat" && sed -n 's/^Pss_Anon: *\([0-9]*\) kB/\1/p' "/proc/$pid/smaps_rollup"
	done | awk '{ sum += $1 } END { print sum }'
}
pss_before=$(pss ann)

# ---- one attack ----

router_heard() {
	in_guest "$1" rdisc6 -q -1 -r 1 -w "$((1000 * SLOW))" eth0
}

# provoke NAME N ATTACK: some attacks wait for a victim to react to. A new address appears, which looks for a neighbour
# and, for attacks on DHCPv6, asks for an address.
provoke() {
	ip -n "$1" addr add "$prefix::d:$2/64" dev eth0
	in_guest "$1" ndisc6 -q -1 -r 1 -w 200 $prefix::77 eth0
	case $3 in
	*dhcp*) in_guest "$1" timeout "$while" dhclient -6 -1 -d -sf /bin/true -lf /dev/null -pf /dev/null eth0 ;;
	esac
	sleep 0.2
	ip -n "$1" addr del "$prefix::d:$2/64" dev eth0
}

mark() {
	for victim in carl bob host; do
		wc -l <"$T/$victim.frames" >"$T/$victim.mark"
	done
}

# ann's echo request marks the end: all frames that she sent before it have arrived.
seen_out() {
	for victim in carl bob host; do
		tail -n "+$(($(cat "$T/$victim.mark") + 1))" "$T/$victim.frames" | grep -qi "^in .\{12\}$(plain "$ann_mac")86dd.\{12\}3a.\{66\}80" || return 1
	done
}

sentinel() {
	for address in $carl $bob $host; do
		reaches ann "$address" || return 1
	done
	seen_out
}

nothing_came() {
	for victim in carl:$carl_mac bob:$bob_mac host:$host_mac; do
		dishonest "$T/${victim%%:*}.frames" $(($(cat "$T/${victim%%:*}.mark") + 1)) "${victim#*:}" >"$T/dishonest" || return 1
		[ -s "$T/dishonest" ] || continue
		echo "at ${victim%%:*}:"
		head -n 5 "$T/dishonest" | cut -c1-400
		return 1
	done
}

number=0
while=$((SLOW > 1 ? 4 : 1))
# attack NAME COMMAND...: the guest and the attacker of the other bridge run the command for a second or a little more.
attack() {
	case " ${ATTACKS:-} " in '  ' | *" $1 "*) ;; *) return ;; esac
	attack_name=$1
	shift
	number=$((number + 1))
	in_guest carl-bare frames sniff eth0 -d in -t "$((4 * SLOW))" -n 500 -f "ip6" >"$T/bare.frames" 2>&1 &
	sniffer=$!
	within 10 grep -q '^# sniffing' "$T/bare.frames"
	mark
	in_guest ann-bare timeout -k 1 "$while" "$@" >"$T/attack.bare" 2>&1 </dev/null &
	bare=$!
	in_guest ann timeout -k 1 "$while" "$@" >"$T/attack" 2>&1 </dev/null &
	guest=$!
	sleep 0.2
	provoke carl-bare $number "$attack_name" >"$T/provoke.bare" 2>&1 &
	provoked=$!
	provoke carl $number "$attack_name" >"$T/provoke" 2>&1
	wait $provoked $bare $guest
	kill "$sniffer" 2>/dev/null
	wait "$sniffer" 2>/dev/null
	# All network namespaces share the kernel's one neighbour table, and a flood fills it.
	ip -n carl-bare -6 neigh flush dev eth0
	ip -n bare -6 neigh flush dev "$BRIDGE"
	ip -n ann-bare -6 neigh flush dev eth0
	check "$attack_name: from an ordinary port it arrives" [ -n "$(dishonest "$T/bare.frames" 1 $carl_mac)" ] || detail_file "$T/attack.bare"
	check "$attack_name: fold answers its guest within a second" router_heard ann
	check "$attack_name: the guest still reaches the others" within 5 sentinel
	check "$attack_name: from the guest nothing arrives that is not honest" nothing_came || detail_file "$T/attack"
}

# ---- false routers ----

attack fake_router6 atk6-fake_router6 eth0 fd66::/64
attack fake_router6-H atk6-fake_router6 -H eth0 fd66::/64
attack fake_router6-F atk6-fake_router6 -F eth0 fd66::/64
attack fake_router6-D atk6-fake_router6 -D eth0 fd66::/64
attack fake_router26 atk6-fake_router26 -A fd66::/64 -R ::/0 -D fd66::1 eth0
attack fake_router26-overlap atk6-fake_router26 -E o -A fd66::/64 eth0
attack kill_router6 atk6-kill_router6 eth0 $fold_ann
attack ra6 ra6 -i eth0 -s fe80::5054:ff:fe00:201 -d ff02::1 -t 1800 -P fd66::/64#LA -e -v -S $ann_mac -D 33:33:00:00:00:01
attack ra6-fragments ra6 -i eth0 -s fe80::5054:ff:fe00:201 -d ff02::1 -t 1800 -P fd66::/64#LA -y 64 -e -v -S $ann_mac -D 33:33:00:00:00:01
attack ra6-options ra6 -i eth0 -s fe80::5054:ff:fe00:201 -d ff02::1 -t 1800 -P fd66::/64#LA -u 32 -e -v -S $ann_mac -D 33:33:00:00:00:01
attack flood_router6 atk6-flood_router6 eth0
attack flood_router26 atk6-flood_router26 -s eth0
attack redir6 atk6-redir6 eth0 $carl fd66::1 $host $ann
attack rd6 rd6 -i eth0 -s $host -d $carl -r fd66::1 -t $ann -e -n -S $ann_mac -D $carl_mac
attack flood_redir6 atk6-flood_redir6 eth0 $carl

# ---- false neighbours ----

attack fake_advertise6 atk6-fake_advertise6 -r eth0 $host ff02::1
attack fake_advertise6-D atk6-fake_advertise6 -D eth0 $host ff02::1
attack fake_solicitate6 atk6-fake_solicitate6 eth0 $host $carl $ann_mac $host
attack parasite6 atk6-parasite6 -lR eth0
attack dos-new-ip6 atk6-dos-new-ip6 eth0
attack na6 na6 -i eth0 -s $ann -d ff02::1 -t $host -o -c -E $ann_mac -v -S $ann_mac -D 33:33:00:00:00:01
attack na6-option na6 -i eth0 -s $ann -d ff02::1 -t $ann -o -E 02:00:00:00:00:99 -v -S $ann_mac -D 33:33:00:00:00:01
attack na6-options na6 -i eth0 -s $host -d $carl -t $host -o -E $ann_mac -u 40 -v -S $ann_mac -D $carl_mac
attack ns6 ns6 -i eth0 -s $host -d ff02::1:ff00:8 -t $carl -E $ann_mac -v -S $ann_mac -D 33:33:ff:00:00:08
attack ns6-dad ns6 -i eth0 -s :: -d ff02::1:ff00:fe -t $prefix::fe -v -S $ann_mac -D 33:33:ff:00:00:fe
# Another machine's link-local address, which may be a router's.
attack ns6-local ns6 -i eth0 -s fe80::ff:fe00:2fe -d $carl -t $carl -E $ann_mac -v -S $ann_mac -D $carl_mac
attack ns6-router ns6 -i eth0 -s fe80::1 -d $carl -t $carl -E $ann_mac -v -S $ann_mac -D $carl_mac
attack flood_advertise6 atk6-flood_advertise6 eth0
attack flood_advertise6-k atk6-flood_advertise6 -k eth0 ff02::1
attack flood_solicitate6 atk6-flood_solicitate6 eth0

# ---- others' services and groups ----

attack fake_dhcps6 atk6-fake_dhcps6 eth0 fd66::/64 fd66::1
attack flood_dhcpc6 atk6-flood_dhcpc6 -n eth0
attack fake_mld6 atk6-fake_mld6 eth0 add ff02::99
attack fake_mldrouter6 atk6-fake_mldrouter6 eth0 advertise
attack flood_mld6 atk6-flood_mld6 eth0
attack flood_mld26 atk6-flood_mld26 eth0
attack flood_rs6 atk6-flood_rs6 -sS eth0
attack smurf6 atk6-smurf6 eth0 $carl
attack node_query6 atk6-node_query6 eth0 $carl
attack inverse_lookup6 atk6-inverse_lookup6 eth0 $carl_mac

# ---- headers ----

attack fragmentation6 atk6-fragmentation6 -p eth0 $carl
attack frag6 frag6 -i eth0 -d $carl -P 500 -O first -o 0
attack implementation6 atk6-implementation6 -p eth0 $carl
attack exploit6 atk6-exploit6 eth0 $carl
attack denial6 atk6-denial6 eth0 $carl 2
attack fuzz_ip6 atk6-fuzz_ip6 -p 200 -IFSDHRJ -1 eth0 $carl
attack fuzz_ip6-na atk6-fuzz_ip6 -p 200 -4 eth0 ff02::1
attack randicmp6 atk6-randicmp6 eth0 $carl

[ "$number" -gt 0 ] || not_ok 'no attack ran'
unchanged() {
	states >"$T/states.now"
	diff "$T/states" "$T/states.now"
}
check "nobody's addresses, routes and neighbours have changed" within 5 unchanged
if [ -z "${ATTACKS:-}" ]; then
	state carl-bare eth0 >"$T/state-bare.now"
	check 'where there is no fold they have' not cmp "$T/state-bare" "$T/state-bare.now"
fi

# ---- bob begins anew while ann denies him every address ----

fresh() {
	ip -n "$1" link set eth0 down
	ip -n "$1" link set eth0 up
	within 10 has "$1" "$2"
}
in_guest ann timeout "$((10 * SLOW))" atk6-dos-new-ip6 eth0 >"$T/attack" 2>&1 </dev/null &
denial=$!
sleep 0.3
check 'bob finds his address free and takes it' fresh bob $bob
kill $denial
check 'and is reached' within 5 reaches carl $bob

# ---- floods of permitted frames, under the guest's own name: fold itself must process them ----

# flood WHAT FILTER COMMAND...: sends the first frame of the command that matches, thirty thousand times.
flood() {
	flood_name=$1
	: >"$T/flood"
	in_guest ann frames sniff eth0 -d out -t "$((10 * SLOW))" -n 1 -f "$2" >"$T/flood" 2>&1 &
	sniffer=$!
	within 10 grep -q '^# sniffing' "$T/flood"
	shift 2
	in_guest ann timeout "$((3 * SLOW))" "$@" >"$T/attack" 2>&1 </dev/null
	wait "$sniffer"
	sed -n 's/^out //p' "$T/flood" >"$T/flood.frame"
	check "flood of $flood_name: there is one" test -s "$T/flood.frame" || return
	mark
	in_guest ann frames send eth0 -c 30000 "$(cat "$T/flood.frame")" >"$T/attack" 2>&1 &
	flooding=$!
	check "flood of $flood_name: bob is answered within a second meanwhile" router_heard bob
	check "flood of $flood_name: bob and carl reach each other meanwhile" reaches bob $carl
	wait "$flooding"
	check "flood of $flood_name: fold answers its guest within a second after it" router_heard ann
	check "flood of $flood_name: the guest still reaches the others" within 5 sentinel
	check "flood of $flood_name: nothing of it arrives" nothing_came
}
flood 'router solicitations' 'ip6[40] = 133' rdisc6 -1 -r 1 -w 100 eth0
flood 'neighbour solicitations for a service address' 'ip6[40] = 135' ndisc6 -1 -r 1 -w 100 $prefix::50 eth0
flood 'information requests' 'udp port 547' dhclient -6 -S -1 -d -sf /bin/true -lf /dev/null -pf /dev/null eth0

pss_after=$(pss ann)
echo "# fold has $pss_after KiB after the attacks, $pss_before KiB before them"
check "fold's memory has not grown by 2 MiB" [ "$((pss_after - pss_before))" -lt 2048 ]

for vm in ann bob; do
	check "$vm ends" stop_vm "$vm"
done
nothing_left 'two guests'
finish
