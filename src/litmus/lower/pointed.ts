/**
 * Access through kernel pointers. The pointer's type tells what the access wants; what lies there, the machine looks up: an object
 * of the driver, the contents of a page, or nothing that could be followed.
 */
import type { CType } from '../../c/types.js';
import { cellAt } from '../../kernel/cells.js';
import { handle, HandleKind, handleIndex, handleKind } from '../../kernel/handle.js';
import type { Kernel } from '../../kernel/kernel.js';
import { cellsOf } from '../../kernel/mm/page_alloc.js';
import { vmallocFrame } from '../../kernel/mm/vmalloc.js';
import { Scalar } from '../../kernel/object-shape.js';
import { FROZEN, moved, objectAt, putNumber, reach, SCATTERED } from '../../kernel/objects.js';
import { Undefined, UnknownError } from '../../kernel/routine.js';
import { loadBytes, storeBytes } from '../../kernel/string.js';
import { byteSize } from './layout.js';
import type { Lowering } from './lowering.js';
import { indexing, type PointerPlace } from './places.js';
import { scalarOf } from './shapes.js';
import { normalizer, type Ev } from './values.js';

/** Where an access goes, once its pointer and indices are computed. One for all runs: it is used at once. */
const target = { handle: 0, offset: 0 };

/** Fills {@link target}. The value is 0 after the run was frozen. */
function aim(place: PointerPlace): Ev {
  const { byte, indices } = place;
  const { ev } = place.pointer;
  const add = indices.length === 0 ? undefined : indexing(indices, 'bytes');
  return (k, f) => {
    const h = ev(k, f);
    const offset = byte + (add === undefined || k.stopped ? 0 : add(k, f));
    target.handle = h;
    target.offset = offset;
    return k.stopped ? 0 : 1;
  };
}

/** The word of a scalar at {@link target}, or FROZEN, or SCATTERED. */
function word(k: Kernel, kind: number, bytes: number): number {
  const { handle: h, offset } = target;
  const index = handleIndex(h);
  switch (h > 0 ? handleKind(h) : 0) {
    case HandleKind.Data:
      return reach(k, index, offset, kind);
    case HandleKind.Kaddr:
      if ((index + offset) >> 12 !== index >> 12) k.exchange?.steps(index >> 12, (index + offset) >> 12);
      return cellWord(k, (index + offset) >> 12, (index + offset) & 4095, bytes);
    case HandleKind.Vmalloc:
      return cellWord(k, vmallocFrame(k, h, offset >> 12), offset & 4095, bytes);
    default:
      k.undefinedBehaviour(Undefined.BadPointer);
      return FROZEN;
  }
}

/** Word of the cell at an offset of a frame's contents. */
function cellWord(k: Kernel, frame: number, offset: number, bytes: number): number {
  if (frame >= 0 && frame < k.mem.frames)
    return cellsOf(k, frame) + k.program.cells[cellAt(k, offset, bytes)]!.word;
  k.undefinedBehaviour(Undefined.BadPointer);
  return FROZEN;
}

/** The bytes at {@link target} that are no scalar; undefined after the run was frozen. */
function scattered(k: Kernel, kind: number, bytes: number): ReturnType<typeof objectAt> {
  if ((kind & (Scalar.Pointer | Scalar.Opaque)) !== 0)
    throw new UnknownError('a number taken for a kernel pointer, a lock or a counter is not modelled');
  const object = objectAt(k, handleIndex(target.handle), target.offset)!;
  if (object.holds(bytes)) return object;
  k.undefinedBehaviour(Undefined.BadPointer);
  return undefined;
}

/** The value of a scalar behind a pointer. */
export function loadPointed(fn: Lowering, place: PointerPlace, type: CType): Ev {
  const [kind, bytes] = [scalarOf(type, fn.model), byteSize(type, fn.model)];
  const normalize = normalizer(type) ?? ((w: number): number => w);
  const aimed = aim(place);
  return (k, f) => {
    if (aimed(k, f) === 0) return 0;
    const at = word(k, kind, bytes);
    if (at === FROZEN) return 0;
    if (at === SCATTERED) {
      const object = scattered(k, kind, bytes);
      return object ? normalize(loadBytes(k, object, bytes)) : 0;
    }
    if (kind === Scalar.Int64) k.hi = k.w[at + 1]!;
    return normalize(k.w[at]!);
  };
}

/** Stores a scalar behind a pointer. */
export function storePointed(
  fn: Lowering,
  place: PointerPlace,
  type: CType,
): (k: Kernel, f: number, lo: number, hi: number) => void {
  const [kind, bytes] = [scalarOf(type, fn.model), byteSize(type, fn.model)];
  const aimed = aim(place);
  return (k, f, lo, hi) => {
    if (aimed(k, f) === 0) return;
    const at = word(k, kind, bytes);
    if (at === FROZEN) return;
    if (at === SCATTERED) {
      const object = scattered(k, kind, bytes);
      if (object) storeBytes(object, bytes, lo, hi);
    } else if (bytes < 4 && kind <= Scalar.Int16) putNumber(k, at, lo, bytes);
    else {
      k.w[at] = lo;
      if (kind === Scalar.Int64) k.w[at + 1] = hi;
    }
  };
}

/** The pointer that `&p->member` is. */
export function pointedHandle(place: PointerPlace): Ev {
  const aimed = aim(place);
  const words = indexing(place.indices, 'words');
  const { word: first } = place;
  return (k, f) =>
    aimed(k, f) === 0 ? 0 : movedHandle(k, target.handle, target.offset, first + words(k, f));
}

/**
 * A kernel pointer moved by a number of bytes. NULL and error pointers move like numbers, as in C.
 * @param words the same distance in words, if the pointer points to what its type says
 */
export function movedHandle(k: Kernel, h: number, bytes: number, words: number): number {
  if (bytes === 0) return h;
  if (h <= 0) return h + bytes;
  switch (handleKind(h)) {
    case HandleKind.Data:
      return handle(HandleKind.Data, moved(k, handleIndex(h), bytes, words));
    case HandleKind.Kaddr:
      k.exchange?.steps(handleIndex(h) >> 12, handleIndex(h + bytes) >> 12);
      return h + bytes;
    case HandleKind.Vmalloc:
      throw new UnknownError('a pointer into the middle of a vmalloc area is not modelled');
    default:
      if ((handleKind(h) as number) === 0) return h + bytes;
      throw new UnknownError('arithmetic on a pointer to a kernel object is not modelled');
  }
}
