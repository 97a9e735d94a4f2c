/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading a running VM's files again: address lists that stay in force if a new text is bad, the copy, which changes
 * affect the rules, and the keys of notifications.
 */
#include "base/file.h"
#include "fw/rules.h"
#include "guest/address_list.h"
#include "guest/build.h"
#include "guest/reload.h"
#include "report_catch.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <sys/stat.h>

static struct {
	char dir[64];
	struct catch c;
	struct address_lists last;
	struct binding b;
	struct config config;
} t;

static const char *at(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", t.dir, name);
	return path;
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(at(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void parse(const char *text)
{
	binding_free(&t.b);
	assert_int_equal(binding_parse(text, strlen(text), "b", BINDING_VM, &t.b, catch_reset(&t.c)), 0);
}

static int fixture(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	strcpy(t.dir, "/tmp/fold-reload.XXXXXX");
	if (!mkdtemp(t.dir) || config_defaults(&t.config, catch_reset(&t.c)) < 0)
		return -1;
	return 0;
}

static int clean(void **state)
{
	char command[128];

	(void)state;
	address_lists_free(&t.last);
	address_lists_free(&t.last);
	binding_free(&t.b);
	config_free(&t.config);
	snprintf(command, sizeof(command), "rm -rf %s", t.dir);
	return system(command);
}

static int reload(void)
{
	return address_lists_reload(&t.b, t.dir, &t.last, catch_reset(&t.c));
}

/* The last octet of the address in the lists, or -1 unless there is exactly one. */
static int octet(void)
{
	return t.b.list_records.count == 1 ? ((const uint8_t *)&t.b.list_records.at[0].ip4)[3] : -1;
}

static void a_list_goes_on(void **state)
{
	(void)state;
	parse("ADDRESS_LISTS=x\n");
	assert_int_equal(reload(), 0);
	assert_has(t.c.warnings, "address_list_x: there is no such address list");
	assert_int_equal(t.b.list_records.count, 0);
	put("address_list_x", "ADDRESS:a.=10.0.0.1\n");
	assert_int_equal(reload(), 0);
	assert_int_equal(octet(), 1);
	assert_string_equal(t.c.warnings, "");
	put("address_list_x", "ADDRESS:a.=10.0.0.2\n");
	assert_int_equal(reload(), 0);
	assert_int_equal(octet(), 2);
	put("address_list_x", "\nADDRESS:a.=y\n");
	assert_int_equal(reload(), 0);
	assert_has(t.c.warnings, "address_list_x:2: ADDRESS:a.=y: is not an IPv4 address");
	assert_has(t.c.warnings, "what it said before stays in force");
	assert_int_equal(octet(), 2);
	assert_int_equal(unlink(at("address_list_x")), 0);
	assert_int_equal(reload(), 0);
	assert_has(t.c.warnings, "address_list_x: cannot be opened: No such file");
	assert_int_equal(octet(), 2);
	put("address_list_x", "");
	assert_int_equal(reload(), 0);
	assert_int_equal(t.b.list_records.count, 0);
	assert_string_equal(t.c.warnings, "");
}

static void a_list_that_never_was_good(void **state)
{
	(void)state;
	put("address_list_x", "ADDRESS:a.=y\n");
	parse("ADDRESS_LISTS=x\n");
	assert_int_equal(reload(), -EINVAL);
	assert_has(t.c.r.msg, "address_list_x:1:");
	assert_int_equal(symlink("elsewhere", at("address_list_z")), 0);
	parse("ADDRESS_LISTS=z\n");
	assert_int_equal(reload(), -ELOOP);
}

static void lists_come_and_go(void **state)
{
	(void)state;
	put("address_list_x", "ADDRESS:a.=10.0.0.1\n");
	put("address_list_y", "ADDRESS:b.=10.0.0.2\nNO_FORWARD=n.example\n");
	parse("ADDRESS_LISTS=x,y\n");
	assert_int_equal(reload(), 0);
	assert_int_equal(t.b.list_records.count, 2);
	assert_true(t.b.list_no_forward.len > 0);
	parse("ADDRESS_LISTS=y\n");
	assert_int_equal(reload(), 0);
	assert_int_equal(octet(), 2);
	/* The last good content of a list that was in use before is used again. */
	assert_int_equal(unlink(at("address_list_x")), 0);
	parse("ADDRESS_LISTS=x\n");
	assert_int_equal(reload(), 0);
	assert_int_equal(octet(), 1);
	parse("HOSTNAME=none\n");
	assert_int_equal(reload(), 0);
	assert_int_equal(t.b.list_records.count, 0);
}

static struct identity vm(void)
{
	struct identity id = {.iface = "vm0", .mac = {0x52, 0x54, 0, 1, 2, 3}, .has4 = true, .has6 = true, .mtu = 1500};

	id.ip4.len = 24;
	id.ip6.len = 64;
	inet_pton(AF_INET, "10.0.1.1", &id.ip4.addr);
	inet_pton(AF_INET6, "fde5::1", &id.ip6.addr);
	return id;
}

static void the_text_of_the_copy(void **state)
{
	const char text[] = "HOSTNAME=x\nMAC=52:54:00:00:00:09\n# end";
	struct identity id = vm();
	char *whole = NULL, *path = NULL, *read = NULL;
	size_t len = 0, read_len = 0;

	(void)state;
	parse(text);
	assert_int_equal(binding_copy_text(&id, &t.b, text, strlen(text), &whole, &len, catch_reset(&t.c)), 0);
	assert_int_equal(binding_write_copy(t.dir, &id, &t.b, text, strlen(text), 0644, &path, catch_reset(&t.c)), 0);
	assert_int_equal(file_read_plain(path, 4096, &read, &read_len, catch_reset(&t.c)), 0);
	assert_int_equal(read_len, len);
	assert_memory_equal(read, whole, len);
	assert_string_equal(read, "MAC=52:54:00:01:02:03\nIP=10.0.1.1\nSUBNET=10.0.1.0/24\nIP6=fde5::1\n"
				  "SUBNET6=fde5::/64\nMTU=1500\n# fold's copy for vm0: an edit takes effect while the "
				  "VM runs, and the file is removed when the VM ends\nHOSTNAME=x\n# end");
	free(whole);
	free(path);
	free(read);
}

static int build(const char *text, struct guest *g)
{
	struct identity id = vm();

	parse(text);
	return guest_build(&id, &t.b, &t.config, GUEST_NEED_GATEWAY_MAC, g, catch_reset(&t.c));
}

#define BASE "NAMESERVERS=10.0.1.50\nNAMESERVERS6=fde5::50\nGATEWAY=10.0.1.90\nGATEWAY_MAC=7a:00:00:00:00:01\n"

/* Checks whether these additional lines change the VM's rules. */
static void check_differ(const char *more, bool differs)
{
	struct guest a, b;
	char text[512];

	assert_int_equal(build(BASE, &a), 0);
	snprintf(text, sizeof(text), BASE "%s", more);
	assert_int_equal(build(text, &b), 0);
	if (rules_differ(&a, &b) != differs || rules_differ(&b, &a) != differs)
		fail_msg("%s", more);
	guest_free(&a);
	guest_free(&b);
}

static void which_changes_the_rules_see(void **state)
{
	static const char *const seen[] = {
	    "GATEWAY=10.0.1.91",
	    "GATEWAY_MAC=7a:00:00:00:00:02",
	    "PRIVATE=1",
	    "GATEWAY6=fde5::90\nGATEWAY6_MAC=7a:00:00:00:00:03",
	    "DHCP_SERVER_IP=10.0.1.51",
	    "DNS_SERVER_IP=10.0.1.52",
	    "DNS_SERVER_IP6=fde5::52",
	    "DNS_INTERCEPT=service",
	    "DNS_SERVE=no",
	    "NOTIFY_IP=10.0.1.60",
	    "NOTIFY_PORT=4242\nNOTIFY_IP=10.0.1.50",
	    "NOTIFY_PORT=4242\nNOTIFY_IP6=fde5::50",
	};
	static const char *const unseen[] = {
	    "",
	    "HOSTNAME=x",
	    "MTU=1400",
	    "ADDRESS:a.=10.0.0.1",
	    "NAMESERVERS=10.0.1.53",
	    "DOMAIN_SEARCH=a.example",
	    "DNS_FORWARD=yes",
	    "DHCP_OPTION:43=00",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++)
		check_differ(seen[i], true);
	for (size_t i = 0; i < sizeof(unseen) / sizeof(unseen[0]); i++)
		check_differ(unseen[i], false);
}

static void notify_keys(void **state)
{
	static const char *const taken[] = {"53", "67", "68", "546", "547"};
	struct guest g;

	(void)state;
	t.config.notify_period = 7;
	assert_int_equal(build("NOTIFY_PORT=4242\nNOTIFY_IP=10.0.1.60\n", &g), 0);
	assert_int_equal(g.notify.port, 4242);
	assert_int_equal(g.notify.period, 7);
	assert_int_equal(g.notify.ip4.s_addr, inet_addr("10.0.1.60"));
	assert_true(IN6_IS_ADDR_UNSPECIFIED(&g.notify.ip6));
	assert_false(g.notify.waiting);
	assert_true(guest_serves4(&g, g.notify.ip4));
	guest_free(&g);
	assert_int_equal(build("NOTIFY_PORT=4242\nNOTIFY_IP6=fde5::60\n", &g), 0);
	assert_int_equal(g.notify.port, 4242);
	assert_int_equal(g.notify.ip4.s_addr, 0);
	assert_true(guest_serves6(&g, &g.notify.ip6));
	guest_free(&g);
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		char text[64];
		snprintf(text, sizeof(text), "NOTIFY_IP=10.0.1.60\nNOTIFY_PORT=%s\n", taken[i]);
		assert_int_equal(build(text, &g), -EINVAL);
		assert_has(t.c.r.msg, "b:2: NOTIFY_PORT=");
	}
	assert_int_equal(build("NOTIFY_PORT=4242\n", &g), 0);
	assert_has(t.c.warnings, "b:1: NOTIFY_PORT stands without a NOTIFY_IP or NOTIFY_IP6");
	assert_int_equal(g.notify.port, 0);
	guest_free(&g);
	t.config.enable_notify = false;
	assert_int_equal(build("NOTIFY_PORT=4242\nNOTIFY_IP=10.0.1.60\n", &g), 0);
	assert_int_equal(g.notify.port, 0);
	guest_free(&g);
}

static struct identity id;
static struct reload w;
static char file[128], copy[128];

/* Starts a VM with this text in its -b file and in its copy. */
static void begin(const char *text)
{
	char *path = NULL;

	id = vm();
	memset(&w, 0, sizeof(w));
	free(t.config.datapath);
	t.config.datapath = strdup(t.dir);
	snprintf(file, sizeof(file), "%s", at("file"));
	snprintf(copy, sizeof(copy), "%s", at("vm0"));
	put("file", text);
	assert_int_equal(chmod(file, 0644), 0);
	parse(text);
	assert_int_equal(binding_write_copy(t.dir, &id, &t.b, text, strlen(text), 0644, &path, catch_reset(&t.c)), 0);
	assert_string_equal(path, copy);
	free(path);
	w = (struct reload){.id = &id, .config = &t.config, .lists = &t.last, .path = {file, copy}};
	assert_int_equal(reload_begin(&w, &t.b, strdup(text), strlen(text), 0644, catch_reset(&t.c)), 0);
}

/*
 * Reads the changed sources. first, second: which ones, in the order of the changes; -1: none. Returns the new host
 * name, or "" if no new guest was built.
 */
static const char *hostname_now(int first, int second, bool lists)
{
	struct reload_changes c = {.count = 2, .lists = lists};
	static char name[64];

	if (first >= 0)
		c.source[first] = 1;
	if (second >= 0)
		c.source[second] = 2;
	reload_free_lines(&w.lines);
	reload_read(&w, &c);
	snprintf(name, sizeof(name), "%s", w.built ? w.guest.hostname : "");
	if (w.built) {
		/* The new guest takes force. */
		reload_accept(&w, &w.guest);
		reload_finish(&w, false);
	}
	return name;
}
#define read_file() hostname_now(RELOAD_FILE, -1, false)
#define read_copy() hostname_now(RELOAD_COPY, -1, false)

/* Writes the file and gives it a different time, in case the file system's clock has not advanced since. */
static void put_later(const char *name, const char *text)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_sec = 1000 + random() % 1000000}};

	put(name, text);
	assert_int_equal(utimensat(AT_FDCWD, at(name), times, 0), 0);
}

