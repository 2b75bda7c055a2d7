/** User accesses and the page fault that they raise: `arch/<arch>/mm/fault.c:do_user_addr_fault` (C.2). */
import type { Kernel } from './kernel.js';
import { LockMode, routine, TF_KILLED, Undefined, UnknownError, type Routine } from './routine.js';
import { THREAD } from './layout.js';
import { EFAULT } from './errno.js';
import {
  FAULT_FLAG_DEFAULT,
  FAULT_FLAG_TRIED,
  FAULT_FLAG_USER,
  FAULT_FLAG_VMA_LOCK,
  FAULT_FLAG_WRITE,
  VM_EXEC,
  VM_FAULT_COMPLETED,
  VM_FAULT_HWPOISON,
  VM_FAULT_HWPOISON_LARGE,
  VM_FAULT_OOM,
  VM_FAULT_RETRY,
  VM_FAULT_SIGBUS,
  VM_FAULT_SIGSEGV,
  VM_MAYWRITE,
  VM_READ,
  VM_WRITE,
} from './flags.js';
import { Level, MAYBE_DIRTY, PTE_DIRTY, PTE_DIRTY_UNKNOWN, PTE_PROTNONE, PTE_WRITE } from './pte.js';
import { SIGBUS, SIGKILL, SIGSEGV } from './uapi.js';
import { doGroupExit } from './exit.js';
import { callHandleMmFault, takeFault } from './mm/memory/fault.js';
import { pageOfAddr } from './mm/page.js';
import { entryPfn, levelPages, none, present, walk } from './mm/pgtable.js';
import { vmaLookup } from './mm/vma.js';

/** {@link translate}: the access faults. */
export const FAULT = -2;
/** {@link translate}: the entry maps a frame outside all regions: reads are all ones, writes vanish. */
export const NO_FRAME = -1;

/** Page of the arena of a user address given as two words, or -1 when it lies outside. */
export function userPage(k: Kernel, lo: number, hi: number): number {
  const addr = (k.facts.bitsPerLong === 64 ? (hi >>> 0) * 2 ** 32 : 0) + (lo >>> 0);
  const pg = pageOfAddr(k, addr);
  return pg >= 0 && pg < k.layout.caps.arena ? pg : -1;
}

/**
 * What the hardware does with an access: the frame, or {@link FAULT}, or {@link NO_FRAME}. A store makes the entry dirty.
 * @param pg page of the arena, -1 for an address outside it
 */
export function translate(k: Kernel, mm: number, pg: number, write: boolean): number {
  if (pg < 0) return FAULT;
  const e = walk(k, mm, pg);
  const level = k.level;
  if (none(k, e) || !present(k, e)) return FAULT;
  const flags = k.w[e + 1]!;
  if ((flags & PTE_PROTNONE) !== 0 || (write && (flags & PTE_WRITE) === 0)) return FAULT;
  if (write && (flags & PTE_DIRTY) === 0) {
    if (firstStoreRefused(k, mm, pg, flags)) return FAULT;
    k.w[e + 1] = flags | PTE_DIRTY;
  }
  const inside = level === Level.Pte ? 0 : pg % levelPages(k, level);
  return k.mem.frame(entryPfn(k, e) + inside);
}

/**
 * Where the first store through a clean entry is a fault, that marks the entry and is done, but in a VMA that was writable and may no longer be
 * (C.2). Only then can a test tell, so only then is the fault taken: the others cost a lock and a step, and change nothing.
 */
function firstStoreRefused(k: Kernel, mm: number, pg: number, flags: number): boolean {
  if (k.facts.hwDirtyBit) return false;
  const vma = vmaLookup(k, mm, pg);
  // an munmap() or mmap() of another thread is at work: the fault waits for it
  if (vma === undefined) return true;
  if ((vma.flags & VM_MAYWRITE) !== 0 || !k.facts.sanitizesFaultFlags) return false;
  if ((flags & PTE_DIRTY_UNKNOWN) !== 0) throw new UnknownError(MAYBE_DIRTY);
  return true;
}

/** Arguments of {@link pageFault}, and whether it is tried again: 2 because it could not be done under the lock of the VMA. */
export const PF = { PG: 1, WRITE: 2, KERNEL: 3, TRIED: 4, WORDS: 4 } as const;

/**
 * The page fault of the running thread. From user mode an error ends the process by a signal; from the kernel (copy_to_user and the like)
 * it returns -EFAULT. Returns 0 when the access should be tried again. A handler that answers VM_FAULT_RETRY has let go of mmap_lock (the
 * entry code does not look): the VMA is looked up anew, and the handler asked once more, with FAULT_FLAG_TRIED.
 */
