/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table: the interfaces of this machine and the bindings that there are for them, by name and by index.
 *
 * The name is what ties a binding to an interface: two VMs with one MAC or one address on two taps are two VMs. An
 * interface may come after its binding, go before it, and come back with another index.
 *
 * The control thread alone changes the table, with the write lock held; workers read it with the read lock, which they
 * take once a batch. What a worker counts at a port is atomic.
 */
#ifndef FOLD_DHCPD_TABLE_H
#define FOLD_DHCPD_TABLE_H

#include "base/log.h"
#include "dhcpd/due.h"
#include "guest/guest.h"

#include <pthread.h>
#include <stdatomic.h>

struct asking; /* a forwarder in use; asking.h */

enum port_count {
	PORT_SEEN,      /* packets that came from it, or for it */
	PORT_ANSWERED,  /* with a reply at once */
	PORT_FORWARDED, /* DNS questions for other servers */
	PORT_PASSED,    /* were not for this program and went on */
	PORT_REFUSED,   /* dropped for what they are */
	PORT_LIMITED,   /* dropped so that others can be heard */
	PORT_COUNTS,
};

struct port {
	char name[IFNAMSIZ];
	struct port *next_name, *next_index;
	int ifindex;                   /* 0: there is no such interface now */
	uint8_t mac[MAC_LEN];          /* its own; zeros: it has none */
	unsigned seen_link, seen_file; /* in which listing it was there last */

	/* The binding, where there is one. */
	bool bound;
	struct guest guest;
	bool is_source;       /* another port's binding names it as INDEV */
	bool any_mac;         /* MACSPOOF */
	bool no_gateway6;     /* PRIVATE */
	bool own_gateway6;    /* GATEWAY6 was given; else the gateway is this host */
	char indev[IFNAMSIZ]; /* INDEV: whose MAC answers come from; "": link_dev's, or its own */
	int link_dev;         /* LINK: the interface of the table's default route; 0: none */
	bool uses_link;       /* its binding depends on a routing table */
	uint64_t text_hash;   /* of the file that it is made of */
	bool closed;          /* its file has something newer that could not be read for lack of permission */
	char *lists;          /* the address lists that it names, each with its NUL, and a last NUL; NULL: none */

	struct moment advertise, notify;
	unsigned advertise_quickly;
	struct guest *past; /* what advertisements withdraw meanwhile (guest/past.h), or NULL; the control thread's */
	struct asking *asking;

	atomic_uint_least64_t counts[PORT_COUNTS];
	atomic_uint window, window_count; /* see worker.c */
	atomic_uint letters;              /* that the control thread has not read yet */
	atomic_uint last_drop;            /* enum drop */
	struct log_limit log;
};

struct table {
	pthread_rwlock_t lock;
	struct port **names, **indices; /* buckets */
	size_t mask, count, bound;
};

int table_open(struct table *t); /* 0 or -ENOMEM */
void table_close(struct table *t);

struct port *table_by_name(const struct table *t, const char *name);
struct port *table_by_index(const struct table *t, int ifindex);

/* The port of that name, added if there is none; NULL without memory. name: shorter than IFNAMSIZ. */
struct port *table_add(struct table *t, const char *name);
/* ifindex: 0 for none. Another port that had this index loses it. */
void table_set_index(struct table *t, struct port *p, int ifindex);
/*
 * Frees p if it has neither an interface nor a binding any more. The caller has unset its moments and closed its
 * asking.
 */
void table_forget(struct table *t, struct port *p);

/* Calls `each` for every port, which may change the port and have it forgotten. */
void table_each(struct table *t, void (*each)(void *arg, struct port *p), void *arg);

static inline void port_count(struct port *p, enum port_count what)
{
	atomic_fetch_add_explicit(&p->counts[what], 1, memory_order_relaxed);
}

#endif
