import { describe, expect, it } from 'vitest';
import { EACCES, EBADF, EFAULT, EINVAL, ENODEV, ENOMEM } from '../../../src/kernel/errno.js';
import { VM_DONTCOPY, VM_IO, VM_LOCKED, VM_MIXEDMAP } from '../../../src/kernel/flags.js';
import { sysMadvise } from '../../../src/kernel/mm/madvise.js';
import { sysMlock, sysMunlock } from '../../../src/kernel/mm/mlock.js';
import { sysMmap } from '../../../src/kernel/mm/mmap.js';
import { PTE_DIRTY } from '../../../src/kernel/pte.js';
import { RELEASES } from '../../../src/kernel/release.js';
import * as uapi from '../../../src/kernel/uapi.js';
import { flagged, insertPages, mixed, remap } from './drivers.js';
import { Machine, PAGE } from './machine.js';

const RW = uapi.PROT_READ | uapi.PROT_WRITE;
const ANON = uapi.MAP_PRIVATE | uapi.MAP_ANONYMOUS;

const advise = (m: Machine, p: number, advice: number, pages = 1): number =>
  m.call(sysMadvise, p, pages * PAGE, advice);

describe.each(RELEASES)('madvise on %s', (release) => {
  // The columns of the catalogue's table C.11: VM_PFNMAP, VM_MIXEDMAP only, VM_IO only.
  const dofork = release === '7.2';
  it.each<[keyof typeof uapi, number, number, number]>([
    ['MADV_NORMAL', 0, 0, 0],
    ['MADV_SEQUENTIAL', 0, 0, 0],
    ['MADV_RANDOM', 0, 0, 0],
    ['MADV_WILLNEED', 0, 0, 0],
    ['MADV_DONTNEED', -EINVAL, 0, 0],
    ['MADV_DONTNEED_LOCKED', -EINVAL, 0, 0],
    ['MADV_FREE', -EINVAL, -EINVAL, -EINVAL],
    ['MADV_COLD', -EINVAL, 0, 0],
    ['MADV_PAGEOUT', -EINVAL, 0, 0],
    ['MADV_REMOVE', -ENODEV, -ENODEV, -ENODEV],
    ['MADV_DONTFORK', 0, 0, 0],
    ['MADV_DOFORK', -EINVAL, dofork ? -EINVAL : 0, -EINVAL],
    ['MADV_WIPEONFORK', -EINVAL, -EINVAL, -EINVAL],
    ['MADV_KEEPONFORK', 0, 0, 0],
    ['MADV_DONTDUMP', 0, 0, 0],
    ['MADV_DODUMP', -EINVAL, -EINVAL, -EINVAL],
    ['MADV_MERGEABLE', 0, 0, 0],
    ['MADV_UNMERGEABLE', 0, 0, 0],
    ['MADV_HUGEPAGE', 0, 0, 0],
    ['MADV_NOHUGEPAGE', 0, 0, 0],
    ['MADV_COLLAPSE', -EINVAL, -EINVAL, -EINVAL],
    ['MADV_POPULATE_READ', -EINVAL, 0, -EINVAL],
    ['MADV_POPULATE_WRITE', -EINVAL, 0, -EINVAL],
    ['MADV_GUARD_INSTALL', -EINVAL, -EINVAL, -EINVAL],
  ])('%s', (name, pfnmap, mixedmap, io) => {
    const drivers = [remap('bar', true), mixed('bar', VM_MIXEDMAP), flagged(VM_IO)];
    const got = drivers.map((mmap) => {
      const m = new Machine({ release, handlers: { mmap, fault: () => 2 } });
      return advise(m, m.mmap(1, RW, 'shared'), uapi[name] as number);
    });
    expect(got).toEqual([pfnmap, mixedmap, io]);
  });

  it('DONTNEED removes raw and counted entries of a VM_MIXEDMAP VMA', () => {
    const m = new Machine({ release, handlers: { mmap: insertPages('buf') } });
    const p = m.mmap(2, RW, 'shared');
    expect(advise(m, p, uapi.MADV_DONTNEED)).toBe(0);
    expect([m.mapped(p), m.mapped(p + PAGE)]).toEqual([undefined, m.pfn('buf', 1)]);
    expect([m.refcount('buf'), m.refcount('buf', 1)]).toEqual([1, 2]);
    expect(m.k.procs[0]!.rssFile).toBe(1);
  });

  it('goes on behind a hole and says -ENOMEM in the end', () => {
    const m = new Machine({ release });
    const p = m.call(sysMmap, 0, 3 * PAGE, RW, ANON, -1, 0);
    for (let i = 0; i < 3; i++) m.touch(p + i * PAGE, true);
    m.munmap(p + PAGE, 1);
    expect(advise(m, p, uapi.MADV_DONTNEED, 3)).toBe(-ENOMEM);
    expect(m.mapped(p + 2 * PAGE)).toBeUndefined();
  });

  it('populating ends at a hole, but on 6.1 only there where it ends', () => {
    const m = new Machine({ release });
    const p = m.call(sysMmap, 0, 3 * PAGE, RW, ANON, -1, 0);
    m.munmap(p + PAGE, 1);
    expect(advise(m, p, uapi.MADV_POPULATE_WRITE, 3)).toBe(-ENOMEM);
    expect(m.mapped(p)).toBeDefined();
    expect(m.mapped(p + 2 * PAGE) !== undefined).toBe(release === '6.1');
    expect(advise(m, p, uapi.MADV_POPULATE_WRITE, 1)).toBe(0);
  });

  it('populating for writing makes raw entries dirty and ordinary pages present', () => {
    const m = new Machine({ release, handlers: { mmap: mixed('bar', VM_MIXEDMAP) } });
    const p = m.mmap(2, RW, 'shared');
    expect(advise(m, p, uapi.MADV_POPULATE_WRITE, 2)).toBe(0);
    expect(m.flags(p + PAGE) & PTE_DIRTY).not.toBe(0);
    const q = m.call(sysMmap, 0, 2 * PAGE, RW, ANON, -1, 0);
    expect(advise(m, q, uapi.MADV_POPULATE_READ, 2)).toBe(0);
    expect(m.mapped(q + PAGE)).toBe(m.k.mem.zeroPfn);
    expect(advise(m, q, uapi.MADV_POPULATE_WRITE, 3)).toBe(-ENOMEM);
    expect(m.normal(q)).toBeGreaterThanOrEqual(0);
  });

  it('a handler that ends in SIGBUS makes populating -EFAULT', () => {
    const m = new Machine({ release, handlers: { mmap: flagged(VM_MIXEDMAP), fault: () => 2 } });
    expect(advise(m, m.mmap(1, RW, 'shared'), uapi.MADV_POPULATE_READ)).toBe(-EFAULT);
  });

  it('splits for flags, with the neighbours left as they are', () => {
    const m = new Machine({ release, handlers: { mmap: remap('bar') } });
    const p = m.mmap(3, RW, 'shared');
    advise(m, p + PAGE, uapi.MADV_DONTFORK);
    const copies = [0, 1, 2].map((i) => (m.vma(p + i * PAGE)!.flags & VM_DONTCOPY) !== 0);
    expect(copies).toEqual([false, true, false]);
  });

  it('refuses what it does not know, and unaligned places', () => {
    const m = new Machine({ release, handlers: { mmap: remap('bar') } });
    const p = m.mmap(1, RW, 'shared');
    expect(advise(m, p, 77)).toBe(-EINVAL);
    expect(advise(m, p + 1, uapi.MADV_NORMAL)).toBe(-EINVAL);
    expect(m.call(sysMadvise, p, 0, uapi.MADV_NORMAL)).toBe(0);
  });
});

