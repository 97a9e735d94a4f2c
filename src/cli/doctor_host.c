/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The doctor's checks of the machine: what a VM needs before there is a network. */
#include "base/cleanup.h"
#include "base/file.h"
#include "cli/doctor.h"
#include "cli/options.h"
#include "cli/session.h"
#include "dns/resolvers.h"
#include "guest/config.h"
#include "host/claim.h"
#include "host/hypervisor.h"
#include "host/rights.h"
#include "host/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <linux/capability.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>

/* The netdev egress hook is the newest thing that fold cannot do without. */
#define KERNEL_MAJOR 5
#define KERNEL_MINOR 16

void doctor_kernel(struct doctor *d)
{
	struct utsname u;
	int major = 0, minor = 0;

	if (uname(&u) < 0 || sscanf(u.release, "%d.%d", &major, &minor) != 2) {
		doctor_found(d, "kernel", DOCTOR_WARN, "its version cannot be told");
	} else if (major < KERNEL_MAJOR || (major == KERNEL_MAJOR && minor < KERNEL_MINOR)) {
		doctor_found(d, "kernel", DOCTOR_FAULT, "%s %s: too old", u.sysname, u.release);
		doctor_mend(d, "boot Linux %d.%d or newer; Debian 12 has 6.1", KERNEL_MAJOR, KERNEL_MINOR);
	} else {
		doctor_found(d, "kernel", DOCTOR_OK, "%s %s", u.sysname, u.release);
	}
}

void doctor_root(struct doctor *d)
{
	if (geteuid() == 0) {
		doctor_found(d, "root", DOCTOR_OK, "yes");
		return;
	}
	doctor_found(d, "root", DOCTOR_FAULT, "no: fold makes interfaces and rules, and some checks need it too");
	/* sudo does not pass FOLD_BRIDGE on, so the bridge is named by a flag. */
	bool named = !d->local && strcmp(d->bridge, BRIDGE_DEFAULT) != 0;
	doctor_mend(d, "sudo " FOLD_COMMAND " doctor%s%s%s", d->local ? " --local" : "", named ? " --bridge " : "",
		    named ? d->bridge : "");
}

void doctor_rights(struct doctor *d)
{
	char names[RIGHTS_TEXT];

	if (geteuid() != 0)
		return; /* only root has capabilities, and doctor_root() asks for it */
	if (rights_missing(rights_of_fold, names)) {
		doctor_found(d, "capabilities", DOCTOR_FAULT, "missing %s", names);
		doctor_mend(d, RIGHTS_MEND);
	} else if (!rights_have(CAP_LEASE)) {
		doctor_found(d, "capabilities", DOCTOR_WARN,
			     "missing CAP_LEASE: a binding of another user's may be read while it is being written");
		doctor_mend(d, RIGHTS_MEND);
	} else {
		doctor_found(d, "capabilities", DOCTOR_OK, "all that fold needs");
	}
}

void doctor_files(struct doctor *d)
{
	unsigned long most = session_files();

	doctor_found(d, "open files", most < SESSION_FILES_LEAST ? DOCTOR_FAULT : DOCTOR_OK, "%lu at once", most);
	if (most < SESSION_FILES_LEAST)
		doctor_mend(d, "ulimit -n %d or more, in the shell that starts fold", SESSION_FILES_LEAST);
}

void doctor_tun(struct doctor *d)
{
	unsigned features = 0;
	_cleanup_(cleanup_close) int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	if (fd >= 0 && ioctl(fd, TUNGETFEATURES, &features) == 0 && features & IFF_TAP) {
		doctor_found(d, "tap", DOCTOR_OK, "/dev/net/tun makes them");
		return;
	}
	int err = fd < 0 ? errno : ENOTTY;
	doctor_found(d, "tap", DOCTOR_FAULT, "/dev/net/tun: %s", strerror(err));
	if (err == EACCES || err == EPERM)
		doctor_mend(d, "%s",
			    doctor_as_root(err,
					   "in a container, give it the device: docker run --device /dev/net/tun"));
	else
		doctor_mend(d, "modprobe tun (or: mkdir -p /dev/net && mknod /dev/net/tun c 10 200)");
}

