import { describe, expect, it } from 'vitest';
import { EBUSY, EFAULT, EINVAL, ENOMEM, ENXIO } from '../../../../src/kernel/errno.js';
import {
  VM_FAULT_NOPAGE,
  VM_FAULT_OOM,
  VM_FAULT_SIGBUS,
  VM_IO,
  VM_MAYWRITE,
  VM_MIXEDMAP,
  VM_PFNMAP,
  VM_SHARED,
  VM_WRITE,
} from '../../../../src/kernel/flags.js';
import {
  vmfInsertPage,
  vmfInsertPfn,
  vmfInsertPfnProt,
  vmInsertMixed,
  vmInsertPage,
  vmInsertPages,
  vmMapPages,
} from '../../../../src/kernel/mm/memory/insert.js';
import { vmStart } from '../../../../src/kernel/mm/memory/remap.js';
import { allocPages } from '../../../../src/kernel/mm/page_alloc.js';
import { clearEntry, setEntry } from '../../../../src/kernel/mm/pgtable.js';
import { PTE_DIRTY, PTE_PRESENT, PTE_PROTNONE, PTE_SPECIAL, PTE_WRITE } from '../../../../src/kernel/pte.js';
import { RELEASES } from '../../../../src/kernel/release.js';
import { PROT_READ, PROT_WRITE } from '../../../../src/kernel/uapi.js';
import { PG_ANON, type Vma } from '../../../../src/kernel/world.js';
import { Machine, PAGE, type Handler, type Setup } from '../machine.js';

const RW = PROT_READ | PROT_WRITE;

/** A linked VMA of `pages` pages with exactly the given raw flags; the mmap lock is free. */
function raw(
  flags: number,
  how: 'private' | 'shared' = 'shared',
  setup: Setup = {},
  pages = 2,
): { m: Machine; v: Vma; p: number } {
  const m = new Machine({ ...setup, handlers: { mmap: () => 0, ...setup.handlers } });
  const p = m.mmap(pages, RW, how);
  const v = m.vma(p)!;
  v.flags |= flags;
  v.ops = 2;
  return { m, v, p };
}

/** The same as the driver sees it inside ->mmap: under the write lock. */
function locked(m: Machine): Machine {
  m.k.w[m.k.mmapLock(0)] = -1;
  return m;
}

