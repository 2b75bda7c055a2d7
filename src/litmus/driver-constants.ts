/** Integer constants that a driver defines, `#define LIMIT 4` and `enum { IDLE, BUSY }`, for use in conditions. */
import type { Expr, TranslationUnit, TypeExpr } from '../c/ast.js';
import { ERRNO } from '../kernel/errno.js';

/** Values by name; undefined for a macro whose value is not an integer that is known without running the driver. */
export type DriverConstants = ReadonlyMap<string, bigint | undefined>;

/** A macro may mention others; deeper than this they mention themselves. */
const MAX_DEPTH = 20;

/** The values that conditions use: exact, without the wrap-around of C's types. */
export function driverConstants(driver: TranslationUnit): DriverConstants {
  const known = new Map<string, bigint | undefined>();
  for (const item of driver.items) if ('type' in item) addMembers(item.type, known);
  const lookUp = (name: string, depth: number): bigint | undefined => {
    if (known.has(name)) return known.get(name);
    const value = driver.macros.get(name)?.value;
    if (value) return depth > MAX_DEPTH ? undefined : fold(value, (n) => lookUp(n, depth + 1));
    const errno = (ERRNO as Readonly<Record<string, number>>)[name];
    return errno === undefined ? undefined : BigInt(errno);
  };
  const macros = [...driver.macros.keys()].map((name) => [name, lookUp(name, 0)] as const);
  for (const [name, value] of macros) known.set(name, value);
  return known;
}

function addMembers(type: TypeExpr, known: Map<string, bigint | undefined>): void {
  if (type.kind !== 'enum') return;
  let next: bigint | undefined = 0n;
  for (const member of type.members ?? []) {
    if (member.value) next = fold(member.value, (name) => known.get(name));
    known.set(member.name, next);
    if (next !== undefined) next += 1n;
  }
}

/** The value of an expression of integers, or undefined. */
function fold(e: Expr, lookUp: (name: string) => bigint | undefined): bigint | undefined {
  switch (e.kind) {
    case 'number':
      return literal(e.text);
    case 'char':
      return BigInt(e.value);
    case 'name':
      return lookUp(e.name);
    case 'unary': {
      const value = fold(e.operand, lookUp);
      if (value === undefined) return undefined;
      return {
        '-': -value,
        '+': value,
        '~': ~value,
        '!': value === 0n ? 1n : 0n,
        '&': undefined,
        '*': undefined,
      }[e.op];
    }
    case 'binary': {
      const left = fold(e.left, lookUp);
      const right = fold(e.right, lookUp);
      return left === undefined || right === undefined ? undefined : combine(e.op, left, right);
    }
    default:
      return undefined;
  }
}

function literal(text: string): bigint | undefined {
  const digits = text.replace(/[uUlL]+$/, '');
  if (/^0[0-7]+$/.test(digits)) return BigInt(`0o${digits.slice(1)}`);
  return /^(0[xX][0-9a-fA-F]+|[0-9]+)$/.test(digits) ? BigInt(digits) : undefined;
}

function combine(op: string, a: bigint, b: bigint): bigint | undefined {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return b === 0n ? undefined : a / b;
    case '%':
      return b === 0n ? undefined : a % b;
    case '<<':
      return b < 0n || b > 63n ? undefined : a << b;
    case '>>':
      return b < 0n || b > 63n ? undefined : a >> b;
    case '&':
      return a & b;
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    default:
      return undefined;
  }
}
