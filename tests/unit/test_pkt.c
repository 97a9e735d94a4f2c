/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pkt: which frames decode refuses and why, and that decode reads the frames of wrap unchanged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/csum.h"
#include "pkt/pkt.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t service[MAC_LEN] = {0xfe, 0x54, 0, 0x12, 0x34, 0x56};

/* Makes a whole frame with wrap. */
static size_t make(struct reply *r, enum pkt_kind kind, const char *data, size_t len)
{
	reply_init(r);
	r->kind = kind;
	memcpy(r->dst_mac, "\x52\x54\x00\x12\x34\x56", MAC_LEN);
	r->src4.s_addr = inet_addr("10.0.1.50");
	r->dst4.s_addr = inet_addr("10.0.1.1");
	inet_pton(AF_INET6, "fe80::1", &r->src6);
	inet_pton(AF_INET6, "fe80::2", &r->dst6);
	r->sport = 67;
	r->dport = 68;
	wr_bytes(&r->w, data, len);
	assert_true(pkt_wrap(r, service));
	return r->frame_len;
}

static struct frame split(const uint8_t *frame, size_t len)
{
	size_t l2 = len < 14 ? len : 14;
	return (struct frame){.l2 = frame, .l2_len = l2, .l3 = frame + l2, .l3_len = len - l2};
}

static enum drop decode(const uint8_t *frame, size_t len, struct pkt *out)
{
	struct frame f = split(frame, len);
	return pkt_decode(&f, out);
}

static const char data[] = "sixteen octets..and then some more of them to be past the padding";

static void test_what_wrap_makes_decode_takes(void **state)
{
	static const enum pkt_kind kinds[] = {PKT_ARP, PKT_UDP4, PKT_UDP6, PKT_ICMP6};
	struct reply r;
	struct pkt p;

	(void)state;
	for (size_t k = 0; k < 4; k++) {
		size_t len = kinds[k] == PKT_ARP ? 28 : 9;
		for (; len <= (kinds[k] == PKT_ARP ? 28 : sizeof(data)); len++) {
			size_t frame_len = make(&r, kinds[k], data, len);
			assert_true(frame_len >= 60);
			assert_int_equal(decode(r.frame, frame_len, &p), DROP_NONE);
			assert_int_equal(p.kind, kinds[k]);
			assert_memory_equal(p.src_mac, service, MAC_LEN);
			assert_int_equal(p.len, len);
			if (kinds[k] == PKT_ICMP6) { /* wrap sets octets 2 and 3, the checksum */
				assert_memory_equal(p.data, data, 2);
				assert_memory_equal(p.data + 4, data + 4, len - 4);
				assert_int_equal(p.hop_limit, 255);
			} else {
				assert_memory_equal(p.data, data, len);
			}
		}
	}
}

static void test_padding_is_zero(void **state)
{
	struct reply r;

	(void)state;
	memset(&r, 0xee, sizeof(r));
	assert_int_equal(make(&r, PKT_ARP, data, 28), 60);
	for (size_t i = 14 + 28; i < 60; i++)
		assert_int_equal(r.frame[i], 0);
}

static void test_every_truncation_is_refused(void **state)
{
	struct reply r;
	struct pkt p;

	(void)state;
	size_t len = make(&r, PKT_UDP4, data, sizeof(data));
	for (size_t cut = 0; cut < len; cut++) {
		uint8_t *exact = malloc(cut ? cut : 1); /* so that ASan detects a read past the end */
		memcpy(exact, r.frame, cut);
		assert_int_not_equal(decode(exact, cut, &p), DROP_NONE);
		free(exact);
	}
	len = make(&r, PKT_ICMP6, data, sizeof(data));
	for (size_t cut = 0; cut < len; cut++)
		assert_int_not_equal(decode(r.frame, cut, &p), DROP_NONE);
}

