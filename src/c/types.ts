/** C's types, for a data model. */

/** What the C implementation leaves to the machine. */
export interface DataModel {
  /** ILP32: long and pointers have 32 bits; LP64: 64. */
  readonly name: 'ILP32' | 'LP64';
  /** Whether plain `char` is signed (the kernel builds with -funsigned-char since 6.2). */
  readonly charSigned: boolean;
}

export interface VoidType {
  readonly kind: 'void';
}

export interface IntType {
  readonly kind: 'int';
  /** Canonical name: `unsigned long`. */
  readonly name: string;
  readonly bits: 8 | 16 | 32 | 64;
  readonly signed: boolean;
  /** Conversion rank: bool 0, char 1, short 2, int 3, long 4, long long 5. */
  readonly rank: number;
}

export interface PointerType {
  readonly kind: 'pointer';
  readonly to: CType;
  /** The object pointed to is const. */
  readonly toConst: boolean;
  /** A pointer into user memory: a byte address as wide as `unsigned long`. Other pointers are kernel handles. */
  readonly user: boolean;
}

export interface ArrayType {
  readonly kind: 'array';
  readonly of: CType;
  readonly length: number;
}

export interface FunctionType {
  readonly kind: 'function';
  readonly result: CType;
  readonly parameters: readonly { readonly name?: string; readonly type: CType }[];
  readonly variadic: boolean;
}

export interface Field {
  readonly name: string;
  readonly type: CType;
  /** Position among the fields, from 0. */
  readonly index: number;
  /** Offset in bytes; 0 in opaque structs. */
  readonly offset: number;
  /** The field is not to be assigned by drivers; says what to do instead. */
  readonly readonly?: string;
}

export interface StructType {
  readonly kind: 'struct';
  /** All fields lie at its start. */
  readonly union: boolean;
  readonly tag: string;
  /** `driver`: defined in C, with a layout. `kernel`: known by its fields only. */
  readonly origin: 'driver' | 'kernel';
  /** Undefined while the struct is incomplete. */
  fields: ReadonlyMap<string, Field> | undefined;
  /** In bytes; undefined if objects of the type cannot be declared. */
  size: number | undefined;
  align: number;
  /** An opaque value that is passed and assigned like an integer: pgprot_t. */
  readonly scalar: boolean;
  /** `ptr + n` makes sense: struct page. */
  readonly arithmetic: boolean;
}

export type CType = VoidType | IntType | PointerType | ArrayType | FunctionType | StructType;

export const VOID: VoidType = { kind: 'void' };

const int = (name: string, bits: IntType['bits'], signed: boolean, rank: number): IntType => ({
  kind: 'int',
  name,
  bits,
  signed,
  rank,
});

export const BOOL = int('_Bool', 8, false, 0);
export const SCHAR = int('signed char', 8, true, 1);
export const UCHAR = int('unsigned char', 8, false, 1);
export const SHORT = int('short', 16, true, 2);
export const USHORT = int('unsigned short', 16, false, 2);
export const INT = int('int', 32, true, 3);
export const UINT = int('unsigned int', 32, false, 3);
export const LONG32 = int('long', 32, true, 4);
export const ULONG32 = int('unsigned long', 32, false, 4);
export const LONG64 = int('long', 64, true, 4);
export const ULONG64 = int('unsigned long', 64, false, 4);
export const LLONG = int('long long', 64, true, 5);
export const ULLONG = int('unsigned long long', 64, false, 5);
const CHAR_SIGNED = int('char', 8, true, 1);
const CHAR_UNSIGNED = int('char', 8, false, 1);

export function charType(model: DataModel): IntType {
  return model.charSigned ? CHAR_SIGNED : CHAR_UNSIGNED;
}

export function longType(model: DataModel): IntType {
  return model.name === 'LP64' ? LONG64 : LONG32;
}

export function ulongType(model: DataModel): IntType {
  return model.name === 'LP64' ? ULONG64 : ULONG32;
}

export function pointerTo(to: CType, user: boolean, toConst = false): PointerType {
  return { kind: 'pointer', to, toConst, user };
}

/**
 * The integer type that a list of specifiers names, in any order: `long unsigned`, `unsigned long long int`.
 * @returns undefined if the combination is not C
 */
export function builtinType(words: readonly string[], model: DataModel): CType | undefined {
  const count = (word: string): number => words.filter((w) => w === word).length;
  const unsigned = count('unsigned');
  const signed = count('signed') + count('__signed__');
  const longs = count('long');
  const [short, char, plain] = [count('short'), count('char'), count('int')];
  const bool = count('bool') + count('_Bool');
  const voids = count('void');
  const bases = (short > 0 ? 1 : 0) + (char > 0 ? 1 : 0) + (longs > 0 ? 1 : 0) + bool + voids;
  if (
    words.length === 0 ||
    unsigned + signed > 1 ||
    bases > 1 ||
    plain > 1 ||
    longs > 2 ||
    short > 1 ||
    char > 1
  ) {
    return undefined;
  }
  if (bool + voids > 0) return words.length > 1 ? undefined : voids ? VOID : BOOL;
  if (char > 0) return plain > 0 ? undefined : unsigned ? UCHAR : signed ? SCHAR : charType(model);
  if (short > 0) return unsigned ? USHORT : SHORT;
  if (longs === 2) return unsigned ? ULLONG : LLONG;
  if (longs === 1) return unsigned ? ulongType(model) : longType(model);
  return unsigned ? UINT : INT;
}

