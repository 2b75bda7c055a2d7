/**
 * A scanner for C tokens. The real parser is tree-sitter; this one serves the pre-pass, which must see annotations,
 * brackets and directives before it.
 */
import type { DiagnosticSink, Span } from './diagnostics.js';

export interface Token extends Span {
  readonly kind: 'name' | 'number' | 'string' | 'char' | 'punctuator';
  readonly text: string;
}

/** A preprocessor line, from its `#` to the end of its last continued line. */
export type Directive = Span;

export interface Scanned {
  readonly tokens: readonly Token[];
  readonly directives: readonly Directive[];
  /** Comments, which the parser need not see. */
  readonly comments: readonly Span[];
}

const NAME = /[A-Za-z_$][A-Za-z0-9_$]*/y;
const NUMBER = /\.?[0-9](?:[eEpP][+-]|[A-Za-z0-9_.])*/y;
const PUNCTUATOR = /\.\.\.|<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[^]/y;
const SPACE = /[ \t\r\n\v\f]+/y;

/** Scans `text[from, to)`; offsets in the result are offsets into `text`. */
export function scanTokens(text: string, from: number, to: number, sink: DiagnosticSink): Scanned {
  const tokens: Token[] = [];
  const directives: Directive[] = [];
  const comments: Span[] = [];
  let at = from;
  let lineBegins = true;
  const take = (pattern: RegExp): number => {
    pattern.lastIndex = at;
    return pattern.test(text) ? Math.min(pattern.lastIndex, to) : at;
  };
  const push = (kind: Token['kind'], end: number): void => {
    tokens.push({ kind, start: at, end, text: text.slice(at, end) });
    at = end;
    lineBegins = false;
  };
  while (at < to) {
    const c = text.charCodeAt(at);
    const space = take(SPACE);
    if (space > at) {
      if (text.slice(at, space).includes('\n')) lineBegins = true;
      at = space;
    } else if (c === 0x2f && (text[at + 1] === '/' || text[at + 1] === '*')) {
      const end = endOfComment(text, at, to, sink);
      comments.push({ start: at, end });
      at = end;
    } else if (c === 0x23 && lineBegins) {
      const end = endOfDirective(text, at, to);
      directives.push({ start: at, end });
      at = end;
    } else if (c === 0x22 || c === 0x27) {
      push(c === 0x22 ? 'string' : 'char', endOfQuoted(text, at, to, sink));
    } else if (take(NAME) > at) push('name', take(NAME));
    else if (take(NUMBER) > at) push('number', take(NUMBER));
    else push('punctuator', Math.max(at + 1, take(PUNCTUATOR)));
  }
  return { tokens, directives, comments };
}

function endOfComment(text: string, at: number, to: number, sink: DiagnosticSink): number {
  if (text[at + 1] === '/') {
    const end = text.indexOf('\n', at);
    return end === -1 || end > to ? to : end;
  }
  const end = text.indexOf('*/', at + 2);
  if (end !== -1 && end + 2 <= to) return end + 2;
  sink.error('PFN1005', 'comment without an end', { start: at, end: at + 2 }, { expected: '`*/`' });
  return to;
}

function endOfDirective(text: string, at: number, to: number): number {
  for (let from = at; ;) {
    const end = text.indexOf('\n', from);
    if (end === -1 || end >= to) return to;
    const before = text[end - 1] === '\r' ? end - 2 : end - 1;
    if (text[before] !== '\\' || before < from) return end;
    from = end + 1;
  }
}

function endOfQuoted(text: string, at: number, to: number, sink: DiagnosticSink): number {
  const quote = text[at]!;
  for (let i = at + 1; i < to && text[i] !== '\n'; i++) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === quote) return i + 1;
  }
  const what = quote === '"' ? 'string' : 'character constant';
  sink.error(
    'PFN1005',
    `${what} without an end`,
    { start: at, end: at + 1 },
    { expected: `\`${quote}\` on the same line` },
  );
  return to;
}
