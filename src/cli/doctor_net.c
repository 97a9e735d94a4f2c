/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The doctor's checks of the kernel's rules and of the network that VMs are to join. */
#include "base/cleanup.h"
#include "cli/doctor.h"
#include "cli/options.h"
#include "fw/probe.h"
#include "host/bridge.h"
#include "host/forward_legacy.h"
#include "host/forward_policy.h"
#include "host/weave.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- nftables ---- */

static void nft_must(struct doctor *d, const char *check, int err, const char *what, const char *config)
{
	if (!err) {
		doctor_found(d, check, DOCTOR_OK, "%s", what);
		return;
	}
	doctor_found(d, check, DOCTOR_FAULT, "this kernel has no %s: %s", what, strerror(-err));
	doctor_mend(d, "boot a kernel of Linux 5.16 or newer with %s", config);
}

static void nft_delivery(struct doctor *d, const struct probe *p)
{
	if (!p->bridge_queue) {
		doctor_found(d, "delivery", DOCTOR_OK, "NFQUEUE: the kernel has `queue` for bridges");
	} else if (!p->log) {
		doctor_found(d, "delivery", DOCTOR_OK, "NFLOG: the kernel has no `queue` for bridges (%s)",
			     strerror(-p->bridge_queue));
	} else {
		doctor_found(d, "delivery", DOCTOR_FAULT,
			     "neither NFQUEUE for bridges (%s) nor NFLOG for interfaces (%s)",
			     strerror(-p->bridge_queue), strerror(-p->log));
		doctor_mend(d, "modprobe nft_queue nfnetlink_queue; or a kernel with CONFIG_NETFILTER_NETLINK_LOG");
	}
}

void doctor_nft(struct doctor *d)
{
	struct probe p;
	int err = probe_run(&p);

	if (err) {
		bool denied = err == -EPERM || err == -EACCES;
		doctor_found(d, "nftables", denied ? DOCTOR_WARN : DOCTOR_FAULT, "cannot be asked: %s", strerror(-err));
		doctor_mend(d, "%s",
			    doctor_as_root(err, denied ? "for this check alone, docker run --cap-add SYS_ADMIN"
						       : "boot a kernel with CONFIG_NF_TABLES and CONFIG_NET_NS"));
		return;
	}
	nft_must(d, "nft owner", p.owner, "tables that a socket owns", "CONFIG_NF_TABLES");
	nft_must(d, "nft ingress", p.ingress, "netdev ingress hook",
		 "CONFIG_NF_TABLES_NETDEV and CONFIG_NETFILTER_INGRESS");
	nft_must(d, "nft egress", p.egress, "netdev egress hook", "CONFIG_NETFILTER_EGRESS");
	nft_delivery(d, &p);
	if (!p.bridge_reject) {
		doctor_found(d, "nft reject", DOCTOR_OK, "the kernel has `reject` for bridges");
		return;
	}
	doctor_found(d, "nft reject", DOCTOR_WARN, "this kernel has no `reject` for bridges: %s",
		     strerror(-p.bridge_reject));
	doctor_mend(d, "modprobe nft_reject_bridge; without it, drop where you would reject");
}

/* ---- the bridge ---- */

/* Adds a row and is true where iptables-legacy's tables, which exist besides those of nftables, drop such frames. */
static bool detour_legacy(struct doctor *d, const char *check, int family, const char *tool)
{
	if (forward_legacy_drops(family, d->bridge) <= 0)
		return false;
	doctor_found(d, check, DOCTOR_WARN,
		     "bridge-nf-call-%s is on and %s-legacy's FORWARD drops: VMs on %s do not reach their neighbours",
		     tool, tool, d->bridge);
	doctor_mend(d, "%s-legacy -I FORWARD -i %s -o %s -j ACCEPT", tool, d->bridge, d->bridge);
	return true;
}

/* Whether frames from port to port get through: br_netfilter sends them through the host's IP firewall as well. */
static void detour(struct doctor *d, const char *check, const struct forward_family *f, int family)
{
	const char *tool = family == AF_INET ? "iptables" : "ip6tables";

	if (!f->handed) {
		doctor_found(d, check, DOCTOR_OK, "bridge-nf-call-%s is off", tool);
	} else if (f->stops) {
		doctor_found(d, check, DOCTOR_WARN,
			     "bridge-nf-call-%s is on and %s drops: VMs on %s do not reach their neighbours", tool,
			     f->where, d->bridge);
		doctor_mend(d, "%s", f->mend);
	} else if (!f->legacy || !detour_legacy(d, check, family, tool)) {
		doctor_found(d, check, DOCTOR_OK, "bridge-nf-call-%s is on, and no chain drops what passes %s", tool,
			     d->bridge);
	}
}

