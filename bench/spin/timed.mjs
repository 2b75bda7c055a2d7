// Runs a program and says how long it took: by the clock, and on the processors.
import { spawnSync } from 'node:child_process';

/** Status of coreutils' timeout when it had to end the program. */
const TIMED_OUT = 124;

/**
 * @param timeout seconds
 * @returns what it wrote to stdout, and seconds of wall clock and of processors; undefined if it took longer than `timeout`
 * @throws if it could not be run, or failed and `mayFail` does not have its status
 */
export function timed(program, args, { timeout, cwd, env, mayFail = [] }) {
  const script = 'timeout "$@"; status=$?; times; exit $status';
  const started = performance.now();
  const options = { encoding: 'utf8', cwd, env: { ...process.env, ...env }, maxBuffer: 2 ** 26 };
  const { status, stdout, stderr } = spawnSync(
    'sh',
    ['-c', script, 'sh', String(timeout), program, ...args],
    options,
  );
  const wall = (performance.now() - started) / 1000;
  if (status === TIMED_OUT) return undefined;
  if (status !== 0 && !mayFail.includes(status))
    throw new Error(`${program} ${args.join(' ')}: ${stderr || stdout}`);
  // The last line is what the shell's children took: 0m1.234s 0m0.056s
  const [user, system] = [
    ...stdout
      .trimEnd()
      .split('\n')
      .at(-1)
      .matchAll(/(\d+)m([\d.]+)s/g),
  ].map(([, minutes, seconds]) => 60 * Number(minutes) + Number(seconds));
  return { stdout, wall, processor: user + system };
}
