import {
  CacheMode,
  Level,
  PTE_DIRTY,
  PTE_EXEC,
  PTE_PRESENT,
  PTE_PROTNONE,
  PTE_SOFT_DIRTY,
  PTE_SPECIAL,
  PTE_WRITE,
  PTE_YOUNG,
} from '../pte.js';
import type { Release } from '../release.js';
import type { Arch, Entry, RawEntry } from './types.js';
import { frameOf, has, Words } from './words.js';

/** Bits of a PTE, and of the software marks in it (`arch/s390/include/asm/pgtable.h`). Bit 0 is the lowest here. */
const PRESENT = 0;
const SOFT_DIRTY = 1;
const YOUNG = 2;
const DIRTY = 3;
const READ = 4;
const WRITE = 5;
const SPECIAL = 6;
const NOEXEC = 8;
/** Hardware read-only: set unless the entry is writable and dirty. */
const PROTECT = 9;
/** Invalid to the hardware: set unless the entry is readable and young, so that the first access faults. */
const INVALID = 10;

/** Bits of a segment table entry that maps 1M. */
const LARGE = 10;
const SEGMENT_INVALID = 5;
const SEGMENT_YOUNG = 12;
const SEGMENT_DIRTY = 13;

/** Where a release keeps what a segment table entry may: bits of READ, WRITE, SOFT_DIRTY; 7.2 also has a present bit. */
function segmentBits(release: Release): { read: number; write: number; softDirty: number } {
  return release === '7.2' ? { read: 14, write: 15, softDirty: 1 } : { read: 0, write: 1, softDirty: 14 };
}

/** A segment is 256 pages. */
const FRAME_LO: Readonly<Record<Level, number>> = {
  [Level.Pte]: 0xfffff000,
  [Level.Pmd]: 0xfff00000,
  [Level.Pud]: 0,
};

const FLAGS =
  PTE_PRESENT | PTE_WRITE | PTE_EXEC | PTE_YOUNG | PTE_DIRTY | PTE_SPECIAL | PTE_PROTNONE | PTE_SOFT_DIRTY;

function supportedFlags(level: Level): number {
  return level === Level.Pte ? FLAGS : level === Level.Pmd ? FLAGS & ~PTE_SPECIAL : 0;
}

/** An empty entry is not zero: it is one that the hardware must not use. */
function emptyEntry(level: Level): RawEntry {
  return new Words().set(level === Level.Pte ? INVALID : SEGMENT_INVALID);
}

function encode({ pfn, flags }: Entry, level: Level, release: Release): RawEntry {
  const f = flags & supportedFlags(level);
  if (f === 0) return emptyEntry(level);
  const w = new Words();
  const accessible = (f & PTE_PROTNONE) === 0;
  const write = accessible && (f & PTE_WRITE) !== 0;
  const young = (f & PTE_YOUNG) !== 0;
  const dirty = (f & PTE_DIRTY) !== 0;
  // PAGE_NONE is not marked as not executable: what is invalid need not be.
  w.set(NOEXEC, accessible && (f & PTE_EXEC) === 0).set(PROTECT, !write || !dirty);
  if (level === Level.Pte) {
    w.set(PRESENT)
      .set(SOFT_DIRTY, (f & PTE_SOFT_DIRTY) !== 0)
      .set(YOUNG, young)
      .set(DIRTY, dirty)
      .set(READ, accessible)
      .set(WRITE, write)
      .set(SPECIAL, (f & PTE_SPECIAL) !== 0)
      .set(INVALID, !accessible || !young);
  } else {
    const { read, write: writeBit, softDirty } = segmentBits(release);
    w.set(LARGE)
      .set(PRESENT, release === '7.2')
      .set(softDirty, (f & PTE_SOFT_DIRTY) !== 0)
      .set(SEGMENT_YOUNG, young)
      .set(SEGMENT_DIRTY, dirty)
      .set(read, accessible)
      .set(writeBit, write)
      .set(SEGMENT_INVALID, !accessible || !young);
  }
  const frame = new Words().frame(pfn);
  return { lo: (w.lo | (frame.lo & FRAME_LO[level])) >>> 0, hi: frame.hi };
}

function decode(raw: RawEntry, level: Level, release: Release): Entry | undefined {
  const empty = emptyEntry(level);
  if (raw.lo === empty.lo && raw.hi === empty.hi) return { pfn: 0, flags: 0 };
  if (level === Level.Pud) return undefined;
  const large = level !== Level.Pte;
  const segment = segmentBits(release);
  if (large ? !has(raw, LARGE) || (release === '7.2' && !has(raw, PRESENT)) : !has(raw, PRESENT))
    return undefined;
  const accessible = has(raw, large ? segment.read : READ);
  let flags = PTE_PRESENT;
  if (!accessible) flags |= PTE_PROTNONE;
  if (accessible && has(raw, large ? segment.write : WRITE)) flags |= PTE_WRITE;
  if (accessible && !has(raw, NOEXEC)) flags |= PTE_EXEC;
  if (has(raw, large ? SEGMENT_YOUNG : YOUNG)) flags |= PTE_YOUNG;
  if (has(raw, large ? SEGMENT_DIRTY : DIRTY)) flags |= PTE_DIRTY;
  if (!large && has(raw, SPECIAL)) flags |= PTE_SPECIAL;
  if (has(raw, large ? segment.softDirty : SOFT_DIRTY)) flags |= PTE_SOFT_DIRTY;
  return { pfn: frameOf((raw.lo & FRAME_LO[level]) >>> 0, raw.hi), flags };
}

/** s390x, big-endian; page tables of 256 entries, segment and region tables of 2048. */
export const s390x: Arch = {
  name: 's390x',
  doc: 's390x, big-endian: special bit in PTEs only, an old entry is invalid, several zero pages',
  bitsPerLong: 64,
  physAddrT: 64,
  pageShift: 12,
  physAddrBits: 64,
  taskSize: 2 ** 53,
  levels: 4,
  ptrsPerTable: [256, 2048, 2048, 2048],
  noncached: CacheMode.WriteBack,
  writecombine: CacheMode.WriteBack,
  zeroPages: 4,
  traits: {
    pteSpecial: true,
    pmdPfnmap: false,
    pudPfnmap: false,
    pteDevmap: false,
    pfnmapTracking: false,
    haveGupFast: true,
    ioremapProt: true,
    charSigned: false,
    ioremapRefusesRam: false,
    poisonIsSigsegv: false,
    ksm: true,
    thp: true,
    thpPud: false,
    perVmaLock: { '6.1': false, '6.12': true, '7.2': true },
    softDirty: true,
    uffdWp: false,
    hwAccessedBit: false,
    hwDirtyBit: false,
    noExec: true,
    movePageTables: false,
    l1tf: false,
  },
  supportedFlags,
  cacheModes: [CacheMode.WriteBack],
  encode,
  decode,
};
