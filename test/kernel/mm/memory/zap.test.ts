import { describe, expect, it } from 'vitest';
import { VM_MIXEDMAP, VM_PFNMAP } from '../../../../src/kernel/flags.js';
import { vmInsertPage } from '../../../../src/kernel/mm/memory/insert.js';
import { vmStart } from '../../../../src/kernel/mm/memory/remap.js';
import { zapPageRange, zapSpecialVmaRange } from '../../../../src/kernel/mm/memory/zap.js';
import { pmdAt, setEntry } from '../../../../src/kernel/mm/pgtable.js';
import { PTE_DIRTY, PTE_PRESENT, PTE_SPECIAL } from '../../../../src/kernel/pte.js';
import { RELEASES } from '../../../../src/kernel/release.js';
import { PROT_READ, PROT_WRITE } from '../../../../src/kernel/uapi.js';
import { PG_FREE, type Vma } from '../../../../src/kernel/world.js';
import { insertPages, remap } from '../drivers.js';
import { Machine, PAGE, type Setup } from '../machine.js';

const RW = PROT_READ | PROT_WRITE;

function mapped(
  setup: Setup,
  pages: number,
  how: 'private' | 'shared' = 'shared',
): { m: Machine; v: Vma; p: number } {
  const m = new Machine(setup);
  const p = m.mmap(pages, RW, how);
  return { m, v: m.vma(p)!, p };
}

function zap(m: Machine, v: Vma, from = 0, to = v.pages, evenCows = true): void {
  zapPageRange(m.k, v, v.start + from, v.start + to, evenCows);
}

describe('zap of one entry (C.9)', () => {
  it('only clears a raw one', () => {
    for (const arch of ['x86_64', 'arm']) {
      const { m, v, p } = mapped({ arch, handlers: { mmap: remap('buf') } }, 2);
      zap(m, v, 0, 1);
      expect([m.mapped(p), m.mapped(p + PAGE)]).toEqual([undefined, m.pfn('buf', 1)]);
      expect([m.counts('buf'), m.rss, m.badMaps]).toEqual([[1, 0], [0, 0], 0]);
    }
  });

  it('takes the count, mapping and reference of a page', () => {
    const { m, v, p } = mapped({ handlers: { mmap: insertPages('buf') } }, 2);
    zap(m, v, 1, 2);
    expect([m.mapped(p + PAGE), m.counts('buf', 1), m.counts('buf'), m.rss]).toEqual([
      undefined,
      [1, 0],
      [2, 1],
      [0, 1],
    ]);
  });

  it('frees an anonymous page with its last mapping', () => {
    const { m, v, p } = mapped({ handlers: { mmap: remap('buf') } }, 1, 'private');
    m.touch(p, true);
    expect([m.rss, m.counts('pool')]).toEqual([
      [1, 0],
      [1, 1],
    ]);
    zap(m, v);
    expect([m.rss, m.counts('pool'), m.k.pages[m.frame('pool')]!.flags]).toEqual([[0, 0], [0, 0], PG_FREE]);
  });

  it('passes holes by', () => {
    for (const arch of ['x86_64', 'arm']) {
      const { m, v } = mapped({ arch, handlers: { mmap: () => 0 } }, 2);
      zap(m, v);
      expect([m.k.frozen, m.badMaps]).toEqual([false, 0]);
    }
  });

  it('reports a mapcount below zero and drops the reference all the same (F-9)', () => {
    const { m, v, p } = mapped({ arch: 'arm', handlers: { mmap: remap('buf') } }, 1, 'private');
    v.setPgoff(0, 0);
    zap(m, v);
    expect([m.mapped(p), m.counts('buf'), m.rss, m.badMaps, m.badPages]).toEqual([
      undefined,
      [0, -1],
      [0, -1],
      1,
      1,
    ]);
  });

  it('reports a wild entry once', () => {
    const { m, v, p } = mapped({ handlers: { mmap: () => 0 } }, 1);
    setEntry(m.k, m.entry(p), m.pfn('bar'), PTE_PRESENT);
    zap(m, v);
    expect([m.mapped(p), m.badMaps]).toEqual([undefined, 1]);
  });

  it('stops where the classifier would follow a pointer into no memmap (A.7, F2)', () => {
    const regions = [
      { name: 'hole', kind: 'mmio', pages: 1, where: 'low' },
      { name: 'ram', kind: 'ram', pages: 1 },
    ] as const;
    const { m, v, p } = mapped({ regions, handlers: { mmap: () => 0 } }, 2);
    setEntry(m.k, m.entry(p), m.pfn('hole'), PTE_PRESENT);
    zap(m, v);
    expect([m.undefined, m.mapped(p)]).toEqual([1, m.pfn('hole')]);
  });
});

