import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import type { FileEvent, FileRunOptions } from '../../src/cli/file-run.js';
import { Pool, type FromThread, type Thread, type ToThread } from '../../src/cli/pool.js';
import { result } from '../report/results.js';

const CONFIGURATIONS = [
  { arch: 'x86_64', release: '7.2' },
  { arch: 'arm', release: '7.2' },
  { arch: 'um', release: '7.2' },
];
const OPTIONS: FileRunOptions = {
  configurations: CONFIGURATIONS,
  common: {},
  share: true,
  workers: 1,
  color: false,
  debug: false,
};

/** A thread that does as the test says. */
class FakeThread extends EventEmitter implements Thread {
  readonly got: ToThread[] = [];
  ended = false;

  postMessage(message: ToThread): void {
    this.got.push(message);
  }

  terminate(): void {
    this.ended = true;
  }

  /** The file that it has been given last. */
  get file(): number | undefined {
    const files = this.got.flatMap((m) => (m.kind === 'file' ? [m.index] : []));
    return files.at(-1);
  }

  tell(name: string, done = true): void {
    const index = this.file!;
    const events: FileEvent[] = [{ kind: 'begin' }, { kind: 'result', result: result({ test: name }) }];
    this.emit('message', { index, events, done } satisfies FromThread);
  }
}

function pool(files: readonly string[], signal = new AbortController().signal) {
  const threads: FakeThread[] = [];
  const made = new Pool({
    files,
    options: OPTIONS,
    threads: 2,
    signal,
    read(file) {
      if (file === 'missing') throw Object.assign(new Error(), { code: 'ENOENT', syscall: 'open' });
      return file;
    },
    start() {
      const thread = new FakeThread();
      threads.push(thread);
      return thread;
    },
  });
  return { pool: made, threads };
}

/** What a file tells, in short. */
async function told(p: Pool, index: number): Promise<string[]> {
  const seen: string[] = [];
  await p.run(index, (e) =>
    seen.push(e.kind === 'result' ? e.result.test : e.kind === 'bad' ? e.complaint.reason : e.kind),
  );
  return seen;
}

test('files come in their order, whichever thread is done first', async () => {
  const { pool: p, threads } = pool(['a', 'b', 'c']);
  const [one, two] = threads as [FakeThread, FakeThread];
  expect([one.file, two.file]).toEqual([0, 1]);
  const first = told(p, 0);
  two.tell('b');
  expect(two.file).toBe(2);
  two.tell('c');
  one.tell('a');
  expect(await first).toEqual(['begin', 'a']);
  expect(await told(p, 1)).toEqual(['begin', 'b']);
  expect(await told(p, 2)).toEqual(['begin', 'c']);
  p.close();
  expect(threads.every((t) => t.ended)).toBe(true);
});

test('events come as they are told, once it is the turn of the file', async () => {
  const { pool: p, threads } = pool(['a', 'b']);
  threads[0]!.tell('a', false);
  const seen: string[] = [];
  const end = p.run(0, (e) => seen.push(e.kind));
  expect(seen).toEqual(['begin', 'result']);
  threads[0]!.emit('message', {
    index: 0,
    events: [{ kind: 'progress', progress: { explored: 1, transitions: 1, queued: 1 } }],
    done: true,
  } satisfies FromThread);
  await end;
  expect(seen).toEqual(['begin', 'result', 'progress']);
});

test('a file that cannot be read stops nobody', async () => {
  const { pool: p, threads } = pool(['missing', 'b', 'c']);
  expect(await told(p, 0)).toEqual(['cannot be read (ENOENT)']);
  expect(threads.map((t) => t.file)).toEqual([1, 2]);
});

test('a thread that dies takes one file with it, and another one goes on', async () => {
  const { pool: p, threads } = pool(['a', 'b', 'c']);
  threads[0]!.emit('error', new Error('out of memory'));
  expect(await told(p, 0)).toEqual(['internal error: out of memory']);
  expect([threads.length, threads[2]!.file]).toEqual([3, 2]);
});

test('a thread that dies amid a file leaves its other configurations without an answer', async () => {
  const { pool: p, threads } = pool(['a', 'b']);
  threads[0]!.tell('a', false);
  const seen: FileEvent[] = [];
  const end = p.run(0, (e) => seen.push(e));
  threads[0]!.emit('error', new Error('out of memory'));
  await end;
  expect(seen.map(({ kind }) => kind)).toEqual(['begin', 'result', 'error', 'error']);
  const left = seen.flatMap((e) => (e.kind === 'error' ? [e.configuration] : []));
  expect(left).toEqual(CONFIGURATIONS.slice(1));
});

test('an interrupt reaches every thread, and no more files are given out', () => {
  const controller = new AbortController();
  const { threads } = pool(['a', 'b', 'c'], controller.signal);
  controller.abort();
  for (const thread of threads) expect(thread.got.at(-1)).toEqual({ kind: 'abort' });
  threads[0]!.tell('a');
  expect(threads[0]!.file).toBe(0);
});
