/** mmap() and munmap(): `mm/mmap.c:do_mmap`, `mm/vma.c:mmap_region` (C.1, B.11). */
import type { Kernel } from '../kernel.js';
import { LockMode, routine, UnknownError, type CFunction, type Routine } from '../routine.js';
import { handle, HandleKind } from '../handle.js';
import { CapacityError } from '../layout.js';
import { EACCES, EBADF, EEXIST, EINVAL, ENODEV, ENOMEM, EOPNOTSUPP, EOVERFLOW } from '../errno.js';
import {
  sameFlags,
  VM_ACCOUNT,
  VM_EXEC,
  VM_LOCKED,
  VM_LOCKED_MASK,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_READ,
  VM_SHARED,
  VM_SOFTDIRTY,
  VM_SPECIAL,
  VM_WRITE,
} from '../flags.js';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_HUGETLB,
  MAP_LOCKED,
  MAP_NONBLOCK,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_SHARED_VALIDATE,
  MAP_TYPE,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
} from '../uapi.js';
import { FMODE_READ, FMODE_WRITE, OPS_DUMMY, type File, type Vma } from '../world.js';
import { fget, fput } from '../fs/file_table.js';
import { callMmPopulate } from './populate.js';
import { freePgtables, vmGetPageProt } from './pgtable.js';
import { pfnmapTrackCtxRelease } from './memory/pat.js';
import { zapPageRange } from './memory/zap.js';
import {
  callMmapPrepare,
  callVmaMapped,
  DESC,
  DESC_WORDS,
  descLocals,
  mmapActionComplete,
  mmapActionPrepare,
  setVmaFromDesc,
  takeMappedPrivate,
} from './mmap_prepare.js';
import {
  canMerge,
  doMunmap,
  getUnmappedArea,
  imapBusy,
  imapLock,
  isFree,
  leafAlign,
  vmaLink,
  vmaMerge,
  vmaSetPageProt,
  waitImap,
} from './vma.js';
import { PAGE_SIZE, pageAddr, pageOfAddr } from './page.js';

/** Local words: six arguments of two words each, then state. */
export const MM = {
  ADDR: 0,
  LEN: 2,
  PROT: 4,
  FLAGS: 6,
  FD: 8,
  OFF: 10,
  /** First page and number of pages. */
  START: 12,
  PAGES: 13,
  VMFLAGS: 14,
  SLOT: 15,
  ERR: 16,
  /** File that the call holds: slot + 1. */
  FILE: 17,
  DESC: 18,
  WORDS: 18 + DESC_WORDS,
} as const;

const Pc = {
  Start: 0,
  Overlap: 1,
  Region: 2,
  Prepared: 3,
  Mmapped: 4,
  Merge: 5,
  Link: 6,
  Action: 7,
  Undo: 8,
  Undone: 9,
  Populated: 10,
  Put: 11,
  Done: 12,
  ActionMapped: 13,
} as const;

/** A two-word argument as a number: exact below 2^53. */
export function arg64(k: Kernel, at: number): number {
  return (k.w[at + 1]! >>> 0) * 2 ** 32 + (k.w[at]! >>> 0);
}

/** Length in whole pages, rounded up. */
export function pagesOf(bytes: number): number {
  return Math.ceil(bytes / PAGE_SIZE);
}

/** The page behind the last of a range, or a length: what lies beyond any arena is alike. */
export function bounded(pages: number): number {
  return Math.min(pages, 0x7fff);
}

/** No TASK_SIZE of the model's architectures with a `long` of so many bits is smaller: below it nobody needs to be asked for the own. */
const EVERYBODYS = { bits32: 0x4000_0000, bits64: 0x100_0000_0000 } as const;

/** Whether `end` lies beyond the largest user address, TASK_SIZE. */
export function beyondTaskSize(k: Kernel, end: number): boolean {
  const everybodys = k.facts.bitsPerLong === 64 ? EVERYBODYS.bits64 : EVERYBODYS.bits32;
  return end > everybodys && end > k.facts.taskSize;
}

