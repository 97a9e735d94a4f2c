/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ask: asks a running fold a question. The question is a datagram to a socket under
 * CLAIM_DIR, which only root can reach. It carries the file descriptor that fold
 * writes the answer to, so fold needs no connection and never waits for the asker.
 */
#ifndef FOLD_HOST_ASK_H
#define FOLD_HOST_ASK_H

/* The path of the socket at which the VM of that interface, in this network namespace, is asked. */
#define ASK_PATH 108 /* as sockaddr_un has it */
void ask_path(unsigned long folder, const char *iface, char path[static ASK_PATH]);

/* Makes the socket at path and replaces one that a killed fold left. Its descriptor, non-blocking, or -errno. */
int ask_open(const char *path);
/* The descriptor that the next question brought, non-blocking, for the caller to write to and to close; -EAGAIN: no question. */
int ask_take(int fd);

/* Asks, and reads the answer to its end, for two seconds at most: octets read, with a NUL behind them, or -errno. */
int ask(const char *path, char *answer, unsigned size);

#endif
