/** Plays every program against a driver: `pfnmap verify`. */
import { InvariantChecker } from '../contract/invariants/check.js';
import { invariantIndex } from '../contract/invariants/list.js';
import { Search, type Ending } from '../explore/bfs.js';
import { runInSlices } from '../explore/slices.js';
import { Exchange, narrowed, ToldApart, type Symmetry } from '../kernel/exchange.js';
import type { Facts } from '../kernel/facts.js';
import type { Kernel } from '../kernel/kernel.js';
import { CapacityError, grow, THREAD, type Capacities } from '../kernel/layout.js';
import type { LitmusTest } from '../litmus/ast.js';
import { runsOn } from '../litmus/configuration.js';
import { USUAL_PTRS } from '../litmus/region-size.js';
import { bootKernel, booting, notLoaded } from '../run/boot.js';
import { CONFIGURATIONS, configurationOf, factsOf } from '../run/configurations.js';
import { Canonical } from '../run/canonical.js';
import { boundReason, COMPACTED, optionFacts, progressIn } from '../run/index.js';
import { firstSymmetry } from '../run/symmetry.js';
import type { Broken } from './broken.js';
import { CoverageRecorder } from './coverage.js';
import { excludes } from './excludes.js';
import { expectationOf } from './expectation.js';
import { explain } from './explain.js';
import { subjectOf, type Subject } from './subject.js';
import { Beyond, verifySystem } from './system.js';
import type { Bounds, VerifyOptions, VerifyResult, VerifyVerdict, Violation } from './types.js';
import { Failed, USER } from './user.js';

export type * from './types.js';

/** What is verified where neither processes nor pages are given: a larger world of one process, then a smaller one of two. */
const USUAL = [
  { processes: 1, pages: 2 },
  { processes: 2, pages: 1 },
] as const;

/** What one is where only the other is given. */
const USUAL_PROCESSES = 2;
const USUAL_PAGES = 2;

const IDLE = 'no mmap() succeeds within these bounds';

/** Invariants that only a program's ghost state tells, in the order in which they are reported. */
const TOLD = [
  { failed: Failed.Revoke, invariant: invariantIndex('revoked') },
  { failed: Failed.Notify, invariant: invariantIndex('notified') },
  { failed: Failed.Serve, invariant: invariantIndex('served') },
] as const;
const DEADLOCK = invariantIndex('no-deadlock');

/**
 * Verifies the driver of a test on one configuration, whatever threads and condition the test has.
 * @throws DiagnosticError if the driver's code cannot be lowered
 * @throws FactError if a fact of the options does not exist
 */
export async function verifyTest(test: LitmusTest, options: VerifyOptions): Promise<VerifyResult> {
  const started = performance.now();
  const { arch, release } = options;
  const configuration = configurationOf(arch, release);
  const expected = expectationOf(test, configuration);
  const base = {
    test: test.name,
    file: test.source.file,
    arch,
    release,
    ...(expected === undefined ? {} : { expected }),
  };
  if (!runsOn(test, configuration, CONFIGURATIONS)) {
    const reason = `Only: ${test.only?.text ?? ''}`;
    return { ...base, ...NOT_RUN, reason };
  }
  const facts = factsOf(arch, release, { ...optionFacts(test), ...options.facts });
  const worlds = worldsOf(options);
  const parts: Part[] = [];
  const recorder = options.coverage === true ? new CoverageRecorder(facts) : undefined;
  for (const [i, bounds] of worlds.entries()) {
    const left =
      options.timeoutMs === undefined ? undefined : options.timeoutMs - (performance.now() - started);
    const share = left === undefined ? {} : { timeoutMs: Math.max(0, left / (worlds.length - i)) };
    parts.push(await world(test, recorder?.facts ?? facts, bounds, { ...options, ...share }, recorder));
    if (parts.at(-1)!.verdict === 'violated' || options.signal?.aborted) break;
  }
  const coverage = recorder && { coverage: recorder.result() };
  return { ...base, ...together(parts, options), ...coverage, timeMs: performance.now() - started };
}

/** The bounds to verify within, one after the other. */
function worldsOf(options: VerifyOptions): Bounds[] {
  const { processes, pages, files = 1, races = false, threads, only, offsets } = options;
  const rest = {
    files,
    races,
    ...(threads && { threads }),
    ...(only && { only }),
    ...(offsets && { offsets }),
  };
  if (processes === undefined && pages === undefined) return USUAL.map((one) => ({ ...one, ...rest }));
  return [{ processes: processes ?? USUAL_PROCESSES, pages: pages ?? USUAL_PAGES, ...rest }];
}

