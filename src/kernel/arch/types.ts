import type { Level } from '../pte.js';
import type { PerRelease, Release } from '../release.js';

export const ARCH_NAMES = [
  'x86_64',
  'arm64',
  'arm_lpae',
  'arm',
  'um',
  'riscv64',
  's390x',
  'ppc64',
  'loongarch64',
  'mips64',
  'm68k',
  'xtensa',
] as const;

export type ArchName = (typeof ARCH_NAMES)[number];

/** A real entry as the CPU loads it, in two words; on 32-bit page tables `hi` is 0. Both unsigned. */
export interface RawEntry {
  readonly lo: number;
  readonly hi: number;
}

/** An entry in canonical form, the frame number apart. */
export interface Entry {
  /** Page frame number of the leaf's first page. */
  readonly pfn: number;
  /** Canonical PTE_* bits (without ghost bits and frame bits). 0 for an empty entry. */
  readonly flags: number;
}

/** What an architecture (with Debian's configuration of it) supports. */
export interface ArchTraits {
  /** ARCH_HAS_PTE_SPECIAL. */
  readonly pteSpecial: PerRelease<boolean>;
  /** ARCH_SUPPORTS_PMD_PFNMAP: a special bit in PMD leaves. */
  readonly pmdPfnmap: PerRelease<boolean>;
  /** ARCH_SUPPORTS_PUD_PFNMAP. */
  readonly pudPfnmap: PerRelease<boolean>;
  /** ARCH_HAS_PTE_DEVMAP. */
  readonly pteDevmap: PerRelease<boolean>;
  /** __HAVE_PFNMAP_TRACKING: x86 memory types. */
  readonly pfnmapTracking: PerRelease<boolean>;
  /** HAVE_GUP_FAST (6.1: HAVE_FAST_GUP): page tables can be walked without a lock. */
  readonly haveGupFast: PerRelease<boolean>;
  /** CONFIG_HAVE_IOREMAP_PROT: ptrace can read raw frames through vm_ops->access. */
  readonly ioremapProt: PerRelease<boolean>;
  /** ioremap of RAM is refused (with a WARN). */
  readonly ioremapRefusesRam: PerRelease<boolean>;
  /** TRANSPARENT_HUGEPAGE. */
  readonly thp: PerRelease<boolean>;
  /** The fault entry knows no poisoned page: an access to one is SIGSEGV, not SIGBUS. */
  readonly poisonIsSigsegv: PerRelease<boolean>;
  /** CONFIG_KSM, as Debian configures it (and User-mode Linux is built for replays). */
  readonly ksm: PerRelease<boolean>;
  /** HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD. */
  readonly thpPud: PerRelease<boolean>;
  /** CONFIG_PER_VMA_LOCK. */
  readonly perVmaLock: PerRelease<boolean>;
  /** MEM_SOFT_DIRTY: entries and VMAs have a soft-dirty bit. */
  readonly softDirty: PerRelease<boolean>;
  /** HAVE_ARCH_USERFAULTFD_WP. */
  readonly uffdWp: PerRelease<boolean>;
  /** Hardware (or its stand-in) sets the accessed bit: no fault for an old entry. */
  readonly hwAccessedBit: PerRelease<boolean>;
  /** The hardware, or a TLB handler without the mm's help, makes a writable entry dirty: no fault for the first store. */
  readonly hwDirtyBit: PerRelease<boolean>;
  /** A present entry can lack execute permission. */
  readonly noExec: PerRelease<boolean>;
  /** HAVE_MOVE_PMD / HAVE_MOVE_PUD: mremap moves whole tables. */
  readonly movePageTables: PerRelease<boolean>;
  /** Plain char is signed in the architecture's ABI: in user programs, and in kernels before 6.2. */
  readonly charSigned: PerRelease<boolean>;
  /** pfn_modify_allowed() can refuse (the CPU's L1TF bug). */
  readonly l1tf: PerRelease<boolean>;
}

/** One architecture: its data model, what it supports, and the bits of its page-table entries. */
export interface Arch {
  readonly name: ArchName;
  /** One line for `pfnmap list archs`. */
  readonly doc: string;
  /** Bits of `long` and of pointers. */
  readonly bitsPerLong: 32 | 64;
  /** Bits of phys_addr_t. */
  readonly physAddrT: 32 | 64;
  readonly pageShift: number;
  /** Bits of the largest physical address that an entry can hold. */
  readonly physAddrBits: number;
  /** First address behind user space (TASK_SIZE), in bytes. */
  readonly taskSize: number;
  /** Levels of page tables that are not folded, PTE level included. */
  readonly levels: PerRelease<number>;
  /** Entries of a real page table, from the PTE level up. */
  readonly ptrsPerTable: readonly number[];
  readonly traits: ArchTraits;
  /** Zero pages, one after the other; which of them an address gets depends on its colour. Absent: 1. */
  readonly zeroPages?: number;
  /** Memory type (a CacheMode) that pgprot_noncached() gives. */
  readonly noncached: number;
  /** Memory type that pgprot_writecombine() gives. */
  readonly writecombine: number;
  /** Canonical bits that entries of a level can hold in a release; the cache field counts as PTE_CACHE_MASK. */
  supportedFlags(level: Level, release: Release): number;
  /** Memory types (CacheMode values) that entries tell apart. */
  readonly cacheModes: readonly number[];
  /** A present canonical entry (or the empty one) as real bits. Bits that are not supported are lost. */
  encode(entry: Entry, level: Level, release: Release): RawEntry;
  /** Real bits of a present (or empty) entry in canonical form; undefined if not present (swap, migration ...). */
  decode(raw: RawEntry, level: Level, release: Release): Entry | undefined;
}
