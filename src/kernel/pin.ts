/** A word of a process's table of references beyond its page tables (`mm/pins.ts`): 0 if it is free. */

const DMA = 1 << 15;
const PG_SHIFT = 16;
const FRAME_MASK = 0x7fff;

/**
 * @param pg page of the arena through which it was taken
 * @param dma a pin, not a reference
 */
export function pinWord(frame: number, pg: number, dma: boolean): number {
  return (frame + 1) | (dma ? DMA : 0) | (pg << PG_SHIFT);
}

/** Index of the frame, or -1 in a free word. */
export function pinFrame(word: number): number {
  return (word & FRAME_MASK) - 1;
}

/** Page of the arena through which the reference was taken. */
export function pinPage(word: number): number {
  return word >>> PG_SHIFT;
}

export function isDmaPin(word: number): boolean {
  return (word & DMA) !== 0;
}

/** The same reference on another frame. */
export function withPinFrame(word: number, frame: number): number {
  return (word & ~FRAME_MASK) | (frame + 1);
}
