/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest: one VM as the responder sees it. Built once from who it is, its binding
 * file and the global configuration; the answerers only read it.
 */
#ifndef FOLD_GUEST_GUEST_H
#define FOLD_GUEST_GUEST_H

#include "base/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <net/if.h>
#include <netinet/in.h>

/* How the guest gets its IPv6 address, which decides what router advertisements and DHCPv6 tell it. */
enum address6_mode {
	ADDRESS6_EUI64,  /* by itself: the prefix and its MAC (RFC 4291, Modified EUI-64) */
	ADDRESS6_STABLE, /* -k: by itself with an identifier that fold made (RFC 7217), or by DHCPv6 */
	ADDRESS6_GIVEN,  /* -s: by DHCPv6 alone */
};

/* How packets through the gateway are refused, if they are: which answer their sender gets. */
struct refusal {
	enum { REFUSAL_NONE, REFUSAL_UNREACHABLE, REFUSAL_RESET } kind; /* RESET: for TCP; the rest is unreachable */
	uint8_t code; /* of the family's destination unreachable message */
};

/* Who the VM is: from fold's command line, or from the head of a binding file. */
struct identity {
	char iface[IFNAMSIZ];
	uint8_t mac[MAC_LEN];
	bool has4;
	struct cidr4 ip4; /* the VM's address and its subnet's length */
	bool has6;
	struct cidr6 ip6; /* the VM's whole address and its prefix's length */
	enum address6_mode mode6;
	char bridge[IFNAMSIZ]; /* empty where unknown */
	uint32_t mtu;          /* 0: do not tell the guest */
	bool own_mtu;          /* mtu is what the binding says, whatever its bridge has */
	struct refusal refusal4, refusal6;
};

struct ip4_list {
	struct in_addr *at;
	size_t count;
};

struct ip6_list {
	struct in6_addr *at;
	size_t count;
};

/* DHCP_OPTION:<code>: bytes for the wire, any length (RFC 3396 splits them). */
struct dhcp_option {
	uint8_t code;
	uint16_t len;
	uint8_t *bytes;
};

/* DHCP6_OPTION:<code>: the same for DHCPv6, whose codes have 16 bits. */
struct dhcp6_option {
	uint16_t code;
	uint16_t len;
	uint8_t *bytes;
};

struct zone;
struct aliases;

/* ALLOW: names behind the gateway whose addresses the VM may reach, and there which service (guest/allow.h). */
struct allow {
	uint8_t proto;     /* IPPROTO_TCP or IPPROTO_UDP; 0: any protocol */
	uint16_t port;     /* 0: any port */
	bool below;        /* matches the names below this one, but not this one */
	uint8_t name[255]; /* RFC 1035, in lower case, zeros behind it; a label may hold `*` */
};

struct allow_list {
	struct allow *at;
	size_t count;
};

/* What becomes of the guest's DNS questions. */
struct dns_policy {
	bool on; /* fold answers DNS questions at all */
	/* fold takes every question on UDP port 53, whatever its destination; else only those to its own addresses. */
	bool intercept_all;
	/* fold's own addresses take questions by TCP too, and the program keeps the connections (dns/stream.h). */
	bool streams;
	bool serve;             /* questions from the network for the VM's own address are answered too */
	bool forward;           /* names that are unknown here are asked of other servers */
	bool forward_private;   /* also private names, because the servers to ask were named explicitly */
	uint32_t ttl;           /* seconds; of the records in the zone */
	struct in_addr server4; /* where the guest is told to send its questions; 0: nowhere */
	struct in6_addr server6;
	uint8_t *no_forward; /* suffixes, RFC 1035 names in lower case, one after the other */
	size_t no_forward_len;
	struct ip4_list upstream4; /* both empty: the host's own resolvers */
	struct ip6_list upstream6;
	struct zone *zone; /* see zone.h; NULL: no records */
	/*
	 * If not empty: fold asks no servers about other names, and the VM reaches behind the gateway only addresses of
	 * these names.
	 */
	struct allow_list allow;
	const struct aliases *aliases; /* what its names are aliases of (guest/alias.h), the session's; NULL: none */
};

