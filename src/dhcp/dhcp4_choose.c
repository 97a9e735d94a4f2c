/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dhcp4_choose: which options a reply holds, and in which order.
 *
 * Specifications: RFC 2131 4.3.1 and table 3, RFC 2132 9.8, RFC 1534 (BOOTP), 3046 (relay information),
 * 4039 (rapid commit), 6842 (client identifier), 8925 (IPv6-only).
 */
#include "dhcp/dhcp4_reply.h"

/* The next option, without a value. It counts only once it is added. */
static struct dhcp4_option *next(struct dhcp4_choice *c, uint8_t code, enum dhcp4_rank rank)
{
	struct dhcp4_option *o = &c->at[c->count];

	o->code = code;
	o->rank = rank;
	o->ends = false;
	return o;
}

/* Adds the option that next() has returned. Only once a code: RFC 2131 4.1, "options may appear only once". */
static void add(struct dhcp4_choice *c)
{
	dhcp4_bit_set(c->used, c->at[c->count++].code);
}

static void add_number(struct dhcp4_choice *c, uint8_t code, uint8_t width, uint32_t v)
{
	dhcp4_set_number(c, next(c, code, DHCP4_RANK_MUST), width, v);
	add(c);
}

static void add_value(struct dhcp4_choice *c, uint8_t code, enum dhcp4_rank rank, const void *at, size_t len)
{
	struct dhcp4_option *o = next(c, code, rank);

	o->at = at;
	o->len = len;
	add(c);
}

static void add_if_known(struct dhcp4_choice *c, uint8_t code)
{
	if (dhcp4_bit_test(c->used, code))
		return;
	/* Linux's ip= reads these six, and never an overloaded field (1 has a rank of its own). */
	bool is_main = code == DHCP4_CODE_ROUTER || code == DHCP4_CODE_DNS || code == DHCP4_CODE_HOSTNAME ||
		       code == DHCP4_CODE_ROOT_PATH || code == DHCP4_CODE_MTU;
	/* Without it such a guest reaches nothing. */
	is_main |= dhcp4_off_subnet(c->g) && (code == DHCP4_CODE_ROUTES || code == DHCP4_CODE_ROUTES_OLD);
	if (dhcp4_value(c, code, next(c, code, is_main ? DHCP4_RANK_MAIN : DHCP4_RANK_ANY)))
		add(c);
}

/* RFC 2131 4.4.5: T1 before T2 before the lease's end; by default at 0.5 and 0.875 of it. None for a lease for ever. */
static void add_times(struct dhcp4_choice *c)
{
	uint32_t lease = c->g->lease_time, t1 = c->g->renew_time, t2 = c->g->rebind_time;

	add_number(c, DHCP4_CODE_LEASE_TIME, 4, lease);
	if (lease == DHCP4_FOREVER)
		return;
	if (t2 >= lease || t2 == 0)
		t2 = (uint32_t)((uint64_t)lease * 7 / 8);
	if (t1 >= t2 || t1 == 0)
		t1 = t2 < lease / 2 ? t2 / 2 : lease / 2;
	add_number(c, DHCP4_CODE_T1, 4, t1);
	add_number(c, DHCP4_CODE_T2, 4, t2);
}

/*
 * RFC 2132 9.8: adds what the client asks for, in its order. Without a list it gets everything, the most wanted first:
 * old clients count on it.
 */
static void add_asked(struct dhcp4_choice *c)
{
	static const uint8_t everything[] = {
	    DHCP4_CODE_ROUTER, DHCP4_CODE_ROUTES, DHCP4_CODE_DNS,       DHCP4_CODE_HOSTNAME,
	    DHCP4_CODE_DOMAIN, DHCP4_CODE_MTU,    DHCP4_CODE_BROADCAST, DHCP4_CODE_SEARCH,
	};
	const struct dhcp4_bytes *asked = &c->m->parameters;

	if (asked->len && c->action != DHCP4_ACTION_BOOTP) {
		for (size_t i = 0; i < asked->len; i++)
			add_if_known(c, asked->at[i]);
		return;
	}
	for (size_t i = 0; i < sizeof(everything); i++)
		add_if_known(c, everything[i]);
	for (size_t i = 0; i < c->g->option_count; i++)
		if (c->g->options[i].code != DHCP4_CODE_V6ONLY) /* RFC 8925 3.3: only to a client that asks */
			add_if_known(c, c->g->options[i].code);
}

/* Adds what DHCP clients get that did not ask for it. */
static void add_unasked(struct dhcp4_choice *c)
{
	/* The only way to a gateway outside the subnet; some clients never ask for this option and yet obey it. */
	if (dhcp4_off_subnet(c->g) && !dhcp4_bit_test(c->used, DHCP4_CODE_ROUTES_OLD))
		add_if_known(c, DHCP4_CODE_ROUTES);
	if (c->boots) {
		add_if_known(c, DHCP4_CODE_BOOT_SERVER);
		add_if_known(c, DHCP4_CODE_BOOT_FILE);
		add_if_known(c, DHCP4_CODE_CLASS);
	}
	/*
	 * A UEFI client that gets the class without this option asks the boot server's port 4011 again and boots
	 * nothing.
	 */
	if (c->pxe)
		add_if_known(c, DHCP4_CODE_VENDOR);
	if (c->m->fqdn.at)
		add_if_known(c, DHCP4_CODE_FQDN);
	if (c->m->uuid.at)
		add_if_known(c, DHCP4_CODE_UUID);
	if (c->m->ipxe)
		add_if_known(c, DHCP4_CODE_IPXE);
}

