/**
 * Walks a path of a search that renames frames without renaming anything: what a reader sees keeps its name. The search's states are made
 * again beside it, and whatever frame is taken there, its namesake is taken here.
 */
import { replaying } from '../explore/chooser.js';
import type { Kernel } from '../kernel/kernel.js';
import type { FrameSource } from '../kernel/routine.js';

type Choose = (n: number, weights?: readonly number[]) => number;

export class Unrenamer {
  /** Frame of the plain run for each frame of the search's. */
  private readonly names: Int32Array;

  /**
   * @param shadow a kernel as the search has it
   * @param plain one without an exchange, in the same state
   */
  constructor(
    private readonly shadow: Kernel,
    private readonly plain: Kernel,
  ) {
    this.names = Int32Array.from({ length: shadow.mem.frames }, (_, f) => f);
  }

  /**
   * Makes a step of the search, then the same without renaming.
   * @param choices of the search's step
   * @param follow makes the search's step, and gives what was renamed after it
   * @param walk makes the step of the plain run; its kernel is given the answers
   * @returns choices that lead the same way in a plain run
   */
  step(
    choices: readonly number[],
    follow: (choose: Choose) => Int32Array | undefined,
    walk: (choose: Choose) => void,
  ): number[] {
    const { shadow, plain } = this;
    const heads: number[] = [];
    const others: number[] = [];
    const replay = replaying(choices);
    if (shadow.exchange !== undefined) shadow.exchange.onTake = (head) => heads.push(this.names[head]!);
    const renamed = follow((n, weights) => {
      const answer = replay(n);
      if (weights === undefined) others.push(answer);
      return answer;
    });
    const answers: number[] = [];
    const rest = replaying(others);
    const before = plain.frameSource;
    if (shadow.exchange !== undefined) plain.frameSource = source(heads, answers);
    walk((n) => {
      const answer = rest(n);
      answers.push(answer);
      return answer;
    });
    plain.frameSource = before;
    if (renamed !== undefined) this.rename(renamed);
    return answers;
  }

  private rename(to: Int32Array): void {
    const old = this.names.slice();
    to.forEach((index, f) => (this.names[index] = old[f]!));
  }
}

/** Hands out what it is told to, and notes which of the free blocks that is. */
function source(heads: readonly number[], answers: number[]): FrameSource {
  let at = 0;
  return {
    take(free) {
      const head = heads[at++]!;
      if (free.length > 1) answers.push(free.indexOf(head));
      return head;
    },
    freed: () => {},
  };
}
