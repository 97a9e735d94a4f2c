/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs the tables: sends each case's frame alone, reads the judge's counters before and after it, and in the end
 * checks where each was seen.
 */
#include "cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct outcome {
	uint32_t id;
	bool sent, fenced;
	struct tally before, after;
	size_t len;
	uint8_t frame[256]; /* its beginning, for the report */
};

static unsigned cut_off; /* fences in a row that did not arrive */

static void run_case(const struct wcase *c, struct outcome *o)
{
	static uint8_t frame[FRAME_MAX];

	o->id = seen_new();
	o->len = frame_build(&c->f, o->id, frame);
	memcpy(o->frame, frame, o->len < sizeof(o->frame) ? o->len : sizeof(o->frame));
	uint32_t found;
	if (!frame_cookie(frame, o->len, &found))
		seen_learn(o->id, frame, o->len);
	/*
	 * br_netfilter, if the host has it on, cuts off what follows the IP packet: the frame may arrive like that,
	 * too.
	 */
	if (c->f.total && 14U + c->f.total < o->len)
		seen_learn(o->id, frame, 14U + c->f.total);
	tally_read(vms[c->judge].table, &o->before);
	o->sent = port_send(c->from, frame, o->len, NULL, c->mark);
	o->fenced = c->from == c->judge ? fence_from(c->judge) : fence_to(c->judge);
	tally_read(vms[c->judge].table, &o->after);
	/* The bridge has learned the forged source at the container's port: teach it the containers' MACs anew. */
	if (c->from >= VMS && c->f.smac != MAC_P)
		hello();
	cut_off = o->fenced ? 0 : cut_off + 1;
	if (cut_off == (first_is_enough() ? 1 : 3))
		die("%s: honest frames after it did not arrive: nothing can be said about any other", c->name);
}

static bool counted_right(const struct wcase *c, const struct outcome *o, char text[static 256])
{
	uint64_t drops = tally_diff(&o->before, &o->after, text);
	uint64_t taken = tally_of(&o->after, "taken") - tally_of(&o->before, "taken");

	if (c->quiet)
		return (taken == 0 || c->drop) && drops + taken <= 1;
	if (!c->drop)
		return drops == 0 && taken == 0;
	uint64_t own = tally_of(&o->after, c->drop) - tally_of(&o->before, c->drop);
	return own == 1 && drops + taken == 1;
}

/* Whether the frame is for one of the host's UDP sockets. */
static bool for_host(const struct shape *s)
{
	static const struct ip6 host = IP6_H2;

	return s->kind == K_UDP6 ? ip6_same(s->dst6, host) : s->dst == IP_H2;
}

static void judge(const struct wcase *c, const struct outcome *o)
{
	char text[256];
	unsigned watch = c->watch ? c->watch : c->from == c->judge ? EVERYONE : 1U << c->judge;
	unsigned seen = seen_mask(o->id) & watch, reach = c->reach & watch;
	bool counted = counted_right(c, o, text), heard = c->from == c->judge && host_heard(o->id),
	     hear = c->reach & ON(H) && for_host(&c->f);
	const struct seen *s = seen_of(o->id);
	bool whole = s->len == o->len || (c->f.total && s->len == 14U + c->f.total);
	uint8_t as[FRAME_MAX];
	const uint8_t *expected = o->frame;

	if (c->as) {
		frame_build(c->as, o->id, as);
		expected = as;
	}
	bool same = !s->len || (whole && memcmp(s->first, expected, s->len < 256 ? s->len : 256) == 0);

	if (ok(o->sent && o->fenced && seen == reach && counted && same && heard == hear, "%s", c->name))
		return;
	detail_frame("sent", o->frame, o->len);
	if (!o->sent)
		detail("the kernel did not take it");
	if (!o->fenced)
		detail("an honest frame sent after it did not arrive");
	if (seen != reach) {
		detail_ports("expected at", reach);
		detail_ports("seen at", seen);
	}
	if (!counted)
		detail("counters of %s: %s; expected %s%s", vms[c->judge].table, text[0] ? text : "none moved",
		       c->drop ? "+1 " : "none to move", c->drop ? c->drop : "");
	if (!same)
		detail_frame("it arrived as", s->first, s->len);
	if (heard != hear)
		detail("the host's own socket %s it", heard ? "got" : "did not get");
}

