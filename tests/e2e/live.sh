#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# live: the files of a running VM change, in every way in which files change. What they say is in force at once; a
# fault is reported, and the last good version stays in force. The guest is notified of each change (NOTIFY_PORT); the
# test measures the delay by that.
#
#   10.0.1.0/24, fd5e:1:2:3::/64   the guest ann (.1, ::1), the container carl (.8); the routers old and new (both .90)
# shellcheck source=tests/e2e/lib.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
begin "$@"

for tool in dig busybox; do
	command -v $tool >/dev/null || bail "no $tool: make deps"
done
OLD=7a:f4:96:e0:1c:a0 NEW=7a:f4:96:e0:1c:b0
make_bridge "$BRIDGE"
container carl 10.0.1.8/24 02:00:00:00:01:08
for router in old new; do
	[ $router = old ] && mac=$OLD || mac=$NEW
	container $router 10.0.1.90/24 $mac
	ip -n $router addr add 192.0.2.1/32 dev lo
	ip -n $router neigh replace 10.0.1.1 lladdr 52:54:00:00:01:01 dev eth0
done

mkdir "$T/b" "$datapath"
file=$T/b/ann copy=$datapath/ann

# says ADDRESS [LINE...]: prints a binding that answers db. with that address.
says() {
	printf 'HOSTNAME=ann\nNAMESERVERS=10.0.1.50\nNAMESERVERS6=fd5e:1:2:3::50\nGATEWAY=10.0.1.90\nGATEWAY_MAC=%s\n' "${GATE:-$OLD}"
	printf 'NOTIFY_PORT=4242\nNOTIFY_IP=10.0.1.60\nADDRESS_LISTS=shared\nADDRESS:db.=%s\n' "$1"
	shift
	[ $# = 0 ] || printf '%s\n' "$@"
}

says 10.0.9.1 >"$file"
echo 'ADDRESS:all.=10.0.8.1' >"$datapath/address_list_shared"
machine ann
check 'the VM starts' start_vm ann 10.0.1.1/24 52:54:00:00:01:01 -6 fd5e:1:2:3::1/64 -s -b "$file"
ip -n ann addr add 10.0.1.1/24 dev eth0
ip -n ann route add default via 10.0.1.90
in_guest ann hear 4242 ack >"$T/heard" 2>&1 &
within 30 grep -q ready "$T/heard" || bail 'nobody listens'

# answer NAME: fold's answer for that name.
answer() {
	in_guest ann dig +short +tries=3 +time=$((2 * SLOW)) @10.0.1.50 "$1" A
}
gives() {
	same "$1" "$(answer "$1")" "$2"
}
told() {
	[ "$(grep -c '^[0-9]* 10.0.1.60 4242 ' "$T/heard")" -gt "$1" ]
}

check 'what the file says at the start' gives db. 10.0.9.1
check 'and the address list' gives all. 10.0.8.1
check 'nobody was told of a change' not told 0

# change COMMAND: runs it; sets $took to the milliseconds until the guest was notified, or to nothing if it was not.
change() {
	took=
	had=$(grep -c '^[0-9]* 10.0.1.60 ' "$T/heard")
	began=$(now)
	"$@"
	within 5 told "$had" >/dev/null || return 0
	took=$(($(sed -n '/^[0-9]* 10.0.1.60 /p' "$T/heard" | sed -n "$((had + 1))s/ .*//p") - began))
}

# soon: whether the last change took 100 ms at most.
soon() {
	[ -n "$took" ] || { echo 'the guest was not told'; return 1; }
	[ "$took" -le $((100 * SLOW)) ] || { echo "after $took ms"; return 1; }
}

turn=1
# way NAME FUNCTION [NAME-ASKED]: tests one way to change a file; FUNCTION puts its argument into a file as an answer.
# Each of up to three tries must give the right answer, and one of them must be quick enough, because a machine under
# load may be late.
way() {
	way_right=yes
	for _ in 1 2 3 4 5 6; do
		turn=$((turn + 1))
		change "$2" "10.0.9.$turn"
		gives "${3:-db.}" "10.0.9.$turn" >"$T/way" || { way_right=no && break; }
		soon >/dev/null && break
	done
	check "$1: in force" [ $way_right = yes ] || { detail_file "$T/way" && detail_file "$T/ann.log" 5; }
	check "$1: within 100 ms" soon
}

in_place() { says "$1" >"$file"; }
by_rename() { says "$1" >"$T/b/.new" && mv "$T/b/.new" "$file"; }
from_elsewhere() { says "$1" >"$T/new" && mv "$T/new" "$file"; }
made_anew() { rm "$file" && says "$1" >"$file"; }
made_later() { rm "$file" && sleep 0.2 && began=$(now) && says "$1" >"$file"; }
by_sed() { sed -i "s/^ADDRESS:db.=.*/ADDRESS:db.=$1/" "$file"; }
by_link() { says "$1" >"$T/b/other" && ln -f "$T/b/other" "$file"; }
by_directory() {
	mkdir "$T/c" && says "$1" >"$T/c/ann" && mv "$T/b" "$T/gone" && mv "$T/c" "$T/b" && rm -r "$T/gone"
}
with_crlf() { says "$1" | sed 's/$/\r/' >"$file"; }
without_newline() { printf %s "$(says "$1")" >"$file"; }
with_mark() { { printf '\357\273\277' && says "$1"; } >"$file"; }
in_copy() { sed -i "s/^ADDRESS:db.=.*/ADDRESS:db.=$1/" "$copy"; }
in_copy_place() { sed "s/^ADDRESS:db.=.*/ADDRESS:db.=$1/" "$copy" >"$T/edited" && cat "$T/edited" >"$copy"; }
list_in_place() { echo "ADDRESS:all.=$1" >"$datapath/address_list_shared"; }
list_by_rename() { echo "ADDRESS:all.=$1" >"$T/list" && mv "$T/list" "$datapath/address_list_shared"; }
list_anew() { rm "$datapath/address_list_shared" && sleep 0.1 && began=$(now) && list_in_place "$1"; }
list_named() { echo "ADDRESS:more.=$1" >"$datapath/address_list_more" && says 10.0.9.1 ADDRESS_LISTS=more >"$file"; }
list_later() { echo "ADDRESS:more.=$1" >"$datapath/address_list_more"; }

way 'an edit in place' in_place
way 'a rename within the directory' by_rename
way 'a rename from elsewhere' from_elsewhere
way 'removed and made anew' made_anew
way 'removed, and made anew later' made_later
way 'sed -i' by_sed
way 'a hard link' by_link
way 'another directory in its place' by_directory
way 'an edit after all that' in_place
way 'lines that end in CR LF' with_crlf
way 'no newline at the end' without_newline
way 'a byte order mark' with_mark
way 'once more in place' in_place
way 'the address list, in place' list_in_place all.
way 'the address list, by a rename' list_by_rename all.
way 'the address list, removed and made anew' list_anew all.
way 'another address list is named' list_named more.
way 'and edited' list_later more.

# ---- the -b file and the copy: the last change counts ----

before=$(cat "$file")
way "an edit of the VM's copy" in_copy
way "an edit of the VM's copy, in place" in_copy_place
check 'the -b file is left alone' same text "$(cat "$file")" "$before"
chmod 600 "$file"
sleep 0.2
check "the -b file's mode is no change" gives db. "10.0.9.$turn"
way 'the -b file after it' in_place
in_force() {
	says "10.0.9.$turn" | cmp - "$file" && sed '1,8d' "$copy" | cmp - "$file"
}
check 'and the copy says the same' within 5 in_force
head_is() {
	same head "$(sed -n 1,7p "$copy" | tr '\n' ' ')" \
		"MAC=52:54:00:00:01:01 IP=10.0.1.1 SUBNET=10.0.1.0/24 IP6=fd5e:1:2:3::1 SUBNET6=fd5e:1:2:3::/64 BRIDGE=$BRIDGE MTU=1500 "
}
check 'behind who the VM is' head_is
had=$(grep -c '^[0-9]* 10.0.1.60 ' "$T/heard")
sleep 0.3
check 'which is no edit by somebody' not told "$had"
same_copy() { touch "$copy"; }
change same_copy
check 'nor is a touch of the copy' [ -z "$took" ]

# ---- who may read the copy: only those who may read the -b file ----

mode_is() {
	same mode "$(stat -c %a "$copy")" "$1"
}
check 'the copy has the mode of the -b file' mode_is "$(stat -c %a "$file")"
chmod 600 "$file"
check 'which is taken away from others: so is the copy' within 5 mode_is 600
chmod 644 "$file"
check 'which is given back: so is the copy' within 5 mode_is 644

# ---- the VM's identity stays ----

other_address() { sed -i 's/^IP=.*/IP=10.0.1.77/' "$copy"; }
change other_address
check 'another address in the copy: it is said that it has no effect' grep -q "$copy:2: IP is not what the VM was started with" "$T/ann.log"
other_mac() { sed -i 's/^MAC=.*/MAC=52:54:00:00:01:77/; s/^ADDRESS:db.=.*/ADDRESS:db.=10.0.9.99/' "$copy"; }
other_mac
check 'another MAC: so has nothing in it' within 5 grep -q "$copy:1: MAC is not what the VM was started with; nothing in this file" "$T/ann.log"
check 'and it has not' gives db. "10.0.9.$turn"
ip -n ann addr add 10.0.1.77/24 dev eth0
reaches() {
	in_guest ann ping -n -q -c 2 -i 0.2 -W "$SLOW" "$@"
}
check 'the VM may not use it' not reaches -I 10.0.1.77 10.0.1.8
check 'it uses its own' reaches -I 10.0.1.1 10.0.1.8
ip -n ann addr del 10.0.1.77/24 dev eth0
way 'the -b file once more' in_place

# ---- bad files: the last good version stays in force, and the faulty line is named ----

good=$turn
seen() {
	tail -n "+$((log_lines + 1))" "$T/ann.log" | grep -qF "$1"
}

# bad NAME WHAT-IS-SAID COMMAND...: tests that the file that COMMAND makes is reported so and changes nothing.
bad() {
	log_lines=$(wc -l <"$T/ann.log")
	bad_name=$1 bad_said=$2
	shift 2
	bad_had=$(grep -c '^[0-9]* 10.0.1.60 ' "$T/heard")
	"$@"
	check "$bad_name: it is said" within 5 seen "$bad_said" || detail_file "$T/ann.log" 5
	sleep 0.1
	check "$bad_name: what was before is in force" gives db. "10.0.9.$good"
	check "$bad_name: the guest is not told" not told "$bad_had"
	check "$bad_name: it is said once" same times "$(tail -n "+$((log_lines + 1))" "$T/ann.log" | grep -cF "$bad_said")" 1
	rm -rf "$file"
	sleep 0.1
}

line() { { says 10.0.9.250 && printf '%b\n' "$1"; } >"$file"; }
bad 'a value that is none' "$file:10: MTU=x: " line MTU=x
bad 'a line that is none' "$file:10: is not KEY=VALUE" line nonsense
bad 'a gateway elsewhere' "$file:10: GATEWAY is outside the VM's subnet" line GATEWAY=10.0.2.1
bad "the VM's own address as a service's" "$file:10: the address for the DHCP server is the VM's own" line DHCP_SERVER_IP=10.0.1.1
bad 'a NUL' "$file:10: is not a text file" line 'HOSTNAME=a\0000b'
bad 'an escape' "$file:10: is not a text file" line 'HOSTNAME=\0033[0m'
bad 'a name above 253 octets' "$file:10: ADDRESS:" line "ADDRESS:$(printf 'a%.0s' $(seq 64)).=10.0.1.1"
bad 'the port of DNS for notifications' "$file:10: NOTIFY_PORT=53" line NOTIFY_PORT=53
too_large() { { says 10.0.9.250 && yes '# large' | head -c 2097152; } >"$file"; }
bad '2 MiB' "$file: is larger than 1024 KiB" too_large
# The writer pauses after the first half, which is valid and has another answer; the second half is faulty.
slowly() {
	says 10.0.9.250 | python3 -c '
import os, sys, time
text = sys.stdin.buffer.read()
if os.path.exists(sys.argv[1]):
    os.unlink(sys.argv[1])
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT, 0o644)
os.write(fd, text)
time.sleep(0.3)
os.write(fd, b"MTU=x\n")
os.close(fd)' "$file"
}
bad 'made slowly' "$file:10: MTU=x: " slowly
says "10.0.9.$good" >"$file"
sleep 0.3
bad 'removed and made slowly' "$file:10: MTU=x: " slowly
bad 'a pipe' "$file: is not a regular file" mkfifo "$file"
bad 'a directory' "$file: is not a regular file" mkdir "$file"
says 10.0.9.250 >"$T/b/elsewhere"
bad 'a symbolic link' "$file: is a symbolic link" ln -s elsewhere "$file"
no_gateway_mac() { says 10.0.9.250 | grep -v GATEWAY_MAC >"$file"; }
bad 'a GATEWAY without its MAC' "$file:4: GATEWAY stands without GATEWAY_MAC" no_gateway_mac
way 'a good one after all those' in_place
good=$turn
bad 'a file that is gone' "$file: is gone" rm "$file"
list_bad() { printf '# shared\nADDRESS:all.=x\n' >"$datapath/address_list_shared"; }
was_all=$(answer all.)
log_lines=$(wc -l <"$T/ann.log")
list_bad
check 'a bad address list: it is said' within 5 seen "$datapath/address_list_shared:2: ADDRESS:all.=x: "
check 'a bad address list: what it said before is in force' gives all. "$was_all"
rm "$datapath/address_list_shared"
check 'an address list that is gone: it is said' within 5 seen "$datapath/address_list_shared: cannot be opened"
check 'an address list that is gone: what it said before is in force' gives all. "$was_all"
way 'the binding goes on meanwhile' in_place
check 'with what the list said' gives all. "$was_all"
way 'the address list comes back' list_in_place all.

