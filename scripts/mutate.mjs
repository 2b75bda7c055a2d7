// Breaks the model on purpose, in many small ways, and looks which litmus tests notice.
//
//   npm run mutate -- --seed S              how many of 300 mutants does the corpus notice?
//   npm run mutate -- --all --only PATH     not a sample: every mutant of these files, in the order of their text
//   npm run mutate:evidence                 for every test a mutant that changes its verdict (the same with --evidence)
//
// Options: --seed S (1)       what chance decides
//          --sample N (300)   how many mutants
//          --scope all        sample: of the whole model, not of src/kernel/mm alone
//          --operators all    sample: all operators, not the standard ones alone
//          --only PATH,...    mutants of files whose path has one of these in it
//          --workers N (2)    how many processes run tests
//          --fresh            sample: forgets what an interrupted run of the same sources and tests found out
//          --record           sample: writes the result to docs/mutation.md
//          --resume           evidence: trusts what is recorded, and only looks for what is missing
//          --limit N          evidence: tries no more than so many mutants (2500)
//
// Evidence is kept in test/mutation (killers.json, not-yet.txt) and docs/mutation.md; what is there is tried again first, and mutants are looked
// for only where that does not hold. Exit status: 1 if a test is left without evidence, 2 for wrong usage.
import { parseArgs } from 'node:util';
import { CONFIGURATIONS, Evidence } from './mutate/evidence.mjs';
import { Journal } from './mutate/journal.mjs';
import { mutantId, mutantsOf, STANDARD } from './mutate/operators.mjs';
import { evidenceText, rate, record, sampleText } from './mutate/record.mjs';
import { Runner } from './mutate/runner.mjs';
import { inOrder, runMutants } from './mutate/sample.mjs';
import { readCorpus, readSources, targets } from './mutate/sources.mjs';

/** What a sample is of, unless more is asked for. */
const MM = 'src/kernel/mm/';

const log = (text) => console.error(text);

function options() {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      sample: { type: 'string', default: '300' },
      all: { type: 'boolean', default: false },
      evidence: { type: 'boolean', default: false },
      only: { type: 'string' },
      scope: { type: 'string' },
      operators: { type: 'string' },
      limit: { type: 'string', default: '2500' },
      resume: { type: 'boolean', default: false },
      fresh: { type: 'boolean', default: false },
      workers: { type: 'string', default: '2' },
      record: { type: 'boolean', default: false },
    },
  });
  for (const name of ['seed', 'sample', 'limit', 'workers']) {
    if (values[name] === undefined) continue;
    if (!/^\d+$/.test(values[name])) throw new Error(`--${name} takes a number, not '${values[name]}'`);
    values[name] = Number(values[name]);
  }
  for (const name of ['scope', 'operators']) {
    if (values[name] !== undefined && values[name] !== 'all')
      throw new Error(`--${name} takes 'all', not '${values[name]}'`);
  }
  if (values.all && values.only === undefined) throw new Error('--all takes its files from --only');
  if (values.all && values.record) throw new Error('--record is for samples');
  return values;
}

async function main() {
  const given = options();
  const [sources, corpus] = [readSources(), readCorpus()];
  const files = targets(sources, given.only ?? (given.evidence || given.scope === 'all' ? undefined : MM));
  if (files.length === 0) throw new Error(`--only ${given.only}: no such file under src/`);
  const isWanted = ({ op }) => given.evidence || given.operators === 'all' || STANDARD.includes(op);
  const mutants = new Map(files.map((file) => [file, mutantsOf(file, sources.get(file)).filter(isWanted)]));
  log(`${[...mutants.values()].flat().length} mutants of ${files.length} files, ${corpus.size} tests`);
  const runner = new Runner(sources, corpus, Math.max(1, given.workers));
  process.once('SIGINT', () => {
    runner.close();
    log('stopped; the same command goes on from here (evidence: with --resume)');
    process.exit(130);
  });
  try {
    if (given.evidence) await evidence(runner, mutants, given);
    else await sample(runner, [...mutants.values()].flat(), given);
  } finally {
    runner.close();
  }
}

async function evidence(runner, mutants, { seed, limit, resume }) {
  await runner.begin(CONFIGURATIONS);
  const finder = new Evidence(runner, log);
  await finder.check(resume);
  // Tests are about the kernel: what stands around it is broken only for those that no mutant of it kills.
  const kernel = [...mutants].filter(([file]) => file.startsWith('src/kernel/')).flatMap(([, m]) => m);
  const around = [...mutants].filter(([file]) => !file.startsWith('src/kernel/')).flatMap(([, m]) => m);
  const tried = await finder.search([kernel, around], seed, limit);
  record('evidence', evidenceText(finder.killers));
  const missing = finder.missing();
  log(`${tried} mutants tried; ${finder.killers.size} tests have a killer, ${missing.length} have none`);
  for (const file of missing) log(`  ${file}`);
  if (missing.length > 0) process.exitCode = 1;
}

async function sample(runner, mutants, given) {
  const { seed, fresh, all: whole } = given;
  await runner.begin(CONFIGURATIONS, { all: true, log });
  const started = performance.now();
  const journal = new Journal(whole ? 'all.jsonl' : `sample-${seed}.jsonl`, runner, fresh);
  if (journal.known.size > 0) log(`goes on after ${journal.known.size} mutants (--fresh begins anew)`);
  const size = whole ? mutants.length : given.sample;
  const order = whole ? mutants : inOrder(mutants, seed);
  const results = await runMutants(runner, order, { size, journal }, (result, all) => {
    journal.add(result);
    if (result.outcome === 'survived')
      log(`survived: line ${result.mutant.line}: ${mutantId(result.mutant)}`);
    if (all.length % 10 === 0) log(`${all.length} of ${size} mutants, ${rate(all)} killed`);
  });
  log(`${((performance.now() - started) / 1000 / Math.max(1, results.length)).toFixed(1)} s for a mutant`);
  const text = sampleText(results, command(given), whole ? 'file' : 'folder');
  console.log(text);
  if (given.record) record(given.scope === 'all' || given.operators === 'all' ? 'wider' : 'sample', text);
}

/** How a sample is asked for. */
function command({ seed, sample: size, all, ...given }) {
  if (all) return `npm run mutate -- --all --only ${given.only}`;
  const more = [['sample', size === 300 ? undefined : size]].concat(
    ['scope', 'operators', 'only'].map((name) => [name, given[name]]),
  );
  const text = more.flatMap(([name, value]) => (value === undefined ? [] : [` --${name} ${value}`]));
  return `npm run mutate -- --seed ${seed}${text.join('')}`;
}

main().catch((error) => {
  console.error(`mutate: ${error.message}`);
  process.exitCode = 2;
});
