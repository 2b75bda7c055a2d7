import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DOCUMENT, fileOf, fillTables, testsNamed } from '../../scripts/the-mail.mjs';
import { CONFIGURATIONS, runTest } from '../../src/run/index.js';
import { parseLitmus } from '../../src/run/parse.js';
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
  expect(fillTables(markdown, results), 'run `node scripts/the-mail.mjs`').toBe(markdown);
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
