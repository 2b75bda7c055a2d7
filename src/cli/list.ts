import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ARCHS } from '../kernel/arch/index.js';
import { type FactRow, factTable } from '../kernel/facts.js';
import { inRelease, type PerRelease, RELEASE_SOURCE, RELEASES } from '../kernel/release.js';
import type { Context } from './context.js';
import { EXIT, UsageError } from './exit.js';
import { corpus, findTests } from './files.js';
import { checkName } from './options.js';
import { table, wrap } from './table.js';

/** Of indented text. */
const WIDTH = 76;

const KINDS = ['tests', 'archs', 'releases', 'facts'] as const;

/** `pfnmap list tests [FILE|DIR...]`, `pfnmap list archs|releases|facts`. */
export function listCommand(
  this: Context,
  _flags: Record<never, never>,
  kind?: string,
  ...paths: string[]
): void {
  if (kind === undefined) throw new UsageError(`list what? ${KINDS.join(', ')}`);
  checkName(kind, KINDS, 'list');
  if (kind !== 'tests' && paths.length > 0) throw new UsageError(`'list ${kind}' takes no more arguments`);
  const { stdout } = this.process;
  if (kind === 'tests') {
    const { text, unreadable } = listTests(paths.length > 0 ? paths : [corpus(this.cwd)], this.cwd);
    stdout.write(text);
    for (const file of unreadable)
      this.process.stderr.write(`${file}: not a litmus test (no line 'C NAME')\n`);
    if (unreadable.length > 0) this.status = EXIT.usage;
  } else stdout.write({ archs: listArchs, releases: listReleases, facts: listFacts }[kind as 'archs']());
}

/** Reads only the header, so that listing a thousand tests does not load the front end. */
function listTests(paths: readonly string[], cwd: string): { text: string; unreadable: string[] } {
  const unreadable: string[] = [];
  const rows = [['TEST', 'FILE', 'EXPECTED']];
  for (const file of findTests(paths, cwd)) {
    const text = readFileSync(resolve(cwd, file), 'utf8');
    const name = /^\s*C\s+(\S+)/.exec(text)?.[1];
    if (name === undefined) unreadable.push(file);
    else rows.push([name, file, expectation(text)]);
  }
  return { text: table(rows), unreadable };
}

/** `Never; !pte_special: Sometimes` */
function expectation(text: string): string {
  const header = /\(\*[\s\S]*?\*\)/.exec(text)?.[0] ?? '';
  const results = [...header.matchAll(/^[ \t(*]*Result(?:\(([^)\n]*)\))?:\s*(\w+)/gm)];
  return (
    results.map(([, where, word]) => (where === undefined ? word : `${where}: ${word}`)).join('; ') || '-'
  );
}

function yesNo(value: PerRelease<boolean>): string {
  const words = RELEASES.map((release) => (inRelease(value, release) ? 'yes' : 'no'));
  return new Set(words).size === 1 ? words[0]! : words.map((word, i) => `${RELEASES[i]} ${word}`).join(', ');
}

function listArchs(): string {
  return table([
    ['ARCH', 'LONG', 'SPECIAL BIT', 'DESCRIPTION'],
    ...ARCHS.map(({ name, bitsPerLong, traits, doc }) => [
      name,
      String(bitsPerLong),
      yesNo(traits.pteSpecial),
      doc,
    ]),
  ]);
}

function listReleases(): string {
  return table([
    ['RELEASE', 'SOURCE THAT WAS READ'],
    ...RELEASES.map((name) => [name, `linux ${RELEASE_SOURCE[name]}`]),
  ]);
}

/** The values of a fact, one line for each group of architectures that have the same ones. */
function factValues({ values }: FactRow): string[] {
  const groups = new Map<string, string[]>();
  for (const [i, { name }] of ARCHS.entries()) {
    const words = RELEASES.map((release) => String(values[release][i]));
    const same = new Set(words).size === 1;
    const line = same ? words[0]! : words.map((word, at) => `${word} (${RELEASES[at]})`).join(', ');
    groups.set(line, [...(groups.get(line) ?? []), name]);
  }
  if (groups.size === 1) return [...groups.keys()];
  return [...groups].map(([line, archs]) => `${archs.join(', ')}: ${line}`);
}

function listFacts(): string {
  const blocks = factTable(ARCHS).map((row) => {
    const source = `${row.evidence} in ${row.source} (${row.catalogue})`;
    const lines = [row.doc, ...factValues(row).map((line) => `= ${line}`), source];
    return [row.name, ...lines.flatMap((line) => wrap(line, WIDTH)).map((line) => `    ${line}`)].join('\n');
  });
  return `${blocks.join('\n\n')}\n`;
}
