import type { DiagnosticExtra, DiagnosticSink, Span } from '../c/diagnostics.js';
import type { Token } from './tokens.js';

/** Thrown inside a parser to give up one statement or operand; the mistake has been reported. */
export class Recover extends Error {}

/** A cursor over tokens with the usual questions, and errors in terms of what was expected and found. */
export class TokenStream {
  #at = 0;

  constructor(
    readonly tokens: readonly Token[],
    readonly sink: DiagnosticSink,
  ) {}

  get current(): Token {
    return this.tokens[this.#at];
  }

  /** The token `ahead` places behind the current one; the end token beyond the end. */
  peek(ahead = 1): Token {
    return this.tokens[Math.min(this.#at + ahead, this.tokens.length - 1)];
  }

  get previous(): Token {
    return this.tokens[Math.max(0, this.#at - 1)];
  }

  get done(): boolean {
    return this.current.kind === 'end';
  }

  /** Whether the current token is this operator or word. */
  is(text: string): boolean {
    return this.current.kind !== 'end' && this.current.text === text;
  }

  next(): Token {
    const token = this.current;
    if (token.kind !== 'end') this.#at++;
    return token;
  }

  /** Takes the current token if it is `text`. */
  accept(text: string): Token | undefined {
    return this.is(text) ? this.next() : undefined;
  }

  /** Reports that something else was expected here. */
  unexpected(code: `PFN${string}`, expected: string, extra: DiagnosticExtra = {}): void {
    const { kind, text } = this.current;
    const message = kind === 'end' ? 'unexpected end' : `unexpected \`${text}\``;
    this.sink.error(code, message, this.place(), { expected, ...extra });
  }

  /** Where the current token stands; for the end, just behind the last token. */
  place(): Span {
    const { kind, span } = this.current;
    return kind === 'end' ? { start: span.start, end: span.start + 1 } : span;
  }
}
