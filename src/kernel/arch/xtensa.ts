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

/** Bits of an entry (`arch/xtensa/include/asm/pgtable.h`), hardware of 2000 and later. */
const HW_EXEC = 0;
/** The hardware may write: Linux sets it by a fault, in an entry that is writable and dirty. */
const HW_WRITE = 1;
const CACHE = 2;
/** The ring: user. In every entry, or the hardware would find two for one address. */
const USER = 4;
const WRITABLE = 6;
const DIRTY = 7;
const ACCESSED = 8;

const CACHE_BITS: Readonly<Record<number, number>> = {
  [CacheMode.Uncached]: 0,
  [CacheMode.WriteBack]: 1,
  [CacheMode.WriteThrough]: 2,
};
const CACHE_OF_BITS = [CacheMode.Uncached, CacheMode.WriteBack, CacheMode.WriteThrough];
/** No memory type: the entry is empty, swapped out or PROT_NONE. */
const CACHE_INVALID = 3;
/** Attribute bits 0..3 of PROT_NONE. */
const ATTRIBUTE_NONE = 0xf;

/** An empty entry: no memory type, user ring. */
const EMPTY = (CACHE_INVALID << CACHE) | (1 << USER);

const FLAGS = PTE_PRESENT | PTE_WRITE | PTE_EXEC | PTE_YOUNG | PTE_DIRTY | PTE_PROTNONE | PTE_CACHE_MASK;

/** Two levels, no leaves above the PTE. */
function supportedFlags(level: Level): number {
  return level === Level.Pte ? FLAGS : 0;
}

/** The memory type of a PROT_NONE entry is lost: its field says that there is none. */
function encode({ pfn, flags }: Entry, level: Level): RawEntry {
  const f = flags & supportedFlags(level);
  if (f === 0) return { lo: EMPTY, hi: 0 };
  const w = new Words().set(USER);
  const accessible = (f & PTE_PROTNONE) === 0;
  const write = accessible && (f & PTE_WRITE) !== 0;
  const dirty = (f & PTE_DIRTY) !== 0;
  if (!accessible) w.field(0, ATTRIBUTE_NONE);
  else {
    w.set(HW_EXEC, (f & PTE_EXEC) !== 0)
      .set(HW_WRITE, write && dirty)
      .field(CACHE, CACHE_BITS[(f & PTE_CACHE_MASK) >>> PTE_CACHE_SHIFT] ?? 1);
  }
  w.set(WRITABLE, write)
    .set(DIRTY, dirty)
    .set(ACCESSED, (f & PTE_YOUNG) !== 0)
    .frame(pfn);
  return { lo: w.lo, hi: 0 };
}

function decode(raw: RawEntry, level: Level): Entry | undefined {
  if (raw.lo === EMPTY) return { pfn: 0, flags: 0 };
  if (level !== Level.Pte) return undefined;
  const type = (raw.lo >>> CACHE) & 3;
  const none = (raw.lo & ATTRIBUTE_NONE) === ATTRIBUTE_NONE;
  if (type === CACHE_INVALID && !none) return undefined;
  let flags = PTE_PRESENT;
  if (none) flags |= PTE_PROTNONE | (CacheMode.WriteBack << PTE_CACHE_SHIFT);
  else flags |= CACHE_OF_BITS[type]! << PTE_CACHE_SHIFT;
  if (!none && has(raw, HW_EXEC)) flags |= PTE_EXEC;
  if (!none && has(raw, WRITABLE)) flags |= PTE_WRITE;
  if (has(raw, ACCESSED)) flags |= PTE_YOUNG;
  if (has(raw, DIRTY)) flags |= PTE_DIRTY;
  return { pfn: raw.lo >>> 12, flags };
}

/** Xtensa with an MMU (little-endian): no special bit, 1 GiB of user addresses. */
export const xtensa: Arch = {
  name: 'xtensa',
  doc: 'Xtensa with an MMU: no special bit, 2 levels, 1 GiB of user addresses',
  bitsPerLong: 32,
  physAddrT: 32,
  pageShift: 12,
  physAddrBits: 32,
  taskSize: 2 ** 30,
  levels: 2,
  ptrsPerTable: [1024, 1024],
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
    charSigned: false,
    ioremapRefusesRam: false,
    poisonIsSigsegv: false,
    ksm: true,
    thp: false,
    thpPud: false,
    perVmaLock: false,
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
