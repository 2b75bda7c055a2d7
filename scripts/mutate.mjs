// Breaks the model on purpose, in many small ways, and looks which litmus tests notice.
//
//   npm run mutate -- --seed S              how many of 300 mutants does the corpus notice?
//   npm run mutate:evidence                 for every test a mutant that changes its verdict (the same with --evidence)
//
// Options: --seed S (1)       what chance decides
//          --sample N (300)   how many mutants
//          --only PATH        mutants of files whose path has this in it
//          --resume           trusts what an interrupted run found out
//          --limit N          evidence: tries no more than so many mutants (2500)
//          --record           sample: writes the result to docs/mutation.md
//
// Evidence is kept in test/mutation (killers.json, not-yet.txt) and docs/mutation.md; what is there is tried again first, and mutants are looked
// for only where that does not hold. Exit status: 1 if a test is left without evidence, 2 for wrong usage.
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CONFIGURATIONS, Evidence } from './mutate/evidence.mjs';
import { mutantId, mutantsOf } from './mutate/operators.mjs';
import { evidenceText, rate, record, sampleText } from './mutate/record.mjs';
import { Runner } from './mutate/runner.mjs';
import { runSample } from './mutate/sample.mjs';
import { digest, readCorpus, readSources, ROOT, targets } from './mutate/sources.mjs';

const log = (text) => console.error(text);

/** Where those mutants are tried that survive on the usual configurations. */
const OTHERS = ['arm64', 'arm_lpae', 'arm', 'um', 'x86_64'].flatMap((arch) =>
  ['6.1', '6.12', '7.2'].map((release) => ({ arch, release })),
);

function options() {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      sample: { type: 'string', default: '300' },
      evidence: { type: 'boolean', default: false },
      only: { type: 'string' },
      limit: { type: 'string', default: '2500' },
      resume: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
    },
  });
  for (const name of ['seed', 'sample', 'limit']) {
    if (values[name] === undefined) continue;
    if (!/^\d+$/.test(values[name])) throw new Error(`--${name} takes a number, not '${values[name]}'`);
    values[name] = Number(values[name]);
  }
  return values;
}

async function main() {
  const given = options();
  const [sources, corpus] = [readSources(), readCorpus()];
  const files = targets(sources, given.only);
  if (files.length === 0) throw new Error(`--only ${given.only}: no such file under src/`);
  const mutants = new Map(files.map((file) => [file, mutantsOf(file, sources.get(file))]));
  log(`${[...mutants.values()].flat().length} mutants of ${files.length} files, ${corpus.size} tests`);
  const runner = new Runner(sources, corpus);
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

async function sample(runner, mutants, { seed, sample: size, only, resume, record: write }) {
  await runner.begin(OTHERS);
  const key = digest(runner.sources, runner.corpus);
  const journal = new Journal(`sample-${seed}-${key}.jsonl`, resume);
  const stages = [CONFIGURATIONS, OTHERS.filter((c) => !isIn(c, CONFIGURATIONS))];
  const results = await runSample(
    runner,
    mutants,
    { seed, size, stages, known: journal.known },
    (result, all) => {
      journal.add(result);
      if (result.outcome === 'survived') log(`survived: ${result.mutant.line}: ${mutantId(result.mutant)}`);
      if (all.length % 25 === 0) log(`${all.length} mutants, ${rate(all)} killed`);
    },
  );
  const more = [size === 300 ? '' : ` --sample ${size}`, only === undefined ? '' : ` --only ${only}`].join(
    '',
  );
  const command = `npm run mutate -- --seed ${seed}${more}`;
  const text = sampleText(results, command);
  console.log(text);
  if (write) record('sample', text);
}

function isIn({ arch, release }, configurations) {
  return configurations.some((c) => c.arch === arch && c.release === release);
}

/** Results on the disk, one a line, for an interrupted run. */
class Journal {
  known = new Map();

  constructor(name, resume) {
    const directory = join(ROOT, 'dist/mutate');
    mkdirSync(directory, { recursive: true });
    this.path = join(directory, name);
    if (!resume) rmSync(this.path, { force: true });
    if (!existsSync(this.path)) return;
    for (const line of readFileSync(this.path, 'utf8').split('\n').filter(Boolean)) {
      const { id, ...result } = JSON.parse(line);
      this.known.set(id, result);
    }
  }

  add({ mutant, ...result }) {
    const id = mutantId(mutant);
    if (!this.known.has(id)) appendFileSync(this.path, `${JSON.stringify({ id, ...result })}\n`);
  }
}

main().catch((error) => {
  console.error(`mutate: ${error.message}`);
  process.exitCode = 2;
});
