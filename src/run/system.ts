/** The kernel as a transition system: a move is a step of a thread. */
import type { TransitionSystem } from '../explore/system.js';
import { Freeze, HEAD, cutsOf } from '../kernel/layout.js';
import { Exchange, type Symmetry } from '../kernel/exchange.js';
import type { Kernel } from '../kernel/kernel.js';
import { booting, runModuleInit, type Compiled } from './boot.js';
import { Canonical } from './canonical.js';
import { Por, type Reduction } from './por.js';

/**
 * Moves are threads; while module_init is to come, there is one move only.
 * @param canonical renames what a move leaves
 * @param por says which moves are made alone
 */
export function kernelSystem(k: Kernel, c: Compiled, canonical?: Canonical, por?: Por): TransitionSystem {
  return {
    words: k.w,
    cuts: cutsOf(k.layout),
    moves: k.layout.caps.threads,
    enabled: (m) => (k.w[HEAD.FROZEN] !== Freeze.None ? false : booting(k) ? m === 0 : k.enabled(m)),
    apply: (m, choose) => {
      k.chooser = choose;
      if (booting(k)) runModuleInit(k, c);
      else {
        por?.begin();
        k.run(m);
        por?.check();
      }
      canonical?.apply();
    },
    alone: por && { move: () => (booting(k) ? -1 : por.choose()), advanced: () => por.advanced() },
  };
}

/** The system that is searched: with a symmetry, one state stands for all that it makes alike. */
export function searchedSystem(
  k: Kernel,
  c: Compiled,
  symmetry: Symmetry | undefined,
  reduction: Reduction | undefined,
): TransitionSystem {
  const por = reduction && new Por(c, k, symmetry, reduction);
  if (symmetry === undefined) return kernelSystem(k, c, undefined, por);
  k.exchange = new Exchange(k, symmetry);
  return kernelSystem(k, c, new Canonical(k, symmetry), por);
}
