/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kinds: the kinds of requests that load.c asks, and how it knows their answers.
 *
 * A request is built once, then patched with an identifier, some bits of which come back in the answer: a transaction
 * identifier, or for router solicitations, which have none, the source address. Names are numbered, nNNNNN.bench, and
 * name number N has the address `answer` + N, so that an answer proves that it is the right one.
 *
 * Header only, because each program here is one source file.
 *
 * Specifications: RFC 2131, 2132 (DHCP), 8415 (DHCPv6), 4861 (router solicitation), 1035 (DNS).
 */
#ifndef FOLD_BENCH_KINDS_H
#define FOLD_BENCH_KINDS_H

#include "request.h"

#define DNS_SPORT 40000
#define DNS_HANG_SPORT 40001
#define DNS_QUESTION 12
#define DNS_LABEL 5 /* digits of a name's number */

/* Whether a frame answers a request. */
enum match {
	MATCH_NO,
	MATCH_YES,
	MATCH_LATER, /* with data that were changed during the run */
};

struct kind {
	const char *name;
	uint32_t id_mask; /* the bits of the identifier that an answer brings back; the low 8 are among them */
	bool six;
	uint16_t type; /* of a DNS question */
	size_t (*build)(const struct kind *kind, const struct ask *ask, uint8_t frame[static REQUEST_MAX]);
	void (*patch)(const struct kind *kind, const struct ask *ask, uint8_t *frame, uint32_t id);
	enum match (*match)(const struct kind *kind, const struct ask *ask, const uint8_t *frame, size_t len,
			    uint32_t *id);
};

/* DHCP */

