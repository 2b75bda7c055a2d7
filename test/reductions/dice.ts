/** A number from 0 to n - 1 that follows from a seed. */
export class Dice {
  constructor(private state: number) {}
  roll(n: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let h = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    h ^= h + Math.imul(h ^ (h >>> 7), 61 | h);
    return ((h ^ (h >>> 14)) >>> 0) % n;
  }
  one<T>(of: readonly T[]): T {
    return of[this.roll(of.length)]!;
  }
}
