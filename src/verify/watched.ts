/**
 * What the monitors (`breaches.ts`) and the occasions (`occasions.ts`) of the rules look at, so that a rule is not watched for other things
 * than give an occasion to break it.
 */
import type { Kernel } from '../kernel/kernel.js';
import { entryPfn, levelPages, walk } from '../kernel/mm/pgtable.js';
import { Level, PTE_GHOST_COUNTED, PTE_PRESENT } from '../kernel/pte.js';
import { PG_ANON, PG_FREE, type Page, type Vma } from '../kernel/world.js';

/** Functions that a driver calls to map a range of frames raw. */
export const REMAPS = /remap_pfn_range|mmap_action_remap/;
/** ... to map pages, counted: of a page array or alone, and of a vmalloc'ed area as well. */
export const INSERTS_PAGES = /insert_page|map_pages/;
export const INSERTS = /insert_page|map_pages|remap_vmalloc/;
/** ... and what edits a mapping, which needs mmap_lock held for writing. */
export const EDITS = /^vm_flags_|remap_pfn_range|^vm_iomap_memory$/;

/** A page without a reference that is not free: it is part of a block that is allocated in one piece. */
export function tailPage(k: Kernel): Page | undefined {
  return k.pages.find((page) => page.refcount === 0 && (page.flags & (PG_FREE | PG_ANON)) === 0);
}

/** An entry that is present. */
export interface MappedEntry {
  readonly vma: Vma;
  /** Page of the arena, index of the first word of the entry that maps it, and the entry's level. */
  readonly pg: number;
  readonly e: number;
  readonly level: Level;
  /** What the page shows: of a leaf above the PTE level the frame inside. */
  readonly pfn: number;
  readonly flags: number;
  /** Index of its frame, or -1 if the memory map has none. */
  readonly frame: number;
  readonly raw: boolean;
}

/** The present entries of a mapping, page by page. */
export function* entriesOf(k: Kernel, vma: Vma): Generator<MappedEntry> {
  for (let pg = vma.start; pg < vma.end; pg++) {
    const e = walk(k, vma.mm, pg);
    const level = k.level as Level;
    const flags = k.w[e + 1]!;
    if ((flags & PTE_PRESENT) === 0) continue;
    const pfn = entryPfn(k, e) + (pg % levelPages(k, level));
    const frame = k.mem.frame(pfn);
    yield { vma, pg, e, level, pfn, flags, frame, raw: (flags & PTE_GHOST_COUNTED) === 0 };
  }
}
