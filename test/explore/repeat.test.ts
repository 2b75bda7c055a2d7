import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Search } from '../../src/explore/bfs.js';
import type { Memo } from '../../src/explore/expansion.js';
import type { TransitionSystem } from '../../src/explore/system.js';
import { WatchedWords } from '../../src/explore/trace.js';
import { Tracer } from '../../src/explore/tracer.js';
import { looking, mix, specsUpTo, type Spec } from './specs.js';

const specs = specsUpTo({ width: 40, size: 6, moves: 5 });

/** Actions that change words, or nothing, that fail and that lead out of the bounds. */
function actions(
  { seed, width, size, moves, cuts }: Spec,
  words: Int32Array,
  noted = new Set<number>(),
): TransitionSystem {
  const look = looking(seed, (seen) => words[seen % width]!);
  return {
    words,
    cuts,
    moves,
    enabled: (m) => look(m, 1) % 4 !== 0,
    apply: (m, choose) => {
      const seen = look(m, 2);
      const chosen = choose(1 + (seen % 3));
      const at = mix(seed, seen, chosen) % width;
      if (seen % 5 === 0) return;
      words[at] = (words[at]! + mix(seed, m, at)) % size;
      if (seen % 7 !== 0) return;
      noted.add(seen);
      if (seen % 2 === 0) return false;
      throw new RangeError('beyond');
    },
  };
}

/** The same, with every state brought into a form of its own: its first two words in order. */
function settling(spec: Spec, noted: Set<number>): TransitionSystem {
  const words = new Int32Array(spec.width);
  const system = actions(spec, words, noted);
  const settle = (): void => {
    if (spec.width > 1 && words[0]! > words[1]!) [words[0], words[1]] = [words[1]!, words[0]!];
  };
  return {
    ...system,
    settle,
    apply: (m, choose) => {
      const before = words.slice();
      try {
        if (system.apply(m, choose) === false) return false;
      } catch {
        return false;
      }
      if (words.every((word, i) => word === before[i])) return false;
      settle();
      return true;
    },
  };
}

function searched(spec: Spec, stop: number, memo?: Memo) {
  const noted = new Set<number>();
  const system = settling(spec, noted);
  const search = new Search(system, false, 1, memo);
  const found: string[] = [];
  const finals: number[] = [];
  const ending = search.run({
    maxStates: 600,
    onState: (id) => found.push(`${id} ${system.words.join()}`) === stop,
    onFinal: (id) => void finals.push(id),
  });
  const ways = found.flatMap((_, id) => (id % 7 === 0 ? [search.path(id)] : []));
  const { transitions, depth } = search;
  return { ending, found, finals, transitions, depth, ways, noted: [...noted].toSorted((a, b) => a - b) };
}

let looks = 0;

function memoOf(spec: Spec): Memo {
  const watched = new WatchedWords(spec.width);
  const { words, trace } = new Tracer(actions(spec, watched as unknown as Int32Array), watched, true);
  return { from: 0, traced: () => ({ words, trace: (m) => ((looks += 1), trace(m)) }) };
}

test('a search that wants the words of states finds the same, in the same order, if it repeats moves', () => {
  let transitions = 0;
  fc.assert(
    fc.property(specs, fc.constantFrom(0, 90), (spec, stop) => {
      const plain = searched(spec, stop);
      expect(searched(spec, stop, memoOf(spec))).toEqual(plain);
      transitions += plain.transitions;
    }),
    { numRuns: 60, seed: 3 },
  );
  expect(looks).toBeLessThan(transitions / 2);
});

test('a twin that does something else is found out', () => {
  const spec: Spec = { seed: 6, width: 12, size: 5, moves: 3, cuts: [0] };
  const search = new Search(settling(spec, new Set()), false, 1, memoOf({ ...spec, size: 4 }));
  expect(() => search.run({ maxStates: 600, onState: () => false })).toThrow('leads elsewhere');
});
