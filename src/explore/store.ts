/**
 * The set of states seen, exactly. A state is a tuple of numbers of its parts, a part one of numbers of its leaves, a few words each
 * ({@link ChunkTable}). A move changes few leaves: most of a successor is known without looking at it again, what is looked up lies in small
 * tables, and a state takes some 40 bytes however large the world is.
 */
import { ChunkTable, type Chunks } from './chunks.js';

const INITIAL_STATES = 1 << 10;
const INITIAL_PIECES = 1 << 4;
/** Words of a leaf; the last one of a part may have less. */
const LEAF = 8;
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
}

/** Makes the tables of a store, always in the same order. @param initial contents that there will be at least, about */
export type MakeTable = (width: number, initial: number) => Chunks;

export class StateStore implements States {
  limit = Infinity;
  private readonly parts: number;
  /** Where leaves begin, and the end of the last. */
  private readonly starts: Int32Array;
  /** First leaf of each part, and the end of the last. */
  private readonly firsts: Int32Array;
  /** Of each leaf; one for all that are as wide. */
  private readonly leaves: readonly Chunks[];
  /** Of each part; a part of one leaf has its number, and none. */
  private readonly nodes: readonly (Chunks | undefined)[];
  private readonly states: Chunks;
  private readonly tables: readonly Chunks[];
  /** The state loaded last, the numbers of its leaves and parts: what a successor is compared with. */
  private readonly before: Int32Array;
  private readonly beforeIds: Int32Array;
  private readonly beforeTuple: Int32Array;
  private hasBefore = false;
  /** Those of the state that is looked up. */
  private readonly ids: Int32Array;
  private readonly tuple: Int32Array;

  /**
   * @param width words of a state
   * @param cuts where parts begin, ascending, the first 0
   * @param make where the tables are kept; absent: here, and they grow
   */
  constructor(
    readonly width: number,
    cuts: readonly number[],
    make?: MakeTable,
  ) {
    this.parts = cuts.length;
    const { starts, firsts } = leavesOf(width, cuts);
    this.starts = Int32Array.from(starts);
    this.firsts = Int32Array.from(firsts);
    const tables: Chunks[] = [];
    const table = (wide: number, initial = INITIAL_PIECES): Chunks => {
      const made = make?.(wide, initial) ?? new ChunkTable(wide, (bytes) => this.reserve(bytes), initial);
      tables.push(made);
      return made;
    };
    const byWidth = new Map<number, Chunks>();
    this.leaves = starts.slice(1).map((end, l) => {
      const wide = end - starts[l]!;
      if (!byWidth.has(wide)) byWidth.set(wide, table(wide));
      return byWidth.get(wide)!;
    });
    this.nodes = firsts
      .slice(1)
      .map((end, p) => (end - firsts[p]! > 1 ? table(end - firsts[p]!) : undefined));
    this.states = table(this.parts, INITIAL_STATES);
    this.tables = tables;
    this.before = new Int32Array(width);
    this.beforeIds = new Int32Array(this.leaves.length);
    this.ids = new Int32Array(this.leaves.length);
    this.beforeTuple = new Int32Array(this.parts);
    this.tuple = new Int32Array(this.parts);
  }

  /** States stored. */
  get count(): number {
    return this.states.count;
  }

  /** Widths of the tables, in the order in which they are made; the last one holds the states. */
  get widths(): number[] {
    return this.tables.map((table) => table.width);
  }

  /** Bytes that the store holds on to. */
  get bytes(): number {
    return this.tables.reduce((n, table) => n + table.bytes, 0);
  }

  /** Adds a state unless it is there. @returns its number if it is new, else -1 - number */
  add(words: Int32Array): number {
    const { parts, tuple, beforeTuple, hasBefore, states } = this;
    for (let p = 0; p < parts; p++) {
      const part = hasBefore ? this.changed(words, p) : this.whole(words, p);
      tuple[p] = part < 0 ? beforeTuple[p]! : part;
    }
    const id = states.intern(tuple, 0);
    return states.added ? id : -1 - id;
  }

