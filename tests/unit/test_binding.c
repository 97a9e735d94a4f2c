/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Binding files: the text format, every key, every refusal, reading from disk. */
#include "report_catch.h"

#include "base/file.h"
#include "guest/binding.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct catch c;

static int parse(const char *text, struct binding *b)
{
	return binding_parse(text, strlen(text), "f", BINDING_VM, b, catch_reset(&c));
}

static struct binding parse_good(const char *text)
{
	struct binding b = {0};
	int err = parse(text, &b);
	if (err)
		fail_msg("%d for \"%.80s\": %s", err, text, c.r.msg);
	return b;
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

static void check_mac(const uint8_t *mac, const char *text)
{
	char got[MAC_TEXT];
	assert_string_equal(mac_format(mac, got), text);
}

static void check_record(const struct record *rec, enum record_type type, const char *wire, size_t wire_len,
			 const char *value)
{
	assert_int_equal(rec->type, type);
	assert_int_equal(rec->name_len, wire_len);
	assert_memory_equal(rec->bytes, wire, wire_len);
	if (type == RECORD_ADDRESS)
		check_ip4(rec->ip4, value);
	else if (type == RECORD_ADDRESS6)
		check_ip6(rec->ip6, value);
	else
		assert_int_equal(rec->txt_len, strlen(value));
	if (type == RECORD_TXT)
		assert_memory_equal(rec->bytes + rec->name_len, value, strlen(value));
}

static void the_documented_file(void **state)
{
	struct binding b = parse_good("HOSTNAME=test\n"
				      "GATEWAY=10.0.1.90\n"
				      "GATEWAY_MAC=7a:f4:96:e0:1c:a0\n"
				      "GATEWAY6=fde5:824d:d315:3bb1::91\n"
				      "GATEWAY6_MAC=7e:b7:70:3b:81:77\n"
				      "NAMESERVERS=10.0.1.50\n"
				      "NAMESERVERS6=fde5:824d:d315:3bb1::1\n"
				      "ADDRESS:database.=10.0.1.1\n"
				      "ADDRESS6:database.=fde5:824d:d315:3bb1::9\n"
				      "TXT:table.=Users\n"
				      "DNS_NAMESERVERS=172.17.42.1\n");
	(void)state;
	assert_string_equal(c.warnings, "");
	assert_string_equal(b.path, "f");
	assert_string_equal(b.hostname, "test");
	check_ip4(b.gateway, "10.0.1.90");
	check_mac(b.gateway_mac, "7a:f4:96:e0:1c:a0");
	check_ip6(b.gateway6, "fde5:824d:d315:3bb1::91");
	check_mac(b.gateway6_mac, "7e:b7:70:3b:81:77");
	assert_int_equal(b.nameservers.count, 1);
	check_ip4(b.nameservers.at[0], "10.0.1.50");
	assert_int_equal(b.nameservers6.count, 1);
	check_ip6(b.nameservers6.at[0], "fde5:824d:d315:3bb1::1");
	assert_int_equal(b.dns_nameservers.count, 1);
	check_ip4(b.dns_nameservers.at[0], "172.17.42.1");
	assert_int_equal(b.records.count, 3);
	check_record(&b.records.at[0], RECORD_ADDRESS,
		     "\x08"
		     "database",
		     10, "10.0.1.1");
	check_record(&b.records.at[1], RECORD_ADDRESS6,
		     "\x08"
		     "database",
		     10, "fde5:824d:d315:3bb1::9");
	check_record(&b.records.at[2], RECORD_TXT,
		     "\x05"
		     "table",
		     7, "Users");
	assert_int_equal(b.line[BINDING_HOSTNAME], 1);
	assert_int_equal(b.line[BINDING_DNS_NAMESERVERS], 11);
	assert_false(binding_has(&b, BINDING_DOMAIN));
	binding_free(&b);
	binding_free(&b); /* calling it twice is harmless */
}

static void who_the_client_is(void **state)
{
	struct binding b = parse_good("MAC=52:54:00:12:34:56\nIP=10.0.1.5\nSUBNET=10.0.1.0/24\nIP6=fde5::5\n"
				      "SUBNET6=fde5::/64\nBRIDGE=weave\nMTU=1376\nLINK=main\nINDEV=br0\n"
				      "EUI64=fde5::5054:ff:fe12:3456\nPRIVATE=1\nMACSPOOF=no\nSTABLE_KEY=full\n"
				      "WEAVE_DNS=yes\n");
	(void)state;
	assert_string_equal(c.warnings, "");
	check_mac(b.mac, "52:54:00:12:34:56");
	check_ip4(b.ip, "10.0.1.5");
	check_ip4(b.subnet.addr, "10.0.1.0");
	assert_int_equal(b.subnet.len, 24);
	check_ip6(b.ip6, "fde5::5");
	check_ip6(b.subnet6.addr, "fde5::");
	assert_int_equal(b.subnet6.len, 64);
	assert_string_equal(b.bridge, "weave");
	assert_int_equal(b.mtu, 1376);
	assert_string_equal(b.link, "main");
	assert_string_equal(b.indev, "br0");
	check_ip6(b.eui64, "fde5::5054:ff:fe12:3456");
	assert_true(b.private && b.macspoof); /* any value at all turns these on */
	assert_true(binding_has(&b, BINDING_STABLE_KEY));
	assert_true(b.weave_dns);
	binding_free(&b);

	b = parse_good("IPADDR=10.0.1.6\nIP6ADDR=fde5::6\nPREFIX=fde5::/48\n");
	check_ip4(b.ip, "10.0.1.6");
	check_ip6(b.ip6, "fde5::6");
	assert_int_equal(b.subnet6.len, 48);
	assert_true(binding_has(&b, BINDING_IP) && binding_has(&b, BINDING_IP6) && binding_has(&b, BINDING_SUBNET6));
	binding_free(&b);
}

static void dns_and_notify_keys(void **state)
{
	struct binding b =
	    parse_good("DOMAIN=Example.COM.\nDOMAIN_SEARCH=a.b, C.\nDHCP_SERVER_IP=10.0.1.1\n"
		       "DNS_SERVER_IP=10.0.1.2\nDNS_SERVER_IP6=fde5::2\nADDRESS_LISTS=db, web-1\n"
		       "DNS_TTL=0\nDNS_FORWARD=no\nNO_FORWARD=local., .internal\n"
		       "NAMESERVERS6=fe80::1\nDNS_NAMESERVERS6=::1\nDNS_INTERCEPT=service\nDNS_SERVE=off\n"
		       "DHCP6_HOSTNAME_OPTCODE=65001\nDHCP6_DOMAINNAME_OPTCODE=65002\n"
		       "NOTIFY_PORT=9000\nNOTIFY_IP=10.0.1.3\nNOTIFY_IP6=fde5::3\n");
	(void)state;
	assert_string_equal(c.warnings, "");
	assert_string_equal(b.domain, "Example.COM");
	assert_int_equal(b.domain_search.len, 8);
	assert_memory_equal(b.domain_search.wire, "\1a\1b\0\1c", 8);
	check_ip4(b.dhcp_server_ip, "10.0.1.1");
	check_ip4(b.dns_server_ip, "10.0.1.2");
	check_ip6(b.dns_server_ip6, "fde5::2");
	assert_int_equal(b.address_lists.count, 2);
	assert_string_equal(b.address_lists.at[0], "db");
	assert_string_equal(b.address_lists.at[1], "web-1");
	assert_true(binding_has(&b, BINDING_DNS_TTL));
	assert_int_equal(b.dns_ttl, 0);
	assert_true(binding_has(&b, BINDING_DNS_FORWARD) && !b.dns_forward);
	assert_int_equal(b.no_forward.len, 17);
	assert_memory_equal(b.no_forward.wire, "\5local\0\10internal", 17);
	check_ip6(b.dns_nameservers6.at[0], "::1");
	assert_int_equal(b.dns_intercept, DNS_INTERCEPT_SERVICE);
	assert_true(binding_has(&b, BINDING_DNS_SERVE) && !b.dns_serve);
	assert_int_equal(b.dhcp6_hostname_optcode, 65001);
	assert_int_equal(b.dhcp6_domainname_optcode, 65002);
	assert_int_equal(b.notify_port, 9000);
	check_ip4(b.notify_ip, "10.0.1.3");
	check_ip6(b.notify_ip6, "fde5::3");
	binding_free(&b);
}

/* Every kind of line end, comments, white space, and a value with '=' in it. */
static void lines(void **state)
{
	struct binding b = parse_good("\xef\xbb\xbf# comment = yes\r\n\r\n  \t\r\n  HOSTNAME = vm1 \r\n"
				      "   # HOSTNAME=vm2\r\nTXT:a=k=v; w=# x  y\r\nDOMAIN=d");
	(void)state;
	assert_string_equal(c.warnings, "");
	assert_string_equal(b.hostname, "vm1");
	assert_string_equal(b.domain, "d");
	assert_int_equal(b.records.count, 1);
	check_record(&b.records.at[0], RECORD_TXT, "\1a", 3, "k=v; w=# x  y");
	assert_int_equal(b.line[BINDING_DOMAIN], 7);
	binding_free(&b);

	b = parse_good("");
	assert_int_equal(b.records.count, 0);
	binding_free(&b);
	b = parse_good("\n\n");
	binding_free(&b);
	b = parse_good("# only");
	binding_free(&b);
}

static void empty_values_are_absent(void **state)
{
	struct binding b = parse_good("HOSTNAME=vm1\nHOSTNAME=\nIP=\nMACSPOOF=\nPRIVATE= \nTXT:a=\nADDRESS:a=\n"
				      "DHCP_OPTION:42=\nNAMESERVERS=\n");
	(void)state;
	assert_string_equal(c.warnings, "");
	assert_string_equal(b.hostname, "vm1");
	assert_false(binding_has(&b, BINDING_IP) || binding_has(&b, BINDING_MACSPOOF) || b.private);
	assert_false(binding_has(&b, BINDING_NAMESERVERS));
	assert_int_equal(b.records.count, 0);
	assert_int_equal(b.option_count, 0);
	binding_free(&b);
}

static void unknown_keys_warn(void **state)
{
	struct binding b = parse_good("\nHOSTNAM=x\nhostname=y\nTXT6:a=b\nIP=10.0.0.1\nDHCP_OPTION=5\n");
	(void)state;
	assert_has(c.warnings, "f:2: HOSTNAM is no key");
	assert_has(c.warnings, "f:3: hostname is no key");
	assert_has(c.warnings, "f:4: TXT6:a is no key");
	assert_has(c.warnings, "f:6: DHCP_OPTION is no key");
	assert_int_equal(c.r.warnings, 4);
	assert_true(binding_has(&b, BINDING_IP));
	binding_free(&b);

	/* An invalid key is not printed: the file may be one that the reader of the log is not allowed to see. */
	b = parse_good("MIIEowIBAAKCAQEA/secret+stuff=\n");
	assert_has(c.warnings, "f:1: what stands before the '=' is no key");
	assert_null(strstr(c.warnings, "secret"));
	binding_free(&b);
}

static void keys_that_stand_twice(void **state)
{
	struct binding b = parse_good("HOSTNAME=a\nIP=10.0.0.1\nHOSTNAME=b\nIPADDR=10.0.0.2\n");
	(void)state;
	assert_string_equal(b.hostname, "b");
	check_ip4(b.ip, "10.0.0.2");
	assert_has(c.warnings, "f:3: HOSTNAME stands a second time (first in line 1); the last one counts");
	assert_has(c.warnings, "f:4: IPADDR stands a second time (first in line 2)");
	assert_int_equal(c.r.warnings, 2);
	binding_free(&b);

	b = parse_good("NAMESERVERS=10.0.0.1,10.0.0.2\nNAMESERVERS6=fde5::1\nNAMESERVERS=10.0.0.3\n"
		       "NAMESERVERS6= fde5::2 , fde5::3 ,\nDOMAIN_SEARCH=a\nDOMAIN_SEARCH=b\nADDRESS_LISTS=x\n"
		       "ADDRESS_LISTS=y,z\nNO_FORWARD=a\nNO_FORWARD=,\n");
	assert_string_equal(c.warnings, "");
	assert_int_equal(b.nameservers.count, 3);
	check_ip4(b.nameservers.at[0], "10.0.0.1");
	check_ip4(b.nameservers.at[2], "10.0.0.3");
	assert_int_equal(b.nameservers6.count, 3);
	check_ip6(b.nameservers6.at[2], "fde5::3");
	assert_int_equal(b.domain_search.len, 6);
	assert_memory_equal(b.domain_search.wire, "\1a\0\1b", 6);
	assert_int_equal(b.address_lists.count, 3);
	assert_string_equal(b.address_lists.at[2], "z");
	assert_int_equal(b.no_forward.len, 3);
	binding_free(&b);
}

/* A text that is refused, and a part of the message. Each row is refused for a reason of its own. */
static const struct {
	const char *text, *message;
} refused[] = {
    {"\nHOSTNAME\n", "f:2: is not KEY=VALUE"},
    {"=x\n", "f:1: is not KEY=VALUE"},
    {"MAC=52:54:00:12:34\n", "f:1: MAC=52:54:00:12:34: is not a MAC address; write six"},
    {"MAC=53:54:00:12:34:56\n", "is no unicast MAC address"},
    {"MAC=00:00:00:00:00:00\n", "is no unicast MAC address"},
    {"IP=10.0.0\n", "IP=10.0.0: is not an IPv4 address; write one like"},
    {"IP=10.0.0.256\n", "is not an IPv4 address"},
    {"IP=10.0.0.1/24\n", "is not an IPv4 address"},
    {"IP=224.0.0.1\n", "is no host's address"},
    {"IP=0.0.0.0\n", "is no host's address"},
    {"IP=255.255.255.255\n", "is no host's address"},
    {"IP=127.0.0.1\n", "is a loopback address"},
    {"IP=fde5::1\n", "is not an IPv4 address"},
    {"IP6=10.0.0.1\n", "is not an IPv6 address"},
    {"IP6=fde5::1/64\n", "is not an IPv6 address"},
    {"IP6=::\n", "is no host's address"},
    {"IP6=ff02::1\n", "is no host's address"},
    {"IP6=::ffff:10.0.0.1\n", "is no host's address"},
    {"IP6=::1\n", "is the loopback address"},
    {"SUBNET=10.0.1.0\n", "is not a subnet; write one like"},
    {"SUBNET=10.0.1.0/33\n", "is not a subnet"},
    {"SUBNET=10.0.1.5/24\n", "has bits set after its length"},
    {"SUBNET6=fde5::\n", "is not a prefix"},
    {"SUBNET6=fde5::1/64\n", "has bits set after its length"},
    {"SUBNET6=fde5:0:0:1::/63\n", "has bits set after its length"},
    {"BRIDGE=0123456789abcdef\n", "is not an interface's name"},
    {"BRIDGE=a/b\n", "is not an interface's name"},
    {"BRIDGE=..\n", "is not an interface's name"},
    {"INDEV=a b\n", "is not an interface's name"},
    {"MTU=67\n", "MTU=67: is not a number from 68 to 65535"},
    {"MTU=65536\n", "is not a number from 68 to 65535"},
    {"MTU=1500x\n", "is not a number from 68"},
    {"MTU=-1\n", "is not a number from 68"},
    {"MTU=18446744073709551617\n", "is not a number from 68"},
    {"STABLE_KEY=half\n", "is not one of full"},
    {"WEAVE_DNS=maybe\n", "is neither yes nor no"},
    {"HOSTNAME=-a\n", "is no host's name"},
    {"HOSTNAME=a-\n", "is no host's name"},
    {"HOSTNAME=a-.b\n", "is no host's name"},
    {"HOSTNAME=a b\n", "is not a name"},
    {"HOSTNAME=\"a\"\n", "is not a name"},
    {"HOSTNAME=a..b\n", "a label is empty"},
    {"HOSTNAME=.\n", "is no host's name"},
    {"HOSTNAME=a+b\n", "is no host's name"},
    {"HOSTNAME=b\xc3\xbc\n", "begins with xn--"},
    {"DOMAIN=.a\n", "a label is empty"},
    {"DOMAIN_SEARCH=good, b..d\n", "a label is empty"},
    {"DOMAIN_SEARCH=good, b d\n", "is not a name"},
    {"GATEWAY=10.0.1.90,10.0.1.91\n", "is not an IPv4 address"},
    {"GATEWAY_MAC=01:00:5e:00:00:01\n", "is no unicast MAC"},
    {"NAMESERVERS=10.0.0.1, x\n", "is not an IPv4 address"},
    {"NAMESERVERS=10.0.0.1 10.0.0.2\n", "is not an IPv4 address"},
    {"NAMESERVERS6=fde5::1,10.0.0.1\n", "is not an IPv6 address"},
    {"DNS_NAMESERVERS6=fde5::1, fe80::1\n", "has a link-local address"},
    {"DNS_NAMESERVERS6=fe80::1%lo\n", "has a link-local address"},
    {"DNS_NAMESERVERS6=febf::1%eth0.100\n", "has a link-local address"},
    {"DNS_NAMESERVERS6=fde5::1%lo\n", "is not an IPv6 address"},
    {"DNS_NAMESERVERS6=10.0.0.1\n", "is not an IPv6 address"},
    {"ADDRESS_LISTS=../../etc/passwd\n", "is not letters, digits"},
    {"ADDRESS_LISTS=a b\n", "is not letters, digits"},
    {"DNS_TTL=2147483648\n", "is not a number from 0 to 2147483647"},
    {"DNS_FORWARD=2\n", "is neither yes nor no"},
    {"DNS_INTERCEPT=none\n", "is not one of all|service"},
    {"DHCP6_HOSTNAME_OPTCODE=0\n", "is not a number from 1 to 65535"},
    {"NOTIFY_PORT=0\n", "is not a number from 1 to 65535"},
    {"ADDRESS:=10.0.0.1\n", "has a name before the '=' that is none"},
    {"ADDRESS:.=10.0.0.1\n", "has the root as its name"},
    {"ADDRESS:a..b=10.0.0.1\n", "has a name before the '=' that is none"},
    {"ADDRESS:a=x\n", "f:1: ADDRESS:a=x: is not an IPv4 address"},
    {"ADDRESS:a=fde5::1\n", "is not an IPv4 address"},
    {"ADDRESS6:a=10.0.0.1\n", "is not an IPv6 address"},
    {"ADDRESS:a=,\n", "names no address"},
    {"TXT:a b=x\n", "has a name before the '=' that is none"},
    {"HOSTNAME=a\n\x01\n", "f:2: is not a text file (octet 0x01)"},
    {"DHCP_OPTION:=aa\n", "has no option's code"},
    {"DHCP_OPTION:x=aa\n", "has no option's code"},
    {"DHCP_OPTION:256=aa\n", "has no option's code"},
    {"DHCP_OPTION:1000=aa\n", "has no option's code"},
    {"DHCP_OPTION:-1=aa\n", "has no option's code"},
    {"DHCP_OPTION:42=a\n", "is not an option's value"},
    {"DHCP_OPTION:42=aab\n", "is not an option's value"},
    {"DHCP_OPTION:42=0x\n", "is not an option's value"},
    {"DHCP_OPTION:42=aa::bb\n", "is not an option's value"},
    {"DHCP_OPTION:42=aa:\n", "is not an option's value"},
    {"DHCP_OPTION:42=10.0.0.1,10.0.0\n", "is not an option's value"},
    {"DHCP_OPTION:42=10.0.0.256\n", "is not an option's value"},
    {"DHCP_OPTION:42=1.2.3.4.5.6.7.8.9.10\n", "is not an option's value"},
    {"DHCP_OPTION:42=\"abc\n", "has no closing"},
    {"DHCP_OPTION:42=\"\n", "has no closing"},
    {"DHCP_OPTION:0=aa\n", "is padding"},
    {"DHCP_OPTION:255=aa\n", "is the end mark"},
    {"DHCP_OPTION:1=10.0.0.1\n", "is the subnet mask"},
    {"DHCP_OPTION:3=10.0.0.1\n", "use GATEWAY"},
    {"DHCP_OPTION:6=10.0.0.1\n", "use NAMESERVERS"},
    {"DHCP_OPTION:12=\"a\"\n", "use HOSTNAME"},
    {"DHCP_OPTION:15=\"a\"\n", "use DOMAIN"},
    {"DHCP_OPTION:26=05dc\n", "use MTU"},
    {"DHCP_OPTION:28=10.0.0.1\n", "broadcast address"},
    {"DHCP_OPTION:119=aa\n", "use DOMAIN_SEARCH"},
    {"DHCP6_OPTION:=aa\n", "has no option's code"},
    {"DHCP6_OPTION:x=aa\n", "has no option's code"},
    {"DHCP6_OPTION:65536=aa\n", "has no option's code"},
    {"DHCP6_OPTION:100000=aa\n", "has no option's code"},
    {"DHCP6_OPTION:-1=aa\n", "has no option's code"},
    {"DHCP6_OPTION:31=a\n", "is not an option's value"},
    {"DHCP6_OPTION:31=aab\n", "is not an option's value"},
    {"DHCP6_OPTION:31=0x\n", "is not an option's value"},
    {"DHCP6_OPTION:31=aa:\n", "is not an option's value"},
    {"DHCP6_OPTION:31=,\n", "is not an option's value"},
    {"DHCP6_OPTION:31=fde5::1,fde5:\n", "is not an option's value"},
    {"DHCP6_OPTION:31=fde5::1,10.0.0.1\n", "is not an option's value"},
    {"DHCP6_OPTION:31=10.0.0.1\n", "is not an option's value"},
    {"DHCP6_OPTION:31=fde5::12345\n", "is not an option's value"},
    {"DHCP6_OPTION:31=1:2:3:4:5:6:7:8:9\n", "is not an option's value"},
    {"DHCP6_OPTION:31=fde5:824d:d315:3bb1:1:2:3:4:5:6:7:8:9:10:11:12\n", "is not an option's value"},
    {"DHCP6_OPTION:31=\"abc\n", "has no closing"},
    {"DHCP6_OPTION:56=\"ntp\"\n", "f:1: DHCP6_OPTION:56=\"ntp\": is NTP's, which holds no text"},
    {"DHCP6_OPTION:0=aa\n", "is reserved"},
    {"DHCP6_OPTION:23=fde5::1\n", "use NAMESERVERS6"},
    {"DHCP6_OPTION:24=aa\n", "use DOMAIN_SEARCH"},
    {"DHCP6_OPTION:32=00000e10\n", "use lease_renewal"},
    {"DHCP6_OPTION:39=aa\n", "use HOSTNAME"},
};

static void bad_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct binding b;
		memset(&b, 0x5a, sizeof(b));
		int err = parse(refused[i].text, &b);
		if (err != -EINVAL)
			fail_msg("%d for \"%s\"", err, refused[i].text);
		assert_has(c.r.msg, refused[i].message);
		for (size_t j = 0; j < sizeof(b); j++)
			assert_int_equal(((unsigned char *)&b)[j], 0x5a); /* untouched */
	}
	/* Codes that the DHCP protocol itself uses are refused. */
	static const int codes[] = {50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 61, 80, 81, 82, 90, 118};
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		char text[64];
		struct binding b;
		snprintf(text, sizeof(text), "DHCP_OPTION:%d=aa", codes[i]);
		assert_int_equal(parse(text, &b), -EINVAL);
		assert_has(c.r.msg, ": is ");
	}
	static const int codes6[] = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 18,
				     19, 20, 25, 26, 37, 38, 43, 44, 45, 46, 47, 48, 61, 62, 66, 79};
	for (size_t i = 0; i < sizeof(codes6) / sizeof(codes6[0]); i++) {
		char text[64];
		struct binding b;
		snprintf(text, sizeof(text), "DHCP6_OPTION:%d=aa", codes6[i]);
		assert_int_equal(parse(text, &b), -EINVAL);
		assert_has(c.r.msg, ": is ");
	}
}

