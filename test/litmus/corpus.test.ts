import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DiagnosticError } from '../../src/c/diagnostics.js';
import { parseLitmus } from '../../src/litmus/load.js';
import { printCondition, printProp } from '../../src/litmus/print.js';
import { grammar } from './grammar.js';
import { withClause } from './texts.js';

const files = readdirSync('litmus', { recursive: true, encoding: 'utf8' }).filter((f) =>
  f.endsWith('.litmus'),
);

/** The messages about a text, which is long; an empty list if it is right. */
function problems(file: string, text: string): string[] {
  try {
    parseLitmus({ file, text }, grammar);
    return [];
  } catch (error) {
    if (error instanceof DiagnosticError) return [error.message];
    throw error;
  }
}

test('every test of the corpus has a right structure', () => {
  expect(files.length).toBeGreaterThan(40);
  const wrong = files.flatMap((f) => problems(f, readFileSync(join('litmus', f), 'utf8')));
  expect(wrong.join('\n\n')).toBe('');
});

test('the canonical text of every condition means the same', () => {
  for (const file of files) {
    const text = readFileSync(join('litmus', file), 'utf8');
    const { condition, filter } = parseLitmus({ file, text }, grammar);
    if (!condition) continue;
    const printed = `${filter ? `filter (${printProp(filter)})\n` : ''}${printCondition(condition)}`;
    const again = parseLitmus({ file, text: withClause(text, printed) }, grammar);
    expect(printCondition(again.condition!)).toBe(printCondition(condition));
  }
});
