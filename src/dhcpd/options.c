/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "dhcpd/options.h"

#include "guest/config.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

const char dhcpd_usage[] =
    "usage: fold-dhcpd [-c FILE] [-f] [-d]\n"
    "\n"
    "Answers DHCP, DHCPv6, router and neighbour solicitations and DNS for every interface that has a\n"
    "binding file, on packets that the host's own rules put on its queues.\n"
    "\n"
    "  -c, --config FILE   the configuration (" CONFIG_PATH ")\n"
    "  -f, --foreground    stay in the foreground, log to stderr\n"
    "  -d, --debug         log more\n"
    "  -h, --help          print this\n"
    "  -v, -V, --version   print the version\n";

/*
 * Reports the flag at which getopt_long() stopped. In a cluster of short flags optind still points at the cluster, so
 * the letter is taken from optopt. For a long flag, optopt is set only if the flag is known; then it takes no value.
 */
static int refuse(int c, const char *word, struct report *r)
{
	const char letter[] = {'-', (char)optopt, 0};
	const bool known = optopt > 0 && optopt < 256 && strchr("cfdhV", optopt);

	if (c == ':')
		return report_fail(r, EINVAL, "%s: needs an argument; see fold-dhcpd -h",
				   strncmp(word, "--", 2) == 0 ? word : letter);
	if (known)
		return report_fail(r, EINVAL, "%s: takes no argument; see fold-dhcpd -h", word);
	return report_fail(r, EINVAL, "%s: is no option; see fold-dhcpd -h",
			   optopt > 0 && optopt < 256 ? letter : word);
}

int dhcpd_options_parse(int argc, char **argv, struct dhcpd_options *out, struct report *r)
{
	static const struct option longs[] = {
	    {"config", required_argument, NULL, 'c'}, {"foreground", no_argument, NULL, 'f'},
	    {"debug", no_argument, NULL, 'd'},        {"help", no_argument, NULL, 'h'},
	    {"version", no_argument, NULL, 'V'},      {0},
	};
	struct dhcpd_options o = {.config = CONFIG_PATH};

	opterr = 0;
	for (int c; (c = getopt_long(argc, argv, ":c:fdhvV", longs, NULL)) != -1;) {
		switch (c) {
		case 'c':
			o.config = optarg;
			break;
		case 'f':
			o.foreground = true;
			break;
		case 'd':
			o.debug = true;
			break;
		case 'h':
			o.mode = DHCPD_HELP;
			break;
		case 'v': /* nfdhcpd's letter for it */
		case 'V':
			o.mode = DHCPD_VERSION;
			break;
		default:
			return refuse(c, argv[optind - 1], r);
		}
	}
	if (optind < argc)
		return report_fail(r, EINVAL, "%s: there are no arguments; see fold-dhcpd -h", argv[optind]);
	*out = o;
	return 0;
}
