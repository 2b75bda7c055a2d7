/** Enumerates all answers that a move's choices can get: an odometer over choices that appear while the move runs. */
export class Enumerator {
  /** Answers of this round, and how many each could be. */
  readonly answers: number[] = [];
  private readonly arity: number[] = [];
  private at = 0;
  readonly choose = (n: number): number => {
    if (this.at === this.answers.length) {
      this.answers.push(0);
      this.arity.push(n);
    } else if (this.arity[this.at] !== n) {
      throw new Error(`a choice of ${this.arity[this.at]} became one of ${n}: the move is not deterministic`);
    }
    return this.answers[this.at++]!;
  };

  /** Starts with a new move. */
  start(): void {
    if (this.answers.length > 0) {
      this.answers.length = 0;
      this.arity.length = 0;
    }
    this.at = 0;
  }

  /** Prepares the next round of the same move; false when all were made. */
  next(): boolean {
    this.at = 0;
    while (this.answers.length > 0) {
      const last = this.answers.length - 1;
      if (++this.answers[last]! < this.arity[last]!) return true;
      this.answers.pop();
      this.arity.pop();
    }
    return false;
  }
}

/** Gives recorded answers, then 0. */
export function replaying(answers: readonly number[]): (n: number) => number {
  let at = 0;
  return (n) => Math.min(answers[at++] ?? 0, n - 1);
}
