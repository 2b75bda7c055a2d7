/** Expressions that name objects: variables, members, elements, what pointers point to. */
import type { Expr } from '../ast.js';
import type { Span } from '../diagnostics.js';
import { didYouMean } from '../suggest.js';
import type { LValue, TypedExpr } from '../typed.js';
import * as T from '../types.js';
import type { Checker } from './checker.js';
import { checkInteger, checkValue, load } from './values.js';
import { expandMacro, unknownName } from './identifiers.js';

/** The object that an expression names. An error if it names none. */
export function checkPlace(c: Checker, e: Expr): LValue {
  return (
    tryPlace(c, e) ??
    c.reporter.fail(
      'PFN1111',
      'this is not an object that can be changed or have its address taken',
      e.span,
      {
        expected: 'a variable, a member, an element or `*pointer`',
      },
    )
  );
}

/** The object that an expression names; undefined if the expression is of another form. */
export function tryPlace(c: Checker, e: Expr): LValue | undefined {
  switch (e.kind) {
    case 'name':
      return variablePlace(c, e.name, e.span);
    case 'unary':
      return e.op === '*' ? dereference(c, checkValue(c, e.operand), e.span) : undefined;
    case 'index':
      return elementPlace(c, e.object, e.index, e.span);
    case 'member':
      return memberPlace(c, e);
    default:
      return undefined;
  }
}

function variablePlace(c: Checker, name: string, span: Span): LValue | undefined {
  if (c.macro(name)) {
    expandMacro(c, name, span);
    return undefined;
  }
  const meaning = c.scope.find(name);
  if (!meaning) {
    if (c.env.lookupConstant(name) || c.env.lookupFunction(name)) return undefined;
    return unknownName(c, name, span);
  }
  if (meaning.kind === 'local') {
    return {
      kind: 'local',
      variable: meaning.variable,
      type: meaning.variable.type,
      const: meaning.const,
      span,
    };
  }
  if (meaning.kind !== 'global') return undefined;
  return {
    kind: 'global',
    variable: meaning.variable,
    type: meaning.variable.type,
    const: meaning.variable.const,
    span,
  };
}

/** `*pointer`. */
export function dereference(c: Checker, pointer: TypedExpr, span: Span): LValue {
  const { type } = pointer;
  if (type.kind !== 'pointer') {
    return c.reporter.fail('PFN1114', `\`${T.typeName(type)}\` is not a pointer`, pointer.span);
  }
  if (type.to.kind === 'void' || type.to.kind === 'function') {
    return c.reporter.fail('PFN1114', `\`${T.typeName(type)}\` cannot be dereferenced`, pointer.span, {
      expected: 'a pointer to an object',
    });
  }
  if (type.user && c.env.space === 'kernel') {
    return c.reporter.fail('PFN1127', 'a user pointer cannot be dereferenced in the kernel', pointer.span, {
      suggestion: 'use get_user(), put_user(), copy_from_user() or copy_to_user()',
    });
  }
  return { kind: 'deref', pointer, type: type.to, const: type.toConst, span };
}

function elementPlace(c: Checker, object: Expr, index: Expr, span: Span): LValue {
  const array = tryPlace(c, object);
  if (array?.type.kind === 'array') {
    const at = checkInteger(c, index, 'an array index');
    if (at.kind === 'constant' && (at.value < 0n || at.value >= BigInt(array.type.length))) {
      return c.reporter.fail('PFN1135', `index ${at.value} is outside of the array`, index.span, {
        expected: `0 to ${array.type.length - 1}`,
      });
    }
    return { kind: 'element', array, index: at, type: array.type.of, const: array.const, span };
  }
  const pointer = array ? load(c, array, object.span) : checkValue(c, object);
  if (pointer.type.kind !== 'pointer') {
    return c.reporter.fail(
      'PFN1114',
      `\`${T.typeName(pointer.type)}\` is neither an array nor a pointer`,
      object.span,
    );
  }
  const at = checkInteger(c, index, 'an index');
  return dereference(c, pointerStep(c, '+', pointer, at, span), span);
}

/** `pointer + index`, `pointer - index`. */
export function pointerStep(
  c: Checker,
  op: '+' | '-',
  pointer: TypedExpr,
  index: TypedExpr,
  span: Span,
): TypedExpr {
  const type = pointer.type as T.PointerType;
  const scale = stepSize(c, type, span);
  if (index.kind === 'constant' && index.value === 0n) return pointer;
  return { kind: 'pointerStep', op, pointer, index, scale, type, span };
}

/** How many bytes `pointer + 1` moves. */
export function stepSize(c: Checker, type: T.PointerType, span: Span): number {
  const { to } = type;
  if (to.kind === 'struct' && to.origin === 'kernel') {
    if (to.arithmetic) return 1;
    return c.reporter.fail(
      'PFN1113',
      `\`${T.typeName(type)}\` cannot be moved: it points to one kernel object`,
      span,
    );
  }
  const scale = T.sizeOf(to, c.model);
  if (scale === undefined)
    return c.reporter.fail('PFN1107', `the size of \`${T.typeName(to)}\` is not known`, span);
  return scale;
}

function memberPlace(c: Checker, e: Expr & { kind: 'member' }): LValue {
  const object = e.arrow ? dereferenceStruct(c, e) : checkPlace(c, e.object);
  const { type } = object;
  if (type.kind === 'pointer' && !e.arrow) {
    return c.reporter.fail('PFN1115', `\`${T.typeName(type)}\` is a pointer`, e.fieldSpan, {
      suggestion: `write \`->${e.field}\``,
    });
  }
  if (type.kind !== 'struct') {
    return c.reporter.fail('PFN1115', `\`${T.typeName(type)}\` has no members`, e.object.span, {
      expected: 'a struct',
    });
  }
  if (!type.fields)
    return c.reporter.fail('PFN1107', `\`${T.typeName(type)}\` is not defined`, e.object.span);
  const field = fieldOf(c, type, e.field, e.fieldSpan);
  return { kind: 'member', object, field, struct: type, type: field.type, const: object.const, span: e.span };
}

/** A member of a struct or union by its name. */
export function fieldOf(c: Checker, type: T.StructType, name: string, at: Span): T.Field {
  const field = type.fields?.get(name);
  if (field) return field;
  if (!type.fields) return c.reporter.fail('PFN1107', `\`${T.typeName(type)}\` is not defined`, at);
  const message = `\`${T.typeName(type)}\` has no member \`${name}\``;
  return c.reporter.fail('PFN1105', message, at, memberHelp(type, name));
}

function memberHelp(
  type: T.StructType,
  name: string,
): { suggestion?: string; notes?: { message: string }[] } {
  const near = didYouMean(name, type.fields!.keys());
  if (near.suggestion !== undefined || type.fields!.size > 24 || type.fields!.size === 0) return near;
  const list = [...type.fields!.keys()].join(', ');
  return { notes: [{ message: `its members${type.origin === 'kernel' ? ' in the model' : ''}: ${list}` }] };
}

function dereferenceStruct(c: Checker, e: Expr & { kind: 'member' }): LValue {
  const pointer = checkValue(c, e.object);
  if (pointer.type.kind === 'struct') {
    return c.reporter.fail('PFN1115', `\`${T.typeName(pointer.type)}\` is not a pointer`, e.fieldSpan, {
      suggestion: `write \`.${e.field}\``,
    });
  }
  return dereference(c, pointer, e.span);
}
