/**
 * States seen, as fingerprints of 64 bits: hash compaction. A state whose fingerprint is that of another is taken for it and not looked at,
 * so a search that keeps its states like this is not exhaustive. What has been found and not yet looked at is kept in full.
 */
import { hashWords } from './chunks.js';
import { StoreFull, type States } from './store.js';
import type { TransitionSystem } from './system.js';
import { GrowingStore } from './wasm-store.js';

const INITIAL_SLOTS = 1 << 12;
const INITIAL_QUEUE = 64;
/** Makes the second half of a fingerprint. */
const SEED = 0x3c6ef372;
const MAX_WORDS = 2 ** 31 - 1;

export class CompactStore implements States {
  count = 0;
  limit = Infinity;
  /** Two words a slot; both 0: empty. */
  private prints = new Int32Array(2 * INITIAL_SLOTS);
  /** A ring of states that wait, the first of them number {@link first}. */
  private queue: Int32Array<ArrayBuffer>;
  private room = INITIAL_QUEUE;
  private first = 0;
  private readonly current: Int32Array;
  private currentId = -1;

  /** @param width words of a state */
  constructor(private readonly width: number) {
    this.queue = new Int32Array(INITIAL_QUEUE * width);
    this.current = new Int32Array(width);
  }

  get bytes(): number {
    return this.prints.byteLength + this.queue.byteLength;
  }

  add(words: Int32Array): number {
    const lo = hashWords(words, 0, this.width);
    const hi = hashWords(words, 0, this.width, SEED) || 1;
    const mask = this.prints.length / 2 - 1;
    let slot = (lo ^ (hi >>> 7)) & mask;
    for (; this.prints[2 * slot + 1] !== 0; slot = (slot + 1) & mask)
      if (this.prints[2 * slot] === lo && this.prints[2 * slot + 1] === hi) return -1;
    this.prints[2 * slot] = lo;
    this.prints[2 * slot + 1] = hi;
    if (this.count - this.first >= this.room) this.enlargeQueue();
    this.queue.set(words, (this.count % this.room) * this.width);
    this.count += 1;
    if (this.count * 4 > this.prints.length) this.rehash();
    return this.count - 1;
  }

  /** States can be loaded in their order, each once; the one loaded last, again. */
  load(id: number, words: Int32Array): void {
    if (id !== this.currentId) {
      if (id !== this.first) throw new Error(`state ${id} is kept as a fingerprint only`);
      const at = (id % this.room) * this.width;
      this.current.set(this.queue.subarray(at, at + this.width));
      this.currentId = id;
      this.first += 1;
    }
    words.set(this.current);
  }

  reload(words: Int32Array): void {
    words.set(this.current);
  }

  private enlargeQueue(): void {
    const { width, room } = this;
    if (room * 2 * width > MAX_WORDS || this.bytes + this.queue.byteLength > this.limit)
      throw new StoreFull('the states that wait exceed their bound');
    const queue = new Int32Array(room * 2 * width);
    for (let id = this.first; id < this.count; id++) {
      const at = (id % room) * width;
      queue.set(this.queue.subarray(at, at + width), (id % (room * 2)) * width);
    }
    this.queue = queue;
    this.room = room * 2;
  }

  private rehash(): void {
    const old = this.prints;
    if (this.bytes + old.byteLength > this.limit) throw new StoreFull('the fingerprints exceed their bound');
    const prints = new Int32Array(old.length * 2);
    const mask = old.length - 1;
    for (let i = 0; i < old.length; i += 2) {
      if (old[i + 1] === 0) continue;
      let slot = (old[i]! ^ (old[i + 1]! >>> 7)) & mask;
      while (prints[2 * slot + 1] !== 0) slot = (slot + 1) & mask;
      prints[2 * slot] = old[i]!;
      prints[2 * slot + 1] = old[i + 1]!;
    }
    this.prints = prints;
  }
}

/** An empty store for the states of a system: exact, or of fingerprints. @param threads that may come to fill it together, if it is exact */
export function statesOf({ words, cuts }: TransitionSystem, compact: boolean, threads: number): States {
  return compact ? new CompactStore(words.length) : new GrowingStore(words.length, cuts, threads);
}
