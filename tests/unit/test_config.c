/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The global configuration: defaults, every key, comments and quotes, every refusal. */
#include "report_catch.h"

#include "guest/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static struct catch c;

static int parse(const char *text, struct config *cfg)
{
	return config_parse(text, strlen(text), "f", cfg, catch_reset(&c));
}

static struct config parse_good(const char *text)
{
	struct config cfg = {0};
	int err = parse(text, &cfg);
	if (err)
		fail_msg("%d for \"%.80s\": %s", err, text, c.r.msg);
	return cfg;
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

static void check_defaults(const struct config *cfg)
{
	assert_string_equal(cfg->pidfile, "/run/nfdhcpd/nfdhcpd.pid");
	assert_string_equal(cfg->datapath, "/var/lib/nfdhcpd");
	assert_string_equal(cfg->logdir, "/var/log/nfdhcpd");
	assert_string_equal(cfg->user, "nobody");
	assert_true(cfg->enable_dhcp && cfg->enable_ipv6 && cfg->enable_dhcpv6 && cfg->enable_dns &&
		    cfg->enable_notify);
	assert_int_equal(cfg->lease_lifetime, 604800);
	assert_int_equal(cfg->lease_renewal, 600);
	assert_int_equal(cfg->ra_period, 300);
	assert_int_equal(cfg->dns_ttl, 10);
	assert_int_equal(cfg->notify_period, 60);
	assert_int_equal(cfg->ipv6_mode, IPV6_MODE_AUTO);
	assert_false(cfg->dns_forward || cfg->server_on_link);
	assert_int_equal(cfg->dhcp_server_ip.s_addr, 0);
	assert_int_equal(cfg->dns_server_ip.s_addr, 0);
	assert_string_equal(cfg->domain, "");
	assert_int_equal(cfg->nameservers.count + cfg->nameservers6.count + cfg->dns_nameservers.count, 0);
	assert_int_equal(cfg->domain_search.len + cfg->no_forward.len + cfg->records.count, 0);
	/* A service whose queue is not configured is off. */
	const int32_t queues[] = {cfg->dhcp_queue.first,   cfg->dhcp6_queue.first,  cfg->rs_queue.first,
				  cfg->ns_queue.first,     cfg->dns_queue.first,    cfg->dns6_queue.first,
				  cfg->notify_queue.first, cfg->notify6_queue.first};
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(queues[i], -1);
}

static void defaults(void **state)
{
	struct config cfg;

	(void)state;
	assert_int_equal(config_defaults(&cfg, catch_reset(&c)), 0);
	check_defaults(&cfg);
	assert_false(cfg.from_file);
	config_free(&cfg);
	config_free(&cfg);

	cfg = parse_good("");
	check_defaults(&cfg);
	assert_true(cfg.from_file);
	config_free(&cfg);
	cfg = parse_good("# [dhcp]\n; dhcp_queue = 3\n[dhcp]\n[ipv6]\n\n");
	check_defaults(&cfg);
	config_free(&cfg);
}

/* A configuration as GRNET's users have it, with comments after values. */
static void an_nfdhcpd_file(void **state)
{
	struct config cfg =
	    parse_good("## settings\n[general]\npidfile = /var/run/nf.pid\n"
		       "datapath = /srv/taps # one file a tap\nlogdir = /srv/log   # ours\n"
		       "user = daemon # unprivileged\n\n[dhcp]\nenable_dhcp = yes\n"
		       "lease_lifetime = 86400 # a day\nlease_renewal = 3600 \t# an hour\n"
		       "server_ip = 192.0.2.1\nserver_on_link = no\ndhcp_queue = 42 # IPv4\n"
		       "nameservers = 192.0.2.2, 192.0.2.3\ndomain = example.com\n\n[ipv6]\n"
		       "enable_ipv6 = yes\nenable_dhcpv6 = no\nmode = slaac+dhcpv6\nra_period = 600 # s\n"
		       "rs_queue = 43\nns_queue = 44\ndhcpv6_queue = 45\n"
		       "nameservers = 2001:db8:100::1, 2001:db8:200::2\ndomains = example.com, b\n");
	(void)state;
	assert_string_equal(c.warnings, "");
	assert_string_equal(cfg.pidfile, "/var/run/nf.pid");
	assert_string_equal(cfg.datapath, "/srv/taps");
	assert_string_equal(cfg.logdir, "/srv/log");
	assert_string_equal(cfg.user, "daemon");
	assert_int_equal(cfg.lease_lifetime, 86400);
	assert_int_equal(cfg.lease_renewal, 3600);
	check_ip4(cfg.dhcp_server_ip, "192.0.2.1");
	assert_int_equal(cfg.dhcp_queue.first, 42);
	assert_int_equal(cfg.dhcp_queue.last, 42);
	assert_int_equal(cfg.nameservers.count, 2);
	check_ip4(cfg.nameservers.at[1], "192.0.2.3");
	assert_string_equal(cfg.domain, "example.com");
	assert_false(cfg.enable_dhcpv6);
	assert_int_equal(cfg.ipv6_mode, IPV6_MODE_SLAAC_DHCPV6);
	assert_int_equal(cfg.ra_period, 600);
	assert_int_equal(cfg.rs_queue.first, 43);
	assert_int_equal(cfg.ns_queue.first, 44);
	assert_int_equal(cfg.dhcp6_queue.first, 45);
	assert_int_equal(cfg.nameservers6.count, 2);
	check_ip6(cfg.nameservers6.at[1], "2001:db8:200::2");
	assert_int_equal(cfg.domain_search.len, 16);
	assert_memory_equal(cfg.domain_search.wire, "\7example\3com\0\1b", 16);
	config_free(&cfg);
}

static void several_queues_and_workers(void **state)
{
	struct config cfg = parse_good("[general]\nworkers = 4\n[dhcp]\ndhcp_queue = 42:45 # balanced\n[dns]\n"
				       "dns_queue = 65534-65535\ndns6_queue = 7:7\n");

	(void)state;
	assert_int_equal(cfg.workers, 4);
	assert_int_equal(cfg.dhcp_queue.first, 42);
	assert_int_equal(cfg.dhcp_queue.last, 45);
	assert_int_equal(cfg.dns_queue.first, 65534);
	assert_int_equal(cfg.dns_queue.last, 65535);
	assert_int_equal(cfg.dns6_queue.last, 7);
	config_free(&cfg);
}

static void the_forks_keys(void **state)
{
	struct config cfg =
	    parse_good("[dhcp]\nenable_dhcp = no\nserver_on_link = on\ndhcp6_queue = 0\n"
		       "domain_search = a.b, c\ndhcp6_hostname_optcode = 65001\n"
		       "dhcp6_domainname_optcode = 65002\n[ipv6]\nenable_ipv6 = 0\n"
		       "[dns]\nenable_dns = off\ndns_queue = 46\ndns6_queue = 65535\nserver_ip = 10.0.1.50\n"
		       "server_ip6 = fde5::50\nttl = 0\nforward = yes\nno_forward = local., .lan\n"
		       "nameservers = 127.0.0.53\nnameservers6 = ::1\n"
		       "[notify]\nenable_notify = false\nnotify_period = 5\nnotify_queue = -1\n"
		       "notify6_queue = 49\n");
	(void)state;
	assert_string_equal(c.warnings, "");
	assert_false(cfg.enable_dhcp || cfg.enable_ipv6 || cfg.enable_dns || cfg.enable_notify);
	assert_true(cfg.server_on_link && cfg.dns_forward);
	assert_int_equal(cfg.dhcp6_queue.first, 0);
	assert_memory_equal(cfg.domain_search.wire, "\1a\1b\0\1c", 8);
	assert_int_equal(cfg.dhcp6_hostname_optcode, 65001);
	assert_int_equal(cfg.dhcp6_domainname_optcode, 65002);
	assert_int_equal(cfg.dns_queue.first, 46);
	assert_int_equal(cfg.dns6_queue.first, 65535);
	check_ip4(cfg.dns_server_ip, "10.0.1.50");
	check_ip6(cfg.dns_server_ip6, "fde5::50");
	assert_int_equal(cfg.dns_ttl, 0);
	assert_int_equal(cfg.no_forward.len, 12);
	assert_memory_equal(cfg.no_forward.wire, "\5local\0\3lan", 12);
	check_ip4(cfg.dns_nameservers.at[0], "127.0.0.53");
	check_ip6(cfg.dns_nameservers6.at[0], "::1");
	assert_int_equal(cfg.notify_period, 5);
	assert_int_equal(cfg.notify_queue.first, -1);
	assert_int_equal(cfg.notify6_queue.first, 49);
	config_free(&cfg);
}

static void check_txt(const struct config *cfg, size_t i, const char *text)
{
	const struct record *rec = &cfg->records.at[i];
	assert_int_equal(rec->type, RECORD_TXT);
	assert_int_equal(rec->txt_len, strlen(text));
	assert_memory_equal(rec->bytes + rec->name_len, text, strlen(text));
}

static void record_sections(void **state)
{
	struct config cfg =
	    parse_good("[addresses]\ndb. = 10.0.0.1, 10.0.0.2\nDB = 10.0.0.3\n"
		       "[addresses6]\nv6.example. = fde5::1 # ours\n"
		       "[txts]\na. = a=b ; c, d : e\nb. = \"x # y\" # z\nc. = it's # cut\nd. = x#y\ne. =\n");
	(void)state;
	assert_string_equal(c.warnings, "");
	assert_int_equal(cfg.records.count, 8);
	assert_int_equal(cfg.records.room, 8);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(cfg.records.at[i].type, RECORD_ADDRESS);
		assert_int_equal(cfg.records.at[i].name_len, 4);
		assert_memory_equal(cfg.records.at[i].bytes, "\2db", 4);
		check_ip4(cfg.records.at[i].ip4, (const char *[]){"10.0.0.1", "10.0.0.2", "10.0.0.3"}[i]);
	}
	assert_int_equal(cfg.records.at[3].type, RECORD_ADDRESS6);
	check_ip6(cfg.records.at[3].ip6, "fde5::1");
	check_txt(&cfg, 4, "a=b ; c, d : e");
	check_txt(&cfg, 5, "x # y");
	check_txt(&cfg, 6, "it's");
	check_txt(&cfg, 7, "x");
	config_free(&cfg);
}

