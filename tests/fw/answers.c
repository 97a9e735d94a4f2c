/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets that the rules hand to the responder: fold answers them or not, but they never go on to the network,
 * whatever addresses they carry. The replay harness (tests/pcap) checks the contents of replies; here it is who gets
 * one. Specifications: RFC 826, 5227, 2131, 4861, 4862, 8415.
 */
#include "cases.h"

#include <string.h>

enum reply {
	SILENCE,
	ARP_ANSWER,
	DHCP_OFFER,
	DHCP_ACK,
	DHCP_NAK,
	RA_ANSWER,
	NA_ANSWER,
	NA_GATEWAY,
	NA_ALL_NODES,
	DHCP6_ADVERTISE,
	DHCP6_REPLY
};

struct ask {
	const char *name;
	struct shape f;
	enum port from;
	enum reply reply;
	const char *drop; /* the counter of its drop before the responder; NULL: the responder gets it */
};

/*
 * A REQUEST with the address but without server identifier, as after a reboot; after an OFFER it has one (RFC 2131
 * 4.3.2).
 */
#define REBOOT(x, ip) DHCP(x, REQUEST, .reqip = (ip))
#define CONTROL14 0x0180c200000eULL

/* clang-format off */
static const struct ask asks[] = {
    {"DISCOVER: OFFER", {DHCP(A, DISCOVER)}, AT_A, DHCP_OFFER, NULL},
    {"DISCOVER of the other VM: OFFER", {DHCP(B, DISCOVER)}, AT_B, DHCP_OFFER, NULL},
    {"DISCOVER of a /32: OFFER", {DHCP(D, DISCOVER)}, AT_D, DHCP_OFFER, NULL},
    {"DISCOVER of a /31: OFFER", {DHCP(E, DISCOVER)}, AT_E, DHCP_OFFER, NULL},
    {"REQUEST after a reboot: ACK", {REBOOT(A, IP_A)}, AT_A, DHCP_ACK, NULL},
    {"REQUEST for another VM's address: NAK", {REBOOT(A, IP_B)}, AT_A, DHCP_NAK, NULL},
    {"renewal to fold's address and MAC: ACK",
     {DHCP(A, REQUEST, .src = IP_A, .dst = IP_SERVICE, .dmac = SERVICE(MAC_A), .ciaddr = IP_A)}, AT_A, DHCP_ACK, NULL},
    {"DISCOVER to a container's MAC: OFFER, the container gets nothing", {DHCP(A, DISCOVER, .dmac = MAC_P)}, AT_A, DHCP_OFFER, NULL},
    {"DISCOVER to another VM's MAC: OFFER, the VM gets nothing", {DHCP(A, DISCOVER, .dmac = MAC_B)}, AT_A, DHCP_OFFER, NULL},
    {"ARP for fold's address", {ARP_REQUEST(A, SERVICE)}, AT_A, ARP_ANSWER, NULL},
    {"ARP for fold's address, to its MAC", {ARP_REQUEST(A, SERVICE, .dmac = SERVICE(MAC_A))}, AT_A, ARP_ANSWER, NULL},
    {"24 probe for fold's address: resistance", {ARP_PROBE(A, SERVICE)}, AT_A, ARP_ANSWER, NULL},

    {"64 DISCOVER with another client's hardware address", {DHCP(A, DISCOVER, .sha = MAC_B)}, AT_A, SILENCE, NULL},
    {"64 DISCOVER of a relay", {DHCP(A, DISCOVER, .giaddr = IP_P)}, AT_A, SILENCE, NULL},
    {"64 DISCOVER as a first fragment", {DHCP(A, DISCOVER, .frag = MF)}, AT_A, SILENCE, "from_source"},
    {"64 REQUEST to fold's MAC as a first fragment", {DHCP(A, REQUEST, .src = IP_A, .dmac = SERVICE(MAC_A), .frag = MF)}, AT_A, SILENCE,
     NULL},
    {"64 noise to port 67", {UDP(A, P, .dport = 67)}, AT_A, SILENCE, NULL},
    {"64 noise to port 67 of the host", {UDP(A, H, .dport = 67)}, AT_A, SILENCE, NULL},
    {"64 noise to port 67 of everybody", {UDP(A, ALL1, .dport = 67)}, AT_A, SILENCE, NULL},
    {"28 UDP from 0.0.0.0 to port 67 of a container", {UDP(A, P, .src = 0, .dport = 67)}, AT_A, SILENCE, NULL},
    {"27 renewal of another VM's address from it: NAK",
     {DHCP(A, REQUEST, .src = IP_B, .dst = IP_SERVICE, .dmac = SERVICE(MAC_A), .ciaddr = IP_B)}, AT_A, DHCP_NAK, NULL},
    {"27 rebinding of another subnet's address from it: NAK", {DHCP(A, REQUEST, .src = IP_C, .ciaddr = IP_C)}, AT_A, DHCP_NAK, NULL},
    {"27 DHCP from another VM's address to a container", {DHCP(A, REQUEST, .src = IP_B, .dst = IP_P, .dmac = MAC_P)}, AT_A, SILENCE, NULL},
    {"27 DHCP from another VM's address to its MAC", {DHCP(A, REQUEST, .src = IP_P, .dst = IP_B, .dmac = MAC_B)}, AT_A, SILENCE, NULL},
    {"27 DHCP from another VM's address in a first fragment", {DHCP(A, REQUEST, .src = IP_B, .ciaddr = IP_B, .frag = MF)}, AT_A, SILENCE,
     "from_source"},
    {"29 DHCP from the broadcast address", {DHCP(A, DISCOVER, .src = IP_ALL1)}, AT_A, SILENCE, NULL},
    {"57 DHCP from port 67 at 0.0.0.0", {DHCP(A, DISCOVER, .sport = 67)}, AT_A, SILENCE, "from_server"},
    {"8 DISCOVER in a control frame, which a bridge hands to its host", {DHCP(A, DISCOVER, .dmac = CONTROL14)}, AT_A, SILENCE,
     "from_destination"},
    {"8 DISCOVER to all bridges", {DHCP(A, DISCOVER, .dmac = 0x0180c2000000ULL)}, AT_A, SILENCE, "from_destination"},
    {"8 port 67 of the host in a control frame", {UDP(A, H, .dport = 67, .dmac = CONTROL14)}, AT_A, SILENCE, "from_destination"},
    {"8 port 67 of the host in a control frame from 0.0.0.0", {UDP(A, H, .src = 0, .dport = 67, .dmac = CONTROL14)}, AT_A, SILENCE,
     "from_destination"},
    {"34 DISCOVER to a group's MAC", {DHCP(A, DISCOVER, .dmac = MAC_GROUP)}, AT_A, SILENCE, "from_destination"},
    {"8 ARP for fold's address in a control frame", {ARP_REQUEST(A, SERVICE, .dmac = CONTROL14)}, AT_A, SILENCE, "from_destination"},
    {"34 ARP for fold's address to a group's MAC", {ARP_REQUEST(A, SERVICE, .dmac = MAC_GROUP)}, AT_A, SILENCE, "from_destination"},
    {"20 ARP for the DHCP server from a wrong address: it alone gets an answer", {ARP_REQUEST(A, SERVICE, .spa = IP_B)}, AT_A, ARP_ANSWER,
     NULL},
    {"20 the same to another VM's MAC, which gets nothing", {ARP_REQUEST(A, SERVICE, .spa = IP_B, .dmac = MAC_B)}, AT_A, ARP_ANSWER, NULL},
    {"20 ARP for fold's address from fold's address", {ARP_REQUEST(A, SERVICE, .spa = IP_SERVICE)}, AT_A, SILENCE, "from_arp"},
    {"20 ARP reply to fold's address", {ARP_REPLY(A, SERVICE, .spa = IP_B)}, AT_A, SILENCE, "from_arp"},
    {"12 DHCP whose UDP header is cut off, from 0.0.0.0", {DHCP(A, DISCOVER, .total = 27)}, AT_A, SILENCE, "from_source"},
    {"38 a later fragment from 0.0.0.0", {IP(A, P, .src = 0, .proto = 17, .frag = 50)}, AT_A, SILENCE, "from_source"},
    {"62 TCP from 0.0.0.0 to port 67", {TCP(A, P, .src = 0, .dport = 67)}, AT_A, SILENCE, "from_source"},

    {"router solicitation: RA", {RS(LA)}, AT_A, RA_ANSWER, NULL},
    {"router solicitation from the own address: RA", {RS(A)}, AT_A, RA_ANSWER, NULL},
    {"router solicitation from a private link-local address: RA", {RS(A, .src6 = IP6_ELSE)}, AT_A, RA_ANSWER, NULL},
    {"router solicitation from ::: RA", {RS(A, .src6 = IP6_ANY, .opt = {0})}, AT_A, RA_ANSWER, NULL},
    {"router solicitation with options that it does not know: RA", {RS(LA, .opt = {1, 14, 200})}, AT_A, RA_ANSWER, NULL},
    {"router solicitation with another option alone: RA", {RS(LA, .opt = {200})}, AT_A, RA_ANSWER, NULL},
    {"50 router solicitation that tells another VM's MAC", {RS(LA, .lla = MAC_B)}, AT_A, SILENCE, NULL},
    {"50 router solicitation whose option has no length", {RS(LA, .olen = NO_LENGTH)}, AT_A, SILENCE, NULL},
    {"50 router solicitation from :: that tells a MAC", {RS(A, .src6 = IP6_ANY)}, AT_A, SILENCE, NULL},
    {"router solicitation of a VM with a gateway: RA", {RS(LB)}, AT_B, RA_ANSWER, NULL},
    {"router solicitation of a VM with IPv6 alone: RA", {RS(LS)}, AT_S, RA_ANSWER, NULL},
    {"router solicitation to a container's MAC: RA, the container gets nothing", {RS(LA, .dmac = MAC_P)}, AT_A, RA_ANSWER, NULL},
    {"router solicitation to another VM: it gets nothing", {RS(LA, .dmac = MAC_B, .dst6 = IP6_LB)}, AT_A, SILENCE, NULL},
    {"solicitation for fold's address: NA", {NS(A, SERVICE)}, AT_A, NA_ANSWER, NULL},
    {"solicitation for fold's address with an option that it does not know: NA", {NS(A, SERVICE, .opt = {1, 200})}, AT_A, NA_ANSWER, NULL},
    {"50 solicitation for fold's address that tells another VM's MAC", {NS(A, SERVICE, .lla = MAC_B)}, AT_A, SILENCE, NULL},
    {"solicitation for fold's address from the link-local one: NA", {NS(LA, SERVICE)}, AT_A, NA_ANSWER, NULL},
    {"solicitation for fold's address, of fold alone: NA", {NS_ONE(A, SERVICE)}, AT_A, NA_ANSWER, NULL},
    {"solicitation for fold's link-local address: NA", {NS(LA, FOLD_A)}, AT_A, NA_ANSWER, NULL},
    {"solicitation for the gateway: NA with its MAC", {NS(B, G)}, AT_B, NA_GATEWAY, NULL},
    {"solicitation for the default router: NA with the gateway's MAC", {NS(LB, FOLD_B)}, AT_B, NA_GATEWAY, NULL},
    {"solicitation for a gateway by its link-local address: NA with its MAC", {NS(LS, LH)}, AT_S, NA_GATEWAY, NULL},
    {"solicitation for a gateway outside of the prefix: NA with its MAC", {NS(D, G3)}, AT_D, NA_GATEWAY, NULL},
    {"51 duplicate address detection of fold's address: NA to all", {DAD(SERVICE, .smac = MAC_A)}, AT_A, NA_ALL_NODES, NULL},
    {"51 the same with a nonce and an option that it does not know: NA to all", {DAD(SERVICE, .smac = MAC_A, .opt = {14, 200})}, AT_A,
     NA_ALL_NODES, NULL},
    {"51 the same, and it tells a MAC", {DAD(SERVICE, .smac = MAC_A, .opt = {1})}, AT_A, SILENCE, NULL},
    {"51 duplicate address detection of fold's link-local address: NA to all", {DAD(FOLD_A, .smac = MAC_A)}, AT_A, NA_ALL_NODES, NULL},
    {"51 duplicate address detection of the gateway's address: NA to all", {DAD(G, .smac = MAC_B)}, AT_B, NA_ALL_NODES, NULL},
    {"DHCPv6 SOLICIT: ADVERTISE", {DHCP6(LA, SOLICIT)}, AT_A, DHCP6_ADVERTISE, NULL},
    {"DHCPv6 SOLICIT of a VM with IPv6 alone: ADVERTISE", {DHCP6(LS, SOLICIT)}, AT_S, DHCP6_ADVERTISE, NULL},
    {"DHCPv6 SOLICIT from a private link-local address: ADVERTISE", {DHCP6(A, SOLICIT, .src6 = IP6_ELSE)}, AT_A, DHCP6_ADVERTISE, NULL},
    {"DHCPv6 INFORMATION-REQUEST: REPLY", {DHCP6(LA, INFORMATION)}, AT_A, DHCP6_REPLY, NULL},
    {"DHCPv6 SOLICIT to a container's MAC: ADVERTISE, the container gets nothing", {DHCP6(LA, SOLICIT, .dmac = MAC_P)}, AT_A, DHCP6_ADVERTISE,
     NULL},
    {"65 DHCPv6 of a relay", {DHCP6(LA, RELAY)}, AT_A, SILENCE, NULL},
    {"65 a server's message to port 547", {DHCP6(LA, ADVERTISE)}, AT_A, SILENCE, NULL},
    {"65 noise to port 547 of a container", {UDP6(A, P, .dport = 547)}, AT_A, SILENCE, NULL},
    {"65 noise to port 547 of the host", {UDP6(C, H2, .dport = 547)}, AT_C, SILENCE, NULL},
    {"65 noise to port 547 of the host's link-local address", {UDP6(LC, LH, .dport = 547)}, AT_C, SILENCE, NULL},
    {"65 DHCPv6 to a listed group", {DHCP6(A, SOLICIT, .dst6 = IP6_GROUP, .dmac = MAC_GROUP6, .sha = MAC_B)}, AT_A, SILENCE, NULL},
    {"52 DHCPv6 from another VM's address", {DHCP6(LA, SOLICIT, .src6 = IP6_B)}, AT_A, SILENCE, "from_source"},
    {"52 DHCPv6 from ::", {DHCP6(LA, SOLICIT, .src6 = IP6_ANY)}, AT_A, SILENCE, "from_source"},
    {"52 router solicitation from another prefix", {RS(A, .src6 = IP6_C)}, AT_A, SILENCE, "from_source"},
    {"58 DHCPv6 from port 547 to port 547", {DHCP6(A, SOLICIT, .sport = 547)}, AT_A, SILENCE, "from_server"},
    {"44 DHCPv6 in an atomic fragment", {DHCP6(LA, SOLICIT, .ext = {X_FRAG})}, AT_A, SILENCE, "from_proto"},
    {"44 router solicitation in an atomic fragment", {RS(LA, .ext = {X_FRAG})}, AT_A, SILENCE, "from_proto"},
    {"45 router solicitation behind destination options", {RS(LA, .ext = {X_DEST24})}, AT_A, SILENCE, "from_proto"},
    {"50 solicitation for fold's address, hop limit 254", {NS(A, SERVICE, .hop = 254)}, AT_A, SILENCE, "from_nd"},
    {"48 advertisement of fold's address", {NA_ALL(A, .target = IP6_SERVICE)}, AT_A, SILENCE, "from_nd"},
    {"8 router solicitation in a control frame", {RS(LA, .dmac = CONTROL14)}, AT_A, SILENCE, "from_destination"},
    {"8 DHCPv6 in a control frame", {DHCP6(LA, SOLICIT, .dmac = CONTROL14)}, AT_A, SILENCE, "from_destination"},
    {"8 solicitation for fold's address in a control frame", {NS(A, SERVICE, .dmac = CONTROL14)}, AT_A, SILENCE, "from_destination"},
    {"34 solicitation for fold's address to IPv4's group MAC", {NS(A, SERVICE, .dmac = MAC_GROUP)}, AT_A, SILENCE, "from_destination"},
    {"37 router solicitation of 16 octets, 15 of them there", {RS(LA, .bare = true, .cut = 54 + 15)}, AT_A, SILENCE, "from_nd"},
    {"37 DHCPv6 of more octets than the frame has", {DHCP6(LA, SOLICIT, .total = 400)}, AT_A, SILENCE, "from_source"},
};
/* clang-format on */

