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
import { frameOf, has, swapped, Words } from './words.js';

/** Bits of an entry's value (`arch/powerpc/include/asm/book3s/64/pgtable.h`), bit 0 the lowest. */
const EXEC = 0;
const WRITE = 1;
const READ = 2;
const PRIVILEGED = 3;
const CACHE = 4;
const DIRTY = 7;
const ACCESSED = 8;
const SOFT_DIRTY = 9;
const SPECIAL = 10;
/** Up to 6.12. */
const DEVMAP = 11;
/** While PRESENT is clear: the entry is being changed and still counts as present. */
const INVALID = 61;
/** A leaf, at whatever level, and no pointer to a table. */
const PTE = 62;
const PRESENT = 63;

/** Bits 12..52. */
const FRAME_HI = 0x1fffff;
const FRAME_LO: Readonly<Record<Level, number>> = {
  [Level.Pte]: 0xfffff000,
  [Level.Pmd]: 0xffe00000,
  [Level.Pud]: 0xc0000000,
};

/** Ordinary, non-idempotent (guarded, cache-inhibited), tolerant (cache-inhibited). */
const CACHE_BITS: Readonly<Record<number, number>> = {
  [CacheMode.WriteBack]: 0,
  [CacheMode.Uncached]: 2,
  [CacheMode.WriteCombine]: 3,
};
/** 1 is strong access order, of ordinary memory. */
const CACHE_OF_BITS = [CacheMode.WriteBack, CacheMode.WriteBack, CacheMode.Uncached, CacheMode.WriteCombine];

function supportedFlags(level: Level, release: Release): number {
  let flags = PTE_ARCH_MASK & ~PTE_UFFD_WP;
  if (level !== Level.Pte && release !== '7.2') flags &= ~PTE_SPECIAL;
  if (release === '7.2') flags &= ~PTE_DEVMAP;
  return flags;
}

/** Entries lie in memory big-endian, whatever the kernel is: to this little-endian one the words are turned round. */
function encode({ pfn, flags }: Entry, level: Level, release: Release): RawEntry {
  const w = new Words();
  if (flags === 0) return w;
  const f = flags & supportedFlags(level, release);
  const accessible = (f & PTE_PROTNONE) === 0;
  w.set(EXEC, accessible && (f & PTE_EXEC) !== 0)
    .set(WRITE, accessible && (f & PTE_WRITE) !== 0)
    .set(READ, accessible)
    // 6.1's PAGE_NONE belongs to the kernel; later it gives nobody anything.
    .set(PRIVILEGED, !accessible && release === '6.1')
    .field(CACHE, CACHE_BITS[(f & PTE_CACHE_MASK) >>> PTE_CACHE_SHIFT] ?? 0)
    .set(DIRTY, (f & PTE_DIRTY) !== 0)
    .set(ACCESSED, (f & PTE_YOUNG) !== 0)
    .set(SOFT_DIRTY, (f & PTE_SOFT_DIRTY) !== 0)
    .set(SPECIAL, (f & PTE_SPECIAL) !== 0)
    .set(DEVMAP, (f & PTE_DEVMAP) !== 0)
    .set(PTE)
    .set(PRESENT);
  const frame = new Words().frame(pfn);
  return swapped({
    lo: (w.lo | (frame.lo & FRAME_LO[level])) >>> 0,
    hi: (w.hi | (frame.hi & FRAME_HI)) >>> 0,
  });
}

function decode(stored: RawEntry, level: Level, release: Release): Entry | undefined {
  const raw = swapped(stored);
  if (raw.lo === 0 && raw.hi === 0) return { pfn: 0, flags: 0 };
  if (!has(raw, PTE) || (!has(raw, PRESENT) && !has(raw, INVALID))) return undefined;
  const accessible = has(raw, READ) || has(raw, WRITE) || has(raw, EXEC);
  const user = accessible && !has(raw, PRIVILEGED);
  let flags = PTE_PRESENT | (CACHE_OF_BITS[(raw.lo >>> CACHE) & 3]! << PTE_CACHE_SHIFT);
  if (!user) flags |= PTE_PROTNONE;
  if (user && has(raw, WRITE)) flags |= PTE_WRITE;
  if (user && has(raw, EXEC)) flags |= PTE_EXEC;
  if (has(raw, ACCESSED)) flags |= PTE_YOUNG;
  if (has(raw, DIRTY)) flags |= PTE_DIRTY;
  if (has(raw, SOFT_DIRTY)) flags |= PTE_SOFT_DIRTY;
  if (has(raw, SPECIAL)) flags |= PTE_SPECIAL;
  if (has(raw, DEVMAP)) flags |= PTE_DEVMAP;
  return {
    pfn: frameOf((raw.lo & FRAME_LO[level]) >>> 0, raw.hi & FRAME_HI),
    flags: flags & supportedFlags(level, release),
  };
}

/** 64-bit POWER (book3s) with the radix MMU, little-endian, 4K pages. */
export const ppc64: Arch = {
  name: 'ppc64',
  doc: 'ppc64le, radix, 4K pages: special bit in PTEs, in 7.2 at all levels; entries big-endian',
  bitsPerLong: 64,
  physAddrT: 64,
  pageShift: 12,
  physAddrBits: 53,
  taskSize: 2 ** 46,
  levels: 4,
  ptrsPerTable: [512, 512, 512, 8192],
  noncached: CacheMode.Uncached,
  writecombine: CacheMode.WriteCombine,
  traits: {
    pteSpecial: true,
    pmdPfnmap: { '6.1': false, '6.12': false, '7.2': true },
    pudPfnmap: { '6.1': false, '6.12': false, '7.2': true },
    pteDevmap: { '6.1': true, '6.12': true, '7.2': false },
    pfnmapTracking: false,
    haveGupFast: true,
    ioremapProt: true,
    charSigned: false,
    ioremapRefusesRam: false,
    poisonIsSigsegv: false,
    ksm: true,
    thp: true,
    thpPud: { '6.1': false, '6.12': true, '7.2': true },
    perVmaLock: { '6.1': false, '6.12': true, '7.2': true },
    softDirty: true,
    uffdWp: false,
    hwAccessedBit: false,
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
