/** Page faults: `mm/memory.c:handle_mm_fault` down to the installation of the page (C.2, C.3). */
import type { Kernel } from '../../kernel.js';
import { routine, Undefined, type CFunction, type Routine, UnknownError } from '../../routine.js';
import { handle, HandleKind, handleIndex } from '../../handle.js';
import {
  FAULT_FLAG_MKWRITE,
  FAULT_FLAG_UNSHARE,
  FAULT_FLAG_VMA_LOCK,
  FAULT_FLAG_WRITE,
  VM_FAULT_DONE_COW,
  VM_FAULT_ERROR,
  VM_FAULT_FALLBACK,
  VM_FAULT_LOCKED,
  VM_FAULT_NOPAGE,
  VM_FAULT_OOM,
  VM_FAULT_RETRY,
  VM_FAULT_SIGBUS,
  VM_FAULT_SIGSEGV,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_SHARED,
  VM_WRITE,
} from '../../flags.js';
import { Level, PTE_GHOST_COUNTED, PTE_WRITE } from '../../pte.js';
import { OPS_NULL, PG_ANON, PG_EXCLUSIVE, VMA_ANON_VMA, type Vma } from '../../world.js';
import { hugeFaultOf, splitHuge, thpVmaAllowableOrder } from '../huge_memory.js';
import {
  levelPages,
  mkspecial,
  none,
  pmdAlloc,
  pmdAt,
  present,
  pteAlloc,
  pteAt,
  pudAt,
  setEntry,
  walk,
} from '../pgtable.js';
import { allocPages, copyPage, freePages, getPage, NO_MEMORY, putPage } from '../page_alloc.js';
import { vmNormalPage, zeroPfnOf } from './classify.js';
import { addRmap, removeRmap } from './zap.js';
import { VMF } from './vmf.js';
import { maybeMkwrite } from '../soft_dirty.js';
import { decideWp, Wp, wpMakeWritable, wpPrepareCopy } from './wp.js';

const Pc = {
  Start: 0,
  MapPages: 1,
  Fault: 2,
  SharedMkwrite: 3,
  PfnMkwrite: 4,
  PageMkwrite: 5,
  Copied: 6,
  HugePud: 7,
  HugePmd: 8,
  WpPud: 9,
  WpPmd: 10,
} as const;

const STOP = VM_FAULT_ERROR | VM_FAULT_NOPAGE | VM_FAULT_RETRY;

/**
 * `mm/memory.c:handle_mm_fault`: arguments are the VMA slot, the page of the arena and FAULT_FLAG_*; the caller holds mmap_lock.
 * Returns vm_fault_t: 0 when the entry is there now, or VM_FAULT_NOPAGE, or an error.
 */
export const handleMmFault: Routine = routine('mm/memory.c:handle_mm_fault', VMF.WORDS, (k, f, pc) => {
  const vma = k.vmas[k.w[f + 1 + VMF.VMA]!]!;
  switch (pc) {
    case Pc.Start:
      return start(k, f, vma);
    case Pc.MapPages: {
      const r = k.takeRet();
      return r !== 0 ? k.ret(f, r) : callFault(k, f, vma);
    }
    case Pc.Fault:
      return afterFault(k, f, vma, k.takeRet());
    case Pc.SharedMkwrite: {
      const r = k.takeRet();
      if (mayWrite(r)) return finishFault(k, f, vma, pageOf(k, f));
      putPage(k, pageOf(k, f));
      return k.ret(f, r & ~VM_FAULT_LOCKED);
    }
    case Pc.PfnMkwrite: {
      const r = k.takeRet();
      return (r & (VM_FAULT_ERROR | VM_FAULT_NOPAGE)) !== 0 ? k.ret(f, r) : finishMkwrite(k, f, vma);
    }
    case Pc.PageMkwrite: {
      const r = k.takeRet();
      putPage(k, pageOf(k, f));
      return mayWrite(r) ? finishMkwrite(k, f, vma) : k.ret(f, r & ~VM_FAULT_LOCKED);
    }
    case Pc.HugePud: {
      const r = k.takeRet();
      return (r & VM_FAULT_FALLBACK) === 0 ? k.ret(f, r) : faultPmd(k, f, vma);
    }
    case Pc.HugePmd: {
      const r = k.takeRet();
      return (r & VM_FAULT_FALLBACK) === 0 ? k.ret(f, r) : handlePteFault(k, f, vma);
    }
    case Pc.WpPud:
    case Pc.WpPmd: {
      const r = k.takeRet();
      return (r & VM_FAULT_FALLBACK) === 0 ? k.ret(f, r) : splitForWrite(k, f, vma, pc);
    }
    default:
      return installCopy(k, f, vma);
  }
});

