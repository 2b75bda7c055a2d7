import { describe, expect, it } from 'vitest';
import {
  FAULT_FLAG_WRITE,
  VM_FAULT_FALLBACK,
  VM_FAULT_NOPAGE,
  VM_FAULT_SIGBUS,
  VM_MIXEDMAP,
  VM_NOHUGEPAGE,
  VM_PFNMAP,
} from '../../../src/kernel/flags.js';
import { sysFork } from '../../../src/kernel/fork.js';
import { smapGatherStats } from '../../../src/kernel/fs/proc/task_mmu.js';
import { handleIndex } from '../../../src/kernel/handle.js';
import { Freeze, HEAD, PROC } from '../../../src/kernel/layout.js';
import { followPfnmap } from '../../../src/kernel/mm/follow.js';
import { gupFast } from '../../../src/kernel/mm/gup.js';
import { thpVmaAllowableOrder, vmfInsertPfnLeaf } from '../../../src/kernel/mm/huge_memory.js';
import { vmfInsertPfn } from '../../../src/kernel/mm/memory/insert.js';
import { remapPfnRange } from '../../../src/kernel/mm/memory/remap.js';
import { VMF } from '../../../src/kernel/mm/memory/vmf.js';
import { zapPageRange } from '../../../src/kernel/mm/memory/zap.js';
import { sysMprotect } from '../../../src/kernel/mm/mprotect.js';
import { sysMremap } from '../../../src/kernel/mm/mremap.js';
import { none, pmdAt, pudAt, walk } from '../../../src/kernel/mm/pgtable.js';
import { Level, PTE_DIRTY, PTE_SPECIAL, PTE_TABLE, PTE_WRITE } from '../../../src/kernel/pte.js';
import { RELEASES, type Release } from '../../../src/kernel/release.js';
import { Undefined, UNDEFINED_IDS, UnknownError } from '../../../src/kernel/routine.js';
import { MREMAP_FIXED, MREMAP_MAYMOVE, PROT_READ, PROT_WRITE } from '../../../src/kernel/uapi.js';
import { flagged } from './drivers.js';
import { Machine, PAGE, type Handler, type Setup } from './machine.js';

const RW = PROT_READ | PROT_WRITE;
const PMD = 4;
const PUD = 16;
const REGIONS = [
  { name: 'pool', kind: 'ram', pages: 4 },
  { name: 'buf', kind: 'reserved', pages: 16 },
  { name: 'bar', kind: 'mmio', pages: 32, where: 'high' },
] as const;

/** huge_fault in VFIO's shape: leaves of `levels` where VMA and frame allow, else VM_FAULT_FALLBACK. */
function hugeFault(region = 'bar', levels: readonly number[] = [Level.Pmd, Level.Pud]): Handler {
  return (m, [vmf, order]) => {
    const at = handleIndex(vmf!);
    const v = m.k.vmas[m.k.w[at + VMF.VMA]!]!;
    const pg = m.k.w[at + VMF.PG]!;
    const span = 2 ** order!;
    const first = pg - (pg % span);
    const level = span === PMD ? Level.Pmd : Level.Pud;
    const inside = first >= v.start && first + span <= v.end;
    const n = v.pgoffLo + first - v.start;
    if (!levels.includes(level) || !inside || n % span !== 0) return VM_FAULT_FALLBACK;
    const write = (m.k.w[at + VMF.FLAGS]! & FAULT_FLAG_WRITE) !== 0;
    return vmfInsertPfnLeaf(m.k, v, pg, m.pfn(region, n), write, level);
  };
}

const fault: Handler = (m, [vmf]) => {
  const at = handleIndex(vmf!);
  const v = m.k.vmas[m.k.w[at + VMF.VMA]!]!;
  const pg = m.k.w[at + VMF.PG]!;
  return vmfInsertPfn(m.k, v, m.k.arenaBase + pg * PAGE, m.pfn('bar', v.pgoffLo + pg - v.start));
};

