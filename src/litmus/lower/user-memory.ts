/**
 * User memory, as threads access it: a scheduling point, the access, and perhaps a page fault, after which the access is tried
 * again as a new step.
 */
import type { CType } from '../../c/types.js';
import { cellAt, cellMask } from '../../kernel/cells.js';
import { callPageFault, FAULT, NO_FRAME, translate, userPage } from '../../kernel/fault.js';
import type { Kernel } from '../../kernel/kernel.js';
import { THREAD } from '../../kernel/layout.js';
import { cellsOf } from '../../kernel/mm/page_alloc.js';
import { PG_ANON } from '../../kernel/world.js';
import { apiId } from '../api/index.js';
import { emitUserPoint, LEFT, type Operand } from './code.js';
import type { Lowering } from './lowering.js';
import * as int64 from './int64.js';
import { byteSize } from './layout.js';
import type { UserPlace } from './places.js';
import { normalizer, widen, type Ev } from './values.js';

const FAULTING = apiId('page_fault');

/** Emits the point before a user access; a fault comes back to it. @returns its pc */
function userPoint(fn: Lowering): number {
  const pc = fn.b.here;
  emitUserPoint(fn.b);
  return pc;
}

/** Emits what takes back control after a page fault: the access is tried again as a new step. */
function afterFault(fn: Lowering, retry: number): number {
  const pc = fn.b.here;
  fn.b.emit((k) => {
    k.takeRet();
    k.w[k.t + THREAD.API] = 0;
    return retry;
  });
  return pc;
}

/** The address of a place in user memory. */
export function userAddress(fn: Lowering, place: UserPlace): Ev {
  const { ev } = place.pointer;
  const { byte } = place;
  if (byte === 0) return ev;
  if (fn.model.name === 'ILP32') return (k, f) => (ev(k, f) + byte) | 0;
  return (k, f) => {
    const lo = int64.add64(ev(k, f), k.hi, byte, 0);
    k.hi = int64.high;
    return lo;
  };
}

/** The address for the retries of an access: high word in k.hi, 0 on ILP32. */
function address(fn: Lowering, place: UserPlace): Ev {
  const ev = userAddress(fn, place);
  return fn.model.name === 'ILP32' ? widen(ev, false) : ev;
}

/**
 * The word of the cell that a user access reaches; {@link FAULT} after it left for the page fault, {@link NO_FRAME} if there is no memory.
 */
function reach(k: Kernel, f: number, at: Ev, write: boolean, bytes: number, fault: number): number {
  const lo = at(k, f);
  const pg = userPage(k, lo, k.hi);
  const frame = translate(k, k.currentProc, pg, write);
  if (frame === FAULT) {
    k.w[k.t + THREAD.API] = FAULTING;
    callPageFault(k, f, fault, pg, write, false);
    return FAULT;
  }
  if (frame === NO_FRAME) return NO_FRAME;
  if (write && (k.pages[frame]!.flags & PG_ANON) === 0) k.storesShared = true;
  return cellsOf(k, frame) + k.program.cells[cellAt(k, lo & 4095, bytes)]!.word;
}

/** Clears temporaries by hand: only the try that succeeds may. */
function clearing(fn: Lowering, parts: readonly Operand[]): (k: Kernel, f: number) => void {
  const temps = parts.flatMap((p) => p.temps);
  fn.b.release(temps);
  return (k, f) => {
    for (let i = 0; i < temps.length; i++) k.w[f + temps[i]!] = 0;
  };
}

function checkUserType(fn: Lowering, type: CType): void {
  if (type.kind === 'struct') {
    const at = { start: fn.b.offset, end: fn.b.offset + 1 };
    fn.session.fail('PFN3008', 'whole structs in user memory cannot be read or written', at, {
      suggestion: 'access the members one by one',
    });
  }
}

export function loadUser(fn: Lowering, place: UserPlace, type: CType): Operand {
  checkUserType(fn, type);
  const { slot, words, result } = fn.temp(type);
  const at = address(fn, place);
  const bytes = byteSize(type, fn.model);
  const normalize = normalizer(type) ?? ((w: number): number => w);
  const retry = userPoint(fn);
  const access = fn.b.here;
  const clear = clearing(fn, [place.pointer]);
  fn.b.emit((k, f) => {
    const word = reach(k, f, at, false, bytes, access + 1);
    if (word === FAULT) return LEFT;
    clear(k, f);
    k.w[f + slot] = normalize(word === NO_FRAME ? -1 : k.w[word]!);
    if (words === 2) k.w[f + slot + 1] = word === NO_FRAME ? -1 : k.w[word + 1]!;
    return access + 2;
  });
  afterFault(fn, retry);
  fn.b.operation('load', access);
  return result;
}

export function storeUser(fn: Lowering, place: UserPlace, value: Operand, type: CType): void {
  checkUserType(fn, type);
  const at = address(fn, place);
  const bytes = byteSize(type, fn.model);
  const mask = cellMask(bytes);
  const retry = userPoint(fn);
  const access = fn.b.here;
  const clear = clearing(fn, [place.pointer, value]);
  fn.b.emit((k, f) => {
    const word = reach(k, f, at, true, bytes, access + 1);
    if (word === FAULT) return LEFT;
    const lo = value.ev(k, f);
    if (word !== NO_FRAME) {
      k.w[word] = lo & mask;
      if (bytes === 8) k.w[word + 1] = k.hi;
    }
    clear(k, f);
    return access + 2;
  });
  afterFault(fn, retry);
  fn.b.operation('store', access);
}
