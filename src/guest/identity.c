/* SPDX-License-Identifier: GPL-2.0-or-later */
/* identity: who the VM is, from the head of its binding file. RFC 4291 A (Modified EUI-64). */
#include "guest/build.h"

#include <errno.h>
#include <string.h>

static int wrong_line(const struct binding *b, enum binding_key k, struct report *r, const char *wrong)
{
	return report_fail(r, EINVAL, "%s:%u: %s", b->path, b->line[k], wrong);
}

static int identity4(const struct binding *b, struct identity *id, struct report *r)
{
	if (!binding_has(b, BINDING_IP))
		return 0;
	id->has4 = true;
	id->ip4 = (struct cidr4){.addr = b->ip, .len = binding_has(b, BINDING_SUBNET) ? b->subnet.len : 32};
	if (binding_has(b, BINDING_SUBNET) && !ip4_in(b->subnet, b->ip))
		return wrong_line(b, BINDING_IP, r, "IP is outside SUBNET; correct one of them");
	return 0;
}

static int identity6(const struct binding *b, struct identity *id, struct report *r)
{
	bool subnet = binding_has(b, BINDING_SUBNET6), given = true;

	if (binding_has(b, BINDING_IP6))
		id->ip6.addr = b->ip6;
	else if (binding_has(b, BINDING_EUI64))
		id->ip6.addr = b->eui64;
	else
		given = false;
	if (!given && !subnet)
		return 0;
	if (!given && b->subnet6.len != 64)
		return wrong_line(b, BINDING_SUBNET6, r,
				  "SUBNET6 is no /64, so that the address does not follow from MAC; add IP6");
	if (!given)
		id->ip6.addr = ip6_eui64(&b->subnet6.addr, id->mac);
	id->has6 = true;
	struct in6_addr own = ip6_eui64(&id->ip6.addr, id->mac);
	id->mode6 = IN6_ARE_ADDR_EQUAL(&own, &id->ip6.addr) ? ADDRESS6_EUI64 : ADDRESS6_GIVEN;
	id->ip6.len = subnet ? b->subnet6.len : 128;
	if (subnet && !ip6_in(b->subnet6, id->ip6.addr))
		return wrong_line(b, BINDING_SUBNET6, r, "IP6 is outside SUBNET6; correct one of them");
	return 0;
}

int identity_from_binding(const char *iface, const struct binding *b, struct identity *out, struct report *r)
{
	struct identity id = {0};

	if (strlen(iface) >= sizeof(id.iface))
		return report_fail(r, EINVAL, "%s: is longer than an interface's name may be", iface);
	memcpy(id.iface, iface, strlen(iface) + 1);
	if (!binding_has(b, BINDING_MAC))
		return report_fail(r, EINVAL, "%s: has no MAC line; add the VM's MAC address", b->path);
	memcpy(id.mac, b->mac, MAC_LEN);
	int err = identity4(b, &id, r);
	if (!err)
		err = identity6(b, &id, r);
	if (err)
		return err;
	memcpy(id.bridge, binding_has(b, BINDING_BRIDGE) ? b->bridge : b->indev, sizeof(id.bridge));
	if (binding_has(b, BINDING_MTU))
		id.mtu = b->mtu;
	*out = id;
	return 0;
}
