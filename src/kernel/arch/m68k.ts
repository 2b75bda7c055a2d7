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

/** Bits of an entry (`arch/m68k/include/asm/motorola_pgtable.h`), cache modes as the 68040 has them. */
const PRESENT = 0;
/** Read-only; in an entry that is not present to the hardware, PROT_NONE. */
const RDONLY = 2;
const ACCESSED = 3;
const DIRTY = 4;
const CACHE = 5;

/** Write-through, copy-back, uncached and serialized, uncached. */
const CACHE_BITS: Readonly<Record<number, number>> = {
  [CacheMode.WriteThrough]: 0,
  [CacheMode.WriteBack]: 1,
  [CacheMode.Uncached]: 2,
  [CacheMode.WriteCombine]: 3,
};
const CACHE_OF_BITS = [
  CacheMode.WriteThrough,
  CacheMode.WriteBack,
  CacheMode.Uncached,
  CacheMode.WriteCombine,
];

const FLAGS = PTE_PRESENT | PTE_WRITE | PTE_YOUNG | PTE_DIRTY | PTE_PROTNONE | PTE_CACHE_MASK;

/** No huge pages: leaves at the PTE level only. */
function supportedFlags(level: Level): number {
  return level === Level.Pte ? FLAGS : 0;
}

function encode({ pfn, flags }: Entry, level: Level): RawEntry {
  const w = new Words();
  const f = flags & supportedFlags(level);
  if (f === 0) return w;
  const accessible = (f & PTE_PROTNONE) === 0;
  w.set(PRESENT, accessible)
    .set(RDONLY, !accessible || (f & PTE_WRITE) === 0)
    .set(ACCESSED, (f & PTE_YOUNG) !== 0)
    .set(DIRTY, (f & PTE_DIRTY) !== 0)
    .field(CACHE, CACHE_BITS[(f & PTE_CACHE_MASK) >>> PTE_CACHE_SHIFT] ?? 1)
    .frame(pfn);
  return { lo: w.lo, hi: 0 };
}

function decode(raw: RawEntry, level: Level): Entry | undefined {
  if (raw.lo === 0) return { pfn: 0, flags: 0 };
  if (level !== Level.Pte || (!has(raw, PRESENT) && !has(raw, RDONLY))) return undefined;
  const accessible = has(raw, PRESENT);
  let flags = PTE_PRESENT | (CACHE_OF_BITS[(raw.lo >>> CACHE) & 3]! << PTE_CACHE_SHIFT);
  // What can be read can be executed.
  flags |= accessible ? PTE_EXEC : PTE_PROTNONE;
  if (!has(raw, RDONLY)) flags |= PTE_WRITE;
  if (has(raw, ACCESSED)) flags |= PTE_YOUNG;
  if (has(raw, DIRTY)) flags |= PTE_DIRTY;
  return { pfn: raw.lo >>> 12, flags };
}

/** m68k with a Motorola MMU (68040), big-endian; no special bit. */
export const m68k: Arch = {
  name: 'm68k',
  doc: 'm68k, Motorola MMU, big-endian: no special bit, 3 levels, no execute permission',
  bitsPerLong: 32,
  physAddrT: 32,
  pageShift: 12,
  physAddrBits: 32,
  taskSize: 0xf000_0000,
  levels: 3,
  ptrsPerTable: [64, 128, 128],
  noncached: CacheMode.Uncached,
  writecombine: CacheMode.Uncached,
  traits: {
    pteSpecial: false,
    pmdPfnmap: false,
    pudPfnmap: false,
    pteDevmap: false,
    pfnmapTracking: false,
    haveGupFast: false,
    ioremapProt: false,
    charSigned: true,
    ioremapRefusesRam: false,
    poisonIsSigsegv: false,
    ksm: true,
    thp: false,
    thpPud: false,
    perVmaLock: false,
    softDirty: false,
    uffdWp: false,
    // The page-table walk of the hardware sets it.
    hwAccessedBit: false,
    hwDirtyBit: true,
    noExec: false,
    movePageTables: false,
    l1tf: false,
  },
  supportedFlags,
  cacheModes: Object.keys(CACHE_BITS).map(Number),
  encode,
  decode,
};
