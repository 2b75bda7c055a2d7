/** How threads and processes end: `kernel/exit.c:do_exit`, `mm/mmap.c:exit_mmap`. */
import type { Kernel } from './kernel.js';
import { ProcState, routine, setExitRoutine, TF_KILLED, ThreadState, type Routine } from './routine.js';
import { THREAD } from './layout.js';
import { VMA_IN_IMAP, VMA_LINKED, type Vma } from './world.js';
import { fput } from './fs/file_table.js';
import { dropAllPins } from './mm/pins.js';
import { zapPageRange } from './mm/memory/zap.js';
import { imapBusy, removeVma, waitImap } from './mm/vma.js';

/** The VMA of a process with the lowest start at or above `pg`, whether linked or not. */
function vmaFrom(k: Kernel, mm: number, pg: number): Vma | undefined {
  let best: Vma | undefined;
  for (let i = 0; i < k.vmas.length; i++) {
    const v = k.vmas[i]!;
    if (v.mm === mm && v.start >= pg && (best === undefined || v.start < best.start)) best = v;
  }
  return best;
}

/**
 * `mm/mmap.c:exit_mmap`: zaps every VMA (others may come in between), leaves the i_mmap trees, then closes each. Arguments: process, page
 * reached.
 */
export const exitMmap: Routine = routine('mm/mmap.c:exit_mmap', 2, (k, f, pc) => {
  const mm = k.w[f + 1]!;
  if (pc === 0) {
    const v = vmaFrom(k, mm, k.w[f + 2]!);
    if (v === undefined) return k.goto(f, 1);
    zapPageRange(k, v, v.start, v.end, true);
    k.w[f + 2] = v.end;
    return k.point(f, 0);
  }
  if (pc === 1) {
    for (let i = 0; i < k.vmas.length; i++) {
      const v = k.vmas[i]!;
      if (v.mm !== mm || !v.has(VMA_IN_IMAP)) continue;
      if (imapBusy(k, v)) return waitImap(k, f, 1, v);
      v.put(VMA_IN_IMAP, false);
      v.put(VMA_LINKED, false);
    }
    return k.goto(f, 2);
  }
  k.takeRet();
  const v = vmaFrom(k, mm, 0);
  if (v === undefined) return k.ret(f, 0);
  const nf = k.call(f, 2, removeVma);
  k.w[nf + 1] = v.slot;
});

/** Closes every descriptor of a process (argument). */
export const exitFiles: Routine = routine('kernel/exit.c:exit_files', 1, (k, f) => {
  k.takeRet();
  const at = k.proc(k.w[f + 1]!) + k.layout.fdsAt;
  for (let i = 0; i < k.layout.caps.fds; i++) {
    const slot = k.w[at + i]!;
    if (slot === 0) continue;
    k.w[at + i] = 0;
    const nf = k.call(f, 0, fput);
    k.w[nf + 1] = slot - 1;
    return;
  }
  k.ret(f, 0);
});

/** Whether another thread of the process has not ended yet. */
function othersAlive(k: Kernel, proc: number): boolean {
  for (let i = 0; i < k.layout.caps.threads; i++) {
    const t = k.thread(i);
    const state = k.w[t + THREAD.STATE];
    if (
      i !== k.cur &&
      k.w[t + THREAD.PROC] === proc &&
      (state === ThreadState.Runnable || state === ThreadState.Parked)
    )
      return true;
  }
  return false;
}

/** `kernel/exit.c:do_exit` of one thread; the last one takes the address space and the files with it. */
export const doExit: Routine = routine('kernel/exit.c:do_exit', 0, (k, f, pc) => {
  const proc = k.currentProc;
  switch (pc) {
    case 0:
      if (othersAlive(k, proc)) return end(k, f);
      k.procs[proc]!.state = ProcState.Dying;
      k.w[k.call(f, 1, exitMmap) + 1] = proc;
      return;
    case 1:
      k.takeRet();
      dropAllPins(k, proc);
      k.w[k.call(f, 2, exitFiles) + 1] = proc;
      return;
    default:
      k.takeRet();
      k.procs[proc]!.state = ProcState.Dead;
      return end(k, f);
  }
});
setExitRoutine(doExit);

/** The thread is gone; its lowest frame stays for its variables. */
function end(k: Kernel, f: number): void {
  k.unwindTo(k.t + THREAD.STACK);
  void f;
  k.w[k.t + THREAD.STATE] = ThreadState.Dead;
  k.w[k.t + THREAD.FLAGS] = 0;
  k.w[k.t + THREAD.API] = 0;
  k.stopped = true;
}

/** `kernel/signal.c:do_group_exit`: every thread of the running thread's process is told to end; this one ends now. */
export function doGroupExit(k: Kernel, signal: number): void {
  const proc = k.currentProc;
  if (k.procs[proc]!.signal === 0) k.procs[proc]!.signal = signal;
  for (let i = 0; i < k.layout.caps.threads; i++) {
    const t = k.thread(i);
    if (k.w[t + THREAD.PROC] !== proc || i === k.cur) continue;
    if (k.w[t + THREAD.STATE] === ThreadState.Parked) k.w[t + THREAD.STATE] = ThreadState.Dead;
    else if (k.w[t + THREAD.STATE] === ThreadState.Runnable) k.w[t + THREAD.FLAGS]! |= TF_KILLED;
  }
  k.die();
}
