/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fold-replay: shows what fold would answer to the frames of a capture.
 *
 * Reads the frames that a guest sent, gives them to the same function that the
 * live path calls, and writes the replies to a capture, or compares them octet
 * for octet with a capture that was reviewed before. It needs no privilege,
 * because the responder only turns octets into octets.
 */
#include "base/cleanup.h"
#include "base/log.h"
#include "show/capture.h"
#include "feed.h"
#include "golden.h"
#include "guest/binding.h"
#include "guest/build.h"
#include "guest/config.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum exit_status { EXIT_SAME = 0, EXIT_DIFFERS = 1, EXIT_USAGE = 2 };

#define MTU_MIN 68 /* RFC 791 */
#define MTU_MAX 65535

struct options {
	const char *binding, *config, *expected, *record, *input, *output;
	struct identity id;
	bool has_mac, all_sources, network, csum_pending;
	bool given, stable;
	int verbose;
	uint64_t loop;
};

static const char usage[] =
    "usage: fold-replay [-b BINDING] [-c CONFIG] -m MAC [-4 IP/LEN] [-6 IP/LEN [-s | -k]] [-M MTU]\n"
    "                   [-e EXPECTED.pcap | -r RECORD.pcap] [-a] [-n] [-v]... [--csum-pending] [--loop N]\n"
    "                   INPUT.pcap [OUTPUT.pcap]\n"
    "\n"
    "Feeds the guest's frames of a capture to fold's responder.\n"
    "\n"
    "  -m, --mac MAC         the guest's MAC address\n"
    "  -4, --ip4 IP/LEN      its IPv4 address and subnet; at least one of -4, -6 must be given\n"
    "  -6, --ip6 IP/LEN      its IPv6 address and prefix; of a /64 alone the address is made as fold does\n"
    "  -s, --given           this address was given with -s: the guest has it from DHCPv6 alone; the default where\n"
    "                        the address does not follow from the MAC address\n"
    "  -k, --stable          this address was made with -k: the guest makes it itself, or has it from DHCPv6\n"
    "  -b, --binding FILE    its binding file\n"
    "  -c, --config FILE     the global configuration; built-in defaults where absent\n"
    "  -M, --mtu N           the bridge's MTU, which the guest is told\n"
    "  -e, --expect FILE     compare the replies with this capture\n"
    "  -r, --record FILE     write the replies to this capture and say what changed in it\n"
    "  -a, --all-sources     feed every frame, not only those with the guest's source MAC\n"
    "  -n, --network         feed what others ask the guest's address by UDP on port 53, as from the network\n"
    "  -v, --verbose         a line for each frame that was fed; twice: all fields of the replies\n"
    "      --csum-pending    take transport checksums as not filled in yet (virtio offload)\n"
    "      --loop N          then feed the capture N more times and print frames a second\n"
    "  -h, --help            this text\n"
    "  -V, --version         the version\n"
    "\n"
    "Exit status: 0 replies as expected, or nothing to compare with; 1 they differ; 2 wrong usage or input.\n";

enum long_option { OPTION_CSUM_PENDING = 256, OPTION_LOOP };

static const struct option long_options[] = {
    {"mac", required_argument, NULL, 'm'},
    {"ip4", required_argument, NULL, '4'},
    {"ip6", required_argument, NULL, '6'},
    {"given", no_argument, NULL, 's'},
    {"stable", no_argument, NULL, 'k'},
    {"binding", required_argument, NULL, 'b'},
    {"config", required_argument, NULL, 'c'},
    {"mtu", required_argument, NULL, 'M'},
    {"expect", required_argument, NULL, 'e'},
    {"record", required_argument, NULL, 'r'},
    {"all-sources", no_argument, NULL, 'a'},
    {"network", no_argument, NULL, 'n'},
    {"verbose", no_argument, NULL, 'v'},
    {"csum-pending", no_argument, NULL, OPTION_CSUM_PENDING},
    {"loop", required_argument, NULL, OPTION_LOOP},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {0},
};

