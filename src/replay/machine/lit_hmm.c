// SPDX-License-Identifier: MIT
/* A device that mirrors a page of the process, or would migrate it, as long as one call takes. */
#include "lit_core.h"
#include <linux/migrate.h>
#if IS_ENABLED(CONFIG_HMM_MIRROR)
#include <linux/hmm.h>
#include <linux/mmu_notifier.h>
#include <linux/sched/mm.h>

static bool invalidate(struct mmu_interval_notifier *n, const struct mmu_notifier_range *range, unsigned long seq)
{
	mmu_interval_set_seq(n, seq);
	return true;
}

static const struct mmu_interval_notifier_ops ops = { .invalidate = invalidate };

/* HMM_PFN_... as the tests number them */
enum { T_VALID = 1, T_HMM_WRITE = 2, T_ERROR = 4 };

long lit_hmm(struct lit_gup *g)
{
	unsigned long at = (unsigned long)g->addr & PAGE_MASK, pfn;
	struct mmu_interval_notifier n;
	struct hmm_range range = {
		.notifier = &n, .start = at, .end = at + PAGE_SIZE, .hmm_pfns = &pfn,
		.default_flags = (g->flags & T_VALID ? HMM_PFN_REQ_FAULT : 0) |
				 (g->flags & T_HMM_WRITE ? HMM_PFN_REQ_WRITE : 0),
	};
	int r = mmu_interval_notifier_insert(&n, current->mm, at, PAGE_SIZE, &ops);

	if (r)
		return r;
	do {
		pfn = 0;
		range.notifier_seq = mmu_interval_read_begin(&n);
		mmap_read_lock(current->mm);
		r = hmm_range_fault(&range);
		mmap_read_unlock(current->mm);
	} while (r == -EBUSY);
	mmu_interval_notifier_remove(&n);
	g->result = (pfn & HMM_PFN_VALID ? T_VALID : 0) | (pfn & HMM_PFN_WRITE ? T_HMM_WRITE : 0) |
		    (pfn & HMM_PFN_ERROR ? T_ERROR : 0);
	return r;
}
#else
long lit_hmm(struct lit_gup *g) { return -EOPNOTSUPP; }
#endif

#if IS_ENABLED(CONFIG_DEVICE_MIGRATION)
/* No kind of memory is selected: what is mapped stays. */
long lit_migrate(struct lit_gup *g)
{
	unsigned long at = (unsigned long)g->addr & PAGE_MASK, src = 0, dst = 0;
	struct migrate_vma args = { .start = at, .end = at + PAGE_SIZE, .src = &src, .dst = &dst };
	int r;

	mmap_read_lock(current->mm);
	args.vma = vma_lookup(current->mm, at);
	r = migrate_vma_setup(&args);
	if (!r) {
		migrate_vma_pages(&args);
		migrate_vma_finalize(&args);
	}
	mmap_read_unlock(current->mm);
	return r;
}
#else
long lit_migrate(struct lit_gup *g) { return -EOPNOTSUPP; }
#endif