/*
 * Whether `got` is the expected IPv6 reply: neighbour discovery by recipient, target and MAC; DHCPv6 by its 24-bit
 * transaction ID.
 */
static bool answered6(const struct ask *a, uint32_t id, const struct answer *got)
{
	static const struct ip6 any = IP6_ANY, nodes = IP6_NODES;
	const struct vm *v = &vms[a->from];
	const bool nobody = ip6_same(a->f.src6, any);

	switch (a->reply) {
	case RA_ANSWER:
		return got->nd == 134 && (nobody || ip6_same(got->dst6, a->f.src6));
	case NA_ANSWER:
	case NA_GATEWAY:
		return got->nd == 136 && ip6_same(got->dst6, a->f.src6) && ip6_same(got->target, a->f.target) &&
		       got->lla == (a->reply == NA_GATEWAY ? v->gateway_mac6 : SERVICE(v->mac)) &&
		       got->flags == (a->reply == NA_GATEWAY ? 0xe0000000 : 0x60000000);
	case NA_ALL_NODES:
		return got->nd == 136 && ip6_same(got->dst6, nodes) && ip6_same(got->target, a->f.target) &&
		       got->flags == (got->lla == MAC_G ? 0xa0000000 : 0x20000000);
	case DHCP6_ADVERTISE:
		return got->dhcp6 == ADVERTISE && got->xid == (id & 0xffffff) && ip6_same(got->dst6, a->f.src6);
	case DHCP6_REPLY:
		return got->dhcp6 == REPLY6 && got->xid == (id & 0xffffff) && ip6_same(got->dst6, a->f.src6);
	default:
		return false;
	}
}

