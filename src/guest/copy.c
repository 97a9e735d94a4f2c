/* SPDX-License-Identifier: GPL-2.0-or-later */
/* copy: the VM's own copy of its binding file, which other programs read and its user may edit. */
#include "base/cleanup.h"
#include "base/file.h"
#include "guest/binding.h"
#include "guest/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/*
 * This line identifies the file as a copy made by fold, even when fold's record of it is lost, as after a power cut.
 * It follows the identity, because programs that read the identity expect it in the first lines. An interface name
 * contains no ':'.
 */
#define MARK "# fold's copy for "
#define MARK_REST ": an edit takes effect while the VM runs, and the file is removed when the VM ends\n"

static void write_who(FILE *to, const struct identity *id, const struct binding *b)
{
	char mac[MAC_TEXT], ip4[INET_ADDRSTRLEN], cidr[CIDR4_TEXT], ip6[INET6_ADDRSTRLEN];
	uint32_t mtu = b && binding_has(b, BINDING_MTU) ? b->mtu : id->mtu;

	fprintf(to, "MAC=%s\n", mac_format(id->mac, mac));
	if (id->has4) {
		struct cidr4 subnet = {.addr = ip4_network(id->ip4), .len = id->ip4.len};
		fprintf(to, "IP=%s\nSUBNET=%s\n", inet_ntop(AF_INET, &id->ip4.addr, ip4, sizeof(ip4)),
			cidr4_format(&subnet, cidr));
	}
	if (id->has6) {
		struct in6_addr prefix = ip6_network(id->ip6);
		fprintf(to, "IP6=%s\n", inet_ntop(AF_INET6, &id->ip6.addr, ip6, sizeof(ip6)));
		fprintf(to, "SUBNET6=%s/%u\n", inet_ntop(AF_INET6, &prefix, ip6, sizeof(ip6)), id->ip6.len);
	}
	if (id->bridge[0])
		fprintf(to, "BRIDGE=%s\n", id->bridge);
	if (mtu)
		fprintf(to, "MTU=%u\n", mtu);
	fprintf(to, MARK "%s" MARK_REST, id->iface);
}

/* True for the line that marks a copy. A -b file has such a line if it was made from a copy. */
static bool is_mark(const char *line, size_t len)
{
	return len >= strlen(MARK) && memcmp(line, MARK, strlen(MARK)) == 0;
}

/* True if the line sets a key of the VM's identity. */
static bool is_who(const char *line, size_t len)
{
	const char *equals = memchr(line, '=', len);
	char key[32];

	if (!equals)
		return false;
	while (line < equals && (*line == ' ' || *line == '\t'))
		line++;
	size_t n = (size_t)(equals - line);
	if (n >= sizeof(key))
		return false;
	memcpy(key, line, n);
	key[n] = 0;
	const struct field *f = binding_field(text_trim(key));
	return f && f->flags & BINDING_FIELD_WHO;
}

static void write_rest(FILE *to, const char *text, size_t len)
{
	const char *end = text + len;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3; /* a byte order mark would no longer stand at the head */
	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *next = newline ? newline + 1 : end;
		if (!is_who(text, (size_t)(next - text)) && !is_mark(text, (size_t)(next - text)))
			fwrite(text, 1, (size_t)(next - text), to);
		text = next;
	}
}

int binding_copy_text(const struct identity *id, const struct binding *b, const char *text, size_t len, char **out,
		      size_t *out_len, struct report *r)
{
	FILE *to = open_memstream(out, out_len);

	if (to) {
		write_who(to, id, b);
		if (text)
			write_rest(to, text, len);
		bool good = !ferror(to);
		if (fclose(to) == 0 && good)
			return 0;
		free(*out);
		*out = NULL; /* for a caller who frees whatever it finds there */
	}
	return report_fail(r, ENOMEM, "%s: out of memory", id->iface);
}

/*
 * A fixed name, so that whoever cleans up after a killed writer can find the file. Only one fold at a time has the
 * interface.
 */
#define TEMPORARY "%.*s/.%s.new" /* the directory's length, the directory, the interface */

