import { describe, expect, test } from 'vitest';
import { DiagnosticError } from '../../../src/c/diagnostics.js';
import { outcomes, run } from '../support.js';
import type { RunResult } from '../../../src/run/result.js';

/** Runs the body of an ioctl handler twice, by two processes if `both`. */
function ioctl(body: string, condition: string, { globals = '', both = false } = {}): Promise<RunResult> {
  const thread = (n: number): string =>
    `P${n}()\n{\n\tint fd = open("/dev/demo", O_RDWR);\n\tlong r = ioctl(fd, 1, 0);\n}`;
  return run({
    driver: `${globals}
static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
        ${body}
}
static const struct file_operations demo_fops = { .unlocked_ioctl = demo_ioctl };
MODULE_LICENSE("GPL");
MODULE_DEVICE_TABLE(of, demo_match);
EXPORT_SYMBOL_GPL(demo_ioctl);`,
    threads: both ? `${thread(0)}\n${thread(1)}` : thread(0),
    condition,
  });
}

describe('prints', () => {
  test.each([
    'pr_info("%d %s\\n", 3, "x");',
    'pr_err_ratelimited("no\\n");',
    'pr_warn_once("once");',
    'dev_err(dev, "%u\\n", cmd);',
    'pr_debug("%s: %s\\n", __func__, "x" "y");',
    'printk(KERN_INFO "x" "y");',
    'dev_dbg_ratelimited(dev, "x");',
    'might_sleep(); msleep(1); cond_resched();',
  ])('%s does nothing', async (text) => {
    const r = await ioctl(`${text} return 7;`, 'forall (0:r = 7)', { globals: 'static struct device *dev;' });
    expect(r.observation).toBe('Always');
  });

  test('still compute their arguments', async () => {
    const r = await ioctl('pr_info("%d", ++n); return n;', 'forall (0:r = 1)', { globals: 'static int n;' });
    expect(r.observation).toBe('Always');
  });
});

describe('assertions', () => {
  test.each(['WARN_ON', 'WARN_ON_ONCE'])('%s of a false condition is silent and false', async (name) => {
    const r = await ioctl(`return ${name}(arg) ? 1 : 2;`, 'forall (0:r = 2 /\\ ~warned(WARN_ON))');
    expect(r.observation).toBe('Always');
  });

  test.each(['WARN_ON(cmd)', 'WARN_ON_ONCE(file)', 'WARN(cmd, "%d", cmd)', 'WARN_ONCE(1ULL << 40, "high")'])(
    '%s of a true condition is noted, and goes on',
    async (warning) => {
      const r = await ioctl(`return ${warning} ? 1 : 2;`, 'forall (0:r = 1 /\\ warned(WARN_ON))');
      expect(r.observation).toBe('Always');
    },
  );

  test.each(['BUG_ON(cmd)', 'BUG()'])('%s freezes the run', async (bug) => {
    const r = await ioctl(`${bug}; return 1;`, 'forall (0:r = 0 /\\ bug(BUG_ON) /\\ refcount(buf) = none)');
    expect(outcomes(r)).toEqual(['0:r=0; bug.BUG_ON=1; refcount.buf=none;']);
    expect(r.observation).toBe('Always');
  });
});

describe('locks under other names', () => {
  test.each([
    ['DEFINE_MUTEX(m)', 'if (mutex_lock_interruptible(&m)) return -ERESTARTSYS;', 'mutex_unlock(&m);'],
    ['DEFINE_MUTEX(m)', 'if (mutex_lock_killable(&m)) return -EINTR;', 'mutex_unlock(&m);'],
    ['DEFINE_SPINLOCK(m)', 'spin_lock_irq(&m);', 'spin_unlock_irq(&m);'],
    ['DEFINE_SPINLOCK(m)', 'spin_lock_bh(&m);', 'spin_unlock_bh(&m);'],
    [
      'DEFINE_SPINLOCK(m)',
      'unsigned long flags; spin_lock_irqsave(&m, flags);',
      'spin_unlock_irqrestore(&m, flags);',
    ],
    ['DECLARE_RWSEM(m)', 'if (down_write_killable(&m)) return -EINTR;', 'up_write(&m);'],
  ])('%s: %s keeps updates', async (lock, take, drop) => {
    const globals = `static ${lock}; static int n;`;
    const r = await ioctl(`${take} n = n + 1; ${drop} return 0;`, 'exists (n = 1)', { globals, both: true });
    expect(outcomes(r)).toEqual(['n=2;']);
  });

  test('without a lock an update is lost', async () => {
    const r = await ioctl('n = n + 1; return 0;', 'exists (n = 1)', { globals: 'static int n;', both: true });
    expect(r.observation).toBe('Sometimes');
  });
});

describe('allocations', () => {
  test('of arrays are zeroed, and freed', async () => {
    const body = 'int *p = kcalloc(3, sizeof(*p), GFP_KERNEL); int r = p[2]; p[2] = 5; kvfree(p); return r;';
    expect((await ioctl(body, 'forall (0:r = 0)')).observation).toBe('Always');
  });

  test.each(['kcalloc', 'kmalloc_array'])(
    '%s of too many is NULL: the product does not wrap',
    async (name) => {
      const body = `struct page **p = ${name}(1 + (~0ul >> 1), sizeof(*p), GFP_KERNEL); return p ? 1 : -ENOMEM;`;
      expect((await ioctl(body, 'forall (0:r = -ENOMEM)')).observation).toBe('Always');
    },
  );
});

test.each([
  ['file_inode(file)->i_mapping == file->f_mapping', 1],
  ['access_ok((void __user *)arg, 4)', 1],
  ['div_u64(1ULL << 40, 3 << 10)', 357913941],
  ['get_order(1) * 100 + get_order(4096) * 10 + get_order(3 * PAGE_SIZE)', 2],
  ['is_power_of_2(8) + is_power_of_2(6) + is_power_of_2(0)', 1],
  ['GENMASK(11, 4)', 4080],
  ['smp_load_acquire(&n)', 4],
])('%s is %d', async (expression, expected) => {
  const globals = 'static int n; static int store(int x) { smp_store_release(&n, x); return 0; }';
  const r = await ioctl(`store(4); return ${expression};`, `forall (0:r = ${expected})`, { globals });
  expect(outcomes(r)).toEqual([`0:r=${expected};`]);
});

test.each([
  ['.llseek = no_llseek,', 'its members in the model: owner, open, release, mmap'],
  ['.mmmap = demo_mmap,', 'did you mean `mmap`?'],
])('a table with %s is answered by what there is', async (member, expected) => {
  const driver = `static const struct file_operations demo_fops = { ${member} };`;
  const error = await run({ driver, threads: 'P0()\n{\n}', condition: 'exists (true)' }).catch(
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(DiagnosticError);
  expect(JSON.stringify((error as DiagnosticError).diagnostics)).toContain(expected);
});
