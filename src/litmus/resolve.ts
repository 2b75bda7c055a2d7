/**
 * From syntax to meaning: turns the raw expressions of filter and condition into propositions over terms, in which every
 * name is known to stand for something. Mistakes are reported; what contains one has no result.
 */
import type { DiagnosticSink, Span } from '../c/diagnostics.js';
import { didYouMean } from '../c/suggest.js';
import { MEMORY_TYPES } from '../kernel/pte.js';
import type { ComparisonOperator, ObserverTerm, Prop, Term } from './ast.js';
import type { RawExpression, RawPath } from './expression.js';
import { findObserver, VMA_FLAG_NAMES } from './observers.js';
import { PathResolver } from './resolve-path.js';
import type { Scope } from './scope.js';

type RawBinary = RawExpression & { kind: 'binary' };

const COMPARISONS: readonly string[] = ['=', '!=', '<', '<=', '>', '>='];

function isMemoryType(term: Term): boolean {
  if (term.kind === 'observer') return findObserver(term.observer)?.value === 'memtype';
  return term.kind === 'special' && (MEMORY_TYPES as readonly string[]).includes(term.value);
}

/** Resolves a proposition. @returns undefined if it contains a mistake (reported) */
export function resolveProp(
  raw: RawExpression,
  scope: Scope,
  text: string,
  sink: DiagnosticSink,
): Prop | undefined {
  return new Resolver(scope, text, sink).prop(raw);
}

class Resolver {
  readonly #paths: PathResolver;

  constructor(
    scope: Scope,
    readonly text: string,
    readonly sink: DiagnosticSink,
  ) {
    this.#paths = new PathResolver(scope, text, sink, (raw) => this.term(raw));
  }

  prop(raw: RawExpression): Prop | undefined {
    switch (raw.kind) {
      case 'error':
        return undefined;
      case 'and':
      case 'or':
        return this.#connective(raw);
      case 'unary':
        return raw.op === '~' ? this.#not(raw) : this.#notProposition(raw);
      case 'binary':
        if (COMPARISONS.includes(raw.op)) return this.#comparison(raw);
        return raw.op === '&' ? this.#flag(raw) : this.#notProposition(raw);
      case 'path':
        return this.#truth(raw);
      case 'integer':
        return this.#notProposition(raw);
    }
  }

  term(raw: RawExpression): Term | undefined {
    switch (raw.kind) {
      case 'error':
        return undefined;
      case 'integer':
        return { kind: 'integer', value: raw.value, hex: raw.hex, span: raw.span };
      case 'path':
        return this.#paths.resolve(raw);
      case 'unary': {
        if (raw.op === '~') return this.#notValue(raw);
        const arg = this.term(raw.arg);
        return arg && { kind: 'negate', arg, span: raw.span };
      }
      case 'binary':
        if (raw.op === '&') return this.#flagAsValue(raw);
        return COMPARISONS.includes(raw.op) ? this.#notValue(raw) : this.#arithmetic(raw);
      case 'and':
      case 'or':
        return this.#notValue(raw);
    }
  }