/* Limits of the copy's mode: all may read it if the -b file's mode allows that, and only its owner may write it. */
#define MODE_MOST 0644
#define MODE_LEAST 0600

/* Does not sync to disk: after a power cut there is no VM, and the next fold removes or rewrites the file. */
static int write_temporary(const char *name, const char *text, size_t len, mode_t mode)
{
	/* A file of that name was left by a killed fold, or is a link that somebody made to redirect the write. */
	unlink(name);
	_cleanup_(cleanup_close) int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MODE_LEAST);
	int err = 0;

	if (fd < 0)
		return -errno;
	FILE *to = fchmod(fd, (mode & MODE_MOST) | MODE_LEAST) == 0 ? fdopen(fd, "w") : NULL;
	if (!to) {
		err = -errno;
		unlink(name);
		return err;
	}
	steal_fd(&fd);
	fwrite(text, 1, len, to);
	if (ferror(to))
		err = -EIO;
	/* A full disk is noticed here at the latest. */
	if (fclose(to) != 0)
		err = -errno;
	if (err)
		unlink(name);
	return err;
}

static bool name_is_good(const char *iface)
{
	return iface[0] && iface[0] != '.' && !strchr(iface, '/') &&
	       strncmp(iface, ADDRESS_LIST_PREFIX, strlen(ADDRESS_LIST_PREFIX)) != 0;
}

int binding_put_copy(const char *datapath, const char *iface, const char *text, size_t len, mode_t mode, char **path,
		     struct report *r)
{
	_cleanup_(cleanup_free) char *name = NULL, *temporary = NULL;

	if (!name_is_good(iface))
		return report_fail(r, EINVAL, "%s: cannot be the name of a file in %s; use another interface name",
				   iface, datapath);
	if (asprintf(&name, "%s/%s", datapath, iface) < 0 ||
	    asprintf(&temporary, TEMPORARY, (int)strlen(datapath), datapath, iface) < 0)
		return report_fail(r, ENOMEM, "%s: out of memory", datapath);
	int err = file_make_dir(datapath, 0755, r);
	if (err)
		return err;
	err = write_temporary(temporary, text, len, mode);
	if (err)
		return report_fail(r, -err, "%s: cannot be written: %s%s", temporary, strerror(-err),
				   file_advice(-err));
	/* rename() is atomic: readers see the old file or the new one, never half of it. */
	if (rename(temporary, name) < 0) {
		err = errno;
		unlink(temporary);
		return report_fail(r, err, "%s: cannot be replaced: %s", name, strerror(err));
	}
	if (path)
		*path = steal_ptr(&name);
	return 0;
}

int binding_write_copy(const char *datapath, const struct identity *id, const struct binding *b, const char *text,
		       size_t len, mode_t mode, char **path, struct report *r)
{
	_cleanup_(cleanup_free) char *whole = NULL;
	size_t whole_len = 0;
	int err = binding_copy_text(id, b, text, len, &whole, &whole_len, r);

	return err ? err : binding_put_copy(datapath, id->iface, whole, whole_len, mode, path, r);
}

bool binding_is_copy(const char *path, const char *iface)
{
	_cleanup_(cleanup_free) char *text = NULL, *mark = NULL;
	struct report unused = {0};
	size_t len;

	if (asprintf(&mark, "\n" MARK "%s:", iface) < 0 ||
	    file_read_plain(path, BINDING_SIZE_MAX, &text, &len, &unused) < 0)
		return false;
	const size_t mark_len = strlen(mark + 1);
	return (len >= mark_len && memcmp(text, mark + 1, mark_len) == 0) || strstr(text, mark);
}

int binding_remove_copy(const char *path)
{
	_cleanup_(cleanup_free) char *temporary = NULL;
	const char *slash = strrchr(path, '/');
	int err = unlink(path) < 0 && errno != ENOENT && errno != ENOTDIR ? -errno : 0;

	if (slash && asprintf(&temporary, TEMPORARY, (int)(slash - path), path, slash + 1) >= 0)
		unlink(temporary);
	return err;
}
