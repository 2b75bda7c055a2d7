/** get_user_pages(): the slow path under mmap_lock and the lockless one (`mm/gup.c`; D.1, D.2). */
import type { Kernel } from '../kernel.js';
import { NO_FRAME } from '../fault.js';
import { LockMode, routine, Undefined, UnknownError, type Routine } from '../routine.js';
import { EAGAIN, EEXIST, EFAULT, EMLINK, EHWPOISON, EINVAL, ENOMEM } from '../errno.js';
import {
  FAULT_FLAG_ALLOW_RETRY,
  FAULT_FLAG_KILLABLE,
  FAULT_FLAG_REMOTE,
  FAULT_FLAG_RETRY_NOWAIT,
  FAULT_FLAG_TRIED,
  FAULT_FLAG_UNSHARE,
  FAULT_FLAG_WRITE,
  FOLL_ANON,
  FOLL_DUMP,
  FOLL_FAST_ONLY,
  FOLL_FORCE,
  FOLL_GET,
  FOLL_HWPOISON,
  FOLL_LONGTERM,
  FOLL_MADV_POPULATE,
  FOLL_NOFAULT,
  FOLL_NOWAIT,
  FOLL_PIN,
  FOLL_REMOTE,
  FOLL_TOUCH,
  FOLL_TRIED,
  FOLL_UNLOCKABLE,
  FOLL_WRITE,
  GUP_PIN_COUNTING_BIAS,
  VM_FAULT_COMPLETED,
  VM_FAULT_HWPOISON,
  VM_FAULT_HWPOISON_LARGE,
  VM_FAULT_OOM,
  VM_FAULT_RETRY,
  VM_FAULT_SIGBUS,
  VM_FAULT_SIGSEGV,
  VM_IO,
  VM_MAYREAD,
  VM_PFNMAP,
  VM_READ,
  VM_WRITE,
} from '../flags.js';
import { Level, PTE_DIRTY, PTE_PROTNONE, PTE_SPECIAL, PTE_WRITE } from '../pte.js';
import { PG_ANON, PG_EXCLUSIVE, PG_HEAD, type Page, type Vma } from '../world.js';
import { compoundHead } from './page_alloc.js';
import { entryPfn, levelPages, present, walk } from './pgtable.js';
import { isZeroPfn, SPECIAL, vmNormalPage } from './memory/classify.js';
import { callHandleMmFault, takeFault } from './memory/fault.js';
import { pteMkdirty, pteNeedsSoftDirtyWp } from './soft_dirty.js';
import { vmaIsAnonymous, vmaLookup, vmaNeedsDirtyTracking } from './vma.js';

/** Values that are no frames and no errors. */
const NOT_A_FRAME = {
  /** Of {@link getUserPage}: success, and no page was asked for (neither FOLL_GET nor FOLL_PIN). */
  noPage: 0x7fffffff,
  /** Of {@link followPageMask}: nothing there yet, or not good enough; a fault is needed. */
  needsFault: 0x7ffffffe,
} as const;
export const GUP_NO_PAGE = NOT_A_FRAME.noPage;
const NEEDS_FAULT = NOT_A_FRAME.needsFault;

/** Local words of {@link getUserPage}. */
export const GUP = { MM: 0, PG: 1, FLAGS: 2, WORDS: 3 } as const;

const Pc = { Start: 0, Follow: 1, Faulted: 2, Relock: 3 } as const;

/**
 * `mm/gup.c:__get_user_pages` for one page. Arguments: process, page of its arena, FOLL_*; the caller holds that process's
 * mmap_lock. Returns the frame index with the reference or pin that FOLL_GET or FOLL_PIN ask for, {@link GUP_NO_PAGE} if
 * neither does, or -errno. A special entry is -EEXIST, which is success when no page was asked for. With FOLL_UNLOCKABLE a handler may let
 * go of mmap_lock and ask to be called again: the lock is taken again first. With FOLL_NOWAIT it asks in vain: -EAGAIN.
 */
