// SPDX-License-Identifier: MIT
/* The system calls of tests: each is a step, gives -errno when it fails, and maps in the arena. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lit_sys.h"

struct lit_proc *lit_me;
struct lit_shared *lit_shared;
int lit_ctl = -1;

#define PAGE 4096UL
#ifdef SYS_futex
#define LIT_FUTEX SYS_futex
#else
#define LIT_FUTEX SYS_futex_time64
#endif

#define ERRNO(call) \
	({ \
		typeof(call) lit_c = (call); \
		lit_c < 0 ? -errno : lit_c; \
	})
#define STEP(name, type, call) \
	({ \
		lit_begin(name); \
		type lit_r = (type)(call); \
		lit_end(); \
		lit_r; \
	})

void lit_begin(const char *name)
{
	struct lit_step step;

	strncpy(step.name, name, sizeof step.name);
	/* after fork() the next write to this page takes a frame: not one of the step's */
	errno = 0;
	ioctl(lit_ctl, LITC_BEGIN, &step);
}

void lit_end(void) { ioctl(lit_ctl, LITC_END, 0); }

int lit_choose(int n) { return ioctl(lit_ctl, LITC_CHOOSE, (unsigned long)n); }

int lit_open(const char *path, int flags)
{
	char own[128];

	snprintf(own, sizeof own, "/dev/lit_%s", strncmp(path, "/dev/", 5) == 0 ? path + 5 : path);
	return STEP("open", int, ERRNO(open(own, flags)));
}
int lit_close(int fd) { return STEP("close", int, ERRNO(close(fd))); }
int lit_ioctl(int fd, unsigned int cmd, unsigned long arg) { return STEP("ioctl", int, ERRNO(ioctl(fd, cmd, arg))); }
int lit_munmap(void *a, unsigned long n) { return STEP("munmap", int, ERRNO(munmap(a, n))); }
int lit_mprotect(void *a, unsigned long n, int prot) { return STEP("mprotect", int, ERRNO(mprotect(a, n, prot))); }
int lit_madvise(void *a, unsigned long n, int advice) { return STEP("madvise", int, ERRNO(madvise(a, n, advice))); }
int lit_mlock(const void *a, unsigned long n) { return STEP("mlock", int, ERRNO(mlock(a, n))); }
int lit_munlock(const void *a, unsigned long n) { return STEP("munlock", int, ERRNO(munlock(a, n))); }
int lit_mlock2(const void *a, unsigned long n, int flags)
{
	return STEP("mlock2", int, ERRNO(syscall(SYS_mlock2, a, n, flags)));
}
int lit_mlockall(int flags) { return STEP("mlockall", int, ERRNO(mlockall(flags))); }
int lit_munlockall(void) { return STEP("munlockall", int, ERRNO(munlockall())); }
int lit_msync(void *a, unsigned long n, int flags) { return STEP("msync", int, ERRNO(msync(a, n, flags))); }
int lit_mincore(void *p)
{
	unsigned char *there = (unsigned char *)lit_shared->text;
	int r = STEP("mincore", int, ERRNO(mincore(p, PAGE, there)));

	return r < 0 ? r : *there & 1;
}

/* Registers and unregisters a range with a descriptor that is there already. */
static int uffd(int fd, void *p, unsigned long length)
{
	struct uffdio_register r = {
		.range = { .start = (unsigned long)p, .len = length },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (ioctl(fd, UFFDIO_REGISTER, &r) < 0)
		return -1;
	return ioctl(fd, UFFDIO_UNREGISTER, &r.range);
}

int lit_uffd_register(void *p, unsigned long length)
{
	struct uffdio_api api = { .api = UFFD_API };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC), r;

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) < 0)
		return fd < 0 ? -ENOSYS : -ENOTTY;
	r = STEP("uffd_register", int, ERRNO(uffd(fd, p, length)));
	close(fd);
	return r;
}
int lit_getpid(void) { return getpid(); }

static int mapped(unsigned long at) { return !(msync((void *)at, PAGE, MS_ASYNC) < 0 && errno == ENOMEM); }

/*
 * Where a mapping larger than the arena goes, such as one of PUD_SIZE: left to itself the kernel puts it where no leaf can lie, and leaves that
 * begin before it are SIGBUS. Only what asks about all pages of the arena does not see it.
 */
