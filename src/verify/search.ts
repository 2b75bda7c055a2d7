/** Searches one world of programs: with a small stack and heap first, and where it grows large, with the help of other threads. */
import { Search, type Ending } from '../explore/bfs.js';
import { depthOf, Member, share, Stop, stopped } from '../explore/crew.js';
import { runInSlices } from '../explore/slices.js';
import { narrowed, ToldApart, type Symmetry } from '../kernel/exchange.js';
import { CapacityError, grow, type Capacities } from '../kernel/layout.js';
import {
  allTakePart,
  failureOf,
  helpFrom,
  sent,
  settle,
  SHORT_SLICE_MS,
  Unsettled,
  wantsHelp,
} from '../run/help.js';
import { progressIn } from '../run/index.js';
import { firstSymmetry } from '../run/symmetry.js';
import type { Broken } from './broken.js';
import type { CoverageRecorder } from './coverage.js';
import { reportOf } from './crew.js';
import { memoOf } from './memo.js';
import type { Subject } from './subject.js';
import { Beyond } from './system.js';
import { Trial } from './trial.js';
import type { Bounds, Settings, VerifyOptions, VerifyReport, VerifyPlan } from './types.js';

export interface Found {
  readonly search: Search;
  readonly caps: Capacities;
  readonly symmetry: Symmetry | undefined;
  readonly beyond: Beyond;
  readonly ending: Ending | 'aborted' | 'capacity';
  readonly broken: Broken | undefined;
  /** Whether a program has come to run at all, and whether one has got a mapping: else an answer says nothing. */
  readonly loaded: boolean;
  readonly mapped: boolean;
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
}

/** What one attempt searches. */
interface Attempt {
  readonly subject: Subject;
  readonly caps: Capacities;
  readonly bounds: Bounds;
  readonly symmetry: Symmetry | undefined;
  readonly options: VerifyOptions;
  /** By `performance.now()`. */
  readonly deadline: number | undefined;
  readonly recorder: CoverageRecorder | undefined;
}

function firstCapacities(bounds: Bounds): Capacities {
  const { processes, pages, files, threads = 1 } = bounds;
  return {
    procs: processes,
    threads: processes + threads - 1,
    vmas: processes * pages + 1,
    files: Math.max(files, processes),
    fds: files,
    pins: 1,
    arena: pages,
    stack: 96,
    heap: 0,
    memtypes: 0,
  };
}

/** Searches with a small stack and heap, and again with larger ones where they do not suffice. */
export async function search(
  subject: Subject,
  bounds: Bounds,
  options: VerifyOptions,
  recorder: CoverageRecorder | undefined,
): Promise<Found> {
  let caps = firstCapacities(bounds);
  let symmetry =
    options.symmetry !== false && !subject.traits.offsets ? firstSymmetry(subject.compiled, []) : undefined;
  const deadline = options.timeoutMs === undefined ? undefined : performance.now() + options.timeoutMs;
  const { crew, compact, maxStates, depth } = options;
  // where threads that search together are when such a bound is hit depends on their pace
  const alone =
    crew === undefined ||
    recorder !== undefined ||
    compact === true ||
    maxStates !== undefined ||
    depth !== undefined;
  let unsettled = false;
  for (;;) {
    const attempt = { subject, caps, bounds, symmetry, options, deadline, recorder };
    try {
      return await searchHere(attempt, alone || unsettled);
    } catch (error) {
      unsettled = error instanceof Unsettled;
      if (unsettled) continue;
      if (error instanceof ToldApart && symmetry !== undefined) {
        symmetry = narrowed(subject.compiled.mem, symmetry, error);
      } else if (error instanceof CapacityError) {
        caps = grow(caps, error.capacity)!;
      } else throw error;
    }
  }
}

/**
 * Searches on this thread, and with others once the search has grown large, unless it is to be made `alone`.
 * @throws CapacityError if there can be more, ToldApart, Unsettled
 */
