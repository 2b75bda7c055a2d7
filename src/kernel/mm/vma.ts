/** VMAs: looking them up, splitting, merging, removing (`mm/vma.c`, before 6.12 `mm/mmap.c`; C.9, C.10). */
import type { Kernel } from '../kernel.js';
import { LockMode, routine, type Routine } from '../routine.js';
import { handle, HandleKind } from '../handle.js';
import { VM_SHARED, VM_SOFTDIRTY, VM_SPECIAL, VM_WRITE } from '../flags.js';
import { OPS_NULL, VMA_ANON_VMA, VMA_IN_IMAP, VMA_LINKED, type Vma } from '../world.js';
import { fput } from '../fs/file_table.js';
import { vmaAdjustTransHuge } from './huge_memory.js';
import { freePgtables, pgprotModify, vmGetPageProt } from './pgtable.js';
import { vmaSoftDirtyEnabled } from './soft_dirty.js';
import { pfnmapTrackCtxRelease } from './memory/pat.js';
import { zapPageRange } from './memory/zap.js';
import { pageAddr } from './page.js';

/** find_vma() of the page itself: the linked VMA that contains page `pg`, or undefined. */
export function vmaLookup(k: Kernel, mm: number, pg: number): Vma | undefined {
  const vmas = k.vmas;
  for (let i = 0; i < vmas.length; i++) {
    const v = vmas[i]!;
    if (v.mm === mm && v.has(VMA_LINKED) && pg >= v.start && pg < v.end) return v;
  }
  return undefined;
}

/** The linked VMA with the lowest start that ends behind `pg` (find_vma), or undefined. */
export function findVma(k: Kernel, mm: number, pg: number): Vma | undefined {
  let best: Vma | undefined;
  const vmas = k.vmas;
  for (let i = 0; i < vmas.length; i++) {
    const v = vmas[i]!;
    if (v.mm !== mm || !v.has(VMA_LINKED) || v.end <= pg) continue;
    if (best === undefined || v.start < best.start) best = v;
  }
  return best;
}

/** No VMA in pages [from, to). */
export function isFree(k: Kernel, mm: number, from: number, to: number): boolean {
  const next = findVma(k, mm, from);
  return next === undefined || next.start >= to;
}

/** `kernel/fork.c:vm_area_dup`: a copy that nobody finds yet, with a reference of its own to the file. */
export function vmAreaDup(k: Kernel, vma: Vma): Vma {
  const copy = k.allocVma();
  copy.copyFrom(vma);
  copy.mm = vma.mm;
  copy.unlink();
  if (copy.file >= 0) k.files[copy.file]!.refs += 1;
  return copy;
}

/** `mm/vma.c:vma_link`: from now on the VMA is found by address and by file. */
export function vmaLink(vma: Vma): void {
  vma.put(VMA_LINKED, true);
  vma.put(VMA_IN_IMAP, vma.file >= 0);
}

/** Moves vm_pgoff by a number of pages, in unsigned long arithmetic. */
export function addPgoff(k: Kernel, vma: Vma, pages: number): void {
  const lo = (vma.pgoffLo >>> 0) + pages;
  const hi = k.facts.bitsPerLong === 32 ? 0 : (vma.pgoffHi + Math.floor(lo / 2 ** 32)) | 0;
  vma.setPgoff(lo | 0, hi);
}

/** i_mmap_rwsem of a file's mapping: its word index. */
export function imapLock(k: Kernel, driver: number): number {
  return k.layout.imapLocks + driver;
}

/** Whether linking or unlinking the VMA must wait for a reader of its i_mmap tree. */
export function imapBusy(k: Kernel, vma: Vma): boolean {
  return vma.file >= 0 && k.w[imapLock(k, k.files[vma.file]!.driver)] !== 0;
}

/** Waits for the i_mmap tree of the VMA's file, then runs `pc` again. */
export function waitImap(k: Kernel, f: number, pc: number, vma: Vma): void {
  k.wait(f, pc, imapLock(k, k.files[vma.file]!.driver), LockMode.Write);
}

/**
 * `mm/mmap.c:vma_wants_writenotify` (C.1): must the first write to an entry fault? Device files have no writeback, so
 * only the driver's hooks ask for it, and soft-dirty tracking.
 */
