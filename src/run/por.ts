/**
 * Partial-order reduction (docs/search.md): in a state where the next step of some thread touches nothing that any other thread can still
 * touch, only that thread moves. What the others do before it, they can do after it, with the same end.
 */
import { PF, pageFault } from '../kernel/fault.js';
import { PAGE, THREAD } from '../kernel/layout.js';
import type { Symmetry } from '../kernel/exchange.js';
import type { Kernel } from '../kernel/kernel.js';
import { entryPfn, none, present, walk } from '../kernel/mm/pgtable.js';
import { PTE_DIRTY, PTE_PROTNONE, PTE_WRITE } from '../kernel/pte.js';
import { exitRoutine, TF_KILLED, ThreadState, type FileOps, type VmOps } from '../kernel/routine.js';
import { ALL_WRITES, Effect, read, written, type DriverEffects } from '../litmus/lower/effects.js';
import type { LoweredThread } from '../litmus/lower/contract.js';
import type { Term } from '../litmus/ast.js';
import type { Compiled } from './boot.js';
import { globalName } from './observe.js';
import type { Question } from './outcome.js';

/** Thrown out of a step that breaks what the reduction takes for granted: the search starts again. */
export class Entangled extends Error {
  /** @param contents frames that processes share are written to; else there can be no reduction at all */
  constructor(readonly contents: boolean) {
    super('threads meet where the reduction takes them to be apart');
  }
}

/** How a search is reduced. */
export interface Reduction {
  /** Whether processes write to frames that they do not have for themselves. */
  readonly contents: boolean;
}

/** System calls that work on their own process's mm, and call no handler but those of VMAs and ->release. */
const OF_MM = new Set([
  ...['munmap', 'mprotect', 'mremap', 'madvise', 'mlock', 'mlock2', 'munlock', 'mlockall', 'munlockall'],
  ...['msync', 'mincore', 'exit'],
]);

/** What a thread's function does, by pc. */
interface Footprint {
  /** Of the operation that the instruction belongs to; where there is none, all until the next. */
  readonly now: Int32Array;
  /** Of it and all that may follow. */
  readonly future: Int32Array;
  /** First instruction of the operation; -1 before the first one. */
  readonly from: Int32Array;
}

/** Whether threads of a test can be told to be apart at all. */
function separable(c: Compiled, effects: DriverEffects): boolean {
  const { lowered, options } = c;
  if (lowered.threads.length < 2 || options.memtypes === true || effects.strays) return false;
  return !lowered.threads.some((t) => t.operations.some((o) => o.name === 'fork'));
}

/** The reduction that a first search tries; undefined if there is none. */
export function firstReduction(c: Compiled, question: Question): Reduction | undefined {
  if (c.lowered.threads.length < 2 || question.observables.some(({ term }) => isHandle(c, term)))
    return undefined;
  const effects = c.lowered.effects();
  if (!separable(c, effects)) return undefined;
  return { contents: effects.unknown };
}

/** Whether a value asked for is a pointer of the driver: which slot an object has depends on who came first. */
function isHandle(c: Compiled, term: Term): boolean {
  if (term.kind !== 'global') return false;
  const type = c.lowered.globals.get(globalName([term.name, ...term.path]))?.type;
  return type?.kind === 'pointer' && !type.user;
}

export class Por {
  /** By routine. */
  private readonly footprints = new Map<number, Footprint>();
  /** Of a process that ends. */
  private readonly exit: number;
  /** Whether processes meet in the allocator or in counts of pages, whatever they do to their own mm. */
  private readonly meeting: boolean;
  /** Words of struct pages that nobody counts, when threads began. */
  private pages: Int32Array | undefined;
  private readonly nowOf: Int32Array;
  private readonly futureOf: Int32Array;
  /** Where the thread that may go alone stood before its step. */
  private readonly before: number[] = [];
  private readonly after: number[] = [];
  private chosen = -1;
  private faultPage = -1;
  private faultWrites = false;

  constructor(
    private readonly c: Compiled,
    private readonly k: Kernel,
    symmetry: Symmetry | undefined,
    private readonly reduction: Reduction,
  ) {
    const effects = c.lowered.effects();
    const hasRam = c.mem.isRam.includes(1);
    const interchangeable =
      symmetry !== undefined &&
      symmetry.unit === 1 &&
      c.mem.isRam.every((ram, f) => ram === 0 || symmetry.pinned[f] === 0);
    this.meeting = effects.unknown || (hasRam && !interchangeable);
    const masks = new Masks(c, effects);
    this.exit = masks.exit;
    for (const thread of c.lowered.threads) this.footprints.set(thread.fn.id, footprintOf(thread, masks));
    this.nowOf = new Int32Array(k.layout.caps.threads);
    this.futureOf = new Int32Array(k.layout.caps.threads);
  }

