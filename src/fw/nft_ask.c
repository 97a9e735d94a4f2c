/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions: what is there. A question changes nothing and holds up nobody. Source: linux/netfilter/nf_tables.h. */
#include "fw/nft_priv.h"

#include <errno.h>
#include <string.h>

#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>

/* A question about one chain, in n->buffer; NULL without memory. */
static struct nlmsghdr *about_chain(struct nft *n, int family, const char *table, const char *chain, uint16_t flags)
{
	struct nftnl_chain *c = nftnl_chain_alloc();

	if (!c)
		return NULL;
	nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, table);
	nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, chain);
	struct nlmsghdr *h = nftnl_nlmsg_build_hdr(n->buffer, NFT_MSG_GETCHAIN, (uint16_t)family, flags, n->seq++);
	nftnl_chain_nlmsg_build_payload(h, c);
	nftnl_chain_free(c);
	return h;
}

static struct nlmsghdr *about_table(struct nft *n, int family, const char *table, uint16_t flags)
{
	struct nftnl_table *t = nftnl_table_alloc();

	if (!t)
		return NULL;
	nftnl_table_set_str(t, NFTNL_TABLE_NAME, table);
	struct nlmsghdr *h = nftnl_nlmsg_build_hdr(n->buffer, NFT_MSG_GETTABLE, (uint16_t)family, flags, n->seq++);
	nftnl_table_nlmsg_build_payload(h, t);
	nftnl_table_free(t);
	return h;
}

/* h: a question that asks for an acknowledgement as well, or NULL without memory. */
static int is_there(struct nft *n, const struct nlmsghdr *h)
{
	if (!h)
		return -ENOMEM;
	int err = mnl_socket_sendto(n->socket, h, h->nlmsg_len) < 0 ? -errno : nft_read_answers(n, n->seq - 1);
	return err == 0 ? 1 : err == -ENOENT ? 0 : err;
}

int nft_has_table(struct nft *n, int family, const char *table)
{
	return is_there(n, about_table(n, family, table, NLM_F_ACK));
}

int nft_has_chain(struct nft *n, int family, const char *table, const char *chain)
{
	return is_there(n, about_chain(n, family, table, chain, NLM_F_ACK));
}

/*
 * The next datagram of the answer to question `seq`. Answers to earlier questions, which came too late for them, are
 * skipped.
 */
static ssize_t receive_answer(const struct nft *n, uint32_t seq, void *buf, size_t size, uint64_t until)
{
	const struct nlmsghdr *h = buf;

	for (;;) {
		ssize_t got = nft_receive(n, buf, size, until);
		if (got < 0 || (mnl_nlmsg_ok(h, (int)got) && h->nlmsg_seq == seq))
			return got;
	}
}

int nft_chain_kind(struct nft *n, int family, const char *table, const char *chain)
{
	char buf[8192];
	const struct nlmsghdr *h = about_chain(n, family, table, chain, 0);
	uint64_t until;

	if (!h)
		return -ENOMEM;
	int sent = nft_ask(n, h, &until);
	if (sent < 0)
		return sent;
	ssize_t got = receive_answer(n, n->seq - 1, buf, sizeof(buf), until);
	if (got < 0)
		return (int)got;
	h = (const void *)buf;
	if (h->nlmsg_type == NLMSG_ERROR) {
		int err = ((const struct nlmsgerr *)mnl_nlmsg_get_payload(h))->error;
		return err == -ENOENT ? NFT_KIND_NONE : err;
	}
	struct nftnl_chain *c = nftnl_chain_alloc();
	if (!c || nftnl_chain_nlmsg_parse(h, c) < 0) {
		nftnl_chain_free(c);
		return -ENOMEM;
	}
	bool hooked = nftnl_chain_is_set(c, NFTNL_CHAIN_HOOKNUM);
	nftnl_chain_free(c);
	return hooked ? NFT_KIND_BASE : NFT_KIND_PLAIN;
}

/*
 * Counts until the dump is done; an interrupted one (the rules changed meanwhile) is told as -EINTR. The kernel marks
 * only the message after the change, which need not be the last (include/net/netlink.h, nl_dump_check_consistent).
 */
