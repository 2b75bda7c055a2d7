/** What the parts of the checker share. */
import type { Expr, MacroDefinition, TranslationUnit, TypeExpr } from '../ast.js';
import type { DiagnosticSink, Span } from '../diagnostics.js';
import type { Environment } from '../environment.js';
import type { GlobalVariable, LocalVariable, TypedExpr, TypedFunction } from '../typed.js';
import type { CType, DataModel } from '../types.js';
import { Conversions } from './convert.js';
import { Scope } from './names.js';
import { Reporter } from './reporter.js';
import { TypeTable } from './type-table.js';

/** A function while its body is checked. */
export interface FunctionState {
  readonly name: string;
  readonly result: CType;
  readonly locals: LocalVariable[];
  readonly labels: Map<string, Span>;
  readonly gotos: { readonly label: string; readonly span: Span }[];
  caseCount: number;
}

/** The way from a part of an expression to the whole: what the parts of the checker need of those that use them. */
export interface Rules {
  /** The value of any expression, string literals included. */
  operand(c: Checker, e: Expr): TypedExpr;
  /** The value of an integer constant expression; `what` needs it: `an array size`. */
  constant(c: Checker, e: Expr, what: string): bigint;
}

export class Checker {
  readonly reporter: Reporter;
  readonly model: DataModel;
  readonly types: TypeTable;
  readonly convert: Conversions;
  readonly fileScope = new Scope();
  scope = this.fileScope;
  /** The function being checked; undefined at file scope. */
  fn: FunctionState | undefined;
  readonly globals: GlobalVariable[] = [];
  readonly functions = new Map<string, TypedFunction>();
  /** Typed values of macros, with how large they are; null while one is being expanded. */
  readonly macroValues = new Map<string, { value: TypedExpr; size: number } | null>();
  /** Nodes that macros have expanded to. */
  expanded = 0;

  constructor(
    readonly env: Environment,
    readonly unit: Pick<TranslationUnit, 'items' | 'macros'>,
    sink: DiagnosticSink,
    readonly rules: Rules,
  ) {
    this.reporter = new Reporter(sink);
    this.model = env.model;
    this.convert = new Conversions(this.model, this.reporter);
    this.types = new TypeTable(env, this.reporter, tagsOf(unit), {
      constantValue: (e, what) => rules.constant(this, e, what),
      findName: (name) => this.scope.find(name),
      visibleNames: () => this.scope.visible(),
      declareEnumerator: (name, value, span) => {
        if (this.scope.own(name)) this.reporter.error('PFN1106', `\`${name}\` is declared twice`, span);
        this.scope.set(name, { kind: 'enumerator', value, span });
      },
    });
  }

  /** The value of any expression, string literals included. */
  operand(e: Expr): TypedExpr {
    return this.rules.operand(this, e);
  }

  /** Runs `inside` in a new block scope. */
  nested<T>(inside: () => T): T {
    const outer = this.scope;
    this.scope = new Scope(outer);
    try {
      return inside();
    } finally {
      this.scope = outer;
    }
  }

  macro(name: string): MacroDefinition | undefined {
    return this.unit.macros.get(name);
  }

  /** Every name that could be meant where a value is used. */
  *valueNames(): Iterable<string> {
    yield* this.scope.visible();
    yield* this.unit.macros.keys();
    yield* this.env.names('constant');
  }

  *functionNames(): Iterable<string> {
    yield* this.scope.visible();
    yield* this.env.names('function');
  }
}

const tagCache = new WeakMap<object, ReadonlySet<string>>();

/** Struct tags that the file defines or declares anywhere, functions included. */
function tagsOf(unit: Pick<TranslationUnit, 'items'>): ReadonlySet<string> {
  const known = tagCache.get(unit.items);
  if (known) return known;
  const tags = new Set<string>();
  tagCache.set(unit.items, tags);
  const stack: unknown[] = [...unit.items];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (typeof node !== 'object' || node === null) continue;
    const { kind } = node as { kind?: string };
    if (kind === 'struct') {
      const e = node as TypeExpr & { kind: 'struct' };
      if (e.fields && e.tag !== undefined) tags.add(e.tag);
    } else if (kind === 'type') {
      const { type } = node as { type: TypeExpr };
      if (type.kind === 'struct' && type.tag !== undefined) tags.add(type.tag);
    }
    stack.push(...Object.values(node));
  }
  return tags;
}
