/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/routes.h"

#include "base/cleanup.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#define BUFFER 32768
#define LINE 256

/* A line of rt_tables: "number name". */
static bool read_line(const char *line, const char *name, uint32_t *out)
{
	char *end;
	unsigned long n = strtoul(line, &end, 0);
	size_t len = strlen(name);

	if (end == line || !isspace((unsigned char)*end) || n == 0 || n > UINT32_MAX)
		return false;
	end += strspn(end, " \t");
	if (strncmp(end, name, len) != 0 || (end[len] && !isspace((unsigned char)end[len]) && end[len] != '#'))
		return false;
	*out = (uint32_t)n;
	return true;
}

static bool find_in_file(const char *path, const char *name, uint32_t *out)
{
	_cleanup_(cleanup_fclose) FILE *f = fopen(path, "re");
	char line[LINE];

	while (f && fgets(line, sizeof(line), f)) {
		if (read_line(line + strspn(line, " \t"), name, out))
			return true;
	}
	return false;
}

static bool find_in_dir(const char *dir, const char *name, uint32_t *out)
{
	DIR *d = opendir(dir);
	bool found = false;

	for (struct dirent *e; d && !found && (e = readdir(d));) {
		_cleanup_(cleanup_free) char *path = NULL;
		size_t n = strlen(e->d_name);
		if (n < 6 || strcmp(e->d_name + n - 5, ".conf") != 0 || asprintf(&path, "%s/%s", dir, e->d_name) < 0)
			continue;
		found = find_in_file(path, name, out);
	}
	if (d)
		closedir(d);
	return found;
}

uint32_t routes_table(const char *name)
{
	static const struct {
		const char *name;
		uint32_t number;
	} own[] = {{"default", RT_TABLE_DEFAULT}, {"main", RT_TABLE_MAIN}, {"local", RT_TABLE_LOCAL}};
	char *end;
	unsigned long n = strtoul(name, &end, 0);
	uint32_t found = 0;

	if (*name && !*end)
		return n > 0 && n <= UINT32_MAX && isdigit((unsigned char)*name) ? (uint32_t)n : 0;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (strcmp(own[i].name, name) == 0)
			return own[i].number;
	}
	if (find_in_dir("/etc/iproute2/rt_tables.d", name, &found) ||
	    find_in_file("/etc/iproute2/rt_tables", name, &found) ||
	    find_in_dir("/usr/share/iproute2/rt_tables.d", name, &found))
		return found;
	find_in_file("/usr/share/iproute2/rt_tables", name, &found);
	return found;
}

struct route {
	uint8_t len;
	uint32_t table;
	int oif;
	const struct nlattr *dst, *gateway;
};

/* The state of one pass over the table. The first finds the default route, the second the subnet at its interface. */
struct pass {
	uint32_t table;
	uint8_t family;
	bool find_net;
	int ifindex;
	struct routes_link *out;
};

static int read_attribute(const struct nlattr *a, void *arg)
{
	struct route *r = arg;

	if (mnl_attr_get_type(a) == RTA_TABLE && mnl_attr_get_payload_len(a) >= sizeof(uint32_t))
		r->table = mnl_attr_get_u32(a);
	else if (mnl_attr_get_type(a) == RTA_OIF && mnl_attr_get_payload_len(a) >= sizeof(uint32_t))
		r->oif = (int)mnl_attr_get_u32(a);
	else if (mnl_attr_get_type(a) == RTA_DST)
		r->dst = a;
	else if (mnl_attr_get_type(a) == RTA_GATEWAY)
		r->gateway = a;
	return MNL_CB_OK;
}

static void take_default(struct pass *p, const struct route *r)
{
	struct routes_link *out = p->out;

	if (p->ifindex || r->len || !r->gateway)
		return;
	if (p->family == AF_INET && mnl_attr_get_payload_len(r->gateway) == 4) {
		memcpy(&out->gateway4, mnl_attr_get_payload(r->gateway), 4);
		out->has_gateway4 = true;
	} else if (p->family == AF_INET6 && mnl_attr_get_payload_len(r->gateway) == 16) {
		memcpy(&out->gateway6, mnl_attr_get_payload(r->gateway), 16);
		out->has_gateway6 = true;
	} else {
		return;
	}
	p->ifindex = r->oif;
}

static void take_net(const struct pass *p, const struct route *r)
{
	struct routes_link *out = p->out;

	if (!r->dst || r->gateway || !r->len || (p->ifindex && r->oif != p->ifindex))
		return;
	if (p->family == AF_INET && mnl_attr_get_payload_len(r->dst) == 4 &&
	    (!out->has_net4 || r->len < out->net4.len)) {
		memcpy(&out->net4.addr, mnl_attr_get_payload(r->dst), 4);
		out->net4.len = r->len;
		out->has_net4 = true;
	} else if (p->family == AF_INET6 && mnl_attr_get_payload_len(r->dst) == 16 &&
		   !IN6_IS_ADDR_LINKLOCAL((const struct in6_addr *)mnl_attr_get_payload(r->dst)) &&
		   (!out->has_net6 || r->len < out->net6.len)) {
		memcpy(&out->net6.addr, mnl_attr_get_payload(r->dst), 16);
		out->net6.len = r->len;
		out->has_net6 = true;
	}
}

