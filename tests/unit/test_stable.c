/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stable: compares the addresses of -k with known ones, and for random keys, prefixes and MACs with the HMAC that the
 * openssl command computes; and the key files.
 */
#include "report_catch.h"

#include "host/stable.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define RANDOM_CASES 100

static struct catch c;
static char dir[64], path[128];

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/fold-stable-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/key", dir);
	return 0;
}

static int remove_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static struct cidr6 prefix_of(const char *text)
{
	struct cidr6 p;

	if (!cidr6_parse(text, &p))
		fail_msg("%s", text);
	return p;
}

static void gives(const struct stable_key *key, bool whole, const char *prefix, const char *mac_text, const char *want)
{
	const struct cidr6 p = prefix_of(prefix);
	char text[INET6_ADDRSTRLEN];
	uint8_t mac[MAC_LEN];
	struct in6_addr got;

	catch_reset(&c);
	assert_true(mac_parse(mac_text, mac));
	assert_int_equal(stable_address(key, whole, &p, mac, &got, &c.r), 0);
	assert_string_equal(inet_ntop(AF_INET6, &got, text, sizeof(text)), want);
}

static struct stable_key counting_key(void)
{
	struct stable_key key;

	for (unsigned i = 0; i < sizeof(key.bytes); i++)
		key.bytes[i] = (uint8_t)i;
	return key;
}

static void known_addresses(void **state)
{
	struct stable_key key = counting_key();

	(void)state;
	gives(&key, false, "fde5:824d:d315:3bb1::/64", "52:54:00:12:34:56", "fde5:824d:d315:3bb1:2364:d64a:2ab1:88bb");
	gives(&key, true, "fde5:824d:d315:3bb1::/64", "52:54:00:12:34:56", "fde5:824d:d315:3bb1:8f7f:1412:26e:55e1");
}

static void only_eight_octets_of_the_key_count_but_with_full(void **state)
{
	struct stable_key key = counting_key();

	(void)state;
	key.bytes[8] ^= 1;
	gives(&key, false, "fde5:824d:d315:3bb1::/64", "52:54:00:12:34:56", "fde5:824d:d315:3bb1:2364:d64a:2ab1:88bb");
	key.bytes[8] ^= 1;
	key.bytes[7] ^= 1;
	const struct cidr6 p = prefix_of("fde5:824d:d315:3bb1::/64");
	const uint8_t mac[MAC_LEN] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};
	struct in6_addr half, whole, first;
	assert_int_equal(stable_address(&key, false, &p, mac, &half, &c.r), 0);
	key.bytes[63] ^= 1;
	assert_int_equal(stable_address(&key, true, &p, mac, &whole, &c.r), 0);
	key = counting_key();
	assert_int_equal(stable_address(&key, false, &p, mac, &first, &c.r), 0);
	assert_memory_not_equal(&half, &first, sizeof(half));
	assert_memory_not_equal(&whole, &first, sizeof(whole));
}

