/** How a search gets the help of other threads: when, from whom, this thread's part of it, and what follows if it is cut short. */
import type { Ending, Search } from '../explore/bfs.js';
import { progressOf, Stop, stop, stopped, type Member, type Shared } from '../explore/crew.js';
import { breathe, SLICE_MS } from '../explore/slices.js';
import { ToldApart } from '../kernel/exchange.js';
import { FACT_NAMES, type Facts } from '../kernel/facts.js';
import { CapacityError, grow, type Capacities, type Capacity } from '../kernel/layout.js';
import { UnknownError } from '../kernel/routine.js';
import { Entangled } from './por.js';
import type { RunOptions } from './result.js';

/** A search of more transitions is helped by other threads, if there may be some: before, starting them takes longer. */
const ALONE = 10_000;
/** The same for one that remembers its moves, which makes so many in a moment. */
const ALONE_REMEMBERING = 50_000;
/** How long this thread searches before it looks whether they are there. */
export const SHORT_SLICE_MS = 40;

/** Threads that help another: only who runs the engine can start some. */
export interface Crew<Plan, Report> {
  /** How many make a search, the one that they help included. */
  readonly threads: number;
  /** Starts them unless they are, and tells them what is searched unless they have been told. @returns whether all are ready to join */
  ready(plan: Plan): boolean;
  /** Lets them join the search that they were told of last. @returns a report of each */
  join(shared: Shared): Promise<readonly Report[]>;
}

/** Asks whether others are ready to help with a search, who are told of it the first time. */
export function helpFrom<Plan, Report>(crew: Crew<Plan, Report>, planOf: () => Plan): () => boolean {
  let plan: Plan | undefined;
  return () => crew.ready((plan ??= planOf()));
}

/** A search that a helping thread is to join, and which of the threads it is. Can be sent to it. */
export interface Joining {
  readonly shared: Shared;
  readonly index: number;
}

/** A helping thread that is ready to join a search. What it does then blocks until the search is over for all. */
export type Helper<Report> = (joining: Joining) => Report;

/** Whether a search is so large, and such, that others had better help. */
export function wantsHelp(search: Search): boolean {
  const alone = search.expansion.remembers ? ALONE_REMEMBERING : ALONE;
  return search.transitions > alone && search.sharedStore !== undefined;
}

/** Facts that can be sent to a thread. What it asks of them is seen by nobody: all count as asked. */
export function sent(facts: Facts): Facts {
  return Object.fromEntries(FACT_NAMES.map((name) => [name, facts[name]])) as unknown as Facts;
}

/** All make a search together, that others were ready for. @returns how this thread's part has ended, and what the others report */
export async function allTakePart<Plan, Report>(
  crew: Crew<Plan, Report>,
  member: Member,
  shared: Shared,
  options: Pick<RunOptions, 'signal' | 'onProgress'>,
  deadline: number | undefined,
): Promise<Part & { readonly theirs: readonly Report[] }> {
  // this thread's part lets nobody else in for a while
  const others = crew.join(shared);
  const [mine, theirs] = await Promise.all([takePart(member, shared, options, deadline), others]);
  return { ...mine, theirs };
}

/** How a part of a search has ended. */
interface Part {
  readonly ending: Ending | 'aborted';
  readonly failure?: unknown;
}

/** This thread's part of a search: the others are not its to wait for, but it is the one that hears when all are to stop. */
async function takePart(
  member: Member,
  shared: Shared,
  { signal, onProgress }: Pick<RunOptions, 'signal' | 'onProgress'>,
  deadline: number | undefined,
): Promise<Part> {
  let ending: Ending | 'aborted' = 'complete';
  const end = (how: typeof ending): void => {
    ending = how;
    stop(shared, Stop.Asked);
  };
  try {
    await member.runInSlices(SLICE_MS, async () => {
      const { states, transitions, queued } = progressOf(shared);
      onProgress?.({ explored: states, transitions, queued });
      await breathe();
      if (signal?.aborted === true) end('aborted');
      else if (deadline !== undefined && performance.now() > deadline) end('time');
    });
  } catch (failure) {
    return { ending, failure };
  }
  if (stopped(shared) === Stop.Memory) ending = 'memory';
  return { ending };
}

/** What has ended a search for all threads: a lack of room, or something that one thread alone is to meet, for what comes first decides. */
export type CrewFailure = { readonly capacity?: Capacity };

/** @throws what is no reason to try again */
export function failureOf(error: unknown): CrewFailure {
  if (error instanceof CapacityError) return { capacity: error.capacity };
  if ([ToldApart, Entangled, UnknownError].some((kind) => error instanceof kind)) return {};
  throw error;
}

/** A helping thread's part, to its end. @returns what has ended it, if that is a reason to try again @throws what is none */
export function failureIn(member: Member): CrewFailure | undefined {
  try {
    member.run();
  } catch (error) {
    return failureOf(error);
  }
  return undefined;
}

/** One thread is to make a search again, from the start: several have met what ends it, and not what one meets first. */
export class Unsettled extends Error {}

/** @throws CapacityError if there can be more, Unsettled */
export function settle(failures: readonly (CrewFailure | undefined)[], caps: Capacities): void {
  for (const failure of failures) {
    if (failure === undefined) continue;
    const { capacity } = failure;
    if (capacity === undefined || grow(caps, capacity) === undefined) throw new Unsettled();
  }
  const capacity = failures.find((failure) => failure !== undefined)?.capacity;
  if (capacity !== undefined) throw new CapacityError(capacity);
}
