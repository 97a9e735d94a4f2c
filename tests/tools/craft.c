/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * craft: one frame, printed as hex, with every field at its sane value unless told otherwise.
 *
 *   craft eth|arp|ip|icmp|udp|tcp|dhcp [FIELD=VALUE]...        craft arp spa=10.0.0.9 | frames send eth0
 *
 * The fields are in usage_text below, which --help prints. The last of two equal fields wins, so that a script's
 * own arguments can stand behind its defaults.
 *
 * Specifications: RFC 826, 768, 791, 792, 1042 (SNAP), 2131, 2132, 9293; IEEE 802.1Q.
 */
#include "base/addr.h"
#include "base/csum.h"
#include "base/wr.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#define FRAME_MAX 65600

static const char usage_text[] =
    "usage: craft eth|arp|ip|icmp|udp|tcp|dhcp [FIELD=VALUE]...\n"
    "Prints one frame as hex for `frames send`.\n"
    "Numbers are decimal, or hex after 0x. HEX is pairs of digits. A checksum is auto (right), zero, pseudo (only the\n"
    "pseudo-header's sum, as a virtio card leaves it) or a number. Fields a kind does not have are an error.\n"
    "\n"
    "  every kind  smac= (02:00:00:00:00:01) dmac= (broadcast)  type= ethertype  tag=TPID:TCI (hex; repeatable, outermost\n"
    "              first)  snap=yes (802.3 length and SNAP)  len802=N (that length)  tail=HEX (after everything)\n"
    "              trunc=N (cut to N octets)  pad=N (zeros up to N octets)\n"
    "  eth         data=HEX\n"
    "  arp         op= (1) htype= ptype= hlen= plen=  sha= (smac) spa= (10.0.0.1) tha= (zero) tpa= (10.0.0.2)\n"
    "  ip kinds    src= (10.0.0.1) dst= (10.0.0.2) ttl= tos= id= proto= ver= ihl= (counts opts) totlen= ipcsum=\n"
    "              opts=HEX  df=1 mf=1 frag=OCTETS (offset)\n"
    "  ip          data=HEX, proto=\n"
    "  payloads    data=HEX, or text=WORDS, or size=N (zeros): icmp, udp, tcp\n"
    "  icmp        itype= (8) code= iid= seq= (or rest=HEX: the four octets) csum=\n"
    "  udp         sport= (1024) dport= (9) len= csum=\n"
    "  tcp         sport= dport= (80) tseq= ack= flags= (0x02) win= urg= csum=\n"
    "  dhcp        msg= (1: DISCOVER; 0: no option 53) op= htype= hlen= hops= xid= secs= flags= ciaddr= yiaddr= siaddr=\n"
    "              giaddr= chaddr= (smac) sname=HEX file=HEX cookie=HEX  reqip= (50) server= (54) cid=HEX (61)\n"
    "              opt=CODE:HEX (repeatable)  end=no  options=HEX (replaces them all)  bootp=N (300: padded to it)\n"
    "              and the fields of udp, with 0.0.0.0:68 to 255.255.255.255:67 as defaults\n";

static int n_args;
static char **args;
static bool *used;

static void __attribute__((noreturn, format(printf, 1, 2))) die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("craft: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(2);
}

/* ---- fields ---- */

/* The value of the next NAME=VALUE at or after *i, which moves behind it; NULL when there is none. */
static const char *next_field(const char *name, int *i)
{
	size_t n = strlen(name);

	for (; *i < n_args; (*i)++) {
		if (strncmp(args[*i], name, n) == 0 && args[*i][n] == '=') {
			used[*i] = true;
			return args[(*i)++] + n + 1;
		}
	}
	return NULL;
}

/* The last one wins: what a script adds at the end overrides its own defaults. */
static const char *field(const char *name)
{
	const char *last = NULL, *v;

	for (int i = 0; (v = next_field(name, &i)) != NULL;)
		last = v;
	return last;
}

static uint32_t number(const char *name, const char *text)
{
	char *end = NULL;

	errno = 0;
	unsigned long v = strtoul(text, &end, 0);
	if (errno || end == text || *end || v > UINT32_MAX)
		die("%s: not a number: %s", name, text);
	return (uint32_t)v;
}

static uint32_t num(const char *name, uint32_t otherwise)
{
	const char *v = field(name);

	return v ? number(name, v) : otherwise;
}

static void put_hex(struct wr *w, const char *name, const char *hex)
{
	while (*hex) {
		unsigned v = 0;
		int n = 0;
		if (*hex == ':') {
			hex++;
			continue;
		}
		if (sscanf(hex, "%2x%n", &v, &n) != 1 || n != 2)
			die("%s: not whole bytes in hex: %s", name, hex);
		wr_u8(w, (uint8_t)v);
		hex += 2;
	}
}

