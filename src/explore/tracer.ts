/**
 * Looks at the moves of a system whose words are watched (trace.ts). What a move was seen to do is noted here, too, so that a system is run only for what is
 * new: of the things that it can choose among, one that it has not chosen before in such a state; of a move that goes on (`pieces` of a system) the
 * pieces, each of which rests on less than all of them do together.
 */
import type { Choose, TransitionSystem } from './system.js';
import {
  changesOf,
  NotThere,
  type Traced,
  type TracedMove,
  type TracedPath,
  type WatchedWords,
} from './trace.js';

/** What a piece of a move does, with all choices that it has made. */
interface Piece {
  readonly possible: boolean;
  /** As in {@link TracedPath}. */
  readonly writes?: Int32Array;
  /** Whether the move is not at its end. */
  readonly goesOn: boolean;
}

const NOT_POSSIBLE: Piece = { possible: false, goesOn: false };
const NOT_THERE: Piece = { possible: true, goesOn: false };
const STAYS: Piece = { possible: true, writes: new Int32Array(0), goesOn: false };

/** Of a node that nothing is known of. */
const UNKNOWN = 2 ** 30;
/** Nodes that are kept, at most: then all are forgotten. */
const MANY = 250_000;

/** What is read next, or -n: a choice among n; or a piece that has ended. */
class Node {
  place = UNKNOWN;
  piece: Piece | undefined = undefined;
  private value = 0;
  private first: Node | undefined = undefined;
  private others: Map<number, Node> | undefined = undefined;

  /** Where it goes on if the word read is `value`, or what was chosen. */
  to(value: number): Node {
    if (this.first === undefined) {
      this.value = value;
      return (this.first = new Node());
    }
    if (this.value === value) return this.first;
    const others = (this.others ??= new Map<number, Node>());
    let node = others.get(value);
    if (node === undefined) others.set(value, (node = new Node()));
    return node;
  }
}

const MORE = 'a move does more than follows from what it has read';

export class Tracer implements Traced {
  readonly words: Int32Array;
  /** The words of the state, and those behind the pieces of its move that are done with. */
  private readonly before: Int32Array;
  private readonly now: Int32Array;
  /** Where each move begins. */
  private roots: Node[] = [];
  private nodes = 0;
  /** The way that is gone: what was read, what was chosen, and among how many. */
  private steps: number[] = [];
  private taken: number[] = [];
  private arity: number[] = [];
  /** Places that were written on it, and per place: the way on which it was read, and that on which it was written. */
  private readonly written: Int32Array;
  private count = 0;
  private readonly read: Int32Array;
  private readonly wrote: Int32Array;
  private way = 0;
  /** Whether all that the system has done is told by a way. */
  private whole = true;
  /** How often it has chosen. */
  private chosen = 0;

  /**
   * @param stays tells of what an action fails with whether it counts as one that writes nothing, as it does then if it leads out of the bounds; for what it does not
   *   tell of, who looks fails
   */
  constructor(
    private readonly system: TransitionSystem,
    private readonly watched: WatchedWords,
    private readonly stays?: (error: unknown) => boolean,
  ) {
    this.words = watched.plain;
    this.before = new Int32Array(watched.length);
    this.now = new Int32Array(watched.length);
    this.written = new Int32Array(watched.length);
    this.read = new Int32Array(watched.length);
    this.wrote = new Int32Array(watched.length);
  }

  readonly trace = (m: number, choices?: readonly number[]): TracedMove | undefined => {
    const { words, before } = this;
    before.set(words);
    if (this.nodes > MANY) this.forget();
    try {
      if (choices === undefined) return this.all(m);
      const piece = this.go(m, choices);
      return piece && { possible: piece.possible, paths: [this.path(piece)] };
    } finally {
      words.set(before);
    }
  };

  /** All ways of a move, one after the other; undefined if one cannot be told. */
  private all(m: number): TracedMove | undefined {
    const choices: number[] = [];
    /** Actions before each of them. */
    const before: number[] = [];
    const actions: TracedPath[] = [];
    const others: TracedPath[] = [];
    for (;;) {
      const piece = this.go(m, choices);
      if (piece === undefined) return undefined;
      while (choices.length < this.taken.length) before[choices.push(0) - 1] = actions.length;
      (piece.writes === undefined ? others : actions).push(this.path(piece));
      while (choices.length > 0 && choices.at(-1)! + 1 === this.arity[choices.length - 1]) {
        choices.pop();
        // what a system does when there is nothing to take is told by no way
        if (before[choices.length] === actions.length) return undefined;
      }
      if (choices.length === 0) return { possible: piece.possible, paths: [...actions, ...others] };
      choices[choices.length - 1]! += 1;
    }
  }