export const pageFault: Routine = routine('arch/mm/fault.c:do_user_addr_fault', PF.WORDS, (k, f, pc) => {
  const mm = k.currentProc;
  const lock = k.mmapLock(mm);
  if (pc === 0) {
    if (!k.tryRead(lock)) return k.wait(f, 0, lock, LockMode.Read);
    const pg = k.w[f + PF.PG]!;
    const vma = pg < 0 ? undefined : vmaLookup(k, mm, pg);
    const need = k.w[f + PF.WRITE] === 1 ? VM_WRITE : VM_READ | VM_WRITE | VM_EXEC;
    if (vma === undefined || (vma.flags & need) === 0) {
      k.upRead(lock);
      return bad(k, f, SIGSEGV);
    }
    return callHandleMmFault(k, f, 1, vma, pg, faultFlags(k, f));
  }
  const r = takeFault(k);
  if ((r & VM_FAULT_COMPLETED) !== 0) return k.ret(f, 0);
  if ((r & VM_FAULT_RETRY) !== 0) return tryAgain(k, f);
  if (k.w[lock]! <= 0) return k.undefinedBehaviour(Undefined.Unlock);
  k.upRead(lock);
  if ((r & VM_FAULT_OOM) !== 0) return outOfMemory(k, f);
  if ((r & VM_FAULT_SIGBUS) !== 0) return bad(k, f, SIGBUS);
  if ((r & (VM_FAULT_HWPOISON | VM_FAULT_HWPOISON_LARGE)) !== 0)
    return bad(k, f, k.facts.poisonIsSigsegv ? SIGSEGV : SIGBUS);
  if ((r & VM_FAULT_SIGSEGV) !== 0) return bad(k, f, SIGSEGV);
  k.ret(f, 0);
});

/** `include/linux/mm_types.h:FAULT_FLAG_DEFAULT`, and what the entry code adds. */
function faultFlags(k: Kernel, f: number): number {
  let flags = FAULT_FLAG_DEFAULT;
  if (underVmaLock(k, f)) flags |= FAULT_FLAG_VMA_LOCK;
  if (k.w[f + PF.WRITE] === 1) flags |= FAULT_FLAG_WRITE;
  if (k.w[f + PF.KERNEL] === 0) flags |= FAULT_FLAG_USER;
  return k.w[f + PF.TRIED] === 1 ? flags | FAULT_FLAG_TRIED : flags;
}

/**
 * With per-VMA locks a fault from user mode is tried under the lock of its VMA first. Nobody sees that unless huge_fault is asked: a handler
 * for pages is then called only after the fault was begun again. (The model holds mmap_lock in both.)
 */
function underVmaLock(k: Kernel, f: number): boolean {
  return k.layout.leaves && k.facts.perVmaLock && k.w[f + PF.KERNEL] === 0 && k.w[f + PF.TRIED] === 0;
}

/** A task that is to die does not try again: a handler that waited may have given up for that. */
function tryAgain(k: Kernel, f: number): void {
  if ((k.w[k.t + THREAD.FLAGS]! & TF_KILLED) !== 0) {
    if (k.w[f + PF.KERNEL] === 1) return k.ret(f, -EFAULT);
    return k.die();
  }
  k.w[f + PF.TRIED] = underVmaLock(k, f) ? 2 : 1;
  k.point(f, 0);
}

/**
 * `mm/oom_kill.c:pagefault_out_of_memory`: the access is tried again. Where `faults alloc` lets allocations fail, it is the OOM killer that
 * made this one fail, by choosing the task.
 */
function outOfMemory(k: Kernel, f: number): void {
  if (k.options.faultsAlloc === true) return bad(k, f, SIGKILL);
  k.ret(f, k.w[f + PF.KERNEL] === 1 ? -EFAULT : 0);
}

function bad(k: Kernel, f: number, signal: number): void {
  if (k.w[f + PF.KERNEL] === 1) k.ret(f, -EFAULT);
  else doGroupExit(k, signal);
}

/** Calls {@link pageFault} for an access of user code; `f` goes on at `pc` with 0 (or does not go on). */
export function callPageFault(
  k: Kernel,
  f: number,
  pc: number,
  pg: number,
  write: boolean,
  kernel: boolean,
): void {
  const nf = k.call(f, pc, pageFault);
  k.w[nf + PF.PG] = pg;
  k.w[nf + PF.WRITE] = write ? 1 : 0;
  k.w[nf + PF.KERNEL] = kernel ? 1 : 0;
}
