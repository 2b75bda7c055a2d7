/** Plays every program against a driver: `pfnmap verify`. */
import type { Facts } from '../kernel/facts.js';
import type { LitmusTest } from '../litmus/ast.js';
import { runsOn } from '../litmus/configuration.js';
import { USUAL_PTRS } from '../litmus/region-size.js';
import { CONFIGURATIONS, configurationOf, factsOf } from '../run/configurations.js';
import { boundReason, COMPACTED, optionFacts } from '../run/index.js';
import { CoverageRecorder } from './coverage.js';
import { excludes } from './excludes.js';
import { expectationOf } from './expectation.js';
import { explain } from './explain.js';
import { search, type Found } from './search.js';
import { subjectOf, type Subject } from './subject.js';
import type { Beyond } from './system.js';
import { hasLeaves } from './units.js';
import type { Bounds, VerifyOptions, VerifyResult, VerifyVerdict, Violation } from './types.js';

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
    const part = await world(test, recorder?.facts ?? facts, bounds, { ...options, ...share }, recorder);
    parts.push(part);
    if (i === 0 && options.processes === undefined && options.pages === undefined)
      worlds.push(...leafWorlds(part, bounds));
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

/** Where leaves above the PTE level can come in, a program with room for one, too. */
function leafWorlds({ subject }: Part, usual: Bounds): Bounds[] {
  const { compiled: c } = subject;
  return hasLeaves(c) && c.facts.hugeFaultOnSpecialVma && c.facts.thp ? [{ ...usual, pages: c.ptrs }] : [];
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
  const { states, transitions, depth } = found;
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

/** Why a search that found nothing does not mean that the invariants hold. */
function reasonOf(found: Found, options: VerifyOptions): string | undefined {
  const { ending } = found;
  if (ending === 'capacity') return 'bound: memory';
  if (ending === 'depth') return `bound: ${options.depth ?? 0} operations`;
  const bound = boundReason(ending, options);
  if (bound !== undefined) return bound;
  const [unknown] = [...found.beyond.unknown].toSorted();
  if (unknown !== undefined) return `the model does not know: ${unknown}`;
  if (options.compact === true) return COMPACTED;
  if (!found.loaded) return 'module_init fails in every execution';
  return found.mapped ? undefined : IDLE;
}
