#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# badinput: fold reports every error in one line on stderr that names its cause, with the right exit status (2: the
# command line, 125: fold failed, 126, 127: the hypervisor's), prints nothing on stdout and leaves nothing behind.
# shellcheck source=tests/e2e/lib.sh disable=SC2317 # most functions are called by name
. "$(dirname "$0")/lib.sh"
begin "$@"

mac=52:54:00:12:34:56
make_bridge "$BRIDGE"
hypervisor true <<'END'
exit 0
END
hypervisor stay <<'END'
: >"$HV_OUT"
exec sleep 1000
END

# said STATUS TEXT: whether the last run_fold ended with that status and one line on stderr that has TEXT, and left
# nothing. Where $running is set, something was there before and is expected to be there still.
said() {
	ended "$1" || return
	[ "$(wc -l <"$T/stderr")" = 1 ] || {
		echo 'not one line on stderr:'
		cat "$T/stderr"
		return 1
	}
	grep '^fold: ' "$T/stderr" | grep -qF -e "$2" || {
		echo "does not begin with \"fold: \" or lacks \"$2\":"
		cat "$T/stderr"
		return 1
	}
	if LC_ALL=C grep -q '[^ -~]' "$T/stderr"; then
		echo 'unprintable characters on stderr'
		return 1
	fi
	same stdout "$(cat "$T/stdout")" '' && { [ -n "${running:-}" ] || within 2 remains; }
}

# refused NAME STATUS TEXT ARGUMENT...: a test that fold, run with these arguments, fails so.
refused() {
	name=$1 want=$2 text=$3
	shift 3
	run_fold "$@"
	check "$name" said "$want" "$text"
}

# vm NAME STATUS TEXT ARGUMENT...: the same, with a valid VM's flags in front and a valid hypervisor behind.
vm() {
	name=$1 want=$2 text=$3
	shift 3
	refused "$name" "$want" "$text" --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$@" "$mac" qemu-system-true
}

# The flags that the other tests take for valid are valid: else those tests would prove nothing.
run_fold --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$mac" qemu-system-true
check 'what is right is not refused' same 'status, stdout and stderr' "$status$(cat "$T/stdout" "$T/stderr")" 0

# ---- the command line ----

refused 'neither -4 nor -6' 2 '-4' --bridge "$BRIDGE" -i vm0 "$mac" qemu-system-true
for address in 10.0.1.256/24 10.0.1/24 10.0.1.1.1/24 4294967297/24 010.0.1.1/24 10.0.1.-1/24 vm.example/24 '' / 10.0.1.1 \
	10.0.1.1/ 10.0.1.1/33 10.0.1.1/-1 10.0.1.1/24x 10.0.1.1/255.255.255.0 ' 10.0.1.1/24' fde5::1/64 \
	10.0.1.1/0 0.0.0.0/0 10.0.1.0/24 10.0.1.255/24 10.0.1.4/30 10.0.1.7/30 10.0.0.0/8 255.255.255.255/32 0.0.0.1/8 \
	127.0.0.1/8 224.0.0.1/24 240.0.0.1/24; do
	refused "-4 '$address'" 2 "-4 $address" --bridge "$BRIDGE" -i vm0 -4 "$address" "$mac" qemu-system-true
done
vm '-4 twice' 2 '-4 10.0.1.2/24' -4 10.0.1.2/24
for good in 10.0.1.0/31 10.0.1.1/31 10.0.1.1/32 10.0.1.2/30; do
	run_fold --bridge "$BRIDGE" -i vm0 -4 "$good" "$mac" qemu-system-true
	check "-4 $good is a host's address" ended 0
done

for bad in 01:00:5e:00:00:01 ff:ff:ff:ff:ff:ff 53:54:00:12:34:56; do
	refused "a multicast MAC: $bad" 2 "$bad: a multicast MAC" --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$bad" qemu-system-true
done
refused 'the zero MAC' 2 '00:00:00:00:00:00: the zero MAC' --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 00:00:00:00:00:00 qemu-system-true
for bad in 52:54:00:12:34 52:54:00:12:34:56:78 52:54:00:12:34:5g 52540012:34:56 52:54:0:12:34:56 525400123456 \
	52:54:00:12:34:056 '52:54:00:12:34:56 ' nonsense 'list'; do
	refused "a malformed MAC: '$bad'" 2 "$bad" --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$bad" qemu-system-true
done
refused 'an empty MAC' 2 'MAC' --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 '' qemu-system-true
refused 'no MAC at all' 2 'MAC' --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24
refused 'a MAC of control characters' 2 'MAC' --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$(printf 'a\033[31m\nb')" qemu-system-true

for bad in sixteen-octets-- a-name-far-beyond-all-that-the-kernel-would-take a/b /ab ../ab . .. 'a b' 'a:b'; do
	refused "-i '$bad'" 2 "-i $bad" --bridge "$BRIDGE" -i "$bad" -4 10.0.1.1/24 "$mac" qemu-system-true
