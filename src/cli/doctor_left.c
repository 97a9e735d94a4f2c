/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The doctor's look at what a killed fold left, for `fold gc` to remove. */
#include "cli/doctor.h"
#include "cli/session.h"
#include "guest/config.h"
#include "host/claim.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct leftovers {
	unsigned count;
	unsigned copies;
	char vm[IFNAMSIZ];
	unsigned long own; /* claim_folder() */
};

static bool count_left(void *arg, const char *key, const char *text, bool live)
{
	struct leftovers *left = arg;
	struct session_info i;

	if (live)
		return false;
	left->count++;
	if (strncmp(key, SESSION_CLAIM, strlen(SESSION_CLAIM)) == 0 && session_info_parse(text, &i))
		memcpy(left->vm, i.iface, sizeof(left->vm));
	return false;
}

static void count_folder(void *arg, unsigned long folder)
{
	const struct leftovers *left = arg;

	if (folder != left->own && claim_folder_is_over(folder))
		claim_each_in(folder, "", count_left, arg);
}

static bool count_copy(void *arg, const char *iface)
{
	struct leftovers *left = arg;

	left->copies++;
	snprintf(left->vm, sizeof(left->vm), "%s", iface);
	return false;
}

static int count_all(struct leftovers *left)
{
	struct report unused = {.warn = report_quiet};
	struct config c;
	int err = claim_each("", count_left, left);

	if (err < 0)
		return err;
	claim_folders(count_folder, left);
	if (config_load_chosen(&c, &unused) == 0) {
		session_each_left_copy(c.datapath, count_copy, left);
		config_free(&c);
	}
	return 0;
}

void doctor_leftovers(struct doctor *d)
{
	struct leftovers left = {.own = claim_folder()};
	int err = count_all(&left);

	if (err < 0) {
		bool no_proc = err == -ENOENT; /* of /proc: a missing CLAIM_DIR is no error, for then no VM runs */
		doctor_found(d, "leftovers", no_proc ? DOCTOR_FAULT : DOCTOR_WARN, "%s: %s",
			     no_proc ? CLAIM_NAMESPACE : CLAIM_DIR, strerror(-err));
		doctor_mend(d, "%s",
			    no_proc ? "mount -t proc proc /proc" : doctor_as_root(err, "see to that directory"));
	} else if (left.count + left.copies) {
		doctor_found(d, "leftovers", DOCTOR_WARN,
			     "%u records and %u copies of bindings that a killed fold left%s%s", left.count,
			     left.copies, left.vm[0] ? ", of " : "", left.vm);
		doctor_mend(d, FOLD_COMMAND " gc");
	} else {
		doctor_found(d, "leftovers", DOCTOR_OK, "none");
	}
}
