/** What happens after the condition was evaluated: every process exits, in order, and what is left is counted. */
import type { Kernel } from '../kernel/kernel.js';
import { UnknownError, ProcState, ThreadState } from '../kernel/routine.js';
import { THREAD } from '../kernel/layout.js';
import { doGroupExit } from '../kernel/exit.js';
import type { Proc } from '../kernel/world.js';
import type { Choose } from '../explore/system.js';

/** Ends all processes one after the other; handlers that close and release run on the way. Freezes or ends with all of them dead. */
export function exitAll(k: Kernel, choose: Choose): void {
  k.chooser = choose;
  k.parkParents();
  for (const p of k.procs) {
    if (p.state === ProcState.Absent || p.state === ProcState.Dead) continue;
    const thread = threadOf(k, p.slot);
    k.cur = thread;
    k.t = k.thread(thread);
    k.w[k.t + THREAD.STATE] = ThreadState.Runnable;
    doGroupExit(k, 0);
    let steps = 0;
    while (!isDead(p)) {
      if (k.frozen) return;
      if (!k.enabled(thread))
        throw new UnknownError('a process cannot exit: its handlers wait for a lock nobody releases');
      k.run(thread);
      if (++steps > 10_000) throw new UnknownError('a process does not finish its exit');
    }
  }
}

function isDead(p: Proc): boolean {
  return p.state === ProcState.Dead;
}

/** A parked thread of a process. */
function threadOf(k: Kernel, proc: number): number {
  for (let i = 0; i < k.layout.caps.threads; i++) {
    const t = k.thread(i);
    if (k.w[t + THREAD.PROC] === proc && k.w[t + THREAD.STATE] === ThreadState.Parked) return i;
  }
  throw new UnknownError('a living process has no thread that has finished');
}

/**
 * leaked(): after all processes are gone, a `ram` frame is still referenced or mapped although nobody holds it, or a reserved or
 * device frame's counts differ from the start.
 */
export function leaked(k: Kernel): boolean {
  for (let i = 0; i < k.mem.frames; i++) {
    if (k.mem.hasPage[i] === 0) continue;
    const page = k.pages[i]!;
    if (
      k.mem.isRam[i] === 1
        ? page.refcount !== 0 || page.mapcount !== 0
        : page.refcount !== 1 || page.mapcount !== 0
    )
      return true;
  }
  return false;
}
