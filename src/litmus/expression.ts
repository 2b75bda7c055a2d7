/**
 * Syntax of filters and conditions: a Pratt parser that knows operators and their precedence, nothing of what names mean.
 *
 * Precedence is herd7's, `~` before `/\` before `\/`; comparisons bind tighter than `~`, so `~ 0:x = 1` is `~ (0:x = 1)`.
 * Below comparisons stand `&` (for VMA flags), shifts, sums and products as in C.
 */
import type { DiagnosticSink, Span } from '../c/diagnostics.js';
import { Recover, TokenStream } from './token-stream.js';
import { integerValue } from './tokens.js';
import type { Token } from './tokens.js';

/** Propositions and values are not told apart yet: `resolve` does that. */
export type RawExpression =
  | { readonly kind: 'integer'; readonly value: bigint; readonly hex: boolean; readonly span: Span }
  | RawPath
  | { readonly kind: 'unary'; readonly op: '~' | '-'; readonly arg: RawExpression; readonly span: Span }
  | {
      readonly kind: 'binary';
      readonly op: string;
      readonly opSpan: Span;
      readonly left: RawExpression;
      readonly right: RawExpression;
      readonly span: Span;
    }
  /** `a /\ b /\ c`, kept flat so that long conditions do not nest deeply. */
  | { readonly kind: 'and' | 'or'; readonly args: RawExpression[]; readonly span: Span }
  /** Something reported that must not be reported again. */
  | { readonly kind: 'error'; readonly span: Span };

/** `0:c1.x`, `0:c1.vm_normal_page(p)`, `leaked()`, `dev.slot[2]`, `buf`. */
export interface RawPath {
  readonly kind: 'path';
  readonly thread?: { readonly index: number; readonly span: Span };
  readonly segments: readonly { readonly name: string; readonly span: Span }[];
  /** Elements after the segments, in order with them: `slot[2].x` has the selectors 2 and 'x'. */
  readonly selectors: readonly (string | number)[];
  readonly args?: readonly RawExpression[];
  readonly span: Span;
}

interface Infix {
  readonly power: number;
  readonly kind: 'or' | 'and' | 'compare' | 'binary';
}

const INFIX = new Map<string, Infix>([
  ['\\/', { power: 1, kind: 'or' }],
  ['/\\', { power: 2, kind: 'and' }],
  ...['=', '!=', '<', '<=', '>', '>='].map((o): [string, Infix] => [o, { power: 4, kind: 'compare' }]),
  ['&', { power: 5, kind: 'binary' }],
  ['<<', { power: 6, kind: 'binary' }],
  ['>>', { power: 6, kind: 'binary' }],
  ['+', { power: 7, kind: 'binary' }],
  ['-', { power: 7, kind: 'binary' }],
  ['*', { power: 8, kind: 'binary' }],
]);
const NOT_POWER = 3;
const NEGATE_POWER = 9;

/** C's spelling of what the condition language spells as herd7 does. */
const FROM_C: Readonly<Record<string, string>> = { '==': '=', '&&': '/\\', '||': '\\/', '!': '~' };
const UNSUPPORTED = new Map([
  ['=>', 'write `~A \\/ B` for "A implies B"'],
  ['|', 'test flags one by one: `0:vma_flags(p) & IO /\\ 0:vma_flags(p) & PFNMAP`'],
  ['^', 'conditions have `+ - * << >>`'],
  ['/', 'conditions have `+ - * << >>`'],
  ['%', 'conditions have `+ - * << >>`'],
  ['->', 'members of a global struct are written `dev.count`'],
]);

/** Words that begin `filter` and the condition; they name nothing inside them. */
const CLAUSES: ReadonlySet<string> = new Set(['filter', 'exists', 'forall']);

/** Deeper nesting than anyone writes: it keeps the recursion of parser and printer in bounds. */
const MAX_DEPTH = 100;
const MAX_OPERATORS = 200;

export class ExpressionParser {
  #depth = 0;
  /** Nested too deeply: what is missing at the end is no news. */
  #gaveUp = false;
  /** Expressions that stood in parentheses. */
  readonly #groups = new Set<RawExpression>();

  constructor(
    readonly tokens: TokenStream,
    readonly text: string,
    readonly sink: DiagnosticSink,
  ) {}

