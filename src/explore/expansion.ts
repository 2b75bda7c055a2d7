/** The successors of states, for all who search: by running the system, and in a large search by repeating what it did before (memo.ts). */
import { MemoSuccessors, type Finder } from './memo.js';
import { RepeatedSuccessors } from './repeat.js';
import { StoreFull, type States } from './store.js';
import { Successors } from './successors.js';
import type { TransitionSystem } from './system.js';
import type { Traced } from './trace.js';
import { WasmStore } from './wasm-store.js';

/** How the moves of a large search are had without running the system; for one of which no move is ever `alone`. */
export interface Memo {
  /** States from which on the search is large. */
  readonly from: number;
  /** The same system, looked at; without what it does to settle, where it has that. Asked once, undefined where there is none. */
  traced(): Traced | undefined;
}

/** Leave out the rest of a state's successors: to make them all again, for a table must grow before more is kept; or to stop. */
export type Cut = 'again' | 'stop';

/** Who searches. */
export interface Searcher extends Finder {
  /** A successor of state `from` lies in the words; it is the state's action number `step`. */
  reach(from: number, step: number): Cut | void;
  /** Whether the words of a new state are wanted: then every one is reached. */
  looks(): boolean;
}

export class Expansion {
  /** Whether the state that comes next has to be made again, after a table has grown. */
  again = false;
  private running: Successors | RepeatedSuccessors;
  private memoised: MemoSuccessors | undefined;
  /** Actions of the states that were done with. */
  private done = 0;
  private cut: Cut | undefined;
  /** The state that is run. */
  private from = 0;

  private readonly visit = (step: number): boolean => this.reach(this.from, step);

  /** @param searcher may change between two states */
  constructor(
    private readonly system: TransitionSystem,
    private readonly store: States,
    private memo: Memo | undefined,
    public searcher: Searcher,
  ) {
    this.running = new Successors(system, store, this.visit);
  }

  /** Whether moves are remembered. */
  get remembers(): boolean {
    return this.memoised !== undefined;
  }

  /** Actions made so far, those that led out of the bounds included. */
  get transitions(): number {
    return this.done + (this.memoised ?? this.running).actions;
  }

  /**
   * Makes every action of state `first`, and perhaps of others behind it, but not of `end`.
   * @returns the first that is not done with, for there was enough to do, it was cut short, or a table must grow
   */
  expand(first: number, end: number): number {
    this.again = false;
    this.cut = undefined;
    if (this.memo !== undefined && this.store.count >= this.memo.from) this.memoise(this.memo);
    else if (this.memoised?.futile === true) this.memoised = undefined;
    const { memoised, running } = this;
    if (memoised !== undefined && this.searcher.looks())
      throw new Error('a search that remembers its moves has no words of new states');
    const next = memoised === undefined ? this.run(first) : memoised.expand(first, end);
    const { actions } = memoised ?? running;
    this.again = this.cut === 'again' || memoised?.crowded === true;
    // of a state that is made again they are counted then
    if (memoised !== undefined || !this.again) this.done += actions;
    (memoised ?? running).actions = 0;
    return next;
  }

  private run(id: number): number {
    this.from = id;
    if (!this.running.of(id)) this.searcher.final(id);
    return this.cut === undefined ? id + 1 : id;
  }

  private reach(from: number, step: number): boolean {
    return (this.cut = this.searcher.reach(from, step) ?? undefined) !== undefined;
  }

  private memoise({ traced }: Memo): void {
    this.memo = undefined;
    const wasm = this.store instanceof WasmStore ? this.store : this.store.toWasm?.();
    if (wasm === undefined) return;
    const twin = traced();
    if (twin === undefined) return;
    const reach = (from: number, step: number): boolean => this.reach(from, step);
    const finder: Finder = {
      found: (id, from, step) => this.searcher.found(id, from, step),
      final: (id) => this.searcher.final(id),
    };
    try {
      if (this.searcher.looks()) this.running = new RepeatedSuccessors(this.system, wasm, twin, this.visit);
      else this.memoised = new MemoSuccessors(this.system, wasm, twin, reach, finder);
    } catch (error) {
      // a search that has no room for it may still have some for states
      if (!(error instanceof StoreFull)) throw error;
    }
  }
}
