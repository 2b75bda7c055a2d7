/** From types as written to types: tags, typedefs, layouts, and the environment's types. */
import type { EnumTypeExpr, Expr, FieldDeclaration, StructTypeExpr, TypeExpr } from '../ast.js';
import type { Span } from '../diagnostics.js';
import type { Environment, ExternalStruct } from '../environment.js';
import { readPrototype, readType, type TypeResolver } from '../prototype.js';
import { didYouMean } from '../suggest.js';
import * as T from '../types.js';
import type { CType, DataModel, Field, FunctionType, StructType } from '../types.js';
import type { Name } from './names.js';
import type { Reporter } from './reporter.js';

/** Larger objects than this make no test, only a state space that nobody can search. */
const MAX_OBJECT_BYTES = 65536;

/** What the table asks of the expression checker and of scopes. */
export interface TypeHost {
  /** The value of an integer constant expression. */
  constantValue(e: Expr, what: string): bigint;
  findName(name: string): Name | undefined;
  visibleNames(): Iterable<string>;
  declareEnumerator(name: string, value: bigint, span: Span): void;
}

export class TypeTable implements TypeResolver {
  readonly model: DataModel;
  readonly allUser: boolean;
  readonly #structs = new Map<string, StructType>();
  readonly #enums = new Map<string, T.IntType>();
  /** Struct and enum specifiers already seen: `struct s {...} a, b;` has one. */
  readonly #seen = new Map<TypeExpr, CType>();
  readonly #prototypes = new Map<string, FunctionType>();
  readonly #texts = new Map<string, CType>();

  constructor(
    readonly env: Environment,
    readonly reporter: Reporter,
    /** Tags that the file defines or declares anywhere. */
    readonly ownTags: ReadonlySet<string>,
    readonly host: TypeHost,
  ) {
    this.model = env.model;
    this.allUser = env.space === 'user';
  }

  /** The type that a type expression stands for. */
  resolve(e: TypeExpr): CType {
    switch (e.kind) {
      case 'builtin':
        return (
          T.builtinType(e.words, this.model) ??
          this.reporter.fail('PFN1103', `\`${e.words.join(' ')}\` is not a type`, e.span, {
            expected: 'an integer type',
          })
        );
      case 'named':
        return this.#named(e.name, e.span);
      case 'struct':
        return this.#struct(e);
      case 'enum':
        return this.#enum(e);
      case 'pointer':
        return T.pointerTo(this.resolve(e.to), e.user || this.allUser, e.to.const);
      case 'array':
        return this.#array(e);
      case 'function':
        return this.resolveFunction(e);
    }
  }

  resolveFunction(e: TypeExpr & { kind: 'function' }): FunctionType {
    const result = this.resolve(e.result);
    this.#byValue(result, e.result.span, 'returned');
    const parameters = e.parameters.map((p) => {
      const type = this.decay(this.resolve(p.type));
      if (type.kind === 'void') this.reporter.fail('PFN1107', 'a parameter cannot have type `void`', p.span);
      this.#byValue(type, p.span, 'passed');
      return { ...(p.name !== undefined ? { name: p.name } : {}), type };
    });
    return { kind: 'function', result, parameters, variadic: e.variadic };
  }

