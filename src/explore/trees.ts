/**
 * What is known of moves, and of states that have none: for each a tree, whose nodes ask what a word of the state is, and whose ends say which actions follow. It lies in the
 * memory of a {@link WasmStore}, where store.wat walks it; here it grows. All threads that fill the store share it: what one has learned all know. One at a time
 * lets it grow, and the others go on looking: a node points to nothing that is not written yet, and what has been in its place stays where it was.
 */
import { LEAF } from './diff.js';
import type { TracedMove, TracedPath } from './trace.js';
import { WAITING, type WasmStore } from './wasm-store.js';

/**
 * Words of a node: the byte of the state that it asks for, a value, the next node that has another value for it (0: none), and where it goes on
 * if the word has this one. One that has many values has the byte + 1, then the mask of a table, where that is, and how many values it has; a slot of
 * the table is a value and where it goes on. A fork, whose branches are all gone, has -2, how many they are, and where it is written where each begins. An
 * end has -1, where its changes are written, and whether it is an action (1), nothing (0), or the move is not possible (-1).
 */
const NODE = { WORD: 0, VALUE: 1, OTHER: 2, CHILD: 3, WORDS: 4 } as const;
const MANY = { MASK: 1, SLOTS: 2, COUNT: 3 } as const;
const FORK = { COUNT: 1, BRANCHES: 2 } as const;
const END = { CHANGES: 1, KIND: 2 } as const;
/** Values that are looked for one after the other. */
const FEW = 4;
/** Slots that tell what a change made of a part, and words of one; store.wat knows them, too. */
const SLOTS = 2 ** 16;
const SLOT_WORDS = 4;
/** Words that are taken at a time. */
const BLOCK = 2 ** 14;
/** Forks on the way to an end, at most, and words that store.wat has for one. */
const FORKS = 256;
const FORK_WORDS = 4;
/** Words of a successor that waits, before its parts. */
const WAITING_HEAD = 4;
/** Words of a thread for moves, as store.wat has them, from its byte 36 on. */
const W = {
  ROOTS: 0,
  MOVES: 1,
  LIST: 2,
  LIST_ROOM: 3,
  FORKS: 4,
  SLOTS: 5,
  WAITING: 6,
  WAITING_END: 7,
  WAITING_ROOM: 8,
  WAITING_BYTES: 9,
  STATE: 10,
  MOVE: 11,
  ACTIONS: 12,
  ANY: 13,
  NEW: 14,
  NEW_ROOM: 15,
  NEW_COUNT: 16,
  DONE: 17,
  LATELY: 18,
  LATELY_MASK: 19,
} as const;
/** States that are noted as those that moves have led to of late, and what is in the place of none. */
const LATELY = 2 ** 16;
const NOBODY = -1;
/** States whose moves can be made at a time. */
export const AT_ONCE = 64;
/** Ends that there is room for at first, and new states that are reported at a time, at least. */
const FIRST_ROOM = 64;
const REPORTED = 4096;

const MORE = 'a move does more than follows from what it has read';

/** Why `moves` of store.wat has stopped. */
export const enum Made {
  /** All were made, or there is no room to report more. */
  Some = 0,
  /** Up to a move that is not known. */
  Unknown = 1,
  /** A table must grow first; the state begins again. */
  Crowded = 2,
  /** Up to a move that has more ends than there is room for. */
  ManyEnds = 3,
  /** Up to a move that has nothing to take in the state, which no tree tells about. */
  Nothing = 4,
}

/** Why `ends` of store.wat has stopped. */
export const enum Listed {
  /** There is no other move. */
  All = 0,
  /** At a move that is not known. */
  Unknown = 1,
  /** At a move that has more ends than there is room for besides those that are listed. */
  ManyEnds = 3,
  /** At a move that has nothing to take, which no tree tells about. */
  Nothing = 4,
}

export class MoveTrees {
  private readonly roots: number;
  /** The first of this thread's words for moves. */
  private readonly w: number;
  /** Changes that are being written down. */
  private readonly text: number[] = [];
  /** The words that the last path has gone through, and the path. */
  private readonly way: number[] = [];
  private before: readonly number[] = [];
  /** What another thread has noted before this one, if the last was such. */
  private known = '';
  /** Unused words. */
  private from = 0;
  private last = 0;

