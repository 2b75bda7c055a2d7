/** kzalloc() and kfree() for driver objects: `mm/slub.c`, as a first-fit list of blocks in the world's heap. */
import { CapacityError } from './layout.js';
import type { Kernel } from './kernel.js';
import { Undefined } from './routine.js';
import { handle, HandleKind, handleIndex, handleKind } from './handle.js';

/** A block is a header word (words behind it, and whether it is used) and its words. */
const USED = 1;

/**
 * kzalloc().
 * @param words words of the object
 * @returns a handle, or 0 when `option faults alloc` made it fail
 */
export function kzalloc(k: Kernel, words: number): number {
  if (k.options.faultsAlloc === true && k.choose(2) === 1) return 0;
  const { heap, caps } = k.layout;
  const end = heap + caps.heap;
  let at = heap;
  while (at + 1 + words <= end) {
    const head = k.w[at]!;
    const size = head === 0 ? end - at - 1 : head >> 1;
    if ((head & USED) === 0 && size >= words) {
      k.w.fill(0, at + 1, at + 1 + words);
      k.w[at] = ((head === 0 ? words : size) << 1) | USED;
      return handle(HandleKind.Data, at + 1);
    }
    at += 1 + size;
  }
  throw new CapacityError('heap');
}

/** kfree(): NULL is fine, anything but a live object is undefined. */
export function kfree(k: Kernel, h: number): void {
  if (h === 0) return;
  const at = handleIndex(h) - 1;
  if (handleKind(h) !== HandleKind.Data || at < k.layout.heap || (k.w[at]! & USED) === 0) {
    return k.undefinedBehaviour(Undefined.DoubleFree);
  }
  k.w[at]! &= ~USED;
  k.w.fill(0, at + 1, at + 1 + (k.w[at]! >> 1));
}

/** Whether word `at` may be read or written by driver code: not part of a freed object. Freezes the run otherwise. */
export function checkObject(k: Kernel, at: number): boolean {
  const { heap, caps } = k.layout;
  if (at < heap) return true;
  let block = heap;
  while (block < heap + caps.heap && k.w[block] !== 0) {
    const size = k.w[block]! >> 1;
    if (at <= block + size) {
      if ((k.w[block]! & USED) !== 0) return true;
      break;
    }
    block += 1 + size;
  }
  k.undefinedBehaviour(Undefined.UseAfterFree);
  return false;
}
