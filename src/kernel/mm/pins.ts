/** References that a process keeps on pages beyond its page tables: GUP users and pipe buffers. */
import { CapacityError } from '../layout.js';
import { NO_FRAME } from '../fault.js';
import type { Kernel } from '../kernel.js';
import { GUP_PIN_COUNTING_BIAS } from '../flags.js';
import { isDmaPin, pinFrame, pinPage, pinWord } from '../pin.js';
import { PG_HEAD } from '../world.js';
import { compoundHead, putPage } from './page_alloc.js';

/** Remembers a reference (with `dma`, a pin) that GUP has taken on `frame` through page `pg` of the arena. */
export function addPin(k: Kernel, proc: number, frame: number, pg: number, dma: boolean): void {
  const at = k.proc(proc) + k.layout.pinsAt;
  for (let i = 0; i < k.layout.caps.pins; i++) {
    if (k.w[at + i] !== 0) continue;
    k.w[at + i] = pinWord(frame, pg, dma);
    return;
  }
  throw new CapacityError('pins');
}

/** Drops the oldest reference taken through page `pg`; false when there is none. */
export function dropPin(k: Kernel, proc: number, pg: number): boolean {
  const at = k.proc(proc) + k.layout.pinsAt;
  for (let i = 0; i < k.layout.caps.pins; i++) {
    if (k.w[at + i] !== 0 && pinPage(k.w[at + i]!) === pg) {
      release(k, at + i);
      return true;
    }
  }
  return false;
}

/** The frame of the oldest reference taken through page `pg`, or {@link NO_FRAME}. */
export function pinnedFrame(k: Kernel, proc: number, pg: number): number {
  const at = k.proc(proc) + k.layout.pinsAt;
  for (let i = 0; i < k.layout.caps.pins; i++) {
    const word = k.w[at + i]!;
    if (word !== 0 && pinPage(word) === pg) return pinFrame(word);
  }
  return NO_FRAME;
}

/** Drops all references of a process that ends. */
export function dropAllPins(k: Kernel, proc: number): void {
  const at = k.proc(proc) + k.layout.pinsAt;
  for (let i = 0; i < k.layout.caps.pins; i++) if (k.w[at + i] !== 0) release(k, at + i);
}

function release(k: Kernel, at: number): void {
  const word = k.w[at]!;
  k.w[at] = 0;
  unpin(k, pinFrame(word), isDmaPin(word));
}

/** put_page(), or with `dma` `mm/gup.c:unpin_user_page`: the zero page was never counted, a large folio by one. */
export function unpin(k: Kernel, frame: number, dma: boolean): void {
  if (!dma) return putPage(k, frame);
  if (k.mem.isZeroFrame(frame)) return;
  const head = k.pages[compoundHead(k, frame)]!;
  if ((head.flags & PG_HEAD) === 0) head.refcount -= GUP_PIN_COUNTING_BIAS - 1;
  putPage(k, frame);
}
