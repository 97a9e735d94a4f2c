/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What rules ask of a frame's link header.
 *
 * The ethertype is read from that header, not from the kernel's idea of the protocol: for a tagged frame the two differ
 * (VLAN 0 and 802.1ad stacks), and only the header says what the receiver will see.
 */
#include "fw/rules_priv.h"

#include <string.h>

#include <linux/if_ether.h>

void eth_src(struct nft *n, enum nft_op op, const uint8_t *mac)
{
	nft_match(n, NFT_LINK, 6, MAC_LEN, op, mac);
}

void eth_dst(struct nft *n, enum nft_op op, const uint8_t *mac)
{
	nft_match(n, NFT_LINK, 0, MAC_LEN, op, mac);
}

void eth_dst_is_group(struct nft *n)
{
	static const uint8_t one = 1;
	nft_match_masked(n, NFT_LINK, 0, 1, &one, NFT_IS, &one);
}

static const uint8_t all_of_mac[MAC_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/* The link header and the first octet behind it, in as many octets as one comparison takes. */
#define HEAD 16

static void head(uint8_t wire[static HEAD], const uint8_t *dst, const uint8_t *src, uint16_t type, uint8_t first)
{
	memset(wire, 0, HEAD);
	if (dst)
		memcpy(wire, dst, MAC_LEN);
	if (src)
		memcpy(wire + MAC_LEN, src, MAC_LEN);
	wire[2 * MAC_LEN] = (uint8_t)(type >> 8);
	wire[2 * MAC_LEN + 1] = (uint8_t)type;
	wire[ETH_HLEN] = first;
}

/*
 * eth_to_peer() and eth_from_peer() load the whole header once, because a load from the link layer costs more than a
 * comparison. They first exclude the forbidden MACs at the other end, then require the guest's MAC, the type and the
 * first octet of the packet, under a mask.
 */
void eth_to_peer(struct nft *n, const struct rules *r, uint16_t type, uint8_t first)
{
	uint8_t mask[HEAD], want[HEAD];

	head(mask, NULL, all_of_mac, 0xffff, first ? 0xff : 0);
	head(want, NULL, r->guest->id.mac, type, first);
	nft_match_elsewhere(n);
	nft_load(n, NFT_LINK, 0, HEAD);
	nft_and(n, NFT_IS_NOT, r->bridge_mac, MAC_LEN);
	nft_and_masked(n, mask, NFT_IS, want, HEAD);
}

/* Both MACs are compared to exclude one: the first that was loaded is the destination, which must be the guest's. */
void eth_from_peer(struct nft *n, const struct guest *g, uint16_t type, uint8_t first)
{
	uint8_t itself[HEAD], fold[HEAD], mask[HEAD], want[HEAD];

	head(itself, g->id.mac, g->id.mac, 0, 0);
	head(fold, g->id.mac, g->service_mac, 0, 0);
	head(mask, all_of_mac, NULL, 0xffff, first ? 0xff : 0);
	head(want, g->id.mac, NULL, type, first);
	nft_load(n, NFT_LINK, 0, HEAD);
	nft_and(n, NFT_IS_NOT, itself, 2 * MAC_LEN);
	nft_and(n, NFT_IS_NOT, fold, 2 * MAC_LEN);
	nft_and_masked(n, mask, NFT_IS, want, HEAD);
}

void eth_type(struct nft *n, enum nft_op op, uint16_t type)
{
	const uint8_t wire[2] = {(uint8_t)(type >> 8), (uint8_t)type};
	nft_match(n, NFT_LINK, 12, 2, op, wire);
}

void eth_src_and_type(struct nft *n, const uint8_t *mac, uint16_t type)
{
	uint8_t wire[MAC_LEN + 2] = {[MAC_LEN] = (uint8_t)(type >> 8), [MAC_LEN + 1] = (uint8_t)type};

	memcpy(wire, mac, MAC_LEN);
	nft_match(n, NFT_LINK, MAC_LEN, sizeof(wire), NFT_IS, wire);
}

void eth_dst_and_type(struct nft *n, const uint8_t *mac, uint16_t type)
{
	static const uint8_t mask[ETH_HLEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, [12] = 0xff, [13] = 0xff};
	uint8_t wire[ETH_HLEN] = {[12] = (uint8_t)(type >> 8), [13] = (uint8_t)type};

	memcpy(wire, mac, MAC_LEN);
	nft_match_masked(n, NFT_LINK, 0, sizeof(wire), mask, NFT_IS, wire);
}