  private forget(): void {
    this.roots = [];
    this.nodes = 0;
  }

  private root(m: number): Node {
    return (this.roots[m] ??= new Node());
  }

  /** Goes the way with these choices, and 0 for others. @returns how it ends; undefined if it leads out of the bounds, or there is nothing to take */
  private go(m: number, choices: readonly number[]): Piece | undefined {
    this.now.set(this.before);
    this.steps = [];
    this.taken = [];
    this.arity = [];
    this.count = 0;
    this.way += 1;
    const most = this.system.pieces?.most ?? 0;
    for (let pieces = 0; ; pieces++) {
      const piece = this.follow(m, choices);
      if (piece?.writes !== undefined) this.write(piece.writes);
      if (piece?.goesOn !== true || pieces === most) return piece;
      if (this.taken.length > 0) throw new Error('a move that has chosen goes on');
    }
  }

  /** Goes to the end of a piece. The system is run for what is not known. */
  private follow(m: number, choices: readonly number[]): Piece | undefined {
    const { now, steps, taken, arity, read, wrote, way } = this;
    let node = this.root(m);
    for (let looked = false; ;) {
      const { place, piece } = node;
      if (piece !== undefined) return piece;
      if (place === UNKNOWN) {
        if (looked) throw new Error(MORE);
        looked = true;
        if (!this.look(m)) return undefined;
        continue;
      }
      looked = false;
      const value = place < 0 ? (choices[taken.length] ?? 0) : now[place]!;
      if (place < 0) {
        taken.push(value);
        arity.push(-place);
        steps.push(place, value);
      } else if (read[place] !== way && wrote[place] !== way) {
        read[place] = way;
        steps.push(place, value);
      }
      node = node.to(value);
    }
  }

  private write(writes: Int32Array): void {
    const { now, wrote, way } = this;
    for (let i = 0; i < writes.length; i += 2) {
      const place = writes[i]!;
      now[place] = writes[i + 1]!;
      if (wrote[place] === way) continue;
      wrote[place] = way;
      this.written[this.count++] = place;
    }
  }

  /** The way that was gone. */
  private path({ writes }: Piece): TracedPath {
    const { steps } = this;
    return writes === undefined ? { steps } : { steps, writes: this.changes() };
  }

  /** What was written on it, ascending, without what is known to change nothing. */
  private changes(): Int32Array {
    const { written, now, before, read, way, count } = this;
    return changesOf(written.subarray(0, count).sort(), before, now, (at) => read[at] === way);
  }

  /** Runs the system on the way that was gone so far, and further. @returns false if that leads out of its bounds */
  private look(m: number): boolean {
    const { watched, words, now } = this;
    words.set(now);
    watched.begin();
    this.whole = true;
    this.chosen = 0;
    const piece = this.make(m);
    if (piece === undefined) return false;
    const root = this.root(m);
    this.note(root, watched.steps, piece);
    for (const steps of watched.blocked) this.note(root, steps, NOT_THERE);
    return true;
  }

  private make(m: number): Piece | undefined {
    const { system, watched, now, stays } = this;
    if (!system.enabled(m)) return NOT_POSSIBLE;
    try {
      const within = system.apply(m, this.choose) !== false;
      if (!this.whole) return undefined;
      if (!within) return stays && STAYS;
    } catch (error) {
      if (error instanceof NotThere) return NOT_THERE;
      // not what is wrong with the words that are watched, or with who watches: the system goes on there
      if (!this.whole || stays?.(error) !== true) throw error;
      return STAYS;
    }
    return { possible: true, writes: watched.changes(now), goesOn: system.pieces?.goesOn() === true };
  }

  private note(root: Node, steps: readonly number[], piece: Piece): void {
    let node = root;
    for (let i = 0; i < steps.length; i += 2) {
      if (node.place === UNKNOWN && node.piece === undefined) {
        node.place = steps[i]!;
        this.nodes += 1;
      } else if (node.place !== steps[i]) throw new Error('a move reads other words than it has read before');
      node = node.to(steps[i + 1]!);
    }
    if (node.place !== UNKNOWN) throw new Error(MORE);
    node.piece ??= piece;
  }

  private readonly choose: Choose = Object.assign(
    (n: number) => {
      const i = this.taken[this.chosen++] ?? 0;
      this.watched.steps.push(-n, i);
      return i;
    },
    {
      among: (count: number, is: (i: number) => boolean) => {
        const i = this.taken[this.chosen++];
        if (i !== undefined) return this.watched.take(count, is, i);
        const first = this.watched.among(count, is);
        if (first < 0) this.whole = false;
        return first;
      },
    },
  );
}