#define NOTIFY_LEN 16 /* octets of a notification */

/* How fold tells the guest that its binding changed, and the acknowledgement that is still missing. */
struct notify {
	uint16_t port;      /* on both sides; 0: the guest is not told */
	struct in_addr ip4; /* fold's source address; 0: not over this family */
	struct in6_addr ip6;
	uint32_t period; /* seconds until it is told again */
	bool waiting;    /* for `token`; set by the sender, not by the files */
	uint8_t token[NOTIFY_LEN];
};

struct guest {
	struct identity id;
	uint8_t service_mac[MAC_LEN];

	/* What DHCP and RA hand out. Strings are never NULL; "" is absent. */
	char *hostname;
	char *domain;
	uint8_t *search; /* RFC 1035 names, uncompressed, one after the other; for option 119 and DNSSL */
	size_t search_len;
	uint8_t *search4; /* `search` compressed for option 119, if it needs more than one option otherwise */
	size_t search4_len;
	bool has_gateway4, has_gateway6;
	struct in_addr gateway4;
	uint8_t gateway4_mac[MAC_LEN];
	struct in6_addr gateway6;
	uint8_t gateway6_mac[MAC_LEN];
	struct ip4_list nameservers4;
	struct ip6_list nameservers6;
	bool dhcp4;                  /* DHCPv4 is answered at all; never without has4 */
	struct in_addr dhcp_server4; /* the responder's own address and server identifier; never 0 with has4 */
	uint32_t lease_time, renew_time, rebind_time; /* seconds; 0xffffffff: for ever */
	struct dhcp_option *options;
	size_t option_count;

	/* IPv6 alone. */
	bool answers6, dhcp6; /* router and neighbour discovery, DHCPv6: whether fold answers at all */
	/* fold's own on the guest's link (RFC 4291, from service_mac): routers' and server's source. */
	struct in6_addr link_local;
	bool ra_autonomous;        /* the prefix's A flag (RFC 4861 4.6.2) */
	bool ra_managed, ra_other; /* M and O (RFC 4861 4.2) */
	uint32_t ra_period;        /* seconds between unsolicited router advertisements */
	uint16_t
	    router_lifetime; /* seconds, where there is a gateway, at the least; three periods where that is more */
	bool proxies6;       /* fold answers for every address of the prefix but the guest's: the host routes */
	bool any_source6; /* no rules limit it to one address: it may use every one of its prefix that is not taken */
	uint16_t hostname_code6, domain_code6; /* DHCPv6 options that carry these names; 0: none */
	struct dhcp6_option *options6;         /* one a code */
	size_t option6_count;

	/* Addresses that fold itself answers ARP (and, for 6, NS) for. */
	struct ip4_list service4;
	struct ip6_list service6;

	struct dns_policy dns;
	struct notify notify;
	bool has_rules;    /* fold's own rules bring its packets: what is sent to fold's addresses is for fold alone */
	bool weave_dns;    /* its host name is registered in weaveDNS, with its IPv4 address */
	bool asked_by_all; /* any subnet may ask for the VM's names: the host's own rules decide who gets through */
};

/* True if the list has the address; l may be NULL. */
bool ip6_list_has(const struct ip6_list *l, const struct in6_addr *a);

/* True if the address is one of fold's own on the guest's link. */
bool guest_serves4(const struct guest *g, struct in_addr a);
bool guest_serves6(const struct guest *g, const struct in6_addr *a);

/*
 * The addresses at which fold takes the guest's questions by TCP and, without intercept_all, by UDP: its own, and the
 * one that the guest was told to ask, which may be the gateway's. out has room for GUEST_DNS_MOST; returns how many
 * there are.
 */
#define GUEST_DNS_MOST 4
size_t guest_dns4(const struct guest *g, struct in_addr out[static GUEST_DNS_MOST]);
size_t guest_dns6(const struct guest *g, struct in6_addr out[static GUEST_DNS_MOST]);

void guest_free(struct guest *g); /* frees what it points to, not g itself; may be called twice */

/* The next name of a list like `search`, and in *len its octets with the root label; NULL at the end. */
struct rd;
const uint8_t *guest_next_name(struct rd *r, size_t *len);

#endif
