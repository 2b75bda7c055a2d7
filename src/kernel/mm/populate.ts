/** MAP_POPULATE and friends: `mm/gup.c:__mm_populate` (C.1). */
import { LockMode, routine, type Routine } from '../routine.js';
import { FAULT_FLAG_WRITE, VM_FAULT_ERROR, VM_IO, VM_PFNMAP, VM_SHARED, VM_WRITE } from '../flags.js';
import { PTE_WRITE } from '../pte.js';
import { handleMmFault } from './memory/fault.js';
import { VMF } from './memory/vmf.js';
import { none, walk } from './pgtable.js';
import { findVma } from './vma.js';

/**
 * Faults pages [start, end) in (arguments, in pages), skipping VM_IO and VM_PFNMAP VMAs and holes; the first error ends it. Its
 * result is nobody's: mmap() has succeeded already.
 */
export const mmPopulate: Routine = routine('mm/gup.c:__mm_populate', 3, (k, f, pc) => {
  const mm = k.currentProc;
  const lock = k.mmapLock(mm);
  if (pc === 0) {
    if (!k.tryRead(lock)) return k.wait(f, 0, lock, LockMode.Read);
    return k.goto(f, 1);
  }
  if (pc === 2) {
    if ((k.takeRet() & VM_FAULT_ERROR) !== 0) {
      k.upRead(lock);
      return k.ret(f, 0);
    }
    return k.point(f, 1);
  }
  for (;;) {
    const at = k.w[f + 1]!;
    const vma = findVma(k, mm, at);
    if (vma === undefined || Math.max(at, vma.start) >= k.w[f + 2]!) {
      k.upRead(lock);
      return k.ret(f, 0);
    }
    if ((vma.flags & (VM_IO | VM_PFNMAP)) !== 0) {
      k.w[f + 1] = vma.end;
      continue;
    }
    const pg = Math.max(at, vma.start);
    k.w[f + 1] = pg + 1;
    const write = (vma.flags & (VM_WRITE | VM_SHARED)) === VM_WRITE;
    const e = walk(k, mm, pg);
    if (!none(k, e) && (!write || (k.w[e + 1]! & PTE_WRITE) !== 0)) continue;
    const nf = k.call(f, 2, handleMmFault);
    k.w[nf + 1 + VMF.VMA] = vma.slot;
    k.w[nf + 1 + VMF.PG] = pg;
    k.w[nf + 1 + VMF.FLAGS] = write ? FAULT_FLAG_WRITE : 0;
    return;
  }
});
