/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process: what makes a program a daemon: pidfile, log, user, and telling whoever started it. */
#ifndef FOLD_DHCPD_PROCESS_H
#define FOLD_DHCPD_PROCESS_H

#include "base/report.h"

#include <stdint.h>

#include <sys/types.h>

/* The ids of the user that fold-dhcpd is to become. 0, or -errno with a line in r. */
int process_find_user(const char *name, uid_t *uid, gid_t *gid, struct report *r);

/*
 * Goes to the background. The parent waits until process_ready() and exits with status 0, or with 1 if the child ended
 * before. *tell: a descriptor for process_ready(). 0 in the child, or -errno with a line in r.
 */
int process_detach(int *tell, struct report *r);
/* Tells the parent (tell: -1 if there is none), and by $NOTIFY_SOCKET the service manager, that everything works. */
void process_ready(int *tell);
/* Tells the service manager alone; line: as in sd_notify(3). */
void process_notify(const char *line);

/*
 * Locks the file and writes the process's number into it. A file that a dead process left is taken over; if a living
 * one holds it: -EBUSY. Makes the file's directory. Returns the descriptor, which holds the lock, or -errno with a line
 * in r.
 */
int process_lock(const char *path, uid_t uid, gid_t gid, struct report *r);
void process_unlock(const char *path, int fd);

/* Opens the log, which belongs to the user, as stderr and stdout. The descriptor or -errno with a line in r. */
int process_log_open(const char *path, uid_t uid, gid_t gid, struct report *r);
/* After it was moved away: the new descriptor, or -errno and fd goes on. */
int process_log_reopen(const char *path, int fd);

/*
 * Says in words which process has that netfilter queue; "another process" if that is unknown. Valid until the next
 * call.
 */
const char *process_queue_holder(uint16_t queue);

#endif
