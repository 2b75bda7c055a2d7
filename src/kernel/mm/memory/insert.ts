/** Inserting single entries: raw frames (B.4, B.5) and pages (B.6). */
import type { Kernel } from '../../kernel.js';
import { PROC } from '../../layout.js';
import { UnknownError } from '../../routine.js';
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
import { Level, PTE_GHOST_COUNTED, PTE_SPECIAL, PTE_WRITE } from '../../pte.js';
import { PG_ANON, PG_FREE, type Vma } from '../../world.js';
import { entryPfn, none, pfnInEntry, pfnModifyAllowed, pteAlloc, setEntry, walk } from '../pgtable.js';
import { compoundHead, getPage } from '../page_alloc.js';
import { isZeroPfn } from './classify.js';
import { trackPfnInsert } from './pat.js';
import { vmEnd, vmFlagsSet, vmStart } from './remap.js';
import { pteMkdirty } from '../soft_dirty.js';
import { addRmap } from './zap.js';

const PAGE_SIZE = 4096;

function inside(k: Kernel, vma: Vma, addr: number): boolean {
  return addr >= vmStart(k, vma) && addr < vmEnd(k, vma);
}

/** Page of the arena that a byte address lies in. */
function pageOfAddr(k: Kernel, addr: number): number {
  return Math.floor((addr - k.arenaBase) / PAGE_SIZE);
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
  if (bad) {
    k.bug();
    return 0;
  }
  if (!inside(k, vma, addr) || !pfnModifyAllowed(k, pfn, prot)) return VM_FAULT_SIGBUS;
  return insertPfn(k, vma, pageOfAddr(k, addr), pfn, trackPfnInsert(k, pfn, prot), false);
}

/** `mm/memory.c:vmf_insert_pfn`. */
export function vmfInsertPfn(k: Kernel, vma: Vma, addr: number, pfn: number): number {
  return vmfInsertPfnProt(k, vma, addr, pfn, vma.prot);
}

/** get_locked_pte(): the PTE of a page, or -1 under a PMD leaf, where there is no table to be had. */
function pteOf(k: Kernel, vma: Vma, pg: number): number {
  const e = walk(k, vma.mm, pg);
  if (k.level === Level.Pud || (k.level === Level.Pmd && !k.facts.pteLookupMeetsLeaf))
    throw new UnknownError('an insertion that takes a leaf for a table');
  if (k.level !== Level.Pte) return -1;
  pteAlloc(k, vma.mm, pg);
  return e;
}

/** `mm/memory.c:insert_pfn`. */
function insertPfn(k: Kernel, vma: Vma, pg: number, pfn: number, prot: number, mkwrite: boolean): number {
  if (k.options.faultsAlloc === true && k.choose(2) === 1) return VM_FAULT_OOM;
  const e = pteOf(k, vma, pg);
  if (e < 0) return VM_FAULT_OOM;
  const writable = (vma.flags & VM_WRITE) !== 0 ? PTE_WRITE : 0;
  if (!none(k, e)) {
    if (!mkwrite) return VM_FAULT_NOPAGE;
    if (entryPfn(k, e) !== pfn) {
      if (!isZeroPfn(k, entryPfn(k, e))) k.warn();
      return VM_FAULT_NOPAGE;
    }
    k.w[e + 1]! |= pteMkdirty(k, vma) | writable;
    return VM_FAULT_NOPAGE;
  }
  let flags = k.facts.pteSpecial ? prot | PTE_SPECIAL : prot;
  if (mkwrite) flags |= pteMkdirty(k, vma) | writable;
  setEntry(k, e, pfnInEntry(k, pfn), flags);
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
    if ((vma.flags & VM_MIXEDMAP) === 0 && !zero) {
      k.bug();
      return 0;
    }
  } else {
    if (zero && (mkwrite || !mixedZeropageAllowed(k, vma))) return VM_FAULT_SIGBUS;
    if ((vma.flags & VM_MIXEDMAP) === 0 && !zero) return VM_FAULT_SIGBUS;
  }
  if (!inside(k, vma, addr) || !pfnModifyAllowed(k, pfn, vma.prot)) return VM_FAULT_SIGBUS;
  if (!k.facts.pteSpecial && k.mem.pfnValid(pfn)) {
    const err = insertPage(k, vma, pageOfAddr(k, addr), k.mem.frame(pfn), vma.prot, mkwrite);
    if (err === -ENOMEM) return VM_FAULT_OOM;
    return err !== 0 && err !== -EBUSY ? VM_FAULT_SIGBUS : VM_FAULT_NOPAGE;
  }
  return insertPfn(k, vma, pageOfAddr(k, addr), pfn, trackPfnInsert(k, pfn, vma.prot), mkwrite);
}

/** `mm/memory.c:validate_page_before_insert`: anonymous pages and, from 6.12, the zero page where a write could reach it. */
function validatePage(k: Kernel, vma: Vma, frame: number): number {
  if (k.mem.isZeroFrame(frame) && k.facts.zeroPageInsertNeedsPermission) {
    return mixedZeropageAllowed(k, vma) ? 0 : -EINVAL;
  }
  return (k.pages[frame]!.flags & (PG_ANON | PG_FREE)) !== 0 ? -EINVAL : 0;
}

