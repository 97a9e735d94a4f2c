. "$(dirname "$0")/lib.sh"
begin "$@"
. "$root/tests/e2e/hosts.sh"
make_bridge "$BRIDGE"
container carl 10.0.1.8/24 02:00:00:00:02:08
check 'ann starts' start_vm ann 10.0.1.1/24 52:54:00:00:02:01
check 'bob starts' start_vm bob 10.0.1.2/24 52:54:00:00:02:02
ip -n ann addr add 10.0.1.1/24 dev eth0
ip -n bob addr add 10.0.1.2/24 dev eth0
in_guest bob ping -c 1 -W 5 10.0.1.1
in_guest carl ping -c 1 -W 5 10.0.1.1
nsenter --net=/run/netns/ann tcpdump -n -i eth0 -l udp port 7777 >"$T/td" 2>/dev/null &
sleep 5
for who in bob carl; do for n in 1 2 3 4 5 6 7 12; do
 in_guest $who python3 -c "
import socket
s=socket.socket(socket.AF_INET,socket.SOCK_DGRAM); s.sendto(b'x'*$n,('10.0.1.1',7777))"
done; done
sleep 3
cat "$T/td"
"$FOLD" inspect ann | tail -8
stop_vm ann; stop_vm bob
finish
