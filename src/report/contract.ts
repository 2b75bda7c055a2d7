/** The contract with the tests that name it, and what real kernels gave for them: one object for each id. */
import { ENTRIES, type Entry, REASONS, SECTIONS } from '../contract/index.js';
import { expectedVerdict, runsOn } from '../litmus/configuration.js';
import type { Headline } from '../litmus/headline.js';
import type { Reference, Verdict } from '../litmus/ast.js';
import { CONFIGURATIONS, configurationOf } from '../run/configurations.js';

/** What is asked of a recording (replay/compare/recorded.ts). */
export interface Seen {
  readonly about: { readonly kernel: string; readonly arch: string; readonly release: string };
  readonly tests: readonly {
    readonly test: string;
    readonly hash: string;
    readonly outcomes: readonly { readonly positive: boolean; readonly count: number }[];
    readonly trouble?: string;
    readonly bug?: { readonly api: string };
    readonly skipped?: string;
  }[];
}

/** A test that names an id. */
export interface Case {
  readonly test: string;
  readonly file: string;
  readonly role: Reference['role'];
  /** `Only:`. */
  readonly only?: string;
  readonly expected: readonly { readonly on?: string; readonly verdict: Verdict }[];
  /** The kernels on which this text ran and gave what the test expects of them. */
  readonly measured: readonly string[];
}

/** An id as `pfnmap rules --format json` prints it. */
export type ContractLine = Omit<Entry, 'untested'> & {
  /** `B.2`; `F` for rules. */
  readonly section: string;
  /** Of the section. */
  readonly title: string;
  readonly untested?: { readonly reason: string; readonly text: string };
  readonly cases: readonly Case[];
};

const RULES_SECTION = { id: 'F', title: 'Rules' };

/** The sections of ids. */
const SECTION_OF: ReadonlyMap<string, { readonly id: string; readonly title: string }> = new Map(
  SECTIONS.flatMap((section) => section.entries.map(({ id }) => [id, section] as const)),
);

/** Why an entry has no test, in words. */
function untestedText({ untested }: Entry): { untested?: ContractLine['untested'] } {
  if (untested === undefined) return {};
  const { reason, detail } = untested;
  return { untested: { reason, text: REASONS[reason] + (detail === undefined ? '' : ` (${detail})`) } };
}

/** Whether a kernel's outcomes are what a test expects: all, none or some of them positive. */
export function agrees(expected: Verdict, run: Seen['tests'][number], text: string): boolean {
  if (run.skipped !== undefined || run.trouble !== undefined) return false;
  // A machine that dies takes its outcome along; the test has to have asked for it.
  if (run.bug !== undefined) return expected !== 'Never' && text.includes(`bug(${run.bug.api})`);
  const seen = run.outcomes.filter(({ count }) => count > 0);
  const positive = seen.filter((o) => o.positive).length;
  switch (expected) {
    case 'Never':
      return seen.length > 0 && positive === 0;
    case 'Always':
      return seen.length > 0 && positive === seen.length;
    case 'Sometimes':
      return positive > 0;
  }
}

/** The kernels on which a test as it is now ran and gave what it expects. */
export function measuredOn(test: Headline, recordings: readonly Seen[]): string[] {
  const hash = test.hash();
  return recordings.flatMap(({ about, tests }) => {
    const run = tests.find((t) => t.test === test.name && t.hash === hash);
    const configuration = configurationOf(about.arch, about.release);
    if (run === undefined || !runsOn(test, configuration, CONFIGURATIONS)) return [];
    const expected = expectedVerdict(test, configuration, CONFIGURATIONS);
    return expected !== undefined && agrees(expected, run, test.source.text) ? [about.kernel] : [];
  });
}

/** Every id with its cases, in the order of the catalogue. */
export function contractLines(tests: readonly Headline[], recordings: readonly Seen[]): ContractLine[] {
  const cases = new Map<string, Case[]>();
  for (const test of tests) {
    if (test.references.length === 0) continue;
    const { name, file, only } = test;
    const expected = test.results.map(({ selector, verdict }) => ({
      ...(selector ? { on: selector.text } : {}),
      verdict,
    }));
    const measured = measuredOn(test, recordings);
    for (const { role, id } of test.references) {
      const found = { test: name, file, role, ...(only ? { only: only.text } : {}), expected, measured };
      cases.set(id, [...(cases.get(id) ?? []), found]);
    }
  }
  return ENTRIES.map((entry) => {
    const { id: section, title } = SECTION_OF.get(entry.id) ?? RULES_SECTION;
    return {
      ...entry,
      ...untestedText(entry),
      section,
      title,
      cases: cases.get(entry.id) ?? [],
    } as ContractLine;
  });
}
