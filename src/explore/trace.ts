/**
 * What a move reads and writes, word by word: where a state has the same words at the places that a move has read, the move does the same again
 * (memo.ts).
 */
import { Enumerator } from './chooser.js';
import type { TransitionSystem } from './system.js';

/** A move with all its choices, as one state has it. */
export interface TracedMove {
  readonly possible: boolean;
  /** Places that it read before it wrote there, in the order of the first reading. */
  readonly reads: readonly number[];
  /** Of each action, in order: places it wrote and what they hold then, in turn, ascending. */
  readonly writes: readonly Int32Array[];
}

/** A system whose moves can be looked at. */
export interface Traced {
  /** The state, to be written by who asks. */
  readonly words: Int32Array;
  /**
   * Makes all actions of move `m` of the state in the words, which are the same afterwards.
   * @returns undefined if an action leads out of its bounds
   * @throws what the system throws
   */
  trace(m: number): TracedMove | undefined;
}

/**
 * Words that know who reads and writes them, for a system to work on. `words[i]` ends at a Proxy, which is slow; the build makes it `words.get(i)`, and
 * `words[i] = x` `words.put(i, x)`, in the engine that is looked at (scripts/watch-words.mjs). What it overlooks is slow, not wrong.
 */
export class WatchedWords {
  /** The words themselves, unwatched. */
  readonly plain: Int32Array;
  /** Places read before they were written, in order. */
  reads: number[] = [];
  /** Per place: the round in which it was read, and the one in which it was written. */
  private readonly read: Int32Array;
  private readonly wrote: Int32Array;
  private readonly written: Int32Array;
  private count = 0;
  private move = 0;
  private action = 0;

  constructor(readonly length: number) {
    this.plain = new Int32Array(length);
    this.read = new Int32Array(length);
    this.wrote = new Int32Array(length);
    this.written = new Int32Array(length);
  }

  /** A move begins. */
  begin(): void {
    this.reads = [];
    this.move += 1;
    this.restart();
  }

  /** Another action of the move begins, from the same words. */
  restart(): void {
    this.count = 0;
    this.action += 1;
  }

  /** Whether the move has read a place. */
  wasRead(at: number): boolean {
    return this.read[at] === this.move;
  }

  /** Places that the action has written, ascending, each with what it holds now. */
  changes(): Int32Array {
    const { written, plain, count } = this;
    // mostly ascending already
    for (let i = 1; i < count; i++) {
      const at = written[i]!;
      let j = i;
      for (; j > 0 && written[j - 1]! > at; j--) written[j] = written[j - 1]!;
      written[j] = at;
    }
    const changes = new Int32Array(2 * count);
    for (let i = 0; i < count; i++) {
      changes[2 * i] = written[i]!;
      changes[2 * i + 1] = plain[written[i]!]!;
    }
    return changes;
  }

  get(at: number): number {
    if (this.read[at] !== this.move && this.wrote[at] !== this.action) {
      this.insist(at);
      this.read[at] = this.move;
      this.reads.push(at);
    }
    return this.plain[at]!;
  }

  put(at: number, value: number): number {
    if (this.wrote[at] !== this.action) {
      this.insist(at);
      this.wrote[at] = this.action;
      this.written[this.count++] = at;
    }
    this.plain[at] = value;
    return value;
  }

  private insist(at: number): void {
    if (!(at >= 0 && at < this.length)) throw new RangeError(`words that are watched have no place ${at}`);
  }

  fill(value: number, from: number, to: number): void {
    for (let at = from; at < to; at++) this.put(at, value);
  }

  copyWithin(to: number, from: number, end: number): void {
    const values = Array.from({ length: end - from }, (_, i) => this.get(from + i));
    for (const [i, value] of values.entries()) this.put(to + i, value);
  }
}

/** Where `words[i]` ends up, which no object has. */
const places: ProxyHandler<object> = {
  get(_, key, words: WatchedWords) {
    const at = Number(key as string);
    if (at !== at) throw new Error(`words that are watched have no ${String(key)}`);
    return words.get(at);
  },
  set(_, key, value: number, words: WatchedWords) {
    const at = Number(key as string);
    if (at === at) words.put(at, value);
    else Object.defineProperty(words, key, { value, writable: true });
    return true;
  },
};
Object.setPrototypeOf(WatchedWords.prototype, new Proxy({}, places));

/** Looks at the moves of a system that works on `watched`. */
export function traced(system: TransitionSystem, watched: WatchedWords): Traced {
  const enumerator = new Enumerator();
  const { plain } = watched;
  const before = new Int32Array(plain.length);
  const actions = (m: number): Int32Array[] | undefined => {
    const written: Int32Array[] = [];
    enumerator.start();
    do {
      plain.set(before);
      watched.restart();
      if (system.apply(m, enumerator.choose) === false) return undefined;
      written.push(watched.changes());
    } while (enumerator.next());
    return written;
  };
  return {
    words: plain,
    trace: (m) => {
      before.set(plain);
      watched.begin();
      try {
        const possible = system.enabled(m);
        const writes = possible ? actions(m) : [];
        if (writes === undefined) return undefined;
        const known = (at: number, value: number): boolean => watched.wasRead(at) && before[at] === value;
        return { possible, reads: watched.reads, writes: writes.map((changes) => without(changes, known)) };
      } finally {
        plain.set(before);
      }
    },
  };
}

/** The changes that are not known to change nothing. */
function without(changes: Int32Array, known: (at: number, value: number) => boolean): Int32Array {
  let n = 0;
  for (let i = 0; i < changes.length; i += 2) {
    if (known(changes[i]!, changes[i + 1]!)) continue;
    changes[n++] = changes[i]!;
    changes[n++] = changes[i + 1]!;
  }
  return changes.subarray(0, n);
}
