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

/* What the keeper is told, each as soon as it is about to be: the tap's ifindex, that there are others, the image's inode. */
enum session_note {
	SESSION_NOTE_TAP,
	SESSION_NOTE_SHARED,
	SESSION_NOTE_COPY,
	SESSION_NOTE_IMAGE,
	SESSION_NOTE_INODE,
};

enum session_claims { SESSION_CLAIM_IFACE, SESSION_CLAIM_MAC, SESSION_CLAIM_IP4, SESSION_CLAIM_IP6, SESSION_CLAIMS };

#define SESSION_HOST_ADDRESSES 32

struct session {
	const struct options *o;
	struct config config;
	struct binding binding;
	char *text; /* of the binding file, or NULL */
	size_t text_len;
	mode_t text_mode; /* who may read that file, and so the copy */
	struct address_lists lists;
	struct hypervisor hypervisor;
	struct identity id; /* the MTU comes with the bridge */
	struct guest guest;

	struct session_info info; /* as the claim says it */
	struct claim claims[SESSION_CLAIMS];
	int32_t notes[KEEPER_NOTES]; /* for when the keeper is killed */
	bool unplugged;              /* the tap is gone: removed by this process, that is */

	struct keeper keeper;
	int tap;
	int ifindex;      /* the tap's */
	int bridge_index; /* its bridge's */
	int epoll;
	int signals; /* signalfd */
	int told;    /* eventfd: the guest was told that it is about to be told to end */
	struct nft *nft;
	struct link *link;
	int bridge_watch; /* readable when the host changes on that network, or -1 */
	int bridge_look;  /* timerfd: time to see whether it is still the same, or -1 */
	/* The host's addresses there. */
	struct in_addr host4[SESSION_HOST_ADDRESSES];
	struct in6_addr host6[SESSION_HOST_ADDRESSES];
	struct rules rules;
	struct egress *egress; /* what ALLOW has let in */
	struct watch *watch;   /* with NFQUEUE, or a gate in the shared table */
	bool gate_lost;        /* that gate; it was said */
	struct delivery *delivery;
	struct tx *tx;                      /* to the guest */
	struct forward *forward;            /* asks other name servers, or NULL */
	struct stream *stream;              /* keeps DNS connections, or NULL */
	struct live *live;                  /* follows the files, or NULL */
	struct seen *seen;                  /* what `fold inspect` is told, or NULL */
	struct weave_name weave;            /* keeps its name in weaveDNS, or none */
	struct log_limit answers, refusals; /* what the guest can make fold say */
	int notify;                         /* timerfd of notifications, or -1 */
	int advertise;                      /* timerfd of unsolicited router advertisements, or -1 */
	int stream_timer;                   /* timerfd of DNS connections, or -1 */
	uint64_t stream_armed;              /* for when it is set; 0: it is not */
	int listen;                         /* timerfd of multicast reports, or -1 */
	unsigned listen_soon;               /* how many more come at the short intervals of a start */
	unsigned advertise_quickly;         /* how many more come at the short intervals of a start */
	struct guest *past;                 /* what is withdrawn as often as what took its place is said, or NULL */
};

/* Tells both processes' records: the keeper first, for it is the one that is meant to act on it. 0 or -errno. */
int session_note(struct session *s, enum session_note key, int32_t value);

/*
 * build_up: everything up to the hypervisor, in the order that session.h gives. get_ready: what the loop needs, made while the
 * hypervisor comes up: until the rules are filled nothing passes, and it has nothing to send yet. Beside a thousand VMs this
 * takes as long as all before it. 0 or -errno with a line in r.
 */
int session_build_up(struct session *s, struct report *r);
int session_get_ready(struct session *s, struct report *r);

/* Who the VM is, from the command line and the key; and where its image goes. 0 or -errno with a line in r. */
int session_identity(struct session *s, struct report *r);
/* Makes the image of -k where there is a -k. 0 or -errno with a line in r. */
int session_image(struct session *s, struct report *r);
/* Removes it, by the notes that the keeper has. 0 or -errno. */
int session_remove_image(const char *path, uint32_t inode);
/* Puts what the record says into the claim's file. */
void session_record(const struct session *s);

/* Everything that only one VM may have; in the keeper, which holds it. 0 or -errno with a line in r. */
int session_claim(void *session, struct report *r);
/* Takes them over from a keeper that was killed, as far as nobody else was quicker. */
void session_reclaim(struct session *s);
/* What stands where the VM's copy of its binding goes may be overwritten, and removed in the end. 0, or -EEXIST with a line in r. */
int session_check_copy(const struct session *s, struct report *r);

/*
 * unplug: the tap. takedown: that, the rules, files and claims; the guest is gone by then, or was killed and does not end: rules_fd is
 * then a copy of the socket that owns the VM's own rules, which live as long as any copy does; otherwise -1. Idempotent.
 */
void session_unplug(void *session, const int32_t notes[static KEEPER_NOTES]);
void session_takedown(void *session, const int32_t notes[static KEEPER_NOTES], int rules_fd);

