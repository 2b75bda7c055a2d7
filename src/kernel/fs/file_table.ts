/** Open files: `fs/file_table.c`, `fs/open.c`, as far as character devices need them. */
import type { Kernel } from '../kernel.js';
import { routine, type Routine } from '../routine.js';
import { handle, HandleKind } from '../handle.js';
import { FMODE_CLOSING, type File } from '../world.js';

/**
 * `fs/file_table.c:fput`, not delayed: the last reference calls ->release before the caller goes on. Argument: file slot.
 */
export const fput: Routine = routine('fs/file_table.c:fput', 1, (k, f, pc) => {
  const file = k.files[k.w[f + 1]!]!;
  if (pc === 0) {
    file.refs -= 1;
    if (file.refs > 0) return k.ret(f, 0);
    const release = k.program.drivers[file.driver]!.release;
    if (release === undefined) {
      file.clear();
      return k.ret(f, 0);
    }
    file.mode |= FMODE_CLOSING;
    k.arg(0, handle(HandleKind.Inode, file.driver));
    k.arg(1, handle(HandleKind.File, file.slot));
    return k.callC(f, 1, release);
  }
  k.takeRet();
  file.clear();
  k.ret(f, 0);
});

/** Word index of descriptor `fd` (from 3) of a process, or -1 when it is out of range. */
export function fdAt(k: Kernel, proc: number, fd: number): number {
  if (fd < 3 || fd >= 3 + k.layout.caps.fds) return -1;
  return k.proc(proc) + k.layout.fdsAt + fd - 3;
}

/** fget(): the file behind a descriptor, or undefined. */
export function fget(k: Kernel, proc: number, fd: number): File | undefined {
  const at = fdAt(k, proc, fd);
  const slot = at < 0 ? 0 : k.w[at]!;
  return slot === 0 ? undefined : k.files[slot - 1]!;
}