  /** A thread whose step may be made alone in the state in place, or -1. */
  choose(): number {
    const { k, futureOf } = this;
    const n = k.layout.caps.threads;
    let revokes = 0;
    let enabled = 0;
    for (let i = 0; i < n; i++) {
      this.look(i);
      revokes |= futureOf[i]! & Effect.Revoke;
      if (k.enabled(i)) enabled += 1;
    }
    this.chosen = -1;
    if (enabled < 2) return -1;
    for (let i = 0; i < n && this.chosen < 0; i++)
      if (k.enabled(i) && this.apart(i, revokes !== 0 || this.meeting)) this.chosen = i;
    if (this.chosen >= 0) this.remember();
    return this.chosen;
  }

  /** What thread `i` does next, and may do at all. */
  private look(i: number): void {
    const { k } = this;
    const t = k.thread(i);
    this.nowOf[i] = 0;
    this.futureOf[i] = 0;
    if (k.w[t + THREAD.STATE] !== ThreadState.Runnable) return;
    const base = t + THREAD.STACK;
    const footprint = this.footprints.get(k.routineAt(base).id);
    const pc = k.pcAt(base);
    if (footprint === undefined || pc >= footprint.now.length) {
      this.nowOf[i] = this.futureOf[i] = Effect.Anything;
      return;
    }
    const above = this.above(base);
    if (above >= 0 && k.routineAt(above) === exitRoutine()) {
      this.nowOf[i] = this.futureOf[i] = this.exit;
      return;
    }
    this.nowOf[i] = above >= 0 && footprint.from[pc]! < 0 ? Effect.Anything : footprint.now[pc]!;
    this.futureOf[i] = footprint.future[pc]!;
    if ((k.w[t + THREAD.FLAGS]! & TF_KILLED) !== 0) this.futureOf[i]! |= this.exit;
  }

  /** The frame above the lowest one of the thread, or -1. */
  private above(base: number): number {
    const { k } = this;
    const t = base - THREAD.STACK;
    return k.w[t + THREAD.FP] === base ? -1 : base + 1 + k.routineAt(base).words;
  }

  /** Whether what thread `i` does next touches nothing that another one may touch. */
  private apart(i: number, meeting: boolean): boolean {
    const { k, nowOf, futureOf } = this;
    const now = nowOf[i]!;
    if ((now & Effect.Anything) !== 0) return false;
    const against = conflicts(now, meeting, this.reduction.contents);
    const proc = k.w[k.thread(i) + THREAD.PROC];
    for (let j = 0; j < k.layout.caps.threads; j++) {
      if (j === i || k.w[k.thread(j) + THREAD.STATE] !== ThreadState.Runnable) continue;
      if (k.w[k.thread(j) + THREAD.PROC] === proc || (futureOf[j]! & against) !== 0) return false;
    }
    return true;
  }

  private remember(): void {
    const { k } = this;
    this.stand(this.chosen, this.before);
    const above = this.above(k.thread(this.chosen) + THREAD.STACK);
    const faults = above >= 0 && k.routineAt(above) === pageFault;
    this.faultPage = faults ? k.w[above + PF.PG]! : -1;
    this.faultWrites = faults && k.w[above + PF.WRITE] === 1;
  }

  /** Where a thread stands: its operation, then the pcs of the kernel's and the driver's frames. */
  private stand(i: number, into: number[]): void {
    const { k } = this;
    const t = k.thread(i);
    const base = t + THREAD.STACK;
    into.length = 0;
    into.push(this.footprints.get(k.routineAt(base).id)!.from[k.pcAt(base)]!);
    const fp = k.w[t + THREAD.FP]!;
    for (let f = base; f <= fp; f += 1 + k.routineAt(f).words) if (f !== base) into.push(k.pcAt(f));
  }

  /**
   * Whether the chosen thread has come further by the step just made, so that it does not go alone for ever while others wait: it is over,
   * or at a later operation, or further inside the same one. A fault that comes back to its access has done that if the access can be made.
   */
  advanced(): boolean {
    const { k, before, after } = this;
    if (k.w[k.thread(this.chosen) + THREAD.STATE] !== ThreadState.Runnable) return true;
    this.stand(this.chosen, after);
    if (after[0] !== before[0]) return after[0]! > before[0]!;
    if (after.length === 1) return before.length > 1 && this.faultPage >= 0 && this.accessible();
    for (let i = 1; i < after.length; i++) {
      if (i === before.length) return i === 1;
      if (after[i] !== before[i]) return after[i]! > before[i]!;
    }
    return after.length < before.length;
  }

  private accessible(): boolean {
    const { k } = this;
    const e = walk(k, k.w[k.thread(this.chosen) + THREAD.PROC]!, this.faultPage);
    if (none(k, e) || !present(k, e) || entryPfn(k, e) < 0) return false;
    const flags = k.w[e + 1]!;
    const wanted = this.faultWrites ? PTE_WRITE | PTE_DIRTY : 0;
    return (flags & PTE_PROTNONE) === 0 && (flags & wanted) === wanted;
  }

