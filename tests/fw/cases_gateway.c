/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Through the gateway: only if the VM has one, only by its MAC, only to addresses that a router may forward to. Also
 * what reaches the host, which is on the same bridge. Specifications: RFC 1122 3.2.1.3, 3927, 5735 (special
 * addresses), 3442.
 */
#include "cases.h"

/* clang-format off */
static const struct wcase gateway[] = {
    {"honest UDP far away", {UDP(B, FAR)}, FROM(B), SEEN(ON(G))},
    {"honest TCP far away", {TCP(B, FAR)}, FROM(B), SEEN(ON(G))},
    {"honest TCP far away, from and to DHCP's ports", {TCP(B, FAR, .sport = 67, .dport = 68)}, FROM(B), SEEN(ON(G))},
    {"honest UDP far away, its first octet a redirect's", {UDP(B, FAR, .sport = 0x0501)}, FROM(B), SEEN(ON(G))},
    {"honest TCP far away, its first octet a router advertisement's", {TCP(B, FAR, .sport = 0x0901)}, FROM(B), SEEN(ON(G))},
    {"honest TCP far away, to DHCP's server port", {TCP(B, FAR, .dport = 67)}, FROM(B), SEEN(ON(G))},
    {"honest echo request far away", {ICMP(B, FAR)}, FROM(B), SEEN(ON(G))},
    {"honest UDP into another subnet, through the gateway", {UDP(B, FAR, .dst = IP_C)}, FROM(B), SEEN(ON(G))},
    {"honest UDP to the gateway itself", {UDP(B, G)}, FROM(B), SEEN(ON(G))},
    {"honest later fragment far away", {IP(B, FAR, .proto = 17, .frag = 100)}, FROM(B), SEEN(ON(G))},
    {"honest UDP of a /32 far away", {UDP(D, FAR)}, FROM(D), SEEN(ON(G))},
    {"honest UDP of a /32 to the gateway itself", {UDP(D, G3)}, FROM(D), SEEN(ON(G))},
    {"honest UDP within the subnet, by a VM with a gateway", {UDP(B, A)}, FROM(B), SEEN(ON(A))},
    {"31 far away, a container's MAC", {UDP(B, FAR, .dmac = MAC_P)}, FROM(B), DROP("from_destination")},
    {"31 far away, another VM's MAC", {UDP(B, FAR, .dmac = MAC_A)}, FROM(B), DROP("from_destination")},
    {"31 far away, the bridge's MAC", {UDP(B, FAR, .dmac = MAC_H)}, FROM(B), DROP("from_destination")},
    {"31 far away, fold's MAC", {UDP(B, FAR, .dmac = SERVICE(MAC_B))}, FROM(B), DROP("from_destination")},
    {"31 far away, everybody's MAC", {UDP(B, FAR, .dmac = MAC_ALL)}, FROM(B), DROP("from_destination")},
    {"31 far away, the gateway's MAC with one bit changed", {UDP(B, FAR, .dmac = MAC_G ^ 1)}, FROM(B), DROP("from_destination")},
    {"31 a /32 far away, a container's MAC", {UDP(D, FAR, .dmac = MAC_P)}, FROM(D), DROP("from_destination")},
    {"31 a /32 to its gateway, a container's MAC", {UDP(D, G3, .dmac = MAC_P)}, FROM(D), DROP("from_destination")},
    {"27 far away from another VM's address", {UDP(B, FAR, .src = IP_A)}, FROM(B), DROP("from_source")},
    {"27 far away from an address far away", {UDP(B, FAR, .src = IP_FAR ^ 1)}, FROM(B), DROP("from_source")},
    {"0.0.0.0 through the gateway", {UDP(B, FAR, .dst = 0)}, FROM(B), DROP("from_destination")},
    {"0.1.2.3 through the gateway", {UDP(B, FAR, .dst = IP4(0, 1, 2, 3))}, FROM(B), DROP("from_destination")},
    {"127.0.0.1 through the gateway", {TCP(B, FAR, .dst = IP4(127, 0, 0, 1))}, FROM(B), DROP("from_destination")},
    {"169.254.169.254 through the gateway", {TCP(B, FAR, .dst = IP4(169, 254, 169, 254))}, FROM(B), DROP("from_destination")},
    {"a group through the gateway", {UDP(B, FAR, .dst = IP4(239, 9, 9, 9))}, FROM(B), DROP("from_destination")},
    {"a listed group through the gateway", {UDP(B, FAR, .dst = IP_GROUP)}, FROM(B), DROP("from_destination")},
    {"240.0.0.1 through the gateway", {UDP(B, FAR, .dst = IP4(240, 0, 0, 1))}, FROM(B), DROP("from_destination")},
    {"255.255.255.255 through the gateway", {UDP(B, FAR, .dst = 0xffffffff)}, FROM(B), DROP("from_destination")},
    {"57 DHCP OFFER through the gateway", {DHCP_SERVER(B, FAR)}, FROM(B), DROP("from_server")},
    {"55 GRE through the gateway", {IP(B, FAR, .proto = 47)}, FROM(B), DROP("from_proto")},
    {"36 ICMP redirect to the gateway", {ICMP(B, G, .itype = 5)}, FROM(B), DROP("from_proto")},
};
/* clang-format on */