/** Calls {@link handleMmFault} for page `pg` of a VMA. @param pc where the caller goes on, with {@link takeFault} */
export function callHandleMmFault(
  k: Kernel,
  f: number,
  pc: number,
  vma: Vma,
  pg: number,
  flags: number,
): void {
  const nf = k.call(f, pc, handleMmFault);
  k.w[nf + 1 + VMF.VMA] = vma.slot;
  k.w[nf + 1 + VMF.PG] = pg;
  k.w[nf + 1 + VMF.FLAGS] = flags;
}

/**
 * The vm_fault_t that it has answered.
 * @throws UnknownError for what is none: a handler has returned -errno
 */
export function takeFault(k: Kernel): number {
  const r = k.takeRet();
  if (r < 0) throw new UnknownError(`a handler returned ${r}, which is no VM_FAULT_... code`);
  return r;
}

/** What page_mkwrite has answered: unless it has locked the page and says nothing else, it is not written now. */
function mayWrite(r: number): boolean {
  return (r & VM_FAULT_LOCKED) !== 0 && (r & (VM_FAULT_ERROR | VM_FAULT_NOPAGE)) === 0;
}

/** Word index of the PTE that the fault is about. */
function entryOf(k: Kernel, f: number): number {
  return pteAt(k, k.vmas[k.w[f + 1 + VMF.VMA]!]!.mm, k.w[f + 1 + VMF.PG]!);
}

/** Frame of vmf->page. */
function pageOf(k: Kernel, f: number): number {
  return handleIndex(k.w[f + 1 + VMF.PAGE]!);
}

/** `mm/memory.c:sanitize_fault_flags`: from 6.12 a write to a shared VMA that can never be written warns, and is SIGSEGV. */
function isWrongWrite(k: Kernel, vma: Vma, flags: number): boolean {
  if (vma.cow || (flags & FAULT_FLAG_WRITE) === 0 || !k.facts.sanitizesFaultFlags) return false;
  return (vma.flags & (VM_WRITE | VM_MAYWRITE)) !== (VM_WRITE | VM_MAYWRITE);
}

function start(k: Kernel, f: number, vma: Vma): void {
  if (isWrongWrite(k, vma, k.w[f + 1 + VMF.FLAGS]!)) {
    k.warn();
    return k.ret(f, VM_FAULT_SIGSEGV);
  }
  if (k.layout.leaves) faultPud(k, f, vma);
  else handlePteFault(k, f, vma);
}

/** `mm/memory.c:__handle_mm_fault` at the PUD: an empty entry may become a leaf, a leaf that forbids the write asks the driver. */
function faultPud(k: Kernel, f: number, vma: Vma): void {
  const flags = k.w[f + 1 + VMF.FLAGS]!;
  k.w[f + 1 + VMF.LEVEL] = Level.Pud;
  const pud = pudAt(k, vma.mm, k.w[f + 1 + VMF.PG]!);
  if (none(k, pud)) {
    if (thpVmaAllowableOrder(k, vma, Level.Pud)) return callHugeFault(k, f, vma, Pc.HugePud);
  } else if (present(k, pud)) {
    if ((flags & FAULT_FLAG_WRITE) !== 0 && (k.w[pud + 1]! & PTE_WRITE) === 0)
      return wpHuge(k, f, vma, Pc.WpPud);
    return k.ret(f, 0);
  }
  faultPmd(k, f, vma);
}

