/**
 * The typed tree: every expression has a type, every conversion is a `cast` node, every access to an object is a `load`, an
 * `assign` or an `update`. Constant expressions are folded. The two operands of an arithmetic operator or comparison have one
 * type; shift counts have their own.
 */
import type { ArithmeticOp, ComparisonOp } from './ast.js';
import type { Span } from './diagnostics.js';
import type { CType, Field, FunctionType, StructType } from './types.js';

interface Typed {
  readonly type: CType;
  readonly span: Span;
}

export type TypedExpr = Typed &
  (
    | /** An integer in the range of its type, or a pointer constant (0 is NULL). `sizeof`: it counts bytes of this type. */
      { readonly kind: 'constant'; readonly value: bigint; readonly sizeof?: CType }
      /** A constant of the environment whose value is known when the test runs: a region's name. */
    | { readonly kind: 'runtime'; readonly name: string }
    /** Only as an argument. */
    | { readonly kind: 'string'; readonly value: string }
    /** A function's address: only in tables of operations. */
    | { readonly kind: 'function'; readonly name: string }
    /** The value of an object (a whole struct, too). */
    | { readonly kind: 'load'; readonly from: LValue }
    /** `&x`, and an array that became a pointer to its first element. */
    | { readonly kind: 'address'; readonly of: LValue }
    | { readonly kind: 'unary'; readonly op: '-' | '~'; readonly operand: TypedExpr }
    /** `!x`: an int. */
    | { readonly kind: 'not'; readonly operand: TypedExpr }
    | {
        readonly kind: 'binary';
        readonly op: ArithmeticOp;
        readonly left: TypedExpr;
        readonly right: TypedExpr;
      }
    /** An int; integers or pointers. */
    | {
        readonly kind: 'compare';
        readonly op: ComparisonOp;
        readonly left: TypedExpr;
        readonly right: TypedExpr;
      }
    /** `pointer + index` (or `-`); `scale` is the size of what is pointed to, in bytes. */
    | {
        readonly kind: 'pointerStep';
        readonly op: '+' | '-';
        readonly pointer: TypedExpr;
        readonly index: TypedExpr;
        readonly scale: number;
      }
    /** `left - right` of two pointers, in units of `scale` bytes. */
    | {
        readonly kind: 'pointerDifference';
        readonly left: TypedExpr;
        readonly right: TypedExpr;
        readonly scale: number;
      }
    | {
        readonly kind: 'logical';
        readonly op: '&&' | '||';
        readonly left: TypedExpr;
        readonly right: TypedExpr;
      }
    /** `then` missing: the value of `test`, evaluated once. */
    | {
        readonly kind: 'conditional';
        readonly test: TypedExpr;
        readonly then?: TypedExpr;
        readonly otherwise: TypedExpr;
      }
    | { readonly kind: 'comma'; readonly left: TypedExpr; readonly right: TypedExpr }
    | { readonly kind: 'assign'; readonly target: LValue; readonly value: TypedExpr }
    /**
     * `target op= right`, `++`, `--`: the target's value is converted to `compute`, combined, converted back and stored.
     * For pointers `compute` is the pointer type and `right` is already in units of `scale` bytes.
     */
    | {
        readonly kind: 'update';
        readonly target: LValue;
        readonly op: ArithmeticOp;
        readonly right: TypedExpr;
        readonly compute: CType;
        readonly scale: number;
        /** Whether the expression's value is the one before or after. */
        readonly result: 'old' | 'new';
      }
    /** `container_of(pointer, ...)`: `member` is the member of an object at NULL. */
    | { readonly kind: 'containerOf'; readonly pointer: TypedExpr; readonly member: LValue }
    | { readonly kind: 'call'; readonly callee: Callee; readonly args: readonly TypedExpr[] }
    | { readonly kind: 'cast'; readonly operand: TypedExpr }
  );

export interface Callee {
  readonly name: string;
  /** `driver`: defined in this file. `external`: of the environment. */
  readonly origin: 'driver' | 'external';
  readonly type: FunctionType;
}

/** An object that can be read or written. */
export type LValue = Typed & { readonly const: boolean } & (
    | { readonly kind: 'local'; readonly variable: LocalVariable }
    | { readonly kind: 'global'; readonly variable: GlobalVariable }
    | { readonly kind: 'deref'; readonly pointer: TypedExpr }
    | { readonly kind: 'member'; readonly object: LValue; readonly field: Field; readonly struct: StructType }
    | { readonly kind: 'element'; readonly array: LValue; readonly index: TypedExpr }
  );

export interface LocalVariable {
  readonly name: string;
  readonly type: CType;
  readonly span: Span;
  /** Position among all locals of the function, parameters first. */
  readonly index: number;
  readonly isParameter: boolean;
  /** `&x` occurs (or the array becomes a pointer), so it must live in memory. */
  addressTaken: boolean;
}

/** A global or static variable (a static local too; its `name` is then `function.name`). */
export interface GlobalVariable {
  readonly name: string;
  readonly type: CType;
  readonly const: boolean;
  readonly span: Span;
  readonly index: number;
  /** What is not zero at the start. The values are `constant`, `function`, `address` of a global, or `runtime`. */
  init: readonly InitEntry[];
}

/** One scalar that an initialiser sets. */
export interface InitEntry {
  readonly target: LValue;
  readonly value: TypedExpr;
}

export type TypedStatement = { readonly span: Span } & (
  | { readonly kind: 'block'; readonly body: readonly TypedStatement[] }
  | { readonly kind: 'expression'; readonly value: TypedExpr }
  /** A local comes to life; `init` is complete: what it does not name is zeroed if `zeroed`. */
  | {
      readonly kind: 'local';
      readonly variable: LocalVariable;
      readonly zeroed: boolean;
      readonly init: readonly InitEntry[];
    }
  | {
      readonly kind: 'if';
      readonly test: TypedExpr;
      readonly then: TypedStatement;
      readonly otherwise?: TypedStatement;
    }
  | { readonly kind: 'while'; readonly test: TypedExpr; readonly body: TypedStatement }
  | { readonly kind: 'do'; readonly body: TypedStatement; readonly test: TypedExpr }
  | {
      readonly kind: 'for';
      readonly init: readonly TypedStatement[];
      readonly test?: TypedExpr;
      readonly update?: TypedExpr;
      readonly body: TypedStatement;
    }
  /** Jumps to the `case` statement (anywhere in `body`) with the number that `cases` gives; else `fallback`; else behind. */
  | {
      readonly kind: 'switch';
      readonly value: TypedExpr;
      readonly cases: readonly { readonly value: bigint; readonly target: number }[];
      readonly fallback?: number;
      readonly body: TypedStatement;
    }
  /** The place of a case label: `target` is unique in the function. */
  | { readonly kind: 'case'; readonly target: number }
  | { readonly kind: 'label'; readonly name: string }
  | { readonly kind: 'goto'; readonly label: string }
  | { readonly kind: 'break' }
  | { readonly kind: 'continue' }
  | { readonly kind: 'return'; readonly value?: TypedExpr }
);

export interface TypedFunction {
  readonly name: string;
  readonly nameSpan: Span;
  readonly type: FunctionType;
  /** Parameters first. Blocks may have variables of one name: the one declared first is listed first. */
  readonly locals: readonly LocalVariable[];
  readonly body: TypedStatement;
  readonly span: Span;
}

/** A checked driver. */
export interface TypedProgram {
  readonly functions: ReadonlyMap<string, TypedFunction>;
  readonly globals: readonly GlobalVariable[];
  /** The functions given to `module_init` and `module_exit`. */
  readonly init?: string;
  readonly exit?: string;
}