  /** @param moves of the system; number `moves` stands for what is asked of a state that has none */
  constructor(
    private readonly store: WasmStore,
    moves: number,
  ) {
    this.roots = store.common(moves + 1) / 4;
    this.w = store.movesWord;
    const bytes = 4 * (WAITING_HEAD + 4 * Math.ceil((store.firsts.length - 1) / 4));
    const waiting = store.lend((WAITING * bytes) / 4);
    this.set(W.ROOTS, 4 * this.roots);
    this.set(W.MOVES, 4 * moves);
    this.set(W.FORKS, store.lend((FORKS + 1) * FORK_WORDS));
    this.set(W.SLOTS, store.lend(SLOTS * SLOT_WORDS));
    this.set(W.WAITING, waiting);
    this.set(W.WAITING_END, waiting);
    this.set(W.WAITING_ROOM, waiting + WAITING * bytes);
    this.set(W.WAITING_BYTES, bytes);
    this.makeRoom(FIRST_ROOM);
  }

  /** Begins with the moves of a state. */
  begin(state: number): void {
    this.set(W.STATE, state);
    for (const word of [W.MOVE, W.ACTIONS, W.ANY]) this.set(word, 0);
  }

  /** Makes moves that are known, of states up to `end`, at most {@link AT_ONCE}. What they have come to is forgotten the next time. */
  make(end: number): Made {
    return this.store.moves(end) as Made;
  }

  /** Makes room for what {@link list} leaves out, that is where moves have led to of late. */
  noteLately(): void {
    this.set(W.LATELY, this.store.lend(LATELY * this.latelyWords));
    this.set(W.LATELY_MASK, LATELY - 1);
    this.forgetLately();
  }

  /** Leaves nothing out. */
  forgetLately(): void {
    const first = this.get(W.LATELY) >>> 2;
    this.words.fill(NOBODY, first, first + LATELY * this.latelyWords);
  }

  private get latelyWords(): number {
    return this.get(W.WAITING_BYTES) / 4 - WAITING_HEAD;
  }

  /** Lists the ends of the moves of the state loaded last, from {@link move} on. What leads where a move has led of late counts as one that writes nothing. */
  list(): Listed {
    const why = this.store.ends() as Listed;
    // what others have learned may lie where this thread has not looked yet
    this.store.refresh();
    return why;
  }

  /** Goes on behind {@link move}. */
  pass(): void {
    this.set(W.MOVE, this.get(W.MOVE) + 4);
  }

  /** How many ends are listed. */
  get listed(): number {
    return this.get(W.ACTIONS);
  }

  /** Whether a move of the state was possible, as far as they were listed. */
  get any(): boolean {
    return this.get(W.ANY) !== 0;
  }

  /** Whether the action of which end `i` is listed writes anything. */
  changes(i: number): boolean {
    const { words } = this;
    const at = words[(this.get(W.LIST) >>> 2) + i]! >>> 2;
    return at !== 0 && words[at] !== 0;
  }

  /** Writes to the state in `words` what an action changes, of which end `i` is listed. @returns whether anything is different then */
  write(i: number, state: Int32Array): boolean {
    const { words } = this;
    let at = words[(this.get(W.LIST) >>> 2) + i]! >>> 2;
    let different = false;
    for (let parts = words[at++]!; parts > 0; parts--) {
      let leaves = words[at + 4]!;
      for (at += 6; leaves > 0; leaves--) {
        const first = words[at]! * (LEAF / 4);
        const end = at + 2 + 2 * words[at + 1]!;
        for (at += 2; at < end; at += 2) {
          const place = first + (words[at]! >> 2);
          const word = words[at + 1]!;
          different ||= state[place] !== word;
          state[place] = word;
        }
      }
    }
    return different;
  }

  /** Makes room for more ends of a move, and forgets what moves have come to. */
  widen(): void {
    this.makeRoom(2 * this.get(W.LIST_ROOM));
  }

  /** The state whose moves are to be made next, or go on. */
  get state(): number {
    return this.get(W.STATE);
  }

  /** Which of its moves; as many as there are: it has none, and what is to be told of it is not known. */
  get move(): number {
    return this.get(W.MOVE) / 4;
  }

  /** The branches that have led to what is not known of it. */
  get choices(): number[] {
    const { words } = this;
    const choices: number[] = [];
    for (let at = this.get(W.FORKS) >>> 2; words[at] !== 0; at += FORK_WORDS) choices.push(words[at + 1]!);
    return choices;
  }

