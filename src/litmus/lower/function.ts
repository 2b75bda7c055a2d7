/** Lowers one function's expressions to closures and instructions. */
import type { TypedExpr } from '../../c/typed.js';
import { arenaBaseOf } from '../../kernel/uapi.js';
import { lowerAddress, lowerAssign, lowerLoad, lowerUpdate } from './access.js';
import { lowerCall } from './calls.js';
import { combined, operand, type Label, type Operand } from './code.js';
import { Lowering } from './lowering.js';
import { lowerContainerOf, lowerPointerDifference, lowerPointerStep } from './pointers.js';
import { needsCode } from './purity.js';
import { arithmetic, comparison, constantValue, convert, negation, truth } from './values.js';

export class FunctionLowering extends Lowering {
  /** The value of an expression. Emits what has effects or is a step of its own; the rest is a closure. */
  value(e: TypedExpr): Operand {
    switch (e.kind) {
      case 'constant':
        return operand(constantValue(e.value, this.isWide(e.type)));
      case 'runtime':
        return operand(constantValue(this.#runtime(e.name), this.isWide(e.type)));
      case 'string':
      case 'function':
        return operand(() => 0);
      case 'load':
        return lowerLoad(this, e);
      case 'address':
        return lowerAddress(this, e);
      case 'cast':
        return this.#cast(e);
      case 'unary': {
        const a = this.value(e.operand);
        return combined(negation(e.op, a.ev, this.isWide(e.type)), [a]);
      }
      case 'not': {
        const a = this.test(e.operand);
        return combined((k, f) => 1 - a.ev(k, f), [a]);
      }
      case 'binary':
        return this.#binary(e);
      case 'compare':
        return this.#compare(e);
      case 'containerOf':
        return lowerContainerOf(this, e);
      case 'pointerStep':
        return lowerPointerStep(this, e);
      case 'pointerDifference':
        return lowerPointerDifference(this, e);
      case 'logical':
        return this.#logical(e);
      case 'conditional':
        return this.#conditional(e);
      case 'comma':
        this.effect(e.left);
        return this.value(e.right);
      case 'assign':
        return lowerAssign(this, e, true)!;
      case 'update':
        return lowerUpdate(this, e, true)!;
      case 'call':
        return lowerCall(this, e, true) ?? operand(() => 0);
    }
  }

  /** Runs an expression for what it does. */
  effect(e: TypedExpr): void {
    switch (e.kind) {
      case 'assign':
        return void lowerAssign(this, e, false);
      case 'update':
        return void lowerUpdate(this, e, false);
      case 'call':
        return void lowerCall(this, e, false);
      case 'comma':
        this.effect(e.left);
        return this.effect(e.right);
      case 'cast':
        return this.effect(e.operand);
      default:
        this.discard(this.value(e));
    }
  }

  /** 0 or 1: whether a scalar is not zero. */
  test(e: TypedExpr): Operand {
    const a = this.value(e);
    if (e.kind === 'compare' || e.kind === 'not' || e.kind === 'logical') return a;
    return combined(truth(a.ev, this.isWide(e.type)), [a]);
  }

  /** Emits a jump to `label` if the test has the value `when`. */
  branch(e: TypedExpr, when: 0 | 1, label: Label): void {
    if (e.kind === 'not') return this.branch(e.operand, when === 1 ? 0 : 1, label);
    if (e.kind === 'logical' && needsCode(e)) return this.#branchLogical(e, when, label);
    const test = this.test(e);
    const { ev } = test;
    const next = this.b.here + 1;
    this.b.consume([test], (k, f) => {
      const v = ev(k, f);
      return k.stopped ? -1 : v === when ? label.pc : next;
    });
  }

  #branchLogical(e: TypedExpr & { kind: 'logical' }, when: 0 | 1, label: Label): void {
    // `a && b` is false if a is, `a || b` is true if a is
    const decides = e.op === '&&' ? 0 : 1;
    if (when === decides) {
      this.branch(e.left, decides, label);
      this.branch(e.right, decides, label);
      return;
    }
    const skip: Label = { pc: -1 };
    this.branch(e.left, decides, skip);
    this.branch(e.right, when, label);
    this.b.bind(skip);
  }

  #runtime(name: string): bigint {
    if (name === 'arena') return BigInt(arenaBaseOf(this.model.name === 'LP64'));
    return this.session.frames.get(name) ?? 0n;
  }