done
refused "-i ''" 2 '-i' --bridge "$BRIDGE" -i '' -4 10.0.1.1/24 "$mac" qemu-system-true
refused '-i with control characters' 2 '-i' --bridge "$BRIDGE" -i "$(printf 'a\033b\nc')" -4 10.0.1.1/24 "$mac" qemu-system-true
ip link add taken type veth peer name taken2
refused '-i of an interface that is there' 125 'interface taken: ' --bridge "$BRIDGE" -i taken -4 10.0.1.1/24 "$mac" qemu-system-true
check 'which is left alone' ip link show taken
ip link add full0 type bridge
seq 1023 | sed 's/.*/tuntap add dev f& mode tap\nlink set f& master full0/' >"$T/ports"
ip -batch "$T/ports" || bail 'a bridge with 1,023 ports cannot be made'
running=yes # the other ports
HV_OUT=$T/began refused 'a bridge without a free port' 125 'bridge full0: is full' \
	--bridge full0 -i vm0 -4 10.0.1.1/24 "$mac" qemu-system-stay
running=
seq 0 1023 | sed 's/.*/link del f&/; s/f0$/full0/' >"$T/ports"
ip -batch "$T/ports"
check 'a bridge without a free port: nothing is left' within 2 remains
nft add table netdev fold-vm0
running=yes
refused "a table of somebody else's" 125 'interface vm0: a table netdev fold-vm0 is there that no fold uses; remove it: ' --bridge "$BRIDGE" \
	-i vm0 -4 10.0.1.1/24 "$mac" qemu-system-true
check 'it is there still' nft list table netdev fold-vm0
nft delete table netdev fold-vm0
running=
set --
for i in $(seq 200); do set -- "$@" -m "239.1.1.$i" -m "239.1.2.$i"; done
refused 'more groups than fit' 125 'interface vm0: its rules cannot be filled: more rules than one transaction can have; list fewer groups' \
	--bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$@" "$mac" qemu-system-true
refused '-i lo' 125 'interface lo: ' --bridge "$BRIDGE" -i lo -4 10.0.1.1/24 "$mac" qemu-system-true

for bad in 10.0.1.1 223.255.255.255 240.0.0.1 224.0.0.0/3 239.1.2.3/24 239.1.2.0/33 239.1.2 all; do
	vm "-m '$bad'" 2 "-m $bad" -m "$bad"
done
vm '-i twice' 2 '-i vm1: given twice' -i vm1
vm '--bridge twice' 2 "--bridge $BRIDGE: given twice" --bridge "$BRIDGE"
vm '-b twice' 2 "-b $T/b: given twice" -b "$T/a" -b "$T/b"
vm '--transport twice' 2 '--transport auto: given twice' --transport auto --transport auto
vm '-k twice' 2 "-k $T/b: given twice" -k "$T/a" -k "$T/b"
vm '-d twice' 2 "-d $T/b: given twice" -d "$T/a" -d "$T/b"
for name in all default; do
	refused "-i $name" 2 "-i $name: the kernel keeps this name" --bridge "$BRIDGE" -i "$name" -4 10.0.1.1/24 "$mac" qemu-system-true
done
for flag in --verbose=1 --local=x --help=; do
	vm "$flag" 2 "$flag: takes no value" "$flag"
done
refused 'mkaddress --full=yes' 2 'mkaddress: --full=yes: takes no value' mkaddress --full=yes
refused 'flags behind the MAC address' 2 "-4: stands behind the MAC address" --bridge "$BRIDGE" -i vm0 "$mac" -4 10.0.1.1/24 qemu-system-true
for word in list help version; do
	refused "$word, which is no command" 2 "$word: not a MAC address of six hex pairs, such as 52:54:00:12:34:56, nor a command; see" "$word"
done
for word in ls doctor mkaddress; do
	refused "$word behind flags" 2 "$word: a command comes first, before all flags; see" --bridge "$BRIDGE" "$word"
done
vm 'an unknown flag' 2 '-Z' -Z
vm 'an unknown long flag' 2 '--no-such-flag' --no-such-flag
vm '--transport of an unknown name' 2 '--transport pigeon' --transport pigeon
refused 'a flag without its value' 2 '-i' -4 10.0.1.1/24 -i
refused 'a long flag without its value' 2 '--bridge' -4 10.0.1.1/24 --bridge
refused '--local with --bridge' 2 '--local' --local --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$mac" qemu-system-true
refused 'no hypervisor' 2 'hypervisor' --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$mac"
for bad in true /bin/sh qemu-img qemu-system- kvmtool -x ''; do
	refused "an unknown hypervisor: '$bad'" 2 "$bad" --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$mac" "$bad"
done
refused 'an unknown command' 2 'frobnicate' frobnicate
long=$(head -c 5000 /dev/zero | tr '\0' 1)
vm 'a word far too long: what is wrong with it is still said' 2 ': not a multicast group or block' -m "$long"
for word in ls gc lamac; do
	refused "$word with control characters" 2 'a?[31m?b: ' "$word" "$(printf 'a\033[31m\nb')"
done
refused 'inspect of a name with control characters' 125 'a?[31m?b: no VM' inspect "$(printf 'a\033[31m\nb')"

# ---- the command line: IPv6 ----

# vm6 NAME STATUS TEXT ARGUMENT...: the same, with a valid VM's flags but no address in front, and a valid hypervisor
# behind.
vm6() {
	name=$1 want=$2 text=$3
	shift 3
	refused "$name" "$want" "$text" --bridge "$BRIDGE" -i vm0 "$@" "$mac" qemu-system-true
}
prefix=fde5:824d:d315:3bb1::/64
head -c 64 /dev/urandom >"$T/key"
chmod 600 "$T/key"
mkdir "$T/images"

