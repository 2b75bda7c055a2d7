import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runToEnd, Search } from '../../src/explore/bfs.js';
import { replaying } from '../../src/explore/chooser.js';
import type { Choose, TransitionSystem } from '../../src/explore/system.js';
import { mix, specsUpTo, type Spec } from './specs.js';

/** Small numbers, and few. */
const specs = specsUpTo({ width: 4, size: 4, moves: 3 });

/** A number below `n` from everything that a decision may depend on. */
function decide(spec: Spec, n: number, ...from: readonly number[]): number {
  return mix(spec.seed, ...from) % n;
}

const enabled = (spec: Spec, w: Int32Array, m: number): boolean => decide(spec, 3, 1, m, ...w) !== 0;

/** Makes a move in place: up to two choices, the second depending on the first. */
function apply(spec: Spec, w: Int32Array, m: number, choose: Choose): void {
  const first = choose(1 + decide(spec, 3, 2, m, ...w));
  const second = first === 1 ? choose(2) : 0;
  const at = decide(spec, spec.width, 3, m, first, ...w);
  w[at] = decide(spec, spec.size, 4, m, first, second, ...w);
}

function system(spec: Spec): TransitionSystem {
  const words = new Int32Array(spec.width);
  return {
    words,
    cuts: spec.cuts,
    moves: spec.moves,
    enabled: (m) => enabled(spec, words, m),
    apply: (m, choose) => apply(spec, words, m, choose),
  };
}

interface Naive {
  /** Steps from the start, by state. */
  readonly depth: ReadonlyMap<string, number>;
  readonly finals: ReadonlySet<string>;
  readonly transitions: number;
}

/** The same search without stores, hashes or odometers. */
function naive(spec: Spec): Naive {
  const depth = new Map<string, number>([[new Int32Array(spec.width).join(), 0]]);
  const finals = new Set<string>();
  let transitions = 0;
  for (const [text, d] of depth) {
    const from = Int32Array.from(text.split(','), Number);
    let moved = false;
    for (let m = 0; m < spec.moves; m++) {
      if (!enabled(spec, from, m)) continue;
      moved = true;
      for (const a of [0, 1, 2])
        for (const b of [0, 1]) {
          const arities: number[] = [];
          const answers = [a, b];
          const to = from.slice();
          const choose: Choose = (n) => answers[arities.push(n) - 1]!;
          if (a >= 1 + decide(spec, 3, 2, m, ...from) || (b === 1 && a !== 1)) continue;
          apply(spec, to, m, choose);
          transitions += 1;
          if (!depth.has(to.join())) depth.set(to.join(), d + 1);
        }
    }
    if (!moved) finals.add(text);
  }
  return { depth, finals, transitions };
}

const stateText = (search: Search, id: number): string => {
  const words = new Int32Array(search.system.words.length);
  search.store.load(id, words);
  return words.join();
};

describe('the search', () => {
  it('finds the states, final states and transitions of a naive one, breadth first', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const expected = naive(spec);
        const search = new Search(system(spec));
        const finals = new Set<string>();
        expect(search.run({ onFinal: (id) => void finals.add(stateText(search, id)) })).toBe('complete');
        const texts = Array.from({ length: search.states }, (_, id) => stateText(search, id));
        expect(new Set(texts)).toEqual(new Set(expected.depth.keys()));
        expect(texts.length).toBe(expected.depth.size);
        expect([finals, search.transitions, search.queued]).toEqual([
          expected.finals,
          expected.transitions,
          0,
        ]);
        const depths = texts.map((text) => expected.depth.get(text)!);
        expect(depths).toEqual([...depths].sort((a, b) => a - b));
      }),
      { numRuns: 100 },
    );
  });

  it('gives a shortest path to each state, which can be replayed', () => {
    fc.assert(
      fc.property(specs, (spec) => {
        const { depth } = naive(spec);
        const search = new Search(system(spec));
        search.run();
        for (let id = 0; id < search.states; id++) {
          const path = search.path(id);
          const w = new Int32Array(spec.width);
          for (const { move, choices } of path) {
            expect(enabled(spec, w, move)).toBe(true);
            apply(spec, w, move, replaying(choices));
          }
          expect([w.join(), path.length]).toEqual([stateText(search, id), depth.get(w.join())]);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('finds the same in slices, whatever is asked in between', () => {
    const counter = grid(40);
    const search = new Search(counter);
    let pauses = 0;
    while (search.run({ sliceMs: -1 }) === 'paused') {
      pauses += 1;
      search.path(search.states - 1);
      if (pauses > 10_000) throw new Error('it does not get on');
    }
    expect([search.states, search.ending, pauses > 0]).toEqual([1600, 'complete', true]);
  });

  it('ends at the bounds that it was given', () => {
    const bounded = new Search(grid(40));
    expect([bounded.run({ maxStates: 100 }), bounded.states > 100, bounded.queued > 0]).toEqual([
      'states',
      true,
      true,
    ]);
    const late = new Search(grid(40));
    expect([late.run({ timeoutMs: -1 }), late.queued > 0]).toEqual(['time', true]);
  });

  it('ends when the caller has seen enough', () => {
    const finals: number[] = [];
    const search = new Search(grid(3));
    expect(search.run({ onFinal: (id) => (finals.push(id), true) })).toBe('stopped');
    expect([finals.length, stateText(search, finals[0]!)]).toEqual([1, '2,2']);
  });
});

/** Two counters, each of which moves up to its end. */
function grid(n: number): TransitionSystem {
  const words = new Int32Array(2);
  return {
    words,
    cuts: [0, 1],
    moves: 2,
    enabled: (m) => words[m]! < n - 1,
    apply: (m) => void (words[m]! += 1),
  };
}

describe('runToEnd', () => {
  it('finishes with every choice, and puts the words back', () => {
    const words = Int32Array.of(7);
    const ends: number[] = [];
    runToEnd(
      (choose) => {
        words[0]! += 10 * choose(2);
        if (words[0] === 17) words[0] += choose(3);
      },
      words,
      () => ends.push(words[0]!),
    );
    expect([ends, [...words]]).toEqual([[7, 17, 18, 19], [7]]);
  });
});