/** A program names pages [pg, pg + pages): what lies outside the arena the model does not know. */
export function nameable(k: Kernel, pg: number, pages: number): void {
  if (pg < 0) throw new UnknownError('an address below the arena is mapped');
  if (pg + pages > k.layout.caps.arena) throw new CapacityError('arena');
}

/** Gives a user address back to the caller: page `pg` of the arena. */
export function retAddr(k: Kernel, f: number, pg: number): void {
  const addr = pageAddr(k, pg);
  k.ret(f, addr | 0, Math.floor(addr / 2 ** 32));
}

/** The mmap system call: address or -errno. */
export const sysMmap: Routine = routine('mm/mmap.c:do_mmap', MM.WORDS, doMmap, descLocals(MM.DESC));

function doMmap(k: Kernel, f: number, pc: number): void {
  const l = f + 1;
  switch (pc) {
    case Pc.Start:
      return start(k, f);
    case Pc.Overlap: {
      const err = k.takeRet();
      if (err === 0) return k.goto(f, Pc.Region);
      return leave(k, f, k.facts.mmapFixedUnmapsFirst ? -ENOMEM : err);
    }
    case Pc.Region:
      return mmapRegion(k, f);
    case Pc.Prepared:
      return prepared(k, f, k.takeRet());
    case Pc.Mmapped:
      return mmapped(k, f, k.takeRet());
    case Pc.Merge:
      return merge(k, f);
    case Pc.Link:
      return link(k, f);
    case Pc.Action:
      return action(k, f);
    case Pc.ActionMapped: {
      const err = k.takeRet();
      if (err === 0) takeMappedPrivate(k, l + MM.DESC, k.vmas[k.w[l + MM.SLOT]!]!);
      return finishAction(k, f, err);
    }
    case Pc.Undo: {
      const nf = k.call(f, Pc.Undone, doMunmap);
      k.w[nf + 1] = k.currentProc;
      k.w[nf + 2] = k.w[l + MM.START]!;
      k.w[nf + 3] = k.w[l + MM.START]! + k.w[l + MM.PAGES]!;
      return;
    }
    case Pc.Undone:
      return leave(k, f, k.w[l + MM.ERR]!);
    case Pc.Populated:
    case Pc.Put: {
      if (k.w[l + MM.FILE] === 0) return k.goto(f, Pc.Done);
      const nf = k.call(f, Pc.Done, fput);
      k.w[nf + 1] = k.w[l + MM.FILE]! - 1;
      return;
    }
    default:
      if (k.w[l + MM.ERR] !== 0) return k.ret(f, k.w[l + MM.ERR]!);
      return retAddr(k, f, k.w[l + MM.START]!);
  }
}

/** Drops the lock and the file, and returns an error. */
function leave(k: Kernel, f: number, err: number): void {
  k.upWrite(k.mmapLock(k.currentProc));
  k.w[f + 1 + MM.ERR] = err;
  k.goto(f, Pc.Put);
}

