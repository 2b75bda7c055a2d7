/** Breadth-first search: every state that the moves and choices of a system reach, shortest paths first. */
import { Enumerator } from './chooser.js';
import { statesOf } from './compact.js';
import { Expansion, type Cut, type Memo } from './expansion.js';
import { StoreFull, type States } from './store.js';
import { moveInOrder } from './successors.js';
import type { Action, Choose, TransitionSystem } from './system.js';
import { GrowingStore, type WasmStore } from './wasm-store.js';

/** States after which a search looks at its bounds again. */
const CHECKED = 127;

/** Why a search ended; `paused`: it did not, its time slice is over. */
export type Ending = 'complete' | 'time' | 'states' | 'depth' | 'memory' | 'stopped' | 'paused';

export interface SearchOptions {
  /** Milliseconds, from the start of the search. */
  readonly timeoutMs?: number;
  readonly maxStates?: number;
  /** Bytes that the states found may take. */
  readonly maxBytes?: number;
  /** Returns `paused` after about this many milliseconds; run() again goes on. */
  readonly sliceMs?: number;
  /** Moves that a path may have. */
  readonly maxDepth?: number;
  /** Called for every new state, with its words in place, which must stay as they are; true ends the search. */
  onState?(id: number): boolean;
  /** Called for every state without moves, or for one of those that show the same ({@link Finder}); true ends the search, if it remembers its moves behind the states that are made with it. */
  onFinal?(id: number): boolean | void;
}

/** A search that may have been run. Its states can be asked for paths afterwards. */
export class Search {
  readonly store: States;
  /** Moves on a shortest path to the states that are being looked at. */
  depth = 0;
  ending: Ending = 'complete';
  /** Parent state of each, and the number of its action among the parent's. */
  private parents: Int32Array<ArrayBuffer> = new Int32Array(1024);
  private steps: Int32Array<ArrayBuffer> = new Int32Array(1024);
  /** Who searches on takes it over. */
  readonly expansion: Expansion;
  /** First state whose moves have not been made. */
  private next = 0;
  /** First state that is a move further away. */
  private layerEnd = 1;
  private maxBytes = Infinity;
  private onState: SearchOptions['onState'];
  private onFinal: SearchOptions['onFinal'];
  /** onState() or onFinal() has ended the search. */
  private found = false;

  private readonly initial: Int32Array;

  /**
   * @param system holds the initial state in its words
   * @param compact keep fingerprints of states: less memory, but the search is not exhaustive
   * @param threads that may come to make it, this one included (crew.ts)
   * @param memo for a system of which no move is ever `alone`
   */
  constructor(
    readonly system: TransitionSystem,
    compact = false,
    threads = 1,
    memo?: Memo,
  ) {
    this.initial = system.words.slice();
    this.store = statesOf(system, compact, threads);
    this.expansion = new Expansion(system, this.store, memo, {
      reach: (from, step) => this.reach(from, step),
      found: (id, from, step) => this.remember(id, from, step),
      final: (id) => void (this.found ||= this.onFinal?.(id) === true),
      looks: () => this.onState !== undefined,
    });
    this.store.add(system.words);
    this.parents[0] = -1;
  }

  /** Actions made so far. */
  get transitions(): number {
    return this.expansion.transitions;
  }

  /** States found so far. */
  get states(): number {
    return this.store.count;
  }

  /** The store, if other threads can fill it, too. */
  get sharedStore(): WasmStore | undefined {
    return this.store instanceof GrowingStore ? this.store.shared : undefined;
  }

  /** First state whose moves have not been made, and first that is a move further away. */
  get position(): { readonly next: number; readonly layerEnd: number } {
    return { next: this.next, layerEnd: this.layerEnd };
  }

  /** Bytes that they take. */
  get bytes(): number {
    return this.store.bytes + this.parents.byteLength + this.steps.byteLength;
  }

  /** States found whose moves have not been made. */
  get queued(): number {
    return this.store.count - this.next;
  }

