/**
 * A search that several threads make together. One begins alone (bfs.ts), the others join it; they keep the states in one store (wasm-store.ts), and
 * take those of a layer (states equally far from the start) by the handful. All finish a layer before any begins the next, so what is found does
 * not depend on their number or pace.
 */
import type { Search } from './bfs.js';
import { Expansion, type Cut, type Memo } from './expansion.js';
import { StoreFull } from './store.js';
import type { TransitionSystem } from './system.js';
import { WasmStore } from './wasm-store.js';
import type { WasmMemory } from './wasm.js';

/** What the threads share, made once and sent to each. */
export interface Shared {
  readonly threads: number;
  readonly control: Int32Array;
  /** Of each thread: states that it has found, and transitions. */
  readonly progress: Float64Array;
  readonly memory: WasmMemory;
}

/** Words of {@link Shared.control}; those that are often written lie apart. */
const STOP = 0;
/** Threads at a meeting, and how many meetings there were. */
const ARRIVED = 1;
const TURN = 2;
/** Threads that have found nothing more to do in this layer. */
const DONE = 3;
/** End of the layer, and how many moves it is from the start. */
const END = 4;
const DEPTH = 5;
/** First state that no thread has taken. */
const NEXT = 16;
/** Numbers of states that a thread had taken for this layer and not used: the first, and the end of them; of each thread. */
const UNUSED = 32;

/** Why the threads stop before the end. */
export const enum Stop {
  None = 0,
  /** Who started them says so. */
  Asked = 1,
  Memory = 2,
  /** A thread met something that ends the search for all. */
  Failed = 3,
  /** A thread met a state that one wants to know of first. */
  Found = 4,
}

/** States that a thread takes at a time. */
const HANDFUL = 64;

/** What is needed for others to join a search where it is; undefined if its states are not in memory that can be shared. */
export function share(search: Search, threads: number): Shared | undefined {
  const { sharedStore: store, position } = search;
  if (store === undefined) return undefined;
  const control = new Int32Array(new SharedArrayBuffer(4 * (UNUSED + 2 * threads)));
  control[NEXT] = position.next;
  control[END] = position.layerEnd;
  control[DEPTH] = search.depth;
  store.joined();
  const progress = new Float64Array(new SharedArrayBuffer(8 * 2 * threads));
  return { threads, control, progress, memory: store.heap.memory };
}

/** Ends the search of all threads. */
export function stop({ control }: Pick<Shared, 'control'>, why: Stop): void {
  Atomics.compareExchange(control, STOP, Stop.None, why);
  for (const word of [TURN, DONE]) Atomics.notify(control, word);
}

export function stopped({ control }: Shared): Stop {
  return Atomics.load(control, STOP);
}

/** Moves on a shortest path to the states that were looked at last. */
export function depthOf({ control }: Shared): number {
  return Atomics.load(control, DEPTH);
}

/** What all threads have found so far. */
export function progressOf({ control, progress }: Shared): {
  states: number;
  transitions: number;
  queued: number;
} {
  const sum = (at: number): number => progress.reduce((n, x, i) => (i % 2 === at ? n + x : n), 0);
  const states = sum(0);
  return { states, transitions: sum(1), queued: Math.max(0, states - Atomics.load(control, NEXT)) };
}

export interface MemberOptions {
  /** Which of them this is. */
  readonly index: number;
  readonly shared: Shared;
  /** Bytes that the states of all may take. */
  readonly maxBytes?: number | undefined;
  /** For a thread that has not begun the search. */
  readonly memo?: Memo | undefined;
  /**
   * Called for every state that this thread was the first to find, with its words in place, which must stay as they are; true stops all. The
   * number may become another when all have finished the layer.
   */
  onState?(id: number): boolean;
  /** Called for every state without moves that this thread has looked at; true stops all. */
  onFinal?(id: number): boolean | void;
}

/** A word of the control to wait for: until it is no longer `value`, or so many milliseconds have passed. 0: there is no need to. */
export interface Wait {
  readonly word: number;
  readonly value: number;
  readonly ms: number;
}

const ON: Wait = { word: 0, value: 0, ms: 0 };

/** One thread's part. */
export class Member {
  readonly store: WasmStore;
  /** States that this thread was the first to find. */
  found = 0;
  private readonly expansion: Expansion;

  /**
   * @param system whose words have room for the states
   * @param search that the others have joined, for the thread that has begun it: of this very system
   */
  constructor(
    private readonly system: TransitionSystem,
    private readonly o: MemberOptions,
    search?: Search,
  ) {
    const { threads, memory } = o.shared;
    this.store = search?.sharedStore ?? WasmStore.join(system.words.length, system.cuts, memory, threads);
    this.store.limit = o.maxBytes ?? Infinity;
    const searcher = {
      reach: () => this.keep(),
      found: () => void (this.found += 1),
      final: (id: number) => {
        if (o.onFinal?.(id) === true) stop(o.shared, Stop.Found);
      },
      looks: () => o.onState !== undefined,
    };
    this.expansion = search?.expansion ?? new Expansion(system, this.store, o.memo, searcher);
    this.expansion.searcher = searcher;
    this.found = search?.states ?? 0;
    this.report();
  }

