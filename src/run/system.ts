/** The kernel as a transition system: a move is a step of a thread. */
import type { TransitionSystem } from '../explore/system.js';
import { Freeze, HEAD, cutsOf } from '../kernel/layout.js';
import type { Kernel } from '../kernel/kernel.js';
import { booting, runModuleInit, type Compiled } from './boot.js';
import type { Canonical } from './canonical.js';

/**
 * Moves are threads; while module_init is to come, there is one move only.
 * @param canonical renames what a move leaves
 */
export function kernelSystem(k: Kernel, c: Compiled, canonical?: Canonical): TransitionSystem {
  return {
    words: k.w,
    cuts: cutsOf(k.layout),
    moves: k.layout.caps.threads,
    enabled: (m) => (k.w[HEAD.FROZEN] !== Freeze.None ? false : booting(k) ? m === 0 : k.enabled(m)),
    apply: (m, choose) => {
      k.chooser = choose;
      if (booting(k)) runModuleInit(k, c);
      else k.run(m);
      canonical?.apply();
    },
  };
}