/** `mm/memory.c:insert_page`: a normal, counted entry (the zero page: special and uncounted from 6.12). */
function insertPage(k: Kernel, vma: Vma, pg: number, frame: number, prot: number, mkwrite: boolean): number {
  const bad = validatePage(k, vma, frame);
  if (bad !== 0) return bad;
  if (k.options.faultsAlloc === true && k.choose(2) === 1) return -ENOMEM;
  const e = pteOf(k, vma, pg);
  if (e < 0) return -ENOMEM;
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
  const writable = (vma.flags & VM_WRITE) !== 0 ? PTE_WRITE : 0;
  if (!none(k, e)) {
    if (!mkwrite) return -EBUSY;
    if (entryPfn(k, e) !== pfn) {
      if (!isZeroPfn(k, entryPfn(k, e))) k.warn();
      return -EFAULT;
    }
    k.w[e + 1]! |= writable | (k.facts.insertPageMkwriteLeavesClean ? 0 : pteMkdirty(k, vma));
    return 0;
  }
  if (k.mem.isZeroFrame(frame) && !k.facts.zeroPageInsertCounted) {
    setEntry(k, e, pfn, k.facts.pteSpecial ? prot | PTE_SPECIAL : prot);
    return 0;
  }
  const flags = mkwrite ? prot | pteMkdirty(k, vma) | writable : prot;
  getPage(k, frame);
  addRmap(k, vma.mm, frame);
  setEntry(k, e, pfn, flags | PTE_GHOST_COUNTED);
  return 0;
}

/**
 * Sets VM_MIXEDMAP where a page is inserted first: only under the write lock and never in a VM_PFNMAP VMA (F-7, F-8).
 * @param strict BUG, or a DEBUG_VM warning (7.2's batch functions, H-12)
 * @returns whether the run goes on
 */
function makeMixed(k: Kernel, vma: Vma, strict: boolean): boolean {
  if ((vma.flags & VM_MIXEDMAP) !== 0) return true;
  const bad = k.w[k.proc(vma.mm) + PROC.LOCK]! >= 0 || (vma.flags & VM_PFNMAP) !== 0;
  if (bad && strict) {
    k.bug();
    return false;
  }
  if (bad) k.vmWarn();
  vmFlagsSet(k, vma, VM_MIXEDMAP);
  return true;
}

/** page_count(): the references of the page, or of the compound page that it is a part of. */
function pageCount(k: Kernel, frame: number): number {
  return k.pages[compoundHead(k, frame)]!.refcount;
}

/**
 * `mm/memory.c:vm_insert_page`: maps a page, counted, and makes the VMA VM_MIXEDMAP.
 * @returns 0 or -errno
 */
export function vmInsertPage(k: Kernel, vma: Vma, addr: number, frame: number): number {
  if (!inside(k, vma, addr)) return -EFAULT;
  const free = pageCount(k, frame) === 0;
  if (free && k.facts.insertPageRefZeroCheckFirst) return -EINVAL;
  if (!makeMixed(k, vma, true)) return 0;
  if (free) return -EINVAL;
  return insertPage(k, vma, pageOfAddr(k, addr), frame, vma.prot, false);
}

/**
 * `include/linux/mm.h:vmf_insert_page`: vm_insert_page() for fault handlers. A page that is there already is no error.
 * @returns VM_FAULT_NOPAGE, VM_FAULT_SIGBUS or VM_FAULT_OOM
 */
export function vmfInsertPage(k: Kernel, vma: Vma, addr: number, frame: number): number {
  const err = vmInsertPage(k, vma, addr, frame);
  if (err === -ENOMEM) return VM_FAULT_OOM;
  return err < 0 && err !== -EBUSY ? VM_FAULT_SIGBUS : VM_FAULT_NOPAGE;
}

/** Reads the driver's array of page pointers: the frame of element i, or -1. */
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
  const last = addr + num * PAGE_SIZE - 1;
  if (addr < vmStart(k, vma) || last >= vmEnd(k, vma)) return -EFAULT;
  if (!makeMixed(k, vma, k.facts.vmInsertPagesBugsOnPfnmap)) return 0;
  return insertPages(k, vma, addr, pages, num, done);
}

/**
 * `mm/memory.c:insert_pages`: entries with the VMA's protection; the count of references is looked at page by page.
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
    const frame = pages(i);
    const err =
      frame < 0 || pageCount(k, frame) === 0
        ? -EINVAL
        : insertPage(k, vma, first + i, frame, vma.prot, false);
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
  if (pgoff >= num) return -ENXIO;
  if (vma.pages > num - pgoff) return -ENXIO;
  const from = (i: number): number => pages(pgoff + i);
  if (k.facts.vmMapPagesInBatch)
    return vmInsertPages(k, vma, vmStart(k, vma), from, vma.pages, () => undefined);
  for (let i = 0; i < vma.pages; i++) {
    const frame = from(i);
    if (frame < 0) return -EINVAL;
    const err = vmInsertPage(k, vma, vmStart(k, vma) + i * PAGE_SIZE, frame);
    if (err !== 0 || k.frozen) return err;
  }
  return 0;
}