  /** A whole expression up to something that cannot continue it. Never throws; a mistake gives an `error` node. */
  parse(power = 0): RawExpression {
    const { start } = this.tokens.current.span;
    if (++this.#depth > MAX_DEPTH) {
      this.sink.error('PFN2047', 'the condition nests too deeply here', this.tokens.place(), {
        expected: `at most ${MAX_DEPTH} levels of parentheses and operators`,
      });
      this.#gaveUp = true;
      while (!this.tokens.done) this.tokens.next();
      this.#depth--;
      return { kind: 'error', span: this.#since(start) };
    }
    let left = this.#guarded(() => this.#prefix());
    for (let count = 0; ; count++) {
      const infix = this.#infix();
      if (!infix || infix.power <= power) break;
      if (count === MAX_OPERATORS && infix.kind === 'binary') {
        this.sink.error('PFN2047', 'this value has too many operators', this.tokens.place());
      }
      left =
        count > MAX_OPERATORS && infix.kind === 'binary'
          ? this.#skipOperand(infix)
          : this.#continue(left, infix);
    }
    this.#depth--;
    return left;
  }

  #since(start: number): Span {
    return { start, end: Math.max(start, this.tokens.previous.span.end) };
  }

  #skipOperand(infix: Infix): RawExpression {
    const { start } = this.tokens.next().span;
    this.parse(infix.power);
    return { kind: 'error', span: this.#since(start) };
  }

