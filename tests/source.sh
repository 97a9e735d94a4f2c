#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Checks of the source itself: includes point down only, sibling folders do not include each other, each library is
# used in one place.
set -u
cd "$(dirname "$0")/.." || exit 1
n=0

result() { # name, offending lines
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf '%s\n' "$2" | sed 's/^/# /'
	fi
}

# below FOLDER: the folders whose headers its files may include. The order of the layers is that of the project; base
# is at the bottom.
below() {
	case $1 in
	base) echo base ;;
	show) echo show base ;;
	pkt) echo pkt base ;;
	guest) echo guest pkt base ;;
	dhcp | ra | dns | notify | reject) echo "$1 guest pkt base" ;;
	answer) echo answer dhcp ra dns notify reject guest pkt base ;;
	fw) echo fw guest pkt base ;;
	host) echo host guest pkt base ;;
	dhcpd) echo dhcpd answer fw host dhcp ra dns notify reject guest pkt base ;;
	cli) echo cli answer fw host show dhcp ra dns notify reject guest pkt base ;;
	esac
}

# upward DIR: a line "file includes folder/" for each include under DIR that points up or sideways.
upward() {
	for dir in "$1"/*/; do
		layer=$(basename "$dir")
		allowed=" $(below "$layer") "
		grep -Ho '^#include "[a-z0-9]*/' "$dir"*.[ch] 2>/dev/null | sed 's|#include "||; s|/$||' |
			while IFS=: read -r file to; do
				case $allowed in *" $to "*) ;; *) echo "$file includes $to/" ;; esac
			done
	done
}
result "includes point down only" "$(upward src)"

# Proof that the check finds a violation.
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p "$tmp/pkt" "$tmp/dhcp"
echo '#include "dhcp/dhcp4.h"' >"$tmp/pkt/bad.c"
echo '#include "ra/arp.h"' >"$tmp/dhcp/bad.c"
[ "$(upward "$tmp" | wc -l)" = 2 ] && found='' || found="upward includes were not found"
result "an include that points up is found" "$found"

only_in() { # header pattern, folders that may use it (a pattern)
	grep -lE "#include <$1" src/*/*.[ch] | grep -vE "^src/($2)/"
}
result "libnftnl and libnetfilter_queue are used in fw alone" "$(only_in 'libnftnl/|libnetfilter_' fw)"
result "libmnl is used in fw and host alone" "$(only_in libmnl/ 'fw|host')"
result "libpcap is used in one file alone" "$(grep -l '#include <pcap' src/*/*.[ch] | grep -v '^src/show/capture.c$')"
result "libcurl is used in one file alone" "$(grep -l '#include <curl/' src/*/*.[ch] | grep -v '^src/host/http.c$')"
result "the answerers neither allocate nor open anything" \
	"$(grep -nE '\b(malloc|calloc|realloc|strdup|asprintf|socket|open|fopen|printf|getenv|time)\(' src/dhcp/*.c src/ra/*.c src/notify/*.c src/reject/*.c src/pkt/*.c src/answer/*.c)"
result "no clock that can be set is asked, but for where sequence numbers begin and what a log file says" \
	"$(grep -nE 'CLOCK_REALTIME|\b(gettimeofday|time|localtime|gmtime)\(' src/*/*.c | grep -vE 'seq = \(uint32_t\)time|MAY\(|time_t now = time\(NULL\)')"
result "no external command is run" "$(grep -nE '\b(system|popen|execlp|execvp|posix_spawnp?)\(' src/*/*.c)"
result "every source file names its licence" \
	"$(for f in src/*/*.[ch] tests/*/*.[ch] bench/*.[ch]; do [ -f "$f" ] && ! head -1 "$f" | grep -q SPDX && echo "$f"; done)"
# clang-format is not on every machine and its versions differ in details; they all agree on this much.
result "no line of C ends in a blank, and none is indented by spaces alone" \
	"$(grep -nE '[[:blank:]]$|^ {8}' src/*/*.[ch] tests/*/*.[ch] tests/*/*/*.[ch] bench/*.[ch])"
silenced() { # files: lines that silence a check without its name or a reason
	grep -nE 'NOLINT|cppcheck-suppress' "$@" |
		grep -vE '(NOLINT|NOLINTNEXTLINE)\([a-zA-Z0-9.-]+\): [a-z]|cppcheck-suppress [a-zA-Z]+ ; [a-z]'
}
result "whoever silences a check names it and says why" "$(silenced src/*/*.[ch])"
echo '/* NOLINT */' >"$tmp/pkt/bad.c"
[ -n "$(silenced "$tmp/pkt/bad.c")" ] && found='' || found="a bare NOLINT was not found"
result "a check that is silenced without a reason is found" "$found"
# undocumented FILE: the keys of the configuration's table (src/guest/config.c) for which FILE has no line.
undocumented() { # file
	sed -nE 's/^\tF\("[a-z0-9]+", +"([a-z0-9_]+)",.*/\1/p' src/guest/config.c | sort -u | while read -r key; do
		grep -qE "(^\.It Cm |, |^#?)$key( |,|\$)" "$1" || echo "$1: $key"
	done
}
result "the manual page of nfdhcpd.conf has every key" "$(undocumented docs/nfdhcpd.conf.5)"
result "so has its example, but for second names" "$(undocumented docs/nfdhcpd.conf.example | grep -vx 'docs/nfdhcpd.conf.example: dhcp6_queue')"
# Build-Depends must match the list of utils/deps, except for the packages that build-essential implies (by way of
# dpkg-dev): Debian does not name those.
build_depends() {
	sed -n '/^Build-Depends:/,/^[A-Z]/s/^ \([a-z0-9.+-]*\).*/\1/p' "$1" | sed 's/^debhelper-compat$/debhelper/' | sort
}
needed() {
	utils/deps list deb | grep -vxE 'gcc|libc6-dev|make|dpkg-dev' | sort
}
needed >"$tmp/needed"
build_depends packaging/debian/control >"$tmp/named"
result "the Debian package is built with what utils/deps lists" "$(diff "$tmp/needed" "$tmp/named")"
echo "1..$n"
