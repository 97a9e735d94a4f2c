/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mail: what workers leave for the control thread: questions for other name servers, and acknowledged notifications. */
#ifndef FOLD_DHCPD_MAIL_H
#define FOLD_DHCPD_MAIL_H

#include "pkt/pkt.h"

#include <pthread.h>

/*
 * Letters in all, and of one VM. Without room a question is lost, and its client asks again; so no VM may fill the box
 * alone.
 */
#define MAIL_ROOM 1024
#define MAIL_EACH 64

enum mail_kind { MAIL_QUESTION, MAIL_ACKNOWLEDGED };

struct letter {
	enum mail_kind kind;
	int ifindex; /* of the VM that it is about */
	struct reply question;
};

struct mail {
	int fd; /* eventfd, readable when there are letters */
	pthread_mutex_t lock;
	struct letter *ring;
	unsigned first, count;
	uint64_t lost;
};

int mail_open(struct mail *m); /* 0 or -errno */
void mail_close(struct mail *m);

/* For any thread. question: NULL, or what answer_frame() left with ANSWER_FORWARD; copied. False without room. */
bool mail_post(struct mail *m, enum mail_kind kind, int ifindex, const struct reply *question);
/* For one thread. False if there is no letter. */
bool mail_take(struct mail *m, struct letter *out);

#endif