static void put_mac(struct wr *w, const char *name, const char *otherwise)
{
	uint8_t mac[MAC_LEN];
	const char *v = field(name);

	if (!mac_parse(v ? v : otherwise, mac))
		die("%s: not a MAC address: %s", name, v ? v : otherwise);
	wr_bytes(w, mac, sizeof(mac));
}

static const char *smac(void)
{
	const char *v = field("smac");

	return v ? v : "02:00:00:00:00:01";
}

static struct in_addr ip4(const char *name, const char *otherwise)
{
	struct in_addr a;
	const char *v = field(name);

	if (inet_pton(AF_INET, v ? v : otherwise, &a) != 1)
		die("%s: not an IPv4 address: %s", name, v ? v : otherwise);
	return a;
}

static void put_ip4(struct wr *w, const char *name, const char *otherwise)
{
	struct in_addr a = ip4(name, otherwise);

	wr_bytes(w, &a, sizeof(a));
}

/* Writes a field of fixed size, given as hex; zeros fill it up. */
static void put_fixed(struct wr *w, const char *name, size_t size)
{
	const char *v = field(name);
	size_t before = wr_len(w);

	if (v)
		put_hex(w, name, v);
	if (wr_len(w) - before > size)
		die("%s: more than %zu octets", name, size);
	wr_zero(w, size - (wr_len(w) - before));
}

static void put_payload(struct wr *w)
{
	const char *v;

	if ((v = field("data")) != NULL)
		put_hex(w, "data", v);
	else if ((v = field("text")) != NULL)
		wr_bytes(w, v, strlen(v));
	else
		wr_zero(w, num("size", 0));
}

/* ---- checksums ---- */

/* sum: over everything, with the checksum field zero; pseudo: over the pseudo-header alone. */
static uint16_t checksum(const char *name, uint64_t sum, uint64_t pseudo)
{
	const char *v = field(name);
	uint16_t right = (uint16_t)~csum_fold(sum);

	if (!v || strcmp(v, "auto") == 0)
		return right;
	if (strcmp(v, "zero") == 0)
		return 0;
	if (strcmp(v, "pseudo") == 0)
		return csum_fold(pseudo);
	return (uint16_t)number(name, v);
}

static void patch16(struct wr *w, size_t at, uint16_t v)
{
	if (w->full)
		return;
	w->start[at] = (uint8_t)(v >> 8);
	w->start[at + 1] = (uint8_t)v;
}

/* ---- what lies in IP ---- */

static void craft_icmp(struct wr *w)
{
	wr_u8(w, (uint8_t)num("itype", 8));
	wr_u8(w, (uint8_t)num("code", 0));
	wr_u16(w, 0);
	if (field("rest")) {
		put_fixed(w, "rest", 4);
	} else {
		wr_u16(w, (uint16_t)num("iid", 1));
		wr_u16(w, (uint16_t)num("seq", 1));
	}
	put_payload(w);
	patch16(w, 2, checksum("csum", csum_add(0, w->start, wr_len(w)), 0));
}

static void transport_checksum(struct wr *w, size_t at, uint8_t proto, const char *src, const char *dst)
{
	uint64_t pseudo = csum_pseudo4(ip4("src", src), ip4("dst", dst), proto, wr_len(w));
	uint16_t v = checksum("csum", csum_add(pseudo, w->start, wr_len(w)), pseudo);

	/* RFC 768: a checksum that comes out as zero is sent as all ones. */
	if (proto == IPPROTO_UDP && v == 0 && !field("csum"))
		v = 0xffff;
	patch16(w, at, v);
}

static void udp_header(struct wr *w, uint32_t sport, uint32_t dport)
{
	wr_u16(w, (uint16_t)num("sport", sport));
	wr_u16(w, (uint16_t)num("dport", dport));
	wr_zero(w, 4);
}

static void udp_finish(struct wr *w, const char *src, const char *dst)
{
	patch16(w, 4, (uint16_t)num("len", (uint32_t)wr_len(w)));
	transport_checksum(w, 6, IPPROTO_UDP, src, dst);
}

static void craft_udp(struct wr *w)
{
	udp_header(w, 1024, 9);
	put_payload(w);
	udp_finish(w, "10.0.0.1", "10.0.0.2");
}

static void craft_tcp(struct wr *w)
{
	wr_u16(w, (uint16_t)num("sport", 1024));
	wr_u16(w, (uint16_t)num("dport", 80));
	wr_u32(w, num("tseq", 1));
	wr_u32(w, num("ack", 0));
	wr_u8(w, 5 << 4);
	wr_u8(w, (uint8_t)num("flags", 0x02));
	wr_u16(w, (uint16_t)num("win", 65535));
	wr_u16(w, 0);
	wr_u16(w, (uint16_t)num("urg", 0));
	put_payload(w);
	transport_checksum(w, 16, IPPROTO_TCP, "10.0.0.1", "10.0.0.2");
}

