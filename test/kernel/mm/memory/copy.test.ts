import { describe, expect, it } from 'vitest';
import {
  GUP_PIN_COUNTING_BIAS,
  VM_IO,
  VM_MAYWRITE,
  VM_MIXEDMAP,
  VM_PAT,
  VM_PFNMAP,
  VM_UFFD_WP,
} from '../../../../src/kernel/flags.js';
import { copyPageRange, vmaNeedsCopy } from '../../../../src/kernel/mm/memory/copy.js';
import { vmInsertPage } from '../../../../src/kernel/mm/memory/insert.js';
import { vmStart } from '../../../../src/kernel/mm/memory/remap.js';
import { allocPages } from '../../../../src/kernel/mm/page_alloc.js';
import { setEntry } from '../../../../src/kernel/mm/pgtable.js';
import {
  PTE_DIRTY,
  PTE_GHOST_COUNTED,
  PTE_PRESENT,
  PTE_SPECIAL,
  PTE_WRITE,
  PTE_YOUNG,
} from '../../../../src/kernel/pte.js';
import { RELEASES } from '../../../../src/kernel/release.js';
import { PROT_READ, PROT_WRITE } from '../../../../src/kernel/uapi.js';
import { PG_ANON, PG_EXCLUSIVE, VMA_ANON_VMA, type Vma } from '../../../../src/kernel/world.js';
import { insertPages, remap } from '../drivers.js';
import { Machine, PAGE, type Handler, type Setup } from '../machine.js';

const RW = PROT_READ | PROT_WRITE;
const ARCHS = ['x86_64', 'arm'] as const;

/** A parent (process 0) with one VMA, and the child's VMA as dup_mmap() makes it, still without entries. */
function family(
  setup: Setup,
  pages: number,
  how: 'private' | 'shared',
): { m: Machine; parent: Vma; child: Vma; p: number } {
  const m = new Machine({ ...setup, processes: 2 });
  const p = m.mmap(pages, RW, how);
  const parent = m.vma(p)!;
  const child = m.k.allocVma();
  child.copyFrom(parent);
  child.mm = 1;
  return { m, parent, child, p };
}

/** Flag half of the entry at an address of both processes, ghost bits left out. */
function both(m: Machine, p: number): [parent: number, child: number] {
  const flags = (): number => m.flags(p) & ~PTE_GHOST_COUNTED;
  return [flags(), m.asThread(1, flags)];
}

describe('vma_needs_copy (C.6)', () => {
  const RAW = [VM_PFNMAP, VM_MIXEDMAP];

  it.each(RELEASES)('%s', (release) => {
    const { m, parent, child } = family({ release, handlers: { mmap: () => 0 } }, 1, 'shared');
    const needs = (): boolean => vmaNeedsCopy(m.k, child, parent);
    expect(needs()).toBe(false);
    parent.flags |= VM_IO;
    child.flags |= VM_IO;
    expect(needs()).toBe(false);
    for (const flag of RAW) {
      parent.flags |= flag;
      expect([flag, needs()]).toEqual([flag, release !== '7.2']);
      child.flags |= flag;
      expect(needs()).toBe(true);
      parent.flags &= ~flag;
      expect([flag, needs()]).toEqual([flag, release === '7.2']);
      child.flags &= ~flag;
    }
    child.flags |= VM_UFFD_WP;
    expect(needs()).toBe(true);
    child.flags &= ~VM_UFFD_WP;
    child.put(VMA_ANON_VMA, true);
    expect(needs()).toBe(false);
    parent.put(VMA_ANON_VMA, true);
    expect(needs()).toBe(true);
  });

  it('otherwise nothing is copied: entries of a VM_IO-only VMA are lost', () => {
    const { m, parent, child, p } = family({ handlers: { mmap: () => 0 } }, 1, 'shared');
    setEntry(m.k, m.entry(p), m.pfn('buf'), PTE_PRESENT);
    copyPageRange(m.k, child, parent);
    expect(m.asThread(1, () => m.mapped(p))).toBeUndefined();
    expect(m.counts('buf')).toEqual([1, 0]);
  });
});

