/** Small macros of kernel headers, so that the text of a driver can be pasted as it is: `include/linux/{bits,pfn,mm,compiler}.h` and others. */
import type { GenericSignature } from '../../c/environment.js';
import { INT, UINT, ulongType, VOID, pointerTo, type CType } from '../../c/types.js';
import type { Kernel } from '../../kernel/kernel.js';
import type { ApiFunction } from './define.js';

/** Prints, asserts, hints: nothing in the model. Arguments are still computed. */
function nothing(prototype: string): ApiFunction {
  return { prototype, special: 'nop' };
}

const PRINTING = [
  'emerg',
  'alert',
  'crit',
  'err',
  'warn',
  'notice',
  'info',
  'debug',
  'info_once',
  'warn_once',
];

const PRINTS: Readonly<Record<string, ApiFunction>> = Object.fromEntries([
  ...['printk', ...PRINTING.map((level) => `pr_${level}`)].map((name) => [
    name,
    nothing(`int ${name}(const char *fmt, ...)`),
  ]),
  ...['err', 'warn', 'notice', 'info', 'dbg'].map((level) => [
    `dev_${level}`,
    nothing(`void dev_${level}(const struct device *dev, const char *fmt, ...)`),
  ]),
]);

/** A function of one or two unsigned longs, folded if they are constant. `f` gets and gives non-negative integers. */
function arithmetic(prototype: string, f: (x: bigint, y: bigint) => bigint): ApiFunction {
  const argument = (k: Kernel, i: number): bigint =>
    BigInt.asUintN(64, (BigInt(k.argHi[i]!) << 32n) | BigInt(k.argLo[i]! >>> 0));
  return {
    prototype,
    evaluate: ([x = 0n, y = 0n]) => f(BigInt.asUintN(64, x), BigInt.asUintN(64, y)),
    call: (k) => {
      const value = f(argument(k, 0), argument(k, 1));
      k.hi = Number(BigInt.asIntN(32, value >> 32n));
      return Number(BigInt.asIntN(32, value));
    },
  };
}

const PAGE = 4096n;
const shift = (n: bigint): bigint => n & 63n;

const NUMBERS: Readonly<Record<string, ApiFunction>> = {
  BIT: arithmetic('unsigned long BIT(unsigned int n)', (n) => 1n << shift(n)),
  BIT_ULL: arithmetic('unsigned long long BIT_ULL(unsigned int n)', (n) => 1n << shift(n)),
  PFN_UP: arithmetic('unsigned long PFN_UP(unsigned long x)', (x) => (x + PAGE - 1n) / PAGE),
  PFN_DOWN: arithmetic('unsigned long PFN_DOWN(unsigned long x)', (x) => x / PAGE),
  PFN_PHYS: arithmetic('phys_addr_t PFN_PHYS(phys_addr_t pfn)', (pfn) => pfn * PAGE),
  PHYS_PFN: arithmetic('unsigned long PHYS_PFN(phys_addr_t addr)', (addr) => addr / PAGE),
  PAGE_ALIGN: arithmetic('unsigned long PAGE_ALIGN(unsigned long x)', (x) => ((x + PAGE - 1n) / PAGE) * PAGE),
  PAGE_ALIGNED: arithmetic('int PAGE_ALIGNED(unsigned long x)', (x) => (x % PAGE === 0n ? 1n : 0n)),
  IS_ALIGNED: arithmetic('int IS_ALIGNED(unsigned long x, unsigned long a)', (x, a) =>
    (x & (a - 1n)) === 0n ? 1n : 0n,
  ),
  offset_in_page: arithmetic('unsigned long offset_in_page(unsigned long x)', (x) => x % PAGE),
};

const truth: ApiFunction = {
  special: 'truth',
  generic: ([x, ...more]) =>
    more.length === 0 && (x?.kind === 'int' || x?.kind === 'pointer')
      ? { result: INT, parameters: [x] }
      : 'one integer or pointer is needed',
};

function typed(special: 'min' | 'max'): ApiFunction {
  return {
    special,
    generic: ([type, a, b]) =>
      type?.kind === 'int' && a?.kind === 'int' && b?.kind === 'int'
        ? { result: type, parameters: [type, type, type] }
        : 'a type and two integers are needed',
  };
}

const scalar = (type: CType | undefined): type is CType =>
  type !== undefined && (type.kind === 'int' || type.kind === 'pointer');

const ACCESSES: Readonly<Record<string, ApiFunction>> = {
  READ_ONCE: {
    special: 'same',
    generic: ([x, ...more]) =>
      scalar(x) && more.length === 0 ? { result: x, parameters: [x] } : 'one variable is needed',
  },
  WRITE_ONCE: {
    special: 'write_once',
    generic: ([x, value]) =>
      scalar(x) && scalar(value)
        ? { result: VOID, parameters: [pointerTo(x, false), x], byReference: [0] }
        : 'a variable and a value are needed',
  },
  ARRAY_SIZE: {
    special: 'nop',
    arrays: true,
    generic: ([array], model): GenericSignature | string =>
      array?.kind === 'array'
        ? { result: ulongType(model), parameters: [array], value: BigInt(array.length) }
        : 'an array is needed',
  },
};

const NOTHING: Readonly<Record<string, ApiFunction>> = {
  might_sleep: nothing('void might_sleep(void)'),
  cond_resched: nothing('int cond_resched(void)'),
  smp_mb: nothing('void smp_mb(void)'),
  smp_rmb: nothing('void smp_rmb(void)'),
  smp_wmb: nothing('void smp_wmb(void)'),
  barrier: nothing('void barrier(void)'),
  lockdep_assert_held: nothing('void lockdep_assert_held(const void *lock)'),
  mmap_assert_locked: nothing('void mmap_assert_locked(const struct mm_struct *mm)'),
  mmap_assert_write_locked: nothing('void mmap_assert_write_locked(const struct mm_struct *mm)'),
};

/** Bits of an ioctl number: direction 30, size 16, type 8, number 0 (`include/uapi/asm-generic/ioctl.h`). */
function ioctlNumber(direction: bigint, sized: boolean): ApiFunction {
  const wanted = sized ? 3 : 2;
  return {
    special: 'constant',
    generic: (args) =>
      args.length === wanted ? { result: UINT, parameters: args } : `${wanted} arguments are needed`,
    evaluate: ([type = 0n, number = 0n, size = 0n]) =>
      (direction << 30n) | ((sized ? size & 0x3fffn : 0n) << 16n) | ((type & 0xffn) << 8n) | (number & 0xffn),
  };
}

/** For drivers and threads alike. */
export const IOCTL_NUMBERS: Readonly<Record<string, ApiFunction>> = {
  _IO: ioctlNumber(0n, false),
  _IOW: ioctlNumber(1n, true),
  _IOR: ioctlNumber(2n, true),
  _IOWR: ioctlNumber(3n, true),
};

/** By name. */
export const CONVENIENCES: Readonly<Record<string, ApiFunction>> = {
  ...PRINTS,
  ...NUMBERS,
  ...ACCESSES,
  ...NOTHING,
  ...IOCTL_NUMBERS,
  likely: truth,
  unlikely: truth,
  min_t: typed('min'),
  max_t: typed('max'),
};
