/** mremap(): `mm/mremap.c` (C.8). */
import { userPage } from '../fault.js';
import type { Kernel } from '../kernel.js';
import { LockMode, routine, type Routine } from '../routine.js';
import { CapacityError } from '../layout.js';
import { EFAULT, EINVAL, ENOMEM } from '../errno.js';
import { VM_DONTEXPAND, VM_MAYSHARE, VM_PFNMAP, VM_SHARED, VM_SPECIAL } from '../flags.js';
import { MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE } from '../uapi.js';
import type { Vma } from '../world.js';
import { arg64, beyondTaskSize, bounded, nameable, pagesOf, retAddr } from './mmap.js';
import { MOVE, moveVma } from './move.js';
import { doMunmap, findVma, getUnmappedArea, isFree, leafAlign, vmaLookup, vmaMerge } from './vma.js';
import { offsetInPage, PAGE_SIZE } from './page.js';

/** Local words: five arguments of two words each, then pages, and how far a move of several VMAs has come. */
const L = {
  ADDR: 0,
  OLD_LEN: 2,
  NEW_LEN: 4,
  FLAGS: 6,
  NEW_ADDR: 8,
  PG: 10,
  OLD: 11,
  NEW: 12,
  TO: 13,
  AT: 14,
  WORDS: 15,
} as const;

const Pc = {
  Start: 0,
  Shrunk: 1,
  TargetGone: 2,
  ToShrunk: 3,
  Moved: 4,
  Piece: 5,
  PieceRoom: 6,
  PieceMoved: 7,
} as const;

/** The mremap system call. Arguments: address, old length, new length, flags, new address. Returns the address or -errno. */
export const sysMremap: Routine = routine('mm/mremap.c:mremap', L.WORDS, (k, f, pc) => {
  switch (pc) {
    case Pc.Start:
      return start(k, f);
    case Pc.Shrunk: {
      const err = k.takeRet();
      if (err !== 0) return leave(k, f, err);
      k.upRead(k.mmapLock(k.currentProc));
      return retAddr(k, f, k.w[f + 1 + L.PG]!);
    }
    case Pc.TargetGone: {
      const err = k.takeRet();
      return err !== 0 ? leave(k, f, err) : shrinkSource(k, f);
    }
    case Pc.ToShrunk: {
      const err = k.takeRet();
      return err !== 0 ? leave(k, f, err) : resizeAndMove(k, f);
    }
    case Pc.Moved:
      return leave(k, f, k.takeRet());
    case Pc.Piece:
      return nextPiece(k, f);
    case Pc.PieceRoom: {
      const err = k.takeRet();
      return err !== 0 ? leave(k, f, err) : movePiece(k, f);
    }
    default: {
      const at = k.takeRet();
      return at < 0 ? leave(k, f, at) : k.goto(f, Pc.Piece);
    }
  }
});

/** Unlocks and returns: a page of the arena as an address, or -errno. */
function leave(k: Kernel, f: number, pgOrErr: number): void {
  k.upWrite(k.mmapLock(k.currentProc));
  if (pgOrErr < 0) return k.ret(f, pgOrErr);
  retAddr(k, f, pgOrErr);
}

/** Flag errors of all releases, before the lock. */
function badArguments(k: Kernel, l: number): boolean {
  const flags = k.w[l + L.FLAGS]!;
  if ((flags & ~(MREMAP_FIXED | MREMAP_MAYMOVE | MREMAP_DONTUNMAP)) !== 0) return true;
  const move = (flags & MREMAP_MAYMOVE) !== 0;
  if ((flags & MREMAP_FIXED) !== 0 && !move) return true;
  const oldLen = arg64(k, l + L.OLD_LEN);
  const newLen = arg64(k, l + L.NEW_LEN);
  if ((flags & MREMAP_DONTUNMAP) !== 0 && (!move || oldLen !== newLen)) return true;
  return offsetInPage(k.w[l + L.ADDR]!) !== 0 || newLen === 0;
}

function start(k: Kernel, f: number): void {
  const l = f + 1;
  if (badArguments(k, l)) return k.ret(f, -EINVAL);
  const proc = k.currentProc;
  const lock = k.mmapLock(proc);
  if (!k.tryWrite(lock)) return k.wait(f, Pc.Start, lock, LockMode.Write);
  const pg = userPage(k, k.w[l + L.ADDR]!, k.w[l + L.ADDR + 1]!);
  const vma = vmaLookup(k, proc, pg);
  if (vma === undefined) return leave(k, f, -EFAULT);
  k.w[l + L.PG] = pg;
  k.w[l + L.OLD] = bounded(pagesOf(arg64(k, l + L.OLD_LEN)));
  k.w[l + L.NEW] = bounded(pagesOf(arg64(k, l + L.NEW_LEN)));
  const flags = k.w[l + L.FLAGS]!;
  if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) !== 0) return mremapTo(k, f, vma);
  const oldPages = k.w[l + L.OLD]!;
  const newPages = k.w[l + L.NEW]!;
  if (oldPages > newPages) return unmap(k, f, Pc.Shrunk, pg + newPages, pg + oldPages);
  if (oldPages === newPages) return leave(k, f, pg);
  grow(k, f, vma);
}