describe('unmap_mapping_range without even_cows (C.9)', () => {
  it('keeps private copies, and takes raw entries and file pages', () => {
    const { m, v, p } = mapped(
      {
        handlers: {
          mmap: (machine, [, vma]) => {
            const w = machine.vmaOf(vma!);
            w.flags |= VM_MIXEDMAP;
            for (const i of [0, 1])
              vmInsertPage(machine.k, w, vmStart(machine.k, w) + i * PAGE, machine.frame('buf', i));
            setEntry(
              machine.k,
              machine.entry(vmStart(machine.k, w) + 2 * PAGE),
              machine.pfn('bar'),
              PTE_PRESENT | PTE_SPECIAL,
            );
            return 0;
          },
        },
      },
      3,
      'private',
    );
    m.touch(p, true);
    zap(m, v, 0, 3, false);
    expect([m.mapped(p), m.mapped(p + PAGE), m.mapped(p + 2 * PAGE)]).toEqual([
      m.pfn('pool'),
      undefined,
      undefined,
    ]);
    expect(m.rss).toEqual([1, 0]);
    zap(m, v);
    expect([m.mapped(p), m.rss]).toEqual([undefined, [0, 0]]);
  });
});

describe('zap of a leaf above the PTE level', () => {
  it('removes all of it, however little is covered (B.8)', () => {
    const { m, v, p } = mapped({ leaves: true, handlers: { mmap: () => 0 } }, 4);
    v.flags |= VM_PFNMAP;
    setEntry(m.k, pmdAt(m.k, 0, v.start), m.pfn('bar'), PTE_PRESENT | PTE_SPECIAL);
    expect(m.mapped(p + 3 * PAGE)).toBe(m.pfn('bar'));
    zap(m, v, 1, 2);
    expect(m.mapped(p + 3 * PAGE)).toBeUndefined();
  });
});

describe('zap_vma_ptes and zap_special_vma_range (C.9)', () => {
  const left = (release: (typeof RELEASES)[number], flags: number, at = 0, pages = 1): boolean => {
    const { m, v, p } = mapped({ release, handlers: { mmap: () => 0 } }, 2);
    v.flags |= flags;
    setEntry(m.k, m.entry(p), m.pfn('bar'), PTE_PRESENT | PTE_SPECIAL);
    zapSpecialVmaRange(m.k, v, p + at, pages * PAGE);
    return m.mapped(p) !== undefined;
  };

  it('act in VM_PFNMAP VMAs, from 7.2 on in VM_MIXEDMAP ones, too', () => {
    expect(RELEASES.map((r) => left(r, VM_PFNMAP))).toEqual([false, false, false]);
    expect(RELEASES.map((r) => left(r, VM_MIXEDMAP))).toEqual([true, true, false]);
    expect(left('7.2', PTE_DIRTY)).toBe(true);
  });

  it('do nothing when the range leaves the VMA', () => {
    for (const r of RELEASES) {
      expect([left(r, VM_PFNMAP, 0, 3), left(r, VM_PFNMAP, -PAGE, 2)]).toEqual([true, true]);
      expect(left(r, VM_PFNMAP, 0, 2)).toBe(false);
    }
  });
});
