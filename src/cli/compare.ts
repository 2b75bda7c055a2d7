import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { LitmusTest } from '../litmus/ast.js';
import { type CompareFormat, formatFidelity } from '../replay/compare/formats.js';
import { parseRecording, type Recording } from '../replay/compare/recorded.js';
import { compareRun, type Comparison, type MachineOutcomes } from '../replay/compare/verdict.js';
import { DIFFERENCES } from '../replay/differences.js';
import { compareSelftest, selftestCases } from '../replay/selftest/compare.js';
import { readSelftests, SELFTEST_FILE } from '../replay/selftest/record.js';
import type { RunResult } from '../run/result.js';
import type { Context } from './context.js';
import { loadEngine } from './engine.js';
import { EXIT, UsageError } from './exit.js';
import { corpus, findTests } from './files.js';
import { RECORDED } from './replay.js';
import { table } from './table.js';

/** The options of `pfnmap compare`, parsed. */
export interface CompareFlags {
  readonly kernel?: readonly string[];
  readonly format: CompareFormat;
}

const MODEL_TIMEOUT_MS = 60_000;

/** `pfnmap compare [FILE|DIR...]`: the model as it is now against what real kernels gave when it was recorded. */
export async function compareCommand(this: Context, flags: CompareFlags, ...paths: string[]): Promise<void> {
  const engine = await loadEngine();
  const recordings = recorded(flags.kernel);
  const tests: LitmusTest[] = [];
  const models = new Map<Recording, Map<LitmusTest, RunResult>>(recordings.map((r) => [r, new Map()]));
  const all: Comparison[] = [];
  for (const file of findTests(paths.length > 0 ? paths : [corpus(this.cwd)], this.cwd)) {
    // an interruption is heard of between two tests
    await setImmediate();
    if (this.signal.aborted) break;
    const test = engine.parse({ file, text: readFileSync(resolve(this.cwd, file), 'utf8') });
    tests.push(test);
    for (const recording of recordings) {
      const { arch, release, kernel, version } = recording.about;
      const model = await engine.run(test, { arch, release, timeoutMs: MODEL_TIMEOUT_MS });
      models.get(recording)!.set(test, model);
      all.push(compareRun(model, outcomesOf(recording, test), { kernel, version, file }, DIFFERENCES));
    }
  }
  const selftests = readSelftests(join(RECORDED, SELFTEST_FILE));
  for (const [{ about }, results] of models) {
    const known = selftests[about.kernel];
    const runs = known?.version === about.version ? known.runs : 'not recorded';
    all.push(...compareSelftest(selftestCases(tests), runs, (test) => results.get(test)!, about));
  }
  this.process.stdout.write(format(all, flags.format));
  const differs = all.some((c) => c.status === 'differs');
  this.status = this.signal.aborted ? EXIT.interrupted : differs ? EXIT.differs : EXIT.ok;
}

/** What a machine gave for a test as it stands now. */
function outcomesOf({ tests }: Recording, { name, hash }: LitmusTest): MachineOutcomes {
  const seen = tests.find((t) => t.test === name);
  if (seen?.hash === hash) return seen;
  const skipped = seen === undefined ? 'not recorded' : 'changed since it was recorded';
  return { test: name, hash, runs: 0, complete: false, outcomes: [], concurrent: false, skipped };
}

/** What was recorded, in the order of the kernels' names. */
export function recorded(kernels?: readonly string[]): Recording[] {
  const files = existsSync(RECORDED) ? readdirSync(RECORDED).filter((f) => f.endsWith('.jsonl')) : [];
  const all = files.toSorted().map((f) => parseRecording(readFileSync(join(RECORDED, f), 'utf8')));
  for (const id of kernels ?? []) {
    if (!all.some((r) => r.about.kernel === id)) throw new UsageError(`nothing is recorded of '${id}'`);
  }
  return all.filter((r) => kernels === undefined || kernels.includes(r.about.kernel));
}

function format(all: readonly Comparison[], how: CompareFlags['format']): string {
  switch (how) {
    case 'json':
      return all.map((c) => `${JSON.stringify(c)}\n`).join('');
    case 'markdown':
      return formatFidelity(all);
    case 'table':
      return byTest(all);
  }
}

const WORDS = { agreed: 'agreed', differs: 'DIFFERS', explained: 'explained', 'not run': '-' } as const;

/** One row a test, one column a kernel. */
function byTest(all: readonly Comparison[]): string {
  const kernels = [...new Set(all.map((c) => c.kernel))];
  const tests = new Map<string, Map<string, string>>();
  for (const c of all) {
    const row = tests.get(c.test) ?? new Map<string, string>();
    tests.set(c.test, row.set(c.kernel, WORDS[c.status]));
  }
  return table([
    ['TEST', ...kernels],
    ...[...tests].map(([test, row]) => [test, ...kernels.map((k) => row.get(k) ?? '')]),
  ]);
}
