/**
 * The untyped tree of C: what was written, with its place, and nothing that needs a declaration to be known.
 * Every node has a `span` into the whole file.
 */
import type { Span } from './diagnostics.js';

/** A type as it is written. */
export type TypeExpr =
  /** Arithmetic and void specifiers, in the order written: `unsigned long`. */
  | {
      readonly kind: 'builtin';
      readonly words: readonly string[];
      readonly const: boolean;
      readonly span: Span;
    }
  /** A typedef's name. */
  | { readonly kind: 'named'; readonly name: string; readonly const: boolean; readonly span: Span }
  | StructTypeExpr
  | EnumTypeExpr
  /** `user`: the pointer was marked `__user`. */
  | {
      readonly kind: 'pointer';
      readonly to: TypeExpr;
      readonly user: boolean;
      readonly const: boolean;
      readonly span: Span;
    }
  | {
      readonly kind: 'array';
      readonly of: TypeExpr;
      readonly length?: Expr;
      readonly const: false;
      readonly span: Span;
    }
  | {
      readonly kind: 'function';
      readonly result: TypeExpr;
      readonly parameters: readonly Parameter[];
      readonly variadic: boolean;
      readonly const: false;
      readonly span: Span;
    };

export interface StructTypeExpr {
  readonly kind: 'struct';
  readonly union: boolean;
  readonly tag?: string;
  readonly fields?: readonly FieldDeclaration[];
  readonly const: boolean;
  readonly span: Span;
}

export interface EnumTypeExpr {
  readonly kind: 'enum';
  readonly tag?: string;
  readonly members?: readonly { readonly name: string; readonly value?: Expr; readonly span: Span }[];
  readonly const: boolean;
  readonly span: Span;
}

export interface FieldDeclaration {
  readonly name: string;
  readonly type: TypeExpr;
  readonly span: Span;
}

export interface Parameter {
  readonly name?: string;
  readonly type: TypeExpr;
  readonly span: Span;
}

export type UnaryOp = '-' | '+' | '~' | '!' | '&' | '*';
export type ArithmeticOp = '+' | '-' | '*' | '/' | '%' | '<<' | '>>' | '&' | '|' | '^';
export type ComparisonOp = '==' | '!=' | '<' | '<=' | '>' | '>=';
export type BinaryOp = ArithmeticOp | ComparisonOp | '&&' | '||';

export type Expr = { readonly span: Span } & (
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'char'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'null' }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'unary'; readonly op: UnaryOp; readonly operand: Expr }
  | { readonly kind: 'step'; readonly op: '++' | '--'; readonly prefix: boolean; readonly operand: Expr }
  | { readonly kind: 'binary'; readonly op: BinaryOp; readonly left: Expr; readonly right: Expr }
  | { readonly kind: 'assign'; readonly op?: ArithmeticOp; readonly target: Expr; readonly value: Expr }
  /** `then` is missing in GNU's `a ?: b`. */
  | { readonly kind: 'conditional'; readonly test: Expr; readonly then?: Expr; readonly otherwise: Expr }
  | { readonly kind: 'comma'; readonly left: Expr; readonly right: Expr }
  | { readonly kind: 'call'; readonly callee: Expr; readonly args: readonly (Expr | TypeArgument)[] }
  | { readonly kind: 'index'; readonly object: Expr; readonly index: Expr }
  | {
      readonly kind: 'member';
      readonly object: Expr;
      readonly arrow: boolean;
      readonly field: string;
      readonly fieldSpan: Span;
    }
  | { readonly kind: 'cast'; readonly type: TypeExpr; readonly operand: Expr }
  | { readonly kind: 'sizeofType'; readonly type: TypeExpr }
  | { readonly kind: 'offsetof'; readonly type: TypeExpr; readonly field: string; readonly fieldSpan: Span }
  | { readonly kind: 'sizeofExpr'; readonly operand: Expr }
);

/** A type where an argument stands, as in `_IOW('D', 1, int)`. */
export interface TypeArgument {
  readonly kind: 'typeArgument';
  readonly type: TypeExpr;
  readonly span: Span;
}

