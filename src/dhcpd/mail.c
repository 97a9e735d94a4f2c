/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/mail.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <sys/eventfd.h>

int mail_open(struct mail *m)
{
	*m = (struct mail){.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .lock = PTHREAD_MUTEX_INITIALIZER};
	m->ring = calloc(MAIL_ROOM, sizeof(*m->ring));
	return m->fd < 0 ? -errno : m->ring ? 0 : -ENOMEM;
}

void mail_close(struct mail *m)
{
	if (m->fd >= 0)
		close(m->fd);
	free(m->ring);
	*m = (struct mail){.fd = -1};
}

/* Copies a reply, and sets up its cursor, which points into the reply itself. */
static void copy_reply(struct reply *to, const struct reply *from)
{
	memcpy(to, from, offsetof(struct reply, buf));
	memcpy(to->buf + REPLY_HEADROOM, from->buf + REPLY_HEADROOM, wr_len(&from->w));
	to->w = wr_over(to->buf + REPLY_HEADROOM, REPLY_DATA_MAX);
	to->w.p += wr_len(&from->w);
}

bool mail_post(struct mail *m, enum mail_kind kind, int ifindex, const struct reply *question)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&m->lock);
	bool fits = m->count < MAIL_ROOM;
	if (fits) {
		struct letter *l = &m->ring[(m->first + m->count++) % MAIL_ROOM];
		l->kind = kind;
		l->ifindex = ifindex;
		if (question)
			copy_reply(&l->question, question);
	} else {
		m->lost++;
	}
	bool was_empty = fits && m->count == 1;
	pthread_mutex_unlock(&m->lock);
	/* write() fails only if the counter is full, and then the descriptor is readable too. */
	if (was_empty && write(m->fd, &one, sizeof(one)) < 0)
		return true;
	return fits;
}

bool mail_take(struct mail *m, struct letter *out)
{
	uint64_t times;

	pthread_mutex_lock(&m->lock);
	bool any = m->count > 0;
	if (any) {
		const struct letter *l = &m->ring[m->first];
		out->kind = l->kind;
		out->ifindex = l->ifindex;
		if (l->kind == MAIL_QUESTION)
			copy_reply(&out->question, &l->question);
		m->first = (m->first + 1) % MAIL_ROOM;
		m->count--;
	}
	/* Under the lock, so that the next letter is announced anew. */
	if (!m->count && read(m->fd, &times, sizeof(times)) < 0)
		times = 0;
	pthread_mutex_unlock(&m->lock);
	return any;
}
