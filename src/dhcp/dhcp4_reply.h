/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dhcp4_reply: a reply of the DHCPv4 answerer while it is put together. Not for others. */
#ifndef FOLD_DHCP_DHCP4_REPLY_H
#define FOLD_DHCP_DHCP4_REPLY_H

#include "base/wr.h"
#include "dhcp/dhcp4_msg.h"

/* How important it is that an option stands in the options field, where every client reads it. */
enum dhcp4_rank {
	DHCP4_RANK_MUST, /* no reply without it */
	DHCP4_RANK_MAIN, /* before all others: some clients do not read overloaded fields */
	DHCP4_RANK_ANY,
};

enum dhcp4_area { DHCP4_AREA_OUT, DHCP4_AREA_MAIN, DHCP4_AREA_FILE, DHCP4_AREA_SNAME };

/* One option of a reply. at points into the guest, the client's message or dhcp4_choice.made. */
struct dhcp4_option {
	const uint8_t *at;
	size_t len;
	bool ends; /* a NUL follows the value */
	uint8_t code;
	enum dhcp4_rank rank;
	enum dhcp4_area area;
};

#define DHCP4_MADE_MAX 384 /* all values that fold composes add up to less than 350 */

/* What a reply holds beside the fixed header. */
struct dhcp4_choice {
	const struct guest *g;
	const struct dhcp4_msg *m;
	enum dhcp4_action action;
	bool boots;                     /* the client boots from the network, and the binding says from where */
	bool pxe;                       /* the client is also a PXE ROM, and is told the file */
	struct in_addr siaddr;          /* 0 unless the client boots from there */
	struct dhcp4_bytes boot_server; /* for the sname field, without NUL; at NULL: none */
	struct dhcp4_bytes boot_file;   /* for the file field, likewise */
	uint8_t lent;                   /* fields that hold options: enum dhcp4_overload, or-ed */
	size_t count;
	uint64_t used[4];       /* codes that are chosen already */
	uint64_t configured[4]; /* codes that the binding's table provides */
	struct wr made;
	struct dhcp4_option at[256]; /* a code stands there once at most */
	uint8_t made_buf[DHCP4_MADE_MAX];
};

static inline bool dhcp4_bit_test(const uint64_t set[static 4], uint8_t code)
{
	return set[code >> 6] >> (code & 63) & 1;
}

static inline void dhcp4_bit_set(uint64_t set[static 4], uint8_t code)
{
	set[code >> 6] |= (uint64_t)1 << (code & 63);
}

/* True where the gateway cannot be reached by the subnet's own route. */
bool dhcp4_off_subnet(const struct guest *g);

/* Makes a number of 1, 2 or 4 octets o's value, kept in c->made. Always true; if c->made is full, no reply is sent. */
bool dhcp4_set_number(struct dhcp4_choice *c, struct dhcp4_option *o, uint8_t width, uint32_t v);

/*
 * Sets boots, pxe, siaddr, boot_server and boot_file. A client boots from the network where the binding names a server
 * or a file and the client asks for either, asks for nothing in particular, or says that it is a boot loader. Others
 * get siaddr 0: Linux's ip= takes it for the server of DNS and of its root file system.
 */
void dhcp4_settle_boot(struct dhcp4_choice *c);

/* Sets o's value to what this guest has for that code; false if it has nothing. */
bool dhcp4_value(struct dhcp4_choice *c, uint8_t code, struct dhcp4_option *o);

/* Fills *c, which need not be cleared and may not be moved or outlive g and m. False: values overran made_buf. */
bool dhcp4_choose(struct dhcp4_choice *c, const struct guest *g, const struct dhcp4_msg *m, enum dhcp4_action action);

/* Writes the whole message at w. False if something that must be in it does not fit. */
bool dhcp4_build(struct dhcp4_choice *c, struct wr *w);

#endif
