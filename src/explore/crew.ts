/**
 * A search that several threads make together. They keep the states in one store (shared.ts), and take those of a layer (states equally far from
 * the start) by the handful; all finish a layer before any begins the next, so what is found does not depend on their number or pace.
 */
import { growAll, isCrowded, makeHeap, SharedChunkTable, type Heap } from './shared.js';
import { StateStore, StoreFull } from './store.js';
import { Successors } from './successors.js';
import type { TransitionSystem } from './system.js';

/** What the threads share, made once and sent to each. */
export interface Shared {
  readonly control: Int32Array;
  /** Of each thread: states that it has found, and transitions. */
  readonly progress: Float64Array;
  readonly heap: Heap;
}

/** Words of {@link Shared.control}; those that are often written lie apart. */
const STOP = 0;
/** Threads at a meeting, and how many meetings there were. */
const ARRIVED = 1;
const TURN = 2;
/** Threads that have found nothing more to do in this layer. */
const DONE = 3;
/** End of the layer. */
const END = 4;
/** First state that no thread has taken. */
const NEXT = 16;
const CONTROL = 32;

/** Why the threads stop before the end. */
export const enum Stop {
  None = 0,
  /** Who started them says so. */
  Asked = 1,
  Memory = 2,
  /** A thread met something that ends the search for all. */
  Failed = 3,
}

/** States that a thread takes at a time. */
const HANDFUL = 16;

/** @param maxWords that the states may take */
export function share(
  threads: number,
  { words, cuts }: Pick<TransitionSystem, 'words' | 'cuts'>,
  maxWords?: number,
): Shared {
  return {
    control: new Int32Array(new SharedArrayBuffer(4 * CONTROL)),
    progress: new Float64Array(new SharedArrayBuffer(8 * 2 * threads)),
    heap: makeHeap(new StateStore(words.length, cuts).widths, maxWords),
  };
}

/** Ends the search of all threads. */
export function stop(shared: Shared, why: Stop): void {
  Atomics.compareExchange(shared.control, STOP, Stop.None, why);
  for (const word of [TURN, DONE]) Atomics.notify(shared.control, word);
}

export function stopped({ control }: Shared): Stop {
  return Atomics.load(control, STOP);
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
  readonly threads: number;
  /** Which of them this is. */
  readonly index: number;
  readonly shared: Shared;
  /** Bytes that the states of all may take. */
  readonly maxBytes?: number;
  /** Called for every state without moves that this thread has looked at. */
  onFinal?(id: number): void;
}

/** One thread's part. It waits for the others without letting an event loop in: not for a thread that has other things to do. */
export class Member {
  readonly store: StateStore;
  /** States that this thread was the first to find. */
  found = 0;
  private readonly tables: SharedChunkTable[] = [];
  private readonly successors: Successors;
  private readonly maxBytes: number;

  /** @param system holds the initial state in its words */
  constructor(
    private readonly system: TransitionSystem,
    private readonly o: MemberOptions,
  ) {
    const { heap } = o.shared;
    this.maxBytes = o.maxBytes ?? Infinity;
    this.store = new StateStore(system.words.length, system.cuts, (width) => {
      const table = new SharedChunkTable(heap, width, this.tables.length);
      this.tables.push(table);
      return table;
    });
    this.successors = new Successors(system, this.store, () => this.keep());
  }

  /** Actions that this thread has made. */
  get transitions(): number {
    return this.successors.transitions;
  }

  /** Searches until nothing is left, or one of the threads stops all. */
  run(): void {
    try {
      let more = this.meet(() => this.begin());
      while (more) more = this.expandLayer() && this.closeLayer();
    } catch (error) {
      stop(this.o.shared, error instanceof StoreFull ? Stop.Memory : Stop.Failed);
      if (!(error instanceof StoreFull)) throw error;
    }
    this.report();
  }

  private get stopped(): boolean {
    return Atomics.load(this.o.shared.control, STOP) !== Stop.None;
  }

  private begin(): void {
    this.keep();
    this.o.shared.control[END] = this.store.count;
  }

  /** @returns false if the search was stopped */
  private expandLayer(): boolean {
    const { control } = this.o.shared;
    const end = control[END]!;
    for (;;) {
      const first = Atomics.add(control, NEXT, HANDFUL);
      if (first >= end) return true;
      if (this.stopped) return false;
      if (this.store.bytes > this.maxBytes) throw new StoreFull('the states exceed their bound');
      this.report();
      for (let id = first; id < first + HANDFUL && id < end; id++)
        if (!this.successors.of(id)) this.o.onFinal?.(id);
    }
  }

  /** @returns whether there is another layer, and the search goes on */
  private closeLayer(): boolean {
    const { threads, shared } = this.o;
    const { control, heap } = shared;
    const end = control[END]!;
    Atomics.add(control, DONE, 1);
    Atomics.notify(control, DONE);
    for (;;) {
      const done = Atomics.load(control, DONE);
      if (isCrowded(heap)) this.grow();
      else if (done === threads) break;
      else Atomics.wait(control, DONE, done, 1);
      if (this.stopped) return false;
    }
    const together = this.meet(() => {
      control[DONE] = 0;
      control[NEXT] = end;
      control[END] = this.store.count;
    });
    return together && control[END]! > end;
  }

  /** Waits until all threads are here; the last to come acts for all. @returns false if the search was stopped */
  private meet(act: () => void): boolean {
    const { threads, shared } = this.o;
    const { control } = shared;
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
      Atomics.wait(control, TURN, turn, 50);
    }
    return !this.stopped;
  }

  /** Lets the tables grow, once all threads have noticed that one must. */
  private grow(): void {
    this.meet(() => growAll(this.o.shared.heap, this.tables));
    for (const table of this.tables) table.refresh();
  }

  private report(): void {
    const { progress } = this.o.shared;
    progress[2 * this.o.index] = this.found;
    progress[2 * this.o.index + 1] = this.transitions;
  }

  /** Keeps the state in the words if it is new. */
  private keep(): void {
    if (isCrowded(this.o.shared.heap)) this.grow();
    if (this.stopped) return;
    if (this.store.add(this.system.words) >= 0) this.found += 1;
  }
}
