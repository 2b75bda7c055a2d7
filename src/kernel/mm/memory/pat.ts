/**
 * x86's tracking of raw mappings: `arch/x86/mm/pat/memtype.c` (B.9). Up to 6.12 VM_PAT says that a whole VMA is tracked, and frame and
 * type are read off its entries; in 7.2 VMAs share a counted context.
 */
import type { Kernel } from '../../kernel.js';
import { EBUSY, EINVAL } from '../../errno.js';
import { UnknownError } from '../../routine.js';
import { VM_PAT } from '../../flags.js';
import { cacheMode, CacheMode, Level, PTE_SPECIAL, withCacheMode } from '../../pte.js';
import { VMA_TRACKED, type Vma } from '../../world.js';
import { PAGE_SIZE } from '../page.js';
import { entryPfn, none, walk } from '../pgtable.js';
import { vmNormalPage } from './classify.js';
import {
  isNewMemtypeAllowed,
  lastReserved,
  lookupMemtype,
  memtypeErase,
  memtypeFree,
  MEMTYPE_CONFLICT,
  memtypeReserve,
  NO_SLOT,
  pagerangeHasRam,
} from './memtype.js';

/** Whether memory types are kept at all: the cheap question first. */
function tracks(k: Kernel): boolean {
  return k.options.memtypes === true && k.facts.pfnmapTracking;
}

/**
 * `reserve_pfn_range`: RAM gets the type of its first page, whatever was asked for (pr_warn); other memory is reserved.
 * @param strict any other type than asked for is refused
 * @returns the protection with the type that the range has, or -EINVAL
 */
function reservePfnRange(k: Kernel, pfn: number, pages: number, prot: number, strict: boolean): number {
  lastReserved.slot = NO_SLOT;
  if (pagerangeHasRam(k, pfn, pages)) return withCacheMode(prot, lookupMemtype(k, pfn));
  const want = cacheMode(prot);
  const got = memtypeReserve(k, pfn, pages, want);
  if (got === MEMTYPE_CONFLICT) return -EINVAL;
  if (got !== want && (strict || !isNewMemtypeAllowed(pfn, pages, want, got))) {
    memtypeFree(k, pfn, pages);
    return -EINVAL;
  }
  return withCacheMode(prot, got);
}

/** `free_pfn_range`. */
function freePfnRange(k: Kernel, pfn: number, pages: number): void {
  if (tracks(k) && !pagerangeHasRam(k, pfn, pages)) memtypeFree(k, pfn, pages);
}

/**
 * `track_pfn_remap` of a part of a VMA, and 7.2's `pfnmap_setup_cachemode`: the type is looked up; a range of several is refused.
 * @returns the protection with that type, or -EINVAL
 */
export function pfnmapSetupCachemode(k: Kernel, pfn: number, bytes: number, prot: number): number {
  const pages = bytes / PAGE_SIZE;
  // What is longer than any VMA ends the run elsewhere.
  if (pages > k.layout.caps.arena) return prot;
  // Without types RAM and device memory still differ.
  const type = lookupMemtype(k, pfn);
  const end = pfn + pages;
  for (let at = pfn + 1; at < end; at++) {
    if (lookupMemtype(k, at) !== type) return k.facts.pfnmapTracking ? -EINVAL : prot;
  }
  return tracks(k) ? withCacheMode(prot, type) : prot;
}

/**
 * `track_pfn_remap` of a whole VMA [6.1, 6.12]: reserves and marks.
 * @returns the protection for the entries, or -EINVAL
 */
export function trackPfnRemap(k: Kernel, vma: Vma, pfn: number, prot: number): number {
  const typed = tracks(k) ? reservePfnRange(k, pfn, vma.pages, prot, false) : prot;
  if (typed !== -EINVAL && k.facts.trackSetsVmPat) vma.flags |= VM_PAT;
  return typed;
}

/**
 * `pfnmap_track_ctx_alloc` [7.2]: a context of the VMA's own, unless it has one.
 * @returns the protection for the entries, or -EINVAL
 */
export function pfnmapTrackCtxAlloc(k: Kernel, vma: Vma, pfn: number, prot: number): number {
  if (!k.facts.trackFullRemapOnce) return prot;
  if (vma.has(VMA_TRACKED)) return -EINVAL;
  const typed = tracks(k) ? reservePfnRange(k, pfn, vma.pages, prot, false) : prot;
  if (typed === -EINVAL) return typed;
  vma.put(VMA_TRACKED, true);
  if (tracks(k)) vma.memtype = lastReserved.slot;
  return typed;
}

/** `vma_pfnmap_track_ctx_release` [7.2]: the reservation goes with the last VMA that shares its context. */
export function pfnmapTrackCtxRelease(k: Kernel, vma: Vma): void {
  const slot = vma.memtype;
  vma.put(VMA_TRACKED, false);
  vma.memtype = NO_SLOT;
  if (slot !== NO_SLOT && !hasSlot(k, slot)) memtypeErase(k, slot);
}

