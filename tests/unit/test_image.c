/* SPDX-License-Identifier: GPL-2.0-or-later */
/* image: what e2fsprogs reads in it, and which files image_remove() removes. */
#include "report_catch.h"

#include "host/image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct catch c;
static char dir[64], path[128];

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/fold-image-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/rdiscd_vm0.img", dir);
	return 0;
}

static int clear(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "find %s -mindepth 1 -delete", dir);
	return system(command);
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

static int write_for(const char *address, uint32_t *inode)
{
	const struct image i = {.path = path, .label = "fold-4026531833", .uid = geteuid(), .gid = getegid()};
	struct cidr6 a;

	catch_reset(&c);
	assert_true(cidr6_parse(address, &a));
	return image_write(&i, &a, inode, &c.r);
}

/* The output of a command, in which "%s" is replaced by the image's path. */
static const char *told(const char *command)
{
	static char out[4096];
	char line[256];

	snprintf(line, sizeof(line), "PATH=$PATH:/sbin:/usr/sbin; { %s; } 2>/dev/null", command);
	setenv("IMAGE", path, 1);
	FILE *f = popen(line, "r");
	assert_non_null(f);
	out[fread(out, 1, sizeof(out) - 1, f)] = 0;
	pclose(f);
	return out;
}

static int files(void)
{
	return atoi(told("ls -A \"${IMAGE%/*}\" | wc -l"));
}

static void what_is_in_it(void **state)
{
	uint32_t inode = 0;
	struct stat st;

	(void)state;
	assert_int_equal(write_for("fde5:824d:d315:3bb1:2364:d64a:2ab1:88bb/64", &inode), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 1440 * 1024);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal((uint32_t)st.st_ino, inode);
	assert_true(st.st_blocks * 512 >= 1440 * 1024);
	assert_int_equal(files(), 1);
	assert_string_equal(told("debugfs -R 'cat interface-id' $IMAGE"), "::2364:d64a:2ab1:88bb\n");
	assert_string_equal(told("debugfs -R 'cat interface-id-len' $IMAGE"), "64\n");
	assert_string_equal(told(
				"debugfs -R 'ls -l /' $IMAGE | awk '/interface-id/ { print $2, $3, $4, $5, $6, $NF }'"),
			    "100400 (1) 0 0 22 interface-id\n100400 (1) 0 0 3 interface-id-len\n");
	assert_string_equal(told("e2fsck -fn $IMAGE >/dev/null; echo $?"), "0\n");
	assert_string_equal(
	    told("dumpe2fs -h $IMAGE | awk -F: '/features|Block (count|size)/ { print $2 + 0, $2 }' | tr "
		 "-s ' '"),
	    "0 filetype\n1440 1440\n1024 1024\n");
}

static void identifiers(void **state)
{
	static const struct {
		const char *address, *id, *len;
	} cases[] = {
	    {"fde5:824d:d315:3bb1::1/64", "::1\n", "64\n"},
	    {"fde5:824d:d315:3bb1:ffff:ffff:ffff:ffff/64", "::ffff:ffff:ffff:ffff\n", "64\n"},
	    {"fde5:824d:d315:3bb1:1:0:0:0/64", "::1:0:0:0\n", "64\n"},
	    {"fde5:824d:d315:3bb1:1234:5678:9abc:def0/60", "::1:1234:5678:9abc:def0\n", "68\n"},
	};
	uint32_t inode;

	(void)state;
	for (size_t n = 0; n < sizeof(cases) / sizeof(cases[0]); n++) {
		assert_int_equal(write_for(cases[n].address, &inode), 0);
		assert_string_equal(told("debugfs -R 'cat interface-id' $IMAGE"), cases[n].id);
		assert_string_equal(told("debugfs -R 'cat interface-id-len' $IMAGE"), cases[n].len);
		assert_int_equal(image_remove(path, "", inode), 0);
	}
}

