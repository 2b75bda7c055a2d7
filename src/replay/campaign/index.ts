/** A campaign: generated tests through the model and through machines at the same time, then the disagreements in their smallest form. */
import { join } from 'node:path';
import {
  type GenerateCounts,
  type GeneratedTest,
  freshCounts,
  generate,
  type Judged,
  MAX_STATES,
  SIGNATURE_ARCHS,
  SIGNATURE_RELEASE,
  testName,
} from '../../generate/generate.js';
import { encodeRecord, type TestRecord } from '../../generate/record.js';
import { litmusText } from '../../generate/text.js';
import type { LitmusTest } from '../../litmus/ast.js';
import type { RunResult } from '../../run/result.js';
import { build, type Built } from '../boots.js';
import { filesHash } from '../cache.js';
import type { MachineResult } from '../compare/lines.js';
import type { Machine } from '../types.js';
import { representatives } from './disagreement.js';
import { Journal } from './journal.js';
import { type Minimised, minimiseAll } from './minimised.js';
import { keep, type KeptModel, modelOn, restore } from './model.js';
import { compareOn, type CampaignTest, type Compared } from './run.js';
import { interpreterSources } from './sources.js';

export interface CampaignOptions {
  readonly seed: number;
  readonly count: number;
  readonly machines: readonly Machine[];
  /** The files of `src/replay/machine` by name. */
  readonly templates: Readonly<Record<string, string>>;
  /** Where journals are kept. */
  readonly directory: string;
  /** Changes whenever the model or the generator does. */
  readonly version: string;
  parse(text: string, file: string): LitmusTest;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: CampaignProgress) => void;
  /** All tests are through; what disagrees is about to be made small. */
  readonly onCompared?: (result: Pick<CampaignResult, 'counts' | 'compared' | 'once'>) => void;
  readonly onLine?: (kernel: string, line: string) => void;
}

export interface CampaignProgress {
  readonly phase: 'running' | 'trying again' | 'minimising';
  readonly counts: GenerateCounts;
  /** Tests that are through, by kernel. */
  readonly done: ReadonlyMap<string, number>;
}

export interface CampaignResult {
  readonly counts: GenerateCounts;
  /** By kernel, in the order of the tests. What differed counts only if it does so again, on a machine that has run nothing before. */
  readonly compared: ReadonlyMap<string, readonly Compared[]>;
  /** By kernel: what differed once, and not again. */
  readonly once: ReadonlyMap<string, readonly Compared[]>;
  /** One for each kind of disagreement. */
  readonly minimised: readonly Minimised[];
  /** Kinds of disagreements beyond those that were minimised. */
  readonly left: number;
  readonly interrupted: boolean;
}

/** Tests of one boot: a machine that dies loses no more, and the journal of one that is stopped is not far behind. */
const BATCH = 200;
/** Kinds of disagreements that are minimised, for each kernel. */
const MINIMISED = 16;
/** Disagreements that are tried again, for each kernel; more are no accident. */
const TRIED_AGAIN = 64;

type KeptJudged = { readonly left: 'undefined' | 'unknown' } | { readonly models: readonly KeptModel[] };

/** @throws {BuildError} */
export async function campaign(options: CampaignOptions): Promise<CampaignResult> {
  const sides = await Promise.all(options.machines.map((machine) => Side.open(machine, options)));
  const counts = freshCounts();
  const progress = (phase: CampaignProgress['phase']): void =>
    options.onProgress?.({ phase, counts, done: new Map(sides.map((s) => [s.id, s.done])) });
  const models = new Journal<KeptJudged>(join(options.directory, `model-${options.version}.jsonl`));
  for (const side of sides) side.onDone = () => progress('running');
  for await (const one of generate({
    ...{ seed: options.seed, count: options.count, counts, signal: options.signal },
    parse: (text, file) => options.parse(text, file),
    recall: (record, test) => recalled(models.get(keyOf(record)), test),
    onJudged: (record, judged) =>
      models.add(keyOf(record), judged.left === undefined ? { models: judged.models.map(keep) } : judged),
  })) {
    for (const side of sides) await side.add(one);
    progress('running');
  }
  for (const side of sides) side.flush();
  const compared = new Map<string, readonly Compared[]>();
  const once = new Map<string, readonly Compared[]>();
  for (const side of sides) {
    const first = await side.all();
    if (first.some(differs)) progress('trying again');
    const second = await side.again(first.filter(differs).slice(0, TRIED_AGAIN));
    compared.set(
      side.id,
      first.map((one) => second.get(one.test) ?? one),
    );
    const notAgain = first.filter((one) => second.has(one.test) && !differs(second.get(one.test)!));
    once.set(side.id, notAgain);
  }
  options.onCompared?.({ counts, compared, once });
  const minimised: Minimised[] = [];
  let left = 0;
  for (const side of sides) {
    if (options.signal.aborted) break;
    const kinds = representatives(compared.get(side.id)!.filter(differs));
    left += Math.max(0, kinds.length - MINIMISED);
    if (kinds.length > 0) progress('minimising');
    minimised.push(
      ...(await minimiseAll(side.id, kinds.slice(0, MINIMISED), (_, records) => side.ask(records))),
    );
  }
  return { counts, compared, once, minimised, left, interrupted: options.signal.aborted };
}

