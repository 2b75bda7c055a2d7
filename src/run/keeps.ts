/** What a driver keeps pointers to, wherever it can keep one: slots that it names must not change places. */
import { handleKind } from '../kernel/handle.js';
import type { Kernel } from '../kernel/kernel.js';
import { FILE, VMA } from '../kernel/layout.js';

/** Words up to this are no handle. */
export const NO_HANDLE = 0xffffff;

/** Kinds of pointers that a driver keeps, or of numbers that look like one: a set, bit by bit. */
export function kept(k: Kernel): number {
  const { globals, imapLocks, frames, files, heap, words } = k.layout;
  // struct pages lie between contents: their words are too small for a pointer
  let kinds = within(k, globals, imapLocks) | within(k, frames, files) | within(k, heap, words);
  for (let i = 0; i < k.files.length; i++) kinds |= kindOf(k.w[k.files[i]!.o + FILE.PRIVATE]!);
  for (let i = 0; i < k.vmas.length; i++) kinds |= kindOf(k.w[k.vmas[i]!.o + VMA.PRIVATE]!);
  return kinds;
}

function within(k: Kernel, from: number, to: number): number {
  let kinds = 0;
  for (let i = from; i < to; i++) kinds |= kindOf(k.w[i]!);
  return kinds;
}

function kindOf(word: number): number {
  return word > NO_HANDLE ? 1 << handleKind(word) : 0;
}
