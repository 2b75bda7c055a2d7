/** Moving a mapping: `mm/mremap.c:move_vma` and `move_page_tables` (C.8). */
import type { Kernel } from '../kernel.js';
import { routine, Undefined, type Routine } from '../routine.js';
import { handle, HandleKind } from '../handle.js';
import { VM_LOCKED_MASK, VM_PAT, VM_PFNMAP } from '../flags.js';
import { Level, PTE_SOFT_DIRTY } from '../pte.js';
import { MREMAP_DONTUNMAP } from '../uapi.js';
import { OPS_NULL, VMA_ANON_VMA, type Vma } from '../world.js';
import { entryAt, splitHuge } from './huge_memory.js';
import { clearEntry, hasPteTable, levelPages, none, pmdAlloc, pteAlloc, pteAt, walk } from './pgtable.js';
import { vmaSoftDirtyEnabled } from './soft_dirty.js';
import { addPgoff, doMunmap, imapBusy, vmaLink, vmAreaDup, vmaMerge, waitImap } from './vma.js';
import { PAGE_SIZE, pageAddr } from './page.js';

/** Arguments of {@link moveVma}: VMA slot, first page and pages of the old place, of the new place, MREMAP_*; then its locals. */
export const MOVE = {
  VMA: 0,
  OLD: 1,
  OLD_PAGES: 2,
  NEW: 3,
  NEW_PAGES: 4,
  FLAGS: 5,
  NEW_VMA: 6,
  ERR: 7,
  WORDS: 8,
} as const;

const Pc = { Start: 0, StartAsked: 1, EndAsked: 2, Link: 3, Hooked: 4, Unmapped: 5 } as const;

/**
 * `mm/mremap.c:move_vma`: copies the VMA to its new place, moves the entries verbatim, tells the driver, unmaps the old place. The
 * caller holds mmap_lock for writing and has made room. Returns the new first page or -errno.
 */
export const moveVma: Routine = routine('mm/mremap.c:move_vma', MOVE.WORDS, (k, f, pc) => {
  const l = f + 1;
  const vma = k.vmas[k.w[l + MOVE.VMA]!]!;
  const from = k.w[l + MOVE.OLD]!;
  switch (pc) {
    case Pc.Start:
      if (vma.start !== from && asksMaySplit(k, f, Pc.StartAsked, vma, from)) return;
      return checkEnd(k, f, vma);
    case Pc.StartAsked: {
      const err = k.takeRet();
      return err !== 0 ? k.ret(f, err) : checkEnd(k, f, vma);
    }
    case Pc.EndAsked: {
      const err = k.takeRet();
      return err !== 0 ? k.ret(f, err) : copyVma(k, f, vma);
    }
    case Pc.Link:
      return linkAndMove(k, f, vma);
    case Pc.Hooked:
      k.w[l + MOVE.ERR] = k.takeRet();
      return finish(k, f, vma);
    default: {
      const err = k.w[l + MOVE.ERR]!;
      return k.ret(f, err !== 0 ? err : k.w[l + MOVE.NEW]!);
    }
  }
});

function checkEnd(k: Kernel, f: number, vma: Vma): void {
  const end = k.w[f + 1 + MOVE.OLD]! + k.w[f + 1 + MOVE.OLD_PAGES]!;
  if (vma.end !== end && asksMaySplit(k, f, Pc.EndAsked, vma, end)) return;
  copyVma(k, f, vma);
}

/** Calls vm_ops->may_split, if there is one; `f` goes on at `pc` with its answer. @returns whether it was called */
function asksMaySplit(k: Kernel, f: number, pc: number, vma: Vma, at: number): boolean {
  const hook = k.program.vmOps[vma.ops]?.maySplit;
  if (hook === undefined) return false;
  k.arg(0, handle(HandleKind.Vma, vma.slot));
  k.argNumber(1, pageAddr(k, at));
  k.callC(f, pc, hook);
  return true;
}

/**
 * `mm/mmap.c:copy_vma`: vm_pgoff moves along, so the linear rule is kept, but for an anonymous VMA that has no anon_vma yet: there it
 * becomes the new address (F.V-2).
 */
function copyVma(k: Kernel, f: number, vma: Vma): void {
  const l = f + 1;
  const to = vmAreaDup(k, vma);
  to.start = k.w[l + MOVE.NEW]!;
  to.end = to.start + k.w[l + MOVE.NEW_PAGES]!;
  if (vma.ops === OPS_NULL && !vma.has(VMA_ANON_VMA)) {
    to.pgoff = pageAddr(k, to.start) / PAGE_SIZE;
  } else addPgoff(k, to, k.w[l + MOVE.OLD]! - vma.start);
  k.w[l + MOVE.NEW_VMA] = to.slot;
  const open = k.program.vmOps[to.ops]?.open;
  if (open === undefined) return k.goto(f, Pc.Link);
  k.arg(0, handle(HandleKind.Vma, to.slot));
  k.callC(f, Pc.Link, open);
}

