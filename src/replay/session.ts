/** Runs tests on one machine: builds what it needs, boots it until every test has run, and reads its console. */
import { readFile } from 'node:fs/promises';
import type { LitmusTest } from '../litmus/ast.js';
import { runsOn } from '../litmus/configuration.js';
import { CONFIGURATIONS, configurationOf } from '../run/index.js';
import type { RunResult } from '../run/result.js';
import { ConsoleReader, type MachineResult } from './compare/lines.js';
import { sources, translate, Untranslatable, type MachineTest } from './translate/index.js';
import type { BootFile, Machine, MachineKernel } from './types.js';

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
  readonly onLine?: (line: string) => void;
}

/** A test on a machine: its result, or why it has none. */
export interface Replayed {
  readonly test: LitmusTest;
  readonly machine?: MachineTest;
  readonly result?: MachineResult;
  readonly skipped?: string;
}

/** What a boot needs beside its jobs. */
interface Built {
  readonly init: Uint8Array;
  readonly module: Uint8Array;
}

type Numbered = MachineTest & { readonly id: number };

/** A machine that keeps dying is given up after so many boots in vain. */
const BOOTS_IN_VAIN = 3;

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
  return { machine, tests: all, numbered, built: await build(machine, numbered, templates) };
}

/** Runs compiled tests on their machine. */
export async function replay(
  { machine, tests, numbered, built }: Compiled,
  options: ReplayOptions,
): Promise<Replayed[]> {
  const ids = new Map(numbered.map((t) => [t.test, t.id]));
  const results = await bootAll(machine, numbered, built, options);
  return tests.map(({ test, skipped }) => {
    const id = ids.get(test);
    if (id === undefined) return { test, skipped: skipped! };
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
  const { arch, release } = kernel;
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

async function build(
  machine: Machine,
  tests: readonly Numbered[],
  templates: Readonly<Record<string, string>>,
): Promise<Built> {
  const { module, program } = sources(templates, tests);
  const ko = await machine.toolchain.buildModule(module, 'lit');
  const init = await machine.toolchain.buildProgram(program, 'init');
  return { module: await readFile(ko), init: await readFile(init) };
}

/** Tests that ask for BUG come last: whatever runs after one runs on a damaged machine. */
function order(tests: readonly Numbered[]): Numbered[] {
  return [...tests.filter((t) => !t.asksBug), ...tests.filter((t) => t.asksBug)];
}

async function bootAll(
  machine: Machine,
  tests: readonly Numbered[],
  built: Built,
  options: ReplayOptions,
): Promise<Map<number, MachineResult>> {
  const results = new Map<number, MachineResult>();
  let left = order(tests);
  let vain = 0;
  while (left.length > 0 && vain < BOOTS_IN_VAIN) {
    const reader = new ConsoleReader();
    await machine.boot.run(files(machine, left, built, options), {
      timeoutMs: options.timeoutMs,
      onLine: (line) => {
        options.onLine?.(line);
        reader.line(line);
      },
    });
    const before = left.length;
    for (const [id, result] of reader.results) results.set(id, result);
    left = left.filter((t) => !results.has(t.id));
    if (left.length === before) vain++;
    if (reader.error !== undefined) throw new Error(`${machine.kernel.id}: ${reader.error}`);
  }
  return results;
}

function files({ kernel }: Machine, tests: readonly Numbered[], built: Built, o: ReplayOptions): BootFile[] {
  const jobs = tests.map((t) => jobLine(t, o));
  const window = kernel.mmio === undefined ? '' : `mmio ${kernel.mmio[0].toString(16)} ${kernel.mmio[1]}\n`;
  return [
    { path: 'init', data: built.init },
    { path: 'lit.ko', data: built.module, mode: 0o644 },
    { path: 'jobs', data: new TextEncoder().encode(window + jobs.join('')), mode: 0o644 },
    { path: 'dev/.keep', data: new Uint8Array(), mode: 0o644 },
  ];
}

/** What init has to do for one test, see `lit_run.c`. */
export function jobLine(
  t: MachineTest & { readonly id: number },
  o: Pick<ReplayOptions, 'runs' | 'preemptions' | 'wanted'>,
): string {
  const frames = t.test.threads.length > 1 ? 0 : 1;
  return `${t.id} ${t.asksBug ? 1 : o.runs(t.test)} ${o.preemptions} ${frames} ${o.wanted(t.test)}\n`;
}

/** Runs of a test at most: one with a single outcome needs no steering; of schedules most differ in nothing that matters. */
export function runsFor(test: LitmusTest, model: Pick<RunResult, 'states'>): number {
  if (test.threads.length > 1) return 80;
  return model.states > 1 ? 40 : 4;
}

/** Preemptions in a run at most. */
export const PREEMPTIONS = 2;
