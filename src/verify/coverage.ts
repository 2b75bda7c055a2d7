/** What a search never reached (`pfnmap verify --coverage`): an invariant that holds says little about code that never ran. */
import { lineColumn } from '../c/diagnostics.js';
import { FACT_NAMES, type Facts } from '../kernel/facts.js';
import { watchFacts, type WatchedFacts } from '../kernel/facts/watch.js';
import type { Kernel } from '../kernel/kernel.js';
import { THREAD } from '../kernel/layout.js';
import { CompiledFunction, type Instruction } from '../litmus/lower/code.js';
import { booting } from '../run/boot.js';
import { OCCASIONS, type Occasion } from './occasions.js';
import type { Operation } from './operations.js';
import type { Subject } from './subject.js';
import type { Coverage } from './types.js';
import { USER } from './user.js';
import { entriesOf } from './watched.js';

/** Collects over all worlds of one verification. */
export class CoverageRecorder {
  /** Whether each statement was reached, by its place in the source: a function may be compiled twice. */
  private readonly statements = new Map<number, boolean>();
  private text = '';
  /** Rules that nobody has had an occasion to break yet. */
  private waiting: readonly Occasion[];

  private readonly watched: WatchedFacts;

  constructor(facts: Facts) {
    this.watched = watchFacts(facts);
    this.waiting = OCCASIONS.filter(({ on }) => on === undefined || on(facts));
  }

  /** The facts to search with: it is noted which of them the model asks. */
  get facts(): Facts {
    return this.watched.facts;
  }

  /** Watches a driver that is about to be searched. Only the first instructions of statements cost anything. */
  watch({ compiled: { test, lowered } }: Subject): void {
    this.text = test.source.text;
    for (const offset of lowered.unused) this.statements.set(offset, false);
    for (const fn of lowered.program.functions) {
      if (!(fn instanceof CompiledFunction) || fn.user) continue;
      const code = [...fn.code];
      for (const { offset, pc } of lowered.starts(fn)) {
        if (!this.statements.has(offset)) this.statements.set(offset, false);
        code[pc] = this.marking(offset, code[pc]!);
      }
      fn.code = code;
    }
  }

  private marking(offset: number, instruction: Instruction): Instruction {
    const { statements } = this;
    let seen = false;
    return (k, f) => {
      if (!seen) {
        seen = true;
        statements.set(offset, true);
      }
      return instruction(k, f);
    };
  }

  /** Listens to a kernel that is about to be searched: what the driver calls, and what programs begin. */
  attend(k: Kernel, { user, menu, declarations }: Subject): void {
    k.tracer = {
      enter: () => undefined,
      note: (name) => {
        const at = k.w[k.t + THREAD.STACK + USER.OP]!;
        const operation: Operation | undefined = booting(k) ? undefined : menu[at - 1];
        this.met(({ call }) => call?.(k, name, operation) === true);
      },
    };
    user.listener = {
      begins: (_, o) => this.met(({ operation }) => operation?.(k, o, declarations.revokes) === true),
      ends: () => undefined,
    };
  }

  /** A new state, in place. */
  state(k: Kernel, { access }: Subject): void {
    if (this.waiting.length === 0) return;
    for (const v of k.vmas) {
      if (v.mm < 0) continue;
      this.met(({ mapping }) => mapping?.(k, v) === true);
      for (const e of entriesOf(k, v)) this.met(({ entry }) => entry?.(k, e, access) === true);
    }
  }

  private met(has: (occasion: Occasion) => boolean): void {
    if (this.waiting.some(has)) this.waiting = this.waiting.filter((one) => !has(one));
  }

  result(): Coverage {
    const { statements } = this;
    const reached = [...statements.values()].filter(Boolean).length;
    const asked = new Set(this.watched.asked());
    const unaskedFacts = FACT_NAMES.filter((name) => !asked.has(name));
    const idleRules = this.waiting.map(({ rule, when }) => ({ rule, when }));
    return { statements: statements.size, reached, unreached: this.unreached(), idleRules, unaskedFacts };
  }

  /** One place a line, in their order. */
  private unreached(): Coverage['unreached'] {
    const lines = new Map<number, Coverage['unreached'][number]>();
    const offsets = [...this.statements].flatMap(([offset, reached]) => (reached ? [] : [offset]));
    for (const offset of offsets.toSorted((a, b) => a - b)) {
      const { line, column } = lineColumn(this.text, offset);
      const text = this.text.slice(offset).split(/\r?\n/, 1)[0]!.trim();
      if (!lines.has(line)) lines.set(line, { line, column, text });
    }
    return [...lines.values()];
  }
}
