/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hypervisor: which program it is, as whom it runs, and its arguments. */
#ifndef FOLD_HOST_HYPERVISOR_H
#define FOLD_HOST_HYPERVISOR_H

#include "base/addr.h"
#include "base/report.h"

#include <stdbool.h>

#include <sys/types.h>

#define HYPERVISOR_IMAGE_WORD "_rdiscd_img_file_"

struct hypervisor {
	char *path;           /* of the program */
	const char *name;     /* argv[0], as the user wrote it */
	bool enable_kvm;      /* to be asked for by argument: there is no `kvm` command here */
	char **args;          /* the user's own, NULL at the end; not copied */
	uint8_t mac[MAC_LEN]; /* the guest's */
	const char *image;    /* what HYPERVISOR_IMAGE_WORD stands for in args; NULL: for itself */
	/* Who it runs as. */
	uid_t uid;
	gid_t gid;
	char *user; /* NULL: the caller itself */
};

/* True for `kvm` and for qemu-system-<anything>, with or without a path before it. */
bool hypervisor_known(const char *name);

/*
 * A program as execvp looks for it: a name with a slash stands for itself, another is looked for along PATH. 1 and its path,
 * which the caller frees; -ENOENT, -EACCES (found and not executable) or -ENOMEM.
 */
int hypervisor_search(const char *name, char **out);

/* What the script's first line names to run it. False where that is no script. */
bool hypervisor_interpreter(const char *path, char *out, size_t size);

/* /dev/kvm may exist and be of no use: only a virtual machine that it makes is proof. 0 or -errno. */
int hypervisor_kvm(void);

/* Who would run it, into *h: SUDO_USER; root without sudo is itself. 0, or -errno with a line in r. */
int hypervisor_user(struct hypervisor *h, struct report *r);

/* Whether that user may open /dev/kvm: Debian's is for its group alone, which not everybody is in who may call sudo. */
bool hypervisor_kvm_user(const struct hypervisor *h);

/*
 * Finds the program (PATH) and the user (SUDO_USER, else the caller). words: its name and the arguments that follow,
 * NULL at the end; they must outlive *out. 0; -ENOENT: not found; -EACCES: found and not executable; -ENODEV: KVM is
 * asked for and not usable; each with a line in r.
 */
int hypervisor_find(char **words, const uint8_t mac[static MAC_LEN], struct hypervisor *out, struct report *r);
void hypervisor_free(struct hypervisor *h);

/*
 * Becomes it, in a child that has nothing else to do: signals at their defaults, the user's identity, death with the
 * parent, no ioctl by which it could change whose the tap is or with which MAC, and tap_fd (and keep_fd, if not -1) open
 * across exec. Returns -errno only where that fails.
 */
int hypervisor_exec(const struct hypervisor *h, int tap_fd, int keep_fd, pid_t parent);

#endif
