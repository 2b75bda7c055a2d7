/** Arithmetic as closures: what a typed operator does at run time. */
import type { ArithmeticOp, ComparisonOp } from '../../c/ast.js';
import type { CType, DataModel, IntType } from '../../c/types.js';
import type { Kernel } from '../../kernel/kernel.js';
import { UnknownError, Undefined } from '../../kernel/routine.js';
import * as int64 from './int64.js';
import { isWide } from './layout.js';

/**
 * Computes a value in frame `f`: returns its low word and, for types of two words, leaves the high one in `k.hi`. One-word
 * values are in canonical form: the int32 with the same 32 bits, narrower ones extended by their signedness. Reads memory but
 * changes nothing.
 */
export type Ev = (k: Kernel, f: number) => number;

/** A constant. */
export function constantValue(value: bigint, wide: boolean): Ev {
  const [lo, hi] = int64.wordsOf(value);
  if (!wide) return () => lo;
  return (k) => {
    k.hi = hi;
    return lo;
  };
}

/** Brings a word into the canonical form of a type. */
export function normalizer(type: CType): ((word: number) => number) | undefined {
  if (type.kind !== 'int' || type.bits >= 32) return undefined;
  if (type.rank === 0) return (w) => (w === 0 ? 0 : 1);
  if (type.bits === 8) return type.signed ? (w) => (w << 24) >> 24 : (w) => w & 0xff;
  return type.signed ? (w) => (w << 16) >> 16 : (w) => w & 0xffff;
}

/** Whether a wide reader extends a one-word value of this type by its sign. */
export function extendsSign(type: CType): boolean {
  if (type.kind === 'int') return type.signed;
  return type.kind === 'pointer' && !type.user;
}

/** The value of `e` converted from one scalar type to another. */
export function convert(e: Ev, from: CType, to: CType, model: DataModel): Ev {
  const [wideFrom, wideTo] = [isWide(from, model), isWide(to, model)];
  if (to.kind === 'int' && to.rank === 0) return truth(e, wideFrom);
  if (wideTo) return wideFrom ? e : widen(e, extendsSign(from));
  const normalize = normalizer(to);
  if (!normalize || (!wideFrom && fits(from, to))) return e;
  return (k, f) => normalize(e(k, f));
}

/** Whether every value of a narrow type is a canonical value of another. */
function fits(from: CType, to: CType): boolean {
  if (from.kind !== 'int' || to.kind !== 'int') return false;
  return (
    from.rank === 0 ||
    (from.bits === to.bits && from.signed === to.signed) ||
    (from.bits < to.bits && !from.signed)
  );
}

export function widen(e: Ev, signed: boolean): Ev {
  if (signed) {
    return (k, f) => {
      const lo = e(k, f);
      k.hi = lo >> 31;
      return lo;
    };
  }
  return (k, f) => {
    const lo = e(k, f);
    k.hi = 0;
    return lo;
  };
}

/** 1 if the value is not zero. */
export function truth(e: Ev, wide: boolean): Ev {
  return wide ? (k, f) => ((e(k, f) | k.hi) !== 0 ? 1 : 0) : (k, f) => (e(k, f) !== 0 ? 1 : 0);
}

type Op32 = (a: number, b: number) => number;

const OPS32: Partial<Record<ArithmeticOp, Op32>> = {
  '+': (a, b) => (a + b) | 0,
  '-': (a, b) => (a - b) | 0,
  '*': Math.imul,
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '<<': (a, b) => a << b,
};

const SIGNED32: Partial<Record<ArithmeticOp, Op32>> = {
  '/': (a, b) => (a / b) | 0,
  '%': (a, b) => (a % b) | 0,
  '>>': (a, b) => a >> b,
};

const UNSIGNED32: Partial<Record<ArithmeticOp, Op32>> = {
  '/': (a, b) => ((a >>> 0) / (b >>> 0)) | 0,
  '%': (a, b) => ((a >>> 0) % (b >>> 0)) | 0,
  '>>': (a, b) => (a >>> b) | 0,
};

type Op64 = (al: number, ah: number, bl: number, bh: number) => number;

