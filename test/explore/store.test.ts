import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { ChunkTable, hashWords } from '../../src/explore/chunks.js';
import { StateStore, StoreFull, type States } from '../../src/explore/store.js';
import { GrowingStore, WasmStore } from '../../src/explore/wasm-store.js';

/** A width and where parts begin: ascending, the first 0. */
const shapes = fc
  .integer({ min: 1, max: 12 })
  .chain((width) =>
    fc
      .subarray(Array.from({ length: width - 1 }, (_, i) => i + 1))
      .map((cuts) => ({ width, cuts: [0, ...cuts] })),
  );

/** Words that collide often, and some that do not. */
const words = (width: number): fc.Arbitrary<number[]> =>
  fc.array(fc.oneof(fc.integer({ min: -1, max: 1 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })), {
    minLength: width,
    maxLength: width,
  });

type Step =
  | { readonly add: readonly number[] }
  /** Loads a state seen before, changes some of its words and adds the result. */
  | {
      readonly from: number;
      readonly changes: readonly (readonly [number, number])[];
      readonly reload: boolean;
    };

const steps = (width: number): fc.Arbitrary<Step[]> =>
  fc.array(
    fc.oneof(
      words(width).map((add): Step => ({ add })),
      fc.record({
        from: fc.nat(),
        changes: fc.array(fc.tuple(fc.nat(width - 1), fc.integer({ min: -2, max: 2 })), { maxLength: 3 }),
        reload: fc.boolean(),
      }),
    ),
    { maxLength: 60 },
  );

/** Two stores on one memory. */
function twoStores(width: number, cuts: readonly number[]): readonly [WasmStore, WasmStore] {
  const first = WasmStore.makeShared(width, cuts, 2)!;
  first.joined();
  return [first, WasmStore.join(width, cuts, first.heap.memory, 2)];
}

/** Lets their tables grow if one must: the last of them enters most of what was there. */
function growIfCrowded(both: readonly WasmStore[]): void {
  if (!both[0]!.crowded) return;
  both[1]!.growTogether();
  for (const store of both) store.enterTogether();
}

/** A set that two fill in turns, and number anew each time. */
function taken(width: number, cuts: readonly number[]): States {
  const both = twoStores(width, cuts);
  const [first] = both;
  let turn = 0;
  return {
    limit: Infinity,
    get count() {
      return first.count;
    },
    get bytes() {
      return first.bytes;
    },
    add(state) {
      growIfCrowded(both);
      for (const store of both) store.refresh();
      const id = both[turn++ % 2]!.add(state);
      first.closeGaps(both.map((store) => store.giveBack()));
      return id;
    },
    load(id, state) {
      for (const store of both) store.load(id, state);
    },
    reload: (state) => both[turn++ % 2]!.reload(state),
  };
}

const kinds: [string, (width: number, cuts: readonly number[]) => States][] = [
  ['as JavaScript keeps it', (width, cuts) => new StateStore(width, cuts)],
  ['as WebAssembly keeps it', (width, cuts) => WasmStore.make(width, cuts)!],
  ['in memory that threads share', taken],
];

describe.each(kinds)('the set of states, %s,', (_, make) => {
  it('is exact: against a map of texts', () => {
    fc.assert(
      fc.property(
        shapes.chain((shape) => steps(shape.width).map((list) => ({ ...shape, list }))),
        ({ width, cuts, list }) => {
          const store = make(width, cuts);
          const known = new Map<string, number>();
          const texts: string[] = [];
          const state = new Int32Array(width);
          for (const step of list) {
            if ('add' in step) state.set(step.add);
            else if (texts.length > 0) {
              const id = step.from % texts.length;
              store.load(id, state);
              expect(state.join()).toBe(texts[id]);
              if (step.reload) {
                state.fill(99);
                store.reload(state);
                expect(state.join()).toBe(texts[id]);
              }
              for (const [at, value] of step.changes) state[at] = value;
            }
            const text = state.join();
            const before = known.get(text);
            const id = store.add(state);
            if (before === undefined) {
              expect(id).toBe(texts.length);
              known.set(text, id);
              texts.push(text);
            } else expect(id).toBe(-1 - before);
            expect(store.count).toBe(texts.length);
            expect(state.join()).toBe(text);
          }
          texts.forEach((text, id) => {
            store.load(id, state);
            expect(state.join()).toBe(text);
          });
        },
      ),
      { numRuns: 300 },
    );
  });

  it('keeps tens of thousands of states apart, and grows', () => {
    const store = make(3, [0, 2]);
    const state = new Int32Array(3);
    const bytes = store.bytes;
    const ids: number[] = [];
    for (let i = 0; i < 30_000; i++) {
      state.set([i & 255, i >> 8, 7]);
      ids.push(store.add(state));
    }
    expect(ids).toEqual([...ids.keys()]);
    expect([store.count, store.bytes > bytes]).toEqual([30_000, true]);
    for (let i = 0; i < 30_000; i += 997) {
      state.set([i & 255, i >> 8, 7]);
      expect(store.add(state)).toBe(-1 - i);
      store.load(29_999 - i, state);
      expect((state[0]! | (state[1]! << 8)) + i).toBe(29_999);
    }
  });
});

