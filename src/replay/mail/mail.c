// SPDX-License-Identifier: MIT
/*
 * The driver of the mail's counterexample, as in litmus/mail/mail-private-user-pgoff.litmus, with an ioctl() for those who watch. The page
 * allocator is left alone: which frame a copy gets is its business.
 */
#include <linux/module.h>
#include <linux/version.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/pagewalk.h>
#define HAVE_FOLIO_WALK 1
/* not exported, and only needed for hugetlb */
#define vma_pgtable_walk_end(v) do { } while (0)
#endif
#include "mail_abi.h"

/* not exported: init reads /proc/kallsyms */
static unsigned long vm_normal_page_at, folio_walk_start_at;
module_param_named(vm_normal_page, vm_normal_page_at, ulong, 0);
module_param_named(folio_walk_start, folio_walk_start_at, ulong, 0);

static struct page *buf;

/* ---- the driver ---- */

static vm_fault_t demo_fault(struct vm_fault *vmf)
{
	get_page(buf);
	vmf->page = buf;
	return 0;
}
static const struct vm_operations_struct demo_vm_ops = { .fault = demo_fault };

static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
	vma->vm_flags |= VM_PFNMAP;
#else
	vm_flags_set(vma, VM_PFNMAP);
#endif
	vma->vm_ops = &demo_vm_ops;
	return 0;
}

/* ---- what is watched ---- */

static s64 rss_anon(struct mm_struct *mm)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
	return get_mm_counter(mm, MM_ANONPAGES);
#else
	return percpu_counter_sum(&mm->rss_stat[MM_ANONPAGES]);
#endif
}

static void classify(struct mail_look *l, struct vm_area_struct *v, pte_t e)
{
	struct page *(*normal)(struct vm_area_struct *, unsigned long, pte_t) = (void *)vm_normal_page_at;
	struct page *page;

	l->vm_normal_page = l->folio_walk = MAIL_UNKNOWN;
	if (normal) {
		page = normal(v, l->addr, e);
		l->vm_normal_page = page ? (s64)page_to_pfn(page) : MAIL_NULL;
	}
#ifdef HAVE_FOLIO_WALK
	if (folio_walk_start_at) {
		struct folio *(*start)(struct folio_walk *, struct vm_area_struct *, unsigned long, folio_walk_flags_t) =
			(void *)folio_walk_start_at;
		struct folio_walk fw;

		l->folio_walk = MAIL_NULL;
		if (start(&fw, v, l->addr, 0)) {
			l->folio_walk = page_to_pfn(fw.page);
			folio_walk_end(&fw, v);
		}
	}
#endif
}

static long look(struct mail_look *l)
{
	struct mm_struct *mm = current->mm;
	unsigned long a = l->addr;
	struct vm_area_struct *v;
	long r = -EFAULT;
	pmd_t *pmd;
	pte_t e;

	l->rss_anon = rss_anon(mm);
	mmap_read_lock(mm);
	v = find_vma(mm, a);
	if (!v || v->vm_start > a || pgd_none(*pgd_offset(mm, a)) || p4d_none(*p4d_offset(pgd_offset(mm, a), a)) ||
	    pud_none(*pud_offset(p4d_offset(pgd_offset(mm, a), a), a)))
		goto out;
	pmd = pmd_offset(pud_offset(p4d_offset(pgd_offset(mm, a), a), a), a);
	if (pmd_none(*pmd) || pmd_bad(*pmd))
		goto out;
	e = READ_ONCE(*pte_offset_kernel(pmd, a));
	if (!pte_present(e) || !pfn_valid(pte_pfn(e)))
		goto out;
	r = 0;
	l->vm_pgoff = v->vm_pgoff;
	l->pfn = pte_pfn(e);
	l->is_anon = PageAnon(pfn_to_page(l->pfn));
	l->refcount = page_ref_count(pfn_to_page(l->pfn));
	l->mapcount = atomic_read(&pfn_to_page(l->pfn)->_mapcount) + 1;
	classify(l, v, e);
out:
	mmap_read_unlock(mm);
	return r;
}

static long frame(struct mail_frame *f)
{
	if (!pfn_valid(f->pfn))
		return -EINVAL;
	f->refcount = page_ref_count(pfn_to_page(f->pfn));
	f->mapcount = atomic_read(&pfn_to_page(f->pfn)->_mapcount) + 1;
	return 0;
}

static long predict(struct mail_frame *f)
{
	/* like the kernel, which takes the page of a copy */
	struct page *page = alloc_page(GFP_HIGHUSER_MOVABLE);

	if (!page)
		return -ENOMEM;
	f->pfn = page_to_pfn(page);
	__free_page(page);
	return 0;
}

union argument {
	struct mail_look look;
	struct mail_frame frame;
};

static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	union argument a = { };
	long r = -ENOTTY;

	if (_IOC_SIZE(cmd) > sizeof a)
		return -EINVAL;
	if (copy_from_user(&a, (void __user *)arg, _IOC_SIZE(cmd)))
		return -EFAULT;
	if (cmd == MAIL_LOOK)
		r = look(&a.look);
	else if (cmd == MAIL_FRAME)
		r = frame(&a.frame);
	else if (cmd == MAIL_PREDICT)
		r = predict(&a.frame);
	return copy_to_user((void __user *)arg, &a, _IOC_SIZE(cmd)) ? -EFAULT : r;
}

static const struct file_operations demo_fops = { .owner = THIS_MODULE, .mmap = demo_mmap, .unlocked_ioctl = demo_ioctl };
static struct miscdevice demo = { .minor = MISC_DYNAMIC_MINOR, .name = "demo", .fops = &demo_fops };

static int __init mail_init(void)
{
	buf = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!buf)
		return -ENOMEM;
	SetPageReserved(buf);
	return misc_register(&demo);
}
module_init(mail_init);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("the counterexample of the mail");
