// SPDX-License-Identifier: MIT
/* What conditions look at, read from a process that has stopped; and the calls that stand for users of GUP. */
#include "lit_core.h"
#include <linux/highmem.h>
#include <linux/pid.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/swap.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/pagewalk.h>
#define HAVE_FOLIO_WALK 1
/* not exported, and only needed for hugetlb */
#define vma_pgtable_walk_end(v) do { } while (0)
#endif

static const unsigned long flag_bits[] = { VM_READ, VM_WRITE, VM_EXEC, VM_SHARED, VM_MAYREAD, VM_MAYWRITE, VM_MAYEXEC, VM_MAYSHARE,
	VM_PFNMAP, VM_MIXEDMAP, VM_IO, VM_DONTCOPY, VM_DONTEXPAND, VM_DONTDUMP, VM_LOCKED, VM_WIPEONFORK };

void lit_drain(void)
{
	void (*drain)(void) = (void *)lit_addr_lru_add_drain;

	if (drain)
		drain();
}

static s64 counter(struct task_struct *t, struct mm_struct *mm, int which)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	return atomic_long_read(&mm->rss_stat.count[which])
#ifdef SPLIT_RSS_COUNTING
		+ (t ? t->rss_stat.count[which] : 0)
#endif
		;
#else
	return percpu_counter_sum(&mm->rss_stat[which]);
#endif
}

#ifdef CONFIG_X86
#include <asm/msr.h>

/* Memory type of an entry: its three bits choose a byte of the PAT register, which says what the processor makes of them. */
static void look_at_type(struct lit_query *q, unsigned long entry, unsigned long pat_bit)
{
	static const signed char types[] = { 3, 1, LIT_V_NONE, LIT_V_NONE, 4, 5, 0, 2 };
	int i = (entry & _PAGE_PWT ? 1 : 0) | (entry & _PAGE_PCD ? 2 : 0) | (entry & pat_bit ? 4 : 0);
	u32 lo, hi;

	rdmsr(MSR_IA32_CR_PAT, lo, hi);
	q->cache = types[(i < 4 ? lo >> 8 * i : hi >> 8 * (i - 4)) & 7];
}
#endif

static void look_at_page(struct lit_query *q)
{
	q->is_anon = pfn_valid(q->pfn) ? PageAnon(pfn_to_page(q->pfn)) : 0;
}

static void walk_to_folio(struct lit_query *q, struct vm_area_struct *v, unsigned long a)
{
#ifdef HAVE_FOLIO_WALK
	if (lit_addr_folio_walk_start) {
		struct folio *(*start)(struct folio_walk *, struct vm_area_struct *, unsigned long, folio_walk_flags_t) =
			(void *)lit_addr_folio_walk_start;
		struct folio_walk fw;
		struct folio *folio = start(&fw, v, a, 0);

		q->folio_walk = LIT_V_NULL;
		if (folio) {
			q->folio_walk = page_to_pfn(fw.page);
			folio_walk_end(&fw, v);
		}
	}
#endif
}

static void classify(struct lit_query *q, struct vm_area_struct *v, unsigned long a, pte_t e)
{
	struct page *(*vnp)(struct vm_area_struct *, unsigned long, pte_t) = (void *)lit_addr_vm_normal_page;

	if (vnp) {
		struct page *page = vnp(v, a, e);

		q->vm_normal_page = page ? (s64)page_to_pfn(page) : LIT_V_NULL;
	}
	walk_to_folio(q, v, a);
}

