import { describe, expect, it } from 'vitest';
import { EFAULT, EPERM } from '../../../src/kernel/errno.js';
import {
  FAULT_FLAG_ALLOW_RETRY,
  FAULT_FLAG_REMOTE,
  FAULT_FLAG_WRITE,
  HMM_PFN_ERROR,
  HMM_PFN_REQ_FAULT,
  HMM_PFN_REQ_WRITE,
  HMM_PFN_VALID,
  HMM_PFN_WRITE,
  VM_FAULT_NOPAGE,
  VM_FAULT_OOM,
  VM_FAULT_RETRY,
  VM_FAULT_SIGBUS,
  VM_IO,
  VM_MIXEDMAP,
  VM_PFNMAP,
  VM_READ,
  VM_WRITE,
} from '../../../src/kernel/flags.js';
import { handleIndex } from '../../../src/kernel/handle.js';
import { sysHmmRangeFault } from '../../../src/kernel/mm/hmm.js';
import { VMF } from '../../../src/kernel/mm/memory/vmf.js';
import { pmdAt, setEntry } from '../../../src/kernel/mm/pgtable.js';
import { PTE_PRESENT, PTE_SPECIAL, PTE_WRITE } from '../../../src/kernel/pte.js';
import { UnknownError } from '../../../src/kernel/routine.js';
import { PROT_READ, PROT_WRITE } from '../../../src/kernel/uapi.js';
import { Machine, PAGE, type Handler } from './machine.js';

const RW = PROT_READ | PROT_WRITE;
const FAULT = HMM_PFN_REQ_FAULT;
const WRITE = HMM_PFN_REQ_FAULT | HMM_PFN_REQ_WRITE;

interface Given {
  readonly fault?: Handler;
  readonly leaves?: boolean;
  readonly set?: number;
  readonly clear?: number;
  /** The entry of the first page. */
  readonly region?: string;
  readonly entry?: number;
}

/** A shared page of the device. */
function world({ fault, leaves, set = 0, clear = 0, region = 'buf', entry }: Given): {
  m: Machine;
  p: number;
} {
  const mmap: Handler = (m, [, v]) => {
    m.vmaOf(v!).ops = 2;
    return 0;
  };
  const m = new Machine({ handlers: { mmap, ...(fault && { fault }) }, ...(leaves && { leaves }) });
  const p = m.mmap(1, RW, 'shared');
  const v = m.vma(p)!;
  v.flags = (v.flags | set) & ~clear;
  if (entry !== undefined) setEntry(m.k, m.entry(p), m.pfn(region), entry);
  return { m, p };
}

/** What the call says; mmap_lock must be free afterwards. */
function hmm(m: Machine, p: number, request: number): number {
  const r = m.call(sysHmmRangeFault, p, request);
  expect(m.k.w[m.k.mmapLock(0)]).toBe(0);
  return r;
}

/** ->fault that maps the page of buf. */
function mapping(flags: number, told: number[] = []): Handler {
  return (m, [vmf]) => {
    told.push(m.k.w[handleIndex(vmf!) + VMF.FLAGS]!);
    setEntry(m.k, m.entry(m.k.arenaBase), m.pfn('buf'), flags);
    return VM_FAULT_NOPAGE;
  };
}

