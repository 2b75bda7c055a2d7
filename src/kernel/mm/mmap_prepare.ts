/** 7.2's mmap_prepare: the driver describes, the core acts (B.11). */
import type { Kernel } from '../kernel.js';
import type { CFunction } from '../routine.js';
import { handle, HandleKind } from '../handle.js';
import { EFAULT, EINVAL } from '../errno.js';
import { VM_REMAP_FLAGS } from '../flags.js';
import type { Vma } from '../world.js';
import { doRemapPfnRange } from './memory/remap.js';

/** Local words of a struct vm_area_desc; a `struct vm_area_desc *` of the driver points at them. */
export const DESC = {
  /** The VMA being made: slot. It holds mm, file, start and end. */
  VMA: 0,
  FLAGS: 1,
  PGOFF_LO: 2,
  PGOFF_HI: 3,
  PROT: 4,
  OPS: 5,
  PRIVATE: 6,
  /** An {@link Action}. */
  ACTION: 7,
  /** Where the action starts, in bytes behind the base of the arena, and its bytes. */
  ACT_START: 8,
  ACT_BYTES: 9,
  ACT_PFN_LO: 10,
  ACT_PFN_HI: 11,
  /** Protection when the action was recorded. */
  ACT_PROT: 12,
} as const;

export const DESC_WORDS = 13;

/** Kinds of mmap_action that are modelled. */
export const Action = { None: 0, Remap: 1 } as const;

/** Fills the description and calls the hook; `f` goes on at `pc` with its result. */
export function callMmapPrepare(k: Kernel, f: number, pc: number, at: number, v: Vma, hook: CFunction): void {
  const w = k.w;
  w[at + DESC.VMA] = v.slot;
  w[at + DESC.FLAGS] = v.flags;
  w[at + DESC.PGOFF_LO] = v.pgoffLo;
  w[at + DESC.PGOFF_HI] = v.pgoffHi;
  w[at + DESC.PROT] = v.prot;
  w[at + DESC.OPS] = v.ops;
  k.arg(0, handle(HandleKind.Desc, at));
  k.callC(f, pc, hook);
}

/** `include/linux/mm.h:mmap_action_remap` [7.2]: records pages to be mapped; addresses and sizes in bytes. A range outside the VMA warns. */
export function mmapActionRemap(k: Kernel, at: number, addr: number, pfn: number, size: number): void {
  const w = k.w;
  const v = k.vmas[w[at + DESC.VMA]!]!;
  const start = clamp(addr - k.arenaBase);
  const bytes = clamp(size);
  if (start < v.start * 4096 || start >= v.end * 4096 || start + bytes > v.end * 4096) k.warn();
  w[at + DESC.ACTION] = Action.Remap;
  w[at + DESC.ACT_START] = start;
  w[at + DESC.ACT_BYTES] = bytes;
  w[at + DESC.ACT_PFN_LO] = pfn | 0;
  w[at + DESC.ACT_PFN_HI] = Math.floor(pfn / 2 ** 32) | 0;
  w[at + DESC.ACT_PROT] = w[at + DESC.PROT]!;
}

/** All places beyond the arena are alike. */
function clamp(bytes: number): number {
  return Math.max(-(2 ** 29), Math.min(2 ** 29, bytes));
}

/** `include/linux/mm.h:mmap_action_remap_full` [7.2]. */
export function mmapActionRemapFull(k: Kernel, at: number, pfn: number): void {
  const v = k.vmas[k.w[at + DESC.VMA]!]!;
  mmapActionRemap(k, at, k.arenaBase + v.start * 4096, pfn, v.pages * 4096);
}

/**
 * `mm/util.c:mmap_action_prepare` [7.2], and the copy of the description into the VMA.
 * @returns 0, -EFAULT for a range outside the VMA, -EINVAL for a part of a copy-on-write VMA
 */
export function finishMmapPrepare(k: Kernel, at: number, v: Vma): number {
  const w = k.w;
  v.flags = w[at + DESC.FLAGS]!;
  v.setPgoff(w[at + DESC.PGOFF_LO]!, w[at + DESC.PGOFF_HI]!);
  v.prot = w[at + DESC.PROT]!;
  v.ops = w[at + DESC.OPS]!;
  v.private = w[at + DESC.PRIVATE]!;
  if (w[at + DESC.ACTION] !== Action.Remap) return 0;
  const start = w[at + DESC.ACT_START]!;
  const end = start + w[at + DESC.ACT_BYTES]!;
  if (start < v.start * 4096 || end > v.end * 4096) return -EFAULT;
  if (v.cow) {
    const whole = start === v.start * 4096 && end === v.end * 4096;
    if (!whole && k.facts.remapRefusesPartialCow) return -EINVAL;
    if (k.facts.remapSetsPgoff) v.setPgoff(w[at + DESC.ACT_PFN_LO]!, w[at + DESC.ACT_PFN_HI]!);
  }
  v.flags |= VM_REMAP_FLAGS;
  return 0;
}

/** `mm/util.c:mmap_action_complete` [7.2]: installs the entries of a linked VMA. @returns 0 or -errno */
export function mmapActionComplete(k: Kernel, at: number, v: Vma): number {
  const w = k.w;
  if (w[at + DESC.ACTION] !== Action.Remap) return 0;
  const pfn = (w[at + DESC.ACT_PFN_HI]! >>> 0) * 2 ** 32 + (w[at + DESC.ACT_PFN_LO]! >>> 0);
  const bytes = Math.ceil(w[at + DESC.ACT_BYTES]! / 4096) * 4096;
  return doRemapPfnRange(k, v, k.arenaBase + w[at + DESC.ACT_START]!, pfn, bytes, w[at + DESC.ACT_PROT]!);
}
