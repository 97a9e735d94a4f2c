/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link_hub: what VMs hear of tap and bridge from the one that listens for all; in namespaces of its own. */
#include "report_catch.h"

#include "base/clock.h"
#include "host/link.h"
#include "host/link_hub.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>

#define QUIET_MS 100 /* how long no hub may have anything to do until all has been heard */
#define MANY 100
#define FOLDER 7
#define SOCKET "/run/fold/7/links"

enum { LEADER, MEMBER, THIRD, HUBS };
static struct link_hub *hubs[HUBS]; /* LEADER is about t8 on br1, the others are about t9 on br0 */
static bool told[HUBS];
static struct link *l;

static void run(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s", command);
}

/* Its MAC is that of its port, as nobody has given it another. */
static void make_bridge(void)
{
	run("ip link add br0 type bridge && ip link set br0 addrgenmode none && ip link set br0 up");
	run("ip link set d3 master br0");
}

static int make_net(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) < 0 || link_open(&l) < 0)
		return -1;
	run("mount --make-rprivate / && mount -t tmpfs none /run && mkdir -p /run/fold/7");
	run("ip link add br1 type bridge && ip link set br1 addrgenmode none && ip link set br1 up");
	run("ip tuntap add dev t8 mode tap && ip tuntap add dev d3 mode tap");
	run("ip link set d3 address 02:00:00:00:00:03");
	make_bridge();
	return 0;
}

static int close_net(void **state)
{
	(void)state;
	link_close(l);
	return 0;
}

static void open_hub(int which)
{
	struct link_info port, bridge;

	assert_int_equal(link_find(l, which == LEADER ? "t8" : "t9", &port), 0);
	assert_int_equal(link_find(l, which == LEADER ? "br1" : "br0", &bridge), 0);
	const struct link_interest own = {.port = port.ifindex, .bridge = bridge.ifindex};
	assert_int_equal(link_hub_open(&own, FOLDER, &hubs[which]), 0);
}

static void close_hub(int which)
{
	link_hub_close(hubs[which]);
	hubs[which] = NULL;
}

/* Serves all hubs until they have nothing to do; told[] are those that have heard of a change. */
static void serve(int quiet_ms)
{
	struct pollfd ready[HUBS];

	memset(told, 0, sizeof(told));
	do {
		for (int i = 0; i < HUBS; i++) {
			told[i] |= hubs[i] && link_hub_serve(hubs[i]);
			ready[i] = (struct pollfd){.fd = hubs[i] ? link_hub_fd(hubs[i]) : -1, .events = POLLIN};
		}
	} while (poll(ready, HUBS, quiet_ms) > 0);
}

static int open_two(void **state)
{
	(void)state;
	run("ip tuntap add dev t9 mode tap");
	open_hub(LEADER);
	open_hub(MEMBER);
	serve(QUIET_MS);
	return told[LEADER] && told[MEMBER] ? 0 : -1;
}

static int close_all(void **state)
{
	(void)state;
	for (int i = 0; i < HUBS; i++)
		close_hub(i);
	return system("ip link del t9 2>/dev/null; ip link del t10 2>/dev/null; true");
}

static void hears_of_its_own(void **state)
{
	static const char *const own[] = {
	    "ip addr add 10.0.1.9/24 dev br0",
	    "ip addr del 10.0.1.9/24 dev br0",
	    "ip addr add fde5::9/64 dev br0 nodad",
	    "ip addr del fde5::9/64 dev br0",
	    "ip addr add fe80::9/64 dev br0 nodad",
	    "ip link set t9 master br0",
	    "bridge fdb add 02:00:00:00:00:77 dev t9 master static",
	    "bridge fdb del 02:00:00:00:00:77 dev t9 master",
	    "bridge link set dev t9 learning off",
	    "ip link set t9 nomaster",
	    "ip link set t9 master br1",
	    "ip link set t9 master br0",
	    "ip link set t9 address 02:00:00:00:00:09",
	    "ip link set t9 name t10",
	    "ip link set br0 name br10",
	    "ip link set br10 name br0",
	    /* The bridge takes the lowest MAC of its ports', and loses it again. */
	    "ip tuntap add dev d0 mode tap && ip link set d0 address 00:00:00:00:00:07 && ip link set d0 master br0",
	    "ip link set d0 nomaster",
	    "ip link set br0 address 02:00:00:00:00:09", /* which is t10's */
	    "ip link set br0 address 02:00:00:00:00:0a",
	    "ip link del t10",
	    "ip link del br0",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		run(own[i]);
		serve(QUIET_MS);
		if (!told[MEMBER])
			fail_msg("not heard of: %s", own[i]);
		if (told[LEADER])
			fail_msg("heard of by another: %s", own[i]);
	}
	make_bridge();
}

