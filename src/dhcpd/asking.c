/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each VM has a forwarder of its own to ask name servers, so that no cache tells one VM what others asked, and no VM's
 * questions use up what others may have under way. Of thousands of VMs few ask at a time: a forwarder is made for the
 * first question and goes when its VM has asked nothing for a while, or when others need its place.
 */
#include "base/clock.h"
#include "base/log.h"
#include "dhcpd/daemon_priv.h"
#include "dhcpd/worker.h"
#include "dns/forward.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ASKING_MOST 512        /* forwarders at a time */
#define CACHE_EACH (64 * 1024) /* octets of answers that each keeps */
#define IDLE_MS 60000          /* without a question */

struct asking {
	TAILQ_ENTRY(asking) used;
	struct daemon *d;
	struct port *port;
	struct forward *forward;
	uint64_t used_ms;
	struct moment idle;
};

static void close_asking(struct asking *a)
{
	struct daemon *d = a->d;

	TAILQ_REMOVE(&d->askings, a, used);
	d->asking_count--;
	a->port->asking = NULL;
	due_unset(&d->due, &a->idle);
	forward_close(a->forward);
	free(a);
}

void asking_close(struct daemon *d, struct port *p)
{
	(void)d;
	if (p->asking)
		close_asking(p->asking);
}

static void on_answer(void *asking, const struct reply *reply)
{
	const struct asking *a = asking;

	tx_send_to(a->d->tx, reply, a->port->ifindex);
}

static void on_event(void *asking, const char *event)
{
	const struct asking *a = asking;

	port_say(a->port, event);
}

static void idle_due(void *asking, struct moment *m)
{
	struct asking *a = asking;
	uint64_t until = a->used_ms + IDLE_MS;

	if (clock_ms() >= until && !forward_under_way(a->forward))
		close_asking(a);
	else
		due_set(&a->d->due, m, until > clock_ms() ? until : clock_ms() + IDLE_MS);
}

/* If there are too many, closes the least recently used one that waits for no answer. False if all of them wait. */
static bool make_place(struct daemon *d)
{
	if (d->asking_count < ASKING_MOST)
		return true;
	for (struct asking *a = TAILQ_FIRST(&d->askings); a; a = TAILQ_NEXT(a, used)) {
		if (!forward_under_way(a->forward)) {
			close_asking(a);
			return true;
		}
	}
	return false;
}

static struct asking *open_asking(struct daemon *d, struct port *p)
{
	struct asking *a = make_place(d) ? calloc(1, sizeof(*a)) : NULL;
	const struct forward_setup setup = {.resolvers = &d->resolvers,
					    .cache_octets = CACHE_EACH,
					    .send = on_answer,
					    .note = on_event,
					    .arg = a};

	if (!a)
		return NULL;
	*a = (struct asking){.d = d, .port = p};
	int err = forward_open(&setup, &a->forward);
	if (!err)
		err = daemon_wait_for(d, DAEMON_ASKING, (uint32_t)p->ifindex, forward_fd(a->forward));
	if (err) {
		uint64_t left_out;
		if (log_limit_pass(&d->warnings, clock_ms(), &left_out))
			log_warn("%s: no sockets to ask name servers: %s", p->name, strerror(-err));
		forward_close(a->forward);
		free(a);
		return NULL;
	}
	a->idle = (struct moment){.run = idle_due, .arg = a};
	due_set(&d->due, &a->idle, clock_ms() + IDLE_MS);
	TAILQ_INSERT_TAIL(&d->askings, a, used);
	d->asking_count++;
	p->asking = a;
	forward_follow(a->forward, &p->guest);
	return a;
}

void asking_question(struct daemon *d, struct port *p, struct reply *question)
{
	struct asking *a = p->asking ? p->asking : open_asking(d, p);

	if (!a) {
		/* RFC 8906 2: silence would only make the guest ask again, while sockets or places are still short. */
		if (forward_decline(&p->guest, question))
			tx_send_to(d->tx, question, p->ifindex);
		port_say(p, "DNS: declined: too many VMs wait for name servers");
		return;
	}
	a->used_ms = clock_ms();
	TAILQ_REMOVE(&d->askings, a, used);
	TAILQ_INSERT_TAIL(&d->askings, a, used);
	forward_ask(a->forward, question);
}

void asking_ready(struct daemon *d, int ifindex)
{
	const struct port *p = table_by_index(&d->table, ifindex);

	/* It may have been closed in this very turn of the loop. */
	if (p && p->asking)
		forward_run(p->asking->forward);
}

void asking_follow(struct daemon *d, struct port *p)
{
	if (p->asking && p->guest.dns.forward)
		forward_follow(p->asking->forward, &p->guest);
	else
		asking_close(d, p);
}

void asking_resolvers_changed(struct daemon *d)
{
	if (!resolvers_update(&d->resolvers))
		return;
	for (struct asking *a = TAILQ_FIRST(&d->askings); a; a = TAILQ_NEXT(a, used))
		forward_follow(a->forward, &a->port->guest);
}
