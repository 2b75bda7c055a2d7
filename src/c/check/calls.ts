/** Calls. */
import type { Expr, TypeArgument } from '../ast.js';
import type { Span } from '../diagnostics.js';
import type { ExternalFunction } from '../environment.js';
import { didYouMean } from '../suggest.js';
import type { Callee, LValue, TypedExpr } from '../typed.js';
import * as T from '../types.js';
import { checkTarget } from './assignments.js';
import type { Checker } from './checker.js';
import { cast, constant, isConstant } from './fold.js';
import { tryPlace } from './places.js';
import { markAddressTaken } from './values.js';

type Call = Expr & { kind: 'call' };

export function checkCall(c: Checker, e: Call): TypedExpr {
  const { callee } = e;
  if (callee.kind !== 'name') {
    return c.reporter.fail('PFN1029', 'calls through pointers are not supported', callee.span, {
      suggestion: 'call the function by its name',
    });
  }
  const own = c.scope.find(callee.name);
  if (own && own.kind !== 'function') {
    const pointer = own.kind === 'local' && own.variable.type.kind === 'pointer';
    return c.reporter.fail(
      pointer ? 'PFN1029' : 'PFN1116',
      `\`${callee.name}\` is not a function`,
      callee.span,
      {
        notes: [{ message: 'declared here', span: own.span }],
      },
    );
  }
  if (own) return callPrototype(c, e, { name: callee.name, origin: 'driver', type: own.type });
  const external = c.env.lookupFunction(callee.name);
  if (!external) return unknownFunction(c, callee.name, callee.span);
  if (external.expand) return expanded(c, e, callee.name, external.expand);
  if (external.generic) return callGeneric(c, e, callee.name, external);
  return callPrototype(
    c,
    e,
    { name: callee.name, origin: 'external', type: c.types.prototype(external.prototype!) },
    external,
  );
}

function unknownFunction(c: Checker, name: string, at: Span): never {
  if (c.macro(name) || c.env.lookupConstant(name))
    return c.reporter.fail('PFN1116', `\`${name}\` is not a function`, at);
  const later = c.unit.items.find((i) => i.kind === 'function' && i.name === name);
  if (later && c.env.space === 'user') {
    return c.reporter.fail('PFN1132', `\`${name}\` belongs to the driver: threads cannot call it`, at, {
      suggestion: 'threads reach the driver by system calls: open(), mmap(), ioctl() ...',
    });
  }
  if (later) {
    return c.reporter.fail('PFN1102', `\`${name}\` is used before it is declared`, at, {
      suggestion: 'move its definition up, or write a prototype before this function',
      notes: [{ message: 'defined here', span: later.kind === 'function' ? later.nameSpan : later.span }],
    });
  }
  if (/^(setjmp|longjmp|alloca|va_start|va_arg|va_end)$/.test(name)) {
    return c.reporter.fail('PFN1010', `\`${name}\` is not supported`, at);
  }
  return c.reporter.fail('PFN1102', `unknown function \`${name}\``, at, didYouMean(name, c.functionNames()));
}

function checkCount(c: Checker, e: Call, callee: Callee): void {
  const [want, got] = [callee.type.parameters.length, e.args.length];
  if (got === want || (got > want && callee.type.variadic)) return;
  c.reporter.fail(
    'PFN1110',
    `\`${callee.name}\` takes ${want} argument${want === 1 ? '' : 's'}, not ${got}`,
    e.span,
    {
      expected: `\`${T.typeName(callee.type, callee.name)}\``,
    },
  );
}

function callPrototype(c: Checker, e: Call, callee: Callee, external?: ExternalFunction): TypedExpr {
  checkCount(c, e, callee);
  const args = e.args.map((a, i) => argument(c, a, callee, i));
  return (
    folded(c, args, callee, external, e.span) ?? {
      kind: 'call',
      callee,
      args,
      type: callee.type.result,
      span: e.span,
    }
  );
}