describe('vmf_insert_pfn (B.4, F-5)', () => {
  it.each([
    ['neither flag', 0, 'shared', 'bar', true],
    ['both flags', VM_PFNMAP | VM_MIXEDMAP, 'shared', 'bar', true],
    ['VM_PFNMAP, copy-on-write', VM_PFNMAP, 'private', 'bar', true],
    ['VM_MIXEDMAP and a frame with a struct page', VM_MIXEDMAP, 'shared', 'buf', true],
    ['VM_PFNMAP, shared', VM_PFNMAP, 'shared', 'buf', false],
    ['VM_MIXEDMAP, copy-on-write, no struct page', VM_MIXEDMAP, 'private', 'bar', false],
  ] as const)('%s: BUG %s', (_name, flags, how, region, bugs) => {
    for (const release of RELEASES)
      for (const arch of ['x86_64', 'arm']) {
        const { m, v, p } = raw(flags, how, { release, arch });
        const r = vmfInsertPfn(m.k, v, p, m.pfn(region));
        expect([release, arch, m.bug]).toEqual([release, arch, bugs]);
        if (!bugs) expect([r, m.mapped(p)]).toEqual([VM_FAULT_NOPAGE, m.pfn(region)]);
      }
  });

  it('maps a special entry of the VMA that nobody counts', () => {
    const { m, v, p } = raw(VM_PFNMAP);
    vmfInsertPfn(m.k, v, p, m.pfn('buf'));
    expect(m.flags(p)).toBe(v.prot | PTE_SPECIAL);
    expect([m.counts('buf'), m.rss]).toEqual([
      [1, 0],
      [0, 0],
    ]);
  });

  it('takes another protection', () => {
    const { m, v, p } = raw(VM_PFNMAP);
    vmfInsertPfnProt(m.k, v, p, m.pfn('buf'), PTE_PRESENT);
    expect(m.flags(p)).toBe(PTE_PRESENT | PTE_SPECIAL);
  });

  it('outside the VMA is SIGBUS', () => {
    const { m, v, p } = raw(VM_PFNMAP);
    expect([vmfInsertPfn(m.k, v, p + 2 * PAGE, 1), vmfInsertPfn(m.k, v, p - 1, 1)]).toEqual([
      VM_FAULT_SIGBUS,
      VM_FAULT_SIGBUS,
    ]);
    expect(vmfInsertPfn(m.k, v, p + 2 * PAGE - 1, m.pfn('buf'))).toBe(VM_FAULT_NOPAGE);
    expect(m.mapped(p + PAGE)).toBe(m.pfn('buf'));
  });

  it('keeps an entry that is there, and says NOPAGE all the same (F-3)', () => {
    const { m, v, p } = raw(VM_PFNMAP);
    vmfInsertPfn(m.k, v, p, m.pfn('buf'));
    expect(vmfInsertPfn(m.k, v, p, m.pfn('buf', 1))).toBe(VM_FAULT_NOPAGE);
    expect(m.mapped(p)).toBe(m.pfn('buf'));
  });

  it('asks pfn_modify_allowed', () => {
    const { m, v, p } = raw(VM_PFNMAP, 'shared', { facts: { l1tf: true } });
    const prot = PTE_PRESENT | PTE_PROTNONE;
    expect(vmfInsertPfnProt(m.k, v, p, 2 ** 33, prot)).toBe(VM_FAULT_SIGBUS);
    expect(vmfInsertPfnProt(m.k, v, p, 2 ** 33 - 1, prot)).toBe(VM_FAULT_NOPAGE);
  });

  it('without a page table is OOM', () => {
    const { m, v, p } = raw(VM_PFNMAP, 'shared', { options: { faultsAlloc: true } });
    m.pick = () => 1;
    expect(vmfInsertPfn(m.k, v, p, m.pfn('buf'))).toBe(VM_FAULT_OOM);
  });

  it('into a copy-on-write VMA, if the core did not refuse it', () => {
    const { m, v, p } = raw(VM_PFNMAP, 'private', { facts: { insertPfnRefusesCow: false } });
    expect(vmfInsertPfn(m.k, v, p, m.pfn('buf'))).toBe(VM_FAULT_NOPAGE);
  });
});

