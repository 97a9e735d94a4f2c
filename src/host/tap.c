/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/tap.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

int tap_open(const char *name)
{
	_cleanup_(cleanup_close) int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	struct ifreq ifr = {.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL)};

	if (fd < 0)
		return -errno;
	memcpy(ifr.ifr_name, name, strnlen(name, IFNAMSIZ - 1));
	if (ioctl(fd, TUNSETIFF, &ifr) < 0)
		return -errno;
	return steal_fd(&fd);
}
