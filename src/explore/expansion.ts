/** The successors of states, for all who search: by running the system, and in a large search by repeating what it did before (memo.ts). */
import { MemoSuccessors } from './memo.js';
import { StoreFull, type States } from './store.js';
import { Successors } from './successors.js';
import type { TransitionSystem } from './system.js';
import type { Traced } from './trace.js';
import { WasmStore } from './wasm-store.js';

/** How the moves of a large search are had without running the system; for one of which no move is ever `alone`. */
export interface Memo {
  /** States from which on the search is large. */
  readonly from: number;
  /** The same system, looked at; asked once, undefined where there is none. */
  traced(): Traced | undefined;
}

/** Who searches. */
export interface Searcher {
  /** A successor lies in the words; it is the state's action number `step`. True leaves out the rest of the state's. */
  reach(step: number): boolean | void;
  /** A successor was new, and has been kept as state `id`. */
  found(id: number, step: number): void;
  /** Whether the words of a new state are wanted: then every one is reached. */
  looks(): boolean;
}

export class Expansion {
  private readonly running: Successors;
  private memoised: MemoSuccessors | undefined;

  /** @param searcher may change between two states */
  constructor(
    private readonly system: TransitionSystem,
    private readonly store: States,
    private memo: Memo | undefined,
    public searcher: Searcher,
  ) {
    this.running = new Successors(system, store, (step) => this.searcher.reach(step));
  }

  /** Whether moves are remembered. */
  get remembers(): boolean {
    return this.memoised !== undefined;
  }

  /** Actions of the last state that were made, those that led out of the bounds included. */
  get actions(): number {
    return (this.memoised ?? this.running).actions;
  }

  /** Whether the state has to be made again, for a table must grow first: only where several threads fill it. */
  get again(): boolean {
    return this.memoised?.crowded ?? false;
  }

  /** Makes every action of state `id`. @returns false when it has no move */
  of(id: number): boolean {
    if (this.memo !== undefined && this.store.count >= this.memo.from) this.memoise(this.memo);
    else if (this.memoised?.futile === true) this.memoised = undefined;
    return (this.memoised ?? this.running).of(id);
  }

  private memoise({ traced }: Memo): void {
    this.memo = undefined;
    const wasm = this.store instanceof WasmStore ? this.store : this.store.toWasm?.();
    if (wasm === undefined || this.searcher.looks()) return;
    const twin = traced();
    if (twin === undefined) return;
    const reach = (step: number): boolean | void => this.searcher.reach(step);
    const found = (id: number, step: number): void => this.searcher.found(id, step);
    try {
      this.memoised = new MemoSuccessors(this.system, wasm, twin, reach, found);
    } catch (error) {
      // a search that has no room for it may still have some for states
      if (!(error instanceof StoreFull)) throw error;
    }
  }
}
