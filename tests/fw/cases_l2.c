/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MAC addresses, ethertypes, tags, LLC, link-layer control. Specifications: IEEE 802.3, 802.1D, 802.1Q, RFC 1042. */
#include "cases.h"

#define TAG(tpid, tci) ((uint32_t)(tpid) << 16 | (tci))
#define EAPOL 0x888e
#define LLDP 0x88cc
/* 01:80:c2:00:00:xx */
#define CONTROL(xx) (0x0180c2000000ULL | (xx))

/* clang-format off */
static const struct wcase cases[] = {
    {"honest UDP to a container", {UDP(A, P)}, FROM(A), SEEN(ON(P))},
    {"honest UDP to another VM of the subnet", {UDP(A, B)}, FROM(A), SEEN(ON(B))},
    {"honest UDP to a MAC that the bridge does not know", {UDP(A, NONE)}, FROM(A), SEEN(ON(P) | ON(G))},
    {"honest TCP to a container", {TCP(A, P)}, FROM(A), SEEN(ON(P))},
    {"honest echo request to a container", {ICMP(A, P)}, FROM(A), SEEN(ON(P))},
    {"honest UDP within another subnet", {UDP(C, P2)}, FROM(C), SEEN(ON(P))},

    {"1 UDP from another VM's MAC", {UDP(A, P, .smac = MAC_B)}, FROM(A), DROP("from_mac")},
    {"1 UDP from a container's MAC", {UDP(A, P, .smac = MAC_P)}, FROM(A), DROP("from_mac")},
    {"1 UDP from the own MAC with one bit changed", {UDP(A, P, .smac = MAC_A ^ 1)}, FROM(A), DROP("from_mac")},
    {"1 UDP from the own MAC with its first octet changed", {UDP(A, P, .smac = MAC_A ^ 0x080000000000ULL)}, FROM(A), DROP("from_mac")},
    {"1 ARP from another VM's MAC", {ARP_REQUEST(A, P, .smac = MAC_B)}, FROM(A), DROP("from_mac")},
    {"1 DHCP from another VM's MAC", {DHCP(A, DISCOVER, .smac = MAC_B)}, FROM(A), DROP("from_mac")},
    {"1 ARP for fold's address from another VM's MAC", {ARP_REQUEST(A, SERVICE, .smac = MAC_B)}, FROM(A), DROP("from_mac")},
    {"1 a neighbour solicitation from another MAC", {NS(A, P, .smac = MAC_B)}, FROM(A), DROP("from_mac")},
    {"2 UDP from the gateway's MAC", {UDP(A, P, .smac = MAC_G)}, FROM(A), DROP("from_mac")},
    {"2 UDP from the gateway's MAC, of a VM that has one", {UDP(B, P, .smac = MAC_G)}, FROM(B), DROP("from_mac")},
    {"2 UDP from the bridge's MAC", {UDP(A, P, .smac = MAC_H)}, FROM(A), DROP("from_mac")},
    {"2 UDP from fold's service MAC", {UDP(A, P, .smac = SERVICE(MAC_A))}, FROM(A), DROP("from_mac")},
    {"3 UDP from a multicast MAC", {UDP(A, P, .smac = MAC_A | 0x010000000000ULL)}, FROM(A), DROP("from_mac")},
    {"3 UDP from the broadcast MAC", {UDP(A, P, .smac = MAC_ALL)}, FROM(A), DROP("from_mac")},
    {"3 UDP from MAC zero", {UDP(A, P, .smac = 0)}, FROM(A), DROP("from_mac")},
    {"4 EAPOL with the victim's MAC", {ETHERNET(A, P, .smac = MAC_B, .dmac = CONTROL(3), .type = EAPOL)}, FROM(A), DROP("from_mac")},
    {"4 EAPOL with the own MAC", {ETHERNET(A, P, .dmac = CONTROL(3), .type = EAPOL)}, FROM(A), DROP("from_type")},
    {"5 LLDP with the victim's MAC", {ETHERNET(A, P, .smac = MAC_B, .dmac = CONTROL(14), .type = LLDP)}, FROM(A), DROP("from_mac")},
    {"5 LLDP with the own MAC", {ETHERNET(A, P, .dmac = CONTROL(14), .type = LLDP)}, FROM(A), DROP("from_type")},
    {"6 a BPDU (LLC 42 42 03)", {ETHERNET(A, P, .dmac = CONTROL(0), .type = 38)}, FROM(A), DROP("from_type")},
    {"6 a BPDU to the group of Cisco's PVST", {ETHERNET(A, P, .dmac = 0x01000ccccccdULL, .type = 50)}, FROM(A), DROP("from_type")},
    {"7 pause", {ETHERNET(A, P, .dmac = CONTROL(1), .type = 0x8808)}, FROM(A), DROP("from_type")},
    {"7 pause to a container", {ETHERNET(A, P, .type = 0x8808)}, FROM(A), DROP("from_type")},
    {"8 LACP", {ETHERNET(A, P, .dmac = CONTROL(2), .type = 0x8809)}, FROM(A), DROP("from_type")},
    {"8 CDP's group", {ETHERNET(A, P, .dmac = 0x01000cccccccULL, .type = 60)}, FROM(A), DROP("from_type")},
    {"8 GVRP's group", {ETHERNET(A, P, .dmac = CONTROL(0x21), .type = 60)}, FROM(A), DROP("from_type")},
    {"8 IPv4 in a control frame", {UDP(A, P, .dmac = CONTROL(14))}, FROM(A), DROP("from_destination")},
    {"8 IPv4 broadcast in a control frame", {UDP(A, ALL1, .dmac = CONTROL(0))}, FROM(A), DROP("from_destination")},
    {"8 IPv4 for the host in a control frame", {UDP(A, H, .dmac = CONTROL(14))}, FROM(A), DROP("from_destination")},
    {"8 ARP in a control frame", {ARP_REQUEST(A, P, .dmac = CONTROL(14))}, FROM(A), DROP("from_arp")},
    {"11 RARP", {ARP_REQUEST(A, P, .type = 0x8035, .op = 3)}, FROM(A), DROP("from_type")},
    {"11 PPPoE discovery", {ETHERNET(A, P, .dmac = MAC_ALL, .type = 0x8863)}, FROM(A), DROP("from_type")},
    {"11 MPLS", {ETHERNET(A, P, .type = 0x8847)}, FROM(A), DROP("from_type")},
    {"11 MACsec", {ETHERNET(A, P, .type = 0x88e5)}, FROM(A), DROP("from_type")},
    {"11 ERSPAN", {ETHERNET(A, P, .type = 0x88be)}, FROM(A), DROP("from_type")},
    {"11 loopback (9000)", {ETHERNET(A, P, .type = 0x9000)}, FROM(A), DROP("from_type")},
    {"11 transparent Ethernet bridging", {ETHERNET(A, P, .type = 0x6558)}, FROM(A), DROP("from_type")},

    {"13 VLAN 0 before UDP", {UDP(A, P, .tag = {TAG(0x8100, 0)})}, FROM(A), DROP("from_type")},
    {"13 VLAN 0 before ARP", {ARP_REQUEST(A, P, .tag = {TAG(0x8100, 0)})}, FROM(A), DROP("from_type")},
    {"13 VLAN 0 before ARP for fold's address", {ARP_REQUEST(A, SERVICE, .tag = {TAG(0x8100, 0)})}, FROM(A), DROP("from_type")},
    {"13 VLAN 0 with a priority", {UDP(A, P, .tag = {TAG(0x8100, 0xe000)})}, FROM(A), DROP("from_type")},
    {"13 VLAN 0 before a router advertisement", {RA(LA, .tag = {TAG(0x8100, 0)})}, FROM(A),
     DROP("from_type")},
    {"14 VLAN 5", {UDP(A, P, .tag = {TAG(0x8100, 5)})}, FROM(A), DROP("from_type")},
    {"14 VLAN 1, a bridge's own", {UDP(A, P, .tag = {TAG(0x8100, 1)})}, FROM(A), DROP("from_type")},
    {"15 802.1ad, 0 in 0", {UDP(A, P, .tag = {TAG(0x88a8, 0), TAG(0x8100, 0)})}, FROM(A), DROP("from_type")},
    {"15 802.1ad alone", {ARP_REQUEST(A, P, .tag = {TAG(0x88a8, 0)})}, FROM(A), DROP("from_type")},
    {"16 three tags", {UDP(A, P, .tag = {TAG(0x8100, 0), TAG(0x8100, 0), TAG(0x8100, 0)})}, FROM(A), DROP("from_type")},
    {"17 TPID 9100", {UDP(A, P, .tag = {TAG(0x9100, 0)})}, FROM(A), DROP("from_type")},
    {"17 TPID 9200", {ARP_REQUEST(A, P, .tag = {TAG(0x9200, 0)})}, FROM(A), DROP("from_type")},
    {"59 DHCP from a server in VLAN 0", {DHCP_SERVER(A, P, .tag = {TAG(0x8100, 0)})}, FROM(A), DROP("from_type")},
    {"18 ARP in SNAP", {ARP_REQUEST(A, P, .snap = true)}, FROM(A), DROP("from_type")},
    {"18 UDP in SNAP", {UDP(A, P, .snap = true)}, FROM(A), DROP("from_type")},
    {"18 IPv6 in SNAP", {RA(LA, .snap = true)}, FROM(A), DROP("from_type")},
    {"19 SNAP, its length too small", {ARP_REQUEST(A, P, .snap = true, .llc_off = -20)}, FROM(A), DROP("from_type")},
    {"19 SNAP, its length above 1500", {ARP_REQUEST(A, P, .snap = true, .llc_off = 1470)}, FROM(A), DROP("from_type")},
    {"19 SNAP in VLAN 0", {ARP_REQUEST(A, P, .snap = true, .tag = {TAG(0x8100, 0)})}, FROM(A), DROP("from_type")},

};
/* clang-format on */

TABLE(table_l2, "link layer", cases);
