import {
  CacheMode,
  Level,
  PTE_CACHE_MASK,
  PTE_CACHE_SHIFT,
  PTE_DIRTY,
  PTE_EXEC,
  PTE_PRESENT,
  PTE_PROTNONE,
  PTE_WRITE,
  PTE_YOUNG,
} from '../pte.js';
import type { Arch, Entry, RawEntry } from './types.js';
import { has, Words } from './words.js';

/**
 * Bits of the Linux half of an entry (`arch/arm/include/asm/pgtable-2level.h`); the hardware's half is made from it and holds
 * nothing that matters here.
 */
const PRESENT = 0;
const YOUNG = 1;
const MEMTYPE = 2;
const DIRTY = 6;
const RDONLY = 7;
const USER = 8;
const XN = 9;
const SHARED = 10;
const NONE = 11;

/** L_PTE_MT_* of each memory type; SMP kernels map ordinary memory write-allocate. */
const MT: Readonly<Record<number, number>> = {
  [CacheMode.WriteBack]: 0x7,
  [CacheMode.WriteCombine]: 0x1,
  [CacheMode.Uncached]: 0x0,
  [CacheMode.WriteThrough]: 0x2,
  [CacheMode.Device]: 0x4,
};
const CACHE_OF_MT: Readonly<Record<number, number>> = {
  0x0: CacheMode.Uncached,
  0x1: CacheMode.WriteCombine,
  0x2: CacheMode.WriteThrough,
  0x4: CacheMode.Device,
  0x9: CacheMode.WriteCombine,
  0xc: CacheMode.Device,
};

const FLAGS = PTE_PRESENT | PTE_WRITE | PTE_EXEC | PTE_YOUNG | PTE_DIRTY | PTE_PROTNONE | PTE_CACHE_MASK;

/** The PMD is folded and the kernel makes no section entries for users: there are leaves at the PTE level only. */
function supportedFlags(level: Level): number {
  return level === Level.Pte ? FLAGS : 0;
}

function encode({ pfn, flags }: Entry, level: Level): RawEntry {
  const w = new Words();
  const f = flags & supportedFlags(level);
  if (f === 0) return w;
  const accessible = (f & PTE_PROTNONE) === 0;
  w.set(PRESENT)
    .set(YOUNG, (f & PTE_YOUNG) !== 0)
    .field(MEMTYPE, MT[(f & PTE_CACHE_MASK) >>> PTE_CACHE_SHIFT] ?? 0x7)
    .set(DIRTY, (f & PTE_DIRTY) !== 0)
    .set(RDONLY, !accessible || (f & PTE_WRITE) === 0)
    .set(USER, accessible)
    .set(XN, !accessible || (f & PTE_EXEC) === 0)
    .set(SHARED)
    .set(NONE, !accessible)
    .frame(pfn);
  return { lo: w.lo, hi: 0 };
}

function decode(raw: RawEntry, level: Level): Entry | undefined {
  if (raw.lo === 0) return { pfn: 0, flags: 0 };
  if (level !== Level.Pte || !has(raw, PRESENT)) return undefined;
  const cache = CACHE_OF_MT[(raw.lo >>> MEMTYPE) & 0xf] ?? CacheMode.WriteBack;
  let flags = PTE_PRESENT | (cache << PTE_CACHE_SHIFT);
  if (has(raw, NONE)) flags |= PTE_PROTNONE;
  if (!has(raw, RDONLY)) flags |= PTE_WRITE;
  if (!has(raw, XN)) flags |= PTE_EXEC;
  if (has(raw, YOUNG)) flags |= PTE_YOUNG;
  if (has(raw, DIRTY)) flags |= PTE_DIRTY;
  return { pfn: raw.lo >>> 12, flags };
}

/** 32-bit ARM with short descriptors, as Debian's armmp kernels: no special bit. */
export const arm: Arch = {
  name: 'arm',
  doc: '32-bit ARM, short descriptors: no special bit, 2 levels, 32-bit physical addresses',
  bitsPerLong: 32,
  physAddrT: 32,
  pageShift: 12,
  physAddrBits: 32,
  taskSize: 0xbf00_0000,
  levels: 2,
  ptrsPerTable: [512, 2048],
  noncached: CacheMode.Uncached,
  writecombine: CacheMode.WriteCombine,
  traits: {
    pteSpecial: false,
    pmdPfnmap: false,
    pudPfnmap: false,
    pteDevmap: false,
    pfnmapTracking: false,
    haveGupFast: false,
    ioremapProt: false,
    charSigned: false,
    ioremapRefusesRam: true,
    poisonIsSigsegv: true,
    ksm: true,
    thp: false,
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
