/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/doctor.h"

#include "base/json.h"
#include "base/log.h"
#include "cli/options.h"
#include "cli/session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const state_names[] = {[DOCTOR_OK] = "ok", [DOCTOR_WARN] = "warn", [DOCTOR_FAULT] = "fault"};

static void (*const checks[])(struct doctor *d) = {
    doctor_kernel, doctor_root,   doctor_rights,    doctor_files, doctor_tun,
    doctor_nft,    doctor_bridge, doctor_weave,     doctor_kvm,   doctor_hypervisor,
    doctor_config, doctor_places, doctor_resolvers, doctor_store, doctor_leftovers,
};

void doctor_found(struct doctor *d, const char *check, enum doctor_state state, const char *fmt, ...)
{
	char text[sizeof(((struct report *)0)->msg)];
	struct doctor_row *row = &d->rows[d->count < DOCTOR_ROWS ? d->count++ : DOCTOR_ROWS - 1];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	*row = (struct doctor_row){.check = check, .state = state};
	report_set(&row->found, "%s", text);
}

void doctor_mend(struct doctor *d, const char *fmt, ...)
{
	char text[sizeof(((struct report *)0)->msg)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	report_set(&d->rows[d->count - 1].mend, "%s", text);
}

const char *doctor_as_root(int err, const char *otherwise)
{
	if (err < 0)
		err = -err;
	return geteuid() != 0 && (err == EACCES || err == EPERM) ? "run this as root" : otherwise;
}

static void print_text(const struct doctor *d)
{
	for (const struct doctor_row *r = d->rows; r < d->rows + d->count; r++) {
		printf("%-5s  %-13s  %s\n", state_names[r->state], r->check, r->found.msg);
		if (r->mend.msg[0])
			printf("%22sdo: %s\n", "", r->mend.msg);
	}
}

static void print_json(const struct doctor *d)
{
	struct json j;

	json_start(&j, stdout);
	json_array(&j, NULL);
	for (const struct doctor_row *r = d->rows; r < d->rows + d->count; r++) {
		json_object(&j, NULL);
		json_string(&j, "check", r->check);
		json_string(&j, "state", state_names[r->state]);
		json_string(&j, "found", r->found.msg);
		json_string(&j, "do", r->mend.msg[0] ? r->mend.msg : NULL);
		json_end(&j);
	}
	json_end(&j);
}

/* from: the flag or variable that gave the name, for the error. */
static int set_bridge(struct doctor *d, const char *from, const char *name, struct report *r)
{
	if (!*name || strlen(name) >= sizeof(d->bridge) || strchr(name, '/'))
		return report_fail(r, EINVAL,
				   "%s%s: this cannot be a bridge's name; `" FOLD_COMMAND " doctor --help` shows how",
				   from, name);
	memcpy(d->bridge, name, strlen(name) + 1);
	return 0;
}

static int parse(int argc, char **argv, struct doctor *d, struct report *r)
{
	const char *env = getenv("FOLD_BRIDGE"), *named = NULL;

	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			d->json = true;
		else if (strcmp(argv[i], "--local") == 0)
			d->local = true;
		else if (strcmp(argv[i], "--bridge") == 0 && i + 1 < argc)
			named = argv[++i];
		else if (strncmp(argv[i], "--bridge=", 9) == 0)
			named = argv[i] + 9;
		else
			return report_fail(r, EINVAL,
					   "%s: not understood; `" FOLD_COMMAND
					   " doctor [--bridge NAME | --local] [--json]`",
					   argv[i]);
	}
	if (named && d->local)
		return report_fail(r, EINVAL, "--local: is a bridge of its own; leave out --bridge");
	if (d->local)
		return set_bridge(d, "--local: ", BRIDGE_LOCAL, r);
	if (named)
		return set_bridge(d, "--bridge ", named, r);
	return set_bridge(d, "FOLD_BRIDGE=", env && *env ? env : BRIDGE_DEFAULT, r);
}

int command_doctor(int argc, char **argv)
{
	struct doctor d = {0};
	struct report r = {0};
	int status = EXIT_SUCCESS;

	if (parse(argc, argv, &d, &r) < 0) {
		log_err("%s", r.msg);
		return FOLD_EXIT_USAGE;
	}
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		checks[i](&d);
	if (d.json)
		print_json(&d);
	else
		print_text(&d);
	for (size_t i = 0; i < d.count; i++)
		if (d.rows[i].state == DOCTOR_FAULT)
			status = EXIT_FAILURE;
	return status;
}
