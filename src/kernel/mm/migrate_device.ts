/** Migrating pages into a device's memory: `mm/migrate_device.c` (D.8). Only the refusal is modelled. */
import { userPage } from '../fault.js';
import { LockMode, routine, type Routine } from '../routine.js';
import { EINVAL } from '../errno.js';
import { VM_SPECIAL } from '../flags.js';
import { vmaLookup } from './vma.js';

/**
 * The test's migrate_vma_setup(p): `mm/migrate_device.c:migrate_vma_setup` of one page, which selects no kind of memory, so that nothing moves.
 * Argument: address (two words). Returns 0, or -EINVAL without a VMA and for one with a special flag.
 */
export const sysMigrateVmaSetup: Routine = routine('mm/migrate_device.c:migrate_vma_setup', 2, (k, f, pc) => {
  const lock = k.mmapLock(k.currentProc);
  if (!k.tryRead(lock)) return k.wait(f, pc, lock, LockMode.Read);
  const vma = vmaLookup(k, k.currentProc, userPage(k, k.w[f + 1]!, k.w[f + 2]!));
  k.upRead(lock);
  k.ret(f, vma === undefined || (vma.flags & VM_SPECIAL) !== 0 ? -EINVAL : 0);
});
