/** Reading and writing objects. What others may see is a step of its own, with a scheduling point before it. */
import type { LValue, TypedExpr } from '../../c/typed.js';
import type { CType, PointerType } from '../../c/types.js';
import { HandleKind, handleIndex, handleKind } from '../../kernel/handle.js';
import type { Kernel } from '../../kernel/kernel.js';
import { memcpy } from '../../kernel/string.js';
import { combined, emitPoint, LEFT, operand, type Operand } from './code.js';
import { byteSize, wordsOfType } from './layout.js';
import type { Lowering } from './lowering.js';
import {
  handleOf,
  lowerPlace,
  operandsOf,
  withOperands,
  wordOf,
  type AnyPlace,
  type FieldPlace,
  type Place,
  type PointerPlace,
} from './places.js';
import { loadPointed, pointedHandle, storePointed } from './pointed.js';
import { stepped } from './pointers.js';
import { loadUser, storeUser, userAddress } from './user-memory.js';
import { arithmetic, constantValue, convert, type Ev } from './values.js';

// --- reading ---

/** The value of an object. */
export function lowerLoad(fn: Lowering, e: TypedExpr & { kind: 'load' }): Operand {
  const known = constantGlobal(e.from);
  if (known !== undefined) return operand(constantValue(known, fn.isWide(e.type)));
  return load(fn, lowerPlace(fn, e.from), e.type);
}

/** The value of a scalar that is const and initialised by a constant. */
function constantGlobal(from: LValue): bigint | undefined {
  if (from.kind !== 'global' || !from.variable.const || from.type.kind !== 'int') return undefined;
  const [entry] = from.variable.init;
  if (!entry) return 0n;
  return entry.value.kind === 'constant' ? entry.value.value : undefined;
}

function load(fn: Lowering, place: AnyPlace, type: CType): Operand {
  if (place.kind === 'field') {
    const { field, object } = place;
    return combined(fieldLoad(field, object.ev), [object], true);
  }
  if (place.kind === 'user') return loadUser(fn, place, type);
  const ev = place.kind === 'pointer' ? loadPointed(fn, place, type) : wordLoad(place, type, fn);
  const parts = operandsOf(place);
  const freezes = place.kind === 'pointer' || place.indices.length > 0;
  if (place.kind !== 'pointer' && !place.shared) return combined(ev, parts, freezes);
  const { slot, words, result } = fn.temp(type);
  pointBefore(fn, place);
  fn.put(combined(ev, parts, freezes), slot, words);
  return result;
}

function fieldLoad(field: FieldPlace['field'], object: Ev): Ev {
  return (k, f) => {
    const h = object(k, f);
    return k.stopped ? 0 : field.get(k, h);
  };
}

function wordLoad(place: Place, type: CType, fn: Lowering): Ev {
  const wide = fn.isWide(type);
  if (place.kind === 'frame' && place.indices.length === 0) {
    const slot = place.word;
    if (!wide) return (k, f) => k.w[f + slot]!;
    return (k, f) => {
      k.hi = k.w[f + slot + 1]!;
      return k.w[f + slot]!;
    };
  }
  const at = wordOf(place);
  return (k, f) => {
    const word = at(k, f);
    if (k.stopped) return 0;
    if (wide) k.hi = k.w[word + 1]!;
    return k.w[word]!;
  };
}

/** The point before an access; objects on the running thread's own stack are seen by nobody else. */
export function pointBefore(fn: Lowering, place: Place | PointerPlace): void {
  if (place.kind === 'pointer') pointBeforeObjects(fn, [place.pointer]);
  else if (place.shared) emitPoint(fn.b);
}

export function pointBeforeObjects(fn: Lowering, pointers: readonly Operand[]): void {
  const next = fn.b.here + 1;
  fn.b.emit((k, f) => {
    let own = true;
    for (let i = 0; i < pointers.length; i++) {
      const h = pointers[i]!.ev(k, f);
      if (k.stopped) return LEFT;
      own &&= isOnOwnStack(k, h);
    }
    if (own) return next;
    k.setPc(f, next);
    if (!k.mustStop()) return next;
    k.stopped = true;
    return LEFT;
  });
}

function isOnOwnStack(k: Kernel, h: number): boolean {
  if (h <= 0 || handleKind(h) !== HandleKind.Data) return false;
  const at = handleIndex(h);
  return at >= k.t && at < k.t + k.layout.threadWords;
}

// --- writing ---

/**
 * `xchg(p, value)` and `cmpxchg(p, expected, value)`: a read and perhaps a write in one step.
 * @returns what was there
 */
