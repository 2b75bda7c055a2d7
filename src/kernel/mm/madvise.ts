/** madvise(): `mm/madvise.c` (C.11). */
import { userPage } from '../fault.js';
import type { Kernel } from '../kernel.js';
import { LockMode, routine, UnknownError, type Routine } from '../routine.js';
import { EACCES, EBADF, EINVAL, ENODEV, ENOMEM } from '../errno.js';
import {
  FOLL_HWPOISON,
  FOLL_MADV_POPULATE,
  FOLL_TOUCH,
  FOLL_UNLOCKABLE,
  FOLL_WRITE,
  sameFlags,
  VM_DONTCOPY,
  VM_DONTDUMP,
  VM_HUGEPAGE,
  VM_IO,
  VM_LOCKED,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_MERGEABLE,
  VM_NOHUGEPAGE,
  VM_PFNMAP,
  VM_RAND_READ,
  VM_SEQ_READ,
  VM_SHARED,
  VM_SPECIAL,
  VM_WIPEONFORK,
} from '../flags.js';
import {
  MADV_COLD,
  MADV_COLLAPSE,
  MADV_DODUMP,
  MADV_DOFORK,
  MADV_DONTDUMP,
  MADV_DONTFORK,
  MADV_DONTNEED,
  MADV_DONTNEED_LOCKED,
  MADV_FREE,
  MADV_GUARD_INSTALL,
  MADV_GUARD_REMOVE,
  MADV_HUGEPAGE,
  MADV_HWPOISON,
  MADV_KEEPONFORK,
  MADV_MERGEABLE,
  MADV_NOHUGEPAGE,
  MADV_NORMAL,
  MADV_PAGEOUT,
  MADV_POPULATE_READ,
  MADV_POPULATE_WRITE,
  MADV_RANDOM,
  MADV_REMOVE,
  MADV_SEQUENTIAL,
  MADV_SOFT_OFFLINE,
  MADV_UNMERGEABLE,
  MADV_WILLNEED,
  MADV_WIPEONFORK,
} from '../uapi.js';
import type { Vma } from '../world.js';
import { callGetUserPage, GUP_NO_PAGE } from './gup.js';
import { madviseFree } from './madvise_free.js';
import { arg64, bounded, pagesOf } from './mmap.js';
import { zapPageRange } from './memory/zap.js';
import { findVma, vmaIsAnonymous, vmaLookup, vmaMerge } from './vma.js';
import { callVmaIsolate } from './vma_modify.js';
import { offsetInPage } from './page.js';

/** Local words: three arguments of two words each, then the loop: place, end, error for holes, new flags. */
const L = { ADDR: 0, LEN: 2, ADVICE: 4, AT: 6, END: 7, UNMAPPED: 8, NEW_FLAGS: 9, WORDS: 10 } as const;

const Pc = { Start: 0, Next: 1, Isolated: 2, Populate: 3, Populated: 4 } as const;

/** Answer of {@link advise}: the VMA gets other flags. */
const CHANGE_FLAGS = 1;

/**
 * The madvise system call. Arguments: address, length, advice. Returns 0 or -errno; a hole does not stop it, but is -ENOMEM in the
 * end.
 */
export const sysMadvise: Routine = routine('mm/madvise.c:do_madvise', L.WORDS, (k, f, pc) => {
  switch (pc) {
    case Pc.Start:
      return start(k, f);
    case Pc.Next:
      return nextVma(k, f);
    case Pc.Isolated: {
      const err = k.takeRet();
      if (err !== 0) return leave(k, f, err);
      const vma = vmaLookup(k, k.currentProc, k.w[f + 1 + L.AT]!)!;
      vma.flags = k.w[f + 1 + L.NEW_FLAGS]!;
      vmaMerge(k, vma);
      return k.goto(f, Pc.Next);
    }
    case Pc.Populate:
      return populate(k, f);
    default: {
      const err = k.takeRet();
      return err === GUP_NO_PAGE ? k.point(f, Pc.Populate) : leave(k, f, err);
    }
  }
});

/** Advice that changes VMA flags takes mmap_lock for writing, all other for reading. */
function needsWrite(advice: number): boolean {
  switch (advice) {
    case MADV_REMOVE:
    case MADV_WILLNEED:
    case MADV_DONTNEED:
    case MADV_DONTNEED_LOCKED:
    case MADV_COLD:
    case MADV_PAGEOUT:
    case MADV_FREE:
    case MADV_POPULATE_READ:
    case MADV_POPULATE_WRITE:
    case MADV_COLLAPSE:
      return false;
    default:
      return true;
  }
}

