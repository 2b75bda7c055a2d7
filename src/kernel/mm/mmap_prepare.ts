/** 7.2's mmap_prepare: the driver describes, the core acts (B.11). */
import type { Kernel } from '../kernel.js';
import { routine, Undefined, type CFunction, type Routine } from '../routine.js';
import { handle, HandleKind, handleIndex, handleKind } from '../handle.js';
import { EFAULT, EINVAL, MAX_ERRNO } from '../errno.js';
import { VM_MAYWRITE, VM_MIXEDMAP, VM_PFNMAP, VM_REMAP_FLAGS, VM_SHARED } from '../flags.js';
import { ObjectShape, Scalar, type PlacedObject } from '../object-shape.js';
import type { Vma } from '../world.js';
import { insertPages } from './memory/insert.js';
import { pageArray } from './memory/page-array.js';
import { doRemapPfnRange, simpleIoremapPfn } from './memory/remap.js';
import { PAGE_SIZE, pageAddr } from './page.js';

/** Local words of a struct vm_area_desc; a `struct vm_area_desc *` of the driver points at them. */
export const DESC = {
  /** The VMA being made: slot. It holds mm, file, start and end. */
  VMA: 0,
  FLAGS: 1,
  PGOFF_LO: 2,
  PGOFF_HI: 3,
  PROT: 4,
  OPS: 5,
  PRIVATE: 6,
  /** An {@link Action}. */
  ACTION: 7,
  /** Where the action starts, in bytes behind the base of the arena, and its bytes; of kernel pages, their number. */
  ACT_START: 8,
  ACT_BYTES: 9,
  /** First frame of a remap; physical address of a simple ioremap; of kernel pages, the array's handle. */
  ACT_PFN_LO: 10,
  ACT_PFN_HI: 11,
  /** Protection when the action was recorded; of a simple ioremap, the upper word of its bytes. */
  ACT_PROT: 12,
  /** Errno that replaces those of the action's completion, or 0. */
  ACT_OVERRIDE: 13,
  /** 1: nobody finds the VMA by its file before the action is complete. */
  ACT_HIDE: 14,
} as const;

export const DESC_WORDS = 15;

/** `include/linux/mm_types.h:mmap_action_type`. An I/O remap is a remap: no architecture of the model moves its frames. */
const Action = { None: 0, Remap: 1, SimpleIoRemap: 2, KernelPages: 3 } as const;

/** Fills a description from the VMA, as new or in `mm/util.c:compat_set_desc_from_vma`. */
export function setDesc(k: Kernel, at: number, v: Vma): void {
  const w = k.w;
  w[at + DESC.VMA] = v.slot;
  w[at + DESC.FLAGS] = v.flags;
  w[at + DESC.PGOFF_LO] = v.pgoffLo;
  w[at + DESC.PGOFF_HI] = v.pgoffHi;
  w[at + DESC.PROT] = v.prot;
  w[at + DESC.OPS] = v.ops;
}

/** Fills the description and calls the hook; `f` goes on at `pc` with its result. */
export function callMmapPrepare(k: Kernel, f: number, pc: number, at: number, v: Vma, hook: CFunction): void {
  setDesc(k, at, v);
  k.arg(0, handle(HandleKind.Desc, at));
  k.callC(f, pc, hook);
}

/** `include/linux/mm.h:mmap_action_remap` [7.2]: records pages to be mapped; addresses and sizes in bytes. A range outside the VMA warns. */
export function mmapActionRemap(k: Kernel, at: number, addr: number, pfn: number, size: number): void {
  const w = k.w;
  const v = k.vmas[w[at + DESC.VMA]!]!;
  const start = clamp(addr - k.arenaBase);
  const bytes = clamp(size);
  if (start >= v.end * PAGE_SIZE || leavesVma(v, start, start + bytes)) k.warn();
  w[at + DESC.ACTION] = Action.Remap;
  w[at + DESC.ACT_START] = start;
  w[at + DESC.ACT_BYTES] = bytes;
  w[at + DESC.ACT_PFN_LO] = pfn | 0;
  w[at + DESC.ACT_PFN_HI] = Math.floor(pfn / 2 ** 32) | 0;
  w[at + DESC.ACT_PROT] = w[at + DESC.PROT]!;
}

