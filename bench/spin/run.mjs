// pfnmap beside SPIN: npm run bench:spin [-- --large]
//
// Both explore the same system (README.md), in two sizes: P0 maps one page or two. First their states are compared under the projection; then
// both are timed, medians of five runs or of as many as fit into 80 s. The table goes to stdout and into bench/RESULTS.md. --large
// compares the states with one page and 32 frames, too, which takes minutes.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, dumped, installed, run as runPan, versions } from './pan.mjs';
import { testText } from './states.mjs';
import { timed } from './timed.mjs';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const CLI = path('../../bin/pfnmap.js');
const RESULTS = path('../RESULTS.md');
/** log2 of pan's hash table: about one slot a state; breadth-first it cannot chain states, and stores some more. By pages, then frames. */
const SLOTS = { 1: { 5: 14, 8: 16, 16: 19, 32: 22 }, 2: { 5: 16, 8: 19, 16: 23 } };
const COUNTS = JSON.parse(readFileSync(path('counts.json'), 'utf8'));
const RUNS = 5;
const BUDGET = 80;
const TIMEOUT = 60;
const large = process.argv.includes('--large');

const say = (text) => process.stderr.write(`${text}\n`);
const nameOf = ({ pages, frames }) => `${pages} page${pages > 1 ? 's' : ''}, ${frames} frames`;
const grouped = (number) => Math.round(number).toLocaleString('en');
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

function pfnmapArgs(file, options) {
  return [CLI, 'run', '--arch', 'arm', '--release', '7.2', '--format', 'json', ...options, file];
}

/** Median seconds that two runs take which are started at once: what two processors have to give. */
function measurePair(file, options) {
  const both = '"$@" > /dev/null & first=$!; "$@" > /dev/null && wait $first';
  const args = ['-c', both, 'sh', process.execPath, ...pfnmapArgs(file, options)];
  const walls = Array.from({ length: 3 }, () => timed('sh', args, { timeout: 10 * TIMEOUT })?.wall);
  say(`two at once: ${walls.map((wall) => wall?.toFixed(2)).join(', ')} s`);
  return walls.includes(undefined) ? undefined : median(walls);
}

/** Runs pfnmap on a file; undefined if it takes longer than `timeout` seconds. */
function runPfnmap(file, options, timeout) {
  const result = timed(process.execPath, pfnmapArgs(file, options), { timeout });
  if (!result) return undefined;
  const { explored, timeMs, observation, exhaustive } = JSON.parse(result.stdout.split('\n')[0]);
  if (!exhaustive) throw new Error(`pfnmap on ${file} was not exhaustive`);
  const { wall, processor } = result;
  return { wall, processor, search: timeMs / 1000, states: explored, positive: observation === 'Sometimes' };
}

/** The median run of as many as are wanted, or as fit into the budget. */
function measure(what, once) {
  const runs = [];
  const started = performance.now();
  do {
    const result = once();
    if (!result) break;
    runs.push(result);
  } while (
    runs.length < RUNS &&
    ((performance.now() - started) * (runs.length + 1)) / runs.length < BUDGET * 1000
  );
  if (runs.length === 0) {
    say(`${what}: more than ${TIMEOUT} s`);
    return undefined;
  }
  if (!runs.every(({ positive }) => positive)) throw new Error(`${what}: the answer is not "Sometimes"`);
  const of = (key) => median(runs.map((run) => run[key]));
  const [wall, processor, search] = [of('wall'), of('processor'), of('search')];
  say(`${what}: ${grouped(runs[0].states)} states, ${wall.toFixed(2)} s (${runs.length} runs)`);
  return { ...runs[0], wall, processor, search, rate: runs[0].states / search, runs: runs.length };
}