describe('madvise elsewhere', () => {
  it('REMOVE of a private mapping is -EACCES', () => {
    const m = new Machine({ handlers: { mmap: remap('buf') } });
    expect(advise(m, m.mmap(1, RW, 'private'), uapi.MADV_REMOVE)).toBe(-EACCES);
  });

  it('WILLNEED without a file needs swap', () => {
    for (const swap of [true, false]) {
      const m = new Machine({ facts: { swap } });
      const p = m.call(sysMmap, 0, PAGE, RW, ANON, -1, 0);
      expect(advise(m, p, uapi.MADV_WILLNEED)).toBe(swap ? 0 : -EBADF);
    }
  });

  it('huge pages cannot be advised without them', () => {
    const m = new Machine({ arch: 'arm', handlers: { mmap: remap('bar') } });
    expect(advise(m, m.mmap(1, RW, 'shared'), uapi.MADV_HUGEPAGE)).toBe(-EINVAL);
  });
});

describe('mlock', () => {
  it('says yes to special VMAs and locks nothing', () => {
    const m = new Machine({ handlers: { mmap: remap('bar') } });
    const p = m.mmap(1, RW, 'shared');
    expect(m.call(sysMlock, p, PAGE, 0)).toBe(0);
    expect(m.vma(p)!.flags & VM_LOCKED).toBe(0);
  });

  it('faults ordinary memory in, unless asked to wait', () => {
    const m = new Machine();
    const p = m.call(sysMmap, 0, 2 * PAGE, RW, ANON, -1, 0);
    expect(m.call(sysMlock, p + 100, 10, 0)).toBe(0);
    expect(m.vma(p)!.flags & VM_LOCKED).not.toBe(0);
    expect(m.vma(p + PAGE)!.flags & VM_LOCKED).toBe(0);
    expect(m.normal(p)).toBeGreaterThanOrEqual(0);
    expect(m.call(sysMlock, p + PAGE, PAGE, uapi.MLOCK_ONFAULT)).toBe(0);
    expect(m.mapped(p + PAGE)).toBeUndefined();
    expect(advise(m, p, uapi.MADV_DONTNEED)).toBe(-EINVAL);
    expect(m.call(sysMunlock, p, 2 * PAGE, 0)).toBe(0);
    expect(m.vma(p)!.flags & VM_LOCKED).toBe(0);
  });

  it('is -ENOMEM for holes', () => {
    const m = new Machine();
    expect(m.call(sysMlock, m.k.arenaBase, PAGE, 0)).toBe(-ENOMEM);
    expect(m.call(sysMlock, m.k.arenaBase, PAGE, 2)).toBe(-EINVAL);
  });
});