  /** Actions of the states that were done with. */
  get actions(): number {
    return this.get(W.DONE);
  }

  /** Calls `found` for each new state, with its number, that of the state that it follows, and that of its action among that state's. */
  eachNew(found: (id: number, from: number, step: number) => void): void {
    const { words } = this;
    const first = this.get(W.NEW) >>> 2;
    const end = first + 3 * this.get(W.NEW_COUNT);
    for (let at = first; at < end; at += 3) found(words[at]!, words[at + 1]!, words[at + 2]!);
  }

  /**
   * Notes what move `m` does in a state.
   * @returns false if it has more choices than can be noted
   * @throws StoreFull; Error if it is not decided by what it reads: what looks at more than the words is no transition system
   */
  add(m: number, move: TracedMove): boolean {
    if (move.paths.some(({ steps }) => forksOf(steps) > FORKS)) return false;
    if (move.possible && move.paths.some(({ steps, writes }) => writes === undefined && forksOf(steps) === 0))
      throw new Error('a move that is possible has no action');
    const fresh = this.store.alone(() => this.grow(m, move));
    // another thread may have been faster, once
    const asked = fresh ? '' : [this.state, m, ...move.paths.flatMap(({ steps }) => steps)].join();
    if (!fresh && (!this.store.together || asked === this.known)) throw new Error(MORE);
    this.known = asked;
    return true;
  }

  /** @returns whether there was anything to add */
  private grow(m: number, { possible, paths }: TracedMove): boolean {
    let fresh = false;
    this.way.length = 0;
    for (const path of paths) {
      const at = this.follow(this.roots + m, path.steps);
      if (this.words[at] === 0) {
        this.end(at, path, possible);
        fresh = true;
      } else if (this.words[this.words[at]! >>> 2] !== -1) throw new Error(MORE);
    }
    return fresh;
  }

  /** Goes from the word that points to a tree where a path leads, on from where it leaves the one before. @returns the word behind it */
  private follow(root: number, steps: readonly number[]): number {
    const { way, before } = this;
    let same = 0;
    while (
      same < way.length &&
      before[2 * same] === steps[2 * same] &&
      before[2 * same + 1] === steps[2 * same + 1]
    )
      same += 1;
    way.length = same;
    let at = same === 0 ? root : way[same - 1]!;
    for (let i = 2 * same; i < steps.length; i += 2) {
      const [place, value] = [steps[i]!, steps[i + 1]!];
      at = place < 0 ? this.fork(at, -place, value) : this.branch(at, 4 * place, value);
      way.push(at);
    }
    this.before = steps;
    return at;
  }

  /** Lets the tree end at a word. */
  private end(at: number, { writes }: TracedPath, possible: boolean): void {
    const changes = writes === undefined ? 0 : this.textOf(writes);
    const end = this.take(NODE.WORDS);
    this.words[end + NODE.WORD] = -1;
    this.words[end + END.CHANGES] = 4 * changes;
    this.words[end + END.KIND] = writes !== undefined ? 1 : possible ? 0 : -1;
    this.publish(at, end);
  }

  private get(word: number): number {
    return this.words[this.w + word]!;
  }

  private set(word: number, value: number): void {
    this.words[this.w + word] = value;
  }

  private get words(): Int32Array {
    return this.store.words;
  }

  /** Lets a word point to what is written behind `n`: other threads may see it from now on. */
  private publish(at: number, n: number): void {
    Atomics.store(this.words, at, 4 * n);
  }

  /** Goes on from the word that points to a node, or shall: the word that the node has for `value`. */
  private branch(at: number, byte: number, value: number): number {
    const first = this.words[at]! >>> 2;
    if (first === 0) return this.point(at, byte, value);
    const { words } = this;
    const word = words[first + NODE.WORD]!;
    if (word === byte + 1) return this.slotOf(at, value);
    if (word !== byte) throw new Error('a move reads other words than it has read before');
    let count = 0;
    for (let n = first, to = at; ; to = n + NODE.OTHER, n = words[to]! >>> 2) {
      if (n === 0) {
        if (count < FEW) return this.point(to, byte, value);
        this.spread(at);
        return this.slotOf(at, value);
      }
      if (words[n + NODE.VALUE] === value) return n + NODE.CHILD;
      count += 1;
    }
  }

