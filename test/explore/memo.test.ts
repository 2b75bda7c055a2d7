import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Search, type Ending, type SearchOptions } from '../../src/explore/bfs.js';
import type { Memo } from '../../src/explore/expansion.js';
import { replaying } from '../../src/explore/chooser.js';
import { MemoSuccessors } from '../../src/explore/memo.js';
import type { Choose, TransitionSystem } from '../../src/explore/system.js';
import { WatchedWords, type Traced, type TracedMove } from '../../src/explore/trace.js';
import { Tracer } from '../../src/explore/tracer.js';
import { Made, MoveTrees } from '../../src/explore/trees.js';
import { WasmStore } from '../../src/explore/wasm-store.js';
import { looking, mix, specsUpTo, type Spec, seeded } from './specs.js';
import { pick, takings, takingMemo, takingSystem, type Taking } from './taking.js';

/** A move of its systems looks at a few words and writes a few, as a seed has it. */
const specs = specsUpTo({ width: 40, size: 9, moves: 4 });

function system(spec: Spec, words: Int32Array = new Int32Array(spec.width)): TransitionSystem {
  const { seed, width, size } = spec;
  return seeded(
    words,
    spec,
    (seen) => words[seen % width]!,
    (m, seen, choose) => {
      const chosen = choose(1 + (seen % 3));
      const at = mix(seed, seen, chosen) % width;
      words[at] = (words[at]! + mix(seed, m, at)) % size;
      if (seen % 5 === 0) words.fill(seen % size, at, Math.min(width, at + 3));
      if (seen % 7 === 0) words[(at + 1) % width]! -= words[at] === 0 ? -1 : words[(at + 1) % width]!;
      if (seen % 11 === 0 && width > 4) words.copyWithin(0, 2, 4);
    },
  );
}

function watchedSystem(spec: Spec): Traced {
  const watched = new WatchedWords(spec.width);
  return new Tracer(system(spec, watched as unknown as Int32Array), watched);
}

/** A search of few moves from the start, so that the moves of many states are made at a time. */
function searched(spec: Spec, memo?: Memo) {
  return seen(new Search(system(spec), false, 1, memo), { maxDepth: 3 });
}

/** All that a search finds, and the ways to it. */
function seen(search: Search, options: SearchOptions) {
  const finals: number[] = [];
  const states: string[] = [];
  let [ending, error]: [Ending, string] = ['paused', ''];
  try {
    while (ending === 'paused') ending = search.run({ ...options, onFinal: (id) => void finals.push(id) });
  } catch (e) {
    error = String(e);
  }
  const words = new Int32Array(search.system.words.length);
  for (let id = 0; id < search.states; id++) {
    search.store.load(id, words);
    states.push(words.join());
  }
  const ways = states.flatMap((_, id) => (id % 7 === 0 ? [search.path(id)] : []));
  return { ending, error, states, transitions: search.transitions, depth: search.depth, finals, ways };
}