export function vmaWantsWritenotify(k: Kernel, vma: Vma): boolean {
  return vmaNeedsDirtyTracking(k, vma) || (isSharedWritable(vma) && vmaSoftDirtyEnabled(k, vma));
}

/** `mm/mmap.c:vma_needs_dirty_tracking`: a shared writable VMA whose driver wants to hear of first writes. */
export function vmaNeedsDirtyTracking(k: Kernel, vma: Vma): boolean {
  const ops = k.program.vmOps[vma.ops];
  const asks = ops?.pageMkwrite !== undefined || ops?.pfnMkwrite !== undefined;
  return asks && isSharedWritable(vma);
}

function isSharedWritable(vma: Vma): boolean {
  return (vma.flags & (VM_WRITE | VM_SHARED)) === (VM_WRITE | VM_SHARED);
}

/** `mm/mmap.c:vma_set_page_prot`: permissions by the flags, the cache mode kept; write-notify takes the write bit. */
export function vmaSetPageProt(k: Kernel, vma: Vma): void {
  const flags = vmaWantsWritenotify(k, vma) ? vma.flags & ~VM_SHARED : vma.flags;
  vma.prot = pgprotModify(vma.prot, vmGetPageProt(flags));
}

/** Arguments of {@link splitVma}: VMA slot, page, whether the new VMA is the lower part; then the new slot. */
const SPLIT = { VMA: 1, AT: 2, BELOW: 3, NEW: 4, WORDS: 4 } as const;

const SplitPc = { Start: 0, Asked: 1, Copy: 2, Cut: 3 } as const;

/** `mm/vma.c:__split_vma`: cuts a VMA at a page; the driver's ->open sees the new part. Returns 0 or -errno. */
export const splitVma: Routine = routine('mm/vma.c:__split_vma', SPLIT.WORDS, (k, f, pc) => {
  const vma = k.vmas[k.w[f + SPLIT.VMA]!]!;
  const at = k.w[f + SPLIT.AT]!;
  const below = k.w[f + SPLIT.BELOW] === 1;
  const ops = k.program.vmOps[vma.ops];
  switch (pc) {
    case SplitPc.Start:
      if (ops?.maySplit === undefined) return k.goto(f, SplitPc.Copy);
      k.arg(0, handle(HandleKind.Vma, vma.slot));
      k.argNumber(1, pageAddr(k, at));
      return k.callC(f, SplitPc.Asked, ops.maySplit);
    case SplitPc.Asked: {
      const err = k.takeRet();
      return err !== 0 ? k.ret(f, err) : k.goto(f, SplitPc.Copy);
    }
    case SplitPc.Copy: {
      const part = vmAreaDup(k, vma);
      if (below) part.end = at;
      else cutLower(k, part, at);
      k.w[f + SPLIT.NEW] = part.slot;
      if (ops?.open === undefined) return k.goto(f, SplitPc.Cut);
      k.arg(0, handle(HandleKind.Vma, part.slot));
      return k.callC(f, SplitPc.Cut, ops.open);
    }
    default:
      if (imapBusy(k, vma)) return waitImap(k, f, SplitPc.Cut, vma);
      vmaAdjustTransHuge(k, vma, at);
      if (below) cutLower(k, vma, at);
      else vma.end = at;
      vmaLink(k.vmas[k.w[f + SPLIT.NEW]!]!);
      return k.ret(f, 0);
  }
});

/** Takes the pages below `at` away; vm_pgoff moves with the start. */
function cutLower(k: Kernel, vma: Vma, at: number): void {
  addPgoff(k, vma, at - vma.start);
  vma.start = at;
}

/** Calls {@link splitVma}. @param below the new VMA is the lower part */
export function callSplitVma(
  k: Kernel,
  f: number,
  pc: number,
  slot: number,
  at: number,
  below: boolean,
): void {
  const nf = k.call(f, pc, splitVma);
  k.w[nf + SPLIT.VMA] = slot;
  k.w[nf + SPLIT.AT] = at;
  k.w[nf + SPLIT.BELOW] = below ? 1 : 0;
}

const MunmapPc = {
  Start: 0,
  StartCut: 1,
  CheckEnd: 2,
  EndCut: 3,
  Detach: 4,
  LeaveImap: 5,
  Close: 6,
} as const;