export const getUserPage: Routine = routine('mm/gup.c:__get_user_pages', GUP.WORDS, (k, f, pc) => {
  const mm = k.w[f + 1 + GUP.MM]!;
  const pg = k.w[f + 1 + GUP.PG]!;
  const flags = k.w[f + 1 + GUP.FLAGS]!;
  const vma = vmaLookup(k, mm, pg);
  switch (pc) {
    case Pc.Start: {
      const populate = (flags & FOLL_MADV_POPULATE) !== 0;
      if (vma === undefined) return k.ret(f, populate ? -ENOMEM : -EFAULT);
      const err = checkVmaFlags(k, vma, flags);
      return err !== 0 ? k.ret(f, populate ? -EINVAL : err) : k.goto(f, Pc.Follow);
    }
    case Pc.Follow:
      return follow(k, f, vma!, pg, flags);
    case Pc.Relock: {
      const lock = k.mmapLock(mm);
      return k.tryRead(lock) ? k.goto(f, Pc.Start) : k.wait(f, Pc.Relock, lock, LockMode.Read);
    }
    default: {
      const r = takeFault(k);
      if ((r & (VM_FAULT_RETRY | VM_FAULT_COMPLETED)) !== 0) return tryAgain(k, f, flags);
      const err = vmFaultToErrno(r, flags);
      return err !== 0 ? k.ret(f, err) : k.goto(f, Pc.Follow);
    }
  }
});

function follow(k: Kernel, f: number, vma: Vma, pg: number, flags: number): void {
  const found = followPageMask(k, vma, pg, flags);
  const wantsPage = (flags & (FOLL_GET | FOLL_PIN)) !== 0;
  if (found === -EEXIST) return k.ret(f, wantsPage ? -EEXIST : GUP_NO_PAGE);
  if (found !== NEEDS_FAULT && found !== -EMLINK) {
    return k.ret(f, wantsPage || found < 0 ? found : GUP_NO_PAGE);
  }
  if ((flags & FOLL_NOFAULT) !== 0) return k.ret(f, -EFAULT);
  const unshare = found === -EMLINK ? FAULT_FLAG_UNSHARE : 0;
  callHandleMmFault(k, f, Pc.Faulted, vma, pg, faultFlags(flags) | unshare);
}

/** `mm/gup.c:faultin_page`: what the handler is told. */
function faultFlags(foll: number): number {
  let flags = 0;
  if ((foll & FOLL_WRITE) !== 0) flags |= FAULT_FLAG_WRITE;
  if ((foll & FOLL_REMOTE) !== 0) flags |= FAULT_FLAG_REMOTE;
  if ((foll & FOLL_UNLOCKABLE) !== 0) flags |= FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE;
  if ((foll & FOLL_NOWAIT) !== 0) flags |= FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_RETRY_NOWAIT;
  return (foll & FOLL_TRIED) !== 0 ? flags | FAULT_FLAG_TRIED : flags;
}

/** The handler has let go of mmap_lock, unless it was told not to wait. */
function tryAgain(k: Kernel, f: number, foll: number): void {
  if ((foll & FOLL_NOWAIT) !== 0) return k.ret(f, -EAGAIN);
  if ((foll & FOLL_UNLOCKABLE) === 0)
    throw new UnknownError('a handler returned VM_FAULT_RETRY without FAULT_FLAG_ALLOW_RETRY');
  k.w[f + 1 + GUP.FLAGS] = foll | FOLL_TRIED;
  k.point(f, Pc.Relock);
}

/** `include/linux/mm.h:vm_fault_to_errno`. */
export function vmFaultToErrno(fault: number, foll: number): number {
  if ((fault & VM_FAULT_OOM) !== 0) return -ENOMEM;
  if ((fault & (VM_FAULT_HWPOISON | VM_FAULT_HWPOISON_LARGE)) !== 0) {
    return (foll & FOLL_HWPOISON) !== 0 ? -EHWPOISON : -EFAULT;
  }
  return (fault & (VM_FAULT_SIGBUS | VM_FAULT_SIGSEGV)) !== 0 ? -EFAULT : 0;
}

