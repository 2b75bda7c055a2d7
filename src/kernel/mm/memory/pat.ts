/** x86's memory types of raw mappings up to 6.12: `arch/x86/mm/pat/memtype.c` (B.9). VM_PAT says that a whole VMA is tracked. */
import type { Kernel } from '../../kernel.js';
import { VM_PAT } from '../../flags.js';
import { Level, PTE_SPECIAL } from '../../pte.js';
import type { Vma } from '../../world.js';
import { none, walk } from '../pgtable.js';
import { vmNormalPage } from './classify.js';

/** `follow_phys`: what is tracked is read off the first entry, which must still be raw. */
function followPhys(k: Kernel, vma: Vma): boolean {
  const e = walk(k, vma.mm, vma.start);
  if (none(k, e)) return false;
  if (k.level !== Level.Pte || k.facts.followPfnmap) return (k.w[e + 1]! & PTE_SPECIAL) !== 0;
  return vmNormalPage(k, vma, vma.start, e) < 0;
}

/**
 * `untrack_pfn`, which every zap in a VM_PFNMAP VMA calls for the whole of it: VM_PAT goes, however little is zapped. A shared VMA without
 * a first entry keeps it, with a WARN; a copy-on-write one has its first frame in vm_pgoff.
 */
export function untrackPfn(k: Kernel, vma: Vma): void {
  if (!k.facts.trackSetsVmPat || (vma.flags & VM_PAT) === 0) return;
  if (!followPhys(k, vma) && !vma.cow) k.warn();
  else vma.flags &= ~VM_PAT;
}

/** `track_pfn_copy`, at fork: false when the first entry is not raw any more (H-9). */
export function trackPfnCopy(k: Kernel, vma: Vma, child: Vma): boolean {
  if (!k.facts.forkRereservesPat || (vma.flags & VM_PAT) === 0) return true;
  if (!followPhys(k, vma)) return false;
  child.flags |= VM_PAT;
  return true;
}
