/** When a verification remembers what operations do. */
import type { Memo } from '../explore/expansion.js';
import { sameRoutines } from '../run/memo.js';
import type { Subject } from './subject.js';
import type { Bounds, Settings, VerifyTwinOf } from './types.js';

/** From so many states on it pays: a second engine has to be made, and most operations be looked at some hundred times. */
const MANY_STATES = 5_000;

/** Bytes below which a search has better use for memory: what operations do takes some six million at once, and more than half as much as the states in the end. */
const MUCH_MEMORY = 2 ** 26;

/** With races there is none: steps of an operation under way are too many. */
export function memoOf(
  { test, compiled: c }: Subject,
  bounds: Bounds,
  settings: Settings,
  twin: (() => VerifyTwinOf) | undefined,
  maxBytes = Infinity,
): Memo | undefined {
  if (twin === undefined || settings.races || maxBytes < MUCH_MEMORY) return undefined;
  return {
    from: MANY_STATES,
    traced: () => sameRoutines(twin()(test, c.facts, c.ptrs, bounds, settings)),
  };
}
