import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadCached } from '../../src/cli/cached.js';

const TEXT = `
const { sep } = require('node:path');
exports.answer = () => [__dirname, __filename].map((path) => path.split(sep).at(-1));
exports.module = module.exports === exports;
`;

interface Exports {
  answer(): string[];
  readonly module: boolean;
}

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'pfnmap-'));
});

afterAll(() => rmSync(directory, { recursive: true }));

/** A file of its own for each test: Node loads a file once. */
function load(name: string, cache?: Buffer): Exports {
  const file = join(directory, `${name}.cjs`);
  writeFileSync(file, TEXT);
  if (cache) writeFileSync(`${file}.cache`, cache);
  return loadCached(file) as Exports;
}

test.each([
  ['without', undefined],
  ['with', new Script(module.wrap(TEXT)).createCachedData()],
  ['broken', Buffer.from('no code')],
  ['foreign', new Script(module.wrap('exports.answer = 1;')).createCachedData()],
])('a file loads %s compiled code', (name, cache) => {
  const loaded = load(name, cache);
  const isModule = createRequire(import.meta.url).cache[join(directory, `${name}.cjs`)] !== undefined;
  expect(isModule).toBe(name !== 'with');
  expect(loaded.answer()).toEqual([directory.split('/').at(-1), `${name}.cjs`]);
  expect(loaded.module).toBe(true);
});