/** Checks before the lock, the lock, the checks of do_mmap and the place. */
function start(k: Kernel, f: number): void {
  const l = f + 1;
  const flags = k.w[l + MM.FLAGS]!;
  const proc = k.currentProc;
  if (k.w[l + MM.OFF]! % PAGE_SIZE !== 0) return k.ret(f, -EINVAL);
  const anon = (flags & MAP_ANONYMOUS) !== 0;
  if (!anon && k.w[l + MM.FILE] === 0) {
    const file = fget(k, proc, k.w[l + MM.FD]!);
    if (file === undefined) return k.ret(f, -EBADF);
    if ((flags & MAP_HUGETLB) !== 0) return k.ret(f, -EINVAL);
    file.refs += 1;
    k.w[l + MM.FILE] = file.slot + 1;
  }
  const lock = k.mmapLock(proc);
  if (!k.tryWrite(lock)) return k.wait(f, Pc.Start, lock, LockMode.Write);
  const len = arg64(k, l + MM.LEN);
  if (len === 0) return leave(k, f, -EINVAL);
  const pages = pagesOf(len);
  if (pgoffWraps(k, l, pages)) return leave(k, f, -EOVERFLOW);
  if (beyondTaskSize(k, len)) return leave(k, f, -ENOMEM);
  const at = place(k, f, pages, flags);
  if (at < 0) return leave(k, f, at);
  const vmFlags = anon ? anonFlags(k, l, flags) : fileFlags(k, f, flags);
  if (vmFlags < 0) return leave(k, f, vmFlags);
  k.w[l + MM.START] = at;
  k.w[l + MM.PAGES] = pages;
  k.w[l + MM.VMFLAGS] = vmFlags;
  const nf = k.call(f, Pc.Overlap, doMunmap);
  k.w[nf + 1] = proc;
  k.w[nf + 2] = at;
  k.w[nf + 3] = at + pages;
}

/** The offset that mmap() was called with, in pages. */
function pgoffAsked(k: Kernel, l: number): number {
  return Math.floor(arg64(k, l + MM.OFF) / PAGE_SIZE);
}

/** (pgoff + pages) < pgoff: only a 32-bit offset can wrap. */
function pgoffWraps(k: Kernel, l: number, pages: number): boolean {
  return pgoffAsked(k, l) + pages >= 2 ** k.facts.bitsPerLong;
}

/** get_unmapped_area(): the first page, or -errno. */
function place(k: Kernel, f: number, pages: number, flags: number): number {
  const l = f + 1;
  const proc = k.currentProc;
  const addr = arg64(k, l + MM.ADDR);
  const pg = (addr - k.arenaBase) / PAGE_SIZE;
  if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) !== 0) {
    if (beyondTaskSize(k, addr + pages * PAGE_SIZE)) return -ENOMEM;
    if (addr % PAGE_SIZE !== 0) return -EINVAL;
    nameable(k, pg, pages);
    return (flags & MAP_FIXED_NOREPLACE) !== 0 && !isFree(k, proc, pg, pg + pages) ? -EEXIST : pg;
  }
  const file = k.w[l + MM.FILE]!;
  const driver = file === 0 ? undefined : k.program.drivers[k.files[file - 1]!.driver];
  const hinted = driver?.getUnmappedArea === undefined ? hint(k, proc, addr, pages) : -1;
  if (hinted >= 0) return hinted;
  const at = getUnmappedArea(k, proc, pages, leafAlign(k, pages, driver?.getUnmappedArea !== undefined));
  if (at < 0) throw new CapacityError('arena');
  return at;
}

/** `mm/mmap.c:generic_get_unmapped_area`: an address without MAP_FIXED is taken if it is free. @returns its page, or -1 */
function hint(k: Kernel, proc: number, addr: number, pages: number): number {
  const pg = pageOfAddr(k, addr);
  if (addr < PAGE_SIZE || beyondTaskSize(k, pageAddr(k, pg + pages))) return -1;
  nameable(k, pg, pages);
  return isFree(k, proc, pg, pg + pages) ? pg : -1;
}

function baseFlags(prot: number, flags: number): number {
  let v = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
  if ((prot & PROT_READ) !== 0) v |= VM_READ;
  if ((prot & PROT_WRITE) !== 0) v |= VM_WRITE;
  if ((prot & PROT_EXEC) !== 0) v |= VM_EXEC;
  if ((flags & MAP_LOCKED) !== 0) v |= VM_LOCKED;
  return v;
}

