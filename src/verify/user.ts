/**
 * The most general program: chooses an operation, makes it, and chooses again. What it has done is in the kernel's state only, so
 * that the graph of states closes.
 */
import { apiId, THREAD_FUNCTIONS } from '../litmus/api/index.js';
import { isErrno } from '../kernel/errno.js';
import { doGroupExit } from '../kernel/exit.js';
import { callPageFault, FAULT, NO_FRAME, translate } from '../kernel/fault.js';
import { fget } from '../kernel/fs/file_table.js';
import { VM_SHARED } from '../kernel/flags.js';
import type { Kernel } from '../kernel/kernel.js';
import { THREAD } from '../kernel/layout.js';
import { cellsOf } from '../kernel/mm/page_alloc.js';
import { walk } from '../kernel/mm/pgtable.js';
import { vmaLookup } from '../kernel/mm/vma.js';
import { PTE_GHOST_COUNTED, PTE_PRESENT, PTE_WRITE } from '../kernel/pte.js';
import { TF_KILLED, ThreadState, type CFunction, type Routine } from '../kernel/routine.js';
import { MAP_FIXED, MREMAP_FIXED, MREMAP_MAYMOVE } from '../kernel/uapi.js';
import { available, room } from './available.js';
import { Kind, POINTER, type Operation } from './operations.js';

const PAGE = 4096;

/** Local words: the operation under way + 1, tries of an access, what the driver has failed to do (ghost state, {@link Failed}). */
export const USER = { OP: 1, TRIES: 2, FAILED: 3, WORDS: 3 } as const;

/** What only the program that made the call can tell. */
export const Failed = {
  /** A revocation left a raw entry. */
  Revoke: 1,
  /** What mmap() has mapped, or a load has faulted in, can be written, and the driver's mkwrite handler was never asked. */
  Notify: 2,
  /** mmap() failed where the driver has promised that it succeeds. */
  Serve: 4,
  /** No failure yet: the mmap() under way had a raw entry when access was revoked. */
  Late: 8,
} as const;

const Pc = { Choose: 0, Access: 1, Faulted: 2, Done: 3 } as const;

/** An access that faults again and again is given up, as by a signal's handler. */
const MAX_TRIES = 3;

const CALLS: Readonly<Partial<Record<Kind, string>>> = {
  [Kind.Open]: 'open',
  [Kind.Close]: 'close',
  [Kind.Mmap]: 'mmap',
  [Kind.Munmap]: 'munmap',
  [Kind.Mprotect]: 'mprotect',
  [Kind.Madvise]: 'madvise',
  [Kind.Move]: 'mremap',
  [Kind.Grow]: 'mremap',
  [Kind.Gup]: 'gup',
  [Kind.GupFast]: 'gup_fast',
  [Kind.Put]: 'put',
  [Kind.ProcmemWrite]: 'procmem_write',
  [Kind.Ioctl]: 'ioctl',
  [Kind.Fork]: 'fork',
  [Kind.Exit]: 'exit',
};

/** Told what the program does, for reports. */
export interface Listener {
  begins(thread: number, o: Operation): void;
  ends(thread: number, result: number | undefined): void;
}

export class User {
  readonly routine: CFunction;
  listener: Listener | undefined = undefined;
  /** The operation that is chosen next, by its place on the menu; -1: any that is to be had. */
  next = -1;
  private readonly calls: readonly (Routine | undefined)[];
  private readonly ids: readonly number[];
  private readonly fault = apiId('page_fault');
  private readonly cell: number;

  /** Operations to be had in the present state, and how many; -1: not looked up yet. */
  private readonly offer: Int32Array;
  private offered = -1;

  /**
   * @param id number of the routine
   * @param menu all operations
   * @param owed what the driver has promised
   */
  constructor(
    id: number,
    readonly menu: readonly Operation[],
    private readonly owed: Owed,
    private readonly contents: boolean,
    cell: number,
  ) {
    const names = Array.from({ length: Kind.Exit + 1 }, (_, kind) => CALLS[kind as Kind]);
    this.calls = names.map((name) => (name === undefined ? undefined : THREAD_FUNCTIONS[name]?.routine));
    this.ids = names.map((name) => (name === undefined ? 0 : apiId(name)));
    this.cell = cell;
    this.offer = new Int32Array(menu.length);
    this.routine = {
      id,
      name: 'program',
      words: USER.WORDS,
      user: true,
      params: [],
      step: (k, f, pc) => this.step(k, f, pc),
    };
  }

  /** The state is another one, or another process moves. */
  forget(): void {
    this.offered = -1;
  }