/** What a search within one set of bounds found. */
interface Part extends Pick<VerifyResult, 'states' | 'transitions' | 'depth'> {
  readonly verdict: VerifyVerdict;
  readonly reason: string | undefined;
  /** Whether nothing was ever mapped. */
  readonly idle: boolean;
  readonly violation: Violation | undefined;
  readonly bounds: Bounds;
  readonly beyond: Beyond;
  readonly subject: Subject;
}

async function world(
  test: LitmusTest,
  facts: Facts,
  bounds: Bounds,
  options: VerifyOptions,
  recorder: CoverageRecorder | undefined,
): Promise<Part> {
  const subject = subjectOf(test, facts, options.ptrs ?? USUAL_PTRS, bounds);
  recorder?.watch(subject);
  const found = await search(subject, bounds, options, recorder);
  const violation =
    found.broken &&
    explain(subject, found.caps, found.search, found.broken, {
      ...bounds,
      symmetry: found.symmetry,
      renaming: options.symmetry !== false,
    });
  const reason = violation ? undefined : reasonOf(found, options);
  const verdict = violation ? 'violated' : reason === undefined ? 'holds' : 'unknown';
  const { states, transitions, depth } = found.search;
  const idle = reason === IDLE;
  return {
    verdict,
    reason,
    idle,
    violation,
    bounds,
    beyond: found.beyond,
    subject,
    states,
    transitions,
    depth,
  };
}

/** A violation anywhere is one; what holds must hold everywhere. */
function together(parts: readonly Part[], options: VerifyOptions) {
  // A world in which nothing can be mapped says nothing, as long as there is another.
  const lively = parts.filter(({ idle }) => !idle);
  const seen = lively.length > 0 ? lively : parts;
  const worst = (verdict: VerifyVerdict): Part | undefined => seen.find((part) => part.verdict === verdict);
  const shown = worst('violated') ?? worst('unknown') ?? seen[0]!;
  const total = (of: (part: Part) => number): number => parts.reduce((n, part) => n + of(part), 0);
  const { verdict, violation, subject } = shown;
  const seconds = `bound: ${(options.timeoutMs ?? 0) / 1000} s`;
  const reason = shown.reason?.endsWith(' s') === true ? seconds : shown.reason;
  return {
    verdict,
    ...(reason === undefined ? {} : { reason }),
    ...(violation === undefined ? {} : { violation }),
    states: total((part) => part.states),
    transitions: total((part) => part.transitions),
    depth: shown.depth,
    exhaustive: verdict === 'holds',
    bounds: parts.map((part) => part.bounds),
    excludes: excludes(
      subject,
      parts.map((part) => part.bounds),
      new Set(parts.flatMap((part) => [...part.beyond.bounds])),
    ),
  };
}

const NOT_RUN = {
  verdict: 'n/a',
  states: 0,
  transitions: 0,
  depth: 0,
  exhaustive: false,
  bounds: [],
  excludes: [],
  timeMs: 0,
} as const;

interface Found {
  readonly search: Search;
  readonly caps: Capacities;
  readonly symmetry: Symmetry | undefined;
  readonly beyond: Beyond;
  readonly ending: Ending | 'aborted' | 'capacity';
  readonly broken: Broken | undefined;
  /** Whether a program has come to run at all, and whether one has got a mapping: else an answer says nothing. */
  readonly loaded: boolean;
  readonly mapped: boolean;
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
async function search(
  subject: Subject,
  bounds: Bounds,
  options: VerifyOptions,
  recorder: CoverageRecorder | undefined,
): Promise<Found> {
  let caps = firstCapacities(bounds);
  const renaming = options.symmetry !== false;
  let symmetry = renaming && !subject.traits.offsets ? firstSymmetry(subject.compiled, []) : undefined;
  const deadline = options.timeoutMs === undefined ? undefined : performance.now() + options.timeoutMs;
  for (;;) {
    const attempt = new Attempt(
      subject,
      caps,
      bounds,
      renaming,
      symmetry,
      options.compact === true,
      recorder,
    );
    try {
      return { ...attempt.result(), ending: await attempt.run(options, deadline), ...attempt.found() };
    } catch (error) {
      if (error instanceof ToldApart && symmetry !== undefined) {
        symmetry = narrowed(subject.compiled.mem, symmetry, error);
        continue;
      }
      if (!(error instanceof CapacityError)) throw error;
      const more = grow(caps, error.capacity);
      if (more === undefined) return { ...attempt.result(), ending: 'capacity', ...attempt.found() };
      caps = more;
    }
  }
}

/** A search with given capacities. */
class Attempt {
  private readonly k: Kernel;
  private readonly checker: InvariantChecker;
  private readonly beyond = new Beyond();
  private readonly search: Search;
  private broken: Broken | undefined;
  private loaded = false;
  private mapped = false;

