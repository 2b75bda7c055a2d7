/** mprotect(): `mm/mprotect.c` (C.7). */
import { userPage } from '../fault.js';
import type { Kernel } from '../kernel.js';
import { LockMode, routine, UnknownError, type Routine } from '../routine.js';
import { handle, HandleKind } from '../handle.js';
import { EACCES, EINVAL, ENOMEM } from '../errno.js';
import {
  sameFlags,
  VM_ACCESS_FLAGS,
  VM_ACCOUNT,
  VM_EXEC,
  VM_MIXEDMAP,
  VM_PFNMAP,
  VM_READ,
  VM_SHARED,
  VM_WRITE,
} from '../flags.js';
import {
  cacheMode,
  Level,
  MAYBE_DIRTY,
  PTE_DIRTY,
  PTE_DIRTY_UNKNOWN,
  PTE_EXEC,
  PTE_PROTNONE,
  PTE_SPECIAL,
  PTE_WRITE,
  withCacheMode,
} from '../pte.js';
import { PROT_EXEC, PROT_GROWSDOWN, PROT_GROWSUP, PROT_READ, PROT_WRITE } from '../uapi.js';
import { VMA_ANON_VMA, type Vma } from '../world.js';
import { arg64, beyondTaskSize, bounded, pagesOf } from './mmap.js';
import { isOwned } from './gup.js';
import { SPECIAL, vmNormalPage } from './memory/classify.js';
import { canChangePmdWritable, splitHuge } from './huge_memory.js';
import { entryPfn, levelPages, pfnModifyAllowed, present, vmGetPageProt, walk } from './pgtable.js';
import { pteNeedsSoftDirtyWp } from './soft_dirty.js';
import {
  findVma,
  isFree,
  vmaIsAnonymous,
  vmaLookup,
  vmaMerge,
  vmaNeedsDirtyTracking,
  vmaSetPageProt,
} from './vma.js';
import { callVmaIsolate } from './vma_modify.js';
import { offsetInPage, pageAddr } from './page.js';

/** Local words: three arguments of two words each, then where the loop over VMAs is. */
const L = { ADDR: 0, LEN: 2, PROT: 4, AT: 6, END: 7, WORDS: 8 } as const;

const Pc = { Start: 0, Next: 1, Hooked: 2, Fixup: 3, Isolated: 4 } as const;

/** Permissions that an entry takes over from vm_page_prot. */
const PERMISSIONS = PTE_WRITE | PTE_EXEC | PTE_PROTNONE;

/** The mprotect system call. Arguments: address, length, PROT_*. Returns 0 or -errno; VMAs before the failing one stay changed. */
export const sysMprotect: Routine = routine('mm/mprotect.c:do_mprotect_pkey', L.WORDS, (k, f, pc) => {
  switch (pc) {
    case Pc.Start:
      return start(k, f);
    case Pc.Next:
      return nextVma(k, f);
    case Pc.Hooked: {
      const err = k.takeRet();
      return err !== 0 ? leave(k, f, err) : k.goto(f, Pc.Fixup);
    }
    case Pc.Fixup:
      return fixup(k, f);
    default: {
      const err = k.takeRet();
      return err !== 0 ? leave(k, f, err) : apply(k, f);
    }
  }
});

function leave(k: Kernel, f: number, err: number): void {
  k.upWrite(k.mmapLock(k.currentProc));
  k.ret(f, err);
}

function start(k: Kernel, f: number): void {
  const l = f + 1;
  const both = PROT_GROWSDOWN | PROT_GROWSUP;
  const prot = k.w[l + L.PROT]!;
  if ((prot & both) === both || offsetInPage(k.w[l + L.ADDR]!) !== 0) return k.ret(f, -EINVAL);
  const len = arg64(k, l + L.LEN);
  if (len === 0) return k.ret(f, 0);
  if (beyondTaskSize(k, arg64(k, l + L.ADDR) + len)) return k.ret(f, -ENOMEM);
  if ((prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC | both)) !== 0) return k.ret(f, -EINVAL);
  const proc = k.currentProc;
  const lock = k.mmapLock(proc);
  if (!k.tryWrite(lock)) return k.wait(f, Pc.Start, lock, LockMode.Write);
  const pg = userPage(k, k.w[l + L.ADDR]!, k.w[l + L.ADDR + 1]!);
  const end = bounded(pg + pagesOf(len));
  // PROT_GROWSDOWN is content with a mapping anywhere in the range; no VMA of the model grows.
  if ((prot & PROT_GROWSDOWN) !== 0) return leave(k, f, isFree(k, proc, pg, end) ? -ENOMEM : -EINVAL);
  if ((prot & PROT_GROWSUP) !== 0 && !isFree(k, proc, pg, pg + 1)) return leave(k, f, -EINVAL);
  k.w[l + L.AT] = pg;
  k.w[l + L.END] = end;
  k.goto(f, Pc.Next);
}