/* RFC 2132: code, length, value. text: what stands behind the code. */
static void put_option(struct wr *w, uint8_t code, const char *name, const char *text)
{
	wr_u8(w, code);
	struct wr_mark m = wr_open_len(w, 1);
	put_hex(w, name, text);
	wr_close_len(w, m);
}

static void put_option_ip4(struct wr *w, uint8_t code, const char *name)
{
	if (!field(name))
		return;
	wr_u8(w, code);
	wr_u8(w, 4);
	put_ip4(w, name, "");
}

static void dhcp_options(struct wr *w)
{
	const char *v;

	if (num("msg", 1)) {
		wr_u8(w, 53);
		wr_u8(w, 1);
		wr_u8(w, (uint8_t)num("msg", 1));
	}
	put_option_ip4(w, 50, "reqip");
	put_option_ip4(w, 54, "server");
	if ((v = field("cid")) != NULL)
		put_option(w, 61, "cid", v);
	for (int i = 0; (v = next_field("opt", &i)) != NULL;) {
		char code[8];
		const char *colon = strchr(v, ':');
		if (!colon || (size_t)(colon - v) >= sizeof(code))
			die("opt: CODE:HEX, not %s", v);
		snprintf(code, sizeof(code), "%.*s", (int)(colon - v), v);
		put_option(w, (uint8_t)number("opt", code), "opt", colon + 1);
	}
	if (!(v = field("end")) || strcmp(v, "no") != 0)
		wr_u8(w, 255);
}

/* RFC 2131 section 2. */
static void craft_dhcp(struct wr *w)
{
	udp_header(w, 68, 67);
	size_t start = wr_len(w);
	wr_u8(w, (uint8_t)num("op", 1));
	wr_u8(w, (uint8_t)num("htype", 1));
	wr_u8(w, (uint8_t)num("hlen", MAC_LEN));
	wr_u8(w, (uint8_t)num("hops", 0));
	wr_u32(w, num("xid", 0x12345678));
	wr_u16(w, (uint16_t)num("secs", 0));
	wr_u16(w, (uint16_t)num("flags", 0));
	put_ip4(w, "ciaddr", "0.0.0.0");
	put_ip4(w, "yiaddr", "0.0.0.0");
	put_ip4(w, "siaddr", "0.0.0.0");
	put_ip4(w, "giaddr", "0.0.0.0");
	put_mac(w, "chaddr", smac());
	wr_zero(w, 10);
	put_fixed(w, "sname", 64);
	put_fixed(w, "file", 128);
	const char *cookie = field("cookie");
	put_hex(w, "cookie", cookie ? cookie : "63825363");
	const char *options = field("options");
	if (options)
		put_hex(w, "options", options);
	else
		dhcp_options(w);
	size_t least = num("bootp", 300), have = wr_len(w) - start;
	if (have < least)
		wr_zero(w, least - have);
	udp_finish(w, "0.0.0.0", "255.255.255.255");
}

/* ---- IP and below ---- */

static void put_ip_header(struct wr *w, uint8_t proto, const struct wr *inner, const char *src, const char *dst)
{
	uint8_t room[256];
	struct wr opts = wr_over(room, sizeof(room));
	const char *v = field("opts");

	if (v)
		put_hex(&opts, "opts", v);
	while (wr_len(&opts) % 4)
		wr_u8(&opts, 0);
	size_t start = wr_len(w), header = 20 + wr_len(&opts);
	wr_u8(w, (uint8_t)(num("ver", 4) << 4 | (num("ihl", (uint32_t)header / 4) & 15)));
	wr_u8(w, (uint8_t)num("tos", 0));
	wr_u16(w, (uint16_t)num("totlen", (uint32_t)(header + wr_len(inner))));
	wr_u16(w, (uint16_t)num("id", 1));
	wr_u16(w, (uint16_t)(num("df", 0) << 14 | num("mf", 0) << 13 | num("frag", 0) / 8));
	wr_u8(w, (uint8_t)num("ttl", 64));
	wr_u8(w, (uint8_t)num("proto", proto));
	wr_u16(w, 0);
	put_ip4(w, "src", src);
	put_ip4(w, "dst", dst);
	wr_bytes(w, opts.start, wr_len(&opts));
	patch16(w, start + 10, checksum("ipcsum", csum_add(0, w->start + start, wr_len(w) - start), 0));
}