static void put(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void what_is_there_stays(void **state)
{
	char other[128];
	uint32_t inode = 7;

	(void)state;
	put(path, "mine");
	assert_int_equal(write_for("fde5::1/64", &inode), -EEXIST);
	assert_non_null(strstr(c.r.msg, path));
	assert_int_equal(image_remove(path, "fold-4026531833", 0), 0);
	assert_string_equal(told("cat $IMAGE"), "mine");
	assert_int_equal(files(), 1);
	clear(NULL);
	/* A symbolic link is not followed, whatever its target is. */
	snprintf(other, sizeof(other), "%s/other", dir);
	put(other, "other");
	assert_int_equal(symlink("other", path), 0);
	assert_int_equal(write_for("fde5::1/64", &inode), -EEXIST);
	assert_int_equal(image_remove(path, "fold-4026531833", 0), 0);
	assert_string_equal(told("cat $IMAGE"), "other");
	assert_int_equal(unlink(other), 0);
	assert_int_equal(write_for("fde5::1/64", &inode), -EEXIST);
	assert_int_equal(files(), 1);
	clear(NULL);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(write_for("fde5::1/64", &inode), -EEXIST);
	assert_int_equal(image_remove(path, "fold-4026531833", 0), 0);
	assert_int_equal(files(), 1);
}

/* The temporary file's name, which only a killed writer leaves: a link at that path must not be followed. */
static void the_temporary_name(void **state)
{
	char name[128], other[128];
	uint32_t inode;
	struct stat st;

	(void)state;
	snprintf(name, sizeof(name), "%s/.rdiscd_vm0.img.new", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	put(other, "other");
	assert_int_equal(symlink("other", name), 0);
	assert_int_equal(write_for("fde5::1/64", &inode), 0);
	assert_int_equal(stat(other, &st), 0);
	assert_int_equal(st.st_size, 5);
	assert_int_equal(files(), 2);
	put(name, "half");
	assert_int_equal(image_remove(path, "", inode), 0);
	assert_int_equal(files(), 1);
}

static void labels(void **state)
{
	char label[IMAGE_LABEL] = "untouched";
	uint32_t inode;

	(void)state;
	assert_false(image_label(path, label));
	put(path, "mine");
	assert_false(image_label(path, label));
	clear(NULL);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(image_label(path, label));
	clear(NULL);
	assert_string_equal(label, "untouched");
	assert_int_equal(write_for("fde5::1/64", &inode), 0);
	assert_true(image_label(path, label));
	assert_string_equal(label, "fold-4026531833");
	/* With another label, an image is not removed if its inode is unknown or another one. */
	assert_int_equal(image_remove(path, "fold-1", 0), 0);
	assert_int_equal(image_remove(path, "fold-1", inode + 1), 0);
	assert_int_equal(files(), 1);
	assert_int_equal(image_remove(path, "fold-4026531833", 0), 0);
	assert_int_equal(files(), 0);
	assert_int_equal(image_remove(path, "fold-4026531833", 0), 0);
}

/* A link to one of fold's images is not removed. */
static void a_link_to_one_of_ours(void **state)
{
	char other[128];
	uint32_t inode;

	(void)state;
	snprintf(other, sizeof(other), "%s/other", dir);
	assert_int_equal(write_for("fde5::1/64", &inode), 0);
	assert_int_equal(rename(path, other), 0);
	assert_int_equal(symlink("other", path), 0);
	assert_int_equal(image_remove(path, "fold-4026531833", inode), 0);
	assert_int_equal(files(), 2);
}

/* The guest may overwrite the whole image, so its label is not reliable. */
static void known_by_its_inode(void **state)
{
	uint32_t inode;

	(void)state;
	assert_int_equal(write_for("fde5::1/64", &inode), 0);
	told("dd if=/dev/zero of=$IMAGE bs=1024 count=1440 conv=notrunc");
	assert_int_equal(image_remove(path, "fold-4026531833", 0), 0);
	assert_int_equal(files(), 1);
	assert_int_equal(image_remove(path, "fold-4026531833", inode), 0);
	assert_int_equal(files(), 0);
}

static void directories_that_are_none(void **state)
{
	struct cidr6 a = {.len = 64};
	uint32_t inode;
	static const char *const names[] = {"/no/such/dir/rdiscd_vm0.img", "/proc/rdiscd_vm0.img", "/dev/null/x.img"};

	(void)state;
	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		const struct image i = {.path = names[n], .label = "fold-1"};
		catch_reset(&c);
		assert_true(image_write(&i, &a, &inode, &c.r) < 0);
		assert_non_null(strstr(c.r.msg, names[n]));
		assert_non_null(strstr(c.r.msg, "-d"));
		assert_int_equal(image_remove(names[n], "fold-1", 1), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(what_is_in_it, clear),
	    cmocka_unit_test_teardown(identifiers, clear),
	    cmocka_unit_test_teardown(what_is_there_stays, clear),
	    cmocka_unit_test_teardown(the_temporary_name, clear),
	    cmocka_unit_test_teardown(labels, clear),
	    cmocka_unit_test_teardown(a_link_to_one_of_ours, clear),
	    cmocka_unit_test_teardown(known_by_its_inode, clear),
	    cmocka_unit_test_teardown(directories_that_are_none, clear),
	};
	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