static bool answered(const struct ask *a, uint32_t id, const struct answer *got, size_t n)
{
	static const uint8_t types[] = {[DHCP_OFFER] = OFFER, [DHCP_ACK] = ACK, [DHCP_NAK] = NAK};
	size_t replies = 0;
	bool right = a->reply == SILENCE;

	for (size_t i = 0; i < n; i++) {
		if (!got[i].arp && !got[i].nd && got[i].xid != id && got[i].xid != (id & 0xffffff))
			continue; /* the reply to the fence's DISCOVER */
		if (got[i].nd == 134 && a->reply != RA_ANSWER)
			continue; /* unsolicited advertisements come at any time */
		if (got[i].nd == 134 && replies)
			continue;
		replies++;
		if (got[i].arp)
			right = a->reply == ARP_ANSWER && got[i].spa == a->f.tpa &&
				got[i].sha == SERVICE(vms[a->from].mac) && got[i].tpa == a->f.spa;
		else if (got[i].nd || got[i].dhcp6)
			right = answered6(a, id, &got[i]);
		else
			right = a->reply >= DHCP_OFFER && a->reply <= DHCP_NAK && got[i].msg == types[a->reply] &&
				(a->reply == DHCP_NAK || got[i].yiaddr == vms[a->from].ip);
	}
	return right && replies == (a->reply == SILENCE ? 0 : 1);
}

