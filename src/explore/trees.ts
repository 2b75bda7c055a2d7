/**
 * What is known of moves: for each a tree, whose nodes ask what a word of the state is, and whose ends say which actions follow. It lies in the
 * memory of a {@link WasmStore}, where store.wat walks it; here it grows.
 */
import { LEAF } from './diff.js';
import type { TracedMove } from './trace.js';
import type { WasmStore } from './wasm-store.js';

/**
 * Words of a node: the byte of the state that it asks for, a value, the next node that has another value for it (0: none), and where it goes on
 * if the word has this one. An end has -1, where its actions are, and how many they are (-1: the move is not possible). One that has many
 * values has the byte + 1, then the mask of a table, where that is, and how many values it has; a slot of the table is a value and where it goes on.
 */
const NODE = { WORD: 0, VALUE: 1, OTHER: 2, CHILD: 3, WORDS: 4 } as const;
const MANY = { MASK: 1, SLOTS: 2, COUNT: 3 } as const;
const END = { ACTIONS: 1, COUNT: 2 } as const;
/** Values that are looked for one after the other. */
const FEW = 4;
/** Slots that tell what an action made of a part, and words of one; store.wat knows them, too. */
const SLOTS = 2 ** 16;
const SLOT_WORDS = 4;
/** Words that are taken at a time. */
const BLOCK = 2 ** 14;

export class MoveTrees {
  /** Byte at which new states and their actions are written. */
  out = 0;
  private readonly roots: number;
  /** Actions that `out` has room for. */
  private room = 0;
  /** Actions that are being written down. */
  private readonly text: number[] = [];
  /** Unused words. */
  private from = 0;
  private end = 0;

  /** @param moves of the system */
  constructor(
    private readonly store: WasmStore,
    moves: number,
  ) {
    this.roots = store.lend(moves) / 4;
    store.remember(store.lend(SLOTS * SLOT_WORDS));
    this.makeRoom(64);
  }

  /** Byte at which the tree of move `m` begins. */
  root(m: number): number {
    return 4 * (this.roots + m);
  }

  /**
   * Notes what move `m` does in a state.
   * @throws StoreFull; Error if it is not decided by what it reads: what looks at more than the words is no transition system
   */
  add(m: number, { possible, reads, writes }: TracedMove, state: Int32Array): void {
    let at = this.roots + m;
    for (const place of reads) at = this.branch(at, 4 * place, state[place]!);
    if (this.words[at] !== 0) throw new Error('a move does more than follow from what it has read');
    this.makeRoom(writes.length);
    const actions = this.actions(writes);
    const end = this.take(NODE.WORDS);
    this.words[end + NODE.WORD] = -1;
    this.words[end + END.ACTIONS] = 4 * actions;
    this.words[end + END.COUNT] = possible ? writes.length : -1;
    this.words[at] = 4 * end;
  }

  private get words(): Int32Array {
    return this.store.words;
  }

  /** Goes on from the word that points to a node, or shall: the word that the node has for `value`. */
  private branch(at: number, byte: number, value: number): number {
    const first = this.words[at]! >>> 2;
    if (first === 0) return this.point(at, byte, value);
    const { words } = this;
    const word = words[first + NODE.WORD]!;
    if (word === byte + 1) return this.slotOf(first, value);
    if (word !== byte) throw new Error('a move reads other words than it has read before');
    let count = 0;
    for (let n = first, to = at; ; to = n + NODE.OTHER, n = words[to]! >>> 2) {
      if (n === 0) return count < FEW ? this.point(to, byte, value) : this.slotOf(this.spread(at), value);
      if (words[n + NODE.VALUE] === value) return n + NODE.CHILD;
      count += 1;
    }
  }

  /** Makes a node that word `at` points to. @returns the word that points on */
  private point(at: number, byte: number, value: number): number {
    const n = this.take(NODE.WORDS);
    this.words[n + NODE.WORD] = byte;
    this.words[n + NODE.VALUE] = value;
    this.words[at] = 4 * n;
    return n + NODE.CHILD;
  }

