/** Inserting single entries: raw frames (B.4, B.5) and pages (B.6). */
import type { Kernel } from '../../kernel.js';
import { PROC } from '../../layout.js';
import { Undefined } from '../../routine.js';
import { EBUSY, EFAULT, EINVAL, ENOMEM, ENXIO } from '../../errno.js';
import {
  VM_FAULT_NOPAGE,
  VM_FAULT_OOM,
  VM_FAULT_SIGBUS,
  VM_IO,
  VM_MAYWRITE,
  VM_MIXEDMAP,
  VM_PFNMAP,
  VM_WRITE,
} from '../../flags.js';
import { PTE_GHOST_COUNTED, PTE_WRITE } from '../../pte.js';
import { PG_ANON, type Vma } from '../../world.js';
import {
  entryPfn,
  mkspecial,
  NO_TABLE,
  none,
  pfnInEntry,
  pfnModifyAllowed,
  pteOf,
  setEntry,
} from '../pgtable.js';
import { PAGE_SIZE, pageOfAddr } from '../page.js';
import { compoundHead, getPage, NO_PAGE } from '../page_alloc.js';
import { isZeroPfn } from './classify.js';
import { trackPfnInsert } from './pat.js';
import { vmEnd, vmFlagsSet, vmStart } from './remap.js';
import { maybeMkwrite } from '../soft_dirty.js';
import { addRmap } from './zap.js';

function inside(k: Kernel, vma: Vma, addr: number): boolean {
  return addr >= vmStart(k, vma) && addr < vmEnd(k, vma);
}

/**
 * `mm/memory.c:vmf_insert_pfn_prot`: a special entry for one frame, in a VMA with exactly one of VM_PFNMAP and VM_MIXEDMAP.
 * An entry that is there already is kept, unseen, and the answer is NOPAGE all the same.
 * @returns VM_FAULT_NOPAGE, VM_FAULT_SIGBUS or VM_FAULT_OOM
 */
export function vmfInsertPfnProt(k: Kernel, vma: Vma, addr: number, pfn: number, prot: number): number {
  k.exchange?.meets(pfn, 1);
  const raw = vma.flags & (VM_PFNMAP | VM_MIXEDMAP);
  const bad =
    raw === 0 ||
    raw === (VM_PFNMAP | VM_MIXEDMAP) ||
    (raw === VM_PFNMAP && vma.cow && k.facts.insertPfnRefusesCow) ||
    (raw === VM_MIXEDMAP && k.mem.pfnValid(pfn));
  if (bad) return k.bug();
  if (!inside(k, vma, addr) || !pfnModifyAllowed(k, pfn, prot)) return VM_FAULT_SIGBUS;
  return insertPfn(k, vma, pageOfAddr(k, addr), pfn, trackPfnInsert(k, pfn, prot), false);
}

/** `mm/memory.c:vmf_insert_pfn`. */
export function vmfInsertPfn(k: Kernel, vma: Vma, addr: number, pfn: number): number {
  return vmfInsertPfnProt(k, vma, addr, pfn, vma.prot);
}

/** Whether the entry that is there already is of this frame: what comes for a write leaves one of another alone, with a WARN but for zero pages. */
function isOf(k: Kernel, e: number, pfn: number): boolean {
  const mapped = entryPfn(k, e);
  if (mapped !== pfn && !isZeroPfn(k, mapped)) k.warn();
  return mapped === pfn;
}

/** `mm/memory.c:insert_pfn`. */
function insertPfn(k: Kernel, vma: Vma, pg: number, pfn: number, prot: number, mkwrite: boolean): number {
  const e = k.allocFails() ? NO_TABLE : pteOf(k, vma.mm, pg);
  if (e === NO_TABLE) return VM_FAULT_OOM;
  const isNew = none(k, e);
  if (isNew) setEntry(k, e, pfnInEntry(k, pfn), mkspecial(k, prot));
  if (mkwrite && (isNew || isOf(k, e, pfn))) k.w[e + 1] = maybeMkwrite(k, vma, k.w[e + 1]!);
  return VM_FAULT_NOPAGE;
}

/** `mm/memory.c:vm_mixed_zeropage_allowed` [6.12+]: may this VMA show the zero page? */
function mixedZeropageAllowed(k: Kernel, vma: Vma): boolean {
  if (k.facts.mmForbidsZeropage) return false;
  if (vma.cow) return true;
  if ((vma.flags & (VM_WRITE | VM_MAYWRITE)) === 0) return true;
  return k.program.vmOps[vma.ops]?.pfnMkwrite !== undefined && (vma.flags & VM_IO) !== 0;
}