/* Parses a decimal number from least to most; false for any other text. */
static bool parse_number(const char *text, uint64_t least, uint64_t most, uint64_t *out)
{
	char *end;

	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9' || v < least || v > most)
		return false;
	*out = v;
	return true;
}

static bool bad_value(const char *option, const char *value, const char *wanted)
{
	log_err("%s %s: %s", option, value, wanted);
	return false;
}

/* Refuses what fold's -4 and -6 refuse. Returns NULL if the address can be a VM's, else why not. */
static const char *wrong4(const struct cidr4 *c)
{
	if (c->len == 0)
		return "a prefix of length 0 is every address there is; give the subnet's length, 1 to 32";
	if (!ip4_is_host(c->addr))
		return "is no host's address (0.0.0.0/8, loopback, multicast, reserved or broadcast); write one like "
		       "10.0.1.5/24";
	return NULL;
}

static const char *wrong6(const struct cidr6 *c)
{
	if (c->len == 0)
		return "a prefix of length 0 is every address there is; give the prefix's own length, 1 to 128";
	if (!ip6_is_host(&c->addr))
		return "is no host's address (unspecified, loopback, multicast or IPv4-mapped); write one like "
		       "fde5:824d::5/64";
	if (IN6_IS_ADDR_LINKLOCAL(&c->addr))
		return "link-local, which every link has by itself; give a unique local (fd00::/8) or global one";
	return NULL;
}

static bool take_ip4(struct options *o, const char *value)
{
	o->id.has4 = cidr4_parse(value, &o->id.ip4);
	if (!o->id.has4)
		return bad_value("-4", value, "not an address and length such as 10.0.1.100/24");
	const char *wrong = wrong4(&o->id.ip4);
	return !wrong || bad_value("-4", value, wrong);
}

static bool take_ip6(struct options *o, const char *value)
{
	o->id.has6 = cidr6_parse(value, &o->id.ip6);
	if (!o->id.has6)
		return bad_value("-6", value, "not an address and length such as fd00::1234/64");
	const char *wrong = wrong6(&o->id.ip6);
	return !wrong || bad_value("-6", value, wrong);
}

/* Parses the options of the guest's identity. */
static bool take_identity(struct options *o, int option, const char *value)
{
	uint64_t mtu;

	switch (option) {
	case 'm':
		o->has_mac = mac_parse(value, o->id.mac) && !mac_is_multicast(o->id.mac) && !mac_is_zero(o->id.mac);
		return o->has_mac || bad_value("-m", value, "not a unicast MAC address such as 52:54:00:12:34:56");
	case '4':
		return take_ip4(o, value);
	case '6':
		return take_ip6(o, value);
	default:
		if (!parse_number(value, MTU_MIN, MTU_MAX, &mtu))
			return bad_value("-M", value, "not an MTU from 68 to 65535");
		o->id.mtu = (uint32_t)mtu;
		return true;
	}
}

static bool take_option(struct options *o, int option, const char *value)
{
	switch (option) {
	case 'm':
	case '4':
	case '6':
	case 'M':
		return take_identity(o, option, value);
	case 's':
		o->given = true;
		return true;
	case 'k':
		o->stable = true;
		return true;
	case 'b':
		o->binding = value;
		return true;
	case 'c':
		o->config = value;
		return true;
	case 'e':
		o->expected = value;
		return true;
	case 'r':
		o->record = value;
		return true;
	case 'a':
		o->all_sources = true;
		return true;
	case 'n':
		o->network = true;
		return true;
	case 'v':
		o->verbose++;
		return true;
	case OPTION_CSUM_PENDING:
		o->csum_pending = true;
		return true;
	case OPTION_LOOP:
		return parse_number(value, 1, UINT32_MAX, &o->loop) ||
		       bad_value("--loop", value, "not a number from 1 to 4294967295");
	default:
		return false; /* parse_options() says what is wrong */
	}
}