/** Bytes that no arena has: all places beyond it are alike. */
const FAR = 0x2000_0000;

function clamp(bytes: number): number {
  return Math.max(-FAR, Math.min(FAR, bytes));
}

/** First byte of the described range. */
function descStart(k: Kernel, at: number): number {
  return pageAddr(k, k.vmas[k.w[at + DESC.VMA]!]!.start);
}

/** `include/linux/mm.h:vma_desc_pages` [7.2]. */
export function descPages(k: Kernel, at: number): number {
  return k.vmas[k.w[at + DESC.VMA]!]!.pages;
}

/** `include/linux/mm.h:mmap_action_remap_full` [7.2]. */
export function mmapActionRemapFull(k: Kernel, at: number, pfn: number): void {
  mmapActionRemap(k, at, descStart(k, at), pfn, descPages(k, at) * PAGE_SIZE);
}

/** `include/linux/mm.h:mmap_action_ioremap` [7.2]: a remap of decrypted device memory. */
export function mmapActionIoremap(k: Kernel, at: number, addr: number, pfn: number, size: number): void {
  mmapActionRemap(k, at, addr, pfn, size);
}

/** `include/linux/mm.h:mmap_action_ioremap_full` [7.2]. */
export function mmapActionIoremapFull(k: Kernel, at: number, pfn: number): void {
  mmapActionIoremap(k, at, descStart(k, at), pfn, descPages(k, at) * PAGE_SIZE);
}

/** `include/linux/mm.h:mmap_action_simple_ioremap` [7.2]: what vm_iomap_memory() does; the offset and the protection are those at the end. */
export function mmapActionSimpleIoremap(k: Kernel, at: number, phys: number, size: number): void {
  const w = k.w;
  w[at + DESC.ACTION] = Action.SimpleIoRemap;
  w[at + DESC.ACT_PFN_LO] = phys | 0;
  w[at + DESC.ACT_PFN_HI] = Math.floor(phys / 2 ** 32) | 0;
  w[at + DESC.ACT_BYTES] = size | 0;
  w[at + DESC.ACT_PROT] = Math.floor(size / 2 ** 32) | 0;
}

/**
 * `include/linux/mm.h:mmap_action_map_kernel_pages` [7.2]: records pages to be inserted, counted.
 * @param pages handle of the driver's array, which is read when the action completes
 */
export function mmapActionMapKernelPages(
  k: Kernel,
  at: number,
  addr: number,
  pages: number,
  nr: number,
): void {
  const w = k.w;
  w[at + DESC.ACTION] = Action.KernelPages;
  w[at + DESC.ACT_START] = clamp(addr - k.arenaBase);
  w[at + DESC.ACT_BYTES] = clamp(nr);
  w[at + DESC.ACT_PFN_LO] = pages;
}

/** `include/linux/mm.h:mmap_action_map_kernel_pages_full` [7.2]. */
export function mmapActionMapKernelPagesFull(k: Kernel, at: number, pages: number): void {
  mmapActionMapKernelPages(k, at, descStart(k, at), pages, descPages(k, at));
}

/**
 * `mm/util.c:mmap_action_prepare` [7.2]. No error of this step is replaced by error_override.
 * @returns 0; -EFAULT for a range outside the VMA; -EINVAL for a part of a copy-on-write VMA, for a range that vm_iomap_memory() refuses
 * and for an error_override that is no errno (which warns)
 */
export function mmapActionPrepare(k: Kernel, at: number): number {
  const w = k.w;
  const override = w[at + DESC.ACT_OVERRIDE]!;
  if (override > 0 || override < -MAX_ERRNO) {
    k.warn();
    return -EINVAL;
  }
  switch (w[at + DESC.ACTION]) {
    case Action.None:
      return 0;
    case Action.KernelPages:
      return mapKernelPagesPrepare(k, at);
    case Action.SimpleIoRemap:
      return simpleIoremapPrepare(k, at);
    default:
      return remapPfnRangePrepare(k, at);
  }
}

