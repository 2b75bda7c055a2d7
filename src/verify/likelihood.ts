/** How likely the steps of a counterexample are to break an invariant: its condition names one frame, chance may choose another. */
import { InvariantChecker } from '../contract/invariants/check.js';
import { OF_PATHS } from '../contract/invariants/list.js';
import type { Facts } from '../kernel/facts.js';
import type { LitmusTest } from '../litmus/ast.js';
import {
  probabilities,
  type Probability,
  type ProbabilityBounds,
  type ProbabilityOptions,
} from '../run/probability/index.js';
import { declarations } from './declarations.js';
import type { VerifyResult } from './types.js';
import { accessOf } from './subject.js';

/**
 * @param driver the test that was verified
 * @param steps its counterexample
 */
export async function likelihood(
  { violation }: VerifyResult,
  driver: LitmusTest,
  steps: LitmusTest,
  facts: Facts,
  options: ProbabilityOptions,
  bounds: Omit<ProbabilityBounds, 'occurs'>,
): Promise<readonly Probability[] | undefined> {
  if (violation === undefined || OF_PATHS.includes(violation.invariant)) return undefined;
  return probabilities(steps, facts, options, {
    ...bounds,
    occurs: (c, k) => {
      const checker = new InvariantChecker(k, accessOf(steps, c, declarations(driver, c)));
      return () => checker.check() >= 0;
    },
  });
}
