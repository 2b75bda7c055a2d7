/** What a driver keeps pointers to, wherever it can keep one: slots that it names must not change places. */
import { handleKind, type HandleKind } from '../kernel/handle.js';
import type { Kernel } from '../kernel/kernel.js';
import { FILE, VMA } from '../kernel/layout.js';

/** Words up to this are no handle. */
export const NO_HANDLE = 0xffffff;

/** Kinds of pointers, as a set. */
export function kindsOf(...kinds: readonly HandleKind[]): number {
  return kinds.reduce((set, kind) => set | (1 << kind), 0);
}

/** Whether a variable of the driver, an object, a private word of a file or a VMA, or the contents of a page hold such a pointer, or a number that looks like one. */
export function keeps(k: Kernel, kinds: number): boolean {
  const { globals, imapLocks, frames, files, heap, words } = k.layout;
  // struct pages lie between contents: their words are too small for a pointer
  if (
    within(k, kinds, globals, imapLocks) ||
    within(k, kinds, frames, files) ||
    within(k, kinds, heap, words)
  )
    return true;
  for (let i = 0; i < k.files.length; i++) if (isOne(k.w[k.files[i]!.o + FILE.PRIVATE]!, kinds)) return true;
  for (let i = 0; i < k.vmas.length; i++) if (isOne(k.w[k.vmas[i]!.o + VMA.PRIVATE]!, kinds)) return true;
  return false;
}

function within(k: Kernel, kinds: number, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (isOne(k.w[i]!, kinds)) return true;
  return false;
}

function isOne(word: number, kinds: number): boolean {
  return word > NO_HANDLE && ((kinds >> handleKind(word)) & 1) !== 0;
}