/** PROT_* as VM_READ, VM_WRITE, VM_EXEC. */
function protFlags(prot: number): number {
  return (
    ((prot & PROT_READ) !== 0 ? VM_READ : 0) |
    ((prot & PROT_WRITE) !== 0 ? VM_WRITE : 0) |
    ((prot & PROT_EXEC) !== 0 ? VM_EXEC : 0)
  );
}

/** Flags that the VMA at the loop's place gets: only permissions change, so whether it is copy-on-write never does. */
function newFlags(k: Kernel, f: number, vma: Vma): number {
  return (vma.flags & ~VM_ACCESS_FLAGS) | protFlags(k.w[f + 1 + L.PROT]!);
}

/** The checks for one VMA: a hole ends the call, a permission needs its MAY bit, the driver may veto. */
function nextVma(k: Kernel, f: number): void {
  const l = f + 1;
  const at = k.w[l + L.AT]!;
  if (at >= k.w[l + L.END]!) return leave(k, f, 0);
  const vma = findVma(k, k.currentProc, at);
  if (vma === undefined || vma.start > at) return leave(k, f, -ENOMEM);
  const flags = newFlags(k, f, vma);
  if ((flags & ~(flags >> 4) & VM_ACCESS_FLAGS) !== 0) return leave(k, f, -EACCES);
  const hook = k.program.vmOps[vma.ops]?.mprotect;
  if (hook === undefined) return k.goto(f, Pc.Fixup);
  k.arg(0, handle(HandleKind.Vma, vma.slot));
  k.argNumber(1, pageAddr(k, at));
  k.argNumber(2, pageAddr(k, Math.min(vma.end, k.w[l + L.END]!)));
  k.arg(3, flags);
  k.callC(f, Pc.Hooked, hook);
}

/** `mm/mprotect.c:mprotect_fixup`, up to the split. */
function fixup(k: Kernel, f: number): void {
  const l = f + 1;
  const at = k.w[l + L.AT]!;
  const vma = vmaLookup(k, k.currentProc, at)!;
  const end = Math.min(vma.end, k.w[l + L.END]!);
  const flags = newFlags(k, f, vma);
  if (sameFlags(flags, vma.flags)) {
    k.w[l + L.AT] = end;
    return k.goto(f, Pc.Next);
  }
  if ((flags & VM_ACCESS_FLAGS) === 0 && !pfnsAllowProtNone(k, vma, at, end)) return leave(k, f, -EACCES);
  callVmaIsolate(k, f, Pc.Isolated, vma.mm, at, end);
}

/** Anonymous memory that has never had a page. */
function untouched(vma: Vma): boolean {
  return vmaIsAnonymous(vma) && !vma.has(VMA_ANON_VMA);
}

/** The VMA is cut out: flags, vm_page_prot, entries. */
function apply(k: Kernel, f: number): void {
  const l = f + 1;
  const at = k.w[l + L.AT]!;
  const vma = vmaLookup(k, k.currentProc, at)!;
  const end = vma.end;
  let flags = newFlags(k, f, vma);
  if ((flags & VM_WRITE) !== 0) {
    if ((vma.flags & (VM_WRITE | VM_SHARED)) === 0) flags |= VM_ACCOUNT;
  } else if ((flags & VM_ACCOUNT) !== 0 && untouched(vma) && k.facts.mprotectUnaccounts) flags &= ~VM_ACCOUNT;
  vma.flags = flags;
  vmaSetPageProt(k, vma);
  changeProtection(k, vma, at, end);
  if (k.frozen) return;
  vmaMerge(k, vma);
  k.w[l + L.AT] = end;
  k.goto(f, Pc.Next);
}

