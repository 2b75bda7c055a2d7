/** What fault handlers do with the lock that they are called under (C.3). */
import { handle, HandleKind } from '../../kernel/handle.js';
import { mmapReadLock, mmapReadTrylock, mmapReadUnlock } from '../../kernel/locks.js';
import { VMF } from '../../kernel/mm/memory/vmf.js';
import type { ApiFunction } from './define.js';
import { macro } from './expansion.js';
import { indexOf } from './structs.js';

/** By name. */
export const DRIVER_FAULT: Readonly<Record<string, ApiFunction>> = {
  mmap_read_lock: {
    prototype: 'void mmap_read_lock(struct mm_struct *mm)',
    routine: mmapReadLock,
    point: true,
  },
  mmap_read_trylock: {
    prototype: 'int mmap_read_trylock(struct mm_struct *mm)',
    point: true,
    call: (k) => mmapReadTrylock(k, k.argLo[0]!),
  },
  mmap_read_unlock: {
    prototype: 'void mmap_read_unlock(struct mm_struct *mm)',
    point: true,
    call: (k) => {
      mmapReadUnlock(k, k.argLo[0]!);
      return 0;
    },
  },
  release_fault_lock: {
    prototype: 'void release_fault_lock(struct vm_fault *vmf)',
    point: true,
    call: (k) => {
      const at = indexOf(k, k.argLo[0]!, HandleKind.Vmf);
      if (at >= 0) mmapReadUnlock(k, handle(HandleKind.Mm, k.vmas[k.w[at + VMF.VMA]!]!.mm));
      return 0;
    },
  },
};

/** `include/linux/mm.h`: small functions of fault handlers. */
export const FAULT_MACROS: Readonly<Record<string, ApiFunction>> = {
  fault_flag_allow_retry_first: macro(1, (c, flags) =>
    c.binary(
      c.binary(c.binary(flags, '&', 'FAULT_FLAG_ALLOW_RETRY'), '!=', 0),
      '&&',
      c.binary(c.binary(flags, '&', 'FAULT_FLAG_TRIED'), '==', 0),
    ),
  ),
};