static void craft_arp(struct wr *w)
{
	wr_u16(w, (uint16_t)num("htype", 1));
	wr_u16(w, (uint16_t)num("ptype", 0x0800));
	wr_u8(w, (uint8_t)num("hlen", MAC_LEN));
	wr_u8(w, (uint8_t)num("plen", 4));
	wr_u16(w, (uint16_t)num("op", 1));
	put_mac(w, "sha", smac());
	put_ip4(w, "spa", "10.0.0.1");
	put_mac(w, "tha", "00:00:00:00:00:00");
	put_ip4(w, "tpa", "10.0.0.2");
}

static void put_ethernet(struct wr *w, uint16_t type, size_t inner)
{
	const char *v;

	put_mac(w, "dmac", "ff:ff:ff:ff:ff:ff");
	put_mac(w, "smac", smac());
	for (int i = 0; (v = next_field("tag", &i)) != NULL;) {
		unsigned tpid, tci;
		if (sscanf(v, "%x:%x", &tpid, &tci) != 2 || tpid > 0xffff || tci > 0xffff)
			die("tag: TPID:TCI, not %s", v);
		wr_u16(w, (uint16_t)tpid);
		wr_u16(w, (uint16_t)tci);
	}
	type = (uint16_t)num("type", type);
	if ((v = field("snap")) != NULL && strcmp(v, "yes") == 0) {
		/* RFC 1042: length, LLC AA AA 03, organization 0, type. */
		wr_u16(w, (uint16_t)num("len802", (uint32_t)inner + 8));
		wr_u32(w, 0xaaaa0300);
		wr_u16(w, 0);
	}
	wr_u16(w, type);
}

static const struct kind {
	const char *name;
	void (*craft)(struct wr *w);
	uint16_t type;
	uint8_t proto; /* IPPROTO_RAW: not in IP */
	const char *src, *dst;
} kinds[] = {
    {"eth", put_payload, 0x0800, IPPROTO_RAW, NULL, NULL},
    {"arp", craft_arp, 0x0806, IPPROTO_RAW, NULL, NULL},
    {"ip", put_payload, 0x0800, IPPROTO_UDP, "10.0.0.1", "10.0.0.2"},
    {"icmp", craft_icmp, 0x0800, IPPROTO_ICMP, "10.0.0.1", "10.0.0.2"},
    {"udp", craft_udp, 0x0800, IPPROTO_UDP, "10.0.0.1", "10.0.0.2"},
    {"tcp", craft_tcp, 0x0800, IPPROTO_TCP, "10.0.0.1", "10.0.0.2"},
    {"dhcp", craft_dhcp, 0x0800, IPPROTO_UDP, "0.0.0.0", "255.255.255.255"},
};

/* From the inside out: outer lengths and checksums depend on what is inside. */
static void craft(const struct kind *k, struct wr *frame)
{
	static uint8_t inner_room[FRAME_MAX], ip_room[512];
	struct wr inner = wr_over(inner_room, sizeof(inner_room));
	struct wr ip = wr_over(ip_room, sizeof(ip_room));

	k->craft(&inner);
	if (k->proto != IPPROTO_RAW)
		put_ip_header(&ip, k->proto, &inner, k->src, k->dst);
	put_ethernet(frame, k->type, wr_len(&ip) + wr_len(&inner));
	wr_bytes(frame, ip.start, wr_len(&ip));
	wr_bytes(frame, inner.start, wr_len(&inner));
	const char *tail = field("tail");
	if (tail)
		put_hex(frame, "tail", tail);
	size_t pad = num("pad", 0);
	if (wr_len(frame) < pad)
		wr_zero(frame, pad - wr_len(frame));
	if (inner.full || ip.full || frame->full)
		die("longer than %d octets", FRAME_MAX);
}

int main(int argc, char **argv)
{
	static uint8_t room[FRAME_MAX];
	struct wr frame = wr_over(room, sizeof(room));
	const struct kind *k = NULL;

	for (size_t i = 0; argc >= 2 && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(argv[1], kinds[i].name) == 0)
			k = &kinds[i];
	if (!k) {
		bool help = argc == 2 && strcmp(argv[1], "--help") == 0;
		fputs(usage_text, help ? stdout : stderr);
		return help ? 0 : 2;
	}
	n_args = argc - 2;
	args = argv + 2;
	used = calloc((size_t)argc, sizeof(*used));
	if (!used)
		die("out of memory");
	craft(k, &frame);
	size_t len = num("trunc", (uint32_t)wr_len(&frame));
	for (int i = 0; i < n_args; i++)
		if (!used[i])
			die("%s has no field %s", k->name, args[i]);
	for (size_t i = 0; i < len && i < wr_len(&frame); i++)
		printf("%02x", room[i]);
	putchar('\n');
	free(used);
	return 0;
}
