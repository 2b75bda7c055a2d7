/** Comparisons as people and programs read them: litmus7's histogram, KTAP, JSON, and a table for the documentation. */
import type { ComparedOutcome, Comparison } from './verdict.js';

export const COMPARISON_FORMATS = ['histogram', 'ktap', 'json'] as const;
export type ComparisonFormat = (typeof COMPARISON_FORMATS)[number];

/** Formats of `pfnmap compare`. */
export const COMPARE_FORMATS = ['table', 'json', 'markdown'] as const;
export type CompareFormat = (typeof COMPARE_FORMATS)[number];

/** All comparisons of one replay. */
export function formatComparisons(all: readonly Comparison[], format: ComparisonFormat): string {
  switch (format) {
    case 'histogram':
      return all.map(histogram).join('\n');
    case 'ktap':
      return ktap(all);
    case 'json':
      return all.map((c) => `${JSON.stringify(c)}\n`).join('');
  }
}

function mark(o: ComparedOutcome): string {
  if (!o.model) return '!';
  return o.machine === 0 ? '-' : ' ';
}

/**
 * litmus7's form: `Test`, `Histogram (n states)`, the outcomes with their counts, `*>` where the condition's proposition holds. An
 * outcome that the model does not have is marked `!`, one that the machine did not show `-`.
 */
function histogram(c: Comparison): string {
  const head = `Test ${c.test} ${c.kernel} (${c.version})`;
  if (c.status === 'not run') return `${head}\nNot run: ${c.reason}\n`;
  const seen = c.outcomes.filter((o) => o.machine > 0);
  const rows = c.outcomes.map(
    (o) => `${mark(o)}${String(o.machine).padEnd(7)}${o.positive ? '*>' : ':>'}${o.text}`,
  );
  const positive = sum(seen.filter((o) => o.positive));
  const negative = sum(seen) - positive;
  const notes = [
    c.reason,
    c.explanation?.explanation,
    c.unsteerable && `not all outcomes shown: ${c.unsteerable}`,
  ];
  return [
    head,
    `Histogram (${seen.length} states)`,
    ...rows,
    { agreed: 'Ok', differs: 'No', explained: 'Explained', 'not run': '' }[c.status],
    '',
    'Witnesses',
    `Positive: ${positive}, Negative: ${negative}`,
    ...notes.flatMap((n) => (n === undefined ? [] : [`# ${n}`])),
    `Observation ${c.test} ${word(positive, negative)} ${positive} ${negative}`,
    '',
  ].join('\n');
}

function sum(outcomes: readonly ComparedOutcome[]): number {
  return outcomes.reduce((n, o) => n + o.machine, 0);
}

function word(positive: number, negative: number): string {
  if (positive === 0) return 'Never';
  return negative === 0 ? 'Always' : 'Sometimes';
}

function ktap(all: readonly Comparison[]): string {
  const lines = ['KTAP version 1', `1..${all.length}`];
  all.forEach((c, i) => {
    const name = `${c.test} ${c.kernel}`;
    if (c.status === 'differs') {
      for (const o of c.outcomes) if (!o.model) lines.push(`# only on the machine: ${o.text}`);
      if (c.reason !== undefined) lines.push(`# ${c.reason}`);
    }
    if (c.status === 'not run') lines.push(`ok ${i + 1} ${name} # SKIP ${c.reason ?? ''}`.trimEnd());
    else lines.push(`${c.status === 'differs' ? 'not ok' : 'ok'} ${i + 1} ${name}`);
  });
  const skip = all.filter((c) => c.status === 'not run').length;
  const fail = all.filter((c) => c.status === 'differs').length;
  lines.push(`# Totals: pass:${all.length - skip - fail} fail:${fail} xfail:0 xpass:0 skip:${skip} error:0`);
  return `${lines.join('\n')}\n`;
}

/** What the comparisons of one kernel come to. */
export interface Tally {
  readonly kernel: string;
  readonly version: string;
  readonly arch: string;
  readonly release: string;
  agreed: number;
  explained: number;
  differs: number;
  notRun: Map<string, number>;
  /** Outcomes of the model on the tests that ran, and those of them that the machine showed. */
  outcomes: number;
  shown: number;
  unsteerable: Map<string, number>;
}

/** One tally for each kernel, in the order of their first mention; cases of the kernel's own selftest are none of them. */
export function tallies(all: readonly Comparison[]): Tally[] {
  const found = new Map<string, Tally>();
  for (const c of all) {
    if (c.selftest) continue;
    let t = found.get(c.kernel);
    if (t === undefined) found.set(c.kernel, (t = emptyTally(c)));
    if (c.status === 'not run') count(t.notRun, reasonClass(c.reason ?? ''));
    else t[c.status]++;
    const model = c.outcomes.filter((o) => o.model);
    const missing = model.filter((o) => o.machine === 0).length;
    t.outcomes += model.length;
    t.shown += model.length - missing;
    if (missing > 0 && c.unsteerable !== undefined) count(t.unsteerable, c.unsteerable, missing);
  }
  return [...found.values()];
}

