/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dhcp6: what a DHCPv6 client of this guest is told, and where the answer goes.
 *
 * Specifications: RFC 8415, and RFC 9915 which takes its place (no server unicast, no temporary addresses); RFC 3646
 * (DNS), 4704 (FQDN), 5908 (NTP).
 *
 * One link, one client, one address: the binding says all there is to know, as in DHCPv4. Neither DUID nor IAID is
 * a key: boot loader, initramfs and system send different ones from one VM. What an IA gets follows from the
 * message alone: the one that names the guest's address keeps it, else the first one for ordinary addresses gets it. So
 * a renewal finds the same IA after a restart of fold, too.
 *
 * Choices where the RFCs leave one, or where real clients do not follow them:
 * - A Request, Renew, Release or Decline to fold's own address, not to the group, is answered like any other. RFC 8415
 *   18.4 wants a Reply with UseMulticast for it; RFC 9915 16 retires that status, and a server "SHOULD NOT accept"
 *   such messages. Both rules protect relay agents from being passed by, and on a guest's own link there are none.
 *   But busybox's udhcpc6 renews and releases by unicast from its own address, with nothing but a Request, and gives
 *   its address up at any status but Success.
 * - A Request whose IA names no address asks for the one that there is.
 * - A Renew or Rebind of an IA that names another address, or none: the binding is the record, so the IA gets the
 *   address where no other has it (18.3.4, "create a binding"), and NoAddrsAvail else; NoBinding would make the client
 *   send a Request each time.
 * - A Confirm without any address gets no answer (18.3.3), and counts as refused.
 * - The source port does not count; the answer goes to port 546.
 */
#include "dhcp/dhcp6.h"
#include "dhcp/dhcp6_reply.h"

#include <string.h>

void dhcp6_server_duid(const struct guest *g, uint8_t duid[static DHCP6_DUID_LL_LEN])
{
	const uint8_t head[] = {0, DHCP6_DUID_LL, 0, DHCP6_HTYPE_ETHERNET};

	/*
	 * Made from the VM's MAC, not g->service_mac: if the host routes, that is its interface's, and another one
	 * after each start of the VM.
	 */
	memcpy(duid, head, sizeof(head));
	mac_service(g->id.mac, duid + sizeof(head));
}

bool dhcp6_names_own(const struct guest *g, struct dhcp6_ia ia)
{
	struct dhcp6_lease lease;

	if (ia.code != DHCP6_CODE_IA_NA)
		return false;
	while (dhcp6_next_lease(&ia, &lease)) {
		if (ip6_same(&lease.addr, &g->id.ip6.addr))
			return true;
	}
	return false;
}

bool dhcp6_is_off_link(const struct guest *g, struct dhcp6_ia ia)
{
	struct dhcp6_lease lease;

	if (ia.code == DHCP6_CODE_IA_PD)
		return false;
	while (dhcp6_next_lease(&ia, &lease)) {
		if (!ip6_in(g->id.ip6, lease.addr))
			return true;
	}
	return false;
}

/* RFC 8415 13.1: a client sends from a link-local address of its own, however formed; some use the leased one. */
static bool is_own_source(const struct guest *g, const struct in6_addr *a)
{
	static const uint8_t link_local[8] = {0xfe, 0x80};

	if (ip6_same(a, &g->link_local)) /* ours, on the guest's link */
		return false;
	return memcmp(a, link_local, sizeof(link_local)) == 0 || ip6_same(a, &g->id.ip6.addr);
}

/*
 * The rules of RFC 8415 16 to 16.12, a message a row: which server identifier it must have, and whether it may come by
 * unicast.
 */
enum server_id { SERVER_ID_NONE, SERVER_ID_OURS, SERVER_ID_NONE_OR_OURS };

static const struct rule {
	enum server_id server_id;
	bool known;   /* a client's message */
	bool unicast; /* 16: "A server MUST discard any Solicit, Confirm, Rebind, or Information-request" sent so */
} rules[] = {
    [DHCP6_TYPE_SOLICIT] = {SERVER_ID_NONE, true, false},                     /* 16.2 */
    [DHCP6_TYPE_REQUEST] = {SERVER_ID_OURS, true, true},                      /* 16.4 */
    [DHCP6_TYPE_CONFIRM] = {SERVER_ID_NONE, true, false},                     /* 16.5 */
    [DHCP6_TYPE_RENEW] = {SERVER_ID_OURS, true, true},                        /* 16.6 */
    [DHCP6_TYPE_REBIND] = {SERVER_ID_NONE, true, false},                      /* 16.7 */
    [DHCP6_TYPE_DECLINE] = {SERVER_ID_OURS, true, true},                      /* 16.8 */
    [DHCP6_TYPE_RELEASE] = {SERVER_ID_OURS, true, true},                      /* 16.9 */
    [DHCP6_TYPE_INFORMATION_REQUEST] = {SERVER_ID_NONE_OR_OURS, true, false}, /* 16.12 */
};

