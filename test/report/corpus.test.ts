import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { type Grammar, loadGrammar, parseLitmus, runTest } from '../../src/index.js';
import { formatHerd } from '../../src/report/herd.js';
import { lexHerd } from './herd-lexer.js';

const CONFIGURATIONS = [
  { arch: 'x86_64', release: '7.2' },
  { arch: 'arm', release: '7.2' },
];

const files = readdirSync('litmus', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.litmus'))
  .map((name) => join('litmus', name))
  .toSorted();

let grammar: Grammar;

beforeAll(async () => {
  const { resolve } = createRequire(import.meta.url);
  grammar = await loadGrammar(
    readFileSync(resolve('web-tree-sitter/web-tree-sitter.wasm')),
    readFileSync(resolve('tree-sitter-c/tree-sitter-c.wasm')),
  );
});

test('there is a corpus', () => {
  expect(files.length).toBeGreaterThanOrEqual(40);
});

test.each(files)('%s gives what it expects, in words that herd7 reads', async (file) => {
  const parsed = parseLitmus({ file, text: readFileSync(file, 'utf8') }, grammar);
  for (const configuration of CONFIGURATIONS) {
    const result = await runTest(parsed, configuration);
    if (result.status === 'n/a') continue;
    const { arch, release, expected, exhaustive, states, positive, negative } = result;
    expect({ arch, release, observation: result.observation, exhaustive }).toEqual({
      arch,
      release,
      observation: expected,
      exhaustive: true,
    });
    expect(positive + negative).toBe(states);
    const [block, ...rest] = lexHerd(formatHerd(result));
    expect(rest).toEqual([]);
    expect(block).toMatchObject({
      name: `${result.test}+${arch}+${release}`,
      observation: { word: result.observation, positive, negative },
    });
  }
});
