import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { formatJson } from '../../src/report/json.js';
import { outcome, result } from './results.js';

const full = result({
  reason: 'bound: 5 s',
  sharedWith: 'x86_64+7.2',
  probability: [{ allocator: 'uniform', frames: 8, states: 1, reason: 'bound: 5 s' }],
  model: { functions: 2, reached: 1, unreached: [], branches: [] },
  witness: { outcome: '0:r=1;', steps: [{ thread: 'P0', line: 3, kernel: 'do_mmap', changes: ['x'] }] },
});

test('one object on one line, the fields in their documented order', () => {
  const text = formatJson(full);
  expect(text.indexOf('\n')).toBe(text.length - 1);
  const documented = [...readFileSync('docs/json.md', 'utf8').matchAll(/^\| `(\w+)`/gm)].map(
    (match) => match[1],
  );
  expect(Object.keys(JSON.parse(text) as object)).toEqual(documented);
});

test('the values are those of the result', () => {
  const object = JSON.parse(formatJson(full)) as Record<string, unknown>;
  expect(object).toEqual({ ...full, timeMs: 56.8 });
});

test('what is absent has no field, and odd text stays on its line', () => {
  const odd = result({ outcomes: [outcome(true, { x: '1' })], condition: 'exists\n(x = 1)' });
  const text = formatJson(odd);
  expect(text.split('\n')).toHaveLength(2);
  expect(Object.keys(JSON.parse(text) as object)).not.toContain('witness');
});
