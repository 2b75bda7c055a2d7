/**
 * 64-bit integers as two 32-bit words, without BigInt and without allocation: a function returns the low word and leaves the
 * high one in {@link high}. Words are int32 bit patterns.
 */

/** High word of the last result. */
export let high = 0;

/** Leaves `lo` and `hi` as a result. */
function pair(lo: number, hi: number): number {
  high = hi | 0;
  return lo | 0;
}

export function add64(al: number, ah: number, bl: number, bh: number): number {
  const lo = (al >>> 0) + (bl >>> 0);
  return pair(lo, ah + bh + (lo > 0xffffffff ? 1 : 0));
}

export function sub64(al: number, ah: number, bl: number, bh: number): number {
  return pair(al - bl, ah - bh - (al >>> 0 < bl >>> 0 ? 1 : 0));
}

export function neg64(lo: number, hi: number): number {
  return sub64(0, 0, lo, hi);
}

export function mul64(al: number, ah: number, bl: number, bh: number): number {
  const a0 = al & 0xffff;
  const a1 = al >>> 16;
  const b0 = bl & 0xffff;
  const b1 = bl >>> 16;
  const low = a0 * b0;
  const middle = a1 * b0 + (low >>> 16);
  const middle2 = a0 * b1 + (middle & 0xffff);
  const carry = a1 * b1 + Math.floor(middle / 0x10000) + (middle2 >>> 16);
  const lo = ((middle2 & 0xffff) << 16) | (low & 0xffff);
  return pair(lo, carry + Math.imul(al, bh) + Math.imul(ah, bl));
}

/** Whether a < b, as unsigned numbers. */
export function below64(al: number, ah: number, bl: number, bh: number): boolean {
  return ah === bh ? al >>> 0 < bl >>> 0 : ah >>> 0 < bh >>> 0;
}

/** Whether a < b, as signed numbers. */
export function less64(al: number, ah: number, bl: number, bh: number): boolean {
  return ah === bh ? al >>> 0 < bl >>> 0 : ah < bh;
}

/** Remainder of the last division, by words. */
let restLo = 0;
let restHi = 0;

/** Unsigned division by shifting and subtracting; numbers below 2^53 take the short way. The divisor is not 0. */
function divide(al: number, ah: number, bl: number, bh: number): number {
  if (ah >>> 0 < 0x200000 && bh >>> 0 < 0x200000) return divideSmall(al, ah, bl, bh);
  let quotientLo = 0;
  let quotientHi = 0;
  restLo = 0;
  restHi = 0;
  for (let i = 63; i >= 0; i--) {
    const overflow = restHi < 0;
    restHi = (restHi << 1) | (restLo >>> 31);
    restLo = (restLo << 1) | (i >= 32 ? (ah >>> (i - 32)) & 1 : (al >>> i) & 1);
    if (!overflow && below64(restLo, restHi, bl, bh)) continue;
    restLo = sub64(restLo, restHi, bl, bh);
    restHi = high;
    if (i >= 32) quotientHi |= 1 << (i - 32);
    else quotientLo |= 1 << i;
  }
  return pair(quotientLo, quotientHi);
}

function divideSmall(al: number, ah: number, bl: number, bh: number): number {
  const a = (ah >>> 0) * 0x100000000 + (al >>> 0);
  const b = (bh >>> 0) * 0x100000000 + (bl >>> 0);
  const rest = a % b;
  restLo = rest | 0;
  restHi = Math.floor(rest / 0x100000000) | 0;
  const quotient = (a - rest) / b;
  return pair(quotient | 0, Math.floor(quotient / 0x100000000));
}

export function udiv64(al: number, ah: number, bl: number, bh: number): number {
  return divide(al, ah, bl, bh);
}

export function umod64(al: number, ah: number, bl: number, bh: number): number {
  divide(al, ah, bl, bh);
  return pair(restLo, restHi);
}

/** Divides the magnitudes. @returns the quotient's magnitude */
function divideMagnitudes(al: number, ah: number, bl: number, bh: number): number {
  if (ah < 0) {
    al = neg64(al, ah);
    ah = high;
  }
  if (bh < 0) {
    bl = neg64(bl, bh);
    bh = high;
  }
  return divide(al, ah, bl, bh);
}

/** Towards zero, as C; INT64_MIN / -1 wraps. */
export function sdiv64(al: number, ah: number, bl: number, bh: number): number {
  const negative = ah < 0 !== bh < 0;
  const lo = divideMagnitudes(al, ah, bl, bh);
  return negative ? neg64(lo, high) : lo;
}

/** With the sign of the dividend, as C. */
export function smod64(al: number, ah: number, bl: number, bh: number): number {
  divideMagnitudes(al, ah, bl, bh);
  return ah < 0 ? neg64(restLo, restHi) : pair(restLo, restHi);
}

/** Shift counts are taken modulo 64, as most machines do. */
export function shl64(lo: number, hi: number, count: number): number {
  const n = count & 63;
  if (n === 0) return pair(lo, hi);
  return n >= 32 ? pair(0, lo << (n - 32)) : pair(lo << n, (hi << n) | (lo >>> (32 - n)));
}

export function shr64(lo: number, hi: number, count: number): number {
  const n = count & 63;
  if (n === 0) return pair(lo, hi);
  return n >= 32 ? pair(hi >>> (n - 32), 0) : pair((lo >>> n) | (hi << (32 - n)), hi >>> n);
}

export function sar64(lo: number, hi: number, count: number): number {
  const n = count & 63;
  if (n === 0) return pair(lo, hi);
  return n >= 32 ? pair(hi >> (n - 32), hi >> 31) : pair((lo >>> n) | (hi << (32 - n)), hi >> n);
}

/** The words of an integer of any size, low first. */
export function wordsOf(value: bigint): [number, number] {
  return [Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n))];
}
