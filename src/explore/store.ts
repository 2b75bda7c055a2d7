/**
 * The set of states seen, exactly. A state is a tuple of numbers of its parts, a part one of numbers of its leaves, a few words each
 * ({@link ChunkTable}). A move changes few leaves: most of a successor is known without looking at it again, what is looked up lies in small
 * tables, and a state takes some 50 bytes however large the world is.
 */
import { ChunkTable } from './chunks.js';
import type { WasmStore } from './wasm-store.js';
import { LEAF, scratchFor, type Scratch } from './diff.js';

const INITIAL_STATES = 1 << 10;
const INITIAL_PIECES = 1 << 4;
/** Words that an array of ours may have. */
const MAX_WORDS = 2 ** 31 - 1;

/** The states would not fit any more. */
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
  /** Moves it into the memory of WebAssembly, where that can be. */
  toWasm?(): WasmStore | undefined;
}

export class StateStore implements States {
  limit = Infinity;
  private readonly parts: number;
  /** First leaf of each part, and the end of the last. */
  private readonly firsts: Int32Array;
  /** Part of each leaf. */
  private readonly partOf: Int32Array;
  private readonly leaves: ChunkTable;
  /** Of each part; a part of one leaf has its number, and none. */
  private readonly nodes: readonly (ChunkTable | undefined)[];
  private readonly states: ChunkTable;
  private readonly tables: readonly ChunkTable[];
  /** Holds the state that is looked up, and the one loaded last, which it is compared with. */
  private readonly scratch: Scratch;
  /** The words of the latter. */
  private readonly before: Int32Array;
  /** Numbers of the leaves and parts of the state loaded last; at first, of a state of zeros. */
  private readonly beforeIds: Int32Array;
  private readonly beforeTuple: Int32Array;
  /** Those of the state that is looked up. Between two calls, `ids` are those of the state loaded last. */
  private readonly ids: Int32Array;
  private readonly tuple: Int32Array;

  /**
   * @param width words of a state
   * @param cuts where parts begin, ascending, the first 0
   */
  constructor(
    readonly width: number,
    cuts: readonly number[],
  ) {
    const count = Math.ceil(width / LEAF);
    const firsts = firstLeaves(cuts, count);
    const tables: ChunkTable[] = [];
    const table = (wide: number, initial = INITIAL_PIECES): ChunkTable => {
      const made = new ChunkTable(wide, (bytes) => this.reserve(bytes), initial);
      tables.push(made);
      return made;
    };
    this.parts = firsts.length - 1;
    this.firsts = Int32Array.from(firsts);
    this.partOf = Int32Array.from({ length: count }, (_, l) => firsts.findLastIndex((first) => first <= l));
    this.leaves = table(LEAF);
    this.nodes = firsts
      .slice(1)
      .map((end, p) => (end - firsts[p]! > 1 ? table(end - firsts[p]!) : undefined));
    this.states = table(this.parts, INITIAL_STATES);
    this.tables = tables;
    this.scratch = scratchFor(count);
    this.before = this.scratch.b.subarray(0, width);
    this.beforeIds = new Int32Array(count).fill(this.leaves.intern(new Int32Array(LEAF), 0));
    this.ids = this.beforeIds.slice();
    this.beforeTuple = Int32Array.from(this.nodes, (_, p) => this.part(p));
    this.tuple = new Int32Array(this.parts);
  }

  /** States stored. */
  get count(): number {
    return this.states.count;
  }

  /** Bytes that the store holds on to. */
  get bytes(): number {
    return this.tables.reduce((n, table) => n + table.bytes, 0);
  }

  /** Adds a state unless it is there. @returns its number if it is new, else -1 - number */
  add(words: Int32Array): number {
    const { scratch, ids, leaves, partOf, tuple, beforeTuple, parts, states } = this;
    if (scratch.owner !== this) this.own();
    const { a, found } = scratch;
    a.set(words);
    for (let p = 0; p < parts; p++) tuple[p] = beforeTuple[p]!;
    const n = scratch.diff(ids.length);
    for (let i = 0; i < n;) {
      const p = partOf[found[i]!]!;
      for (; i < n && partOf[found[i]!] === p; i++) {
        const leaf = found[i]!;
        ids[leaf] = leaves.intern(a, leaf * LEAF);
      }
      tuple[p] = this.part(p);
    }
    const id = states.intern(tuple, 0);
    return states.added ? id : -1 - id;
  }

  /** Number of a part whose leaves are in `ids`; puts those of the state loaded last in their place again. */
  private part(p: number): number {
    const { ids, beforeIds, firsts } = this;
    const first = firsts[p]!;
    const node = this.nodes[p];
    const id = node === undefined ? ids[first]! : node.intern(ids, first);
    for (let l = first; l < firsts[p + 1]!; l++) ids[l] = beforeIds[l]!;
    return id;
  }

  /** Writes state `id` into `words`; successors added next are compared with it. */
  load(id: number, words: Int32Array): void {
    const { parts, tuple, beforeTuple, scratch } = this;
    if (scratch.owner !== this) this.own();
    this.states.load(id, tuple, 0);
    for (let p = 0; p < parts; p++) {
      const part = tuple[p]!;
      if (beforeTuple[p] === part) continue;
      beforeTuple[p] = part;
      this.loadPart(p, part);
    }
    this.reload(words);
  }

  private loadPart(p: number, part: number): void {
    const { beforeIds, ids, leaves, firsts, scratch } = this;
    const first = firsts[p]!;
    const node = this.nodes[p];
    if (node === undefined) ids[first] = part;
    else node.load(part, ids, first);
    for (let l = first; l < firsts[p + 1]!; l++) {
      const leaf = ids[l]!;
      if (beforeIds[l] === leaf) continue;
      beforeIds[l] = leaf;
      leaves.load(leaf, scratch.b, l * LEAF);
    }
  }

  /** Writes the state loaded last into `words` again. */
  reload(words: Int32Array): void {
    if (this.scratch.owner !== this) this.own();
    words.set(this.before);
  }

  /** Takes the scratch from another store of this thread. */
  private own(): void {
    const { scratch, beforeIds, leaves } = this;
    scratch.owner = this;
    scratch.a.fill(0);
    for (let l = 0; l < beforeIds.length; l++) leaves.load(beforeIds[l]!, scratch.b, l * LEAF);
  }

  private reserve(bytes: number): void {
    if (bytes / 2 > MAX_WORDS || this.bytes + bytes > this.limit)
      throw new StoreFull('the stored states exceed their bound');
  }
}

/** First leaf of each part, and the end of the last. A leaf belongs to the part in which it begins. */
export function firstLeaves(cuts: readonly number[], leaves: number): number[] {
  const firsts = cuts.map((cut) => Math.ceil(cut / LEAF));
  return [...firsts.filter((first, p) => first < (firsts[p + 1] ?? leaves)), leaves];
}