function machine(setup: Setup = {}, flags = VM_PFNMAP): Machine {
  const handlers = { mmap: flagged(flags), fault, hugeFault: hugeFault(), ...setup.handlers };
  return new Machine({ regions: REGIONS, ...setup, handlers });
}

const level = (m: Machine, addr: number): number => {
  const e = m.entry(addr);
  return none(m.k, e) ? 0 : m.k.level;
};

const isTable = (m: Machine, addr: number, at: typeof pmdAt): boolean =>
  (m.k.w[at(m.k, m.proc, m.page(addr)) + 1]! & PTE_TABLE) !== 0;

describe('who is asked for a leaf (C.2, B.8)', () => {
  const asked = (arch: string, release: Release, pages: number): number => {
    const m = machine({ arch, release });
    const p = m.mmap(pages, RW, 'shared');
    m.touch(p, false);
    return level(m, p);
  };
  it.each([
    ['x86_64', [1, 3, 3]],
    ['arm64', [1, 2, 2]],
    ['arm_lpae', [1, 2, 2]],
    ['arm', [1, 1, 1]],
    ['um', [1, 1, 1]],
  ] as const)('%s by release: the largest leaf that fits', (arch, levels) => {
    expect(RELEASES.map((release) => asked(arch, release, PUD))).toEqual(levels);
    expect(RELEASES.map((release) => asked(arch, release, PMD))).toEqual(levels.map((l) => Math.min(l, 2)));
    expect(RELEASES.map((release) => asked(arch, release, PMD - 1))).toEqual([1, 1, 1]);
  });

  it('asks for PUD leaves in raw VMAs only, and only if VM_NOHUGEPAGE does not forbid', () => {
    const m = machine();
    const v = m.vma(m.mmap(PUD, RW, 'shared'))!;
    const ask = (): boolean[] => [Level.Pmd, Level.Pud].map((l) => thpVmaAllowableOrder(m.k, v, l));
    expect(ask()).toEqual([true, true]);
    v.flags &= ~VM_PFNMAP;
    expect(ask()).toEqual([true, false]);
    v.flags |= VM_PFNMAP | VM_NOHUGEPAGE;
    expect(ask()).toEqual([false, false]);
    v.flags &= ~VM_NOHUGEPAGE;
    v.ops = 0;
    expect(ask()).toEqual([false, false]);
  });

  it('needs a file up to 6.12 for PUD leaves', () => {
    for (const [release, answer] of [
      ['6.12', false],
      ['7.2', true],
    ] as const) {
      const m = machine({ release });
      const v = m.vma(m.mmap(PUD, RW, 'shared'))!;
      v.file = -1;
      expect(thpVmaAllowableOrder(m.k, v, Level.Pud), release).toBe(answer);
    }
  });

  it('obeys transparent_hugepage=madvise, but for VM_PFNMAP in 7.2', () => {
    const ask = (release: Release, flags: number): boolean => {
      const m = machine({ release, facts: { strictThp: true } }, flags);
      return thpVmaAllowableOrder(m.k, m.vma(m.mmap(PMD, RW, 'shared'))!, Level.Pmd);
    };
    expect([ask('6.12', VM_PFNMAP), ask('7.2', VM_PFNMAP), ask('7.2', VM_MIXEDMAP)]).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('does not ask where a table is, which a munmap of all that needs it frees', () => {
    const m = machine({ facts: { perVmaLock: false }, handlers: { hugeFault: hugeFault('bar', []) } });
    const p = m.mmap(PUD, RW, 'shared');
    m.touch(p, false);
    expect(m.log.filter((x) => x === 'hugeFault')).toHaveLength(2);
    expect([isTable(m, p, pudAt), isTable(m, p, pmdAt)]).toEqual([true, true]);
    m.touch(p + PAGE, false);
    expect(m.log.filter((x) => x === 'hugeFault')).toHaveLength(2);
    m.touch(p + PMD * PAGE, false);
    expect(m.log.filter((x) => x === 'hugeFault')).toHaveLength(3);
    m.munmap(p, PMD - 1);
    expect(isTable(m, p, pmdAt)).toBe(true);
    m.munmap(p + (PMD - 1) * PAGE, 1);
    expect([isTable(m, p, pudAt), isTable(m, p, pmdAt)]).toEqual([true, false]);
    m.munmap(p, PUD);
    expect(none(m.k, pudAt(m.k, 0, m.page(p)))).toBe(true);
  });
});

describe('vmf_insert_pfn_pmd and vmf_insert_pfn_pud (B.8)', () => {
  const made = (setup: Setup = {}, flags = VM_PFNMAP, how: 'private' | 'shared' = 'shared') => {
    const m = machine({ leaves: true, ...setup }, flags);
    const p = m.mmap(PUD, RW, how);
    return { m, p, v: m.vma(p)! };
  };
  const insert = (
    { m, p, v }: ReturnType<typeof made>,
    n: number,
    write = false,
    l: number = Level.Pmd,
  ): number => vmfInsertPfnLeaf(m.k, v, m.page(p) + 1, m.pfn('bar', n), write, l);

  it('makes a special leaf, clean and writable as the VMA, or dirty for a write', () => {
    const w = made();
    expect(insert(w, 4)).toBe(VM_FAULT_NOPAGE);
    expect([level(w.m, w.p), w.m.mapped(w.p)]).toEqual([2, w.m.pfn('bar', 4)]);
    expect(w.m.flags(w.p) & (PTE_SPECIAL | PTE_WRITE | PTE_DIRTY)).toBe(PTE_SPECIAL | PTE_WRITE);
    const x = made();
    insert(x, 16, true, Level.Pud);
    expect([level(x.m, x.p), x.m.flags(x.p) & PTE_DIRTY]).toEqual([3, PTE_DIRTY]);
  });

  it('makes a plain leaf where leaves have no special bit', () => {
    const w = made({ arch: 'arm_lpae' });
    insert(w, 0);
    expect([level(w.m, w.p), w.m.flags(w.p) & PTE_SPECIAL]).toEqual([2, 0]);
  });

  it('is undefined for a frame that is not aligned: its low bits mean something else in a leaf (F-14)', () => {
    const w = made();
    insert(w, 5);
    const { k } = w.m;
    expect([k.w[HEAD.FROZEN], UNDEFINED_IDS[k.w[HEAD.FROZEN_ID]!]]).toEqual([
      Freeze.Undefined,
      'unaligned_leaf',
    ]);
  });

  it('keeps a present leaf: nothing for a read, dirty for a write of the same frame, WARN for another', () => {
    const w = made();
    insert(w, 0);
    expect([insert(w, 4), w.m.warned, w.m.flags(w.p) & PTE_DIRTY]).toEqual([VM_FAULT_NOPAGE, false, 0]);
    expect([insert(w, 0, true), w.m.warned, w.m.flags(w.p) & PTE_DIRTY]).toEqual([
      VM_FAULT_NOPAGE,
      false,
      PTE_DIRTY,
    ]);
    expect([insert(w, 4, true), w.m.warned, w.m.mapped(w.p)]).toEqual([
      VM_FAULT_NOPAGE,
      true,
      w.m.pfn('bar'),
    ]);
  });

  it('warns for a write over a table', () => {
    const w = made({ handlers: { hugeFault: hugeFault('bar', []) } });
    w.m.touch(w.p, false);
    expect([insert(w, 0), w.m.warned]).toEqual([VM_FAULT_NOPAGE, false]);
    expect([insert(w, 0, true), w.m.warned, level(w.m, w.p)]).toEqual([VM_FAULT_NOPAGE, true, 1]);
  });

  it.each([
    ['neither flag', 0, 'shared'],
    ['both flags', VM_PFNMAP | VM_MIXEDMAP, 'shared'],
    ['a private VM_PFNMAP mapping', VM_PFNMAP, 'private'],
  ] as const)('is a BUG with %s', (_name, flags, how) => {
    const w = made({}, flags, how);
    insert(w, 0);
    expect(w.m.bug).toBe(true);
  });

  it('takes any frame in a VM_MIXEDMAP mapping, even a private one, and lets a write through', () => {
    const w = made({}, VM_MIXEDMAP, 'private');
    expect(vmfInsertPfnLeaf(w.m.k, w.v, w.m.page(w.p), w.m.pfn('buf'), true, Level.Pmd)).toBe(
      VM_FAULT_NOPAGE,
    );
    expect([w.m.bug, w.m.flags(w.p) & PTE_WRITE, w.m.counts('buf')]).toEqual([false, PTE_WRITE, [1, 0]]);
  });

  it('answers SIGBUS when the aligned address lies below the VMA', () => {
    const w = made();
    w.v.start += 1;
    expect(insert(w, 0)).toBe(VM_FAULT_SIGBUS);
    expect(level(w.m, w.p)).toBe(0);
  });

  it('does not exist without huge pages of that size', () => {
    expect(() => insert(made({ arch: 'um' }), 0)).toThrow(UnknownError);
    expect(() => insert(made({ arch: 'arm64' }), 0, false, Level.Pud)).toThrow(UnknownError);
  });
});

function leaf(pages: number, setup: Setup = {}, flags = VM_PFNMAP) {
  const m = machine(setup, flags);
  const p = m.mmap(pages, RW, 'shared');
  m.touch(p, true);
  expect(level(m, p)).toBe(pages === PUD ? 3 : 2);
  return { m, p, v: m.vma(p)! };
}

describe('a cut through a leaf', () => {
  it('clears a PMD leaf, whoever cuts (C.9)', () => {
    for (const cut of ['munmap', 'mprotect', 'zap'] as const) {
      const { m, p, v } = leaf(PMD);
      if (cut === 'munmap') m.munmap(p + PAGE, 1);
      else if (cut === 'mprotect') m.call(sysMprotect, p, PAGE, PROT_READ);
      else zapPageRange(m.k, v, v.start + 1, v.start + 2, false);
      expect([level(m, p), level(m, p + 3 * PAGE), m.undefined], cut).toEqual([0, 0, 0]);
    }
  });

  it('between the PMDs of a PUD leaf clears it, elsewhere takes it for a table (H-2)', () => {
    const aligned = leaf(PUD);
    expect(aligned.m.munmap(aligned.p + PMD * PAGE, PMD)).toBe(0);
    expect([level(aligned.m, aligned.p), aligned.m.undefined]).toEqual([0, 0]);
    const { m, p } = leaf(PUD);
    m.munmap(p + PAGE, 1);
    expect(m.undefined).toBe(Undefined.H2);
    const fixed = leaf(PUD, { facts: { vmaSplitKnowsPud: true } });
    expect(fixed.m.munmap(fixed.p + PAGE, 1)).toBe(0);
    expect([level(fixed.m, fixed.p), fixed.m.undefined]).toEqual([0, 0]);
  });

  it('of a PUD by whoever does not hold mmap_lock is a WARN on 6.12 (C.9)', () => {
    const warned = (release: Release, pages: number, zapped: number, lock = 0): boolean => {
      const { m, v } = leaf(pages, { release });
      m.k.w[m.k.proc(m.proc) + PROC.LOCK] = lock;
      zapPageRange(m.k, v, v.start, v.start + zapped, true);
      expect(none(m.k, walk(m.k, m.proc, v.start))).toBe(true);
      return m.warned;
    };
    expect([warned('6.12', PUD, 1), warned('7.2', PUD, 1)]).toEqual([true, false]);
    expect([warned('6.12', PUD, PUD), warned('6.12', PMD, 1)]).toEqual([false, false]);
    expect([warned('6.12', PUD, 1, 1), warned('6.12', PUD, 1, -1)]).toEqual([false, false]);
  });

  it('through a leaf of a VMA that is raw no longer is not modelled', () => {
    const { m, v } = leaf(PMD);
    v.flags &= ~VM_PFNMAP;
    expect(() => zapPageRange(m.k, v, v.start, v.end, true)).toThrow(UnknownError);
  });
});

describe('a whole leaf', () => {
  it('keeps frame and mark under mprotect; a dirty PMD leaf is writable again at once (C.7)', () => {
    const { m, p } = leaf(PMD);
    m.call(sysMprotect, p, PMD * PAGE, PROT_READ);
    expect([level(m, p), m.flags(p) & PTE_WRITE, m.flags(p) & PTE_SPECIAL]).toEqual([2, 0, PTE_SPECIAL]);
    m.call(sysMprotect, p, PMD * PAGE, RW);
    expect(m.flags(p) & PTE_WRITE).toBe(PTE_WRITE);
  });

  it.each([
    [Level.Pmd, PTE_WRITE],
    [Level.Pud, 0],
  ])('with write-notify: level %i', (l, writable) => {
    const { m, p } = leaf(l === Level.Pud ? PUD : PMD, { handlers: { pfnMkwrite: () => 0 } });
    const length = (l === Level.Pud ? PUD : PMD) * PAGE;
    m.call(sysMprotect, p, length, PROT_READ);
    m.call(sysMprotect, p, length, RW);
    expect(m.flags(p) & PTE_WRITE).toBe(writable);
  });

  it('moves to an aligned place, and is gone at another (C.8)', () => {
    for (const [offset, there] of [
      [0, 2],
      [PAGE, 0],
    ] as const) {
      const { m, p } = leaf(PMD);
      const to = p + 2 * PMD * PAGE + offset;
      expect(m.call(sysMremap, p, PMD * PAGE, PMD * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to)).toBe(to);
      expect([level(m, to), level(m, p)]).toEqual([there, 0]);
    }
  });

  it('of a PUD is dropped by mremap in a way that nobody can foretell (H-1)', () => {
    const { m, p } = leaf(PUD);
    m.begin(sysMremap, p, PUD * PAGE, PUD * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p + PUD * PAGE);
    while (!m.finished) m.k.run(0);
    expect(m.undefined).toBe(Undefined.H1);
  });

  it('is left to the child unless it is special (C.6)', () => {
    const inChild = (arch: string): number => {
      const { m, p } = leaf(PMD, { arch });
      m.call(sysFork);
      walk(m.k, 1, m.page(p));
      return none(m.k, walk(m.k, 1, m.page(p))) ? 0 : m.k.level;
    };
    expect([inChild('x86_64'), inChild('arm64'), inChild('arm_lpae')]).toEqual([2, 2, 0]);
  });
});

describe('a write to a leaf that forbids it (C.2)', () => {
  const readOnly = (
    pages: number,
    handlers: Setup['handlers'] = {},
    release: Release = '7.2',
  ): [Machine, number] => {
    const m = machine({ release, handlers: { pfnMkwrite: () => 0, ...handlers } });
    const p = m.mmap(pages, RW, 'shared');
    m.touch(p, false);
    expect(m.flags(p) & PTE_WRITE).toBe(0);
    return [m, p];
  };
  it.each([PMD, PUD])('asks huge_fault, not pfn_mkwrite: %i pages', (pages) => {
    const [m, p] = readOnly(pages);
    expect([m.touch(p, true), m.flags(p) & PTE_WRITE]).toEqual(['ok', PTE_WRITE]);
    expect(m.log).not.toContain('pfnMkwrite');
  });

  it('splits when huge_fault falls back: a PUD leaf gives way to a PMD leaf, that to a PTE', () => {
    let refuse: number[] = [];
    const inner = hugeFault();
    const handlers = {
      hugeFault: ((m, args) => (refuse.includes(args[1]!) ? VM_FAULT_FALLBACK : inner(m, args))) as Handler,
    };
    const [m, p] = readOnly(PUD, handlers);
    refuse = [4];
    m.touch(p, true);
    expect([level(m, p), level(m, p + PMD * PAGE)]).toEqual([2, 0]);
    m.call(sysMprotect, p, PMD * PAGE, PROT_READ);
    m.k.w[m.entry(p) + 1]! &= ~PTE_DIRTY;
    m.call(sysMprotect, p, PMD * PAGE, RW);
    refuse = [2, 4];
    m.touch(p, true);
    expect([level(m, p), level(m, p + PAGE)]).toEqual([1, 0]);
    expect(m.log).toContain('pfnMkwrite');
  });

  it('splits in a private mapping, without asking', () => {
    const m = machine({ facts: { perVmaLock: false } }, VM_MIXEDMAP);
    const p = m.mmap(PMD, RW, 'private');
    m.touch(p, false);
    const before = m.log.length;
    m.touch(p, true);
    expect([level(m, p), m.log.slice(before), m.rss]).toEqual([1, ['fault'], [1, 0]]);
  });
});

describe('a fault under the lock of the VMA (C.3)', () => {
  it('begins again before a handler for pages is called: huge_fault is asked twice', () => {
    const asked = (release: Release, handlers: Setup['handlers'] = {}): string[] => {
      const m = machine({ release, handlers: { hugeFault: () => VM_FAULT_FALLBACK, ...handlers } });
      const p = m.mmap(PMD, RW, 'shared');
      const before = m.log.length;
      expect(m.touch(p, true)).toBe('ok');
      return m.log.slice(before);
    };
    expect(asked('6.1')).toEqual(['fault']);
    // the first time for a PUD leaf and a PMD leaf; then there is a table of PMDs
    expect(asked('6.12')).toEqual(['hugeFault', 'hugeFault', 'hugeFault', 'fault']);
    expect(asked('7.2', { mapPages: () => 0 })).toEqual(['hugeFault', 'hugeFault', 'fault']);
  });

  it('gives a private VM_MIXEDMAP mapping a writable leaf in place of the read-only one that it split', () => {
    const m = machine({}, VM_MIXEDMAP);
    const p = m.mmap(PMD, RW, 'private');
    m.touch(p, false);
    m.touch(p, true);
    expect([level(m, p), m.flags(p) & PTE_WRITE, m.rss]).toEqual([2, PTE_WRITE, [0, 0]]);
  });
});

describe('who looks at leaves', () => {
  it('finds the frame inside (D.3)', () => {
    const { m, p, v } = leaf(PUD);
    expect(followPfnmap(m.k, v, m.page(p) + 5)).toBe(m.pfn('bar', 5));
  });

  it('counts nothing in smaps, which removes PUD leaves (D.6, H-3)', () => {
    const pmd = leaf(PMD);
    expect([smapGatherStats(pmd.m.k, pmd.v), level(pmd.m, pmd.p)]).toEqual([0, 2]);
    const pud = leaf(PUD);
    expect([smapGatherStats(pud.m.k, pud.v), level(pud.m, pud.p)]).toEqual([0, 0]);
  });

  it('stops in the lockless GUP at the special bit only (D.2)', () => {
    const handlers = { hugeFault: hugeFault('buf') };
    const x86 = leaf(PMD, { handlers });
    expect(gupFast(x86.m.k, 0, x86.m.page(x86.p) + 1, 0)).toBeLessThan(0);
    const lpae = leaf(PMD, { arch: 'arm_lpae', handlers });
    const { m, p } = lpae;
    expect(gupFast(m.k, 0, m.page(p) + 1, 0)).toBe(m.frame('buf', 1));
    const bar = leaf(PMD, { arch: 'arm_lpae' });
    gupFast(bar.m.k, 0, bar.m.page(bar.p), 0);
    expect(bar.m.undefined).toBe(Undefined.NoMemmap);
  });
});

describe('an insertion under a PMD leaf finds no table', () => {
  it('VM_FAULT_OOM and -ENOMEM from 6.12 on, and the leaf stays', () => {
    const { m, p, v } = leaf(PMD);
    expect(vmfInsertPfn(m.k, v, p, m.pfn('bar'))).not.toBe(VM_FAULT_NOPAGE);
    expect(level(m, p)).toBe(2);
    expect(remapPfnRange(m.k, v, p, m.pfn('bar'), PAGE, v.prot)).toBe(-12);
  });
});
