/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pkt: a frame taken apart, and headers put around a reply.
 *
 * Specifications: RFC 894 (Ethernet), 826 (ARP), 791 (IPv4), 8200 (IPv6), 768 (UDP), 4443 (ICMPv6), 9293 (TCP).
 */
#ifndef FOLD_PKT_PKT_H
#define FOLD_PKT_PKT_H

#include "base/addr.h"
#include "base/wr.h"
#include "pkt/drop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>

/* A frame as the kernel hands it over: the link header apart from the rest. */
struct frame {
	const uint8_t *l2; /* the Ethernet header, or NULL where the kernel kept it */
	size_t l2_len;
	const uint8_t *l3; /* from the network header on */
	size_t l3_len;
	bool to_guest;     /* comes from the network and is for the guest: a query to the VM's own address */
	bool csum_pending; /* the transport checksum is not filled in yet (virtio offload) */
	uint32_t ifindex;  /* the port it came in by; 0 in a replay */
};

enum pkt_kind { PKT_ARP, PKT_UDP4, PKT_UDP6, PKT_ICMP6, PKT_TCP4, PKT_TCP6, PKT_ICMP4 };

/* Addresses are in network byte order, as in every in_addr; numbers in host order. */
struct pkt {
	enum pkt_kind kind;
	uint8_t src_mac[MAC_LEN];
	uint8_t dst_mac[MAC_LEN];
	struct in_addr src4, dst4;
	struct in6_addr src6, dst6;
	uint8_t hop_limit;
	uint16_t sport, dport;
	/* IP: from the network header on, without what pads the frame. */
	const uint8_t *l3;
	size_t l3_len;
	/* UDP: the data. ARP: from the hardware type on. ICMP and ICMPv6: from the type on. TCP: its header and all. Not copied. */
	const uint8_t *data;
	size_t len;
};

/*
 * Takes one frame apart and checks what every protocol needs: lengths, header
 * checksum, no fragments, no IP options, no IPv6 extension headers, and the
 * transport checksum unless it is 0 (IPv4 UDP only, RFC 768) or pending. A guest
 * behind an offload leaves just the pseudo-header's sum there; that is accepted
 * as pending too, for the packet never crossed a wire.
 * Returns DROP_NONE and fills *out, or the reason and *out is undefined.
 */
enum drop pkt_decode(const struct frame *in, struct pkt *out);

/* What an answerer may return. */
enum answer {
	ANSWER_NOT_MINE, /* the next answerer may look */
	ANSWER_REPLY,    /* `reply` is complete */
	ANSWER_QUIET,    /* handled; no reply */
	ANSWER_DROP,     /* refused: reply->drop says why */
	ANSWER_NOTED,    /* the guest has acknowledged a notification; no reply */
	ANSWER_FORWARD,  /* a DNS question for the forwarder: it is in reply->w, the answer's addresses in reply */
	ANSWER_STREAM,   /* a segment of a DNS connection, for the code that keeps these (dns/stream) */
};

#define REPLY_HEADROOM 64 /* Ethernet + IPv6 + UDP, rounded up so that data is aligned */
#define REPLY_DATA_MAX 1472

/*
 * One reply. The answerer writes its data at `w` and fills the addresses; then
 * pkt_wrap puts the headers in front, in place. Nothing is copied after that.
 */
struct reply {
	enum pkt_kind kind;
	uint8_t dst_mac[MAC_LEN];
	struct in_addr src4, dst4;
	struct in6_addr src6, dst6;
	uint16_t sport, dport;
	struct wr w;
	enum drop drop;
	const char *event; /* a constant such as "DHCPACK", for the log; NULL: nothing to log */
	uint8_t *frame;    /* set by pkt_wrap */
	size_t frame_len;
	uint8_t buf[REPLY_HEADROOM + REPLY_DATA_MAX];
};

void reply_init(struct reply *r);

/* Sets kind and addresses, but no ports, for a reply to the packet's sender from the address that it was sent to. */
void reply_return(const struct pkt *in, struct reply *out);

/* Refuses the packet, for that reason: `return reply_refuse(out, why)`. */
static inline enum answer reply_refuse(struct reply *out, enum drop why)
{
	out->drop = why;
	out->event = NULL;
	return ANSWER_DROP;
}

/*
 * Refuses a TCP segment by a reset from the address and port that it was sent to, so that its sender does not wait for
 * a connection that will not come. ANSWER_REPLY with that event, ANSWER_QUIET (a reset gets no answer) or ANSWER_DROP.
 */
enum answer pkt_reset(const struct pkt *in, const char *event, struct reply *out);

/*
 * Writes Ethernet, IP and UDP headers with full checksums around the data, pads
 * to 60 octets (RFC 894), and sets frame and frame_len. src_mac: the service MAC.
 * IPv4: TTL 64, ID 0, DF clear (PXE ROMs stumble over it), no options. IPv6: hop limit 255.
 * False where the data did not fit; then nothing may be sent.
 */
bool pkt_wrap(struct reply *r, const uint8_t src_mac[static MAC_LEN]);

#endif
