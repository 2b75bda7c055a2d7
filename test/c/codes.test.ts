import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { C_CODES } from '../../src/c/codes.js';
import { formatDiagnostic } from '../../src/c/diagnostics.js';
import { check } from './support.js';

const folder = fileURLToPath(new URL('../../src/c', import.meta.url));

describe.each(C_CODES.map((doc) => [doc.code, doc] as const))('%s', (code, doc) => {
  test('its example is rejected, first and with this code', async () => {
    const { sink } = await check(doc.example);
    const [first] = sink.diagnostics;
    expect(first?.code).toBe(code);
    const shown = sink.diagnostics.map((d) => formatDiagnostic(sink.source, d, false)).join('\n\n');
    await expect(`${shown}\n`).toMatchFileSnapshot(`golden/${code}.txt`);
  });

  test('its fix is accepted', async () => {
    const { sink } = await check(doc.fix);
    expect(sink.diagnostics).toEqual([]);
  });
});

test('every code that the sources report is documented, and the other way round', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (f) => f.endsWith('.ts') && !f.startsWith('codes'),
  );
  const used = new Set(
    files.flatMap((f) => readFileSync(join(folder, f), 'utf8').match(/PFN\d{4}(?=')/g) ?? []),
  );
  expect([...used].sort()).toEqual(C_CODES.map((d) => d.code));
});
