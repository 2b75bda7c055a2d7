/** Parses what follows the threads: `filter PROP` and `exists PROP`, `~exists PROP` or `forall PROP`. */
import type { DiagnosticSink, Span } from '../c/diagnostics.js';
import { closest } from '../c/suggest.js';
import type { Quantifier } from './ast.js';
import { ExpressionParser } from './expression.js';
import type { RawExpression } from './expression.js';
import { TokenStream } from './token-stream.js';
import { tokenize } from './tokens.js';

export interface RawCondition {
  readonly quantifier: Quantifier;
  readonly prop: RawExpression;
  readonly span: Span;
}

export interface RawClauses {
  readonly filter?: { readonly prop: RawExpression; readonly span: Span };
  readonly condition?: RawCondition;
}

const CLAUSES = ['filter', 'exists', 'forall'];

/** @param span from the first clause to the end of the text; absent if the test has none */
export function parseClauses(text: string, span: Span | undefined, sink: DiagnosticSink): RawClauses {
  if (!span) return {};
  return new ClauseParser(text, new TokenStream(tokenize(text, span, sink), sink), sink).run();
}

class ClauseParser {
  readonly #expressions: ExpressionParser;
  #filter: RawClauses['filter'];
  #condition: RawCondition | undefined;

  constructor(
    text: string,
    readonly tokens: TokenStream,
    readonly sink: DiagnosticSink,
  ) {
    this.#expressions = new ExpressionParser(tokens, text, sink);
  }

  run(): RawClauses {
    while (!this.tokens.done) {
      this.#clause();
      if (!this.tokens.done && !this.#atClause()) this.#trailing();
    }
    const clauses: { -readonly [K in keyof RawClauses]: RawClauses[K] } = {};
    if (this.#filter) clauses.filter = this.#filter;
    if (this.#condition) clauses.condition = this.#condition;
    return clauses;
  }

  #atClause(): boolean {
    const { current } = this.tokens;
    return CLAUSES.includes(current.text) || (current.text === '~' && this.tokens.peek().text === 'exists');
  }

  #clause(): void {
    const { start } = this.tokens.current.span;
    if (this.tokens.accept('filter')) return this.#takeFilter(start);
    if (this.tokens.is('locations')) return this.#locations();
    const quantifier = this.#quantifier();
    if (this.tokens.done) {
      this.tokens.unexpected('PFN2042', 'a proposition');
      return;
    }
    const prop = this.#expressions.parse();
    const condition = { quantifier, prop, span: { start, end: this.tokens.previous.span.end } };
    if (this.#condition) {
      this.sink.error('PFN2049', 'a test has one condition', condition.span, {
        notes: [{ message: 'the first condition', span: this.#condition.span }],
        suggestion: 'make it a test of its own',
      });
    }
    this.#condition ??= condition;
  }

  #takeFilter(start: number): void {
    const prop = this.#expressions.parse();
    const filter = { prop, span: { start, end: this.tokens.previous.span.end } };
    if (this.#filter)
      this.sink.error('PFN2049', 'a test has one filter', filter.span, {
        suggestion: 'join the two with `/\\`',
      });
    else if (this.#condition)
      this.sink.error('PFN2049', 'the filter stands before the condition', filter.span);
    this.#filter ??= filter;
  }

  #quantifier(): Quantifier {
    const negated = this.tokens.accept('~');
    const word = this.tokens.current;
    if (word.text === 'exists' || (word.text === 'forall' && !negated)) {
      this.tokens.next();
      return negated ? '~exists' : (word.text as Quantifier);
    }
    const span = { start: (negated ?? word).span.start, end: word.span.end };
    const written = (negated ? '~' : '') + word.text;
    this.sink.error('PFN2040', `\`${written}\` does not begin a condition`, span, {
      expected: '`exists`, `~exists` or `forall`',
      ...this.#quantifierMeant(written),
    });
    if (word.kind === 'word') this.tokens.next();
    if (word.text.toLowerCase() === 'not') this.tokens.accept('exists');
    return 'exists';
  }

  #quantifierMeant(written: string): { suggestion?: string } {
    const fixed: Record<string, string> = {
      '~forall': 'write `exists` with the negated proposition',
      never: 'write `~exists`, or `exists` and `Result: Never`',
      always: 'write `forall`',
      not: 'write `~exists`',
      sometimes: 'write `exists`, and `Result: Sometimes`',
    };
    const known = fixed[written.toLowerCase()];
    if (known) return { suggestion: known };
    const near = closest(written, ['exists', '~exists', 'forall', 'filter']);
    return near ? { suggestion: `did you mean \`${near}\`?` } : {};
  }

  #locations(): void {
    const { span } = this.tokens.next();
    this.sink.error('PFN2068', '`locations` is not supported', span, {
      suggestion: 'every variable and observer of filter and condition is part of the outcome',
    });
    while (!this.tokens.done && !this.#atClause()) this.tokens.next();
  }

  /** Reports text behind a complete proposition and goes to the next clause. */
  #trailing(): void {
    if (this.tokens.is(')'))
      this.sink.error('PFN2047', 'nothing is open that this `)` could close', this.tokens.place());
    else this.tokens.unexpected('PFN2041', '`/\\`, `\\/` or the end of the test');
    while (!this.tokens.done && !this.#atClause()) this.tokens.next();
  }
}
