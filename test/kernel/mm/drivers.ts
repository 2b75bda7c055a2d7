/** mmap handlers that the tests of single system calls share. */
import { VM_PFNMAP } from '../../../src/kernel/flags.js';
import { vmInsertMixed, vmInsertPage } from '../../../src/kernel/mm/memory/insert.js';
import { remapPfnRange, vmStart } from '../../../src/kernel/mm/memory/remap.js';
import type { Handler, Machine } from './machine.js';

/** The test's vm_operations_struct (number 2 of the program). */
const OPS = 2;
const PAGE_SIZE = 4096;

/** remap_pfn_range() of the whole VMA from the first page of a region; with `ops`, the test's vm_ops are set. */
export function remap(region: string, ops = false): Handler {
  return (m, [, vma]) => {
    const v = m.vmaOf(vma!);
    if (ops) v.ops = OPS;
    return remapPfnRange(m.k, v, vmStart(m.k, v), m.pfn(region), v.pages * PAGE_SIZE, v.prot);
  };
}

/** vm_insert_page() of the pages of a region, one after the other. */
export function insertPages(region: string): Handler {
  return (m, [, vma]) => {
    const v = m.vmaOf(vma!);
    v.ops = OPS;
    for (let i = 0; i < v.pages; i++) {
      const err = vmInsertPage(m.k, v, vmStart(m.k, v) + i * PAGE_SIZE, m.frame(region, i));
      if (err !== 0) return err;
    }
    return 0;
  };
}

/** Sets flags and the test's vm_ops; faults do the rest. */
export function flagged(flags: number): Handler {
  return (m, [, vma]) => {
    const v = m.vmaOf(vma!);
    v.flags |= flags;
    v.ops = OPS;
    return 0;
  };
}

/** VM_MIXEDMAP and one vmf_insert_mixed() for each page, of raw frames. */
export function mixed(region: string, flags: number): Handler {
  return (m, [, vma]) => {
    const v = m.vmaOf(vma!);
    v.flags |= flags;
    v.ops = OPS;
    for (let i = 0; i < v.pages; i++) {
      vmInsertMixed(m.k, v, vmStart(m.k, v) + i * PAGE_SIZE, m.pfn(region, i), false);
    }
    return 0;
  };
}

/** Whether a VMA is VM_PFNMAP. */
export function isPfnmap(m: Machine, addr: number): boolean {
  return (m.vma(addr)!.flags & VM_PFNMAP) !== 0;
}
