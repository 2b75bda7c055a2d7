/** `mm/memory.c:vm_normal_page` and its siblings: which entries the VM may look behind (catalogue A). */
import type { Kernel } from '../../kernel.js';
import { Undefined } from '../../routine.js';
import { handle, HandleKind, handleIndex } from '../../handle.js';
import { VM_MIXEDMAP, VM_PFNMAP } from '../../flags.js';
import { Level, PTE_DEVMAP, PTE_SPECIAL } from '../../pte.js';
import type { Vma } from '../../world.js';
import { pageAddr } from '../page.js';
import { entryPfn } from '../pgtable.js';

/** "NULL": special, the VM must not look for a struct page. */
export const SPECIAL = -1;
/** The classifier would follow a pointer into no memmap (A.7, F2). */
export const NO_MEMMAP = -2;

const TWO_32 = 2 ** 32;

/** `pfn == vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT)`, in the arithmetic of unsigned long. */
export function isLinear(k: Kernel, vma: Vma, pg: number, pfn: number): boolean {
  const lo = (vma.pgoffLo >>> 0) + (pg - vma.start);
  if (vma.pgoffHi === 0) k.exchange?.meets(lo, 1);
  if ((lo | 0) !== (pfn | 0)) return false;
  const hi = k.facts.bitsPerLong === 32 ? 0 : vma.pgoffHi + Math.floor(lo / TWO_32);
  return (hi | 0) === (Math.floor(pfn / TWO_32) | 0);
}

/** is_zero_pfn(): a range, where there are several (F-40). */
export function isZeroPfn(k: Kernel, pfn: number): boolean {
  return pfn >= k.mem.zeroPfn && pfn < k.mem.zeroPfn + k.mem.zeroPages;
}

/** my_zero_pfn(): the zero page of the colour of page `pg`. */
export function zeroPfnOf(k: Kernel, pg: number): number {
  return k.mem.zeroPfn + (pg & (k.mem.zeroPages - 1));
}

/**
 * `mm/memory.c:vm_normal_page` (A.2 with a special bit, A.3 without).
 * @param pg page of the arena that the entry maps
 * @param e word index of the entry
 * @returns frame index of the page, {@link SPECIAL} for NULL, or {@link NO_MEMMAP}
 */
export function vmNormalPage(k: Kernel, vma: Vma, pg: number, e: number): number {
  return k.facts.pteSpecial ? normalByBit(k, vma, pg, e) : normalByRules(k, vma, pg, e, Level.Pte);
}

/**
 * `mm/memory.c:vm_normal_page_pmd` and `_pud` (A.4): the first page of the leaf, or NULL. Before 7.2 there is no PUD
 * variant; callers test the special bit themselves.
 */
export function vmNormalPageLeaf(k: Kernel, vma: Vma, pg: number, e: number, level: number): number {
  const byBit = level === Level.Pmd ? k.facts.pmdPfnmap : k.facts.pudPfnmap;
  const flags = k.w[e + 1]!;
  if (k.facts.hugeClassifierAsPte) {
    return byBit ? normalByBit(k, vma, pg, e) : normalByRules(k, vma, pg, e, level);
  }
  return byBit && (flags & PTE_SPECIAL) !== 0 ? SPECIAL : normalByRules(k, vma, pg, e, level);
}

/** The classifier of the level at which an entry stands: {@link vmNormalPage} or {@link vmNormalPageLeaf}. */
export function vmNormalPageAt(k: Kernel, vma: Vma, pg: number, e: number, level: number): number {
  return level === Level.Pte ? vmNormalPage(k, vma, pg, e) : vmNormalPageLeaf(k, vma, pg, e, level);
}

/** A.2: the special bit decides; VMA flags only say what a special entry was. */
function normalByBit(k: Kernel, vma: Vma, pg: number, e: number): number {
  const pfn = entryPfn(k, e);
  if ((k.w[e + 1]! & PTE_SPECIAL) === 0) return pageOf(k, pfn, true);
  const hook = k.program.vmOps[vma.ops]?.findNormalPage;
  if (hook !== undefined && k.facts.specialPageHook) {
    k.arg(0, handle(HandleKind.Vma, vma.slot));
    k.argNumber(1, pageAddr(k, pg));
    const page = k.callAtomic(hook);
    return page === 0 ? SPECIAL : handleIndex(page);
  }
  if ((vma.flags & (VM_PFNMAP | VM_MIXEDMAP)) !== 0) return SPECIAL;
  if (isZeroPfn(k, pfn)) return SPECIAL;
  if ((k.w[e + 1]! & PTE_DEVMAP) !== 0) return SPECIAL;
  k.badMap();
  return SPECIAL;
}

/** A.3: VM_MIXEDMAP asks pfn_valid(), VM_PFNMAP the linear rule and is_cow_mapping(). */
function normalByRules(k: Kernel, vma: Vma, pg: number, e: number, level: number): number {
  const pfn = entryPfn(k, e);
  const flags = vma.flags;
  const oldLeaf = level !== Level.Pte && !k.facts.hugeClassifierAsPte;
  if ((flags & VM_MIXEDMAP) !== 0) {
    if (!k.mem.pfnValid(pfn)) return SPECIAL;
    // releases that classify leaves in another way do not go on to compare
    if (!k.facts.mixedmapChecksHmp) {
      const zero = !oldLeaf && k.facts.mixedmapChecksZeroPage && isZeroPfn(k, pfn);
      return zero ? SPECIAL : k.mem.frame(pfn);
    }
  } else if ((flags & VM_PFNMAP) !== 0) {
    if (isLinear(k, vma, pg, pfn)) return SPECIAL;
    if (!vma.cow) return SPECIAL;
  }
  if (oldLeaf && (k.w[e + 1]! & PTE_DEVMAP) !== 0) return SPECIAL;
  if (isZeroPfn(k, pfn)) return SPECIAL;
  return pageOf(k, pfn, !oldLeaf);
}

/** The last test of both: above highest_memmap_pfn is a wild entry; below it the page is taken on trust. */
function pageOf(k: Kernel, pfn: number, report: boolean): number {
  if (pfn > k.mem.highestMemmapPfn) {
    if (report) k.badMap();
    return SPECIAL;
  }
  if (isZeroPfn(k, pfn) && k.facts.warnsNormalZeroPage) k.vmWarn();
  const frame = k.mem.frame(pfn);
  if (k.mem.hasPage[frame] === 1) return frame;
  k.undefinedBehaviour(Undefined.NoMemmap);
  return NO_MEMMAP;
}
