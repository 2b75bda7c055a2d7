/**
 * How likely is it? The probability that the condition of a test holds at its end, exactly, where chance decides which free frame an
 * allocation gets. All else that can go either way (the schedule, `choose()`, whether an allocation fails) is nobody's dice: the answer is
 * the range that those who decide it can bring about.
 */
import { CapacityError, grow, INITIAL_CAPACITIES, type Capacities } from '../../kernel/layout.js';
import type { Facts } from '../../kernel/facts.js';
import type { Kernel } from '../../kernel/kernel.js';
import { UnknownError } from '../../kernel/routine.js';
import type { LitmusTest, Region } from '../../litmus/ast.js';
import { regionPages, USUAL_PTRS } from '../../litmus/region-size.js';
import { bootKernel, compile, firstStack, type Compiled } from '../boot.js';
import { defaultCondition } from '../invariants.js';
import { Question } from '../outcome.js';
import { fractionText, toNumber, type Fraction } from './fraction.js';
import { Graph, SPARE_GAP } from './graph.js';
import { EndlessChance, solve, type Range } from './solve.js';
import { type Allocator, chanceSource, SparesError, type Spares } from './sources.js';
import { Recorder } from './tree.js';

export { ALLOCATORS, type Allocator } from './sources.js';

export interface ProbabilityOptions {
  readonly allocators: readonly Allocator[];
  /** Frames of RAM that are free when the test begins; absent: those of the test's `ram`. */
  readonly frames?: number;
}

/** A probability, in lowest terms and as a number. */
export interface Chances {
  /** `1/65536`. */
  readonly fraction: string;
  readonly decimal: number;
}

/** How likely the condition is under one allocator. */
export interface Probability {
  readonly allocator: Allocator;
  /** Frames of RAM that are free when the test begins. */
  readonly frames: number;
  /** What the schedule and other choices that are not the allocator's can bring about; equal if there is nothing to choose. */
  readonly atLeast?: Chances;
  readonly atMost?: Chances;
  /** Why there is no answer. */
  readonly reason?: string;
  /** States of the model that were looked at. */
  readonly states: number;
}

/** What bounds the work, and what is weighed in place of the condition. */
export interface ProbabilityBounds {
  /** Whether it has come about in the kernel's present state. */
  readonly occurs?: (c: Compiled, k: Kernel) => () => boolean;
  readonly ptrs?: number;
  readonly timeoutMs?: number;
  readonly maxStates?: number;
  readonly signal?: AbortSignal;
}

const SLICE_MS = 200;
/** Trees of decisions are kept for every state: more would not fit. */
const MAX_STATES = 300_000;
/** Spare frames that the model has at first, and at most. */
const FIRST_SPARES = 4;
const MAX_SPARES = 64;

/** The probability that the condition of a test holds, for one allocator after the other. */
export async function probabilities(
  test: LitmusTest,
  facts: Facts,
  { allocators, frames }: ProbabilityOptions,
  bounds: ProbabilityBounds = {},
): Promise<Probability[]> {
  const found: Probability[] = [];
  const own = ownFrames(test, bounds.ptrs ?? USUAL_PTRS);
  for (const allocator of allocators) {
    const total = frames ?? own;
    const base = { allocator, frames: total };
    if (total < own) found.push({ ...base, states: 0, reason: `the test itself has ${own} frames of ram` });
    else found.push({ ...base, ...(await answered(test, facts, allocator, total - own, bounds)) });
  }
  return found;
}

function ownFrames(test: LitmusTest, ptrs: number): number {
  return test.memory.regions
    .filter(({ kind }) => kind === 'ram')
    .reduce((sum, region) => sum + regionPages(region, ptrs), 0);
}

type Answer = Omit<Probability, 'allocator' | 'frames'>;

