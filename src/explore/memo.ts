/**
 * Successors of states that are found without running the system. What a move does follows from the words that it reads, and those are few: most
 * moves of a large search were made before in a state that had the same words there, whatever the rest was. So the first time a move is looked at
 * (trace.ts) and noted (trees.ts), and later repeated by WebAssembly, which makes the successor and looks it up without one word leaving its memory.
 */
import { Successors } from './successors.js';
import type { TransitionSystem } from './system.js';
import type { Traced } from './trace.js';
import { MoveTrees } from './trees.js';
import type { WasmStore } from './wasm-store.js';

/** What `move` of store.wat answers instead of a number of states. */
const IMPOSSIBLE = -1;
const UNKNOWN = -2;

/** Moves that may be new, before it shows what they come to, and how many of all may be. */
const FIRST_NEW = 2_000;
const MANY_NEW = 1 / 16;

export class MemoSuccessors {
  /** Actions of the last state that were made. */
  actions = 0;
  /** Whether some were left out, for a table is to grow first. */
  crowded = false;
  /** Moves that were asked for, and those of which nothing was known. */
  asked = 0;
  learned = 0;
  private readonly trees: MoveTrees;
  private readonly running: Successors;
  /** Whether the rest of a state that was run was left out. */
  private cut = false;
  /** Whether the move that was looked at last has failed. */
  private failed = false;

  /**
   * @param system for states in which the traced one fails, so that the failure is the system's own
   * @param reach keeps the successors of such states, as {@link Successors} says
   * @param found called for each new state of the others, with its number, and that of its action among the state's
   */
  constructor(
    private readonly system: TransitionSystem,
    private readonly store: WasmStore,
    private readonly traced: Traced,
    reach: (step: number) => boolean | void,
    private readonly found: (id: number, step: number) => void,
  ) {
    this.trees = new MoveTrees(store, system.moves);
    this.running = new Successors(system, store, (step) => (this.cut = reach(step) === true));
  }

  /** Whether so many moves are new that running them takes less time. */
  get futile(): boolean {
    return this.learned > FIRST_NEW + this.asked * MANY_NEW;
  }

  /** Makes every action of state `id`. @returns false when it has no move @throws what the system throws, StoreFull */
  of(id: number): boolean {
    const { store, trees, system } = this;
    let any = false;
    this.actions = 0;
    this.crowded = false;
    store.select(id);
    for (let m = 0; m < system.moves; m++) {
      this.asked += 1;
      let count = store.move(trees.root(m), trees.out);
      if (count === UNKNOWN) {
        if (!this.learn(m)) return this.run(id);
        count = store.move(trees.root(m), trees.out);
      }
      if (count === IMPOSSIBLE) continue;
      any = true;
      this.tell(count);
      if (this.crowded) return true;
    }
    return any;
  }

  /** Tells of the new states among the successors of a move. */
  private tell(count: number): void {
    const { words } = this.store;
    const out = this.trees.out / 4;
    for (let i = out + 1; i < out + 1 + 2 * count; i += 2)
      this.found(words[i]!, this.actions + words[i + 1]!);
    this.crowded = words[out]! < 0;
    if (!this.crowded) this.actions += words[out]!;
  }

  /** Looks at move `m` of the state loaded last. @returns false if it cannot be remembered */
  private learn(m: number): boolean {
    const { traced, store } = this;
    this.learned += 1;
    store.reload(traced.words);
    this.failed = false;
    let move;
    try {
      move = traced.trace(m);
    } catch {
      this.failed = true;
    }
    if (move !== undefined) this.trees.add(m, move, traced.words);
    return move !== undefined;
  }

  /** Runs the system instead. */
  private run(id: number): boolean {
    const { running } = this;
    try {
      const any = running.of(id);
      if (this.failed && !this.cut) throw new Error('the twin of a system fails where the system does not');
      return any;
    } finally {
      this.actions = running.actions;
    }
  }
}
