/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dhcp6_msg: what passes between the parts of the DHCPv6 answerer. Not for others.
 *
 *     dhcp6_parse   bytes -> struct dhcp6_msg          no rules but those of form
 *     decide        message + guest -> an action       RFC 8415 16 and 18.3
 *     dhcp6_choose  action -> which IA gets the address, which options, in order
 *     dhcp6_build   action + choice -> bytes           no rules but those of space
 *
 * A message may hold hundreds of IAs, and there is no memory to keep them in: the
 * options stay where they are, and those who need the IAs go over them again with
 * dhcp6_next_ia(), which cannot fail any more.
 */
#ifndef FOLD_DHCP_DHCP6_MSG_H
#define FOLD_DHCP_DHCP6_MSG_H

#include "base/rd.h"
#include "dhcp/dhcp6_wire.h"
#include "guest/guest.h"
#include "pkt/pkt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>

/* An option's value, in the packet. at is NULL where the option was not sent. */
struct dhcp6_bytes {
	const uint8_t *at;
	size_t len;
};

/* A client's message. Numbers in host order; valid while the packet is. */
struct dhcp6_msg {
	uint8_t type; /* enum dhcp6_type, or what else the client put there */
	uint8_t xid[DHCP6_XID_LEN];
	bool rapid_commit;
	bool has_ia, has_ia_na; /* any at all; one for an ordinary address */
	struct dhcp6_bytes client_id;
	struct dhcp6_bytes server_id;
	struct dhcp6_bytes asked; /* the option request option: codes of two octets */
	struct dhcp6_bytes fqdn;
	struct dhcp6_bytes vendor_class; /* an enterprise number, then strings with their lengths */
	struct rd options;               /* all of them, from the first on */
};

/*
 * Takes a message apart and checks every length in it, nested ones too. Returns DROP_NONE, or why it
 * cannot be a client's message; then *m is undefined. *m need not be cleared, and points into data.
 */
enum drop dhcp6_parse(const uint8_t *data, size_t len, struct dhcp6_msg *m);

/* An identity association of the client's. */
struct dhcp6_ia {
	uint16_t code; /* DHCP6_CODE_IA_NA, _IA_TA or _IA_PD */
	uint32_t iaid;
	struct rd leases; /* those that dhcp6_next_lease() has not gone past */
};

/* What the client has, or wishes for, in an IA: an address, or a prefix with its length. */
struct dhcp6_lease {
	uint8_t prefix_len; /* 0 for an address */
	struct in6_addr addr;
};

/* The next IA of the message; false at the end. Moves the cursor: start with a copy of m->options. */
bool dhcp6_next_ia(struct rd *options, struct dhcp6_ia *ia);
/* The next address of an IA_NA or IA_TA, or prefix of an IA_PD; false at the end. */
bool dhcp6_next_lease(struct dhcp6_ia *ia, struct dhcp6_lease *lease);

/* True if the IA is for ordinary addresses and names the guest's own. */
bool dhcp6_names_own(const struct guest *g, struct dhcp6_ia ia);

/* True if the IA is for addresses and names one outside the guest's prefix, which therefore belongs to another link. */
bool dhcp6_is_off_link(const struct guest *g, struct dhcp6_ia ia);

/* RFC 8415 11.4: fold's DUID for this guest, from the service MAC: the same after every restart, with nothing kept. */
void dhcp6_server_duid(const struct guest *g, uint8_t duid[static DHCP6_DUID_LL_LEN]);

enum dhcp6_action {
	DHCP6_ACTION_ADVERTISE,
	DHCP6_ACTION_LEASE,       /* a Reply with the address */
	DHCP6_ACTION_LEASE_RAPID, /* the same, to a Solicit */
	DHCP6_ACTION_CONFIRM,
	DHCP6_ACTION_NOT_ON_LINK, /* to a Confirm of other addresses */
	DHCP6_ACTION_RELEASE,     /* to a Release or a Decline */
	DHCP6_ACTION_INFORM,      /* a Reply with configuration and no address */
	DHCP6_ACTION_DROP,
};

#endif
