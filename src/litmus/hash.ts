/** The hash of a test: equal for texts that differ only in name, comments and white space. */
import { DiagnosticSink } from '../c/diagnostics.js';
import type { Span } from '../c/diagnostics.js';
import { scanTokens } from '../c/tokens.js';
import type { Fragments } from './ast.js';
import { md5 } from './md5.js';
import { tokenize } from './tokens.js';

/**
 * The text that is hashed: the tokens of memory block, driver, threads, filter and condition, single spaces between them.
 * The name and the header's comments are left out, as herd7 does: what a test is called or expects does not change it.
 */
export function normalisedText(fragments: Fragments): string {
  const { text } = fragments.source;
  const sink = new DiagnosticSink(fragments.source);
  const plain = (span: Span | undefined): string[] =>
    span ? tokenize(text, span, sink).flatMap((t) => (t.kind === 'end' ? [] : [t.text])) : [];
  const lastThread = fragments.threads[fragments.threads.length - 1]?.span;
  const code = { start: fragments.driver.start, end: lastThread?.end ?? fragments.driver.end };
  return [plain(fragments.memory), codeTokens(text, code, sink), plain(fragments.condition)].flat().join(' ');
}

/** C tokens and preprocessor lines in the order of the text; a line is one token, for its end has a meaning. */
function codeTokens(text: string, span: Span, sink: DiagnosticSink): string[] {
  const { tokens, directives } = scanTokens(text, span.start, span.end, sink);
  return [...tokens, ...directives]
    .sort((a, b) => a.start - b.start)
    .map((t) => text.slice(t.start, t.end))
    .map((t) =>
      t.startsWith('#')
        ? `${t
            .replace(/\/\*.*?\*\/|\/\/.*$/gs, ' ')
            .replace(/\s+/g, ' ')
            .trim()}\n`
        : t,
    );
}

/** MD5 of the normalised text, 32 hexadecimal digits. */
export function testHash(fragments: Fragments): string {
  return md5(normalisedText(fragments));
}