/** The description becomes the VMA's: what the hook may change, with what {@link mmapActionPrepare} made of it. */
export function setVmaFromDesc(k: Kernel, at: number, v: Vma): void {
  const w = k.w;
  v.flags = w[at + DESC.FLAGS]!;
  v.setPgoff(w[at + DESC.PGOFF_LO]!, w[at + DESC.PGOFF_HI]!);
  v.prot = w[at + DESC.PROT]!;
  v.ops = w[at + DESC.OPS]!;
  v.private = w[at + DESC.PRIVATE]!;
}

function pair(k: Kernel, lo: number, hi: number): number {
  return (k.w[hi]! >>> 0) * 2 ** 32 + (k.w[lo]! >>> 0);
}

/** Whether bytes [start, end), counted from the base of the arena, are not all the VMA's. */
function leavesVma(v: Vma, start: number, end: number): boolean {
  return start < v.start * PAGE_SIZE || end > v.end * PAGE_SIZE;
}

/** `mm/memory.c:simple_ioremap_prepare` [7.2]: the checks of vm_iomap_memory(), then an I/O remap of everything. */
function simpleIoremapPrepare(k: Kernel, at: number): number {
  const phys = pair(k, at + DESC.ACT_PFN_LO, at + DESC.ACT_PFN_HI);
  const size = pair(k, at + DESC.ACT_BYTES, at + DESC.ACT_PROT);
  const pgoff = pair(k, at + DESC.PGOFF_LO, at + DESC.PGOFF_HI);
  const pfn = simpleIoremapPfn(k, descPages(k, at), pgoff, phys, size);
  if (pfn < 0) return pfn;
  mmapActionIoremapFull(k, at, pfn);
  return remapPfnRangePrepare(k, at);
}

/** `mm/memory.c:remap_pfn_range_prepare` [7.2]. */
function remapPfnRangePrepare(k: Kernel, at: number): number {
  const w = k.w;
  const v = k.vmas[w[at + DESC.VMA]!]!;
  const start = w[at + DESC.ACT_START]!;
  const end = start + w[at + DESC.ACT_BYTES]!;
  if (leavesVma(v, start, end)) return -EFAULT;
  if ((w[at + DESC.FLAGS]! & (VM_SHARED | VM_MAYWRITE)) === VM_MAYWRITE) {
    const whole = start === v.start * PAGE_SIZE && end === v.end * PAGE_SIZE;
    if (!whole && k.facts.remapRefusesPartialCow) return -EINVAL;
    if (k.facts.remapSetsPgoff) {
      w[at + DESC.PGOFF_LO] = w[at + DESC.ACT_PFN_LO]!;
      w[at + DESC.PGOFF_HI] = w[at + DESC.ACT_PFN_HI]!;
    }
  }
  w[at + DESC.FLAGS]! |= VM_REMAP_FLAGS;
  return 0;
}

/** `mm/memory.c:map_kernel_pages_prepare` [7.2]: VM_MIXEDMAP, in a VM_PFNMAP VMA beside it with a DEBUG_VM warning only (H-12). */
function mapKernelPagesPrepare(k: Kernel, at: number): number {
  const w = k.w;
  const v = k.vmas[w[at + DESC.VMA]!]!;
  if ((w[at + DESC.FLAGS]! & VM_MIXEDMAP) === 0) {
    if ((w[at + DESC.FLAGS]! & VM_PFNMAP) !== 0) k.vmWarn();
    w[at + DESC.FLAGS]! |= VM_MIXEDMAP;
  }
  const start = w[at + DESC.ACT_START]!;
  return leavesVma(v, start, start + w[at + DESC.ACT_BYTES]! * PAGE_SIZE) ? -EFAULT : 0;
}

/**
 * `mm/util.c:mmap_action_complete` [7.2], without vm_ops->mapped: installs the entries of a linked VMA. Raw frames get the protection of the
 * time when the action was recorded; pages get the VMA's, write-notify included.
 * @returns 0 or -errno
 */