/**
 * `mm/memory.c:__vm_insert_mixed`: vmf_insert_mixed() and, with `mkwrite`, vmf_insert_mixed_mkwrite(). Without a special bit
 * a valid frame becomes a counted page (F.V-5).
 */
export function vmInsertMixed(k: Kernel, vma: Vma, addr: number, pfn: number, mkwrite: boolean): number {
  k.exchange?.meets(pfn, 1);
  const zero = isZeroPfn(k, pfn);
  if (k.facts.insertMixedIneligibleBugs) {
    if ((vma.flags & VM_MIXEDMAP) === 0 && !zero) return k.bug();
  } else {
    if (zero && (mkwrite || !mixedZeropageAllowed(k, vma))) return VM_FAULT_SIGBUS;
    if ((vma.flags & VM_MIXEDMAP) === 0 && !zero) return VM_FAULT_SIGBUS;
  }
  if (!inside(k, vma, addr) || !pfnModifyAllowed(k, pfn, vma.prot)) return VM_FAULT_SIGBUS;
  if (!k.facts.pteSpecial && k.mem.pfnValid(pfn)) {
    const frame = k.mem.frame(pfn);
    // a free page is refused if it is in the buddy's lists, and counted if it is in a processor's (DEBUG_VM: a BUG)
    if (k.facts.insertPageRefZeroCheckFirst && pageCount(k, frame) === 0)
      k.undefinedBehaviour(Undefined.UseAfterFree);
    return faultOf(insertPage(k, vma, pageOfAddr(k, addr), frame, vma.prot, mkwrite));
  }
  return insertPfn(k, vma, pageOfAddr(k, addr), pfn, trackPfnInsert(k, pfn, vma.prot), mkwrite);
}

/** What a fault handler answers for the result of an insertion. A page that is there already is no error. */
function faultOf(err: number): number {
  if (err === -ENOMEM) return VM_FAULT_OOM;
  return err === 0 || err === -EBUSY ? VM_FAULT_NOPAGE : VM_FAULT_SIGBUS;
}

/**
 * `mm/memory.c:validate_page_before_insert`: not a free page, nor an anonymous one, nor, from 6.12, the zero page where a write could reach it.
 */
function mayInsert(k: Kernel, vma: Vma, frame: number): boolean {
  if (pageCount(k, frame) === 0) return false;
  if (k.mem.isZeroFrame(frame) && k.facts.zeroPageInsertNeedsPermission) return mixedZeropageAllowed(k, vma);
  return (k.pages[frame]!.flags & PG_ANON) === 0;
}

/** `mm/memory.c:insert_page`: a normal, counted entry (the zero page: special and uncounted from 6.12). */
function insertPage(k: Kernel, vma: Vma, pg: number, frame: number, prot: number, mkwrite: boolean): number {
  if (!mayInsert(k, vma, frame)) return -EINVAL;
  const e = k.allocFails() ? NO_TABLE : pteOf(k, vma.mm, pg);
  if (e === NO_TABLE) return -ENOMEM;
  return insertPageIntoPte(k, vma, e, frame, prot, mkwrite && k.facts.insertPageMkwriteExists);
}

/** `mm/memory.c:insert_page_into_pte_locked`. */
function insertPageIntoPte(
  k: Kernel,
  vma: Vma,
  e: number,
  frame: number,
  prot: number,
  mkwrite: boolean,
): number {
  const pfn = k.mem.pfnOf[frame]!;
  if (!none(k, e)) {
    if (!mkwrite) return -EBUSY;
    if (!isOf(k, e, pfn)) return -EFAULT;
    // unlike an entry that is new, this one is not made dirty (H-6)
    if ((vma.flags & VM_WRITE) !== 0) k.w[e + 1]! |= PTE_WRITE;
  } else if (k.mem.isZeroFrame(frame) && !k.facts.zeroPageInsertCounted) {
    setEntry(k, e, pfn, mkspecial(k, prot));
  } else {
    getPage(k, frame);
    addRmap(k, vma.mm, frame);
    setEntry(k, e, pfn, (mkwrite ? maybeMkwrite(k, vma, prot) : prot) | PTE_GHOST_COUNTED);
  }
  return 0;
}

