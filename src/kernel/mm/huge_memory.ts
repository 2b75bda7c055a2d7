/** Leaves of raw frames above the PTE level: `mm/huge_memory.c` (B.8, C.2, C.6, C.9). */
import type { Kernel } from '../kernel.js';
import { Undefined, UnknownError, type CFunction } from '../routine.js';
import {
  VM_FAULT_NOPAGE,
  VM_FAULT_SIGBUS,
  VM_HUGEPAGE,
  VM_MIXEDMAP,
  VM_NOHUGEPAGE,
  VM_PFNMAP,
  VM_SHARED,
} from '../flags.js';
import { Level, PTE_DIRTY, PTE_SPECIAL, PTE_WRITE } from '../pte.js';
import { OPS_NULL, type Vma } from '../world.js';
import { vmNormalPageLeaf } from './memory/classify.js';
import { trackPfnInsert } from './memory/pat.js';
import {
  clearEntry,
  entryPfn,
  levelPages,
  none,
  pfnInEntry,
  pmdAt,
  present,
  pudAt,
  setEntry,
} from './pgtable.js';
import { maybeMkwrite } from './soft_dirty.js';

const RAW = VM_PFNMAP | VM_MIXEDMAP;

/** vm_ops->huge_fault of a VMA. */
export function hugeFaultOf(k: Kernel, vma: Vma): CFunction | undefined {
  return vma.ops === OPS_NULL ? undefined : k.program.vmOps[vma.ops]?.hugeFault;
}

/**
 * `mm/huge_memory.c:__thp_vma_allowable_orders` for a page fault: may a leaf of this level be made here? Before 6.12 no VMA with a
 * VM_SPECIAL flag gets that far. Leaves of VMAs that are not raw end at the PMD. Alignment is the handler's business.
 */
export function thpVmaAllowableOrder(k: Kernel, vma: Vma, level: number): boolean {
  if (!k.facts.hugeFaultOnSpecialVma || hugeFaultOf(k, vma) === undefined) return false;
  if (level === Level.Pud) {
    const special = (vma.flags & RAW) !== 0 && (vma.file >= 0 || !k.facts.specialHugeNeedsFile);
    if (!special || !k.facts.thpPud) return false;
  }
  if ((vma.flags & VM_NOHUGEPAGE) !== 0) return false;
  if (k.facts.hugeFaultIgnoresThpPolicy && (vma.flags & VM_PFNMAP) !== 0) return true;
  return !k.facts.strictThp || (vma.flags & VM_HUGEPAGE) !== 0;
}

/** Word index of the entry of a level over a page. */
export function entryAt(k: Kernel, mm: number, pg: number, level: number): number {
  return level === Level.Pmd ? pmdAt(k, mm, pg) : pudAt(k, mm, pg);
}

/**
 * `mm/huge_memory.c:vmf_insert_pfn_pmd` and `vmf_insert_pfn_pud` (B.8). The address is aligned down. A pfn that is not is encoded as
 * it is, with bits set that are reserved in a leaf or mean something else (x86: PAT, a fault for reserved bits): F-14. Without
 * ARCH_SUPPORTS_PMD_PFNMAP the leaf has no special bit.
 * @param pg page that faulted
 * @returns VM_FAULT_NOPAGE or VM_FAULT_SIGBUS
 */
export function vmfInsertPfnLeaf(
  k: Kernel,
  vma: Vma,
  pg: number,
  pfn: number,
  write: boolean,
  level: number,
): number {
  k.exchange?.meets(pfn - (pfn % levelPages(k, level)), levelPages(k, level));
  if (!(level === Level.Pmd ? k.facts.thp : k.facts.thpPud))
    throw new UnknownError('a kernel without huge pages of this size has no such function');
  const raw = vma.flags & RAW;
  if (raw === 0 || raw === RAW || (raw === VM_PFNMAP && vma.cow && k.facts.insertPfnRefusesCow))
    return k.bug();
  const span = levelPages(k, level);
  const first = pg - (pg % span);
  if (first < vma.start || first >= vma.end) return VM_FAULT_SIGBUS;
  const e = entryAt(k, vma.mm, pg, level);
  if (none(k, e)) {
    if (pfn % span !== 0) {
      k.undefinedBehaviour(Undefined.UnalignedLeaf);
      return VM_FAULT_NOPAGE;
    }
    let flags = trackPfnInsert(k, pfn, vma.prot);
    if (level === Level.Pmd ? k.facts.pmdPfnmap : k.facts.pudPfnmap) flags |= PTE_SPECIAL;
    setEntry(k, e, pfnInEntry(k, pfn), write ? maybeMkwrite(k, vma, flags) : flags);
  } else if (write) {
    if (present(k, e) && entryPfn(k, e) === pfn) k.w[e + 1] = maybeMkwrite(k, vma, k.w[e + 1]!);
    else k.warn();
  }
  return VM_FAULT_NOPAGE;
}

