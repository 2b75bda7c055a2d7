// SPDX-License-Identifier: MIT
/* The driver of generated tests: what it is to do stands in the record. The model runs the same in words, src/generate/driver.ts. */
#include "lit_driver.h"
#include "lit_record.h"

static unsigned long pool, buf, frame;
static int freed;
static struct file *owner;

static unsigned long first(void) { return LIT_IS(KIND, RAM) ? frame : buf; }

static void give_back(void)
{
	if (!freed)
		__free_page(pfn_to_page(frame));
	freed = 1;
}

static int insert_page(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn)
{
	return vm_insert_page(vma, addr, pfn_to_page(pfn));
}

static vm_fault_t insert_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn)
{
	if (LIT_IS(CALL, INSERT_PFN))
		return vmf_insert_pfn(vma, addr, pfn);
	return vmf_insert_mixed(vma, addr, pfn);
}

static vm_fault_t record_fault(struct vm_fault *vmf)
{
	unsigned long i = (vmf->address - vmf->vma->vm_start) >> PAGE_SHIFT;
	int r;

	if (i >= LIT_PAGES)
		return VM_FAULT_SIGBUS;
	switch (lit_data[LIT_F_CALL]) {
	case LIT_CALL_PAGE:
		get_page(pfn_to_page(first() + i));
		vmf->page = pfn_to_page(first() + i);
		return 0;
	case LIT_CALL_INSERT_PAGE:
		r = insert_page(vmf->vma, vmf->address, first() + i);
		return r < 0 && r != -EBUSY ? VM_FAULT_SIGBUS : VM_FAULT_NOPAGE;
	default:
		return insert_pfn(vmf->vma, vmf->address, first() + i);
	}
}

static vm_fault_t record_pfn_mkwrite(struct vm_fault *vmf) { return 0; }

/* by: whether there is a fault handler, and whether there is a pfn_mkwrite */
static const struct vm_operations_struct record_ops[2][2] = {
	{ { }, { .pfn_mkwrite = record_pfn_mkwrite } },
	{ { .fault = record_fault }, { .fault = record_fault, .pfn_mkwrite = record_pfn_mkwrite } },
};

static int map(struct vm_area_struct *vma)
{
	int i, r;

	if (LIT_IS(CALL, REMAP) || LIT_IS(CALL, REMAP_FIRST))
		return remap_pfn_range(vma, vma->vm_start, first(),
				       LIT_IS(CALL, REMAP) ? vma->vm_end - vma->vm_start : PAGE_SIZE, vma->vm_page_prot);
	for (i = 0; i < LIT_PAGES; i++) {
		unsigned long at = vma->vm_start + i * PAGE_SIZE;

		if (LIT_IS(CALL, INSERT_PAGE)) {
			r = insert_page(vma, at, first() + i);
			if (r)
				return r;
		} else if (insert_pfn(vma, at, first() + i) != VM_FAULT_NOPAGE)
			return -EFAULT;
	}
	return 0;
}

static int record_mmap(struct file *file, struct vm_area_struct *vma)
{
	static const unsigned long flags[] = LIT_FLAG_VALUES;
	unsigned long pgoff = vma->vm_pgoff;
	bool fault = LIT_IS(PLACE, FAULT), mkwrite = LIT_IS(EXTRA, PFN_MKWRITE);
	int r = 0;

	if (LIT_IS(KIND, RAM)) {
		struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);

		if (!page)
			return -ENOMEM;
		frame = page_to_pfn(page);
		owner = file;
	}
	if (LIT_IS(EXTRA, CLEAR_MAYWRITE))
		vm_flags_clear(vma, VM_MAYWRITE);
	if (flags[lit_data[LIT_F_FLAGS]])
		vm_flags_set(vma, flags[lit_data[LIT_F_FLAGS]]);
	if (fault || mkwrite)
		vma->vm_ops = &record_ops[fault][mkwrite];
	if (LIT_IS(PLACE, MMAP))
		r = map(vma);
	if (r && !(LIT_IS(CALL, REMAP) || LIT_IS(CALL, REMAP_FIRST)))
		return r;
	if (LIT_IS(EXTRA, ZAP))
		zap_special_vma_range(vma, vma->vm_start, PAGE_SIZE);
	if (LIT_IS(EXTRA, RESTORE_PGOFF))
		vma->vm_pgoff = pgoff;
	return r;
}

static long record_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd == LIT_IOCTL_FREE)
		give_back();
	else
		unmap_mapping_range(file->f_mapping, 0, 0, cmd == LIT_IOCTL_UNMAP_COWS);
	return 0;
}

static int record_release(struct inode *inode, struct file *file)
{
	if (LIT_IS(KIND, RAM) && file == owner)
		give_back();
	return 0;
}

static const struct file_operations record_fops = {
	.owner = THIS_MODULE,
	.mmap = record_mmap,
	.unlocked_ioctl = record_ioctl,
	.release = record_release,
};

#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
static int record_mmap_prepare(struct vm_area_desc *desc)
{
	if (LIT_IS(CALL, REMAP))
		mmap_action_remap_full(desc, buf);
	else
		mmap_action_remap(desc, desc->start, buf, PAGE_SIZE);
	return 0;
}

static const struct file_operations prepare_fops = {
	.owner = THIS_MODULE,
	.mmap_prepare = record_mmap_prepare,
	.unlocked_ioctl = record_ioctl,
	.release = record_release,
};
#else
#define prepare_fops record_fops
#endif

static struct lit_device devices[2] = { { "demo" } };
static struct lit_region regions[3] = { { &pool, LIT_RAM, LIT_POOL_PAGES } };
static const struct lit_global resets[] = {
	{ &frame, sizeof frame, true, false },
	{ &freed, sizeof freed, true, false },
	{ &owner, sizeof owner, true, false },
	{ }
};
static const struct lit_global observed[] = { { &frame, sizeof frame, false, false }, { } };

static void prepare(void)
{
	memset(regions + 1, 0, sizeof *regions);
	if (!LIT_IS(KIND, RAM)) {
		regions[1].first = &buf;
		regions[1].kind = LIT_IS(KIND, MMIO) ? LIT_MMIO : LIT_RESERVED;
		regions[1].count = LIT_PAGES;
	}
	devices[0].fops = LIT_IS(PLACE, PREPARE) ? &prepare_fops : &record_fops;
}

static const struct lit_test record_test = {
	.name = "record",
	.devices = devices,
	.regions = regions,
	.resets = resets,
	.observed = observed,
	.prepare = prepare,
};
const struct lit_test *const lit_tests[] = { &record_test };
const unsigned int lit_ntests = 1;