void doctor_kvm(struct doctor *d)
{
	struct hypervisor user = {0};
	struct report unused = {0};
	int err = hypervisor_kvm();

	if (!err && hypervisor_user(&user, &unused) == 0 && !hypervisor_kvm_user(&user)) {
		doctor_found(d, "kvm", DOCTOR_WARN, "/dev/kvm: user %s, who would run the hypervisor, may not open it",
			     user.user);
		doctor_mend(d, "usermod -aG kvm %s; or run qemu-system-<arch> with -accel tcg", user.user);
	} else if (!err) {
		doctor_found(d, "kvm", DOCTOR_OK, "/dev/kvm makes virtual machines");
	}
	hypervisor_free(&user);
	if (!err)
		return;
	doctor_found(d, "kvm", DOCTOR_WARN, "/dev/kvm: %s: `kvm` cannot be used, emulation can", strerror(-err));
	if (err == -ENOENT)
		doctor_mend(d, "modprobe kvm_intel or kvm_amd, with virtualization on in the firmware; "
			       "or run qemu-system-<arch> with -accel tcg");
	else
		doctor_mend(d, "run qemu-system-<arch> with -accel tcg");
}

/* The first program in that directory with such a name, into out. */
static bool any_hypervisor(const char *dir, char *out, size_t size)
{
	bool found = false;
	DIR *at = opendir(dir);

	if (!at)
		return false;
	for (const struct dirent *e; !found && (e = readdir(at));) {
		snprintf(out, size, "%s/%s", dir, e->d_name);
		found = hypervisor_known(e->d_name) && access(out, X_OK) == 0;
	}
	closedir(at);
	return found;
}

/* The path of `kvm`, or else of the qemu-system-* for this machine's architecture. */
static bool usual_hypervisor(char *out, size_t size)
{
	_cleanup_(cleanup_free) char *path = NULL;
	char name[128];
	struct utsname u;

	if (uname(&u) < 0)
		return false;
	snprintf(name, sizeof(name), "qemu-system-%s", strcmp(u.machine, "i686") ? u.machine : "i386");
	bool found = hypervisor_search("kvm", &path) > 0 || hypervisor_search(name, &path) > 0;
	if (found)
		snprintf(out, size, "%s", path);
	return found;
}

static bool find_hypervisor(char *out, size_t size)
{
	const char *env = getenv("PATH"), *at = env && *env ? env : "/usr/local/bin:/usr/bin:/bin";
	bool found = usual_hypervisor(out, size);
	char dir[PATH_MAX / 2];

	while (!found && *at) {
		int len = (int)strcspn(at, ":");
		snprintf(dir, sizeof(dir), "%.*s", len, at);
		found = len && any_hypervisor(dir, out, size);
		at += at[len] ? len + 1 : len;
	}
	return found;
}

void doctor_hypervisor(struct doctor *d)
{
	char path[PATH_MAX];

	if (find_hypervisor(path, sizeof(path))) {
		doctor_found(d, "hypervisor", DOCTOR_OK, "%.400s", path);
		return;
	}
	doctor_found(d, "hypervisor", DOCTOR_FAULT, "neither kvm nor qemu-system-* in PATH");
	doctor_mend(d, "apt install qemu-system-x86 (or that of your machine), or give fold the program's path");
}

static void first_warning(void *arg, const char *line)
{
	struct report *first = arg;

	if (!first->msg[0])
		report_set(first, "%s", line);
}

void doctor_config(struct doctor *d)
{
	struct config c;
	struct report warning = {0}, r = {.warn = first_warning, .warn_arg = &warning};

	if (config_load_chosen(&c, &r) < 0) {
		doctor_found(d, "configuration", DOCTOR_FAULT, "%s", r.msg);
		doctor_mend(d, "mend that line, or set NFDHCPD_CFG to another file");
		return;
	}
	if (warning.msg[0]) {
		doctor_found(d, "configuration", DOCTOR_WARN, "%s", warning.msg);
		doctor_mend(d, "remove what fold does not know");
	} else if (c.from_file) {
		doctor_found(d, "configuration", DOCTOR_OK, "%s", config_chosen());
	} else {
		doctor_found(d, "configuration", DOCTOR_OK, "no %s: defaults", CONFIG_PATH);
	}
	config_free(&c);
}

/*
 * Makes and removes a file in that directory or, where it does not exist yet, in the one above it that does, which is
 * left in `at`. 0 or -errno.
 */
