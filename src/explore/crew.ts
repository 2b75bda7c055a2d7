/**
 * A search that several threads make together. Every state belongs to the thread that its hash names; who finds it sends it there. All threads
 * finish a layer (states equally far from the start) before any begins the next, so what is found does not depend on their number or pace.
 */
import { hashWords } from './chunks.js';
import { statesOf } from './compact.js';
import { StoreFull, type States } from './store.js';
import { Successors } from './successors.js';
import type { TransitionSystem } from './system.js';

/** What the threads share, made once and sent to each. */
export interface Shared {
  readonly control: Int32Array;
  /** Of each thread: states, transitions, states that wait, bytes. */
  readonly progress: Float64Array;
  /** States on their way, in `from * threads + to`. */
  readonly boxes: readonly Int32Array[];
}

/** Words of {@link Shared.control}; from SIZES on, two for each thread: its states, and those of the next layer. */
const STOP = 0;
const ARRIVED = 1;
const TURN = 2;
const DONE = 3;
const SIZES = 4;

/** Why the threads stop before the end. */
export const enum Stop {
  None = 0,
  /** Who started them says so. */
  Asked = 1,
  Memory = 2,
  /** A thread met something that ends the search for all. */
  Failed = 3,
}

/** Words of a box before its states: how many were put in, and taken out. */
const IN = 0;
const OUT = 1;
const BOX_HEAD = 2;
const BOX_WORDS = 1 << 19;
/** After so many states of its own a thread looks for what others have sent. */
const OFTEN = 8;
const SEED = 0x51ed270b;
/** A hash spreads badly over its lowest bits. */
const SPREAD = 16;

