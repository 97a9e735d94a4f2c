/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the process that has a netfilter queue: the kernel gives the netlink port that the queue is bound to, netlink's
 * own table the socket of that port, and the processes' directories the owner of that socket. Source: proc(5),
 * net/netfilter/nfnetlink_queue.c, net/netlink/af_netlink.c.
 */
#include "base/cleanup.h"
#include "dhcpd/process.h"

#include <ctype.h>
#include <dirent.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

/*
 * Finds the first line of `path` with the numbers want and want2 in places key and key2 (from 0); *out: its number at
 * `place`. False if there is none.
 */
static bool look_up(const char *path, unsigned key, unsigned long want, unsigned key2, unsigned long want2,
		    unsigned place, unsigned long *out)
{
	_cleanup_(cleanup_fclose) FILE *f = fopen(path, "re");
	char line[256];

	while (f && fgets(line, sizeof(line), f)) {
		unsigned long v[16] = {0};
		unsigned n = 0;
		char *save = NULL;
		for (char *w = strtok_r(line, " \n", &save); w && n < 16; w = strtok_r(NULL, " \n", &save))
			v[n++] = strtoul(w, NULL, 10);
		if (n > place && v[key] == want && v[key2] == want2) {
			*out = v[place];
			return true;
		}
	}
	return false;
}

static bool has_socket(const char *pid, unsigned long inode)
{
	char dir[64], path[320], link[64], want[64];
	bool found = false;

	snprintf(dir, sizeof(dir), "/proc/%.20s/fd", pid);
	snprintf(want, sizeof(want), "socket:[%lu]", inode);
	DIR *fds = opendir(dir);
	for (struct dirent *e; fds && !found && (e = readdir(fds));) {
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		ssize_t n = readlink(path, link, sizeof(link) - 1);
		link[n > 0 ? n : 0] = 0;
		found = strcmp(link, want) == 0;
	}
	if (fds)
		closedir(fds);
	return found;
}

static bool find_process(unsigned long inode, char *pid, size_t size)
{
	DIR *proc = opendir("/proc");
	bool found = false;

	for (struct dirent *e; proc && !found && (e = readdir(proc));) {
		if (!isdigit((unsigned char)e->d_name[0]) || !has_socket(e->d_name, inode))
			continue;
		snprintf(pid, size, "%.20s", e->d_name);
		found = true;
	}
	if (proc)
		closedir(proc);
	return found;
}

/*
 * A guess, because root without CAP_SYS_PTRACE, which a service manager leaves out, may not see whose descriptors they
 * are. netlink_autobind(): a process's first socket of a family has the process's own number for its port.
 */
static bool guess_process(unsigned long port, char *pid, size_t size)
{
	char path[64];

	snprintf(pid, size, "%lu", port);
	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	return access(path, F_OK) == 0;
}

static void read_name(const char *pid, char *name, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	FILE *f = fopen(path, "re");
	if (!f)
		return;
	if (fgets(name, (int)size, f))
		name[strcspn(name, "\n")] = 0;
	fclose(f);
}

const char *process_queue_holder(uint16_t queue)
{
	static char words[96];
	unsigned long port, inode;
	char pid[24], name[32] = "?";

	/* nfnetlink_queue: queue, port, ...; netlink: address, protocol, port, ..., inode at place 9. */
	if (!look_up("/proc/net/netfilter/nfnetlink_queue", 0, queue, 0, queue, 1, &port) ||
	    !look_up("/proc/net/netlink", 1, NETLINK_NETFILTER, 2, port, 9, &inode) ||
	    !(find_process(inode, pid, sizeof(pid)) || guess_process(port, pid, sizeof(pid))))
		return "another process";
	read_name(pid, name, sizeof(name));
	snprintf(words, sizeof(words), "process %s (%s)", pid, name);
	return words;
}
