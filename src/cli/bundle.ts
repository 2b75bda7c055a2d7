import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { LitmusTest } from '../litmus/ast.js';
import { bundleFiles, type BundleInput } from '../replay/bundle/index.js';
import { parseRecording } from '../replay/compare/recorded.js';
import { machineKernel, selectKernels, type KernelSpec } from '../replay/kernels/catalogue.js';
import { paths } from '../replay/kernels/paths.js';
import { readRecord, type KernelRecord } from '../replay/kernels/record.js';
import { unsuitable } from '../replay/session.js';
import type { RunOptions, RunResult } from '../run/result.js';
import { UsageError } from './exit.js';

/** The kernel of a bundle, unless `--kernel` names another. */
const KERNEL = 'amd64-7.2';
const MODEL_TIMEOUT_MS = 60_000;

export interface BundleOptions {
  readonly directory: string;
  readonly kernels: readonly string[];
  readonly tests: readonly LitmusTest[];
  readonly templates: Readonly<Record<string, string>>;
  /** Where outcomes of real kernels are kept. */
  readonly recorded: string;
  run(test: LitmusTest, options: RunOptions): RunResult | Promise<RunResult>;
}

/**
 * `pfnmap replay --bundle DIR TEST`: writes the bundle and returns what to tell.
 * @throws {UsageError}
 */
export async function writeBundle(options: BundleOptions): Promise<string> {
  const { directory, kernels, tests, templates } = options;
  if (tests.length !== 1) throw new UsageError(`--bundle takes one test, not ${tests.length}`);
  if (kernels.length > 1) throw new UsageError('--bundle takes one kernel');
  if (existsSync(directory) && readdirSync(directory).length > 0) {
    throw new UsageError(`${directory} is not empty`);
  }
  const test = tests[0]!;
  const spec = selectKernels(kernels.length === 0 ? [KERNEL] : kernels)[0]!;
  const record = await readRecord(paths(), spec);
  refuse(test, spec, record);
  const model = await options.run(test, {
    arch: spec.arch,
    release: spec.release,
    timeoutMs: MODEL_TIMEOUT_MS,
  });
  refuseModel(test, model);
  const files = bundleFiles({
    ...{ test, model, spec, templates },
    ...(record === undefined ? {} : { record }),
    ...configOf(record),
    ...recordedOf(options.recorded, spec, test),
  });
  for (const { path, text, executable } of files) {
    const file = join(directory, path);
    makeDirectory(dirname(file));
    writeFileSync(file, text, { mode: executable ? 0o755 : 0o644 });
  }
  const how =
    record === undefined
      ? 'KERNEL HEADERS'
      : [record.image, record.headers].map((path) => join(paths().root, path)).join(' ');
  return `${directory}: ${files.length} files for ${spec.id}; run ${resolve(directory, 'run.sh')} ${how}\n`;
}

/** Makes a directory and those above it, one by one: Node's own way never comes back where none can be made, as in /proc. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  mkdirSync(path);
}

/** @throws {UsageError} if no machine of this kernel can run the test */
function refuse(test: LitmusTest, spec: KernelSpec, record: KernelRecord | undefined): void {
  // Only a kernel that is set up is known to have no window of I/O memory.
  const window = spec.kind === 'uml' ? {} : { mmio: [0, 1] as const };
  const found = record ?? { version: '', hooks: { kprobes: true, kallsyms: true }, ...window };
  const reason = unsuitable(test, machineKernel(spec, found));
  if (reason !== undefined) throw new UsageError(`${test.name} cannot be bundled for ${spec.id}: ${reason}`);
  if (spec.kind === 'uml' && /\bbug\s*\(/.test(test.source.text.slice(test.condition?.span.start ?? 0))) {
    throw new UsageError(`${test.name} cannot be bundled for ${spec.id}: BUG() ends User-mode Linux`);
  }
}

/** @throws {UsageError} if the model has no full answer that a machine could be held against */
function refuseModel(test: LitmusTest, model: RunResult): void {
  const why = !model.exhaustive
    ? `the model did not finish: ${model.reason ?? ''}`
    : model.observation === 'Undef' || model.undefined.length > 0
      ? `undefined behaviour (${model.undefined.join(', ')}): a machine may do anything`
      : undefined;
  if (why !== undefined) throw new UsageError(`${test.name} cannot be bundled: ${why}`);
}

function configOf(record: KernelRecord | undefined): Pick<BundleInput, 'config'> {
  const file = record === undefined ? '' : join(paths().root, record.headers, '.config');
  return existsSync(file) ? { config: readFileSync(file, 'utf8') } : {};
}

function recordedOf(directory: string, { id }: KernelSpec, test: LitmusTest): Pick<BundleInput, 'recorded'> {
  const file = join(directory, `${id}.jsonl`);
  if (!existsSync(file)) return {};
  const { about, tests } = parseRecording(readFileSync(file, 'utf8'));
  const outcomes = tests.find((t) => t.test === test.name);
  return outcomes === undefined ? {} : { recorded: { outcomes, version: about.version } };
}
