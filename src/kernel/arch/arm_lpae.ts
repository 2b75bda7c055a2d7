import {
  CacheMode,
  Level,
  PTE_CACHE_MASK,
  PTE_CACHE_SHIFT,
  PTE_DIRTY,
  PTE_EXEC,
  PTE_PRESENT,
  PTE_PROTNONE,
  PTE_SPECIAL,
  PTE_WRITE,
  PTE_YOUNG,
} from '../pte.js';
import type { Arch, Entry, RawEntry } from './types.js';
import { frameOf, has, Words } from './words.js';

/** Bits of an entry (`arch/arm/include/asm/pgtable-3level.h`). */
const VALID = 0;
const TABLE = 1;
const MEMTYPE = 2;
const USER = 6;
/** Hardware read-only: set unless the entry is writable and dirty (`arch/arm/mm/proc-v7-3level.S`). */
const AP2 = 7;
const SHARED = 8;
const YOUNG = 10;
const NG = 11;
const XN = 54;
const DIRTY = 55;
const SPECIAL = 56;
const NONE = 57;
const RDONLY = 58;

/** 40-bit physical addresses. */
const FRAME_HI = 0xff;
const FRAME_LO: Readonly<Record<Level, number>> = {
  [Level.Pte]: 0xfffff000,
  [Level.Pmd]: 0xffe00000,
  [Level.Pud]: 0xc0000000,
};

/** L_PTE_MT_* of each memory type; SMP kernels map ordinary memory write-allocate. */
const MT: Readonly<Record<number, number>> = {
  [CacheMode.WriteBack]: 7,
  [CacheMode.WriteCombine]: 1,
  [CacheMode.Uncached]: 0,
  [CacheMode.WriteThrough]: 2,
  [CacheMode.Device]: 4,
};
const CACHE_OF_MT = [
  CacheMode.Uncached,
  CacheMode.WriteCombine,
  CacheMode.WriteThrough,
  CacheMode.WriteBack,
  CacheMode.Device,
  CacheMode.WriteBack,
  CacheMode.WriteBack,
  CacheMode.WriteBack,
];

const FLAGS =
  PTE_PRESENT | PTE_WRITE | PTE_EXEC | PTE_YOUNG | PTE_DIRTY | PTE_SPECIAL | PTE_PROTNONE | PTE_CACHE_MASK;

function supportedFlags(level: Level): number {
  return level === Level.Pte ? FLAGS : FLAGS & ~PTE_SPECIAL;
}

function encode({ pfn, flags }: Entry, level: Level): RawEntry {
  const w = new Words();
  if (flags === 0) return w;
  const f = flags & supportedFlags(level);
  const accessible = (f & PTE_PROTNONE) === 0;
  const write = accessible && (f & PTE_WRITE) !== 0;
  const dirty = (f & PTE_DIRTY) !== 0;
  w.set(VALID, accessible)
    .set(TABLE, level === Level.Pte)
    .field(MEMTYPE, MT[(f & PTE_CACHE_MASK) >>> PTE_CACHE_SHIFT] ?? 7)
    .set(USER, accessible)
    .field(SHARED, 3)
    .set(AP2, !write || !dirty)
    .set(YOUNG, (f & PTE_YOUNG) !== 0)
    .set(NG)
    .set(XN, !accessible || (f & PTE_EXEC) === 0)
    .set(DIRTY, dirty)
    .set(SPECIAL, (f & PTE_SPECIAL) !== 0)
    .set(NONE, !accessible)
    .set(RDONLY, !write);
  const frame = new Words().frame(pfn);
  return {
    lo: (w.lo | (frame.lo & FRAME_LO[level])) >>> 0,
    hi: (w.hi | (frame.hi & FRAME_HI)) >>> 0,
  };
}

function decode(raw: RawEntry, level: Level): Entry | undefined {
  if (raw.lo === 0 && raw.hi === 0) return { pfn: 0, flags: 0 };
  const accessible = has(raw, VALID);
  if (!accessible && !has(raw, NONE)) return undefined;
  if (level !== Level.Pte && has(raw, TABLE)) return undefined;
  let flags = PTE_PRESENT | (CACHE_OF_MT[(raw.lo >>> MEMTYPE) & 7]! << PTE_CACHE_SHIFT);
  if (!accessible) flags |= PTE_PROTNONE;
  if (!has(raw, RDONLY)) flags |= PTE_WRITE;
  if (!has(raw, XN)) flags |= PTE_EXEC;
  if (has(raw, YOUNG)) flags |= PTE_YOUNG;
  if (has(raw, DIRTY)) flags |= PTE_DIRTY;
  if (has(raw, SPECIAL)) flags |= PTE_SPECIAL;
  return {
    pfn: frameOf((raw.lo & FRAME_LO[level]) >>> 0, raw.hi & FRAME_HI),
    flags: flags & supportedFlags(level),
  };
}

/** 32-bit ARM with the large physical address extension, as Debian's armmp-lpae kernels. */
export const arm_lpae: Arch = {
  name: 'arm_lpae',
  doc: '32-bit ARM with LPAE: 3 levels, 40-bit physical addresses, special bit in PTEs only',
  bitsPerLong: 32,
  physAddrT: 64,
  pageShift: 12,
  physAddrBits: 40,
  taskSize: 0xbf00_0000,
  levels: 3,
  ptrsPerTable: [512, 512, 4],
  noncached: CacheMode.Uncached,
  writecombine: CacheMode.WriteCombine,
  traits: {
    pteSpecial: true,
    pmdPfnmap: false,
    pudPfnmap: false,
    pteDevmap: false,
    pfnmapTracking: false,
    haveGupFast: true,
    ioremapProt: false,
    charSigned: false,
    ioremapRefusesRam: true,
    poisonIsSigsegv: true,
    ksm: true,
    thp: true,
    thpPud: false,
    perVmaLock: { '6.1': false, '6.12': true, '7.2': true },
    softDirty: false,
    uffdWp: false,
    hwAccessedBit: false,
    hwDirtyBit: false,
    noExec: true,
    movePageTables: false,
    l1tf: false,
  },
  supportedFlags,
  cacheModes: Object.keys(MT).map(Number),
  encode,
  decode,
};
