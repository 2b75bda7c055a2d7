/** process_vm_readv() and process_vm_writev(): `mm/process_vm_access.c` (D.3). */
import { LockMode, routine, type Kernel, type Routine } from '../kernel.js';
import { EFAULT } from '../errno.js';
import { FOLL_PIN, FOLL_REMOTE, FOLL_WRITE } from '../flags.js';
import { callGetUserPage } from './gup.js';
import { unpin } from './pins.js';

/** Local words of {@link processVmRw}. */
export const PROCESS_VM = { MM: 0, PG: 1, OFFSET: 2, LEN: 3, WRITE: 4, DONE: 5, WORDS: 6 } as const;

const Pc = { Start: 0, Lock: 1, Got: 2 } as const;

/**
 * `mm/process_vm_access.c:process_vm_rw_single_vec`: which bytes of a remote process can be reached, by pins alone (vm_ops->access
 * is never asked). Arguments: process, first page of its arena, offset in it, bytes, whether to write. Each page is pinned
 * under the remote mmap_lock and unpinned again. Returns the bytes reached, or -EFAULT if none.
 */
export const processVmRw: Routine = routine(
  'mm/process_vm_access.c:process_vm_rw_single_vec',
  PROCESS_VM.WORDS,
  (k, f, pc) => {
    const l = f + 1;
    const mm = k.w[l + PROCESS_VM.MM]!;
    const lock = k.mmapLock(mm);
    switch (pc) {
      case Pc.Start:
        if (k.w[l + PROCESS_VM.DONE]! >= k.w[l + PROCESS_VM.LEN]!) return k.ret(f, k.w[l + PROCESS_VM.DONE]!);
        return k.goto(f, Pc.Lock);
      case Pc.Lock: {
        if (!k.tryRead(lock)) return k.wait(f, Pc.Lock, lock, LockMode.Read);
        const write = k.w[l + PROCESS_VM.WRITE] !== 0;
        const foll = FOLL_PIN | FOLL_REMOTE | (write ? FOLL_WRITE : 0);
        return callGetUserPage(k, f, Pc.Got, mm, currentPage(k, l), foll);
      }
      default: {
        const frame = k.takeRet();
        k.upRead(lock);
        const done = k.w[l + PROCESS_VM.DONE]!;
        if (frame < 0) return k.ret(f, done > 0 ? done : -EFAULT);
        unpin(k, frame, true);
        const inPage = 4096 - ((k.w[l + PROCESS_VM.OFFSET]! + done) % 4096);
        k.w[l + PROCESS_VM.DONE] = done + Math.min(inPage, k.w[l + PROCESS_VM.LEN]! - done);
        return k.point(f, Pc.Start);
      }
    }
  },
);

function currentPage(k: Kernel, l: number): number {
  const bytes = k.w[l + PROCESS_VM.OFFSET]! + k.w[l + PROCESS_VM.DONE]!;
  return k.w[l + PROCESS_VM.PG]! + Math.floor(bytes / 4096);
}