  #guarded(parse: () => RawExpression): RawExpression {
    const { start } = this.tokens.current.span;
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof Recover)) throw error;
      this.#skipOperands();
      return { kind: 'error', span: this.#since(start) };
    }
  }

  /** To the next of `until` that belongs to an enclosing level, at most to the next clause. */
  #skipOperands(until: readonly string[] = ['/\\', '\\/', '&&', '||', ')']): void {
    let open = 0;
    while (!this.#atClause()) {
      const { text } = this.tokens.current;
      if (open === 0 && until.includes(text)) return;
      if (text === '(' || text === '[') open++;
      else if (text === ')' || text === ']') open--;
      this.tokens.next();
    }
  }

  /** The operator at the current token; what C would write there is reported and taken for what was meant. */
  #infix(): Infix | undefined {
    const { kind, text } = this.tokens.current;
    if (kind !== 'operator') return undefined;
    const meant = text === '!' ? undefined : FROM_C[text];
    if (meant) {
      this.#reportC(this.tokens.current, meant);
      return INFIX.get(meant);
    }
    const advice = UNSUPPORTED.get(text);
    if (!advice) return INFIX.get(text);
    this.sink.error('PFN2043', `conditions have no operator \`${text}\``, this.tokens.place(), {
      suggestion: advice,
    });
    return INFIX.get(text === '=>' ? '\\/' : '+');
  }

  #reportC(token: Token, meant: string): void {
    this.sink.error('PFN2043', `\`${token.text}\` is C; a condition is written as in herd7`, token.span, {
      suggestion: `write \`${meant}\``,
    });
  }

  #continue(left: RawExpression, infix: Infix): RawExpression {
    const op = this.tokens.next();
    const name = FROM_C[op.text] ?? op.text;
    const right = this.parse(infix.power);
    const span = { start: left.span.start, end: Math.max(op.span.end, right.span.end) };
    if (infix.kind === 'or' || infix.kind === 'and') {
      return this.#connect(infix.kind, left, right, span);
    }
    if (infix.kind === 'compare' && left.kind === 'binary' && INFIX.get(left.op)?.kind === 'compare') {
      this.#reportChain(left, op);
      return { kind: 'error', span };
    }
    return { kind: 'binary', op: name, opSpan: op.span, left, right, span };
  }

  /** Joins two propositions; a chain being built grows in place, so that its length costs nothing. */
  #connect(kind: 'and' | 'or', left: RawExpression, right: RawExpression, span: Span): RawExpression {
    const args = left.kind === kind && !this.#groups.has(left) ? left.args : this.#parts(kind, left);
    args.push(...this.#parts(kind, right));
    return { kind, args, span };
  }

  #parts(kind: 'and' | 'or', side: RawExpression): RawExpression[] {
    return side.kind === kind ? [...side.args] : [side];
  }

  #reportChain(left: RawExpression & { kind: 'binary' }, op: Token): void {
    if (this.#groups.has(left)) {
      this.sink.error('PFN2046', 'a comparison is no value that could be compared', left.span);
      return;
    }
    const middle = this.text.slice(left.right.span.start, left.right.span.end);
    this.sink.error('PFN2044', 'comparisons cannot be chained', op.span, {
      suggestion: `write \`${this.text.slice(left.span.start, left.span.end)} /\\ ${middle} ${op.text} ...\``,
    });
  }

  #prefix(): RawExpression {
    const token = this.tokens.current;
    if (token.text === '!') this.#reportC(token, '~');
    switch (token.text) {
      case '!':
      case '~':
        return this.#unary('~', NOT_POWER);
      case '-':
        return this.#unary('-', NEGATE_POWER);
      case '(':
        return this.#group();
    }
    if (token.kind === 'integer') return this.tokens.peek().text === ':' ? this.#path() : this.#integer();
    if (token.kind === 'word' && !CLAUSES.has(token.text)) return this.#word(token);
    this.tokens.unexpected('PFN2042', 'a variable `0:x`, an observer, a number or `(`');
    throw new Recover();
  }

  #word(token: Token): RawExpression {
    const thread = /^P([0-9]+)$/.exec(token.text)?.[1];
    if (thread !== undefined && this.tokens.peek().text === ':') {
      this.sink.error('PFN2043', 'threads are numbers in a condition', token.span, {
        suggestion: `write \`${thread}:\``,
      });
      this.tokens.next();
      this.tokens.next();
      if (this.tokens.current.kind === 'word') this.#segmentsAndCall(token.span.start, undefined);
      return { kind: 'error', span: this.#since(token.span.start) };
    }
    if (token.text === 'not') {
      this.sink.error('PFN2043', 'conditions have no operator `not`', token.span, {
        suggestion: 'write `~`',
      });
      return this.#unary('~', NOT_POWER);
    }
    return this.#path();
  }

  #unary(op: '~' | '-', power: number): RawExpression {
    const { start } = this.tokens.next().span;
    const arg = this.parse(power);
    return { kind: 'unary', op, arg, span: { start, end: Math.max(start + 1, arg.span.end) } };
  }

  #group(): RawExpression {
    const open = this.tokens.next();
    const inner = this.parse();
    const before = this.sink.count;
    const close = this.#close(open, ')');
    const span = { start: open.span.start, end: Math.max(inner.span.end, close?.end ?? 0) };
    const group: RawExpression =
      close && this.sink.count === before ? { ...inner, span } : { kind: 'error', span };
    this.#groups.add(group);
    return group;
  }

  /** Takes the closing bracket; what stands before it and does not belong there is reported and skipped. */
  #close(open: Token, text: string): Span | undefined {
    if (!this.tokens.is(text) && !this.#atClause()) {
      this.tokens.unexpected('PFN2042', `an operator or \`${text}\``);
      this.#skipOperands([')', ']']);
    } else if (!this.tokens.is(text) && !this.#gaveUp) {
      this.sink.error('PFN2047', `this \`${open.text}\` is never closed`, open.span, {
        expected: `\`${text}\``,
      });
    }
    return this.tokens.accept(text)?.span;
  }

  #atClause(): boolean {
    return this.tokens.done || CLAUSES.has(this.tokens.current.text);
  }

  #integer(): RawExpression {
    const token = this.tokens.next();
    const value = integerValue(token, this.sink);
    if (value === undefined) return { kind: 'error', span: token.span };
    return { kind: 'integer', value, hex: /^0x/i.test(token.text), span: token.span };
  }

  #path(): RawExpression {
    const first = this.tokens.current;
    if (first.kind !== 'integer') return this.#segmentsAndCall(first.span.start, undefined);
    this.tokens.next();
    this.tokens.next();
    if (this.tokens.current.kind !== 'word') {
      this.tokens.unexpected('PFN2042', 'a variable or an observer after the thread');
      throw new Recover();
    }
    const index = integerValue(first, this.sink);
    const thread = index === undefined || index > 9999n ? -1 : Number(index);
    return this.#segmentsAndCall(first.span.start, { index: thread, span: first.span });
  }

  #segmentsAndCall(start: number, thread: RawPath['thread']): RawPath {
    const segments: { name: string; span: Span }[] = [];
    const selectors: (string | number)[] = [];
    let args: RawExpression[] | undefined;
    const first = this.tokens.next();
    segments.push({ name: first.text, span: first.span });
    for (;;) {
      if (this.tokens.is('.')) this.#member(segments, selectors);
      else if (this.tokens.is('[')) this.#element(selectors);
      else break;
    }
    if (this.tokens.is('(')) args = this.#arguments();
    return {
      kind: 'path',
      ...(thread ? { thread } : {}),
      segments,
      selectors,
      ...(args ? { args } : {}),
      span: this.#since(start),
    };
  }

  #member(segments: { name: string; span: Span }[], selectors: (string | number)[]): void {
    this.tokens.next();
    const { kind, text, span } = this.tokens.current;
    if (kind !== 'word') {
      this.tokens.unexpected('PFN2042', 'a name after `.`');
      throw new Recover();
    }
    this.tokens.next();
    if (selectors.some((s) => typeof s === 'number')) selectors.push(text);
    else {
      segments.push({ name: text, span });
      selectors.push(text);
    }
  }

  #element(selectors: (string | number)[]): void {
    const open = this.tokens.next();
    const token = this.tokens.current;
    if (token.kind !== 'integer') {
      this.tokens.unexpected('PFN2042', 'an integer as index');
      throw new Recover();
    }
    this.tokens.next();
    selectors.push(Number(integerValue(token, this.sink) ?? 0n));
    this.#close(open, ']');
  }

  #arguments(): RawExpression[] {
    const open = this.tokens.next();
    const args: RawExpression[] = [];
    if (this.tokens.accept(')')) return args;
    do args.push(this.parse());
    while (this.tokens.accept(','));
    this.#close(open, ')');
    return args;
  }
}
