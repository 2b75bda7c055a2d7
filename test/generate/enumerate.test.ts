import { expect, test } from 'vitest';
import { CLASSES, quotas, recordAt, recordsOf, spaceOf } from '../../src/generate/enumerate.js';
import { encodeRecord, type TestRecord } from '../../src/generate/record.js';
import { isValid } from '../../src/generate/valid.js';

function first(n: number, size: number, seed: number): string[] {
  const found: string[] = [];
  for (const record of recordsOf(
    CLASSES.find((c) => c.size === size)!,
    seed,
  )) {
    if (found.length === n) break;
    found.push(encodeRecord(record).join(' '));
  }
  return found;
}

test('a seed gives the same records every time, another gives others', () => {
  expect(first(200, 3, 7)).toEqual(first(200, 3, 7));
  expect(first(200, 3, 7)).not.toEqual(first(200, 3, 8));
});

test('every valid record comes once, whatever the seed', () => {
  const of = CLASSES.find((c) => c.size === 0 && c.mmio)!;
  const all = Array.from({ length: spaceOf(of) }, (_, n) => recordAt(of, n)).filter((r) => r !== undefined);
  const keys = (records: Iterable<TestRecord>): string[] =>
    [...records].map((r) => encodeRecord(r).join(' '));
  const walked = keys(recordsOf(of, 5));
  expect(walked.length).toBeGreaterThan(100);
  expect(new Set(walked).size).toBe(walked.length);
  expect(walked.toSorted()).toEqual(keys(all).toSorted());
});

test('the beginning of a walk has every value of every field', () => {
  const records = first(500, 3, 1).map((line) => line.split(' ').map(Number));
  const values = (at: number): number => new Set(records.map((r) => r[at])).size;
  // all of two kinds, and all of the operations
  expect([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(values)).toEqual([2, 2, 2, 2, 2, 7, 3, 6, 3, 5]);
  expect(values(12)).toBeGreaterThan(10);
});

test('the parts of a count add up to it', () => {
  for (const count of [1, 10, 99, 2000]) expect(quotas(count).reduce((a, b) => a + b)).toBe(count);
  expect(quotas(2000).every((n) => n > 0)).toBe(true);
});

test('what makes no sense is left out', () => {
  const valid = [...recordsOf(CLASSES[0]!, 1)][0]!;
  expect(isValid({ ...valid, place: 'mmap', call: 'page' })).toBe(false);
  expect(isValid({ ...valid, pages: 'one', ops: [{ name: 'load', arg: 'second' }] })).toBe(false);
  expect(isValid({ ...valid, kind: 'reserved', ops: [{ name: 'free', arg: 'page' }] })).toBe(false);
});