static void edit_copy(const char *text)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "MAC=52:54:00:01:02:03\nIP=10.0.1.1\n%s", text);
	put_later("vm0", whole);
}

static void what_did_not_change(void **state)
{
	(void)state;
	begin("HOSTNAME=one\n");
	assert_string_equal(hostname_now(RELOAD_FILE, RELOAD_COPY, true), "");
	put("file", "HOSTNAME=two\n");
	assert_string_equal(read_file(), "two");
	reload_finish(&w, true);
	assert_int_equal(w.lines.count, 0);
	assert_string_equal(read_copy(), "");
	put_later("file", "HOSTNAME=two\n");
	assert_string_equal(read_file(), "");
	reload_free(&w);
}

static mode_t put_with;

static int note_mode(const char *text, size_t len, mode_t mode)
{
	(void)text, (void)len;
	put_with = mode;
	return 0;
}

static mode_t copys_mode(void)
{
	struct stat st;

	reload_finish(&w, true);
	assert_int_equal(stat(copy, &st), 0);
	return st.st_mode & 07777;
}

/* If the -b file is no longer readable for everyone, the copy is not either. */
static void the_copys_mode(void **state)
{
	(void)state;
	begin("HOSTNAME=one\n");
	assert_int_equal(chmod(file, 0640), 0);
	put_later("file", "HOSTNAME=two\n");
	assert_string_equal(read_file(), "two");
	assert_int_equal(copys_mode(), 0640);
	/* A change of only the mode counts too. */
	assert_int_equal(chmod(file, 0600), 0);
	assert_string_equal(read_file(), "two");
	assert_int_equal(copys_mode(), 0600);
	assert_string_equal(read_file(), "");
	w.put_copy = note_mode;
	assert_int_equal(chmod(file, 0604), 0);
	put_later("file", "HOSTNAME=three\n");
	assert_string_equal(read_file(), "three");
	reload_finish(&w, true);
	assert_int_equal(put_with, 0604);
	reload_free(&w);
}

