/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session_priv: what the files of the session share. */
#ifndef FOLD_CLI_SESSION_PRIV_H
#define FOLD_CLI_SESSION_PRIV_H

#include "base/log.h"
#include "cli/session.h"
#include "dns/forward.h"
#include "dns/stream.h"
#include "fw/delivery.h"
#include "fw/egress.h"
#include "fw/watch.h"
#include "guest/address_list.h"
#include "guest/binding.h"
#include "guest/config.h"
#include "host/claim.h"
#include "host/hypervisor.h"
#include "host/keeper.h"
#include "host/link.h"
#include "host/tx.h"
#include "host/weave_name.h"

/*
 * Keys of session_note(): what the keeper will have to take down. SHARED, COPY and IMAGE are noted before it is made,
 * with the value 1; TAP (its ifindex) and INODE (the image's) right after.
 */
enum session_note {
	SESSION_NOTE_TAP,
	SESSION_NOTE_SHARED, /* rules in the nftables table that all VMs share */
	SESSION_NOTE_COPY,   /* the VM's copy of its binding */
	SESSION_NOTE_IMAGE,
	SESSION_NOTE_INODE,
};

enum session_claims { SESSION_CLAIM_IFACE, SESSION_CLAIM_MAC, SESSION_CLAIM_IP4, SESSION_CLAIM_IP6, SESSION_CLAIMS };

_Static_assert((int)SESSION_CLAIMS <= KEEPER_HELD, "the keeper holds all claims");

struct session {
	const struct options *o;
	struct config config;
	struct binding binding;
	char *text; /* of the binding file, or NULL; handed to session_live_open(), which keeps it from then on */
	size_t text_len;
	mode_t text_mode; /* that file's mode, which its copy gets too */
	struct address_lists lists;
	struct hypervisor hypervisor;
	struct identity id; /* complete but for the MTU, which is the bridge's */
	struct guest guest;

	struct session_info info; /* the record in the interface's claim */
	struct claim claims[SESSION_CLAIMS];
	struct keeper_known known; /* as the keeper has it, for when it is killed */
	bool unplugged;            /* this process has removed the tap */

	struct keeper keeper;
	int tap;
	int ifindex;             /* the tap's */
	struct link_info bridge; /* as it was at the start */
	int epoll;
	int signals;      /* signalfd */
	int hand;         /* the responder's: asks for the socket that sends to the bridge */
	bool hand_failed; /* so that a row of failures is told once */
	int told;         /* eventfd of the responder: the guest knows that its router goes away */
	struct nft *nft;
	struct link *link;
	int host_event;           /* eventfd: fold's first process has heard of a change of tap or bridge; or -1 */
	int host_look;            /* timerfd: when to look at them without that, or -1 */
	unsigned rest_ms;         /* how long no event is heard, because there were some; 0: they are heard */
	bool look_again;          /* something was left undecided */
	bool off_bridge;          /* somebody took the tap off the bridge */
	uint64_t elsewhere_since; /* as clock_ms(): when it was found on another bridge; 0: it is not */
	unsigned settle_failures; /* in a row, see session_host.c */
	uint32_t mtu;             /* session_guest_mtu() as it was last, in octets; 0: not asked yet */
	bool many_addresses;      /* that the bridge has more than LINK_ADDRESSES was said */
	/* The host's addresses on the bridge. */
	struct in_addr host4[LINK_ADDRESSES];
	struct in6_addr host6[LINK_ADDRESSES];
	struct rules rules;
	struct egress *egress;   /* addresses that the VM may reach by ALLOW */
	struct aliases *aliases; /* what names of ALLOW are aliases of, or NULL */
	struct watch *watch;     /* watches the rules in the shared table, with NFQUEUE or a gate; else NULL */
	bool gate_lost;          /* the gate could not be put back, which was logged */
	struct delivery *delivery;
	struct tx *tx;                      /* to the guest */
	struct forward *forward;            /* asks other name servers, or NULL */
	struct stream *stream;              /* keeps DNS connections, or NULL */
	struct live *live;                  /* follows the VM's files, or NULL */
	struct seen *seen;                  /* counts for `fold inspect`, or NULL */
	struct weave_name weave;            /* the process that keeps the VM's name in weaveDNS, or none */
	struct log_limit answers, refusals; /* limits of the log lines that a guest can cause */
	int notify;                         /* timerfd of notifications, or -1 */
	int advertise;                      /* timerfd of unsolicited router advertisements, or -1 */
	int stream_timer;                   /* timerfd of DNS connections, or -1 */
	uint64_t stream_armed;              /* the time that it is set to, in milliseconds; 0: it is not set */
	int listen;                         /* timerfd of multicast reports, or -1 */
	unsigned listen_soon;               /* how many more reports come at the short interval of a start */
	unsigned advertise_quickly;         /* how many more advertisements come at such short intervals */
	struct guest *past;                 /* old values that advertisements still withdraw, or NULL (guest/past.h) */
};

