/** What a test says about the contract: `Shows: B.2-prot`, `Obeys: F-1a`, `Breaks: F-13`. */
import { DiagnosticSink, type Diagnostic, type Span } from '../c/diagnostics.js';
import { didYouMean } from '../c/suggest.js';
import type { LitmusTest, Reference } from './ast.js';

/** The words that such a line begins with. */
export const REFERENCE_WORDS: Readonly<Record<string, Reference['role']>> = {
  Shows: 'shows',
  Obeys: 'obeys',
  Breaks: 'breaks',
};

/** `B.2-prot`, `C.11-DONTNEED-PFNMAP`, `F-1a`, `F.V-1b`, `H-9`. */
const ID = /^[A-Z](?:\.[0-9A-Z]+)?-[\w.-]*\w$/;

/**
 * The ids of a line, separated by commas.
 * @param rest what follows the keyword
 * @param line the whole line
 */
export function parseReferences(
  text: string,
  role: Reference['role'],
  rest: Span,
  line: Span,
  sink: DiagnosticSink,
): Reference[] {
  const found: Reference[] = [];
  let start = rest.start;
  for (const raw of text.slice(rest.start, rest.end).split(',')) {
    const id = raw.trim();
    const at = start + raw.length - raw.trimStart().length;
    const span = id === '' ? line : { start: at, end: at + id.length };
    start += raw.length + 1;
    if (ID.test(id)) {
      found.push({ role, id, span });
      continue;
    }
    sink.error('PFN4015', id === '' ? 'an id is missing' : `\`${id}\` is no id of the contract`, span, {
      expected: 'ids, separated by commas: `B.2-prot`, `F-1a`',
    });
  }
  return found;
}

/**
 * Holds the ids of a test against the contract.
 * @param known the contract's ids
 * @param isRule whether an id can be kept or broken
 */
export function checkReferences(
  test: LitmusTest,
  known: ReadonlySet<string>,
  isRule: (id: string) => boolean,
): readonly Diagnostic[] {
  const sink = new DiagnosticSink(test.source);
  for (const { role, id, span } of test.references) {
    if (!known.has(id)) {
      sink.error('PFN4016', `the contract has no \`${id}\``, span, {
        expected: 'an id that `pfnmap rules` lists',
        ...didYouMean(id, known),
      });
    } else if (role !== 'shows' && !isRule(id)) {
      sink.error('PFN4017', `\`${id}\` is no rule: nobody ${role} it`, span, {
        suggestion: `write \`Shows: ${id}\``,
      });
    }
  }
  return sink.diagnostics;
}