/** A leaf in a VMA that is raw no longer would be taken for a folio. */
function assertRaw(vma: Vma): void {
  if ((vma.flags & RAW) === 0)
    throw new UnknownError('a leaf of raw frames in a VMA that is no longer VM_PFNMAP or VM_MIXEDMAP');
}

/** `mm/huge_memory.c:__split_huge_pmd_locked` and `__split_huge_pud_locked`: a leaf of a file mapping is not split but cleared (C.9). */
export function splitHuge(k: Kernel, vma: Vma, e: number): void {
  assertRaw(vma);
  clearEntry(k, e);
}

/** `mm/huge_memory.c:zap_huge_pmd` and `zap_huge_pud`. 7.2 classifies a PMD leaf, so a bad-map report can come from here. */
export function zapHuge(k: Kernel, vma: Vma, pg: number, e: number, level: number): void {
  assertRaw(vma);
  if (level === Level.Pmd && k.facts.hugeClassifierAsPte && vmNormalPageLeaf(k, vma, pg, e, level) >= 0)
    throw new UnknownError('a leaf without special bit passes for pages that were never counted');
  clearEntry(k, e);
}

/**
 * `mm/huge_memory.c:vma_adjust_trans_huge`, when a VMA is cut at page `at`: the PMD leaf over the cut goes. A PUD leaf is taken for a
 * table: the lookup only asks whether it is present (H-2). A cut between two PMDs looks at nothing.
 */
export function vmaAdjustTransHuge(k: Kernel, vma: Vma, at: number): void {
  if (!k.layout.leaves) return;
  const pud = pudAt(k, vma.mm, at);
  if (present(k, pud) && k.facts.vmaSplitKnowsPud) {
    if (straddles(k, vma, at, Level.Pud)) splitHuge(k, vma, pud);
    return;
  }
  if (!straddles(k, vma, at, Level.Pmd)) return;
  if (present(k, pud)) return k.undefinedBehaviour(Undefined.H2);
  const pmd = pmdAt(k, vma.mm, at);
  if (present(k, pmd)) splitHuge(k, vma, pmd);
}

/** Whether page `at` lies inside a place for a leaf, all of which is in the VMA. */
function straddles(k: Kernel, vma: Vma, at: number, level: number): boolean {
  const span = levelPages(k, level);
  const first = at - (at % span);
  return first !== at && first >= vma.start && first + span <= vma.end;
}

/**
 * `mm/huge_memory.c:copy_huge_pmd` and `copy_huge_pud`: a special PMD leaf is copied as it is, its write bit kept even in a copy-on-write
 * VMA; one without special bit is left to the child's faults. A PUD leaf is always copied, read-only on both sides if the VMA is copy-on-write.
 */
export function copyHuge(k: Kernel, child: Vma, parent: Vma, pg: number, e: number, level: number): void {
  if (level === Level.Pmd) {
    if (!k.facts.forkCopiesSpecialPmd || (k.w[e + 1]! & PTE_SPECIAL) === 0) return;
    if (parent.cow && (k.w[e + 1]! & PTE_WRITE) !== 0) k.vmWarn();
  } else if (parent.cow) k.w[e + 1]! &= ~PTE_WRITE;
  const c = entryAt(k, child.mm, pg, level);
  k.w[c] = k.w[e]!;
  k.w[c + 1] = k.w[e + 1]!;
}

/** `mm/huge_memory.c:can_change_pmd_writable`: mprotect lets a dirty leaf of a shared VMA be written at once. */
export function canChangePmdWritable(k: Kernel, vma: Vma, e: number): boolean {
  return (vma.flags & VM_SHARED) !== 0 && (k.w[e + 1]! & PTE_DIRTY) !== 0;
}