describe('a search that remembers moves', () => {
  it('finds the same states in the same order, with the same ways', () => {
    fc.assert(
      fc.property(specs, fc.constantFrom(0, 7), (spec, from) => {
        const plain = searched(spec);
        expect(searched(spec, { from, traced: () => watchedSystem(spec) })).toEqual(plain);
      }),
      { numRuns: 40 },
    );
  });

  it('finds the same where moves choose among things, fail or lead nowhere', () => {
    const search = (spec: Taking, memo?: Memo): Search => new Search(takingSystem(spec), false, 1, memo);
    const ends = new Set<string>();
    fc.assert(
      fc.property(takings, fc.constantFrom(0, 7), fc.boolean(), (spec, from, sliced) => {
        const plain = seen(search(spec), { maxStates: 2_000 });
        if (plain.ending === 'states') return;
        ends.add(`${plain.error} ${plain.states.length > 300}`);
        const other = search(spec, takingMemo(spec, from));
        expect(seen(other, sliced ? { sliceMs: 0 } : {})).toEqual(plain);
      }),
      { numRuns: 80, seed: 5 },
    );
    expect(ends.size).toBe(4);
  });

  it('puts moves together that were looked at in pieces', () => {
    const MOST = 3;
    /** Its moves go on until they make a choice, but so often only. */
    const pieces = ({ seed, width, size, moves, cuts }: Spec, whole: boolean, words: Int32Array) => {
      const look = looking(seed, (seen) => words[seen % width]!);
      let goesOn = false;
      const piece = (m: number, choose: Choose): void => {
        const seen = look(m, 2);
        goesOn = seen % 4 !== 0;
        const at = mix(seed, seen, goesOn ? 0 : choose(2)) % width;
        words[at] = (words[at]! + mix(seed, m, at)) % size;
        if (seen % 5 === 0) words[(at + 1) % width] = seen % size;
      };
      const apply = (m: number, choose: Choose): void => {
        for (let n = 0; n === 0 || (whole && goesOn && n <= MOST); n++) piece(m, choose);
      };
      const system: TransitionSystem = { words, cuts, moves, enabled: () => true, apply };
      return whole ? system : { ...system, pieces: { goesOn: () => goesOn, most: MOST } };
    };
    fc.assert(
      fc.property(specs, (spec) => {
        const whole = (): TransitionSystem => pieces(spec, true, new Int32Array(spec.width));
        const watched = new WatchedWords(spec.width);
        const twin = new Tracer(pieces(spec, false, watched as unknown as Int32Array), watched);
        const plain = seen(new Search(whole()), { maxDepth: 3 });
        const memo = { from: 0, traced: () => twin };
        expect(seen(new Search(whole(), false, 1, memo), { maxDepth: 3 })).toEqual(plain);
      }),
      { numRuns: 40 },
    );
  });

  it('tells of one of the states without moves that show the same', () => {
    /** Two words go up to 30; what shows in the end is whether the first has come further. */
    const up = (own: Int32Array): TransitionSystem => ({
      words: own,
      cuts: [0],
      moves: 3,
      enabled: (m) => own[2] === 0 && (m === 2 || own[m]! < 30),
      apply: (m) => void (own[m]! += 1),
    });
    const shown = (own: Int32Array): string => `${own[2]}: ${own[0]! > 20}`;
    const watched = new WatchedWords(3);
    const own = watched as unknown as Int32Array;
    const { enabled, apply, ...rest } = up(own);
    const { words, trace } = new Tracer(
      {
        ...rest,
        enabled: (m) => m === 3 || enabled(m),
        apply: (m, choose) => (m === 3 ? void shown(own) : apply(m, choose)),
      },
      watched,
    );
    const told = (memo?: Memo): string[] => {
      const search = new Search(up(new Int32Array(3)), false, 1, memo);
      const state = new Int32Array(3);
      const all: string[] = [];
      search.run({ onFinal: (id) => (search.store.load(id, state), void all.push(shown(state))) });
      return all;
    };
    const plain = told();
    const other = told({ from: 0, traced: () => ({ words, ends: true, trace }) });
    expect(plain.length).toBe(31 * 31);
    // one of each first word
    expect(other.length).toBe(31);
    expect(new Set(other)).toEqual(new Set(plain));
  });

  it('runs most moves once only', () => {
    const spec = { seed: 6, width: 12, size: 5, moves: 3, cuts: [0] };
    let traces = 0;
    const counted = (): Traced => {
      const { words, trace } = watchedSystem(spec);
      return { words, trace: (m) => ((traces += 1), trace(m)) };
    };
    const search = new Search(system(spec), false, 1, { from: 0, traced: counted });
    const { states } = seen(search, { maxStates: 400 });
    expect(states.length).toBeGreaterThan(100);
    expect(traces).toBeLessThan(states.length / 4);
  });

  it('is told by the system itself what fails', () => {
    const words = new Int32Array(1);
    const failing = (own: Int32Array): TransitionSystem => ({
      words: own,
      cuts: [0],
      moves: 1,
      enabled: () => true,
      apply: () => {
        if (own[0] === 3) throw new RangeError(`at ${own === words ? 'home' : 'the other'}`);
        own[0]! += 1;
      },
    });
    const watched = new WatchedWords(1);
    const twin = new Tracer(failing(watched as unknown as Int32Array), watched);
    const search = new Search(failing(words), false, 1, { from: 0, traced: () => twin });
    expect(() => search.run()).toThrow('at home');
    expect(search.states).toBe(4);
  });

  it('goes on without where nothing repeats itself', () => {
    const count = (words: Int32Array): TransitionSystem => ({
      words,
      cuts: [0],
      moves: 1,
      enabled: () => words[0]! < 6_000,
      apply: () => void (words[0]! += 1),
    });
    const watched = new WatchedWords(1);
    let traces = 0;
    const { words, trace } = new Tracer(count(watched as unknown as Int32Array), watched);
    const twin = { words, trace: (m: number) => ((traces += 1), trace(m)) };
    const search = new Search(count(new Int32Array(1)), false, 1, { from: 0, traced: () => twin });
    expect(search.run()).toBe('complete');
    expect([search.states, search.transitions]).toEqual([6_001, 6_000]);
    expect(traces).toBeLessThan(4_000);
  });

  it('keeps within its memory, and does not go on without', () => {
    const spec = { seed: 6, width: 12, size: 5, moves: 3, cuts: [0] };
    const search = new Search(system(spec), false, 1, { from: 0, traced: () => watchedSystem(spec) });
    expect(search.run({ maxBytes: 100_000 })).toBe('memory');
    expect(() => search.run()).toThrow('cannot go on');
  });

  it('cannot show the words of new states', () => {
    const spec = { seed: 6, width: 12, size: 5, moves: 3, cuts: [0] };
    const search = new Search(system(spec), false, 1, { from: 0, traced: () => watchedSystem(spec) });
    search.run({ maxDepth: 2 });
    expect(() => search.run({ onState: () => false })).toThrow('no words of new states');
  });
});

