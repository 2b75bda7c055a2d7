import { CapacityError, FILE, Freeze, HEAD, PROC, THREAD, VMA, type Layout } from './layout.js';
import { File, Page, Proc, Vma } from './world.js';
import type { MemoryMap } from './memmap.js';
import type { Facts } from './facts.js';

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
  step(k: Kernel, f: number, pc: number): void;
}

/** Routines of the kernel model, numbered as their modules are loaded. */
export const kernelRoutines: Routine[] = [];

/**
 * Defines a routine of the kernel model.
 * @param name `file:function` of what it models
 * @param words local words, arguments first
 */
export function routine(name: string, words: number, step: Routine['step']): Routine {
  const r: Routine = { id: kernelRoutines.length, name, words, step };
  kernelRoutines.push(r);
  return r;
}

let exitRoutine: Routine | undefined;

/** `kernel/exit.ts` says which routine ends a killed thread. */
export function setExitRoutine(r: Routine): void {
  exitRoutine = r;
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
  /** Names of APIs and system calls for bug(NAME) and warned(NAME), by id; 0 is 'none'. */
  readonly apiNames: readonly string[];
}

/** What `option` lines of a test switch on. */
export interface RunOptions {
  /** Allocations may fail (`option faults alloc;`). */
  readonly faultsAlloc?: boolean;
}

/** Observes what the machine does, for witnesses. Never changes anything. */
export interface Tracer {
  enter(k: Kernel, r: Routine): void;
  note(text: string): void;
}

/** Thrown when a run meets something that the model does not cover: the verdict is unknown. */
export class UnknownError extends Error {}

/** Points and loops one step may run through before the run is called endless. */
const FUEL = 200_000;
/** Points after which a step ends even when nobody else can move, so that endless loops close in the state space. */
const CHAIN = 400;

/** Reports are counted up to here, so that a loop of them ends in the state space. */
const MAX_REPORTS = 60;

/** Ids of undefined behaviour that the model stops at: undefined(ID). */
export const UNDEFINED_IDS = ['none', 'A7_F2', 'pfn_to_page', 'use_after_free', 'double_free', 'bad_pointer', 'H_1', 'H_2'] as const;

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
}

const ID_BITS = 10;
const PC_BITS = 13;
const ID_MASK = (1 << ID_BITS) - 1;
const PC_MASK = (1 << PC_BITS) - 1;
const WAIT_MODE_SHIFT = 28;
const WAIT_LOCK_MASK = (1 << WAIT_MODE_SHIFT) - 1;

/** The modelled kernel: the world's words, what is fixed about the run, and the machine's registers. */
export class Kernel {
  readonly w: Int32Array;
  readonly routines: Routine[];
  /** Running thread, and the word index of its struct. */
  cur = 0;
  t = 0;
  stopped = false;
  /** Choices taken in this step: after one, the next point ends it. */
  chose = false;
  fuel = 0;
  /** Hooks running inside a step: their points do not count. */
  atomic = 0;
  chain = 0;
  /** Second register of 64-bit expressions in compiled C. */
  hi = 0;
  /** Arguments of an API call from C: low and high words. */
  readonly argLo = new Int32Array(12);
  readonly argHi = new Int32Array(12);
  /** Who decides `choose(n)`. */
  chooser: (n: number) => number = () => 0;
  tracer: Tracer | undefined = undefined;
  /** Witnesses stop at every scheduling point, also where nobody else could move. */
  everyPoint = false;
  /** Set while observers look: reports (bad map, undefined) are not made. */
  quiet = false;
  /** Address of the first page of every arena, in bytes. */
  readonly arenaBase: number;
  /** Level of the entry that the last page-table walk found. */
  level = 1;
  readonly pages: readonly Page[];
  readonly vmas: readonly Vma[];
  readonly files: readonly File[];
  readonly procs: readonly Proc[];

  constructor(
    readonly layout: Layout,
    readonly facts: Facts,
    readonly mem: MemoryMap,
    readonly program: Program,
    readonly options: RunOptions = {},
  ) {
    const w = new Int32Array(layout.words);
    const each = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
    this.w = w;
    this.arenaBase = facts.bitsPerLong === 64 ? 0x7f00_0000_0000 : 0x4000_0000;
    this.pages = each(
      mem.frames,
      (i) => new Page(w, i, layout.frames + i * layout.frameWords, mem.pfnOf[i]!),
    );
    this.vmas = each(layout.caps.vmas, (i) => new Vma(w, i, layout.vmas + i * VMA.WORDS));
    this.files = each(layout.caps.files, (i) => new File(w, i, layout.files + i * FILE.WORDS));
    this.procs = each(layout.caps.procs, (i) => new Proc(w, i, layout.procs + i * layout.procWords));
    this.routines = [...kernelRoutines, ...program.functions];
    for (const f of program.functions) {
      if (this.routines[f.id] !== f) throw new Error(`routine ${f.name} is misnumbered`);
    }
  }

