/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Decides who owns the file at the path of a VM's copy of its binding, and so whether fold may overwrite or remove it.
 * VMs with the same interface name in different network namespaces share this path, because they share the data path;
 * and the file there may not be fold's at all.
 */
#include "base/cleanup.h"
#include "cli/session_priv.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#define KEY_SIZE (sizeof(SESSION_CLAIM) + NAME_MAX)

enum copy_owner { COPY_OWN, COPY_ANOTHERS, COPY_UNKNOWN };

/*
 * Tells whether the copy is that of the VM with this MAC. Meanwhile it may have become the copy of a VM with the same
 * name in another network namespace, or a binding that is not fold's.
 */
static enum copy_owner whose_copy(const char *copy, const uint8_t mac[static MAC_LEN])
{
	struct report r = {.warn = report_quiet};
	enum copy_owner owner = COPY_UNKNOWN;
	struct binding b;

	if (binding_load(copy, BINDING_VM, &b, &r) < 0)
		return owner;
	if (binding_has(&b, BINDING_MAC))
		owner = memcmp(b.mac, mac, MAC_LEN) == 0 ? COPY_OWN : COPY_ANOTHERS;
	binding_free(&b);
	return owner;
}

static void claim_of(const char *iface, char key[static KEY_SIZE])
{
	snprintf(key, KEY_SIZE, SESSION_CLAIM "%s", iface);
}

struct search {
	char key[KEY_SIZE];
	unsigned long but;
	bool (*like)(const struct session_info *running, const void *arg);
	const void *arg;
	bool found;
};

static void search_folder(void *arg, unsigned long folder)
{
	struct search *f = arg;
	struct session_info running;
	char text[CLAIM_TEXT];

	if (!f->found && folder != f->but && claim_look(folder, f->key, text, sizeof(text)) == CLAIM_LIVE &&
	    session_info_parse(text, &running))
		f->found = f->like(&running, f->arg);
}

bool session_is_held(const char *iface, unsigned long but,
		     bool (*like)(const struct session_info *running, const void *arg), const void *arg)
{
	struct search f = {.but = but, .like = like, .arg = arg};

	claim_of(iface, f.key);
	claim_folders(search_folder, &f);
	return f.found;
}

static bool has_copy(const struct session_info *running, const void *path)
{
	return strcmp(running->copy, path) == 0;
}

static bool has_copy_and_mac(const struct session_info *running, const void *arg)
{
	const struct session_info *left = arg;

	return strcmp(running->copy, left->copy) == 0 && strcmp(running->mac, left->mac) == 0;
}

int session_check_copy(const struct session *s, struct report *r)
{
	const struct session_info *i = &s->info;
	struct stat copy, given;

	if (lstat(i->copy, &copy) < 0)
		return 0;
	if (s->o->binding && stat(s->o->binding, &given) == 0 && given.st_dev == copy.st_dev &&
	    given.st_ino == copy.st_ino)
		return report_fail(r, EEXIST,
				   "-b %s: the VM's copy of its binding would be this very file; keep it elsewhere",
				   s->o->binding);
	/*
	 * A copy that any fold made may be overwritten. Either it was left by a killed one, or it belongs to a VM that
	 * runs in another network namespace, whose fold writes it again when this VM has ended.
	 */
	if (whose_copy(i->copy, s->o->mac) == COPY_OWN || binding_is_copy(i->copy, i->iface) ||
	    session_is_held(i->iface, claim_folder(), has_copy, i->copy))
		return 0;
	return report_fail(
	    r, EEXIST,
	    "%s: is not this VM's, whose copy of its binding it would be; move it away, or choose another "
	    "name with -i",
	    i->copy);
}

int session_remove_copy(const struct session *s)
{
	return whose_copy(s->info.copy, s->o->mac) == COPY_ANOTHERS ? 0 : binding_remove_copy(s->info.copy);
}

void session_clean_copy(const struct session_info *left, unsigned long folder)
{
	uint8_t mac[MAC_LEN];

	if (left->copy[0] && mac_parse(left->mac, mac) && whose_copy(left->copy, mac) == COPY_OWN &&
	    !session_is_held(left->iface, folder, has_copy_and_mac, left))
		binding_remove_copy(left->copy);
}

/* True for a copy that a fold made, if no running VM uses it and this namespace has no claim for that interface. */
static bool is_left(const char *path, const char *iface, unsigned long own, enum claim_state own_claim)
{
	return own_claim == CLAIM_FREE && binding_is_copy(path, iface) && !session_is_held(iface, own, has_copy, path);
}

/* Holds the claim on the interface meanwhile, so that no fold of this namespace can start to use the copy. */
static void remove_left(const char *path, const char *iface, unsigned long own)
{
	struct claim c = CLAIM_NONE;
	struct report unused = {0};
	_cleanup_(cleanup_free) char *holder = NULL;
	char key[KEY_SIZE];

	claim_of(iface, key);
	if (claim_take(key, &c, &holder, &unused) < 0)
		return;
	/* A record: a fold has begun meanwhile, and was killed. The copy may be its own. */
	if (holder) {
		claim_close(&c);
		return;
	}
	if (is_left(path, iface, own, CLAIM_FREE))
		binding_remove_copy(path);
	claim_release(&c);
}

void session_each_left_copy(const char *datapath, bool (*each)(void *arg, const char *iface), void *arg)
{
	unsigned long own = claim_folder();
	DIR *d = opendir(datapath);

	for (const struct dirent *e; d && (e = readdir(d));) {
		_cleanup_(cleanup_free) char *path = NULL;
		char key[KEY_SIZE];

		if (e->d_name[0] == '.' || strlen(e->d_name) >= IFNAMSIZ)
			continue;
		claim_of(e->d_name, key);
		if (asprintf(&path, "%s/%s", datapath, e->d_name) >= 0 &&
		    is_left(path, e->d_name, own, claim_look(own, key, NULL, 0)) && each(arg, e->d_name))
			remove_left(path, e->d_name, own);
	}
	if (d)
		closedir(d);
}
