// SPDX-License-Identifier: MIT
/* The processes of generated tests, and what is looked at: both stand in the record. The model runs the same in words, src/generate. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "lit_run.h"
#include "lit_record.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#define MADV_POPULATE_WRITE 23
#endif
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#define PAGE 4096UL
/* as in litmus tests, whatever the kernel's own numbers are */
#define T_WRITE 0x1
#define T_FORCE 0x8
#define T_LONGTERM 0x100
#define T_PIN 0x80000

struct play {
	char *p, *old;
	long e[3], r;
	int fd;
};
#define ME LIT_LOCALS(play)
#define BYTES(n) ((n) * PAGE)

static int op_name(int k) { return lit_data[LIT_F_OPS + 2 * k]; }
static int op_arg(int k) { return lit_data[LIT_F_OPS + 2 * k + 1]; }
static int count(void) { return lit_data[LIT_F_COUNT]; }

static int has(int name, int arg)
{
	int k;

	for (k = 0; k < count(); k++)
		if (op_name(k) == name && (arg < 0 || op_arg(k) == arg))
			return 1;
	return 0;
}

/* Returns whether this process goes on. */
static int forked(int k)
{
	int pid = lit_fork();

	ME.e[k] = pid < 0 ? pid : 0;
	switch (op_arg(k)) {
	case LIT_FORK_CHILD: return pid == 0;
	case LIT_FORK_PARENT: return pid != 0;
	default: return 1;
	}
}

static void *moved(char *p, int arg)
{
	unsigned long all = BYTES(LIT_PAGES);
	void *to = lit_arena + BYTES(LIT_MOVED_TO);

	switch (arg) {
	case LIT_MREMAP_MOVE: return lit_mremap(p, all, all, MREMAP_MAYMOVE | MREMAP_FIXED, to);
	case LIT_MREMAP_DONTUNMAP: return lit_mremap(p, all, all, MREMAP_MAYMOVE | MREMAP_DONTUNMAP | MREMAP_FIXED, to);
	case LIT_MREMAP_SHRINK: return lit_mremap(p, all, PAGE, 0);
	default: return lit_mremap(p, all, all + PAGE, 0);
	}
}

static long looked(char *p, int arg)
{
	switch (arg) {
	case LIT_LOOK_PAGEMAP: return lit_pagemap(p);
	case LIT_LOOK_PROCMEM: return lit_procmem(p);
	case LIT_LOOK_FOLLOW_PFNMAP: return lit_follow_pfnmap(p);
	case LIT_LOOK_VMSPLICE: return lit_vmsplice(p);
	default: return lit_smaps(p);
	}
}

/* Returns whether this process goes on. */
static int step(int k)
{
	static const int prots[] = { PROT_READ, PROT_READ | PROT_WRITE, PROT_NONE };
	static const int advice[] = { MADV_DONTNEED, MADV_DONTFORK, MADV_DOFORK, MADV_POPULATE_READ, MADV_POPULATE_WRITE,
		MADV_WIPEONFORK };
	static const unsigned int gup[] = { 0, T_WRITE, T_WRITE | T_FORCE, T_PIN | T_LONGTERM };
	int arg = op_arg(k);
	unsigned long all = BYTES(LIT_PAGES);
	char *p = ME.p, *q;

	switch (op_name(k)) {
	case LIT_OP_LOAD:
		ME.e[k] = LIT_LOAD(char, p + BYTES(arg));
		return 1;
	case LIT_OP_STORE:
		LIT_STORE(char, p + BYTES(arg), k + 1);
		return 1;
	case LIT_OP_FORK:
		return forked(k);
	case LIT_OP_MUNMAP:
		ME.e[k] = lit_munmap(arg == LIT_MUNMAP_SECOND ? p + PAGE : p, arg == LIT_MUNMAP_ALL ? all : PAGE);
		return 1;
	case LIT_OP_MPROTECT:
		ME.e[k] = lit_mprotect(p, all, prots[arg]);
		return 1;
	case LIT_OP_MREMAP:
		q = moved(p, arg);
		ME.e[k] = (long)q < 0 ? (long)q : 0;
		if ((long)q > 0)
			ME.p = q;
		return 1;
	case LIT_OP_MADVISE:
		ME.e[k] = lit_madvise(p, all, advice[arg]);
		return 1;
	case LIT_OP_UNMAP:
		ME.e[k] = lit_ioctl(ME.fd, arg == LIT_UNMAP_EVEN_COWS ? LIT_IOCTL_UNMAP_COWS : LIT_IOCTL_UNMAP, 0);
		return 1;
	case LIT_OP_FREE:
		ME.e[k] = lit_ioctl(ME.fd, LIT_IOCTL_FREE, 0);
		return 1;
	case LIT_OP_GUP:
		ME.e[k] = lit_gup(p, gup[arg]);
		return 1;
	case LIT_OP_LOOK:
		ME.e[k] = looked(p, arg);
		return 1;
	case LIT_OP_MLOCK:
		ME.e[k] = lit_mlock(p, all);
		return 1;
	default:
		lit_exit(0);
		return 0;
	}
}

