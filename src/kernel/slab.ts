/** kzalloc() and kfree() for driver objects: `mm/slub.c`, as a first-fit list of blocks in the world's heap. */
import { CapacityError } from './layout.js';
import type { Kernel } from './kernel.js';
import { Undefined } from './routine.js';
import { handle, HandleKind, handleIndex, handleKind } from './handle.js';

/**
 * A block is a header and its words. The header: whether the block is used, its words, the words that were asked for (a block
 * that is used again may be larger), the type of what lies in it.
 */
const USED = 1;
const SIZE_SHIFT = 1;
const WORDS_SHIFT = 11;
const TYPE_SHIFT = 21;
const FIELD = 1023;

/** Types beyond this have no room in a header. */
export const MAX_TYPES = 1000;

function header(size: number, words: number, type: number): number {
  return (type << TYPE_SHIFT) | (words << WORDS_SHIFT) | (size << SIZE_SHIFT) | USED;
}

function sizeOf(head: number): number {
  return (head >> SIZE_SHIFT) & FIELD;
}

/**
 * kzalloc().
 * @param words words of the object
 * @param type number of its type in the program's table of objects; 0 if nobody looks into it through pointers
 * @returns a handle, or 0 when `option faults alloc` made it fail
 */
export function kzalloc(k: Kernel, words: number, type = 0): number {
  if (k.allocFails()) return 0;
  const { heap, caps } = k.layout;
  const end = heap + caps.heap;
  const room = Math.max(1, words);
  let at = heap;
  while (at + 1 + room <= end) {
    const head = k.w[at]!;
    const size = head === 0 ? end - at - 1 : sizeOf(head);
    if ((head & USED) === 0 && size >= room) {
      k.w[at] = header(head === 0 ? room : size, words, type);
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
  if (h < 0 || handleKind(h) !== HandleKind.Data || blockOf(k, at + 1) !== at) {
    return k.undefinedBehaviour(Undefined.DoubleFree);
  }
  const size = sizeOf(k.w[at]!);
  k.w.fill(0, at, at + 1 + size);
  k.w[at] = size << SIZE_SHIFT;
}

/** The block (word of its header) that a word of the heap lies in, or -1. */
function blockAround(k: Kernel, at: number): number {
  const { heap, caps } = k.layout;
  for (let block = heap; block < at && block < heap + caps.heap && k.w[block] !== 0;) {
    const size = sizeOf(k.w[block]!);
    if (at <= block + size) return block;
    block += 1 + size;
  }
  return -1;
}

/** The block (word of its header) of a live object that a word of the heap belongs to, or -1. */
export function blockOf(k: Kernel, at: number): number {
  const block = blockAround(k, at);
  return block >= 0 && (k.w[block]! & USED) !== 0 ? block : -1;
}

/** Whether a word belonged to an object that was freed. */
export function isFreed(k: Kernel, at: number): boolean {
  const block = at >= k.layout.heap ? blockAround(k, at) : -1;
  return block >= 0 && (k.w[block]! & USED) === 0;
}

/** Words that were asked for. */
export function blockWords(k: Kernel, block: number): number {
  return (k.w[block]! >> WORDS_SHIFT) & FIELD;
}

/** Number of the type of a block's object. */
export function blockType(k: Kernel, block: number): number {
  return (k.w[block]! >> TYPE_SHIFT) & FIELD;
}
