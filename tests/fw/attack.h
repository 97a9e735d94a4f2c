/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attack: packet-level isolation tests against running fold VMs.
 *
 * The stage, which tests/fw/run sets up. All but O are on one bridge, br0:
 *
 *   A  VM 10.0.1.1/24, no gateway, groups 239.1.2.3 and 239.7.0.0/16, name server 10.0.1.50 (fold's)
 *      NET6(1)/64 by EUI-64, groups ff05::1:3 and ff15::700:0/104, name server NET6(1)::50 (fold's)
 *   B  VM 10.0.1.2/24, gateway G, group 239.1.2.3; NET6(1)/64 by EUI-64, gateway G, group ff05::1:3
 *   C  VM 10.0.2.3/24: another subnet of the same bridge, group 239.1.2.3; NET6(2)/64 by EUI-64, group ff05::1:3
 *   D  VM 10.0.3.4/32 with its gateway G outside of it (RFC 3442); NET6(3)::4/128, the same
 *   E  VM 10.0.4.0/31 (RFC 3021), and no IPv6
 *   F  VM 10.0.1.50/16: its subnet holds all the others', and its address is fold's own for A and B; NET6(1)::50/61, the same
 *   S  VM NET6(9):88::7/77, gateway H by its link-local address, group ff15:0:0:8::/64, and no IPv4
 *   P  a container's port; it has an address in every subnet
 *   G  the router's port
 *   H  the host itself, on br0: 10.0.2.254 (inside C's subnet) and 10.9.0.1; it forwards, and its default route leads to O.
 *      NET6(2)::254, NET6(a)::1 and its link-local address; it forwards IPv6 too, and believes router advertisements
 *   O  the network behind the host
 *   M  a container's macvlan on br0 itself, if the kernel has macvlan: frames are only sent there, never received
 *
 * This program is also the VMs' hypervisor (hold.c): it has the descriptors of their taps, and can send any bytes
 * that a hostile guest can, virtio header included. Each case's frame is sent alone and followed by an honest frame,
 * a fence. When the fence arrives, the rules have decided about the case's frame, and the VM's counters show how.
 */
#ifndef FOLD_TESTS_FW_ATTACK_H
#define FOLD_TESTS_FW_ATTACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/virtio_net.h>

#define FRAME_MAX 65600

/* ---- the stage ---- */

enum port { AT_A, AT_B, AT_C, AT_D, AT_E, AT_F, AT_S, AT_P, AT_G, AT_O, AT_H, PORTS, AT_M = PORTS };
#define VMS AT_P /* the first ports are VMs */
#define ON(x) (1U << AT_##x)
#define ALL_VMS (ON(A) | ON(B) | ON(C) | ON(D) | ON(E) | ON(F) | ON(S))
#define EVERYONE ((1U << PORTS) - 1)

/* clang-format off */
#define IP4(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

/* MAC addresses are numbers here. IP addresses are in host order. */
#define MAC_A	  0x52540000000aULL
#define MAC_B	  0x52540000000bULL
#define MAC_C	  0x52540000000cULL
#define MAC_D	  0x52540000000dULL
#define MAC_E	  0x52540000000eULL
#define MAC_F	  0x52540000000fULL
#define MAC_S	  0x525400000010ULL
#define MAC_P	  0x020000000001ULL
#define MAC_G	  0x020000000090ULL
#define MAC_H	  0x0200000000feULL
#define MAC_L	  0x525400000017ULL
#define MAC_M	  0x020000000002ULL
#define MAC_NONE  0x020000000077ULL /* nobody's: the bridge floods it */
#define MAC_GROUP 0x01005e010203ULL
#define MAC_ALL	  0xffffffffffffULL
#define SERVICE(mac) (((mac)&0x00ffffffffffULL) | 0xfe0000000000ULL)

#define IP_A	   IP4(10, 0, 1, 1)
#define IP_B	   IP4(10, 0, 1, 2)
#define IP_C	   IP4(10, 0, 2, 3)
#define IP_D	   IP4(10, 0, 3, 4)
#define IP_E	   IP4(10, 0, 4, 0)
#define IP_F	   IP4(10, 0, 1, 50)
#define IP_P	   IP4(10, 0, 1, 100) /* P in the subnet of A and B */
#define IP_P2	   IP4(10, 0, 2, 100) /* ... of C */
#define IP_P4	   IP4(10, 0, 4, 1)   /* ... of E */
#define IP_G	   IP4(10, 0, 1, 90)
#define IP_G3	   IP4(10, 0, 3, 90)   /* the gateway of D */
#define IP_SERVICE IP4(10, 0, 1, 50)   /* fold's address for A and B */
#define IP_ALL1	   IP4(10, 0, 1, 255)  /* broadcast of A's subnet */
#define IP_H	   IP4(10, 9, 0, 1)    /* the host, outside of every VM's subnet */
#define IP_H2	   IP4(10, 0, 2, 254)  /* ... inside C's */
#define IP_FAR	   IP4(198, 51, 100, 7) /* somewhere in the Internet */
#define IP_GROUP   IP4(239, 1, 2, 3)
#define IP_L	   IP4(10, 0, 1, 7) /* the VM of life.c */

/* IPv6 addresses are eight numbers in braces: initializers, and no expressions. */
struct ip6 {
	uint16_t w[8];
};
#define IP6(...)	  {{__VA_ARGS__}}
#define NET6(net, ...) IP6(0xfde5, 1, 2, net, __VA_ARGS__)
#define EUI6(last)	  0x5054, 0x00ff, 0xfe00, last /* of 52:54:00:00:00:xx */
#define LOCAL6(...)	  IP6(0xfe80, 0, 0, 0, __VA_ARGS__)
#define SOLICITED6(low) IP6(0xff02, 0, 0, 0, 0, 1, 0xff00 | (low) >> 16, (low)&0xffff) /* of an address that ends so */
#define SOLICITED_MAC(low) (0x3333ff000000ULL | (low))

#define IP6_A	    NET6(1, EUI6(0x0a))
#define IP6_B	    NET6(1, EUI6(0x0b))
#define IP6_C	    NET6(2, EUI6(0x0c))
#define IP6_D	    NET6(3, 0, 0, 0, 4)
#define IP6_E	    NET6(1, EUI6(0x0e)) /* as if E had IPv6 */
#define IP6_F	    NET6(1, 0, 0, 0, 0x50)
#define IP6_S	    NET6(9, 0x88, 0, 0, 7)
#define IP6_L	    NET6(1, EUI6(0x17))
#define IP6_P	    NET6(1, 0, 0, 0, 0x100) /* P in the prefix of A and B */
#define IP6_P2	    NET6(2, 0, 0, 0, 0x100) /* ... of C */
#define IP6_P9	    NET6(9, 0x8f, 0xffff, 0, 0x100) /* ... of S, at its far end */
#define IP6_G	    NET6(1, 0, 0, 0, 0x90)
#define IP6_G3	    NET6(3, 0, 0, 0, 0x90) /* the gateway of D */
#define IP6_SERVICE IP6_F		       /* fold's address for A and B */
#define IP6_H	    NET6(0xa, 0, 0, 0, 1)  /* the host, outside of every VM's prefix */
#define IP6_H2	    NET6(2, 0, 0, 0, 0x254) /* ... inside C's */
#define IP6_FAR	    IP6(0x2001, 0xdb8, 7, 0, 0, 0, 0, 1)
#define IP6_GROUP   IP6(0xff05, 0, 0, 0, 0, 0, 1, 3)
#define IP6_BLOCK   IP6(0xff15, 0, 0, 0, 0, 0, 0x700, 0) /* A's, /104 */
#define IP6_BLOCK8  IP6(0xff15, 0, 0, 8, 0, 0, 0, 0)	 /* S's, /64 */
#define IP6_NODES   IP6(0xff02, 0, 0, 0, 0, 0, 0, 1)
#define IP6_ROUTERS IP6(0xff02, 0, 0, 0, 0, 0, 0, 2)
#define IP6_SERVERS IP6(0xff02, 0, 0, 0, 0, 0, 1, 2) /* DHCPv6 */
#define IP6_ANY	    IP6(0)
/* Link-local ones, all of them EUI-64 of the MAC. fold's is the one of the service MAC. */
#define IP6_LA LOCAL6(EUI6(0x0a))
#define IP6_LB LOCAL6(EUI6(0x0b))
#define IP6_LC LOCAL6(EUI6(0x0c))
#define IP6_LD LOCAL6(EUI6(0x0d))
#define IP6_LF LOCAL6(EUI6(0x0f))
#define IP6_LS LOCAL6(EUI6(0x10))
#define IP6_LP LOCAL6(0, 0xff, 0xfe00, 1)
#define IP6_LG LOCAL6(0, 0xff, 0xfe00, 0x90)
#define IP6_LH LOCAL6(0, 0xff, 0xfe00, 0xfe)
#define IP6_LH2 LOCAL6(0x1111, 0x2222, 0x3333, 0x4444) /* another of the host's, not made from a MAC */
#define IP6_FOLD_A LOCAL6(0xfc54, 0xff, 0xfe00, 0x0a)
#define IP6_FOLD_B LOCAL6(0xfc54, 0xff, 0xfe00, 0x0b)
#define IP6_ELSE LOCAL6(0x1234, 0x5678, 0x9abc, 0xdef0) /* a stable, private one (RFC 7217) */
/* clang-format on */

struct vm {
	const char *iface, *table;
	uint64_t mac;
	uint32_t ip;
	uint8_t len;
	bool gateway;
	uint32_t gateway_ip;
	uint32_t service;     /* fold's address, or 0 where the tests do not care */
	uint32_t groups[2];   /* network and length: what -m gave */
	uint8_t group_len[2]; /* 0: none */
	/* An honest peer for the VM to talk to. */
	enum port peer;
	uint64_t peer_mac;
	uint32_t peer_ip;
	/* IPv6; len6 is 0 if the VM has none. */
	struct ip6 ip6, local6, fold6; /* its own; link-local, EUI-64; fold's on its link */
	uint8_t len6;
	bool gateway6, has_service6;
	struct ip6 gateway_ip6, service6;
	uint64_t gateway_mac6;
	struct ip6 groups6[2];
	uint8_t group6_len[2];
	struct ip6 peer_ip6;
};
extern const struct vm vms[VMS];
extern const char *const port_names[PORTS];

/* ---- frames (frame.c) ---- */

enum kind { K_ETH, K_ARP, K_IP, K_UDP, K_TCP, K_ICMP, K_DHCP, K_IP6, K_ICMP6, K_UDP6, K_TCP6, K_ND, K_DHCP6 };

/* Extension headers (RFC 8200 4, 4302), in front of what the kind has. */
enum ext {
	X_NONE,
	X_HOPS,   /* hop-by-hop: padding */
	X_ALERT,  /* ... router alert */
	X_JUMBO,  /* ... jumbo payload */
	X_ROUTE,  /* routing, type 0, nothing left */
	X_ROUTE2, /* ... one address left */
	X_FRAG,   /* fragment: .frag as it stands there */
	X_DEST,   /* destination options: padding */
	X_DEST24, /* ... 24 octets long */
	X_AUTH,   /* AH */
	X_MOBILE, /* mobility */
	X_HIP,
	X_SHIM6,
	X_UNKNOWN, /* 253 */
};
#define MF6 1         /* in .frag of IPv6 */
#define NO_LENGTH 255 /* in .olen: a length of 0 */

/* What a frame consists of. The case tables use the macros of cases.h, which set every field to its honest value. */
struct shape {
	enum kind kind;
	uint64_t smac, dmac;
	uint16_t type;   /* ethertype; 0: what the kind has */
	uint32_t tag[3]; /* TPID << 16 | TCI, outermost first; 0: none */
	bool snap;       /* 802.3 length, LLC and SNAP instead of the ethertype */
	int llc_off;     /* added to that length */
	uint16_t htype, ptype, op;
	uint8_t hlen, plen;
	uint64_t sha, tha;
	uint32_t spa, tpa;
	uint8_t vihl, proto;
	uint16_t total; /* total length; 0: the right one */
	uint16_t frag;  /* flags and offset as they stand in the header */
	uint8_t opts;   /* words of IP options (loose source route) */
	uint32_t src, dst;
	uint16_t sport, dport;
	uint8_t itype, icode, msg, next, hop;
	/* Addresses in the packet that an ICMP error quotes; 0: the error's own, the other way round. */
	uint32_t qsrc, qdst;
	struct ip6 qsrc6, qdst6;
	uint8_t qnext; /* the quoted IPv6 packet's next header; 0: ICMPv6 */
	bool unquoted; /* the error quotes no packet */
	uint32_t ciaddr, giaddr, reqip;
	/* IPv6. total is the payload's length there. */
	struct ip6 src6, dst6, target;
	uint8_t ver;    /* 0: 6 */
	uint8_t ext[4]; /* enum ext */
	bool no_len;    /* payload length 0 */
	/*
	 * Neighbour discovery. flags: the octets behind the checksum; opt: the options' types, each with lla in it
	 * and olen (0: 1) as its length.
	 */
	uint32_t flags;
	uint8_t opt[3], olen;
	uint64_t lla;
	uint16_t data; /* octets of payload before the cookie */
	uint16_t cut;  /* the frame ends here; 0: it is whole */
	bool bare;     /* without the cookie */
};

/* IP flags and offsets in units of 8 octets. */
#define MF 0x2000

/*
 * Writes a frame and returns its length. It holds `id` in a cookie, by which it is recognized at whatever port it is
 * seen.
 */
size_t frame_build(const struct shape *s, uint32_t id, uint8_t out[static FRAME_MAX]);
/* The id in the last cookie within the frame; false where there is none. */
bool frame_cookie(const uint8_t *frame, size_t len, uint32_t *id);
uint16_t frame_u16(const uint8_t *at);
uint32_t frame_u32(const uint8_t *at);
uint64_t frame_mac(const uint8_t *at);
struct ip6 frame_ip6(const uint8_t *at);
bool ip6_same(struct ip6 a, struct ip6 b);

/* ---- ports (ports.c) ---- */

/*
 * Opens all ports: the taps from the hypervisors' sockets in dir, packet sockets in `netns` and in this namespace.
 * Exits on failure.
 */
void ports_open(const char *dir, const char *netns);
/*
 * vnet: the virtio header (VMs only), or NULL. mark: the socket mark (other ports only), or 0. False if the kernel
 * refused the frame.
 */
bool port_send(enum port p, const uint8_t *frame, size_t len, const struct virtio_net_hdr *vnet, uint32_t mark);
/* Passes all frames that have arrived to the observer; if there are none, waits up to ms. Returns their number. */
int ports_poll(int ms);
/* The tap that a hypervisor lends by its socket (hold.c), nonblocking. Waits until the socket is there. */
int port_borrow(const char *path);
bool port_is_there(enum port p); /* M is missing without macvlan */
bool tap_has_vnet(int tap);
bool port_has_vnet(enum port vm); /* whether its tap takes a virtio header at all */
bool host_heard(uint32_t id);     /* whether a UDP socket of the host's got that cookie (ports 67, 547 and HOST_PORT) */
#define HOST_PORT 4001

typedef void observer(enum port at, const uint8_t *frame, size_t len);
extern observer *on_frame;

/* ---- what was seen where (seen.c) ---- */

struct seen {
	uint32_t count[PORTS];
	size_t len; /* of the first one, as it arrived */
	uint8_t first[256];
};
uint32_t seen_new(void);
struct seen *seen_of(uint32_t id);
unsigned seen_mask(uint32_t id); /* ports where it was seen */
/* Registers a frame without a cookie, which is recognized by its octets. */
void seen_learn(uint32_t id, const uint8_t *frame, size_t len);
void seen_on_frame(enum port at, const uint8_t *frame, size_t len);

/* fold's own replies to a VM, newest last. */
struct answer {
	bool arp;
	uint32_t xid; /* DHCP */
	uint8_t msg;  /* DHCP message type; 0: BOOTP */
	uint32_t yiaddr;
	uint32_t spa, tpa; /* ARP */
	uint64_t sha;
	uint8_t nd, dhcp6; /* ICMPv6 type; DHCPv6 message, with its 24 bits in xid */
	struct ip6 dst6, target;
	uint64_t lla; /* of its first option */
	uint32_t flags;
};
const struct answer *answers_of(enum port vm, size_t *count);
void answers_forget(void);
/* How many frames were seen that no test sent, and a description of the first. */
uint32_t strays(const char **text);

/*
 * Fences: an honest frame from the VM, or to it. When it arrives, all frames before it have been judged. False if it
 * does not.
 */
bool fence_from(enum port vm);
bool fence_to(enum port vm);
/* Repeats fence_from() until one arrives: a bridge opens a port some time after the tap gets its hypervisor. */
void settle(enum port vm);
/* A fence for the responder: when its DISCOVER gets an OFFER, all packets before it have been answered or dropped. */
bool fence_responder(enum port vm);
/* Teaches the bridge where P and G are. */
void hello(void);
uint64_t patience_ms(void); /* how long an honest frame may take: FW_PATIENCE, else 10 s */

/* ---- the kernel's state (state.c) ---- */

#define TALLY_MAX 40
struct tally {
	size_t n;
	char name[TALLY_MAX][32];
	uint64_t packets[TALLY_MAX];
};
void tally_read(const char *table, struct tally *out); /* the named counters of `table netdev ...`; exits on failure */
uint64_t tally_of(const struct tally *t, const char *name);
/* Describes in text which counters grew, such as "+1 from_mac". Returns their total growth, without that of "taken". */
uint64_t tally_diff(const struct tally *before, const struct tally *after, char text[static 256]);

enum state { STATE_FDB, STATE_MDB, STATE_NEIGHBOURS, STATE_ROUTES, STATE_NEIGHBOURS6, STATE_ROUTES6 };
char *state_dump(enum state what); /* sorted lines; free() it */

/* ---- results (report.c) ---- */

__attribute__((format(printf, 2, 3))) bool ok(bool good, const char *name, ...);
__attribute__((format(printf, 1, 2))) void detail(const char *fmt, ...);
__attribute__((format(printf, 1, 2), noreturn)) void die(const char *fmt, ...);
__attribute__((format(printf, 2, 3))) void skip(const char *why, const char *name, ...);
void detail_frame(const char *what, const uint8_t *frame, size_t len);
void detail_ports(const char *what, unsigned mask);
uint64_t now_ms(void);
int finish(void);           /* exit status */
bool first_is_enough(void); /* FW_FIRST: the program ends with the first failure */

/* ---- the parts ---- */

int run_cases(void); /* cases.c and its tables */
int run_marked(void);
int run_hijack(void);
void run_bulk(void);                           /* bulk.c: loops over whole fields */
void run_answers(void);                        /* answers.c: the responder */
void run_offload(void);                        /* offload.c: virtio headers, large frames */
int run_mutate(uint32_t seed, uint32_t count); /* mutate.c */
int run_flood(void);                           /* flood.c: caps, and a VM beside a flood */
int run_flush(void);                           /* flush.c: somebody flushes the ruleset */
int run_life(char **fold, const char *iface);  /* life.c: from the first frame to the last */
int hold(int argc, char **argv);               /* hold.c: this program as a hypervisor */

/* Frames that must arrive (owed.c). */
void owed_forget(void);
void owed_add(enum port from, const uint8_t *frame, size_t len); /* unless the oracle does not know enough about it */
void owed_arrived(enum port at, const uint8_t *frame, size_t len);
uint32_t owed_count(void);
uint32_t owed_left(void);
void owed_tell(void); /* shows the first of those that are left */

/* Whether the VM may send this frame, or get it, by the specification alone and without fold's code (oracle.c). */
bool oracle_from(const struct vm *v, const uint8_t *frame, size_t len);
bool oracle_to(const struct vm *v, const uint8_t *frame, size_t len);
/* The same for IPv6 frames, whose Ethernet source oracle.c has checked already (oracle6.c). */
bool oracle6_from(const struct vm *v, const uint8_t *frame, size_t len);
bool oracle6_to(const struct vm *v, const uint8_t *frame, size_t len);

#endif
