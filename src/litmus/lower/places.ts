/** Objects as the machine finds them: in the frame, among the globals, behind a pointer, in a kernel struct, in user memory. */
import type { LValue, TypedExpr } from '../../c/typed.js';
import type { CType, PointerType, StructType } from '../../c/types.js';
import { cellAt } from '../../kernel/cells.js';
import { handle, HandleKind, handleIndex, handleKind } from '../../kernel/handle.js';
import type { Kernel } from '../../kernel/kernel.js';
import { Undefined } from '../../kernel/routine.js';
import { cellsOf } from '../../kernel/mm/page_alloc.js';
import { checkObject } from '../../kernel/slab.js';
import type { ApiField } from '../api/index.js';
import { apiStruct } from '../api/index.js';
import { type Operand } from './code.js';
import type { Lowering } from './lowering.js';
import { byteSize, fieldWord, wordsOfType } from './layout.js';
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
  readonly kind: 'frame' | 'global' | 'pointer';
  /** Of `frame`: slot from the header. Of `global`: word of the world. Of `pointer`: words behind the pointer. */
  readonly word: number;
  /** Of `pointer`: bytes behind it, for pointers into pages. */
  readonly byte: number;
  readonly pointer?: Operand;
  readonly indices: readonly Index[];
  /** Another thread may see it: an access is a scheduling point. */
  readonly shared: boolean;
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

export type AnyPlace = Place | FieldPlace | UserPlace;

/** Finds out where an object lies. Emits code for what its pointers and indices need. */
export function lowerPlace(fn: Lowering, lv: LValue): AnyPlace {
  switch (lv.kind) {
    case 'local':
      return { kind: 'frame', word: fn.slotOf(lv.variable), byte: 0, indices: [], shared: false };
    case 'global': {
      const word = fn.session.globalWord(lv.variable);
      return { kind: 'global', word, byte: 0, indices: [], shared: !lv.variable.const };
    }
    case 'deref':
      return derefPlace(fn, lv.pointer);
    case 'member':
      return memberPlace(fn, lv);
    case 'element':
      return elementPlace(fn, lv);
  }
}

function derefPlace(fn: Lowering, pointer: TypedExpr): Place | UserPlace {
  const operand = fn.value(pointer);
  if ((pointer.type as PointerType).user) return { kind: 'user', pointer: operand, byte: 0 };
  return { kind: 'pointer', word: 0, byte: 0, pointer: operand, indices: [], shared: true };
}

function memberPlace(fn: Lowering, lv: LValue & { kind: 'member' }): AnyPlace {
  const { struct, field, object } = lv;
  if (struct.origin === 'kernel') return kernelField(fn, lv);
  const place = lowerPlace(fn, object);
  if (place.kind === 'field')
    return fn.session.fail('PFN3004', 'a member of a kernel object has no parts', lv.span);
  if (place.kind === 'user') return { ...place, byte: place.byte + field.offset };
  return { ...place, word: place.word + fieldWord(struct, field, fn.model), byte: place.byte + field.offset };
}

function kernelField(fn: Lowering, lv: LValue & { kind: 'member' }): FieldPlace {
  const { struct, field, object } = lv;
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
    return { ...place, word: place.word + i * words, byte: place.byte + i * bytes };
  }
  if (place.kind === 'user')
    return fn.session.fail('PFN3001', 'an array in user memory needs constant indices', lv.span);
  const { length } = lv.array.type as CType & { kind: 'array' };
  return { ...place, indices: [...place.indices, { operand: fn.value(lv.index), words, bytes, length }] };
}

/** Everything that must be computed to find the object. */
export function operandsOf(place: AnyPlace): readonly Operand[] {
  if (place.kind === 'field') return [place.object];
  if (place.kind === 'user') return [place.pointer];
  const indices = place.indices.map((i) => i.operand);
  return place.pointer ? [place.pointer, ...indices] : indices;
}

/** Words (or bytes) that the indices add; freezes the run if one is outside of its array. */
function indexing(indices: readonly Index[], unit: 'words' | 'bytes'): Ev {
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

/**
 * The word of the world where an object begins. Negative after the run was frozen.
 * @param bytes size of the scalar that is accessed there, for cells of pages
 */
export function wordOf(place: Place, bytes: number): Ev {
  const { word, indices, pointer } = place;
  if (place.kind === 'pointer') return pointedWord(place, pointer!.ev, bytes);
  if (place.kind === 'frame') {
    if (indices.length === 0) return (_k, f) => f + word;
    const add = indexing(indices, 'words');
    return (k, f) => f + word + add(k, f);
  }
  if (indices.length === 0) return () => word;
  const add = indexing(indices, 'words');
  return (k, f) => word + add(k, f);
}

function pointedWord(place: Place, pointer: Ev, bytes: number): Ev {
  const words = place.indices.length === 0 ? undefined : indexing(place.indices, 'words');
  const byteOffset = place.indices.length === 0 ? undefined : indexing(place.indices, 'bytes');
  return (k, f) => {
    const h = pointer(k, f);
    if (k.stopped) return -1;
    if (h > 0 && handleKind(h) === HandleKind.Data) {
      const at = handleIndex(h) + place.word + (words === undefined ? 0 : words(k, f));
      return !k.stopped && checkObject(k, at) ? at : -1;
    }
    if (h > 0 && handleKind(h) === HandleKind.Kaddr) {
      const at = handleIndex(h) + place.byte + (byteOffset === undefined ? 0 : byteOffset(k, f));
      return k.stopped ? -1 : cellWord(k, at, bytes);
    }
    k.undefinedBehaviour(Undefined.BadPointer);
    return -1;
  };
}

/** Word of the cell at a kernel address of page contents. */
function cellWord(k: Kernel, at: number, bytes: number): number {
  const frame = at >> 12;
  if (frame >= k.mem.frames) {
    k.undefinedBehaviour(Undefined.BadPointer);
    return -1;
  }
  return cellsOf(k, frame) + k.program.cells[cellAt(k, at & 4095, bytes)]!.word;
}

/** The handle of an object that the driver owns. */
export function handleOf(place: Place): Ev {
  const { word, byte, pointer, indices } = place;
  if (place.kind === 'pointer') {
    const words = indexing(indices, 'words');
    const bytes = indexing(indices, 'bytes');
    return (k, f) => {
      const h = pointer!.ev(k, f);
      if (h <= 0) return h;
      return handleKind(h) === HandleKind.Kaddr ? h + byte + bytes(k, f) : h + word + words(k, f);
    };
  }
  const at = wordOf(place, 0);
  return (k, f) => handle(HandleKind.Data, at(k, f));
}
