/** What a write-protect fault does: the decisions of `mm/memory.c:do_wp_page` (C.4, C.5, C.13). */
import type { Kernel } from '../../kernel.js';
import { FAULT_FLAG_UNSHARE, VM_WRITE } from '../../flags.js';
import { PTE_DIRTY, PTE_WRITE } from '../../pte.js';
import { PG_ANON, PG_EXCLUSIVE, VMA_ANON_VMA, type Vma } from '../../world.js';
import { entryPfn } from '../pgtable.js';
import { allocPages, clearPage, copyPage } from '../page_alloc.js';
import { isZeroPfn, vmNormalPage } from './classify.js';
import { VMF } from './vmf.js';

/** Outcomes of the decision. */
export const Wp = {
  /** Leave the entry as it is. */
  Nothing: 0,
  /** The page is ours alone: write in place. */
  Reuse: 1,
  /** A raw frame of a shared VMA: pfn_mkwrite, then write in place. */
  PfnShared: 2,
  /** A page of a shared VMA: page_mkwrite, then write in place. */
  PageShared: 3,
  Copy: 4,
} as const;

/** Decides by the entry's class and the VMA's kind. May make an anonymous page exclusive. */
export function decideWp(k: Kernel, vma: Vma, pg: number, e: number, flags: number, shared: boolean): number {
  const unshare = (flags & FAULT_FLAG_UNSHARE) !== 0;
  const frame = vmNormalPage(k, vma, pg, e);
  if (k.frozen) return Wp.Nothing;
  if (shared && !unshare) return frame < 0 ? Wp.PfnShared : Wp.PageShared;
  if (frame < 0) return unshare && !k.facts.unshareCopiesSpecial ? Wp.Nothing : Wp.Copy;
  const page = k.pages[frame]!;
  if ((page.flags & PG_ANON) !== 0) {
    if ((page.flags & PG_EXCLUSIVE) === 0 && page.refcount === 1) page.flags |= PG_EXCLUSIVE;
    if ((page.flags & PG_EXCLUSIVE) !== 0) return unshare ? Wp.Nothing : Wp.Reuse;
    return Wp.Copy;
  }
  return unshare && !k.facts.unshareCopiesSpecial ? Wp.Nothing : Wp.Copy;
}

/** `mm/memory.c:wp_page_reuse`: dirty, and writable where the VMA is. */
export function wpMakeWritable(k: Kernel, vma: Vma, e: number): void {
  k.w[e + 1]! |= PTE_DIRTY | ((vma.flags & VM_WRITE) !== 0 ? PTE_WRITE : 0);
}

/**
 * The first half of `mm/memory.c:wp_page_copy`: a new page filled from the old one. Without a struct page the source is read
 * through the user mapping; a zero page gives a zeroed page.
 * @param vmf word index of the fault's locals
 * @returns false when there is no memory
 */
export function wpPrepareCopy(k: Kernel, vma: Vma, vmf: number, e: number): boolean {
  vma.put(VMA_ANON_VMA, true);
  const pfn = entryPfn(k, e);
  const frame = allocPages(k, 0, false);
  if (frame < 0) return false;
  k.w[vmf + VMF.COW] = frame + 1;
  const old = vmNormalPage(k, vma, k.w[vmf + VMF.PG]!, e);
  if (old >= 0) {
    k.pages[old]!.refcount += 1;
    k.w[vmf + VMF.OLD] = old + 1;
    copyPage(k, frame, old);
  } else if (isZeroPfn(k, pfn)) clearPage(k, frame);
  else copyPage(k, frame, k.mem.frame(pfn));
  return true;
}
