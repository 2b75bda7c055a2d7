/** For invariants that a driver can break: a small driver with which exactly that one falls first, and its twin that keeps it. */
import { expect, test } from 'vitest';
import { counterexampleText } from '../../src/report/verify.js';
import { runTest } from '../../src/run/index.js';
import { parseLitmus } from '../../src/run/parse.js';
import type { VerifyOptions, VerifyResult } from '../../src/verify/index.js';
import { grammar } from '../litmus/grammar.js';
import { verify, type Driver } from './support.js';

interface Case {
  readonly broken: Driver;
  readonly correct: Driver;
  /** `F-4 driver`. */
  readonly blame: string;
  readonly options?: Partial<VerifyOptions>;
}

const ops = (more = ''): string =>
  `static const struct file_operations demo_fops = { .owner = THIS_MODULE, .mmap = demo_mmap${more} };`;

/** Every second mapping of the frame has another memory type; the twin's have one. */
const TYPES = (second: string): Driver => ({
  memory: 'mmio bar = 1 page;',
  driver: `static int n;
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        if (vma->vm_end - vma->vm_start != PAGE_SIZE)
                return -EINVAL;
        n = !n;
        vma->vm_page_prot = n ? pgprot_noncached(vma->vm_page_prot) : ${second}(vma->vm_page_prot);
        return remap_pfn_range(vma, vma->vm_start, bar, PAGE_SIZE, vma->vm_page_prot);
}
${ops()}`,
});

/** /dev/mem for whatever is allocated: also for the copies that programs have of `buf`. */
const MEM = (refuses: string): Driver => ({
  memory: 'ram pool = 2 pages; reserved buf = 1 page;',
  driver: `static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        unsigned long pfn = vma->vm_pgoff;

        if (vma->vm_end - vma->vm_start != PAGE_SIZE)
                return -EINVAL;
        if (${refuses})
                return -EINVAL;
        return remap_pfn_range(vma, vma->vm_start, pfn, PAGE_SIZE, vma->vm_page_prot);
}
${ops()}`,
});

/** Takes back what remap_pfn_range() has said of the mapping. */
const FLAGS = (after: string): Driver => ({
  memory: 'reserved buf = 1 page;',
  driver: `static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        int r;

        if (vma->vm_end - vma->vm_start != PAGE_SIZE)
                return -EINVAL;
        r = remap_pfn_range(vma, vma->vm_start, buf, PAGE_SIZE, vma->vm_page_prot);
        ${after}
        return r;
}
${ops()}`,
});

/** Sets flags where others may read them, or before anybody can. */
const SETS = (inFault: string, inMmap: string): Driver => ({
  memory: 'reserved buf = 1 page;',
  driver: `static vm_fault_t demo_fault(struct vm_fault *vmf)
{
        ${inFault}
        return vmf_insert_pfn(vmf->vma, vmf->address, buf);
}
static const struct vm_operations_struct demo_vm_ops = { .fault = demo_fault };
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        if (!(vma->vm_flags & VM_SHARED))
                return -EINVAL;
        vm_flags_set(vma, VM_PFNMAP);
        ${inMmap}
        vma->vm_ops = &demo_vm_ops;
        return 0;
}
${ops()}`,
});

/** Takes a lock, and does this at the end; and takes back all access, from so much of the file. */
const IOCTL = (end: string, range: string): Driver => ({
  header: ' * Revoke: 1\n',
  memory: 'reserved buf = 1 page;',
  driver: `static DEFINE_MUTEX(lock);
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        if (vma->vm_end - vma->vm_start != PAGE_SIZE)
                return -EINVAL;
        return remap_pfn_range(vma, vma->vm_start, buf, PAGE_SIZE, vma->vm_page_prot);
}
static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
        mutex_lock(&lock);
        if (cmd == 1)
                unmap_mapping_range(file->f_mapping, 0, ${range}, 1);
        ${end}
        return 0;
}
${ops(', .unlocked_ioctl = demo_ioctl')}`,
});

const UNLOCKS = 'mutex_unlock(&lock);';

/** Gives back a page that it has, or has not yet. */
const GIVES = (looks: string): Driver => ({
  memory: 'ram pool = 2 pages; reserved buf = 1 page;',
  driver: `static struct page *page;
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        return remap_pfn_range(vma, vma->vm_start, buf, PAGE_SIZE, vma->vm_page_prot);
}
static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
        ${looks}
        put_page(page);
        page = NULL;
        return 0;
}
static int demo_init(void)
{
        page = alloc_page(GFP_KERNEL);
        return 0;
}
module_init(demo_init);
${ops(', .unlocked_ioctl = demo_ioctl')}`,
});

const CASES: Readonly<Record<string, Case>> = {
  'memory-type': {
    broken: TYPES('pgprot_writecombine'),
    correct: TYPES('pgprot_noncached'),
    blame: 'driver',
    options: { pages: 2, only: ['open', 'mmap', 'munmap'] },
  },
  'no-undefined': {
    broken: GIVES(''),
    correct: GIVES('if (!page) return -EINVAL;'),
    blame: 'driver',
    options: { only: ['open', 'mmap', 'ioctl'] },
  },
  'not-foreign': {
    broken: MEM('pfn != buf && (!pfn_valid(pfn) || page_count(pfn_to_page(pfn)) == 0)'),
    correct: MEM('pfn != buf'),
    blame: 'F-1a driver',
    options: { pages: 2, only: ['open', 'mmap', 'store'] },
  },
  'no-report': {
    broken: FLAGS('vm_flags_clear(vma, VM_PFNMAP);'),
    correct: FLAGS(''),
    blame: 'driver',
    options: { arch: 'x86_64' },
  },
  'no-warning': {
    broken: SETS('vm_flags_set(vmf->vma, VM_DONTCOPY);', ''),
    correct: SETS('', 'vm_flags_set(vma, VM_DONTCOPY);'),
    blame: 'F-4 driver',
  },
  // A private mapping's window is elsewhere in the file: on arm its offset is the frame's number.
  revoked: {
    broken: IOCTL(UNLOCKS, 'PAGE_SIZE'),
    correct: IOCTL(UNLOCKS, '0'),
    blame: 'F-21 driver',
  },
  'no-deadlock': {
    broken: IOCTL('if (cmd != 1) mutex_unlock(&lock);', '0'),
    correct: IOCTL(UNLOCKS, '0'),
    blame: 'driver',
  },
};

/** Runs the counterexample as any other test. */
async function confirm(result: VerifyResult): Promise<void> {
  const text = counterexampleText(result, 'found', 'Sometimes')!;
  const found = parseLitmus({ file: 'found.litmus', text }, grammar);
  const { arch, release } = result;
  expect((await runTest(found, { arch, release })).observation).toMatch(/Sometimes|Always/);
}

async function verdict(driver: Driver, options: Partial<VerifyOptions> = {}): Promise<string> {
  const result = await verify(driver, { pages: 1, processes: 1, maxStates: 20_000, ...options });
  if (result.violation === undefined) return [result.verdict, result.reason].filter(Boolean).join(': ');
  await confirm(result);
  const { invariant, blame } = result.violation;
  return [invariant, blame?.rule, blame?.by ?? 'contract'].filter(Boolean).join(' ');
}

test.each(Object.entries(CASES))('%s', async (id, { broken, correct, blame, options }) => {
  expect(await verdict(broken, options)).toBe(`${id} ${blame}`);
  expect(await verdict(correct, options)).toBe('holds');
});
