/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 81, 5.6: a VM that forges from its first instruction to its last, and how it ends: by signals to any of its
 * processes, with its tap made persistent, and with a copy of the tap's descriptor in another process. Nothing forged
 * may ever be seen, and nothing may remain.
 */
#include "cases.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

size_t forge(unsigned turn, uint32_t keeper, uint8_t *frame)
{
	static const struct shape honest = {ARP_REPLY(L, P)};
	static const struct shape forged[] = {
	    {UDP(L, P, .smac = MAC_B)},
	    {UDP(L, P, .src = IP_B)},
	    {ARP_REPLY(L, P, .spa = IP_B)},
	    {ARP_REPLY(L, P, .spa = IP_G, .dmac = MAC_ALL)},
	    {UDP(L, P, .tag = {0x81000000})},
	    {UDP(L, C)},
	    {ETHERNET(L, P, .type = 0x88cc, .dmac = 0x0180c200000eULL)},
	    {RA(L)},
	    {NA_ALL(L, .target = IP6_B)},
	    {UDP6(L, P, .src6 = IP6_B)},
	    {DHCP6_SERVER(L, P)},
	    {DHCP_SERVER(L, P, .dmac = MAC_ALL, .dst = IP_ALL)},
	    {UDP(L, P, .sport = 68, .dport = 67, .src = IP_B)},
	    {ARP_REQUEST(L, SERVICE, .spa = IP_B)},
	};
	const unsigned n = sizeof(forged) / sizeof(forged[0]), which = turn % (n + 1);

	if (which == n)
		return frame_build(&honest, COOKIE_HONEST | keeper, frame);
	return frame_build(&forged[which], COOKIE_FORGED | which, frame);
}

enum end { END_TERM, END_KILL_FOLD, END_KILL_KEEPER, END_KILL_HYPERVISOR, END_KILL_BOTH };

static const struct ending {
	const char *name;
	enum end end;
	bool lent;    /* this process has a copy of the tap, and forges on */
	bool persist; /* this process makes the tap persistent by its descriptor, as the hypervisor itself cannot */
	bool gc;      /* no process is left to clean up: `fold gc` may be needed */
} endings[] = {
    {"SIGTERM", END_TERM, false, false, false},
    {"SIGKILL to fold", END_KILL_FOLD, false, false, false},
    {"SIGKILL to the keeper", END_KILL_KEEPER, false, false, false},
    {"SIGKILL to the hypervisor", END_KILL_HYPERVISOR, false, false, false},
    {"SIGKILL to fold and keeper at once", END_KILL_BOTH, false, false, true},
    {"SIGTERM, a persistent tap", END_TERM, false, true, false},
    {"SIGKILL to fold, a persistent tap", END_KILL_FOLD, false, true, false},
    {"SIGKILL to the keeper, a persistent tap", END_KILL_KEEPER, false, true, false},
    {"SIGKILL to fold and keeper at once, a persistent tap", END_KILL_BOTH, false, true, true},
    {"SIGTERM, the tap in other hands", END_TERM, true, false, false},
    {"SIGKILL to fold, the tap in other hands", END_KILL_FOLD, true, false, false},
    {"SIGKILL to the keeper, the tap in other hands", END_KILL_KEEPER, true, false, false},
};

static struct {
	uint32_t forged, honest;
	pid_t keeper;
	enum port at;
	size_t len;
	uint8_t frame[128];
} life;

static void on_life(enum port at, const uint8_t *f, size_t len)
{
	uint32_t id;

	if (!frame_cookie(f, len, &id))
		return;
	if ((id & 0xf0000000U) == COOKIE_HONEST) {
		life.honest++;
		life.keeper = (pid_t)(id & 0x0fffffffU);
	} else if ((id & 0xf0000000U) == COOKIE_FORGED) {
		if (!life.forged++) {
			life.at = at;
			life.len = len;
			memcpy(life.frame, f, len < sizeof(life.frame) ? len : sizeof(life.frame));
		}
	} else {
		seen_on_frame(at, f, len);
	}
}

/* Starts fold by its command line, followed by what this program shall do as the hypervisor. */
static pid_t start(char **fold, const char *socket, bool lent)
{
	char *argv[64], path[128];
	size_t n = 0;
	pid_t pid;

	for (; fold[n] && n < 56; n++)
		argv[n] = fold[n];
	snprintf(path, sizeof(path), "%s", socket);
	argv[n++] = (char *)(uintptr_t)(lent ? "-lend" : "-flood");
	argv[n++] = lent ? path : (char *)(uintptr_t) "150";
	argv[n] = NULL;
	unlink(socket);
	int err = posix_spawnp(&pid, argv[0], NULL, NULL, argv, environ);
	if (err)
		die("%s: %s", argv[0], strerror(err));
	return pid;
}

/* The only child of pid, or 0. */
static pid_t child_of(pid_t pid)
{
	char path[64];
	int child = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	FILE *f = fopen(path, "re");
	if (!f || fscanf(f, "%d", &child) != 1)
		child = 0;
	if (f)
		fclose(f);
	return child;
}

/* Any process that has the tap's descriptor may do this: the kernel asks for no capability. */
static bool make_persistent(pid_t hypervisor)
{
	int process = (int)syscall(SYS_pidfd_open, hypervisor, 0);
	bool done = false;

	for (int n = 3; process >= 0 && n < 64 && !done; n++) {
		int fd = (int)syscall(SYS_pidfd_getfd, process, n, 0);
		struct ifreq q;
		done = fd >= 0 && ioctl(fd, TUNGETIFF, &q) == 0 && ioctl(fd, TUNSETPERSIST, 1) == 0;
		if (fd >= 0)
			close(fd);
	}
	if (process >= 0)
		close(process);
	return done;
}

