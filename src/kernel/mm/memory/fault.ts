/** Page faults: `mm/memory.c:handle_mm_fault` down to the installation of the page (C.2, C.3). */
import type { Kernel } from '../../kernel.js';
import { routine, Undefined, UnknownError, type CFunction, type Routine } from '../../routine.js';
import { handle, HandleKind, handleIndex } from '../../handle.js';
import {
  FAULT_FLAG_MKWRITE,
  FAULT_FLAG_UNSHARE,
  FAULT_FLAG_WRITE,
  VM_FAULT_DONE_COW,
  VM_FAULT_ERROR,
  VM_FAULT_LOCKED,
  VM_FAULT_NOPAGE,
  VM_FAULT_OOM,
  VM_FAULT_RETRY,
  VM_FAULT_SIGBUS,
  VM_FAULT_SIGSEGV,
  VM_MAYWRITE,
  VM_SHARED,
  VM_WRITE,
} from '../../flags.js';
import { Level, PTE_DIRTY, PTE_GHOST_COUNTED, PTE_SPECIAL, PTE_WRITE } from '../../pte.js';
import { OPS_NULL, PG_ANON, PG_EXCLUSIVE, VMA_ANON_VMA, type Vma } from '../../world.js';
import { clearEntry, none, pteAt, setEntry, walk } from '../pgtable.js';
import { allocPages, copyPage, freePages, getPage, putPage } from '../page_alloc.js';
import { vmNormalPage, zeroPfnOf } from './classify.js';
import { pgoffNumber } from './remap.js';
import { addRmap, removeRmap } from './zap.js';
import { VMF } from './vmf.js';
import { decideWp, Wp, wpMakeWritable, wpPrepareCopy } from './wp.js';

const Pc = {
  Start: 0,
  MapPages: 1,
  Fault: 2,
  SharedMkwrite: 3,
  PfnMkwrite: 4,
  PageMkwrite: 5,
  Copied: 6,
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
      if ((r & (VM_FAULT_ERROR | VM_FAULT_NOPAGE)) !== 0 || (r & VM_FAULT_LOCKED) === 0) {
        putPage(k, pageOf(k, f));
        return k.ret(f, r & ~VM_FAULT_LOCKED);
      }
      return finishFault(k, f, vma, pageOf(k, f));
    }
    case Pc.PfnMkwrite: {
      const r = k.takeRet();
      return (r & (VM_FAULT_ERROR | VM_FAULT_NOPAGE)) !== 0 ? k.ret(f, r) : finishMkwrite(k, f, vma);
    }
    case Pc.PageMkwrite: {
      const r = k.takeRet();
      putPage(k, k.w[f + 1 + VMF.OLD]! - 1);
      if ((r & (VM_FAULT_ERROR | VM_FAULT_NOPAGE)) !== 0 || (r & VM_FAULT_LOCKED) === 0) {
        return k.ret(f, r & ~VM_FAULT_LOCKED);
      }
      return finishMkwrite(k, f, vma);
    }
    default:
      return installCopy(k, f, vma);
  }
});

/** Word index of the PTE that the fault is about. */
function entryOf(k: Kernel, f: number): number {
  return pteAt(k, k.vmas[k.w[f + 1 + VMF.VMA]!]!.mm, k.w[f + 1 + VMF.PG]!);
}

/** Frame of vmf->page. */
function pageOf(k: Kernel, f: number): number {
  return handleIndex(k.w[f + 1 + VMF.PAGE]!);
}

/**
 * `mm/memory.c:sanitize_fault_flags`: only copy-on-write VMAs are unshared, and from 6.12 a write to a VMA that can never be written warns.
 * @returns the flags, or -1 for SIGSEGV
 */
function sanitizeFaultFlags(k: Kernel, vma: Vma, flags: number): number {
  if (vma.cow) return flags;
  if ((flags & FAULT_FLAG_WRITE) !== 0 && k.facts.sanitizesFaultFlags) {
    if ((vma.flags & (VM_WRITE | VM_MAYWRITE)) !== (VM_WRITE | VM_MAYWRITE)) {
      k.warn();
      return -1;
    }
  }
  return flags & ~FAULT_FLAG_UNSHARE;
}