/** Typedefs of C's and the kernel's own integers; every test may use them. */
export const STANDARD_TYPEDEFS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    bool: '_Bool',
    _Bool: '_Bool',
    u8: 'unsigned char',
    u16: 'unsigned short',
    u32: 'unsigned int',
    u64: 'unsigned long long',
    s8: 'signed char',
    s16: 'short',
    s32: 'int',
    s64: 'long long',
    __u8: 'unsigned char',
    __u16: 'unsigned short',
    __u32: 'unsigned int',
    __u64: 'unsigned long long',
    __s8: 'signed char',
    __s16: 'short',
    __s32: 'int',
    __s64: 'long long',
    uint8_t: 'unsigned char',
    uint16_t: 'unsigned short',
    uint32_t: 'unsigned int',
    uint64_t: 'unsigned long long',
    int8_t: 'signed char',
    int16_t: 'short',
    int32_t: 'int',
    int64_t: 'long long',
    uintptr_t: 'unsigned long',
    intptr_t: 'long',
    size_t: 'unsigned long',
    ssize_t: 'long',
    uint: 'unsigned int',
    ulong: 'unsigned long',
    ushort: 'unsigned short',
  }),
);

/** Whether two types are the same, qualifiers aside (`char` and `signed char` count as one). */
export function sameType(a: CType, b: CType): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  switch (a.kind) {
    case 'int':
      return b.kind === 'int' && a.bits === b.bits && a.signed === b.signed && a.rank === b.rank;
    case 'pointer':
      return b.kind === 'pointer' && a.user === b.user && sameType(a.to, b.to);
    case 'array':
      return b.kind === 'array' && a.length === b.length && sameType(a.of, b.of);
    case 'function':
      return b.kind === 'function' && sameFunction(a, b);
    case 'struct':
      return false;
    default:
      return true;
  }
}

function sameFunction(a: FunctionType, b: FunctionType): boolean {
  return (
    a.variadic === b.variadic &&
    a.parameters.length === b.parameters.length &&
    sameType(a.result, b.result) &&
    a.parameters.every((p, i) => sameType(p.type, b.parameters[i]!.type))
  );
}

/** The type that a small integer becomes in arithmetic (C11 6.3.1.1). */
export function promote(type: IntType): IntType {
  return type.rank < INT.rank ? INT : type;
}

/** The common type of two operands (C11 6.3.1.8). */
export function usualArithmetic(a: IntType, b: IntType): IntType {
  const [x, y] = [promote(a), promote(b)];
  if (sameType(x, y)) return x;
  if (x.signed === y.signed) return x.rank >= y.rank ? x : y;
  const [u, s] = x.signed ? [y, x] : [x, y];
  if (u.rank >= s.rank) return u;
  if (s.bits > u.bits) return s;
  return unsignedOf(s);
}

function unsignedOf(type: IntType): IntType {
  const of: Record<number, IntType> = { 3: UINT, 4: type.bits === 64 ? ULONG64 : ULONG32, 5: ULLONG };
  return of[type.rank]!;
}

/** The value that an integer has after conversion to a type: modulo 2^bits; to bool: not zero. */
export function wrap(value: bigint, type: IntType): bigint {
  if (type.rank === 0) return value === 0n ? 0n : 1n;
  return type.signed ? BigInt.asIntN(type.bits, value) : BigInt.asUintN(type.bits, value);
}

/** A scalar has one value: it can be tested, compared, passed. */
export function isScalar(type: CType): boolean {
  return type.kind === 'int' || type.kind === 'pointer' || (type.kind === 'struct' && type.scalar);
}

/** Size in bytes; undefined for incomplete and opaque types. */
export function sizeOf(type: CType, model: DataModel): number | undefined {
  switch (type.kind) {
    case 'int':
      return type.bits / 8;
    case 'pointer':
      return model.name === 'LP64' ? 8 : 4;
    case 'array': {
      const each = sizeOf(type.of, model);
      return each === undefined ? undefined : each * type.length;
    }
    case 'struct':
      return type.size;
    case 'void':
      return 1;
    default:
      return undefined;
  }
}

/** Alignment in bytes. */
export function alignOf(type: CType, model: DataModel): number {
  if (type.kind === 'array') return alignOf(type.of, model);
  if (type.kind === 'struct') return type.align;
  return sizeOf(type, model) ?? 1;
}

/** The C spelling of a type, for messages. */
export function typeName(type: CType, inner = ''): string {
  const join = (base: string): string =>
    inner === '' ? base : inner.startsWith('*') ? `${base} ${inner}` : `${base} ${inner}`;
  switch (type.kind) {
    case 'void':
      return join('void');
    case 'int':
      return join(type.name);
    case 'struct':
      return join(type.scalar ? type.tag : `${type.union ? 'union' : 'struct'} ${type.tag}`);
    case 'pointer': {
      const star = `${type.user ? '__user ' : ''}*${inner}`;
      const nested = type.to.kind === 'array' || type.to.kind === 'function' ? `(${star})` : star;
      const name = typeName(type.to, nested);
      return type.toConst ? `const ${name}` : name;
    }
    case 'array':
      return typeName(type.of, `${inner}[${type.length}]`);
    case 'function': {
      const list = type.parameters.map((p) => typeName(p.type, p.name ?? ''));
      if (type.variadic) list.push('...');
      return typeName(type.result, `${inner}(${list.length === 0 ? 'void' : list.join(', ')})`);
    }
  }
}
