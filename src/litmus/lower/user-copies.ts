/** Copies between driver objects and user memory: copy_from_user(), copy_to_user(), get_user(), put_user(). */
import type { TypedExpr } from '../../c/typed.js';
import { typeName, type CType, type PointerType } from '../../c/types.js';
import { EFAULT } from '../../kernel/errno.js';
import { handle, HandleKind, handleIndex, handleKind } from '../../kernel/handle.js';
import { Scalar } from '../../kernel/object-shape.js';
import { FROZEN, reach, SCATTERED } from '../../kernel/objects.js';
import { UnknownError, type Routine } from '../../kernel/routine.js';
import { copyFromUser, copyToUser } from '../../kernel/uaccess.js';
import { apiId } from '../api/index.js';
import { store } from './access.js';
import { copiedType } from './cells.js';
import { combined, emitPoint, LEFT, operand, type Label, type Operand } from './code.js';
import { enterRoutine, registers } from './entering.js';
import * as int64 from './int64.js';
import { byteSize, leaves, type Leaf } from './layout.js';
import type { Lowering } from './lowering.js';
import { lowerPlace } from './places.js';
import { scalarOf } from './shapes.js';
import { constantValue, convert, type Ev } from './values.js';

type Call = TypedExpr & { kind: 'call' };

export function isUserCopy(name: string): boolean {
  return name === 'copy_from_user' || name === 'copy_to_user';
}

/**
 * copy_from_user() and copy_to_user() go scalar by scalar: a page has cells, not bytes. The routines take the user address first,
 * whichever way they copy.
 */
export function userCopy(fn: Lowering, e: Call, routine: Routine, wanted: boolean): Operand | undefined {
  const from = e.callee.name === 'copy_from_user';
  const [user, kernel, size] = [e.args[from ? 1 : 0]!, e.args[from ? 0 : 1]!, e.args[2]!];
  const type = copiedType(kernel, size, fn.model);
  if (!type) {
    return fn.session.fail('PFN3009', 'the size of this copy does not say what is copied', size.span, {
      expected: 'the size of the object, as `sizeof(x)`',
    });
  }
  checkLeaves(fn, leaves(type, fn.model), size);
  const total = byteSize(type, fn.model);
  const uaddr = fn.hold(registers(fn, user), 2);
  const kaddr = fn.hold(fn.value(kernel), 1);
  const left = fn.b.temp(2);
  const end: Label = { pc: -1 };
  for (const leaf of leaves(type, fn.model)) {
    emitPoint(fn.b);
    const bytes = byteSize(leaf.type, fn.model);
    const object = part(kaddr.ev, leaf, scalarOf(leaf.type, fn.model));
    const args = [addBytes(uaddr.ev, leaf.byte), object, constantValue(BigInt(bytes), true)];
    const failed = enterRoutine(
      fn,
      apiId(e.callee.name),
      routine,
      args.map((a) => operand(a)),
      LEFT_TYPE,
      true,
    )!;
    leaveIfFailed(fn, failed, left, total - leaf.byte, end);
    if (from) renormalize(fn, object, leaf.type);
  }
  fn.b.bind(end);
  const result = operand(
    (k, f) => {
      k.hi = 0;
      return k.w[f + left]!;
    },
    [left, left + 1, ...uaddr.temps, ...kaddr.temps],
  );
  return fn.finish(result, wanted);
}

function checkLeaves(fn: Lowering, parts: readonly Leaf[], at: TypedExpr): void {
  const bad = parts.find((leaf) => (scalarOf(leaf.type, fn.model) & (Scalar.Pointer | Scalar.Opaque)) !== 0);
  if (!bad) return;
  const what = bad.path === '' ? 'this' : `\`${bad.path.replace(/^\./, '')}\``;
  fn.session.fail('PFN3012', `${what} has no bytes to copy: it is \`${typeName(bad.type)}\``, at.span, {
    ...(bad.type.kind === 'pointer' ? { suggestion: 'a pointer into user memory is marked `__user`' } : {}),
  });
}

/** Bytes that could not be copied. */
const LEFT_TYPE: CType = { kind: 'int', name: 'unsigned int', bits: 32, signed: false, rank: 3 };

function leaveIfFailed(fn: Lowering, failed: Operand, left: number, bytes: number, end: Label): void {
  const next = fn.b.here + 1;
  fn.b.consume([failed], (k, f) => {
    if (failed.ev(k, f) === 0) return next;
    k.w[f + left] = bytes;
    return end.pc;
  });
}

