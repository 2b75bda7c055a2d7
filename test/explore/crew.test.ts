import { expect, test } from 'vitest';
import { Search } from '../../src/explore/bfs.js';
import { depthOf, Member, progressOf, share, Stop, stop, stopped } from '../../src/explore/crew.js';
import type { Memo } from '../../src/explore/expansion.js';
import type { TransitionSystem } from '../../src/explore/system.js';
import { traced, WatchedWords } from '../../src/explore/trace.js';

/** Counters that go up to `size`, and may be taken back at once: the last state has no move. */
function counters(size: number, words: Int32Array = new Int32Array(20)): TransitionSystem {
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

/** A search that others can join after `begun` states. */
function begun(size: number, states: number, threads: number, memo?: Memo) {
  const search = new Search(counters(size), false, threads, memo);
  search.run({ maxStates: states });
  return { search, shared: share(search, threads)! };
}

interface CrewOptions {
  readonly maxBytes?: number;
  readonly memo?: Memo;
}

/** What members of a crew find, who are advanced on one thread in an order that depends on `seed`. */
function crew(
  size: number,
  states: number,
  threads: number,
  seed: number,
  { maxBytes, memo }: CrewOptions = {},
) {
  const { search, shared } = begun(size, states, threads, memo);
  const finals: number[] = [];
  const members = Array.from({ length: threads }, (_, index) => {
    const options = { index, shared, maxBytes, memo, onFinal: (id: number) => void finals.push(id) };
    return index === 0 ? new Member(search.system, options, search) : new Member(counters(size), options);
  });
  const running = members.map((member) => member.search());
  for (let random = seed; running.length > 0;) {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    const at = (random >>> 16) % running.length;
    if (running[at]!.next().done === true) running.splice(at, 1);
  }
  const total = (of: 'found' | 'transitions'): number => members.reduce((n, m) => n + m[of], 0);
  return { members, shared, finals, found: total('found'), transitions: total('transitions') };
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
    const { members, shared, finals, found, transitions } = crew(30, states, threads, states);
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
      const { words, trace } = traced(counters(size, watched as unknown as Int32Array), watched);
      return { words, trace: (m) => ((traces += 1), trace(m)) };
    },
  };
  const search = new Search(counters(size), false, 1, memo);
  search.run();
  const alone = traces;
  expect(alone).toBe(3 * (size + 1));
  for (const threads of [2, 4]) {
    traces = 0;
    const { members, finals, found, transitions } = crew(size, 2000, threads, threads, { memo });
    expect([found, transitions, finals.length]).toEqual([search.states, search.transitions, 1]);
    for (const member of members) expect(member.found).toBeGreaterThan(1000);
    expect(traces).toBe(alone);
  }
});

test('members end when memory is short, when one is told to, and when one finds what was asked for', () => {
  const { shared, found } = crew(60, 5000, 2, 1, { maxBytes: 2_500_000 });
  expect([stopped(shared), found > 5000 && found < 61 ** 3]).toEqual([Stop.Memory, true]);
  const told = begun(60, 1000, 2);
  stop(told.shared, Stop.Asked);
  const one = new Member(counters(60), { index: 1, shared: told.shared });
  one.run();
  expect(one.found).toBe(0);
  const asked = begun(60, 1000, 2);
  const seen: number[] = [];
  const onState = (id: number): boolean => seen.push(id) === 7;
  new Member(asked.search.system, { index: 0, shared: asked.shared, onState }, asked.search).run();
  expect([stopped(asked.shared), seen]).toEqual([
    Stop.Found,
    [...seen.keys()].map((i) => i + asked.search.states - 7),
  ]);
});

test('a search whose states lie in memory of its own cannot be joined', () => {
  expect(begun(24, 5000, 1).shared).toBeUndefined();
  expect(begun(24, 100, 2).shared).toBeUndefined();
});
