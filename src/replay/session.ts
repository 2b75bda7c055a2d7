/** Runs tests on one machine: builds what it needs, boots it until every test has run, and reads its console. */
import type { LitmusTest } from '../litmus/ast.js';
import { runsOn } from '../litmus/configuration.js';
import { CONFIGURATIONS, configurationOf } from '../run/index.js';
import type { RunResult } from '../run/result.js';
import { UNSTEADY } from './differences.js';
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
  readonly numbered: readonly Numbered[];
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
  const all = tests.map((test) => prepare(test, machine));
  const numbered: Numbered[] = [];
  for (const { machine: translated } of all) {
    if (translated !== undefined) numbered.push({ ...translated.of(numbered.length), id: numbered.length });
  }
  return { machine, tests: all, numbered, built: await build(machine, sources(templates, numbered)) };
}

/** Runs compiled tests on their machine. */
export async function replay(
  { machine, tests, numbered, built }: Compiled,
  options: ReplayOptions,
): Promise<Replayed[]> {
  const ids = new Map(numbered.map((t) => [t.test, t.id]));
  const fit = numbered.filter(({ test }) => options.unfit?.(test) === undefined);
  const jobs = fit.map((t): Job => ({
    id: t.id,
    line: jobLine(t, options),
    last: t.asksBug || t.asksDeadlock,
  }));
  const results = await bootAll(machine, jobs, built, options);
  return tests.map(({ test, skipped }) => {
    const id = ids.get(test);
    const why = skipped ?? options.unfit?.(test);
    if (id === undefined || why !== undefined) return { test, skipped: why ?? '' };
    const result = results.get(id);
    return result === undefined
      ? { test, skipped: 'the machine died before' }
      : { test, machine: numbered[id]!, result };
  });
}

interface Prepared {
  readonly test: LitmusTest;
  readonly skipped?: string;
  /** The translation, once its number is known. */
  readonly machine?: { of(id: number): MachineTest };
}

/** Why a test is not run on a kernel, or undefined if it is. */
export function unsuitable(test: LitmusTest, kernel: MachineKernel): string | undefined {
  const { arch, release, id } = kernel;
  const unsteady = UNSTEADY.find((u) => u.kernels.includes(id) && u.tests.includes(test.name));
  if (unsteady) return unsteady.why;
  if (!runsOn(test, configurationOf(arch, release), CONFIGURATIONS)) return `Only: ${test.only?.text ?? ''}`;
  if (kernel.mmio === undefined && test.memory.regions.some((r) => r.kind === 'mmio')) {
    return 'no mmio: the machine has no window without struct pages';
  }
  if (kernel.uml && /\bdma_\w+\(/.test(test.source.text)) return 'no DMA on User-mode Linux';
  try {
    translate(test, 0, arch, release);
  } catch (error) {
    if (error instanceof Untranslatable) return `not translatable: ${error.message}`;
    throw error;
  }
  return undefined;
}

function prepare(test: LitmusTest, { kernel }: Machine): Prepared {
  const skipped = unsuitable(test, kernel);
  if (skipped !== undefined) return { test, skipped };
  return { test, machine: { of: (id) => translate(test, id, kernel.arch, kernel.release) } };
}

/** What init has to do for one test, see `lit_run.c`. */
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
