/* SPDX-License-Identifier: MIT */
/* What an unchanged driver of a litmus test needs to become kernel C, 6.1 to 7.2. */
#ifndef LIT_DRIVER_H
#define LIT_DRIVER_H
#include <linux/module.h>
#include <linux/version.h>
#include <linux/mm.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/mutex.h>
#include <linux/rwsem.h>
#include <linux/refcount.h>
#include <linux/uaccess.h>
#include <linux/pfn.h>
#include <linux/vmalloc.h>
#include <linux/highmem.h>
#include <linux/huge_mm.h>
#include <linux/pagemap.h>
#include <linux/capability.h>
#include <linux/dma-mapping.h>
#include "lit_abi.h"

/* ---- the API in 7.2's spelling ---- */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void vm_flags_set(struct vm_area_struct *v, unsigned long f) { v->vm_flags |= f; }
static inline void vm_flags_clear(struct vm_area_struct *v, unsigned long f) { v->vm_flags &= ~f; }
static inline void vm_flags_mod(struct vm_area_struct *v, unsigned long s, unsigned long c)
{
	v->vm_flags = (v->vm_flags | s) & ~c;
}
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 16, 0)
#include <linux/pfn_t.h>
#define lit_raw_pfn(pfn) __pfn_to_pfn_t(pfn, PFN_DEV)
#else
#define lit_raw_pfn(pfn) (pfn)
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
#define zap_special_vma_range(v, a, s) zap_vma_ptes(v, a, s)
#endif

/* a driver names it under #ifdef only: without CONFIG_HAVE_IOREMAP_PROT nobody calls ->access */
#ifndef CONFIG_HAVE_IOREMAP_PROT
static inline int lit_no_access(struct vm_area_struct *v, unsigned long addr, void *buf, int len, int write)
{
	return -EINVAL;
}
#define generic_access_phys lit_no_access
#endif

#ifndef PMD_ORDER
#define PMD_ORDER (PMD_SHIFT - PAGE_SHIFT)
#endif
#ifndef PUD_ORDER
#define PUD_ORDER (PUD_SHIFT - PAGE_SHIFT)
#endif

/* ---- tests ---- */
struct lit_region {
	unsigned long *first;
	int kind, count;
};
struct lit_global {
	void *at;
	unsigned int size;
	/* put back before each run (else it is only read) */
	bool reset, is_signed;
};
struct lit_device {
	const char *name;
	const struct file_operations *fops;
};
struct lit_test {
	const char *name;
	const struct lit_device *devices;
	const struct lit_region *regions;
	const struct lit_global *resets, *observed;
	int (*init)(void);
	void (*exit)(void);
	/* makes regions and devices of the record */
	void (*prepare)(void);
};
extern const struct lit_test *const lit_tests[];
extern const unsigned int lit_ntests;
/* the record of the run */
extern __s32 lit_data[LIT_DATA];

/* ---- scheduling points, choices and memory of the harness ---- */
void lit_enter(const char *api);
void lit_leave(void);
int lit_choose(int n);
struct page *lit_alloc_pages(gfp_t gfp, unsigned int order);
void lit_free_pages(struct page *page, unsigned int order);
void lit_mutex_lock(struct mutex *lock);
void lit_mutex_unlock(struct mutex *lock);