  /** Number of a part, or -1 if it is that of the state loaded last. */
  private changed(words: Int32Array, p: number): number {
    const { before, starts, leaves, ids, firsts } = this;
    const first = firsts[p]!;
    const end = firsts[p + 1]!;
    let any = false;
    for (let l = first; l < end; l++) {
      const from = starts[l]!;
      if (same(words, before, from, starts[l + 1]!)) continue;
      ids[l] = leaves[l]!.intern(words, from);
      any = true;
    }
    return any ? this.part(p, first, end) : -1;
  }

  private whole(words: Int32Array, p: number): number {
    const { starts, leaves, ids, firsts } = this;
    for (let l = firsts[p]!; l < firsts[p + 1]!; l++) ids[l] = leaves[l]!.intern(words, starts[l]!);
    return this.part(p, firsts[p]!, firsts[p + 1]!);
  }

  /** Number of a part whose leaves are in place; puts those of the state loaded last in their place again. */
  private part(p: number, first: number, end: number): number {
    const { ids, beforeIds } = this;
    const node = this.nodes[p];
    const id = node === undefined ? ids[first]! : node.intern(ids, first);
    for (let l = first; l < end; l++) ids[l] = beforeIds[l]!;
    return id;
  }

  /** Writes state `id` into `words`; successors added next are compared with it. */
  load(id: number, words: Int32Array): void {
    const { parts, tuple, beforeTuple, hasBefore } = this;
    this.states.load(id, tuple, 0);
    for (let p = 0; p < parts; p++) {
      const part = tuple[p]!;
      if (hasBefore && beforeTuple[p] === part) continue;
      beforeTuple[p] = part;
      this.loadPart(p, part);
    }
    this.hasBefore = true;
    words.set(this.before);
  }

  private loadPart(p: number, part: number): void {
    const { before, beforeIds, ids, leaves, starts, firsts, hasBefore } = this;
    const first = firsts[p]!;
    const node = this.nodes[p];
    if (node === undefined) ids[first] = part;
    else node.load(part, ids, first);
    for (let l = first; l < firsts[p + 1]!; l++) {
      const leaf = ids[l]!;
      if (hasBefore && beforeIds[l] === leaf) continue;
      beforeIds[l] = leaf;
      leaves[l]!.load(leaf, before, starts[l]!);
    }
  }

  /** Writes the state loaded last into `words` again. */
  reload(words: Int32Array): void {
    words.set(this.before);
  }

  private reserve(bytes: number): void {
    if (bytes / 2 > MAX_WORDS || this.bytes + bytes > this.limit)
      throw new StoreFull('the stored states exceed their bound');
  }
}

/** Cuts parts into leaves. */
function leavesOf(width: number, cuts: readonly number[]): { starts: number[]; firsts: number[] } {
  const starts: number[] = [];
  const firsts: number[] = [];
  cuts.forEach((from, p) => {
    const end = cuts[p + 1] ?? width;
    firsts.push(starts.length);
    for (let at = from; at < end; at += LEAF) starts.push(at);
  });
  return { starts: [...starts, width], firsts: [...firsts, starts.length] };
}

/** Whether the words of a leaf are equal. All at once: every word of every successor comes by here. */
function same(a: Int32Array, b: Int32Array, i: number, end: number): boolean {
  if (end - i === LEAF) {
    const left =
      (a[i]! ^ b[i]!) | (a[i + 1]! ^ b[i + 1]!) | (a[i + 2]! ^ b[i + 2]!) | (a[i + 3]! ^ b[i + 3]!);
    const right =
      (a[i + 4]! ^ b[i + 4]!) | (a[i + 5]! ^ b[i + 5]!) | (a[i + 6]! ^ b[i + 6]!) | (a[i + 7]! ^ b[i + 7]!);
    return (left | right) === 0;
  }
  for (let at = i; at < end; at++) if (a[at] !== b[at]) return false;
  return true;
}
