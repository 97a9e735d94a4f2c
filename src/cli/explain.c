/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `fold explain`: for each frame of a capture, which of a running VM's rules or answerers decides, and why. */
#include "answer/answer.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/commands.h"
#include "fw/explain.h"
#include "guest/address_list.h"
#include "guest/build.h"
#include "show/capture.h"
#include "show/summary.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_ether.h>

#define SUMMARY_TEXT 512
#define ENVIRONMENT_MAX (4 * 1024 * 1024)

enum direction { DIRECTION_BY_SOURCE, DIRECTION_FROM, DIRECTION_TO };

struct words {
	const char *iface, *capture;
	enum direction direction;
	bool json;
};

/* What became of a frame, for both ways to print it. */
struct fate {
	bool from;           /* the guest sent it */
	const char *what;    /* "passes", "dropped", "answered" and so on */
	const char *name;    /* the counter, the responder's reason or its event; NULL: there is none */
	const char *meaning; /* of a reason, in words */
	const char *chain;   /* NULL: no rule has seen it */
	uint64_t handle;     /* 0: the chain's policy */
};

static int usage(void)
{
	log_err("`" FOLD_COMMAND
		" explain <iface> <capture> [--from | --to] [--json]` names a running VM's interface and a pcap file; "
		"--from and --to say that all of it is from, or to, the guest");
	return FOLD_EXIT_USAGE;
}

static bool parse_words(int argc, char **argv, struct words *out)
{
	*out = (struct words){0};
	for (int i = 2; i < argc; i++) {
		const char *w = argv[i];
		if (strcmp(w, "--json") == 0)
			out->json = true;
		else if (strcmp(w, "--from") == 0 && !out->direction)
			out->direction = DIRECTION_FROM;
		else if (strcmp(w, "--to") == 0 && !out->direction)
			out->direction = DIRECTION_TO;
		else if ((w[0] == '-' && w[1]) || out->capture)
			return false;
		else if (!out->iface)
			out->iface = w;
		else
			out->capture = w;
	}
	return out->capture != NULL;
}

/* The VM's identity as its claim has it: it was fixed when the VM was started, whatever its files say by now. */
static void identity_of(const struct session_info *i, const struct binding *b, struct identity *out)
{
	struct identity id = {.has4 = cidr4_parse(i->ip4, &id.ip4), .has6 = cidr6_parse(i->ip6, &id.ip6)};

	memcpy(id.iface, i->iface, sizeof(id.iface));
	memcpy(id.bridge, i->bridge, sizeof(id.bridge));
	mac_parse(i->mac, id.mac);
	if (id.has6) {
		struct in6_addr own = ip6_eui64(&id.ip6.addr, id.mac);
		id.mode6 = IN6_ARE_ADDR_EQUAL(&own, &id.ip6.addr) ? ADDRESS6_EUI64 : ADDRESS6_GIVEN;
	}
	if (binding_has(b, BINDING_MTU))
		id.mtu = b->mtu;
	*out = id;
}

/*
 * Loads the configuration that the running fold was given: by NFDHCPD_CFG in that process's environment, which may be
 * relative to its working directory, or else by the default path.
 */
static int load_config(const struct session_info *i, struct config *out, struct report *r)
{
	static const char key[] = "NFDHCPD_CFG=";
	_cleanup_(cleanup_free) char *environment = NULL, *path = NULL;
	char name[64];
	size_t len = 0;

	snprintf(name, sizeof(name), "/proc/%d/environ", i->pid);
	if (file_read(name, ENVIRONMENT_MAX, &environment, &len, r) < 0)
		return config_load_chosen(out, r);
	for (const char *at = environment; at < environment + len; at += strlen(at) + 1) {
		const char *value = at + sizeof(key) - 1;
		if (strncmp(at, key, sizeof(key) - 1) != 0 || !*value)
			continue;
		if (asprintf(&path, "/proc/%d/%s%s", i->pid, *value == '/' ? "root" : "cwd/", value) < 0)
			return report_fail(r, ENOMEM, "out of memory");
		return config_load(path, true, out, r);
	}
	return config_load(CONFIG_PATH, false, out, r);
}

/*
 * Builds the guest from the copy of its binding. If somebody has spoilt the copy, only the running fold still knows
 * what it said before; an empty binding is taken instead.
 */
static int load_guest(const struct session_info *i, struct guest *out, struct report *r)
{
	_cleanup_(config_free) struct config config = {0};
	_cleanup_(binding_free) struct binding binding = {0};
	struct identity id;
	int err = load_config(i, &config, r);

	if (!err && binding_load(i->copy, BINDING_VM, &binding, r) < 0)
		log_warn("%s; the responder is taken to have an empty binding", r->msg);
	else if (!err)
		err = address_lists_load(&binding, config.datapath, true, r);
	if (err)
		return err;
	identity_of(i, &binding, &id);
	return guest_build(&id, &binding, &config, GUEST_DNS_STREAMS | GUEST_HAS_RULES, out, r);
}

/*
 * A capture on the tap holds both directions and does not say which. A frame with the guest's MAC as its source is from
 * the guest. One with another source, for the guest or for a group, is taken to be on its way to the guest; a guest
 * that lies about its MAC could have sent it too, and --from says so.
 */
static bool is_from(const struct guest *g, enum direction d, const uint8_t *frame)
{
	const uint8_t *dst = frame, *src = frame + ETH_ALEN;

	if (d != DIRECTION_BY_SOURCE)
		return d == DIRECTION_FROM;
	if (memcmp(src, g->id.mac, MAC_LEN) == 0)
		return true;
	return memcmp(dst, g->id.mac, MAC_LEN) != 0 && !(dst[0] & 1);
}

