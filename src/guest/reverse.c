/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names made of addresses. Specifications: RFC 1035 3.5 (in-addr.arpa), RFC 3596 2.5 (ip6.arpa). */
#include "guest/zone.h"

#include <string.h>

#define LABELS_MAX 128

/* The suffixes of such names; the NUL at the end of each is its root label. */
static const char apex4[] = "\7in-addr\4arpa", apex6[] = "\3ip6\4arpa";

/* RFC 1035 3.5: a decimal octet without leading zeros. -1 if the label is something else. */
static int octet_of(const uint8_t *label)
{
	unsigned n = 0, len = label[0];

	if (len < 1 || len > 3 || (len > 1 && label[1] == '0'))
		return -1;
	for (unsigned i = 1; i <= len; i++) {
		if (label[i] < '0' || label[i] > '9')
			return -1;
		n = n * 10 + (unsigned)(label[i] - '0');
	}
	return n < 256 ? (int)n : -1;
}

static int nibble_of(const uint8_t *label)
{
	uint8_t c = label[1];

	if (label[0] != 1)
		return -1;
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Reads the address from labels, from the right, until one is no part of an address. */
static void read_labels(const uint8_t *name, const uint8_t at[], size_t labels, struct reverse *out)
{
	size_t most = out->six ? 32 : 4, n = 0;

	for (; n < most && n < labels; n++) {
		const uint8_t *label = name + at[labels - 1 - n];
		int v = out->six ? nibble_of(label) : octet_of(label);
		if (v < 0)
			break;
		if (out->six)
			out->addr[n / 2] |= (uint8_t)(n % 2 ? v : v << 4);
		else
			out->addr[n] = (uint8_t)v;
	}
	out->bits = (uint8_t)(n * (out->six ? 4 : 8));
	out->whole = n == labels;
}

bool zone_reverse(const uint8_t *name, size_t len, struct reverse *out)
{
	uint8_t at[LABELS_MAX];
	size_t labels = 0, pos = 0;

	/* The end of the name rules out nearly all other names. */
	if (len < sizeof(apex6) || memcmp(name + len - 6, "\4arpa", 6) != 0)
		return false;
	*out = (struct reverse){0};
	for (; pos < len && name[pos] && labels < LABELS_MAX; pos += name[pos] + 1U) {
		size_t left = len - pos;
		out->six = left == sizeof(apex6) && memcmp(name + pos, apex6, sizeof(apex6)) == 0;
		if (out->six || (left == sizeof(apex4) && memcmp(name + pos, apex4, sizeof(apex4)) == 0)) {
			read_labels(name, at, labels, out);
			return true;
		}
		at[labels++] = (uint8_t)pos;
	}
	return false;
}
