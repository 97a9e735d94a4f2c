/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/hypervisor.h"

#include "base/cleanup.h"
#include "host/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>

#include <linux/if_tun.h>
#include <linux/kvm.h>
#include <linux/sockios.h>
#include <linux/vhost.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

bool hypervisor_known(const char *name)
{
	static const char prefix[] = "qemu-system-";
	const char *base = base_name(name);

	return strcmp(base, "kvm") == 0 ||
	       (strncmp(base, prefix, sizeof(prefix) - 1) == 0 && base[sizeof(prefix) - 1] != 0);
}

/* 1: the file may be executed; -EACCES: it may not; -ENOENT: there is none. */
static int executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -ENOENT;
	return S_ISREG(st.st_mode) && access(path, X_OK) == 0 ? 1 : -EACCES;
}

int hypervisor_search(const char *name, char **out)
{
	const char *dir = getenv("PATH");
	int found = -ENOENT;

	if (strchr(name, '/')) {
		found = executable(name);
		if (found > 0 && !(*out = strdup(name)))
			return -ENOMEM;
		return found;
	}
	if (!dir || !*dir)
		dir = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	for (;;) {
		int len = (int)strcspn(dir, ":");
		_cleanup_(cleanup_free) char *path = NULL;
		if (asprintf(&path, "%.*s/%s", len, dir, name) < 0)
			return -ENOMEM;
		int here = len ? executable(path) : -ENOENT;
		if (here > 0) {
			*out = steal_ptr(&path);
			return 1;
		}
		if (here == -EACCES)
			found = here;
		if (!dir[len])
			return found;
		dir += len + 1;
	}
}

