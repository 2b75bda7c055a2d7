/** What the parts of the lowering share while they compile one function: its frame, its code, and the way to expressions. */
import type { LocalVariable, TypedExpr, TypedFunction } from '../../c/typed.js';
import { isScalar, type CType, type DataModel } from '../../c/types.js';
import type { PlacedObject } from '../../kernel/object-shape.js';
import { CodeBuilder, slotValue, type Operand } from './code.js';
import { isWide, wordsOfType } from './layout.js';
import type { Session } from './session.js';

export abstract class Lowering {
  readonly model: DataModel;
  readonly b: CodeBuilder;
  /** The types of the objects that kzalloc() calls make, as far as conversions tell. */
  readonly allocates = new Map<TypedExpr, CType>();
  /** Slots of the locals, counted from the frame's header. */
  readonly #slots: readonly number[];

  constructor(
    readonly session: Session,
    readonly source: TypedFunction,
    /** Code of a thread. */
    readonly user: boolean,
    /** The core calls it: its return is a scheduling point. */
    readonly handler: boolean,
  ) {
    this.model = session.model;
    let at = 1;
    this.#slots = source.locals.map((l) => {
      at += wordsOfType(l.type, this.model);
      return at - wordsOfType(l.type, this.model);
    });
    this.b = new CodeBuilder(at - 1);
  }

  /** The value of an expression. Emits what has effects or is a step of its own; the rest is a closure. */
  abstract value(e: TypedExpr): Operand;

  /** Runs an expression for what it does. */
  abstract effect(e: TypedExpr): void;

  /** 0 or 1: whether a scalar is not zero. */
  abstract test(e: TypedExpr): Operand;

  slotOf(variable: LocalVariable): number {
    return this.#slots[variable.index]!;
  }

  /** Variables that pointers may point to, or that are copied from or to what pointers point to. */
  objects(): PlacedObject[] {
    const objects = this.source.locals.filter((l) => l.addressTaken || !isScalar(l.type));
    return objects.map((l) => ({ at: this.slotOf(l), shape: this.session.shape(l.type) }));
  }

  isWide(type: CType): boolean {
    return isWide(type, this.model);
  }

  /** A temporary for a value of a type. */
  temp(type: CType): { slot: number; words: 1 | 2; result: Operand } {
    const words = this.isWide(type) ? 2 : 1;
    const slot = this.b.temp(words);
    return { slot, words, result: slotValue(slot, words) };
  }

  /** Emits code that puts a value into slots of the frame. */
  put(value: Operand, slot: number, words: 1 | 2): void {
    const { ev } = value;
    const next = this.b.here + 1;
    this.b.consume([value], (k, f) => {
      const lo = ev(k, f);
      if (k.stopped) return -1;
      k.w[f + slot] = lo;
      if (words === 2) k.w[f + slot + 1] = k.hi;
      return next;
    });
  }

  /** A value in a temporary of its own, to be read several times. */
  hold(value: Operand, words: 1 | 2): Operand {
    const slot = this.b.temp(words);
    this.put(value, slot, words);
    return slotValue(slot, words);
  }

  /** Computes a value that nobody uses, if that can matter. */
  discard(value: Operand): void {
    if (value.temps.length === 0 && !value.freezes) return;
    const { ev } = value;
    const next = this.b.here + 1;
    this.b.consume([value], (k, f) => {
      ev(k, f);
      return next;
    });
  }

  /** The value of a call, if it is wanted; otherwise it is cleared away. */
  finish(result: Operand, wanted: boolean): Operand | undefined {
    if (wanted) return result;
    this.discard(result);
    return undefined;
  }
}
