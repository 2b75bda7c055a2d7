import {
  CacheMode,
  Level,
  PTE_ARCH_MASK,
  PTE_CACHE_MASK,
  PTE_CACHE_SHIFT,
  PTE_DEVMAP,
  PTE_DIRTY,
  PTE_EXEC,
  PTE_PRESENT,
  PTE_PROTNONE,
  PTE_SOFT_DIRTY,
  PTE_SPECIAL,
  PTE_UFFD_WP,
  PTE_WRITE,
  PTE_YOUNG,
} from '../pte.js';
import type { Release } from '../release.js';
import type { Arch, Entry, RawEntry } from './types.js';
import { frameOf, has, Words } from './words.js';

/** Bits of an entry (`arch/loongarch/include/asm/pgtable-bits.h`). */
/** Valid to the hardware, and the accessed bit of Linux: an old entry faults. */
const VALID = 0;
/** The hardware may write; MODIFIED is the mark of Linux. */
const DIRTY = 1;
const PLV = 2;
const CACHE = 4;
/** In a leaf above the PTE level; in a PTE the same bit is GLOBAL. */
const HUGE = 6;
const PRESENT = 7;
const WRITE = 8;
const MODIFIED = 9;
const PROTNONE = 10;
const SPECIAL = 11;
/** 6.12 only. */
const DEVMAP = 59;
/** A huge entry that is being split: present, though the hardware may not use it. */
const PRESENT_INVALID = 60;
const NO_READ = 61;
const NO_EXEC = 62;

/** Bits 12..47, from the leaf's size on. */
const FRAME_HI = 0xffff;
const FRAME_LO: Readonly<Record<Level, number>> = {
  [Level.Pte]: 0xfffff000,
  [Level.Pmd]: 0xffe00000,
  [Level.Pud]: 0,
};

/** Strongly ordered uncached, coherent cached, weakly ordered uncached. */
const CACHE_BITS: Readonly<Record<number, number>> = {
  [CacheMode.Uncached]: 0,
  [CacheMode.WriteBack]: 1,
  [CacheMode.WriteCombine]: 2,
};
/** 3 is reserved. */
const CACHE_OF_BITS = [CacheMode.Uncached, CacheMode.WriteBack, CacheMode.WriteCombine, CacheMode.WriteBack];

function supportedFlags(level: Level, release: Release): number {
  if (level === Level.Pud) return 0;
  let flags = PTE_ARCH_MASK & ~(PTE_SOFT_DIRTY | PTE_UFFD_WP);
  if (level !== Level.Pte) flags &= ~PTE_SPECIAL;
  if (release !== '6.12') flags &= ~PTE_DEVMAP;
  return flags;
}

function encode({ pfn, flags }: Entry, level: Level, release: Release): RawEntry {
  const w = new Words();
  const f = flags & supportedFlags(level, release);
  if (f === 0) return w;
  const accessible = (f & PTE_PROTNONE) === 0;
  const write = accessible && (f & PTE_WRITE) !== 0;
  const dirty = (f & PTE_DIRTY) !== 0;
  w.set(VALID, (f & PTE_YOUNG) !== 0)
    .set(DIRTY, write && dirty)
    .field(PLV, 3)
    .field(CACHE, CACHE_BITS[(f & PTE_CACHE_MASK) >>> PTE_CACHE_SHIFT] ?? 1)
    .set(HUGE, level !== Level.Pte)
    .set(accessible ? PRESENT : PROTNONE)
    .set(WRITE, write)
    .set(MODIFIED, dirty)
    .set(SPECIAL, (f & PTE_SPECIAL) !== 0)
    .set(DEVMAP, (f & PTE_DEVMAP) !== 0)
    .set(NO_READ, !accessible)
    .set(NO_EXEC, !accessible || (f & PTE_EXEC) === 0);
  const frame = new Words().frame(pfn);
  return {
    lo: (w.lo | (frame.lo & FRAME_LO[level])) >>> 0,
    hi: (w.hi | (frame.hi & FRAME_HI)) >>> 0,
  };
}

function decode(raw: RawEntry, level: Level, release: Release): Entry | undefined {
  const large = level !== Level.Pte;
  // Not even a global bit makes an entry out of nothing.
  if ((raw.lo & ~(large ? 0 : 1 << HUGE)) === 0 && raw.hi === 0) return { pfn: 0, flags: 0 };
  if (level === Level.Pud || (large && !has(raw, HUGE))) return undefined;
  const none = has(raw, PROTNONE);
  if (!none && !has(raw, PRESENT) && !(large && has(raw, PRESENT_INVALID))) return undefined;
  let flags = PTE_PRESENT | (CACHE_OF_BITS[(raw.lo >>> CACHE) & 3]! << PTE_CACHE_SHIFT);
  if (none) flags |= PTE_PROTNONE;
  if (!none && has(raw, WRITE)) flags |= PTE_WRITE;
  if (!none && !has(raw, NO_EXEC)) flags |= PTE_EXEC;
  if (has(raw, VALID)) flags |= PTE_YOUNG;
  if (has(raw, DIRTY) || has(raw, MODIFIED)) flags |= PTE_DIRTY;
  if (has(raw, SPECIAL)) flags |= PTE_SPECIAL;
  if (has(raw, DEVMAP)) flags |= PTE_DEVMAP;
  return {
    pfn: frameOf((raw.lo & FRAME_LO[level]) >>> 0, raw.hi & FRAME_HI),
    flags: flags & supportedFlags(level, release),
  };
}

/** loongarch64 with 4K pages and four levels. */
export const loongarch64: Arch = {
  name: 'loongarch64',
  doc: 'loongarch64, 4K pages: special bit in PTEs only, the valid bit is the accessed bit',
  bitsPerLong: 64,
  physAddrT: 64,
  pageShift: 12,
  physAddrBits: 48,
  taskSize: 2 ** 47,
  levels: 4,
  ptrsPerTable: [512, 512, 512, 512],
  noncached: CacheMode.Uncached,
  // Weakly ordered only with CONFIG_ARCH_WRITECOMBINE.
  writecombine: CacheMode.Uncached,
  traits: {
    pteSpecial: true,
    pmdPfnmap: false,
    pudPfnmap: false,
    pteDevmap: { '6.1': false, '6.12': true, '7.2': false },
    pfnmapTracking: false,
    haveGupFast: true,
    ioremapProt: true,
    charSigned: true,
    ioremapRefusesRam: false,
    poisonIsSigsegv: false,
    ksm: true,
    thp: true,
    thpPud: false,
    perVmaLock: { '6.1': false, '6.12': false, '7.2': true },
    softDirty: false,
    uffdWp: false,
    hwAccessedBit: false,
    hwDirtyBit: true,
    noExec: true,
    movePageTables: false,
    l1tf: false,
  },
  supportedFlags,
  cacheModes: Object.keys(CACHE_BITS).map(Number),
  encode,
  decode,
};
