/** Specifiers and declarators: how C spells types. */
import type { EnumTypeExpr, FieldDeclaration, Parameter, StructTypeExpr, TypeExpr } from '../ast.js';
import type { Cst } from '../grammar.js';
import { BuildContext, field, namedChildren, need, span } from './context.js';
import { buildExpr } from './expressions.js';

/** The type that the specifiers of a declaration, parameter, field or type name give. */
export function buildSpecifiers(ctx: BuildContext, node: Cst): TypeExpr {
  const isConst = node.children.some((c) => c.type === 'type_qualifier' && ctx.text(c) === 'const');
  return ctx.deeper(node, () => buildSpecifier(ctx, need(ctx, node, 'type'), isConst));
}

function buildSpecifier(ctx: BuildContext, node: Cst, isConst: boolean): TypeExpr {
  const at = span(node);
  switch (node.type) {
    case 'primitive_type':
    case 'sized_type_specifier': {
      const words = node.children.length > 0 ? node.children.map((c) => ctx.text(c)) : [ctx.text(node)];
      return builtinOrNamed(ctx, node, words, isConst);
    }
    case 'type_identifier':
      return { kind: 'named', name: ctx.text(node), const: isConst, span: at };
    case 'struct_specifier':
    case 'union_specifier':
      return buildStruct(ctx, node, isConst);
    case 'enum_specifier':
      return buildEnum(ctx, node, isConst);
    default:
      return ctx.fail('PFN1010', `this form of type is not supported`, node, {
        expected: 'an integer type, a struct, a union, an enum or a typedef name',
      });
  }
}

/** Words that make up C's own types; tree-sitter also calls `size_t` and the like primitive. */
const BUILTIN = new Set('void char short int long signed unsigned bool _Bool __signed__'.split(' '));

function builtinOrNamed(ctx: BuildContext, node: Cst, words: readonly string[], isConst: boolean): TypeExpr {
  const float = words.find((w) => w === 'float' || w === 'double');
  if (float)
    ctx.fail('PFN1011', `floating point (\`${float}\`) is not supported`, node, {
      expected: 'an integer type',
    });
  if (words.length === 1 && !BUILTIN.has(words[0]!)) {
    return { kind: 'named', name: words[0]!, const: isConst, span: span(node) };
  }
  return { kind: 'builtin', words, const: isConst, span: span(node) };
}

function buildStruct(ctx: BuildContext, node: Cst, isConst: boolean): StructTypeExpr | TypeExpr {
  const name = field(node, 'name');
  if (name && ctx.prepared.hiddenTypedefs.has(name.start)) {
    return { kind: 'named', name: ctx.text(name), const: isConst, span: span(name) };
  }
  const body = field(node, 'body');
  return {
    kind: 'struct',
    union: node.type === 'union_specifier',
    ...(name ? { tag: ctx.text(name) } : {}),
    ...(body ? { fields: namedChildren(body).flatMap((f) => buildFields(ctx, f)) } : {}),
    const: isConst,
    span: span(name ?? node),
  };
}

function buildFields(ctx: BuildContext, node: Cst): FieldDeclaration[] {
  if (node.type !== 'field_declaration') ctx.fail('PFN1007', 'only fields can stand in a struct', node);
  const bits = node.children.find((c) => c.type === 'bitfield_clause');
  if (bits)
    ctx.fail('PFN1012', 'bit-fields are not supported', bits, { suggestion: 'use a whole integer field' });
  const base = buildSpecifiers(ctx, node);
  const declarators = node.children.filter((c) => c.field === 'declarator');
  if (declarators.length === 0)
    ctx.fail('PFN1013', 'unnamed members are not supported', node, { suggestion: 'give it a name' });
  return declarators.map((d) => {
    const { name, nameSpan, type } = buildDeclarator(ctx, d, base);
    return { name, type, span: nameSpan };
  });
}

function buildEnum(ctx: BuildContext, node: Cst, isConst: boolean): EnumTypeExpr {
  const name = field(node, 'name');
  const body = field(node, 'body');
  const members = body && namedChildren(body).filter((m) => m.type === 'enumerator');
  return {
    kind: 'enum',
    ...(name ? { tag: ctx.text(name) } : {}),
    ...(members
      ? {
          members: members.map((m) => {
            const value = field(m, 'value');
            const at = need(ctx, m, 'name');
            return { name: ctx.text(at), ...(value ? { value: buildExpr(ctx, value) } : {}), span: span(at) };
          }),
        }
      : {}),
    const: isConst,
    span: span(name ?? node),
  };
}