/*
 * Who the host is on the VM's bridge (session_host.c). is: that bridge and its MAC. open: its addresses are read, and
 * watched. changed: the watch is readable; look: the timer is. 0, or -errno with a line in r.
 */
void session_host_is(struct session *s, const struct link_info *bridge);
/* For what cannot be mended while the VM runs: its port is down for good, and that is said, with the reason why. */
void session_cut_off(struct session *s, const char *why);
int session_host_open(struct session *s, struct report *r);
void session_host_changed(struct session *s);
void session_host_look(struct session *s);
void session_host_close(struct session *s);

/*
 * Unsolicited router advertisements (RFC 4861 6.2.4). start: the first one at once, and the timer for the others; nothing where
 * the VM has no IPv6. due: the timer is readable. change: at once, with what is no longer true of `was` withdrawn. last:
 * this router may be gone in a moment; if it is not, it comes back by itself.
 */
void session_advertise_start(struct session *s);
void session_advertise_due(struct session *s);
void session_advertise_change(struct session *s, const struct guest *was);
void session_advertise_last(struct session *s);

/*
 * -a and -A (session_gateway.c). gate: what they need beside the VM's own rules, after these were made; 0 or -errno with a line
 * in r. mend: somebody has removed rules. check_host: a line where the host's firewall will stop the VM's packets.
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
/* Has the loop wait for it too; fd may be -1: nothing to wait for. Also before the loop runs. 0 or -errno. */
int session_wait_for(struct session *s, enum session_source which, int fd);

/*
 * ALLOW (session_egress.c): a DNS answer is about to leave; the addresses in it may be reached from now on. False where that cannot be had:
 * it must not leave.
 */
bool session_hand_out(void *session, const uint8_t *msg, size_t len);
/* rules_update(), with as many of those addresses as there is room for. */
int session_update_rules(struct session *s, const struct rules *r);
/*
 * Whether that result leaves open which rules are in force. No answer: and -EMSGSIZE of rules that have been sent before, for then somebody has
 * made their socket smaller in between, and may have taken other answers for themselves.
 */
bool session_rules_unknown(int err);
#define SESSION_RULES_UNKNOWN                                                                                          \
	"whether a change of its rules is in force is unknown, for the kernel's answer was taken away"

/* Other name servers are asked, or not, as the guest's binding now says. 0 or -errno. */
int session_forward(struct session *s);

/*
 * DNS by TCP (session_stream.c). open: once there is a way out; nothing where DNS is off. segment: a frame that answer_frame() said
 * ANSWER_STREAM to. due: the timer is readable. What they send is kept until the next flush.
 */
int session_stream_open(struct session *s);
void session_stream_segment(struct session *s, const struct frame *f);
void session_stream_due(struct session *s);
void session_stream_close(struct session *s);
/* The forwarder's answers to those who asked so, as struct forward_setup has them. */
struct wr *session_stream_message(void *session, uint64_t who);
void session_stream_done(void *session, uint64_t who);

/* What was answered or refused, for the log, as far as its limit goes, and for `fold inspect`. */
void session_say(struct session *s, const char *what, bool refused);

/*
 * Follows the -b file, the VM's copy and the address lists (session_live.c). open: while everything may be read, after the
 * copy was written; what cannot be followed is warned of. start: with the loop. changed, loaded: the loop's.
 */
void session_live_open(struct session *s);
int session_live_start(struct session *s);
void session_live_changed(struct session *s);
void session_live_loaded(struct session *s);
void session_live_close(struct session *s);

/* Reports to the network, in the VM's place, of the multicast groups that it listens to (session_listen.c). due: the timer is readable. */
void session_listen_start(struct session *s);
void session_listen_due(struct session *s);

/*
 * What has been answered (a constant that names it) and refused, for whoever asks (session_seen.c). open: after the claims; without it
 * nothing is counted. asked: the loop's. remove: what is in the file system, by the name alone.
 */
int session_seen_open(struct session *s);
void session_seen(struct session *s, const char *what, bool refused);
void session_seen_unsaid(struct session *s);
void session_asked(struct session *s);
void session_seen_close(struct session *s);
void session_seen_remove(const char *iface);

/* Tells the guest of a change, and again until it has said that it heard. end: it has. */
void session_notify_change(struct session *s);
void session_notify_due(struct session *s);
void session_notify_end(struct session *s);

/*
 * Its name in weaveDNS (session_weave.c). start: once the hypervisor is there and while everything may still be done; nothing where
 * no Weave is in sight. change: after the files did; was: the guest before, NULL: there was none.
 */
void session_weave_start(struct session *s);
void session_weave_change(struct session *s, const struct guest *was);

/* Serves the guest until the hypervisor has ended, in a process of its own; returns fold's exit status. */
int session_serve(struct session *s);

/* Answers its packets, in that process; returns where that is no longer possible, FOLD_EXIT_FAILED. */
int session_loop(struct session *s);

#endif
