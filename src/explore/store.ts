/**
 * The set of states seen, exactly. A state is a tuple of numbers of interned parts ({@link ChunkTable}): a move changes few parts, so
 * most of a successor is known without looking at it again, and a state takes some 40 bytes however large the world is.
 */
import { ChunkTable, hashWords } from './chunks.js';

const INITIAL_STATES = 1 << 10;
const MAX_WORDS = 2 ** 31 - 1;

/** The tuples would not fit any more. */
export class StoreFull extends Error {}

/** States seen, by number. */
export interface States {
  readonly count: number;
  /** Bytes held on to. */
  readonly bytes: number;
  /** Bytes that they may become: beyond them, StoreFull. */
  limit: number;
  /** Adds a state unless it is there. @returns its number if it is new, else a negative number */
  add(words: Int32Array): number;
  /** Writes state `id` into `words`. */
  load(id: number, words: Int32Array): void;
  /** Writes the state loaded last into `words` again. */
  reload(words: Int32Array): void;
}

export class StateStore implements States {
  /** States stored. */
  count = 0;
  limit = Infinity;
  private readonly parts: number;
  private readonly chunks: readonly ChunkTable[];
  private tuples: Int32Array<ArrayBuffer>;
  private table: Int32Array<ArrayBuffer> = new Int32Array(INITIAL_STATES * 4).fill(-1);
  /** The state loaded last, and its tuple: what a successor is compared with. */
  private readonly before: Int32Array;
  private readonly beforeTuple: Int32Array;
  private hasBefore = false;

  /**
   * @param width words of a state
   * @param cuts where parts begin, ascending, the first 0
   */
  constructor(
    readonly width: number,
    private readonly cuts: readonly number[],
  ) {
    this.parts = cuts.length;
    this.chunks = cuts.map((cut, i) => new ChunkTable((cuts[i + 1] ?? width) - cut));
    this.tuples = new Int32Array(INITIAL_STATES * this.parts);
    this.before = new Int32Array(width);
    this.beforeTuple = new Int32Array(this.parts);
  }

  /** Bytes that the store holds on to. */
  get bytes(): number {
    return this.chunks.reduce((n, c) => n + c.bytes, this.tuples.byteLength + this.table.byteLength);
  }

  /** Adds a state unless it is there. @returns its number if it is new, else -1 - number */
  add(words: Int32Array): number {
    const { parts, chunks, cuts, before } = this;
    const start = this.count * parts;
    if (start + parts > this.tuples.length) this.enlarge();
    const tuples = this.tuples;
    for (let p = 0; p < parts; p++) {
      const from = cuts[p]!;
      const chunk = chunks[p]!;
      tuples[start + p] =
        this.hasBefore && same(words, before, from, from + chunk.width)
          ? this.beforeTuple[p]!
          : chunk.intern(words, from);
    }
    return this.find(start);
  }

  /** Looks the tuple at `start` (behind the last state) up, and keeps it if it is new. */
  private find(start: number): number {
    const { parts, tuples } = this;
    const mask = this.table.length - 1;
    let slot = hashWords(tuples, start, start + parts) & mask;
    for (;;) {
      const id = this.table[slot]!;
      if (id < 0) break;
      if (sameTuple(tuples, id * parts, start, parts)) return -1 - id;
      slot = (slot + 1) & mask;
    }
    this.table[slot] = this.count;
    this.count += 1;
    if (this.count * 2 > this.table.length) this.rehash();
    return this.count - 1;
  }

  /** Writes state `id` into `words`; successors added next are compared with it. */
  load(id: number, words: Int32Array): void {
    const { parts, tuples, chunks, cuts, before, beforeTuple } = this;
    const at = id * parts;
    for (let p = 0; p < parts; p++) {
      const chunk = tuples[at + p]!;
      if (!this.hasBefore || beforeTuple[p] !== chunk) chunks[p]!.load(chunk, before, cuts[p]!);
      beforeTuple[p] = chunk;
    }
    this.hasBefore = true;
    words.set(before);
  }

  /** Writes the state loaded last into `words` again. */
  reload(words: Int32Array): void {
    words.set(this.before);
  }

  private enlarge(): void {
    const length = this.tuples.length * 2;
    if (length > MAX_WORDS || this.bytes + this.tuples.byteLength > this.limit)
      throw new StoreFull('the stored states exceed their bound');
    const tuples = new Int32Array(length);
    tuples.set(this.tuples);
    this.tuples = tuples;
  }

  private rehash(): void {
    if (this.bytes + this.table.byteLength > this.limit)
      throw new StoreFull('the stored states exceed their bound');
    const { parts, tuples } = this;
    const table = new Int32Array(this.table.length * 2).fill(-1);
    const mask = table.length - 1;
    for (let id = 0; id < this.count; id++) {
      let slot = hashWords(tuples, id * parts, (id + 1) * parts) & mask;
      while (table[slot]! >= 0) slot = (slot + 1) & mask;
      table[slot] = id;
    }
    this.table = table;
  }
}

/** Whether words [from, to) are equal. Four at a time: this loop sees every word of every successor. */
function same(a: Int32Array, b: Int32Array, from: number, to: number): boolean {
  let i = from;
  for (; i + 3 < to; i += 4) {
    const d = (a[i]! ^ b[i]!) | (a[i + 1]! ^ b[i + 1]!) | (a[i + 2]! ^ b[i + 2]!) | (a[i + 3]! ^ b[i + 3]!);
    if (d !== 0) return false;
  }
  for (; i < to; i++) if (a[i] !== b[i]) return false;
  return true;
}

function sameTuple(tuples: Int32Array, a: number, b: number, parts: number): boolean {
  for (let i = 0; i < parts; i++) if (tuples[a + i] !== tuples[b + i]) return false;
  return true;
}
