/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sets, and what is in them, as parts of a transaction. Types are nft's own numbers, which `nft list` needs to print the keys. */
#include "fw/nft_priv.h"

#include <endian.h>
#include <string.h>

#include <libnftnl/udata.h>
#include <net/if.h>

enum {
	TYPE_IPADDR = 7,
	TYPE_IP6ADDR = 8,
	TYPE_INET_PROTO = 12,
	TYPE_INET_SERVICE = 13,
	TYPE_IFNAME = 41,
	TYPE_BITS = 6, /* bits of each type in the type number of a key with several parts */
};

struct shape {
	uint32_t flags, key_type, key_len;
};

/* Without it nft takes the key for a big-endian number and prints it backwards (nft's own enum byteorder). */
static void put_key_byteorder(struct nftnl_set *s)
{
	enum { HOST_ENDIAN = 1 };
	struct nftnl_udata_buf *u = nftnl_udata_buf_alloc(NFT_USERDATA_MAXLEN);

	if (!u)
		return;
	nftnl_udata_put_u32(u, NFTNL_UDATA_SET_KEYBYTEORDER, HOST_ENDIAN);
	nftnl_set_set_data(s, NFTNL_SET_USERDATA, nftnl_udata_buf_data(u), nftnl_udata_buf_len(u));
	nftnl_udata_buf_free(u);
}

static void put_shape(struct nft *n, struct nftnl_set *s, const struct shape *shape)
{
	nftnl_set_set_u32(s, NFTNL_SET_ID, ++n->set_id);
	nftnl_set_set_u32(s, NFTNL_SET_FLAGS, shape->flags);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, shape->key_type);
	nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, shape->key_len);
	if (!(shape->flags & NFT_SET_MAP))
		return;
	nftnl_set_set_u32(s, NFTNL_SET_DATA_TYPE, NFT_DATA_VERDICT);
	put_key_byteorder(s);
}

/* shape: NULL for a set that exists. */
static void set_message(struct nft *n, const char *name, const struct shape *shape, uint16_t type, uint16_t nlflags)
{
	struct nlmsghdr *h = nft_message(n, type, nlflags);
	struct nftnl_set *s = nftnl_set_alloc();

	if (!h || !s) {
		n->failed = true;
	} else {
		nftnl_set_set_str(s, NFTNL_SET_TABLE, n->table);
		nftnl_set_set_str(s, NFTNL_SET_NAME, name);
		if (shape)
			put_shape(n, s, shape);
		nftnl_set_nlmsg_build_payload(h, s);
		nft_message_done(n);
	}
	if (s)
		nftnl_set_free(s);
}

void nft_ifname_vmap(struct nft *n, const char *name, bool exclusive)
{
	const struct shape shape = {.flags = NFT_SET_MAP, .key_type = TYPE_IFNAME, .key_len = IFNAMSIZ};

	set_message(n, name, &shape, NFT_MSG_NEWSET, exclusive ? NLM_F_CREATE | NLM_F_EXCL : NLM_F_CREATE);
}

void nft_address_set(struct nft *n, const char *name, bool ip6, bool with_port)
{
	struct shape shape = {
	    .flags = NFT_SET_TIMEOUT,
	    .key_type = ip6 ? TYPE_IP6ADDR : TYPE_IPADDR,
	    .key_len = ip6 ? 16 : 4,
	};

	if (with_port) {
		shape.key_type = shape.key_type << 2 * TYPE_BITS | TYPE_INET_PROTO << TYPE_BITS | TYPE_INET_SERVICE;
		shape.key_len += 8;
	}
	set_message(n, name, &shape, NFT_MSG_NEWSET, NLM_F_CREATE);
}

void nft_set_delete(struct nft *n, const char *name, bool only_unused)
{
	set_message(n, name, NULL, NFT_MSG_DELSET, only_unused ? NLM_F_NONREC : 0);
}

struct element {
	const void *key; /* NULL: all that are there */
	uint32_t key_len;
	const char *jump_to; /* NULL: the element has no verdict */
};

/* NULL without memory. */
static struct nftnl_set_elem *make_element(const struct element *from)
{
	struct nftnl_set_elem *e = nftnl_set_elem_alloc();