static unsigned long large_place(unsigned long length)
{
#if __SIZEOF_LONG__ == 8
	unsigned long at, i;

	for (at = LIT_LARGE; at + length <= LIT_LARGE_END; at += LIT_LARGE_STEP) {
		for (i = at; i < at + length && !mapped(i); i += (unsigned long)LIT_TABLE * PAGE)
			;
		if (i >= at + length)
			return at;
	}
#endif
	return 0;
}

/* The lowest free place of the arena, with a free page before and behind, where a leaf fits if the length is that of one. */
static unsigned long place(unsigned long length)
{
	unsigned long pages = (length + PAGE - 1) / PAGE, step = pages >= LIT_TABLE ? LIT_TABLE : 1, at, i;

	if (pages > LIT_ARENA_PAGES)
		return large_place(length);
	for (at = 0; at + pages <= LIT_ARENA_PAGES; at += step) {
		for (i = at > 0 ? at - 1 : 0; i <= at + pages; i++)
			if (mapped(LIT_ARENA + i * PAGE))
				break;
		if (i > at + pages)
			return LIT_ARENA + at * PAGE;
	}
	return 0;
}

static void *error_pointer(void *p) { return p == MAP_FAILED ? (void *)(long)-errno : p; }

void *lit_mmap(void *addr, unsigned long length, int prot, int flags, int fd, int64_t offset)
{
	if (!addr && !(flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))) {
		unsigned long at = place(length);

		if (at && length) {
			addr = (void *)at;
			/* MAP_SHARED_VALIDATE refuses flags that are newer than itself */
			flags |= (flags & MAP_TYPE) == MAP_SHARED_VALIDATE ? MAP_FIXED : MAP_FIXED_NOREPLACE;
		}
	}
	return STEP("mmap", void *, error_pointer(mmap64(addr, length, prot, flags, fd, offset)));
}

void *lit_mremap(void *addr, unsigned long from, unsigned long to, int flags, ...)
{
	va_list rest;
	void *target = NULL;

	if (flags & MREMAP_FIXED) {
		va_start(rest, flags);
		target = va_arg(rest, void *);
		va_end(rest);
	} else if ((flags & MREMAP_MAYMOVE) && to > from)
		target = (void *)place(to);
	return STEP("mremap", void *, error_pointer(mremap(addr, from, to, flags, target)));
}

/* A process gets a place of its own before it is made, so that its parent and it agree on its name. */
int lit_fork(void)
{
	struct lit_proc *me = lit_me;
	int n = __sync_fetch_and_add(&lit_shared->nprocs, 1), pid, first, looks;
	struct lit_proc *child = lit_shared->procs + n;

	if (n >= LIT_SLOTS)
		_exit(99);
	first = lit_choose(2);
	memcpy((void *)child, (void *)me, sizeof *child);
	child->parent = me - lit_shared->procs;
	child->nth = me->children + 1;
	/* until the child has said who it is there is nobody to look at */
	child->used = child->children = child->parked = child->waiting = child->dead = child->signal = 0;
	lit_begin("fork");
	pid = fork();
	if (pid == 0) {
		lit_me = child;
		child->pid = getpid();
		child->used = 1;
		close(lit_ctl);
		lit_ctl = open(LIT_CTL, O_RDWR | O_CLOEXEC);
		ioctl(lit_ctl, LITC_ENTER, (unsigned long)n);
		while (first == 0 && !me->parked && !me->dead && !me->waiting)
			lit_nap(200);
		return 0;
	}
	pid = ERRNO(pid);
	lit_end();
	if (pid < 0) {
		memset((void *)child, 0, sizeof *child);
		lit_shared->nprocs = n;
		return pid;
	}
	me->children++;
	while (!child->used)
		lit_nap(100);
	/* whether it has died costs more to find out */
	for (looks = 1; first == 1 && !child->parked && !child->waiting; looks++) {
		if (looks % 8 == 0 && lit_is_dead(pid))
			break;
		lit_nap(200);
	}
	return pid;
}

