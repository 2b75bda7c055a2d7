import { describe, expect, it } from 'vitest';
import {
  FAULT_FLAG_MKWRITE,
  FAULT_FLAG_UNSHARE,
  FAULT_FLAG_WRITE,
  VM_FAULT_LOCKED,
  VM_FAULT_NOPAGE,
  VM_FAULT_OOM,
  VM_FAULT_SIGBUS,
  VM_MIXEDMAP,
  VM_WRITE,
} from '../../../../src/kernel/flags.js';
import { handleMmFault } from '../../../../src/kernel/mm/memory/fault.js';
import { VMF } from '../../../../src/kernel/mm/memory/vmf.js';
import { allocPages } from '../../../../src/kernel/mm/page_alloc.js';
import { clearEntry, setEntry } from '../../../../src/kernel/mm/pgtable.js';
import {
  PTE_DIRTY,
  PTE_GHOST_COUNTED,
  PTE_PRESENT,
  PTE_PROTNONE,
  PTE_SPECIAL,
  PTE_WRITE,
} from '../../../../src/kernel/pte.js';
import { RELEASES, type Release } from '../../../../src/kernel/release.js';
import { PROT_READ, PROT_WRITE } from '../../../../src/kernel/uapi.js';
import { PG_ANON, PG_EXCLUSIVE, PG_FREE, type Vma } from '../../../../src/kernel/world.js';
import { handleIndex } from '../../../../src/kernel/handle.js';
import { Machine, PAGE, type Handler, type Setup } from '../machine.js';

const RW = PROT_READ | PROT_WRITE;

/** What a page's entry maps before the fault. */
type Entry = 'raw' | 'zero' | 'file' | 'exclusive' | 'alone' | 'shared';

const ENTRIES: readonly Entry[] = ['raw', 'zero', 'file', 'exclusive', 'alone', 'shared'];

interface World {
  readonly m: Machine;
  readonly v: Vma;
  readonly p: number;
  /** Frame behind the entry; -1 for raw ones. */
  readonly frame: number;
}

/** One page with a read-only entry. Anonymous ones lie in pool 0, file pages in buf 0. */
function world(entry: Entry, how: 'private' | 'shared', setup: Setup = {}, prot = RW): World {
  const m = new Machine({ ...setup, handlers: { mmap: () => 0, ...setup.handlers } });
  const p = m.mmap(1, prot, how);
  const v = m.vma(p)!;
  v.flags |= VM_MIXEDMAP;
  v.ops = 2;
  const { k } = m;
  const e = m.entry(p);
  if (entry === 'raw' || entry === 'zero') {
    const special = k.facts.pteSpecial ? PTE_SPECIAL : 0;
    setEntry(k, e, entry === 'raw' ? m.pfn('bar') : k.mem.zeroPfn, PTE_PRESENT | special);
    m.setByte('bar', 0, 5);
    return { m, v, p, frame: -1 };
  }
  const frame = entry === 'file' ? m.frame('buf') : allocPages(k, 0, true);
  const page = k.pages[frame]!;
  if (entry === 'file') page.refcount += 1;
  else page.flags |= PG_ANON | (entry === 'exclusive' ? PG_EXCLUSIVE : 0);
  if (entry === 'shared') page.refcount += 1;
  page.mapcount += 1;
  if (entry === 'file') k.procs[0]!.rssFile += 1;
  else k.procs[0]!.rssAnon += 1;
  k.w[m.cell(frame)] = 6;
  setEntry(k, e, k.mem.pfnOf[frame]!, PTE_PRESENT | PTE_GHOST_COUNTED);
  return { m, v, p, frame };
}

function fault(w: World, flags: number): number {
  return w.m.callWords(handleMmFault, w.v.slot, w.m.page(w.p), flags);
}

type Outcome = 'nothing' | 'in place' | 'copy' | 'read-only copy';

