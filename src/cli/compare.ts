import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatFidelity } from '../replay/compare/formats.js';
import { parseRecording, type Recording } from '../replay/compare/recorded.js';
import { compareRun, type Comparison } from '../replay/compare/verdict.js';
import { DIFFERENCES } from '../replay/differences.js';
import type { Context } from './context.js';
import { loadEngine } from './engine.js';
import { EXIT, UsageError } from './exit.js';
import { corpus, findTests } from './files.js';
import { RECORDED } from './replay.js';
import { table } from './table.js';

export const COMPARE_FORMATS = ['table', 'json', 'markdown'] as const;

/** The options of `pfnmap compare`, parsed. */
export interface CompareFlags {
  readonly kernel?: readonly string[];
  readonly format: (typeof COMPARE_FORMATS)[number];
}

const MODEL_TIMEOUT_MS = 60_000;

/** `pfnmap compare [FILE|DIR...]`: the model as it is now against what real kernels gave when it was recorded. */
export async function compareCommand(this: Context, flags: CompareFlags, ...paths: string[]): Promise<void> {
  const engine = await loadEngine();
  const recordings = recorded(flags.kernel);
  const all: Comparison[] = [];
  for (const file of findTests(paths.length > 0 ? paths : [corpus(this.cwd)], this.cwd)) {
    const test = engine.parse({ file, text: readFileSync(join(this.cwd, file), 'utf8') });
    for (const { about, tests } of recordings) {
      const { arch, release, kernel, version } = about;
      const seen = tests.find((t) => t.test === test.name);
      const model = await engine.run(test, { arch, release, timeoutMs: MODEL_TIMEOUT_MS });
      const nothing = {
        test: test.name,
        hash: test.hash,
        runs: 0,
        complete: false,
        outcomes: [],
        concurrent: false,
      };
      const outcomes =
        seen === undefined
          ? { ...nothing, skipped: 'not recorded' }
          : seen.hash !== test.hash
            ? { ...nothing, skipped: 'changed since it was recorded' }
            : seen;
      all.push(compareRun(model, outcomes, { kernel, version, file }, DIFFERENCES));
    }
  }
  this.process.stdout.write(format(all, flags.format));
  this.status = all.some((c) => c.status === 'differs') ? EXIT.differs : EXIT.ok;
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
