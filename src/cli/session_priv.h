/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session_priv: what the files of the session share. */
#ifndef FOLD_CLI_SESSION_PRIV_H
#define FOLD_CLI_SESSION_PRIV_H

#include "cli/session.h"
#include "fw/delivery.h"
#include "fw/watch.h"
#include "guest/binding.h"
#include "guest/config.h"
#include "host/claim.h"
#include "host/hypervisor.h"
#include "host/keeper.h"
#include "host/link.h"
#include "host/tx.h"

/* What the keeper is told, each as soon as it is about to be: the tap's ifindex, and that there are the others. */
enum session_note { SESSION_NOTE_TAP, SESSION_NOTE_SHARED, SESSION_NOTE_COPY };

#define SESSION_CLAIMS 3

struct session {
	const struct options *o;
	struct config config;
	struct binding binding;
	char *text; /* of the binding file, or NULL */
	size_t text_len;
	struct hypervisor hypervisor;
	struct guest guest;

	struct session_info info; /* as the claim says it */
	struct claim claims[SESSION_CLAIMS];
	int32_t notes[KEEPER_NOTES]; /* for when the keeper is killed */

	struct keeper keeper;
	int tap;
	int ifindex;
	int signals; /* signalfd */
	struct nft *nft;
	struct link *link;
	int bridge_watch;         /* readable when the host changes on that network */
	struct in_addr host4[32]; /* the host's addresses there */
	struct rules rules;
	struct watch *watch; /* with NFQUEUE */
	struct delivery *delivery;
	struct tx *tx;
};

/* Everything that only one VM may have; in the keeper, which holds it. */
int session_claim(void *session, struct report *r);
void session_unclaim(struct session *s);
/* Takes them over from a keeper that was killed, as far as nobody else was quicker. */
void session_reclaim(struct session *s);
/* The tap, the rules, files and claims; the guest is gone by then. Idempotent. */
void session_takedown(void *session, const int32_t notes[static KEEPER_NOTES]);

/* Reads who the host is on the VM's bridge into the rules' description. 1 where that changed, 0, or -errno (-ENODEV: no bridge). */
int session_read_host(struct session *s);

/* Serves the guest until the hypervisor has ended; returns fold's exit status. */
int session_loop(struct session *s);

/* Says how the hypervisor ended where that is no success, and returns fold's exit status for it. */
int session_exit_status(const struct session *s, int wait_status);

#endif