  /** Makes a table of the nodes that word `at` points to. */
  private spread(at: number): number {
    const n = this.take(NODE.WORDS);
    const slots = this.take(8 * FEW);
    const { words } = this;
    let old = words[at]! >>> 2;
    words[n + NODE.WORD] = words[old + NODE.WORD]! + 1;
    words[n + MANY.MASK] = 4 * FEW - 1;
    words[n + MANY.SLOTS] = 4 * slots;
    words[at] = 4 * n;
    for (; old !== 0; old = words[old + NODE.OTHER]! >>> 2)
      words[this.slotOf(n, words[old + NODE.VALUE]!)] = words[old + NODE.CHILD]!;
    return n;
  }

  /** The word of a table that points on for `value`. A new one must be set before anything else is looked for. */
  private slotOf(n: number, value: number): number {
    if (2 * this.words[n + MANY.COUNT]! > this.words[n + MANY.MASK]!) this.enlarge(n);
    const { words } = this;
    const slots = words[n + MANY.SLOTS]! >>> 2;
    const mask = words[n + MANY.MASK]!;
    for (let i = mixed(value); ; i++) {
      const slot = slots + 2 * (i & mask);
      if (words[slot + 1] === 0) {
        words[slot] = value;
        words[n + MANY.COUNT]! += 1;
        return slot + 1;
      }
      if (words[slot] === value) return slot + 1;
    }
  }

  private enlarge(n: number): void {
    const size = this.words[n + MANY.MASK]! + 1;
    const to = this.take(4 * size);
    const { words } = this;
    const from = words[n + MANY.SLOTS]! >>> 2;
    words[n + MANY.MASK] = 2 * size - 1;
    words[n + MANY.SLOTS] = 4 * to;
    words[n + MANY.COUNT] = 0;
    for (let slot = from; slot < from + 2 * size; slot += 2)
      if (words[slot + 1] !== 0) words[this.slotOf(n, words[slot]!)] = words[slot + 1]!;
  }

  /** Writes actions down as store.wat reads them. @returns the word at which they begin */
  private actions(writes: TracedMove['writes']): number {
    this.text.length = 0;
    for (const action of writes) this.action(action);
    const at = this.take(this.text.length);
    this.words.set(this.text, at);
    return at;
  }

  private action(writes: Int32Array): void {
    const { text } = this;
    const { firsts } = this.store;
    const head = text.push(0) - 1;
    for (let i = 0, p = 0; i < writes.length;) {
      while (writes[i]! >= firsts[p + 1]! * LEAF) p += 1;
      const leaves = text.push(4 * p, 4 * firsts[p]!, 4 * firsts[p + 1]!, this.store.tableOf(p), 0, 0) - 2;
      while (i < writes.length && writes[i]! < firsts[p + 1]! * LEAF) {
        const first = writes[i]! - (writes[i]! % LEAF);
        const count = text.push((4 * first) / LEAF, 0) - 1;
        for (; i < writes.length && writes[i]! < first + LEAF; i += 2) {
          text.push(4 * (writes[i]! - first), writes[i + 1]!);
          text[count]! += 1;
        }
        text[leaves]! += 1;
      }
      text[leaves + 1] = 4 * (text.length - leaves - 2);
      text[head]! += 1;
    }
  }

  private makeRoom(actions: number): void {
    if (actions <= this.room) return;
    this.room = 2 * actions;
    this.out = this.store.lend(1 + 2 * this.room);
  }

  /** Takes words, all 0. @returns the first */
  private take(words: number): number {
    if (this.from + words > this.end) {
      const size = Math.max(BLOCK, words);
      this.from = this.store.lend(size) / 4;
      this.end = this.from + size;
    }
    const at = this.from;
    this.from += words;
    return at;
  }
}

/** As store.wat has it. */
function mixed(value: number): number {
  const product = Math.imul(value, 0x9e3779b1);
  return product ^ (product >>> 15);
}
