import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Search } from '../../src/explore/bfs.js';
import { Member, share } from '../../src/explore/crew.js';
import type { Memo } from '../../src/explore/expansion.js';
import type { TransitionSystem } from '../../src/explore/system.js';
import { RepeatedSuccessors } from '../../src/explore/repeat.js';
import { WatchedWords } from '../../src/explore/trace.js';
import { Tracer } from '../../src/explore/tracer.js';
import { WasmStore } from '../../src/explore/wasm-store.js';
import { mix, specsUpTo, type Spec, seeded } from './specs.js';

const specs = specsUpTo({ width: 40, size: 6, moves: 5 });

/** Actions that change words, or nothing, that fail and that lead out of the bounds. */
function actions(spec: Spec, words: Int32Array, noted = new Set<number>()): TransitionSystem {
  const { seed, width, size } = spec;
  return seeded(
    words,
    spec,
    (seen) => words[seen % width]!,
    (m, seen, choose) => {
      const chosen = choose(1 + (seen % 3));
      const at = mix(seed, seen, chosen) % width;
      if (seen % 5 === 0) return;
      words[at] = (words[at]! + mix(seed, m, at)) % size;
      if (seen % 7 !== 0) return;
      noted.add(seen);
      if (seen % 2 === 0) return false;
      throw new Error('beyond');
    },
  );
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

function isBeyond(error: unknown): boolean {
  return (error as Error).message === 'beyond';
}

function memoOf(spec: Spec, from = 0): Memo {
  const watched = new WatchedWords(spec.width);
  const { words, trace } = new Tracer(actions(spec, watched as unknown as Int32Array), watched, isBeyond);
  return { from, traced: () => ({ words, trace: (m) => ((looks += 1), trace(m)) }) };
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

test('a twin that has more actions is found out', () => {
  const system = (choices: number, words: Int32Array): TransitionSystem => ({
    ...{ words, cuts: [0], moves: 1 },
    enabled: () => words[0]! < 3,
    apply: (_, choose) => void (words[choose(choices)]! += 1),
  });
  const watched = new WatchedWords(8);
  const traced = new Tracer(system(3, watched as unknown as Int32Array), watched);
  const search = new Search(system(2, new Int32Array(8)), false, 1, { from: 0, traced: () => traced });
  expect(() => search.run({ maxStates: 600, onState: () => false })).toThrow('leads elsewhere');
});

test('what another thread has learned counts, also where it lies in memory that this one has not looked at', () => {
  const system = (words: Int32Array): TransitionSystem => ({
    words,
    cuts: [0],
    moves: 2,
    enabled: (m) => words[m]! < 3,
    apply: (m) => void (words[m]! += 1),
  });
  const first = WasmStore.makeShared(8, [0], 2)!;
  first.joined();
  const stores = [first, WasmStore.join(8, [0], first.heap.memory, 2)];
  const reached: string[][] = [[], []];
  const [one, other] = stores.map((store, i) => {
    const own = system(new Int32Array(8));
    const watched = new WatchedWords(8);
    const traced = new Tracer(system(watched as unknown as Int32Array), watched);
    return new RepeatedSuccessors(own, store, traced, () => void reached[i]!.push(own.words.join()));
  });
  const id = first.add(new Int32Array(8));
  // the memory grows, and only the other thread knows
  stores[1]!.heap.take(first.heap.words.length);
  other!.of(id);
  one!.of(id);
  expect(reached[0]).toEqual(reached[1]);
  expect(reached[0]).toHaveLength(2);
});

test('a twin that fails where its system does not is found out, also where that changes nothing', () => {
  const system = (words: Int32Array): TransitionSystem => ({
    words,
    cuts: [0],
    moves: 2,
    enabled: (m) => words[m]! < 3,
    apply: (m) => {
      // behind the last word there is none, which nobody but the twin minds
      if (m === 0) words[0]! += 1;
      else if (words[8] === undefined && words[0] === 2) words[1]! += 1;
    },
  });
  const own = system(new Int32Array(8));
  const watched = new WatchedWords(8);
  const traced = new Tracer(system(watched as unknown as Int32Array), watched, isBeyond);
  const search = new Search(own, false, 1, { from: 0, traced: () => traced });
  expect(() => search.run({ onState: () => false })).toThrow('have no place 8');
});

/** What members of a crew find who begin after so many states, and are advanced in an order that depends on the seed; undefined if the search has ended before. */
function foundTogether(spec: Spec, threads: number, from: number, seed: number) {
  const noted = new Set<number>();
  const found: string[] = [];
  const systems = Array.from({ length: threads }, () => settling(spec, noted));
  const looking = systems.map(
    ({ words }) =>
      () => (found.push(words.join()), false),
  );
  const search = new Search(systems[0]!, false, threads, memoOf(spec, from));
  search.run({ maxStates: 300, onState: looking[0]! });
  const shared = share(search, threads);
  if (shared === undefined || search.ending === 'complete') return undefined;
  const members = systems.map((system, index) => {
    const options = { index, shared, memo: memoOf(spec, from), onState: looking[index]! };
    return new Member(system, options, index === 0 ? search : undefined);
  });
  const running = members.map((member) => member.search());
  for (let random = seed; running.length > 0;) {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    const at = (random >>> 16) % running.length;
    if (running[at]!.next().done === true) running.splice(at, 1);
  }
  const transitions = members.reduce((n, member) => n + member.transitions, 0);
  return { found: found.toSorted(), transitions, noted: [...noted].toSorted((a, b) => a - b) };
}

test('members that repeat moves find what a search without finds, also while tables grow', () => {
  let joined = 0;
  const large = fc.record({
    ...{ seed: fc.nat(2 ** 30), width: fc.integer({ min: 6, max: 9 }), size: fc.integer({ min: 4, max: 5 }) },
    ...{ moves: fc.integer({ min: 5, max: 6 }), cuts: fc.constantFrom([0], [0, 3], [0, 2, 5]) },
  });
  fc.assert(
    fc.property(large, fc.integer({ min: 2, max: 4 }), fc.constantFrom(10, 400), (spec, threads, from) => {
      const noted = new Set<number>();
      const system = settling(spec, noted);
      const plain = new Search(system);
      const found: string[] = [];
      plain.run({ maxStates: 6_000, onState: () => (found.push(system.words.join()), false) });
      if (plain.ending !== 'complete' || plain.states < 1_500) return;
      const together = foundTogether(spec, threads, from, spec.seed);
      if (together === undefined) return;
      joined += 1;
      expect(together).toEqual({
        found: found.toSorted(),
        transitions: plain.transitions,
        noted: [...noted].toSorted((a, b) => a - b),
      });
    }),
    { numRuns: 50, seed: 4 },
  );
  expect(joined).toBeGreaterThan(4);
});
