import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildCli, isFresh } from '../../scripts/build.mjs';

const directory = mkdtempSync(join(tmpdir(), 'pfnmap-crew-'));
const FILE = join(directory, 'crew.litmus');

/** Some 36,000 states without symmetry, and outcomes that differ in where copies lie. */
const TEXT = readFileSync(resolve('bench/middle.litmus'), 'utf8')
  .replace('pool = 8 pages', 'pool = 7 pages')
  .replace(/Result: .*/, 'Result: Sometimes')
  .replace(
    /forall[^]*/,
    'exists (0:pfn(p + 2 * PAGE_SIZE) = pool + 1 /\\ 1:pfn(q + PAGE_SIZE) = pool + 2)\n',
  );

beforeAll(async () => {
  if (!isFresh('cli')) await buildCli();
  writeFileSync(FILE, TEXT);
}, 120_000);

afterAll(() => rmSync(directory, { recursive: true }));

interface Told {
  readonly status: number | null;
  readonly result: Readonly<Record<string, unknown>>;
}

function run(...args: string[]): Told {
  const command = ['run', '--arch', 'arm', '--no-symmetry', '--format', 'json', ...args, FILE];
  const { status, stdout } = spawnSync(process.execPath, [resolve('bin/pfnmap.js'), ...command], {
    encoding: 'utf8',
  });
  const { timeMs: _, ...result } = JSON.parse(stdout) as Record<string, unknown>;
  return { status, result };
}

test('one thread or several: the same answer, states and transitions', { timeout: 120_000 }, () => {
  const alone = run('--workers', '1');
  expect(alone.status).toBe(0);
  expect(alone.result['explored']).toBeGreaterThan(25_000);
  expect(alone.result).toMatchObject({ exhaustive: true, positive: 1, negative: 1 });
  for (const workers of ['2', '3']) expect(run('--workers', workers)).toEqual(alone);
});

test('several threads honour bounds and never claim what they have not seen', { timeout: 120_000 }, () => {
  const bounded = run('--workers', '2', '--memory', '1M');
  expect(bounded.status).toBe(124);
  expect(bounded.result).toMatchObject({ exhaustive: false, reason: 'bound: 1 MiB of memory' });
  const compact = run('--workers', '2', '--compact');
  expect(compact.result).toMatchObject({ exhaustive: false });
  expect(compact.result['explored']).toBe(run('--workers', '1').result['explored']);
});

test('an interrupt ends the search of several threads, not the answer', { timeout: 120_000 }, async () => {
  const large = join(directory, 'large.litmus');
  // far more states than a search can make before it is interrupted
  writeFileSync(large, TEXT.replace('pool = 7 pages', 'pool = 60 pages'));
  const command = [
    'run',
    '--arch',
    'arm',
    '--no-symmetry',
    '--no-por',
    '--format',
    'json',
    '--workers',
    '3',
    large,
  ];
  const child = spawn(process.execPath, [resolve('bin/pfnmap.js'), ...command]);
  let stdout = '';
  child.stdout.on('data', (data: Buffer) => (stdout += String(data)));
  const closed = once(child, 'close');
  await new Promise((done) => setTimeout(done, 2500));
  child.kill('SIGINT');
  expect(await closed).toEqual([130, null]);
  const result = JSON.parse(stdout) as Record<string, unknown>;
  expect(result).toMatchObject({ exhaustive: false, reason: 'interrupted' });
  expect(result['explored']).toBeGreaterThan(1000);
});
