/** Runs a litmus test on one configuration: a test in, outcomes and witnesses out. */
import { Search, type Ending } from '../explore/bfs.js';
import type { Action, TransitionSystem } from '../explore/system.js';
import { Exchange, narrowed, ToldApart, type Symmetry } from '../kernel/exchange.js';
import type { Kernel } from '../kernel/kernel.js';
import { UNDEFINED_IDS, UnknownError } from '../kernel/routine.js';
import { CapacityError, grow, INITIAL_CAPACITIES, type Capacities } from '../kernel/layout.js';
import type { Facts } from '../kernel/facts.js';
import type { LitmusTest } from '../litmus/ast.js';
import { expectedVerdict, runsOn } from '../litmus/configuration.js';
import { printCondition } from '../litmus/print.js';
import { USUAL_PTRS } from '../litmus/region-size.js';
import { bootKernel, compile, firstStack, type Compiled } from './boot.js';
import { CONFIGURATIONS, configurationOf, factsOf } from './configurations.js';
import { Canonical } from './canonical.js';
import { Collector } from './collector.js';
import { defaultCondition } from './invariants.js';
import { Question } from './outcome.js';
import { firstSymmetry } from './symmetry.js';
import { probabilities } from './probability/index.js';
import { kernelSystem } from './system.js';
import { Unrenamer } from './unrename.js';
import type { Observation, RunOptions, RunResult, Witness } from './result.js';
import { witnessSteps } from './witness.js';

export type * from './result.js';
export { CONFIGURATIONS, configurationOf, factsOf, TRAIT_NAMES } from './configurations.js';

/** How long the search runs before it lets the event loop in. */
const SLICE_MS = 200;

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
  const question = new Question((test.condition ?? defaultCondition()).prop, test.filter);
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

/** What a search found out. */
interface Exploration {
  readonly collector: Collector;
  readonly search: Search;
  readonly compiled: Compiled;
  readonly caps: Capacities;
  readonly symmetry: Symmetry | undefined;
  /** Why the search is not exhaustive. */
  readonly reason?: string;
  /** Whether another run would end in the same place. */
  readonly repeatable: boolean;
}

/** Searches with small capacities, and again with larger ones where they do not suffice. */
async function explore(c: Compiled, question: Question, options: RunOptions): Promise<Exploration> {
  const n = c.test.threads.length;
  let caps: Capacities = { ...INITIAL_CAPACITIES, procs: n, threads: n, stack: firstStack(c) };
  let symmetry = options.symmetry === false ? undefined : firstSymmetry(c, [question.prop, question.filter]);
  const deadline = options.timeoutMs === undefined ? undefined : performance.now() + options.timeoutMs;
  for (;;) {
    const k = bootKernel(c, caps);
    const search = new Search(searchedSystem(k, c, symmetry), options.compact);
    const collector = new Collector(question, c, k, search);
    const found = { collector, search, compiled: c, caps, symmetry, repeatable: true };
    try {
      const ending = await searchInSlices(search, collector, options, deadline);
      const reason = reasonOf(ending, options);
      const repeatable = ending !== 'time' && ending !== 'memory' && ending !== 'aborted';
      return reason === undefined ? found : { ...found, reason, repeatable };
    } catch (error) {
      if (error instanceof UnknownError) return { ...found, reason: error.message };
      if (error instanceof ToldApart && symmetry !== undefined) {
        symmetry = narrowed(k, symmetry, error);
        continue;
      }
      if (!(error instanceof CapacityError)) throw error;
      const more = grow(caps, error.capacity);
      if (more === undefined) return { ...found, reason: `bound: ${error.capacity}` };
      caps = more;
    }
  }
}

function searchedSystem(k: Kernel, c: Compiled, symmetry: Symmetry | undefined): TransitionSystem {
  if (symmetry === undefined) return kernelSystem(k, c);
  k.exchange = new Exchange(k, symmetry);
  return kernelSystem(k, c, new Canonical(k, symmetry, false));
}

