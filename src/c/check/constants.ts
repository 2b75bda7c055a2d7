/** Places where C wants a constant. */
import type { Expr } from '../ast.js';
import type { LValue, TypedExpr } from '../typed.js';
import type { Checker } from './checker.js';
import { checkValue } from './values.js';
import { isConstant } from './fold.js';

/** The value of an integer constant expression; `what` needs it: `an array size`. */
export function integerConstant(c: Checker, e: Expr, what: string): bigint {
  const value = checkValue(c, e);
  if (value.type.kind === 'int' && isConstant(value)) return value.value;
  return rejectNonConstant(c, value, e, what);
}

/** Reports an expression that is not constant, naming the run-time constant in it if there is one. */
export function rejectNonConstant(c: Checker, value: TypedExpr, at: Expr, what: string): never {
  const runtime = findRuntime(value);
  if (runtime) {
    const kind = c.env.lookupConstant(runtime.name)?.what ?? 'constant';
    return c.reporter.fail('PFN1124', `${what} cannot use the ${kind} \`${runtime.name}\``, at.span, {
      expected: 'a value known before the test runs',
      suggestion: `\`${runtime.name}\` gets its value when the test starts: use it inside a function`,
    });
  }
  return c.reporter.fail('PFN1123', `${what} must be a constant`, at.span);
}

/** The first run-time constant that an expression of operators names. */
function findRuntime(e: TypedExpr): (TypedExpr & { kind: 'runtime' }) | undefined {
  switch (e.kind) {
    case 'runtime':
      return e;
    case 'unary':
    case 'not':
    case 'cast':
      return findRuntime(e.operand);
    case 'binary':
    case 'compare':
    case 'logical':
    case 'comma':
      return findRuntime(e.left) ?? findRuntime(e.right);
    case 'pointerStep':
      return findRuntime(e.pointer) ?? findRuntime(e.index);
    case 'conditional':
      return findRuntime(e.test) ?? (e.then && findRuntime(e.then)) ?? findRuntime(e.otherwise);
    default:
      return undefined;
  }
}

/** Whether an expression can initialise an object that exists before the program runs. */
export function isStaticValue(c: Checker, e: TypedExpr): boolean {
  switch (e.kind) {
    case 'constant':
    case 'function':
      return true;
    case 'runtime':
      return c.env.lookupConstant(e.name)?.address === true;
    case 'address':
      return isStaticPlace(e.of);
    case 'cast':
      return e.type.kind === 'pointer' && isStaticValue(c, e.operand);
    default:
      return false;
  }
}

function isStaticPlace(place: LValue): boolean {
  switch (place.kind) {
    case 'global':
      return true;
    case 'member':
      return isStaticPlace(place.object);
    case 'element':
      return isStaticPlace(place.array) && isConstant(place.index);
    default:
      return false;
  }
}
