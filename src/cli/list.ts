import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ARCHS } from '../kernel/arch/index.js';
import { FACT_NAMES, type FactName, FACTS, factsFor } from '../kernel/facts.js';
import { inRelease, type PerRelease, type Release, RELEASE_SOURCE, RELEASES } from '../kernel/release.js';
import type { Context } from './context.js';
import { EXIT, UsageError } from './exit.js';
import { corpus, findTests } from './files.js';
import { checkName } from './options.js';
import { table, wrap } from './table.js';

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
  const rows = [['TEST', 'EXPECTED', 'FILE']];
  for (const file of findTests(paths, cwd)) {
    const text = readFileSync(resolve(cwd, file), 'utf8');
    const name = /^\s*C\s+(\S+)/.exec(text)?.[1];
    if (name === undefined) unreadable.push(file);
    else rows.push([name, expectation(text), file]);
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

/** The values of a fact by release, in a line for each group of architectures that have the same ones. */
function factValues(name: FactName): string[] {
  const groups = new Map<string, string[]>();
  for (const arch of ARCHS) {
    const words = RELEASES.map((release: Release) => String(factsFor(arch, release)[name]));
    const same = new Set(words).size === 1;
    const line = same ? words[0]! : words.map((word, i) => `${word} (${RELEASES[i]})`).join(', ');
    groups.set(line, [...(groups.get(line) ?? []), arch.name]);
  }
  if (groups.size === 1) return [...groups.keys()];
  return [...groups].map(([line, archs]) => `${archs.join(', ')}: ${line}`);
}

function listFacts(): string {
  return (
    FACT_NAMES.map((name) => {
      const { doc, source, evidence, catalogue } = FACTS[name];
      return [
        name,
        ...wrap(doc, 76).map((line) => `    ${line}`),
        ...factValues(name)
          .flatMap((line) => wrap(`= ${line}`, 76))
          .map((line) => `    ${line}`),
        ...wrap(`${evidence} in ${source} (${catalogue})`, 76).map((line) => `    ${line}`),
      ].join('\n');
    }).join('\n\n') + '\n'
  );
}
