// Looks for evidence that each litmus test can fail: a mutant of the model that changes its verdict, the more particular to
// the test the better.
import { configurationOf, killerOf, Locator, readKillers, writeKillers } from './killers.mjs';
import { shuffle } from './random.mjs';

/** Tests run here while killers are looked for: both kinds of classifier, the newest and the oldest release. */
export const CONFIGURATIONS = ['x86_64+7.2', 'arm+7.2', 'x86_64+6.1', 'arm+6.1'].map(configurationOf);
/** A mutant that breaks no more than this share of all tests says something about those that it breaks. */
const PARTICULAR = 0.03;
/** Among so many mutants of code that a test runs through, a better killer than one that breaks more is looked for. */
const FURTHER = 200;

/** So many mutants of each function are tried before more are. */
const MUTANTS_A_ROUND = 10;

/** So many mutants are put into one engine. */
const BATCH = 500;

/** @param log is told what happens, a line at a time */
export class Evidence {
  #runner;
  #log;
  #killers = readKillers();
  /** How many mutants a test has been run on. */
  #waited = new Map();

  constructor(runner, log) {
    this.#runner = runner;
    this.#log = log;
  }

  get #tests() {
    return [...this.#runner.corpus.keys()];
  }

  /** The tests without any killer. */
  missing() {
    return this.#tests.filter((file) => !this.#killers.has(file));
  }

  /** Drops entries of tests that are gone and of code that is gone and, unless they are trusted, those that no longer kill. */
  async check(trusted) {
    const locator = new Locator(this.#runner.sources);
    const groups = new Map();
    for (const [file, killer] of this.#killers) {
      const mutant = this.#runner.corpus.has(file) ? locator.find(killer) : undefined;
      if (mutant === undefined) this.#drop(file);
      else groups.set(mutant, [...(groups.get(mutant) ?? []), file]);
    }
    if (trusted) return;
    await this.#runner.prepare([...groups.keys()]);
    for (const [mutant, files] of groups) {
      const killed = await this.#killedBy(mutant, files);
      for (const file of files) {
        const difference = killed.get(file);
        if (difference === undefined) this.#drop(file);
        else this.#killers.set(file, killerOf(mutant, difference, this.#killers.get(file).kills));
      }
    }
  }

  #drop(file) {
    this.#log(`${file}: its killer is gone`);
    this.#killers.delete(file);
  }

  /**
   * Tries mutants until every test has its killer: first those in code that few tests run through.
   * @param groups lists of mutants; the first are all tried before the second
   * @param limit how many mutants may be tried
   * @returns how many were
   */
  async search(groups, seed, limit) {
    let tried = 0;
    const order = groups.flatMap((group, i) => this.#fewestFirst(shuffle(group, seed + i)));
    for (const [i, { mutant, reaching }] of order.entries()) {
      const open = this.#open();
      if (open.length === 0 || tried >= limit) break;
      if (i % BATCH === 0) await this.#runner.prepare(order.slice(i, i + BATCH).map((next) => next.mutant));
      const files = reaching.filter((file) => open.includes(file));
      if (files.length === 0) continue;
      await this.#try(mutant, files, reaching);
      if (++tried % 50 === 0) this.#progress(tried, open.length);
    }
    writeKillers(this.#killers, this.#tests);
    return tried;
  }

  /** A few mutants of each function first, of those that the fewest tests run through before others. */
  #fewestFirst(mutants) {
    const seen = new Map();
    const all = mutants.map((mutant) => {
      const place = `${mutant.file} ${mutant.in}`;
      const n = seen.get(place) ?? 0;
      seen.set(place, n + 1);
      const reaching = this.#runner.reaching(mutant, this.#tests);
      return { mutant, reaching, round: Math.floor(n / MUTANTS_A_ROUND) };
    });
    return all.sort((a, b) => a.round - b.round || a.reaching.length - b.reaching.length);
  }

  #progress(tried, open) {
    writeKillers(this.#killers, this.#tests);
    this.#log(
      `${tried} mutants tried, ${open} tests open, ${this.missing().length} of them without a killer`,
    );
  }

  /** Tests that need a killer, or a better one. */
  #open() {
    return this.#tests.filter((file) => {
      const killer = this.#killers.get(file);
      if (killer === undefined) return true;
      return !this.#isParticular(killer) && (this.#waited.get(file) ?? 0) < FURTHER;
    });
  }

  #isParticular({ kills }) {
    return kills <= Math.max(2, PARTICULAR * this.#tests.length);
  }

  /** @param files tests that want a killer @param reaching all tests that the mutant may matter to */
  async #try(mutant, files, reaching) {
    const killed = await this.#killedBy(mutant, files);
    for (const file of files) this.#waited.set(file, (this.#waited.get(file) ?? 0) + 1);
    if (killed.size === 0) return;
    const others = reaching.filter((file) => !files.includes(file));
    const kills = killed.size + (await this.#killedBy(mutant, others)).size;
    for (const [file, difference] of killed) {
      const before = this.#killers.get(file);
      if (before === undefined || kills < before.kills)
        this.#killers.set(file, killerOf(mutant, difference, kills));
    }
  }

  /** The tests whose verdict the mutant changes, each with what it gives. */
  async #killedBy(mutant, files) {
    const { differences } = await this.#runner.run(mutant, this.#runner.jobs(files));
    const killed = new Map();
    for (const d of differences) if (d.kind === 'verdict' && !killed.has(d.file)) killed.set(d.file, d);
    return killed;
  }

  /** The record as it is now. */
  get killers() {
    return this.#killers;
  }
}