  /**
   * Looks at what a step has left.
   * @throws Entangled if it froze the run, changed a count of a page that is nobody's own, or what such a page contains
   */
  check(): void {
    const { k } = this;
    if (k.frozen) throw new Entangled(false);
    if (k.storesShared && !this.reduction.contents) throw new Entangled(true);
    const { frames, frameWords } = k.layout;
    for (let f = 0; f < this.c.mem.frames; f++) {
      if (this.c.mem.isRam[f] === 1) continue;
      const at = frames + f * frameWords;
      for (let i = 0; i < PAGE.CELLS; i++)
        if (k.w[at + i] !== this.pages![f * PAGE.CELLS + i]) throw new Entangled(false);
    }
  }

  /** Notes what pages are like when threads begin. */
  begin(): void {
    if (this.pages !== undefined) return;
    const { k } = this;
    const { frames, frameWords } = k.layout;
    this.pages = new Int32Array(this.c.mem.frames * PAGE.CELLS);
    for (let f = 0; f < this.c.mem.frames; f++)
      for (let i = 0; i < PAGE.CELLS; i++) this.pages[f * PAGE.CELLS + i] = k.w[frames + f * frameWords + i]!;
  }
}

/** What must not be in the future of others for a step with footprint `now` to be made first. */
function conflicts(now: number, meeting: boolean, contents: boolean): number {
  if (now === 0) return 0;
  let against: number = Effect.Anything | written(now) | read(now) | (now & ALL_WRITES);
  if ((now & Effect.Mm) !== 0) against |= Effect.Revoke | (meeting ? Effect.Mm : 0);
  if ((now & Effect.Revoke) !== 0) against |= Effect.Revoke | Effect.Mm;
  if (!contents) return against;
  if ((now & Effect.ReadContents) !== 0) against |= Effect.WriteContents;
  if ((now & Effect.WriteContents) !== 0) against |= Effect.WriteContents | Effect.ReadContents;
  return against;
}

/** Footprints of operations. */
class Masks {
  readonly exit: number;
  private readonly vma: number;
  private readonly classifier: number;

  constructor(
    private readonly c: Compiled,
    private readonly effects: DriverEffects,
  ) {
    const handlers = this.c.lowered.program.vmOps.reduce((mask, ops) => mask | this.all(ops), 0);
    this.vma = Effect.Mm | Effect.ReadContents | handlers | this.drivers('release');
    this.exit = this.vma;
    this.classifier = this.c.lowered.program.vmOps.reduce(
      (mask, ops) =>
        mask | (ops?.findNormalPage === undefined ? 0 : this.effects.of(ops.findNormalPage.name)),
      0,
    );
  }

  private all(table: VmOps | undefined): number {
    // ->access is asked by procmem() only, which may touch anything
    const handlers = Object.entries(table ?? {}).filter(([key]) => key !== 'name' && key !== 'access');
    return handlers.reduce((mask, [, fn]) => mask | this.effects.of((fn as { name: string }).name), 0);
  }

  private drivers(...keys: (keyof FileOps)[]): number {
    let mask = 0;
    for (const driver of this.c.lowered.program.drivers)
      for (const key of keys) {
        const fn = driver[key];
        if (typeof fn === 'object') mask |= this.effects.of(fn.name);
      }
    return mask;
  }

  of(name: string): number {
    const mask = this.called(name);
    // zapping the entries of others asks their classifier
    return (mask & Effect.Revoke) === 0 ? mask : mask | this.classifier;
  }

  private called(name: string): number {
    if (OF_MM.has(name) || name === 'load') return this.vma;
    switch (name) {
      case 'store':
        return this.vma | Effect.WriteContents;
      case 'open':
        return this.drivers('open');
      case 'close':
        return this.drivers('release');
      case 'ioctl':
        return this.drivers('unlockedIoctl', 'release');
      case 'mmap':
        // ->mmap_prepare may hold i_mmap_rwsem where others come in
        if (this.c.lowered.program.drivers.some((d) => d.mmapPrepare !== undefined)) return Effect.Anything;
        return this.vma | this.drivers('mmap', 'getUnmappedArea');
      default:
        return Effect.Anything;
    }
  }
}

function footprintOf({ operations, loops }: LoweredThread, masks: Masks): Footprint {
  const size = Math.max(0, ...operations.map((o) => o.to)) + 2;
  const [now, future, from] = [new Int32Array(size), new Int32Array(size), new Int32Array(size).fill(-1)];
  const all = operations.reduce((mask, o) => mask | masks.of(o.name), 0);
  let after = 0;
  for (let pc = size - 1; pc >= 0; pc--) {
    const here = operations.find((o) => o.from <= pc && pc < o.to);
    if (here !== undefined) {
      now[pc] = masks.of(here.name);
      from[pc] = here.from;
      after |= now[pc]!;
    } else now[pc] = pc === 0 ? 0 : Effect.Anything;
    future[pc] = loops ? all : after;
  }
  return { now, future, from };
}
