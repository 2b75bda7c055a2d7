/** MAP_POPULATE and mlock(): `mm/gup.c:__mm_populate` (C.1, C.12). */
import { EFAULT } from '../errno.js';
import {
  FOLL_FORCE,
  FOLL_TOUCH,
  FOLL_UNLOCKABLE,
  FOLL_WRITE,
  VM_ACCESS_FLAGS,
  VM_IO,
  VM_LOCKONFAULT,
  VM_PFNMAP,
  VM_SHARED,
  VM_WRITE,
} from '../flags.js';
import type { Kernel } from '../kernel.js';
import { LockMode, routine, type Routine } from '../routine.js';
import type { Vma } from '../world.js';
import { callGetUserPage, GUP_NO_PAGE } from './gup.js';
import { findVma } from './vma.js';

/** Arguments of {@link mmPopulate}: first page, page behind the last, 1 to ignore errors; then the end of the VMA at hand. */
const L = { AT: 1, END: 2, IGNORE: 3, VMA_END: 4, WORDS: 4 } as const;

const Pc = { Start: 0, Next: 1, Got: 2 } as const;

/**
 * Faults pages in, VM_IO and VM_PFNMAP VMAs and holes left out. An error ends it, or where errors are ignored (mmap() has succeeded
 * already) leaves the rest of its VMA out. Returns 0 or -errno.
 */
export const mmPopulate: Routine = routine('mm/gup.c:__mm_populate', L.WORDS, (k, f, pc) => {
  const lock = k.mmapLock(k.currentProc);
  if (pc === Pc.Start && !k.tryRead(lock)) return k.wait(f, Pc.Start, lock, LockMode.Read);
  if (pc === Pc.Got) {
    const err = k.takeRet();
    if (err !== GUP_NO_PAGE && !skipVma(k, f)) return leave(k, f, err);
    return k.point(f, Pc.Next);
  }
  for (;;) {
    const at = k.w[f + L.AT]!;
    const vma = findVma(k, k.currentProc, at);
    if (vma === undefined || Math.max(at, vma.start) >= k.w[f + L.END]!) return leave(k, f, 0);
    k.w[f + L.VMA_END] = vma.end;
    if ((vma.flags & (VM_IO | VM_PFNMAP | VM_LOCKONFAULT)) !== 0) k.w[f + L.AT] = vma.end;
    else if ((vma.flags & VM_ACCESS_FLAGS) !== 0) return populatePage(k, f, vma, Math.max(at, vma.start));
    else if (!skipVma(k, f)) return leave(k, f, -EFAULT);
  }
});

/** Goes on behind the VMA at hand if errors are ignored. */
function skipVma(k: Kernel, f: number): boolean {
  k.w[f + L.AT] = k.w[f + L.VMA_END]!;
  return k.w[f + L.IGNORE] === 1;
}

/** `mm/gup.c:populate_vma_page_range`: a private writable VMA is written, so that it has its copies; others are read. */
function populatePage(k: Kernel, f: number, vma: Vma, pg: number): void {
  k.w[f + L.AT] = pg + 1;
  const write = (vma.flags & (VM_WRITE | VM_SHARED)) === VM_WRITE;
  callGetUserPage(k, f, Pc.Got, vma.mm, pg, FOLL_TOUCH | FOLL_UNLOCKABLE | (write ? FOLL_WRITE : FOLL_FORCE));
}

function leave(k: Kernel, f: number, err: number): void {
  k.upRead(k.mmapLock(k.currentProc));
  k.ret(f, err);
}

/** Calls {@link mmPopulate} for pages [start, end); `f` goes on at `pc`. */
export function callMmPopulate(
  k: Kernel,
  f: number,
  pc: number,
  start: number,
  end: number,
  ignoreErrors: boolean,
): void {
  const nf = k.call(f, pc, mmPopulate);
  k.w[nf + L.AT] = start;
  k.w[nf + L.END] = end;
  k.w[nf + L.IGNORE] = ignoreErrors ? 1 : 0;
}