static void run_table(const struct table *t)
{
	struct outcome *o = calloc(t->n, sizeof(*o));

	if (!o)
		die("out of memory");
	for (size_t i = 0; i < t->n; i++)
		run_case(&t->cases[i], &o[i]);
	/* Frames that took another way than the fences have 50 ms to arrive. */
	for (uint64_t end = now_ms() + 50; now_ms() < end;)
		ports_poll(10);
	for (size_t i = 0; i < t->n; i++)
		judge(&t->cases[i], &o[i]);
	free(o);
}

static const struct {
	enum state what;
	const char *name;
} states[] = {
    {STATE_FDB, "9 the bridge's forwarding table"},    {STATE_MDB, "61 the bridge's multicast groups"},
    {STATE_NEIGHBOURS, "the host's ARP table"},        {STATE_ROUTES, "the host's routes"},
    {STATE_NEIGHBOURS6, "the host's IPv6 neighbours"}, {STATE_ROUTES6, "46 the host's IPv6 routes"},
};
#define STATES (sizeof(states) / sizeof(states[0]))

static void compare_states(char *before[static STATES])
{
	for (size_t i = 0; i < STATES; i++) {
		char *after = state_dump(states[i].what);
		if (!ok(strcmp(before[i], after) == 0, "%s: unchanged by all that", states[i].name)) {
			detail("before:\n%s", before[i]);
			detail("after:\n%s", after);
		}
		free(before[i]);
		free(after);
	}
}

/* If a container sends with a guest's MAC, the bridge's entry for that MAC must stay at the guest's port. */
static void check_entry_stays(void)
{
	char *before = state_dump(STATE_FDB), *wanted = strstr(before, "52540000000a");
	static uint8_t frame[FRAME_MAX];
	const struct shape s = {UDP(A, ALL1)};

	port_send(AT_P, frame, frame_build(&s, seen_new(), frame), NULL, 0);
	port_send(AT_G, frame, frame_build(&s, seen_new(), frame), NULL, 0);
	bool arrives = fence_to(AT_A);
	char *after = state_dump(STATE_FDB);
	bool same = wanted && strcmp(before, after) == 0;
	if (!ok(arrives && same, "a guest's MAC used by a container: its entry stays, frames still reach the guest")) {
		detail("before:\n%s", before);
		detail("after:\n%s", after);
	}
	free(before);
	free(after);
}

int run_cases(void)
{
	static const struct table *const from_guests[] = {
	    &table_l2,  &table_arp,  &table_ip4, &table_gateway,  &table_host,
	    &table_ip6, &table_ext6, &table_nd,  &table_gateway6, &table_off,
	};
	char *before[STATES];
	const char *text;

	for (size_t i = 0; i < STATES; i++)
		before[i] = state_dump(states[i].what);
	if (!before[0][0])
		die("the forwarding table cannot be read");
	for (size_t i = 0; i < sizeof(from_guests) / sizeof(from_guests[0]); i++)
		run_table(from_guests[i]);
	run_bulk();
	compare_states(before);
	run_answers();
	run_offload();
	run_table(&table_to);
	run_table(&table_to6);
	run_table(&table_to_nd);
	if (!ok(strays(&text) == 0, "no frame anywhere that was not sent on purpose"))
		detail("%u of them; the first: %s", strays(&text), text);
	return finish();
}

/* A part of its own: a macvlan makes the bridge promiscuous, so that the host sees all frames. */
int run_marked(void)
{
	if (port_is_there(AT_M))
		run_table(&table_to_marked);
	else
		skip("this kernel has no macvlan", "%s", table_to_marked.name);
	return finish();
}

/*
 * A part of its own, and the last: if the bridge believes the container, nothing reaches or leaves that guest any
 * more.
 */
int run_hijack(void)
{
	check_entry_stays();
	run_table(&table_hijack);
	return finish();
}