const OPS64: Partial<Record<ArithmeticOp, Op64>> = {
  '+': int64.add64,
  '-': int64.sub64,
  '*': int64.mul64,
  '<<': int64.shl64,
};

const SIGNED64: Partial<Record<ArithmeticOp, Op64>> = {
  '/': int64.sdiv64,
  '%': int64.smod64,
  '>>': int64.sar64,
};

const UNSIGNED64: Partial<Record<ArithmeticOp, Op64>> = {
  '/': int64.udiv64,
  '%': int64.umod64,
  '>>': int64.shr64,
};

/** Division by zero: an oops in the kernel; in a thread the model has no SIGFPE. */
function divisionByZero(k: Kernel, user: boolean): number {
  if (user) throw new UnknownError('a thread divides by zero');
  k.undefinedBehaviour(Undefined.BadPointer);
  k.hi = 0;
  return 0;
}

/** `a op b` in an integer type; for shifts `b` has one word. */
export function arithmetic(op: ArithmeticOp, a: Ev, b: Ev, type: IntType, user: boolean): Ev {
  if (type.bits === 64) return arithmetic64(op, a, b, type, user);
  const f32 = (OPS32[op] ?? (type.signed ? SIGNED32 : UNSIGNED32)[op])!;
  if (op === '/' || op === '%') {
    return (k, f) => {
      const x = a(k, f);
      const y = b(k, f);
      return y === 0 ? divisionByZero(k, user) : f32(x, y);
    };
  }
  if (op === '+') return (k, f) => (a(k, f) + b(k, f)) | 0;
  if (op === '&') return (k, f) => a(k, f) & b(k, f);
  return (k, f) => f32(a(k, f), b(k, f));
}

function arithmetic64(op: ArithmeticOp, a: Ev, b: Ev, type: IntType, user: boolean): Ev {
  if (op === '&' || op === '|' || op === '^') return bitwise64(op, a, b);
  const f64 = (OPS64[op] ?? (type.signed ? SIGNED64 : UNSIGNED64)[op])!;
  const divides = op === '/' || op === '%';
  return (k, f) => {
    const al = a(k, f);
    const ah = k.hi;
    const bl = b(k, f);
    const bh = k.hi;
    if (divides && (bl | bh) === 0) return divisionByZero(k, user);
    const lo = f64(al, ah, bl, bh);
    k.hi = int64.high;
    return lo;
  };
}

function bitwise64(op: '&' | '|' | '^', a: Ev, b: Ev): Ev {
  const apply = OPS32[op]!;
  return (k, f) => {
    const al = a(k, f);
    const ah = k.hi;
    const bl = b(k, f);
    k.hi = apply(ah, k.hi);
    return apply(al, bl);
  };
}

/** `-a`, `~a`. */
export function negation(op: '-' | '~', a: Ev, wide: boolean): Ev {
  if (!wide) return op === '-' ? (k, f) => -a(k, f) | 0 : (k, f) => ~a(k, f);
  return (k, f) => {
    const lo = a(k, f);
    if (op === '~') {
      k.hi = ~k.hi;
      return ~lo;
    }
    const negative = int64.neg64(lo, k.hi);
    k.hi = int64.high;
    return negative;
  };
}

const COMPARE32: Record<ComparisonOp, (a: number, b: number) => boolean> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/** `a op b` as 0 or 1; `signed` is how both are read. */
export function comparison(op: ComparisonOp, a: Ev, b: Ev, wide: boolean, signed: boolean): Ev {
  const test = COMPARE32[op];
  if (!wide) {
    if (signed || op === '==' || op === '!=') return (k, f) => (test(a(k, f), b(k, f)) ? 1 : 0);
    return (k, f) => (test(a(k, f) >>> 0, b(k, f) >>> 0) ? 1 : 0);
  }
  const less = signed ? int64.less64 : int64.below64;
  return (k, f) => {
    const al = a(k, f);
    const ah = k.hi;
    const bl = b(k, f);
    const bh = k.hi;
    const order = al === bl && ah === bh ? 0 : less(al, ah, bl, bh) ? -1 : 1;
    return test(order, 0) ? 1 : 0;
  };
}
