/* SPDX-License-Identifier: MIT */
/* What the module and the program that runs tests say to each other. Every struct has the same layout with 32-bit longs. */
#ifndef LIT_ABI_H
#define LIT_ABI_H
#ifdef __KERNEL__
#include <linux/types.h>
#include <linux/ioctl.h>
#else
#include <sys/types.h>
#include <sys/ioctl.h>
#include <linux/types.h>
#endif

#define LIT_CTL "/dev/litctl"
#define LIT_CHOICES 96
#define LIT_REGIONS 8
#define LIT_SLOTS 8
#define LIT_NAME 32
/* numbers of a record: a generated test that drivers and programs interpret */
#define LIT_DATA 32

enum lit_kind { LIT_RAM, LIT_RESERVED, LIT_MMIO, LIT_DEVICE };

/* Prepares a test: what was chosen so far goes in, where its regions lie comes out. */
struct lit_select {
	__u32 test;
	/* threads that take turns; 0: they run freely */
	__u32 turns;
	/* how often a thread that could go on may be made to wait */
	__u32 preemptions;
	/* whether allocations are choices */
	__u32 frames_choose;
	/* whether calls are marked in the kernel's log */
	__u32 marks;
	__u32 nchoices, nframes;
	__u8 choices[LIT_CHOICES];
	__u8 frame[LIT_CHOICES];
	__u64 mmio_pfn;
	__u32 mmio_frames;
	__u32 nregions;
	__u64 region[LIT_REGIONS];
	__u64 zero_pfn;
	__s32 data[LIT_DATA];
};

/* What a run chose, and from how many. */
struct lit_status {
	__u32 used, frames_used;
	__u32 lost, stuck;
	__u8 choices[LIT_CHOICES], widths[LIT_CHOICES];
	__u8 frame[LIT_CHOICES], frame_widths[LIT_CHOICES];
	/* the API that each slot is in, or "" */
	char api[LIT_SLOTS][LIT_NAME];
	char trace[1600];
};

#define LIT_V_NULL (-1)
#define LIT_V_NONE (-2)

/* What an address of a process looks like. */
struct lit_query {
	__u64 addr;
	__s32 pid;
	/* 0: no VMA */
	__s32 vma;
	__s64 present, writable, special, is_anon, level;
	__s64 pfn, vm_normal_page, folio_walk;
	/* memory type, as the language numbers them */
	__s64 cache;
	__u64 vm_pgoff;
	/* bits in the order of the language's list of names */
	__u64 vma_flags;
	__s64 rss_anon, rss_file;
};

struct lit_frame {
	__u64 pfn;
	/* cell: width in bytes; its value goes in with LIT_POKE and comes out with LIT_FRAME */
	__u32 bytes;
	__u32 has_page;
	__s64 refcount, mapcount;
	__u64 cell;
};

struct lit_global_value {
	__u32 index;
	__u32 pad;
	__s64 value;
};

/* One call that stands for a user of GUP: flags as the tests number them. */
struct lit_gup {
	__u64 addr;
	__u32 flags;
	/* get_user_pages_fast() */
	__u32 fast;
	__s64 result;
};

struct lit_step {
	char name[LIT_NAME];
};

#define LITC_SELECT _IOWR('L', 1, struct lit_select)
#define LITC_FINISH _IO('L', 2)
#define LITC_STATUS _IOR('L', 3, struct lit_status)
/* the caller is this slot from now on; waits for its turn */
#define LITC_ENTER _IO('L', 4)
#define LITC_BEGIN _IOW('L', 5, struct lit_step)
#define LITC_END _IO('L', 6)
/* the thread has finished */
#define LITC_PARK _IO('L', 7)
#define LITC_CHOOSE _IO('L', 8)
#define LITC_QUERY _IOWR('L', 9, struct lit_query)
#define LITC_FRAME _IOWR('L', 10, struct lit_frame)
#define LITC_POKE _IOW('L', 11, struct lit_frame)
#define LITC_GLOBAL _IOWR('L', 12, struct lit_global_value)
#define LITC_GUP _IOWR('L', 13, struct lit_gup)
#define LITC_PUT _IOWR('L', 14, struct lit_gup)
#define LITC_FOLLOW _IOWR('L', 15, struct lit_gup)
/* remembers the frames that this process maps in the arena, for LITC_LEAKED */
#define LITC_RECORD _IO('L', 16)
#define LITC_LEAKED _IO('L', 17)
#define LITC_SETTLE _IO('L', 18)
/* waits for a thread to finish or a process to end, but no longer than so many milliseconds: whether there was one since the last time */
#define LITC_WAIT _IO('L', 20)
#define LITC_READ_PIN _IOWR('L', 19, struct lit_gup)
#define LITC_HMM _IOWR('L', 21, struct lit_gup)
#define LITC_MIGRATE _IOWR('L', 22, struct lit_gup)
/* what ps shows of a process, and 256 times its exit code; 0 if there is none. Unlike /proc/PID/stat it keeps no dying process's memory alive while it looks */
#define LITC_TASK _IO('L', 23)

/* The arena in which tests map; entries of a page table. */
#define LIT_TABLE 512
#define LIT_ARENA 0x60000000UL
/* sixteen PMD leaves */
#define LIT_ARENA_PAGES 8192
/* Where larger mappings go, aligned to a PUD leaf of 4K pages. */
#define LIT_LARGE 0x1000000000UL
#define LIT_LARGE_END 0x3000000000UL
#define LIT_LARGE_STEP 0x40000000UL
#endif
