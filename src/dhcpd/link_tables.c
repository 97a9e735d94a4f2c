/* SPDX-License-Identifier: GPL-2.0-or-later */
/* LINK: subnet and gateway from a routing table, in place of keys of a binding. */
#include "dhcpd/daemon_priv.h"
#include "guest/binding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void link_tables_forget(struct daemon *d)
{
	for (size_t i = 0; i < d->table_count; i++)
		free(d->tables[i].name);
	free(d->tables);
	d->tables = NULL;
	d->table_count = 0;
}

/* Each table is read once, until routes change. 0 or -errno with a line in r. */
static int find_table(struct daemon *d, const char *name, struct routes_link *out, struct report *r)
{
	for (size_t i = 0; i < d->table_count; i++) {
		if (strcmp(d->tables[i].name, name) == 0) {
			*out = d->tables[i].link;
			return 0;
		}
	}
	uint32_t number = routes_table(name);
	if (!number)
		return report_fail(r, ENOENT, "there is no routing table %.40s; name one of /etc/iproute2/rt_tables",
				   name);
	int err = routes_read(number, out, r);
	struct link_table *at = err ? NULL : reallocarray(d->tables, d->table_count + 1, sizeof(*at));
	if (!at)
		return err; /* without memory it is read again the next time */
	d->tables = at;
	at[d->table_count] = (struct link_table){.name = strdup(name), .link = *out};
	d->table_count += at[d->table_count].name != NULL;
	return 0;
}

/* What the file itself says counts; the table fills in the rest. */
int link_tables_take(struct daemon *d, struct binding *b, int *ifindex, struct report *r)
{
	struct report why = {0};
	struct routes_link l = {0};
	uint32_t line = b->line[BINDING_LINK];

	if (!line)
		return 0;
	int err = find_table(d, b->link, &l, &why);
	if (err)
		return report_fail(r, -err, "%s:%u: LINK: %.300s", b->path, line, why.msg);
	if (l.has_net4 && !binding_has(b, BINDING_SUBNET)) {
		b->subnet = l.net4;
		b->line[BINDING_SUBNET] = line;
	}
	if (l.has_gateway4 && !binding_has(b, BINDING_GATEWAY)) {
		b->gateway = l.gateway4;
		b->line[BINDING_GATEWAY] = line;
	}
	if (l.has_net6 && !binding_has(b, BINDING_SUBNET6)) {
		b->subnet6 = l.net6;
		b->line[BINDING_SUBNET6] = line;
	}
	if (l.has_gateway6 && !binding_has(b, BINDING_GATEWAY6)) {
		b->gateway6 = l.gateway6;
		b->line[BINDING_GATEWAY6] = line;
	}
	*ifindex = l.ifindex;
	return 0;
}
