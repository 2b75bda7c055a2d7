/** What a header promises (`Serves:`), and two threads of one process. */
import { describe, expect, test } from 'vitest';
import { counterexampleText } from '../../src/report/verify.js';
import { runTest } from '../../src/run/index.js';
import { parseLitmus } from '../../src/run/parse.js';
import { grammar } from '../litmus/grammar.js';
import { REMAP, verify, type Driver } from './support.js';

const MAPS = { processes: 1, pages: 2, only: ['open', 'mmap', 'munmap'] } as const;

describe('Serves: whole', () => {
  const promising = (driver: Driver): Driver => ({ ...driver, header: ' * Serves: whole\n' });

  test('falls where a page is left out, and nobody will be asked for it', async () => {
    const { violation } = await verify(promising(REMAP('PAGE_SIZE')), MAPS);
    expect(violation).toMatchObject({ invariant: 'served', blame: { by: 'driver' } });
    expect(violation!.blame!.how).toContain('hole');
    expect(violation!.litmus).toContain('exists (0:present(p + PAGE_SIZE) = 0)');
  });

  test('holds where a page is asked for, and where nothing was promised', async () => {
    const handler =
      'static vm_fault_t f(struct vm_fault *vmf) { return VM_FAULT_SIGBUS; }\nstatic const struct vm_operations_struct ops = { .fault = f };\n';
    const { driver, memory } = REMAP('PAGE_SIZE');
    const asked = handler + driver.replace('return remap', 'vma->vm_ops = &ops;\n        return remap');
    expect((await verify(promising({ driver: asked, memory: memory! }), MAPS)).verdict).toBe('holds');
    expect((await verify(REMAP('PAGE_SIZE'), MAPS)).verdict).toBe('holds');
  });
});

describe('Serves: 1 page at 0 when idle', () => {
  /** One mapping at a time. */
  const ONE = (close: string): Driver => ({
    header: ' * Serves: 1 page at 0 when idle\n',
    memory: 'ram pool = 2 pages; reserved buf = 1 page;',
    driver: `static int busy;
static void demo_open(struct vm_area_struct *vma) { busy++; }
static void demo_close(struct vm_area_struct *vma) { ${close} }
static const struct vm_operations_struct ops = { .open = demo_open, .close = demo_close };
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        if (busy || vma->vm_end - vma->vm_start != PAGE_SIZE)
                return -EBUSY;
        busy = 1;
        vma->vm_ops = &ops;
        return remap_pfn_range(vma, vma->vm_start, buf, PAGE_SIZE, vma->vm_page_prot);
}
static const struct file_operations demo_fops = { .owner = THIS_MODULE, .mmap = demo_mmap };`,
  });

  test('is kept by a driver that refuses a second mapping', async () => {
    expect((await verify(ONE('busy--;'), MAPS)).verdict).toBe('holds');
  });

  test('is not by one that never forgets the first', async () => {
    const result = await verify(ONE(''), MAPS);
    expect(result.violation).toMatchObject({ invariant: 'served', blame: { by: 'driver' } });
    expect(result.violation!.litmus).toContain('exists (0:m = -EBUSY)');
    expect(result.violation!.steps.map(({ operation }) => operation.replace(/\(.*/, ''))).toEqual([
      'fd = open',
      'mmap',
      'munmap',
      'mmap',
    ]);
  });

  test('without `when idle` the second mapping is one that was promised', async () => {
    const always = { ...ONE('busy--;'), header: ' * Serves: 1 page at 0\n' };
    const steps = (await verify(always, MAPS)).violation!.steps;
    expect(steps).toHaveLength(3);
  });
});

describe('two threads of one process', () => {
  /** What the first writes and the second still reads: a lock is missing. */
  const RACES: Driver = {
    memory: 'ram pool = 2 pages; reserved buf = 1 page;',
    driver: `static int inside;
static int demo_mmap(struct file *file, struct vm_area_struct *vma) { return -EINVAL; }
static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
        inside++;
        if (inside == 2)
                put_page(pfn_to_page(buf));
        inside--;
        return 0;
}
static const struct file_operations demo_fops = { .owner = THIS_MODULE, .mmap = demo_mmap, .unlocked_ioctl = demo_ioctl };`,
  };
  const races = { processes: 1, pages: 1, races: true, only: ['open', 'ioctl'] } as const;

  test('may store to a page that another is unmapping, where no hardware marks entries dirty', async () => {
    const mapping: Driver = {
      memory: 'ram pool = 3 pages; mmio bar = 2 pages;',
      driver: `static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        return remap_pfn_range(vma, vma->vm_start, bar, vma->vm_end - vma->vm_start, vma->vm_page_prot);
}
static const struct file_operations demo_fops = { .owner = THIS_MODULE, .mmap = demo_mmap };`,
    };
    const result = await verify(mapping, { processes: 1, pages: 1, races: true, threads: 2 });
    expect(result.verdict).toBe('holds');
  });

  test('meet inside an ioctl, and the counterexample has both', async () => {
    const result = await verify(RACES, { ...races, threads: 2 });
    expect(result.violation).toMatchObject({ invariant: 'refcount' });
    const text = counterexampleText(result, 'found', 'Sometimes')!;
    expect(text).toContain('threads P0 P1;');
    const found = parseLitmus({ file: 'found.litmus', text }, grammar);
    expect((await runTest(found, { arch: 'arm', release: '7.2' })).observation).toBe('Sometimes');
  });

  test('one alone meets nobody', async () => {
    const result = await verify(RACES, races);
    expect(result.violation).toBeUndefined();
    expect(result.excludes.join()).toContain('several threads');
    expect((await verify(RACES, { ...races, threads: 2, races: false })).excludes.join()).not.toContain(
      'several threads',
    );
  });
});
