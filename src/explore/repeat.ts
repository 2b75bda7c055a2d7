/**
 * The successors of a state, for who wants the words of each. Those of a move that was made before, in a state that had the same words where it reads
 * (trace.ts), are written down: it is not run again. What fails or leads nowhere writes nothing, and most moves of some systems do.
 */
import { Enumerator } from './chooser.js';
import type { Traced, TracedMove } from './trace.js';
import type { TransitionSystem } from './system.js';
import { Listed, MoveTrees } from './trees.js';
import type { WasmStore } from './wasm-store.js';

/** A look at a move takes as long as running it often: so many are worth it, and so many more in the states in which it was known. */
const FIRST_LOOKS = 300;
const MORE_LOOKS = 1 / 60;

export class RepeatedSuccessors {
  /** Actions of the last state that were made, those that led out of the bounds included. */
  actions = 0;
  private readonly trees: MoveTrees;
  private readonly enumerator = new Enumerator();
  /** Whether the words are another state's. */
  private touched = false;
  /** What the words were before, for {@link compare}. */
  private readonly reached: Int32Array;
  /** Times that each move was not known, and times that it was looked at then. */
  private readonly unknown: Int32Array;
  private readonly looks: Int32Array;
  /** States whose moves were made. */
  private states = 0;

  /**
   * @param traced actions that fail or lead out of the bounds write nothing
   * @param visit as that of Successors
   * @throws StoreFull
   */
  constructor(
    private readonly system: TransitionSystem,
    private readonly store: WasmStore,
    private readonly traced: Traced,
    private readonly visit: (step: number) => boolean | void,
  ) {
    this.trees = new MoveTrees(store, system.moves);
    this.trees.noteLately();
    this.unknown = new Int32Array(system.moves);
    this.looks = new Int32Array(system.moves);
    this.reached = new Int32Array(system.words.length);
  }

  /** Makes every action of state `id`. @returns false when it has no move @throws what the system throws, StoreFull */
  of(id: number): boolean {
    const { trees, store, system } = this;
    this.actions = 0;
    this.states += 1;
    store.load(id, system.words);
    this.touched = false;
    trees.begin(id);
    let any = false;
    for (;;) {
      const why = trees.list();
      if (this.repeat()) return this.leave();
      if (why === Listed.All) return any || trees.any;
      if (why !== Listed.ManyEnds) {
        const ran = this.make(trees.move, why === Listed.Unknown);
        if (ran === undefined) return this.leave();
        any ||= ran;
        trees.pass();
      } else if (trees.listed === 0) trees.widen();
    }
  }

  /** Leaves out the rest, which has been noted and not been made. */
  private leave(): true {
    this.trees.forgetLately();
    return true;
  }

  /** Makes what is listed. @returns whether the rest is left out */
  private repeat(): boolean {
    const { trees, system } = this;
    const { words } = system;
    for (let i = 0, n = trees.listed; i < n; i++) {
      const step = this.actions++;
      if (!trees.changes(i)) continue;
      this.restore();
      this.touched = true;
      if (!trees.write(i, words)) continue;
      system.settle?.();
      if (this.visit(step) === true) return true;
    }
    return false;
  }

  private restore(): void {
    if (this.touched) this.store.reload(this.system.words);
    this.touched = false;
  }

  /** Makes move `m` by running the system, and remembers it if it is new. @returns whether it is possible; undefined if the rest is left out */
  private make(m: number, fresh: boolean): boolean | undefined {
    const { system, trees } = this;
    this.restore();
    const move = fresh && this.isWorthLooking(m) ? this.look(m) : undefined;
    const possible = system.enabled(m);
    if (move !== undefined && move.possible !== possible) throw new Error(ELSEWHERE);
    if (possible && this.run(m, move)) return undefined;
    // only now: what the system notes of a move that fails it has noted by now
    if (move !== undefined) trees.add(m, move);
    return possible;
  }

  private isWorthLooking(m: number): boolean {
    const known = this.states - ++this.unknown[m]!;
    return this.looks[m]! < FIRST_LOOKS + known * MORE_LOOKS;
  }

  private look(m: number): TracedMove | undefined {
    this.looks[m]! += 1;
    this.store.reload(this.traced.words);
    return this.traced.trace(m);
  }

  /** @returns whether the rest is left out */
  private run(m: number, move: TracedMove | undefined): boolean {
    const { system, enumerator } = this;
    enumerator.start();
    let made = 0;
    do {
      this.restore();
      this.touched = true;
      const within = system.apply(m, enumerator.choose) !== false;
      if (move !== undefined) this.compare(move.paths[made++]?.writes, within);
      const step = this.actions++;
      if (within && this.visit(step) === true) return true;
    } while (enumerator.next());
    if (move !== undefined && move.paths.length > made) throw new Error(ELSEWHERE);
    return false;
  }

  /** Whether an action, which has just been made, writes what it is said to. */
  private compare(writes: Int32Array | undefined, within: boolean): void {
    if (writes === undefined) throw new Error(ELSEWHERE);
    const { system, reached, store } = this;
    const { words } = system;
    reached.set(words);
    store.reload(words);
    let different = false;
    for (let i = 0; i < writes.length; i += 2) {
      different ||= words[writes[i]!] !== writes[i + 1]!;
      words[writes[i]!] = writes[i + 1]!;
    }
    if (different !== within) throw new Error(ELSEWHERE);
    if (!within) return;
    system.settle?.();
    for (let i = 0; i < words.length; i++) if (words[i] !== reached[i]) throw new Error(ELSEWHERE);
  }
}

const ELSEWHERE = 'the twin of a system leads elsewhere';