  /** Whether thread `i`, if it moves now, chooses an operation. */
  chooses(k: Kernel, i: number): boolean {
    const { w } = k;
    const t = k.thread(i);
    const f = t + THREAD.STACK;
    return w[t + THREAD.FP] === f && k.pcAt(f) === Pc.Choose && (w[t + THREAD.FLAGS]! & TF_KILLED) === 0;
  }

  /** Whether thread `i` may choose operation `o`. */
  offers(k: Kernel, i: number, o: number): boolean {
    return available(k, k.w[k.thread(i) + THREAD.PROC]!, this.menu[o]!);
  }

  /** Whether it may choose any: the last on the menu are to be had most often. */
  offersAny(k: Kernel, i: number): boolean {
    for (let o = this.menu.length - 1; o >= 0; o--) if (this.offers(k, i, o)) return true;
    return false;
  }

  private step(k: Kernel, f: number, pc: number): void {
    switch (pc) {
      case Pc.Choose:
        return this.choose(k, f);
      case Pc.Access:
        return this.access(k, f);
      case Pc.Faulted:
        k.takeRet();
        k.w[k.t + THREAD.API] = 0;
        k.w[f + USER.TRIES]! += 1;
        if (k.w[f + USER.TRIES]! < MAX_TRIES) return k.userPoint(f, Pc.Access);
        return this.done(k, f, undefined);
      default:
        return this.done(k, f, k.takeRet());
    }
  }

  private choose(k: Kernel, f: number): void {
    const proc = k.currentProc;
    const { menu } = this;
    const i = this.next >= 0 ? this.next : this.any(k, proc);
    this.next = -1;
    if (i < 0) {
      // Nothing is left to do with what `--only` allows: the state stays.
      k.stopped = true;
      return;
    }
    k.chose = false;
    k.w[f + USER.OP] = i + 1;
    const o = menu[i]!;
    this.listener?.begins(k.cur, o);
    this.begin(k, f, o, proc);
  }

  /** Any operation that is to be had, -1 if there is none. */
  private any(k: Kernel, proc: number): number {
    const { menu } = this;
    if (this.offered < 0) {
      this.offered = 0;
      for (let i = 0; i < menu.length; i++) if (available(k, proc, menu[i]!)) this.offer[this.offered++] = i;
    }
    return this.offered === 0 ? -1 : this.offer[k.choose(this.offered)]!;
  }

  private begin(k: Kernel, f: number, o: Operation, proc: number): void {
    if (o.kind === Kind.Exit) {
      k.w[k.t + THREAD.API] = this.ids[o.kind]!;
      k.w[f + USER.OP] = 0;
      k.setPc(f, Pc.Choose);
      return doGroupExit(k, 0);
    }
    if (o.kind === Kind.Load || o.kind === Kind.Store) return k.goto(f, Pc.Access);
    k.w[k.t + THREAD.API] = this.ids[o.kind]!;
    const nf = k.call(f, Pc.Done, this.calls[o.kind]!);
    this.fill(k, nf, o, proc);
  }

  /** Arguments of a system call: two words each. */
  private fill(k: Kernel, nf: number, o: Operation, proc: number): void {
    switch (o.kind) {
      case Kind.Open:
      case Kind.Close:
      case Kind.Ioctl:
        put(k, nf, 0, o.a);
        put(k, nf, 1, o.b);
        if (o.kind === Kind.Ioctl && o.d === POINTER) address(k, nf, 2, 0);
        else if (o.kind === Kind.Ioctl) put(k, nf, 2, o.c);
        else if (o.kind === Kind.Close) k.w[nf + 3] = 0;
        return;
      case Kind.Mmap:
        address(k, nf, 0, room(k, proc, o.b));
        put(k, nf, 1, o.b * PAGE);
        put(k, nf, 2, o.c);
        put(k, nf, 3, o.d | MAP_FIXED);
        put(k, nf, 4, o.a);
        wide(k, nf, 5, o.offset!.pgoff << 12n);
        return;
      case Kind.Move:
        address(k, nf, 0, o.a);
        put(k, nf, 1, o.c * PAGE);
        put(k, nf, 2, o.c * PAGE);
        put(k, nf, 3, MREMAP_MAYMOVE | MREMAP_FIXED);
        address(k, nf, 4, o.b);
        return;
      case Kind.Grow:
        address(k, nf, 0, o.a);
        put(k, nf, 1, PAGE);
        put(k, nf, 2, 2 * PAGE);
        put(k, nf, 3, o.b === 0 ? MREMAP_MAYMOVE : MREMAP_MAYMOVE | MREMAP_FIXED);
        if (o.b !== 0) address(k, nf, 4, room(k, proc, 2));
        return;
      case Kind.Munmap:
      case Kind.Mprotect:
      case Kind.Madvise:
        address(k, nf, 0, o.a);
        put(k, nf, 1, (o.b - o.a) * PAGE);
        if (o.kind !== Kind.Munmap) put(k, nf, 2, o.c);
        return;
      case Kind.Gup:
      case Kind.GupFast:
      case Kind.ProcmemWrite:
        address(k, nf, 0, o.a);
        put(k, nf, 1, o.b);
        return;
      case Kind.Put:
        return address(k, nf, 0, o.a);
      default:
    }
  }