function isPopulate(advice: number): boolean {
  return advice === MADV_POPULATE_READ || advice === MADV_POPULATE_WRITE;
}

function leave(k: Kernel, f: number, err: number): void {
  const lock = k.mmapLock(k.currentProc);
  if (needsWrite(k.w[f + 1 + L.ADVICE]!)) k.upWrite(lock);
  else k.upRead(lock);
  k.ret(f, err);
}

/** `mm/madvise.c:madvise_behavior_valid`. */
function isKnown(k: Kernel, advice: number): boolean {
  if (advice === MADV_GUARD_INSTALL || advice === MADV_GUARD_REMOVE) return k.facts.guardRegions;
  if (advice === MADV_MERGEABLE || advice === MADV_UNMERGEABLE) return k.facts.ksm;
  if (advice === MADV_HUGEPAGE || advice === MADV_NOHUGEPAGE || advice === MADV_COLLAPSE) return k.facts.thp;
  return (
    (advice >= MADV_NORMAL && advice <= MADV_DONTNEED) ||
    (advice >= MADV_FREE && advice <= MADV_DONTNEED_LOCKED)
  );
}

function start(k: Kernel, f: number): void {
  const l = f + 1;
  const advice = k.w[l + L.ADVICE]!;
  if (advice === MADV_HWPOISON || advice === MADV_SOFT_OFFLINE)
    throw new UnknownError('memory failure is not modelled');
  if (!isKnown(k, advice) || offsetInPage(k.w[l + L.ADDR]!) !== 0) return k.ret(f, -EINVAL);
  const pages = pagesOf(arg64(k, l + L.LEN));
  if (pages === 0) return k.ret(f, 0);
  const proc = k.currentProc;
  const lock = k.mmapLock(proc);
  if (needsWrite(advice)) {
    if (!k.tryWrite(lock)) return k.wait(f, Pc.Start, lock, LockMode.Write);
  } else if (!k.tryRead(lock)) return k.wait(f, Pc.Start, lock, LockMode.Read);
  const pg = userPage(k, k.w[l + L.ADDR]!, k.w[l + L.ADDR + 1]!);
  if (pg < 0) return leave(k, f, -ENOMEM);
  k.w[l + L.AT] = pg;
  k.w[l + L.END] = bounded(pg + pages);
  k.goto(f, isPopulate(advice) ? Pc.Populate : Pc.Next);
}

/** `mm/madvise.c:madvise_walk_vmas`. */
function nextVma(k: Kernel, f: number): void {
  const l = f + 1;
  const end = k.w[l + L.END]!;
  const vma = k.w[l + L.AT]! < end ? findVma(k, k.currentProc, k.w[l + L.AT]!) : undefined;
  if (vma === undefined || vma.start >= end) {
    const hole = k.w[l + L.AT]! < end || k.w[l + L.UNMAPPED] !== 0;
    return leave(k, f, hole ? -ENOMEM : 0);
  }
  if (vma.start > k.w[l + L.AT]!) {
    k.w[l + L.UNMAPPED] = 1;
    k.w[l + L.AT] = vma.start;
  }
  const from = k.w[l + L.AT]!;
  const to = Math.min(vma.end, end);
  const result = advise(k, f, vma, from, to);
  if (result < 0) return leave(k, f, result);
  if (result !== CHANGE_FLAGS || sameFlags(k.w[l + L.NEW_FLAGS]!, vma.flags)) {
    k.w[l + L.AT] = to;
    return k.goto(f, Pc.Next);
  }
  callVmaIsolate(k, f, Pc.Isolated, vma.mm, from, to);
}