/** The same at the PMD. The table that this allocates is why no PUD leaf is tried here again. */
function faultPmd(k: Kernel, f: number, vma: Vma): void {
  const flags = k.w[f + 1 + VMF.FLAGS]!;
  const pg = k.w[f + 1 + VMF.PG]!;
  if (present(k, pudAt(k, vma.mm, pg))) return faultPud(k, f, vma);
  k.w[f + 1 + VMF.LEVEL] = Level.Pmd;
  pmdAlloc(k, vma.mm, pg);
  const pmd = pmdAt(k, vma.mm, pg);
  if (none(k, pmd)) {
    if (thpVmaAllowableOrder(k, vma, Level.Pmd)) return callHugeFault(k, f, vma, Pc.HugePmd);
  } else if (present(k, pmd)) {
    if (breaksCow(vma, flags) && (k.w[pmd + 1]! & PTE_WRITE) === 0) return wpHuge(k, f, vma, Pc.WpPmd);
    return k.ret(f, 0);
  }
  handlePteFault(k, f, vma);
}

/** Whether the fault wants more than to read: a write, or, of a copy-on-write VMA only, an unsharing. */
function breaksCow(vma: Vma, flags: number): boolean {
  return (flags & FAULT_FLAG_WRITE) !== 0 || (vma.cow && (flags & FAULT_FLAG_UNSHARE) !== 0);
}

function levelOf(pc: number): number {
  return pc === Pc.HugePud || pc === Pc.WpPud ? Level.Pud : Level.Pmd;
}

/** huge_fault(vmf, order). While it runs at the PUD there is no vmf->pmd. */
function callHugeFault(k: Kernel, f: number, vma: Vma, pc: number): void {
  k.arg(0, handle(HandleKind.Vmf, f + 1));
  k.arg(1, Math.log2(levelPages(k, levelOf(pc))));
  k.callC(f, pc, hugeFaultOf(k, vma)!);
}

/** `mm/memory.c:wp_huge_pmd` and `wp_huge_pud`: the driver of a shared VMA decides first. */
function wpHuge(k: Kernel, f: number, vma: Vma, pc: number): void {
  const shared = (vma.flags & VM_MAYSHARE) !== 0;
  if (shared && hugeFaultOf(k, vma) !== undefined) return callHugeFault(k, f, vma, pc);
  splitForWrite(k, f, vma, pc);
}

/** The write is left to the level below: the leaf goes, and with it what it mapped. */
function splitForWrite(k: Kernel, f: number, vma: Vma, pc: number): void {
  const pg = k.w[f + 1 + VMF.PG]!;
  const e = (pc === Pc.WpPud ? pudAt : pmdAt)(k, vma.mm, pg);
  if (present(k, e)) splitHuge(k, vma, e);
  if (pc === Pc.WpPud) faultPmd(k, f, vma);
  else handlePteFault(k, f, vma);
}

/** `mm/memory.c:handle_pte_fault`. What another thread made meanwhile, a leaf too, ends the fault: the access is tried again, and marks the entry. */
function handlePteFault(k: Kernel, f: number, vma: Vma): void {
  const flags = k.w[f + 1 + VMF.FLAGS]!;
  const e = walk(k, vma.mm, k.w[f + 1 + VMF.PG]!);
  if (k.level !== Level.Pte) return k.ret(f, 0);
  if (none(k, e)) {
    if (vma.ops === OPS_NULL) return k.ret(f, doAnonymousPage(k, vma, k.w[f + 1 + VMF.PG]!, e, flags));
    return doFault(k, f, vma, flags);
  }
  if (breaksCow(vma, flags) && (k.w[e + 1]! & PTE_WRITE) === 0) return doWpPage(k, f, vma, e, flags);
  k.ret(f, 0);
}

/** `mm/memory.c:do_anonymous_page`: the zero page for reads, a zeroed page for writes. */
function doAnonymousPage(k: Kernel, vma: Vma, pg: number, e: number, flags: number): number {
  if ((vma.flags & VM_SHARED) !== 0) return VM_FAULT_SIGBUS;
  pteAlloc(k, vma.mm, pg);
  if ((flags & FAULT_FLAG_WRITE) === 0 && !k.facts.mmForbidsZeropage) {
    setEntry(k, e, zeroPfnOf(k, pg), mkspecial(k, vma.prot));
    return 0;
  }
  const frame = allocPages(k, undefined, true);
  if (frame === NO_MEMORY) return VM_FAULT_OOM;
  installAnon(k, vma, e, frame, (vma.flags & VM_WRITE) !== 0);
  return 0;
}

