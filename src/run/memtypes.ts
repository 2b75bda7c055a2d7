/** One memory type per frame: whether live entries keep to it. */
import type { Kernel } from '../kernel/kernel.js';
import { entryPfn, levelPages, none, present, walk } from '../kernel/mm/pgtable.js';
import { cacheMode, CacheMode } from '../kernel/pte.js';
import { VMA_LINKED, type Vma } from '../kernel/world.js';

/**
 * Whether a frame is mapped with two memory types at once. The kernel's own mapping of frames with a struct page counts as wb: it is
 * there however user space maps them.
 */
export function mixedTypes(k: Kernel): boolean {
  const types = new Map<number, number>();
  return k.vmas.some((vma) => vma.mm >= 0 && vma.has(VMA_LINKED) && mixedInVma(k, vma, types));
}

function mixedInVma(k: Kernel, vma: Vma, types: Map<number, number>): boolean {
  for (let pg = vma.start; pg < vma.end; pg++) {
    const e = walk(k, vma.mm, pg);
    if (none(k, e) || !present(k, e)) continue;
    const pfn = entryPfn(k, e) + (k.level === 1 ? 0 : pg % levelPages(k, k.level));
    const type = cacheMode(k.w[e + 1]!);
    const before = types.get(pfn) ?? (k.mem.pfnValid(pfn) ? CacheMode.WriteBack : type);
    if (type !== before) return true;
    types.set(pfn, type);
  }
  return false;
}
