/** When a search remembers its moves. */
import type { Memo } from '../explore/expansion.js';
import type { Traced } from '../explore/trace.js';
import type { Symmetry } from '../kernel/exchange.js';
import type { Capacities } from '../kernel/layout.js';
import { kernelRoutines } from '../kernel/routine.js';
import type { Compiled } from './boot.js';
import type { Reduction } from './por.js';
import type { Twin, TwinOf } from './twin.js';

/** From so many states on it pays: a second engine has to be made for it. */
const MANY_STATES = 100;

/** What is searched. */
interface Searched {
  readonly c: Compiled;
  readonly caps: Capacities;
  readonly symmetry: Symmetry | undefined;
  readonly reduction: Reduction | undefined;
}

/** Moves are remembered where states are as they are, for a renaming looks at all of one; and where all moves are made. */
export function memoOf(searched: Searched, twin: (() => TwinOf) | undefined): Memo | undefined {
  const { c, caps, symmetry, reduction } = searched;
  if (twin === undefined || symmetry !== undefined || reduction !== undefined) return undefined;
  return { from: MANY_STATES, traced: () => sameRoutines(twin()(c.test, c.facts, c.ptrs, caps)) };
}

/** A twin if it has the routines of this engine: a bundle that was made apart numbers its routines itself. */
export function sameRoutines(other: Twin): Traced | undefined {
  const same = other.routines.every((name, id) => kernelRoutines[id]?.name === name);
  return same && other.routines.length === kernelRoutines.length ? other : undefined;
}