/* A PMD that maps: no test can have larger leaves, for the window is too small. */
static bool look_at_leaf(struct lit_query *q, struct vm_area_struct *v, unsigned long a, pmd_t e, bool ask)
{
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
	struct page *(*vnp)(struct vm_area_struct *, unsigned long, pmd_t) = (void *)lit_addr_vm_normal_page_pmd;
	unsigned long inside = (a & ~PMD_MASK) >> PAGE_SHIFT;

	if (!pmd_present(e) || !pmd_trans_huge(e))
		return false;
	q->level = 2;
	q->present = 1;
	q->writable = !!pmd_write(e);
	q->pfn = pmd_pfn(e) + inside;
	q->special = 0;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
	q->special = !!pmd_special(e);
#endif
#ifdef CONFIG_X86
	look_at_type(q, pmd_val(e), _PAGE_PAT_LARGE);
#endif
	look_at_page(q);
	if (!ask)
		return true;
	if (vnp) {
		struct page *page = vnp(v, a & PMD_MASK, e);

		q->vm_normal_page = page ? (s64)(page_to_pfn(page) + inside) : LIT_V_NULL;
	}
	walk_to_folio(q, v, a);
	return true;
#else
	return false;
#endif
}

static void look(struct lit_query *q, struct mm_struct *mm, bool ask)
{
	unsigned long a = (unsigned long)q->addr & PAGE_MASK;
	struct vm_area_struct *v = find_vma(mm, a);
	pgd_t *pgd;
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;
	pte_t e;
	int i;

	if (!v || v->vm_start > a)
		return;
	q->vma = 1;
	q->vm_pgoff = v->vm_pgoff;
	for (i = 0; i < ARRAY_SIZE(flag_bits); i++)
		if (v->vm_flags & flag_bits[i])
			q->vma_flags |= 1ULL << i;
	q->present = 0;
	pgd = pgd_offset(mm, a);
	if (pgd_none(*pgd))
		return;
	p4d = p4d_offset(pgd, a);
	if (p4d_none(*p4d))
		return;
	pud = pud_offset(p4d, a);
	if (pud_none(*pud))
		return;
	pmd = pmd_offset(pud, a);
	if (pmd_none(*pmd))
		return;
	if (look_at_leaf(q, v, a, *pmd, ask))
		return;
	if (pmd_bad(*pmd)) {
		q->level = 2;
		q->present = 1;
		return;
	}
	e = READ_ONCE(*pte_offset_kernel(pmd, a));
	if (!pte_present(e))
		return;
	q->present = 1;
	q->level = 1;
	q->writable = !!pte_write(e);
	q->pfn = pte_pfn(e);
	q->special = 0;
#ifdef CONFIG_ARCH_HAS_PTE_SPECIAL
	q->special = !!pte_special(e);
#endif
#ifdef CONFIG_X86
	look_at_type(q, pte_val(e), _PAGE_PAT);
#endif
	look_at_page(q);
	if (ask)
		classify(q, v, a, e);
}

/* Whoever asks the classifier may make it report the entry. */
void lit_query_mm(struct lit_query *q, struct mm_struct *mm, bool ask)
{
	q->vma = 0;
	q->present = q->writable = q->special = q->is_anon = q->level = LIT_V_NONE;
	q->pfn = q->vm_normal_page = q->folio_walk = q->cache = LIT_V_NONE;
	q->vm_pgoff = q->vma_flags = 0;
	mmap_read_lock(mm);
	look(q, mm, ask);
	mmap_read_unlock(mm);
}

int lit_query(struct lit_query *q)
{
	struct pid *pid = find_get_pid(q->pid);
	struct task_struct *t = pid ? get_pid_task(pid, PIDTYPE_PID) : NULL;
	struct mm_struct *mm = t ? get_task_mm(t) : NULL;

	put_pid(pid);
	if (mm) {
		lit_drain();
		lit_query_mm(q, mm, true);
		q->rss_anon = counter(t, mm, MM_ANONPAGES);
		q->rss_file = counter(t, mm, MM_FILEPAGES);
		mmput(mm);
	}
	if (t)
		put_task_struct(t);
	return mm ? 0 : -ESRCH;
}

/* ---- references that a process keeps ---- */

struct pin {
	struct list_head list;
	struct page *page;
	unsigned long addr;
	bool dma;
};