static void bridge_detours(struct doctor *d)
{
	struct forward_policy p = {.bridge = d->bridge};
	int err = forward_policy_check(&p);

	if (err) {
		doctor_found(d, "br_netfilter", DOCTOR_WARN, "the rules for it cannot be read: %s", strerror(-err));
		doctor_mend(d, "%s", doctor_as_root(err, "let this machine's root run it"));
		return;
	}
	detour(d, "br_netfilter", &p.of[FORWARD_IP4], AF_INET);
	detour(d, "br_netfilter6", &p.of[FORWARD_IP6], AF_INET6);
}

static void route_out(struct doctor *d, const char *check, const struct forward_family *f, const char *family)
{
	if (!f->stops) {
		doctor_found(d, check, DOCTOR_OK, "this host forwards %s, and no chain drops all that comes from %s",
			     family, d->bridge);
		return;
	}
	doctor_found(d, check, DOCTOR_WARN, "this host %s %s (%s): VMs on %s whose gateway it is do not get beyond it",
		     f->off ? "does not forward" : "drops what it forwards of", family, f->where, d->bridge);
	doctor_mend(d, "%s", f->mend);
}

/* Only a host with an address on the bridge may be a VM's gateway, and then must forward; the binding says who is. */
static void bridge_routes(struct doctor *d, struct link *l, const struct bridge_info *b)
{
	struct forward_policy p = {.bridge = d->bridge, .leaves = true};
	struct in_addr four;
	struct in6_addr six[8];
	bool has6 = false;
	int count = link_addresses6(l, b->link.ifindex, six, sizeof(six) / sizeof(six[0]));

	for (int i = 0; i < count && i < (int)(sizeof(six) / sizeof(six[0])); i++)
		has6 |= !IN6_IS_ADDR_LINKLOCAL(&six[i]);
	bool has4 = link_addresses4(l, b->link.ifindex, &four, 1) > 0;
	if ((!has4 && !has6) || forward_policy_check(&p) < 0)
		return;
	if (has4)
		route_out(d, "forwarding", &p.of[FORWARD_IP4], "IPv4");
	if (has6)
		route_out(d, "forwarding6", &p.of[FORWARD_IP6], "IPv6");
}

static void bridge_mtu(struct doctor *d, const struct bridge_info *b)
{
	uint32_t mtu = b->link.mtu;

	if (mtu >= 1280) {
		doctor_found(d, "mtu", DOCTOR_OK, "%u", mtu);
		return;
	}
	doctor_found(d, "mtu", DOCTOR_WARN, "%u: IPv6 needs 1280; a VM with -6 does not start", mtu);
	doctor_mend(d, "ip link set mtu 1500 dev %s, and the same for its ports", d->bridge);
}

static void bridge_vlans(struct doctor *d, const struct bridge_info *b)
{
	if (!b->vlan_filtering) {
		doctor_found(d, "vlans", DOCTOR_OK, "filtering is off");
	} else if (b->default_pvid) {
		doctor_found(d, "vlans", DOCTOR_OK, "filtering is on: VMs are in VLAN %u, untagged, and in no other",
			     b->default_pvid);
	} else {
		doctor_found(d, "vlans", DOCTOR_WARN, "filtering is on without a default VLAN: VMs reach nobody");
		doctor_mend(d, "ip link set %s type bridge vlan_default_pvid 1", d->bridge);
	}
}

static void bridge_stp(struct doctor *d, const struct bridge_info *b)
{
	/* IEEE 802.1D: a port listens, then learns, for a forward delay each. */
	unsigned seconds = b->forward_delay * 2 / 100;

	if (!b->stp) {
		doctor_found(d, "stp", DOCTOR_OK, "off: a VM's port forwards at once");
		return;
	}
	doctor_found(d, "stp", DOCTOR_WARN,
		     "on: a VM reaches its neighbours %u seconds after it started, and not before", seconds);
	doctor_mend(d, "ip link set %s type bridge stp_state 0, where it is in no loop; else forward_delay 200",
		    d->bridge);
}