TABLE(table_gateway, "the gateway", gateway);

/* clang-format off */
static const struct wcase host[] = {
    {"the host inside the VM's subnet", {UDP(C, H2)}, FROM(C), SEEN(ON(H))},
    {"ARP for the host inside the VM's subnet, to it alone", {ARP_REQUEST(C, P2, .dmac = MAC_H)}, FROM(C), SEEN(ON(H))},
    {"78 the host inside another VM's subnet", {UDP(A, H2)}, FROM(A), DROP("from_destination")},
    {"78 the same, ping", {ICMP(A, H2)}, FROM(A), DROP("from_destination")},
    {"78 the same, ssh", {TCP(A, H2, .dport = 22)}, FROM(A), DROP("from_destination")},
    {"78 the same, Weave's port", {TCP(A, H2, .dport = 6784)}, FROM(A), DROP("from_destination")},
    {"79 the host's other address", {UDP(A, H)}, FROM(A), DROP("from_destination")},
    {"79 the host's other address, of a VM that has the host in its subnet", {UDP(C, H)}, FROM(C), DROP("from_destination")},
    {"79 the host's other address to fold's MAC", {UDP(A, H, .dmac = SERVICE(MAC_A))}, FROM(A), DROP("from_destination")},
    {"79 the host's other address to another VM's service MAC", {UDP(A, H, .dmac = SERVICE(MAC_C))}, FROM(A), DROP("from_destination")},
    {"79 the host's other address to everybody's MAC", {UDP(A, H, .dmac = MAC_ALL)}, FROM(A), DROP("from_destination")},
    {"79 the host's other address, of a VM with a gateway", {UDP(B, H)}, FROM(B), DROP("from_destination")},
    {"79 the host's address on its other link", {UDP(A, H, .dst = IP4(192, 0, 2, 1))}, FROM(A), DROP("from_destination")},
    {"79 the host routes: far away by its MAC", {UDP(C, FAR, .dmac = MAC_H)}, FROM(C), DROP("from_destination")},
    {"79 the host routes: far away by fold's MAC", {UDP(C, FAR, .dmac = SERVICE(MAC_C))}, FROM(C), DROP("from_destination")},
    {"33 the host inside the VM's subnet, to everybody's MAC", {UDP(C, H2, .dmac = MAC_ALL)}, FROM(C), DROP("from_destination")},
    {"33 the host inside the VM's subnet, to a group's MAC", {UDP(C, H2, .dmac = MAC_GROUP)}, FROM(C), DROP("from_destination")},
    {"79 the host routes: inside the subnet, by its MAC", {UDP(C, P2, .dmac = MAC_H)}, FROM(C), DROP("from_destination")},
    {"79 the host routes: inside the subnet of a VM without it", {UDP(A, P, .dmac = MAC_H)}, FROM(A), DROP("from_destination")},
    {"fold's MAC, inside the subnet", {UDP(C, P2, .dmac = SERVICE(MAC_C))}, FROM(C), DROP("from_destination")},
    {"fold's MAC, the host inside the subnet", {UDP(C, H2, .dmac = SERVICE(MAC_C))}, FROM(C), DROP("from_destination")},
};
/* clang-format on */

TABLE(table_host, "the host", host);
