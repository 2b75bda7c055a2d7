/** Gathers the distinct outcomes of final states. */
import { runToEnd } from '../explore/bfs.js';
import type { States } from '../explore/store.js';
import { Freeze } from '../kernel/layout.js';
import type { Kernel } from '../kernel/kernel.js';
import type { Compiled } from './boot.js';
import { Evaluator, type Question } from './outcome.js';
import { sightOf, type Sight } from './sight.js';
import type { Outcome } from './result.js';

interface Found {
  readonly outcome: Outcome;
  /** The first final state that has it. */
  readonly id: number;
}

/** {@link Findings.vacuous} of who has seen no end. */
export const NO_END = 'no execution ends: a thread faults or a handler loops for ever';

/** What a search has found out. */
export interface Findings {
  readonly undefinedIds: ReadonlySet<number>;
  readonly vacuous: string | undefined;
  /** All outcomes, in the order of their text. */
  outcomes(): Outcome[];
}

export class Collector implements Findings {
  /** Ids of the undefined behaviour reached. */
  readonly undefinedIds = new Set<number>();
  /** Why there is nothing to judge, if no execution has come to its end: a test that says nothing must not pass. */
  vacuous: string | undefined = NO_END;
  private readonly found = new Map<string, Found>();
  private readonly evaluator: Evaluator;

  constructor(
    question: Question,
    c: Compiled,
    private readonly k: Kernel,
    private readonly search: { readonly store: Pick<States, 'load'> },
  ) {
    this.evaluator = new Evaluator(question, c, k);
  }

  /** Looks at final state `id` and at what follows when everything exits. */
  final(id: number): void {
    const { k, evaluator } = this;
    this.search.store.load(id, k.w);
    let sight: Sight | undefined;
    runToEnd(
      (choose) => (sight = sightOf(evaluator, choose)),
      k.w,
      () => this.note(id, sight),
    );
  }

  private note(id: number, sight: Sight | undefined): void {
    if (sight === undefined) {
      this.vacuous &&= 'module_init fails in every execution';
      return;
    }
    this.vacuous = undefined;
    const { outcome, frozen, by } = sight;
    if (frozen === Freeze.Undefined) this.undefinedIds.add(by);
    if (outcome === undefined) return;
    const bug = frozen === Freeze.Bug ? this.k.program.apiNames[by] : undefined;
    const shown = bug === undefined ? outcome : { ...outcome, bug };
    const key = keyOf(outcome);
    const before = this.found.get(key);
    if (before === undefined || isNamedFirst(shown, before.outcome))
      this.found.set(key, { outcome: shown, id: before?.id ?? id });
  }

  /** All outcomes, in the order of their text. */
  outcomes(): Outcome[] {
    return inOrder([...this.found.values()].map((f) => f.outcome));
  }

  /** An outcome worth a witness: a positive one, else a negative one; nearest to the start. */
  shown(positive = true): { readonly text: string; readonly id: number } | undefined {
    let best: Found | undefined;
    for (const f of this.found.values()) {
      if (f.outcome.positive === positive && (best === undefined || f.id < best.id)) best = f;
    }
    return best === undefined ? undefined : { text: best.outcome.text, id: best.id };
  }
}

/** What makes two outcomes one. */
export function keyOf({ positive, text }: Outcome): string {
  return `${positive ? '+' : '-'}${text}`;
}

/** Whether of two that are one the first is kept: several BUGs may show the same, and which is met first depends on who searches. */
export function isNamedFirst(a: Outcome, b: Outcome): boolean {
  return (a.bug ?? '') < (b.bug ?? '');
}

/** Outcomes in the order of their text. */
export function inOrder(all: Outcome[]): Outcome[] {
  return all.sort((a, b) =>
    a.text < b.text ? -1 : a.text > b.text ? 1 : Number(b.positive) - Number(a.positive),
  );
}
