import { describe, expect, it } from 'vitest';
import { EAGAIN, EEXIST, EFAULT, EROFS } from '../../../src/kernel/errno.js';
import {
  FAULT_FLAG_TRIED,
  VM_FAULT_NOPAGE,
  VM_FAULT_RETRY,
  VM_FAULT_SIGBUS,
  VM_IO,
  VM_MIXEDMAP,
  VM_PFNMAP,
} from '../../../src/kernel/flags.js';
import { handle, handleIndex, HandleKind } from '../../../src/kernel/handle.js';
import { mmapReadUnlock } from '../../../src/kernel/locks.js';
import { VMF } from '../../../src/kernel/mm/memory/vmf.js';
import { setEntry } from '../../../src/kernel/mm/pgtable.js';
import { sysKvmPfn, sysVfioPin } from '../../../src/kernel/mm/raw_users.js';
import { PTE_PRESENT, PTE_SPECIAL, PTE_WRITE } from '../../../src/kernel/pte.js';
import { RELEASES } from '../../../src/kernel/release.js';
import { PROT_READ, PROT_WRITE } from '../../../src/kernel/uapi.js';
import { Machine, type Handler, type Setup } from './machine.js';

const RW = PROT_READ | PROT_WRITE;
const RAW = PTE_PRESENT | PTE_SPECIAL;

/** A page of a shared VMA with these flags; ->fault is the driver's. */
function world(flags: number, fault?: Handler, setup: Setup = {}): { m: Machine; p: number } {
  const mmap: Handler = (m, [, v]) => {
    m.vmaOf(v!).ops = 2;
    return 0;
  };
  const m = new Machine({ ...setup, handlers: { mmap, ...(fault && { fault }) } });
  const p = m.mmap(1, RW, 'shared');
  m.vma(p)!.flags |= flags;
  return { m, p };
}

/** ->fault that maps the first page of the window. */
const insert: Handler = (m) => {
  setEntry(m.k, m.entry(m.k.arenaBase), m.pfn('bar'), RAW | PTE_WRITE);
  return VM_FAULT_NOPAGE;
};

const users = [
  ['KVM', sysKvmPfn],
  ['VFIO', sysVfioPin],
] as const;

describe.each(users)('%s (D.8)', (name, call) => {
  it('takes a raw frame that is there, and faults one in that is not', () => {
    const { m, p } = world(VM_PFNMAP, insert);
    expect([m.call(call, p, 1), m.call(call, p, 1)]).toEqual([m.pfn('bar'), m.pfn('bar')]);
    expect([m.log, m.k.w[m.k.mmapLock(0)]]).toEqual([['mmap', 'fault'], 0]);
  });

  it('gives up when the handler fails, or maps nothing', () => {
    for (const answer of [VM_FAULT_SIGBUS, VM_FAULT_NOPAGE]) {
      const { m, p } = world(VM_PFNMAP, () => answer);
      expect(m.call(call, p, 0)).toBeLessThan(0);
      expect([m.log, m.k.w[m.k.mmapLock(0)]]).toEqual([['mmap', 'fault'], 0]);
    }
  });

  it('lets the handler drop the lock, and looks again', () => {
    const flags: number[] = [];
    const { m, p } = world(VM_PFNMAP, (machine, args) => {
      flags.push(machine.k.w[handleIndex(args[0]!) + VMF.FLAGS]! & FAULT_FLAG_TRIED);
      if (flags.length > 1) return insert(machine, args);
      mmapReadUnlock(machine.k, handle(HandleKind.Mm, machine.proc));
      return VM_FAULT_RETRY;
    });
    expect([m.call(call, p, 0), flags]).toEqual([m.pfn('bar'), [0, FAULT_FLAG_TRIED]]);
    expect(m.k.w[m.k.mmapLock(0)]).toBe(0);
  });

  it('begins anew once the lock was dropped, whatever the handler says then', () => {
    const flags: number[] = [];
    const { m, p } = world(VM_PFNMAP, (machine, args) => {
      flags.push(machine.k.w[handleIndex(args[0]!) + VMF.FLAGS]! & FAULT_FLAG_TRIED);
      if (flags.length > 2) return insert(machine, args);
      if (flags.length === 2) return VM_FAULT_SIGBUS;
      mmapReadUnlock(machine.k, handle(HandleKind.Mm, machine.proc));
      return VM_FAULT_RETRY;
    });
    expect([m.call(call, p, 0), flags]).toEqual([m.pfn('bar'), [0, FAULT_FLAG_TRIED, 0]]);
  });

  it('finds no raw VMA any more once the lock was dropped', () => {
    const { m, p } = world(VM_PFNMAP, (machine) => {
      if (machine.log.length > 2) return VM_FAULT_SIGBUS;
      machine.vma(p)!.flags &= ~VM_PFNMAP;
      mmapReadUnlock(machine.k, handle(HandleKind.Mm, machine.proc));
      return VM_FAULT_RETRY;
    });
    expect(m.call(call, p, 0)).toBe(name === 'KVM' ? -EFAULT : -EAGAIN);
    expect(m.k.w[m.k.mmapLock(0)]).toBe(0);
  });

  it('may not write a frame that is mapped for reading', () => {
    const { m, p } = world(VM_PFNMAP);
    setEntry(m.k, m.entry(p), m.pfn('bar'), RAW);
    expect([m.call(call, p, 0), m.call(call, p, 1)]).toEqual([
      m.pfn('bar'),
      name === 'KVM' ? -EROFS : -EFAULT,
    ]);
  });

  it('wants the flags that it knows', () => {
    const answers = [VM_IO, VM_MIXEDMAP].map((flags) => {
      const { m, p } = world(flags);
      setEntry(m.k, m.entry(p), m.pfn('bar'), RAW);
      return m.call(call, p, 0) === m.pfn('bar');
    });
    expect(answers).toEqual(name === 'KVM' ? [true, false] : [false, false]);
    const { m, p } = world(VM_MIXEDMAP);
    setEntry(m.k, m.entry(p), m.pfn('bar'), RAW);
    expect(m.call(call, p, 0)).toBe(name === 'KVM' ? -EFAULT : -EEXIST);
  });

  it.each(RELEASES)('of ordinary RAM, %s', (release) => {
    const free = world(VM_PFNMAP, undefined, { release });
    setEntry(free.m.k, free.m.entry(free.p), free.m.pfn('pool'), RAW);
    const held = world(VM_PFNMAP, undefined, { release });
    setEntry(held.m.k, held.m.entry(held.p), held.m.pfn('pool'), RAW);
    held.m.k.pages[held.m.frame('pool')]!.refcount = 1;
    const pfn = free.m.pfn('pool');
    const wanted = name === 'VFIO' ? [-EFAULT, -EFAULT] : [release === '7.2' ? pfn : -EFAULT, pfn];
    expect([free.m.call(call, free.p, 0), held.m.call(call, held.p, 0)]).toEqual(wanted);
    expect(held.m.refcount('pool')).toBe(1);
  });
});
