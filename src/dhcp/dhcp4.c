/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dhcp4: what a DHCPv4 or BOOTP client of this guest is told, and where the answer goes.
 *
 * Specifications: RFC 2131 (DHCP), 1534 and 951 (BOOTP), 4039 (rapid commit), 3046 (relay information).
 *
 * One link, one client, one address: the binding says all there is to know. So the
 * answer is authoritative (a wrong address is refused at once), needs no lease
 * table, and depends on nothing but this very message. Option 61 is echoed but
 * never a key: boot loader, initramfs and system send different ones from one VM.
 *
 * Choices where the RFCs leave one, or where real clients do not follow them:
 * - A message type that is there twice, or has not one octet: refused (RFC 3396 7).
 * - A REQUEST with our server identifier and no address at all selects the one offer there was: ACK.
 * - Where option 50 is there, ciaddr does not count; in a DISCOVER never. Some clients leave an old address in it.
 * - The destination address does not count, nor does the source's, as long as it can be a host's: a client that
 *   renews at the address that its server had before a change is served, and one that keeps a wrong address is told so.
 * - An INFORM is about the guest's own address or about none; it cannot make fold send elsewhere.
 * - Option 82 without giaddr: a switch inside the guest may add it, so it is echoed and never read (RFC 3046 2.2;
 *   the rule to discard it in 2.1 is one for relay agents). With giaddr it is a guest that poses as a relay: refused.
 */
#include "dhcp/dhcp4.h"
#include "dhcp/dhcp4_reply.h"

/*
 * RFC 1122 3.2.1.3: true for addresses that no packet may come from, and for fold's own, which nobody else has. Only a
 * request may come from that: a guest that had it by another server's lease must hear that it has it no longer.
 */
static bool is_no_source(const struct guest *g, const struct dhcp4_msg *m, struct in_addr a)
{
	const uint32_t host = ntohl(a.s_addr);

	if (ip4_same(a, g->id.ip4.addr))
		return false;
	if (ip4_same(a, g->dhcp_server4))
		return !m->has_type || m->type != DHCP4_TYPE_REQUEST;
	return host >> 24 == 127 || host >> 28 >= 14 || (g->id.ip4.len < 31 && ip4_same(a, ip4_broadcast(g->id.ip4)));
}

/* RFC 2131 4.3.2, and its table 4. */
static enum dhcp4_action decide_request(const struct guest *g, const struct dhcp4_msg *m, enum drop *why)
{
	/* 4.3.2, SELECTING: a server identifier that is not ours means that the client took another's offer. */
	if (m->has_server_id && !ip4_same(m->server_id, g->dhcp_server4)) {
		*why = DROP_DHCP4_OTHER;
		return DHCP4_ACTION_DROP;
	}
	/* SELECTING and INIT-REBOOT ask by option 50, RENEWING and REBINDING by ciaddr. */
	struct in_addr asked = m->has_requested ? m->requested : m->ciaddr;
	if (!m->has_requested && !asked.s_addr)
		return m->has_server_id ? DHCP4_ACTION_ACK : DHCP4_ACTION_DROP;
	/*
	 * 4.3.2, INIT-REBOOT: "Server SHOULD send a DHCPNAK message to the client if
	 * the requested IP address is incorrect, or is on the wrong network." The
	 * silence that it demands of a server without a record of the client is not
	 * for this one: the binding is the record, and the only one on this link.
	 */
	return ip4_same(asked, g->id.ip4.addr) ? DHCP4_ACTION_ACK : DHCP4_ACTION_NAK;
}

static enum dhcp4_action decide_inform(const struct guest *g, const struct pkt *in, const struct dhcp4_msg *m,
				       enum drop *why)
{
	/* RFC 2131 4.3.5: the ACK goes to ciaddr. Clients that leave it empty mean the address they send from. */
	struct in_addr about = m->ciaddr.s_addr ? m->ciaddr : in->src4;
	if (ip4_same(about, g->id.ip4.addr))
		return DHCP4_ACTION_ACK_INFORM;
	*why = DROP_SOURCE_ADDRESS;
	return DHCP4_ACTION_DROP;
}

/* about: the address that the client gives up, 0 if it does not say so. */
static enum dhcp4_action decide_note(const struct guest *g, const struct dhcp4_msg *m, struct in_addr about,
				     enum dhcp4_action note, enum drop *why)
{
	/* RFC 2131 table 5 demands the server identifier, but networkd and dhcping release without. */
	if (!m->has_server_id || ip4_same(m->server_id, g->dhcp_server4))
		return !about.s_addr || ip4_same(about, g->id.ip4.addr) ? note : DHCP4_ACTION_NOTE_OTHER;
	*why = DROP_DHCP4_OTHER;
	return DHCP4_ACTION_DROP;
}

/* Decides what to do with a message. With DHCP4_ACTION_DROP, *why is the reason. */
static enum dhcp4_action decide(const struct guest *g, const struct pkt *in, const struct dhcp4_msg *m, enum drop *why)
{
	if (is_no_source(g, m, in->src4)) {
		*why = DROP_SOURCE_ADDRESS;
		return DHCP4_ACTION_DROP;
	}
	/* RFC 2131 4.1: an answer would go to giaddr, so a guest that sets it chooses whom fold talks to. */
	if (m->giaddr.s_addr) {
		*why = DROP_DHCP4_RELAY;
		return DHCP4_ACTION_DROP;
	}
	if (memcmp(m->chaddr, g->id.mac, MAC_LEN) != 0) {
		*why = DROP_DHCP4_CLIENT;
		return DHCP4_ACTION_DROP;
	}