function differs({ comparison }: Compared): boolean {
  return comparison.status === 'differs';
}

function keyOf(record: TestRecord): string {
  return encodeRecord(record).join(' ');
}

function recalled(kept: KeptJudged | undefined, test: LitmusTest): Judged | undefined {
  if (kept === undefined || 'left' in kept) return kept;
  const models = kept.models.map((m, i) => restore(m, test, SIGNATURE_ARCHS[i]!, SIGNATURE_RELEASE));
  return { models };
}

/** One machine with its tests: they run in batches, while the model is busy with the next. */
class Side {
  done = 0;
  onDone: () => void = () => {};
  #batch: CampaignTest[] = [];
  readonly #compared: Compared[] = [];
  #work: Promise<void> = Promise.resolve();

  private constructor(
    readonly machine: Machine,
    readonly options: CampaignOptions,
    readonly built: Built,
    readonly journal: Journal<MachineResult>,
    /** What was tried again. */
    readonly second: Journal<MachineResult>,
  ) {}

  static async open(machine: Machine, options: CampaignOptions): Promise<Side> {
    const sources = interpreterSources(options.templates);
    const { id, version } = machine.kernel;
    const hash = filesHash({ ...sources.module, ...sources.program }, version);
    const journal = (name: string): Journal<MachineResult> =>
      new Journal(join(options.directory, `${name}-${hash}.jsonl`));
    return new Side(machine, options, await build(machine, sources), journal(id), journal(`again-${id}`));
  }

  get id(): string {
    return this.machine.kernel.id;
  }

  async add({ record, test, models }: GeneratedTest): Promise<void> {
    this.#batch.push({ record, test, model: await this.#model(test, models) });
    if (this.#batch.length === BATCH) this.flush();
  }

  /** Begins what is there. */
  flush(): void {
    const batch = this.#batch;
    this.#batch = [];
    if (batch.length > 0)
      this.#work = this.#work.then(async () => void this.#compared.push(...(await this.#compare(batch))));
    // whoever waits for the end hears of it
    this.#work.catch(() => {});
  }

  async all(): Promise<readonly Compared[]> {
    await this.#work;
    return this.#compared;
  }

  /** Runs tests again, each on a machine of its own: one that a BUG has damaged tells lies about what it runs next. */
  async again(found: readonly Compared[]): Promise<ReadonlyMap<CampaignTest, Compared>> {
    const answers = new Map<CampaignTest, Compared>();
    for (const { test } of found)
      for (const one of await this.#compare([test], this.second)) answers.set(test, one);
    return answers;
  }

  /** Runs records that are no tests of the campaign. */
  async ask(records: readonly TestRecord[]): Promise<readonly Compared[]> {
    const tests: CampaignTest[] = [];
    for (const [i, record] of records.entries()) {
      const name = testName(this.options.seed, i);
      const test = this.options.parse(litmusText(record, { name }), `${name}.litmus`);
      tests.push({ record, test, model: await this.#model(test, []) });
      if (i % 8 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
    return this.#compare(tests);
  }

  async #model(test: LitmusTest, models: readonly RunResult[]): Promise<RunResult | undefined> {
    const { arch, release } = this.machine.kernel;
    const model = models.find((m) => m.arch === arch && m.release === release);
    if (model !== undefined) return model.status === 'n/a' ? undefined : model;
    return modelOn(test, arch, release, MAX_STATES);
  }

  #compare(tests: readonly CampaignTest[], journal = this.journal): Promise<Compared[]> {
    const { signal, onLine } = this.options;
    return compareOn(this.machine, this.built, tests, {
      journal,
      signal,
      onDone: () => {
        this.done++;
        this.onDone();
      },
      ...(onLine === undefined ? {} : { onLine: (line) => onLine(this.id, line) }),
    });
  }
}