describe('what is watched', () => {
  const watched = new WatchedWords(8);
  const words = watched as unknown as Int32Array;

  it('tells what was read before it was written', () => {
    watched.begin();
    words[3] = words[1]! + words[5]!;
    words.fill(0, 5, 7);
    expect(words[6]).toBe(0);
    expect(words[3]).toBe(0);
    expect(watched.steps).toEqual([1, 0, 5, 0]);
    expect([...watched.changes(new Int32Array(8))]).toEqual([3, 0, 6, 0]);
  });

  it('has no other way to be looked at', () => {
    expect(() => words.slice(1)).toThrow('words that are watched have no slice');
    expect(words.length).toBe(8);
  });

  it('is the same afterwards', () => {
    const spec = { seed: 9, width: 12, size: 5, moves: 3, cuts: [0] };
    const twin = watchedSystem(spec);
    const plain = system(spec);
    plain.words.set(Array.from({ length: 12 }, (_, i) => i % 5));
    twin.words.set(plain.words);
    const before = plain.words.slice();
    for (let m = 0; m < 3; m++) {
      const { possible, paths } = twin.trace(m)!;
      expect(twin.words).toEqual(before);
      expect(possible).toBe(plain.enabled(m));
      if (!possible) continue;
      plain.apply(m, replaying([]));
      const after = before.slice();
      const writes = paths[0]!.writes!;
      for (let i = 0; i < writes.length; i += 2) after[writes[i]!] = writes[i + 1]!;
      expect(after).toEqual(plain.words);
      plain.words.set(before);
    }
  });
});

it('a move that leads out of the bounds is not remembered', () => {
  const bounded = (own: Int32Array): TransitionSystem => ({
    words: own,
    cuts: [0],
    moves: 1,
    enabled: () => true,
    apply: (_, choose) => {
      if (choose(2) === 1 && own[0] === 5) return false;
      own[0] = (own[0]! + 1) % 8;
      return true;
    },
  });
  const watched = new WatchedWords(1);
  const twin = new Tracer(bounded(watched as unknown as Int32Array), watched);
  const search = new Search(bounded(new Int32Array(1)), false, 1, { from: 0, traced: () => twin });
  expect([search.run(), search.states, search.transitions]).toEqual(['complete', 8, 16]);
});

it('a twin that fails where the system does not is found out', () => {
  const twin = {
    words: new Int32Array(1),
    trace: () => {
      throw new Error('only here');
    },
  };
  const spec = { seed: 6, width: 1, size: 5, moves: 1, cuts: [0] };
  const search = new Search(system(spec), false, 1, { from: 0, traced: () => twin });
  expect(() => search.run()).toThrow('fails where the system does not');
});

it('places outside of the words are an error', () => {
  const watched = new WatchedWords(4);
  watched.begin();
  const words = watched as unknown as Int32Array;
  expect(() => words[-1]).toThrow('no place -1');
  expect(() => (words[4] = 1)).toThrow('no place 4');
});

