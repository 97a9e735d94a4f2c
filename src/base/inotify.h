/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inotify: makes instances that do not count against root's limit. */
#ifndef FOLD_BASE_INOTIFY_H
#define FOLD_BASE_INOTIFY_H

/*
 * A new instance, non-blocking and closed on exec, or -errno. The kernel lets each user have 128 of them
 * (fs.inotify.max_user_instances), which are few for all VMs and everything else that root runs. So the instance is
 * made under a user ID that nobody else has, another one for each process, where the process may still change its user.
 * It must have no other thread.
 */
int inotify_open(void);

#endif
