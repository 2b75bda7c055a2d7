/** Expressions. */
import { spanning } from '../ast.js';
import type { ArithmeticOp, BinaryOp, Expr, TypeArgument, TypeExpr, UnaryOp } from '../ast.js';
import type { Cst } from '../grammar.js';
import { BuildContext, field, namedChildren, need, span } from './context.js';
import { decodeCharacter, decodeString } from './literals.js';
import { buildTypeDescriptor } from './types.js';

/** Names of the place in the text, for prints: the model prints nothing. */
const PLACES = new Set(['__func__', '__FUNCTION__', '__FILE__']);

/** What may stand before the text that printk() prints. */
const PRINT_LEVEL = /^KERN_[A-Z]+$/;

type Builder = (ctx: BuildContext, node: Cst) => Expr;

/** Builds an expression. Parentheses vanish: the tree says it all. */
export function buildExpr(ctx: BuildContext, node: Cst): Expr {
  const build = BUILDERS[node.type];
  if (!build)
    return ctx.fail(
      'PFN1010',
      `this form of expression is not supported (${node.type.replaceAll('_', ' ')})`,
      node,
    );
  return ctx.deeper(node, () => build(ctx, node));
}

const operand = (ctx: BuildContext, node: Cst, name: string): Expr => buildExpr(ctx, need(ctx, node, name));
const operator = (ctx: BuildContext, node: Cst): string => ctx.text(need(ctx, node, 'operator'));

const BUILDERS: Record<string, Builder> = {
  identifier: (ctx, node) =>
    PLACES.has(ctx.text(node))
      ? { kind: 'string', value: ctx.text(node), span: span(node) }
      : { kind: 'name', name: ctx.text(node), span: span(node) },
  number_literal: buildNumber,
  char_literal: (ctx, node) => ({ kind: 'char', value: decodeCharacter(ctx, node), span: span(node) }),
  string_literal: (ctx, node) => ({ kind: 'string', value: decodeString(ctx, node), span: span(node) }),
  concatenated_string: buildConcatenation,
  null: (_, node) => ({ kind: 'null', span: span(node) }),
  true: (_, node) => ({ kind: 'number', text: '1', span: span(node) }),
  false: (_, node) => ({ kind: 'number', text: '0', span: span(node) }),
  parenthesized_expression: buildParenthesized,
  unary_expression: buildUnary,
  pointer_expression: buildUnary,
  update_expression: buildStep,
  binary_expression: (ctx, node) => ({
    kind: 'binary',
    op: operator(ctx, node) as BinaryOp,
    left: operand(ctx, node, 'left'),
    right: operand(ctx, node, 'right'),
    span: span(node),
  }),
  assignment_expression: buildAssignment,
  conditional_expression: buildConditional,
  comma_expression: (ctx, node) => ({
    kind: 'comma',
    left: operand(ctx, node, 'left'),
    right: operand(ctx, node, 'right'),
    span: span(node),
  }),
  call_expression: buildCall,
  subscript_expression: (ctx, node) => ({
    kind: 'index',
    object: operand(ctx, node, 'argument'),
    index: operand(ctx, node, 'index'),
    span: span(node),
  }),
  field_expression: (ctx, node) => ({
    kind: 'member',
    object: operand(ctx, node, 'argument'),
    arrow: operator(ctx, node) === '->',
    field: ctx.text(need(ctx, node, 'field')),
    fieldSpan: span(need(ctx, node, 'field')),
    span: span(node),
  }),
  cast_expression: (ctx, node) => ({
    kind: 'cast',
    type: buildTypeDescriptor(ctx, need(ctx, node, 'type')),
    operand: operand(ctx, node, 'value'),
    span: span(node),
  }),
  sizeof_expression: buildSizeof,
  compound_literal_expression: (ctx, node) =>
    ctx.fail('PFN1017', 'compound literals are not supported', node, {
      suggestion: 'declare a variable with this initialiser and use it',
    }),
  gnu_asm_expression: (ctx, node) => ctx.fail('PFN1010', 'assembly is not supported', node),
  generic_expression: (ctx, node) => ctx.fail('PFN1010', '`_Generic` is not supported', node),
  offsetof_expression: (ctx, node) => ({
    kind: 'offsetof',
    type: buildTypeDescriptor(ctx, need(ctx, node, 'type')),
    field: ctx.text(need(ctx, node, 'member')),
    fieldSpan: span(need(ctx, node, 'member')),
    span: span(node),
  }),
  alignof_expression: (ctx, node) => ctx.fail('PFN1010', '`_Alignof` is not supported', node),
};

