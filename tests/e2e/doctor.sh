#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# doctor: the test breaks each thing for real, and fold doctor must find it. What doctor calls a fault must keep a VM
# from starting, and a mere warning must not; if doctor names a command, that very command must repair it.
# shellcheck source=tests/e2e/lib.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
begin "$@"

mac=52:54:00:12:34:56
export FOLD_BRIDGE="$BRIDGE"
make_bridge "$BRIDGE"
ln -s "$FOLD" "$T/bin/fold" # as what it says has to be typed
hypervisor true <<'END'
exit 0
END

# doctor ARGUMENT...: runs fold doctor; sets $status, its output is in $T/said and as JSON in $T/json.
doctor() {
	run_fold doctor --json "$@"
	cp "$T/stdout" "$T/json"
	json_status=$status
	run_fold doctor "$@"
	cp "$T/stdout" "$T/said"
}

json_agrees() {
	same 'status with --json' "$json_status" "$status" || return
	python3 - "$T/json" "$T/said" <<'END'
import json, sys
rows = json.load(open(sys.argv[1], encoding='utf-8'))
text = open(sys.argv[2], encoding='utf-8', errors='replace').read().splitlines()
flat = []
for r in rows:
    assert set(r) == {'check', 'state', 'found', 'do'}, r
    assert r['state'] in ('ok', 'warn', 'fault'), r
    assert r['state'] == 'ok' or r['do'], f'nothing to do about it: {r}'
    flat.append('%-5s  %-13s  %s' % (r['state'], r['check'], r['found']))
    if r['do']:
        flat.append(' ' * 22 + 'do: ' + r['do'])
if flat != text:
    print('\n'.join(flat), '\n'.join(text), sep='\n--- and text:\n')
    sys.exit(1)
END
}

# finds CHECK STATE TEXT: whether the last doctor reported that.
finds() {
	awk -v check="$1" -v state="$2" -v text="$3" '
		substr($0, 8, length(check) + 2) == check "  " && $1 == state && index($0, text) { found = 1 }
		END { exit !found }' "$T/said" && return
	cat "$T/said" "$T/stderr"
	return 1
}

# verdict NAME CHECK STATE TEXT [ARGUMENT...]: tests what doctor reports for CHECK, and the exit status that follows
# from it.
verdict() {
	name=$1 verdict_check=$2 verdict_state=$3 verdict_text=$4
	shift 4
	doctor "$@"
	check "$name: $verdict_state" finds "$verdict_check" "$verdict_state" "$verdict_text"
	want=0
	[ "$verdict_state" != fault ] || want=1
	check "$name: status $want" ended "$want"
	check "$name: the same as JSON" json_agrees
}

# remedy CHECK: the command that the last doctor named for it.
remedy() {
	awk -v check="$1" '
		here && sub(/^ +do: /, "") { print; exit }
		{ here = substr($0, 8, length(check) + 2) == check "  " }' "$T/said"
}

# mended NAME CHECK [ARGUMENT...]: tests that this very command repairs it.
mended() {
	name=$1 mended_check=$2
	shift 2
	command=$(remedy "$mended_check")
	check "$name: \`$command\` works" sh -c "$command"
	verdict "$name, mended" "$mended_check" ok '' "$@"
}

starts() {
	run_vm "$mac" qemu-system-true
	ended 0
}

does_not_start() {
	run_vm "$mac" qemu-system-true
	ended 125
}

# ---- a machine that is well ----

nft monitor >"$T/monitor" 2>&1 &
monitor=$!
ip monitor link >"$T/links" 2>&1 &
links=$!
# nft monitor reports only changes that are made after it has begun to listen.
monitor_hears() {
	nft add table inet users
	nft delete table inet users
	grep -q users "$T/monitor"
}
within 20 monitor_hears || bail 'nft monitor hears nothing'
nft add table inet users
nft list ruleset >"$T/before"
doctor
check 'a machine that is well: status 0' ended 0
check 'a machine that is well: no fault' not grep '^fault' "$T/said"
check 'a machine that is well: nothing on stderr' [ ! -s "$T/stderr" ]
check 'a machine that is well: the same as JSON' json_agrees
check 'a machine that is well: fold starts' starts
kill "$links"
sleep "0.$((SLOW > 9 ? 9 : SLOW))"
doctor
kill "$monitor"
check "the host's rules stay as they are" same rules "$(nft list ruleset)" "$(cat "$T/before")"
check 'and nobody hears of the trying' not grep -i probe "$T/monitor" "$T/links"

