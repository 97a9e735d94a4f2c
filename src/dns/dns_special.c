/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dns/dns_special.h"

#include "dns/dns_wire.h"
#include "guest/zone.h"

#include <string.h>

/* Suffix with its last NUL, which is the root. */
#define SUFFIX(text, ...)                                                                                              \
	{                                                                                                              \
		.wire = (const uint8_t *)(text), .len = sizeof(text), .what = __VA_ARGS__                              \
	}

static const struct {
	const uint8_t *wire;
	size_t len;
	enum dns_special what;
	/* RFC 8375 4, 4: a resolver that validates has to hear from above that this zone is not signed. */
	bool delegated;
} suffixes[] = {
    SUFFIX("\11localhost", DNS_SPECIAL_LOCALHOST),
    /* RFC 6761 6.4, RFC 7686 2 */
    SUFFIX("\7invalid", DNS_SPECIAL_ABSENT),
    SUFFIX("\5onion", DNS_SPECIAL_ABSENT),
    /* A browser that gets this answer keeps using the DNS that it was given, and so sees the VM's own names. */
    SUFFIX("\23use-application-dns\3net", DNS_SPECIAL_ABSENT),
    /* RFC 9462 6.4: fold has no encrypted resolver to discover, and upstream's is not for the guest. */
    SUFFIX("\10resolver\4arpa", DNS_SPECIAL_EMPTY),
    /*
     * RFC 6762 22.1.1, RFC 6761 6.2, RFC 8375 4: not for the public DNS, but a site may use them, and then names its
     * servers.
     */
    SUFFIX("\5local", DNS_SPECIAL_PRIVATE),
    SUFFIX("\4test", DNS_SPECIAL_PRIVATE),
    SUFFIX("\10internal", DNS_SPECIAL_PRIVATE),
    SUFFIX("\4home\4arpa", DNS_SPECIAL_PRIVATE, .delegated = true),
};

/* RFC 6303 4: nobody outside knows the names of these addresses. */
static const struct {
	uint8_t six, bits;
	uint8_t addr[4]; /* its first octets */
} private_nets[] = {
    {0, 8, {10}},           {0, 12, {172, 16}},
    {0, 16, {192, 168}},    {0, 8, {0}},
    {0, 8, {127}},          {0, 16, {169, 254}},
    {0, 24, {192, 0, 2}},   {0, 24, {198, 51, 100}},
    {0, 24, {203, 0, 113}}, {0, 32, {255, 255, 255, 255}},
    {0, 10, {100, 64}}, /* RFC 7793 */
    {1, 8, {0xfd}},         {1, 12, {0xfe, 0x80}},
    {1, 12, {0xfe, 0x90}},  {1, 12, {0xfe, 0xa0}},
    {1, 12, {0xfe, 0xb0}},  {1, 32, {0x20, 0x01, 0x0d, 0xb8}},
};

/* Compares the first bits of an address with those of a net, of which there are 32 at most. */
static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	uint32_t x = 0, y = 0;

	for (unsigned i = 0; i < 4; i++) {
		x = x << 8 | a[i];
		y = y << 8 | b[i];
	}
	return bits == 0 || (x ^ y) >> (32 - bits) == 0;
}

/* How many bits the topmost names of that net give: whole labels. */
static unsigned top_bits(uint8_t six, unsigned bits)
{
	const unsigned label = six ? 4 : 8;

	return (bits + label - 1) / label * label;
}

/* is_cut: the question is whether the zone is signed, which only the zone above the net's topmost names knows. */
static bool is_private_reverse(const uint8_t *name, size_t len, bool is_cut)
{
	static const uint8_t low[12];
	struct reverse r;

	if (!zone_reverse(name, len, &r))
		return false;
	for (size_t i = 0; i < sizeof(private_nets) / sizeof(private_nets[0]); i++) {
		if (private_nets[i].six == r.six && r.bits >= private_nets[i].bits &&
		    same_bits(r.addr, private_nets[i].addr, private_nets[i].bits))
			return !is_cut || r.bits > top_bits(r.six, private_nets[i].bits);
	}
	/* RFC 6303 4.3: :: and ::1 */
	return r.six && r.bits == 128 && memcmp(r.addr, low, 12) == 0 && memcmp(r.addr + 12, low, 3) == 0 &&
	       r.addr[15] <= 1;
}

/* True if name ends in that suffix, at the edge of a label. */
static bool ends_in(const uint8_t *name, size_t len, const uint8_t *suffix, size_t suffix_len)
{
	if (len < suffix_len || memcmp(name + len - suffix_len, suffix, suffix_len) != 0)
		return false;
	size_t at = 0;
	while (at < len - suffix_len)
		at += name[at] + 1U;
	return at == len - suffix_len;
}

bool dns_is_below(const uint8_t *name, size_t len, const uint8_t *list, size_t list_len)
{
	for (size_t at = 0; at < list_len;) {
		size_t n = 0;
		while (at + n < list_len && list[at + n])
			n += list[at + n] + 1U;
		n++;
		if (ends_in(name, len, list + at, n))
			return true;
		at += n;
	}
	return false;
}

bool dns_is_above_special(const uint8_t *name, size_t len)
{
	static const uint8_t arpa[] = "\4arpa";

	return len == sizeof(arpa) && memcmp(name, arpa, len) == 0;
}

/* RFC 9460 7.3, 8: clients ask for SVCB and HTTPS beside A and AAAA; these records may contain addresses too. */
static bool is_about_addresses(uint16_t type)
{
	return type == DNS_TYPE_A || type == DNS_TYPE_AAAA || type == DNS_TYPE_SVCB || type == DNS_TYPE_HTTPS;
}

enum dns_special dns_special(const uint8_t *name, size_t len, uint16_t type)
{
	const bool is_cut = type == DNS_TYPE_DS;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (!ends_in(name, len, suffixes[i].wire, suffixes[i].len))
			continue;
		return is_cut && suffixes[i].delegated && len == suffixes[i].len ? DNS_SPECIAL_NONE : suffixes[i].what;
	}
	/* RFC 7085: no name of one label has an address in the world's DNS; inside an organization it may have. */
	if (is_about_addresses(type) && len > 1 && len == name[0] + 2U)
		return DNS_SPECIAL_BARE;
	return is_private_reverse(name, len, is_cut) ? DNS_SPECIAL_PRIVATE : DNS_SPECIAL_NONE;
}
