import { describe } from 'vitest';
import { ANONYMOUS, ask, faults, ioctl, OPEN, PRIVATE, READ_SHARED, RETURN_PAGE, SHARED } from './ask.js';

const CALL = `${OPEN} int r = ioctl(fd, 1, 0);`;
const BUG = ioctl('g = 1; BUG();', 'static int g;');

describe('a BUG', () => {
  ask('leaves variables and globals, and nothing else to see', {
    driver: BUG,
    threads: `${CALL} int x = 3;`,
    condition: `forall (bug(BUG_ON) /\\ g = 1 /\\ 0:r = 0 /\\ 0:x = 0 /\\ 0:present(arena) = none /\\ refcount(buf) = none
      /\\ mem(buf) = none /\\ 0:rss_anon = none /\\ ~leaked() /\\ 0:bad_rss = none /\\ bad_map() = none)`,
  });
  ask('has the name of what the driver called', {
    driver: faults('return vmf_insert_pfn(vmf->vma, vmf->address, buf);'),
    threads: `${SHARED} p[0] = 1;`,
    condition: 'forall (bug(vmf_insert_pfn) /\\ ~bug(remap_pfn_range))',
  });
});

describe('where there is nothing', () => {
  ask('no VMA: none', {
    threads: 'char *p = arena + 5 * PAGE_SIZE;',
    condition: `forall (0:present(p) = none /\\ 0:level(p) = none /\\ 0:vm_pgoff(p) = none /\\ 0:vm_normal_page(p) = none
      /\\ ~(0:vm_normal_page(p) = NULL) /\\ ~(0:vma_flags(p) & READ))`,
  });
  ask('no entry: none, but not present', {
    driver: faults(RETURN_PAGE),
    threads: READ_SHARED,
    condition: `forall (0:present(p) = 0 /\\ 0:special(p) = none /\\ 0:pfn(p) = none /\\ 0:vm_normal_page(p) = none
      /\\ 0:vm_pgoff(p) = 0)`,
  });
  ask('no such child: none', {
    threads: 'int r = fork();',
    condition: 'forall (0:c2.r = none /\\ 0:c2.signal = none /\\ ~(0:c2.signal = 0))',
  });
  ask('no struct page: none', {
    memory: 'ram pool = 2 pages; reserved buf = 2 pages; mmio bar = 1 page;',
    condition: 'forall (refcount(bar) = none /\\ refcount(buf + 17) = none)',
  });
});

describe('observers', () => {
  ask('the special bit is where the architecture has one', {
    threads: READ_SHARED,
    condition: 'exists (0:special(p) = 1)',
    result: ['Result: Always', 'Result(!pte_special): Never'],
  });
  ask('flags of a remap', {
    threads: READ_SHARED,
    condition: `forall (0:vma_flags(p) & READ /\\ ~(0:vma_flags(p) & WRITE) /\\ 0:vma_flags(p) & SHARED
      /\\ 0:vma_flags(p) & PFNMAP /\\ 0:vma_flags(p) & IO /\\ 0:vma_flags(p) & DONTEXPAND /\\ 0:vma_flags(p) & DONTDUMP
      /\\ ~(0:vma_flags(p) & DONTCOPY) /\\ ~(0:vma_flags(p) & MIXEDMAP) /\\ 0:vma_flags(p) & MAYWRITE)`,
  });
  ask('a shared mapping of a read-only descriptor is not VM_SHARED', {
    threads: READ_SHARED.replace('O_RDWR', 'O_RDONLY'),
    condition: `forall (~(0:vma_flags(p) & SHARED) /\\ 0:vma_flags(p) & MAYSHARE /\\ ~(0:vma_flags(p) & MAYWRITE))`,
  });
  ask('addresses are expressions', {
    threads: `${OPEN} char *p = mmap(NULL, 2 * PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);`,
    condition: `forall (0:pfn(p + PAGE_SIZE) = buf + 1 /\\ 0:pfn(p + 2 * PAGE_SIZE - PAGE_SIZE) = buf + 1)`,
  });
  ask('counts of a copied page', {
    threads: `${PRIVATE} p[0] = 1;`,
    condition: `forall (0:is_anon(p) = 1 /\\ 0:rss_anon = 1 /\\ 0:rss_file = 0 /\\ refcount(buf) = 1 /\\ mapcount(buf) = 0
      /\\ mem(buf) = 0)`,
  });
  ask('which frame of ram it is may be asked', {
    threads: `${ANONYMOUS} p[0] = 1;`,
    condition: 'exists (0:pfn(p) = pool + 1)',
    result: 'Sometimes',
  });
  ask('fields and elements of globals', {
    driver: ioctl(
      'g = 3; s.a = 4; s.b.c = 5; list[1] = 6; page = pfn_to_page(buf);',
      `struct inner { int c; }; static struct outer { int a; struct inner b; } s;
static int list[2]; static int g; static struct page *page, *other;`,
    ),
    threads: CALL,
    condition: `forall (g = 3 /\\ s.a = 4 /\\ s.b.c = 5 /\\ list[1] = 6 /\\ ~(page = NULL) /\\ other = NULL)`,
  });
});

describe('leaked()', () => {
  const drop = 'struct page *page = alloc_page(GFP_KERNEL);';
  ask('a frame of ram that nobody freed', {
    driver: ioctl(drop),
    threads: CALL,
    condition: 'forall leaked()',
  });
  ask('a frame of ram that was freed twice', {
    driver: ioctl(`${drop} __free_page(page); __free_page(page);`),
    threads: CALL,
    condition: 'forall leaked()',
  });
  ask('a reference to a reserved frame', {
    driver: ioctl('get_page(pfn_to_page(buf));'),
    threads: CALL,
    condition: 'forall leaked()',
  });
  ask('not what was freed', {
    driver: ioctl(`${drop} __free_page(page);`),
    threads: CALL,
    condition: 'exists leaked()',
    result: 'Never',
  });
});

describe('conditions', () => {
  ask('filter drops outcomes', {
    threads: 'int x = choose(3);',
    condition: 'filter (0:x = 1) forall (0:x = 1)',
  });
  ask('choose() gives every number below', {
    threads: 'int x = choose(3);',
    condition: 'exists (0:x = 2)',
    result: 'Sometimes',
  });
  ask('numbers have 64 bits, and a sign if their type has one', {
    threads: 'unsigned long long a = -1; long long b = -1; unsigned int c = -22; int d = -22;',
    condition: 'forall (0:a = 18446744073709551615 /\\ 0:b = -1 /\\ 0:c = 4294967274 /\\ 0:d = -EINVAL)',
  });
  ask('terms are computed', {
    threads: 'int x = 1, y = 2;',
    condition: 'forall (0:x + 0:y = 3 /\\ 0:x - 0:y < 0 /\\ 0:x << 4 = 16)',
  });
});
