/** Passing control: arguments in, values out. */
import type { TypedExpr } from '../../c/typed.js';
import type { CType } from '../../c/types.js';
import type { Kernel } from '../../kernel/kernel.js';
import { THREAD } from '../../kernel/layout.js';
import type { Routine } from '../../kernel/routine.js';
import { combined, LEFT, operand, type Operand } from './code.js';
import type { Lowering } from './lowering.js';
import { constantValue, extendsSign, widen } from './values.js';

/** An argument as a pair of registers takes it: extended to 64 bits. */
export function registers(fn: Lowering, a: TypedExpr): Operand {
  if (a.kind === 'cast' && a.operand.kind === 'string') return registers(fn, a.operand);
  if (a.kind === 'string') {
    const n = fn.user ? fn.session.deviceNumber(a.value, a.span) : 0;
    return operand(constantValue(BigInt(n), true));
  }
  const value = fn.value(a);
  return fn.isWide(a.type) ? value : combined(widen(value.ev, extendsSign(a.type)), [value]);
}

/** Fills the argument registers. */
export function evaluate(k: Kernel, f: number, args: readonly Operand[]): void {
  for (let i = 0; i < args.length; i++) {
    k.argLo[i] = args[i]!.ev(k, f);
    k.argHi[i] = k.hi;
  }
}

/** Takes the returned value into a temporary, if wanted; clears it away, if not. */
export function takeResult(
  fn: Lowering,
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

/** Calls a routine of the kernel model under the name of an API: two words for each argument. */
export function enterRoutine(
  fn: Lowering,
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
