/**
 * Canonical page-table entries: the same for every architecture, at every level, so that the model's hot path is one code.
 *
 * An entry is two 32-bit words: bits 0..31 of the page frame number, then a flag word (this file's bits) with bits 32..47
 * of the number in its upper half. Both words 0 mean "none". `arch/` translates to and from the bits of real entries.
 */

/** Present to the kernel (`pte_present`): a translation, or a PROT_NONE entry that keeps its frame. */
export const PTE_PRESENT = 1;
export const PTE_WRITE = 2;
/** May be executed. Architectures without such a bit decode every present entry as executable. */
export const PTE_EXEC = 4;
/** The accessed bit. */
export const PTE_YOUNG = 8;
export const PTE_DIRTY = 16;
/** `pte_special`: only where the architecture has the bit. */
export const PTE_SPECIAL = 32;
/** Not accessible to the hardware although present (mprotect PROT_NONE). PRESENT is set, too; WRITE and EXEC are clear. */
export const PTE_PROTNONE = 64;
/** ZONE_DEVICE page with its own rules; 7.2 has no such bit. */
export const PTE_DEVMAP = 128;
export const PTE_SOFT_DIRTY = 256;
export const PTE_UFFD_WP = 512;

/** In an entry above the PTE level: leads to a table. Such an entry has no other bit. Kept only where leaves can be (`Layout.leaves`). */
export const PTE_TABLE = 1 << 13;

/** Memory type of the mapping: a {@link CacheMode} in bits 10..12. */
export const PTE_CACHE_SHIFT = 10;
export const PTE_CACHE_MASK = 7 << PTE_CACHE_SHIFT;

/** Ghost state: a reference, a mapcount and an RSS count were taken when the entry was installed. No model code reads it. */
export const PTE_GHOST_COUNTED = 1 << 15;

/** Bits 32..47 of the page frame number. */
export const PTE_PFN_HI_SHIFT = 16;
/** Everything in the flag word that is not frame number. */
export const PTE_FLAGS_MASK = 0xffff;
/** All bits that an architecture could have to encode: bits 0..12. */
export const PTE_ARCH_MASK = 0x1fff;

/** Memory types (`pgprot_noncached()` and relatives), in the field PTE_CACHE_MASK. */
export const CacheMode = {
  /** Ordinary cached memory. */
  WriteBack: 0,
  WriteCombine: 1,
  /** x86 UC-: uncached, an MTRR may make it write-combining. What pgprot_noncached() gives. */
  UncachedMinus: 2,
  /** Uncached, strongly ordered. */
  Uncached: 3,
  WriteThrough: 4,
  WriteProtect: 5,
  /** ARM device memory. */
  Device: 6,
} as const;

/** One of {@link CacheMode}. */
export type CacheModeValue = (typeof CacheMode)[keyof typeof CacheMode];

/** Levels of a leaf, numbered as x86's PG_LEVEL_4K, _2M and _1G. */
export const Level = { Pte: 1, Pmd: 2, Pud: 3 } as const;

export type Level = (typeof Level)[keyof typeof Level];

/** The flag bits of a flag word that holds frame bits as well. */
export function pteFlags(word: number): number {
  return word & PTE_FLAGS_MASK;
}

/** Frame number of an entry: up to 48 bits, a safe integer. */
export function ptePfn(word: number, pfnLo: number): number {
  return (word >>> PTE_PFN_HI_SHIFT) * 0x1_0000_0000 + (pfnLo >>> 0);
}

/** The part of a frame number that goes into the upper half of the flag word. */
export function pfnHiBits(pfn: number): number {
  return Math.floor(pfn / 0x1_0000_0000) << PTE_PFN_HI_SHIFT;
}

const NAMES: readonly (readonly [number, string])[] = [
  [PTE_PRESENT, 'present'],
  [PTE_WRITE, 'write'],
  [PTE_EXEC, 'exec'],
  [PTE_YOUNG, 'young'],
  [PTE_DIRTY, 'dirty'],
  [PTE_SPECIAL, 'special'],
  [PTE_PROTNONE, 'protnone'],
  [PTE_DEVMAP, 'devmap'],
  [PTE_SOFT_DIRTY, 'soft-dirty'],
  [PTE_UFFD_WP, 'uffd-wp'],
];

/** Names of memory types, by {@link CacheMode}: what conditions call them, and witnesses. */
export const MEMORY_TYPES = ['wb', 'wc', 'uc_minus', 'uc', 'wt', 'wp', 'device'] as const;

/** One of {@link MEMORY_TYPES}. */
export type MemoryType = (typeof MEMORY_TYPES)[number];

/** Memory type of a flag word or protection. */
export function cacheMode(word: number): number {
  return (word & PTE_CACHE_MASK) >>> PTE_CACHE_SHIFT;
}

/** A flag word or protection with another memory type. */
export function withCacheMode(word: number, mode: number): number {
  return (word & ~PTE_CACHE_MASK) | (mode << PTE_CACHE_SHIFT);
}

/** Names of an entry's flags, for witnesses and messages; the memory type is named unless it is ordinary. */
export function pteFlagNames(word: number): string[] {
  const found = NAMES.filter(([bit]) => (word & bit) !== 0).map(([, name]) => name);
  const cache = cacheMode(word);
  if (cache !== CacheMode.WriteBack) found.push(MEMORY_TYPES[cache] ?? `cache${cache}`);
  return found;
}
