/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz target: upstream_read, and upstream_age on the replies that it accepts. Flags in the first octet: 1: the reply
 * came by TCP; 2: the question had no EDNS; 4: the target overwrites the header and the question with correct ones,
 * so that upstream_read goes on to the records.
 */
#include "dns/dns_wire.h"
#include "dns/handed.h"
#include "dns/upstream.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "dns_reply: %s\n", what);
	abort();
}

static const uint8_t question[] = "\3wWw\7example\0\0\1\0";
#define QUESTION_LEN (1 + 3 + 1 + 7 + 1 + 4)

static void check_good(const struct upstream_answer *a, const uint8_t *msg)
{
	ldns_pkt *pkt = NULL;
	uint32_t least = UINT32_MAX;

	must(a->len >= 12 + QUESTION_LEN && a->len <= 65535, "its length");
	must(!memcmp(msg + 12, question, QUESTION_LEN) && !memcmp(a->wire + 12, question, QUESTION_LEN),
	     "its question");
	must(a->wire[10] == 0 && a->wire[11] == 0, "it has an additional section");
	must(a->ttl <= 86400, "kept for more than a day");
	must(ldns_wire2pkt(&pkt, a->wire, a->len) == LDNS_STATUS_OK, "ldns cannot read what was put together");
	for (size_t i = 0; i < ldns_pkt_ancount(pkt); i++) {
		uint32_t ttl = ldns_rr_ttl(ldns_rr_list_rr(ldns_pkt_answer(pkt), i));
		must(ttl <= UPSTREAM_TTL_MAX, "a TTL of more than a day");
		least = ttl < least ? ttl : least;
	}
	must(a->ttl <= least, "kept for longer than a record holds");
	ldns_pkt_free(pkt);
	uint8_t name[DNS_NAME_MAX];
	struct handed at[HANDED_MOST];
	must(dns_handed(a->wire, a->len, name, at) >= 0, "its addresses cannot be read");
	struct handed_alias to[HANDED_ALIASES];
	must(dns_handed_aliases(a->wire, a->len, name, to) >= 0, "its aliases cannot be read");
	upstream_rotate(a->wire, a->len, (uint16_t)a->len);
	must(dns_handed(a->wire, a->len, name, at) >= 0, "its addresses cannot be read when they have changed places");
	must(upstream_age(a->wire, a->len, 5), "cannot be aged");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct upstream_question q = {.id = 0x1234, .question = question, .len = QUESTION_LEN, .edns = true};
	struct upstream_answer a = {0};

	if (size < 1)
		return 0;
	uint8_t how = data[0];
	size_t len = size - 1;
	uint8_t *msg = malloc(len ? len : 1);
	if (!msg)
		return 0;
	memcpy(msg, data + 1, len);
	uint8_t name[DNS_NAME_MAX];
	struct handed at[HANDED_MOST];
	must(dns_handed(msg, len, name, at) <= (int)(len / 14), "more addresses than there can be");
	struct handed_alias to[HANDED_ALIASES];
	must(dns_handed_aliases(msg, len, name, to) <= HANDED_ALIASES, "more aliases than there is room for");
	if (how & 4 && len >= 12 + QUESTION_LEN) {
		memcpy(msg, "\x12\x34\x81", 3);
		memcpy(msg + 4, "\0\1", 2);
		memcpy(msg + 12, question, QUESTION_LEN);
	}
	q.edns = !(how & 2);
	enum upstream_verdict v = upstream_read(msg, len, &q, how & 1, &a);
	must(v != UPSTREAM_TRUNCATED || !(how & 1), "cut by TCP");
	must(v != UPSTREAM_NO_EDNS || q.edns, "asked once more and once more");
	if (v == UPSTREAM_GOOD) {
		must(len >= 12 && msg[0] == 0x12 && msg[1] == 0x34 && msg[2] & 0x80, "an answer to another question");
		check_good(&a, msg);
		free(a.wire);
	}
	free(msg);
	return 0;
}
