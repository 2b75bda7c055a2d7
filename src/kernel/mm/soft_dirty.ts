/**
 * Soft-dirty tracking (`include/linux/mm.h`, CONFIG_MEM_SOFT_DIRTY). New VMAs have VM_SOFTDIRTY and count as written all over; the bit of
 * an entry matters, and is kept, only after clear_refs has taken the VMA's away.
 */
import { VM_SOFTDIRTY, VM_WRITE } from '../flags.js';
import type { Kernel } from '../kernel.js';
import { PTE_DIRTY, PTE_SOFT_DIRTY, PTE_WRITE } from '../pte.js';
import type { Vma } from '../world.js';

/** `include/linux/mm.h:vma_soft_dirty_enabled`: are writes to this VMA tracked? */
export function vmaSoftDirtyEnabled(k: Kernel, vma: Vma): boolean {
  return k.facts.softDirty && (vma.flags & VM_SOFTDIRTY) === 0;
}

/** pte_mkdirty(): the bits that it sets. */
export function pteMkdirty(k: Kernel, vma: Vma): number {
  return vmaSoftDirtyEnabled(k, vma) ? PTE_DIRTY | PTE_SOFT_DIRTY : PTE_DIRTY;
}

/** maybe_mkwrite(pte_mkdirty()): what a write makes of an entry's flags; writable where the VMA is. */
export function maybeMkwrite(k: Kernel, vma: Vma, flags: number): number {
  const dirty = flags | pteMkdirty(k, vma);
  return (vma.flags & VM_WRITE) === 0 ? dirty : dirty | PTE_WRITE;
}

/** `mm/internal.h:pte_needs_soft_dirty_wp`: must the next write fault, so that it is noticed? `flags` are the entry's. */
export function pteNeedsSoftDirtyWp(k: Kernel, vma: Vma, flags: number): boolean {
  return (flags & PTE_SOFT_DIRTY) === 0 && vmaSoftDirtyEnabled(k, vma);
}
