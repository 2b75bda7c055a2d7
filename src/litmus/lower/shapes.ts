/** Shapes of objects: what the machine knows of C's types when a pointer is followed. */
import type { CType, DataModel, StructType } from '../../c/types.js';
import { ObjectShape, Scalar, SIGNED, type ShapeLeaf } from '../../kernel/object-shape.js';
import { byteSize, isTable, isWide, leaves, wordsOfType } from './layout.js';

/** The kind of scalar that a type is in memory. */
export function scalarOf(type: CType, model: DataModel): number {
  if (isWide(type, model)) return Scalar.Int64;
  if (type.kind === 'pointer') return type.user ? Scalar.Int32 : Scalar.Pointer;
  if (type.kind !== 'int') return Scalar.Opaque;
  return type.bits === 8 ? Scalar.Int8 : type.bits === 16 ? Scalar.Int16 : Scalar.Int32;
}

function shapeLeaf(type: CType, word: number, byte: number, model: DataModel): ShapeLeaf {
  const signed = type.kind === 'int' && type.signed && type.bits < 32;
  const kind = scalarOf(type, model) | (signed ? SIGNED : 0);
  return { word, byte, bytes: byteSize(type, model), kind };
}

/** Two members of a union that do not lie in the same words. */
export interface UnionConflict {
  readonly union: StructType;
  readonly first: string;
  readonly second: string;
}

/**
 * Looks for a union whose members do not share words. They do where they have the same scalars at the same bytes, or numbers of 32
 * and 64 bits: those are made of the same halves.
 */
export function unionConflict(type: CType, model: DataModel): UnionConflict | undefined {
  if (type.kind === 'array') return unionConflict(type.of, model);
  if (type.kind !== 'struct' || type.origin === 'kernel') return undefined;
  const fields = [...type.fields!.values()];
  for (const f of fields) {
    const inner = unionConflict(f.type, model);
    if (inner) return inner;
  }
  if (!type.union) return undefined;
  const parts = fields.flatMap((f) =>
    leaves(f.type, model).map((leaf) => ({
      name: f.name,
      ...shapeLeaf(leaf.type, leaf.word, leaf.byte, model),
    })),
  );
  for (const [i, a] of parts.entries()) {
    const b = parts.slice(i + 1).find((p) => p.name !== a.name && !shareWords(a, p));
    if (b) return { union: type, first: a.name, second: b.name };
  }
  return undefined;
}

const HALVES = Scalar.Int32 | Scalar.Int64;

function shareWords(a: ShapeLeaf, b: ShapeLeaf): boolean {
  if (a.byte >= b.byte + b.bytes || b.byte >= a.byte + a.bytes) return true;
  if ((a.kind & HALVES) !== 0 && (b.kind & HALVES) !== 0) return 4 * (a.word - b.word) === a.byte - b.byte;
  return a.kind === b.kind && a.byte === b.byte && a.word === b.word;
}

/** The shape of the objects of a type. */
export function shapeOf(type: CType, model: DataModel): ObjectShape {
  const parts = leaves(type, model).filter((leaf) => !isTable(leaf.type));
  return new ObjectShape(
    wordsOfType(type, model),
    byteSize(type, model),
    parts.map((leaf) => shapeLeaf(leaf.type, leaf.word, leaf.byte, model)),
  );
}