static void lines(void **state)
{
	struct config cfg =
	    parse_good("\xef\xbb\xbf[dhcp] # here\r\n   dhcp_queue=42\r\n\tlease_renewal = 7\r\n"
		       "nameservers = \"10.0.0.1\" , '10.0.0.2' # x\r\ndomain = 'a.b'\r\nserver_ip =\r\n"
		       "domain_search = #none\r\nlease_lifetime = 9");
	(void)state;
	assert_string_equal(c.warnings, "");
	assert_int_equal(cfg.dhcp_queue.first, 42);
	assert_int_equal(cfg.lease_renewal, 7); /* an indented line is not a continuation */
	assert_int_equal(cfg.nameservers.count, 2);
	check_ip4(cfg.nameservers.at[1], "10.0.0.2");
	assert_string_equal(cfg.domain, "a.b");
	assert_int_equal(cfg.dhcp_server_ip.s_addr, 0);
	assert_int_equal(cfg.domain_search.len, 0);
	assert_int_equal(cfg.lease_lifetime, 9);
	config_free(&cfg);
}

/* inih's own limit is 200 octets a line. */
static void long_lines(void **state)
{
	static char text[70000] = "[txts]\na = ";
	size_t head = strlen(text);

	(void)state;
	memset(text + head, 'x', 60000);
	strcpy(text + head + 60000, "\n[dhcp]\ndhcp_queue = x\n");
	struct config cfg;
	assert_int_equal(parse(text, &cfg), -EINVAL);
	assert_has(c.r.msg, "f:4: dhcp_queue = x");
	strcpy(text + head + 60000, "\n[dhcp]\ndhcp_queue = 7\n");
	cfg = parse_good(text);
	assert_int_equal(cfg.records.at[0].txt_len, 60000);
	assert_int_equal(cfg.dhcp_queue.first, 7);
	config_free(&cfg);
}

