/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch: which of the kernel's nftables events the filter passes. It works the same on a socket of any family. */
#include "fw/watch_filter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

static int ends[2];

static int start(void **state)
{
	(void)state;
	return socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends) < 0 || watch_filter(ends[1]) < 0;
}

static int stop(void **state)
{
	(void)state;
	return close(ends[0]) < 0 || close(ends[1]) < 0;
}

struct datagram {
	uint8_t octets[8192] __attribute__((aligned(4)));
	size_t len;
};

/* Appends a message with `more` octets of attributes. */
static void put(struct datagram *d, uint8_t family, uint8_t type, uint32_t more)
{
	struct nlmsghdr *h = (void *)(d->octets + d->len);

	h->nlmsg_len = (uint32_t)(NLMSG_HDRLEN + sizeof(struct nfgenmsg) + more);
	h->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	((struct nfgenmsg *)(h + 1))->nfgen_family = family;
	d->len += NLMSG_ALIGN(h->nlmsg_len);
	assert_true(d->len <= sizeof(d->octets));
}

/* True if the filter passes the datagram; it must not be cut. */
static bool arrives(const struct datagram *d)
{
	static uint8_t got[sizeof(d->octets)];

	assert_int_equal(send(ends[0], d->octets, d->len, 0), d->len);
	ssize_t n = recv(ends[1], got, sizeof(got), 0);
	assert_true(n == (ssize_t)d->len || (n < 0 && errno == EAGAIN));
	return n > 0;
}

static void others(void **state)
{
	(void)state;
	static const uint8_t families[] = {NFPROTO_UNSPEC, NFPROTO_INET, NFPROTO_IPV4, NFPROTO_NETDEV, NFPROTO_IPV6};

	for (size_t i = 0; i < sizeof(families); i++) {
		struct datagram d = {0};
		put(&d, families[i], NFT_MSG_DELSETELEM, 80);
		assert_false(arrives(&d));
	}
}

static void bridge(void **state)
{
	(void)state;
	static const uint8_t types[] = {NFT_MSG_DELTABLE, NFT_MSG_DELRULE, NFT_MSG_NEWCHAIN};

	for (size_t i = 0; i < sizeof(types); i++) {
		struct datagram d = {0};
		put(&d, NFPROTO_BRIDGE, types[i], 24);
		assert_true(arrives(&d));
	}
}

/* A bridge event is found behind other messages of the same datagram, whatever their number and length. */
static void behind(void **state)
{
	(void)state;

	for (unsigned before = 0; before < 60; before++) {
		for (uint32_t len = 0; len < 100; len += 33) {
			struct datagram d = {0};
			for (unsigned i = 0; i < before; i++)
				put(&d, NFPROTO_NETDEV, NFT_MSG_NEWSETELEM, len + i % 4);
			put(&d, NFPROTO_BRIDGE, NFT_MSG_DELTABLE, 12);
			put(&d, NFPROTO_NETDEV, NFT_MSG_NEWSETELEM, 12);
			assert_true(arrives(&d));
		}
	}
}

/* The events of one answer with five addresses, each added, deleted and added again, are filtered out. */
static void answers(void **state)
{
	(void)state;
	struct datagram d = {0};

	for (unsigned i = 0; i < 15; i++)
		put(&d, NFPROTO_NETDEV, i / 5 == 1 ? NFT_MSG_DELSETELEM : NFT_MSG_NEWSETELEM, 300 * (i == 3) + 80);
	assert_false(arrives(&d));
}

static void no_messages(void **state)
{
	(void)state;
	struct datagram d = {0};
	struct nlmsghdr *h = (void *)d.octets;

	put(&d, NFPROTO_NETDEV, NFT_MSG_NEWSETELEM, 12);
	for (uint32_t len = 0; len < NLMSG_HDRLEN + 1; len++) {
		h->nlmsg_len = len;
		assert_true(arrives(&d));
	}
	h->nlmsg_len = 0x10000;
	assert_true(arrives(&d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(others),  cmocka_unit_test(bridge),      cmocka_unit_test(behind),
	    cmocka_unit_test(answers), cmocka_unit_test(no_messages),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
