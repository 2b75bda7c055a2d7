/** Holds a test against the known configurations: where it runs, what is expected there, what its selectors name. */
import type { Diagnostic, Span } from '../c/diagnostics.js';
import { DiagnosticError, DiagnosticSink } from '../c/diagnostics.js';
import { didYouMean } from '../c/suggest.js';
import type { LitmusTest, ResultLine, Verdict } from './ast.js';
import { observables } from './observables.js';
import { findObserver } from './observers.js';
import { compareReleases, releaseMatches, select } from './selector.js';
import type { Configuration, Selector, SelectorItem } from './selector.js';

/** What of a test says where it runs and what it expects there. */
export type Expecting = Pick<LitmusTest, 'results' | 'only' | 'source'>;

/** Whether `Only:` lets the test run on this configuration. @param all every known configuration */
export function runsOn<C extends Configuration>(
  test: Expecting,
  configuration: C,
  all: readonly C[],
): boolean {
  return select(test.only, all).includes(configuration);
}

/**
 * What the test expects on one configuration. Of the `Result` lines that select it, the one wins whose selection is a subset
 * of the selections of all others, taken over the known configurations that `Only:` lets pass. Lines with the same selection
 * win together if they say the same.
 * @param all every known configuration, so that subsets are exact
 * @returns undefined if the test has no `Result` lines at all
 * @throws {DiagnosticError} PFN4009 if no line selects the configuration, PFN4010 if none of them wins
 */
export function expectedVerdict<C extends Configuration>(
  test: Expecting,
  configuration: C,
  all: readonly C[],
): Verdict | undefined {
  if (test.results.length === 0) return undefined;
  const found = verdictFor(lineSelections(test, all), configuration);
  if (typeof found === 'string') return found;
  throw new DiagnosticError(test.source, [verdictProblem(test, found, [configuration])]);
}

interface LineSelection<C> {
  readonly line: ResultLine;
  readonly selected: ReadonlySet<C>;
}

function lineSelections<C extends Configuration>(test: Expecting, all: readonly C[]): LineSelection<C>[] {
  const runs = new Set(select(test.only, all));
  return test.results.map((line) => ({
    line,
    selected: new Set(select(line.selector, all).filter((c) => runs.has(c))),
  }));
}

/** The verdict, or the lines among which none wins (empty: no line matches). */
function verdictFor<C>(
  lines: readonly LineSelection<C>[],
  configuration: C,
): Verdict | readonly ResultLine[] {
  const matching = lines.filter((l) => l.selected.has(configuration));
  const winners = matching.filter((l) => matching.every((other) => isSubset(l.selected, other.selected)));
  const verdicts = new Set(winners.map((w) => w.line.verdict));
  const [verdict] = verdicts;
  return verdicts.size === 1 ? verdict : matching.map((l) => l.line);
}

function isSubset<T>(small: ReadonlySet<T>, large: ReadonlySet<T>): boolean {
  return small.size <= large.size && [...small].every((x) => large.has(x));
}

function verdictProblem(
  test: Expecting,
  lines: readonly ResultLine[],
  where: readonly Configuration[],
): Diagnostic {
  const place = describe(where);
  const [first, ...others] = lines;
  if (!first) {
    return {
      code: 'PFN4009',
      severity: 'error',
      message: `no \`Result\` line says what is expected on ${place}`,
      span: test.results[0].span,
      suggestion: 'add a line `Result:` without a selector',
    };
  }
  return {
    code: 'PFN4010',
    severity: 'error',
    message: `no \`Result\` line is the most specific one on ${place}`,
    span: first.span,
    expected: 'one line whose selection is a subset of those of all other matching lines',
    notes: others.map((line) => ({ message: 'this line matches too', span: line.span })),
  };
}

/** `x86_64 with 6.1`, and how many more. */
function describe(where: readonly Configuration[]): string {
  const [{ arch, release }] = where;
  const more = where.length - 1;
  return `${arch} with ${release}${more > 0 ? ` and ${more} more configuration${more > 1 ? 's' : ''}` : ''}`;
}

/**
 * Checks selectors, results and the need for `Only:` against all known configurations.
 * @param all every known configuration; not only those that are to be run
 */
export function checkSelections(test: LitmusTest, all: readonly Configuration[]): readonly Diagnostic[] {
  const sink = new DiagnosticSink(test.source);
  const selectors = [test.only, ...test.results.map((r) => r.selector)];
  for (const selector of selectors) if (selector) checkSelector(selector, all, sink);
  if (sink.count > 0) return sink.diagnostics;
  checkObservers(test, all, sink);
  return [...sink.diagnostics, ...checkVerdicts(test, all)];
}

