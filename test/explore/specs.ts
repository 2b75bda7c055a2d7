/** What the systems that tests search are made of. */
import fc from 'fast-check';
import type { Choose, TransitionSystem } from '../../src/explore/system.js';

/** A system of `width` words below `size`; the seed decides all, so moves are deterministic. */
export interface Spec {
  readonly seed: number;
  readonly width: number;
  readonly size: number;
  readonly moves: number;
  readonly cuts: readonly number[];
}

/** Specs of at most so many words, values and moves. */
export function specsUpTo(most: Pick<Spec, 'width' | 'size' | 'moves'>): fc.Arbitrary<Spec> {
  return fc
    .record({
      seed: fc.nat(2 ** 30),
      width: fc.integer({ min: 1, max: most.width }),
      size: fc.integer({ min: 2, max: most.size }),
      moves: fc.integer({ min: 1, max: most.moves }),
    })
    .chain((s) =>
      fc
        .subarray(Array.from({ length: s.width - 1 }, (_, i) => i + 1))
        .map((cuts): Spec => ({ ...s, cuts: [0, ...cuts] })),
    );
}

/** A number that follows from others, as a seed has it. */
export function mix(seed: number, ...from: readonly number[]): number {
  let h = seed;
  for (const x of from) h = Math.imul(h ^ (x + 0x9e37), 0x85ebca6b) ^ (h >>> 13);
  return (h >>> 7) ^ (h >>> 19);
}

/**
 * How a move looks at words: which comes next follows from those before.
 * @param word the one that a number stands for
 * @returns what move `m` has seen after so many
 */
export function looking(seed: number, word: (seen: number) => number): (m: number, times: number) => number {
  return (m, times) => {
    let seen = mix(seed, m);
    for (let i = 0; i < times; i++) seen = mix(seed, seen, word(seen));
    return seen;
  };
}

/**
 * A system of which a seed decides what a move looks at, before it is known to be possible and after.
 * @param word the one that a number stands for
 * @param act what move `m` does that has seen `seen`
 */
export function seeded(
  words: Int32Array,
  { seed, moves, cuts }: Pick<Spec, 'seed' | 'moves' | 'cuts'>,
  word: (seen: number) => number,
  act: (m: number, seen: number, choose: Choose) => boolean | void,
): TransitionSystem {
  const look = looking(seed, word);
  return {
    words,
    cuts,
    moves,
    enabled: (m) => look(m, 1) % 4 !== 0,
    apply: (m, choose) => act(m, look(m, 2), choose),
  };
}
