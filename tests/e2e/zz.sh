#!/bin/sh
. "$(dirname "$0")/lib.sh"
begin "$@"
bridge br0
a=$(now)
check start start_vm a 10.0.1.1/24 52:54:00:12:34:56
b=$(now); echo "# $((b-a)) ms"
nft list ruleset | grep '^table'
"$FOLD" ls
remains
stop_vm a; echo "st $?"
nothing_left stop
finish