static void the_last_change_counts(void **state)
{
	(void)state;
	begin("HOSTNAME=one\n");
	edit_copy("HOSTNAME=two\n");
	assert_string_equal(read_copy(), "two");
	/* A change of the file's mode is no change of its text. */
	assert_int_equal(chmod(at("file"), 0600), 0);
	assert_string_equal(read_file(), "");
	put_later("file", "HOSTNAME=one\n");
	assert_string_equal(read_file(), "one");
	put_later("file", "HOSTNAME=three\n");
	edit_copy("HOSTNAME=four\n");
	assert_string_equal(hostname_now(RELOAD_FILE, RELOAD_COPY, false), "four");
	put_later("file", "HOSTNAME=five\n");
	edit_copy("HOSTNAME=six\n");
	assert_string_equal(hostname_now(RELOAD_COPY, RELOAD_FILE, false), "five");
	/* The last change is invalid, so the one before it takes force. */
	put_later("file", "HOSTNAME=seven\n");
	edit_copy("HOSTNAME=-\n");
	assert_string_equal(hostname_now(RELOAD_FILE, RELOAD_COPY, false), "seven");
	assert_int_equal(w.lines.count, 1);
	assert_has(w.lines.at[0], "/vm0:3: HOSTNAME=-: ");
	reload_free(&w);
}

