/**
 * A kernel with one device and handlers written in TypeScript, for tests of single system calls. There is one process, or as many as
 * asked for; `as` says whose turn it is. A call runs to its end, or from point to point; choices take what `pick` says.
 */
import { archNamed } from '../../../src/kernel/arch/index.js';
import { factsFor, type FactOverrides } from '../../../src/kernel/facts.js';
import { FAULT, pageFault, translate } from '../../../src/kernel/fault.js';
import { Kernel } from '../../../src/kernel/kernel.js';
import {
  kernelRoutines,
  ProcState,
  type CFunction,
  type FileOps,
  type Routine,
  type RunOptions,
  type VmOps,
} from '../../../src/kernel/routine.js';
import { Freeze, HEAD, layoutOf, THREAD } from '../../../src/kernel/layout.js';
import { placeRegions, type RegionSpec } from '../../../src/kernel/memmap.js';
import { vmNormalPage } from '../../../src/kernel/mm/memory/classify.js';
import { sysMmap, sysMunmap } from '../../../src/kernel/mm/mmap.js';
import { cellsOf } from '../../../src/kernel/mm/page_alloc.js';
import { entryPfn, none, walk } from '../../../src/kernel/mm/pgtable.js';
import { vmaLookup } from '../../../src/kernel/mm/vma.js';
import type { Release } from '../../../src/kernel/release.js';
import { MAP_PRIVATE, MAP_SHARED } from '../../../src/kernel/uapi.js';
import { FMODE_READ, FMODE_WRITE, PG_FREE, PG_RESERVED, type Vma } from '../../../src/kernel/world.js';
import { handleIndex } from '../../../src/kernel/handle.js';

/** Arguments of handlers: ->access has the most. */
const ARGUMENTS = [0, 1, 2, 3, 4];

/** A driver's handler: what it does with its first arguments, and what it returns. */
export type Handler = (m: Machine, args: readonly number[]) => number;

export interface Setup {
  readonly arch?: string;
  readonly release?: Release;
  readonly facts?: FactOverrides;
  /** Handlers by their names in file_operations (mmap) and vm_operations_struct. */
  readonly handlers?: Readonly<Record<string, Handler>>;
  /** vm_ops is NULL instead of the handlers' table. */
  readonly noOps?: boolean;
  readonly regions?: readonly RegionSpec[];
  readonly writable?: boolean;
  readonly options?: RunOptions;
  /** Keeps entries above the PTE level; otherwise only with a hugeFault handler. */
  readonly leaves?: boolean;
  /** Processes, each with the device open as descriptor 3; process i runs thread i. */
  readonly processes?: number;
  /** Threads of process 0 beyond its first. */
  readonly extraThreads?: number;
}

const REGIONS: readonly RegionSpec[] = [
  { name: 'pool', kind: 'ram', pages: 8 },
  { name: 'buf', kind: 'reserved', pages: 4 },
  { name: 'bar', kind: 'mmio', pages: 8, where: 'high' },
];

const FD = 3;
export const PAGE = 4096;

export class Machine {
  readonly k: Kernel;
  /** Handlers that ran, in order. */
  readonly log: string[] = [];
  /** Decides choices. */
  pick: (n: number) => number = () => 0;
  /** Thread whose turn it is. */
  as = 0;
  private readonly first = new Map<string, number>();