  // --- threads ---

  /** Word index of thread `i`. */
  thread(i: number): number {
    return this.layout.threads + i * this.layout.threadWords;
  }

  /** Word index of process `i`. */
  proc(i: number): number {
    return this.layout.procs + i * this.layout.procWords;
  }

  /** Process of the running thread. */
  get currentProc(): number {
    return this.w[this.t + THREAD.PROC]!;
  }

  /** Whether thread `i` can move now. */
  enabled(i: number): boolean {
    const w = this.w;
    const t = this.thread(i);
    if (w[t + THREAD.STATE] !== ThreadState.Runnable) return false;
    const wait = w[t + THREAD.WAIT]!;
    if (wait === 0) return true;
    const lock = w[wait & WAIT_LOCK_MASK]!;
    switch ((wait >>> WAIT_MODE_SHIFT) as LockMode) {
      case LockMode.Read:
        return lock >= 0;
      case LockMode.Write:
        return lock === 0;
      default:
        return lock === ProcState.Dead;
    }
  }

  /** Whether any thread but `i` can move. */
  othersEnabled(i: number): boolean {
    for (let j = 0; j < this.layout.caps.threads; j++) if (j !== i && this.enabled(j)) return true;
    return false;
  }

  /** Whether some thread waits (for a lock or a child) and so cannot move: with nobody enabled, a deadlock. */
  anyWaiting(): boolean {
    for (let i = 0; i < this.layout.caps.threads; i++) {
      const t = this.thread(i);
      if (this.w[t + THREAD.STATE] === ThreadState.Runnable && this.w[t + THREAD.WAIT] !== 0) return true;
    }
    return false;
  }

  get frozen(): boolean {
    return this.w[HEAD.FROZEN] !== Freeze.None;
  }

  /** Runs thread `i` to its next scheduling point, wait, or end. */
  run(i: number): void {
    const w = this.w;
    const t = this.thread(i);
    this.cur = i;
    this.t = t;
    this.stopped = false;
    this.chose = false;
    this.fuel = FUEL;
    this.chain = 0;
    w[t + THREAD.WAIT] = 0;
    const routines = this.routines;
    if ((w[t + THREAD.FLAGS]! & TF_KILLED) !== 0) this.dieInUserCode();
    while (!this.stopped) {
      const f = w[t + THREAD.FP]!;
      const head = w[f]!;
      routines[head & ID_MASK]!.step(this, f, (head >>> ID_BITS) & PC_MASK);
      if (--this.fuel < 0) throw new UnknownError('bound: a step does not end');
    }
  }

  // --- frames ---

  /** Saves where frame `f` goes on. */
  setPc(f: number, pc: number): void {
    this.w[f] = (this.w[f]! & ~(PC_MASK << ID_BITS)) | (pc << ID_BITS);
  }

  /** Goes on at `pc` of the same routine. */
  goto(f: number, pc: number): void {
    this.setPc(f, pc);
  }

  /** Calls `r`; returns the word index of its frame. `f` goes on at `pc`. */
  call(f: number, pc: number, r: Routine): number {
    this.setPc(f, pc);
    return this.push(f + 1 + this.routines[this.w[f]! & ID_MASK]!.words, r);
  }

  /** Starts a thread's stack with `r`. */
  start(i: number, r: Routine): number {
    const t = this.thread(i);
    this.t = t;
    this.cur = i;
    this.w[t + THREAD.STATE] = ThreadState.Runnable;
    this.w[t + THREAD.FP] = 0;
    return this.push(t + THREAD.STACK, r);
  }

  private push(nf: number, r: Routine): number {
    const t = this.t;
    const old = this.w[t + THREAD.FP]!;
    if (nf + 1 + r.words > t + this.layout.threadWords) throw new CapacityError('stack');
    this.w[nf] = r.id | ((old === 0 ? 0 : nf - old) << (ID_BITS + PC_BITS));
    this.w[t + THREAD.FP] = nf;
    if (this.tracer !== undefined) this.tracer.enter(this, r);
    return nf;
  }