/** @param width words of a state */
export function share(threads: number, width: number): Shared {
  const ints = (n: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * n));
  const room = Math.max(16, Math.floor(BOX_WORDS / width));
  return {
    control: ints(SIZES + 2 * threads),
    progress: new Float64Array(new SharedArrayBuffer(8 * 4 * threads)),
    boxes: Array.from({ length: threads * threads }, (_, i) =>
      ints(BOX_HEAD + (i % (threads + 1) === 0 ? 0 : room * width)),
    ),
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
export function progressOf({ progress }: Shared): {
  states: number;
  transitions: number;
  queued: number;
  bytes: number;
} {
  const sum = (at: number): number => progress.reduce((n, x, i) => (i % 4 === at ? n + x : n), 0);
  return { states: sum(0), transitions: sum(1), queued: sum(2), bytes: sum(3) };
}

export interface MemberOptions {
  readonly threads: number;
  /** Which of them this is. */
  readonly index: number;
  readonly shared: Shared;
  readonly compact?: boolean;
  /** Bytes that the states of this thread may take. */
  readonly maxBytes?: number;
  /** Called for every state without moves that belongs to this thread. */
  onFinal?(id: number): void;
}

/** One thread's part. It waits for the others without letting an event loop in: not for a thread that has other things to do. */
export class Member {
  readonly store: States;
  private next = 0;
  private layerEnd: number;
  private layer = 0;
  private readonly width: number;
  private readonly successors: Successors;
  private readonly out: Int32Array;

  /** @param system holds the initial state in its words */
  constructor(
    private readonly system: TransitionSystem,
    private readonly o: MemberOptions,
  ) {
    const { words } = system;
    this.width = words.length;
    this.store = statesOf(system, o.compact === true);
    this.successors = new Successors(system, this.store, () => this.give());
    this.store.limit = o.maxBytes ?? Infinity;
    this.out = new Int32Array(this.width);
    if (this.owner() === o.index) this.store.add(words);
    this.layerEnd = this.store.count;
  }

  /** Actions that this thread has made. */
  get transitions(): number {
    return this.successors.transitions;
  }

  /** Searches until all threads have nothing left, or one of them stops all. */
  run(): void {
    try {
      while (this.expandLayer() && this.closeLayer());
    } catch (error) {
      stop(this.o.shared, error instanceof StoreFull ? Stop.Memory : Stop.Failed);
      if (!(error instanceof StoreFull)) throw error;
    }
    this.report();
  }

  private get stopped(): boolean {
    return Atomics.load(this.o.shared.control, STOP) !== Stop.None;
  }

  private owner(): number {
    const { words, home } = this.system;
    const hash = hashWords(words, home?.[0] ?? 0, home?.[1] ?? this.width, SEED);
    return (hash >>> SPREAD) % this.o.threads;
  }

  /** @returns false if the search was stopped */
  private expandLayer(): boolean {
    for (; this.next < this.layerEnd; this.next++) {
      if (this.next % OFTEN === 0) {
        this.receive();
        this.report();
        if (this.stopped) return false;
        // 64-bit fingerprints grow with the states of others, too
        if (this.store.bytes > this.store.limit)
          throw new StoreFull('the states of a thread exceed their bound');
      }
      if (!this.successors.of(this.next)) this.o.onFinal?.(this.next);
    }
    return true;
  }

  /** @returns whether any other thread still has states, and the search goes on */
  private closeLayer(): boolean {
    const { threads, index, shared } = this.o;
    const { control } = shared;
    this.layer += 1;
    Atomics.add(control, DONE, 1);
    Atomics.notify(control, DONE);
    for (;;) {
      const done = Atomics.load(control, DONE);
      if (done >= threads * this.layer) break;
      if (this.stopped) return false;
      if (!this.receive()) Atomics.wait(control, DONE, done, 1);
    }
    this.receive();
    control[SIZES + 2 * index] = this.store.count;
    control[SIZES + 2 * index + 1] = this.store.count - this.layerEnd;
    if (!this.meet()) return false;
    let waiting = 0;
    for (let i = 0; i < threads; i++) waiting += control[SIZES + 2 * i + 1]!;
    this.layerEnd = this.store.count;
    this.report();
    return this.meet() && waiting > 0;
  }

  /** Waits until all threads are here. @returns false if the search was stopped */
  private meet(): boolean {
    const { threads, shared } = this.o;
    const { control } = shared;
    const turn = Atomics.load(control, TURN);
    if (Atomics.add(control, ARRIVED, 1) === threads - 1) {
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

  private report(): void {
    const { progress } = this.o.shared;
    const at = 4 * this.o.index;
    progress[at] = this.store.count;
    progress[at + 1] = this.transitions;
    progress[at + 2] = this.store.count - this.next;
    progress[at + 3] = this.store.bytes;
  }

  /** Keeps the state in the words, or sends it to whom it belongs. */
  private give(): void {
    const to = this.owner();
    if (to === this.o.index) this.store.add(this.system.words);
    else this.send(to);
  }

  private send(to: number): void {
    const { threads, index, shared } = this.o;
    const box = shared.boxes[index * threads + to]!;
    const room = (box.length - BOX_HEAD) / this.width;
    let from = this.system.words;
    const at = box[IN]!;
    if (at - Atomics.load(box, OUT) >= room) {
      // what arrives meanwhile is written into the words
      this.out.set(from);
      from = this.out;
      while (at - Atomics.load(box, OUT) >= room) {
        if (this.stopped) return;
        if (!this.receive()) Atomics.wait(shared.control, STOP, Stop.None, 1);
      }
    }
    box.set(from, BOX_HEAD + (at % room) * this.width);
    Atomics.store(box, IN, at + 1);
  }

  /** Takes in what others have sent. @returns whether there was anything */
  private receive(): boolean {
    const { threads, index, shared } = this.o;
    let any = false;
    for (let i = 0; i < threads; i++) {
      if (i !== index) any = this.empty(shared.boxes[i * threads + index]!) || any;
    }
    return any;
  }

  private empty(box: Int32Array): boolean {
    const { words } = this.system;
    const room = (box.length - BOX_HEAD) / this.width;
    const end = Atomics.load(box, IN);
    let at = box[OUT]!;
    if (at === end) return false;
    for (; at < end; at++) {
      const from = BOX_HEAD + (at % room) * this.width;
      for (let i = 0; i < this.width; i++) words[i] = box[from + i]!;
      this.store.add(words);
      Atomics.store(box, OUT, at + 1);
    }
    return true;
  }
}
