/** Soft-dirty bits: writing 4 to /proc/self/clear_refs, and bit 55 of /proc/self/pagemap (`fs/proc/task_mmu.c`; D.6, D.7). */
import { userPage } from '../../fault.js';
import { GUP_PIN_COUNTING_BIAS, VM_SOFTDIRTY } from '../../flags.js';
import type { Kernel } from '../../kernel.js';
import { vmNormalPage } from '../../mm/memory/classify.js';
import { levelPages, none, present, walk } from '../../mm/pgtable.js';
import { walkPageTest } from '../../mm/pagewalk.js';
import { vmaLookup, vmaSetPageProt } from '../../mm/vma.js';
import { Level, PTE_DIRTY, PTE_SOFT_DIRTY, PTE_WRITE } from '../../pte.js';
import { LockMode, routine, UnknownError, type Routine } from '../../routine.js';
import type { Vma } from '../../world.js';
import { NO_ENTRY, pagemapEntry } from './task_mmu.js';

/** The test's clear_soft_dirty(). Returns 0; where nothing tracks writes it does nothing. */
export const sysClearSoftDirty: Routine = routine('fs/proc/task_mmu.c:clear_refs_write', 0, (k, f) => {
  const lock = k.mmapLock(k.currentProc);
  if (!k.tryWrite(lock)) return k.wait(f, 0, lock, LockMode.Write);
  if (k.facts.softDirty)
    for (const vma of k.vmas) if (vma.end > vma.start && vma.mm === k.currentProc) clear(k, vma);
  k.upWrite(lock);
  k.ret(f, 0);
});

/** Takes VM_SOFTDIRTY away; then, if the VMA may be walked, write bit and soft-dirty bit of every entry. */
function clear(k: Kernel, vma: Vma): void {
  const tracked = (vma.flags & VM_SOFTDIRTY) === 0;
  vma.flags &= ~VM_SOFTDIRTY;
  vmaSetPageProt(k, vma);
  if (!walkPageTest(vma)) return;
  let pg = vma.start;
  while (pg < vma.end && !k.frozen) {
    const e = walk(k, vma.mm, pg);
    const span = levelPages(k, k.level);
    if (!none(k, e) && present(k, e)) {
      if (k.level !== Level.Pte)
        throw new UnknownError('soft-dirty tracking of huge entries is not modelled');
      if (!isPinned(k, vma, pg, e)) k.w[e + 1]! &= ~(PTE_WRITE | PTE_SOFT_DIRTY);
      else if (!tracked && (k.w[e + 1]! & PTE_DIRTY) !== 0) k.w[e + 1]! |= PTE_SOFT_DIRTY;
    }
    pg += span - (pg % span);
  }
}

/** `fs/proc/task_mmu.c:pte_is_pinned`: entries of pages that may be pinned stay as they are. */
function isPinned(k: Kernel, vma: Vma, pg: number, e: number): boolean {
  if (!vma.cow) return false;
  const frame = vmNormalPage(k, vma, pg, e);
  return frame >= 0 && k.pages[frame]!.refcount >= GUP_PIN_COUNTING_BIAS;
}

/** The test's soft_dirty(p): bit 55 of the entry in pagemap. Argument: address (two words). */
export const sysSoftDirty: Routine = routine('fs/proc/task_mmu.c:pagemap_read', 2, (k, f) => {
  const proc = k.currentProc;
  const lock = k.mmapLock(proc);
  if (!k.tryRead(lock)) return k.wait(f, 0, lock, LockMode.Read);
  const pg = userPage(k, k.w[f + 1]!, k.w[f + 2]!);
  const vma = vmaLookup(k, proc, pg);
  const bit = vma !== undefined && isSoftDirty(k, vma, pg);
  k.upRead(lock);
  k.ret(f, bit ? 1 : 0);
});

function isSoftDirty(k: Kernel, vma: Vma, pg: number): boolean {
  const e = pagemapEntry(k, vma, pg);
  if ((vma.flags & VM_SOFTDIRTY) !== 0) return k.facts.softDirty;
  return e !== NO_ENTRY && (k.w[e + 1]! & PTE_SOFT_DIRTY) !== 0;
}
