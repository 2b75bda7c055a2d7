/** Diagnostics: what every part of pfnmap reports about a source text, and how it is shown. */

/** A text with the name under which it is reported. */
export interface Source {
  readonly file: string;
  readonly text: string;
}

/** A half-open range of UTF-16 offsets into {@link Source.text}. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A further remark that belongs to a diagnostic; without a span it is about the whole. */
export interface DiagnosticNote {
  readonly message: string;
  readonly span?: Span;
}

/** One finding. `code` is stable: `pfnmap explain CODE` tells more. */
export interface Diagnostic {
  readonly code: `PFN${string}`;
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly span: Span;
  readonly expected?: string;
  readonly suggestion?: string;
  readonly notes?: readonly DiagnosticNote[];
}

/** What a diagnostic may carry beside its code, message and place. */
export type DiagnosticExtra = Pick<Diagnostic, 'expected' | 'suggestion' | 'notes'>;

/** The documentation of a code, shown by `pfnmap explain`. `example` is rejected with the code, `fix` is accepted. */
export interface CodeDoc {
  readonly code: `PFN${string}`;
  readonly title: string;
  readonly explanation: string;
  readonly example: string;
  readonly fix: string;
}

/** Thrown when a text cannot be used; carries every error found. The only exception that input can cause. */
export class DiagnosticError extends Error {
  override readonly name = 'DiagnosticError';

  constructor(
    readonly source: Source,
    readonly diagnostics: readonly Diagnostic[],
  ) {
    super(diagnostics.map((d) => formatDiagnostic(source, d, false)).join('\n\n'));
  }
}

/** Collects diagnostics up to a limit: the hundredth error of a file helps nobody. */
export class DiagnosticSink {
  readonly #found: Diagnostic[] = [];

  constructor(
    readonly source: Source,
    readonly limit = 20,
  ) {}

  /** Records an error. Beyond the limit it is dropped; a second error with the same place and code too. */
  error(code: Diagnostic['code'], message: string, span: Span, extra: DiagnosticExtra = {}): void {
    if (this.full) return;
    if (this.#found.some((d) => d.code === code && d.span.start === span.start)) return;
    this.#found.push({ code, severity: 'error', message, span, ...extra });
  }

  get full(): boolean {
    return this.#found.length >= this.limit;
  }

  get count(): number {
    return this.#found.length;
  }

  /** Whether one of `codes` was recorded after the first `since` diagnostics. */
  foundSince(since: number, codes: readonly string[]): boolean {
    return this.#found.slice(since).some((d) => codes.includes(d.code));
  }

  /** What was found, in the order of the text. */
  get diagnostics(): readonly Diagnostic[] {
    return [...this.#found].sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
  }

  /** @throws {DiagnosticError} if there is an error. */
  throwIfErrors(): void {
    if (this.#found.some((d) => d.severity === 'error'))
      throw new DiagnosticError(this.source, this.diagnostics);
  }
}

/** Line and column, both from 1, of an offset; the column counts UTF-16 units. */
export function lineColumn(text: string, offset: number): { line: number; column: number } {
  const at = Math.max(0, Math.min(offset, text.length));
  let line = 1;
  let lineStart = 0;
  for (let i = text.indexOf('\n'); i !== -1 && i < at; i = text.indexOf('\n', i + 1)) {
    line += 1;
    lineStart = i + 1;
  }
  return { line, column: at - lineStart + 1 };
}

const ANSI = {
  bold: '\u001b[1m',
  red: '\u001b[31m',
  yellow: '\u001b[33m',
  blue: '\u001b[34m',
  off: '\u001b[0m',
};

/** The longest piece of a source line that a code frame shows. */
const FRAME_WIDTH = 100;

/**
 * `file:line:col: error: message [PFNnnnn]`, the line with a caret under the place, then what was expected, what may
 * help, and notes with their own places.
 */
export function formatDiagnostic(source: Source, d: Diagnostic, color: boolean): string {
  const paint = (codes: string, text: string): string => (color ? `${codes}${text}${ANSI.off}` : text);
  const hue = d.severity === 'error' ? ANSI.red : ANSI.yellow;
  const { line, column } = lineColumn(source.text, d.span.start);
  const head =
    paint(ANSI.bold, `${source.file}:${line}:${column}: `) +
    paint(ANSI.bold + hue, `${d.severity}: `) +
    paint(ANSI.bold, `${d.message} [${d.code}]`);
  const out = [head, ...codeFrame(source.text, d.span, (s) => paint(ANSI.bold + hue, s))];
  if (d.expected !== undefined) out.push(`  ${paint(ANSI.blue, 'expected:')} ${d.expected}`);
  if (d.suggestion !== undefined) out.push(`  ${paint(ANSI.blue, 'help:')} ${d.suggestion}`);
  for (const note of d.notes ?? []) out.push(...formatNote(source, note, (s) => paint(ANSI.blue, s)));
  return out.join('\n');
}

function formatNote(source: Source, note: DiagnosticNote, paint: (s: string) => string): string[] {
  if (!note.span) return [`  ${paint('note:')} ${note.message}`];
  const { line, column } = lineColumn(source.text, note.span.start);
  return [
    `  ${paint('note:')} ${source.file}:${line}:${column}: ${note.message}`,
    ...codeFrame(source.text, note.span, paint),
  ];
}

function codeFrame(text: string, span: Span, paint: (s: string) => string): string[] {
  const { line, column } = lineColumn(text, span.start);
  const lineStart = span.start - (column - 1);
  const newline = text.indexOf('\n', lineStart);
  const full = text.slice(lineStart, newline === -1 ? text.length : newline).replace(/\r$/, '');
  const from = column - 1 > FRAME_WIDTH - 20 ? column - 1 - 40 : 0;
  const shown = full.slice(from, from + FRAME_WIDTH).replace(/\p{Cc}/gu, ' ');
  const at = Math.min(column - 1 - from, shown.length);
  const length = Math.max(1, Math.min(span.end - span.start, shown.length - at));
  const gutter = String(line).padStart(5);
  const blank = ' '.repeat(gutter.length);
  return [`${gutter} | ${shown}`, `${blank} | ${' '.repeat(at)}${paint('^' + '~'.repeat(length - 1))}`];
}
