. "$(dirname "$0")/lib.sh"
begin "$@"
make_bridge "$BRIDGE" 1376
chmod 777 $T/out
mac=52:54:00:12:34:56
hypervisor frame <<'END'
exec bash -c '
	fd=${1##*fd=}
	printf "\0\0\0\0\0\0\0\0\0\0\377\377\377\377\377\377\122\124\000\022\064\126\010\006\000\001\010\000\006\004\000\001" >"$HV_OUT.frame"
	printf "\122\124\000\022\064\126\012\000\001\001\000\000\000\000\000\000\012\000\001\011" >>"$HV_OUT.frame"
	dd bs=4096 <"$HV_OUT.frame" >&$fd
	for n in 1 2 3 4 5 6 7 8 9; do
		timeout 3 dd bs=4096 count=1 <&$fd | od -An -v -tx1 | tr -d " \n" >>"$HV_OUT.read"
		echo >>$HV_OUT.read
		grep -q 020000000109 "$HV_OUT.read" && exit
	done
' bash "$2"
END
container carl 10.0.1.9/24 02:00:00:00:01:09
HV_OUT=$T/out/frame run_vm "$mac" qemu-system-frame
cat $T/out/frame.read $T/stderr
ok x
finish
