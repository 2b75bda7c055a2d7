// Results on the disk, one a line, for a run that was interrupted or is made again with more tests.
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { mutantId } from './operators.mjs';
import { digest, digestOfEngine, readTools, ROOT } from './sources.mjs';

const DIRECTORY = 'dist/mutate';

/** What a mutant was noticed by holds as long as the sources, the tools and that test are the same; what survived meets new tests only. */
export class Journal {
  /** By the mutant's id: its result. */
  known = new Map();
  /** By the mutant's id: the test that noticed it when something else was different. */
  likely = new Map();
  /** By the mutant's id: the tests that need not be tried again, for they did not notice it. */
  survived = new Map();

  /** @param runner whose sources and tests they are @param fresh whether to forget all */
  constructor(name, { sources, corpus }, fresh) {
    mkdirSync(join(ROOT, DIRECTORY), { recursive: true });
    this.path = join(ROOT, DIRECTORY, name);
    this.key = digestOfEngine(sources, readTools());
    this.tests = Object.fromEntries(
      [...corpus].map(([file, text]) => [file, digest(new Map([[file, text]]))]),
    );
    this.corpus = digest(corpus);
    if (fresh) rmSync(this.path, { force: true });
    const corpora = new Map();
    for (const line of this.#lines()) {
      if (line.tests !== undefined) corpora.set(line.corpus, line.tests);
      else this.#take(line, corpora.get(line.corpus) ?? {});
    }
    if (!corpora.has(this.corpus)) this.#write({ corpus: this.corpus, tests: this.tests });
  }

  #lines() {
    if (!existsSync(this.path)) return [];
    return readFileSync(this.path, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }

  #take({ key, corpus, id, ...result }, tests) {
    const isSame = (file) => this.tests[file] !== undefined && this.tests[file] === tests[file];
    if (result.by !== undefined) this.likely.set(id, result.by);
    if (key !== this.key) return;
    if (corpus === this.corpus || result.outcome === 'invalid' || isSame(result.by))
      this.known.set(id, result);
    else if (result.outcome === 'survived') this.survived.set(id, new Set(Object.keys(tests).filter(isSame)));
  }

  #write(line) {
    appendFileSync(this.path, `${JSON.stringify(line)}\n`);
  }

  add({ mutant, ...result }) {
    const id = mutantId(mutant);
    if (!this.known.has(id)) this.#write({ key: this.key, corpus: this.corpus, id, ...result });
  }
}