static int count_dump(struct nft *n, const struct nlmsghdr *question, bool (*counts)(const struct nlmsghdr *))
{
	char buf[16384];
	const uint32_t seq = question->nlmsg_seq;
	uint64_t until;
	int count = 0, err = nft_ask(n, question, &until);
	bool changed = false;

	if (err)
		return err;
	for (;;) {
		ssize_t got = receive_answer(n, seq, buf, sizeof(buf), until);
		if (got < 0)
			return (int)got;
		int left = (int)got;
		for (const struct nlmsghdr *h = (const void *)buf; mnl_nlmsg_ok(h, left);
		     h = mnl_nlmsg_next(h, &left)) {
			changed |= (h->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
			if (h->nlmsg_type == NLMSG_DONE)
				return changed ? -EINTR : count;
			if (h->nlmsg_type == NLMSG_ERROR)
				return ((const struct nlmsgerr *)mnl_nlmsg_get_payload(h))->error;
			count += !counts || counts(h);
		}
	}
}

int nft_count_rules(struct nft *n, int family, const char *table, const char *chain)
{
	struct nftnl_rule *r = nftnl_rule_alloc();

	if (!r)
		return -ENOMEM;
	nftnl_rule_set_str(r, NFTNL_RULE_TABLE, table);
	nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, chain);
	struct nlmsghdr *h = nftnl_nlmsg_build_hdr(n->buffer, NFT_MSG_GETRULE, (uint16_t)family, NLM_F_DUMP, n->seq++);
	nftnl_rule_nlmsg_build_payload(h, r);
	nftnl_rule_free(r);
	return count_dump(n, h, NULL);
}

int nft_has_in_vmap(struct nft *n, int family, const char *table, const char *map, const char *ifname)
{
	char key[IFNAMSIZ] = "";
	struct nftnl_set *s = nftnl_set_alloc();
	struct nftnl_set_elem *e = nftnl_set_elem_alloc();
	int err = -ENOMEM;

	if (s && e) {
		struct nlmsghdr *h =
		    nftnl_nlmsg_build_hdr(n->buffer, NFT_MSG_GETSETELEM, (uint16_t)family, NLM_F_ACK, n->seq++);
		memcpy(key, ifname, strnlen(ifname, IFNAMSIZ - 1));
		nftnl_set_set_str(s, NFTNL_SET_TABLE, table);
		nftnl_set_set_str(s, NFTNL_SET_NAME, map);
		nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY, key, sizeof(key));
		nftnl_set_elem_add(s, e);
		e = NULL; /* the set's now */
		nftnl_set_elems_nlmsg_build_payload(h, s);
		err = mnl_socket_sendto(n->socket, h, h->nlmsg_len) < 0 ? -errno : nft_read_answers(n, n->seq - 1);
	}
	if (e)
		nftnl_set_elem_free(e);
	if (s)
		nftnl_set_free(s);
	return err == 0 ? 1 : err == -ENOENT ? 0 : err;
}

/* An answer names the map and lists its elements. An empty map is answered, too, with no element in the list. */
static bool has_elements(const struct nlmsghdr *h)
{
	const struct nlattr *a = mnl_nlmsg_get_payload_offset(h, sizeof(struct nfgenmsg));

	for (; mnl_attr_ok(a, (int)((const char *)mnl_nlmsg_get_payload_tail(h) - (const char *)a));
	     a = mnl_attr_next(a))
		if (mnl_attr_get_type(a) == NFTA_SET_ELEM_LIST_ELEMENTS)
			return mnl_attr_get_payload_len(a) > 0;
	return false;
}

int nft_vmap_is_empty(struct nft *n, int family, const char *table, const char *map)
{
	struct nftnl_set *s = nftnl_set_alloc();

	if (!s)
		return -ENOMEM;
	nftnl_set_set_str(s, NFTNL_SET_TABLE, table);
	nftnl_set_set_str(s, NFTNL_SET_NAME, map);
	struct nlmsghdr *h =
	    nftnl_nlmsg_build_hdr(n->buffer, NFT_MSG_GETSETELEM, (uint16_t)family, NLM_F_DUMP, n->seq++);
	nftnl_set_nlmsg_build_payload(h, s);
	nftnl_set_free(s);
	int parts = count_dump(n, h, has_elements);
	return parts == -ENOENT ? 1 : parts < 0 ? parts : !parts;
}

int nft_dump(struct nft *n, struct nlmsghdr *h, mnl_cb_t each, void *arg)
{
	char buf[16384];
	uint32_t seq = h->nlmsg_seq;
	uint64_t until;
	int err = nft_ask(n, h, &until);

	if (err)
		return err;
	for (;;) {
		ssize_t got = receive_answer(n, seq, buf, sizeof(buf), until);
		if (got < 0)
			return (int)got;
		int r = mnl_cb_run(buf, (size_t)got, seq, mnl_socket_get_portid(n->socket), each, arg);
		if (r < 0)
			return -errno;
		if (r == MNL_CB_STOP)
			return 0;
	}
}