/* True if -6 has only a prefix, as fold's -6 expects. The address then follows from the MAC. */
static bool is_prefix6(const struct options *o)
{
	struct in6_addr net = ip6_network(o->id.ip6);

	return o->id.has6 && o->id.ip6.len < 127 && IN6_ARE_ADDR_EQUAL(&net, &o->id.ip6.addr);
}

/* True if both are the same file, so that writing one would destroy the other. */
static bool is_same_file(const char *a, const char *b)
{
	struct stat one, two;

	return a && b && stat(a, &one) == 0 && stat(b, &two) == 0 && one.st_dev == two.st_dev &&
	       one.st_ino == two.st_ino && S_ISREG(one.st_mode);
}

static bool check_options(const struct options *o)
{
	if (!o->input)
		log_err("a capture to read is missing; fold-replay --help lists the options");
	else if (!o->has_mac)
		log_err("-m, the guest's MAC address, is missing");
	else if (!o->id.has4 && !o->id.has6)
		log_err("at least one of -4 and -6 must be given");
	else if (o->given && o->stable)
		log_err("-s and -k exclude each other");
	else if ((o->given || o->stable) && !o->id.has6)
		log_err("%s needs the address, -6", o->given ? "-s" : "-k");
	else if (is_prefix6(o))
		log_err("-6: a prefix without an address of the guest's; give the whole address");
	else if (o->expected && o->record)
		log_err("-e and -r exclude each other");
	else if (is_same_file(o->input, o->output) || is_same_file(o->input, o->record))
		log_err("%s: is the capture that is read; write the replies to another file", o->input);
	else
		return true;
	return false;
}

/* How the guest gets its IPv6 address if no option says so: as with a binding file that only has the address. */
static enum address6_mode mode6(const struct options *o)
{
	struct in6_addr own = ip6_eui64(&o->id.ip6.addr, o->id.mac);

	if (o->stable)
		return ADDRESS6_STABLE;
	return o->given || !IN6_ARE_ADDR_EQUAL(&own, &o->id.ip6.addr) ? ADDRESS6_GIVEN : ADDRESS6_EUI64;
}

/*
 * Names the flag at which getopt_long() stopped. In a cluster of short flags optind still points at the cluster, so the
 * word before it may be another, and the letter is taken from optopt. If that letter is a flag without a value, it
 * stands for a long flag that was given one.
 */
static void refuse(int c, const char *word)
{
	const char letter[] = {'-', (char)optopt, 0};
	const bool is_letter = optopt > 0 && optopt < 256,
		   valued = c == '?' && optopt > 0 && (optopt > 255 || strchr("skanvhV", optopt));
	const bool is_long = !is_letter || valued || (c == ':' && strncmp(word, "--", 2) == 0);

	log_err("%s: %s; fold-replay --help lists the options", is_long ? word : letter,
		c == ':' ? "needs a value"
		: valued ? "takes no value"
			 : "is no option");
}

/* Returns 0 to continue, else the program has to end with *status. */
static int parse_options(int argc, char **argv, struct options *o, int *status)
{
	int c;

	*status = EXIT_USAGE;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":m:4:6:skb:c:M:e:r:anvhV", long_options, NULL)) != -1) {
		if (c == 'h' || c == 'V') {
			fputs(c == 'h' ? usage : "fold-replay " FOLD_VERSION "\n", stdout);
			*status = EXIT_SAME;
			return -1;
		}
		if (c == ':' || c == '?')
			refuse(c, argv[optind - 1]);
		if (c == ':' || c == '?' || !take_option(o, c, optarg))
			return -1;
	}
	if (argc - optind > 2) {
		log_err("%s: one argument too many; fold-replay --help lists the options", argv[optind + 2]);
		return -1;
	}
	o->input = optind < argc ? argv[optind] : NULL;
	o->output = optind + 1 < argc ? argv[optind + 1] : NULL;
	if (is_prefix6(o) && o->id.ip6.len == 64 && !o->given && !o->stable)
		o->id.ip6.addr = ip6_eui64(&o->id.ip6.addr, o->id.mac);
	o->id.mode6 = mode6(o);
	return check_options(o) ? 0 : -1;
}