static void warnings(void **state)
{
	struct config cfg =
	    parse_good("[dhcp]\nfoo = 1\nqueue = 2\n[other]\nx = y\n[dns]\ndhcp_queue = 4\nttl = 1\nttl = 2\n"
		       "nameservers = 10.0.0.1\nnameservers = 10.0.0.2\n[dhcp]\ndhcp6_queue = 1\n[ipv6]\n"
		       "dhcpv6_queue = 2\n");
	(void)state;
	assert_has(c.warnings, "f:2: foo is no key of [dhcp]; the line has no effect\n");
	assert_has(c.warnings, "f:3: queue is no key of [dhcp]");
	assert_has(c.warnings, "f:5: x stands in [other], which is no section");
	assert_has(c.warnings, "f:7: dhcp_queue is no key of [dns]");
	assert_has(c.warnings, "f:9: ttl stands a second time (first in line 8); the last one counts");
	assert_has(c.warnings, "f:15: dhcpv6_queue stands a second time (first in line 13)");
	assert_int_equal(c.r.warnings, 6);
	assert_int_equal(cfg.dns_ttl, 2);
	assert_int_equal(cfg.dhcp_queue.first, -1);
	assert_int_equal(cfg.dhcp6_queue.first, 2);
	assert_int_equal(cfg.dns_nameservers.count, 2);
	config_free(&cfg);
}

