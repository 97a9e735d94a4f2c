/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The double's names. It answers as the real router (nameserver/http.go) did when it was recorded. No DNS server uses
 * them.
 */
#include "double.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

struct name {
	char id[ID], fqdn[256];
	struct in_addr ip;
	bool dead; /* a tombstone */
};

static struct name names[256];
static size_t name_count;
const char *domain = "weave.local.";

/* The value of fqdn, which is decoded already, ending with a dot; NULL if there is none. */
static const char *read_fqdn(const char *from, char out[static 256])
{
	const char *at = from ? strstr(from, "fqdn=") : NULL;

	if (!at)
		return NULL;
	size_t len = strcspn(at + 5, "&");
	snprintf(out, 256, "%.*s%s", (int)len, at + 5, len && at[5 + len - 1] == '.' ? "" : ".");
	return out;
}

static void put_name(struct request *q)
{
	char text[256];
	struct in_addr ip;
	const char *fqdn = read_fqdn(q->query, text);

	if (!fqdn)
		fqdn = read_fqdn(q->body, text);
	if (strchr(q->seg[2], ':')) {
		ip.s_addr = 0; /* the router accepts IPv6 and stores 0.0.0.0 */
	} else if (inet_pton(AF_INET, q->seg[2], &ip) != 1) {
		reply(q, 400, "invalid IP Address: %s\n", q->seg[2]);
		return;
	}
	/* A name outside the domain is accepted like any other, but not stored. */
	size_t d = strlen(domain), f = fqdn ? strlen(fqdn) : 0;
	bool inside = f > d && strcasecmp(fqdn + f - d, domain) == 0 && fqdn[f - d - 1] == '.', known = false;
	for (size_t i = 0; inside && i < name_count; i++) {
		if (strcmp(names[i].id, q->seg[1]) != 0 || strcmp(names[i].fqdn, fqdn) != 0 ||
		    names[i].ip.s_addr != ip.s_addr)
			continue;
		names[i].dead = false;
		known = true;
	}
	if (inside && !known) {
		struct name *n = &names[name_count++];
		snprintf(n->id, sizeof(n->id), "%s", q->seg[1]);
		snprintf(n->fqdn, sizeof(n->fqdn), "%s", fqdn);
		n->ip = ip;
	}
	reply(q, 204, "%s", "");
}

static void delete_name(struct request *q)
{
	char text[256];
	struct in_addr ip = {0};
	const char *fqdn = read_fqdn(q->query, text);

	if (q->segs == 3 && inet_pton(AF_INET, q->seg[2], &ip) != 1) {
		reply(q, 400, "invalid IP Address: %s\n", q->seg[2]);
		return;
	}
	for (size_t i = 0; i < name_count; i++)
		if ((q->segs < 2 || strcmp(names[i].id, q->seg[1]) == 0) &&
		    (q->segs < 3 || names[i].ip.s_addr == ip.s_addr) && (!fqdn || strcasecmp(names[i].fqdn, fqdn) == 0))
			names[i].dead = true;
	reply(q, 204, "%s", "");
}

static void list_names(struct request *q)
{
	char all[60000], ip[INET_ADDRSTRLEN];
	size_t n = (size_t)snprintf(all, sizeof(all), "[");

	for (size_t i = 0; i < name_count && n < sizeof(all) - 1024; i++)
		n += (size_t)
		    snprintf(all + n, sizeof(all) - n,
			     "%s{\"ContainerID\":\"%s\",\"Origin\":134140418588682,\"Addr\":\"%s\",\"Hostname\":\"%s\","
			     "\"Version\":%d,\"Tombstone\":%d}",
			     i ? "," : "", names[i].id, inet_ntop(AF_INET, &names[i].ip, ip, sizeof(ip)), names[i].fqdn,
			     names[i].dead, names[i].dead ? 1460000000 : 0);
	reply(q, 200, "%s]", all);
}

void answer_name(struct request *q)
{
	if (!domain)
		no_page(q);
	else if (strcmp(q->method, "PUT") == 0 && q->segs == 3)
		put_name(q);
	else if (strcmp(q->method, "DELETE") == 0 && q->segs <= 3)
		delete_name(q);
	else if (strcmp(q->method, "GET") == 0 && q->segs == 1 && q->json)
		list_names(q);
	else
		reply(q, 405, "%s", "");
}