/** Whether a VMA still shares a reservation. */
function hasSlot(k: Kernel, slot: number): boolean {
  for (const vma of k.vmas) if (vma.mm >= 0 && vma.memtype === slot) return true;
  return false;
}

/**
 * `track_pfn_insert`, 7.2's `pfnmap_setup_cachemode_pfn`: a single frame gets the type it has, whatever the driver asks for.
 * @returns the protection for the entry
 */
export function trackPfnInsert(k: Kernel, pfn: number, prot: number): number {
  return tracks(k) ? withCacheMode(prot, lookupMemtype(k, pfn)) : prot;
}

/** {@link followPhys}: the first entry is none, or a page's. */
const NOT_RAW = -1;

/** `follow_phys`: word index of the first entry, which must still be raw to tell what is tracked, or {@link NOT_RAW}. */
function followPhys(k: Kernel, vma: Vma): number {
  const e = walk(k, vma.mm, vma.start);
  if (none(k, e)) return NOT_RAW;
  // 6.1 asks the classifier, which reports an entry that is neither (H-9)
  const asksBit = k.level !== Level.Pte || k.facts.followPfnmap;
  const raw = asksBit ? (k.w[e + 1]! & PTE_SPECIAL) !== 0 : vmNormalPage(k, vma, vma.start, e) < 0;
  return raw ? e : NOT_RAW;
}

/**
 * `untrack_pfn`, which every zap in a VM_PFNMAP VMA calls for the whole of it: VM_PAT goes and the reservation with it, however little is
 * zapped. A shared VMA without a first entry keeps both, with a WARN; a copy-on-write one has its first frame in vm_pgoff.
 */
export function untrackPfn(k: Kernel, vma: Vma): void {
  if (!k.facts.trackSetsVmPat || (vma.flags & VM_PAT) === 0) return;
  const e = followPhys(k, vma);
  if (e === NOT_RAW && !vma.cow) return k.warn();
  untrackPfnRange(k, vma, e === NOT_RAW ? vma.pgoff : entryPfn(k, e), vma.pages);
}

/** `untrack_pfn` of a range that the caller knows, after a remap or a copy that failed. */
export function untrackPfnRange(k: Kernel, vma: Vma, pfn: number, pages: number): void {
  if (!k.facts.trackSetsVmPat || (vma.flags & VM_PAT) === 0) return;
  freePfnRange(k, pfn, pages);
  vma.flags &= ~VM_PAT;
}

/** `track_pfn_copy`, at fork: false when the first entry is not raw any more (H-9), or its type is not to be had. */
export function trackPfnCopy(k: Kernel, vma: Vma, child: Vma): boolean {
  if (!k.facts.forkRereservesPat || (vma.flags & VM_PAT) === 0) return true;
  const e = followPhys(k, vma);
  if (e === NOT_RAW) return false;
  if (tracks(k) && reservePfnRange(k, entryPfn(k, e), vma.pages, k.w[e + 1]!, true) === -EINVAL) return false;
  child.flags |= VM_PAT;
  return true;
}

/** `untrack_pfn_copy`: the entries could not be copied. */
export function untrackPfnCopy(k: Kernel, vma: Vma, child: Vma): void {
  untrackPfnRange(k, child, entryPfn(k, walk(k, vma.mm, vma.start)), vma.pages);
}

/** Pages that bytes [start, start + size) touch, from the page of `start` on. */
function pagesIn(start: number, size: number): number {
  return Math.ceil((start + size) / PAGE_SIZE) - Math.floor(start / PAGE_SIZE);
}

/**
 * `arch_io_reserve_memtype_wc`: an aperture becomes write-combining for whoever maps it. Of RAM it would change the pages' own type, which
 * the model does not have.
 * @param start physical address
 * @returns 0, or -EBUSY for other types in the range
 */
export function archIoReserveMemtypeWc(k: Kernel, start: number, size: number): number {
  if (!tracks(k)) return 0;
  const pfn = Math.floor(start / PAGE_SIZE);
  const pages = pagesIn(start, size);
  if (pages === 0) {
    k.warn();
    return -EINVAL;
  }
  if (pagerangeHasRam(k, pfn, pages)) throw new UnknownError('a memory type of RAM pages');
  const got = memtypeReserve(k, pfn, pages, CacheMode.WriteCombine);
  if (got === MEMTYPE_CONFLICT) return -EBUSY;
  if (isNewMemtypeAllowed(pfn, pages, CacheMode.WriteCombine, got)) return 0;
  memtypeFree(k, pfn, pages);
  return -EBUSY;
}

/** `arch_io_free_memtype_wc`. */
export function archIoFreeMemtypeWc(k: Kernel, start: number, size: number): void {
  freePfnRange(k, Math.floor(start / PAGE_SIZE), pagesIn(start, size));
}
