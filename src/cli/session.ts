import { DiagnosticError, formatDiagnostic, type Source } from '../c/diagnostics.js';
import { type Report, Summary } from '../report/index.js';
import type { RunOptions, RunResult } from '../run/result.js';
import { EXIT, type ExitStatus } from './exit.js';
import type { Configuration } from './options.js';
import type { ProgressLine } from './progress.js';
import type { Terminal } from './terminal.js';

/** What a session needs of the front end and the engine; `T` is a parsed test. */
export interface Engine<T> {
  /** @throws {DiagnosticError} */
  parse(source: Source): T;
  /** @throws {DiagnosticError} */
  run(test: T, options: RunOptions): RunResult | Promise<RunResult>;
}

export interface SessionOptions<T> {
  readonly engine: Engine<T>;
  readonly files: readonly string[];
  readonly configurations: readonly Configuration[];
  /** The bounds and overrides that are the same for all runs. */
  readonly common: Omit<RunOptions, keyof Configuration | 'signal' | 'onProgress'>;
  readonly report: Report;
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  readonly color: boolean;
  /** Whether a fault of pfnmap itself is shown with its stack. */
  readonly debug: boolean;
  readonly progress: ProgressLine;
  readonly signal: AbortSignal;
  /** @throws {Error} as `node:fs` does. */
  read(file: string): string;
}

/**
 * Runs every file on every configuration and prints as it goes. A file that cannot be used does not stop the others.
 */
export class Session<T> {
  readonly #options: SessionOptions<T>;
  readonly #summary = new Summary();
  readonly #told = new Set<string>();
  #internal = 0;
  #index = 0;

  constructor(options: SessionOptions<T>) {
    this.#options = options;
  }

  /** @returns what the process should leave as its exit status. */
  async run(): Promise<ExitStatus> {
    const { files, report, signal, color } = this.#options;
    const began = performance.now();
    this.#print(report.begin(files.length));
    for (const file of files) {
      if (signal.aborted) break;
      this.#index++;
      await this.#file(file);
    }
    this.#print(report.end());
    this.#complain(this.#summary.format((performance.now() - began) / 1000, color, signal.aborted));
    return this.#status();
  }

  /** The worst that happened, the surest first: a differing verdict stays one however many runs are unknown. */
  #status(): ExitStatus {
    if (this.#options.signal.aborted) return EXIT.interrupted;
    if (this.#internal > 0) return EXIT.internal;
    if (this.#summary.bad > 0) return EXIT.usage;
    if (this.#summary.differing > 0) return EXIT.differs;
    return this.#summary.bounds > 0 ? EXIT.bound : EXIT.ok;
  }

  async #file(file: string): Promise<void> {
    const { report, configurations, engine } = this.#options;
    let test: T;
    try {
      test = engine.parse({ file, text: this.#options.read(file) });
    } catch (error) {
      this.#print(report.fileError(file, this.#bad(file, error)));
      return;
    }
    this.#print(report.fileBegin(file, configurations.length));
    for (const configuration of configurations) {
      if (this.#options.signal.aborted) break;
      await this.#configuration(file, test, configuration);
    }
    this.#print(report.fileEnd());
  }

  async #configuration(file: string, test: T, { arch, release }: Configuration): Promise<void> {
    const { report, files, engine, common, progress, signal } = this.#options;
    progress.begin(`[${this.#index}/${files.length}] ${file} ${arch} ${release}`);
    const onProgress: RunOptions['onProgress'] = (state) => progress.update(state);
    try {
      const result = await engine.run(test, { ...common, arch, release, signal, onProgress });
      this.#summary.add(result);
      this.#print(report.result(result));
    } catch (error) {
      this.#print(report.runError(arch, release, this.#bad(file, error)));
    } finally {
      // Between runs, so that SIGINT is noticed even if every run is short.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Tells what is wrong with a file, the same thing only once; returns it in a few words. */
  #bad(file: string, error: unknown): string {
    this.#summary.addBad(file);
    const { text, reason, internal } = complaint(file, error, this.#options.color, this.#options.debug);
    if (internal) this.#internal++;
    if (!this.#told.has(text)) this.#complain(text);
    this.#told.add(text);
    return reason;
  }

  #print(text: string): void {
    if (text === '') return;
    this.#options.progress.clear();
    this.#options.stdout.write(text);
  }

  #complain(text: string): void {
    this.#options.progress.clear();
    this.#options.stderr.write(text);
  }
}

interface Complaint {
  /** For stderr. */
  readonly text: string;
  /** In a few words, for a report. */
  readonly reason: string;
  readonly internal: boolean;
}

function complaint(file: string, error: unknown, color: boolean, debug: boolean): Complaint {
  if (error instanceof DiagnosticError) {
    const { source, diagnostics } = error;
    const text = diagnostics.map((diagnostic) => `${formatDiagnostic(source, diagnostic, color)}\n`).join('');
    return { text, reason: diagnostics[0]?.message ?? 'not a litmus test', internal: false };
  }
  if (isSystemError(error)) {
    const reason = `cannot be read (${error.code})`;
    return { text: `${file}: ${reason}\n`, reason, internal: false };
  }
  const reason = `internal error: ${error instanceof Error ? error.message : String(error)}`;
  const more = debug && error instanceof Error ? error.stack : 'This is a fault of pfnmap: please report it.';
  return { text: `${file}: ${reason}\n  ${more}\n`, reason, internal: true };
}

function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
