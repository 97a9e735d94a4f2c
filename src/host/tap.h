/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tap: the VM's end of the wire. Source: Documentation/networking/tuntap.rst, linux/if_tun.h. */
#ifndef FOLD_HOST_TAP_H
#define FOLD_HOST_TAP_H

/*
 * Makes a tap of exactly that name, down, which lives until the last copy of the returned descriptor is closed: no
 * process, no tap. With the header for virtio's offloads, as a hypervisor expects it on a tap that it is handed.
 * Close-on-exec. -EBUSY where the name is taken, -ENOENT without /dev/net/tun, or -errno.
 */
int tap_open(const char *name);

#endif
