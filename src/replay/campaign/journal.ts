/**
 * What a campaign has found out so far, in a file: a line of JSON for each result, written as soon as it is known. A line that an interruption
 * has cut short is dropped, and what it said is found out again.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export class Journal<T> {
  readonly #known = new Map<string, T>();

  constructor(readonly path: string) {
    mkdirSync(dirname(path), { recursive: true });
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    for (const line of text.split('\n')) this.#read(line);
    // what follows must not be glued to half a line
    if (text !== '' && !text.endsWith('\n')) writeFileSync(path, text.slice(0, text.lastIndexOf('\n') + 1));
  }

  #read(line: string): void {
    let entry: unknown;
    try {
      entry = JSON.parse(line);
    } catch {
      return;
    }
    if (!Array.isArray(entry) || typeof entry[0] !== 'string' || entry.length !== 2) return;
    this.#known.set(entry[0], entry[1] as T);
  }

  get size(): number {
    return this.#known.size;
  }

  get(key: string): T | undefined {
    return this.#known.get(key);
  }

  add(key: string, value: T): void {
    this.#known.set(key, value);
    appendFileSync(this.path, `${JSON.stringify([key, value])}\n`);
  }
}
