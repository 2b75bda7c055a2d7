/** What a final state shows. */
import type { Choose } from '../explore/system.js';
import { HEAD, type Freeze } from '../kernel/layout.js';
import { notLoaded } from './boot.js';
import { exitAll } from './finish.js';
import type { Evaluator } from './outcome.js';
import type { Outcome } from './result.js';

export interface Sight {
  /** Undefined when the filter drops it. */
  readonly outcome: Outcome | undefined;
  readonly frozen: Freeze;
  /** The id of what has frozen the run. */
  readonly by: number;
}

/**
 * Looks at the final state in an evaluator's kernel, and once more after everything has exited if that is asked about.
 * @returns undefined if the module was not loaded: there is nothing to ask
 */
export function sightOf(evaluator: Evaluator, choose: Choose): Sight | undefined {
  const { k, question } = evaluator;
  if (notLoaded(k)) return undefined;
  const deadlock = !k.frozen && k.anyWaiting();
  evaluator.look(deadlock);
  if (question.asksEnd && !deadlock && !k.frozen) {
    exitAll(k, choose);
    if (!k.frozen) evaluator.lookAtEnd();
  }
  return { outcome: evaluator.outcome(), frozen: k.w[HEAD.FROZEN]! as Freeze, by: k.w[HEAD.FROZEN_ID]! };
}
