/** One way through a test before all are searched: what makes a search start again lies on it more often than not. */
import type { TransitionSystem } from '../explore/system.js';
import { ToldApart } from '../kernel/exchange.js';
import { CapacityError, grow, type Capacities } from '../kernel/layout.js';
import { Entangled } from './por.js';

/** Far more than threads take that do not loop. */
const STEPS = 200;

/**
 * Lets one thread after the other run to its end, and puts the words back. Of a search that has been started again some hundred states are
 * saved for each further time, since breadth first they all come before the end of any thread.
 * @throws {ToldApart}
 * @throws {Entangled}
 * @throws {CapacityError} if there can be more
 */
export function rehearse(system: TransitionSystem, caps: Capacities): void {
  const { words } = system;
  const before = words.slice();
  try {
    for (let step = 0; step < STEPS; step++) {
      const move = nextMove(system);
      if (move < 0 || system.apply(move, () => 0) === false) break;
    }
  } catch (error) {
    if (error instanceof ToldApart || error instanceof Entangled) throw error;
    if (error instanceof CapacityError && grow(caps, error.capacity) !== undefined) throw error;
    // the rest is for the search to find, and to tell
  }
  words.set(before);
}

function nextMove(system: TransitionSystem): number {
  const only = system.alone?.move() ?? -1;
  if (only >= 0) return only;
  for (let m = 0; m < system.moves; m++) if (system.enabled(m)) return m;
  return -1;
}