/**
 * `mm/vma.c:do_vmi_align_munmap`: unmaps pages [start, end) of a process whose mmap_lock is held for writing. Arguments: process,
 * start, end, and 1 if the lock may be downgraded: then it is held for reading when 0 is returned. Splits at the ends, takes the VMAs out of
 * the tree, zaps, then closes each. Returns 0 or -errno.
 */
export const doMunmap: Routine = routine('mm/vma.c:do_vmi_align_munmap', 4, (k, f, pc) => {
  const mm = k.w[f + 1]!;
  const start = k.w[f + 2]!;
  const end = k.w[f + 3]!;
  switch (pc) {
    case MunmapPc.Start: {
      const v = vmaLookup(k, mm, start);
      if (v === undefined || v.start === start) return k.goto(f, MunmapPc.CheckEnd);
      return callSplitVma(k, f, MunmapPc.StartCut, v.slot, start, !k.facts.munmapTakesCopies);
    }
    case MunmapPc.StartCut: {
      const err = k.takeRet();
      return err !== 0 ? k.ret(f, err) : k.goto(f, MunmapPc.CheckEnd);
    }
    case MunmapPc.CheckEnd: {
      const v = vmaLookup(k, mm, end);
      if (v === undefined || v.start === end) return k.goto(f, MunmapPc.Detach);
      return callSplitVma(k, f, MunmapPc.EndCut, v.slot, end, k.facts.munmapTakesCopies);
    }
    case MunmapPc.EndCut: {
      const err = k.takeRet();
      return err !== 0 ? k.ret(f, err) : k.goto(f, MunmapPc.Detach);
    }
    case MunmapPc.Detach: {
      const vmas = k.vmas;
      for (let i = 0; i < vmas.length; i++) {
        const v = vmas[i]!;
        if (v.mm === mm && v.has(VMA_LINKED) && v.start >= start && v.end <= end) v.put(VMA_LINKED, false);
      }
      if (k.w[f + 4] === 1) k.downgradeWrite(k.mmapLock(mm));
      for (let v = nextDetached(k, mm, start, end); v !== undefined; v = nextDetached(k, mm, v.end, end)) {
        zapPageRange(k, v, v.start, v.end, true);
      }
      freePgtables(k, mm, start, end);
      return k.goto(f, MunmapPc.LeaveImap);
    }
    case MunmapPc.LeaveImap: {
      // The i_mmap trees are left after the entries are gone (free_pgtables), before ->close.
      for (let v = nextDetached(k, mm, start, end); v !== undefined; v = nextDetached(k, mm, v.end, end)) {
        if (!v.has(VMA_IN_IMAP)) continue;
        if (imapBusy(k, v)) return waitImap(k, f, MunmapPc.LeaveImap, v);
        v.put(VMA_IN_IMAP, false);
      }
      return k.goto(f, MunmapPc.Close);
    }
    default: {
      const v = nextDetached(k, mm, start, end);
      if (v === undefined) return k.ret(f, 0);
      const nf = k.call(f, MunmapPc.Close, removeVma);
      k.w[nf + 1] = v.slot;
    }
  }
});

/** The lowest VMA of the range that was taken out of the tree and is not yet gone. */
function nextDetached(k: Kernel, mm: number, start: number, end: number): Vma | undefined {
  let best: Vma | undefined;
  const vmas = k.vmas;
  for (let i = 0; i < vmas.length; i++) {
    const v = vmas[i]!;
    if (v.mm !== mm || v.has(VMA_LINKED) || v.start < start || v.end > end) continue;
    if (best === undefined || v.start < best.start) best = v;
  }
  return best;
}

const RemovePc = { Start: 0, Closed: 1, Put: 2 } as const;

/** `mm/vma.c:remove_vma`: ->close, then the file reference, then the VMA itself. Argument: the slot. */
export const removeVma: Routine = routine('mm/vma.c:remove_vma', 1, (k, f, pc) => {
  const v = k.vmas[k.w[f + 1]!]!;
  switch (pc) {
    case RemovePc.Start: {
      const close = k.program.vmOps[v.ops]?.close;
      if (close === undefined) return k.goto(f, RemovePc.Closed);
      k.arg(0, handle(HandleKind.Vma, v.slot));
      return k.callC(f, RemovePc.Closed, close);
    }
    case RemovePc.Closed: {
      const file = v.file;
      pfnmapTrackCtxRelease(k, v);
      v.clear();
      if (file < 0) return k.ret(f);
      const nf = k.call(f, RemovePc.Put, fput);
      k.w[nf + 1] = file;
      return;
    }
    default:
      k.ret(f);
  }
});