  /** Returns from frame `f` with a value (`hi` matters to 64-bit readers only). */
  ret(f: number, lo: number, hi: number = lo >> 31): void {
    const w = this.w;
    const t = this.t;
    const head = w[f]!;
    const below = head >>> (ID_BITS + PC_BITS);
    w.fill(0, f, f + 1 + this.routines[head & ID_MASK]!.words);
    w[t + THREAD.FP] = below === 0 ? 0 : f - below;
    w[t + THREAD.RET_LO] = lo;
    w[t + THREAD.RET_HI] = hi;
    if (below === 0) this.stopped = true;
  }

  /** Reads (and forgets) the value that the last call returned; the high word goes to `k.hi`. */
  takeRet(): number {
    const lo = this.w[this.t + THREAD.RET_LO]!;
    this.hi = this.w[this.t + THREAD.RET_HI]!;
    this.w[this.t + THREAD.RET_LO] = 0;
    this.w[this.t + THREAD.RET_HI] = 0;
    return lo;
  }

  /** Returns from `f` and makes the caller's next instruction a scheduling point (return from a driver handler). */
  retPoint(f: number, lo: number, hi: number = lo >> 31): void {
    this.ret(f, lo, hi);
    this.yield();
  }

  /** A scheduling point: ends the step when another thread could move (or a choice was taken), else goes on. */
  point(f: number, pc: number): void {
    this.setPc(f, pc);
    this.yield();
  }

  /** The same without changing a pc. */
  yield(): void {
    if (this.mustStop()) this.stopped = true;
  }

  /** Whether a point here would end the step: compiled C asks before it stores its pc. */
  mustStop(): boolean {
    if (this.atomic > 0) return false;
    if (this.everyPoint) return true;
    return this.chose || ++this.chain > CHAIN || this.othersEnabled(this.cur);
  }

  /** A scheduling point of user code: a thread that was killed does not come back from it. */
  userPoint(f: number, pc: number): void {
    this.setPc(f, pc);
    if ((this.w[this.t + THREAD.FLAGS]! & TF_KILLED) !== 0) this.dieInUserCode();
    this.yield();
  }

  private dieInUserCode(): void {
    const fp = this.w[this.t + THREAD.FP]!;
    const r = this.routines[this.w[fp]! & ID_MASK] as CFunction;
    if (r.user === true) this.die();
  }

  /** Ends the running thread: its variables (the lowest frame) stay, all work above is dropped. */
  die(): void {
    const base = this.t + THREAD.STACK;
    this.unwindTo(base);
    this.call(base, (this.w[base]! >>> ID_BITS) & PC_MASK, exitRoutine!);
  }

  /** Blocks until the lock at word `lock` is free for `mode`; the routine tries again at `pc`. */
  wait(f: number, pc: number, lock: number, mode: LockMode): void {
    this.setPc(f, pc);
    this.w[this.t + THREAD.WAIT] = lock | (mode << WAIT_MODE_SHIFT);
    this.stopped = true;
  }

  /** Fills argument register `i` with a 32-bit value (a handle, an int). */
  arg(i: number, lo: number, hi: number = lo >> 31): void {
    this.argLo[i] = lo;
    this.argHi[i] = hi;
  }

  /** Fills argument register `i` with a non-negative number below 2^53: an address, a size, a pfn. */
  argNumber(i: number, n: number): void {
    this.argLo[i] = n | 0;
    this.argHi[i] = Math.floor(n / 2 ** 32) | 0;
  }

  /**
   * Calls compiled C with the argument registers; `f` goes on at `pc`. Entering a driver's handler is a scheduling point,
   * and so is its return (the C function's own `return` sees to it).
   */
  callC(f: number, pc: number, fn: CFunction): void {
    const nf = this.call(f, pc, fn);
    this.loadParams(nf, fn);
    this.yield();
  }

  private loadParams(nf: number, fn: CFunction): void {
    for (let i = 0; i < fn.params.length; i++) {
      const p = fn.params[i]!;
      this.w[nf + 1 + p.slot] = this.argLo[i]!;
      if (p.words === 2) this.w[nf + 2 + p.slot] = this.argHi[i]!;
    }
  }

  /**
   * Runs a C hook to its end inside the current step (hooks that the kernel calls under a page-table lock, such as
   * find_special_page). @returns its value
   */
  callAtomic(fn: CFunction): number {
    const t = this.t;
    const f = this.w[t + THREAD.FP]!;
    const nf = this.push(f + 1 + this.routines[this.w[f]! & ID_MASK]!.words, fn);
    this.loadParams(nf, fn);
    this.atomic += 1;
    while (this.w[t + THREAD.FP] !== f && !this.stopped) {
      const g = this.w[t + THREAD.FP]!;
      const head = this.w[g]!;
      this.routines[head & ID_MASK]!.step(this, g, (head >>> ID_BITS) & PC_MASK);
      if (--this.fuel < 0) throw new UnknownError('bound: a step does not end');
    }
    this.atomic -= 1;
    if (this.stopped && !this.frozen) throw new UnknownError('a hook called under a lock tried to sleep');
    return this.takeRet();
  }

