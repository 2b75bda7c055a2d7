import { DiagnosticSink } from '../../src/c/diagnostics.js';
import { cut } from '../../src/litmus/scan.js';

/** The test with another filter and condition. */
export function withClause(text: string, clause: string): string {
  const source = { file: '', text };
  const end = cut(source, new DiagnosticSink(source)).condition?.start ?? text.length;
  return `${text.slice(0, end)}${clause}\n`;
}
