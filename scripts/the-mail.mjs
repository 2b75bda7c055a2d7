// Fills the tables of verdicts in docs/the-mail.md from runs of the tests that they name.
//
//   node scripts/the-mail.mjs          run the tests, rewrite the tables
//   node scripts/the-mail.mjs --check  run the tests, fail if a table differs
//
// A table stands between `<!-- verdicts: TEST TEST -->` and `<!-- /verdicts -->`. What real kernels printed (`npm run replay:mail`) is
// quoted between `<!-- console: KERNEL -->` and `<!-- /console -->`, and held against the model between `<!-- machines: KERNEL KERNEL -->`
// and `<!-- /machines -->`, `<!-- guesses: KERNEL KERNEL -->` and `<!-- /guesses -->`. How likely it is (`pfnmap run --probability`) stands
// between `<!-- chances: TEST TEST -->` and `<!-- /chances -->`.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildCli, isFresh } from './build.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const DOCUMENT = 'docs/the-mail.md';
const FOLDER = 'litmus/mail';
const RECORDED = 'test/replay/recorded/mail';
const BLOCK = /<!-- verdicts: ([^>]*?) -->\n[\s\S]*?<!-- \/verdicts -->/g;

/** The tests that the tables of `markdown` name, each once, in the order of their first mention. */
export function testsNamed(markdown) {
  const names = [...markdown.matchAll(BLOCK)].flatMap((block) => block[1].trim().split(/\s+/));
  return [...new Set(names)];
}

/** What stands between the marks of a kind, made anew from the names in the mark. */
function fill(markdown, kind, make) {
  const block = new RegExp(`<!-- ${kind}: ([^>]*?) -->\\n[\\s\\S]*?<!-- /${kind} -->`, 'g');
  return markdown.replace(block, (_, names) => {
    const list = names.trim().split(/\s+/);
    return `<!-- ${kind}: ${list.join(' ')} -->\n\n${make(list)}\n\n<!-- /${kind} -->`;
  });
}

/**
 * What a process sees of the accident: the test that asks for it, where the console of a machine says it, and what it says if the
 * accident has happened.
 */
export const CONSEQUENCES = [
  {
    what: '`vm_normal_page()` of the copy',
    test: 'mail-private-user-pgoff',
    line: /^mail: vm_normal_page\(\) (NULL|the page)/m,
    accident: 'NULL',
  },
  {
    what: '`Rss` in smaps',
    test: 'mail-private-user-pgoff-smaps',
    line: /^Rss: +(\d+ kB)$/m,
    accident: '0 kB',
  },
  {
    what: 'after fork, in the child',
    test: 'mail-private-user-pgoff-fork',
    line: /^mail: in the child of a fork: (refcount \d+ mapcount \d+)$/m,
    accident: 'refcount 1 mapcount 1',
  },
  {
    what: 'after `munmap()`',
    test: 'mail-private-user-pgoff-leak',
    line: /^mail: after munmap\(\): (refcount \d+ mapcount \d+)$/m,
    accident: 'refcount 1 mapcount 1',
  },
  {
    what: 'in the log, at exit',
    test: 'mail-private-user-pgoff-bad-rss',
    line: /(Bad rss-counter state) .*type:MM_ANONPAGES val:1 /m,
    accident: 'Bad rss-counter state',
  },
];

/** What a machine printed about a consequence; a machine whose log says nothing of it has nothing to complain of. */
export function onMachine(consequence, console) {
  return consequence.line.exec(console)?.[1] ?? 'nothing';
}

/** Lines of smaps that say nothing of the accident. */
const UNTOLD =
  /^(?:\w*PageSize|Size|Pss_Dirty|Shared_\w+|Private_\w+|Referenced|KSM|LazyFree|\w+Huge\w*|\w+PmdMapped|Swap\w*|Locked|THPeligible|ProtectionKey):/;

/** A console as the page shows it, without the lines of smaps that say nothing here, and without the counting. */
function quoted(console) {
  const lines = console
    .split('\n')
    .slice(1)
    .filter((line) => line !== '' && !UNTOLD.test(line));
  const counting = lines.findIndex((line) => line.startsWith('mail: guess '));
  return lines
    .slice(0, counting)
    .map((line) => `    ${line.trimEnd()}`)
    .join('\n');
}

/** `RECORDED` file of a kernel: `# armmp-7.2: console of ...` and the lines. */
export function consoleOf(kernel) {
  return readFileSync(`${ROOT}${RECORDED}/${kernel}.txt`, 'utf8');
}

