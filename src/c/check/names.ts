/** Scopes: what a name stands for where it is used. */
import type { MacroDefinition } from '../ast.js';
import type { Span } from '../diagnostics.js';
import type { GlobalVariable, LocalVariable } from '../typed.js';
import type { CType, FunctionType } from '../types.js';

export type Name =
  | { readonly kind: 'local'; readonly variable: LocalVariable; readonly const: boolean; readonly span: Span }
  | { readonly kind: 'global'; readonly variable: GlobalVariable; readonly span: Span }
  | { readonly kind: 'function'; readonly type: FunctionType; defined: boolean; readonly span: Span }
  | { readonly kind: 'enumerator'; readonly value: bigint; readonly span: Span }
  | { readonly kind: 'typedef'; readonly type: CType; readonly const: boolean; readonly span: Span };

/** One level of names; `outer` is looked at next. */
export class Scope {
  readonly #names = new Map<string, Name>();

  constructor(readonly outer?: Scope) {}

  find(name: string): Name | undefined {
    return this.#names.get(name) ?? this.outer?.find(name);
  }

  /** The meaning that this very level gives. */
  own(name: string): Name | undefined {
    return this.#names.get(name);
  }

  set(name: string, meaning: Name): void {
    this.#names.set(name, meaning);
  }

  /** All names that can be seen from here. */
  *visible(): Iterable<string> {
    yield* this.#names.keys();
    if (this.outer) yield* this.outer.visible();
  }
}

export type Macros = ReadonlyMap<string, MacroDefinition>;