/* Sets a note in this process and in the keeper, which normally does the takedown. 0 or -errno. */
int session_note(struct session *s, enum session_note key, int32_t value);

/*
 * The steps of a start, in the order of session.h. Each: 0 or -errno with a line in r.
 *
 *   claim       what only one VM may have
 *   build_up    everything else up to the hypervisor; the rules let nothing pass yet
 *   open_rules  all rules
 *   attach      the bridge port
 *   get_ready   what the loop needs
 *
 * The last three run when the hypervisor's program does, which takes longer to start its guest, and not during its
 * exec: the kernel may put the new process behind this one on the same processor, where it would wait for them.
 */
int session_build_up(struct session *s, struct report *r);
int session_open_rules(struct session *s, struct report *r);
int session_attach(struct session *s, struct report *r);
int session_get_ready(struct session *s, struct report *r);

/* Fills s->id from the command line and the key of -k; sets the image's path. 0 or -errno with a line in r. */
int session_identity(struct session *s, struct report *r);
/* Writes the disk image of -k, if -k was given. 0 or -errno with a line in r. */
int session_image(struct session *s, struct report *r);
/* Removes a VM's disk image. folder: where its record is (claim_folder()); inode: the keeper's note. 0 or -errno. */
int session_remove_image(unsigned long folder, const char *path, uint32_t inode);
/* Writes s->info into the file of the interface's claim. */
void session_record(const struct session *s);

/*
 * Takes the claims on what only one VM may have; 0, or -errno with a line in r. They are held by this process and by
 * the keeper, so that they last until either has taken everything down. close: this process holds them no longer.
 */
int session_claim(struct session *s, struct report *r);
void session_close_claims(struct session *s);
/*
 * The VM's copy of its binding (session_copy.c). check: 0 if there is no file at its path, or one that fold may
 * overwrite now and remove in the end; else -EEXIST with a line in r. remove: removes the copy, unless the file
 * belongs to another VM by now; 0 or -errno. clean: the same for the copy of a killed fold, whose record was in
 * `folder` (claim_folder()).
 */
int session_check_copy(const struct session *s, struct report *r);
int session_remove_copy(const struct session *s);
void session_clean_copy(const struct session_info *left, unsigned long folder);
/*
 * True if a running fold with that interface name has a record for which `like` returns true, in any folder except
 * `but`. Callers do not remove what such a fold uses.
 */
bool session_is_held(const char *iface, unsigned long but,
		     bool (*like)(const struct session_info *running, const void *arg), const void *arg);

/*
 * unplug: removes the tap. takedown: removes the tap, the rules, files and claims; the guest is gone by then, or was
 * killed and does not end. In that case known->rules is a copy of the socket that owns the VM's own rules, because they
 * stay as long as any process has that socket open; otherwise -1. Both are idempotent.
 */
void session_unplug(void *session, const struct keeper_known *known);
void session_takedown(void *session, const struct keeper_known *known);

/*
 * The bridge's MAC and the host's addresses on it, for the rules (session_host.c). open: reads them; 0, or -errno with
 * a line in r. changed: for when host_event is readable. look: for when the timer is.
 */
/* For faults that cannot be mended while the VM runs: takes its port down for good and logs why. */
void session_cut_off(struct session *s, const char *why);
int session_host_open(struct session *s, struct report *r);
void session_host_changed(struct session *s);
void session_host_look(struct session *s);
void session_host_close(struct session *s);
/* What the guest is told, in octets, if its binding says nothing: what its bridge has now, as far as guests take it. */
uint32_t session_guest_mtu(const struct session *s);

/*
 * Unsolicited router advertisements (RFC 4861 6.2.4). start: sends the first one and sets the timer for the others;
 * does nothing where the VM has no IPv6. due: for when the timer is readable. change: sends one at once, which
 * withdraws what was true of `was` and no longer is. last: withdraws the router, because it may be gone in a moment; if
 * it is not, the next one by the timer restores it.
 */
void session_advertise_start(struct session *s);
void session_advertise_due(struct session *s);
void session_advertise_change(struct session *s, const struct guest *was);
void session_advertise_last(struct session *s);

/*
 * -a and -A (session_gateway.c). gate: makes the rules that they need besides the VM's own, which must be there
 * already; 0 or -errno with a line in r. mend: puts those back when somebody has removed rules. check_host: warns where
 * the host's firewall will stop the VM's packets.
 */