  #byValue(type: CType, at: Span, how: string): void {
    if (type.kind === 'struct' && !type.scalar) {
      this.reporter.fail('PFN1133', `structs cannot be ${how} by value`, at, { expected: 'a pointer to it' });
    }
    if (type.kind === 'array' || type.kind === 'function')
      this.reporter.fail('PFN1107', `\`${T.typeName(type)}\` cannot be ${how}`, at);
  }

  /** What a parameter of array or function type is. */
  decay(type: CType): CType {
    if (type.kind === 'array') return T.pointerTo(type.of, this.allUser);
    return type.kind === 'function' ? T.pointerTo(type, false) : type;
  }

  // --- names of types ---

  #named(name: string, at: Span): CType {
    const own = this.host.findName(name);
    if (own?.kind === 'typedef') return own.type;
    return this.typedef(name) ?? this.#unknownType(name, at, own);
  }

  #unknownType(name: string, at: Span, own: Name | undefined): never {
    if (own)
      this.reporter.fail('PFN1103', `\`${name}\` is not a type`, at, {
        notes: [{ message: 'declared here', span: own.span }],
      });
    if (this.env.lookupStruct(name) || this.ownTags.has(name)) {
      this.reporter.fail('PFN1103', `unknown type \`${name}\``, at, {
        suggestion: `did you mean \`struct ${name}\`?`,
      });
    }
    if (/^(va_list|jmp_buf|FILE)$/.test(name))
      this.reporter.fail('PFN1010', `\`${name}\` is not supported`, at);
    const known = [
      ...this.env.names('typedef'),
      ...T.STANDARD_TYPEDEFS.keys(),
      'unsigned',
      'int',
      'long',
      'void',
      'char',
    ];
    return this.reporter.fail(
      'PFN1103',
      `unknown type \`${name}\``,
      at,
      didYouMean(name, [...known, ...this.host.visibleNames()]),
    );
  }

  typedef(name: string): CType | undefined {
    const own = this.host.findName(name);
    if (own?.kind === 'typedef') return own.type;
    const text = this.env.lookupTypedef(name) ?? T.STANDARD_TYPEDEFS.get(name);
    return text === undefined ? undefined : this.fromText(text);
  }

  /** Reads a type of the environment. */
  fromText(text: string): CType {
    let type = this.#texts.get(text);
    if (!type) this.#texts.set(text, (type = readType(text, this)));
    return type;
  }

  /** Reads a prototype of the environment. */
  prototype(text: string): FunctionType {
    let type = this.#prototypes.get(text);
    if (!type) this.#prototypes.set(text, (type = readPrototype(text, this).type));
    return type;
  }

  /** The struct with a tag: the file's own, or the environment's. Unknown tags give an incomplete type. */
  struct(tag: string, union = false): StructType {
    let type = this.#structs.get(tag);
    if (!type) {
      const external = this.ownTags.has(tag) ? undefined : this.env.lookupStruct(tag);
      type = external ? this.#kernelStruct(tag, external) : incomplete(tag, union);
      this.#structs.set(tag, type);
    }
    return type;
  }

  #kernelStruct(tag: string, external: ExternalStruct): StructType {
    let fields: ReadonlyMap<string, Field> | undefined;
    const read = (): ReadonlyMap<string, Field> =>
      new Map(
        external.fields.map((f, index): [string, Field] => [
          f.name,
          {
            name: f.name,
            type: this.fromText(f.type),
            index,
            offset: 0,
            ...(f.readonly ? { readonly: f.readonly } : {}),
          },
        ]),
      );
    return {
      kind: 'struct',
      union: false,
      tag,
      origin: 'kernel',
      get fields() {
        return (fields ??= read());
      },
      size: external.size,
      align: Math.min(external.size ?? 1, 8),
      scalar: external.scalar ?? false,
      arithmetic: external.arithmetic ?? false,
    };
  }

  // --- definitions ---

  #struct(e: StructTypeExpr): CType {
    if (!e.fields) {
      const tag = e.tag!;
      if (this.ownTags.has(tag) || this.env.lookupStruct(tag)) return this.#tagged(tag, e);
      const known = [...this.env.names('struct'), ...this.ownTags];
      return this.reporter.fail(
        'PFN1104',
        `unknown ${e.union ? 'union' : 'struct'} \`${tag}\``,
        e.span,
        didYouMean(tag, known),
      );
    }
    const seen = this.#seen.get(e);
    if (seen) return seen;
    const type = e.tag === undefined ? incomplete('(unnamed)', e.union) : this.#tagged(e.tag, e);
    this.#seen.set(e, type);
    if (type.fields || type.origin === 'kernel') {
      this.reporter.fail('PFN1106', `\`${T.typeName(type)}\` is defined twice`, e.span);
    }
    this.#layout(type, e.fields);
    return type;
  }

  #tagged(tag: string, e: StructTypeExpr): StructType {
    const type = this.struct(tag, e.union);
    if (type.union === e.union) return type;
    return this.reporter.fail('PFN1106', `\`${tag}\` is a ${type.union ? 'union' : 'struct'}`, e.span, {
      expected: `\`${T.typeName(type)}\``,
    });
  }

  #layout(type: StructType, declared: readonly FieldDeclaration[]): void {
    const fields = new Map<string, Field>();
    let size = 0;
    let align = 1;
    for (const f of declared) {
      const fieldType = this.reporter.attempt(() => this.object(this.resolve(f.type), f.span));
      if (!fieldType) continue;
      if (fields.has(f.name)) this.reporter.error('PFN1106', `field \`${f.name}\` is declared twice`, f.span);
      const unit = T.alignOf(fieldType, this.model);
      const offset = type.union ? 0 : Math.ceil(size / unit) * unit;
      fields.set(f.name, { name: f.name, type: fieldType, index: fields.size, offset });
      size = Math.max(size, offset + T.sizeOf(fieldType, this.model)!);
      align = Math.max(align, unit);
    }
    type.fields = fields;
    type.align = align;
    type.size = Math.ceil(size / align) * align;
  }

  /** Checks that an object of a type can be declared. */
  object(type: CType, at: Span): CType {
    if (type.kind === 'pointer' && type.to.kind === 'function') {
      this.reporter.fail('PFN1029', 'function pointers are supported in tables of operations only', at, {
        suggestion: 'call the function by its name',
      });
    }
    const size = T.sizeOf(type, this.model);
    if (size === undefined || type.kind === 'void') {
      this.reporter.fail('PFN1107', `an object of type \`${T.typeName(type)}\` cannot be declared here`, at, {
        ...(type.kind === 'struct' ? { suggestion: `use a pointer: \`${T.typeName(type)} *\`` } : {}),
      });
    }
    if (size > MAX_OBJECT_BYTES)
      this.reporter.fail('PFN1028', `an object of ${size} bytes is too large`, at, {
        expected: `at most ${MAX_OBJECT_BYTES} bytes`,
      });
    return type;
  }

  #array(e: TypeExpr & { kind: 'array' }): CType {
    const of = this.object(this.resolve(e.of), e.span);
    if (!e.length) return { kind: 'array', of, length: UNKNOWN_LENGTH };
    const length = this.host.constantValue(e.length, 'an array size');
    if (length < 1n || length > BigInt(MAX_OBJECT_BYTES)) {
      this.reporter.fail('PFN1028', `an array cannot have ${length} elements`, e.length.span, {
        expected: `1 to ${MAX_OBJECT_BYTES}`,
      });
    }
    return { kind: 'array', of, length: Number(length) };
  }

  #enum(e: EnumTypeExpr): CType {
    const seen = this.#seen.get(e);
    if (seen) return seen;
    if (!e.members) {
      const known = this.#enums.get(e.tag!);
      return (
        known ??
        this.reporter.fail(
          'PFN1104',
          `unknown enum \`${e.tag}\``,
          e.span,
          didYouMean(e.tag!, this.#enums.keys()),
        )
      );
    }
    let next = 0n;
    let negative = false;
    for (const member of e.members) {
      if (member.value) next = this.host.constantValue(member.value, 'an enumerator');
      if (next !== BigInt.asIntN(32, next))
        this.reporter.fail('PFN1027', `\`${member.name}\` does not fit in an int`, member.span);
      if (next < 0n) negative = true;
      this.host.declareEnumerator(member.name, next, member.span);
      next += 1n;
    }
    const type = negative ? T.INT : T.UINT;
    this.#seen.set(e, type);
    if (e.tag !== undefined) {
      if (this.#enums.has(e.tag))
        this.reporter.error('PFN1106', `\`enum ${e.tag}\` is defined twice`, e.span);
      this.#enums.set(e.tag, type);
    }
    return type;
  }
}

/** The length of `int a[]` before its initialiser has been counted. */
export const UNKNOWN_LENGTH = 0;

function incomplete(tag: string, union: boolean): StructType {
  return {
    kind: 'struct',
    union,
    tag,
    origin: 'driver',
    fields: undefined,
    size: undefined,
    align: 1,
    scalar: false,
    arithmetic: false,
  };
}