static void bad_and_gone(void **state)
{
	(void)state;
	begin("HOSTNAME=one\n");
	put_later("file", "\nHOSTNAME=-\n");
	assert_string_equal(read_file(), "");
	assert_has(w.lines.at[0], "/file:2: HOSTNAME=-: ");
	assert_int_equal(unlink(file), 0);
	assert_string_equal(read_file(), "");
	assert_has(w.lines.at[0], "/file: is gone");
	put_later("file", "HOSTNAME=two\n");
	assert_string_equal(read_file(), "two");
	assert_int_equal(w.lines.count, 0);
	put_later("file", "HOSTNAME=three\nGATEWAY=10.0.2.1\nGATEWAY_MAC=7a:00:00:00:00:01\n");
	assert_string_equal(read_file(), "");
	assert_has(w.lines.at[0], "/file:2: GATEWAY is outside");
	reload_free(&w);
}

static void the_copy_of_another(void **state)
{
	static const char theirs[] = "MAC=52:54:00:01:02:04\nIP=10.0.1.1\nHOSTNAME=theirs\n";

	(void)state;
	begin("HOSTNAME=one\n");
	put_later("vm0", theirs);
	assert_string_equal(read_copy(), "");
	assert_int_equal(w.lines.count, 1);
	assert_has(w.lines.at[0],
		   "/vm0:1: MAC is not what the VM was started with; nothing in this file has any effect");
	put_later("file", "HOSTNAME=two\n");
	put_later("vm0", "MAC=52:54:00:01:02:04\nHOSTNAME=theirs\n");
	assert_string_equal(hostname_now(RELOAD_FILE, RELOAD_COPY, false), "two");
	/* The lines of the identity in the -b file have no effect, so any value is accepted there. */
	put_later("file", theirs);
	assert_string_equal(read_file(), "theirs");
	edit_copy("HOSTNAME=three\n");
	assert_string_equal(read_copy(), "three");
	reload_free(&w);
}

