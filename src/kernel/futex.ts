/** futex(): as far as it looks at memory, `kernel/futex/core.c:get_futex_key`. */
import { EFAULT, EINVAL } from './errno.js';
import { userPage } from './fault.js';
import { FOLL_GET, FOLL_WRITE } from './flags.js';
import { callGetUserPageFast } from './mm/gup.js';
import { putPage } from './mm/page_alloc.js';
import { routine, type Routine } from './routine.js';
import { PG_ANON } from './world.js';

const Pc = { Start: 0, Written: 1, Read: 2 } as const;

/**
 * The test's futex(p): FUTEX_WAKE of a shared futex that nobody waits for. GUP-fast for writing, and if that is -EFAULT for reading;
 * then the page must be anonymous and writable, or have a page->mapping, which no page of a driver in the model has. Argument:
 * address (two words). Returns 0 or -errno.
 */
export const sysFutex: Routine = routine('kernel/futex/core.c:get_futex_key', 2, (k, f, pc) => {
  const pg = userPage(k, k.w[f + 1]!, k.w[f + 2]!);
  if (pc === Pc.Start) {
    if ((k.w[f + 1]! & 3) !== 0) return k.ret(f, -EINVAL);
    if (pg < 0) return k.ret(f, -EFAULT);
    return callGetUserPageFast(k, f, Pc.Written, pg, FOLL_GET | FOLL_WRITE);
  }
  const frame = k.takeRet();
  if (frame === -EFAULT && pc === Pc.Written) return callGetUserPageFast(k, f, Pc.Read, pg, FOLL_GET);
  if (frame < 0) return k.ret(f, frame);
  const anon = (k.pages[frame]!.flags & PG_ANON) !== 0;
  putPage(k, frame);
  k.ret(f, anon && pc === Pc.Written ? 0 : -EFAULT);
});