function argument(c: Checker, a: Expr | TypeArgument, callee: Callee, i: number): TypedExpr {
  if (a.kind === 'typeArgument') {
    return c.reporter.fail('PFN1110', `argument ${i + 1} of \`${callee.name}\` is a type`, a.span, {
      expected: 'a value',
    });
  }
  const value = c.operand(a);
  const parameter = callee.type.parameters[i];
  if (parameter) {
    const name = parameter.name === undefined ? '' : ` (\`${parameter.name}\`)`;
    return c.convert.assign(value, parameter.type, `argument ${i + 1}${name} of \`${callee.name}\``);
  }
  if (value.type.kind === 'int') return cast(value, T.promote(value.type));
  if (value.type.kind === 'pointer') return value;
  return c.reporter.fail(
    'PFN1113',
    `\`${T.typeName(value.type)}\` cannot be passed to \`${callee.name}\``,
    a.span,
  );
}

/** The value of a call that the environment can evaluate. */
function folded(
  c: Checker,
  args: readonly TypedExpr[],
  callee: Callee,
  external: ExternalFunction | undefined,
  span: Span,
): TypedExpr | undefined {
  if (!external?.evaluate || !args.every(isConstant)) return undefined;
  const value = external.evaluate(
    args.map((a) => (a as TypedExpr & { kind: 'constant' }).value),
    c.model,
  );
  return value === undefined ? undefined : constant(value, callee.type.result, span);
}

/** `DIV_ROUND_UP(n, d)`. */
function expanded(
  c: Checker,
  e: Call,
  name: string,
  expand: NonNullable<ExternalFunction['expand']>,
): TypedExpr {
  const args = e.args.map((a) =>
    a.kind === 'typeArgument' ? c.reporter.fail('PFN1110', `\`${name}\` takes no type`, a.span) : a,
  );
  const expansion = expand(args, e.span);
  if (typeof expansion === 'string') return c.reporter.fail('PFN1110', `\`${name}\`: ${expansion}`, e.span);
  return c.operand(expansion);
}

/** `min(a, b)`, `get_user(x, p)`, `_IOW('D', 1, int)`. */
function callGeneric(c: Checker, e: Call, name: string, external: ExternalFunction): TypedExpr {
  const argExprs = e.args.map((a) => asTypeArgument(c, a));
  const values = argExprs.map((a): TypedExpr => {
    const array = external.arrays && a.kind !== 'typeArgument' ? tryPlace(c, a) : undefined;
    if (array?.type.kind === 'array') return constant(0n, array.type, a.span);
    if (a.kind !== 'typeArgument') return c.operand(a);
    const type = c.types.resolve(a.type);
    return constant(BigInt(T.sizeOf(type, c.model) ?? 0), type, a.span);
  });
  const signature = external.generic!(
    values.map((v) => v.type),
    c.model,
  );
  if (typeof signature === 'string') return c.reporter.fail('PFN1110', `\`${name}\`: ${signature}`, e.span);
  if (signature.value !== undefined) return constant(signature.value, signature.result, e.span);
  const parameters = signature.parameters.map((type) => ({ type }));
  const callee: Callee = {
    name,
    origin: 'external',
    type: { kind: 'function', result: signature.result, parameters, variadic: false },
  };
  checkCount(c, e, callee);
  const args = values.map((v, i) => {
    if (signature.byReference?.includes(i)) return reference(c, argExprs[i]!, callee, i);
    if (argExprs[i]!.kind === 'typeArgument') return v;
    return c.convert.assign(v, signature.parameters[i]!, `argument ${i + 1} of \`${name}\``);
  });
  return (
    folded(c, args, callee, external, e.span) ?? {
      kind: 'call',
      callee,
      args,
      type: signature.result,
      span: e.span,
    }
  );
}

/** A typedef's name among the arguments is a type. */
function asTypeArgument(c: Checker, a: Expr | TypeArgument): Expr | TypeArgument {
  if (a.kind !== 'name' || c.macro(a.name)) return a;
  const own = c.scope.find(a.name);
  if (own ? own.kind !== 'typedef' : !c.types.typedef(a.name)) return a;
  return {
    kind: 'typeArgument',
    type: { kind: 'named', name: a.name, const: false, span: a.span },
    span: a.span,
  };
}

/** An argument that the macro assigns: its address. */
function reference(c: Checker, a: Expr | TypeArgument, callee: Callee, i: number): TypedExpr {
  if (a.kind === 'typeArgument')
    return c.reporter.fail('PFN1111', `argument ${i + 1} of \`${callee.name}\` is a type`, a.span);
  const of: LValue = checkTarget(c, a);
  markAddressTaken(c, of);
  return { kind: 'address', of, type: callee.type.parameters[i]!.type, span: a.span };
}
