/** mincore(): `mm/mincore.c` (C.12). */
import { userPage } from '../fault.js';
import type { Kernel } from '../kernel.js';
import { LockMode, routine, type Routine } from '../routine.js';
import { EINVAL, ENOMEM } from '../errno.js';
import { none, walk } from './pgtable.js';
import { walkPageTest } from './pagewalk.js';
import { vmaLookup } from './vma.js';
import { offsetInPage } from './page.js';

/**
 * The test's mincore(p): what mincore() says of one page, to a process that may write the file. Argument: address (two words). Returns 1 for
 * an entry that is there, 0 for none (devices have no page cache to ask), -EINVAL inside a page, -ENOMEM without a VMA.
 */
export const sysMincore: Routine = routine('mm/mincore.c:do_mincore', 2, (k, f, pc) => {
  if (offsetInPage(k.w[f + 1]!) !== 0) return k.ret(f, -EINVAL);
  const lock = k.mmapLock(k.currentProc);
  if (!k.tryRead(lock)) return k.wait(f, pc, lock, LockMode.Read);
  const resident = mincorePage(k, userPage(k, k.w[f + 1]!, k.w[f + 2]!));
  k.upRead(lock);
  k.ret(f, resident);
});

/** A VM_PFNMAP VMA is not walked: all of it counts as a hole, mapped or not. */
function mincorePage(k: Kernel, pg: number): number {
  const vma = vmaLookup(k, k.currentProc, pg);
  if (vma === undefined) return -ENOMEM;
  return walkPageTest(vma) && !none(k, walk(k, vma.mm, pg)) ? 1 : 0;
}
