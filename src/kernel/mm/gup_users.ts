/** What tests call to reach GUP and what it took (docs/litmus.md, calls that stand for users of GUP). */
import { NO_FRAME, userPage } from '../fault.js';
import { LockMode, routine, type Routine } from '../routine.js';
import { EINVAL } from '../errno.js';
import { FOLL_GET, FOLL_LONGTERM, FOLL_PIN, FOLL_TOUCH } from '../flags.js';
import { readByte } from './follow.js';
import { callGetUserPage, callGetUserPageFast } from './gup.js';
import { addPin, dropPin, pinnedFrame } from './pins.js';
import { offsetInPage } from './page.js';

const Pc = { Start: 0, Done: 1 } as const;

/**
 * gup(p, FLAGS): get_user_pages() of one page under mmap_lock, or pin_user_pages() with FOLL_PIN (which FOLL_LONGTERM implies).
 * Arguments: address, FOLL_* (two words each). Returns 0 or -errno; the reference stays until put(p).
 */
export const sysGup: Routine = routine('mm/gup.c:get_user_pages', 4, (k, f, pc) => {
  const proc = k.currentProc;
  const lock = k.mmapLock(proc);
  const pg = userPage(k, k.w[f + 1]!, k.w[f + 2]!);
  const asked = k.w[f + 3]!;
  const dma = (asked & (FOLL_PIN | FOLL_LONGTERM)) !== 0;
  if (pc === Pc.Start) {
    if (!k.tryRead(lock)) return k.wait(f, Pc.Start, lock, LockMode.Read);
    const how = dma ? FOLL_PIN : FOLL_GET | FOLL_TOUCH;
    return callGetUserPage(k, f, Pc.Done, proc, pg, (asked & ~FOLL_GET) | how);
  }
  const frame = k.takeRet();
  k.upRead(lock);
  if (frame >= 0) addPin(k, proc, frame, pg, dma);
  k.ret(f, Math.min(frame, 0));
});

/**
 * gup_fast(p, FLAGS): get_user_pages_fast(), or pin_user_pages_fast() with FOLL_PIN (which FOLL_LONGTERM implies). With
 * FOLL_WRITE | FOLL_LONGTERM it is what registering an io_uring buffer does (6.1 uses the slow path there). Arguments and value as {@link sysGup}.
 */
export const sysGupFast: Routine = routine('mm/gup.c:get_user_pages_fast', 4, (k, f, pc) => {
  const pg = userPage(k, k.w[f + 1]!, k.w[f + 2]!);
  const asked = k.w[f + 3]!;
  const dma = (asked & (FOLL_PIN | FOLL_LONGTERM)) !== 0;
  if (pc === Pc.Start)
    return callGetUserPageFast(k, f, Pc.Done, pg, (asked & ~FOLL_GET) | (dma ? FOLL_PIN : FOLL_GET));
  const frame = k.takeRet();
  if (frame >= 0) addPin(k, k.currentProc, frame, pg, dma);
  k.ret(f, Math.min(frame, 0));
});

/**
 * read_pin(p): the byte that the oldest reference taken through p shows, whatever p maps by now; a pipe keeps its byte. Argument:
 * address (two words). Returns the byte, or -EINVAL if there is none.
 */
export const sysReadPin: Routine = routine('include/linux/highmem.h:kmap_local_page', 2, (k, f) => {
  const pg = userPage(k, k.w[f + 1]!, k.w[f + 2]!);
  const frame = pinnedFrame(k, k.currentProc, pg);
  k.ret(f, frame === NO_FRAME ? -EINVAL : readByte(k, frame, offsetInPage(k.w[f + 1]!)));
});

/** put(p): gives back the oldest reference taken through p. Argument: address (two words). Returns 0, or -EINVAL if there is none. */
export const sysPut: Routine = routine('mm/gup.c:unpin_user_page', 2, (k, f) => {
  const pg = userPage(k, k.w[f + 1]!, k.w[f + 2]!);
  k.ret(f, dropPin(k, k.currentProc, pg) ? 0 : -EINVAL);
});

/**
 * vmsplice(p): one byte of user memory into a fresh pipe, by get_user_pages_fast() for reading. Argument: address (two words).
 * Returns 0 or -errno; the pipe keeps the reference until put(p) or the end of the process.
 */
export const sysVmsplice: Routine = routine('fs/splice.c:vmsplice_to_pipe', 2, (k, f, pc) => {
  const pg = userPage(k, k.w[f + 1]!, k.w[f + 2]!);
  if (pc === Pc.Start) return callGetUserPageFast(k, f, Pc.Done, pg, FOLL_GET);
  const frame = k.takeRet();
  if (frame >= 0) addPin(k, k.currentProc, frame, pg, false);
  k.ret(f, Math.min(frame, 0));
});