  /** Visits the frames of a thread, lowest first. */
  frames(i: number, visit: (r: Routine, pc: number) => void): void {
    const t = this.thread(i);
    const fp = this.w[t + THREAD.FP]!;
    for (let f = t + THREAD.STACK; fp !== 0 && f <= fp; ) {
      const r = this.routines[this.w[f]! & ID_MASK]!;
      visit(r, (this.w[f]! >>> ID_BITS) & PC_MASK);
      f += 1 + r.words;
    }
  }

  /** Pops frames above `f` (a killed thread's kernel work is over) so that `f` is on top. */
  unwindTo(f: number): void {
    const t = this.t;
    const fp = this.w[t + THREAD.FP]!;
    const top = fp + 1 + this.routines[this.w[fp]! & ID_MASK]!.words;
    const keep = f + 1 + this.routines[this.w[f]! & ID_MASK]!.words;
    this.w.fill(0, keep, top);
    this.w[t + THREAD.FP] = f;
  }

  // --- slots ---

  /** The lowest free VMA slot. */
  allocVma(): Vma {
    for (const v of this.vmas) if (v.mm < 0) return v;
    throw new CapacityError('vmas');
  }

  /** The lowest free file slot. */
  allocFile(): File {
    for (const f of this.files) if (f.mode === 0) return f;
    throw new CapacityError('files');
  }

  // --- locks ---

  /** down_write / mutex_lock; false when it must wait. */
  tryWrite(lock: number): boolean {
    if (this.w[lock] !== 0) return false;
    this.w[lock] = -1 - this.cur;
    return true;
  }

  /** down_read; false when it must wait. */
  tryRead(lock: number): boolean {
    if (this.w[lock]! < 0) return false;
    this.w[lock]! += 1;
    return true;
  }

  upWrite(lock: number): void {
    this.w[lock] = 0;
  }

  upRead(lock: number): void {
    this.w[lock]! -= 1;
  }

  /** Word index of a process's mmap_lock. */
  mmapLock(proc: number): number {
    return this.proc(proc) + PROC.LOCK;
  }

  // --- choices and events ---

  /** One of 0..n-1: the only nondeterminism besides the schedule. */
  choose(n: number): number {
    if (n <= 1) return 0;
    this.chose = true;
    return this.chooser(n);
  }

  /** BUG(): the run freezes; the API that was entered names it. */
  bug(): void {
    this.freeze(Freeze.Bug, this.w[this.t + THREAD.API]!);
  }

  /** Undefined behaviour: the run freezes, with an id of the program's api name table. */
  undefinedBehaviour(id: Undefined): void {
    if (this.quiet) return;
    this.freeze(Freeze.Undefined, id);
  }

  private freeze(kind: Freeze, id: number): void {
    if (this.w[HEAD.FROZEN] !== Freeze.None) return;
    this.w[HEAD.FROZEN] = kind;
    this.w[HEAD.FROZEN_ID] = id;
    this.stopped = true;
    this.tracer?.note(kind === Freeze.Bug ? 'BUG' : 'undefined behaviour');
  }

  /** WARN(): noted under the API that was entered; the run goes on. */
  warn(): void {
    const id = this.w[this.t + THREAD.API]!;
    this.w[HEAD.WARNED + (id >> 5)]! |= 1 << (id & 31);
    this.tracer?.note('WARN');
  }

  /** VM_WARN_ON and the like: only with DEBUG_VM. */
  vmWarn(): void {
    if (this.facts.debugVm) this.warn();
  }

  /** A "Bad page map" report (A.8). */
  badMap(): void {
    if (this.quiet) return;
    if (this.w[HEAD.BAD_MAP]! < MAX_REPORTS) this.w[HEAD.BAD_MAP]! += 1;
    this.tracer?.note('BUG: Bad page map');
  }

  /** A "Bad page state" report. */
  badPage(): void {
    if (this.w[HEAD.BAD_PAGE]! < MAX_REPORTS) this.w[HEAD.BAD_PAGE]! += 1;
    this.tracer?.note('BUG: Bad page state');
  }
}
