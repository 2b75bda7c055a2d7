import { describe, expect, it } from 'vitest';
import { EACCES, EINVAL, ENOMEM } from '../../../src/kernel/errno.js';
import { VM_MAYWRITE, VM_PFNMAP, VM_WRITE } from '../../../src/kernel/flags.js';
import { sysMmap } from '../../../src/kernel/mm/mmap.js';
import { sysMprotect } from '../../../src/kernel/mm/mprotect.js';
import {
  cacheMode,
  CacheMode,
  PTE_DIRTY,
  PTE_PROTNONE,
  PTE_SPECIAL,
  PTE_WRITE,
  withCacheMode,
} from '../../../src/kernel/pte.js';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_NONE, PROT_READ, PROT_WRITE } from '../../../src/kernel/uapi.js';
import { flagged, remap } from './drivers.js';
import { Machine, PAGE } from './machine.js';

const RW = PROT_READ | PROT_WRITE;

describe('mprotect', () => {
  it('checks alignment, length, holes and MAY bits in that order', () => {
    const m = new Machine({ handlers: { mmap: remap('bar') }, writable: false });
    const p = m.mmap(2, PROT_READ, 'shared');
    expect(m.call(sysMprotect, p + 1, PAGE, PROT_READ)).toBe(-EINVAL);
    expect(m.call(sysMprotect, p + 1, 0, PROT_READ)).toBe(-EINVAL);
    expect(m.call(sysMprotect, p, 0, 0x40)).toBe(0);
    expect(m.call(sysMprotect, p, PAGE, 0x40)).toBe(-EINVAL);
    expect(m.call(sysMprotect, p + 2 * PAGE, PAGE, PROT_READ)).toBe(-ENOMEM);
    expect(m.call(sysMprotect, p, PAGE, RW)).toBe(-EACCES);
    expect(m.call(sysMprotect, p, 3 * PAGE, PROT_NONE)).toBe(-ENOMEM);
    expect(m.flags(p + PAGE) & PTE_PROTNONE).not.toBe(0);
  });

  it('a private raw entry stays read-only, so that the first write copies', () => {
    const m = new Machine({ handlers: { mmap: remap('buf') } });
    const p = m.mmap(1, PROT_READ, 'private');
    expect(m.call(sysMprotect, p, PAGE, RW)).toBe(0);
    expect(m.flags(p) & (PTE_WRITE | PTE_SPECIAL)).toBe(PTE_SPECIAL);
    expect(m.vma(p)!.flags & VM_WRITE).not.toBe(0);
    m.touch(p, true);
    expect(m.mapped(p)).not.toBe(m.pfn('buf'));
  });

  it('a shared raw entry becomes writable at once, and keeps its special bit through PROT_NONE', () => {
    const m = new Machine({ handlers: { mmap: remap('bar') } });
    const p = m.mmap(1, PROT_READ, 'shared');
    m.call(sysMprotect, p, PAGE, RW);
    expect(m.flags(p) & (PTE_WRITE | PTE_SPECIAL)).toBe(PTE_WRITE | PTE_SPECIAL);
    m.call(sysMprotect, p, PAGE, PROT_NONE);
    expect(m.flags(p) & (PTE_WRITE | PTE_SPECIAL | PTE_PROTNONE)).toBe(PTE_SPECIAL | PTE_PROTNONE);
    expect(m.touch(p, false)).toBe('died');
  });

  it('with pfn_mkwrite only an entry that is dirty already becomes writable at once', () => {
    const m = new Machine({ handlers: { mmap: remap('bar', true), pfnMkwrite: () => 0 } });
    const p = m.mmap(2, RW, 'shared');
    m.touch(p, true);
    expect(m.flags(p) & PTE_DIRTY).not.toBe(0);
    m.call(sysMprotect, p, 2 * PAGE, PROT_READ);
    m.call(sysMprotect, p, 2 * PAGE, RW);
    expect([p, p + PAGE].map((at) => (m.flags(at) & PTE_WRITE) !== 0)).toEqual([true, false]);
    expect(m.log.filter((name) => name === 'pfnMkwrite')).toEqual([]);
    m.touch(p + PAGE, true);
    expect(m.log.filter((name) => name === 'pfnMkwrite')).toEqual(['pfnMkwrite']);
  });

  it('an exclusive copy of a private VMA becomes writable at once, in 6.1 because it is dirty', () => {
    for (const release of ['6.1', '6.12', '7.2'] as const) {
      const m = new Machine({ release, handlers: { mmap: remap('buf') } });
      const p = m.mmap(1, RW, 'private');
      m.touch(p, true);
      m.call(sysMprotect, p, PAGE, PROT_READ);
      expect(m.flags(p) & PTE_WRITE).toBe(0);
      m.k.w[m.entry(p) + 1]! &= ~PTE_DIRTY;
      m.call(sysMprotect, p, PAGE, RW);
      expect([release, (m.flags(p) & PTE_WRITE) !== 0]).toEqual([release, release !== '6.1']);
    }
  });

  it('never changes whether the mapping is copy-on-write, and splits with vm_pgoff kept linear', () => {
    const m = new Machine({ handlers: { mmap: remap('buf') } });
    const p = m.mmap(3, RW, 'private');
    m.call(sysMprotect, p + PAGE, PAGE, PROT_READ);
    const parts = [p, p + PAGE, p + 2 * PAGE].map((at) => m.vma(at)!);
    expect(new Set(parts).size).toBe(3);
    expect(parts.map((v) => v.pgoffLo)).toEqual([0, 1, 2].map((i) => m.pfn('buf', i)));
    for (const v of parts) expect(v.flags & (VM_MAYWRITE | VM_PFNMAP)).toBe(VM_MAYWRITE | VM_PFNMAP);
    m.call(sysMprotect, p + PAGE, PAGE, RW);
    expect(m.vma(p)).not.toBe(m.vma(p + PAGE));
  });

  it('ordinary memory becomes one VMA again', () => {
    const m = new Machine();
    const p = m.call(sysMmap, 0, 3 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    m.call(sysMprotect, p + PAGE, PAGE, PROT_READ);
    expect(m.vma(p)!.pages).toBe(1);
    m.call(sysMprotect, p + PAGE, PAGE, RW);
    expect(m.vma(p)!.pages).toBe(3);
  });

  it('asks the driver, whose veto keeps everything as it was', () => {
    const m = new Machine({ handlers: { mmap: flagged(0), fault: () => 2, mprotect: () => -EACCES } });
    const p = m.mmap(1, RW, 'shared');
    expect(m.call(sysMprotect, p, PAGE, PROT_READ)).toBe(-EACCES);
    expect(m.vma(p)!.flags & VM_WRITE).not.toBe(0);
  });

  it('may_split vetoes a change of a part', () => {
    const m = new Machine({ handlers: { mmap: flagged(0), fault: () => 2, maySplit: () => -EINVAL } });
    const p = m.mmap(2, RW, 'shared');
    expect(m.call(sysMprotect, p, PAGE, PROT_READ)).toBe(-EINVAL);
    expect(m.call(sysMprotect, p, 2 * PAGE, PROT_READ)).toBe(0);
  });

  it('a kernel whose pte_modify drops the special bit makes raw frames normal', () => {
    const m = new Machine({ handlers: { mmap: remap('buf') }, facts: { modifyKeepsSpecial: false } });
    const p = m.mmap(1, RW, 'shared');
    expect(m.normal(p)).toBe(-1);
    m.call(sysMprotect, p, PAGE, PROT_READ);
    expect(m.normal(p)).toBe(m.frame('buf'));
  });

  it('gives an entry the memory type of vm_page_prot where pte_modify() takes it over', () => {
    const after = (arch: string): number => {
      const m = new Machine({ arch, options: { memtypes: true }, handlers: { mmap: remap('bar') } });
      const p = m.mmap(1, RW, 'shared');
      m.k.w[m.entry(p) + 1] = withCacheMode(m.k.w[m.entry(p) + 1]!, CacheMode.Uncached);
      m.call(sysMprotect, p, PAGE, PROT_READ);
      return cacheMode(m.flags(p));
    };
    expect(['arm64', 'riscv64', 'ppc64', 'xtensa'].map(after)).toEqual([0, 0, 0, 0]);
    expect(['x86_64', 'arm', 'mips64', 'loongarch64'].map(after)).toEqual(Array(4).fill(CacheMode.Uncached));
  });

  it('with the L1TF bug a high raw frame cannot become PROT_NONE', () => {
    const regions = [{ name: 'bar', kind: 'mmio', pages: 1, pfn: 2 ** 34 }] as const;
    for (const l1tf of [false, true]) {
      const m = new Machine({ handlers: { mmap: remap('bar') }, facts: { l1tf }, regions });
      const p = m.mmap(1, RW, 'shared');
      expect(m.call(sysMprotect, p, PAGE, PROT_NONE)).toBe(l1tf ? -EACCES : 0);
    }
  });
});
