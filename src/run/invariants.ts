/** The question of a test without a condition: do the invariants hold that a run can check at its end? */
import type { Condition, ObserverTerm, Prop, Term } from '../litmus/ast.js';

const SPAN = { start: 0, end: 0 };

const system = (observer: ObserverTerm['observer']): ObserverTerm => ({
  kind: 'observer',
  observer,
  span: SPAN,
});

const zero: Term = { kind: 'integer', value: 0n, hex: false, span: SPAN };

const isZero = (left: Term): Prop => ({ kind: 'compare', op: '=', left, right: zero, span: SPAN });

/**
 * Nothing leaks, no RSS counter is wrong, no report is made, nobody waits for ever. A BUG or undefined behaviour violates it as well: the
 * observers are `none` then, which is not 0.
 */
export function defaultCondition(): Condition {
  const args: Prop[] = [
    isZero(system('leaked')),
    isZero(system('bad_map')),
    isZero(system('bad_page')),
    isZero(system('deadlock')),
    isZero(system('bad_rss')),
  ];
  return { quantifier: 'forall', prop: { kind: 'and', args, span: SPAN }, span: SPAN };
}
