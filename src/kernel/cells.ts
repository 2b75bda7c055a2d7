/** Cells: what the model keeps of a page's contents. One of fewer than four bytes holds its value without a sign. */
import type { Kernel } from './kernel.js';
import { UnknownError } from './routine.js';

/** What a cell of so many bytes keeps of its (first) word. */
export function cellMask(bytes: number): number {
  return bytes >= 4 ? -1 : (1 << (8 * bytes)) - 1;
}

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

/** Fills the cells from word `at` on as memory reads that nobody owns: all ones. */
export function fillWithOnes(k: Kernel, at: number): void {
  for (const cell of k.program.cells) {
    k.w[at + cell.word] = cellMask(cell.bytes);
    if (cell.bytes === 8) k.w[at + cell.word + 1] = -1;
  }
}
