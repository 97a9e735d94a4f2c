/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/table.h"

#include "guest/past.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS_FIRST 256

/* Names and indices are the host administrator's, not a guest's: nobody has reason to make them collide. */
static size_t hash_name(const char *name)
{
	size_t h = 2166136261U;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 16777619U;
	return h ^ h >> 15;
}

static size_t hash_index(int ifindex)
{
	return (size_t)ifindex * 2654435761U >> 4;
}

int table_open(struct table *t)
{
	pthread_rwlockattr_t attr;

	*t = (struct table){.mask = BUCKETS_FIRST - 1};
	t->names = calloc(BUCKETS_FIRST, sizeof(struct port *));
	t->indices = calloc(BUCKETS_FIRST, sizeof(struct port *));
	if (!t->names || !t->indices)
		return -ENOMEM;
	/* Otherwise a change would wait for a moment in which no worker is busy. */
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	int err = -pthread_rwlock_init(&t->lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	return err;
}

static void free_port(struct port *p)
{
	guest_free(&p->guest);
	past_free(&p->past);
	free(p->lists);
	free(p);
}

void table_close(struct table *t)
{
	for (size_t i = 0; t->names && i <= t->mask; i++) {
		for (struct port *p = t->names[i], *next; p; p = next) {
			next = p->next_name;
			free_port(p);
		}
	}
	free(t->names);
	free(t->indices);
	*t = (struct table){0};
}

struct port *table_by_name(const struct table *t, const char *name)
{
	struct port *p = t->names[hash_name(name) & t->mask];

	while (p && strcmp(p->name, name) != 0)
		p = p->next_name;
	return p;
}

struct port *table_by_index(const struct table *t, int ifindex)
{
	struct port *p = t->indices[hash_index(ifindex) & t->mask];

	while (p && p->ifindex != ifindex)
		p = p->next_index;
	return p;
}

/* Doubles the buckets. Without memory they only get longer lists. */
static void grow(struct table *t)
{
	size_t mask = t->mask * 2 + 1;
	struct port **names = calloc(mask + 1, sizeof(struct port *));
	struct port **indices = calloc(mask + 1, sizeof(struct port *));

	if (!names || !indices) {
		free(names);
		free(indices);
		return;
	}
	for (size_t i = 0; i <= t->mask; i++) {
		for (struct port *p = t->names[i], *next; p; p = next) {
			struct port **name = &names[hash_name(p->name) & mask];
			struct port **index = &indices[hash_index(p->ifindex) & mask];
			next = p->next_name;
			p->next_name = *name;
			*name = p;
			if (!p->ifindex)
				continue;
			p->next_index = *index;
			*index = p;
		}
	}
	free(t->names);
	free(t->indices);
	t->names = names;
	t->indices = indices;
	t->mask = mask;
}

struct port *table_add(struct table *t, const char *name)
{
	struct port *p = table_by_name(t, name);

	if (p)
		return p;
	assert(strlen(name) < sizeof(p->name));
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	if (t->count >= t->mask)
		grow(t);
	memcpy(p->name, name, strlen(name) + 1);
	struct port **bucket = &t->names[hash_name(name) & t->mask];
	p->next_name = *bucket;
	*bucket = p;
	t->count++;
	return p;
}

static void unlink_index(struct table *t, struct port *p)
{
	struct port **at = &t->indices[hash_index(p->ifindex) & t->mask];

	while (*at != p)
		at = &(*at)->next_index;
	*at = p->next_index;
	p->ifindex = 0;
	/* Its unread letters bear the old index, so they will find no port that counts them. */
	atomic_store_explicit(&p->letters, 0, memory_order_relaxed);
}

void table_set_index(struct table *t, struct port *p, int ifindex)
{
	if (p->ifindex == ifindex)
		return;
	struct port *other = ifindex ? table_by_index(t, ifindex) : NULL;
	if (other)
		unlink_index(t, other);
	if (p->ifindex)
		unlink_index(t, p);
	if (!ifindex)
		return;
	struct port **bucket = &t->indices[hash_index(ifindex) & t->mask];
	p->ifindex = ifindex;
	p->next_index = *bucket;
	*bucket = p;
}

void table_forget(struct table *t, struct port *p)
{
	struct port **at = &t->names[hash_name(p->name) & t->mask];

	if (p->ifindex || p->bound)
		return;
	while (*at != p)
		at = &(*at)->next_name;
	*at = p->next_name;
	t->count--;
	free_port(p);
}

void table_each(struct table *t, void (*each)(void *arg, struct port *p), void *arg)
{
	for (size_t i = 0; i <= t->mask; i++) {
		for (struct port *p = t->names[i], *next; p; p = next) {
			next = p->next_name;
			each(arg, p);
		}
	}
}