# The writer pauses in the middle: half of what it writes must never be in force.
was_db=$(answer db.)
(
	says "10.0.9.$turn" | head -n 3
	sleep 0.3
	answer db. >"$T/meanwhile"
	says 10.0.9.251 | tail -n +4
) >"$file"
check 'half a file is not in force' same db. "$(cat "$T/meanwhile")" "$was_db"
check 'the whole one is' within 5 gives db. 10.0.9.251

# ---- the gateway's MAC: the rules change with it ----

# through MAC: whether ann reaches an address behind the router by that MAC.
through() {
	ip -n ann neigh replace 10.0.1.90 lladdr "$1" dev eth0 nud permanent
	reaches 192.0.2.1
}
check 'through the gateway' through $OLD
check 'through nobody else' not through $NEW
other_gateway() { GATE=$NEW && says "$1" >"$file"; }
way "another GATEWAY_MAC" other_gateway
check 'through the new one' through $NEW
check 'and the old one no more' not through $OLD
no_gateway() { says "$1" | grep -v GATEWAY >"$file"; }
way 'no GATEWAY' no_gateway
check 'through nobody' not through $NEW
check 'the subnet is still there' reaches 10.0.1.8
way 'and the GATEWAY again' in_place
check 'it is the way once more' through $NEW
check 'no packet of its own was lost by the rules meanwhile' reaches 10.0.1.8

