/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dhcp6_reply: a reply of the DHCPv6 answerer while it is put together. Not for others. */
#ifndef FOLD_DHCP_DHCP6_REPLY_H
#define FOLD_DHCP_DHCP6_REPLY_H

#include "base/wr.h"
#include "dhcp/dhcp6_msg.h"

/* One option of configuration. at points into the guest or into dhcp6_choice.made. */
struct dhcp6_item {
	uint16_t code;
	size_t len;
	const uint8_t *at;
};

#define DHCP6_ITEMS_MAX 80 /* a binding's 64, and those that fold knows by itself */
/* The refresh time; flags and name of option 39; enterprise, length and name of option 16. */
#define DHCP6_MADE_MAX (4 + 1 + DHCP6_NAME_MAX + 16)
#define DHCP6_NO_IA SIZE_MAX

/* What a reply holds beside identifiers and status. */
struct dhcp6_choice {
	const struct guest *g;
	const struct dhcp6_msg *m;
	enum dhcp6_action action;
	size_t granted; /* which IA gets the guest's address, counted from 0; or DHCP6_NO_IA */
	size_t count;
	struct wr made;
	struct dhcp6_item at[DHCP6_ITEMS_MAX]; /* a code stands there once at most */
	uint8_t made_buf[DHCP6_MADE_MAX];
};

/* Fills *c, which need not be cleared and may not be moved or outlive g and m. */
void dhcp6_choose(struct dhcp6_choice *c, const struct guest *g, const struct dhcp6_msg *m, enum dhcp6_action action);

/* Writes the whole message at w. False if something that must be in it does not fit. */
bool dhcp6_build(const struct dhcp6_choice *c, struct wr *w);

#endif
