/** What a write-protect fault does: the decisions of `mm/memory.c:do_wp_page` (C.4, C.5, C.13). */
import type { Kernel } from '../../kernel.js';
import { FAULT_FLAG_UNSHARE, VM_MAYSHARE, VM_SHARED, VM_WRITE } from '../../flags.js';
import { PTE_PROTNONE } from '../../pte.js';
import { PG_ANON, PG_EXCLUSIVE, PG_LAZYFREE, VMA_ANON_VMA, type Page, type Vma } from '../../world.js';
import { entryPfn } from '../pgtable.js';
import { allocPages, clearPage, copyPage, getPage, NO_MEMORY } from '../page_alloc.js';
import { isZeroPfn } from './classify.js';
import { maybeMkwrite } from '../soft_dirty.js';
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

/**
 * Decides by the entry's class and the VMA's kind. May make an anonymous page exclusive.
 * @param frame what the classifier says of the entry
 */
export function decideWp(k: Kernel, vma: Vma, frame: number, flags: number): number {
  const unshare = (flags & FAULT_FLAG_UNSHARE) !== 0;
  if (isShared(k, vma) && !unshare) return frame < 0 ? Wp.PfnShared : Wp.PageShared;
  if (frame >= 0 && (k.pages[frame]!.flags & PG_ANON) !== 0) {
    const page = k.pages[frame]!;
    if ((page.flags & PG_EXCLUSIVE) === 0 && canReuse(k, page)) page.flags |= PG_EXCLUSIVE;
    if ((page.flags & PG_EXCLUSIVE) === 0) return Wp.Copy;
    return unshare ? Wp.Nothing : Wp.Reuse;
  }
  return unshare && !k.facts.unshareCopiesSpecial ? Wp.Nothing : Wp.Copy;
}

/**
 * `mm/memory.c:wp_can_reuse_anon_folio` [6.1: in do_wp_page()]: is the entry's reference the only one? Batches of the CPU are drained first
 * only if the page is not on an LRU list. One that waits for the list of lazily freed pages is on another, and its batch may still have a reference (C.11).
 */
function canReuse(k: Kernel, page: Page): boolean {
  if (page.refcount !== 1) return false;
  if ((page.flags & PG_LAZYFREE) === 0) return true;
  if (k.choose(2) === 1) return false;
  page.flags &= ~PG_LAZYFREE;
  return true;
}

/** Which VMAs are written in place: in 6.1 by VM_WRITE and VM_SHARED, later by VM_SHARED or VM_MAYSHARE. */
function isShared(k: Kernel, vma: Vma): boolean {
  const both = VM_WRITE | VM_SHARED;
  if (k.facts.wpSharedNeedsVmWrite) return (vma.flags & both) === both;
  return (vma.flags & (VM_SHARED | VM_MAYSHARE)) !== 0;
}

/** `mm/memory.c:wp_page_reuse`: dirty, and writable where the VMA is. */
export function wpMakeWritable(k: Kernel, vma: Vma, e: number): void {
  k.w[e + 1] = maybeMkwrite(k, vma, k.w[e + 1]!);
}

/**
 * The first half of `mm/memory.c:wp_page_copy`: a new page filled from the old one. Without a struct page the source is read
 * through the user mapping, which a PROT_NONE entry forbids: that gives a WARN and zeros. A zero page gives a zeroed page.
 * @param vmf word index of the fault's locals
 * @param old frame of the page that the entry maps, negative for a raw one
 * @returns false when there is no memory
 */
export function wpPrepareCopy(k: Kernel, vma: Vma, vmf: number, e: number, old: number): boolean {
  vma.put(VMA_ANON_VMA, true);
  const frame = allocPages(k);
  if (frame === NO_MEMORY) return false;
  k.w[vmf + VMF.COW] = frame + 1;
  if (old >= 0) {
    getPage(k, old);
    k.w[vmf + VMF.OLD] = old + 1;
    copyPage(k, frame, old);
  } else if (isZeroPfn(k, entryPfn(k, e))) clearPage(k, frame);
  else if ((k.w[e + 1]! & PTE_PROTNONE) !== 0) {
    k.warn();
    clearPage(k, frame);
  } else copyPage(k, frame, k.mem.frame(entryPfn(k, e)));
  return true;
}
