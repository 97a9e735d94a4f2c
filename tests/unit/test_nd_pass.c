/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Solicitations that are passed on, either unchanged or with the VM's address as the source, or not at all; and a host
 * that answers for a whole prefix.
 */
#include "ra/nd_pass.h"

#include "answer/answer.h"
#include "base/csum.h"
#include "nd_fixture.h"

static struct {
	uint8_t l2[14], l3[1500];
	struct frame f;
	uint8_t to[ND_PASS_MAX];
	size_t len;
} n;

/* Makes a whole frame with a solicitation for target from src; link: with a source link-layer address option. */
static void solicit(const char *src, const char *target, bool link)
{
	struct in6_addr from = ip6(src), what = ip6(target), dst = ip6_solicited_node(&what);
	size_t len = link ? 32 : 24;
	uint8_t *icmp = n.l3 + 40;

	memset(&n, 0, sizeof(n));
	memcpy(n.l2 + 6, guest_mac, 6);
	n.l2[12] = 0x86;
	n.l2[13] = 0xdd;
	n.l3[0] = 0x60;
	n.l3[5] = (uint8_t)len;
	n.l3[6] = IPPROTO_ICMPV6;
	n.l3[7] = 255;
	memcpy(n.l3 + 8, &from, 16);
	memcpy(n.l3 + 24, &dst, 16);
	icmp[0] = 135;
	memcpy(icmp + 8, &what, 16);
	if (link) {
		icmp[24] = icmp[25] = 1;
		memcpy(icmp + 26, guest_mac, 6);
	}
	uint16_t sum = (uint16_t)~csum_fold(csum_add(csum_pseudo6(&from, &dst, IPPROTO_ICMPV6, len), icmp, len));
	icmp[2] = (uint8_t)(sum >> 8);
	icmp[3] = (uint8_t)sum;
	n.f = (struct frame){.l2 = n.l2, .l2_len = 14, .l3 = n.l3, .l3_len = 40 + len};
}

static enum nd_pass pass(void)
{
	return nd_pass(&t.g, &n.f, n.to, &n.len);
}

static int fixture(void **state)
{
	(void)state;
	nd_fixture();
	return 0;
}

static void one_in_the_prefix_goes_on_from_the_vms_address(void **state)
{
	struct in6_addr own = ip6(OWN), dst;
	struct pkt p;

	(void)state;
	solicit(OWN_LL, OTHER, true);
	assert_int_equal(pass(), ND_PASS_CHANGED);
	assert_int_equal(n.len, 72);
	assert_memory_equal(n.to + 8, &own, 16);
	/* Nothing else has changed, and the checksum is correct: the decoder accepts it. */
	memcpy(&dst, n.l3 + 24, 16);
	assert_memory_equal(n.to + 24, &dst, 16);
	assert_memory_equal(n.to + 44, n.l3 + 44, 28);
	struct frame changed = {.l2 = n.l2, .l2_len = 14, .l3 = n.to, .l3_len = n.len};
	assert_int_equal(pkt_decode(&changed, &p), DROP_NONE);
	assert_true(IN6_ARE_ADDR_EQUAL(&p.src6, &own));
}

static void a_wrong_checksum_is_not_made_right(void **state)
{
	struct reply out;

	(void)state;
	solicit(OWN_LL, OTHER, true);
	n.l3[42] ^= 1;
	/* The decoder drops it before. */
	assert_int_equal(answer_frame(&t.g, &n.f, &out), ANSWER_DROP);
	assert_int_equal(out.drop, DROP_L4_CHECKSUM);
}

static void from_the_vms_address_it_goes_on_as_it_is(void **state)
{
	(void)state;
	solicit(OWN, OTHER, true);
	assert_int_equal(pass(), ND_PASS_AS_IS);
}

static void a_probe_goes_on_as_it_is(void **state)
{
	(void)state;
	solicit("::", OTHER, false);
	assert_int_equal(pass(), ND_PASS_AS_IS);
	solicit("::", OWN, false);
	assert_int_equal(pass(), ND_PASS_AS_IS);
	solicit("::", OWN_LL, false);
	assert_int_equal(pass(), ND_PASS_AS_IS);
}

