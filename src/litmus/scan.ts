/**
 * Cuts the text of a litmus test into its parts: header, memory block, driver, threads, filter and condition. All that is
 * decided here is where each part begins and ends; what stands in it is parsed later, at its place in the whole text.
 */
import type { DiagnosticSink, Source, Span } from '../c/diagnostics.js';
import type { Fragments } from './ast.js';
import { cutCode } from './scan-code.js';
import { commentEnd, reportOpenComment } from './tokens.js';

/** Test formats of herd7 that a first line may name by mistake. */
const OTHER_FORMATS = new Set(['X86', 'X86_64', 'AArch64', 'ARM', 'PPC', 'RISCV', 'MIPS', 'LISA', 'BPF']);

/** A test's name becomes part of `Test NAME+arch+release`, one word of the output. */
const NAME = /^[A-Za-z][A-Za-z0-9_.+-]*$/;

/** Whether a test may be called that. */
export function isTestName(name: string): boolean {
  return NAME.test(name);
}

export function cut(source: Source, sink: DiagnosticSink): Fragments {
  const { name, nameSpan, end } = cutName(source.text, sink);
  const { comments, end: headerEnd } = cutComments(source.text, end, sink);
  const memory = cutMemory(source.text, headerEnd, sink);
  const codeStart = memory?.end ?? headerEnd;
  return {
    source,
    name,
    nameSpan,
    comments,
    ...(memory ? { memory } : {}),
    ...cutCode(source.text, codeStart, sink),
  };
}

/** The first line, `C NAME`. */
function cutName(text: string, sink: DiagnosticSink): { name: string; nameSpan: Span; end: number } {
  const start = text.length - text.trimStart().length;
  const newline = text.indexOf('\n', start);
  const end = newline < 0 ? text.length : newline;
  const line = text.slice(start, end).trimEnd();
  const span = { start, end: start + line.length };
  const [format, ...rest] = line.split(/\s+/);
  if (format !== 'C' || /^C\s*[({/]/.test(line)) {
    if (OTHER_FORMATS.has(format)) {
      const message = `\`${format}\` tests are not supported: a test is C between header and condition`;
      sink.error('PFN2005', message, { start, end: start + format.length }, { expected: '`C NAME`' });
      return { name: rest.join('-'), nameSpan: span, end };
    }
    const suggestion = format === 'c' ? { suggestion: 'write `C` in upper case' } : {};
    sink.error('PFN2001', 'a litmus test begins with the line `C NAME`', span, {
      expected: '`C NAME`',
      ...suggestion,
    });
    return { name: '', nameSpan: span, end: /^[{(]/.test(line) ? start : end };
  }
  return { ...checkName(line, start, sink), end };
}

function checkName(line: string, start: number, sink: DiagnosticSink): { name: string; nameSpan: Span } {
  const name = line.replace(/^C\s*/, '');
  const nameSpan = { start: start + line.length - name.length, end: start + line.length };
  if (name === '') {
    sink.error('PFN2001', 'the test has no name', nameSpan, { expected: 'a name after `C`' });
  } else if (!isTestName(name)) {
    const repaired = name
      .trim()
      .replace(/[^A-Za-z0-9_.+-]+/g, '-')
      .replace(/^[^A-Za-z]+|-+$/g, '');
    sink.error('PFN2002', `\`${name}\` cannot name a test`, nameSpan, {
      expected: 'one word of letters, digits and `_ - + .` that begins with a letter',
      ...(repaired ? { suggestion: `for example \`${repaired}\`` } : {}),
    });
  }
  return { name, nameSpan };
}

/** The comments between the first line and the memory block. Other text there is reported once. */
function cutComments(text: string, start: number, sink: DiagnosticSink): { comments: Span[]; end: number } {
  const comments: Span[] = [];
  let at = start;
  for (;;) {
    while (at < text.length && /\s/.test(text[at])) at++;
    if (at >= text.length || text[at] === '{') return { comments, end: at };
    if (!text.startsWith('(*', at)) break;
    const end = commentEnd(text, at, text.length);
    if (end < 0) {
      reportOpenComment(text, at, sink);
      return { comments, end: recoverMemory(text, at) };
    }
    comments.push({ start: at, end });
    at = end;
  }
  const end = recoverMemory(text, at);
  // A text without a block at the margin is judged by what follows: the missing block is reported, not every line.
  if (end < text.length) reportHeaderText(text, at, sink);
  return { comments, end: end < text.length ? end : at };
}

/** Where a memory block most probably begins: the next `{` that stands first in its line and is no function's. */
function recoverMemory(text: string, start: number): number {
  const pattern = /^[ \t]*\{/gm;
  pattern.lastIndex = start;
  for (let found = pattern.exec(text); found; found = pattern.exec(text)) {
    const before = text.slice(start, found.index).trimEnd();
    if (!before.endsWith(')') && !before.endsWith('=')) return found.index + found[0].length - 1;
  }
  return text.length;
}

function reportHeaderText(text: string, at: number, sink: DiagnosticSink): void {
  const line = /[^\n]*/y;
  line.lastIndex = at;
  const found = (line.exec(text)?.[0] ?? '').trimEnd();
  const word = /^[A-Za-z]+/.exec(found)?.[0];
  const comment = found.startsWith('/') || found.startsWith('"') || word !== undefined;
  sink.error(
    'PFN2004',
    'unexpected text between the first line and the memory block',
    { start: at, end: at + found.length },
    {
      expected: 'a comment `(* ... *)` or the memory block `{ ... }`',
      ...(comment ? { suggestion: 'put it into `(* ... *)`' } : {}),
    },
  );
}

/** The block `{ ... }`. A `{` inside means that it was not closed: it then ends after its last `;`. */
function cutMemory(text: string, start: number, sink: DiagnosticSink): Span | undefined {
  if (text[start] !== '{') {
    const end = Math.min(text.length, start + 1);
    sink.error(
      'PFN2010',
      'the test has no memory block',
      { start, end },
      {
        expected: '`{ ... }` that declares regions; `{ }` if there are none',
      },
    );
    return undefined;
  }
  for (let at = start + 1; at < text.length; at++) {
    const pair = text.slice(at, at + 2);
    if (pair === '(*' || pair === '/*' || pair === '//') {
      const end = commentEnd(text, at, text.length);
      if (end < 0) reportOpenComment(text, at, sink);
      // it was probably meant to end with its line
      const newline = text.indexOf('\n', at);
      at = (end < 0 ? (newline < 0 ? text.length : newline) : end) - 1;
    } else if (text[at] === '}') {
      return { start, end: at + 1 };
    } else if (text[at] === '{') {
      return openMemory(text, start, at, sink);
    }
  }
  return openMemory(text, start, text.length, sink);
}

function openMemory(text: string, start: number, limit: number, sink: DiagnosticSink): Span {
  sink.error(
    'PFN2011',
    'the memory block is not closed',
    { start, end: start + 1 },
    {
      expected: '`}` before the driver code begins',
    },
  );
  const lastStatement = text.lastIndexOf(';', limit);
  return { start, end: lastStatement > start ? lastStatement + 1 : start + 1 };
}
