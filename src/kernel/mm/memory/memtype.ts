/**
 * x86's reservations of memory types: `arch/x86/mm/pat/memtype.c` and its tree of intervals (B.9). They are kept only where a test
 * can tell (`RunOptions.memtypes`): elsewhere nobody asks for another type than wb, and every frame has the one that it starts with.
 */
import type { Kernel } from '../../kernel.js';
import { CapacityError, MEMTYPE } from '../../layout.js';
import { CacheMode } from '../../pte.js';

/** The legacy ISA region, which is wb in every entry and never reserved (`is_untracked_pat_range`). */
const ISA_START_PFN = 0xa0;
const ISA_END_PFN = 0x100;

/** No reservation was made: the types in the range are not one, or the range is not the kernel's to reserve. */
export const MEMTYPE_CONFLICT = -1;

const TWO_32 = 2 ** 32;

function isUntracked(pfn: number, pages: number): boolean {
  return pfn >= ISA_START_PFN && pfn + pages <= ISA_END_PFN;
}

/** System RAM: its type is its page's, and no reservation is made for it. ZONE_DEVICE is none. */
function isRam(k: Kernel, pfn: number): boolean {
  const frame = k.mem.frame(pfn);
  if (frame < 0) return false;
  const { kind } = k.mem.regionOf[frame]!;
  return kind !== 'mmio' && kind !== 'device';
}

/** `pat_pagerange_is_ram` is not 0: one page of RAM makes the range RAM to whoever tracks. */
export function pagerangeHasRam(k: Kernel, pfn: number, pages: number): boolean {
  for (let i = 0; i < pages; i++) if (isRam(k, pfn + i)) return true;
  return false;
}

/** Word index of reservation `slot`. */
function at(k: Kernel, slot: number): number {
  return k.layout.memtypes + slot * MEMTYPE.WORDS;
}

function pfnOf(k: Kernel, slot: number): number {
  const w = at(k, slot);
  return (k.w[w + MEMTYPE.PFN_HI]! >>> 0) * TWO_32 + (k.w[w + MEMTYPE.PFN_LO]! >>> 0);
}

function pagesOf(k: Kernel, slot: number): number {
  return k.w[at(k, slot) + MEMTYPE.WHAT]! >>> 4;
}

/** CacheMode of a reservation; -1 when the slot is free. */
function typeOf(k: Kernel, slot: number): number {
  return (k.w[at(k, slot) + MEMTYPE.WHAT]! & 15) - 1;
}

/** Reservations, free slots included. */
function slots(k: Kernel): number {
  return k.options.memtypes === true ? k.layout.caps.memtypes : 0;
}

/** Type of the reservations that overlap a range: -1 without one, -2 when they are not of one type. What memremap_pages() reserved counts. */
function reservedType(k: Kernel, pfn: number, pages: number): number {
  let type = -1;
  for (let i = 0; i < slots(k); i++) {
    const here = typeOf(k, i);
    if (here < 0 || pfnOf(k, i) >= pfn + pages || pfnOf(k, i) + pagesOf(k, i) <= pfn) continue;
    if (type >= 0 && type !== here) return -2;
    type = here;
  }
  for (let i = 0; i < pages; i++) {
    const frame = k.mem.frame(pfn + i);
    if (frame < 0 || k.mem.regionOf[frame]!.kind !== 'device') continue;
    const here = k.facts.zoneDeviceMode;
    if (type >= 0 && type !== here) return -2;
    type = here;
  }
  return type;
}

/** `lookup_memtype`: RAM has its page's type (nothing in the model changes it), device memory without reservation is UC-. */
export function lookupMemtype(k: Kernel, pfn: number): number {
  if (isUntracked(pfn, 1) || isRam(k, pfn)) return CacheMode.WriteBack;
  const reserved = reservedType(k, pfn, 1);
  return reserved < 0 ? CacheMode.UncachedMinus : reserved;
}

/** What {@link memtypeReserve} made: slot, or -1 where none is needed. */
export interface Reserved {
  slot: number;
}

/** The last reservation: callers that need its slot look here at once. */
export const lastReserved: Reserved = { slot: -1 };

/**
 * `memtype_reserve` of a range without RAM. A range that overlaps others gets their type, which they must share; a wb request is UC- where
 * the MTRRs do not say wb, as they do nowhere but for RAM.
 * @returns the type that the range has now, or {@link MEMTYPE_CONFLICT}
 */
export function memtypeReserve(k: Kernel, pfn: number, pages: number, want: number): number {
  lastReserved.slot = -1;
  if (isUntracked(pfn, pages)) return CacheMode.WriteBack;
  const found = reservedType(k, pfn, pages);
  if (found === -2) return MEMTYPE_CONFLICT;
  const asked = want === CacheMode.WriteBack ? CacheMode.UncachedMinus : want;
  const type = found >= 0 ? found : asked;
  const n = slots(k);
  let slot = 0;
  while (slot < n && typeOf(k, slot) >= 0) slot++;
  if (slot === n) throw new CapacityError('memtypes');
  const w = at(k, slot);
  k.w[w + MEMTYPE.WHAT] = (type + 1) | (pages << 4);
  k.w[w + MEMTYPE.PFN_LO] = pfn | 0;
  k.w[w + MEMTYPE.PFN_HI] = Math.floor(pfn / TWO_32) | 0;
  lastReserved.slot = slot;
  return type;
}

/** Gives one reservation back. */
export function memtypeErase(k: Kernel, slot: number): void {
  k.w.fill(0, at(k, slot), at(k, slot) + MEMTYPE.WORDS);
}

/**
 * `memtype_free`: the reservation of just this range goes, or the range is cut off the end of a longer one. Of any other part nothing is
 * freed, for good: the kernel says "freeing invalid memtype".
 */
export function memtypeFree(k: Kernel, pfn: number, pages: number): void {
  const end = pfn + pages;
  let longer = -1;
  for (let i = 0; i < slots(k); i++) {
    if (typeOf(k, i) < 0 || pfnOf(k, i) + pagesOf(k, i) !== end) continue;
    if (pfnOf(k, i) === pfn) return memtypeErase(k, i);
    if (pfnOf(k, i) < pfn && (longer < 0 || pfnOf(k, i) < pfnOf(k, longer))) longer = i;
  }
  if (longer >= 0)
    k.w[at(k, longer) + MEMTYPE.WHAT] = (typeOf(k, longer) + 1) | ((pfn - pfnOf(k, longer)) << 4);
}

/** `is_new_memtype_allowed`: uncached, write-combining and write-through memory must not become more cached than asked. */
export function isNewMemtypeAllowed(pfn: number, pages: number, want: number, got: number): boolean {
  if (isUntracked(pfn, pages)) return true;
  if (got === CacheMode.WriteBack)
    return (
      want !== CacheMode.UncachedMinus && want !== CacheMode.WriteCombine && want !== CacheMode.WriteThrough
    );
  return !(want === CacheMode.WriteThrough && got === CacheMode.WriteCombine);
}
