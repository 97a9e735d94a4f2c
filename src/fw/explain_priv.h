/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain_priv: a packet as nftables sees it, and one expression of a rule. */
#ifndef FOLD_FW_EXPLAIN_PRIV_H
#define FOLD_FW_EXPLAIN_PRIV_H

#include "fw/explain.h"
#include "fw/nft_priv.h"

#define EXPLAIN_REGISTERS 64 /* octets: four of 16, or sixteen of 4 */

struct explain_packet {
	const uint8_t *frame;
	size_t len;
	size_t network, transport; /* where the headers begin */
	bool sound;                /* the network header holds, so that there is a transport protocol */
	uint8_t proto;
	uint16_t fragment; /* offset, in the header's own form; not 0: no transport header here */
	uint8_t kind;      /* PACKET_HOST and its like */
	bool own;          /* fold sent it itself */
	bool
	    of_sender; /* its sender was looked at, and is what comes next compared with: where it is fold, that holds */
	/* What the rules have done so far. */
	uint32_t mark;
	bool logged;
	const char *counter;
	uint8_t registers[EXPLAIN_REGISTERS];
	struct nftnl_set *const *sets; /* of the table, with what is in them */
	size_t set_count;
};

/* Takes a frame in, of an Ethernet header's length at least. */
void explain_look(const uint8_t *frame, size_t len, const uint8_t *tap_mac, struct explain_packet *out);

#define EXPLAIN_GO_ON 1000 /* the rule's next expression; no verdict of the kernel's has that number */
struct explain_verdict {
	int code;          /* NF_ACCEPT, NF_DROP, NFT_BREAK and so on, or EXPLAIN_GO_ON */
	const char *chain; /* of a jump; the expression's own */
};

/* One that is not known here does not match: no rule of fold's holds one. */
struct explain_verdict explain_expression(const struct nftnl_expr *x, struct explain_packet *p);

#endif
