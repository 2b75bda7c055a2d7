import { expect, test } from 'vitest';
import { Search } from '../../src/explore/bfs.js';
import type { TransitionSystem } from '../../src/explore/system.js';

/** Counters that go round: `size` ** 3 states, no end. */
function counters(size: number): TransitionSystem {
  const words = new Int32Array(3);
  return {
    words,
    cuts: [0, 1],
    moves: 3,
    enabled: () => true,
    apply: (m) => {
      words[m] = (words[m]! + 1) % size;
    },
  };
}

test('fingerprints find the same states, and ways to them', () => {
  const [exact, compact] = [new Search(counters(20)), new Search(counters(20), true)];
  expect(compact.run()).toBe(exact.run());
  expect([compact.states, compact.transitions, compact.depth]).toEqual([8000, 24_000, exact.depth]);
  for (const id of [0, 1, 4711, 7999]) expect(compact.path(id)).toEqual(exact.path(id));
});

test('a state that was looked at is gone', () => {
  const search = new Search(counters(3), true);
  search.run();
  expect(() => search.store.load(0, new Int32Array(3))).toThrow('fingerprint');
});

test.each([false, true])('the bound on memory is kept (compact: %s)', (compact) => {
  const search = new Search(counters(200), compact);
  const maxBytes = 4 * 2 ** 20;
  expect(search.run({ maxBytes })).toBe('memory');
  expect(search.states).toBeGreaterThan(10_000);
  expect(search.bytes).toBeLessThanOrEqual(maxBytes);
});