function buildNumber(ctx: BuildContext, node: Cst): Expr {
  const text = ctx.text(node);
  const sign = /^[-+]\s*/.exec(text)?.[0];
  if (sign !== undefined) {
    // where an operand begins, tree-sitter takes a sign into the number
    const rest = buildNumber(ctx, { ...node, start: node.start + sign.length });
    return { kind: 'unary', op: text[0] as '-' | '+', operand: rest, span: span(node) };
  }
  if (/^0[xX]/.test(text) ? /[.pP]/.test(text) : /[.eE]/.test(text)) {
    ctx.fail('PFN1011', 'floating point is not supported', node, { expected: 'an integer' });
  }
  return { kind: 'number', text, span: span(node) };
}

function buildConcatenation(ctx: BuildContext, node: Cst): Expr {
  const parts = namedChildren(node);
  const literals = parts.filter((p) => p.type === 'string_literal');
  const other = parts.find((p) => !literals.includes(p) && !PRINT_LEVEL.test(ctx.text(p)));
  if (other) ctx.fail('PFN1008', 'only string literals can be joined here', other);
  return { kind: 'string', value: literals.map((p) => decodeString(ctx, p)).join(''), span: span(node) };
}

function buildParenthesized(ctx: BuildContext, node: Cst): Expr {
  const inner = namedChildren(node)[0];
  if (!inner) return ctx.fail('PFN1001', 'expected an expression in the parentheses', node);
  if (inner.type === 'compound_statement') {
    ctx.fail('PFN1016', 'statement expressions `({ ... })` are not supported', node, {
      suggestion: 'write a `static inline` function',
    });
  }
  return { ...buildExpr(ctx, inner), span: span(node) };
}

function buildUnary(ctx: BuildContext, node: Cst): Expr {
  const op = operator(ctx, node) as UnaryOp;
  const argument = need(ctx, node, 'argument');
  if (op === '&' && argument.type === 'pointer_expression' && ctx.text(node).startsWith('&&')) {
    ctx.fail('PFN1019', 'addresses of labels are not supported', node, { expected: '`goto LABEL`' });
  }
  return { kind: 'unary', op, operand: buildExpr(ctx, argument), span: span(node) };
}

function buildStep(ctx: BuildContext, node: Cst): Expr {
  const op = need(ctx, node, 'operator');
  return {
    kind: 'step',
    op: ctx.text(op) as '++' | '--',
    prefix: op.start === node.start,
    operand: operand(ctx, node, 'argument'),
    span: span(node),
  };
}

function buildAssignment(ctx: BuildContext, node: Cst): Expr {
  const op = operator(ctx, node);
  const target = operand(ctx, node, 'left');
  const value = operand(ctx, node, 'right');
  if (op === '=') return { kind: 'assign', target, value, span: span(node) };
  return { kind: 'assign', op: op.slice(0, -1) as ArithmeticOp, target, value, span: span(node) };
}

function buildConditional(ctx: BuildContext, node: Cst): Expr {
  const then = field(node, 'consequence');
  return {
    kind: 'conditional',
    test: operand(ctx, node, 'condition'),
    ...(then ? { then: buildExpr(ctx, then) } : {}),
    otherwise: operand(ctx, node, 'alternative'),
    span: span(node),
  };
}

/** Types that tree-sitter takes for names where an argument stands. */
const BUILTIN_ARGUMENT = /^(void|char|short|int|long|unsigned|signed)$/;

/** The type that a name stands for where an argument stands; `struct demo` and the like are one name there. */
function typeArgument(ctx: BuildContext, node: Cst): TypeExpr | undefined {
  const words = ctx.text(node).split(/\s+/);
  const at = { const: false, span: span(node) } as const;
  if ((words[0] === 'struct' || words[0] === 'union') && words[1] !== undefined)
    return { kind: 'struct', union: words[0] === 'union', tag: words[1], ...at };
  if (words.length > 1 || BUILTIN_ARGUMENT.test(words[0]!)) return { kind: 'builtin', words, ...at };
  return undefined;
}

function buildCall(ctx: BuildContext, node: Cst): Expr {
  const callee = operand(ctx, node, 'function');
  const args = namedChildren(need(ctx, node, 'arguments')).map((argument): Expr | TypeArgument => {
    const type = argument.type === 'identifier' ? typeArgument(ctx, argument) : undefined;
    if (type) return { kind: 'typeArgument', type, span: span(argument) };
    if (argument.type === 'type_descriptor') {
      return { kind: 'typeArgument', type: buildTypeDescriptor(ctx, argument), span: span(argument) };
    }
    return buildExpr(ctx, argument);
  });
  return { kind: 'call', callee, args, span: span(node) };
}

function buildSizeof(ctx: BuildContext, node: Cst): Expr {
  const type = field(node, 'type');
  if (type) return { kind: 'sizeofType', type: buildTypeDescriptor(ctx, type), span: span(node) };
  const value = operand(ctx, node, 'value');
  return { kind: 'sizeofExpr', operand: value, span: spanning(node, value.span) };
}