static bool copy_has(const char *line)
{
	char *text = NULL;
	size_t len;

	assert_int_equal(file_read_plain(copy, 4096, &text, &len, catch_reset(&t.c)), 0);
	bool has = strstr(text, line);
	free(text);
	return has;
}

/* When another VM of the same name ends, its copy goes; then this VM's copy is written again with the text in force. */
static void the_copy_comes_back(void **state)
{
	static const char theirs[] = "MAC=52:54:00:01:02:04\nHOSTNAME=theirs\n";

	(void)state;
	begin("HOSTNAME=one\nMTU=1400\n");
	put_later("vm0", theirs);
	assert_string_equal(read_copy(), "");
	assert_false(w.put_back);
	unlink(copy);
	reload_free_lines(&w.lines);
	assert_string_equal(read_copy(), "");
	assert_true(w.put_back);
	assert_int_equal(w.lines.count, 0);
	assert_int_equal(copys_mode(), 0644); /* copys_mode() writes it */
	assert_true(copy_has("MAC=52:54:00:01:02:03\n") && copy_has("MTU=1400\n") && copy_has("HOSTNAME=one\n"));
	assert_string_equal(read_copy(), "");
	assert_false(w.put_back || w.is_new || w.lines.count);
	/* A copy that the user removed is not written again. */
	unlink(copy);
	assert_string_equal(read_copy(), "");
	assert_false(w.put_back);
	assert_int_equal(w.lines.count, 1);
	reload_free(&w);
}

static void with_lists(void **state)
{
	(void)state;
	begin("HOSTNAME=one\n");
	put("address_list_x", "ADDRESS:a.=y\n");
	put_later("file", "HOSTNAME=two\nADDRESS_LISTS=x\n");
	assert_string_equal(read_file(), "");
	assert_has(w.lines.at[0], "address_list_x:1:");
	assert_int_equal(w.failed, RELOAD_FILE);
	/* The text takes force as soon as its list is valid, without being written again. */
	put("address_list_x", "ADDRESS:a.=10.0.0.1\n");
	assert_string_equal(hostname_now(RELOAD_FILE, -1, true), "two");
	assert_int_equal(w.failed, -1);
	assert_string_equal(hostname_now(-1, -1, true), "");
	put("address_list_x", "ADDRESS:a.=10.0.0.2\n");
	assert_string_equal(hostname_now(-1, -1, true), "two");
	reload_free(&w);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture, clean)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(a_list_goes_on),       TEST(a_list_that_never_was_good),  TEST(lists_come_and_go),
	    TEST(the_text_of_the_copy), TEST(which_changes_the_rules_see), TEST(notify_keys),
	    TEST(what_did_not_change),  TEST(the_last_change_counts),      TEST(bad_and_gone),
	    TEST(with_lists),           TEST(the_copy_of_another),         TEST(the_copy_comes_back),
	    TEST(the_copys_mode),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
