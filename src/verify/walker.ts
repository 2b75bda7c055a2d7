/**
 * Walks a path of the search without renaming anything: the search's states are canonical, and what a reader sees should keep its
 * names. Each step takes the choices whose outcome has the canonical state that comes next.
 */
import type { Search } from '../explore/bfs.js';
import { Enumerator, replaying } from '../explore/chooser.js';
import type { Action } from '../explore/system.js';
import type { Kernel } from '../kernel/kernel.js';
import type { Capacities } from '../kernel/layout.js';
import { bootKernel } from '../run/boot.js';
import { Canonical } from './canonical.js';
import type { Subject } from './subject.js';
import { Beyond, verifySystem } from './system.js';
import type { Listener } from './user.js';

/** How the search that found the path went. */
export interface Pace {
  readonly races: boolean;
  readonly renaming: boolean;
}

export class Walker {
  listener: Listener | undefined = undefined;
  private readonly path: readonly Action[];
  private at = 0;
  /** Follows the search's own states. */
  private readonly shadow: Kernel;
  private readonly canonical: Canonical | undefined;
  private readonly trial: Kernel;

  /** @param k stands in the initial state, and is what walks */
  constructor(
    private readonly subject: Subject,
    private readonly k: Kernel,
    caps: Capacities,
    search: Search,
    id: number,
    private readonly pace: Pace,
  ) {
    this.path = search.path(id);
    this.shadow = bootKernel(subject.compiled, caps);
    this.trial = bootKernel(subject.compiled, caps);
    this.canonical = pace.renaming ? new Canonical(this.trial, subject.traits.frames) : undefined;
  }

  /** The process that moves, for each step. */
  moves(): number[] {
    return this.path.map(({ move }) => move);
  }

  step(): void {
    const { move, choices } = this.path[this.at++]!;
    this.apply(this.shadow, move, replaying(choices));
    this.trial.w.set(this.shadow.w);
    this.canonical?.apply();
    this.shadow.w.set(this.trial.w);
    const answers = this.canonical === undefined ? choices : this.sameOutcome(move);
    this.subject.user.listener = this.listener;
    this.apply(this.k, move, replaying(answers));
    this.subject.user.listener = undefined;
  }

  private apply(k: Kernel, move: number, choose: (n: number) => number): boolean {
    const manner = { races: this.pace.races, beyond: new Beyond() };
    this.subject.user.forget();
    return verifySystem(k, this.subject, manner).apply(move, choose) !== false;
  }

  /** Choices that lead from where `k` is to a state with the shadow's canonical form. */
  private sameOutcome(move: number): readonly number[] {
    const enumerator = new Enumerator();
    enumerator.start();
    do {
      this.trial.w.set(this.k.w);
      if (!this.apply(this.trial, move, enumerator.choose)) continue;
      this.canonical!.apply();
      if (this.trial.w.every((word, i) => word === this.shadow.w[i])) return [...enumerator.answers];
    } while (enumerator.next());
    throw new Error('a step of a counterexample cannot be made again');
  }
}
