/** Globals of drivers that a condition looks at. */
import type { LitmusTest, Term } from '../../litmus/ast.js';
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

/** Each once, in the order of the observables; also those that only say which frame is looked at, as in `refcount(frame)`. */
export function observedGlobals(test: LitmusTest): ObservedGlobal[] {
  const found = new Map<string, ObservedGlobal>();
  for (const { term } of observables([test.filter, test.condition?.prop])) {
    for (const path of globalsIn(term)) {
      const text = cText(path);
      if (!found.has(text)) found.set(text, { path, text });
    }
  }
  return [...found.values()];
}

function globalsIn(term: Term): ObservedGlobal['path'][] {
  switch (term.kind) {
    case 'global':
      return [[term.name, ...term.path]];
    case 'negate':
      return globalsIn(term.arg);
    case 'binary':
      return [...globalsIn(term.left), ...globalsIn(term.right)];
    case 'observer':
      return term.argument === undefined ? [] : globalsIn(term.argument);
    default:
      return [];
  }
}
