/** MADV_FREE: `mm/madvise.c:madvise_free_single_vma` (C.11). */
import type { Kernel } from '../kernel.js';
import { VM_SOFTDIRTY } from '../flags.js';
import { Level, PTE_CACHE_MASK, PTE_DIRTY, PTE_DIRTY_UNKNOWN, PTE_SOFT_DIRTY, PTE_SPECIAL } from '../pte.js';
import { UnknownError } from '../routine.js';
import { PG_ANON, PG_HEAD, PG_LAZYFREE, PG_ORDER_SHIFT, type Page, type Vma } from '../world.js';
import { vmNormalPage } from './memory/classify.js';
import { compoundHead } from './page_alloc.js';
import { entryPfn, present, walk } from './pgtable.js';

/**
 * What may differ between entries of one VMA that map consecutive frames, and ends a batch (`mm/internal.h:folio_pte_batch_flags`): a raw entry, another
 * memory type. Write permission, dirty, young and soft-dirty bits do not count, and all else is the VMA's.
 */
const BATCH = PTE_SPECIAL | PTE_CACHE_MASK;

/**
 * `mm/madvise.c:madvise_free_single_vma` for pages [start, end) of an anonymous VMA: entries of ordinary pages become clean, raw entries, zero
 * pages and empty entries stay. The pages stay, too: whether reclaim takes a clean one, and its contents with it, is not modelled.
 */
export function madviseFree(k: Kernel, vma: Vma, start: number, end: number): void {
  let pg = start;
  while (pg < end && !k.frozen) {
    const e = walk(k, vma.mm, pg);
    // a driver installed it and then took vm_ops away; madvise_free_huge_pmd() would take it for a huge page
    if (k.level !== Level.Pte) throw new UnknownError('MADV_FREE of a raw leaf is not modelled');
    pg += freePte(k, vma, pg, end, e);
  }
}

/** `mm/madvise.c:madvise_free_pte_range` for the entry of page `pg`. @returns how many entries are done with it */
function freePte(k: Kernel, vma: Vma, pg: number, end: number, e: number): number {
  if (!present(k, e)) return 1;
  const frame = vmNormalPage(k, vma, pg, e);
  if (frame < 0 || k.mem.regionOf[frame]!.kind === 'device') return 1;
  const head = k.pages[compoundHead(k, frame)]!;
  if ((head.flags & PG_HEAD) !== 0) return freeCompound(k, vma, pg, end, e, head);
  clean(k, vma, e, head.mapcount === 1);
  markLazyfree(head);
  return 1;
}

/**
 * A compound page, which a driver has inserted and which cannot be split: 6.1 leaves the rest of the page table alone; later releases clean its
 * entries if all of it is mapped here, and go on behind it otherwise.
 */
function freeCompound(k: Kernel, vma: Vma, pg: number, end: number, e: number, head: Page): number {
  const { ptrs } = k.layout;
  const inTable = ptrs - (pg % ptrs);
  if (k.facts.madvFreeStopsAtCompound) {
    if (head.mapcount === 1) splitFails(k);
    return inTable;
  }
  const pages = 1 << ((head.flags >> PG_ORDER_SHIFT) & 15);
  const left = pages - (entryPfn(k, e) - head.pfn);
  const nr = batch(k, e, Math.min(left, inTable, end - pg));
  if (nr < pages) {
    splitFails(k);
    return nr;
  }
  let mapped = 0;
  for (let i = 0; i < nr; i++) mapped += k.pages[head.frame + i]!.mapcount;
  for (let i = 0; i < nr; i++) clean(k, vma, e + 2 * i, mapped === nr);
  return nr;
}

/**
 * `mm/huge_memory.c:split_huge_page_to_list` of a page that is neither anonymous nor a file's: -EBUSY. What stands in its place without huge pages
 * says up to 6.12 that it has split the page, and the kernel looks at the same entry for ever.
 */
function splitFails(k: Kernel): void {
  if (!k.facts.thp && k.facts.splitStubSucceeds)
    throw new UnknownError(
      'MADV_FREE of a compound page does not end in a kernel without transparent huge pages',
    );
}

/** `mm/madvise.c:madvise_folio_pte_batch`: how many entries from `e` on, of at most `max` in its table, map consecutive frames alike. */
function batch(k: Kernel, e: number, max: number): number {
  const pfn = entryPfn(k, e);
  for (let i = 1; i < max; i++) {
    const other = e + 2 * i;
    if (((k.w[e + 1]! ^ k.w[other + 1]!) & BATCH) !== 0 || entryPfn(k, other) !== pfn + i) return i;
  }
  return max;
}

/**
 * pte_mkclean(). The soft-dirty bit stays; while it is not kept, a dirty entry counts as soft-dirty, which is written down here. If the page
 * itself is dirty (a write through GUP, an entry that is gone) and others map it, too, its entries are left as they are: whether it is, the model does not know.
 * @param alone whether this mapping is the only one of the page
 */
function clean(k: Kernel, vma: Vma, e: number, alone: boolean): void {
  const flags = k.w[e + 1]!;
  const soft = (flags & PTE_DIRTY) !== 0 && (vma.flags & VM_SOFTDIRTY) !== 0 && k.facts.softDirty;
  const maybe = PTE_DIRTY | PTE_DIRTY_UNKNOWN;
  if ((flags & maybe) === 0) return;
  k.w[e + 1] = (flags & ~maybe) | (alone ? 0 : PTE_DIRTY_UNKNOWN) | (soft ? PTE_SOFT_DIRTY : 0);
}

/** `mm/swap.c:folio_mark_lazyfree`: the page waits in a batch of its CPU for the list of those that reclaim drops first. */
function markLazyfree(page: Page): void {
  if ((page.flags & PG_ANON) !== 0) page.flags |= PG_LAZYFREE;
}
