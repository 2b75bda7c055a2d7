/* SPDX-License-Identifier: MIT */
/* Shared by the parts of the module that are no driver. */
#ifndef LIT_CORE_H
#define LIT_CORE_H
#define LIT_CORE
#include "lit_driver.h"

/* memory.c */
int lit_memory_begin(struct lit_select *sel, const struct lit_test *test);
void lit_memory_end(const struct lit_test *test);
/* Makes free frames of the test's RAM the next ones that the allocator hands out. */
void lit_release(void);
/* Takes back the frames that were not used. */
void lit_reclaim(void);
void lit_record(struct mm_struct *mm);
int lit_leaked(const struct lit_test *test);
int lit_lost(void);
int lit_frame(struct lit_frame *f);
int lit_poke(const struct lit_frame *f);

/* schedule.c */
void lit_schedule_begin(const struct lit_select *sel);
void lit_schedule_end(void);
int lit_slot(void);
int lit_enter_slot(int slot);
void lit_point(const char *name);
void lit_done(int slot);
/* One of 0..n-1, as the run was told, or 0; noted with its width. */
int lit_pick(int n);
/* Which frame the next allocation takes, of n; noted when it has been taken. */
int lit_peek_frame(int n);
void lit_note_frame(int n);
bool lit_frames_are_choices(void);
void lit_status(struct lit_status *st);
bool lit_taking_turns(void);

/* observe.c */
int lit_query(struct lit_query *q);
void lit_query_mm(struct lit_query *q, struct mm_struct *mm, bool ask);
long lit_gup(struct lit_gup *g, struct list_head *pins);
long lit_put(struct lit_gup *g, struct list_head *pins);
long lit_read_pin(struct lit_gup *g, struct list_head *pins);
void lit_put_all(struct list_head *pins);
long lit_follow(struct lit_gup *g);
void lit_drain(void);

/* hmm.c */
long lit_hmm(struct lit_gup *g);
long lit_migrate(struct lit_gup *g);

/* devices.c */
int lit_devices_begin(const struct lit_test *test, bool proxies);
void lit_devices_end(void);

extern unsigned long lit_addr_vm_normal_page, lit_addr_vm_normal_page_pmd, lit_addr_folio_walk_start, lit_addr_lru_add_drain,
	lit_addr_lru_add_drain_all;
#endif