static void first_thread(void)
{
	int64_t offset = LIT_IS(PGOFF, ZERO) ? 0 : LIT_IS(PGOFF, LINEAR) ? lit_region(1) : lit_region(0) + LIT_FREE_FRAME;
	int k;

	ME.fd = lit_open("/dev/demo", LIT_IS(FD, RDONLY) ? O_RDONLY : O_RDWR);
	ME.p = lit_mmap(NULL, BYTES(LIT_PAGES), LIT_IS(PROT, WRITE) ? PROT_READ | PROT_WRITE : PROT_READ,
			LIT_IS(SHARE, SHARED) ? MAP_SHARED : MAP_PRIVATE, ME.fd, offset << 12);
	ME.old = ME.p;
	if ((long)ME.p < 0)
		return;
	for (k = 0; k < count(); k++)
		if (!step(k))
			return;
}

static void rival(void)
{
	ME.fd = lit_open("/dev/demo", O_RDWR);
	ME.r = lit_ioctl(ME.fd, LIT_IOCTL_UNMAP + lit_data[LIT_F_RIVAL] - LIT_RIVAL_UNMAP, 0);
}

/* ---- observations ---- */

static const char *API[] = { "remap_pfn_range", "remap_pfn_range", "vmf_insert_pfn", "vmf_insert_mixed", "vm_insert_page", NULL };

static const char *api(void)
{
	if (LIT_IS(PLACE, PREPARE))
		return LIT_IS(CALL, REMAP) ? "mmap_action_remap_full" : "mmap_action_remap";
	return API[lit_data[LIT_F_CALL]];
}

__attribute__((format(printf, 2, 3))) static void note(struct lit_value v, const char *format, ...)
{
	char name[96];
	va_list rest;

	va_start(rest, format);
	vsnprintf(name, sizeof name, format, rest);
	va_end(rest);
	lit_note(name, v);
}

#define VARIABLE(q, field, kind) lit_variable(q, offsetof(struct play, field), sizeof(((struct play *)0)->field), kind)

static void note_page(struct lit_proc *q, const char *prefix, int i)
{
	static const char *const observers[] = { "vm_normal_page", "pfn", "special", "present", "writable", "is_anon", "vm_pgoff" };
	static const struct {
		const char *name;
		int bit;
	} flags[] = LIT_LOOKED_AT;
	struct lit_value at = lit_binary('+', VARIABLE(q, p, 'p'), lit_int(BYTES(i)));
	const char *where = i ? "p.PAGE_SIZE" : "p";
	size_t k;

	for (k = 0; k < sizeof observers / sizeof *observers; k++)
		note(lit_of_address(observers[k], q, at, -1), "%s%s.%s", prefix, observers[k], where);
	for (k = 0; k < sizeof flags / sizeof *flags; k++)
		note(lit_of_address("vma_flags", q, at, flags[k].bit), "%svma_flags.%s.%s", prefix, where, flags[k].name);
}

