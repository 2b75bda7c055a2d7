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

/** Types in a range that are not one: no reservation is made. */
export const MEMTYPE_CONFLICT = -2;
/** No type: nothing in the range is reserved. */
const UNRESERVED = -1;
/** In place of a reservation's slot: there is none. */
export const NO_SLOT = -1;

const TWO_32 = 2 ** 32;

function isUntracked(pfn: number, pages: number): boolean {
  return pfn >= ISA_START_PFN && pfn + pages <= ISA_END_PFN;
}

/** System RAM: its type is its page's, and no reservation is made for it. ZONE_DEVICE is none. */
export function isRam(k: Kernel, pfn: number): boolean {
  const frame = k.mem.frame(pfn);
  return k.mem.hasPage[frame] === 1 && k.mem.regionOf[frame]!.kind !== 'device';
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

/** CacheMode of a reservation. */
function typeOf(k: Kernel, slot: number): number {
  return k.w[at(k, slot) + MEMTYPE.WHAT]! & 15;
}

/** A free slot: one that is used has pages. */
function isFree(k: Kernel, slot: number): boolean {
  return k.w[at(k, slot) + MEMTYPE.WHAT] === 0;
}

/** Reservations, free slots included: none before the first is asked for. */
function slots(k: Kernel): number {
  return k.layout.caps.memtypes;
}

/** The type of two ranges together. */
function join(a: number, b: number): number {
  return a === UNRESERVED || a === b ? b : MEMTYPE_CONFLICT;
}

/** Type of the reservations that overlap a range: UNRESERVED, or MEMTYPE_CONFLICT when they are not of one type. What memremap_pages() reserved counts. */
function reservedType(k: Kernel, pfn: number, pages: number): number {
  let type = UNRESERVED;
  for (let i = 0; i < slots(k); i++) {
    const apart = pfnOf(k, i) >= pfn + pages || pfnOf(k, i) + pagesOf(k, i) <= pfn;
    if (!isFree(k, i) && !apart) type = join(type, typeOf(k, i));
  }
  for (let i = 0; i < pages; i++) {
    const region = k.mem.regionOf[k.mem.frame(pfn + i)];
    if (region?.kind === 'device') type = join(type, k.facts.zoneDeviceMode);
  }
  return type;
}

/** `lookup_memtype`: RAM has its page's type (nothing in the model changes it), device memory without reservation is UC-. */
export function lookupMemtype(k: Kernel, pfn: number): number {
  if (isUntracked(pfn, 1) || isRam(k, pfn)) return CacheMode.WriteBack;
  const reserved = reservedType(k, pfn, 1);
  return reserved === UNRESERVED ? CacheMode.UncachedMinus : reserved;
}

/** What {@link memtypeReserve} made: slot, or {@link NO_SLOT} where none is needed. */
export interface Reserved {
  slot: number;
}

/** The last reservation: callers that need its slot look here at once. */
export const lastReserved: Reserved = { slot: NO_SLOT };

/**
 * `memtype_reserve` of a range without RAM. A range that overlaps others gets their type, which they must share; a wb request is UC- where
 * the MTRRs do not say wb, as they do nowhere but for RAM.
 * @returns the type that the range has now, or {@link MEMTYPE_CONFLICT}
 */
export function memtypeReserve(k: Kernel, pfn: number, pages: number, want: number): number {
  if (isUntracked(pfn, pages)) return CacheMode.WriteBack;
  const found = reservedType(k, pfn, pages);
  if (found === MEMTYPE_CONFLICT) return found;
  const asked = want === CacheMode.WriteBack ? CacheMode.UncachedMinus : want;
  const type = found === UNRESERVED ? asked : found;
  const n = slots(k);
  let slot = 0;
  while (slot < n && !isFree(k, slot)) slot++;
  if (slot === n) throw new CapacityError('memtypes');
  const w = at(k, slot);
  k.w[w + MEMTYPE.WHAT] = type | (pages << 4);
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
  let longer = NO_SLOT;
  for (let i = 0; i < slots(k); i++) {
    if (isFree(k, i) || pfnOf(k, i) + pagesOf(k, i) !== end) continue;
    if (pfnOf(k, i) === pfn) return memtypeErase(k, i);
    if (pfnOf(k, i) < pfn && (longer === NO_SLOT || pfnOf(k, i) < pfnOf(k, longer))) longer = i;
  }
  if (longer !== NO_SLOT)
    k.w[at(k, longer) + MEMTYPE.WHAT] = typeOf(k, longer) | ((pfn - pfnOf(k, longer)) << 4);
}

/** `is_new_memtype_allowed`: only uncached memory may become cached; of what is not, write-through must not become write-combining. */
export function isNewMemtypeAllowed(pfn: number, pages: number, want: number, got: number): boolean {
  if (isUntracked(pfn, pages)) return true;
  if (got === CacheMode.WriteBack) return want === CacheMode.Uncached || want === CacheMode.WriteBack;
  return !(want === CacheMode.WriteThrough && got === CacheMode.WriteCombine);
}
