import { CapacityError, FILE, Freeze, HEAD, PROC, THREAD, VMA, type Layout } from './layout.js';
import {
  exitRoutine,
  kernelRoutines,
  LockMode,
  ProcState,
  TF_KILLED,
  ThreadState,
  UnknownError,
  type CFunction,
  type Chooser,
  type FrameSource,
  type Program,
  type Routine,
  type RunOptions,
  type Tracer,
  type Undefined,
} from './routine.js';
import { File, Page, Proc, Vma } from './world.js';
import type { Exchange } from './exchange.js';
import type { MemoryMap } from './memmap.js';
import type { Facts } from './facts.js';
import { arenaBaseOf } from './uapi.js';

/** Routines that a step may run from one point to the next before it is called endless. */
const FUEL = 200_000;
/** Points after which a step ends even when nobody else can move, so that endless loops close in the state space. */
export const CHAIN = 400;

/** Reports are counted up to here, so that a loop of them ends in the state space. */
const MAX_REPORTS = 60;

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
  /** A choice was taken in this step, or a page: the next point ends it. */
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
  chooser: Chooser = () => 0;
  /** What the search takes to be alike. Absent: every frame has its own place. */
  exchange: Exchange | undefined = undefined;
  /** Decides which frames are handed out; absent: any, by choice. */
  frameSource: FrameSource | undefined = undefined;
  tracer: Tracer | undefined = undefined;
  /** Witnesses stop at every scheduling point, also where nobody else could move. */
  everyPoint = false;
  /** Whether a step ends at every point at which it made no choice, and says whether it {@link goesOn} there: for who puts steps together. */
  pieces = false;
  goesOn = false;
  /** Whether a thread has stored to a page that is no private copy. */
  storesShared = false;
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
    w: Int32Array = new Int32Array(layout.words),
  ) {
    const each = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
    this.w = w;
    this.arenaBase = arenaBaseOf(facts.bitsPerLong === 64);
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
        return lock === 0 || (lock > 0 && !this.writerWaits(wait & WAIT_LOCK_MASK));
      case LockMode.Write:
        return lock === 0;
      default:
        return lock === ProcState.Dead || (w[t + THREAD.FLAGS]! & TF_KILLED) !== 0;
    }
  }

  /** Whether any thread but `i` can move. */
  othersEnabled(i: number): boolean {
    for (let j = 0; j < this.layout.caps.threads; j++) if (j !== i && this.enabled(j)) return true;
    return false;
  }

  /** Whether some thread waits for a lock and so cannot move: with nobody enabled, a deadlock. */
  anyWaiting(): boolean {
    for (let i = 0; i < this.layout.caps.threads; i++) {
      const wait = this.waitOf(this.thread(i));
      if (wait !== 0 && wait >>> WAIT_MODE_SHIFT !== LockMode.Exit) return true;
    }
    return false;
  }

  /** Parks all threads that wait for a child: it will not end by itself. */
  parkParents(): void {
    for (let i = 0; i < this.layout.caps.threads; i++) {
      const t = this.thread(i);
      if (this.waitOf(t) >>> WAIT_MODE_SHIFT !== LockMode.Exit) continue;
      this.w[t + THREAD.STATE] = ThreadState.Parked;
      this.w[t + THREAD.WAIT] = 0;
    }
  }

  private waitOf(t: number): number {
    return this.w[t + THREAD.STATE] === ThreadState.Runnable ? this.w[t + THREAD.WAIT]! : 0;
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
    this.goesOn = false;
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

  /** Where frame `f` goes on. */
  pcAt(f: number): number {
    return (this.w[f]! >>> ID_BITS) & PC_MASK;
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
  ret(f: number, lo = 0, hi: number = lo >> 31): void {
    const w = this.w;
    const t = this.t;
    const head = w[f]!;
    const below = head >>> (ID_BITS + PC_BITS);
    // a loop: fill() takes longer for so few
    const end = f + this.routines[head & ID_MASK]!.words;
    for (let i = f; i <= end; i++) w[i] = 0;
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
    if (this.chose || ++this.chain > CHAIN || this.othersEnabled(this.cur)) return true;
    this.fuel = FUEL;
    return this.pieces && this.pause();
  }

  /** Ends a step although it is not at its end. A killed thread would not go on where it is. */
  private pause(): boolean {
    return (this.goesOn = !this.stopped && (this.w[this.t + THREAD.FLAGS]! & TF_KILLED) === 0);
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
    this.call(base, (this.w[base]! >>> ID_BITS) & PC_MASK, exitRoutine());
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
    try {
      while (this.w[t + THREAD.FP] !== f && !this.stopped) {
        const g = this.w[t + THREAD.FP]!;
        const head = this.w[g]!;
        this.routines[head & ID_MASK]!.step(this, g, (head >>> ID_BITS) & PC_MASK);
        if (--this.fuel < 0) throw new UnknownError('bound: a step does not end');
      }
    } finally {
      // whoever looks at moves goes on after one that has failed
      this.atomic -= 1;
    }
    if (this.stopped && !this.frozen) throw new UnknownError('a hook called under a lock tried to sleep');
    return this.takeRet();
  }

  /** The routine of a frame. */
  routineAt(f: number): Routine {
    return this.routines[this.w[f]! & ID_MASK]!;
  }

  /** Visits the frames of a thread, lowest first. */
  frames(i: number, visit: (r: Routine, pc: number) => void): void {
    const t = this.thread(i);
    const fp = this.w[t + THREAD.FP]!;
    for (let f = t + THREAD.STACK; fp !== 0 && f <= fp;) {
      const r = this.routineAt(f);
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

  /** A free file slot: one of the process's own if there is any, so that it does not tell which process was first. */
  allocFile(): File {
    const { files } = this;
    for (let i = this.currentProc; i < files.length; i += this.layout.caps.procs)
      if (isFree(files[i]!)) return files[i]!;
    for (const file of files) if (isFree(file)) return file;
    throw new CapacityError('files');
  }

  // --- locks ---

  /** down_write / mutex_lock; false when it must wait. */
  tryWrite(lock: number): boolean {
    if (this.w[lock] !== 0) return false;
    this.w[lock] = -1 - this.cur;
    return true;
  }

  /**
   * down_read; false when it must wait: for a writer, or behind one that waits for the readers there are
   * (`kernel/locking/rwsem.c:rwsem_read_trylock`).
   */
  tryRead(lock: number): boolean {
    const readers = this.w[lock]!;
    if (readers < 0 || (readers > 0 && this.writerWaits(lock))) return false;
    this.w[lock] = readers + 1;
    return true;
  }

  private writerWaits(lock: number): boolean {
    const wanted = lock | (LockMode.Write << WAIT_MODE_SHIFT);
    for (let i = 0; i < this.layout.caps.threads; i++) {
      const t = this.thread(i);
      if (this.w[t + THREAD.WAIT] === wanted && this.w[t + THREAD.STATE] === ThreadState.Runnable)
        return true;
    }
    return false;
  }

  upWrite(lock: number): void {
    this.w[lock] = 0;
  }

  /** downgrade_write: a writer goes on as a reader. */
  downgradeWrite(lock: number): void {
    this.w[lock] = 1;
  }

  upRead(lock: number): void {
    this.w[lock]! -= 1;
  }

  /** Word index of a process's mmap_lock. */
  mmapLock(proc: number): number {
    return this.proc(proc) + PROC.LOCK;
  }

  // --- choices and events ---

  /** Whether an allocation fails, if the test says that any may (`faults alloc`). */
  allocFails(): boolean {
    return this.options.faultsAlloc === true && this.choose(2) === 1;
  }

  /**
   * One of 0..n-1: the only nondeterminism besides the schedule.
   * @param weights how many possibilities each of them stands for; absent: one
   */
  choose(n: number, weights?: readonly number[]): number {
    if (n <= 1) return 0;
    this.chose = true;
    return this.chooser(n, weights);
  }

  /** BUG(): the run freezes; the API that was entered names it. Nobody sees what comes behind it, its result (0) included. */
  bug(): number {
    this.freeze(Freeze.Bug, this.w[this.t + THREAD.API]!);
    return 0;
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

  /** WARN(): noted under the API that was entered; the run goes on. Nobody reads what comes behind a BUG, this included. */
  warn(): void {
    if (this.quiet || this.frozen) return;
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
    if (this.quiet || this.frozen) return;
    if (this.w[HEAD.BAD_MAP]! < MAX_REPORTS) this.w[HEAD.BAD_MAP]! += 1;
    this.tracer?.note('BUG: Bad page map');
  }

  /** A "Bad page state" report. */
  badPage(): void {
    if (this.frozen) return;
    if (this.w[HEAD.BAD_PAGE]! < MAX_REPORTS) this.w[HEAD.BAD_PAGE]! += 1;
    this.tracer?.note('BUG: Bad page state');
  }
}

function isFree(file: File): boolean {
  return file.mode === 0 && file.refs === 0;
}
