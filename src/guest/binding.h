/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * binding: one VM's binding file. KEY=VALUE lines; the table in binding.c is the format.
 */
#ifndef FOLD_GUEST_BINDING_H
#define FOLD_GUEST_BINDING_H

#include "base/report.h"
#include "guest/guest.h"
#include "guest/record.h"
#include "guest/value.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BINDING_SIZE_MAX (1024 * 1024)
#define ADDRESS_LIST_PREFIX "address_list_" /* of the file names in the data path */

enum binding_key {
	BINDING_MAC,
	BINDING_IP,
	BINDING_SUBNET,
	BINDING_IP6,
	BINDING_SUBNET6,
	BINDING_EUI64,
	BINDING_BRIDGE,
	BINDING_INDEV,
	BINDING_MTU,
	BINDING_LINK,
	BINDING_PRIVATE,
	BINDING_MACSPOOF,
	BINDING_STABLE_KEY,
	BINDING_WEAVE_DNS,
	BINDING_HOSTNAME,
	BINDING_DOMAIN,
	BINDING_DOMAIN_SEARCH,
	BINDING_GATEWAY,
	BINDING_GATEWAY_MAC,
	BINDING_GATEWAY6,
	BINDING_GATEWAY6_MAC,
	BINDING_NAMESERVERS,
	BINDING_NAMESERVERS6,
	BINDING_DHCP_SERVER_IP,
	BINDING_DNS_SERVER_IP,
	BINDING_DNS_SERVER_IP6,
	BINDING_ADDRESS_LISTS,
	BINDING_DNS_TTL,
	BINDING_DNS_FORWARD,
	BINDING_NO_FORWARD,
	BINDING_DNS_NAMESERVERS,
	BINDING_DNS_NAMESERVERS6,
	BINDING_DNS_INTERCEPT,
	BINDING_DNS_SERVE,
	BINDING_ALLOW,
	BINDING_DHCP6_HOSTNAME_OPTCODE,
	BINDING_DHCP6_DOMAINNAME_OPTCODE,
	BINDING_NOTIFY_PORT,
	BINDING_NOTIFY_IP,
	BINDING_NOTIFY_IP6,
	BINDING_COUNT,
};

enum dns_intercept { DNS_INTERCEPT_ALL, DNS_INTERCEPT_SERVICE };

/* A field is valid only if binding_has() says that the file sets its key. */
struct binding {
	char *path;                   /* as the messages name it */
	uint32_t line[BINDING_COUNT]; /* the last line that sets the key; 0: none does, or only with an empty value */

	uint8_t mac[MAC_LEN];
	struct in_addr ip;
	struct cidr4 subnet;
	struct in6_addr ip6, eui64;
	struct cidr6 subnet6;
	char bridge[IFNAMSIZ], indev[IFNAMSIZ];
	uint32_t mtu;
	char *link; /* a routing table's name or number */
	bool private, macspoof;
	uint32_t stable_key; /* the only choice is 0, "full" */
	bool weave_dns;

	char *hostname, *domain; /* without a last dot */
	struct name_list domain_search;
	struct in_addr gateway;
	struct in6_addr gateway6;
	uint8_t gateway_mac[MAC_LEN], gateway6_mac[MAC_LEN];
	struct ip4_list nameservers;
	struct ip6_list nameservers6;
	struct in_addr dhcp_server_ip, dns_server_ip;
	struct in6_addr dns_server_ip6;
	struct dhcp_option *options; /* one for each code */
	size_t option_count;
	struct dhcp6_option *options6; /* one for each code, OPTION6_COUNT_MAX at most */
	size_t option6_count;

	struct record_list records;
	struct word_list address_lists;
	struct record_list list_records; /* what the address lists hold; see address_list.h */
	struct name_list list_no_forward;
	uint32_t dns_ttl;
	bool dns_forward, dns_serve;
	uint32_t dns_intercept; /* enum dns_intercept */
	struct name_list no_forward;
	struct ip4_list dns_nameservers;
	struct ip6_list dns_nameservers6;
	struct allow_list allow;
	uint32_t dhcp6_hostname_optcode, dhcp6_domainname_optcode;
	uint32_t notify_port;
	struct in_addr notify_ip;
	struct in6_addr notify_ip6;
};

static inline bool binding_has(const struct binding *b, enum binding_key k)
{
	return b->line[k] != 0;
}

/* Values of struct field's flags in the table of binding keys. */
enum binding_field_flags {
	BINDING_FIELD_MANY = 1,    /* a list: further lines add to it */
	BINDING_FIELD_WHO = 2,     /* part of the VM's identity: fold writes it into the VM's copy */
	BINDING_FIELD_IN_LIST = 4, /* may stand in an address list */
};

/* The table row of that key; NULL if there is no such key. */
const struct field *binding_field(const char *name);

/* A VM's own file, or an address list, which holds only ADDRESS:, ADDRESS6:, TXT: and NO_FORWARD. */
enum binding_kind { BINDING_VM, BINDING_LIST };

/*
 * Parses text of len octets, which messages call `path`. Pure. Warns of unknown keys, keys that appear twice and, in a
 * list, keys that are not allowed there. 0 and *out is to be freed, or -errno with "path:line: ..." in r and *out
 * untouched.
 */
int binding_parse(const char *text, size_t len, const char *path, enum binding_kind kind, struct binding *out,
		  struct report *r);

/* The same from a file; file_read_plain() says which files it accepts. */
int binding_load(const char *path, enum binding_kind kind, struct binding *out, struct report *r);

void binding_free(struct binding *b); /* frees what it points to; may be called twice */

/*
 * Writes the VM's own copy, <datapath>/<iface>, atomically: first the keys of the VM's identity and a comment by which
 * binding_is_copy() knows it, then the text of the -b file (NULL: there is none) without its own lines for these keys.
 * The MTU is b's if b (which may be NULL) sets one, else id's. Makes the data path with mode 0755 if it is missing. Does
 * not sync the file to disk, because the VM does not outlive a power cut either. path, if not NULL, gets the file's
 * name. 0 or -errno with a line in r.
 *
 * mode: that of the -b file, or BINDING_COPY_MODE if there is none. fold reads the -b file as root, so without this the
 * copy could show its contents to users who may not read the -b file.
 */
#define BINDING_COPY_MODE 0644
int binding_write_copy(const char *datapath, const struct identity *id, const struct binding *b, const char *text,
		       size_t len, mode_t mode, char **path, struct report *r);

/* Makes the text of that copy: *out of *out_len octets, which the caller frees. 0, or -ENOMEM with a line in r. */
int binding_copy_text(const struct identity *id, const struct binding *b, const char *text, size_t len, char **out,
		      size_t *out_len, struct report *r);

/* Writes a text from binding_copy_text() to <datapath>/<iface>; otherwise like binding_write_copy(). */
int binding_put_copy(const char *datapath, const char *iface, const char *text, size_t len, mode_t mode, char **path,
		     struct report *r);
/* True if the file's text says that it is a copy which a fold made for a VM, any VM, with that interface name. */
bool binding_is_copy(const char *path, const char *iface);
/* Removes a copy and the temporary file of a killed writer. 0, also if there is no copy, or -errno. */
int binding_remove_copy(const char *path);

#endif