/**
 * Pages that a mapping's address is a multiple of: of the largest leaf that fits into its length, and at least of a PMD leaf if the
 * driver has a get_unmapped_area (litmus.md, "Addresses").
 */
export function leafAlign(k: Kernel, pages: number, driver: boolean): number {
  const { ptrs } = k.layout;
  if (pages >= ptrs * ptrs) return ptrs * ptrs;
  return driver || pages >= ptrs ? ptrs : 1;
}

/** The first page at or above 0 where `pages` fit with one page free on both sides, or -1 (litmus.md, "Addresses"). */
export function getUnmappedArea(k: Kernel, mm: number, pages: number, align: number): number {
  for (let at = 0; at + pages <= k.layout.caps.arena; at += align) {
    let free = true;
    for (let i = 0; i < k.vmas.length && free; i++) {
      const v = k.vmas[i]!;
      if (v.mm === mm && at < v.end + 1 && at + pages > v.start - 1) free = false;
    }
    if (free) return at;
  }
  return -1;
}

/** Whether two VMAs, `low` ending where `high` starts, could be one (C.10): the same but for their range, and not special. */
function mergeable(low: Vma, high: Vma): boolean {
  if (((low.flags ^ high.flags) & ~VM_SOFTDIRTY) !== 0 || (low.flags & VM_SPECIAL) !== 0) return false;
  if (low.file !== high.file) return false;
  const lo = (low.pgoffLo >>> 0) + low.pages;
  return (lo | 0) === high.pgoffLo && ((low.pgoffHi + Math.floor(lo / 2 ** 32)) | 0) === high.pgoffHi;
}

function hasClose(k: Kernel, vma: Vma): boolean {
  return k.program.vmOps[vma.ops]?.close !== undefined;
}

/** The linked VMAs below and above that `vma` can be one with; a VMA that would vanish must have no ->close, unless it is new. */
function mergeNeighbours(k: Kernel, vma: Vma): readonly [below: Vma | undefined, above: Vma | undefined] {
  if ((vma.flags & VM_SPECIAL) !== 0 || (vma.has(VMA_LINKED) && hasClose(k, vma)))
    return [undefined, undefined];
  const usable = (v: Vma | undefined): v is Vma =>
    v !== undefined && !(k.facts.mergeRefusesAnyClose && hasClose(k, v));
  const prev = vmaLookup(k, vma.mm, vma.start - 1);
  const next = vmaLookup(k, vma.mm, vma.end);
  const below = usable(prev) && mergeable(prev, vma) ? prev : undefined;
  const above = usable(next) && mergeable(vma, next) ? next : undefined;
  return below !== undefined && above !== undefined && hasClose(k, above)
    ? [below, undefined]
    : [below, above];
}

/** Whether {@link vmaMerge} would find a neighbour. The VMA need not be linked. */
export function canMerge(k: Kernel, vma: Vma): boolean {
  const [below, above] = mergeNeighbours(k, vma);
  return below !== undefined || above !== undefined;
}

/** `mm/vma.c:vma_merge*`: joins a VMA with its neighbours where nothing tells them apart. @returns the VMA that is left */
export function vmaMerge(k: Kernel, vma: Vma): Vma {
  const [below, above] = mergeNeighbours(k, vma);
  if (below === undefined) return above === undefined ? vma : join(k, above, vma);
  const left = join(k, below, vma);
  return above === undefined ? left : join(k, left, above);
}

/** `keep` takes the pages of its neighbour `gone`, whose struct and file reference go. */
function join(k: Kernel, keep: Vma, gone: Vma): Vma {
  if (gone.start < keep.start) {
    keep.setPgoff(gone.pgoffLo, gone.pgoffHi);
    keep.start = gone.start;
  } else keep.end = gone.end;
  if (gone.has(VMA_ANON_VMA)) keep.put(VMA_ANON_VMA, true);
  if (gone.file >= 0) k.files[gone.file]!.refs -= 1;
  gone.clear();
  return keep;
}

/** A VMA whose vm_ops is NULL is anonymous to the core, whatever its file (F-18). */
export function vmaIsAnonymous(vma: Vma): boolean {
  return vma.ops === OPS_NULL;
}