bool hypervisor_interpreter(const char *path, char *out, size_t size)
{
	_cleanup_(cleanup_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t got = fd < 0 ? -1 : read(fd, out, size - 1);

	if (got < 3 || out[0] != '#' || out[1] != '!')
		return false;
	out[got] = 0;
	char *word = out + 2 + strspn(out + 2, " \t");
	word[strcspn(word, " \t\n")] = 0;
	memmove(out, word, strlen(word) + 1);
	return *out;
}

int hypervisor_kvm(void)
{
	_cleanup_(cleanup_close) int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (kvm < 0)
		return -errno;
	if (ioctl(kvm, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		return -ENODEV;
	_cleanup_(cleanup_close) int vm = ioctl(kvm, KVM_CREATE_VM, 0);
	return vm < 0 ? -errno : 0;
}

/* False: out of memory. */
static bool find_groups(struct hypervisor *h)
{
	const long most = sysconf(_SC_NGROUPS_MAX);
	gid_t *groups = NULL;
	int count = 0;

	/* Says each time how many there are, which may be more than a moment ago. */
	while (getgrouplist(h->user, h->gid, groups, &count) < 0) {
		gid_t *more = realloc(groups, (size_t)count * sizeof(*groups));
		if (!more) {
			free(groups);
			return false;
		}
		groups = more;
	}
	h->groups = groups;
	h->group_count = most > 0 && count > most ? (int)most : count;
	return true;
}

int hypervisor_user(struct hypervisor *h, struct report *r)
{
	const char *name = getenv("SUDO_USER");

	h->uid = getuid();
	h->gid = getgid();
	if (!name || !*name || h->uid != 0 || strcmp(name, "root") == 0)
		return 0;
	errno = 0;
	const struct passwd *pw = getpwnam(name);
	if (!pw)
		return report_fail(r, EINVAL, "SUDO_USER: there is no user %s; unset it or name one who exists", name);
	h->uid = pw->pw_uid;
	h->gid = pw->pw_gid;
	h->user = strdup(name);
	return h->user && find_groups(h) ? 0 : report_fail(r, ENOMEM, "out of memory");
}

/*
 * The saved user ID stays root's until exec, which takes that from this process, too (cap_bprm_creds_from_file() in
 * security/commoncap.c): until then the user may not trace it (ptrace_may_access() in kernel/ptrace.c), nor thereby
 * change the memory that it may share with its parent. For as long as an ID is root's, the kernel takes no
 * capability away by itself, and ambient ones outlive exec.
 */
static int become_user(const struct hypervisor *h)
{
	if (!h->user)
		return 0;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 ||
	    setgroups((size_t)h->group_count, h->groups) < 0 || setgid(h->gid) < 0 ||
	    setresuid(h->uid, h->uid, (uid_t)-1) < 0)
		return -errno;
	return 0;
}

bool hypervisor_kvm_user(const struct hypervisor *h)
{
	int status = 0;
	pid_t pid = h->user ? fork() : -1;

	if (pid == 0)
		_exit(become_user(h) < 0 || open("/dev/kvm", O_RDWR | O_CLOEXEC) < 0);
	if (pid > 0)
		waitpid(pid, &status, 0);
	return status == 0;
}

static int find_kvm(struct hypervisor *h, struct report *r)
{
	struct utsname machine;
	_cleanup_(cleanup_free) char *qemu = NULL;
	int err = hypervisor_kvm();

	if (err < 0)
		return report_fail(
		    r, ENODEV,
		    "/dev/kvm: not usable here (%s); run qemu-system-<arch> with `-accel tcg` instead of kvm",
		    strerror(-err));
	int found = hypervisor_search(h->name, &h->path);
	if (found != -ENOENT || strchr(h->name, '/') || uname(&machine) < 0)
		return found;
	/* On Debian `kvm` comes with a package for this machine and may be missing; it would start this program. */
	const char *arch = strcmp(machine.machine, "i686") == 0 ? "i386" : machine.machine;
	if (asprintf(&qemu, "qemu-system-%s", arch) < 0)
		return -ENOMEM;
	h->enable_kvm = true;
	return hypervisor_search(qemu, &h->path);
}

/*
 * Without /dev/kvm most systems' command `kvm` falls back to emulation,
 * so fold only warns. qemu with -enable-kvm would end, so fold refuses.
 */
static int refuse_kvm(const struct hypervisor *h, struct report *r)
{
	static const char line[] =
	    "/dev/kvm: user %s may not open it; `usermod -aG kvm %s`, or run qemu-system-<arch> with `-accel tcg` instead of kvm";

	if (h->enable_kvm)
		return report_fail(r, ENODEV, line, h->user, h->user);
	report_warn(r, line, h->user, h->user);
	return 0;
}

int hypervisor_find(char **words, const uint8_t mac[static MAC_LEN], struct hypervisor *out, struct report *r)
{
	struct hypervisor h = {.name = words[0], .args = words + 1};

	memcpy(h.mac, mac, MAC_LEN);
	bool kvm = strcmp(base_name(h.name), "kvm") == 0;
	int found = kvm ? find_kvm(&h, r) : hypervisor_search(h.name, &h.path);
	int err = found > 0 ? hypervisor_user(&h, r) : found;
	if (!err && kvm && !hypervisor_kvm_user(&h))
		err = refuse_kvm(&h, r);
	if (found == -ENOENT && strchr(h.name, '/'))
		report_set(r,
			   "%s: there is no such file; name the program itself, or kvm or qemu-system-<arch> of PATH",
			   h.name);
	else if (found == -ENOENT)
		report_set(r, "%s: no such program in PATH; install it (Debian: qemu-system-x86) or give its path",
			   h.name);
	else if (found == -EACCES)
		report_set(r, "%s: found, but it may not be executed; see its mode", h.name);
	else if (found == -ENOMEM)
		report_set(r, "out of memory");
	if (err) {
		hypervisor_free(&h);
		return err;
	}
	*out = h;
	return 0;
}

void hypervisor_free(struct hypervisor *h)
{
	for (char **word = h->argv; word && *word; word++)
		if (*word != h->netdev)
			free(*word);
	free(h->argv);
	free(h->path);
	free(h->user);
	free(h->groups);
	h->argv = NULL;
	h->path = h->user = NULL;
	h->groups = NULL;
}

/* A copy of arg in which image, if there is one, replaces every HYPERVISOR_IMAGE_WORD; NULL if out of memory. */
static char *with_image(const char *arg, const char *image)
{
	static const char word[] = HYPERVISOR_IMAGE_WORD;
	char *out = NULL;
	size_t size = 0;

	if (!image || !strstr(arg, word))
		return strdup(arg);
	FILE *to = open_memstream(&out, &size);
	if (!to)
		return NULL;
	for (const char *found; (found = strstr(arg, word)); arg = found + sizeof(word) - 1) {
		fwrite(arg, 1, (size_t)(found - arg), to);
		fputs(image, to);
	}
	fputs(arg, to);
	return fclose(to) == 0 ? out : NULL;
}

/* fold's own arguments first, then the user's, byte for byte. False if out of memory. */
static bool fill_line(struct hypervisor *h, char **at)
{
	char mac[MAC_TEXT];

	if (!(*at++ = strdup(h->enable_kvm ? h->path : h->name)))
		return false;
	if (h->enable_kvm && !(*at++ = strdup("-enable-kvm")))
		return false;
	if (!(*at++ = strdup("-netdev")))
		return false;
	*at++ = h->netdev;
	if (!(*at++ = strdup("-device")))
		return false;
	if (asprintf(at, "virtio-net-pci,netdev=hn0,id=nic1,mac=%s", mac_format(h->mac, mac)) < 0) {
		*at = NULL;
		return false;
	}
	for (char **word = h->args; *word; word++)
		if (!(*++at = with_image(*word, h->image)))
			return false;
	return true;
}

int hypervisor_line(struct hypervisor *h, struct report *r)
{
	size_t user = 0;

	while (h->args[user])
		user++;
	h->argv = calloc(user + 7, sizeof(*h->argv));
	return h->argv && fill_line(h, h->argv) ? 0 : report_fail(r, ENOMEM, "out of memory");
}

/*
 * Without the C library's formatting: the keeper does this, and nothing else for which it needs that. Where a process
 * that was forked pays 15 us for each page that it uses first, as in a virtual machine without hardware's help, it
 * would take 0.2 ms.
 */
void hypervisor_set_tap(struct hypervisor *h, int tap_fd)
{
	static const char prefix[] = "tap,id=hn0,fd=";
	char digits[12];
	size_t at = sizeof(digits), len = sizeof(prefix) - 1;

	do
		digits[--at] = (char)('0' + tap_fd % 10);
	while ((tap_fd /= 10) > 0);
	memcpy(h->netdev, prefix, len);
	memcpy(h->netdev + len, digits + at, sizeof(digits) - at);
	h->netdev[len + sizeof(digits) - at] = 0;
}

/*
 * A process that has a tap open needs no privilege (drivers/net/tun.c) to give it the MAC of
 * another machine, for which the bridge then knows no other port, or to make it stay after
 * fold. One that may open /dev/vhost-net could hand the tap to it, which obeys the header for virtio's offloads even
 * where the tap has none (tun_xdp_one(), see tap.h). A seccomp filter refuses these ioctls to the hypervisor and to
 * all that it starts. fold's own -netdev does not use vhost; for others that the user adds, qemu does without it.
 * If possible it is set without no_new_privs, so that set-user-ID programs still work.
 */
static int keep_from_tap(bool *unfiltered)
{
	static const uint32_t requests[] = {SIOCSIFHWADDR, (uint32_t)TUNSETPERSIST, (uint32_t)TUNSETOWNER,
					    (uint32_t)TUNSETGROUP, (uint32_t)VHOST_NET_SET_BACKEND};
	const size_t count = sizeof(requests) / sizeof(requests[0]);
	int err = seccomp_refuse_ioctls(requests, count);

	if (err == -EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		err = seccomp_refuse_ioctls(requests, count);
	*unfiltered = err == -ENOSYS;
	return *unfiltered ? 0 : err;
}

int hypervisor_exec(const struct hypervisor *h, struct hypervisor_start *start)
{
	sigset_t none;

	setpgid(0, start->group);
	for (int s = 1; s < NSIG; s++)
		if (s != SIGKILL && s != SIGSTOP)
			signal(s, s == SIGHUP && start->no_hangup ? SIG_IGN : SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* Before become_user(), which gives up the right to set the filter. */
	int err = keep_from_tap(&start->unfiltered);
	if (!err)
		err = become_user(h);
	if (err)
		return err;
	/* After become_user(), which clears this. If the parent died before this, no signal comes: hence the check. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return -errno;
	if (getppid() != start->parent)
		return -ESRCH;
	if (fcntl(start->tap_fd, F_SETFD, 0) < 0 || (start->keep_fd >= 0 && fcntl(start->keep_fd, F_SETFD, 0) < 0))
		return -errno;
	execv(h->path, h->argv);
	return -errno;
}
