/** Mirroring page tables into a device: `mm/hmm.c` (D.8). */
import { userPage } from '../fault.js';
import type { Kernel } from '../kernel.js';
import { LockMode, routine, UnknownError, type Routine } from '../routine.js';
import { EFAULT, EPERM } from '../errno.js';
import {
  FAULT_FLAG_REMOTE,
  FAULT_FLAG_WRITE,
  HMM_PFN_ERROR,
  HMM_PFN_REQ_FAULT,
  HMM_PFN_REQ_WRITE,
  HMM_PFN_VALID,
  HMM_PFN_WRITE,
  VM_FAULT_ERROR,
  VM_FAULT_RETRY,
  VM_IO,
  VM_PFNMAP,
  VM_READ,
  VM_WRITE,
} from '../flags.js';
import { Level, PTE_WRITE } from '../pte.js';
import type { Vma } from '../world.js';
import { isZeroPfn, SPECIAL, vmNormalPage } from './memory/classify.js';
import { callHandleMmFault, takeFault } from './memory/fault.js';
import { entryPfn, none, walk } from './pgtable.js';
import { vmaLookup } from './vma.js';

/** Local words: address, what is requested (two words each). */
const A = { ADDR: 1, REQUEST: 3, WORDS: 4 } as const;

const Pc = { Start: 0, Walk: 1, Faulted: 2 } as const;

/**
 * The test's hmm_range_fault(p, HMM_PFN_REQ_...): `mm/hmm.c:hmm_range_fault` of one page, without an invalidation that would make its caller try
 * again. Returns the page's HMM_PFN_... flags, 0 if nothing is mapped, -EFAULT, or -EPERM for a write to a VMA without VM_WRITE.
 */
export const sysHmmRangeFault: Routine = routine('mm/hmm.c:hmm_range_fault', A.WORDS, (k, f, pc) => {
  const lock = k.mmapLock(k.currentProc);
  if (pc === Pc.Start) return k.tryRead(lock) ? k.goto(f, Pc.Walk) : k.wait(f, Pc.Start, lock, LockMode.Read);
  if (pc === Pc.Walk) return hmmVmaWalk(k, f);
  const r = takeFault(k);
  if ((r & VM_FAULT_RETRY) !== 0)
    throw new UnknownError('a handler returned VM_FAULT_RETRY without FAULT_FLAG_ALLOW_RETRY');
  return (r & VM_FAULT_ERROR) !== 0 ? leave(k, f, -EFAULT) : k.point(f, Pc.Walk);
});

function leave(k: Kernel, f: number, value: number): void {
  k.upRead(k.mmapLock(k.currentProc));
  k.ret(f, value);
}

/** HMM has no frame to give: an error of the page, or of the call if a fault was requested. */
function error(k: Kernel, f: number): void {
  const request = k.w[f + A.REQUEST]!;
  leave(k, f, (request & HMM_PFN_REQ_FAULT) !== 0 ? -EFAULT : HMM_PFN_ERROR);
}

/** `mm/hmm.c:hmm_vma_walk_test`, then `hmm_vma_handle_pte`; after a fault the walk begins anew. */
function hmmVmaWalk(k: Kernel, f: number): void {
  const pg = userPage(k, k.w[f + A.ADDR]!, k.w[f + A.ADDR + 1]!);
  const vma = vmaLookup(k, k.currentProc, pg);
  if (vma === undefined) return error(k, f);
  if ((vma.flags & (VM_IO | VM_PFNMAP)) !== 0 || (vma.flags & VM_READ) === 0) return error(k, f);
  const e = walk(k, vma.mm, pg);
  if (k.level !== Level.Pte) throw new UnknownError('hmm_range_fault() of a huge leaf is not modelled');
  const request = k.w[f + A.REQUEST]!;
  const wanted = (request & HMM_PFN_REQ_FAULT) !== 0;
  const writable = (k.w[e + 1]! & PTE_WRITE) !== 0;
  if (wanted && (request & HMM_PFN_REQ_WRITE) !== 0 && !writable) return hmmVmaFault(k, f, vma, pg, true);
  if (none(k, e)) return wanted ? hmmVmaFault(k, f, vma, pg, false) : leave(k, f, 0);
  const page = vmNormalPage(k, vma, pg, e);
  if (page === SPECIAL && !isZeroPfn(k, entryPfn(k, e))) return error(k, f);
  leave(k, f, writable ? HMM_PFN_VALID | HMM_PFN_WRITE : HMM_PFN_VALID);
}

/** `mm/hmm.c:hmm_vma_fault`: the handler may not let go of the lock. */
function hmmVmaFault(k: Kernel, f: number, vma: Vma, pg: number, write: boolean): void {
  if (write && (vma.flags & VM_WRITE) === 0) return leave(k, f, -EPERM);
  callHandleMmFault(k, f, Pc.Faulted, vma, pg, FAULT_FLAG_REMOTE | (write ? FAULT_FLAG_WRITE : 0));
}
