/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * claim: what only one running VM may have: an interface name, a MAC and an address on a bridge.
 *
 * A claim is a locked file under CLAIM_DIR, in a folder for each network namespace. The kernel releases
 * the lock when the last process that has the descriptor ends, so a claim never outlives its VM; the file
 * of a killed fold stays and tells what to clean up. Taking a claim costs the same however many VMs run.
 */
#ifndef FOLD_HOST_CLAIM_H
#define FOLD_HOST_CLAIM_H

#include "base/report.h"

#include <stdbool.h>
#include <stddef.h>

#define CLAIM_DIR "/run/fold"
#define CLAIM_NAMESPACE "/proc/self/ns/net" /* its inode number is the folder's name */

struct claim {
	int fd;
	char *path;
};

#define CLAIM_NONE ((struct claim){.fd = -1})

#define CLAIM_TEXT (2 * 4096 + 1024) /* octets, with a NUL: two paths and more */

/*
 * Takes the claim `key` (no '/'). 0: *holder is the text that a killed holder left. It stays in the file until
 * claim_write(), so that what it tells of is not forgotten if this process is killed, too; until then others find it.
 * -EBUSY: the claim is taken, and *holder is the text of its holder. Else -errno with a line in r. The caller frees
 * *holder; NULL: no text.
 */
int claim_take(const char *key, struct claim *out, char **holder, struct report *r);

/*
 * Writes into the claim's file who holds it, for others to read. Where there is a longer text they
 * may find a mixture of both, so a killed holder's is first replaced by "". 0, or -errno with a line in r.
 */
int claim_write(const struct claim *c, const char *text, struct report *r);

/* The claim whose descriptor another process has sent to this one, which shares its lock. 0 or -errno. */
int claim_adopt(const char *key, int fd, struct claim *out);

/*
 * Takes the claim if a process that has ended, or is about to, left its file with that text, or before it had written
 * any. Makes no file; where there is none, the folder goes, too, if it is empty. 0 or -errno.
 */
int claim_retake(const char *key, const char *text, struct claim *out);

/* The number of this network namespace's folder, or 0. */
unsigned long claim_folder(void);
#define CLAIM_FOLDER 64 /* octets of its path, with a NUL */
const char *claim_folder_path(unsigned long folder, char path[static CLAIM_FOLDER]);

/*
 * The state of a claim in the given folder: free, left by a process that has ended, or held. text, which may be NULL,
 * gets the text of the claim's file.
 */
enum claim_state { CLAIM_FREE, CLAIM_LEFT, CLAIM_LIVE };
enum claim_state claim_look(unsigned long folder, const char *key, char *text, size_t size);

/* Releases the claim and removes its file. May be called for CLAIM_NONE, as may claim_close(). */
void claim_release(struct claim *c);

/* Closes a claim whose file another process removed, and which others may have taken anew since. */
void claim_check(struct claim *c);

/* Closes this process's descriptor. The claim stays, for other processes that have it or as a file that is left. */
void claim_close(struct claim *c);

/*
 * Runs `each` over all claims whose keys begin with prefix. live: somebody holds it. For one that is not live the
 * lock is held during the call, so nobody else takes it meanwhile; returning true removes its file. 0 or -errno.
 */
int claim_each(const char *prefix, bool (*each)(void *arg, const char *key, const char *text, bool live), void *arg);
/* The same in the given folder. */
int claim_each_in(unsigned long folder, const char *prefix,
		  bool (*each)(void *arg, const char *key, const char *text, bool live), void *arg);

/* Calls `each` for all folders, that of this network namespace included. */
void claim_folders(void (*each)(void *arg, unsigned long folder), void *arg);
/* True if no process is in the folder's network namespace and no mount keeps it, as far as this process can see. */
bool claim_folder_is_over(unsigned long folder);

/*
 * Facts about the running kernel, each found out once and kept until the next boot as a file of that name under
 * CLAIM_DIR. If the file is lost, fold only has to find out again. given: a text that describes what the fact depends
 * on. It is stored in the file; if it differs later, the fact no longer holds.
 */
#define CLAIM_GIVEN 128 /* octets, with a NUL */
bool claim_fact(const char *name, const char *given);
void claim_set_fact(const char *name, const char *given);

#endif
