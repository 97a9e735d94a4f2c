#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# mutate.sh: does the suite see each rule? Takes one rule, or one match of a rule, or one flag of the bridge port out of fold, and runs
# tests/fw/run, which must fail. What it does not notice is printed as a survivor: a rule without a case.
#
#   tests/fw/mutate.sh [--list] [--transport log|queue] [--gate] [PATTERN...]     all, or those whose lines in the list match
#
# A rule is named by the line where it begins and by its chain, and counts as one however often a loop makes it (mutant.h, which takes it
# out while the rules are written: fold is built once). The flags are taken out of the text.
#
# Environment: CC, CFLAGS, LIBS (as `make` has them). Status 0 when nothing survives. About three seconds for each, twenty for a survivor.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
CC=${CC:-cc}
CFLAGS="-std=gnu17 -D_GNU_SOURCE -include version.h -Isrc -O1 -g ${CFLAGS:-}"
# shellcheck disable=SC2046 # a list of words
LIBS=${LIBS:-$(pkg-config --libs $(sed -n 's/^PKGS[[:space:]]*:*=//p' "$root/Makefile")) -lm}

show='' transport='' gate=''
while [ $# -gt 0 ]; do
	case $1 in
	--list) show=yes ;;
	--transport)
		transport="--transport $2"
		shift
		;;
	--gate) gate=--gate ;;
	--) shift && break ;;
	-*) sed -n '4,/^set -eu/{/^#/s/^# \{0,1\}//p;}' "$0" >&2 && exit 2 ;;
	*) break ;;
	esac
	shift
done

work=$(mktemp -d "${TMPDIR:-/tmp}/fold-mutate.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
# Works on a copy of the tree, which nobody edits meanwhile.
cp -r "$root/src" "$root/tests/fw" "$work"
cd "$work"
rm src/dhcpd/main.c # the other program
printf '#define FOLD_VERSION "0"\n#define FOLD_COMMAND "fold"\n' >version.h

# build: compiles every object that is missing, and links fold.
build() {
	for c in src/*/*.c; do
		o=${c%.c}.o
		[ ! -f "$o" ] || continue
		case $c in
		src/fw/rules*) mutant='-include fw/mutant.h' ;;
		*) mutant='' ;;
		esac
		# shellcheck disable=SC2086 # lists of words
		$CC $CFLAGS $mutant -I. -c -o "$o" "$c" || return 1
	done
	# shellcheck disable=SC2086
	$CC -o fold src/*/*.o $LIBS
}

# suite PARTS: runs these parts of tests/fw/run, with its output in the file out.
suite() {
	# shellcheck disable=SC2086
	FOLD=$work/fold ATTACK=$work/attack FW_FIRST=yes FW_PATIENCE=2000 sh "$work/fw/run" $transport $gate --frames 40000 --parts "$1" >out 2>&1
}

# survives: true if every test passes. Runs the quickest parts first. The recorded rulesets are left out: they would
# notice every mutant, whether or not a packet does.
survives() {
	for parts in 'cases ports marked' 'hijack' 'mutate flood'; do
		suite "$parts" || return 1
	done
	return 0
}

# verdict WHAT...: runs the suite with the mutant that is in place, and prints the result.
survivors=0
verdict() {
	if survives; then
		survivors=$((survivors + 1))
		echo "SURVIVES $*"
	elif why=$(grep -m 1 '^not ok\|^Bail out! .*did not arrive' out); then
		echo "killed   $* ($why)"
	else
		echo "no start $* ($(grep -m 1 '^Bail' out || tail -n 1 out))"
	fi
}

# flags: the lines of the source that set the flags of the bridge port and of its forwarding entry.
flags() {
	grep -n 'mnl_attr_put_u8(h, \(IFLA_\)\?BRPORT_\| | NTF_STICKY' src/host/link.c | sed 's/^\([0-9]*\):[[:space:]]*/link.c:\1 /'
}

# shellcheck disable=SC2086
$CC $CFLAGS -I"$work/fw" -o attack fw/*.c src/base/*.c $LIBS
build
# Starts VMs of every kind, without any tests: that lists each rule and match there is.
FOLD_MUTANTS=$work/all suite ' ' || true
if [ ! -s all ]; then
	cat out
	echo 'mutate: no VM starts' >&2
	exit 1
fi
sort -u all | sort -t : -k 1,1 -k 2,2n -k 3,3 -k 4,4n | while IFS=: read -r file line chain part; do
	printf '%s:%s:%s:%s %s\n' "$file" "$line" "$chain" "$part" "$(sed -n "${line}s/^[[:space:]]*//p" "src/fw/$file")"
done >list
flags >>list
if [ $# -gt 0 ]; then
	for pattern in "$@"; do
		grep -e "$pattern" list || true
	done | sort -u >todo
else
	cp list todo
fi
if [ "$show" = yes ]; then
	cat todo
	exit
fi

if ! survives; then
	grep -v '^ok' out
	echo 'mutate: the suite fails on the source as it is: nothing can be said' >&2
	exit 1
fi
cp src/host/link.c whole.c
while read -r where what; do
	case $where in
	link.c:*)
		sed "${where#link.c:}{s/ | NTF_STICKY//;t;s/mnl_attr_put_u8(.*;/(void)h;/;}" whole.c >src/host/link.c
		rm -f src/host/link.o
		build
		verdict "$where $what"
		cp whole.c src/host/link.c
		rm -f src/host/link.o
		;;
	*)
		[ -f src/host/link.o ] || build
		FOLD_MUTANT=$where
		export FOLD_MUTANT
		verdict "$where $what"
		unset FOLD_MUTANT
		;;
	esac
done <todo
echo "$survivors of $(wc -l <todo) survive"
[ "$survivors" = 0 ]
