/** Random systems that take things: their moves choose among what they look at, several times, and write to what they have chosen. */
import fc from 'fast-check';
import type { Memo } from '../../src/explore/expansion.js';
import type { Choose, TransitionSystem } from '../../src/explore/system.js';
import { WatchedWords } from '../../src/explore/trace.js';
import { Tracer } from '../../src/explore/tracer.js';
import { mix, seeded } from './specs.js';

export interface Taking {
  readonly seed: number;
  readonly things: number;
  /** Values that a thing can have. */
  readonly size: number;
  readonly moves: number;
  /** Words from a thing to the next. */
  readonly apart: number;
  /** Times that a move takes a thing. */
  readonly takes: number;
  readonly cuts: readonly number[];
}

/** Such as have 30,000 states at most. */
export const takings: fc.Arbitrary<Taking> = fc
  .record({
    seed: fc.nat(2 ** 30),
    things: fc.integer({ min: 3, max: 9 }),
    size: fc.integer({ min: 2, max: 4 }),
    moves: fc.integer({ min: 1, max: 4 }),
    apart: fc.constantFrom(1, 5, 9),
    takes: fc.integer({ min: 0, max: 2 }),
  })
  .filter(({ size, things }) => size ** things <= 30_000)
  .chain((spec) => {
    const places = Array.from({ length: spec.things * spec.apart - 1 }, (_, i) => i + 1);
    return fc.subarray(places).map((cuts): Taking => ({ ...spec, cuts: [0, ...cuts] }));
  });

/** One of those for which `is` holds, as who makes the choice wants it. @throws RangeError if there is none */
export function pick(choose: Choose, count: number, is: (i: number) => boolean): number {
  const possible = choose.among ? [] : Array.from({ length: count }, (_, i) => i).filter(is);
  const i = choose.among
    ? choose.among(count, is)
    : (possible[possible.length > 1 ? choose(possible.length) : 0] ?? -1);
  if (i < 0) throw new RangeError('nothing is left');
  return i;
}

/** The system; some of its moves lead out of its bounds, and some fail, for there is nothing to take. */
export function takingSystem(
  spec: Taking,
  words = new Int32Array(spec.things * spec.apart),
): TransitionSystem {
  const { seed, things, size, apart, takes } = spec;
  const of = (i: number): number => words[apart * (i % things)]!;
  const set = (i: number, value: number): void => {
    words[apart * (i % things)] = ((value % size) + size) % size;
  };
  /** Takes a thing that has the value wanted; sometimes the one behind it counts, too, and sometimes one is there for sure. */
  const take = (choose: Choose, seen: number, again: boolean): number => {
    const value = seen % size;
    const sure = seen % 29 === 0 ? -1 : seen % things;
    const both = seen % 5 === 0;
    const i = pick(choose, things, (j) => j === sure || (of(j) === value && (!both || of(j + 1) !== value)));
    set(i, value + 1 + (seen % 2));
    if (choose(2) === 1) set(i + 1, of(i + 1) + (again ? of(i + 2) : 1));
    return mix(seed, seen, i);
  };
  return seeded(words, spec, of, (m, first, choose) => {
    let seen = mix(seed, first, first % 3 === 0 ? 0 : choose(1 + (first % 3)));
    for (let i = 0; i < takes; i++) seen = take(choose, seen, i > 0);
    set(seen, of(seen) + mix(seed, m, seen));
    return seen % 41 !== 0;
  });
}

/** Moves of such a system are remembered from so many states on. */
export function takingMemo(spec: Taking, from: number): Memo {
  return {
    from,
    traced: () => {
      const watched = new WatchedWords(spec.things * spec.apart);
      return new Tracer(takingSystem(spec, watched as unknown as Int32Array<ArrayBuffer>), watched);
    },
  };
}