/** Maps a new, exclusive anonymous page; `write` makes it dirty and, where the VMA allows, writable. */
export function installAnon(k: Kernel, vma: Vma, e: number, frame: number, write: boolean): void {
  k.pages[frame]!.flags |= PG_ANON | PG_EXCLUSIVE;
  addRmap(k, vma.mm, frame);
  vma.put(VMA_ANON_VMA, true);
  mapPage(k, vma, e, frame, write);
}

/** A counted entry of the VMA's protection; for a write dirty, and writable where the VMA is. */
function mapPage(k: Kernel, vma: Vma, e: number, frame: number, write: boolean): void {
  const flags = vma.prot | PTE_GHOST_COUNTED;
  setEntry(k, e, k.mem.pfnOf[frame]!, write ? maybeMkwrite(k, vma, flags) : flags);
}

/**
 * `mm/memory.c:do_fault`: a read asks ->map_pages first, a private write allocates its copy first. Under the lock of the VMA alone no
 * handler is called (`vmf_can_call_fault`): the fault begins again with mmap_lock, and asks huge_fault again.
 */
function doFault(k: Kernel, f: number, vma: Vma, flags: number): void {
  const ops = k.program.vmOps[vma.ops];
  if (ops?.fault === undefined) return k.ret(f, VM_FAULT_SIGBUS);
  if ((flags & FAULT_FLAG_VMA_LOCK) !== 0 && ops.mapPages === undefined) {
    k.upRead(k.mmapLock(vma.mm));
    return k.ret(f, VM_FAULT_RETRY);
  }
  const write = (flags & FAULT_FLAG_WRITE) !== 0;
  if (!write && ops.mapPages !== undefined) {
    return doFaultAround(k, f, vma, ops.mapPages);
  }
  if (write && (vma.flags & VM_SHARED) === 0) {
    const frame = allocPages(k);
    if (frame === NO_MEMORY) return k.ret(f, VM_FAULT_OOM);
    k.w[f + 1 + VMF.COW] = frame + 1;
  }
  callFault(k, f, vma);
}

/** Pages that ->map_pages may map around a fault: 64 KiB. */
const FAULT_AROUND = 16;

/** `mm/memory.c:do_fault_around`: asks for what lies in the page table, the VMA and the window around the fault. */
function doFaultAround(k: Kernel, f: number, vma: Vma, mapPages: CFunction): void {
  const pg = k.w[f + 1 + VMF.PG]!;
  const { ptrs } = k.layout;
  const inTable = pg % ptrs;
  const inVma = pg - vma.start;
  const from = Math.max(inTable - (inTable % FAULT_AROUND), inTable - Math.min(inTable, inVma));
  const to = Math.min(from + FAULT_AROUND, ptrs, inTable + vma.pages - inVma) - 1;
  const pgoff = vma.pgoff + inVma - inTable;
  k.arg(0, handle(HandleKind.Vmf, f + 1));
  k.argNumber(1, pgoff + from);
  k.argNumber(2, pgoff + to);
  k.callC(f, Pc.MapPages, mapPages);
}

function callFault(k: Kernel, f: number, vma: Vma): void {
  k.arg(0, handle(HandleKind.Vmf, f + 1));
  k.callC(f, Pc.Fault, k.program.vmOps[vma.ops]!.fault!);
}

/** `mm/memory.c:__do_fault` and its callers, once the handler has returned. */
function afterFault(k: Kernel, f: number, vma: Vma, r: number): void {
  const copies = k.w[f + 1 + VMF.COW] !== 0;
  const copy = k.w[f + 1 + VMF.COW]! - 1;
  if ((r & STOP) !== 0) {
    if (copies) freePages(k, copy);
    return k.ret(f, r);
  }
  if (copies && (r & VM_FAULT_DONE_COW) !== 0) return k.ret(f, r);
  if (k.w[f + 1 + VMF.PAGE] === 0) return k.undefinedBehaviour(Undefined.BadPointer);
  const page = pageOf(k, f);
  if (copies) {
    copyPage(k, copy, page);
    finishFault(k, f, vma, copy);
    return putPage(k, page);
  }
  const flags = k.w[f + 1 + VMF.FLAGS]!;
  const mkwrite = k.program.vmOps[vma.ops]!.pageMkwrite;
  if ((flags & FAULT_FLAG_WRITE) !== 0 && mkwrite !== undefined)
    return doPageMkwrite(k, f, Pc.SharedMkwrite, mkwrite);
  finishFault(k, f, vma, page);
}

