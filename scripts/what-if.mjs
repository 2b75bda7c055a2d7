// Fills the tables of docs/what-if.md: what the corpus and its drivers give on a kernel that is not there.
//
//   node scripts/what-if.mjs          run everything, rewrite the tables
//   node scripts/what-if.mjs --check  run everything, fail if a table differs
//
// A table stands between `<!-- KIND: FACT=VALUE -->` and `<!-- /KIND -->`; all of it is on arm with Linux 7.2.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildCli, isFresh } from './build.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const DOCUMENT = 'docs/what-if.md';
export const ARCH = 'arm';
export const RELEASE = '7.2';
/** What the mishaps that stay are held against. */
const SPECIAL = 'pteSpecial=true';
/** Within these bounds drivers are verified. */
export const BOUNDS = { processes: 1, pages: 1, maxStates: 15_000 };

/** The facts that a page asks about, as `NAME=VALUE`. */
export function factsAsked(markdown) {
  const asked = [...markdown.matchAll(/^<!-- [a-z]+: (\w+=\w+) -->$/gm)].map((block) => block[1]);
  return [...new Set(asked)];
}

/** The tests (files) and drivers that a page's tables show. */
export function filesNamed(markdown) {
  return [...new Set([...markdown.matchAll(/\]\(\.\.\/(litmus\/[^)]*\.litmus)\)/g)].map((link) => link[1]))];
}

/**
 * The page with its tables made anew.
 * @param base results of the corpus as it is (test, file, observation)
 * @param changed the same for each fact
 * @param verified verdicts of drivers: `base` and, for each fact, lists of { test, file, answer }
 */
export function fillPage(markdown, base, changed, verified) {
  return Object.entries(KINDS).reduce((text, [kind, make]) => {
    const block = new RegExp(`<!-- ${kind}: (\\w+=\\w+) -->\\n[\\s\\S]*?<!-- /${kind} -->`, 'g');
    return text.replace(block, (_, fact) => {
      const rows = pairs(base, changed[fact], changed[SPECIAL]);
      const body = make({ rows, fact, verified });
      return `<!-- ${kind}: ${fact} -->\n\n${body}\n\n<!-- /${kind} -->`;
    });
  }, markdown);
}

/** Each test: what it gives, what it would give, and what it would give with a special bit, in the order of their files. */
function pairs(base, results, special) {
  const by = (list) => new Map(list.map((result) => [result.file, result.observation]));
  const [before, bit] = [by(base), by(special)];
  return [...results]
    .sort((a, b) => (a.file < b.file ? -1 : 1))
    .map(({ test, file, observation }) => ({
      test,
      file,
      before: before.get(file),
      after: observation,
      special: bit.get(file),
      header: headerOf(file),
    }));
}

/** The ids that a test's header names behind a key. */
function headerOf(file) {
  const text = readFileSync(ROOT + file, 'utf8');
  const ids = (key) =>
    (new RegExp(`^ \\* ${key}: (.*)$`, 'm').exec(text)?.[1] ?? '').split(/[,\s]+/).filter(Boolean);
  return { shows: ids('Shows'), breaks: ids('Breaks') };
}

/** Whether a test shows what goes wrong, and not what should go right. */
function isMishap({ header }) {
  return header.breaks.length > 0 || header.shows.some((id) => /^F\.V-1b?$/.test(id));
}

const differs = (row) => row.before !== row.after;
const link = ({ test, file }) => `[${test}](../${file})`;
const rulesOf = ({ header }) =>
  [...header.breaks, ...header.shows.filter((id) => id.startsWith('F.V'))].join(', ');

