/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which options a DHCPv4 reply holds, in which order, with which values. The numbers
 * in the tests' names are those of test_dhcp4.c.
 */
#include "dhcp4_fixture.h"

static const uint8_t route_off_subnet[] = {32, 192, 0, 2, 1, 0, 0, 0, 0, 0, 192, 0, 2, 1};

static void v4_11_gateway_outside_the_subnet_is_given_by_routes_and_by_router(void **state)
{
	(void)state;
	t.g.gateway4 = ip("192.0.2.1");
	request();
	LIST(1, 3, 121);
	expect_reply(ACK, "DHCPACK");
	assert_codes(53, 54, 51, 58, 59, 1, 3, 121);
	assert_option(121, route_off_subnet, sizeof(route_off_subnet));
	assert_option_ip(3, "192.0.2.1");
}

static void v4_11_gateway_of_a_guest_alone_in_its_subnet(void **state)
{
	(void)state;
	t.g.id.ip4.len = 32;
	t.g.gateway4 = ip("192.0.2.1");
	request();
	LIST(121, 3, 28);
	expect_reply(ACK, "DHCPACK");
	assert_option(121, route_off_subnet, sizeof(route_off_subnet));
	assert_option_ip(1, "255.255.255.255");
}

static void v4_11_routes_to_a_gateway_outside_go_to_those_that_do_not_ask(void **state)
{
	(void)state; /* Rumprun requests the options below, and uses 121 although it does not request it */
	t.g.gateway4 = ip("192.0.2.1");
	request();
	LIST(1, 33, 3, 28, 51, 58, 59);
	expect_reply(ACK, "DHCPACK");
	assert_codes(53, 54, 51, 58, 59, 1, 3, 28, 121);
}

static void v4_11_option_249_is_121_on_request(void **state)
{
	(void)state;
	t.g.gateway4 = ip("192.0.2.1");
	request();
	LIST(249, 3);
	expect_reply(ACK, "DHCPACK");
	assert_codes(53, 54, 51, 58, 59, 1, 249, 3);
	assert_option(249, route_off_subnet, sizeof(route_off_subnet));
	request(); /* without option 55: all options, except 249, the old number of 121 */
	expect_reply(ACK, "DHCPACK");
	assert_none(249);
	assert_option(121, route_off_subnet, sizeof(route_off_subnet));
	configure(121, "\0\12\0\1\1", 5);
	request();
	LIST(249);
	expect_reply(ACK, "DHCPACK");
	assert_option(249, "\0\12\0\1\1", 5);
}

static void v4_11_gateway_in_the_subnet_needs_no_routes(void **state)
{
	(void)state;
	request();
	LIST(3, 121, 249);
	expect_reply(ACK, "DHCPACK");
	assert_codes(53, 54, 51, 58, 59, 1, 3);
	configure(121, "\0\12\0\1\1", 5); /* the binding's routes go to clients that request them */
	request();
	LIST(3);
	expect_reply(ACK, "DHCPACK");
	assert_codes(53, 54, 51, 58, 59, 1, 3);
}

static void v4_11_no_gateway_no_router(void **state)
{
	(void)state;
	t.g.has_gateway4 = false;
	t.g.id.ip4.len = 32;
	request();
	LIST(3, 121, 249, 15);
	expect_reply(ACK, "DHCPACK");
	assert_codes(53, 54, 51, 58, 59, 1, 15);
}

static void v4_12_the_clients_order_and_nothing_that_it_did_not_ask_for(void **state)
{
	(void)state;
	configure(42, "\12\0\1\5", 4);
	request();
	LIST(119, 42, 28, 26, 15, 12, 6, 3, 1, 2, 7, 252);
	expect_reply(ACK, "DHCPACK");
	assert_codes(53, 54, 51, 58, 59, 1, 119, 42, 28, 26, 15, 12, 6, 3);
	request();
	LIST(6);
	expect_reply(ACK, "DHCPACK");
	assert_codes(53, 54, 51, 58, 59, 1, 6);
}

static void v4_12_each_once_however_often_it_is_asked_for(void **state)
{
	(void)state;
	request();
	LIST(3, 3, 1, 1, 6, 3, 6, 53, 54, 51, 12, 12);
	expect_reply(ACK, "DHCPACK");
	assert_codes(53, 54, 51, 58, 59, 1, 3, 6, 12);
}

