// SPDX-License-Identifier: MIT
/* The control device: prepares tests, and answers what is asked about them. */
#include "lit_core.h"
#include <linux/miscdevice.h>
#include <linux/panic_notifier.h>
#include <linux/sched/mm.h>
#include <linux/wait.h>

unsigned long lit_addr_vm_normal_page, lit_addr_vm_normal_page_pmd, lit_addr_folio_walk_start, lit_addr_lru_add_drain, lit_addr_lru_add_drain_all,
	lit_addr_vmf_insert_mixed_mkwrite, lit_addr_remap_vmalloc_range_partial;
/* what clear_warn_once of debugfs clears, on kernels without it */
static unsigned long start_once, end_once;
module_param_named(vm_normal_page, lit_addr_vm_normal_page, ulong, 0);
module_param_named(vm_normal_page_pmd, lit_addr_vm_normal_page_pmd, ulong, 0);
module_param_named(folio_walk_start, lit_addr_folio_walk_start, ulong, 0);
module_param_named(lru_add_drain, lit_addr_lru_add_drain, ulong, 0);
module_param_named(vmf_insert_mixed_mkwrite, lit_addr_vmf_insert_mixed_mkwrite, ulong, 0);
module_param_named(remap_vmalloc_range_partial, lit_addr_remap_vmalloc_range_partial, ulong, 0);
module_param_named(lru_add_drain_all, lit_addr_lru_add_drain_all, ulong, 0);
module_param_named(__start_once, start_once, ulong, 0);
module_param_named(__end_once, end_once, ulong, 0);

static const struct lit_test *test;
__s32 lit_data[LIT_DATA];
static DEFINE_MUTEX(memory);
/* the globals of all drivers as they were when the module was loaded */
static u8 **images;

struct opened {
	struct list_head pins;
	int slot, heard;
};

/* threads that have finished and processes that have ended; init waits for them */
static DECLARE_WAIT_QUEUE_HEAD(waiting);
static atomic_t news;

static void tell_news(void)
{
	atomic_inc(&news);
	wake_up_all(&waiting);
}

static long await_news(struct opened *o, unsigned int ms)
{
	long r = wait_event_interruptible_timeout(waiting, atomic_read(&news) != o->heard, msecs_to_jiffies(ms));

	o->heard = atomic_read(&news);
	return r > 0;
}

static size_t resets_size(const struct lit_global *g)
{
	size_t n = 0;

	for (; g->at; g++)
		n += g->size;
	return n;
}

static void copy_globals(const struct lit_global *g, u8 *image, bool restore)
{
	for (; g->at; image += g->size, g++)
		if (restore)
			memcpy(g->at, image, g->size);
		else
			memcpy(image, g->at, g->size);
}

static int take_images(void)
{
	unsigned int i;

	images = kcalloc(lit_ntests, sizeof *images, GFP_KERNEL);
	for (i = 0; images && i < lit_ntests; i++) {
		images[i] = kmalloc(resets_size(lit_tests[i]->resets) + 1, GFP_KERNEL);
		if (!images[i])
			return -ENOMEM;
		copy_globals(lit_tests[i]->resets, images[i], false);
	}
	return images ? 0 : -ENOMEM;
}

static void finish(void)
{
	lit_schedule_end();
	if (!test)
		return;
	lit_devices_end();
	if (test->exit)
		test->exit();
	lit_memory_end(test);
	test = NULL;
}

static int start(struct lit_select *sel)
{
	bool proxies = sel->turns > 1;
	int r;

	finish();
	if (sel->test >= lit_ntests)
		return -EINVAL;
	/* what warns but once may warn again */
	if (start_once && end_once > start_once)
		memset((void *)start_once, 0, end_once - start_once);
	test = lit_tests[sel->test];
	memcpy(lit_data, sel->data, sizeof lit_data);
	if (test->prepare)
		test->prepare();
	copy_globals(test->resets, images[sel->test], true);
	lit_schedule_begin(sel);
	r = lit_memory_begin(sel, test);
	if (!r && test->init)
		r = test->init();
	if (!r)
		r = lit_devices_begin(test, proxies);
	if (r)
		finish();
	return r;
}

static int global_value(struct lit_global_value *v)
{
	const struct lit_global *g = test->observed;
	unsigned int i;

	for (i = 0; g->at && i < v->index; i++)
		g++;
	if (!g->at)
		return -EINVAL;
	v->value = 0;
	memcpy(&v->value, g->at, g->size);
	if (g->is_signed && g->size < 8)
		v->value = v->value << (64 - 8 * g->size) >> (64 - 8 * g->size);
	return 0;
}

static void begin_step(const char *name)
{
	lit_enter(name);
	/* what fork() allocates is not the test's */
	if (strcmp(name, "fork") == 0)
		return;
	mutex_lock(&memory);
	lit_release();
	mutex_unlock(&memory);
}

static void end_step(void)
{
	mutex_lock(&memory);
	lit_reclaim();
	mutex_unlock(&memory);
	lit_leave();
}

/* Arguments that are structs, copied in and out. */
union argument {
	struct lit_select select;
	struct lit_status status;
	struct lit_query query;
	struct lit_frame frame;
	struct lit_global_value global;
	struct lit_gup gup;
	struct lit_step step;
};

