/** copy_to_user() and copy_from_user() of one scalar (`include/linux/uaccess.h`). */
import type { Kernel } from './kernel.js';
import { routine, UnknownError, type Routine } from './routine.js';
import { HandleKind, handleIndex, handleKind } from './handle.js';
import { callPageFault, FAULT, NO_FRAME, translate, userPage } from './fault.js';
import { cellAt, cellMask } from './cells.js';
import { cellsOf } from './mm/page_alloc.js';

/** Arguments, two words each: user address, kernel object, bytes. */
const A = { USER: 1, KERNEL: 3, BYTES: 5, WORDS: 6 } as const;

/** Word of the kernel side of a copy. */
function kernelWord(k: Kernel, h: number, bytes: number): number {
  if (h > 0 && handleKind(h) === HandleKind.Data) return handleIndex(h);
  if (h > 0 && handleKind(h) === HandleKind.Kaddr) {
    const frame = handleIndex(h) >> 12;
    return cellsOf(k, frame) + k.program.cells[cellAt(k, handleIndex(h) & 4095, bytes)]!.word;
  }
  throw new UnknownError('a user copy to or from something that is no object');
}

/** Copies a scalar between words of which one is a cell. Memory that nobody owns reads as all ones and takes no writes. */
function copyCell(k: Kernel, to: number, from: number, bytes: number): void {
  if (to === NO_FRAME) return;
  k.w[to] = (from === NO_FRAME ? -1 : k.w[from]!) & cellMask(bytes);
  if (bytes === 8) k.w[to + 1] = from === NO_FRAME ? -1 : k.w[from + 1]!;
}

/** Nothing was copied: what copy_from_user() could not read becomes zeros (`include/linux/uaccess.h:_copy_from_user`). */
function failed(k: Kernel, f: number, toUser: boolean): void {
  const bytes = k.w[f + A.BYTES]!;
  if (!toUser) {
    const kernel = kernelWord(k, k.w[f + A.KERNEL]!, bytes);
    if (kernel !== NO_FRAME) k.w.fill(0, kernel, kernel + (bytes === 8 ? 2 : 1));
  }
  k.ret(f, bytes);
}

function copying(name: string, toUser: boolean): Routine {
  return routine(name, A.WORDS, (k, f, pc) => {
    if (pc === 1) {
      const err = k.takeRet();
      return err !== 0 ? failed(k, f, toUser) : k.point(f, 0);
    }
    const bytes = k.w[f + A.BYTES]!;
    const pg = userPage(k, k.w[f + A.USER]!, k.w[f + A.USER + 1]!);
    const frame = translate(k, k.currentProc, pg, toUser);
    if (frame === FAULT) return callPageFault(k, f, 1, pg, toUser, true);
    const kernel = kernelWord(k, k.w[f + A.KERNEL]!, bytes);
    const cell = k.program.cells[cellAt(k, k.w[f + A.USER]! & 4095, bytes)]!;
    const user = frame === NO_FRAME ? NO_FRAME : cellsOf(k, frame) + cell.word;
    if (toUser) copyCell(k, user, kernel, bytes);
    else copyCell(k, kernel, user, bytes);
    k.ret(f, 0);
  });
}

/** copy_to_user(): bytes that could not be copied. */
export const copyToUser = copying('include/linux/uaccess.h:copy_to_user', true);
/** copy_from_user(). */
export const copyFromUser = copying('include/linux/uaccess.h:copy_from_user', false);