/** Compares the states of both. @throws if they differ */
function compare(directory, size) {
  const { pages, frames } = size;
  const file = join(directory, `pfnmap-${pages}-${frames}.txt`);
  const args = ['--max-old-space-size=12000', path('states.mjs'), String(pages), String(frames)];
  const child = spawnSync(process.execPath, frames > 16 ? args : [...args, file], { encoding: 'utf8' });
  if (child.status !== 0) throw new Error(child.stderr);
  const ours = JSON.parse(child.stdout);
  const theirs = dumped(build(directory, size, 'dump'), SLOTS[pages][frames]);
  const recorded = COUNTS[pages][frames].projected;
  if (recorded !== theirs.length) throw new Error(`counts.json says ${recorded}, SPIN ${theirs.length}`);
  if (theirs.length !== ours.projected)
    throw new Error(`${ours.projected} states of pfnmap, ${theirs.length} of SPIN`);
  if (frames <= 16 && readFileSync(file, 'utf8') !== `${theirs.join('\n')}\n`)
    throw new Error('the states differ');
  say(`${nameOf(size)}: the same ${grouped(ours.projected)} states under the projection`);
  return ours;
}

const help = spawnSync(process.execPath, [CLI, 'run', '--help'], { encoding: 'utf8' }).stdout;
const UNREDUCED = ['--no-symmetry', '--no-por'].filter((option) => help.includes(option));
const TWO = help.includes('--workers') ? ['--workers', '2'] : undefined;
const ONE = TWO ? ['--workers', '1'] : [];

function row({ pages, frames }, what, result, bytes) {
  if (!result) return `| ${pages} | ${frames} | ${what} | | | | more than ${TIMEOUT} | | |`;
  const { states, rate, wall, processor, runs } = result;
  const cells = [pages, frames, what, grouped(states), grouped(rate), bytes ? Math.round(bytes) : ''];
  return `| ${[...cells, wall.toFixed(2), processor.toFixed(2), runs].join(' | ')} |`;
}

/** All measurements at one size: table rows, and what the aims need. */
function measured(directory, size, { compared, cores, raw: whether, two: both }) {
  const { pages, frames } = size;
  const file = join(directory, `spin-${pages}-${frames}.litmus`);
  writeFileSync(file, testText(pages, frames).replace('C spin-revoke-cow', `C spin-${pages}-${frames}`));
  const rows = [];
  const pan = (what, variant) => {
    const built = build(directory, size, variant);
    const slots = SLOTS[pages][frames] + (variant === 'breadth' ? 2 : 0);
    const result = measure(`${nameOf(size)}, SPIN, ${variant}`, () => runPan(built, slots, TIMEOUT));
    const bytes = ['whole', 'collapse', 'reduced'].includes(variant) ? result?.bytes : undefined;
    rows.push(row(size, `SPIN, ${what}`, result, bytes));
    return { ...result, build: built.seconds };
  };
  const pfnmap = (what, options, bytes) => {
    const result = measure(`${nameOf(size)}, pfnmap, ${what}`, () => runPfnmap(file, options, TIMEOUT));
    rows.push(row(size, `pfnmap, ${what}`, result, bytes));
    return result;
  };

  const whole = pan('no reductions', 'whole');
  const expected = COUNTS[pages][frames].spin;
  if (whole.states !== undefined && whole.states !== expected)
    throw new Error(`counts.json says that SPIN stores ${expected} states, not ${whole.states}`);
  if (cores) pan('no reductions, `-DCOLLAPSE`', 'collapse');
  const raw = whether ? pfnmap('no reductions', [...ONE, ...UNREDUCED], compared?.bytesPerState) : undefined;
  const reduced = pan('reduced', 'reduced');
  const answer = pfnmap('reduced', ONE);
  const together = () => TWO && pfnmap('no reductions, two cores', [...TWO, ...UNREDUCED]);
  const pair = both ? measurePair(file, [...ONE, ...UNREDUCED]) : undefined;
  if (!cores) return { rows, whole, reduced, raw, answer, two: both ? together() : undefined, pair };
  pan('no reductions, two cores (`-DNCORE=2`)', 'cores');
  pan('no reductions, two cores (`-DBFS_PAR`)', 'breadth');
  return { rows, whole, reduced, raw, answer, two: together() };
}