for bad in fde5:: fde5::/ fde5::/129 fde5::/-1 fde5::/64x /64 '' 10.0.1.1/24 fde5:/64 g::/64 fde5::/64/64 fe80::1%lo/64 auto; do
	vm6 "-6 '$bad'" 2 "-6 $bad" -6 "$bad"
done
for bad in ff02::/64 ff02::1/64 ::/64 ::/128 ::1/128 ::ffff:10.0.1.1/128 fe80::/64 fe80::1/64 fde5::/0; do
	vm6 "-6 $bad" 2 "-6 $bad: " -6 "$bad"
	vm6 "-6 $bad with -s" 2 "-6 $bad: " -s -6 "$bad"
	vm6 "-6 $bad with -k" 2 "-6 $bad: " -6 "$bad" -k "$T/key" -d "$T/images"
done
for bad in fde5::/48 fde5::/63 fde5::/65 fde5::/128; do
	vm6 "-6 $bad" 2 "-6 $bad: " -6 "$bad"
	vm6 "-6 $bad with -k" 2 "-6 $bad: " -6 "$bad" -k "$T/key" -d "$T/images"
done
vm6 '-6 with bits behind the prefix' 2 '-6 fde5::7/64: bits are set behind the prefix' -6 fde5::7/64
vm6 '-6 with bits behind the prefix and -k' 2 '-6 fde5::7/64: bits are set behind the prefix' -6 fde5::7/64 -k "$T/key"
vm6 "-s with the prefix's own address" 2 "-6 $prefix: with -s" -s -6 "$prefix"
vm6 '-6 twice' 2 '-6 fde6::/64: given twice' -6 "$prefix" -6 fde6::/64
vm6 '-s without -6' 2 '-s: ' -s -4 10.0.1.1/24
vm6 '-k without -6' 2 "-k $T/key: " -k "$T/key" -4 10.0.1.1/24
vm6 '-d without -k' 2 "-d $T/images: " -d "$T/images" -6 "$prefix"
vm6 '-s with -k' 2 '-s: ' -s -k "$T/key" -6 fde5::7/64
for bad in fde5::1 ff00::/7 ff15::1/64 ff15::1/129 ff15: ff15::%lo; do
	vm6 "-m $bad" 2 "-m $bad" -6 "$prefix" -m "$bad"
done
vm6 '-m of IPv6 without -6' 2 '-m ff15::1' -4 10.0.1.1/24 -m ff15::1
vm6 '-m of IPv4 without -4' 2 '-m 239.1.2.3' -6 "$prefix" -m 239.1.2.3
refused '-4 auto with -6' 2 '-4 auto: ' --local -i vm0 -4 auto -6 "$prefix"
run_fold --bridge "$BRIDGE" -i vm0 -6 "$prefix" -k "$T/key" -d "$T/images" "$mac" qemu-system-true
check 'the IPv6 words that are good' same 'status, stdout and stderr' "$status$(cat "$T/stdout" "$T/stderr")" 0
ip link set "$BRIDGE" mtu 1279
vm6 'a bridge with an MTU that IPv6 cannot use' 125 '1280' -6 "$prefix"
ip link set "$BRIDGE" mtu 1500

chmod 640 "$T/key"
run_fold --bridge "$BRIDGE" -i vm0 -6 "$prefix" -k "$T/key" -d "$T/images" "$mac" qemu-system-true
check 'a key that others may read is warned of, no more' said 0 "warning: -k $T/key: others than its owner may read this secret"
chmod 600 "$T/key"

# ---- the key and its image ----

# keyed NAME TEXT ARGUMENT...: a test that these arguments of -k are refused, and that no image is made.
keyed() {
	name=$1 text=$2
	shift 2
	vm6 "$name" 125 "$text" -6 "$prefix" "$@"
	check "$name: no image" same files "$(find "$T/images" -mindepth 1)" ''
}
head -c 63 "$T/key" >"$T/short"
keyed 'a key that is too short' "-k $T/short: " -k "$T/short" -d "$T/images"
: >"$T/empty"
keyed 'a key that is empty' "-k $T/empty: " -k "$T/empty" -d "$T/images"
keyed 'a key that does not exist' "-k $T/none: the key cannot be opened: No such file or directory; \`fold keygen" -k "$T/none" -d "$T/images"
keyed 'a key without a name' '-k : ' -k '' -d "$T/images"
keyed 'a key that is a directory' "-k $T: " -k "$T" -d "$T/images"
keyed 'a key that is a device' '-k /dev/zero: ' -k /dev/zero -d "$T/images"
mkfifo "$T/keypipe"
keyed 'a key that is a pipe' "-k $T/keypipe: " -k "$T/keypipe" -d "$T/images"
keyed 'a key that cannot be read' '-k /proc/self/mem: ' -k /proc/self/mem -d "$T/images"
keyed 'an image directory that does not exist' "-d $T/none: the image's directory: No such file or directory; make it" -k "$T/key" -d "$T/none"
keyed 'an image directory that is a file' "$T/key/rdiscd_vm0.img: " -k "$T/key" -d "$T/key"
keyed 'an image directory in which nothing can be made' /proc/rdiscd_vm0.img -k "$T/key" -d /proc
mkdir "$T/images/a,b"
vm6 'an image directory with a comma' 125 "$T/images/a,b: " -6 "$prefix" -k "$T/key" -d "$T/images/a,b"
rmdir "$T/images/a,b"
mount -t tmpfs -o ro none "$T/images"
keyed 'an image directory that may not be written' "$T/images/rdiscd_vm0.img: " -k "$T/key" -d "$T/images"
umount "$T/images"
mount -t tmpfs -o size=1024k none "$T/images"
keyed 'a disk that is full' "$T/images/rdiscd_vm0.img: cannot be written: No space left" -k "$T/key" -d "$T/images"
umount "$T/images"

