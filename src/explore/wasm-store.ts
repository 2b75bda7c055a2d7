/**
 * The set of states seen, as {@link StateStore} has it, in the memory of WebAssembly and looked up by it (store.wat): about twice as fast. A memory of
 * its own is much for the few states of a small search, so a store begins as the other.
 *
 * Several threads may fill one set at once. Each has a WasmStore of its own on the memory that they share, and with it its own words for
 * what it looks up. Tables grow while all threads stand still: who finds one full only notes that it is, for there is still some room.
 */
import { SLOT } from './chunks.js';
import { LEAF } from './diff.js';
import { Heap } from './heap.js';
import { STORE_SHARED, STORE_WASM } from './store-wasm.js';
import { firstLeaves, StateStore, StoreFull, type States } from './store.js';
import { instantiate, lazyModule, WASM_PAGE, type Compiled, type WasmMemory } from './wasm.js';

/** States from which on one is worth it. */
const MANY = 256;

/** Bytes between two tables, and before the first. */
const TABLE = 128;
/** The word that says whether a table is full, if several threads fill them. */
const CROWDED = 1;
/** Where the words lie that all threads have in common besides (a byte; 0: there are none), and whether a thread is at something that one does at a time. */
const COMMON = 2;
const BUSY = 3;
/** How much all threads keep here besides (trees.ts), in units of 16 bytes. */
const LENT = 4;
/** How often a thread looks whether another has done with that before it lets go of its processor. */
const PATIENCE = 5_000;
/** Milliseconds after which it is taken for dead: it takes far less than one. */
const DEAD_MS = 20_000;
/** Words of a table, as store.wat says. */
const T = {
  ...{ BYTES: 0, MASK: 2, SLOTS: 3, CHUNKS: 4, SHIFT: 5, LIMIT: 6 },
  ...{ OLD: 7, OLD_SLOTS: 8, ENTERED: 9, COUNT: 16 },
} as const;
/** Words of a thread; those from {@link MOVES_WORD} on are for moves (trees.ts). */
const THREAD_WORDS = 32;
const MOVES_WORD = 9;
/** Successors that a thread has waiting, at most, before it looks them up. */
export const WAITING = 64;
/** Numbers of states that a thread takes at a time, where several fill the tables. */
const BLOCK = 64;
/** Slots of a table that has grown which a thread takes at a time to enter what they hold. */
const ENTERED_AT_ONCE = 2 ** 18;
const FIRST_SLOTS = 2 ** 10;
/** Of the last table, which holds the states, where several threads search: they find many. */
const FIRST_STATES = 2 ** 16;
/** Bytes of a chunk of contents, at most (and more than half of it); what is never written takes no memory. */
const CHUNK = 2 ** 20;
const MAX_CHUNKS = (2 * 2 ** 16 * WASM_PAGE) / CHUNK;

interface Exports {
  add(thread: number, table: number): number;
  load(thread: number, table: number, id: number): void;
  moves(thread: number, table: number, end: number): number;
  ends(thread: number): number;
  enter(from: number, end: number, to: number, mask: number): void;
  renumber(thread: number, table: number, id: number, to: number): void;
  /** The table whose numbers this thread takes by the block, how many are one, and what is left of the last. */
  readonly blocks: Global;
  readonly block: Global;
  readonly next: Global;
  readonly end: Global;
}

interface Global {
  value: number;
}

const compiled = lazyModule(STORE_WASM);
const compiledShared = lazyModule(STORE_WASM, STORE_SHARED);

/** What of a store follows from the states alone. */
class Shape {
  readonly leaves: number;
  /** First leaf of each part, and the end of the last. */
  readonly firsts: readonly number[];
  readonly parts: number;
  readonly tables: number;

  constructor(width: number, cuts: readonly number[]) {
    this.leaves = Math.ceil(width / LEAF);
    this.firsts = firstLeaves(cuts, this.leaves);
    this.parts = this.firsts.length - 1;
    this.tables = this.parts + 2;
  }

  /** Words of a content of table `i`. */
  widthOf(i: number): number {
    if (i === 0) return LEAF;
    return i > this.parts ? this.parts : this.firsts[i]! - this.firsts[i - 1]!;
  }
}

/** What the numbers of a state's parts are multiplied by in its hash: odd numbers of 64 bits, in halves, the same for all threads. */
function factorsOf(parts: number): Int32Array {
  let x = 0x9e3779b97f4a7c15n;
  const factors = BigInt64Array.from({ length: parts }, () => {
    x = BigInt.asUintN(64, x * 0xd1342543de82ef95n + 0x2545f4914f6cdd1dn);
    return BigInt.asIntN(64, (x ^ (x >> 32n)) | 1n);
  });
  return new Int32Array(factors.buffer);
}