/** `mm/gup.c:check_vma_flags`: may this VMA be looked into at all? 0 or -errno; rows of D.1 in their order. */
export function checkVmaFlags(k: Kernel, vma: Vma, foll: number): number {
  const flags = vma.flags;
  const write = (foll & FOLL_WRITE) !== 0;
  if ((flags & (VM_IO | VM_PFNMAP)) !== 0) return -EFAULT;
  if ((foll & FOLL_ANON) !== 0 && !vmaIsAnonymous(vma)) return -EFAULT;
  if (write) return checkWrite(k, vma, foll);
  if ((flags & VM_READ) === 0) {
    if ((foll & FOLL_FORCE) === 0) return -EFAULT;
    if ((flags & VM_MAYREAD) === 0) return -EFAULT;
  }
  return 0;
}

function checkWrite(k: Kernel, vma: Vma, foll: number): number {
  const longterm = (foll & (FOLL_PIN | FOLL_LONGTERM)) === (FOLL_PIN | FOLL_LONGTERM);
  if (k.facts.gupRefusesDirtyTracking && longterm && vmaNeedsDirtyTracking(k, vma)) return -EFAULT;
  if ((vma.flags & VM_WRITE) !== 0) return 0;
  if ((foll & FOLL_FORCE) === 0) return -EFAULT;
  return vma.cow ? 0 : -EFAULT;
}

/** `mm/gup.c:follow_page_pte` and its siblings for leaves: frame index, NEEDS_FAULT, -EMLINK (unshare first) or -errno. */
function followPageMask(k: Kernel, vma: Vma, pg: number, foll: number): number {
  const e = walk(k, vma.mm, pg);
  if (!present(k, e)) return NEEDS_FAULT;
  if (k.level !== Level.Pte) return followHuge(k, vma, pg, e, foll);
  const frame = vmNormalPage(k, vma, pg, e);
  if (k.frozen) return NEEDS_FAULT;
  if ((foll & FOLL_WRITE) !== 0 && !canFollowWrite(k, vma, e, frame)) return NEEDS_FAULT;
  if (frame !== SPECIAL) return take(k, vma, e, frame, foll);
  if ((foll & FOLL_DUMP) !== 0) return -EFAULT;
  const pfn = entryPfn(k, e);
  if (isZeroPfn(k, pfn)) return take(k, vma, e, k.mem.frame(pfn), foll);
  if (dirties(foll)) k.w[e + 1]! |= pteMkdirty(k, vma);
  return -EEXIST;
}

/** Whether GUP makes the entry dirty: that of a page without writeback nobody asks for (the page's own flag is not modelled). */
function dirties(foll: number): boolean {
  return (foll & FOLL_TOUCH) !== 0 && (foll & FOLL_WRITE) !== 0;
}

/**
 * `mm/gup.c:follow_huge_pmd` and `follow_huge_pud`: the struct page of the frame, without asking whether the entry is special (H-4);
 * only {@link checkVmaFlags} keeps raw leaves away. Of a PMD leaf the first page is counted, whichever one is returned.
 */
function followHuge(k: Kernel, vma: Vma, pg: number, e: number, foll: number): number {
  const counted = leafFrame(k, pg, e);
  if (counted === NO_FRAME) return NEEDS_FAULT;
  if ((foll & FOLL_WRITE) !== 0 && !canFollowWrite(k, vma, e, counted)) return NEEDS_FAULT;
  const found = take(k, vma, e, counted, foll);
  if (found < 0) return found;
  if (dirties(foll)) k.w[e + 1]! |= PTE_DIRTY;
  return found + behindCounted(k, pg);
}

