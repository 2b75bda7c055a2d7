/** Taking entries away: `mm/memory.c:zap_pte_range` and its callers (C.9). */
import type { Kernel } from '../../kernel.js';
import { PROC } from '../../layout.js';
import { Level } from '../../pte.js';
import { PG_ANON, type Vma } from '../../world.js';
import { VM_MIXEDMAP, VM_PFNMAP } from '../../flags.js';
import { PAGE_SIZE, pageOfAddr } from '../page.js';
import { clearEntry, levelPages, none, walk } from '../pgtable.js';
import { putPage } from '../page_alloc.js';
import { splitHuge, zapHuge } from '../huge_memory.js';
import { vmNormalPage } from './classify.js';
import { untrackPfn } from './pat.js';

/**
 * `mm/memory.c:unmap_page_range`: removes the entries of pages [start, end) of a VMA. With `evenCows` false, private copies
 * stay; special entries always go, for there is no page to ask.
 */
export function zapPageRange(k: Kernel, vma: Vma, start: number, end: number, evenCows: boolean): void {
  if ((vma.flags & VM_PFNMAP) !== 0) untrackPfn(k, vma);
  let pg = start;
  while (pg < end && !k.frozen) {
    const e = walk(k, vma.mm, pg);
    // below a leaf that is gone there is nothing
    if (k.level !== Level.Pte) zapLeaf(k, vma, pg, end, e, k.level);
    else {
      zapPte(k, vma, pg, e, evenCows);
      pg += 1;
    }
  }
}

/** A leaf of which all is to go, or a part: either way it is cleared. */
function zapLeaf(k: Kernel, vma: Vma, pg: number, end: number, e: number, level: number): void {
  const span = levelPages(k, level);
  if (pg % span === 0 && pg + span <= end) return zapHuge(k, vma, pg, e, level);
  if (level === Level.Pud && k.facts.zapPudAssertsLock) assertLocked(k, vma);
  splitHuge(k, vma, e);
}

/** mmap_assert_locked(): without lockdep it asks whether somebody holds the lock, not who. A revocation holds none. */
function assertLocked(k: Kernel, vma: Vma): void {
  if (k.w[k.proc(vma.mm) + PROC.LOCK] === 0) k.warn();
}

/** One present PTE: a normal page loses its count, mapcount and reference; a special entry is only cleared. */
function zapPte(k: Kernel, vma: Vma, pg: number, e: number, evenCows: boolean): void {
  if (none(k, e)) return;
  const frame = vmNormalPage(k, vma, pg, e);
  if (k.frozen) return;
  if (frame < 0) return clearEntry(k, e);
  const page = k.pages[frame]!;
  if (!evenCows && (page.flags & PG_ANON) !== 0) return;
  clearEntry(k, e);
  removeRmap(k, vma.mm, frame);
  if (page.mapcount < 0) k.badMap();
  putPage(k, frame);
}

/** Counts a mapping away: RSS of the type the page has now, and the mapcount. */
export function removeRmap(k: Kernel, mm: number, frame: number): void {
  const page = k.pages[frame]!;
  const proc = k.procs[mm]!;
  if ((page.flags & PG_ANON) !== 0) proc.rssAnon -= 1;
  else proc.rssFile -= 1;
  page.mapcount -= 1;
}

/** Counts a mapping: RSS by the page's type, and the mapcount. */
export function addRmap(k: Kernel, mm: number, frame: number): void {
  const page = k.pages[frame]!;
  const proc = k.procs[mm]!;
  if ((page.flags & PG_ANON) !== 0) proc.rssAnon += 1;
  else proc.rssFile += 1;
  page.mapcount += 1;
}

/**
 * `mm/memory.c:zap_vma_ptes` (up to 6.12: VM_PFNMAP only) and 7.2's `zap_special_vma_range` (VM_MIXEDMAP too): does nothing
 * when the range leaves the VMA or the VMA is not special.
 */
export function zapSpecialVmaRange(k: Kernel, vma: Vma, addr: number, size: number): void {
  const wanted = k.facts.zapSpecialTakesMixedmap ? VM_PFNMAP | VM_MIXEDMAP : VM_PFNMAP;
  const start = pageOfAddr(k, addr);
  const end = Math.ceil((addr + size - k.arenaBase) / PAGE_SIZE);
  if (start < vma.start || end > vma.end || (vma.flags & wanted) === 0) return;
  zapPageRange(k, vma, start, end, true);
}
