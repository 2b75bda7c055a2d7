import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LITMUS_CODES } from '../../src/litmus/codes.js';
import { PROMISE_CODES } from '../../src/litmus/codes/promises.js';
import { codes, shown } from './diagnose.js';

const SRC = 'src/litmus';

/** The structure and configuration codes; those of lowering and of verify have tests of their own. */
const OWN = LITMUS_CODES.filter((d) => /^PFN[24]/.test(d.code) && !Object.hasOwn(PROMISE_CODES, d.code));

describe.each(OWN)('$code $title', ({ code, example, fix }) => {
  test('reports the example, and nothing else in it', async () => {
    expect(new Set(codes(example))).toEqual(new Set([code]));
    await expect(`${shown(example)}\n`).toMatchFileSnapshot(`golden/${code}.txt`);
  });

  test('accepts the repaired example', () => {
    expect(shown(fix)).toBe('');
  });
});

describe('the list of codes', () => {
  test('has every code that the sources report', () => {
    const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
      (f) => f.endsWith('.ts') && !f.startsWith('codes') && !f.startsWith('lower'),
    );
    const used = files.flatMap((f) => readFileSync(join(SRC, f), 'utf8').match(/PFN[24]\d{3}/g) ?? []);
    expect([...new Set(used)].sort()).toEqual(OWN.map((d) => d.code).sort());
  });

  test('has no code twice', () => {
    expect(new Set(LITMUS_CODES.map((d) => d.code)).size).toBe(LITMUS_CODES.length);
  });
});
