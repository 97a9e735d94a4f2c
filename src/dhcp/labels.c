/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcp/labels.h"

#define LABEL_MAX 63 /* RFC 1035 2.3.4 */

bool labels_write(struct wr *w, const char *name)
{
	while (*name) {
		size_t len = strcspn(name, ".");
		if (len < 1 || len > LABEL_MAX)
			return false;
		wr_u8(w, (uint8_t)len);
		wr_bytes(w, name, len);
		name += len + (name[len] == '.');
	}
	return true;
}