function emptyTally({ kernel, version, arch, release }: Comparison): Tally {
  const none = { agreed: 0, explained: 0, differs: 0, outcomes: 0, shown: 0 };
  return { kernel, version, arch, release, ...none, notRun: new Map(), unsteerable: new Map() };
}

function count(map: Map<string, number>, key: string, n = 1): void {
  map.set(key, (map.get(key) ?? 0) + n);
}

/** `amd64-7.2: 189 agreed, 0 explained, 0 differ, 0 not run; ...`: what the comparisons of one kernel come to. */
export function summaryLine(found: readonly Comparison[]): string {
  const lines = tallies(found).map((t) => {
    const notRun = [...t.notRun.values()].reduce((a, b) => a + b, 0);
    const shown = `${t.shown} of ${t.outcomes} outcomes shown`;
    return `${t.kernel}: ${t.agreed} agreed, ${t.explained} explained, ${t.differs} differ, ${notRun} not run; ${shown}`;
  });
  const selftests = targetsOf(found).map(
    (target) => `; selftest on ${target}: ${selftestText(found, target)}`,
  );
  return lines.join('\n') + selftests.join('');
}

/** The kinds of memory on which the kernel's own selftest ran. */
function targetsOf(all: readonly Comparison[]): string[] {
  return [...new Set(all.flatMap((c) => (c.selftest ? [targetOf(c)] : [])))];
}

function targetOf({ test }: Comparison): string {
  return test.slice(test.lastIndexOf(':') + 1);
}

/** `6 of 6 cases agree`, or why it did not run. */
function selftestText(all: readonly Comparison[], target: string): string {
  const cases = all.filter((c) => c.selftest && targetOf(c) === target);
  if (cases.length === 0) return '-';
  const ran = cases.filter((c) => c.status !== 'not run');
  if (ran.length === 0) return `skipped (${cases[0]!.reason})`;
  return `${ran.filter((c) => c.status === 'agreed').length} of ${cases.length} cases agree`;
}

/** `Only: x86_64` and `Only: mmap_prepare` are one reason. */
function reasonClass(reason: string): string {
  return reason.startsWith('Only:') ? 'Only:' : reason;
}

const HEAD = [
  'Kernel',
  'Version',
  'Stands for',
  'Run',
  'Agreed',
  'Explained',
  'Differ',
  'Not run',
  'Outcomes shown',
];

/** `docs/fidelity.md`. */
export function formatFidelity(all: readonly Comparison[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const listed = (m: ReadonlyMap<string, number>): string =>
    [...m].map(([k, n]) => `${n} ${k}`).join(', ') || '0';
  const rows = tallies(all).map((t) => {
    const run = t.agreed + t.explained + t.differs;
    const missing = t.unsteerable.size === 0 ? '' : ` (${listed(t.unsteerable)})`;
    return row([
      ...[t.kernel, t.version, `${t.arch}, ${t.release}`, String(run), String(t.agreed), String(t.explained)],
      ...[String(t.differs), listed(t.notRun), `${t.shown} of ${t.outcomes}${missing}`],
    ]);
  });
  return [
    '# Fidelity',
    '',
    'Generated by `pfnmap compare --format markdown`: what real kernels gave for the corpus, against the model as it is now.',
    '',
    'Every test runs on the machine again and again, each time with other frames, choices and schedules. It agrees if every outcome',
    'of the machine is one of the model. "Outcomes shown" counts the other direction: outcomes of the model that the machine gave, too.',
    '',
    row(HEAD),
    row(HEAD.map(() => '---')),
    ...rows,
    '',
    ...selftests(all),
    ...differences(all),
  ].join('\n');
}

/** The kernel's own selftest, a row for each kernel. */
function selftests(all: readonly Comparison[]): string[] {
  const targets = targetsOf(all);
  if (targets.length === 0) return [];
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const kernels = [...new Set(all.map((c) => c.kernel))];
  return [
    "## The kernel's own selftest",
    '',
    "tools/testing/selftests/mm/pfnmap.c, run in the same boots: each of its cases against the model's verdict on the test of `litmus/selftests`",
    'that says the same.',
    '',
    row(['Kernel', ...targets]),
    row(['---', ...targets.map(() => '---')]),
    ...kernels.map((id) => {
      const own = all.filter((c) => c.kernel === id);
      return row([id, ...targets.map((target) => selftestText(own, target))]);
    }),
    '',
  ];
}

function differences(all: readonly Comparison[]): string[] {
  const found = all.filter((c) => c.status === 'differs' || c.status === 'explained');
  if (found.length === 0) return ['There are no differences.', ''];
  return [
    '## Differences',
    '',
    ...found.map((c) => {
      const why =
        c.explanation === undefined
          ? 'not explained'
          : `${c.explanation.explanation} (${c.explanation.source})`;
      return `- \`${c.test}\` on ${c.kernel}: ${why}`;
    }),
    '',
  ];
}
