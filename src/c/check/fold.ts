/** Constructors of typed expressions that fold constants on the way. */
import type { ArithmeticOp, ComparisonOp } from '../ast.js';
import type { Span } from '../diagnostics.js';
import type { TypedExpr } from '../typed.js';
import { INT, sameType, wrap, type CType, type IntType } from '../types.js';

export function constant(value: bigint, type: CType, span: Span): Constant {
  return { kind: 'constant', value: type.kind === 'int' ? wrap(value, type) : value, type, span };
}

export type Constant = TypedExpr & { readonly kind: 'constant' };

export function isConstant(e: TypedExpr): e is Constant {
  return e.kind === 'constant';
}

/** `(type) e`, where both are scalar; nothing if `e` has the type already. */
export function cast(e: TypedExpr, type: CType): TypedExpr {
  if (e.type === type) return e;
  if (sameType(e.type, type)) return { ...e, type };
  if (isConstant(e)) return constant(pointerBits(e.value, e.type, type), type, e.span);
  if (e.kind === 'cast' && e.type.kind === 'int' && type.kind === 'int' && type.rank > 0) {
    // (T)(U)x is (T)x if U loses nothing that T keeps
    const from = e.operand.type;
    if (from.kind === 'int' && type.bits <= e.type.bits && e.type.rank > 0) return cast(e.operand, type);
  }
  return { kind: 'cast', operand: e, type, span: e.span };
}

/** Pointer constants are kept as unsigned bit patterns. */
function pointerBits(value: bigint, from: CType, to: CType): bigint {
  if (to.kind === 'pointer' && from.kind === 'int') return BigInt.asUintN(64, value);
  return value;
}

/** The value of an arithmetic operator in a type; undefined for a division by zero. */
export function arithmetic(op: ArithmeticOp, a: bigint, b: bigint, type: IntType): bigint | undefined {
  switch (op) {
    case '+':
      return wrap(a + b, type);
    case '-':
      return wrap(a - b, type);
    case '*':
      return wrap(a * b, type);
    case '/':
      return b === 0n ? undefined : wrap(a / b, type);
    case '%':
      return b === 0n ? undefined : wrap(a % b, type);
    case '<<':
      return wrap(a << (b & 63n), type);
    case '>>':
      return wrap(a >> (b & 63n), type);
    case '&':
      return wrap(a & b, type);
    case '|':
      return wrap(a | b, type);
    case '^':
      return wrap(a ^ b, type);
  }
}

export function comparison(op: ComparisonOp, a: bigint, b: bigint): boolean {
  switch (op) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
  }
}

export function compare(op: ComparisonOp, left: TypedExpr, right: TypedExpr, span: Span): TypedExpr {
  if (isConstant(left) && isConstant(right)) {
    return constant(comparison(op, left.value, right.value) ? 1n : 0n, INT, span);
  }
  return { kind: 'compare', op, left, right, type: INT, span };
}

/** `!e` for a scalar. */
export function not(e: TypedExpr, span: Span): TypedExpr {
  if (isConstant(e)) return constant(e.value === 0n ? 1n : 0n, INT, span);
  return { kind: 'not', operand: e, type: INT, span };
}

/** Whether a scalar constant counts as true; undefined if `e` is not one. */
export function truth(e: TypedExpr): boolean | undefined {
  return isConstant(e) ? e.value !== 0n : undefined;
}