/** Where table `i` lies. */
function tableAt(i: number): number {
  return TABLE * (i + 1);
}

export class WasmStore implements States {
  limit = Infinity;
  private readonly exports: Exports;
  private readonly states: number;
  private readonly thread: number;
  private readonly looked: number;
  private readonly loaded: number;
  /** The memory; another view of it once it has grown. */
  words!: Int32Array;
  /** The state that is looked up, and the one loaded last. */
  private a!: Int32Array;
  private b!: Int32Array;
  /** Whether a state has been loaded. */
  private any = false;
  private shared = false;

  /** @param threads that may fill the tables at once @throws if the engine has no memory for it */
  private constructor(
    readonly width: number,
    private readonly shape: Shape,
    readonly heap: Heap,
    engine: Compiled,
    private readonly threads: number,
  ) {
    const { leaves, firsts, parts, tables } = shape;
    this.states = tableAt(tables - 1);
    const full = (table: number): number => (this.together ? this.note(table) : this.grow(table));
    this.exports = instantiate<Exports>(engine, { host: { memory: heap.memory, full } });
    heap.refresh();
    this.thread = heap.take(THREAD_WORDS);
    this.looked = heap.take(leaves * LEAF);
    this.loaded = heap.take(leaves * LEAF);
    const ids = [leaves, leaves, parts, parts].map((n) => heap.take(n));
    const at = heap.take(firsts.length);
    const factors = heap.take(2 * parts);
    heap.onGrowth(() => this.look());
    this.words.set([4 * parts, this.looked, this.loaded, ...ids, at, factors], this.thread / 4);
    this.words.set(firsts, at / 4);
    this.words.set(factorsOf(parts), factors / 4);
    // of no state
    for (const [i, n] of [leaves, leaves, parts, parts].entries())
      this.words.fill(-1, ids[i]! / 4, ids[i]! / 4 + n);
  }

  /** An empty one; undefined where the engine cannot. */
  static make(width: number, cuts: readonly number[]): WasmStore | undefined {
    return WasmStore.begun(width, cuts, compiled(), 1);
  }

  /** An empty one that so many threads can come to fill together, this one included; undefined where the engine cannot. */
  static makeShared(width: number, cuts: readonly number[], threads: number): WasmStore | undefined {
    return WasmStore.begun(width, cuts, compiledShared(), threads);
  }

  /** The one that another thread has made to be shared, for this thread. @param memory of its heap @throws if the engine cannot */
  static join(width: number, cuts: readonly number[], memory: WasmMemory, threads: number): WasmStore {
    const store = new WasmStore(width, new Shape(width, cuts), Heap.of(memory), compiledShared()!, threads);
    store.joined();
    return store;
  }

  private static begun(
    width: number,
    cuts: readonly number[],
    engine: Compiled | undefined,
    threads: number,
  ): WasmStore | undefined {
    if (engine === undefined) return undefined;
    try {
      const shape = new Shape(width, cuts);
      const reserved = tableAt(shape.tables);
      const heap = threads === 1 ? Heap.make(engine, reserved) : Heap.makeShared(engine, reserved);
      const store = new WasmStore(width, shape, heap, engine, threads);
      for (let i = 0; i < shape.tables; i++) store.begin(i);
      return store;
    } catch {
      return undefined;
    }
  }

  /** Where several threads fill them, with the numbers that they have taken and not used: see {@link closeGaps}. */
  get count(): number {
    return this.words[this.states / 4 + T.COUNT]!;
  }

  /** Whether other threads fill the tables, too: then they grow only by {@link growTogether}. */
  get together(): boolean {
    return this.shared;
  }

  /** From now on others fill the tables, too. */
  joined(): void {
    this.shared = true;
    this.exports.blocks.value = this.states;
    this.exports.block.value = BLOCK;
  }

  get bytes(): number {
    let bytes = 16 * Atomics.load(this.words, LENT);
    for (let i = 0; i < this.shape.tables; i++) {
      const t = tableAt(i) / 4;
      bytes += this.words[t + T.COUNT]! * this.words[t + T.BYTES]! + 4 * SLOT * (this.words[t + T.MASK]! + 1);
    }
    return bytes;
  }

  /** Whether a table must grow before more is added, if several threads fill them. */
  get crowded(): boolean {
    return Atomics.load(this.words, CROWDED) !== 0;
  }

  add(words: Int32Array): number {
    this.a.set(words);
    if (!this.any) for (let i = 0; i < this.b.length; i++) this.b[i] = ~this.a[i]!;
    return this.exports.add(this.thread, this.states);
  }

