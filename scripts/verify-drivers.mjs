// Verifies every driver of litmus/drivers, with and without a special bit, on the oldest and the newest release, and writes docs/verified.md.
//
//   npm run verify:drivers [SECONDS [NAME...]]   at most SECONDS (10) for each search; only the rows of drivers whose names have a NAME in them
//
// The document is written anew after each driver: what is done is kept if the run is cut short.
//
// First in the usual worlds of `pfnmap verify`, larger than those that most headers name. Where that gives no answer, or not yet the one
// that the header foretells (a race, an operation that takes more pages), in the header's own.
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { FOLDER } from './drivers.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const DOCUMENT = 'docs/verified.md';
export const ARCHS = ['arm', 'x86_64'];
export const RELEASES = ['6.1', '7.2'];
export const USUAL = 'usual';
const SMALL = '1 process, 1 page';
const HEAD = ['driver', 'on', 'answer', 'invariant', 'rule', 'states', 'seconds', 'world', 'how far'];

/** The rows of the table, cell by cell. */
export function rowsOf(markdown) {
  return markdown
    .split('\n')
    .filter((line) => /^\| \w/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
    .filter((cells) => cells.length === HEAD.length && cells[0] !== HEAD[0]);
}

/** The world that a header names. */
export function withinText(text) {
  return /^ \* Within: (.*)$/m.exec(text)?.[1].trim() ?? SMALL;
}

function run(args) {
  const options = { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28 };
  return new Promise((resolve) => {
    execFile(process.execPath, ['bin/pfnmap.js', ...args], options, (error, stdout, stderr) =>
      resolve({ stdout, stderr, status: error === null ? 0 : error.code }),
    );
  });
}

async function verify(name, args) {
  const all = ['verify', '--any-user', '--format', 'json', ...args, `${FOLDER}/${name}.litmus`];
  const { stdout, stderr, status } = await run(all);
  if (![0, 1, 124].includes(status)) throw new Error(`${name}: verify ended with ${status}\n${stderr}`);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

async function rowsFor(name, seconds) {
  const within = withinText(readFileSync(`${ROOT}${FOLDER}/${name}.litmus`, 'utf8'));
  const own = within === SMALL ? ['--processes', '1', '--pages', '1'] : [];
  const where = ['--arch', ARCHS.join(','), '--release', RELEASES.join(',')];
  const results = await verify(name, ['--no-within', '--timeout', String(seconds), ...where]);
  const rows = [];
  for (const usual of results.filter(({ verdict }) => verdict !== 'n/a')) {
    // What only the core does wrong ends the search, and says nothing of a driver that holds.
    const ended = usual.verdict === 'violated' && usual.expected === 'holds';
    if (usual.verdict !== 'unknown' && usual.agrees && !ended) {
      rows.push(row(name, usual, USUAL));
      continue;
    }
    const there = ['--arch', usual.arch, '--release', usual.release];
    const [result] = await verify(name, [...own, '--timeout', String(6 * seconds), ...there]);
    rows.push(row(name, result, within, usual));
  }
  return rows;
}

/** @param usual what the usual worlds gave before */
function row(name, result, world, usual) {
  const { arch, release, verdict, invariant, rule, blame, exhaustive, reason, states, timeMs } = result;
  const far = exhaustive ? 'all states' : verdict === 'violated' ? 'to the shortest way' : reason;
  const what =
    usual?.verdict === 'violated' ? `${usual.invariant} ${usual.rule ?? usual.blame}` : usual?.reason;
  const before =
    usual && `usual: ${usual.verdict} (${what ?? 'all states'}), ${grouped(usual.states)} states`;
  return [
    name,
    `${arch} ${release}`,
    verdict,
    invariant ?? '',
    rule ?? blame ?? '',
    grouped(states),
    (timeMs / 1000).toFixed(1),
    world,
    [far, before].filter(Boolean).join('; '),
  ];
}

function grouped(n) {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

function documentOf(rows) {
  const lines = [HEAD, HEAD.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `# Every driver, verified

Written by \`npm run verify:drivers\`: every driver of \`litmus/drivers\` against every program ([verify.md](verify.md)), where entries have a special bit
(x86_64) and where they have none (arm), on the oldest and the newest release that it runs on. ${USUAL}: one process with 2 pages, then 2
processes with a page each, all operations; where that was too large for the time, or the answer takes another world (a race, a third page),
the world of the driver's header, and what the usual ones had given is said behind it. \`all states\`: every state within that world was
seen. A test holds the answers to what the headers say; states and seconds are from the day of the run, on a machine that had other work to do.

<!-- prettier-ignore-start -->

${lines.join('\n')}

<!-- prettier-ignore-end -->
`;
}

async function main(seconds, parts) {
  const path = ROOT + DOCUMENT;
  const known = existsSync(path) ? rowsOf(readFileSync(path, 'utf8')) : [];
  const names = readdirSync(ROOT + FOLDER)
    .map((file) => file.replace('.litmus', ''))
    .toSorted();
  const rows = new Map();
  const left = names.filter((name) => parts.length === 0 || parts.some((part) => name.includes(part)));
  const worker = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) {
      process.stderr.write(`${name}\n`);
      rows.set(name, await rowsFor(name, seconds));
      const all = names.flatMap((each) => rows.get(each) ?? known.filter(([driver]) => driver === each));
      writeFileSync(path, documentOf(all));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await main(Number(process.argv[2] ?? 10), process.argv.slice(3));
