import type { RunResult } from '../run/result.js';
import { type Report, resultsOnly } from './report.js';

/**
 * One result as one line of JSON. The fields, their order and their meaning are documented in docs/json.md;
 * they are listed here one by one so that a change of the engine cannot change the format unnoticed.
 */
export function formatJson(result: RunResult): string {
  const object = {
    test: result.test,
    file: result.file,
    arch: result.arch,
    release: result.release,
    status: result.status,
    reason: result.reason,
    observation: result.observation,
    expected: result.expected,
    ok: result.ok,
    positive: result.positive,
    negative: result.negative,
    states: result.states,
    outcomes: result.outcomes.map(({ text, values, positive, bug }) => ({
      text,
      values,
      positive,
      ...(bug === undefined ? {} : { bug }),
    })),
    undefined: result.undefined,
    quantifier: result.quantifier,
    condition: result.condition,
    exhaustive: result.exhaustive,
    explored: result.explored,
    transitions: result.transitions,
    timeMs: Math.round(result.timeMs * 10) / 10,
    hash: result.hash,
    witness: result.witness,
    model: result.model,
    sharedWith: result.sharedWith,
    probability: result.probability,
  };
  return `${JSON.stringify(object)}\n`;
}

/** JSON Lines: one object a result, nothing else. */
export function jsonReport(): Report {
  return resultsOnly(formatJson);
}