/* Changes one octet of a valid IPv4/UDP frame, corrects the header's checksum, and expects the reason. */
static void test_ip4_refusals(void **state)
{
	static const struct {
		const char *name;
		size_t at;
		uint8_t value;
		bool fix;
		enum drop why;
	} cases[] = {
	    {"version 6 under ethertype IPv4", 14, 0x65, true, DROP_IP_HEADER},
	    {"header of 4 words", 14, 0x44, true, DROP_IP_HEADER},
	    {"header with options", 14, 0x46, true, DROP_IP_HEADER},
	    {"header of 0 words", 14, 0x40, true, DROP_IP_HEADER},
	    {"total length above the frame", 16, 0x10, true, DROP_TRUNCATED},
	    {"more fragments", 20, 0x20, true, DROP_FRAGMENT},
	    {"fragment offset", 21, 0x01, true, DROP_FRAGMENT},
	    {"don't fragment is no fragment", 20, 0x40, true, DROP_NONE},
	    {"header checksum", 22, 0x01, false, DROP_IP_CHECKSUM},
	    {"ICMP that it is not", 23, 1, true, DROP_L4_CHECKSUM},
	    {"GRE", 23, 47, true, DROP_UNKNOWN},
	    {"TCP that it is not", 23, 6, true, DROP_L4_CHECKSUM},
	    {"UDP length above IP's", 38, 0x10, true, DROP_L4_HEADER},
	    {"UDP length below its header", 39, 7, true, DROP_L4_HEADER},
	    {"UDP length below IP's hides octets", 39, 40, true, DROP_L4_HEADER},
	    {"UDP checksum", 40, 0xff, true, DROP_L4_CHECKSUM},
	    {"payload changed under the checksum", 50, 0xff, true, DROP_L4_CHECKSUM},
	    {"ethertype 802.1Q", 12, 0x81, false, DROP_ETHERTYPE},
	};
	struct reply r;
	struct pkt p;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = make(&r, PKT_UDP4, data, sizeof(data));
		r.frame[cases[i].at] = cases[i].value;
		if (cases[i].fix) {
			r.frame[24] = r.frame[25] = 0;
			uint16_t sum = (uint16_t)~csum_fold(csum_add(0, r.frame + 14, 20));
			r.frame[24] = (uint8_t)(sum >> 8);
			r.frame[25] = (uint8_t)sum;
		}
		enum drop got = decode(r.frame, len, &p);
		if (got != cases[i].why)
			print_message("# %s: %s\n", cases[i].name, drop_name(got));
		assert_int_equal(got, cases[i].why);
	}
}

static void test_udp4_checksum_none_pending_and_partial(void **state)
{
	struct reply r;
	struct pkt p;

	(void)state;
	size_t len = make(&r, PKT_UDP4, data, sizeof(data));
	r.frame[40] = r.frame[41] = 0; /* RFC 768: no checksum, as from Linux's ip=dhcp */
	assert_int_equal(decode(r.frame, len, &p), DROP_NONE);

	/* A virtio guest writes only the pseudo-header's sum and leaves the rest to the device. */
	uint16_t partial = csum_fold(csum_pseudo4(r.src4, r.dst4, IPPROTO_UDP, sizeof(data) + 8));
	r.frame[40] = (uint8_t)(partial >> 8);
	r.frame[41] = (uint8_t)partial;
	assert_int_equal(decode(r.frame, len, &p), DROP_NONE);

	r.frame[40] ^= 1;
	assert_int_equal(decode(r.frame, len, &p), DROP_L4_CHECKSUM);
	struct frame f = split(r.frame, len);
	f.csum_pending = true; /* the kernel reports that the checksum is incomplete */
	assert_int_equal(pkt_decode(&f, &p), DROP_NONE);
}

static void test_udp6_checksum_may_not_be_zero(void **state)
{
	struct reply r;
	struct pkt p;

	(void)state;
	size_t len = make(&r, PKT_UDP6, data, sizeof(data));
	r.frame[60] = r.frame[61] = 0;
	assert_int_equal(decode(r.frame, len, &p), DROP_L4_CHECKSUM);
}

static void test_ip6_extension_headers_are_refused(void **state)
{
	static const struct {
		uint8_t next;
		enum drop why;
	} cases[] = {{0, DROP_EXTENSION},  {43, DROP_EXTENSION}, {44, DROP_FRAGMENT},   {51, DROP_EXTENSION},
		     {60, DROP_EXTENSION}, {59, DROP_UNKNOWN},   {6, DROP_L4_CHECKSUM}, {253, DROP_UNKNOWN}};
	struct reply r;
	struct pkt p;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = make(&r, PKT_UDP6, data, sizeof(data));
		r.frame[20] = cases[i].next;
		assert_int_equal(decode(r.frame, len, &p), cases[i].why);
	}
	size_t len = make(&r, PKT_UDP6, data, sizeof(data));
	r.frame[14] = 0x45;
	assert_int_equal(decode(r.frame, len, &p), DROP_IP_HEADER);
	len = make(&r, PKT_UDP6, data, sizeof(data));
	r.frame[18] = 0x10;
	assert_int_equal(decode(r.frame, len, &p), DROP_TRUNCATED);
}

/* A TCP header without options, followed by one octet. */
static size_t make_tcp(struct reply *r, enum pkt_kind kind, uint8_t offset)
{
	uint8_t segment[21] = {0x9c, 0x40, 0, 53, [12] = (uint8_t)(offset << 4), [13] = 2, [20] = 'x'};

	return make(r, kind, (const char *)segment, sizeof(segment));
}