# there NAME: a file that stands where the image would go is an error, and is left as it is.
there() {
	before=$(cd "$T/images" && find . -ls | awk '{ print $1, $3, $5, $7, $11, $12, $13 }' && cat "$T/precious")
	vm6 "$1" 125 "$T/images/rdiscd_vm0.img: exists already" -6 "$prefix" -k "$T/key" -d "$T/images"
	check "$1: stays as it was" same files \
		"$(cd "$T/images" && find . -ls | awk '{ print $1, $3, $5, $7, $11, $12, $13 }' && cat "$T/precious")" "$before"
	rm -rf "$T/images/rdiscd_vm0.img"
}
echo precious >"$T/precious"
echo mine >"$T/images/rdiscd_vm0.img"
there "somebody's file where the image goes"
ln -s "$T/precious" "$T/images/rdiscd_vm0.img"
there "a link to somebody's file where the image goes"
ln -s "$T/nowhere" "$T/images/rdiscd_vm0.img"
there 'a link to nowhere where the image goes'
check 'and nowhere has not been made' not ls "$T/nowhere"
mkdir "$T/images/rdiscd_vm0.img"
there 'a directory where the image goes'
head -c 1474560 /dev/zero >"$T/images/rdiscd_vm0.img"
mke2fs -q -F "$T/images/rdiscd_vm0.img" >/dev/null 2>&1
there "somebody's disk image where the image goes"
ln -s "$T/precious" "$T/images/.rdiscd_vm0.img.new"
run_fold --bridge "$BRIDGE" -i vm0 -6 "$prefix" -k "$T/key" -d "$T/images" "$mac" qemu-system-true
check 'a link where the image is written before it has its name' same 'status, files and what it points to' \
	"$status $(find "$T/images" -mindepth 1) $(cat "$T/precious")" '0  precious'

# ---- mkaddress and keygen ----

for line in "-m $mac $prefix" "-k $T/key $prefix" "$prefix" '' "-m $mac -k" "-x -m $mac -k $T/key $prefix" "--half -m $mac -k $T/key $prefix"; do
	# shellcheck disable=SC2086 # words
	refused "mkaddress $line" 2 'mkaddress: ' mkaddress $line
done
for bad in 52:54:00:12:34 x '' 53:54:00:12:34:56 ff:ff:ff:ff:ff:ff 00:00:00:00:00:00; do
	refused "mkaddress -m '$bad'" 2 "mkaddress: -m $bad: " mkaddress -m "$bad" -k "$T/key" "$prefix"
done
for bad in fde5:: fde5::/128 fde5::/0 fde5::/x fde5::7/64 ff02::/64 ::/64 fe80::/64 10.0.1.1/24 ''; do
	refused "mkaddress '$bad'" 2 "mkaddress: $bad: " mkaddress -m "$mac" -k "$T/key" "$bad"
done
refused 'mkaddress without a prefix' 2 'mkaddress: the prefix' mkaddress -m "$mac" -k "$T/key"
refused 'mkaddress with a word too many' 2 'mkaddress: more: ' mkaddress -m "$mac" -k "$T/key" "$prefix" stable-privacy more
refused 'mkaddress of another kind' 2 'mkaddress: macaddr: ' mkaddress -m "$mac" -k "$T/key" "$prefix" macaddr
refused 'mkaddress with a short key' 125 "-k $T/short: " mkaddress -m "$mac" -k "$T/short" "$prefix"
refused 'mkaddress with no key' 125 "-k $T/none: " mkaddress -m "$mac" -k "$T/none" "$prefix"
refused 'keygen without a file' 2 'keygen: ' keygen
refused 'keygen with two' 2 'keygen: ' keygen "$T/k1" "$T/k2"
for bad in -v --quiet -; do
	refused "keygen $bad" 2 "keygen: $bad: unknown flag; a file of that name is ./$bad" keygen "$bad"
done
# helped COMMAND: --help and -h print the usage whatever other arguments there are, and do nothing else.
helped() {
	(
		cd "$T/images" || exit
		for help in --help -h 'x --help'; do
			# shellcheck disable=SC2086 # words
			run_fold "$1" $help
			same 'status and stderr' "$status$(cat "$T/stderr")" 0 && grep -q "^usage: fold $1" "$T/stdout" || exit
		done
		same files "$(ls)" ''
	)
}
for word in ls gc lamac mkaddress keygen doctor inspect explain; do
	check "$word --help" helped "$word"
