/**
 * Cuts what follows the memory block: driver code, threads, and the text of filter and condition. Only what is between the
 * parts is judged here; open strings and brackets inside a part are found by the C parser, which gets the part as it is.
 */
import { DiagnosticSink } from '../c/diagnostics.js';
import type { Span } from '../c/diagnostics.js';
import { closest } from '../c/suggest.js';
import { scanTokens } from '../c/tokens.js';
import type { Token } from '../c/tokens.js';
import type { Fragments, ThreadFragment } from './ast.js';

type Code = Pick<Fragments, 'driver' | 'threads' | 'condition'>;

const THREAD = /P([0-9]{1,4})\s*\([^(){};]*\)\s*\{/y;
const CONDITION = /(?:(?:~\s*exists|exists|forall|filter)\b(?!\s*[:=;,.[]|\s*->)|locations\s*\[)/y;
const CONDITION_WORDS = ['exists', 'forall', 'filter'];
/** Other ways people begin a condition. */
const NEAR_CONDITION = new Set([
  'never',
  'always',
  'sometimes',
  'not',
  'assert',
  'final',
  'observed',
  'condition',
]);

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** Cuts `text` from `start`, the end of the memory block, to its end. */
export function cutCode(text: string, start: number, sink: DiagnosticSink): Code {
  return new CodeCutter(text, start, sink).run();
}

/** The C tokens of `text[from, to)`; behind a string or comment without an end, those of the next line on. */
export function recoveringTokens(text: string, from: number, to: number): Token[] {
  const tokens: Token[] = [];
  for (let at = from; at < to;) {
    const scratch = new DiagnosticSink({ file: '', text });
    const found = scanTokens(text, at, to, scratch).tokens;
    const open = scratch.diagnostics[0]?.span.start ?? to;
    for (const token of found) if (token.start < open) tokens.push(token);
    const newline = text.indexOf('\n', open);
    at = open === to || newline < 0 ? to : newline;
  }
  return tokens;
}

class CodeCutter {
  readonly #threads: ThreadFragment[] = [];
  /** Brackets that are open. */
  readonly #open: string[] = [];
  #driver: Span | undefined;
  #thread: { index: number; nameSpan: Span } | undefined;
  /** Start of what stands at top level since the last `}` or `;` there. */
  #segment: number | undefined;

  constructor(
    readonly text: string,
    readonly start: number,
    readonly sink: DiagnosticSink,
  ) {}

  run(): Code {
    let end = this.text.length;
    for (const token of recoveringTokens(this.text, this.start, this.text.length)) {
      if (this.#beginsCondition(token)) {
        end = token.start;
        break;
      }
      if (!this.#beginThread(token)) this.#advance(token);
    }
    this.#endPart(end);
    return {
      driver: this.#driver ?? { start: this.start, end },
      threads: this.#threads,
      ...(end < this.text.length ? { condition: { start: end, end: this.text.length } } : {}),
    };
  }

  /** At the margin only an unclosed bracket can have kept us inside something. */
  #atMargin(token: Token): boolean {
    return this.text[token.start - 1] === '\n';
  }

  #beginsCondition(token: Token): boolean {
    const inside = this.#open.length > 0;
    const between = !inside && this.#segment === undefined;
    if (!between && !(this.#atMargin(token) && (inside || this.#threads.length > 0))) return false;
    CONDITION.lastIndex = token.start;
    if (CONDITION.test(this.text)) return true;
    // only behind a thread is a word that is nearly `exists` no driver code
    if (!between || this.#threads.length === 0) return false;
    if (token.text === '~') return /^~\s*[A-Za-z]/.test(this.text.slice(token.start, token.start + 20));
    if (token.kind !== 'name') return false;
    return NEAR_CONDITION.has(token.text.toLowerCase()) || closest(token.text, CONDITION_WORDS) !== undefined;
  }

  /** Starts a thread if `Pn(...) {` stands here; its brackets are left to {@link #advance}. */
  #beginThread(token: Token): boolean {
    if (token.kind !== 'name' || (this.#open.length > 0 && !this.#atMargin(token))) return false;
    THREAD.lastIndex = token.start;
    const match = THREAD.exec(this.text);
    if (!match) return false;
    const returnType = this.#open.length === 0 && !this.#thread ? this.#segment : undefined;
    if (returnType !== undefined) this.#segment = undefined;
    this.#endPart(returnType ?? token.start);
    this.#driver ??= { start: this.start, end: returnType ?? token.start };
    if (returnType !== undefined) this.#reportReturnType(returnType, token);
    this.#thread = { index: Number(match[1]), nameSpan: { start: token.start, end: token.end } };
    return true;
  }

  #reportReturnType(start: number, thread: Token): void {
    const written = this.text.slice(start, thread.start).trimEnd();
    this.sink.error(
      'PFN2033',
      'a thread has no return type',
      { start, end: start + written.length },
      {
        expected: `\`${thread.text}() { ... }\``,
      },
    );
  }

  /** Follows brackets, ends threads, and notes what stands between functions. */
  #advance({ kind, text, start, end }: Token): void {
    if (this.#thread === undefined) this.#segment ??= start;
    if (kind !== 'punctuator') return;
    if (text in CLOSING) this.#open.push(text);
    else if (text === ')' || text === ']' || text === '}') this.#close(text);
    if (this.#open.length > 0) return;
    if (text === '}' && this.#thread) this.#endThread(end);
    else if (text === ';' || (text === '}' && !this.#declaratorFollows(end))) this.#endSegment(end);
  }

  /** Closes the innermost bracket of this kind, and with it what was left open inside. */
  #close(text: string): void {
    const opener = this.#open.findLastIndex((o) => CLOSING[o] === text);
    if (opener >= 0) this.#open.length = opener;
  }

  /** `struct s { ... } name;` and `= { ... };` go on behind the brace; a function ends with it. */
  #declaratorFollows(at: number): boolean {
    const next = /\s*(?:;|[,)\]]|[A-Za-z_*]\w*\s*(?:;|=|\[))/y;
    next.lastIndex = at;
    return next.test(this.text);
  }

  /** Ends what is open, because the next part begins at `at`. */
  #endPart(at: number): void {
    this.#open.length = 0;
    if (this.#thread) this.#endThread(at);
    else if (this.#segment !== undefined) this.#endSegment(at);
  }

  #endThread(end: number): void {
    const { index, nameSpan } = this.#thread!;
    this.#thread = undefined;
    this.#threads.push({ index, nameSpan, span: { start: nameSpan.start, end } });
  }

  /** Ends a declaration or function of the driver; it must not stand behind a thread. */
  #endSegment(end: number): void {
    const start = this.#segment;
    this.#segment = undefined;
    if (start === undefined || !this.#driver) return;
    const line = /[^\n]*/y;
    line.lastIndex = start;
    const shown = { start, end: Math.min(end, start + (line.exec(this.text)?.[0].trimEnd().length ?? 0)) };
    if (')]}'.includes(this.text[start])) {
      this.sink.error('PFN2035', `nothing is open that this \`${this.text[start]}\` could close`, {
        start,
        end: start + 1,
      });
      return;
    }
    this.sink.error('PFN2034', 'driver code must stand before the first thread', shown, {
      expected: '`Pn() { ... }`, `filter PROP` or the condition',
      suggestion: `move it before \`P${this.#threads[0]?.index ?? 0}\``,
    });
  }
}
