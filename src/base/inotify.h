/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inotify: instances that do not use up root's. */
#ifndef FOLD_BASE_INOTIFY_H
#define FOLD_BASE_INOTIFY_H

/*
 * A new instance, non-blocking and closed on exec, or -errno. The kernel lets each user have 128 of them
 * (fs.inotify.max_user_instances), which are few for all VMs and everything else that root runs. So it is made as a user
 * that nobody is, one for each process, where the process may still do that. For a process that has no other thread.
 */
int inotify_open(void);

#endif