int lit_waitpid(int pid)
{
	int status = 0, r, i;

	lit_begin("waitpid");
	lit_me->waiting = 1;
	r = ERRNO(waitpid(pid, &status, 0));
	lit_me->waiting = 0;
	for (i = 0; i < LIT_SLOTS && r > 0; i++)
		if (lit_shared->procs[i].used && lit_shared->procs[i].pid == r) {
			lit_shared->procs[i].signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
			lit_shared->procs[i].dead = 1;
		}
	lit_end();
	return r;
}

void lit_exit(int status)
{
	lit_begin("exit");
	_exit(status);
}

long lit_process_vm_readv(int pid, void *local, void *remote, unsigned long n)
{
	struct iovec l = { local, n }, r = { remote, n };

	return STEP("process_vm_readv", long, ERRNO(process_vm_readv(pid, &l, 1, &r, 1, 0)));
}

long lit_process_vm_writev(int pid, void *local, void *remote, unsigned long n)
{
	struct iovec l = { local, n }, r = { remote, n };

	return STEP("process_vm_writev", long, ERRNO(process_vm_writev(pid, &l, 1, &r, 1, 0)));
}

int lit_gup(void *p, unsigned int flags)
{
	struct lit_gup g = { .addr = (unsigned long)p, .flags = flags };

	return STEP("gup", int, ERRNO(ioctl(lit_ctl, LITC_GUP, &g)));
}

int lit_gup_fast(void *p, unsigned int flags)
{
	struct lit_gup g = { .addr = (unsigned long)p, .flags = flags, .fast = 1 };

	return STEP("gup_fast", int, ERRNO(ioctl(lit_ctl, LITC_GUP, &g)));
}

int lit_futex(void *p) { return STEP("futex", int, ERRNO(syscall(LIT_FUTEX, p, 1 /* FUTEX_WAKE */, 1, NULL, NULL, 0))); }

/* The byte stays in the pipe: a copy of it is read. */
static int peek_pipe(int from)
{
	unsigned char *byte = (unsigned char *)lit_shared->text;
	int fd[2], r;

	if (pipe(fd) < 0)
		return -errno;
	r = ERRNO(tee(from, fd[1], 1, SPLICE_F_NONBLOCK));
	if (r > 0)
		r = ERRNO(read(fd[0], byte, 1));
	close(fd[0]);
	close(fd[1]);
	return r > 0 ? *byte : r;
}

int lit_read_pin(void *p)
{
	struct lit_gup g = { .addr = (unsigned long)p };
	int i, r;

	for (i = 0; i < LIT_PIPES; i++)
		if (lit_shared->pipes[i].addr == (unsigned long)p && lit_shared->pipes[i].pid == getpid())
			return STEP("read_pin", int, peek_pipe(lit_shared->pipes[i].fd[0]));
	r = STEP("read_pin", int, ERRNO(ioctl(lit_ctl, LITC_READ_PIN, &g)));
	return r < 0 ? r : (int)g.result;
}

int lit_put(void *p)
{
	struct lit_gup g = { .addr = (unsigned long)p };
	int i;

	for (i = 0; i < LIT_PIPES; i++)
		if (lit_shared->pipes[i].addr == (unsigned long)p && lit_shared->pipes[i].pid == getpid()) {
			lit_shared->pipes[i].addr = 0;
			close(lit_shared->pipes[i].fd[0]);
			close(lit_shared->pipes[i].fd[1]);
			return 0;
		}
	return STEP("put", int, ERRNO(ioctl(lit_ctl, LITC_PUT, &g)));
}

int lit_vmsplice(void *p)
{
	struct iovec v = { p, 1 };
	int fd[2], r, i;

	if (pipe(fd) < 0)
		return -errno;
	r = STEP("vmsplice", int, ERRNO(vmsplice(fd[1], &v, 1, 0)));
	if (r < 0)
		return r;
	for (i = 0; i < LIT_PIPES; i++)
		if (lit_shared->pipes[i].addr == 0) {
			lit_shared->pipes[i].addr = (unsigned long)p;
			lit_shared->pipes[i].pid = getpid();
			lit_shared->pipes[i].fd[0] = fd[0];
			lit_shared->pipes[i].fd[1] = fd[1];
			break;
		}
	return 0;
}

