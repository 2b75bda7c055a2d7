/** Tests that differ in what can happen: of all records with the same outcomes only the first is kept. */
import type { LitmusTest } from '../litmus/ast.js';
import { runTest } from '../run/index.js';
import type { RunResult } from '../run/result.js';
import { CLASSES, quotas, recordsOf } from './enumerate.js';
import type { TestRecord } from './record.js';
import { litmusText } from './text.js';

/** The configurations whose outcomes make a test's signature: one with a special bit, one without. */
export const SIGNATURE_ARCHS = ['x86_64', 'um'] as const;
export const SIGNATURE_RELEASE = '7.2';

/** A test that takes more states is left out. */
export const MAX_STATES = 20_000;
/** After so many tests the event loop is let in. */
const BREATHE = 8;

/** A record that was kept, with what the model says about it. */
export interface GeneratedTest {
  /** From 0, in the order in which they were kept. */
  readonly index: number;
  readonly record: TestRecord;
  readonly test: LitmusTest;
  /** In the order of {@link SIGNATURE_ARCHS}. */
  readonly models: readonly RunResult[];
}

/** Why records were left out, and how often. */
export interface GenerateCounts {
  tried: number;
  kept: number;
  /** Same outcomes as an earlier one. */
  duplicate: number;
  /** The model reaches undefined behaviour: a machine may do anything. */
  undefined: number;
  /** Too many states, or too little RAM. */
  unknown: number;
}

export interface GenerateOptions {
  readonly seed: number;
  readonly count: number;
  /** @throws {DiagnosticError} */
  parse(text: string, file: string): LitmusTest;
  readonly counts?: GenerateCounts;
  readonly signal?: AbortSignal;
  /** What is known from an interrupted run: the same records lead to the same results. */
  recall?(record: TestRecord, test: LitmusTest): Judged | undefined;
  onJudged?(record: TestRecord, judged: Judged): void;
}

/** What the model says about a record: why it is left out, or its results. */
export type Judged =
  | { readonly left: 'undefined' | 'unknown' }
  | { readonly left?: undefined; readonly models: readonly RunResult[] };

export function freshCounts(): GenerateCounts {
  return { tried: 0, kept: 0, duplicate: 0, undefined: 0, unknown: 0 };
}

/** The name of a generated test: `g7-0012` is number 12 of seed 7. */
export function testName(seed: number, index: number): string {
  return `g${seed}-${String(index).padStart(4, '0')}`;
}

/** The tests of a seed, one after the other; fewer than asked for only if there are no more. */
export async function* generate(options: GenerateOptions): AsyncGenerator<GeneratedTest> {
  const { seed, count, counts = freshCounts() } = options;
  const seen = new Set<string>();
  for (const [i, quota] of quotas(count).entries()) {
    let kept = 0;
    for (const record of recordsOf(CLASSES[i]!, seed)) {
      if (kept >= quota || options.signal?.aborted === true) break;
      const name = testName(seed, counts.kept);
      const test = options.parse(litmusText(record, { name }), `${name}.litmus`);
      counts.tried++;
      if (counts.tried % BREATHE === 0) await new Promise((resolve) => setTimeout(resolve, 0));
      const judged = await judge(record, test, options);
      if (judged.left !== undefined) {
        counts[judged.left]++;
        continue;
      }
      const key = signature(judged.models);
      if (seen.has(key)) {
        counts.duplicate++;
        continue;
      }
      seen.add(key);
      kept++;
      yield { index: counts.kept++, record, test, models: judged.models };
    }
  }
}

async function judge(record: TestRecord, test: LitmusTest, options: GenerateOptions): Promise<Judged> {
  const known = options.recall?.(record, test);
  if (known !== undefined) return known;
  const judged = await ask(test);
  options.onJudged?.(record, judged);
  return judged;
}

/** The model's results on both configurations, or why the test is no good. */
export async function ask(test: LitmusTest): Promise<Judged> {
  const models: RunResult[] = [];
  for (const arch of SIGNATURE_ARCHS) {
    const model = await runTest(test, { arch, release: SIGNATURE_RELEASE, maxStates: MAX_STATES });
    if (model.observation === 'Undef') return { left: 'undefined' };
    if (!model.exhaustive || model.observation === 'Unknown') return { left: 'unknown' };
    models.push(model);
  }
  return { models };
}

/** What can happen, on both configurations. */
function signature(models: readonly RunResult[]): string {
  return models
    .map(({ outcomes }) =>
      outcomes
        .map(({ text }) => text)
        .toSorted()
        .join('\n'),
    )
    .join('\n\n');
}