  load(id: number, words: Int32Array): void {
    this.select(id);
    words.set(this.b);
  }

  /** Makes state `id` the one that was loaded last, and writes it nowhere. */
  select(id: number): void {
    this.any = true;
    this.exports.load(this.thread, this.states, id);
  }

  /** Makes moves of states up to `end`, as `moves` of store.wat. @returns why it has stopped */
  moves(end: number): number {
    return this.exports.moves(this.thread, this.states, end);
  }

  /** Lists ends of moves of the state loaded last, as `ends` of store.wat. @returns why it has stopped */
  ends(): number {
    return this.exports.ends(this.thread);
  }

  /** The word at which this thread's words for moves begin. */
  get movesWord(): number {
    return this.thread / 4 + MOVES_WORD;
  }

  /** First leaf of each part, and the end of the last. */
  get firsts(): readonly number[] {
    return this.shape.firsts;
  }

  /** The byte at which the table of part `p` lies; 0: the part has the number of its leaf. */
  tableOf(p: number): number {
    return this.firsts[p + 1]! - this.firsts[p]! > 1 ? tableAt(p + 1) : 0;
  }

  /** Takes words of the memory for something else, all 0. @returns the byte at which they lie @throws StoreFull */
  lend(words: number): number {
    if (this.bytes + 4 * words > this.limit) throw new StoreFull('the stored states exceed their bound');
    Atomics.add(this.words, LENT, Math.ceil(words / 4));
    return this.heap.take(words);
  }

  /** The words that all threads have in common, taken by the first who asks, all 0 then. @returns the byte at which they lie @throws StoreFull */
  common(words: number): number {
    if (this.words[COMMON] === 0) Atomics.compareExchange(this.words, COMMON, 0, this.lend(words));
    return Atomics.load(this.words, COMMON) >>> 0;
  }

  /** Does what one thread does at a time. @throws Error if another has begun to and does not come to an end */
  alone<T>(act: () => T, deadMs = DEAD_MS): T {
    for (let tries = 0; Atomics.compareExchange(this.words, BUSY, 0, 1) !== 0; tries++) {
      if (tries > PATIENCE) Atomics.wait(this.words, BUSY, 1, 1);
      if (tries > PATIENCE + deadMs) throw new Error('a thread that others wait for has come to no end');
    }
    try {
      this.refresh();
      return act();
    } finally {
      Atomics.store(this.words, BUSY, 0);
      Atomics.notify(this.words, BUSY);
    }
  }

  reload(words: Int32Array): void {
    words.set(this.b);
  }

  /**
   * Lets all tables grow that are full; for one thread, while the others stand still. What was in them is entered by {@link enterTogether}.
   * @throws StoreFull
   */
  growTogether(): void {
    this.heap.refresh();
    for (let i = 0; i < this.shape.tables; i++) {
      const t = tableAt(i) / 4;
      if (this.words[t + T.COUNT]! >= this.words[t + T.LIMIT]!) this.enlarge(tableAt(i));
    }
    Atomics.store(this.words, CROWDED, 0);
  }

  /** Enters what was in the tables that have grown: all threads do at once, and look nothing up before all have. */
  enterTogether(): void {
    this.heap.refresh();
    for (let i = 0; i < this.shape.tables; i++) this.enterOld(tableAt(i));
  }

  /** The numbers that this thread has taken and not used; it takes others next time. @returns the first, and the end of them */
  giveBack(): readonly [number, number] {
    const { next, end } = this.exports;
    const unused = [next.value, end.value] as const;
    next.value = end.value = 0;
    return unused;
  }

  /**
   * Gives the last states the numbers that were not used; for one thread, while the others stand still and have given theirs back.
   * @param unused of all threads, of states that nobody has looked at since
   */
  closeGaps(unused: readonly (readonly [number, number])[]): void {
    const gaps = new Set(
      unused.flatMap(([first, end]) => Array.from({ length: end - first }, (_, i) => first + i)),
    );
    const { count } = this;
    const left = count - gaps.size;
    let last = count;
    for (const to of gaps) {
      if (to >= left) continue;
      do last -= 1;
      while (gaps.has(last));
      this.exports.renumber(this.thread, this.states, last, to);
    }
    this.words[this.states / 4 + T.COUNT] = left;
  }

  /** Looks at what has grown while this thread stood still. */
  refresh(): void {
    this.heap.refresh();
  }