# ---- router advertisements ----

TALK_FILTER='icmp6 and ip6[40] = 134' TALK_WORDS=dhcp6.awk
listen ann

# advertised NAME WORDS SED-COMMAND: edits the binding; tests that the guest then gets an advertisement with these
# words.
advertised() {
	forget ann
	says 10.0.9.252 | sed "$3" >"$T/b/.new"
	mv "$T/b/.new" "$file"
	exchange "$1" ann 5 "$2"
}
advertised 'other name servers are advertised at once, and the old one withdrawn' \
	'in ra 0 MO prefix fd5e:1:2:3::/64 L mtu 1500 dns fd5e:1:2:3::51 no dns fd5e:1:2:3::50 to ff02::1' \
	's/^NAMESERVERS6=.*/NAMESERVERS6=fd5e:1:2:3::51/'
# The first advertisement may be lost; those that follow it soon repeat all of it.
forget ann
exchange 'and once more' ann 20 'in ra 0 MO prefix fd5e:1:2:3::/64 L mtu 1500 dns fd5e:1:2:3::51 no dns fd5e:1:2:3::50 to ff02::1'
advertised 'another MTU too' \
	'in ra 0 MO prefix fd5e:1:2:3::/64 L mtu 1400 dns fd5e:1:2:3::50 no dns fd5e:1:2:3::51 to ff02::1' '$aMTU=1400'
