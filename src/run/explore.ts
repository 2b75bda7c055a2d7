/** Searches a compiled test: with small capacities first, and where a search grows large, on many threads. */
import { Search, type Ending } from '../explore/bfs.js';
import { Member, share } from '../explore/crew.js';
import { runInSlices } from '../explore/slices.js';
import type { Action } from '../explore/system.js';
import { Exchange, narrowed, ToldApart, type Symmetry } from '../kernel/exchange.js';
import { CapacityError, grow, INITIAL_CAPACITIES, type Capacities } from '../kernel/layout.js';
import { UnknownError } from '../kernel/routine.js';
import { bootKernel, firstStack, type Compiled } from './boot.js';
import { Canonical } from './canonical.js';
import { Collector, type Findings } from './collector.js';
import { reportOf, together, type CrewPlan } from './crew.js';
import {
  allTakePart,
  failureOf,
  helpFrom,
  sent,
  settle,
  SHORT_SLICE_MS,
  Unsettled,
  wantsHelp,
} from './help.js';
import { memoOf } from './memo.js';
import type { Question } from './outcome.js';
import type { Progress, RunOptions, Witness } from './result.js';
import { Entangled, firstReduction, type Reduction } from './por.js';
import { rehearse } from './rehearse.js';
import { firstSymmetry } from './symmetry.js';
import { kernelSystem, searchedSystem } from './system.js';
import { Unrenamer } from './unrename.js';
import { witnessSteps } from './witness.js';

/** What a search found out. */
export interface Exploration {
  readonly findings: Findings;
  readonly states: number;
  readonly transitions: number;
  /** A shortest way to the outcome that decides the question: a positive one, for `forall` a negative one. */
  readonly witness: () => Witness | undefined;
  /** Why the search is not exhaustive. */
  readonly reason?: string;
  /** Whether another run would end in the same place. */
  readonly repeatable: boolean;
}

/** What one attempt searches. */
interface Attempt {
  readonly c: Compiled;
  readonly question: Question;
  readonly options: RunOptions;
  readonly caps: Capacities;
  readonly symmetry: Symmetry | undefined;
  readonly reduction: Reduction | undefined;
  /** By `performance.now()`. */
  readonly deadline: number | undefined;
  /** Whether another was given up before it. */
  readonly again: boolean;
}

