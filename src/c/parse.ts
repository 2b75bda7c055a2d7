/** From text to the untyped tree: driver code, threads, values of macros. */
import type { Block, MacroDefinition, ThreadBody, TopLevel, TranslationUnit } from './ast.js';
import { BuildContext, field, namedChildren, span as spanOf } from './build/context.js';
import { buildTopLevel } from './build/declarations.js';
import { buildExpr } from './build/expressions.js';
import { buildBlock } from './build/statements.js';
import type { DiagnosticSink, Source, Span } from './diagnostics.js';
import { parseCst, type Cst, type Grammar, type ParseBudget } from './grammar.js';
import { prepare, type Prepared } from './prepass.js';
import type { RawMacro } from './directives.js';
import { reportSyntaxErrors } from './syntax-errors.js';

/** What a parse needs beside the text. */
export interface ParseOptions {
  readonly grammar: Grammar;
  readonly source: Source;
  readonly sink: DiagnosticSink;
  /** What all parses that have it may take together; by default each has its own. */
  readonly budget?: ParseBudget;
}

/** Larger inputs are refused: a litmus test is read by people. Also the bound on the time that parsing takes. */
export const MAX_SOURCE_LENGTH = 65536;

/** Typedef names that the text declares, needed to parse the threads of the same file. */
export type TypeNames = ReadonlySet<string>;

/**
 * Parses driver code: everything in `span` of the source. Errors go to the sink; what could be understood is returned.
 * Preprocessor lines: `#include` is ignored, `#define NAME expression` kept, the rest refused.
 */
export function parseDriver(
  options: ParseOptions,
  span: Span,
): TranslationUnit & { readonly typeNames: TypeNames } {
  const typeNames = new Set<string>();
  const items: TopLevel[] = [];
  const macros = new Map<string, MacroDefinition>();
  const parsed = parseText(options, span, typeNames, '');
  if (parsed) {
    const { ctx, root, prepared } = parsed;
    for (const raw of prepared.macros) {
      const macro = parseMacro(options, raw, typeNames);
      if (macro) macros.set(macro.name, macro);
    }
    for (const node of topLevelNodes(root))
      items.push(...(ctx.attempt(() => buildTopLevel(ctx, node)) ?? []));
  }
  return { items, macros, span: spanOf(span), typeNames };
}

function topLevelNodes(root: Cst): readonly Cst[] {
  return root.children.filter((c) => c.named);
}

/**
 * Parses a thread, `P0() { ... }`; `span` covers it from its name to its closing brace.
 * @param typeNames the typedef names of the file's driver
 */
export function parseThread(options: ParseOptions, span: Span, typeNames: TypeNames): ThreadBody | undefined {
  const parsed = parseText(options, span, new Set(typeNames), 'void ');
  if (!parsed) return undefined;
  const { ctx, root, prepared } = parsed;
  if (prepared.macros[0])
    ctx.sink.error('PFN1007', 'macros are defined in the driver part', prepared.macros[0].span);
  const [node, extra] = topLevelNodes(root);
  return ctx.attempt(() => {
    const declarator = node && field(node, 'declarator');
    if (node?.type !== 'function_definition' || declarator?.type !== 'function_declarator') {
      return ctx.fail('PFN1001', 'this is not a thread', node ?? span, { expected: '`P0() { ... }`' });
    }
    if (extra) ctx.fail('PFN1001', 'text after the end of the thread', extra);
    const parameters = field(declarator, 'parameters');
    const first = parameters && namedChildren(parameters)[0];
    if (first && ctx.text(first) !== 'void') {
      ctx.fail('PFN1024', 'threads take no parameters', first, {
        suggestion: 'declare a local variable; memory is described in the block before the driver',
      });
    }
    const body: Block = buildBlock(ctx, field(node, 'body')!);
    return { name: ctx.text(field(declarator, 'declarator')!), body, span: spanOf(span) };
  });
}

function parseMacro(options: ParseOptions, raw: RawMacro, typeNames: TypeNames): MacroDefinition | undefined {
  if (!raw.value) return { name: raw.name, span: raw.span };
  const refuse = (): undefined => {
    options.sink.error('PFN1008', `the value of \`${raw.name}\` is not an expression`, raw.value!, {
      expected: '`#define NAME constant-expression`',
    });
    return undefined;
  };
  const prepared = prepare(options.source, raw.value, options.sink, new Set(typeNames), 'int _=', ';');
  const root = parseCst(options.grammar, prepared, options.budget);
  if (!root || 'tooDeepAt' in root || hasErrors(root)) return refuse();
  const ctx = new BuildContext(options.source, options.sink, prepared);
  const node = findSoleValue(root);
  if (!node) return refuse();
  const value = ctx.attempt(() => buildExpr(ctx, node));
  return { name: raw.name, span: raw.span, ...(value ? { value } : {}) };
}

function hasErrors(root: Cst): boolean {
  const stack = [root];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (node.missing || node.type === 'ERROR') return true;
    stack.push(...node.children);
  }
  return false;
}

function findSoleValue(root: Cst): Cst | undefined {
  const nodes = topLevelNodes(root);
  const declarators = nodes[0]?.children.filter((c) => c.field === 'declarator') ?? [];
  if (nodes.length !== 1 || declarators.length !== 1) return undefined;
  const value = field(declarators[0]!, 'value');
  return value?.type === 'initializer_list' ? undefined : value;
}

function parseText(
  { grammar, source, sink, budget }: ParseOptions,
  span: Span,
  typeNames: Set<string>,
  prefix: string,
  suffix = '',
): { ctx: BuildContext; root: Cst; prepared: Prepared } | undefined {
  if (span.end - span.start > MAX_SOURCE_LENGTH) {
    sink.error('PFN1009', `more than ${MAX_SOURCE_LENGTH} characters of C`, {
      start: span.start,
      end: span.start + 1,
    });
    return undefined;
  }
  const before = sink.count;
  const prepared = prepare(source, span, sink, typeNames, prefix, suffix);
  // with unbalanced brackets, tree-sitter's own guesses only add noise
  if (sink.foundSince(before, ['PFN1003', 'PFN1004', 'PFN1005'])) return undefined;
  const root = parseCst(grammar, prepared, budget);
  if (!root) {
    sink.error('PFN1009', 'this takes too much to parse', { start: span.start, end: span.start + 1 });
    return undefined;
  }
  if ('tooDeepAt' in root) {
    sink.error('PFN1003', 'too deeply nested', { start: root.tooDeepAt, end: root.tooDeepAt + 1 });
    return undefined;
  }
  const ctx = new BuildContext(source, sink, prepared);
  return reportSyntaxErrors(ctx, root) ? undefined : { ctx, root, prepared };
}
