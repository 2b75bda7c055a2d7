/** Names used as values. */
import type { Span } from '../diagnostics.js';
import { didYouMean } from '../suggest.js';
import type { TypedExpr } from '../typed.js';
import * as T from '../types.js';
import type { Checker } from './checker.js';
import { checkValue } from './values.js';
import { constant } from './fold.js';

/** More than this many nodes from macros is a macro bomb, not a driver. */
const MAX_EXPANSION = 20_000;

/** The value of a name that is not a variable. */
export function checkName(c: Checker, name: string, span: Span): TypedExpr {
  if (c.macro(name)) return expandMacro(c, name, span);
  const meaning = c.scope.find(name);
  switch (meaning?.kind) {
    case 'enumerator':
      return constant(meaning.value, T.INT, span);
    case 'function':
      return { kind: 'function', name, type: T.pointerTo(meaning.type, false), span };
    case 'typedef':
      return c.reporter.fail('PFN1101', `\`${name}\` is a type, not a value`, span);
    case undefined:
      return environmentName(c, name, span);
    default:
      throw new Error(`variable ${name} is not a plain value`);
  }
}

function environmentName(c: Checker, name: string, span: Span): TypedExpr {
  const known = c.env.lookupConstant(name);
  if (known) {
    const type = c.types.fromText(known.type);
    if (known.value === undefined) return { kind: 'runtime', name, type, span };
    const bits = T.ulongType(c.model).bits;
    return constant(type.kind === 'pointer' ? BigInt.asUintN(bits, known.value) : known.value, type, span);
  }
  const fn = c.env.lookupFunction(name);
  if (fn?.handler !== undefined && fn.prototype !== undefined) {
    return { kind: 'function', name, type: T.pointerTo(c.types.prototype(fn.prototype), false), span };
  }
  if (fn) {
    return c.reporter.fail('PFN1029', `\`${name}\` can be called, but not used as a value`, span, {
      expected: `\`${name}(...)\``,
      suggestion: `write a function of the driver that calls it`,
    });
  }
  return unknownName(c, name, span);
}

/** Reports a name that nothing declares. */
export function unknownName(c: Checker, name: string, span: Span): never {
  const hint = didYouMean(name, c.valueNames());
  if (c.types.typedef(name)) return c.reporter.fail('PFN1101', `\`${name}\` is a type, not a value`, span);
  const driver = c.env.space === 'user' && c.unit.items.some((i) => 'name' in i && i.name === name);
  if (driver) {
    return c.reporter.fail('PFN1132', `\`${name}\` belongs to the driver: threads cannot see it`, span, {
      suggestion: 'threads reach the driver by system calls only; the condition can read its globals',
    });
  }
  return c.reporter.fail('PFN1101', `\`${name}\` is not declared`, span, hint);
}

/** The value of an object-like macro: its expression, checked at file scope once. */
export function expandMacro(c: Checker, name: string, span: Span): TypedExpr {
  const known = c.macroValues.get(name);
  if (known === null)
    return c.reporter.fail('PFN1026', `the value of \`${name}\` contains \`${name}\``, span);
  const { value, size } = known ?? evaluateMacro(c, name, span);
  c.expanded += size;
  if (c.expanded > MAX_EXPANSION) c.reporter.fail('PFN1009', 'macros expand to too much text', span);
  return { ...value, span };
}

function evaluateMacro(c: Checker, name: string, span: Span): { value: TypedExpr; size: number } {
  const macro = c.macro(name)!;
  if (!macro.value)
    return c.reporter.fail('PFN1008', `\`${name}\` has no value`, span, {
      notes: [{ message: 'defined here', span: macro.span }],
    });
  const { scope, expanded } = c;
  c.macroValues.set(name, null);
  c.scope = c.fileScope;
  try {
    const value = checkValue(c, macro.value);
    const size = value.kind === 'constant' ? 1 : 1 + c.expanded - expanded;
    c.macroValues.set(name, { value, size });
    return { value, size };
  } finally {
    c.scope = scope;
    if (c.macroValues.get(name) === null) c.macroValues.delete(name);
  }
}
