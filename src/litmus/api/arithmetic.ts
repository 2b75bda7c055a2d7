/** Macros of kernel headers that compute numbers, as they are written there: `include/linux/{align,bits,math,pfn,wordpart}.h`. */
import type { BinaryOp, Expr, TypeExpr } from '../../c/ast.js';
import type { Span } from '../../c/diagnostics.js';
import type { ExternalFunction } from '../../c/environment.js';
import { INT, promote, type CType } from '../../c/types.js';
import type { Kernel } from '../../kernel/kernel.js';
import type { ApiFunction } from './define.js';

/** Writes C: operands are expressions, numbers or names. */
class Writer {
  constructor(private readonly span: Span) {}

  binary(left: Operand, op: BinaryOp, right: Operand): Expr {
    return { kind: 'binary', op, left: this.operand(left), right: this.operand(right), span: this.span };
  }

  cast(type: string, operand: Operand): Expr {
    return { kind: 'cast', type: this.type(type), operand: this.operand(operand), span: this.span };
  }

  call(callee: string, ...args: Operand[]): Expr {
    const expressions = args.map((a) => this.operand(a));
    return { kind: 'call', callee: this.operand(callee), args: expressions, span: this.span };
  }

  private operand(o: Operand): Expr {
    if (typeof o === 'string') return { kind: 'name', name: o, span: this.span };
    return typeof o === 'number' ? { kind: 'number', text: `${o}`, span: this.span } : o;
  }

  private type(name: string): TypeExpr {
    const words = name.split(' ');
    return words.length > 1
      ? { kind: 'builtin', words, const: false, span: this.span }
      : { kind: 'named', name, const: false, span: this.span };
  }
}

type Operand = Expr | number | string;
type Expansion = (c: Writer, x: Expr, y: Expr, z: Expr) => Expr;

/** A macro that is C: arguments are evaluated as often as they occur, as in the kernel. */
function macro(parameters: number, expansion: Expansion): ApiFunction {
  const expand: ExternalFunction['expand'] = (args, span) =>
    args.length === parameters
      ? expansion(new Writer(span), args[0]!, args[1]!, args[2]!)
      : `${parameters} argument${parameters === 1 ? '' : 's'} needed`;
  return { expand };
}

/**
 * A macro that casts to the type of its first argument, which has no name here; by default that is its own type. All it does to
 * bits goes upwards, so that it may be done with 64 of them, whatever the type.
 */
function typed(f: (x: bigint, y: bigint) => bigint, result?: CType): ApiFunction {
  const argument = (k: Kernel, i: number): bigint =>
    (BigInt(k.argHi[i]!) << 32n) | BigInt.asUintN(32, BigInt(k.argLo[i]!));
  return {
    generic: ([x, y, ...more]) => {
      if (x?.kind !== 'int' || y?.kind !== 'int' || more.length > 0) return 'two integers are needed';
      const type = promote(x);
      return { result: result ?? type, parameters: [type, type] };
    },
    evaluate: ([x = 0n, y = 0n]) => f(x, y),
    call: (k) => {
      const value = f(argument(k, 0), argument(k, 1));
      k.hi = Number(BigInt.asIntN(32, value >> 32n));
      return Number(BigInt.asIntN(32, value));
    },
  };
}

const roundUp = typed((x, a) => (x + a - 1n) & ~(a - 1n));
const roundDown = typed((x, a) => x & ~(a - 1n));

const ROUNDING: Readonly<Record<string, ApiFunction>> = {
  ALIGN: roundUp,
  ALIGN_DOWN: roundDown,
  round_up: roundUp,
  round_down: roundDown,
  PAGE_ALIGN: macro(1, (c, x) => c.call('ALIGN', x, 'PAGE_SIZE')),
  PAGE_ALIGN_DOWN: macro(1, (c, x) => c.call('ALIGN_DOWN', x, 'PAGE_SIZE')),
  IS_ALIGNED: typed((x, a) => ((x & (a - 1n)) === 0n ? 1n : 0n), INT),
  PAGE_ALIGNED: macro(1, (c, x) => c.call('IS_ALIGNED', c.cast('unsigned long', x), 'PAGE_SIZE')),
  DIV_ROUND_UP: macro(2, (c, n, d) => c.binary(c.binary(c.binary(n, '+', d), '-', 1), '/', d)),
  roundup: macro(2, (c, x, y) => c.binary(c.binary(c.binary(x, '+', c.binary(y, '-', 1)), '/', y), '*', y)),
  rounddown: macro(2, (c, x, y) => c.binary(x, '-', c.binary(x, '%', y))),
};

const FRAMES: Readonly<Record<string, ApiFunction>> = {
  PFN_UP: macro(1, (c, x) => c.binary(c.binary(x, '+', c.binary('PAGE_SIZE', '-', 1)), '>>', 'PAGE_SHIFT')),
  PFN_DOWN: macro(1, (c, x) => c.binary(x, '>>', 'PAGE_SHIFT')),
  PFN_PHYS: macro(1, (c, x) => c.binary(c.cast('phys_addr_t', x), '<<', 'PAGE_SHIFT')),
  PHYS_PFN: macro(1, (c, x) => c.cast('unsigned long', c.binary(x, '>>', 'PAGE_SHIFT'))),
  offset_in_page: macro(1, (c, x) =>
    c.binary(c.cast('unsigned long', x), '&', c.binary('PAGE_SIZE', '-', 1)),
  ),
};

const BITS: Readonly<Record<string, ApiFunction>> = {
  BIT: macro(1, (c, n) => c.binary(c.cast('unsigned long', 1), '<<', n)),
  BIT_ULL: macro(1, (c, n) => c.binary(c.cast('unsigned long long', 1), '<<', n)),
  lower_32_bits: macro(1, (c, n) => c.cast('u32', n)),
  upper_32_bits: macro(1, (c, n) => c.cast('u32', c.binary(c.binary(n, '>>', 16), '>>', 16))),
};

const LIMITS: Readonly<Record<string, ApiFunction>> = {
  min3: macro(3, (c, x, y, z) => c.call('min', c.call('min', x, y), z)),
  max3: macro(3, (c, x, y, z) => c.call('max', c.call('max', x, y), z)),
  clamp: macro(3, (c, x, low, high) => c.call('min', c.call('max', x, low), high)),
};

/** By name. */
export const ARITHMETIC: Readonly<Record<string, ApiFunction>> = {
  ...ROUNDING,
  ...FRAMES,
  ...BITS,
  ...LIMITS,
};