function anonFlags(k: Kernel, l: number, flags: number): number {
  const type = flags & MAP_TYPE;
  if (type === MAP_SHARED) throw new UnknownError('shared anonymous memory (shmem) is not modelled');
  if (type !== MAP_PRIVATE) return -EINVAL;
  if ((flags & (MAP_GROWSDOWN | MAP_HUGETLB)) !== 0)
    throw new UnknownError('a stack or huge pages by mmap() are not modelled');
  const v = baseFlags(k.w[l + MM.PROT]!, flags);
  return (v & VM_WRITE) !== 0 ? v | VM_ACCOUNT : v;
}

/**
 * `mm/mmap.c:file_mmap_ok`: a device's mapping ends below the highest unsigned long, in bytes and not in pages. So 32-bit programs reach
 * the frames below 4 GiB only, though pgoff could name more (measured, armmp).
 */
function fileMmapOk(k: Kernel, l: number): boolean {
  return pgoffAsked(k, l) + pagesOf(arg64(k, l + MM.LEN)) < 2 ** k.facts.bitsPerLong / PAGE_SIZE;
}

/** The file half of do_mmap: sharing, and what the descriptor's mode permits (A.1). */
function fileFlags(k: Kernel, f: number, flags: number): number {
  const l = f + 1;
  const prot = k.w[l + MM.PROT]!;
  const file = k.files[k.w[l + MM.FILE]! - 1]!;
  const type = flags & MAP_TYPE;
  if (!fileMmapOk(k, l)) return -EOVERFLOW;
  let v = baseFlags(prot, flags);
  if (type === MAP_SHARED || type === MAP_SHARED_VALIDATE) {
    if (type === MAP_SHARED_VALIDATE && (flags & ~KNOWN_MAP_FLAGS) !== 0) return -EOPNOTSUPP;
    const writable = (file.mode & FMODE_WRITE) !== 0;
    if ((prot & PROT_WRITE) !== 0 && !writable) return -EACCES;
    v |= VM_SHARED | VM_MAYSHARE;
    if (!writable) v &= ~(VM_MAYWRITE | VM_SHARED);
  } else if (type !== MAP_PRIVATE) return -EINVAL;
  if ((file.mode & FMODE_READ) === 0) return -EACCES;
  if (!canMmapFile(k, file)) return -ENODEV;
  if ((flags & MAP_GROWSDOWN) !== 0) return -EINVAL;
  if ((v & (VM_SHARED | VM_WRITE)) === VM_WRITE) v |= VM_ACCOUNT;
  return v;
}

/** `include/linux/mman.h:LEGACY_MAP_MASK`, without MAP_FIXED_NOREPLACE. */
const KNOWN_MAP_FLAGS = 0x7c07f973;

/** `include/linux/fs.h:can_mmap_file`: 7.2 takes one of the two hooks, not both. */
function canMmapFile(k: Kernel, file: File): boolean {
  const { mmap, mmapPrepare } = k.program.drivers[file.driver]!;
  if (mmapPrepare === undefined || !k.facts.mmapPrepare) return mmap !== undefined;
  if (mmap !== undefined) k.warn();
  return mmap === undefined;
}

/** `mm/vma.c:__mmap_region`: what the VMA would be; ->mmap_prepare may change it before a merge is tried. */
function mmapRegion(k: Kernel, f: number): void {
  const l = f + 1;
  const proc = k.currentProc;
  const anon = (k.w[l + MM.FLAGS]! & MAP_ANONYMOUS) !== 0;
  const v = k.allocVma();
  v.mm = proc;
  v.start = k.w[l + MM.START]!;
  v.end = v.start + k.w[l + MM.PAGES]!;
  v.flags = k.w[l + MM.VMFLAGS]!;
  v.prot = vmGetPageProt(v.flags);
  k.w[l + MM.SLOT] = v.slot;
  if (anon) {
    v.pgoff = pageAddr(k, v.start) / PAGE_SIZE;
    return k.goto(f, Pc.Merge);
  }
  const file = k.files[k.w[l + MM.FILE]! - 1]!;
  v.pgoff = pgoffAsked(k, l);
  v.ops = OPS_DUMMY;
  v.file = file.slot;
  file.refs += 1;
  const driver = k.program.drivers[file.driver]!;
  if (driver.mmap !== undefined) return k.goto(f, Pc.Merge);
  callMmapPrepare(k, f, Pc.Prepared, l + MM.DESC, v, driver.mmapPrepare!);
}

