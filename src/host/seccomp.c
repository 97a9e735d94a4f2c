/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Classic BPF over struct seccomp_data. Source: seccomp(2), Documentation/userspace-api/seccomp_filter.rst. */
#include "host/seccomp.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#define OTHER_ABI 0x40000000U /* x32 calls have this bit and share the architecture's name */
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#else
#define ARCH 0
#endif

/* The number of ioctl in each ABI that this machine's kernel may accept: the native one and 32-bit programs'. */
static const struct {
	uint32_t arch, nr;
} ioctls[] = {
#if defined(__x86_64__)
    {AUDIT_ARCH_X86_64, 16},
    {AUDIT_ARCH_X86_64, 514}, /* x32's */
    {AUDIT_ARCH_I386, 54},
#elif defined(__aarch64__)
    {AUDIT_ARCH_AARCH64, 29},
    {AUDIT_ARCH_ARM, 54},
#elif defined(__riscv) && __riscv_xlen == 64
    {AUDIT_ARCH_RISCV64, 29},
    {AUDIT_ARCH_RISCV32, 29},
#else
    {ARCH, 0},
#endif
};
#define IOCTLS (sizeof(ioctls) / sizeof(ioctls[0]))
#define IOCTL_REQUEST 1            /* the request's place among the arguments */
#define NUMBER_MASK (~0x40000000U) /* removes x32's bit: some kernels take x32's numbers without it, and any with it */

#define PROGRAM_MAX 1024
#define IOCTL_PROGRAM_MAX 96 /* fold's start waits for this one, and touches each page of the stack that it takes */

struct program {
	struct sock_filter *code;
	unsigned short max;
	unsigned short len;
	bool full;
};

static void add(struct program *p, struct sock_filter instruction)
{
	if (p->len == p->max)
		p->full = true;
	else
		p->code[p->len++] = instruction;
}

static void load(struct program *p, size_t offset)
{
	add(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void answer(struct program *p, uint32_t action)
{
	add(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* Goes on if the accumulator is that value, else skips `leap` instructions. */
static void unless_equal(struct program *p, uint32_t value, size_t leap)
{
	add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, (uint8_t)leap));
}

static void add_head(struct program *p)
{
	load(p, offsetof(struct seccomp_data, arch));
	add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0));
	answer(p, SECCOMP_RET_KILL_PROCESS);
	load(p, offsetof(struct seccomp_data, nr));
#ifdef OTHER_ABI
	add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, OTHER_ABI, 0, 1));
	answer(p, SECCOMP_RET_KILL_PROCESS);
#endif
}

/* Adds one rule. The accumulator holds the call's number before and after it. */
static void add_rule(struct program *p, const struct seccomp_rule *r)
{
	uint32_t action = r->error ? SECCOMP_RET_ERRNO | (uint32_t)r->error : SECCOMP_RET_ALLOW;
	size_t args = 0;

	while (args < SECCOMP_ARGS && r->arg[args].mask)
		args++;
	/* Three instructions per argument, one for the answer and, after arguments, one to load the number again. */
	size_t size = 3 * args + 1 + (args ? 1 : 0);
	unless_equal(p, r->nr, size);
	for (size_t i = 0; i < args; i++) {
		/* All architectures above are little endian: the lower half comes first. */
		load(p, offsetof(struct seccomp_data, args) + r->arg[i].at * sizeof(uint64_t));
		add(p, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, r->arg[i].mask));
		unless_equal(p, r->arg[i].value, 3 * (args - i - 1) + 1);
	}
	answer(p, action);
	if (args)
		load(p, offsetof(struct seccomp_data, nr));
}

static int install(const struct program *p, unsigned flags)
{
	const struct sock_fprog program = {.len = p->len, .filter = p->code};

	if (p->full)
		return -E2BIG;
	long err = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	/* With TSYNC, a positive result is the number of a thread that could not take the filter. */
	return err > 0 ? -EBUSY : err == 0 ? 0 : errno == EINVAL ? -ENOSYS : -errno;
}

int seccomp_enter(const struct seccomp_list *lists, size_t count)
{
	struct sock_filter code[PROGRAM_MAX];
	struct program p = {.code = code, .max = PROGRAM_MAX};

	if (!ARCH)
		return -ENOSYS;
	add_head(&p);
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < lists[i].count; j++)
			add_rule(&p, &lists[i].at[j]);
	answer(&p, SECCOMP_RET_TRAP);
	return install(&p, SECCOMP_FILTER_FLAG_TSYNC);
}

/* Refuses these requests of ioctl in one ABI. Calls that are no ioctl of that ABI go on after this code. */
static void add_ioctl(struct program *p, size_t which, const uint32_t *requests, size_t count)
{
	size_t look = 2 * count + 2;

	load(p, offsetof(struct seccomp_data, arch));
	unless_equal(p, ioctls[which].arch, 3 + look);
	load(p, offsetof(struct seccomp_data, nr));
	add(p, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, NUMBER_MASK));
	unless_equal(p, ioctls[which].nr, look);
	/* The kernel uses only the lower half of the request. */
	load(p, offsetof(struct seccomp_data, args) + IOCTL_REQUEST * sizeof(uint64_t));
	for (size_t i = 0; i < count; i++) {
		unless_equal(p, requests[i], 1);
		answer(p, SECCOMP_RET_ERRNO | EPERM);
	}
	answer(p, SECCOMP_RET_ALLOW);
}

/*
 * A hypervisor makes an ioctl each time that it enters its guest: the filter then costs ten instructions.
 * For all other calls the kernel finds out once that the filter always allows them (Linux 5.11). Without
 * SPEC_ALLOW the kernel would limit speculation in the program, and so slow down its own work.
 */
int seccomp_refuse_ioctls(const uint32_t *requests, size_t count)
{
	struct sock_filter code[IOCTL_PROGRAM_MAX];
	struct program p = {.code = code, .max = IOCTL_PROGRAM_MAX};

	if (!ARCH)
		return -ENOSYS;
	for (size_t i = 0; i < IOCTLS; i++)
		add_ioctl(&p, i, requests, count);
	load(&p, offsetof(struct seccomp_data, arch));
	for (size_t i = 0; i < IOCTLS; i++) {
		unless_equal(&p, ioctls[i].arch, 1);
		answer(&p, SECCOMP_RET_ALLOW);
	}
	/* An ABI that is not in ioctls[]: which number ioctl has there is unknown. */
	answer(&p, SECCOMP_RET_KILL_PROCESS);
	return install(&p, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
}