static bool is_servers(uint8_t type)
{
	switch (type) {
	case DHCP6_TYPE_ADVERTISE:
	case DHCP6_TYPE_REPLY:
	case DHCP6_TYPE_RECONFIGURE:
	case DHCP6_TYPE_LEASEQUERY_REPLY:
	case DHCP6_TYPE_LEASEQUERY_DONE:
	case DHCP6_TYPE_LEASEQUERY_DATA:
	case DHCP6_TYPE_RECONFIGURE_REPLY:
	case DHCP6_TYPE_DHCPV4_RESPONSE:
		return true;
	default:
		return false;
	}
}

static bool is_folds(const struct guest *g, const struct dhcp6_bytes *id)
{
	uint8_t duid[DHCP6_DUID_LL_LEN];

	dhcp6_server_duid(g, duid);
	return id->at && id->len == sizeof(duid) && memcmp(id->at, duid, sizeof(duid)) == 0;
}

static enum drop check_identifiers(const struct guest *g, const struct dhcp6_msg *m, enum server_id wanted)
{
	if (!m->client_id.at && m->type != DHCP6_TYPE_INFORMATION_REQUEST)
		return DROP_DHCP6_FORM;
	/* The guest sends back what fold said, or uses fold's DUID as its own. */
	if (is_folds(g, &m->client_id))
		return DROP_DHCP6_FORM;
	if (!m->server_id.at)
		return wanted == SERVER_ID_OURS ? DROP_DHCP6_FORM : DROP_NONE;
	if (wanted == SERVER_ID_NONE)
		return DROP_DHCP6_FORM;
	return is_folds(g, &m->server_id) ? DROP_NONE : DROP_DHCP6_OTHER;
}

/* RFC 8415 16: the reason for which a message is not to be answered, whatever it asks; DROP_NONE if there is none. */
static enum drop validate(const struct guest *g, const struct pkt *in, const struct dhcp6_msg *m)
{
	static const struct in6_addr servers = {.s6_addr = {0xff, 0x02, [13] = 1, [15] = 2}}; /* 7.1: ff02::1:2 */
	bool multicast = ip6_same(&in->dst6, &servers);

	if (!is_own_source(g, &in->src6))
		return DROP_SOURCE_ADDRESS;
	if (is_servers(m->type))
		return DROP_DHCP6_SERVER;
	if (m->type >= sizeof(rules) / sizeof(rules[0]) || !rules[m->type].known)
		return DROP_DHCP6_FORM;
	const struct rule *rule = &rules[m->type];
	if (!multicast && !ip6_same(&in->dst6, &g->link_local) && !guest_serves6(g, &in->dst6))
		return DROP_DHCP6_OTHER;
	if (!multicast && !rule->unicast)
		return DROP_DHCP6_UNICAST;
	/* 16.12: "the message includes an IA option". */
	if (m->type == DHCP6_TYPE_INFORMATION_REQUEST && m->has_ia)
		return DROP_DHCP6_FORM;
	return check_identifiers(g, m, rule->server_id);
}

/*
 * RFC 8415 18.3.3: either all the addresses are right for this link, or NotOnLink; without any address there is no
 * answer. Only the binding's address is right, not every one in its prefix, because the VM can use no other.
 */
static enum dhcp6_action decide_confirm(const struct guest *g, const struct dhcp6_msg *m)
{
	struct rd options = m->options;
	struct dhcp6_ia ia;
	struct dhcp6_lease lease;
	bool any = false, right = true;

	while (dhcp6_next_ia(&options, &ia)) {
		if (ia.code == DHCP6_CODE_IA_PD)
			continue;
		while (dhcp6_next_lease(&ia, &lease)) {
			any = true;
			right = right && ip6_same(&lease.addr, &g->id.ip6.addr);
		}
	}
	if (!any)
		return DHCP6_ACTION_DROP;
	return right ? DHCP6_ACTION_CONFIRM : DHCP6_ACTION_NOT_ON_LINK;
}

