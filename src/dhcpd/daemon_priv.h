/* SPDX-License-Identifier: GPL-2.0-or-later */
/* daemon_priv: what the files of fold-dhcpd share. */
#ifndef FOLD_DHCPD_DAEMON_PRIV_H
#define FOLD_DHCPD_DAEMON_PRIV_H

#include "dhcpd/daemon.h"
#include "dhcpd/mail.h"
#include "dhcpd/table.h"
#include "dns/resolvers.h"
#include "guest/config.h"
#include "host/links.h"
#include "host/routes.h"
#include "host/tx.h"

#include <stdio.h>

#include <sys/queue.h>

struct worker;

/* What the control thread waits for: epoll's data is this in the upper half, and a number in the lower. */
enum daemon_source {
	DAEMON_SIGNALS,
	DAEMON_FILES,
	DAEMON_LINKS,
	DAEMON_ROUTES,
	DAEMON_DUE,
	DAEMON_MAIL,
	DAEMON_RESOLVERS,
	DAEMON_ASKING, /* the number is the port's ifindex */
	DAEMON_QUEUE,  /* the number is the queue's place; only if there is one worker, the control thread */
};

/* Why a binding file is read. */
enum bindings_reason {
	BINDINGS_WRITTEN, /* it may say something new */
	BINDINGS_LIST,    /* an address list that it names may say something new */
	BINDINGS_AROUND,  /* what it depends on changed: the configuration, routes */
};

/* The directory of binding files (directory.c). */
struct due_file;
struct directory {
	int fd;                 /* inotify */
	int watch;              /* the directory's watch descriptor, or -1: it is not there */
	unsigned listing;       /* the number of the last whole listing */
	struct due_file *files; /* what is still to be read, a few files a turn */
	size_t count, next, room;
	bool listed;         /* they are a whole listing: bindings that are not in it are gone */
	bool closed;         /* since then some file could not be read, perhaps for lack of permission */
	bool incomplete;     /* names were lost for lack of memory: no binding may count as gone */
	struct moment retry; /* while the directory is not there */
};

/* What LINK's tables said when they were read last (link_tables.c). */
struct link_table {
	char *name;
	struct routes_link link;
};

struct daemon {
	const struct dhcpd_options *o;
	char *config_path; /* whole: a daemon's working directory is / */
	char user[33];     /* name or number of the user that it runs as, for log lines */
	struct config config;
	struct table table;
	struct due due;
	struct directory directory;
	struct links *links;
	unsigned listing; /* of links */
	int routes;       /* the watch */
	struct moment routes_changed;
	struct link_table *tables;
	size_t table_count;
	bool link_failed; /* a binding with a LINK could not be put in force: other routes may mend it */
	struct resolvers resolvers;
	TAILQ_HEAD(asking_list, asking) askings; /* least recently used first */
	size_t asking_count;
	struct tx *tx; /* the control thread's */
	struct mail mail;
	struct letter letter;
	struct worker **workers;
	size_t worker_count;
	bool started; /* the first listing of the bindings is over */
	int epoll, signals;
	FILE *queue_counts; /* the kernel's, of packets that it dropped; NULL: not readable (root only) */
	int log, pidfile;
	char *log_path;
	int log_watch;           /* the log file's watch descriptor of the directory's inotify, or -1 */
	struct moment log_check; /* whether it was moved */
	bool log_said;           /* that it cannot be opened again */
	struct log_limit warnings;
	bool sources_missing; /* a binding's INDEV is not there yet */
	int terminal;         /* where the starter of the daemon reads why it did not start, or -1 */
};

/* 0 or -errno. */
int daemon_wait_for(struct daemon *d, enum daemon_source source, uint32_t number, int fd);

/* ---- start.c ---- */

/* Starts everything up to the loop. tell: for process_ready(), or -1. 0 or -errno with a line in r. */
int daemon_start(struct daemon *d, int *tell, struct report *r);
/* The queues that the configuration asks for; a service that is off has none. Returns how many there are. */
size_t daemon_queues(const struct config *c, struct queues to[static 8]);