static void v4_12_without_a_list_everything(void **state)
{
	(void)state;
	t.g.gateway4 = ip("192.0.2.1");
	configure(42, "\12\0\1\5", 4);
	configure(114, "https://captive.lab.test/api", 28);
	request();
	expect_reply(ACK, "DHCPACK");
	assert_codes(53, 54, 51, 58, 59, 1, 3, 121, 6, 12, 15, 26, 28, 119, 42, 114);
	request();
	opt(55, "", 0); /* an empty list counts as no list */
	expect_reply(ACK, "DHCPACK");
	assert_codes(53, 54, 51, 58, 59, 1, 3, 121, 6, 12, 15, 26, 28, 119, 42, 114);
}

static void v4_12_a_list_of_every_code_there_is(void **state)
{
	uint8_t codes[255];
	uint8_t value = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(codes); i++)
		codes[i] = (uint8_t)(255 - i);
	for (int code = 0; code < 256; code++)
		configure((uint8_t)code, &value, 1);
	for (int size = 0; size < 2; size++) {
		request();
		opt(55, codes, sizeof(codes));
		if (size)
			opt(57, "\x05\xdc", 2);
		expect_reply(ACK, "DHCPACK");
	}
	assert_option(200, &value, 1);
	assert_none(80);
	assert_option_ip(1, "255.255.255.0"); /* a DHCP_OPTION does not replace an option of the protocol itself */
	assert_option_u32(51, 604800);
}

static void v4_15_t1_and_t2_in_the_offer_too(void **state)
{
	(void)state;
	message(DISCOVER);
	expect_reply(OFFER, "DHCPOFFER");
	assert_option_u32(58, 600);
	assert_option_u32(59, 529200);
}

static void v4_15_times_that_make_no_sense_become_a_half_and_seven_eighths(void **state)
{
	static const struct {
		uint32_t lease, t1, t2, want1, want2;
	} rows[] = {
	    {800, 400, 700, 400, 700}, {800, 0, 0, 400, 700},     {800, 900, 950, 400, 700}, {800, 750, 0, 400, 700},
	    {800, 600, 500, 400, 500}, {800, 800, 800, 400, 700}, {120, 600, 105, 60, 105},  {800, 100, 100, 50, 100},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t.g.lease_time = rows[i].lease;
		t.g.renew_time = rows[i].t1;
		t.g.rebind_time = rows[i].t2;
		message(DISCOVER);
		expect_reply(OFFER, "DHCPOFFER");
		assert_option_u32(51, rows[i].lease);
		assert_option_u32(58, rows[i].want1);
		assert_option_u32(59, rows[i].want2);
	}
}

static void v4_15_a_lease_for_ever_has_no_t1_and_t2(void **state)
{
	(void)state;
	t.g.lease_time = 0xffffffff;
	request();
	LIST(51, 58, 59, 3);
	expect_reply(ACK, "DHCPACK");
	assert_codes(53, 54, 51, 1, 3);
	assert_option_u32(51, 0xffffffff);
}

static void v4_18_ipv6_only_needs_both_a_wish_and_a_line(void **state)
{
	(void)state;
	request();
	LIST(108);
	expect_reply(ACK, "DHCPACK");
	assert_none(108);
	configure(108, "\0\0\7\10", 4);
	request();
	LIST(108);
	expect_reply(ACK, "DHCPACK");
	assert_option_u32(108, 1800);
	request();
	LIST(3);
	expect_reply(ACK, "DHCPACK");
	assert_none(108);
	request(); /* without a list: everything except this option */
	expect_reply(ACK, "DHCPACK");
	assert_none(108);
}

static void v4_18_ipv6_only_wait_is_at_least_300_seconds(void **state)
{
	(void)state;
	configure(108, "\0\0\0\1", 4);
	request();
	LIST(108);
	expect_reply(ACK, "DHCPACK");
	assert_option_u32(108, 300);
	t.options[0].len = 3;
	request();
	LIST(108);
	expect_reply(ACK, "DHCPACK");
	assert_none(108);
}

