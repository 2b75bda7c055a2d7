import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { DiagnosticError } from '../c/diagnostics.js';
import { ARCH_NAMES } from '../kernel/arch/index.js';
import type { parseFact } from '../kernel/facts.js';
import { RELEASES } from '../kernel/release.js';
import { isTestName } from '../litmus/scan.js';
import { verifyPage, type Shown } from '../report/html/page.js';
import {
  counterexampleName,
  counterexampleText,
  formatVerify,
  formatVerifyJson,
  type VerifyFormat,
} from '../report/verify.js';
import type { LitmusTest } from '../litmus/ast.js';
import { factsOf, optionFacts, runTest } from '../run/index.js';
import type { Allocator, Probability } from '../run/probability/index.js';
import type { KindName } from '../verify/types.js';
import { agrees, withinOf, type Within } from '../verify/expectation.js';
import { likelihood } from '../verify/likelihood.js';
import {
  verifyTest,
  type VerifyOptions,
  type VerifyReport,
  type VerifyResult,
  type VerifyPlan,
} from '../verify/index.js';
import type { Context } from './context.js';
import { Helpers, workersFor } from './crew.js';
import { loadParser, verifyTwin, type Parse } from './engine.js';
import { EXIT, type ExitStatus, UsageError } from './exit.js';
import { findTests } from './files.js';
import { configurations, probabilityOf, type Configuration } from './options.js';
import { ProgressLine } from './progress.js';
import { complaint } from './file-run.js';
import { useColor } from './terminal.js';

/** The options of `pfnmap verify`, parsed. */
export interface VerifyFlags {
  readonly arch?: readonly string[];
  readonly release?: readonly string[];
  readonly all: boolean;
  readonly fact?: readonly ReturnType<typeof parseFact>[];
  readonly ptrs?: number;
  readonly format: VerifyFormat;
  readonly timeout?: number;
  readonly maxStates?: number;
  readonly memory?: number;
  readonly compact: boolean;
  readonly depth?: number;
  readonly processes?: number;
  readonly pages?: number;
  readonly files?: number;
  readonly threads?: number;
  readonly races: boolean;
  readonly symmetry: boolean;
  readonly within: boolean;
  readonly only?: readonly KindName[];
  readonly probability?: readonly Allocator[];
  readonly ram?: number;
  readonly anyUser: boolean;
  readonly coverage: boolean;
  readonly details: boolean;
  readonly emit?: string;
  readonly html?: string;
  readonly workers?: number;
}

/** How long a counterexample may take to be confirmed. */
const CONFIRM_MS = 20_000;

/** `pfnmap verify FILE|DIR...` */
export async function verifyCommand(this: Context, flags: VerifyFlags, ...paths: string[]): Promise<void> {
  const { stderr } = this.process;
  const chosen = configurations(flags, { archs: ARCH_NAMES, releases: RELEASES });
  probabilityOf(flags);
  for (const option of ['emit', 'html'] as const) {
    const file = flags[option];
    if (file !== undefined) checkWritable(option, resolve(this.cwd, file));
  }
  const parse = await loadParser();
  const verification = new Verification(this, flags, parse, new ProgressLine(stderr));
  const files = findTests(paths, this.cwd);
  for (const [index, file] of files.entries()) {
    if (this.signal.aborted) break;
    await verification.file(file, `[${index + 1}/${files.length}] ${file}`, chosen);
  }
  if (flags.html !== undefined) verification.page(resolve(this.cwd, flags.html));
  this.status = verification.status();
}

/** A search may take long: what cannot be written is better told before it. @throws {UsageError} */
function checkWritable(option: string, file: string): void {
  const isDirectory = (path: string): boolean =>
    statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  if (!isDirectory(dirname(file)))
    throw new UsageError(`--${option}: there is no directory '${dirname(file)}'`);
  if (isDirectory(file)) throw new UsageError(`--${option}: '${file}' is a directory`);
}

function write(option: string, file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new UsageError(`--${option}: ${(error as Error).message}`);
  }
}

/** What `run` says of a counterexample. */
interface Confirmed {
  readonly observation: 'Sometimes' | 'Always';
  readonly probability?: readonly Probability[];
}

class Verification {
  private violated = 0;
  private unknown = 0;
  private bad = 0;
  private internal = 0;
  private emitted = false;
  /** For the page. */
  private readonly shown: Shown[] = [];

  constructor(
    private readonly context: Context,
    private readonly flags: VerifyFlags,
    private readonly parse: Parse,
    private readonly progress: ProgressLine,
  ) {}

  status(): ExitStatus {
    if (this.context.signal.aborted) return EXIT.interrupted;
    if (this.internal > 0) return EXIT.internal;
    if (this.bad > 0) return EXIT.usage;
    if (this.violated > 0) return EXIT.differs;
    return this.unknown > 0 ? EXIT.bound : EXIT.ok;
  }

  async file(file: string, label: string, chosen: readonly Configuration[]): Promise<void> {
    let crew: Helpers<VerifyPlan, VerifyReport> | undefined;
    try {
      const text = readFileSync(resolve(this.context.cwd, file), 'utf8');
      const test = this.parse({ file, text }, { threadless: true });
      if (test.threads.length > 0 && !this.flags.anyUser)
        throw new UsageError(`${file} has threads of its own: --any-user leaves them aside`);
      const workers = workersFor(this.flags);
      if (workers > 1)
        crew = new Helpers(workers, { crew: { verb: 'verify', source: test.source, few: false } });
      for (const configuration of chosen) {
        if (this.context.signal.aborted) return;
        this.progress.begin(`${label} ${configuration.arch} ${configuration.release}`);
        await this.result(test, await this.verify(test, configuration, crew));
        // So that an interrupt is noticed even if every search is short.
        await new Promise((resolve) => setImmediate(resolve));
      }
    } catch (error) {
      this.complain(file, error);
    } finally {
      crew?.close();
    }
  }

