// SPDX-License-Identifier: MIT
/* Runs the kernel's own test of PFN mappings, /selftest, on the memory that there is, each time in a process with a time limit. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include "lit_sys.h"

#define SECONDS 60
#define WINDOW_FILE "/sys/bus/pci/devices/0000:00:01.0/resource2"

static void target(const char *name, const char *file)
{
	int status = 0, pid;

	printf("selftest: begin %s\n", name);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		alarm(SECONDS);
		execl("/selftest", "selftest", "--", file, (char *)0);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	printf("selftest: end %s %d\n", name, status);
	fflush(stdout);
	tcdrain(STDOUT_FILENO);
}

/* Whether /proc/iomem names RAM: of /dev/mem the test takes the first that it finds there. */
static int ram_is_listed(void)
{
	FILE *f = fopen("/proc/iomem", "re");
	char line[128];
	int found = 0;

	while (f && !found && fgets(line, sizeof line, f))
		found = strstr(line, "System RAM\n") != NULL;
	if (f)
		fclose(f);
	return found;
}

/* Under another name /dev/mem is mapped from its beginning on: User-mode Linux lists no RAM, and has it there. */
static const char *memory(void)
{
	if (ram_is_listed() || mknod("/memory", S_IFCHR | 0600, makedev(1, 1)) < 0)
		return "/dev/mem";
	return "/memory";
}

void lit_selftest(int window)
{
	printf("\nselftest: start\n");
	target("ram", memory());
	if (window)
		target("mmio", WINDOW_FILE);
	printf("selftest: done\n");
}