static int read_route(const struct nlmsghdr *h, void *arg)
{
	struct pass *p = arg;
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);

	if (h->nlmsg_type != RTM_NEWROUTE || h->nlmsg_len < mnl_nlmsg_size(sizeof(*m)) || m->rtm_type != RTN_UNICAST)
		return MNL_CB_OK;
	struct route r = {.len = m->rtm_dst_len, .table = m->rtm_table};
	mnl_attr_parse(h, sizeof(*m), read_attribute, &r);
	if (r.table != p->table)
		return MNL_CB_OK;
	if (p->find_net)
		take_net(p, &r);
	else
		take_default(p, &r);
	return MNL_CB_OK;
}

/* Dumps the table. Linux before 4.20 dumps all tables; read_route() then skips the others. */
static int list(struct pass *p)
{
	static const uint32_t seq = 1;
	char buf[BUFFER];
	int on = 1;
	struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

	if (!s)
		return -errno;
	mnl_socket_setsockopt(s, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = seq;
	struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->rtm_family = p->family;
	mnl_attr_put_u32(h, RTA_TABLE, p->table);
	int err =
	    mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0 || mnl_socket_sendto(s, h, h->nlmsg_len) < 0 ? -errno : 0;
	for (int more = MNL_CB_OK; !err && more > MNL_CB_STOP;) {
		ssize_t got = mnl_socket_recvfrom(s, buf, sizeof(buf));
		if (got < 0 && errno == EINTR)
			continue;
		more = got < 0 ? -1 : mnl_cb_run(buf, (size_t)got, seq, mnl_socket_get_portid(s), read_route, p);
		/* ENOENT: a table that never had a route. */
		if (more < 0)
			err = errno == ENOENT ? 0 : -errno;
	}
	mnl_socket_close(s);
	return err;
}

static int read_family(uint8_t family, uint32_t table, struct routes_link *out)
{
	struct pass p = {.table = table, .family = family, .out = out};
	int err = list(&p);

	if (!err && p.ifindex && !out->ifindex)
		out->ifindex = p.ifindex;
	p.find_net = true;
	return err ? err : list(&p);
}

int routes_read(uint32_t table, struct routes_link *out, struct report *r)
{
	struct routes_link l = {0};
	int err = read_family(AF_INET, table, &l);

	if (!err)
		err = read_family(AF_INET6, table, &l);
	if (err)
		return report_fail(r, -err, "routing table %u: cannot be read: %s", table, strerror(-err));
	*out = l;
	return 0;
}

/* An address of RFC 5737 or 3849: no route is made for these, so the kernel finds the default route. */
static void put_anywhere(struct nlmsghdr *h, struct rtmsg *m)
{
	static const uint8_t anywhere4[4] = {203, 0, 113, 1}, anywhere6[16] = {0x20, 1, 0x0d, 0xb8, [15] = 1};
	const bool four = m->rtm_family == AF_INET;

	m->rtm_dst_len = four ? 32 : 128;
	mnl_attr_put(h, RTA_DST, four ? sizeof(anywhere4) : sizeof(anywhere6), four ? anywhere4 : anywhere6);
}

static int read_out(const struct nlmsghdr *h, void *arg)
{
	const struct rtmsg *m = mnl_nlmsg_get_payload(h);
	struct route r = {0};
	int *ifindex = arg;

	if (h->nlmsg_type == RTM_NEWROUTE && h->nlmsg_len >= mnl_nlmsg_size(sizeof(*m)) && m->rtm_type == RTN_UNICAST)
		mnl_attr_parse(h, sizeof(*m), read_attribute, &r);
	*ifindex = r.oif;
	return MNL_CB_STOP;
}

int routes_out(uint8_t family, char name[static IF_NAMESIZE])
{
	static const uint32_t seq = 1;
	char buf[BUFFER];
	int ifindex = 0, err = 0;
	struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

	if (!s)
		return -errno;
	struct nlmsghdr *h = mnl_nlmsg_put_header(buf);
	h->nlmsg_type = RTM_GETROUTE;
	h->nlmsg_flags = NLM_F_REQUEST;
	h->nlmsg_seq = seq;
	struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof(*m));
	m->rtm_family = family;
	put_anywhere(h, m);
	if (mnl_socket_bind(s, 0, MNL_SOCKET_AUTOPID) < 0 || mnl_socket_sendto(s, h, h->nlmsg_len) < 0)
		err = -errno;
	ssize_t got = err ? 0 : mnl_socket_recvfrom(s, buf, sizeof(buf));
	if (got < 0 || (!err && mnl_cb_run(buf, (size_t)got, seq, mnl_socket_get_portid(s), read_out, &ifindex) < 0))
		err = -errno;
	mnl_socket_close(s);
	if (!err && !if_indextoname((unsigned)ifindex, name))
		err = -ENETUNREACH;
	return err;
}

int routes_watch(void)
{
	const struct sockaddr_nl groups = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&groups, sizeof(groups)) < 0) {
		int err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

void routes_drain(int fd)
{
	char buf[4096];

	/* The messages are discarded, since callers read the routes afresh. ENOBUFS (overrun) is a change, too. */
	while (recv(fd, buf, sizeof(buf), 0) >= 0 || errno == EINTR || errno == ENOBUFS)
		;
}
