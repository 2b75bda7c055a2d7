import { type Report, Summary } from '../report/index.js';
import { EXIT, type ExitStatus } from './exit.js';
import { type Complaint, type Emit, type FileEvent } from './file-run.js';
import type { ProgressLine } from './progress.js';
import type { Terminal } from './terminal.js';

export interface SessionOptions {
  readonly files: readonly string[];
  /** On how many configurations each file runs. */
  readonly configurations: number;
  readonly report: Report;
  readonly stdout: Terminal;
  readonly stderr: Terminal;
  readonly color: boolean;
  readonly progress: ProgressLine;
  readonly signal: AbortSignal;
  /** Runs the file of that index; files are asked for in their order, one after the other. */
  run(index: number, emit: Emit): Promise<void>;
}

/**
 * Prints what every file does on every configuration, as it comes. A file that cannot be used does not stop the others.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #summary = new Summary();
  readonly #told = new Set<string>();
  #internal = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  /** @returns what the process should leave as its exit status. */
  async run(): Promise<ExitStatus> {
    const { files, report, signal, color } = this.#options;
    const began = performance.now();
    this.#print(report.begin(files.length));
    for (const [index, file] of files.entries()) {
      if (signal.aborted) break;
      await this.#file(index, file);
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

  async #file(index: number, file: string): Promise<void> {
    const { report, run } = this.#options;
    let bad = false;
    await run(index, (event) => {
      bad ||= event.kind === 'bad';
      this.#event(index, file, event);
    });
    if (!bad) this.#print(report.fileEnd());
  }

  #event(index: number, file: string, event: FileEvent): void {
    const { report, files, configurations, progress } = this.#options;
    switch (event.kind) {
      case 'bad':
        return this.#print(report.fileError(file, this.#bad(file, event.complaint)));
      case 'begin':
        return this.#print(report.fileBegin(file, configurations));
      case 'running': {
        const { arch, release } = event.configuration;
        return progress.begin(`[${index + 1}/${files.length}] ${file} ${arch} ${release}`);
      }
      case 'progress':
        return progress.update(event.progress);
      case 'result':
        this.#summary.add(event.result);
        return this.#print(report.result(event.result));
      case 'error': {
        const { arch, release } = event.configuration;
        return this.#print(report.runError(arch, release, this.#bad(file, event.complaint)));
      }
    }
  }

  /** Tells what is wrong with a file, the same thing only once; returns it in a few words. */
  #bad(file: string, { text, reason, internal }: Complaint): string {
    this.#summary.addBad(file);
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
