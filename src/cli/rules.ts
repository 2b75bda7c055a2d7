import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { didYouMean } from '../c/suggest.js';
import { ENTRIES, type Entry, RULES, ruleNamed, SECTIONS } from '../contract/index.js';
import { type Headline, readHeadline } from '../litmus/headline.js';
import { type Case, type ContractLine, contractLines } from '../report/contract.js';
import { recorded } from './compare.js';
import type { Context } from './context.js';
import { UsageError } from './exit.js';
import { findTests, PACKAGE_ROOT } from './files.js';
import { table, wrap } from './table.js';
import { bold, useColor } from './terminal.js';

export const RULES_FORMATS = ['text', 'json'] as const;

/** The options of `pfnmap rules`, parsed. */
export interface RulesFlags {
  readonly format: (typeof RULES_FORMATS)[number];
}

const WIDTH = 76;

/** Sections by id; the rules are section F. */
const CONTENTS: ReadonlyMap<string, readonly Entry[]> = new Map([
  ...SECTIONS.map(({ id, entries }) => [id, entries] as const),
  ['F', RULES],
]);

/** `pfnmap rules [ID...]` */
export function rulesCommand(this: Context, flags: RulesFlags, ...asked: string[]): void {
  const { stdout } = this.process;
  const chosen = asked.length === 0 ? ENTRIES : asked.flatMap(named);
  const ids = new Set(chosen.map(({ id }) => id));
  if (flags.format === 'json') {
    stdout.write(
      linesOf(ids)
        .map((line) => `${JSON.stringify(line)}\n`)
        .join(''),
    );
  } else if (asked.length === 0 || asked.some((id) => CONTENTS.has(normalised(id)))) {
    stdout.write(table([...ids].map((id) => [id, chosen.find((entry) => entry.id === id)!.statement])));
  } else {
    const color = useColor(stdout, this.env);
    stdout.write(
      linesOf(ids)
        .map((line) => page(line, color))
        .join('\n'),
    );
  }
}

/** `f-1a` is F-1a: ids differ in more than the size of their letters. */
function normalised(id: string): string {
  const known = [...CONTENTS.keys(), ...ENTRIES.map((entry) => entry.id)];
  return known.find((one) => one.toLowerCase() === id.toLowerCase()) ?? id;
}

/** The entries that an argument stands for. @throws {UsageError} for one that the contract does not have */
function named(asked: string): readonly Entry[] {
  const id = normalised(asked);
  const section = CONTENTS.get(id);
  if (section !== undefined) return section;
  const entry = ENTRIES.find((one) => one.id === id);
  if (entry !== undefined) return [entry];
  const { suggestion } = didYouMean(asked, [...CONTENTS.keys(), ...ENTRIES.map((one) => one.id)]);
  throw new UsageError(
    `the contract has no '${asked}'${suggestion === undefined ? '' : `; ${suggestion.replaceAll('`', "'")}`}`,
  );
}

/** The lines of some ids, with the tests that pfnmap brings along. */
function linesOf(ids: ReadonlySet<string>): ContractLine[] {
  const tests = findTests(['litmus'], PACKAGE_ROOT).flatMap((file): Headline[] => {
    const test = readHeadline({ file, text: readFileSync(resolve(PACKAGE_ROOT, file), 'utf8') });
    return test?.references.some(({ id }) => ids.has(id)) ? [test] : [];
  });
  return contractLines(tests, recorded()).filter(({ id }) => ids.has(id));
}

/** All about one id. */
function page(line: ContractLine, color: boolean): string {
  const rule = ruleNamed(line.id);
  const part = (title: string, text: string): string[] => [
    '',
    bold(title, color),
    ...wrap(text, WIDTH).map((row) => `    ${row}`),
  ];
  const lines = [
    bold(line.id, color),
    ...wrap(line.statement, WIDTH).map((row) => `    ${row}`),
    ...(line.on === undefined ? [] : part('Holds on:', line.on)),
    ...(rule === undefined
      ? []
      : [
          ...part('Owed by:', rule.owes.join(', ')),
          ...part('If broken:', rule.breaks),
          ...part('Enforced:', `${enforcementText(rule.enforcement)}. ${rule.enforced}`),
        ]),
    ...part('Source:', `${line.evidence === 'read' ? 'read in' : 'measured, and read in'} ${line.source}`),
    ...(line.untested === undefined ? [] : part('No test:', `it ${line.untested.text}`)),
    ...(line.cases.length === 0 ? [] : ['', bold('Tests:', color), ...line.cases.flatMap(caseLines)]),
  ];
  return `${lines.join('\n')}\n`;
}

/** `BUG` or `6.1: BUG; 6.12, 7.2: SIGBUS`. */
function enforcementText(by: Readonly<Record<string, readonly string[]>>): string {
  const groups = new Map<string, string[]>();
  for (const [release, words] of Object.entries(by)) {
    const text = words.join(', ');
    groups.set(text, [...(groups.get(text) ?? []), release]);
  }
  if (groups.size === 1) return [...groups.keys()][0]!;
  return [...groups].map(([words, releases]) => `${releases.join(', ')}: ${words}`).join('; ');
}

function caseLines({ role, file, only, expected, measured }: Case): string[] {
  const words = expected.map(({ on, verdict }) => (on === undefined ? verdict : `${on}: ${verdict}`));
  return [
    `    ${role.padEnd(6)}  ${file}`,
    `            ${words.join('; ')}${only === undefined ? '' : ` (only ${only})`}`,
    ...wrap(measured.length > 0 ? `measured on ${measured.join(', ')}` : 'not measured', WIDTH - 8).map(
      (row) => `            ${row}`,
    ),
  ];
}
