/** Cutting out the part of a VMA that gets other flags: `mm/vma.c:vma_modify`. */
import type { Kernel } from '../kernel.js';
import { routine, type Routine } from '../routine.js';
import { splitVma, vmaLookup } from './vma.js';

/**
 * Splits so that pages [start, end) are a VMA of their own. Arguments: process, start, end; all of the range lies in one VMA, and
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
  if (pc === 0) return vma.start === start ? k.goto(f, 2) : split(k, f, 1, vma.slot, start);
  if (pc === 2) return vma.end === end ? k.goto(f, 4) : split(k, f, 3, vma.slot, end);
  k.ret(f, 0);
});

function split(k: Kernel, f: number, pc: number, slot: number, at: number): void {
  const nf = k.call(f, pc, splitVma);
  k.w[nf + 1] = slot;
  k.w[nf + 2] = at;
}

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
