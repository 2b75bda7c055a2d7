/**
 * Walks a path of the search without renaming anything: the search's states are canonical, and what a reader sees should keep its
 * names.
 */
import type { Search } from '../explore/bfs.js';
import type { Action } from '../explore/system.js';
import { Exchange } from '../kernel/exchange.js';
import type { Kernel } from '../kernel/kernel.js';
import type { Capacities } from '../kernel/layout.js';
import { bootKernel } from '../run/boot.js';
import { Canonical } from '../run/canonical.js';
import { Unrenamer } from '../run/unrename.js';
import { restOf, type Renaming, type Rest } from './rest.js';
import type { Subject } from './subject.js';
import { Beyond, movesOfEach, verifySystem } from './system.js';
import type { Listener } from './user.js';

export class Walker {
  listener: Listener | undefined = undefined;
  private readonly path: readonly Action[];
  private at = 0;
  /** Follows the search's own states. */
  private readonly shadow: Kernel;
  private readonly canonical: Canonical | undefined;
  private readonly rest: Rest | undefined;
  private readonly unrenamer: Unrenamer;
  /** Thread of the walk for each of the search's. */
  private readonly who: number[];
  private readonly each: number;

  /** @param k stands in the initial state, and is what walks */
  constructor(
    private readonly subject: Subject,
    private readonly k: Kernel,
    caps: Capacities,
    search: Search,
    id: number,
    private readonly pace: Renaming,
  ) {
    const { symmetry } = pace;
    this.path = search.path(id);
    this.each = movesOfEach(subject, pace.races);
    this.shadow = bootKernel(subject.compiled, caps);
    if (symmetry !== undefined) this.shadow.exchange = new Exchange(this.shadow, symmetry);
    this.canonical = symmetry && new Canonical(this.shadow, symmetry);
    this.rest = restOf(this.shadow, pace);
    this.unrenamer = new Unrenamer(this.shadow, k);
    this.who = Array.from({ length: caps.threads }, (_, i) => i);
  }

  /** Whether the way goes on. */
  get more(): boolean {
    return this.at < this.path.length;
  }

  /** The process that moves next. */
  get next(): number {
    return this.who[Math.floor(this.path[this.at]!.move / this.each)]!;
  }

  step(): void {
    const { rest, canonical, shadow, next } = this;
    const { move, choices } = this.path[this.at++]!;
    this.unrenamer.step(
      choices,
      (choose) => {
        this.apply(shadow, move, choose);
        rest?.apply();
        return canonical?.apply();
      },
      (choose) => {
        this.subject.user.listener = this.listener;
        this.apply(this.k, next * this.each + (move % this.each), choose);
        this.subject.user.listener = undefined;
      },
    );
    const before = this.who.slice();
    rest?.moved?.forEach((from, i) => (this.who[i] = before[from]!));
  }

  private apply(k: Kernel, move: number, choose: (n: number) => number): void {
    const manner = { races: this.pace.races, beyond: new Beyond() };
    this.subject.user.forget();
    verifySystem(k, this.subject, manner).apply(move, choose);
  }
}
