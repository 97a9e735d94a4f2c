/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `-4 auto` and `-4 release`: Weave Net's router gives the addresses out, or with --local fold itself. */
#include "base/cleanup.h"
#include "base/log.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "host/link.h"
#include "host/store.h"
#include "host/weave.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/signalfd.h>

static int fail(const struct report *r, int err)
{
	log_err("%s", report_line(r, err));
	return FOLD_EXIT_FAILED;
}

/* Fails where the address cannot be written: nobody would know that it is allocated. */
static int print(const struct cidr4 *got)
{
	char text[CIDR4_TEXT];

	if (puts(cidr4_format(got, text)) >= 0 && fflush(stdout) == 0)
		return EXIT_SUCCESS;
	log_err("stdout: the address cannot be written: %s", strerror(errno));
	return FOLD_EXIT_FAILED;
}

/* The exit status as if the signal had ended the process. */
static int interrupted(int signals)
{
	struct signalfd_siginfo info;
	ssize_t got = read(signals, &info, sizeof(info));

	return got == sizeof(info) ? 128 + (int)info.ssi_signo : FOLD_EXIT_FAILED;
}

/* The host's own addresses on the bridge, of which the VM gets none. How many; none while there is no bridge. */
static size_t read_hosts(const char *bridge, struct in_addr at[static LINK_ADDRESSES])
{
	struct link_info info;
	struct link *l;
	int count = 0;

	if (link_open(&l) < 0)
		return 0;
	if (link_find(l, bridge, &info) == 0)
		count = link_addresses4(l, info.ifindex, at, LINK_ADDRESSES);
	link_close(l);
	return count > 0 ? (size_t)count : 0;
}

static int local_allocate(const struct options *o, const struct cidr4 *subnet)
{
	_cleanup_(cleanup_free) char *path = store_path();
	struct report r = {0};
	struct in_addr hosts[LINK_ADDRESSES];
	const struct store_wish wish = {o->iface, subnet, hosts, read_hosts(o->bridge, hosts)};
	struct cidr4 got;
	bool is_new;
	int err = store_allocate(path, &wish, &got, &is_new, &r);

	if (err < 0)
		return fail(&r, err);
	signal(SIGPIPE, SIG_IGN); /* so that print() fails if stdout's reader is gone, and the allocation is undone */
	int status = print(&got);
	if (status != EXIT_SUCCESS && is_new && (err = store_undo(path, o->iface, got.addr, &r)) < 0)
		fail(&r, err);
	return status;
}

static int weave_command(const struct options *o, const struct cidr4 *subnet)
{
	/* What ends this process waits, so that what was asked for can be given back first. */
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
	_cleanup_(cleanup_close) int signals = signals_take(ends, sizeof(ends) / sizeof(ends[0]));
	struct report r = {0};
	struct cidr4 got;
	struct weave *w = NULL;
	signal(SIGPIPE, SIG_IGN);
	int err = weave_open(NULL, signals, &w, &r);
	if (!err)
		err = o->mode == OPTIONS_RELEASE ? weave_release(w, o->iface, &r)
						 : weave_allocate(w, o->iface, subnet, &got, &r);
	int status = err ? fail(&r, err) : EXIT_SUCCESS;
	if (err == -EINTR)
		status = interrupted(signals);
	if (!err && o->mode == OPTIONS_ALLOCATE && (status = print(&got)) != EXIT_SUCCESS)
		weave_undo(w);
	weave_close(w);
	return status;
}

int command_allocate(const struct options *o)
{
	bool by_default = !o->net || strcmp(o->net, "net:default") == 0;
	struct report r = {0};
	struct cidr4 subnet;

	if (store_parse_net(by_default ? "net:default" : o->net, &subnet, &r) < 0) {
		log_err("%s", r.msg);
		return FOLD_EXIT_USAGE;
	}
	return o->local ? local_allocate(o, &subnet) : weave_command(o, by_default ? NULL : &subnet);
}

int command_release(const struct options *o)
{
	struct report r = {0};

	if (!o->local)
		return weave_command(o, NULL);
	_cleanup_(cleanup_free) char *path = store_path();
	int err = store_release(path, o->iface, NULL, &r);
	return err < 0 ? fail(&r, err) : EXIT_SUCCESS;
}