#define FILES_A_TURN 32 /* of a listing: about a millisecond, in which packets wait */

/* ---- interfaces.c ---- */

int interfaces_open(struct daemon *d, struct report *r); /* lists all. 0 or -errno with a line in r */
void interfaces_routes_changed(struct daemon *d);        /* the watch is readable */

/* ---- directory.c: follows the files of the data path. ---- */

/*
 * open: opens the descriptors. watch: watches the directory itself, as the user that fold-dhcpd becomes. 0 or -errno
 * with a line in r; once the daemon has started, it tries again from time to time.
 */
int directory_open(struct daemon *d, struct report *r);
int directory_watch(struct daemon *d, struct report *r);
void directory_close(struct daemon *d);
/* Has all files read again, a few a turn; forced: also those that have not changed. */
void directory_list(struct daemon *d, bool forced);
void directory_ready(struct daemon *d);
/* Has the file of that name read when its turn comes. */
void directory_add(struct daemon *d, const char *name, enum bindings_reason why);
/* Reads at most so many of the files that are to be read. False if there are no more. */
bool directory_step(struct daemon *d, unsigned most);

/* ---- log_file.c ---- */

/* Does nothing in the foreground, where there is no log file. */
void log_file_watch(struct daemon *d);
void log_file_reopen(struct daemon *d);
/* True if the event was the log file's alone. */
struct inotify_event;
bool log_file_event(struct daemon *d, const struct inotify_event *e);

/* ---- bindings.c: from a file to what the answerers read. ---- */

/* Puts a binding file in force. If it is bad, what was in force stays. */
void bindings_read(struct daemon *d, const char *name, enum bindings_reason why);
void bindings_remove(struct daemon *d, const char *name);
/* True if that file may have been unreadable the last time because of its mode or its owner. */
bool bindings_waits_for_right(const struct daemon *d, const char *name);
/* An address list (name without its prefix) changed: has the bindings that name it read again. */
void bindings_list_changed(struct daemon *d, const char *list);
/* Routes changed: has the bindings with a LINK read again. */
void bindings_routes_changed(struct daemon *d);
/*
 * The interface has another MAC, came or went: updates what its VM, and VMs that name it as INDEV, are told. Needs the
 * write lock.
 */
void bindings_follow_mac(struct daemon *d, struct port *p);

/* ---- link_tables.c ---- */

struct binding;
/*
 * Fills in what the binding's LINK says and its other keys do not; *ifindex: of the default route, if there is one. 0
 * or -errno with a line in r.
 */
int link_tables_take(struct daemon *d, struct binding *b, int *ifindex, struct report *r);
void link_tables_forget(struct daemon *d); /* they are read anew */

/* ---- tell.c: what guests hear without having asked. ---- */

/* The VM is served from now on: advertisements begin, soon or, at the daemon's own start, at any moment of the period. */
void tell_start(struct daemon *d, struct port *p);
void tell_stop(struct daemon *d, struct port *p);
/* The VM's router has another MAC, and so another address: a bridge takes the MAC of one of its ports. */
void tell_soon(struct daemon *d, struct port *p);
/*
 * What the VM was told no longer holds. was: the guest before. news: the binding or its lists changed, so the VM is
 * notified.
 */
void tell_change(struct daemon *d, struct port *p, const struct guest *was, bool news);
void tell_acknowledged(struct daemon *d, struct port *p);

/* ---- asking.c: other name servers, for those VMs that ask just now. ---- */

void asking_question(struct daemon *d, struct port *p, struct reply *question); /* may become its answer */
void asking_ready(struct daemon *d, int ifindex);
void asking_follow(struct daemon *d, struct port *p); /* the guest or its interface changed */
void asking_close(struct daemon *d, struct port *p);
void asking_resolvers_changed(struct daemon *d);

/* ---- dump.c ---- */

void dump_clients(struct daemon *d); /* to the log */

#endif