done
refused 'keygen onto a key' 125 "$T/key: exists already" keygen "$T/key"
ln -s "$T/nowhere" "$T/keylink"
refused 'keygen by a link' 125 "$T/keylink: exists already" keygen "$T/keylink"
refused 'keygen where there is no directory' 125 "$T/none/key: " keygen "$T/none/key"
mkdir "$T/full"
mount -t tmpfs -o size=4k,nr_inodes=2 none "$T/full"
head -c 4096 /dev/zero >"$T/full/fill"
rm -f "$T/full/key"
mount -o remount,nr_inodes=3 "$T/full"
refused 'keygen on a full disk' 125 "$T/full/key: cannot be written: " keygen "$T/full/key"
check 'keygen on a full disk: no file' not ls "$T/full/key"
umount "$T/full"

# ---- the hypervisor ----

refused 'a hypervisor that does not exist: by name' 127 'qemu-system-nowhere: ' --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$mac" \
	qemu-system-nowhere
refused 'a hypervisor that does not exist: by path' 127 '/no/such/qemu-system-x: ' --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$mac" \
	/no/such/qemu-system-x
check 'a hypervisor that does not exist: PATH is not blamed for a path' not grep -q 'in PATH' "$T/stderr"
printf '#!/no/such/sh -e\n' >"$T/bin/qemu-system-script"
chmod 755 "$T/bin/qemu-system-script"
refused 'a hypervisor whose interpreter does not exist' 127 \
	"$T/bin/qemu-system-script: cannot be executed: /no/such/sh, which its first line names" --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 \
	"$mac" qemu-system-script
mkdir "$T/qemu-system-dir"
refused 'a hypervisor that is a directory' 126 "$T/qemu-system-dir: " --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$mac" "$T/qemu-system-dir"
: >"$T/bin/qemu-system-text"
refused 'a hypervisor that may not be executed' 126 'qemu-system-text: ' --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$mac" \
	"$T/bin/qemu-system-text"
echo junk >"$T/bin/qemu-system-junk"
chmod 755 "$T/bin/qemu-system-junk"
refused 'a hypervisor that is no program' 126 'qemu-system-junk: ' --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$mac" qemu-system-junk
hypervisor one <<'END'
exit 1
END
refused 'a hypervisor that fails at once' 1 'qemu-system-one ended with exit status 1' --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$mac" \
	qemu-system-one
hypervisor crash <<'END'
kill -SEGV $$
END
refused 'a hypervisor that crashes at once' 139 'qemu-system-crash' --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$mac" qemu-system-crash

# ---- the bridge ----

refused 'a bridge that does not exist' 125 'bridge nosuch: there is none; make it: ip link add nosuch type bridge && ip link set nosuch up' --bridge nosuch -i vm0 -4 10.0.1.1/24 "$mac" qemu-system-true
refused 'the default bridge where there is no Weave' 125 'bridge weave: ' -i vm0 -4 10.0.1.1/24 "$mac" qemu-system-true
check 'names --local and --bridge' grep -q -e '--bridge.*--local' "$T/stderr"
refused 'a bridge that is none' 125 'taken2: not a bridge' --bridge taken2 -i vm0 -4 10.0.1.1/24 "$mac" qemu-system-true
refused 'a bridge name that cannot be' 2 '--bridge a/b' --bridge a/b -i vm0 -4 10.0.1.1/24 "$mac" qemu-system-true
FOLD_BRIDGE=a/b refused 'a FOLD_BRIDGE that cannot be' 2 'FOLD_BRIDGE=a/b: ' -i vm0 -4 10.0.1.1/24 "$mac" qemu-system-true
FOLD_BRIDGE=a/b refused 'doctor with a FOLD_BRIDGE that cannot be' 2 'FOLD_BRIDGE=a/b: ' doctor
refused 'a bridge name that is too long' 2 '--bridge sixteen-octets--' --bridge sixteen-octets-- -i vm0 -4 10.0.1.1/24 "$mac" \
	qemu-system-true

# ---- who runs it ----

# The user must be able to reach the program, wherever it was built.
cp "$FOLD" "$T/bin/fold-for-all"
nobody() {
	timeout "$((30 * SLOW))" setpriv --reuid nobody --regid nogroup --clear-groups "$T/bin/fold-for-all" "$@" \
		>"$T/stdout" 2>"$T/stderr" </dev/null
	status=$?
}
nobody --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$mac" qemu-system-true
check 'not root' said 125 'not root'
nobody --help
check 'not root: --help works' ended 0
nobody lamac
check 'not root: lamac works' ended 0
mkdir -p /run/fold
chmod 700 /run/fold
for word in ls 'ls --json' gc 'inspect vm0'; do
	# shellcheck disable=SC2086 # words
	nobody $word
	check "not root: $word" same 'status, stdout and stderr' "$status $(cat "$T/stdout" "$T/stderr")" \
		'125 fold: /run/fold: cannot be read: Permission denied; run this as root'
done

# ---- the binding ----

