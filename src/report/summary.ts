import type { RunResult } from '../run/result.js';
import { hitBound, type Verdict, verdictOf, expectation } from './verdict.js';

const RED = '31';
const GREEN = '32';
const YELLOW = '33';

/** `1 test`, `1,234 tests`. */
export function count(number: number, noun: string): string {
  return `${grouped(number)} ${noun}${number === 1 ? '' : 's'}`;
}

/** A number with thousands separated, the same in every locale. */
export function grouped(number: number): string {
  return String(number).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

function note(result: RunResult): string {
  const where = `${result.file}  ${result.arch} ${result.release}`;
  const undef = result.undefined.length > 0 ? ` (${result.undefined.join(', ')})` : '';
  const reason = result.reason === undefined ? '' : ` (${result.reason})`;
  return `${where}: ${result.observation}${undef}${expectation(result)}${reason}`;
}

/** Counts results as they come and says at the end what a person must know: the counts, and each surprise. */
export class Summary {
  readonly #counts: Record<Verdict, number> = { 'as expected': 0, differs: 0, unknown: 0, 'n/a': 0 };
  readonly #notes: { readonly word: string; readonly color: string; readonly text: string }[] = [];
  readonly #files = new Set<string>();
  #explored = 0;
  #shared = 0;
  #bounds = 0;
  readonly #badFiles = new Set<string>();

  add(result: RunResult): void {
    const verdict = verdictOf(result);
    this.#counts[verdict]++;
    this.#files.add(result.file);
    if (result.sharedWith === undefined) this.#explored += result.explored;
    else this.#shared++;
    if (hitBound(result)) this.#bounds++;
    if (verdict === 'differs') this.#notes.push({ word: 'differs', color: RED, text: note(result) });
    else if (hitBound(result)) this.#notes.push({ word: 'unknown', color: YELLOW, text: note(result) });
  }

  /** A file that could not be read, parsed or run. */
  addBad(file: string): void {
    if (!this.#badFiles.has(file)) this.#notes.push({ word: 'bad', color: RED, text: file });
    this.#badFiles.add(file);
  }

  get differing(): number {
    return this.#counts.differs;
  }

  /** Runs that a bound stopped. */
  get bounds(): number {
    return this.#bounds;
  }

  get bad(): number {
    return this.#badFiles.size;
  }

  /**
   * @param seconds - wall-clock time of everything.
   * @param interrupted - whether the user stopped it, so that the counts are not the whole.
   */
  format(seconds: number, color: boolean, interrupted = false): string {
    const paint = (code: string, text: string): string => (color ? `\u001b[${code}m${text}\u001b[0m` : text);
    const counts = this.#counts;
    const runs = counts['as expected'] + counts.differs + counts.unknown + counts['n/a'];
    const parts = [
      paint(GREEN, `${grouped(counts['as expected'])} as expected`),
      counts.differs > 0 ? paint(RED, `${grouped(counts.differs)} differing`) : '',
      counts.unknown > 0 ? paint(YELLOW, `${grouped(counts.unknown)} unknown`) : '',
      counts['n/a'] > 0 ? `${grouped(counts['n/a'])} n/a` : '',
      this.bad > 0 ? paint(RED, count(this.bad, 'bad file')) : '',
    ].filter((part) => part !== '');
    const notes = this.#notes.map(
      ({ word, color: code, text }) => `${paint(code, word.padEnd(7))}  ${text}\n`,
    );
    const head = interrupted ? 'interrupted after ' : '';
    return (
      notes.join('') +
      `${head}${count(this.#files.size, 'test')}, ${count(runs, 'run')}: ${parts.join(', ')}` +
      ` (${this.#shared > 0 ? `${grouped(this.#shared)} shared, ` : ''}${count(this.#explored, 'state')}, ${seconds.toFixed(1)} s)\n`
    );
  }
}
