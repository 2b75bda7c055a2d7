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

/** Bits of an entry (`arch/x86/include/asm/pgtable_types.h`). */
const RW = 1;
const USER = 2;
const PWT = 3;
const PCD = 4;
const ACCESSED = 5;
const DIRTY = 6;
/** In a leaf above the PTE level; in a PTE the same bit is PAT. */
const PSE = 7;
const PAT = 7;
/** Meaningful only while PRESENT is clear; otherwise the bit is GLOBAL. */
const PROTNONE = 8;
const SPECIAL = 9;
const UFFD_WP = 10;
const SOFT_DIRTY = 11;
const PAT_LARGE = 12;
const NX = 63;
/** 6.12 on: dirty while not writable, so that no read-only entry looks like a shadow stack. */
const SAVED_DIRTY = 58;

/** Bits 12..31 and 32..51: where frames are. Above the PTE level they begin at the leaf's size. */
const FRAME_HI = 0xfffff;
const FRAME_LO: Readonly<Record<Level, number>> = {
  [Level.Pte]: 0xfffff000,
  [Level.Pmd]: 0xffe00000,
  [Level.Pud]: 0xc0000000,
};

/** PAT, PCD, PWT of each memory type, as Linux programs the table (`arch/x86/mm/pat/memtype.c:pat_bp_init`). */
const CACHE_BITS: Readonly<Record<number, number>> = {
  [CacheMode.WriteBack]: 0,
  [CacheMode.WriteCombine]: 1,
  [CacheMode.UncachedMinus]: 2,
  [CacheMode.Uncached]: 3,
  [CacheMode.WriteProtect]: 5,
  [CacheMode.WriteThrough]: 7,
};
const CACHE_OF_BITS = [
  CacheMode.WriteBack,
  CacheMode.WriteCombine,
  CacheMode.UncachedMinus,
  CacheMode.Uncached,
  CacheMode.WriteBack,
  CacheMode.WriteProtect,
  CacheMode.UncachedMinus,
  CacheMode.WriteThrough,
];

/** Bit of the devmap mark, or -1. */
function devmapBit(release: Release): number {
  return release === '6.1' ? 58 : release === '6.12' ? 57 : -1;
}

function supportedFlags(level: Level, release: Release): number {
  let flags = PTE_ARCH_MASK;
  if (level !== Level.Pte && release === '6.1') flags &= ~PTE_SPECIAL;
  if (release === '7.2') flags &= ~PTE_DEVMAP;
  return flags;
}

function encode({ pfn, flags }: Entry, level: Level, release: Release): RawEntry {
  const w = new Words();
  if (flags === 0) return w;
  const f = flags & supportedFlags(level, release);
  const accessible = (f & PTE_PROTNONE) === 0;
  const write = accessible && (f & PTE_WRITE) !== 0;
  const dirty = (f & PTE_DIRTY) !== 0;
  const saved = release !== '6.1' && !write;
  const cache = CACHE_BITS[(f & PTE_CACHE_MASK) >>> PTE_CACHE_SHIFT] ?? 0;
  const large = level !== Level.Pte;
  w.set(accessible ? 0 : PROTNONE)
    .set(USER, accessible)
    .set(RW, write)
    .set(NX, accessible && (f & PTE_EXEC) === 0)
    .set(ACCESSED, (f & PTE_YOUNG) !== 0)
    .set(saved ? SAVED_DIRTY : DIRTY, dirty)
    .set(SPECIAL, (f & PTE_SPECIAL) !== 0)
    .set(SOFT_DIRTY, (f & PTE_SOFT_DIRTY) !== 0)
    .set(UFFD_WP, (f & PTE_UFFD_WP) !== 0)
    .set(PWT, (cache & 1) !== 0)
    .set(PCD, (cache & 2) !== 0)
    .set(large ? PAT_LARGE : PAT, (cache & 4) !== 0)
    .set(PSE, large)
    .set(devmapBit(release), (f & PTE_DEVMAP) !== 0);
  // An entry that the hardware ignores keeps its frame inverted, out of reach of L1TF (pgtable-invert.h).
  const frame = new Words().frame(pfn);
  const lo = (accessible ? frame.lo : ~frame.lo) & FRAME_LO[level];
  const hi = (accessible ? frame.hi : ~frame.hi) & FRAME_HI;
  return { lo: (w.lo | lo) >>> 0, hi: (w.hi | hi) >>> 0 };
}