/** What the table says about the aims. */
function aims(small, most, wider) {
  const times = (a, b) => (a && b ? (a / b).toFixed(2) : 'not known');
  const verdict = ({ reduced, answer }) =>
    `${times(reduced.wall, answer?.wall)} (${times(reduced.wall, answer?.search)} without the start of Node; by the processors' time ${times(reduced.processor, answer?.processor)})`;
  const rate = (of) => times(of.raw?.rate, of.whole.rate);
  const gain = (of) => times(of.raw?.search, of.two?.search);
  const room = (of) => times(2 * of.raw?.wall, of.pair);
  const cores = TWO
    ? `Two cores make pfnmap ${gain(small)} times as fast with one page and 16 frames, ${gain(most)} times with 32, and ${gain(wider)} times with two pages and 16 frames (aim 1.5);\n` +
      `two searches that have nothing to do with each other, started at once, get ${room(most)} and ${room(wider)} times as much done as one of the last two sizes.`
    : 'Two cores were not measured: pfnmap searches on one.';
  return [
    `pfnmap's rate divided by SPIN's is ${rate(small)} with one page and 16 frames, ${rate(most)} with 32, and ${rate(wider)} with two pages and 16 frames (aim 0.5 at least).`,
    "SPIN's time to the verdict divided by pfnmap's, both reduced (aim 10):",
    '',
    `- one page, 16 frames: ${verdict(small)}`,
    `- one page, 32 frames: ${verdict(most)}`,
    `- two pages, 16 frames: ${verdict(wider)}`,
    '',
    cores,
    `\`spin -a\` and \`gcc -O2\` take ${small.reduced.build.toFixed(1)} s before SPIN can begin, which is in none of its times.`,
  ].join('\n');
}

/** Puts the text between the two marks in RESULTS.md. */
function record(text) {
  const [begin, end] = ['<!-- bench:spin -->', '<!-- /bench:spin -->'];
  const all = readFileSync(RESULTS, 'utf8');
  const [from, to] = [all.indexOf(begin), all.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${RESULTS} has lost its marks ${begin} and ${end}`);
  writeFileSync(RESULTS, `${all.slice(0, from + begin.length)}\n${text}\n${all.slice(to)}`);
}

function main() {
  if (!installed()) {
    say(
      'skipped: this needs spin and gcc (Debian: apt-get install --no-install-recommends spin gcc libc6-dev)',
    );
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), 'pfnmap-spin-'));
  try {
    const load = loadavg()[0].toFixed(1);
    const at = (pages, frames, { compares, ...what }) => {
      const size = { pages, frames };
      const compared = compares ? compare(directory, size) : undefined;
      return measured(directory, size, { compared, ...what });
    };
    for (const pages of [1, 2]) compare(directory, { pages, frames: 5 });
    const results = [
      at(1, 8, { compares: true, raw: true }),
      at(1, 16, { compares: true, raw: true, cores: true }),
      at(1, 32, { compares: large, raw: true, two: true }),
      at(2, 8, { compares: true, raw: true }),
      at(2, 16, { raw: true, two: true }),
    ];
    const commit = spawnSync('git', ['log', '-1', '--format=%h'], {
      encoding: 'utf8',
      cwd: path('.'),
    }).stdout.trim();
    const text = [
      `${new Date().toISOString().slice(0, 10)}, commit ${commit || 'unknown'}; ${cpus().length} processors, ${cpus()[0].model}, load ${load}`,
      `before; Node ${process.versions.node}, ${versions()}.`,
      '',
      "| P0's pages | frames | run | states | states/s | bytes/state | time to verdict, s | of processors, s | runs |",
      '|--|--|--|--|--|--|--|--|--|',
      ...results.flatMap(({ rows }) => rows),
      '',
      aims(results[1], results[2], results[4]),
    ].join('\n');
    console.log(text);
    record(text);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

main();
