import { readFileSync } from 'node:fs';
import { readJson, writeJson } from '../cache.js';
import type { MachineKernel } from '../types.js';
import type { SelftestRuns } from './console.js';

/** What the selftest said on one kernel: kept in the repository, and compared with the model by its tests. */
export interface SelftestRecord {
  /** What `uname -r` says. */
  readonly version: string;
  readonly arch: string;
  readonly release: string;
  readonly runs: SelftestRuns;
}

/** Name of the file with records, in the directory of recorded outcomes. */
export const SELFTEST_FILE = 'selftest.json';

/** By id of the kernel. */
export type SelftestRecords = Readonly<Record<string, SelftestRecord>>;

/** What is recorded; nothing if there is no such file. */
export function readSelftests(path: string): SelftestRecords {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as SelftestRecords;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

let writing: Promise<void> = Promise.resolve();

/** Puts the record of a kernel in the place of an older one; machines end at the same time, so one after the other. */
export function recordSelftest(path: string, kernel: MachineKernel, runs: SelftestRuns): Promise<void> {
  const { id, version, arch, release } = kernel;
  writing = writing.then(async () => {
    const known = (await readJson<SelftestRecords>(path)) ?? {};
    const all = { ...known, [id]: { version, arch, release, runs } };
    const sorted = Object.keys(all)
      .toSorted()
      .map((one) => [one, all[one]] as const);
    await writeJson(path, Object.fromEntries(sorted));
  });
  return writing;
}
