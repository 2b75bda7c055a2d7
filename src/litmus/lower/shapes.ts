/** Shapes of objects: what the machine knows of C's types when a pointer is followed. */
import type { CType, DataModel } from '../../c/types.js';
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

/** The shape of the objects of a type. */
export function shapeOf(type: CType, model: DataModel): ObjectShape {
  const parts = leaves(type, model).filter((leaf) => !isTable(leaf.type));
  return new ObjectShape(
    wordsOfType(type, model),
    byteSize(type, model),
    parts.map((leaf) => shapeLeaf(leaf.type, leaf.word, leaf.byte, model)),
  );
}