static void test_tcp_header_and_checksum(void **state)
{
	static const enum pkt_kind kinds[] = {PKT_TCP4, PKT_TCP6};
	struct reply r;
	struct pkt p;

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		size_t l4 = kinds[k] == PKT_TCP4 ? 34 : 54, len = make_tcp(&r, kinds[k], 5);
		assert_int_equal(decode(r.frame, len, &p), DROP_NONE);
		assert_int_equal(p.kind, kinds[k]);
		assert_int_equal(p.sport, 40000);
		assert_int_equal(p.dport, 53);
		assert_int_equal(p.len, 21);
		assert_ptr_equal(p.data, r.frame + l4);
		for (size_t at = l4; at < l4 + 21; at++) {
			r.frame[at] ^= 0x04; /* a bit that does not change the TCP header's length */
			assert_int_equal(decode(r.frame, len, &p), DROP_L4_CHECKSUM);
			r.frame[at] ^= 0x04;
		}
		for (uint8_t offset = 0; offset < 16; offset++) { /* 21 octets have room only for a header of 5 words */
			len = make_tcp(&r, kinds[k], offset);
			assert_int_equal(decode(r.frame, len, &p), offset == 5 ? DROP_NONE : DROP_L4_HEADER);
		}
		len = make_tcp(&r, kinds[k], 5);
		for (size_t cut = 0; cut < l4 + 21; cut++)
			assert_int_not_equal(decode(r.frame, cut, &p), DROP_NONE);
	}
}

static void test_icmp4_checksum_and_extent(void **state)
{
	struct reply r;
	struct pkt p;

	(void)state;
	size_t len = make(&r, PKT_ICMP4, "\x08\0\0\0\1\2\3\4", 8); /* padded to 60 octets */
	assert_int_equal(decode(r.frame, len, &p), DROP_NONE);
	assert_int_equal(p.kind, PKT_ICMP4);
	assert_ptr_equal(p.data, r.frame + 34);
	assert_int_equal(p.len, 8);
	assert_ptr_equal(p.l3, r.frame + 14);
	assert_int_equal(p.l3_len, 28);
	for (size_t at = 34; at < 42; at++) {
		r.frame[at] ^= 0x04;
		assert_int_equal(decode(r.frame, len, &p), DROP_L4_CHECKSUM);
		r.frame[at] ^= 0x04;
	}
	/* virtio does not offload ICMP checksums, so 0 is just a wrong checksum. */
	r.frame[36] = r.frame[37] = 0;
	assert_int_equal(decode(r.frame, len, &p), DROP_L4_CHECKSUM);
	len = make(&r, PKT_ICMP4, "\x08\0\0\0\1\2\3", 7);
	assert_int_equal(decode(r.frame, len, &p), DROP_TRUNCATED);
	len = make(&r, PKT_UDP6, data, sizeof(data));
	assert_int_equal(decode(r.frame, len, &p), DROP_NONE);
	assert_ptr_equal(p.l3, r.frame + 14);
	assert_int_equal(p.l3_len, 40 + 8 + sizeof(data));
}

static void test_a_tag_left_in_the_link_header_is_refused(void **state)
{
	struct reply r;
	struct pkt p;
	uint8_t tagged[18] = {0};

	(void)state;
	size_t len = make(&r, PKT_UDP4, data, sizeof(data));
	memcpy(tagged, r.frame, 12);
	tagged[12] = 0x08; /* even if the first EtherType is that of IPv4 */
	struct frame f = {.l2 = tagged, .l2_len = 18, .l3 = r.frame + 14, .l3_len = len - 14};
	assert_int_equal(pkt_decode(&f, &p), DROP_ETHERTYPE);
	f.l2_len = 0;
	f.l2 = NULL;
	assert_int_equal(pkt_decode(&f, &p), DROP_TRUNCATED);
}

static void test_data_that_does_not_fit_is_never_sent(void **state)
{
	struct reply r;

	(void)state;
	reply_init(&r);
	r.kind = PKT_UDP4;
	wr_zero(&r.w, REPLY_DATA_MAX);
	assert_true(pkt_wrap(&r, service));
	reply_init(&r);
	r.kind = PKT_UDP4;
	wr_zero(&r.w, REPLY_DATA_MAX);
	wr_u8(&r.w, 0);
	assert_false(pkt_wrap(&r, service));
}

static void test_every_reason_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < DROP_COUNT; i++) {
		assert_string_not_equal(drop_name((enum drop)i), "?");
		for (int j = 0; j < i; j++)
			assert_string_not_equal(drop_name((enum drop)i), drop_name((enum drop)j));
	}
	assert_string_equal(drop_name(DROP_COUNT), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_wrap_makes_decode_takes),
	    cmocka_unit_test(test_padding_is_zero),
	    cmocka_unit_test(test_every_truncation_is_refused),
	    cmocka_unit_test(test_ip4_refusals),
	    cmocka_unit_test(test_udp4_checksum_none_pending_and_partial),
	    cmocka_unit_test(test_udp6_checksum_may_not_be_zero),
	    cmocka_unit_test(test_ip6_extension_headers_are_refused),
	    cmocka_unit_test(test_tcp_header_and_checksum),
	    cmocka_unit_test(test_icmp4_checksum_and_extent),
	    cmocka_unit_test(test_a_tag_left_in_the_link_header_is_refused),
	    cmocka_unit_test(test_data_that_does_not_fit_is_never_sent),
	    cmocka_unit_test(test_every_reason_has_a_name_of_its_own),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
