/** Globals of drivers that a condition looks at. */
import type { LitmusTest } from '../../litmus/ast.js';
import { observables } from '../../litmus/observables.js';

/** A global, or a part of one, as C names it. */
export interface ObservedGlobal {
  readonly path: readonly (string | number)[];
  /** `dev.slot[2]`. */
  readonly text: string;
}

function cText(path: readonly (string | number)[]): string {
  return path.map((p, i) => (typeof p === 'number' ? `[${p}]` : i === 0 ? p : `.${p}`)).join('');
}

/** Each once, in the order of the observables. */
export function observedGlobals(test: LitmusTest): ObservedGlobal[] {
  return observables([test.filter, test.condition?.prop]).flatMap(({ term }) => {
    if (term.kind !== 'global') return [];
    const path = [term.name, ...term.path];
    return [{ path, text: cText(path) }];
  });
}
