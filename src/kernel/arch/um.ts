import {
  CacheMode,
  Level,
  PTE_DIRTY,
  PTE_EXEC,
  PTE_PRESENT,
  PTE_PROTNONE,
  PTE_WRITE,
  PTE_YOUNG,
} from '../pte.js';
import type { Arch, Entry, RawEntry } from './types.js';
import { frameOf, has, Words } from './words.js';

/**
 * Bits of an entry (`arch/um/include/asm/pgtable.h`). Bits 1 and 2 tell what the host has yet to be told (6.1: new page, new
 * protection; later: needs sync); they are no property of the mapping and are not encoded.
 */
const PRESENT = 0;
const PROTNONE = 4;
const RW = 5;
const USER = 6;
const ACCESSED = 7;
const DIRTY = 8;

const FLAGS = PTE_PRESENT | PTE_WRITE | PTE_YOUNG | PTE_DIRTY | PTE_PROTNONE;

function supportedFlags(level: Level): number {
  return level === Level.Pte ? FLAGS : 0;
}

function encode({ pfn, flags }: Entry, level: Level): RawEntry {
  const w = new Words();
  const f = flags & supportedFlags(level);
  if (f === 0) return w;
  const accessible = (f & PTE_PROTNONE) === 0;
  return w
    .set(accessible ? PRESENT : PROTNONE)
    .set(RW, accessible && (f & PTE_WRITE) !== 0)
    .set(USER, accessible)
    .set(ACCESSED, (f & PTE_YOUNG) !== 0)
    .set(DIRTY, (f & PTE_DIRTY) !== 0)
    .frame(pfn);
}

function decode(raw: RawEntry, level: Level): Entry | undefined {
  if (raw.lo === 0 && raw.hi === 0) return { pfn: 0, flags: 0 };
  const none = has(raw, PROTNONE);
  if (level !== Level.Pte || (!has(raw, PRESENT) && !none)) return undefined;
  // What can be read can be executed.
  let flags = PTE_PRESENT | (none ? PTE_PROTNONE : PTE_EXEC);
  if (!none && has(raw, RW)) flags |= PTE_WRITE;
  if (has(raw, ACCESSED)) flags |= PTE_YOUNG;
  if (has(raw, DIRTY)) flags |= PTE_DIRTY;
  return { pfn: frameOf((raw.lo & 0xfffff000) >>> 0, raw.hi), flags };
}

/** User-mode Linux on a 64-bit host: no special bit, no device memory, one memory type. */
export const um: Arch = {
  name: 'um',
  doc: 'User-mode Linux, 64-bit: no special bit, no execute permission, no memory types',
  bitsPerLong: 64,
  physAddrT: 64,
  pageShift: 12,
  physAddrBits: 52,
  taskSize: 2 ** 47,
  levels: { '6.1': 3, '6.12': 3, '7.2': 4 },
  ptrsPerTable: [512, 512, 512, 512],
  noncached: CacheMode.WriteBack,
  writecombine: CacheMode.WriteBack,
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
    ksm: false,
    thp: false,
    thpPud: false,
    perVmaLock: false,
    softDirty: false,
    uffdWp: false,
    hwAccessedBit: false,
    hwDirtyBit: false,
    noExec: false,
    movePageTables: false,
    l1tf: false,
  },
  supportedFlags,
  cacheModes: [CacheMode.WriteBack],
  encode,
  decode,
};
