/**
 * A kernel with one process, one device and handlers written in TypeScript, for tests of single system calls. Every call runs to
 * its end; choices take the frame that `pick` says.
 */
import { archNamed } from '../../../src/kernel/arch/index.js';
import { factsFor, type FactOverrides } from '../../../src/kernel/facts.js';
import { FAULT, pageFault, PF, translate } from '../../../src/kernel/fault.js';
import { Kernel } from '../../../src/kernel/kernel.js';
import {
  kernelRoutines,
  ProcState,
  ThreadState,
  type CFunction,
  type FileOps,
  type Routine,
  type VmOps,
} from '../../../src/kernel/routine.js';
import { layoutOf, THREAD } from '../../../src/kernel/layout.js';
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
  private readonly base: number;
  private readonly first = new Map<string, number>();

  constructor(setup: Setup = {}) {
    const facts = factsFor(archNamed(setup.arch ?? 'x86_64')!, setup.release ?? '7.2', setup.facts);
    const mem = placeRegions(setup.regions ?? REGIONS);
    for (const r of mem.regions) this.first.set(r.name, r.pfn);
    const functions: CFunction[] = [];
    const define = (name: string, handler: Handler | undefined, atomic = false): CFunction => {
      const fn: CFunction = {
        id: kernelRoutines.length + functions.length,
        name,
        words: 6,
        user: handler === undefined,
        params: [0, 1, 2].map((i) => ({ slot: 2 * i, words: 2 })),
        step: (k, f, pc) => {
          if (handler === undefined) return ((k.stopped = true), k.setPc(f, pc));
          this.log.push(name);
          const args = [0, 1, 2].map(
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
    };
    const cells = [{ offset: 0, bytes: 1, word: 0 }];
    const shape = { frames: mem.frames, cellWords: 1, globalWords: 0, drivers: 1 };
    const program = {
      functions,
      vmOps: [undefined, undefined, { name: 'ops', ...ops } as VmOps],
      drivers: [fops],
      cells,
      apiNames: ['none'],
    };
    this.k = new Kernel(layoutOf(shape, caps, 4), facts, mem, program);
    this.k.chooser = (n) => this.pick(n);
    this.boot(setup.writable !== false);
    this.base = this.k.start(0, user);
  }

  private boot(writable: boolean): void {
    const k = this.k;
    for (const page of k.pages) {
      const kind = k.mem.regionOf[page.frame]!.kind;
      page.flags = kind === 'ram' ? PG_FREE : PG_RESERVED;
      page.refcount = kind === 'ram' || kind === 'mmio' ? 0 : 1;
    }
    k.procs[0]!.state = ProcState.Live;
    k.w[k.thread(0) + THREAD.STATE] = ThreadState.Runnable;
    const file = k.files[0]!;
    file.mode = FMODE_READ | (writable ? FMODE_WRITE : 0);
    file.refs = 1;
    k.w[k.proc(0) + k.layout.fdsAt] = 1;
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
    const k = this.k;
    k.t = k.thread(0);
    k.cur = 0;
    const f = k.call(this.base, 0, r);
    words.forEach((n, i) => (k.w[f + 1 + i] = n));
    for (let i = 0; k.w[k.t + THREAD.FP] !== this.base && !k.frozen; i++) {
      if (i > 1000) throw new Error(`${r.name} does not end`);
      if (!k.enabled(0)) throw new Error(`${r.name} waits for ever`);
      k.run(0);
    }
    const lo = k.takeRet();
    return k.hi === lo >> 31 ? lo : (k.hi >>> 0) * 2 ** 32 + (lo >>> 0);
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
    for (let i = 0; i < 10; i++) {
      if (translate(k, 0, this.page(addr), write) !== FAULT) return 'ok';
      k.t = k.thread(0);
      k.cur = 0;
      const f = k.call(this.base, 0, pageFault);
      k.w[f + PF.PG] = this.page(addr);
      k.w[f + PF.WRITE] = write ? 1 : 0;
      while (k.w[k.t + THREAD.FP] !== this.base && !k.frozen && k.procs[0]!.signal === 0) k.run(0);
      if (k.procs[0]!.signal !== 0 || k.frozen) return 'died';
      k.takeRet();
    }
    throw new Error('the access faults for ever');
  }

  page(addr: number): number {
    return (addr - this.k.arenaBase) / PAGE;
  }

  vma(addr: number): Vma | undefined {
    return vmaLookup(this.k, 0, Math.floor(this.page(addr)));
  }

  /** Word index of the entry at an address. */
  entry(addr: number): number {
    return walk(this.k, 0, this.page(addr));
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
}