static inline size_t discover_build(const struct kind *kind, const struct ask *ask, uint8_t frame[static REQUEST_MAX])
{
	/* The parameter request list of Debian's dhclient. */
	static const uint8_t params[] = {55, 13, 1, 28, 2, 3, 15, 6, 119, 12, 44, 47, 26, 121, 42};
	static const uint8_t cookie[] = {99, 130, 83, 99}, everybody[MAC_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct in_addr none = {0}, all = {INADDR_NONE};
	uint8_t *b = frame + DATA_4, *o = b + 236;

	(void)kind;
	memset(frame, 0, REQUEST_MAX);
	b[0] = 1; /* BOOTREQUEST */
	b[1] = 1; /* Ethernet */
	b[2] = MAC_LEN;
	memcpy(b + 28, ask->mac, MAC_LEN);
	memcpy(o, cookie, sizeof(cookie));
	o += sizeof(cookie);
	memcpy(o, (const uint8_t[]){53, 1, 1, 61, 7, 1}, 6); /* DHCPDISCOVER; client identifier: type, MAC */
	memcpy(o + 6, ask->mac, MAC_LEN);
	memcpy(o + 12, params, sizeof(params));
	o[12 + sizeof(params)] = 255;
	wrap_eth(ask, frame, everybody, ETH_P_IP);
	return wrap_udp4(frame, none, all, 68, 67, 300); /* RFC 1542 2.1: BOOTP relays want 300 octets */
}

static inline void discover_patch(const struct kind *kind, const struct ask *ask, uint8_t *frame, uint32_t id)
{
	(void)kind;
	(void)ask;
	patch16(frame + L4_4 + 6, frame + DATA_4 + 4, id >> 16);
	patch16(frame + L4_4 + 6, frame + DATA_4 + 6, id);
}

static inline int dhcp_message_type(const uint8_t *o, const uint8_t *end)
{
	while (o + 2 < end && *o != 255) {
		if (*o == 53)
			return o[2];
		o += *o == 0 ? 1 : 2 + o[1];
	}
	return 0;
}

/* A DHCPOFFER to this client, of its address. */
static inline enum match discover_match(const struct kind *kind, const struct ask *ask, const uint8_t *frame,
					size_t len, uint32_t *id)
{
	const uint8_t *b = udp_data(ask, frame, len, false, 67, 68, 244);

	(void)kind;
	if (!b || b[0] != 2 || memcmp(b + 28, ask->mac, MAC_LEN) != 0 || memcmp(b + 16, &ask->own4, 4) != 0)
		return MATCH_NO;
	*id = get32(b + 4);
	return dhcp_message_type(b + 240, frame + len) == 2 ? MATCH_YES : MATCH_NO;
}

/* DHCPv6 */

enum { DHCP6_SOLICIT = 1, DHCP6_ADVERTISE = 2, DHCP6_REPLY = 7, DHCP6_INFORMATION_REQUEST = 11 };

/* Client identifier (DUID-LL), elapsed time, option request; for a Solicit an IA_NA too. As systemd-networkd asks. */
static inline size_t dhcp6_build(const struct kind *kind, const struct ask *ask, uint8_t frame[static REQUEST_MAX])
{
	static const uint8_t servers_mac[MAC_LEN] = {0x33, 0x33, 0, 1, 0, 2};
	static const uint8_t rest[] = {0, 8, 0, 2, 0, 0, 0, 6, 0, 4, 0, 23, 0, 24};
	struct in6_addr from = ip6_link_local(ask->mac), to;
	uint8_t *data = frame + DATA_6, *o = data + 4;

	memset(frame, 0, REQUEST_MAX);
	inet_pton(AF_INET6, "ff02::1:2", &to);
	data[0] = (uint8_t)kind->type;
	memcpy(o, (const uint8_t[]){0, 1, 0, 10, 0, 3, 0, 1}, 8);
	memcpy(o + 8, ask->mac, MAC_LEN);
	memcpy(o + 14, rest, sizeof(rest));
	o += 14 + sizeof(rest);
	if (kind->type == DHCP6_SOLICIT) {
		memcpy(o, (const uint8_t[]){0, 3, 0, 12, 0x0f, 0x01, 0xd0, 0x01}, 8); /* T1 and T2 stay 0 */
		o += 16;
	}
	wrap_eth(ask, frame, servers_mac, ETH_P_IPV6);
	return wrap_udp6(frame, &from, &to, 546, 547, (size_t)(o - data));
}

static inline void dhcp6_patch(const struct kind *kind, const struct ask *ask, uint8_t *frame, uint32_t id)
{
	(void)ask;
	patch16(frame + L4_6 + 6, frame + DATA_6, (uint32_t)kind->type << 8 | (id >> 16 & 0xff));
	patch16(frame + L4_6 + 6, frame + DATA_6 + 2, id);
}

/* The value of the first option with that code, `least` octets or more; else NULL. */
static inline const uint8_t *dhcp6_option(const uint8_t *o, const uint8_t *end, uint32_t code, size_t least)
{
	while (end - o >= 4 && get16(o + 2) <= (size_t)(end - o) - 4) {
		if (get16(o) == code)
			return get16(o + 2) >= least ? o + 4 : NULL;
		o += 4 + get16(o + 2);
	}
	return NULL;
}

/* An Advertise with the client's address, or a Reply with name servers. */
static inline enum match dhcp6_match(const struct kind *kind, const struct ask *ask, const uint8_t *frame, size_t len,
				     uint32_t *id)
{
	const uint8_t *d = udp_data(ask, frame, len, true, 547, 546, 4), *end = frame + len;

	if (!d)
		return MATCH_NO;
	*id = get32(d) & kind->id_mask;
	if (kind->type == DHCP6_INFORMATION_REQUEST)
		return d[0] == DHCP6_REPLY && dhcp6_option(d + 4, end, 23, 16) ? MATCH_YES : MATCH_NO;
	const uint8_t *ia = dhcp6_option(d + 4, end, 3, 12);
	if (d[0] != DHCP6_ADVERTISE || !ia)
		return MATCH_NO;
	const uint8_t *address = dhcp6_option(ia + 12, ia + get16(ia - 2), 5, 24);
	return address && memcmp(address, &ask->own6, 16) == 0 ? MATCH_YES : MATCH_NO;
}

/*
 * Router solicitations. Each place in the window has its own link-local source address, fe80::5:6:7:0 to
 * fe80::5:6:7:ff, which looks like a random one (RFC 7217, 8981).
 */

static inline size_t rs_build(const struct kind *kind, const struct ask *ask, uint8_t frame[static REQUEST_MAX])
{
	static const uint8_t routers_mac[MAC_LEN] = {0x33, 0x33, 0, 0, 0, 2};
	struct in6_addr from, to;
	uint8_t *icmp = frame + L4_6;

	(void)kind;
	memset(frame, 0, REQUEST_MAX);
	inet_pton(AF_INET6, "fe80::5:6:7:0", &from);
	inet_pton(AF_INET6, "ff02::2", &to);
	icmp[0] = 133;
	memcpy(icmp + 8, (const uint8_t[]){1, 1}, 2); /* source link-layer address */
	memcpy(icmp + 10, ask->mac, MAC_LEN);
	wrap_eth(ask, frame, routers_mac, ETH_P_IPV6);
	put_ip6(frame + ETH, &from, &to, IPPROTO_ICMPV6, 255, 16);
	put_sum(icmp + 2, csum_add(csum_pseudo6(&from, &to, IPPROTO_ICMPV6, 16), icmp, 16));
	return L4_6 + 16;
}

static inline void rs_patch(const struct kind *kind, const struct ask *ask, uint8_t *frame, uint32_t id)
{
	(void)ask;
	patch16(frame + L4_6 + 2, frame + ETH + 22, id & kind->id_mask);
}

/* A router advertisement with a prefix, to the address that asked. */
static inline enum match rs_match(const struct kind *kind, const struct ask *ask, const uint8_t *frame, size_t len,
				  uint32_t *id)
{
	static const uint8_t place[] = {0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 5, 0, 6, 0, 7, 0};
	const uint8_t *o = frame + L4_6 + 16, *end = frame + len;

	if (o > end || get16(frame + 12) != ETH_P_IPV6 || frame[ETH + 6] != IPPROTO_ICMPV6 || frame[L4_6] != 134 ||
	    memcmp(frame + ETH + 24, place, sizeof(place)) != 0 || memcmp(frame, ask->mac, MAC_LEN) != 0)
		return MATCH_NO;
	*id = get16(frame + ETH + 38) & kind->id_mask;
	while (end - o >= 8 && o[1]) {
		if (o[0] == 3 && end - o >= 32)
			return memcmp(o + 16, &ask->own6, 8) == 0 ? MATCH_YES : MATCH_NO;
		o += o[1] * 8;
	}
	return MATCH_NO;
}

/* DNS */

enum { DNS_A = 1, DNS_TXT = 16, DNS_AAAA = 28 };

/* Writes "nNNNNN.bench" as a name, or "hNNNNN.example", and the rest of the question; returns how long it is. */
static inline size_t dns_question(uint8_t *at, char first, unsigned number, uint32_t type)
{
	char name[16];
	const char *zone = first == 'n' ? "bench" : "example";
	size_t zone_len = strlen(zone);

	snprintf(name, sizeof(name), "%c%05u", first, number % 100000);
	at[0] = 1 + DNS_LABEL;
	memcpy(at + 1, name, 1 + DNS_LABEL);
	at[2 + DNS_LABEL] = (uint8_t)zone_len;
	memcpy(at + 3 + DNS_LABEL, zone, zone_len);
	uint8_t *end = at + 3 + DNS_LABEL + zone_len;
	end[0] = 0;
	put16(end + 1, type);
	put16(end + 3, 1);
	return (size_t)(end - at) + 5;
}

static inline size_t dns_frame(const struct ask *ask, bool six, uint32_t sport, char first, unsigned number,
			       uint32_t type, uint8_t frame[static REQUEST_MAX])
{
	uint8_t *d = frame + (six ? DATA_6 : DATA_4);

	memset(frame, 0, REQUEST_MAX);
	put16(d, number);
	put16(d + 2, 0x0100); /* RD, as every stub resolver sets it */
	put16(d + 4, 1);
	size_t len = DNS_QUESTION + dns_question(d + DNS_QUESTION, first, number, type);
	wrap_eth(ask, frame, ask->server_mac, six ? ETH_P_IPV6 : ETH_P_IP);
	return six ? wrap_udp6(frame, &ask->own6, &ask->server6, sport, 53, len)
		   : wrap_udp4(frame, ask->own4, ask->server4, sport, 53, len);
}

static inline size_t dns_build(const struct kind *kind, const struct ask *ask, uint8_t frame[static REQUEST_MAX])
{
	return dns_frame(ask, kind->six, DNS_SPORT, 'n', 0, kind->type, frame);
}

/* Each identifier asks for another name. That may change the question anywhere, so the checksum is computed anew. */
static inline void dns_patch(const struct kind *kind, const struct ask *ask, uint8_t *frame, uint32_t id)
{
	uint8_t *udp = frame + (kind->six ? L4_6 : L4_4), *d = udp + sizeof(struct udphdr);
	unsigned number = (id >> 8) % ask->names;

	put16(d, id);
	for (int i = DNS_LABEL; i > 0; i--, number /= 10)
		d[DNS_QUESTION + 1 + i] = (uint8_t)('0' + number % 10);
	sum_udp(frame, kind->six, get16(udp + 4));
}

/* Whether a record's data are those of that name. */
static inline enum match dns_data(const struct ask *ask, uint32_t type, const uint8_t *data, size_t len,
				  unsigned number)
{
	uint32_t want6 = get32(ask->answer6.s6_addr + 12) + number;

	switch (type) {
	case DNS_A:
		if (len != 4)
			return MATCH_NO;
		if (get32(data) == ntohl(ask->answer4.s_addr) + number)
			return MATCH_YES;
		return ask->later4.s_addr && get32(data) == ntohl(ask->later4.s_addr) + number ? MATCH_LATER : MATCH_NO;
	case DNS_AAAA:
		return len == 16 && memcmp(data, &ask->answer6, 12) == 0 && get32(data + 12) == want6 ? MATCH_YES
												      : MATCH_NO;
	default:
		return len > 1 ? MATCH_YES : MATCH_NO;
	}
}

/* An answer without an error whose first record has the right type and data. */
static inline enum match dns_match(const struct kind *kind, const struct ask *ask, const uint8_t *frame, size_t len,
				   uint32_t *id)
{
	size_t question_len = 3 + DNS_LABEL + strlen("bench") + 5;
	size_t least = DNS_QUESTION + question_len + 12; /* a pointer, type, class, TTL and length */
	const uint8_t *d = udp_data(ask, frame, len, kind->six, 53, DNS_SPORT, least);
	unsigned number = 0;

	if (!d || (get16(d + 2) & 0x820f) != 0x8000 || get16(d + 6) < 1)
		return MATCH_NO;
	*id = get16(d);
	for (int i = 1; i <= DNS_LABEL; i++)
		number = number * 10 + d[DNS_QUESTION + 1 + i] - '0';
	const uint8_t *record = d + DNS_QUESTION + question_len;
	size_t data_len = get16(record + 10);
	if (record[0] != 0xc0 || get16(record + 2) != kind->type || data_len > (size_t)(frame + len - record) - 12)
		return MATCH_NO;
	return dns_data(ask, kind->type, record + 12, data_len, number);
}

/* clang-format off */
static const struct kind kinds[] = {
	{"discover", 0xffffffff, false, 0,                         discover_build, discover_patch, discover_match},
	{"rs",       0xff,       true,  0,                         rs_build,       rs_patch,       rs_match},
	{"inform6",  0xffffff,   true,  DHCP6_INFORMATION_REQUEST, dhcp6_build,    dhcp6_patch,    dhcp6_match},
	{"solicit6", 0xffffff,   true,  DHCP6_SOLICIT,             dhcp6_build,    dhcp6_patch,    dhcp6_match},
	{"a",        0xffff,     false, DNS_A,                     dns_build,      dns_patch,      dns_match},
	{"aaaa",     0xffff,     false, DNS_AAAA,                  dns_build,      dns_patch,      dns_match},
	{"txt",      0xffff,     false, DNS_TXT,                   dns_build,      dns_patch,      dns_match},
	{"a-6",      0xffff,     true,  DNS_A,                     dns_build,      dns_patch,      dns_match},
	{"aaaa-6",   0xffff,     true,  DNS_AAAA,                  dns_build,      dns_patch,      dns_match},
	{"txt-6",    0xffff,     true,  DNS_TXT,                   dns_build,      dns_patch,      dns_match},
};
/* clang-format on */

#endif