export function mmapActionComplete(k: Kernel, at: number, v: Vma): number {
  const w = k.w;
  const addr = k.arenaBase + w[at + DESC.ACT_START]!;
  switch (w[at + DESC.ACTION]) {
    case Action.None:
      return 0;
    case Action.KernelPages: {
      const pages = pageArray(k, w[at + DESC.ACT_PFN_LO]!);
      return insertPages(k, v, addr, pages, w[at + DESC.ACT_BYTES]!, () => undefined);
    }
    default: {
      const pfn = pair(k, at + DESC.ACT_PFN_LO, at + DESC.ACT_PFN_HI);
      const bytes = Math.ceil(w[at + DESC.ACT_BYTES]! / PAGE_SIZE) * PAGE_SIZE;
      return doRemapPfnRange(k, v, addr, pfn, bytes, w[at + DESC.ACT_PROT]!);
    }
  }
}

/**
 * `mm/util.c:call_vma_mapped` [7.2]: calls vm_ops->mapped, if there is one; `f` goes on at `pc` with its result.
 * @returns whether it was called
 */
export function callVmaMapped(k: Kernel, f: number, pc: number, at: number, v: Vma): boolean {
  const mapped = k.program.vmOps[v.ops]?.mapped;
  if (mapped === undefined) return false;
  k.argNumber(0, pageAddr(k, v.start));
  k.argNumber(1, pageAddr(k, v.end));
  k.arg(2, v.pgoffLo, v.pgoffHi);
  k.arg(3, handle(HandleKind.File, v.file));
  k.arg(4, handle(HandleKind.Data, at + DESC.PRIVATE));
  k.callC(f, pc, mapped);
  return true;
}

/** What ->mapped left in its last argument, on success. */
export function takeMappedPrivate(k: Kernel, at: number, v: Vma): void {
  v.private = k.w[at + DESC.PRIVATE]!;
}

/** Where the private data of a description lies, for ->mapped to reach through its pointer. */
export function descLocals(at: number): readonly PlacedObject[] {
  const shape = new ObjectShape(1, 8, [{ word: 0, byte: 0, bytes: 8, kind: Scalar.Pointer }]);
  return [{ at: 1 + at + DESC.PRIVATE, shape }];
}

/** Local words of {@link compatVmaMmap}: file and VMA (two words each), then the description. */
const COMPAT = { FILE: 0, VMA: 2, DESC: 4, WORDS: 4 + DESC_WORDS } as const;

/**
 * `mm/util.c:compat_vma_mmap` [7.2]: a ->mmap that stands before another file lets that file's ->mmap_prepare describe its VMA, which is not
 * linked yet. Errors, error_override left aside, are the caller's to clean up after. Returns 0 or -errno.
 */
export const compatVmaMmap: Routine = routine(
  'mm/util.c:compat_vma_mmap',
  COMPAT.WORDS,
  (k, f, pc) => {
    const at = f + 1 + COMPAT.DESC;
    const file = structIndex(k, k.w[f + 1 + COMPAT.FILE]!, HandleKind.File);
    const slot = structIndex(k, k.w[f + 1 + COMPAT.VMA]!, HandleKind.Vma);
    if (file < 0 || slot < 0) return;
    const v = k.vmas[slot]!;
    if (pc === 0) {
      const hook = k.program.drivers[k.files[file]!.driver]!.mmapPrepare;
      if (hook === undefined) return k.undefinedBehaviour(Undefined.BadPointer);
      return callMmapPrepare(k, f, 1, at, v, hook);
    }
    let err = k.takeRet();
    if (pc === 1) {
      if (err === 0) err = mmapActionPrepare(k, at);
      if (err !== 0) return k.ret(f, err);
      setVmaFromDesc(k, at, v);
      err = mmapActionComplete(k, at, v);
      if (k.frozen) return;
      if (err === 0 && callVmaMapped(k, f, 2, at, v)) return;
    }
    if (err === 0) takeMappedPrivate(k, at, v);
    k.ret(f, err);
  },
  descLocals(COMPAT.DESC),
);

/** Index behind a driver's pointer of a kind, or -1 after the run was frozen. */
function structIndex(k: Kernel, h: number, kind: HandleKind): number {
  if (h > 0 && handleKind(h) === kind) return handleIndex(h);
  k.undefinedBehaviour(Undefined.BadPointer);
  return -1;
}