function linkAndMove(k: Kernel, f: number, vma: Vma): void {
  const l = f + 1;
  const to = k.vmas[k.w[l + MOVE.NEW_VMA]!]!;
  if (imapBusy(k, to)) return waitImap(k, f, Pc.Link, to);
  vmaLink(to);
  movePageTables(k, vma, k.w[l + MOVE.OLD]!, k.w[l + MOVE.NEW]!, k.w[l + MOVE.OLD_PAGES]!);
  const hook = k.program.vmOps[to.ops]?.mremap;
  if (hook === undefined) return finish(k, f, vma);
  k.arg(0, handle(HandleKind.Vma, to.slot));
  k.callC(f, Pc.Hooked, hook);
}

/** Unmaps the old place; after a refusal of ->mremap everything moves back and the new place goes. */
function finish(k: Kernel, f: number, vma: Vma): void {
  const l = f + 1;
  const to = k.vmas[k.w[l + MOVE.NEW_VMA]!]!;
  if (k.w[l + MOVE.ERR] === 0) return leaveOld(k, f, vma, to);
  movePageTables(k, to, k.w[l + MOVE.NEW]!, k.w[l + MOVE.OLD]!, k.w[l + MOVE.OLD_PAGES]!);
  untrackPfnClear(k, to);
  unmap(k, f, vma.mm, to.start, to.pages);
}

function leaveOld(k: Kernel, f: number, vma: Vma, to: Vma): void {
  const l = f + 1;
  const { mm } = vma;
  const from = k.w[l + MOVE.OLD]!;
  const pages = k.w[l + MOVE.OLD_PAGES]!;
  const stays = (k.w[l + MOVE.FLAGS]! & MREMAP_DONTUNMAP) !== 0;
  untrackPfnClear(k, vma);
  if (stays) {
    vma.flags &= ~VM_LOCKED_MASK;
    if (vma.start === from && vma.pages === pages) vma.put(VMA_ANON_VMA, false);
  }
  vmaMerge(k, to);
  if (stays) return k.ret(f, k.w[l + MOVE.NEW]!);
  unmap(k, f, mm, from, pages);
}

/** The memory type belongs to the other VMA now. */
function untrackPfnClear(k: Kernel, vma: Vma): void {
  if ((vma.flags & VM_PFNMAP) !== 0 && k.facts.trackSetsVmPat) vma.flags &= ~VM_PAT;
}

function unmap(k: Kernel, f: number, mm: number, from: number, pages: number): void {
  const nf = k.call(f, Pc.Unmapped, doMunmap);
  k.w[nf + 1] = mm;
  k.w[nf + 2] = from;
  k.w[nf + 3] = from + pages;
}

/**
 * `mm/mremap.c:move_page_tables`: entries keep frame and permissions, no page is counted. A PMD leaf moves whole or, if either end is
 * not aligned to it, is split, which for a file mapping means that it is gone. A PUD leaf is taken for a bad entry and cleared with a
 * report but no TLB flush: what the old address still translates to nobody knows (H-1).
 */
export function movePageTables(k: Kernel, vma: Vma, from: number, to: number, pages: number): void {
  const { mm } = vma;
  const tracked = vmaSoftDirtyEnabled(k, vma);
  let i = 0;
  while (i < pages) {
    const e = walk(k, mm, from + i);
    const { level } = k;
    const span = levelPages(k, level);
    if (level === Level.Pte) {
      if (hasPteTable(k, mm, from + i)) pteAlloc(k, mm, to + i);
      moveEntry(k, e, pteAt(k, mm, to + i), tracked);
    } else if (level === Level.Pud && k.facts.mremapDropsPudLeaf) return k.undefinedBehaviour(Undefined.H1);
    else if ((from + i) % span !== 0 || (to + i) % span !== 0 || pages - i < span) splitHuge(k, vma, e);
    else {
      if (level === Level.Pmd) pmdAlloc(k, mm, to + i);
      moveEntry(k, e, entryAt(k, mm, to + i, level), tracked && level === Level.Pmd);
    }
    i += span - ((from + i) % span);
  }
}

/** @param softDirty whether it gets the soft-dirty bit, for it is new where it is (not a PUD leaf) */
function moveEntry(k: Kernel, e: number, to: number, softDirty: boolean): void {
  if (none(k, e)) return;
  k.w[to] = k.w[e]!;
  k.w[to + 1] = k.w[e + 1]!;
  if (softDirty) k.w[to + 1]! |= PTE_SOFT_DIRTY;
  clearEntry(k, e);
}
