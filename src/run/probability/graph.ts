/** The graph of states of a test under an allocator that is known: who decides where, and where it leads to. */
import { StateStore } from '../../explore/store.js';
import type { Kernel } from '../../kernel/kernel.js';
import { cutsOf, Freeze, HEAD } from '../../kernel/layout.js';
import { VM_PFNMAP } from '../../kernel/flags.js';
import { entryPfn, pteAt } from '../../kernel/mm/pgtable.js';
import { PTE_PRESENT } from '../../kernel/pte.js';
import { UNDEFINED_IDS, UnknownError } from '../../kernel/routine.js';
import { booting, notLoaded, type Compiled } from '../boot.js';
import { exitAll } from '../finish.js';
import { Evaluator, type Question } from '../outcome.js';
import { kernelSystem } from '../system.js';
import type { ChanceSource } from './sources.js';
import { Recorder, type Node } from './tree.js';

/** Spare frames lie so far from each other and from all else, in pages. */
export const SPARE_GAP = 64;

export class Graph {
  /** Moves of each state. */
  readonly moves: Node[][] = [];
  private readonly store: StateStore;
  private readonly evaluator: Evaluator;
  private readonly system;
  private readonly words: Int32Array;
  private next = 0;

  /**
   * @param k in its initial state
   * @param spares numbers of the spare frames, ascending
   * @param occurs asked of each state instead of the question at the end: what is to be weighed has come about
   */
  constructor(
    private readonly k: Kernel,
    c: Compiled,
    private readonly question: Question,
    private readonly source: ChanceSource,
    private readonly recorder: Recorder,
    private readonly spares: readonly number[],
    private readonly occurs?: () => boolean,
  ) {
    this.system = kernelSystem(k, c);
    this.evaluator = new Evaluator(question, c, k);
    this.words = new Int32Array(k.w.length + source.words);
    this.store = new StateStore(this.words.length, [...cutsOf(k.layout), k.w.length]);
    this.save();
    this.store.add(this.words);
    k.frameSource = source;
  }

  get states(): number {
    return this.store.count;
  }

  /**
   * Goes on until all states were seen, or a time (of performance.now()) has come.
   * @returns whether all were seen
   * @throws UnknownError, CapacityError, SparesError
   */
  explore(until: number, maxStates: number): boolean {
    for (; this.next < this.store.count; this.next++) {
      if (this.store.count > maxStates) throw new UnknownError(`bound: ${maxStates} states`);
      if ((this.next & 63) === 63 && performance.now() > until) {
        this.next += 1;
        this.expand(this.next - 1);
        return false;
      }
      this.expand(this.next);
    }
    return true;
  }

  private expand(id: number): void {
    const { k, system, recorder } = this;
    const moves: Node[] = [];
    this.load(id);
    if (this.occurs !== undefined && !booting(k) && this.occurs()) {
      this.moves[id] = [{ kind: 'end', holds: true }];
      return;
    }
    for (let m = 0; m < system.moves; m++) {
      if (!system.enabled(m)) continue;
      recorder.start();
      let more = true;
      while (more) {
        system.apply(m, recorder.choose);
        this.checkNeighbours();
        this.save();
        const added = this.store.add(this.words);
        more = recorder.end({ kind: 'state', id: added >= 0 ? added : -1 - added });
        this.load(id);
      }
      moves.push(recorder.tree());
    }
    this.moves[id] = moves.length > 0 ? moves : [notLoaded(k) ? NO_OUTCOME : this.end(id)];
  }

  /** A state without moves, and what follows when everything exits. */
  private end(id: number): Node {
    const { k, recorder, evaluator, question } = this;
    if (this.occurs !== undefined) return { kind: 'end', holds: false };
    if (k.w[HEAD.FROZEN] === Freeze.Undefined && !question.asksUndefined)
      throw new UnknownError(`undefined(${UNDEFINED_IDS[k.w[HEAD.FROZEN_ID]!]!}) is reached`);
    const deadlock = !k.frozen && k.anyWaiting();
    evaluator.look(deadlock);
    if (!question.asksEnd || deadlock || k.frozen) return this.outcome();
    recorder.start();
    for (let more = true; more; this.load(id)) {
      exitAll(k, recorder.choose);
      if (!k.frozen) evaluator.lookAtEnd();
      more = recorder.end(this.outcome());
    }
    return recorder.tree();
  }

  /** What a filter drops, the condition has not come about in. */
  private outcome(): Node {
    return { kind: 'end', holds: this.evaluator.outcome()?.positive ?? false };
  }

  private load(id: number): void {
    const { k, words } = this;
    this.store.load(id, words);
    k.w.set(words.subarray(0, k.w.length));
    this.source.load(words, k.w.length);
  }

  private save(): void {
    const { k, words } = this;
    words.set(k.w);
    this.source.store(words, k.w.length);
  }

  /**
   * Spare frames have no neighbours in the model, but in a machine they do. Where a number beside one is used, how likely it is that it
   * means a frame which is in use is not known.
   * @throws UnknownError
   */
  private checkNeighbours(): void {
    if (this.spares.length === 0) return;
    const { k } = this;
    for (const v of k.vmas) {
      if (v.mm < 0 || (v.flags & VM_PFNMAP) === 0) continue;
      const first = v.pgoff;
      if (v.cow && !k.facts.pteSpecial && v.pages > 1) this.checkRange(first, first + v.pages);
      for (let pg = v.start; pg < v.end; pg++) {
        const e = pteAt(k, v.mm, pg);
        if ((k.w[e + 1]! & PTE_PRESENT) === 0) continue;
        const pfn = entryPfn(k, e);
        if (k.mem.frame(pfn) < 0) this.checkRange(pfn - SPARE_GAP / 2, pfn + SPARE_GAP / 2);
      }
    }
  }

  private checkRange(from: number, to: number): void {
    if (this.spares.some((pfn) => pfn >= from && pfn < to))
      throw new UnknownError('the number of a frame beside one that was allocated is used');
  }
}

const NO_OUTCOME: Node = { kind: 'end', holds: undefined };
