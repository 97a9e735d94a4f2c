/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link: interfaces and the host's addresses on a bridge, and events about them; in a network namespace of its own. */
#include "report_catch.h"

#include "host/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

static struct link *l;
static struct link_info bridge;

static void run(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s", command);
}

static int make_net(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET) < 0 || link_open(&l) < 0)
		return -1;
	run("ip link add br0 type bridge && ip link add br1 type bridge");
	run("ip link set br0 addrgenmode none && ip link set br1 addrgenmode none");
	run("ip link set br0 up && ip link set br1 up");
	return link_find(l, "br0", &bridge);
}

static int close_net(void **state)
{
	(void)state;
	link_close(l);
	return 0;
}

static int flush(void **state)
{
	(void)state;
	run("ip addr flush dev br0; ip addr flush dev br1");
	return 0;
}

static void finds_links(void **state)
{
	struct link_info none;

	(void)state;
	assert_true(bridge.is_bridge);
	assert_true(bridge.ifindex > 0);
	assert_int_equal(link_find(l, "nosuch", &none), -ENODEV);
	assert_int_equal(link_find(l, "lo", &none), 0);
	assert_false(none.is_bridge);
}

/* An interface is the same one only if name, index and MAC are all unchanged. */
static void knows_it_again(void **state)
{
	struct link_info other;
	uint8_t mac[MAC_LEN];

	(void)state;
	assert_int_equal(link_find(l, "br1", &other), 0);
	memcpy(mac, bridge.mac, MAC_LEN);
	mac[5] ^= 1;
	assert_int_equal(link_is(l, bridge.ifindex, "br0", NULL), 1);
	assert_int_equal(link_is(l, bridge.ifindex, "br0", bridge.mac), 1);
	assert_int_equal(link_is(l, bridge.ifindex, "br0", mac), 0);
	assert_int_equal(link_is(l, bridge.ifindex, "br1", other.mac), 0);
	assert_int_equal(link_is(l, 1000000, "br0", NULL), 0);
	run("ip link set br1 name br2");
	assert_int_equal(link_is(l, other.ifindex, "br1", NULL), 0);
	assert_int_equal(link_is(l, other.ifindex, "br2", other.mac), 1);
	run("ip link set br2 name br1");
}

/* All addresses of the interface, of every scope, and none of another interface. */
static void lists_addresses(void **state)
{
	struct in_addr four[4];
	struct in6_addr six[4];
	char text[INET6_ADDRSTRLEN];

	(void)state;
	assert_int_equal(link_addresses4(l, bridge.ifindex, four, 4), 0);
	assert_int_equal(link_addresses6(l, bridge.ifindex, six, 4), 0);
	run("ip addr add 10.0.1.9/24 dev br0 && ip addr add 10.0.1.8/24 dev br0 && ip addr add 10.9.9.9/24 dev br1");
	run("ip addr add fde5::9/64 dev br0 nodad && ip addr add fe80::9/64 dev br0 nodad");
	run("ip addr add fde5::8 peer fde5::7 dev br0 nodad && ip addr add fde9::9/64 dev br1 nodad");
	assert_int_equal(link_addresses4(l, bridge.ifindex, four, 4), 2);
	/* In ascending order, whatever the order in which they were added. */
	assert_int_equal(four[0].s_addr, inet_addr("10.0.1.8"));
	assert_int_equal(four[1].s_addr, inet_addr("10.0.1.9"));
	assert_int_equal(link_addresses6(l, bridge.ifindex, six, 4), 3);
	static const char *const want[] = {"fde5::8" /* not the other end's */, "fde5::9", "fe80::9"};
	for (int i = 0; i < 3; i++)
		assert_string_equal(inet_ntop(AF_INET6, &six[i], text, sizeof(text)), want[i]);
	/* No more than the array has room for. */
	assert_int_equal(link_addresses6(l, bridge.ifindex, six, 2), 2);
	assert_int_equal(link_addresses4(l, bridge.ifindex, four, 1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_links),
	    cmocka_unit_test(knows_it_again),
	    cmocka_unit_test_teardown(lists_addresses, flush),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (geteuid() != 0) {
		puts("1..1\nok 1 - links # SKIP not root: a network namespace cannot be made");
		return 0;
	}
	return cmocka_run_group_tests(tests, make_net, close_net);
}