vm 'a binding that does not exist' 125 "-b $T/none: cannot be opened: No such file or directory; correct the path" -b "$T/none"
config=$NFDHCPD_CFG
NFDHCPD_CFG=$T/none
vm 'a configuration that does not exist' 125 "NFDHCPD_CFG=$T/none: cannot be opened: No such file or directory; correct the path"
NFDHCPD_CFG=$config
state=${FOLD_STATE_DIR:-}
export FOLD_STATE_DIR=/proc/none
refused 'a state directory that cannot be made' 125 '/proc/none: cannot be made: No such file or directory; ' --local -i vm0 -4 auto
check 'it is said how to name another' grep -q '; FOLD_STATE_DIR names another place$' "$T/stderr"
FOLD_STATE_DIR=$state
vm 'a binding that is a directory' 125 "$T: " -b "$T"
mkfifo "$T/fifo"
vm 'a binding that is a pipe' 125 "$T/fifo: " -b "$T/fifo"
vm 'a binding that is a device' 125 '/dev/zero: ' -b /dev/zero
ln -s loop "$T/loop"
vm 'a binding that is a link to itself' 125 "$T/loop: " -b "$T/loop"
# Root may read every file; but a read of unmapped memory in /proc/self/mem fails even for root.
vm 'a binding that cannot be read' 125 '/proc/self/mem: ' -b /proc/self/mem
yes '# a comment that fills the file' | head -c 2097152 >"$T/big"
vm 'a binding of 2 MiB' 125 "$T/big: " -b "$T/big"
head -c 1048576 "$T/big" >"$T/limit"
run_fold --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 -b "$T/limit" "$mac" qemu-system-true
check 'a binding of 1 MiB is not too large' ended 0
head -c 4096 "$FOLD" >"$T/binary"
vm 'a binding that is a program' 125 "$T/binary" -b "$T/binary"
printf 'HOSTNAME=a\000b\n' >"$T/nul"
vm 'a binding with a NUL' 125 "$T/nul" -b "$T/nul"
printf 'HOSTNAME=\033[31mred\n' >"$T/escape"
vm 'a binding with control characters' 125 "$T/escape" -b "$T/escape"
vm 'an empty -b' 125 'cannot be opened' -b ''

# line TEXT: puts TEXT into the second line of a binding; the error must name that line.
line() {
	printf '# a comment\n%s\n' "$1" >"$T/binding"
	vm "a binding with the line '$1'" 125 "$T/binding:2: ${2-${1%%=*}}" -b "$T/binding"
}
for text in HOSTNAME=-a HOSTNAME=a_b..c 'HOSTNAME=a b' DOMAIN=a..b 'DOMAIN_SEARCH=a.example, b..c' GATEWAY=10.0.1.256 \
	GATEWAY_MAC=01:00:5e:00:00:01 GATEWAY_MAC=52:54 NAMESERVERS=10.0.1.50,x 'NAMESERVERS=10.0.1.50 ; 10.0.1.51' \
	NAMESERVERS=127.0.0.53x NAMESERVERS6=10.0.1.1 DHCP_SERVER_IP=300.1.1.1 MTU=67 MTU=65536 MTU=big MTU=-1 \
	DHCP_OPTION:0=01 DHCP_OPTION:255=01 DHCP_OPTION:256=01 DHCP_OPTION:x=01 DHCP_OPTION:43=0g DHCP_OPTION:43=\"open \
	NOTIFY_PORT=0 NOTIFY_PORT=65536 NOTIFY_IP=x DNS_TTL=-1 DNS_FORWARD=maybe DNS_SERVE=2 DNS_INTERCEPT=some \
	ADDRESS:db.=10.0.1 ADDRESS6:db.=10.0.1.1 'ADDRESS:a..b=10.0.1.1' STABLE_KEY=half MAC=x IP=10.0.1.1/24 SUBNET=10.0.1.1/24 \
	BRIDGE=a/b ALLOW= 'ALLOW= , '; do
	line "$text"
done
line DHCP_SERVER_IP=10.0.1.1 'the address for the DHCP server is the VM'
line DHCP_SERVER_IP=10.0.1.255 'the address for the DHCP server is its subnet'
line DNS_SERVER_IP=10.0.1.0 'the address for the DNS server is its subnet'
line 'no equals sign' 'is not KEY=VALUE'
line '=value' 'is not KEY=VALUE'
line GATEWAY=10.0.1.90 'GATEWAY stands without GATEWAY_MAC'
for gateway in 10.0.2.90 10.0.1.1 10.0.1.0 10.0.1.255; do
	printf 'GATEWAY_MAC=7a:f4:96:e0:1c:a0\nGATEWAY=%s\n' "$gateway" >"$T/binding"
	vm "a binding with GATEWAY=$gateway" 125 "$T/binding:2: GATEWAY" -b "$T/binding"
done
for gateway in "$mac" fe:54:00:12:34:56; do
	printf 'GATEWAY=10.0.1.90\nGATEWAY_MAC=%s\n' "$gateway" >"$T/binding"
	vm "a binding with GATEWAY_MAC=$gateway" 125 "$T/binding:2: GATEWAY_MAC" -b "$T/binding"
done
printf 'NO_SUCH_KEY=1\nHOSTNAME=a\n' >"$T/binding"
run_fold --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 -b "$T/binding" "$mac" qemu-system-true
check 'an unknown key is warned of, no more' said 0 "$T/binding:1: NO_SUCH_KEY"
printf 'PASSWORD hunter2=secret\n' >"$T/binding"
run_fold --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 -b "$T/binding" "$mac" qemu-system-true
check 'and what is no key at all is not repeated' same 'lines with it' "$(grep -c -e hunter2 -e secret "$T/stderr")" 0

# ---- the global configuration ----

