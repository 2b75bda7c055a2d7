/**
 * What C code may use that it does not define: the kernel's API for drivers, the system calls for threads. This folder
 * knows none of it; whoever knows gives an {@link Environment}.
 */
import type { Expr } from './ast.js';
import type { Span } from './diagnostics.js';
import type { CType, DataModel } from './types.js';

/** A function. Exactly one of `prototype`, `generic` and `expand` is given. */
export interface ExternalFunction {
  /** As in a header: `int remap_pfn_range(struct vm_area_struct *vma, unsigned long addr, ...)`. */
  readonly prototype?: string;
  /**
   * For macros like `min()` and `get_user()`: the signature for arguments of these types, or what is wrong.
   * Arrays have become pointers, nothing has been promoted; the type of a type argument is that type.
   */
  readonly generic?: (args: readonly CType[], model: DataModel) => GenericSignature | string;
  /** For macros that are C: the expression that a call of them is, or what is wrong. `span` is the call's. */
  readonly expand?: (args: readonly Expr[], span: Span) => Expr | string;
  /** Arrays among the arguments of `generic` stay arrays: they are looked at, not passed. */
  readonly arrays?: boolean;
  /** The value for constant arguments, if the call is to be folded: `BIT(3)`. A type argument is its size. */
  readonly evaluate?: (args: readonly bigint[], model: DataModel) => bigint | undefined;
  /** Its name may be used as a value: it is made to stand in a table of operations. */
  readonly handler?: unknown;
}

export interface GenericSignature {
  readonly result: CType;
  readonly parameters: readonly CType[];
  /** Arguments (by position) that the macro assigns: their address is passed, the parameter is a pointer. */
  readonly byReference?: readonly number[];
  /** The value, if the types alone determine it; the arguments are then not evaluated. */
  readonly value?: bigint;
}

/** A constant. `type` is C text: `unsigned long`, `pgprot_t`, `void *`. */
export interface ExternalConstant {
  readonly type: string;
  /** Its value; without one it is known when the test runs: usable in expressions, not where C wants a constant. */
  readonly value?: bigint;
  /** What a run-time constant is, for messages: `region`. */
  readonly what?: string;
  /** May stand in a static initialiser although it has no value yet: `THIS_MODULE`. */
  readonly address?: boolean;
}

export interface ExternalField {
  readonly name: string;
  /** C text of the type, without the name: `unsigned long`, `int (*)(struct file *, struct vm_area_struct *)`. */
  readonly type: string;
  /** Drivers must not assign it; says what to do instead. */
  readonly readonly?: string;
}

/** A kernel struct: the fields that drivers may name. */
export interface ExternalStruct {
  readonly fields: readonly ExternalField[];
  /** In bytes; given if drivers may declare objects of the type. */
  readonly size?: number;
  /** How it is written, if not `struct tag`: `atomic_t`. */
  readonly spelling?: string;
  /** A value handled like an integer: pgprot_t. */
  readonly scalar?: boolean;
  /** Pointers to it may be moved: struct page. */
  readonly arithmetic?: boolean;
}

export interface Environment {
  readonly model: DataModel;
  /** `user`: every pointer is a user pointer, as in threads. `kernel`: pointers are handles unless marked `__user`. */
  readonly space: 'kernel' | 'user';
  lookupFunction(name: string): ExternalFunction | undefined;
  lookupConstant(name: string): ExternalConstant | undefined;
  /** A struct by its tag. */
  lookupStruct(tag: string): ExternalStruct | undefined;
  /** A typedef, as C text: `vm_fault_t` is `unsigned int`. */
  lookupTypedef(name: string): string | undefined;
  /** `DEFINE_MUTEX(x)` declares an object of type `struct mutex`: C text, or `ignore`, `init`, `exit`. */
  lookupMacro(name: string): FileScopeMacro | undefined;
  /** All names of a kind, for "did you mean". */
  names(kind: 'function' | 'constant' | 'struct' | 'typedef' | 'macro'): Iterable<string>;
}

/** A macro call at file scope. */
export type FileScopeMacro =
  /** Declares its first argument with this type. */
  | { readonly kind: 'object'; readonly type: string }
  /** Names the function that runs when the module is loaded or unloaded. */
  | { readonly kind: 'init' | 'exit' }
  | { readonly kind: 'ignore' };
