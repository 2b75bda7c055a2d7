/** Values: every expression that is not a mere place. */
import type { Expr } from '../ast.js';
import type { Span } from '../diagnostics.js';
import type { TypedExpr } from '../typed.js';
import * as T from '../types.js';
import { checkAssignment, checkStep } from './assignments.js';
import { checkCall } from './calls.js';
import { checkContainerOf, checkOffsetof } from './containers.js';
import type { Checker } from './checker.js';
import { isNull } from './convert.js';
import { cast, constant, not, truth } from './fold.js';
import { checkName } from './identifiers.js';
import { integerLiteral } from './literals.js';
import { checkArithmetic, checkUnary } from './operators.js';
import { checkPlace, tryPlace } from './places.js';
import { checkEffect, checkTest, checkValue, isUserPlace, load, markAddressTaken } from './values.js';

/** The same, string literals included: for arguments. */
export function checkOperand(c: Checker, e: Expr): TypedExpr {
  const { span } = e;
  switch (e.kind) {
    case 'number':
      return integerLiteral(e.text, span, c.model, c.reporter);
    case 'char':
      return constant(BigInt(e.value), T.INT, span);
    case 'string':
      return {
        kind: 'string',
        value: e.value,
        type: T.pointerTo(T.charType(c.model), c.types.allUser, true),
        span,
      };
    case 'null':
      return constant(0n, T.pointerTo(T.VOID, c.types.allUser), span);
    case 'name':
    case 'index':
    case 'member':
      return checkPlaceValue(c, e);
    case 'unary':
      return e.op === '*'
        ? load(c, checkPlace(c, e), span)
        : e.op === '&'
          ? checkAddress(c, e)
          : checkUnary(c, e.op, e);
    case 'step':
      return checkStep(c, e);
    case 'binary':
      return e.op === '&&' || e.op === '||' ? checkLogical(c, e.op, e) : checkArithmetic(c, e.op, e);
    case 'assign':
      return checkAssignment(c, e);
    case 'conditional':
      return checkConditional(c, e);
    case 'comma':
      return { kind: 'comma', left: checkEffect(c, e.left), ...rest(checkValue(c, e.right)), span };
    case 'call':
      return checkContainerOf(c, e) ?? checkCall(c, e);
    case 'offsetof':
      return checkOffsetof(c, e);
    case 'cast':
      return c.convert.explicit(checkValue(c, e.operand), c.types.resolve(e.type), span);
    case 'sizeofType':
      return sizeConstant(c, c.types.resolve(e.type), span);
    case 'sizeofExpr':
      return checkSizeof(c, e.operand, span);
  }
}

function rest(right: TypedExpr): { right: TypedExpr; type: T.CType } {
  return { right, type: right.type };
}

function checkPlaceValue(c: Checker, e: Expr & { kind: 'name' | 'index' | 'member' }): TypedExpr {
  const place = tryPlace(c, e);
  if (place) return load(c, place, e.span);
  return checkName(c, (e as Expr & { kind: 'name' }).name, e.span);
}

function checkAddress(c: Checker, e: Expr & { kind: 'unary' }): TypedExpr {
  const { operand, span } = e;
  if (operand.kind === 'name') {
    const meaning = c.scope.find(operand.name);
    if (meaning?.kind === 'function') return checkName(c, operand.name, span);
  }
  const of = checkPlace(c, operand);
  if (of.kind === 'deref') return { ...of.pointer, span };
  markAddressTaken(c, of);
  return { kind: 'address', of, type: T.pointerTo(of.type, isUserPlace(c, of), of.const), span };
}

function checkLogical(c: Checker, op: '&&' | '||', e: Expr & { kind: 'binary' }): TypedExpr {
  const left = checkTest(c, e.left);
  const right = checkTest(c, e.right);
  const known = truth(left);
  if (known !== undefined) {
    if (known === (op === '||')) return constant(known ? 1n : 0n, T.INT, e.span);
    return not(not(right, e.span), e.span);
  }
  return { kind: 'logical', op, left, right, type: T.INT, span: e.span };
}

