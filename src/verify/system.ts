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

/**
 * Moves of each thread. Where nobody comes in between, each operation of the menu is one, and the last is whatever else the thread may do. With races all
 * is one move: a choice of it is which operation begins.
 */
export function movesOfEach({ menu }: Subject, races: boolean): number {
  return races ? 1 : menu.length + 1;
}

/** Its moves as the model makes them: what fails is thrown, what changes nothing is a state, and nothing is renamed. */
export function operationSystem(k: Kernel, subject: Subject, races: boolean): TransitionSystem {
  const { compiled: c, user } = subject;
  const each = movesOfEach(subject, races);
  const other = each - 1;
  const enabled = (thread: number, what: number): boolean => {
    if (k.w[HEAD.FROZEN] !== Freeze.None) return false;
    if (booting(k)) return thread === 0 && what === other;
    if (!k.enabled(thread)) return false;
    if (races) return true;
    if (!user.chooses(k, thread)) return what === other;
    return what === other ? !user.offersAny(k, thread) : user.offers(k, thread, what);
  };
  return {
    words: k.w,
    cuts: cutsOf(k.layout),
    moves: k.layout.caps.threads * each,
    enabled: (m) => {
      user.forget();
      return enabled(Math.floor(m / each), m % each);
    },
    apply: (m, choose) => {
      k.chooser = choose;
      k.atomic = races ? 0 : 1;
      user.next = m % each === other ? -1 : m % each;
      try {
        if (booting(k)) runModuleInit(k, c);
        else k.run(Math.floor(m / each));
      } finally {
        k.atomic = 0;
        k.quiet = false;
        user.next = -1;
      }
    },
  };
}

export function verifySystem(k: Kernel, subject: Subject, manner: Manner): TransitionSystem {
  const { races, beyond, rest, canonical } = manner;
  const before = snapshotOf(k.w);
  const system = operationSystem(k, subject, races);
  const settle = (): void => {
    rest?.apply();
    canonical?.apply();
  };
  return {
    ...system,
    enabled: (m) => {
      if (!system.enabled(m)) return false;
      before.take();
      return true;
    },
    apply: (m, choose) => {
      try {
        system.apply(m, choose);
      } catch (error) {
        leave(error, beyond);
        return false;
      }
      // most operations are refused
      if (before.same()) return false;
      settle();
      return true;
    },
    settle,
  };
}

function leave(error: unknown, beyond: Beyond): void {
  if (error instanceof CapacityError && BOUNDS.has(error.capacity)) beyond.bounds.add(error.capacity);
  else if (error instanceof UnknownError && error.message === 'bound: ram') beyond.bounds.add('ram');
  else if (error instanceof UnknownError) beyond.unknown.add(error.message);
  else throw error;
}