  private begin(i: number): void {
    const { heap, shape, threads } = this;
    const bytes = 4 * shape.widthOf(i);
    const chunks = heap.take(MAX_CHUNKS);
    let count = threads > 1 && i === shape.tables - 1 ? FIRST_STATES : FIRST_SLOTS;
    while (count < 8 * this.slack(tableAt(i))) count *= 2;
    const slots = heap.take(count * SLOT);
    const t = tableAt(i) / 4;
    this.words[t + T.BYTES] = bytes;
    this.words[t + T.MASK] = count - 1;
    this.words[t + T.SLOTS] = slots;
    this.words[t + T.CHUNKS] = chunks;
    this.words[t + T.SHIFT] = Math.max(0, Math.floor(Math.log2(CHUNK / bytes)));
    this.place(tableAt(i));
  }

  /**
   * Contents that threads may still enter once a table is full: each one (or a block) of which it has seen that there is room, like all others at the same
   * time, and, as long as nobody has noted that it is full, those of the state that it adds next.
   */
  private slack(table: number): number {
    if (this.threads === 1) return 0;
    const next = table === TABLE ? this.shape.leaves : table === this.states ? WAITING + BLOCK : 1;
    return this.threads * (1 + next);
  }

  /** Gives a table room for two thirds as many contents as it has slots. */
  private place(table: number): void {
    const t = table / 4;
    const limit = Math.floor(((this.words[t + T.MASK]! + 1) * 2) / 3);
    const shift = this.words[t + T.SHIFT]!;
    const bytes = this.words[t + T.BYTES]! << shift;
    for (let i = 0; i << shift < limit + this.slack(table); i++) {
      const at = this.words[t + T.CHUNKS]! / 4 + i;
      if (this.words[at] === 0) {
        const chunk = this.heap.take(bytes / 4);
        this.words[at] = chunk;
      }
    }
    this.words[t + T.LIMIT] = limit;
  }

  /** Makes a full table twice as large. @throws StoreFull */
  private grow(table: number): number {
    this.enlarge(table);
    this.enterOld(table);
    return 1;
  }

  /** Makes a table of twice as many slots beside a full one. @throws StoreFull */
  private enlarge(table: number): void {
    const t = table / 4;
    const slots = this.words[t + T.MASK]! + 1;
    if (this.bytes + 4 * SLOT * slots > this.limit)
      throw new StoreFull('the stored states exceed their bound');
    const to = this.heap.take(2 * slots * SLOT);
    this.words[t + T.OLD] = this.words[t + T.SLOTS]!;
    this.words[t + T.OLD_SLOTS] = slots;
    this.words[t + T.ENTERED] = 0;
    this.words[t + T.SLOTS] = to;
    this.words[t + T.MASK] = 2 * slots - 1;
    this.place(table);
  }

  /** Enters what is left of the slots that a table had before. */
  private enterOld(table: number): void {
    const { words } = this;
    const t = table / 4;
    const [old, slots] = [words[t + T.OLD]!, words[t + T.OLD_SLOTS]!];
    // one that has been entered is not counted on, or the count would wrap around after some thousand times that others have grown
    while (Atomics.load(words, t + T.ENTERED) < slots) {
      const first = Atomics.add(words, t + T.ENTERED, ENTERED_AT_ONCE);
      if (first >= slots) return;
      const end = Math.min(first + ENTERED_AT_ONCE, slots);
      this.exports.enter(
        old + 4 * SLOT * first,
        old + 4 * SLOT * end,
        words[t + T.SLOTS]!,
        words[t + T.MASK]!,
      );
    }
  }

  /** Notes that a table is full. */
  private note(table: number): number {
    const t = table / 4;
    if (this.words[t + T.COUNT]! >= this.words[t + T.LIMIT]! + this.slack(table))
      throw new Error('a table that threads share was filled beyond its room');
    Atomics.store(this.words, CROWDED, 1);
    return 0;
  }

  private look(): void {
    const { buffer } = this.heap.memory;
    this.words = this.heap.words;
    this.a = new Int32Array(buffer, this.looked, this.width);
    this.b = new Int32Array(buffer, this.loaded, this.width);
  }
}

/** A store that becomes a {@link WasmStore} once it has many states. */
export class GrowingStore implements States {
  /** What it has become, if other threads can fill it, too. */
  shared: WasmStore | undefined;
  private store: States;
  private last = -1;
  private small = true;

  /** @param threads that may come to fill it together */
  constructor(
    private readonly width: number,
    private readonly cuts: readonly number[],
    private readonly threads = 1,
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

  /** Becomes one now, where it can. */
  toWasm(): WasmStore | undefined {
    if (this.small) this.change();
    return this.store instanceof WasmStore ? this.store : undefined;
  }

  private change(): void {
    this.small = false;
    const { store, width, cuts, last, threads } = this;
    this.shared = threads > 1 ? WasmStore.makeShared(width, cuts, threads) : undefined;
    const other = this.shared ?? WasmStore.make(width, cuts);
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