static void note_process(struct lit_proc *q, const char *prefix)
{
	static const char *const attributes[] = { "signal", "rss_anon", "rss_file" };
	int pages = LIT_PAGES + has(LIT_OP_MREMAP, LIT_MREMAP_GROW), i;
	struct lit_value old = VARIABLE(q, old, 'p');

	for (i = 0; i < 3; i++)
		note(lit_attribute(q, attributes[i]), "%s%s", prefix, attributes[i]);
	note(VARIABLE(q, p, 'p'), "%sp", prefix);
	for (i = 0; i < count(); i++)
		note(lit_variable(q, offsetof(struct play, e) + i * sizeof(long), sizeof(long), 's'), "%se%d", prefix, i + 1);
	for (i = 0; i < pages; i++)
		note_page(q, prefix, i);
	if (has(LIT_OP_MREMAP, -1)) {
		note(lit_of_address("present", q, old, -1), "%spresent.old", prefix);
		note(lit_of_address("vm_pgoff", q, old, -1), "%svm_pgoff.old", prefix);
	}
}

static void note_frame(int i)
{
	static const char *const observers[] = { "refcount", "mapcount", "mem" };
	int ram = LIT_IS(KIND, RAM), k;
	struct lit_value at = lit_binary('+', ram ? lit_global_variable(0) : lit_frame(lit_region(1)), lit_int(i));

	for (k = 0; k < 3; k++)
		note(lit_of_frame(observers[k], at, 1), "%s.%s%s", observers[k], ram ? "frame" : "buf", i ? ".1" : "");
}

static struct lit_proc *child(void) { return lit_process(0, 1, (const int[]){ 1 }); }

static void state(void)
{
	int i;

	note_process(lit_process(0, 0, NULL), "0:");
	if (has(LIT_OP_FORK, -1))
		note_process(child(), "0:c1.");
	if (!LIT_IS(RIVAL, NONE)) {
		note(lit_attribute(lit_process(1, 0, NULL), "signal"), "1:signal");
		note(VARIABLE(lit_process(1, 0, NULL), r, 's'), "1:r");
	}
	if (api()) {
		note(lit_of_system("bug", api()), "bug.%s", api());
		note(lit_of_system("warned", api()), "warned.%s", api());
	}
	for (i = 0; i < LIT_PAGES; i++)
		note_frame(i);
}

static void note_end(struct lit_proc *q, const char *prefix)
{
	note(lit_attribute(q, "bad_rss_anon"), "%sbad_rss_anon", prefix);
	note(lit_attribute(q, "bad_rss_file"), "%sbad_rss_file", prefix);
}

static void end(void)
{
	static const char *const observers[] = { "leaked", "bad_map", "bad_page", "bad_rss" };
	int i;

	for (i = 0; i < 4; i++)
		note(lit_of_system(observers[i], NULL), "%s", observers[i]);
	note_end(lit_process(0, 0, NULL), "0:");
	if (has(LIT_OP_FORK, -1))
		note_end(child(), "0:c1.");
}

static void poke(void)
{
	int i;

	if (LIT_IS(KIND, RAM))
		return;
	for (i = 0; i < LIT_PAGES; i++)
		lit_poke(1, i, 1, LIT_FIRST_CONTENTS + i);
}

static struct lit_named_region regions[] = { { "pool", LIT_RAM, LIT_POOL_PAGES }, { "buf", LIT_RESERVED, 1 } };
static void (*const threads[])(void) = { first_thread, rival };
static void prepare(void);
static struct lit_program program = {
	.name = "record",
	.threads = threads,
	.regions = regions,
	.poke = poke,
	.state = state,
	.end = end,
	.marks = 1,
	.prepare = prepare,
};

static void prepare(void)
{
	program.nthreads = LIT_IS(RIVAL, NONE) ? 1 : 2;
	program.nregions = LIT_IS(KIND, RAM) ? 1 : 2;
	regions[1].kind = LIT_IS(KIND, MMIO) ? LIT_MMIO : LIT_RESERVED;
	regions[1].count = LIT_PAGES;
}

const struct lit_program *const lit_programs[] = { &program };
const int lit_nprograms = 1;