static void outside_the_prefix_it_goes_nowhere(void **state)
{
	(void)state;
	solicit(OWN_LL, "2001:db8::1", true);
	assert_int_equal(pass(), ND_PASS_REFUSED);
	solicit("::", "2001:db8::1", false);
	assert_int_equal(pass(), ND_PASS_REFUSED);
	solicit(OWN_LL, "fe80::1", true);
	assert_int_equal(pass(), ND_PASS_REFUSED);
}

static void one_that_is_cut_goes_nowhere(void **state)
{
	(void)state;
	solicit(OWN_LL, OTHER, true);
	for (size_t len = 0; len < 72; len++) {
		n.f.l3_len = len;
		assert_int_equal(pass(), ND_PASS_REFUSED);
	}
	n.f.l3_len = 72;
	n.l3[40] = 133;
	assert_int_equal(pass(), ND_PASS_REFUSED);
}

/* As with Ganeti: the host routes, and answers for the whole prefix with its own MAC. */
static enum answer ask_host(const char *src, const char *target, bool link, struct reply *out)
{
	static const uint8_t host_mac[] = {0x02, 0xaa, 0, 0, 0, 1};

	t.g.proxies6 = t.g.any_source6 = true;
	memcpy(t.g.service_mac, host_mac, 6);
	memset(t.g.gateway6_mac, 0, 6);
	t.g.link_local = ip6("fe80::aa:ff:fe00:1");
	t.g.gateway6 = t.g.link_local;
	solicit(src, target, link);
	return answer_frame(&t.g, &n.f, out);
}

static void a_host_answers_for_the_prefix(void **state)
{
	struct reply out;

	(void)state;
	const char *const targets[] = {OTHER, SERVICE, "fe80::aa:ff:fe00:1"};
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(ask_host(OWN_LL, targets[i], true, &out), ANSWER_REPLY);
		assert_memory_equal(out.frame + 6, t.g.service_mac, 6);
		assert_memory_equal(out.frame + 14 + 40 + 26, t.g.service_mac, 6); /* the target's link-layer address */
	}
	/* Answers go also to temporary addresses that the guest forms in the prefix. */
	assert_int_equal(ask_host("fde5:824d:d315:3bb1:1234::9", OTHER, true, &out), ANSWER_REPLY);
}

static void but_not_for_the_guest_and_not_to_a_probe(void **state)
{
	struct reply out;

	(void)state;
	assert_int_equal(ask_host(OWN_LL, OWN, true, &out), ANSWER_DROP);
	assert_int_equal(out.drop, DROP_ND_TARGET);
	assert_int_equal(ask_host("::", OTHER, false, &out), ANSWER_DROP);
	assert_int_equal(out.drop, DROP_ND_TARGET);
	assert_int_equal(pass(), ND_PASS_AS_IS);
	assert_int_equal(ask_host(OWN_LL, "2001:db8::1", true, &out), ANSWER_DROP);
	assert_int_equal(out.drop, DROP_ND_TARGET);
	assert_int_equal(pass(), ND_PASS_REFUSED);
	/* The guest must not use its router's address as the source. */
	assert_int_equal(ask_host("fe80::aa:ff:fe00:1", OTHER, true, &out), ANSWER_DROP);
	assert_int_equal(out.drop, DROP_SOURCE_ADDRESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(one_in_the_prefix_goes_on_from_the_vms_address, fixture),
	    cmocka_unit_test_setup(a_wrong_checksum_is_not_made_right, fixture),
	    cmocka_unit_test_setup(from_the_vms_address_it_goes_on_as_it_is, fixture),
	    cmocka_unit_test_setup(a_probe_goes_on_as_it_is, fixture),
	    cmocka_unit_test_setup(outside_the_prefix_it_goes_nowhere, fixture),
	    cmocka_unit_test_setup(one_that_is_cut_goes_nowhere, fixture),
	    cmocka_unit_test_setup(a_host_answers_for_the_prefix, fixture),
	    cmocka_unit_test_setup(but_not_for_the_guest_and_not_to_a_probe, fixture),
	};

	return cmocka_run_group_tests_name("nd_pass", tests, NULL, NULL);
}
