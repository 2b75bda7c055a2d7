import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { Search } from '../../src/explore/bfs.js';
import { Member, progressOf, share, Stop, stop, stopped } from '../../src/explore/crew.js';
import { growAll, isCrowded, makeHeap, SharedChunkTable } from '../../src/explore/shared.js';
import type { TransitionSystem } from '../../src/explore/system.js';

/** Room for a test's states. */
const WORDS = 2 ** 23;

/** Counters that go up to `size`, and may be taken back at once: the last state has no move. */
function counters(size: number): TransitionSystem {
  const words = new Int32Array(20);
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

describe('a table that threads share', () => {
  it('is exact, and keeps its numbers when it grows', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(), (width, seed) => {
        const heap = makeHeap([3, width, 5], WORDS);
        const tables = [3, width, 5].map((wide, i) => new SharedChunkTable(heap, wide, i));
        const table = tables[1]!;
        const known = new Map<string, number>();
        const content = new Int32Array(width + 1);
        for (let i = 0; i < 3000; i++) {
          content[1 + (i % width)] = Math.imul(i % 2500, 2654435761 + seed) >> 8;
          const text = content.slice(1).join();
          const id = table.intern(content, 1);
          expect([id, table.added]).toEqual([known.get(text) ?? known.size, !known.has(text)]);
          known.set(text, id);
          if (!isCrowded(heap)) continue;
          growAll(heap, tables);
          for (const each of tables) each.refresh();
        }
        expect([table.count, isCrowded(heap)]).toEqual([known.size, false]);
        for (const [text, id] of known) {
          table.load(id, content, 1);
          expect(content.slice(1).join()).toBe(text);
        }
        expect([tables[0]!.count, tables[2]!.count]).toEqual([0, 0]);
      }),
      { numRuns: 3 },
    );
  });
});

/** What one member of a crew of one finds. */
function member(size: number, maxBytes?: number) {
  const shared = share(1, counters(size), WORDS);
  const finals: number[] = [];
  const options = { threads: 1, index: 0, shared, onFinal: (id: number) => void finals.push(id) };
  const one: Member = new Member(counters(size), maxBytes === undefined ? options : { ...options, maxBytes });
  one.run();
  return { one, shared, finals };
}

test('finds what a search finds, in the same layers', () => {
  const search = new Search(counters(24));
  search.run();
  const { one, shared, finals } = member(24);
  expect([one.found, one.transitions, finals.length]).toEqual([search.states, search.transitions, 1]);
  expect(progressOf(shared)).toEqual({ states: one.found, transitions: one.transitions, queued: 0 });
  const words = new Int32Array(20);
  one.store.load(finals[0]!, words);
  expect([words[0], words[7], words[14]]).toEqual([24, 24, 24]);
});

test('ends when memory is short, or when told to', () => {
  const { one, shared } = member(50, 2_500_000);
  expect([stopped(shared), one.found > 1000 && one.found < 51 ** 3]).toEqual([Stop.Memory, true]);
  const told = share(2, counters(3), WORDS);
  stop(told, Stop.Asked);
  const waiting = new Member(counters(3), { threads: 2, index: 0, shared: told });
  waiting.run();
  expect([waiting.found, stopped(told)]).toEqual([0, Stop.Asked]);
});