/** One diagnostic for each set of lines among which none wins. */
function checkVerdicts(test: LitmusTest, all: readonly Configuration[]): Diagnostic[] {
  if (test.results.length === 0) return [];
  const lines = lineSelections(test, all);
  const problems = new Map<string, { lines: readonly ResultLine[]; where: Configuration[] }>();
  for (const configuration of select(test.only, all)) {
    const found = verdictFor(lines, configuration);
    if (typeof found === 'string') continue;
    const key = found.map((l) => l.span.start).join(' ');
    const problem = problems.get(key);
    if (problem) problem.where.push(configuration);
    else problems.set(key, { lines: found, where: [configuration] });
  }
  return [...problems.values()].map((p) => verdictProblem(test, p.lines, p.where));
}

function checkSelector(selector: Selector, all: readonly Configuration[], sink: DiagnosticSink): void {
  const before = sink.count;
  const archs = new Set(all.map((c) => c.arch));
  const traits = new Set(all.flatMap((c) => [...c.traits]));
  const releases = [...new Set(all.map((c) => c.release))].sort(compareReleases);
  for (const item of selector.items) {
    if (item.kind === 'release') checkRelease(item, releases, sink);
    else checkName(item, archs, traits, sink);
  }
  checkReleasesSelect(selector, releases, sink);
  if (sink.count === before && select(selector, all).length === 0) {
    sink.error('PFN4008', `\`${selector.text}\` selects no configuration`, spanOf(selector.span), {
      expected: 'a selector that at least one known architecture and release satisfies',
    });
  }
}

function spanOf({ start, end }: Span): Span {
  return { start, end: Math.max(end, start + 1) };
}

type ReleaseItem = SelectorItem & { kind: 'release' };

function checkRelease(item: ReleaseItem, releases: readonly string[], sink: DiagnosticSink): void {
  if (releases.some((r) => releaseMatches(item, r))) return;
  sink.error(
    'PFN4006',
    `no known release is \`${(item.op === '=' ? '' : item.op) + item.release}\``,
    item.span,
    {
      expected: `one of ${releases.join(', ')}`,
    },
  );
}

/** `>=6.1, <7.2` is meant as a range, but releases are or-ed: it selects every release. */
function checkReleasesSelect(selector: Selector, releases: readonly string[], sink: DiagnosticSink): void {
  const items = selector.items.filter((i): i is ReleaseItem => i.kind === 'release');
  if (items.length < 2 || !releases.every((r) => items.some((i) => releaseMatches(i, r)))) return;
  const both = releases.filter((r) => items.every((i) => releaseMatches(i, r)));
  sink.error('PFN4013', 'these releases are or-ed: together they select every release', selector.span, {
    suggestion:
      both.length > 0 && both.length < releases.length
        ? `for those that satisfy all of them write \`${both.join(', ')}\``
        : 'leave the releases out',
  });
}

function checkName(
  item: SelectorItem & { kind: 'name' },
  archs: ReadonlySet<string>,
  traits: ReadonlySet<string>,
  sink: DiagnosticSink,
): void {
  if (traits.has(item.name)) return;
  if (!archs.has(item.name)) {
    sink.error('PFN4005', `\`${item.name}\` is neither an architecture nor a trait`, item.span, {
      expected: `an architecture (${[...archs].join(', ')}) or a trait (${[...traits].sort().join(', ')})`,
      ...didYouMean(item.name, [...archs, ...traits]),
    });
  } else if (item.negated) {
    const others = [...archs].filter((a) => a !== item.name);
    sink.error('PFN4007', 'an architecture cannot be negated', item.span, {
      suggestion: `name those that are meant: \`${others.join(', ')}\``,
    });
  }
}

/** Observers that do not exist everywhere ask for an `Only:` that keeps to where they do. */
function checkObservers(test: LitmusTest, all: readonly Configuration[], sink: DiagnosticSink): void {
  const known = new Set(all.flatMap((c) => [...c.traits]));
  for (const { term } of observables([test.filter, test.condition?.prop])) {
    const trait = term.kind === 'observer' ? findObserver(term.observer)?.trait : undefined;
    if (trait === undefined || !known.has(trait)) continue;
    const without = select(test.only, all).filter((c) => !c.traits.has(trait));
    if (without.length === 0) continue;
    sink.error('PFN4014', `\`${trait}\` does not exist on ${describe(without)}`, term.span, {
      suggestion: `add \`Only: ${[...(test.only ? [test.only.text] : []), trait].join(', ')}\` to the header`,
    });
  }
}

/**
 * Checks that every option of the memory block is known.
 * @param known names of release facts and kernel options
 */
export function checkOptions(test: LitmusTest, known: Iterable<string>): readonly Diagnostic[] {
  const names = new Set(known);
  const sink = new DiagnosticSink(test.source);
  for (const { name, nameSpan } of test.memory.options) {
    if (names.has(name)) continue;
    sink.error('PFN4012', `there is no option \`${name}\``, nameSpan, {
      expected: 'a kernel option or a release fact (`pfnmap list facts`), `faults alloc` or `threads P0 P1`',
      ...didYouMean(name, names),
    });
  }
  return sink.diagnostics;
}
