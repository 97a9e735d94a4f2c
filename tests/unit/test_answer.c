/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The responder's entry, answer_frame(), for IPv6: which source addresses it accepts, and whole frames in and out. */
#include "answer/answer.h"

#include "base/csum.h"
#include "nd_fixture.h"

/* The request, a router solicitation. The code that builds replies puts it into a frame too. */
static struct reply ask;

static int fixture(void **state)
{
	(void)state;
	nd_fixture();
	reply_init(&ask);
	ask.kind = PKT_ICMP6;
	ask.src6 = ip6(OWN_LL);
	ask.dst6 = ip6(ALL_ROUTERS);
	ip6_group_mac(&ask.dst6, ask.dst_mac);
	wr_u8(&ask.w, 133);
	wr_zero(&ask.w, 7);
	return 0;
}

static enum answer run_from(const uint8_t mac[6])
{
	assert_true(pkt_wrap(&ask, mac));
	const struct frame f = {.l2 = ask.frame, .l2_len = 14, .l3 = ask.frame + 14, .l3_len = ask.frame_len - 14};
	return answer_frame(&t.g, &f, &t.out);
}

static enum answer run(void)
{
	return run_from(guest_mac);
}

/* Checks octet by octet what every neighbour discovery frame from fold must have. */
static void check_frame(const uint8_t *dst_mac, const char *to, uint8_t type)
{
	const uint8_t *f = t.out.frame;
	struct in6_addr src, dst;

	assert_true(t.out.frame_len >= 62);
	assert_memory_equal(f, dst_mac, 6);
	assert_memory_equal(f + 6, service_mac, 6);
	assert_memory_equal(f + 12, "\x86\xdd\x60\0\0\0", 6);
	size_t len = (size_t)f[18] << 8 | f[19];
	assert_int_equal(14 + 40 + len, t.out.frame_len);
	assert_int_equal(f[20], 58);
	assert_int_equal(f[21], 255); /* RFC 4861 6.1.2, 7.1.2 */
	memcpy(&src, f + 22, 16);
	memcpy(&dst, f + 38, 16);
	assert_ip6(&dst, to);
	assert_int_equal(f[54], type);
	assert_int_equal(csum_fold(csum_add(csum_pseudo6(&src, &dst, 58, len), f + 54, len)), 0xffff);
}

static void a_solicitation_becomes_a_whole_advertisement(void **state)
{
	(void)state;
	assert_int_equal(run(), ANSWER_REPLY);
	check_frame(guest_mac, OWN_LL, 134);
	ask.src6 = in6addr_any;
	assert_int_equal(run(), ANSWER_REPLY);
	check_frame(all_nodes_mac, ALL_NODES, 134);
}

static void a_neighbour_is_a_whole_frame_too(void **state)
{
	struct in6_addr a = ip6(GATEWAY);

	(void)state;
	ask.w = wr_over(ask.buf + REPLY_HEADROOM, 100);
	wr_u8(&ask.w, 135);
	wr_zero(&ask.w, 7);
	wr_bytes(&ask.w, &a, 16);
	ask.dst6 = ip6_solicited_node(&a);
	assert_int_equal(run(), ANSWER_REPLY);
	check_frame(guest_mac, OWN_LL, 136);
	assert_memory_equal(t.out.frame + 22, &a, 16);
}

static void routers_messages_from_the_guest_are_refused(void **state)
{
	static const struct {
		uint8_t type;
		enum drop why;
	} rows[] = {{134, DROP_ND_ROUTER}, {137, DROP_ND_ROUTER}, {136, DROP_ND_FORM},
		    {128, DROP_UNKNOWN},   {130, DROP_UNKNOWN},   {141, DROP_UNKNOWN}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ask.w = wr_over(ask.buf + REPLY_HEADROOM, 100);
		wr_u8(&ask.w, rows[i].type);
		wr_zero(&ask.w, 39);
		assert_drop(run(), rows[i].why);
	}
}

static void the_guests_own_addresses_are_heard(void **state)
{
	static const char *const own[] = {OWN, OWN_LL, "fe80::1", "fe80::ffff:ffff:ffff:ffff", "::"};

	(void)state;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		ask.src6 = ip6(own[i]);
		assert_int_equal(run(), ANSWER_REPLY);
	}
}

/* If no rules limit the guest to one address, it uses any address that it forms in its prefix. */
static void addresses_that_the_guest_makes_in_its_prefix(void **state)
{
	static const char *const made[] = {OTHER, "fde5:824d:d315:3bb1:1234::9", OWN, OWN_LL};
	static const char *const others[] = {"2001:db8::1", "fde5:824d:d315:3bb2::1", FOLD_LL, SERVICE, GATEWAY};

	(void)state;
	t.g.any_source6 = true;
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		ask.src6 = ip6(made[i]);
		assert_int_equal(run(), ANSWER_REPLY);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		ask.src6 = ip6(others[i]);
		assert_drop(run(), DROP_SOURCE_ADDRESS);
	}
}

