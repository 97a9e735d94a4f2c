/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds the answerers' struct guest from identity, binding and configuration; and tests the VM's copy of its binding.
 */
#include "report_catch.h"

#include "guest/build.h"
#include "guest/zone.h"

#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct catch c;

static struct identity id_of(const char *ip4, const char *ip6)
{
	struct identity id = {.iface = "tap0", .bridge = "weave", .mtu = 1376};

	assert_true(mac_parse("52:54:00:12:34:56", id.mac));
	id.has4 = ip4 && cidr4_parse(ip4, &id.ip4);
	id.has6 = ip6 && cidr6_parse(ip6, &id.ip6);
	return id;
}

/* Builds with the texts of a binding and of a configuration; NULL: there is none. */
static int build(const struct identity *id, const char *binding, const char *config, unsigned flags, struct guest *g)
{
	struct report *r = catch_reset(&c);
	struct binding b = {0};
	struct config cfg;
	int err = config ? config_parse(config, strlen(config), "conf", &cfg, r) : config_defaults(&cfg, r);

	if (err)
		fail_msg("%s", r->msg);
	if (binding && binding_parse(binding, strlen(binding), "f", BINDING_VM, &b, r) != 0)
		fail_msg("%s", r->msg);
	memset(g, 0x5a, sizeof(*g));
	err = guest_build(id, binding ? &b : NULL, &cfg, flags, g, r);
	binding_free(&b); /* the guest must not refer to the binding's memory */
	config_free(&cfg);
	return err;
}

static struct guest built(const char *ip4, const char *ip6, const char *binding, const char *config)
{
	struct identity id = id_of(ip4, ip6);
	struct guest g;

	if (build(&id, binding, config, GUEST_NEED_GATEWAY_MAC, &g) != 0)
		fail_msg("\"%s\": %s", binding ? binding : "", c.r.msg);
	return g;
}

static void refused(const char *ip4, const char *ip6, const char *binding, const char *config, const char *message)
{
	struct identity id = id_of(ip4, ip6);
	struct guest g, untouched;

	memset(&untouched, 0x5a, sizeof(untouched));
	if (build(&id, binding, config, GUEST_NEED_GATEWAY_MAC, &g) != -EINVAL)
		fail_msg("\"%s\" was not refused", binding ? binding : config);
	assert_has(c.r.msg, message);
	assert_memory_equal(&g, &untouched, sizeof(g));
}

static void check_ip4(struct in_addr a, const char *text)
{
	char got[INET_ADDRSTRLEN];
	assert_string_equal(inet_ntop(AF_INET, &a, got, sizeof(got)), text);
}

static void check_ip6(struct in6_addr a, const char *text)
{
	char got[INET6_ADDRSTRLEN];
	assert_string_equal(inet_ntop(AF_INET6, &a, got, sizeof(got)), text);
}

/* Checks the DHCP server's address, and all addresses that fold serves: in order, separated by spaces. */
static void check_services(const char *ip4, const char *binding, const char *config, const char *server,
			   const char *all)
{
	struct guest g = built(ip4, NULL, binding, config);
	char got[128] = "", one[INET_ADDRSTRLEN];

	for (size_t i = 0; i < g.service4.count; i++) {
		strcat(got, i ? " " : "");
		strcat(got, inet_ntop(AF_INET, &g.service4.at[i], one, sizeof(one)));
		assert_true(guest_serves4(&g, g.service4.at[i]));
	}
	assert_false(guest_serves4(&g, g.id.ip4.addr));
	check_ip4(g.dhcp_server4, server);
	assert_string_equal(got, all);
	guest_free(&g);
}

#define GATEWAY "GATEWAY=10.0.1.90\nGATEWAY_MAC=7a:f4:96:e0:1c:a0\n"