# ---- what the kernel can do: doctor against a trial by hand, and against a VM ----

unshare --net nft 'add table bridge t; add chain bridge t c { type filter hook prerouting priority 0; };
	add rule bridge t c meta l4proto udp queue num 1' 2>/dev/null && want=NFQUEUE || want=NFLOG
check "delivery: $want, as nft finds" finds delivery ok "$want:"
unshare --net nft 'add table bridge t; add chain bridge t c { type filter hook prerouting priority 0; };
	add rule bridge t c meta protocol ip reject with icmpx type admin-prohibited' 2>/dev/null && want=ok || want=warn
check "reject: $want, as nft finds" finds 'nft reject' "$want" ''
for hook in ingress egress; do
	unshare --net nft "add table netdev t; add chain netdev t c { type filter hook $hook device lo priority 0; }" \
		2>/dev/null && want=ok || want=fault
	check "$hook: $want, as nft finds" finds "nft $hook" "$want" ''
done

# ---- the bridge ----

verdict 'a bridge that is not there' bridge fault 'nowhere0: there is none' --bridge nowhere0
BRIDGE=nowhere0
check 'a bridge that is not there: no VM starts' does_not_start
mended 'a bridge that is not there' bridge --bridge nowhere0
check 'a bridge that is not there, mended: a VM starts' starts
BRIDGE=br0
ip link add plain type veth peer name plain2
verdict 'what is not a bridge' bridge fault 'plain: not a bridge' --bridge plain
BRIDGE=plain
check 'what is not a bridge: no VM starts' does_not_start
BRIDGE=br0
verdict 'no --bridge: Weave Net' bridge ok 'br0 is up'
verdict '--local before its first use' bridge ok 'made on first use' --local
FOLD_BRIDGE='' verdict 'no FOLD_BRIDGE either' bridge fault 'weave: there is none'

ip link set "$BRIDGE" down
verdict 'a bridge that is down' bridge warn 'br0 is down'
check 'a bridge that is down: a VM starts' starts
mended 'a bridge that is down' bridge

ip link set "$BRIDGE" mtu 1000
verdict 'an MTU of 1000' mtu warn '1000: '
check 'an MTU of 1000: a VM of IPv4 starts' starts
run_fold -i vm0 -6 fde5:1::/64 "$mac" qemu-system-true
check 'an MTU of 1000: a VM of IPv6 does not' ended 125
command=$(remedy mtu)
check 'an MTU of 1000: mended' sh -c "${command%%,*}"
verdict 'the MTU of 1000, mended' mtu ok 1500

if ip link set "$BRIDGE" type bridge vlan_filtering 1 2>/dev/null; then
	verdict 'VLAN filtering' vlans ok 'VLAN 1'
	ip link set "$BRIDGE" type bridge vlan_default_pvid 0
	verdict 'VLAN filtering without a default VLAN' vlans warn 'reach nobody'
	mended 'VLAN filtering without a default VLAN' vlans
	ip link set "$BRIDGE" type bridge vlan_filtering 0
else
	skip 'VLAN filtering' 'this kernel is built without it for bridges'
fi

ip link set "$BRIDGE" type bridge stp_state 1 forward_delay 400
verdict 'a spanning tree' stp warn ' 8 seconds'
check 'a spanning tree: a VM starts' starts
command=$(remedy stp)
check 'a spanning tree: mended' sh -c "${command%%,*}"
verdict 'a spanning tree, mended' stp ok ''

ip link set "$BRIDGE" type bridge mcast_querier 1
verdict 'a multicast querier' multicast ok 'with a querier'
ip link set "$BRIDGE" type bridge mcast_snooping 0
verdict 'no snooping' multicast ok 'off'

