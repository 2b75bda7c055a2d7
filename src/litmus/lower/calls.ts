/** Calls: of C functions, of the kernel's API, of system calls. */
import type { TypedExpr } from '../../c/typed.js';
import type { CType, PointerType } from '../../c/types.js';
import { EFAULT } from '../../kernel/errno.js';
import { handle, HandleKind } from '../../kernel/handle.js';
import type { Kernel } from '../../kernel/kernel.js';
import type { Routine } from '../../kernel/routine.js';
import { THREAD } from '../../kernel/layout.js';
import { copyFromUser, copyToUser } from '../../kernel/uaccess.js';
import { apiId, callApi, DRIVER_FUNCTIONS, THREAD_FUNCTIONS, type ApiFunction } from '../api/index.js';
import { store } from './access.js';
import { copiedType } from './cells.js';
import { combined, emitPoint, emitUserPoint, LEFT, operand, type Label, type Operand } from './code.js';
import type { FunctionLowering } from './function.js';
import * as int64 from './int64.js';
import { byteSize, leaves, wordsOfType } from './layout.js';
import { lowerPlace } from './places.js';
import { comparison, constantValue, convert, extendsSign, widen, type Ev } from './values.js';

type Call = TypedExpr & { kind: 'call' };

/** Lowers a call. @returns its value in a temporary, if it has one and it is wanted */
export function lowerCall(fn: FunctionLowering, e: Call, wanted: boolean): Operand | undefined {
  if (e.callee.origin === 'driver') return callC(fn, e, wanted);
  const { name } = e.callee;
  const api = (fn.user ? THREAD_FUNCTIONS : DRIVER_FUNCTIONS)[name];
  if (api?.special) return callSpecial(fn, e, api.special, wanted);
  if (api?.routine && isUserCopy(name)) return userCopy(fn, e, api.routine, wanted);
  const allocated = allocatedWords(fn, e);
  const args = e.args.map((a, i) => (allocated && i === 0 ? allocated : registers(fn, a)));
  if (api?.routine) return callRoutine(fn, e, api.routine, args, wanted);
  if (!api?.call) throw new Error(`${name} has no implementation`);
  return callAtomic(fn, e, api, args, wanted);
}

/** An argument as a pair of registers takes it: extended to 64 bits. */
function registers(fn: FunctionLowering, a: TypedExpr): Operand {
  if (a.kind === 'cast' && a.operand.kind === 'string') return registers(fn, a.operand);
  if (a.kind === 'string') {
    const n = fn.user ? fn.session.deviceNumber(a.value, a.span) : 0;
    return operand(constantValue(BigInt(n), true));
  }
  const value = fn.value(a);
  return fn.isWide(a.type) ? value : combined(widen(value.ev, extendsSign(a.type)), [value]);
}

/** Takes the returned value into a temporary, if wanted; clears it away, if not. */
function takeResult(
  fn: FunctionLowering,
  type: CType,
  wanted: boolean,
  after?: (k: Kernel, f: number) => void,
): Operand | undefined {
  const keep = wanted && type.kind !== 'void' ? fn.temp(type) : undefined;
  const next = fn.b.here + 1;
  const { slot = 0, words = 0 } = keep ?? {};
  fn.b.emit((k, f) => {
    const lo = k.takeRet();
    if (after) after(k, f);
    if (words > 0) k.w[f + slot] = lo;
    if (words === 2) k.w[f + slot + 1] = k.hi;
    return next;
  });
  return keep?.result;
}

function callC(fn: FunctionLowering, e: Call, wanted: boolean): Operand | undefined {
  const args = e.args.map((a) => registers(fn, a));
  const target = fn.session.compiledFunction(e.callee.name, false);
  const { params } = target;
  const next = fn.b.here + 1;
  fn.b.consume(args, (k, f) => {
    evaluate(k, f, args);
    if (k.stopped) return LEFT;
    const nf = k.call(f, next, target);
    for (let i = 0; i < params.length; i++) {
      const p = params[i]!;
      k.w[nf + 1 + p.slot] = k.argLo[i]!;
      if (p.words === 2) k.w[nf + 2 + p.slot] = k.argHi[i]!;
    }
    return LEFT;
  });
  return takeResult(fn, e.type, wanted);
}

