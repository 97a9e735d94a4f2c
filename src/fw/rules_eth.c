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

/* dst, src and type as they stand in the frame; a MAC of NULL: zeros. */
static void eth_header(uint8_t wire[static ETH_HLEN], const uint8_t *dst, const uint8_t *src, uint16_t type)
{
	memset(wire, 0, ETH_HLEN);
	if (dst)
		memcpy(wire, dst, MAC_LEN);
	if (src)
		memcpy(wire + MAC_LEN, src, MAC_LEN);
	wire[2 * MAC_LEN] = (uint8_t)(type >> 8);
	wire[2 * MAC_LEN + 1] = (uint8_t)type;
}

static const uint8_t all_of_mac[MAC_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/*
 * eth_to_peer() and eth_from_peer() load the whole header once, because a load from the link layer costs more than a
 * comparison. They first exclude the headers with a forbidden MAC at the other end, then require the guest's MAC and
 * the type, under a mask. A header that meets the second condition differs from the excluded ones only in the other
 * end's MAC, so that MAC is none of the forbidden ones.
 */
void eth_to_peer(struct nft *n, const struct rules *r, uint16_t type)
{
	const uint8_t *mac = r->guest->id.mac;
	uint8_t host[ETH_HLEN], mask[ETH_HLEN], want[ETH_HLEN];

	eth_header(host, r->bridge_mac, mac, type);
	eth_header(mask, NULL, all_of_mac, 0xffff);
	eth_header(want, NULL, mac, type);
	nft_match_elsewhere(n);
	nft_match(n, NFT_LINK, 0, ETH_HLEN, NFT_IS_NOT, host);
	nft_and_masked(n, mask, NFT_IS, want, ETH_HLEN);
}

void eth_from_peer(struct nft *n, const struct guest *g, uint16_t type)
{
	const uint8_t *mac = g->id.mac;
	uint8_t itself[ETH_HLEN], fold[ETH_HLEN], mask[ETH_HLEN], want[ETH_HLEN];

	eth_header(itself, mac, mac, type);
	eth_header(fold, mac, g->service_mac, type);
	eth_header(mask, all_of_mac, NULL, 0xffff);
	eth_header(want, mac, NULL, type);
	nft_match(n, NFT_LINK, 0, ETH_HLEN, NFT_IS_NOT, itself);
	nft_and(n, NFT_IS_NOT, fold, ETH_HLEN);
	nft_and_masked(n, mask, NFT_IS, want, ETH_HLEN);
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
