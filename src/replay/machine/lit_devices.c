// SPDX-License-Identifier: MIT
/*
 * The devices of a test. When threads take turns the driver's tables are replaced by copies whose handlers stop at a scheduling point
 * before and behind the driver's own; else the driver's tables are used as they are.
 */
#include "lit_core.h"
#include <linux/miscdevice.h>
#include <linux/kprobes.h>
#include <linux/platform_device.h>

#define MAX_DEVICES 4
#define MAX_TABLES 8

struct table {
	struct vm_operations_struct ops;
	const struct vm_operations_struct *driver;
};

struct device_slot {
	struct miscdevice misc;
	/* a test's device may be called as one that the kernel has: /dev/mem */
	char name[LIT_NAME + 4];
	struct file_operations fops;
	const struct file_operations *driver;
	bool registered;
};

static struct device_slot *devices;
static struct table tables[MAX_TABLES];
static int ntables;

struct device *lit_dma_device(void)
{
	static struct platform_device *pdev;

	if (!pdev) {
		pdev = platform_device_register_simple("litdma", PLATFORM_DEVID_NONE, NULL, 0);
		if (IS_ERR(pdev))
			return NULL;
		dma_coerce_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(32));
	}
	return &pdev->dev;
}

static const struct vm_operations_struct *original(struct vm_area_struct *vma)
{
	return container_of(vma->vm_ops, struct table, ops)->driver;
}

static vm_fault_t proxy_fault(struct vm_fault *vmf)
{
	vm_fault_t r;

	lit_point(">fault");
	r = original(vmf->vma)->fault(vmf);
	lit_point("<fault");
	return r;
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
static vm_fault_t proxy_huge_fault(struct vm_fault *vmf, unsigned int order)
{
	vm_fault_t r;

	lit_point(">huge_fault");
	r = original(vmf->vma)->huge_fault(vmf, order);
	lit_point("<huge_fault");
	return r;
}
#endif

static vm_fault_t proxy_pfn_mkwrite(struct vm_fault *vmf)
{
	vm_fault_t r;

	lit_point(">pfn_mkwrite");
	r = original(vmf->vma)->pfn_mkwrite(vmf);
	lit_point("<pfn_mkwrite");
	return r;
}

static void proxy_open(struct vm_area_struct *vma)
{
	lit_point(">open");
	original(vma)->open(vma);
	lit_point("<open");
}

static void proxy_close(struct vm_area_struct *vma)
{
	lit_point(">close");
	original(vma)->close(vma);
	lit_point("<close");
}

static const struct vm_operations_struct *proxy_table(const struct vm_operations_struct *driver)
{
	struct table *t;
	int i;

	if (!driver)
		return NULL;
	for (i = 0; i < ntables; i++)
		if (tables[i].driver == driver)
			return &tables[i].ops;
	if (ntables == MAX_TABLES)
		return driver;
	t = tables + ntables++;
	t->driver = driver;
	t->ops = *driver;
	if (driver->fault)
		t->ops.fault = proxy_fault;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 6, 0)
	if (driver->huge_fault)
		t->ops.huge_fault = proxy_huge_fault;
#endif
	if (driver->pfn_mkwrite)
		t->ops.pfn_mkwrite = proxy_pfn_mkwrite;
	if (driver->open)
		t->ops.open = proxy_open;
	if (driver->close)
		t->ops.close = proxy_close;
	return &t->ops;
}

static const struct file_operations *driver_of(struct file *file)
{
	return container_of(file->f_op, struct device_slot, fops)->driver;
}

static int proxy_mmap(struct file *file, struct vm_area_struct *vma)
{
	const struct vm_operations_struct *before = vma->vm_ops;
	int r;

	lit_point(">mmap");
	r = driver_of(file)->mmap(file, vma);
	if (!r && vma->vm_ops != before)
		vma->vm_ops = proxy_table(vma->vm_ops);
	lit_point("<mmap");
	return r;
}

static long proxy_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	long r;

	lit_point(">ioctl");
	r = driver_of(file)->unlocked_ioctl(file, cmd, arg);
	lit_point("<ioctl");
	return r;
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0) && defined(CONFIG_KPROBES)
#define HAVE_ACTION_PROBE 1
/* "The VMA is linked, its entries are not there yet": a probe sends mmap_action_complete() through a function that may sleep. */
static struct task_struct *through;

static int stop_before_action(struct vm_area_struct *v, struct mmap_action *a, bool c)
{
	int r;

	lit_point("linked");
	through = current;
	r = mmap_action_complete(v, a, c);
	through = NULL;
	lit_point("completed");
	return r;
}

static int redirect(struct kprobe *p, struct pt_regs *regs)
{
	if (lit_slot() < 0 || through == current)
		return 0;
	instruction_pointer_set(regs, (unsigned long)stop_before_action);
	return 1;
}

static void after(struct kprobe *p, struct pt_regs *regs, unsigned long flags) { }

static struct kprobe probe;
static bool probing;
#endif

static int probe_action(void)
{
#ifdef HAVE_ACTION_PROBE
	int r;

	memset(&probe, 0, sizeof probe);
	probe.symbol_name = "mmap_action_complete";
	probe.pre_handler = redirect;
	probe.post_handler = after;
	r = register_kprobe(&probe);
	probing = r == 0;
	return r;
#else
	return 0;
#endif
}

static void add_proxies(struct device_slot *d)
{
	if (d->fops.mmap)
		d->fops.mmap = proxy_mmap;
	if (d->fops.unlocked_ioctl)
		d->fops.unlocked_ioctl = proxy_ioctl;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
	if (d->fops.mmap_prepare)
		probe_action();
#endif
}

int lit_devices_begin(const struct lit_test *test, bool proxies)
{
	const struct lit_device *dev;
	int n = 0, r = 0;

	/* a new set for each run: files of processes that are stuck may still use the old one */
	devices = kcalloc(MAX_DEVICES, sizeof *devices, GFP_KERNEL);
	ntables = 0;
	if (!devices)
		return -ENOMEM;
	for (dev = test->devices; dev->name && n < MAX_DEVICES && !r; dev++, n++) {
		struct device_slot *d = devices + n;

		d->driver = dev->fops;
		d->fops = *dev->fops;
		d->fops.owner = THIS_MODULE;
		if (proxies)
			add_proxies(d);
		d->misc.minor = MISC_DYNAMIC_MINOR;
		snprintf(d->name, sizeof d->name, "lit_%s", dev->name);
		d->misc.name = d->name;
		d->misc.fops = &d->fops;
		r = misc_register(&d->misc);
		d->registered = r == 0;
	}
	return r;
}

void lit_devices_end(void)
{
	int n;

#ifdef HAVE_ACTION_PROBE
	if (probing)
		unregister_kprobe(&probe);
	probing = false;
#endif
	for (n = 0; devices && n < MAX_DEVICES; n++)
		if (devices[n].registered)
			misc_deregister(&devices[n].misc);
	devices = NULL;
}
