import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  configurationOf,
  isOn,
  KILLERS,
  Locator,
  NOT_YET,
  readKillers,
  readNotYet,
} from '../../scripts/mutate/killers.mjs';
import { shuffle } from '../../scripts/mutate/random.mjs';
import { Runner } from '../../scripts/mutate/runner.mjs';
import { readCorpus, readSources } from '../../scripts/mutate/sources.mjs';

/** What is kept of a mutant that makes a test fail. */
interface Killer {
  readonly file: string;
  readonly on: string;
  readonly expected: string;
  readonly observed: string;
}

const killers: ReadonlyMap<string, Killer> = readKillers();
const sources: Map<string, string> = readSources();
const corpus: Map<string, string> = readCorpus();
const locator = new Locator(sources);
const HINT = `the record of mutants (${KILLERS}, ${NOT_YET}) is out of date: run 'npm run mutate:evidence'`;
/** Share of the mutants whose code may have been edited since they were tried. */
const STALE = 0.1;

test('every litmus test has been seen to fail when the model is broken, or waits for it', () => {
  const without = [...corpus.keys()].filter((file) => !killers.has(file));
  expect(without, HINT).toEqual(readNotYet());
});

test('there is no record of tests that are gone', () => {
  expect(
    [...killers.keys()].filter((file) => !corpus.has(file)),
    HINT,
  ).toEqual([]);
});

test('what is recorded changes a verdict', () => {
  for (const [file, { expected, observed }] of killers) {
    expect(['Never', 'Sometimes', 'Always'], file).toContain(expected);
    expect(['Never', 'Sometimes', 'Always', 'Undef'], file).toContain(observed);
    expect(observed, file).not.toBe(expected);
  }
});

test('most of the mutants are of code that is still there', () => {
  const gone = [...killers].filter(([, killer]) => locator.find(killer) === undefined);
  expect(
    gone.length,
    `${HINT}; gone: ${gone.map(([file]) => basename(file)).join(', ')}`,
  ).toBeLessThanOrEqual(STALE * killers.size);
});

describe('tried again', () => {
  const again = shuffle([...killers], 7)
    .filter(([file, killer]: [string, Killer]) => corpus.has(file) && locator.find(killer) !== undefined)
    .slice(0, 3) as [string, Killer][];
  const runner = new Runner(sources, new Map(again.map(([file]) => [file, corpus.get(file)])));

  beforeAll(() => runner.begin(again.map(([, { on }]) => configurationOf(on))), 60_000);
  afterAll(() => runner.close());

  test.each(again)('%s fails', async (file, killer) => {
    const jobs = runner.jobs([file], isOn([configurationOf(killer.on)]));
    const { differences } = await runner.run(locator.find(killer), jobs);
    const seen = { file, kind: 'verdict', expected: killer.expected, observed: killer.observed };
    expect(differences, HINT).toEqual(expect.arrayContaining([expect.objectContaining(seen)]));
  });

  test('and a change that changes nothing is not noticed', async () => {
    const file = 'src/kernel/fork.ts';
    const same = { file, start: 0, end: 0, text: '// nothing\n' };
    const jobs = runner.jobs(again.map(([test]) => test));
    expect(await runner.run(same, jobs)).toEqual({ differences: [] });
  });
});