function checkConditional(c: Checker, e: Expr & { kind: 'conditional' }): TypedExpr {
  const { span } = e;
  const test = checkTest(c, e.test);
  const then = e.then ? checkValue(c, e.then) : test;
  const otherwise = checkValue(c, e.otherwise);
  const type = commonType(c, then, otherwise, span);
  const known = truth(test);
  if (known !== undefined) return { ...toCommon(known ? then : otherwise, type), span };
  if (!e.then && T.sameType(test.type, type)) {
    return { kind: 'conditional', test, otherwise: toCommon(otherwise, type), type, span };
  }
  if (!e.then) {
    return c.reporter.fail('PFN1108', 'both sides of `?:` must have one type here', span, {
      expected: `\`${T.typeName(test.type)}\`, found \`${T.typeName(otherwise.type)}\``,
    });
  }
  return {
    kind: 'conditional',
    test,
    then: toCommon(then, type),
    otherwise: toCommon(otherwise, type),
    type,
    span,
  };
}

function toCommon(e: TypedExpr, type: T.CType): TypedExpr {
  if (type.kind === 'void') return e;
  if (type.kind === 'pointer' && isNull(e)) return constant(0n, type, e.span);
  return type.kind === 'struct' ? e : cast(e, type);
}

/** The type of `a ? b : c`. */
function commonType(c: Checker, a: TypedExpr, b: TypedExpr, span: Span): T.CType {
  if (a.type.kind === 'int' && b.type.kind === 'int') return T.usualArithmetic(a.type, b.type);
  if (a.type.kind === 'pointer' && isNull(b)) return a.type;
  if (b.type.kind === 'pointer' && isNull(a)) return b.type;
  if (a.type.kind === 'pointer' && b.type.kind === 'pointer' && a.type.user === b.type.user) {
    if (T.sameType(a.type, b.type) || a.type.to.kind === 'void') return a.type;
    if (b.type.to.kind === 'void') return b.type;
  }
  if (a.type === b.type && a.type.kind !== 'array') return a.type;
  return c.reporter.fail('PFN1108', 'the two values of `?:` have different types', span, {
    expected: `one type, found \`${T.typeName(a.type)}\` and \`${T.typeName(b.type)}\``,
  });
}

function checkSizeof(c: Checker, operand: Expr, span: Span): TypedExpr {
  if (operand.kind === 'name' && !c.macro(operand.name)) {
    const meaning = c.scope.find(operand.name);
    const type = !meaning || meaning.kind === 'typedef' ? c.types.typedef(operand.name) : undefined;
    if (type) return sizeConstant(c, type, span);
  }
  if (operand.kind === 'string')
    return constant(BigInt(operand.value.length + 1), T.ulongType(c.model), span);
  const type = placeType(c, operand) ?? checkValue(c, operand).type;
  return sizeConstant(c, type, span);
}

/** The type of an object, without the decay of arrays and without evaluating anything. */
function placeType(c: Checker, operand: Expr): T.CType | undefined {
  if (operand.kind === 'unary' && operand.op === '*') {
    const { type } = checkValue(c, operand.operand);
    if (type.kind === 'pointer') return type.to;
  }
  return tryPlace(c, operand)?.type;
}

function sizeConstant(c: Checker, type: T.CType, span: Span): TypedExpr {
  const size = T.sizeOf(type, c.model);
  if (size === undefined) {
    const why = type.kind === 'struct' && type.origin === 'kernel' ? ': it is opaque in the model' : '';
    return c.reporter.fail('PFN1138', `the size of \`${T.typeName(type)}\` is not known${why}`, span);
  }
  return { ...constant(BigInt(size), T.ulongType(c.model), span), sizeof: type };
}
