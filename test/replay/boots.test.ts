import { expect, test } from 'vitest';
import { bootAll, type Job } from '../../src/replay/boots.js';
import type { BootFile, BootOptions, Machine } from '../../src/replay/types.js';

const JOBS: readonly Job[] = [
  { id: 0, line: '0 1 2 1 1', last: true },
  { id: 1, line: '1 1 2 1 1', last: false },
];
const BUILT = { init: new Uint8Array(), module: new Uint8Array() };
const OPTIONS = { timeoutMs: 1000 };

/** A machine that says, boot by boot, what `say` makes of the lines of its jobs. */
function machine(say: (lines: readonly string[], boot: number, options: BootOptions) => readonly string[]) {
  const asked: string[][] = [];
  const boot = {
    async run(files: readonly BootFile[], options: BootOptions) {
      const lines = new TextDecoder().decode(files.find((f) => f.path === 'jobs')!.data).split('\n');
      asked.push(lines.slice(0, -1));
      for (const line of say(asked.at(-1)!, asked.length, options)) options.onLine?.(line);
      return { lines: [], end: 'done' as const, timeMs: 1 };
    },
  };
  return { asked, machine: { kernel: { id: 'fake' }, boot } as unknown as Machine };
}

const done = (line: string): string[] => {
  const id = line.split(' ')[0]!;
  return [`LIT start ${id}`, `LIT out ${id} - - r=i:1;`, `LIT done ${id} 1 all 0 0 9 1`];
};

test('the selftest runs in the boot of the tests, before what may end the machine', async () => {
  const fake = machine((lines) =>
    lines.flatMap((l) => (l === 'selftest' ? ['selftest: start', 'x', 'selftest: done'] : done(l))),
  );
  const printed: string[][] = [];
  const results = await bootAll(
    fake.machine,
    JOBS,
    { ...BUILT, selftest: new Uint8Array(1) },
    { ...OPTIONS, onSelftest: (lines) => printed.push([...lines]) },
  );
  expect(fake.asked).toEqual([[JOBS[1]!.line, 'selftest', JOBS[0]!.line]]);
  expect([...results.keys()].toSorted()).toEqual([0, 1]);
  expect(printed).toEqual([['x']]);
});

test('a machine that dies in the selftest is not asked for it again', async () => {
  const fake = machine((lines, boot) =>
    boot === 1 ? [...done(lines[0]!), 'selftest: start', 'half'] : lines.flatMap(done),
  );
  const printed: string[][] = [];
  await bootAll(
    fake.machine,
    JOBS,
    { ...BUILT, selftest: new Uint8Array(1) },
    { ...OPTIONS, onSelftest: (lines) => printed.push([...lines]) },
  );
  expect(fake.asked.map((lines) => lines.includes('selftest'))).toEqual([true, false]);
  expect(printed).toEqual([['half']]);
});

test('a test that falls silent is tried once more, with less patience after a BUG', async () => {
  const silent = machine(() => ['LIT start 1']);
  await bootAll(silent.machine, [JOBS[1]!], BUILT, OPTIONS);
  expect(silent.asked.length).toBe(2);

  const patience: number[] = [];
  const hurt = machine((_lines, _boot, { onLine, silentMs }) => {
    for (const line of ['LIT boot 6.1 x86_64', 'LIT start 1', 'kernel BUG at mm/memory.c:2229!']) {
      onLine?.(line);
      patience.push(silentMs!());
    }
    return [];
  });
  const results = await bootAll(hurt.machine, [JOBS[1]!], BUILT, OPTIONS);
  expect(results.get(1)).toMatchObject({ end: 'error' });
  expect(patience[2]!).toBeLessThan(patience[1]! / 3);
});
