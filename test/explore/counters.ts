import type { TransitionSystem } from '../../src/explore/system.js';

/** Counters that go up to `size`, and may be taken back at once: the last state has no move. */
export function counters(size: number, words: Int32Array = new Int32Array(20)): TransitionSystem {
  return {
    words,
    cuts: [0, 2, 11],
    moves: 3,
    enabled: (m) => words[7 * m]! < size,
    apply: (m, choose) => {
      words[7 * m] = choose(2) === 1 ? 0 : words[7 * m]! + 1;
    },
  };
}