async function searchInSlices(
  search: Search,
  collector: Collector,
  options: RunOptions,
  deadline: number | undefined,
): Promise<Ending | 'aborted'> {
  for (;;) {
    if (options.signal?.aborted === true) return 'aborted';
    const left = deadline === undefined ? undefined : Math.max(0, deadline - performance.now());
    const ending = search.run({
      sliceMs: SLICE_MS,
      ...(left === undefined ? {} : { timeoutMs: left }),
      ...(options.maxStates === undefined ? {} : { maxStates: options.maxStates }),
      ...(options.maxBytes === undefined ? {} : { maxBytes: options.maxBytes }),
      onFinal: (id) => collector.final(id),
    });
    if (ending !== 'paused') return ending;
    options.onProgress?.({
      explored: search.states,
      transitions: search.transitions,
      queued: search.queued,
    });
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** Why an answer is unknown although the search has come to its end. */
export const COMPACTED = 'not exhaustive: states were told apart by fingerprints (--compact)';

export function memoryReason(maxBytes: number | undefined): string {
  return maxBytes === undefined ? 'bound: memory' : `bound: ${Math.round(maxBytes / 2 ** 20)} MiB of memory`;
}

function reasonOf(ending: Ending | 'aborted', options: RunOptions): string | undefined {
  switch (ending) {
    case 'time':
      return `bound: ${(options.timeoutMs ?? 0) / 1000} s`;
    case 'states':
      return `bound: ${options.maxStates ?? 0} states`;
    case 'memory':
      return memoryReason(options.maxBytes);
    case 'aborted':
      return 'interrupted';
    default:
      return options.compact === true ? COMPACTED : undefined;
  }
}

/** From outcomes to a verdict. */
function judge(run: Exploration, question: Question, options: RunOptions): Answer {
  const { collector, search } = run;
  const reason = run.reason ?? collector.vacuous;
  const outcomes = collector.outcomes();
  const positive = outcomes.filter((o) => o.positive).length;
  const negative = outcomes.length - positive;
  const exhaustive = run.reason === undefined;
  const undefinedIds = [...collector.undefinedIds].map((id) => UNDEFINED_IDS[id]!);
  const undef = undefinedIds.length > 0 && !question.asksUndefined;
  const observation = observe(positive, negative, reason === undefined, undef);
  const witness = options.witness === true ? witnessOf(run) : undefined;
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
    explored: search.states,
    transitions: search.transitions,
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

/** A shortest way to the outcome that decides the question: a positive one, for `forall` a negative one. */
function witnessOf(run: Exploration): Witness | undefined {
  const { quantifier } = run.compiled.test.condition ?? { quantifier: 'forall' };
  const shown = run.collector.shown(quantifier !== 'forall');
  if (shown === undefined) return undefined;
  const k = bootKernel(run.compiled, run.caps);
  return { outcome: shown.text, steps: witnessSteps(run.compiled, k, plainPath(run, shown.id)) };
}

/** The way to a state as a run without renaming has it. */
function plainPath({ search, symmetry, compiled: c, caps }: Exploration, id: number): readonly Action[] {
  const path = search.path(id);
  if (symmetry === undefined) return path;
  const [shadow, plain] = [bootKernel(c, caps), bootKernel(c, caps)];
  shadow.exchange = new Exchange(shadow, symmetry);
  const canonical = new Canonical(shadow, symmetry, false);
  const [followed, walked] = [kernelSystem(shadow, c), kernelSystem(plain, c)];
  const unrenamer = new Unrenamer(shadow, plain);
  return path.map(({ move, choices }) => ({
    move,
    choices: unrenamer.step(
      choices,
      (choose) => {
        followed.apply(move, choose);
        return canonical.apply();
      },
      (choose) => walked.apply(move, choose),
    ),
  }));
}
