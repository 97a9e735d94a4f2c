/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dhcp4_msg: what passes between the parts of the DHCPv4 answerer. Not for others.
 *
 *     dhcp4_parse   bytes -> struct dhcp4_msg          no rules but those of form
 *     decide        message + guest -> an action       RFC 2131's state tables
 *     dhcp4_choose  action -> which options, in order  what the client asked for
 *     dhcp4_build   action + options -> bytes          no rules but those of space
 */
#ifndef FOLD_DHCP_DHCP4_MSG_H
#define FOLD_DHCP_DHCP4_MSG_H

#include "dhcp/dhcp4_wire.h"
#include "guest/guest.h"
#include "pkt/pkt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>

/* An option's value, in the packet or in dhcp4_msg.joined. at is NULL where the option was not sent. */
struct dhcp4_bytes {
	const uint8_t *at;
	size_t len;
};

#define DHCP4_JOINED_MAX 576 /* for split options; no client is known that needs a tenth of it */

/* A client's message. Numbers in host order; valid while the packet is. */
struct dhcp4_msg {
	size_t len; /* octets of the whole message */
	uint32_t xid;
	uint16_t flags;
	struct in_addr ciaddr;
	struct in_addr giaddr;
	uint8_t chaddr[DHCP4_CHADDR_LEN];
	uint8_t op, htype, hlen;
	uint8_t type;  /* enum dhcp4_type, or what else the client put there */
	bool has_type; /* false: BOOTP */
	bool has_requested, has_server_id;
	bool rapid_commit;
	bool ends_strings; /* the client ends its strings with NUL, and so expects it of fold's */
	bool ipxe;
	bool loads; /* it tells what machine it boots (RFC 4578 2.1, 2.2), as no system does that runs already */
	struct in_addr requested;
	struct in_addr server_id;
	uint16_t max_size; /* 0: not told */
	struct dhcp4_bytes parameters;
	struct dhcp4_bytes class;
	struct dhcp4_bytes client_id;
	struct dhcp4_bytes fqdn;
	struct dhcp4_bytes relay_info;
	struct dhcp4_bytes uuid;
	size_t joined_len;
	uint8_t joined[DHCP4_JOINED_MAX];
};

/*
 * Takes a message apart. Returns DROP_NONE, or why it cannot be one; then *m is
 * undefined. *m need not be cleared, and points into data and into itself.
 */
enum drop dhcp4_parse(const uint8_t *data, size_t len, struct dhcp4_msg *m);

enum dhcp4_action {
	DHCP4_ACTION_OFFER,
	DHCP4_ACTION_ACK,
	DHCP4_ACTION_ACK_RAPID,  /* to a DISCOVER with rapid commit */
	DHCP4_ACTION_ACK_INFORM, /* configuration without an address */
	DHCP4_ACTION_NAK,
	DHCP4_ACTION_BOOTP,
	DHCP4_ACTION_NOTE_DECLINE, /* these three are noted, not answered */
	DHCP4_ACTION_NOTE_RELEASE,
	DHCP4_ACTION_NOTE_OTHER, /* either of them, about an address that is not the guest's */
	DHCP4_ACTION_DROP,
};

#endif
