/** Small macros of kernel headers, so that the text of a driver can be pasted as it is: `include/linux/{bits,pfn,mm,compiler}.h` and others. */
import type { GenericSignature } from '../../c/environment.js';
import { INT, UINT, ulongType, VOID, pointerTo, type CType } from '../../c/types.js';
import { ARITHMETIC } from './arithmetic.js';
import { PRINTS_AND_ASSERTS } from './asserts.js';
import type { ApiFunction } from './define.js';
import { VARIANTS } from './variants.js';

/** Nothing in the model; arguments are still computed. */
function nothing(prototype: string): ApiFunction {
  return { prototype, special: 'nop' };
}

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
  schedule: nothing('void schedule(void)'),
  msleep: nothing('void msleep(unsigned int ms)'),
  udelay: nothing('void udelay(unsigned long us)'),
  usleep_range: nothing('void usleep_range(unsigned long min, unsigned long max)'),
  kunmap: nothing('void kunmap(const struct page *page)'),
  // page locks are not modelled: the core holds its own within a step only
  lock_page: nothing('void lock_page(struct page *page)'),
  unlock_page: nothing('void unlock_page(struct page *page)'),
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
  ...PRINTS_AND_ASSERTS,
  ...ARITHMETIC,
  ...VARIANTS,
  ...ACCESSES,
  ...NOTHING,
  ...IOCTL_NUMBERS,
  likely: truth,
  unlikely: truth,
  min_t: typed('min'),
  max_t: typed('max'),
};
