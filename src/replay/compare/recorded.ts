/**
 * Outcomes of real kernels, kept as text: one file for each kernel, first a line about the kernel, then a line for each test, in the order of
 * their names, so that a new recording differs only where a kernel or a test does.
 */
import type { MachineOutcomes } from './verdict.js';

/** The machine on which outcomes were seen. */
export interface RecordedKernel {
  readonly kernel: string;
  readonly arch: string;
  readonly release: string;
  /** `uname -r`. */
  readonly version: string;
}

export interface Recording {
  readonly about: RecordedKernel;
  readonly tests: readonly MachineOutcomes[];
}

export function formatRecording({ about, tests }: Recording): string {
  const sorted = tests.toSorted((a, b) => (a.test < b.test ? -1 : 1));
  return [about, ...sorted].map((line) => `${JSON.stringify(line)}\n`).join('');
}

export function parseRecording(text: string): Recording {
  const [about, ...tests] = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
  return { about: about as RecordedKernel, tests: tests as MachineOutcomes[] };
}

/** Puts tests that were run anew in the place of older ones. */
export function mergeRecordings(old: Recording | undefined, fresh: Recording): Recording {
  if (old === undefined || old.about.version !== fresh.about.version) return fresh;
  const names = new Set(fresh.tests.map((t) => t.test));
  return { about: fresh.about, tests: [...old.tests.filter((t) => !names.has(t.test)), ...fresh.tests] };
}
