/** User programs and drivers by hand, without the C front end: for tests of the model alone. */
import type { ArchName } from '../../src/kernel/arch/types.js';
import { archNamed } from '../../src/kernel/arch/index.js';
import { factsFor, type FactOverrides } from '../../src/kernel/facts.js';
import { callPageFault, FAULT, NO_FRAME, translate } from '../../src/kernel/fault.js';
import { Kernel } from '../../src/kernel/kernel.js';
import {
  kernelRoutines,
  ProcState,
  ThreadState,
  type CFunction,
  type FileOps,
  type Routine,
  type RunOptions,
  type VmOps,
} from '../../src/kernel/routine.js';
import {
  HEAD,
  cutsOf,
  INITIAL_CAPACITIES,
  layoutOf,
  PROC,
  THREAD,
  type Capacities,
} from '../../src/kernel/layout.js';
import { placeRegions, type RegionSpec } from '../../src/kernel/memmap.js';
import { cellsOf } from '../../src/kernel/mm/page_alloc.js';
import { PG_FREE, PG_RESERVED } from '../../src/kernel/world.js';
import type { Release } from '../../src/kernel/release.js';
import type { TransitionSystem } from '../../src/explore/system.js';

/** One instruction of a user program; locals are words 0.. of its frame. */
export type Op =
  | {
      readonly sys: Routine;
      readonly args: readonly (number | ((k: Kernel, local: (i: number) => number) => number))[];
      readonly to?: number;
    }
  | { readonly store: number; readonly value: number }
  | { readonly load: number; readonly to: number }
  /** Parks when the local is not 0. */
  | { readonly parkUnless: number };

const LOCALS = 8;

/** Compiles instructions to a function that the machine runs. `store` and `load` take a page of the arena. */
export function user(id: number, name: string, ops: readonly Op[]): CFunction {
  const park = (k: Kernel): void => {
    k.w[k.t + THREAD.STATE] = ThreadState.Parked;
    k.stopped = true;
  };
  return {
    id,
    name,
    words: LOCALS,
    user: true,
    params: [],
    step(k, f, pc) {
      const op = ops[pc >> 1];
      if (op === undefined) return park(k);
      if ((pc & 1) === 0) return k.userPoint(f, pc + 1);
      if ('parkUnless' in op) return k.w[f + 1 + op.parkUnless] !== 0 ? park(k) : k.goto(f, pc + 1);
      if ('sys' in op) {
        if (k.w[f + LOCALS] === pc) {
          k.w[f + LOCALS] = 0;
          const lo = k.takeRet();
          if (op.to !== undefined) k.w[f + 1 + op.to] = lo;
          return k.goto(f, pc + 1);
        }
        k.w[f + LOCALS] = pc;
        const nf = k.call(f, pc, op.sys);
        op.args.forEach((a, i) => {
          const n = typeof a === 'number' ? a : a(k, (j) => k.w[f + 1 + j]!);
          k.w[nf + 1 + 2 * i] = n | 0;
          k.w[nf + 2 + 2 * i] = Math.floor(n / 2 ** 32);
        });
        return;
      }
      k.takeRet();
      const write = 'store' in op;
      const pg = write ? op.store : op.load;
      const frame = translate(k, k.currentProc, pg, write);
      if (frame === FAULT) return callPageFault(k, f, pc - 1, pg, write, false);
      if (write && frame !== NO_FRAME) k.w[cellsOf(k, frame)] = op.value;
      else if (!write) k.w[f + 1 + op.to] = frame === NO_FRAME ? -1 : k.w[cellsOf(k, frame)]!;
      k.goto(f, pc + 1);
    },
  };
}

/** A driver's handler: one atomic TypeScript function of its arguments (32-bit). */
export function handler(
  id: number,
  name: string,
  params: number,
  body: (k: Kernel, args: number[]) => number,
): CFunction {
  return {
    id,
    name,
    words: params,
    params: Array.from({ length: params }, (_, slot) => ({ slot, words: 1 })),
    step(k, f) {
      const args = Array.from({ length: params }, (_, i) => k.w[f + 1 + i]!);
      const r = body(k, args);
      if (!k.frozen) k.retPoint(f, r);
    },
  };
}

export interface Setup {
  readonly arch?: ArchName;
  readonly release?: Release;
  readonly facts?: FactOverrides;
  readonly options?: RunOptions;
  readonly regions: readonly RegionSpec[];
  readonly vmOps?: (first: number) => { functions: CFunction[]; ops: VmOps[] };
  readonly driver?: (first: number) => { functions: CFunction[]; fops: FileOps };
  readonly programs: readonly (readonly Op[])[];
  readonly caps?: Partial<Capacities>;
}

/** Builds a kernel in its initial state. */
export function boot(s: Setup): Kernel {
  const functions: CFunction[] = [];
  const next = (): number => kernelRoutines.length + functions.length;
  const ops = s.vmOps?.(next()) ?? { functions: [], ops: [] };
  functions.push(...ops.functions);
  const driver = s.driver?.(next()) ?? { functions: [], fops: { name: 'none' } };
  functions.push(...driver.functions);
  const mains = s.programs.map((p, i) => {
    const f = user(next(), `P${i}`, p);
    functions.push(f);
    return f;
  });
  const mem = placeRegions(s.regions);
  const n = s.programs.length;
  const caps: Capacities = { ...INITIAL_CAPACITIES, procs: n, threads: n, ...s.caps };
  const layout = layoutOf({ frames: mem.frames, cellWords: 1, globalWords: 0, drivers: 1 }, caps, 4);
  const facts = factsFor(archNamed(s.arch ?? 'x86_64')!, s.release ?? '7.2', s.facts);
  const k = new Kernel(
    layout,
    facts,
    mem,
    {
      functions,
      vmOps: [undefined, { name: 'dummy' }, ...ops.ops],
      drivers: [driver.fops],
      cells: [{ offset: 0, bytes: 4, word: 0 }],
      apiNames: ['none'],
    },
    s.options,
  );
  for (let i = 0; i < mem.frames; i++) {
    const page = k.pages[i]!;
    if (mem.isRam[i]) page.flags = PG_FREE;
    else if (mem.hasPage[i]) {
      page.flags = PG_RESERVED;
      page.refcount = 1;
    }
  }
  mains.forEach((f, i) => {
    k.w[k.proc(i) + PROC.STATE] = ProcState.Live;
    k.w[k.thread(i) + THREAD.PROC] = i;
    k.start(i, f);
  });
  return k;
}

/** The kernel as the search sees it. */
export function system(k: Kernel): TransitionSystem {
  return {
    words: k.w,
    cuts: cutsOf(k.layout),
    moves: k.layout.caps.threads,
    enabled: (m) => k.w[HEAD.FROZEN] === 0 && k.enabled(m),
    apply: (m, choose) => {
      k.chooser = choose;
      k.run(m);
    },
  };
}
