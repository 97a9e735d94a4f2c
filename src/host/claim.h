/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * claim: what only one running VM may have: an interface name, a MAC and an address on a bridge.
 *
 * A claim is a locked file under CLAIM_DIR, in a folder for each network namespace. The lock dies with the last
 * process that holds the descriptor, so a claim never outlives its VM; the file of a killed one stays and shows
 * what there is to clean up. Taking one costs the same however many VMs run.
 */
#ifndef FOLD_HOST_CLAIM_H
#define FOLD_HOST_CLAIM_H

#include "base/report.h"

#include <stdbool.h>
#include <stddef.h>

#define CLAIM_DIR "/run/fold"
#define CLAIM_NAMESPACE "/proc/self/ns/net" /* whose number names this network namespace's folder in it */

struct claim {
	int fd;
	char *path;
};

#define CLAIM_NONE ((struct claim){.fd = -1})

/*
 * Takes the claim `key` (no '/') and writes text into its file for whoever asks who holds it. 0, and then `holder` has the
 * text of a dead one that left its file, or is empty; -EBUSY, and then it has the text of the one who has it; or -errno with
 * a line in r.
 */
int claim_take(const char *key, const char *text, struct claim *out, char *holder, size_t size, struct report *r);

/* Writes another text, no shorter than the first, into the file of a claim that this process's keeper holds. 0 or -errno. */
#define CLAIM_TEXT 8192 /* octets, with a NUL */
int claim_rewrite(const char *key, const char *text);

/* The folder of this network namespace, and whether somebody holds a claim in it or in another one. */
unsigned long claim_folder(void);
bool claim_is_live(unsigned long folder, const char *key);

/* Gives it back and removes its file. May be called for CLAIM_NONE. */
void claim_release(struct claim *c);

/*
 * Runs `each` over all claims whose keys begin with prefix. live: somebody holds it. For one that is not live the
 * lock is held during the call, so nobody else takes it meanwhile; returning true removes its file. 0 or -errno.
 */
int claim_each(const char *prefix, bool (*each)(void *arg, const char *key, const char *text, bool live), void *arg);

/*
 * A fact about the running kernel, found out once and kept until the next boot, under CLAIM_DIR: an empty file of that
 * name. A lost or missing one costs time, nothing else.
 */
bool claim_fact(const char *name);
void claim_set_fact(const char *name);

#endif
