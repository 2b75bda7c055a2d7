/** remap_pfn_range() and what is built on it (B.2, B.3, B.9). */
import type { Kernel } from '../../kernel.js';
import { CapacityError, PROC } from '../../layout.js';
import { EACCES, EINVAL, ENOMEM } from '../../errno.js';
import { VM_REMAP_FLAGS } from '../../flags.js';
import type { Vma } from '../../world.js';
import { PAGE_SIZE, pageAddr, pageOfAddr } from '../page.js';
import { mkspecial, NO_TABLE, none, pfnInEntry, pfnModifyAllowed, pteOf, setEntry } from '../pgtable.js';
import {
  pfnmapSetupCachemode,
  pfnmapTrackCtxAlloc,
  pfnmapTrackCtxRelease,
  trackPfnRemap,
  untrackPfnRange,
} from './pat.js';
import { zapPageRange } from './zap.js';

/** vm_flags_set(): with per-VMA locks it warns when the mmap lock is not held for writing (F-4). */
export function vmFlagsSet(k: Kernel, vma: Vma, flags: number): void {
  assertWriteLock(k, vma);
  vma.flags |= flags;
}

/** vm_flags_clear(). */
export function vmFlagsClear(k: Kernel, vma: Vma, flags: number): void {
  assertWriteLock(k, vma);
  vma.flags &= ~flags;
}

/** Without lockdep, `mmap_assert_write_locked` asks whether somebody holds the lock for writing, not who. */
function assertWriteLock(k: Kernel, vma: Vma): void {
  if (k.w[k.proc(vma.mm) + PROC.LOCK]! >= 0 && k.facts.vmFlagsSetAssertsWriteLock) k.warn();
}

/** Byte address of the first page of a VMA. */
export function vmStart(k: Kernel, vma: Vma): number {
  return pageAddr(k, vma.start);
}

/** Byte address behind a VMA. */
export function vmEnd(k: Kernel, vma: Vma): number {
  return pageAddr(k, vma.end);
}

/**
 * `mm/memory.c:remap_pfn_range`. Maps `size` bytes of frames from `pfn` at `addr` as special entries, without a reference.
 * @param addr byte address
 * @param prot canonical protection, used as given
 * @returns 0 or -errno
 */
export function remapPfnRange(
  k: Kernel,
  vma: Vma,
  addr: number,
  pfn: number,
  size: number,
  prot: number,
): number {
  const bytes = Math.ceil(size / PAGE_SIZE) * PAGE_SIZE;
  return k.facts.remapChecksCowRangeFirst
    ? remapPrepared(k, vma, addr, pfn, bytes, prot)
    : remapTracked(k, vma, addr, pfn, bytes, prot);
}

/** Up to 6.12: tracking, then all checks; any error zaps the range. */
function remapTracked(k: Kernel, vma: Vma, addr: number, pfn: number, bytes: number, prot: number): number {
  const typed = coversVma(k, vma, addr, bytes)
    ? trackPfnRemap(k, vma, pfn, prot)
    : pfnmapSetupCachemode(k, pfn, bytes, prot);
  if (typed === -EINVAL) return typed;
  const err = remapNotrack(k, vma, addr, pfn, bytes, typed);
  if (err !== 0) untrackPfnRange(k, vma, pfn, bytes / PAGE_SIZE);
  return err;
}

function remapNotrack(k: Kernel, vma: Vma, addr: number, pfn: number, bytes: number, prot: number): number {
  let err: number;
  if (addr % PAGE_SIZE !== 0) {
    k.warn();
    err = -EINVAL;
  } else if (refusesCowRange(k, vma, addr, bytes)) {
    err = -EINVAL;
  } else {
    if (vma.cow && k.facts.remapSetsPgoff) vma.pgoff = pfn;
    if (k.facts.remapAssertsWriteLock) assertWriteLock(k, vma);
    vma.flags |= VM_REMAP_FLAGS;
    err = remapEntries(k, vma, addr, pfn, bytes, prot);
  }
  if (err !== 0) zapRange(k, vma, addr, bytes);
  return err;
}

/**
 * A part of a copy-on-write VMA cannot be remapped: the linear rule would not hold for the rest (F-2). A kernel that is not there would
 * refuse all of it where copies are known by the rule alone (docs/what-if.md).
 */
function refusesCowRange(k: Kernel, vma: Vma, addr: number, bytes: number): boolean {
  const { facts } = k;
  const refused = facts.remapRefusesCowWithoutBit && !facts.pteSpecial;
  return vma.cow && (refused || (facts.remapRefusesPartialCow && !coversVma(k, vma, addr, bytes)));
}

/** 7.2: the COW check changes nothing when it fails; tracking fails with flags and pgoff already changed (H-7). */
function remapPrepared(k: Kernel, vma: Vma, addr: number, pfn: number, bytes: number, prot: number): number {
  const err = remapPfnRangePrepareVma(k, vma, addr, pfn, bytes);
  return err !== 0 ? err : doRemapPfnRange(k, vma, addr, pfn, bytes, prot);
}

