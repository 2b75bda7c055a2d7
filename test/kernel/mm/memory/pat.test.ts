import { describe, expect, it } from 'vitest';
import { EBUSY, EINVAL } from '../../../../src/kernel/errno.js';
import { VM_PFNMAP } from '../../../../src/kernel/flags.js';
import { vmfInsertPfn, vmInsertPage } from '../../../../src/kernel/mm/memory/insert.js';
import { lookupMemtype } from '../../../../src/kernel/mm/memory/memtype.js';
import { archIoFreeMemtypeWc, archIoReserveMemtypeWc } from '../../../../src/kernel/mm/memory/pat.js';
import { remapPfnRange, vmStart } from '../../../../src/kernel/mm/memory/remap.js';
import { zapPageRange } from '../../../../src/kernel/mm/memory/zap.js';
import { cacheMode, CacheMode, withCacheMode } from '../../../../src/kernel/pte.js';
import { RELEASES } from '../../../../src/kernel/release.js';
import { PROT_READ, PROT_WRITE } from '../../../../src/kernel/uapi.js';
import type { Vma } from '../../../../src/kernel/world.js';
import { Machine, PAGE, type Setup } from '../machine.js';

const RW = PROT_READ | PROT_WRITE;
const { WriteBack, WriteCombine, UncachedMinus } = CacheMode;

/** A machine whose ->mmap takes the next entry of `does`, in turn. */
function machine(setup: Setup, ...does: readonly ((m: Machine, v: Vma) => number)[]): Machine {
  let turn = 0;
  return new Machine({
    options: { memtypes: true },
    ...setup,
    handlers: { mmap: (m, [, v]) => does[turn++]!(m, m.vmaOf(v!)) },
  });
}

const remap =
  (region: string, mode: number, at = 0, pages?: number) =>
  (m: Machine, v: Vma): number =>
    remapPfnRange(
      m.k,
      v,
      vmStart(m.k, v),
      m.pfn(region) + at,
      (pages ?? v.pages) * PAGE,
      withCacheMode(v.prot, mode),
    );

const type = (m: Machine, p: number): number => cacheMode(m.flags(p));

describe('reservations of remap_pfn_range() (B.9)', () => {
  it.each(RELEASES)('the first of two mappings decides, until it is gone: %s', (release) => {
    const m = machine(
      { release },
      remap('bar', WriteCombine),
      remap('bar', UncachedMinus),
      remap('bar', UncachedMinus),
    );
    const p = m.mmap(2, RW, 'shared');
    const q = m.mmap(2, RW, 'shared');
    expect([type(m, p), type(m, q)]).toEqual([WriteCombine, WriteCombine]);
    m.munmap(p, 2);
    expect(lookupMemtype(m.k, m.pfn('bar'))).toBe(WriteCombine);
    m.munmap(q, 2);
    expect(lookupMemtype(m.k, m.pfn('bar'))).toBe(UncachedMinus);
    expect(type(m, m.mmap(2, RW, 'shared'))).toBe(UncachedMinus);
  });

  it.each(RELEASES)('raw RAM is wb, whatever is asked for: %s', (release) => {
    const m = machine({ release }, remap('buf', WriteCombine), remap('buf', UncachedMinus, 0, 1));
    expect([type(m, m.mmap(1, RW, 'shared')), type(m, m.mmap(2, RW, 'shared'))]).toEqual([
      WriteBack,
      WriteBack,
    ]);
  });

  it.each(RELEASES)('a part over two types is -EINVAL, over one takes that: %s', (release) => {
    const seen: number[] = [];
    const m = machine({ release }, remap('bar', WriteCombine), (machine_, v) => {
      seen.push(
        remap('bar', UncachedMinus, 0, 2)(machine_, v),
        remap('bar', UncachedMinus, 0, 1)(machine_, v),
      );
      return 0;
    });
    m.mmap(1, RW, 'shared');
    const q = m.mmap(3, RW, 'shared');
    expect([seen, type(m, q)]).toEqual([[-EINVAL, 0], WriteCombine]);
  });

  it('a part over RAM and device memory is -EINVAL also where nobody looks at types', () => {
    const regions = [
      { name: 'buf', kind: 'reserved', pages: 1 },
      { name: 'bar', kind: 'mmio', pages: 1 },
    ] as const;
    for (const arch of ['x86_64', 'arm64']) {
      const seen: number[] = [];
      const m = machine({ arch, regions, options: {} }, (machine_, v) => {
        seen.push(remap('buf', WriteBack, 0, 2)(machine_, v));
        return 0;
      });
      m.mmap(3, RW, 'shared');
      expect(seen).toEqual([arch === 'x86_64' ? -EINVAL : 0]);
    }
  });

  it.each(RELEASES)(
    'a split and partly unmapped mapping: up to 6.12 its first page stays reserved: %s',
    (release) => {
      const m = machine({ release }, remap('bar', WriteCombine));
      const p = m.mmap(2, RW, 'shared');
      m.munmap(p, 1);
      m.munmap(p + PAGE, 1);
      expect(lookupMemtype(m.k, m.pfn('bar'))).toBe(release === '7.2' ? UncachedMinus : WriteCombine);
      expect(lookupMemtype(m.k, m.pfn('bar') + 1)).toBe(UncachedMinus);
    },
  );

  it.each(RELEASES)('a zap of a part frees everything up to 6.12: %s', (release) => {
    const m = machine({ release }, remap('bar', WriteCombine));
    const p = m.mmap(2, RW, 'shared');
    zapPageRange(m.k, m.vma(p)!, m.page(p) + 1, m.page(p) + 2, true);
    expect(lookupMemtype(m.k, m.pfn('bar'))).toBe(release === '7.2' ? WriteCombine : UncachedMinus);
    expect(type(m, p)).toBe(WriteCombine);
  });

  it('other architectures take what the driver passes', () => {
    const m = machine({ arch: 'arm64' }, remap('bar', WriteCombine), remap('bar', CacheMode.Uncached));
    expect([type(m, m.mmap(1, RW, 'shared')), type(m, m.mmap(1, RW, 'shared'))]).toEqual([
      WriteCombine,
      CacheMode.Uncached,
    ]);
  });
});

