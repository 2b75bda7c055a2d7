import { expect, test } from 'vitest';
import { freshCounts, generate, type GeneratedTest, type Judged } from '../../src/generate/generate.js';
import { encodeRecord } from '../../src/generate/record.js';
import { parseLitmus } from '../../src/run/parse.js';
import { grammar } from '../litmus/grammar.js';

const parse = (text: string, file: string) => parseLitmus({ file, text }, grammar);

async function all(options: Partial<Parameters<typeof generate>[0]> = {}): Promise<GeneratedTest[]> {
  const found: GeneratedTest[] = [];
  for await (const one of generate({ seed: 3, count: 6, parse, ...options })) found.push(one);
  return found;
}

const lines = (tests: readonly GeneratedTest[]): string[] =>
  tests.map((t) => encodeRecord(t.record).join(' '));

test('no two tests have the same outcomes, and all is the same the next time', async () => {
  const tests = await all();
  const outcomes = tests.map(({ models }) =>
    JSON.stringify(models.map((m) => m.outcomes.map((o) => o.text))),
  );
  expect(tests).toHaveLength(6);
  expect(new Set(outcomes).size).toBe(6);
  expect(tests.map((t) => t.test.name)).toEqual(tests.map((_, i) => `g3-${String(i).padStart(4, '0')}`));
  expect(lines(await all())).toEqual(lines(tests));
}, 60_000);

test('what is known is not asked again', async () => {
  const judged = new Map<string, Judged>();
  const tests = await all({ onJudged: (record, j) => judged.set(JSON.stringify(record), j) });
  let asked = 0;
  const again = await all({
    recall: (record) => judged.get(JSON.stringify(record)),
    onJudged: () => asked++,
  });
  expect(asked).toBe(0);
  expect(lines(again)).toEqual(lines(tests));
}, 60_000);

test('of tests with the same outcomes only the first is kept', async () => {
  const counts = freshCounts();
  const same = { models: [] };
  const tests = await all({
    counts,
    recall: () => (counts.tried > 40 ? { left: 'unknown' } : same),
    signal: stopAt(counts, 60),
  });
  expect(tests).toHaveLength(1);
  expect(counts.duplicate).toBe(39);
  expect(counts.unknown).toBeGreaterThan(10);
});

/** A signal that is up when so many records were tried. */
function stopAt(counts: { readonly tried: number }, n: number): AbortSignal {
  return {
    get aborted() {
      return counts.tried >= n;
    },
  } as AbortSignal;
}
