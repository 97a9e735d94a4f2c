/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Packets in, verdicts and replies out. */
#include "dhcpd/worker.h"

#include "answer/answer.h"
#include "base/clock.h"
#include "base/log.h"
#include "ra/nd_pass.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/netfilter.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#define QUEUE_LENGTH 8192                /* a few thousand VMs that start at once */
#define RECEIVE_BYTES (16 * 1024 * 1024) /* and their packets; the kernel's memory, while they wait */

struct queue {
	uint16_t number;
	struct nfqueue_verdicts verdicts;
	struct nfsocket nl;
};

int worker_open(struct daemon *d, struct worker **out)
{
	struct worker *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->d = d;
	w->epoll = w->stop = -1;
	int err = tx_open(&w->tx);
	if (err) {
		free(w);
		return err;
	}
	*out = w;
	return 0;
}

static void stop_thread(struct worker *w)
{
	const uint64_t one = 1;

	if (!w->runs)
		return;
	while (write(w->stop, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	pthread_join(w->thread, NULL);
	w->runs = false;
}

void worker_close(struct worker *w)
{
	if (!w)
		return;
	stop_thread(w);
	for (size_t i = 0; i < w->count; i++) {
		nfsocket_close(&w->queues[i]->nl);
		free(w->queues[i]);
	}
	free(w->queues);
	if (w->epoll >= 0)
		close(w->epoll);
	if (w->stop >= 0)
		close(w->stop);
	tx_close(w->tx);
	free(w);
}

int worker_bind(struct worker *w, uint16_t number)
{
	struct queue **queues = reallocarray(w->queues, w->count + 1, sizeof(struct queue *));
	struct queue *q = queues ? calloc(1, sizeof(*q)) : NULL;

	if (queues)
		w->queues = queues;
	if (!q)
		return -ENOMEM;
	q->number = q->verdicts.number = number;
	int err = nfsocket_open(&q->nl, RECEIVE_BYTES);
	if (!err)
		err = nfqueue_bind(&q->nl, number, QUEUE_LENGTH);
	if (err) {
		nfsocket_close(&q->nl);
		free(q);
		return err;
	}
	nfsocket_lossy(&q->nl);
	queues[w->count++] = q;
	return 0;
}

int worker_fd(const struct worker *w, size_t queue)
{
	return nfsocket_fd(&w->queues[queue]->nl);
}

uint64_t worker_lost(const struct worker *w)
{
	return tx_lost(w->tx);
}

/* ---- one packet ---- */

/* Whose packet it is, and where an answer goes. */
struct owner {
	struct port *port; /* NULL: no VM's with a binding */
	bool to_guest;
	int answer_to;
};

static bool is_own_destination(const struct guest *g, const struct nfqueue_packet *p)
{
	const struct frame *f = &p->frame;

	if (f->l3_len >= 20 && f->l3[0] >> 4 == 4)
		return g->id.has4 && memcmp(f->l3 + 16, &g->id.ip4.addr, 4) == 0;
	return f->l3_len >= 40 && f->l3[0] >> 4 == 6 && g->id.has6 && memcmp(f->l3 + 24, &g->id.ip6.addr, 16) == 0;
}

static struct port *bound_port(const struct daemon *d, uint32_t ifindex)
{
	struct port *p = ifindex ? table_by_index(&d->table, (int)ifindex) : NULL;

	return p && p->bound ? p : NULL;
}

static struct owner find_asked(struct port *to, const struct nfqueue_packet *p, uint32_t in)
{
	const struct frame *f = &p->frame;

	/*
	 * After the bridge's decision the kernel no longer tells the port that the packet came by; the bridge finds the
	 * way back.
	 */
	if (!in && p->family == AF_BRIDGE)
		in = p->out;
	/* Questions from the host itself go to the VM. */
	if (!in || (p->has_source && memcmp(f->l2 + MAC_LEN, to->guest.service_mac, MAC_LEN) == 0))
		to = NULL;
	return (struct owner){.port = to, .to_guest = true, .answer_to = (int)in};
}

/*
 * The bridge's port decides rather than the bridge. A packet on its way out may be between two VMs: it belongs to the
 * VM that has its destination address, else to the VM that sent it.
 */
static struct owner find_owner(const struct daemon *d, const struct nfqueue_packet *p)
{
	uint32_t in = p->physin ? p->physin : p->in, out = p->physout ? p->physout : p->out;

	if (p->hook == NF_INET_FORWARD || p->hook == NF_INET_POST_ROUTING) {
		struct port *to = bound_port(d, out);
		if (to && p->frame.l3 && is_own_destination(&to->guest, p))
			return find_asked(to, p, in);
	}
	struct port *from = bound_port(d, in);
	return (struct owner){.port = from, .answer_to = from ? from->ifindex : 0};
}

void port_say(struct port *p, const char *what)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static struct log_limit all = {.burst = 1000,
				       .per_second = 200}; /* of thousands of guests that speak at once */
	char mac[MAC_TEXT];
	uint64_t left_out = 0;

	/* One line at a time; a worker drops its line rather than wait for another's write to the disk. */
	if (pthread_mutex_trylock(&lock))
		return;
	p->log.burst = 20;
	p->log.per_second = 2;
	if (log_limit_pass(&p->log, clock_ms(), &left_out) && log_limit_pass(&all, clock_ms(), NULL)) {
		if (left_out)
			log_info("%s %s: %s (%llu more not logged)", p->name, mac_format(p->guest.id.mac, mac), what,
				 (unsigned long long)left_out);
		else
			log_info("%s %s: %s", p->name, mac_format(p->guest.id.mac, mac), what);
	}
	pthread_mutex_unlock(&lock);
}

/* MACSPOOF: takes the sender for the client, in DHCP the one that it names. False if that cannot be a client. */
static bool take_sender(struct guest *g, struct nfqueue_packet *p)
{
	const struct frame *f = &p->frame;
	size_t ip = f->l3_len >= 20 && f->l3[0] == 0x45 ? 20 : 0;
	const uint8_t *mac = f->l2 + MAC_LEN;

	/* RFC 768, 2131 2: UDP to port 67, chaddr at 28 behind the UDP header. */
	if (ip && f->l3[9] == IPPROTO_UDP && f->l3_len >= ip + 8 + 34 && f->l3[ip + 2] == 0 && f->l3[ip + 3] == 67)
		mac = f->l3 + ip + 8 + 28;
	if (mac_is_zero(mac) || mac_is_multicast(mac))
		return false;
	memcpy(g->id.mac, mac, MAC_LEN);
	memmove(p->l2, f->l2, sizeof(p->l2));
	memcpy(p->l2 + MAC_LEN, mac, MAC_LEN);
	p->frame.l2 = p->l2;
	return true;
}

static enum answer ask(struct port *p, struct nfqueue_packet *in, struct reply *out)
{
	/* A link without MAC addresses has nobody else on it. */
	if (!in->has_source)
		memcpy(in->l2 + MAC_LEN, p->guest.id.mac, MAC_LEN);
	if (p->any_mac && !in->frame.to_guest && in->frame.l2_len == sizeof(in->l2)) {
		struct guest g = p->guest;
		if (take_sender(&g, in))
			return answer_frame(&g, &in->frame, out);
	}
	return answer_frame(&p->guest, &in->frame, out);
}

enum fate { FATE_CONSUMED, FATE_PASSED, FATE_CHANGED };

static enum fate refuse(struct worker *w, struct port *p, enum drop why)
{
	port_count(p, PORT_REFUSED);
	atomic_store_explicit(&p->last_drop, why, memory_order_relaxed);
	atomic_fetch_add_explicit(&w->drops[why], 1, memory_order_relaxed);
	port_say(p, drop_name(why));
	return FATE_CONSUMED;
}

/* A neighbour solicitation for somebody else; others may answer it. */
static enum fate pass_solicitation(struct worker *w, struct port *p, const struct nfqueue_packet *in,
				   uint8_t to[static ND_PASS_MAX], size_t *len)
{
	enum nd_pass pass = in->whole ? nd_pass(&p->guest, &in->frame, to, len) : ND_PASS_REFUSED;

	if (pass == ND_PASS_REFUSED)
		return refuse(w, p, DROP_ND_TARGET);
	port_count(p, PORT_PASSED);
	return pass == ND_PASS_CHANGED ? FATE_CHANGED : FATE_PASSED;
}

/* Leaves a letter for the control thread. False if the port has too many unread ones, or there is no room. */
static bool post(struct worker *w, struct port *p, enum mail_kind kind, const struct reply *question)
{
	if (atomic_load_explicit(&p->letters, memory_order_relaxed) >= MAIL_EACH)
		return false;
	atomic_fetch_add_explicit(&p->letters, 1, memory_order_relaxed);
	if (mail_post(&w->d->mail, kind, p->ifindex, question))
		return true;
	atomic_fetch_sub_explicit(&p->letters, 1, memory_order_relaxed);
	return false;
}

static enum fate serve(struct worker *w, const struct owner *o, struct nfqueue_packet *in,
		       uint8_t to[static ND_PASS_MAX], size_t *len)
{
	struct port *p = o->port;
	struct reply *reply = tx_slot(w->tx);

	port_count(p, PORT_SEEN);
	if (fair_is_over(&w->fair, p)) {
		port_count(p, PORT_LIMITED);
		return FATE_CONSUMED;
	}
	if (!in->frame.l3)
		return refuse(w, p, DROP_TRUNCATED);
	in->frame.to_guest = o->to_guest;
	switch (ask(p, in, reply)) {
	case ANSWER_REPLY:
		port_count(p, PORT_ANSWERED);
		if (reply->event)
			port_say(p, reply->event);
		tx_keep_to(w->tx, o->answer_to);
		return FATE_CONSUMED;
	case ANSWER_FORWARD:
		port_count(p, post(w, p, MAIL_QUESTION, reply) ? PORT_FORWARDED : PORT_LIMITED);
		return FATE_CONSUMED;
	case ANSWER_NOTED:
		post(w, p, MAIL_ACKNOWLEDGED, NULL);
		/* fallthrough */
	case ANSWER_QUIET:
		port_count(p, PORT_ANSWERED);
		if (reply->event)
			port_say(p, reply->event);
		return FATE_CONSUMED;
	case ANSWER_DROP:
		if (reply->drop == DROP_ND_TARGET)
			return pass_solicitation(w, p, in, to, len);
		if (reply->drop != DROP_UNKNOWN)
			return refuse(w, p, reply->drop);
		break; /* the host's rules queued more than is fold's: others may want it */
	case ANSWER_NOT_MINE:
	case ANSWER_STREAM: /* never: nobody keeps connections, so guests lack GUEST_DNS_STREAMS */
		break;
	}
	port_count(p, PORT_PASSED);
	return FATE_PASSED;
}

struct turn {
	struct worker *w;
	struct queue *q;
};

/* Every packet gets its verdict here, on every way out. */
static void on_message(void *turn, const struct nlmsghdr *h)
{
	const struct turn *t = turn;
	struct nfqueue_packet p;
	uint8_t changed[ND_PASS_MAX];
	size_t len = 0;

	if (!nfqueue_parse(h, &p))
		return;
	/* A binding holds for the untagged network alone; tagged packets belong to another network. */
	struct owner o = {0};
	if (!p.tagged)
		o = find_owner(t->w->d, &p);
	enum fate fate = FATE_PASSED;
	if (o.port)
		fate = serve(t->w, &o, &p, changed, &len);
	else
		atomic_fetch_add_explicit(&t->w->strangers, 1, memory_order_relaxed);
	if (fate == FATE_CHANGED)
		nfqueue_replace(&t->q->nl, &t->q->verdicts, p.id, changed, len);
	else
		nfqueue_verdict(&t->q->nl, &t->q->verdicts, p.id, fate == FATE_PASSED ? NF_ACCEPT : NF_DROP);
}

int worker_serve(struct worker *w, size_t queue)
{
	struct turn t = {w, w->queues[queue]};

	fair_begin(&w->fair, fair_now());
	pthread_rwlock_rdlock(&w->d->table.lock);
	int got = nfsocket_read(&t.q->nl, false, on_message, &t);
	pthread_rwlock_unlock(&w->d->table.lock);
	tx_flush(w->tx);
	nfqueue_flush(&t.q->nl, &t.q->verdicts);
	bool full = got == NFSOCKET_BATCH;
	fair_end(&w->fair, full, full ? nfsocket_waiting(&t.q->nl) : 0);
	return got < 0 ? got : 0;
}

/* ---- as a thread ---- */

static void *run(void *worker)
{
	struct worker *w = worker;
	struct epoll_event ready[16];

	for (;;) {
		int n = epoll_wait(w->epoll, ready, 16, -1);
		for (int i = 0; i < n; i++) {
			if (ready[i].data.u64 == w->count)
				return NULL;
			int err = worker_serve(w, ready[i].data.u64);
			if (err) {
				log_err("queue %u: packets no longer arrive: %s", w->queues[ready[i].data.u64]->number,
					strerror(-err));
				return NULL;
			}
		}
	}
}

int worker_start(struct worker *w)
{
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	w->stop = eventfd(0, EFD_CLOEXEC);
	if (w->epoll < 0 || w->stop < 0)
		return -errno;
	for (size_t i = 0; i <= w->count; i++) {
		struct epoll_event e = {.events = EPOLLIN, .data.u64 = i};
		if (epoll_ctl(w->epoll, EPOLL_CTL_ADD, i < w->count ? worker_fd(w, i) : w->stop, &e) < 0)
			return -errno;
	}
	int err = pthread_create(&w->thread, NULL, run, w);
	w->runs = !err;
	return -err;
}