static int try_place(const char *path, char at[static PATH_MAX])
{
	char file[PATH_MAX + 32];
	struct stat st;

	snprintf(at, PATH_MAX, "%s", path);
	while (stat(at, &st) < 0) {
		char *slash = strrchr(at, '/');
		if (errno != ENOENT || !slash)
			return -errno;
		slash[slash == at] = 0;
	}
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	/* No name of a claim or a binding begins so. */
	snprintf(file, sizeof(file), "%s/.fold-doctor-%d", at, getpid());
	_cleanup_(cleanup_close) int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	int err = write(fd, "", 1) == 1 ? 0 : -errno;
	return unlink(file) < 0 ? -errno : err;
}

static void find_place(struct doctor *d, const char *check, const char *path, const char *what)
{
	char at[PATH_MAX];
	int err = try_place(path, at);

	if (!err) {
		doctor_found(d, check, DOCTOR_OK, "%s%s", path,
			     strcmp(at, path) ? ": none yet, made on first use" : "");
		return;
	}
	bool denied = geteuid() != 0 && (err == -EACCES || err == -EPERM);
	doctor_found(d, check, denied ? DOCTOR_WARN : DOCTOR_FAULT, "%s, %s: %s: %s", path, what, at, strerror(-err));
	if (err == -ENOTDIR)
		doctor_mend(d, "remove %s, which is not a directory", at);
	else
		doctor_mend(d, "%s",
			    err == -EROFS ? "mount it writable"
					  : doctor_as_root(err, "see to it that files can be made there"));
}

/* Where fold writes. */
void doctor_places(struct doctor *d)
{
	struct config c;
	struct report warning = {0}, unused = {.warn = first_warning, .warn_arg = &warning};

	find_place(d, "records", CLAIM_DIR, "what running VMs hold");
	if (config_load_chosen(&c, &unused) == 0) {
		find_place(d, "datapath", c.datapath, "where copies of bindings go");
		config_free(&c);
	}
	_cleanup_(cleanup_free) char *path = d->local ? store_path() : NULL;
	char *slash = path ? strrchr(path, '/') : NULL;
	if (slash) {
		*slash = 0;
		find_place(d, "state", path, "where --local keeps its addresses");
	}
}

/* Whether the kernel has a route to the server: connect() of a UDP socket looks for one and sends no packet. */
static bool has_route(const union server *s)
{
	_cleanup_(cleanup_close) int fd = socket(s->any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && connect(fd, &s->any, server_len(s)) == 0;
}

static const char *server_text(const union server *s, char text[static INET6_ADDRSTRLEN])
{
	const void *address = s->any.sa_family == AF_INET ? (const void *)&s->four.sin_addr : &s->six.sin6_addr;

	return inet_ntop(s->any.sa_family, address, text, INET6_ADDRSTRLEN);
}

void doctor_resolvers(struct doctor *d)
{
	static const char path[] = RESOLV_CONF;
	static const char mend[] =
	    "write `nameserver ADDRESS` into " RESOLV_CONF ", or set DNS_NAMESERVERS in bindings";
	union server at[RESOLVERS_MAX] = {0};
	_cleanup_(cleanup_free) char *text = NULL;
	char name[INET6_ADDRSTRLEN];
	struct report r = {0};
	size_t len;

	if (file_read(path, 65536, &text, &len, &r) < 0) {
		doctor_found(d, "resolvers", DOCTOR_WARN, "%s; forwarded questions go to 127.0.0.1", r.msg);
		doctor_mend(d, "%s", mend);
		return;
	}
	size_t count = resolvers_parse(text, at);
	for (size_t i = 0; i < count; i++) {
		if (!has_route(&at[i]))
			continue;
		doctor_found(d, "resolvers", DOCTOR_OK, "%s, %zu in %s", server_text(&at[i], name), count, path);
		return;
	}
	doctor_found(d, "resolvers", DOCTOR_WARN, "%s: no route to %s%s", path, server_text(&at[0], name),
		     count > 1 ? " nor to the others" : "");
	doctor_mend(d, "%s", mend);
}

void doctor_store(struct doctor *d)
{
	struct report r = {0};

	if (!d->local)
		return;
	_cleanup_(cleanup_free) char *path = store_path();
	int count = path ? store_count(path, &r) : -ENOMEM;
	if (count >= 0) {
		doctor_found(d, "addresses", DOCTOR_OK, "%s: %d given out", path, count);
		return;
	}
	doctor_found(d, "addresses", DOCTOR_WARN, "-4 auto and release fail: %s", r.msg);
	doctor_mend(d, "as it says; -4 <ip>/<len> needs no database");
}