# ---- br_netfilter: doctor's report against a real ping between two ports ----

container ann 10.0.2.1/24 02:00:00:00:02:01
container bob 10.0.2.2/24 02:00:00:00:02:02
for name in ann:1 bob:2; do
	ip -n "${name%:*}" addr add "fde5:2::${name#*:}/64" dev eth0 nodad
done

reaches() {
	within 5 in_guest ann ping -n -q -c 1 -W 1 "$1"
}
cut_off() {
	! in_guest ann ping -n -q -c 2 -i 0.2 -W "$SLOW" "$1"
}

if [ ! -e /proc/sys/net/bridge ]; then
	ip link set "$BRIDGE" type bridge nf_call_iptables 1
	verdict 'a kernel without br_netfilter' br_netfilter ok 'is off'
	ip link set "$BRIDGE" type bridge nf_call_iptables 0
	modprobe br_netfilter || bail 'no br_netfilter'
fi
echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables
echo 1 >/proc/sys/net/bridge/bridge-nf-call-ip6tables
verdict 'bridged packets in iptables' br_netfilter ok 'bridge-nf-call-iptables is on'
check 'bridged packets in iptables: two containers ping' reaches 10.0.2.2

# detour NAME CHECK TARGET COMMAND...: COMMAND makes a chain that drops bridged packets; doctor must warn of it, and
# its remedy must help.
detour() {
	detour_name=$1 detour_check=$2 detour_target=$3
	shift 3
	"$@" || bail "$*"
	verdict "$detour_name" "$detour_check" warn 'do not reach their neighbours'
	check "$detour_name: a ping does not pass" cut_off "$detour_target"
	mended "$detour_name" "$detour_check"
	check "$detour_name, mended: a ping passes" reaches "$detour_target"
}
detour 'FORWARD that drops' br_netfilter 10.0.2.2 iptables -P FORWARD DROP
detour 'FORWARD of IPv6 that drops' br_netfilter6 fde5:2::2 ip6tables -P FORWARD DROP
iptables -I FORWARD 1 -i "$BRIDGE" -o other0 -p tcp -j ACCEPT
check 'what other rules accept does not count' iptables -D FORWARD -m physdev --physdev-is-bridged -j ACCEPT
verdict 'what other rules accept' br_netfilter warn 'ip filter FORWARD'
ip link set "$BRIDGE" type bridge nf_call_iptables 0
echo 0 >/proc/sys/net/bridge/bridge-nf-call-iptables
verdict 'br_netfilter turned off' br_netfilter ok 'is off'
check 'br_netfilter turned off: a ping passes' reaches 10.0.2.2
ip link set "$BRIDGE" type bridge nf_call_iptables 1
verdict 'br_netfilter of one bridge' br_netfilter warn 'ip filter FORWARD'
check 'br_netfilter of one bridge: a ping does not pass' cut_off 10.0.2.2
nft flush ruleset
detour 'a chain of both families that drops' br_netfilter 10.0.2.2 \
	nft 'add table inet mine; add chain inet mine forwarded { type filter hook forward priority 0; policy drop; }'
nft flush ruleset

