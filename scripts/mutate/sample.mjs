// Kill rates: how many mutants of a sample the corpus notices.
import { mutantId } from './operators.mjs';
import { shuffle } from './random.mjs';

/**
 * Tries mutants in the order of the seed until there are `size` valid ones.
 * @param stages lists of configurations; a mutant that survives one goes to the next
 * @param known results of an earlier run by the mutant's id
 * @param tell is given each result, `{ mutant, outcome, by, observed }`; the outcome is verdict, crash, bound or survived
 */
export async function runSample(runner, mutants, { seed, size, stages, known }, tell) {
  const order = new KillersFirst([...runner.corpus.keys()]);
  const results = [];
  for (const mutant of shuffle(mutants, seed)) {
    if (results.length >= size) break;
    const before = known.get(mutantId(mutant));
    const result =
      before === undefined ? await tryMutant(runner, mutant, stages, order) : { mutant, ...before };
    if (result.outcome === 'invalid') continue;
    results.push(result);
    tell(result, results);
  }
  return results;
}

async function tryMutant(runner, mutant, stages, order) {
  for (const configurations of stages) {
    const files = runner.reaching(mutant, order.files(mutant.file));
    const jobs = runner.jobs(files, configurations);
    const { differences, invalid } = await runner.run(mutant, jobs, true);
    if (invalid !== undefined) return { mutant, outcome: 'invalid' };
    if (differences.length === 0) continue;
    const [{ file, kind, arch, release, observed }] = differences;
    order.killed(mutant.file, file);
    return { mutant, outcome: kind, by: `${file} on ${arch}+${release}`, observed };
  }
  return { mutant, outcome: 'survived' };
}

/** Runs those tests first that noticed earlier mutants of the same file. */
class KillersFirst {
  #kills = new Map();

  constructor(files) {
    this.all = files;
  }

  killed(source, test) {
    const kills = this.#of(source);
    kills.set(test, (kills.get(test) ?? 0) + 1);
  }

  files(source) {
    const kills = this.#of(source);
    return [...this.all].sort((a, b) => (kills.get(b) ?? 0) - (kills.get(a) ?? 0));
  }

  #of(source) {
    if (!this.#kills.has(source)) this.#kills.set(source, new Map());
    return this.#kills.get(source);
  }
}
