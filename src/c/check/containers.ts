/** Where members lie in their structs: `offsetof()` and `container_of()`. */
import type { Expr, TypeArgument, TypeExpr } from '../ast.js';
import type { Span } from '../diagnostics.js';
import type { LValue, TypedExpr } from '../typed.js';
import * as T from '../types.js';
import type { Checker } from './checker.js';
import { integerConstant } from './constants.js';
import { constant } from './fold.js';
import { fieldOf } from './places.js';
import { checkValue } from './values.js';

/** `offsetof(type, member)`. */
export function checkOffsetof(c: Checker, e: Expr & { kind: 'offsetof' }): TypedExpr {
  const { struct } = laidOut(c, e.type, '`offsetof`');
  const { offset } = fieldOf(c, struct, e.field, e.fieldSpan);
  return constant(BigInt(offset), T.ulongType(c.model), e.span);
}

/** `container_of(pointer, type, member)`; undefined if `e` is another call. */
export function checkContainerOf(c: Checker, e: Expr & { kind: 'call' }): TypedExpr | undefined {
  const { callee, args } = e;
  if (callee.kind !== 'name' || callee.name !== 'container_of' || c.env.space === 'user') return undefined;
  if (c.scope.find('container_of') || c.macro('container_of')) return undefined;
  const [first, second, third] = args;
  if (args.length !== 3 || first!.kind === 'typeArgument' || third!.kind === 'typeArgument') {
    return c.reporter.fail('PFN1110', '`container_of` takes a pointer, a type and a member', e.span, {
      expected: '`container_of(pointer, struct NAME, member)`',
    });
  }
  const { struct, pointerType } = laidOut(c, typeOf(second!), '`container_of`');
  const start: LValue = {
    kind: 'deref',
    pointer: constant(0n, pointerType, e.span),
    type: struct,
    const: false,
    span: e.span,
  };
  const member = designated(c, start, third!);
  const pointer = checkValue(c, first!);
  checkPointer(c, pointer, member, first!.span);
  return { kind: 'containerOf', pointer, member, type: pointerType, span: e.span };
}

function typeOf(a: Expr | TypeArgument): TypeExpr {
  if (a.kind === 'typeArgument') return a.type;
  return { kind: 'named', name: a.kind === 'name' ? a.name : '', const: false, span: a.span };
}

/** A struct whose layout is known. */
function laidOut(
  c: Checker,
  e: TypeExpr,
  what: string,
): { readonly struct: T.StructType; readonly pointerType: T.PointerType } {
  const struct = c.types.resolve(e);
  if (struct.kind !== 'struct') {
    return c.reporter.fail('PFN1115', `\`${T.typeName(struct)}\` has no members`, e.span, {
      expected: 'a struct',
    });
  }
  if (struct.origin === 'kernel') {
    const message = `${what}: the layout of \`${T.typeName(struct)}\` is not modelled`;
    return c.reporter.fail('PFN1138', message, e.span, { expected: 'a struct that the driver defines' });
  }
  return { struct, pointerType: T.pointerTo(struct, false) };
}

/** The part of an object that a member designator names: `a`, `a.b`, `a[2].b`. */
function designated(c: Checker, object: LValue, e: Expr): LValue {
  if (e.kind === 'name') return memberOf(c, object, e.name, e.span, e.span);
  if (e.kind === 'member' && !e.arrow)
    return memberOf(c, designated(c, object, e.object), e.field, e.fieldSpan, e.span);
  if (e.kind === 'index') {
    const array = designated(c, object, e.object);
    if (array.type.kind !== 'array')
      return c.reporter.fail('PFN1114', `\`${T.typeName(array.type)}\` is not an array`, e.object.span);
    const index = constant(integerConstant(c, e.index, 'the index of a member'), T.INT, e.index.span);
    return { kind: 'element', array, index, type: array.type.of, const: false, span: e.span };
  }
  return c.reporter.fail('PFN1110', 'this is not a member', e.span, {
    expected: '`member` or `member.part`',
  });
}

function memberOf(c: Checker, object: LValue, name: string, at: Span, span: Span): LValue {
  const { type } = object;
  if (type.kind !== 'struct' || type.origin === 'kernel')
    return c.reporter.fail('PFN1115', `\`${T.typeName(type)}\` has no members here`, at);
  const field = fieldOf(c, type, name, at);
  return { kind: 'member', object, field, struct: type, type: field.type, const: false, span };
}

/** The pointer must point to what the member is. */
function checkPointer(c: Checker, pointer: TypedExpr, member: LValue, at: Span): void {
  const { type } = pointer;
  const expected = T.pointerTo(member.type, false);
  const fits =
    type.kind === 'pointer' && !type.user && (type.to.kind === 'void' || T.sameType(type.to, member.type));
  if (!fits) c.convert.mismatch(type, expected, 'argument 1 of `container_of`', at);
}
