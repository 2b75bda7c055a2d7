/**
 * Where C objects lie in words of the world. An integer of up to 32 bits and a kernel pointer take one word, a 64-bit integer
 * and a user pointer of LP64 two (low, high); a lock or counter of the kernel one. Tables of operations take none: they are code.
 */
import type { LValue } from '../../c/typed.js';
import type { CType, DataModel, Field, StructType } from '../../c/types.js';

/** Whether a scalar takes two words. */
export function isWide(type: CType, model: DataModel): boolean {
  if (type.kind === 'int') return type.bits === 64;
  return type.kind === 'pointer' && type.user && model.name === 'LP64';
}

/** Tables whose initialisers become handlers. */
export function isTable(type: CType): boolean {
  return (
    type.kind === 'struct' &&
    type.origin === 'kernel' &&
    (type.tag === 'vm_operations_struct' || type.tag === 'file_operations')
  );
}

/** Words of an object. */
export function wordsOfType(type: CType, model: DataModel): number {
  switch (type.kind) {
    case 'array':
      return type.length * wordsOfType(type.of, model);
    case 'struct':
      if (type.origin === 'kernel') return isTable(type) ? 0 : 1;
      return type.union
        ? Math.max(0, ...[...type.fields!.values()].map((f) => wordsOfType(f.type, model)))
        : [...type.fields!.values()].reduce((n, f) => n + wordsOfType(f.type, model), 0);
    case 'void':
    case 'function':
      return 1;
    default:
      return isWide(type, model) ? 2 : 1;
  }
}

/** Word offset of a field of a driver's struct. */
export function fieldWord(type: StructType, field: Field, model: DataModel): number {
  let at = 0;
  if (type.union) return at;
  for (const f of type.fields!.values()) {
    if (f.index === field.index) break;
    at += wordsOfType(f.type, model);
  }
  return at;
}

/** How far a part of an object lies behind its start. */
export function offsetOf(part: LValue, model: DataModel): { readonly bytes: number; readonly words: number } {
  if (part.kind === 'member') {
    const { bytes, words } = offsetOf(part.object, model);
    return { bytes: bytes + part.field.offset, words: words + fieldWord(part.struct, part.field, model) };
  }
  if (part.kind === 'element' && part.index.kind === 'constant') {
    const { bytes, words } = offsetOf(part.array, model);
    const n = Number(part.index.value);
    return {
      bytes: bytes + n * byteSize(part.type, model),
      words: words + n * wordsOfType(part.type, model),
    };
  }
  return { bytes: 0, words: 0 };
}

/** A scalar inside an object. */
export interface Leaf {
  /** As a condition writes it behind the object's name: `.count`, `[2].next`. */
  readonly path: string;
  readonly type: CType;
  readonly word: number;
  /** Offset in bytes, as C has it. */
  readonly byte: number;
}

/** Every scalar of an object, in order. */
export function leaves(type: CType, model: DataModel, path = '', word = 0, byte = 0): Leaf[] {
  if (type.kind === 'array') {
    const words = wordsOfType(type.of, model);
    const bytes = words === 0 ? 0 : byteSize(type.of, model);
    return Array.from({ length: type.length }, (_, i) =>
      leaves(type.of, model, `${path}[${i}]`, word + i * words, byte + i * bytes),
    ).flat();
  }
  if (type.kind !== 'struct' || type.origin === 'kernel') return [{ path, type, word, byte }];
  return [...type.fields!.values()].flatMap((f) =>
    leaves(f.type, model, `${path}.${f.name}`, word + fieldWord(type, f, model), byte + f.offset),
  );
}

/** Size in bytes of a type whose objects exist. */
export function byteSize(type: CType, model: DataModel): number {
  switch (type.kind) {
    case 'int':
      return type.bits / 8;
    case 'array':
      return type.length * byteSize(type.of, model);
    case 'struct':
      return type.size ?? 0;
    case 'pointer':
      return model.name === 'LP64' ? 8 : 4;
    default:
      return 1;
  }
}
