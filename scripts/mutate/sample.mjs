// Kill rates: how many mutants of a sample the corpus notices.
import { createHash } from 'node:crypto';
import { configurationOf, isOn, readKillers } from './killers.mjs';
import { mutantId } from './operators.mjs';

const on = (...names) => isOn(names.map(configurationOf));

/**
 * Each mutant is tried here first, then on what comes after: the last are those where most is different from the first. Only wrong
 * facts are tried on all others, too.
 */
const STAGES = [
  on('x86_64+7.2'),
  on('arm+7.2'),
  on('x86_64+6.1', 'arm+6.1'),
  on('x86_64+6.12', 'arm64+7.2', 'um+6.1', 'arm_lpae+6.12', 'mips64+6.1', 's390x+7.2', 'loongarch64+6.12'),
  // no special bit with 6.12's rules: in PTEs, in PUD leaves
  on('um+6.12', 'ppc64+6.12'),
];

/**
 * Tries mutants in their order until there are `size` valid ones.
 * @param journal what earlier runs found out
 * @param tell is given each result and all so far; `{ mutant, outcome, by, observed }`, and the outcome is verdict, crash, bound,
 *   survived or invalid
 * @returns the valid ones, in their order
 */
export async function runMutants(runner, mutants, { size, journal }, tell) {
  const order = new LikelyFirst(runner);
  const unknown = mutants.slice(0, size).filter((mutant) => !journal.known.has(mutantId(mutant)));
  if (unknown.length > 0) await runner.prepare(unknown);
  const results = [];
  let [next, valid] = [0, 0];
  // No more are begun than are needed, so that the sample is the same however many run at a time.
  const work = async () => {
    while (next < mutants.length && valid < size) {
      const at = next++;
      valid++;
      const mutant = mutants[at];
      const before = journal.known.get(mutantId(mutant));
      const result =
        before === undefined ? await tryMutant(runner, mutant, order, journal) : { mutant, ...before };
      if (result.outcome === 'invalid') valid--;
      results[at] = result;
      tell(result, validOf(results));
    }
  };
  await Promise.all(Array.from({ length: runner.processes }, work));
  return validOf(results);
}

/** The mutants in an order that the seed decides, and that edits elsewhere leave alone. */
export function inOrder(mutants, seed) {
  const keyed = mutants.map((mutant) => ({
    mutant,
    at: createHash('sha1')
      .update(`${seed} ${mutantId(mutant)}`)
      .digest('hex'),
  }));
  return keyed.sort((a, b) => (a.at < b.at ? -1 : 1)).map(({ mutant }) => mutant);
}

const validOf = (results) => results.filter((result) => result !== undefined && result.outcome !== 'invalid');

async function tryMutant(runner, mutant, order, journal) {
  const id = mutantId(mutant);
  const reaching = runner.reaching(mutant, order.files(mutant, journal.likely.get(id)));
  const done = journal.survived.get(id);
  const files = done === undefined ? reaching : reaching.filter((file) => !done.has(file));
  const stages = isOfFacts(mutant) ? [...STAGES, () => true] : STAGES;
  const jobs = stages.flatMap((stage, i) => {
    const isLater = (run) => !stages.slice(0, i).some((earlier) => earlier(run));
    // What a test cannot tell apart without the mutant, it will not with it; but a wrong fact makes differences.
    const isNew = (run) => !run.shared || isOfFacts(mutant);
    return runner.jobs(files, (run) => stage(run) && isLater(run) && isNew(run));
  });
  const { differences, invalid } = await runner.run(mutant, jobs, true);
  if (invalid !== undefined) return { mutant, outcome: 'invalid' };
  if (differences.length > 0) {
    const [{ file, kind, arch, release, observed }] = differences;
    order.killed(mutant, file);
    return { mutant, outcome: kind, by: file, on: `${arch}+${release}`, observed };
  }
  return { mutant, outcome: 'survived', reached: reaching.length };
}

const isOfFacts = ({ file }) => file.startsWith('src/kernel/facts/');

/** Runs those tests first that noticed other mutants of the same function, then of the same file, then those that are quick. */
class LikelyFirst {
  #kills = new Map();

  constructor(runner) {
    this.all = [...runner.corpus.keys()].sort((a, b) => runner.costOf(a) - runner.costOf(b));
    for (const [test, killer] of readKillers()) this.killed(killer, test);
  }

  killed(mutant, test) {
    for (const place of [mutant.file, functionOf(mutant)]) {
      const kills = this.#of(place);
      kills.set(test, (kills.get(test) ?? 0) + 1);
    }
  }

  /** @param first the likeliest of all, if it is known */
  files(mutant, first) {
    const [near, far] = [this.#of(functionOf(mutant)), this.#of(mutant.file)];
    const likely = (test) =>
      test === first ? Infinity : 1000 * (near.get(test) ?? 0) + (far.get(test) ?? 0);
    return [...this.all]
      .map((file) => ({ file, n: likely(file) }))
      .sort((a, b) => b.n - a.n)
      .map(({ file }) => file);
  }

  #of(place) {
    if (!this.#kills.has(place)) this.#kills.set(place, new Map());
    return this.#kills.get(place);
  }
}

const functionOf = (mutant) => `${mutant.file} ${mutant.in}`;