NFDHCPD_CFG=$T/none vm 'NFDHCPD_CFG names no file' 125 "$T/none: "
# The library that reads it is hidden in a mount namespace of this fold's own.
printf '[dhcp]\nlease_renewal = 300\n' >"$T/config"
cat >"$T/bin/without" <<-END
	#!/bin/sh
	for file in \$(ldconfig -p | sed -n 's/.*libinih\.so\.1 .*=> //p'); do mount --bind /dev/null "\$(readlink -f "\$file")"; done
	exec "$FOLD" "\$@"
END
printf '#!/bin/sh\nexec unshare --mount --propagation private sh %s "$@"\n' "$T/bin/without" >"$T/bin/hidden"
chmod 755 "$T/bin/hidden"
FOLD=$T/bin/hidden NFDHCPD_CFG=$T/config vm 'a configuration without libinih' 125 \
	'libinih.so.1: cannot be loaded, and the configuration is read with it; install it (Debian: libinih1)'
printf '[dhcp]\nlease_lifetime = long\n' >"$T/config"
NFDHCPD_CFG=$T/config vm 'a bad value in it' 125 "$T/config:2: "
printf '[dhcp\n' >"$T/config"
NFDHCPD_CFG=$T/config vm 'a line that is none in it' 125 "$T/config:1: "
printf '[general]\ndatapath = relative\n' >"$T/config"
NFDHCPD_CFG=$T/config vm 'a datapath that is no absolute path' 125 "$T/config:2: "
: >"$T/file"
printf '[general]\ndatapath = %s/file\n' "$T" >"$T/config"
NFDHCPD_CFG=$T/config vm 'a datapath that is a file' 125 "$T/file: "
printf '[general]\ndatapath = /sys/fold\n' >"$T/config"
NFDHCPD_CFG=$T/config vm 'a datapath that cannot be made' 125 /sys/fold

mount -t tmpfs -o ro none "$datapath"
vm 'a datapath that may not be written' 125 "$datapath/.vm0.new: cannot be written: Read-only file system"
umount "$datapath"
for action in '-j nochain' '-g nochain'; do
	vm "-a '$action' without a gateway" 125 "-a '$action': there is no chain nochain" -a "$action"
done

# ---- what is missing here ----

if [ -c /dev/net/tun ]; then
	mount -t tmpfs none /dev/net
	vm 'no /dev/net/tun' 125 '/dev/net/tun: '
	umount /dev/net
else
	not_ok 'no /dev/net/tun: there is none to hide'
fi
mount -t tmpfs -o ro none /run
vm '/run cannot be written' 125 /run/fold
umount /run
mount -t tmpfs -o size=4k none /run
head -c 4096 /dev/zero >/run/fill
vm '/run is full' 125 'cannot be written: No space left'
umount /run
mount -t tmpfs none /run
: >/run/fold
vm '/run/fold is a file' 125 '/run/fold: is not a directory; remove it'
check '/run/fold is a file: no other can be named' not grep -q another "$T/stderr"
refused '/run/fold is a file: ls' 125 '/run/fold: cannot be read: Not a directory; remove it' ls
umount /run
# In a mount namespace of its own, because the tests themselves need /proc. Sanitizers need it too: without it they
# print a complaint at the end and change the exit status, so only fold's line is compared.
without_proc() {
	# shellcheck disable=SC2016 # of the inner shell
	timeout "$((30 * SLOW))" unshare --mount sh -c 'mount -t tmpfs none /proc && exec "$@"' sh "$FOLD" "$@" 2>&1 </dev/null |
		grep '^fold: '
}
for word in ls gc "--bridge $BRIDGE -i vm0 -4 10.0.1.1/24 $mac qemu-system-true"; do
	# shellcheck disable=SC2086 # words
	check "no /proc: ${word%% *}" same 'what is said' "$(without_proc $word)" \
		'fold: /proc/self/ns/net: No such file or directory; mount proc at /proc'
done
printf 'HOSTNAME=a\n' >"$T/binding"
timeout "$((30 * SLOW))" setpriv --bounding-set -lease --inh-caps -lease "$FOLD" --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 -b "$T/binding" \
	"$mac" qemu-system-true >"$T/stdout" 2>"$T/stderr" </dev/null
status=$?
check 'without CAP_LEASE: a binding is warned of, no more' said 0 "warning: $T/binding: CAP_LEASE is missing"
for files in 5 12 16 21 63; do
	timeout "$((30 * SLOW))" prlimit --nofile=$files "$FOLD" --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$mac" qemu-system-true \
		>"$T/stdout" 2>"$T/stderr" </dev/null
	status=$?
	check "$files open files are too few" said 125 "too few file descriptors: $files may be open"
done
timeout "$((30 * SLOW))" prlimit --nofile=64 "$FOLD" --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 -6 "$prefix" -k "$T/key" \
	-d "$T/images" "$mac" qemu-system-true >"$T/stdout" 2>"$T/stderr" </dev/null
status=$?
check '64 open files are enough' same 'status, stdout and stderr' "$status$(cat "$T/stdout" "$T/stderr")" 0
# stderr is a pipe, because the limit on the size of files would also apply to a file that stderr goes to.
{
	prlimit --fsize=0 "$FOLD" --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$mac" qemu-system-true 2>&1 >"$T/stdout" </dev/null
	echo $? >"$T/status"
} | cat >"$T/stderr"
status=$(cat "$T/status")
check 'a limit on the size of files' said 125 'cannot be written: File too large'

