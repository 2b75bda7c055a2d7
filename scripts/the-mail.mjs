// Fills the tables of verdicts in docs/the-mail.md from runs of the tests that they name.
//
//   node scripts/the-mail.mjs          run the tests, rewrite the tables
//   node scripts/the-mail.mjs --check  run the tests, fail if a table differs
//
// A table stands between `<!-- verdicts: TEST TEST -->` and `<!-- /verdicts -->`.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildCli, isFresh } from './build.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const DOCUMENT = 'docs/the-mail.md';
const FOLDER = 'litmus/mail';
const BLOCK = /<!-- verdicts: ([^>]*?) -->\n[\s\S]*?<!-- \/verdicts -->/g;

/** The tests that the tables of `markdown` name, each once, in the order of their first mention. */
export function testsNamed(markdown) {
  const names = [...markdown.matchAll(BLOCK)].flatMap((block) => block[1].trim().split(/\s+/));
  return [...new Set(names)];
}

/** The file of a test, relative to the root of the repository. */
export function fileOf(test) {
  return `${FOLDER}/${test}.litmus`;
}

/**
 * `markdown` with every table made anew.
 * @param results objects with test, arch, release, status and observation, as `--format json` prints them
 */
export function fillTables(markdown, results) {
  return markdown.replace(BLOCK, (_, names) => {
    const tests = names.trim().split(/\s+/);
    return `<!-- verdicts: ${tests.join(' ')} -->\n\n${table(tests, results)}\n\n<!-- /verdicts -->`;
  });
}

/** One row a test, one column for the architectures that agree in all rows and releases. */
function table(tests, results) {
  const rows = tests.map((test) => {
    const own = results.filter((result) => result.test === test);
    if (own.length === 0) throw new Error(`${DOCUMENT} names ${test}, of which there are no results`);
    return { test, own };
  });
  const archs = [...new Set(rows.flatMap((row) => row.own.map((result) => result.arch)))];
  const columns = group(archs, (arch) => JSON.stringify(rows.map((row) => cell(row.own, arch)))).sort(
    (a, b) => Number(isMost(a, archs)) - Number(isMost(b, archs)),
  );
  const lines = [
    ['test', ...columns.map((column) => heading(column, archs))],
    ...rows.map((row) => [
      `[${row.test}](../${fileOf(row.test)})`,
      ...columns.map((column) => cell(row.own, column[0])),
    ]),
  ];
  return layOut(lines);
}

/** Whether a column stands for so many architectures that naming them tells less than naming the others. */
function isMost(column, archs) {
  return column.length > 5 && column.length > archs.length / 2;
}

/** What a column is called. */
function heading(column, archs) {
  if (!isMost(column, archs)) return column.join(', ');
  return column.length === archs.length ? 'all architectures' : 'the others';
}

/** A Markdown table with its columns aligned, as the formatter wants it. */
function layOut(lines) {
  const widths = lines[0].map((_, i) => Math.max(3, ...lines.map((line) => line[i].length)));
  const rows = lines.map((line) => line.map((text, i) => text.padEnd(widths[i])));
  rows.splice(
    1,
    0,
    widths.map((width) => '-'.repeat(width)),
  );
  return rows.map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** The verdicts of one architecture: `Never`, or `6.1, 6.12: Never; 7.2: Always` where releases differ. */
function cell(own, arch) {
  const here = own.filter((result) => result.arch === arch);
  const groups = group(here, verdict);
  if (groups.length === 1) return verdict(groups[0][0]);
  return groups
    .map((results) => `${results.map((result) => result.release).join(', ')}: ${verdict(results[0])}`)
    .join('; ');
}

function verdict(result) {
  return result.status === 'n/a' ? 'n/a' : result.observation;
}

/** Items with equal keys together, in the order of their first appearance. */
function group(items, key) {
  const groups = new Map();
  for (const item of items) {
    const k = key(item);
    groups.set(k, [...(groups.get(k) ?? []), item]);
  }
  return [...groups.values()];
}

/** What `pfnmap run` prints for these tests on every architecture and release. */
async function run(tests) {
  if (!isFresh('cli')) await buildCli();
  const args = ['bin/pfnmap.js', 'run', '--all', '--format', 'json', ...tests.map(fileOf)];
  const options = { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28 };
  const { stdout, stderr, status } = spawnSync(process.execPath, args, options);
  // 1: a verdict differs from its test's Result line. The table shows what was seen; the corpus test complains.
  if (status !== 0 && status !== 1) throw new Error(`pfnmap run ended with ${status}\n${stderr}`);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

async function main(check) {
  const path = ROOT + DOCUMENT;
  const before = readFileSync(path, 'utf8');
  const after = fillTables(before, await run(testsNamed(before)));
  if (after === before) return;
  if (check) {
    console.error(`${DOCUMENT} is out of date; run: node scripts/the-mail.mjs`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, after);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.includes('--check'));
