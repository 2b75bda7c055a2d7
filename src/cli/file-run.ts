/** Runs one file on every configuration and tells what happens as it happens; knows nothing of printing. */
import { DiagnosticError, formatDiagnostic, type Source } from '../c/diagnostics.js';
import type { CrewPlan, CrewReport } from '../run/crew.js';
import type { Crew } from '../run/help.js';
import type { Progress, RunOptions, RunResult } from '../run/result.js';
import type { TwinOf } from '../run/twin.js';
import type { Configuration } from './options.js';

/** What is needed of the front end and the engine; `T` is a parsed test. */
export interface Engine<T> {
  /** @throws {DiagnosticError} */
  parse(source: Source): T;
  /** @throws {DiagnosticError} */
  run(test: T, options: RunOptions): RunResult | Promise<RunResult>;
  /** Like `run` of this test, but configurations that the test cannot tell apart have one run in common. */
  shared?(test: T): (options: RunOptions) => Promise<RunResult>;
  /** Threads to help with large searches of a file's test; they are to be closed. */
  crew?(threads: number, source: Source): Crew<CrewPlan, CrewReport> & { close(): void };
  /** What looks at the moves of large searches. */
  readonly twin?: () => TwinOf;
}

/** What is the same for all files. Can be sent to another thread. */
export interface FileRunOptions {
  readonly configurations: readonly Configuration[];
  /** The bounds and overrides that are the same for all runs. */
  readonly common: Omit<RunOptions, keyof Configuration | 'signal' | 'onProgress' | 'crew' | 'twin'>;
  /** Whether configurations that a test cannot tell apart share a run. */
  readonly share: boolean;
  /** Threads that make one large search together. */
  readonly workers: number;
  /** Whether diagnostics have colours. */
  readonly color: boolean;
  /** Whether a fault of pfnmap itself is shown with its stack. */
  readonly debug: boolean;
}

/** What is wrong with a file. */
export interface Complaint {
  /** For stderr. */
  readonly text: string;
  /** In a few words, for a report. */
  readonly reason: string;
  readonly internal: boolean;
}

/** Events of a file come as `bad`, or as `begin (running progress* (result | error))*`. Can be sent to another thread. */
export type FileEvent =
  | { readonly kind: 'bad'; readonly complaint: Complaint }
  | { readonly kind: 'begin' }
  | { readonly kind: 'running'; readonly configuration: Configuration }
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'result'; readonly result: RunResult }
  | { readonly kind: 'error'; readonly configuration: Configuration; readonly complaint: Complaint };

export type Emit = (event: FileEvent) => void;

/** Runs a file on all configurations; an abort ends it after the run that it interrupts. */
export async function runFile<T>(
  engine: Engine<T>,
  source: Source,
  options: FileRunOptions,
  signal: AbortSignal,
  emit: Emit,
): Promise<void> {
  const { configurations, common, share, workers, color, debug } = options;
  let test: T;
  try {
    test = engine.parse(source);
  } catch (error) {
    emit({ kind: 'bad', complaint: complaint(source.file, error, color, debug) });
    return;
  }
  emit({ kind: 'begin' });
  const run = (share ? engine.shared?.(test) : undefined) ?? ((each: RunOptions) => engine.run(test, each));
  const crew = workers > 1 ? engine.crew?.(workers, source) : undefined;
  const { twin } = engine;
  const engines = { ...(crew && { crew }), ...(twin && { twin }) };
  const onProgress = (progress: Progress): void => emit({ kind: 'progress', progress });
  for (const configuration of configurations) {
    if (signal.aborted) break;
    emit({ kind: 'running', configuration });
    try {
      emit({
        kind: 'result',
        result: await run({ ...common, ...configuration, ...engines, signal, onProgress }),
      });
    } catch (error) {
      emit({ kind: 'error', configuration, complaint: complaint(source.file, error, color, debug) });
    } finally {
      // Between runs, so that an interrupt is noticed even if every run is short.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  crew?.close();
}

/**
 * Reads a file and runs it.
 * @param read throws as `node:fs` does
 */
export async function readAndRunFile<T>(
  engine: Engine<T>,
  file: string,
  read: (file: string) => string,
  options: FileRunOptions,
  signal: AbortSignal,
  emit: Emit,
): Promise<void> {
  let text: string;
  try {
    text = read(file);
  } catch (error) {
    return emit({ kind: 'bad', complaint: complaint(file, error, options.color, options.debug) });
  }
  await runFile(engine, { file, text }, options, signal, emit);
}

/** An error in words. */
export function complaint(file: string, error: unknown, color: boolean, debug: boolean): Complaint {
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