# As many rules and chains as a host of many containers may have: the last of them counts like the first.
{
	echo 'add table inet mine'
	echo 'add chain inet mine none'
	echo 'add chain inet mine forwarded { type filter hook forward priority 0; policy drop; }'
	i=0
	while [ $i -lt 100 ]; do
		i=$((i + 1))
		echo "add rule inet mine forwarded iifname $BRIDGE jump none"
		echo "add chain inet mine accepts$i { type filter hook forward priority $i; policy accept; }"
	done
	echo "add rule inet mine forwarded iifname $BRIDGE accept"
} | nft -f - || bail 'nft: many rules'
verdict 'a long chain whose last rule accepts' br_netfilter ok 'bridge-nf-call-iptables is on'
check 'a long chain whose last rule accepts: a ping passes' reaches 10.0.2.2
nft 'add chain inet mine drops { type filter hook forward priority 200; policy drop; }'
verdict 'a chain that drops, behind many that do not' br_netfilter warn 'inet mine drops'
check 'a chain that drops, behind many that do not: a ping does not pass' cut_off 10.0.2.2
nft flush ruleset
if iptables-legacy -S >/dev/null 2>&1; then
	detour "iptables-legacy's FORWARD that drops" br_netfilter 10.0.2.2 iptables-legacy -P FORWARD DROP
	iptables-legacy -I FORWARD 1 -i "$BRIDGE" -p tcp -j ACCEPT
	iptables-legacy -D FORWARD -i "$BRIDGE" -o "$BRIDGE" -j ACCEPT
	verdict "what iptables-legacy's other rules accept" br_netfilter warn 's FORWARD drops'
	iptables-legacy -P FORWARD ACCEPT
	detour "ip6tables-legacy's FORWARD that drops" br_netfilter6 fde5:2::2 ip6tables-legacy -P FORWARD DROP
	ip6tables-legacy -P FORWARD ACCEPT
else
	skip "iptables-legacy's FORWARD that drops" 'this kernel has no x_tables for it'
fi

# ---- the host as gateway: doctor's report against a real ping through the host ----

verdict 'a host without an address on the bridge' bridge ok ''
check 'a host without an address on the bridge is no gateway: nothing is said' not grep '^[a-z]* *forwarding' "$T/said"
ip addr add 10.0.2.254/24 dev "$BRIDGE"
ip addr add fde5:2::254/64 dev "$BRIDGE" nodad
ip netns add far
ip link add far0 type veth peer name eth0 netns far
ip link set far0 up
ip -n far link set eth0 up
ip addr add 192.0.2.1/24 dev far0
ip addr add 2001:db8:2::1/64 dev far0 nodad
ip -n far addr add 192.0.2.9/24 dev eth0
ip -n far addr add 2001:db8:2::9/64 dev eth0 nodad
ip -n far route add default via 192.0.2.1
ip -n far route add default via 2001:db8:2::1
ip route add default via 192.0.2.9
ip route add default via 2001:db8:2::9
ip -n ann route add default via 10.0.2.254
ip -n ann route add default via fde5:2::254
# outward NAME CHECK TARGET TEXT
outward() {
	verdict "$1" "$2" warn "$4"
	check "$1: a ping does not get out" cut_off "$3"
	mended "$1" "$2"
	check "$1, mended: a ping gets out" reaches "$3"
}
sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
outward 'a host that does not forward' forwarding 192.0.2.9 'does not forward IPv4'
outward 'a host that does not forward IPv6' forwarding6 2001:db8:2::9 'does not forward IPv6'
iptables -P FORWARD DROP
outward 'FORWARD that drops, the way out' forwarding 192.0.2.9 'ip filter FORWARD'
ip6tables -P FORWARD DROP
outward 'FORWARD of IPv6 that drops, the way out' forwarding6 2001:db8:2::9 'ip6 filter FORWARD'
nft flush ruleset
nft 'add table inet mine; add chain inet mine forwarded { type filter hook forward priority 0; policy drop; }'
outward 'a chain of both families that drops, the way out' forwarding 192.0.2.9 'inet mine forwarded'
nft flush ruleset
ip route del default
ip -6 route del default
ip link del far0
ip addr flush dev "$BRIDGE"

# ---- Weave Net's router ----

