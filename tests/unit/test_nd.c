/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Neighbour solicitations: who is answered, with what, and who is not. */
#include "ra/nd.h"

#include "nd_fixture.h"

enum { CODE = 1, TARGET = 8, LEN = 24 };

#define ROUTER 0x80
#define SOLICITED 0x40
#define OVERRIDE 0x20

/* A valid solicitation for the service address. */
static int fixture(void **state)
{
	(void)state;
	nd_fixture();
	ask_head(135);
	ask_ip(TARGET, SERVICE);
	t.len = LEN;
	t.in.dst6 = ip6(SERVICE_NODE);
	return 0;
}

static enum answer run(void)
{
	return nd_run(nd_answer);
}

/* Sets the target, and its solicited-node address as the destination. */
static void target(const char *text)
{
	struct in6_addr a = ip6(text);

	ask_ip(TARGET, text);
	t.in.dst6 = ip6_solicited_node(&a);
}

static void expect_drop(enum drop why)
{
	assert_drop(run(), why);
	assert_int_equal(wr_len(&t.out.w), 0);
}

static void expect_advert(const char *about, const uint8_t *mac, uint8_t flags, const char *to)
{
	struct in6_addr a = ip6(about);

	assert_int_equal(run(), ANSWER_REPLY);
	const uint8_t *p = t.out.w.start;
	assert_int_equal(t.out.kind, PKT_ICMP6);
	assert_null(t.out.event);
	assert_ip6(&t.out.src6, about);
	assert_ip6(&t.out.dst6, to);
	assert_memory_equal(t.out.dst_mac, strcmp(to, ALL_NODES) ? guest_mac : all_nodes_mac, 6);
	assert_int_equal(wr_len(&t.out.w), 32);
	assert_memory_equal(p, "\x88\0\0\0", 4);
	assert_int_equal(p[4], flags);
	assert_memory_equal(p + 5, "\0\0\0", 3);
	assert_memory_equal(p + 8, &a, 16);
	assert_memory_equal(p + 24, "\2\1", 2);
	assert_memory_equal(p + 26, mac, 6);
}

static void expect_service(void)
{
	expect_advert(SERVICE, service_mac, SOLICITED | OVERRIDE, OWN_LL);
}

static void the_service_address_is_folds_own_and_no_router(void **state)
{
	(void)state;
	expect_service();
	ask_link(guest_mac);
	expect_service();
	t.in.src6 = ip6(OWN);
	expect_advert(SERVICE, service_mac, SOLICITED | OVERRIDE, OWN);
}

static void every_service_address_is_answered(void **state)
{
	(void)state;
	t.service[1] = ip6("fe80::53");
	t.g.service6.count = 2;
	target("fe80::53");
	expect_advert("fe80::53", service_mac, SOLICITED | OVERRIDE, OWN_LL);
}

static void the_gateway_has_its_own_mac_and_is_a_router(void **state)
{
	(void)state;
	target(GATEWAY);
	expect_advert(GATEWAY, gateway_mac, ROUTER | SOLICITED | OVERRIDE, OWN_LL);
}

static void folds_link_local_address_is_the_router_where_there_is_a_gateway(void **state)
{
	(void)state; /* the guest's default router; frames for it must go to the gateway */
	target(FOLD_LL);
	expect_advert(FOLD_LL, gateway_mac, ROUTER | SOLICITED | OVERRIDE, OWN_LL);
	t.g.has_gateway6 = false;
	expect_advert(FOLD_LL, service_mac, SOLICITED | OVERRIDE, OWN_LL);
}

static void a_gateway_that_the_guest_is_not_told_of_is_not_answered(void **state)
{
	(void)state;
	t.g.has_gateway6 = false;
	target(GATEWAY);
	expect_drop(DROP_ND_TARGET);
}

static void a_gateway_on_the_link_without_a_mac_answers_for_itself(void **state)
{
	(void)state;
	memset(t.g.gateway6_mac, 0, 6);
	target(GATEWAY);
	expect_drop(DROP_ND_TARGET);
}