  /** Searches until nothing is left, or one of the threads stops all. Lets no event loop in: not for a thread that has other things to do. */
  run(): void {
    for (const wait of this.search()) this.wait(wait);
  }

  /** The same, but `breathe` is waited for whenever so many milliseconds have passed. */
  async runInSlices(sliceMs: number, breathe: () => Promise<void>): Promise<void> {
    let last = performance.now();
    for (const wait of this.search()) {
      this.wait(wait);
      if (performance.now() - last < sliceMs) continue;
      await breathe();
      last = performance.now();
    }
  }

  private wait({ word, value, ms }: Wait): void {
    if (ms > 0) Atomics.wait(this.o.shared.control, word, value, ms);
  }

  /** What {@link run} does, step by step: each says what to wait for. */
  *search(): Generator<Wait, void> {
    try {
      while ((yield* this.expandLayer()) && (yield* this.closeLayer()));
    } catch (error) {
      stop(this.o.shared, error instanceof StoreFull ? Stop.Memory : Stop.Failed);
      if (!(error instanceof StoreFull)) throw error;
    } finally {
      this.report();
    }
  }

  /** Actions that this thread has made. */
  get transitions(): number {
    return this.expansion.transitions;
  }

  private get stopped(): boolean {
    return Atomics.load(this.o.shared.control, STOP) !== Stop.None;
  }

  /** @returns false if the search was stopped */
  private *expandLayer(): Generator<Wait, boolean> {
    const { control } = this.o.shared;
    const end = control[END]!;
    for (;;) {
      if (this.store.bytes > this.store.limit) throw new StoreFull('the states exceed their bound');
      const first = Atomics.add(control, NEXT, HANDFUL);
      if (first >= end) return true;
      const last = Math.min(first + HANDFUL, end);
      for (let id = first; id < last;) {
        if (this.stopped) return false;
        id = this.expansion.expand(id, last);
        if (this.expansion.again && !(yield* this.grow())) return false;
      }
      this.report();
      yield ON;
    }
  }

  /** Keeps the state in the words if it is new. */
  private keep(): Cut | void {
    const { store, o } = this;
    if (store.crowded) return 'again';
    const id = store.add(this.system.words);
    if (id < 0) return;
    this.found += 1;
    if (o.onState?.(id) !== true) return;
    stop(o.shared, Stop.Found);
    return 'stop';
  }

  /** @returns whether there is another layer, and the search goes on */
  private *closeLayer(): Generator<Wait, boolean> {
    const { store } = this;
    const { threads, control } = this.o.shared;
    const end = control[END]!;
    Atomics.add(control, DONE, 1);
    Atomics.notify(control, DONE);
    for (;;) {
      const done = Atomics.load(control, DONE);
      if (store.crowded) yield* this.grow();
      else if (done === threads) break;
      else yield { word: DONE, value: done, ms: 1 };
      if (this.stopped) return false;
    }
    control.set(store.giveBack(), UNUSED + 2 * this.o.index);
    const together = yield* this.meet(() => {
      store.closeGaps(
        Array.from({ length: threads }, (_, i) => [control[UNUSED + 2 * i]!, control[UNUSED + 2 * i + 1]!]),
      );
      control[DONE] = 0;
      control[NEXT] = end;
      control[END] = store.count;
      if (store.count > end) control[DEPTH]! += 1;
    });
    return together && control[END]! > end;
  }

  /** Lets the tables grow, once all threads have noticed that one must; each enters a part of what was there. @returns false if the search was stopped */
  private *grow(): Generator<Wait, boolean> {
    if (!(yield* this.meet(() => this.store.growTogether()))) return false;
    this.store.enterTogether();
    return yield* this.meet(() => {});
  }

  /** Waits until all threads are here; the last to come acts for all. @returns false if the search was stopped */
  private *meet(act: () => void): Generator<Wait, boolean> {
    const { threads, control } = this.o.shared;
    const turn = Atomics.load(control, TURN);
    if (Atomics.add(control, ARRIVED, 1) === threads - 1) {
      act();
      Atomics.store(control, ARRIVED, 0);
      Atomics.add(control, TURN, 1);
      Atomics.notify(control, TURN);
      return !this.stopped;
    }
    while (Atomics.load(control, TURN) === turn) {
      if (this.stopped) return false;
      yield { word: TURN, value: turn, ms: 50 };
    }
    return !this.stopped;
  }

  private report(): void {
    const { progress } = this.o.shared;
    progress[2 * this.o.index] = this.found;
    progress[2 * this.o.index + 1] = this.transitions;
  }
}