static void names_at_their_limits(void **state)
{
	char text[1000], label[64], name[300] = "";
	struct binding b;

	(void)state;
	memset(label, 'a', 63);
	label[63] = 0;
	snprintf(text, sizeof(text), "HOSTNAME=%s\n", label);
	b = parse_good(text);
	assert_int_equal(strlen(b.hostname), 63);
	binding_free(&b);
	snprintf(text, sizeof(text), "HOSTNAME=%sa\n", label);
	assert_int_equal(parse(text, &b), -EINVAL);
	assert_has(c.r.msg, "longer than 63");

	/* 63.63.63.61 is 253 characters, the longest name. */
	snprintf(name, sizeof(name), "%s.%s.%s.%.61s", label, label, label, label);
	assert_int_equal(strlen(name), 253);
	snprintf(text, sizeof(text), "DOMAIN=%s.\nADDRESS:%s.=10.0.0.1\nDOMAIN_SEARCH=%s.\n", name, name, name);
	b = parse_good(text);
	assert_int_equal(strlen(b.domain), 253);
	assert_int_equal(b.domain_search.len, 255);
	binding_free(&b);
	snprintf(text, sizeof(text), "DOMAIN=%sa\n", name);
	assert_int_equal(parse(text, &b), -EINVAL);
	assert_has(c.r.msg, "longer than 253");
	snprintf(text, sizeof(text), "DOMAIN_SEARCH=%sa\n", name);
	assert_int_equal(parse(text, &b), -EINVAL);
	assert_has(c.r.msg, "longer than 253");
	snprintf(text, sizeof(text), "DOMAIN_SEARCH=%saaaaaaa\n", name);
	assert_int_equal(parse(text, &b), -EINVAL);
	assert_has(c.r.msg, "more than 253");

	b = parse_good("HOSTNAME=Vm_1.Example.com\n");
	assert_string_equal(b.hostname, "Vm_1.Example.com"); /* the case is kept */
	binding_free(&b);
}

