/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames that must arrive because the oracle permits them: without this, rules that drop too much would pass the tests
 * with mutated frames. Owed are TCP, UDP, echo and ARP from one machine to another. ICMP errors and neighbour discovery
 * are not, for the oracle does not know all that is wrong with them.
 */
#include "cases.h"

#include <string.h>

#define OWED_MOST 8192
#define OWED_FRAME 256
#define OWED_LATELY 1024 /* more than are ever under way */

static struct {
	bool open;
	enum port to;
	size_t len;
	uint8_t frame[OWED_FRAME];
} owed[OWED_MOST];
static uint32_t count;

void owed_forget(void)
{
	count = 0;
}

static bool is_plain(const uint8_t *f, size_t len)
{
	uint16_t type = frame_u16(f + 12);

	/* A bridge drops what comes from no machine. */
	if (!frame_mac(f + 6) || f[6] & 1)
		return false;
	if (type == 0x0806)
		return true;
	if (type == 0x0800)
		return len > 34 && (f[23] != 1 || f[34] == 0 || f[34] == 8 || frame_u16(f + 20) & 0x1fff);
	return type == 0x86dd && len > 54 && (f[20] != 58 || f[54] == 128 || f[54] == 129);
}

/* Whose MAC that is; PORTS: nobody's, or that of a machine at which nothing can be owed. */
static enum port port_of(uint64_t mac)
{
	for (enum port p = 0; p < VMS; p++)
		if (vms[p].mac == mac)
			return p;
	return mac == MAC_P ? AT_P : mac == MAC_G ? AT_G : PORTS;
}

void owed_add(enum port from, const uint8_t *f, size_t len)
{
	if (count == OWED_MOST || len > OWED_FRAME || len < 34 || !is_plain(f, len))
		return;
	enum port to = port_of(frame_mac(f));
	/* Between two others the bridge decides alone, and it learns where they are from forged sources, too. */
	if (to == PORTS || to == from || (from >= VMS && to >= VMS) ||
	    (from < VMS && !oracle_from(&vms[from], f, len)) || (to < VMS && !oracle_to(&vms[to], f, len)))
		return;
	owed[count].open = true;
	owed[count].to = to;
	owed[count].len = len;
	memcpy(owed[count++].frame, f, len);
}

void owed_arrived(enum port at, const uint8_t *f, size_t len)
{
	for (uint32_t i = count; i-- > 0 && i + OWED_LATELY > count;) {
		if (owed[i].open && owed[i].to == at && owed[i].len == len && memcmp(owed[i].frame, f, len) == 0) {
			owed[i].open = false;
			return;
		}
	}
}

uint32_t owed_count(void)
{
	return count;
}

uint32_t owed_left(void)
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < count; i++)
		left += owed[i].open;
	return left;
}

void owed_tell(void)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!owed[i].open)
			continue;
		detail("never arrived at %s:", port_names[owed[i].to]);
		detail_frame("sent", owed[i].frame, owed[i].len);
		return;
	}
}