const KINDS = {
  /** Mishaps that can no longer happen, or happen otherwise. */
  mishaps: ({ rows }) =>
    layOut([
      ['test', 'breaks, shows', 'as it is', 'what if'],
      ...rows
        .filter((row) => differs(row) && isMishap(row))
        .map((row) => [link(row), rulesOf(row), row.before, row.after]),
    ]),
  /** Mishaps that are there for want of a special bit, and stay. */
  left: ({ rows }) =>
    layOut([
      ['test', 'breaks, shows', 'as it is, and what if', 'with a special bit'],
      ...rows
        .filter((row) => !differs(row) && isMishap(row) && row.before !== row.special)
        .map((row) => [link(row), rulesOf(row), row.before, row.special]),
    ]),
  /** Tests of what works, which would not. */
  programs: ({ rows }) => {
    const broken = rows.filter((row) => differs(row) && !isMishap(row));
    const folders = [...new Set(broken.map(({ file }) => file.split('/')[1]))];
    return folders
      .map((folder) => {
        const own = broken.filter(({ file }) => file.split('/')[1] === folder);
        return `- ${folder} (${own.length}): ${own.map(link).join(', ')}`;
      })
      .join('\n');
  },
  /** Every test that changes. */
  changes: ({ rows }) =>
    layOut([
      ['test', 'as it is', 'what if'],
      ...rows.filter(differs).map((row) => [link(row), row.before, row.after]),
    ]),
  /** Drivers against every program. */
  drivers: ({ fact, verified }) =>
    layOut([
      ['driver', 'as it is', 'what if'],
      ...[...verified.base]
        .sort((a, b) => (a.file < b.file ? -1 : 1))
        .flatMap((one) => {
          const other = verified[fact].find(({ file }) => file === one.file);
          return other === undefined || other.answer === one.answer
            ? []
            : [[link(one), one.answer, other.answer]];
        }),
    ]),
};

/** What verify says of a driver in a few words: the verdict, or the invariant that falls and the rule (or party) to blame. */
export function answerOf({ verdict, reason, invariant, rule, blame }) {
  if (verdict === 'violated') return `${invariant} (${rule ?? blame})`;
  return verdict === 'unknown' && reason !== undefined && !reason.startsWith('bound')
    ? `unknown: ${reason}`
    : verdict;
}

/** A Markdown table with its columns aligned, as the formatter wants it. */
function layOut(lines) {
  const widths = lines[0].map((_, i) => Math.max(3, ...lines.map((line) => line[i].length)));
  const ruler = widths.map((width) => '-'.repeat(width));
  return [lines[0], ruler, ...lines.slice(1)]
    .map((line) => `| ${line.map((text, i) => text.padEnd(widths[i])).join(' | ')} |`)
    .join('\n');
}

function pfnmap(...args) {
  const options = { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28 };
  const { stdout, stderr, status } = spawnSync(process.execPath, ['bin/pfnmap.js', ...args], options);
  // 1: a verdict differs from what a test expects, or a driver is refuted; 124: a bound. The tables show it.
  if (![0, 1, 124].includes(status)) throw new Error(`pfnmap ended with ${status}\n${stderr}`);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function run(facts) {
  const given = facts.flatMap((fact) => ['--fact', fact]);
  return pfnmap('run', '--arch', ARCH, '--release', RELEASE, '--format', 'json', ...given, 'litmus');
}

function verify(facts) {
  const given = facts.flatMap((fact) => ['--fact', fact]);
  const { processes, pages, maxStates } = BOUNDS;
  const bounds = ['--processes', `${processes}`, '--pages', `${pages}`, '--max-states', `${maxStates}`];
  const where = ['--arch', ARCH, '--release', RELEASE, '--format', 'json'];
  return pfnmap('verify', '--any-user', ...where, ...bounds, ...given, 'litmus/drivers').map((result) => ({
    test: result.test,
    file: result.file,
    answer: answerOf(result),
  }));
}

async function main(check) {
  if (!isFresh('cli')) await buildCli();
  const path = ROOT + DOCUMENT;
  const before = readFileSync(path, 'utf8');
  const facts = factsAsked(before);
  const base = run([]);
  const changed = Object.fromEntries(facts.map((fact) => [fact, run([fact])]));
  const verified = Object.fromEntries([['base', verify([])], ...facts.map((fact) => [fact, verify([fact])])]);
  const after = fillPage(before, base, changed, verified);
  if (after === before) return;
  if (check) {
    console.error(`${DOCUMENT} is out of date; run: node scripts/what-if.mjs`);
    process.exitCode = 1;
  } else writeFileSync(path, after);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.includes('--check'));
