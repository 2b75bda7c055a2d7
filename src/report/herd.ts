import type { RunResult } from '../run/result.js';
import { formatModel } from './model.js';
import { formatProbability } from './probability.js';
import { type Report, resultsOnly } from './report.js';
import { configurationName, sharing, validation } from './verdict.js';
import { formatWitness } from './witness.js';

const KIND = { exists: 'Allowed', '~exists': 'Forbidden', forall: 'Required' } as const;

/**
 * One result as herd7 prints it, so that its log tools (mcompare7, mcond7 ...) read it. A run that is n/a gives
 * no text: to herd7 it is a test that is not in the log.
 *
 * Two points are herd7's own and easily taken for slips: under `~exists` the `Witnesses` line counts the other
 * way round than the `Observation` line (there, witnesses are the outcomes that keep the promise), and `Ok`
 * says that the condition holds, not that the test's expectation was met.
 */
export function formatHerd(result: RunResult): string {
  if (result.status === 'n/a') return '';
  const name = configurationName(result);
  const { positive, negative } = result;
  const [witnesses, others] = result.quantifier === '~exists' ? [negative, positive] : [positive, negative];
  const lines = [
    `Test ${name} ${KIND[result.quantifier]}`,
    `States ${result.states}`,
    ...result.outcomes.map((outcome) => outcome.text).toSorted(),
    validation(result),
    'Witnesses',
    `Positive: ${witnesses} Negative: ${others}`,
    `Condition ${result.condition}`,
    `Observation ${name} ${result.observation} ${positive} ${negative}`,
    `Time ${name} ${(result.timeMs / 1000).toFixed(2)}`,
    `Hash=${result.hash}`,
    ...(result.sharedWith === undefined ? [] : [`# ${sharing(result.sharedWith)}`]),
    '',
  ];
  return lines.map((line) => `${line}\n`).join('');
}

/** herd7's text, each result's witness, probabilities and coverage (if there are any) after its block: its log tools skip such lines. */
export function herdReport(details = false): Report {
  return resultsOnly(
    (result) =>
      formatHerd(result) +
      formatWitness(result) +
      formatProbability(result) +
      formatModel(result.model, details),
  );
}