describe('vmf_insert_mixed (B.5)', () => {
  it.each([
    ['6.1', 'BUG'],
    ['6.12', VM_FAULT_SIGBUS],
    ['7.2', VM_FAULT_SIGBUS],
  ] as const)('into a VMA without VM_MIXEDMAP: %s %s (F-6)', (release, answer) => {
    for (const flags of [0, VM_PFNMAP]) {
      const { m, v, p } = raw(flags, 'shared', { release });
      const r = vmInsertMixed(m.k, v, p, m.pfn('bar'), false);
      expect(m.bug ? 'BUG' : r).toBe(answer);
      expect(m.mapped(p)).toBeUndefined();
    }
  });

  it.each(RELEASES)('maps a raw entry with a special bit, whatever the frame: %s', (release) => {
    for (const region of ['bar', 'buf']) {
      const { m, v, p } = raw(VM_MIXEDMAP, 'shared', { release });
      expect(vmInsertMixed(m.k, v, p, m.pfn(region), false)).toBe(VM_FAULT_NOPAGE);
      expect([m.flags(p) & PTE_SPECIAL, m.normal(p), m.rss]).toEqual([PTE_SPECIAL, -1, [0, 0]]);
    }
  });

  it.each(RELEASES)('counts a valid frame without one (F.V-5): %s', (release) => {
    const { m, v, p } = raw(VM_MIXEDMAP, 'shared', { release, arch: 'arm' });
    expect(vmInsertMixed(m.k, v, p, m.pfn('buf'), false)).toBe(VM_FAULT_NOPAGE);
    expect([m.counts('buf'), m.rss]).toEqual([
      [2, 1],
      [0, 1],
    ]);
    expect(vmInsertMixed(m.k, v, p + PAGE, m.pfn('bar'), false)).toBe(VM_FAULT_NOPAGE);
    expect([m.normal(p), m.normal(p + PAGE), m.rss]).toEqual([m.frame('buf'), -1, [0, 1]]);
    expect(vmInsertMixed(m.k, v, p, m.pfn('buf', 1), false)).toBe(VM_FAULT_NOPAGE);
    expect(m.mapped(p)).toBe(m.pfn('buf'));
  });

  it('outside the VMA, or of a frame that L1TF could reach, is SIGBUS', () => {
    const { m, v, p } = raw(VM_MIXEDMAP, 'shared', { facts: { l1tf: true } });
    expect(vmInsertMixed(m.k, v, p + 2 * PAGE, m.pfn('bar'), false)).toBe(VM_FAULT_SIGBUS);
    v.prot = PTE_PRESENT | PTE_PROTNONE;
    expect(vmInsertMixed(m.k, v, p, 2 ** 33, false)).toBe(VM_FAULT_SIGBUS);
  });

  it('for writing makes a new entry dirty, and writable where the VMA is', () => {
    for (const [how, write] of [
      ['shared', PTE_WRITE],
      ['private', PTE_WRITE],
    ] as const) {
      const { m, v, p } = raw(VM_MIXEDMAP, how);
      vmInsertMixed(m.k, v, p, m.pfn('bar'), true);
      expect(m.flags(p) & (PTE_DIRTY | PTE_WRITE)).toBe(PTE_DIRTY | write);
    }
    const { m, v, p } = raw(VM_MIXEDMAP);
    v.flags &= ~VM_WRITE;
    v.prot &= ~PTE_WRITE;
    vmInsertMixed(m.k, v, p, m.pfn('bar'), true);
    expect(m.flags(p) & (PTE_DIRTY | PTE_WRITE)).toBe(PTE_DIRTY);
  });

  it.each(RELEASES)('for writing upgrades the same frame and warns of another: %s', (release) => {
    const { m, v, p } = raw(VM_MIXEDMAP, 'shared', { release });
    setEntry(m.k, m.entry(p), m.pfn('bar'), PTE_PRESENT | PTE_SPECIAL);
    expect(vmInsertMixed(m.k, v, p, m.pfn('bar', 1), true)).toBe(VM_FAULT_NOPAGE);
    expect([m.mapped(p), m.flags(p) & PTE_WRITE, m.warned]).toEqual([m.pfn('bar'), 0, true]);
    expect(vmInsertMixed(m.k, v, p, m.pfn('bar'), true)).toBe(VM_FAULT_NOPAGE);
    expect(m.flags(p)).toBe(PTE_PRESENT | PTE_SPECIAL | PTE_DIRTY | PTE_WRITE);
  });

  it('for writing leaves a zero page, quietly', () => {
    const { m, v, p } = raw(VM_MIXEDMAP);
    setEntry(m.k, m.entry(p), m.pfn('zero'), PTE_PRESENT | PTE_SPECIAL);
    expect(vmInsertMixed(m.k, v, p, m.pfn('bar'), true)).toBe(VM_FAULT_NOPAGE);
    expect([m.mapped(p), m.warned]).toEqual([m.pfn('zero'), false]);
  });

  it.each([
    ['6.12', -1, true],
    ['7.2', VM_FAULT_SIGBUS, false],
  ] as const)('without a bit, for writing over another page: %s', (release, answer, busy) => {
    const { m, v, p } = raw(VM_MIXEDMAP, 'shared', { release, arch: 'arm' });
    vmInsertMixed(m.k, v, p, m.pfn('buf'), false);
    const r = vmInsertMixed(m.k, v, p, m.pfn('buf', 1), true);
    expect(r).toBe(busy ? VM_FAULT_NOPAGE : answer);
    expect([m.mapped(p), m.warned]).toEqual([m.pfn('buf'), !busy]);
  });

  it('7.2, without a bit, makes the same page writable but not dirty (H-6)', () => {
    const { m, v, p } = raw(VM_MIXEDMAP, 'shared', { arch: 'arm' });
    setEntry(m.k, m.entry(p), m.pfn('buf'), PTE_PRESENT);
    expect(vmInsertMixed(m.k, v, p, m.pfn('buf'), true)).toBe(VM_FAULT_NOPAGE);
    expect(m.flags(p)).toBe(PTE_PRESENT | PTE_WRITE);
  });

  describe('of the zero page', () => {
    const ALLOWED = [
      ['copy-on-write', 'private', RW, 0, true],
      ['shared, writable', 'shared', RW, 0, false],
      ['shared, never writable', 'shared', PROT_READ, 0, true],
      ['shared, writable, VM_IO and pfn_mkwrite', 'shared', RW, VM_IO, true],
    ] as const;
    it.each(RELEASES.flatMap((r) => ALLOWED.map((row) => [r, ...row] as const)))(
      '%s: %s',
      (release, _name, how, prot, flags, allowed) => {
        const handlers: Readonly<Record<string, Handler>> = flags === 0 ? {} : { pfnMkwrite: () => 0 };
        const { m, v, p } = raw(VM_MIXEDMAP | flags, how, { release, handlers });
        if (prot === PROT_READ) v.flags &= ~(VM_WRITE | VM_MAYWRITE);
        const ok = release === '6.1' || allowed;
        expect(vmInsertMixed(m.k, v, p, m.pfn('zero'), false)).toBe(ok ? VM_FAULT_NOPAGE : VM_FAULT_SIGBUS);
        expect(m.mapped(p)).toBe(ok ? m.pfn('zero') : undefined);
      },
    );

    it('pfn_mkwrite without VM_IO, or VM_IO without it, is not enough', () => {
      const allowed = (flags: number, handlers: Readonly<Record<string, Handler>>): number => {
        const { m, v, p } = raw(VM_MIXEDMAP | flags, 'shared', { handlers });
        return vmInsertMixed(m.k, v, p, m.pfn('zero'), false);
      };
      expect([allowed(0, { pfnMkwrite: () => 0 }), allowed(VM_IO, {})]).toEqual([
        VM_FAULT_SIGBUS,
        VM_FAULT_SIGBUS,
      ]);
    });

    it('for writing is never allowed from 6.12 on', () => {
      const answer = RELEASES.map((release) => {
        const { m, v, p } = raw(VM_MIXEDMAP, 'private', { release });
        return vmInsertMixed(m.k, v, p, m.pfn('zero'), true);
      });
      expect(answer).toEqual([VM_FAULT_NOPAGE, VM_FAULT_SIGBUS, VM_FAULT_SIGBUS]);
    });

    it('needs no VM_MIXEDMAP', () => {
      for (const release of RELEASES) {
        const { m, v, p } = raw(0, 'private', { release });
        expect([release, vmInsertMixed(m.k, v, p, m.pfn('zero'), false)]).toEqual([release, VM_FAULT_NOPAGE]);
      }
    });
  });
});

