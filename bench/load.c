/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load: asks a server in a closed loop and says how fast it answers.
 *
 * Keeps a window of requests outstanding, each with an identifier of its own,
 * always from one client: fold serves one MAC a port. An answer makes room for
 * the next request; a request that gets none in time counts as lost and is
 * asked anew. Frames are built once and only patched after that (kinds.h).
 *
 *   load (-i IFACE | -t TAP) -k KIND -m MAC [-4 ADDRESS] [-6 ADDRESS] [-w WINDOW] [-s SECONDS] ...
 *   qemu-system-load -netdev tap,fd=N ...       as a hypervisor on its own tap
 *
 *   -M MAC, -server ADDRESS   the server's, of either family: where DNS questions go
 *   -answer ADDRESS           the address of name 0, of either family; name N has this plus N
 *   -names N                  the number of names that are asked for in turn
 *   -edit FROM:TO             half way renames FROM to TO, a file that the server reads; -later ADDRESS is what name 0
 *                             has then
 *   -hang N                   also asks, once, for N names that the server does not have itself
 *
 * Prints one line of key=value. Exit 1 where nothing answered.
 */
#include "hist.h"
#include "kinds.h"

#include <getopt.h>

#define WINDOW_MAX 256
#define EDIT_AROUND_NS 50000000 /* so long before an edit, and after it takes effect, the longest wait is looked for */
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct options {
	const struct kind *kind;
	const char *iface, *tap, *netdev;
	struct ask ask;
	unsigned window, hang;
	char *edit_from, *edit_to;
	double seconds, warmup;
	unsigned timeout_ms;
	int cpu;
};

/* One place in the window. Outstanding while sent_ns is not 0. */
struct slot {
	uint32_t id;
	uint64_t sent_ns;
	size_t len;
	uint8_t frame[REQUEST_MAX];
};

struct load {
	const struct options *opt;
	struct port port;
	uint32_t next; /* identifiers are next << 8 | slot, so that an answer finds its slot */
	uint64_t answered, sent, lost, stray, hang_answered;
	uint64_t longest_ns;
	uint64_t later_ns; /* when the first answer came that shows the edit */
	struct hist latency;
	struct slot slot[WINDOW_MAX];
	struct port_batch in;
};

/* Sends a new request in each of the n slots. */
static void load_send(struct load *l, const uint8_t *which, unsigned n, uint64_t now)
{
	struct iovec out[PORT_BATCH];

	for (unsigned i = 0; i < n; i++) {
		struct slot *s = &l->slot[which[i]];
		s->id = l->next++ << 8 | which[i];
		s->sent_ns = now;
		l->opt->kind->patch(l->opt->kind, &l->opt->ask, s->frame, s->id);
		out[i] = (struct iovec){s->frame, s->len};
	}
	l->sent += n;
	port_send(&l->port, out, n);
}

/*
 * Requests that wait for longer than the time-out are lost, and their slots get new ones. Empty slots get their first
 * one.
 */
static void load_expire(struct load *l, uint64_t now)
{
	uint64_t limit = (uint64_t)l->opt->timeout_ms * 1000000;
	uint8_t which[PORT_BATCH];
	unsigned n = 0;

	for (unsigned i = 0; i < l->opt->window; i++) {
		struct slot *s = &l->slot[i];
		if (s->sent_ns && now - s->sent_ns < limit)
			continue;
		l->lost += s->sent_ns != 0;
		which[n++] = (uint8_t)i;
		if (n == PORT_BATCH) {
			load_send(l, which, n, now);
			n = 0;
		}
	}
	load_send(l, which, n, now);
}

/* The slot that a frame answers, or NULL. */
static struct slot *load_match(struct load *l, const uint8_t *frame, size_t len, uint64_t now)
{
	const struct kind *kind = l->opt->kind;
	const struct ask *ask = &l->opt->ask;
	uint32_t id = 0;
	enum match m = kind->match(kind, ask, frame, len, &id);
	struct slot *s = &l->slot[id & 0xff];

	if (m == MATCH_NO || (id & 0xff) >= l->opt->window || (s->id ^ id) & kind->id_mask) {
		l->stray++;
		l->hang_answered += udp_data(ask, frame, len, false, 53, DNS_HANG_SPORT, DNS_QUESTION) != NULL;
		return NULL;
	}
	if (m == MATCH_LATER && !l->later_ns)
		l->later_ns = now;
	return s;
}

