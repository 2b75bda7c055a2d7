/** What is wrong with the lines of a header that only `pfnmap verify` reads. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DiagnosticError, formatDiagnostic } from '../../src/c/diagnostics.js';
import { PROMISE_CODES } from '../../src/litmus/codes/promises.js';
import { parseLitmus } from '../../src/run/parse.js';
import { withinOf } from '../../src/verify/expectation.js';
import { verifyTest } from '../../src/verify/index.js';
import { grammar } from '../litmus/grammar.js';

/** What a user sees; empty if nothing is wrong. */
async function shown(text: string): Promise<string> {
  const source = { file: 'test.litmus', text };
  try {
    const parsed = parseLitmus(source, grammar);
    await verifyTest(parsed, { processes: 1, pages: 1, ...withinOf(parsed), arch: 'arm', release: '7.2' });
    return '';
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    return error.diagnostics.map((d) => formatDiagnostic(source, d, false)).join('\n\n');
  }
}

const headed = (line: string): string =>
  `C test\n(* ${line} *)\n{ ram pool = 2 pages; reserved buf = 1 page; }\nP0()\n{\n        int x = 0;\n}\nexists (0:x = 0)\n`;

describe.each(Object.values(PROMISE_CODES))('$code $title', ({ code, example, fix }) => {
  test('reports the example', async () => {
    expect(await shown(example)).toContain(`[${code}]`);
    await expect(`${await shown(example)}\n`).toMatchFileSnapshot(`golden/${code}.txt`);
  });

  test('accepts the repaired example', async () => {
    expect(await shown(fix)).toBe('');
  });
});

test.each([
  ['Verify: not-freed', 'PFN4018'],
  ['Verify: not-freed F-99', 'PFN4018'],
  ['Verify: not-freed F-1a F-2', 'PFN4018'],
  ['Verify:', 'PFN4018'],
  ['Within: 2 pages at 0', 'PFN4019'],
  ['Within: only open jump', 'PFN4019'],
  ['Within: offset x', 'PFN4019'],
  ['Serves: private', 'PFN4020'],
  ['Serves: 1 page at nowhere', 'PFN4020'],
  ['Serves: whole when idle', 'PFN4020'],
  ['Revoke: STOP', 'PFN4020'],
  ['Readonly: buffer', 'PFN4020'],
])('%s', async (line, code) => {
  const text = await shown(headed(line));
  expect(text.match(/\[PFN\d+\]/g)).toEqual([`[${code}]`]);
  expect(text).toContain('test.litmus:2:');
});

test.each([
  'Verify(pte_special): not-freed driver',
  'Within: 1 process, 2 threads, 1 page, 1 descriptor, races, offset 0 1, only open mmap',
  'Serves: whole, shared 1 page at buf + 1, 1 page at 0 when idle',
  'Revoke: 1, 0x10',
  'Readonly: buf',
])('%s is understood', async (line) => {
  expect(await shown(headed(line))).toBe('');
});

test('every code that verify reports is documented, and the other way round', () => {
  const files = ['expectation', 'declarations'].map((file) => readFileSync(`src/verify/${file}.ts`, 'utf8'));
  const used = new Set(files.join('').match(/PFN\d{4}/g));
  expect([...used].toSorted()).toEqual(Object.keys(PROMISE_CODES));
});
