/** A driver and every program as a transition system: a move is a process's next operation, or with races a step of it. */
import { snapshotOf } from '../explore/diff.js';
import type { TransitionSystem } from '../explore/system.js';
import type { Kernel } from '../kernel/kernel.js';
import { CapacityError, cutsOf, Freeze, HEAD, type Capacity } from '../kernel/layout.js';
import { UnknownError } from '../kernel/routine.js';
import { booting, runModuleInit } from '../run/boot.js';
import type { Canonical } from '../run/canonical.js';
import type { Rest } from './rest.js';
import type { Subject } from './subject.js';

/** Capacities that bound what programs may do; the others only have to be large enough. */
const BOUNDS: ReadonlySet<Capacity> = new Set(['procs', 'threads', 'vmas', 'files', 'fds', 'pins', 'arena']);

/** What was met outside of the bounds. */
export class Beyond {
  /** Bounds that moves would have led out of. */
  readonly bounds = new Set<string>();
  /** What the model does not know: a verdict cannot pass over it. */
  readonly unknown = new Set<string>();
}

/** How a system is searched. */
export interface Manner {
  /** Whether others come in wherever the kernel lets them, and not only between operations. */
  readonly races: boolean;
  readonly beyond: Beyond;
  /** Rename what a move leaves. */
  readonly rest?: Rest | undefined;
  readonly canonical?: Canonical | undefined;
}

export function verifySystem(k: Kernel, { compiled: c, user }: Subject, manner: Manner): TransitionSystem {
  const { races, beyond, rest, canonical } = manner;
  const before = snapshotOf(k.w);
  const enabled = (m: number): boolean =>
    k.w[HEAD.FROZEN] !== Freeze.None ? false : booting(k) ? m === 0 : k.enabled(m);
  return {
    words: k.w,
    cuts: cutsOf(k.layout),
    moves: k.layout.caps.threads,
    enabled: (m) => {
      user.forget();
      if (!enabled(m)) return false;
      before.take();
      return true;
    },
    apply: (m, choose) => {
      k.chooser = choose;
      k.atomic = races ? 0 : 1;
      try {
        if (booting(k)) runModuleInit(k, c);
        else k.run(m);
        // most operations are refused
        if (before.same()) return false;
        rest?.apply();
        canonical?.apply();
        return true;
      } catch (error) {
        leave(error, beyond);
        return false;
      } finally {
        k.atomic = 0;
        k.quiet = false;
      }
    },
  };
}

function leave(error: unknown, beyond: Beyond): void {
  if (error instanceof CapacityError && BOUNDS.has(error.capacity)) beyond.bounds.add(error.capacity);
  else if (error instanceof UnknownError && error.message === 'bound: ram') beyond.bounds.add('ram');
  else if (error instanceof UnknownError) beyond.unknown.add(error.message);
  else throw error;
}