static void load_receive(struct load *l)
{
	uint8_t which[PORT_BATCH];
	unsigned n = 0, got = port_recv(&l->port, &l->in);
	uint64_t now = port_now_ns();

	for (unsigned i = 0; i < got; i++) {
		struct slot *s = load_match(l, l->in.data[i], l->in.len[i], now);
		if (!s)
			continue;
		uint64_t took = now - s->sent_ns;
		hist_add(&l->latency, took);
		if (took > l->longest_ns && !(l->later_ns && now > l->later_ns + EDIT_AROUND_NS))
			l->longest_ns = took;
		l->answered++;
		which[n++] = (uint8_t)s->id;
		s->id = ~s->id; /* a second answer to it is a stray one */
	}
	if (n)
		load_send(l, which, n, port_now_ns());
}

/* Runs the loop until the clock says `end`, or, with first, until something was answered. */
static void load_until(struct load *l, uint64_t end, bool first)
{
	uint64_t now = port_now_ns(), look = now;

	while (now < end && !(first && l->answered)) {
		if (now >= look) {
			load_expire(l, now);
			look = now + 5000000;
		}
		if (port_wait(&l->port, 5))
			load_receive(l);
		now = port_now_ns();
	}
}

/* Sends questions that the server has to forward, each for another name. */
static void load_hang(struct load *l)
{
	static uint8_t frame[PORT_BATCH][REQUEST_MAX];
	struct iovec out[PORT_BATCH];

	for (unsigned i = 0; i < l->opt->hang; i++) {
		size_t len = dns_frame(&l->opt->ask, false, DNS_HANG_SPORT, 'h', i, DNS_A, frame[i]);
		out[i] = (struct iovec){frame[i], len};
	}
	port_send(&l->port, out, l->opt->hang);
}

/*
 * A run in the middle of which the server's data change. Prints how long the change took to show, and the longest
 * wait before.
 */
static void load_edit(struct load *l, uint64_t start, uint64_t end)
{
	const struct options *o = l->opt;
	uint64_t middle = start + (end - start) / 2;

	load_until(l, middle - EDIT_AROUND_NS, false);
	l->longest_ns = 0;
	load_until(l, middle, false);
	printf("longest_before_us=%.1f ", (double)l->longest_ns / 1e3);
	l->longest_ns = 0;
	uint64_t edit = port_now_ns();
	if (rename(o->edit_from, o->edit_to))
		err(1, "%s to %s", o->edit_from, o->edit_to);
	load_until(l, end, false);
	if (l->later_ns)
		printf("edit_ms=%.3f ", (double)(l->later_ns - edit) / 1e6);
}

static int load_run(struct load *l)
{
	const struct options *o = l->opt;
	uint64_t now = port_now_ns();

	for (unsigned i = 0; i < o->window; i++)
		l->slot[i].len = o->kind->build(o->kind, &o->ask, l->slot[i].frame);
	l->next = (uint32_t)now;
	load_until(l, now + 10000000000u, true);
	if (!l->answered)
		errx(1, "%s: no answer within 10 s", o->kind->name);
	/* Requests sent before the server was ready are forgotten, so that they do not count as lost. */
	for (unsigned i = 0; i < o->window; i++)
		l->slot[i].sent_ns = 0;
	if (o->hang)
		load_hang(l);
	load_until(l, port_now_ns() + (uint64_t)(o->warmup * 1e9), false);
	l->answered = l->sent = l->lost = l->stray = l->longest_ns = 0;
	memset(&l->latency, 0, sizeof(l->latency));

	uint64_t start = port_now_ns(), length = (uint64_t)(o->seconds * 1e9);
	if (o->edit_from)
		load_edit(l, start, start + length);
	else
		load_until(l, start + length, false);
	double took = (double)(port_now_ns() - start) / 1e9;
	printf("kind=%s window=%u seconds=%.3f answered=%llu rate=%.0f p50_us=%.1f p99_us=%.1f longest_us=%.1f "
	       "lost=%llu stray=%llu",
	       o->kind->name, o->window, took, (unsigned long long)l->answered, (double)l->answered / took,
	       hist_at(&l->latency, 0.5) / 1e3, hist_at(&l->latency, 0.99) / 1e3, (double)l->longest_ns / 1e3,
	       (unsigned long long)l->lost, (unsigned long long)l->stray);
	if (o->hang)
		printf(" hung=%lld", (long long)o->hang - (long long)l->hang_answered);
	putchar('\n');
	return l->answered ? 0 : 1;
}