static int build_guest(const struct options *o, struct guest *out)
{
	_cleanup_(binding_free) struct binding binding = {0};
	_cleanup_(config_free) struct config config = {0};
	struct report r = {0};

	int err = o->config ? config_load(o->config, true, &config, &r) : config_defaults(&config, &r);
	if (err == 0 && o->binding)
		err = binding_load(o->binding, BINDING_VM, &binding, &r);
	/* There are no rules here that need the gateway's MAC, so a binding may lack it. */
	if (err == 0)
		err = guest_build(&o->id, o->binding ? &binding : NULL, &config, GUEST_DNS_STREAMS | GUEST_HAS_RULES,
				  out, &r);
	if (err < 0)
		log_err("%s", r.msg);
	return err;
}

static bool takes(const void *feed, const struct capture_frame *in)
{
	return feed_takes(feed, in);
}

static int compare_with(const char *path, const struct feed *f, const struct capture *in, const struct capture *got)
{
	_cleanup_(capture_free) struct capture expected = {0};

	if (capture_read(path, &expected) < 0)
		return EXIT_USAGE;
	size_t differences = golden_compare(f, in, &expected, got, stdout);
	if (differences)
		printf("%zu of %zu replies differ from %s\n", differences, got->count, path);
	return differences ? EXIT_DIFFERS : EXIT_SAME;
}

/* Records the replies. If the file exists, prints first what changes, for a review. */
static int record_to(const char *path, const struct feed *f, const struct capture *in, const struct capture *got)
{
	if (access(path, F_OK) == 0 && compare_with(path, f, in, got) == EXIT_SAME)
		return EXIT_SAME;
	return capture_write(path, got) < 0 ? EXIT_USAGE : EXIT_SAME;
}

static void measure(const struct feed *f, const struct capture *in, uint64_t times)
{
	struct timespec from, to;

	clock_gettime(CLOCK_MONOTONIC, &from);
	uint64_t fed = feed_loop(f, in, times);
	clock_gettime(CLOCK_MONOTONIC, &to);
	double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	printf("%llu frames in %.3f s, %.0f frames/s\n", (unsigned long long)fed, seconds,
	       seconds > 0 ? (double)fed / seconds : 0.0);
}

static int replay(const struct options *o, const struct guest *guest)
{
	_cleanup_(capture_free) struct capture in = {0}, replies = {0};
	struct feed f = {
	    .guest = guest,
	    .all_sources = o->all_sources,
	    .network = o->network,
	    .csum_pending = o->csum_pending,
	};
	int status = EXIT_SAME;

	if (capture_read(o->input, &in) < 0)
		return EXIT_USAGE;
	capture_warn_cut(o->input, &in, takes, &f);
	feed_open(&f);
	if (!feed_capture(&f, &in, &replies, o->verbose ? stdout : NULL, o->verbose > 1))
		log_warn("%s: none of its %zu frames is from that MAC address", o->input, in.count);
	if (o->output && capture_write(o->output, &replies) < 0)
		return EXIT_USAGE;
	if (o->expected)
		status = compare_with(o->expected, &f, &in, &replies);
	if (o->record)
		status = record_to(o->record, &f, &in, &replies);
	if (o->loop)
		measure(&f, &in, o->loop);
	feed_close(&f);
	return status;
}

/* Fails if the output could not be written. */
static int written(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	log_err("standard output: %s", strerror(errno));
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	_cleanup_(guest_free) struct guest guest = {0};
	struct options o = {.id.iface = "the VM"}; /* subject of error lines about the guest */
	int status;

	log_open("fold-replay", true);
	if (parse_options(argc, argv, &o, &status) < 0)
		return status == EXIT_SAME ? written(status) : status;
	if (build_guest(&o, &guest) < 0)
		return EXIT_USAGE;
	return written(replay(&o, &guest));
}
