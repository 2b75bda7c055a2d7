// SPDX-License-Identifier: MIT
/*
 * init: the mail's counterexample on a kernel as it is. A process maps the device privately, with the frame that the allocator is likely
 * to hand out next as offset, writes, and shows what the kernel makes of the copy; others count how often the guess is right.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include "mail_abi.h"

#define PAGE 4096UL
#define TRIES 50
#define MAPPINGS 3000

static int fd;

static uint64_t predict(void)
{
	struct mail_frame f = { 0 };

	ioctl(fd, MAIL_PREDICT, &f);
	return f.pfn;
}

static volatile char *map(uint64_t offset)
{
	void *p = mmap64(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, (off64_t)(offset * PAGE));

	if (p == MAP_FAILED) {
		printf("mail: mmap: %s\n", strerror(errno));
		_exit(1);
	}
	return p;
}

static struct mail_look look(volatile char *p)
{
	struct mail_look l = { .addr = (unsigned long)p };

	if (ioctl(fd, MAIL_LOOK, &l) < 0)
		printf("mail: look: %s\n", strerror(errno));
	return l;
}

static int64_t rss_anon(void)
{
	struct mail_look l = { 0 };

	ioctl(fd, MAIL_LOOK, &l);
	return l.rss_anon;
}

static void show(const char *what, int64_t pfn)
{
	if (pfn == MAIL_NULL)
		printf("mail: %s NULL\n", what);
	else if (pfn == MAIL_UNKNOWN)
		printf("mail: %s is not there\n", what);
	else
		printf("mail: %s the page of pfn %llx\n", what, (long long)pfn);
}

/* The lines of one VMA of /proc/self/smaps, as they are. */
static void smaps(volatile char *p)
{
	static char line[256];
	unsigned long first, end;
	int inside = 0;
	FILE *f = fopen("/proc/self/smaps", "r");

	while (f && fgets(line, sizeof line, f)) {
		if (sscanf(line, "%lx-%lx ", &first, &end) == 2)
			inside = (unsigned long)p >= first && (unsigned long)p < end;
		if (inside)
			printf("%s", line);
	}
	if (f)
		fclose(f);
}

static void show_fork(volatile char *p)
{
	int pid = fork();

	if (pid == 0) {
		struct mail_look l = look(p);

		printf("mail: in the child of a fork: refcount %lld mapcount %lld\n", (long long)l.refcount, (long long)l.mapcount);
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

/* One mapping whose copy lands on the frame that vm_pgoff names, looked at from all sides. */
static void accident(void)
{
	struct mail_look l;
	struct mail_frame f;
	volatile char *p;
	int64_t before = 0;
	int i;

	/* what printf() and the C library need is there before anything is counted */
	smaps((volatile char *)&l);
	printf("mail: ----\n");
	fflush(stdout);
	for (i = 1; i <= TRIES; i++) {
		uint64_t guess = predict();

		before = rss_anon();
		p = map(guess);
		p[0] = 1;
		l = look(p);
		if (l.pfn == guess)
			break;
		munmap((void *)p, PAGE);
	}
	printf("mail: try %d: vm_pgoff %llx, the copy is pfn %llx\n", i, (long long)l.vm_pgoff, (long long)l.pfn);
	show("vm_normal_page()", l.vm_normal_page);
	show("folio_walk_start()", l.folio_walk);
	printf("mail: PageAnon %lld refcount %lld mapcount %lld\n", (long long)l.is_anon, (long long)l.refcount,
	       (long long)l.mapcount);
	printf("mail: MM_ANONPAGES %+lld since before mmap()\n", (long long)(l.rss_anon - before));
	fflush(stdout);
	smaps(p);
	fflush(stdout);
	show_fork(p);
	before = rss_anon();
	munmap((void *)p, PAGE);
	f.pfn = l.pfn;
	ioctl(fd, MAIL_FRAME, &f);
	printf("mail: after munmap(): refcount %lld mapcount %lld\n", (long long)f.refcount, (long long)f.mapcount);
	printf("mail: MM_ANONPAGES %+lld by munmap()\n", (long long)(rss_anon() - before));
	fflush(stdout);
}

/* The largest piece of RAM, in frames. */
static void ram(uint64_t *first, uint64_t *frames)
{
	static char line[256];
	unsigned long long from, to;
	FILE *f = fopen("/proc/iomem", "r");

	*first = *frames = 0;
	while (f && fgets(line, sizeof line, f))
		if (strstr(line, ": System RAM") && sscanf(line, "%llx-%llx", &from, &to) == 2 && (to - from) / PAGE > *frames) {
			*first = from / PAGE;
			*frames = (to - from) / PAGE;
		}
	if (f)
		fclose(f);
}

/* How often the copy lands on the frame that was guessed, and how often the kernel takes it for raw. */
static void count(const char *what)
{
	uint64_t first, frames, guess, last = 0, seed = 1;
	int i, hits = 0, raw = 0;

	ram(&first, &frames);
	for (i = 0; i < MAPPINGS; i++) {
		volatile char *p;
		struct mail_look l;

		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		guess = strcmp(what, "freed last") == 0 ? predict() :
			strcmp(what, "of the copy before") == 0 ? last : first + (seed >> 33) % frames;
		p = map(guess);
		p[0] = 1;
		l = look(p);
		last = l.pfn;
		hits += l.pfn == guess;
		raw += l.vm_normal_page == MAIL_NULL;
		munmap((void *)p, PAGE);
	}
	printf("mail: guess %s: %d of %d copies on the frame in vm_pgoff, %d taken for raw\n", what, hits, MAPPINGS, raw);
	fflush(stdout);
}

/* Each in a process of its own: what it leaves behind is reported when it exits. */
static void apart(void (*work)(const char *), const char *what)
{
	int pid = fork();

	if (pid == 0) {
		work(what);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	usleep(100000);
}

static void one(const char *unused) { (void)unused; accident(); }

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

static int insert(void)
{
	char parameters[128];

	snprintf(parameters, sizeof parameters, "vm_normal_page=0x%lx folio_walk_start=0x%lx", symbol("vm_normal_page"),
		 symbol("folio_walk_start"));
	return syscall(SYS_finit_module, open("/mail.ko", O_RDONLY), parameters, 0) < 0 ? -errno : 0;
}

int main(void)
{
	struct utsname u;
	int r;

	mkdir("/proc", 0755);
	mkdir("/dev", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	r = open("/dev/console", O_RDWR);
	dup2(r, 0);
	dup2(r, 1);
	dup2(r, 2);
	setvbuf(stdout, NULL, _IOLBF, 4096);
	uname(&u);
	printf("\nmail: begin %s %s\n", u.release, u.machine);
	r = insert();
	fd = open("/dev/demo", O_RDWR);
	if (r || fd < 0)
		printf("mail: no module (%d)\n", r);
	else {
		apart(one, "");
		apart(count, "freed last");
		apart(count, "of the copy before");
		apart(count, "at random");
	}
	printf("mail: end\npfnmap: done\n");
	fflush(stdout);
	reboot(RB_POWER_OFF);
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}
