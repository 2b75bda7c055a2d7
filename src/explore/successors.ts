/** The successors of a state, by running the system. */
import { Enumerator } from './chooser.js';
import type { States } from './store.js';
import type { TransitionSystem } from './system.js';

/** The `i`-th move to be made: the one that may be the only one (-1: there is none) comes first, the others in order. */
export function moveInOrder(i: number, alone: number): number {
  if (i === 0 && alone >= 0) return alone;
  return i <= alone ? i - 1 : i;
}

export class Successors {
  /** Actions of the last state that were made, those that led out of the bounds included. */
  actions = 0;
  private readonly enumerator = new Enumerator();

  /**
   * @param visit called for each action that stays within the bounds, with the state it leads to in the words and its number among the
   *   state's actions; true leaves out the rest
   */
  constructor(
    private readonly system: TransitionSystem,
    private readonly store: States,
    private readonly visit: (step: number) => boolean | void,
  ) {}

  /** Makes every action of state `id`. @returns false when it has no move */
  of(id: number): boolean {
    const { system, store, enumerator, visit } = this;
    const { words } = system;
    let any = false;
    let touched = false;
    this.actions = 0;
    store.load(id, words);
    const alone = system.alone?.move() ?? -1;
    for (let i = 0; i < system.moves; i++) {
      const m = moveInOrder(i, alone);
      if (touched) store.reload(words);
      touched = false;
      if (!system.enabled(m)) continue;
      any = true;
      let advanced = m === alone;
      enumerator.start();
      do {
        if (touched) store.reload(words);
        touched = true;
        const within = system.apply(m, enumerator.choose);
        const step = this.actions++;
        if (advanced) advanced = within !== false && system.alone!.advanced();
        if (within !== false && visit(step) === true) return true;
      } while (enumerator.next());
      if (advanced) return true;
    }
    return any;
  }
}
