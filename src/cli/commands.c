/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/commands.h"

#include "base/cleanup.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/doctor.h"
#include "cli/session.h"
#include "host/claim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/random.h>

int command_no_claims(int err)
{
	if (err == -ENOENT) /* of /proc: a missing CLAIM_DIR is no error, for then no VM runs */
		log_err(CLAIM_NAMESPACE ": %s; mount proc at /proc", strerror(-err));
	else
		log_err(CLAIM_DIR ": cannot be read: %s%s", strerror(-err),
			err == -EACCES && geteuid() != 0 ? "; run this as root"
			: err == -ENOTDIR                ? "; remove it"
							 : "");
	return FOLD_EXIT_FAILED;
}

int command_no_more_words(int argc, char **argv)
{
	if (argc <= 2)
		return 0;
	log_err("%s: `" FOLD_COMMAND " %s` takes no argument", argv[2], argv[1]);
	return FOLD_EXIT_USAGE;
}

#define LS_ROW "%-15s %-17s %-18s %-42s %-15s "

static bool print_vm(void *out, const char *key, const char *text, bool live)
{
	struct session_info i;

	(void)key;
	if (live && session_info_parse(text, &i))
		fprintf(out, LS_ROW "%7d %s\n", i.iface, i.mac, i.ip4, i.ip6, i.bridge, i.pid, i.hypervisor);
	return false;
}

static bool print_vm_json(void *arg, const char *key, const char *text, bool live)
{
	struct session_info i;
	struct json *j = arg;

	(void)key;
	if (!live || !session_info_parse(text, &i))
		return false;
	json_object(j, NULL);
	json_string(j, "interface", i.iface);
	json_string(j, "mac", i.mac);
	json_string(j, "ipv4", strcmp(i.ip4, "-") ? i.ip4 : NULL);
	json_string(j, "ipv6", strcmp(i.ip6, "-") ? i.ip6 : NULL);
	json_string(j, "bridge", i.bridge);
	json_number(j, "pid", i.pid);
	json_string(j, "hypervisor", i.hypervisor);
	json_end(j);
	return false;
}

static int list_vms(FILE *out, bool as_json)
{
	struct json j;
	int err;

	if (as_json) {
		json_start(&j, out);
		json_array(&j, NULL);
		err = claim_each(SESSION_CLAIM, print_vm_json, &j);
		json_end(&j);
	} else {
		fprintf(out, LS_ROW "%7s %s\n", "INTERFACE", "MAC", "IPV4", "IPV6", "BRIDGE", "PID", "HYPERVISOR");
		err = claim_each(SESSION_CLAIM, print_vm, out);
	}
	return err;
}

static int command_ls(int argc, char **argv)
{
	bool as_json = argc == 3 && strcmp(argv[2], "--json") == 0;

	if (argc > 2 && !as_json) {
		log_err("%s: `" FOLD_COMMAND " ls` takes no argument but --json", argv[2]);
		return FOLD_EXIT_USAGE;
	}
	_cleanup_(cleanup_free) char *text = NULL;
	size_t len = 0;
	/* Held back until all claims are read: a list that is empty because of an error would say that no VM runs. */
	FILE *out = open_memstream(&text, &len);
	int err = out ? list_vms(out, as_json) : -errno;
	if (out && fclose(out) != 0 && !err)
		err = -errno;
	if (err < 0)
		return command_no_claims(err);
	fwrite(text, 1, len, stdout);
	return EXIT_SUCCESS;
}

struct found {
	const char *iface;
	bool live;
	struct session_info info;
};

static bool find_vm(void *arg, const char *key, const char *text, bool live)
{
	struct found *f = arg;

	if (live && strcmp(key + strlen(SESSION_CLAIM), f->iface) == 0)
		f->live = session_info_parse(text, &f->info);
	return false;
}

int command_find_vm(const char *iface, struct session_info *out)
{
	struct found f = {.iface = iface};
	int err = claim_each(SESSION_CLAIM, find_vm, &f);

	if (err < 0)
		return command_no_claims(err);
	if (!f.live) {
		log_err("%s: no VM of that interface runs here; `" FOLD_COMMAND " ls` lists them", iface);
		return FOLD_EXIT_FAILED;
	}
	*out = f.info;
	return EXIT_SUCCESS;
}

/* Bit 1 of the first octet: locally administered; bit 0: not a group (IEEE 802, 8.2). */
static int command_lamac(int argc, char **argv)
{
	uint8_t mac[MAC_LEN];
	char text[MAC_TEXT];
	int bad = command_no_more_words(argc, argv);

	if (bad)
		return bad;
	if (getrandom(mac, sizeof(mac), 0) != sizeof(mac)) {
		log_err("getrandom: %s", strerror(errno));
		return FOLD_EXIT_FAILED;
	}
	mac[0] = (uint8_t)((mac[0] & ~1) | 2);
	/*
	 * fold's own MACs begin with fe or fc (mac_service()); a guest's that did, too, would be hard to tell from
	 * them.
	 */
	if (mac[0] >= 0xfc)
		mac[0] = 0x52;
	puts(mac_format(mac, text));
	return EXIT_SUCCESS;
}

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *words, *what; /* for its --help */
} commands[] = {
    {"ls", command_ls, " [--json]", "Lists the running VMs."},
    {"gc", command_gc, "", "Removes what a killed fold left behind."},
    {"lamac", command_lamac, "", "Prints a random MAC address for a VM."},
    {"mkaddress", command_mkaddress, " -m <mac> -k <key> [--full] <prefix>/<len>",
     "Prints the address that -k gives a VM with that MAC; --full: with STABLE_KEY=full in its binding."},
    {"keygen", command_keygen, " <file>", "Makes a key for -k: 64 random octets in a new file of mode 0600."},
    {"doctor", command_doctor, " [--bridge <name> | --local] [--json]",
     "Says what is wrong on this machine, and how to fix it; status 1: no VM starts."},
    {"inspect", command_inspect, " <iface> [--json]", "Shows what a running VM is, was told and was refused."},
    {"explain", command_explain, " <iface> <capture> [--from | --to] [--json]",
     "Says which rule or answer each frame of a capture meets, and why."},
};

/* Whether --help or -h stands anywhere: no command has such a word of its own, and the user wants nothing done then. */
static bool asks_for_help(int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(name, commands[i].name) == 0)
			return &commands[i];
	return NULL;
}

bool command_exists(const char *name)
{
	return find_command(name);
}

bool command_run(int argc, char **argv, int *status)
{
	const struct command *c = argc > 1 ? find_command(argv[1]) : NULL;

	if (!c)
		return false;
	*status = EXIT_SUCCESS;
	if (asks_for_help(argc, argv))
		printf("usage: " FOLD_COMMAND " %s%s\n%s\n", c->name, c->words, c->what);
	else
		*status = c->run(argc, argv);
	return true;
}
