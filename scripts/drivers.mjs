// Fills the last column of the tables in docs/drivers.md from runs of the tests that they name.
//
//   node scripts/drivers.mjs          run the tests, rewrite the column
//   node scripts/drivers.mjs --check  run the tests, fail if a cell differs
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildCli, isFresh } from './build.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const DOCUMENT = 'docs/drivers.md';
export const FOLDER = 'litmus/drivers';
/** A row: idiom, correct test, broken test, rule, verdict. */
const ROW = /^\| (.*?) *\| \[([\w-]+)\].*? *\| \[([\w-]+)\].*? *\| (.*?) *\| .*\|$/;

/** The rows of the tables in `markdown`. */
export function rowsOf(markdown) {
  return markdown.split('\n').flatMap((line) => {
    const found = ROW.exec(line);
    return found ? [{ idiom: found[1], correct: found[2], broken: found[3], rule: found[4] }] : [];
  });
}

/** The file of a test, relative to the root of the repository. */
export function fileOf(test) {
  return `${FOLDER}/${test}.litmus`;
}

/**
 * `markdown` with the verdicts of the broken tests made anew and its columns aligned, as the formatter wants them.
 * @param results objects with test, arch, release, status and observation, as `--format json` prints them, and special: whether the
 * architecture has a special bit
 */
export function fillVerdicts(markdown, results) {
  return markdown.replaceAll(/(?:^\|.*\|\n)+/gm, (table) => {
    const [head, , ...rows] = table
      .trimEnd()
      .split('\n')
      .map((line) => cells(line));
    const filled = rows.map((row, i) => {
      const { broken } = rowsOf(table)[i];
      return [...row.slice(0, -1), verdict(results.filter((result) => result.test === broken))];
    });
    return layOut([head, ...filled]);
  });
}

function cells(line) {
  return line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim());
}

/** A Markdown table with its columns aligned. */
function layOut(lines) {
  const widths = lines[0].map((_, i) => Math.max(3, ...lines.map((line) => line[i].length)));
  const ruler = widths.map((width) => '-'.repeat(width));
  return [lines[0], ruler, ...lines.slice(1)]
    .map((line) => `| ${line.map((text, i) => text.padEnd(widths[i])).join(' | ')} |\n`)
    .join('');
}

/**
 * `Always`; or `with a special bit Never, without Always`; the releases in front if it does not run on all. That nothing but the
 * special bit makes a difference is held: else there is no cell for it.
 */
function verdict(own) {
  const ran = own.filter((result) => result.status !== 'n/a');
  if (ran.length === 0) throw new Error(`${DOCUMENT} names a test of which there are no results`);
  const releases = distinct(ran.map((result) => result.release));
  const front = releases.length < distinct(own.map((result) => result.release)).length;
  const [special, plain] = [true, false].map((bit) => word(ran.filter((result) => result.special === bit)));
  // Where leaves have a special bit, pages have one, too.
  const words =
    special === plain || plain === undefined ? special : `with a special bit ${special}, without ${plain}`;
  return (front ? `${releases.join(', ')}: ` : '') + words;
}

function word(own) {
  if (own.length === 0) return undefined;
  const words = distinct(own.map((result) => result.observation));
  if (words.length !== 1)
    throw new Error(`${own[0].test}: ${words.join(' and ')}, and not for a special bit`);
  return words[0];
}

function distinct(items) {
  return [...new Set(items)];
}

/** What `pfnmap run` prints for the broken tests on every architecture and release. */
async function run(tests) {
  if (!isFresh('cli')) await buildCli();
  const args = ['run', '--all', '--format', 'json', ...tests.map(fileOf)];
  const { stdout, stderr, status } = pfnmap(args);
  // 1: a verdict differs from its test's Result line. The table shows what was seen; the corpus test complains.
  if (status !== 0 && status !== 1) throw new Error(`pfnmap run ended with ${status}\n${stderr}`);
  const plain = new Set(
    [...pfnmap(['list', 'archs']).stdout.matchAll(/^(\w+) +\d+ +no /gm)].map((row) => row[1]),
  );
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .map((result) => ({ ...result, special: !plain.has(result.arch) }));
}

function pfnmap(args) {
  const options = { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28 };
  return spawnSync(process.execPath, ['bin/pfnmap.js', ...args], options);
}

async function main(check) {
  const path = ROOT + DOCUMENT;
  const before = readFileSync(path, 'utf8');
  const after = fillVerdicts(before, await run(distinct(rowsOf(before).map((row) => row.broken))));
  if (after === before) return;
  if (check) {
    console.error(`${DOCUMENT} is out of date; run: node scripts/drivers.mjs`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, after);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.includes('--check'));
