/**
 * The tokens of the parts of a litmus test that are not C: memory block, selectors, filter and condition.
 */
import type { DiagnosticSink, Span } from '../c/diagnostics.js';

export type TokenKind = 'integer' | 'word' | 'operator' | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly span: Span;
}

/** Longest first, so that the first match is the longest. */
const OPERATORS = [
  ...['/\\', '\\/', '==', '=>', '!=', '<=', '>=', '<<', '>>', '&&', '||', '->', '..'],
  ...['=', '<', '>', '~', '!', '&', '|', '^', '+', '-', '*', '/', '%'],
  ...['(', ')', '[', ']', '{', '}', ',', ';', ':', '.'],
];

const SPACE = /\s+/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const QUOTED = /"[^"\n]*"?|'[^'\n]*'?/y;
const NUMBER = /[0-9][A-Za-z0-9_]*/y;

/** Where the comment that starts at `start` ends, or -1 if it never does. `(* *)` nests, as in OCaml. */
export function commentEnd(text: string, start: number, limit: number): number {
  if (text.startsWith('//', start)) {
    const newline = text.indexOf('\n', start);
    return newline < 0 || newline > limit ? limit : newline;
  }
  if (text.startsWith('/*', start)) {
    const close = text.indexOf('*/', start + 2);
    return close < 0 || close + 2 > limit ? -1 : close + 2;
  }
  let depth = 0;
  for (let at = start; at < limit; at++) {
    if (text.startsWith('(*', at)) {
      depth++;
      at++;
    } else if (text.startsWith('*)', at)) {
      depth--;
      at++;
      if (depth === 0) return at + 1;
    }
  }
  return -1;
}

/** Whether a comment of the litmus language starts here: `(*`, `/*` or `//`. */
export function startsComment(text: string, at: number): boolean {
  const pair = text.slice(at, at + 2);
  return pair === '(*' || pair === '/*' || pair === '//';
}

/**
 * Cuts `text[span]` into tokens, the last of which is `end`. Comments and white space are dropped; characters that begin no
 * token are reported and dropped.
 */
export function tokenize(text: string, span: Span, sink: DiagnosticSink): Token[] {
  const tokens: Token[] = [];
  let at = span.start;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0].slice(0, span.end - at);
  };
  while (at < span.end) {
    const space = match(SPACE);
    if (space) {
      at += space.length;
      continue;
    }
    if (startsComment(text, at)) {
      const end = commentEnd(text, at, span.end);
      if (end < 0) reportOpenComment(text, at, sink);
      at = end < 0 ? span.end : end;
      continue;
    }
    const [kind, found] = tokenAt(text, at, match);
    if (kind) tokens.push({ kind, text: found, span: { start: at, end: at + found.length } });
    else reportCharacter(found, at, sink, tokens);
    at += found.length;
  }
  tokens.push({ kind: 'end', text: '', span: endSpan(text, span) });
  return tokens;
}

/** The last character before the end that is not white space: where "unexpected end" is shown. */
function endSpan(text: string, span: Span): Span {
  let end = span.end;
  while (end > span.start && /\s/.test(text[end - 1])) end--;
  return { start: end, end };
}

function tokenAt(
  text: string,
  at: number,
  match: (pattern: RegExp) => string | undefined,
): [TokenKind | undefined, string] {
  const word = match(WORD);
  if (word) return ['word', word];
  const number = match(NUMBER);
  if (number) return ['integer', number];
  const operator = OPERATORS.find((o) => text.startsWith(o, at));
  if (operator) return ['operator', operator];
  const quoted = match(QUOTED);
  if (quoted) return [undefined, quoted];
  return [undefined, String.fromCodePoint(text.codePointAt(at)!)];
}

/** Reports the comment that begins at `at` and has no end. */
export function reportOpenComment(text: string, at: number, sink: DiagnosticSink): void {
  const open = text.slice(at, at + 2);
  sink.error(
    'PFN2003',
    'this comment is never closed',
    { start: at, end: at + 2 },
    {
      expected: open === '(*' ? '`*)`' : '`*/`',
    },
  );
}

/** How logic is written on paper. */
const PAPER: Readonly<Record<string, string>> = {
  '∧': '/\\',
  '∨': '\\/',
  '¬': '~',
  '≠': '!=',
  '≤': '<=',
  '≥': '>=',
};

/** Reports a character that begins no token; one whose meaning is clear still gives its token. */
function reportCharacter(found: string, at: number, sink: DiagnosticSink, tokens: Token[]): void {
  const span = { start: at, end: at + found.length };
  if (/^["']/.test(found)) {
    sink.error('PFN2048', 'strings and characters have no meaning here', span);
    tokens.push({ kind: 'integer', text: '0', span });
    return;
  }
  const shown = /[\p{C}\p{Z}]/u.test(found)
    ? `U+${found.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`
    : `\`${found}\``;
  const meant = PAPER[found];
  const extra = meant ? { suggestion: `write \`${meant}\`` } : {};
  sink.error('PFN2048', `the character ${shown} has no meaning here`, span, extra);
  if (meant) tokens.push({ kind: 'operator', text: meant, span });
}

/** Whether digits that may be many (BigInt() takes quadratic time) are an integer of 64 bits. */
function fits64(digits: string): boolean {
  const significant = digits.replace(/^0[xX]0*/, '0x');
  return significant.length <= 20 && BigInt(significant === '0x' ? '0' : significant) < 1n << 64n;
}

/** The value of an integer token, or undefined with the mistake reported. Decimal and `0x` hexadecimal are integers. */
export function integerValue(token: Token, sink: DiagnosticSink): bigint | undefined {
  const wellFormed = /^(0|[1-9][0-9]*|0[xX][0-9a-fA-F]+)$/.test(token.text);
  if (wellFormed && fits64(token.text)) return BigInt(token.text);
  const plain = /^(0[xX][0-9a-fA-F]+|[0-9]+)[uUlL]+$/.exec(token.text)?.[1];
  let suggestion: Record<string, string> = {};
  if (plain) suggestion = { suggestion: `write \`${plain}\`: integers take no suffix here` };
  else if (/^0[0-7]+$/.test(token.text))
    suggestion = {
      suggestion: `write \`0x${parseInt(token.text, 8).toString(16)}\`: octal is not used here`,
    };
  const message = wellFormed ? 'this integer has more than 64 bits' : `\`${token.text}\` is not an integer`;
  sink.error('PFN2027', message, token.span, {
    expected: 'a decimal number or a hexadecimal one that begins with 0x',
    ...suggestion,
  });
  return undefined;
}