async function searchHere(attempt: Attempt, alone: boolean): Promise<Found> {
  const { subject, caps, bounds, symmetry, options, deadline, recorder } = attempt;
  const { maxStates, maxBytes, depth, signal, onProgress } = options;
  const crew = alone ? undefined : options.crew;
  const settings = { caps, races: bounds.races, renaming: options.symmetry !== false, symmetry };
  const trial = new Trial(subject, settings, recorder);
  // what is remembered is not run, and nobody sees what it would have reached
  const memo =
    recorder === undefined ? memoOf(subject, bounds, settings, options.twin, options.maxBytes) : undefined;
  const made = new Search(trial.system, options.compact === true, crew?.threads, memo);
  const within = {
    ...(maxStates === undefined ? {} : { maxStates }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(depth === undefined ? {} : { maxDepth: depth }),
    onState: (id: number): boolean => trial.state(id),
    onFinal: (id: number): boolean => trial.final(id, made.store),
  };
  const ready = crew && helpFrom(crew, () => planOf(attempt, settings));
  const found = (ending: Found['ending']): Found => {
    const { beyond, broken, loaded, mapped } = trial;
    const { states, transitions, depth: moves } = made;
    return {
      ...{ search: made, caps, symmetry, beyond, ending, broken, loaded, mapped },
      ...{ states, transitions, depth: moves },
    };
  };
  try {
    const ending = await runInSlices(made, within, {
      ...{ deadline, signal },
      ...(crew && { sliceMs: SHORT_SLICE_MS }),
      onSlice: () => {
        onProgress?.(progressIn(made));
        return ready !== undefined && wantsHelp(made) && ready();
      },
    });
    if (ending !== 'paused') return found(ending);
  } catch (error) {
    if (error instanceof CapacityError && grow(caps, error.capacity) === undefined) return found('capacity');
    throw error;
  }
  return searchTogether(attempt, made, trial, settings);
}

/** What others are told who are to help. */
function planOf({ subject, bounds, options }: Attempt, settings: Settings): VerifyPlan {
  const { facts, ptrs } = subject.compiled;
  return { ...settings, facts: sent(facts), ptrs, bounds, maxBytes: options.maxBytes };
}

/** Goes on with a search on many threads, this one among them. */
async function searchTogether(
  attempt: Attempt,
  made: Search,
  trial: Trial,
  settings: Settings,
): Promise<Found> {
  const { options, deadline } = attempt;
  const { caps, symmetry } = settings;
  const { maxBytes } = options;
  const crew = options.crew!;
  const shared = share(made, crew.threads)!;
  const member: Member = new Member(
    made.system,
    {
      ...{ index: 0, shared, maxBytes },
      onState: (id) => trial.state(id),
      onFinal: (id) => trial.final(id, member.store),
    },
    made,
  );
  const { ending, failure, theirs } = await allTakePart(crew, member, shared, options, deadline);
  const mine = reportOf(member, trial, failure === undefined ? undefined : failureOf(failure));
  const reports: readonly VerifyReport[] = [mine, ...theirs];
  settle(
    reports.map((report) => report.failure),
    caps,
  );
  // the first of all states that break something, and the way to it, are for one thread to find
  if (stopped(shared) === Stop.Found) throw new Unsettled();
  const beyond = new Beyond();
  for (const report of reports) {
    for (const bound of report.bounds) beyond.bounds.add(bound);
    for (const unknown of report.unknown) beyond.unknown.add(unknown);
  }
  const total = (of: 'states' | 'transitions'): number => reports.reduce((n, r) => n + r[of], 0);
  return {
    ...{ search: made, caps, symmetry, beyond, ending, broken: undefined },
    loaded: reports.some(({ loaded }) => loaded),
    mapped: reports.some(({ mapped }) => mapped),
    ...{ states: total('states'), transitions: total('transitions'), depth: depthOf(shared) },
  };
}
