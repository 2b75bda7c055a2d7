// pfnmap beside SPIN: npm run bench:spin [-- --large]
//
// Both explore the same system (README.md). First their states are compared under the projection; then both are timed, medians of five runs
// or of as many as fit into half a minute. The table goes to stdout and into bench/RESULTS.md. --large adds what takes minutes: the
// comparison and pfnmap's unreduced run at 32 frames.
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
const FRAMES = [8, 16, 32];
/** log2 of pan's hash table: about one slot a state; breadth-first it cannot chain states, and stores some more. */
const SLOTS = { 5: 14, 8: 16, 16: 19, 32: 22 };
const COUNTS = JSON.parse(readFileSync(path('counts.json'), 'utf8'));
const RUNS = 5;
const BUDGET = 30;
const TIMEOUT = 60;
const large = process.argv.includes('--large');

const say = (text) => process.stderr.write(`${text}\n`);
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
function compare(directory, frames) {
  const file = join(directory, `pfnmap-${frames}.txt`);
  const args = ['--max-old-space-size=12000', path('states.mjs'), String(frames)];
  const child = spawnSync(process.execPath, frames > 16 ? args : [...args, file], { encoding: 'utf8' });
  if (child.status !== 0) throw new Error(child.stderr);
  const ours = JSON.parse(child.stdout);
  const theirs = dumped(build(directory, frames, 'dump'), SLOTS[frames]);
  const recorded = COUNTS[frames].projected;
  if (recorded !== theirs.length) throw new Error(`counts.json says ${recorded}, SPIN ${theirs.length}`);
  if (theirs.length !== ours.projected)
    throw new Error(`${ours.projected} states of pfnmap, ${theirs.length} of SPIN`);
  if (frames <= 16 && readFileSync(file, 'utf8') !== `${theirs.join('\n')}\n`)
    throw new Error('the states differ');
  say(`${frames} frames: the same ${grouped(ours.projected)} states under the projection`);
  return ours;
}

const help = spawnSync(process.execPath, [CLI, 'run', '--help'], { encoding: 'utf8' }).stdout;
const UNREDUCED = ['--no-symmetry', '--no-por'].filter((option) => help.includes(option));
const TWO = help.includes('--workers') ? ['--workers', '2'] : undefined;
const ONE = TWO ? ['--workers', '1'] : [];

function row(frames, what, result, bytes) {
  if (!result) return `| ${frames} | ${what} | | | | more than ${TIMEOUT} | | |`;
  const { states, rate, wall, processor, runs } = result;
  const cells = [frames, what, grouped(states), grouped(rate), bytes ? Math.round(bytes) : ''];
  return `| ${[...cells, wall.toFixed(2), processor.toFixed(2), runs].join(' | ')} |`;
}

/** All measurements at one number of frames: table rows, and what the aims need. */
function measured(directory, frames, compared) {
  const file = join(directory, `spin-${frames}.litmus`);
  writeFileSync(file, testText(frames).replace('C spin-revoke-cow', `C spin-${frames}`));
  const pan = (variant) => {
    const built = build(directory, frames, variant);
    return {
      ...measure(`${frames} frames, SPIN, ${variant}`, () =>
        runPan(built, SLOTS[frames] + (variant === 'breadth' ? 2 : 0), TIMEOUT),
      ),
      build: built.seconds,
    };
  };
  const pfnmap = (what, options) =>
    measure(`${frames} frames, pfnmap, ${what}`, () => runPfnmap(file, options, TIMEOUT * (large ? 5 : 1)));

  const whole = pan('whole');
  const collapse = frames === 16 ? pan('collapse') : undefined;
  const reduced = pan('reduced');
  const rows = [row(frames, 'SPIN, no reductions', whole, whole.bytes)];
  if (collapse) rows.push(row(frames, 'SPIN, no reductions, `-DCOLLAPSE`', collapse, collapse.bytes));
  const raw = frames <= 16 || large ? pfnmap('no reductions', [...ONE, ...UNREDUCED]) : undefined;
  if (frames <= 16 || large) rows.push(row(frames, 'pfnmap, no reductions', raw, compared?.bytesPerState));
  rows.push(row(frames, 'SPIN, reduced', reduced, reduced.bytes));
  const answer = pfnmap('reduced', ONE);
  rows.push(row(frames, 'pfnmap, reduced', answer));
  let [two, pair] = [];
  if (frames === 16) {
    rows.push(row(frames, 'SPIN, no reductions, two cores (`-DNCORE=2`)', pan('cores')));
    rows.push(row(frames, 'SPIN, no reductions, two cores (`-DBFS_PAR`)', pan('breadth')));
    two = TWO && pfnmap('no reductions, two cores', [...TWO, ...UNREDUCED]);
    if (TWO) rows.push(row(frames, 'pfnmap, no reductions, two cores', two));
    pair = measurePair(file, [...ONE, ...UNREDUCED]);
  } else if (large && TWO && frames === 32) {
    const both = pfnmap('no reductions, two cores', [...TWO, ...UNREDUCED]);
    rows.push(row(frames, 'pfnmap, no reductions, two cores', both));
  }
  return { rows, whole, reduced, raw, answer, two, pair };
}

/** What the table says about the aims: of the results at 16 frames, and at 32. */
function aims({ whole, reduced, raw, answer, two, pair }, most) {
  const times = (a, b) => (a && b ? (a / b).toFixed(2) : 'not known');
  const cores = TWO
    ? `Two cores make pfnmap ${times(raw?.search, two?.search)} times as fast (aim 1.5);\n` +
      `two searches that have nothing to do with each other, started at once, get ${times(2 * raw?.wall, pair)} times as much done as one.`
    : 'Two cores were not measured: pfnmap searches on one.';
  return [
    `At 16 frames, pfnmap's rate divided by SPIN's is ${times(raw?.rate, whole.rate)} (aim 0.5 at least), and SPIN's time to the verdict divided`,
    `by pfnmap's ${times(reduced.wall, answer?.wall)}, or ${times(reduced.wall, answer?.search)} without the start of Node (aim 10). At 32 frames the latter are`,
    `${times(most.reduced.wall, most.answer?.wall)} and ${times(most.reduced.wall, most.answer?.search)}. ${cores}`,
    `\`spin -a\` and \`gcc -O2\` take ${reduced.build.toFixed(1)} s before SPIN can begin, which is in none of its times.`,
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
    const results = FRAMES.map((frames) => {
      const compared = frames <= 16 || large ? compare(directory, frames) : undefined;
      return measured(directory, frames, compared);
    });
    const commit = spawnSync('git', ['log', '-1', '--format=%h'], {
      encoding: 'utf8',
      cwd: path('.'),
    }).stdout.trim();
    const text = [
      `${new Date().toISOString().slice(0, 10)}, commit ${commit || 'unknown'}; ${cpus().length} processors, ${cpus()[0].model}, load ${load}`,
      `before; Node ${process.versions.node}, ${versions()}.`,
      '',
      '| frames | run | states | states/s | bytes/state | time to verdict, s | of processors, s | runs |',
      '|--|--|--|--|--|--|--|--|',
      ...results.flatMap(({ rows }) => rows),
      '',
      aims(results[1], results[2]),
    ].join('\n');
    console.log(text);
    record(text);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

main();