/** `mm/madvise.c:madvise_vma_behavior` for one VMA: 0, -errno or {@link CHANGE_FLAGS}. */
function advise(k: Kernel, f: number, vma: Vma, from: number, to: number): number {
  const flags = vma.flags;
  const change = (now: number): number => {
    k.w[f + 1 + L.NEW_FLAGS] = now;
    return CHANGE_FLAGS;
  };
  switch (k.w[f + 1 + L.ADVICE]!) {
    case MADV_NORMAL:
      return change(flags & ~(VM_RAND_READ | VM_SEQ_READ));
    case MADV_SEQUENTIAL:
      return change((flags & ~VM_RAND_READ) | VM_SEQ_READ);
    case MADV_RANDOM:
      return change((flags & ~VM_SEQ_READ) | VM_RAND_READ);
    case MADV_DONTFORK:
      return change(flags | VM_DONTCOPY);
    case MADV_DOFORK:
      if ((flags & (k.facts.doforkRefusesSpecial ? VM_SPECIAL : VM_IO)) !== 0) return -EINVAL;
      return change(flags & ~VM_DONTCOPY);
    case MADV_WIPEONFORK:
      // Shared memory has a file.
      if (vma.file >= 0) return -EINVAL;
      return change(flags | VM_WIPEONFORK);
    case MADV_KEEPONFORK:
      return change(flags & ~VM_WIPEONFORK);
    case MADV_DONTDUMP:
      return change(flags | VM_DONTDUMP);
    case MADV_DODUMP:
      if ((flags & VM_SPECIAL) !== 0) return -EINVAL;
      return change(flags & ~VM_DONTDUMP);
    case MADV_HUGEPAGE:
      return change((flags & ~VM_NOHUGEPAGE) | VM_HUGEPAGE);
    case MADV_NOHUGEPAGE:
      return change((flags & ~VM_HUGEPAGE) | VM_NOHUGEPAGE);
    case MADV_MERGEABLE:
      return (flags & (VM_SPECIAL | VM_MAYSHARE)) !== 0 ? 0 : change(flags | VM_MERGEABLE);
    case MADV_UNMERGEABLE:
      return change(flags & ~VM_MERGEABLE);
    default:
      return adviseMemory(k, k.w[f + 1 + L.ADVICE]!, vma, from, to);
  }
}

/** Advice about the memory itself. Reclaim is not modelled: hints to it do nothing, and what MADV_FREE gives up is never taken. */
function adviseMemory(k: Kernel, advice: number, vma: Vma, from: number, to: number): number {
  const flags = vma.flags;
  switch (advice) {
    case MADV_WILLNEED:
      return vma.file < 0 && !k.facts.swap ? -EBADF : 0;
    case MADV_DONTNEED:
    case MADV_DONTNEED_LOCKED:
      if (!mayDrop(flags, advice)) return -EINVAL;
      zapPageRange(k, vma, from, to, true);
      return 0;
    case MADV_FREE:
      if (!mayDrop(flags, advice) || !vmaIsAnonymous(vma)) return -EINVAL;
      madviseFree(k, vma, from, to);
      return 0;
    case MADV_COLD:
    case MADV_PAGEOUT:
      return (flags & (VM_LOCKED | VM_PFNMAP)) !== 0 ? -EINVAL : 0;
    case MADV_REMOVE:
      if ((flags & VM_LOCKED) !== 0 || vma.file < 0) return -EINVAL;
      // fs/open.c:vfs_fallocate knows regular files and block devices only
      return (flags & (VM_SHARED | VM_MAYWRITE)) === (VM_SHARED | VM_MAYWRITE) ? -ENODEV : -EACCES;
    default:
      if ((flags & VM_SPECIAL) !== 0) return -EINVAL;
      if (advice === MADV_GUARD_INSTALL && (flags & VM_LOCKED) !== 0) return -EINVAL;
      throw new UnknownError('guard regions and MADV_COLLAPSE of ordinary memory are not modelled');
  }
}

/** `mm/madvise.c:madvise_dontneed_free_valid_vma`. */
function mayDrop(flags: number, advice: number): boolean {
  const forbidden = VM_PFNMAP | (advice === MADV_DONTNEED_LOCKED ? 0 : VM_LOCKED);
  return (flags & forbidden) === 0;
}

/** `mm/madvise.c:madvise_populate`: GUP without wanting the pages, so a special entry counts as populated. */
function populate(k: Kernel, f: number): void {
  const l = f + 1;
  if (k.facts.populateSkipsHoles) skipHole(k, l);
  const pg = k.w[l + L.AT]!;
  if (pg >= k.w[l + L.END]!) return leave(k, f, k.w[l + L.UNMAPPED] !== 0 ? -ENOMEM : 0);
  const write = k.w[l + L.ADVICE] === MADV_POPULATE_WRITE ? FOLL_WRITE : 0;
  k.w[l + L.AT] = pg + 1;
  callGetUserPage(
    k,
    f,
    Pc.Populated,
    k.currentProc,
    pg,
    FOLL_TOUCH | FOLL_HWPOISON | FOLL_MADV_POPULATE | FOLL_UNLOCKABLE | write,
  );
}

/** Goes on at the next VMA, as madvise_walk_vmas() does; -ENOMEM in the end. */
function skipHole(k: Kernel, l: number): void {
  const [at, end] = [k.w[l + L.AT]!, k.w[l + L.END]!];
  if (at >= end) return;
  const start = findVma(k, k.currentProc, at)?.start ?? end;
  if (start <= at) return;
  k.w[l + L.UNMAPPED] = 1;
  k.w[l + L.AT] = Math.min(start, end);
}
