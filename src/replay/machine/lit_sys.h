/* SPDX-License-Identifier: MIT */
/* Shared by the parts of the program. */
#ifndef LIT_SYS_H
#define LIT_SYS_H
#include "lit_run.h"

#define LIT_PIPES 8
#define LIT_TEXT 65536

struct lit_shared {
	struct lit_proc procs[LIT_SLOTS];
	volatile int nprocs;
	/* init has all the pages that it will write to: threads may begin */
	volatile int go;
	struct {
		unsigned long addr;
		int pid, fd[2];
	} pipes[LIT_PIPES];
	char text[LIT_TEXT] __attribute__((aligned(16)));
};
extern struct lit_shared *lit_shared;
/* This process's control device. */
extern int lit_ctl;
/* Whether a process is a zombie or gone; `signal` gets what ended a zombie. */
int lit_is_dead(int pid);
int lit_death(int pid, int *signal);

/* Lets others run for so many microseconds, and no longer where timers are coarse. */
void lit_nap(unsigned int us);

/* What init has to do for one test. */
struct lit_job {
	int id, program;
	/* runs at most, and preemptions in one */
	int runs, preemptions;
	/* whether allocations are choices, and outcomes after which more preemptions are pointless */
	int frames, wanted;
	uint64_t mmio_pfn;
	unsigned int mmio_frames;
};
void lit_test(const struct lit_job *job);
void lit_warn_again(void);
/* reports of bad pages so far */
extern int lit_reports;

/* selftest.c, which only replays have; `window`: whether there is a window of no memory */
__attribute__((weak)) void lit_selftest(int window);

/* values.c */
void lit_values_begin(const struct lit_program *p, const struct lit_select *sel);
/* The registers noted so far, as text. */
const char *lit_outcome(void);
unsigned long lit_zero_pfn(void);

/* ktap.c, which only bundles have: the end of a run, and of all runs */
__attribute__((weak)) void lit_ktap_run(void);
__attribute__((weak)) void lit_ktap_end(const struct lit_program *p, const char *trouble);

/* log.c */
struct lit_log {
	int bad_map, bad_page, bad_anon, bad_file, bug, oops, deadlock;
	char api[LIT_NAME];
	char bug_at[80];
	/* APIs in which a WARN was seen, each between blanks */
	char warned[256];
};
extern struct lit_log lit_log;
void lit_log_open(void);
/* Reads what the kernel has said since. */
void lit_log_read(void);
void lit_log_clear(void);
#endif