  /** A load or store, with the page faults that it takes. */
  private access(k: Kernel, f: number): void {
    const o = this.menu[k.w[f + USER.OP]! - 1]!;
    const write = o.kind === Kind.Store;
    const frame = translate(k, k.currentProc, o.a, write);
    if (frame === FAULT) {
      k.w[k.t + THREAD.API] = this.fault;
      return callPageFault(k, f, Pc.Faulted, o.a, write, false);
    }
    if (write && this.contents && frame !== NO_FRAME) k.w[cellsOf(k, frame) + this.cell] = o.b;
    this.done(k, f, undefined);
  }

  /** Which of {@link Failed} a call has shown. */
  private failed(k: Kernel, f: number, o: Operation, result: number): number {
    if (o.kind === Kind.Ioctl) return result === 0 ? this.revoked(k, o) : 0;
    if (o.kind !== Kind.Mmap) return 0;
    const late = (k.w[f + USER.FAILED]! & Failed.Late) !== 0;
    k.w[f + USER.FAILED]! &= ~Failed.Late;
    if (isErrno(result)) return this.promised(k, o) ? Failed.Serve : 0;
    const first = (result - (k.arenaBase | 0)) / PAGE;
    if (late && isRaw(k, k.currentProc, first, first + o.b)) return Failed.Revoke;
    if (this.owed.whole && hasHole(k, first, o.b)) return Failed.Serve;
    return writableUnasked(k, first, o.b) ? Failed.Notify : 0;
  }

  /** Whether the driver has promised that this mmap() succeeds. */
  private promised(k: Kernel, o: Operation): boolean {
    const { serves, servesIdle } = this.owed;
    if (serves.has(o)) return true;
    if (!servesIdle.has(o)) return false;
    const driver = fget(k, k.currentProc, o.a)?.driver;
    return !k.vmas.some((v) => v.mm >= 0 && v.file >= 0 && k.files[v.file]!.driver === driver);
  }

  /**
   * An ioctl has succeeded. A program inside mmap() has no mapping yet, so that it is looked at once more when it comes back, unless the
   * driver may have given access again by then.
   */
  private revoked(k: Kernel, o: Operation): number {
    const revokes = this.owed.revokes.has(o.b);
    const driver = fget(k, k.currentProc, o.a)?.driver;
    let left = false;
    for (let i = 0; i < k.layout.caps.threads; i++) {
      const t = k.thread(i);
      if (k.w[t + THREAD.STATE] !== ThreadState.Runnable && k.w[t + THREAD.WAIT] === 0) continue;
      const f = t + THREAD.STACK;
      const doing = i === k.cur ? undefined : this.menu[k.w[f + USER.OP]! - 1];
      const raw = revokes && rawEntryLeft(k, k.w[t + THREAD.PROC]!, driver);
      if (doing?.kind !== Kind.Mmap) left ||= raw && !this.maps(k, k.w[t + THREAD.PROC]!);
      else if (raw) k.w[f + USER.FAILED]! |= Failed.Late;
      else if (!revokes) k.w[f + USER.FAILED]! &= ~Failed.Late;
    }
    return left ? Failed.Revoke : 0;
  }

  /** Whether another thread of a process is inside mmap(). */
  private maps(k: Kernel, proc: number): boolean {
    for (let i = 0; i < k.layout.caps.threads; i++) {
      const t = k.thread(i);
      if (i === k.cur || k.w[t + THREAD.PROC] !== proc) continue;
      if (this.menu[k.w[t + THREAD.STACK + USER.OP]! - 1]?.kind === Kind.Mmap) return true;
    }
    return false;
  }

