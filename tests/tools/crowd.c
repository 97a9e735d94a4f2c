/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * crowd: many clients at once, each on an interface of its own, in one network namespace.
 *
 *   crowd -i PREFIX [-f FIRST] [-n COUNT] [-k KIND,...] [-r ROUNDS] [-w WINDOW] [-t SECONDS] [-M MAC]
 *         [-4 ADDRESS] [-6 ADDRESS] [-a ADDRESS] [-A ADDRESS] [-server ADDRESS]...
 *
 * Client N (FIRST, 0, to FIRST + COUNT - 1) is the interface PREFIXN, with its MAC address. The server under test
 * must give it the addresses -4 and -6, plus N each, and answer the DNS name n00000.bench with -a and -A, plus N. The
 * client asks each KIND (discover) in turn, ROUNDS (1) times, as real clients do: a question without an answer is
 * repeated after 0.5 s, 1 s, 2 s, then every 4 s. WINDOW (64) clients are active at a time. -M is the MAC that
 * questions for a server's own address are sent to.
 *
 * Kinds are those of the bench (bench/kinds.h), and `request`: the DHCPREQUEST of a client that comes back
 * (INIT-REBOOT), which must get an ACK of its own address. An answer counts only on the interface that asked, and
 * with its own address.
 *
 * Prints "KIND answered=N of=N asked=N foreign=N" for each kind, and "silent KIND PREFIXN" for each client that had
 * no answer after SECONDS (60). foreign: answers of that kind that are for another client, or not to its question.
 * Status 0 if all were answered and nothing was foreign.
 *
 * Specifications: as kinds.h; packet(7).
 */
#include "../../bench/kinds.h"

#include <getopt.h>

#define KINDS_MAX 8
#define ASK_AGAIN_NS 500000000u
#define ASK_AGAIN_MAX_NS 4000000000u

/* The DHCPREQUEST of a client in INIT-REBOOT (RFC 2131 4.3.2): its address in option 50, no server identifier. */
static size_t request_build(const struct kind *kind, const struct ask *ask, uint8_t frame[static REQUEST_MAX])
{
	size_t len = discover_build(kind, ask, frame);
	uint8_t *o = frame + DATA_4 + 240;

	o[2] = 3;
	while (*o != 255)
		o += 2 + o[1];
	memcpy(o, (const uint8_t[]){50, 4}, 2);
	memcpy(o + 2, &ask->own4, 4);
	o[6] = 255;
	sum_udp(frame, false, len - L4_4);
	return len;
}

static enum match request_match(const struct kind *kind, const struct ask *ask, const uint8_t *frame, size_t len,
				uint32_t *id)
{
	const uint8_t *b = udp_data(ask, frame, len, false, 67, 68, 244);

	(void)kind;
	if (!b || b[0] != 2 || memcmp(b + 28, ask->mac, MAC_LEN) != 0 || memcmp(b + 16, &ask->own4, 4) != 0)
		return MATCH_NO;
	*id = get32(b + 4);
	return dhcp_message_type(b + 240, frame + len) == 5 ? MATCH_YES : MATCH_NO;
}

static const struct kind request_kind = {"request", 0xffffffff, false, 0, request_build, discover_patch, request_match};

struct client {
	struct ask ask;
	int ifindex;
	unsigned done; /* questions answered: rounds times kinds at the end */
	bool active;
	uint32_t id;
	uint64_t again_ns, wait_ns; /* when it asks again, and how long it then waits */
};

struct crowd {
	const char *prefix;
	struct ask base;
	struct in_addr four, answer4;
	struct in6_addr six, answer6;
	const struct kind *kinds[KINDS_MAX];
	unsigned kind_count, first, count, rounds, window;
	double seconds;
	struct client *clients;
	struct client **by_index;
	int index_max;
	int fd;
	unsigned left, next; /* clients that are not done; the next one to begin */
	uint64_t asked[KINDS_MAX], answered[KINDS_MAX], foreign[KINDS_MAX];
};

static unsigned kind_at(const struct crowd *w, const struct client *c)
{
	return c->done % w->kind_count;
}

static void crowd_ask(struct crowd *w, struct client *c, uint64_t now)
{
	unsigned k = kind_at(w, c);
	uint8_t frame[REQUEST_MAX];
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = c->ifindex, .sll_halen = MAC_LEN};
	size_t len = w->kinds[k]->build(w->kinds[k], &c->ask, frame);

	w->kinds[k]->patch(w->kinds[k], &c->ask, frame, c->id);
	memcpy(to.sll_addr, frame, MAC_LEN);
	/* An interface that is down, or a full queue, is a frame lost: the client asks again. */
	(void)!sendto(w->fd, frame, len, 0, (struct sockaddr *)&to, sizeof(to));
	w->asked[k]++;
	c->again_ns = now + c->wait_ns;
	c->wait_ns = c->wait_ns * 2 > ASK_AGAIN_MAX_NS ? ASK_AGAIN_MAX_NS : c->wait_ns * 2;
}

