/** What crew.test.ts does on one thread, on several. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Search } from '../../src/explore/bfs.js';
import { Member, share, Stop, stopped } from '../../src/explore/crew.js';
import { counters } from './counters.js';

const directory = mkdtempSync(join(tmpdir(), 'pfnmap-threads-'));
const file = join(directory, 'joining.mjs');

beforeAll(async () => {
  const input = fileURLToPath(new URL('joining.ts', import.meta.url));
  const bundle = await rolldown({ input, platform: 'node', logLevel: 'silent' });
  await bundle.write({ file, format: 'esm' });
});

afterAll(() => rmSync(directory, { recursive: true }));

interface Found {
  readonly found: number;
  readonly transitions: number;
}

/** What a thread says next. */
function told(worker: Worker): Promise<Found> {
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

const SIZE = 70;

test.each([2, 3, 5])('%i threads find every state once, while their tables grow', async (threads) => {
  const workers = Array.from({ length: threads - 1 }, () => new Worker(file, { workerData: SIZE }));
  try {
    const search = new Search(counters(SIZE), false, threads);
    search.run({ maxStates: 500 });
    const shared = share(search, threads)!;
    const others = Promise.all(workers.map(told));
    for (const [i, worker] of workers.entries()) worker.postMessage({ shared, index: i + 1 });
    const member = new Member(search.system, { index: 0, shared }, search);
    member.run();
    const all = [member, ...(await others)];
    const total = (of: keyof Found): number => all.reduce((n, each) => n + each[of], 0);
    const states = (SIZE + 1) ** 3;
    expect([stopped(shared), total('found'), member.store.count]).toEqual([Stop.None, states, states]);
    // each counter can go up or be taken back, unless it is at its end
    expect(total('transitions')).toBe(3 * 2 * SIZE * (SIZE + 1) ** 2);
    const words = new Int32Array(20);
    const seen = new Set<number>();
    for (let id = 0; id < states; id++) {
      member.store.load(id, words);
      seen.add((words[0]! * (SIZE + 1) + words[7]!) * (SIZE + 1) + words[14]!);
    }
    expect(seen.size).toBe(states);
  } finally {
    for (const worker of workers) await worker.terminate();
  }
});
