/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results as TAP lines; tests/fw/run numbers them. */
#include "attack.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static unsigned failed, total;

static void __attribute__((format(printf, 2, 0))) line(const char *head, const char *name, va_list ap)
{
	fputs(head, stdout);
	vprintf(name, ap);
}

bool first_is_enough(void)
{
	return getenv("FW_FIRST") != NULL;
}

bool ok(bool good, const char *name, ...)
{
	va_list ap;

	va_start(ap, name);
	line(good ? "ok - " : "not ok - ", name, ap);
	va_end(ap);
	putchar('\n');
	total++;
	failed += !good;
	fflush(stdout);
	if (!good && first_is_enough())
		exit(1);
	return good;
}

void skip(const char *why, const char *name, ...)
{
	va_list ap;

	va_start(ap, name);
	line("ok - ", name, ap);
	va_end(ap);
	printf(" # SKIP %s\n", why);
	fflush(stdout);
}

void detail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line("#   ", fmt, ap);
	va_end(ap);
	putchar('\n');
}

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line("Bail out! ", fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	exit(1);
}

void detail_frame(const char *what, const uint8_t *frame, size_t len)
{
	printf("#   %s (%zu octets): ", what, len);
	for (size_t i = 0; i < len && i < 96; i++)
		printf("%02x", frame[i]);
	puts(len > 96 ? "..." : "");
}

void detail_ports(const char *what, unsigned mask)
{
	printf("#   %s:", what);
	for (int p = 0; p < PORTS; p++)
		if (mask & 1U << p)
			printf(" %s", port_names[p]);
	puts(mask ? "" : " nowhere");
}

uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

uint64_t patience_ms(void)
{
	static uint64_t ms;
	const char *text = getenv("FW_PATIENCE");

	if (!ms)
		ms = text && atoi(text) > 0 ? (uint64_t)atoi(text) : 10000;
	return ms;
}

int finish(void)
{
	if (!total)
		ok(false, "something was tested");
	return failed ? 1 : 0;
}
