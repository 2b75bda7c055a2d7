/** Reads `Result:`, `Result(SEL):`, `Only: SEL` and `Shows: ID, ...` out of the header's comments. */
import type { DiagnosticSink, Span } from '../c/diagnostics.js';
import { closest } from '../c/suggest.js';
import type { Reference, ResultLine, Verdict } from './ast.js';
import { parseReferences, REFERENCE_WORDS } from './references.js';
import type { Selector } from './selector.js';
import { parseSelector } from './selector-parse.js';

export interface Header {
  /** The prose of the comments, without `(* *)`, leading `*` and the lines read here. */
  readonly comment: string;
  readonly results: readonly ResultLine[];
  readonly only?: Selector;
  readonly references: readonly Reference[];
}

interface Line {
  readonly text: string;
  readonly start: number;
}

const VERDICTS: readonly Verdict[] = ['Never', 'Sometimes', 'Always'];
/** Anything that can only be meant as one of the keywords, right or wrong. */
const KEYWORD = /^(results?|only|shows?|obeys?|breaks?)\s*(?:\(([^)\n]*)(\)?))?\s*(:|=(?!=))\s*/i;

/** @param comments spans of the header's comments, delimiters included */
export function parseHeader(text: string, comments: readonly Span[], sink: DiagnosticSink): Header {
  const prose: string[] = [];
  const results: ResultLine[] = [];
  const references: Reference[] = [];
  let only: Selector | undefined;
  for (const line of comments.flatMap((c) => commentLines(text, c))) {
    const found = KEYWORD.exec(line.text);
    const role = found && REFERENCE_WORDS[found[1]!];
    if (!found) {
      prose.push(line.text);
    } else if (found[1] === 'Result' && found[4] === ':' && (found[2] === undefined || found[3] === ')')) {
      const result = parseResult(text, line, found, sink);
      if (result) results.push(result);
    } else if (found[1] === 'Only' && found[4] === ':' && found[2] === undefined) {
      const selector = parseOnly(text, line, found, sink);
      if (selector && only) {
        sink.error('PFN4011', 'there is already an `Only:` line', lineSpan(line), {
          notes: [{ message: 'the first one', span: only.span }],
          suggestion: 'join the two: items are separated by commas',
        });
      }
      only ??= selector;
    } else if (role && found[4] === ':' && found[2] === undefined) {
      const rest = { start: line.start + found[0].length, end: line.start + line.text.length };
      references.push(...parseReferences(text, role, rest, lineSpan(line), sink));
    } else {
      reportKeyword(line, found, sink);
    }
  }
  checkRepeated(results, sink);
  return { comment: prose.join('\n').trim(), results, references, ...(only ? { only } : {}) };
}

/** The lines of a comment without its delimiters, leading white space and one leading `*`. */
function commentLines(text: string, comment: Span): Line[] {
  const lines: Line[] = [];
  let start = comment.start + 2;
  const end = comment.end - 2;
  for (const raw of text.slice(start, end).split('\n')) {
    const lead = /^\s*(?:\*(?!\)) ?)?/.exec(raw)![0].length;
    lines.push({ text: raw.slice(lead).trimEnd(), start: start + lead });
    start += raw.length + 1;
  }
  return lines;
}

function lineSpan(line: Line): Span {
  return { start: line.start, end: line.start + line.text.length };
}

function parseResult(
  text: string,
  line: Line,
  found: RegExpExecArray,
  sink: DiagnosticSink,
): ResultLine | undefined {
  const span = lineSpan(line);
  const word = line.text.slice(found[0].length);
  const at = {
    start: line.start + found[0].length,
    end: line.start + Math.max(found[0].length + 1, line.text.length),
  };
  const verdict = VERDICTS.find((v) => v === word);
  if (!verdict) {
    const meant = closest(word.replace(/[^A-Za-z].*$/, ''), VERDICTS);
    sink.error('PFN4002', word === '' ? 'the result is missing' : `\`${word}\` is no result`, at, {
      expected: '`Never`, `Sometimes` or `Always`',
      ...(meant ? { suggestion: `write \`${meant}\`` } : {}),
    });
  }
  if (found[2] === undefined) return verdict && { verdict, span };
  const open = line.start + line.text.indexOf('(') + 1;
  const selector = parseSelector(text, { start: open, end: open + found[2].length }, sink);
  return verdict && { selector, verdict, span };
}

function parseOnly(
  text: string,
  line: Line,
  found: RegExpExecArray,
  sink: DiagnosticSink,
): Selector | undefined {
  if (line.text.length > found[0].length)
    return parseSelector(
      text,
      { start: line.start + found[0].length, end: line.start + line.text.length },
      sink,
    );
  sink.error('PFN4011', 'this `Only:` selects nothing', lineSpan(line), {
    expected: 'a selector: `Only: mmap_prepare`',
  });
  return undefined;
}

function reportKeyword(line: Line, found: RegExpExecArray, sink: DiagnosticSink): void {
  const plain = ['Only', 'Shows', 'Obeys', 'Breaks'].find((word) => word.slice(0, 4) === capital(found[1]!));
  const selector = found[2] === undefined ? '' : found[2].trim();
  const rest = line.text.slice(found[0].length);
  const meant = plain ? `${plain}: ${selector || rest}` : `Result${selector ? `(${selector})` : ''}: ${rest}`;
  sink.error('PFN4001', `\`${found[0].trim()}\` is not how a header line begins`, lineSpan(line), {
    expected: plain && plain !== 'Only' ? `\`${plain}:\`` : '`Result:`, `Result(SEL):` or `Only:`',
    suggestion: `write \`${meant.trim()}\``,
  });
}

/** The first four letters, the first one large. */
function capital(word: string): string {
  return word[0]!.toUpperCase() + word.slice(1, 4).toLowerCase();
}

/** Two lines with the same selection cannot both say what is expected. */
function checkRepeated(results: readonly ResultLine[], sink: DiagnosticSink): void {
  const seen = new Map<string, ResultLine>();
  for (const result of results) {
    const key = canonical(result.selector);
    const first = seen.get(key);
    if (first) {
      sink.error('PFN4003', 'this selection has a result already', result.span, {
        notes: [{ message: `the first one says ${first.verdict}`, span: first.span }],
      });
    } else {
      seen.set(key, result);
    }
  }
}

function canonical(selector: Selector | undefined): string {
  return selector ? selector.text.split(', ').sort().join(', ') : '';
}
