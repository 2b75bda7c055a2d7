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
import { has, Words } from './words.js';

/** Bits of an entry (`arch/riscv/include/asm/pgtable-bits.h`, `pgtable-64.h`). */
const VALID = 0;
const READ = 1;
const WRITE = 2;
const EXEC = 3;
const USER = 4;
/** Global while VALID is set, PROT_NONE while it is clear. */
const PROTNONE = 5;
const ACCESSED = 6;
const DIRTY = 7;
const SPECIAL = 8;
/** 6.12 only. */
const DEVMAP = 9;
/** Svpbmt: no memory attribute, non-cacheable, I/O. */
const MT = 61;
/** Svnapot: the entry is one of a group that is mapped as one; the low bits of its frame tell how large the group is. */
const NAPOT = 63;

/** The frame number is in bits 10..53, two below where the address would be: 56-bit physical addresses. */
const FRAME_HI = 0x3fffff;

const MT_OF: Readonly<Record<number, number>> = {
  [CacheMode.WriteBack]: 0,
  [CacheMode.WriteCombine]: 1,
  [CacheMode.Device]: 2,
};
/** 3 is reserved. */
const CACHE_OF_MT = [CacheMode.WriteBack, CacheMode.WriteCombine, CacheMode.Device, CacheMode.WriteBack];

/** Pages of a level's leaf: 4K, 2M, 1G. */
const LEAF_PAGES: Readonly<Record<Level, number>> = {
  [Level.Pte]: 1,
  [Level.Pmd]: 512,
  [Level.Pud]: 512 * 512,
};

/** The model's CPU has no Svrsw60t59b: 7.2 would keep soft-dirty and uffd-wp in its bits 59 and 60. */
function supportedFlags(level: Level, release: Release): number {
  let flags = PTE_ARCH_MASK & ~(PTE_SOFT_DIRTY | PTE_UFFD_WP);
  if (level !== Level.Pte && release !== '7.2') flags &= ~PTE_SPECIAL;
  if (release !== '6.12') flags &= ~PTE_DEVMAP;
  return flags;
}

function encode({ pfn, flags }: Entry, level: Level, release: Release): RawEntry {
  const w = new Words();
  if (flags === 0) return w;
  const f = flags & supportedFlags(level, release);
  const accessible = (f & PTE_PROTNONE) === 0;
  const mt = MT_OF[(f & PTE_CACHE_MASK) >>> PTE_CACHE_SHIFT] ?? 0;
  w.set(accessible ? VALID : PROTNONE)
    // PAGE_NONE reads, too: an entry is a leaf if it may be read, written or executed.
    .set(READ)
    .set(WRITE, accessible && (f & PTE_WRITE) !== 0)
    .set(EXEC, accessible && (f & PTE_EXEC) !== 0)
    .set(USER, accessible)
    .set(ACCESSED, (f & PTE_YOUNG) !== 0)
    .set(DIRTY, (f & PTE_DIRTY) !== 0)
    .set(SPECIAL, (f & PTE_SPECIAL) !== 0)
    .set(DEVMAP, (f & PTE_DEVMAP) !== 0)
    .set(MT, (mt & 1) !== 0)
    .set(MT + 1, (mt & 2) !== 0);
  return {
    lo: (w.lo | ((pfn % 2 ** 22) * 2 ** 10)) >>> 0,
    hi: (w.hi | (Math.floor(pfn / 2 ** 22) & FRAME_HI)) >>> 0,
  };
}

/**
 * The frame of an entry. In a NAPOT group the lowest set bit of the number is half the group's size and no part of it; 6.1 knows no
 * groups.
 */
function framePart(raw: RawEntry, level: Level, release: Release): number {
  const pfn = (raw.lo >>> 10) + (raw.hi & FRAME_HI) * 2 ** 22;
  if (level !== Level.Pte) return pfn - (pfn % LEAF_PAGES[level]);
  if (release === '6.1' || !has(raw, NAPOT) || pfn === 0) return pfn;
  let size = 1;
  while (pfn % (2 * size) === 0) size *= 2;
  return pfn - size;
}

function decode(raw: RawEntry, level: Level, release: Release): Entry | undefined {
  if (raw.lo === 0 && raw.hi === 0) return { pfn: 0, flags: 0 };
  const accessible = has(raw, VALID);
  if (!accessible && !has(raw, PROTNONE)) return undefined;
  // A pointer to a table: nothing may be done through it.
  if ((raw.lo & ((1 << READ) | (1 << WRITE) | (1 << EXEC))) === 0) return undefined;
  let flags = PTE_PRESENT | (CACHE_OF_MT[(raw.hi >>> (MT - 32)) & 3]! << PTE_CACHE_SHIFT);
  if (!accessible) flags |= PTE_PROTNONE;
  if (accessible && has(raw, WRITE)) flags |= PTE_WRITE;
  if (accessible && has(raw, EXEC)) flags |= PTE_EXEC;
  if (has(raw, ACCESSED)) flags |= PTE_YOUNG;
  if (has(raw, DIRTY)) flags |= PTE_DIRTY;
  if (has(raw, SPECIAL)) flags |= PTE_SPECIAL;
  if (has(raw, DEVMAP)) flags |= PTE_DEVMAP;
  return { pfn: framePart(raw, level, release), flags: flags & supportedFlags(level, release) };
}

/** riscv64 with Sv48 tables and a CPU that has Svpbmt and Svnapot, but neither Svadu nor Svrsw60t59b. */
export const riscv64: Arch = {
  name: 'riscv64',
  doc: 'riscv64, Sv48: special bit in PTEs, in 7.2 at all levels; frames start at bit 10',
  bitsPerLong: 64,
  physAddrT: 64,
  pageShift: 12,
  physAddrBits: 56,
  taskSize: 2 ** 47,
  levels: 4,
  ptrsPerTable: [512, 512, 512, 512],
  noncached: CacheMode.Device,
  writecombine: CacheMode.WriteCombine,
  traits: {
    pteSpecial: true,
    pmdPfnmap: { '6.1': false, '6.12': false, '7.2': true },
    pudPfnmap: { '6.1': false, '6.12': false, '7.2': true },
    pteDevmap: { '6.1': false, '6.12': true, '7.2': false },
    pfnmapTracking: false,
    haveGupFast: { '6.1': false, '6.12': true, '7.2': true },
    ioremapProt: { '6.1': false, '6.12': false, '7.2': true },
    charSigned: false,
    ioremapRefusesRam: false,
    poisonIsSigsegv: false,
    ksm: true,
    thp: true,
    thpPud: { '6.1': false, '6.12': false, '7.2': true },
    perVmaLock: { '6.1': false, '6.12': true, '7.2': true },
    softDirty: false,
    uffdWp: false,
    hwAccessedBit: false,
    hwDirtyBit: false,
    noExec: true,
    movePageTables: true,
    l1tf: false,
  },
  supportedFlags,
  cacheModes: Object.keys(MT_OF).map(Number),
  encode,
  decode,
};