/** What became of the entry. */
function outcome(w: World, before: readonly number[]): Outcome {
  const { m, p } = w;
  const now = [m.mapped(p)!, m.flags(p)];
  if (now[0] === before[0]) {
    if (now[1] === before[1]) return 'nothing';
    expect(now[1]! & (PTE_DIRTY | PTE_WRITE)).toBe(PTE_DIRTY | PTE_WRITE);
    return 'in place';
  }
  const page = m.k.pages[m.k.mem.frame(now[0]!)]!;
  expect(page.flags).toBe(PG_ANON | PG_EXCLUSIVE);
  expect([page.refcount, page.mapcount, now[1]! & PTE_SPECIAL]).toEqual([1, 1, 0]);
  if ((now[1]! & PTE_WRITE) === 0) return 'read-only copy';
  expect(now[1]! & PTE_DIRTY).toBe(PTE_DIRTY);
  return 'copy';
}

function faulted(entry: Entry, how: 'private' | 'shared', flags: number, setup: Setup): Outcome {
  const w = world(entry, how, setup);
  const before = [w.m.mapped(w.p)!, w.m.flags(w.p)];
  expect(fault(w, flags)).toBe(0);
  return outcome(w, before);
}

const EVERYWHERE = RELEASES.flatMap((release) => ['x86_64', 'arm'].map((arch) => ({ release, arch })));

describe('do_wp_page: what a write or an unsharing does (C.4)', () => {
  it.each(EVERYWHERE)('private, write: $release $arch', (setup) => {
    // Without a special bit, 6.1 takes the zero page of a VM_MIXEDMAP VMA for a page (A.3); it copies it all the same.
    expect(ENTRIES.map((entry) => faulted(entry, 'private', FAULT_FLAG_WRITE, setup))).toEqual([
      'copy',
      'copy',
      'copy',
      'in place',
      'in place',
      'copy',
    ]);
  });

  it.each(EVERYWHERE)('shared, write: $release $arch', (setup) => {
    for (const entry of ['raw', 'file'] as const) {
      expect(faulted(entry, 'shared', FAULT_FLAG_WRITE, setup)).toBe('in place');
    }
  });

  it.each(EVERYWHERE)('private, unshare: $release $arch', (setup) => {
    const late = setup.release === '6.1' ? 'nothing' : 'read-only copy';
    expect(ENTRIES.map((entry) => faulted(entry, 'private', FAULT_FLAG_UNSHARE, setup))).toEqual([
      late,
      late,
      late,
      'nothing',
      'nothing',
      'read-only copy',
    ]);
  });

  it('an unsharing of a VMA that is not copy-on-write is a read', () => {
    for (const release of RELEASES) {
      expect(faulted('raw', 'shared', FAULT_FLAG_UNSHARE, { release })).toBe('nothing');
    }
  });

  it('a page that only this mapping refers to becomes exclusive', () => {
    const w = world('alone', 'private');
    fault(w, FAULT_FLAG_UNSHARE);
    expect(w.m.k.pages[w.frame]!.flags).toBe(PG_ANON | PG_EXCLUSIVE);
  });

  it('FOLL_FORCE writes of a VMA without VM_WRITE leave the entry read-only, but dirty', () => {
    for (const entry of ['exclusive', 'raw'] as const) {
      const w = world(entry, 'private', {}, PROT_READ);
      expect(fault(w, FAULT_FLAG_WRITE)).toBe(0);
      expect(w.m.flags(w.p) & (PTE_WRITE | PTE_DIRTY)).toBe(PTE_DIRTY);
    }
  });

  it('counts a wild entry once in the log, and copies it like a raw one', () => {
    const w = world('raw', 'private');
    w.v.flags &= ~VM_MIXEDMAP;
    setEntry(w.m.k, w.m.entry(w.p), w.m.pfn('bar'), PTE_PRESENT);
    fault(w, FAULT_FLAG_WRITE);
    expect([w.m.badMaps, w.m.mapped(w.p)]).toEqual([1, w.m.pfn('pool')]);
  });
});