export interface Declared {
  readonly name: string;
  readonly nameSpan: { readonly start: number; readonly end: number };
  readonly type: TypeExpr;
}

/** Applies a declarator that names something to the type of the specifiers. */
export function buildDeclarator(ctx: BuildContext, node: Cst, base: TypeExpr): Declared {
  const { name, type } = applyDeclarator(ctx, node, base);
  if (!name) return ctx.fail('PFN1001', 'expected a name to be declared here', node);
  return { name: ctx.text(name), nameSpan: span(name), type };
}

function applyDeclarator(ctx: BuildContext, node: Cst, base: TypeExpr): { name?: Cst; type: TypeExpr } {
  const inner =
    field(node, 'declarator') ?? node.children.find((c) => c.named && /declarator$|identifier$/.test(c.type));
  const next = (type: TypeExpr): { name?: Cst; type: TypeExpr } =>
    inner ? ctx.deeper(node, () => applyDeclarator(ctx, inner, type)) : { type };
  switch (node.type) {
    case 'identifier':
    case 'field_identifier':
    case 'type_identifier':
      return { name: node, type: base };
    case 'primitive_type':
      return { name: node, type: base };
    case 'pointer_declarator':
    case 'abstract_pointer_declarator': {
      const star = node.children.find((c) => c.type === '*') ?? node;
      const isConst = node.children.some((c) => c.type === 'type_qualifier' && ctx.text(c) === 'const');
      const user = ctx.prepared.userStars.has(star.start);
      return next({
        kind: 'pointer',
        to: base,
        user,
        const: isConst,
        span: { start: base.span.start, end: star.end },
      });
    }
    case 'array_declarator':
    case 'abstract_array_declarator': {
      const size = field(node, 'size');
      const length = size ? { length: buildExpr(ctx, size) } : {};
      return next({ kind: 'array', of: base, ...length, const: false, span: span(node) });
    }
    case 'function_declarator':
    case 'abstract_function_declarator':
      return next(buildFunctionType(ctx, node, base));
    case 'parenthesized_declarator':
    case 'abstract_parenthesized_declarator':
    case 'attributed_declarator':
      return next(base);
    default:
      return ctx.fail('PFN1001', 'expected a declarator', node);
  }
}

function buildFunctionType(ctx: BuildContext, node: Cst, result: TypeExpr): TypeExpr {
  const list = namedChildren(need(ctx, node, 'parameters'));
  const old = list.find((p) => p.type === 'identifier');
  if (old)
    ctx.fail('PFN1022', 'parameters without types (K&R style) are not supported', old, {
      expected: '`TYPE NAME`',
    });
  const variadic = list.some((p) => p.type === 'variadic_parameter');
  const parameters = list
    .filter((p) => p.type === 'parameter_declaration')
    .map((p) => buildParameter(ctx, p));
  const first = parameters[0];
  const isVoid =
    parameters.length === 1 &&
    !first!.name &&
    first!.type.kind === 'builtin' &&
    first!.type.words.join() === 'void';
  return {
    kind: 'function',
    result,
    parameters: isVoid ? [] : parameters,
    variadic,
    const: false,
    span: span(node),
  };
}

function buildParameter(ctx: BuildContext, node: Cst): Parameter {
  const base = buildSpecifiers(ctx, node);
  const declarator = field(node, 'declarator');
  if (!declarator) return { type: base, span: span(node) };
  const { name, type } = applyDeclarator(ctx, declarator, base);
  return { ...(name ? { name: ctx.text(name) } : {}), type, span: span(name ?? node) };
}

/** A type name as in casts and `sizeof`. */
export function buildTypeDescriptor(ctx: BuildContext, node: Cst): TypeExpr {
  const base = buildSpecifiers(ctx, node);
  const declarator = field(node, 'declarator');
  return declarator ? applyDeclarator(ctx, declarator, base).type : base;
}