static void hears_of_nothing_else(void **state)
{
	static const char *const others[] = {
	    "ip addr add 10.0.1.9/24 dev br1",
	    "ip addr add fde5::9/64 dev br1 nodad",
	    "ip tuntap add dev d1 mode tap && ip link set d1 address 00:00:00:00:00:06 && ip link set d1 master br1",
	    "ip tuntap add dev d2 mode tap && ip link set d2 address fe:00:00:00:00:05 && ip link set d2 master br0",
	    "ip link set d2 up && bridge fdb add 02:00:00:00:00:78 dev d2 master static && ip link del d2",
	    "ip link set br0 txqueuelen 400 && ip link set br0 txqueuelen 1000",
	    "ip neigh add 10.0.1.77 lladdr 02:00:00:00:00:77 dev t9 && ip neigh del 10.0.1.77 dev t9",
	    "ip neigh add 10.0.1.77 lladdr 02:00:00:00:00:77 dev br0 && ip neigh del 10.0.1.77 dev br0",
	    "ip tuntap add dev t0 mode tap && ip link set t0 master br1 up && ip link del t0",
	};

	(void)state;
	/* A new member is told of the first message about its bridge, whatever it says. */
	run("ip link set t9 master br0 && ip link set br0 txqueuelen 400 && ip link set br0 txqueuelen 1000");
	serve(QUIET_MS);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		run(others[i]);
		serve(QUIET_MS);
		if (told[MEMBER])
			fail_msg("heard of: %s", others[i]);
	}
	run("ip addr flush dev br1");
}

/* Checks that it hears of a change of its port. */
static void assert_hears(int which)
{
	run("ip link set t9 mtu 1400 && ip link set t9 mtu 1500");
	serve(QUIET_MS);
	assert_true(told[which]);
}

static void another_leads_when_the_leader_ends(void **state)
{
	(void)state;
	open_hub(THIRD);
	serve(QUIET_MS);
	close_hub(LEADER);
	/* Something may have changed while nobody listened. */
	serve(QUIET_MS);
	assert_true(told[MEMBER]);
	assert_true(told[THIRD]);
	assert_hears(MEMBER);
	assert_true(told[THIRD]);
	open_hub(LEADER); /* as a member now */
	serve(QUIET_MS);
	assert_true(told[LEADER]);
	run("ip link set t8 mtu 1400 && ip link set t8 mtu 1500");
	serve(QUIET_MS);
	assert_true(told[LEADER]);
	assert_false(told[MEMBER] || told[THIRD]);
}

static void a_member_that_ends_is_forgotten(void **state)
{
	(void)state;
	close_hub(MEMBER);
	serve(QUIET_MS);
	open_hub(MEMBER);
	serve(QUIET_MS);
	assert_true(told[MEMBER]);
	assert_hears(MEMBER);
}

