// Runs tests on the engine as it is, and on mutants of it.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleLibrary, bundleMutant, bundleMutants } from './bundle.mjs';
import { Child } from './child.mjs';
import { placeOf } from './reach.mjs';
import { digest, digestOfEngine, ROOT } from './sources.mjs';

const DIRECTORY = join(ROOT, 'dist/mutate');

/** A run of a test as it is takes hundredths of a second; a mutant may loop. */
const TEST_TIMEOUT_MS = 5000;
/** So many times longer than it takes as it is, if that is more. */
const TIMEOUT_FACTOR = 20;
/** States that a mutant may have for each that the test has as it is, and for small tests. */
const STATES_FACTOR = 20;
const MIN_STATES = 5000;
/** A mutant that crashes or runs out of bounds so often does it everywhere. */
const MAX_TROUBLES = 4;

/** Code that runs after it was loaded only, so that a mutant of it can be switched on in an engine that is there. */
const RUNS_LATER = /^src\/kernel\/(mm|fs)\/|^src\/kernel\/(fork|exit|fault|uaccess|slab|locks)\.ts$/;

/** Runs a corpus on mutants of the given sources. Both are maps of path to text. */
export class Runner {
  #children = [];
  #free = [];
  #waiting = [];
  #library;
  /** By file, where a test runs and what it gives there: `[{ arch, release, is, shared, maxStates, timeoutMs }]`. */
  #base = new Map();
  /** By file, the functions that a test runs through. */
  #reach = new Map();
  /** Numbers of the mutants that are in one script. */
  #numbers = new Map();

  /** @param processes how many mutants can be run at a time */
  constructor(sources, corpus, processes = 1) {
    this.sources = sources;
    this.corpus = corpus;
    this.processes = processes;
  }

  /**
   * Runs everything on the engine as it is.
   * @param configurations where
   * @param all whether on all others, too
   * @param log is told how far it is
   * @throws Error when a test does not give what its `Result` line says
   */
  async begin(configurations, { all = false, log = () => undefined } = {}) {
    mkdirSync(DIRECTORY, { recursive: true });
    this.#library = join(DIRECTORY, `library-${process.pid}.mjs`);
    const { code, map } = await bundleLibrary(this.sources);
    writeFileSync(this.#library, code);
    writeFileSync(`${this.#library}.map`, JSON.stringify(map));
    for (let i = 0; i < this.processes; i++) this.#children.push(new Child(this.#library, this.corpus));
    this.#free = [...this.#children];
    const entries = await this.#baseline(configurations, all, log);
    const wrong = [];
    for (const [file, { found, reach }] of entries) {
      this.#reach.set(file, new Set(reach));
      this.#base.set(file, found.map(bounded));
      for (const { ok, arch, release, observation } of found)
        if (!ok) wrong.push(`${file} on ${arch}+${release} gives ${observation}`);
    }
    if (wrong.length > 0) throw new Error(`the corpus fails without mutants:\n${wrong.join('\n')}`);
  }

  /** What each test gives and runs through, kept on the disk for the next time: `[[file, { found, reach }]]`. */
  async #baseline(configurations, all, log) {
    const where = new Map([['configurations', JSON.stringify([configurations, all])]]);
    const path = join(DIRECTORY, `base-${digestOfEngine(this.sources, where)}.json`);
    const kept = new Map(existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : []);
    const textOf = (file) => digest(new Map([[file, this.corpus.get(file)]]));
    const files = [...this.corpus.keys()].filter((file) => kept.get(file)?.text !== textOf(file));
    let done = 0;
    const shares = this.#children.map((_, i) => files.filter((_file, n) => n % this.processes === i));
    const endings = await Promise.all(
      this.#children.map((child, i) =>
        child.talk(
          { base: configurations, all, files: shares[i] },
          (file, found, reach) => {
            kept.set(file, { text: textOf(file), found, reach });
            if (++done % 100 === 0) log(`${done} of ${files.length} tests run as they are`);
          },
          true,
        ),
      ),
    );
    for (const ending of endings)
      if (ending !== undefined) throw new Error(`the tests cannot be run: ${ending.observed}`);
    writeFileSync(path, JSON.stringify([...kept]));
    return [...kept].filter(([file]) => this.corpus.has(file));
  }

  /** Those tests among `files` which run through the code of a mutant, all that runs when it is loaded included. */
  reaching(mutant, files) {
    const place = placeOf(mutant);
    return files.filter((file) => place === undefined || this.#reach.get(file).has(place));
  }

  /** Jobs for {@link run}: tests with where they run, of that what is wanted. */
  jobs(files, wanted = () => true) {
    return files.map((file) => ({ file, runs: this.#base.get(file).filter(wanted) }));
  }

  /** The longest that a test takes as it is, in ms. */
  costOf(file) {
    return this.#base.get(file).reduce((sum, { ms }) => Math.max(sum, ms), 0);
  }

  /** Puts mutants in one script, which is loaded once: {@link run} is much faster then. */
  async prepare(mutants) {
    const { code, numbers } = await bundleMutants(this.sources, mutants);
    this.#numbers = numbers;
    for (const child of this.#children) child.script = code;
  }

  /**
   * Runs tests on a mutant.
   * @param jobs `[{ file, runs }]`
   * @param first whether the first difference is enough
   * @returns `{ differences: [{ file, arch, release, expected, observed, kind }] }`; the kind is verdict, crash or bound
   */
  async run(mutant, jobs, first = false) {
    let engine;
    try {
      engine = await this.#engineOf(mutant);
    } catch (error) {
      return { invalid: String(error), differences: [] };
    }
    const options = { first, maxTroubles: MAX_TROUBLES };
    const differences = [];
    const left = jobs.filter(({ runs }) => runs.length > 0);
    const ending = await this.#talk({ ...engine, jobs: left, options }, (file, found) => {
      left.splice(0, 1);
      for (const difference of found) differences.push({ file, ...difference });
    });
    if (ending !== undefined) differences.push({ file: left[0]?.file, ...left[0]?.runs[0], ...ending });
    return { differences };
  }

  async #engineOf(mutant) {
    const number = this.#numbers.get(mutant);
    if (number === undefined) return { code: await bundleMutant(this.sources, mutant) };
    return { number, anew: mutant.fn === undefined || !RUNS_LATER.test(mutant.file) };
  }

  close() {
    for (const child of this.#children) child.close();
    if (this.#library === undefined) return;
    for (const path of [this.#library, `${this.#library}.map`]) rmSync(path, { force: true });
  }

  /** Talks to the first process that is free. */
  async #talk(message, heard) {
    if (this.#free.length === 0) await new Promise((resolve) => this.#waiting.push(resolve));
    const child = this.#free.pop();
    try {
      return await child.talk(message, heard);
    } finally {
      this.#free.push(child);
      this.#waiting.shift()?.();
    }
  }
}

/** A run as jobs have it: what should come out, and how many states and how much time it may take. */
function bounded({ arch, release, observation, explored, shared, ms }) {
  const maxStates = Math.max(MIN_STATES, STATES_FACTOR * explored);
  const timeoutMs = Math.max(TEST_TIMEOUT_MS, TIMEOUT_FACTOR * ms);
  return { arch, release, is: observation, shared, maxStates, timeoutMs, ms };
}
