/**
 * What a move reads and writes, word by word: where a state has the same words at the places that a move has read, the move does the same again
 * (memo.ts). Who runs the system to find out is tracer.ts.
 */

/** A move with all its choices, or with some, as one state has it. */
export interface TracedMove {
  readonly possible: boolean;
  /** One for each action, in order, and others for what could not be chosen. */
  readonly paths: readonly TracedPath[];
}

/** What decides that a move has an action. */
export interface TracedPath {
  /**
   * Pairs, in order: a place that was read before it was written, and the word that it had; or -n and i, for branch i of n that a choice has. A branch that
   * could not be chosen (`among` of {@link Choose}) ends behind what it was seen from.
   */
  readonly steps: readonly number[];
  /** Places that the action writes and what they hold then, in turn, ascending. Absent: there is no such action. */
  readonly writes?: Int32Array;
}

/** A system whose moves can be looked at. */
export interface Traced {
  /** The state, to be written by who asks. */
  readonly words: Int32Array;
  /**
   * Whether there is a move more than the system has, which stands for what is to be told of a state that has none: where it reads the same, the same is told.
   */
  readonly ends?: boolean;
  /**
   * Makes all actions of move `m` of the state in the words, which are the same afterwards.
   * @param choices only the one that is made with these, and 0 for further ones
   * @returns undefined if an action leads out of its bounds
   * @throws what the system throws
   */
  trace(m: number, choices?: readonly number[]): TracedMove | undefined;
}

/** What is to be taken cannot be taken: who runs the system goes on without. */
export class NotThere extends Error {}
const NOT_THERE = new NotThere();

/** Places with what they hold now, without those that were read and hold what they held before. */
export function changesOf(
  places: Int32Array,
  before: Int32Array,
  now: Int32Array,
  wasRead: (at: number) => boolean,
): Int32Array {
  const changes = new Int32Array(2 * places.length);
  let n = 0;
  for (const at of places) {
    if (before[at] === now[at] && wasRead(at)) continue;
    changes[n++] = at;
    changes[n++] = now[at]!;
  }
  return changes.subarray(0, n);
}

/**
 * Words that know who reads and writes them, for a system to work on. `words[i]` ends at a Proxy, which is slow; the build makes it `words.get(i)`, and
 * `words[i] = x` `words.put(i, x)`, in the engine that is looked at (scripts/watch-words.mjs). What it overlooks is slow, not wrong.
 */
export class WatchedWords {
  /** The words themselves, unwatched. */
  readonly plain: Int32Array;
  /** The way that the action has gone so far, as {@link TracedPath} has it. */
  steps: number[] = [];
  /** Ways that have ended in what could not be chosen. */
  blocked: number[][] = [];
  /** Per place: the round in which it was read, and the action in which it was written. */
  private readonly read: Int32Array;
  private readonly wrote: Int32Array;
  private readonly written: Int32Array;
  private count = 0;
  private round = 0;
  /** The round of what was read on the way, and that of what is read now. */
  private way = 0;
  private now = 0;
  private action = 0;
  /** Of the last choice among things: those that were possible, and what was looked at for each. */
  private readonly possible: number[] = [];
  private readonly looks: number[][] = [];

  constructor(readonly length: number) {
    this.plain = new Int32Array(length);
    this.read = new Int32Array(length);
    this.wrote = new Int32Array(length);
    this.written = new Int32Array(length);
  }

  /** An action begins. */
  begin(): void {
    this.steps = [];
    this.blocked.length = 0;
    this.count = 0;
    this.action += 1;
    this.way = this.now = ++this.round;
  }

  /** What was read there lies on the way of the action. */
  private goOn(steps: readonly number[]): void {
    for (let i = 0; i < steps.length; i += 2) {
      this.read[steps[i]!] = this.way;
      this.steps.push(steps[i]!, steps[i + 1]!);
    }
  }

  /**
   * The first of those of `count` things for which `is` holds: what is looked at for one of them matters for no other.
   * @returns its number, -1 if there is none
   */
  among(count: number, is: (i: number) => boolean): number {
    const { steps, way, possible, looks } = this;
    possible.length = 0;
    for (let i = 0; i < count; i++) {
      this.steps = looks[i] ??= [];
      this.steps.length = 0;
      this.now = ++this.round;
      if (is(i)) possible.push(i);
    }
    this.steps = steps;
    this.now = way;
    this.block(count);
    const chosen = possible[0];
    if (chosen === undefined) return -1;
    steps.push(-count, chosen);
    this.goOn(looks[chosen]!);
    return chosen;
  }

  /** Thing `i` of those, if it is one for which `is` holds. @throws NotThere */
  take(count: number, is: (i: number) => boolean, i: number): number {
    this.steps.push(-count, i);
    if (!is(i)) throw NOT_THERE;
    return i;
  }

  /** Places that the action has written, ascending, each with what it holds now, without those that have what was read there before. */
  changes(before: Int32Array): Int32Array {
    const { written, plain, read, way, count } = this;
    if (count * count > 4 * this.length) this.collect();
    else written.subarray(0, count).sort();
    return changesOf(written.subarray(0, count), before, plain, (at) => read[at] === way);
  }

  /** Notes the ways that have ended in what was not possible. */
  private block(count: number): void {
    for (let i = 0, p = 0; i < count; i++) {
      if (this.possible[p] === i) p += 1;
      else this.blocked.push([...this.steps, -count, i, ...this.looks[i]!]);
    }
  }

  /** The same as sorting what was written, for much of it. */
  private collect(): void {
    const { written, wrote, action, length } = this;
    for (let at = 0, n = 0; at < length; at++) if (wrote[at] === action) written[n++] = at;
  }

  get(at: number): number {
    if (this.read[at] !== this.way && this.read[at] !== this.now && this.wrote[at] !== this.action) {
      this.insist(at);
      this.read[at] = this.now;
      this.steps.push(at, this.plain[at]!);
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
