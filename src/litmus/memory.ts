/** Parses the memory block. Every statement with a mistake is reported and left out; parsing goes on behind its `;`. */
import type { DiagnosticSink, Span } from '../c/diagnostics.js';
import { didYouMean } from '../c/suggest.js';
import type {
  InitialContents,
  MemoryBlock,
  MemoryOption,
  MmioPlacement,
  OptionValue,
  Region,
  RegionKind,
  Resource,
  ThreadGroup,
} from './ast.js';
import { MOST_PTRS, sizeInPages, TABLE_NAMES, USUAL_PTRS, type SizeTerm } from './region-size.js';
import { Recover, TokenStream } from './token-stream.js';
import { integerValue, tokenize } from './tokens.js';
import type { Token } from './tokens.js';

const KINDS: readonly RegionKind[] = ['ram', 'reserved', 'mmio', 'device'];
const PLACEMENTS: readonly MmioPlacement[] = ['low', 'high', 'io'];
const STATEMENTS: readonly string[] = [...KINDS, 'resource', 'option', 'faults', 'threads'];

/** A physical address has at most 52 bits on every architecture, a page at least 12: pfns have at most 40. */
export const MAX_PFN = 2 ** 40 - 1;
/** Far beyond what can be explored; it keeps mistakes like a byte count from exhausting memory. */
export const MAX_PAGES = 65536;

/** @param span the block with its braces; without it (already reported) the block is empty */
export function parseMemory(text: string, span: Span | undefined, sink: DiagnosticSink): MemoryBlock {
  if (!span) return { ...emptyBlock(), span: { start: 0, end: 0 } };
  const closed = text[span.end - 1] === '}';
  const inner = { start: span.start + 1, end: closed ? span.end - 1 : span.end };
  const parser = new MemoryParser(new TokenStream(tokenize(text, inner, sink), sink), sink);
  return { ...parser.run(), span };
}

type Mutable = {
  regions: Region[];
  resources: Resource[];
  options: MemoryOption[];
  contents: InitialContents[];
  threadGroups: ThreadGroup[];
  faultsAlloc: boolean;
};

function emptyBlock(): Mutable {
  return { regions: [], resources: [], options: [], contents: [], threadGroups: [], faultsAlloc: false };
}

class MemoryParser {
  readonly #block = emptyBlock();

  constructor(
    readonly tokens: TokenStream,
    readonly sink: DiagnosticSink,
  ) {}

  run(): Mutable {
    while (!this.tokens.done) {
      try {
        this.#statement();
        this.#expect(';');
      } catch (error) {
        if (!(error instanceof Recover)) throw error;
        this.#skipStatement();
      }
    }
    return this.#block;
  }

