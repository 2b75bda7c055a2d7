import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatRecording, mergeRecordings, parseRecording } from '../../../src/replay/compare/recorded.js';
import { compareRun, type Comparison, type MachineOutcomes } from '../../../src/replay/compare/verdict.js';
import { DIFFERENCES } from '../../../src/replay/differences.js';
import { runTest } from '../../../src/run/index.js';
import { parseLitmus } from '../../../src/run/parse.js';
import { grammar } from '../../litmus/grammar.js';

const DIRECTORY = 'test/replay/recorded';
const files = existsSync(DIRECTORY) ? readdirSync(DIRECTORY).filter((f) => f.endsWith('.jsonl')) : [];

const tests = new Map(
  readdirSync('litmus', { recursive: true, encoding: 'utf8' })
    .filter((f) => f.endsWith('.litmus'))
    .map((f) => {
      const file = join('litmus', f);
      const parsed = parseLitmus({ file, text: readFileSync(file, 'utf8') }, grammar);
      return [parsed.name, parsed] as const;
    }),
);

describe('the model has every outcome that real kernels gave', () => {
  test('some kernels are recorded', () => expect(files.length).toBeGreaterThan(0));

  test.each(files)('%s', async (name) => {
    const { about, tests: seen } = parseRecording(readFileSync(join(DIRECTORY, name), 'utf8'));
    const { arch, release, kernel, version } = about;
    const all: Comparison[] = [];
    for (const machine of seen) {
      const parsed = tests.get(machine.test);
      // what was changed since says nothing about the model
      if (parsed === undefined || parsed.hash !== machine.hash || machine.skipped !== undefined) continue;
      const model = await runTest(parsed, { arch, release });
      all.push(compareRun(model, machine, { kernel, version, file: parsed.source.file }, DIFFERENCES));
    }
    expect(all.filter((c) => c.status === 'differs').map((c) => [c.test, c.outcomes])).toEqual([]);
    expect(all.filter((c) => c.status === 'agreed').length).toBeGreaterThan(seen.length / 2);
  });
});

test.each([
  ['amd64-7.2', 'smaps-pfnmap-cowed', { smapsSkipsPfnmap: true }],
  ['amd64-7.2', 'gup-longterm-zero-page', { gupUnsharesLongterm: false }],
])('a model with a wrong fact does not: %s, %s', async (id, name, facts) => {
  const { about, tests: seen } = parseRecording(readFileSync(join(DIRECTORY, `${id}.jsonl`), 'utf8'));
  const { arch, release, kernel, version } = about;
  const model = await runTest(tests.get(name)!, { arch, release, facts });
  const machine = seen.find((t) => t.test === name)!;
  expect(compareRun(model, machine, { kernel, version, file: '' }, DIFFERENCES).status).toBe('differs');
});

const about = { kernel: 'k', arch: 'arm', release: '7.2', version: '1' };
const line = (name: string, runs: number): MachineOutcomes => ({
  ...{ test: name, hash: 'h', runs, complete: true, outcomes: [], concurrent: false },
});

describe('recordings', () => {
  test('are sorted, and read back', () => {
    const text = formatRecording({ about, tests: [line('b', 1), line('a', 2)] });
    expect(parseRecording(text)).toEqual({ about, tests: [line('a', 2), line('b', 1)] });
  });

  test('keep what was not run anew, unless the kernel is another', () => {
    const old = { about, tests: [line('a', 1), line('b', 1)] };
    expect(mergeRecordings(old, { about, tests: [line('b', 2)] }).tests).toEqual([
      line('a', 1),
      line('b', 2),
    ]);
    const fresh = { about: { ...about, version: '2' }, tests: [line('b', 2)] };
    expect(mergeRecordings(old, fresh)).toEqual(fresh);
  });
});