/** Fills the argument registers. */
function evaluate(k: Kernel, f: number, args: readonly Operand[]): void {
  for (let i = 0; i < args.length; i++) {
    k.argLo[i] = args[i]!.ev(k, f);
    k.argHi[i] = k.hi;
  }
}

function callAtomic(
  fn: FunctionLowering,
  e: Call,
  api: ApiFunction,
  args: readonly Operand[],
  wanted: boolean,
): Operand | undefined {
  const id = apiId(e.callee.name);
  const call = api.call!;
  const keep = wanted && e.type.kind !== 'void' ? fn.temp(e.type) : undefined;
  const { slot = 0, words = 0 } = keep ?? {};
  if (api.point) emitPoint(fn.b);
  const next = fn.b.here + 1;
  fn.b.consume(args, (k, f) => {
    evaluate(k, f, args);
    if (k.stopped) return LEFT;
    const lo = callApi(k, id, call);
    if (k.stopped) return LEFT;
    if (words > 0) k.w[f + slot] = lo;
    if (words === 2) k.w[f + slot + 1] = k.hi;
    return next;
  });
  return keep?.result;
}

/** A routine takes two words for each argument. While it runs, BUG and WARN are its own. */
function callRoutine(
  fn: FunctionLowering,
  e: Call,
  routine: Routine,
  args: readonly Operand[],
  wanted: boolean,
): Operand | undefined {
  if (fn.user) emitUserPoint(fn.b);
  else emitPoint(fn.b);
  return enterRoutine(fn, apiId(e.callee.name), routine, args, e.type, wanted);
}

function enterRoutine(
  fn: FunctionLowering,
  id: number,
  routine: Routine,
  args: readonly Operand[],
  type: CType,
  wanted: boolean,
): Operand | undefined {
  const saved = fn.user ? 0 : fn.b.temp(1);
  const next = fn.b.here + 1;
  fn.b.consume(args, (k, f) => {
    evaluate(k, f, args);
    if (k.stopped) return LEFT;
    if (saved > 0) k.w[f + saved] = k.w[k.t + THREAD.API]!;
    k.w[k.t + THREAD.API] = id;
    const nf = k.call(f, next, routine);
    for (let i = 0; i < args.length; i++) {
      k.w[nf + 1 + 2 * i] = k.argLo[i]!;
      k.w[nf + 2 + 2 * i] = k.argHi[i]!;
    }
    return LEFT;
  });
  const result = takeResult(fn, type, wanted, (k, f) => {
    k.w[k.t + THREAD.API] = saved > 0 ? k.w[f + saved]! : 0;
    if (saved > 0) k.w[f + saved] = 0;
  });
  if (saved > 0) fn.b.release([saved]);
  return result;
}

/**
 * kzalloc() counts bytes, the world words: of an allocation whose result becomes a `T *`, the size is taken in units of T.
 * @returns the first argument in words, if the call allocates
 */
function allocatedWords(fn: FunctionLowering, e: Call): Operand | undefined {
  if (e.callee.name !== 'kzalloc' && e.callee.name !== 'kmalloc') return undefined;
  const size = e.args[0]!;
  const type = fn.allocates.get(e);
  const [bytes, words] = type ? [byteSize(type, fn.model), wordsOfType(type, fn.model)] : [1, 1];
  if (size.kind === 'constant') {
    return operand(constantValue(BigInt(Math.ceil(Number(size.value) / bytes) * words), true));
  }
  const value = fn.value(size);
  return combined(
    (k, f) => {
      const n = Math.ceil((value.ev(k, f) >>> 0) / bytes) * words;
      k.hi = 0;
      return n | 0;
    },
    [value],
  );
}

// --- user copies ---

function isUserCopy(name: string): boolean {
  return name === 'copy_from_user' || name === 'copy_to_user';
}