static void v4_21_boot_file_and_server_name(void **state)
{
	(void)state;
	configure(66, "tftp.lab.test", 13);
	configure(67, "pxelinux.0", 10);
	request();
	LIST(66, 67);
	expect_reply(ACK, "DHCPACK");
	assert_option(66, "tftp.lab.test", 14); /* with a NUL, because some ROMs read on until there is one */
	assert_option(67, "pxelinux.0", 11);
	assert_string_equal((const char *)t.r.p + SNAME, "tftp.lab.test");
	assert_string_equal((const char *)t.r.p + BOOTFILE, "pxelinux.0");
	assert_ip(t.r.siaddr, "0.0.0.0");
}

static void v4_21_server_given_as_address_is_siaddr(void **state)
{
	(void)state;
	configure(67, "pxelinux.0\0", 11); /* already ends with a NUL: no second one is added */
	configure(66, "10.0.1.7", 8);
	request();
	LIST(67, 66);
	expect_reply(ACK, "DHCPACK");
	assert_ip(t.r.siaddr, "10.0.1.7");
	assert_option(66, "10.0.1.7", 9);
	assert_option(67, "pxelinux.0", 11);
	assert_int_equal(t.r.p[SNAME], 0);
	t.options[1].bytes = (uint8_t *)"\12\0\1\7"; /* as if the binding had a list of one address */
	t.options[1].len = 4;
	request();
	LIST(67, 66);
	expect_reply(ACK, "DHCPACK");
	assert_ip(t.r.siaddr, "10.0.1.7");
	assert_option(66, "10.0.1.7", 9);
	t.options[1].bytes = (uint8_t *)"tftp"; /* and a name of four letters */
	request();
	LIST(67, 66);
	expect_reply(ACK, "DHCPACK");
	assert_ip(t.r.siaddr, "0.0.0.0");
	assert_option(66, "tftp", 5);
}

static void v4_21_siaddr_is_0_for_those_that_do_not_boot_from_it(void **state)
{
	(void)state; /* Linux's ip= takes it for its DNS and NFS server */
	configure(66, "10.0.1.7", 8);
	configure(67, "pxelinux.0", 10);
	request();
	LIST(1, 3, 6, 12, 15, 17, 26, 40);
	expect_reply(ACK, "DHCPACK");
	assert_ip(t.r.siaddr, "0.0.0.0");
	assert_int_equal(t.r.p[BOOTFILE], 0);
	assert_none(67);
	request(); /* as U-Boot: it tells of its network interface, and asks for neither option */
	LIST(1, 3, 6, 12, 13, 17);
	opt(94, "\1\0", 3);
	expect_reply(ACK, "DHCPACK");
	assert_ip(t.r.siaddr, "10.0.1.7");
	assert_string_equal((const char *)t.r.p + BOOTFILE, "pxelinux.0");
	request();
	LIST(1, 3);
	opt(93, "\0\26", 2);
	expect_reply(ACK, "DHCPACK");
	assert_ip(t.r.siaddr, "10.0.1.7");
	request(); /* without a list: the client may want to boot */
	expect_reply(ACK, "DHCPACK");
	assert_ip(t.r.siaddr, "10.0.1.7");
	t.g.option_count = 0;
	request();
	LIST(66, 67);
	opt(60, "PXEClient", 9);
	expect_reply(ACK, "DHCPACK");
	assert_ip(t.r.siaddr, "0.0.0.0");
}

static void v4_21_boot_names_that_are_too_long_stay_options(void **state)
{
	static const char file[] = "http://boot.lab.test/a/path/that/goes/on/for/very/long/so/that/it/does/not/fit/"
				   "into/the/file/field/of/128/octets/together/with/its/nul";

	(void)state;
	configure(67, file, strlen(file));
	assert_true(strlen(file) >= 128);
	request();
	LIST(67);
	expect_reply(ACK, "DHCPACK");
	assert_option(67, file, strlen(file) + 1);
	assert_int_equal(t.r.p[BOOTFILE], 0);
	t.options[0].len = 127; /* the longest that fits */
	request();
	LIST(67);
	expect_reply(ACK, "DHCPACK");
	assert_memory_equal(t.r.p + BOOTFILE, file, 127);
	t.options[0].len = 128;
	request();
	LIST(67);
	expect_reply(ACK, "DHCPACK");
	assert_int_equal(t.r.p[BOOTFILE], 0);
}