function decode(raw: RawEntry, level: Level, release: Release): Entry | undefined {
  if (raw.lo === 0 && raw.hi === 0) return { pfn: 0, flags: 0 };
  const accessible = has(raw, 0);
  const large = level !== Level.Pte;
  if (!accessible && !has(raw, PROTNONE)) return undefined;
  if (large && !has(raw, PSE)) return undefined;
  const lo = (accessible ? raw.lo : ~raw.lo) & FRAME_LO[level];
  const hi = (accessible ? raw.hi : ~raw.hi) & FRAME_HI;
  const cacheBits =
    (has(raw, PWT) ? 1 : 0) | (has(raw, PCD) ? 2 : 0) | (has(raw, large ? PAT_LARGE : PAT) ? 4 : 0);
  const devmap = devmapBit(release);
  let flags = PTE_PRESENT | (CACHE_OF_BITS[cacheBits]! << PTE_CACHE_SHIFT);
  if (!accessible) flags |= PTE_PROTNONE;
  if (accessible && has(raw, RW)) flags |= PTE_WRITE;
  if (accessible && !has(raw, NX)) flags |= PTE_EXEC;
  if (has(raw, ACCESSED)) flags |= PTE_YOUNG;
  if (has(raw, DIRTY) || (release !== '6.1' && has(raw, SAVED_DIRTY))) flags |= PTE_DIRTY;
  if (has(raw, SPECIAL)) flags |= PTE_SPECIAL;
  if (has(raw, SOFT_DIRTY)) flags |= PTE_SOFT_DIRTY;
  if (has(raw, UFFD_WP)) flags |= PTE_UFFD_WP;
  if (devmap >= 0 && has(raw, devmap)) flags |= PTE_DEVMAP;
  return { pfn: frameOf(lo >>> 0, hi >>> 0), flags: flags & supportedFlags(level, release) };
}

/** x86-64 with 4-level tables, as Debian's cloud-amd64 kernels. */
export const x86_64: Arch = {
  name: 'x86_64',
  doc: 'x86-64: special bit at all levels (6.12 on), PAT tracking, PROT_NONE inversion',
  bitsPerLong: 64,
  physAddrT: 64,
  pageShift: 12,
  physAddrBits: 52,
  taskSize: 2 ** 47 - 4096,
  levels: 4,
  ptrsPerTable: [512, 512, 512, 512],
  noncached: CacheMode.UncachedMinus,
  writecombine: CacheMode.WriteCombine,
  traits: {
    pteSpecial: true,
    pmdPfnmap: { '6.1': false, '6.12': true, '7.2': true },
    pudPfnmap: { '6.1': false, '6.12': true, '7.2': true },
    pteDevmap: { '6.1': true, '6.12': true, '7.2': false },
    pfnmapTracking: true,
    haveGupFast: true,
    ioremapProt: true,
    charSigned: true,
    ioremapRefusesRam: true,
    poisonIsSigsegv: false,
    ksm: true,
    thp: true,
    thpPud: true,
    perVmaLock: { '6.1': false, '6.12': true, '7.2': true },
    softDirty: true,
    uffdWp: true,
    hwAccessedBit: true,
    hwDirtyBit: true,
    noExec: true,
    movePageTables: true,
    l1tf: false,
  },
  supportedFlags,
  cacheModes: Object.keys(CACHE_BITS).map(Number),
  encode,
  decode,
};
