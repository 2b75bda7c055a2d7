/** The successors of a state, for all who search. */
import { Enumerator } from './chooser.js';
import type { States } from './store.js';
import type { TransitionSystem } from './system.js';

export class Successors {
  private readonly enumerator = new Enumerator();
  /** Actions made so far, those that led out of the bounds included. */
  transitions = 0;

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
    let step = 0;
    let touched = false;
    store.load(id, words);
    const alone = system.alone?.move() ?? -1;
    // the move that may be the only one comes first
    for (let i = alone < 0 ? 0 : -1; i < system.moves; i++) {
      if (i === alone && i >= 0) continue;
      const m = i < 0 ? alone : i;
      if (touched) store.reload(words);
      touched = false;
      if (!system.enabled(m)) continue;
      any = true;
      let advanced = i < 0;
      enumerator.start();
      do {
        if (touched) store.reload(words);
        touched = true;
        const within = system.apply(m, enumerator.choose);
        this.transitions += 1;
        if (advanced) advanced = within !== false && system.alone!.advanced();
        if (within !== false && visit(step) === true) return true;
        step += 1;
      } while (enumerator.next());
      if (advanced) return true;
    }
    return any;
  }
}
