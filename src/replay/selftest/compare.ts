/** The kernel's own selftest against the model: each of its cases is a test of litmus/selftests, too. */
import type { LitmusTest } from '../../litmus/ast.js';
import type { RunResult } from '../../run/result.js';
import type { Comparison, Place } from '../compare/verdict.js';
import type { CaseResult } from './ktap.js';
import type { SelftestRun, SelftestRuns } from './console.js';

/** A case of the selftest, and what the model says about the same in litmus/selftests. */
export interface SelftestCase {
  /** As the selftest calls it: `mremap_fixed`. */
  readonly name: string;
  readonly test: LitmusTest;
}

/** `pfnmap-mremap-fixed-private.litmus` is the case in a private mapping, which the selftest does not make. */
const NAME = /^pfnmap-(.*?)(-private)?$/;

/** The cases that are among these tests; if there are any, machines run the selftest. */
export function selftestCases(tests: readonly LitmusTest[]): SelftestCase[] {
  return tests.flatMap((test) => {
    const [, name, variant] = NAME.exec(test.name) ?? [];
    return name === undefined || variant !== undefined ? [] : [{ name: name.replaceAll('-', '_'), test }];
  });
}

const verdict = (ok: boolean): string => `verdict=${ok ? 'ok' : 'not ok'};`;

function compareCase(
  { name, test }: SelftestCase,
  target: string,
  run: SelftestRun,
  model: RunResult,
  place: Omit<Place, 'file'>,
): Comparison {
  const { arch, release } = model;
  const selftest = true as const;
  const base = {
    ...{ selftest, test: `selftest:${name}:${target}`, file: test.source.file },
    ...{ ...place, arch, release },
  };
  const result: CaseResult | undefined = run.results[name];
  const why =
    run.skipped ??
    (model.status === 'n/a' ? (model.reason ?? '') : result === 'skip' ? 'the selftest skips it' : undefined);
  if (why !== undefined) {
    return { ...base, status: 'not run', reason: why, outcomes: [], runs: 0, complete: false };
  }
  const expected = { text: verdict(model.ok), positive: model.ok, model: true, machine: 0 };
  const seen = { text: verdict(result === 'ok'), positive: result === 'ok', model: false, machine: 1 };
  const agreed = result !== undefined && seen.text === expected.text;
  return {
    ...base,
    status: agreed ? 'agreed' : 'differs',
    ...(result === undefined ? { reason: 'the selftest did not get there' } : {}),
    outcomes: agreed ? [{ ...expected, machine: 1 }] : result === undefined ? [expected] : [expected, seen],
    runs: 1,
    complete: true,
  };
}

/**
 * Compares what the selftest said on one kernel.
 * @param runs by kind of memory, or why there are none
 */
export function compareSelftest(
  cases: readonly SelftestCase[],
  runs: SelftestRuns | string,
  modelOf: (test: LitmusTest) => RunResult,
  place: Omit<Place, 'file'>,
): Comparison[] {
  const targets: readonly (readonly [string, SelftestRun])[] =
    typeof runs === 'string' ? [['ram', { results: {}, skipped: runs }]] : Object.entries(runs);
  return targets.flatMap(([target, run]) =>
    cases.map((one) => compareCase(one, target, run, modelOf(one.test), place)),
  );
}
