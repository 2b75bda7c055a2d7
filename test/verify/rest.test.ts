/** Processes and files that change places change no answer. */
import { readFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { parseLitmus } from '../../src/run/parse.js';
import * as keeping from '../../src/run/keeps.js';
import { runTest } from '../../src/run/index.js';
import { litmusText } from '../../src/verify/counterexample.js';
import { verifyTest, type VerifyOptions, type VerifyResult } from '../../src/verify/index.js';
import { grammar } from '../litmus/grammar.js';
import { verify, type Driver } from './support.js';

afterEach(() => vi.restoreAllMocks());

const WORLD = { processes: 2, pages: 1 } as const;
const MAPS = ['open', 'close', 'mmap', 'munmap', 'store', 'fork', 'exit'] as const;
const ASKS = ['open', 'mmap', 'load', 'fork', 'ioctl'] as const;

function driverNamed(name: string, options: Partial<VerifyOptions>): Promise<VerifyResult> {
  const file = `litmus/drivers/${name}.litmus`;
  const parsed = parseLitmus({ file, text: readFileSync(file, 'utf8') }, grammar);
  return verifyTest(parsed, { ...WORLD, arch: 'arm', release: '7.2', ...options });
}

/** What must not depend on names. */
function answer({ verdict, reason, violation }: VerifyResult) {
  const { invariant, blame, steps } = violation ?? {};
  return { verdict, reason, invariant, rule: blame?.rule, whose: blame?.by, steps: steps?.length };
}

test.each([
  ['readonly-buffer', 'arm', MAPS],
  ['buffer-busy', 'x86_64', ASKS],
  ['buffer-count-broken-no-open', 'x86_64', ['open', 'mmap', 'fork', 'exit', 'munmap', 'ioctl']],
  ['dma-coherent-broken-stop', 'arm', ASKS],
  ['private-prot', 'arm', MAPS],
  ['status-page-broken-both', 'arm', MAPS],
  ['uio-index', 'x86_64', ['open', 'mmap', 'fork', 'exit']],
  ['vfio-prepare', 'arm', ASKS],
] as const)('%s on %s', async (name, arch, only) => {
  const renamed = await driverNamed(name, { arch, only });
  const plain = await driverNamed(name, { arch, only, symmetry: false });
  expect(renamed.verdict).not.toBe('unknown');
  expect(answer(renamed)).toEqual(answer(plain));
  if (renamed.verdict === 'holds') expect(renamed.states).toBeLessThan(plain.states / 2);
});

/** Lets only the one who opened it first map it. */
const OWNED: Driver = {
  memory: 'reserved buf = 1 page;',
  driver: `static struct file *owner;
static int demo_open(struct inode *inode, struct file *file)
{
        if (!owner)
                owner = file;
        return 0;
}
static int demo_release(struct inode *inode, struct file *file)
{
        if (owner == file)
                owner = NULL;
        return 0;
}
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        if (owner != file)
                return -EPERM;
        return remap_pfn_range(vma, vma->vm_start, buf, PAGE_SIZE, vma->vm_page_prot);
}
static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
        BUG_ON(!owner);
        return 0;
}
static const struct file_operations demo_fops = {
        .owner = THIS_MODULE, .open = demo_open, .release = demo_release, .mmap = demo_mmap, .unlocked_ioctl = demo_ioctl
};`,
};
const OWNING = { ...WORLD, only: ['open', 'close', 'mmap', 'fork'] } as const;

test('a driver that points to a file keeps all where they are', async () => {
  const renamed = await verify(OWNED, OWNING);
  expect(answer(renamed)).toEqual(answer(await verify(OWNED, { ...OWNING, symmetry: false })));
  // an owner that closes it leaves another's file without one
  expect(answer(await verify(OWNED, { ...OWNING, only: [...OWNING.only, 'ioctl'] }))).toMatchObject({
    invariant: 'no-bug',
  });
});

/** One mapping at a time, whose mm is kept in a page. */
const IN_A_PAGE: Driver = {
  memory: 'ram pool = 3 pages;',
  driver: `static struct page *page;
static int users;
static void demo_close(struct vm_area_struct *vma)
{
        struct mm_struct **p = page_address(page);

        BUG_ON(*p != vma->vm_mm);
        users = 0;
}
static const struct vm_operations_struct demo_vm_ops = { .close = demo_close };
static int demo_open(struct inode *inode, struct file *file)
{
        if (!page)
                page = alloc_page(GFP_KERNEL);
        return page ? 0 : -ENOMEM;
}
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        struct mm_struct **p = page_address(page);

        if (users)
                return -EBUSY;
        users = 1;
        *p = vma->vm_mm;
        vm_flags_set(vma, VM_DONTCOPY | VM_DONTEXPAND);
        vma->vm_ops = &demo_vm_ops;
        return 0;
}
static const struct file_operations demo_fops = { .owner = THIS_MODULE, .open = demo_open, .mmap = demo_mmap };`,
};

test('nor does one that keeps a pointer in a page', async () => {
  const only = ['open', 'mmap', 'munmap', 'fork', 'exit'] as const;
  const renamed = await verify(IN_A_PAGE, { ...WORLD, only });
  expect(renamed.verdict).toBe('holds');
  expect(answer(renamed)).toEqual(answer(await verify(IN_A_PAGE, { ...WORLD, only, symmetry: false })));
  // and who ends with its mapping can meet a BUG
  const wrong = { ...IN_A_PAGE, driver: IN_A_PAGE.driver.replace('*p != vma', '*p == vma') };
  const { violation } = await verify(wrong, { ...WORLD, only: ['open', 'mmap', 'exit'] });
  expect([violation?.invariant, violation?.litmus?.includes('exists (bug(')]).toEqual(['no-bug', true]);
});

test('the check finds what is wrong if they change places all the same', async () => {
  const right = await verify(OWNED, OWNING);
  vi.spyOn(keeping, 'kept').mockReturnValue(0);
  const wrong = await verify(OWNED, OWNING);
  expect({ ...answer(wrong), states: wrong.states }).not.toEqual({ ...answer(right), states: right.states });
});

/** The second process to map it gets a page that was freed. */
const SECOND: Driver = {
  memory: 'ram pool = 2 pages;',
  driver: `static struct page *page;
static int used;
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        int err;

        if (used == 2)
                return -EBUSY;
        if (!page)
                page = alloc_page(GFP_KERNEL | __GFP_ZERO);
        if (!page)
                return -ENOMEM;
        err = remap_pfn_range(vma, vma->vm_start, page_to_pfn(page), PAGE_SIZE, vma->vm_page_prot);
        if (++used == 2)
                __free_page(page);
        return err;
}
static const struct file_operations demo_fops = { .owner = THIS_MODULE, .mmap = demo_mmap };`,
};

test('the way that is shown keeps the names of processes, and is one', async () => {
  const only = ['open', 'mmap', 'fork', 'exit'] as const;
  const found = await verify(SECOND, { ...WORLD, only });
  const { steps, litmus } = found.violation!;
  expect(found.violation!.invariant).toBe('not-freed');
  const text = litmusText(litmus!, 'shown', 'arm, 7.2', 'Sometimes');
  const { observation } = await runTest(parseLitmus({ file: 'shown.litmus', text }, grammar), {
    arch: 'arm',
    release: '7.2',
  });
  expect(['Always', 'Sometimes']).toContain(observation);
  const maps = steps.filter(({ operation }) => operation.includes('mmap(')).map(({ thread }) => thread);
  expect(maps.toSorted()).toEqual(['P0', 'P0:c1']);
});
