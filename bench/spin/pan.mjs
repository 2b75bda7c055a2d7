// SPIN's side: a verifier (pan) of model.pml for a number of frames, built and run.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { timed } from './timed.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));

/**
 * Ways to build it. SPIN itself leaves variables out that nobody reads (mapcount, the counters, what no load sees any more) and
 * reduces by partial order; `whole` has neither, so that its states are those of the model.
 */
const WHOLE = { spin: ['-o2'], gcc: ['-DNOREDUCE'] };
export const VARIANTS = {
  dump: { spin: ['-o2', '-DDUMP'], gcc: ['-DNOREDUCE', `-I${HERE}`] },
  whole: WHOLE,
  collapse: { spin: WHOLE.spin, gcc: [...WHOLE.gcc, '-DCOLLAPSE'] },
  reduced: { spin: [], gcc: [] },
  cores: { spin: WHOLE.spin, gcc: [...WHOLE.gcc, '-DNCORE=2'] },
  breadth: { spin: WHOLE.spin, gcc: [...WHOLE.gcc, '-DBFS_PAR'] },
};

/** Whether SPIN and a C compiler are there. */
export function installed() {
  return [
    ['spin', '-V'],
    ['gcc', '--version'],
  ].every(([program, option]) => spawnSync(program, [option]).status === 0);
}

function must(program, args, options) {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', ...options });
  if (status !== 0)
    throw new Error(`${program} ${args.join(' ')}: ${error?.message ?? `${stdout}${stderr}`}`);
  return stdout;
}

/** Versions of both, for the table. */
export function versions() {
  return [must('spin', ['-V']).trim(), must('gcc', ['--version']).split('\n')[0]].join(', ');
}

/** Builds one for a P0 that maps so many pages. @returns its path, and how long that took in seconds */
export function build(directory, { pages, frames }, variant) {
  const { spin, gcc } = VARIANTS[variant];
  const cwd = join(directory, `${variant}-${pages}-${frames}`);
  mkdirSync(cwd, { recursive: true });
  const started = performance.now();
  const size = [`-DFRAMES=${frames}`, `-DPAGES=${pages}`];
  must('spin', [...spin, '-a', ...size, join(HERE, 'model.pml')], { cwd });
  must('gcc', ['-O2', '-w', '-DSAFETY', '-DNOFAIR', ...size, ...gcc, '-o', 'pan', 'pan.c'], { cwd });
  return { pan: join(cwd, 'pan'), cwd, seconds: (performance.now() - started) / 1000 };
}

/**
 * Runs one to its end (-c0: errors do not stop it, they are counted).
 * @param slots log2 of the hash table's size
 * @returns undefined if it took longer than `timeout` seconds
 */
export function run({ pan, cwd }, slots, timeout, env = {}) {
  const result = timed(pan, ['-c0', '-m10000', `-w${slots}`, '-n'], { timeout, cwd, env });
  if (!result) return undefined;
  const { stdout, wall, processor } = result;
  const number = (pattern) => Number(pattern.exec(stdout)?.[1] ?? NaN);
  const states = number(/(\d+) states, stored/);
  const incomplete = /max search depth too small|out of memory|Search incomplete/.test(stdout);
  if (!(states > 0) || incomplete) throw new Error(`${pan} was not exhaustive:\n${stdout}`);
  const megabytes = number(/([\d.]+)\s+actual memory usage for states/);
  const bytes = (megabytes * 2 ** 20 + 8 * 2 ** slots) / states;
  return { wall, processor, search: wall, states, bytes, positive: number(/errors: (\d+)/) > 0 };
}

/** The states of a `dump` pan under the projection, sorted. */
export function dumped(built, slots) {
  const file = join(built.cwd, 'states.txt');
  run(built, slots, 600, { DUMP: file });
  return readFileSync(file, 'utf8').trimEnd().split('\n').toSorted();
}