  private done(k: Kernel, f: number, result: number | undefined): void {
    const o = this.menu[k.w[f + USER.OP]! - 1]!;
    k.w[k.t + THREAD.API] = 0;
    if (o.kind === Kind.Load && k.w[f + USER.TRIES] !== 0 && this.owed.alone && writableUnasked(k, o.a, 1))
      k.w[f + USER.FAILED]! |= Failed.Notify;
    k.w[f + USER.OP] = 0;
    k.w[f + USER.TRIES] = 0;
    if (result !== undefined) k.w[f + USER.FAILED]! |= this.failed(k, f, o, result);
    if (o.kind === Kind.Fork) startChildren(k);
    this.listener?.ends(k.cur, result);
    k.setPc(f, Pc.Choose);
    k.stopped = true;
  }
}

/** What a driver has promised. */
export interface Owed {
  /** Commands after which no raw entry may be left. */
  readonly revokes: ReadonlySet<number>;
  /** Calls of mmap() that have to succeed, always or while nothing of the device is mapped. */
  readonly serves: ReadonlySet<Operation>;
  readonly servesIdle: ReadonlySet<Operation>;
  /** Whether each page of a mapping has to be there, or its driver has to be asked for it. */
  readonly whole: boolean;
  /** Whether nobody comes in while an operation is made: what it leaves is its own work. */
  readonly alone: boolean;
}

function put(k: Kernel, nf: number, i: number, value: number): void {
  k.w[nf + 1 + 2 * i] = value | 0;
  k.w[nf + 2 + 2 * i] = 0;
}

function address(k: Kernel, nf: number, i: number, pg: number): void {
  const at = k.arenaBase + pg * PAGE;
  k.w[nf + 1 + 2 * i] = at | 0;
  k.w[nf + 2 + 2 * i] = Math.floor(at / 2 ** 32);
}

function wide(k: Kernel, nf: number, i: number, value: bigint): void {
  k.w[nf + 1 + 2 * i] = Number(BigInt.asIntN(32, value));
  k.w[nf + 2 + 2 * i] = Number(BigInt.asIntN(32, value >> 32n));
}

/** Children of fork() come back from it as their parent does, at the same time. */
function startChildren(k: Kernel): void {
  for (let i = 0; i < k.layout.caps.threads; i++) {
    const t = k.thread(i);
    const f = t + THREAD.STACK;
    if (i === k.cur || k.w[t + THREAD.STATE] !== ThreadState.Runnable || k.w[t + THREAD.FP] !== f) continue;
    if (k.w[f + USER.OP] === 0 || k.w[t + THREAD.API] === 0) continue;
    k.w[t + THREAD.API] = 0;
    k.w[f + USER.OP] = 0;
    k.setPc(f, Pc.Choose);
  }
}

/** Whether a raw entry of a driver is left in a process. */
function rawEntryLeft(k: Kernel, proc: number, driver: number | undefined): boolean {
  for (let i = 0; i < k.vmas.length; i++) {
    const v = k.vmas[i]!;
    if (v.mm !== proc || v.file < 0 || k.files[v.file]!.driver !== driver) continue;
    if (isRaw(k, proc, v.start, v.end)) return true;
  }
  return false;
}

/** Whether one of the pages [from, to) has a raw entry. */
function isRaw(k: Kernel, proc: number, from: number, to: number): boolean {
  for (let pg = from; pg < to; pg++) {
    const flags = k.w[walk(k, proc, pg) + 1]!;
    if ((flags & PTE_PRESENT) !== 0 && (flags & PTE_GHOST_COUNTED) === 0) return true;
  }
  return false;
}

/** Whether a page of what mmap() has just mapped is not there, and nobody will be asked for it. */
function hasHole(k: Kernel, first: number, pages: number): boolean {
  const proc = k.currentProc;
  const vma = vmaLookup(k, proc, first);
  if (vma === undefined || k.program.vmOps[vma.ops]?.fault !== undefined) return false;
  for (let pg = first; pg < first + pages; pg++)
    if ((k.w[walk(k, proc, pg) + 1]! & PTE_PRESENT) === 0) return true;
  return false;
}

/** Whether what has just been mapped is writable though its driver wants to hear of first writes: no fault for writing has asked it yet. */
function writableUnasked(k: Kernel, first: number, pages: number): boolean {
  const proc = k.currentProc;
  const vma = vmaLookup(k, proc, first);
  const ops = vma === undefined ? undefined : k.program.vmOps[vma.ops];
  if (ops === undefined || (vma!.flags & VM_SHARED) === 0) return false;
  for (let pg = first; pg < first + pages; pg++) {
    const flags = k.w[walk(k, proc, pg) + 1]!;
    const handler = (flags & PTE_GHOST_COUNTED) === 0 ? ops.pfnMkwrite : ops.pageMkwrite;
    if ((flags & PTE_PRESENT) !== 0 && (flags & PTE_WRITE) !== 0 && handler !== undefined) return true;
  }
  return false;
}