long lit_follow_pfnmap(void *p)
{
	struct lit_gup g = { .addr = (unsigned long)p };
	int r = STEP("follow_pfnmap", int, ERRNO(ioctl(lit_ctl, LITC_FOLLOW, &g)));

	return r < 0 ? r : (long)g.result;
}

int lit_hmm_range_fault(void *p, unsigned int request)
{
	struct lit_gup g = { .addr = (unsigned long)p, .flags = request };
	int r = STEP("hmm_range_fault", int, ERRNO(ioctl(lit_ctl, LITC_HMM, &g)));

	return r < 0 ? r : (int)g.result;
}

int lit_migrate_vma_setup(void *p)
{
	struct lit_gup g = { .addr = (unsigned long)p };

	return STEP("migrate_vma_setup", int, ERRNO(ioctl(lit_ctl, LITC_MIGRATE, &g)));
}

/* The files of /proc are read into shared memory: a page of the process's own would be counted. */
static char *read_all(const char *path)
{
	char *text = lit_shared->text;
	ssize_t n, used = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	while (fd >= 0 && used < LIT_TEXT - 1 && (n = read(fd, text + used, LIT_TEXT - 1 - used)) > 0)
		used += n;
	text[used] = 0;
	if (fd >= 0)
		close(fd);
	return text;
}

static unsigned long hex(const char **s)
{
	unsigned long n = 0;

	for (; **s; ++*s) {
		char c = **s;

		if (c >= '0' && c <= '9')
			n = n * 16 + (c - '0');
		else if (c >= 'a' && c <= 'f')
			n = n * 16 + (c - 'a' + 10);
		else
			break;
	}
	return n;
}

int lit_smaps(void *p)
{
	unsigned long at = (unsigned long)p, first, end;
	const char *line = STEP("smaps", const char *, read_all("/proc/self/smaps")), *s;
	int inside = 0, rss;

	for (; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		s = line;
		first = hex(&s);
		if (s > line && *s == '-') {
			s++;
			end = hex(&s);
			inside = at >= first && at < end;
		} else if (inside && strncmp(line, "Rss:", 4) == 0) {
			for (rss = 0, s = line + 4; *s == ' '; s++)
				;
			for (; *s >= '0' && *s <= '9'; s++)
				rss = rss * 10 + (*s - '0');
			return rss;
		}
	}
	return -EFAULT;
}

static long read_at(const char *path, void *to, size_t n, uint64_t at)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	long r = fd < 0 ? -errno : ERRNO(pread64(fd, to, n, at));

	if (fd >= 0)
		close(fd);
	return r;
}

long lit_pagemap(void *p)
{
	uint64_t *entry = (uint64_t *)lit_shared->text;
	long r = STEP("pagemap", long, read_at("/proc/self/pagemap", entry, 8, (unsigned long)p / PAGE * 8));

	if (r < 0)
		return r;
	return *entry >> 63 ? (long)(*entry & ((1ULL << 55) - 1)) : 0;
}

int lit_procmem(void *p)
{
	unsigned char *byte = (unsigned char *)lit_shared->text;
	long r = STEP("procmem", long, read_at("/proc/self/mem", byte, 1, (unsigned long)p));

	return r < 0 ? (int)r : *byte;
}

int lit_procmem_write(void *p, int value)
{
	unsigned char *byte = (unsigned char *)lit_shared->text;
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC), r;

	*byte = value;
	r = fd < 0 ? -errno : STEP("procmem_write", int, ERRNO(pwrite64(fd, byte, 1, (unsigned long)p)));
	if (fd >= 0)
		close(fd);
	return r < 0 ? r : 0;
}

int lit_soft_dirty(void *p)
{
	uint64_t *entry = (uint64_t *)lit_shared->text;
	long r = STEP("soft_dirty", long, read_at("/proc/self/pagemap", entry, 8, (unsigned long)p / PAGE * 8));

	return r < 0 ? (int)r : (int)(*entry >> 55 & 1);
}

int lit_clear_soft_dirty(void)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC), r;

	r = fd < 0 ? -errno : STEP("clear_soft_dirty", int, ERRNO(write(fd, "4", 1)));
	if (fd >= 0)
		close(fd);
	return r < 0 ? r : 0;
}