	if (!e)
		return NULL;
	nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY, from->key, from->key_len);
	if (from->jump_to) {
		nftnl_set_elem_set_u32(e, NFTNL_SET_ELEM_VERDICT, (uint32_t)NFT_JUMP);
		nftnl_set_elem_set_str(e, NFTNL_SET_ELEM_CHAIN, from->jump_to);
	}
	return e;
}

static void element_message(struct nft *n, const char *set, const struct element *from, uint16_t type, uint16_t nlflags)
{
	struct nlmsghdr *h = nft_message(n, type, nlflags);
	struct nftnl_set *s = nftnl_set_alloc();
	struct nftnl_set_elem *e = from->key ? make_element(from) : NULL;

	if (!h || !s || (from->key && !e)) {
		n->failed = true;
	} else {
		nftnl_set_set_str(s, NFTNL_SET_TABLE, n->table);
		nftnl_set_set_str(s, NFTNL_SET_NAME, set);
		if (e)
			nftnl_set_elem_add(s, e);
		e = NULL; /* the set's now */
		nftnl_set_elems_nlmsg_build_payload(h, s);
		nft_message_done(n);
	}
	if (e)
		nftnl_set_elem_free(e);
	if (s)
		nftnl_set_free(s);
}

void nft_ifname_vmap_add(struct nft *n, const char *map, const char *ifname, const char *jump_to)
{
	char key[IFNAMSIZ] = "";

	memcpy(key, ifname, strnlen(ifname, IFNAMSIZ - 1));
	element_message(n, map, &(struct element){.key = key, .key_len = sizeof(key), .jump_to = jump_to},
			NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_EXCL);
}

void nft_ifname_vmap_delete(struct nft *n, const char *map, const char *ifname)
{
	char key[IFNAMSIZ] = "";

	memcpy(key, ifname, strnlen(ifname, IFNAMSIZ - 1));
	element_message(n, map, &(struct element){.key = key, .key_len = sizeof(key)}, NFT_MSG_DELSETELEM, 0);
}

void nft_address_set_flush(struct nft *n, const char *name)
{
	element_message(n, name, &(struct element){0}, NFT_MSG_DELSETELEM, 0);
}

/* The kernel repeats the message in its refusal, which must fit the buffer of nft_read_answers(). */
#define ELEMENTS_MOST 4096

void nft_end_elements(struct nft *n)
{
	struct nlattr *list = n->elements;

	if (!list)
		return;
	n->elements = NULL; /* nft_message would come back here */
	mnl_attr_nest_end(n->last, list);
	nft_message_done(n);
}

/* A message of elements of that set, to which more can be added: the one that is open, or a new one. NULL with `failed` set. */
static struct nlmsghdr *open_elements(struct nft *n, const char *set, uint16_t type, uint16_t nlflags)
{
	if (n->elements && n->elements_type == type && strcmp(n->elements_of, set) == 0 &&
	    n->last->nlmsg_len < ELEMENTS_MOST)
		return n->last;
	struct nlmsghdr *h = nft_message(n, type, nlflags);
	if (!h)
		return NULL;
	snprintf(n->elements_of, sizeof(n->elements_of), "%s", set);
	n->elements_type = type;
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, n->table);
	mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, set);
	n->elements = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
	return h;
}

/*
 * ms: the timeout, 0 for none. Written into the message directly, without allocating memory: a DNS answer waits for
 * this.
 */
static void put_element(struct nlmsghdr *h, const void *key, uint32_t len, uint64_t ms)
{
	struct nlattr *element = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
	struct nlattr *k = mnl_attr_nest_start(h, NFTA_SET_ELEM_KEY);

	mnl_attr_put(h, NFTA_DATA_VALUE, len, key);
	mnl_attr_nest_end(h, k);
	if (ms)
		mnl_attr_put_u64(h, NFTA_SET_ELEM_TIMEOUT, htobe64(ms));
	mnl_attr_nest_end(h, element);
}

void nft_address_set_add(struct nft *n, const char *name, const void *key, uint32_t len, uint64_t ms)
{
	struct nlmsghdr *h = open_elements(n, name, NFT_MSG_NEWSETELEM, NLM_F_CREATE);

	if (h)
		put_element(h, key, len, ms);
}

void nft_address_set_delete(struct nft *n, const char *name, const void *key, uint32_t len)
{
	struct nlmsghdr *h = open_elements(n, name, NFT_MSG_DELSETELEM, 0);

	if (h)
		put_element(h, key, len, 0);
}
