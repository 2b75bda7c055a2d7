/** fork(): `kernel/fork.c:copy_process` and `dup_mmap` (C.6). */
import type { Kernel } from './kernel.js';
import { LockMode, ProcState, routine, TF_KILLED, ThreadState, type Routine } from './routine.js';
import { handle, HandleKind } from './handle.js';
import { CapacityError, THREAD } from './layout.js';
import { ECHILD, EINTR, ENOMEM } from './errno.js';
import { VM_DONTCOPY, VM_LOCKED_MASK, VM_PAT, VM_WIPEONFORK } from './flags.js';
import { VMA_ANON_VMA, VMA_IN_IMAP, VMA_LINKED } from './world.js';
import { exitFiles, exitMmap } from './exit.js';
import { copyPageRange } from './mm/memory/copy.js';
import { findVma, imapBusy, waitImap } from './mm/vma.js';

/** Local words of {@link sysFork}. */
const L = { CHILD: 1, AT: 2, PARENT_VMA: 3, CHILD_VMA: 4, WORDS: 4 } as const;

const Pc = { Start: 0, Next: 1, Opened: 2, Copy: 3, Unwound: 4, Failed: 5, FilesGone: 6 } as const;

/** First pid: a process's pid is this plus its slot. Never an outcome. */
export const PID_BASE = 1000;

/** The fork system call: 0 in the child, the pid in the parent, or -ENOMEM. */
export const sysFork: Routine = routine('kernel/fork.c:dup_mmap', L.WORDS, (k, f, pc) => {
  const parent = k.currentProc;
  switch (pc) {
    case Pc.Start: {
      const lock = k.mmapLock(parent);
      if (!k.tryWrite(lock)) return k.wait(f, Pc.Start, lock, LockMode.Write);
      k.w[f + L.CHILD] = newProcess(k, parent);
      return k.goto(f, Pc.Next);
    }
    case Pc.Next:
      return nextVma(k, f, parent);
    case Pc.Opened:
      k.takeRet();
      return k.goto(f, Pc.Copy);
    case Pc.Copy:
      return copyVmaPages(k, f);
    case Pc.Failed:
      k.takeRet();
      k.w[k.call(f, Pc.FilesGone, exitFiles) + 1] = k.w[f + L.CHILD]!;
      return;
    default: {
      k.takeRet();
      const child = k.procs[k.w[f + L.CHILD]!]!;
      const p = k.procs[parent]!;
      if (p.children === child.nth) p.setFamily(p.parent, p.nth, p.children - 1);
      k.w.fill(0, child.o, child.o + k.layout.procWords);
      return k.ret(f, -ENOMEM);
    }
  }
});

/** A process with the parent's descriptors and no mappings. */
function newProcess(k: Kernel, parent: number): number {
  const p = k.procs[parent]!;
  const child = k.procs.find((c) => c.state === ProcState.Absent);
  if (child === undefined) throw new CapacityError('procs');
  p.setFamily(p.parent, p.nth, p.children + 1);
  child.state = ProcState.Live;
  child.setFamily(parent, p.children, 0);
  for (let i = 0; i < k.layout.caps.fds; i++) {
    const slot = k.w[p.o + k.layout.fdsAt + i]!;
    k.w[child.o + k.layout.fdsAt + i] = slot;
    if (slot !== 0) k.files[slot - 1]!.refs += 1;
  }
  return child.slot;
}

/** The next VMA to copy, or the end: the child starts. */
function nextVma(k: Kernel, f: number, parent: number): void {
  let vma = findVma(k, parent, k.w[f + L.AT]!);
  while (vma !== undefined && (vma.flags & VM_DONTCOPY) !== 0) vma = findVma(k, parent, vma.end);
  if (vma === undefined) return startChild(k, f, parent);
  const child = k.allocVma();
  child.copyFrom(vma);
  child.mm = k.w[f + L.CHILD]!;
  child.flags &= ~(VM_LOCKED_MASK | VM_PAT);
  child.put(VMA_IN_IMAP, false);
  child.put(VMA_LINKED, true);
  if ((vma.flags & VM_WIPEONFORK) !== 0) child.put(VMA_ANON_VMA, false);
  if (child.file >= 0) k.files[child.file]!.refs += 1;
  k.w[f + L.PARENT_VMA] = vma.slot;
  k.w[f + L.CHILD_VMA] = child.slot;
  const open = k.program.vmOps[child.ops]?.open;
  if (open === undefined) return k.goto(f, Pc.Copy);
  k.arg(0, handle(HandleKind.Vma, child.slot));
  k.callC(f, Pc.Opened, open);
}

/** Into the i_mmap tree, then the entries. */
function copyVmaPages(k: Kernel, f: number): void {
  const vma = k.vmas[k.w[f + L.PARENT_VMA]!]!;
  const child = k.vmas[k.w[f + L.CHILD_VMA]!]!;
  if (imapBusy(k, child)) return waitImap(k, f, Pc.Copy, child);
  if (child.file >= 0) child.put(VMA_IN_IMAP, true);
  if ((child.flags & VM_WIPEONFORK) === 0 && copyPageRange(k, child, vma) !== 0) return fail(k, f);
  k.w[f + L.AT] = vma.end;
  k.point(f, Pc.Next);
}

/** dup_mmap failed: its lock is dropped, the child's mappings go as at exit, and fork() is -ENOMEM whatever the reason. */
function fail(k: Kernel, f: number): void {
  k.upWrite(k.mmapLock(k.currentProc));
  k.w[k.call(f, Pc.Failed, exitMmap) + 1] = k.w[f + L.CHILD]!;
}

/** The child's only thread: a copy of the caller, in which fork() returned 0. */
function startChild(k: Kernel, f: number, parent: number): void {
  const child = k.w[f + L.CHILD]!;
  let slot = 0;
  while (slot < k.layout.caps.threads && k.w[k.thread(slot) + THREAD.STATE] !== ThreadState.Absent) slot++;
  if (slot === k.layout.caps.threads) throw new CapacityError('threads');
  const t = k.t;
  const ct = k.thread(slot);
  k.upWrite(k.mmapLock(parent));
  k.ret(f, PID_BASE + child);
  const fp = k.w[t + THREAD.FP]!;
  k.w.copyWithin(ct + THREAD.STACK, t + THREAD.STACK, f);
  k.w[ct + THREAD.STATE] = ThreadState.Runnable;
  k.w[ct + THREAD.PROC] = child;
  k.w[ct + THREAD.FP] = fp - t + ct;
  k.w[ct + THREAD.API] = k.w[t + THREAD.API]!;
}

/** Proc.flags: somebody has waited for it. */
const REAPED = 1;

/**
 * waitpid(pid): blocks until that child of the caller is dead, or the caller is killed. Argument: pid (two words). Returns the pid, or
 * -ECHILD, also for a child that was waited for already.
 */
export const sysWaitpid: Routine = routine('kernel/exit.c:do_wait', 2, (k, f) => {
  const pid = k.w[f + 1]!;
  const child = k.procs[pid - PID_BASE];
  if (child === undefined || child.state === ProcState.Absent || child.parent !== k.currentProc)
    return k.ret(f, -ECHILD);
  if ((child.flags & REAPED) !== 0) return k.ret(f, -ECHILD);
  if (child.state !== ProcState.Dead) {
    if ((k.w[k.t + THREAD.FLAGS]! & TF_KILLED) !== 0) return k.ret(f, -EINTR);
    return k.wait(f, 0, child.o, LockMode.Exit);
  }
  child.flags |= REAPED;
  k.ret(f, pid);
});
