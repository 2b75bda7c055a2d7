/** `=`, `+=` and the like, `++`, `--`. */
import type { ArithmeticOp, Expr } from '../ast.js';
import type { LValue, TypedExpr } from '../typed.js';
import * as T from '../types.js';
import type { Checker } from './checker.js';
import { checkInteger, checkValue } from './values.js';
import { cast } from './fold.js';
import { checkRight } from './operators.js';
import { checkPlace, stepSize } from './places.js';

/** The object to be changed: an error if it must not be. */
export function checkTarget(c: Checker, e: Expr): LValue {
  const target = checkPlace(c, e);
  if (target.kind === 'member' && target.field.readonly !== undefined) {
    c.reporter.fail('PFN1112', `\`${target.field.name}\` must not be assigned`, e.span, {
      suggestion: target.field.readonly,
    });
  }
  if (target.const) c.reporter.fail('PFN1112', 'this is const', e.span);
  if (target.type.kind === 'array') {
    c.reporter.fail('PFN1113', 'arrays cannot be assigned', e.span, { suggestion: 'assign its elements' });
  }
  return target;
}

export function checkAssignment(c: Checker, e: Expr & { kind: 'assign' }): TypedExpr {
  const target = checkTarget(c, e.target);
  if (e.op) return checkUpdate(c, e, target, e.op, e.value, 'new');
  const value = c.convert.assign(checkValue(c, e.value), target.type, 'assignment');
  return { kind: 'assign', target, value, type: target.type, span: e.span };
}

export function checkStep(c: Checker, e: Expr & { kind: 'step' }): TypedExpr {
  const target = checkTarget(c, e.operand);
  const one: Expr = { kind: 'number', text: '1', span: e.span };
  return checkUpdate(c, e, target, e.op === '++' ? '+' : '-', one, e.prefix ? 'new' : 'old');
}

function checkUpdate(
  c: Checker,
  e: Expr,
  target: LValue,
  op: ArithmeticOp,
  operand: Expr,
  result: 'old' | 'new',
): TypedExpr {
  const { type } = target;
  const right = checkInteger(c, operand, `the right operand of \`${op}=\``);
  if (type.kind === 'pointer' && (op === '+' || op === '-')) {
    const scale = stepSize(c, type, e.span);
    return { kind: 'update', target, op, right, compute: type, scale, result, type, span: e.span };
  }
  if (type.kind !== 'int') {
    return c.reporter.fail('PFN1113', `\`${T.typeName(type)}\` cannot be an operand of \`${op}=\``, e.span, {
      expected: 'an integer',
    });
  }
  const shift = op === '<<' || op === '>>';
  const compute = shift ? T.promote(type) : T.usualArithmetic(type, right.type as T.IntType);
  const converted = shift ? right : cast(right, compute);
  checkRight(c, op, converted, compute);
  return { kind: 'update', target, op, right: converted, compute, scale: 1, result, type, span: e.span };
}
