/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's state: nftables counters, and tables that no guest may change. Source: linux/netfilter/nf_tables.h,
 * rtnetlink(7).
 */
#include "attack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <libnftnl/object.h>
#include <linux/if_bridge.h>
#include <linux/neighbour.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>

static uint32_t seq = 1;

/* Asks for one dump and calls cb for every message. Returns 0 or -errno. */
static int dump(int bus, struct nlmsghdr *h, mnl_cb_t cb, void *arg)
{
	static struct mnl_socket *sockets[NETLINK_NETFILTER + 1];
	static char buf[65536];
	struct mnl_socket *s = sockets[bus];

	if (!s) {
		s = sockets[bus] = mnl_socket_open2(bus, SOCK_CLOEXEC);
		if (!s || mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0)
			die("netlink: %s", strerror(errno));
	}
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = ++seq;
	if (mnl_socket_sendto(s, h, h->nlmsg_len) < 0)
		return -errno;
	for (int r = MNL_CB_OK; r > MNL_CB_STOP;) {
		ssize_t got = mnl_socket_recvfrom(s, buf, sizeof(buf));
		r = got < 0 ? MNL_CB_ERROR : mnl_cb_run(buf, (size_t)got, seq, mnl_socket_get_portid(s), cb, arg);
		if (r == MNL_CB_ERROR)
			return -errno;
	}
	return 0;
}

static int read_object(const struct nlmsghdr *h, void *arg)
{
	struct tally *t = arg;
	struct nftnl_obj *o = nftnl_obj_alloc();

	if (o && nftnl_obj_nlmsg_parse(h, o) == 0 && nftnl_obj_get_u32(o, NFTNL_OBJ_TYPE) == NFT_OBJECT_COUNTER &&
	    t->n < TALLY_MAX) {
		snprintf(t->name[t->n], sizeof(t->name[0]), "%s", nftnl_obj_get_str(o, NFTNL_OBJ_NAME));
		t->packets[t->n++] = nftnl_obj_get_u64(o, NFTNL_OBJ_CTR_PKTS);
	}
	if (o)
		nftnl_obj_free(o);
	return MNL_CB_OK;
}

void tally_read(const char *table, struct tally *out)
{
	char buf[512];
	struct nlmsghdr *h = nftnl_nlmsg_build_hdr(buf, NFT_MSG_GETOBJ, NFPROTO_NETDEV, 0, 0);

	out->n = 0;
	mnl_attr_put_strz(h, NFTA_OBJ_TABLE, table);
	mnl_attr_put_u32(h, NFTA_OBJ_TYPE, htonl(NFT_OBJECT_COUNTER));
	int err = dump(NETLINK_NETFILTER, h, read_object, out);
	if (err || !out->n)
		die("table netdev %s: no counters: %s", table, strerror(-err));
}

uint64_t tally_of(const struct tally *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->name[i], name) == 0)
			return t->packets[i];
	return 0;
}

uint64_t tally_diff(const struct tally *before, const struct tally *after, char text[static 256])
{
	uint64_t drops = 0;
	size_t at = 0;

	text[0] = 0;
	for (size_t i = 0; i < after->n; i++) {
		uint64_t more = after->packets[i] - tally_of(before, after->name[i]);
		if (!more)
			continue;
		int n = snprintf(text + at, 256 - at, "%s+%llu %s", at ? ", " : "", (unsigned long long)more,
				 after->name[i]);
		at = at + (size_t)n < 255 ? at + (size_t)n : 255;
		drops += strcmp(after->name[i], "taken") == 0 ? 0 : more;
	}
	return drops;
}

/* ---- tables of rtnetlink, as sorted text ---- */

struct lines {
	char **at;
	size_t n, room;
};

static void hex(char *to, const void *from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sprintf(to + 2 * i, "%02x", ((const uint8_t *)from)[i]);
}

/* libmnl's own loop gives warnings with -Wconversion. */
#define each_attr(a, h, fixed)                                                                                         \
	a = mnl_nlmsg_get_payload_offset(h, fixed);                                                                    \
	mnl_attr_ok(a, (int)((const char *)mnl_nlmsg_get_payload_tail(h) - (const char *)(a)));                        \
	a = mnl_attr_next(a)

static void keep_line(struct lines *l, const char *text)
{
	if (l->n == l->room && !(l->at = reallocarray(l->at, l->room = 2 * l->room + 64, sizeof(char *))))
		die("out of memory");
	l->at[l->n++] = strdup(text);
}