/* A loader that does not join options would take a second option, with only the NUL, for the whole name. */
static void a_boot_name_that_fills_its_option_ends_without_a_nul(void **state)
{
	static char file[256];

	(void)state;
	memset(file, 'a', sizeof(file));
	configure(67, file, 255);
	request();
	LIST(67);
	expect_reply(ACK, "DHCPACK");
	assert_option(67, file, 255);
	t.options[0].len = 254;
	file[254] = 0;
	request();
	LIST(67);
	expect_reply(ACK, "DHCPACK");
	assert_option(67, file, 255);
}

static void v4_21_bootp_gets_the_names_in_its_fields(void **state)
{
	(void)state;
	configure(66, "10.0.1.7", 8);
	configure(67, "pxelinux.0", 10);
	message(0);
	assert_int_equal(ask(), ANSWER_REPLY);
	assert_string_equal((const char *)t.r.p + BOOTFILE, "pxelinux.0");
	assert_ip(t.r.siaddr, "10.0.1.7");
	assert_none(66);
	assert_none(67);
}

static void v4_21_overload_takes_the_file_field_from_the_name(void **state)
{
	static uint8_t a[220], b[100];

	(void)state;
	configure(67, "pxelinux.0", 10);
	configure(224, a, sizeof(a));
	configure(225, b, sizeof(b));
	request();
	LIST(67, 224, 225);
	expect_reply(ACK, "DHCPACK");
	assert_int_equal(t.r.overload, 1);
	assert_option(67, "pxelinux.0", 11);
	assert_option(225, b, sizeof(b));
}