/** `mm/memory.c:remap_pfn_range_prepare_vma` [7.2]. */
export function remapPfnRangePrepareVma(
  k: Kernel,
  vma: Vma,
  addr: number,
  pfn: number,
  bytes: number,
): number {
  if (refusesCowRange(k, vma, addr, bytes)) return -EINVAL;
  if (vma.cow && k.facts.remapSetsPgoff) vma.pgoff = pfn;
  vma.flags |= VM_REMAP_FLAGS;
  return 0;
}

/** `mm/memory.c:do_remap_pfn_range` [7.2]: tracking, then the entries. */
export function doRemapPfnRange(
  k: Kernel,
  vma: Vma,
  addr: number,
  pfn: number,
  bytes: number,
  prot: number,
): number {
  const whole = coversVma(k, vma, addr, bytes);
  const typed = whole ? pfnmapTrackCtxAlloc(k, vma, pfn, prot) : pfnmapSetupCachemode(k, pfn, bytes, prot);
  if (typed === -EINVAL) return typed;
  let err: number;
  if (addr % PAGE_SIZE !== 0) {
    k.warn();
    err = -EINVAL;
  } else {
    err = remapEntries(k, vma, addr, pfn, bytes, typed);
  }
  if (err !== 0) {
    zapRange(k, vma, addr, bytes);
    if (whole) pfnmapTrackCtxRelease(k, vma);
  }
  return err;
}

/**
 * `mm/memory.c:remap_pfn_range_internal`: BUG when there is nothing to map or an entry is not none (F-3), -EACCES for a frame that L1TF
 * could reach, -ENOMEM without a page table.
 */
function remapEntries(k: Kernel, vma: Vma, addr: number, pfn: number, bytes: number, prot: number): number {
  if (bytes === 0) k.bug();
  const start = (addr - k.arenaBase) / PAGE_SIZE;
  const end = start + bytes / PAGE_SIZE;
  k.exchange?.meets(pfn, end - start);
  if (start < 0 || end > k.layout.caps.arena) throw new CapacityError('arena');
  if (k.allocFails()) return -ENOMEM;
  const flags = mkspecial(k, prot);
  for (let pg = start; pg < end; pg++) {
    const e = pteOf(k, vma.mm, pg);
    if (e === NO_TABLE) return -ENOMEM;
    if (!none(k, e)) k.bug();
    if (!pfnModifyAllowed(k, pfn + (pg - start), prot)) return -EACCES;
    setEntry(k, e, pfnInEntry(k, pfn + (pg - start)), flags);
  }
  return 0;
}

function coversVma(k: Kernel, vma: Vma, addr: number, bytes: number): boolean {
  return addr === vmStart(k, vma) && addr + bytes === vmEnd(k, vma);
}

/** zap_page_range_single() of what of the range lies in the VMA. */
function zapRange(k: Kernel, vma: Vma, addr: number, bytes: number): void {
  const start = pageOfAddr(k, addr);
  const end = Math.min(vma.end, start + bytes / PAGE_SIZE);
  zapPageRange(k, vma, Math.max(vma.start, start), end, true);
}

/**
 * `mm/memory.c:vm_iomap_memory`: maps the part of [phys, phys + len) that vm_pgoff and the VMA's length select.
 * @returns 0 or -EINVAL
 */
export function vmIomapMemory(k: Kernel, vma: Vma, phys: number, len: number): number {
  const pfn = simpleIoremapPfn(k, vma.pages, vma.pgoff, phys, len);
  if (pfn === -EINVAL) return pfn;
  return remapPfnRange(k, vma, vmStart(k, vma), pfn, vma.pages * PAGE_SIZE, vma.prot);
}

/**
 * The checks of vm_iomap_memory(), since 7.2 `mm/memory.c:__simple_ioremap_prep`.
 * @param vmPages pages of the VMA
 * @param pgoff its vm_pgoff: how many pages into the area it starts
 * @returns the first frame, or -EINVAL
 */
export function simpleIoremapPfn(
  k: Kernel,
  vmPages: number,
  pgoff: number,
  phys: number,
  len: number,
): number {
  if (phys + len >= 2 ** k.facts.physAddrTBits) return -EINVAL;
  const pages = Math.ceil((len + (phys % PAGE_SIZE)) / PAGE_SIZE);
  // a pfn is an unsigned long, which may have fewer bits than what it is made of
  const pfns = 2 ** k.facts.bitsPerLong;
  const pfn = Math.floor(phys / PAGE_SIZE) % pfns;
  if (pfn + pages >= pfns) return -EINVAL;
  return pgoff + vmPages > pages ? -EINVAL : pfn + pgoff;
}
