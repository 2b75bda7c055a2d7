// SPDX-License-Identifier: MIT
/* What the kernel says while a test runs: reports, WARN and BUG, put down to the API they happened in. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lit_sys.h"

struct lit_log lit_log;
static int kmsg = -1;
/* the APIs that threads are in, outermost first */
static char stack[LIT_SLOTS][8][LIT_NAME];
static int depth[LIT_SLOTS], last;

void lit_log_open(void)
{
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	lseek(kmsg, 0, SEEK_END);
}

void lit_log_clear(void)
{
	lit_log_read();
	memset(&lit_log, 0, sizeof lit_log);
	memset(depth, 0, sizeof depth);
	last = 0;
}

/* The innermost one: what the driver has called, else the system call. */
static const char *api(void)
{
	int n = depth[last] < 8 ? depth[last] : 8;

	return n > 0 ? stack[last][n - 1] : "none";
}

static void marker(const char *m)
{
	int slot = atoi(m + 5);

	if (slot < 0 || slot >= LIT_SLOTS)
		return;
	last = slot;
	if (m[3] == '>') {
		if (depth[slot] < 8)
			snprintf(stack[slot][depth[slot]], LIT_NAME, "%s", strchr(m + 5, ' ') ? strchr(m + 5, ' ') + 1 : "");
		depth[slot]++;
	} else if (depth[slot] > 0)
		depth[slot]--;
}

static void warned(void)
{
	char word[LIT_NAME + 4];

	snprintf(word, sizeof word, " %s ", api());
	if (!strstr(lit_log.warned, word))
		strncat(lit_log.warned, word, sizeof lit_log.warned - strlen(lit_log.warned) - 1);
}

static int oopses(const char *m)
{
	return strstr(m, "Unable to handle kernel") || strncmp(m, "BUG: unable to handle", 21) == 0 || strncmp(m, "BUG: kernel NULL", 16) == 0;
}

static void line(char *m)
{
	char *val = strstr(m, "val:");

	if (strncmp(m, "lit> ", 5) == 0 || strncmp(m, "lit< ", 5) == 0)
		marker(m);
	else if (strstr(m, "Bad page map in process"))
		lit_log.bad_map++;
	else if (strstr(m, "Bad page state in process"))
		lit_log.bad_page++;
	else if (strstr(m, "Bad rss-counter") && val) {
		if (strstr(m, "MM_ANONPAGES"))
			lit_log.bad_anon += atoi(val + 4);
		else if (strstr(m, "MM_FILEPAGES"))
			lit_log.bad_file += atoi(val + 4);
	} else if (strncmp(m, "WARNING: ", 9) == 0) {
		/* a task that a BUG has killed exits with interrupts off, of which arm64 warns: that is no news */
		if (!lit_log.bug)
			warned();
	} else if (strncmp(m, "kernel BUG at ", 14) == 0) {
		lit_log.bug = 1;
		snprintf(lit_log.bug_at, sizeof lit_log.bug_at, "%s", m + 14);
	} else if (!lit_log.bug && oopses(m)) {
		/* a task that a BUG has killed may well oops on its way out: that is no news */
		lit_log.oops = 1;
	}
}

void lit_log_read(void)
{
	static char text[8192];
	ssize_t n;

	while ((n = read(kmsg, text, sizeof text - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		char *m;

		if (n < 0)
			continue;
		text[n] = 0;
		m = strchr(text, ';');
		if (!m)
			continue;
		m[1 + strcspn(m + 1, "\n")] = 0;
		if (strncmp(m + 1, "[", 1) == 0 || strncmp(m + 1, "litmus: ", 8) == 0)
			m += strcspn(m, " ");
		line(m + 1);
	}
}
