/** Initialisers: designators, nesting, elided braces (C11 6.7.9). */
import type { Expr, Initializer, InitializerItem, InitializerList } from '../ast.js';
import type { Span } from '../diagnostics.js';
import type { InitEntry, LValue, TypedExpr } from '../typed.js';
import * as T from '../types.js';
import type { Checker } from './checker.js';
import { isStaticValue, rejectNonConstant } from './constants.js';
import { constant } from './fold.js';
import { integerConstant } from './constants.js';
import { fieldOf } from './places.js';

/** Reads a list from front to back; elided braces make an inner object read from the outer object's list. */
interface Cursor {
  readonly items: readonly InitializerItem[];
  at: number;
}

export class InitializerChecker {
  readonly entries: InitEntry[] = [];

  constructor(
    readonly c: Checker,
    /** Objects that exist before the program runs take constants only. */
    readonly isStatic: boolean,
  ) {}

  /** Initialises an object. */
  initialize(target: LValue, init: Initializer): void {
    if (init.kind !== 'list') {
      if (target.type.kind === 'array') this.#rejectArray(target, init);
      this.#scalar(target, init);
    } else if (T.isScalar(target.type)) this.#bracedScalar(target, init);
    else this.#braced(target, init);
  }

  #rejectArray(target: LValue, init: Expr): never {
    return this.c.reporter.fail('PFN1125', `an array needs a list of values`, init.span, {
      expected: '`{ ... }`',
      ...(init.kind === 'string' ? { suggestion: 'strings are supported as arguments only' } : {}),
      notes: [{ message: `\`${T.typeName(target.type)}\` is initialised` }],
    });
  }

  #scalar(target: LValue, init: Expr): void {
    const operand = this.c.operand(init);
    if (operand.kind === 'string')
      this.c.reporter.fail('PFN1030', 'strings are supported as arguments only', init.span);
    const value = this.c.convert.assign(operand, target.type, 'initialiser', init.span);
    if (this.isStatic && !isStaticValue(this.c, value))
      rejectNonConstant(this.c, value, init, 'a static initialiser');
    this.entries.push({ target, value });
  }

  #bracedScalar(target: LValue, list: InitializerList): void {
    const [item, extra] = list.items;
    if (extra || (item && item.designators.length > 0)) {
      this.c.reporter.fail(
        'PFN1125',
        `\`${T.typeName(target.type)}\` takes one value`,
        (extra ?? item!).span,
      );
    }
    if (item) this.initialize(target, item.value);
  }

  #braced(target: LValue, list: InitializerList): void {
    const cursor: Cursor = { items: list.items, at: 0 };
    this.#aggregate(target, cursor, true);
    const left = cursor.items[cursor.at];
    if (left) {
      this.c.reporter.fail('PFN1125', `too many values for \`${T.typeName(target.type)}\``, left.span, {
        expected: `at most ${partCount(target.type)}`,
      });
    }
  }

  /** Fills the parts of an aggregate from the cursor; only in its own braces may designators move about in it. */
  #aggregate(target: LValue, cursor: Cursor, own: boolean): void {
    const count = partCount(target.type);
    for (let next = 0; cursor.at < cursor.items.length; next++) {
      const item = cursor.items[cursor.at]!;
      if (item.designators.length > 0) {
        if (!own) return;
        cursor.at += 1;
        next = this.c.reporter.attempt(() => this.#designated(target, item)) ?? next;
        continue;
      }
      if (next >= count) return;
      this.#item(partOf(target, next, item.span), item, cursor);
    }
  }

  #item(target: LValue, item: InitializerItem, cursor: Cursor): void {
    const { value } = item;
    const elided = value.kind !== 'list' && !T.isScalar(target.type) && !this.#isWhole(target, value);
    if (elided) {
      this.#aggregate(target, cursor, false);
      return;
    }
    cursor.at += 1;
    this.c.reporter.attempt(() => this.initialize(target, value));
  }

  /** Whether an expression initialises a whole struct. */
  #isWhole(target: LValue, value: Expr): boolean {
    if (target.type.kind !== 'struct' || this.isStatic) return false;
    if (value.kind !== 'name' && value.kind !== 'member' && value.kind !== 'index' && value.kind !== 'unary')
      return false;
    return this.c.operand(value).type === target.type;
  }

  /** `.a.b[2] = value`. @returns the position of the part of `target` that it belongs to */
  #designated(target: LValue, item: InitializerItem): number {
    let place = target;
    let first: number | undefined;
    for (const d of item.designators) {
      const index =
        d.kind === 'field'
          ? this.#fieldIndex(place, d.name, d.span)
          : this.#elementIndex(place, d.index, d.span);
      first ??= index;
      place = partOf(place, index, d.span);
    }
    this.initialize(place, item.value);
    return first!;
  }

  #fieldIndex(place: LValue, name: string, at: Span): number {
    if (place.type.kind !== 'struct') {
      return this.c.reporter.fail('PFN1125', `\`${T.typeName(place.type)}\` has no members`, at);
    }
    return fieldOf(this.c, place.type, name, at).index;
  }

  #elementIndex(place: LValue, index: Expr, at: Span): number {
    if (place.type.kind !== 'array') {
      return this.c.reporter.fail('PFN1125', `\`${T.typeName(place.type)}\` has no elements`, at);
    }
    const value = integerConstant(this.c, index, 'a designator');
    if (value >= 0n && value < BigInt(place.type.length)) return Number(value);
    return this.c.reporter.fail('PFN1135', `index ${value} is outside of the array`, at, {
      expected: `0 to ${place.type.length - 1}`,
    });
  }
}

/** How many parts an aggregate has. */
function partCount(type: T.CType): number {
  if (type.kind === 'array') return type.length;
  if (type.kind !== 'struct') return 1;
  const fields = type.fields?.size ?? 0;
  return type.union ? Math.min(1, fields) : fields;
}

function partOf(target: LValue, index: number, span: Span): LValue {
  const { type } = target;
  if (type.kind === 'array') {
    const at: TypedExpr = constant(BigInt(index), T.INT, span);
    return { kind: 'element', array: target, index: at, type: type.of, const: false, span };
  }
  const struct = type as T.StructType;
  const field = [...struct.fields!.values()][index]!;
  return { kind: 'member', object: target, field, struct, type: field.type, const: false, span };
}

/** The length that an initialiser gives to `T a[]`; undefined if it gives none. */
export function inferredLength(c: Checker, of: T.CType, init: Initializer | undefined): number | undefined {
  if (init?.kind !== 'list') return undefined;
  let next = 0;
  let length = 0;
  for (const item of init.items) {
    const [first] = item.designators;
    if (first?.kind === 'index') next = Number(integerConstant(c, first.index, 'a designator'));
    if (item.value.kind !== 'list' && !T.isScalar(of) && !first) return undefined;
    next += 1;
    length = Math.max(length, next);
  }
  return length > 0 ? length : undefined;
}