advertised 'and that the MTU is the old one again, and again what is withdrawn' \
	'in ra 0 MO prefix fd5e:1:2:3::/64 L mtu 1500 dns fd5e:1:2:3::50 no dns fd5e:1:2:3::51 to ff02::1' '$aDOMAIN=plain.example'
advertised 'a search list too' 'in ra 0 MO' '$aDOMAIN_SEARCH=live.example'
# The name "live" in DNS encoding (04 l i v e) is in the last frame.
check 'with its names' sh -c "tail -n 1 '$T/ann.frames' | grep -q 046c697665"
forget ann
says 10.0.9.253 'DOMAIN_SEARCH=live.example' 'TXT:a.=no business of routers' >"$file"
check 'what is in no advertisement' within 5 gives db. 10.0.9.253
silent() {
	said ann 'in ra' && return 1
	return 0
}
check 'makes none' silent

# A tunnel to another host is made a port of the bridge, which then has the tunnel's MTU.
mtu_is() { same MTU "$(cat "/sys/class/net/$1/mtu")" "$2"; }
forget ann
ip link add tunnel mtu 1400 type veth peer name tunnel1
ip link set tunnel master "$BRIDGE"
check 'the bridge has a lower MTU now' mtu_is "$BRIDGE" 1400
exchange 'it is advertised at once' ann 5 'in ra 0 MO prefix fd5e:1:2:3::/64 L mtu 1400'
advertised 'a change of the binding keeps it' \
	'in ra 0 MO prefix fd5e:1:2:3::/64 L mtu 1400 dns fd5e:1:2:3::51 no dns fd5e:1:2:3::50 to ff02::1' \
	's/^NAMESERVERS6=.*/NAMESERVERS6=fd5e:1:2:3::51/'