/**
 * copy_from_user() and copy_to_user() go scalar by scalar: a page has cells, not bytes. The routines take the user address first,
 * whichever way they copy.
 */
function userCopy(fn: FunctionLowering, e: Call, routine: Routine, wanted: boolean): Operand | undefined {
  const from = e.callee.name === 'copy_from_user';
  const [user, kernel, size] = [e.args[from ? 1 : 0]!, e.args[from ? 0 : 1]!, e.args[2]!];
  const type = copiedType(kernel, size, fn.model);
  if (!type) {
    return fn.session.fail('PFN3009', 'the size of this copy does not say what is copied', size.span, {
      expected: 'the size of the object, as `sizeof(x)`',
    });
  }
  const total = byteSize(type, fn.model);
  const uaddr = hold(fn, registers(fn, user), 2);
  const kaddr = hold(fn, fn.value(kernel), 1);
  const left = fn.b.temp(2);
  const end: Label = { pc: -1 };
  for (const leaf of leaves(type, fn.model)) {
    emitPoint(fn.b);
    const bytes = byteSize(leaf.type, fn.model);
    const args = [
      addBytes(uaddr.ev, leaf.byte),
      behind(kaddr.ev, leaf.word, leaf.byte),
      constantValue(BigInt(bytes), true),
    ];
    const failed = enterRoutine(
      fn,
      apiId(e.callee.name),
      routine,
      args.map((a) => operand(a)),
      LEFT_TYPE,
      true,
    )!;
    leaveIfFailed(fn, failed, left, total - leaf.byte, end);
    if (from) renormalize(fn, kaddr.ev, leaf.type, leaf.word);
  }
  fn.b.bind(end);
  const result = operand(
    (k, f) => {
      k.hi = 0;
      return k.w[f + left]!;
    },
    [left, left + 1, ...uaddr.temps, ...kaddr.temps],
  );
  if (wanted) return result;
  fn.discard(result);
  return undefined;
}

/** Bytes that could not be copied. */
const LEFT_TYPE: CType = { kind: 'int', name: 'unsigned int', bits: 32, signed: false, rank: 3 };

function leaveIfFailed(fn: FunctionLowering, failed: Operand, left: number, bytes: number, end: Label): void {
  const next = fn.b.here + 1;
  fn.b.consume([failed], (k, f) => {
    if (failed.ev(k, f) === 0) return next;
    k.w[f + left] = bytes;
    return end.pc;
  });
}

/** A value in temporaries of its own, to be read several times. */
function hold(fn: FunctionLowering, value: Operand, words: 1 | 2): Operand {
  const slot = fn.b.temp(words);
  fn.put(value, slot, words);
  if (words === 1) return operand((k, f) => k.w[f + slot]!, [slot]);
  return operand(
    (k, f) => {
      k.hi = k.w[f + slot + 1]!;
      return k.w[f + slot]!;
    },
    [slot, slot + 1],
  );
}

function addBytes(address: Ev, bytes: number): Ev {
  if (bytes === 0) return address;
  return (k, f) => {
    const lo = int64.add64(address(k, f), k.hi, bytes, 0);
    k.hi = int64.high;
    return lo;
  };
}

/** The handle of a part of the object at a handle. */
function behind(object: Ev, words: number, bytes: number): Ev {
  return (k, f) => {
    const h = object(k, f);
    k.hi = 0;
    if (h <= 0) return h;
    return h >> 24 === HandleKind.Kaddr ? h + bytes : h + words;
  };
}

/** A cell keeps narrow values without their sign. */
function renormalize(fn: FunctionLowering, object: Ev, type: CType, words: number): void {
  if (type.kind !== 'int' || !type.signed || type.bits >= 32) return;
  const shift = 32 - type.bits;
  const next = fn.b.here + 1;
  fn.b.emit((k, f) => {
    const h = object(k, f);
    const at = (h & 0xffffff) + words;
    if (h >> 24 === HandleKind.Data) k.w[at] = (k.w[at]! << shift) >> shift;
    return next;
  });
}

// --- macros ---