test('states that several threads have found get numbers without gaps, and are found by them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(1), fc.integer({ min: 1, max: 150 })), { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 8 }),
      (runs, layer) => {
        const both = twoStores(3, [0, 2]);
        const state = new Int32Array(3);
        const close = (): void => both[1].closeGaps(both.map((store) => store.giveBack()));
        let added = 0;
        for (const [i, [who, states]] of runs.entries()) {
          for (const end = added + states; added < end; added++) {
            growIfCrowded(both);
            both[1 - who]!.refresh();
            state.set([added & 15, added >> 4, 7]);
            expect(both[who]!.add(state)).toBeGreaterThanOrEqual(0);
          }
          if (i % layer === 0) {
            const { count } = both[0];
            close();
            expect(count - added).toBeLessThan(2 * 64 + 1);
            expect(both[1].count).toBe(added);
          }
        }
        close();
        const ids = new Set<number>();
        for (let i = 0; i < added; i++) {
          state.set([i & 15, i >> 4, 7]);
          const id = -1 - both[i & 1]!.add(state);
          ids.add(id);
          state.fill(0);
          both[1 - (i & 1)]!.load(id, state);
          expect([...state]).toEqual([i & 15, i >> 4, 7]);
        }
        expect([...ids].toSorted((a, b) => a - b)).toEqual([...ids.keys()].map((_, i) => i));
        expect([ids.size, both[0].count]).toEqual([added, added]);
      },
    ),
    { numRuns: 60 },
  );
});

test('tables that several threads fill grow with what all of them have entered', () => {
  const both = twoStores(3, [0, 2]);
  const state = new Int32Array(3);
  const set = (i: number): void => state.set([i & 255, i >> 8, 7]);
  let grown = 0;
  for (let i = 0; i < 60_000; i++) {
    if (both[0].crowded) grown += 1;
    growIfCrowded(both);
    both[i & 1]!.refresh();
    set(i);
    both[i & 1]!.add(state);
  }
  expect(grown).toBeGreaterThan(3);
  for (let i = 0; i < 60_000; i++) {
    set(i);
    expect(both[(i + 1) & 1]!.add(state)).toBeLessThan(0);
  }
});

test('what one thread does at a time is over before the next begins, or all are told', () => {
  const [first, second] = twoStores(3, [0, 2]);
  const does = (store: WasmStore) => (): string => store.alone(() => 'done', 5);
  expect(first.alone(() => 1)).toBe(1);
  first.alone(() => expect(does(second)).toThrow('come to no end'));
  expect(does(second)()).toBe('done');
  expect(() =>
    first.alone(() => {
      throw new Error('fails');
    }),
  ).toThrow('fails');
  expect(does(second)()).toBe('done');
});

test('tables that do not grow stay as they are however often others have grown', () => {
  const both = twoStores(16, [0]);
  const add = (i: number): number => both[i & 1]!.add(Int32Array.from({ length: 16 }, () => i));
  for (let i = 0; i < 50; i++) add(i);
  for (let times = 0; times < 2 ** 31 / 2 ** 18 / 2 + 9; times++) {
    both[0].growTogether();
    for (const store of both) store.enterTogether();
  }
  for (let i = 0; i < 50; i++) expect(add(i)).toBeLessThan(0);
});

test('a store that is moved once it has many states keeps their numbers, and what was loaded last', () => {
  const store = new GrowingStore(20, [0, 9, 17]);
  const state = new Int32Array(20);
  for (let i = 0; i < 2000; i++) {
    state.set([i % 7, i >> 3, i & 7], 8);
    expect(store.add(state)).toBe(i);
    if (i % 9 !== 0) continue;
    const id = (i * 7) % (i + 1);
    store.load(id, state);
    expect([...state.subarray(8, 11)]).toEqual([id % 7, id >> 3, id & 7]);
    state.fill(5);
    store.reload(state);
    expect(store.add(state)).toBe(-1 - id);
  }
  expect(store.count).toBe(2000);
});

test('a bound on bytes ends what WebAssembly keeps', () => {
  const store = WasmStore.make(3, [0])!;
  store.limit = store.bytes + 20_000;
  const fill = (): void => {
    for (let i = 0; ; i++) store.add(Int32Array.of(i, 1, 2));
  };
  expect(fill).toThrow(StoreFull);
  expect(store.count).toBeGreaterThan(500);
});

test('store-wasm.ts is made of store.wat', async () => {
  const { generated } = await import('../../scripts/store-wasm.mjs');
  expect(await generated()).toBe(
    readFileSync(new URL('../../src/explore/store-wasm.ts', import.meta.url), 'utf8'),
  );
});

describe('interned parts', () => {
  it('have one number for equal contents, and give them back', () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: 1, max: 5 })
          .chain((width) => fc.array(words(width), { minLength: 1, maxLength: 80 })),
        (contents) => {
          const width = contents[0]!.length;
          const table = new ChunkTable(width);
          const known = new Map<string, number>();
          const buffer = new Int32Array(width + 2);
          for (const content of contents) {
            buffer.set(content, 1);
            const expected = known.get(content.join()) ?? known.size;
            expect(table.intern(buffer, 1)).toBe(expected);
            known.set(content.join(), expected);
          }
          expect(table.count).toBe(known.size);
          for (const [text, id] of known) {
            table.load(id, buffer, 2);
            expect(buffer.slice(2).join()).toBe(text);
          }
        },
      ),
    );
  });

  it('hash every word of their range, and nothing beside it', () => {
    fc.assert(
      fc.property(words(9), fc.nat(8), fc.nat(9), fc.nat(8), (content, a, b, at) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const data = Int32Array.from(content);
        const before = hashWords(data, from, to);
        data[at]! ^= 1;
        expect(hashWords(data, from, to) !== before).toBe(at >= from && at < to);
      }),
    );
  });
});
