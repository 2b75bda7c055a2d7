/**
 * The set of states seen, as {@link StateStore} has it, in the memory of WebAssembly and looked up by it (store.wat): about twice as fast. A memory of
 * its own is much for the few states of a small search, so a store begins as the other.
 */
import { moveSlots, SLOT } from './chunks.js';
import { LEAF } from './diff.js';
import { STORE_WASM } from './store-wasm.js';
import { firstLeaves, StateStore, StoreFull, type States } from './store.js';
import { instantiate, lazyModule, WASM_PAGE, type Compiled, type WasmMemory } from './wasm.js';

/** States from which on one is worth it. */
const MANY = 256;

const MAX_PAGES = 2 ** 16;
/** Bytes between two tables, and before the first. */
const TABLE = 128;
/** Words of a table, as store.wat says. */
const T = { BYTES: 0, MASK: 2, SLOTS: 3, CHUNKS: 4, SHIFT: 5, LIMIT: 6, COUNT: 16 } as const;
/** Words of a thread. */
const THREAD_WORDS = 8;
const FIRST_SLOTS = 2 ** 10;
/** Bytes of a chunk of contents, at most (and more than half of it); what is never written takes no memory. */
const CHUNK = 2 ** 20;
const MAX_CHUNKS = (2 * MAX_PAGES * WASM_PAGE) / CHUNK;

interface Exports {
  add(thread: number, table: number): number;
  load(thread: number, table: number, id: number): void;
}

const compiled = lazyModule(STORE_WASM);

export class WasmStore implements States {
  limit = Infinity;
  private readonly memory: WasmMemory;
  private readonly exports: Exports;
  private readonly tables: number;
  private readonly states: number;
  private readonly thread: number;
  private readonly looked: number;
  private readonly loaded: number;
  /** First byte of the memory that nothing lies in. */
  private top: number;
  private words!: Int32Array<ArrayBuffer>;
  /** The state that is looked up, and the one loaded last. */
  private a!: Int32Array<ArrayBuffer>;
  private b!: Int32Array<ArrayBuffer>;
  /** Whether a state has been loaded. */
  private any = false;

  /** @throws if the engine has no memory for it */
  constructor(
    readonly width: number,
    cuts: readonly number[],
    engine: Compiled,
  ) {
    const leaves = Math.ceil(width / LEAF);
    const firsts = firstLeaves(cuts, leaves);
    const parts = firsts.length - 1;
    this.tables = parts + 2;
    this.states = this.table(parts + 1);
    this.thread = this.top = this.table(this.tables);
    this.memory = new engine.wasm.Memory({ initial: 4, maximum: MAX_PAGES });
    const full = (table: number): number => this.grow(table);
    this.exports = instantiate<Exports>(engine, { host: { memory: this.memory, full } });
    this.refresh();
    this.take(THREAD_WORDS);
    this.looked = this.take(leaves * LEAF);
    this.loaded = this.take(leaves * LEAF);
    const ids = [leaves, leaves, parts, parts].map((n) => this.take(n));
    const at = this.take(firsts.length);
    this.words.set([4 * parts, this.looked, this.loaded, ...ids, at], this.thread / 4);
    this.words.set(firsts, at / 4);
    // of no state
    for (const [i, n] of [leaves, leaves, parts, parts].entries())
      this.words.fill(-1, ids[i]! / 4, ids[i]! / 4 + n);
    for (let i = 0; i < this.tables; i++) {
      const width = i === 0 ? LEAF : i > parts ? parts : firsts[i]! - firsts[i - 1]!;
      this.begin(this.table(i), width);
    }
    this.refresh();
  }

  /** An empty one; undefined where the engine cannot. */
  static make(width: number, cuts: readonly number[]): WasmStore | undefined {
    const found = compiled();
    if (found === undefined) return undefined;
    try {
      return new WasmStore(width, cuts, found);
    } catch {
      return undefined;
    }
  }

  get count(): number {
    return this.words[this.states / 4 + T.COUNT]!;
  }

  get bytes(): number {
    let bytes = 0;
    for (let i = 0; i < this.tables; i++) {
      const t = this.table(i) / 4;
      bytes += this.words[t + T.COUNT]! * this.words[t + T.BYTES]! + 4 * SLOT * (this.words[t + T.MASK]! + 1);
    }
    return bytes;
  }

  add(words: Int32Array): number {
    this.a.set(words);
    if (!this.any) for (let i = 0; i < this.b.length; i++) this.b[i] = ~this.a[i]!;
    return this.exports.add(this.thread, this.states);
  }