#ifndef LIT_CORE
/* A function that drivers call: entering it is a scheduling point, and BUG and WARN inside are put down to it. */
#define LIT_HOOK(type, name, params, args) \
	static inline __maybe_unused type lit_hook_##name params \
	{ \
		type r; \
		lit_enter(#name); \
		r = name args; \
		lit_leave(); \
		return r; \
	}
#define LIT_HOOK_VOID(name, params, args) \
	static inline __maybe_unused void lit_hook_##name params \
	{ \
		lit_enter(#name); \
		name args; \
		lit_leave(); \
	}
#define VMA struct vm_area_struct *v
LIT_HOOK(int, remap_pfn_range, (VMA, unsigned long a, unsigned long p, unsigned long s, pgprot_t g), (v, a, p, s, g))
LIT_HOOK(int, io_remap_pfn_range, (VMA, unsigned long a, unsigned long p, unsigned long s, pgprot_t g), (v, a, p, s, g))
LIT_HOOK(int, vm_iomap_memory, (VMA, phys_addr_t p, unsigned long n), (v, p, n))
LIT_HOOK(vm_fault_t, vmf_insert_pfn, (VMA, unsigned long a, unsigned long p), (v, a, p))
LIT_HOOK(vm_fault_t, vmf_insert_pfn_prot, (VMA, unsigned long a, unsigned long p, pgprot_t g), (v, a, p, g))
LIT_HOOK(vm_fault_t, vmf_insert_mixed, (VMA, unsigned long a, unsigned long p), (v, a, lit_raw_pfn(p)))
#ifdef CONFIG_TRANSPARENT_HUGEPAGE
LIT_HOOK(vm_fault_t, vmf_insert_pfn_pmd, (struct vm_fault *f, unsigned long p, bool w), (f, lit_raw_pfn(p), w))
#define vmf_insert_pfn_pmd lit_hook_vmf_insert_pfn_pmd
#endif
#ifdef CONFIG_HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD
LIT_HOOK(vm_fault_t, vmf_insert_pfn_pud, (struct vm_fault *f, unsigned long p, bool w), (f, lit_raw_pfn(p), w))
#define vmf_insert_pfn_pud lit_hook_vmf_insert_pfn_pud
#endif
/* not exported */
extern unsigned long lit_addr_vmf_insert_mixed_mkwrite;
#define vmf_insert_mixed_mkwrite ((typeof(&vmf_insert_mixed))lit_addr_vmf_insert_mixed_mkwrite)
LIT_HOOK(vm_fault_t, vmf_insert_mixed_mkwrite, (VMA, unsigned long a, unsigned long p), (v, a, lit_raw_pfn(p)))
#undef vmf_insert_mixed_mkwrite
extern unsigned long lit_addr_remap_vmalloc_range_partial;
#define remap_vmalloc_range_partial ((typeof(&remap_vmalloc_range_partial))lit_addr_remap_vmalloc_range_partial)
LIT_HOOK(int, remap_vmalloc_range_partial, (VMA, unsigned long a, void *k, unsigned long o, unsigned long n), (v, a, k, o, n))
#undef remap_vmalloc_range_partial
LIT_HOOK(int, vm_insert_page, (VMA, unsigned long a, struct page *p), (v, a, p))
LIT_HOOK(vm_fault_t, vmf_insert_page, (VMA, unsigned long a, struct page *p), (v, a, p))
LIT_HOOK(int, vm_insert_pages, (VMA, unsigned long a, struct page **p, unsigned long *n), (v, a, p, n))
LIT_HOOK(int, vm_map_pages, (VMA, struct page **p, unsigned long n), (v, p, n))
LIT_HOOK(int, vm_map_pages_zero, (VMA, struct page **p, unsigned long n), (v, p, n))
LIT_HOOK(int, remap_vmalloc_range, (VMA, void *a, unsigned long o), (v, a, o))
LIT_HOOK_VOID(zap_special_vma_range, (VMA, unsigned long a, unsigned long s), (v, a, s))
LIT_HOOK_VOID(vm_flags_set, (VMA, unsigned long f), (v, f))
LIT_HOOK_VOID(vm_flags_clear, (VMA, unsigned long f), (v, f))
LIT_HOOK_VOID(vm_flags_mod, (VMA, unsigned long s, unsigned long c), (v, s, c))
LIT_HOOK_VOID(unmap_mapping_range, (struct address_space *m, loff_t b, loff_t l, int e), (m, b, l, e))
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
LIT_HOOK_VOID(mmap_action_remap, (struct vm_area_desc *d, unsigned long a, unsigned long p, unsigned long n), (d, a, p, n))
LIT_HOOK_VOID(mmap_action_remap_full, (struct vm_area_desc *d, unsigned long p), (d, p))
#define mmap_action_remap lit_hook_mmap_action_remap
#define mmap_action_remap_full lit_hook_mmap_action_remap_full
#endif
#undef VMA

/* Tests have no device of their own. */
struct device *lit_dma_device(void);
#undef dma_alloc_coherent
#undef dma_free_coherent
#undef dma_mmap_coherent
#define dma_alloc_coherent(dev, size, handle, gfp) dma_alloc_attrs(lit_dma_device(), size, handle, gfp, 0)
#define dma_free_coherent(dev, size, at, handle) dma_free_attrs(lit_dma_device(), size, at, handle, 0)
#define dma_mmap_coherent(dev, vma, at, handle, size) dma_mmap_attrs(lit_dma_device(), vma, at, handle, size, 0)

#undef alloc_page
#undef alloc_pages
#undef __free_page
#undef __free_pages
#undef get_zeroed_page
#undef __get_free_page
#undef free_page
static inline unsigned long lit_get_page(gfp_t gfp)
{
	struct page *page = lit_alloc_pages(gfp & ~__GFP_HIGHMEM, 0);

	return page ? (unsigned long)page_address(page) : 0;
}
static inline void lit_free_address(unsigned long addr)
{
	if (addr)
		lit_free_pages(virt_to_page((void *)addr), 0);
}
#define alloc_page(gfp) lit_alloc_pages(gfp, 0)
#define alloc_pages(gfp, order) lit_alloc_pages(gfp, order)
#define __free_page(page) lit_free_pages(page, 0)
#define __free_pages(page, order) lit_free_pages(page, order)
#define get_zeroed_page(gfp) lit_get_page((gfp) | __GFP_ZERO)
#define __get_free_page(gfp) lit_get_page(gfp)
#define free_page(addr) lit_free_address(addr)

#undef remap_pfn_range
#undef io_remap_pfn_range
#undef mutex_lock
#undef zap_special_vma_range
#define remap_pfn_range lit_hook_remap_pfn_range
#define io_remap_pfn_range lit_hook_io_remap_pfn_range
#define vm_iomap_memory lit_hook_vm_iomap_memory
#define vmf_insert_pfn lit_hook_vmf_insert_pfn
#define vmf_insert_pfn_prot lit_hook_vmf_insert_pfn_prot
#define vmf_insert_mixed lit_hook_vmf_insert_mixed
#define vmf_insert_mixed_mkwrite lit_hook_vmf_insert_mixed_mkwrite
#define remap_vmalloc_range_partial lit_hook_remap_vmalloc_range_partial
#define vm_insert_page lit_hook_vm_insert_page
#define vmf_insert_page lit_hook_vmf_insert_page
#define vm_insert_pages lit_hook_vm_insert_pages
#define vm_map_pages lit_hook_vm_map_pages
#define vm_map_pages_zero lit_hook_vm_map_pages_zero
#define remap_vmalloc_range lit_hook_remap_vmalloc_range
#define zap_special_vma_range lit_hook_zap_special_vma_range
#define zap_vma_ptes lit_hook_zap_special_vma_range
#define vm_flags_set lit_hook_vm_flags_set
#define vm_flags_clear lit_hook_vm_flags_clear
#define vm_flags_mod lit_hook_vm_flags_mod
#define unmap_mapping_range lit_hook_unmap_mapping_range
#define mutex_lock lit_mutex_lock
#define mutex_unlock lit_mutex_unlock
#define choose(n) lit_choose(n)

/* One module holds many drivers. */
#undef module_init
#undef module_exit
#undef MODULE_LICENSE
#undef MODULE_DESCRIPTION
#undef MODULE_AUTHOR
#undef __init
#undef __exit
#define module_init(fn)
#define module_exit(fn)
#define MODULE_LICENSE(x)
#define MODULE_DESCRIPTION(x)
#define MODULE_AUTHOR(x)
#define __init
#define __exit
#endif /* LIT_CORE */
#endif
