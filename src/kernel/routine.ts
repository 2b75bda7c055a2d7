import type { Kernel } from './kernel.js';
import type { ObjectTable, PlacedObject } from './object-shape.js';

/**
 * The machine that runs the model.
 *
 * A thread has a stack of frames in the world. A frame is a header word (routine, pc, size of the frame below) and the
 * routine's local words. A {@link Routine} is either a kernel function that another process may come into (written in
 * TypeScript, a `switch` over `pc`) or a compiled C function. Kernel functions that run atomically are plain functions
 * `(k, ...) => number` and need no routine.
 *
 * Protocol of a routine's `step(k, f, pc)`, where `f` is the word index of its frame: do work, then exactly one of
 * - `k.goto(f, pc)`: go on at pc, in the same step;
 * - `k.call(f, pc, routine)`: push a frame (its index is returned, to fill in arguments at `frame + 1 + i`), go on at pc when it returns;
 *   the value is then in `k.takeRet()`;
 * - `k.ret(f, lo, hi)`: pop the frame, give a value to the caller;
 * - `k.point(f, pc)`: a scheduling point; go on at pc, possibly after other threads moved;
 * - `k.wait(f, pc, lock, mode)`: block until the lock is free for `mode`, then run pc (which tries again);
 * - `k.bug()`, `k.undefined(id)`: freeze the whole run.
 *
 * A step of a thread runs from one scheduling point to the next. A point at which no other thread could move does not
 * end the step: there is one successor only, and nothing is lost by not storing the state between.
 */
export interface Routine {
  /** Index in the kernel's table, once registered. */
  readonly id: number;
  /** Kernel name, as `mm/mmap.c:mmap_region`, or the C function's name. */
  readonly name: string;
  /** Local words (arguments first). */
  readonly words: number;
  /** Local variables that pointers can point to. */
  readonly locals?: readonly PlacedObject[] | undefined;
  step(k: Kernel, f: number, pc: number): void;
}

/** Routines of the kernel model, numbered as their modules are loaded. */
export const kernelRoutines: Routine[] = [];

/**
 * Defines a routine of the kernel model.
 * @param name `file:function` of what it models
 * @param words local words, arguments first
 * @param locals those that drivers get pointers to
 */
export function routine(
  name: string,
  words: number,
  step: Routine['step'],
  locals?: readonly PlacedObject[],
): Routine {
  const r: Routine = { id: kernelRoutines.length, name, words, locals, step };
  kernelRoutines.push(r);
  return r;
}

let exit: Routine | undefined;

/** `kernel/exit.ts` says which routine ends a killed thread. */
export function setExitRoutine(r: Routine): void {
  exit = r;
}

/** The routine that ends a killed thread. */
export function exitRoutine(): Routine {
  if (exit === undefined) throw new Error('kernel/exit.ts is not loaded');
  return exit;
}

/** States of a thread. */
export const enum ThreadState {
  Absent = 0,
  Runnable = 1,
  /** Returned from Pi(): its process lives on. */
  Parked = 2,
  Dead = 3,
}

/** States of a process. */
export const enum ProcState {
  Absent = 0,
  Live = 1,
  Dying = 2,
  Dead = 3,
}

/** THREAD.FLAGS. */
export const TF_KILLED = 1;

/** How a lock is wanted. Lock words: 0 free, n > 0 readers, -1 - thread a writer. */
export const enum LockMode {
  Read = 0,
  Write = 1,
  /** Not a lock: wait until a process is dead (the word is its PROC.STATE). */
  Exit = 2,
}

/** A driver's compiled C function, with where its arguments go. */
export interface CFunction extends Routine {
  /** Code of a user program: a killed thread ends when it comes back here. */
  readonly user?: boolean;
  /** For each parameter: local word (from 0) and number of words (1 or 2). */
  readonly params: readonly { readonly slot: number; readonly words: number }[];
}

