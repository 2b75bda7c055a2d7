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

/**
 * DIRTY is clear, but MADV_FREE left it as it was if the page, which others map, too, was dirty: the model does not keep that. Meaningless beside
 * DIRTY. What depends on it is unknown.
 */
export const PTE_DIRTY_UNKNOWN = 1 << 14;
/** Why such an entry makes an answer `Unknown`. */
export const MAYBE_DIRTY =
  'whether a page was dirty that several entries mapped when it was given to MADV_FREE is not modelled';

/** Ghost state: a reference, a mapcount and an RSS count were taken when the entry was installed. No model code reads it. */
export const PTE_GHOST_COUNTED = 1 << 15;

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

/** Levels of a leaf, numbered as x86's PG_LEVEL_4K, _2M and _1G. */
export const Level = { Pte: 1, Pmd: 2, Pud: 3 } as const;

export type Level = (typeof Level)[keyof typeof Level];

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