describe('wp_page_copy (C.5)', () => {
  it.each(EVERYWHERE)(
    'reads a raw frame through the mapping; its owner notices nothing: $release $arch',
    (setup) => {
      const w = world('raw', 'private', setup);
      fault(w, FAULT_FLAG_WRITE);
      expect([w.m.byteOf(w.m.frame('pool')), w.m.rss]).toEqual([5, [1, 0]]);
      const bar = w.m.k.pages[w.m.frame('bar')]!;
      expect([bar.refcount, bar.mapcount]).toEqual([0, 0]);
    },
  );

  it('a frame outside all regions reads as all ones', () => {
    const w = world('raw', 'private');
    setEntry(w.m.k, w.m.entry(w.p), 0x9_0000, PTE_PRESENT | PTE_SPECIAL);
    fault(w, FAULT_FLAG_WRITE);
    expect(w.m.byteOf(w.m.frame('pool')) & 0xff).toBe(0xff);
  });

  it('a zero page gives zeros', () => {
    const w = world('zero', 'private');
    w.m.setByte('pool', 0, 7);
    fault(w, FAULT_FLAG_WRITE);
    expect([w.m.byteOf(w.m.frame('pool')), w.m.rss]).toEqual([0, [1, 0]]);
  });

  it('a file page loses a mapping and its file count', () => {
    const w = world('file', 'private');
    fault(w, FAULT_FLAG_WRITE);
    expect([w.m.counts('buf'), w.m.rss, w.m.byteOf(w.m.frame('pool'))]).toEqual([[1, 0], [1, 0], 6]);
  });

  it('an anonymous page loses a mapping; the count of anonymous pages stays', () => {
    const w = world('shared', 'private');
    fault(w, FAULT_FLAG_WRITE);
    expect([w.m.counts('pool'), w.m.counts('pool', 1), w.m.rss]).toEqual([
      [1, 0],
      [1, 1],
      [1, 0],
    ]);
  });

  it('an entry that the reader cannot read gives zeros and a WARN', () => {
    const w = world('raw', 'private');
    w.m.setByte('pool', 0, 7);
    w.m.k.w[w.m.entry(w.p) + 1]! |= PTE_PROTNONE;
    fault(w, FAULT_FLAG_WRITE);
    expect([w.m.byteOf(w.m.frame('pool')), w.m.warned]).toEqual([0, true]);
  });

  it('takes the memory type of the VMA', () => {
    const w = world('raw', 'private');
    w.v.prot |= 1 << 10;
    fault(w, FAULT_FLAG_WRITE);
    expect(w.m.flags(w.p) & (1 << 10)).toBe(1 << 10);
  });

  it('without memory is OOM and changes nothing', () => {
    const w = world('raw', 'private', { options: { faultsAlloc: true } });
    w.m.pick = () => 1;
    expect(fault(w, FAULT_FLAG_WRITE)).toBe(VM_FAULT_OOM);
    expect([w.m.mapped(w.p), w.m.rss]).toEqual([w.m.pfn('bar'), [0, 0]]);
  });

  it('gives up when the entry changed while the lock was dropped, and frees the copy', () => {
    for (const entry of ['raw', 'file'] as const) {
      const w = world(entry, 'private');
      const { m } = w;
      m.enter(handleMmFault, [w.v.slot, m.page(w.p), FAULT_FLAG_WRITE]);
      m.stepUntil(() => (m.k.pages[m.frame('pool')]!.flags & PG_FREE) === 0);
      const references = m.counts('buf')[0];
      clearEntry(m.k, m.entry(w.p));
      m.stepUntil(() => m.finished);
      expect([m.result(), m.mapped(w.p), m.counts('pool')]).toEqual([0, undefined, [0, 0]]);
      expect(m.counts('buf')[0]).toBe(entry === 'file' ? references - 1 : references);
    }
  });

  it('holds a tail page of the source by its head', () => {
    const w = world('shared', 'private');
    const { m } = w;
    m.pick = (n) => n - 1;
    const head = allocPages(m.k, 1, true, true);
    m.pick = () => 0;
    m.k.pages[head]!.refcount = 5;
    m.k.pages[head + 1]!.mapcount = 1;
    setEntry(m.k, m.entry(w.p), m.k.mem.pfnOf[head + 1]!, PTE_PRESENT);
    fault(w, FAULT_FLAG_WRITE);
    expect([m.k.pages[head]!.refcount, m.k.pages[head + 1]!.refcount, m.k.pages[head + 1]!.mapcount]).toEqual(
      [4, 0, 0],
    );
  });
});