/** vm_operations_struct of a test: compiled handlers. */
export interface VmOps {
  readonly name: string;
  readonly open?: CFunction;
  readonly close?: CFunction;
  readonly mayUnmap?: CFunction;
  readonly maySplit?: CFunction;
  readonly mremap?: CFunction;
  readonly mprotect?: CFunction;
  readonly fault?: CFunction;
  readonly hugeFault?: CFunction;
  readonly mapPages?: CFunction;
  readonly pageMkwrite?: CFunction;
  readonly pfnMkwrite?: CFunction;
  readonly access?: CFunction;
  readonly findNormalPage?: CFunction;
  readonly mapped?: CFunction;
}

/** file_operations of a test: one character device. */
export interface FileOps {
  /** `demo` for `/dev/demo`. */
  readonly name: string;
  readonly open?: CFunction;
  readonly mmap?: CFunction;
  readonly mmapPrepare?: CFunction;
  readonly getUnmappedArea?: CFunction;
  readonly unlockedIoctl?: CFunction;
  readonly release?: CFunction;
}

/** What a test brings to the machine. */
export interface Program {
  readonly functions: readonly CFunction[];
  /** vm_ops tables; number 0 is NULL (anonymous), 1 the core's dummy table, the test's start at 2. */
  readonly vmOps: readonly (VmOps | undefined)[];
  readonly drivers: readonly FileOps[];
  /** Cells of a page: byte offset and width in bytes; `word` is its index behind PAGE.CELLS. */
  readonly cells: readonly { readonly offset: number; readonly bytes: number; readonly word: number }[];
  /** What the objects of the driver look like; without it nothing can be reached through pointers. */
  readonly objects?: ObjectTable;
  /** Whether entries above the PTE level must be kept: a handler is asked for leaves, or code installs them. */
  readonly leaves?: boolean;
  /** Names of APIs and system calls for bug(NAME) and warned(NAME), by id; 0 is 'none'. */
  readonly apiNames: readonly string[];
}

/** What a test switches on. */
export interface RunOptions {
  /** Allocations may fail (`option faults alloc;`). */
  readonly faultsAlloc?: boolean;
  /** Memory types of entries are looked at, or set by the driver: x86's reservations are kept. */
  readonly memtypes?: boolean;
}

/** Observes what the machine does, for witnesses. Never changes anything. */
export interface Tracer {
  enter(k: Kernel, r: Routine): void;
  note(text: string): void;
}

/** Decides whatever is not determined: one of n possibilities, as the search has it (`Choose`). */
export interface Chooser {
  (n: number, weights?: readonly number[]): number;
  readonly among?: (count: number, is: (i: number) => boolean) => number;
}

/** A page allocator with a will of its own: which free frames it hands out, where that is not to be any of them by choice. */
export interface FrameSource {
  /** One of `heads`, each the first frame of a free block of 2^order frames. */
  take(heads: readonly number[], order: number): number;
  /** A frame has become free. */
  freed(frame: number): void;
}

/** Thrown when a run meets something that the model does not cover: the verdict is unknown. */
export class UnknownError extends Error {}

/** Ids of undefined behaviour that the model stops at: undefined(ID). */
export const UNDEFINED_IDS = [
  'none',
  'A7_F2',
  'pfn_to_page',
  'use_after_free',
  'double_free',
  'bad_pointer',
  'H_1',
  'H_2',
  'unlock',
  'unaligned_leaf',
] as const;

/** Index into {@link UNDEFINED_IDS}. */
export const enum Undefined {
  /** A struct page pointer into no memmap (A.7, F2): low MMIO taken for a normal page. */
  NoMemmap = 1,
  /** pfn_to_page() of a frame without a struct page, dereferenced or not. */
  PfnToPage = 2,
  UseAfterFree = 3,
  DoubleFree = 4,
  /** A wild or NULL pointer dereferenced by driver code: an oops. */
  BadPointer = 5,
  H1 = 6,
  H2 = 7,
  /** A lock is let go of that nobody holds. */
  Unlock = 8,
  /** A leaf whose frame is not aligned like the leaf: it sets bits of the entry that are reserved, or mean something else. */
  UnalignedLeaf = 9,
}