static int name_socket(bool takes)
{
	const struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = SOCKET};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (takes)
		assert_int_equal(bind(fd, (const struct sockaddr *)&a, sizeof(a)) | listen(fd, 8), 0);
	else
		assert_int_equal(connect(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

/* A bridge that has had another MAC while nobody listened has its old one again: also that is told. */
static void forgets_what_a_bridge_was(void **state)
{
	struct link_info bridge;
	char back[64];

	(void)state;
	assert_int_equal(link_find(l, "br0", &bridge), 0);
	run("ip link set br0 address 02:00:00:00:00:0b");
	serve(QUIET_MS);
	assert_true(told[MEMBER]);
	close_hub(LEADER);
	serve(QUIET_MS);
	snprintf(back, sizeof(back), "ip link set br0 address %02x:%02x:%02x:%02x:%02x:%02x", bridge.mac[0],
		 bridge.mac[1], bridge.mac[2], bridge.mac[3], bridge.mac[4], bridge.mac[5]);
	run(back);
	serve(QUIET_MS);
	assert_true(told[MEMBER]);
	run("ip link del br0");
	make_bridge();
}

static void a_member_that_talks_nonsense_is_dropped(void **state)
{
	char octets[64] = {0};

	(void)state;
	for (size_t len = 1; len < sizeof(octets); len++) {
		if (len == sizeof(struct link_interest))
			continue;
		int fd = name_socket(false);
		assert_int_equal(send(fd, octets, len, 0), len);
		serve(1);
		assert_int_equal(recv(fd, octets, 1, MSG_DONTWAIT), 0);
		close(fd);
	}
	assert_hears(MEMBER);
}

/* What a killed leader left. */
static void replaces_a_dead_socket(void **state)
{
	(void)state;
	run("ip tuntap add dev t9 mode tap");
	close(name_socket(true));
	assert_int_equal(access(SOCKET, F_OK), 0);
	link_hub_clean(FOLDER);
	assert_int_equal(access(SOCKET, F_OK), -1);
	close(name_socket(true));
	open_hub(MEMBER);
	serve(QUIET_MS);
	assert_true(told[MEMBER]);
	link_hub_clean(FOLDER); /* not while somebody leads */
	open_hub(THIRD);
	serve(QUIET_MS);
	assert_true(told[THIRD]);
	assert_hears(THIRD);
	close_hub(THIRD);
	close_hub(MEMBER);
	assert_int_equal(access(SOCKET, F_OK), -1);
}

/* Somebody has the lock and never opens the door. */
static void does_without_a_leader_that_never_begins(void **state)
{
	(void)state;
	run("ip tuntap add dev t9 mode tap");
	int fd = open("/run/fold/7", O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	open_hub(MEMBER);
	serve(QUIET_MS);
	assert_true(told[MEMBER]);
	assert_hears(MEMBER);
	close(fd);
}

static void does_without_a_leader_that_hangs(void **state)
{
	(void)state;
	run("ip tuntap add dev t9 mode tap");
	int fd = name_socket(true);
	open_hub(MEMBER);
	serve(QUIET_MS);
	assert_false(told[MEMBER]);
	serve(1500);
	assert_true(told[MEMBER]);
	assert_hears(MEMBER);
	close(fd);
	unlink(SOCKET);
}

/* The kernel leaves out messages where there is no more room for them: anybody may have missed something. */
static void tells_all_after_lost_messages(void **state)
{
	(void)state;
	run("seq 20000 | awk '{ print \"link set d3 mtu\", 1400 + $1 % 2 }' | ip -batch -");
	serve(QUIET_MS);
	assert_true(told[LEADER]);
	assert_true(told[MEMBER]);
	/* Not again and again: for that wakes every VM. */
	run("seq 20000 | awk '{ print \"link set d3 mtu\", 1400 + $1 % 2 }' | ip -batch -");
	const uint64_t began = clock_ms();
	serve(1100);
	assert_true(told[MEMBER]);
	assert_true(clock_ms() - began > 100);
}

static void has_room_for_many(void **state)
{
	struct link_hub *more[MANY];
	size_t heard = 0;

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		open_hub(THIRD);
		more[i] = hubs[THIRD];
		hubs[THIRD] = NULL;
	}
	serve(QUIET_MS);
	for (size_t i = 0; i < MANY; i++)
		heard += link_hub_serve(more[i]);
	assert_int_equal(heard, MANY);
	assert_hears(MEMBER);
	heard = 0;
	for (size_t i = 0; i < MANY; i++)
		heard += link_hub_serve(more[i]);
	assert_int_equal(heard, MANY);
	for (size_t i = 0; i < MANY; i++)
		link_hub_close(more[i]);
}

int main(void)
{
#define WITH_TWO(test) cmocka_unit_test_setup_teardown(test, open_two, close_all)
	const struct CMUnitTest tests[] = {
	    WITH_TWO(hears_of_nothing_else),
	    WITH_TWO(another_leads_when_the_leader_ends),
	    WITH_TWO(a_member_that_ends_is_forgotten),
	    WITH_TWO(forgets_what_a_bridge_was),
	    WITH_TWO(a_member_that_talks_nonsense_is_dropped),
	    WITH_TWO(tells_all_after_lost_messages),
	    WITH_TWO(has_room_for_many),
	    cmocka_unit_test_teardown(replaces_a_dead_socket, close_all),
	    cmocka_unit_test_teardown(does_without_a_leader_that_never_begins, close_all),
	    cmocka_unit_test_teardown(does_without_a_leader_that_hangs, close_all),
	    WITH_TWO(hears_of_its_own),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (geteuid() != 0) {
		puts("1..1\nok 1 - hub # SKIP not root: a network namespace cannot be made");
		return 0;
	}
	return cmocka_run_group_tests(tests, make_net, close_net);
}
