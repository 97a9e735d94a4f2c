/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hypervisor: finds the hypervisor's program, the user it runs as and its arguments, and executes it. */
#ifndef FOLD_HOST_HYPERVISOR_H
#define FOLD_HOST_HYPERVISOR_H

#include "base/addr.h"
#include "base/report.h"

#include <stdbool.h>

#include <sys/types.h>

#define HYPERVISOR_IMAGE_WORD "_rdiscd_img_file_"
#define HYPERVISOR_NETDEV 32 /* octets, with a NUL */

struct hypervisor {
	char *path;                     /* the program's */
	const char *name;               /* argv[0], as the user wrote it */
	bool enable_kvm;                /* pass -enable-kvm: path is qemu, because there is no command `kvm` */
	char **args;                    /* the user's own, NULL at the end; not copied */
	uint8_t mac[MAC_LEN];           /* the guest's */
	const char *image;              /* replaces HYPERVISOR_IMAGE_WORD in args; NULL: args stay as they are */
	char **argv;                    /* from hypervisor_line(), or NULL */
	char netdev[HYPERVISOR_NETDEV]; /* one of argv, which names the tap */
	/* The user it runs as. */
	uid_t uid;
	gid_t gid;
	char *user;    /* NULL: the caller; nothing to change */
	gid_t *groups; /* the user's, group_count of them */
	int group_count;
};

/* One start of it, for hypervisor_exec(). */
struct hypervisor_start {
	int tap_fd; /* open across exec, as is keep_fd unless it is -1 */
	int keep_fd;
	pid_t group;     /* the process group to run in: the terminal's, so that the guest's console works */
	pid_t parent;    /* the calling process's; the hypervisor is killed when it dies */
	bool no_hangup;  /* SIGHUP stays ignored, as it was when fold began (nohup) */
	bool unfiltered; /* set if this kernel has no seccomp: the hypervisor may change the MAC of its tap */
};

/* True for `kvm` and for qemu-system-<anything>, with or without a path before it. */
bool hypervisor_known(const char *name);

/*
 * A program as execvp looks for it: a name with a slash stands for itself, another is looked for along PATH. 1 and its path,
 * which the caller frees; -ENOENT, -EACCES (found and not executable) or -ENOMEM.
 */
int hypervisor_search(const char *name, char **out);

/* The interpreter that the first line of a script (#!) names. False if the file is no script. */
bool hypervisor_interpreter(const char *path, char *out, size_t size);

/* Whether KVM works: makes a virtual machine to try, since /dev/kvm may exist and be of no use. 0 or -errno. */
int hypervisor_kvm(void);

/* Fills in the user that the hypervisor runs as: SUDO_USER, else the caller. 0, or -errno with a line in r. */
int hypervisor_user(struct hypervisor *h, struct report *r);

/* Whether that user may open /dev/kvm. On Debian only its group may, and not every user of sudo is in that. */
bool hypervisor_kvm_user(const struct hypervisor *h);

/*
 * Finds the program (PATH) and the user (SUDO_USER, else the caller). words: its name and the arguments that follow,
 * NULL at the end; they must outlive *out. 0; -ENOENT: not found; -EACCES: found and not executable; -ENODEV: KVM is
 * asked for and not usable; each with a line in r.
 */
int hypervisor_find(char **words, const uint8_t mac[static MAC_LEN], struct hypervisor *out, struct report *r);
void hypervisor_free(struct hypervisor *h);

/* Makes the arguments that the hypervisor gets; h must not move after it. 0, or -errno with a line in r. */
int hypervisor_line(struct hypervisor *h, struct report *r);

/* Says in them which descriptor of the hypervisor its tap is. */
void hypervisor_set_tap(struct hypervisor *h, int tap_fd);

/*
 * Executes the hypervisor, whose arguments are complete, in the calling process, a child made for that: default signal handling, the user's
 * identity, death with the parent, and no ioctl that changes the tap's owner or MAC. The child may be vfork()'s, which
 * shares its parent's memory: nothing is allocated or logged here. Returns only if something fails: -errno.
 */
int hypervisor_exec(const struct hypervisor *h, struct hypervisor_start *start);

#endif
