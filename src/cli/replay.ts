import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { LitmusTest } from '../litmus/ast.js';
import { machineOutcomes } from '../replay/compare/convert.js';
import { type ComparisonFormat, formatComparisons, tallies } from '../replay/compare/formats.js';
import { formatRecording, mergeRecordings, parseRecording } from '../replay/compare/recorded.js';
import { compareRun, type Comparison } from '../replay/compare/verdict.js';
import { DIFFERENCES } from '../replay/differences.js';
import { openMachines } from '../replay/machines.js';
import { PREEMPTIONS, replay, type Replayed, runsFor } from '../replay/session.js';
import type { Machine } from '../replay/types.js';
import type { RunResult } from '../run/result.js';
import { writeBundle } from './bundle.js';
import type { Context } from './context.js';
import { loadEngine } from './engine.js';
import { EXIT, UsageError } from './exit.js';
import { findTests, PACKAGE_ROOT } from './files.js';

/** The options of `pfnmap replay`, parsed. */
export interface ReplayFlags {
  readonly kernel?: readonly string[];
  readonly format: ComparisonFormat;
  /** Runs of a test at most, instead of what its outcomes suggest. */
  readonly runs?: number;
  readonly record: boolean;
  readonly verbose: boolean;
  /** Directory for a bundle of the one test, instead of running it. */
  readonly bundle?: string;
}

/** Where outcomes of real kernels are kept. */
export const RECORDED = join(PACKAGE_ROOT, 'test/replay/recorded');
const TEMPLATES = join(PACKAGE_ROOT, 'src/replay/machine');

const MODEL_TIMEOUT_MS = 60_000;
const BOOT_TIMEOUT_MS = 300_000;
/** Machines at once. */
const AT_ONCE = 2;

type Engine = Awaited<ReturnType<typeof loadEngine>>;

/** `pfnmap replay FILE|DIR...` */
export async function replayCommand(this: Context, flags: ReplayFlags, ...paths: string[]): Promise<void> {
  const { stdout, stderr } = this.process;
  const engine = await loadEngine();
  const tests = findTests(paths, this.cwd).map((file) =>
    engine.parse({ file, text: readFileSync(resolve(this.cwd, file), 'utf8') }),
  );
  if (flags.bundle !== undefined) return bundle(this, engine, tests, flags);
  const { ready, missing } = await machines(flags);
  if (ready.length === 0) throw new UsageError(`no kernel is set up: run 'npm run replay:setup'`);
  for (const id of missing) stderr.write(`${id}: not set up\n`);
  const all: Comparison[] = [];
  await pool(ready, AT_ONCE, async (machine) => {
    const began = performance.now();
    const told = (line: string): void =>
      void (flags.verbose && stderr.write(`${machine.kernel.id}| ${line}\n`));
    const found = await onMachine(engine, machine, tests, flags, told);
    all.push(...found);
    stderr.write(`${summary(found)}; ${((performance.now() - began) / 1000).toFixed(0)} s\n`);
  });
  const order = new Map(ready.map((m, i) => [m.kernel.id, i]));
  stdout.write(
    formatComparisons(
      all.toSorted((a, b) => order.get(a.kernel)! - order.get(b.kernel)!),
      flags.format,
    ),
  );
  this.status = all.some((c) => c.status === 'differs') ? EXIT.differs : EXIT.ok;
}

async function bundle(
  context: Context,
  engine: Engine,
  tests: readonly LitmusTest[],
  { bundle: directory, kernel }: ReplayFlags,
): Promise<void> {
  const options = {
    kernels: kernel ?? [],
    tests,
    templates: templates(),
    recorded: RECORDED,
    run: engine.run,
  };
  const told = await userErrors(writeBundle({ ...options, directory: resolve(context.cwd, directory!) }));
  context.process.stderr.write(told);
}

/** @throws {UsageError} for a kernel that there is not */
async function userErrors<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

function machines({ kernel }: ReplayFlags): ReturnType<typeof openMachines> {
  return userErrors(openMachines(kernel ?? []));
}

/** Runs `work` on every item, at most `most` at a time. */
async function pool<T>(items: readonly T[], most: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: most }, worker));
}

async function onMachine(
  engine: Engine,
  machine: Machine,
  tests: readonly LitmusTest[],
  flags: ReplayFlags,
  onLine: (line: string) => void,
): Promise<Comparison[]> {
  const { arch, release, id, version } = machine.kernel;
  const models = new Map<LitmusTest, RunResult>();
  for (const test of tests) {
    models.set(test, await engine.run(test, { arch, release, timeoutMs: MODEL_TIMEOUT_MS }));
  }
  const replayed = await replay(machine, tests, templates(), {
    runs: (test) => flags.runs ?? runsFor(test, models.get(test)!),
    wanted: (test) => models.get(test)!.states,
    preemptions: PREEMPTIONS,
    timeoutMs: BOOT_TIMEOUT_MS,
    onLine,
  });
  if (flags.record) record(machine, replayed);
  return replayed.map((r) => {
    const place = { kernel: id, version, file: r.test.source.file };
    return compareRun(models.get(r.test)!, machineOutcomes(r), place, DIFFERENCES);
  });
}

function templates(): Record<string, string> {
  return Object.fromEntries(
    readdirSync(TEMPLATES).map((name) => [name, readFileSync(join(TEMPLATES, name), 'utf8')]),
  );
}

function record({ kernel }: Machine, replayed: readonly Replayed[]): void {
  const { id, arch, release, version } = kernel;
  const file = join(RECORDED, `${id}.jsonl`);
  mkdirSync(RECORDED, { recursive: true });
  const old = readdirSync(RECORDED).includes(`${id}.jsonl`)
    ? parseRecording(readFileSync(file, 'utf8'))
    : undefined;
  const fresh = { about: { kernel: id, arch, release, version }, tests: replayed.map(machineOutcomes) };
  writeFileSync(file, formatRecording(mergeRecordings(old, fresh)));
}

/** `amd64-7.2: 189 agreed, 0 explained, 0 differ, 0 not run`. */
function summary(found: readonly Comparison[]): string {
  return tallies(found)
    .map((t) => {
      const notRun = [...t.notRun.values()].reduce((a, b) => a + b, 0);
      const shown = `${t.shown} of ${t.outcomes} outcomes shown`;
      return `${t.kernel}: ${t.agreed} agreed, ${t.explained} explained, ${t.differs} differ, ${notRun} not run; ${shown}`;
    })
    .join('\n');
}