make_bridge weave
verdict 'no router' weave warn '127.0.0.1:6784 cannot be reached (Connection refused)' --bridge weave
# router PORT [OPTION...]: starts a double of Weave Net's router, as in weave.sh.
router() {
	router_port=$1
	shift
	"$TOOLS/weave_double" "$@" "127.0.0.1:$router_port" >"$T/router.$router_port" 2>&1 &
	within 10 grep -q ready "$T/router.$router_port"
}
router 7001
WEAVE_HTTP_ADDR=127.0.0.1:7001 verdict 'a router' weave ok '127.0.0.1:7001 gives out addresses of 10.32.0.0/12' --bridge weave
WEAVE_HTTP_ADDR=127.0.0.1:7001 verdict 'its weaveDNS' weavedns ok 'names of weave.local' --bridge weave
WEAVE_HTTP_ADDR=:7001 verdict 'a router by its port alone' weave ok '127.0.0.1:7001' --bridge weave
router 7002 -r - -n -
WEAVE_HTTP_ADDR=:7002 verdict 'a router without addresses' weave warn 'IPAM is off' --bridge weave
WEAVE_HTTP_ADDR=:7002 verdict 'a router without names' weavedns ok 'keeps no names' --bridge weave
router 7003 -m garbage
WEAVE_HTTP_ADDR=:7003 verdict 'something else at its place' weave warn '127.0.0.1:7003' --bridge weave
WEAVE_HTTP_ADDR=nonsense verdict 'a router that is no address' weave warn 'nonsense' --bridge weave
doctor
check 'another bridge: Weave is not asked for' not grep '^[a-z]* *weave ' "$T/said"

# ---- the machine ----

files=$(ulimit -n)
ulimit -S -n 63
verdict 'too few open files' 'open files' fault '63 at once'
check 'too few open files: no VM starts' does_not_start
ulimit -S -n 64
verdict 'open files that are enough' 'open files' ok '64 at once'
check 'open files that are enough: fold starts' starts
ulimit -S -n "$files"
mount -t tmpfs none /dev/net
verdict 'no /dev/net/tun' tap fault '/dev/net/tun: No such file'
check 'no /dev/net/tun: no VM starts' does_not_start
: >/dev/net/tun
verdict 'a /dev/net/tun that is a file' tap fault '/dev/net/tun: '
umount /dev/net
verdict 'with /dev/net/tun again' tap ok ''

if [ -e /dev/kvm ]; then
	: >"$T/nokvm"
	mount --bind "$T/nokvm" /dev/kvm
	verdict 'a /dev/kvm of no use' kvm warn '/dev/kvm: '
	umount /dev/kvm
else
	verdict 'no /dev/kvm' kvm warn '/dev/kvm: '
fi

# inside: makes a program from stdin that does something and then executes fold; for the next verdict only.
inside() {
	{
		echo '#!/bin/sh'
		cat
		# shellcheck disable=SC2016 # its own
		printf 'exec %s "$@"\n' "$FOLD"
	} >"$T/bin/inside"
	chmod 755 "$T/bin/inside"
}

mkdir "$T/empty"
inside <<END
PATH=$T/empty:/nowhere
END
FOLD=$T/bin/inside verdict 'no hypervisor' hypervisor fault 'neither'
ln -s "$T/bin/qemu-system-true" "$T/empty/qemu-system-odd"
FOLD=$T/bin/inside verdict 'a hypervisor of another name' hypervisor ok "$T/empty/qemu-system-odd"

configure 'no section'
verdict 'a configuration that does not parse' configuration fault 'nfdhcpd.conf:3: '
check 'a configuration that does not parse: no VM starts' does_not_start
configure '[dhcp]
flavour = lemon'
verdict 'a configuration with an unknown key' configuration warn 'flavour'
check 'a configuration with an unknown key: a VM starts' starts
# The example has every key, with its default or commented out. It must have neither an error nor an unknown key.
NFDHCPD_CFG=$root/docs/nfdhcpd.conf.example verdict 'the example of a configuration' configuration ok nfdhcpd.conf.example
sed 's/^#\([a-z].* = \)/\1/' "$root/docs/nfdhcpd.conf.example" >"$T/all.conf"
NFDHCPD_CFG=$T/all.conf verdict 'the example of a configuration, whole' configuration ok all.conf
odd=$(printf '%s/a"b\\c\n\033\377' "$T")
NFDHCPD_CFG=$odd verdict 'a configuration of a strange name that is not there' configuration fault 'a"b\c??'
configure ''

# ---- where it writes ----

