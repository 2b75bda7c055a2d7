/* SPDX-License-Identifier: MIT */
/* What generated threads and observations are made of. */
#ifndef LIT_RUN_H
#define LIT_RUN_H
#include <stdint.h>
#include <stddef.h>
#include "lit_abi.h"

#define LIT_VARIABLES 1024

/* A process of a test. It lies in memory that all share, so that its variables outlive it. */
struct lit_proc {
	volatile int used, parent, nth, children, pid, parked, waiting, forking;
	volatile int dead, signal, bad_anon, bad_file;
	volatile int64_t base_anon, base_file;
	char variables[LIT_VARIABLES] __attribute__((aligned(16)));
};

/* The process that runs this. */
extern struct lit_proc *lit_me;
#define LIT_LOCALS(type) (*(volatile struct type *)lit_me->variables)

/* Where region n begins. */
unsigned long lit_region(int n);
#define lit_arena ((char *)LIT_ARENA)

/* Around each access through a user pointer. */
void lit_begin(const char *name);
void lit_end(void);
#define LIT_LOAD(type, at) \
	({ \
		volatile type *lit_p = (volatile type *)(at); \
		lit_begin("page_fault"); \
		type lit_v = *lit_p; \
		lit_end(); \
		lit_v; \
	})
#define LIT_STORE(type, at, value) \
	({ \
		volatile type *lit_p = (volatile type *)(at); \
		type lit_v = (value); \
		lit_begin("page_fault"); \
		*lit_p = lit_v; \
		lit_end(); \
		lit_v; \
	})

/* System calls: the value or -errno. */
int lit_open(const char *path, int flags);
int lit_close(int fd);
int lit_ioctl(int fd, unsigned int cmd, unsigned long arg);
void *lit_mmap(void *addr, unsigned long length, int prot, int flags, int fd, int64_t offset);
int lit_munmap(void *addr, unsigned long length);
int lit_mprotect(void *addr, unsigned long length, int prot);
void *lit_mremap(void *addr, unsigned long old_length, unsigned long new_length, int flags, ...);
int lit_madvise(void *addr, unsigned long length, int advice);
int lit_mlock(const void *addr, unsigned long length);
int lit_mlock2(const void *addr, unsigned long length, int flags);
int lit_munlock(const void *addr, unsigned long length);
int lit_mlockall(int flags);
int lit_munlockall(void);
int lit_msync(void *addr, unsigned long length, int flags);
int lit_fork(void);
int lit_waitpid(int pid);
int lit_getpid(void);
long lit_process_vm_readv(int pid, void *local, void *remote, unsigned long length);
long lit_process_vm_writev(int pid, void *local, void *remote, unsigned long length);
void lit_exit(int status);
int lit_gup(void *p, unsigned int flags);
int lit_gup_fast(void *p, unsigned int flags);
int lit_put(void *p);
int lit_read_pin(void *p);
int lit_futex(void *p);
int lit_vmsplice(void *p);
long lit_follow_pfnmap(void *p);
int lit_mincore(void *p);
int lit_hmm_range_fault(void *p, unsigned int request);
int lit_migrate_vma_setup(void *p);
int lit_uffd_register(void *p, unsigned long length);
int lit_smaps(void *p);
long lit_pagemap(void *p);
int lit_soft_dirty(void *p);
int lit_clear_soft_dirty(void);
int lit_procmem(void *p);
int lit_procmem_write(void *p, int value);
int lit_choose(int n);

/* ---- observations ---- */

/* What an observed thing is worth, as the language has it. */
struct lit_value {
	enum { LIT_INT, LIT_FRAME, LIT_ADDR, LIT_NONE, LIT_DEAD, LIT_NULL, LIT_TYPE } kind;
	int64_t n;
};
struct lit_value lit_int(int64_t n);
struct lit_value lit_frame(uint64_t pfn);
struct lit_value lit_addr(uint64_t at);
struct lit_value lit_special(int kind);
/* A memory type, as the language numbers them, and its name. */
struct lit_value lit_type(int64_t n);
const char *lit_type_name(int64_t n);
struct lit_value lit_neg(struct lit_value v);
struct lit_value lit_binary(char op, struct lit_value a, struct lit_value b);
/* The k-th child of ... of thread `thread`, or NULL if it never was. */
struct lit_proc *lit_process(int thread, int depth, const int *children);
struct lit_value lit_variable(struct lit_proc *p, size_t at, size_t size, char kind);
struct lit_value lit_global_variable(int index);
struct lit_value lit_attribute(struct lit_proc *p, const char *name);
struct lit_value lit_of_address(const char *observer, struct lit_proc *p, struct lit_value at, int flag);
struct lit_value lit_of_frame(const char *observer, struct lit_value frame, int bytes);
struct lit_value lit_of_system(const char *observer, const char *name);
/* Takes down one register of the outcome. */
void lit_note(const char *reg, struct lit_value v);
/* What was taken down, or none. */
struct lit_value lit_noted(const char *reg);

struct lit_named_region {
	const char *name;
	int kind, count;
};

struct lit_program {
	const char *name;
	int nthreads;
	void (*const *threads)(void);
	/* region k: kind (as in enum lit_kind) and number of frames */
	int nregions;
	const struct lit_named_region *regions;
	/* initial contents */
	void (*poke)(void);
	/* registers of the state, and those of the time after all have exited */
	void (*state)(void), (*end)(void);
	/* whether calls are marked in the log */
	int marks;
	/* makes threads and regions of the record */
	void (*prepare)(void);
};
/* the record of the test */
extern int lit_data[LIT_DATA];

void lit_poke(int region, int index, int bytes, uint64_t value);
extern const struct lit_program *const lit_programs[];
extern const int lit_nprograms;
#endif
