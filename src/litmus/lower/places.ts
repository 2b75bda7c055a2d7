/** Objects as the machine finds them: in the frame, among the globals, behind a pointer, in a kernel struct, in user memory. */
import type { LValue, TypedExpr } from '../../c/typed.js';
import type { CType, PointerType, StructType } from '../../c/types.js';
import { handle, HandleKind } from '../../kernel/handle.js';
import { Undefined } from '../../kernel/routine.js';
import type { ApiField } from '../api/index.js';
import { apiStruct } from '../api/index.js';
import { combined, type Operand } from './code.js';
import { byteSize, fieldWord, wordsOfType } from './layout.js';
import type { Lowering } from './lowering.js';
import type { Ev } from './values.js';

/** An index into an array inside an object. */
interface Index {
  readonly operand: Operand;
  readonly words: number;
  readonly bytes: number;
  readonly length: number;
}

/** An object in words that the driver (or a thread's frame) owns. */
export interface Place {
  readonly kind: 'frame' | 'global';
  /** Of `frame`: slot from the header. Of `global`: word of the world. */
  readonly word: number;
  readonly indices: readonly Index[];
  /** Another thread may see it: an access is a scheduling point. */
  readonly shared: boolean;
}

/** An object behind a kernel pointer. */
export interface PointerPlace {
  readonly kind: 'pointer';
  readonly pointer: Operand;
  /** Bytes behind the pointer, and words if it points to what its type says. */
  readonly byte: number;
  readonly word: number;
  readonly indices: readonly Index[];
}

/** A member of a kernel struct. */
export interface FieldPlace {
  readonly kind: 'field';
  readonly object: Operand;
  readonly field: ApiField;
}

/** User memory, from a thread. */
export interface UserPlace {
  readonly kind: 'user';
  readonly pointer: Operand;
  readonly byte: number;
}

export type AnyPlace = Place | PointerPlace | FieldPlace | UserPlace;

/** Finds out where an object lies. Emits code for what its pointers and indices need. */
export function lowerPlace(fn: Lowering, lv: LValue): AnyPlace {
  switch (lv.kind) {
    case 'local':
      return { kind: 'frame', word: fn.slotOf(lv.variable), indices: [], shared: false };
    case 'global': {
      const word = fn.session.globalWord(lv.variable);
      return { kind: 'global', word, indices: [], shared: !lv.variable.const };
    }
    case 'deref':
      return derefPlace(fn, lv.pointer);
    case 'member':
      return memberPlace(fn, lv);
    case 'element':
      return elementPlace(fn, lv);
  }
}

function derefPlace(fn: Lowering, pointer: TypedExpr): PointerPlace | UserPlace {
  const operand = fn.value(pointer);
  if ((pointer.type as PointerType).user) return { kind: 'user', pointer: operand, byte: 0 };
  return { kind: 'pointer', pointer: operand, byte: 0, word: 0, indices: [] };
}

function memberPlace(fn: Lowering, lv: LValue & { kind: 'member' }): AnyPlace {
  const { struct, field, object } = lv;
  if (struct.origin === 'kernel') return kernelField(fn, lv);
  const place = lowerPlace(fn, object);
  const word = fieldWord(struct, field, fn.model);
  switch (place.kind) {
    case 'field':
      return fn.session.fail('PFN3004', 'a member of a kernel object has no parts', lv.span);
    case 'user':
      return { ...place, byte: place.byte + field.offset };
    case 'pointer':
      return { ...place, byte: place.byte + field.offset, word: place.word + word };
    default:
      return { ...place, word: place.word + word };
  }
}

function kernelField(fn: Lowering, lv: LValue & { kind: 'member' }): FieldPlace {
  const { struct, field, object } = lv;
  if (object.kind === 'member' && object.struct.origin === 'kernel') {
    // a kernel struct inside another: reading it gives the handle of what holds it
    const outer = kernelField(fn, object);
    const part = combined(
      (k, f) => {
        const h = outer.object.ev(k, f);
        return k.stopped ? 0 : outer.field.get(k, h);
      },
      [outer.object],
    );
    return { kind: 'field', object: part, field: fieldOf(struct, field.name) };
  }
  if (object.kind !== 'deref') {
    return fn.session.fail('PFN3003', `tables of operations cannot be read or changed`, lv.span, {
      suggestion: 'write a second table and choose between the two',
    });
  }
  return { kind: 'field', object: fn.value(object.pointer), field: fieldOf(struct, field.name) };
}

function fieldOf(struct: StructType, name: string): ApiField {
  return apiStruct(struct.tag)!.fields.find((f) => f.name === name)!;
}

function elementPlace(fn: Lowering, lv: LValue & { kind: 'element' }): AnyPlace {
  const place = lowerPlace(fn, lv.array);
  const words = wordsOfType(lv.type, fn.model);
  const bytes = byteSize(lv.type, fn.model);
  if (place.kind === 'field')
    return fn.session.fail('PFN3004', 'a member of a kernel object has no parts', lv.span);
  if (lv.index.kind === 'constant') {
    const i = Number(lv.index.value);
    if (place.kind === 'user') return { ...place, byte: place.byte + i * bytes };
    const word = place.word + i * words;
    return place.kind === 'pointer' ? { ...place, word, byte: place.byte + i * bytes } : { ...place, word };
  }
  if (place.kind === 'user')
    return fn.session.fail('PFN3001', 'an array in user memory needs constant indices', lv.span);
  const { length } = lv.array.type as CType & { kind: 'array' };
  return { ...place, indices: [...place.indices, { operand: fn.value(lv.index), words, bytes, length }] };
}

/** Everything that must be computed to find the object. */
export function operandsOf(place: AnyPlace): readonly Operand[] {
  switch (place.kind) {
    case 'field':
      return [place.object];
    case 'user':
      return [place.pointer];
    case 'pointer':
      return [place.pointer, ...place.indices.map((i) => i.operand)];
    default:
      return place.indices.map((i) => i.operand);
  }
}

/** The place with other operands in their order. */
export function withOperands<P extends AnyPlace>(
  place: P,
  change: (operand: Operand, isPointer: boolean) => Operand,
): P {
  if (place.kind === 'field') return { ...place, object: change(place.object, true) };
  if (place.kind === 'user') return { ...place, pointer: change(place.pointer, true) };
  const indices = place.indices.map((i) => ({ ...i, operand: change(i.operand, false) }));
  return place.kind === 'pointer'
    ? { ...place, pointer: change(place.pointer, true), indices }
    : { ...place, indices };
}

/** Words (or bytes) that the indices add; freezes the run if one is outside of its array. */
export function indexing(indices: readonly Index[], unit: 'words' | 'bytes'): Ev {
  return (k, f) => {
    let sum = 0;
    for (let i = 0; i < indices.length; i++) {
      const at = indices[i]!;
      const n = at.operand.ev(k, f);
      if (n < 0 || n >= at.length) {
        k.undefinedBehaviour(Undefined.BadPointer);
        return 0;
      }
      sum += n * at[unit];
    }
    return sum;
  };
}

/** The word of the world where an object of the frame or the globals begins. */
export function wordOf(place: Place): Ev {
  const { word, indices } = place;
  const add = indices.length === 0 ? undefined : indexing(indices, 'words');
  if (place.kind === 'frame') return add ? (k, f) => f + word + add(k, f) : (_k, f) => f + word;
  return add ? (k, f) => word + add(k, f) : () => word;
}

/** The handle of an object of the frame or the globals. */
export function handleOf(place: Place): Ev {
  const at = wordOf(place);
  return (k, f) => handle(HandleKind.Data, at(k, f));
}
