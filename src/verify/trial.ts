/** A driver and every program on a kernel of given capacities: what is searched, and what is asked of every state. */
import { InvariantChecker } from '../contract/invariants/check.js';
import { invariantIndex } from '../contract/invariants/list.js';
import { comparedWords } from '../explore/diff.js';
import type { TransitionSystem } from '../explore/system.js';
import { Exchange } from '../kernel/exchange.js';
import type { Kernel } from '../kernel/kernel.js';
import { THREAD } from '../kernel/layout.js';
import { bootKernel, booting, notLoaded } from '../run/boot.js';
import { Canonical } from '../run/canonical.js';
import type { Broken } from './broken.js';
import type { CoverageRecorder } from './coverage.js';
import { restOf } from './rest.js';
import type { Subject } from './subject.js';
import { Beyond, verifySystem } from './system.js';
import type { Settings } from './types.js';
import { Failed, USER } from './user.js';

/** Invariants that only a program's ghost state tells, in the order in which they are reported. */
const TOLD = [
  { failed: Failed.Revoke, invariant: invariantIndex('revoked') },
  { failed: Failed.Notify, invariant: invariantIndex('notified') },
  { failed: Failed.Serve, invariant: invariantIndex('served') },
] as const;
const DEADLOCK = invariantIndex('no-deadlock');

export class Trial {
  readonly system: TransitionSystem;
  readonly beyond = new Beyond();
  broken: Broken | undefined;
  /** Whether a program has come to run at all, and whether one has got a mapping: else an answer says nothing. */
  loaded = false;
  mapped = false;
  private readonly k: Kernel;
  private readonly checker: InvariantChecker;

  constructor(
    private readonly subject: Subject,
    settings: Settings,
    private readonly recorder?: CoverageRecorder,
  ) {
    const { caps, races, symmetry } = settings;
    this.k = bootKernel(subject.compiled, caps, comparedWords);
    recorder?.attend(this.k, subject);
    this.checker = new InvariantChecker(this.k, subject.access);
    if (symmetry !== undefined) this.k.exchange = new Exchange(this.k, symmetry);
    const canonical = symmetry && new Canonical(this.k, symmetry);
    const rest = restOf(this.k, settings);
    this.system = verifySystem(this.k, subject, { races, beyond: this.beyond, rest, canonical });
  }

  /** A new state, in place. @returns whether an invariant is broken in it */
  state(id: number): boolean {
    const { checker } = this;
    this.loaded ||= !booting(this.k) && !notLoaded(this.k);
    this.mapped ||= this.k.vmas.some((v) => v.mm >= 0);
    this.recorder?.state(this.k, this.subject);
    let invariant = checker.check();
    const told = this.told();
    if (told >= 0 && (invariant < 0 || invariant > told)) invariant = told;
    if (invariant < 0) return false;
    this.broken = { id, invariant, proc: checker.proc, page: checker.page, pfn: checker.pfn };
    return true;
  }

  /** The first invariant that a program has seen broken, or -1. */
  private told(): number {
    const { k } = this;
    let seen = 0;
    for (let i = 0; i < k.layout.caps.threads; i++) {
      const t = k.thread(i);
      if (k.w[t + THREAD.STATE] !== 0) seen |= k.w[t + THREAD.STACK + USER.FAILED]!;
    }
    return seen === 0 ? -1 : (TOLD.find(({ failed }) => (seen & failed) !== 0)?.invariant ?? -1);
  }

  /** A state without moves. @param store that has it @returns whether it is a deadlock */
  final(id: number, store: { load(id: number, words: Int32Array): void }): boolean {
    const { k } = this;
    store.load(id, k.w);
    if (k.frozen || notLoaded(k) || !k.anyWaiting()) return false;
    this.broken = { id, invariant: DEADLOCK, proc: -1, page: -1, pfn: -1 };
    return true;
  }
}
