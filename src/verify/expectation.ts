/** What a driver's header says that `pfnmap verify` answers, and within which bounds: `Verify:`, `Within:` (docs/verify.md). */
import { ruleNamed } from '../contract/index.js';
import { INVARIANTS } from '../contract/invariants/list.js';
import { DiagnosticError, DiagnosticSink } from '../c/diagnostics.js';
import type { LitmusTest } from '../litmus/ast.js';
import { select } from '../litmus/selector.js';
import type { Configuration, Selector } from '../litmus/selector.js';
import { parseSelector } from '../litmus/selector-parse.js';
import { CONFIGURATIONS } from '../run/configurations.js';
import { headerLines, items, wrong, type Named } from './declarations.js';
import { KIND_NAMES } from './operations.js';
import type { Bounds, KindName, VerifyOptions, VerifyResult } from './types.js';

/** `holds`, or an invariant that falls with the rule that was broken first, or `driver` where no rule was. */
export type Expectation = string;

const PARTIES = ['driver', 'core', 'architecture'] as const;

interface Line {
  readonly selector: Selector | undefined;
  readonly says: Expectation;
}

/**
 * What is expected on a configuration: of the lines that select it, the one whose selection is a subset of the others'.
 * @returns undefined if the header has no `Verify:` line for it
 * @throws DiagnosticError for a line that says nothing
 */
export function expectationOf(test: LitmusTest, configuration: Configuration): Expectation | undefined {
  const lines = headerLines(test, 'Verify').map((line): Line => {
    const sink = new DiagnosticSink(test.source);
    const { selector: at } = line;
    const span = at && { start: at.start, end: at.start + at.name.length };
    const selector = span && parseSelector(test.source.text, span, sink);
    if (sink.count > 0) throw new DiagnosticError(test.source, sink.diagnostics);
    return { selector, says: saying(test, { name: line.text.trim(), start: line.start }) };
  });
  const selected = lines
    .map(({ selector, says }) => ({ says, where: select(selector, CONFIGURATIONS) }))
    .filter(({ where }) => where.includes(configuration));
  return selected.find(({ where }) =>
    selected.every((other) => where.every((one) => other.where.includes(one))),
  )?.says;
}

function saying(test: LitmusTest, { name, start }: Named): Expectation {
  if (name === 'holds') return name;
  const [invariant = '', why = '', ...more] = name.split(' ');
  if (!INVARIANTS.some(({ id }) => id === invariant)) {
    const expected = '`holds`, or an invariant and a rule: `not-freed F-1a`';
    throw wrong(test, 'PFN4018', `\`${invariant}\` is no invariant`, { name: invariant, start }, expected);
  }
  const known = ruleNamed(why) !== undefined || PARTIES.some((party) => party === why);
  if (!known || more.length > 0) {
    const at = { name: name.slice(invariant.length + 1) || name, start: start + invariant.length + 1 };
    throw wrong(
      test,
      'PFN4018',
      'this is no rule of the contract',
      at,
      'a rule, or `driver` where none speaks of it',
    );
  }
  return name;
}

/** What a verification found, in the same words. */
export function foundOf({ verdict, violation }: VerifyResult): Expectation {
  if (violation === undefined) return verdict;
  return `${violation.invariant} ${violation.blame?.rule ?? violation.blame?.by ?? 'contract'}`;
}

/** Whether a verification found what the header says; what an architecture or the core breaks says nothing about a driver that holds. */
export function agrees(result: VerifyResult): boolean {
  const { expected, verdict, violation } = result;
  if (expected === undefined) return verdict === 'holds';
  if (verdict === 'n/a' || foundOf(result) === expected) return true;
  return expected === 'holds' && (violation?.blame?.by === 'architecture' || violation?.blame?.by === 'core');
}

const SIZE = /^(\d+) (process|page|descriptor|thread)(?:s|es)?$/;
const OFFSETS = /^offsets? (\d+(?: \d+)*)$/;
const TABLES = /^tables of (2|4|8)$/;
const ONLY = /^only ([a-z]+(?: [a-z]+)*)$/;

/** Bounds, and how many entries a page table has. */
export type Within = Partial<Bounds> & Pick<VerifyOptions, 'ptrs'>;

/**
 * The bounds of a header's `Within: 2 processes, 1 page, races, only open mmap ioctl`.
 * @throws DiagnosticError for what is no bound
 */
export function withinOf(test: LitmusTest): Within {
  const bounds: { -readonly [K in keyof Within]: Within[K] } = {};
  for (const { text, start } of headerLines(test, 'Within'))
    for (const item of items(text, start)) {
      const [, n, what] = SIZE.exec(item.name) ?? [];
      const at = OFFSETS.exec(item.name)?.[1];
      const tables = TABLES.exec(item.name)?.[1];
      const only = ONLY.exec(item.name)?.[1]!.split(' ');
      if (what === 'process') bounds.processes = Number(n);
      else if (what === 'page') bounds.pages = Number(n);
      else if (what === 'descriptor') bounds.files = Number(n);
      else if (what === 'thread') bounds.threads = Number(n);
      else if (at !== undefined) bounds.offsets = at.split(' ').map(Number);
      else if (tables !== undefined) bounds.ptrs = Number(tables);
      else if (item.name === 'races') bounds.races = true;
      else if (only?.every((name) => Object.hasOwn(KIND_NAMES, name))) bounds.only = only as KindName[];
      else {
        const expected =
          '`2 processes`, `2 threads`, `1 page`, `1 descriptor`, `races`, `offset 0`, `tables of 2`, or `only` and operations of --only';
        throw wrong(test, 'PFN4019', `\`${item.name}\` is no bound`, item, expected);
      }
    }
  return bounds;
}
