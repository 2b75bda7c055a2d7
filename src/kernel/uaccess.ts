/** copy_to_user() and copy_from_user() of one scalar (`include/linux/uaccess.h`). */
import type { Kernel } from './kernel.js';
import { routine, UnknownError, type Routine } from './routine.js';
import { HandleKind, handleIndex, handleKind } from './handle.js';
import { callPageFault, FAULT, NO_FRAME, translate, userPage } from './fault.js';
import { cellsOf } from './mm/page_alloc.js';

/** Arguments, two words each: user address, kernel object, bytes. */
const A = { USER: 1, KERNEL: 3, BYTES: 5, WORDS: 6 } as const;

/** The cell at a byte offset inside a page: its index into the program's cells. */
export function cellAt(k: Kernel, offset: number, bytes: number): number {
  const cells = k.program.cells;
  for (let i = 0; i < cells.length; i++) {
    if (cells[i]!.offset === offset) {
      if (cells[i]!.bytes !== bytes)
        throw new UnknownError(`an access of ${bytes} bytes to a cell of ${cells[i]!.bytes}`);
      return i;
    }
  }
  throw new UnknownError(`an access at offset ${offset} of a page, where the test has no cell`);
}

/** Word of the kernel side of a copy. */
function kernelWord(k: Kernel, h: number, bytes: number): number {
  if (h > 0 && handleKind(h) === HandleKind.Data) return handleIndex(h);
  if (h > 0 && handleKind(h) === HandleKind.Kaddr) {
    const frame = handleIndex(h) >> 12;
    return cellsOf(k, frame) + k.program.cells[cellAt(k, handleIndex(h) & 4095, bytes)]!.word;
  }
  throw new UnknownError('a user copy to or from something that is no object');
}

function copying(name: string, toUser: boolean): Routine {
  return routine(name, A.WORDS, (k, f, pc) => {
    if (pc === 1) {
      const err = k.takeRet();
      return err !== 0 ? k.ret(f, k.w[f + A.BYTES]!) : k.point(f, 0);
    }
    const bytes = k.w[f + A.BYTES]!;
    const pg = userPage(k, k.w[f + A.USER]!, k.w[f + A.USER + 1]!);
    const frame = translate(k, k.currentProc, pg, toUser);
    if (frame === FAULT) return callPageFault(k, f, 1, pg, toUser, true);
    const kernel = kernelWord(k, k.w[f + A.KERNEL]!, bytes);
    const words = bytes === 8 ? 2 : 1;
    const cell = k.program.cells[cellAt(k, k.w[f + A.USER]! & 4095, bytes)]!;
    if (frame === NO_FRAME) {
      if (!toUser) k.w.fill(-1, kernel, kernel + words);
      return k.ret(f, 0);
    }
    const user = cellsOf(k, frame) + cell.word;
    if (toUser) k.w.copyWithin(user, kernel, kernel + words);
    else k.w.copyWithin(kernel, user, user + words);
    k.ret(f, 0);
  });
}

/** copy_to_user(): bytes that could not be copied. */
export const copyToUser = copying('include/linux/uaccess.h:copy_to_user', true);
/** copy_from_user(). */
export const copyFromUser = copying('include/linux/uaccess.h:copy_from_user', false);
