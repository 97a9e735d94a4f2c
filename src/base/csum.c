/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/csum.h"

#include <endian.h>
#include <string.h>

/*
 * Sums 32-bit words as they lie in memory: one's complement addition does not
 * care for byte order until the fold (RFC 1071 2.B), so the loop stays wide.
 */
uint64_t csum_add(uint64_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (; len >= 4; p += 4, len -= 4) {
		uint32_t word;
		memcpy(&word, p, 4);
		sum += word;
	}
	if (len) {
		uint32_t tail = 0;
		memcpy(&tail, p, len);
		sum += tail;
	}
	return sum;
}

uint16_t csum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return be16toh((uint16_t)sum);
}

uint64_t csum_pseudo4(struct in_addr src, struct in_addr dst, uint8_t proto, size_t len)
{
	const uint8_t tail[4] = {0, proto, (uint8_t)(len >> 8), (uint8_t)len};
	uint64_t sum = csum_add(0, &src, sizeof(src));
	sum = csum_add(sum, &dst, sizeof(dst));
	return csum_add(sum, tail, sizeof(tail));
}

uint64_t csum_pseudo6(const struct in6_addr *src, const struct in6_addr *dst, uint8_t proto, size_t len)
{
	const uint8_t tail[8] =
	    {(uint8_t)(len >> 24), (uint8_t)(len >> 16), (uint8_t)(len >> 8), (uint8_t)len, 0, 0, 0, proto};
	uint64_t sum = csum_add(0, src, sizeof(*src));
	sum = csum_add(sum, dst, sizeof(*dst));
	return csum_add(sum, tail, sizeof(tail));
}