describe('vm_insert_page (B.6)', () => {
  it.each(RELEASES)(
    'counts a reference, a mapping and a file page, and makes the VMA VM_MIXEDMAP: %s',
    (release) => {
      const { m, v, p } = raw(0, 'shared', { release });
      locked(m);
      expect(vmInsertPage(m.k, v, p, m.frame('buf'))).toBe(0);
      expect([m.counts('buf'), m.rss, v.flags & VM_MIXEDMAP]).toEqual([[2, 1], [0, 1], VM_MIXEDMAP]);
      expect([m.normal(p), m.flags(p) & PTE_SPECIAL, m.mapped(p)]).toEqual([m.frame('buf'), 0, m.pfn('buf')]);
      expect([m.bug, m.warned]).toEqual([false, false]);
    },
  );

  it('takes VMAs that are VM_MIXEDMAP already without the lock', () => {
    const { m, v, p } = raw(VM_MIXEDMAP);
    expect([vmInsertPage(m.k, v, p, m.frame('buf')), m.bug]).toEqual([0, false]);
  });

  it.each(RELEASES)('is a BUG without the write lock, or in a VM_PFNMAP VMA (F-7, F-8): %s', (release) => {
    for (const lock of [0, 1, -1]) {
      const { m, v, p } = raw(0, 'shared', { release });
      m.k.w[m.k.mmapLock(0)] = lock;
      vmInsertPage(m.k, v, p, m.frame('buf'));
      expect([lock, m.bug]).toEqual([lock, lock >= 0]);
    }
    const { m, v, p } = raw(VM_PFNMAP, 'shared', { release });
    vmInsertPage(locked(m).k, v, p, m.frame('buf'));
    expect(m.bug).toBe(true);
  });

  it('outside the VMA is -EFAULT, before anything else', () => {
    const { m, v, p } = raw(0);
    expect([
      vmInsertPage(m.k, v, p + 2 * PAGE, m.frame('buf')),
      vmInsertPage(m.k, v, p - 1, m.frame('buf')),
    ]).toEqual([-EFAULT, -EFAULT]);
    expect(m.bug).toBe(false);
  });

  it('over an entry is -EBUSY', () => {
    const { m, v, p } = raw(VM_MIXEDMAP);
    vmInsertPage(m.k, v, p, m.frame('buf'));
    expect(vmInsertPage(m.k, v, p, m.frame('buf', 1))).toBe(-EBUSY);
    expect([m.counts('buf', 1), m.rss]).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  it.each([
    ['6.1', 0],
    ['6.12', VM_MIXEDMAP],
    ['7.2', VM_MIXEDMAP],
  ] as const)(
    'of a page without reference is -EINVAL; has the VMA become VM_MIXEDMAP? %s %d',
    (release, flag) => {
      const { m, v, p } = raw(0, 'shared', { release });
      expect(vmInsertPage(locked(m).k, v, p, m.frame('pool'))).toBe(-EINVAL);
      expect(v.flags & VM_MIXEDMAP).toBe(flag);
    },
  );

  it('of an anonymous page is -EINVAL', () => {
    const { m, v, p } = raw(VM_MIXEDMAP);
    m.k.pages[m.frame('buf')]!.flags |= PG_ANON;
    expect(vmInsertPage(m.k, v, p, m.frame('buf'))).toBe(-EINVAL);
  });

  it('of a part of a compound page refers to its head (F-12)', () => {
    const { m, v, p } = raw(VM_MIXEDMAP);
    const head = allocPages(m.k, 1, true, true);
    expect(vmInsertPage(m.k, v, p, head + 1)).toBe(0);
    expect([m.counts('pool'), m.counts('pool', 1)]).toEqual([
      [2, 0],
      [0, 1],
    ]);
  });

  it('of a part of a block that was not split is -EINVAL (F-12)', () => {
    const { m, v, p } = raw(VM_MIXEDMAP);
    const head = allocPages(m.k, 1, true);
    expect(vmInsertPage(m.k, v, p, head + 1)).toBe(-EINVAL);
  });

  it('without a page table is -ENOMEM', () => {
    const { m, v, p } = raw(VM_MIXEDMAP, 'shared', { options: { faultsAlloc: true } });
    m.pick = () => 1;
    expect(vmInsertPage(m.k, v, p, m.frame('buf'))).toBe(-ENOMEM);
  });

  it.each([
    ['6.1', 'private', true],
    ['6.1', 'shared', true],
    ['6.12', 'private', false],
    ['7.2', 'private', false],
  ] as const)('of the zero page: %s, %s, counted %s (A.6)', (release, how, counted) => {
    const { m, v, p } = raw(VM_MIXEDMAP, how, { release });
    expect(vmInsertPage(m.k, v, p, m.frame('zero'))).toBe(0);
    expect([m.flags(p) & PTE_SPECIAL, m.k.pages[m.frame('zero')]!.mapcount, m.rss]).toEqual(
      counted ? [0, 1, [0, 1]] : [PTE_SPECIAL, 0, [0, 0]],
    );
  });

  it('of the zero page where a write could reach it is -EINVAL from 6.12 on', () => {
    const { m, v, p } = raw(VM_MIXEDMAP, 'shared', { release: '6.12' });
    expect(vmInsertPage(m.k, v, p, m.frame('zero'))).toBe(-EINVAL);
  });
});

describe('vmf_insert_page (B.6)', () => {
  it('is vm_insert_page() in the words of fault handlers: a page that is there already is no error', () => {
    const { m, v, p } = raw(VM_MIXEDMAP);
    const insert = (addr: number, i: number): number => vmfInsertPage(m.k, v, addr, m.frame('buf', i));
    expect([insert(p, 0), insert(p, 1)]).toEqual([VM_FAULT_NOPAGE, VM_FAULT_NOPAGE]);
    expect([m.mapped(p), m.counts('buf'), m.counts('buf', 1)]).toEqual([m.pfn('buf'), [2, 1], [1, 0]]);
    expect(insert(p + 2 * PAGE, 1)).toBe(VM_FAULT_SIGBUS);
  });

  it('without a page table is VM_FAULT_OOM', () => {
    const { m, v, p } = raw(VM_MIXEDMAP, 'shared', { options: { faultsAlloc: true } });
    m.pick = () => 1;
    expect(vmfInsertPage(m.k, v, p, m.frame('buf'))).toBe(VM_FAULT_OOM);
  });
});

describe('vm_insert_pages (B.6, H-12)', () => {
  const insert = (
    m: Machine,
    v: Vma,
    at: number,
    frames: readonly number[],
  ): [number, number | undefined] => {
    let done: number | undefined;
    const r = vmInsertPages(
      m.k,
      v,
      at,
      (i) => frames[i]!,
      frames.length,
      (n) => (done = n),
    );
    return [r, done];
  };
  const buf = (m: Machine, n: number): number[] => Array.from({ length: n }, (_, i) => m.frame('buf', i));

  it('inserts in order', () => {
    const { m, v, p } = raw(VM_MIXEDMAP);
    expect(insert(m, v, p, buf(m, 2))).toEqual([0, 2]);
    expect([m.mapped(p), m.mapped(p + PAGE)]).toEqual([m.pfn('buf'), m.pfn('buf', 1)]);
  });

  it('keeps what is done when a page fails, and says how many', () => {
    const { m, v, p } = raw(VM_MIXEDMAP);
    expect(insert(m, v, p, [m.frame('buf'), m.frame('pool')])).toEqual([-EINVAL, 1]);
    expect(insert(m, v, p, [m.frame('buf')])).toEqual([-EBUSY, 0]);
    expect([m.mapped(p), m.counts('buf')]).toEqual([m.pfn('buf'), [2, 1]]);
  });

  it('of a range that leaves the VMA is -EFAULT and tells nothing', () => {
    const { m, v, p } = raw(VM_MIXEDMAP);
    expect(insert(m, v, p + PAGE, buf(m, 2))).toEqual([-EFAULT, undefined]);
    expect(insert(m, v, p - PAGE, buf(m, 1))).toEqual([-EFAULT, undefined]);
    expect(insert(m, v, p, buf(m, 3))).toEqual([-EFAULT, undefined]);
    expect(insert(m, v, p, [])).toEqual([0, 0]);
  });

  it.each([
    ['6.1', true],
    ['6.12', true],
    ['7.2', false],
  ] as const)('in a VM_PFNMAP VMA: %s BUG %s', (release, bugs) => {
    const { m, v, p } = raw(VM_PFNMAP, 'shared', { release });
    insert(locked(m), v, p, buf(m, 1));
    expect([m.bug, m.warned]).toEqual([bugs, false]);
    if (!bugs) expect(v.flags & (VM_PFNMAP | VM_MIXEDMAP)).toBe(VM_PFNMAP | VM_MIXEDMAP);
  });

  it('7.2 warns with DEBUG_VM of VM_PFNMAP, and always of a missing write lock: vm_flags_set asserts it', () => {
    const debug = raw(VM_PFNMAP, 'shared', { facts: { debugVm: true } });
    insert(locked(debug.m), debug.v, debug.p, buf(debug.m, 1));
    expect([debug.m.bug, debug.m.warned]).toEqual([false, true]);
    const { m, v, p } = raw(0);
    m.k.w[m.k.mmapLock(0)] = 1;
    insert(m, v, p, buf(m, 1));
    expect([m.bug, m.warned, m.mapped(p)]).toEqual([false, true, m.pfn('buf')]);
  });

  it('flips the raw entries of a VMA to pages without a special bit (H-12)', () => {
    const { m, v, p } = raw(VM_PFNMAP, 'shared', { arch: 'arm' });
    setEntry(m.k, m.entry(p + PAGE), m.pfn('buf', 1), PTE_PRESENT);
    expect(m.normal(p + PAGE)).toBe(-1);
    insert(locked(m), v, p, buf(m, 1));
    expect(m.normal(p + PAGE)).toBe(m.frame('buf', 1));
  });
});

describe('vm_map_pages (B.6)', () => {
  const map = (m: Machine, v: Vma, num: number, fromZero = false): number =>
    vmMapPages(locked(m).k, v, (i) => m.frame('buf', i), num, fromZero);

  it.each(RELEASES)('maps from vm_pgoff on, as long as the VMA is: %s', (release) => {
    const { m, v, p } = raw(0, 'shared', { release });
    v.setPgoff(1, 0);
    expect(map(m, v, 3)).toBe(0);
    expect([m.mapped(p), m.mapped(p + PAGE)]).toEqual([m.pfn('buf', 1), m.pfn('buf', 2)]);
  });

  it('or from the first page on', () => {
    const { m, v, p } = raw(0);
    v.setPgoff(1, 0);
    expect(map(m, v, 3, true)).toBe(0);
    expect([m.mapped(p), vmStart(m.k, v)]).toEqual([m.pfn('buf'), p]);
  });

  it.each([
    [3, 3, -ENXIO],
    [2, 3, -ENXIO],
    [1, 3, 0],
    [0, 1, -ENXIO],
  ])('vm_pgoff %d of %d pages: %d', (pgoff, num, answer) => {
    const { m, v } = raw(0);
    v.setPgoff(pgoff, 0);
    expect(map(m, v, num)).toBe(answer);
  });

  it.each([
    ['6.1', true],
    ['6.12', true],
    ['7.2', false],
  ] as const)('in a VM_PFNMAP VMA: %s BUG %s', (release, bugs) => {
    const { m, v } = raw(VM_PFNMAP, 'shared', { release });
    map(m, v, 2);
    expect(m.bug).toBe(bugs);
  });

  it.each([
    ['6.1', 0],
    ['6.12', VM_MIXEDMAP],
    ['7.2', VM_MIXEDMAP],
  ] as const)(
    'of a page without reference: %s leaves VM_MIXEDMAP at %d, for 6.1 inserts one by one',
    (release, flag) => {
      const { m, v } = raw(0, 'shared', { release });
      expect(vmMapPages(locked(m).k, v, (i) => m.frame('pool', i), 2, false)).toBe(-EINVAL);
      expect(v.flags & VM_MIXEDMAP).toBe(flag);
    },
  );

  it('stops at the first page that fails', () => {
    for (const release of RELEASES) {
      const { m, v, p } = raw(VM_MIXEDMAP, 'shared', { release });
      setEntry(m.k, m.entry(p + PAGE), m.pfn('bar'), PTE_PRESENT | PTE_SPECIAL);
      expect(map(m, v, 2)).toBe(-EBUSY);
      clearEntry(m.k, m.entry(p));
      expect(m.counts('buf', 1)).toEqual([1, 0]);
    }
  });
});

describe('what an insertion leaves alone', () => {
  it('does not need VM_SHARED to be writable: a private VMA gets a read-only entry', () => {
    const { m, v, p } = raw(VM_MIXEDMAP, 'private');
    vmInsertPage(m.k, v, p, m.frame('buf'));
    expect([v.flags & VM_SHARED, m.flags(p) & PTE_WRITE]).toEqual([0, 0]);
  });
});