forget ann
ip link del tunnel
exchange 'the tunnel goes, and the MTU is the old one again' ann 5 'in ra 0 MO prefix fd5e:1:2:3::/64 L mtu 1500'
advertised "the binding's own" 'in ra 0 MO prefix fd5e:1:2:3::/64 L mtu 1300' '$aMTU=1300'
forget ann
ip link set "$BRIDGE" mtu 1400
sleep $((2 * SLOW))
check "is not changed by the bridge's" silent
advertised 'it is removed, and the MTU is that of the bridge' 'in ra 0 MO prefix fd5e:1:2:3::/64 L mtu 1400' ''
forget ann
ip link set "$BRIDGE" mtu 9000
exchange 'a higher one is advertised, too' ann 5 'in ra 0 MO prefix fd5e:1:2:3::/64 L mtu 9000'
check 'and the tap can take it' mtu_is ann 9000
check 'the bridge has it still' mtu_is "$BRIDGE" 9000
forget ann
ip link set "$BRIDGE" mtu 1000
sleep $((2 * SLOW))
check 'one that is too low for IPv6 is not advertised' silent
ip link set "$BRIDGE" mtu 1500

# ---- questions and leases while the file changes again and again ----

discover=$(craft dhcp smac=52:54:00:00:01:01 flags=0)
flood=$((SLOW > 1 ? 300 : 2000)) reloads=$((SLOW > 1 ? 40 : 200))
in_guest ann frames sniff eth0 -d in -f 'udp and src port 67' -t $((60 * SLOW)) -n $flood >"$T/offers" 2>&1 &
sniffer=$!
within 30 grep -q '^# sniffing' "$T/offers"
had=$(grep -c ' is in force as it is now' "$T/ann.log")
in_guest ann frames send eth0 -c $flood -r $((flood / (SLOW > 1 ? 30 : 10))) "$discover" &
i=0
while [ $i -lt $reloads ]; do
	i=$((i + 1))
	says 10.0.9.$((i % 200)) >"$T/b/.new"
	mv "$T/b/.new" "$file"
	sleep 0.05
