/** Runs a litmus test on one configuration: a test in, outcomes and witnesses out. */
import { UNDEFINED_IDS } from '../kernel/routine.js';
import type { Facts } from '../kernel/facts.js';
import type { LitmusTest } from '../litmus/ast.js';
import { expectedVerdict, runsOn } from '../litmus/configuration.js';
import { printCondition } from '../litmus/print.js';
import { USUAL_PTRS } from '../litmus/region-size.js';
import { compile, type Compiled } from './boot.js';
import { CONFIGURATIONS, configurationOf, factsOf } from './configurations.js';
import { explore, type Exploration } from './explore.js';
import { defaultCondition } from './invariants.js';
import { probabilities } from './probability/index.js';
import { questionOf, type Question } from './outcome.js';
import type { Observation, RunOptions, RunResult } from './result.js';

export type * from './result.js';
export { boundReason, COMPACTED, progressIn } from './explore.js';
export { CONFIGURATIONS, configurationOf, factsOf, TRAIT_NAMES } from './configurations.js';

/**
 * Runs a test on one configuration, exhaustively unless a bound is hit.
 * @throws DiagnosticError if the test's code cannot be lowered, or no `Result` line fits the configuration
 * @throws FactError if a fact of the options does not exist
 */
export function runTest(test: LitmusTest, options: RunOptions): Promise<RunResult> {
  return resultOf(test, options, (facts) => answer(test, facts, options));
}

/** What a run found out, whatever is expected. */
export interface Answer extends Pick<
  RunResult,
  | 'status'
  | 'reason'
  | 'observation'
  | 'positive'
  | 'negative'
  | 'states'
  | 'outcomes'
  | 'undefined'
  | 'exhaustive'
  | 'explored'
  | 'transitions'
  | 'witness'
  | 'probability'
  | 'sharedWith'
> {
  /** False if the clock or the user ended the run: another one could find more. */
  readonly repeatable: boolean;
}

/**
 * The result of a test on one configuration, which `find` answers.
 * @throws DiagnosticError, FactError as {@link runTest}
 */
export async function resultOf(
  test: LitmusTest,
  options: RunOptions,
  find: (facts: Facts) => Promise<Answer>,
): Promise<RunResult> {
  const started = performance.now();
  const configuration = configurationOf(options.arch, options.release);
  const condition = test.condition ?? defaultCondition();
  const base = {
    test: test.name,
    file: test.source.file,
    arch: options.arch,
    release: options.release,
    quantifier: condition.quantifier,
    condition: printCondition(condition),
    hash: test.hash,
  };
  if (!runsOn(test, configuration, CONFIGURATIONS)) {
    return { ...base, ...NOT_RUN, reason: `Only: ${test.only?.text ?? ''}`, timeMs: 0 };
  }
  const expected = expectedVerdict(test, configuration, CONFIGURATIONS);
  const facts = factsOf(options.arch, options.release, { ...optionFacts(test), ...options.facts });
  const { repeatable: _, ...found } = await find(facts);
  const { observation } = found;
  const ok =
    expected === undefined ? observation !== 'Undef' && observation !== 'Unknown' : observation === expected;
  return { ...base, ...found, expected: expected ?? null, ok, timeMs: performance.now() - started };
}

/** Compiles and explores a test. */
export function answer(test: LitmusTest, facts: Facts, options: RunOptions): Promise<Answer> {
  return answerCompiled(compile(test, facts, options.ptrs ?? USUAL_PTRS), options);
}

/** Explores a test that is compiled. */
export async function answerCompiled(compiled: Compiled, options: RunOptions): Promise<Answer> {
  const { test } = compiled;
  const question = questionOf(test);
  const run = await explore(compiled, question, options);
  const found = judge(run, question, options);
  if (options.probability === undefined) return found;
  return { ...found, probability: await probabilities(test, compiled.facts, options.probability, options) };
}

const NOT_RUN = {
  status: 'n/a',
  observation: 'Unknown',
  positive: 0,
  negative: 0,
  states: 0,
  outcomes: [],
  undefined: [],
  expected: null,
  ok: false,
  exhaustive: false,
  explored: 0,
  transitions: 0,
} as const;

/** `option DEBUG_VM;` and other facts that a test sets itself. */
export function optionFacts(test: LitmusTest): Record<string, string | number | boolean> {
  const facts: Record<string, string | number | boolean> = {};
  for (const o of test.memory.options) facts[o.name === 'DEBUG_VM' ? 'debugVm' : o.name] = o.value;
  return facts;
}

/** From outcomes to a verdict. */
function judge(run: Exploration, question: Question, options: RunOptions): Answer {
  const { findings } = run;
  const reason = run.reason ?? findings.vacuous;
  const outcomes = findings.outcomes();
  const positive = outcomes.filter((o) => o.positive).length;
  const negative = outcomes.length - positive;
  const exhaustive = run.reason === undefined;
  const ids = [...findings.undefinedIds].toSorted((a, b) => a - b);
  const undefinedIds = ids.map((id) => UNDEFINED_IDS[id]!);
  const undef = undefinedIds.length > 0 && !question.asksUndefined;
  const observation = observe(positive, negative, reason === undefined, undef);
  const witness = options.witness === true ? run.witness() : undefined;
  return {
    status: 'ran' as const,
    ...(reason === undefined ? {} : { reason }),
    observation,
    positive,
    negative,
    states: outcomes.length,
    outcomes,
    undefined: undef ? undefinedIds : [],
    exhaustive,
    repeatable: run.repeatable,
    explored: run.states,
    transitions: run.transitions,
    ...(witness === undefined ? {} : { witness }),
  };
}

/** Outcomes that may be missing leave only `Sometimes` certain. */
function observe(positive: number, negative: number, complete: boolean, undef: boolean): Observation {
  if (undef) return 'Undef';
  if (positive > 0 && negative > 0) return 'Sometimes';
  if (!complete) return 'Unknown';
  return positive > 0 ? 'Always' : 'Never';
}