/** The legacy hook of the VMA's file, which decides after a merge was tried. */
function mmapHook(k: Kernel, v: Vma): CFunction | undefined {
  return v.file < 0 ? undefined : k.program.drivers[k.files[v.file]!.driver]!.mmap;
}

/** A neighbour that differs by its range only takes the pages, and no ->mmap is called; else the VMA is made. */
function merge(k: Kernel, f: number): void {
  const v = k.vmas[k.w[f + 1 + MM.SLOT]!]!;
  if (canMerge(k, v)) {
    if (imapBusy(k, v)) return waitImap(k, f, Pc.Merge, v);
    k.w[f + 1 + MM.SLOT] = vmaMerge(k, v).slot;
    return settle(k, f);
  }
  const hook = mmapHook(k, v);
  if (hook === undefined) return k.goto(f, Pc.Link);
  k.arg(0, handle(HandleKind.File, v.file));
  k.arg(1, handle(HandleKind.Vma, v.slot));
  k.callC(f, Pc.Mmapped, hook);
}

/** Back from ->mmap: on an error what it installed is zapped and the VMA is gone. */
function mmapped(k: Kernel, f: number, err: number): void {
  const v = k.vmas[k.w[f + 1 + MM.SLOT]!]!;
  if (err !== 0) return unmapNew(k, f, v, err);
  if ((v.flags & VM_MAYWRITE) !== 0 && (k.w[f + 1 + MM.VMFLAGS]! & VM_MAYWRITE) === 0) k.vmWarn();
  k.goto(f, Pc.Link);
}

/** Throws away a VMA that was never linked, with its file reference (the call holds another). */
function unmapNew(k: Kernel, f: number, v: Vma, err: number): void {
  zapPageRange(k, v, v.start, v.end, true);
  freePgtables(k, v.mm, v.start, v.end);
  k.files[v.file]!.refs -= 1;
  pfnmapTrackCtxRelease(k, v);
  v.clear();
  leave(k, f, err);
}

/** Back from ->mmap_prepare: the description becomes the VMA's. */
function prepared(k: Kernel, f: number, err: number): void {
  const v = k.vmas[k.w[f + 1 + MM.SLOT]!]!;
  const bad = err !== 0 ? err : mmapActionPrepare(k, f + 1 + MM.DESC);
  if (bad !== 0) return unmapNew(k, f, v, bad);
  setVmaFromDesc(k, f + 1 + MM.DESC, v);
  k.goto(f, Pc.Merge);
}

/** A new VMA, into the tree and the i_mmap; up to 6.12 flags that ->mmap changed are a reason to try a merge again. */
function link(k: Kernel, f: number): void {
  const l = f + 1;
  const v = k.vmas[k.w[l + MM.SLOT]!]!;
  if (imapBusy(k, v)) return waitImap(k, f, Pc.Link, v);
  const changed = mmapHook(k, v) !== undefined && !sameFlags(v.flags, k.w[l + MM.VMFLAGS]!);
  const merges = changed && canMerge(k, v) && k.facts.mmapRetriesMerge;
  if (merges) k.w[l + MM.SLOT] = vmaMerge(k, v).slot;
  else vmaLink(v);
  if (merges || v.file < 0 || mmapHook(k, v) !== undefined) return settle(k, f);
  if (hidden(k, l)) k.tryWrite(imapLock(k, k.files[v.file]!.driver));
  settleVma(k, v);
  k.point(f, Pc.Action);
}

