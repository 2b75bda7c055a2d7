/**
 * Page tables of a process: canonical entries at the PTE, PMD and PUD level, indexed by the page's place in the arena. Levels
 * above the PTE hold leaves only; a table is there whenever an entry below is.
 */
import type { Kernel } from '../kernel.js';
import { Level, PTE_CACHE_MASK, PTE_EXEC, PTE_PRESENT, PTE_PROTNONE, PTE_WRITE } from '../pte.js';
import { VM_EXEC, VM_READ, VM_SHARED, VM_WRITE } from '../flags.js';

const TWO_32 = 2 ** 32;

/** Word index of the PTE of page `pg` of process `mm`. */
export function pteAt(k: Kernel, mm: number, pg: number): number {
  return k.proc(mm) + k.layout.pteAt + 2 * pg;
}

/** Word index of the PMD entry that covers page `pg`. */
export function pmdAt(k: Kernel, mm: number, pg: number): number {
  return k.proc(mm) + k.layout.pmdAt + 2 * Math.floor(pg / k.layout.ptrs);
}

/** Word index of the PUD entry that covers page `pg`. */
export function pudAt(k: Kernel, mm: number, pg: number): number {
  return k.proc(mm) + k.layout.pudAt + 2 * Math.floor(pg / (k.layout.ptrs * k.layout.ptrs));
}

/** Word index of the entry that maps page `pg`, a leaf of any level or the PTE; its level goes to `k.level`. */
export function walk(k: Kernel, mm: number, pg: number): number {
  const pud = pudAt(k, mm, pg);
  if (!none(k, pud)) {
    k.level = Level.Pud;
    return pud;
  }
  const pmd = pmdAt(k, mm, pg);
  if (!none(k, pmd)) {
    k.level = Level.Pmd;
    return pmd;
  }
  k.level = Level.Pte;
  return pteAt(k, mm, pg);
}

/** Pages an entry of a level covers. */
export function levelPages(k: Kernel, level: number): number {
  return level === Level.Pte ? 1 : level === Level.Pmd ? k.layout.ptrs : k.layout.ptrs * k.layout.ptrs;
}

/** pte_none(). */
export function none(k: Kernel, e: number): boolean {
  return k.w[e] === 0 && k.w[e + 1] === 0;
}

/** pte_present(). */
export function present(k: Kernel, e: number): boolean {
  return (k.w[e + 1]! & PTE_PRESENT) !== 0;
}

/** pte_pfn(). */
export function entryPfn(k: Kernel, e: number): number {
  return (k.w[e]! >>> 0) + (k.w[e + 1]! >>> 16) * TWO_32;
}

/** set_pte_at(). */
export function setEntry(k: Kernel, e: number, pfn: number, flags: number): void {
  k.w[e] = pfn | 0;
  k.w[e + 1] = flags | (Math.floor(pfn / TWO_32) << 16);
}

/** pte_clear(). */
export function clearEntry(k: Kernel, e: number): void {
  k.w[e] = 0;
  k.w[e + 1] = 0;
}

/** The pfn that an entry of this architecture can hold: bits above its physical address width are lost. */
export function pfnInEntry(k: Kernel, pfn: number): number {
  return pfn % 2 ** k.facts.pfnBits;
}

/**
 * vm_get_page_prot(): protection_map by READ, WRITE, EXEC and SHARED. A private writable VMA has no hardware write
 * permission: that is what makes the first store fault.
 */
export function vmGetPageProt(flags: number): number {
  if ((flags & (VM_READ | VM_WRITE | VM_EXEC)) === 0) return PTE_PRESENT | PTE_PROTNONE;
  let prot = PTE_PRESENT;
  if ((flags & VM_WRITE) !== 0 && (flags & VM_SHARED) !== 0) prot |= PTE_WRITE;
  if ((flags & VM_EXEC) !== 0) prot |= PTE_EXEC;
  return prot;
}

/** pgprot_modify(): new permissions, the old cache mode. */
export function pgprotModify(old: number, now: number): number {
  return (now & ~PTE_CACHE_MASK) | (old & PTE_CACHE_MASK);
}

/** Frames from here on have no protection against L1TF (46 bits of cached physical address). */
const L1TF_LIMIT_PFN = 2 ** 33;

/**
 * `arch/x86/mm/mmap.c:pfn_modify_allowed`: a CPU with the L1TF bug refuses PROT_NONE entries of high frames without struct page.
 * @param prot canonical protection of the entry to be
 */
export function pfnModifyAllowed(k: Kernel, pfn: number, prot: number): boolean {
  if (!k.facts.l1tf || (prot & PTE_PROTNONE) === 0) return true;
  return k.mem.pfnValid(pfn) || pfn < L1TF_LIMIT_PFN;
}