static _Noreturn void usage(void)
{
	fputs("usage: load (-i IFACE | -t TAP | -netdev tap,fd=N) -m MAC\n"
	      "  [-k KIND] [-4 ADDRESS] [-6 ADDRESS] [-M MAC] [-server ADDRESS]... [-w WINDOW] [-s SECONDS]\n"
	      "  [-answer ADDRESS]... [-names N] [-edit FROM:TO -later ADDRESS] [-hang N]\n"
	      "  [-warmup SECONDS] [-timeout MS] [-cpu N]\nkinds:",
	      stderr);
	for (size_t i = 0; i < KINDS; i++)
		fprintf(stderr, " %s", kinds[i].name);
	fputc('\n', stderr);
	exit(2);
}

static const struct kind *kind_find(const char *name)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	usage();
}

static bool parse_edit(struct options *o, char *arg)
{
	char *colon = strchr(arg, ':');

	if (!colon)
		return false;
	*colon = 0;
	o->edit_from = arg;
	o->edit_to = colon + 1;
	return true;
}

/* An address of either family. */
static bool parse_address(const char *text, struct in_addr *four, struct in6_addr *six)
{
	return inet_pton(AF_INET, text, four) == 1 || inet_pton(AF_INET6, text, six) == 1;
}

/* Takes an option about what is asked; false if it is another one, or its value is wrong. */
static bool ask_take(struct ask *ask, int c, const char *arg)
{
	switch (c) {
	case 'm':
		return mac_parse(arg, ask->mac);
	case 'M':
		return mac_parse(arg, ask->server_mac);
	case '4':
		return inet_pton(AF_INET, arg, &ask->own4) == 1;
	case '6':
		return inet_pton(AF_INET6, arg, &ask->own6) == 1;
	case 'S':
		return parse_address(arg, &ask->server4, &ask->server6);
	case 'A':
		return parse_address(arg, &ask->answer4, &ask->answer6);
	case 'L':
		return inet_pton(AF_INET, arg, &ask->later4) == 1;
	case 'N':
		ask->names = (unsigned)atoi(arg);
		return ask->names > 0;
	default:
		return false;
	}
}

static void option_take(struct options *o, int c, char *arg)
{
	switch (c) {
	case 'i':
		o->iface = arg;
		break;
	case 't':
		o->tap = arg;
		break;
	case 'n':
		o->netdev = arg;
		break;
	case 'd':
		break; /* qemu's -device: nothing to do */
	case 'k':
		o->kind = kind_find(arg);
		break;
	case 'w':
		o->window = (unsigned)atoi(arg);
		break;
	case 's':
		o->seconds = atof(arg);
		break;
	case 'u':
		o->warmup = atof(arg);
		break;
	case 'o':
		o->timeout_ms = (unsigned)atoi(arg);
		break;
	case 'c':
		o->cpu = atoi(arg);
		break;
	case 'H':
		o->hang = (unsigned)atoi(arg);
		break;
	case 'e':
		if (!parse_edit(o, arg))
			usage();
		break;
	default:
		if (!ask_take(&o->ask, c, arg))
			usage();
	}
}

static struct port port_open(const struct options *o)
{
	if (o->iface)
		return port_open_iface(o->iface);
	if (o->tap)
		return port_open_tap(o->tap);
	if (!o->netdev)
		usage();
	return port_from_tap(port_fd_of_netdev(o->netdev));
}

int main(int argc, char **argv)
{
	/* clang-format off */
	static const struct option names[] = {
		{"netdev", 1, NULL, 'n'}, {"device", 1, NULL, 'd'},  {"warmup", 1, NULL, 'u'}, {"timeout", 1, NULL, 'o'},
		{"cpu", 1, NULL, 'c'},    {"server", 1, NULL, 'S'},  {"answer", 1, NULL, 'A'}, {"later", 1, NULL, 'L'},
		{"names", 1, NULL, 'N'},  {"edit", 1, NULL, 'e'},    {"hang", 1, NULL, 'H'},   {0},
	};
	/* clang-format on */
	struct options o =
	    {.kind = &kinds[0], .ask.names = 1, .window = 1, .seconds = 3, .warmup = 0.1, .timeout_ms = 250, .cpu = -1};
	struct load *l = calloc(1, sizeof(*l));
	int c;

	while ((c = getopt_long_only(argc, argv, "i:t:k:m:M:4:6:w:s:", names, NULL)) != -1)
		option_take(&o, c, optarg);
	if (!l || optind != argc || mac_is_zero(o.ask.mac) || o.window < 1 || o.window > WINDOW_MAX ||
	    o.hang > PORT_BATCH)
		usage();
	l->port = port_open(&o);
	port_pin(o.cpu);
	l->opt = &o;
	return load_run(l);
}
