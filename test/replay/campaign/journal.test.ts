import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Journal } from '../../../src/replay/campaign/journal.js';

const directory = mkdtempSync(join(tmpdir(), 'pfnmap-journal-'));
afterAll(() => rmSync(directory, { recursive: true }));

test('what was written is there again', () => {
  const path = join(directory, 'deep/a.jsonl');
  const journal = new Journal<{ n: number }>(path);
  expect(journal.get('x')).toBeUndefined();
  journal.add('x', { n: 1 });
  journal.add('x', { n: 2 });
  journal.add('y', { n: 3 });
  const again = new Journal<{ n: number }>(path);
  expect(again.size).toBe(2);
  expect(again.get('x')).toEqual({ n: 2 });
});

test('half a line is dropped, and what follows is not glued to it', () => {
  const path = join(directory, 'b.jsonl');
  new Journal<number>(path).add('x', 1);
  appendFileSync(path, '["y",{"n"');
  const again = new Journal<number>(path);
  expect(again.size).toBe(1);
  again.add('z', 3);
  expect(readFileSync(path, 'utf8')).toBe('["x",1]\n["z",3]\n');
  expect(new Journal<number>(path).get('z')).toBe(3);
});

test('lines that are something else are left alone', () => {
  const path = join(directory, 'c.jsonl');
  appendFileSync(path, 'null\n[1,2]\n["x"]\n{}\n');
  expect(new Journal<number>(path).size).toBe(0);
});
