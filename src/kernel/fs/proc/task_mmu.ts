/** /proc/pid/smaps and /proc/pid/pagemap: `fs/proc/task_mmu.c` (D.6, D.7). */
import { userPage } from '../../fault.js';
import type { Kernel } from '../../kernel.js';
import { LockMode, routine, Undefined, type Routine } from '../../routine.js';
import { EFAULT } from '../../errno.js';
import { VM_PFNMAP } from '../../flags.js';
import { Level } from '../../pte.js';
import type { Vma } from '../../world.js';
import { vmNormalPageAt } from '../../mm/memory/classify.js';
import { splitHuge } from '../../mm/huge_memory.js';
import { entryPfn, levelPages, none, present, walk } from '../../mm/pgtable.js';
import { walkPageTest } from '../../mm/pagewalk.js';
import { vmaLookup } from '../../mm/vma.js';

const KIB_PER_PAGE = 4;

/** The test's smaps(p): Rss of the VMA that holds p, in kB as the file says. Argument: address (two words). -EFAULT without a VMA. */
export const sysSmaps: Routine = routine('fs/proc/task_mmu.c:show_smap', 2, (k, f) => {
  const proc = k.currentProc;
  const lock = k.mmapLock(proc);
  if (!k.tryRead(lock)) return k.wait(f, 0, lock, LockMode.Read);
  const vma = vmaLookup(k, proc, userPage(k, k.w[f + 1]!, k.w[f + 2]!));
  const rss = vma === undefined ? -EFAULT : smapGatherStats(k, vma) * KIB_PER_PAGE;
  k.upRead(lock);
  k.ret(f, rss);
});

/**
 * `fs/proc/task_mmu.c:smap_gather_stats`: pages of the VMA that are normal. Special entries add nothing; 6.1 does not even look into a
 * VM_PFNMAP VMA. Walking splits PUD leaves, and to split a raw one is to remove it (H-3).
 */
export function smapGatherStats(k: Kernel, vma: Vma): number {
  if (k.facts.smapsSkipsPfnmap && (vma.flags & VM_PFNMAP) !== 0) return 0;
  let rss = 0;
  let pg = vma.start;
  while (pg < vma.end && !k.frozen) {
    const e = walk(k, vma.mm, pg);
    const level = k.level;
    const span = levelPages(k, level);
    if (level === Level.Pud && k.facts.smapsSplitsPud) splitHuge(k, vma, e);
    else if (!none(k, e) && present(k, e)) {
      const frame = vmNormalPageAt(k, vma, pg, e, level);
      if (frame >= 0) rss += span;
    }
    pg += span - (pg % span);
  }
  return rss;
}

/**
 * The test's pagemap(p): the frame number that /proc/self/pagemap shows (as root), 0 when it shows none: a hole, or anything in a
 * VM_PFNMAP VMA, its COWed pages included. Argument: address (two words).
 */
export const sysPagemap: Routine = routine('fs/proc/task_mmu.c:pagemap_read', 2, (k, f) => {
  const proc = k.currentProc;
  const lock = k.mmapLock(proc);
  if (!k.tryRead(lock)) return k.wait(f, 0, lock, LockMode.Read);
  const pg = userPage(k, k.w[f + 1]!, k.w[f + 2]!);
  const vma = vmaLookup(k, proc, pg);
  const pfn = vma === undefined ? 0 : pagemapPfn(k, vma, pg);
  k.upRead(lock);
  k.ret(f, pfn | 0, Math.floor(pfn / 2 ** 32));
});

/** {@link pagemapEntry}: nothing that pagemap shows. */
export const NO_ENTRY = -1;

/**
 * `fs/proc/task_mmu.c:pagemap_pmd_range`: the present entry of a page, its level in `k.level`, or {@link NO_ENTRY}. A PUD leaf goes by being
 * looked at, as in {@link smapGatherStats}; of a PMD leaf the struct page is read without asking whether it is raw (H-4).
 */
export function pagemapEntry(k: Kernel, vma: Vma, pg: number): number {
  if (!walkPageTest(vma)) return NO_ENTRY;
  const e = walk(k, vma.mm, pg);
  if (none(k, e) || !present(k, e)) return NO_ENTRY;
  if (k.level === Level.Pud) {
    splitHuge(k, vma, e);
    return NO_ENTRY;
  }
  if (k.level === Level.Pmd && !k.mem.pfnValid(entryPfn(k, e))) {
    k.undefinedBehaviour(Undefined.NoMemmap);
    return NO_ENTRY;
  }
  return e;
}

function pagemapPfn(k: Kernel, vma: Vma, pg: number): number {
  const e = pagemapEntry(k, vma, pg);
  if (e === NO_ENTRY) return 0;
  const pfn = entryPfn(k, e) + (k.level === Level.Pte ? 0 : pg % levelPages(k, k.level));
  k.exchange?.number(k.mem.frame(pfn));
  return pfn;
}
