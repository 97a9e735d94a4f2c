/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool mac_parse(const char *text, uint8_t mac[static MAC_LEN])
{
	uint8_t out[MAC_LEN];
	char sep = strlen(text) == MAC_TEXT - 1 ? text[2] : 0;

	if (sep != ':' && sep != '-')
		return false;
	for (int i = 0; i < MAC_LEN; i++) {
		int high = hex_digit(text[3 * i]), low = hex_digit(text[3 * i + 1]);
		if (high < 0 || low < 0 || (i < MAC_LEN - 1 && text[3 * i + 2] != sep))
			return false;
		out[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(mac, out, MAC_LEN);
	return true;
}

const char *mac_format(const uint8_t mac[static MAC_LEN], char text[static MAC_TEXT])
{
	snprintf(text, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	return text;
}

bool mac_is_zero(const uint8_t mac[static MAC_LEN])
{
	static const uint8_t zero[MAC_LEN];
	return memcmp(mac, zero, MAC_LEN) == 0;
}

bool mac_is_multicast(const uint8_t mac[static MAC_LEN])
{
	return mac[0] & 1;
}

void mac_service(const uint8_t guest[static MAC_LEN], uint8_t service[static MAC_LEN])
{
	memcpy(service, guest, MAC_LEN);
	service[0] = guest[0] == 0xfe ? 0xfc : 0xfe;
}

/* Splits "address/length"; the length is 1 to 3 digits and nothing else. */
static bool cidr_split(const char *text, char *addr, size_t size, unsigned *len)
{
	const char *slash = strchr(text, '/');

	if (!slash || (size_t)(slash - text) >= size)
		return false;
	size_t digits = strspn(slash + 1, "0123456789");
	if (digits < 1 || digits > 3 || slash[1 + digits])
		return false;
	memcpy(addr, text, (size_t)(slash - text));
	addr[slash - text] = 0;
	*len = 0;
	for (const char *d = slash + 1; *d; d++)
		*len = *len * 10 + (unsigned)(*d - '0');
	return true;
}

bool cidr4_parse(const char *text, struct cidr4 *out)
{
	char addr[INET_ADDRSTRLEN];
	unsigned len;
	struct cidr4 c;

	if (!cidr_split(text, addr, sizeof(addr), &len) || len > 32 || inet_pton(AF_INET, addr, &c.addr) != 1)
		return false;
	c.len = (uint8_t)len;
	*out = c;
	return true;
}

const char *cidr4_format(const struct cidr4 *c, char text[static CIDR4_TEXT])
{
	char addr[INET_ADDRSTRLEN];
	inet_ntop(AF_INET, &c->addr, addr, sizeof(addr));
	snprintf(text, CIDR4_TEXT, "%s/%u", addr, c->len);
	return text;
}

bool cidr6_parse(const char *text, struct cidr6 *out)
{
	char addr[INET6_ADDRSTRLEN];
	unsigned len;
	struct cidr6 c;

	if (!cidr_split(text, addr, sizeof(addr), &len) || len > 128 || inet_pton(AF_INET6, addr, &c.addr) != 1)
		return false;
	c.len = (uint8_t)len;
	*out = c;
	return true;
}

const char *cidr6_format(const struct cidr6 *c, char text[static CIDR6_TEXT])
{
	char addr[INET6_ADDRSTRLEN];
	inet_ntop(AF_INET6, &c->addr, addr, sizeof(addr));
	snprintf(text, CIDR6_TEXT, "%s/%u", addr, c->len);
	return text;
}

struct in_addr ip4_mask(uint8_t len)
{
	return (struct in_addr){.s_addr = htonl(len ? ~0U << (32 - len) : 0)};
}

struct in_addr ip4_network(struct cidr4 c)
{
	return (struct in_addr){.s_addr = c.addr.s_addr & ip4_mask(c.len).s_addr};
}

struct in_addr ip4_broadcast(struct cidr4 c)
{
	return (struct in_addr){.s_addr = c.addr.s_addr | ~ip4_mask(c.len).s_addr};
}

bool ip4_in(struct cidr4 c, struct in_addr a)
{
	return ((a.s_addr ^ c.addr.s_addr) & ip4_mask(c.len).s_addr) == 0;
}

struct in_addr ip4_spare(struct cidr4 c)
{
	uint32_t last = ntohl(ip4_broadcast(c).s_addr) - 1;

	if (c.len >= 30)
		return (struct in_addr){0};
	return (struct in_addr){.s_addr = htonl(c.len == 29 ? last : last - 3)};
}

bool ip4_is_multicast(struct in_addr a)
{
	return (ntohl(a.s_addr) & 0xf0000000) == 0xe0000000;
}

bool ip4_is_host(struct in_addr a)
{
	uint8_t first = (uint8_t)(ntohl(a.s_addr) >> 24);

	return first != 0 && first != 127 && first < 224;
}

bool ip6_is_host(const struct in6_addr *a)
{
	return !IN6_IS_ADDR_MULTICAST(a) && !IN6_IS_ADDR_UNSPECIFIED(a) && !IN6_IS_ADDR_LOOPBACK(a) &&
	       !IN6_IS_ADDR_V4MAPPED(a) && !IN6_IS_ADDR_V4COMPAT(a);
}

bool ip4_is_edge(struct cidr4 c, struct in_addr a)
{
	return c.len <= 30 && (a.s_addr == ip4_network(c).s_addr || a.s_addr == ip4_broadcast(c).s_addr);
}

bool ip4_is_routed(struct in_addr a)
{
	uint32_t n = ntohl(a.s_addr);

	return n >> 24 != 0 && n >> 24 != 127 && n >> 16 != 0xa9fe && n >> 29 != 7;
}

bool ip6_is_routed(const struct in6_addr *a)
{
	static const uint8_t first[4] = {0, 0x64, 0xff, 0x9b}, beyond[2] = {0xfe, 0x80};

	return memcmp(a, first, sizeof(first)) >= 0 && memcmp(a, beyond, sizeof(beyond)) < 0;
}

struct in6_addr ip6_mask(uint8_t len)
{
	struct in6_addr mask;

	for (unsigned i = 0; i < 16; i++) {
		unsigned keep = len > 8 * i ? len - 8 * i : 0;
		/* Not one expression: gcc's -Wconversion stumbles over it under -fsanitize. */
		mask.s6_addr[i] = 0xff;
		if (keep < 8)
			mask.s6_addr[i] = (uint8_t)(0xff00 >> keep);
	}
	return mask;
}

struct in6_addr ip6_network(struct cidr6 c)
{
	struct in6_addr mask = ip6_mask(c.len);

	for (unsigned i = 0; i < 16; i++)
		c.addr.s6_addr[i] &= mask.s6_addr[i];
	return c.addr;
}

struct in6_addr ip6_eui64(const struct in6_addr *prefix, const uint8_t mac[static MAC_LEN])
{
	struct in6_addr a = *prefix;
	const uint8_t id[8] = {mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]};

	memcpy(a.s6_addr + 8, id, sizeof(id));
	return a;
}

struct in6_addr ip6_link_local(const uint8_t mac[static MAC_LEN])
{
	static const struct in6_addr prefix = {.s6_addr = {0xfe, 0x80}};
	return ip6_eui64(&prefix, mac);
}

struct in6_addr ip6_solicited_node(const struct in6_addr *a)
{
	struct in6_addr group = {.s6_addr = {0xff, 2, [11] = 1, [12] = 0xff}};

	memcpy(group.s6_addr + 13, a->s6_addr + 13, 3);
	return group;
}

void ip6_group_mac(const struct in6_addr *group, uint8_t mac[static MAC_LEN])
{
	mac[0] = mac[1] = 0x33;
	memcpy(mac + 2, group->s6_addr + 12, 4);
}

bool ip6_in(struct cidr6 c, struct in6_addr a)
{
	struct in6_addr net = ip6_network(c), other = ip6_network((struct cidr6){.addr = a, .len = c.len});
	return IN6_ARE_ADDR_EQUAL(&net, &other);
}
