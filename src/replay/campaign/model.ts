/** What the model says about a generated test, in the form in which it is kept. */
import type { LitmusTest } from '../../litmus/ast.js';
import { configurationOf, CONFIGURATIONS, runTest } from '../../run/index.js';
import { runsOn } from '../../litmus/configuration.js';
import type { Outcome, RunResult } from '../../run/result.js';

/** A result of the model without what can be read from its outcomes. */
export interface KeptModel {
  readonly status: RunResult['status'];
  readonly observation: RunResult['observation'];
  readonly exhaustive: boolean;
  /** Text and whether the condition holds. */
  readonly outcomes: readonly (readonly [text: string, positive: boolean])[];
}

export function keep(r: RunResult): KeptModel {
  return {
    status: r.status,
    observation: r.observation,
    exhaustive: r.exhaustive,
    outcomes: r.outcomes.map(({ text, positive }) => [text, positive]),
  };
}

/** The registers of an outcome as the model prints it. */
export function valuesOf(text: string): Record<string, string> {
  const pairs = text.matchAll(/([^\s=;]+)=([^;]*);/g);
  return Object.fromEntries([...pairs].map(([, register, value]) => [register!, value!]));
}

/** The result again, as far as comparing needs it. */
export function restore(kept: KeptModel, test: LitmusTest, arch: string, release: string): RunResult {
  const outcomes: Outcome[] = kept.outcomes.map(([text, positive]) => ({
    text,
    positive,
    values: valuesOf(text),
  }));
  const positive = outcomes.filter((o) => o.positive).length;
  return {
    ...{ test: test.name, file: test.source.file, arch, release, hash: test.hash },
    ...{ status: kept.status, observation: kept.observation, exhaustive: kept.exhaustive },
    ...{ quantifier: 'forall', condition: '', expected: null, ok: true, undefined: [] },
    ...{ positive, negative: outcomes.length - positive, states: outcomes.length, outcomes },
    ...{ explored: 0, transitions: 0, timeMs: 0 },
  };
}

/** The model's result where a test runs there at all. */
export async function modelOn(
  test: LitmusTest,
  arch: string,
  release: string,
  maxStates: number,
): Promise<RunResult | undefined> {
  if (!runsOn(test, configurationOf(arch, release), CONFIGURATIONS)) return undefined;
  return runTest(test, { arch, release, maxStates });
}