  #cast(e: TypedExpr & { kind: 'cast' }): Operand {
    if (e.operand.kind === 'call' && e.type.kind === 'pointer') this.allocates.set(e.operand, e.type.to);
    const a = this.value(e.operand);
    if (e.type.kind === 'void') return a;
    return combined(convert(a.ev, e.operand.type, e.type, this.model), [a]);
  }

  #binary(e: TypedExpr & { kind: 'binary' }): Operand {
    const a = this.value(e.left);
    const b = this.value(e.right);
    if (e.type.kind !== 'int') throw new Error('arithmetic on something that is no integer');
    const divides = (e.op === '/' || e.op === '%') && e.right.kind !== 'constant';
    return combined(arithmetic(e.op, a.ev, b.ev, e.type, this.user), [a, b], divides);
  }

  #compare(e: TypedExpr & { kind: 'compare' }): Operand {
    const a = this.value(e.left);
    const b = this.value(e.right);
    const signed = e.left.type.kind === 'int' && e.left.type.signed;
    return combined(comparison(e.op, a.ev, b.ev, this.isWide(e.left.type), signed), [a, b]);
  }

  #logical(e: TypedExpr & { kind: 'logical' }): Operand {
    if (!needsCode(e.right)) {
      const a = this.test(e.left);
      const b = this.test(e.right);
      const and = e.op === '&&';
      return combined((k, f) => (a.ev(k, f) === 0 ? (and ? 0 : b.ev(k, f)) : and ? b.ev(k, f) : 1), [a, b]);
    }
    // a free temporary is 0
    const { slot, result } = this.temp(e.type);
    const otherwise: Label = { pc: -1 };
    this.branch(e, 0, otherwise);
    this.put(
      operand(() => 1),
      slot,
      1,
    );
    this.b.bind(otherwise);
    return result;
  }

  #conditional(e: TypedExpr & { kind: 'conditional' }): Operand {
    const arms = [...(e.then ? [e.then] : []), e.otherwise];
    if (e.type.kind !== 'void' && e.then && !arms.some(needsCode)) {
      const test = this.test(e.test);
      const a = this.value(e.then);
      const b = this.value(e.otherwise);
      return combined((k, f) => (test.ev(k, f) !== 0 ? a.ev(k, f) : b.ev(k, f)), [test, a, b]);
    }
    if (e.type.kind === 'void') return this.#conditionalEffect(e);
    const { slot, words, result } = this.temp(e.type);
    const [otherwise, end]: [Label, Label] = [{ pc: -1 }, { pc: -1 }];
    if (e.then) {
      this.branch(e.test, 0, otherwise);
      this.put(this.value(e.then), slot, words);
      this.b.jump(end);
      this.b.bind(otherwise);
      this.put(this.value(e.otherwise), slot, words);
    } else {
      this.put(this.value(e.test), slot, words);
      const test = truth(result.ev, words === 2);
      const next = this.b.here + 1;
      this.b.emit((k, f) => (test(k, f) === 1 ? end.pc : next));
      this.put(this.value(e.otherwise), slot, words);
    }
    this.b.bind(end);
    return result;
  }

  #conditionalEffect(e: TypedExpr & { kind: 'conditional' }): Operand {
    const [otherwise, end]: [Label, Label] = [{ pc: -1 }, { pc: -1 }];
    this.branch(e.test, 0, otherwise);
    if (e.then) this.effect(e.then);
    this.b.jump(end);
    this.b.bind(otherwise);
    this.effect(e.otherwise);
    this.b.bind(end);
    return operand(() => 0);
  }
}
