// The record of evidence: for each litmus test a mutant of the model that changes its verdict.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mutantId, mutantsOf } from './operators.mjs';
import { ROOT } from './sources.mjs';

export const KILLERS = 'test/mutation/killers.json';
/** The tests for which the search for a killer has not been finished, one a line, sorted. */
export const NOT_YET = 'test/mutation/not-yet.txt';

/** File of a test to its killer: what names the mutant, where it was run, and what it made of how many tests. */
export function readKillers() {
  const path = join(ROOT, KILLERS);
  return new Map(existsSync(path) ? Object.entries(JSON.parse(readFileSync(path, 'utf8'))) : []);
}

export function readNotYet() {
  return readFileSync(join(ROOT, NOT_YET), 'utf8').split('\n').filter(Boolean);
}

/** @param tests paths of all tests: those without a killer are listed as such */
export function writeKillers(killers, tests) {
  const sorted = [...killers].sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync(join(ROOT, KILLERS), `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);
  const without = tests.filter((file) => !killers.has(file)).sort();
  writeFileSync(join(ROOT, NOT_YET), without.map((file) => `${file}\n`).join(''));
}

/** What is kept of a mutant and of what it did to a test. */
export function killerOf(mutant, { arch, release, expected, observed }, kills) {
  const { file, in: where, op, from, to, nth } = mutant;
  return { file, in: where, op, from, to, nth, on: `${arch}+${release}`, expected, observed, kills };
}

/** Finds mutants again by what names them. */
export class Locator {
  #files = new Map();

  constructor(sources) {
    this.sources = sources;
  }

  /** The mutant, or undefined if the code that it changed is gone. */
  find(killer) {
    if (!this.#files.has(killer.file)) {
      const text = this.sources.get(killer.file);
      const mutants = text === undefined ? [] : mutantsOf(killer.file, text);
      this.#files.set(killer.file, new Map(mutants.map((m) => [mutantId(m), m])));
    }
    return this.#files.get(killer.file).get(mutantId(killer));
  }
}

/** `{ arch, release }` of `arm+7.2`. */
export function configurationOf(on) {
  const [arch, release] = on.split('+');
  return { arch, release };
}

/** Whether a run is on one of some configurations. */
export function isOn(configurations) {
  return ({ arch, release }) => configurations.some((c) => c.arch === arch && c.release === release);
}
