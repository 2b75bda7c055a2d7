import { describe, expect, it } from 'vitest';
import { unmapMappingRange } from '../../../src/kernel/mm/unmap_mapping.js';
import { handle, HandleKind } from '../../../src/kernel/handle.js';
import { VM_PFNMAP } from '../../../src/kernel/flags.js';
import { setEntry } from '../../../src/kernel/mm/pgtable.js';
import { imapLock } from '../../../src/kernel/mm/vma.js';
import { PTE_PRESENT, PTE_SPECIAL } from '../../../src/kernel/pte.js';
import { sysMmap } from '../../../src/kernel/mm/mmap.js';
import { MAP_SHARED, PROT_READ, PROT_WRITE } from '../../../src/kernel/uapi.js';
import { VMA_IN_IMAP } from '../../../src/kernel/world.js';
import { remap } from './drivers.js';
import { Machine, PAGE, type Setup } from './machine.js';

const RW = PROT_READ | PROT_WRITE;
const MAPPING = handle(HandleKind.Mapping, 0);

const revoke = (m: Machine, begin: number, len: number, evenCows = 1): number =>
  m.call(unmapMappingRange, MAPPING, begin * PAGE, len * PAGE, evenCows);

/** Which pages of a mapping of `pages` pages at file page `pgoff` are left. */
function left(begin: number, len: number, pgoff: number, pages = 4, setup: Setup = {}): number[] {
  const m = new Machine({ handlers: { mmap: remap('bar') }, ...setup });
  const p = m.mmap(pages, RW, 'shared', pgoff);
  revoke(m, begin, len);
  return Array.from({ length: pages }, (_, i) => i).filter((i) => m.mapped(p + i * PAGE) !== undefined);
}

describe('unmap_mapping_range', () => {
  it('zaps what the hole covers of the mapping', () => {
    expect(left(11, 2, 10)).toEqual([0, 3]);
    expect(left(0, 11, 10)).toEqual([1, 2, 3]);
    expect(left(13, 9, 10)).toEqual([0, 1, 2]);
    expect(left(10, 4, 10)).toEqual([]);
  });

  it('leaves what lies beside it', () => {
    expect([left(0, 10, 10), left(14, 5, 10)]).toEqual([
      [0, 1, 2, 3],
      [0, 1, 2, 3],
    ]);
  });

  it('of length 0 goes to the end of the file', () => {
    expect([left(12, 0, 10), left(0, 0, 10)]).toEqual([[0, 1], []]);
  });

  it('covers pages that bytes only begin or end in', () => {
    const m = new Machine({ handlers: { mmap: remap('bar') } });
    const p = m.mmap(3, RW, 'shared', 0);
    m.call(unmapMappingRange, MAPPING, 10, PAGE, 1);
    expect([0, 1, 2].map((i) => m.mapped(p + i * PAGE) === undefined)).toEqual([true, false, false]);
    m.call(unmapMappingRange, MAPPING, PAGE, 1, 1);
    expect(m.mapped(p + PAGE)).toBeUndefined();
  });

  it('misses a private remap by its file offset, and hits it by the frame it maps (F-21)', () => {
    const m = new Machine({ handlers: { mmap: remap('buf') } });
    const p = m.mmap(1, RW, 'private', 5);
    revoke(m, 5, 1);
    expect(m.mapped(p)).toBe(m.pfn('buf'));
    revoke(m, m.pfn('buf'), 1);
    expect(m.mapped(p)).toBeUndefined();
  });

  it('keeps copies unless even_cows says so', () => {
    const m = new Machine({ handlers: { mmap: remap('buf') } });
    const p = m.mmap(2, RW, 'private');
    m.touch(p, true);
    revoke(m, 0, 0, 0);
    expect([m.mapped(p), m.mapped(p + PAGE)]).toEqual([m.pfn('pool'), undefined]);
    revoke(m, 0, 0, 1);
    expect([m.mapped(p), m.rss]).toEqual([undefined, [0, 0]]);
  });

  it('reaches all processes that map the file', () => {
    const m = new Machine({ processes: 2, handlers: { mmap: remap('bar') } });
    const map = (): number => m.mmap(1, RW, 'shared', 3);
    const places = [map(), m.asThread(1, map)];
    revoke(m, 3, 1);
    expect(places.map((p, i) => m.asThread(i, () => m.mapped(p)))).toEqual([undefined, undefined]);
  });

  it('does not see a VMA that is not in the tree yet', () => {
    const m = new Machine({ handlers: { mmap: remap('bar') } });
    const p = m.mmap(1, RW, 'shared', 3);
    m.vma(p)!.put(VMA_IN_IMAP, false);
    revoke(m, 3, 1);
    expect(m.mapped(p)).toBe(m.pfn('bar'));
  });

  it('casts the offset to pgoff_t before it shifts: a 32-bit kernel loses what lies above 4 GiB', () => {
    const GIB4 = 2 ** 20;
    expect(left(GIB4 + 11, 2, 10, 4, { arch: 'arm_lpae' })).toEqual([0, 3]);
    expect(left(GIB4 + 11, 2, GIB4 + 10, 4, { arch: 'arm_lpae' })).toEqual([0, 1, 2, 3]);
    expect(left(GIB4 + 11, 2, GIB4 + 10)).toEqual([0, 3]);
  });

  it('holds i_mmap_rwsem for reading, with a point after each VMA', () => {
    const m = new Machine({ processes: 2, handlers: { mmap: remap('bar') } });
    const a = m.mmap(1, RW, 'shared', 3);
    const b = m.mmap(1, RW, 'shared', 3);
    const lock = imapLock(m.k, 0);
    m.begin(unmapMappingRange, MAPPING, 0, 0, 1);
    m.step();
    expect([m.mapped(a), m.mapped(b), m.k.w[lock]]).toEqual([undefined, m.pfn('bar'), 1]);
    m.asThread(1, () => {
      m.begin(sysMmap, 0, PAGE, RW, MAP_SHARED, 3, 3 * PAGE);
      while (!m.blocked) m.step();
    });
    while (!m.step());
    expect([m.mapped(b), m.k.w[lock], m.asThread(1, () => m.blocked)]).toEqual([undefined, 0, false]);
  });

  it('takes raw entries of any VMA of the file', () => {
    const m = new Machine({ handlers: { mmap: () => 0 } });
    const p = m.mmap(1, RW, 'shared', 3);
    m.vma(p)!.flags |= VM_PFNMAP;
    setEntry(m.k, m.entry(p), m.pfn('bar'), PTE_PRESENT | PTE_SPECIAL);
    revoke(m, 3, 1, 0);
    expect(m.mapped(p)).toBeUndefined();
  });
});