/** `mm/memory.c:handle_pte_fault`. */
function start(k: Kernel, f: number, vma: Vma): void {
  const flags = sanitizeFaultFlags(k, vma, k.w[f + 1 + VMF.FLAGS]!);
  if (flags < 0) return k.ret(f, VM_FAULT_SIGSEGV);
  k.w[f + 1 + VMF.FLAGS] = flags;
  const pg = k.w[f + 1 + VMF.PG]!;
  const e = walk(k, vma.mm, pg);
  if (k.level !== Level.Pte) throw new UnknownError('a fault under a huge entry is not modelled');
  if (none(k, e)) {
    if (vma.ops === OPS_NULL) return k.ret(f, doAnonymousPage(k, vma, pg, e, flags));
    return doFault(k, f, vma, flags);
  }
  if ((flags & (FAULT_FLAG_WRITE | FAULT_FLAG_UNSHARE)) !== 0) {
    if ((k.w[e + 1]! & PTE_WRITE) === 0) return doWpPage(k, f, vma, e, flags);
    if ((flags & FAULT_FLAG_WRITE) !== 0) k.w[e + 1]! |= PTE_DIRTY;
  }
  k.ret(f, 0);
}

/** `mm/memory.c:do_anonymous_page`: the zero page for reads, a zeroed page for writes. */
function doAnonymousPage(k: Kernel, vma: Vma, pg: number, e: number, flags: number): number {
  if ((vma.flags & VM_SHARED) !== 0) return VM_FAULT_SIGBUS;
  if ((flags & FAULT_FLAG_WRITE) === 0 && !k.facts.mmForbidsZeropage) {
    setEntry(k, e, zeroPfnOf(k, pg), vma.prot | (k.facts.pteSpecial ? PTE_SPECIAL : 0));
    return 0;
  }
  const frame = allocPages(k, 0, true);
  if (frame < 0) return VM_FAULT_OOM;
  installAnon(k, vma, e, frame, (vma.flags & VM_WRITE) !== 0);
  return 0;
}

/** Maps a new, exclusive anonymous page; `write` makes it dirty and, where the VMA allows, writable. */
export function installAnon(k: Kernel, vma: Vma, e: number, frame: number, write: boolean): void {
  k.pages[frame]!.flags |= PG_ANON | PG_EXCLUSIVE;
  addRmap(k, vma.mm, frame);
  vma.put(VMA_ANON_VMA, true);
  let flags = vma.prot | PTE_GHOST_COUNTED;
  if (write) flags |= PTE_DIRTY | ((vma.flags & VM_WRITE) !== 0 ? PTE_WRITE : 0);
  setEntry(k, e, k.mem.pfnOf[frame]!, flags);
}

