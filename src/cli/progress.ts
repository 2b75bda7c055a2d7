import type { Progress } from '../run/result.js';
import { grouped } from '../report/summary.js';
import type { Terminal } from './terminal.js';

const DELAY_MS = 1000;
const INTERVAL_MS = 100;
const CLEAR = '\r\u001b[K';

/**
 * The one line on a terminal that says what is going on. It appears after a second, never in a file or a pipe, and
 * is gone before anything else is printed.
 */
export class ProgressLine {
  readonly #out: Terminal;
  readonly #now: () => number;
  readonly #began: number;
  #runBegan: number;
  #drawn = 0;
  #shown = false;
  #label = '';

  constructor(out: Terminal, now: () => number = () => performance.now()) {
    this.#out = out;
    this.#now = now;
    this.#began = now();
    this.#runBegan = this.#began;
  }

  /** A new run begins; its label stays until the next. */
  begin(label: string): void {
    this.#label = label;
    this.#runBegan = this.#now();
    this.#draw('');
  }

  update({ explored, queued }: Progress): void {
    const seconds = Math.max(this.#now() - this.#runBegan, 1) / 1000;
    const rate = grouped(Math.round(explored / seconds));
    this.#draw(`: ${grouped(explored)} states, ${rate}/s, ${grouped(queued)} to do`);
  }

  /** Takes the line away; to be called before anything else is printed. */
  clear(): void {
    if (this.#shown) this.#out.write(CLEAR);
    this.#shown = false;
  }

  #draw(detail: string): void {
    const now = this.#now();
    if (this.#out.isTTY !== true || now - this.#began < DELAY_MS || now - this.#drawn < INTERVAL_MS) return;
    this.#drawn = now;
    this.#shown = true;
    this.#out.write(CLEAR + (this.#label + detail).slice(0, (this.#out.columns ?? 80) - 1));
  }
}
