/** Macros of the kernel that are lowered by themselves. */
import type { TypedExpr } from '../../c/typed.js';
import type { ApiFunction } from '../api/index.js';
import { lowerExchange, store } from './access.js';
import { combined, operand, type Operand } from './code.js';
import type { Lowering } from './lowering.js';
import { lowerPlace } from './places.js';
import { lowerGetUser, lowerPutUser } from './user-copies.js';
import { comparison, constantValue } from './values.js';

type Call = TypedExpr & { kind: 'call' };

export function lowerMacro(
  fn: Lowering,
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
    case 'xchg':
    case 'cmpxchg':
      return fn.finish(lowerExchange(fn, e.args), wanted);
    case 'constant':
      return fn.session.fail('PFN3007', `\`${e.callee.name}\` needs constant arguments`, e.span);
    default:
      for (const a of e.args) fn.effect(a);
      return operand(constantValue(0n, true));
  }
}

/** WRITE_ONCE(x, value). */
function writeOnce(fn: Lowering, e: Call): void {
  const [target, value] = e.args as [TypedExpr, TypedExpr];
  if (target.kind !== 'address') throw new Error('WRITE_ONCE() of something that is no object');
  store(fn, lowerPlace(fn, target.of), fn.value(value), target.of.type);
}

/** min(a, b), min_t(type, a, b). */
function lowerMinMax(fn: Lowering, e: Call, which: 'min' | 'max'): Operand {
  const [a, b] = e.args.slice(-2).map((x) => fn.value(x)) as [Operand, Operand];
  const wide = fn.isWide(e.type);
  const signed = e.type.kind === 'int' && e.type.signed;
  const first = comparison(which === 'min' ? '<=' : '>=', a.ev, b.ev, wide, signed);
  return combined((k, f) => (first(k, f) === 1 ? a.ev(k, f) : b.ev(k, f)), [a, b]);
}
