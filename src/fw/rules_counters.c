/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fw/rules_counters.h"

#include "fw/nft_priv.h"
#include "fw/rules.h"

#include <errno.h>

#include <linux/netfilter.h>

struct visit {
	void (*each)(void *arg, const char *name, uint64_t packets);
	void *arg;
	unsigned count;
};

static int visit_counter(const struct nlmsghdr *h, void *arg)
{
	struct visit *v = arg;
	struct nftnl_obj *o = nftnl_obj_alloc();

	if (o && nftnl_obj_nlmsg_parse(h, o) == 0 && nftnl_obj_get_u32(o, NFTNL_OBJ_TYPE) == NFT_OBJECT_COUNTER) {
		v->each(v->arg, nftnl_obj_get_str(o, NFTNL_OBJ_NAME), nftnl_obj_get_u64(o, NFTNL_OBJ_CTR_PKTS));
		v->count++;
	}
	if (o)
		nftnl_obj_free(o);
	return MNL_CB_OK;
}

int rules_counters(const char *iface, void (*each)(void *arg, const char *name, uint64_t packets), void *arg)
{
	struct visit v = {.each = each, .arg = arg};
	char table[RULES_TABLE_TEXT];
	struct nftnl_obj *o = nftnl_obj_alloc();
	struct nft *n;
	int err = o ? nft_open(&n) : -ENOMEM;

	if (err) {
		if (o)
			nftnl_obj_free(o);
		return err;
	}
	nftnl_obj_set_str(o, NFTNL_OBJ_TABLE, rules_table(iface, table));
	nftnl_obj_set_u32(o, NFTNL_OBJ_TYPE, NFT_OBJECT_COUNTER);
	struct nlmsghdr *h = nftnl_nlmsg_build_hdr(n->buffer, NFT_MSG_GETOBJ, NFPROTO_NETDEV, NLM_F_DUMP, n->seq++);
	nftnl_obj_nlmsg_build_payload(h, o);
	nftnl_obj_free(o);
	err = nft_dump(n, h, visit_counter, &v);
	nft_close(n);
	return err ? err : v.count ? 0 : -ENOENT;
}
