import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { LEAF, plainScratch, scratchFor, vectorScratch } from '../../src/explore/diff.js';
import { StateStore } from '../../src/explore/store.js';

describe.each([
  ['with vector instructions', vectorScratch],
  ['without', plainScratch],
])('leaves that differ are found %s', (_, make) => {
  it.each([1, 3, 40, 5000])('of %d', (leaves) => {
    const scratch = make(leaves)!;
    const word = fc.tuple(fc.nat(leaves * LEAF - 1), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }));
    fc.assert(
      fc.property(
        fc.array(word),
        fc.array(word),
        fc.integer({ min: 1, max: leaves }),
        (common, changes, n) => {
          scratch.a.fill(-1);
          for (const [at, value] of common) scratch.a[at] = value;
          scratch.b.set(scratch.a);
          for (const [at, value] of changes) scratch.b[at]! ^= value;
          const differs = (leaf: number): boolean =>
            changes.some(([at]) => Math.floor(at / LEAF) === leaf && scratch.a[at] !== scratch.b[at]);
          const expected = Array.from({ length: n }, (_x, leaf) => leaf).filter(differs);
          expect([...scratch.found.subarray(0, scratch.diff(n))]).toEqual(expected);
        },
      ),
      { numRuns: 30 },
    );
  });
});

test('stores of one thread may take turns at any time', () => {
  const [wide, narrow] = [new StateStore(30, [0, 9]), new StateStore(27, [0, 4, 20])];
  expect(scratchFor(4)).toBe(scratchFor(3));
  const states = [wide, narrow].map((store, which) => {
    const words = new Int32Array(store.width).fill(7 + which);
    store.add(words);
    store.load(0, words);
    return words;
  });
  for (let i = 1; i < 50; i++) {
    for (const [which, store] of [wide, narrow].entries()) {
      const words = states[which]!;
      words[(i * 5) % words.length]! += i;
      expect(store.add(words)).toBe(i);
      if (i % 3 === which) store.load(i, words);
      else store.reload(words);
      if (i % 3 !== which) store.load(i, words);
    }
  }
  for (const [which, store] of [wide, narrow].entries()) {
    const words = new Int32Array(store.width);
    store.load(49, words);
    expect(words).toEqual(states[which]);
    store.load(0, words);
    expect([...words].every((word) => word === 7 + which)).toBe(true);
  }
});
