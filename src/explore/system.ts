/**
 * A transition system over words: all that the search knows. The system owns one array; the search fills it with a state, asks
 * for a move, and reads the next state out of it.
 */
export interface TransitionSystem {
  /** The state, in place. Its length never changes. */
  readonly words: Int32Array;
  /** Where parts of the state begin that tend to change together: ascending, the first 0. Any choice is right, a good one is fast. */
  readonly cuts: readonly number[];
  /** Number of moves that a state may offer; which are possible depends on the state. */
  readonly moves: number;
  /**
   * A move of the current state that may be made alone: whatever the others can do meanwhile, they can do after it, to the same end (-1: there is
   * none). After each of its actions `advanced` tells whether it has brought its maker further; if one has not, the other moves are made, too,
   * so that nobody waits for ever. Absent: all moves are made.
   */
  readonly alone?: { move(): number; advanced(): boolean } | undefined;
  /** Whether move `m` is possible in the current state. */
  enabled(m: number): boolean;
  /**
   * Makes move `m`. Every nondeterministic decision inside it is a call of `choose(n)`, which answers 0..n-1; the same answers give
   * the same state. `false`: it leads nowhere, out of the bounds that the system was given (what the words hold is then no state) or to the state that it
   * began in.
   */
  apply(m: number, choose: Choose): boolean | void;
  /**
   * Of a system that is looked at (trace.ts): its moves may be made in pieces. Whether the one that was made last, without a choice, goes on: the same move
   * of where it has led, which is possible there, is its next piece, unless it has gone on so often already. Absent: they are made whole.
   */
  readonly pieces?: { goesOn(): boolean; readonly most: number };
  /**
   * Gives a state that a move has led to the form in which it is kept. apply() does so itself: this is for who has written down what a move does to the
   * words before (repeat.ts). Absent: states are kept as moves leave them.
   */
  settle?(): void;
}

/** Decides among n possibilities; each may stand for several that lead to the same, as `weights` says. */
export interface Choose {
  (n: number, weights?: readonly number[]): number;
  /**
   * Decides among those of `count` things for which `is` holds, for who wants to know what each depends on (trace.ts): the same as looking at all of them
   * and choosing one by its number among the possible. What the move does then must depend on which thing it is, not on what else there was.
   * @returns the number of a thing, -1 if there is none
   */
  readonly among?: (count: number, is: (i: number) => boolean) => number;
}

/** A move and the answers its choices got: enough to make it again. */
export interface Action {
  readonly move: number;
  readonly choices: readonly number[];
}