/* FOLL_* as tests number them. */
#define T_WRITE 0x1
#define T_FORCE 0x8
#define T_NOWAIT 0x10
#define T_NOFAULT 0x20
#define T_HWPOISON 0x40
#define T_LONGTERM 0x100
#define T_PIN 0x80000

static unsigned int foll(u32 flags)
{
	return (flags & T_WRITE ? FOLL_WRITE : 0) | (flags & T_FORCE ? FOLL_FORCE : 0) |
	       (flags & T_NOWAIT ? FOLL_NOWAIT : 0) | (flags & T_NOFAULT ? FOLL_NOFAULT : 0) |
	       (flags & T_HWPOISON ? FOLL_HWPOISON : 0) | (flags & T_LONGTERM ? FOLL_LONGTERM : 0);
}

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define LIT_NO_VMAS , NULL
#else
#define LIT_NO_VMAS
#endif

long lit_gup(struct lit_gup *g, struct list_head *pins)
{
	struct pin *pin = kzalloc(sizeof *pin, GFP_KERNEL);
	long n;

	if (!pin)
		return -ENOMEM;
	pin->addr = (unsigned long)g->addr & PAGE_MASK;
	pin->dma = g->flags & (T_PIN | T_LONGTERM);
	if (g->fast) {
		n = pin->dma ? pin_user_pages_fast(pin->addr, 1, foll(g->flags), &pin->page) :
			       get_user_pages_fast(pin->addr, 1, foll(g->flags), &pin->page);
	} else {
		mmap_read_lock(current->mm);
		n = pin->dma ? pin_user_pages(pin->addr, 1, foll(g->flags), &pin->page LIT_NO_VMAS) :
			       get_user_pages(pin->addr, 1, foll(g->flags), &pin->page LIT_NO_VMAS);
		mmap_read_unlock(current->mm);
	}
	if (n == 1) {
		list_add_tail(&pin->list, pins);
		return 0;
	}
	kfree(pin);
	/* FOLL_NOWAIT: no page, and no error */
	return n < 0 ? n : -EAGAIN;
}

static void drop(struct pin *pin)
{
	if (pin->dma)
		unpin_user_page(pin->page);
	else
		put_page(pin->page);
	list_del(&pin->list);
	kfree(pin);
}

long lit_put(struct lit_gup *g, struct list_head *pins)
{
	struct pin *pin;

	list_for_each_entry(pin, pins, list)
		if (pin->addr == ((unsigned long)g->addr & PAGE_MASK)) {
			drop(pin);
			return 0;
		}
	return -EINVAL;
}

long lit_read_pin(struct lit_gup *g, struct list_head *pins)
{
	struct pin *pin;

	list_for_each_entry(pin, pins, list)
		if (pin->addr == ((unsigned long)g->addr & PAGE_MASK)) {
			u8 *at = kmap_local_page(pin->page);

			g->result = at[g->addr & ~PAGE_MASK];
			kunmap_local(at);
			return 0;
		}
	return -EINVAL;
}

void lit_put_all(struct list_head *pins)
{
	struct pin *pin, *next;

	list_for_each_entry_safe(pin, next, pins, list)
		drop(pin);
}

long lit_follow(struct lit_gup *g)
{
	struct mm_struct *mm = current->mm;
	unsigned long a = (unsigned long)g->addr & PAGE_MASK;
	struct vm_area_struct *v;
	long r = -EFAULT;

	mmap_read_lock(mm);
	v = find_vma(mm, a);
	if (v && v->vm_start <= a) {
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
		unsigned long pfn = 0;

		r = follow_pfn(v, a, &pfn);
		g->result = pfn;
#else
		struct follow_pfnmap_args args = { .vma = v, .address = a };

		r = follow_pfnmap_start(&args);
		if (!r) {
			g->result = args.pfn;
			follow_pfnmap_end(&args);
		}
#endif
	}
	mmap_read_unlock(mm);
	return r;
}