static void a_gateway_without_a_mac_is_reached_through_the_host_that_routes(void **state)
{
	static const char *const elsewhere[] = {"2001:db8::91", "fe80::91"};

	(void)state;
	memset(t.g.gateway6_mac, 0, 6);
	for (size_t i = 0; i < 2; i++) {
		t.g.gateway6 = ip6(elsewhere[i]);
		target(elsewhere[i]);
		expect_advert(elsewhere[i], service_mac, ROUTER | SOLICITED | OVERRIDE, OWN_LL);
	}
	t.g.gateway6 = ip6(GATEWAY);
	t.g.proxies6 = true;
	target(GATEWAY);
	expect_advert(GATEWAY, service_mac, ROUTER | SOLICITED | OVERRIDE, OWN_LL);
}

static void a_proxy_overrides_nobody(void **state)
{
	(void)state; /* RFC 4861 7.2.4; for its own addresses fold does override */
	t.g.proxies6 = true;
	target(OTHER);
	expect_advert(OTHER, service_mac, SOLICITED, OWN_LL);
	target(SERVICE);
	expect_service();
	target(GATEWAY);
	expect_advert(GATEWAY, gateway_mac, ROUTER | SOLICITED | OVERRIDE, OWN_LL);
	target(FOLD_LL);
	expect_advert(FOLD_LL, gateway_mac, ROUTER | SOLICITED | OVERRIDE, OWN_LL);
}

static void unreachability_probes_to_the_target_itself_are_answered(void **state)
{
	(void)state; /* RFC 4861 7.3.3 */
	t.in.dst6 = ip6(SERVICE);
	expect_service();
	ask_ip(TARGET, FOLD_LL);
	t.in.dst6 = ip6(FOLD_LL);
	expect_advert(FOLD_LL, gateway_mac, ROUTER | SOLICITED | OVERRIDE, OWN_LL);
}

static void a_probe_for_an_address_of_folds_meets_resistance(void **state)
{
	(void)state; /* RFC 4862 5.4.3, RFC 4861 7.2.4: to all nodes, S is zero */
	t.in.src6 = in6addr_any;
	expect_advert(SERVICE, service_mac, OVERRIDE, ALL_NODES);
	target(GATEWAY);
	expect_advert(GATEWAY, gateway_mac, ROUTER | OVERRIDE, ALL_NODES);
	target(FOLD_LL);
	expect_advert(FOLD_LL, gateway_mac, ROUTER | OVERRIDE, ALL_NODES);
	ask_add("\x0e\1\1\2\3\4\5\6", 8); /* RFC 7527: a nonce */
	expect_advert(FOLD_LL, gateway_mac, ROUTER | OVERRIDE, ALL_NODES);
}

static void a_probe_for_its_own_address_is_never_answered(void **state)
{
	static const char *const own[] = {OWN, OWN_LL, "fe80::1234:5678:9abc:def0"};

	(void)state;
	t.service[1] = ip6(OWN); /* not even if it is configured as a service address */
	t.g.service6.count = 2;
	for (size_t i = 0; i < 3; i++) {
		target(own[i]);
		t.in.src6 = in6addr_any;
		expect_drop(DROP_ND_TARGET);
		t.in.src6 = ip6(OWN_LL);
		expect_drop(DROP_ND_TARGET);
	}
	t.g.gateway6 = ip6(OWN);
	target(OWN);
	expect_drop(DROP_ND_TARGET);
}

static void a_probe_to_anywhere_else_than_the_solicited_node_is_refused(void **state)
{
	static const char *const elsewhere[] = {SERVICE, ALL_NODES, ALL_ROUTERS, "ff02::1:ff00:2", "ff05::1:ff00:1"};

	(void)state; /* RFC 4861 7.1.1 */
	t.in.src6 = in6addr_any;
	for (size_t i = 0; i < 5; i++) {
		t.in.dst6 = ip6(elsewhere[i]);
		expect_drop(DROP_ND_FORM);
	}
}

static void a_solicitation_to_where_the_target_does_not_listen_is_refused(void **state)
{
	static const char *const elsewhere[] = {OTHER, GATEWAY, ALL_NODES, ALL_ROUTERS, "ff02::1:ff00:91", "::"};

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		t.in.dst6 = ip6(elsewhere[i]);
		expect_drop(DROP_ND_FORM);
	}
}

static void a_probe_with_a_link_layer_address_is_refused(void **state)
{
	(void)state; /* RFC 4861 7.1.1 */
	t.in.src6 = in6addr_any;
	ask_link(guest_mac);
	expect_drop(DROP_ND_FORM);
}