mount -t tmpfs -o ro none /run
verdict 'a /run that may not be written' records fault '/run/fold, what running VMs hold: /run: Read-only file system'
check 'a /run that may not be written: no VM starts' does_not_start
check 'a /run that may not be written: root is told nothing of root' not grep -q 'run this as root' "$T/said"
umount /run
mount -t tmpfs none /run
verdict 'no /run/fold' records ok '/run/fold: none yet'
check 'no /run/fold: none is made for that' not ls /run/fold
: >/run/fold
verdict 'a /run/fold that is a file' records fault '/run/fold: Not a directory'
check 'a /run/fold that is a file: no VM starts' does_not_start
rm /run/fold
mkdir /run/fold
verdict 'a /run/fold' records ok /run/fold
check 'a /run/fold: nothing is left in it' same files "$(ls -A /run/fold)" ''
umount /run
mkdir -p "$T/readonly"
mount -t tmpfs -o ro none "$T/readonly"
kept=$datapath
datapath=$T/readonly
configure ''
verdict 'a datapath that may not be written' datapath fault "$T/readonly: Read-only file system"
check 'a datapath that may not be written: no VM starts' does_not_start
datapath=$T/not/yet
configure ''
verdict 'a datapath that is not there' datapath ok "$T/not/yet: none yet"
check 'a datapath that is not there: none is made for that' not ls "$T/not"
datapath=$kept
configure ''
FOLD_STATE_DIR=$T/readonly verdict 'a FOLD_STATE_DIR that may not be written' state fault "$T/readonly: Read-only file system" --local
umount "$T/readonly"
verdict 'a FOLD_STATE_DIR' state ok '' --local

# ---- capabilities: one that doctor reports as missing, a VM lacks too ----

verdict 'all capabilities' capabilities ok ''
# without CAP[,CAP...]: makes a program that runs fold without these capabilities.
without() {
	printf '#!/bin/sh\nexec setpriv --bounding-set %s --inh-caps %s env ASAN_OPTIONS=detect_leaks=0 %s "$@"\n' "$1" "$1" "$FOLD" \
		>"$T/bin/inside"
	chmod 755 "$T/bin/inside"
}
for cap in net_admin net_raw dac_override dac_read_search fowner kill setuid setgid setpcap; do
	cap_name=CAP_$(echo "$cap" | tr a-z A-Z)
	without "-$cap"
	FOLD=$T/bin/inside verdict "without $cap" capabilities fault "missing CAP_"
	check "without $cap: it is named" grep -q "missing $cap_name\$" "$T/said"
	FOLD=$T/bin/inside check "without $cap: no VM starts" does_not_start
	check "without $cap: fold names it, too" grep -q "^fold: missing $cap_name; add" "$T/stderr"
done
without -kill,-fowner
FOLD=$T/bin/inside check 'without two: no VM starts' does_not_start
check 'without two: both are named, in one line' same line "$(cut -d';' -f1 "$T/stderr")" 'fold: missing CAP_FOWNER, CAP_KILL'
without -lease
FOLD=$T/bin/inside verdict 'without lease' capabilities warn 'missing CAP_LEASE'
FOLD=$T/bin/inside check 'without lease: a VM starts' starts
check 'without lease: and says nothing' same stderr "$(cat "$T/stderr")" ''
without -all,+chown,+dac_override,+dac_read_search,+fowner,+kill,+setgid,+setuid,+setpcap,+net_admin,+net_raw
FOLD=$T/bin/inside check 'with what is needed and no other: a VM starts' starts

verdict 'resolvers' resolvers warn 'no route to'
ip link add up0 type veth peer name up1
ip link set up1 up
ip addr add 192.0.2.1/24 dev up0
ip link set up0 up
echo 'nameserver 192.0.2.53' >/etc/resolv.conf
verdict 'a resolver with a route' resolvers ok '192.0.2.53'
echo 'nameserver 198.51.100.1' >/etc/resolv.conf
verdict 'a resolver without a route' resolvers warn 'no route to 198.51.100.1'
echo 'nameserver 127.0.0.53' >/etc/resolv.conf
verdict "the machine's own resolver" resolvers ok '127.0.0.53'
inside <<END
[ "\$(readlink /proc/self/ns/mnt)" != "$(readlink /proc/self/ns/mnt)" ] || exec unshare --mount "\$0" "\$@"
mount --bind "$T/empty" /etc
END
FOLD=$T/bin/inside verdict 'no resolv.conf' resolvers warn '/etc/resolv.conf: '

