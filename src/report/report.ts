import type { RunResult } from '../run/result.js';

/**
 * A format: each call gives the text to print at that point (perhaps none), so that results appear as they
 * come. Calls arrive as `begin (fileBegin (result | runError)* fileEnd | fileError)* end`.
 */
export interface Report {
  /** @param files - how many files there are, the unreadable ones included. */
  begin(files: number): string;
  /** @param runs - on how many configurations the file is to be run. */
  fileBegin(file: string, runs: number): string;
  result(result: RunResult): string;
  /** A configuration that the file could not be run on; its diagnostics are printed elsewhere. */
  runError(arch: string, release: string, reason: string): string;
  fileEnd(): string;
  /** A file that could not be read or parsed; its diagnostics are printed elsewhere. */
  fileError(file: string, reason: string): string;
  end(): string;
}

const nothing = (): string => '';

/** A report all of whose lines come from results. */
export function resultsOnly(result: (result: RunResult) => string): Report {
  return {
    begin: nothing,
    fileBegin: nothing,
    result,
    runError: nothing,
    fileEnd: nothing,
    fileError: nothing,
    end: nothing,
  };
}
