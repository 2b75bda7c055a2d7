/** What `pfnmap replay` does between its arguments and its output: compiles for every machine, asks the model, boots, compares. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { LitmusTest } from '../litmus/ast.js';
import { machineOutcomes } from '../replay/compare/convert.js';
import { summaryLine } from '../replay/compare/formats.js';
import { formatRecording, mergeRecordings, parseRecording } from '../replay/compare/recorded.js';
import {
  compareRun,
  reachesUndefined,
  UNDEFINED_REASON,
  type Comparison,
} from '../replay/compare/verdict.js';
import { DIFFERENCES } from '../replay/differences.js';
import { endPrograms } from '../replay/exec.js';
import { BuildError } from '../replay/kernels/toolchain.js';
import { paths } from '../replay/kernels/paths.js';
import { parseSelftest, type SelftestRuns } from '../replay/selftest/console.js';
import { compareSelftest, selftestCases } from '../replay/selftest/compare.js';
import { recordSelftest, SELFTEST_FILE } from '../replay/selftest/record.js';
import { NO_SELFTEST, selftestProgram } from '../replay/selftest/source.js';
import {
  compile,
  INTERRUPTED,
  PREEMPTIONS,
  replay,
  runsFor,
  type Compiled,
  type Replayed,
} from '../replay/session.js';
import type { Machine, MachineKernel } from '../replay/types.js';
import type { RunResult } from '../run/result.js';
import type { loadEngine } from './engine.js';

export type Engine = Awaited<ReturnType<typeof loadEngine>>;

/** What is the same for all machines. */
export interface ReplaySession {
  readonly engine: Engine;
  readonly tests: readonly LitmusTest[];
  readonly signal: AbortSignal;
  /** The files of `src/replay/machine` by name. */
  readonly templates: Readonly<Record<string, string>>;
  /** Runs of a test at most, instead of what its outcomes suggest. */
  readonly runs?: number;
  /** Where outcomes are to be kept. */
  readonly recorded?: string;
  /** Tells the user how far it is. */
  tell(line: string): void;
  readonly onLine?: (kernel: string, line: string) => void;
}

const MODEL_TIMEOUT_MS = 60_000;
const BOOT_TIMEOUT_MS = 300_000;
/** Compilations at once. */
const COMPILED_AT_ONCE = 2;
/** Machines at once. */
const BOOTED_AT_ONCE = 2;

/** What is to be run on one machine, and what the model says. */
interface Job {
  readonly compiled: Compiled;
  readonly models: ReadonlyMap<LitmusTest, RunResult>;
  readonly selftest?: Uint8Array;
}

/**
 * Replays tests on machines. Comparisons come in the order of the machines; `failed` counts those for which nothing could be built. If it is
 * interrupted, what is known comes back.
 */
