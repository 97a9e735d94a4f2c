/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A main for the fuzz targets where there is no libFuzzer: it gives each file on the
 * command line to the target once. A target that finds a fault aborts, and so fails the run.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX ((size_t)1 << 20)

/* Gives one file to the target. Returns 0, or 1 if the file cannot be read. */
static int replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *whole = f ? malloc(INPUT_MAX) : NULL;
	uint8_t *exact = NULL;
	int rc = 1;

	if (!whole)
		goto out;
	size_t len = fread(whole, 1, INPUT_MAX, f);
	if (ferror(f) || !feof(f))
		goto out;
	/* A heap block of exactly the input's size, so that the sanitizer sees a read past its end. */
	exact = malloc(len ? len : 1);
	if (!exact)
		goto out;
	for (size_t i = 0; i < len; i++)
		exact[i] = whole[i];
	LLVMFuzzerTestOneInput(exact, len);
	rc = 0;
out:
	free(exact);
	free(whole);
	if (f)
		fclose(f);
	return rc;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: %s <input>...\n", argv[0]);
		return 2;
	}
	printf("1..%d\n", argc - 1);
	for (int i = 1; i < argc; i++) {
		int rc = replay(argv[i]);
		printf("%s %d - %s\n", rc ? "not ok" : "ok", i, argv[i]);
		if (rc)
			printf("# cannot be read, or longer than %zu octets\n", INPUT_MAX);
		fflush(stdout);
		failed |= rc;
	}
	return failed;
}
