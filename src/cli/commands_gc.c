/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fold gc: removes what is left of a fold that was killed in this network namespace or in one that no longer exists,
 * and the copies of bindings that a power cut left.
 */
#include "base/log.h"
#include "cli/commands.h"
#include "cli/session.h"
#include "guest/config.h"
#include "host/claim.h"
#include "host/weave_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_vm(const char *key, const char *text, struct session_info *out)
{
	return strncmp(key, SESSION_CLAIM, strlen(SESSION_CLAIM)) == 0 && session_info_parse(text, out);
}

static bool is_weave_name(const char *key)
{
	return strncmp(key, WEAVE_NAME_CLAIM, strlen(WEAVE_NAME_CLAIM)) == 0;
}

static void say_cleaned(const struct session_info *i)
{
	printf("%s: cleaned up after fold %d\n", i->iface, i->pid);
}

static bool collect(void *arg, const char *key, const char *text, bool live)
{
	struct session_info i;

	(void)arg;
	if (live)
		return false;
	if (is_weave_name(key))
		return weave_name_clean(key + strlen(WEAVE_NAME_CLAIM), text);
	if (is_vm(key, text, &i)) {
		if (!session_clean(&i))
			return false;
		say_cleaned(&i);
	}
	return true;
}

/*
 * For a network namespace that no longer exists. Only files are left of it: the kernel removed the tap and the rules
 * with it, and its Weave router, if it had one, cannot be reached from here.
 */
static bool collect_files(void *arg, const char *key, const char *text, bool live)
{
	const unsigned long *folder = arg;
	struct session_info i;

	if (live)
		return false;
	if (is_vm(key, text, &i)) {
		if (!session_clean_files(&i, *folder))
			return false;
		say_cleaned(&i);
	}
	return true;
}

static void collect_folder(void *arg, unsigned long folder)
{
	const unsigned long *own = arg;

	if (folder != *own && claim_folder_is_over(folder))
		claim_each_in(folder, "", collect_files, &folder);
}

static bool collect_copy(void *arg, const char *iface)
{
	(void)arg;
	printf("%s: its copy of a binding is removed\n", iface);
	return true;
}

int command_gc(int argc, char **argv)
{
	unsigned long own = claim_folder();
	struct report r = {.warn = report_quiet};
	struct config c;
	int bad = command_no_more_words(argc, argv);

	if (bad)
		return bad;
	int err = claim_each("", collect, NULL);
	if (err < 0)
		return command_no_claims(err);
	claim_folders(collect_folder, &own);
	if (config_load_chosen(&c, &r) < 0) {
		log_err("%s", r.msg);
		return FOLD_EXIT_FAILED;
	}
	session_each_left_copy(c.datapath, collect_copy, NULL);
	config_free(&c);
	return EXIT_SUCCESS;
}
