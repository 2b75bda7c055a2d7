import { describe, expect, it } from 'vitest';
import {
  isNewMemtypeAllowed,
  lookupMemtype,
  memtypeFree,
  MEMTYPE_CONFLICT,
  memtypeReserve,
  pagerangeHasRam,
} from '../../../../src/kernel/mm/memory/memtype.js';
import { CacheMode } from '../../../../src/kernel/pte.js';
import type { RegionSpec } from '../../../../src/kernel/memmap.js';
import { Machine } from '../machine.js';

const { WriteBack, WriteCombine, UncachedMinus, Uncached, WriteThrough } = CacheMode;

const regions: readonly RegionSpec[] = [
  { name: 'pool', kind: 'ram', pages: 2 },
  { name: 'buf', kind: 'reserved', pages: 2 },
  { name: 'dev', kind: 'device', pages: 2 },
  { name: 'isa', kind: 'mmio', pages: 2, where: 'low' },
  { name: 'bar', kind: 'mmio', pages: 8, where: 'high' },
];

function machine(memtypes = true): Machine {
  return new Machine({ regions, options: { memtypes } });
}

describe('lookup_memtype (B.9)', () => {
  it('RAM and the ISA region are wb, device memory is what it was reserved as, UC- without reservation', () => {
    const m = machine();
    const types = ['pool', 'buf', 'isa', 'dev', 'bar'].map((name) => lookupMemtype(m.k, m.pfn(name)));
    expect(types).toEqual([WriteBack, WriteBack, WriteBack, WriteBack, UncachedMinus]);
    expect(lookupMemtype(m.k, m.k.mem.zeroPfn)).toBe(WriteBack);
    expect(lookupMemtype(m.k, 2 ** 40)).toBe(UncachedMinus);
  });

  it('one page of RAM makes a range RAM; device memory with struct pages is none', () => {
    const m = machine();
    expect(pagerangeHasRam(m.k, m.pfn('pool') + 1, 2)).toBe(true);
    expect(pagerangeHasRam(m.k, m.pfn('dev'), 2)).toBe(false);
  });
});

describe('memtype_reserve', () => {
  it('gives what is asked for, but UC- for wb', () => {
    for (const [want, got] of [
      [WriteBack, UncachedMinus],
      [WriteCombine, WriteCombine],
      [Uncached, Uncached],
    ] as const) {
      const m = machine();
      expect(memtypeReserve(m.k, m.pfn('bar'), 1, want)).toBe(got);
      expect(lookupMemtype(m.k, m.pfn('bar'))).toBe(got);
      expect(lookupMemtype(m.k, m.pfn('bar') + 1)).toBe(UncachedMinus);
    }
  });

  it('gives the type of the one type that overlaps, and none where there are two', () => {
    const m = machine();
    const bar = m.pfn('bar');
    memtypeReserve(m.k, bar, 2, WriteCombine);
    expect(memtypeReserve(m.k, bar + 1, 2, UncachedMinus)).toBe(WriteCombine);
    memtypeReserve(m.k, bar + 4, 1, Uncached);
    expect(memtypeReserve(m.k, bar + 2, 3, UncachedMinus)).toBe(MEMTYPE_CONFLICT);
    expect(lookupMemtype(m.k, bar + 3)).toBe(UncachedMinus);
  });

  it('meets what memremap_pages() reserved', () => {
    const m = machine();
    expect(memtypeReserve(m.k, m.pfn('dev'), 1, WriteCombine)).toBe(WriteBack);
  });

  it('reserves nothing in the ISA region', () => {
    const m = machine();
    const before = m.k.w.slice();
    expect(memtypeReserve(m.k, m.pfn('isa'), 2, WriteCombine)).toBe(WriteBack);
    expect(m.k.w).toEqual(before);
  });
});

describe('memtype_free', () => {
  const free = (pages: number, ...freed: readonly (readonly [number, number])[]): number[] => {
    const m = machine();
    const bar = m.pfn('bar');
    memtypeReserve(m.k, bar, pages, WriteCombine);
    for (const [at, n] of freed) memtypeFree(m.k, bar + at, n);
    return Array.from({ length: pages }, (_, i) => lookupMemtype(m.k, bar + i));
  };

  it('frees just the range, or the end of a longer one', () => {
    expect(free(2, [0, 2])).toEqual([UncachedMinus, UncachedMinus]);
    expect(free(2, [1, 1])).toEqual([WriteCombine, UncachedMinus]);
    expect(free(2, [1, 1], [0, 1])).toEqual([UncachedMinus, UncachedMinus]);
  });

  it('frees nothing at the start or in the middle, and what is left then stays', () => {
    expect(free(2, [0, 1])).toEqual([WriteCombine, WriteCombine]);
    expect(free(3, [1, 1])).toEqual([WriteCombine, WriteCombine, WriteCombine]);
    expect(free(2, [0, 1], [1, 1])).toEqual([WriteCombine, UncachedMinus]);
  });

  it('frees one of two of the same range', () => {
    const m = machine();
    memtypeReserve(m.k, m.pfn('bar'), 1, WriteCombine);
    memtypeReserve(m.k, m.pfn('bar'), 1, WriteCombine);
    memtypeFree(m.k, m.pfn('bar'), 1);
    expect(lookupMemtype(m.k, m.pfn('bar'))).toBe(WriteCombine);
    memtypeFree(m.k, m.pfn('bar'), 1);
    expect(lookupMemtype(m.k, m.pfn('bar'))).toBe(UncachedMinus);
  });
});

describe('is_new_memtype_allowed', () => {
  const allowed = (want: number, got: number): boolean => isNewMemtypeAllowed(0xfd000, 1, want, got);

  it('refuses what is more cached than asked', () => {
    expect([WriteCombine, UncachedMinus, WriteThrough].map((want) => allowed(want, WriteBack))).toEqual([
      false,
      false,
      false,
    ]);
    expect(allowed(WriteThrough, WriteCombine)).toBe(false);
  });

  it('takes anything less cached, wc and UC- for each other, and wb for UC', () => {
    expect(allowed(WriteBack, UncachedMinus)).toBe(true);
    expect(allowed(WriteCombine, UncachedMinus)).toBe(true);
    expect(allowed(UncachedMinus, WriteCombine)).toBe(true);
    expect(allowed(Uncached, WriteBack)).toBe(true);
  });

  it('takes wb in the ISA region', () => {
    expect(isNewMemtypeAllowed(0xa0, 1, WriteCombine, WriteBack)).toBe(true);
  });
});
