/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tap: the VM's end of the wire. Source: Documentation/networking/tuntap.rst, linux/if_tun.h. */
#ifndef FOLD_HOST_TAP_H
#define FOLD_HOST_TAP_H

/*
 * Makes a tap of exactly that name, down, which lives until the last copy of the returned descriptor is closed: no
 * process, no tap. Close-on-exec.
 *
 * Without the header for virtio's offloads (IFF_VNET_HDR): in it the guest names the place where the kernel is to
 * write a checksum, any place in the frame, and that is done after the rules have judged the frame.
 *
 * -EBUSY where the name is taken, -ENOENT without /dev/net/tun, or -errno.
 */
int tap_open(const char *name);

#endif
