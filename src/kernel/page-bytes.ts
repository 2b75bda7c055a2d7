/** Contents of pages as bytes: those that the test looks at. */
import type { Bytes } from './bytes.js';
import { cellMask } from './cells.js';
import type { Kernel } from './kernel.js';
import { cellsOf } from './mm/page_alloc.js';
import { PADDING, Scalar } from './object-shape.js';

type Cell = Kernel['program']['cells'][number];

const KINDS: Readonly<Record<number, number>> = {
  1: Scalar.Int8,
  2: Scalar.Int16,
  4: Scalar.Int32,
  8: Scalar.Int64,
};

export class PageBytes implements Bytes {
  readonly padding = undefined;

  /**
   * @param at offset of the first byte in the first page
   * @param frameOf frame of the n-th page, or -1
   */
  constructor(
    readonly k: Kernel,
    readonly at: number,
    readonly frameOf: (n: number) => number,
  ) {}

  holds(bytes: number): boolean {
    for (let page = 0; page < Math.ceil((this.at + bytes) / 4096); page++) {
      const frame = this.frameOf(page);
      if (frame < 0 || frame >= this.k.mem.frames) return false;
    }
    return true;
  }

  /** The cell that holds a byte, and where in it. */
  #cell(byte: number): { readonly cell: Cell; readonly inside: number } | undefined {
    const offset = (this.at + byte) & 4095;
    const cell = this.k.program.cells.find((c) => offset >= c.offset && offset < c.offset + c.bytes);
    return cell && { cell, inside: offset - cell.offset };
  }

  #cells(byte: number): number {
    return cellsOf(this.k, this.frameOf((this.at + byte) >> 12));
  }

  kinds(byte: number): number {
    const found = this.#cell(byte);
    return found?.inside === 0 ? KINDS[found.cell.bytes]! : 0;
  }

  wordAt(byte: number): number {
    return this.#cells(byte) + this.#cell(byte)!.cell.word;
  }

  put(byte: number, value: number): void {
    this.k.w[this.wordAt(byte)] = value & cellMask(this.#cell(byte)!.cell.bytes);
  }

  extent(): number {
    return 1;
  }

  gap(byte: number): number {
    if (this.#cell(byte)) return 0;
    const offset = (this.at + byte) & 4095;
    return Math.min(4096, ...this.k.program.cells.map((c) => (c.offset > offset ? c.offset : 4096))) - offset;
  }

  get(byte: number): number {
    const found = this.#cell(byte);
    if (found === undefined) return PADDING;
    const { cell, inside } = found;
    return (this.k.w[this.#cells(byte) + cell.word + (inside >> 2)]! >>> (8 * (inside & 3))) & 0xff;
  }

  set(byte: number, value: number): void {
    const found = this.#cell(byte);
    if (found === undefined) return;
    const word = this.#cells(byte) + found.cell.word + (found.inside >> 2);
    const shift = 8 * (found.inside & 3);
    this.k.w[word] = (this.k.w[word]! & ~(0xff << shift)) | (value << shift);
  }
}
