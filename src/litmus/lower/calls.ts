/** Calls: of C functions, of the kernel's API, of system calls. */
import type { TypedExpr } from '../../c/typed.js';
import type { Routine } from '../../kernel/routine.js';
import { apiId, callApi, DRIVER_FUNCTIONS, THREAD_FUNCTIONS, type ApiFunction } from '../api/index.js';
import { pointBeforeObjects } from './access.js';
import { allocatedWords } from './allocations.js';
import { emitPoint, emitUserPoint, LEFT, type Operand } from './code.js';
import { enterRoutine, evaluate, registers, takeResult } from './entering.js';
import type { Lowering } from './lowering.js';
import { lowerMacro } from './macros.js';
import { isUserCopy, userCopy } from './user-copies.js';

type Call = TypedExpr & { kind: 'call' };

/** Lowers a call. @returns its value in a temporary, if it has one and it is wanted */
export function lowerCall(fn: Lowering, e: Call, wanted: boolean): Operand | undefined {
  if (e.callee.origin === 'driver') return callC(fn, e, wanted);
  const { name } = e.callee;
  const api = (fn.user ? THREAD_FUNCTIONS : DRIVER_FUNCTIONS)[name];
  if (api?.special) return lowerMacro(fn, e, api.special, wanted);
  if (api?.routine && isUserCopy(name)) return userCopy(fn, e, api.routine, wanted);
  const allocated = allocatedWords(fn, e);
  const args = e.args.map((a, i) => (allocated && i === 0 ? allocated : registers(fn, a)));
  if (api?.routine) return callRoutine(fn, e, api.routine, args, wanted);
  if (!api?.call) throw new Error(`${name} has no implementation`);
  return callAtomic(fn, e, api, args, wanted);
}

function callC(fn: Lowering, e: Call, wanted: boolean): Operand | undefined {
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

function callAtomic(
  fn: Lowering,
  e: Call,
  api: ApiFunction,
  args: readonly Operand[],
  wanted: boolean,
): Operand | undefined {
  const id = apiId(e.callee.name);
  const call = api.call!;
  if (api.leaves) fn.session.leaves = true;
  if (api.memtypes) fn.session.memtypes = true;
  const keep = wanted && e.type.kind !== 'void' ? fn.temp(e.type) : undefined;
  const { slot = 0, words = 0 } = keep ?? {};
  if (api.objects)
    pointBeforeObjects(
      fn,
      api.objects.map((i) => args[i]!),
    );
  else if (api.point) emitPoint(fn.b);
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
  fn: Lowering,
  e: Call,
  routine: Routine,
  args: readonly Operand[],
  wanted: boolean,
): Operand | undefined {
  const id = apiId(e.callee.name);
  if (!fn.user) {
    emitPoint(fn.b);
    return enterRoutine(fn, id, routine, args, e.type, wanted);
  }
  emitUserPoint(fn.b);
  const from = fn.b.here;
  const result = enterRoutine(fn, id, routine, args, e.type, wanted);
  fn.b.operation(e.callee.name, from);
  return result;
}
