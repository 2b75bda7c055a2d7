/** The driver's own locks: one word each, blocking (mutex, spinlock, rwsem). Arguments take two words each. */
import type { Kernel } from './kernel.js';
import { opaqueWord } from './objects.js';
import { handleIndex, handleKind, HandleKind } from './handle.js';
import { LockMode, routine, Undefined, type Routine } from './routine.js';

function taking(name: string, mode: LockMode): Routine {
  return routine(name, 2, (k, f) => {
    const lock = opaqueWord(k, k.w[f + 1]!);
    if (lock < 0) return;
    const got = mode === LockMode.Write ? k.tryWrite(lock) : k.tryRead(lock);
    if (got) k.ret(f, 0);
    else k.wait(f, 0, lock, mode);
  });
}

/** mutex_lock(), spin_lock(), down_write(). */
export const lockWrite = taking('kernel/locking:lock', LockMode.Write);
/** down_read(). */
export const lockRead = taking('kernel/locking:lock_shared', LockMode.Read);

/** mutex_unlock(), spin_unlock(), up_write(). */
export function unlockWrite(k: Kernel, h: number): void {
  const lock = opaqueWord(k, h);
  if (lock >= 0) k.upWrite(lock);
}

/** up_read(). */
export function unlockRead(k: Kernel, h: number): void {
  const lock = opaqueWord(k, h);
  if (lock >= 0) k.upRead(lock);
}

/** mutex_trylock(), spin_trylock(): 1 when taken. */
export function tryLock(k: Kernel, h: number): number {
  const lock = opaqueWord(k, h);
  return lock >= 0 && k.tryWrite(lock) ? 1 : 0;
}

/** mutex_is_locked(). */
export function isLocked(k: Kernel, h: number): number {
  const lock = opaqueWord(k, h);
  return lock >= 0 && k.w[lock] !== 0 ? 1 : 0;
}

/** Word of the mmap_lock behind a `struct mm_struct *`, or -1 after the run was frozen. */
function mmapLockOf(k: Kernel, h: number): number {
  if (h > 0 && handleKind(h) === HandleKind.Mm) return k.mmapLock(handleIndex(h));
  k.undefinedBehaviour(Undefined.BadPointer);
  return -1;
}

/** mmap_read_lock() of a driver. */
export const mmapReadLock: Routine = routine('include/linux/mmap_lock.h:mmap_read_lock', 2, (k, f) => {
  const lock = mmapLockOf(k, k.w[f + 1]!);
  if (lock < 0) return;
  if (k.tryRead(lock)) k.ret(f, 0);
  else k.wait(f, 0, lock, LockMode.Read);
});

/** mmap_read_trylock(): 1 when taken. */
export function mmapReadTrylock(k: Kernel, h: number): number {
  const lock = mmapLockOf(k, h);
  return lock >= 0 && k.tryRead(lock) ? 1 : 0;
}

/** mmap_read_unlock(), release_fault_lock(): undefined behaviour when nobody holds it for reading. */
export function mmapReadUnlock(k: Kernel, h: number): void {
  const lock = mmapLockOf(k, h);
  if (lock < 0) return;
  if (k.w[lock]! <= 0) k.undefinedBehaviour(Undefined.Unlock);
  else k.upRead(lock);
}
