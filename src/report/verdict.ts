import type { RunResult } from '../run/result.js';

/** How a run is counted: what its observation is worth against the test's expectation. */
export type Verdict = 'as expected' | 'differs' | 'unknown' | 'n/a';

/** The name under which logs of several configurations can be joined: `NAME+arch+release`. */
export function configurationName(result: RunResult): string {
  return `${result.test}+${result.arch}+${result.release}`;
}

/** A run that a bound stopped before it could answer is neither a pass nor a failure. */
export function verdictOf(result: RunResult): Verdict {
  if (result.status === 'n/a') return 'n/a';
  if (result.observation === 'Unknown') return 'unknown';
  return result.ok ? 'as expected' : 'differs';
}

/** Whether outcomes may be missing because a bound stopped the search. */
export function hitBound(result: RunResult): boolean {
  return result.status === 'ran' && (!result.exhaustive || result.observation === 'Unknown');
}

/**
 * herd7's word for the condition: `Ok` if it is validated, `No` if not, `Undef` if undefined behaviour was
 * reached, and `??` (which herd7's log tools read as "don't know") if a bound left the question open. One
 * positive outcome settles `exists` and `~exists`, one negative `forall`, however little was explored.
 */
export function validation(result: RunResult): 'Ok' | 'No' | 'Undef' | '??' {
  if (result.undefined.length > 0) return 'Undef';
  const { quantifier, positive, negative } = result;
  const settled = quantifier === 'forall' ? negative > 0 : positive > 0;
  if (!settled && hitBound(result)) return '??';
  return settled === (quantifier === 'exists') ? 'Ok' : 'No';
}

/** That a result is another configuration's, which is as good: nothing that the test asks is different. */
export function sharing(configuration: string): string {
  return `the run of ${configuration}: the test asks nothing that is different here`;
}

/** `, expected Never`; nothing for a test without expectation. */
export function expectation(result: RunResult): string {
  return result.expected === null ? '' : `, expected ${result.expected}`;
}
