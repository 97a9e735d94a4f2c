/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The VM's host name in weaveDNS, as its binding has it (WEAVE_DNS=yes). */
#include "base/log.h"
#include "cli/session_priv.h"
#include "host/weave.h"

#include <stdlib.h>
#include <string.h>

/* The name to enter, or "" for none; warns where the binding wants one and there cannot be one. */
static const char *name_of(const struct session *s)
{
	const struct guest *g = &s->guest;

	if (!g->weave_dns)
		return "";
	if (!g->id.has4)
		log_warn(
		    "%s: WEAVE_DNS=yes: weaveDNS holds IPv4 addresses alone, and this VM has none; give it one with -4",
		    s->info.iface);
	else if (!*g->hostname)
		log_warn("%s: WEAVE_DNS=yes: needs HOSTNAME=<name>, the name to enter", s->info.iface);
	else
		return g->hostname;
	return "";
}

static void tell(struct session *s, const char *name)
{
	int err = weave_name_tell(&s->weave, name);

	if (err)
		log_warn("%s: the process that keeps its name in weaveDNS: %s; it is kept no more", s->info.iface,
			 strerror(-err));
}

/*
 * Whether the process that enters names is started: also where only a later binding may want it, because it cannot be
 * started once the privileges are gone. It sleeps until it is told a name. Where nothing points to Weave Net it is not
 * started.
 */
static bool may_want(const struct session *s)
{
	return s->id.has4 && (binding_has(&s->binding, BINDING_WEAVE_DNS) || getenv(WEAVE_ENV) ||
			      strcmp(s->info.bridge, BRIDGE_DEFAULT) == 0);
}

void session_weave_start(struct session *s)
{
	struct report r = {0};

	if (may_want(s) && weave_name_start(s->info.iface, s->id.ip4.addr, &s->weave, &r) < 0)
		log_warn("%s: weaveDNS: %s", s->info.iface, r.msg);
	session_weave_change(s, NULL);
}

void session_weave_change(struct session *s, const struct guest *was)
{
	const struct guest *now = &s->guest;

	if (was ? was->weave_dns == now->weave_dns && strcmp(was->hostname, now->hostname) == 0 : !now->weave_dns)
		return;
	const char *name = name_of(s);
	if (s->weave.fd >= 0)
		tell(s, name);
	else if (*name)
		log_warn("%s: WEAVE_DNS=yes: takes effect when fold is started anew, for its bridge is not Weave Net's",
			 s->info.iface);
}
