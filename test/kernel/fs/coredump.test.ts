import { describe, expect, it } from 'vitest';
import { EFAULT, ENODATA } from '../../../src/kernel/errno.js';
import {
  FAULT_FLAG_ALLOW_RETRY,
  VM_DONTDUMP,
  VM_FAULT_NOPAGE,
  VM_FAULT_RETRY,
  VM_FAULT_SIGBUS,
  VM_IO,
  VM_MAYREAD,
  VM_MIXEDMAP,
  VM_PFNMAP,
  VM_READ,
  VM_SHARED,
} from '../../../src/kernel/flags.js';
import { sysCoredump } from '../../../src/kernel/fs/coredump.js';
import { handle, handleIndex, HandleKind } from '../../../src/kernel/handle.js';
import { mmapReadUnlock } from '../../../src/kernel/locks.js';
import { VMF } from '../../../src/kernel/mm/memory/vmf.js';
import { cellsOf } from '../../../src/kernel/mm/page_alloc.js';
import { setEntry } from '../../../src/kernel/mm/pgtable.js';
import { sysMmap } from '../../../src/kernel/mm/mmap.js';
import { PTE_PRESENT, PTE_SPECIAL } from '../../../src/kernel/pte.js';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ } from '../../../src/kernel/uapi.js';
import { OPS_NULL, VMA_ANON_VMA } from '../../../src/kernel/world.js';
import { Machine, PAGE, type Handler, type Setup } from '../mm/machine.js';

/** Two private pages of the device at an offset. */
function world(pgoff: number, fault?: Handler, setup: Setup = {}): { m: Machine; p: number } {
  const mmap: Handler = (m, [, v]) => {
    m.vmaOf(v!).ops = 2;
    return 0;
  };
  const m = new Machine({ ...setup, handlers: { mmap, ...(fault && { fault }) } });
  return { m, p: m.mmap(2, PROT_READ, 'private', pgoff) };
}

/** A world with a VMA that the dump takes whole. */
function whole(fault?: Handler, setup: Setup = {}): { m: Machine; p: number } {
  const w = world(1, fault, setup);
  w.m.vma(w.p)!.put(VMA_ANON_VMA, true);
  return w;
}

/** A page of buf behind an address. */
function map(m: Machine, addr: number): void {
  setEntry(m.k, m.entry(addr), m.pfn('buf'), PTE_PRESENT);
}

/** ->fault that maps the page of buf and returns NOPAGE. */
const fault: Handler = (m) => {
  map(m, m.k.arenaBase);
  return VM_FAULT_NOPAGE;
};

function dump(m: Machine, p: number): number {
  const r = m.call(sysCoredump, p);
  expect(m.k.w[m.k.mmapLock(0)]).toBe(0);
  return r;
}

