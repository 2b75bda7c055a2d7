import { describe, expect, it } from 'vitest';
import { EAGAIN, EINVAL, ENOMEM } from '../../../src/kernel/errno.js';
import {
  VM_FAULT_NOPAGE,
  VM_FAULT_OOM,
  VM_FAULT_SIGBUS,
  VM_LOCKED,
  VM_LOCKED_MASK,
  VM_LOCKONFAULT,
  VM_MIXEDMAP,
} from '../../../src/kernel/flags.js';
import { handleIndex } from '../../../src/kernel/handle.js';
import { sysMlock, sysMlockall, sysMunlockall } from '../../../src/kernel/mm/mlock.js';
import { vmInsertMixed } from '../../../src/kernel/mm/memory/insert.js';
import { VMF } from '../../../src/kernel/mm/memory/vmf.js';
import { UnknownError } from '../../../src/kernel/routine.js';
import {
  MCL_CURRENT,
  MCL_FUTURE,
  MCL_ONFAULT,
  MLOCK_ONFAULT,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
} from '../../../src/kernel/uapi.js';
import { flagged } from './drivers.js';
import { Machine, PAGE, type Handler } from './machine.js';

const RW = PROT_READ | PROT_WRITE;

/** A fault handler for VM_MIXEDMAP VMAs that says `answer` from its `good`-th call on. */
function fault(good: number, answer: number): Handler {
  let calls = 0;
  return (m, [vmf]) => {
    if (calls++ >= good) return answer;
    const at = handleIndex(vmf!);
    const v = m.k.vmas[m.k.w[at + VMF.VMA]!]!;
    const addr = m.k.arenaBase + m.k.w[at + VMF.PG]! * PAGE;
    expect(vmInsertMixed(m.k, v, addr, m.pfn('bar'), false)).toBe(VM_FAULT_NOPAGE);
    return VM_FAULT_NOPAGE;
  };
}

describe('mlock populates what it locks, and what it cannot lock but may look into (C.12)', () => {
  const mixed = (handler: Handler): Machine =>
    new Machine({ handlers: { mmap: flagged(VM_MIXEDMAP), fault: handler } });

  it.each([
    ['SIGBUS', VM_FAULT_SIGBUS, -ENOMEM],
    ['OOM', VM_FAULT_OOM, -EAGAIN],
  ])('a handler that says %s ends it', (_name, answer, error) => {
    const m = mixed(fault(1, answer));
    const p = m.mmap(3, RW, 'shared');
    expect(m.call(sysMlock, p, 3 * PAGE, 0)).toBe(error);
    expect([0, 1, 2].map((i) => m.mapped(p + i * PAGE) === undefined)).toEqual([false, true, true]);
    expect(m.vma(p)!.flags & VM_LOCKED).toBe(0);
  });

  it('special VMAs are populated even on fault only, for the flag is not set there', () => {
    const m = mixed(fault(9, 0));
    const p = m.mmap(1, RW, 'shared');
    expect([m.call(sysMlock, p, PAGE, MLOCK_ONFAULT), m.mapped(p)]).toEqual([0, m.pfn('bar')]);
  });

  it('what nobody can access is -ENOMEM, locked all the same', () => {
    const m = new Machine({ handlers: { mmap: () => 0 } });
    const p = m.mmap(1, PROT_NONE, 'shared');
    expect([m.call(sysMlock, p, PAGE, 0), m.vma(p)!.flags & VM_LOCKED]).toEqual([-ENOMEM, VM_LOCKED]);
  });
});

describe('mlockall and munlockall (C.12)', () => {
  const special = (flags: number): { m: Machine; p: number; locked: () => number } => {
    const m = new Machine({ handlers: { mmap: flagged(flags), fault: fault(9, 0) } });
    const p = m.mmap(1, RW, 'shared');
    return { m, p, locked: () => m.vma(p)!.flags & VM_LOCKED_MASK };
  };

  it('lock and unlock every VMA but special ones, and fault pages in', () => {
    const plain = special(0);
    plain.m.vma(plain.p)!.flags &= ~VM_MIXEDMAP;
    plain.m.call(sysMlockall, MCL_CURRENT | MCL_ONFAULT);
    expect(plain.locked()).toBe(VM_LOCKED | VM_LOCKONFAULT);
    expect([plain.m.call(sysMunlockall), plain.locked()]).toEqual([0, 0]);
    const mixed = special(VM_MIXEDMAP);
    expect([mixed.m.call(sysMlockall, MCL_CURRENT), mixed.locked()]).toEqual([0, 0]);
    expect(mixed.m.mapped(mixed.p)).toBe(mixed.m.pfn('bar'));
  });

  it('check their flags; the future is not modelled', () => {
    const { m } = special(0);
    for (const flags of [0, 8, MCL_ONFAULT]) expect(m.call(sysMlockall, flags)).toBe(-EINVAL);
    expect(() => m.call(sysMlockall, MCL_FUTURE)).toThrow(UnknownError);
  });
});
