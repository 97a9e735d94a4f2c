/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/log.h"

#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <sys/socket.h>

static const char *log_name = "fold";
static bool info_to_stderr = true, stamped, debugging, never_wait;
static atomic_ulong left_out; /* lines, since one was written */
static int system_log = -1;   /* the socket that openlog() made */

void log_set(bool stamp, bool debug)
{
	stamped = stamp;
	debugging = debug;
	/* Read now: after set-up there is no file system to find the time zone in. */
	tzset();
}

void log_never_wait(void)
{
	never_wait = true;
}

/* Octets written. */
static int write_stamp(char *to, size_t size)
{
	time_t now = time(NULL);
	struct tm t;

	return stamped && localtime_r(&now, &t) ? (int)strftime(to, size, "%Y-%m-%d %H:%M:%S ", &t) : 0;
}

void log_open(const char *name, bool verbose)
{
	log_name = name;
	info_to_stderr = verbose || !isatty(STDERR_FILENO);
	if (info_to_stderr)
		return;
	/* openlog() does not tell its descriptor, but it is the lowest that is free. */
	int next = dup(STDERR_FILENO), type = 0;
	if (next >= 0)
		close(next);
	/* Opened now: after set-up there is no file system to find /dev/log in. */
	openlog(name, LOG_PID | LOG_NDELAY, LOG_DAEMON);
	if (getsockopt(next, SOL_SOCKET, SO_TYPE, &type, &(socklen_t){sizeof(type)}) == 0 && type == SOCK_DGRAM)
		system_log = next;
}

/* False where a write would wait. Another process that writes there may be faster; that is not its guest's doing. */
static bool takes_line(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	if (!never_wait || fd < 0 || poll(&p, 1, 0) != 0)
		return true;
	atomic_fetch_add(&left_out, 1);
	return false;
}

static void say_left_out(void)
{
	unsigned long lines = atomic_exchange(&left_out, 0);

	if (lines && dprintf(STDERR_FILENO, "%s: warning: %lu lines before this one are missing: nobody took them\n",
			     log_name, lines) < 0)
		return; /* as below */
}

/* One write a line, so that lines of many processes do not mix. */
static void __attribute__((format(printf, 2, 0))) to_stderr(const char *level, const char *fmt, va_list ap)
{
	char line[1024];

	if (!takes_line(STDERR_FILENO))
		return;
	say_left_out();
	int n = write_stamp(line, sizeof(line));
	n += snprintf(line + n, sizeof(line) - (size_t)n, "%s: %s", log_name, level);
	int m = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);
	size_t len = (size_t)n + (m > 0 ? (size_t)m : 0);

	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	/* What is quoted here may come from anybody: it must not move the terminal's cursor or begin another line. */
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return; /* nowhere left to say it */
}

void log_err(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	to_stderr("", fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	to_stderr("warning: ", fmt, ap);
	va_end(ap);
}

void log_info(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	if (info_to_stderr)
		to_stderr("", fmt, ap);
	else if (takes_line(system_log))
		vsyslog(LOG_INFO, fmt, ap);
	va_end(ap);
}

void log_debug(const char *fmt, ...)
{
	va_list ap;

	if (!debugging)
		return;
	va_start(ap, fmt);
	to_stderr("debug: ", fmt, ap);
	va_end(ap);
}

bool log_limit_pass(struct log_limit *l, uint64_t now_ms, uint64_t *suppressed)
{
	if (!bucket_take(&l->bucket, l->per_second, l->burst, now_ms)) {
		l->left_out++;
		return false;
	}
	if (suppressed)
		*suppressed = l->left_out;
	l->left_out = 0;
	return true;
}

const char *log_escape(const void *bytes, size_t len, char *out, size_t size)
{
	static const char hex[] = "0123456789abcdef";
	const uint8_t *b = bytes;
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		bool plain = b[i] > ' ' && b[i] < 0x7f && b[i] != '\\' && b[i] != '"';
		if (at + (plain ? 1 : 4) >= size)
			break;
		if (plain) {
			out[at++] = (char)b[i];
		} else {
			out[at++] = '\\';
			out[at++] = 'x';
			out[at++] = hex[b[i] >> 4];
			out[at++] = hex[b[i] & 15];
		}
	}
	out[at] = 0;
	return out;
}