static void threat_52_sources_that_are_not_the_guests(void **state)
{
	static const char *const others[] = {
	    OTHER,
	    "fde5:824d:d315:3bb1::",
	    "2001:db8::1",
	    "::1",
	    "::ffff:10.0.1.100",
	    "fe80:0:0:1:5054:ff:fe12:3456", /* fe80::/10, and not the link's */
	    "febf::1",
	    "fe81::5054:ff:fe12:3456",
	    "fec0::1",
	    ALL_NODES,
	    "ff02::1:ff12:3456",
	    FOLD_LL, /* fold itself, its services, the router */
	    SERVICE,
	    GATEWAY,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		ask.src6 = ip6(others[i]);
		assert_drop(run(), DROP_SOURCE_ADDRESS);
	}
	ask.src6 = t.service[0] = ip6("fe80::53");
	assert_drop(run(), DROP_SOURCE_ADDRESS);
	ask.src6 = t.g.gateway6 = ip6("fe80::91");
	assert_drop(run(), DROP_SOURCE_ADDRESS);
	t.g.has_gateway6 = false; /* then the router's address is just a link-local one */
	assert_int_equal(run(), ANSWER_REPLY);
}

static void datagrams_have_a_source(void **state)
{
	(void)state;
	ask.kind = PKT_UDP6;
	ask.sport = 546;
	ask.dport = 40000;
	ask.src6 = in6addr_any;
	assert_drop(run(), DROP_SOURCE_ADDRESS);
	ask.src6 = ip6(OTHER);
	assert_drop(run(), DROP_SOURCE_ADDRESS);
	ask.src6 = ip6(OWN);
	assert_drop(run(), DROP_UNKNOWN);
}

static void threat_31_a_guest_without_ipv6(void **state)
{
	(void)state;
	t.g.id.has6 = false;
	assert_drop(run(), DROP_IP6_OFF);
	ask.src6 = ip6(OTHER);
	assert_drop(run(), DROP_IP6_OFF);
	ask.kind = PKT_UDP6;
	assert_drop(run(), DROP_IP6_OFF);
}

static void another_mac_is_refused_first(void **state)
{
	(void)state;
	assert_drop(run_from(gateway_mac), DROP_SOURCE_MAC);
	assert_drop(run_from(service_mac), DROP_SOURCE_MAC);
}

static void an_advertisement_that_nobody_asked_for(void **state)
{
	(void)state;
	assert_true(answer_advertise(&t.g, NULL, false, &t.out));
	check_frame(all_nodes_mac, ALL_NODES, 134);
	assert_int_equal(t.out.frame[60] << 8 | t.out.frame[61], 900);
	assert_true(answer_advertise(&t.g, NULL, true, &t.out));
	check_frame(all_nodes_mac, ALL_NODES, 134);
	assert_int_equal(t.out.frame[60] << 8 | t.out.frame[61], 0);
	struct guest was = t.g;
	was.nameservers6 = (struct ip6_list){.at = t.service, .count = 1};
	assert_true(answer_advertise(&t.g, &was, false, &t.out));
	check_frame(all_nodes_mac, ALL_NODES, 134);
	assert_memory_equal(t.out.frame + t.out.frame_len - 24, "\x19\3\0\0\0\0\0\0", 8);
	assert_memory_equal(t.out.frame + t.out.frame_len - 16, &t.service[0], 16);
}

static void none_where_there_is_none_to_send(void **state)
{
	(void)state;
	t.g.answers6 = false;
	assert_false(answer_advertise(&t.g, NULL, false, &t.out));
	assert_int_equal(t.out.drop, DROP_IP6_OFF);
	t.g.answers6 = true;
	t.g.id.mtu = 68;
	assert_false(answer_advertise(&t.g, NULL, false, &t.out));
	assert_int_equal(t.out.drop, DROP_REPLY_FULL);
}

#define T(f) cmocka_unit_test_setup(f, fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_solicitation_becomes_a_whole_advertisement),
	    T(a_neighbour_is_a_whole_frame_too),
	    T(routers_messages_from_the_guest_are_refused),
	    T(the_guests_own_addresses_are_heard),
	    T(addresses_that_the_guest_makes_in_its_prefix),
	    T(threat_52_sources_that_are_not_the_guests),
	    T(datagrams_have_a_source),
	    T(threat_31_a_guest_without_ipv6),
	    T(another_mac_is_refused_first),
	    T(an_advertisement_that_nobody_asked_for),
	    T(none_where_there_is_none_to_send),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
