import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { LitmusTest } from '../litmus/ast.js';
import type { Wanted } from '../replay/boot/accelerator.js';
import { type ComparisonFormat, formatComparisons } from '../replay/compare/formats.js';
import { openMachines } from '../replay/machines.js';
import { writeBundle } from './bundle.js';
import type { Context } from './context.js';
import { loadEngine } from './engine.js';
import { EXIT, UsageError } from './exit.js';
import { findTests, PACKAGE_ROOT } from './files.js';
import { type Engine, replayAll, type ReplaySession } from './replay-all.js';

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

/** `pfnmap replay FILE|DIR...` */
export async function replayCommand(this: Context, flags: ReplayFlags, ...paths: string[]): Promise<void> {
  const { stdout, stderr } = this.process;
  const tell = (line: string): void => void stderr.write(`${line}\n`);
  const engine = await loadEngine();
  const tests = findTests(paths, this.cwd).map((file) =>
    engine.parse({ file, text: readFileSync(resolve(this.cwd, file), 'utf8') }),
  );
  if (flags.bundle !== undefined) return bundle(this, engine, tests, flags);
  const { ready, missing, kvm } = await machines(flags);
  if (flags.accel === 'kvm' && kvm?.works !== true) {
    tell(`KVM is not used: ${kvm?.reason ?? 'no kernel is set up that could try it'}`);
  }
  if (ready.length === 0) throw new UsageError(`no kernel is set up: run 'npm run replay:setup'`);
  for (const id of missing) tell(`${id}: not set up`);
  const session: ReplaySession = {
    ...{ engine, tests, signal: this.signal, templates: templates(), tell },
    ...(flags.runs === undefined ? {} : { runs: flags.runs }),
    ...(flags.record ? { recorded: RECORDED } : {}),
    ...(flags.verbose ? { onLine: (kernel: string, line: string) => tell(`${kernel}| ${line}`) } : {}),
  };
  const { all, failed } = await replayAll(session, ready);
  stdout.write(formatComparisons(all, flags.format));
  const differs = failed > 0 || all.some((c) => c.status === 'differs');
  this.status = this.signal.aborted ? EXIT.interrupted : differs ? EXIT.differs : EXIT.ok;
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

/** The files of `src/replay/machine` by name. */
export function templates(): Record<string, string> {
  return Object.fromEntries(
    readdirSync(TEMPLATES).map((name) => [name, readFileSync(join(TEMPLATES, name), 'utf8')]),
  );
}
