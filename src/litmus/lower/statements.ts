/** Statements. */
import type { TypedStatement } from '../../c/typed.js';
import { ThreadState } from '../../kernel/routine.js';
import { THREAD } from '../../kernel/layout.js';
import { store } from './access.js';
import { LEFT, type Label } from './code.js';
import type { FunctionLowering } from './function.js';
import { wordsOfType } from './layout.js';
import { lowerPlace } from './places.js';

/** Where `break` and `continue` go. */
interface Targets {
  readonly breakTo?: Label;
  readonly continueTo?: Label;
}

export class StatementLowering {
  readonly #labels = new Map<string, Label>();
  readonly #cases = new Map<number, Label>();

  constructor(readonly fn: FunctionLowering) {}

  /** The whole body, with what happens at its end. */
  body(): void {
    this.#statement(this.fn.source.body, {});
    this.fn.b.offset = this.fn.source.body.span.end - 1;
    this.#leave(undefined);
  }

  #named(name: string): Label {
    let label = this.#labels.get(name);
    if (!label) this.#labels.set(name, (label = { pc: -1 }));
    return label;
  }

  #case(target: number): Label {
    let label = this.#cases.get(target);
    if (!label) this.#cases.set(target, (label = { pc: -1 }));
    return label;
  }

  #statement(s: TypedStatement, targets: Targets): void {
    const { fn } = this;
    const { b } = fn;
    if (s.kind === 'block' || s.kind === 'case' || s.kind === 'label') b.offset = s.span.start;
    else b.begin(s.span.start);
    switch (s.kind) {
      case 'block':
        for (const inner of s.body) this.#statement(inner, targets);
        return;
      case 'expression':
        return fn.effect(s.value);
      case 'local':
        return this.#local(s);
      case 'if':
        return this.#if(s, targets);
      case 'while':
      case 'do':
      case 'for':
        return this.#loop(s);
      case 'switch':
        return this.#switch(s, targets);
      case 'case':
        return b.bind(this.#case(s.target));
      case 'label':
        return b.bind(this.#named(s.name));
      case 'goto':
        return b.jump(this.#named(s.label));
      case 'break':
        return b.jump(targets.breakTo!);
      case 'continue':
        return b.jump(targets.continueTo!);
      case 'return':
        return this.#leave(s);
    }
  }

  #local(s: TypedStatement & { kind: 'local' }): void {
    const { fn } = this;
    const slot = fn.slotOf(s.variable);
    const words = wordsOfType(s.variable.type, fn.model);
    // the first value of a variable without an initialiser is 0; one that is given a value at once needs no other
    if (s.zeroed || s.init.length === 0) {
      const next = fn.b.here + 1;
      fn.b.emit((k, f) => {
        k.w.fill(0, f + slot, f + slot + words);
        return next;
      });
    }
    for (const entry of s.init) {
      if (entry.target.type.kind === 'struct' && !entry.target.type.scalar) {
        const { target, value } = entry;
        fn.effect({ kind: 'assign', target, value, type: target.type, span: target.span });
      } else store(fn, lowerPlace(fn, entry.target), fn.value(entry.value), entry.target.type);
    }
  }

  #if(s: TypedStatement & { kind: 'if' }, targets: Targets): void {
    const { fn } = this;
    const otherwise: Label = { pc: -1 };
    const end: Label = { pc: -1 };
    fn.branch(s.test, 0, otherwise);
    this.#statement(s.then, targets);
    if (s.otherwise) {
      fn.b.jump(end);
      fn.b.bind(otherwise);
      this.#statement(s.otherwise, targets);
    } else fn.b.bind(otherwise);
    fn.b.bind(end);
  }

  #loop(s: TypedStatement & { kind: 'while' | 'do' | 'for' }): void {
    const { fn } = this;
    const [top, breakTo, continueTo]: Label[] = [{ pc: -1 }, { pc: -1 }, { pc: -1 }];
    const targets: Targets = { breakTo: breakTo!, continueTo: continueTo! };
    if (s.kind === 'for') for (const init of s.init) this.#statement(init, {});
    fn.b.bind(top!);
    if (s.kind === 'while') fn.b.bind(continueTo!);
    if (s.kind !== 'do' && s.test) fn.branch(s.test, 0, breakTo!);
    this.#statement(s.body, targets);
    fn.b.offset = s.span.start;
    if (s.kind !== 'while') fn.b.bind(continueTo!);
    if (s.kind === 'for' && s.update) fn.effect(s.update);
    if (s.kind === 'do') fn.branch(s.test, 1, top!);
    else fn.b.jump(top!);
    fn.b.bind(breakTo!);
  }

  #switch(s: TypedStatement & { kind: 'switch' }, targets: Targets): void {
    const { fn } = this;
    const breakTo: Label = { pc: -1 };
    const value = fn.value(s.value);
    const wide = fn.isWide(s.value.type);
    const cases = s.cases.map((c) => ({
      lo: Number(BigInt.asIntN(32, c.value)),
      hi: Number(BigInt.asIntN(32, c.value >> 32n)),
      label: this.#case(c.target),
    }));
    const fallback = s.fallback === undefined ? breakTo : this.#case(s.fallback);
    fn.b.consume([value], (k, f) => {
      const lo = value.ev(k, f);
      if (k.stopped) return LEFT;
      for (let i = 0; i < cases.length; i++) {
        const c = cases[i]!;
        if (c.lo === lo && (!wide || c.hi === k.hi)) return c.label.pc;
      }
      return fallback.pc;
    });
    this.#statement(s.body, { ...targets, breakTo });
    fn.b.bind(breakTo);
  }

  /** `return`, or the end of the body. */
  #leave(s: (TypedStatement & { kind: 'return' }) | undefined): void {
    const { fn } = this;
    if (fn.user) return this.#park();
    const { handler } = fn;
    const { result } = fn.source.type;
    if (!s?.value || result.kind === 'void') {
      if (s?.value) fn.effect(s.value);
      return fn.b.emit((k, f) => {
        if (handler) k.retPoint(f, 0, 0);
        else k.ret(f, 0, 0);
        return LEFT;
      });
    }
    const value = fn.value(s.value);
    const wide = fn.isWide(result);
    fn.b.consume([value], (k, f) => {
      const lo = value.ev(k, f);
      if (k.stopped) return LEFT;
      const hi = wide ? k.hi : lo >> 31;
      if (handler) k.retPoint(f, lo, hi);
      else k.ret(f, lo, hi);
      return LEFT;
    });
  }

  /** The end of a thread: its process lives on, its variables stay. */
  #park(): void {
    this.fn.b.emit((k, f) => {
      k.setPc(f, 0);
      k.w[k.t + THREAD.STATE] = ThreadState.Parked;
      k.w[k.t + THREAD.API] = 0;
      k.stopped = true;
      return LEFT;
    });
  }
}