  constructor(setup: Setup = {}) {
    const facts = factsFor(archNamed(setup.arch ?? 'x86_64')!, setup.release ?? '7.2', setup.facts);
    const mem = placeRegions(setup.regions ?? REGIONS, facts.zeroPages);
    for (const r of mem.regions) this.first.set(r.name, r.pfn);
    const functions: CFunction[] = [];
    const define = (name: string, handler: Handler | undefined, atomic = false): CFunction => {
      const fn: CFunction = {
        id: kernelRoutines.length + functions.length,
        name,
        words: 2 * ARGUMENTS.length,
        user: handler === undefined,
        params: ARGUMENTS.map((i) => ({ slot: 2 * i, words: 2 })),
        step: (k, f, pc) => {
          if (handler === undefined) return ((k.stopped = true), k.setPc(f, pc));
          this.log.push(name);
          const args = ARGUMENTS.map(
            (i) => (k.w[f + 2 + 2 * i]! >>> 0) * 2 ** 32 + (k.w[f + 1 + 2 * i]! >>> 0),
          );
          const value = handler(this, args);
          if (k.frozen) return;
          if (atomic) k.ret(f, value);
          else k.retPoint(f, value);
        },
      };
      functions.push(fn);
      return fn;
    };
    const user = define('user', undefined);
    const { mmap, release, mmapPrepare, getUnmappedArea, ...rest } = setup.handlers ?? {};
    const fops: FileOps = {
      name: 'demo',
      ...(mmap !== undefined && { mmap: define('mmap', mmap) }),
      ...(release !== undefined && { release: define('release', release) }),
      ...(mmapPrepare !== undefined && { mmapPrepare: define('mmapPrepare', mmapPrepare) }),
      ...(getUnmappedArea !== undefined && { getUnmappedArea: define('getUnmappedArea', getUnmappedArea) }),
    };
    const ops: Record<string, CFunction> = {};
    for (const [name, handler] of Object.entries(rest))
      ops[name] = define(name, handler, name === 'findNormalPage');
    const caps = {
      procs: 4,
      threads: 4,
      vmas: 16,
      files: 3,
      fds: 3,
      pins: 4,
      arena: 64,
      stack: 400,
      heap: 8,
      memtypes: setup.options?.memtypes === true ? 8 : 0,
    };
    const cells = [{ offset: 0, bytes: 1, word: 0 }];
    const leaves = setup.leaves ?? setup.handlers?.['hugeFault'] !== undefined;
    const shape = { frames: mem.frames, cellWords: 1, globalWords: 0, drivers: 1, leaves };
    const program = {
      functions,
      vmOps: [undefined, undefined, { name: 'ops', ...ops } as VmOps],
      drivers: [fops],
      cells,
      apiNames: ['none'],
    };
    this.k = new Kernel(layoutOf(shape, caps, 4), facts, mem, program, setup.options);
    this.k.chooser = (n) => this.pick(n);
    this.boot();
    const processes = setup.processes ?? 1;
    for (let i = 0; i < processes; i++) this.addProcess(i, user, setup.writable !== false);
    for (let i = 0; i < (setup.extraThreads ?? 0); i++) this.k.start(processes + i, user);
  }

  private boot(): void {
    const k = this.k;
    for (const page of k.pages) {
      const kind = k.mem.regionOf[page.frame]!.kind;
      page.flags = kind === 'ram' ? PG_FREE : PG_RESERVED;
      page.refcount = kind === 'ram' || kind === 'mmio' ? 0 : 1;
    }
  }

  private addProcess(i: number, user: CFunction, writable: boolean): void {
    const k = this.k;
    k.procs[i]!.state = ProcState.Live;
    const file = k.files[i]!;
    file.mode = FMODE_READ | (writable ? FMODE_WRITE : 0);
    file.refs = 1;
    k.w[k.proc(i) + k.layout.fdsAt] = i + 1;
    k.w[k.thread(i) + THREAD.PROC] = i;
    k.start(i, user);
  }

  /** Process whose turn it is. */
  get proc(): number {
    return this.k.w[this.k.thread(this.as) + THREAD.PROC]!;
  }

  /** The same machine, for a moment as another thread. */
  asThread<T>(thread: number, body: () => T): T {
    const before = this.as;
    this.as = thread;
    try {
      return body();
    } finally {
      this.as = before;
    }
  }

  /** First pfn of a region. */
  pfn(region: string, page = 0): number {
    return this.first.get(region)! + page;
  }

  /** Frame index of a region's page. */
  frame(region: string, page = 0): number {
    return this.k.mem.frame(this.pfn(region, page));
  }

  /** The VMA that a handler's argument points at. */
  vmaOf(h: number): Vma {
    return this.k.vmas[handleIndex(h)]!;
  }

  /** Runs a routine of the process to its end; numbers are two-word arguments. */
  call(r: Routine, ...args: number[]): number {
    return this.callWords(r, ...args.flatMap((n) => [n | 0, Math.floor(n / 2 ** 32) | 0]));
  }

  /** The same with one word an argument. */
  callWords(r: Routine, ...words: number[]): number {
    this.enter(r, words);
    for (let i = 0; !this.finished; i++) {
      if (i > 1000) throw new Error(`${r.name} does not end`);
      if (!this.k.enabled(this.as)) throw new Error(`${r.name} waits for ever`);
      this.k.run(this.as);
    }
    return this.result();
  }

  private get base(): number {
    return this.k.thread(this.as) + THREAD.STACK;
  }

  /** Pushes a call of the current thread; nothing runs yet. */
  enter(r: Routine, words: readonly number[]): void {
    const k = this.k;
    k.t = k.thread(this.as);
    k.cur = this.as;
    const f = k.call(this.base, 0, r);
    words.forEach((n, i) => (k.w[f + 1 + i] = n));
  }

  /** {@link enter} with two-word arguments. */
  begin(r: Routine, ...args: number[]): void {
    this.enter(
      r,
      args.flatMap((n) => [n | 0, Math.floor(n / 2 ** 32) | 0]),
    );
  }

