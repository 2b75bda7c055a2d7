/** Who maps raw frames on behalf of user space: KVM and VFIO (D.8). They try GUP first and then look the frame up, faulting it in. */
import { NO_FRAME, userPage } from '../fault.js';
import type { Kernel } from '../kernel.js';
import { LockMode, routine, type Routine } from '../routine.js';
import { EAGAIN, EFAULT, EHWPOISON, EINVAL, EROFS } from '../errno.js';
import {
  FAULT_FLAG_ALLOW_RETRY,
  FAULT_FLAG_KILLABLE,
  FAULT_FLAG_REMOTE,
  FAULT_FLAG_TRIED,
  FAULT_FLAG_WRITE,
  FOLL_GET,
  FOLL_HWPOISON,
  FOLL_LONGTERM,
  FOLL_PIN,
  FOLL_REMOTE,
  FOLL_TOUCH,
  FOLL_UNLOCKABLE,
  FOLL_WRITE,
  VM_FAULT_COMPLETED,
  VM_FAULT_ERROR,
  VM_FAULT_RETRY,
  VM_IO,
  VM_PFNMAP,
  VM_READ,
  VM_WRITE,
} from '../flags.js';
import { followPfnmap, isPage, isWritable, retPfn } from './follow.js';
import { callGetUserPage, gupFast, vmFaultToErrno } from './gup.js';
import { callHandleMmFault, takeFault } from './memory/fault.js';
import { compoundHead, putPage } from './page_alloc.js';
import { addPin } from './pins.js';
import { vmaLookup } from './vma.js';

/** Local words of {@link fixupUserFault}. */
const FIX = { PG: 1, FLAGS: 2, UNLOCKED: 3, WORDS: 3 } as const;

/** {@link fixupUserFault}: mmap_lock was let go of meanwhile. */
const UNLOCKED = 1;

/**
 * `mm/gup.c:fixup_user_fault`: faults a page in for who holds mmap_lock for reading. Arguments: page of the arena, FAULT_FLAG_*. Returns 0,
 * -errno, or {@link UNLOCKED} if the lock was let go of (it is held again): both callers then begin anew, whatever else came of it.
 */
export const fixupUserFault: Routine = routine('mm/gup.c:fixup_user_fault', FIX.WORDS, (k, f, pc) => {
  const lock = k.mmapLock(k.currentProc);
  const pg = k.w[f + FIX.PG]!;
  const flags = k.w[f + FIX.FLAGS]!;
  if (pc >= 2) {
    if (!k.tryRead(lock)) return k.wait(f, pc, lock, LockMode.Read);
    k.w[f + FIX.UNLOCKED] = UNLOCKED;
    return pc === 2 ? k.goto(f, 0) : fixed(k, f, 0);
  }
  if (pc === 0) {
    const vma = vmaLookup(k, k.currentProc, pg);
    const need = (flags & FAULT_FLAG_WRITE) !== 0 ? VM_WRITE : VM_READ;
    if (vma === undefined || (vma.flags & need) === 0) return fixed(k, f, -EFAULT);
    return callHandleMmFault(k, f, 1, vma, pg, flags | FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE);
  }
  const r = takeFault(k);
  if ((r & VM_FAULT_COMPLETED) !== 0) return k.point(f, 3);
  if ((r & VM_FAULT_ERROR) !== 0) return fixed(k, f, vmFaultToErrno(r, 0));
  if ((r & VM_FAULT_RETRY) === 0) return fixed(k, f, 0);
  k.w[f + FIX.FLAGS] = flags | FAULT_FLAG_TRIED;
  k.point(f, 2);
});

function fixed(k: Kernel, f: number, err: number): void {
  k.ret(f, k.w[f + FIX.UNLOCKED] === UNLOCKED ? UNLOCKED : err);
}

/** Local words of the two users: address, whether for writing (two words each). */
const A = { ADDR: 1, WRITE: 3, WORDS: 4 } as const;

const Pc = { Start: 0, Got: 1, Locked: 2, Lookup: 3, Faulted: 4 } as const;

function pageOf(k: Kernel, f: number): number {
  return userPage(k, k.w[f + A.ADDR]!, k.w[f + A.ADDR + 1]!);
}

function writes(k: Kernel, f: number): boolean {
  return k.w[f + A.WRITE] !== 0;
}

/** Gives mmap_lock back, and the frame number or -errno to the caller. */
function finish(k: Kernel, f: number, pfn: number): void {
  k.upRead(k.mmapLock(k.currentProc));
  retPfn(k, f, pfn);
}

/** Faults the page in; `f` goes on at Pc.Faulted. */
function callFixup(k: Kernel, f: number, extra: number): void {
  const nf = k.call(f, Pc.Faulted, fixupUserFault);
  k.w[nf + FIX.PG] = pageOf(k, f);
  k.w[nf + FIX.FLAGS] = extra | (writes(k, f) ? FAULT_FLAG_WRITE : 0);
}

/**
 * The test's kvm_pfn(p, write): `virt/kvm/kvm_main.c:hva_to_pfn`, the frame that KVM would map into a guest for an access to p. It keeps no
 * reference. Returns the pfn, -EROFS for KVM_PFN_ERR_RO_FAULT (a raw entry that may not be written: KVM does not break copy-on-write),
 * -EHWPOISON, or -EFAULT for KVM_PFN_ERR_FAULT.
 */
