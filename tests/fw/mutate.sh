#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# mutate.sh: does the suite see each rule? Takes one rule, or one match of a rule, or one flag of the bridge port out of a copy of the source,
# builds it, and runs tests/fw/run, which must fail. What it does not notice is printed as a survivor: a rule without a case.
#
#   tests/fw/mutate.sh [--list] [--transport log|queue] [NUMBER...]     all, or those numbers of the list
#
# Environment: CC, CFLAGS, LIBS (as `make` has them). Status 0 when nothing survives. About five seconds for each.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
source=$root # later a copy: nobody's edits come in between
files='src/fw/rules.c src/fw/rules_arp.c src/fw/rules_ip4.c src/host/link.c'
CC=${CC:-cc}
CFLAGS="-std=gnu17 -D_GNU_SOURCE -include version.h -Isrc -O1 -g ${CFLAGS:-}"
LIBS=${LIBS:-$(cd "$root" && pkg-config --libs libmnl libnftnl libnetfilter_queue sqlite3 libcap-ng) -linih -lm}

# mutants FILE [N]: the list of what can be taken out of it, or the file without the N-th.
mutants() {
	awk -v file="$1" -v want="${2:-0}" '
		{ text = text $0 "\n" }

		# The end of the statement or call that begins at i: where `stop` stands outside of parentheses.
		function find(i, stop,    depth, c) {
			for (depth = 0; i <= length(text); i++) {
				c = substr(text, i, 1)
				if (c == stop && depth == 0)
					return i
				if (c ~ /[({]/)
					depth++
				else if (c ~ /[)}]/)
					depth--
			}
			return 0
		}
		function line(i,    head) {
			head = substr(text, 1, i)
			return gsub(/\n/, "", head) + 1
		}
		function shown(s) {
			gsub(/[ \t\n]+/, " ", s)
			return s
		}
		# The file with what lies between a and b (b not included) replaced.
		function mutant(what, a, b, by) {
			n++
			if (!want)
				printf "%s:%d %s: %s\n", file, line(a), what, shown(substr(text, a, b - a))
			else if (n == want)
				printf "%s%s%s", substr(text, 1, a - 1), by, substr(text, b)
		}
		function rule(a,    end, at, next_at, count, parts, starts) {
			end = find(a, ";")
			mutant("rule", a, end, "(void)n")
			# Its parts: nft_rule(...), matches, actions.
			count = 0
			for (at = a; at < end; at = next_at + 1) {
				next_at = find(at, ",")
				if (!next_at || next_at > end)
					next_at = end
				starts[++count] = at
				parts[count] = substr(text, at, next_at - at)
			}
			starts[count + 1] = end + 1
			for (at = 2; at <= count; at++)
				if (parts[at] ~ /^[ \t\n]*(eth_|nft_match|ip_is|ip_in|arp_is|arp_in|port\(|group_is)/)
					mutant("match", starts[at], starts[at + 1] - 1, at == count ? "(void)0" : " (void)0")
			return end
		}
		END {
			at = 1
			while (match(substr(text, at), /\n\t+(for [^\n]*\n\t+|if [^\n]*\n\t+|else\n\t+)*nft_rule\(n, [^\n]*/)) {
				begin = at + RSTART
				begin += index(substr(text, begin), "nft_rule(n, ") - 1
				at = rule(begin)
			}
			at = 1
			while (match(substr(text, at), /\n\t(mnl_attr_put_u8\(h, (IFLA_)?BRPORT_[^\n]*;|(cap_storm|not_routed|no_netbios)\([^\n]*;)/)) {
				begin = at + RSTART + 1
				at = find(begin, ";")
				mutant(text ~ /BRPORT_LOCKED/ ? "flag" : "call", begin, at, "(void)0")
			}
			if (match(text, / \| NTF_STICKY/))
				mutant("flag", RSTART, RSTART + RLENGTH, "")
		}' "$source/$1"
}

list() {
	for file in $files; do
		mutants "$file"
	done | awk '{ printf "%d %s\n", NR, $0 }'
}

transport=
case ${1:-} in
--list)
	list
	exit
	;;
--transport)
	transport="--transport $2"
	shift 2
	;;
esac

work=$(mktemp -d "${TMPDIR:-/tmp}/fold-mutate.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM HUP
cp -r "$root/src" "$work/src"
mkdir "$work/whole"
cp -r "$work/src" "$work/whole/src"
source=$work/whole
cd "$work"
echo '#define FOLD_VERSION "0"' >version.h

# build: every object that is missing, and the program.
build() {
	for c in src/*/*.c; do
		o=${c%.c}.o
		# shellcheck disable=SC2086 # lists of words
		[ -f "$o" ] || $CC $CFLAGS -c -o "$o" "$c" || return 1
	done
	# shellcheck disable=SC2086
	$CC -o fold src/*/*.o $LIBS
}

# survives: true where every test passes. Part after part, the quickest first; the recorded rulesets would see everything, and are left out.
survives() {
	for parts in 'cases ports' 'hijack' 'mutate flood'; do
		# shellcheck disable=SC2086
		FOLD=$work/fold ATTACK=$work/attack FW_FIRST=yes FW_PATIENCE=2000 "$root/tests/fw/run" $transport --frames 20000 --parts "$parts" >out 2>&1 || return 1
	done
	return 0
}

# shellcheck disable=SC2086
$CC $CFLAGS -I"$root/tests/fw" -o attack "$root"/tests/fw/*.c src/base/*.c $LIBS
build
if ! survives; then
	grep -v '^ok' out
	echo 'mutate: the suite fails on the source as it is: nothing can be said' >&2
	exit 1
fi

list >todo
cp todo numbers
survivors=0
while read -r number what; do
	if [ $# -gt 0 ]; then
		case " $* " in *" $number "*) ;; *) continue ;; esac
	fi
	file=${what%%:*}
	before=$(awk -v f="$file" '{ split($2, p, ":") } p[1] == f { print $1; exit }' numbers)
	mutants "$file" "$((number - before + 1))" >mutant.c
	cp mutant.c "$file"
	rm -f "${file%.c}.o"
	if ! build 2>errors; then
		echo "unbuilt  $number $what"
		sed 's/^/  /' errors | head -n 3
	elif survives; then
		survivors=$((survivors + 1))
		echo "SURVIVES $number $what"
	else
		echo "killed   $number $what ($(grep -m 1 '^not ok\|^Bail' out || echo 'no result'))"
	fi
	cp "$source/$file" "$file"
	rm -f "${file%.c}.o"
done <todo
echo "$survivors survive"
[ "$survivors" = 0 ]