static void bridge_multicast(struct doctor *d, const struct bridge_info *b)
{
	if (b->multicast_snooping && (b->multicast_querier || b->querier_elsewhere))
		doctor_found(d, "multicast", DOCTOR_OK,
			     "snooping is on with a querier: fold reports to it what VMs listen to");
	else
		doctor_found(d, "multicast", DOCTOR_OK, "snooping is %s, nobody asks who listens",
			     b->multicast_snooping ? "on" : "off");
}

static void bridge_settings(struct doctor *d, struct link *l, const struct bridge_info *b)
{
	if (b->link.up) {
		doctor_found(d, "bridge", DOCTOR_OK, "%s is up", d->bridge);
	} else {
		doctor_found(d, "bridge", DOCTOR_WARN, "%s is down: VMs reach nobody", d->bridge);
		doctor_mend(d, "ip link set %s up", d->bridge);
	}
	bridge_mtu(d, b);
	bridge_vlans(d, b);
	bridge_stp(d, b);
	bridge_multicast(d, b);
	bridge_detours(d);
	bridge_routes(d, l, b);
}

void doctor_bridge(struct doctor *d)
{
	struct bridge_info b;
	struct link *l = NULL;
	int err = link_open(&l);

	if (!err)
		err = bridge_read(l, d->bridge, &b);
	if (!err && b.link.is_bridge) {
		bridge_settings(d, l, &b);
	} else if (err == -ENODEV && d->local) {
		doctor_found(d, "bridge", DOCTOR_OK, "%s: none yet, made on first use", d->bridge);
	} else if (err == -ENODEV) {
		doctor_found(d, "bridge", DOCTOR_FAULT, "%s: there is none", d->bridge);
		if (strcmp(d->bridge, BRIDGE_DEFAULT) == 0)
			doctor_mend(d, "weave launch; or name another with --bridge, or use --local");
		else
			doctor_mend(d, "ip link add %s type bridge && ip link set %s up", d->bridge, d->bridge);
	} else if (err) {
		doctor_found(d, "bridge", DOCTOR_FAULT, "%s: %s", d->bridge, strerror(-err));
	} else {
		doctor_found(d, "bridge", DOCTOR_FAULT, "%s: not a bridge", d->bridge);
		doctor_mend(d, "name one that `ip link show type bridge` lists with --bridge");
	}
	link_close(l);
}

/* ---- Weave Net ---- */

/* Asks the router for its subnet, as `-4 auto` does, and for the domain in which WEAVE_DNS=yes enters a name. */
static void ask_router(struct doctor *d, struct weave *w)
{
	char subnet[CIDR4_TEXT], domain[WEAVE_NAME_SIZE];
	struct report r = {0};
	struct cidr4 range;
	bool fresh;
	int kept, err = weave_default_subnet(w, &range, &r);

	if (err) {
		doctor_found(d, "weave", DOCTOR_WARN, "%s", r.msg);
		doctor_mend(d, err == -ENOTSUP ? "launch the router with --ipalloc-range=<cidr>"
					       : "weave launch; or set " WEAVE_ENV " to where the router's HTTP is");
		if (err != -ENOTSUP)
			return;
	} else {
		cidr4_format(&range, subnet);
		doctor_found(d, "weave", DOCTOR_OK, "the router at %s gives out addresses of %s", weave_at(w), subnet);
	}
	err = weave_domain(w, domain, &fresh, &kept, &r);
	if (!err)
		doctor_found(d, "weavedns", DOCTOR_OK, "the router keeps names of %s", domain);
	else if (err == -ENOTSUP)
		doctor_found(d, "weavedns", DOCTOR_OK, "the router keeps no names; WEAVE_DNS=yes has no effect");
	else
		doctor_found(d, "weavedns", DOCTOR_WARN, "%s", r.msg);
}

void doctor_weave(struct doctor *d)
{
	struct weave *w = NULL;
	struct report r = {0};

	if (strcmp(d->bridge, BRIDGE_DEFAULT) != 0)
		return;
	if (weave_open(NULL, -1, &w, &r) < 0) {
		doctor_found(d, "weave", DOCTOR_WARN, "%s", r.msg);
		doctor_mend(d, "set " WEAVE_ENV " to where the router's HTTP is, as host:port");
		return;
	}
	ask_router(d, w);
	weave_close(w);
}
