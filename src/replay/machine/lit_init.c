// SPDX-License-Identifier: MIT
/* init of the machine: loads the module, and does what /jobs says, line by line. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "lit_sys.h"

/* the kernel falls silent after 60 reports of a kind: before that the machine starts anew */
#define MAX_REPORTS 30
/* what debugfs has for letting warn again what warns but once; a kernel without it has the module clear the marks */
#define WARN_ONCE "/sys/kernel/debug/clear_warn_once"
/* bytes of the window of no memory */
#define WINDOW 0x1000000ULL

static uint64_t mmio_pfn;
static unsigned int mmio_frames;

static unsigned long symbol(const char *wanted)
{
	FILE *f = fopen("/proc/kallsyms", "r");
	char line[256], name[128], type;
	unsigned long at, found = 0;

	while (f && !found && fgets(line, sizeof line, f))
		if (sscanf(line, "%lx %c %127s", &at, &type, name) == 3 && strcmp(name, wanted) == 0)
			found = at;
	if (f)
		fclose(f);
	return found;
}

static int insert_module(void)
{
	static const char *const names[] = { "vm_normal_page", "vm_normal_page_pmd", "folio_walk_start", "lru_add_drain", "lru_add_drain_all",
		"vmf_insert_mixed_mkwrite", "remap_vmalloc_range_partial", "__start_once", "__end_once" };
	int debugfs = access(WARN_ONCE, W_OK) == 0;
	char parameters[512] = "";
	size_t i, used = 0;
	int fd = open("/lit.ko", O_RDONLY | O_CLOEXEC);

	for (i = 0; i < sizeof names / sizeof *names - (debugfs ? 2 : 0); i++)
		used += snprintf(parameters + used, sizeof parameters - used, "%s=0x%lx ", names[i], symbol(names[i]));
	return syscall(SYS_finit_module, fd, parameters, 0) < 0 ? -errno : 0;
}

static void set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, value, strlen(value)) < 0)
		errno = 0;
	close(fd);
}

/* Each run is told of what warns but once. */
void lit_warn_again(void) { set(WARN_ONCE, "1"); }

static void mounts(void)
{
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sys", "/sys", "sysfs", 0, NULL);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("debug", "/sys/kernel/debug", "debugfs", 0, NULL);
}

/* Pages of a file that is no file of tmpfs are counted as the process's; so init goes on from there. */
static void move_to_tmpfs(char *self)
{
	static char text[4096];
	ssize_t n;
	int from, to;

	mkdir("/t", 0755);
	if (mount("t", "/t", "tmpfs", 0, NULL) < 0)
		return;
	from = open(self, O_RDONLY | O_CLOEXEC);
	to = open("/t/init", O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	while ((n = read(from, text, sizeof text)) > 0)
		if (write(to, text, n) != n)
			return;
	close(from);
	close(to);
	execl("/t/init", "/t/init", NULL);
}

/* Finds the window of no memory and switches its decoder on, which only PC firmware does. */
static void find_window(void)
{
	unsigned long long first, last;
	char path[64], line[256];
	int i;

	for (i = 0; i < 32 && !mmio_pfn; i++) {
		FILE *f;

		snprintf(path, sizeof path, "/sys/bus/pci/devices/0000:00:%02x.0/resource", i);
		f = fopen(path, "re");
		while (f && fgets(line, sizeof line, f))
			if (sscanf(line, "%llx %llx", &first, &last) == 2 && last - first == WINDOW - 1) {
				mmio_pfn = first >> 12;
				mmio_frames = WINDOW >> 12;
			}
		if (f)
			fclose(f);
		snprintf(path, sizeof path, "/sys/bus/pci/devices/0000:00:%02x.0/enable", i);
		if (mmio_pfn)
			set(path, "1");
	}
}

/*
 * A job is "TEST RUNS PREEMPTIONS FRAMES WANTED", the last being the number of outcomes after which more preemptions are pointless.
 * "record ID RUNS PREEMPTIONS FRAMES WANTED NUMBER..." gives test 0 a record to interpret. "mmio PFN COUNT" says where there is a
 * window of no memory, "window" that there is one. "selftest" runs the kernel's own test.
 */
static void job(char *line)
{
	struct lit_job j = { .mmio_pfn = mmio_pfn, .mmio_frames = mmio_frames };
	int record = strncmp(line, "record ", 7) == 0, n, k = 0;
	char *at = record ? line + 7 : line;

	if (sscanf(at, "%d %d %d %d %d%n", &j.id, &j.runs, &j.preemptions, &j.frames, &j.wanted, &n) != 5)
		return;
	if (!record && j.id >= lit_nprograms)
		return;
	j.program = record ? 0 : j.id;
	memset(lit_data, 0, sizeof lit_data);
	for (at += n; record && k < LIT_DATA && sscanf(at, "%d%n", lit_data + k, &n) == 1; k++)
		at += n;
	lit_test(&j);
}

static void jobs(void)
{
	FILE *f = fopen("/jobs", "re");
	char line[512];
	unsigned long long pfn;
	unsigned int count;

	while (f && lit_reports < MAX_REPORTS && fgets(line, sizeof line, f)) {
		if (sscanf(line, "mmio %llx %u", &pfn, &count) == 2) {
			mmio_pfn = pfn;
			mmio_frames = count;
			/* the window is a PCI device, and only PC firmware switches its decoder on */
			set("/sys/bus/pci/devices/0000:00:01.0/enable", "1");
		} else if (strcmp(line, "window\n") == 0) {
			find_window();
		} else if (strcmp(line, "selftest\n") == 0 && lit_selftest) {
			lit_selftest(mmio_pfn != 0);
		} else
			job(line);
	}
}

int main(int argc, char **argv)
{
	struct utsname u;
	struct rlimit none = { 0, 0 };
	int r;

	if (argc > 0 && strcmp(argv[0], "/t/init") != 0)
		move_to_tmpfs("/init");
	mounts();
	/* before mounts() init has no console that it could write to */
	r = open("/dev/console", O_RDWR);
	if (r >= 0) {
		dup2(r, 0);
		dup2(r, 1);
		dup2(r, 2);
	}
	setvbuf(stdout, NULL, _IOLBF, 4096);
	setrlimit(RLIMIT_CORE, &none);
	uname(&u);
	printf("LIT boot %s %s\n", u.release, u.machine);
	set("/proc/sys/kernel/printk_devkmsg", "on");
	/* the default of the configuration, which the kernel gives up on machines of less than 512 MB */
	set("/sys/kernel/mm/transparent_hugepage/enabled", "always");
	lit_shared = mmap(NULL, sizeof *lit_shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	lit_log_open();
	r = insert_module();
	lit_ctl = open(LIT_CTL, O_RDWR | O_CLOEXEC);
	if (r || lit_ctl < 0)
		printf("LIT error module %d control %d\n", r, lit_ctl);
	else
		jobs();
	printf("LIT end\npfnmap: done\n");
	fflush(stdout);
	sync();
	/* a reset would start User-mode Linux again */
	reboot(RB_POWER_OFF);
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}