function callSpecial(
  fn: FunctionLowering,
  e: Call,
  special: ApiFunction['special'],
  wanted: boolean,
): Operand | undefined {
  switch (special) {
    case 'min':
    case 'max':
      return lowerMinMax(fn, e, special);
    case 'get_user':
      return lowerGetUser(fn, e, wanted);
    case 'put_user':
      return lowerPutUser(fn, e, wanted);
    case 'truth':
      return fn.test(e.args[0]!);
    case 'same':
      return fn.value(e.args[0]!);
    case 'write_once':
      return void writeOnce(fn, e);
    case 'constant':
      return fn.session.fail('PFN3007', `\`${e.callee.name}\` needs constant arguments`, e.span);
    default:
      for (const a of e.args) fn.effect(a);
      return operand(constantValue(0n, true));
  }
}

/** WRITE_ONCE(x, value). */
function writeOnce(fn: FunctionLowering, e: Call): void {
  const [target, value] = e.args as [TypedExpr, TypedExpr];
  if (target.kind !== 'address') throw new Error('WRITE_ONCE() of something that is no object');
  store(fn, lowerPlace(fn, target.of), fn.value(value), target.of.type);
}

/** min(a, b), min_t(type, a, b). */
function lowerMinMax(fn: FunctionLowering, e: Call, which: 'min' | 'max'): Operand {
  const [a, b] = e.args.slice(-2).map((x) => fn.value(x)) as [Operand, Operand];
  const wide = fn.isWide(e.type);
  const signed = e.type.kind === 'int' && e.type.signed;
  const first = comparison(which === 'min' ? '<=' : '>=', a.ev, b.ev, wide, signed);
  return combined((k, f) => (first(k, f) === 1 ? a.ev(k, f) : b.ev(k, f)), [a, b]);
}

/** The handle of temporary words of the frame: the kernel side of get_user() and put_user(). */
function tempHandle(slot: number): Operand {
  return operand((_k, f) => handle(HandleKind.Data, f + slot));
}

/** get_user(x, p): x is what was read, or 0; the value is 0 or -EFAULT. */
function lowerGetUser(fn: FunctionLowering, e: Call, wanted: boolean): Operand | undefined {
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
  const result = hold(
    fn,
    combined((k, f) => (failed.ev(k, f) === 0 ? 0 : -EFAULT), [failed]),
    1,
  );
  store(fn, lowerPlace(fn, target.of), value, target.of.type);
  return finish(fn, result, wanted);
}

/** What a cell's word is as a value of a type. */
function cellValue(read: Ev, type: CType): Ev {
  if (type.kind !== 'int' || !type.signed || type.bits >= 32) return read;
  const shift = 32 - type.bits;
  return (k, f) => (read(k, f) << shift) >> shift;
}

/** put_user(x, p): 0 or -EFAULT. */
function lowerPutUser(fn: FunctionLowering, e: Call, wanted: boolean): Operand | undefined {
  const [source, pointer] = e.args as [TypedExpr, TypedExpr];
  const type = (pointer.type as PointerType).to;
  const words = fn.isWide(type) ? 2 : 1;
  const bytes = byteSize(type, fn.model);
  const value = fn.value(source);
  const mask = bytes >= 4 ? -1 : (1 << (8 * bytes)) - 1;
  const slot = fn.b.temp(words);
  fn.put(words === 2 ? value : combined((k, f) => value.ev(k, f) & mask, [value]), slot, words);
  const user = registers(fn, pointer);
  emitPoint(fn.b);
  const args = [user, tempHandle(slot), operand(constantValue(BigInt(bytes), true))];
  const failed = enterRoutine(fn, apiId('put_user'), copyToUser, args, LEFT_TYPE, true)!;
  const temps = words === 2 ? [slot, slot + 1] : [slot];
  return finish(
    fn,
    operand((k, f) => (failed.ev(k, f) === 0 ? 0 : -EFAULT), [...failed.temps, ...temps]),
    wanted,
  );
}

function finish(fn: FunctionLowering, result: Operand, wanted: boolean): Operand | undefined {
  if (wanted) return result;
  fn.discard(result);
  return undefined;
}