describe('pfn_mkwrite and page_mkwrite (C.4)', () => {
  const answers = [0, VM_FAULT_NOPAGE, VM_FAULT_SIGBUS] as const;

  it.each(answers)('pfn_mkwrite that says %d', (answer) => {
    const flags: number[] = [];
    const pfnMkwrite: Handler = (m, [vmf]) => (flags.push(m.k.w[handleIndex(vmf!) + VMF.FLAGS]!), answer);
    const w = world('raw', 'shared', { handlers: { pfnMkwrite } });
    expect(fault(w, FAULT_FLAG_WRITE)).toBe(answer);
    expect(w.m.flags(w.p) & (PTE_WRITE | PTE_DIRTY)).toBe(answer === 0 ? PTE_WRITE | PTE_DIRTY : 0);
    expect(flags).toEqual([FAULT_FLAG_WRITE | FAULT_FLAG_MKWRITE]);
  });

  it('the entry must still be the same after pfn_mkwrite', () => {
    const pfnMkwrite: Handler = (m) => (
      clearEntry(m.k, m.entry(m.k.arenaBase + PAGE * m.k.vmas[0]!.start)),
      0
    );
    const w = world('raw', 'shared', { handlers: { pfnMkwrite } });
    expect(fault(w, FAULT_FLAG_WRITE)).toBe(VM_FAULT_NOPAGE);
    expect(w.m.mapped(w.p)).toBeUndefined();
  });

  it.each([
    ['locked', VM_FAULT_LOCKED, 0, true],
    ['NOPAGE', VM_FAULT_NOPAGE, VM_FAULT_NOPAGE, false],
    ['SIGBUS', VM_FAULT_SIGBUS, VM_FAULT_SIGBUS, false],
    ['retry: the page has no mapping', 0, 0, false],
  ])('page_mkwrite that says %s', (_name, answer, result, writable) => {
    const w = world('file', 'shared', { handlers: { pageMkwrite: () => answer } });
    expect(fault(w, FAULT_FLAG_WRITE)).toBe(result);
    expect((w.m.flags(w.p) & PTE_WRITE) !== 0).toBe(writable);
    expect(w.m.counts('buf')).toEqual([2, 1]);
  });

  it('neither is asked in a private VMA, nor of the other kind of entry', () => {
    const log = (entry: Entry, how: 'private' | 'shared'): readonly string[] => {
      const handlers = { pfnMkwrite: () => 0, pageMkwrite: () => VM_FAULT_LOCKED };
      const w = world(entry, how, { handlers });
      fault(w, FAULT_FLAG_WRITE);
      return w.m.log.slice(1);
    };
    expect([
      log('raw', 'shared'),
      log('file', 'shared'),
      log('raw', 'private'),
      log('file', 'private'),
    ]).toEqual([['pfnMkwrite'], ['pageMkwrite'], [], []]);
  });
});

describe('which VMAs count as shared (C.4)', () => {
  it('6.1 wants VM_WRITE; later, a mapping that only may be shared is one, and cannot be written', () => {
    const answer = (release: Release): [number, string | undefined] => {
      const w = world('raw', 'shared', { release, writable: false }, PROT_READ);
      w.v.flags |= VM_WRITE;
      const r = fault(w, FAULT_FLAG_WRITE);
      return [r, w.m.mapped(w.p) === w.m.pfn('pool') ? 'copy' : undefined];
    };
    expect(answer('6.1')).toEqual([0, 'copy']);
    expect(answer('6.12')[1]).toBeUndefined();
  });
});