static void run_ask(const struct ask *a)
{
	static uint8_t frame[FRAME_MAX];
	struct tally before, after;
	char text[256];
	size_t n;
	uint32_t id = seen_new();
	size_t len = frame_build(&a->f, id, frame);

	answers_forget();
	tally_read(vms[a->from].table, &before);
	bool sent = port_send(a->from, frame, len, NULL, 0);
	bool judged = fence_from(a->from) && fence_responder(a->from);
	tally_read(vms[a->from].table, &after);
	uint64_t drops = tally_diff(&before, &after, text);
	uint64_t taken = tally_of(&after, "taken") - tally_of(&before, "taken") - 1; /* the fence's DISCOVER */
	bool counted = a->drop ? drops == 1 && !taken && tally_of(&after, a->drop) - tally_of(&before, a->drop) == 1
			       : !drops && taken == 1;
	const struct answer *got = answers_of(a->from, &n);
	bool right = answered(a, id, got, n), nowhere = seen_mask(id) == 0 && !host_heard(id);

	if (ok(sent && judged && counted && right && nowhere, "%s", a->name))
		return;
	detail_frame("sent", frame, len);
	if (!judged)
		detail("fold answers no DISCOVER after it");
	if (!counted)
		detail("counters: %s; expected +1 %s, and +1 taken for the DISCOVER after it", text,
		       a->drop ? a->drop : "taken");
	if (!right)
		for (size_t i = 0; i < n; i++)
			detail(
			    "a reply: %s, xid %x, DHCP type %u, for %08x, ARP %08x, ICMPv6 type %u flags %08x MAC %012llx, "
			    "DHCPv6 type %u",
			    got[i].arp ? "ARP" : "DHCP", got[i].xid, got[i].msg, got[i].yiaddr, got[i].spa, got[i].nd,
			    got[i].flags, (unsigned long long)got[i].lla, got[i].dhcp6);
	if (!nowhere)
		detail_ports("it went on to", seen_mask(id) | (host_heard(id) ? ON(H) : 0));
}

void run_answers(void)
{
	for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++)
		run_ask(&asks[i]);
}