describe('hmm_range_fault() (D.8)', () => {
  it.each<[string, Given]>([
    ['VM_IO', { set: VM_IO, entry: PTE_PRESENT }],
    ['VM_PFNMAP', { set: VM_PFNMAP, entry: PTE_PRESENT }],
    ['no VM_READ', { clear: VM_READ, entry: PTE_PRESENT }],
    ['a raw frame', { set: VM_MIXEDMAP, region: 'bar', entry: PTE_PRESENT | PTE_SPECIAL | PTE_WRITE }],
  ])('of %s is an error, of the call if a fault was requested', (_name, given) => {
    const { m, p } = world(given);
    const answers = [0, HMM_PFN_REQ_WRITE, FAULT, WRITE].map((request) => hmm(m, p, request));
    expect([answers, m.log]).toEqual([[HMM_PFN_ERROR, HMM_PFN_ERROR, -EFAULT, -EFAULT], ['mmap']]);
  });

  it('without a VMA is an error as well', () => {
    const { m, p } = world({});
    expect([hmm(m, p + PAGE, 0), hmm(m, p + PAGE, FAULT), hmm(m, 0, FAULT)]).toEqual([
      HMM_PFN_ERROR,
      -EFAULT,
      -EFAULT,
    ]);
  });

  it('takes what is there', () => {
    const read = world({ entry: PTE_PRESENT });
    const write = world({ entry: PTE_PRESENT | PTE_WRITE });
    expect([hmm(read.m, read.p, 0), hmm(read.m, read.p, FAULT)]).toEqual([HMM_PFN_VALID, HMM_PFN_VALID]);
    const both = HMM_PFN_VALID | HMM_PFN_WRITE;
    expect([hmm(write.m, write.p, 0), hmm(write.m, write.p, WRITE)]).toEqual([both, both]);
  });

  it('sees the zero page, though it is special', () => {
    const { m, p } = world({});
    setEntry(m.k, m.entry(p), m.k.mem.zeroPfn, PTE_PRESENT | PTE_SPECIAL);
    expect(hmm(m, p, FAULT)).toBe(HMM_PFN_VALID);
  });

  it('faults only if that was requested, and not for writing alone', () => {
    const told: number[] = [];
    const { m, p } = world({ fault: mapping(PTE_PRESENT, told) });
    expect([hmm(m, p, 0), hmm(m, p, HMM_PFN_REQ_WRITE), told]).toEqual([0, 0, []]);
    expect([hmm(m, p, FAULT), hmm(m, p, FAULT)]).toEqual([HMM_PFN_VALID, HMM_PFN_VALID]);
    const about = FAULT_FLAG_REMOTE | FAULT_FLAG_WRITE | FAULT_FLAG_ALLOW_RETRY;
    expect(told.map((flags) => flags & about)).toEqual([FAULT_FLAG_REMOTE]);
  });

  it('faults for writing, if the VMA may be written', () => {
    const told: number[] = [];
    const { m, p } = world({ fault: mapping(PTE_PRESENT | PTE_WRITE, told) });
    expect(hmm(m, p, WRITE)).toBe(HMM_PFN_VALID | HMM_PFN_WRITE);
    expect(told.map((flags) => flags & FAULT_FLAG_WRITE)).toEqual([FAULT_FLAG_WRITE]);
    const refused = world({ fault: mapping(PTE_PRESENT), clear: VM_WRITE });
    expect([hmm(refused.m, refused.p, WRITE), refused.m.log]).toEqual([-EPERM, ['mmap']]);
    expect(hmm(refused.m, refused.p, FAULT)).toBe(HMM_PFN_VALID);
    expect(hmm(refused.m, refused.p, WRITE)).toBe(-EPERM);
  });

  it.each([VM_FAULT_SIGBUS, VM_FAULT_OOM])('is -EFAULT if the handler fails (0x%x)', (answer) => {
    const { m, p } = world({ fault: () => answer });
    expect([hmm(m, p, FAULT), m.log]).toEqual([-EFAULT, ['mmap', 'fault']]);
  });

  it.each([VM_FAULT_RETRY, -1])('does not know what %i means', (answer) => {
    const { m, p } = world({ fault: () => answer });
    expect(() => m.call(sysHmmRangeFault, p, FAULT)).toThrow(UnknownError);
  });

  it('does not know huge leaves', () => {
    const { m, p } = world({ leaves: true });
    setEntry(m.k, pmdAt(m.k, 0, m.page(p)), m.pfn('buf'), PTE_PRESENT);
    expect(() => m.call(sysHmmRangeFault, p, 0)).toThrow(UnknownError);
  });

  it('waits for mmap_lock', () => {
    const { m, p } = world({ entry: PTE_PRESENT });
    const lock = m.k.mmapLock(0);
    m.k.tryWrite(lock);
    m.begin(sysHmmRangeFault, p, 0);
    m.step();
    expect(m.blocked).toBe(true);
    m.k.upWrite(lock);
    m.stepUntil(() => m.finished);
    expect(m.result()).toBe(HMM_PFN_VALID);
  });
});