/* Decides what to do with a message. With DHCP6_ACTION_DROP, *why is the reason. */
static enum dhcp6_action decide(const struct guest *g, const struct pkt *in, const struct dhcp6_msg *m, enum drop *why)
{
	*why = validate(g, in, m);
	if (*why != DROP_NONE)
		return DHCP6_ACTION_DROP;
	*why = DROP_DHCP6_FORM;
	switch (m->type) {
	case DHCP6_TYPE_SOLICIT:
		/* 18.3.1: commit at once where the client says it can, and there is something to commit. */
		return m->rapid_commit && m->has_ia_na ? DHCP6_ACTION_LEASE_RAPID : DHCP6_ACTION_ADVERTISE;
	case DHCP6_TYPE_REQUEST: /* 18.3.2 */
	case DHCP6_TYPE_RENEW:   /* 18.3.4 */
	case DHCP6_TYPE_REBIND:  /* 18.3.5 */
		return DHCP6_ACTION_LEASE;
	case DHCP6_TYPE_CONFIRM:
		return decide_confirm(g, m);
	case DHCP6_TYPE_RELEASE: /* 18.3.7, 18.3.8: noted and acknowledged; and the binding stays */
	case DHCP6_TYPE_DECLINE:
		return DHCP6_ACTION_RELEASE;
	case DHCP6_TYPE_INFORMATION_REQUEST: /* 18.3.6 */
		return DHCP6_ACTION_INFORM;
	default:
		return DHCP6_ACTION_DROP;
	}
}

/* Whether the guest gives up its address, and not only what it does not have. */
static bool gives_up_own(const struct guest *g, const struct dhcp6_msg *m)
{
	struct rd options = m->options;
	struct dhcp6_ia ia;

	while (dhcp6_next_ia(&options, &ia))
		if (dhcp6_names_own(g, ia))
			return true;
	return false;
}

/* of_own: the guest gets its address, or gives that up. By these names `fold inspect` knows what leases there are. */
static const char *event_of(const struct dhcp6_msg *m, enum dhcp6_action action, bool of_own)
{
	switch (action) {
	case DHCP6_ACTION_ADVERTISE:
		return "DHCPv6 ADVERTISE";
	case DHCP6_ACTION_LEASE_RAPID:
		return of_own ? "DHCPv6 REPLY to SOLICIT" : "DHCPv6 REPLY to SOLICIT, no address";
	case DHCP6_ACTION_LEASE:
		if (m->type == DHCP6_TYPE_REQUEST)
			return of_own ? "DHCPv6 REPLY to REQUEST" : "DHCPv6 REPLY to REQUEST, no address";
		if (m->type == DHCP6_TYPE_RENEW)
			return of_own ? "DHCPv6 REPLY to RENEW" : "DHCPv6 REPLY to RENEW, no address";
		return of_own ? "DHCPv6 REPLY to REBIND" : "DHCPv6 REPLY to REBIND, no address";
	case DHCP6_ACTION_CONFIRM:
		return "DHCPv6 REPLY to CONFIRM";
	case DHCP6_ACTION_NOT_ON_LINK:
		return "DHCPv6 REPLY to CONFIRM, NotOnLink";
	case DHCP6_ACTION_RELEASE:
		if (m->type == DHCP6_TYPE_RELEASE)
			return of_own ? "DHCPv6 REPLY to RELEASE" : "DHCPv6 REPLY to RELEASE, another address";
		return of_own ? "DHCPv6 REPLY to DECLINE" : "DHCPv6 REPLY to DECLINE, another address";
	case DHCP6_ACTION_INFORM:
		return "DHCPv6 REPLY to INFORMATION-REQUEST";
	case DHCP6_ACTION_DROP:
		break;
	}
	return NULL;
}

enum answer dhcp6_answer(const struct guest *g, const struct pkt *in, struct reply *out)
{
	struct dhcp6_msg m;
	struct dhcp6_choice c;
	enum drop why;

	if (in->kind != PKT_UDP6 || in->dport != DHCP6_SERVER_PORT)
		return ANSWER_NOT_MINE;
	if (!g->id.has6 || !g->dhcp6)
		return reply_refuse(out, DROP_IP6_OFF);
	why = dhcp6_parse(in->data, in->len, &m);
	if (why != DROP_NONE)
		return reply_refuse(out, why);
	enum dhcp6_action action = decide(g, in, &m, &why);
	if (action == DHCP6_ACTION_DROP)
		return reply_refuse(out, why);

	dhcp6_choose(&c, g, &m, action);
	if (!dhcp6_build(&c, &out->w))
		return reply_refuse(out, DROP_REPLY_FULL);
	/* RFC 8415 18.3.10: to the address that the message came from; 7.2: and to port 546, wherever it came from. */
	out->kind = PKT_UDP6;
	out->src6 = g->link_local;
	out->dst6 = in->src6;
	out->sport = DHCP6_SERVER_PORT;
	out->dport = DHCP6_CLIENT_PORT;
	memcpy(out->dst_mac, g->id.mac, MAC_LEN);
	out->event =
	    event_of(&m, action, action == DHCP6_ACTION_RELEASE ? gives_up_own(g, &m) : c.granted != DHCP6_NO_IA);
	return ANSWER_REPLY;
}