/* Whether the guest is told to form its address itself, which is preferred if it can, or to use DHCPv6. */
static void how_the_address_is_had(void **state)
{
	static const struct {
		const char *ip6, *config;
		bool autonomous, managed;
	} cases[] = {
	    {"fde5::5054:ff:fe12:3456/64", NULL, true, false},
	    {"fde5::5054:ff:fe12:3456/48", NULL, false, true}, /* RFC 4862 5.5.3 d: a host forms no address there */
	    {"fde5::5054:ff:fe12:3456/128", NULL, false, true},
	    {"fde5::5054:ff:fe12:3456/48", "[ipv6]\nmode = slaac\n", false, false}, /* as it was said */
	    {"fde5::5054:ff:fe12:3456/48", "[ipv6]\nenable_dhcpv6 = no\n", false, false},
	    /* A guest that forms exactly its own address need not ask DHCPv6 for it. */
	    {"fde5::5054:ff:fe12:3456/64", "[ipv6]\nmode = slaac+dhcpv6\n", true, false},
	    {"fde5::5054:ff:fe12:3456/48", "[ipv6]\nmode = slaac+dhcpv6\n", false, true},
	    {"fde5::5054:ff:fe12:3456/64", "[ipv6]\nmode = dhcpv6\n", false, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct guest g = built("10.0.1.5/24", cases[i].ip6, NULL, cases[i].config);
		if (g.ra_autonomous != cases[i].autonomous || g.ra_managed != cases[i].managed)
			fail_msg("%s: autonomous %d, managed %d", cases[i].ip6, g.ra_autonomous, g.ra_managed);
		guest_free(&g);
	}
}

/*
 * RFC 3397 2: "names that share suffixes are compressed". A list that fits into one option is not compressed, because
 * some clients cannot read that.
 */
static void a_long_search_list_is_compressed_for_option_119(void **state)
{
	static const char list[] = "DOMAIN_SEARCH=a.corp.example.com, b.corp.example.com, corp.example.com, other.org, "
				   "c.a.corp.example.com, example.com, "
				   "a-name-that-makes-the-list-longer-than-one-option-can-be.example.com, "
				   "another-name-that-makes-the-list-longer-than-one-option-can-be.example.com, "
				   "corp.example.com\n";
	static const char want[] = "\1a\4corp\7example\3com\0"
				   "\1b\xc0\2"
				   "\xc0\2"
				   "\5other\3org\0"
				   "\1c\xc0\0"
				   "\xc0\7"
				   "\70a-name-that-makes-the-list-longer-than-one-option-can-be\xc0\7"
				   "\76another-name-that-makes-the-list-longer-than-one-option-can-be\xc0\7"
				   "\xc0\2";
	struct guest g = built("10.0.1.5/24", NULL, list, "");

	(void)state;
	assert_true(g.search_len > 255);
	assert_int_equal(g.search4_len, sizeof(want) - 1);
	assert_memory_equal(g.search4, want, sizeof(want) - 1);
	guest_free(&g);
	g = built("10.0.1.5/24", NULL, "DOMAIN_SEARCH=a.example.com, b.example.com\n", "");
	assert_int_equal(g.search4_len, 0);
	guest_free(&g);
}

static void what_is_handed_out(void **state)
{
	struct guest g = built("10.0.1.5/24", "fde5::5/64",
			       "HOSTNAME=vm1\nDOMAIN=d\nDOMAIN_SEARCH=s1,s2\n" GATEWAY
			       "GATEWAY6=fde5::91\nGATEWAY6_MAC=7e:b7:70:3b:81:77\nNAMESERVERS=10.0.1.50,8.8.8.8\n"
			       "NAMESERVERS6=fde5::1\nMTU=1400\nDHCP_OPTION:42=10.0.0.1\nDHCP_OPTION:67=\"\"\n",
			       "[dhcp]\ndomain = other\nnameservers = 9.9.9.9\ndomain_search = no\n"
			       "[ipv6]\nnameservers = fde5::99\n");
	char mac[MAC_TEXT];

	(void)state;
	assert_string_equal(c.warnings, "");
	assert_string_equal(g.id.iface, "tap0");
	assert_string_equal(mac_format(g.service_mac, mac), "fe:54:00:12:34:56");
	assert_string_equal(g.hostname, "vm1");
	assert_string_equal(g.domain, "d");
	assert_int_equal(g.search_len, 8);
	assert_memory_equal(g.search, "\2s1\0\2s2", 8);
	assert_true(g.has_gateway4 && g.has_gateway6);
	check_ip4(g.gateway4, "10.0.1.90");
	check_ip6(g.gateway6, "fde5::91");
	assert_string_equal(mac_format(g.gateway4_mac, mac), "7a:f4:96:e0:1c:a0");
	assert_string_equal(mac_format(g.gateway6_mac, mac), "7e:b7:70:3b:81:77");
	assert_int_equal(g.nameservers4.count, 2);
	check_ip4(g.nameservers4.at[1], "8.8.8.8");
	assert_int_equal(g.nameservers6.count, 1);
	assert_int_equal(g.id.mtu, 1400);
	assert_int_equal(g.option_count, 2);
	assert_int_equal(g.options[0].code, 42);
	assert_memory_equal(g.options[0].bytes, "\x0a\0\0\1", 4);
	assert_int_equal(g.options[1].len, 0);
	assert_int_equal(g.lease_time, 604800);
	assert_int_equal(g.renew_time, 600);
	assert_int_equal(g.rebind_time, 529200);
	assert_int_equal(g.service6.count, 1);
	check_ip6(g.service6.at[0], "fde5::1");
	guest_free(&g);
	guest_free(&g);
}

static void the_configuration_fills_in(void **state)
{
	struct guest g = built("10.0.1.5/24", "fde5::5/64", "HOSTNAME=vm1\n",
			       "[dhcp]\ndomain = d.example\nnameservers = 9.9.9.9\nlease_lifetime = 1000\n"
			       "lease_renewal = 900\n[ipv6]\nnameservers = fde5::99\n");
	(void)state;
	assert_string_equal(g.domain, "d.example");
	assert_int_equal(g.search_len, 11); /* without a search list: only the domain */
	assert_memory_equal(g.search, "\1d\7example", 11);
	check_ip4(g.nameservers4.at[0], "9.9.9.9");
	check_ip6(g.nameservers6.at[0], "fde5::99");
	assert_int_equal(g.id.mtu, 1376);
	/* A renewal time that is not less than the rebinding time is replaced. */
	assert_int_equal(g.lease_time, 1000);
	assert_int_equal(g.rebind_time, 875);
	assert_int_equal(g.renew_time, 500);
	guest_free(&g);

	g = built("10.0.1.5/24", NULL, NULL, NULL);
	assert_string_equal(g.hostname, "");
	assert_string_equal(g.domain, "");
	assert_int_equal(g.search_len + g.nameservers4.count + g.option_count, 0);
	assert_false(g.has_gateway4 || g.has_gateway6);
	assert_int_equal(g.service6.count, 0);
	guest_free(&g);

	g = built("10.0.1.5/24", NULL, "HOSTNAME=vm1.example.org\n", NULL);
	assert_string_equal(g.hostname, "vm1.example.org");
	assert_string_equal(g.domain, "example.org");
	assert_memory_equal(g.search, "\7example\3org", 13);
	guest_free(&g);

	g = built("10.0.1.5/24", NULL, "DOMAIN=x\n", "[dhcp]\ndomain_search = s\nlease_lifetime = 4294967295\n");
	assert_memory_equal(g.search, "\1s", 3);
	assert_true(g.lease_time == UINT32_MAX && g.renew_time == UINT32_MAX && g.rebind_time == UINT32_MAX);
	guest_free(&g);

	g = built("10.0.1.5/24", NULL, NULL, "[dhcp]\nlease_lifetime = 4294967294\n");
	assert_int_equal(g.rebind_time, 3758096382);
	guest_free(&g);

	g = built("10.0.1.5/24", NULL, NULL, "[dhcp]\nlease_lifetime = 4\nlease_renewal = 0\n");
	assert_true(g.renew_time == 2 && g.rebind_time == 3 && g.lease_time == 4);
	guest_free(&g);
}

static void one_family_only(void **state)
{
	struct guest g = built(NULL, "fde5::5/64", GATEWAY "NAMESERVERS=10.0.1.50\nNAMESERVERS6=fde5::1\n", NULL);
	(void)state;
	assert_false(g.has_gateway4);
	assert_int_equal(g.dhcp_server4.s_addr, 0);
	assert_int_equal(g.service4.count + g.nameservers4.count, 0);
	assert_int_equal(g.service6.count, 1);
	guest_free(&g);
	g = built("10.0.1.5/24", NULL, "GATEWAY6=fde5::1\nGATEWAY6_MAC=52:54:00:00:00:01\nNAMESERVERS6=fde5::1\n",
		  NULL);
	assert_false(g.has_gateway6);
	assert_int_equal(g.service6.count + g.nameservers6.count, 0);
	guest_free(&g);
}

static void gateways(void **state)
{
	struct identity id = id_of("10.0.1.5/24", "fde5::5/64");
	struct guest g;

	(void)state;
	refused("10.0.1.5/24", NULL, "\nGATEWAY=10.0.1.90\n", NULL, "f:2: GATEWAY stands without GATEWAY_MAC");
	refused(NULL, "fde5::5/64", "GATEWAY6=fde5::1\n", NULL, "f:1: GATEWAY6 stands without GATEWAY6_MAC");
	refused("10.0.1.5/24", NULL, "GATEWAY6=fde5::1\n", NULL, "f:1: GATEWAY6 stands without GATEWAY6_MAC");
	refused(NULL, "fde5::5/64", "GATEWAY=10.0.1.90\n", NULL, "f:1: GATEWAY stands without GATEWAY_MAC");
	assert_int_equal(build(&id, "GATEWAY=10.0.1.90\nGATEWAY6=fe80::1\n", NULL, 0, &g), 0);
	assert_true(g.has_gateway4 && g.has_gateway6 && mac_is_zero(g.gateway4_mac));
	guest_free(&g);
	refused("10.0.1.90/24", NULL, GATEWAY, NULL, "f:1: GATEWAY is the VM's own address");
	refused("10.0.2.5/24", NULL, GATEWAY, NULL, "GATEWAY is outside the VM's subnet");
	refused("10.0.1.5/24", NULL, "GATEWAY=10.0.1.255\nGATEWAY_MAC=7a:f4:96:e0:1c:a0\n", NULL,
		"network or broadcast");
	refused("10.0.1.5/24", NULL, "GATEWAY=10.0.1.0\nGATEWAY_MAC=7a:f4:96:e0:1c:a0\n", NULL, "network or broadcast");
	g = built("10.0.2.5/32", NULL, GATEWAY, NULL); /* reached by a route of its own */
	assert_true(g.has_gateway4);
	guest_free(&g);
	refused(NULL, "fde5::5/64", "GATEWAY6=fde6::1\nGATEWAY6_MAC=7a:f4:96:e0:1c:a0\n", NULL,
		"neither link-local nor in the VM's prefix");
	assert_int_equal(build(&id, "GATEWAY=10.9.9.9\nGATEWAY6=fde6::1\n", NULL, GUEST_GATEWAY_ANYWHERE, &g), 0);
	assert_true(g.has_gateway4 && g.has_gateway6);
	guest_free(&g);
	refused(NULL, "fde5::5/64", "GATEWAY6=fde5::5\nGATEWAY6_MAC=7a:f4:96:e0:1c:a0\n", NULL,
		"is the VM's own address");
	refused("10.0.1.5/24", NULL, "GATEWAY=10.0.1.90\nGATEWAY_MAC=52:54:00:12:34:56\n", NULL, "the VM's own MAC");
	refused("10.0.1.5/24", NULL, "GATEWAY=10.0.1.90\nGATEWAY_MAC=fe:54:00:12:34:56\n", NULL, "fold's own");
	g = built("10.0.1.5/24", "fde5::5/64",
		  GATEWAY "GATEWAY6=fde5::91\nGATEWAY6_MAC=7e:b7:70:3b:81:77\nPRIVATE=yes\n", NULL);
	assert_false(g.has_gateway4 || g.has_gateway6);
	guest_free(&g);
}

static void identities(void **state)
{
	struct identity id = id_of(NULL, NULL);
	struct guest g;

	(void)state;
	assert_int_equal(build(&id, NULL, NULL, 0, &g), -EINVAL);
	assert_has(c.r.msg, "neither an IPv4 nor an IPv6 address");
	id = id_of("10.0.1.5/24", NULL);
	id.mac[0] |= 1;
	assert_int_equal(build(&id, NULL, NULL, 0, &g), -EINVAL);
	assert_has(c.r.msg, "53:54:00:12:34:56 is no unicast MAC");
	refused("10.0.1.0/24", NULL, NULL, NULL, "10.0.1.0/24 is the network's or the broadcast address");
	refused("10.0.1.255/24", NULL, NULL, NULL, "network's or the broadcast");
	g = built("10.0.1.0/16", NULL, NULL, NULL);
	guest_free(&g);
	g = built("10.0.1.0/31", NULL, NULL, NULL);
	guest_free(&g);
	refused("10.0.1.5/24", "fde5::5/64", "\nMTU=1279\n", NULL, "f:2: MTU is below 1280");
	g = built("10.0.1.5/24", NULL, "MTU=576\n", NULL);
	assert_int_equal(g.id.mtu, 576);
	guest_free(&g);
	id = id_of("10.0.1.5/24", "fde5::5/64");
	id.mtu = 1000;
	assert_int_equal(build(&id, NULL, NULL, 0, &g), -EINVAL);
	assert_has(c.r.msg, "tap0: an MTU of 1000 is below 1280");
	id.mtu = 0;
	assert_int_equal(build(&id, NULL, NULL, 0, &g), 0);
	guest_free(&g);
}

static void an_identity_cannot_be_changed(void **state)
{
	struct guest g =
	    built("10.0.1.5/24", "fde5::5/64",
		  "MAC=52:54:00:12:34:56\nIP=10.0.1.5\nSUBNET=10.0.1.0/24\nIP6=fde5::5\nSUBNET6=fde5::/64\n"
		  "BRIDGE=weave\nMTU=1400\n",
		  NULL);
	(void)state;
	assert_string_equal(c.warnings, "");
	guest_free(&g);
	g = built(
	    "10.0.1.5/24", NULL,
	    "MAC=52:54:00:12:34:57\nIP=10.0.1.6\nSUBNET=10.0.0.0/16\nIP6=fde5::5\nSUBNET6=fde5::/64\nBRIDGE=br0\n",
	    NULL);
	assert_int_equal(c.r.warnings, 6);
	assert_has(c.warnings, "f:1: MAC is not what the VM was started with; the line has no effect\n");
	assert_has(c.warnings, "f:2: IP is not");
	assert_has(c.warnings, "f:3: SUBNET is not");
	assert_has(c.warnings, "f:4: IP6 is not");
	assert_has(c.warnings, "f:5: SUBNET6 is not");
	assert_has(c.warnings, "f:6: BRIDGE is not");
	check_ip4(g.id.ip4.addr, "10.0.1.5");
	assert_int_equal(g.id.mac[5], 0x56);
	guest_free(&g);
}

static void service_addresses(void **state)
{
	const char dns[] = "NAMESERVERS=10.0.1.50,10.0.1.51\n";

	(void)state;
	check_services("10.0.1.5/24", "DHCP_SERVER_IP=10.0.1.1\nDNS_SERVER_IP=10.0.1.2\nNOTIFY_IP=10.0.1.3\n" GATEWAY,
		       "[dhcp]\nserver_ip = 10.0.1.9\n[dns]\nserver_ip = 10.0.1.8\n", "10.0.1.1",
		       "10.0.1.1 10.0.1.2 10.0.1.3");
	check_services("10.0.1.5/24", dns, "[dhcp]\nserver_ip = 10.0.1.9\n[dns]\nserver_ip = 10.0.1.8\n", "10.0.1.9",
		       "10.0.1.9 10.0.1.8");
	check_services("10.0.1.5/24", dns, NULL, "10.0.1.50", "10.0.1.50");
	check_services("10.0.1.5/24", NULL, "[dhcp]\nnameservers = 10.0.1.50\n", "10.0.1.50", "10.0.1.50");
	/* fold never serves the gateway's address, even if it is configured for a service. */
	check_services("10.0.1.5/24", GATEWAY "NAMESERVERS=10.0.1.90\n", NULL, "10.0.1.90", "");
	check_services("10.0.1.5/24", GATEWAY "PRIVATE=1\nNAMESERVERS=10.0.1.90\n", NULL, "10.0.1.90", "");
	check_services("10.0.1.5/24", GATEWAY "NOTIFY_IP=10.0.1.90\nDHCP_SERVER_IP=10.0.1.1\n", NULL, "10.0.1.1",
		       "10.0.1.1");
	/* A name server's address that fold cannot have, and one that it does not serve because DNS is off. */
	check_services("10.0.1.5/24", "NAMESERVERS=127.0.0.1\n", NULL, "10.0.1.251", "10.0.1.251");
	check_services("10.0.1.5/24", "NAMESERVERS=10.0.1.5\n", NULL, "10.0.1.251", "10.0.1.251");
	check_services("10.0.1.5/24", dns, "[dns]\nenable_dns = no\n", "10.0.1.251", "10.0.1.251");
	check_services("10.0.1.5/24", "NAMESERVERS=10.0.1.251\n", "[dns]\nenable_dns = no\n", "10.0.1.250",
		       "10.0.1.250");
	check_services("10.0.1.5/24", "NOTIFY_IP=10.0.1.3\n", "[notify]\nenable_notify = no\n", "10.0.1.251",
		       "10.0.1.251");
	check_services("10.0.1.5/24", dns, "[dhcp]\nenable_dhcp = no\nserver_ip = 10.0.1.9\n", "10.0.1.9", "10.0.1.50");
	/* Addresses that no host can have. */
	check_services("10.0.1.5/24", "NAMESERVERS=10.0.1.255\n", NULL, "10.0.1.251", "10.0.1.251");
	refused("10.0.1.5/24", NULL, "DHCP_SERVER_IP=10.0.1.255\n", NULL,
		"f:1: the address for the DHCP server is its subnet's");
	refused("10.0.1.5/24", NULL, "DNS_SERVER_IP=10.0.1.0\n", NULL,
		"f:1: the address for the DNS server is its subnet's");
	/* server_on_link */
	check_services("10.0.1.5/24", GATEWAY, "[dhcp]\nserver_on_link = yes\nserver_ip = 10.0.1.9\n", "10.0.1.90", "");
	check_services("10.0.1.5/24", NULL, "[dhcp]\nserver_on_link = yes\nserver_ip = 10.0.1.9\n", "10.0.1.1",
		       "10.0.1.1");
	check_services("10.0.1.1/24", NULL, "[dhcp]\nserver_on_link = yes\nserver_ip = 10.0.1.9\n", "10.0.1.9",
		       "10.0.1.9");
}

static void a_server_address_for_every_subnet(void **state)
{
	(void)state;
	check_services("10.0.1.5/24", NULL, NULL, "10.0.1.251", "10.0.1.251");
	check_services("10.0.1.251/24", NULL, NULL, "10.0.1.250", "10.0.1.250");
	check_services("10.32.0.1/12", NULL, NULL, "10.47.255.251", "10.47.255.251");
	check_services("10.0.1.1/29", NULL, NULL, "10.0.1.6", "10.0.1.6");
	check_services("10.0.0.1/1", NULL, NULL, "126.255.255.255", "126.255.255.255");
	check_services("200.0.0.1/2", NULL, NULL, "223.255.255.255", "223.255.255.255");
	check_services("10.0.1.5/24", "GATEWAY=10.0.1.251\nGATEWAY_MAC=7a:f4:96:e0:1c:a0\n", NULL, "10.0.1.250",
		       "10.0.1.250");
	/*
	 * In such a subnet the only other address belongs to the host that the VM talks to, so fold does not take it.
	 */
	check_services("10.0.1.1/30", NULL, NULL, "169.254.0.1", "169.254.0.1");
	check_services("10.0.1.1/30", "GATEWAY=10.0.1.2\nGATEWAY_MAC=7a:f4:96:e0:1c:a0\n", NULL, "10.0.1.2", "");
	check_services("10.0.1.0/31", NULL, NULL, "169.254.0.1", "169.254.0.1");
	check_services("10.0.1.1/31", "GATEWAY=10.0.1.0\nGATEWAY_MAC=7a:f4:96:e0:1c:a0\n", NULL, "10.0.1.0", "");
	check_services("10.0.1.1/32", NULL, NULL, "169.254.0.1", "169.254.0.1");
	check_services("10.0.2.1/32", GATEWAY, NULL, "10.0.1.90", "");
}

static void addresses_that_are_the_vms_own(void **state)
{
	(void)state;
	refused("10.0.1.5/24", NULL, "\nDHCP_SERVER_IP=10.0.1.5\n", NULL,
		"f:2: the address for the DHCP server is the VM's own");
	refused("10.0.1.5/24", NULL, "DNS_SERVER_IP=10.0.1.5\n", NULL,
		"f:1: the address for the DNS server is the VM's own");
	refused("10.0.1.5/24", NULL, "NOTIFY_IP=10.0.1.5\n", NULL,
		"f:1: the address for notifications is the VM's own");
	refused("10.0.1.5/24", NULL, NULL, "[dhcp]\nserver_ip = 10.0.1.5\n",
		"tap0: the global configuration's address for the DHCP server");
	refused("10.0.1.5/24", NULL, NULL, "[dns]\nserver_ip = 10.0.1.5\n",
		"tap0: the global configuration's address for the DNS server");
	refused(NULL, "fde5::5/64", "DNS_SERVER_IP6=fde5::5\n", NULL, "f:1: the address for the DNS server");
	refused(NULL, "fde5::5/64", "NOTIFY_IP6=fde5::5\n", NULL, "f:1: the address for notifications");
}

static void service_addresses6(void **state)
{
	struct guest g = built(NULL, "fde5::5/64", "DNS_SERVER_IP6=fde5::2\nNOTIFY_IP6=fde5::3\nNAMESERVERS6=fde5::1\n",
			       "[dns]\nserver_ip6 = fde5::4\n");
	(void)state;
	assert_int_equal(g.service6.count, 2);
	check_ip6(g.service6.at[0], "fde5::2");
	check_ip6(g.service6.at[1], "fde5::3");
	guest_free(&g);
	g = built(NULL, "fde5::5/64", "NAMESERVERS6=fde5::1\nNOTIFY_IP6=fde5::4\n", "[dns]\nserver_ip6 = fde5::4\n");
	assert_int_equal(g.service6.count, 1);
	check_ip6(g.service6.at[0], "fde5::4");
	guest_free(&g);
	g = built(NULL, "fde5::5/64", "NAMESERVERS6=fde5::91\nGATEWAY6=fde5::91\nGATEWAY6_MAC=7e:b7:70:3b:81:77\n",
		  NULL);
	assert_int_equal(g.service6.count, 0);
	guest_free(&g);
	g = built(NULL, "fde5::5/64", "NAMESERVERS6=fde5::5\n", NULL);
	assert_int_equal(g.service6.count, 0);
	guest_free(&g);
	g = built(NULL, "fde5::5/64", "NAMESERVERS6=fde5::1\n", "[dns]\nenable_dns = no\n");
	assert_int_equal(g.service6.count, 0);
	assert_int_equal(g.nameservers6.count, 1);
	guest_free(&g);
}

/*
 * A name server beyond the gateway is another machine, although fold answers the questions to it. One that somebody
 * named as fold's own is not, nor one that no gateway leads to.
 */
static void name_servers_beyond_the_gateway(void **state)
{
#define GATE "GATEWAY=10.0.1.90\nGATEWAY_MAC=52:54:00:aa:00:01\nGATEWAY6=fde5::90\nGATEWAY6_MAC=52:54:00:aa:00:01\n"
#define PUBLIC "NAMESERVERS=198.51.100.7\nNAMESERVERS6=2001:db8::7\n"
	static const struct {
		const char *binding, *config;
		size_t four, six;
	} cases[] = {
	    {GATE PUBLIC, NULL, 0, 0},
	    {PUBLIC, NULL, 1, 1},
	    {GATE "PRIVATE=yes\n" PUBLIC, NULL, 1, 1},
	    {GATE PUBLIC "DNS_SERVER_IP=198.51.100.7\nDNS_SERVER_IP6=2001:db8::7\n", NULL, 1, 1},
	    {GATE PUBLIC, "[dns]\nserver_ip = 198.51.100.7\nserver_ip6 = 2001:db8::7\n", 1, 1},
	    {GATE PUBLIC, "[dhcp]\nserver_ip = 10.0.1.1\n", 1, 0},
	    {GATE "NAMESERVERS=10.0.1.50\nNAMESERVERS6=fde5::50\n", NULL, 1, 1},
	    {GATE "NAMESERVERS6=fe80::50\nNAMESERVERS=10.0.1.50\n", NULL, 1, 1},
	    {GATE PUBLIC "NOTIFY_IP=198.51.100.9\nNOTIFY_IP6=2001:db8::9\n", NULL, 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct guest g = built("10.0.1.5/24", "fde5::5/64", cases[i].binding, cases[i].config);
		if (g.service4.count != cases[i].four || g.service6.count != cases[i].six)
			fail_msg("case %zu: %zu and %zu addresses", i, g.service4.count, g.service6.count);
		guest_free(&g);
	}
	struct guest g = built("10.0.1.5/24", "fde5::5/64", GATE PUBLIC, NULL);
	struct in_addr four[GUEST_DNS_MOST];
	struct in6_addr six[GUEST_DNS_MOST];
	assert_int_equal(guest_dns4(&g, four), 1); /* but it is asked */
	check_ip4(four[0], "198.51.100.7");
	assert_int_equal(guest_dns6(&g, six), 2);
	check_ip6(six[0], "2001:db8::7");
	check_ip4(g.dhcp_server4, "198.51.100.7");
	guest_free(&g);
	/* Nothing tells what is on the link of a guest without a subnet. */
	g = built("10.0.1.5/32", "fde5::5/128", GATE PUBLIC, NULL);
	assert_int_equal(g.service4.count + g.service6.count, 2);
	guest_free(&g);
}

static void check_by_queues(const char *binding, const char *config, const char *server, const char *all)
{
	struct identity id = id_of("10.0.1.5/24", "fde5::5/64");
	char got[160] = "", one[INET6_ADDRSTRLEN];
	struct guest g;

	assert_int_equal(build(&id, binding, config, GUEST_BY_QUEUES, &g), 0);
	for (size_t i = 0; i < g.service4.count; i++)
		strcat(strcat(got, " "), inet_ntop(AF_INET, &g.service4.at[i], one, sizeof(one)));
	for (size_t i = 0; i < g.service6.count; i++)
		strcat(strcat(got, " "), inet_ntop(AF_INET6, &g.service6.at[i], one, sizeof(one)));
	check_ip4(g.dhcp_server4, server);
	assert_string_equal(got, all);
	/* The name servers that the VM is told do not change. */
	assert_int_equal(g.nameservers4.count + g.nameservers6.count, 2);
	guest_free(&g);
}

/* Without a queue for DNS, the name servers are other machines, whose addresses fold must not serve. */
static void dns_without_a_queue(void **state)
{
#define NAMES "NAMESERVERS=10.0.1.50\nNAMESERVERS6=fde5::1\n"
	(void)state;
	check_by_queues(NAMES, "[dhcp]\ndhcp_queue = 42\n", "10.0.1.50", "");
	check_by_queues(NAMES, "[dns]\ndns_queue = -1\ndns6_queue = -1\n", "10.0.1.50", "");
	check_by_queues(NAMES, "[dns]\ndns_queue = 46\n", "10.0.1.50", " 10.0.1.50");
	check_by_queues(NAMES, "[dns]\ndns6_queue = 47\n", "10.0.1.50", " fde5::1");
	check_by_queues(NAMES, "[dns]\ndns_queue = 46\ndns6_queue = 47\n", "10.0.1.50", " 10.0.1.50 fde5::1");
	check_by_queues(NAMES "DNS_SERVER_IP=10.0.1.61\nDNS_SERVER_IP6=fde5::61\n", "[dhcp]\ndhcp_queue = 42\n",
			"10.0.1.50", "");
	/* An address that is configured for DHCP is served in any case. */
	check_by_queues(NAMES "DHCP_SERVER_IP=10.0.1.50\n", "[dhcp]\ndhcp_queue = 42\n", "10.0.1.50", " 10.0.1.50");
	check_by_queues(NAMES, "[dhcp]\ndhcp_queue = 42\nserver_ip = 10.0.1.50\n", "10.0.1.50", " 10.0.1.50");
	check_by_queues(NAMES, "[dhcp]\nserver_ip = 10.0.1.60\n", "10.0.1.60", " 10.0.1.60");
}

static struct identity identity_of(const char *binding, int want)
{
	struct report *r = catch_reset(&c);
	struct identity id = {0};
	struct binding b;

	assert_int_equal(binding_parse(binding, strlen(binding), "f", BINDING_VM, &b, r), 0);
	int err = identity_from_binding("tap7", &b, &id, r);
	binding_free(&b);
	if (err != want)
		fail_msg("%d for \"%s\": %s", err, binding, r->msg);
	return id;
}

static void identity_from_a_binding(void **state)
{
	struct identity id = identity_of("MAC=52:54:00:12:34:56\nIP=10.0.1.5\nSUBNET=10.0.1.0/24\nSUBNET6=fde5:1::/64\n"
					 "INDEV=br1\nMTU=1400\n",
					 0);
	(void)state;
	assert_string_equal(id.iface, "tap7");
	assert_string_equal(id.bridge, "br1");
	assert_int_equal(id.mtu, 1400);
	assert_true(id.has4 && id.has6);
	check_ip4(id.ip4.addr, "10.0.1.5");
	assert_int_equal(id.ip4.len, 24);
	check_ip6(id.ip6.addr, "fde5:1::5054:ff:fe12:3456");
	assert_int_equal(id.ip6.len, 64);

	id = identity_of("MAC=52:54:00:12:34:56\nIP=10.0.1.5\nIP6=fde5::5\nBRIDGE=a\nINDEV=b\n", 0);
	assert_int_equal(id.ip4.len, 32);
	assert_int_equal(id.ip6.len, 128);
	assert_string_equal(id.bridge, "a");
	id = identity_of("MAC=52:54:00:12:34:56\nEUI64=fde5::7\nSUBNET6=fde5::/48\n", 0);
	assert_false(id.has4);
	check_ip6(id.ip6.addr, "fde5::7");
	assert_int_equal(id.ip6.len, 48);

	identity_of("IP=10.0.1.5\n", -EINVAL);
	assert_has(c.r.msg, "f: has no MAC line");
	id = identity_of("MAC=52:54:00:12:34:56\nIP=\nSUBNET=10.0.1.0/24\n", 0);
	assert_false(id.has4 || id.has6);
	identity_of("MAC=52:54:00:12:34:56\nIP=10.0.2.5\nSUBNET=10.0.1.0/24\n", -EINVAL);
	assert_has(c.r.msg, "f:2: IP is outside SUBNET");
	identity_of("MAC=52:54:00:12:34:56\nIP6=fde6::5\nSUBNET6=fde5::/64\n", -EINVAL);
	assert_has(c.r.msg, "f:3: IP6 is outside SUBNET6");
	identity_of("MAC=52:54:00:12:34:56\nSUBNET6=fde5::/48\n", -EINVAL);
	assert_has(c.r.msg, "f:2: SUBNET6 is no /64");
}

/*
 * A warning if the binding names servers to ask and the configuration forbids asking; none if the binding forbids it.
 */
static void servers_that_nobody_asks(void **state)
{
	static const struct {
		const char *binding, *config, *warning;
		bool forward;
	} cases[] = {
	    {"HOSTNAME=a\nDNS_NAMESERVERS=10.0.0.1\n", "[dns]\nttl = 5\n", "f:2: nobody is asked", false},
	    {"DNS_NAMESERVERS6=fd00::1\n", "[dns]\nforward = no\n", "f:1: nobody is asked", false},
	    {"DNS_NAMESERVERS=10.0.0.1\nDNS_FORWARD=no\n", "[dns]\nttl = 5\n", NULL, false},
	    {"DNS_NAMESERVERS=10.0.0.1\nDNS_FORWARD=yes\n", "[dns]\nttl = 5\n", NULL, true},
	    {"DNS_NAMESERVERS=10.0.0.1\n", "[dns]\nforward = yes\n", NULL, true},
	    {"DNS_NAMESERVERS=10.0.0.1\n", NULL, NULL, true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct guest g = built("10.0.1.5/24", NULL, cases[i].binding, cases[i].config);
		assert_int_equal(g.dns.forward, cases[i].forward);
		if (cases[i].warning)
			assert_has(c.warnings, cases[i].warning);
		else
			assert_string_equal(c.warnings, "");
		guest_free(&g);
	}
}

/* ALLOW closes an address after a day, so no TTL is longer: by then the guest must have asked again. */
static void no_ttl_outlives_the_door(void **state)
{
	static const struct {
		const char *binding;
		uint32_t ttl;
	} cases[] = {
	    {"ALLOW=a.example\nADDRESS:a.example=192.0.2.1\nDNS_TTL=86401\n", 86400},
	    {"ALLOW=a.example\nADDRESS:a.example=192.0.2.1\nDNS_TTL=86399\n", 86399},
	    {"ADDRESS:a.example=192.0.2.1\nDNS_TTL=86401\n", 86401},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct guest g = built("10.0.1.5/24", NULL, cases[i].binding, NULL);
		struct zone_set sets[ZONE_TYPES];
		size_t len;
		assert_int_equal(g.dns.ttl, cases[i].ttl);
		assert_int_equal(zone_find(g.dns.zone, (const uint8_t *)"\1a\7example", 11, sets), ZONE_KNOWN);
		const uint8_t *rr = zone_records(g.dns.zone, sets[ZONE_A].first, 1, &len);
		assert_int_equal((uint32_t)rr[6] << 24 | (uint32_t)rr[7] << 16 | (uint32_t)rr[8] << 8 | rr[9],
				 cases[i].ttl);
		guest_free(&g);
	}
}

/* fold-dhcpd with ten thousand guests must fit into 48 MiB. */
static void ten_thousand_guests(void **state)
{
	const size_t many = 10000;
	struct guest *g = calloc(many, sizeof(*g));
	struct identity id = id_of("10.0.1.5/24", "fde5::5/64");
	size_t before = mallinfo2().uordblks;
	const char binding[] = "HOSTNAME=vm-with-a-usual-name\nDOMAIN=example.com\n" GATEWAY
			       "NAMESERVERS=10.0.1.50,10.0.1.51\nNAMESERVERS6=fde5::1\nDHCP_OPTION:42=10.0.0.1\n";

	(void)state;
	assert_non_null(g);
	for (size_t i = 0; i < many; i++)
		assert_int_equal(build(&id, binding, NULL, 0, &g[i]), 0);
	size_t used = many * sizeof(*g) + mallinfo2().uordblks - before;
	print_message("# %zu octets a guest\n", used / many);
	assert_true(used < 10 * 1024 * 1024);
	for (size_t i = 0; i < many; i++)
		guest_free(&g[i]);
	free(g);
}

/* Makes a directory for one test. */
static int make_dir(void **state)
{
	char *dir = strdup("/tmp/fold-guest-XXXXXX");
	*state = dir && mkdtemp(dir) ? dir : NULL;
	return *state ? 0 : -1;
}

static int remove_dir(void **state)
{
	char command[128];
	snprintf(command, sizeof(command), "rm -rf %s", (char *)*state);
	free(*state);
	return system(command);
}

/* The whole file; the caller frees it. */
static char *slurp(const char *path)
{
	char *text = calloc(1, 8192);
	FILE *f = fopen(path, "r");

	assert_true(text && f);
	assert_true(fread(text, 1, 8191, f) < 8191);
	fclose(f);
	return text;
}

#define MARK                                                                                                           \
	"# fold's copy for tap0: an edit takes effect while the VM runs, and the file is removed when the VM ends\n"

static void check_copy(const char *dir, const struct identity *id, const char *text, const char *want)
{
	struct binding b;
	char *path = NULL;
	size_t len = text ? strlen(text) : 0;

	assert_int_equal(binding_parse(text ? text : "", len, "f", BINDING_VM, &b, catch_reset(&c)), 0);
	if (binding_write_copy(dir, id, text ? &b : NULL, text, len, BINDING_COPY_MODE, &path, &c.r) != 0)
		fail_msg("%s", c.r.msg);
	binding_free(&b);
	char *got = slurp(path);
	assert_string_equal(got, want);
	free(got);
	free(path);
}

static void the_vms_own_copy(void **state)
{
	struct identity id = id_of("10.0.1.5/24", "fde5:0:0:0:0:ff00:12:3456/64");
	char dir[128], path[160];
	struct stat st;
	const char head[] = "MAC=52:54:00:12:34:56\nIP=10.0.1.5\nSUBNET=10.0.1.0/24\nIP6=fde5::ff00:12:3456\n"
			    "SUBNET6=fde5::/64\nBRIDGE=weave\n";
	char want[1024];

	snprintf(dir, sizeof(dir), "%s/a/path", (char *)*state);
	umask(077);
	snprintf(want, sizeof(want), "%sMTU=1376\n" MARK, head);
	check_copy(dir, &id, NULL, want);
	umask(022);
	assert_int_equal(stat(dir, &st), 0);
	snprintf(path, sizeof(path), "%s/tap0", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);

	/* The user's text is unchanged, except for the lines of the VM's identity. */
	snprintf(want, sizeof(want), "%sMTU=1400\n" MARK "%s", head,
		 "# mine\r\nHOSTNAME=a\n\n  TXT:a=MTU=1\n#MAC=x\nINDEV=br0");
	check_copy(
	    dir, &id,
	    "\xef\xbb\xbf# mine\r\nMAC=52:54:00:00:00:01\nHOSTNAME=a\n IP = 1.2.3.4\nIPADDR=1.2.3.4\r\n\nIP6ADDR=fde5::6\n"
	    "SUBNET=\nPREFIX=fde5::/64\nBRIDGE=x\n  TXT:a=MTU=1\n#MAC=x\nMTU=1400\nINDEV=br0",
	    want);

	struct identity four = id_of("10.0.1.5/32", NULL);
	four.bridge[0] = 0;
	four.mtu = 0;
	check_copy(dir, &four, NULL, "MAC=52:54:00:12:34:56\nIP=10.0.1.5\nSUBNET=10.0.1.5/32\n" MARK);
}

static void put_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_true(f && fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* Only the text identifies a copy as fold's, and only for the interface name that it was made for. */
static void a_copy_is_known(void **state)
{
	struct identity id = id_of("10.0.1.5/24", NULL);
	char path[160], other[160], *text;

	assert_int_equal(binding_write_copy(*state, &id, NULL, "A=1\n", 4, 0600, NULL, catch_reset(&c)), 0);
	snprintf(path, sizeof(path), "%s/tap0", (char *)*state);
	assert_true(binding_is_copy(path, "tap0"));
	assert_false(binding_is_copy(path, "tap"));
	assert_false(binding_is_copy(path, "tap01"));
	/* The copy of a -b file that was a copy itself has only one mark, its own. */
	text = slurp(path);
	strcpy(id.iface, "tap1");
	assert_int_equal(binding_write_copy(*state, &id, NULL, text, strlen(text), 0600, NULL, catch_reset(&c)), 0);
	free(text);
	snprintf(other, sizeof(other), "%s/tap1", (char *)*state);
	assert_true(binding_is_copy(other, "tap1"));
	assert_false(binding_is_copy(other, "tap0"));
	put_text(path, MARK);
	assert_true(binding_is_copy(path, "tap0"));
	put_text(path, "HOSTNAME=a # " MARK);
	assert_false(binding_is_copy(path, "tap0"));
	put_text(path, "MAC=52:54:00:12:34:56\n");
	assert_false(binding_is_copy(path, "tap0"));
	unlink(path);
	assert_false(binding_is_copy(path, "tap0"));
	assert_int_equal(symlink(other, path), 0);
	assert_false(binding_is_copy(path, "tap1"));
	unlink(path);
	unlink(other);
}

/* A copy parses as a binding of the same VM. */
static void a_copy_is_a_binding(void **state)
{
	struct identity id = id_of("10.0.1.5/24", "fde5::5/64"), back;
	struct binding b;
	char *path;
	const char text[] = "HOSTNAME=vm1\nADDRESS:a=10.0.0.1\n";

	assert_int_equal(binding_write_copy(*state, &id, NULL, text, strlen(text), 0600, &path, catch_reset(&c)), 0);
	assert_int_equal(binding_load(path, BINDING_VM, &b, &c.r), 0);
	assert_int_equal(identity_from_binding("tap0", &b, &back, &c.r), 0);
	assert_string_equal(c.warnings, "");
	assert_string_equal(back.iface, id.iface);
	assert_string_equal(back.bridge, id.bridge);
	assert_memory_equal(back.mac, id.mac, MAC_LEN);
	assert_true(back.has4 && back.has6 && back.mtu == id.mtu);
	check_ip4(back.ip4.addr, "10.0.1.5");
	check_ip6(back.ip6.addr, "fde5::5");
	assert_int_equal(back.ip4.len, 24);
	assert_int_equal(back.ip6.len, 64);
	assert_string_equal(b.hostname, "vm1");
	assert_int_equal(b.records.count, 1);
	binding_free(&b);
	free(path);
}

/* A user who may not read the -b file may not read the copy either, whatever the copy's mode was before. */
static void nobody_reads_more_in_the_copy(void **state)
{
	static const mode_t modes[][2] = {{0644, 0644}, {0600, 0600}, {0640, 0640}, {0604, 0604}, {0666, 0644},
					  {0777, 0644}, {0400, 0600}, {0, 0600},    {04755, 0644}};
	struct identity id = id_of("10.0.1.5/24", NULL);
	struct stat st;
	char *path;

	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(binding_write_copy(*state, &id, NULL, "A=1\n", 4, modes[i][0], &path, catch_reset(&c)),
				 0);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, modes[i][1]);
		free(path);
	}
}

static void copies_that_cannot_be_written(void **state)
{
	struct identity id = id_of("10.0.1.5/24", NULL);
	char path[128];
	static const char *const names[] = {"", ".", "..", ".x", "a/b", "address_list_a"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(id.iface, sizeof(id.iface), "%s", names[i]);
		assert_int_equal(binding_write_copy(*state, &id, NULL, NULL, 0, 0600, NULL, catch_reset(&c)), -EINVAL);
		assert_has(c.r.msg, "cannot be the name of a file");
	}
	snprintf(id.iface, sizeof(id.iface), "tap0");
	snprintf(path, sizeof(path), "%s/tap0", (char *)*state);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(binding_write_copy(*state, &id, NULL, NULL, 0, 0600, NULL, catch_reset(&c)), -EISDIR);
	assert_has(c.r.msg, "/tap0: cannot be replaced");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(binding_write_copy("/dev/null", &id, NULL, NULL, 0, 0600, NULL, catch_reset(&c)), -ENOTDIR);
	/* Nothing is left behind: the directory is empty. */
	assert_int_equal(rmdir(*state), 0);
}

#define DISK(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

static void dhcp6_options_and_names(void **state)
{
	struct guest g = built(NULL, "fde5::5/64", "DHCP6_OPTION:31=fde5::1\nDHCP6_OPTION:59=\"\"\n", NULL);

	(void)state;
	assert_string_equal(c.warnings, "");
	assert_int_equal(g.option6_count, 2);
	assert_int_equal(g.options6[0].code, 31);
	assert_int_equal(g.options6[0].len, 16);
	assert_int_equal(g.options6[0].bytes[15], 1);
	assert_int_equal(g.options6[1].len, 0);
	assert_true(g.ra_other); /* tells the guest to ask DHCPv6 for these options */
	guest_free(&g);
	g = built(NULL, "fde5::5/64", NULL, NULL);
	assert_int_equal(g.option6_count, 0);
	assert_false(g.ra_other);
	guest_free(&g);

	g = built(NULL, "fde5::5/64", "DHCP6_HOSTNAME_OPTCODE=65001\n", "[dhcp]\ndhcp6_domainname_optcode = 65002\n");
	assert_string_equal(c.warnings, "");
	assert_int_equal(g.hostname_code6, 65001);
	assert_int_equal(g.domain_code6, 65002);
	guest_free(&g);
	/* Codes that would break the protocol or contradict another key cause a warning and are not sent. */
	g = built(NULL, "fde5::5/64", "HOSTNAME=a\nDHCP6_HOSTNAME_OPTCODE=2\n",
		  "[dhcp]\ndhcp6_domainname_optcode = 24\n");
	assert_has(c.warnings, "f:2: DHCP6_HOSTNAME_OPTCODE: code 2 is the protocol's own");
	assert_has(c.warnings, "option code 24 for a name is the search list");
	assert_int_equal(g.hostname_code6, 0);
	assert_int_equal(g.domain_code6, 0);
	guest_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_handed_out),
	    cmocka_unit_test(a_long_search_list_is_compressed_for_option_119),
	    cmocka_unit_test(how_the_address_is_had),
	    cmocka_unit_test(the_configuration_fills_in),
	    cmocka_unit_test(one_family_only),
	    cmocka_unit_test(gateways),
	    cmocka_unit_test(identities),
	    cmocka_unit_test(an_identity_cannot_be_changed),
	    cmocka_unit_test(service_addresses),
	    cmocka_unit_test(a_server_address_for_every_subnet),
	    cmocka_unit_test(addresses_that_are_the_vms_own),
	    cmocka_unit_test(service_addresses6),
	    cmocka_unit_test(name_servers_beyond_the_gateway),
	    cmocka_unit_test(dns_without_a_queue),
	    cmocka_unit_test(dhcp6_options_and_names),
	    cmocka_unit_test(identity_from_a_binding),
	    cmocka_unit_test(servers_that_nobody_asks),
	    cmocka_unit_test(no_ttl_outlives_the_door),
	    cmocka_unit_test(ten_thousand_guests),
	    DISK(the_vms_own_copy),
	    DISK(a_copy_is_known),
	    DISK(a_copy_is_a_binding),
	    DISK(nobody_reads_more_in_the_copy),
	    DISK(copies_that_cannot_be_written),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("guest", tests, NULL, NULL);
}
