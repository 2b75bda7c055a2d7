import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DOCUMENT, files, stale } from '../../scripts/errno-matrix.mjs';
import { CONFIGURATIONS, runTest } from '../../src/run/index.js';
import { parseLitmus } from '../../src/run/parse.js';
import { grammar } from '../litmus/grammar.js';

const tests = [...files()].filter(([name]) => name !== DOCUMENT);

test('tests and document are what the table says', () => {
  expect(stale(), 'run `node scripts/errno-matrix.mjs`').toEqual([]);
});

test('the model gives what was measured, in every cell', async () => {
  for (const [file, text] of tests) {
    const litmus = parseLitmus({ file, text }, grammar);
    let ran = 0;
    for (const { arch, release } of CONFIGURATIONS) {
      const { status, observation, ok } = await runTest(litmus, { arch, release });
      if (status === 'n/a') continue;
      expect([file, arch, release, observation, ok]).toEqual([file, 'x86_64', release, 'Always', true]);
      ran++;
    }
    expect([file, ran]).toEqual([file, /6\.12, 7\.2/.test(text) ? 2 : 1]);
  }
});

test('every row of the document has a test or a reason', () => {
  const markdown = readFileSync(DOCUMENT, 'utf8');
  for (const [file] of tests) expect(markdown).toContain(`(../${file})`);
  for (const row of ['tmpfs', 'secretmem', 'perf ring'])
    expect(markdown.split('cannot express')[1]).toContain(row);
});