  /** Whether the current thread's call has returned (or the run is frozen). */
  get finished(): boolean {
    const k = this.k;
    return k.frozen || k.w[k.thread(this.as) + THREAD.FP] === this.base;
  }

  /** Whether the current thread waits for a lock. */
  get blocked(): boolean {
    return !this.k.enabled(this.as);
  }

  /** Runs the current thread to its next point. @returns whether its call has returned */
  step(): boolean {
    this.k.everyPoint = true;
    this.k.run(this.as);
    this.k.everyPoint = false;
    return this.finished;
  }

  /** Runs the current thread from point to point until `stop`. */
  stepUntil(stop: () => boolean): void {
    for (let i = 0; !stop(); i++) {
      if (i > 1000 || this.finished) throw new Error('the point was not reached');
      this.step();
    }
  }

  /** Value of the call that has returned. */
  result(): number {
    const k = this.k;
    k.t = k.thread(this.as);
    const lo = k.takeRet();
    return k.hi === lo >> 31 ? lo : (k.hi >>> 0) * 2 ** 32 + (lo >>> 0);
  }

  get bug(): boolean {
    return this.k.w[HEAD.FROZEN] === Freeze.Bug;
  }

  /** Id of the undefined behaviour that froze the run, or 0. */
  get undefined(): number {
    return this.k.w[HEAD.FROZEN] === Freeze.Undefined ? this.k.w[HEAD.FROZEN_ID]! : 0;
  }

  get warned(): boolean {
    return this.k.w[HEAD.WARNED] !== 0;
  }

  /** "Bad page map" reports. */
  get badMaps(): number {
    return this.k.w[HEAD.BAD_MAP]!;
  }

  /** "Bad page state" reports. */
  get badPages(): number {
    return this.k.w[HEAD.BAD_PAGE]!;
  }

  /** mmap(NULL, ...) of the device: the address, or -errno. */
  mmap(pages: number, prot: number, how: 'private' | 'shared', pgoff = 0): number {
    const flags = how === 'private' ? MAP_PRIVATE : MAP_SHARED;
    return this.call(sysMmap, 0, pages * PAGE, prot, flags, FD, pgoff * PAGE);
  }

  munmap(addr: number, pages: number): number {
    return this.call(sysMunmap, addr, pages * PAGE);
  }

  /** A user access: 0, or what the fault says (a signal ends the process: 'died'). */
  touch(addr: number, write: boolean): 'ok' | 'died' {
    const k = this.k;
    const mm = this.proc;
    for (let i = 0; i < 10; i++) {
      if (translate(k, mm, this.page(addr), write) !== FAULT) return 'ok';
      this.enter(pageFault, [this.page(addr), write ? 1 : 0, 0]);
      while (!this.finished && k.procs[mm]!.signal === 0) k.run(this.as);
      if (k.procs[mm]!.signal !== 0 || k.frozen) return 'died';
      this.result();
    }
    throw new Error('the access faults for ever');
  }

  page(addr: number): number {
    return (addr - this.k.arenaBase) / PAGE;
  }

  vma(addr: number): Vma | undefined {
    return vmaLookup(this.k, this.proc, Math.floor(this.page(addr)));
  }

  /** Word index of the entry at an address. */
  entry(addr: number): number {
    return walk(this.k, this.proc, this.page(addr));
  }

  /** Flag half of the entry. */
  flags(addr: number): number {
    return this.k.w[this.entry(addr) + 1]! & 0xffff;
  }

  /** pfn of the entry, or undefined when it is none. */
  mapped(addr: number): number | undefined {
    const e = this.entry(addr);
    return none(this.k, e) ? undefined : entryPfn(this.k, e);
  }

  /** vm_normal_page() at an address: frame index or negative. */
  normal(addr: number): number {
    return vmNormalPage(this.k, this.vma(addr)!, this.page(addr), this.entry(addr));
  }

  /** Word index of a frame's only cell: one byte at offset 0. */
  cell(frame: number): number {
    return cellsOf(this.k, frame);
  }

  byteOf(frame: number): number {
    return this.k.w[this.cell(frame)]!;
  }

  setByte(region: string, page: number, value: number): void {
    this.k.w[this.cell(this.frame(region, page))] = value;
  }

  refcount(region: string, page = 0): number {
    return this.k.pages[this.frame(region, page)]!.refcount;
  }

  /** References and mapcount of a page. */
  counts(region: string, page = 0): readonly [refs: number, maps: number] {
    const { refcount, mapcount } = this.k.pages[this.frame(region, page)]!;
    return [refcount, mapcount];
  }

  /** RSS counters of the current process. */
  get rss(): readonly [anon: number, file: number] {
    const { rssAnon, rssFile } = this.k.procs[this.proc]!;
    return [rssAnon, rssFile];
  }
}