export function lowerExchange(fn: Lowering, args: readonly TypedExpr[]): Operand {
  const [pointer, ...values] = args.map((a) => fn.value(a)) as [Operand, ...Operand[]];
  const { to: type } = args[0]!.type as PointerType;
  const place: PointerPlace = { kind: 'pointer', pointer, byte: 0, word: 0, indices: [] };
  const [read, write] = [loadPointed(fn, place, type), storePointed(fn, place, type)];
  const expected = values.length === 2 ? values[0]!.ev : undefined;
  const value = values.at(-1)!.ev;
  const { slot, words, result } = fn.temp(type);
  pointBefore(fn, place);
  const next = fn.b.here + 1;
  fn.b.consume([pointer, ...values], (k, f) => {
    const lo = read(k, f);
    const hi = k.hi;
    if (k.stopped) return LEFT;
    const same = expected === undefined || (expected(k, f) === lo && (words === 1 || k.hi === hi));
    const newLo = value(k, f);
    if (k.stopped) return LEFT;
    if (same) write(k, f, newLo, k.hi);
    k.w[f + slot] = lo;
    if (words === 2) k.w[f + slot + 1] = hi;
    return next;
  });
  return result;
}

/** Emits a store of a scalar; the place's operands and the value are used up. */
export function store(fn: Lowering, place: AnyPlace, value: Operand, type: CType): void {
  if (place.kind === 'user') return storeUser(fn, place, value, type);
  if (place.kind === 'field') return storeField(fn, place, value, type);
  if (place.kind === 'frame' && place.indices.length === 0)
    return fn.put(value, place.word, fn.isWide(type) ? 2 : 1);
  pointBefore(fn, place);
  const put = writer(fn, place, type);
  const next = fn.b.here + 1;
  fn.b.consume([...operandsOf(place), value], (k, f) => {
    const lo = value.ev(k, f);
    const { hi } = k;
    if (k.stopped) return LEFT;
    put(k, f, lo, hi);
    return k.stopped ? LEFT : next;
  });
}

/** What stores a scalar into an object. */
function writer(
  fn: Lowering,
  place: Place | PointerPlace,
  type: CType,
): (k: Kernel, f: number, lo: number, hi: number) => void {
  if (place.kind === 'pointer') return storePointed(fn, place, type);
  const at = wordOf(place);
  const wide = fn.isWide(type);
  return (k, f, lo, hi) => {
    const word = at(k, f);
    if (k.stopped) return;
    k.w[word] = lo;
    if (wide) k.w[word + 1] = hi;
  };
}

function storeField(fn: Lowering, place: FieldPlace, value: Operand, type: CType): void {
  const { object, field } = place;
  const set = field.set?.bind(field);
  if (!set) {
    const at = { start: fn.b.offset, end: fn.b.offset + 1 };
    return fn.session.fail('PFN3004', `\`${field.name}\` cannot be assigned`, at);
  }
  const wide = fn.isWide(type);
  const next = fn.b.here + 1;
  fn.b.consume([object, value], (k, f) => {
    const lo = value.ev(k, f);
    const hi = wide ? k.hi : 0;
    if (k.stopped) return LEFT;
    const h = object.ev(k, f);
    if (k.stopped) return LEFT;
    set(k, h, lo, hi);
    return k.stopped ? LEFT : next;
  });
}

/** `target = value`. @returns the value, if it is wanted */
export function lowerAssign(
  fn: Lowering,
  e: TypedExpr & { kind: 'assign' },
  wanted: boolean,
): Operand | undefined {
  if (e.type.kind === 'struct' && !e.type.scalar) {
    copyStruct(fn, e);
    return wanted ? operand(() => 0) : undefined;
  }
  const place = lowerPlace(fn, e.target);
  const value = fn.value(e.value);
  if (!wanted) {
    store(fn, place, value, e.type);
    return undefined;
  }
  const { slot, words, result } = fn.temp(e.type);
  fn.put(value, slot, words);
  store(fn, place, operand(result.ev), e.type);
  return result;
}

/** `a = b` of whole structs. */
function copyStruct(fn: Lowering, e: TypedExpr & { kind: 'assign' }): void {
  const { value } = e;
  if (value.kind !== 'load')
    return fn.session.fail('PFN3008', 'a struct can be assigned from an object only', value.span);
  const to = lowerPlace(fn, e.target);
  const from = lowerPlace(fn, value.from);
  if (to.kind === 'user' || from.kind === 'user' || to.kind === 'field' || from.kind === 'field') {
    return fn.session.fail(
      'PFN3008',
      'whole structs can be copied between objects of the driver only',
      e.span,
      {
        suggestion: 'copy the members one by one',
      },
    );
  }
  if (to.kind === 'pointer' || from.kind === 'pointer') return copyBehindPointers(fn, to, from, e.type);
  copyWords(fn, to, from, wordsOfType(e.type, fn.model));
}

