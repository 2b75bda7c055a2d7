// A child process that runs tests on mutated engines. It may hang or crash: its parent watches it.
//
// It is told `{ library, wasm, corpus }` once, answers `{ ready }`, then gets one of
//   { base: configurations, all, files }  runs tests on the engine as it is, and tells which functions they run through; with
//                                   `all` on all other configurations, too
//   { script }                      code of many mutants, for what follows
//   { number, anew, jobs, options } runs jobs on one of them, in an engine that is loaded with it if it runs at loading (`anew`);
//                                   a job is `{ file, runs: [{ arch, release, is, maxStates, timeoutMs }] }`
//   { code, jobs, options }         runs jobs on a mutant with a script of its own
// and answers `{ alive }` after a long run, `{ done: file, found, reach }` for each test and `{ end }` after the last, or when it has seen enough.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runInThisContext } from 'node:vm';
import { Coverage } from './reach.mjs';

/** The library as it is, and by file each test that it parsed. */
let library;
let url;
const tests = new Map();
/** Makes engines of many mutants, and the one that stays. */
let make;
let kept;

process.on('disconnect', () => process.exit());
process.on('message', async (message) => {
  if (message.library !== undefined) await begin(message);
  else if (message.base !== undefined) await runBase(message);
  else if (message.script !== undefined) await load(message);
  else await runMutant(message);
});

/** After a run that takes longer, the parent hears that it came to an end. */
const ALIVE_MS = 1000;

/** Waits until the parent can have it, for what follows may never end. */
const tell = (message) => new Promise((resolve) => process.send(message, resolve));

async function begin({ library: path, wasm, corpus }) {
  url = path;
  library = await import(path);
  const grammar = await library.loadGrammar(...wasm.map((file) => readFileSync(file)));
  for (const [file, text] of corpus) tests.set(file, library.parseLitmus({ file, text }, grammar));
  await tell({ ready: true });
}

async function runBase({ base, all, files }) {
  const names = new Set(base.map(nameOf));
  const others = library.CONFIGURATIONS.map(({ arch, release }) => ({ arch, release }));
  const configurations = all ? [...base, ...others.filter((c) => !names.has(nameOf(c)))] : base;
  const path = fileURLToPath(url);
  const map = JSON.parse(readFileSync(`${path}.map`, 'utf8'));
  const coverage = new Coverage(url, readFileSync(path, 'utf8'), map);
  await coverage.begin();
  for (const file of files) {
    const found = [];
    // On configurations that a test cannot tell apart, mutants are seldom told apart either.
    const runTest = library.sharedRuns(tests.get(file));
    for (const configuration of configurations) {
      const { status, observation, ok, explored, sharedWith, timeMs } = await runTest(configuration);
      if (status !== 'ran') continue;
      found.push({
        ...configuration,
        observation,
        ok,
        explored,
        shared: sharedWith !== undefined,
        ms: timeMs,
      });
    }
    await tell({ done: file, found, reach: await coverage.take() });
  }
  await coverage.end();
  await tell({ end: true });
}

const nameOf = ({ arch, release }) => `${arch}+${release}`;

async function load({ script }) {
  make = runInThisContext(script, { filename: 'mutants.js' });
  kept = new Engine(make(0));
  await tell({ end: true });
}

async function runMutant({ number, anew, code, jobs, options }) {
  let engine;
  try {
    if (code !== undefined) engine = new Engine(runInThisContext(code, { filename: 'engine.js' })(0));
    else engine = anew ? new Engine(make(number)) : kept;
  } catch (error) {
    await tell({ end: true, crash: String(error) });
    return;
  }
  let troubles = 0;
  let told = performance.now();
  for (const { file, runs } of jobs) {
    const found = [];
    for (const run of runs) {
      const difference = await engine.compare(file, run, number);
      if (performance.now() - told > ALIVE_MS) await tell({ alive: true });
      told = performance.now();
      if (difference === undefined) continue;
      found.push(difference);
      if (difference.kind !== 'verdict') troubles++;
      if (options.first || difference.kind === 'bound' || troubles >= options.maxTroubles) break;
    }
    await tell({ done: file, found });
    if ((options.first && found.length > 0) || troubles >= options.maxTroubles) break;
  }
  await tell({ end: true });
}

/** An engine, and the tests as it lowered them: that does not depend on a mutant that is switched on later. */
class Engine {
  #lowered = new Map();

  constructor({ engine, use }) {
    this.engine = engine;
    this.use = use;
  }

  #lower(file, { arch, release }) {
    const key = `${file} ${arch}+${release}`;
    let lowered = this.#lowered.get(key);
    if (lowered === undefined) {
      const { compile, factsOf, optionFacts, USUAL_PTRS } = this.engine;
      const test = tests.get(file);
      lowered = compile(test, factsOf(arch, release, optionFacts(test)), USUAL_PTRS);
      this.#lowered.set(key, lowered);
    }
    return lowered;
  }

  /** What differs from the run of the engine as it is, if anything does. */
  async compare(file, { arch, release, is, maxStates, timeoutMs }, number) {
    const where = { arch, release, expected: is };
    try {
      const lowered = this.#lower(file, { arch, release });
      if (number !== undefined) this.use(number);
      const { observation } = await this.engine.answerCompiled(lowered, {
        arch,
        release,
        timeoutMs,
        maxStates,
      });
      if (observation === is) return undefined;
      return { ...where, observed: observation, kind: observation === 'Unknown' ? 'bound' : 'verdict' };
    } catch (error) {
      return { ...where, observed: String(error).slice(0, 200), kind: 'crash' };
    } finally {
      if (number !== undefined) this.use(0);
    }
  }
}
