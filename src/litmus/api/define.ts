/** How the kernel's API and the system calls are described: a prototype for the checker, an implementation for the machine. */
import type { ExternalFunction, ExternalStruct } from '../../c/environment.js';
import { THREAD } from '../../kernel/layout.js';
import type { Kernel } from '../../kernel/kernel.js';
import type { CFunction, Routine } from '../../kernel/routine.js';

/** A function that drivers or threads may call. Exactly one of `call`, `routine` and `special` is given. */
export interface ApiFunction extends ExternalFunction {
  /**
   * Runs atomically. Arguments are in `k.argLo[i]` and `k.argHi[i]` (extended to 64 bits by the parameter's signedness); the value
   * is the result's low word, and a 64-bit result leaves its high word in `k.hi`.
   */
  readonly call?: (k: Kernel) => number;
  /** Others may come in: arguments take two words each, from the frame's first local word on. The value is in `k.takeRet()`. */
  readonly routine?: Routine;
  /**
   * Lowered by itself: `nop` computes its arguments, `same` is its argument, `truth` whether it is not 0, `constant` must have
   * been folded; the others are what they are called.
   */
  readonly special?:
    | 'get_user'
    | 'put_user'
    | 'min'
    | 'max'
    | 'nop'
    | 'same'
    | 'truth'
    | 'write_once'
    | 'xchg'
    | 'cmpxchg'
    | 'constant';
  /**
   * Arguments (by position) that point to objects. The call is a scheduling point unless all of them lie on the running thread's own
   * stack.
   */
  readonly objects?: readonly number[];
  /** Installs leaves above the PTE level: entries there must be kept. */
  readonly leaves?: boolean;
  /** Sets a memory type: reservations must be kept. */
  readonly memtypes?: boolean;
  /** What the core calls where the function itself stands in a table of operations. */
  readonly handler?: CFunction;
  /** Whether the call is a scheduling point (lock operation, allocation, free, user copy, every system call). */
  readonly point?: boolean;
}

/** A field of a kernel struct: how the machine reads and writes it. `h` is the handle of the object. */
export interface ApiField {
  readonly name: string;
  readonly type: string;
  readonly readonly?: string;
  /** The low word; a 64-bit value leaves its high word in `k.hi`. */
  get(k: Kernel, h: number): number;
  set?(k: Kernel, h: number, lo: number, hi: number): void;
}

/** A kernel struct with its fields' implementations. */
export interface ApiStruct extends ExternalStruct {
  readonly fields: readonly ApiField[];
}

/** Argument `i` as a non-negative number (exact below 2^53). */
export function num(k: Kernel, i: number): number {
  return (k.argHi[i]! >>> 0) * 2 ** 32 + (k.argLo[i]! >>> 0);
}

/** Argument `i` as a pfn: `pfn << PAGE_SHIFT` loses the bits above 52. */
export function pfnArg(k: Kernel, i: number): number {
  return (k.argHi[i]! & 0xfffff) * 2 ** 32 + (k.argLo[i]! >>> 0);
}

/** Leaves a non-negative number below 2^53 as a 64-bit result. */
export function ret64(k: Kernel, n: number): number {
  k.hi = Math.floor(n / 2 ** 32) | 0;
  return n | 0;
}

/**
 * Calls an atomic API function under its name, so that BUG and WARN are attributed to it.
 * @param id id of the name (see `apiId` of the index)
 */
export function callApi(k: Kernel, id: number, call: (k: Kernel) => number): number {
  const at = k.t + THREAD.API;
  const before = k.w[at]!;
  k.w[at] = id;
  k.tracer?.note(k.program.apiNames[id]!);
  const lo = call(k);
  k.w[at] = before;
  return lo;
}

/** choose(n): one of 0..n-1, every one of which is explored. */
export const CHOOSE: ApiFunction = { prototype: 'int choose(int n)', call: (k) => k.choose(k.argLo[0]!) };