/** The page of a leaf that a reference would be taken on; {@link NO_FRAME} after the run was frozen, for there is no such struct page. */
function leafFrame(k: Kernel, pg: number, e: number): number {
  const offset = k.level === Level.Pud ? pg % levelPages(k, Level.Pud) : 0;
  const frame = k.mem.frame(entryPfn(k, e) + offset);
  if (k.mem.hasPage[frame] === 1) return frame;
  k.undefinedBehaviour(Undefined.NoMemmap);
  return NO_FRAME;
}

/** How far the page lies behind the one that {@link leafFrame} gives. */
function behindCounted(k: Kernel, pg: number): number {
  return k.level === Level.Pmd ? pg % levelPages(k, Level.Pmd) : 0;
}

/**
 * `mm/gup.c:can_follow_write_pte`: a write needs a writable entry or an exclusive anonymous page. That has a writable entry if its VMA has
 * VM_WRITE, so this one hasn't, and {@link checkVmaFlags} has let FOLL_FORCE into a private VMA.
 */
function canFollowWrite(k: Kernel, vma: Vma, e: number, frame: number): boolean {
  if ((k.w[e + 1]! & PTE_WRITE) !== 0) return true;
  if (frame === SPECIAL || pteNeedsSoftDirtyWp(k, vma, k.w[e + 1]!)) return false;
  return isOwned(k.pages[frame]!);
}

/** An anonymous page that nobody shares: no other is marked so. */
export function isOwned(page: Page): boolean {
  return (page.flags & PG_EXCLUSIVE) !== 0;
}

/** The tail of follow_page_pte: unshare first if a pin could miss writes, then count. */
function take(k: Kernel, vma: Vma, e: number, frame: number, foll: number): number {
  const writable = (k.w[e + 1]! & PTE_WRITE) !== 0;
  if (!writable && mustUnshare(k, vma, frame, foll)) return -EMLINK;
  return tryGrabPage(k, frame, foll) ? frame : -ENOMEM;
}

/**
 * `mm/internal.h:gup_must_unshare`: a read pin must not take a page that a later write fault would replace.
 * @param vma undefined in the lockless path, which does not know it
 */
function mustUnshare(k: Kernel, vma: Vma | undefined, frame: number, foll: number): boolean {
  if ((foll & (FOLL_WRITE | FOLL_PIN)) !== FOLL_PIN) return false;
  const flags = k.pages[frame]!.flags;
  if ((flags & PG_ANON) !== 0) return (flags & PG_EXCLUSIVE) === 0;
  if (!k.facts.gupUnsharesLongterm || (foll & FOLL_LONGTERM) === 0) return false;
  return vma === undefined || vma.cow;
}

/** `mm/gup.c:try_grab_page`: a reference, or a pin; the zero page is not counted for a pin. False if nobody owns the page. */
export function tryGrabPage(k: Kernel, frame: number, foll: number): boolean {
  if ((foll & (FOLL_GET | FOLL_PIN)) === 0) return true;
  const pin = (foll & FOLL_PIN) !== 0;
  if (pin && k.mem.isZeroFrame(frame)) return true;
  const head = k.pages[compoundHead(k, frame)]!;
  if (head.refcount <= 0) {
    k.warn();
    return false;
  }
  head.refcount += pin && (head.flags & PG_HEAD) === 0 ? GUP_PIN_COUNTING_BIAS : 1;
  return true;
}

/**
 * `mm/gup.c:gup_fast_pte_range` and siblings: without lock and VMA, by the entry alone.
 * @param pg page of the arena, -1 for an address outside it
 * @returns frame index with a reference or pin, or {@link NO_FRAME}: only the slow path can tell
 */