async function answered(
  test: LitmusTest,
  facts: Facts,
  allocator: Allocator,
  more: number,
  bounds: ProbabilityBounds,
): Promise<Answer> {
  const deadline = bounds.timeoutMs === undefined ? Infinity : performance.now() + bounds.timeoutMs;
  let spares = Math.min(more, FIRST_SPARES);
  let caps: Capacities | undefined;
  for (;;) {
    const attempt = new Attempt(test, facts, allocator, { real: more, count: spares }, caps, bounds);
    try {
      return await attempt.run(deadline, bounds);
    } catch (error) {
      const { states } = attempt.graph;
      if (error instanceof UnknownError) return { states, reason: error.message };
      if (error instanceof EndlessChance)
        return {
          states,
          reason: 'an allocation can be repeated for ever: there is no last one to sum up to',
        };
      if (error instanceof SparesError) {
        if (spares >= MAX_SPARES)
          return { states, reason: `bound: ${MAX_SPARES} frames besides those of the test` };
        spares = Math.min(more, spares * 2);
      } else if (error instanceof CapacityError) {
        caps = grow(attempt.caps, error.capacity);
        if (caps === undefined) return { states, reason: `bound: ${error.capacity}` };
      } else throw error;
    }
  }
}

/** One search, with given capacities. */
class Attempt {
  readonly graph: Graph;
  readonly caps: Capacities;

  constructor(
    test: LitmusTest,
    facts: Facts,
    allocator: Allocator,
    { real, count }: Omit<Spares, 'first'>,
    caps: Capacities | undefined,
    { ptrs = USUAL_PTRS, occurs }: ProbabilityBounds,
  ) {
    const plain = compile(test, facts, ptrs);
    const numbers = sparePfns(plain, count);
    const c = count === 0 ? plain : compile(withSpares(test, numbers), facts, ptrs);
    const n = test.threads.length;
    this.caps = caps ?? { ...INITIAL_CAPACITIES, procs: n, threads: n, stack: firstStack(c) };
    const question = new Question((test.condition ?? defaultCondition()).prop, test.filter);
    const recorder = new Recorder();
    const spares = { first: plain.mem.frames, count, real };
    const source = chanceSource(allocator, c.mem.frames, spares, recorder.chance);
    const k = bootKernel(c, this.caps);
    this.graph = new Graph(k, c, question, source, recorder, numbers, occurs?.(c, k));
  }

  async run(deadline: number, { timeoutMs, maxStates, signal }: ProbabilityBounds): Promise<Answer> {
    const { graph } = this;
    while (!graph.explore(performance.now() + SLICE_MS, maxStates ?? MAX_STATES)) {
      if (performance.now() > deadline) throw new UnknownError(`bound: ${(timeoutMs ?? 0) / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (signal?.aborted === true) throw new UnknownError('interrupted');
    }
    const range = solve(graph.moves);
    const { states } = graph;
    return range === undefined ? { states, reason: 'no execution ends' } : { states, ...told(range) };
  }
}

function told({ least, most }: Range): Pick<Probability, 'atLeast' | 'atMost'> {
  return { atLeast: chances(least), atMost: chances(most) };
}

function chances(f: Fraction): Chances {
  return { fraction: fractionText(f), decimal: toNumber(f) };
}

/** Numbers for spare frames: behind all RAM, apart from each other, and in no region. */
function sparePfns(c: Compiled, count: number): number[] {
  const found: number[] = [];
  const free = (pfn: number): boolean =>
    c.mem.regions.every((r) => pfn + SPARE_GAP <= r.pfn || pfn >= r.pfn + r.pages + SPARE_GAP);
  let pfn = (Math.floor(c.mem.highestMemmapPfn / SPARE_GAP) + 2) * SPARE_GAP;
  for (; found.length < count; pfn += SPARE_GAP) if (free(pfn)) found.push(pfn);
  return found;
}

function withSpares(test: LitmusTest, pfns: readonly number[]): LitmusTest {
  const span = { start: 0, end: 0 };
  const spares = pfns.map((first): Region => ({ kind: 'ram', nameSpan: span, span, pages: 1, first }));
  return { ...test, memory: { ...test.memory, regions: [...test.memory.regions, ...spares] } };
}