/* A group of a bridge port as a line, without the timer that follows it. */
static int read_group(const struct nlattr *a, void *arg)
{
	struct br_mdb_entry e;
	char text[2 * sizeof(e) + 1];

	if (mnl_attr_get_payload_len(a) >= sizeof(e)) {
		memcpy(&e, mnl_attr_get_payload(a), sizeof(e));
		e.state = e.flags = 0;
		hex(text, &e, sizeof(e));
		keep_line(arg, text);
	}
	return MNL_CB_OK;
}

static int read_entry(const struct nlattr *a, void *arg)
{
	return mnl_attr_parse_nested(a, read_group, arg);
}

/* A message as a line: its fixed part, and the attributes that do not change with time. */
static int read_line(const struct nlmsghdr *h, void *arg)
{
	struct lines *l = arg;
	char text[512];
	const struct nlattr *a = NULL;
	size_t fixed = h->nlmsg_type == RTM_NEWNEIGH ? sizeof(struct ndmsg) : sizeof(struct rtmsg);
	size_t at = (size_t)snprintf(text, sizeof(text), "%u ", h->nlmsg_type);

	/* The kernel dumps groups as RTM_GETMDB, where RTM_NEWMDB would be right. */
	if (h->nlmsg_type == RTM_NEWMDB || h->nlmsg_type == RTM_GETMDB) {
		for (each_attr (a, h, sizeof(struct br_port_msg)))
			if (mnl_attr_get_type(a) == MDBA_MDB)
				mnl_attr_parse_nested(a, read_entry, arg);
		return MNL_CB_OK;
	}

	if (h->nlmsg_type == RTM_NEWNEIGH) {
		const struct ndmsg *nd = mnl_nlmsg_get_payload(h);
		/* The kernel makes such entries for groups that it sends to itself. */
		if (nd->ndm_family == AF_INET6 && nd->ndm_state & NUD_NOARP)
			return MNL_CB_OK;
		at += (size_t)snprintf(text + at, sizeof(text) - at, "if%d static%d", nd->ndm_ifindex,
				       !!(nd->ndm_state & (NUD_NOARP | NUD_PERMANENT)));
	}
	for (each_attr (a, h, fixed)) {
		uint16_t type = mnl_attr_get_type(a), len = mnl_attr_get_payload_len(a);
		bool lasts = h->nlmsg_type == RTM_NEWNEIGH ? type == NDA_DST || type == NDA_LLADDR || type == NDA_MASTER
							   : type == RTA_DST || type == RTA_GATEWAY || type == RTA_OIF;
		if (!lasts || at + 2U * len + 8 > sizeof(text))
			continue;
		at += (size_t)snprintf(text + at, sizeof(text) - at, " %u:", type);
		hex(text + at, mnl_attr_get_payload(a), len);
		at += 2U * len;
	}
	keep_line(l, text);
	return MNL_CB_OK;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *state_dump(enum state what)
{
	static const struct {
		uint16_t type;
		uint8_t family;
		size_t header;
	} asks[] = {
	    [STATE_FDB] = {RTM_GETNEIGH, AF_BRIDGE, sizeof(struct ndmsg)},
	    [STATE_MDB] = {RTM_GETMDB, AF_BRIDGE, sizeof(struct br_port_msg)},
	    [STATE_NEIGHBOURS] = {RTM_GETNEIGH, AF_INET, sizeof(struct ndmsg)},
	    [STATE_ROUTES] = {RTM_GETROUTE, AF_INET, sizeof(struct rtmsg)},
	    [STATE_NEIGHBOURS6] = {RTM_GETNEIGH, AF_INET6, sizeof(struct ndmsg)},
	    [STATE_ROUTES6] = {RTM_GETROUTE, AF_INET6, sizeof(struct rtmsg)},
	};
	char buf[256], *text = NULL;
	size_t size = 0;
	struct lines l = {0};
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);

	h->nlmsg_type = asks[what].type;
	uint8_t *extra = mnl_nlmsg_put_extra_header(h, asks[what].header);
	memset(extra, 0, asks[what].header);
	extra[0] = asks[what].family; /* the family comes first in the fixed part of each */
	int err = dump(NETLINK_ROUTE, h, read_line, &l);
	if (err)
		die("rtnetlink: %s", strerror(-err));
	if (l.n)
		qsort(l.at, l.n, sizeof(char *), by_text);
	FILE *f = open_memstream(&text, &size);
	for (size_t i = 0; f && i < l.n; i++) {
		fprintf(f, "%s\n", l.at[i]);
		free(l.at[i]);
	}
	if (!f || fclose(f))
		die("out of memory");
	free(l.at);
	return text;
}
