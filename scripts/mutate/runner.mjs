// Runs tests on mutants in a child process, and replaces it when it hangs.
import { fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleLibrary, bundleMutant } from './bundle.mjs';
import { placeOf } from './reach.mjs';
import { ROOT } from './sources.mjs';

const DIRECTORY = join(ROOT, 'dist/mutate');
const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));
const require = createRequire(import.meta.url);
const WASM = ['web-tree-sitter/web-tree-sitter.wasm', 'tree-sitter-c/tree-sitter-c.wasm'];

/** A run of a test as it is takes hundredths of a second; a mutant may loop. */
const TEST_TIMEOUT_MS = 2000;
/** States that a mutant may have for each that the test has as it is, and for small tests. */
const STATES_FACTOR = 20;
const MIN_STATES = 5000;
/** Silence of the child for so long means that it hangs; at its start it has all tests to parse. */
const SILENCE_MS = 10_000;
const PATIENCE_MS = 120_000;
/** A mutant that crashes or runs out of bounds so often does it everywhere. */
const MAX_TROUBLES = 4;
/** The engines of all mutants stay in the child's memory. */
const MUTANTS_PER_CHILD = 150;

/** Runs a corpus on mutants of the given sources. Both are maps of path to text. */
export class Runner {
  #child;
  #used = 0;
  #library;
  /** By file, where a test runs and what it gives there: `[{ arch, release, is, maxStates }]`. */
  #base = new Map();
  /** By file, the functions that a test runs through. */
  #reach = new Map();

  constructor(sources, corpus) {
    this.sources = sources;
    this.corpus = corpus;
  }

  /**
   * Runs everything on the engine as it is.
   * @throws Error when a test does not give what its `Result` line says
   */
  async begin(configurations) {
    mkdirSync(DIRECTORY, { recursive: true });
    this.#library = join(DIRECTORY, `library-${process.pid}.mjs`);
    const { code, map } = await bundleLibrary(this.sources);
    writeFileSync(this.#library, code);
    writeFileSync(`${this.#library}.map`, JSON.stringify(map));
    const wrong = [];
    const ending = await this.#talk({ base: configurations }, (file, found, reach) => {
      this.#reach.set(file, new Set(reach));
      this.#base.set(file, found.map(bounded));
      for (const { ok, arch, release, observation } of found)
        if (!ok) wrong.push(`${file} on ${arch}+${release} gives ${observation}`);
    });
    if (ending !== undefined) throw new Error(`the tests cannot be run: ${ending.observed}`);
    if (wrong.length > 0) throw new Error(`the corpus fails without mutants:\n${wrong.join('\n')}`);
  }

  /** Those tests among `files` which run through the code of a mutant, all that runs when it is loaded included. */
  reaching(mutant, files) {
    const place = placeOf(mutant);
    return files.filter((file) => place === undefined || this.#reach.get(file).has(place));
  }

  /** Jobs for {@link run}: tests with where they run among `configurations`, all by default. */
  jobs(files, configurations) {
    const wanted = ({ arch, release }) =>
      configurations === undefined || configurations.some((c) => c.arch === arch && c.release === release);
    return files.map((file) => ({ file, runs: this.#base.get(file).filter(wanted) }));
  }

  /**
   * Runs tests on a mutant.
   * @param jobs `[{ file, runs }]`
   * @param first whether the first difference is enough
   * @returns `{ differences: [{ file, arch, release, expected, observed, kind }] }`; the kind is verdict, crash or bound
   */
  async run(mutant, jobs, first = false) {
    let code;
    try {
      code = await bundleMutant(this.sources, mutant);
    } catch (error) {
      return { invalid: String(error), differences: [] };
    }
    const options = { first, timeoutMs: TEST_TIMEOUT_MS, maxTroubles: MAX_TROUBLES };
    const differences = [];
    const left = jobs.filter(({ runs }) => runs.length > 0);
    const ending = await this.#talk({ code, jobs: left, options }, (file, found) => {
      left.splice(0, 1);
      for (const difference of found) differences.push({ file, ...difference });
    });
    if (ending !== undefined) differences.push({ file: left[0]?.file, ...left[0]?.runs[0], ...ending });
    return { differences };
  }

  close() {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }

  /** Sends a message and hears what comes, until the end. @returns how it ended if not well */
  async #talk(message, heard) {
    if (this.#used++ >= MUTANTS_PER_CHILD) this.close();
    this.#child ??= await this.#start();
    const child = this.#child;
    const ending = await conversation(child, message, heard, SILENCE_MS);
    if (ending !== undefined && ending.fatal) this.close();
    return ending === undefined ? undefined : { kind: ending.kind, observed: ending.observed };
  }

  async #start() {
    this.#used = 0;
    const child = fork(WORKER, [], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    const wasm = WASM.map((path) => require.resolve(path));
    const message = { library: pathToFileURL(this.#library).href, wasm, corpus: this.corpus };
    const ending = await conversation(child, message, () => undefined, PATIENCE_MS);
    if (ending !== undefined) {
      child.kill('SIGKILL');
      throw new Error(`the tests cannot be parsed: ${ending.observed}`);
    }
    return child;
  }
}

/** A run as jobs have it: what should come out, and how many states it may take. */
function bounded({ arch, release, observation, explored }) {
  return { arch, release, is: observation, maxStates: Math.max(MIN_STATES, STATES_FACTOR * explored) };
}

function conversation(child, message, heard, silenceMs) {
  return new Promise((resolve) => {
    let timer;
    const end = (how) => {
      clearTimeout(timer);
      child.off('message', onMessage);
      child.off('exit', onExit);
      resolve(how);
    };
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => end({ fatal: true, kind: 'bound', observed: 'hangs' }), silenceMs);
    };
    const onExit = (code, signal) =>
      end({ fatal: true, kind: 'crash', observed: `the process ended with ${signal ?? code}` });
    const onMessage = (answer) => {
      if (answer.ready || answer.end) {
        end(answer.crash === undefined ? undefined : { fatal: false, kind: 'crash', observed: answer.crash });
        return;
      }
      heard(answer.done, answer.found, answer.reach);
      wait();
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
    wait();
    child.send(message);
  });
}