static void other_targets_are_not_answered(void **state)
{
	static const char *const targets[] = {OTHER,
					      "fde5:824d:d315:3bb1::",
					      "fe80::1",
					      "::",
					      "::1",
					      "::ffff:10.0.1.50",
					      "2001:db8::1",
					      "fde5:824d:d315:3bb1::2",
					      "fde5:824d:d315:3bb2::1"};

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		target(targets[i]);
		expect_drop(DROP_ND_TARGET);
	}
}

static void a_multicast_target_is_refused(void **state)
{
	(void)state; /* RFC 4861 7.1.1 */
	target(ALL_NODES);
	expect_drop(DROP_ND_FORM);
	target(SERVICE_NODE);
	t.service[0] = ip6(SERVICE_NODE);
	expect_drop(DROP_ND_FORM);
}

static void every_hop_limit_but_255_is_refused(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 255; n++) {
		t.in.hop_limit = (uint8_t)n;
		expect_drop(DROP_HOP_LIMIT);
	}
}

static void every_code_but_0_is_refused(void **state)
{
	(void)state;
	for (unsigned n = 1; n < 256; n++) {
		t.ask[CODE] = (uint8_t)n;
		expect_drop(DROP_ND_FORM);
	}
}

static void reserved_octets_do_not_count(void **state)
{
	(void)state; /* RFC 4861 4.3: ignored by the receiver */
	memset(t.ask + 4, 0xff, 4);
	expect_service();
}

static void every_truncation_is_refused(void **state)
{
	(void)state;
	ask_link(guest_mac);
	for (size_t whole = t.len, n = 1; n < whole; n++) {
		t.len = n;
		if (n == LEN)
			expect_service();
		else
			expect_drop(DROP_ND_FORM);
	}
}

static void threat_50_a_foreign_link_layer_address(void **state)
{
	(void)state;
	for (size_t i = 0; i < 6; i++) {
		uint8_t mac[6];
		fixture(NULL);
		memcpy(mac, guest_mac, 6);
		mac[i] ^= 1;
		ask_link(mac);
		expect_drop(DROP_ND_SENDER);
		memcpy(t.in.src_mac, mac, 6); /* both MACs are the same, but not the guest's */
		expect_drop(DROP_ND_SENDER);
		fixture(NULL);
		memcpy(t.in.src_mac, mac, 6);
		expect_drop(DROP_ND_SENDER);
	}
}

static void threat_49_doubled_link_layer_addresses(void **state)
{
	(void)state;
	ask_link(guest_mac);
	ask_link(guest_mac);
	expect_service();
	ask_link(gateway_mac); /* the last one of three */
	expect_drop(DROP_ND_SENDER);
	t.len = LEN;
	ask_link(gateway_mac); /* the first of two */
	ask_link(guest_mac);
	expect_drop(DROP_ND_SENDER);
}

static void link_layer_addresses_of_other_lengths(void **state)
{
	(void)state; /* RFC 2464 6 */
	for (unsigned units = 2; units < 160; units++) {
		fixture(NULL);
		ask_link(guest_mac);
		t.ask[LEN + 1] = (uint8_t)units;
		t.len = LEN + 8 * units;
		expect_drop(DROP_ND_FORM);
	}
}

static void an_option_of_length_0_ends_it(void **state)
{
	(void)state; /* RFC 4861 7.1.1; an endless loop in more than one program */
	for (unsigned type = 0; type < 256; type++) {
		fixture(NULL);
		ask_add("\0\0\0\0\0\0\0\0", 8);
		t.ask[LEN] = (uint8_t)type;
		expect_drop(DROP_ND_FORM);
	}
}

static void options_that_overrun_are_refused(void **state)
{
	(void)state;
	for (unsigned units = 2; units < 256; units++) {
		fixture(NULL);
		ask_add("\x0e\0\0\0\0\0\0\0", 8);
		t.ask[LEN + 1] = (uint8_t)units;
		expect_drop(DROP_ND_FORM);
	}
	fixture(NULL);
	ask_add("\x0e\1\0\0\0\0\0\0", 8);
	for (t.len = LEN + 1; t.len < LEN + 8; t.len++)
		expect_drop(DROP_ND_FORM);
}