static void hex(const uint8_t *bytes, size_t len, char *text)
{
	for (size_t i = 0; i < len; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

/* Computes HMAC-SHA-256 with the openssl command. */
static void openssl_hmac(const uint8_t *key, size_t key_len, const uint8_t *input, size_t len, uint8_t digest[32])
{
	char key_text[2 * STABLE_KEY_SIZE + 1], in_name[128], out_name[128], command[512];

	hex(key, key_len, key_text);
	snprintf(in_name, sizeof(in_name), "%s/input", dir);
	snprintf(out_name, sizeof(out_name), "%s/digest", dir);
	FILE *f = fopen(in_name, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(input, 1, len, f), len);
	fclose(f);
	snprintf(command, sizeof(command), "openssl dgst -sha256 -mac HMAC -macopt hexkey:%s -binary %s >%s", key_text,
		 in_name, out_name);
	assert_int_equal(system(command), 0);
	f = fopen(out_name, "r");
	assert_non_null(f);
	assert_int_equal(fread(digest, 1, 32, f), 32);
	fclose(f);
}

static void random_addresses_against_openssl(void **state)
{
	(void)state;
	for (int n = 0; n < RANDOM_CASES; n++) {
		struct stable_key key;
		struct cidr6 p = {.len = 64};
		uint8_t mac[MAC_LEN], input[22], digest[32];
		struct in6_addr got, want;
		bool whole = n % 2;
		assert_int_equal(getrandom(&key, sizeof(key), 0), sizeof(key));
		assert_int_equal(getrandom(&p.addr, 8, 0), 8);
		assert_int_equal(getrandom(mac, sizeof(mac), 0), sizeof(mac));
		memcpy(input, &p.addr, 16);
		memcpy(input + 16, mac, MAC_LEN);
		openssl_hmac(key.bytes, whole ? 64 : 8, input, sizeof(input), digest);
		memcpy(&want, &p.addr, 8);
		memcpy(want.s6_addr + 8, digest, 8);
		catch_reset(&c);
		assert_int_equal(stable_address(&key, whole, &p, mac, &got, &c.r), 0);
		assert_memory_equal(&got, &want, sizeof(want));
	}
}

/*
 * The digest fills the end of the address in whole octets; remaining bits are the low bits of the digest's next octet.
 */
static void prefixes_of_other_lengths(void **state)
{
	static const int lengths[] = {1, 7, 8, 48, 56, 60, 63, 65, 80, 96, 112, 120, 121, 127};
	struct stable_key key = counting_key();
	const uint8_t mac[MAC_LEN] = {0x52, 0x54, 0, 0x12, 0x34, 0x56};

	(void)state;
	for (size_t n = 0; n < sizeof(lengths) / sizeof(lengths[0]); n++) {
		struct cidr6 p = prefix_of("fde5:824d:d315:3bb1:a5a5:a5a5:a5a5:a5a5/128");
		uint8_t input[22], digest[32];
		struct in6_addr got;
		p.len = (uint8_t)lengths[n];
		p.addr = ip6_network(p);
		memcpy(input, &p.addr, 16);
		memcpy(input + 16, mac, MAC_LEN);
		openssl_hmac(key.bytes, 8, input, sizeof(input), digest);
		assert_int_equal(stable_address(&key, false, &p, mac, &got, &c.r), 0);
		assert_true(ip6_in(p, got));
		unsigned bits = 128U - p.len;
		assert_memory_equal(got.s6_addr + 16 - bits / 8, digest, bits / 8);
		if (bits % 8)
			assert_int_equal(got.s6_addr[15 - bits / 8] & ((1 << bits % 8) - 1),
					 digest[bits / 8] & ((1 << bits % 8) - 1));
	}
}

static void write_file(size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	for (size_t i = 0; i < len; i++)
		fputc((int)(i & 0xff), f);
	fclose(f);
}

static void refused(int err, const char *what)
{
	struct stable_key key;

	catch_reset(&c);
	assert_int_equal(stable_key_read(path, &key, &c.r), -err);
	if (!strstr(c.r.msg, what) || !strstr(c.r.msg, path))
		fail_msg("\"%s\" or \"%s\" is not in \"%s\"", path, what, c.r.msg);
	stable_key_wipe(&key);
}

static void key_files(void **state)
{
	struct stable_key key, want = counting_key();

	(void)state;
	write_file(64);
	catch_reset(&c);
	assert_int_equal(stable_key_read(path, &key, &c.r), 0);
	assert_memory_equal(&key, &want, sizeof(key));
	write_file(100);
	assert_int_equal(stable_key_read(path, &key, &c.r), 0);
	assert_memory_equal(&key, &want, sizeof(key));
	stable_key_wipe(&key);
	write_file(63);
	refused(EINVAL, "holds 63 octets");
	write_file(0);
	refused(EINVAL, "holds 0 octets");
	assert_int_equal(unlink(path), 0);
	refused(ENOENT, "No such file");
	assert_int_equal(mkfifo(path, 0600), 0);
	refused(EINVAL, "not a regular file");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	refused(EINVAL, "not a regular file");
	assert_int_equal(rmdir(path), 0);
}

static void no_core_dump_holds_a_key(void **state)
{
	static const struct stable_key zero;
	struct stable_key key;

	(void)state;
	write_file(64);
	assert_int_equal(prctl(PR_GET_DUMPABLE), 1);
	assert_int_equal(stable_key_read(path, &key, &c.r), 0);
	assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
	stable_key_wipe(&key);
	assert_int_equal(prctl(PR_GET_DUMPABLE), 1);
	assert_memory_equal(&key, &zero, sizeof(key));
	/* A key that could only be read in part is wiped from memory too. */
	write_file(63);
	assert_int_equal(stable_key_read(path, &key, &c.r), -EINVAL);
	assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
	stable_key_wipe(&key);
	assert_memory_equal(&key, &zero, sizeof(key));
	unlink(path);
}

static void keys_are_made_and_never_overwritten(void **state)
{
	struct stable_key one, other;
	struct stat st;

	(void)state;
	mode_t before = umask(0777);
	catch_reset(&c);
	assert_int_equal(stable_key_make(path, &c.r), 0);
	umask(before);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(st.st_size, 64);
	assert_int_equal(stable_key_read(path, &one, &c.r), 0);
	assert_int_equal(stable_key_make(path, &c.r), -EEXIST);
	assert_non_null(strstr(c.r.msg, "never overwritten"));
	assert_int_equal(stable_key_read(path, &other, &c.r), 0);
	assert_memory_equal(&one, &other, sizeof(one));
	assert_int_equal(unlink(path), 0);
	/* A dangling link counts as an existing file. */
	assert_int_equal(symlink("elsewhere", path), 0);
	assert_int_equal(stable_key_make(path, &c.r), -EEXIST);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(stable_key_make(path, &c.r), 0);
	assert_int_equal(stable_key_read(path, &other, &c.r), 0);
	assert_memory_not_equal(&one, &other, sizeof(one));
	stable_key_wipe(&other);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(stable_key_make("/proc/self/key", &c.r), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_addresses),
	    cmocka_unit_test(only_eight_octets_of_the_key_count_but_with_full),
	    cmocka_unit_test(random_addresses_against_openssl),
	    cmocka_unit_test(prefixes_of_other_lengths),
	    cmocka_unit_test(key_files),
	    cmocka_unit_test(no_core_dump_holds_a_key),
	    cmocka_unit_test(keys_are_made_and_never_overwritten),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
