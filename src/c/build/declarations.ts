/** Declarations, in files and in blocks. */
import type {
  Declaration,
  Designator,
  FunctionDefinition,
  Initializer,
  InitializerItem,
  MacroDeclaration,
  TopLevel,
  TypeDeclaration,
  TypedefDeclaration,
  TypeExpr,
} from '../ast.js';
import type { Cst } from '../grammar.js';
import { BuildContext, field, namedChildren, need, span } from './context.js';
import { buildExpr } from './expressions.js';
import { buildBlock } from './statements.js';
import { buildDeclarator, buildSpecifiers } from './types.js';

/** What a node at file scope declares. */
export function buildTopLevel(ctx: BuildContext, node: Cst): readonly TopLevel[] {
  switch (node.type) {
    case 'function_definition':
      return [buildFunction(ctx, node)];
    case 'declaration':
      return macroDeclaration(ctx, node) ?? buildDeclaration(ctx, node);
    case 'type_definition':
      return buildTypedef(ctx, node);
    case 'struct_specifier':
    case 'enum_specifier':
    case 'union_specifier':
      return [buildTypeDeclaration(ctx, node)];
    case 'expression_statement':
      return macroCall(ctx, node);
    case ';':
      return [];
    default:
      return ctx.fail('PFN1001', 'only declarations and functions can stand outside of functions', node);
  }
}

/** `static DEFINE_MUTEX(lock);` looks like a declaration of `lock` with a type `DEFINE_MUTEX`. */
function macroDeclaration(ctx: BuildContext, node: Cst): MacroDeclaration[] | undefined {
  const type = field(node, 'type');
  const declarator = field(node, 'declarator');
  if (type?.type !== 'type_identifier' || declarator?.type !== 'parenthesized_declarator') return undefined;
  const name = namedChildren(declarator)[0];
  if (name?.type !== 'identifier') return undefined;
  const arg = { kind: 'name', name: ctx.text(name), span: span(name) } as const;
  return [{ kind: 'macro', name: ctx.text(type), nameSpan: span(type), args: [arg], span: span(node) }];
}

function macroCall(ctx: BuildContext, node: Cst): MacroDeclaration[] {
  const call = namedChildren(node)[0];
  if (!call) return [];
  const value = buildExpr(ctx, call);
  if (value.kind !== 'call' || value.callee.kind !== 'name') {
    return ctx.fail('PFN1001', 'expressions cannot stand outside of functions', call);
  }
  const args = value.args.filter((a) => a.kind !== 'typeArgument');
  return [{ kind: 'macro', name: value.callee.name, nameSpan: value.callee.span, args, span: value.span }];
}

function storageOf(ctx: BuildContext, node: Cst): Declaration['storage'] {
  for (const child of node.children) {
    if (child.type !== 'storage_class_specifier') continue;
    const text = ctx.text(child);
    if (text === 'static' || text === 'extern') return text;
    if (text !== 'auto') ctx.fail('PFN1010', `storage class \`${text}\` is not supported`, child);
  }
  return 'none';
}

/** The variables and functions that a declaration declares, or the type alone. */
export function buildDeclaration(ctx: BuildContext, node: Cst): (Declaration | TypeDeclaration)[] {
  const storage = storageOf(ctx, node);
  const base = buildSpecifiers(ctx, node);
  const declarators = node.children.filter((c) => c.field === 'declarator');
  if (declarators.length === 0) return [{ kind: 'type', type: base, span: span(node) }];
  return declarators.map((d) => buildInitDeclarator(ctx, d, base, storage));
}

function buildInitDeclarator(
  ctx: BuildContext,
  node: Cst,
  base: TypeExpr,
  storage: Declaration['storage'],
): Declaration {
  const initialized = node.type === 'init_declarator';
  const { name, nameSpan, type } = buildDeclarator(
    ctx,
    initialized ? need(ctx, node, 'declarator') : node,
    base,
  );
  const init = initialized ? { init: buildInitializer(ctx, need(ctx, node, 'value')) } : {};
  return { kind: 'declaration', storage, name, nameSpan, type, ...init, span: span(node) };
}

export function buildTypedef(ctx: BuildContext, node: Cst): TypedefDeclaration[] {
  const base = buildSpecifiers(ctx, node);
  return node.children
    .filter((c) => c.field === 'declarator')
    .map((d) => {
      const { name, nameSpan, type } = buildDeclarator(ctx, d, base);
      return { kind: 'typedef', name, type, span: nameSpan };
    });
}

/** `struct s { ... };` stands in the tree without a declaration around it. */
export function buildTypeDeclaration(ctx: BuildContext, node: Cst): TypeDeclaration {
  const wrapper: Cst = { ...node, type: 'declaration', children: [{ ...node, field: 'type' }] };
  return { kind: 'type', type: buildSpecifiers(ctx, wrapper), span: span(node) };
}

export function buildInitializer(ctx: BuildContext, node: Cst): Initializer {
  if (node.type !== 'initializer_list') return buildExpr(ctx, node);
  return ctx.deeper(node, () => ({
    kind: 'list',
    items: namedChildren(node).map((item) => buildItem(ctx, item)),
    span: span(node),
  }));
}

function buildItem(ctx: BuildContext, node: Cst): InitializerItem {
  if (node.type !== 'initializer_pair')
    return { designators: [], value: buildInitializer(ctx, node), span: span(node) };
  const designators = node.children
    .filter((c) => c.field === 'designator' || c.type.endsWith('_designator'))
    .map((d): Designator => {
      const inner = namedChildren(d)[0];
      if (d.type === 'field_designator' && inner)
        return { kind: 'field', name: ctx.text(inner), span: span(inner) };
      if (d.type === 'subscript_designator' && inner)
        return { kind: 'index', index: buildExpr(ctx, inner), span: span(d) };
      return ctx.fail('PFN1018', 'this form of designator is not supported', d, {
        expected: '`.field` or `[index]`',
      });
    });
  if (designators.length === 0) ctx.fail('PFN1018', 'this form of designator is not supported', node);
  return { designators, value: buildInitializer(ctx, need(ctx, node, 'value')), span: span(node) };
}

function buildFunction(ctx: BuildContext, node: Cst): FunctionDefinition {
  const storage = storageOf(ctx, node);
  const base = buildSpecifiers(ctx, node);
  const { name, nameSpan, type } = buildDeclarator(ctx, need(ctx, node, 'declarator'), base);
  if (type.kind !== 'function') {
    return ctx.fail('PFN1001', `\`${name}\` is followed by a body but is not a function`, nameSpan, {
      expected: '`TYPE NAME(PARAMETERS) { ... }`',
    });
  }
  if (type.variadic) {
    ctx.fail('PFN1014', 'functions with a variable number of arguments cannot be defined', nameSpan);
  }
  const declarations = node.children.find((c) => c.type === 'declaration');
  if (declarations)
    ctx.fail('PFN1022', 'parameters without types (K&R style) are not supported', declarations);
  const body = buildBlock(ctx, need(ctx, node, 'body'));
  return { kind: 'function', name, nameSpan, storage, type, body, span: span(node) };
}