/** Searches with small capacities, and again with larger ones where they do not suffice. */
export async function explore(c: Compiled, question: Question, options: RunOptions): Promise<Exploration> {
  const n = c.test.threads.length;
  let caps: Capacities = { ...INITIAL_CAPACITIES, procs: n, threads: n, stack: firstStack(c) };
  let symmetry = options.symmetry === false ? undefined : firstSymmetry(c, [question.prop, question.filter]);
  const deadline = options.timeoutMs === undefined ? undefined : performance.now() + options.timeoutMs;
  // Threads that search together note no ways and keep no fingerprints; and where they are when a bound on states is hit depends on their pace.
  const alone =
    options.crew === undefined ||
    options.witness === true ||
    options.compact === true ||
    options.maxStates !== undefined;
  // a witness is a shortest way
  let reduction = options.por === false || options.witness === true ? undefined : firstReduction(c, question);
  let unsettled = false;
  for (let again = false; ; again = true) {
    const attempt = { c, question, options, caps, symmetry, reduction, deadline, again };
    try {
      return await searchHere(attempt, alone || unsettled);
    } catch (error) {
      unsettled = error instanceof Unsettled;
      if (unsettled) continue;
      if (reduction !== undefined && (error instanceof Entangled || error instanceof UnknownError)) {
        reduction = error instanceof Entangled && error.contents ? { contents: true } : undefined;
      } else if (error instanceof ToldApart && symmetry !== undefined) {
        symmetry = narrowed(c.mem, symmetry, error);
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
async function searchHere(attempt: Attempt, alone: boolean): Promise<Exploration> {
  const { c, question, options, caps, symmetry, reduction } = attempt;
  const crew = alone ? undefined : options.crew;
  const k = bootKernel(c, caps);
  const system = searchedSystem(k, c, symmetry, reduction);
  if (attempt.again) rehearse(system, caps);
  const search = new Search(system, options.compact, crew?.threads, memoOf(attempt, options.twin));
  const collector = new Collector(question, c, k, search);
  const found = (end: { reason?: string; repeatable: boolean }): Exploration => ({
    findings: collector,
    states: search.states,
    transitions: search.transitions,
    witness: () => witnessOf(attempt, search, collector),
    ...end,
  });
  try {
    const ending = await searchInSlices(
      search,
      collector,
      attempt,
      crew && helpFrom(crew, () => planOf(attempt)),
    );
    if (ending !== 'paused') return found(endOf(ending, options));
  } catch (error) {
    if (reduction !== undefined && !(error instanceof CapacityError)) throw error;
    if (error instanceof UnknownError) return found({ reason: error.message, repeatable: true });
    if (error instanceof CapacityError && grow(caps, error.capacity) === undefined)
      return found({ reason: `bound: ${error.capacity}`, repeatable: true });
    throw error;
  }
  return searchTogether(attempt, search, collector);
}

/** What others are told who are to help. */
function planOf({ c, options, caps, symmetry, reduction }: Attempt): CrewPlan {
  return { facts: sent(c.facts), ptrs: c.ptrs, caps, symmetry, reduction, maxBytes: options.maxBytes };
}

/** @returns `paused` when others are ready to join the search */
async function searchInSlices(
  search: Search,
  collector: Collector,
  { options, deadline }: Attempt,
  ready: (() => boolean) | undefined,
): Promise<Ending | 'aborted'> {
  const { signal, maxBytes, maxStates, onProgress } = options;
  if (signal?.aborted === true) return 'aborted';
  const bounds = {
    ...(maxStates === undefined ? {} : { maxStates }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    onFinal: (id: number): void => collector.final(id),
  };
  return runInSlices(search, bounds, {
    deadline,
    signal,
    ...(ready && { sliceMs: SHORT_SLICE_MS }),
    onSlice: () => {
      onProgress?.(progressIn(search));
      return ready !== undefined && wantsHelp(search) && ready();
    },
  });
}

/** How far a search is. */
export function progressIn({ states, transitions, queued }: Search): Progress {
  return { explored: states, transitions, queued };
}

/** Goes on with a search on many threads, this one among them: what they find does not depend on how many they are. */
async function searchTogether(attempt: Attempt, search: Search, collector: Collector): Promise<Exploration> {
  const { options, caps } = attempt;
  const { maxBytes } = options;
  const crew = options.crew!;
  const shared = share(search, crew.threads)!;
  const member = new Member(
    search.system,
    { index: 0, shared, maxBytes, onFinal: (id) => collector.final(id) },
    search,
  );
  const { ending, failure, theirs } = await allTakePart(crew, member, shared, options, attempt.deadline);
  const mine = reportOf(member, collector, failure === undefined ? undefined : failureOf(failure));
  const reports = [mine, ...theirs];
  settle(
    reports.map((report) => report.failure),
    caps,
  );
  const total = (of: 'states' | 'transitions'): number => reports.reduce((n, r) => n + r[of], 0);
  return {
    findings: together(reports),
    states: total('states'),
    transitions: total('transitions'),
    witness: () => undefined,
    ...endOf(ending, options),
  };
}

/** Why an answer is unknown although the search has come to its end. */
export const COMPACTED = 'not exhaustive: states were told apart by fingerprints (--compact)';

function endOf(ending: Ending | 'aborted', options: RunOptions): { reason?: string; repeatable: boolean } {
  const reason = reasonOf(ending, options);
  const repeatable = ending !== 'time' && ending !== 'memory' && ending !== 'aborted';
  return { ...(reason === undefined ? {} : { reason }), repeatable };
}

function reasonOf(ending: Ending | 'aborted', options: RunOptions): string | undefined {
  return boundReason(ending, options) ?? (options.compact === true ? COMPACTED : undefined);
}

/** The bound that has ended a search, in words; undefined if none has. */
export function boundReason(
  ending: Ending | 'aborted',
  { timeoutMs = 0, maxStates = 0, maxBytes }: Pick<RunOptions, 'timeoutMs' | 'maxStates' | 'maxBytes'>,
): string | undefined {
  switch (ending) {
    case 'time':
      return `bound: ${timeoutMs / 1000} s`;
    case 'states':
      return `bound: ${maxStates} states`;
    case 'memory':
      return maxBytes === undefined
        ? 'bound: memory'
        : `bound: ${Math.round(maxBytes / 2 ** 20)} MiB of memory`;
    case 'aborted':
      return 'interrupted';
    default:
      return undefined;
  }
}

function witnessOf(attempt: Attempt, search: Search, collector: Collector): Witness | undefined {
  const { c, caps } = attempt;
  const { quantifier } = c.test.condition ?? { quantifier: 'forall' };
  const shown = collector.shown(quantifier !== 'forall');
  if (shown === undefined) return undefined;
  const k = bootKernel(c, caps);
  return { outcome: shown.text, steps: witnessSteps(c, k, plainPath(attempt, search.path(shown.id))) };
}

/** A way through the search's states as a run without renaming has it. */
function plainPath({ c, caps, symmetry }: Attempt, path: readonly Action[]): readonly Action[] {
  if (symmetry === undefined) return path;
  const [shadow, plain] = [bootKernel(c, caps), bootKernel(c, caps)];
  shadow.exchange = new Exchange(shadow, symmetry);
  const canonical = new Canonical(shadow, symmetry);
  const [followed, walked] = [kernelSystem(shadow, c), kernelSystem(plain, c)];
  const unrenamer = new Unrenamer(shadow, plain);
  return path.map(({ move, choices }) => ({
    move,
    choices: unrenamer.step(
      choices,
      (choose) => {
        followed.apply(move, choose);
        return canonical.apply();
      },
      (choose) => walked.apply(move, choose),
    ),
  }));
}
