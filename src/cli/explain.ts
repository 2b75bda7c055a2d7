import type { CodeDoc } from '../c/diagnostics.js';
import { closest } from '../c/suggest.js';
import { C_CODES } from '../c/codes.js';
import { LITMUS_CODES } from '../litmus/codes.js';
import type { Context } from './context.js';
import { UsageError } from './exit.js';
import { table, wrap } from './table.js';
import { bold, useColor } from './terminal.js';

const WIDTH = 76;

function indented(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : `    ${line}`));
}

/** `pfn1001`, `1001` and `PFN1001` are the same code. */
function normalised(code: string): string {
  return /^\d+$/.test(code) ? `PFN${code}` : code.toUpperCase();
}

function explanation(doc: CodeDoc, color: boolean): string {
  const heading = (text: string): string => bold(text, color);
  return [
    heading(`${doc.code}: ${doc.title}`),
    '',
    ...doc.explanation
      .trim()
      .split(/\n\s*\n/)
      .flatMap((paragraph) => [...wrap(paragraph, WIDTH), '']),
    heading('Wrong:'),
    ...indented(doc.example),
    '',
    heading('Right:'),
    ...indented(doc.fix),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

/** `pfnmap explain [PFNnnnn...]` */
export function explainCommand(this: Context, _flags: Record<never, never>, ...codes: string[]): void {
  const docs = new Map<string, CodeDoc>([...C_CODES, ...LITMUS_CODES].map((doc) => [doc.code, doc]));
  const { stdout } = this.process;
  if (codes.length === 0) {
    stdout.write(table([...docs.values()].map(({ code, title }) => [code, title])));
    return;
  }
  const texts = codes.map((code) => {
    const doc = docs.get(normalised(code));
    if (doc !== undefined) return explanation(doc, useColor(stdout, this.env));
    const near = closest(normalised(code), docs.keys());
    throw new UsageError(`unknown code '${code}'${near === undefined ? '' : `; did you mean '${near}'?`}`);
  });
  stdout.write(texts.join('\n'));
}