describe('single entries', () => {
  const insert = (m: Machine, v: Vma): number => {
    v.flags |= VM_PFNMAP;
    v.prot = withCacheMode(v.prot, WriteCombine);
    vmfInsertPfn(m.k, v, vmStart(m.k, v), m.pfn('bar'));
    return 0;
  };

  it('vmf_insert_pfn() looks the type up: UC- unless the driver reserved the aperture', () => {
    const m = machine({}, insert, insert, insert);
    expect(type(m, m.mmap(1, RW, 'shared'))).toBe(UncachedMinus);
    expect(archIoReserveMemtypeWc(m.k, m.pfn('bar') * PAGE, PAGE)).toBe(0);
    expect(type(m, m.mmap(1, RW, 'shared'))).toBe(WriteCombine);
    archIoFreeMemtypeWc(m.k, m.pfn('bar') * PAGE, PAGE);
    expect(type(m, m.mmap(1, RW, 'shared'))).toBe(UncachedMinus);
  });

  it('arch_io_reserve_memtype_wc() of what is wb is -EBUSY, of RAM unknown', () => {
    const regions = [
      { name: 'buf', kind: 'reserved', pages: 1 },
      { name: 'dev', kind: 'device', pages: 1 },
    ] as const;
    const m = machine({ regions });
    expect(archIoReserveMemtypeWc(m.k, m.pfn('dev') * PAGE, PAGE)).toBe(-EBUSY);
    expect(() => archIoReserveMemtypeWc(m.k, m.pfn('buf') * PAGE, PAGE)).toThrow(/RAM/);
    expect(archIoReserveMemtypeWc(machine({ arch: 'arm64', regions }).k, m.pfn('buf') * PAGE, PAGE)).toBe(0);
  });

  it('pages have the type of vm_page_prot', () => {
    const m = machine({}, (machine_, v) => {
      v.prot = withCacheMode(v.prot, UncachedMinus);
      return vmInsertPage(machine_.k, v, vmStart(machine_.k, v), machine_.k.mem.frame(machine_.pfn('buf')));
    });
    expect(type(m, m.mmap(1, RW, 'shared'))).toBe(UncachedMinus);
  });
});
