/** Page walks: `mm/pagewalk.c` (D.4, D.5). */
import type { Kernel } from '../kernel.js';
import { VM_PFNMAP } from '../flags.js';
import { Level, PTE_DEVMAP, PTE_SPECIAL } from '../pte.js';
import type { Vma } from '../world.js';
import { entryPfn, levelPages, present, walk } from './pgtable.js';
import { SPECIAL, vmNormalPageAt } from './memory/classify.js';

/**
 * `mm/pagewalk.c:folio_walk_start` [6.12+], without FW_ZEROPAGE: the page that a page of a VMA maps. It never asks for VM_PFNMAP; the class of
 * the entry alone counts.
 * @param pg page of the arena, inside the VMA
 * @returns frame index, or SPECIAL for NULL: nothing mapped, or nothing that is a page
 */
export function folioWalkStart(k: Kernel, vma: Vma, pg: number): number {
  const e = walk(k, vma.mm, pg);
  const level = k.level;
  const found = present(k, e) ? classify(k, vma, pg, e, level) : SPECIAL;
  return found === SPECIAL ? SPECIAL : found + (pg % levelPages(k, level));
}

function classify(k: Kernel, vma: Vma, pg: number, e: number, level: number): number {
  if (level !== Level.Pud || k.facts.pudClassifier) return vmNormalPageAt(k, vma, pg, e, level);
  // 6.12 has no classifier for PUD leaves: the marks of the entry decide, no rule of the VMA.
  if ((k.w[e + 1]! & (PTE_SPECIAL | PTE_DEVMAP)) !== 0) return SPECIAL;
  const frame = k.mem.frame(entryPfn(k, e));
  return k.mem.hasPage[frame] === 1 ? frame : SPECIAL;
}

/**
 * `mm/pagewalk.c:walk_page_test`: whether a walk without a test of its own goes into a VMA. VM_IO and VM_MIXEDMAP do not stop it.
 */
export function walkPageTest(vma: Vma): boolean {
  return (vma.flags & VM_PFNMAP) === 0;
}
