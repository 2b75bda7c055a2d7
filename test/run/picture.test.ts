import { describe, expect, test } from 'vitest';
import type { Picture } from '../../src/run/picture/types.js';
import type { Violation } from '../../src/verify/types.js';
import { FREES, verify } from '../verify/support.js';

const SMALL = { pages: 1, processes: 1 } as const;

/** The pictures of a violation, the one before the first step included. */
function pictures({ start, steps }: Violation): Picture[] {
  return [start, ...steps.map(({ picture }) => picture)];
}

const frame = (picture: Picture, name: string) => picture.frames.find((one) => one.name === name);

describe('a page that is allocated, mapped raw, and freed', () => {
  test('is followed from the allocator through the driver and the page table', async () => {
    const { violation } = await verify(FREES(''), SMALL);
    const [start, , opened, mapped, freed] = pictures(violation!);
    expect(start!.processes).toEqual([]);
    expect(frame(start!, 'pool.0')).toMatchObject({
      kind: 'ram',
      free: true,
      refcount: 0,
      owners: ['page allocator'],
    });
    expect(opened!.processes[0]).toMatchObject({
      name: 'P0',
      state: 'running',
      files: ['3: /dev/demo, O_RDWR'],
    });
    expect(opened!.globals).toEqual([{ name: 'page', value: 'the struct page of pool.0' }]);
    expect(frame(mapped!, 'pool.0')).toMatchObject({
      free: false,
      refcount: 1,
      mapcount: 0,
      owners: ['driver: page', 'P0, page 0'],
    });
    const [process] = mapped!.processes;
    expect(process!.vmas).toMatchObject([
      { start: 0, pages: 1, file: '/dev/demo', pgoff: '0x0', linked: true },
    ]);
    expect(process!.vmas[0]!.flags).toContain('VM_PFNMAP');
    expect(process!.entries).toEqual([
      {
        page: 0,
        pages: 1,
        level: 'pte',
        pfn: '0x100',
        frame: 'pool.0',
        bits: ['writable'],
        classified: 'special',
        because: 'mapping is not COW',
        counted: false,
      },
    ]);
    expect(frame(freed!, 'pool.0')).toMatchObject({ free: true, owners: ['page allocator', 'P0, page 0'] });
    expect(violation!.at).toEqual({ process: 'P0', page: 0, frame: 'pool.0' });
  });

  test('has a special bit where there is one', async () => {
    const { violation } = await verify(FREES(''), { ...SMALL, arch: 'x86_64' });
    expect(pictures(violation!)[3]!.processes[0]!.entries[0]!.bits).toEqual(['writable', 'special']);
  });
});

test('copies are counted, children have names, and the window shows the frame', async () => {
  const driver = FREES('unmap_mapping_range(file->f_mapping, 0, 0, 0);');
  const { violation } = await verify(driver, { pages: 1 });
  const last = pictures(violation!).at(-1)!;
  expect(last.processes.map(({ name }) => name)).toEqual(['P0', 'P0:c1']);
  const [parent, child] = last.processes;
  expect(parent!.vmas[0]).toMatchObject({ pgoff: '0x100', pgoffFrame: 'pool.0' });
  expect(parent!.entries[0]).toMatchObject({
    frame: 'pool.0',
    classified: 'special',
    because: 'pfn = vm_pgoff + page',
    counted: true,
  });
  expect(child!.entries[0]).toMatchObject({ frame: 'pool.1', classified: 'normal', counted: true });
  expect(child!.rssAnon).toBe(1);
  expect(frame(last, 'pool.1')!.flags).toEqual(['anonymous']);
});

test('a pointer that has gone behind all frames points to no memory', async () => {
  const driver = `static char *at;
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        struct page *page = alloc_page(GFP_KERNEL);

        if (!page)
                return -ENOMEM;
        at = page_address(page);
        at = at + 4096 * 9;
        *at = 1;
        return 0;
}
static const struct file_operations demo_fops = { .owner = THIS_MODULE, .mmap = demo_mmap };`;
  const { violation } = await verify({ memory: 'ram pool = 2 pages;', driver }, SMALL);
  expect(violation!.invariant).toBe('no-undefined');
  expect(pictures(violation!).at(-1)!.globals).toEqual([{ name: 'at', value: 'no memory' }]);
});

test('a BUG is told, and an area of vmalloc() by its frames', async () => {
  const { violation } = await verify(
    {
      memory: 'ram pool = 2 pages;',
      driver: `static void *area;
static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
        if (!area)
                area = vmalloc_user(PAGE_SIZE);
        else
                vfree(area);
        return 0;
}
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        struct page *page;

        if (!area)
                return -EINVAL;
        page = vmalloc_to_page(area);
        vm_flags_set(vma, VM_PFNMAP);
        return vm_insert_page(vma, vma->vm_start, page);
}
static const struct file_operations demo_fops = {
        .owner = THIS_MODULE, .mmap = demo_mmap, .unlocked_ioctl = demo_ioctl
};`,
    },
    SMALL,
  );
  const all = pictures(violation!);
  expect(all.at(-1)!.kernel).toEqual(['BUG in vm_insert_page()']);
  expect(all.at(-2)!.globals).toContainEqual({ name: 'area', value: 'vmalloc area of pool.0' });
});