  load(id: number, words: Int32Array): void {
    this.any = true;
    this.exports.load(this.thread, this.states, id);
    words.set(this.b);
  }

  reload(words: Int32Array): void {
    words.set(this.b);
  }

  /** Where table `i` lies. */
  private table(i: number): number {
    return TABLE * (i + 1);
  }

  private begin(table: number, width: number): void {
    const shift = Math.max(0, Math.floor(Math.log2(CHUNK / (4 * width))));
    const chunks = this.take(MAX_CHUNKS);
    const slots = this.take(FIRST_SLOTS * SLOT);
    const t = table / 4;
    this.words[t + T.BYTES] = 4 * width;
    this.words[t + T.MASK] = FIRST_SLOTS - 1;
    this.words[t + T.SLOTS] = slots;
    this.words[t + T.CHUNKS] = chunks;
    this.words[t + T.SHIFT] = shift;
    this.place(table);
  }

  /** Gives a table room for two thirds as many contents as it has slots. */
  private place(table: number): void {
    const t = table / 4;
    const limit = Math.floor(((this.words[t + T.MASK]! + 1) * 2) / 3);
    const shift = this.words[t + T.SHIFT]!;
    const bytes = this.words[t + T.BYTES]! << shift;
    for (let i = 0; i << shift < limit; i++) {
      const at = this.words[t + T.CHUNKS]! / 4 + i;
      if (this.words[at] === 0) {
        const chunk = this.take(bytes / 4);
        this.words[at] = chunk;
      }
    }
    this.words[t + T.LIMIT] = limit;
  }

  /** Makes a full table twice as large. @throws StoreFull */
  private grow(table: number): number {
    const t = table / 4;
    const slots = this.words[t + T.MASK]! + 1;
    if (this.bytes + 4 * SLOT * slots > this.limit)
      throw new StoreFull('the stored states exceed their bound');
    const from = this.words[t + T.SLOTS]! >>> 2;
    const to = this.take(2 * slots * SLOT);
    moveSlots(this.words, from, slots, this.words, to / 4, 2 * slots - 1);
    this.words[t + T.SLOTS] = to;
    this.words[t + T.MASK] = 2 * slots - 1;
    this.place(table);
    return 1;
  }

  /** Takes words of the memory, all 0. @returns where they lie @throws StoreFull */
  private take(words: number): number {
    const at = this.top;
    const top = at + 16 * Math.ceil(words / 4);
    const pages = Math.ceil(top / WASM_PAGE) - this.memory.buffer.byteLength / WASM_PAGE;
    if (pages > 0) {
      try {
        this.memory.grow(pages);
      } catch {
        throw new StoreFull('the stored states exceed what WebAssembly can keep');
      }
      this.refresh();
    }
    this.top = top;
    return at;
  }

  private refresh(): void {
    const { buffer } = this.memory;
    this.words = new Int32Array(buffer);
    this.a = new Int32Array(buffer, this.looked ?? 0, this.width);
    this.b = new Int32Array(buffer, this.loaded ?? 0, this.width);
  }
}

/** A store that becomes a {@link WasmStore} once it has many states. */
export class GrowingStore implements States {
  private store: States;
  private last = -1;
  private small = true;

  constructor(
    private readonly width: number,
    private readonly cuts: readonly number[],
  ) {
    this.store = new StateStore(width, cuts);
  }

  get count(): number {
    return this.store.count;
  }

  get bytes(): number {
    return this.store.bytes;
  }

  get limit(): number {
    return this.store.limit;
  }

  set limit(bytes: number) {
    this.store.limit = bytes;
  }

  add(words: Int32Array): number {
    const id = this.store.add(words);
    if (id === MANY && this.small) this.change();
    return id;
  }

  load(id: number, words: Int32Array): void {
    this.last = id;
    this.store.load(id, words);
  }

  reload(words: Int32Array): void {
    this.store.reload(words);
  }

  private change(): void {
    this.small = false;
    const { store, width, cuts, last } = this;
    const other = WasmStore.make(width, cuts);
    if (other === undefined) return;
    other.limit = store.limit;
    const words = new Int32Array(width);
    for (let id = 0; id < store.count; id++) {
      store.load(id, words);
      other.add(words);
      // what is added next is compared with it
      other.load(id, words);
    }
    if (last >= 0) other.load(last, words);
    this.store = other;
  }
}
