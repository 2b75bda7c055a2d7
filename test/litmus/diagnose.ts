/** All that is wrong with a text, in one list. */
import { DiagnosticError, formatDiagnostic } from '../../src/c/diagnostics.js';
import type { Diagnostic, Source } from '../../src/c/diagnostics.js';
import { CONTRACT_IDS, isRule } from '../../src/contract/index.js';
import type { LitmusTest } from '../../src/litmus/ast.js';
import { checkOptions, checkSelections } from '../../src/litmus/configuration.js';
import { parseLitmus } from '../../src/litmus/load.js';
import { checkReferences } from '../../src/litmus/references.js';
import { CONFIGURATIONS } from './configurations.js';
import { grammar } from './grammar.js';

export function source(text: string): Source {
  return { file: 'test.litmus', text };
}

export function parse(text: string): LitmusTest {
  return parseLitmus(source(text), grammar);
}

/** Diagnostics of parser and configuration checks; empty for a test without mistakes. */
export function diagnose(text: string): readonly Diagnostic[] {
  try {
    const test = parse(text);
    return [
      ...checkSelections(test, CONFIGURATIONS),
      ...checkOptions(test, ['DEBUG_VM', 'remap_cow_partial']),
      ...checkReferences(test, CONTRACT_IDS, isRule),
    ];
  } catch (error) {
    if (error instanceof DiagnosticError) return error.diagnostics;
    throw error;
  }
}

export function codes(text: string): string[] {
  return diagnose(text).map((d) => d.code);
}

/** What a user sees. */
export function shown(text: string): string {
  return diagnose(text)
    .map((d) => formatDiagnostic(source(text), d, false))
    .join('\n\n');
}
