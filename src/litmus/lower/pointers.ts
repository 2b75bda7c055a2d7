/** Arithmetic on pointers. */
import type { TypedExpr } from '../../c/typed.js';
import type { CType, IntType, PointerType } from '../../c/types.js';
import { handle, HandleKind, handleIndex, handleKind } from '../../kernel/handle.js';
import type { Kernel } from '../../kernel/kernel.js';
import { distance } from '../../kernel/objects.js';
import { Undefined } from '../../kernel/routine.js';
import { combined, type Operand } from './code.js';
import * as int64 from './int64.js';
import { wordsOfType } from './layout.js';
import { offsetOf } from './layout.js';
import { movedHandle } from './pointed.js';
import type { Lowering } from './lowering.js';
import { arithmetic, constantValue, extendsSign, widen, type Ev } from './values.js';

/** `pointer + index`, `pointer - index`. */
export function lowerPointerStep(fn: Lowering, e: TypedExpr & { kind: 'pointerStep' }): Operand {
  const pointer = fn.value(e.pointer);
  const index = fn.value(e.index);
  const type = e.type as PointerType;
  const ev = stepped(fn, pointer.ev, e.op, index.ev, e.index.type, type, e.scale);
  return combined(ev, [pointer, index], !type.user);
}

/** `pointer op index`, where `index` counts objects of the type pointed to. */
export function stepped(
  fn: Lowering,
  pointer: Ev,
  op: '+' | '-',
  index: Ev,
  indexType: CType,
  type: PointerType,
  scale: number,
): Ev {
  if (type.user) return userStep(fn, pointer, op, index, indexType, scale);
  const signed = op === '+' ? 1 : -1;
  const words = wordsOfType(type.to, fn.model);
  return (k, f) => {
    const h = pointer(k, f);
    const n = index(k, f) * signed;
    if (h <= 0 || handleKind(h) !== HandleKind.Page) return movedHandle(k, h, n * scale, n * words);
    const from = handleIndex(h);
    const to = from + n;
    k.exchange?.steps(from, to);
    if (k.mem.regionOf[from] === k.mem.regionOf[to]) return handle(HandleKind.Page, to);
    k.undefinedBehaviour(Undefined.BadPointer);
    return 0;
  };
}

function userStep(fn: Lowering, pointer: Ev, op: '+' | '-', index: Ev, indexType: CType, scale: number): Ev {
  const add = op === '+';
  if (fn.model.name === 'ILP32') {
    return (k, f) => {
      const bytes = Math.imul(index(k, f), scale);
      return add ? (pointer(k, f) + bytes) | 0 : (pointer(k, f) - bytes) | 0;
    };
  }
  const wide = fn.isWide(indexType) ? index : widen(index, extendsSign(indexType));
  const combine = add ? int64.add64 : int64.sub64;
  return (k, f) => {
    const pl = pointer(k, f);
    const ph = k.hi;
    let il = wide(k, f);
    let ih = k.hi;
    if (scale !== 1) {
      il = int64.mul64(il, ih, scale, 0);
      ih = int64.high;
    }
    const lo = combine(pl, ph, il, ih);
    k.hi = int64.high;
    return lo;
  };
}

/** `container_of(pointer, type, member)`. */
export function lowerContainerOf(fn: Lowering, e: TypedExpr & { kind: 'containerOf' }): Operand {
  const pointer = fn.value(e.pointer);
  const { bytes, words } = offsetOf(e.member, fn.model);
  return combined((k, f) => movedHandle(k, pointer.ev(k, f), -bytes, -words), [pointer], true);
}

/** A kernel pointer is looked at as a number: if it is one to a frame, that tells the frame from others. */
export function told(k: Kernel, h: number): void {
  if (k.exchange === undefined || h <= 0) return;
  if (handleKind(h) === HandleKind.Page) k.exchange.number(handleIndex(h));
  if (handleKind(h) === HandleKind.Kaddr) k.exchange.number(handleIndex(h) >> 12);
}

/** `left - right` of two pointers. */
export function lowerPointerDifference(fn: Lowering, e: TypedExpr & { kind: 'pointerDifference' }): Operand {
  const a = fn.value(e.left);
  const b = fn.value(e.right);
  const type = e.left.type as PointerType;
  const wide = fn.isWide(e.type);
  if (!type.user) {
    const ev: Ev = (k, f) => {
      const to = a.ev(k, f);
      const from = b.ev(k, f);
      told(k, to);
      told(k, from);
      const isData = to > 0 && from > 0 && handleKind(to) === HandleKind.Data;
      const bytes = isData ? distance(k, handleIndex(from), handleIndex(to)) : to - from;
      return (bytes / e.scale) | 0;
    };
    return combined(wide ? widen(ev, true) : ev, [a, b]);
  }
  const int = e.type as IntType;
  const bytes = arithmetic('-', a.ev, b.ev, int, true);
  return combined(arithmetic('/', bytes, constantValue(BigInt(e.scale), wide), int, true), [a, b]);
}