function unmap(k: Kernel, f: number, pc: number, startPg: number, endPg: number): void {
  const nf = k.call(f, pc, doMunmap);
  k.w[nf + 1] = k.currentProc;
  k.w[nf + 2] = startPg;
  k.w[nf + 3] = Math.min(endPg, k.layout.caps.arena);
  if (pc === Pc.Shrunk) k.w[nf + 4] = 1;
}

/**
 * `mm/mremap.c:vma_to_resize`, later `check_prep_vma`: may this part of the VMA be resized or moved?
 * @param stays the old place stays mapped (MREMAP_DONTUNMAP)
 * @returns 0 or -errno
 */
function resizeError(
  k: Kernel,
  vma: Vma,
  pg: number,
  oldPages: number,
  newPages: number,
  stays: boolean,
): number {
  if (oldPages === 0 && (vma.flags & (VM_SHARED | VM_MAYSHARE)) === 0) return -EINVAL;
  const fixedSize = (vma.flags & (VM_DONTEXPAND | VM_PFNMAP)) !== 0;
  if (stays && fixedSize) return -EINVAL;
  if (oldPages > vma.end - pg) return -EFAULT;
  if (newPages === oldPages) return 0;
  if (vma.pgoff + (pg - vma.start) + newPages >= 2 ** k.facts.bitsPerLong) return -EINVAL;
  return fixedSize ? -EFAULT : 0;
}

function dontunmap(k: Kernel, l: number): boolean {
  return (k.w[l + L.FLAGS]! & MREMAP_DONTUNMAP) !== 0;
}

/** Neither FIXED nor DONTUNMAP, and longer: in place if there is room behind, else elsewhere. */
function grow(k: Kernel, f: number, vma: Vma): void {
  const l = f + 1;
  const pg = k.w[l + L.PG]!;
  const oldPages = k.w[l + L.OLD]!;
  const newPages = k.w[l + L.NEW]!;
  const err = resizeError(k, vma, pg, oldPages, newPages, false);
  if (err !== 0) return leave(k, f, err);
  if (pg + oldPages === vma.end) {
    nameable(k, pg, newPages);
    if (isFree(k, vma.mm, vma.end, pg + newPages))
      return leave(k, f, growInPlace(k, vma, pg + newPages) ? pg : -ENOMEM);
  }
  if ((k.w[l + L.FLAGS]! & MREMAP_MAYMOVE) === 0) return leave(k, f, -ENOMEM);
  moveTo(k, f, vma, roomFor(k, vma, newPages));
}

/** The extension is a merge, and a merge refuses special VMAs; 6.1 adjusts a VMA with ->close without asking. */
function growInPlace(k: Kernel, vma: Vma, end: number): boolean {
  const adjusts = k.facts.mremapGrowsInPlaceIfClose && k.program.vmOps[vma.ops]?.close !== undefined;
  if ((vma.flags & VM_SPECIAL) !== 0 && !adjusts) return false;
  vma.end = end;
  vmaMerge(k, vma);
  return true;
}

/** get_unmapped_area() for a move. */
function roomFor(k: Kernel, vma: Vma, pages: number): number {
  const driver = vma.file >= 0 ? k.program.drivers[k.files[vma.file]!.driver] : undefined;
  const align = leafAlign(k, pages, driver?.getUnmappedArea !== undefined);
  const at = getUnmappedArea(k, vma.mm, pages, align);
  if (at < 0) throw new CapacityError('arena');
  return at;
}

function moveTo(k: Kernel, f: number, vma: Vma, to: number): void {
  const l = f + 1;
  callMove(k, f, Pc.Moved, vma, k.w[l + L.PG]!, k.w[l + L.OLD]!, to, k.w[l + L.NEW]!);
}

function callMove(
  k: Kernel,
  f: number,
  pc: number,
  vma: Vma,
  from: number,
  oldPages: number,
  to: number,
  newPages: number,
): void {
  const flags = k.w[f + 1 + L.FLAGS]!;
  const nf = k.call(f, pc, moveVma);
  k.w[nf + 1 + MOVE.VMA] = vma.slot;
  k.w[nf + 1 + MOVE.OLD] = from;
  k.w[nf + 1 + MOVE.OLD_PAGES] = oldPages;
  k.w[nf + 1 + MOVE.NEW] = to;
  k.w[nf + 1 + MOVE.NEW_PAGES] = newPages;
  k.w[nf + 1 + MOVE.FLAGS] = flags;
}