  #statement(): void {
    const word = this.tokens.current;
    if (word.text === ';') return;
    if (word.kind !== 'word') this.#fail('a declaration such as `ram pool = 4 pages;`');
    const kind = KINDS.find((k) => k === word.text);
    if (kind) this.#region(kind);
    else if (word.text === 'resource') this.#resource();
    else if (word.text === 'option') this.#option();
    else if (word.text === 'faults') this.#faults(word);
    else if (word.text === 'threads') this.#threads(word);
    else if (this.tokens.peek().text === '[') this.#contents();
    else this.#unknown(word);
  }

  #unknown(word: Token): never {
    this.sink.error('PFN2012', `\`${word.text}\` declares nothing in a memory block`, word.span, {
      expected: `${STATEMENTS.slice(0, -1)
        .map((s) => `\`${s}\``)
        .join(', ')} or \`threads\``,
      ...didYouMean(word.text, STATEMENTS),
    });
    throw new Recover();
  }

  /** `ram NAME = N pages`, `mmio NAME = N pages low`, `ram A..B`, `ram NAME = A..B`. */
  #region(kind: RegionKind): void {
    const start = this.tokens.next().span.start;
    if (this.tokens.current.kind === 'integer' && this.tokens.peek().text === '..') {
      const nameSpan = this.tokens.current.span;
      this.#add(kind, undefined, nameSpan, start);
      return;
    }
    const name = this.#word('a name, or literal pfns `A..B`');
    this.#expect('=');
    this.#add(kind, name.text, name.span, start);
  }

  #add(kind: RegionKind, name: string | undefined, nameSpan: Span, start: number): void {
    const literal = this.tokens.peek().text === '..';
    const extent = literal ? this.#literalRange() : this.#pages();
    const placement = this.#placement(kind);
    if (!extent) throw new Recover();
    this.#block.regions.push({
      kind,
      ...(name === undefined ? {} : { name }),
      nameSpan,
      ...extent,
      ...(placement ? { placement } : {}),
      span: { start, end: this.tokens.previous.span.end },
    });
  }

  /** `A..B`, both included. */
  #literalRange(): { first: number; pages: number } | undefined {
    const { start } = this.tokens.current.span;
    const first = this.#integer(0, MAX_PFN, 'a pfn');
    this.#expect('..');
    const last = this.#integer(0, MAX_PFN, 'a pfn');
    const span = { start, end: this.tokens.previous.span.end };
    if (first === undefined || last === undefined) return undefined;
    if (last < first) {
      this.#reportReversed(span);
      return undefined;
    }
    if (last - first >= MAX_PAGES) {
      this.sink.error('PFN2016', `a region has at most ${MAX_PAGES} pages`, span);
      return undefined;
    }
    return { first, pages: last - first + 1 };
  }

  #reportReversed(span: Span): void {
    this.sink.error('PFN2017', 'this range ends before it begins', span, {
      expected: '`A..B` where B is at least A: both ends belong to the range',
    });
  }

  /** `4 pages`, `2 * PTRS_PER_PTE pages`, `PTRS_PER_PTE + 1 pages`. */
  #pages(): { pages: number; size?: readonly SizeTerm[] } | undefined {
    const { start } = this.tokens.current.span;
    const terms: (SizeTerm | undefined)[] = [];
    do terms.push(this.#product());
    while (this.tokens.accept('+'));
    const span = { start, end: this.tokens.previous.span.end };
    if (!this.tokens.accept('pages') && !this.tokens.accept('page')) this.#fail('`pages` after the number');
    const size = terms.filter((t) => t !== undefined);
    if (size.length < terms.length) return undefined;
    if (sizeInPages(size, MOST_PTRS) > MAX_PAGES) {
      this.sink.error('PFN2016', `a number of pages is between 1 and ${MAX_PAGES}`, span);
      return undefined;
    }
    const pages = sizeInPages(size, USUAL_PTRS);
    return size.some((t) => t.tables > 0) ? { pages, size } : { pages };
  }

  /** Numbers and entries of a table, multiplied. */
  #product(): SizeTerm | undefined {
    let factor: number | undefined = 1;
    let tables = 0;
    do {
      if (TABLE_NAMES.includes(this.tokens.current.text)) {
        this.tokens.next();
        tables += 1;
        continue;
      }
      if (this.tokens.current.kind !== 'integer')
        this.#fail('a number of pages, `PTRS_PER_PTE`, or literal pfns `A..B`');
      const n = this.#integer(1, MAX_PAGES, 'a number of pages');
      factor = n === undefined || factor === undefined ? undefined : factor * n;
    } while (this.tokens.accept('*'));
    return factor === undefined ? undefined : { factor, tables };
  }

  #placement(kind: RegionKind): MmioPlacement | undefined {
    const word = this.tokens.current;
    // a word that begins the next declaration: only a `;` is missing
    if (word.kind !== 'word' || this.#beginsStatement()) return undefined;
    this.tokens.next();
    const placement = PLACEMENTS.find((p) => p === word.text);
    if (kind === 'mmio' && placement) return placement;
    this.sink.error(
      'PFN2023',
      placement ? `only \`mmio\` can be placed ${word.text}` : `\`${word.text}\` is no place for \`${kind}\``,
      word.span,
      kind === 'mmio'
        ? { expected: '`low`, `high`, `io` or `;`', ...didYouMean(word.text, PLACEMENTS) }
        : { expected: '`;`' },
    );
    return undefined;
  }

  /** `resource NAME = REGION[A..B]`, or `REGION[A]` for a single frame. */
  #resource(): void {
    const { start } = this.tokens.next().span;
    const name = this.#word('the name of the resource');
    this.#expect('=');
    const region = this.#word('the name of a region');
    this.#expect('[');
    const first = this.#integer(0, MAX_PFN, 'an index of a frame');
    const last = this.tokens.accept('..') ? this.#integer(0, MAX_PFN, 'an index of a frame') : first;
    this.#expect(']');
    if (first === undefined || last === undefined) return;
    const span = { start, end: this.tokens.previous.span.end };
    if (last < first) {
      this.#reportReversed(span);
      return;
    }
    this.#block.resources.push({
      name: name.text,
      nameSpan: name.span,
      region: region.text,
      regionSpan: region.span,
      first,
      last,
      span,
    });
  }

  /** `option NAME`, `option NAME = VALUE`, `option faults alloc`, `option threads P0 P1`. */
  #option(): void {
    const { start } = this.tokens.next().span;
    const name = this.tokens.current;
    if (name.text === 'faults') return this.#faults(name);
    if (name.text === 'threads') return this.#threads(name);
    this.#word('the name of an option');
    const value = this.tokens.accept('=') ? this.#optionValue() : true;
    if (value === undefined) return;
    const span = { start, end: this.tokens.previous.span.end };
    const first = this.#block.options.find((o) => o.name === name.text);
    if (first) {
      this.sink.error('PFN2025', `the option \`${name.text}\` is set twice`, name.span, {
        notes: [{ message: 'set here first', span: first.span }],
      });
      return;
    }
    this.#block.options.push({ name: name.text, nameSpan: name.span, value, span });
  }

  #optionValue(): OptionValue | undefined {
    const value = this.tokens.current;
    const negative = value.text === '-';
    if (negative) this.tokens.next();
    if (this.tokens.current.kind === 'integer') {
      const found = this.#integer(0, Number.MAX_SAFE_INTEGER, 'a number');
      return negative && found !== undefined ? -found : found;
    }
    if (negative || value.kind !== 'word') this.#fail('a number, `yes`, `no` or a word');
    this.tokens.next();
    if (value.text === 'yes' || value.text === 'true') return true;
    if (value.text === 'no' || value.text === 'false') return false;
    return value.text;
  }

  /** `faults alloc`. */
  #faults(word: Token): void {
    this.tokens.next();
    this.tokens.accept('=');
    const what = this.tokens.current;
    if (what.kind !== 'word') this.#fail('`alloc` after `faults`');
    this.tokens.next();
    if (what.text !== 'alloc') {
      this.sink.error('PFN2024', `\`faults ${what.text}\` does not exist`, what.span, {
        expected: '`faults alloc`: every allocation of the driver and the mm may fail',
      });
    } else if (this.#block.faultsAlloc) {
      this.sink.error('PFN2025', '`faults alloc` is set twice', word.span);
    }
    this.#block.faultsAlloc = true;
  }

  /** `threads P0 P1`, with or without commas. */
  #threads(word: Token): void {
    const { start } = this.tokens.next().span;
    const threads: { index: number; span: Span }[] = [];
    this.tokens.accept('=');
    while (this.tokens.current.kind === 'word') {
      const { text, span } = this.tokens.next();
      const index = /^P(0|[1-9][0-9]{0,3})$/.exec(text)?.[1];
      if (index === undefined) {
        this.sink.error('PFN2026', `\`${text}\` is no thread`, span, { expected: 'threads such as `P0 P1`' });
        throw new Recover();
      }
      threads.push({ index: Number(index), span });
      this.tokens.accept(',');
    }
    if (threads.length < 2) {
      this.sink.error('PFN2026', '`threads` joins two or more threads in one process', word.span, {
        expected: '`threads P0 P1`',
      });
    }
    this.#block.threadGroups.push({ threads, span: { start, end: this.tokens.previous.span.end } });
  }

  /** `NAME[k] = v`. */
  #contents(): void {
    const region = this.tokens.next();
    this.#expect('[');
    const index = this.#integer(0, MAX_PFN, 'an index of a frame');
    this.#expect(']');
    this.#expect('=');
    const negative = this.tokens.accept('-') !== undefined;
    if (this.tokens.current.kind !== 'integer') this.#fail('an integer');
    const value = integerValue(this.tokens.next(), this.sink);
    if (index === undefined || value === undefined) return;
    this.#block.contents.push({
      region: region.text,
      regionSpan: region.span,
      index,
      value: negative ? -value : value,
      span: { start: region.span.start, end: this.tokens.previous.span.end },
    });
  }

  #integer(least: number, most: number, what: string): number | undefined {
    const token = this.tokens.current;
    if (token.kind !== 'integer') this.#fail(what);
    this.tokens.next();
    const value = integerValue(token, this.sink);
    if (value === undefined) return undefined;
    if (value >= BigInt(least) && value <= BigInt(most)) return Number(value);
    this.sink.error('PFN2016', `${what} is between ${least} and ${most}`, token.span);
    return undefined;
  }

  #word(what: string): Token {
    if (this.tokens.current.kind !== 'word') this.#fail(what);
    return this.tokens.next();
  }

  #expect(text: string): void {
    if (this.tokens.accept(text)) return;
    if (text === ';') this.#missingSemicolon();
    this.#fail(`\`${text}\``);
  }

  /** A missing `;` is shown where it belongs, behind the last token, and costs nothing else. */
  #missingSemicolon(): void {
    if (!this.tokens.done && !this.#beginsStatement()) return;
    const { end } = this.tokens.previous.span;
    this.sink.error(
      'PFN2013',
      'a `;` is missing here',
      { start: end - 1, end },
      { expected: '`;` at the end' },
    );
    throw new Recover();
  }

  #beginsStatement(): boolean {
    return STATEMENTS.includes(this.tokens.current.text) || this.tokens.peek().text === '[';
  }

  #fail(expected: string): never {
    this.tokens.unexpected('PFN2013', expected);
    throw new Recover();
  }

  /** To behind the next `;`, or to the next word that begins a statement. */
  #skipStatement(): void {
    while (!this.tokens.done) {
      if (this.tokens.accept(';')) return;
      if (STATEMENTS.includes(this.tokens.current.text)) return;
      this.tokens.next();
    }
  }
}
