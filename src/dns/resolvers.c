/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dns/resolvers.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/inotify.h"
#include "dns/dns_wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>

#define FILE_MAX 65536
#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_MODIFY)

union server server4(struct in_addr a)
{
	return (union server){.four = {.sin_family = AF_INET, .sin_port = htons(DNS_PORT), .sin_addr = a}};
}

union server server6(const struct in6_addr *a)
{
	return (union server){.six = {.sin6_family = AF_INET6, .sin6_port = htons(DNS_PORT), .sin6_addr = *a}};
}

bool server_same(const union server *a, const union server *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	return a->any.sa_family == AF_INET ? memcmp(&a->four, &b->four, sizeof(a->four)) == 0
					   : memcmp(&a->six, &b->six, sizeof(a->six)) == 0;
}

/*
 * Like if_nametoindex(), but with one kind of socket only: that function opens whatever kind works first. 0: there is
 * no such interface.
 */
static uint32_t interface_index(const char *name)
{
	_cleanup_(cleanup_close) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq q = {0};

	if (fd < 0 || strlen(name) >= sizeof(q.ifr_name))
		return 0;
	memcpy(q.ifr_name, name, strlen(name) + 1);
	return ioctl(fd, SIOCGIFINDEX, &q) < 0 ? 0 : (uint32_t)q.ifr_ifindex;
}

/* Parses an address, for IPv6 with a scope behind '%' if it needs one. */
static bool read_server(char *text, union server *out)
{
	struct in_addr four;
	struct in6_addr six;
	char *scope = strchr(text, '%');

	if (inet_pton(AF_INET, text, &four) == 1) {
		*out = server4(four);
		return true;
	}
	if (scope)
		*scope++ = 0;
	if (inet_pton(AF_INET6, text, &six) != 1)
		return false;
	*out = server6(&six);
	uint32_t index = scope ? interface_index(scope) : 0;
	if (scope)
		out->six.sin6_scope_id = index ? index : (uint32_t)strtoul(scope, NULL, 10);
	return true;
}

size_t resolvers_parse(const char *text, union server to[static RESOLVERS_MAX])
{
	_cleanup_(cleanup_free) char *copy = strdup(text);
	char *rest = copy;
	size_t count = 0;

	while (rest && count < RESOLVERS_MAX) {
		char *line = strsep(&rest, "\n"), *save;
		/* resolv.conf(5): the keyword begins the line. */
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the cleanup frees it, as `copy` */
		char *word = *line == ' ' || *line == '\t' ? NULL : strtok_r(line, " \t\r", &save);
		if (!word || strcmp(word, "nameserver") != 0)
			continue;
		word = strtok_r(NULL, " \t\r", &save);
		if (word && read_server(word, &to[count]))
			count++;
	}
	if (count == 0)
		to[count++] = server4((struct in_addr){.s_addr = htonl(INADDR_LOOPBACK)});
	return count;
}

static bool are_same(const union server *a, const union server *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!server_same(&a[i], &b[i]))
			return false;
	return true;
}

/* Reads the servers anew; true if they changed. They stay if the file exists but cannot be read. */
static bool read_file(struct resolvers *r)
{
	_cleanup_(cleanup_free) char *text = NULL;
	union server at[RESOLVERS_MAX] = {0};
	struct report why = {0};
	size_t len;
	int err = file_read(r->path, FILE_MAX, &text, &len, &why);

	if (err && err != -ENOENT && r->count)
		return false;
	size_t count = resolvers_parse(err ? "" : text, at);
	if (count == r->count && are_same(at, r->at, count))
		return false;
	memcpy(r->at, at, sizeof(at));
	r->count = count;
	return true;
}

/*
 * Watches the directory, because files are as often replaced by a rename as written; resolvers_update() compares the
 * names.
 */
static void watch_directory(const struct resolvers *r, const char *path)
{
	_cleanup_(cleanup_free) char *copy = path ? strdup(path) : NULL;

	if (copy) /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the cleanup frees it */
		inotify_add_watch(r->watch, dirname(copy), EVENTS | IN_ONLYDIR);
}

/*
 * Sets the watches again, because the path may lead elsewhere now and so to another second directory; setting one twice
 * is harmless. Also watches the file itself: the directory has no event when a file that is mounted there (containers,
 * ip-netns(8)) is written.
 */
static void watch_again(struct resolvers *r)
{
	inotify_add_watch(r->watch, r->path, IN_CLOSE_WRITE);
	free(r->target);
	r->target = realpath(r->path, NULL);
	watch_directory(r, r->path);
	watch_directory(r, r->target);
}

int resolvers_open(struct resolvers *r, const char *path)
{
	*r = (struct resolvers){.path = path, .watch = inotify_open()};
	if (r->watch < 0)
		return r->watch;
	watch_again(r);
	read_file(r);
	return 0;
}

void resolvers_close(struct resolvers *r)
{
	if (r->watch >= 0)
		close(r->watch);
	free(r->target);
	*r = (struct resolvers){.watch = -1};
}

static bool is_name_of(const char *path, const char *name)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return path && strcmp(slash ? slash + 1 : path, name) == 0;
}

bool resolvers_update(struct resolvers *r)
{
	_Alignas(struct inotify_event) char buf[4096];
	bool mine = false;
	ssize_t n;

	while ((n = read(r->watch, buf, sizeof(buf))) > 0) {
		const struct inotify_event *e;
		for (char *p = buf; p < buf + n; p += sizeof(*e) + e->len) {
			e = (const struct inotify_event *)(const void *)p;
			mine = mine || e->mask & IN_Q_OVERFLOW || (!e->len && e->mask & IN_CLOSE_WRITE) ||
			       (e->len && (is_name_of(r->path, e->name) || is_name_of(r->target, e->name)));
		}
	}
	if (!mine)
		return false;
	watch_again(r);
	return read_file(r);
}
