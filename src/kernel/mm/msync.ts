/** msync(): `mm/msync.c` (C.12). */
import { userPage } from '../fault.js';
import type { Kernel } from '../kernel.js';
import { LockMode, routine, type Routine } from '../routine.js';
import { EBUSY, EINVAL, ENOMEM } from '../errno.js';
import { VM_LOCKED, VM_SHARED } from '../flags.js';
import { MS_ASYNC, MS_INVALIDATE, MS_SYNC } from '../uapi.js';
import { arg64, bounded, pagesOf } from './mmap.js';
import { findVma } from './vma.js';
import { offsetInPage } from './page.js';

/** Local words: three arguments of two words each. */
const L = { ADDR: 0, LEN: 2, FLAGS: 4, WORDS: 6 } as const;

/**
 * msync(address, length, MS_*): nothing is written back, for devices have no cache. Returns 0 or -errno: -EINVAL for MS_SYNC on a VM_SHARED
 * file mapping, whose driver has no ->fsync.
 */
export const sysMsync: Routine = routine('mm/msync.c:msync', L.WORDS, (k, f, pc) => {
  const l = f + 1;
  const flags = k.w[l + L.FLAGS]!;
  if ((flags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) !== 0) return k.ret(f, -EINVAL);
  if (offsetInPage(k.w[l + L.ADDR]!) !== 0 || (flags & (MS_ASYNC | MS_SYNC)) === (MS_ASYNC | MS_SYNC))
    return k.ret(f, -EINVAL);
  const pages = pagesOf(arg64(k, l + L.LEN));
  if (pages === 0) return k.ret(f, 0);
  const lock = k.mmapLock(k.currentProc);
  if (!k.tryRead(lock)) return k.wait(f, pc, lock, LockMode.Read);
  const pg = userPage(k, k.w[l + L.ADDR]!, k.w[l + L.ADDR + 1]!);
  const err = pg < 0 ? -ENOMEM : syncPages(k, pg, bounded(pg + pages), flags);
  k.upRead(lock);
  k.ret(f, err);
});

/** From VMA to VMA; a hole is -ENOMEM in the end, at once for MS_ASYNC alone. */
function syncPages(k: Kernel, from: number, end: number, flags: number): number {
  let unmapped = 0;
  for (let at = from; at < end;) {
    const vma = findVma(k, k.currentProc, at);
    if (vma === undefined) return -ENOMEM;
    if (at < vma.start) {
      if (flags === MS_ASYNC || vma.start >= end) return -ENOMEM;
      unmapped = -ENOMEM;
    }
    if ((flags & MS_INVALIDATE) !== 0 && (vma.flags & VM_LOCKED) !== 0) return -EBUSY;
    if ((flags & MS_SYNC) !== 0 && vma.file >= 0 && (vma.flags & VM_SHARED) !== 0) return -EINVAL;
    at = vma.end;
  }
  return unmapped;
}
