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

/** Bits of an entry (`arch/arm64/include/asm/pgtable-hwdef.h`, `pgtable-prot.h`). */
const VALID = 0;
/** Set in a page entry, clear in a leaf of a higher level. */
const TABLE = 1;
const ATTRINDX = 2;
const USER = 6;
const RDONLY = 7;
const SH = 8;
const AF = 10;
/** Not global. 6.12 on, while VALID is clear: present but invalid. */
const NG = 11;
/** The hardware's dirty bit modifier, which Linux uses for "may be written". */
const DBM = 51;
const PXN = 53;
const UXN = 54;
const SW_DIRTY = 55;
const SPECIAL = 56;
const DEVMAP = 57;
/** 6.1: PROT_NONE. 6.12 on: uffd-wp. */
const BIT_58 = 58;

/** 48-bit physical addresses: bits 12..47, above the PTE level from the leaf's size on. */
const FRAME_HI = 0xffff;
const FRAME_LO: Readonly<Record<Level, number>> = {
  [Level.Pte]: 0xfffff000,
  [Level.Pmd]: 0xffe00000,
  [Level.Pud]: 0xc0000000,
};

/** Memory attribute index of each memory type (`arch/arm64/include/asm/memory.h:MT_*`). */
const ATTR: Readonly<Record<number, number>> = {
  [CacheMode.WriteBack]: 0,
  [CacheMode.WriteCombine]: 2,
  [CacheMode.Uncached]: 3,
  [CacheMode.Device]: 4,
};
/** Index 1 is tagged normal memory. */
const CACHE_OF_ATTR = [
  CacheMode.WriteBack,
  CacheMode.WriteBack,
  CacheMode.WriteCombine,
  CacheMode.Uncached,
  CacheMode.Device,
];

function supportedFlags(level: Level, release: Release): number {
  let flags = PTE_ARCH_MASK & ~PTE_SOFT_DIRTY;
  // 6.12 also names a special bit in PUD leaves, but nothing can create one: the architecture has no PUD leaves for users.
  if (level !== Level.Pte && release === '6.1') flags &= ~PTE_SPECIAL;
  if (release === '7.2') flags &= ~PTE_DEVMAP;
  if (release === '6.1') flags &= ~PTE_UFFD_WP;
  return flags;
}

function encode({ pfn, flags }: Entry, level: Level, release: Release): RawEntry {
  const w = new Words();
  if (flags === 0) return w;
  const f = flags & supportedFlags(level, release);
  const accessible = (f & PTE_PROTNONE) === 0;
  const write = accessible && (f & PTE_WRITE) !== 0;
  const dirty = (f & PTE_DIRTY) !== 0;
  w.set(VALID, accessible)
    .set(TABLE, level === Level.Pte)
    .field(ATTRINDX, ATTR[(f & PTE_CACHE_MASK) >>> PTE_CACHE_SHIFT] ?? 0)
    .field(SH, 3)
    .set(USER, accessible)
    .set(RDONLY, !write || !dirty)
    .set(AF, (f & PTE_YOUNG) !== 0)
    .set(NG)
    .set(DBM, write)
    .set(PXN)
    .set(UXN, !accessible || (f & PTE_EXEC) === 0)
    .set(SW_DIRTY, dirty)
    .set(SPECIAL, (f & PTE_SPECIAL) !== 0)
    .set(DEVMAP, (f & PTE_DEVMAP) !== 0)
    .set(BIT_58, release === '6.1' ? !accessible : (f & PTE_UFFD_WP) !== 0);
  const frame = new Words().frame(pfn);
  return {
    lo: (w.lo | (frame.lo & FRAME_LO[level])) >>> 0,
    hi: (w.hi | (frame.hi & FRAME_HI)) >>> 0,
  };
}

function decode(raw: RawEntry, level: Level, release: Release): Entry | undefined {
  if (raw.lo === 0 && raw.hi === 0) return { pfn: 0, flags: 0 };
  const accessible = has(raw, VALID);
  if (!accessible && !has(raw, release === '6.1' ? BIT_58 : NG)) return undefined;
  if (level !== Level.Pte && has(raw, TABLE)) return undefined;
  const cache = CACHE_OF_ATTR[(raw.lo >>> ATTRINDX) & 7] ?? CacheMode.WriteBack;
  let flags = PTE_PRESENT | (cache << PTE_CACHE_SHIFT);
  if (!accessible) flags |= PTE_PROTNONE;
  if (has(raw, DBM)) flags |= PTE_WRITE;
  if (!has(raw, UXN)) flags |= PTE_EXEC;
  if (has(raw, AF)) flags |= PTE_YOUNG;
  if (has(raw, SW_DIRTY) || (has(raw, DBM) && !has(raw, RDONLY))) flags |= PTE_DIRTY;
  if (has(raw, SPECIAL)) flags |= PTE_SPECIAL;
  if (has(raw, DEVMAP)) flags |= PTE_DEVMAP;
  if (has(raw, BIT_58)) flags |= PTE_UFFD_WP;
  return {
    pfn: frameOf((raw.lo & FRAME_LO[level]) >>> 0, raw.hi & FRAME_HI),
    flags: flags & supportedFlags(level, release),
  };
}

/** arm64 with 4K pages, 48-bit addresses, and a CPU without hardware access flag (Cortex-A72). */
export const arm64: Arch = {
  name: 'arm64',
  doc: 'arm64, 4K pages: special bit in PTEs and (6.12 on) PMD leaves, never in PUD leaves',
  bitsPerLong: 64,
  physAddrT: 64,
  pageShift: 12,
  physAddrBits: 48,
  taskSize: 2 ** 48,
  levels: 4,
  ptrsPerTable: [512, 512, 512, 512],
  noncached: CacheMode.Uncached,
  writecombine: CacheMode.WriteCombine,
  traits: {
    pteSpecial: true,
    pmdPfnmap: { '6.1': false, '6.12': true, '7.2': true },
    pudPfnmap: false,
    pteDevmap: { '6.1': true, '6.12': true, '7.2': false },
    pfnmapTracking: false,
    haveGupFast: true,
    ioremapProt: true,
    charSigned: false,
    ioremapRefusesRam: true,
    poisonIsSigsegv: false,
    ksm: true,
    thp: true,
    thpPud: false,
    perVmaLock: { '6.1': false, '6.12': true, '7.2': true },
    softDirty: false,
    uffdWp: { '6.1': false, '6.12': true, '7.2': true },
    hwAccessedBit: false,
    hwDirtyBit: false,
    noExec: true,
    movePageTables: true,
    l1tf: false,
  },
  supportedFlags,
  cacheModes: Object.keys(ATTR).map(Number),
  encode,
  decode,
};
