/** Leaves above the PTE level: an invariant that can speak of raw ones falls with one, and the program is written for any size of table. */
import { expect, test } from 'vitest';
import { verifyPage } from '../../src/report/html/page.js';
import { factsOf } from '../../src/run/configurations.js';
import { parseLitmus } from '../../src/run/parse.js';
import type { VerifyOptions } from '../../src/verify/index.js';
import { Kind } from '../../src/verify/operations.js';
import { subjectOf } from '../../src/verify/subject.js';
import { grammar } from '../litmus/grammar.js';
import { driverText, verify, type Driver } from './support.js';

/** The smallest world with a leaf: two pages. */
const WORLD: Partial<VerifyOptions> = { arch: 'x86_64', ptrs: 2, processes: 1, pages: 2 };

interface Parts {
  readonly header?: string;
  readonly memory?: string;
  readonly mmap?: string;
  readonly leaf: string;
  readonly page?: string;
  readonly more?: string;
  readonly ioctl?: string;
}

function driver({
  header = '',
  memory,
  mmap,
  leaf,
  page,
  more = '',
  ioctl = 'return -EINVAL;',
}: Parts): Driver {
  return {
    header,
    memory: `ram pool = 3 pages; ${memory ?? 'mmio bar = 2 * PTRS_PER_PTE pages;'}`,
    driver: `${more}
static vm_fault_t demo_huge_fault(struct vm_fault *vmf, unsigned int order)
{
        bool write = vmf->flags & FAULT_FLAG_WRITE;

        if (order != PMD_ORDER || vma_pages(vmf->vma) < PTRS_PER_PTE)
                return VM_FAULT_FALLBACK;
        return ${leaf};
}
static vm_fault_t demo_fault(struct vm_fault *vmf)
{
        return ${page ?? 'VM_FAULT_SIGBUS'};
}
static vm_fault_t demo_mkwrite(struct vm_fault *vmf)
{
        return 0;
}
static const struct vm_operations_struct demo_vm_ops = { .fault = demo_fault, .huge_fault = demo_huge_fault${
      header.includes('mkwrite') ? ', .pfn_mkwrite = demo_mkwrite' : ''
    } };
static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        ${mmap ?? SHARED}
        vma->vm_ops = &demo_vm_ops;
        return 0;
}
static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
        ${ioctl}
}
static const struct file_operations demo_fops = { .owner = THIS_MODULE, .mmap = demo_mmap, .unlocked_ioctl = demo_ioctl };`,
  };
}

const SHARED = `if (!(vma->vm_flags & VM_SHARED))
                return -EINVAL;
        vm_flags_set(vma, VM_PFNMAP | VM_DONTEXPAND);`;
const LEAF = 'vmf_insert_pfn_pmd(vmf, bar, write)';

const CASES: readonly (readonly [
  invariant: string,
  rule: string | undefined,
  Parts,
  Partial<VerifyOptions>,
])[] = [
  ['no-bug', 'F-14', { leaf: LEAF, mmap: 'vm_flags_set(vma, VM_PFNMAP | VM_DONTEXPAND);' }, {}],
  ['no-undefined', 'F-14', { leaf: 'vmf_insert_pfn_pmd(vmf, bar + 1, write)' }, {}],
  [
    'not-freed',
    'F-1a',
    {
      more: `static struct page *block;
static int demo_init(void) { block = alloc_pages(GFP_KERNEL, 1); return 0; }
module_init(demo_init);`,
      leaf: 'block ? vmf_insert_pfn_pmd(vmf, page_to_pfn(block), write) : VM_FAULT_SIGBUS',
      ioctl: 'if (!block) return -EINVAL; __free_pages(block, 1); block = NULL; return 0;',
    },
    {},
  ],
  [
    'refcount',
    undefined,
    {
      memory: 'reserved bar = PTRS_PER_PTE pages;',
      mmap: SHARED.replace('VM_PFNMAP', 'VM_MIXEDMAP'),
      leaf: LEAF,
    },
    {},
  ],
  ['no-undefined', undefined, { mmap: SHARED.replace('VM_PFNMAP', 'VM_MIXEDMAP'), leaf: LEAF }, {}],
  ['resource', 'F-1a', { memory: 'mmio bar = 1 page;', leaf: LEAF }, {}],
  [
    'class',
    undefined,
    {
      memory: 'reserved bar = PTRS_PER_PTE pages;',
      mmap: SHARED.replace('VM_PFNMAP', 'VM_MIXEDMAP'),
      leaf: LEAF,
    },
    { arch: 'loongarch64' },
  ],
  [
    'private-write',
    'F-13',
    {
      mmap: 'vm_flags_set(vma, VM_MIXEDMAP | VM_DONTEXPAND | VM_IO);',
      leaf: 'vmf_insert_pfn_pmd(vmf, bar, true)',
    },
    {},
  ],
  ['read-only', 'F-16', { header: ' * Readonly: bar\n', leaf: LEAF }, {}],
  [
    'memory-type',
    undefined,
    {
      mmap: `${SHARED}
        vma->vm_page_prot = vma_pages(vma) > 1 ? pgprot_writecombine(vma->vm_page_prot) : pgprot_noncached(vma->vm_page_prot);`,
      leaf: `vma_pages(vmf->vma) > PTRS_PER_PTE ? VM_FAULT_SIGBUS : ${LEAF}`,
      page: 'vmf_insert_pfn(vmf->vma, vmf->address, bar)',
    },
    { arch: 'arm64', pages: 3, only: ['open', 'mmap', 'load'] },
  ],
  ['stale', 'F-14', { leaf: LEAF }, { pages: 3 }],
  ['revoked', 'F-21', { header: ' * Revoke: 7\n', leaf: LEAF, ioctl: 'return 0;' }, {}],
  ['notified', 'F-20', { header: ' * pfn_mkwrite\n', leaf: 'vmf_insert_pfn_pmd(vmf, bar, true)' }, {}],
];

