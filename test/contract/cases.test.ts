import { describe, expect, test } from 'vitest';
import { CONTRACT_IDS, isRule, RULES, ruleNamed } from '../../src/contract/index.js';
import { agrees, contractLines } from '../../src/report/contract.js';
import { corpusHeadlines, recordings } from './corpus.js';

const tests = corpusHeadlines();
const lines = contractLines(tests, recordings());
const cases = new Map(lines.map((line) => [line.id, line.cases]));

describe('the corpus', () => {
  test('names no id that the contract does not have, and keeps and breaks rules only', () => {
    const wrong = tests.flatMap(({ file, references }) =>
      references
        .filter(({ id, role }) => !CONTRACT_IDS.has(id) || (role !== 'shows' && !isRule(id)))
        .map(({ id }) => `${file}: ${id}`),
    );
    expect(wrong).toEqual([]);
  });

  test('names an id once in a test, and does not both keep and break a rule', () => {
    const twice = tests.flatMap(({ file, references }) =>
      references
        .filter(({ id }, i) => references.findIndex((other) => other.id === id) !== i)
        .map(({ id }) => `${file}: ${id}`),
    );
    expect(twice).toEqual([]);
  });
});

describe('every id', () => {
  test('has a test, or says why it has none', () => {
    expect(lines.filter((l) => l.cases.length === 0 && l.untested === undefined).map((l) => l.id)).toEqual(
      [],
    );
  });

  test('that has a test does not say that it has none', () => {
    expect(lines.filter((l) => l.cases.length > 0 && l.untested !== undefined).map((l) => l.id)).toEqual([]);
  });
});

describe('every rule', () => {
  test.each(RULES.map(({ id }) => id))(
    '%s has a test that keeps it and one that breaks it, or says why not',
    (id) => {
      const { without } = ruleNamed(id)!;
      const roles = new Set(cases.get(id)!.map(({ role }) => role));
      expect(roles.has('obeys'), 'a test that obeys').toBe(without.obeying === undefined);
      expect(roles.has('breaks'), 'a test that breaks').toBe(without.breaking === undefined);
    },
  );
});

test('what is called measured was recorded on a real kernel, which agreed', () => {
  const wrong = lines.filter(
    ({ evidence, cases: own }) =>
      evidence === 'measured' && own.every(({ measured }) => measured.length === 0),
  );
  expect(wrong.map(({ id }) => id)).toEqual([]);
});

describe('a kernel agrees', () => {
  const run = (...positive: boolean[]) => ({
    test: 'demo',
    hash: '',
    outcomes: positive.map((p) => ({ positive: p, count: 1 })),
  });

  test('with what it showed', () => {
    expect(agrees('Never', run(false), '')).toBe(true);
    expect(agrees('Never', run(false, true), '')).toBe(false);
    expect(agrees('Always', run(true), '')).toBe(true);
    expect(agrees('Always', run(true, false), '')).toBe(false);
    expect(agrees('Sometimes', run(false, true), '')).toBe(true);
    expect(agrees('Sometimes', run(false), '')).toBe(false);
  });

  test('not if it showed nothing', () => {
    expect(agrees('Never', run(), '')).toBe(false);
    expect(agrees('Always', run(), '')).toBe(false);
    expect(agrees('Never', { ...run(false), skipped: 'no mmio' }, '')).toBe(false);
    expect(agrees('Never', { ...run(false), trouble: 'time-out' }, '')).toBe(false);
  });

  test('by dying, if that was the question', () => {
    const died = { ...run(), bug: { api: 'remap_pfn_range' } };
    expect(agrees('Always', died, 'forall (bug(remap_pfn_range))')).toBe(true);
    expect(agrees('Never', died, 'exists (bug(remap_pfn_range))')).toBe(false);
    expect(agrees('Always', died, 'forall (0:r = 0)')).toBe(false);
  });
});