  /** Explores until everything was seen, a bound is hit or the slice is over. @throws what the system throws; Error if it has run out of memory before */
  run(options: SearchOptions = {}): Ending {
    if (this.ending === 'memory') throw new Error('a search that has run out of memory cannot go on');
    const now = Date.now();
    const deadline = options.timeoutMs === undefined ? Infinity : now + options.timeoutMs;
    const pause = options.sliceMs === undefined ? Infinity : now + options.sliceMs;
    const maxStates = options.maxStates ?? Infinity;
    const maxBytes = options.maxBytes ?? Infinity;
    const maxDepth = options.maxDepth ?? Infinity;
    this.maxBytes = maxBytes;
    this.onState = options.onState?.bind(options);
    this.onFinal = options.onFinal?.bind(options);
    this.store.limit = maxBytes - (this.bytes - this.store.bytes);
    const { store, expansion } = this;
    let looked = this.next;
    try {
      while (this.next < store.count) {
        if (this.next >= looked + CHECKED) {
          looked = this.next;
          const at = Date.now();
          if (at > deadline) return (this.ending = 'time');
          if (this.bytes > maxBytes) return (this.ending = 'memory');
          if (at > pause) return (this.ending = 'paused');
        }
        if (store.count > maxStates) return (this.ending = 'states');
        if (this.next === this.layerEnd) {
          this.layerEnd = store.count;
          this.depth += 1;
        }
        if (this.depth >= maxDepth) return (this.ending = 'depth');
        // a bound on states is looked at behind each
        const next = expansion.expand(this.next, maxStates < Infinity ? this.next + 1 : this.layerEnd);
        if (this.found) return (this.ending = 'stopped');
        this.next = next;
      }
    } catch (error) {
      if (error instanceof StoreFull) return (this.ending = 'memory');
      throw error;
    }
    return (this.ending = 'complete');
  }

  /** Keeps the state in the words if it is new. @returns whether it ends the search */
  private reach(from: number, step: number): Cut | void {
    const id = this.store.add(this.system.words);
    if (id < 0) return;
    this.remember(id, from, step);
    if (this.onState?.(id) !== true) return;
    this.found = true;
    return 'stop';
  }

  private remember(id: number, parent: number, step: number): void {
    while (id >= this.parents.length) {
      if (this.bytes + 2 * this.parents.byteLength > this.maxBytes)
        throw new StoreFull('the paths exceed their bound');
      this.store.limit -= 2 * this.parents.byteLength;
      const parents = new Int32Array(this.parents.length * 2);
      parents.set(this.parents);
      this.parents = parents;
      const steps = new Int32Array(this.steps.length * 2);
      steps.set(this.steps);
      this.steps = steps;
    }
    this.parents[id] = parent;
    this.steps[id] = step;
  }

  /** The actions that lead from the initial state to `id`: a shortest path. */
  path(id: number): Action[] {
    const chain: number[] = [];
    for (let at = id; at !== 0; at = this.parents[at]!) chain.push(at);
    const { words } = this.system;
    words.set(this.initial);
    return chain.reverse().map((at) => this.take(this.steps[at]!));
  }

  /** Makes the `step`-th action of the state in the words, found by making the moves before it, too. */
  private take(step: number): Action {
    const { system } = this;
    const enumerator = new Enumerator();
    const before = system.words.slice();
    let at = 0;
    const alone = system.alone?.move() ?? -1;
    for (let i = 0; i < system.moves; i++) {
      const m = moveInOrder(i, alone);
      system.words.set(before);
      if (!system.enabled(m)) continue;
      enumerator.start();
      do {
        system.words.set(before);
        system.apply(m, enumerator.choose);
        if (at++ === step) return { move: m, choices: [...enumerator.answers] };
      } while (enumerator.next());
    }
    throw new Error(`a state has no action ${step}`);
  }
}

/**
 * Runs a system to its end with every choice it meets, moves in order: what follows when the order no longer matters. Calls `done` at
 * each end, with the system's words in place.
 */
export function runToEnd(finish: (choose: Choose) => void, words: Int32Array, done: () => void): void {
  const before = words.slice();
  const enumerator = new Enumerator();
  enumerator.start();
  do {
    words.set(before);
    finish(enumerator.choose);
    done();
  } while (enumerator.next());
  words.set(before);
}
