import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Search } from '../../src/explore/bfs.js';
import { depthOf, Member, progressOf, share, Stop, stop, stopped } from '../../src/explore/crew.js';
import type { Memo } from '../../src/explore/expansion.js';
import type { TransitionSystem } from '../../src/explore/system.js';
import { WatchedWords } from '../../src/explore/trace.js';
import { Tracer } from '../../src/explore/tracer.js';
import { counters } from './counters.js';
import { takings, takingMemo, takingSystem, type Taking } from './taking.js';

/** Of which a member meets moves that others have learned, with more ends than it has room for. */
const MANY_ENDS: Taking = { seed: 78455523, things: 8, size: 3, moves: 1, apart: 5, takes: 2, cuts: [0, 23] };

interface CrewOptions {
  /** A system of a thread. */
  readonly make: () => TransitionSystem;
  /** After so many states the others join. */
  readonly states: number;
  readonly threads: number;
  readonly seed?: number;
  readonly maxBytes?: number;
  readonly memo?: Memo;
}

/** A search that others can join. */
function begun({ make, states, threads, memo }: CrewOptions) {
  const search = new Search(make(), false, threads, memo);
  const finals: number[] = [];
  search.run({ maxStates: states, onFinal: (id) => void finals.push(id) });
  return { search, finals, shared: share(search, threads) };
}

/** What members of a crew find, who are advanced on one thread in an order that depends on the seed; undefined if the search has ended before. */
function crewOf(o: CrewOptions) {
  const { search, shared, finals } = begun(o);
  if (shared === undefined || search.ending === 'complete') return undefined;
  const members = Array.from({ length: o.threads }, (_, index) => {
    const options = {
      index,
      shared,
      maxBytes: o.maxBytes,
      memo: o.memo,
      onFinal: (id: number) => void finals.push(id),
    };
    return index === 0 ? new Member(search.system, options, search) : new Member(o.make(), options);
  });
  const running = members.map((member) => member.search());
  for (let random = o.seed ?? 1; running.length > 0;) {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    const at = (random >>> 16) % running.length;
    if (running[at]!.next().done === true) running.splice(at, 1);
  }
  const total = (of: 'found' | 'transitions'): number => members.reduce((n, m) => n + m[of], 0);
  return { members, shared, finals, found: total('found'), transitions: total('transitions') };
}

/** The same for counters. */
function crew(size: number, states: number, threads: number, o: Partial<CrewOptions> = {}) {
  return crewOf({ make: () => counters(size), states, threads, seed: states + threads, ...o })!;
}

test('any number of members find what a search finds, in as many layers', () => {
  const search = new Search(counters(30));
  search.run();
  const words = new Int32Array(20);
  for (const [threads, states] of [
    [2, 400],
    [3, 5000],
    [4, 5000],
  ] as const) {
    const { members, shared, finals, found, transitions } = crew(30, states, threads);
    expect([found, transitions, finals.length]).toEqual([search.states, search.transitions, 1]);
    expect([depthOf(shared), stopped(shared)]).toEqual([search.depth, Stop.None]);
    expect(progressOf(shared)).toEqual({ states: found, transitions, queued: 0 });
    for (const { store, found: own } of members) {
      expect(own).toBeGreaterThan(1000);
      expect(store.count).toBe(found);
      store.load(finals[0]!, words);
      expect([words[0], words[7], words[14]]).toEqual([30, 30, 30]);
    }
  }
});

test('what a member has learned of moves, all know', () => {
  const size = 30;
  let traces = 0;
  const memo: Memo = {
    from: 100,
    traced: () => {
      const watched = new WatchedWords(20);
      const { words, trace } = new Tracer(counters(size, watched as unknown as Int32Array), watched);
      return { words, trace: (m) => ((traces += 1), trace(m)) };
    },
  };
  const search = new Search(counters(size), false, 1, memo);
  search.run();
  const alone = traces;
  expect(alone).toBe(3 * (size + 1));
  for (const threads of [2, 4]) {
    traces = 0;
    const { members, finals, found, transitions } = crew(size, 2000, threads, { memo });
    expect([found, transitions, finals.length]).toEqual([search.states, search.transitions, 1]);
    for (const member of members) expect(member.found).toBeGreaterThan(1000);
    expect(traces).toBe(alone);
  }
});

test('members that remember moves find what a search without finds', () => {
  let joined = 0;
  fc.assert(
    fc.property(
      takings,
      fc.nat(),
      fc.integer({ min: 2, max: 4 }),
      fc.constantFrom(50, 300),
      (spec, seed, threads, states) => {
        const plain = new Search(takingSystem(spec));
        const ends: number[] = [];
        try {
          if (plain.run({ maxStates: 7_000, onFinal: (id) => void ends.push(id) }) !== 'complete') return;
        } catch {
          return;
        }
        if (plain.states < 260) return;
        const make = (): TransitionSystem => takingSystem(spec);
        const result = crewOf({ make, states, threads, seed, memo: takingMemo(spec, 10) });
        if (result === undefined) return;
        joined += 1;
        const { members, shared, finals, found, transitions } = result;
        expect([stopped(shared), found, transitions]).toEqual([Stop.None, plain.states, plain.transitions]);
        const words = new Int32Array(plain.system.words.length);
        const texts = ({ store }: Pick<Search, 'store'>, ids: Iterable<number>): string[] =>
          Array.from(ids, (id) => (store.load(id, words), words.join())).toSorted();
        const last = members.at(-1)!;
        expect(texts(last, Array(found).keys())).toEqual(texts(plain, Array(found).keys()));
        expect(texts(last, finals)).toEqual(texts(plain, ends));
      },
    ),
    { numRuns: 40, seed: 3, examples: [[MANY_ENDS, 224899282, 3, 50]] },
  );
  expect(joined).toBe(4);
});

test('members end when memory is short, when one is told to, and when one finds what was asked for', () => {
  const { shared, found } = crew(60, 5000, 2, { maxBytes: 2_500_000 });
  expect([stopped(shared), found > 5000 && found < 61 ** 3]).toEqual([Stop.Memory, true]);
  const large = { make: () => counters(60), states: 1000, threads: 2 };
  const told = begun(large).shared!;
  stop(told, Stop.Asked);
  const one = new Member(counters(60), { index: 1, shared: told });
  one.run();
  expect(one.found).toBe(0);
  const asked = begun(large);
  const { states } = asked.search;
  const seen: number[] = [];
  const onState = (id: number): boolean => seen.push(id) === 7;
  const of = asked.shared!;
  new Member(asked.search.system, { index: 0, shared: of, onState }, asked.search).run();
  expect([stopped(of), seen]).toEqual([Stop.Found, [...seen.keys()].map((i) => i + states)]);
});

test('a search whose states lie in memory of its own cannot be joined', () => {
  const make = (): TransitionSystem => counters(24);
  expect(begun({ make, states: 5000, threads: 1 }).shared).toBeUndefined();
  expect(begun({ make, states: 100, threads: 2 }).shared).toBeUndefined();
});