static void v4_21_class_of_a_boot_loader_is_answered_when_there_is_something_to_boot(void **state)
{
	static const struct {
		const char *class, *want;
	} rows[] = {
	    {"PXEClient:Arch:00000:UNDI:002001", "PXEClient"},
	    {"HTTPClient:Arch:00016", "HTTPClient"},
	    {"PXEClient", "PXEClient"},
	    {"PXEClien", NULL},
	    {"MSFT 5.0", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t.g.option_count = 0;
		request();
		LIST(3, 60);
		opt(60, rows[i].class, strlen(rows[i].class));
		expect_reply(ACK, "DHCPACK");
		assert_none(60);
		configure(67, "http://boot.lab.test/x.efi", 26);
		request();
		LIST(3);
		opt(60, rows[i].class, strlen(rows[i].class));
		expect_reply(ACK, "DHCPACK");
		if (rows[i].want) {
			assert_text(60, rows[i].want);
			assert_option(67, "http://boot.lab.test/x.efi", 27);
		} else {
			assert_none(60);
			assert_none(67);
		}
	}
}

/* Without option 43 in an offer to PXEClient, EDK2 tries to ask a boot server once more, and does not boot. */
static void v4_21_a_pxe_client_is_told_not_to_look_further(void **state)
{
	(void)state;
	configure(67, "pxe.0", 5);
	message(DISCOVER);
	LIST(3, 60);
	opt(60, "PXEClient:Arch:00007:UNDI:003001", 32);
	expect_reply(OFFER, "DHCPOFFER");
	assert_option(43, "\6\1\x8\xff", 4);

	message(DISCOVER);
	LIST(3, 43, 60);
	opt(60, "HTTPClient:Arch:00016:UNDI:003001", 33);
	expect_reply(OFFER, "DHCPOFFER");
	assert_none(43);
	message(DISCOVER);
	LIST(3, 43, 67);
	expect_reply(OFFER, "DHCPOFFER");
	assert_none(43);

	configure(43, "\6\1\7", 3);
	message(DISCOVER);
	LIST(3, 60);
	opt(60, "PXEClient", 9);
	expect_reply(OFFER, "DHCPOFFER");
	assert_option(43, "\6\1\7", 3);
	/* A boot server's name without a file name is no offer to boot. */
	t.g.option_count = 0;
	configure(66, "boot.lab.test", 13);
	message(DISCOVER);
	LIST(3, 43, 60);
	opt(60, "PXEClient", 9);
	expect_reply(OFFER, "DHCPOFFER");
	assert_none(43);
}

static void v4_21_uuid_is_echoed(void **state)
{
	static const uint8_t uuid[18] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

	(void)state;
	message(DISCOVER);
	LIST(3, 97, 6);
	opt(97, uuid, 17);
	expect_reply(OFFER, "DHCPOFFER");
	assert_codes(53, 54, 51, 58, 59, 1, 3, 97, 6);
	assert_option(97, uuid, 17);
	message(DISCOVER);
	LIST(3);
	opt(97, uuid, 17);
	expect_reply(OFFER, "DHCPOFFER");
	assert_option(97, uuid, 17);
	message(DISCOVER);
	opt(97, uuid, 18);
	expect_reply(OFFER, "DHCPOFFER");
	assert_none(97);
}

static void v4_21_ipxe_need_not_wait_for_a_proxy(void **state)
{
	(void)state;
	message(DISCOVER);
	LIST(3, 175);
	opt(175, "\xb1\5\1\x1a\xf4\x10\0", 7);
	expect_reply(OFFER, "DHCPOFFER");
	assert_option(175, "\xb0\1\1", 3);
	message(DISCOVER);
	LIST(3, 175);
	expect_reply(OFFER, "DHCPOFFER");
	assert_none(175);
}

static void v4_22_relay_information_is_echoed_verbatim_and_last(void **state)
{
	static const uint8_t info[] = {1, 200, 'a', 2, 0, 255, 7}; /* malformed sub-options, which fold does not read */

	(void)state;
	message(DISCOVER);
	opt(82, info, sizeof(info));
	opt(61, "\1x", 2);
	LIST(82, 3);
	expect_reply(OFFER, "DHCPOFFER");
	assert_codes(53, 54, 51, 58, 59, 1, 3, 61, 82);
	assert_option(82, info, sizeof(info));
	message(REQUEST);
	opt_ip(50, "10.9.9.9");
	opt(82, info, sizeof(info));
	expect_reply(NAK, "DHCPNAK");
	assert_codes(53, 54, 56, 82);
}

static void v4_23_values_of_the_guests_own_options(void **state)
{
	(void)state;
	t.nameservers[1] = ip("10.0.1.51");
	t.g.nameservers4.count = 2;
	configure(42, "\12\0\1\5\12\0\1\6", 8);
	configure(114, "https://captive.lab.test/api", 28);
	request();
	LIST(26, 12, 15, 6, 42, 119, 114, 28);
	expect_reply(ACK, "DHCPACK");
	assert_option(26, "\x05\x60", 2);
	assert_text(12, "vm1");
	assert_text(15, "lab.test");
	assert_option(6, "\12\0\1\62\12\0\1\63", 8);
	assert_option(42, "\12\0\1\5\12\0\1\6", 8);
	assert_option(119, t.g.search, t.g.search_len);
	assert_text(114, "https://captive.lab.test/api");
	assert_option_ip(28, "10.0.1.255");
}

static void v4_23_what_the_guest_does_not_have_is_not_sent(void **state)
{
	(void)state;
	t.g.id.mtu = 0;
	t.g.hostname = t.g.domain = (char *)"";
	t.g.search_len = 0;
	t.g.search = NULL;
	t.g.nameservers4 = (struct ip4_list){0};
	t.g.has_gateway4 = false;
	request();
	LIST(26, 12, 15, 6, 42, 119, 114, 3, 121, 66, 67, 60, 81, 97, 175);
	expect_reply(ACK, "DHCPACK");
	assert_codes(53, 54, 51, 58, 59, 1);
	t.g.id.mtu = 67; /* RFC 2132 5.1: below the least legal value */
	request();
	LIST(26);
	expect_reply(ACK, "DHCPACK");
	assert_none(26);
	t.g.id.mtu = 65536;
	expect_reply(ACK, "DHCPACK");
	assert_none(26);
}

/* RFC 3021 2.2: only the limited broadcast address. Clients that are told none use the gateway's address as such. */
static void v4_23_a_link_of_two_or_one_is_told_the_limited_broadcast_address(void **state)
{
	(void)state;
	for (uint8_t len = 30; len <= 32; len++) {
		t.g.id.ip4.len = len;
		request();
		LIST(28);
		expect_reply(ACK, "DHCPACK");
		assert_option_ip(28, len == 30 ? "10.0.1.103" : "255.255.255.255");
	}
}

static void v4_23_fqdn_mirrors_the_encoding_and_sets_o_and_n(void **state)
{
	static const struct {
		uint8_t sent, got; /* S 1, O 2, E 4, N 8 */
	} rows[] = {{0, 8}, {1, 10}, {4, 12}, {5, 14}, {8, 8}, {12, 12}, {0xf5, 14}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t want[3 + 14] = {rows[i].got, 255, 255};
		bool wire = rows[i].sent & 4;

		request();
		RAW(81, 6, rows[i].sent, 1, 2, 9, 'x', 'y'); /* fold does not read the client's name, here malformed */
		LIST(3);
		expect_reply(ACK, "DHCPACK");
		memcpy(want + 3, wire ? "\3vm1\3lab\4test" : "vm1.lab.test\0", 14);
		assert_option(81, want, wire ? 3 + 14 : 3 + 12);
	}
}

static void v4_23_fqdn_of_other_names(void **state)
{
	static const struct {
		const char *host, *domain, *wire;
		size_t len;
	} rows[] = {
	    {"vm1", "", "\3vm1", 4}, /* no domain: no root label */
	    {"vm1.example", "lab.test", "\3vm1\7example", 13},
	    {"", "lab.test", NULL, 0},
	    {"a..b", "", NULL, 0},
	    {"a-label-of-64-octets-is-one-more-than-what-the-dns-has-room-for-", "", NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		t.g.hostname = (char *)rows[i].host;
		t.g.domain = (char *)rows[i].domain;
		request();
		RAW(81, 3, 4, 0, 0);
		LIST(81);
		expect_reply(ACK, "DHCPACK");
		if (rows[i].wire) {
			assert_int_equal(bootp_find(&t.r, 81)->len, 3 + rows[i].len);
			assert_memory_equal(bootp_find(&t.r, 81)->at + 3, rows[i].wire, rows[i].len);
		} else {
			assert_none(81);
		}
	}
}

static void v4_23_fqdn_only_to_those_that_sent_it(void **state)
{
	(void)state;
	request();
	LIST(81, 12);
	expect_reply(ACK, "DHCPACK");
	assert_none(81);
	request();
	RAW(81, 2, 4, 0); /* too short to be one */
	expect_reply(ACK, "DHCPACK");
	assert_none(81);
}

static void v4_23_strings_end_in_nul_for_a_client_that_ends_its_own_so(void **state)
{
	static const struct {
		const char *name;
		size_t len;
		bool ends;
	} rows[] = {{"vm1", 3, false}, {"vm1\0", 4, true}, {"\0\0\0\0", 4, false}, {"\0", 1, false}, {"", 0, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		request();
		LIST(12, 15);
		opt(12, rows[i].name, rows[i].len);
		expect_reply(ACK, "DHCPACK");
		assert_option(12, "vm1", rows[i].ends ? 4 : 3);
		assert_option(15, "lab.test", rows[i].ends ? 9 : 8);
	}
	request();
	LIST(12);
	opt(81, "\0\0\0vm1\0", 7);
	expect_reply(ACK, "DHCPACK");
	assert_option(12, "vm1", 4);
	assert_option(81, "\x08\xff\xffvm1.lab.test", 16);
}

static void spec_dhcp_option_provides_or_overrides_any_code(void **state)
{
	static const uint8_t codes[] = {2,  3,  6,  12, 15,  17,  26,  28,  33,  42,  43,
					60, 66, 67, 97, 114, 119, 121, 150, 175, 252, 254};

	(void)state;
	for (size_t i = 0; i < sizeof(codes); i++) {
		t.g.option_count = 0;
		configure(codes[i], "own\0value", 9);
		request();
		opt(55, &codes[i], 1);
		opt(175, "x", 1);
		expect_reply(ACK, "DHCPACK");
		assert_option(codes[i], "own\0value", codes[i] == 66 || codes[i] == 67 ? 10 : 9);
	}
}

static void spec_dhcp_option_cannot_speak_for_the_protocol(void **state)
{
	static const uint8_t codes[] = {0, 1, 50, 51, 52, 53, 54, 55, 57, 58, 59, 61, 80, 82, 255};

	(void)state;
	for (size_t i = 0; i < sizeof(codes); i++)
		configure(codes[i], "bad", 3);
	for (int list = 0; list < 2; list++) {
		request();
		if (list)
			opt(55, codes, sizeof(codes));
		expect_reply(ACK, "DHCPACK");
		for (size_t i = 0; i < sizeof(codes); i++) {
			const struct bootp_option *o = bootp_find(&t.r, codes[i]);
			assert_true(!o || o->len != 3);
		}
	}
	message(INFORM);
	t.in.src4 = ip("10.0.1.100");
	expect_reply(ACK, "DHCPINFORM ACK");
	for (size_t i = 0; i < sizeof(codes); i++)
		assert_true(!bootp_find(&t.r, codes[i]) || codes[i] == 1 || codes[i] == 53 || codes[i] == 54);
	message(0);
	t.len = 548;
	assert_int_equal(run(), ANSWER_REPLY);
	for (size_t i = 0; i < sizeof(codes); i++)
		assert_true(!bootp_find(&t.r, codes[i]) || codes[i] == 1);
}

static void spec_dhcp_option_of_no_length(void **state)
{
	(void)state;
	configure(224, NULL, 0);
	request();
	LIST(224);
	expect_reply(ACK, "DHCPACK");
	assert_option(224, "", 0);
}

#define T(f) cmocka_unit_test_setup(f, fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(v4_11_gateway_outside_the_subnet_is_given_by_routes_and_by_router),
	    T(v4_11_gateway_of_a_guest_alone_in_its_subnet),
	    T(v4_11_routes_to_a_gateway_outside_go_to_those_that_do_not_ask),
	    T(v4_11_option_249_is_121_on_request),
	    T(v4_11_gateway_in_the_subnet_needs_no_routes),
	    T(v4_11_no_gateway_no_router),
	    T(v4_12_the_clients_order_and_nothing_that_it_did_not_ask_for),
	    T(v4_12_each_once_however_often_it_is_asked_for),
	    T(v4_12_without_a_list_everything),
	    T(v4_12_a_list_of_every_code_there_is),
	    T(v4_15_t1_and_t2_in_the_offer_too),
	    T(v4_15_times_that_make_no_sense_become_a_half_and_seven_eighths),
	    T(v4_15_a_lease_for_ever_has_no_t1_and_t2),
	    T(v4_18_ipv6_only_needs_both_a_wish_and_a_line),
	    T(v4_18_ipv6_only_wait_is_at_least_300_seconds),
	    T(v4_21_boot_file_and_server_name),
	    T(v4_21_server_given_as_address_is_siaddr),
	    T(v4_21_siaddr_is_0_for_those_that_do_not_boot_from_it),
	    T(v4_21_boot_names_that_are_too_long_stay_options),
	    T(a_boot_name_that_fills_its_option_ends_without_a_nul),
	    T(v4_21_bootp_gets_the_names_in_its_fields),
	    T(v4_21_overload_takes_the_file_field_from_the_name),
	    T(v4_21_class_of_a_boot_loader_is_answered_when_there_is_something_to_boot),
	    T(v4_21_a_pxe_client_is_told_not_to_look_further),
	    T(v4_21_uuid_is_echoed),
	    T(v4_21_ipxe_need_not_wait_for_a_proxy),
	    T(v4_22_relay_information_is_echoed_verbatim_and_last),
	    T(v4_23_values_of_the_guests_own_options),
	    T(v4_23_what_the_guest_does_not_have_is_not_sent),
	    T(v4_23_a_link_of_two_or_one_is_told_the_limited_broadcast_address),
	    T(v4_23_fqdn_mirrors_the_encoding_and_sets_o_and_n),
	    T(v4_23_fqdn_of_other_names),
	    T(v4_23_fqdn_only_to_those_that_sent_it),
	    T(v4_23_strings_end_in_nul_for_a_client_that_ends_its_own_so),
	    T(spec_dhcp_option_provides_or_overrides_any_code),
	    T(spec_dhcp_option_cannot_speak_for_the_protocol),
	    T(spec_dhcp_option_of_no_length),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
