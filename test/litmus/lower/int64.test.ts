import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as int64 from '../../../src/litmus/lower/int64.js';

const edges = [
  0n,
  1n,
  2n,
  3n,
  0xffffn,
  0x10000n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x100000000n,
  (1n << 53n) - 1n,
  1n << 53n,
];
const all = edges.flatMap((e) => [e, -e, (1n << 63n) - e, e << 11n]);
const word64 = fc.oneof(
  fc.constantFrom(...all),
  fc.bigInt(-(1n << 63n), (1n << 63n) - 1n),
  fc.bigInt(0n, 1000n),
);

type Binary = (al: number, ah: number, bl: number, bh: number) => number;

/** The result of an operation as an unsigned integer. */
function run(op: Binary, a: bigint, b: bigint): bigint {
  const [al, ah] = int64.wordsOf(a);
  const [bl, bh] = int64.wordsOf(b);
  const lo = op(al, ah, bl, bh);
  expect(Object.is(lo, lo | 0) && Object.is(int64.high, int64.high | 0)).toBe(true);
  return (BigInt.asUintN(32, BigInt(int64.high)) << 32n) | BigInt.asUintN(32, BigInt(lo));
}

const u = (x: bigint): bigint => BigInt.asUintN(64, x);
const s = (x: bigint): bigint => BigInt.asIntN(64, x);

test.each<[string, Binary, (a: bigint, b: bigint) => bigint]>([
  ['add64', int64.add64, (a, b) => a + b],
  ['sub64', int64.sub64, (a, b) => a - b],
  ['mul64', int64.mul64, (a, b) => a * b],
  ['udiv64', int64.udiv64, (a, b) => u(a) / u(b)],
  ['umod64', int64.umod64, (a, b) => u(a) % u(b)],
  ['sdiv64', int64.sdiv64, (a, b) => s(a) / s(b)],
  ['smod64', int64.smod64, (a, b) => s(a) % s(b)],
])('%s is what BigInt says', (name, op, model) => {
  fc.assert(
    fc.property(word64, word64, (a, b) => {
      fc.pre(!/div|mod/.test(name) || u(b) !== 0n);
      expect(run(op, a, b)).toBe(u(model(a, b)));
    }),
    { numRuns: 2000 },
  );
});

test.each<[string, (lo: number, hi: number, n: number) => number, (a: bigint, n: bigint) => bigint]>([
  ['shl64', int64.shl64, (a, n) => a << n],
  ['shr64', int64.shr64, (a, n) => u(a) >> n],
  ['sar64', int64.sar64, (a, n) => s(a) >> n],
])('%s is what BigInt says', (_, op, model) => {
  fc.assert(
    fc.property(word64, fc.nat(63), (a, n) => {
      expect(run((al, ah) => op(al, ah, n), a, 0n)).toBe(u(model(a, BigInt(n))));
    }),
    { numRuns: 1000 },
  );
});

test('comparisons', () => {
  fc.assert(
    fc.property(word64, word64, (a, b) => {
      const [al, ah] = int64.wordsOf(a);
      const [bl, bh] = int64.wordsOf(b);
      expect(int64.below64(al, ah, bl, bh)).toBe(u(a) < u(b));
      expect(int64.less64(al, ah, bl, bh)).toBe(s(a) < s(b));
    }),
  );
});
