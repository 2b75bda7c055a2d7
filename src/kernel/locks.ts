/** The driver's own locks: one word each, blocking (mutex, spinlock, rwsem). Arguments take two words each. */
import type { Kernel } from './kernel.js';
import { opaqueWord } from './objects.js';
import { LockMode, routine, type Routine } from './routine.js';

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