describe('a choice among things', () => {
  /** Takes one of the words that are 0, and looks at the one behind it. */
  function taking(own: Int32Array): TransitionSystem {
    return {
      words: own,
      cuts: [0],
      moves: 1,
      enabled: () => own[0]! < 3,
      apply: (_, choose) => {
        own[0]! += 1;
        const i = pick(choose, 6, (thing) => own[1 + thing] === 0);
        if (choose(2) === 1) own[1 + i] = own[1 + ((i + 1) % 6)]! + 1;
      },
    };
  }
  function twin(width = 7): Traced {
    const watched = new WatchedWords(width);
    return new Tracer(taking(watched as unknown as Int32Array), watched);
  }
  const initial = [0, 0, 1, 0, 0, 1, 0];

  it('rests on what was chosen and on what could not be', () => {
    const { words, trace } = twin();
    words.set([0, 7, 0, 8, 0, 9, 9]);
    const { paths } = trace(0)!;
    const start = [0, 0];
    const other = (i: number, is: number): number[] => [...start, -6, i, 1 + i, is];
    expect(paths).toEqual([
      { steps: [...other(1, 0), -2, 0], writes: Int32Array.of(0, 1) },
      { steps: [...other(1, 0), -2, 1, 3, 8], writes: Int32Array.of(0, 1, 2, 9) },
      { steps: [...other(3, 0), -2, 0], writes: Int32Array.of(0, 1) },
      { steps: [...other(3, 0), -2, 1, 5, 9], writes: Int32Array.of(0, 1, 4, 10) },
      { steps: other(0, 7) },
      { steps: other(2, 8) },
      { steps: other(4, 9) },
      { steps: other(5, 9) },
    ]);
    expect([...words]).toEqual([0, 7, 0, 8, 0, 9, 9]);
  });

  it('leads to the same states as one by number', () => {
    const [plain, other] = [undefined, { from: 0, traced: () => twin() }].map((memo) => {
      const system = taking(Int32Array.from(initial));
      const search = new Search(system, false, 1, memo);
      expect(search.run()).toBe('complete');
      const last = search.states - 1;
      return { states: search.states, transitions: search.transitions, path: search.path(last) };
    });
    expect(other).toEqual(plain);
    expect(plain!.states).toBeGreaterThan(20);
  });

  it('among nothing is for the system', () => {
    for (const memo of [undefined, { from: 0, traced: () => twin() }]) {
      const search = new Search(taking(Int32Array.from([0, 0, 1, 1, 1, 1, 1])), false, 1, memo);
      expect(() => search.run()).toThrow('nothing is left');
      expect([search.states, search.transitions]).toEqual([5, 4]);
    }
  });

  it('can come to have more ends than there is room for', () => {
    const N = 100;
    /** One is taken of the lower half, then of the upper, then of all. */
    const halves = (own: Int32Array): TransitionSystem => ({
      words: own,
      cuts: [0],
      moves: 2,
      enabled: (m) => own[1] !== 1 && (m === 0 ? own[1] === 0 : own[0]! < 3),
      apply: (m, choose) => {
        if (m === 0) {
          own[2 + pick(choose, N, (i) => own[2 + i] === 0)] = 2;
          own[1] = 1;
        } else {
          const kind = (own[0]! += 1);
          own[1] = 0;
          for (let i = 0; i < N; i++) own[2 + i] = Number((kind === 1 && i >= 50) || (kind === 2 && i < 50));
        }
      },
    });
    const [plain, other] = [0, 1].map((from) => {
      const own = new Int32Array(2 + N).fill(1);
      own.set([0, -1]);
      const watched = new WatchedWords(2 + N);
      const memo = { from: 0, traced: () => new Tracer(halves(watched as unknown as Int32Array), watched) };
      return seen(new Search(halves(own), false, 1, from === 0 ? undefined : memo), {});
    });
    expect(other).toEqual(plain);
    expect(plain!.finals.length).toBe(200);
  });

  it('can have more ends than were expected', () => {
    const many = (own: Int32Array): TransitionSystem => ({
      words: own,
      cuts: [0],
      moves: 1,
      enabled: () => own[0] === 0,
      apply: (_, choose) => void (own[0] = 1 + choose(40) * 50 + choose(50)),
    });
    const watched = new WatchedWords(1);
    const memo = {
      from: 0,
      traced: () => new Tracer(many(watched as unknown as Int32Array), watched),
    };
    const search = new Search(many(new Int32Array(1)), false, 1, memo);
    expect([search.run(), search.states, search.transitions]).toEqual(['complete', 2_001, 2_000]);
  });
});