/** hide_from_rmap_until_complete: the i_mmap lock is kept from the link to the end of the action. */
function hidden(k: Kernel, l: number): boolean {
  return k.w[l + MM.DESC + DESC.ACT_HIDE] !== 0;
}

/** `mm/vma.c:__mmap_complete`: lock bits and protection are settled. */
function settleVma(k: Kernel, v: Vma): void {
  if ((v.flags & VM_SPECIAL) !== 0) v.flags &= ~VM_LOCKED_MASK;
  if (k.facts.softDirty) v.flags |= VM_SOFTDIRTY;
  vmaSetPageProt(k, v);
}

function settle(k: Kernel, f: number): void {
  settleVma(k, k.vmas[k.w[f + 1 + MM.SLOT]!]!);
  finish(k, f);
}

/** `mm/util.c:mmap_action_complete` [7.2]: entries of the action, after the VMA could be found, then vm_ops->mapped. */
function action(k: Kernel, f: number): void {
  const at = f + 1 + MM.DESC;
  const v = k.vmas[k.w[f + 1 + MM.SLOT]!]!;
  const err = mmapActionComplete(k, at, v);
  if (k.frozen) return;
  if (err === 0 && callVmaMapped(k, f, Pc.ActionMapped, at, v)) return;
  finishAction(k, f, err);
}

/** `mm/util.c:mmap_action_finish` [7.2]: an error takes the whole VMA away, and error_override may stand for it. */
function finishAction(k: Kernel, f: number, err: number): void {
  const l = f + 1;
  if (hidden(k, l)) k.upWrite(imapLock(k, k.files[k.vmas[k.w[l + MM.SLOT]!]!.file]!.driver));
  if (err === 0) return finish(k, f);
  const override = k.w[l + MM.DESC + DESC.ACT_OVERRIDE]!;
  k.w[l + MM.ERR] = override !== 0 ? override : err;
  k.goto(f, Pc.Undo);
}

/** Drops the lock; MAP_POPULATE and MAP_LOCKED then fault the pages in. */
function finish(k: Kernel, f: number): void {
  const l = f + 1;
  const flags = k.w[l + MM.FLAGS]!;
  k.upWrite(k.mmapLock(k.currentProc));
  if ((flags & MAP_LOCKED) !== 0 || (flags & (MAP_POPULATE | MAP_NONBLOCK)) === MAP_POPULATE) {
    const start = k.w[l + MM.START]!;
    return callMmPopulate(k, f, Pc.Populated, start, start + k.w[l + MM.PAGES]!, true);
  }
  k.goto(f, Pc.Put);
}

const MunmapPc = { Start: 0, Unmapped: 1 } as const;

/** The munmap system call. Arguments: address, length (two words each). */
export const sysMunmap: Routine = routine('mm/mmap.c:__vm_munmap', 4, (k, f, pc) => {
  const proc = k.currentProc;
  const lock = k.mmapLock(proc);
  if (pc === MunmapPc.Unmapped) {
    const err = k.takeRet();
    if (err !== 0) k.upWrite(lock);
    else k.upRead(lock);
    return k.ret(f, err);
  }
  const addr = arg64(k, f + 1);
  const len = arg64(k, f + 3);
  if (!k.tryWrite(lock)) return k.wait(f, MunmapPc.Start, lock, LockMode.Write);
  if (addr % PAGE_SIZE !== 0 || len === 0 || beyondTaskSize(k, addr + len)) {
    k.upWrite(lock);
    return k.ret(f, -EINVAL);
  }
  const start = Math.max(0, (addr - k.arenaBase) / PAGE_SIZE);
  const end = Math.min(k.layout.caps.arena, (addr - k.arenaBase) / PAGE_SIZE + pagesOf(len));
  const nf = k.call(f, MunmapPc.Unmapped, doMunmap);
  k.w[nf + 1] = proc;
  k.w[nf + 2] = start;
  k.w[nf + 3] = Math.max(start, end);
  k.w[nf + 4] = 1;
});
