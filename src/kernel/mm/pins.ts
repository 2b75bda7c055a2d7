/** References that a process keeps on pages beyond its page tables: GUP users and pipe buffers. */
import { CapacityError } from '../layout.js';
import type { Kernel } from '../kernel.js';
import { getPage, putPage } from './page_alloc.js';

/** FOLL_PIN counts this much (`include/linux/mm.h:GUP_PIN_COUNTING_BIAS`). */
export const GUP_PIN_COUNTING_BIAS = 1024;

const DMA = 1 << 15;
const PG_SHIFT = 16;
const FRAME_MASK = 0x7fff;

/** Remembers a reference taken on `frame` through page `pg` of the arena and takes it. */
export function addPin(k: Kernel, proc: number, frame: number, pg: number, dma: boolean): void {
  const at = k.proc(proc) + k.layout.pinsAt;
  for (let i = 0; i < k.layout.caps.pins; i++) {
    if (k.w[at + i] !== 0) continue;
    k.w[at + i] = (frame + 1) | (dma ? DMA : 0) | (pg << PG_SHIFT);
    if (dma) k.pages[frame]!.refcount += GUP_PIN_COUNTING_BIAS;
    else getPage(k, frame);
    return;
  }
  throw new CapacityError('pins');
}

/** Drops the oldest reference taken through page `pg`; false when there is none. */
export function dropPin(k: Kernel, proc: number, pg: number): boolean {
  const at = k.proc(proc) + k.layout.pinsAt;
  for (let i = 0; i < k.layout.caps.pins; i++) {
    if (k.w[at + i] !== 0 && k.w[at + i]! >>> PG_SHIFT === pg) {
      release(k, at + i);
      return true;
    }
  }
  return false;
}

/** Drops all references of a process that ends. */
export function dropAllPins(k: Kernel, proc: number): void {
  const at = k.proc(proc) + k.layout.pinsAt;
  for (let i = 0; i < k.layout.caps.pins; i++) if (k.w[at + i] !== 0) release(k, at + i);
}

function release(k: Kernel, at: number): void {
  const word = k.w[at]!;
  const frame = (word & FRAME_MASK) - 1;
  k.w[at] = 0;
  if ((word & DMA) !== 0) k.pages[frame]!.refcount -= GUP_PIN_COUNTING_BIAS - 1;
  putPage(k, frame);
}
