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

static int watched; /* the port */

/* What the watch has heard of: LINK_WATCH_*. */
static unsigned heard(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	poll(&p, 1, 200);
	return link_watch_drain(fd, watched);
}

static void hears_of_changes(void **state)
{
	static const struct {
		const char *change;
		unsigned want;
	} own[] = {
	    {"ip addr add 10.0.1.9/24 dev br0", LINK_WATCH_ADDRESSES},
	    {"ip addr del 10.0.1.9/24 dev br0", LINK_WATCH_ADDRESSES},
	    {"ip addr add fde5::9/64 dev br0 nodad", LINK_WATCH_ADDRESSES},
	    {"ip addr del fde5::9/64 dev br0", LINK_WATCH_ADDRESSES},
	    {"ip addr add fe80::9/64 dev br0 nodad", LINK_WATCH_ADDRESSES},
	    {"ip link set t9 master br0", LINK_WATCH_PORT},
	    {"bridge fdb add 02:00:00:00:00:77 dev t9 master static", LINK_WATCH_PORT},
	    {"bridge fdb del 02:00:00:00:00:77 dev t9 master", LINK_WATCH_PORT},
	    {"bridge fdb add 02:00:00:00:00:77 dev t9 master static", LINK_WATCH_PORT},
	    {"ip link set t9 nomaster", LINK_WATCH_PORT},
	    {"ip link set t9 master br0", LINK_WATCH_PORT},
	    {"ip link set t9 address 02:00:00:00:00:09", LINK_WATCH_PORT},
	    {"ip link set t9 name t10", LINK_WATCH_PORT},
	    {"ip link set br0 name br10 && ip link set br10 name br0", LINK_WATCH_BRIDGE},
	    {"ip link del t10", LINK_WATCH_PORT},
	    /* The bridge takes the lowest MAC of its ports', and loses it again. */
	    {"ip tuntap add dev d0 mode tap && ip link set d0 address 00:00:00:00:00:07 && ip link set d0 master br0",
	     LINK_WATCH_BRIDGE},
	    {"ip link set d0 nomaster", LINK_WATCH_BRIDGE},
	    {"ip link set br0 address 02:00:00:00:00:0a", LINK_WATCH_BRIDGE},
	    {"ip link del br0 && ip link add br0 type bridge", LINK_WATCH_BRIDGE | LINK_WATCH_ADDRESSES},
	};
	static const char *const others[] = {
	    "ip addr add 10.0.1.9/24 dev br1",
	    "ip addr add fde5::9/64 dev br1 nodad",
	    "ip tuntap add dev d1 mode tap && ip link set d1 address 00:00:00:00:00:06 && ip link set d1 master br1",
	    "ip tuntap add dev d2 mode tap && ip link set d2 address fe:00:00:00:00:05 && ip link set d2 master br0",
	    "ip link set br1 address 02:00:00:00:00:08",
	    "ip link set t9 mtu 1400",
	    "ip neigh add 10.0.1.77 lladdr 02:00:00:00:00:77 dev t9 && ip neigh del 10.0.1.77 dev t9",
	    "ip neigh add 10.0.1.77 lladdr 02:00:00:00:00:77 dev br0 && ip neigh del 10.0.1.77 dev br0",
	    "ip tuntap add dev t0 mode tap && ip link set t0 master br1 up && ip link del t0",
	};
	struct link_info port;

	(void)state;
	run("ip tuntap add dev t9 mode tap && ip tuntap add dev d3 mode tap");
	run("ip link set d3 address 02:00:00:00:00:03 && ip link set d3 master br0");
	assert_int_equal(link_find(l, "t9", &port), 0);
	assert_int_equal(link_find(l, "br0", &bridge), 0);
	watched = port.ifindex;
	int fd = link_watch(port.ifindex, bridge.ifindex, bridge.mac);
	assert_true(fd >= 0);
	assert_int_equal(heard(fd), 0);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		run(others[i]);
		if (heard(fd))
			fail_msg("heard of: %s", others[i]);
	}
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		run(own[i].change);
		unsigned what = heard(fd);
		/* The bridge may change with its ports. */
		if ((what & own[i].want) != own[i].want || (what & ~own[i].want & ~LINK_WATCH_BRIDGE))
			fail_msg("%s: heard %#x, not %#x", own[i].change, what, own[i].want);
	}
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_links),
	    cmocka_unit_test(knows_it_again),
	    cmocka_unit_test_teardown(lists_addresses, flush),
	    cmocka_unit_test(hears_of_changes),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (geteuid() != 0) {
		puts("1..1\nok 1 - links # SKIP not root: a network namespace cannot be made");
		return 0;
	}
	return cmocka_run_group_tests(tests, make_net, close_net);
}
