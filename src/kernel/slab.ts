/** kzalloc() and kfree() for driver objects: `mm/slub.c`, as a first-fit list of blocks in the world's heap. */
import { CapacityError } from './layout.js';
import type { Kernel } from './kernel.js';
import { Undefined } from './routine.js';
import { handle, HandleKind, handleIndex, handleKind } from './handle.js';

/** A block is a header word (words behind it, and whether it is used) and its words. */
const USED = 1;

/**
 * kzalloc().
 * @param size words of the object; one of no words has one all the same
 * @returns a handle, or 0 when `option faults alloc` made it fail
 */
export function kzalloc(k: Kernel, size: number): number {
  const words = Math.max(1, size);
  if (k.options.faultsAlloc === true && k.choose(2) === 1) return 0;
  const { heap, caps } = k.layout;
  const end = heap + caps.heap;
  let at = heap;
  while (at + 1 + words <= end) {
    const head = k.w[at]!;
    const room = head === 0 ? end - at - 1 : head >> 1;
    if ((head & USED) === 0 && room >= words) {
      k.w.fill(0, at + 1, at + 1 + words);
      k.w[at] = ((head === 0 ? words : room) << 1) | USED;
      return handle(HandleKind.Data, at + 1);
    }
    at += 1 + room;
  }
  throw new CapacityError('heap');
}

/** The block whose words contain word `at` of the heap, or -1; a header is nobody's. */
function blockOf(k: Kernel, at: number): number {
  const end = k.layout.heap + k.layout.caps.heap;
  for (let block = k.layout.heap; block < end && k.w[block] !== 0; block += 1 + (k.w[block]! >> 1)) {
    if (at > block && at <= block + (k.w[block]! >> 1)) return block;
  }
  return -1;
}

/** kfree(): NULL is fine, anything but the start of a live object is undefined. */
export function kfree(k: Kernel, h: number): void {
  if (h === 0) return;
  const at = handleIndex(h);
  const block = handleKind(h) === HandleKind.Data ? blockOf(k, at) : -1;
  if (block !== at - 1 || (k.w[block]! & USED) === 0) return k.undefinedBehaviour(Undefined.DoubleFree);
  k.w[block]! &= ~USED;
  k.w.fill(0, at, at + (k.w[block]! >> 1));
}

/** Whether word `at` may be read or written by driver code: not part of a freed object. Freezes the run otherwise. */
export function checkObject(k: Kernel, at: number): boolean {
  if (at < k.layout.heap) return true;
  const block = blockOf(k, at);
  if (block >= 0 && (k.w[block]! & USED) !== 0) return true;
  k.undefinedBehaviour(Undefined.UseAfterFree);
  return false;
}
