/** What drivers do with whole objects, single bits and counters. */
import { handleIndex, handleKind, HandleKind } from '../../kernel/handle.js';
import type { Kernel } from '../../kernel/kernel.js';
import { Scalar } from '../../kernel/object-shape.js';
import { opaqueWord, reach, SCATTERED } from '../../kernel/objects.js';
import { Undefined, UnknownError } from '../../kernel/routine.js';
import { memcpy, memset } from '../../kernel/string.js';
import { num, type ApiFunction } from './define.js';

/** Objects and page contents as bytes. */
const BYTES: Readonly<Record<string, ApiFunction>> = {
  memcpy: {
    prototype: 'void *memcpy(void *to, const void *from, unsigned long n)',
    objects: [0, 1],
    call: (k) => {
      memcpy(k, k.argLo[0]!, k.argLo[1]!, num(k, 2));
      return k.argLo[0]!;
    },
  },
  memset: {
    prototype: 'void *memset(void *s, int c, unsigned long n)',
    objects: [0],
    call: (k) => {
      memset(k, k.argLo[0]!, k.argLo[1]!, num(k, 2));
      return k.argLo[0]!;
    },
  },
};

/** Bit `argLo[0]` of the unsigned longs at handle `argLo[1]`: its word and mask; undefined after the run was frozen. */
function bitAt(k: Kernel): { readonly word: number; readonly mask: number } | undefined {
  const [nr, h] = [k.argLo[0]!, k.argLo[1]!];
  const { bitsPerLong } = k.facts;
  if (h <= 0 || handleKind(h) !== HandleKind.Data) {
    k.undefinedBehaviour(Undefined.BadPointer);
    return undefined;
  }
  const kind = bitsPerLong === 64 ? Scalar.Int64 : Scalar.Int32;
  const word = reach(k, handleIndex(h), Math.floor(nr / bitsPerLong) * (bitsPerLong / 8), kind);
  if (word === SCATTERED) throw new UnknownError('a bitmap that is no unsigned long is not modelled');
  return word < 0 ? undefined : { word: word + ((nr % bitsPerLong) >> 5), mask: 1 << (nr & 31) };
}

function bit(prototype: string, change: (value: number, mask: number) => number): ApiFunction {
  return {
    prototype,
    objects: [1],
    call: (k) => {
      const at = bitAt(k);
      if (at === undefined) return 0;
      const before = k.w[at.word]!;
      k.w[at.word] = change(before, at.mask);
      return (before & at.mask) === 0 ? 0 : 1;
    },
  };
}

const ADDR = '(long nr, volatile unsigned long *addr)';

/** `include/linux/bitops.h`: atomic, all of them. */
const BITS: Readonly<Record<string, ApiFunction>> = {
  set_bit: bit(`void set_bit${ADDR}`, (value, mask) => value | mask),
  clear_bit: bit(`void clear_bit${ADDR}`, (value, mask) => value & ~mask),
  change_bit: bit(`void change_bit${ADDR}`, (value, mask) => value ^ mask),
  test_bit: bit('int test_bit(long nr, const volatile unsigned long *addr)', (value) => value),
  test_and_set_bit: bit(`int test_and_set_bit${ADDR}`, (value, mask) => value | mask),
  test_and_clear_bit: bit(`int test_and_clear_bit${ADDR}`, (value, mask) => value & ~mask),
};

/** Changes a counter: `change` gives what to store (undefined: nothing) from what is there and two more arguments. */
function counter(
  prototype: string,
  change: (now: number, a: number, b: number) => number | undefined,
  result: (before: number, changed: boolean) => number,
): ApiFunction {
  return {
    prototype,
    objects: [0],
    call: (k) => {
      const word = opaqueWord(k, k.argLo[0]!);
      if (word < 0) return 0;
      const before = k.w[word]!;
      const after = change(before, k.argLo[1]!, k.argLo[2]!);
      if (after !== undefined) k.w[word] = after;
      return result(before, after !== undefined);
    },
  };
}

const value = (before: number): number => before;
const whether = (_before: number, changed: boolean): number => (changed ? 1 : 0);

/** Counters: what is conditional or gives the old value. */
const COUNTERS: Readonly<Record<string, ApiFunction>> = {
  atomic_xchg: counter('int atomic_xchg(atomic_t *v, int n)', (_now, n) => n, value),
  atomic_cmpxchg: counter(
    'int atomic_cmpxchg(atomic_t *v, int old, int n)',
    (now, old, n) => (now === old ? n : undefined),
    value,
  ),
  atomic_add_unless: counter(
    'int atomic_add_unless(atomic_t *v, int a, int u)',
    (now, a, u) => (now === u ? undefined : now + a),
    whether,
  ),
  atomic_inc_not_zero: counter(
    'int atomic_inc_not_zero(atomic_t *v)',
    (now) => (now === 0 ? undefined : now + 1),
    whether,
  ),
  refcount_inc_not_zero: counter(
    'int refcount_inc_not_zero(refcount_t *r)',
    (now) => (now === 0 ? undefined : now + 1),
    whether,
  ),
};

/** By name. */
export const DRIVER_OBJECTS: Readonly<Record<string, ApiFunction>> = { ...BYTES, ...BITS, ...COUNTERS };