/** The architecture of the model for which a kernel speaks. */
export const ARCH_OF = { 'armmp-7.2': 'arm', 'armmp-lpae-7.2': 'arm_lpae', 'amd64-7.2': 'x86_64' };

/** `markdown` with everything about real kernels made anew, beside the answers of the model in `results`. */
export function fillMachines(markdown, results) {
  const consoles = fill(markdown, 'console', ([kernel]) => quoted(consoleOf(kernel)));
  const machines = fill(consoles, 'machines', (kernels) => layOut(machineTable(kernels, results)));
  return fill(machines, 'guesses', (kernels) => layOut(guessTable(kernels)));
}

function machineTable(kernels, results) {
  const observed = (test, kernel) =>
    results.find((r) => r.test === test && r.arch === ARCH_OF[kernel] && r.release === '7.2').observation;
  return [
    ['what', 'accident', ...kernels.flatMap((kernel) => [`model, ${ARCH_OF[kernel]}`, kernel])],
    ...CONSEQUENCES.map((one) => [
      `[${one.what}](../${fileOf(one.test)})`,
      one.accident,
      ...kernels.flatMap((kernel) => [observed(one.test, kernel), onMachine(one, consoleOf(kernel))]),
    ]),
  ];
}

/** How often the guess was right, and what the kernel made of it. */
function guessTable(kernels) {
  const found = kernels.map((kernel) =>
    [
      ...consoleOf(kernel).matchAll(/^mail: guess (.*): (\d+) of (\d+) copies .*, (\d+) taken for raw$/gm),
    ].map(([, guess, hits, of, raw]) => ({ guess, text: `${hits} of ${of}, ${raw} taken for raw` })),
  );
  return [
    ['the frame that was guessed', ...kernels],
    ...found[0].map(({ guess }, i) => [guess, ...found.map((rows) => rows[i].text)]),
  ];
}

/** On what the chances are asked: the machine of `armmp-7.2`, whose kernel is given 240 MiB of RAM. */
export const CHANCES = { arch: 'arm', release: '7.2', kernel: 'armmp-7.2', ram: '240M', frames: 61440 };

/** The guess of `npm run replay:mail` that a test makes. */
const GUESS_OF = {
  'mail-private-user-pgoff': 'at random',
  'mail-private-freed-pgoff': 'freed last',
  'mail-private-copy-pgoff': 'of the copy before',
};

/** The tests whose chances `markdown` shows. */
export function testsWeighed(markdown) {
  return [...markdown.matchAll(/<!-- chances: ([^>]*?) -->/g)].flatMap((block) =>
    block[1].trim().split(/\s+/),
  );
}

/** `markdown` with the tables of chances made anew from results with a `probability`. */
export function fillChances(markdown, results) {
  return fill(markdown, 'chances', (tests) => layOut(chancesTable(tests, results)));
}

function chancesTable(tests, results) {
  const measured = tests.some((test) => test in GUESS_OF);
  return [
    ['test', 'uniform', 'last-freed', ...(measured ? [`${CHANCES.kernel}, measured`] : [])],
    ...tests.map((test) => {
      const own = results.find((result) => result.test === test).probability;
      return [
        `[${test}](../${fileOf(test)})`,
        ...['uniform', 'last-freed'].map((name) => chance(own.find(({ allocator }) => allocator === name))),
        ...(measured ? [hits(GUESS_OF[test])] : []),
      ];
    }),
  ];
}

function chance({ atLeast, atMost, reason }) {
  if (atMost === undefined) return `unknown (${reason})`;
  return atLeast.fraction === atMost.fraction ? atMost.fraction : `${atLeast.fraction} to ${atMost.fraction}`;
}

function hits(guess) {
  const line = new RegExp(`^mail: guess ${guess}: (\\d+ of \\d+) copies`, 'm');
  return line.exec(consoleOf(CHANCES.kernel))[1];
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
async function run(tests, where = ['--all']) {
  if (!isFresh('cli')) await buildCli();
  const args = ['bin/pfnmap.js', 'run', ...where, '--format', 'json', ...tests.map(fileOf)];
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
  const results = await run(testsNamed(before));
  const { arch, release, ram } = CHANCES;
  const asked = ['--arch', arch, '--release', release, '--probability', '--ram', ram];
  const weighed = await run(testsWeighed(before), asked);
  const after = fillChances(fillMachines(fillTables(before, results), results), weighed);
  if (after === before) return;
  if (check) {
    console.error(`${DOCUMENT} is out of date; run: node scripts/the-mail.mjs`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, after);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.includes('--check'));