test.each(CASES)('%s falls with a leaf', async (invariant, rule, parts, more) => {
  const { verdict, reason, violation } = await verify(driver(parts), { ...WORLD, ...more });
  expect([verdict, reason, violation?.invariant, violation?.blame?.rule]).toEqual([
    'violated',
    undefined,
    invariant,
    rule,
  ]);
  expect(violation!.blame?.by).toBe('driver');
  expect(violation!.steps.map(({ operation }) => operation).join('\n')).toMatch(/PMD_SIZE/);
});

test('a driver that makes leaves well holds', async () => {
  const { verdict, reason } = await verify(
    driver({ leaf: LEAF, page: 'vmf_insert_pfn(vmf->vma, vmf->address, bar + vmf->pgoff)' }),
    {
      ...WORLD,
      only: ['open', 'mmap', 'munmap', 'mprotect', 'mremap', 'load', 'store', 'gup'],
      offsets: [0],
    },
  );
  expect([verdict, reason]).toEqual(['holds', undefined]);
});

test('a leaf is moved as a whole, to each place that it does not overlap', () => {
  const test = parseLitmus({ file: 'driver.litmus', text: driverText(driver({ leaf: LEAF })) }, grammar, {
    threadless: true,
  });
  const bounds = { processes: 1, pages: 5, files: 1, races: false };
  const { menu } = subjectOf(test, factsOf('x86_64', '7.2', {}), 2, bounds);
  const moves = menu.filter(({ kind, c }) => kind === Kind.Move && c === 2).map(({ a, b }) => `${a}-${b}`);
  expect(moves).toEqual(['0-2', '0-3', '1-3', '2-0', '3-0', '3-1']);
  const lengths = menu.filter(({ kind }) => kind === Kind.Mmap).map(({ b }) => b);
  expect([...new Set(lengths)]).toEqual([1, 2, 3, 4, 5]);
});

test('the page shows all frames of a leaf, and marks it where one of its pages is broken', async () => {
  const result = await verify(driver({ leaf: LEAF }), { ...WORLD, pages: 3 });
  const page = verifyPage([{ result, confirmed: 'Always' }]);
  expect(page).toContain('bar.0 to bar.1');
  expect(page).toMatch(/<td rowspan="2" class="entry raw broken" data-to="bar.0">/);
  expect(page).toMatch(/data-frame="bar.1">(?:(?!<li)[^])*P0, page 3/);
});

test('where nothing is said about processes and pages, one world has room for a leaf', async () => {
  const { bounds, violation } = await verify(driver({ leaf: 'vmf_insert_pfn_pmd(vmf, bar + 1, write)' }), {
    arch: 'x86_64',
  });
  expect(bounds.map(({ processes, pages }) => [processes, pages])).toContainEqual([1, 4]);
  expect(violation?.blame?.rule).toBe('F-14');
});
