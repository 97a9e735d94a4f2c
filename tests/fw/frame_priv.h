/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame_priv: what the writers of frames share (frame.c; frame6.c for IPv6). */
#ifndef FOLD_TESTS_FW_FRAME_PRIV_H
#define FOLD_TESTS_FW_FRAME_PRIV_H

#include "attack.h"

#include "base/wr.h"

void put_mac(struct wr *w, uint64_t mac);
void put_cookie(struct wr *w, const struct shape *s, uint32_t id);
void patch(struct wr *w, size_t at, uint16_t v);
void put_transport(struct wr *w, const struct shape *s, uint32_t id);
/* Sets lengths and checksums of the transport header at `start`; pseudo: the sum of its pseudo-header. */
void finish_transport(struct wr *w, const struct shape *s, size_t start, uint64_t pseudo);

void put_ip6(struct wr *w, const struct shape *s, uint32_t id);
void put_ip6_address(struct wr *w, const struct ip6 *a);
void put_nd(struct wr *w, const struct shape *s);
void put_dhcp6(struct wr *w, const struct shape *s, uint32_t id);

#endif