mkdir -p "$T/state"
verdict 'no database yet' addresses ok ': 0 given out' --local
"$FOLD" --local -i a -4 auto >"$T/auto"
verdict 'a database' addresses ok ': 1 given out' --local
echo 'this is not a database, and long enough that sqlite looks at it as one' >"$T/state/local.db"
verdict 'a damaged database' addresses warn 'local.db: ' --local
run_fold --local -i a -4 auto
check 'a damaged database: -4 auto fails' ended 125

# The hypervisor of a VM whose fold and keeper are both killed, so that no process is left to clean up.
hypervisor stay <<'END'
exec sleep 1000
END
verdict 'nothing left over' leftovers ok none
"$FOLD" --bridge "$BRIDGE" -i vm7 -4 10.0.1.7/24 "$mac" qemu-system-stay >"$T/vm7.log" 2>&1 </dev/null &
fold=$!
within 30 pgrep -x sleep >"$T/pgrep"
verdict 'a VM that runs is nothing left over' leftovers ok none
kill -KILL "$fold" "$(pgrep -x fold-keeper -P "$fold")"
within 10 not pgrep -x sleep
verdict 'what a killed fold left' leftovers warn 'vm7'
mended 'what a killed fold left' leftovers

cp "$FOLD" "$T/bin/unprivileged"
chmod 755 "$T/bin/unprivileged"
unprivileged() {
	setpriv --reuid 65534 --regid 65534 --clear-groups env ASAN_OPTIONS=detect_leaks=0 "$T/bin/unprivileged" "$@" >"$T/said" 2>"$T/stderr"
	status=$?
}
unprivileged doctor --local
check 'without privilege: --local is asked for as root' same command "$(remedy root)" 'sudo fold doctor --local'
unprivileged doctor
check 'without privilege: the same bridge is asked for as root' same command "$(remedy root)" "sudo fold doctor --bridge $BRIDGE"
check 'without privilege: who may not look at the records is told why' same command "$(remedy records)" 'run this as root'
check 'without privilege: it says so' finds root fault 'no: '
check 'without privilege: status 1' ended 1
check 'without privilege: the rules cannot be tried' finds nftables warn 'cannot be asked'

# ---- the command line ----

for words in '--nonsense' 'more' '--bridge' '--bridge sixteen-octets-xx' '--local --bridge br0'; do
	# shellcheck disable=SC2086 # words
	run_fold doctor $words
	check "fold doctor $words: 2" ended 2
	check "fold doctor $words: one line" same lines "$(wc -l <"$T/stderr")$(cat "$T/stdout")" 1
done
run_fold doctor --help
check 'fold doctor --help' grep -q 'fold doctor' "$T/stdout"

# ---- fold ls --json ----

run_fold ls --json
check 'fold ls --json of no VM: an empty array' same JSON "$(cat "$T/stdout")" '[]'
"$FOLD" --bridge "$BRIDGE" -i vm7 -4 10.0.1.7/24 "$mac" qemu-system-stay >"$T/vm7.log" 2>&1 </dev/null &
fold=$!
within 30 pgrep -x sleep >"$T/pgrep"
run_fold ls --json
kill "$fold"
check 'fold ls --json' same JSON "$(python3 -c 'import json, sys
v = json.load(sys.stdin)[0]
print(v["interface"], v["mac"], v["ipv4"], v["ipv6"], v["bridge"], v["pid"], v["hypervisor"])' <"$T/stdout")" \
	"vm7 $mac 10.0.1.7/24 None $BRIDGE $fold qemu-system-stay"
wait "$fold"
run_fold ls --nonsense
check 'fold ls --nonsense: 2' ended 2
nothing_left 'the doctor'
finish
