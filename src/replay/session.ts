/** Runs tests on one machine: builds what it needs, boots it until every test has run, and reads its console. */
import type { LitmusTest } from '../litmus/ast.js';
import { runsOn } from '../litmus/configuration.js';
import { CONFIGURATIONS, configurationOf } from '../run/index.js';
import type { RunResult } from '../run/result.js';
import { bootAll, build, type Built, type Job } from './boots.js';
import type { MachineResult } from './compare/lines.js';
import { sources, translate, Untranslatable, type MachineTest } from './translate/index.js';
import type { Machine, MachineKernel } from './types.js';

/** Bounds of a replay. */
export interface ReplayOptions {
  /** Runs of a test at most. */
  readonly runs: (test: LitmusTest) => number;
  /** Outcomes of the model: a machine that has shown as many need not try more preemptions. */
  readonly wanted: (test: LitmusTest) => number;
  /** Times that a thread that could go on is made to wait, in one run. */
  readonly preemptions: number;
  /** Wall-clock limit of a boot in milliseconds. */
  readonly timeoutMs: number;
  /** Why a test that could be run is better left alone. */
  readonly unfit?: (test: LitmusTest) => string | undefined;
  readonly onLine?: (line: string) => void;
  /** Ends the machine that runs. */
  readonly signal?: AbortSignal;
}

/** A test on a machine: its result, or why it has none. */
export interface Replayed {
  readonly test: LitmusTest;
  readonly machine?: MachineTest;
  readonly result?: MachineResult;
  readonly skipped?: string;
}

type Numbered = MachineTest & { readonly id: number };

/** Tests of a machine that are compiled, and only have to be run. */
export interface Compiled {
  readonly machine: Machine;
  readonly tests: readonly Prepared[];
  readonly built: Built;
}

/**
 * Translates tests for a machine and compiles them, all into one module and one program.
 * @param templates the files of `src/replay/machine`
 * @throws BuildError
 */
export async function compile(
  machine: Machine,
  tests: readonly LitmusTest[],
  templates: Readonly<Record<string, string>>,
): Promise<Compiled> {
  const prepared: Prepared[] = [];
  let next = 0;
  for (const test of tests) {
    const one = prepare(test, next, machine.kernel);
    if (one.machine !== undefined) next++;
    prepared.push(one);
  }
  const { module, program } = sources(
    templates,
    prepared.flatMap((one) => one.machine ?? []),
  );
  const all = { module, program: { ...program, 'lit_selftest.c': templates['lit_selftest.c']! } };
  return { machine, tests: prepared, built: await build(machine, all) };
}

/** What a replay on one machine gave. */
export interface ReplayedAll {
  readonly tests: readonly Replayed[];
  /** What the kernel's own selftest printed, if it was run. */
  readonly selftest?: readonly string[];
}

/**
 * Runs compiled tests on their machine.
 * @param selftest the kernel's own selftest, to run in the same boots
 */
export async function replay(
  { machine, tests, built }: Compiled,
  options: ReplayOptions,
  selftest?: Uint8Array,
): Promise<ReplayedAll> {
  const jobs = tests.flatMap(({ test, machine: translated }): Job[] => {
    if (translated === undefined || options.unfit?.(test) !== undefined) return [];
    const { id, asksBug, asksDeadlock } = translated;
    return [{ id, line: jobLine(translated, options), last: asksBug || asksDeadlock }];
  });
  let printed: readonly string[] | undefined;
  const results = await bootAll(
    machine,
    jobs,
    { ...built, selftest },
    { ...options, onSelftest: (lines) => (printed = lines) },
  );
  const all = tests.map(({ test, skipped, machine: translated }): Replayed => {
    const why = skipped ?? options.unfit?.(test);
    if (translated === undefined || why !== undefined) return { test, skipped: why ?? '' };
    const result = results.get(translated.id);
    if (result !== undefined) return { test, machine: translated, result };
    return { test, skipped: options.signal?.aborted === true ? INTERRUPTED : 'the machine died before' };
  });
  return { tests: all, ...(printed === undefined ? {} : { selftest: printed }) };
}

/** Why a test has no result if the replay was stopped. */
export const INTERRUPTED = 'interrupted';

interface Prepared {
  readonly test: LitmusTest;
  readonly skipped?: string;
  readonly machine?: Numbered;
}

/** Why a test is not run on a kernel, whatever it comes to as C. */
function unsuited(test: LitmusTest, { arch, release, mmio, uml, bits }: MachineKernel): string | undefined {
  if (!runsOn(test, configurationOf(arch, release), CONFIGURATIONS)) return `Only: ${test.only?.text ?? ''}`;
  if (mmio === undefined && test.memory.regions.some((r) => r.kind === 'mmio')) {
    return 'no mmio: the machine has no window without struct pages';
  }
  if (uml && /\bdma_\w+\(/.test(test.source.text)) return 'no DMA on User-mode Linux';
  if (uml && /\bhmm_range_fault\(/.test(test.source.text)) return 'no HMM on User-mode Linux';
  if ((uml || bits === 32) && /\bmigrate_vma_setup\(/.test(test.source.text))
    return 'the kernel has no device memory';
  return undefined;
}

/** A test with its number among the tests of a machine, or why it is not run there. */
function prepare(test: LitmusTest, id: number, kernel: MachineKernel): Prepared {
  const skipped = unsuited(test, kernel);
  if (skipped !== undefined) return { test, skipped };
  try {
    return { test, machine: { ...translate(test, id, kernel.arch, kernel.release), id } };
  } catch (error) {
    if (error instanceof Untranslatable) return { test, skipped: `not translatable: ${error.message}` };
    throw error;
  }
}

/** Why a test is not run on a kernel, or undefined if it is. */
export function unsuitable(test: LitmusTest, kernel: MachineKernel): string | undefined {
  return prepare(test, 0, kernel).skipped;
}

/** What init has to do for one test, see `lit_init.c`. */
export function jobLine(
  t: MachineTest & { readonly id: number },
  o: Pick<ReplayOptions, 'runs' | 'preemptions' | 'wanted'>,
): string {
  const frames = t.test.threads.length > 1 ? 0 : 1;
  return `${t.id} ${t.asksBug ? 1 : o.runs(t.test)} ${o.preemptions} ${frames} ${o.wanted(t.test)}`;
}

/** Runs of a test at most: one with a single outcome needs no steering; of schedules most differ in nothing that matters. */
export function runsFor(test: LitmusTest, model: Pick<RunResult, 'states'>): number {
  if (test.threads.length > 1) return 80;
  return model.states > 1 ? 40 : 4;
}

/** Preemptions in a run at most. */
export const PREEMPTIONS = 2;