# ---- somebody's file where the VM's copy of its binding would be ----

running=yes # the file is what is left
printf 'HOSTNAME=precious\n' >"$datapath/vm0"
vm 'the -b file is the copy' 125 "-b $datapath/vm0: the VM's copy of its binding would be this very file" -b "$datapath/vm0"
vm 'a binding of nobody known' 125 "$datapath/vm0: is not this VM's"
printf 'MAC=52:54:00:99:99:99\nIP=10.9.9.9\n' >"$datapath/vm0"
vm 'the binding of another VM' 125 "$datapath/vm0: is not this VM's"
check 'it is still there' same binding "$(head -n 1 "$datapath/vm0")" MAC=52:54:00:99:99:99
rm "$datapath/vm0"
running=

# ---- what the host and its bridge have already ----

refused "the bridge's MAC" 125 "MAC $(cat "/sys/class/net/$BRIDGE/address"): is that of bridge $BRIDGE or of an interface in it; give" \
	--bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 "$(cat "/sys/class/net/$BRIDGE/address")" qemu-system-true
ip link add d0 address 02:00:00:00:07:07 type veth peer name d1
ip link set d0 master "$BRIDGE" up
refused "the MAC of an interface in the bridge" 125 "MAC 02:00:00:00:07:07: is that of bridge $BRIDGE or of an interface in it" \
	--bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 02:00:00:00:07:07 qemu-system-true
check 'which the bridge still knows by it' sh -c "bridge fdb show br $BRIDGE dev d0 | grep -q '02:00:00:00:07:07.*permanent'"
ip link del d0
ip addr add 10.0.1.1/32 dev "$BRIDGE"
vm "the host's address" 125 "interface vm0: its address is this machine's own on bridge $BRIDGE; choose another"
ip addr del 10.0.1.1/32 dev "$BRIDGE"

# ---- a second fold ----

HV_OUT=$T/out/hv
export HV_OUT
mac=52:54:00:ab:cd:ef
"$FOLD" --bridge "$BRIDGE" -i vm0 -4 10.0.1.1/24 -6 "$prefix" "$mac" qemu-system-stay >"$T/first" 2>&1 </dev/null &
first=$!
within 30 test -e "$HV_OUT"
running=yes
other=52:54:00:12:34:57
refused 'a second fold with the same interface' 125 "interface vm0: in use by a running fold (pid $first" --bridge "$BRIDGE" -i vm0 \
	-4 10.0.1.2/24 "$other" qemu-system-true
refused 'a second fold with the same MAC' 125 "MAC $mac on bridge $BRIDGE: in use by a running fold (pid $first, interface vm0)" \
	--bridge "$BRIDGE" -i vm1 -4 10.0.1.2/24 "$mac" qemu-system-true
refused 'a second fold with the same MAC in capitals' 125 "MAC $mac on bridge $BRIDGE: in use" --bridge "$BRIDGE" -i vm1 \
	-4 10.0.1.2/24 "$(echo "$mac" | tr a-f A-F)" qemu-system-true
refused 'a second fold with the same address' 125 "address 10.0.1.1 on bridge $BRIDGE: in use by a running fold (pid $first, interface vm0)" \
	--bridge "$BRIDGE" -i vm1 -4 10.0.1.1/24 "$other" qemu-system-true
refused 'a second fold with the same address in a wider subnet' 125 "address 10.0.1.1 on bridge $BRIDGE: in use" \
	--bridge "$BRIDGE" -i vm1 -4 10.0.1.1/16 "$other" qemu-system-true
address6=fde5:824d:d315:3bb1:5054:ff:feab:cdef
refused 'a second fold with the same IPv6 address' 125 "address $address6 on bridge $BRIDGE: in use by a running fold (pid $first, interface vm0)" \
	--bridge "$BRIDGE" -i vm1 -s -6 "$address6/64" "$other" qemu-system-true
refused 'a second fold with the same IPv6 address, written in another way' 125 "address $address6 on bridge $BRIDGE: in use" \
	--bridge "$BRIDGE" -i vm1 -4 10.0.1.2/24 -s -6 FDE5:824D:D315:3BB1:5054:00FF:FEAB:CDEF/48 "$other" qemu-system-true
check 'and fold inspect still asks the first one' sh -c "'$FOLD' inspect vm0 | grep -q '^interface *vm0'"
make_bridge br1
run_fold --bridge br1 -i vm1 -4 10.0.1.1/24 -6 "$prefix" "$mac" qemu-system-true
check 'on another bridge both are free' ended 0
run_fold --bridge "$BRIDGE" -i vm1 -4 10.0.1.2/24 "$other" qemu-system-true
check 'beside it another VM is welcome' ended 0
check 'the first one has noticed nothing' same 'what it said, and its tap' "$(cat "$T/first")$(cat /sys/class/net/vm0/carrier)" 1
check 'and has all that it had' same 'claims and copy' "$(find /run/fold -type f ! -name 'kernel-*' | wc -l) $(ls "$datapath")" '4 vm0'
kill "$first"
wait "$first"
running=
nothing_left 'after the first'

finish
