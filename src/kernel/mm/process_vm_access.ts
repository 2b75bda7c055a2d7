/** process_vm_readv() and process_vm_writev(): `mm/process_vm_access.c` (D.3). */
import { cellMask } from '../cells.js';
import { callPageFault, FAULT, NO_FRAME, translate, userPage } from '../fault.js';
import { PID_BASE } from '../fork.js';
import type { Kernel } from '../kernel.js';
import { LockMode, ProcState, routine, UnknownError, type Routine } from '../routine.js';
import { EFAULT, ESRCH } from '../errno.js';
import { FOLL_PIN, FOLL_REMOTE, FOLL_TOUCH, FOLL_UNLOCKABLE, FOLL_WRITE } from '../flags.js';
import { callGetUserPage } from './gup.js';
import { arg64 } from './mmap.js';
import { cellsOf } from './page_alloc.js';
import { unpin } from './pins.js';
import { offsetInPage, PAGE_SIZE } from './page.js';

/** Local words: pid, local address, remote address, length (two words each), then bytes done and the pinned frame + 1. */
const L = { PID: 0, LOCAL: 2, REMOTE: 4, LEN: 6, DONE: 8, FRAME: 9, WORDS: 10 } as const;

const Pc = { Start: 0, Lock: 1, Got: 2, Copy: 3, Faulted: 4 } as const;

/**
 * One call of either direction, with one range on each side. The remote pages are reached by pins alone (vm_ops->access is never
 * asked), each under the remote mmap_lock; the local side by ordinary user accesses. Returns the bytes copied, -EFAULT if there are
 * none, or -ESRCH.
 */
function access(name: string, toRemote: boolean): Routine {
  return routine(name, L.WORDS, (k, f, pc) => {
    const l = f + 1;
    const mm = k.w[l + L.PID]! - PID_BASE;
    switch (pc) {
      case Pc.Start: {
        const done = k.w[l + L.DONE]!;
        if (done === arg64(k, l + L.LEN)) return k.ret(f, done);
        if (k.procs[mm]?.state === ProcState.Live) return k.goto(f, Pc.Lock);
        return k.ret(f, done > 0 ? done : -ESRCH);
      }
      case Pc.Lock: {
        const lock = k.mmapLock(mm);
        if (!k.tryRead(lock)) return k.wait(f, Pc.Lock, lock, LockMode.Read);
        const foll = FOLL_PIN | FOLL_TOUCH | FOLL_REMOTE | FOLL_UNLOCKABLE | (toRemote ? FOLL_WRITE : 0);
        return callGetUserPage(k, f, Pc.Got, mm, pageAt(k, l + L.REMOTE, k.w[l + L.DONE]!), foll);
      }
      case Pc.Got: {
        const frame = k.takeRet();
        k.upRead(k.mmapLock(mm));
        if (frame < 0) return finish(k, f);
        k.w[l + L.FRAME] = frame + 1;
        return k.goto(f, Pc.Copy);
      }
      case Pc.Copy:
        return copy(k, f, toRemote);
      default: {
        if (k.takeRet() === 0) return k.goto(f, Pc.Copy);
        unpin(k, k.w[l + L.FRAME]! - 1, true);
        return finish(k, f);
      }
    }
  });
}

/** process_vm_readv(). */
export const sysProcessVmReadv = access('mm/process_vm_access.c:process_vm_readv', false);
/** process_vm_writev(). */
export const sysProcessVmWritev = access('mm/process_vm_access.c:process_vm_writev', true);

/** getpid(). */
export const sysGetpid: Routine = routine('kernel/sys.c:getpid', 0, (k, f) =>
  k.ret(f, PID_BASE + k.currentProc),
);

function finish(k: Kernel, f: number): void {
  const done = k.w[f + 1 + L.DONE]!;
  k.ret(f, done > 0 ? done : -EFAULT);
}

/** Page of the arena, `bytes` behind an address. */
function pageAt(k: Kernel, at: number, bytes: number): number {
  const addr = arg64(k, at) + bytes;
  return userPage(k, addr | 0, Math.floor(addr / 2 ** 32));
}

/** Copies up to the nearer page end of the two sides, cell by cell. */
function copy(k: Kernel, f: number, toRemote: boolean): void {
  const l = f + 1;
  const done = k.w[l + L.DONE]!;
  const pg = pageAt(k, l + L.LOCAL, done);
  const local = translate(k, k.currentProc, pg, !toRemote);
  if (local === FAULT) return callPageFault(k, f, Pc.Faulted, pg, !toRemote, true);
  const remote = k.w[l + L.FRAME]! - 1;
  const near = offsetInPage(k.w[l + L.LOCAL]! + done);
  const far = offsetInPage(k.w[l + L.REMOTE]! + done);
  const bytes = Math.min(PAGE_SIZE - Math.max(near, far), arg64(k, l + L.LEN) - done);
  if (toRemote) copyCells(k, local, near, remote, far, bytes);
  else copyCells(k, remote, far, local, near, bytes);
  unpin(k, remote, true);
  k.w[l + L.FRAME] = 0;
  k.w[l + L.DONE] = done + bytes;
  k.point(f, Pc.Start);
}

/** Copies the cells that lie in the range; each must have a cell of its width at the other end. */
function copyCells(k: Kernel, from: number, fromAt: number, to: number, toAt: number, bytes: number): void {
  if (to === NO_FRAME) return;
  const cells = k.program.cells;
  for (const cell of cells) {
    const at = cell.offset - fromAt;
    if (at < 0 || at >= bytes) continue;
    const other = cells.find((c) => c.offset === toAt + at && c.bytes === cell.bytes);
    if (other === undefined || at + cell.bytes > bytes)
      throw new UnknownError('a copy that cuts or shifts cells');
    for (let i = 0; i < (cell.bytes === 8 ? 2 : 1); i++) {
      k.w[cellsOf(k, to) + other.word + i] =
        from === NO_FRAME ? cellMask(cell.bytes) : k.w[cellsOf(k, from) + cell.word + i]!;
    }
  }
}