  #connective(raw: RawExpression & { kind: 'and' | 'or' }): Prop | undefined {
    const args = raw.args.map((a) => this.prop(a));
    if (args.includes(undefined)) return undefined;
    return { kind: raw.kind, args: args as Prop[], span: raw.span };
  }

  #not(raw: RawExpression & { kind: 'unary' }): Prop | undefined {
    const arg = this.prop(raw.arg);
    return arg && { kind: 'not', arg, span: raw.span };
  }

  /** The text of an expression, without the parentheses around all of it. */
  #slice(span: Span): string {
    const text = this.text.slice(span.start, span.end);
    const inner = /^\(([^()]*(?:\([^()]*\)[^()]*)*)\)$/.exec(text);
    return inner ? inner[1].trim() : text;
  }

  #notProposition(raw: RawExpression): undefined {
    // what stands inside may be wrong too
    const before = this.sink.count;
    const term = this.term(raw);
    if (this.sink.count > before) return undefined;
    const isFlags = term?.kind === 'observer' && term.observer === 'vma_flags';
    this.sink.error('PFN2045', `\`${this.#slice(raw.span)}\` is a value, not a proposition`, raw.span, {
      expected: 'a comparison, or an observer that is true or false such as `leaked()`',
      suggestion: isFlags
        ? `test a flag: \`${this.#slice(raw.span)} & IO\``
        : `compare it: \`${this.#slice(raw.span)} != 0\``,
    });
    return undefined;
  }

  #notValue(raw: RawExpression): undefined {
    this.sink.error('PFN2046', `\`${this.#slice(raw.span)}\` is a proposition, not a value`, raw.span, {
      expected: 'a variable, an observer, a constant or a sum of such',
    });
    return undefined;
  }

  /** A path that stands where a proposition is expected. */
  #truth(raw: RawPath): Prop | undefined {
    const [{ name }] = raw.segments;
    const alone = !raw.thread && raw.segments.length === 1 && raw.selectors.length === 0;
    if (alone && !raw.args && (name === 'true' || name === 'false'))
      return { kind: 'literal', value: name === 'true', span: raw.span };
    const observer = findObserver(raw.segments[raw.segments.length - 1].name);
    if (observer?.value !== 'truth' || !raw.args) return this.#notProposition(raw);
    const term = this.#paths.resolve(raw);
    return term && { kind: 'truth', term: term as ObserverTerm, span: raw.span };
  }

  #comparison(raw: RawBinary): Prop | undefined {
    const left = this.#comparable(raw.left);
    const right = this.#comparable(raw.right);
    if (!left || !right) return undefined;
    const op = raw.op as ComparisonOperator;
    const special = [left, right].find((side) => side.kind === 'special');
    if (special && op !== '=' && op !== '!=') {
      this.sink.error(
        'PFN2061',
        `\`${this.#slice(special.span)}\` is neither less nor greater than anything`,
        raw.opSpan,
        {
          expected: '`=` or `!=`',
        },
      );
      return undefined;
    }
    if (!this.#memoryTypes(left, right, raw)) return undefined;
    return { kind: 'compare', op, left, right, span: raw.span };
  }

  /** A memory type is compared with memory types, for being the same; `none` and `dead` are what `cache` gives without an entry. */
  #memoryTypes(left: Term, right: Term, raw: RawBinary): boolean {
    if (!isMemoryType(left) && !isMemoryType(right)) return true;
    const other = [left, right].find((t) => !isMemoryType(t) && (t.kind !== 'special' || t.value === 'NULL'));
    const ordered = raw.op !== '=' && raw.op !== '!=';
    if (other === undefined && !ordered) return true;
    this.sink.error(
      'PFN2070',
      other === undefined
        ? 'memory types are the same or they are not'
        : `\`${this.#slice(other.span)}\` is no memory type`,
      other?.span ?? raw.opSpan,
      { expected: other === undefined ? '`=` or `!=`' : `\`cache\` or ${MEMORY_TYPES.join(', ')}` },
    );
    return false;
  }

  #comparable(raw: RawExpression): Term | undefined {
    const term = this.term(raw);
    if (term?.kind !== 'observer' || term.observer !== 'vma_flags') return term;
    this.sink.error('PFN2059', 'flags are tested one by one, not compared', raw.span, {
      suggestion: `write \`${this.#slice(raw.span)} & NAME\`, where NAME is a flag such as IO`,
    });
    return undefined;
  }

  /** `0:vma_flags(p) & IO`. */
  #flag(raw: RawBinary): Prop | undefined {
    const term = this.term(raw.left);
    if (term && !(term.kind === 'observer' && term.observer === 'vma_flags')) {
      this.sink.error('PFN2059', '`&` tests a flag of `vma_flags`, and nothing else', raw.opSpan, {
        expected: '`P:vma_flags(p) & NAME`',
      });
      return undefined;
    }
    const { right } = raw;
    const name = right.kind === 'path' && !right.thread && !right.args ? this.#slice(right.span) : undefined;
    if (name !== undefined && VMA_FLAG_NAMES.includes(name))
      return term && { kind: 'flag', term, flag: name, span: raw.span };
    if (right.kind !== 'error') this.#reportFlag(right, name);
    return undefined;
  }

  #reportFlag(right: RawExpression, name: string | undefined): void {
    const written = this.#slice(right.span);
    const plain = written.replace(/^VM_/, '');
    this.sink.error(
      'PFN2058',
      `\`${written}\` is not the name of a flag that can be tested`,
      right.span,
      VMA_FLAG_NAMES.includes(plain)
        ? { suggestion: `write \`${plain}\`` }
        : {
            expected: VMA_FLAG_NAMES.join(', '),
            ...didYouMean(name === undefined ? '' : plain, VMA_FLAG_NAMES),
          },
    );
  }

  #flagAsValue(raw: RawBinary): undefined {
    const before = this.sink.count;
    this.#flag(raw);
    if (this.sink.count > before) return;
    const written = this.#slice(raw.span);
    this.sink.error('PFN2059', `\`${written}\` is true or false already, and is not compared`, raw.span, {
      suggestion: `write \`${written}\` or \`~(${written})\``,
    });
  }

  #arithmetic(raw: RawBinary): Term | undefined {
    const left = this.#operand(raw.left);
    const right = this.#operand(raw.right);
    if (!left || !right) return undefined;
    return { kind: 'binary', op: raw.op as '+', left, right, span: raw.span };
  }

  #operand(raw: RawExpression): Term | undefined {
    const term = this.#comparable(raw);
    if (term?.kind !== 'special') return term;
    this.sink.error('PFN2061', `\`${term.value}\` is not a number to calculate with`, term.span);
    return undefined;
  }
}
