/**
 * Page tables of a process: canonical entries at the PTE, PMD and PUD level, indexed by the page's place in the arena. Levels
 * above the PTE hold leaves and the mark of a table, and are kept only where leaves can be; elsewhere every table is there.
 */
import type { Kernel } from '../kernel.js';
import {
  Level,
  PTE_CACHE_MASK,
  PTE_EXEC,
  PTE_PRESENT,
  PTE_PROTNONE,
  PTE_SPECIAL,
  PTE_TABLE,
  PTE_WRITE,
} from '../pte.js';
import { UnknownError } from '../routine.js';
import { VMA_LINKED } from '../world.js';
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
  if (k.layout.leaves) {
    const leaf = leafOver(k, mm, pg);
    if (leaf !== 0) return leaf;
  }
  k.level = Level.Pte;
  return pteAt(k, mm, pg);
}

/** Word index of the leaf over a page, with its level in `k.level`, or 0. */
function leafOver(k: Kernel, mm: number, pg: number): number {
  const pud = pudAt(k, mm, pg);
  if (present(k, pud)) {
    k.level = Level.Pud;
    return pud;
  }
  const pmd = pmdAt(k, mm, pg);
  if (!present(k, pmd)) return 0;
  k.level = Level.Pmd;
  return pmd;
}

/** pmd_alloc(): a table below an empty PUD entry. */
export function pmdAlloc(k: Kernel, mm: number, pg: number): void {
  const pud = pudAt(k, mm, pg);
  if (none(k, pud)) k.w[pud + 1] = PTE_TABLE;
}

/** pte_alloc(): tables down to the PTE of a page. */
export function pteAlloc(k: Kernel, mm: number, pg: number): void {
  if (!k.layout.leaves) return;
  pmdAlloc(k, mm, pg);
  const pmd = pmdAt(k, mm, pg);
  if (none(k, pmd)) k.w[pmd + 1] = PTE_TABLE;
}

/** {@link pteOf}: a PMD leaf lies where the table would. */
export const NO_TABLE = -1;

/** get_locked_pte(): the PTE of a page, in a table that is made if there is none, or {@link NO_TABLE}. */
export function pteOf(k: Kernel, mm: number, pg: number): number {
  const e = walk(k, mm, pg);
  if (k.level === Level.Pte) pteAlloc(k, mm, pg);
  else if (k.level === Level.Pud || !k.facts.pteLookupMeetsLeaf)
    throw new UnknownError('an entry below a leaf, which is taken for a table');
  return k.level === Level.Pte ? e : NO_TABLE;
}

/** Whether there is a table of PTEs for a page. */
export function hasPteTable(k: Kernel, mm: number, pg: number): boolean {
  return !k.layout.leaves || (k.w[pmdAt(k, mm, pg) + 1]! & PTE_TABLE) !== 0;
}

/**
 * `mm/memory.c:free_pgtables`: tables that served pages [start, end) and that no VMA of the process needs any more. What is left is the
 * reason why a neighbour may be asked for a leaf again.
 */
export function freePgtables(k: Kernel, mm: number, start: number, end: number): void {
  if (!k.layout.leaves) return;
  for (let level = Level.Pmd; level <= Level.Pud; level++) {
    const span = levelPages(k, level);
    for (let pg = start - (start % span); pg < end; pg += span) {
      if (!inUse(k, mm, pg, pg + span)) clearEntry(k, (level === Level.Pmd ? pmdAt : pudAt)(k, mm, pg));
    }
  }
}

/** Whether a linked VMA of the process has one of the pages. */
function inUse(k: Kernel, mm: number, start: number, end: number): boolean {
  const vmas = k.vmas;
  for (let i = 0; i < vmas.length; i++) {
    const v = vmas[i]!;
    if (v.mm === mm && v.has(VMA_LINKED) && v.start < end && v.end > start) return true;
  }
  return false;
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

/** pte_mkspecial(): the flags with the special bit, where there is one. */
export function mkspecial(k: Kernel, flags: number): number {
  return k.facts.pteSpecial ? flags | PTE_SPECIAL : flags;
}

/** pte_clear(). */
export function clearEntry(k: Kernel, e: number): void {
  k.w[e] = 0;
  k.w[e + 1] = 0;
}

/** The pfn that an entry of this architecture can hold: bits above its physical address width are lost. */
export function pfnInEntry(k: Kernel, pfn: number): number {
  // What the narrowest entries can hold, all can.
  return pfn < 0x100000 ? pfn : pfn % 2 ** k.facts.pfnBits;
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
