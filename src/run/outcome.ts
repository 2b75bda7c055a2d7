/** Outcomes: the values of what a condition looks at in a final state, and whether the condition holds there. */
import type { LitmusTest, Prop, Term } from '../litmus/ast.js';
import { observables, registerName, type Observable } from '../litmus/observables.js';
import { findObserver, ATTRIBUTES } from '../litmus/observers.js';
import type { Kernel } from '../kernel/kernel.js';
import type { Compiled } from './boot.js';
import { defaultCondition } from './invariants.js';
import { Observer } from './observe.js';
import type { Outcome } from './result.js';
import { holds } from './proposition.js';
import { printValue, type Value } from './value.js';

/** Everything that a test asks of a final state. */
export class Question {
  readonly observables: readonly Observable[];
  /** Whether something is asked about the time after all processes have exited. */
  readonly asksEnd: boolean;
  /** Whether undefined(ID) is asked: undefined behaviour is then an outcome like others. */
  readonly asksUndefined: boolean;
  private readonly indexes = new Map<string, number>();
  private readonly known = new Map<Observable['term'], number>();

  constructor(
    readonly prop: Prop,
    readonly filter: Prop | undefined,
  ) {
    this.observables = observables([filter, prop]);
    this.observables.forEach((o, i) => this.indexes.set(o.register, i));
    this.asksEnd = this.observables.some(atEnd);
    this.asksUndefined = this.observables.some(
      (o) => o.term.kind === 'observer' && o.term.observer === 'undefined',
    );
  }

  /** Whether an observable is about the time after the exits. */
  isAtEnd(i: number): boolean {
    return atEnd(this.observables[i]!);
  }

  /** Number of the observable that a term is. */
  indexOf(term: Observable['term'], flag?: string): number {
    let index = flag === undefined ? this.known.get(term) : undefined;
    if (index === undefined) {
      index = this.find(term, flag);
      if (flag === undefined) this.known.set(term, index);
    }
    return index;
  }

  private find(term: Observable['term'], flag?: string): number {
    const name = registerName(term);
    return this.indexes.get(flag === undefined ? name : `${name}.${flag}`)!;
  }
}

/** What a test asks. */
export function questionOf(test: LitmusTest): Question {
  return new Question((test.condition ?? defaultCondition()).prop, test.filter);
}

function atEnd(o: Observable): boolean {
  const { term } = o;
  if (term.kind === 'observer') return findObserver(term.observer)!.when === 'end';
  return term.kind === 'attribute' && ATTRIBUTES.find((a) => a.name === term.name)!.when === 'end';
}

/** Evaluates a question in the states of one kernel. */
export class Evaluator {
  readonly observer: Observer;
  private values: Value[] = [];

  constructor(
    readonly question: Question,
    readonly c: Compiled,
    readonly k: Kernel,
  ) {
    this.observer = new Observer(c, k);
  }

  /** Looks at the final state, before anything exits. */
  look(deadlock: boolean): void {
    this.observer.deadlock = deadlock;
    this.observer.ended = false;
    this.values = this.question.observables.map((o) => this.observer.value(o));
  }

  /** Looks again, after all processes have exited: only what is asked about that time. */
  lookAtEnd(): void {
    this.observer.ended = true;
    this.question.observables.forEach((o, i) => {
      if (this.question.isAtEnd(i)) this.values[i] = this.observer.value(o);
    });
    this.observer.ended = false;
  }

  /** The outcome, or undefined when the filter drops it. */
  outcome(): Outcome | undefined {
    const { question } = this;
    if (question.filter !== undefined && !this.holds(question.filter)) return undefined;
    const values: Record<string, string> = {};
    const words: string[] = [];
    const comments: string[] = [];
    question.observables.forEach((o, i) => {
      const { text, comment } = printValue(this.values[i]!, this.c.mem);
      values[o.register] = text;
      words.push(`${o.register}=${text};`);
      if (comment !== undefined) comments.push(comment);
    });
    const tail = comments.length === 0 ? '' : ` # ${comments.join(', ')}`;
    return { text: words.join(' ') + tail, values, positive: this.holds(question.prop) };
  }

  private holds(p: Prop): boolean {
    return holds(p, {
      term: (t) => this.term(t),
      truth: (t, flag) => this.values[this.question.indexOf(t, flag)]!,
    });
  }

  private term(t: Term): Value {
    if (t.kind === 'variable' || t.kind === 'attribute' || t.kind === 'global' || t.kind === 'observer') {
      return this.values[this.question.indexOf(t)]!;
    }
    if (t.kind === 'negate' || t.kind === 'binary') return this.observer.combine(t, (x) => this.term(x));
    return this.observer.term(t);
  }
}