static void crowd_begin(struct crowd *w, struct client *c, uint64_t now)
{
	c->active = true;
	c->wait_ns = ASK_AGAIN_NS;
	c->id = c->id * 1664525 + 1013904223; /* another for each question, also in the low bits */
	crowd_ask(w, c, now);
}

/* Keeps the window full. */
static void crowd_fill(struct crowd *w, uint64_t now)
{
	unsigned active = 0;

	for (unsigned i = 0; i < w->count; i++)
		active += w->clients[i].active;
	for (; active < w->window && w->next < w->count; w->next++, active++)
		crowd_begin(w, &w->clients[w->next], now);
}

/* Whether the frame is an answer of that kind to anybody, by its ports or type. */
static bool looks_like(const struct kind *kind, const uint8_t *frame, size_t len)
{
	const uint8_t *ip = frame + ETH;
	bool six = get16(frame + 12) == ETH_P_IPV6;

	if (len < DATA_6 || (!six && get16(frame + 12) != ETH_P_IP))
		return false;
	if (kind->match == rs_match) /* those to all nodes reach clients that did not ask */
		return six && ip[6] == IPPROTO_ICMPV6 && frame[L4_6] == 134 && ip[24] == 0xfe;
	if ((six ? ip[6] : ip[9]) != IPPROTO_UDP)
		return false;
	uint32_t from = get16(frame + (six ? L4_6 : L4_4));
	if (kind->match == dhcp6_match)
		return six && from == 547;
	if (kind->match == dns_match)
		return six == kind->six && from == 53;
	return !six && from == 67;
}

static void crowd_take(struct crowd *w, struct client *c, const uint8_t *frame, size_t len, uint64_t now)
{
	uint32_t id = 0;
	unsigned k = kind_at(w, c);
	const struct kind *kind = w->kinds[k];

	if (!c->active || kind->match(kind, &c->ask, frame, len, &id) == MATCH_NO || (id ^ c->id) & kind->id_mask) {
		/*
		 * A repeated question may get a second answer, which is no fault. An answer with another client's
		 * address is.
		 */
		for (unsigned i = 0; i < w->kind_count; i++) {
			bool own = w->kinds[i]->match(w->kinds[i], &c->ask, frame, len, &id) != MATCH_NO;
			if (own)
				return;
		}
		for (unsigned i = 0; i < w->kind_count; i++) {
			if (!looks_like(w->kinds[i], frame, len))
				continue;
			w->foreign[i]++;
			return;
		}
		return;
	}
	w->answered[k]++;
	c->active = false;
	if (++c->done < w->rounds * w->kind_count) {
		crowd_begin(w, c, now);
		return;
	}
	w->left--;
}

static void crowd_receive(struct crowd *w)
{
	uint8_t frame[PORT_FRAME_MAX];
	struct sockaddr_ll from;

	for (unsigned n = 0; n < 256; n++) {
		socklen_t size = sizeof(from);
		ssize_t len = recvfrom(w->fd, frame, sizeof(frame), MSG_DONTWAIT, (struct sockaddr *)&from, &size);
		if (len < (ssize_t)ETH)
			return;
		if (from.sll_pkttype == PACKET_OUTGOING || from.sll_ifindex > w->index_max ||
		    !w->by_index[from.sll_ifindex])
			continue;
		crowd_take(w, w->by_index[from.sll_ifindex], frame, (size_t)len, port_now_ns());
	}
}

static void crowd_run(struct crowd *w)
{
	uint64_t now = port_now_ns(), end = now + (uint64_t)(w->seconds * 1e9), look = 0;

	while (w->left && now < end) {
		if (now >= look) {
			for (unsigned i = 0; i < w->count; i++)
				if (w->clients[i].active && now >= w->clients[i].again_ns)
					crowd_ask(w, &w->clients[i], now);
			look = now + 20000000;
		}
		crowd_fill(w, now);
		struct pollfd p = {.fd = w->fd, .events = POLLIN};
		if (poll(&p, 1, 20) > 0)
			crowd_receive(w);
		now = port_now_ns();
	}
}

static int crowd_report(const struct crowd *w)
{
	bool bad = w->left > 0;

	for (unsigned k = 0; k < w->kind_count; k++) {
		printf("%s answered=%llu of=%llu asked=%llu foreign=%llu\n", w->kinds[k]->name,
		       (unsigned long long)w->answered[k], (unsigned long long)w->rounds * w->count,
		       (unsigned long long)w->asked[k], (unsigned long long)w->foreign[k]);
		bad = bad || w->foreign[k];
	}
	for (unsigned i = 0; i < w->count; i++)
		if (w->clients[i].done < w->rounds * w->kind_count)
			printf("silent %s %s%u\n", w->kinds[kind_at(w, &w->clients[i])]->name, w->prefix, w->first + i);
	return bad;
}

static struct in_addr add4(struct in_addr a, uint32_t n)
{
	return (struct in_addr){htonl(ntohl(a.s_addr) + n)};
}

static struct in6_addr add6(struct in6_addr a, uint32_t n)
{
	uint32_t v = get32(a.s6_addr + 12) + n;

	put16(a.s6_addr + 12, v >> 16);
	put16(a.s6_addr + 14, v);
	return a;
}

