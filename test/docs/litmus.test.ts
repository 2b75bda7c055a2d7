import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DRIVER_FUNCTIONS, THREAD_FUNCTIONS } from '../../src/litmus/api/index.js';
import { ACTING_CALLS, ATTRIBUTES, OBSERVERS, VMA_FLAG_NAMES } from '../../src/litmus/observers.js';
import { CONFIGURATIONS, runTest, TRAIT_NAMES } from '../../src/run/index.js';
import { parseLitmus } from '../../src/run/parse.js';
import { grammar } from '../litmus/grammar.js';

const markdown = readFileSync('docs/litmus.md', 'utf8');
const blocks = [...markdown.matchAll(/^```\n([\s\S]*?)^```$/gm)].map((block) => block[1]!);

test('every observer stands in the table with its meaning', () => {
  const rows = markdown.split('\n').filter((line) => line.startsWith('| `'));
  for (const { name, scope, meaning } of OBSERVERS) {
    const row = rows.find((line) => line.startsWith(`| \`${scope === 'process' ? 'P:' : ''}${name}(`));
    expect(row, name).toContain(meaning);
  }
  for (const { name, meaning } of ATTRIBUTES) {
    expect(
      rows.find((line) => line.startsWith(`| \`P:${name}\``)),
      name,
    ).toContain(meaning);
  }
});

test('every function that drivers and threads may call is named', () => {
  const names = [...Object.keys(DRIVER_FUNCTIONS), ...Object.keys(THREAD_FUNCTIONS)];
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(markdown))).toEqual([]);
});

test.each([...ACTING_CALLS, ...VMA_FLAG_NAMES, ...TRAIT_NAMES])('%s is explained', (name) => {
  expect(markdown).toMatch(new RegExp(`\\b${name}\\b`));
});

test('the example does what its header says', async () => {
  const text = blocks.find((block) => block.startsWith('C '))!;
  const litmus = parseLitmus({ file: 'docs/litmus.md', text }, grammar);
  for (const { arch, release } of CONFIGURATIONS) {
    const { ok, observation } = await runTest(litmus, { arch, release });
    expect(ok, `${arch} ${release}: ${observation}`).toBe(true);
  }
});

test('the memory block of the reference is one', () => {
  const memory = blocks.find((block) => block.startsWith('{'))!;
  const text = `C memory\n${memory}\nP0()\n{\n        int x = 1;\n}\nexists (0:x = 1)\n`;
  expect(parseLitmus({ file: 'docs/litmus.md', text }, grammar).memory.regions).toHaveLength(4);
});
