import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DiagnosticError, formatDiagnostic, type Diagnostic } from '../../../src/c/diagnostics.js';
import { archNamed } from '../../../src/kernel/arch/index.js';
import { factsFor } from '../../../src/kernel/facts.js';
import { DRIVER_FUNCTIONS, THREAD_FUNCTIONS } from '../../../src/litmus/api/index.js';
import { LITMUS_CODES } from '../../../src/litmus/codes.js';
import { parseLitmus } from '../../../src/litmus/load.js';
import { compile } from '../../../src/run/boot.js';
import { grammar } from '../grammar.js';

const OWN = LITMUS_CODES.filter((d) => d.code.startsWith('PFN3'));

function diagnose(text: string): readonly Diagnostic[] {
  try {
    compile(parseLitmus({ file: 'test.litmus', text }, grammar), factsFor(archNamed('x86_64')!, '7.2'), 4);
    return [];
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics;
    throw error;
  }
}

function shown(text: string): string {
  return diagnose(text)
    .map((d) => formatDiagnostic({ file: 'test.litmus', text }, d, false))
    .join('\n\n');
}

describe.each(OWN)('$code $title', ({ code, example, fix }) => {
  test('reports the example, and nothing else in it', async () => {
    expect(new Set(diagnose(example).map((d) => d.code))).toEqual(new Set([code]));
    await expect(`${shown(example)}\n`).toMatchFileSnapshot(`golden/${code}.txt`);
  });

  test('accepts the repaired example', () => {
    expect(shown(fix)).toBe('');
  });
});

test('every code that the lowering reports is documented, and the other way round', () => {
  const folder = 'src/litmus/lower';
  const used = readdirSync(folder).flatMap((f) =>
    f.endsWith('.ts') ? (readFileSync(join(folder, f), 'utf8').match(/PFN3\d{3}(?=')/g) ?? []) : [],
  );
  expect([...new Set(used)].sort()).toEqual(OWN.map((d) => d.code));
});

test('every function of the environments can be called', () => {
  for (const table of [DRIVER_FUNCTIONS, THREAD_FUNCTIONS]) {
    for (const [name, f] of Object.entries(table)) {
      const ways = [f.call, f.routine, f.special, f.expand].filter((x) => x !== undefined);
      expect([name, ways.length]).toEqual([name, 1]);
      expect([name, [f.prototype, f.generic, f.expand].filter((x) => x !== undefined).length]).toEqual([
        name,
        1,
      ]);
    }
  }
});
