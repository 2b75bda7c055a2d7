/** Arithmetic and comparisons. */
import type { ArithmeticOp, ComparisonOp, Expr } from '../ast.js';
import type { Span } from '../diagnostics.js';
import type { TypedExpr } from '../typed.js';
import * as T from '../types.js';
import type { Checker } from './checker.js';
import { checkInteger, checkTest, checkValue } from './values.js';
import { isNull } from './convert.js';
import { arithmetic, cast, compare, constant, isConstant, not } from './fold.js';
import { pointerStep, stepSize } from './places.js';

/** `-x`, `+x`, `~x`, `!x`. */
export function checkUnary(c: Checker, op: '-' | '+' | '~' | '!', e: Expr & { kind: 'unary' }): TypedExpr {
  if (op === '!') return not(checkTest(c, e.operand), e.span);
  const operand = checkInteger(c, e.operand, `the operand of \`${op}\``);
  const type = operand.type as T.IntType;
  if (op === '+') return { ...operand, span: e.span };
  if (isConstant(operand)) return constant(op === '-' ? -operand.value : ~operand.value, type, e.span);
  return { kind: 'unary', op, operand, type, span: e.span };
}

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);

export function checkArithmetic(
  c: Checker,
  op: ArithmeticOp | ComparisonOp,
  e: Expr & { kind: 'binary' },
): TypedExpr {
  const left = checkValue(c, e.left);
  const right = checkValue(c, e.right);
  if (COMPARISONS.has(op)) return checkComparison(c, op as ComparisonOp, left, right, e.span);
  if (left.type.kind === 'pointer' || right.type.kind === 'pointer') {
    return checkPointerArithmetic(c, op as ArithmeticOp, left, right, e.span);
  }
  return combine(c, op as ArithmeticOp, integerOperand(c, op, left), integerOperand(c, op, right), e.span);
}

function checkComparison(
  c: Checker,
  op: ComparisonOp,
  left: TypedExpr,
  right: TypedExpr,
  span: Span,
): TypedExpr {
  if (left.type.kind === 'pointer' || right.type.kind === 'pointer')
    return comparePointers(c, op, left, right, span);
  const type = T.usualArithmetic(
    integerOperand(c, op, left).type as T.IntType,
    integerOperand(c, op, right).type as T.IntType,
  );
  return compare(op, cast(left, type), cast(right, type), span);
}

function integerOperand(c: Checker, op: string, e: TypedExpr): TypedExpr {
  if (e.type.kind === 'int') return e;
  const what =
    e.type.kind === 'void'
      ? 'this has no value'
      : `\`${T.typeName(e.type)}\` cannot be an operand of \`${op}\``;
  return c.reporter.fail('PFN1113', what, e.span, { expected: 'an integer' });
}

/** An arithmetic operator on two integers, conversions included. */
export function combine(
  c: Checker,
  op: ArithmeticOp,
  left: TypedExpr,
  right: TypedExpr,
  span: Span,
): TypedExpr {
  const shift = op === '<<' || op === '>>';
  const [a, b] = [left.type as T.IntType, right.type as T.IntType];
  const type = shift ? T.promote(a) : T.usualArithmetic(a, b);
  const x = cast(left, type);
  const y = cast(right, shift ? T.promote(b) : type);
  checkRight(c, op, y, type);
  if (!isConstant(x) || !isConstant(y)) return { kind: 'binary', op, left: x, right: y, type, span };
  const counted = op === '*' ? (x.sizeof ?? y.sizeof) : undefined;
  const value = constant(arithmetic(op, x.value, y.value, type)!, type, span);
  return counted ? { ...value, sizeof: counted } : value;
}

/** Refuses constant divisors and shift counts that have no meaning. */
export function checkRight(c: Checker, op: ArithmeticOp, right: TypedExpr, type: T.IntType): void {
  if (!isConstant(right)) return;
  if ((op === '/' || op === '%') && right.value === 0n)
    c.reporter.fail('PFN1136', 'division by zero', right.span);
  if ((op === '<<' || op === '>>') && (right.value < 0n || right.value >= BigInt(type.bits))) {
    c.reporter.fail('PFN1137', `\`${T.typeName(type)}\` cannot be shifted by ${right.value}`, right.span, {
      expected: `0 to ${type.bits - 1}`,
      ...(type.bits === 32 ? { suggestion: 'widen the left operand first: `(u64)x << n`' } : {}),
    });
  }
}

function checkPointerArithmetic(
  c: Checker,
  op: ArithmeticOp,
  left: TypedExpr,
  right: TypedExpr,
  span: Span,
): TypedExpr {
  if (op === '-' && left.type.kind === 'pointer' && right.type.kind === 'pointer') {
    if (!T.sameType(left.type, right.type))
      return c.convert.mismatch(right.type, left.type, 'operands of `-`', span);
    const scale = stepSize(c, left.type, span);
    return { kind: 'pointerDifference', left, right, scale, type: T.longType(c.model), span };
  }
  if (op === '+' && left.type.kind === 'int')
    return pointerStep(c, '+', right, cast(left, T.promote(left.type)), span);
  if ((op === '+' || op === '-') && left.type.kind === 'pointer' && right.type.kind === 'int') {
    return pointerStep(c, op, left, cast(right, T.promote(right.type)), span);
  }
  const pointer = left.type.kind === 'pointer' ? left : right;
  const user = pointer.type.kind === 'pointer' && pointer.type.user;
  return c.reporter.fail(
    'PFN1113',
    `\`${T.typeName(pointer.type)}\` cannot be an operand of \`${op}\``,
    pointer.span,
    {
      expected: 'an integer',
      ...(user ? { suggestion: 'cast it: `(unsigned long)p`' } : {}),
    },
  );
}

/** `==` and the like on pointers. */
function comparePointers(
  c: Checker,
  op: '==' | '!=' | '<' | '<=' | '>' | '>=',
  left: TypedExpr,
  right: TypedExpr,
  span: Span,
): TypedExpr {
  const pointer = (left.type.kind === 'pointer' ? left.type : right.type) as T.PointerType;
  const equality = op === '==' || op === '!=';
  const [a, b] = [left, right].map((x) => (isNull(x) && equality ? constant(0n, pointer, x.span) : x)) as [
    TypedExpr,
    TypedExpr,
  ];
  if (a.type.kind !== 'pointer' || b.type.kind !== 'pointer') {
    return c.convert.mismatch(b.type, a.type, `operands of \`${op}\``, span);
  }
  const compatible =
    T.sameType(a.type.to, b.type.to) || (equality && [a.type.to.kind, b.type.to.kind].includes('void'));
  if (a.type.user !== b.type.user || !compatible)
    return c.convert.mismatch(b.type, a.type, `operands of \`${op}\``, span);
  if (!equality && !a.type.user && a.type.to.kind === 'struct' && a.type.to.origin === 'kernel') {
    return c.reporter.fail('PFN1113', 'kernel objects have no order', span, { expected: '`==` or `!=`' });
  }
  return compare(op, a, b, span);
}