int session_gate(struct session *s, struct report *r);
void session_gate_mend(struct session *s);
void session_check_host(const struct session *s);

/* What the loop waits for. */
enum session_source {
	SESSION_FRAMES,
	SESSION_SIGNALS,
	SESSION_HOST,
	SESSION_HOST_LOOK,
	SESSION_RULES,
	SESSION_ADVERTISE,
	SESSION_FORWARD,
	SESSION_NOTIFY,
	SESSION_CHANGED,
	SESSION_LOADED,
	SESSION_ASKED,
	SESSION_LISTEN,
	SESSION_STREAM,
	SESSION_SOURCES,
};
/* Adds fd to what the loop waits for, also before the loop runs; fd may be -1: nothing to wait for. 0 or -errno. */
int session_wait_for(struct session *s, enum session_source which, int fd);

/*
 * ALLOW (session_egress.c): a DNS answer is about to go to the guest; lets the guest reach the addresses in it from now
 * on. False where that fails: the answer must not be sent.
 */
bool session_hand_out(void *session, const uint8_t *msg, size_t len);
/* rules_update(); gives up addresses that ALLOW has let in where there is no room for all of them. */
int session_update_rules(struct session *s, const struct rules *r);
/*
 * Whether err, a result of session_update_rules(), leaves it unknown which rules are in force. That is so without an
 * answer (NFT_NO_ANSWER), and with -EMSGSIZE, because rules of that size were sent before: somebody has made the
 * socket's buffer smaller in between, and may also have taken the kernel's other answers.
 */
bool session_rules_unknown(int err);
#define SESSION_RULES_UNKNOWN                                                                                          \
	"whether a change of its rules is in force is unknown, for the kernel's answer was taken away"

/* Opens the DNS forwarder where the guest's binding now needs it, and tells it what the binding says. 0 or -errno. */
int session_forward(struct session *s);

/*
 * DNS by TCP (session_stream.c). open: after s->tx is open; does nothing where DNS is off. segment: takes a frame for
 * which answer_frame() returned ANSWER_STREAM. due: for when the timer is readable. Frames for the guest are kept in
 * s->tx until its next flush.
 */
int session_stream_open(struct session *s);
void session_stream_segment(struct session *s, const struct frame *f);
void session_stream_due(struct session *s);
void session_stream_close(struct session *s);
/* Callbacks of struct forward_setup, for answers to questions that came by TCP. */
struct wr *session_stream_message(void *session, uint64_t who);
void session_stream_done(void *session, uint64_t who);

/* Counts what was answered or refused for `fold inspect`, and logs it, as far as the log's limit allows. */
void session_say(struct session *s, const char *what, bool refused);

/*
 * Follows the -b file, the VM's copy and the address lists (session_live.c). open: while this process may still read
 * every file, after the copy was written; warns of what cannot be followed. start: when the loop starts. changed,
 * loaded: the loop's, for when a file has changed and for when the thread has read it.
 */
void session_live_open(struct session *s);
int session_live_start(struct session *s);
void session_live_changed(struct session *s);
void session_live_loaded(struct session *s);
void session_live_close(struct session *s);

/* Reports the VM's multicast groups to the network (session_listen.c). due: for when the timer is readable. */
void session_listen_start(struct session *s);
void session_listen_due(struct session *s);

/*
 * Counts of what was answered and refused, for `fold inspect` (session_seen.c). `what` must be a constant: it is
 * compared by its address. open: call it after the claims are taken; without it nothing is counted. asked: for the
 * loop, answers waiting requests. remove: removes the VM's socket from the file system, also for a VM of another folder
 * (claim_folder()).
 */
int session_seen_open(struct session *s);
void session_seen(struct session *s, const char *what, bool refused);
void session_seen_unsaid(struct session *s);
void session_asked(struct session *s);
void session_seen_close(struct session *s);
void session_seen_remove(unsigned long folder, const char *iface);

/* Tells the guest that its binding changed, and again at intervals (due) until it has acknowledged it (end). */
void session_notify_change(struct session *s);
void session_notify_due(struct session *s);
void session_notify_end(struct session *s);

/*
 * The VM's name in weaveDNS (session_weave.c). start: once the hypervisor runs, and before this process gives up its
 * privileges; does nothing where nothing points to Weave Net. change: after the binding changed; was: the guest before
 * that, NULL at the start.
 */
void session_weave_start(struct session *s);
void session_weave_change(struct session *s, const struct guest *was);

/*
 * Starts the responder, which serves the guest, and waits until the hypervisor has ended; returns fold's exit status.
 */
int session_serve(struct session *s);

/* The responder's loop. Answers the guest's packets; returns FOLD_EXIT_FAILED when it can no longer do so. */
int session_loop(struct session *s);

#endif