function copyWords(fn: Lowering, to: Place, from: Place, words: number): void {
  pointBefore(fn, from);
  pointBefore(fn, to);
  const [target, source] = [wordOf(to), wordOf(from)];
  const next = fn.b.here + 1;
  fn.b.consume([...operandsOf(to), ...operandsOf(from)], (k, f) => {
    const a = target(k, f);
    const b = source(k, f);
    if (k.stopped) return LEFT;
    k.w.copyWithin(a, b, b + words);
    return next;
  });
}

function copyBehindPointers(
  fn: Lowering,
  to: Place | PointerPlace,
  from: Place | PointerPlace,
  type: CType,
): void {
  pointBefore(fn, from);
  pointBefore(fn, to);
  const [target, source] = [anyHandle(to), anyHandle(from)];
  const bytes = byteSize(type, fn.model);
  const next = fn.b.here + 1;
  fn.b.consume([...operandsOf(to), ...operandsOf(from)], (k, f) => {
    const a = target(k, f);
    const b = k.stopped ? 0 : source(k, f);
    if (!k.stopped) memcpy(k, a, b, bytes);
    return k.stopped ? LEFT : next;
  });
}

function anyHandle(place: Place | PointerPlace): Ev {
  return place.kind === 'pointer' ? pointedHandle(place) : handleOf(place);
}

/** `target op= right`, `++`, `--`: a read and a write, each a step if others may see it. */
export function lowerUpdate(
  fn: Lowering,
  e: TypedExpr & { kind: 'update' },
  wanted: boolean,
): Operand | undefined {
  const place = fixed(fn, lowerPlace(fn, e.target));
  const right = fn.value(e.right);
  const before = load(fn, borrowed(place), e.type);
  if (wanted && e.result === 'old') {
    const { slot, words, result } = fn.temp(e.type);
    fn.put(before, slot, words);
    store(fn, place, updated(fn, e, operand(result.ev), right), e.type);
    return result;
  }
  const after = updated(fn, e, before, right);
  if (!wanted) {
    store(fn, place, after, e.type);
    return undefined;
  }
  const { slot, words, result } = fn.temp(e.type);
  fn.put(after, slot, words);
  store(fn, place, operand(result.ev), e.type);
  return result;
}

function updated(fn: Lowering, e: TypedExpr & { kind: 'update' }, before: Operand, right: Operand): Operand {
  const { compute, op } = e;
  if (compute.kind === 'pointer') {
    const ev = stepped(fn, before.ev, op as '+' | '-', right.ev, e.right.type, compute, e.scale);
    return combined(ev, [before, right], !compute.user);
  }
  if (compute.kind !== 'int') throw new Error('an update of something that is no number');
  const wide = convert(before.ev, e.type, compute, fn.model);
  const result = arithmetic(op, wide, right.ev, compute, fn.user);
  return combined(convert(result, compute, e.type, fn.model), [before, right], op === '/' || op === '%');
}

/** The same place for a first access that leaves its operands for the second. */
function borrowed(place: AnyPlace): AnyPlace {
  return withOperands(place, (o, isPointer) => operand(o.ev, [], isPointer));
}

/** Computes pointer and indices once, so that the two accesses of an update reach the same object. */
function fixed(fn: Lowering, place: AnyPlace): AnyPlace {
  const words = place.kind === 'user' && fn.model.name === 'LP64' ? 2 : 1;
  return withOperands(place, (o) => settle(fn, o, words));
}

/** A value in a temporary, unless it is in one already. */
function settle(fn: Lowering, value: Operand, words: 1 | 2): Operand {
  return value.temps.length === words ? value : fn.hold(value, words);
}

/** `&object`. */
export function lowerAddress(fn: Lowering, e: TypedExpr & { kind: 'address' }): Operand {
  const { of } = e;
  if (of.kind === 'global') {
    const h = fn.session.globalHandle(of.variable, e.span);
    return operand(() => h);
  }
  const place = lowerPlace(fn, of);
  if (place.kind === 'field') {
    if (of.type.kind === 'struct' && of.type.origin === 'kernel' && !of.type.scalar)
      return combined(fieldLoad(place.field, place.object.ev), [place.object], true);
    return fn.session.fail(
      'PFN3004',
      `\`${place.field.name}\` is a member of a kernel object: it has no address in the model`,
      e.span,
    );
  }
  if (place.kind === 'user') return combined(userAddress(fn, place), [place.pointer]);
  return combined(anyHandle(place), operandsOf(place), place.indices.length > 0);
}