	if (!m->has_type) /* RFC 1534 2: a BOOTP client */
		return DHCP4_ACTION_BOOTP;
	*why = DROP_DHCP4_FORM;
	switch (m->type) {
	case DHCP4_TYPE_DISCOVER:
		/* RFC 4039 3.1: commit at once only where the client says it can. */
		return m->rapid_commit ? DHCP4_ACTION_ACK_RAPID : DHCP4_ACTION_OFFER;
	case DHCP4_TYPE_REQUEST:
		return decide_request(g, m, why);
	case DHCP4_TYPE_INFORM:
		return decide_inform(g, in, m, why);
	case DHCP4_TYPE_DECLINE: /* RFC 2131 4.3.3, 4.3.4: no answer to these two; and the binding stays */
		return decide_note(g, m, m->requested, DHCP4_ACTION_NOTE_DECLINE, why);
	case DHCP4_TYPE_RELEASE:
		return decide_note(g, m, m->ciaddr, DHCP4_ACTION_NOTE_RELEASE, why);
	case DHCP4_TYPE_OFFER:
	case DHCP4_TYPE_ACK:
	case DHCP4_TYPE_NAK:
	case DHCP4_TYPE_FORCERENEW:
	case DHCP4_TYPE_LEASEUNASSIGNED:
	case DHCP4_TYPE_LEASEUNKNOWN:
	case DHCP4_TYPE_LEASEACTIVE:
		*why = DROP_DHCP4_SERVER;
		return DHCP4_ACTION_DROP;
	default:
		return DHCP4_ACTION_DROP;
	}
}

/* RFC 2131 4.1: where the answer goes. */
static void address(const struct guest *g, const struct dhcp4_msg *m, enum dhcp4_action action, struct reply *out)
{
	bool knows = false; /* the client has its address already, and so answers ARP for it */

	out->kind = PKT_UDP4;
	out->src4 = g->dhcp_server4;
	out->sport = DHCP4_SERVER_PORT;
	out->dport = DHCP4_CLIENT_PORT; /* whatever port the client used: RFC 2131 4.1 names this one */
	if (action == DHCP4_ACTION_ACK)
		knows = !m->has_requested && m->ciaddr.s_addr;
	else if (action == DHCP4_ACTION_ACK_INFORM)
		knows = true; /* RFC 2131 4.3.5: unicast to ciaddr, whatever the flag says */
	else if (action == DHCP4_ACTION_BOOTP)
		knows = ip4_same(m->ciaddr, g->id.ip4.addr); /* RFC 951 4 */

	/* "In all cases, when 'giaddr' is zero, the server broadcasts any DHCPNAK messages to 0xffffffff." */
	if (action == DHCP4_ACTION_NAK || (!knows && (m->flags & DHCP4_FLAG_BROADCAST))) {
		out->dst4.s_addr = INADDR_BROADCAST;
		memset(out->dst_mac, 0xff, MAC_LEN);
	} else {
		/* ciaddr, or else yiaddr at chaddr. Both are checked to be the guest's own. */
		out->dst4 = g->id.ip4.addr;
		memcpy(out->dst_mac, g->id.mac, MAC_LEN);
	}
}

static const char *event_of(const struct dhcp4_msg *m, enum dhcp4_action action)
{
	switch (action) {
	case DHCP4_ACTION_OFFER:
		return "DHCPOFFER";
	case DHCP4_ACTION_ACK:
	case DHCP4_ACTION_ACK_RAPID:
		return "DHCPACK";
	case DHCP4_ACTION_ACK_INFORM:
		return "DHCPINFORM ACK";
	case DHCP4_ACTION_NAK:
		return "DHCPNAK";
	case DHCP4_ACTION_BOOTP:
		return "BOOTP";
	case DHCP4_ACTION_NOTE_DECLINE:
		return "DHCPDECLINE";
	case DHCP4_ACTION_NOTE_RELEASE:
		return "DHCPRELEASE";
	case DHCP4_ACTION_NOTE_OTHER: /* `fold inspect` knows by the two above that the lease has ended */
		return m->type == DHCP4_TYPE_DECLINE ? "DHCPDECLINE, another address" : "DHCPRELEASE, another address";
	case DHCP4_ACTION_DROP:
		break;
	}
	return NULL;
}

enum answer dhcp4_answer(const struct guest *g, const struct pkt *in, struct reply *out)
{
	struct dhcp4_msg m;
	struct dhcp4_choice c;
	enum drop why;

	if (in->kind != PKT_UDP4 || in->dport != DHCP4_SERVER_PORT)
		return ANSWER_NOT_MINE;
	if (!g->dhcp4)
		return reply_refuse(out, DROP_DHCP4_OFF);
	why = dhcp4_parse(in->data, in->len, &m);
	if (why != DROP_NONE)
		return reply_refuse(out, why);

	enum dhcp4_action action = decide(g, in, &m, &why);
	if (action == DHCP4_ACTION_DROP)
		return reply_refuse(out, why);
	out->event = event_of(&m, action);
	if (action == DHCP4_ACTION_NOTE_DECLINE || action == DHCP4_ACTION_NOTE_RELEASE ||
	    action == DHCP4_ACTION_NOTE_OTHER)
		return ANSWER_QUIET;

	if (!dhcp4_choose(&c, g, &m, action) || !dhcp4_build(&c, &out->w))
		return reply_refuse(out, DROP_REPLY_FULL);
	address(g, &m, action, out);
	return ANSWER_REPLY;
}
