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
import { has, Words } from './words.js';

/** Bits of an entry (`arch/mips/include/asm/pgtable-bits.h`, the enumeration of a 64-bit kernel with RIXI and huge pages). */
const PRESENT = 0;
const WRITE = 1;
const ACCESSED = 2;
const MODIFIED = 3;
const HUGE = 4;
const SPECIAL = 5;
const NO_EXEC = 6;
const NO_READ = 7;
const GLOBAL = 8;
/** The hardware's permission to read: only a young entry has it. */
const VALID = 9;
/** The hardware's permission to write: only a dirty entry has it. */
const DIRTY = 10;
const CACHE = 11;
/** Below the frame number; the hardware gets the entry shifted right. */
const FRAME = 14;

/** Bits 14..49: 48-bit physical addresses (`arch/mips/include/asm/sparsemem.h`). */
const FRAME_HI = 0x3ffff;
const FRAME_LO: Readonly<Record<Level, number>> = {
  [Level.Pte]: 0xffffc000,
  [Level.Pmd]: 0xff800000,
  [Level.Pud]: 0,
};

/** Uncached, cacheable (non-coherent, which is Linux's default), uncached accelerated. */
const CACHE_BITS: Readonly<Record<number, number>> = {
  [CacheMode.Uncached]: 2,
  [CacheMode.WriteBack]: 3,
  [CacheMode.WriteCombine]: 7,
};
const CACHE_OF_BITS: Readonly<Record<number, number>> = {
  2: CacheMode.Uncached,
  7: CacheMode.WriteCombine,
};

const FLAGS =
  PTE_PRESENT | PTE_WRITE | PTE_EXEC | PTE_YOUNG | PTE_DIRTY | PTE_SPECIAL | PTE_PROTNONE | PTE_CACHE_MASK;

function supportedFlags(level: Level): number {
  return level === Level.Pte ? FLAGS : level === Level.Pmd ? FLAGS & ~PTE_SPECIAL : 0;
}

function encode({ pfn, flags }: Entry, level: Level): RawEntry {
  const w = new Words();
  const f = flags & supportedFlags(level);
  if (f === 0) return w;
  const accessible = (f & PTE_PROTNONE) === 0;
  const write = accessible && (f & PTE_WRITE) !== 0;
  const young = (f & PTE_YOUNG) !== 0;
  const dirty = (f & PTE_DIRTY) !== 0;
  w.set(PRESENT)
    .set(WRITE, write)
    .set(ACCESSED, young)
    .set(MODIFIED, dirty)
    .set(HUGE, level !== Level.Pte)
    .set(SPECIAL, (f & PTE_SPECIAL) !== 0)
    .set(NO_EXEC, !accessible || (f & PTE_EXEC) === 0)
    .set(NO_READ, !accessible)
    .set(VALID, accessible && young)
    .set(DIRTY, write && dirty)
    .field(CACHE, CACHE_BITS[(f & PTE_CACHE_MASK) >>> PTE_CACHE_SHIFT] ?? 3);
  const lo = ((pfn % 2 ** (32 - FRAME)) * 2 ** FRAME) & FRAME_LO[level];
  const hi = Math.floor(pfn / 2 ** (32 - FRAME)) & FRAME_HI;
  return { lo: (w.lo | lo) >>> 0, hi: (w.hi | hi) >>> 0 };
}

function decode(raw: RawEntry, level: Level): Entry | undefined {
  if ((raw.lo & ~(1 << GLOBAL)) === 0 && raw.hi === 0) return { pfn: 0, flags: 0 };
  if (!has(raw, PRESENT) || level === Level.Pud) return undefined;
  if (level !== Level.Pte && !has(raw, HUGE)) return undefined;
  // With RIXI there is no bit for PROT_NONE: it is what may neither be read nor executed nor written.
  const none = has(raw, NO_READ) && has(raw, NO_EXEC) && !has(raw, WRITE);
  const cache = CACHE_OF_BITS[(raw.lo >>> CACHE) & 7] ?? CacheMode.WriteBack;
  let flags = PTE_PRESENT | (cache << PTE_CACHE_SHIFT);
  if (none) flags |= PTE_PROTNONE;
  if (has(raw, WRITE)) flags |= PTE_WRITE;
  if (!has(raw, NO_EXEC)) flags |= PTE_EXEC;
  if (has(raw, ACCESSED)) flags |= PTE_YOUNG;
  if (has(raw, MODIFIED)) flags |= PTE_DIRTY;
  if (has(raw, SPECIAL)) flags |= PTE_SPECIAL;
  const lo = (raw.lo & FRAME_LO[level]) >>> FRAME;
  return { pfn: lo + (raw.hi & FRAME_HI) * 2 ** (32 - FRAME), flags: flags & supportedFlags(level) };
}

/** mips64 release 2 and later (RIXI), 4K pages, three levels; no virtually indexed second-level cache, so one zero page. */
export const mips64: Arch = {
  name: 'mips64',
  doc: 'mips64 (R2 on), 4K pages: special bit in PTEs only, which 6.1 loses on mprotect',
  bitsPerLong: 64,
  physAddrT: 64,
  pageShift: 12,
  physAddrBits: 48,
  taskSize: 2 ** 40,
  levels: 3,
  ptrsPerTable: [512, 512, 512],
  noncached: CacheMode.Uncached,
  // Some CPUs have accelerated uncached accesses instead (arch/mips/kernel/cpu-probe.c).
  writecombine: CacheMode.Uncached,
  traits: {
    pteSpecial: true,
    pmdPfnmap: false,
    pudPfnmap: false,
    pteDevmap: false,
    pfnmapTracking: false,
    haveGupFast: true,
    ioremapProt: true,
    charSigned: true,
    ioremapRefusesRam: false,
    poisonIsSigsegv: false,
    ksm: true,
    thp: true,
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
