/** Preprocessor lines: object-like `#define`s are kept as expressions, `#include` is ignored, the rest is refused. */
import type { DiagnosticSink, Span } from './diagnostics.js';

/** `#define NAME VALUE`; `value` is the span of VALUE, absent if there is none. */
export interface RawMacro {
  readonly name: string;
  readonly span: Span;
  readonly value?: Span;
}

const DIRECTIVE = /^#[ \t]*([A-Za-z_]*)[ \t]*/;
const DEFINE = /^([A-Za-z_]\w*)(\(?)/;

/** Function-like macros whose only use is inside printing functions; the model prints nothing. */
const PRINT_PREFIXES = new Set(['pr_fmt', 'dev_fmt']);

/** Reads one directive. @returns the macro it defines, if it does */
export function readDirective(text: string, at: Span, sink: DiagnosticSink): RawMacro | undefined {
  const line = text.slice(at.start, at.end);
  const [all, word] = DIRECTIVE.exec(line)!;
  switch (word) {
    case 'include':
    case 'pragma':
    case '':
      return undefined;
    case 'define':
      return readDefine(text, { start: at.start + all.length, end: at.end }, sink);
    case 'if':
    case 'ifdef':
    case 'ifndef':
    case 'elif':
    case 'else':
    case 'endif':
      sink.error('PFN1007', `\`#${word}\`: conditional compilation is not supported`, trimmed(text, at), {
        suggestion:
          'write the branch that is meant; `Only:` in the header selects releases and architectures',
      });
      return undefined;
    default:
      sink.error('PFN1007', `\`#${word}\` is not supported`, trimmed(text, at), {
        expected: '`#include` (ignored) or `#define NAME constant-expression`',
      });
      return undefined;
  }
}

function readDefine(text: string, rest: Span, sink: DiagnosticSink): RawMacro | undefined {
  const found = DEFINE.exec(text.slice(rest.start, rest.end));
  if (!found) {
    sink.error('PFN1007', '`#define` without a name', rest, {
      expected: '`#define NAME constant-expression`',
    });
    return undefined;
  }
  const name = found[1]!;
  const nameSpan = { start: rest.start, end: rest.start + name.length };
  if (found[2] === '(') {
    if (PRINT_PREFIXES.has(name)) return undefined;
    sink.error('PFN1006', `\`${name}\` is a function-like macro`, nameSpan, {
      expected: '`#define NAME constant-expression`',
      suggestion: `write a \`static inline\` function \`${name}\` instead`,
    });
    return undefined;
  }
  const value = trimmed(text, { start: nameSpan.end, end: rest.end });
  return value.start < value.end ? { name, span: nameSpan, value } : { name, span: nameSpan };
}

function trimmed(text: string, span: Span): Span {
  const piece = text.slice(span.start, span.end);
  const start = span.start + (piece.length - piece.trimStart().length);
  return { start, end: Math.max(start, span.start + piece.trimEnd().length) };
}