static void client_open(struct crowd *w, unsigned i)
{
	struct client *c = &w->clients[i];
	unsigned n = w->first + i;
	struct ifreq ifr = {0};

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s%u", w->prefix, n);
	if (ioctl(w->fd, SIOCGIFINDEX, &ifr))
		err(2, "%s", ifr.ifr_name);
	c->ifindex = ifr.ifr_ifindex;
	if (ioctl(w->fd, SIOCGIFHWADDR, &ifr))
		err(2, "%s", ifr.ifr_name);
	c->ask = w->base;
	memcpy(c->ask.mac, ifr.ifr_hwaddr.sa_data, MAC_LEN);
	c->ask.own4 = add4(w->four, n);
	c->ask.own6 = add6(w->six, n);
	c->ask.answer4 = add4(w->answer4, n);
	c->ask.answer6 = add6(w->answer6, n);
	c->id = (uint32_t)port_now_ns() + n * 2654435761u;
	if (c->ifindex > w->index_max) {
		w->by_index = reallocarray(w->by_index, (size_t)c->ifindex + 1, sizeof(*w->by_index));
		if (!w->by_index)
			err(2, "memory");
		for (int at = w->index_max + 1; at <= c->ifindex; at++)
			w->by_index[at] = NULL;
		w->index_max = c->ifindex;
	}
	w->by_index[c->ifindex] = c;
}

static void crowd_open(struct crowd *w)
{
	int room = 64 << 20, on = 1;
	struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};

	w->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	w->clients = calloc(w->count, sizeof(*w->clients));
	if (w->fd < 0 || !w->clients)
		err(2, "socket");
	setsockopt(w->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	setsockopt(w->fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	setsockopt(w->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
	w->index_max = -1;
	for (unsigned i = 0; i < w->count; i++)
		client_open(w, i);
	if (bind(w->fd, (struct sockaddr *)&all, sizeof(all)))
		err(2, "bind");
	w->left = w->count;
}

static _Noreturn void usage(void)
{
	fputs(
	    "usage: crowd -i PREFIX [-f FIRST] [-n COUNT] [-k KIND,...] [-r ROUNDS] [-w WINDOW] [-t SECONDS] [-M MAC]\n"
	    "             [-4 ADDRESS] [-6 ADDRESS] [-a ADDRESS] [-A ADDRESS] [-server ADDRESS]...\n"
	    "The head of crowd.c tells what they are. Kinds: request",
	    stderr);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		fprintf(stderr, " %s", kinds[i].name);
	fputc('\n', stderr);
	exit(2);
}

static void take_kinds(struct crowd *w, char *list)
{
	w->kind_count = 0;
	for (char *save = NULL, *word = strtok_r(list, ",", &save); word; word = strtok_r(NULL, ",", &save)) {
		const struct kind *found = strcmp(word, "request") == 0 ? &request_kind : NULL;
		for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
			if (strcmp(word, kinds[i].name) == 0)
				found = &kinds[i];
		if (!found || w->kind_count == KINDS_MAX)
			usage();
		w->kinds[w->kind_count++] = found;
	}
	if (!w->kind_count)
		usage();
}

static bool take(struct crowd *w, int c, char *arg)
{
	switch (c) {
	case 'i':
		w->prefix = arg;
		return true;
	case 'f':
		w->first = (unsigned)atoi(arg);
		return true;
	case 'n':
		return (w->count = (unsigned)atoi(arg)) > 0;
	case 'k':
		take_kinds(w, arg);
		return true;
	case 'r':
		return (w->rounds = (unsigned)atoi(arg)) > 0;
	case 'w':
		return (w->window = (unsigned)atoi(arg)) > 0;
	case 't':
		return (w->seconds = atof(arg)) > 0;
	case 'M':
		return mac_parse(arg, w->base.server_mac);
	case '4':
		return inet_pton(AF_INET, arg, &w->four) == 1;
	case '6':
		return inet_pton(AF_INET6, arg, &w->six) == 1;
	case 'a':
		return inet_pton(AF_INET, arg, &w->answer4) == 1;
	case 'A':
		return inet_pton(AF_INET6, arg, &w->answer6) == 1;
	case 's':
		return inet_pton(AF_INET, arg, &w->base.server4) == 1 ||
		       inet_pton(AF_INET6, arg, &w->base.server6) == 1;
	default:
		return false;
	}
}

int main(int argc, char **argv)
{
	static const struct option names[] = {{"server", 1, NULL, 's'}, {0}};
	struct crowd w = {.kinds = {&kinds[0]}, .kind_count = 1, .count = 1, .rounds = 1, .window = 64, .seconds = 60};
	int c;

	w.base.names = 1;
	while ((c = getopt_long_only(argc, argv, "i:f:n:k:r:w:t:M:4:6:a:A:", names, NULL)) != -1)
		if (!take(&w, c, optarg))
			usage();
	if (!w.prefix || optind != argc)
		usage();
	crowd_open(&w);
	puts("# ready");
	fflush(stdout);
	crowd_run(&w);
	int status = crowd_report(&w);
	free(w.clients);
	free(w.by_index);
	close(w.fd);
	return status;
}
