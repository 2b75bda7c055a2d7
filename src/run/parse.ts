/** From a text to a test that can be run: what the language asks for, and what the known configurations do. */
import { DiagnosticError, type Source } from '../c/diagnostics.js';
import { CONTRACT_IDS, isRule } from '../contract/index.js';
import type { Grammar } from '../c/grammar.js';
import { FACT_NAMES } from '../kernel/facts.js';
import type { LitmusTest } from '../litmus/ast.js';
import { checkOptions, checkSelections } from '../litmus/configuration.js';
import { parseLitmus as parse, type LoadOptions } from '../litmus/load.js';
import { checkReferences } from '../litmus/references.js';
import { CONFIGURATIONS } from './configurations.js';

/** Options of the memory block that are no facts. */
const KERNEL_OPTIONS = ['DEBUG_VM'];

/**
 * Parses a litmus test and checks it as far as that is possible without choosing a configuration; what is left (the meaning of
 * its C) is found by running it.
 * @throws DiagnosticError with all mistakes found
 */
export function parseLitmus(source: Source, grammar: Grammar, options: LoadOptions = {}): LitmusTest {
  const test = parse(source, grammar, options);
  const found = [
    ...checkSelections(test, CONFIGURATIONS),
    ...checkOptions(test, [...FACT_NAMES, ...KERNEL_OPTIONS]),
    ...checkReferences(test, CONTRACT_IDS, isRule),
  ];
  if (found.some(({ severity }) => severity === 'error')) throw new DiagnosticError(source, found);
  return test;
}
