/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * nft: what happens to the kernel's answers if another process has a copy of the socket, as the hypervisor does. Runs
 * in a network namespace of its own, so that it does not touch the machine's rules.
 */
#include "fw/nft.h"

#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/filter.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#define FAMILY NFPROTO_BRIDGE

static struct sock_filter nothing_passes[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
static const struct sock_fprog deaf = {.len = 1, .filter = nothing_passes};

static int start(void **state)
{
	(void)state;
	return unshare(CLONE_NEWNET);
}

static int change(struct nft *n, const char *chain)
{
	nft_begin(n);
	nft_table(n, FAMILY, "t", 0);
	nft_chain(n, chain, true);
	return nft_commit(n);
}

static struct nft *opened(void)
{
	struct nft *n;

	assert_int_equal(nft_open(&n), 0);
	return n;
}

/* An nft whose socket receives nothing, as if another process had read all answers. */
static struct nft *unanswered(void)
{
	struct nft *n = opened();
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &deaf, sizeof(deaf)), 0);
	assert_int_equal(dup2(fd, nft_fd(n)), nft_fd(n));
	close(fd);
	return n;
}

static void the_filter_is_locked(void **state)
{
	struct nft *n = opened();
	int off = 0;

	(void)state;
	assert_int_equal(setsockopt(nft_fd(n), SOL_SOCKET, SO_ATTACH_FILTER, &deaf, sizeof(deaf)), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(setsockopt(nft_fd(n), SOL_SOCKET, SO_LOCK_FILTER, &off, sizeof(off)), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(change(n, "locked"), 0);
	assert_int_equal(change(n, "locked"), -EEXIST);
	nft_close(n);
}

/* The kernel executes the request, but its answer is lost: the caller learns neither of success nor of an error. */
static void no_answer(void **state)
{
	struct nft *n = unanswered(), *other = opened();

	(void)state;
	alarm(120); /* a call that waits for ever fails the test */
	assert_int_equal(change(n, "unanswered"), NFT_NO_ANSWER);
	assert_int_equal(nft_has_chain(other, FAMILY, "t", "unanswered"), 1);
	assert_int_equal(nft_has_chain(n, FAMILY, "t", "unanswered"), NFT_NO_ANSWER);
	assert_int_equal(nft_chain_kind(n, FAMILY, "t", "unanswered"), NFT_NO_ANSWER);
	assert_int_equal(nft_count_rules(n, FAMILY, "t", "unanswered"), NFT_NO_ANSWER);
	assert_int_equal(nft_vmap_is_empty(n, FAMILY, "t", "m"), NFT_NO_ANSWER);
	assert_string_equal(nft_error(NFT_NO_ANSWER), "no answer came from the kernel");
	assert_string_equal(nft_error(-ENOENT), "No such file or directory");
	alarm(0);
	nft_close(n);
	nft_close(other);
}

/* Sends a message to which the kernel answers with an error, as another process with the socket could. */
static void refused_message(int fd, uint32_t seq)
{
	const struct {
		struct nlmsghdr h;
		struct nfgenmsg g;
	} m = {.h = {.nlmsg_len = sizeof(m),
		     .nlmsg_type = NFNL_SUBSYS_COUNT << 8,
		     .nlmsg_flags = NLM_F_REQUEST,
		     .nlmsg_seq = seq}};

	assert_int_equal(send(fd, &m, sizeof(m), 0), sizeof(m));
}

/* Answers to other requests are ignored. */
static void others_answers(void **state)
{
	struct nft *n = opened();

	(void)state;
	refused_message(nft_fd(n), 1);
	assert_int_equal(change(n, "others"), 0);
	refused_message(nft_fd(n), 1);
	assert_int_equal(nft_has_chain(n, FAMILY, "t", "others"), 1);
	refused_message(nft_fd(n), 1);
	assert_int_equal(nft_chain_kind(n, FAMILY, "t", "others"), NFT_KIND_PLAIN);
	refused_message(nft_fd(n), 1);
	assert_int_equal(nft_count_rules(n, FAMILY, "t", "others"), 0);
	nft_close(n);
}

/* The answer is lost because the socket's buffer is full. The next one is not. */
static void a_full_socket(void **state)
{
	struct nft *n = opened();
	int room = 0;

	(void)state;
	assert_int_equal(setsockopt(nft_fd(n), SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)), 0);
	for (uint32_t i = 0; i < 100; i++)
		refused_message(nft_fd(n), i);
	assert_int_equal(change(n, "full"), NFT_NO_ANSWER);
	assert_int_equal(nft_has_chain(n, FAMILY, "t", "full"), 1);
	assert_int_equal(change(n, "full"), -EEXIST);
	nft_close(n);
}

/* A transaction that makes `count` chains and one whose name has `len` letters. */
static int make_many(struct nft *n, unsigned count, size_t len)
{
	char name[64];

	nft_begin(n);
	nft_table(n, FAMILY, "many", 0);
	for (unsigned i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "chain%05u", i);
		nft_chain(n, name, false);
	}
	memset(name, 'x', len);
	name[len] = 0;
	nft_chain(n, name, false);
	return nft_commit(n);
}

static int forget_many(struct nft *n)
{
	nft_begin(n);
	nft_use_table(n, FAMILY, "many");
	nft_table_delete(n, false);
	return nft_commit(n);
}

/*
 * A transaction is refused as too long, or it is done: also where its messages fit, and only the end of it does not.
 * The last name grows by one message's length in steps of its padding.
 */
static void no_room_for_the_end(void **state)
{
	unsigned fits = 0, most = 20000;
	struct nft *n = opened();
	int refused = 0, err;

	(void)state;
	while (most - fits > 1) {
		unsigned half = (fits + most) / 2;
		err = make_many(n, half, 1);
		assert_true(err == 0 || err == -ENOBUFS);
		*(err ? &most : &fits) = half;
		if (!err)
			assert_int_equal(forget_many(n), 0);
	}
	for (size_t len = 1; len < 60; len += 4) {
		err = make_many(n, fits, len);
		assert_true(err == 0 || err == -ENOBUFS);
		refused += err != 0;
		if (!err)
			assert_int_equal(forget_many(n), 0);
	}
	assert_true(refused);
	nft_close(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_filter_is_locked), cmocka_unit_test(no_answer),
	    cmocka_unit_test(others_answers),       cmocka_unit_test(a_full_socket),
	    cmocka_unit_test(no_room_for_the_end),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, start, NULL);
}
