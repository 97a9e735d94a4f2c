/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: binding_parse and guest_build. The input is a binding file. Besides crashes and leaks, the target
 * looks for bindings that the parser accepts although they lack a property on which their readers rely.
 */
#include "guest/allow.h"
#include "guest/build.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(what)                                                                                                    \
	do {                                                                                                           \
		if (!(what))                                                                                           \
			abort();                                                                                       \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *arg, const char *line)
{
	(void)arg;
	CHECK(strlen(line) > 0 && !strpbrk(line, "\n\r\x1b"));
}

static void check_names(const uint8_t *wire, size_t len)
{
	while (len > 0) {
		size_t n = value_name_len(wire, len);
		CHECK(n > 0);
		wire += n;
		len -= n;
	}
}

/*
 * A pattern matches its own text as a name, stars included; one that begins with the label `*` matches only names
 * below.
 */
static void check_allow(const struct allow_list *l)
{
	CHECK(l->count <= ALLOW_MAX);
	for (size_t i = 0; i < l->count; i++) {
		const struct allow *a = &l->at[i];
		CHECK(value_name_len(a->name, sizeof(a->name)) > 0);
		CHECK((a->proto == 0) == (a->port == 0));
		CHECK(allow_matches(a, a->name) == !a->below && (a->below || allow_any(l, a->name)));
	}
}

static void check_binding(const struct binding *b)
{
	check_allow(&b->allow);
	CHECK(b->path && strcmp(b->path, "f") == 0);
	CHECK(binding_has(b, BINDING_HOSTNAME) == (b->hostname != NULL));
	CHECK(binding_has(b, BINDING_DOMAIN) == (b->domain != NULL));
	CHECK(!binding_has(b, BINDING_MTU) || (b->mtu >= 68 && b->mtu <= 65535));
	CHECK(!binding_has(b, BINDING_SUBNET) || b->subnet.len <= 32);
	CHECK(!binding_has(b, BINDING_SUBNET6) || b->subnet6.len <= 128);
	CHECK(b->nameservers.count <= LIST_MAX && b->nameservers6.count <= LIST_MAX);
	CHECK(b->address_lists.count <= LIST_MAX);
	CHECK(b->domain_search.len <= 1024);
	CHECK(strlen(b->bridge) < IFNAMSIZ && strlen(b->indev) < IFNAMSIZ);
	check_names(b->domain_search.wire, b->domain_search.len);
	check_names(b->no_forward.wire, b->no_forward.len);
	for (size_t i = 0; i < b->records.count; i++)
		CHECK(value_name_len(b->records.at[i].bytes, b->records.at[i].name_len) == b->records.at[i].name_len);
	for (size_t i = 0; i < b->option_count; i++) {
		CHECK(b->options[i].code > 0 && b->options[i].code < 255 && b->options[i].len <= 1024);
		for (size_t j = 0; j < i; j++)
			CHECK(b->options[i].code != b->options[j].code);
	}
}

static void check_guest(const struct guest *g)
{
	CHECK(g->hostname && g->domain);
	CHECK(!g->id.has4 || g->dhcp_server4.s_addr);
	CHECK(g->renew_time < g->rebind_time && g->rebind_time < g->lease_time);
	CHECK(!g->id.has4 || !guest_serves4(g, g->id.ip4.addr));
	CHECK(!g->has_gateway4 || !guest_serves4(g, g->gateway4));
	check_names(g->search, g->search_len);
}

static void build(const struct binding *b, struct report *r)
{
	static struct config c;
	struct identity id;
	struct guest g;

	if (!c.user)
		CHECK(config_defaults(&c, r) == 0);
	if (identity_from_binding("tap0", b, &id, r) != 0)
		return;
	for (unsigned flags = 0; flags <= (GUEST_NEED_GATEWAY_MAC | GUEST_GATEWAY_ANYWHERE); flags++) {
		r->msg[0] = 0;
		int err = guest_build(&id, b, &c, flags, &g, r);
		CHECK((err == 0) == (r->msg[0] == 0));
		if (err)
			continue;
		check_guest(&g);
		guest_free(&g);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char none[1];
	const char *text = size ? (const char *)data : none;
	struct report r = {.warn = ignore};
	struct binding b;

	for (enum binding_kind kind = BINDING_VM; kind <= BINDING_LIST; kind++) {
		r.msg[0] = 0;
		int err = binding_parse(text, size, "f", kind, &b, &r);
		CHECK((err == 0) == (r.msg[0] == 0) && !strpbrk(r.msg, "\n\r\x1b"));
		if (err)
			continue;
		check_binding(&b);
		build(&b, &r);
		binding_free(&b);
	}
	return 0;
}
