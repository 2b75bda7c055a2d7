import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ruleNamed } from '../../../src/contract/index.js';
import { INVARIANTS } from '../../../src/contract/invariants/list.js';

test('invariants have ids of their own, and guard rules that exist', () => {
  expect(new Set(INVARIANTS.map(({ id }) => id)).size).toBe(INVARIANTS.length);
  for (const { guards } of INVARIANTS) for (const id of guards) expect(ruleNamed(id), id).toBeDefined();
});

test('docs/verify.md has every invariant, in the order in which they are reported', () => {
  const rows = [...readFileSync('docs/verify.md', 'utf8').matchAll(/^\| `([a-z-]+)` +\| (.*?) *\|$/gm)];
  const found = rows.map((row) => [row[1], row[2]]);
  const wanted = INVARIANTS.map(({ id, statement }) => [id, statement]);
  expect(found).toEqual(expect.arrayContaining(wanted));
  const ids = INVARIANTS.map(({ id }) => id as string);
  expect(found.map(([id]) => id!).filter((id) => ids.includes(id))).toEqual(ids);
});
