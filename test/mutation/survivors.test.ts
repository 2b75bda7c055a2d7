import { expect, test } from 'vitest';
import { mutantId, mutantsOf } from '../../scripts/mutate/operators.mjs';
import { readReasons } from '../../scripts/mutate/record.mjs';
import { readSources } from '../../scripts/mutate/sources.mjs';

test('a reason why nothing notices a mutant is of one that there is', () => {
  const sources: Map<string, string> = readSources();
  const ids = (file: string) => mutantsOf(file, sources.get(file) ?? '').map(mutantId);
  const reasons: Map<string, string> = readReasons();
  const files = new Set([...reasons.keys()].map((id) => id.split(' | ')[0]!));
  const known = new Set([...files].flatMap(ids));
  expect([...reasons.keys()].filter((id) => !known.has(id))).toEqual([]);
  for (const [id, reason] of reasons) expect(reason.length, id).toBeGreaterThan(10);
});
