/** What all builders share: the way from tree-sitter's tree to ours. */
import type { Diagnostic, DiagnosticExtra, DiagnosticSink, Source, Span } from '../diagnostics.js';
import type { Cst } from '../grammar.js';
import type { Prepared } from '../prepass.js';

/** Thrown after an error was recorded, to leave the construct it is in. Never leaves `src/c`. */
export class Abandon extends Error {
  override readonly name = 'Abandon';
}

/** How deep expressions and statements may nest before the builders give up (their recursion is the host's). */
const MAX_DEPTH = 400;

export class BuildContext {
  #depth = 0;

  constructor(
    readonly source: Source,
    readonly sink: DiagnosticSink,
    readonly prepared: Prepared,
  ) {}

  text(node: Span): string {
    return this.source.text.slice(node.start, node.end);
  }

  /** Records an error and leaves the construct. */
  fail(code: Diagnostic['code'], message: string, at: Span, extra?: DiagnosticExtra): never {
    this.sink.error(code, message, { start: at.start, end: at.end }, extra);
    throw new Abandon();
  }

  /** Runs `build` one level deeper; an error if that is too deep. */
  deeper<T>(node: Cst, build: () => T): T {
    if (this.#depth >= MAX_DEPTH)
      this.fail('PFN1003', 'too deeply nested', { start: node.start, end: node.start + 1 });
    this.#depth += 1;
    try {
      return build();
    } finally {
      this.#depth -= 1;
    }
  }

  /** Runs `build`; undefined if it was abandoned. */
  attempt<T>(build: () => T): T | undefined {
    try {
      return build();
    } catch (e) {
      if (e instanceof Abandon) return undefined;
      throw e;
    }
  }
}

export function span(node: Span): Span {
  return { start: node.start, end: node.end };
}

/** The child in a field, if there is one. */
export function field(node: Cst, name: string): Cst | undefined {
  return node.children.find((c) => c.field === name);
}

export function namedChildren(node: Cst): readonly Cst[] {
  return node.children.filter((c) => c.named);
}

/** The child in a field that the grammar promises. */
export function need(ctx: BuildContext, node: Cst, name: string): Cst {
  return field(node, name) ?? ctx.fail('PFN1001', `\`${name}\` is missing here`, node);
}
