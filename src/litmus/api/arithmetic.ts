/** Macros of kernel headers that compute numbers, as they are written there: `include/linux/{align,bits,math,pfn,wordpart}.h`. */
import { INT, promote, type CType } from '../../c/types.js';
import type { Kernel } from '../../kernel/kernel.js';
import type { ApiFunction } from './define.js';
import { macro, type Operand } from './expansion.js';

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

/** Ones from bit `l` to bit `h` of a type. */
const genmask = (type: string, bits: Operand): ApiFunction =>
  macro(2, (c, h, l) => {
    const ones = c.not(c.cast(type, 0));
    const above = c.binary(c.binary(bits, '-', 1), '-', h);
    return c.binary(c.binary(ones, '<<', l), '&', c.binary(ones, '>>', above));
  });

const BITS: Readonly<Record<string, ApiFunction>> = {
  BIT: macro(1, (c, n) => c.binary(c.cast('unsigned long', 1), '<<', n)),
  BIT_ULL: macro(1, (c, n) => c.binary(c.cast('unsigned long long', 1), '<<', n)),
  GENMASK: genmask('unsigned long', 'BITS_PER_LONG'),
  GENMASK_ULL: genmask('unsigned long long', 64),
  is_power_of_2: macro(1, (c, n) =>
    c.binary(c.binary(n, '!=', 0), '&&', c.binary(c.binary(n, '&', c.binary(n, '-', 1)), '==', 0)),
  ),
  lower_32_bits: macro(1, (c, n) => c.cast('u32', n)),
  upper_32_bits: macro(1, (c, n) => c.cast('u32', c.binary(c.binary(n, '>>', 16), '>>', 16))),
};

/** `include/asm-generic/getorder.h:get_order`. */
const getOrder = (size: bigint): bigint => {
  const pages = (BigInt.asUintN(64, size) - 1n) >> 12n;
  return pages <= 0n ? 0n : BigInt(pages.toString(2).length);
};

const SIZES: Readonly<Record<string, ApiFunction>> = {
  get_order: {
    prototype: 'int get_order(unsigned long size)',
    evaluate: ([size = 0n]) => getOrder(size),
    call: (k) => Number(getOrder((BigInt(k.argHi[0]!) << 32n) | BigInt(k.argLo[0]! >>> 0))),
  },
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
  ...SIZES,
  ...LIMITS,
};