describe('which VMAs a core dump holds (D.8)', () => {
  it.each([
    ['with copied pages', 0, 0, 1],
    ['VM_IO', VM_IO, 0, -ENODATA],
    ['VM_DONTDUMP', VM_DONTDUMP, 0, -ENODATA],
    ['VM_SHARED', VM_SHARED, 0, -ENODATA],
    ['VM_MIXEDMAP', VM_MIXEDMAP, 0, 1],
    ['VM_PFNMAP: all holes', VM_PFNMAP, 0, 0],
    ['not readable', 0, VM_READ, 1],
    ['never readable', 0, VM_READ | VM_MAYREAD, 0],
  ])('%s', (_name, set, clear, wanted) => {
    const { m, p } = whole();
    map(m, p);
    const v = m.vma(p)!;
    v.flags = (v.flags | set) & ~clear;
    expect([dump(m, p), m.refcount('buf')]).toEqual([wanted, 1]);
  });

  it('none where there is none', () => {
    const { m, p } = whole();
    expect(dump(m, p + 2 * PAGE)).toBe(-EFAULT);
  });

  it('none without copied pages', () => {
    const { m, p } = world(1);
    map(m, p);
    const anonymous = m.call(sysMmap, 0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    expect([dump(m, p), dump(m, anonymous)]).toEqual([-ENODATA, -ENODATA]);
  });
});

describe('a page of a core dump (D.8)', () => {
  it('is a hole if the entry is special, or missing where nothing could bring it', () => {
    const { m, p } = whole();
    expect(dump(m, p)).toBe(0);
    m.vma(p)!.flags |= VM_MIXEDMAP;
    setEntry(m.k, m.entry(p), m.pfn('bar'), PTE_PRESENT | PTE_SPECIAL);
    expect(dump(m, p)).toBe(0);
    m.vma(p)!.ops = OPS_NULL;
    expect([dump(m, p + PAGE), m.mapped(p + PAGE)]).toEqual([0, undefined]);
  });

  it('is faulted in by ->fault, unless the VMA has become anonymous', () => {
    const { m, p } = whole(fault);
    expect([dump(m, p), dump(m, p), m.log]).toEqual([1, 1, ['mmap', 'fault']]);
    m.vma(p)!.ops = OPS_NULL;
    expect([dump(m, p + PAGE), m.log.length]).toEqual([0, 2]);
  });

  it('is a hole if ->fault fails', () => {
    const { m, p } = whole(() => VM_FAULT_SIGBUS);
    expect([dump(m, p), m.log]).toEqual([0, ['mmap', 'fault']]);
  });

  it('lets ->fault drop the lock in 6.1 only', () => {
    const told = (['6.1', '6.12', '7.2'] as const).map((release) => {
      const flags: number[] = [];
      const { m, p } = whole(
        (machine, args) => {
          flags.push(machine.k.w[handleIndex(args[0]!) + VMF.FLAGS]! & FAULT_FLAG_ALLOW_RETRY);
          if (flags.length > 1 || flags[0] === 0) return fault(machine, args);
          mmapReadUnlock(machine.k, handle(HandleKind.Mm, machine.proc));
          return VM_FAULT_RETRY;
        },
        { release },
      );
      return [dump(m, p), flags];
    });
    expect(told).toEqual([
      [1, [FAULT_FLAG_ALLOW_RETRY, FAULT_FLAG_ALLOW_RETRY]],
      [1, [0]],
      [1, [0]],
    ]);
  });
});

describe('the ELF header that a core dump looks for (D.8)', () => {
  it('is asked for at offset 0 of readable files, at the beginning of the VMA', () => {
    const { m, p } = world(0, fault);
    expect([dump(m, p + PAGE), m.log]).toEqual([-ENODATA, ['mmap', 'fault']]);
    expect([dump(m, p), m.log.length]).toEqual([-ENODATA, 2]);
  });

  it.each([
    ['at another offset', 1, 0],
    ['at a high offset', 2 ** 32, 0],
    ['without VM_READ', 0, VM_READ],
  ])('but not %s', (_name, pgoff, clear) => {
    const { m, p } = world(pgoff, fault);
    m.vma(p)!.flags &= ~clear;
    expect([dump(m, p), m.log]).toEqual([-ENODATA, ['mmap']]);
  });

  it('ends nobody if it cannot be read', () => {
    const { m, p } = world(0, () => VM_FAULT_SIGBUS);
    expect([dump(m, p), m.k.procs[0]!.signal]).toEqual([-ENODATA, 0]);
  });

  it('is no header if a byte differs, or nobody owns the memory', () => {
    const { m, p } = world(0);
    map(m, p);
    m.k.w[cellsOf(m.k, m.frame('buf'))] = 0x7f;
    expect(dump(m, p)).toBe(-ENODATA);
    setEntry(m.k, m.entry(p), 2 ** 30, PTE_PRESENT);
    expect(dump(m, p)).toBe(-ENODATA);
  });
});

it('waits for mmap_lock: as a writer for the VMAs, as a reader for the page', () => {
  const { m, p } = whole(undefined, { extraThreads: 1 });
  map(m, p);
  const lock = m.k.mmapLock(0);
  m.k.tryRead(lock);
  m.begin(sysCoredump, p);
  m.step();
  expect(m.blocked).toBe(true);
  m.k.upRead(lock);
  m.step();
  expect([m.finished, m.k.tryWrite(lock)]).toEqual([false, true]);
  m.step();
  expect(m.blocked).toBe(true);
  m.k.upWrite(lock);
  m.stepUntil(() => m.finished);
  expect(m.result()).toBe(1);
});
