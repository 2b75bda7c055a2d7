/** mlock() and munlock(): `mm/mlock.c` (C.12). Locking matters to the model by its VMA flags and by populating only. */
import { userPage } from '../fault.js';
import type { Kernel } from '../kernel.js';
import { LockMode, routine, UnknownError, type Routine } from '../routine.js';
import { EAGAIN, EFAULT, EINVAL, ENOMEM } from '../errno.js';
import { sameFlags, VM_LOCKED, VM_LOCKED_MASK, VM_LOCKONFAULT, VM_SPECIAL } from '../flags.js';
import { MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT, MLOCK_ONFAULT } from '../uapi.js';
import type { Vma } from '../world.js';
import { arg64, bounded, pagesOf } from './mmap.js';
import { callMmPopulate } from './populate.js';
import { findVma, vmaLookup, vmaMerge } from './vma.js';
import { callVmaIsolate } from './vma_modify.js';
import { offsetInPage } from './page.js';

/** Local words: three arguments of two words each, then the loop and the first page of the call. */
const L = { ADDR: 0, LEN: 2, FLAGS: 4, AT: 6, END: 7, FIRST: 8, WORDS: 9 } as const;

const Pc = { Start: 0, Next: 1, Isolated: 2, Populated: 3 } as const;

/** mlock2(address, length, MLOCK_*); mlock() is flags 0. Returns 0 or -errno. */
export const sysMlock: Routine = routine('mm/mlock.c:do_mlock', L.WORDS, (k, f, pc) => step(k, f, pc, true));

/** munlock(address, length). Returns 0 or -errno. */
export const sysMunlock: Routine = routine('mm/mlock.c:munlock', L.WORDS, (k, f, pc) =>
  step(k, f, pc, false),
);

function step(k: Kernel, f: number, pc: number, lock: boolean): void {
  switch (pc) {
    case Pc.Start:
      return start(k, f, lock);
    case Pc.Next:
      return nextVma(k, f, lock);
    case Pc.Isolated: {
      const err = k.takeRet();
      if (err !== 0) return leave(k, f, err);
      const vma = vmaLookup(k, k.currentProc, k.w[f + 1 + L.AT]!)!;
      vma.flags = wanted(k, f, vma, lock);
      vmaMerge(k, vma);
      return k.goto(f, Pc.Next);
    }
    default:
      return k.ret(f, posixError(k.takeRet()));
  }
}

function leave(k: Kernel, f: number, err: number): void {
  k.upWrite(k.mmapLock(k.currentProc));
  k.ret(f, err);
}

function start(k: Kernel, f: number, lock: boolean): void {
  const l = f + 1;
  if (lock && (k.w[l + L.FLAGS]! & ~MLOCK_ONFAULT) !== 0) return k.ret(f, -EINVAL);
  const word = k.mmapLock(k.currentProc);
  if (!k.tryWrite(word)) return k.wait(f, Pc.Start, word, LockMode.Write);
  const inPage = offsetInPage(k.w[l + L.ADDR]!);
  const pages = pagesOf(arg64(k, l + L.LEN) + inPage);
  if (pages === 0) return leave(k, f, 0);
  const pg = userPage(k, k.w[l + L.ADDR]!, k.w[l + L.ADDR + 1]!);
  k.w[l + L.AT] = pg;
  k.w[l + L.FIRST] = pg;
  k.w[l + L.END] = bounded(pg + pages);
  k.goto(f, Pc.Next);
}

/** `mm/mlock.c:mlock_fixup`: special VMAs are never locked, and that is no error. */
function wanted(k: Kernel, f: number, vma: Vma, lock: boolean): number {
  const onFault = (k.w[f + 1 + L.FLAGS]! & MLOCK_ONFAULT) !== 0 ? VM_LOCKONFAULT : 0;
  if ((vma.flags & VM_SPECIAL) !== 0) return vma.flags;
  return (vma.flags & ~VM_LOCKED_MASK) | (lock ? VM_LOCKED | onFault : 0);
}

function nextVma(k: Kernel, f: number, lock: boolean): void {
  const l = f + 1;
  const at = k.w[l + L.AT]!;
  const end = k.w[l + L.END]!;
  if (at >= end) return done(k, f, lock);
  const vma = findVma(k, k.currentProc, at);
  if (vma === undefined || vma.start > at) return leave(k, f, -ENOMEM);
  const to = Math.min(vma.end, end);
  if (!sameFlags(wanted(k, f, vma, lock), vma.flags))
    return callVmaIsolate(k, f, Pc.Isolated, vma.mm, at, to);
  k.w[l + L.AT] = to;
  k.goto(f, Pc.Next);
}

/** Unlocks; mlock() then faults the pages in, VM_IO, VM_PFNMAP and VM_LOCKONFAULT VMAs left out. */
function done(k: Kernel, f: number, lock: boolean): void {
  const l = f + 1;
  k.upWrite(k.mmapLock(k.currentProc));
  if (!lock) return k.ret(f, 0);
  callMmPopulate(k, f, Pc.Populated, k.w[l + L.FIRST]!, k.w[l + L.END]!, false);
}

/** `mm/mlock.c:__mlock_posix_error_return`. */
function posixError(err: number): number {
  return err === -EFAULT ? -ENOMEM : err === -ENOMEM ? -EAGAIN : err;
}

/** Local words of mlockall(): its flags (two words). */
const ALL = { FLAGS: 0, WORDS: 2 } as const;

/**
 * mlockall(MCL_*): every VMA but special ones becomes VM_LOCKED, and the pages are faulted in, errors ignored. Returns 0 or -EINVAL.
 * MCL_FUTURE is not modelled.
 */
export const sysMlockall: Routine = routine('mm/mlock.c:mlockall', ALL.WORDS, (k, f, pc) => {
  const flags = k.w[f + 1 + ALL.FLAGS]!;
  if (pc === Pc.Populated) return k.ret(f, 0);
  if (flags === 0 || (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) !== 0 || flags === MCL_ONFAULT)
    return k.ret(f, -EINVAL);
  if ((flags & MCL_FUTURE) !== 0) throw new UnknownError('mlockall(MCL_FUTURE) is not modelled');
  const lock = k.mmapLock(k.currentProc);
  if (!k.tryWrite(lock)) return k.wait(f, Pc.Start, lock, LockMode.Write);
  applyMlockallFlags(k, VM_LOCKED | ((flags & MCL_ONFAULT) !== 0 ? VM_LOCKONFAULT : 0));
  k.upWrite(lock);
  callMmPopulate(k, f, Pc.Populated, 0, k.layout.caps.arena, true);
});

/** munlockall(). Returns 0. */
export const sysMunlockall: Routine = routine('mm/mlock.c:munlockall', 0, (k, f) => {
  const lock = k.mmapLock(k.currentProc);
  if (!k.tryWrite(lock)) return k.wait(f, Pc.Start, lock, LockMode.Write);
  applyMlockallFlags(k, 0);
  k.upWrite(lock);
  k.ret(f, 0);
});

/** `mm/mlock.c:apply_mlockall_flags`. */
function applyMlockallFlags(k: Kernel, add: number): void {
  for (let at = 0; ;) {
    const vma = findVma(k, k.currentProc, at);
    if (vma === undefined) return;
    at = vma.end;
    if ((vma.flags & VM_SPECIAL) !== 0) continue;
    const flags = (vma.flags & ~VM_LOCKED_MASK) | add;
    if (sameFlags(flags, vma.flags)) continue;
    vma.flags = flags;
    vmaMerge(k, vma);
  }
}