export const sysKvmPfn: Routine = routine('virt/kvm/kvm_main.c:hva_to_pfn', A.WORDS, (k, f, pc) => {
  const proc = k.currentProc;
  const lock = k.mmapLock(proc);
  const pg = pageOf(k, f);
  const write = writes(k, f) ? FOLL_WRITE : 0;
  switch (pc) {
    case Pc.Start: {
      const frame = write === 0 ? NO_FRAME : gupFast(k, proc, pg, FOLL_GET | FOLL_WRITE);
      if (k.frozen) return;
      if (frame !== NO_FRAME) return got(k, f, frame);
      if (!k.tryRead(lock)) return k.wait(f, Pc.Start, lock, LockMode.Read);
      const foll = FOLL_GET | FOLL_TOUCH | FOLL_UNLOCKABLE | FOLL_HWPOISON | write;
      return callGetUserPage(k, f, Pc.Got, proc, pg, foll);
    }
    case Pc.Got: {
      const frame = k.takeRet();
      k.upRead(lock);
      if (frame >= 0) return got(k, f, frame);
      return frame === -EHWPOISON ? k.ret(f, frame) : k.point(f, Pc.Locked);
    }
    case Pc.Locked:
      return k.tryRead(lock) ? k.goto(f, Pc.Lookup) : k.wait(f, Pc.Locked, lock, LockMode.Read);
    case Pc.Lookup:
      return hvaToPfnRemapped(k, f, pg, true);
    default: {
      const r = k.takeRet();
      if (r === UNLOCKED) return k.goto(f, Pc.Lookup);
      return r < 0 ? finish(k, f, -EFAULT) : hvaToPfnRemapped(k, f, pg, false);
    }
  }
});

function got(k: Kernel, f: number, frame: number): void {
  putPage(k, frame);
  retPfn(k, f, k.mem.pfnOf[frame]!);
}

/** `virt/kvm/kvm_main.c:hva_to_pfn_remapped`. Up to 6.12 a page that is not reserved must have a reference to take. */
function hvaToPfnRemapped(k: Kernel, f: number, pg: number, mayFault: boolean): void {
  const vma = vmaLookup(k, k.currentProc, pg);
  if (vma === undefined || (vma.flags & (VM_IO | VM_PFNMAP)) === 0) return finish(k, f, -EFAULT);
  const pfn = followPfnmap(k, vma, pg);
  if (pfn === -EINVAL) return mayFault ? callFixup(k, f, 0) : finish(k, f, -EFAULT);
  if (writes(k, f) && !isWritable(k, vma, pg)) return finish(k, f, -EROFS);
  const frame = k.mem.frame(pfn);
  const free = isPage(k, frame) && k.pages[compoundHead(k, frame)]!.refcount <= 0;
  finish(k, f, free && k.facts.kvmTakesReference ? -EFAULT : pfn);
}

/**
 * The test's vfio_pin(p, write): `drivers/vfio/vfio_iommu_type1.c:vaddr_get_pfns`, the frame that an IOMMU is programmed with. A long-term pin,
 * kept until put(p); where that fails in a VM_PFNMAP VMA the raw frame, which must not be an ordinary page, without a reference. Returns the
 * pfn or -errno.
 */
export const sysVfioPin: Routine = routine(
  'drivers/vfio/vfio_iommu_type1.c:vaddr_get_pfns',
  A.WORDS,
  (k, f, pc) => {
    const proc = k.currentProc;
    const lock = k.mmapLock(proc);
    const pg = pageOf(k, f);
    switch (pc) {
      case Pc.Start: {
        if (!k.tryRead(lock)) return k.wait(f, Pc.Start, lock, LockMode.Read);
        const foll = FOLL_PIN | FOLL_TOUCH | FOLL_REMOTE | FOLL_LONGTERM | (writes(k, f) ? FOLL_WRITE : 0);
        return callGetUserPage(k, f, Pc.Got, proc, pg, foll);
      }
      case Pc.Got: {
        const frame = k.takeRet();
        if (frame < 0) return followFaultPfn(k, f, pg, frame, true);
        addPin(k, proc, frame, pg, true);
        return finish(k, f, k.mem.pfnOf[frame]!);
      }
      default: {
        const r = k.takeRet();
        if (r < 0) return finish(k, f, r);
        return followFaultPfn(k, f, pg, -EAGAIN, r === UNLOCKED);
      }
    }
  },
);

/** `drivers/vfio/vfio_iommu_type1.c:follow_fault_pfn` and its caller. @param err what the pin said, or -EAGAIN after the lock was let go of */
function followFaultPfn(k: Kernel, f: number, pg: number, err: number, mayFault: boolean): void {
  const vma = vmaLookup(k, k.currentProc, pg);
  if (vma === undefined || (vma.flags & VM_PFNMAP) === 0) return finish(k, f, err);
  const pfn = followPfnmap(k, vma, pg);
  if (pfn === -EINVAL) return mayFault ? callFixup(k, f, FAULT_FLAG_REMOTE) : finish(k, f, pfn);
  const refused = (writes(k, f) && !isWritable(k, vma, pg)) || isPage(k, k.mem.frame(pfn));
  finish(k, f, refused ? -EFAULT : pfn);
}