  /** Makes a node that word `at` points to. @returns the word that points on */
  private point(at: number, byte: number, value: number): number {
    const n = this.take(NODE.WORDS);
    this.words[n + NODE.WORD] = byte;
    this.words[n + NODE.VALUE] = value;
    this.publish(at, n);
    return n + NODE.CHILD;
  }

  /** Goes on from the word that points to a fork of `count` branches, or shall: the word that points to branch `i`. */
  private fork(at: number, count: number, i: number): number {
    let n = this.words[at]! >>> 2;
    if (n === 0) {
      n = this.take(NODE.WORDS);
      const branches = this.take(count);
      this.words[n + NODE.WORD] = -2;
      this.words[n + FORK.COUNT] = count;
      this.words[n + FORK.BRANCHES] = 4 * branches;
      this.publish(at, n);
    }
    if (this.words[n + NODE.WORD] !== -2 || this.words[n + FORK.COUNT] !== count)
      throw new Error('a move chooses where it has not chosen before');
    return (this.words[n + FORK.BRANCHES]! >>> 2) + i;
  }

  /** Makes a table of the nodes that word `at` points to. */
  private spread(at: number): void {
    const n = this.table(this.words[this.words[at]! >>> 2]! + 1, 4 * FEW);
    const { words } = this;
    for (let old = words[at]! >>> 2; old !== 0; old = words[old + NODE.OTHER]! >>> 2)
      words[this.slotIn(n, words[old + NODE.VALUE]!)] = words[old + NODE.CHILD]!;
    this.publish(at, n);
  }

  /** The word that points on for `value` in the table that word `at` points to. A new one must be set before anything else is looked for. */
  private slotOf(at: number, value: number): number {
    let n = this.words[at]! >>> 2;
    if (2 * this.words[n + MANY.COUNT]! > this.words[n + MANY.MASK]!) n = this.enlarge(at);
    return this.slotIn(n, value);
  }

  private slotIn(n: number, value: number): number {
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

  /** A node of a table that is empty. */
  private table(word: number, size: number): number {
    const n = this.take(NODE.WORDS);
    const slots = this.take(2 * size);
    this.words[n + NODE.WORD] = word;
    this.words[n + MANY.MASK] = size - 1;
    this.words[n + MANY.SLOTS] = 4 * slots;
    return n;
  }

  /** Puts a larger table in the place of another, which threads may still be looking at. @returns its node */
  private enlarge(at: number): number {
    const old = this.words[at]! >>> 2;
    const size = this.words[old + MANY.MASK]! + 1;
    const n = this.table(this.words[old + NODE.WORD]!, 2 * size);
    const { words } = this;
    const from = words[old + MANY.SLOTS]! >>> 2;
    for (let slot = from; slot < from + 2 * size; slot += 2)
      if (words[slot + 1] !== 0) words[this.slotIn(n, words[slot]!)] = words[slot + 1]!;
    this.publish(at, n);
    return n;
  }

  /** Writes changes down as store.wat reads them. @returns the word at which they begin */
  private textOf(writes: Int32Array): number {
    this.note(writes);
    const at = this.take(this.text.length);
    this.words.set(this.text, at);
    return at;
  }

  private note(writes: Int32Array): void {
    this.text.length = 0;
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

  /** @param ends of a move */
  private makeRoom(ends: number): void {
    const room = Math.max(REPORTED, ends);
    this.set(W.LIST, this.store.lend(ends));
    this.set(W.LIST_ROOM, ends);
    if (room > this.get(W.NEW_ROOM)) this.set(W.NEW, this.store.lend(3 * (room + WAITING)));
    this.set(W.NEW_ROOM, room);
  }

  /** Takes words, all 0. @returns the first */
  private take(words: number): number {
    if (this.from + words > this.last) {
      const size = Math.max(BLOCK, words);
      this.from = this.store.lend(size) / 4;
      this.last = this.from + size;
    }
    const at = this.from;
    this.from += words;
    return at;
  }
}

function forksOf(steps: readonly number[]): number {
  let forks = 0;
  for (let i = 0; i < steps.length; i += 2) if (steps[i]! < 0) forks += 1;
  return forks;
}

/** As store.wat has it. */
function mixed(value: number): number {
  const product = Math.imul(value, 0x9e3779b1);
  return product ^ (product >>> 15);
}