/* Out-of-range numbers that nfdhcpd accepts are no errors, so that fold-dhcpd starts with the same file. */
static void numbers_that_make_no_sense(void **state)
{
	struct config cfg = parse_good("[dhcp]\nlease_lifetime = 0\n[ipv6]\nra_period = 4294967295\n[notify]\n"
				       "notify_period = 86401\n");

	(void)state;
	assert_int_equal(cfg.lease_lifetime, 4);
	assert_int_equal(cfg.ra_period, 65535);
	assert_int_equal(cfg.notify_period, 86400);
	assert_has(c.warnings, "f:2: lease_lifetime = 0 counts as 4; write a number from 4 to 4294967295\n");
	assert_has(c.warnings, "f:4: ra_period = 4294967295 counts as 65535; write a number from 1 to 65535\n");
	assert_has(c.warnings, "f:6: notify_period = 86401 counts as 86400; write a number from 1 to 86400\n");
	config_free(&cfg);

	cfg = parse_good("[dhcp]\nlease_lifetime = 4294967295\n[ipv6]\nra_period = 65535\n[notify]\n"
			 "notify_period = 86400\n");
	assert_string_equal(c.warnings, "");
	assert_int_equal(cfg.lease_lifetime, 4294967295);
	config_free(&cfg);
}

