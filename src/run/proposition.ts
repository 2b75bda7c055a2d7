/** Whether a proposition holds, given the values of what it looks at. */
import type { ObserverTerm, Prop, Term } from '../litmus/ast.js';
import { compare, type Value } from './value.js';

/** The values of one outcome. */
export interface Values {
  term(t: Term): Value;
  /** An observer standing alone, or the flag that is tested of one. */
  truth(t: ObserverTerm, flag?: string): Value;
}

export function holds(p: Prop, values: Values): boolean {
  switch (p.kind) {
    case 'and':
      return p.args.every((a) => holds(a, values));
    case 'or':
      return p.args.some((a) => holds(a, values));
    case 'not':
      return !holds(p.arg, values);
    case 'literal':
      return p.value;
    case 'compare':
      return compare(p.op, values.term(p.left), values.term(p.right));
    case 'truth':
      return isTrue(values.truth(p.term));
    case 'flag':
      return isTrue(values.truth(p.term, p.flag));
  }
}

function isTrue(v: Value): boolean {
  return 'n' in v && v.n !== 0n;
}
