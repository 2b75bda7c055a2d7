/** Page walks: `mm/pagewalk.c` (D.4, D.5). */
import type { Kernel } from '../kernel.js';
import { VM_PFNMAP } from '../flags.js';
import { Level, PTE_DEVMAP, PTE_SPECIAL } from '../pte.js';
import type { Vma } from '../world.js';
import { entryPfn, levelPages, none, present, walk } from './pgtable.js';
import { isZeroPfn, SPECIAL, vmNormalPage, vmNormalPageLeaf } from './memory/classify.js';

/** folio_walk_start() also gives the zero page, for which it knows no struct page. */
export const FW_ZEROPAGE = 1;

/**
 * `mm/pagewalk.c:folio_walk_start` [6.12+]: the page that a page of a VMA maps. It never asks for VM_PFNMAP; the class of the
 * entry alone counts.
 * @param pg page of the arena, inside the VMA
 * @param flags {@link FW_ZEROPAGE} or 0
 * @returns frame index, or SPECIAL for NULL: nothing mapped, or nothing that is a page
 */
export function folioWalkStart(k: Kernel, vma: Vma, pg: number, flags: number): number {
  if (pg < vma.start || pg >= vma.end) {
    k.warn();
    return SPECIAL;
  }
  const e = walk(k, vma.mm, pg);
  if (none(k, e) || !present(k, e)) return SPECIAL;
  const level = k.level;
  const found = classify(k, vma, pg, e, level);
  if (found >= 0) return found + (level === Level.Pte ? 0 : pg % levelPages(k, level));
  if ((flags & FW_ZEROPAGE) !== 0 && level !== Level.Pud && isZeroPfn(k, entryPfn(k, e)))
    return k.mem.frame(entryPfn(k, e));
  return SPECIAL;
}

function classify(k: Kernel, vma: Vma, pg: number, e: number, level: number): number {
  if (level === Level.Pte) return vmNormalPage(k, vma, pg, e);
  if (level === Level.Pmd || k.facts.pudClassifier) return vmNormalPageLeaf(k, vma, pg, e, level);
  // 6.12 has no classifier for PUD leaves: the marks of the entry decide, no rule of the VMA.
  if ((k.w[e + 1]! & (PTE_SPECIAL | PTE_DEVMAP)) !== 0) return SPECIAL;
  const frame = k.mem.frame(entryPfn(k, e));
  return frame >= 0 && k.mem.hasPage[frame] === 1 ? frame : SPECIAL;
}

/**
 * `mm/pagewalk.c:walk_page_test`: whether a walk without a test of its own goes into a VMA. VM_IO and VM_MIXEDMAP do not stop it.
 */
export function walkPageTest(vma: Vma): boolean {
  return (vma.flags & VM_PFNMAP) === 0;
}