/** `mm/mprotect.c:change_protection` for pages [start, end) of a VMA that has its new flags and vm_page_prot. */
export function changeProtection(k: Kernel, vma: Vma, start: number, end: number): void {
  const upgrade = wantsUpgrade(k, vma);
  let pg = start;
  while (pg < end && !k.frozen) {
    const e = walk(k, vma.mm, pg);
    const span = levelPages(k, k.level);
    const first = pg - (pg % span);
    if (k.level === Level.Pte) changePte(k, vma, pg, e, upgrade);
    else if (first >= start && first + span <= end) changeHuge(k, vma, e, upgrade);
    else splitHuge(k, vma, e);
    pg = first + span;
  }
}

/**
 * `mm/internal.h:vma_wants_manual_pte_write_upgrade`: may entries become writable at once, without a fault? Soft-dirty tracking does not ask
 * for it: vma_wants_writenotify() sees the vm_page_prot from before, which is not that of the new flags, and gives up.
 */
function wantsUpgrade(k: Kernel, vma: Vma): boolean {
  return (vma.flags & VM_SHARED) !== 0 ? vmaNeedsDirtyTracking(k, vma) : (vma.flags & VM_WRITE) !== 0;
}

function changePte(k: Kernel, vma: Vma, pg: number, e: number, upgrade: boolean): void {
  if (!present(k, e)) return;
  if (k.facts.mprotectClassifiesAll) vmNormalPage(k, vma, pg, e);
  modify(k, vma, e);
  if (upgrade && (k.w[e + 1]! & PTE_WRITE) === 0 && canChangeWritable(k, vma, pg, e))
    k.w[e + 1]! |= PTE_WRITE;
}

/** `mm/huge_memory.c:change_huge_pmd` and `change_huge_pud`; only a PMD leaf may become writable at once. */
function changeHuge(k: Kernel, vma: Vma, e: number, upgrade: boolean): void {
  const { level } = k;
  const forgets = level === Level.Pmd && k.facts.pmdModifyLosesDirty && (k.w[e + 1]! & PTE_WRITE) !== 0;
  modify(k, vma, e);
  if (forgets) k.w[e + 1]! &= ~PTE_DIRTY;
  if (level !== Level.Pmd || !k.facts.mprotectUpgradesPmd || (k.w[e + 1]! & PTE_WRITE) !== 0) return;
  if (upgrade && canChangePmdWritable(k, vma, e)) k.w[e + 1]! |= PTE_WRITE;
}

/** pte_modify(): frame, special and dirty stay, permissions are vm_page_prot's; so is the memory type on some architectures (F-13). */
function modify(k: Kernel, vma: Vma, e: number): void {
  let flags = (k.w[e + 1]! & ~PERMISSIONS) | (vma.prot & PERMISSIONS);
  if (k.options.memtypes === true && k.facts.modifyTakesMemtype)
    flags = withCacheMode(flags, cacheMode(vma.prot));
  if (!k.facts.modifyKeepsSpecial) flags &= ~PTE_SPECIAL;
  k.w[e + 1] = flags;
}

/**
 * `mm/mprotect.c:can_change_pte_writable`: in a private VMA only an exclusive anonymous page ([6.1] and dirty), in a shared one any entry
 * that is dirty already, raw or not.
 */
function canChangeWritable(k: Kernel, vma: Vma, pg: number, e: number): boolean {
  const flags = k.w[e + 1]!;
  if (pteNeedsSoftDirtyWp(k, vma, flags)) return false;
  const clean = (flags & (PTE_DIRTY | PTE_DIRTY_UNKNOWN)) === 0;
  const shared = (vma.flags & VM_SHARED) !== 0;
  const needsDirty = shared || k.facts.mprotectUpgradesDirtyOnly;
  if (needsDirty && clean) return false;
  if (!shared) {
    const frame = vmNormalPage(k, vma, pg, e);
    if (frame === SPECIAL || !isOwned(k.pages[frame]!)) return false;
  }
  if (needsDirty && (flags & PTE_DIRTY) === 0) throw new UnknownError(MAYBE_DIRTY);
  return true;
}

/** The walk before PROT_NONE on raw VMAs. */
function pfnsAllowProtNone(k: Kernel, vma: Vma, start: number, end: number): boolean {
  if (!k.facts.l1tf || (vma.flags & (VM_PFNMAP | VM_MIXEDMAP)) === 0) return true;
  for (let pg = start; pg < end; pg++) {
    const e = walk(k, vma.mm, pg);
    if (k.level !== Level.Pte) splitHuge(k, vma, e);
    else if (present(k, e) && !pfnModifyAllowed(k, entryPfn(k, e), vmGetPageProt(0))) return false;
  }
  return true;
}