static void options_that_mean_nothing_here_are_passed_over(void **state)
{
	(void)state; /* nonce, target link-layer address of another, MTU, prefix, and unknown ones, a long one too */
	ask_add("\x0e\1\1\2\3\4\5\6", 8);
	ask_add("\2\1\x7e\xb7\x70\x3b\x81\x77", 8);
	ask_add("\5\1\0\0\0\0\0\0", 8);
	ask_link(guest_mac);
	ask_option(253, 4);
	ask_option(200, 200);
	expect_service();
}

static void what_only_routers_send_is_refused(void **state)
{
	(void)state;
	for (t.len = 1; t.len < 100; t.len++) {
		t.ask[0] = 134;
		expect_drop(DROP_ND_ROUTER);
		t.ask[0] = 137;
		expect_drop(DROP_ND_ROUTER);
	}
}

static void threat_48_advertisements_are_refused(void **state)
{
	(void)state;
	t.ask[0] = 136;
	for (unsigned flags = 0; flags < 256; flags++) {
		t.ask[4] = (uint8_t)flags;
		expect_drop(DROP_ND_FORM);
	}
}

static void other_messages_are_not_its_business(void **state)
{
	static const enum pkt_kind kinds[] = {PKT_UDP4, PKT_UDP6, PKT_ARP};

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		if (type >= 134 && type <= 137)
			continue;
		t.ask[0] = (uint8_t)type;
		assert_int_equal(run(), ANSWER_NOT_MINE);
	}
	t.ask[0] = 135;
	for (size_t i = 0; i < 3; i++) {
		t.in.kind = kinds[i];
		assert_int_equal(run(), ANSWER_NOT_MINE);
	}
	t.in.kind = PKT_ICMP6;
	t.len = 0;
	assert_int_equal(run(), ANSWER_NOT_MINE);
}

static void a_guest_without_ipv6(void **state)
{
	(void)state;
	t.g.id.has6 = false;
	expect_drop(DROP_IP6_OFF);
	t.g.id.has6 = true;
	t.g.answers6 = false;
	expect_drop(DROP_IP6_OFF);
}

static void a_reply_at_every_buffer_size(void **state)
{
	(void)state;
	for (t.room = 0; t.room < 32; t.room++)
		assert_drop(run(), DROP_REPLY_FULL);
	expect_service();
}

#define T(f) cmocka_unit_test_setup(f, fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(the_service_address_is_folds_own_and_no_router),
	    T(every_service_address_is_answered),
	    T(the_gateway_has_its_own_mac_and_is_a_router),
	    T(folds_link_local_address_is_the_router_where_there_is_a_gateway),
	    T(a_gateway_that_the_guest_is_not_told_of_is_not_answered),
	    T(a_gateway_on_the_link_without_a_mac_answers_for_itself),
	    T(a_gateway_without_a_mac_is_reached_through_the_host_that_routes),
	    T(a_proxy_overrides_nobody),
	    T(unreachability_probes_to_the_target_itself_are_answered),
	    T(a_probe_for_an_address_of_folds_meets_resistance),
	    T(a_probe_for_its_own_address_is_never_answered),
	    T(a_probe_to_anywhere_else_than_the_solicited_node_is_refused),
	    T(a_solicitation_to_where_the_target_does_not_listen_is_refused),
	    T(a_probe_with_a_link_layer_address_is_refused),
	    T(other_targets_are_not_answered),
	    T(a_multicast_target_is_refused),
	    T(every_hop_limit_but_255_is_refused),
	    T(every_code_but_0_is_refused),
	    T(reserved_octets_do_not_count),
	    T(every_truncation_is_refused),
	    T(threat_50_a_foreign_link_layer_address),
	    T(threat_49_doubled_link_layer_addresses),
	    T(link_layer_addresses_of_other_lengths),
	    T(an_option_of_length_0_ends_it),
	    T(options_that_overrun_are_refused),
	    T(options_that_mean_nothing_here_are_passed_over),
	    T(what_only_routers_send_is_refused),
	    T(threat_48_advertisements_are_refused),
	    T(other_messages_are_not_its_business),
	    T(a_guest_without_ipv6),
	    T(a_reply_at_every_buffer_size),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