static void ask_responder(const struct guest *g, const struct capture_frame *c, struct fate *f)
{
	static const char *const words[] = {
	    [ANSWER_REPLY] = "answered",
	    [ANSWER_QUIET] = "heard, not answered",
	    [ANSWER_NOTED] = "noted",
	    [ANSWER_DROP] = "refused by the responder",
	    [ANSWER_NOT_MINE] = "ignored",
	    [ANSWER_FORWARD] = "forwarded to a name server",
	    [ANSWER_STREAM] = "taken, as part of a DNS connection",
	};
	const struct frame in = {
	    .l2 = c->bytes,
	    .l2_len = ETH_HLEN,
	    .l3 = c->bytes + ETH_HLEN,
	    .l3_len = c->len - ETH_HLEN,
	    .to_guest = !f->from,
	};
	struct reply r;
	enum answer a = answer_frame(g, &in, &r);

	f->what = words[a];
	f->name = a == ANSWER_DROP ? drop_name(r.drop) : r.event;
	f->meaning = a == ANSWER_DROP ? drop_meaning(r.drop) : NULL;
}

static bool is_refusal(const char *counter)
{
	return strcmp(counter, "from_gateway") == 0 || strcmp(counter, "to_gateway") == 0;
}

static void judge(const struct explain *rules, const struct guest *g, enum direction d, const struct capture_frame *c,
		  struct fate *f)
{
	struct explanation e;

	/* The kernel takes no shorter frame from a tap, and no bridge passes one on. */
	if (c->len < ETH_HLEN) {
		*f = (struct fate){.from = d != DIRECTION_TO,
				   .what = "dropped",
				   .meaning = "shorter than an Ethernet header"};
		return;
	}
	bool from = is_from(g, d, c->bytes);
	bool own = !from && memcmp(c->bytes + ETH_ALEN, g->service_mac, MAC_LEN) == 0;
	explain_frame(rules, from, own, g->service_mac, c->bytes, c->len, &e);
	*f = (struct fate){.from = from, .name = e.counter, .meaning = e.meaning, .chain = e.chain, .handle = e.handle};
	switch (e.end) {
	case EXPLAIN_PASSES:
		f->what = "passes";
		f->meaning = own ? "fold's own, by its mark; from anybody else it would be dropped, to_mac" : NULL;
		break;
	case EXPLAIN_DROPPED:
		f->what = "dropped";
		break;
	case EXPLAIN_GATE:
		f->what = "left to your chain in table bridge fold";
		break;
	case EXPLAIN_TAKEN:
		/* The action of -a or -A rejects it, which stood on fold's command line and in no file. */
		if (e.counter && is_refusal(e.counter))
			f->what = "rejected, and its sender is told";
		else
			ask_responder(g, c, f);
		break;
	}
}

static void print_line(const struct capture_frame *c, const struct fate *f)
{
	char text[SUMMARY_TEXT];

	printf("%zu %s guest: %s -> %s", c->number, f->from ? "from" : "to",
	       summary_of(c->bytes, c->len, text, sizeof(text)), f->what);
	if (f->name)
		printf(", %s", f->name);
	if (f->meaning)
		printf(": %s", f->meaning);
	if (f->chain && f->handle)
		printf(" (chain %s, handle %llu)", f->chain, (unsigned long long)f->handle);
	else if (f->chain)
		printf(" (chain %s, its policy)", f->chain);
	printf("\n");
}

static void print_json(struct json *j, const struct capture_frame *c, const struct fate *f)
{
	char text[SUMMARY_TEXT];

	json_object(j, NULL);
	json_number(j, "frame", (int64_t)c->number);
	json_string(j, "direction", f->from ? "from" : "to");
	json_string(j, "summary", summary_of(c->bytes, c->len, text, sizeof(text)));
	json_string(j, "decision", f->what);
	json_string(j, "reason", f->name);
	json_string(j, "meaning", f->meaning);
	json_string(j, "chain", f->chain);
	json_number(j, "handle", (int64_t)f->handle);
	json_end(j);
}

static void explain_all(const struct words *w, const struct explain *rules, const struct guest *g,
			const struct capture *c)
{
	struct json j;
	struct fate f;

	if (w->json) {
		json_start(&j, stdout);
		json_array(&j, NULL);
	}
	for (size_t i = 0; i < c->count; i++) {
		judge(rules, g, w->direction, &c->at[i], &f);
		if (w->json)
			print_json(&j, &c->at[i], &f);
		else
			print_line(&c->at[i], &f);
	}
	if (w->json)
		json_end(&j);
}

static int fail(const char *iface, const char *what, int err)
{
	log_err("%s: %s: %s", iface, what, strerror(err));
	return FOLD_EXIT_FAILED;
}

int command_explain(int argc, char **argv)
{
	_cleanup_(capture_free) struct capture capture = {0};
	_cleanup_(guest_free) struct guest guest = {0};
	struct session_info info;
	struct explain *rules = NULL;
	struct report r = {0};
	struct words w;

	if (!parse_words(argc, argv, &w))
		return usage();
	int status = command_find_vm(w.iface, &info);
	if (status)
		return status;
	if (load_guest(&info, &guest, &r) < 0) {
		log_err("%s", r.msg);
		return FOLD_EXIT_FAILED;
	}
	if (capture_read(w.capture, &capture) < 0)
		return FOLD_EXIT_FAILED;
	capture_warn_cut(w.capture, &capture, NULL, NULL);
	int err = explain_open(w.iface, &rules);
	if (err)
		return fail(w.iface, "its rules cannot be read", -err);
	explain_all(&w, rules, &guest, &capture);
	explain_close(rules);
	return EXIT_SUCCESS;
}