/** `mm/memory.c:do_fault`: a read asks ->map_pages first, a private write allocates its copy first. */
function doFault(k: Kernel, f: number, vma: Vma, flags: number): void {
  const ops = k.program.vmOps[vma.ops];
  if (ops?.fault === undefined) return k.ret(f, VM_FAULT_SIGBUS);
  const write = (flags & FAULT_FLAG_WRITE) !== 0;
  if (!write && ops.mapPages !== undefined) {
    return doFaultAround(k, f, vma, ops.mapPages);
  }
  if (write && (vma.flags & VM_SHARED) === 0) {
    vma.put(VMA_ANON_VMA, true);
    const frame = allocPages(k, 0, false);
    if (frame < 0) return k.ret(f, VM_FAULT_OOM);
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
  const pgoff = pgoffNumber(vma) + inVma - inTable;
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
  const cow = k.w[f + 1 + VMF.COW]! - 1;
  if ((r & STOP) !== 0) {
    if (cow >= 0) freePages(k, cow, 0);
    return k.ret(f, r);
  }
  if (cow >= 0 && (r & VM_FAULT_DONE_COW) !== 0) return k.ret(f, r);
  if (k.w[f + 1 + VMF.PAGE] === 0) return k.undefinedBehaviour(Undefined.BadPointer);
  const page = pageOf(k, f);
  if (cow >= 0) {
    copyPage(k, cow, page);
    finishFault(k, f, vma, cow);
    return putPage(k, page);
  }
  const flags = k.w[f + 1 + VMF.FLAGS]!;
  const mkwrite = k.program.vmOps[vma.ops]!.pageMkwrite;
  if ((flags & FAULT_FLAG_WRITE) !== 0 && mkwrite !== undefined) {
    k.w[f + 1 + VMF.FLAGS] = flags | FAULT_FLAG_MKWRITE;
    k.arg(0, handle(HandleKind.Vmf, f + 1));
    return k.callC(f, Pc.SharedMkwrite, mkwrite);
  }
  finishFault(k, f, vma, page);
}

/** `mm/memory.c:finish_fault`: installs the page, or gives it back when the entry is no longer none. */
function finishFault(k: Kernel, f: number, vma: Vma, frame: number): void {
  const e = entryOf(k, f);
  if (!none(k, e)) {
    putPage(k, frame);
    return k.ret(f, VM_FAULT_NOPAGE);
  }
  const write = (k.w[f + 1 + VMF.FLAGS]! & FAULT_FLAG_WRITE) !== 0;
  if (write && (vma.flags & VM_SHARED) === 0) installAnon(k, vma, e, frame, true);
  else {
    addRmap(k, vma.mm, frame);
    let flags = vma.prot | PTE_GHOST_COUNTED;
    if (write) flags |= PTE_DIRTY | ((vma.flags & VM_WRITE) !== 0 ? PTE_WRITE : 0);
    setEntry(k, e, k.mem.pfnOf[frame]!, flags);
  }
  k.ret(f, 0);
}

/** `mm/memory.c:do_wp_page` (C.4): a write to (or an unsharing of) an entry that is not writable. */
function doWpPage(k: Kernel, f: number, vma: Vma, e: number, flags: number): void {
  const ops = k.program.vmOps[vma.ops];
  const frame = vmNormalPage(k, vma, k.w[f + 1 + VMF.PG]!, e);
  if (k.frozen) return;
  k.w[f + 1 + VMF.ORIG_LO] = k.w[e]!;
  k.w[f + 1 + VMF.ORIG_HI] = k.w[e + 1]!;
  switch (decideWp(k, vma, frame, flags)) {
    case Wp.Nothing:
      return k.ret(f, 0);
    case Wp.PfnShared:
      if (ops?.pfnMkwrite === undefined) break;
      return callMkwrite(k, f, Pc.PfnMkwrite, ops.pfnMkwrite);
    case Wp.PageShared: {
      if (ops?.pageMkwrite === undefined) break;
      getPage(k, frame);
      k.w[f + 1 + VMF.OLD] = frame + 1;
      k.w[f + 1 + VMF.PAGE] = handle(HandleKind.Page, frame);
      return callMkwrite(k, f, Pc.PageMkwrite, ops.pageMkwrite);
    }
    case Wp.Copy:
      if (!wpPrepareCopy(k, vma, f + 1, e, frame)) return k.ret(f, VM_FAULT_OOM);
      return k.point(f, Pc.Copied);
    default:
      break;
  }
  wpMakeWritable(k, vma, e);
  k.ret(f, 0);
}

function callMkwrite(k: Kernel, f: number, pc: number, fn: CFunction): void {
  k.w[f + 1 + VMF.FLAGS]! |= FAULT_FLAG_MKWRITE;
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
  const old = k.w[f + 1 + VMF.OLD]! - 1;
  if (!unchanged(k, f, e)) freePages(k, copy, 0);
  else {
    const write = (k.w[f + 1 + VMF.FLAGS]! & FAULT_FLAG_UNSHARE) === 0;
    clearEntry(k, e);
    installAnon(k, vma, e, copy, write);
    if (old >= 0) {
      removeRmap(k, vma.mm, old);
      putPage(k, old);
    }
  }
  if (old >= 0) putPage(k, old);
  k.ret(f, 0);
}
