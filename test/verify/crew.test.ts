/** All threads run the built command: states name routines by numbers that follow from the order in which a bundle loads them. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildCli, isFresh } from '../../scripts/build.mjs';
import { driverText, FREES, REMAP, type Driver } from './support.js';

const directory = mkdtempSync(join(tmpdir(), 'pfnmap-verify-crew-'));
const FILE = join(directory, 'driver.litmus');

beforeAll(async () => {
  if (!isFresh('cli')) await buildCli();
}, 120_000);

afterAll(() => rmSync(directory, { recursive: true }));

/** Frees its page only when it is asked for the fourth time. */
const LATE: Driver = {
  ...FREES(''),
  driver: FREES('if (++calls < 4)\n                return 0;').driver.replace(
    'static struct page *page;',
    'static struct page *page;\nstatic int calls;',
  ),
};

function verify(workers: number, bounds: readonly string[]): Record<string, unknown> {
  const options = ['--arch', 'arm', '--release', '7.2', '--format', 'json', '--workers', String(workers)];
  const command = [resolve('bin/pfnmap.js'), 'verify', ...options, ...bounds, FILE];
  const { stdout } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  const { timeMs: _, ...result } = JSON.parse(stdout) as Record<string, unknown>;
  return result;
}

describe('several threads', { timeout: 120_000 }, () => {
  test.each<[string, Driver, string, string]>([
    [
      'holds',
      REMAP('PAGE_SIZE'),
      '--processes 1 --pages 2 --files 2 --only open,close,mmap,munmap,store,madvise',
      'holds',
    ],
    [
      'holds with races',
      REMAP('PAGE_SIZE'),
      '--processes 2 --pages 1 --races --only open,mmap,munmap,madvise,fork,store',
      'holds',
    ],
    ['is broken late', LATE, '--processes 2 --pages 1', 'violated'],
  ])('answer what one answers of a driver that %s', (_, driver, bounds, verdict) => {
    writeFileSync(FILE, driverText(driver));
    const alone = verify(1, bounds.split(' '));
    expect(alone).toMatchObject({ verdict });
    // enough for others to be asked for help
    expect(alone['transitions']).toBeGreaterThan(10_000);
    for (const workers of [2, 3]) expect(verify(workers, bounds.split(' '))).toEqual(alone);
  });
});
