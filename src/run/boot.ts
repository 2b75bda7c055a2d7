/** Makes the kernel that a test runs on, in its initial state. */
import { Kernel } from '../kernel/kernel.js';
import {
  kernelRoutines,
  ProcState,
  UnknownError,
  type RunOptions as KernelOptions,
} from '../kernel/routine.js';
import {
  HEAD,
  INITIAL_CAPACITIES,
  layoutOf,
  PROC,
  THREAD,
  type Capacities,
  type Layout,
} from '../kernel/layout.js';
import { placeRegions, type MemoryMap } from '../kernel/memmap.js';
import type { Facts } from '../kernel/facts.js';
import { cellsOf } from '../kernel/mm/page_alloc.js';
import { PG_FREE, PG_RESERVED } from '../kernel/world.js';
import type { LitmusTest } from '../litmus/ast.js';
import { observables } from '../litmus/observables.js';
import { MEMTYPE_OBSERVERS } from '../litmus/observers.js';
import { regionPages } from '../litmus/region-size.js';
import type { LoweredTest } from '../litmus/lower/contract.js';
import { lowerTest } from '../litmus/lower/index.js';

/** A test, compiled for one configuration: kernels of any capacity can be made of it. */
export interface Compiled {
  readonly test: LitmusTest;
  readonly facts: Facts;
  readonly mem: MemoryMap;
  readonly lowered: LoweredTest;
  readonly ptrs: number;
  readonly options: KernelOptions;
  /** Process of each thread: threads of one group share the first one's. */
  readonly procOf: readonly number[];
}

/**
 * Compiles a test for one configuration.
 * @throws DiagnosticError if the code cannot be lowered
 */
export function compile(test: LitmusTest, facts: Facts, ptrs: number): Compiled {
  const mem = placeRegions(
    test.memory.regions.map((r, i) => ({
      name: r.name ?? `region${i}`,
      kind: r.kind,
      pages: regionPages(r, ptrs),
      ...(r.placement === undefined ? {} : { where: r.placement }),
      ...(r.first === undefined ? {} : { pfn: r.first }),
    })),
    facts.zeroPages,
  );
  const lowered = lowerTest(test, { facts, mem, ptrs, firstRoutineId: kernelRoutines.length });
  return {
    test,
    facts,
    mem,
    lowered,
    ptrs,
    options: { faultsAlloc: test.memory.faultsAlloc, memtypes: lowered.memtypes || asksMemtypes(test) },
    procOf: processes(test),
  };
}

/** Words of a stack on which every thread can at least begin. */
export function firstStack(c: Compiled): number {
  return Math.max(INITIAL_CAPACITIES.stack, ...c.lowered.threads.map(({ fn }) => fn.words + 1));
}

/** Whether filter or condition look at memory types. */
function asksMemtypes(test: LitmusTest): boolean {
  const seen = observables([test.filter, test.condition?.prop]);
  return seen.some(({ term }) => term.kind === 'observer' && MEMTYPE_OBSERVERS.includes(term.observer));
}

/** Process of each thread. A process keeps the slot of its first thread, so slots may stay unused. */
function processes(test: LitmusTest): number[] {
  const procOf = test.threads.map((t) => t.index);
  for (const group of test.memory.threadGroups) {
    const first = Math.min(...group.threads.map((t) => t.index));
    for (const t of group.threads) procOf[t.index] = first;
  }
  return procOf;
}

/** How the world of a test is laid out. */
export function worldLayout({ lowered, mem, facts, ptrs }: Compiled, caps: Capacities): Layout {
  return layoutOf(
    {
      frames: mem.frames,
      cellWords: lowered.cellWords,
      globalWords: lowered.globalWords.length,
      drivers: Math.max(1, lowered.program.drivers.length),
      leaves: lowered.program.leaves === true && facts.thp,
    },
    caps,
    ptrs,
  );
}

/**
 * A kernel in the state before any thread has moved: frames owned, cells set; module_init is the first move.
 * @param wordsOf makes the words of its world, all 0; absent: any
 */
export function bootKernel(c: Compiled, caps: Capacities, wordsOf?: (length: number) => Int32Array): Kernel {
  const { lowered, mem } = c;
  const layout = worldLayout(c, caps);
  const k = new Kernel(layout, c.facts, mem, lowered.program, c.options, wordsOf?.(layout.words));
  k.w.set(lowered.globalWords, k.layout.globals);
  initFrames(k, c);
  if (lowered.moduleInit === undefined) startThreads(k, c);
  return k;
}

/** Every Pi() is ready to take its first step. */
function startThreads(k: Kernel, c: Compiled): void {
  c.lowered.threads.forEach((thread, i) => {
    const proc = c.procOf[i]!;
    k.w[k.proc(proc) + PROC.STATE] = ProcState.Live;
    k.w[k.thread(i) + THREAD.PROC] = proc;
    k.start(i, thread.fn);
  });
  k.w[HEAD.BOOTED] = 1;
}

/** Whether module_init is still to come. */
export function booting(k: Kernel): boolean {
  return k.w[HEAD.BOOTED] === 0;
}

/** HEAD.BOOTED of a run whose module refused to load: there is nothing to ask about it. */
const NOT_LOADED = 2;

/** Whether module_init returned an error. */
export function notLoaded(k: Kernel): boolean {
  return k.w[HEAD.BOOTED] === NOT_LOADED;
}

/** module_init, as one move before all others. When it fails no thread starts, and the run has no outcome. */
export function runModuleInit(k: Kernel, c: Compiled): void {
  const t = k.thread(0);
  k.w[t + THREAD.PROC] = c.procOf[0]!;
  k.start(0, c.lowered.moduleInit!);
  while (k.w[t + THREAD.FP] !== 0 && !k.frozen) {
    if (k.w[t + THREAD.WAIT] !== 0) throw new UnknownError('module_init waits for a lock');
    k.run(0);
  }
  if (k.frozen) return;
  const failed = k.w[t + THREAD.RET_LO] !== 0;
  k.w.fill(0, t, t + k.layout.threadWords);
  if (failed) k.w[HEAD.BOOTED] = NOT_LOADED;
  else startThreads(k, c);
}

function initFrames(k: Kernel, c: Compiled): void {
  for (let i = 0; i < c.mem.frames; i++) {
    const page = k.pages[i]!;
    if (c.mem.isRam[i] === 1) page.flags = PG_FREE;
    else if (c.mem.hasPage[i] === 1) {
      page.refcount = 1;
      page.flags = c.mem.regionOf[i]!.kind === 'device' ? 0 : PG_RESERVED;
    }
  }
  const cell = c.lowered.program.cells.find((x) => x.offset === 0)!;
  for (const init of c.test.memory.contents) {
    const region = c.mem.regions.find((r) => r.name === init.region)!;
    const at = cellsOf(k, region.index + init.index) + cell.word;
    const value = BigInt.asUintN(cell.bytes * 8, init.value);
    k.w[at] = Number(BigInt.asIntN(32, value));
    if (cell.bytes === 8) k.w[at + 1] = Number(BigInt.asIntN(32, value >> 32n));
  }
}
