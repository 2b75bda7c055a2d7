/** Cutting out the part of a VMA that gets other flags: `mm/vma.c:vma_modify`. */
import type { Kernel } from '../kernel.js';
import { routine, type Routine } from '../routine.js';
import { callSplitVma, vmaLookup } from './vma.js';

const Pc = { Start: 0, StartCut: 1, CheckEnd: 2, EndCut: 3 } as const;

/**
 * Splits so that pages [start, end) are a VMA of their own, the original one. Arguments: process, start, end; all of the range lies in one VMA, and
 * mmap_lock is held for writing. Returns 0, or what vm_ops->may_split says.
 */
export const vmaIsolate: Routine = routine('mm/vma.c:vma_modify', 3, (k, f, pc) => {
  const mm = k.w[f + 1]!;
  const start = k.w[f + 2]!;
  const end = k.w[f + 3]!;
  switch (pc) {
    case Pc.Start: {
      const vma = vmaLookup(k, mm, start)!;
      if (vma.start === start) return k.goto(f, Pc.CheckEnd);
      return callSplitVma(k, f, Pc.StartCut, vma.slot, start, true);
    }
    case Pc.CheckEnd: {
      const vma = vmaLookup(k, mm, start)!;
      if (vma.end === end) return k.ret(f, 0);
      return callSplitVma(k, f, Pc.EndCut, vma.slot, end, false);
    }
    case Pc.StartCut: {
      const err = k.takeRet();
      return err !== 0 ? k.ret(f, err) : k.goto(f, Pc.CheckEnd);
    }
    default:
      return k.ret(f, k.takeRet());
  }
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
