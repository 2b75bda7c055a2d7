import type { Outcome, RunResult } from '../../src/run/result.js';

/** An outcome from its registers; the values are what a result would hold. */
export function outcome(positive: boolean, values: Record<string, string>): Outcome {
  const text = Object.entries(values)
    .map(([register, value]) => `${register}=${value};`)
    .join(' ');
  return { text, values, positive };
}

const SOME = [outcome(true, { '0:r': '1' }), outcome(false, { '0:r': '0' })];

/** A result whose counts and observation follow from its outcomes, with whatever a test wants otherwise. */
export function result(overrides: Partial<RunResult> = {}): RunResult {
  const outcomes = overrides.outcomes ?? SOME;
  const positive = outcomes.filter((o) => o.positive).length;
  const negative = outcomes.length - positive;
  const observation = positive === 0 ? 'Never' : negative === 0 ? 'Always' : 'Sometimes';
  const expected = overrides.expected ?? observation;
  return {
    test: 'demo',
    file: 'litmus/demo.litmus',
    arch: 'arm',
    release: '7.2',
    status: 'ran',
    observation,
    quantifier: 'exists',
    condition: 'exists (0:r = 1)',
    positive,
    negative,
    states: outcomes.length,
    outcomes,
    undefined: [],
    expected,
    ok: observation === expected,
    exhaustive: true,
    explored: 1234,
    transitions: 4321,
    timeMs: 56.789,
    hash: '0123456789abcdef',
    ...overrides,
  };
}
