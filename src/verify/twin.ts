/** The system of a driver and every program, to be looked at: what run/twin.ts is for a test. */
import { Tracer } from '../explore/tracer.js';
import type { Facts } from '../kernel/facts.js';
import { Exchange, ToldApart } from '../kernel/exchange.js';
import { CapacityError } from '../kernel/layout.js';
import { kernelRoutines, UnknownError } from '../kernel/routine.js';
import type { LitmusTest } from '../litmus/ast.js';
import { watchedKernel, type Twin } from '../run/twin.js';
import { subjectOf } from './subject.js';
import { operationSystem } from './system.js';
import type { Bounds, Settings } from './types.js';

export { twinOf } from '../run/twin.js';

/** The operations of every program, without what is renamed after one. */
export function verifyTwinOf(
  test: LitmusTest,
  facts: Facts,
  ptrs: number,
  bounds: Bounds,
  { caps, races, symmetry }: Settings,
): Twin {
  const subject = subjectOf(test, facts, ptrs, bounds);
  const c = subject.compiled;
  const { k, watched } = watchedKernel(c, caps);
  if (symmetry !== undefined) k.exchange = new Exchange(k, symmetry);
  const system = operationSystem(k, subject, races);
  const apply: typeof system.apply = (m, choose) =>
    // which frame is taken depends on what the others are: they may be alike
    system.apply(m, (n, weights) => choose(n, weights));
  const { words, trace } = new Tracer({ ...system, apply }, watched, isOwn);
  return { words, trace, routines: kernelRoutines.map(({ name }) => name) };
}

/** Whether the model itself fails an operation. The system that is searched meets the same, and notes it or begins again. */
function isOwn(error: unknown): boolean {
  return error instanceof CapacityError || error instanceof UnknownError || error instanceof ToldApart;
}