function addBytes(address: Ev, bytes: number): Ev {
  if (bytes === 0) return address;
  return (k, f) => {
    const lo = int64.add64(address(k, f), k.hi, bytes, 0);
    k.hi = int64.high;
    return lo;
  };
}

/** The handle of a scalar of the object at a handle. */
function part(object: Ev, leaf: Leaf, kind: number): Ev {
  return (k, f) => {
    const h = object(k, f);
    k.hi = 0;
    if (h <= 0 || handleKind(h) !== HandleKind.Data) return h + leaf.byte;
    const word = reach(k, handleIndex(h), leaf.byte, kind);
    if (word === SCATTERED) throw new UnknownError('a user copy of parts of numbers is not modelled');
    return word === FROZEN ? 0 : handle(HandleKind.Data, word);
  };
}

/** A cell keeps narrow values without their sign. */
function renormalize(fn: Lowering, object: Ev, type: CType): void {
  if (type.kind !== 'int' || !type.signed || type.bits >= 32) return;
  const shift = 32 - type.bits;
  const next = fn.b.here + 1;
  fn.b.emit((k, f) => {
    const h = object(k, f);
    if (k.stopped) return LEFT;
    const at = handleIndex(h);
    if (handleKind(h) === HandleKind.Data) k.w[at] = (k.w[at]! << shift) >> shift;
    return next;
  });
}

/** The handle of temporary words of the frame: the kernel side of get_user() and put_user(). */
function tempHandle(slot: number): Operand {
  return operand((_k, f) => handle(HandleKind.Data, f + slot));
}

/** get_user(x, p): x is what was read, or 0; the value is 0 or -EFAULT. */
export function lowerGetUser(fn: Lowering, e: Call, wanted: boolean): Operand | undefined {
  const [target, pointer] = e.args as [TypedExpr, TypedExpr];
  if (target.kind !== 'address') throw new Error('get_user() of something that is no object');
  const type = (pointer.type as PointerType).to;
  const words = fn.isWide(type) ? 2 : 1;
  const user = registers(fn, pointer);
  const slot = fn.b.temp(words);
  emitPoint(fn.b);
  const args = [user, tempHandle(slot), operand(constantValue(BigInt(byteSize(type, fn.model)), true))];
  const failed = enterRoutine(fn, apiId('get_user'), copyFromUser, args, LEFT_TYPE, true)!;
  const read: Ev = (k, f) => {
    if (words === 2) k.hi = k.w[f + slot + 1]!;
    return k.w[f + slot]!;
  };
  const value = operand(
    convert(cellValue(read, type), type, target.of.type, fn.model),
    words === 2 ? [slot, slot + 1] : [slot],
  );
  const result = fn.hold(
    combined((k, f) => (failed.ev(k, f) === 0 ? 0 : -EFAULT), [failed]),
    1,
  );
  store(fn, lowerPlace(fn, target.of), value, target.of.type);
  return fn.finish(result, wanted);
}

/** What a cell's word is as a value of a type. */
function cellValue(read: Ev, type: CType): Ev {
  if (type.kind !== 'int' || !type.signed || type.bits >= 32) return read;
  const shift = 32 - type.bits;
  return (k, f) => (read(k, f) << shift) >> shift;
}

/** put_user(x, p): 0 or -EFAULT. */
export function lowerPutUser(fn: Lowering, e: Call, wanted: boolean): Operand | undefined {
  const [source, pointer] = e.args as [TypedExpr, TypedExpr];
  const type = (pointer.type as PointerType).to;
  const words = fn.isWide(type) ? 2 : 1;
  const bytes = byteSize(type, fn.model);
  const value = fn.value(source);
  const slot = fn.b.temp(words);
  fn.put(value, slot, words);
  const user = registers(fn, pointer);
  emitPoint(fn.b);
  const args = [user, tempHandle(slot), operand(constantValue(BigInt(bytes), true))];
  const failed = enterRoutine(fn, apiId('put_user'), copyToUser, args, LEFT_TYPE, true)!;
  const temps = words === 2 ? [slot, slot + 1] : [slot];
  return fn.finish(
    operand((k, f) => (failed.ev(k, f) === 0 ? 0 : -EFAULT), [...failed.temps, ...temps]),
    wanted,
  );
}
