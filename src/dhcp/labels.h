/* SPDX-License-Identifier: GPL-2.0-or-later */
/* labels: names on the wire, as the FQDN options of both DHCPs hold them (RFC 4702 2.3.1, RFC 4704 4.2). */
#ifndef FOLD_DHCP_LABELS_H
#define FOLD_DHCP_LABELS_H

#include "base/wr.h"

/* Writes the labels of "a.b." without the root's; false if one is too long or empty, and then some may be written. */
bool labels_write(struct wr *w, const char *name);

#endif
