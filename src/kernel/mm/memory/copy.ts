/** Copying page tables at fork: `mm/memory.c:copy_page_range` (C.6). */
import type { Kernel } from '../../kernel.js';
import { ENOMEM } from '../../errno.js';
import { GUP_PIN_COUNTING_BIAS, VM_MIXEDMAP, VM_PFNMAP, VM_SHARED, VM_UFFD_WP } from '../../flags.js';
import { Level, PTE_DIRTY, PTE_DIRTY_UNKNOWN, PTE_GHOST_COUNTED, PTE_WRITE, PTE_YOUNG } from '../../pte.js';
import { PG_EXCLUSIVE, VMA_ANON_VMA, type Vma } from '../../world.js';
import { isOwned } from '../gup.js';
import { copyHuge } from '../huge_memory.js';
import { hasPteTable, levelPages, none, pmdAlloc, pteAlloc, pteAt, walk } from '../pgtable.js';
import { allocPages, copyPage, getPage, NO_MEMORY } from '../page_alloc.js';
import { vmNormalPage } from './classify.js';
import { installAnon } from './fault.js';
import { trackPfnCopy, untrackPfnCopy } from './pat.js';
import { addRmap } from './zap.js';

/** `mm/memory.c:vma_needs_copy`: can the entries be faulted in again, or must they be copied? */
export function vmaNeedsCopy(k: Kernel, child: Vma, parent: Vma): boolean {
  const flags = k.facts.forkReadsParentFlags ? parent.flags : child.flags;
  if ((flags & (VM_PFNMAP | VM_MIXEDMAP)) !== 0) return true;
  return (child.flags & VM_UFFD_WP) !== 0 || parent.has(VMA_ANON_VMA);
}

/**
 * `mm/memory.c:copy_page_range`: every present entry of the parent's VMA goes to the child.
 * @returns 0, or -ENOMEM when a pinned page could not be copied, or x86 does not find the memory type of what it tracks
 */
export function copyPageRange(k: Kernel, child: Vma, parent: Vma): number {
  if (!vmaNeedsCopy(k, child, parent)) return 0;
  const isPfnmap = (parent.flags & VM_PFNMAP) !== 0;
  if (isPfnmap && !trackPfnCopy(k, parent, child)) return -ENOMEM;
  const err = copyEntries(k, child, parent);
  if (isPfnmap && err !== 0) untrackPfnCopy(k, parent, child);
  return err;
}

function copyEntries(k: Kernel, child: Vma, parent: Vma): number {
  let pg = parent.start;
  while (pg < parent.end && !k.frozen) {
    const e = walk(k, parent.mm, pg);
    const { level } = k;
    if (level !== Level.Pte) {
      const span = levelPages(k, level);
      if (level === Level.Pmd) pmdAlloc(k, child.mm, pg);
      copyHuge(k, child, parent, pg, e, level);
      pg += span - (pg % span);
      continue;
    }
    if (hasPteTable(k, parent.mm, pg)) pteAlloc(k, child.mm, pg);
    const err = none(k, e) ? 0 : copyPte(k, child, parent, pg, e);
    if (err !== 0) return err;
    pg += 1;
  }
  return 0;
}

/**
 * `mm/memory.c:copy_present_pte`: private entries lose the write bit on both sides, shared ones stay (the child's clean); only
 * what the parent's classifier calls a page is counted. An exclusive page that may be pinned stays the parent's: the child gets a copy.
 */
function copyPte(k: Kernel, child: Vma, parent: Vma, pg: number, e: number): number {
  const frame = vmNormalPage(k, parent, pg, e);
  if (k.frozen) return 0;
  const c = pteAt(k, child.mm, pg);
  if (frame >= 0) {
    const page = k.pages[frame]!;
    if (isOwned(page) && page.refcount >= GUP_PIN_COUNTING_BIAS) {
      return copyPinnedPage(k, child, c, frame);
    }
    getPage(k, frame);
    addRmap(k, child.mm, frame);
    page.flags &= ~PG_EXCLUSIVE;
  }
  if (parent.cow) k.w[e + 1]! &= ~PTE_WRITE;
  let flags = k.w[e + 1]! & ~PTE_YOUNG;
  if ((parent.flags & VM_SHARED) !== 0) flags &= ~(PTE_DIRTY | PTE_DIRTY_UNKNOWN);
  if (frame < 0) flags &= ~PTE_GHOST_COUNTED;
  k.w[c] = k.w[e]!;
  k.w[c + 1] = flags;
  return 0;
}

/** `mm/memory.c:copy_present_page`: an exclusive page of the child's own, dirty. */
function copyPinnedPage(k: Kernel, child: Vma, c: number, frame: number): number {
  const copy = allocPages(k);
  if (copy === NO_MEMORY) return -ENOMEM;
  copyPage(k, copy, frame);
  installAnon(k, child, c, copy, true);
  return 0;
}
