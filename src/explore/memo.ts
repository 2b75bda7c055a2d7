/**
 * Successors of states that are found without running the system. What a move does follows from the words that it reads, and those are few: most
 * moves of a large search were made before in a state that had the same words there, whatever the rest was. So the first time a move is looked at
 * (trace.ts) and noted (trees.ts), and later repeated by WebAssembly, which makes the successor and looks it up without one word leaving its memory.
 */
import { Successors } from './successors.js';
import type { TransitionSystem } from './system.js';
import type { Traced } from './trace.js';
import { AT_ONCE, Made, MoveTrees } from './trees.js';
import type { WasmStore } from './wasm-store.js';

/** Moves that may be new, before it shows what they come to, and how many of all may be. */
const FIRST_NEW = 2_000;
const MANY_NEW = 1 / 16;
/** The same for ends, of which it is told how many are new only. */
const FIRST_ENDS = 500;
const MANY_ENDS = 1 / 64;

/** Who is told what is found. */
export interface Finder {
  /** A successor of state `from` was new, and has been kept as state `id`. It comes of action number `step` of that state. */
  found(id: number, from: number, step: number): void;
  /** A state has no move. Where ends are looked at ({@link Traced.ends}), only one is told of those that show the same. */
  final(id: number): void;
}

export class MemoSuccessors {
  /** Actions of the states that were done with; if the system fails in one, those that were made of it, too. */
  actions = 0;
  /** Whether some were left out, for a table is to grow first. */
  crowded = false;
  /** Moves that were asked for, about, and those of which nothing was known. */
  asked = 0;
  learned = 0;
  private ends = 0;
  private remembersEnds: boolean;
  private readonly trees: MoveTrees;
  private readonly running: Successors;
  /** The state without moves that was told last. */
  private told = -1;
  /** What was looked at last. */
  private last = { state: -1, move: -1 };
  /** Whether the rest of a state that was run was left out. */
  private cut = false;
  /** Why looking at the last move has failed, if it has. */
  private failure: { readonly cause: unknown } | undefined;

  /**
   * @param system for states in which the traced one fails, so that the failure is the system's own
   * @param reach keeps the successors of such states; true leaves out the rest of one's, which is then to be made again
   */
  constructor(
    private readonly system: TransitionSystem,
    private readonly store: WasmStore,
    private readonly traced: Traced,
    reach: (from: number, step: number) => boolean,
    private readonly finder: Finder,
  ) {
    this.remembersEnds = traced.ends === true;
    this.trees = new MoveTrees(store, system.moves);
    this.running = new Successors(system, store, (step) => (this.cut = reach(this.trees.state, step)));
  }

  /** Whether so many moves are new that running them takes less time. */
  get futile(): boolean {
    return this.learned > FIRST_NEW + this.asked * MANY_NEW;
  }

  /**
   * Makes every action of state `first`, and of some behind it, but not of `end`.
   * @returns the first that is not done with
   * @throws what the system throws, StoreFull
   */
  expand(first: number, end: number): number {
    const { trees, finder } = this;
    this.actions = 0;
    this.crowded = false;
    trees.begin(first);
    const last = Math.min(end, first + AT_ONCE);
    const found = (id: number, from: number, step: number): void => finder.found(id, from, step);
    while (trees.state < last) {
      let made;
      try {
        made = trees.make(last);
      } finally {
        // what has been kept counts, also if there is no room for more
        this.actions += trees.actions;
        trees.eachNew(found);
      }
      if ((this.crowded = made === Made.Crowded)) break;
      if (made === Made.ManyEnds) trees.widen();
      else if (made !== Made.Some && trees.move === this.system.moves) this.end(made);
      else if (made === Made.Nothing || (made === Made.Unknown && !this.learn(trees.move))) {
        const id = trees.state;
        if (!this.run(id)) break;
        trees.begin(id + 1);
      }
    }
    this.asked += (trees.state - first) * this.system.moves;
    return trees.state;
  }

  /** Tells of a state that has no move, once, and looks at what shows in it. */
  private end(made: Made): void {
    const { trees, finder } = this;
    const { state, move } = trees;
    if (state !== this.told) finder.final(state);
    this.told = state;
    if (this.ends > FIRST_ENDS + this.asked * MANY_ENDS) this.remembersEnds = false;
    if (this.remembersEnds && made === Made.Unknown && this.learn(move)) this.ends += 1;
    else trees.begin(state + 1);
    // whoever was told finds out for himself
    if (this.failure) this.remembersEnds = false;
    this.failure = undefined;
  }

  /** Looks at what is not known of move `m` of the state loaded last. @returns false if it cannot be remembered */
  private learn(m: number): boolean {
    const { traced, store, trees } = this;
    const { state, choices } = trees;
    if (m < this.system.moves && (state !== this.last.state || m !== this.last.move)) this.learned += 1;
    this.last = { state, move: m };
    store.select(state);
    store.reload(traced.words);
    this.failure = undefined;
    let move;
    try {
      move = traced.trace(m, choices);
    } catch (cause) {
      this.failure = { cause };
    }
    return move !== undefined && trees.add(m, move);
  }

  /** Runs the system instead. @returns false if the rest was left out */
  private run(id: number): boolean {
    const { running } = this;
    this.cut = false;
    try {
      const any = running.of(id);
      if (this.cut) return false;
      if (this.failure) throw new Error('the twin of a system fails where the system does not', this.failure);
      if (!any) this.finder.final(id);
      return true;
    } finally {
      if (!this.cut) this.actions += running.actions;
    }
  }
}