/**
 * Sets VM_MIXEDMAP where a page is inserted first: only under the write lock and never in a VM_PFNMAP VMA (F-7, F-8).
 * @param strict BUG, or a DEBUG_VM warning (7.2's batch functions, H-12)
 */
function makeMixed(k: Kernel, vma: Vma, strict: boolean): void {
  if ((vma.flags & VM_MIXEDMAP) !== 0) return;
  if (k.w[k.proc(vma.mm) + PROC.LOCK]! >= 0 || (vma.flags & VM_PFNMAP) !== 0) {
    if (strict) k.bug();
    else k.vmWarn();
  }
  vmFlagsSet(k, vma, VM_MIXEDMAP);
}

/** page_count(): the references of the page, or of the compound page that it is a part of; of {@link NO_PAGE} undefined. */
function pageCount(k: Kernel, frame: number): number {
  if (frame !== NO_PAGE) return k.pages[compoundHead(k, frame)]!.refcount;
  k.undefinedBehaviour(Undefined.BadPointer);
  return 0;
}

/**
 * `mm/memory.c:vm_insert_page`: maps a page, counted, and makes the VMA VM_MIXEDMAP.
 * @returns 0 or -errno
 */
export function vmInsertPage(k: Kernel, vma: Vma, addr: number, frame: number): number {
  if (!inside(k, vma, addr)) return -EFAULT;
  if (k.facts.insertPageRefZeroCheckFirst && pageCount(k, frame) === 0) return -EINVAL;
  makeMixed(k, vma, true);
  return insertPage(k, vma, pageOfAddr(k, addr), frame, vma.prot, false);
}

/**
 * `include/linux/mm.h:vmf_insert_page`: vm_insert_page() for fault handlers.
 * @returns VM_FAULT_NOPAGE, VM_FAULT_SIGBUS or VM_FAULT_OOM
 */
export function vmfInsertPage(k: Kernel, vma: Vma, addr: number, frame: number): number {
  return faultOf(vmInsertPage(k, vma, addr, frame));
}

/** Reads the driver's array of page pointers: the frame of element i, or {@link NO_PAGE}. */
export type PageArray = (i: number) => number;

/**
 * `mm/memory.c:vm_insert_pages`: the pages already inserted stay when one fails.
 * @param done told how many were inserted
 */
export function vmInsertPages(
  k: Kernel,
  vma: Vma,
  addr: number,
  pages: PageArray,
  num: number,
  done: (n: number) => void,
): number {
  if (addr < vmStart(k, vma) || addr + num * PAGE_SIZE > vmEnd(k, vma)) return -EFAULT;
  makeMixed(k, vma, k.facts.vmInsertPagesBugsOnPfnmap);
  return insertPages(k, vma, addr, pages, num, done);
}

/**
 * `mm/memory.c:insert_pages`: entries with the VMA's protection, page by page.
 * @param done told how many were inserted
 */
export function insertPages(
  k: Kernel,
  vma: Vma,
  addr: number,
  pages: PageArray,
  num: number,
  done: (n: number) => void,
): number {
  const first = pageOfAddr(k, addr);
  for (let i = 0; i < num; i++) {
    const err = insertPage(k, vma, first + i, pages(i), vma.prot, false);
    if (err !== 0) {
      done(i);
      return err;
    }
  }
  done(num);
  return 0;
}

/**
 * `mm/memory.c:vm_map_pages` and `vm_map_pages_zero`: maps the driver's array from vm_pgoff (or 0) on, as the VMA is long.
 * @returns 0, -ENXIO when the array is too short, or what the insertion says
 */
export function vmMapPages(k: Kernel, vma: Vma, pages: PageArray, num: number, fromZero: boolean): number {
  const pgoff = fromZero ? 0 : vma.pgoff;
  if (vma.pages > num - pgoff) return -ENXIO;
  const from = (i: number): number => pages(pgoff + i);
  if (k.facts.vmMapPagesInBatch)
    return vmInsertPages(k, vma, vmStart(k, vma), from, vma.pages, () => undefined);
  for (let i = 0; i < vma.pages; i++) {
    const err = vmInsertPage(k, vma, vmStart(k, vma) + i * PAGE_SIZE, from(i));
    if (err !== 0 || k.frozen) return err;
  }
  return 0;
}