export async function replayAll(
  session: ReplaySession,
  machines: readonly Machine[],
): Promise<{ all: Comparison[]; failed: number }> {
  const { signal, tell } = session;
  signal.addEventListener('abort', endPrograms, { once: true });
  const compiling = stopwatch();
  const jobs = await compileAll(session, machines);
  const compileTime = compiling.lap();
  const runs = stopwatch();
  const found = new Map<Machine, Comparison[]>();
  await pool(slowestFirst(jobs), BOOTED_AT_ONCE, async (job) => {
    if (signal.aborted) return;
    const { machine } = job.compiled;
    const compared = await runJob(session, job);
    found.set(machine, compared);
    const under = machine.accelerator === undefined ? '' : ` under ${machine.accelerator.toUpperCase()}`;
    tell(`${summaryLine(compared)}; ${runs.lap()}${under}`);
  });
  tell(`compiled and asked the model in ${compileTime}, ran in ${runs.lap()}`);
  return {
    all: machines.flatMap((machine) => found.get(machine) ?? []),
    failed: signal.aborted ? 0 : machines.length - jobs.length,
  };
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

/** The machines that take longest begin: none of them is to run alone at the end. */
function slowestFirst(jobs: readonly Job[]): Job[] {
  const rank = ({ uml, bits }: MachineKernel): number => (uml ? 0 : bits === 32 ? 2 : 1);
  return jobs.toSorted((a, b) => rank(b.compiled.machine.kernel) - rank(a.compiled.machine.kernel));
}

/** Compiles for every machine. Drivers that do not compile on one kernel must not stop the others: that is told, and there is no job. */
async function compileAll(session: ReplaySession, machines: readonly Machine[]): Promise<Job[]> {
  const { signal, tell } = session;
  const clock = stopwatch();
  const jobs: Job[] = [];
  await pool(machines, COMPILED_AT_ONCE, async (machine) => {
    try {
      const job = await prepare(session, machine);
      if (job === undefined) return;
      jobs.push(job);
      tell(`${machine.kernel.id}: compiled, ${clock.lap()}`);
    } catch (error) {
      // what was compiled when the user interrupted it did not fail
      if (signal.aborted) return;
      if (!(error instanceof BuildError)) throw error;
      tell(error.message);
    }
  });
  return jobs;
}

async function prepare(session: ReplaySession, machine: Machine): Promise<Job | undefined> {
  const { engine, tests, signal } = session;
  const { arch, release } = machine.kernel;
  if (signal.aborted) return undefined;
  const compiling = compile(machine, tests, session.templates);
  // Awaited below: until then its failure is nobody's.
  compiling.catch(() => {});
  const models = new Map<LitmusTest, RunResult>();
  for (const test of tests) {
    models.set(test, await engine.run(test, { arch, release, timeoutMs: MODEL_TIMEOUT_MS }));
    // an interruption is heard of between two tests
    await setImmediate();
    if (signal.aborted) return undefined;
  }
  const selftest =
    selftestCases(tests).length === 0 ? undefined : await selftestProgram(machine.toolchain, paths());
  return { compiled: await compiling, models, ...(selftest === undefined ? {} : { selftest }) };
}

async function runJob(session: ReplaySession, job: Job): Promise<Comparison[]> {
  const { onLine, signal } = session;
  const { compiled, models, selftest } = job;
  const { kernel } = compiled.machine;
  const modelOf = (test: LitmusTest): RunResult => models.get(test)!;
  const replayed = await replay(
    compiled,
    {
      runs: (test) => session.runs ?? runsFor(test, modelOf(test)),
      wanted: (test) => modelOf(test).states,
      preemptions: PREEMPTIONS,
      timeoutMs: BOOT_TIMEOUT_MS,
      unfit: (test) => (reachesUndefined(modelOf(test)) ? UNDEFINED_REASON : undefined),
      ...(onLine === undefined ? {} : { onLine: (line: string) => onLine(kernel.id, line) }),
      signal,
    },
    selftest,
  );
  const said = replayed.selftest === undefined ? undefined : parseSelftest(replayed.selftest);
  if (session.recorded !== undefined) await record(session.recorded, kernel, replayed.tests, said);
  const place = { kernel: kernel.id, version: kernel.version };
  const none = signal.aborted
    ? INTERRUPTED
    : selftest === undefined
      ? NO_SELFTEST
      : 'the machine died before';
  return [
    ...replayed.tests.map((r) =>
      compareRun(modelOf(r.test), machineOutcomes(r), { ...place, file: r.test.source.file }, DIFFERENCES),
    ),
    ...compareSelftest(selftestCases(session.tests), said ?? none, modelOf, place),
  ];
}

/** Keeps what a machine gave; of what was not run because of an interruption the older record stays. */
async function record(
  directory: string,
  kernel: MachineKernel,
  replayed: readonly Replayed[],
  selftest: SelftestRuns | undefined,
): Promise<void> {
  const { id, arch, release, version } = kernel;
  const file = join(directory, `${id}.jsonl`);
  mkdirSync(directory, { recursive: true });
  const old = existsSync(file) ? parseRecording(readFileSync(file, 'utf8')) : undefined;
  const tests = replayed.filter(({ skipped }) => skipped !== INTERRUPTED).map(machineOutcomes);
  const fresh = { about: { kernel: id, arch, release, version }, tests };
  writeFileSync(file, formatRecording(mergeRecordings(old, fresh)));
  if (selftest !== undefined) await recordSelftest(join(directory, SELFTEST_FILE), kernel, selftest);
}
