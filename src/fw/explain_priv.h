/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain_priv: the state of a packet on its way through the rules, and the evaluation of one expression. */
#ifndef FOLD_FW_EXPLAIN_PRIV_H
#define FOLD_FW_EXPLAIN_PRIV_H

#include "fw/explain.h"
#include "fw/nft_priv.h"

#define EXPLAIN_REGISTERS 64 /* octets: four of 16, or sixteen of 4 */

/* What a rule wrote over octets of the frame: an address at the most. */
struct explain_written {
	size_t at, len;
	uint8_t bytes[16];
};
#define EXPLAIN_WRITTEN 4

struct explain_packet {
	const uint8_t *frame;
	size_t len;
	struct explain_written written[EXPLAIN_WRITTEN]; /* in this order */
	size_t written_count;
	size_t network, transport; /* where the headers begin */
	bool sound;                /* the network header is valid, so the kernel knows the transport protocol */
	uint8_t proto;
	uint16_t fragment; /* offset, as in the header; if not 0, no transport header follows */
	uint8_t kind;      /* PACKET_HOST and its like */
	bool own;          /* one of fold's own replies */
	/* The rule has just loaded the sending user or group, and fold sent the packet: so the next cmp holds. */
	bool of_sender;
	/* What the rules have done so far. */
	uint32_t mark;
	bool logged;
	const char *counter;
	uint8_t registers[EXPLAIN_REGISTERS];
	struct nftnl_set *const *sets; /* of the VM's table, with their elements */
	size_t set_count;
};

/* Fills *out for a frame, which is at least as long as an Ethernet header. */
void explain_look(const uint8_t *frame, size_t len, const uint8_t *tap_mac, struct explain_packet *out);

#define EXPLAIN_GO_ON 1000 /* evaluate the next expression of the rule; differs from every verdict of the kernel */
struct explain_verdict {
	int code;          /* NF_ACCEPT, NF_DROP, NFT_BREAK and so on, or EXPLAIN_GO_ON */
	const char *chain; /* the target of a jump or goto; owned by the expression */
};

/* Evaluates one expression. One that is not known here does not match; no rule of fold's contains one. */
struct explain_verdict explain_expression(const struct nftnl_expr *x, struct explain_packet *p);

#endif
