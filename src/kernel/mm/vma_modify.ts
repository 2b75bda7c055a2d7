/** Cutting out the part of a VMA that gets other flags: `mm/vma.c:vma_modify`. */
import type { Kernel } from '../kernel.js';
import { routine, type Routine } from '../routine.js';
import { callSplitVma, vmaLookup } from './vma.js';

/**
 * Splits so that pages [start, end) are a VMA of their own, the original one. Arguments: process, start, end; all of the range lies in one VMA, and
 * mmap_lock is held for writing. Returns 0, or what vm_ops->may_split says.
 */
export const vmaIsolate: Routine = routine('mm/vma.c:vma_modify', 3, (k, f, pc) => {
  const mm = k.w[f + 1]!;
  const start = k.w[f + 2]!;
  const end = k.w[f + 3]!;
  if (pc === 1 || pc === 3) {
    const err = k.takeRet();
    return err !== 0 ? k.ret(f, err) : k.goto(f, pc + 1);
  }
  const vma = vmaLookup(k, mm, start)!;
  if (pc === 0) return vma.start === start ? k.goto(f, 2) : callSplitVma(k, f, 1, vma.slot, start, true);
  if (pc === 2) return vma.end === end ? k.goto(f, 4) : callSplitVma(k, f, 3, vma.slot, end, false);
  k.ret(f, 0);
});

/** Calls {@link vmaIsolate}; `f` goes on at `pc` with its answer. */
export function callVmaIsolate(
  k: Kernel,
  f: number,
  pc: number,
  mm: number,
  start: number,
  end: number,
): void {
  const nf = k.call(f, pc, vmaIsolate);
  k.w[nf + 1] = mm;
  k.w[nf + 2] = start;
  k.w[nf + 3] = end;
}