static const struct {
	const char *text, *message;
} refused[] = {
    {"[dhcp]\n\nnonsense\n", "f:3: is neither [section] nor key = value"},
    {"[dhcp\nx = 1\n", "f:1: is neither [section] nor key = value"},
    {"[dhcp]\ndhcp_queue = 65536\n",
     "f:2: dhcp_queue = 65536: is not a queue; write a number from 0 to 65535, several"},
    {"[dhcp]\ndhcp_queue = -2\n", "is not a queue"},
    {"[dhcp]\ndhcp_queue = 4 2\n", "is not a queue"},
    {"[dhcp]\ndhcp_queue = 45:42\n", "is not a queue"},
    {"[dhcp]\ndhcp_queue = 42:\n", "is not a queue"},
    {"[dhcp]\ndhcp_queue = :42\n", "is not a queue"},
    {"[dhcp]\ndhcp_queue = 42:65536\n", "is not a queue"},
    {"[dhcp]\ndhcp_queue = 000000042\n", "is not a queue"},
    {"[general]\nworkers = 0\n", "is not a number from 1 to 64"},
    {"[dhcp]\nlease_lifetime = 4294967296\n", "is not a number from 0 to 4294967295"},
    {"[dhcp]\nlease_lifetime = 1h\n", "is not a number from 0"},
    {"[dhcp]\nlease_renewal = -1\n", "is not a number from 0"},
    {"[dhcp]\nenable_dhcp = ja\n", "is neither yes nor no"},
    {"[dhcp]\nserver_ip = 192.0.2\n", "is not an IPv4 address"},
    {"[dhcp]\nserver_ip = 10.0.0.1, 10.0.0.2\n", "is not an IPv4 address"},
    {"[dhcp]\nnameservers = 10.0.0.1 10.0.0.2\n", "is not an IPv4 address"},
    {"[dhcp]\ndomain = a b\n", "is not a name"},
    {"[dhcp]\ndomain_search = a, b..c\n", "a label is empty"},
    {"[ipv6]\nnameservers = 10.0.0.1\n", "is not an IPv6 address"},
    {"[ipv6]\nmode = other\n", "is not one of auto|slaac|dhcpv6|slaac+dhcpv6"},
    {"[ipv6]\nra_period = 0\n", "is not a number from 1"},
    {"[dns]\nttl = 2147483648\n", "is not a number from 0 to 2147483647"},
    {"[dns]\nserver_ip6 = 10.0.0.1\n", "is not an IPv6 address"},
    {"[dns]\nnameservers6 = fe80::1\n", "f:2: nameservers6 = fe80::1: has a link-local address"},
    {"[notify]\nnotify_period = 0\n", "is not a number from 1"},
    {"[general]\ndatapath = taps\n", "is not an absolute path"},
    {"[addresses]\nx = y\n", "f:2: x = y: is not an IPv4 address"},
    {"[addresses]\na..b = 10.0.0.1\n", "has a name before the '='"},
    {"[addresses6]\nx = 10.0.0.1\n", "is not an IPv6 address"},
    {"[txts]\na b = x\n", "has a name before the '='"},
    {"[dhcp]\n\x02\n", "f:2: is not a text file"},
};

static void bad_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct config cfg;
		memset(&cfg, 0x5a, sizeof(cfg));
		int err = parse(refused[i].text, &cfg);
		if (err != -EINVAL)
			fail_msg("%d for \"%s\"", err, refused[i].text);
		assert_has(c.r.msg, refused[i].message);
		assert_int_equal(cfg.dhcp_queue.first, 0x5a5a5a5a); /* untouched */
	}
}

static void loading(void **state)
{
	char dir[] = "/tmp/fold-config-XXXXXX", path[64];
	struct config cfg;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/conf", dir);
	/* The default file may be missing; a file that the user names must exist. */
	assert_int_equal(config_load(path, true, &cfg, catch_reset(&c)), -ENOENT);
	assert_has(c.r.msg, "/conf: cannot be opened: No such file");
	assert_int_equal(config_load(path, false, &cfg, catch_reset(&c)), 0);
	assert_string_equal(c.r.msg, "");
	check_defaults(&cfg);
	assert_false(cfg.from_file);
	config_free(&cfg);

	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs("[dns]\nforward = yes\n", f);
	fclose(f);
	assert_int_equal(config_load(path, false, &cfg, catch_reset(&c)), 0);
	assert_true(cfg.from_file && cfg.dns_forward);
	config_free(&cfg);
	assert_int_equal(truncate(path, CONFIG_SIZE_MAX + 1), 0);
	assert_int_equal(config_load(path, false, &cfg, catch_reset(&c)), -EFBIG);
	/* A file that exists but cannot be used is always an error. */
	assert_int_equal(config_load(dir, false, &cfg, catch_reset(&c)), -EINVAL);
	assert_has(c.r.msg, "is not a regular file");
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(defaults),
	    cmocka_unit_test(an_nfdhcpd_file),
	    cmocka_unit_test(the_forks_keys),
	    cmocka_unit_test(several_queues_and_workers),
	    cmocka_unit_test(record_sections),
	    cmocka_unit_test(lines),
	    cmocka_unit_test(long_lines),
	    cmocka_unit_test(warnings),
	    cmocka_unit_test(numbers_that_make_no_sense),
	    cmocka_unit_test(bad_values),
	    cmocka_unit_test(loading),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
