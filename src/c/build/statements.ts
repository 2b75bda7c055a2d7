/** Statements. */
import type { Block, Expr, Statement } from '../ast.js';
import type { Cst } from '../grammar.js';
import { BuildContext, field, namedChildren, need, span } from './context.js';
import { buildDeclaration, buildTypedef, buildTypeDeclaration } from './declarations.js';
import { buildExpr } from './expressions.js';

export function buildBlock(ctx: BuildContext, node: Cst): Block {
  return ctx.deeper(node, () => ({
    kind: 'block',
    body: buildAll(ctx, namedChildren(node)),
    span: span(node),
  }));
}

/** Builds statements one by one; an error in one does not hide those in the next. */
function buildAll(ctx: BuildContext, nodes: readonly Cst[]): Statement[] {
  return nodes.flatMap((node) => ctx.attempt(() => buildMany(ctx, node)) ?? []);
}

/** A declaration of several variables is several statements. */
function buildMany(ctx: BuildContext, node: Cst): readonly Statement[] {
  switch (node.type) {
    case 'declaration':
      return buildDeclaration(ctx, node);
    case 'type_definition':
      return buildTypedef(ctx, node);
    case 'struct_specifier':
    case 'enum_specifier':
    case 'union_specifier':
      return [buildTypeDeclaration(ctx, node)];
    case 'function_definition':
      return ctx.fail('PFN1010', 'functions inside functions are not supported', node);
    default:
      return [buildStatement(ctx, node)];
  }
}

type Builder = (ctx: BuildContext, node: Cst) => Statement;

function buildStatement(ctx: BuildContext, node: Cst): Statement {
  const build = BUILDERS[node.type];
  if (build) return ctx.deeper(node, () => build(ctx, node));
  if (node.type === 'declaration') return { kind: 'block', body: buildMany(ctx, node), span: span(node) };
  return ctx.fail(
    'PFN1010',
    `this form of statement is not supported (${node.type.replaceAll('_', ' ')})`,
    node,
  );
}

const BUILDERS: Record<string, Builder> = {
  compound_statement: buildBlock,
  expression_statement: (ctx, node) => {
    const value = namedChildren(node)[0];
    return { kind: 'expression', ...(value ? { value: buildExpr(ctx, value) } : {}), span: span(node) };
  },
  if_statement: (ctx, node) => {
    const otherwise = field(node, 'alternative');
    const body = otherwise && namedChildren(otherwise)[0];
    return {
      kind: 'if',
      test: condition(ctx, node),
      then: statementIn(ctx, node, 'consequence'),
      ...(body ? { otherwise: buildStatement(ctx, body) } : {}),
      span: span(node),
    };
  },
  while_statement: (ctx, node) => ({
    kind: 'while',
    test: condition(ctx, node),
    body: statementIn(ctx, node, 'body'),
    span: span(node),
  }),
  do_statement: (ctx, node) => ({
    kind: 'do',
    body: statementIn(ctx, node, 'body'),
    test: condition(ctx, node),
    span: span(node),
  }),
  for_statement: buildFor,
  switch_statement: (ctx, node) => ({
    kind: 'switch',
    value: condition(ctx, node),
    body: statementIn(ctx, node, 'body'),
    span: span(node),
  }),
  case_statement: (ctx, node) => {
    const value = field(node, 'value');
    const body = namedChildren(node).filter((c) => c !== value);
    return {
      kind: 'case',
      ...(value ? { value: buildExpr(ctx, value) } : {}),
      body: buildAll(ctx, body),
      span: { start: node.start, end: value?.end ?? node.start + 'default'.length },
    };
  },
  labeled_statement: (ctx, node) => {
    const label = need(ctx, node, 'label');
    const body = namedChildren(node).find((c) => c !== label);
    const many = body ? buildMany(ctx, body) : [];
    const only = many.length === 1 ? many[0]! : { kind: 'block' as const, body: many, span: span(node) };
    return { kind: 'label', name: ctx.text(label), body: only, span: span(label) };
  },
  goto_statement: (ctx, node) => ({
    kind: 'goto',
    label: ctx.text(need(ctx, node, 'label')),
    span: span(node),
  }),
  break_statement: (_, node) => ({ kind: 'break', span: span(node) }),
  continue_statement: (_, node) => ({ kind: 'continue', span: span(node) }),
  return_statement: (ctx, node) => {
    const value = namedChildren(node)[0];
    return { kind: 'return', ...(value ? { value: buildExpr(ctx, value) } : {}), span: span(node) };
  },
};

function condition(ctx: BuildContext, node: Cst): Expr {
  return buildExpr(ctx, need(ctx, node, 'condition'));
}

function statementIn(ctx: BuildContext, node: Cst, name: string): Statement {
  return buildStatement(ctx, need(ctx, node, name));
}

function buildFor(ctx: BuildContext, node: Cst): Statement {
  const init = field(node, 'initializer');
  const test = field(node, 'condition');
  const update = field(node, 'update');
  return {
    kind: 'for',
    init: !init
      ? []
      : init.type === 'declaration'
        ? buildDeclaration(ctx, init)
        : [{ kind: 'expression', value: buildExpr(ctx, init), span: span(init) }],
    ...(test ? { test: buildExpr(ctx, test) } : {}),
    ...(update ? { update: buildExpr(ctx, update) } : {}),
    body: statementIn(ctx, node, 'body'),
    span: span(node),
  };
}
