import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ARCH_NAMES } from '../kernel/arch/index.js';
import type { parseFact } from '../kernel/facts.js';
import { RELEASES } from '../kernel/release.js';
import type { LitmusTest } from '../litmus/ast.js';
import type { Allocator } from '../run/probability/index.js';
import { createReport, type Format } from '../report/index.js';
import type { Context } from './context.js';
import { WORKER, workersFor } from './crew.js';
import { loadEngine } from './engine.js';
import { readAndRunFile, type Engine, type FileRunOptions } from './file-run.js';
import { findTests } from './files.js';
import { configurations, probabilityOf } from './options.js';
import type { ModelWatch } from './model-coverage.js';
import { Pool, type PoolOptions } from './pool.js';
import { ProgressLine } from './progress.js';
import { Session } from './session.js';
import { useColor } from './terminal.js';

/** The options of `pfnmap run`, parsed. */
export interface RunFlags {
  readonly arch?: readonly string[];
  readonly release?: readonly string[];
  readonly all: boolean;
  readonly fact?: readonly ReturnType<typeof parseFact>[];
  readonly ptrs?: number;
  readonly format: Format;
  /** In milliseconds. */
  readonly timeout?: number;
  readonly maxStates?: number;
  readonly memory?: number;
  readonly compact: boolean;
  readonly symmetry: boolean;
  readonly por: boolean;
  readonly witness: boolean;
  readonly probability?: readonly Allocator[];
  readonly ram?: number;
  readonly share: boolean;
  readonly coverage: boolean;
  readonly details: boolean;
  readonly jobs?: number;
  readonly workers?: number;
}

/** `pfnmap run FILE|DIR...` */
export async function runCommand(this: Context, flags: RunFlags, ...paths: string[]): Promise<void> {
  const { stdout, stderr } = this.process;
  const chosen = configurations(flags, { archs: ARCH_NAMES, releases: RELEASES });
  const files = findTests(paths, this.cwd);
  const color = useColor(stderr, this.env);
  const options: FileRunOptions = {
    configurations: chosen,
    common: {
      facts: Object.fromEntries(flags.fact ?? []),
      ...(flags.ptrs !== undefined && { ptrs: flags.ptrs }),
      ...(flags.timeout !== undefined && { timeoutMs: flags.timeout }),
      ...(flags.maxStates !== undefined && { maxStates: flags.maxStates }),
      ...(flags.memory !== undefined && { maxBytes: flags.memory }),
      ...(flags.compact && { compact: true }),
      symmetry: flags.symmetry,
      por: flags.por,
      witness: flags.witness,
      ...probabilityOf(flags),
    },
    // What of the model runs is asked on this thread, run by run.
    share: flags.share && !flags.coverage,
    workers: workersFor(flags),
    color,
    debug: Boolean(this.env['PFNMAP_DEBUG']),
  };
  const read = (file: string): string => readFileSync(resolve(this.cwd, file), 'utf8');
  const threads = flags.coverage ? 1 : threadsFor(files.length, chosen.length, flags.jobs);
  const runner = await fileRunner({ files, options, threads, read, signal: this.signal, start }, this.model);
  const session = new Session({
    files,
    configurations: chosen.length,
    report: createReport(flags.format, flags.details),
    stdout,
    stderr,
    color,
    progress: new ProgressLine(stderr),
    signal: this.signal,
    run: (index, emit) => runner.run(index, emit),
  });
  this.status = await session.run();
  runner.close();

  function start(): Worker {
    return new Worker(WORKER, { workerData: options });
  }
}

/** A thread takes longer to start than so many runs of small tests. */
const FEW_RUNS = 64;

function isFew(files: number, configurations: number): boolean {
  return files * configurations < FEW_RUNS;
}

/** How many threads are worth it; 1: none but this one. */
function threadsFor(files: number, configurations: number, asked: number | undefined): number {
  const few = asked === undefined && isFew(files, configurations);
  return few || !existsSync(WORKER) ? 1 : Math.min(files, asked ?? availableParallelism());
}

/** Says with each result what of the model has run. */
function watching(engine: Engine<LitmusTest>, model: ModelWatch): Engine<LitmusTest> {
  return {
    parse: engine.parse,
    run: async (test, options) => {
      model.begin();
      const result = await engine.run(test, options);
      return result.status === 'ran' ? { ...result, model: model.end() } : result;
    },
  };
}

/** Runs files on this thread or on others. */
async function fileRunner(
  o: PoolOptions,
  model: ModelWatch | undefined,
): Promise<Pick<Pool, 'run' | 'close'>> {
  if (o.threads > 1) return new Pool(o);
  const { files, options, read, signal } = o;
  const plain = await loadEngine(isFew(files.length, options.configurations.length));
  const engine = model === undefined ? plain : watching(plain, model);
  return {
    run: (index, emit) => readAndRunFile(engine, files[index]!, read, options, signal, emit),
    close: () => undefined,
  };
}