describe('copy_page_range (C.6)', () => {
  it.each(ARCHS)('special, shared: the same frame, clean and old, the write bit kept: %s', (arch) => {
    const { m, parent, child, p } = family({ arch, handlers: { mmap: remap('buf') } }, 2, 'shared');
    m.k.w[m.entry(p) + 1]! |= PTE_DIRTY | PTE_YOUNG;
    const before = m.flags(p);
    expect(copyPageRange(m.k, child, parent)).toBe(0);
    expect(both(m, p)).toEqual([before, before & ~(PTE_DIRTY | PTE_YOUNG)]);
    expect(before & PTE_WRITE).toBe(PTE_WRITE);
    expect(m.asThread(1, () => [m.mapped(p), m.mapped(p + PAGE), m.rss])).toEqual([
      m.pfn('buf'),
      m.pfn('buf', 1),
      [0, 0],
    ]);
    expect([m.counts('buf'), m.rss]).toEqual([
      [1, 0],
      [0, 0],
    ]);
  });

  it.each(ARCHS)('special, copy-on-write: write-protected on both sides, dirty kept: %s', (arch) => {
    const { m, parent, child, p } = family({ arch, handlers: { mmap: remap('buf') } }, 1, 'private');
    m.k.w[m.entry(p) + 1]! |= PTE_DIRTY | PTE_WRITE | PTE_YOUNG;
    const before = m.flags(p);
    copyPageRange(m.k, child, parent);
    expect(both(m, p)).toEqual([before & ~PTE_WRITE, before & ~(PTE_WRITE | PTE_YOUNG)]);
    expect([m.counts('buf'), m.rss, m.asThread(1, () => m.rss)]).toEqual([
      [1, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  it('stays inside the VMA', () => {
    const { m, parent, child, p } = family({ handlers: { mmap: remap('buf') } }, 2, 'shared');
    setEntry(m.k, m.entry(p + 2 * PAGE), m.pfn('bar'), PTE_PRESENT | PTE_SPECIAL);
    copyPageRange(m.k, child, parent);
    expect(m.asThread(1, () => [m.mapped(p + PAGE), m.mapped(p + 2 * PAGE)])).toEqual([
      m.pfn('buf', 1),
      undefined,
    ]);
  });

  it('special, neither shared nor copy-on-write: unchanged, dirty kept', () => {
    const { m, parent, child, p } = family({ handlers: { mmap: remap('buf') } }, 1, 'private');
    parent.flags &= ~VM_MAYWRITE;
    m.k.w[m.entry(p) + 1]! |= PTE_DIRTY | PTE_WRITE;
    const before = m.flags(p);
    copyPageRange(m.k, child, parent);
    expect(both(m, p)).toEqual([before, before]);
  });

  it('a zero page is like a raw frame', () => {
    const { m, parent, child, p } = family({ handlers: { mmap: () => 0 } }, 1, 'private');
    parent.put(VMA_ANON_VMA, true);
    setEntry(m.k, m.entry(p), m.pfn('zero'), PTE_PRESENT | PTE_SPECIAL);
    copyPageRange(m.k, child, parent);
    expect(m.asThread(1, () => [m.mapped(p), m.rss])).toEqual([m.pfn('zero'), [0, 0]]);
    expect(m.k.pages[m.frame('zero')]!.mapcount).toBe(0);
  });

  it.each(['private', 'shared'] as const)('a file page is counted for the child, too: %s', (how) => {
    const { m, parent, child, p } = family({ handlers: { mmap: insertPages('buf') } }, 1, how);
    copyPageRange(m.k, child, parent);
    expect([m.counts('buf'), m.rss, m.asThread(1, () => m.rss)]).toEqual([
      [3, 2],
      [0, 1],
      [0, 1],
    ]);
    const write = how === 'shared' ? PTE_WRITE : 0;
    expect(both(m, p).map((flags) => flags & PTE_WRITE)).toEqual([write, write]);
  });

  it.each(ARCHS)('an anonymous page is shared, and exclusive to nobody: %s', (arch) => {
    const { m, parent, child, p } = family({ arch, handlers: { mmap: remap('buf') } }, 2, 'private');
    m.touch(p, true);
    expect(m.flags(p) & PTE_WRITE).toBe(PTE_WRITE);
    copyPageRange(m.k, child, parent);
    expect([m.counts('pool'), m.rss, m.asThread(1, () => m.rss)]).toEqual([
      [2, 2],
      [1, 0],
      [1, 0],
    ]);
    expect(m.k.pages[m.frame('pool')]!.flags & (PG_ANON | PG_EXCLUSIVE)).toBe(PG_ANON);
    expect(both(m, p).map((flags) => flags & (PTE_WRITE | PTE_DIRTY))).toEqual([PTE_DIRTY, PTE_DIRTY]);
  });

  describe('an exclusive page that may be pinned', () => {
    const pinned = (setup: Setup = {}): ReturnType<typeof family> => {
      const made = family({ handlers: { mmap: remap('buf') }, ...setup }, 2, 'private');
      made.m.touch(made.p, true);
      // x86 would look for the memory type at this entry (H-9)
      made.parent.flags &= ~VM_PAT;
      made.m.k.w[made.m.cell(made.m.frame('pool'))] = 9;
      made.m.k.pages[made.m.frame('pool')]!.refcount += GUP_PIN_COUNTING_BIAS;
      return made;
    };

    it.each(RELEASES)('stays with the parent: the child gets a copy of its own: %s', (release) => {
      const { m, parent, child, p } = pinned({ release });
      const before = m.flags(p);
      expect(copyPageRange(m.k, child, parent)).toBe(0);
      expect([m.flags(p), m.counts('pool'), m.rss]).toEqual([before, [1 + GUP_PIN_COUNTING_BIAS, 1], [1, 0]]);
      expect(m.asThread(1, () => [m.mapped(p), m.rss, m.flags(p) & (PTE_WRITE | PTE_DIRTY)])).toEqual([
        m.pfn('pool', 1),
        [1, 0],
        PTE_WRITE | PTE_DIRTY,
      ]);
      expect([m.counts('pool', 1), m.byteOf(m.frame('pool', 1))]).toEqual([[1, 1], 9]);
      expect(m.k.pages[m.frame('pool', 1)]!.flags).toBe(PG_ANON | PG_EXCLUSIVE);
    });

    it('fails the fork when there is no memory, with nothing of the child mapped there', () => {
      const { m, parent, child, p } = pinned({ options: { faultsAlloc: true } });
      m.pick = () => 1;
      expect(copyPageRange(m.k, child, parent)).toBe(-12);
      expect(m.asThread(1, () => m.mapped(p))).toBeUndefined();
    });

    it('is shared like others if the parent does not own it alone', () => {
      const { m, parent, child } = pinned();
      m.k.pages[m.frame('pool')]!.flags &= ~PG_EXCLUSIVE;
      copyPageRange(m.k, child, parent);
      expect(m.counts('pool')).toEqual([2 + GUP_PIN_COUNTING_BIAS, 2]);
    });

    it('a file page that is pinned is shared', () => {
      const { m, parent, child } = family({ handlers: { mmap: insertPages('buf') } }, 1, 'private');
      m.k.pages[m.frame('buf')]!.refcount += GUP_PIN_COUNTING_BIAS;
      copyPageRange(m.k, child, parent);
      expect(m.counts('buf')).toEqual([3 + GUP_PIN_COUNTING_BIAS, 2]);
    });
  });

  it('counts by what the classifier says, not by what was counted (F-9)', () => {
    const { m, parent, child } = family({ arch: 'arm', handlers: { mmap: remap('buf') } }, 1, 'private');
    parent.setPgoff(0, 0);
    copyPageRange(m.k, child, parent);
    expect([m.counts('buf'), m.asThread(1, () => m.rss)]).toEqual([
      [2, 1],
      [0, 1],
    ]);
  });

  it('takes a reference of a compound page at its head', () => {
    const mmap: Handler = (machine, [, v]) => {
      const vma = machine.vmaOf(v!);
      return vmInsertPage(machine.k, vma, vmStart(machine.k, vma), allocPages(machine.k, 1, true, true) + 1);
    };
    const { m, parent, child } = family({ handlers: { mmap } }, 1, 'shared');
    copyPageRange(m.k, child, parent);
    expect([m.counts('pool'), m.counts('pool', 1)]).toEqual([
      [3, 0],
      [0, 2],
    ]);
  });
});