export function gupFast(k: Kernel, mm: number, pg: number, foll: number): number {
  if (pg < 0 || !k.facts.gupFast) return NO_FRAME;
  const e = walk(k, mm, pg);
  const flags = k.w[e + 1]!;
  if (!present(k, e) || (flags & PTE_PROTNONE) !== 0) return NO_FRAME;
  if ((foll & FOLL_WRITE) !== 0 && (flags & PTE_WRITE) === 0) return NO_FRAME;
  if ((flags & PTE_SPECIAL) !== 0) return NO_FRAME;
  // Where leaves have no special bit nothing tells that this one is raw.
  const frame = leafFrame(k, pg, e);
  if (frame === NO_FRAME) return NO_FRAME;
  // An entry without special bit may still map a page that nobody owns any more; taking a reference then fails.
  if (k.pages[compoundHead(k, frame)]!.refcount <= 0) return NO_FRAME;
  if (!gupFastFolioAllowed(k, frame, foll)) return NO_FRAME;
  if ((flags & PTE_WRITE) === 0 && mustUnshare(k, undefined, frame, foll)) return NO_FRAME;
  return tryGrabPage(k, frame, foll) ? frame + behindCounted(k, pg) : NO_FRAME;
}

/**
 * `mm/gup.c:gup_fast_folio_allowed`: without the VMA, what is not known to be harmless is left to the slow path. No page of the model
 * but an anonymous one has a page->mapping, and a page without one may have been anything.
 */
function gupFastFolioAllowed(k: Kernel, frame: number, foll: number): boolean {
  const page = k.pages[compoundHead(k, frame)]!;
  if ((page.flags & PG_ANON) !== 0) return true;
  const dma = FOLL_PIN | FOLL_LONGTERM | FOLL_WRITE;
  if (k.facts.gupRefusesDirtyTracking && (foll & dma) === dma) return false;
  return !k.facts.gupFastNeedsMapping || (page.flags & PG_HEAD) !== 0;
}

const FastPc = { Start: 0, Slow: 1, Done: 2 } as const;

/**
 * `mm/gup.c:gup_fast_fallback` (get_user_pages_fast) for one page of the running process: the lockless path, then the slow one
 * under mmap_lock. Arguments as {@link getUserPage}. Returns the frame index or -errno.
 */
export const getUserPageFast: Routine = routine('mm/gup.c:gup_fast_fallback', GUP.WORDS, (k, f, pc) => {
  const mm = k.w[f + 1 + GUP.MM]!;
  const foll = k.w[f + 1 + GUP.FLAGS]!;
  const lock = k.mmapLock(mm);
  switch (pc) {
    case FastPc.Start: {
      const frame = gupFast(k, mm, k.w[f + 1 + GUP.PG]!, foll);
      if (frame !== NO_FRAME) return k.ret(f, frame);
      if ((foll & FOLL_FAST_ONLY) !== 0) return k.ret(f, -EFAULT);
      return k.goto(f, FastPc.Slow);
    }
    case FastPc.Slow: {
      if (!k.tryRead(lock)) return k.wait(f, FastPc.Slow, lock, LockMode.Read);
      return callGetUserPage(
        k,
        f,
        FastPc.Done,
        mm,
        k.w[f + 1 + GUP.PG]!,
        foll | FOLL_TOUCH | FOLL_UNLOCKABLE,
      );
    }
    default: {
      const ret = k.takeRet();
      k.upRead(lock);
      return k.ret(f, ret);
    }
  }
});

/** Calls {@link getUserPageFast} for a page of the running process; `f` goes on at `pc`. */
export function callGetUserPageFast(k: Kernel, f: number, pc: number, pg: number, foll: number): void {
  const nf = k.call(f, pc, getUserPageFast);
  k.w[nf + 1 + GUP.MM] = k.currentProc;
  k.w[nf + 1 + GUP.PG] = pg;
  k.w[nf + 1 + GUP.FLAGS] = foll;
}

/** Calls {@link getUserPage}; `f` goes on at `pc`, the frame or error is then the call's value. */
export function callGetUserPage(
  k: Kernel,
  f: number,
  pc: number,
  mm: number,
  pg: number,
  foll: number,
): void {
  const nf = k.call(f, pc, getUserPage);
  k.w[nf + 1 + GUP.MM] = mm;
  k.w[nf + 1 + GUP.PG] = pg;
  k.w[nf + 1 + GUP.FLAGS] = foll;
}
