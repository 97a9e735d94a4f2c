/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who the VM is, and the disk image that tells a guest which identifier its key gave it (RFC 7217). */
#include "base/cleanup.h"
#include "cli/session_priv.h"
#include "host/image.h"
#include "host/stable.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The key is in memory for as long as this takes, and in no other process. */
static int make_stable(struct session *s, struct report *r)
{
	bool whole = binding_has(&s->binding, BINDING_STABLE_KEY);
	struct stable_key key;
	struct in6_addr made;
	int err = stable_key_read(s->o->key, &key, r);

	if (!err)
		err = stable_address(&key, whole, &s->id.ip6, s->id.mac, &made, r);
	stable_key_wipe(&key);
	if (!err)
		s->id.ip6.addr = made;
	return err;
}

/* Sets the absolute path of the image, so that the hypervisor and whoever cleans up find it from any directory. */
static int place_image(struct session *s, struct report *r)
{
	const char *dir = s->o->image_dir ? s->o->image_dir : ".";
	_cleanup_(cleanup_free) char *real = realpath(dir, NULL);

	if (!real)
		return report_fail(r, errno, "-d %s: the image's directory: %s; %s", dir, strerror(errno),
				   errno == ENOENT ? "make it or name another" : "name another");
	/* A line break would end the record, and qemu takes a comma for the end of a file's name. */
	for (const char *c = real; *c; c++)
		if (*c == ',' || iscntrl((unsigned char)*c))
			return report_fail(
			    r, EINVAL,
			    "-d %s: the hypervisor takes no file with a comma or control character in its name; name "
			    "another directory",
			    real);
	int len = snprintf(s->info.image, sizeof(s->info.image), "%s/rdiscd_%s.img", strcmp(real, "/") == 0 ? "" : real,
			   s->o->iface);
	if (len >= (int)sizeof(s->info.image))
		return report_fail(r, ENAMETOOLONG, "-d %s: this path is too long", dir);
	return 0;
}

int session_identity(struct session *s, struct report *r)
{
	const struct options *o = s->o;
	struct identity *id = &s->id;

	*id = (struct identity){.has4 = o->has4,
				.ip4 = o->ip4,
				.has6 = o->has6,
				.ip6 = o->ip6,
				.mode6 = o->mode6,
				.refusal4 = o->refusal4,
				.refusal6 = o->refusal6};
	memcpy(id->iface, o->iface, sizeof(id->iface));
	memcpy(id->bridge, o->bridge, sizeof(id->bridge));
	memcpy(id->mac, o->mac, MAC_LEN);
	if (!o->key)
		return 0;
	int err = make_stable(s, r);
	return err ? err : place_image(s, r);
}

/* The volume's name, which says whose image it is: the network namespace; the interface is in the file's name. */
static void make_label(unsigned long folder, char label[static IMAGE_LABEL])
{
	snprintf(label, IMAGE_LABEL, "fold-%lu", folder);
}

/*
 * True for an image that fold made and whose VM is gone. In this network namespace that is so for any, because the
 * interface is claimed: no other VM has that name.
 */
static bool is_left_over(const struct session *s, char label[static IMAGE_LABEL])
{
	char own[IMAGE_LABEL], key[sizeof(SESSION_CLAIM) + IFNAMSIZ], after = 0;
	unsigned long folder;

	if (!image_label(s->info.image, label) || sscanf(label, "fold-%lu%c", &folder, &after) != 1)
		return false;
	make_label(claim_folder(), own);
	snprintf(key, sizeof(key), SESSION_CLAIM "%s", s->info.iface);
	return strcmp(label, own) == 0 || claim_look(folder, key, NULL, 0) != CLAIM_LIVE;
}

int session_image(struct session *s, struct report *r)
{
	char label[IMAGE_LABEL], old[IMAGE_LABEL];
	struct image image = {.path = s->info.image,
			      .label = label,
			      .uid = s->hypervisor.uid,
			      .gid = s->hypervisor.gid};
	uint32_t inode = 0;

	if (!s->o->key)
		return 0;
	int err = session_note(s, SESSION_NOTE_IMAGE, 1);
	if (err)
		return report_fail(r, -err, "the keeper process: %s", strerror(-err));
	make_label(claim_folder(), label);
	err = image_write(&image, &s->id.ip6, &inode, r);
	if (err == -EEXIST && is_left_over(s, old) && image_remove(s->info.image, old, 0) == 0)
		err = image_write(&image, &s->id.ip6, &inode, r);
	if (err)
		return err;
	/* From here on fold knows the image by its inode, because the guest can change the volume's name in it. */
	s->info.inode = inode;
	session_record(s);
	err = session_note(s, SESSION_NOTE_INODE, (int32_t)inode);
	return err ? report_fail(r, -err, "the keeper process: %s", strerror(-err)) : 0;
}

int session_remove_image(unsigned long folder, const char *path, uint32_t inode)
{
	char label[IMAGE_LABEL];

	make_label(folder, label);
	return image_remove(path, label, inode);
}