/** `mm/mremap.c:mremap_to`: up to 6.12 the target goes, and a shrink is done, before anything is asked about the source. */
function mremapTo(k: Kernel, f: number, vma: Vma): void {
  const l = f + 1;
  const flags = k.w[l + L.FLAGS]!;
  const fixed = (flags & MREMAP_FIXED) !== 0;
  const oldPages = k.w[l + L.OLD]!;
  const newPages = k.w[l + L.NEW]!;
  if (fixed) {
    const target = fixedTarget(k, l, newPages);
    if (target < 0) return leave(k, f, target);
    k.w[l + L.TO] = target;
  }
  if (k.facts.mremapManyVmas && fixed && oldPages === newPages) {
    k.w[l + L.AT] = k.w[l + L.PG]!;
    return k.goto(f, Pc.Piece);
  }
  if (!k.facts.mremapUnmapsBeforeChecks) {
    const err = resizeError(k, vma, k.w[l + L.PG]!, Math.min(oldPages, newPages), newPages, dontunmap(k, l));
    if (err !== 0) return leave(k, f, err);
  }
  if (!fixed) return shrinkSource(k, f);
  unmap(k, f, Pc.TargetGone, k.w[l + L.TO]!, k.w[l + L.TO]! + newPages);
}

/** The page that MREMAP_FIXED names, or -EINVAL: unaligned, beyond user space, or overlapping the old place. */
function fixedTarget(k: Kernel, l: number, newPages: number): number {
  const to = arg64(k, l + L.NEW_ADDR);
  const from = arg64(k, l + L.ADDR);
  const newLen = newPages * PAGE_SIZE;
  if (offsetInPage(k.w[l + L.NEW_ADDR]!) !== 0) return -EINVAL;
  if (beyondTaskSize(k, to + newLen)) return -EINVAL;
  if (from + k.w[l + L.OLD]! * PAGE_SIZE > to && to + newLen > from) return -EINVAL;
  const pg = (to - k.arenaBase) / PAGE_SIZE;
  nameable(k, pg, newPages);
  return pg;
}

function shrinkSource(k: Kernel, f: number): void {
  const l = f + 1;
  const pg = k.w[l + L.PG]!;
  const oldPages = k.w[l + L.OLD]!;
  const newPages = k.w[l + L.NEW]!;
  if (oldPages <= newPages) return resizeAndMove(k, f);
  k.w[l + L.OLD] = newPages;
  unmap(k, f, Pc.ToShrunk, pg + newPages, pg + oldPages);
}

function resizeAndMove(k: Kernel, f: number): void {
  const l = f + 1;
  const pg = k.w[l + L.PG]!;
  const flags = k.w[l + L.FLAGS]!;
  const vma = vmaLookup(k, k.currentProc, pg);
  if (vma === undefined) return leave(k, f, -EFAULT);
  const err = resizeError(k, vma, pg, k.w[l + L.OLD]!, k.w[l + L.NEW]!, dontunmap(k, l));
  if (err !== 0) return leave(k, f, err);
  moveTo(k, f, vma, (flags & MREMAP_FIXED) !== 0 ? k.w[l + L.TO]! : roomFor(k, vma, k.w[l + L.NEW]!));
}

/** `mm/mremap.c:remap_move` [7.2]: each VMA of the range by itself, the gaps between them kept. */
function nextPiece(k: Kernel, f: number): void {
  const l = f + 1;
  const end = k.w[l + L.PG]! + k.w[l + L.OLD]!;
  const vma = findVma(k, k.currentProc, k.w[l + L.AT]!);
  if (vma === undefined || vma.start >= end) return leave(k, f, k.w[l + L.TO]!);
  const from = Math.max(vma.start, k.w[l + L.AT]!);
  const pages = Math.min(vma.end, end) - from;
  const several = from !== k.w[l + L.PG] || from + pages < end;
  const driver = vma.file >= 0 ? k.program.drivers[k.files[vma.file]!.driver] : undefined;
  if (several && driver?.getUnmappedArea !== undefined) return leave(k, f, -EFAULT);
  const err = resizeError(k, vma, from, pages, pages, dontunmap(k, l));
  if (err !== 0) return leave(k, f, err);
  k.w[l + L.AT] = from;
  const to = k.w[l + L.TO]! + from - k.w[l + L.PG]!;
  unmap(k, f, Pc.PieceRoom, to, to + pages);
}

function movePiece(k: Kernel, f: number): void {
  const l = f + 1;
  const from = k.w[l + L.AT]!;
  // The range and the target do not overlap, so making room has left it.
  const vma = vmaLookup(k, k.currentProc, from)!;
  const pages = Math.min(vma.end, k.w[l + L.PG]! + k.w[l + L.OLD]!) - from;
  k.w[l + L.AT] = from + pages;
  callMove(k, f, Pc.PieceMoved, vma, from, pages, k.w[l + L.TO]! + from - k.w[l + L.PG]!, pages);
}
