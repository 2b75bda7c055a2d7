/** What every part of the checker asks of an expression: its value, an integer, a truth, the value of an object. */
import type { Expr } from '../ast.js';
import type { Span } from '../diagnostics.js';
import type { LValue, TypedExpr } from '../typed.js';
import * as T from '../types.js';
import type { Checker } from './checker.js';
import { cast, constant } from './fold.js';

/** The value of an expression. Objects are loaded, arrays become pointers. String literals are refused. */
export function checkValue(c: Checker, e: Expr): TypedExpr {
  const value = c.operand(e);
  if (value.kind === 'string') {
    return c.reporter.fail('PFN1030', 'strings are supported as arguments only', e.span);
  }
  return value;
}

/** An expression whose value is not used. */
export function checkEffect(c: Checker, e: Expr): TypedExpr {
  return c.operand(e);
}

/** A scalar whose truth is asked for. */
export function checkTest(c: Checker, e: Expr): TypedExpr {
  const value = checkValue(c, e);
  if (value.type.kind === 'int' || value.type.kind === 'pointer') return value;
  return c.reporter.fail('PFN1113', `\`${T.typeName(value.type)}\` cannot be tested`, e.span, {
    expected: 'an integer or a pointer',
  });
}

/** An integer; `what` needs it. */
export function checkInteger(c: Checker, e: Expr, what: string): TypedExpr {
  const value = checkValue(c, e);
  if (value.type.kind === 'int') return cast(value, T.promote(value.type));
  return c.reporter.fail('PFN1113', `${what} must be an integer`, e.span, {
    expected: `an integer, found \`${T.typeName(value.type)}\``,
  });
}

/** The value of an object: an array gives the address of its first element. */
export function load(c: Checker, from: LValue, span: Span): TypedExpr {
  if (from.type.kind === 'array') {
    markAddressTaken(c, from);
    const first = constant(0n, T.INT, span);
    const element: LValue = {
      kind: 'element',
      array: from,
      index: first,
      type: from.type.of,
      const: from.const,
      span,
    };
    return {
      kind: 'address',
      of: element,
      type: T.pointerTo(from.type.of, isUserPlace(c, from), from.const),
      span,
    };
  }
  return { kind: 'load', from, type: from.type, span };
}

/** Whether an object lies in user memory. */
export function isUserPlace(c: Checker, place: LValue): boolean {
  switch (place.kind) {
    case 'member':
      return isUserPlace(c, place.object);
    case 'element':
      return isUserPlace(c, place.array);
    case 'deref':
      return (place.pointer.type as T.PointerType).user;
    default:
      return c.types.allUser;
  }
}

/** Notes that the variable under a place must live in memory. In threads, variables have no address. */
export function markAddressTaken(c: Checker, place: LValue): void {
  switch (place.kind) {
    case 'member':
      return markAddressTaken(c, place.object);
    case 'element':
      return markAddressTaken(c, place.array);
    case 'local':
      if (c.env.space === 'user') {
        c.reporter.fail(
          'PFN1130',
          `\`${place.variable.name}\` is a thread's variable: it has no address in the model`,
          place.span,
          {
            suggestion: 'map memory with mmap() and use that',
          },
        );
      }
      place.variable.addressTaken = true;
  }
}
