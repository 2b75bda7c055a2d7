import { beforeAll, describe, expect, test } from 'vitest';
import { buildCli, isFresh } from '../../scripts/build.mjs';
import { parseLitmus } from '../../src/run/parse.js';
import {
  verifyTest,
  type VerifyOptions,
  type VerifyReport,
  type VerifyResult,
  type VerifyTask,
} from '../../src/verify/index.js';
import { Ready } from '../cli/helpers.js';
import { grammar } from '../litmus/grammar.js';
import { driverText, FREES, REMAP, type Driver } from './support.js';

beforeAll(async () => {
  if (!isFresh('cli')) await buildCli();
}, 120_000);

/** Frees its page only when it is asked for the fourth time. */
const LATE: Driver = {
  ...FREES(''),
  driver: FREES('if (++calls < 4)\n                return 0;').driver.replace(
    'static struct page *page;',
    'static struct page *page;\nstatic int calls;',
  ),
};

/** What one thread and several find, with how many reports of helpers there were. */
async function both(driver: Driver, bounds: Partial<VerifyOptions>) {
  const source = { file: 'driver.litmus', text: driverText(driver) };
  const parsed = parseLitmus(source, grammar, { threadless: true });
  const options = { arch: 'arm', release: '7.2', ...bounds };
  const plain = (result: VerifyResult): unknown => ({ ...result, timeMs: 0 });
  const alone = plain(await verifyTest(parsed, options));
  const helped: unknown[] = [];
  const reports: number[] = [];
  for (const threads of [2, 3]) {
    const crew = await Ready.of<VerifyTask, VerifyReport>(threads, { crew: { verb: 'verify', source } });
    helped.push(plain(await verifyTest(parsed, { ...options, crew })));
    reports.push(crew.reports.length);
    crew.close();
  }
  return { alone, helped, reports };
}

describe('several threads', { timeout: 120_000 }, () => {
  test.each<[string, Driver, Partial<VerifyOptions>, string]>([
    [
      'holds',
      REMAP('PAGE_SIZE'),
      { processes: 1, pages: 2, files: 2, only: ['open', 'close', 'mmap', 'munmap', 'store', 'madvise'] },
      'holds',
    ],
    [
      'holds with races',
      REMAP('PAGE_SIZE'),
      {
        processes: 2,
        pages: 1,
        races: true,
        only: ['open', 'mmap', 'munmap', 'madvise', 'fork', 'store'],
      },
      'holds',
    ],
    ['is broken late', LATE, { processes: 2, pages: 1 }, 'violated'],
  ])('answer what one answers of a driver that %s', async (_, driver, bounds, verdict) => {
    const { alone, helped, reports } = await both(driver, bounds);
    expect(alone).toMatchObject({ verdict });
    expect(helped).toEqual([alone, alone]);
    expect(reports).toEqual([1, 2]);
  });
});
