import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { LitmusTest } from '../litmus/ast.js';
import type { Wanted } from '../replay/boot/accelerator.js';
import { machineOutcomes } from '../replay/compare/convert.js';
import { type ComparisonFormat, formatComparisons, tallies } from '../replay/compare/formats.js';
import { formatRecording, mergeRecordings, parseRecording } from '../replay/compare/recorded.js';
import {
  compareRun,
  reachesUndefined,
  UNDEFINED_REASON,
  type Comparison,
} from '../replay/compare/verdict.js';
import { DIFFERENCES } from '../replay/differences.js';
import { BuildError } from '../replay/kernels/toolchain.js';
import { openMachines } from '../replay/machines.js';
import { compile, PREEMPTIONS, replay, runsFor, type Compiled, type Replayed } from '../replay/session.js';
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
  /** What QEMU runs kernels with. */
  readonly accel: Wanted;
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
  const { ready, missing, kvm } = await machines(flags);
  if (flags.accel === 'kvm' && kvm?.works !== true) {
    stderr.write(`KVM is not used: ${kvm?.reason ?? 'no kernel is set up that could try it'}\n`);
  }
  if (ready.length === 0) throw new UsageError(`no kernel is set up: run 'npm run replay:setup'`);
  for (const id of missing) stderr.write(`${id}: not set up\n`);
  const compiling = stopwatch();
  const jobs = await compileAll(engine, ready, tests, (line) => void stderr.write(`${line}\n`));
  const compileTime = compiling.lap();
  const runs = stopwatch();
  const all: Comparison[] = [];
  await pool(jobs, AT_ONCE, async (job) => {
    const { id } = job.compiled.machine.kernel;
    const onLine = (line: string): void => void (flags.verbose && stderr.write(`${id}| ${line}\n`));
    const found = await runJob(job, flags, onLine);
    all.push(...found);
    const { accelerator } = job.compiled.machine;
    const under = accelerator === undefined ? '' : ` under ${accelerator.toUpperCase()}`;
    stderr.write(`${summary(found)}; ${runs.lap()}${under}\n`);
  });
  stderr.write(`compiled and asked the model in ${compileTime}, ran in ${runs.lap()}\n`);
  const order = new Map(ready.map((m, i) => [m.kernel.id, i]));
  stdout.write(
    formatComparisons(
      all.toSorted((a, b) => order.get(a.kernel)! - order.get(b.kernel)!),
      flags.format,
    ),
  );
  const differs = jobs.length < ready.length || all.some((c) => c.status === 'differs');
  this.status = differs ? EXIT.differs : EXIT.ok;
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

/** @throws {UsageError} if a kernel is unknown */
export function machines({
  kernel,
  accel,
}: Pick<ReplayFlags, 'kernel' | 'accel'>): ReturnType<typeof openMachines> {
  return userErrors(openMachines(kernel ?? [], undefined, accel));
}

/** Measures wall-clock time in seconds. */
function stopwatch(): { lap(): string } {
  const began = performance.now();
  return { lap: () => `${((performance.now() - began) / 1000).toFixed(0)} s` };
}

/** Runs `work` on every item, at most `most` at a time. */
async function pool<T>(items: readonly T[], most: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: most }, worker));
}

/** What is to be run on one machine, and what the model says. */
interface Job {
  readonly compiled: Compiled;
  readonly models: ReadonlyMap<LitmusTest, RunResult>;
}

/** Compiles for every machine. Drivers that do not compile on one kernel must not stop the others: that is told, and there is no job. */
async function compileAll(
  engine: Engine,
  machines: readonly Machine[],
  tests: readonly LitmusTest[],
  tell: (line: string) => void,
): Promise<Job[]> {
  const clock = stopwatch();
  const jobs: Job[] = [];
  await pool(machines, AT_ONCE, async (machine) => {
    try {
      jobs.push(await prepare(engine, machine, tests));
      tell(`${machine.kernel.id}: compiled, ${clock.lap()}`);
    } catch (error) {
      if (!(error instanceof BuildError)) throw error;
      tell(error.message);
    }
  });
  return jobs;
}

async function prepare(engine: Engine, machine: Machine, tests: readonly LitmusTest[]): Promise<Job> {
  const { arch, release } = machine.kernel;
  const compiling = compile(machine, tests, templates());
  // Awaited below: until then its failure is nobody's.
  compiling.catch(() => {});
  const models = new Map<LitmusTest, RunResult>();
  for (const test of tests) {
    models.set(test, await engine.run(test, { arch, release, timeoutMs: MODEL_TIMEOUT_MS }));
  }
  return { compiled: await compiling, models };
}

async function runJob(
  { compiled, models }: Job,
  flags: ReplayFlags,
  onLine: (line: string) => void,
): Promise<Comparison[]> {
  const { kernel } = compiled.machine;
  const replayed = await replay(compiled, {
    runs: (test) => flags.runs ?? runsFor(test, models.get(test)!),
    wanted: (test) => models.get(test)!.states,
    preemptions: PREEMPTIONS,
    timeoutMs: BOOT_TIMEOUT_MS,
    unfit: (test) => (reachesUndefined(models.get(test)!) ? UNDEFINED_REASON : undefined),
    onLine,
  });
  if (flags.record) record(compiled.machine, replayed);
  return replayed.map((r) => {
    const place = { kernel: kernel.id, version: kernel.version, file: r.test.source.file };
    return compareRun(models.get(r.test)!, machineOutcomes(r), place, DIFFERENCES);
  });
}

/** The files of `src/replay/machine` by name. */
export function templates(): Record<string, string> {
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