  constructor(
    private readonly subject: Subject,
    private readonly caps: Capacities,
    bounds: Bounds,
    renaming: boolean,
    private readonly symmetry: Symmetry | undefined,
    compact: boolean,
    private readonly recorder: CoverageRecorder | undefined,
  ) {
    const c = subject.compiled;
    this.k = bootKernel(c, caps);
    recorder?.attend(this.k, subject);
    this.checker = new InvariantChecker(this.k, subject.access);
    const { races } = bounds;
    if (symmetry !== undefined) this.k.exchange = new Exchange(this.k, symmetry);
    const canonical = renaming ? new Canonical(this.k, symmetry, !races) : undefined;
    const system = verifySystem(this.k, subject, { races, beyond: this.beyond, canonical });
    this.search = new Search(system, compact);
  }

  result(): Pick<Found, 'search' | 'caps' | 'symmetry' | 'beyond'> {
    return { search: this.search, caps: this.caps, symmetry: this.symmetry, beyond: this.beyond };
  }

  found(): Pick<Found, 'broken' | 'loaded' | 'mapped'> {
    return { broken: this.broken, loaded: this.loaded, mapped: this.mapped };
  }

  async run(options: VerifyOptions, deadline: number | undefined): Promise<Found['ending']> {
    const { search } = this;
    const { maxStates, maxBytes, depth, signal, onProgress } = options;
    const bounds = {
      ...(maxStates === undefined ? {} : { maxStates }),
      ...(maxBytes === undefined ? {} : { maxBytes }),
      ...(depth === undefined ? {} : { maxDepth: depth }),
      onState: (id: number): boolean => this.state(id),
      onFinal: (id: number): boolean => this.final(id),
    };
    return runInSlices(search, bounds, { deadline, signal, onSlice: () => onProgress?.(progressIn(search)) });
  }

  /** A new state, in place. */
  private state(id: number): boolean {
    const { checker } = this;
    this.loaded ||= !booting(this.k) && !notLoaded(this.k);
    this.mapped ||= this.k.vmas.some((v) => v.mm >= 0);
    this.recorder?.state(this.k, this.subject);
    let invariant = checker.check();
    const told = this.told();
    if (told >= 0 && (invariant < 0 || invariant > told)) invariant = told;
    if (invariant < 0) return false;
    this.broken = { id, invariant, proc: checker.proc, page: checker.page, pfn: checker.pfn };
    return true;
  }

  /** The first invariant that a program has seen broken, or -1. */
  private told(): number {
    const { k } = this;
    let seen = 0;
    for (let i = 0; i < k.layout.caps.threads; i++) {
      const t = k.thread(i);
      if (k.w[t + THREAD.STATE] !== 0) seen |= k.w[t + THREAD.STACK + USER.FAILED]!;
    }
    return seen === 0 ? -1 : (TOLD.find(({ failed }) => (seen & failed) !== 0)?.invariant ?? -1);
  }

  /** A state without moves. */
  private final(id: number): boolean {
    const { k } = this;
    this.search.store.load(id, k.w);
    if (k.frozen || notLoaded(k) || !k.anyWaiting()) return false;
    this.broken = { id, invariant: DEADLOCK, proc: -1, page: -1, pfn: -1 };
    return true;
  }
}

/** Why a search that found nothing does not mean that the invariants hold. */
function reasonOf(found: Found, options: VerifyOptions): string | undefined {
  const { ending } = found;
  if (ending === 'capacity') return 'bound: memory';
  if (ending === 'depth') return `bound: ${options.depth ?? 0} operations`;
  const bound = boundReason(ending, options);
  if (bound !== undefined) return bound;
  const [unknown] = found.beyond.unknown;
  if (unknown !== undefined) return `the model does not know: ${unknown}`;
  if (options.compact === true) return COMPACTED;
  if (!found.loaded) return 'module_init fails in every execution';
  return found.mapped ? undefined : IDLE;
}
