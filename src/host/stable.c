/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RFC 7217 (stable addresses), RFC 2104 (HMAC), FIPS 180-4 (SHA-256), by libcrypto. */
#include "host/stable.h"

#include "base/library.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/opensslv.h>

#define DIGEST_SIZE 32
#define RDISCD_KEY_SIZE 8 /* rdiscd takes the size of a pointer by mistake; its users' addresses depend on it */

#define LIBRARY_(version) "libcrypto.so." #version
#define LIBRARY_NAMED(version) LIBRARY_(version)
#define LIBRARY LIBRARY_NAMED(OPENSSL_SHLIB_VERSION)

#define USED(X) X(OPENSSL_init_crypto) X(EVP_sha256) X(HMAC)
static struct {
	USED(LIBRARY_POINTER)
} lib;

static int load(struct report *r)
{
	static const char *const names[] = {LIBRARY, NULL};
	void *library = library_open(names);

	if (!library)
		return report_fail(r, ENOENT, "%s: cannot be loaded; install it (Debian: libssl3)", LIBRARY);
	/* The library stays loaded for the life of the process, because it cannot be unloaded cleanly. */
	if (!(true USED(LIBRARY_FIND)))
		return report_fail(r, ENOENT, "%s: is not the library that fold was built for", LIBRARY);
	/* No configuration file of OpenSSL may change what the functions do. */
	if (!lib.OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL))
		return report_fail(r, EIO, "%s: does not start", LIBRARY);
	return 0;
}

/*
 * Puts an identifier from the digest behind the prefix. The first whole octets of the digest
 * become the last ones of the address; the bits of the identifier that remain before them are the
 * low bits of the digest's next octet. With a prefix of 64 these are the digest's first 64 bits.
 */
static struct in6_addr place(const struct cidr6 *prefix, const uint8_t digest[static DIGEST_SIZE])
{
	struct in6_addr a = prefix->addr;
	unsigned bits = 128U - prefix->len, octets = bits / 8, rest = bits % 8;

	memcpy(a.s6_addr + 16 - octets, digest, octets);
	if (rest)
		a.s6_addr[15 - octets] |= (uint8_t)(digest[octets] & ((1U << rest) - 1));
	return a;
}

int stable_address(const struct stable_key *key, bool whole, const struct cidr6 *prefix,
		   const uint8_t mac[static MAC_LEN], struct in6_addr *out, struct report *r)
{
	uint8_t input[sizeof(prefix->addr) + MAC_LEN], digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	int err = load(r);

	if (err)
		return err;
	/* RFC 7217 5: F(prefix, interface, key); network and DAD counter are left out, as its last paragraph allows. */
	memcpy(input, &prefix->addr, sizeof(prefix->addr));
	memcpy(input + sizeof(prefix->addr), mac, MAC_LEN);
	if (!lib.HMAC(lib.EVP_sha256(), key->bytes, whole ? STABLE_KEY_SIZE : RDISCD_KEY_SIZE, input, sizeof(input),
		      digest, &len) ||
	    len != DIGEST_SIZE)
		return report_fail(r, EIO, "%s: HMAC-SHA-256 fails", LIBRARY);
	*out = place(prefix, digest);
	explicit_bzero(digest, sizeof(digest));
	return 0;
}
