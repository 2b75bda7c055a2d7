import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  ARCH_OF,
  CHANCES,
  CONSEQUENCES,
  consoleOf,
  DOCUMENT,
  fileOf,
  fillChances,
  fillMachines,
  fillTables,
  onMachine,
  testsNamed,
  testsWeighed,
} from '../../scripts/the-mail.mjs';
import { CONFIGURATIONS, runTest } from '../../src/run/index.js';
import { parseLitmus } from '../../src/run/parse.js';
import { ALLOCATORS } from '../../src/run/probability/index.js';
import type { RunResult } from '../../src/run/result.js';
import { grammar } from '../litmus/grammar.js';

const markdown = readFileSync(DOCUMENT, 'utf8');

test('the tables of the mail show what runs give', { timeout: 120_000 }, async () => {
  const results: RunResult[] = [];
  for (const name of testsNamed(markdown)) {
    const file = fileOf(name);
    const litmus = parseLitmus({ file, text: readFileSync(file, 'utf8') }, grammar);
    expect(litmus.name).toBe(name);
    for (const { arch, release } of CONFIGURATIONS) results.push(await runTest(litmus, { arch, release }));
  }
  expect(results.filter((result) => !result.exhaustive)).toEqual([]);
  const weighed: RunResult[] = [];
  const { arch, release, frames } = CHANCES;
  for (const name of testsWeighed(markdown)) {
    const file = fileOf(name);
    const litmus = parseLitmus({ file, text: readFileSync(file, 'utf8') }, grammar);
    const probability = { allocators: ALLOCATORS, frames };
    weighed.push(await runTest(litmus, { arch, release, probability }));
  }
  const filled = fillChances(fillMachines(fillTables(markdown, results), results), weighed);
  expect(filled, 'run `node scripts/the-mail.mjs`').toBe(markdown);
});

test.each(Object.entries(ARCH_OF))(
  'what %s showed of the accident the model has for %s, and nothing else',
  { timeout: 60_000 },
  async (kernel, arch) => {
    const console = consoleOf(kernel);
    // The copy got the frame, so that an accident that may happen did happen.
    const [, offset, copy] = /^mail: try \d+: vm_pgoff (\w+), the copy is pfn (\w+)$/m.exec(console)!;
    expect(copy).toBe(offset);
    for (const one of CONSEQUENCES) {
      const file = fileOf(one.test);
      const litmus = parseLitmus({ file, text: readFileSync(file, 'utf8') }, grammar);
      const { observation } = await runTest(litmus, { arch, release: '7.2' });
      const happened = onMachine(one, console) === one.accident;
      expect(happened, `${kernel}, ${one.what}: ${onMachine(one, console)}`).toBe(
        observation === 'Sometimes',
      );
      if (!happened) expect(observation).toBe('Never');
    }
  },
);

test('a wrong guess is taken for no raw frame, and a right one only where there is no special bit', () => {
  for (const [kernel, arch] of Object.entries(ARCH_OF)) {
    const rows = [
      ...consoleOf(kernel).matchAll(/^mail: guess .*: (\d+) of 3000 copies .*, (\d+) taken for raw$/gm),
    ];
    expect(rows).toHaveLength(3);
    for (const [, hits, raw] of rows) expect(Number(raw)).toBe(arch === 'arm' ? Number(hits) : 0);
  }
});

test('every test of the mail is explained', () => {
  const files = readdirSync('litmus/mail').map((file) => `litmus/mail/${file}`);
  expect(testsNamed(markdown).map(fileOf).sort()).toEqual(files.sort());
});

test('most architectures are called the others, and stand last', () => {
  const archs = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const results = (odd: string) =>
    archs.map((arch) => ({
      test: 'demo',
      arch,
      release: '7.2',
      status: 'ran',
      observation: arch === odd ? 'Never' : 'Always',
    }));
  const heading = (odd: string) =>
    fillTables('<!-- verdicts: demo -->\n<!-- /verdicts -->', results(odd)).split('\n')[2];
  expect(heading('d')).toMatch(/^\| test +\| d +\| the others \|$/);
  expect(heading('')).toMatch(/^\| test +\| all architectures \|$/);
});

test('architectures and releases that agree share a column and a word', () => {
  const verdict = (arch: string, release: string): string => {
    if (arch === 'arm') return 'Sometimes';
    return release === '6.1' ? 'Never' : 'Always';
  };
  const results = ['x86_64', 'arm64', 'arm'].flatMap((arch) =>
    ['6.1', '6.12', '7.2'].map((release) => ({
      test: 'demo',
      arch,
      release,
      status: release === '7.2' ? 'n/a' : 'ran',
      observation: verdict(arch, release),
    })),
  );
  const block = '<!-- verdicts: demo -->\n<!-- /verdicts -->';
  const filled = fillTables(block, results);
  expect(filled.split('\n').slice(2, 5)).toEqual([
    '| test                               | x86_64, arm64                      | arm                            |',
    '| ---------------------------------- | ---------------------------------- | ------------------------------ |',
    '| [demo](../litmus/mail/demo.litmus) | 6.1: Never; 6.12: Always; 7.2: n/a | 6.1, 6.12: Sometimes; 7.2: n/a |',
  ]);
  expect(fillTables(filled, results)).toBe(filled);
});