static void lists_at_their_limits(void **state)
{
	char text[4096] = "NAMESERVERS=";
	struct binding b;

	(void)state;
	for (int i = 0; i < 63; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "10.0.0.%d,", i + 1);
	b = parse_good(text);
	assert_int_equal(b.nameservers.count, 63);
	check_ip4(b.nameservers.at[62], "10.0.0.63");
	binding_free(&b);
	strcat(text, "\nNAMESERVERS=10.0.1.1");
	assert_int_equal(parse(text, &b), -EINVAL);
	assert_has(c.r.msg, "f:2: NAMESERVERS=10.0.1.1: makes a list of more than 63");

	strcpy(text, "DOMAIN_SEARCH=");
	for (int i = 0; i < 17; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%058d.a,", i); /* 62 octets on the wire */
	assert_int_equal(parse(text, &b), -EINVAL);
	assert_has(c.r.msg, "longer than 1024 octets");
	text[strlen(text) - 61] = 0; /* the same without the last name, which fits */
	b = parse_good(text);
	assert_int_equal(b.domain_search.len, 16 * 62);
	binding_free(&b);
}

static void options(void **state)
{
	struct binding b = parse_good("DHCP_OPTION:42=10.0.0.1, 10.0.0.2\nDHCP_OPTION:66=\"tftp \"x\" é\"\n"
				      "DHCP_OPTION:43=0x0A0b\nDHCP_OPTION:121=08:0a 0a:00\nDHCP_OPTION:67=\"\"\n"
				      "DHCP_OPTION:150=10\nDHCP_OPTION:042=7f\nDHCP_OPTION:254=ff\n");
	(void)state;
	assert_int_equal(b.option_count, 7);
	assert_int_equal(b.options[0].code, 42); /* line 7 replaced it */
	assert_int_equal(b.options[0].len, 1);
	assert_int_equal(b.options[0].bytes[0], 0x7f);
	assert_has(c.warnings, "f:7: DHCP_OPTION:42 stands a second time");
	assert_int_equal(c.r.warnings, 1);
	assert_int_equal(b.options[1].code, 66);
	assert_int_equal(b.options[1].len, strlen("tftp \"x\" é"));
	assert_memory_equal(b.options[1].bytes, "tftp \"x\" é", b.options[1].len);
	assert_int_equal(b.options[2].len, 2);
	assert_memory_equal(b.options[2].bytes, "\x0a\x0b", 2);
	assert_int_equal(b.options[3].len, 4);
	assert_memory_equal(b.options[3].bytes, "\x08\x0a\x0a\x00", 4);
	assert_int_equal(b.options[4].len, 0);
	assert_int_equal(b.options[5].len, 1);
	assert_int_equal(b.options[5].bytes[0], 0x10);
	assert_int_equal(b.options[6].code, 254);
	binding_free(&b);

	b = parse_good("DHCP_OPTION:42=10.0.0.1, 10.0.0.2");
	assert_int_equal(b.options[0].len, 8);
	assert_memory_equal(b.options[0].bytes, "\x0a\0\0\1\x0a\0\0\2", 8);
	binding_free(&b);
}

static void options_at_their_limits(void **state)
{
	static char text[8192];
	struct binding b;
	const char head[] = "DHCP_OPTION:43=";

	(void)state;
	for (int extra = 0; extra <= 1; extra++) {
		snprintf(text, sizeof(text), "%s\"%0*d\"", head, 1024 + extra, 0);
		if (extra) {
			assert_int_equal(parse(text, &b), -EINVAL);
			assert_has(c.r.msg, "longer than 1024 octets");
		} else {
			b = parse_good(text);
			assert_int_equal(b.options[0].len, 1024);
			binding_free(&b);
		}
		snprintf(text, sizeof(text), "%s%0*d", head, 2 * (1024 + extra), 0);
		assert_int_equal(parse(text, &b), extra ? -EINVAL : 0);
		if (!extra)
			binding_free(&b);
		strcpy(text, head);
		for (int i = 0; i < 256 + extra; i++)
			strcat(text, "1.2.3.4,");
		assert_int_equal(parse(text, &b), extra ? -EINVAL : 0);
		if (!extra)
			binding_free(&b);
	}
}

static void check_option6(const struct binding *b, size_t i, unsigned code, const char *bytes, size_t len)
{
	assert_true(i < b->option6_count);
	assert_int_equal(b->options6[i].code, code);
	assert_int_equal(b->options6[i].len, len);
	assert_memory_equal(b->options6[i].bytes, bytes, len);
}

#define FDE5(d) "\xfd\xe5\0\0\0\0\0\0\0\0\0\0\0\0\0" d

static void options6(void **state)
{
	struct binding b = parse_good("DHCP6_OPTION:31=fde5::1, fde5::2,\nDHCP6_OPTION:56=fde5::1,fde5::2\n"
				      "DHCP6_OPTION:59=\"tftp://[fde5::1]/a\"\nDHCP6_OPTION:65535=0x0A0b\n"
				      "DHCP6_OPTION:82=00:00:0e:10\nDHCP6_OPTION:17=00000001 0001\n"
				      "DHCP6_OPTION:60=\"\"\nDHCP6_OPTION:00082=00 00 00 3c\n"
				      "DHCP6_OPTION:21=\nDHCP_OPTION:42=10.0.0.1\n");
	(void)state;
	assert_int_equal(b.option6_count, 7);
	assert_int_equal(b.option_count, 1);
	check_option6(&b, 0, 31, FDE5("\1") FDE5("\2"), 32);
	check_option6(&b, 1, 56, "\0\1\0\x10" FDE5("\1") "\0\1\0\x10" FDE5("\2"), 40); /* RFC 5908 4.1 */
	check_option6(&b, 2, 59, "tftp://[fde5::1]/a", 18);
	check_option6(&b, 3, 65535, "\x0a\x0b", 2);
	check_option6(&b, 4, 82, "\0\0\0\x3c", 4); /* line 8 replaced it */
	assert_has(c.warnings, "f:8: DHCP6_OPTION:82 stands a second time");
	assert_int_equal(c.r.warnings, 1);
	check_option6(&b, 5, 17, "\0\0\0\1\0\1", 6);
	check_option6(&b, 6, 60, "", 0);
	binding_free(&b);
	binding_free(&b);
}

/* A value that could be hex or an address: pairs of hex digits are octets, anything else that parses is an address. */
static void options6_hex_or_address(void **state)
{
	static const struct {
		const char *text, *bytes;
		size_t len;
	} rows[] = {
	    {"31=00:11:22:33:44:55:66:77", "\x00\x11\x22\x33\x44\x55\x66\x77", 8},
	    {"31=0:11:22:33:44:55:66:77", "\0\0\0\x11\0\x22\0\x33\0\x44\0\x55\0\x66\0\x77", 16},
	    {"31=10::", "\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16},
	    {"31=::", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16},
	    {"31=aa", "\xaa", 1},
	    {"31=0a0b:0c", "\x0a\x0b\x0c", 3},
	    {"56=fde5:0000:0000:0000:0000:0000:0000:0001", "\0\1\0\x10" FDE5("\1"), 20},
	    {"56=00:03:00:01:aa", "\0\3\0\1\xaa", 5},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[128];
		snprintf(text, sizeof(text), "DHCP6_OPTION:%s\n", rows[i].text);
		struct binding b = parse_good(text);
		check_option6(&b, 0, (unsigned)atoi(rows[i].text), rows[i].bytes, rows[i].len);
		binding_free(&b);
	}
}

static void options6_at_their_limits(void **state)
{
	static char text[16384];
	struct binding b;

	(void)state;
	for (int extra = 0; extra <= 1; extra++) {
		/* The limit of 1024 octets: 64 addresses, or 51 with the header that each has in the NTP option. */
		for (int code = 31; code <= 56; code += 25) {
			snprintf(text, sizeof(text), "DHCP6_OPTION:%d=", code);
			for (int i = 0; i < (code == 31 ? 64 : 51) + extra; i++)
				strcat(text, "fde5::1,");
			assert_int_equal(parse(text, &b), extra ? -EINVAL : 0);
			if (extra)
				assert_has(c.r.msg, "longer than 1024 octets");
			else
				binding_free(&b);
		}
		snprintf(text, sizeof(text), "DHCP6_OPTION:59=\"%0*d\"", 1024 + extra, 0);
		assert_int_equal(parse(text, &b), extra ? -EINVAL : 0);
		if (!extra)
			binding_free(&b);
		snprintf(text, sizeof(text), "DHCP6_OPTION:59=%0*d", 2 * (1024 + extra), 0);
		assert_int_equal(parse(text, &b), extra ? -EINVAL : 0);
		if (extra)
			assert_has(c.r.msg, "longer than 1024 octets");
		else
			binding_free(&b);
		text[0] = 0;
		for (int i = 0; i < 64 + extra; i++)
			snprintf(text + strlen(text), 64, "DHCP6_OPTION:%d=aa\n", 4000 + i);
		assert_int_equal(parse(text, &b), extra ? -EINVAL : 0);
		if (extra)
			assert_has(c.r.msg, "f:65: DHCP6_OPTION:4064=aa: is one DHCPv6 option more than the 64");
		else
			binding_free(&b);
	}
}

static void records(void **state)
{
	struct binding b = parse_good("ADDRESS:DB.Example=10.0.0.1\nADDRESS:db.example.=10.0.0.2\n"
				      "ADDRESS:db.example=0.0.0.0,127.0.0.1\nTXT:_x._tcp=\"as it is\"\n"
				      "ADDRESS6:a=::, fde5::1\n");
	(void)state;
	assert_string_equal(c.warnings, "");
	assert_int_equal(b.records.count, 7);
	assert_int_equal(b.records.room, 7); /* no more memory than needed */
	for (size_t i = 0; i < 4; i++)
		check_record(&b.records.at[i], RECORD_ADDRESS, "\2db\7example", 12,
			     (const char *[]){"10.0.0.1", "10.0.0.2", "0.0.0.0", "127.0.0.1"}[i]);
	check_record(&b.records.at[4], RECORD_TXT, "\2_x\4_tcp", 9, "\"as it is\"");
	check_record(&b.records.at[5], RECORD_ADDRESS6, "\1a", 3, "::");
	check_record(&b.records.at[6], RECORD_ADDRESS6, "\1a", 3, "fde5::1");
	binding_free(&b);
}

static void a_text_of_64_kib(void **state)
{
	/* With the name "a" the record's data may be 65535 - 39 - 3 octets: 65237 and 256 length octets. */
	const size_t most = 65237;
	char *text = malloc(most + 16);
	struct binding b;

	(void)state;
	assert_non_null(text);
	for (size_t n = most; n <= most + 1; n++) {
		strcpy(text, "TXT:a=");
		memset(text + 6, 'x', n);
		text[6 + n] = 0;
		assert_int_equal(parse(text, &b), n > most ? -EINVAL : 0);
		if (n > most) {
			assert_has(c.r.msg, "is longer than a DNS message can carry");
		} else {
			assert_int_equal(b.records.at[0].txt_len, n);
			binding_free(&b);
		}
	}
	free(text);
}

static void address_lists(void **state)
{
	const char text[] =
	    "ADDRESS:a=10.0.0.1\nIP=10.0.0.1\nTXT:a=b\nNO_FORWARD=x\nDHCP_OPTION:42=aa\nFOO=1\nMTU=junk\n";
	struct binding b;

	(void)state;
	assert_int_equal(binding_parse(text, strlen(text), "l", BINDING_LIST, &b, catch_reset(&c)), 0);
	assert_int_equal(b.records.count, 2);
	assert_true(binding_has(&b, BINDING_NO_FORWARD));
	assert_false(binding_has(&b, BINDING_IP));
	assert_int_equal(b.option_count, 0);
	assert_has(c.warnings, "l:2: IP has no place in an address list");
	assert_has(c.warnings, "l:5: DHCP_OPTION:42 is no key");
	assert_has(c.warnings, "l:6: FOO is no key");
	assert_has(c.warnings, "l:7: MTU has no place");
	assert_int_equal(c.r.warnings, 4);
	binding_free(&b);
}

static void sizes_and_binary(void **state)
{
	char *text = malloc(BINDING_SIZE_MAX + 2);
	struct binding b;

	(void)state;
	assert_non_null(text);
	memset(text, '#', BINDING_SIZE_MAX + 1);
	text[BINDING_SIZE_MAX + 1] = 0;
	assert_int_equal(binding_parse(text, BINDING_SIZE_MAX, "f", BINDING_VM, &b, catch_reset(&c)), 0);
	binding_free(&b);
	assert_int_equal(binding_parse(text, BINDING_SIZE_MAX + 1, "f", BINDING_VM, &b, catch_reset(&c)), -EFBIG);
	assert_has(c.r.msg, "f: is larger than 1024 KiB");
	free(text);
	const char nul[] = "HOSTNAME=a\nIP=\0";
	assert_int_equal(binding_parse(nul, sizeof(nul) - 1, "f", BINDING_VM, &b, catch_reset(&c)), -EINVAL);
	assert_has(c.r.msg, "f:2: is not a text file (octet 0x00)");
	assert_int_equal(parse("HOSTNAME=a\x1b[31m\n", &b), -EINVAL);
	assert_null(strchr(c.r.msg, '\x1b'));
}

/* Makes a directory for one test. */
static int make_dir(void **state)
{
	char *dir = strdup("/tmp/fold-binding-XXXXXX");
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

static const char *at(void **state, const char *name)
{
	static char path[256];
	snprintf(path, sizeof(path), "%s/%s", (char *)*state, name);
	return path;
}

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int load(const char *path, struct binding *b)
{
	return binding_load(path, BINDING_VM, b, catch_reset(&c));
}

static void loading(void **state)
{
	struct binding b;

	put(at(state, "good"), "HOSTNAME=disk\n");
	assert_int_equal(load(at(state, "good"), &b), 0);
	assert_string_equal(b.hostname, "disk");
	assert_string_equal(b.path, at(state, "good"));
	binding_free(&b);

	assert_int_equal(load(at(state, "none"), &b), -ENOENT);
	assert_has(c.r.msg, "/none: cannot be opened: No such file");
	put(at(state, "bad"), "\nIP=x\n");
	assert_int_equal(load(at(state, "bad"), &b), -EINVAL);
	assert_has(c.r.msg, "/bad:2: IP=x: is not an IPv4");
}

static void what_is_no_regular_file(void **state)
{
	struct binding b;
	char target[256];

	alarm(10); /* opening a FIFO without a writer could block for ever */
	assert_int_equal(mkfifo(at(state, "fifo"), 0600), 0);
	assert_int_equal(load(at(state, "fifo"), &b), -EINVAL);
	assert_has(c.r.msg, "is not a regular file");
	assert_int_equal(load(*state, &b), -EINVAL);
	assert_has(c.r.msg, "is not a regular file");
	assert_int_equal(load("/dev/zero", &b), -EINVAL);
	assert_has(c.r.msg, "is not a regular file");
	alarm(0);

	/* A symbolic link is refused, whatever its target is. */
	put(at(state, "v1"), "HOSTNAME=one\n");
	snprintf(target, sizeof(target), "%s", at(state, "link"));
	assert_int_equal(symlink("v1", target), 0);
	assert_int_equal(load(target, &b), -ELOOP);
	assert_has(c.r.msg, "/link: is a symbolic link; name the file itself");
	assert_int_equal(unlink(target), 0);
	assert_int_equal(symlink("nowhere", target), 0);
	assert_int_equal(load(target, &b), -ELOOP);

	/* The global configuration may be a link: that allows exchanging a whole configuration with one rename. */
	char *text = NULL;
	size_t len = 0;
	assert_int_equal(unlink(target), 0);
	assert_int_equal(symlink("v1", target), 0);
	assert_int_equal(file_read(target, 100, &text, &len, catch_reset(&c)), 0);
	assert_string_equal(text, "HOSTNAME=one\n");
	free(text);
}

static void large_files(void **state)
{
	struct binding b;
	const char *path = at(state, "large");

	put(path, "#");
	assert_int_equal(truncate(path, BINDING_SIZE_MAX + 1), 0);
	assert_int_equal(load(path, &b), -EFBIG);
	assert_has(c.r.msg, "is larger than 1024 KiB");

	/* Files in /proc are regular and have size 0, although they have content. */
	char *text = NULL;
	size_t len = 0;
	assert_int_equal(file_read("/proc/self/stat", 4096, &text, &len, catch_reset(&c)), 0);
	assert_true(len > 10);
	assert_int_equal(text[len], 0);
	free(text);
	assert_int_equal(file_read("/proc/self/stat", 10, &text, &len, catch_reset(&c)), -EFBIG);
}

static void directories(void **state)
{
	struct stat st;
	char path[256];

	umask(022);
	snprintf(path, sizeof(path), "%s", at(state, "a/b//c/"));
	assert_int_equal(file_make_dir(path, 0700, catch_reset(&c)), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(at(state, "a/b"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(file_make_dir(path, 0700, catch_reset(&c)), 0);
	put(at(state, "file"), "");
	assert_int_equal(file_make_dir(at(state, "file"), 0700, catch_reset(&c)), -ENOTDIR);
	assert_has(c.r.msg, "is not a directory");
	assert_int_equal(file_make_dir(at(state, "file/x"), 0700, catch_reset(&c)), -ENOTDIR);
}

#define DISK(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_documented_file),
	    cmocka_unit_test(who_the_client_is),
	    cmocka_unit_test(dns_and_notify_keys),
	    cmocka_unit_test(lines),
	    cmocka_unit_test(empty_values_are_absent),
	    cmocka_unit_test(unknown_keys_warn),
	    cmocka_unit_test(keys_that_stand_twice),
	    cmocka_unit_test(bad_values),
	    cmocka_unit_test(names_at_their_limits),
	    cmocka_unit_test(lists_at_their_limits),
	    cmocka_unit_test(options),
	    cmocka_unit_test(options_at_their_limits),
	    cmocka_unit_test(options6),
	    cmocka_unit_test(options6_hex_or_address),
	    cmocka_unit_test(options6_at_their_limits),
	    cmocka_unit_test(records),
	    cmocka_unit_test(a_text_of_64_kib),
	    cmocka_unit_test(address_lists),
	    cmocka_unit_test(sizes_and_binary),
	    DISK(loading),
	    DISK(what_is_no_regular_file),
	    DISK(large_files),
	    DISK(directories),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("binding", tests, NULL, NULL);
}
