/** Macros of kernel headers that are plain C: what a call of them is. */
import type { BinaryOp, Expr, TypeExpr } from '../../c/ast.js';
import type { Span } from '../../c/diagnostics.js';
import type { ExternalFunction } from '../../c/environment.js';
import type { ApiFunction } from './define.js';

/** Writes C: operands are expressions, numbers or names. */
export class Writer {
  constructor(private readonly span: Span) {}

  binary(left: Operand, op: BinaryOp, right: Operand): Expr {
    return { kind: 'binary', op, left: this.operand(left), right: this.operand(right), span: this.span };
  }

  not(operand: Operand): Expr {
    return { kind: 'unary', op: '~', operand: this.operand(operand), span: this.span };
  }

  /** `*pointer`. */
  at(pointer: Operand): Expr {
    return { kind: 'unary', op: '*', operand: this.operand(pointer), span: this.span };
  }

  number(value: number): Expr {
    return { kind: 'number', text: `${value}`, span: this.span };
  }

  /** `left, right`. */
  comma(left: Operand, right: Operand): Expr {
    return { kind: 'comma', left: this.operand(left), right: this.operand(right), span: this.span };
  }

  assign(target: Operand, value: Operand): Expr {
    return { kind: 'assign', target: this.operand(target), value: this.operand(value), span: this.span };
  }

  /** `test ? then : otherwise`. */
  conditional(test: Operand, then: Operand, otherwise: Operand): Expr {
    const [t, x, y] = [test, then, otherwise].map((o) => this.operand(o)) as [Expr, Expr, Expr];
    return { kind: 'conditional', test: t, then: x, otherwise: y, span: this.span };
  }

  /** `object->field`. */
  member(object: Operand, field: string): Expr {
    const { span } = this;
    return { kind: 'member', object: this.operand(object), arrow: true, field, fieldSpan: span, span };
  }

  cast(type: string, operand: Operand): Expr {
    return { kind: 'cast', type: this.type(type), operand: this.operand(operand), span: this.span };
  }

  call(callee: string, ...args: Operand[]): Expr {
    const expressions = args.map((a) => this.operand(a));
    return { kind: 'call', callee: this.operand(callee), args: expressions, span: this.span };
  }

  private operand(o: Operand): Expr {
    if (typeof o === 'string') return { kind: 'name', name: o, span: this.span };
    return typeof o === 'number' ? this.number(o) : o;
  }

  private type(name: string): TypeExpr {
    const words = name.split(' ');
    return words.length > 1
      ? { kind: 'builtin', words, const: false, span: this.span }
      : { kind: 'named', name, const: false, span: this.span };
  }
}

export type Operand = Expr | number | string;
/** As many as the macro has parameters. */
type Args = [Expr, Expr, Expr, ...Expr[]];
type Expansion = (c: Writer, ...args: Args) => Expr;

/**
 * A macro that is C: arguments are evaluated as often as they occur, as in the kernel.
 * @param variadic further arguments may follow
 */
export function macro(parameters: number, expansion: Expansion, variadic = false): ApiFunction {
  const expand: ExternalFunction['expand'] = (args, span) => {
    if (args.length < parameters || (args.length > parameters && !variadic))
      return `${parameters} argument${parameters === 1 ? ' is' : 's are'} needed`;
    return expansion(new Writer(span), ...(args as Args));
  };
  return { expand };
}