/** `mm/memory.c:finish_fault`: installs the page, or gives it back when the entry is no longer none. */
function finishFault(k: Kernel, f: number, vma: Vma, frame: number): void {
  const pg = k.w[f + 1 + VMF.PG]!;
  const e = walk(k, vma.mm, pg);
  if (!none(k, e)) {
    putPage(k, frame);
    return k.ret(f, VM_FAULT_NOPAGE);
  }
  pteAlloc(k, vma.mm, pg);
  const write = (k.w[f + 1 + VMF.FLAGS]! & FAULT_FLAG_WRITE) !== 0;
  if (write && (vma.flags & VM_SHARED) === 0) installAnon(k, vma, e, frame, true);
  else {
    addRmap(k, vma.mm, frame);
    mapPage(k, vma, e, frame, write);
  }
  k.ret(f, 0);
}

/** `mm/memory.c:do_wp_page` (C.4): a write to (or an unsharing of) an entry that is not writable. */
function doWpPage(k: Kernel, f: number, vma: Vma, e: number, flags: number): void {
  const ops = k.program.vmOps[vma.ops];
  const frame = vmNormalPage(k, vma, k.w[f + 1 + VMF.PG]!, e);
  k.w[f + 1 + VMF.ORIG_LO] = k.w[e]!;
  k.w[f + 1 + VMF.ORIG_HI] = k.w[e + 1]!;
  const what = decideWp(k, vma, frame, flags);
  if (what === Wp.Nothing) return k.ret(f, 0);
  if (what === Wp.Copy)
    return wpPrepareCopy(k, vma, f + 1, e, frame) ? k.point(f, Pc.Copied) : k.ret(f, VM_FAULT_OOM);
  if (what === Wp.PfnShared && ops?.pfnMkwrite !== undefined) {
    k.w[f + 1 + VMF.FLAGS]! |= FAULT_FLAG_MKWRITE;
    k.arg(0, handle(HandleKind.Vmf, f + 1));
    return k.callC(f, Pc.PfnMkwrite, ops.pfnMkwrite);
  }
  if (what === Wp.PageShared && ops?.pageMkwrite !== undefined) {
    getPage(k, frame);
    k.w[f + 1 + VMF.PAGE] = handle(HandleKind.Page, frame);
    return doPageMkwrite(k, f, Pc.PageMkwrite, ops.pageMkwrite);
  }
  wpMakeWritable(k, vma, e);
  k.ret(f, 0);
}

/** `mm/memory.c:do_page_mkwrite`: the driver sees that it is a write, and nothing else of the fault. */
function doPageMkwrite(k: Kernel, f: number, pc: number, fn: CFunction): void {
  k.w[f + 1 + VMF.FLAGS] = FAULT_FLAG_WRITE | FAULT_FLAG_MKWRITE;
  k.arg(0, handle(HandleKind.Vmf, f + 1));
  k.callC(f, pc, fn);
}

function unchanged(k: Kernel, f: number, e: number): boolean {
  return k.w[e] === k.w[f + 1 + VMF.ORIG_LO] && k.w[e + 1] === k.w[f + 1 + VMF.ORIG_HI];
}

/** `mm/memory.c:finish_mkwrite_fault`. */
function finishMkwrite(k: Kernel, f: number, vma: Vma): void {
  const e = entryOf(k, f);
  if (!unchanged(k, f, e)) return k.ret(f, VM_FAULT_NOPAGE);
  wpMakeWritable(k, vma, e);
  k.ret(f, 0);
}

/** The second half of `mm/memory.c:wp_page_copy`: back under the page-table lock. */
function installCopy(k: Kernel, f: number, vma: Vma): void {
  const e = entryOf(k, f);
  const copy = k.w[f + 1 + VMF.COW]! - 1;
  const isPage = k.w[f + 1 + VMF.OLD] !== 0;
  const old = k.w[f + 1 + VMF.OLD]! - 1;
  if (!unchanged(k, f, e)) freePages(k, copy);
  else {
    installAnon(k, vma, e, copy, (k.w[f + 1 + VMF.FLAGS]! & FAULT_FLAG_UNSHARE) === 0);
    if (isPage) {
      removeRmap(k, vma.mm, old);
      putPage(k, old);
    }
  }
  if (isPage) putPage(k, old);
  k.ret(f, 0);
}