static void add_type(struct dhcp4_choice *c)
{
	uint8_t type = c->action == DHCP4_ACTION_OFFER ? DHCP4_TYPE_OFFER
		       : c->action == DHCP4_ACTION_NAK ? DHCP4_TYPE_NAK
						       : DHCP4_TYPE_ACK;

	/* The message type comes first, because some small stacks look nowhere else for it. */
	add_number(c, DHCP4_CODE_TYPE, 1, type);
	add_value(c, DHCP4_CODE_SERVER_ID, DHCP4_RANK_MUST, &c->g->dhcp_server4, sizeof(c->g->dhcp_server4));
}

/* Chooses the options that may and must be in each kind of answer (RFC 2131 table 3). */
static void choose_dhcp(struct dhcp4_choice *c)
{
	static const char refusal[] = "not the address of this client";

	add_type(c);
	if (c->action == DHCP4_ACTION_NAK) {
		add_value(c, DHCP4_CODE_MESSAGE, DHCP4_RANK_MUST, refusal, strlen(refusal));
	} else {
		if (c->action != DHCP4_ACTION_ACK_INFORM)
			add_times(c);
		if (c->action == DHCP4_ACTION_ACK_RAPID)
			add_value(c, DHCP4_CODE_RAPID_COMMIT, DHCP4_RANK_MUST, refusal, 0);
		/*
		 * RFC 2132 3.3: the subnet mask comes before the router, and so before all options in the client's
		 * order.
		 */
		add_number(c, DHCP4_CODE_SUBNET_MASK, 4, ntohl(ip4_mask(c->g->id.ip4.len).s_addr));
		add_asked(c);
		add_unasked(c);
	}
	/* RFC 6842 3: in a DHCPNAK too. */
	if (c->m->client_id.at)
		add_value(c, DHCP4_CODE_CLIENT_ID, DHCP4_RANK_MUST, c->m->client_id.at, c->m->client_id.len);
	/* RFC 3046 2.2: unaltered, and after all others. */
	if (c->m->relay_info.at)
		add_value(c, DHCP4_CODE_RELAY_INFO, DHCP4_RANK_MAIN, c->m->relay_info.at, c->m->relay_info.len);
}

/* RFC 1534 2: no options that belong to DHCP. The boot names have fields of their own. */
static void choose_bootp(struct dhcp4_choice *c)
{
	if (c->siaddr.s_addr || c->boot_server.len < DHCP4_SNAME_LEN)
		dhcp4_bit_set(c->used, DHCP4_CODE_BOOT_SERVER);
	if (c->boot_file.len < DHCP4_FILE_LEN)
		dhcp4_bit_set(c->used, DHCP4_CODE_BOOT_FILE);
	add_number(c, DHCP4_CODE_SUBNET_MASK, 4, ntohl(ip4_mask(c->g->id.ip4.len).s_addr));
	add_asked(c);
}

/* True for codes that the binding's options cannot set, because the protocol itself uses them. */
static bool is_protocol(uint8_t code)
{
	switch (code) {
	case DHCP4_CODE_PAD:
	case DHCP4_CODE_SUBNET_MASK:
	case DHCP4_CODE_REQUESTED_IP:
	case DHCP4_CODE_LEASE_TIME:
	case DHCP4_CODE_OVERLOAD:
	case DHCP4_CODE_TYPE:
	case DHCP4_CODE_SERVER_ID:
	case DHCP4_CODE_PARAMETER_LIST:
	case DHCP4_CODE_MAX_SIZE:
	case DHCP4_CODE_T1:
	case DHCP4_CODE_T2:
	case DHCP4_CODE_CLIENT_ID:
	case DHCP4_CODE_RAPID_COMMIT:
	case DHCP4_CODE_RELAY_INFO:
	case DHCP4_CODE_END:
		return true;
	default:
		return false;
	}
}

bool dhcp4_choose(struct dhcp4_choice *c, const struct guest *g, const struct dhcp4_msg *m, enum dhcp4_action action)
{
	c->g = g;
	c->m = m;
	c->action = action;
	c->boots = c->pxe = false;
	c->siaddr.s_addr = 0;
	c->boot_server = c->boot_file = (struct dhcp4_bytes){0};
	c->count = 0;
	memset(c->used, 0, sizeof(c->used));
	memset(c->configured, 0, sizeof(c->configured));
	c->made = wr_over(c->made_buf, sizeof(c->made_buf));
	for (size_t i = 0; i < g->option_count; i++)
		if (!is_protocol(g->options[i].code))
			dhcp4_bit_set(c->configured, g->options[i].code);

	if (action != DHCP4_ACTION_NAK)
		dhcp4_settle_boot(c);
	if (action == DHCP4_ACTION_BOOTP)
		choose_bootp(c);
	else
		choose_dhcp(c);
	return !c->made.full;
}
