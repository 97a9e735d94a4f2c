/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/csum.h"

#include <endian.h>
#include <string.h>

/* Adds with the carry that comes out at the top, which one's complement wants back at the bottom. */
static uint64_t add_around(uint64_t sum, uint64_t v)
{
	sum += v;
	return sum + (sum < v);
}

/*
 * Sums words as they lie in memory, as wide as the machine has them: one's complement addition does not care for byte
 * order or width until the fold (RFC 1071 2.B and 2.C). Carries are counted apart, so that no addition waits for one.
 */
uint64_t csum_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t word, carries = 0;
	uint32_t half;

#pragma GCC unroll 4
	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sum += word;
		carries += sum < word;
	}
	sum = add_around(sum, carries);
	if (len >= sizeof(half)) {
		memcpy(&half, p, sizeof(half));
		sum = add_around(sum, half);
		p += sizeof(half);
		len -= sizeof(half);
	}
	if (len) {
		half = 0;
		memcpy(&half, p, len);
		sum = add_around(sum, half);
	}
	return sum;
}

uint16_t csum_fold(uint64_t sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return be16toh((uint16_t)sum);
}

uint64_t csum_pseudo4(struct in_addr src, struct in_addr dst, uint8_t proto, size_t len)
{
	const uint8_t tail[4] = {0, proto, (uint8_t)(len >> 8), (uint8_t)len};
	return csum_add((uint64_t)src.s_addr + dst.s_addr, tail, sizeof(tail));
}

uint64_t csum_pseudo6(const struct in6_addr *src, const struct in6_addr *dst, uint8_t proto, size_t len)
{
	const uint8_t tail[8] =
	    {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, 0, 0, 0, proto};
	uint64_t sum = csum_add(0, src, sizeof(*src));
	sum = csum_add(sum, dst, sizeof(*dst));
	return csum_add(sum, tail, sizeof(tail));
}
