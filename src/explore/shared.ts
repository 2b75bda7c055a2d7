/**
 * Tables of interned pieces that several threads fill at once, in one shared array. Who finds an empty slot claims it, writes the content and
 * then its number; whoever looks there meanwhile waits for that. Tables grow while all threads stand still.
 */
import { equal, hashWords, moveSlots, SLOT, type Chunks } from './chunks.js';
import { StoreFull } from './store.js';

/** Words that the array may have, with all indices well below 2^31; what is never written takes no memory. */
const MAX_WORDS = 2 ** 31 - 2 ** 16;
const MIN_WORDS = 2 ** 22;
const INITIAL_SLOTS = 1 << 12;
/** Of the last table, which holds the states: threads that search together find many. */
const INITIAL_STATES = 1 << 18;
/** In a slot of which the number is not known yet. */
const CLAIMED = -1;

/** Words of a cache line: what one thread often writes and others read lies on lines of their own. */
const LINE = 16;
/** Words of a heap's control before its tables: where the unused rest begins, and whether a table is to grow. */
const TOP = 0;
const GROW = 1;
const TABLES = LINE;
/** Words of a table's control: contents, slots, where slots and contents begin. */
const COUNT = 0;
const SLOTS = 1;
const TABLE = 2;
const DATA = 3;
const TABLE_CONTROL = LINE;

/** Room for tables, made once and sent to every thread. */
export interface Heap {
  readonly words: Int32Array;
  readonly control: Int32Array;
}

/**
 * @param widths of the tables, in the order in which threads will ask for them; the last holds the states
 * @param maxWords that it may have
 */
export function makeHeap(widths: readonly number[], maxWords = MAX_WORDS): Heap {
  const control = ints(TABLES + TABLE_CONTROL * widths.length);
  const heap = { words: largest(maxWords), control };
  widths.forEach((width, i) => {
    const slots = i < widths.length - 1 ? INITIAL_SLOTS : INITIAL_STATES;
    place(heap, TABLES + TABLE_CONTROL * i, width, slots);
  });
  return heap;
}

function ints(words: number): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * words));
}

/** As much as the machine grants. */
function largest(maxWords: number): Int32Array {
  for (let words = maxWords; ; words /= 2) {
    try {
      return ints(words);
    } catch (error) {
      if (words <= MIN_WORDS) throw error;
    }
  }
}

/** Takes room for a table of so many slots, and for as many contents. */
function place({ words, control }: Heap, at: number, width: number, slots: number): void {
  const top = control[TOP]!;
  if (top + slots * (SLOT + width) > words.length)
    throw new StoreFull('the stored states exceed what threads can share');
  control[TOP] = top + slots * (SLOT + width);
  control[at + SLOTS] = slots;
  control[at + TABLE] = top;
  control[at + DATA] = top + slots * SLOT;
}

/** Whether a table is to grow before more is added. */
export function isCrowded({ control }: Heap): boolean {
  return Atomics.load(control, GROW) !== 0;
}

/** Lets all tables grow that are crowded; for one thread, while the others stand still. */
export function growAll({ control }: Heap, tables: readonly SharedChunkTable[]): void {
  for (const table of tables) table.grow();
  Atomics.store(control, GROW, 0);
}

export class SharedChunkTable implements Chunks {
  added = false;
  private readonly words: Int32Array;
  private readonly control: Int32Array;
  private readonly at: number;
  private table = 0;
  private data = 0;
  private mask = 0;

  /** @param index which of the heap's tables it is */
  constructor(
    private readonly heap: Heap,
    readonly width: number,
    index: number,
  ) {
    this.words = heap.words;
    this.control = heap.control;
    this.at = TABLES + TABLE_CONTROL * index;
    this.refresh();
  }

  get count(): number {
    return Atomics.load(this.control, this.at + COUNT);
  }

  get bytes(): number {
    return 4 * (this.count * this.width + (this.mask + 1) * SLOT);
  }

  intern(words: Int32Array, from: number): number {
    const { width, words: own, table, data, mask } = this;
    const hash = hashWords(words, from, from + width);
    let slot = hash & mask;
    for (;;) {
      const at = table + SLOT * slot;
      let id = Atomics.load(own, at);
      if (id === 0) {
        if (Atomics.compareExchange(own, at, 0, CLAIMED) === 0) return this.insert(words, from, hash, at);
        continue;
      }
      while (id === CLAIMED) id = Atomics.load(own, at);
      if (own[at + 1] === hash && equal(own, data + (id - 1) * width, words, from, width)) {
        this.added = false;
        return id - 1;
      }
      slot = (slot + 1) & mask;
    }
  }

  load(id: number, words: Int32Array, to: number): void {
    const { words: own, width } = this;
    const from = this.data + id * width;
    for (let i = 0; i < width; i++) words[to + i] = own[from + i]!;
  }

  /** Fills the slot that this thread has claimed. */
  private insert(words: Int32Array, from: number, hash: number, at: number): number {
    const { words: own, control, width } = this;
    const id = Atomics.add(control, this.at + COUNT, 1);
    const to = this.data + id * width;
    for (let i = 0; i < width; i++) own[to + i] = words[from + i]!;
    own[at + 1] = hash;
    Atomics.store(own, at, id + 1);
    this.added = true;
    if (this.crowded(id + 1)) Atomics.store(control, GROW, 1);
    return id;
  }

  private crowded(count: number): boolean {
    return count * 2 > this.mask + 1;
  }

  /** Makes the table twice as large as long as it is crowded; for one thread, while the others stand still. */
  grow(): void {
    while (this.crowded(this.count)) this.double();
  }

  private double(): void {
    const { words, table, data, mask, width, count } = this;
    place(this.heap, this.at, width, 2 * (mask + 1));
    this.refresh();
    words.copyWithin(this.data, data, data + count * width);
    moveSlots(words, table, mask + 1, words, this.table, this.mask);
  }

  /** Looks where the table is now, after all have stood still. */
  refresh(): void {
    const { control, at } = this;
    this.table = control[at + TABLE]!;
    this.data = control[at + DATA]!;
    this.mask = control[at + SLOTS]! - 1;
  }
}
