/** The driver's own locks: one word each, blocking (mutex, spinlock, rwsem). Arguments take two words each. */
import type { Kernel } from './kernel.js';
import { LockMode, routine, Undefined, type Routine } from './routine.js';
import { HandleKind, handleIndex, handleKind } from './handle.js';

/** Word of the lock that a handle points at, or -1 after the run was frozen. */
function lockWord(k: Kernel, h: number): number {
  if (h > 0 && handleKind(h) === HandleKind.Data) return handleIndex(h);
  k.undefinedBehaviour(Undefined.BadPointer);
  return -1;
}

function taking(name: string, mode: LockMode): Routine {
  return routine(name, 2, (k, f) => {
    const lock = lockWord(k, k.w[f + 1]!);
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
  const lock = lockWord(k, h);
  if (lock >= 0) k.upWrite(lock);
}

/** up_read(). */
export function unlockRead(k: Kernel, h: number): void {
  const lock = lockWord(k, h);
  if (lock >= 0) k.upRead(lock);
}

/** mutex_trylock(), spin_trylock(): 1 when taken. */
export function tryLock(k: Kernel, h: number): number {
  const lock = lockWord(k, h);
  return lock >= 0 && k.tryWrite(lock) ? 1 : 0;
}

/** mutex_is_locked(). */
export function isLocked(k: Kernel, h: number): number {
  const lock = lockWord(k, h);
  return lock >= 0 && k.w[lock] !== 0 ? 1 : 0;
}