describe('the trees of moves', () => {
  const state = (...words: number[]): Int32Array => Int32Array.from(words);
  const action = (place: number, value: number, ...writes: number[]): TracedMove => ({
    possible: true,
    paths: [{ steps: [place, value], writes: state(...writes) }],
  });
  const stored = (width: number): WasmStore => {
    const store = WasmStore.make(width, [0])!;
    store.add(new Int32Array(width));
    return store;
  };
  /** Makes the moves of a state. @returns the new states, or why there are none */
  const made = (store: WasmStore, trees: MoveTrees, words: Int32Array): Int32Array[] | Made => {
    store.select(0);
    const id = store.add(words);
    trees.begin(id < 0 ? -1 - id : id);
    const why = trees.make(trees.state + 1);
    // of a state without its one move nothing is known
    if (why !== Made.Some && trees.move === 0) return why;
    const found: number[] = [];
    trees.eachNew((at) => found.push(at));
    return found.map((at) => {
      const other = new Int32Array(words.length);
      store.load(at, other);
      return other;
    });
  };

  it('refuse a move that looks at more than its words', () => {
    const trees = new MoveTrees(stored(4), 1);
    trees.add(0, action(1, 0, 0, 1));
    expect(() => trees.add(0, action(1, 0, 0, 1))).toThrow('more than follows');
    expect(() => trees.add(0, action(2, 0, 0, 1))).toThrow('other words');
    const nothing = { possible: true, paths: [{ steps: [1, 1] }] };
    expect(() => trees.add(0, nothing)).toThrow('has no action');
    const choosing = { possible: true, paths: [{ steps: [-2, 0], writes: state(0, 1) }] };
    expect(() => trees.add(0, choosing)).toThrow('has not chosen before');
  });

  it('know each of many values', () => {
    const store = stored(4);
    const trees = new MoveTrees(store, 1);
    const even = (value: number): boolean => value % 2 === 0;
    for (let value = -500; value < 500; value++)
      trees.add(
        0,
        even(value)
          ? action(0, value, 1, value + 1_000)
          : { possible: false, paths: [{ steps: [0, value] }] },
      );
    for (let value = -500; value < 500; value++) {
      const found = made(store, trees, state(value, -1, 0, 0));
      expect(found).toEqual(even(value) ? [state(value, value + 1_000, 0, 0)] : []);
    }
    expect(made(store, trees, state(501, 0, 0, 0))).toBe(Made.Unknown);
  });

  it('do not know what follows when nothing can be chosen', () => {
    const store = stored(2);
    const trees = new MoveTrees(store, 1);
    const branch = (i: number, value: number): number[] => [-2, i, i, value];
    const paths = [{ steps: branch(0, 0), writes: state(0, 5) }, { steps: branch(1, 1) }];
    trees.add(0, { possible: true, paths });
    expect(made(store, trees, state(0, 1))).toEqual([state(5, 1)]);
    expect(made(store, trees, state(1, 1))).toBe(Made.Unknown);
    trees.add(0, {
      possible: true,
      paths: [{ steps: branch(0, 1) }, { steps: branch(1, 2), writes: state(1, 7) }],
    });
    expect(made(store, trees, state(1, 1))).toBe(Made.Nothing);
    expect(made(store, trees, state(0, 2))).toEqual([state(5, 2), state(0, 7)]);
  });

  it('lie anywhere in the memory', () => {
    const high = stored(8);
    // memory that is never written takes none
    high.lend(2 ** 29);
    const trees = new MoveTrees(high, 1);
    const at = (value: number): Int32Array => Int32Array.from([0, 0, 0, value, 0, 7, 0, 0]);
    for (let value = 0; value < 20; value++)
      trees.add(0, { possible: true, paths: [{ steps: [5, 7, 3, value], writes: state(1, value + 1) }] });
    expect(made(high, trees, at(13))).toEqual([Int32Array.from([0, 14, 0, 13, 0, 7, 0, 0])]);
  });

  it('are what successors are made of', () => {
    const spec = { seed: 3, width: 9, size: 4, moves: 3, cuts: [0] };
    const own = stored(9);
    const memo = new MemoSuccessors(system(spec), own, watchedSystem(spec), () => false, {
      found: () => undefined,
      final: () => undefined,
    });
    for (let id = 0; id < own.count && id < 50;) id = memo.expand(id, own.count);
    expect(memo.asked).toBeGreaterThan(memo.learned);
    expect(memo.futile).toBe(false);
  });
});