  private async verify(
    test: LitmusTest,
    configuration: Configuration,
    crew: Helpers<VerifyPlan, VerifyReport> | undefined,
  ): Promise<VerifyResult> {
    const { model } = this.context;
    model?.begin();
    const engines = { ...(crew && { crew }), ...(verifyTwin && { twin: verifyTwin }) };
    const options = { ...this.options(configuration, withinOf(test)), ...engines };
    const result = await verifyTest(test, options);
    if (model === undefined || result.coverage === undefined) return result;
    return { ...result, coverage: { ...result.coverage, model: model.end() } };
  }

  /** @param within the header's bounds, which those of the command line replace */
  private options({ arch, release }: Configuration, within: Within): VerifyOptions {
    const { flags, context, progress } = this;
    const given = <T>(name: string, value: T | undefined): object =>
      value === undefined ? {} : { [name]: value };
    const { processes, pages, files, threads, races, only } = flags;
    const isBounded = races || [processes, pages, files, threads, only].some((bound) => bound !== undefined);
    return {
      ...(isBounded || !flags.within ? { races } : within),
      arch,
      release,
      facts: Object.fromEntries(flags.fact ?? []),
      symmetry: flags.symmetry,
      coverage: flags.coverage,
      signal: context.signal,
      onProgress: (state) => progress.update(state),
      ...given('ptrs', flags.ptrs),
      ...given('timeoutMs', flags.timeout),
      ...given('maxStates', flags.maxStates),
      ...given('maxBytes', flags.memory),
      compact: flags.compact,
      ...given('depth', flags.depth),
      ...given('processes', processes),
      ...given('pages', pages),
      ...given('files', files),
      ...given('threads', threads),
      ...given('only', only),
    };
  }

  private async result(driver: LitmusTest, found: VerifyResult): Promise<void> {
    if (found.verdict !== 'unknown' && !agrees(found)) this.violated += 1;
    if (found.verdict === 'unknown') this.unknown += 1;
    let result = found;
    let confirmed: Confirmed | undefined;
    try {
      confirmed = await this.confirm(driver, found);
    } catch (error) {
      // what the language has no words for is a violation all the same
      if (!(error instanceof DiagnosticError)) throw error;
      result = withoutTest(found);
    }
    const format = this.flags.format === 'json' ? formatVerifyJson : formatVerify;
    this.progress.clear();
    this.context.process.stdout.write(
      format(result, confirmed?.observation, confirmed?.probability, this.flags.details),
    );
    if (this.flags.html !== undefined)
      this.shown.push({ result, confirmed: confirmed?.observation, likely: confirmed?.probability });
    this.emit(result, confirmed?.observation);
  }

  /** Runs the counterexample as any other test. @returns its observation; undefined where there is none, or it was not reached */
  private async confirm(driver: LitmusTest, result: VerifyResult): Promise<Confirmed | undefined> {
    if (result.violation === undefined) return undefined;
    const text = counterexampleText(result, counterexampleName(result), 'Sometimes');
    if (text === undefined) return undefined;
    const test = this.parse({ file: `${counterexampleName(result)}.litmus`, text });
    const { arch, release } = result;
    const facts = Object.fromEntries(this.flags.fact ?? []);
    const { probability } = probabilityOf(this.flags);
    const bounds = {
      timeoutMs: CONFIRM_MS,
      signal: this.context.signal,
      ...(this.flags.ptrs === undefined ? {} : { ptrs: this.flags.ptrs }),
    };
    const { positive, observation } = await runTest(test, { arch, release, facts, ...bounds });
    if (positive === 0) return undefined;
    const known = factsOf(arch, release, { ...optionFacts(test), ...facts });
    const likely = probability && (await likelihood(result, driver, test, known, probability, bounds));
    return {
      observation: observation === 'Always' ? 'Always' : 'Sometimes',
      ...(likely === undefined ? {} : { probability: likely }),
    };
  }

  /** The first counterexample goes to the file that was asked for. */
  private emit(result: VerifyResult, confirmed: string | undefined): void {
    const { emit } = this.flags;
    if (emit === undefined || result.violation === undefined || this.emitted) return;
    if (confirmed === undefined) {
      this.context.process.stderr.write('pfnmap: this violation cannot be written as a litmus test\n');
      return;
    }
    const stem = basename(emit, '.litmus');
    const name = isTestName(stem) ? stem : counterexampleName(result);
    write('emit', resolve(this.context.cwd, emit), counterexampleText(result, name, confirmed)!);
    this.emitted = true;
  }

  /** Everything that came out, as one page. */
  page(file: string): void {
    write('html', file, verifyPage(this.shown));
  }

  private complain(file: string, error: unknown): void {
    const { stderr } = this.context.process;
    if (error instanceof UsageError) {
      this.bad += 1;
      stderr.write(`pfnmap: ${error.message}\n`);
      return;
    }
    const { text, internal } = complaint(
      file,
      error,
      useColor(stderr, this.context.env),
      Boolean(this.context.env['PFNMAP_DEBUG']),
    );
    if (internal) this.internal += 1;
    else this.bad += 1;
    this.progress.clear();
    stderr.write(text);
  }
}

/** The same without the litmus test that shows it. */
function withoutTest(result: VerifyResult): VerifyResult {
  const { litmus: _, ...violation } = result.violation!;
  return { ...result, violation };
}