export type Initializer = Expr | InitializerList;

export interface InitializerList {
  readonly kind: 'list';
  readonly items: readonly InitializerItem[];
  readonly span: Span;
}

export interface InitializerItem {
  readonly designators: readonly Designator[];
  readonly value: Initializer;
  readonly span: Span;
}

export type Designator =
  | { readonly kind: 'field'; readonly name: string; readonly span: Span }
  | { readonly kind: 'index'; readonly index: Expr; readonly span: Span };

/** One declarator of a declaration of variables or functions. */
export interface Declaration {
  readonly kind: 'declaration';
  readonly storage: 'none' | 'static' | 'extern';
  readonly name: string;
  readonly nameSpan: Span;
  readonly type: TypeExpr;
  readonly init?: Initializer;
  readonly span: Span;
}

export interface TypedefDeclaration {
  readonly kind: 'typedef';
  readonly name: string;
  readonly type: TypeExpr;
  readonly span: Span;
}

/** `struct s { ... };` and `enum { ... };` without a declarator. */
export interface TypeDeclaration {
  readonly kind: 'type';
  readonly type: TypeExpr;
  readonly span: Span;
}

/** `DEFINE_MUTEX(lock);`, `module_init(f);`: a macro call at file scope. */
export interface MacroDeclaration {
  readonly kind: 'macro';
  readonly name: string;
  readonly nameSpan: Span;
  readonly args: readonly Expr[];
  readonly span: Span;
}

export interface FunctionDefinition {
  readonly kind: 'function';
  readonly name: string;
  readonly nameSpan: Span;
  readonly storage: 'none' | 'static' | 'extern';
  readonly type: TypeExpr & { kind: 'function' };
  readonly body: Block;
  readonly span: Span;
}

export type TopLevel =
  Declaration | TypedefDeclaration | TypeDeclaration | MacroDeclaration | FunctionDefinition;

export interface Block {
  readonly kind: 'block';
  readonly body: readonly Statement[];
  readonly span: Span;
}

export type Statement =
  | Block
  | Declaration
  | TypedefDeclaration
  | TypeDeclaration
  | ({ readonly span: Span } & (
      | { readonly kind: 'expression'; readonly value?: Expr }
      | { readonly kind: 'if'; readonly test: Expr; readonly then: Statement; readonly otherwise?: Statement }
      | { readonly kind: 'while'; readonly test: Expr; readonly body: Statement }
      | { readonly kind: 'do'; readonly body: Statement; readonly test: Expr }
      | {
          readonly kind: 'for';
          readonly init: readonly Statement[];
          readonly test?: Expr;
          readonly update?: Expr;
          readonly body: Statement;
        }
      | { readonly kind: 'switch'; readonly value: Expr; readonly body: Statement }
      /** `value` is missing for `default`. */
      | { readonly kind: 'case'; readonly value?: Expr; readonly body: readonly Statement[] }
      | { readonly kind: 'label'; readonly name: string; readonly body?: Statement }
      | { readonly kind: 'goto'; readonly label: string }
      | { readonly kind: 'break' }
      | { readonly kind: 'continue' }
      | { readonly kind: 'return'; readonly value?: Expr }
    ));

/** An object-like macro: its value is parsed where it is defined and checked where it is used. */
export interface MacroDefinition {
  readonly name: string;
  readonly value?: Expr;
  readonly span: Span;
}

/** Driver code: everything at file scope, in order, and the macros. */
export interface TranslationUnit {
  readonly items: readonly TopLevel[];
  readonly macros: ReadonlyMap<string, MacroDefinition>;
  readonly span: Span;
}

/** A thread: `P0() { ... }`. */
export interface ThreadBody {
  readonly name: string;
  readonly body: Block;
  readonly span: Span;
}

/** The span from the start of `a` to the end of `b`. */
export function spanning(a: Span, b: Span): Span {
  return { start: a.start, end: b.end };
}
