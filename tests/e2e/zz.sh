#!/bin/sh
. "$(dirname "$0")/lib.sh"
begin "$@"
bridge br0 1400
configure '[dhcp]
lease_lifetime = 20
lease_renewal = 4'
cat >$T/b <<X
HOSTNAME=guest1
DOMAIN=example.org
NAMESERVERS=10.0.1.50, 10.0.1.51
GATEWAY=10.0.1.90
GATEWAY_MAC=7a:f4:96:e0:1c:a0
X
client=$1
machine a
start_vm a 10.0.1.1/24 52:54:00:12:34:56 -b $T/b
on a frames sniff eth0 -f "udp and (port 67 or port 68)" > $T/a.hex &
sleep 0.3
case $client in
udhcpc) on a busybox udhcpc -i eth0 -f -s /etc/udhcpc/default.script -x hostname:foo -O mtu -R >$T/c 2>&1 & ;;
dhclient) on a dhclient -d -v -lf /var/lib/dhcp/l eth0  >$T/c 2>&1 &;;
dhcpcd) on a dhcpcd -B -d -4 eth0  >$T/c 2>&1 &;;
networkd)
on a sh -c 'mkdir -p /etc/systemd/network; printf "[Match]\nName=eth0\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n[DHCPv4]\nUseMTU=yes\nClientIdentifier=mac\n" >/etc/systemd/network/e.network;  SYSTEMD_LOG_LEVEL=debug exec /lib/systemd/systemd-networkd' >$T/c 2>&1 &;;
esac
sleep ${2:-26}
on a ip -4 addr show eth0
on a ip route
on a ip link show eth0
on a cat /etc/resolv.conf
on a hostname
cat $T/c | tail -${3:-40}
awk -f $root/tests/e2e/dhcp.awk $T/a.hex
on a find /run -type f | xargs on a cat
cat $T/a.log
stop_vm a
nothing_left stop
finish
