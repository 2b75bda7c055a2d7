/** What every input must survive: parser, checks, printer and lowering, with no exception but DiagnosticError and in bounded time. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DiagnosticError, formatDiagnostic } from '../../src/c/diagnostics.js';
import type { Diagnostic, Source } from '../../src/c/diagnostics.js';
import type { LitmusTest } from '../../src/litmus/ast.js';
import { LITMUS_CODES } from '../../src/litmus/codes.js';
import { checkOptions, checkSelections } from '../../src/litmus/configuration.js';
import { allCodes } from '../../src/litmus/explain.js';
import { parseLitmus } from '../../src/litmus/load.js';
import { observables } from '../../src/litmus/observables.js';
import { printCondition } from '../../src/litmus/print.js';
import { compile } from '../../src/run/boot.js';
import { CONFIGURATIONS, factsOf } from '../../src/run/configurations.js';
import { grammar } from '../litmus/grammar.js';

/** No input may take longer, in milliseconds of processor time: a busy machine is no bug. */
export const LIMIT_MS = 1000;

const CODES = new Set(allCodes().map((d) => d.code));

/** A machine of 64 bits and one of 32: the widths of types are what lowering depends on most. */
const FACTS = [factsOf('x86_64', '7.2'), factsOf('arm', '6.1')];

export interface Outcome {
  /** Whether the text is a test. */
  readonly accepted: boolean;
  readonly milliseconds: number;
}

/** @throws {Error} if the text breaks a promise of the front end */
export function tryInput(text: string): Outcome {
  const before = process.cpuUsage();
  const accepted = survive({ file: 'fuzz.litmus', text });
  const { user, system } = process.cpuUsage(before);
  const milliseconds = (user + system) / 1000;
  if (milliseconds > LIMIT_MS) throw new Error(`took ${milliseconds.toFixed(0)} ms`);
  return { accepted, milliseconds };
}

function survive(source: Source): boolean {
  try {
    use(source, parseLitmus(source, grammar));
    return true;
  } catch (error) {
    if (!(error instanceof DiagnosticError)) throw error;
    checkDiagnostics(source, error.diagnostics);
    return false;
  }
}

/** What happens to a test that was accepted. */
function use(source: Source, test: LitmusTest): void {
  const found = [...checkSelections(test, CONFIGURATIONS), ...checkOptions(test, ['DEBUG_VM'])];
  if (found.length > 0) throw new DiagnosticError(source, found);
  for (const facts of FACTS) compile(test, facts, 4);
  for (const { register } of observables([test.filter, test.condition?.prop])) {
    if (!/^(\d+:)?[A-Za-z][A-Za-z0-9_.]*$/.test(register)) throw new Error(`register ${register}`);
  }
  if (test.condition && /\n/.test(printCondition(test.condition)))
    throw new Error('a condition of two lines');
}

/** Every diagnostic has a documented code and a place inside the text, and can be shown. */
function checkDiagnostics(source: Source, diagnostics: readonly Diagnostic[]): void {
  if (diagnostics.length === 0) throw new Error('refused without a reason');
  for (const d of diagnostics) {
    const { start, end } = d.span;
    if (!(start >= 0 && start <= end && end <= source.text.length + 1))
      throw new Error(`${d.code} has the place ${start}..${end} in a text of ${source.text.length}`);
    if (!CODES.has(d.code)) throw new Error(`${d.code} is not documented`);
    formatDiagnostic(source, d, true);
  }
}

/** The texts of the corpus, and the examples of the documentation. */
export function corpusTexts(): string[] {
  const files = readdirSync('litmus', { recursive: true, encoding: 'utf8' }).filter((f) =>
    f.endsWith('.litmus'),
  );
  const examples = LITMUS_CODES.flatMap((d) => [d.example, d.fix]).filter((t) => t.length < 5000);
  return [...files.sort().map((f) => readFileSync(join('litmus', f), 'utf8')), ...examples];
}