/* Sends a burst through the lent tap, if there is one, and takes in the frames that have arrived. */
static void forge_some(int lent)
{
	static uint8_t room[sizeof(struct virtio_net_hdr) + FRAME_MAX];
	static unsigned turn;
	const size_t head = lent >= 0 && tap_has_vnet(lent) ? sizeof(struct virtio_net_hdr) : 0;

	for (int i = 0; lent >= 0 && i < 60; i++) {
		size_t len = forge(turn++, 1, room + head);
		if (write(lent, room, head + len) < 0)
			break;
	}
	ports_poll(lent >= 0 ? 0 : 1);
}

static void strike(enum end end, pid_t fold, pid_t keeper)
{
	switch (end) {
	case END_TERM:
		kill(fold, SIGTERM);
		break;
	case END_KILL_FOLD:
		kill(fold, SIGKILL);
		break;
	case END_KILL_KEEPER:
		kill(keeper, SIGKILL);
		break;
	case END_KILL_HYPERVISOR:
		kill(child_of(keeper), SIGKILL);
		break;
	case END_KILL_BOTH:
		kill(fold, SIGKILL);
		kill(keeper, SIGKILL);
		break;
	}
}

static void collect_garbage(const char *fold)
{
	char *argv[] = {(char *)(uintptr_t)fold, "gc", NULL};
	posix_spawn_file_actions_t acts;
	pid_t pid;

	/* The output of gc must not get among the TAP lines. */
	posix_spawn_file_actions_init(&acts);
	posix_spawn_file_actions_addopen(&acts, 1, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, fold, &acts, NULL, argv, environ) == 0)
		waitpid(pid, NULL, 0);
	posix_spawn_file_actions_destroy(&acts);
}

static bool wait_for(bool (*what)(pid_t), pid_t pid, int lent, uint64_t patience)
{
	for (uint64_t until = now_ms() + patience; now_ms() < until;) {
		forge_some(lent);
		if (what(pid))
			return true;
	}
	return false;
}

static bool is_honest(pid_t unused)
{
	(void)unused;
	return life.honest >= 20;
}

static bool has_ended(pid_t pid)
{
	return waitpid(pid, NULL, WNOHANG) == pid;
}

/* The keeper is no child of this process, so waitpid() cannot tell. As a zombie it holds nothing any more. */
static bool keeper_is_gone(pid_t keeper)
{
	char path[64], state = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", keeper);
	FILE *f = fopen(path, "re");
	if (f && fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	if (f)
		fclose(f);
	return state == 0 || state == 'Z';
}

static const char *iface;
static bool tap_is_gone(pid_t unused)
{
	(void)unused;
	return if_nametoindex(iface) == 0;
}

static void run_ending(const struct ending *e, char **fold, const char *socket)
{
	memset(&life, 0, sizeof(life));
	pid_t pid = start(fold, socket, e->lent);
	int lent = e->lent ? port_borrow(socket) : -1;
	bool began = wait_for(is_honest, 0, lent, patience_ms());
	pid_t keeper = e->lent ? child_of(pid) : life.keeper;

	began = began && (!e->persist || make_persistent(child_of(keeper)));
	if (began)
		strike(e->end, pid, keeper);
	else
		kill(pid, SIGTERM);
	bool ended = wait_for(has_ended, pid, lent, 3 * patience_ms());
	bool gone = wait_for(tap_is_gone, 0, lent, e->gc ? 300 : patience_ms());
	/* The keeper gives up the VM's name after its tap, and the next fold needs that name. */
	if (keeper)
		wait_for(keeper_is_gone, keeper, lent, patience_ms());
	/* If any process could still send through the tap, its frames would be seen now. */
	for (uint64_t until = now_ms() + 100; now_ms() < until;)
		forge_some(lent);
	if (lent >= 0)
		close(lent);
	if (e->gc) {
		collect_garbage(fold[0]);
		gone = tap_is_gone(0);
	}
	if (!ok(began, "81 %s: the VM's honest frames are seen from the start", e->name))
		detail("%u of them", life.honest);
	if (!ok(life.forged == 0, "81 %s: nothing forged, from the first frame to the last", e->name)) {
		detail("%u forged frames were seen; the first at %s:", life.forged, port_names[life.at]);
		detail_frame("seen", life.frame, life.len);
	}
	if (!ok(ended && gone, "5.6 %s: fold ends and the tap is gone%s", e->name, e->gc ? " after fold gc" : ""))
		detail("fold %s, the tap %s", ended ? "ended" : "did not end", gone ? "is gone" : "is there");
	if (!ended) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	if (!gone) {
		char command[64];
		snprintf(command, sizeof(command), "ip link delete %s", iface);
		if (system(command) != 0)
			detail("%s: failed", command);
	}
}

int run_life(char **fold, const char *name)
{
	static char socket[128];

	iface = name;
	on_frame = on_life;
	signal(SIGPIPE, SIG_IGN);
	snprintf(socket, sizeof(socket), "%s/%s.sock", getenv("FW_DIR") ? getenv("FW_DIR") : "/tmp", name);
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		run_ending(&endings[i], fold, socket);
	on_frame = seen_on_frame;
	ok(fence_from(AT_A) && fence_to(AT_B), "the other VMs never noticed");
	return finish();
}