static void record(int pid)
{
	struct pid *p = find_get_pid(pid);
	struct task_struct *t = p ? get_pid_task(p, PIDTYPE_PID) : NULL;
	struct mm_struct *mm = t ? get_task_mm(t) : NULL;

	if (mm) {
		lit_record(mm);
		mmput(mm);
	}
	if (t)
		put_task_struct(t);
	put_pid(p);
}

static long state(int pid)
{
	struct pid *p = find_get_pid(pid);
	struct task_struct *t = p ? get_pid_task(p, PIDTYPE_PID) : NULL;
	long r = t ? task_state_to_char(t) | (t->exit_code & 0xffff) << 8 : 0;

	if (t)
		put_task_struct(t);
	put_pid(p);
	return r;
}

static long with_struct(struct opened *o, unsigned int cmd, union argument *a)
{
	switch (cmd) {
	case LITC_SELECT:
		return start(&a->select);
	case LITC_STATUS:
		lit_status(&a->status);
		a->status.lost = lit_lost();
		return 0;
	case LITC_BEGIN:
		a->step.name[LIT_NAME - 1] = 0;
		begin_step(a->step.name);
		return 0;
	case LITC_QUERY:
		return lit_query(&a->query);
	case LITC_FRAME:
		return lit_frame(&a->frame);
	case LITC_POKE:
		return lit_poke(&a->frame);
	case LITC_GLOBAL:
		return test ? global_value(&a->global) : -ENODEV;
	case LITC_GUP:
		return lit_gup(&a->gup, &o->pins);
	case LITC_PUT:
		return lit_put(&a->gup, &o->pins);
	case LITC_READ_PIN:
		return lit_read_pin(&a->gup, &o->pins);
	case LITC_FOLLOW:
		return lit_follow(&a->gup);
	case LITC_HMM:
		return lit_hmm(&a->gup);
	case LITC_MIGRATE:
		return lit_migrate(&a->gup);
	}
	return -ENOTTY;
}

static long with_number(struct opened *o, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case LITC_FINISH:
		finish();
		return 0;
	case LITC_ENTER:
		o->slot = arg;
		return lit_enter_slot(arg);
	case LITC_END:
		end_step();
		return 0;
	case LITC_PARK:
		lit_done(o->slot);
		tell_news();
		return 0;
	case LITC_WAIT:
		return await_news(o, arg);
	case LITC_CHOOSE:
		return lit_pick(arg);
	case LITC_RECORD:
		record(arg);
		return 0;
	case LITC_TASK:
		return state(arg);
	case LITC_LEAKED:
		return test ? lit_leaked(test) : 0;
	case LITC_SETTLE:
		if (lit_addr_lru_add_drain_all)
			((void (*)(void))lit_addr_lru_add_drain_all)();
		mutex_lock(&memory);
		lit_reclaim();
		mutex_unlock(&memory);
		return 0;
	}
	return -ENOTTY;
}

static long control(struct file *file, unsigned int cmd, unsigned long arg)
{
	union argument *a;
	long r;

	if (_IOC_DIR(cmd) == _IOC_NONE)
		return with_number(file->private_data, cmd, arg);
	if (_IOC_SIZE(cmd) > sizeof *a)
		return -EINVAL;
	a = kzalloc(sizeof *a, GFP_KERNEL);
	if (!a)
		return -ENOMEM;
	r = -EFAULT;
	if (!(_IOC_DIR(cmd) & _IOC_WRITE) || !copy_from_user(a, (void __user *)arg, _IOC_SIZE(cmd))) {
		r = with_struct(file->private_data, cmd, a);
		if ((_IOC_DIR(cmd) & _IOC_READ) && copy_to_user((void __user *)arg, a, _IOC_SIZE(cmd)))
			r = -EFAULT;
	}
	kfree(a);
	return r;
}

static int open_control(struct inode *inode, struct file *file)
{
	struct opened *o = kzalloc(sizeof *o, GFP_KERNEL);

	if (!o)
		return -ENOMEM;
	INIT_LIST_HEAD(&o->pins);
	o->slot = -1;
	file->private_data = o;
	return 0;
}

static int release_control(struct inode *inode, struct file *file)
{
	struct opened *o = file->private_data;

	lit_done(o->slot);
	lit_put_all(&o->pins);
	kfree(o);
	tell_news();
	return 0;
}

static const struct file_operations control_fops = {
	.owner = THIS_MODULE,
	.open = open_control,
	.release = release_control,
	.unlocked_ioctl = control,
	.compat_ioctl = control,
};
static struct miscdevice control_device = { .minor = MISC_DYNAMIC_MINOR, .name = "litctl", .fops = &control_fops };

/* Where BUG() ends the machine, this is the last that can be said about the test. */
static int on_panic(struct notifier_block *nb, unsigned long event, void *p)
{
	static struct lit_status last;
	int me = lit_slot();

	lit_status(&last);
	pr_emerg("LITPANIC %s\n", me < 0 ? "none" : last.api[me]);
	return NOTIFY_DONE;
}
/* before User-mode Linux's own, which ends the process */
static struct notifier_block panic_block = { .notifier_call = on_panic, .priority = INT_MAX };

static int __init lit_start(void)
{
	int r = take_images();

	if (r)
		return r;
	atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
	return misc_register(&control_device);
}
module_init(lit_start);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("runs litmus tests of pfnmap");