done
wait $sniffer
check "all $flood DHCPDISCOVERs are answered meanwhile" same offers "$(grep -c '^in ' "$T/offers")" $flood
# fold may read two of these changes at once.
changes=$(($(grep -c ' is in force as it is now' "$T/ann.log") - had))
check "of $reloads changes most were in force ($changes)" [ "$changes" -ge $((reloads / (2 * SLOW))) ]
check 'the last one is' within 5 gives db. 10.0.9.$((reloads % 200))

# ---- ten thousand names ----

many() {
	says "$1"
	awk 'BEGIN { for (i = 0; i < 10000; i++) printf "ADDRESS:host%d.many.=10.%d.%d.%d\n", i, 1 + i / 65536, i / 256 % 256, i % 256 }'
}
many_in_place() {
	many "$1" >"$T/b/.new"
	began=$(now)
	mv "$T/b/.new" "$file"
}
way 'a file of 10,000 names' many_in_place
way 'and another one' many_in_place
check 'the last name' gives host9999.many. 10.1.39.15
check 'they are in the copy' within 5 sh -c "[ \$(grep -c many. '$copy') = 10000 ]"

check 'the VM ends' stop_vm ann
rm "$datapath"/address_list_*
nothing_left 'the VM'

# ---- a user's private file, which root may read and the responder, without root's privileges, may not ----

private=$T/private
mkdir -m 700 "$private"
printf 'NAMESERVERS=10.0.1.50\nADDRESS:db.=10.0.9.1\n' >"$private/ann"
chmod 600 "$private/ann"
chown -R nobody "$private"
check 'a VM with a private file starts' start_vm ann 10.0.1.1/24 52:54:00:00:01:01 -b "$private/ann"
ip -n ann addr add 10.0.1.1/24 dev eth0
privately() {
	setpriv --reuid nobody --clear-groups sh -c "umask 077; printf 'NAMESERVERS=10.0.1.50\nADDRESS:db.=10.0.9.2\n' >'$private/.new'
		mv '$private/.new' '$private/ann'"
}
check 'it is replaced' privately
check 'and in force' within 5 gives db. 10.0.9.2
# One process has the file open for writing for a long time, while another edits it.
exec 9>>"$private/ann"
printf 'NAMESERVERS=10.0.1.50\nADDRESS:db.=10.0.9.4\n' >"$private/ann"
check 'it is open for writing: that is said after a while' within 10 grep -q "$private/ann: somebody has it open for writing" "$T/ann.log"
check 'and what it said before is in force' gives db. 10.0.9.2
exec 9>&-
check 'until it is closed' within 5 gives db. 10.0.9.4
check 'the VM ends' stop_vm ann
check 'bob starts' start_vm bob 10.0.1.2/24 52:54:00:00:01:02 -b "$file"

# ---- without a -b file: the copy is all there is ----

check 'bob ends' stop_vm bob
check 'a VM without a file starts' start_vm bob 10.0.1.2/24 52:54:00:00:01:02
ip -n bob addr add 10.0.1.2/24 dev eth0
printf 'NAMESERVERS=10.0.1.50\nADDRESS:db.=10.0.9.3\n' >>"$datapath/bob"
bob_gives() {
	same db. "$(in_guest bob dig +short +tries=1 +time=$SLOW @10.0.1.50 db. A)" "$1"
}
check 'its copy is edited, and in force' within 5 bob_gives 10.0.9.3
rm "$datapath/bob"
check 'its copy is removed: it is said' within 5 grep -q "$datapath/bob: is gone" "$T/bob.log"
check 'and what it said is in force' bob_gives 10.0.9.3
check 'bob ends, too' stop_vm bob
nothing_left 'the others'
finish
